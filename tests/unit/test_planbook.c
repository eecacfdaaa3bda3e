/* test_planbook.c: plans of a case, and the ids that they reserve. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/case/case_args.h"
#include "repair/plan/planbook.h"

static struct mr_plan_block block(uint64_t target_next, uint64_t from)
{
    return (struct mr_plan_block){.table = "club.members",
                                  .target_table = "live.members",
                                  .column = "id",
                                  .next = {3, target_next},
                                  .greatest = {2, UINT64_MAX},
                                  .from = from,
                                  .to = from + 10,
                                  .reseed_to = from + 11};
}

static struct mr_plan_record record(const char *uuid, const char *created)
{
    return (struct mr_plan_record){.uuid = uuid,
                                   .policy = "reseed-only",
                                   .created = created,
                                   .dir = "plan",
                                   .source = "mysql://s",
                                   .target = "mysql://t"};
}

static void test_plans(void **state)
{
    struct mr_findings *fd = NULL;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_plan_record first = record("one", "2026-11-20T11:00:00Z");
    struct mr_plan_record second = record("two", "2026-11-20T11:00:00Z");
    first.uri[1] = "mysql://t?ssl-mode=required"; /* which the second does not know */
    struct mr_plan_block blocks[2] = {block(9, 100), block(1000, 200)}, got;
    const char *plan = NULL, *uris[2] = {NULL, NULL};
    uint64_t next = 0;
    bool found = true;
    (void)state;
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &fd, NULL), MR_OK);
    assert_int_equal(mr_planbook_endpoints(fd, NULL, &arena, uris, NULL), MR_OK);
    assert_null(uris[0]);
    assert_int_equal(mr_planbook_first_next(fd, NULL, "club.members", "id", &next, &found, NULL),
                     MR_OK);
    assert_false(found);

    assert_int_equal(mr_planbook_add(fd, &second, &blocks[1], 1, NULL), MR_OK);
    assert_int_equal(mr_planbook_add(fd, &first, &blocks[0], 1, NULL), MR_OK);
    assert_int_equal(mr_planbook_finish(fd, first.id, NULL), MR_OK);
    /* of two in one second the counter that stood lower is the earlier one, as numbers */
    assert_int_equal(mr_planbook_first_next(fd, NULL, "club.members", "id", &next, &found, NULL),
                     MR_OK);
    assert_true(found);
    assert_int_equal(next, 9);
    assert_int_equal(
        mr_planbook_last_block(fd, "mysql://t", "club.members", "id", &arena, &got, &plan, NULL),
        MR_OK);
    assert_string_equal(plan, "one");
    assert_int_equal(got.from, 100);
    assert_int_equal(got.to, 110);
    assert_int_equal(got.reseed_to, 111);
    assert_int_equal(got.greatest[1], UINT64_MAX);
    assert_string_equal(got.target_table, "live.members");
    assert_null(got.sequence);
    assert_int_equal(mr_planbook_last_block(fd, "mysql://other", "club.members", "id", &arena, &got,
                                            &plan, NULL),
                     MR_OK);
    assert_null(plan);
    assert_int_equal(mr_planbook_endpoints(fd, NULL, &arena, uris, NULL), MR_OK);
    assert_string_equal(uris[0], "mysql://s");
    assert_string_equal(uris[1], "mysql://t?ssl-mode=required");

    /* one counter twice in a plan: nothing of the plan is kept */
    struct mr_plan_record third = record("three", "2026-11-20T10:00:00Z");
    const struct mr_plan_block twice[2] = {block(1, 1), block(1, 1)};
    assert_int_equal(mr_planbook_add(fd, &third, twice, 2, NULL), MR_E_CASE);
    assert_int_equal(mr_planbook_first_next(fd, NULL, "club.members", "id", &next, &found, NULL),
                     MR_OK);
    assert_int_equal(next, 9);
    assert_int_equal(mr_planbook_remove(fd, first.id, NULL), MR_OK);
    assert_int_equal(
        mr_planbook_last_block(fd, "mysql://t", "club.members", "id", &arena, &got, &plan, NULL),
        MR_OK);
    assert_string_equal(plan, "two");
    mr_arena_release(&arena);
    assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
}

