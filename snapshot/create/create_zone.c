/* create_zone.c: see create_zone.h. */
#include "snapshot/create/create_zone.h"

#include <string.h>

#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"
#include "core/schema/schema_norm.h"

#define DEPTH_MAX 8 /* of columns that are generated of others */

static const char stored[] =
    "rows hold other values of it than it has in UTC, in which a restore computes it; "
    "then "
    "SET time_zone and ALTER TABLE … FORCE, ALGORITHM=COPY computes it as it was";
static const char indexed[] = "its index holds what it is in the time zones of those who "
                              "wrote the rows, and a restore "
                              "makes it in UTC; then SET time_zone and ALTER TABLE … "
                              "FORCE, ALGORITHM=COPY makes it as it "
                              "was";

static bool is_timestamp(const struct mr_column *col)
{
    return strcmp(col->data_type, "timestamp") == 0;
}

/* Does an expression depend on the session's time zone? */
static bool depends(const struct mr_table *table, const char *expression, int depth)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct mr_sqlscan scan;
    struct mr_token token;
    bool found = false;
    mr_sqlscan_init(&scan, expression, strlen(expression));
    while (!found && depth < DEPTH_MAX && mr_sqlscan_next_code(&scan, &token)) {
        found =
            mr_token_is(&token, "from_unixtime") || mr_token_is(&token, "unix_timestamp");
        if (token.kind != MR_TOKEN_IDENT && token.kind != MR_TOKEN_WORD)
            continue;
        mr_strbuf_reset(&name);
        mr_token_unquote(&name, &token);
        const struct mr_column *col =
            name.failed ? NULL : mr_table_column(table, name.ptr);
        found = found || name.failed ||
                (col != NULL && (is_timestamp(col) ||
                                 (col->generated && col->generation_expr != NULL &&
                                  depends(table, col->generation_expr, depth + 1))));
    }
    mr_strbuf_release(&name);
    return found;
}

static bool is_indexed(const struct mr_table *table, const struct mr_column *col)
{
    for (size_t i = 0; i < table->nindexes; i++)
        for (size_t k = 0; k < table->indexes[i].nparts; k++)
            if (table->indexes[i].parts[k].column != NULL &&
                strcmp(table->indexes[i].parts[k].column, col->name) == 0)
                return true;
    return false;
}

/* A row whose value would be another one; else, of one that is not stored, any row that was written
 * where the server is not in UTC. */
static void add_question(struct mr_create *c, const struct mr_table *table,
                         const struct mr_column *col, struct mr_strbuf *sql)
{
    mr_strbuf_add_str(sql, "SELECT COUNT(*) FROM (SELECT 1 FROM ");
    mr_sql_table(sql, table->db, table->name);
    mr_strbuf_add_str(sql, " WHERE ");
    if (!col->generated_stored) {
        mr_strbuf_add_str(sql, "CONVERT_TZ('2020-01-01 12:00:00', @@GLOBAL.time_zone, "
                               "'+00:00') <=> '2020-01-01 12:00:00' IS FALSE OR "
                               "CONVERT_TZ('2020-07-01 12:00:00', @@GLOBAL.time_zone, "
                               "'+00:00') <=> '2020-07-01 12:00:00' IS FALSE");
    } else {
        mr_strbuf_add_str(sql, "NOT (");
        mr_sql_ident(sql, col->name);
        mr_strbuf_add_str(sql, " <=> (");
        if (c->cat->server.flavour == MR_FLAVOUR_MYSQL)
            mr_norm_unescape(sql, col->generation_sql);
        else
            mr_strbuf_add_str(sql, col->generation_sql);
        mr_strbuf_add_str(sql, "))");
    }
    mr_strbuf_add_str(sql, " LIMIT 1) AS one");
}

enum mr_code mr_create_zone_ask(struct mr_create *c, const struct mr_create_table *t,
                                const struct mr_column *col, const char **reason,
                                struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, answer = MR_STRBUF_INIT;
    struct mr_err why = {0};
    if (!col->generated || col->generation_sql == NULL || col->generation_expr == NULL ||
        (!col->generated_stored && !is_indexed(t->table, col)) ||
        !depends(t->table, col->generation_expr, 0))
        return MR_OK;
    add_question(c, t->table, col, &sql);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query_text(c->db, sql.ptr, &answer, &why);
    if (code != MR_OK ||
        strcmp(answer.ptr, "0") != 0) /* what is not answered may be so */
        *reason = col->generated_stored ? stored : indexed;
    mr_strbuf_release(&sql);
    mr_strbuf_release(&answer);
    if (!mr_create_is_fatal(code))
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}
