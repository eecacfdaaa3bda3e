/* test_apply_unseen.c: a table that the account does not see, and whose rows a cascade would take
 * along, is refused; only where rows go or get another key. */
#include "apply_world.h"

#include "repair/apply/apply_checks.h"

static void test_unseen(void **state)
{
    static const struct {
        enum mr_decision decision;
        bool undo;
        const char *grant, *foreign; /* as InnoDB tells */
        enum mr_code code;
        bool warned, asked;
    } cases[] = {
        {MR_DECIDE_DELETE, false, "GRANT SELECT ON *.* TO x", "s/n", MR_OK, false, false},
        {MR_DECIDE_DELETE, false, "GRANT PROCESS ON *.* TO x", "", MR_OK, false, true},
        {MR_DECIDE_DELETE, false, "GRANT PROCESS ON *.* TO x", "s/n", MR_E_REFUSED, false, true},
        {MR_DECIDE_UPDATE, false, "GRANT PROCESS ON *.* TO x", "s/n", MR_E_REFUSED, false, true},
        {MR_DECIDE_INSERT, false, "GRANT PROCESS ON *.* TO x", "s/n", MR_OK, false, false},
        {MR_DECIDE_INSERT, true, "GRANT PROCESS ON *.* TO x", "s/n", MR_E_REFUSED, false, true},
        {MR_DECIDE_DELETE, true, "GRANT PROCESS ON *.* TO x", "s/n", MR_OK, false, false},
        {MR_DECIDE_MATCHED, false, NULL, "s/n", MR_OK, false, false},
        /* nobody can tell: it is said, once */
        {MR_DECIDE_DELETE, false, NULL, "s/n", MR_OK, true, false},
        {MR_DECIDE_DELETE, false, "GRANT SELECT ON `o``dd`.* TO x", "s/n", MR_OK, true, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_apply_needs needs = {.undo = cases[i].undo};
        BEGIN({.has = "INNODB_SYS_FOREIGN", .rows = cases[i].foreign},
              {.has = "KEY_COLUMN_USAGE", .rows = ""});
        plan_table("o`dd.other", "id#");
        plan_table("o`dd.t", "id#")->decisions[cases[i].decision] = 1;
        plan_table("o`dd.u", "id#")->decisions[cases[i].decision] = 1;
        if (cases[i].grant != NULL)
            may(cases[i].grant);
        const enum mr_code code = mr_apply_check_unseen(&p.target, &p.m, &needs, &p.err);
        if (code != cases[i].code)
            fail_msg("%zu: %d, %s", i, code, p.err.message);
        if (code == MR_E_REFUSED) {
            refused_for(code, "\"s/n\", which the account may not see, refers to \"o`dd.t\"");
            assert_int_equal(strstr(p.err.hint, "plan again") == NULL, cases[i].undo);
        }
        assert_int_equal(p.said.len > 0, cases[i].warned);
        assert_int_equal(world_has("INNODB_SYS_FOREIGN"), cases[i].asked);
        end();
    }
}

static void test_fails(void **state)
{
    const struct mr_apply_needs needs = {0};
    (void)state;
    BEGIN({.has = "INNODB_SYS_FOREIGN", .rows = ""});
    plan_table("o`dd.t", "id#")->decisions[MR_DECIDE_DELETE] = 1;
    may("GRANT PROCESS ON *.* TO x");
    world.fail_at = 1;
    assert_int_equal(mr_apply_check_unseen(&p.target, &p.m, &needs, &p.err), MR_E_LOST);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unseen), cmocka_unit_test(test_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
