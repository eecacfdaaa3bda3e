/* reseed_read.c: see reseed_read.h. */
#include "repair/reseed/reseed_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "repair/side/side_column.h"

enum mr_code mr_reseed_next(struct mr_db *db, const char *dbname, const char *table,
                            const char *column, uint64_t *next, struct mr_err *err)
{
    /* it takes the column to read from the table's description */
    const struct mr_column counter = {.name = column, .auto_increment = true};
    const struct mr_table described = {
        .db = dbname, .name = table, .columns = &counter, .ncolumns = 1};
    return mr_schema_auto_increment(db, &described, next, NULL, err);
}

/* A counter that a server does not print stands at its start, which is not "none". */
enum mr_code mr_reseed_read(const struct mr_server_side side[MR_SIDES],
                            const struct mr_reseed_pair *pair, uint64_t next[MR_SIDES],
                            uint64_t greatest[MR_SIDES], struct mr_err *err)
{
    for (int s = MR_SOURCE; s < MR_SIDES; s++) {
        const struct mr_side_column c = {side[s].main, pair->table[s], pair->column[s]};
        next[s] = greatest[s] = 0;
        if (c.table != NULL && c.column != NULL)
            MR_TRY(mr_side_greatest(&c, &greatest[s], err));
    }
    for (int s = MR_SOURCE; s < MR_SIDES; s++) {
        const struct mr_side_column c = {side[s].main, pair->table[s], pair->column[s]};
        if (c.table == NULL || c.column == NULL || !c.column->auto_increment)
            continue;
        MR_TRY(mr_side_next_id(&c, &next[s], err));
        if (next[s] == 0)
            next[s] = 1;
    }
    return MR_OK;
}

/* By the server, since ids within the block may have been taken and given back by deletes: the
 * greatest key alone does not tell. */
enum mr_code mr_reseed_is_used(struct mr_db *db, const struct mr_table *table, const char *column,
                               uint64_t from, uint64_t to, bool *used, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    mr_sql_ident(&name, column);
    mr_strbuf_add_str(&sql, "SELECT EXISTS (SELECT 1 FROM ");
    mr_sql_table(&sql, table->db, table->name);
    mr_strbuf_add_fmt(&sql, " WHERE %s >= %" PRIu64 " AND %s < %" PRIu64 ")", name.ptr, from,
                      name.ptr, to);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(db, sql.ptr, &text, err);
    *used = code == MR_OK && strcmp(text.ptr, "0") != 0;
    mr_strbuf_release(&name);
    mr_strbuf_release(&text);
    mr_strbuf_release(&sql);
    return code;
}

/* How an expression names the column: bare, or as an identifier. */
struct names {
    const char *bare, *quoted;
};

static void take_partition(const struct mr_cell *cells, const struct names *column, uint64_t *limit,
                           bool *open_end, bool *unclear)
{
    const char *method = cells[0].ptr, *expression = cells[1].ptr, *end = cells[2].ptr;
    if (method == NULL || expression == NULL ||
        (strcasestr(expression, column->bare) == NULL &&
         strcasestr(expression, column->quoted) == NULL))
        return;
    bool by_range = strncasecmp(method, "RANGE", 5) == 0;
    if (!by_range && strncasecmp(method, "LIST", 4) != 0)
        return; /* hashes take any value */
    bool alone =
        strcasecmp(expression, column->bare) == 0 || strcasecmp(expression, column->quoted) == 0;
    if (!by_range || !alone || end == NULL) {
        *unclear = true;
    } else if (strcasecmp(end, "MAXVALUE") == 0) {
        *open_end = true;
    } else {
        uint64_t bound = end[0] != '-' ? strtoull(end, NULL, 10) : 0;
        if (*limit == UINT64_MAX || bound > *limit + 1)
            *limit = bound > 0 ? bound - 1 : 0;
    }
}

/* The greatest bound of all partitions counts; MAXVALUE anywhere leaves the end open. */
enum mr_code mr_reseed_partition_limit(struct mr_db *db, const struct mr_table *table,
                                       const char *column, uint64_t *limit, bool *unclear,
                                       struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, quoted = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    bool open_end = false;
    *limit = UINT64_MAX;
    *unclear = false;
    if (!table->partitioned)
        return MR_OK;
    mr_strbuf_add_str(&sql, "SELECT PARTITION_METHOD, PARTITION_EXPRESSION, "
                            "PARTITION_DESCRIPTION FROM information_schema.PARTITIONS "
                            "WHERE TABLE_SCHEMA = ");
    mr_sql_string(&sql, table->db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, table->name);
    mr_sql_ident(&quoted, column);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_strbuf_check(&quoted, "building a query", err));
    MR_TRY_OUT(mr_db_query(db, "nnn", sql.ptr, sql.len, &res, err));
    for (const struct mr_cell *cells; (cells = mr_result_next(res)) != NULL;)
        take_partition(cells, &(struct names){column, quoted.ptr}, limit, &open_end, unclear);
    if (open_end)
        *limit = UINT64_MAX;
out:
    mr_result_free(res);
    mr_strbuf_release(&quoted);
    mr_strbuf_release(&sql);
    return code;
}
