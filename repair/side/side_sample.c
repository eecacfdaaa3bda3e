/* side_sample.c: see side_sample.h. */
#include "repair/side/side_sample.h"

#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"

#define SEGMENTS 100

/* ---- a server ---- */

/* Both ends, since the past at the beginning may know a column otherwise than the present at the
 * end. */
static void add_end(struct mr_strbuf *sql, const struct mr_side_sample *what, bool descending)
{
    const struct mr_readspec *spec = what->child;
    mr_strbuf_add_str(sql, "(SELECT ");
    mr_sql_ident(sql, spec->cols[what->column].name);
    mr_strbuf_add_str(sql, " AS v FROM ");
    mr_sql_table(sql, spec->db, spec->table);
    for (size_t i = 0; i < spec->nkey; i++) {
        mr_strbuf_add_str(sql, i == 0 ? " ORDER BY " : ", ");
        mr_sql_ident(sql, spec->cols[spec->key[i]].name);
        mr_strbuf_add_str(sql, descending ? " DESC" : "");
    }
    mr_strbuf_add_fmt(sql, " LIMIT %d)", MR_SIDE_SAMPLE_ROWS);
}

/* The server joins: rows of the sample that have no parent count in the first number only. */
static enum mr_code query(struct mr_db *db, const struct mr_side_sample *what, uint64_t counts[2],
                          struct mr_err *err)
{
    const char *key = what->parent->cols[what->key].name;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_add_str(&sql, "SELECT COUNT(s.v), COUNT(p.");
    mr_sql_ident(&sql, key);
    mr_strbuf_add_str(&sql, ") FROM (");
    add_end(&sql, what, false);
    mr_strbuf_add_str(&sql, " UNION ALL ");
    add_end(&sql, what, true);
    mr_strbuf_add_str(&sql, ") AS s LEFT JOIN ");
    mr_sql_table(&sql, what->parent->db, what->parent->table);
    mr_strbuf_add_str(&sql, " AS p ON p.");
    mr_sql_ident(&sql, key);
    mr_strbuf_add_str(&sql, " = s.v");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(db, "nn", sql.ptr, sql.len, &res, err);
    while (code == MR_OK && (row = mr_result_next(res)) != NULL)
        for (size_t i = 0; i < 2; i++)
            counts[i] += row[i].ptr != NULL ? strtoull(row[i].ptr, NULL, 10) : 0;
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* ---- a snapshot ---- */

struct value {
    struct mr_strbuf bytes; /* encoded; empty: NULL */
    bool is_key;
};

/* The first rows stay where they are; the last ones go round in what follows.  Without an
 * order of the key all rows are read, and are both. */
struct sampling {
    const struct mr_side_sample *what;
    struct value *values; /* of 2 * MR_SIDE_SAMPLE_ROWS rows */
    struct mr_readspec spec;
    size_t first;           /* rows from the beginning */
    uint64_t last;          /* rows that went round */
    bool is_first, is_last; /* where rows go */
};

static enum mr_code keep(struct mr_strbuf *bytes, const struct mr_value *value, struct mr_err *err)
{
    mr_strbuf_reset(bytes);
    return value->cls != MR_CLASS_NULL ? mr_row_encode(bytes, value, err) : MR_OK;
}

static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct sampling *s = ctx;
    if (s->is_first && s->first < MR_SIDE_SAMPLE_ROWS)
        MR_TRY(keep(&s->values[s->first++].bytes, &values[0], err));
    if (s->is_last) {
        size_t at = (size_t)(s->last++ % MR_SIDE_SAMPLE_ROWS);
        MR_TRY(keep(&s->values[MR_SIDE_SAMPLE_ROWS + at].bytes, &values[0], err));
    }
    return MR_OK;
}

static enum mr_code read_all(struct sampling *s, struct mr_err *err)
{
    s->last = 0;
    return mr_reader_scan(s->what->reader, &s->spec, (struct mr_range){0}, 0, take_row, s, err);
}

static enum mr_code read_first(struct sampling *s, struct mr_err *err)
{
    s->is_first = true;
    enum mr_code code = mr_reader_scan(s->what->reader, &s->spec, (struct mr_range){0},
                                       MR_SIDE_SAMPLE_ROWS, take_row, s, err);
    s->is_first = false;
    return code;
}

/* The last segment; where it holds too few, all of them. */
static enum mr_code read_last(struct sampling *s, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec bounds = MR_VEC_INIT(struct mr_key);
    struct mr_range range = {0};
    s->is_last = true;
    enum mr_code code = mr_reader_bounds(s->what->reader, &s->spec, SEGMENTS, &arena, &bounds, err);
    if (code == MR_OK && bounds.count > 0) {
        range.lo = *(struct mr_key *)mr_vec_at(&bounds, bounds.count - 1);
        code = mr_reader_scan(s->what->reader, &s->spec, range, 0, take_row, s, err);
    }
    if (code == MR_OK && s->last < MR_SIDE_SAMPLE_ROWS)
        code = read_all(s, err);
    mr_vec_release(&bounds);
    mr_arena_release(&arena);
    return code;
}

