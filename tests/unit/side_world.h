/*
 * side_world: one side of a plan, for unit tests of repair/side: a server by script
 * (snap_world.h), or a snapshot, whose rows are read.
 *
 *   static struct side s; side_init(&s, "id:int made:date", rows) → &s.reader
 *
 * Rows are texts "7|2026-01-01" in the order of their keys, the list ends with NULL.  `\0` is a
 * byte of zero, NULL is NULL.  s.segment rows a stretch of the key; s.no_order: it has none;
 * s.db: it is a server; s.fail_at: the n-th read fails.  Link with SNAP_WORLD_WRAP of module.mk.
 */
#ifndef MR_TESTS_SIDE_WORLD_H
#define MR_TESTS_SIDE_WORLD_H

#include "snap_world.h"

#include <inttypes.h>

#include "core/row/row.h"
#include "core/source/source.h"

enum { SIDE_COLUMNS = 4 };

struct side {
    struct mr_reader reader;
    struct mr_source source;
    const char *names[SIDE_COLUMNS];
    struct mr_column columns[SIDE_COLUMNS];
    struct mr_readcol cols[SIDE_COLUMNS];
    struct mr_index primary;
    struct mr_index_part part;
    struct mr_table table;
    size_t ncolumns;
    const char *const *rows;
    size_t segment;
    bool no_order;
    struct mr_db *db;
    size_t reads, fail_at, scanned; /* rows */
    struct mr_arena arena;
};

static inline struct side *side_of(struct mr_reader *reader)
{
    return (struct side *)reader;
}

static inline struct mr_value side_value(struct side *s, enum mr_class cls, const char *text,
                                         size_t len)
{
    char *copy = mr_arena_calloc(&s->arena, len + 1, 1);
    struct mr_time t = {0};
    size_t to = 0;
    for (size_t from = 0; from < len; from++) {
        const bool is_zero = text[from] == '\\' && from + 1 < len && text[from + 1] == '0';
        copy[to++] = is_zero ? '\0' : text[from];
        from += is_zero;
    }
    if (strcmp(copy, "NULL") == 0)
        return (struct mr_value){.cls = MR_CLASS_NULL};
    if (cls == MR_CLASS_INT)
        return (struct mr_value){.cls = cls, .i = strtoll(copy, NULL, 10)};
    if (cls == MR_CLASS_UINT)
        return (struct mr_value){.cls = cls, .u = strtoull(copy, NULL, 10)};
    if (cls == MR_CLASS_DOUBLE)
        return (struct mr_value){.cls = cls, .d = strtod(copy, NULL)};
    if (cls == MR_CLASS_DATE || cls == MR_CLASS_DATETIME) {
        (void)sscanf(copy, "%" SCNu32 "-%" SCNu32 "-%" SCNu32 " %" SCNu32 ":%" SCNu32 ":%" SCNu32,
                     &t.year, &t.month, &t.day, &t.hour, &t.minute, &t.second);
        return (struct mr_value){.cls = cls, .t = t};
    }
    return (struct mr_value){.cls = cls, .ptr = copy, .len = to};
}

/* A row as a spec reads it. */
static inline void side_select(struct side *s, const char *row, const struct mr_readspec *spec,
                               struct mr_value *out)
{
    for (size_t k = 0; k < s->ncolumns; k++) {
        const size_t len = strcspn(row, "|");
        for (size_t i = 0; i < spec->ncols; i++)
            if (strcmp(spec->cols[i].name, s->names[k]) == 0)
                out[i] = side_value(s, s->columns[k].cls, row, len);
        row += len + (row[len] == '|');
    }
}

static inline struct mr_key side_key(struct side *s, const struct mr_value *values,
                                     const struct mr_readspec *spec)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < spec->nkey; i++)
        assert_int_equal(mr_row_encode(&out, &values[spec->key[i]], NULL), MR_OK);
    const struct mr_key key = {mr_arena_dup(&s->arena, out.ptr != NULL ? out.ptr : "", out.len),
                               out.len};
    mr_strbuf_release(&out);
    return key;
}

static inline enum mr_code side_read(struct side *s, struct mr_err *err)
{
    return ++s->reads == s->fail_at ? mr_err_set(err, MR_E_IO, "the chunk is torn") : MR_OK;
}

static inline enum mr_code side_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                     struct mr_range range, uint64_t limit, mr_row_fn *fn,
                                     void *ctx, struct mr_err *err)
{
    struct side *s = side_of(reader);
    uint64_t given = 0;
    MR_TRY(side_read(s, err));
    for (size_t i = 0; s->rows[i] != NULL && (limit == 0 || given < limit); i++) {
        struct mr_value values[SIDE_COLUMNS];
        side_select(s, s->rows[i], spec, values);
        const struct mr_key key = side_key(s, values, spec);
        if ((range.lo.ptr != NULL && mr_key_compare(key, range.lo) <= 0) ||
            (range.hi.ptr != NULL && mr_key_compare(key, range.hi) > 0))
            continue;
        given++;
        s->scanned++;
        MR_TRY(fn(ctx, values, err));
    }
    return MR_OK;
}

