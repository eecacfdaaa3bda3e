/* test_source_snapshot.c: rows of a snapshot by range and by key, against a model, for keys
 * of each class that has an order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <fcntl.h>
#include <unistd.h>

#include "random.h"
#include "snap_build.h"
#include "snapshot/read/snap_order.h"
#include "snapshot/read/source_snapshot.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define MOST_ROWS 120

static char place[] = "/tmp/myrecon-test-XXXXXX";

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(place) == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    return nftw(place, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- a table: three key columns, one chosen at a time, and a value ---- */

static const struct mr_snap_column columns[] = {
    {.name = "i", .type = "int", .cls = MR_CLASS_INT, .load = MR_SNAP_LOAD_PLAIN},
    {.name = "d", .type = "decimal(6,2)", .cls = MR_CLASS_DECIMAL, .load = MR_SNAP_LOAD_PLAIN},
    {.name = "h", .type = "time", .cls = MR_CLASS_TIME, .load = MR_SNAP_LOAD_PLAIN},
    {.name = "b", .type = "varbinary(8)", .cls = MR_CLASS_BINARY, .load = MR_SNAP_LOAD_PLAIN},
    {.name = "e",
     .type = "enum('x','','z')",
     .cls = MR_CLASS_UINT,
     .load = MR_SNAP_LOAD_NUMBER,
     .by_number = true,
     .numbers = 3},
    {.name = "t",
     .type = "varchar(8)",
     .cls = MR_CLASS_TEXT,
     .charset = "latin1",
     .load = MR_SNAP_LOAD_PLAIN},
};
static const struct mr_column known[] = {
    {.name = "i", .type = "int", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 1},
    {.name = "d",
     .type = "decimal(6,2)",
     .data_type = "decimal",
     .cls = MR_CLASS_DECIMAL,
     .ordinal = 2},
    {.name = "h", .type = "time", .data_type = "time", .cls = MR_CLASS_TIME, .ordinal = 3},
    {.name = "b",
     .type = "varbinary(8)",
     .data_type = "varbinary",
     .cls = MR_CLASS_BINARY,
     .ordinal = 4},
    {.name = "e",
     .type = "enum('x','','z')",
     .data_type = "enum",
     .cls = MR_CLASS_ENUM,
     .charset = "latin1",
     .collation = "latin1_swedish_ci",
     .empty_member = true,
     .ordinal = 5},
    {.name = "t",
     .type = "varchar(8)",
     .data_type = "varchar",
     .cls = MR_CLASS_TEXT,
     .charset = "latin1",
     .collation = "latin1_swedish_ci",
     .ordinal = 6},
};

struct sample {
    struct snap_build build;
    struct mr_value values[MOST_ROWS][LEN(columns)];
    struct snap_build_row rows[MOST_ROWS];
    struct mr_arena arena;
    size_t key[2];
    size_t nkey;
};

static struct mr_value text(struct sample *s, enum mr_class cls, const char *ptr)
{
    return (struct mr_value){
        .cls = cls, .ptr = mr_arena_strdup(&s->arena, ptr), .len = strlen(ptr)};
}

static void make_row(struct sample *s, struct mr_value *v)
{
    char buf[32];
    v[0] = (struct mr_value){.cls = MR_CLASS_INT, .i = (int64_t)random_below(200) - 100};
    (void)snprintf(buf, sizeof buf, "%s%zu.%02zu", random_below(2) ? "-" : "", random_below(30),
                   random_below(4) * 25);
    v[1] = text(s, MR_CLASS_DECIMAL, strcmp(buf, "-0.00") == 0 ? "0.00" : buf);
    v[2] = (struct mr_value){.cls = MR_CLASS_TIME};
    v[2].t.hour = (uint32_t)random_below(12) * 70;
    v[2].t.second = (uint32_t)random_below(3);
    v[2].t.negative = v[2].t.hour + v[2].t.second > 0 && random_below(2) == 0;
    size_t len = random_below(3);
    for (size_t i = 0; i < len; i++)
        buf[i] = (char)(random_below(2) ? 0xFE : 1 + (int)random_below(3));
    buf[len] = '\0';
    v[3] = text(s, MR_CLASS_BINARY, buf);
    v[4] = (struct mr_value){.cls = MR_CLASS_UINT, .u = random_below(4)};
    (void)snprintf(buf, sizeof buf, "%s%zu", random_below(2) ? "\xE9" : "E", random_below(40));
    v[5] = text(s, MR_CLASS_TEXT, buf);
}