static enum mr_code read_ends(struct sampling *s, struct mr_err *err)
{
    if (s->spec.nkey == 0) {
        s->is_first = s->is_last = true;
        return read_all(s, err);
    }
    MR_TRY(read_first(s, err));
    return read_last(s, err);
}

static struct mr_key key_of(const struct value *value)
{
    return (struct mr_key){value->bytes.ptr, value->bytes.len};
}

static int compare_values(const void *a, const void *b)
{
    const struct value *x = a, *y = b;
    return mr_key_compare(key_of(x), key_of(y));
}

/* Values are sorted, and may be there several times: all that are the same have found their key. */
static enum mr_code take_parent(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct sampling *s = ctx;
    struct value wanted = {.bytes = MR_STRBUF_INIT};
    enum mr_code code = mr_row_encode(&wanted.bytes, &values[0], err);
    struct value *end = s->values + 2 * MR_SIDE_SAMPLE_ROWS;
    struct value *found = code == MR_OK ? bsearch(&wanted, s->values, 2 * MR_SIDE_SAMPLE_ROWS,
                                                  sizeof *s->values, compare_values)
                                        : NULL;
    while (found != NULL && found > s->values && compare_values(found - 1, &wanted) == 0)
        found--;
    for (; found != NULL && found < end && compare_values(found, &wanted) == 0; found++)
        found->is_key = true;
    mr_strbuf_release(&wanted.bytes);
    return code;
}

/* Each value once; a NULL is encoded as nothing, and is nobody's key. */
static enum mr_code look_up(struct sampling *s, struct mr_err *err)
{
    static const size_t key_at = 0;
    const struct mr_readspec spec = {.db = s->what->parent->db,
                                     .table = s->what->parent->table,
                                     .cols = &s->what->parent->cols[s->what->key],
                                     .ncols = 1,
                                     .key = &key_at,
                                     .nkey = 1};
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    enum mr_code code = MR_OK;
    qsort(s->values, 2 * MR_SIDE_SAMPLE_ROWS, sizeof *s->values, compare_values);
    for (size_t i = 0; code == MR_OK && i < 2 * MR_SIDE_SAMPLE_ROWS; i++) {
        const struct value *v = &s->values[i];
        if (v->bytes.len == 0 || (i > 0 && compare_values(v, v - 1) == 0))
            continue;
        struct mr_key *key = mr_vec_push(&keys);
        if (key == NULL)
            code = mr_err_nomem(err, "sampling a column");
        else
            *key = key_of(v);
    }
    if (code == MR_OK)
        code = mr_reader_fetch(s->what->reader, &spec, keys.items, keys.count, take_parent, s, err);
    mr_vec_release(&keys);
    return code;
}

/* The column, and the key behind it. */
static enum mr_code set_spec(struct sampling *s, struct mr_arena *arena, struct mr_err *err)
{
    const struct mr_readspec *scan = s->what->child;
    struct mr_readcol *cols = mr_arena_calloc(arena, scan->nkey + 1, sizeof *cols);
    size_t *key = mr_arena_calloc(arena, scan->nkey + 1, sizeof *key);
    if (cols == NULL || key == NULL)
        return mr_err_nomem(err, "sampling a column");
    cols[0] = scan->cols[s->what->column];
    for (size_t i = 0; i < scan->nkey; i++) {
        cols[i + 1] = scan->cols[scan->key[i]];
        key[i] = i + 1;
    }
    s->spec = (struct mr_readspec){.db = scan->db,
                                   .table = scan->table,
                                   .cols = cols,
                                   .ncols = scan->nkey + 1,
                                   .key = key,
                                   .nkey = scan->nkey,
                                   .index = scan->index};
    if (scan->nkey > 0 && !mr_reader_has_order(s->what->reader, &s->spec))
        s->spec.nkey = 0;
    return MR_OK;
}

/* The buffers are all there from the start, some hundred KiB: a sample is small however large the
 * table is. */
static enum mr_code read_rows(const struct mr_side_sample *what, uint64_t counts[2],
                              struct mr_err *err)
{
    struct sampling s = {.what = what};
    struct mr_arena arena = MR_ARENA_INIT;
    s.values = calloc((size_t)2 * MR_SIDE_SAMPLE_ROWS, sizeof *s.values);
    if (s.values == NULL)
        return mr_err_nomem(err, "sampling a column");
    for (size_t i = 0; i < 2 * MR_SIDE_SAMPLE_ROWS; i++)
        mr_strbuf_init(&s.values[i].bytes);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(set_spec(&s, &arena, err));
    MR_TRY_OUT(read_ends(&s, err));
    MR_TRY_OUT(look_up(&s, err));
out:
    for (size_t i = 0; i < 2 * MR_SIDE_SAMPLE_ROWS; i++) {
        counts[0] += s.values[i].bytes.len > 0;
        counts[1] += s.values[i].is_key;
        mr_strbuf_release(&s.values[i].bytes);
    }
    free(s.values);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_side_sample(const struct mr_side_sample *what, uint64_t counts[2],
                            struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(what->reader);
    return db != NULL ? query(db, what, counts, err) : read_rows(what, counts, err);
}
