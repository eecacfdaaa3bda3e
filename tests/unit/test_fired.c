/* test_fired.c: which rows are taken for those that triggers wrote: what is new, not the plan's, and
 * seen by nobody else. */
#include "apply_world.h"

#include "repair/apply/fired.h"

#define HERE "/0//0|~" /* what a session says that is led to the same server */

static struct mr_fired *open_fired(void)
{
    struct mr_fired *f = NULL;
    assert_int_equal(mr_fired_new(&p.target, "run-1", &p.m.planned, &p.attempt.tables, &f, &p.err),
                     MR_OK);
    return f;
}

static void list_is(const struct mr_fired *f, const char *wanted)
{
    struct mr_strbuf list = MR_STRBUF_INIT;
    mr_strbuf_add_str(&list, "");
    mr_fired_list(f, &list);
    assert_string_equal(list.ptr, wanted);
    mr_strbuf_release(&list);
}

struct fired {
    const char *max, *new, *seen; /* in the other session */
    const char *list;
    bool off; /* it cannot be told */
};

static const struct fired firsts[] = {
    {"9", "", "", "", false},
    {"9", "10|ab", HERE, "6:o`dd.t2:102:ab", false},
    {"9", "10|ab", HERE "\n~|10", "", false},
    {"9", "10|ab\n11|cd", HERE "\n~|10", "6:o`dd.t2:112:cd", false},
    {"9", "11|cd\n10|ab\n9|x", HERE "\n~|11\n~|9", "6:o`dd.t2:102:ab", false},
    {"~", "1|ab", HERE, "6:o`dd.t1:12:ab", false},            /* the table was empty */
    {"-5", "-4|ab", HERE "\n~|4", "6:o`dd.t2:-42:ab", false}, /* no number is its negative */
    {"9", "18446744073709551615|ab", HERE "\n~|18446744073709551615", "", false},
    {"9", "10|~\n~|ab\n11|cd", HERE, "6:o`dd.t2:112:cd", false},
    {"9", "123456789012345678901234|ab\n11|cd", HERE, "6:o`dd.t2:112:cd", false},
    {"9", "10|ab", HERE "\n~|~", "6:o`dd.t2:102:ab", false},
    /* nobody knows what another server sees */
    {"9", "10|ab", "db2/3306//2|~", "", true},
    {"9", "10|ab", "~|~\ndb2/3306//2|~", "", true},
};

static void test_after(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(firsts); i++) {
        const struct fired *c = &firsts[i];
        BEGIN({.has = "SELECT MAX(`id`) FROM `o``dd`.`t`", .rows = c->max},
              {.has = "SELECT c.`id`", .rows = c->new}, {.has = "UNION ALL", .rows = c->seen});
        plan_table("o`dd.t", "id#+ name");
        struct mr_fired *f = open_fired();
        mr_fired_begin(f);
        assert_int_equal(mr_fired_before(f, false, &p.err), MR_OK);
        assert_int_equal(mr_fired_after(f, &p.err), MR_OK);
        list_is(f, c->list);
        assert_int_equal(p.said.len > 0, c->off);
        assert_int_equal(world_sent_count("(open)"), *c->new != '\0');
        /* that is said once, and never asked again */
        mr_strbuf_reset(&world.sent);
        assert_int_equal(mr_fired_before(f, false, &p.err), MR_OK);
        assert_int_equal(world_sent_count("MAX("), !c->off);
        mr_fired_free(f);
        assert_int_equal(world.open_dbs, 0);
        end();
    }
}

#define DIGEST                                                                                     \
    "LEFT(SHA2(CONCAT_WS(',', 'row', IFNULL(HEX(CONCAT(c.`id`)), '-'), "                           \
    "IFNULL(HEX(CONCAT(c.`n``o` + 0e0)), '-')), 256), 32)"

