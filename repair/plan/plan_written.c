/* plan_written.c: see plan_written.h. */
#include "repair/plan/plan_written.h"

#define PAGE 500

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS plan_row (tbl TEXT NOT NULL, key BLOB NOT NULL,"
    " PRIMARY KEY (tbl, key)) STRICT, WITHOUT ROWID";

/* Only ids are not those of SOURCE: a row under a new one is known by its old key. */
static const char note_sql[] =
    "INSERT OR IGNORE INTO plan_row SELECT ?1, key FROM"
    " (SELECT coalesce(source_key, target_key) AS key FROM entity"
    " WHERE plan=?2 AND tbl=?3 AND decision BETWEEN ?4 AND ?5) WHERE key IS NOT NULL";

static const char note_any_sql[] =
    "INSERT OR IGNORE INTO plan_row SELECT ?1, x'' WHERE EXISTS (SELECT 1 FROM entity"
    " WHERE plan=?2 AND tbl=?3 AND decision BETWEEN ?4 AND ?5)";

enum mr_code mr_plan_written_any(struct mr_case *cf, const struct mr_plan_table *table,
                                 bool *any, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_exec(cf, schema_sql, err);
    if (code == MR_OK)
        code = mr_case_prepare(cf, "SELECT 1 FROM plan_row WHERE tbl=?1", &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 1, mr_plan_table_name(table));
        code = mr_case_step(stmt, any, err);
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_plan_written_page(struct mr_case *cf, const struct mr_plan_table *table,
                                  struct mr_key after, struct mr_arena *arena,
                                  struct mr_vec *keys, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_case_exec(cf, schema_sql, err);
    if (code == MR_OK)
        code = mr_case_prepare(cf,
                               "SELECT key FROM plan_row WHERE tbl=?1 AND key>?2"
                               " ORDER BY key LIMIT ?3",
                               &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 1, mr_plan_table_name(table));
        mr_case_bind_borrowed(stmt, 2, after.ptr != NULL ? after.ptr : "", after.len);
        mr_case_bind_int(stmt, 3, PAGE);
    }
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
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_exec(cf, schema_sql, err);
    if (code == MR_OK)
        code = mr_case_prepare(cf, "INSERT OR IGNORE INTO plan_row VALUES (?,?)", &stmt,
                               err);
    if (code == MR_OK) {
        mr_case_bind_text(stmt, 1, mr_plan_table_name(table));
        mr_case_bind_borrowed(stmt, 2, key.ptr, key.len);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_plan_written_note(struct mr_case *cf, const struct mr_plan_store *store,
                                  const struct mr_plan_tables *tables, struct mr_err *err)
{
    struct mr_case_stmt *keyed = NULL, *keyless = NULL;
    enum mr_code code = mr_case_exec(cf, schema_sql, err);
    if (code == MR_OK)
        code = mr_case_prepare(cf, note_sql, &keyed, err);
    if (code == MR_OK)
        code = mr_case_prepare(cf, note_any_sql, &keyless, err);
    for (size_t i = 0; code == MR_OK && i < tables->ntables; i++) {
        struct mr_case_stmt *stmt = tables->tables[i].key.count > 0 ? keyed : keyless;
        mr_case_bind_text(stmt, 1, mr_plan_table_name(&tables->tables[i]));
        mr_case_bind_int(stmt, 2, mr_plan_store_id(store));
        mr_case_bind_int(stmt, 3, (int64_t)i);
        mr_case_bind_int(stmt, 4, MR_DECIDE_INSERT);
        mr_case_bind_int(stmt, 5, MR_DECIDE_DELETE);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(keyed);
    mr_case_free(keyless);
    return code;
}
