/* create_throttle.c: what a run's effect on the server is seen by; see create.h. */
#include "core/db/sqltext.h"
#include "core/row/row_class.h"
#include "snapshot/create/create.h"

/* The one integer column of the key, or NULL.  Of a partitioned table the first row behind a value
 * is looked for in every partition: no tiny read. */
static const struct mr_column *counter_of(const struct mr_table *table)
{
    if (table->nindexes == 0 || table->indexes[0].nparts != 1 || table->partitioned ||
        table->indexes[0].parts[0].column == NULL || !table->transactional)
        return NULL;
    const struct mr_column *col = mr_table_column(table, table->indexes[0].parts[0].column);
    bool is_integer = col != NULL && mr_class_is_integer(col->cls);
    return is_integer ? col : NULL;
}

/* Its values from 0 on; *found: there are some. */
static enum mr_code read_span(const struct mr_create *c, struct mr_throttle_read *read, bool *found,
                              struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const char *const ends[] = {"MIN", "MAX"};
    uint64_t values[2] = {0, 0};
    *found = false;
    mr_strbuf_add_str(&sql, "SELECT ");
    for (size_t i = 0; i < 2; i++) {
        mr_strbuf_add_fmt(&sql, "%s%s(", i > 0 ? ", " : "", ends[i]);
        mr_sql_ident(&sql, read->column);
        mr_strbuf_add_char(&sql, ')');
    }
    mr_strbuf_add_str(&sql, " FROM ");
    mr_sql_table(&sql, read->db, read->table);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query(c->db, "nn", sql.ptr, sql.len, &res, &why);
    if (code == MR_OK) {
        const struct mr_cell *cells = mr_result_next(res);
        *found =
            cells != NULL && cells[0].ptr != NULL && cells[1].ptr != NULL && cells[1].ptr[0] != '-';
        for (size_t i = 0; *found && i < 2; i++)
            values[i] = cells[i].ptr[0] != '-' ? strtoull(cells[i].ptr, NULL, 10) : 0;
    }
    read->least = values[0];
    read->greatest = values[1];
    mr_result_free(res);
    mr_strbuf_release(&sql);
    if (!mr_create_is_fatal(code))
        return MR_OK; /* slowness is not seen by this table, then */
    if (err != NULL)
        *err = why;
    return code;
}

/* Of the biggest table that has such a key: it fits least into the server's memory. */
static enum mr_code choose_read(const struct mr_create *c, struct mr_throttle_read *out,
                                struct mr_err *err)
{
    struct mr_throttle_read read = {.table = NULL};
    uint64_t most = 0;
    bool found = false;
    for (size_t i = 0; i < c->tables.count; i++) {
        const struct mr_create_table *t =
            *(struct mr_create_table *const *)mr_vec_at(&c->tables, i);
        const struct mr_column *col = t->left_out ? NULL : counter_of(t->table);
        if (col == NULL || (read.table != NULL && t->table->data_bytes <= most))
            continue;
        most = t->table->data_bytes;
        read = (struct mr_throttle_read){
            .db = t->table->db, .table = t->table->name, .column = col->name};
    }
    enum mr_code code = read.table != NULL ? read_span(c, &read, &found, err) : MR_OK;
    if (!found)
        read.table = NULL;
    *out = read;
    return code;
}

enum mr_code mr_create_open_throttle(struct mr_create *c, struct mr_err *err)
{
    const struct mr_endpoint *const servers[] = {&c->ep};
    struct mr_throttle_opts opts = c->opts->load;
    if (opts.max_slowdown > 0)
        MR_TRY(choose_read(c, &opts.read, err));
    return mr_throttle_new(&opts, servers, 1, &c->source_opts.db, &c->throttle, err);
}
