/* findings_settings.c: the configuration that a run was made with; see findings.h. */
#include "core/case/findings_internal.h"

static enum mr_code replace(struct mr_findings *fd,
                            const struct mr_find_setting *settings, size_t count,
                            struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        mr_findings_run_int(fd, "DELETE FROM run_setting WHERE run=?", fd->run, err);
    if (code == MR_OK)
        code = mr_case_prepare(
            fd->cf, "INSERT INTO run_setting (run, tbl, key, value) VALUES (?,?,?,?)",
            &stmt, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        mr_case_bind_int(stmt, 1, fd->run);
        mr_case_bind_text(stmt, 2, settings[i].table);
        mr_case_bind_text(stmt, 3, settings[i].key);
        mr_case_bind_text(stmt, 4, settings[i].value);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

/* Cases of earlier versions have no such table. */
enum mr_code mr_findings_settings_save(struct mr_findings *fd,
                                       const struct mr_find_setting *settings,
                                       size_t count, struct mr_err *err)
{
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_case_exec(fd->cf,
                        "CREATE TABLE IF NOT EXISTS run_setting (id INTEGER PRIMARY KEY,"
                        " run INT NOT NULL, tbl TEXT NOT NULL, key TEXT NOT NULL,"
                        " value TEXT NOT NULL) STRICT",
                        err);
    if (code == MR_OK)
        code = replace(fd, settings, count, err);
    return mr_findings_end(fd, code, err);
}

static enum mr_code read_settings(struct mr_findings *fd, struct mr_arena *arena,
                                  struct mr_vec *settings, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_findings_prepare(
        fd, "SELECT tbl, key, value FROM run_setting WHERE run=? ORDER BY id", fd->run,
        &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_find_setting *s = mr_vec_push(settings);
        if (s == NULL) {
            code = mr_err_nomem(err, "reading the case file");
            break;
        }
        s->table = mr_findings_text(stmt, 0, arena, &code, err);
        s->key = mr_findings_text(stmt, 1, arena, &code, err);
        s->value = mr_findings_text(stmt, 2, arena, &code, err);
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_settings(struct mr_findings *fd, struct mr_arena *arena,
                                  struct mr_vec *settings, struct mr_err *err)
{
    bool known = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_has_table(fd->cf, "run_setting", &known, err);
    if (code == MR_OK && known)
        code = read_settings(fd, arena, settings, err);
    mr_case_unlock(fd->cf);
    return code;
}
