/* schema_probe.c: asking a live server about one object: is it there, what is next. */
#include <stdlib.h>
#include <string.h>

#include "core/db/grants.h"
#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"
#include "core/schema/schema.h"

/* -- absent or hidden ------------------------------------------------------------- */

static void add_hint(struct mr_err *err, const struct mr_grants *grants, const char *dbname,
                     const char *table)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_sql_table(&name, dbname, table);
    mr_err_hint(err, "GRANT SELECT ON %s TO %s", name.ptr, mr_grants_account(grants));
    mr_strbuf_release(&name);
}

/*
 * 1146 and 1054 are said only to an account that may know.  1049 is the database's
 * absence only where the account has a right on that database; all others (1044, 1142,
 * 1143, 1356) say nothing at all about the object.
 */
static enum mr_code judge(struct mr_db *db, const char *dbname, const char *table,
                          struct mr_err *err)
{
    if (err->sql_errno == 1146 || err->sql_errno == 1054)
        return MR_E_NO_SUCH;
    struct mr_err own = {.code = MR_OK};
    struct mr_grants *grants = NULL;
    if (mr_grants_load(db, &grants, &own) != MR_OK)
        grants = NULL;
    enum mr_code code = MR_E_DENIED;
    if (err->sql_errno == 1049 && grants != NULL && mr_grants_on_db(grants, "SELECT", dbname))
        code = MR_E_NO_SUCH;
    else
        add_hint(err, grants, dbname, table);
    mr_grants_free(grants);
    return code;
}

enum mr_code mr_schema_probe(struct mr_db *db, const char *dbname, const char *table,
                             const char *column, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err own = {.code = MR_OK};
    mr_strbuf_add_str(&sql, "SELECT ");
    if (column != NULL)
        mr_sql_ident(&sql, column);
    else
        mr_strbuf_add_char(&sql, '1');
    mr_strbuf_add_str(&sql, " FROM ");
    mr_sql_table(&sql, dbname, table);
    mr_strbuf_add_str(&sql, " LIMIT 0");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &own);
    if (code == MR_OK)
        code = mr_db_query(db, "n", sql.ptr, sql.len, &res, &own);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    if (code == MR_E_DENIED || code == MR_E_NO_SUCH) {
        code = judge(db, dbname, table, &own);
        own.code = code;
    }
    if (code != MR_OK && err != NULL)
        *err = own;
    return code;
}

/* -- AUTO_INCREMENT --------------------------------------------------------------- */

const struct mr_column *mr_table_counter(const struct mr_table *table)
{
    for (size_t i = 0; i < table->ncolumns; i++)
        if (table->columns[i].auto_increment)
            return &table->columns[i];
    return NULL;
}

bool mr_table_is_led_by(const struct mr_table *table, const struct mr_column *column)
{
    for (size_t i = 0; i < table->nindexes; i++) {
        const char *first = table->indexes[i].parts[0].column;
        if (first != NULL && strcasecmp(first, column->name) == 0)
            return true;
    }
    return false;
}

/*
 * The option AUTO_INCREMENT=n behind the column list.  The statement is read in tokens,
 * because columns, defaults and comments may hold any text; the list is the first pair
 * of parentheses.
 */
uint64_t mr_schema_next_in(const char *create, size_t len)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    int depth = 0;
    bool options = false;
    mr_sqlscan_init(&scan, create, len);
    while (mr_sqlscan_next_code(&scan, &token)) {
        if (mr_token_is(&token, "(")) {
            depth++;
        } else if (mr_token_is(&token, ")")) {
            options |= --depth == 0;
        } else if (options && depth == 0 && mr_token_is(&token, "AUTO_INCREMENT")) {
            mr_sqlscan_next_code(&scan, &token); /* = */
            if (mr_sqlscan_next_code(&scan, &token) && token.kind == MR_TOKEN_NUMBER)
                return strtoull(token.ptr, NULL, 10);
        }
    }
    return 0;
}

static enum mr_code read_next(struct mr_db *db, const struct mr_table *table, uint64_t *next,
                              struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    mr_strbuf_add_str(&sql, "SHOW CREATE TABLE ");
    mr_sql_table(&sql, table->db, table->name);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query(db, "nn*", sql.ptr, sql.len, &res, err));
    const struct mr_cell *cells = mr_result_next(res);
    if (cells == NULL || cells[1].ptr == NULL)
        MR_TRY_OUT(mr_err_set(err, MR_E_CHANGED, "table \"%s.%s\" has no CREATE statement",
                              table->db, table->name));
    *next = mr_schema_next_in(cells[1].ptr, cells[1].len);
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* FLOAT and DOUBLE may be counters too; as DECIMAL every value is digits. */
static void greatest_sql(struct mr_strbuf *sql, const struct mr_table *table,
                         const struct mr_column *col)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_sql_ident(&name, col->name);
    mr_strbuf_add_fmt(sql, "CAST(IF(MAX(%s) > 0, MAX(%s), 0) AS DECIMAL(65)) FROM ", name.ptr,
                      name.ptr);
    mr_sql_table(sql, table->db, table->name);
    sql->failed |= name.failed;
    mr_strbuf_release(&name);
}

enum mr_code mr_schema_greatest(struct mr_db *db, const struct mr_table *table,
                                const struct mr_column *col, uint64_t *greatest, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT ");
    greatest_sql(&sql, table, col);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(db, sql.ptr, &text, err);
    if (code == MR_OK)
        *greatest = strtoull(text.ptr, NULL, 10); /* beyond 2^64: the greatest there is */
    mr_strbuf_release(&text);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_schema_greatest_of(struct mr_db *db, const struct mr_table *const *tables,
                                   size_t count, uint64_t *greatest, bool *known,
                                   struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < count; i++) {
        const struct mr_column *col = mr_table_counter(tables[i]);
        known[i] = false;
        mr_strbuf_add_fmt(&sql, "%sSELECT %zu, ", i > 0 ? " UNION ALL " : "", i);
        if (col != NULL)
            greatest_sql(&sql, tables[i], col);
    }
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query(db, "vv", sql.ptr, sql.len, &res, err));
    while ((cells = mr_result_next(res)) != NULL) {
        const unsigned long long at = strtoull(cells[0].ptr, NULL, 10);
        if (at >= count)
            continue;
        greatest[at] = strtoull(cells[1].ptr, NULL, 10);
        known[at] = true;
    }
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                      uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    const struct mr_column *col = mr_table_counter(table);
    if (next != NULL)
        *next = 0;
    if (greatest != NULL)
        *greatest = 0;
    if (col == NULL)
        return MR_OK;
    /* The key first: what is inserted in between moves the counter, never below it. */
    if (greatest != NULL)
        MR_TRY(mr_schema_greatest(db, table, col, greatest, err));
    if (next != NULL)
        MR_TRY(read_next(db, table, next, err));
    return MR_OK;
}