static inline enum mr_code side_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                                      const struct mr_key *keys, size_t nkeys, mr_row_fn *fn,
                                      void *ctx, struct mr_err *err)
{
    struct side *s = side_of(reader);
    MR_TRY(side_read(s, err));
    for (size_t k = 0; k < nkeys; k++)
        assert_true(keys[k].len > 0); /* NULL is nobody's key */
    for (size_t i = 0; s->rows[i] != NULL; i++) {
        struct mr_value values[SIDE_COLUMNS];
        bool is = false;
        side_select(s, s->rows[i], spec, values);
        for (size_t k = 0; !is && k < nkeys; k++)
            is = mr_key_compare(side_key(s, values, spec), keys[k]) == 0;
        if (is)
            MR_TRY(fn(ctx, values, err));
    }
    return MR_OK;
}

static inline enum mr_code side_bounds(struct mr_reader *reader, const struct mr_readspec *spec,
                                       struct mr_range range, size_t wanted, struct mr_arena *arena,
                                       struct mr_vec *keys, struct mr_err *err)
{
    (void)range;
    struct side *s = side_of(reader);
    (void)wanted;
    MR_TRY(side_read(s, err));
    for (size_t i = s->segment; s->segment > 0 && i > 0 && s->rows[i - 1] != NULL && s->rows[i];
         i += s->segment) {
        struct mr_value values[SIDE_COLUMNS];
        side_select(s, s->rows[i - 1], spec, values);
        const struct mr_key key = side_key(s, values, spec);
        *(struct mr_key *)mr_vec_push(keys) =
            (struct mr_key){mr_arena_dup(arena, key.ptr, key.len), key.len};
        for (size_t k = 0; k < s->segment; k++)
            if (s->rows[i + k] == NULL)
                return MR_OK;
    }
    return MR_OK;
}

static inline bool side_has_order(struct mr_reader *reader, const struct mr_readspec *spec)
{
    (void)spec;
    return !side_of(reader)->no_order;
}

static inline struct mr_db *side_db(struct mr_reader *reader)
{
    return side_of(reader)->db;
}

static inline enum mr_code side_counter(struct mr_reader *reader, const struct mr_table *table,
                                        uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    assert_null(greatest);
    assert_string_equal(table->name, side_of(reader)->table.name);
    MR_TRY(side_read(side_of(reader), err));
    *next = 77;
    return MR_OK;
}

static inline enum mr_code side_sequence(struct mr_reader *reader, const char *db, const char *name,
                                         uint64_t *next, struct mr_err *err)
{
    MR_TRY(side_read(side_of(reader), err));
    assert_string_equal(db, "club");
    assert_string_equal(name, "s`q");
    *next = 78;
    return MR_OK;
}

static const struct mr_source_ops side_ops = {.scan = side_scan,
                                              .fetch = side_fetch,
                                              .bounds = side_bounds,
                                              .has_order = side_has_order,
                                              .counter = side_counter,
                                              .sequence = side_sequence,
                                              .reader_db = side_db};

static inline enum mr_class side_class(const char *type)
{
    static const struct {
        const char *word;
        enum mr_class cls;
    } types[] = {{"int", MR_CLASS_INT},           {"uint", MR_CLASS_UINT},
                 {"text", MR_CLASS_TEXT},         {"date", MR_CLASS_DATE},
                 {"datetime", MR_CLASS_DATETIME}, {"decimal", MR_CLASS_DECIMAL},
                 {"double", MR_CLASS_DOUBLE}};
    size_t i = 0;
    while (strcmp(types[i].word, type) != 0)
        i++;
    return types[i].cls;
}

/* The first column is the primary key. */
static inline void side_init(struct side *s, const char *columns, const char *const *rows)
{
    *s = (struct side){.rows = rows, .arena = MR_ARENA_INIT};
    char *at = mr_arena_strdup(&s->arena, columns), *next = NULL;
    for (char *word = strtok_r(at, " ", &next); word != NULL; word = strtok_r(NULL, " ", &next)) {
        char *type = strchr(word, ':');
        *type++ = '\0';
        s->names[s->ncolumns] = word;
        s->columns[s->ncolumns] = (struct mr_column){.name = word, .cls = side_class(type)};
        s->cols[s->ncolumns] =
            (struct mr_readcol){.name = word, .expr = MR_EXPR_COLUMN, .cls = side_class(type)};
        s->ncolumns++;
    }
    s->part.column = s->names[0];
    s->primary = (struct mr_index){
        .name = "PRIMARY", .unique = true, .usable = true, .parts = &s->part, .nparts = 1};
    s->table = (struct mr_table){.db = "club",
                                 .name = "o`dd",
                                 .columns = s->columns,
                                 .ncolumns = s->ncolumns,
                                 .indexes = &s->primary,
                                 .nindexes = 1};
    s->source.ops = &side_ops;
    s->reader.source = &s->source;
}

static inline void side_release(struct side *s)
{
    mr_arena_release(&s->arena);
}

#endif