/* The order is told by the values themselves, not by what is under test. */
static double rank(const struct mr_value *v)
{
    double n = 0;
    if (v->cls == MR_CLASS_INT)
        return (double)v->i;
    if (v->cls == MR_CLASS_UINT)
        return (double)v->u;
    if (v->cls == MR_CLASS_DECIMAL)
        return strtod(v->ptr, NULL);
    if (v->cls == MR_CLASS_TIME) {
        n = v->t.hour * 3600.0 + v->t.second;
        return v->t.negative ? -n : n;
    }
    for (size_t i = 0; i < 3; i++)
        n = n * 257 + (i < v->len ? 1 + ((const unsigned char *)v->ptr)[i] : 0);
    return n;
}

static const struct sample *ordering;

static int by_rank(const void *a, const void *b)
{
    const struct snap_build_row *x = a, *y = b;
    for (size_t k = 0; k < ordering->nkey; k++) {
        double m = rank(&x->values[ordering->key[k]]);
        double n = rank(&y->values[ordering->key[k]]);
        if (m != n)
            return m < n ? -1 : 1;
    }
    return 0;
}

static struct mr_key key_of(struct sample *s, const struct mr_value *values)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    for (size_t k = 0; k < s->nkey; k++)
        assert_int_equal(mr_row_encode(&key, &values[s->key[k]], NULL), MR_OK);
    const void *copy = mr_arena_dup(&s->arena, key.ptr, key.len);
    struct mr_key out = {copy, key.len};
    mr_strbuf_release(&key);
    return out;
}

/* Random rows with different keys over the columns first and second. */
static void sample_init(struct sample *s, size_t first, size_t second, size_t nkey)
{
    memset(s, 0, sizeof *s);
    mr_arena_init(&s->arena);
    s->key[0] = first;
    s->key[1] = second;
    s->nkey = nkey;
    size_t rows = random_below(MOST_ROWS);
    for (size_t i = 0; i < rows; i++) {
        make_row(s, s->values[i]);
        s->rows[i] = (struct snap_build_row){s->values[i], key_of(s, s->values[i])};
    }
    ordering = s;
    qsort(s->rows, rows, sizeof *s->rows, by_rank);
    size_t kept = 0;
    for (size_t i = 0; i < rows; i++)
        if (nkey == 0 || kept == 0 || by_rank(&s->rows[kept - 1], &s->rows[i]) != 0)
            s->rows[kept++] = s->rows[i];
    s->build = (struct snap_build){.table = {.db = "d",
                                             .name = "t",
                                             .columns = columns,
                                             .ncolumns = LEN(columns),
                                             .key = s->key,
                                             .nkey = nkey},
                                   .known = known,
                                   .nknown = LEN(known),
                                   .rows = s->rows,
                                   .nrows = kept,
                                   .a_chunk = 2 + random_below(30),
                                   .source = "mysql://u@h/d"};
}

static struct mr_source *open_sample(struct sample *s, char *path, size_t size)
{
    static unsigned number;
    static struct mr_endpoint ep;
    struct mr_source *src = NULL;
    struct mr_err err = {0};
    (void)snprintf(path, size, "%s/s%u", place, number++);
    snap_build(&s->build, path);
    ep = (struct mr_endpoint){.kind = MR_ENDPOINT_SNAPSHOT, .dir = path};
    snap_build_ok(mr_source_snapshot_new(&ep, &src, &err), &err);
    return src;
}

static void sample_release(struct sample *s, struct mr_source *src)
{
    mr_source_free(src);
    mr_arena_release(&s->build.arena);
    mr_arena_release(&s->arena);
}

/* ---- what is read ---- */

static void make_spec(const struct sample *s, struct mr_readcol *cols, struct mr_readspec *spec)
{
    for (size_t i = 0; i < LEN(columns); i++)
        cols[i] =
            (struct mr_readcol){.name = columns[i].name,
                                .expr = columns[i].by_number ? MR_EXPR_NUMBER : MR_EXPR_COLUMN,
                                .cls = columns[i].cls,
                                .charset = columns[i].charset};
    *spec = (struct mr_readspec){.db = "d",
                                 .table = "t",
                                 .cols = cols,
                                 .ncols = LEN(columns),
                                 .key = s->key,
                                 .nkey = s->nkey};
}

