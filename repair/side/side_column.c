/* side_column.c: see side_column.h. */
#include "repair/side/side_column.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/row/row_class.h"
#include "core/row/when.h"
#include "repair/side/counted.h"
#include "core/schema/sequence.h"

#define LIVE_KEYS 1000
#define SEGMENTS 1000

/* ---- counters ---- */

enum mr_code mr_side_next_id(const struct mr_side_column *c, uint64_t *next, struct mr_err *err)
{
    return mr_reader_counter(c->reader, c->table, next, NULL, err);
}

enum mr_code mr_side_sequence_next(struct mr_reader *reader, const char *db, const char *name,
                                   uint64_t *next, struct mr_err *err)
{
    struct mr_db *connection = mr_reader_db(reader);
    struct mr_sequence sequence;
    if (connection == NULL)
        return mr_reader_sequence(reader, db, name, next, err);
    MR_TRY(mr_sequence_read(connection, db, name, &sequence, err));
    *next = sequence.next;
    return MR_OK;
}

/* ---- rows of a snapshot, from the end ---- */

struct walk {
    const struct mr_side_column *c;
    struct mr_readcol cols[2];
    struct mr_readspec spec;
    /* What is done with a row; values as cols. */
    void (*take)(struct walk *w, const struct mr_value *values);
    bool enough;         /* set by take: no value below this segment can matter */
    bool is_unsigned;    /* orders are (counted.h) */
    int64_t from, below; /* orders of [from, below) are asked for … */
    bool is_bounded;     /* … or all */
    int64_t up_to;       /* of take_newest: an order, which may be the last there is */
    uint64_t greatest;
    int64_t highest;                    /* order */
    const struct mr_spelling *spelling; /* of take_meant */
    struct mr_strbuf written, meant;
    const struct mr_time *split;
    bool has_newest;
    struct mr_time newest;
    struct mr_vec *keys;
    bool no_memory;
};

/* Is the column the whole primary key, and its order known without a server? */
static bool is_key(const struct mr_side_column *c)
{
    const struct mr_index *primary = mr_table_index(c->table, "PRIMARY");
    return mr_class_is_integer(c->column->cls) && primary != NULL && primary->nparts == 1 &&
           primary->parts[0].column != NULL && primary->parts[0].prefix_len == 0 &&
           !primary->parts[0].descending &&
           strcasecmp(primary->parts[0].column, c->column->name) == 0;
}

static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct walk *w = ctx;
    w->take(w, values);
    return w->no_memory ? mr_err_nomem(err, "reading keys") : MR_OK;
}

static enum mr_code scan(struct walk *w, struct mr_range range, struct mr_err *err)
{
    return mr_reader_scan(w->c->reader, &w->spec, range, 0, take_row, w, err);
}

/* Reads (lo, hi], unless it is known to hold nothing that is asked for. */
static enum mr_code scan_segment(struct walk *w, struct mr_range range, struct mr_err *err)
{
    struct mr_value lo = {0};
    size_t pos = 0;
    enum mr_code code = mr_row_decode(range.lo.ptr, range.lo.len, &pos, &lo, err);
    int64_t above = mr_counted_of_value(&lo, w->is_unsigned);
    if (code != MR_OK || (w->is_bounded && above >= w->below))
        return code;
    code = scan(w, range, err);
    w->enough = w->enough || (w->is_bounded && above < w->from);
    return code;
}

/* Calls take for rows of the table, segment by segment from its end, until it has enough;
 * for all of them in any order where the column is no key. */
