/* test_findings_samples.c: the first findings of a table, and a row of each other kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"

static enum mr_code list_kinds(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct mr_strbuf *kinds = ctx;
    mr_strbuf_add_fmt(kinds, "%s ", mr_kind_name(f->kind));
    return mr_strbuf_check(kinds, "listing", err);
}

/* Kinds that the first rows are not of come behind them, once each, where they were asked for. */
static void test_samples(void **state)
{
    static const enum mr_find_kind rows[] = {MR_KIND_CHANGED, MR_KIND_CHANGED,   MR_KIND_CHANGED,
                                             MR_KIND_MISSING, MR_KIND_COLLISION, MR_KIND_COLLISION};
    static const struct {
        size_t limit;
        unsigned kinds;
        const char *wanted;
    } cases[] = {
        {2, 0, "changed changed "},
        {2, 1U << MR_KIND_CHANGED | 1U << MR_KIND_EXTRA, "changed changed "},
        {2, 1U << MR_KIND_COLLISION, "changed changed collision "},
        {2, ~0U, "changed changed missing collision "},
        {4, ~0U, "changed changed changed missing collision "},
        {9, ~0U, "changed changed changed missing collision collision "},
    };
    struct check_case c;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        case_row(&c, (struct case_row){.equal = i,
                                       .state = MR_FIND_DIVERGED,
                                       .kind = rows[i],
                                       .source = "3/ann/x",
                                       .target = rows[i] != MR_KIND_MISSING ? "3/bob/x" : NULL,
                                       .source_id = "ann"});
    case_summarise(&c);
    assert_int_equal(mr_find_counts_kinds(&c.table.counts),
                     1U << MR_KIND_CHANGED | 1U << MR_KIND_MISSING | 1U << MR_KIND_COLLISION);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_strbuf kinds = MR_STRBUF_INIT;
        case_require(mr_findings_walk_samples(c.fd, c.table.id, cases[i].limit, cases[i].kinds,
                                              list_kinds, &kinds, NULL));
        assert_string_equal(kinds.ptr, cases[i].wanted);
        mr_strbuf_release(&kinds);
    }
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