struct seen {
    struct sample *s;
    size_t rows[MOST_ROWS];
    size_t count;
    size_t stop; /* after so many rows the callback fails; 0: never */
};

/* Position of the row with these values among the sample's. */
static size_t find_row(struct sample *s, const struct mr_value *values)
{
    struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
    size_t i = 0;
    for (size_t c = 0; c < LEN(columns); c++)
        assert_int_equal(mr_row_encode(&a, &values[c], NULL), MR_OK);
    for (; i < s->build.nrows; i++) {
        mr_strbuf_reset(&b);
        for (size_t c = 0; c < LEN(columns); c++)
            assert_int_equal(mr_row_encode(&b, &s->rows[i].values[c], NULL), MR_OK);
        if (a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0)
            break;
    }
    mr_strbuf_release(&a);
    mr_strbuf_release(&b);
    assert_true(i < s->build.nrows);
    return i;
}

static enum mr_code see(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct seen *seen = ctx;
    assert_true(seen->count < MOST_ROWS);
    seen->rows[seen->count++] = find_row(seen->s, values);
    if (seen->stop > 0 && seen->count == seen->stop)
        return mr_err_set(err, MR_E_LOST, "enough");
    return MR_OK;
}

static struct mr_key random_end(struct sample *s)
{
    struct mr_value values[LEN(columns)];
    if (random_below(4) == 0)
        return (struct mr_key){NULL, 0};
    if (random_below(2) == 0 && s->build.nrows > 0)
        return s->rows[random_below(s->build.nrows)].key;
    make_row(s, values);
    return key_of(s, values);
}

static bool is_beyond(struct sample *s, size_t row, struct mr_key key)
{
    return key.ptr == NULL || mr_snap_order_compare(&s->build.table, s->rows[row].key, key) > 0;
}

static void check_range(struct sample *s, struct mr_reader *reader, const struct mr_readspec *spec)
{
    struct mr_range range = {random_end(s), random_end(s)};
    uint64_t limit = random_below(3) == 0 ? 0 : 1 + random_below(20);
    struct seen seen = {.s = s};
    struct mr_err err = {0};
    size_t at = 0;
    snap_build_ok(mr_reader_scan(reader, spec, range, limit, see, &seen, &err), &err);
    for (size_t i = 0; i < s->build.nrows && (limit == 0 || at < limit); i++) {
        if (!is_beyond(s, i, range.lo) || (range.hi.ptr != NULL && is_beyond(s, i, range.hi)))
            continue;
        if (at >= seen.count)
            fail_msg("row %zu is missing behind %zu others, key of %zu parts, first %zu", i, at,
                     s->nkey, s->key[0]);
        assert_int_equal(seen.rows[at++], i);
    }
    assert_int_equal(at, seen.count);
}

/* As check reads: a chunk, and on from its last key; sometimes it breaks on the way. */
static void check_tiles(struct sample *s, struct mr_reader *reader, const struct mr_readspec *spec)
{
    struct mr_range range = {{NULL, 0}, {NULL, 0}};
    size_t at = 0, limit = 1 + random_below(9);
    for (bool more = true; more;) {
        struct seen seen = {.s = s, .stop = random_below(5) == 0 ? 1 : 0};
        struct mr_err err = {0};
        enum mr_code code = mr_reader_scan(reader, spec, range, limit, see, &seen, &err);
        if (code == MR_E_LOST)
            continue;
        snap_build_ok(code, &err);
        for (size_t i = 0; i < seen.count; i++)
            assert_int_equal(seen.rows[i], at++);
        more = seen.count == limit;
        if (more)
            range.lo = s->rows[at - 1].key;
    }
    assert_int_equal(at, s->build.nrows);
}

