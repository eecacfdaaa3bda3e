/* merge_ids.c: see merge_ids.h. */
#include "repair/merge_ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/pair_columns.h"
#include "core/sqltext.h"
#include "repair/merge_work.h"

#define MARGIN 1000000

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS plan_table (plan INT NOT NULL, tbl TEXT NOT NULL,"
    " base TEXT, base_origin TEXT, fresh TEXT, fresh_origin TEXT, next TEXT, margin TEXT,"
    " start TEXT, step TEXT, ids TEXT, counter TEXT, PRIMARY KEY (plan, tbl)) STRICT;"
    "DROP TABLE IF EXISTS temp.fresh_id;"
    "CREATE TEMP TABLE fresh_id (id INTEGER PRIMARY KEY, value TEXT)";

struct block {
    const struct mr_merge_table *table;
    uint64_t ids;  /* wanted */
    uint64_t rows; /* inserted */
    uint64_t next, margin, start, step, offset, counter;
    uint64_t limit; /* greatest value that all columns hold */
    const char *limit_table, *limit_column;
};

/* ---- what fits ---- */

/* The greatest value of an integer column; 0 where it is of another type. */
static uint64_t greatest_of(const struct mr_column *col)
{
    static const struct {
        const char *type;
        unsigned bits;
    } types[] = {
        {"tinyint", 8}, {"smallint", 16}, {"mediumint", 24}, {"int", 32}, {"bigint", 64}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(col->data_type, types[i].type) == 0) {
            unsigned bits = types[i].bits - !col->is_unsigned;
            return bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
        }
    return 0;
}

static void limit_by(struct block *b, const struct mr_plan_table *t, size_t column)
{
    const char *name = mr_plan_column_name(t, column);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_column *col = mr_pair_find_column(t->pair->side[side], name);
        uint64_t most = col != NULL ? greatest_of(col) : 0;
        if (side == MR_SOURCE || most == 0 || most >= b->limit)
            continue; /* only TARGET is written */
        b->limit = most;
        b->limit_table = mr_plan_table_name(t);
        b->limit_column = name;
    }
}

/* Columns that hold what the counter gave, over any number of tables. */
static enum mr_code find_limit(const struct mr_merge *m, struct block *b,
                               struct mr_err *err)
{
    const struct mr_plan_tables *plan = m->plan;
    size_t widest = 1;
    for (size_t i = 0; i < plan->ntables; i++)
        if (plan->tables[i].pair->find.ncolumns > widest)
            widest = plan->tables[i].pair->find.ncolumns;
    bool *holds = calloc(plan->ntables * widest, sizeof *holds);
    bool grown = true;
    if (holds == NULL)
        return mr_merge_nomem(err);
    b->limit = UINT64_MAX;
    b->limit_table = mr_plan_table_name(b->table->plan);
    b->limit_column = mr_plan_column_name(b->table->plan, b->table->plan->counter);
    holds[b->table->plan->at * widest + b->table->plan->counter] = true;
    limit_by(b, b->table->plan, b->table->plan->counter);
    while (grown) {
        grown = false;
        for (size_t i = 0; i < plan->nreferences; i++) {
            const struct mr_plan_reference *r = &plan->references[i];
            for (size_t k = 0; k < r->to.count; k++) {
                bool *child = &holds[r->child * widest + r->from.at[k]];
                if (!holds[r->parent * widest + r->to.at[k]] || *child)
                    continue;
                *child = grown = true;
                limit_by(b, &plan->tables[r->child], r->from.at[k]);
            }
        }
    }
    free(holds);
    return MR_OK;
}

/* ---- what the servers have handed out ---- */

