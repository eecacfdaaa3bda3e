/* test_shards_merge.c: rows of many places against a sorted list of them all, whatever the limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/source/key_order.h"
#include "core/source/shards_merge.h"
#include "random.h"

#define PLACES 5
#define ROWS 900

/* Keys of two parts, the first negative, too, and the second of bytes of any length. */
struct item {
    int64_t a;
    char b[4];
    size_t b_len;
    size_t place;
};

struct world {
    struct item rows[PLACES][ROWS];
    size_t count[PLACES];
    struct item all[PLACES * ROWS];
    size_t nall;
    size_t fail_at; /* the reading that fails; 0: none */
    size_t readings;
};

static const struct mr_readcol cols[] = {
    {.name = "b", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_BINARY},
    {.name = "v", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_TEXT},
    {.name = "a", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_INT}};
static const size_t key[] = {2, 0};
static const struct mr_readspec spec = {
    .db = "d", .table = "t", .cols = cols, .ncols = 3, .key = key, .nkey = 2};

static int compare(const void *x, const void *y)
{
    const struct item *a = x, *b = y;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    const size_t n = a->b_len < b->b_len ? a->b_len : b->b_len;
    const int order = n > 0 ? memcmp(a->b, b->b, n) : 0;
    if (order != 0)
        return order;
    return a->b_len != b->b_len ? (a->b_len < b->b_len ? -1 : 1)
                                : (a->place > b->place) - (a->place < b->place);
}

static bool is_same_key(const struct item *a, const struct item *b)
{
    return a->a == b->a && a->b_len == b->b_len && memcmp(a->b, b->b, a->b_len) == 0;
}

static void encode(const struct item *item, struct mr_strbuf *out)
{
    const struct mr_value a = {.cls = MR_CLASS_INT, .i = item->a};
    const struct mr_value b = {.cls = MR_CLASS_BINARY, .ptr = item->b, .len = item->b_len};
    mr_strbuf_reset(out);
    assert_int_equal(mr_row_encode(out, &a, NULL), MR_OK);
    assert_int_equal(mr_row_encode(out, &b, NULL), MR_OK);
}

static int against(const struct item *item, struct mr_key bound)
{
    struct mr_strbuf own = MR_STRBUF_INIT;
    encode(item, &own);
    const int order = mr_key_order_compare(2, (struct mr_key){own.ptr, own.len}, bound);
    mr_strbuf_release(&own);
    return order;
}

/* A long value comes in slices, as of a server. */
static enum mr_code read_lob(struct mr_lob *lob, size_t column, uint64_t offset, void *buf,
                             size_t size, struct mr_err *err)
{
    (void)lob, (void)column, (void)err;
    memset(buf, (int)('a' + offset % 2), size);
    return MR_OK;
}

static enum mr_code read_place(void *ctx, size_t place, const struct mr_readspec *of,
                               struct mr_range range, uint64_t limit, mr_row_fn *fn, void *fn_ctx,
                               struct mr_err *err)
{
    struct world *w = ctx;
    struct mr_lob lob = {.read = read_lob};
    uint64_t given = 0;
    assert_ptr_equal(of, &spec);
    if (++w->readings == w->fail_at)
        return mr_err_set(err, MR_E_LOST, "gone");
    for (size_t i = 0; i < w->count[place] && given < limit; i++) {
        struct item item = w->rows[place][i]; /* on the stack: nothing of it may be kept */
        if ((range.lo.ptr != NULL && against(&item, range.lo) <= 0) ||
            (range.hi.ptr != NULL && against(&item, range.hi) > 0))
            continue;
        const struct mr_value values[] = {
            {.cls = MR_CLASS_BINARY, .ptr = item.b, .len = item.b_len},
            {.cls = MR_CLASS_TEXT, .len = 70, .lob = &lob, .lob_column = 1},
            {.cls = MR_CLASS_INT, .i = item.a}};
        given++;
        enum mr_code code = fn(fn_ctx, values, err);
        memset(&item, 0x55, sizeof item);
        if (code != MR_OK)
            return code;
    }
    return MR_OK;
}

struct taken {
    struct world *w;
    const size_t *place;
    size_t at;     /* in all */
    uint64_t rows; /* of this scan */
    struct mr_strbuf last;
};

static enum mr_code take(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct taken *t = ctx;
    (void)err;
    assert_true(t->at < t->w->nall);
    const struct item *wanted = &t->w->all[t->at++];
    assert_int_equal(values[2].i, wanted->a);
    assert_int_equal(values[0].len, wanted->b_len);
    assert_memory_equal(values[0].ptr, wanted->b, wanted->b_len);
    assert_int_equal(values[1].len, 70);
    assert_non_null(values[1].ptr);
    assert_int_equal(*t->place, wanted->place);
    encode(wanted, &t->last);
    t->rows++;
    return MR_OK;
}