static void check_fetch(struct sample *s, struct mr_reader *reader, const struct mr_readspec *spec)
{
    struct mr_key keys[12];
    size_t nkeys = 1 + random_below(LEN(keys)), wanted = 0;
    bool asked[MOST_ROWS] = {false};
    struct seen seen = {.s = s};
    struct mr_err err = {0};
    for (size_t i = 0; i < nkeys; i++) {
        do
            keys[i] = random_end(s);
        while (keys[i].ptr == NULL);
        for (size_t r = 0; r < s->build.nrows; r++)
            if (mr_key_compare(keys[i], s->rows[r].key) == 0)
                asked[r] = true;
    }
    snap_build_ok(mr_reader_fetch(reader, spec, keys, nkeys, see, &seen, &err), &err);
    for (size_t i = 0; i < seen.count; i++)
        assert_true(asked[seen.rows[i]]);
    for (size_t r = 0; r < s->build.nrows; r++)
        wanted += asked[r];
    assert_int_equal(seen.count, wanted);
}

static void check_bounds(struct sample *s, struct mr_reader *reader, const struct mr_readspec *spec)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    size_t wanted = 1 + random_below(6);
    assert_int_equal(mr_reader_bounds(reader, spec, wanted, &arena, &keys, NULL), MR_OK);
    assert_true(keys.count <= wanted);
    for (size_t i = 0; i < keys.count; i++) {
        const struct mr_key *list = keys.items;
        assert_non_null(list[i].ptr);
        assert_true(i == 0 || mr_snap_order_compare(&s->build.table, list[i - 1], list[i]) < 0);
    }
    mr_vec_release(&keys);
    mr_arena_release(&arena);
}

static void test_ordered(void **state)
{
    static const size_t keys[][3] = {{0, 0, 1}, {1, 0, 1}, {2, 0, 1}, {3, 0, 1},
                                     {0, 1, 2}, {4, 0, 2}, {3, 2, 2}, {2, 1, 2}};
    (void)state;
    for (unsigned seed = 0; seed < random_seeds(); seed++) {
        struct sample *s = malloc(sizeof *s);
        const size_t *key = keys[seed % LEN(keys)];
        struct mr_readcol cols[LEN(columns)];
        struct mr_readspec spec;
        struct mr_reader *reader = NULL;
        char path[128];
        random_state = seed;
        assert_non_null(s);
        sample_init(s, key[0], key[1], key[2]);
        struct mr_source *src = open_sample(s, path, sizeof path);
        make_spec(s, cols, &spec);
        assert_int_equal(mr_source_reader_new(src, &reader, NULL), MR_OK);
        assert_true(mr_reader_has_order(reader, &spec));
        for (size_t i = 0; i < 30; i++) {
            check_range(s, reader, &spec);
            check_fetch(s, reader, &spec);
        }
        check_tiles(s, reader, &spec);
        check_bounds(s, reader, &spec);
        mr_reader_free(reader);
        sample_release(s, src);
        free(s);
    }
}

/* A key of text, and none: the table as a whole, and rows by what they hold. */
static void test_without_order(void **state)
{
    (void)state;
    for (size_t nkey = 0; nkey < 2; nkey++) {
        struct sample *s = malloc(sizeof *s);
        struct mr_readcol cols[LEN(columns)];
        struct mr_readspec spec;
        struct mr_reader *reader = NULL;
        const struct mr_range open = {{NULL, 0}, {NULL, 0}};
        const size_t by_text[] = {5};
        char path[128];
        struct mr_err err = {0};
        assert_non_null(s);
        random_state = 7;
        do
            sample_init(s, 5, 0, nkey);
        while (s->build.nrows < 20);
        struct mr_source *src = open_sample(s, path, sizeof path);
        struct seen all = {.s = s}, some = {.s = s};
        make_spec(s, cols, &spec);
        assert_int_equal(mr_source_reader_new(src, &reader, NULL), MR_OK);
        assert_false(mr_reader_has_order(reader, &spec));
        snap_build_ok(mr_reader_scan(reader, &spec, open, 0, see, &all, &err), &err);
        assert_int_equal(all.count, s->build.nrows);
        struct mr_value name = s->rows[3].values[5];
        struct mr_strbuf key = MR_STRBUF_INIT;
        assert_int_equal(mr_row_encode(&key, &name, NULL), MR_OK);
        spec.key = by_text;
        spec.nkey = 1;
        const struct mr_key wanted = {key.ptr, key.len};
        snap_build_ok(mr_reader_fetch(reader, &spec, &wanted, 1, see, &some, &err), &err);
        size_t there = 0;
        for (size_t i = 0; i < s->build.nrows; i++)
            there += strcmp(s->rows[i].values[5].ptr, name.ptr) == 0;
        assert_int_equal(some.count, there);
        const struct mr_range half = {{NULL, 0}, wanted};
        assert_int_equal(mr_reader_scan(reader, &spec, half, 0, see, &some, &err), MR_E_BUG);
        mr_strbuf_release(&key);
        mr_reader_free(reader);
        sample_release(s, src);
        free(s);
    }
}

