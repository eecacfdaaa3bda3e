/* findings_advice.c: advice of a run; see findings.h. */
#include "core/case/findings_internal.h"

static enum mr_code insert_advice(struct mr_findings *fd,
                                  const struct mr_find_advice *advice, size_t count,
                                  struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(
        fd->cf, "INSERT INTO advice (run, tbl, col, text, config) VALUES (?,?,?,?,?)",
        &stmt, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        mr_case_bind_int(stmt, 1, fd->run);
        mr_case_bind_text(stmt, 2, advice[i].table);
        mr_case_bind_text(stmt, 3, advice[i].column);
        mr_case_bind_text(stmt, 4, advice[i].text);
        mr_case_bind_text(stmt, 5, advice[i].config);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_advice_save(struct mr_findings *fd,
                                     const struct mr_find_advice *advice, size_t count,
                                     struct mr_err *err)
{
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_findings_run_int(fd, "DELETE FROM advice WHERE run=?", fd->run, err);
    if (code == MR_OK)
        code = insert_advice(fd, advice, count, err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_advice(struct mr_findings *fd, struct mr_arena *arena,
                                struct mr_vec *advice, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(fd,
                                            "SELECT tbl, col, text, config FROM advice"
                                            " WHERE run=? ORDER BY id",
                                            fd->run, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_find_advice *a = mr_vec_push(advice);
        if (a == NULL) {
            code = mr_err_nomem(err, "reading the case file");
            break;
        }
        a->table = mr_findings_text(stmt, 0, arena, &code, err);
        a->column = mr_findings_text(stmt, 1, arena, &code, err);
        a->text = mr_findings_text(stmt, 2, arena, &code, err);
        a->config = mr_findings_text(stmt, 3, arena, &code, err);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}