static void make_world(struct world *w, unsigned seed)
{
    memset(w, 0, sizeof *w);
    random_state = seed;
    const size_t spread = 1 + random_below(1500);
    for (size_t p = 0; p < PLACES; p++) {
        const size_t wanted = random_below(ROWS);
        for (size_t i = 0; i < wanted; i++) {
            struct item item = {.a = (int64_t)random_below(spread) - 40, .place = p};
            item.b_len = random_below(3);
            for (size_t k = 0; k < item.b_len; k++)
                item.b[k] = (char)(random_below(2) * 0xc0);
            bool is_new = true;
            for (size_t k = 0; is_new && k < w->count[p]; k++)
                is_new = !is_same_key(&w->rows[p][k], &item);
            if (!is_new)
                continue;
            w->rows[p][w->count[p]++] = item;
            w->all[w->nall++] = item;
        }
        qsort(w->rows[p], w->count[p], sizeof(struct item), compare);
    }
    qsort(w->all, w->nall, sizeof(struct item), compare);
}

/* In scans of random limits, each behind the last row of the one before: all rows, each once, and those
 * of one key in one scan. */
static void test_all_rows(void **state)
{
    static struct world w;
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct mr_shards_merge m;
        size_t place = 99;
        make_world(&w, seed);
        mr_shards_merge_init(&m, read_place, &w, &place);
        struct taken t = {.w = &w, .place = &place, .last = MR_STRBUF_INIT};
        struct mr_strbuf lo = MR_STRBUF_INIT;
        uint64_t limit;
        do {
            limit = 1 + random_below(400);
            if (random_below(8) == 0 && lo.len > 0) { /* another range in between */
                struct taken ignored = {.w = &w, .place = &place, .last = MR_STRBUF_INIT};
                assert_int_equal(mr_shards_merge_scan(&m, PLACES, &spec, (struct mr_range){0}, 3,
                                                      take, &ignored, NULL),
                                 MR_OK);
                mr_strbuf_release(&ignored.last);
            }
            const struct mr_range range = {{lo.len > 0 ? lo.ptr : NULL, lo.len}, {NULL, 0}};
            t.rows = 0;
            assert_int_equal(mr_shards_merge_scan(&m, PLACES, &spec, range, limit, take, &t, NULL),
                             MR_OK);
            assert_true(t.at == 0 || t.at == w.nall ||
                        !is_same_key(&w.all[t.at - 1], &w.all[t.at]));
            mr_strbuf_reset(&lo);
            mr_strbuf_add(&lo, t.last.ptr, t.last.len);
        } while (t.rows >= limit);
        assert_int_equal(t.at, w.nall);
        mr_shards_merge_release(&m);
        mr_strbuf_release(&t.last);
        mr_strbuf_release(&lo);
    }
}

/* Rows of (lo, hi], and after a reading that failed from where it was told. */
static void test_ranges(void **state)
{
    static struct world w;
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct mr_shards_merge m;
        size_t place = 99;
        make_world(&w, seed);
        if (w.nall < 20)
            continue;
        mr_shards_merge_init(&m, read_place, &w, &place);
        size_t from = random_below(w.nall / 2), to = from + random_below(w.nall / 2);
        while (from + 1 < w.nall && is_same_key(&w.all[from], &w.all[from + 1]))
            from++;
        while (to + 1 < w.nall && is_same_key(&w.all[to], &w.all[to + 1]))
            to++;
        struct mr_strbuf lo = MR_STRBUF_INIT, hi = MR_STRBUF_INIT;
        encode(&w.all[from], &lo);
        encode(&w.all[to], &hi);
        const struct mr_range range = {{lo.ptr, lo.len}, {hi.ptr, hi.len}};
        struct taken t = {.w = &w, .place = &place, .at = from + 1, .last = MR_STRBUF_INIT};
        w.fail_at = 1 + random_below(PLACES);
        assert_int_equal(mr_shards_merge_scan(&m, PLACES, &spec, range, 0, take, &t, NULL),
                         MR_E_LOST);
        assert_int_equal(mr_shards_merge_scan(&m, PLACES, &spec, range, 0, take, &t, NULL), MR_OK);
        assert_int_equal(t.at, to + 1);
        mr_shards_merge_release(&m);
        mr_strbuf_release(&t.last);
        mr_strbuf_release(&lo);
        mr_strbuf_release(&hi);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_rows),
        cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