static enum mr_code walk(struct walk *w, const struct mr_column *time, struct mr_err *err)
{
    static const size_t key_at = 0;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec bounds = MR_VEC_INIT(struct mr_key);
    w->cols[0] = (struct mr_readcol){
        .name = w->c->column->name, .expr = MR_EXPR_COLUMN, .cls = w->c->column->cls};
    if (time != NULL)
        w->cols[1] =
            (struct mr_readcol){.name = time->name, .expr = MR_EXPR_COLUMN, .cls = time->cls};
    w->spec = (struct mr_readspec){.db = w->c->table->db,
                                   .table = w->c->table->name,
                                   .cols = w->cols,
                                   .ncols = time != NULL ? 2 : 1,
                                   .key = &key_at,
                                   .nkey = 1};
    if (!is_key(w->c) || !mr_reader_has_order(w->c->reader, &w->spec))
        w->spec.nkey = 0;
    enum mr_code code = mr_reader_bounds(w->c->reader, &w->spec, SEGMENTS, &arena, &bounds, err);
    struct mr_range range = {0};
    for (size_t i = bounds.count; code == MR_OK && i > 0 && !w->enough; i--) {
        range.lo = *(struct mr_key *)mr_vec_at(&bounds, i - 1);
        code = scan_segment(w, range, err);
        range.hi = range.lo;
    }
    range.lo = (struct mr_key){0};
    if (code == MR_OK && !w->enough)
        code = scan(w, range, err);
    mr_vec_release(&bounds);
    mr_arena_release(&arena);
    return code;
}

static bool is_negative(const struct mr_value *v)
{
    return (v->cls == MR_CLASS_INT && v->i < 0) ||
           ((v->cls == MR_CLASS_FLOAT || v->cls == MR_CLASS_DOUBLE) && v->d < 0) ||
           (v->cls == MR_CLASS_DECIMAL && v->len > 0 && *(const char *)v->ptr == '-');
}

/* Digits in front of the point; beyond 2^64 the greatest there is. */
static uint64_t number_of_text(const char *ptr, size_t len)
{
    uint64_t number = 0;
    for (size_t i = 0; i < len && ptr[i] >= '0' && ptr[i] <= '9'; i++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(ptr[i] - '0'), &number))
            return UINT64_MAX;
    return number;
}

/* 0 for what is negative, or no number. */
static uint64_t positive(const struct mr_value *v)
{
    if (is_negative(v))
        return 0;
    if (v->cls == MR_CLASS_INT)
        return (uint64_t)v->i;
    if (v->cls == MR_CLASS_UINT)
        return v->u;
    if (v->cls == MR_CLASS_DECIMAL)
        return number_of_text(v->ptr, v->len);
    if (v->cls == MR_CLASS_FLOAT || v->cls == MR_CLASS_DOUBLE)
        return v->d < 18446744073709551615.0 ? (uint64_t)v->d : UINT64_MAX;
    return 0;
}

static int64_t order_of(const struct walk *w, const struct mr_value *v)
{
    if (v->cls == MR_CLASS_INT)
        return mr_counted_of_value(v, w->is_unsigned);
    return mr_counted_of(positive(v), w->is_unsigned);
}

/* ---- the greatest ---- */

static void take_greatest(struct walk *w, const struct mr_value *values)
{
    uint64_t number = positive(&values[0]);
    int64_t order = mr_counted_of(number, w->is_unsigned);
    if (w->is_bounded && (order < w->from || order >= w->below))
        return;
    w->greatest = number > w->greatest ? number : w->greatest;
    w->enough = true;
}

