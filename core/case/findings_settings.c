/* findings_settings.c: the configuration that a run was made with; see findings.h. */
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/findings_internal.h"

#define SETTING(name, member) MR_CASE_FIELD_AS(name, struct mr_find_setting, member, MR_CASE_TEXT)

static const struct mr_case_field fields[] =
    MR_CASE_LIST(SETTING("tbl", table), SETTING("key", key), SETTING("value", value));

/* A resumed run may have another configuration: what it said before must not stay beside it. */
static enum mr_code replace(struct mr_findings *fd, const struct mr_find_setting *settings,
                            size_t count, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_ONCE(fd->cf, "DELETE FROM run_setting WHERE run=:run", err,
                            MR_ARG_INT("run", fd->run)));
    MR_TRY_OUT(mr_case_prepare(fd->cf,
                               "INSERT INTO run_setting (run, tbl, key, value)"
                               " VALUES (:run, :tbl, :key, :value)",
                               &stmt, err));
    for (size_t i = 0; i < count; i++)
        MR_TRY_OUT(MR_CASE_RUN(
            stmt, err, MR_ARG_INT("run", fd->run), MR_ARG_TEXT("tbl", settings[i].table),
            MR_ARG_TEXT("key", settings[i].key), MR_ARG_TEXT("value", settings[i].value)));
out:
    mr_case_free(stmt);
    return code;
}

/* Cases of earlier versions have no such table. */
enum mr_code mr_findings_settings_save(struct mr_findings *fd,
                                       const struct mr_find_setting *settings, size_t count,
                                       struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        mr_case_exec(fd->cf,
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
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf, "SELECT tbl, key, value FROM run_setting WHERE run=:run ORDER BY id", &stmt, err,
        MR_ARG_INT("run", fd->run));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(fields), arena, settings, err);
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
