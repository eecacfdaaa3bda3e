/* test_check_ranges.c: diverged keys joined into contiguous runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"
#include "recon/check/check_ranges.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* "1..3*3 7..7*1": first and last key, and how many rows. */
static enum mr_code write_range(void *ctx, const struct mr_check_range *range, struct mr_err *err)
{
    struct mr_strbuf *out = ctx;
    const struct mr_finding *ends[2] = {range->from, range->to};
    (void)err;
    mr_strbuf_add_str(out, out->len > 0 ? " " : "");
    for (size_t i = 0; i < 2; i++) {
        struct mr_value id;
        size_t pos = 0;
        if (ends[i] == NULL)
            continue;
        const void *image = ends[i]->source != NULL ? ends[i]->source : ends[i]->target;
        size_t len = ends[i]->source != NULL ? ends[i]->source_len : ends[i]->target_len;
        assert_int_equal(mr_row_decode(image, len, &pos, &id, NULL), MR_OK);
        mr_strbuf_add_fmt(out, "%s%d", i > 0 ? ".." : "", (int)id.i);
    }
    mr_strbuf_add_fmt(out, "*%d", (int)range->rows);
    return MR_OK;
}

struct range_case {
    uint64_t chunks[3]; /* equal rows of each */
    struct {
        int64_t chunk;
        uint64_t equal;
        char state; /* diverged, settled, unsettled */
        const char *source, *target;
    } rows[5]; /* ends where both are NULL */
    const char *ranges;
};

static enum mr_find_state state_of(char letter)
{
    return letter == 'd' ? MR_FIND_DIVERGED : letter == 's' ? MR_FIND_SETTLED : MR_FIND_UNSETTLED;
}

static void test_ranges(void **state)
{
    static const struct range_case cases[] = {
        {{5, 0, 0}, {{0}}, ""},
        {{5, 0, 0}, {{0, 2, 'd', "3//", NULL}}, "3..3*1"},
        {{5, 0, 0}, {{0, 2, 'd', "3//", NULL}, {0, 2, 'd', NULL, "4//"}}, "3..4*2"},
        {{5, 0, 0}, {{0, 2, 'd', "3//", NULL}, {0, 3, 'd', NULL, "5//"}}, "3..3*1 5..5*1"},
        /* a suspect that settled, or may still differ, lies in between */
        {{5, 0, 0},
         {{0, 2, 'd', "3//", "3//"}, {0, 2, 's', "4//", NULL}, {0, 2, 'd', "5//", NULL}},
         "3..3*1 5..5*1"},
        {{5, 0, 0},
         {{0, 2, 'd', "3//", "3//"}, {0, 2, 'u', "4//", NULL}, {0, 2, 'd', "5//", NULL}},
         "3..3*1 5..5*1"},
        /* runs go on across chunks, if nothing equal lies between */
        {{2, 3, 0}, {{0, 2, 'd', "3//", "3//"}, {1, 0, 'd', "4//", "4//"}}, "3..4*2"},
        {{2, 3, 0}, {{0, 1, 'd', "3//", "3//"}, {1, 0, 'd', "4//", "4//"}}, "3..3*1 4..4*1"},
        {{2, 0, 3}, {{0, 2, 'd', "3//", "3//"}, {2, 0, 'd', "9//", "9//"}}, "3..9*2"},
        {{2, 1, 3}, {{0, 2, 'd', "3//", "3//"}, {2, 0, 'd', "9//", "9//"}}, "3..3*1 9..9*1"},
        {{0, 0, 0},
         {{0, 0, 'd', "1//", NULL},
          {0, 0, 'd', "2//", NULL},
          {1, 0, 'd', "3//", NULL},
          {2, 0, 'd', "4//", NULL}},
         "1..4*4"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct range_case *rc = &cases[i];
        struct check_case c;
        struct mr_strbuf text = MR_STRBUF_INIT;
        case_begin(&c);
        case_table(&c, "d.t", MR_VERDICT_DIVERGED, false);
        for (size_t k = 0; k < LEN(rc->chunks); k++)
            case_chunk(&c, (int64_t)k, rc->chunks[k], k + 1 == LEN(rc->chunks));
        for (size_t k = 0; rc->rows[k].source != NULL || rc->rows[k].target != NULL; k++)
            case_row(&c, (struct case_row){.no = rc->rows[k].chunk,
                                           .equal = rc->rows[k].equal,
                                           .state = state_of(rc->rows[k].state),
                                           .kind = MR_KIND_CHANGED,
                                           .source = rc->rows[k].source,
                                           .target = rc->rows[k].target});
        assert_int_equal(mr_check_ranges(c.fd, &c.table, write_range, &text, NULL), MR_OK);
        assert_string_equal(text.ptr, rc->ranges);
        mr_strbuf_release(&text);
        case_end(&c);
    }
}

static void test_keyless(void **state)
{
    (void)state;
    for (unsigned rows = 0; rows < 4; rows++) {
        struct check_case c;
        struct mr_strbuf text = MR_STRBUF_INIT;
        case_begin(&c);
        case_table(&c, "d.t", MR_VERDICT_DIVERGED, false);
        c.table.keyless = true;
        c.table.counts.missing = rows / 2;
        c.table.counts.extra = rows - rows / 2;
        assert_int_equal(mr_check_ranges(c.fd, &c.table, write_range, &text, NULL), MR_OK);
        assert_string_equal(text.ptr, rows == 0 ? "" : rows == 1 ? "*1" : rows == 2 ? "*2" : "*3");
        mr_strbuf_release(&text);
        case_end(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_keyless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
