/* fingerprint.c: see fingerprint.h. */
#include "repair/side/fingerprint.h"

#include "core/db/sqltext.h"

/* Servers before these have no generated columns, or call them otherwise. */
enum { MYSQL_GENERATED = 50706, MARIADB_GENERATED = 100205 };

static bool has_expressions(const struct mr_server *server)
{
    return server->version >=
           (server->flavour == MR_FLAVOUR_MARIADB ? MARIADB_GENERATED : MYSQL_GENERATED);
}

/* Each value with its length, so that no two lists of values look alike. */
static void add_row(struct mr_strbuf *text, const struct mr_cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (cells[i].ptr == NULL) {
            mr_strbuf_add_str(text, "N;");
            continue;
        }
        mr_strbuf_add_fmt(text, "%zu:", cells[i].len);
        mr_strbuf_add(text, cells[i].ptr, cells[i].len);
    }
    mr_strbuf_add_char(text, '\n');
}

/* No columns are no fingerprint: a table that is hidden would look like any other that is. */
enum mr_code mr_fingerprint_columns(struct mr_db *db, const char *dbname, const char *table,
                                    char hex[MR_SHA256_HEX], struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    mr_strbuf_add_str(&sql, "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, EXTRA,"
                            " CHARACTER_SET_NAME, COLLATION_NAME");
    if (has_expressions(mr_db_server(db)))
        mr_strbuf_add_str(&sql, ", GENERATION_EXPRESSION");
    mr_strbuf_add_str(&sql, " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ");
    mr_sql_string(&sql, dbname);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, table);
    mr_strbuf_add_str(&sql, " ORDER BY ORDINAL_POSITION");
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query(db, has_expressions(mr_db_server(db)) ? "nnnnnnn" : "nnnnnn", sql.ptr,
                           sql.len, &res, err));
    while ((cells = mr_result_next(res)) != NULL)
        add_row(&text, cells, mr_result_columns(res));
    MR_TRY_OUT(mr_strbuf_check(&text, "reading a table's columns", err));
    if (text.len == 0)
        MR_TRY_OUT(mr_err_set(err, MR_E_NO_SUCH,
                              "table \"%s.%s\" is not on server \"%s\", or hidden", dbname, table,
                              mr_db_label(db)));
    MR_TRY_OUT(mr_sha256_bytes(text.ptr, text.len, hex, err));
out:
    mr_result_free(res);
    mr_strbuf_release(&text);
    mr_strbuf_release(&sql);
    return code;
}
