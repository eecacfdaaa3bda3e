/* merge_named.c: see merge_named.h. */
#include "repair/merge/merge_named.h"

#include <string.h>

#include "core/case/case_args.h"

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS plan_named (plan INT NOT NULL, tbl TEXT NOT NULL,"
    " names TEXT NOT NULL, PRIMARY KEY (tbl, plan)) STRICT, WITHOUT ROWID;";

enum mr_code mr_merge_named_make(struct mr_merge *m, struct mr_err *err)
{
    return mr_case_exec(m->cf, schema_sql, err);
}

enum mr_code mr_merge_named_text(const struct mr_plan_table *table, struct mr_strbuf *out,
                                 struct mr_err *err)
{
    static const char *const kinds[] = {
        [MR_PLAN_BY_COLUMNS] = "columns", [MR_PLAN_BY_ROW] = "row", [MR_PLAN_BY_NONE] = "none"};
    mr_strbuf_reset(out);
    mr_strbuf_add_str(out, kinds[table->identity]);
    for (size_t i = 0; i < table->named_by.count; i++) {
        const char *name = mr_plan_column_name(table, table->named_by.at[i]);
        mr_strbuf_add_fmt(out, " %zu:%s", strlen(name), name);
    }
    return mr_strbuf_check(out, "deciding the plan", err);
}

static enum mr_code run_named(struct mr_merge *m, const struct mr_plan_table *table,
                              struct mr_case_stmt *stmt, struct mr_strbuf *names,
                              struct mr_err *err)
{
    MR_TRY(mr_merge_named_text(table, names, err));
    return MR_CASE_RUN(stmt, err, MR_ARG_TEXT("tbl", mr_plan_table_name(table)),
                       MR_ARG_TEXT("names", names->ptr),
                       MR_ARG_INT("plan", mr_plan_store_id(m->store)));
}

static enum mr_code run_each(struct mr_merge *m, const char *sql, struct mr_err *err)
{
    struct mr_strbuf names = MR_STRBUF_INIT;
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_merge_named_make(m, err));
    MR_TRY_OUT(mr_case_prepare(m->cf, sql, &stmt, err));
    for (size_t i = 0; i < m->plan->ntables; i++)
        MR_TRY_OUT(run_named(m, &m->plan->tables[i], stmt, &names, err));
out:
    mr_case_free(stmt);
    mr_strbuf_release(&names);
    return code;
}

/* Who was merged by a choice is told by the key. */
enum mr_code mr_merge_named_sift(struct mr_merge *m, struct mr_err *err)
{
    return run_each(m,
                    "DELETE FROM plan_map WHERE tbl=:tbl AND state='matched'"
                    " AND NOT is_new AND plan<>:plan AND plan IN"
                    " (SELECT plan FROM plan_named WHERE tbl=:tbl AND names<>:names)",
                    err);
}

enum mr_code mr_merge_named_keep(struct mr_merge *m, struct mr_err *err)
{
    return run_each(m,
                    "INSERT OR REPLACE INTO plan_named (tbl, names, plan)"
                    " VALUES (:tbl, :names, :plan)",
                    err);
}