/* ---- values ---- */

static enum mr_code keep_values(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct mr_strbuf *out = ctx;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < 9; i++)
        code = mr_row_encode(out, &values[i], err);
    return code;
}

/* What a server would compute. */
static void test_expressions(void **state)
{
    static const struct mr_readcol cols[] = {
        {.name = "e", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_ENUM, .charset = "latin1"},
        {.name = "e", .expr = MR_EXPR_NUMBER, .cls = MR_CLASS_UINT},
        {.name = "e", .expr = MR_EXPR_INDEX_ZERO, .cls = MR_CLASS_UINT},
        {.name = "t", .expr = MR_EXPR_UTF8, .cls = MR_CLASS_TEXT, .charset = "utf8mb4"},
        {.name = "T", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_TEXT, .charset = "latin1"},
        {.name = "i", .expr = MR_EXPR_TEXT, .cls = MR_CLASS_TEXT, .charset = "utf8mb4"},
        {.name = "h", .expr = MR_EXPR_TEXT, .cls = MR_CLASS_TEXT, .charset = "utf8mb4"},
        {.name = "d", .expr = MR_EXPR_TEXT, .cls = MR_CLASS_TEXT, .charset = "utf8mb4"},
        {.name = "t", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_BINARY},
    };
    static const struct {
        uint64_t number;
        const char *member;
        uint64_t zero;
    } numbers[] = {{0, "", 1}, {1, "x", 0}, {2, "", 0}, {3, "z", 0}};
    const struct mr_range open = {{NULL, 0}, {NULL, 0}};
    const struct mr_readspec spec = {.db = "d", .table = "t", .cols = cols, .ncols = LEN(cols)};
    (void)state;
    for (size_t n = 0; n < LEN(numbers); n++) {
        struct sample *s = calloc(1, sizeof *s);
        struct mr_strbuf got = MR_STRBUF_INIT, want = MR_STRBUF_INIT;
        struct mr_reader *reader = NULL;
        struct mr_err err = {0};
        char path[128];
        random_state = 3;
        do
            sample_init(s, 0, 0, 1);
        while (s->build.nrows == 0);
        s->build.nrows = 1;
        struct mr_value *v = s->values[0];
        s->rows[0] = (struct snap_build_row){v, key_of(s, v)};
        v[0].i = -5;
        v[1] = text(s, MR_CLASS_DECIMAL, "1.50");
        v[2] = (struct mr_value){.cls = MR_CLASS_TIME,
                                 .t = {.hour = 100, .second = 7, .negative = true}};
        v[4].u = numbers[n].number;
        v[5] = text(s, MR_CLASS_TEXT, "\xE9\x81\x80");
        s->rows[0].key = key_of(s, v);
        const struct mr_value wanted[] = {
            text(s, MR_CLASS_ENUM, numbers[n].member),
            {.cls = MR_CLASS_UINT, .u = numbers[n].number},
            {.cls = MR_CLASS_UINT, .u = numbers[n].zero},
            text(s, MR_CLASS_TEXT, "\xC3\xA9\xC2\x81\xE2\x82\xAC"),
            v[5],
            text(s, MR_CLASS_TEXT, "-5"),
            text(s, MR_CLASS_TEXT, "-100:00:07"),
            text(s, MR_CLASS_TEXT, "1.50"),
            text(s, MR_CLASS_BINARY, "\xE9\x81\x80"),
        };
        struct mr_source *src = open_sample(s, path, sizeof path);
        assert_int_equal(mr_source_reader_new(src, &reader, NULL), MR_OK);
        snap_build_ok(mr_reader_scan(reader, &spec, open, 0, keep_values, &got, &err), &err);
        for (size_t i = 0; i < LEN(wanted); i++)
            assert_int_equal(mr_row_encode(&want, &wanted[i], NULL), MR_OK);
        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.ptr, want.ptr, want.len);
        mr_strbuf_release(&got);
        mr_strbuf_release(&want);
        mr_reader_free(reader);
        sample_release(s, src);
        free(s);
    }
}

