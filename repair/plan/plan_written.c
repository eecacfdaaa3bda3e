/* plan_written.c: see plan_written.h. */
#include "repair/plan/plan_written.h"

#include "core/case/case_args.h"

#define PAGE 500

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS plan_row (tbl TEXT NOT NULL, key BLOB NOT NULL,"
    " PRIMARY KEY (tbl, key)) STRICT, WITHOUT ROWID";

/* Only ids are not those of SOURCE: a row under a new one is known by its old key. */
static const char note_sql[] =
    "INSERT OR IGNORE INTO plan_row SELECT :name, key FROM"
    " (SELECT coalesce(source_key, target_key) AS key FROM entity WHERE plan=:plan"
    " AND tbl=:tbl AND decision BETWEEN :insert AND :delete) WHERE key IS NOT NULL";

static const char note_any_sql[] =
    "INSERT OR IGNORE INTO plan_row SELECT :name, x'' WHERE EXISTS (SELECT 1 FROM entity"
    " WHERE plan=:plan AND tbl=:tbl AND decision BETWEEN :insert AND :delete)";

enum mr_code mr_plan_written_any(struct mr_case *cf, const struct mr_plan_table *table, bool *any,
                                 struct mr_err *err)
{
    enum mr_code code = mr_case_exec(cf, schema_sql, err);
    return code == MR_OK ? MR_CASE_HAS(cf, "SELECT 1 FROM plan_row WHERE tbl=:name", any, err,
                                       MR_ARG_TEXT("name", mr_plan_table_name(table)))
                         : code;
}

/* The empty key of a table without one sorts before all others and is never handed out: it only
 * says that all rows are looked at. */
enum mr_code mr_plan_written_page(struct mr_case *cf, const struct mr_plan_table *table,
                                  struct mr_key after, struct mr_arena *arena, struct mr_vec *keys,
                                  struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_case_exec(cf, schema_sql, err);
    if (code == MR_OK)
        code = MR_CASE_PREPARE(cf,
                               "SELECT key FROM plan_row WHERE tbl=:name AND key>:after"
                               " ORDER BY key LIMIT :limit",
                               &stmt, err, MR_ARG_TEXT("name", mr_plan_table_name(table)),
                               MR_ARG_BLOB("after", after.ptr != NULL ? after.ptr : "", after.len),
                               MR_ARG_INT("limit", PAGE));
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_key *key = mr_vec_push(keys);
        size_t len = 0;
        const void *bytes = mr_case_blob(stmt, 0, &len);
        if (key == NULL || (bytes = mr_arena_dup(arena, bytes, len)) == NULL)
            code = mr_err_nomem(err, "reading planned rows");
        else
            *key = (struct mr_key){bytes, len};
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_plan_written_add(struct mr_case *cf, const struct mr_plan_table *table,
                                 struct mr_key key, struct mr_err *err)
{
    enum mr_code code = mr_case_exec(cf, schema_sql, err);
    return code == MR_OK
               ? MR_CASE_ONCE(cf, "INSERT OR IGNORE INTO plan_row (tbl, key) VALUES (:name, :key)",
                              err, MR_ARG_TEXT("name", mr_plan_table_name(table)),
                              MR_ARG_BYTES("key", key))
               : code;
}

/* By the key on SOURCE, where there is one: that is how a later plan meets the row again,
 * whatever id it got. */
enum mr_code mr_plan_written_note(struct mr_case *cf, const struct mr_plan_store *store,
                                  const struct mr_plan_tables *tables, struct mr_err *err)
{
    struct mr_case_stmt *keyed = NULL, *keyless = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(cf, schema_sql, err));
    MR_TRY_OUT(mr_case_prepare(cf, note_sql, &keyed, err));
    MR_TRY_OUT(mr_case_prepare(cf, note_any_sql, &keyless, err));
    for (size_t i = 0; i < tables->ntables; i++) {
        struct mr_case_stmt *stmt = tables->tables[i].key.count > 0 ? keyed : keyless;
        MR_TRY_OUT(MR_CASE_RUN(
            stmt, err, MR_ARG_TEXT("name", mr_plan_table_name(&tables->tables[i])),
            MR_ARG_INT("plan", mr_plan_store_id(store)), MR_ARG_INT("tbl", i),
            MR_ARG_INT("insert", MR_DECIDE_INSERT), MR_ARG_INT("delete", MR_DECIDE_DELETE)));
    }
out:
    mr_case_free(keyed);
    mr_case_free(keyless);
    return code;
}