static enum mr_code query_number(struct mr_db *db, struct mr_strbuf *sql, uint64_t *value,
                                 struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_strbuf_check(sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(db, sql->ptr, &text, err);
    *value = code == MR_OK && text.len > 0 ? strtoull(text.ptr, NULL, 10) : 0;
    mr_strbuf_release(&text);
    return code;
}

/* The number that a text, or a number of another type, means. */
static void take_meant(struct walk *w, const struct mr_value *values)
{
    struct mr_value key = {0};
    enum mr_spelt how = MR_SPELT_NOT;
    size_t pos = 0;
    if (values[0].cls == MR_CLASS_NULL || values[0].ptr == NULL)
        return; /* a text so long that it is not at hand is no number */
    mr_strbuf_reset(&w->written);
    mr_strbuf_reset(&w->meant);
    w->no_memory = mr_row_encode(&w->written, &values[0], NULL) != MR_OK ||
                   mr_spelling_read(w->spelling, (struct mr_key){w->written.ptr, w->written.len},
                                    &w->meant, &how, NULL) != MR_OK ||
                   w->meant.failed;
    if (!w->no_memory && how != MR_SPELT_NOT &&
        mr_row_decode(w->meant.ptr, w->meant.len, &pos, &key, NULL) == MR_OK)
        take_greatest(w, &key);
}

/* As unsigned orders, of signed columns, too: what is below zero stands with 0 then, which is
 * nobody's number. */
static enum mr_code walk_within(const struct mr_side_column *c, const struct mr_spelling *spelling,
                                uint64_t from, uint64_t to, uint64_t *greatest, struct mr_err *err)
{
    struct walk w = {.c = c,
                     .take = spelling != NULL ? take_meant : take_greatest,
                     .spelling = spelling,
                     .written = MR_STRBUF_INIT,
                     .meant = MR_STRBUF_INIT,
                     .is_unsigned = true,
                     .is_bounded = true,
                     .from = mr_counted_of(from, true),
                     .below = mr_counted_of(to, true)};
    enum mr_code code = walk(&w, NULL, err);
    *greatest = w.greatest;
    mr_strbuf_release(&w.written);
    mr_strbuf_release(&w.meant);
    return code;
}

/* With a spelling the server reads the text itself, by the same rules as we do (spelling.h). */
enum mr_code mr_side_greatest_within(const struct mr_side_column *c,
                                     const struct mr_spelling *spelling, uint64_t from, uint64_t to,
                                     uint64_t *greatest, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(c->reader);
    struct mr_strbuf sql = MR_STRBUF_INIT, name = MR_STRBUF_INIT, value = MR_STRBUF_INIT;
    *greatest = 0;
    if (db == NULL)
        return walk_within(c, spelling, from, to, greatest, err);
    mr_sql_ident(&name, c->column->name);
    if (spelling != NULL)
        mr_spelling_sql_read(&value, spelling, name.ptr);
    else
        mr_strbuf_add_str(&value, name.ptr);
    mr_strbuf_add_fmt(&sql, "SELECT MAX(%s) FROM ", value.ptr);
    mr_sql_table(&sql, c->table->db, c->table->name);
    mr_strbuf_add_fmt(&sql, " WHERE %s >= %" PRIu64 " AND %s < %" PRIu64, value.ptr, from,
                      value.ptr, to);
    sql.failed |= name.failed || value.failed;
    enum mr_code code = query_number(db, &sql, greatest, err);
    mr_strbuf_release(&name);
    mr_strbuf_release(&value);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_side_greatest(const struct mr_side_column *c, uint64_t *greatest,
                              struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(c->reader);
    if (db == NULL) {
        struct walk w = {.c = c, .take = take_greatest};
        enum mr_code code = walk(&w, NULL, err);
        *greatest = w.greatest;
        return code;
    }
    /* it takes the column to read from the table's description */
    const struct mr_column counter = {.name = c->column->name, .auto_increment = true};
    const struct mr_table described = {
        .db = c->table->db, .name = c->table->name, .columns = &counter, .ncolumns = 1};
    return mr_schema_auto_increment(db, &described, NULL, greatest, err);
}

/* ---- the greatest before a time ---- */

static bool is_before(const struct mr_value *v, const struct mr_time *split)
{
    return mr_class_is_moment(v->cls) && v->t.year > 0 && mr_when_compare(&v->t, split) < 0;
}

static void take_before(struct walk *w, const struct mr_value *values)
{
    int64_t order = order_of(w, &values[0]);
    if (!is_before(&values[1], w->split))
        return;
    w->highest = order > w->highest ? order : w->highest;
    w->enough = true;
}

enum mr_code mr_side_greatest_before(const struct mr_side_counter *counter,
                                     const struct mr_column *time, const struct mr_time *split,
                                     int64_t *greatest, struct mr_err *err)
{
    const struct mr_side_column *c = &counter->column;
    struct mr_db *db = mr_reader_db(c->reader);
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    if (db == NULL) {
        struct walk w = {.c = c,
                         .take = take_before,
                         .is_unsigned = counter->is_unsigned,
                         .highest = *greatest,
                         .split = split};
        enum mr_code code = walk(&w, time, err);
        *greatest = w.highest;
        return code;
    }
    mr_strbuf_add_str(&sql, "SELECT ");
    mr_sql_ident(&sql, c->column->name);
    mr_strbuf_add_str(&sql, " FROM ");
    mr_sql_table(&sql, c->table->db, c->table->name);
    mr_strbuf_add_str(&sql, " WHERE ");
    mr_sql_ident(&sql, time->name);
    mr_strbuf_add_str(&sql, " >= '0001-01-01' AND ");
    mr_sql_ident(&sql, time->name);
    mr_strbuf_add_str(&sql, " < '");
    mr_when_format(split, &sql);
    mr_strbuf_add_str(&sql, "' ORDER BY ");
    mr_sql_ident(&sql, c->column->name);
    mr_strbuf_add_str(&sql, " DESC LIMIT 1");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(db, sql.ptr, &text, err);
    if (code == MR_E_NO_SUCH && text.len == 0)
        code = MR_OK; /* no such row */
    if (code == MR_OK && text.len > 0) {
        int64_t found = mr_counted_of_text(text.ptr, counter->is_unsigned, NULL);
        *greatest = found > *greatest ? found : *greatest;
    }
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code;
}

/* ---- the youngest up to a key ---- */

static void take_newest(struct walk *w, const struct mr_value *values)
{
    const struct mr_value *v = &values[1];
    if ((v->cls != MR_CLASS_DATE && v->cls != MR_CLASS_DATETIME) || v->t.year == 0 ||
        order_of(w, &values[0]) > w->up_to)
        return;
    if (!w->has_newest || mr_when_compare(&v->t, &w->newest) > 0)
        w->newest = v->t;
    w->has_newest = true;
}

/* A zero date is no time.  It is left out by comparing with the first day that there is, since
 * strict servers refuse its own literal. */
static enum mr_code query_newest(struct mr_db *db, const struct mr_side_counter *counter,
                                 const struct mr_column *time, int64_t up_to,
                                 struct mr_strbuf *text, struct mr_err *err)
{
    const struct mr_side_column *c = &counter->column;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    char key[MR_COUNTED_TEXT];
    mr_strbuf_add_str(&sql, "SELECT MAX(");
    mr_sql_ident(&sql, time->name);
    mr_strbuf_add_str(&sql, ") FROM ");
    mr_sql_table(&sql, c->table->db, c->table->name);
    mr_strbuf_add_str(&sql, " WHERE ");
    mr_sql_ident(&sql, c->column->name);
    mr_strbuf_add_fmt(&sql, " <= %s AND ", mr_counted_text(up_to, counter->is_unsigned, key));
    mr_sql_ident(&sql, time->name);
    mr_strbuf_add_str(&sql, " >= '0001-01-01'");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(db, sql.ptr, text, err);
    mr_strbuf_release(&sql);
    return code;
}

/* The youngest row need not be among the last ones: a snapshot is read whole, and `enough` is
 * never set. */
enum mr_code mr_side_newest(const struct mr_side_counter *c, const struct mr_column *time,
                            int64_t up_to, struct mr_time *newest, bool *known, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(c->column.reader);
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_when when = {0};
    enum mr_code code;
    if (db == NULL) {
        struct walk w = {
            .c = &c->column, .take = take_newest, .is_unsigned = c->is_unsigned, .up_to = up_to};
        code = walk(&w, time, err);
        *newest = w.newest;
        *known = w.has_newest;
        return code;
    }
    code = query_newest(db, c, time, up_to, &text, err);
    *known = code == MR_OK && text.len > 0;
    if (*known)
        code = mr_when_parse(&when, text.ptr, err);
    *newest = when.time;
    mr_strbuf_release(&text);
    return code;
}

/* ---- keys, from the greatest down ---- */

static int descending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* Sorts, and keeps each of the greatest once. */
static void settle(struct mr_vec *keys)
{
    int64_t *items = keys->items;
    size_t kept = 0;
    if (keys->count > 1)
        qsort(items, keys->count, sizeof *items, descending);
    for (size_t i = 0; i < keys->count && kept < MR_SIDE_KEYS_MOST; i++)
        if (kept == 0 || items[kept - 1] != items[i])
            items[kept++] = items[i];
    keys->count = kept;
}

/* Twice as many as are wanted are held, then the lower half goes: memory stays bounded where the
 * column is no key and comes in any order. */
static void take_key(struct walk *w, const struct mr_value *values)
{
    int64_t order = order_of(w, &values[0]);
    if (values[0].cls == MR_CLASS_NULL || (w->is_bounded && order >= w->below))
        return;
    int64_t *slot = mr_vec_push(w->keys);
    if (slot == NULL) {
        w->no_memory = true;
        return;
    }
    *slot = order;
    if (w->keys->count >= 2 * (size_t)MR_SIDE_KEYS_MOST)
        settle(w->keys);
    w->enough = w->keys->count >= MR_SIDE_KEYS_MOST;
}

/* By index from the end, a thousand a time: who asks seldom needs more than the first of them. */
static enum mr_code query_keys(struct mr_db *db, const struct mr_side_counter *counter,
                               const int64_t *below, struct mr_vec *keys, struct mr_err *err)
{
    const struct mr_side_column *c = &counter->column;
    char text[MR_COUNTED_TEXT];
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_add_str(&sql, "SELECT DISTINCT ");
    mr_sql_ident(&sql, c->column->name);
    mr_strbuf_add_str(&sql, " FROM ");
    mr_sql_table(&sql, c->table->db, c->table->name);
    if (below != NULL) {
        mr_strbuf_add_str(&sql, " WHERE ");
        mr_sql_ident(&sql, c->column->name);
        mr_strbuf_add_fmt(&sql, " < %s", mr_counted_text(*below, counter->is_unsigned, text));
    }
    mr_strbuf_add_str(&sql, " ORDER BY ");
    mr_sql_ident(&sql, c->column->name);
    mr_strbuf_add_fmt(&sql, " DESC LIMIT %d", LIVE_KEYS);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query(db, "n", sql.ptr, sql.len, &res, err));
    while ((row = mr_result_next(res)) != NULL) {
        int64_t *key = mr_vec_push(keys);
        if (key == NULL)
            MR_TRY_OUT(mr_err_nomem(err, "reading keys"));
        else
            *key = mr_counted_of_text(row[0].ptr != NULL ? row[0].ptr : "", counter->is_unsigned,
                                      NULL);
    }
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_side_keys_below(const struct mr_side_counter *c, const int64_t *below,
                                struct mr_vec *keys, bool *ended, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(c->column.reader);
    const int64_t bound = below != NULL ? *below : 0; /* it may stand among keys */
    enum mr_code code;
    mr_vec_clear(keys);
    if (db != NULL) {
        code = query_keys(db, c, below != NULL ? &bound : NULL, keys, err);
        *ended = keys->count < LIVE_KEYS;
        return code;
    }
    struct walk w = {.c = &c->column,
                     .take = take_key,
                     .is_unsigned = c->is_unsigned,
                     .is_bounded = below != NULL,
                     .from = INT64_MIN,
                     .below = bound,
                     .keys = keys};
    code = walk(&w, NULL, err);
    settle(keys);
    *ended = keys->count < MR_SIDE_KEYS_MOST;
    return code;
}
