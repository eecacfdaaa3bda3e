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
static const char expressed[] = "it holds what its expression is in the time zones of "
                                "those who wrote the rows, which nobody "
                                "can ask for, and a restore makes it in UTC; then SET "
                                "time_zone and ALTER TABLE … FORCE, "
                                "ALGORITHM=COPY makes it as it was";

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
        found = mr_token_is(&token, "from_unixtime") || mr_token_is(&token, "unix_timestamp");
        if (token.kind != MR_TOKEN_IDENT && token.kind != MR_TOKEN_WORD)
            continue;
        mr_strbuf_reset(&name);
        mr_token_unquote(&name, &token);
        const struct mr_column *col = name.failed ? NULL : mr_table_column(table, name.ptr);
        found = found || name.failed ||
                (col != NULL &&
                 (is_timestamp(col) || (col->generated && col->generation_expr != NULL &&
                                        depends(table, col->generation_expr, depth + 1))));
    }
    mr_strbuf_release(&name);
    return found;
}

/* ---- indexes ---- */

static bool has_part(const struct mr_index *index, const struct mr_column *col)
{
    for (size_t i = 0; i < index->nparts; i++)
        if (index->parts[i].column != NULL && strcmp(index->parts[i].column, col->name) == 0)
            return true;
    return false;
}

static bool is_indexed(const struct mr_table *table, const struct mr_column *col)
{
    for (size_t i = 0; i < table->nindexes; i++)
        if (has_part(&table->indexes[i], col))
            return true;
    return false;
}

static bool has_prefix(const struct mr_index *index)
{
    for (size_t i = 0; i < index->nparts; i++)
        if (index->parts[i].column == NULL || index->parts[i].prefix_len > 0)
            return true;
    return false;
}

/* Can its values be read from the index itself, with the key of their rows?  Beside the key they
 * are all that an index of InnoDB has. */
static bool can_be_read(const struct mr_table *table, const struct mr_index *index)
{
    const struct mr_index *key = mr_table_index(table, "PRIMARY");
    return key != NULL && !has_prefix(key) && !has_prefix(index) && index->usable &&
           index->kind != NULL && strcmp(index->kind, "BTREE") == 0 && table->engine != NULL &&
           strcmp(table->engine, "InnoDB") == 0;
}

/* ---- questions ---- */

static void add_from(struct mr_strbuf *sql, const struct mr_table *table)
{
    mr_strbuf_add_str(sql, "SELECT COUNT(*) FROM (SELECT 1 FROM ");
    mr_sql_table(sql, table->db, table->name);
}

/* A row whose value would be another one. */
static void ask_stored(struct mr_create *c, const struct mr_table *table,
                       const struct mr_column *col, struct mr_strbuf *sql)
{
    add_from(sql, table);
    mr_strbuf_add_str(sql, " WHERE NOT (");
    mr_sql_ident(sql, col->name);
    mr_strbuf_add_str(sql, " <=> (");
    if (c->cat->server.flavour == MR_FLAVOUR_MYSQL)
        mr_norm_unescape(sql, col->generation_sql);
    else
        mr_strbuf_add_str(sql, col->generation_sql);
    mr_strbuf_add_str(sql, ")) LIMIT 1) AS one");
}

static void add_pair(struct mr_strbuf *sql, const char *name, const char *equals)
{
    mr_strbuf_add_str(sql, "i.");
    mr_sql_ident(sql, name);
    mr_strbuf_add_str(sql, equals);
    mr_strbuf_add_str(sql, "b.");
    mr_sql_ident(sql, name);
}

/* A value in the index that is another one than its row has, computed by who asks. */
static void ask_index(const struct mr_table *table, const struct mr_index *index,
                      const struct mr_column *col, struct mr_strbuf *sql)
{
    const struct mr_index *key = mr_table_index(table, "PRIMARY");
    add_from(sql, table);
    mr_strbuf_add_str(sql, " AS i FORCE INDEX (");
    mr_sql_ident(sql, index->name);
    mr_strbuf_add_str(sql, ") STRAIGHT_JOIN ");
    mr_sql_table(sql, table->db, table->name);
    mr_strbuf_add_str(sql, " AS b FORCE INDEX (PRIMARY) ON ");
    for (size_t i = 0; i < key->nparts; i++) {
        mr_strbuf_add_str(sql, i > 0 ? " AND " : "");
        add_pair(sql, key->parts[i].column, " = ");
    }
    mr_strbuf_add_str(sql, " WHERE NOT (");
    add_pair(sql, col->name, " <=> ");
    mr_strbuf_add_str(sql, ") LIMIT 1) AS one");
}

/* What nobody can ask: any row may have been written elsewhere. */
static void ask_rows(const struct mr_table *table, struct mr_strbuf *sql)
{
    add_from(sql, table);
    mr_strbuf_add_str(sql, " LIMIT 1) AS one");
}

/* *found where the answer is not 0: what is not answered may be so. */
static enum mr_code ask(struct mr_create *c, struct mr_strbuf *sql, bool *found, struct mr_err *err)
{
    struct mr_strbuf answer = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = mr_strbuf_check(sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query_text(c->db, sql->ptr, &answer, &why);
    *found = code != MR_OK || strcmp(answer.ptr, "0") != 0;
    mr_strbuf_reset(sql);
    mr_strbuf_release(&answer);
    if (!mr_create_is_fatal(code))
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

static enum mr_code ask_indexes(struct mr_create *c, const struct mr_table *table,
                                const struct mr_column *col, bool *found, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && !*found && i < table->nindexes; i++) {
        const struct mr_index *index = &table->indexes[i];
        if (!has_part(index, col))
            continue;
        if (can_be_read(table, index))
            ask_index(table, index, col, &sql);
        else
            ask_rows(table, &sql);
        code = ask(c, &sql, found, err);
    }
    mr_strbuf_release(&sql);
    return code;
}

/* Only what is kept somewhere can differ: a virtual column that no index has is computed by
 * whoever reads it, there as here. */
enum mr_code mr_create_zone_ask(struct mr_create *c, const struct mr_create_table *t,
                                const struct mr_column *col, const char **reason,
                                struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    bool found = false;
    enum mr_code code = MR_OK;
    if (!col->generated || col->generation_sql == NULL || col->generation_expr == NULL ||
        (!col->generated_stored && !is_indexed(t->table, col)) ||
        !depends(t->table, col->generation_expr, 0))
        return MR_OK;
    if (col->generated_stored) {
        ask_stored(c, t->table, col, &sql);
        code = ask(c, &sql, &found, err);
    } else {
        code = ask_indexes(c, t->table, col, &found, err);
    }
    if (code == MR_OK && found)
        *reason = col->generated_stored ? stored : indexed;
    mr_strbuf_release(&sql);
    return code;
}

/* An expression has no column that could be read from the index, so any row may have been
 * written in another zone. */
enum mr_code mr_create_zone_ask_index(struct mr_create *c, const struct mr_create_table *t,
                                      const struct mr_index *index, const char **reason,
                                      struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    bool found = false;
    for (size_t i = 0; i < index->nparts; i++)
        found = found || (index->parts[i].expression != NULL &&
                          depends(t->table, index->parts[i].expression, 0));
    if (!found)
        return MR_OK;
    ask_rows(t->table, &sql);
    enum mr_code code = ask(c, &sql, &found, err);
    if (code == MR_OK && found)
        *reason = expressed;
    mr_strbuf_release(&sql);
    return code;
}
