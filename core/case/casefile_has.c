/* casefile_has.c: what there is of tables and columns; see casefile.h. */
#include "core/case/case_args.h"

enum mr_code mr_case_has_column(struct mr_case *cf, const char *table, const char *name, bool *has,
                                struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    *has = false;
    MR_TRY(mr_case_prepare(cf, "SELECT 1 FROM pragma_table_info(:table) WHERE name = :name", &stmt,
                           err));
    MR_CASE_BIND(stmt, MR_ARG_TEXT("table", table), MR_ARG_TEXT("name", name));
    const enum mr_code code = mr_case_step(stmt, has, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_case_has_table(struct mr_case *cf, const char *name, bool *has, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    *has = false;
    MR_TRY(mr_case_prepare(cf, "SELECT 1 FROM sqlite_master WHERE name = :name", &stmt, err));
    MR_CASE_BIND(stmt, MR_ARG_TEXT("name", name));
    const enum mr_code code = mr_case_step(stmt, has, err);
    mr_case_free(stmt);
    return code;
}
