/* findings_uris.c: how servers were reached; see findings.h. */
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/findings_internal.h"

static enum mr_code insert(struct mr_findings *fd, const char *shown, const char *whole,
                           struct mr_err *err)
{
    return MR_CASE_ONCE(fd->cf, "INSERT OR REPLACE INTO uri (shown, whole) VALUES (:shown, :whole)",
                        err, MR_ARG_TEXT("shown", shown), MR_ARG_TEXT("whole", whole));
}

enum mr_code mr_findings_uri_save(struct mr_findings *fd, const char *shown, const char *whole,
                                  struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = mr_case_exec(fd->cf,
                                     "CREATE TABLE IF NOT EXISTS uri (shown TEXT PRIMARY KEY,"
                                     " whole TEXT NOT NULL) STRICT",
                                     err);
    if (code == MR_OK)
        code = insert(fd, shown, whole, err);
    return mr_findings_end(fd, code, err);
}

static enum mr_code find(struct mr_findings *fd, struct mr_arena *arena, const char *shown,
                         const char **whole, struct mr_err *err)
{
    static const struct mr_case_field fields[] = {{"whole", MR_CASE_TEXT, 0}};
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_CASE_PREPARE(fd->cf, "SELECT whole FROM uri WHERE shown = :shown", &stmt,
                                        err, MR_ARG_TEXT("shown", shown));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(fields), arena, whole, NULL, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_uri_whole(struct mr_findings *fd, struct mr_arena *arena,
                                   const char *shown, const char **whole, struct mr_err *err)
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
