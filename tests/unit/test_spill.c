/* test_spill.c: pairs of (key, digest) of two sides, joined on disk over several passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/source/canon.h"
#include "recon/check/spill.h"
#include "random.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static bool with_copies;

/* "a1 b2": key a with digest 1, key b with digest 2.  Images are "a1". */
static void add_side(struct mr_spill *spill, int side, const char *text)
{
    for (const char *at = text; *at != '\0'; at += at[2] == ' ' ? 3 : 2) {
        struct mr_key key = {at, 1};
        struct mr_digest digest = {.lo = (uint64_t)at[1]};
        bool wanted = false;
        assert_int_equal(mr_spill_add(spill, side, key, digest, NULL), MR_OK);
        assert_int_equal(mr_spill_wants(spill, key, &wanted, NULL), MR_OK);
        if (wanted)
            assert_int_equal(mr_spill_keep_image(spill, side, key, at, 2, NULL), MR_OK);
        if (wanted && with_copies)
            assert_int_equal(mr_spill_keep_copy(spill, side, key, digest, at, 2, NULL), MR_OK);
    }
}

static uint64_t pass(struct mr_spill *spill, const char *source, const char *target)
{
    uint64_t open = 99;
    assert_int_equal(mr_spill_begin_pass(spill, false, NULL), MR_OK);
    add_side(spill, 0, source);
    add_side(spill, 1, target);
    assert_int_equal(mr_spill_end_pass(spill, &open, NULL), MR_OK);
    return open;
}

/* "a:a1/a2*1", "b:unsettled" */
static enum mr_code write_finding(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct mr_strbuf *out = ctx;
    (void)err;
    mr_strbuf_add_fmt(out, "%s%c:", out->len > 0 ? " " : "", *(const char *)f->key.ptr);
    if (f->state != MR_FIND_DIVERGED) {
        assert_null(f->source);
        assert_null(f->target);
        mr_strbuf_add_str(out, "unsettled");
        return MR_OK;
    }
    mr_strbuf_add(out, f->source != NULL ? f->source : "-", f->source ? f->source_len : 1);
    mr_strbuf_add_char(out, '/');
    mr_strbuf_add(out, f->target != NULL ? f->target : "-", f->target ? f->target_len : 1);
    mr_strbuf_add_fmt(out, "*%d", (int)f->count);
    assert_int_equal(f->kind, f->target == NULL   ? MR_KIND_MISSING
                              : f->source == NULL ? MR_KIND_EXTRA
                                                  : MR_KIND_UNDECIDED);
    return MR_OK;
}

static void check_walk(struct mr_spill *spill, const char *expected)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    assert_int_equal(mr_spill_walk(spill, write_finding, &text, NULL), MR_OK);
    assert_string_equal(text.ptr, expected);
    mr_strbuf_release(&text);
}

/* As many passes over the same rows; open after the last one. */
static uint64_t passes(struct mr_spill *spill, unsigned times, const char *source,
                       const char *target)
{
    uint64_t open = 0;
    for (unsigned i = 0; i < times; i++)
        open = pass(spill, source, target);
    return open;
}

struct spill_case {
    struct {
        unsigned times; /* 0: the case has ended */
        const char *source, *target;
        uint64_t open; /* after the last of them */
    } passes[8];
    const char *found;
};

