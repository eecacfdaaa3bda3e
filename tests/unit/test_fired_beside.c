/* test_fired_beside.c: which columns beside the written ones triggers have changed. */
#include "apply_world.h"

#include "repair/apply/fired_beside.h"

static struct mr_fired_beside *open_beside(void)
{
    struct mr_fired_beside *b = NULL;
    assert_int_equal(mr_fired_beside_new(&p.target, &p.m.planned, &p.attempt.tables, &b, &p.err),
                     MR_OK);
    return b;
}

static void fires(void)
{
    p.m.planned.fire_triggers = true;
    p.tables[0].ntriggers = 1;
}

static void list_is(const struct mr_fired_beside *b, const char *wanted)
{
    struct mr_strbuf list = MR_STRBUF_INIT;
    mr_strbuf_add_str(&list, "");
    mr_fired_beside_list(b, &list);
    assert_string_equal(list.ptr, wanted);
    mr_strbuf_release(&list);
}

static void test_after(void **state)
{
    static const struct {
        const char *before, *after, *list;
    } cases[] = {
        {"", "", ""},
        {"3|17|a,,c", "3|17|a,,c", "6:o`dd.t2:170:"},
        {"3|17|a,,c", "3|17|x,,c", "6:o`dd.t2:172:id"},
        {"3|17|a,,c", "3|17|x,,y", "6:o`dd.t2:1710:id, points"},
        {"3|17|a,,c", "3|17|a,,cc", "6:o`dd.t2:176:points"},
        {"3|17|,,", "3|17|,,", "6:o`dd.t2:170:"},
        {"3|17|a,,c\n5|19|a,,c", "3|17|a,,c\n5|19|a,,d", "6:o`dd.t2:170:6:o`dd.t2:196:points"},
        {"3|17|a,,c", "", ""},          /* it has another key now: verify misses the row */
        {"3|17|a,,c", "4|18|a,,c", ""}, /* was not looked at before */
        {"3|~|a,,c", "3|17|x,,c", ""},  /* longer than the server's packets */
        {"3|17|a,,c", "3|17|~", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = "SELECT s.myrecon_row", .rows = cases[i].before, .times = 1},
              {.has = "SELECT s.myrecon_row", .rows = cases[i].after});
        plan_table("o`dd.t", "id#+ city points");
        fires();
        staged("ub", 0);
        struct mr_fired_beside *b = open_beside();
        mr_fired_beside_begin(b);
        assert_int_equal(mr_fired_beside_before(b, false, &p.err), MR_OK);
        assert_int_equal(mr_fired_beside_after(b, &p.err), MR_OK);
        list_is(b, cases[i].list);
        mr_fired_beside_begin(b); /* the next unit */
        list_is(b, "");
        mr_fired_beside_free(b);
        end();
    }
}

static void test_sql(void **state)
{
    (void)state;
    BEGIN({.has = "SELECT s.myrecon_row", .rows = ""});
    plan_table("o`dd.t", "id#+ n`o made");
    p.columns[0][2].reading = "int generated";
    fires();
    staged("ub", 0);
    struct mr_fired_beside *b = open_beside();
    assert_int_equal(mr_fired_beside_before(b, false, &p.err), MR_OK);
    assert_true(world_has(
        ", CONCAT_WS(',', IF(IFNULL(HEX(CONCAT(s.`id`)), '-') = IFNULL(HEX(CONCAT(b.`id`)), '-'), "
        "LEFT(SHA2(IFNULL(HEX(CONCAT(t.`id`)), '-'), 256), 16), ''), "
        "IF(IFNULL(HEX(CONCAT(s.`n``o`)), '-') = IFNULL(HEX(CONCAT(b.`n``o`)), '-'), "
        "LEFT(SHA2(IFNULL(HEX(CONCAT(t.`n``o`)), '-'), 256), 16), ''), '') "
        "FROM `o``dd`.myrecon_u0 AS s JOIN `o``dd`.myrecon_b0 AS b ON b.myrecon_row = "
        "s.myrecon_row JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` "
        "WHERE s.myrecon_row NOT IN (SELECT line FROM myrecon_there) ORDER BY s.myrecon_row\n"));
    mr_fired_beside_free(b);
    end();
}

/* Where no trigger fires nobody looks; nor at tables of which the unit changes no row. */
static void test_asked(void **state)
{
    (void)state;
    BEGIN({.has = "SELECT s.myrecon_row", .rows = ""});
    plan_table("o`dd.t", "id#+ city");
    plan_table("o`dd.keyless", "id");
    plan_table("o`dd.other", "id#");
    assert_null(open_beside());
    p.m.planned.fire_triggers = true;
    assert_null(open_beside());
    p.m.planned.fire_triggers = false;
    p.tables[0].ntriggers = 1;
    assert_null(open_beside());
    mr_fired_beside_free(NULL);
    p.m.planned.fire_triggers = true;
    struct mr_fired_beside *b = open_beside();
    staged("i", 0);
    staged("ub", 1);
    assert_int_equal(mr_fired_beside_before(b, false, &p.err), MR_OK);
    sent_is("");
    staged("ub", 2);
    assert_int_equal(mr_fired_beside_before(b, false, &p.err), MR_OK);
    assert_int_equal(world_sent_count("myrecon_u2"), 1);
    mr_fired_beside_free(b);
    end();
}

/* What a try that may have been committed has found is kept; that of one that was rolled back
 * is not. */
static void test_tries(void **state)
{
    static const struct {
        bool lost;
        const char *list;
    } cases[] = {{false, "6:o`dd.t2:180:"}, {true, "6:o`dd.t2:174:city6:o`dd.t2:180:"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = "SELECT s.myrecon_row", .rows = "1|17|a,b", .times = 1},
              {.has = "SELECT s.myrecon_row", .rows = "1|17|a,c", .times = 1},
              {.has = "SELECT s.myrecon_row", .rows = "2|18|a,b"});
        plan_table("o`dd.t", "id#+ city");
        fires();
        staged("ub", 0);
        struct mr_fired_beside *b = open_beside();
        for (int k = 0; k < 2; k++) {
            assert_int_equal(mr_fired_beside_before(b, k > 0 && cases[i].lost, &p.err), MR_OK);
            assert_int_equal(mr_fired_beside_after(b, &p.err), MR_OK);
        }
        list_is(b, cases[i].list);
        mr_fired_beside_free(b);
        end();
    }
}

static void test_failures(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        BEGIN({.has = "SELECT s.myrecon_row", .rows = "1|17|a,b"});
        plan_table("o`dd.t", "id#+ city");
        fires();
        staged("ub", 0);
        struct mr_fired_beside *b = open_beside();
        world.fail_at = n;
        enum mr_code code = mr_fired_beside_before(b, false, &p.err);
        assert_int_equal(code, n == 1 ? MR_E_LOST : MR_OK);
        if (code == MR_OK)
            code = mr_fired_beside_after(b, &p.err);
        assert_int_equal(code, MR_E_LOST);
        mr_fired_beside_free(b);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_after), cmocka_unit_test(test_sql),
                                       cmocka_unit_test(test_asked), cmocka_unit_test(test_tries),
                                       cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