static enum mr_code number(struct mr_db *db, const char *sql, uint64_t *value,
                           struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(db, sql, &text, err);
    *value = code == MR_OK ? strtoull(text.ptr, NULL, 10) : 0;
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code read_sequence(struct mr_db *db, const struct mr_plan_table *t,
                                  struct block *b, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    uint64_t next = 0;
    mr_strbuf_add_str(&sql, "SELECT next_not_cached_value FROM ");
    mr_sql_table(&sql, t->sequence_db, t->sequence);
    enum mr_code code = number(db, sql.ptr, &next, err);
    b->next = next > b->next ? next : b->next;
    mr_strbuf_reset(&sql);
    mr_strbuf_add_str(&sql, "SELECT IF(increment = 0, @@GLOBAL.auto_increment_increment, "
                            "increment) FROM ");
    mr_sql_table(&sql, t->sequence_db, t->sequence);
    if (code == MR_OK)
        code = number(db, sql.ptr, &b->step, err);
    b->offset = b->step > 0 ? b->next % b->step : 0;
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code read_next(struct mr_merge *m, struct block *b, struct mr_err *err)
{
    const struct mr_plan_table *t = b->table->plan;
    enum mr_code code = MR_OK;
    b->step = b->offset = 1;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        struct mr_db *db = mr_reader_db(m->plan->pairing.side[side].main);
        uint64_t next = 0, greatest = 0;
        if (db == NULL)
            return mr_err_set(err, MR_E_LOST, "the connection to the %s is gone",
                              mr_side_name((enum mr_side)side));
        code = mr_schema_auto_increment(db, t->pair->side[side], &next, &greatest, err);
        if (greatest == UINT64_MAX)
            greatest--;
        next = next > greatest + 1 ? next : greatest + 1;
        b->next = next > b->next ? next : b->next;
        if (side == MR_TARGET && t->sequence != NULL && code == MR_OK)
            code = read_sequence(db, t, b, err);
        else if (side == MR_TARGET && code == MR_OK)
            code = number(db, "SELECT @@GLOBAL.auto_increment_increment", &b->step, err);
        if (side == MR_TARGET && t->sequence == NULL && code == MR_OK)
            code = number(db, "SELECT @@GLOBAL.auto_increment_offset", &b->offset, err);
    }
    /* an offset beyond the increment is ignored by the servers */
    b->step = b->step == 0 ? 1 : b->step;
    b->offset = b->offset > b->step ? 1 : b->offset;
    return code;
}

/* ---- the block ---- */

static enum mr_code refuse(const struct block *b, struct mr_err *err)
{
    uint64_t needed = b->step * (b->ids + 1);
    uint64_t left = b->limit > b->next ? b->limit - b->next : 0;
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "%" PRIu64 " new ids of table \"%s\" from %" PRIu64
        " on do not fit column \"%s\" of table \"%s\", which ends at %" PRIu64,
        b->ids, mr_plan_table_name(b->table->plan), b->start, b->limit_column,
        b->limit_table, b->limit);
    if (left >= needed)
        mr_err_hint(err, "The greatest margin that fits is %" PRIu64 " (--margin).",
                    left - needed);
    else
        mr_err_hint(err, "No margin fits: make the column wider.");
    return MR_E_REFUSED;
}

static void choose_margin(const struct mr_merge *m, struct block *b)
{
    const struct mr_table_config *config = b->table->plan->pair->config;
    uint64_t left = b->limit > b->next ? b->limit - b->next : 0;
    b->margin = left / 4 < MARGIN ? left / 4 : MARGIN;
    if (m->options->has_margin)
        b->margin = m->options->margin;
    if (config->has_margin)
        b->margin = config->margin;
    if (!m->options->has_margin && !config->has_margin && b->margin < MARGIN)
        mr_log_info("new ids of table \"%s\" begin only %" PRIu64
                    " above the last one: column \"%s\" of \"%s\" ends at %" PRIu64,
                    mr_plan_table_name(b->table->plan), b->margin, b->limit_column,
                    b->limit_table, b->limit);
}

static enum mr_code lay_out(const struct mr_merge *m, struct block *b, struct mr_err *err)
{
    uint64_t room, wanted;
    choose_margin(m, b);
    b->start = b->next;
    if (__builtin_add_overflow(b->next, b->margin, &b->start))
        return refuse(b, err);
    uint64_t off = (b->start + b->step - b->offset % b->step) % b->step;
    uint64_t up = off == 0 ? 0 : b->step - off;
    if (__builtin_add_overflow(b->start, up, &b->start) ||
        __builtin_mul_overflow(b->step, b->ids, &wanted))
        return refuse(b, err);
    room = b->limit >= b->start ? b->limit - b->start : 0;
    if (b->start > b->limit || wanted > room)
        return refuse(b, err);
    b->counter = b->start + wanted;
    return MR_OK;
}

#define TO_INSERT                                                                        \
    "m.there IS NULL AND m.waits=0 AND NOT EXISTS"                                       \
    " (SELECT 1 FROM mark k WHERE k.id=m.id AND k.skip)"