static void test_passes(void **state)
{
    static const struct spill_case cases[] = {
        {{{1, "", "", 0}}, ""},
        {{{1, "a1 b2", "b2 a1", 0}}, ""},
        {{{2, "a1 b2", "a1 b3", 1}, {1, "a1 b2", "a1 b3", 0}}, "b:b2/b3*1"},
        {{{2, "a1 b2", "a1", 1}, {1, "a1 b2", "a1", 0}}, "b:b2/-*1"},
        {{{2, "a1", "a1 b2", 1}, {1, "a1", "a1 b2", 0}}, "b:-/b2*1"},
        {{{2, "a1 b2", "a2 b1", 2}, {1, "a1 b2", "a2 b1", 0}}, "a:a1/a2*1 b:b2/b1*1"},
        /* gone at the second look, or at the third */
        {{{1, "a1", "a2", 1}, {1, "a2", "a2", 0}}, ""},
        {{{1, "a1", "", 1}, {1, "", "", 0}}, ""},
        {{{2, "a1", "", 1}, {1, "a1", "a1", 0}}, ""},
        /* moving, then at rest */
        {{{1, "a1", "a2", 1}, {2, "a2", "a3", 1}, {1, "a2", "a3", 0}}, "a:a2/a3*1"},
        {{{1, "a1", "a2", 1}, {2, "a1", "", 1}, {1, "a1", "", 0}}, "a:a1/-*1"},
        {{{1, "a1", "", 1}, {2, "a1", "a2", 1}, {1, "a1", "a2", 0}}, "a:a1/a2*1"},
        /* one stands still, while the other one moves to the end */
        {{{1, "a1 b1", "a2 b2", 2},
          {1, "a2 b1", "a3 b2", 2},
          {1, "a3 b1", "a4 b2", 2},
          {1, "a4 b1", "a5 b2", 2},
          {1, "a5 b1", "a6 b2", 1}},
         "a:unsettled b:b1/b2*1"},
        /* what differs later was equal once */
        {{{1, "a1 b1", "a2 b1", 1}, {2, "a1 b1", "a2 b2", 1}, {1, "a1 b1", "a2 b2", 0}},
         "a:a1/a2*1"},
        /* multisets: the surplus is counted */
        {{{3, "a1 a1 a1", "a1", 0}}, "a:a1/-*2"},
        {{{3, "a1", "a1 a1 a1 a1", 0}}, "a:-/a1*3"},
        {{{1, "a1 a1", "a1 a1", 0}}, ""},
        {{{1, "a1 a1", "a1", 1}, {1, "a1 a1 a1", "a1", 1}}, "a:unsettled"},
        /* equal rows that come all the time: one less at each look, never the same */
        {{{1, "a1 a1", "a1", 1}, {1, "a1 a1 a1", "a1 a1", 1}}, "a:unsettled"},
        /* that come and go: the same number at four looks of a table that moves */
        {{{1, "a1 a1 b1", "a1 b1", 1},
          {1, "a1 a1 b2", "a1 b2", 1},
          {1, "a1 a1 b3", "a1 b2", 1},
          {1, "a1 a1 b3", "a1 b3", 1},
          {1, "a1 a1 b4", "a1 a1 b4", 0}},
         ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_spill *spill = NULL;
        assert_int_equal(mr_spill_open(&spill, NULL), MR_OK);
        for (size_t k = 0; k < LEN(cases[i].passes) && cases[i].passes[k].times > 0; k++)
            assert_int_equal(passes(spill, cases[i].passes[k].times, cases[i].passes[k].source,
                                    cases[i].passes[k].target),
                             cases[i].passes[k].open);
        check_walk(spill, cases[i].found);
        mr_spill_close(spill);
    }
}

/* A row that one look at many servers has not met may have been on its way from one to another. */
static void test_moves(void **state)
{
    static const struct spill_case cases[] = {
        {{{1, "a1", "", 1}, {1, "", "", 1}, {1, "", "", 0}}, ""},
        {{{1, "a1 b1", "b1", 1}, {1, "b1", "b1", 1}, {2, "a1 b1", "b1", 1}, {1, "a1 b1", "b1", 0}},
         "a:a1/-*1"},
        {{{1, "a1 a1", "a1", 1}, {1, "a1", "a1", 1}, {1, "a1", "a1", 0}}, ""},
        {{{1, "a1 a1", "a1", 1}, {1, "a1", "a1", 1}, {2, "a1 a1", "a1", 1}, {1, "a1 a1", "a1", 0}},
         "a:a1/-*1"},
        /* met nowhere at every second look: it is never settled */
        {{{1, "a1", "", 1}, {1, "", "", 1}, {1, "a1", "", 1}, {1, "", "", 1}, {1, "a1", "", 1}},
         "a:unsettled"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_spill *spill = NULL;
        assert_int_equal(mr_spill_open(&spill, NULL), MR_OK);
        mr_spill_expect_moves(spill);
        for (size_t p = 0; cases[i].passes[p].times > 0; p++)
            assert_int_equal(passes(spill, cases[i].passes[p].times, cases[i].passes[p].source,
                                    cases[i].passes[p].target),
                             cases[i].passes[p].open);
        check_walk(spill, cases[i].found);
        mr_spill_close(spill);
    }
}

/* A row that one side alone has, and that is edited between two looks, is another one then. */
static void test_edits(void **state)
{
    static const struct spill_case cases[] = {
        {{{1, "a1", "", 1}, {2, "b1", "", 1}, {1, "b1", "", 0}}, "b:b1/-*1"},
        {{{1, "", "a1", 1}, {2, "", "b1", 1}, {1, "", "b1", 0}}, "b:-/b1*1"},
        /* what is gone is gone, and what the other side has alone is no edit of it */
        {{{1, "a1", "", 1}, {1, "", "", 0}}, ""},
        {{{1, "a1", "", 1}, {1, "", "b1", 0}}, ""},
        /* nothing was lost: what came since is not looked at, until something is */
        {{{1, "a1", "", 1}, {1, "a1 b1", "", 1}, {2, "b1", "", 1}, {1, "b1", "", 0}}, "b:b1/-*1"},
        /* edited all the time on both sides: it has never been equal */
        {{{1, "a1", "b1", 2}, {1, "c1", "d1", 2}, {1, "e1", "f1", 2}, {1, "g1", "h1", 2}},
         "g:unsettled h:unsettled"},
        {{{1, "a1", "", 1}, {2, "a1 b1", "", 1}, {1, "a1 b1", "", 0}}, "a:a1/-*1"},
        /* on its way, and there */
        {{{1, "a1", "", 1}, {1, "b1", "", 1}, {1, "b1", "b1", 0}}, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_spill *spill = NULL;
        assert_int_equal(mr_spill_open(&spill, NULL), MR_OK);
        mr_spill_expect_edits(spill);
        for (size_t p = 0; cases[i].passes[p].times > 0; p++)
            assert_int_equal(passes(spill, cases[i].passes[p].times, cases[i].passes[p].source,
                                    cases[i].passes[p].target),
                             cases[i].passes[p].open);
        check_walk(spill, cases[i].found);
        mr_spill_close(spill);
    }
}

/* A side that broke is read again; what the other side gave stays. */
static void test_drop_side(void **state)
{
    (void)state;
    for (int side = 0; side < 2; side++) {
        struct mr_spill *spill = NULL;
        uint64_t open = 99;
        assert_int_equal(mr_spill_open(&spill, NULL), MR_OK);
        assert_int_equal(mr_spill_begin_pass(spill, false, NULL), MR_OK);
        add_side(spill, !side, "a1 b2 c3");
        add_side(spill, side, "a1 b9");
        assert_int_equal(mr_spill_drop_side(spill, side, NULL), MR_OK);
        add_side(spill, side, "a1 b2 c3");
        assert_int_equal(mr_spill_end_pass(spill, &open, NULL), MR_OK);
        assert_int_equal(open, 0);
        check_walk(spill, "");
        mr_spill_close(spill);
    }
}

/* What an open transaction has written may be taken back: it settles nothing, and a difference
 * that is not there in its eyes is not seen again and again. */
static void test_uncommitted(void **state)
{
    struct mr_spill *spill = NULL;
    uint64_t open = 0;
    (void)state;
    assert_int_equal(mr_spill_open(&spill, NULL), MR_OK);
    for (unsigned i = 0; i < 7; i++) {
        const bool uncommitted = i % 2 == 1;
        assert_int_equal(mr_spill_begin_pass(spill, uncommitted, NULL), MR_OK);
        add_side(spill, 0, uncommitted ? "a1 a1" : "a1");
        add_side(spill, 1, "a1 a1");
        assert_int_equal(mr_spill_end_pass(spill, &open, NULL), MR_OK);
        assert_int_equal(open, 1);
    }
    check_walk(spill, "a:unsettled");
    mr_spill_close(spill);
}

static enum mr_code fold(void *ctx, struct mr_vec *list, struct mr_arena *arena, struct mr_err *err)
{
    struct mr_canon_item *items = list->items;
    size_t count = list->count;
    unsigned *calls = ctx;
    (void)err;
    ++*calls;
    for (size_t i = 0; i < count; i++) {
        char *out = mr_arena_dup(arena, items[i].in, items[i].in_len);
        assert_non_null(out);
        for (size_t k = 0; k < items[i].in_len; k++)
            out[k] = out[k] == '@' ? 'a' : (char)tolower((unsigned char)out[k]);
        /* a part of the key is NULL: nobody's */
        items[i].out = out[0] == '?' ? NULL : out;
        items[i].out_len = items[i].in_len;
    }
    return MR_OK;
}

static void test_canonical_keys(void **state)
{
    static const struct {
        const char *source, *target, *found;
        unsigned calls;
    } cases[] = {
        {"a1", "A1", "a:a1/A1*1", 1},
        {"A1", "a2", "A:A1/a2*1", 1},
        {"a1 b2", "A1 C3", "C:-/C3*1 a:a1/A1*1 b:b2/-*1", 1},
        {"a1", "a2", "a:a1/a2*1", 0},
        {"a1 A1", "A1", "a:a1/-*1", 1},
        /* one is one: a row that the other side lacks stays missing, or too many */
        {"a1 A1", "@2", "A:A1/@2*1 a:a1/-*1", 1},
        {"@2", "A1 a1", "@:@2/A1*1 a:-/a1*1", 1},
        {"?1", "?2", "?:?1/?2*1", 0},
        {"?1", "", "?:?1/-*1", 1},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_spill *spill = NULL;
        unsigned calls = 0;
        assert_int_equal(mr_spill_open(&spill, NULL), MR_OK);
        assert_int_equal(passes(spill, 3, cases[i].source, cases[i].target), 0);
        assert_int_equal(mr_spill_join_canonical(spill, fold, &calls, NULL), MR_OK);
        assert_int_equal(calls, cases[i].calls);
        check_walk(spill, cases[i].found);
        mr_spill_close(spill);
    }
}

/* The target's image of a key that it has no more does not stand in the way of the one
 * that is joined to it. */
static void test_canonical_key_after_rename(void **state)
{
    struct mr_spill *spill = NULL;
    unsigned calls = 0;
    (void)state;
    assert_int_equal(mr_spill_open(&spill, NULL), MR_OK);
    /* a scan in chunks met the row twice, before and after it was renamed */
    assert_int_equal(pass(spill, "a1", "A2 a2"), 2);
    assert_int_equal(pass(spill, "a1", "A2 a3"), 2);
    assert_int_equal(passes(spill, 2, "a1", "A2"), 2);
    assert_int_equal(pass(spill, "a1", "A2"), 0);
    assert_int_equal(mr_spill_join_canonical(spill, fold, &calls, NULL), MR_OK);
    check_walk(spill, "a:a1/A2*1");
    mr_spill_close(spill);
}

/* Where a key may have several rows on side 0, each that side 1 lacks is one finding. */
static void test_copies(void **state)
{
    static const struct {
        const char *source, *target, *found;
    } cases[] = {
        {"a1 a2", "a1", "a:a2/-*1"}, /* one of them is answered */
        {"a1 a2", "a2", "a:a1/-*1"},
        {"a1 a1", "a1", "a:a1/-*1"},           /* and a copy of it is not */
        {"a1 a2", "a3", "a:a1/a3*1 a:a2/-*1"}, /* the first is what has become of it */
        {"a1 a1", "a3", "a:a1/a3*1 a:a1/-*1"},
        {"a1 a2", "", "a:a1/-*1 a:a2/-*1"},
        {"a1 a2 a2", "a1", "a:a2/-*1 a:a2/-*1"},
        {"a1 b1", "a1 b2 c3", "b:b1/b2*1 c:-/c3*1"}, /* as without copies */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_spill *spill = NULL;
        assert_int_equal(mr_spill_open(&spill, NULL), MR_OK);
        mr_spill_expect_copies(spill);
        with_copies = true;
        assert_int_equal(passes(spill, 3, cases[i].source, cases[i].target), 0);
        with_copies = false;
        check_walk(spill, cases[i].found);
        mr_spill_close(spill);
    }
}

/* Against a plain count, on random multisets. */
static void test_random(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct mr_spill *spill = NULL;
        struct mr_strbuf side[2] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
        struct mr_strbuf expected = MR_STRBUF_INIT;
        uint64_t differ = 0;
        random_state = seed;
        for (char key = 'a'; key <= 'z'; key++) {
            size_t n[2] = {random_below(4), 0};
            n[1] = random_below(3) == 0 ? random_below(4) : n[0];
            for (int s = 0; s < 2; s++)
                for (size_t i = 0; i < n[s]; i++)
                    mr_strbuf_add_fmt(&side[s], "%s%c7", side[s].len > 0 ? " " : "", key);
            if (n[0] == n[1])
                continue;
            differ++;
            mr_strbuf_add_fmt(&expected, "%s%c:", expected.len > 0 ? " " : "", key);
            if (n[0] > n[1])
                mr_strbuf_add_fmt(&expected, "%c7/-*%zu", key, n[0] - n[1]);
            else
                mr_strbuf_add_fmt(&expected, "-/%c7*%zu", key, n[1] - n[0]);
        }
        assert_int_equal(mr_spill_open(&spill, NULL), MR_OK);
        assert_int_equal(pass(spill, side[0].ptr, side[1].ptr), differ);
        if (differ > 0)
            assert_int_equal(passes(spill, 2, side[0].ptr, side[1].ptr), 0);
        check_walk(spill, expected.ptr);
        mr_spill_close(spill);
        mr_strbuf_release(&side[0]);
        mr_strbuf_release(&side[1]);
        mr_strbuf_release(&expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_drop_side),
        cmocka_unit_test(test_uncommitted),
        cmocka_unit_test(test_canonical_keys),
        cmocka_unit_test(test_canonical_key_after_rename),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