/* What only a server can say is refused, with the column. */
static void test_unsupported(void **state)
{
    static const struct mr_readcol refused[] = {
        {.name = "b", .expr = MR_EXPR_TEXT, .cls = MR_CLASS_TEXT, .charset = "utf8mb4"},
        {.name = "gone", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_INT},
        {.name = "i > ABS(3)", .expr = MR_EXPR_CONDITION, .cls = MR_CLASS_UINT},
    };
    const struct mr_range open = {{NULL, 0}, {NULL, 0}};
    struct sample *s = malloc(sizeof *s);
    struct mr_reader *reader = NULL;
    struct seen seen = {.s = s};
    char path[128];
    (void)state;
    assert_non_null(s);
    sample_init(s, 0, 0, 1);
    struct mr_source *src = open_sample(s, path, sizeof path);
    assert_int_equal(mr_source_reader_new(src, &reader, NULL), MR_OK);
    for (size_t i = 0; i < LEN(refused); i++) {
        const struct mr_readspec spec = {.db = "d", .table = "t", .cols = &refused[i], .ncols = 1};
        struct mr_err err = {0};
        assert_int_equal(mr_reader_scan(reader, &spec, open, 0, see, &seen, &err),
                         MR_E_UNSUPPORTED);
        assert_non_null(strstr(err.message, refused[i].name));
    }
    mr_reader_free(reader);
    sample_release(s, src);
    free(s);
}

/* ---- conditions ---- */

struct counted {
    size_t rows;
};

static enum mr_code count_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    (void)values;
    (void)err;
    ((struct counted *)ctx)->rows++;
    return MR_OK;
}

/* Of one row (i -5, d 1.50, e 'z', t 'Ab', h -100:00:07, b 'AB'). */
static void test_conditions(void **state)
{
    static const struct {
        const char *text;
        int holds; /* -1: nobody here can say */
    } cases[] = {
        {"i = -5", 1},
        {"i > -5", 0},
        {"`i` >= -5 AND i < 0", 1},
        {"i BETWEEN -6 AND -4 AND NOT i = 3", 1},
        {"i NOT BETWEEN -6 AND -4", 0},
        {"i IN (1, -5)", 1},
        {"i NOT IN (1, -5)", 0},
        {"i <> 5 OR nothing", -1},
        {"(i)", 1},
        {"i AND d", -1},
        {"NOT i", 0},
        {"d > 1", -1},
        {"d = 15e-1", -1},
        {"i = '-5'", 1},
        {"t = 'aB' AND t <> 'x'", 1},
        {"t IN ('q', 'AB  ')", 1},
        {"t = '\xC3\xA4'", -1},
        {"t < 'b'", -1},
        {"t LIKE 'a%'", -1},
        {"e = 'Z'", 1},
        {"e = ''", 0},
        {"e = 3", -1},
        {"t IS NULL", 0},
        {"t IS NOT NULL", 1},
        {"i = NULL", 0},
        {"i + 1 = -4", -1},
        {"h = '01:00:00'", -1},
        {"b = 'AB'", 1},
        {"b IS NOT NULL /* yes */", 1},
        {"i = -5 -- and more", 1},
        {"i = -5; DROP TABLE t", -1},
        {"i = -5)", -1},
        {"(i = -5", -1},
        {"t = 'Ab", -1},
        {"", -1},
        {"i = TRUE", 0},
        {"i = -5 XOR 1", -1},
        {"SLEEP(1)", -1},
    };
    const struct mr_range open = {{NULL, 0}, {NULL, 0}};
    struct sample *s = calloc(1, sizeof *s);
    struct mr_reader *reader = NULL;
    char path[128];
    (void)state;
    random_state = 3;
    do
        sample_init(s, 0, 0, 1);
    while (s->build.nrows == 0);
    struct mr_value *v = s->values[0];
    v[0].i = -5;
    v[1] = text(s, MR_CLASS_DECIMAL, "1.50");
    v[2] = (struct mr_value){.cls = MR_CLASS_TIME, .t = {.hour = 100, .negative = true}};
    v[3] = text(s, MR_CLASS_BINARY, "AB");
    v[4].u = 3;
    v[5] = text(s, MR_CLASS_TEXT, "Ab");
    s->rows[0] = (struct snap_build_row){v, key_of(s, v)};
    s->build.nrows = 1;
    struct mr_source *src = open_sample(s, path, sizeof path);
    assert_int_equal(mr_source_reader_new(src, &reader, NULL), MR_OK);
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_readcol cols[] = {
            {.name = "i", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_INT}};
        const struct mr_readspec spec = {
            .db = "d", .table = "t", .cols = cols, .ncols = 1, .where = cases[i].text};
        struct counted counted = {0};
        struct mr_err err = {0};
        enum mr_code code = mr_reader_scan(reader, &spec, open, 0, count_row, &counted, &err);
        if (code != (cases[i].holds < 0 ? MR_E_UNSUPPORTED : MR_OK) ||
            (code == MR_OK && counted.rows != (size_t)cases[i].holds))
            fail_msg("%s: %s, %zu rows", cases[i].text, err.message, counted.rows);
        assert_int_equal(mr_source_can_judge(src, "d", "t", cases[i].text, &err), code);
    }
    mr_reader_free(reader);
    sample_release(s, src);
    free(s);
}

