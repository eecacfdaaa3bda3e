/* test_next_step.c: which sentences a result asks for, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"
#include "recon/check/next_step.h"

static void check_kinds(struct check_case *c, const enum mr_next_kind *kinds)
{
    struct mr_next_steps steps;
    size_t count = 0;
    case_load(c, 10);
    c->result.run = &c->run;
    assert_int_equal(mr_next_steps(&steps, &c->result, true, NULL), MR_OK);
    while (kinds[count] != 0)
        count++;
    assert_int_equal(steps.items.count, count);
    for (size_t i = 0; i < count; i++) {
        const struct mr_next_step *step = mr_vec_at(&steps.items, i);
        assert_int_equal(step->kind, kinds[i]);
        assert_null(strchr(step->text, '\n'));
    }
    mr_next_steps_release(&steps);
    case_end(c);
}

static void begin(struct check_case *c, enum mr_verdict verdict, bool by_phone)
{
    case_begin(c);
    c->run.finished = true;
    case_table(c, "d.t", verdict, by_phone);
}

static void test_equal(void **state)
{
    struct check_case c;
    (void)state;
    begin(&c, MR_VERDICT_EQUAL, true);
    check_kinds(&c, (enum mr_next_kind[]){0});
}

static void add_collision(struct check_case *c)
{
    case_row(c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_COLLISION, "3/ann/x",
                                  "3/bob/x", "ann", "bob"});
    case_summarise(c);
}

static void test_two_histories(void **state)
{
    struct check_case c;
    (void)state;
    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    check_kinds(&c, (enum mr_next_kind[]){MR_NEXT_TWO_HISTORIES, 0});

    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    struct mr_find_counter counter = {
        .table = c.table.id, .column = "id", .next = {4, 4}, .greatest = {3, 3}};
    case_require(mr_findings_counter_save(c.fd, &counter, NULL));
    check_kinds(&c, (enum mr_next_kind[]){MR_NEXT_TWO_HISTORIES, MR_NEXT_RESEED, 0});

    /* raised already */
    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    counter = (struct mr_find_counter){
        .table = c.table.id, .column = "id", .next = {4, 1000004}, .greatest = {3, 3}};
    case_require(mr_findings_counter_save(c.fd, &counter, NULL));
    check_kinds(&c, (enum mr_next_kind[]){MR_NEXT_TWO_HISTORIES, 0});
}

static void test_the_rest(void **state)
{
    struct check_case c;
    (void)state;
    begin(&c, MR_VERDICT_DIVERGED, false);
    case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_CHANGED, "3/ann/x",
                                   "3/bob/x", NULL, NULL});
    case_row(&c, (struct case_row){.state = MR_FIND_UNSETTLED, .source = "1/a/b"});
    case_summarise(&c);
    case_table(&c, "d.u", MR_VERDICT_NOT_CHECKED, true);
    c.run.finished = false;
    check_kinds(&c, (enum mr_next_kind[]){MR_NEXT_IDENTITY, MR_NEXT_NOT_CHECKED,
                                          MR_NEXT_RESUME, MR_NEXT_UNSETTLED, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_two_histories),
        cmocka_unit_test(test_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
