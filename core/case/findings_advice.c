/* findings_advice.c: advice of a run; see findings.h. */
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/findings_internal.h"

#define ADVICE(name, member) MR_CASE_FIELD_AS(name, struct mr_find_advice, member, MR_CASE_TEXT)

static const struct mr_case_field fields[] = MR_CASE_LIST(
    ADVICE("tbl", table), ADVICE("col", column), ADVICE("text", text), ADVICE("config", config));

static enum mr_code insert_advice(struct mr_findings *fd, const struct mr_find_advice *advice,
                                  size_t count, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(fd->cf,
                                        "INSERT INTO advice (run, tbl, col, text, config)"
                                        " VALUES (:run, :tbl, :col, :text, :config)",
                                        &stmt, err);
    for (size_t i = 0; code == MR_OK && i < count; i++)
        code =
            MR_CASE_RUN(stmt, err, MR_ARG_INT("run", fd->run), MR_ARG_TEXT("tbl", advice[i].table),
                        MR_ARG_TEXT("col", advice[i].column), MR_ARG_TEXT("text", advice[i].text),
                        MR_ARG_TEXT("config", advice[i].config));
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_findings_advice_save(struct mr_findings *fd, const struct mr_find_advice *advice,
                                     size_t count, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code =
        MR_CASE_ONCE(fd->cf, "DELETE FROM advice WHERE run=:run", err, MR_ARG_INT("run", fd->run));
    if (code == MR_OK)
        code = insert_advice(fd, advice, count, err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_findings_advice(struct mr_findings *fd, struct mr_arena *arena,
                                struct mr_vec *advice, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf, "SELECT tbl, col, text, config FROM advice WHERE run=:run ORDER BY id", &stmt, err,
        MR_ARG_INT("run", fd->run));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(fields), arena, advice, err);
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}