static void test_sql(void **state)
{
    (void)state;
    BEGIN({.has = "MAX(", .rows = "9"}, {.has = "SELECT c.`id`", .rows = "10|ab"},
          {.has = "UNION ALL", .rows = HERE});
    plan_table("o`dd.t", "id#+ n`o");
    p.columns[0][1].reading = "float";
    struct mr_fired *f = open_fired();
    assert_int_equal(mr_fired_before(f, false, &p.err), MR_OK);
    assert_int_equal(mr_fired_after(f, &p.err), MR_OK);
    sent_is("SELECT MAX(`id`) FROM `o``dd`.`t`\n"
            "SELECT c.`id`, " DIGEST " FROM `o``dd`.`t` AS c WHERE c.`id` > 9\n"
            "(open)\nSET SESSION lock_wait_timeout = 2\n"
            "SELECT CONCAT_WS('/', @@hostname, @@port, @@datadir, @@server_id), NULL UNION ALL "
            "SELECT NULL, CONCAT(c.`id`) FROM `o``dd`.`t` AS c WHERE c.`id` > 9\n");
    mr_strbuf_reset(&world.sent);
    staged("i", 0); /* the plan's own rows are left out */
    assert_int_equal(mr_fired_after(f, &p.err), MR_OK);
    assert_true(world_has("c.`id` > 9 AND NOT EXISTS (SELECT 1 FROM `o``dd`.myrecon_i0 AS o WHERE "
                          "o.`id` = c.`id`)\n"));
    mr_fired_free(f);
    end();
}

/* Tables whose key is one counter are looked at; where there is none, nobody looks. */
static void test_tables(void **state)
{
    (void)state;
    BEGIN({.has = "MAX(", .rows = "9"});
    plan_table("o`dd.composite", "shop# id#+");
    plan_table("o`dd.natural", "code#");
    plan_table("o`dd.keyless", "id+");
    assert_null(open_fired());
    plan_table("o`dd.t", "id#+");
    struct mr_fired *f = open_fired();
    assert_int_equal(mr_fired_before(f, false, &p.err), MR_OK);
    sent_is("SELECT MAX(`id`) FROM `o``dd`.`t`\n");
    mr_fired_free(f);
    mr_fired_free(NULL);
    end();
}

/* What a try that may have been committed has found is kept; that of one that was rolled back
 * is not. */
static void test_tries(void **state)
{
    static const struct {
        bool lost;
        const char *list;
    } cases[] = {{false, "6:o`dd.t2:112:cd"}, {true, "6:o`dd.t2:102:ab6:o`dd.t2:112:cd"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = "MAX(", .rows = "9"}, {.has = "SELECT c.`id`", .rows = "10|ab", .times = 1},
              {.has = "SELECT c.`id`", .rows = "11|cd"}, {.has = "UNION ALL", .rows = HERE});
        plan_table("o`dd.t", "id#+");
        struct mr_fired *f = open_fired();
        mr_fired_begin(f);
        assert_int_equal(mr_fired_before(f, false, &p.err), MR_OK);
        assert_int_equal(mr_fired_after(f, &p.err), MR_OK);
        assert_int_equal(mr_fired_before(f, cases[i].lost, &p.err), MR_OK);
        assert_int_equal(mr_fired_after(f, &p.err), MR_OK);
        list_is(f, cases[i].list);
        mr_fired_begin(f); /* the next unit */
        list_is(f, "");
        mr_fired_free(f);
        end();
    }
}

/* The first session's failure is the unit's; that of the second leaves all to be kept. */
static void test_failures(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 8; n++) {
        BEGIN({.has = "MAX(", .rows = "9"}, {.has = "SELECT c.`id`", .rows = "10|ab"},
              {.has = "UNION ALL", .rows = HERE});
        plan_table("o`dd.t", "id#+");
        plan_table("o`dd.u", "id#+");
        struct mr_fired *f = open_fired();
        world.fail_at = n;
        enum mr_code code = mr_fired_before(f, false, &p.err);
        if (code == MR_OK)
            code = mr_fired_after(f, &p.err);
        /* 1, 2: MAX; 3: t's rows; 4: open; 5: SET; 6: the other's; 7: u's rows; 8: the other's */
        assert_int_equal(code, n <= 3 || n == 7 ? MR_E_LOST : MR_OK);
        assert_int_equal(p.said.len > 0, code == MR_OK);
        if (code == MR_OK)
            list_is(f, n == 8 ? "6:o`dd.t2:102:ab" : "");
        mr_fired_free(f);
        assert_int_equal(world.open_dbs, 0);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_after), cmocka_unit_test(test_sql),
                                       cmocka_unit_test(test_tables), cmocka_unit_test(test_tries),
                                       cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