/* A check that saw the counter before any plan tells where it stood first. */
static void test_run_first(void **state)
{
    struct mr_findings *fd = NULL;
    struct mr_find_run run = {.uuid = "run",
                              .source = "s",
                              .target = "t",
                              .options = "",
                              .started = "2026-11-19T11:00:00Z"};
    struct mr_find_table table = {.name = "club.members", .target_name = "live.members"};
    struct mr_plan_record plan = record("one", "2026-11-20T11:00:00Z");
    const struct mr_plan_block own = block(50, 100);
    uint64_t next = 0;
    bool known = false, found = false;
    (void)state;
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &fd, NULL), MR_OK);
    assert_int_equal(mr_planbook_add(fd, &plan, &own, 1, NULL), MR_OK);
    assert_int_equal(mr_findings_run_begin(fd, &run, NULL), MR_OK);
    assert_int_equal(mr_findings_table_add(fd, &table, &known, NULL), MR_OK);
    const struct mr_find_counter counter = {
        .table = table.id, .column = "id", .next = {7, 60}, .greatest = {1, 1}};
    assert_int_equal(mr_findings_counter_save(fd, &counter, NULL), MR_OK);
    assert_int_equal(mr_planbook_first_next(fd, NULL, "club.members", "id", &next, &found, NULL),
                     MR_OK);
    assert_true(found);
    assert_int_equal(next, 60);
    /* of another target, or the other way round, it would say nothing */
    assert_int_equal(
        mr_planbook_first_next(fd, "mysql://t", "club.members", "id", &next, &found, NULL), MR_OK);
    assert_int_equal(next, 50);
    assert_int_equal(
        mr_planbook_first_next(fd, "mysql://other", "club.members", "id", &next, &found, NULL),
        MR_OK);
    assert_false(found);
    assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
}

/* What a plan proposed outlives it: no other plan may pass for the one that did. */
static void test_numbers(void **state)
{
    static const struct {
        const char *map; /* what is there of plans, removed or not */
        int64_t id;
    } cases[] = {
        {NULL, 2},
        {"CREATE TABLE plan_map (plan INT NOT NULL)", 2},
        {"INSERT INTO plan_map VALUES (0)", 2}, /* of another case */
        {"INSERT INTO plan_map VALUES (1)", 2},
        {"INSERT INTO plan_map VALUES (2), (1)", 3},
        {"INSERT INTO plan_map VALUES (8), (3)", 9},
    };
    struct mr_findings *fd = NULL;
    struct mr_plan_record first = record("one", "2026-11-20T11:00:00Z");
    (void)state;
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &fd, NULL), MR_OK);
    assert_int_equal(mr_planbook_add(fd, &first, NULL, 0, NULL), MR_OK);
    assert_int_equal(first.id, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_plan_record plan = record("two", "2026-11-20T11:00:00Z");
        int64_t there = 0;
        if (cases[i].map != NULL)
            assert_int_equal(mr_case_exec(mr_findings_case(fd), cases[i].map, NULL), MR_OK);
        assert_int_equal(mr_planbook_add(fd, &plan, NULL, 0, NULL), MR_OK);
        assert_int_equal(plan.id, cases[i].id);
        assert_int_equal(MR_CASE_NUMBER(mr_findings_case(fd), "SELECT id FROM plan WHERE uuid=:u",
                                        &there, NULL, MR_ARG_TEXT("u", "two")),
                         MR_OK);
        assert_int_equal(there, plan.id);
        assert_int_equal(mr_planbook_remove(fd, plan.id, NULL), MR_OK);
    }
    assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_run_first),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
