/* findings_uris.c: how servers were reached; see findings.h. */
#include "core/case/findings_internal.h"

static enum mr_code insert(struct mr_findings *fd, const char *shown, const char *whole,
                           struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(
        fd->cf, "INSERT OR REPLACE INTO uri (shown, whole) VALUES (?,?)", &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 1, shown);
        mr_case_bind_text(stmt, 2, whole);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_uri_save(struct mr_findings *fd, const char *shown,
                                  const char *whole, struct mr_err *err)
{
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_case_exec(fd->cf,
                        "CREATE TABLE IF NOT EXISTS uri (shown TEXT PRIMARY KEY,"
                        " whole TEXT NOT NULL) STRICT",
                        err);
    if (code == MR_OK)
        code = insert(fd, shown, whole, err);
    return mr_findings_end(fd, code, err);
}

static enum mr_code find(struct mr_findings *fd, struct mr_arena *arena,
                         const char *shown, const char **whole, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code =
        mr_case_prepare(fd->cf, "SELECT whole FROM uri WHERE shown = ?", &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 1, shown);
        code = mr_case_step(stmt, &row, err);
    }
    if (code == MR_OK && row)
        *whole = mr_findings_text(stmt, 0, arena, &code, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_uri_whole(struct mr_findings *fd, struct mr_arena *arena,
                                   const char *shown, const char **whole,
                                   struct mr_err *err)
{
    bool known = false;
    *whole = shown;
    if (shown == NULL)
        return MR_OK;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_has_table(fd->cf, "uri", &known, err);
    if (code == MR_OK && known)
        code = find(fd, arena, shown, whole, err);
    mr_case_unlock(fd->cf);
    return code;
}