static enum mr_code hand_out(struct mr_merge *m, const struct block *b,
                             struct mr_err *err)
{
    struct mr_case_stmt *rows = NULL, *add = NULL;
    uint64_t value = b->start;
    bool row = false;
    enum mr_code code = mr_case_prepare(
        m->cf,
        "SELECT m.id FROM m JOIN w ON w.id=m.id WHERE m.tbl=?1 AND m.newid AND " TO_INSERT
        " ORDER BY w.n, w.skey",
        &rows, err);
    if (code == MR_OK)
        code = mr_case_prepare(m->cf, "INSERT INTO fresh_id VALUES (?,?)", &add, err);
    if (code == MR_OK)
        mr_case_bind_int(rows, 1, (int64_t)b->table->plan->at);
    while (code == MR_OK && (code = mr_case_step(rows, &row, err)) == MR_OK && row) {
        char text[24];
        (void)snprintf(text, sizeof text, "%" PRIu64, value);
        mr_case_bind_int(add, 1, mr_case_int(rows, 0));
        mr_case_bind_text(add, 2, text);
        code = mr_case_run(add, err);
        value += b->step;
    }
    mr_case_free(rows);
    mr_case_free(add);
    return code;
}

/* ---- kept with the plan ---- */

static void bind_number(struct mr_case_stmt *stmt, int at, bool known, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    mr_case_bind_text(stmt, at, known ? text : NULL);
}

static void bind_signed(struct mr_case_stmt *stmt, int at, bool known, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    mr_case_bind_text(stmt, at, known ? text : NULL);
}

static enum mr_code keep(struct mr_merge *m, const struct block *b, struct mr_err *err)
{
    const struct mr_merge_bound *bound = &b->table->bound;
    struct mr_case_stmt *stmt = NULL;
    bool any = b->rows > 0;
    enum mr_code code = mr_case_prepare(
        m->cf, "INSERT OR REPLACE INTO plan_table VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, mr_plan_store_id(m->store));
        mr_case_bind_text(stmt, 2, mr_plan_table_name(b->table->plan));
        bind_signed(stmt, 3, true, bound->base);
        mr_case_bind_text(stmt, 4, bound->base_origin);
        bind_signed(stmt, 5, bound->has_fresh, bound->fresh);
        mr_case_bind_text(stmt, 6, bound->has_fresh ? bound->fresh_origin : NULL);
        bind_number(stmt, 7, any, b->next);
        bind_number(stmt, 8, any, b->margin);
        bind_number(stmt, 9, any, b->start);
        bind_number(stmt, 10, any, b->step);
        bind_number(stmt, 11, any, b->ids);
        bind_number(stmt, 12, any, b->counter);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code plan_block(struct mr_merge *m, const struct mr_merge_table *t,
                               struct mr_err *err)
{
    const int64_t args[] = {(int64_t)t->plan->at};
    struct block b = {.table = t};
    int64_t rows = 0, ids = 0;
    enum mr_code code = mr_work_int(
        m, "SELECT count(*) FROM m WHERE tbl=?1 AND " TO_INSERT, args, 1, &rows, err);
    if (code == MR_OK)
        code =
            mr_work_int(m, "SELECT count(*) FROM m WHERE tbl=?1 AND newid AND " TO_INSERT,
                        args, 1, &ids, err);
    b.rows = (uint64_t)rows;
    b.ids = (uint64_t)ids;
    if (code == MR_OK && rows > 0) {
        code = find_limit(m, &b, err);
        if (code == MR_OK)
            code = read_next(m, &b, err);
        if (code == MR_OK)
            code = lay_out(m, &b, err);
        if (code == MR_OK)
            code = hand_out(m, &b, err);
    }
    return code == MR_OK ? keep(m, &b, err) : code;
}

enum mr_code mr_merge_ids(struct mr_merge *m, struct mr_err *err)
{
    const int64_t plan[] = {mr_plan_store_id(m->store)};
    enum mr_code code = mr_case_exec(m->cf, schema_sql, err);
    if (code == MR_OK)
        code = mr_work_run(m, "DELETE FROM plan_table WHERE plan=?1", plan, 1, NULL, err);
    for (size_t i = 0; code == MR_OK && i < m->plan->ntables; i++)
        if (mr_plan_has_counter(m->tables[i].plan))
            code = plan_block(m, &m->tables[i], err);
    return code;
}