/* ---- proof ---- */

static void test_damage(void **state)
{
    struct sample *s = malloc(sizeof *s);
    struct mr_readcol cols[LEN(columns)];
    struct mr_readspec spec;
    struct mr_reader *reader = NULL;
    char path[128], file[256];
    struct mr_err err = {0};
    (void)state;
    assert_non_null(s);
    random_state = 11;
    do
        sample_init(s, 0, 0, 1);
    while (s->build.nrows < 3 * s->build.a_chunk);
    struct mr_source *src = open_sample(s, path, sizeof path);
    (void)snprintf(file, sizeof file, "%s/%s", path, s->build.chunks[1].file);
    int fd = open(file, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "\xFF", 1, (off_t)s->build.chunks[1].stored_bytes - 3), 1);
    assert_int_equal(close(fd), 0);
    make_spec(s, cols, &spec);
    assert_int_equal(mr_source_reader_new(src, &reader, NULL), MR_OK);
    struct seen first = {.s = s}, second = {.s = s}, third = {.s = s};
    /* what does not touch the file is read, up to its very edge */
    snap_build_ok(mr_reader_scan(reader, &spec, s->build.chunks[0].range, 0, see, &first, &err),
                  &err);
    assert_int_equal(first.count, s->build.chunks[0].rows);
    assert_int_equal(mr_reader_scan(reader, &spec, s->build.chunks[1].range, 0, see, &second, &err),
                     MR_E_SNAPSHOT);
    assert_int_equal(second.count, 0);
    assert_non_null(strstr(err.message, s->build.chunks[1].file));
    snap_build_ok(mr_reader_scan(reader, &spec, s->build.chunks[2].range, 0, see, &third, &err),
                  &err);
    assert_int_equal(third.count, s->build.chunks[2].rows);
    mr_reader_free(reader);
    sample_release(s, src);
    free(s);
}

/* ---- what it says of itself ---- */

static void test_kept(void **state)
{
    struct sample *s = malloc(sizeof *s);
    size_t count = 0;
    bool whole = true;
    char path[128];
    (void)state;
    assert_non_null(s);
    sample_init(s, 0, 0, 1);
    struct mr_source *src = open_sample(s, path, sizeof path);
    const struct mr_kept *kept = mr_source_kept(src, "d", "t");
    assert_true(mr_source_is_snapshot(src));
    assert_non_null(kept);
    assert_null(mr_source_kept(src, "d", "other"));
    assert_int_equal(kept->rows, s->build.nrows);
    assert_int_equal(kept->nranges, s->build.nchunks);
    assert_int_equal(kept->spec.ncols, LEN(columns));
    assert_int_equal(kept->sum.hi, s->build.table.sum.hi);
    assert_string_equal(mr_source_databases(src, &count, &whole)[0], "d");
    assert_int_equal(count, 1);
    assert_false(whole);
    sample_release(s, src);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordered),     cmocka_unit_test(test_without_order),
        cmocka_unit_test(test_expressions), cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_conditions),  cmocka_unit_test(test_damage),
        cmocka_unit_test(test_kept),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
