/* findings_made.c: what a table was when its rows began to be read; see findings.h. */
#include "core/case/findings_internal.h"

static enum mr_code insert(struct mr_findings *fd, int64_t table, int side,
                           const struct mr_find_made *made, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(fd->cf,
                                        "INSERT OR REPLACE INTO tbl_made (tbl, side,"
                                        " key, numbers, time) VALUES (?,?,?,?,?)",
                                        &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, table);
        mr_case_bind_int(stmt, 2, side);
        mr_case_bind_text(stmt, 3, made->key);
        mr_case_bind_text(stmt, 4, made->numbers);
        mr_case_bind_text(stmt, 5, made->time);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_made_save(struct mr_findings *fd, int64_t table,
                                   const struct mr_find_made made[2], struct mr_err *err)
{
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_case_exec(fd->cf,
                        "CREATE TABLE IF NOT EXISTS tbl_made (tbl INT NOT NULL,"
                        " side INT NOT NULL, key TEXT NOT NULL, numbers TEXT, time TEXT,"
                        " PRIMARY KEY (tbl, side)) STRICT, WITHOUT ROWID",
                        err);
    for (int side = 0; code == MR_OK && side < 2; side++)
        code = insert(fd, table, side, &made[side], err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_made_forget(struct mr_findings *fd, int64_t table,
                                     struct mr_err *err)
{
    bool has_table = false;
    enum mr_code code = mr_case_has_table(fd->cf, "tbl_made", &has_table, err);
    return code == MR_OK && has_table
               ? mr_findings_run_int(fd, "DELETE FROM tbl_made WHERE tbl=?", table, err)
               : code;
}

static enum mr_code find(struct mr_findings *fd, int64_t table, struct mr_arena *arena,
                         struct mr_find_made made[2], int *sides, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code =
        mr_case_prepare(fd->cf,
                        "SELECT side, key, numbers, time FROM tbl_made WHERE tbl=?"
                        " AND side IN (0, 1)",
                        &stmt, err);
    if (code == MR_OK)
        mr_case_bind_int(stmt, 1, table);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_find_made *m = &made[mr_case_int(stmt, 0)];
        m->key = mr_findings_text(stmt, 1, arena, &code, err);
        m->numbers = mr_findings_text(stmt, 2, arena, &code, err);
        m->time = mr_findings_text(stmt, 3, arena, &code, err);
        ++*sides;
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_made(struct mr_findings *fd, int64_t table,
                              struct mr_arena *arena, struct mr_find_made made[2],
                              bool *known, struct mr_err *err)
{
    bool has_table = false;
    int sides = 0;
    *known = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_has_table(fd->cf, "tbl_made", &has_table, err);
    if (code == MR_OK && has_table)
        code = find(fd, table, arena, made, &sides, err);
    mr_case_unlock(fd->cf);
    *known = code == MR_OK && sides == 2;
    return code;
}
