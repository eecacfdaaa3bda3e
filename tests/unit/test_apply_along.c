/* test_apply_along.c: which rows are listed with one that was refused, by what key and for what
 * reason. */
#include "apply_world.h"

static void refuse(const char *table, const char *key)
{
    assert_int_equal(mr_attempt_add_refusal(&p.attempt, table, key, "it is refused", &p.err),
                     MR_OK);
}

static const struct mr_script_read_unit unit = {.number = 7, .rows = 9};

/* What is listed, as "key:r|a " (refused or along), with the reason of the last. */
static void list_is(const char *wanted, const char *reason)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, "");
    for (size_t i = 0; i < p.attempt.refusals.count; i++) {
        const struct mr_refusal *r = mr_vec_at(&p.attempt.refusals, i);
        mr_strbuf_add_fmt(&text, "%s%s/%s:%c", i > 0 ? " " : "", r->table, r->key,
                          r->along ? 'a' : 'r');
        assert_int_equal(r->unit, 7);
        if (i + 1 == p.attempt.refusals.count && reason != NULL)
            assert_string_equal(r->reason, reason);
    }
    if (strcmp(text.ptr, wanted) != 0)
        fail_msg("\"%s\", wanted \"%s\"", text.ptr, wanted);
    mr_strbuf_release(&text);
}

struct along {
    enum mr_journal_script which;
    const char *i, *u, *d; /* rows of the trees that are left out */
    const char *list, *reason;
};

#define APPLY MR_JOURNAL_APPLY
#define UNDO MR_JOURNAL_UNDO
static const struct along alongs[] = {
    {APPLY, "", "", "", "d.t/1:r", NULL},
    {APPLY, "1\n2", "", "", "d.t/1:r d.t/2:a", "it is left out with what it belongs to"},
    {APPLY, "2", "3", "4", "d.t/1:r d.t/2:a d.t/3:a d.t/4:a",
     "it is left out with what it belongs to"},
    {APPLY, "~", "", "", "d.t/1:r d.t/:a", NULL}, /* a row that nobody can name is one */
    {APPLY, "11\n1 \n01", "", "", "d.t/1:r d.t/11:a d.t/1 :a d.t/01:a", NULL},
    {UNDO, "", "", "2", "d.t/1:r d.t/2:a", "it stays with what it belongs to"},
    {UNDO, "2", "", "", "d.t/1:r d.t/2:a", "it is not put back, as what it belongs to stays"},
};

static void test_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(alongs); i++) {
        BEGIN({.has = "COUNT(*)", .text = "0"}, {.has = "myrecon_i0 AS s", .rows = alongs[i].i},
              {.has = "myrecon_u0 AS s", .rows = alongs[i].u},
              {.has = "myrecon_d0 AS s", .rows = alongs[i].d});
        plan_table("d.t", "id#");
        p.run.which = alongs[i].which;
        p.attempt.unit = &unit;
        staged("iud", 0);
        refuse("d.t", "1");
        assert_int_equal(mr_attempt_list_along(&p.attempt, &p.err), MR_OK);
        list_is(alongs[i].list, alongs[i].reason);
        end();
    }
}

#define LEFT                                                                                       \
    " WHERE s.myrecon_tree IN (SELECT tree FROM myrecon_skip) AND s.myrecon_row NOT IN (SELECT "   \
    "line FROM myrecon_there)"
#define KEY "SELECT CONCAT_WS(',', CAST(s.`id` AS CHAR)) FROM `d`.myrecon_"

/* What stood so before is none of the plan's; images that make way are no rows, and are counted. */
static void test_sql(void **state)
{
    (void)state;
    for (int passed = 0; passed < 2; passed++) {
        BEGIN({.has = "COUNT(*)", .text = "18446744073709551615"}, {.has = " AS s", .rows = ""});
        plan_table("d.t", "id#");
        plan_table("d.keyless", "id");
        plan_table("d.other", "id#");
        p.attempt.unit = &unit;
        p.attempt.passed = (uint64_t)passed;
        staged("iu", 0);
        staged("i", 1);
        refuse("d.t", "1");
        assert_int_equal(mr_attempt_list_along(&p.attempt, &p.err), MR_OK);
        sent_is(passed ? "SELECT COUNT(*) FROM `d`.myrecon_u0 WHERE myrecon_open & 1 = 1\n" KEY
                         "i0 AS s" LEFT " AND s.myrecon_row NOT IN (SELECT line FROM "
                         "myrecon_found) ORDER BY s.myrecon_row\n" KEY "u0 AS s" LEFT
                         " AND s.myrecon_open & 1 = 0 AND s.myrecon_row NOT IN (SELECT line FROM "
                         "myrecon_found) ORDER BY s.myrecon_row\n"
                       : "SELECT COUNT(*) FROM `d`.myrecon_u0 WHERE myrecon_open & 1 = 1\n" KEY
                         "i0 AS s" LEFT " ORDER BY s.myrecon_row\n" KEY "u0 AS s" LEFT
                         " AND s.myrecon_open & 1 = 0 ORDER BY s.myrecon_row\n");
        assert_int_equal(p.attempt.images, UINT64_MAX);
        end();
    }
}

/* A key is named as the script names it. */
static void test_key(void **state)
{
    static const struct {
        const char *columns, *reading, *sql;
    } cases[] = {
        {"id#", NULL, "CONCAT_WS(',', CAST(s.`id` AS CHAR))"},
        {"id#", "binary", "CONCAT_WS(',', HEX(s.`id`))"},
        {"id#", "binary(16)", "CONCAT_WS(',', HEX(s.`id`))"},
        {"id#", "geometry", "CONCAT_WS(',', HEX(s.`id`))"},
        {"id#", "text", "CONCAT_WS(',', CAST(s.`id` AS CHAR))"},
        {"o`dd#", NULL, "CONCAT_WS(',', CAST(s.`o``dd` AS CHAR))"},
        {"a# b#", "binary",
         "CONCAT_WS(',', HEX(s.`a`), REPLACE(REPLACE(CAST(s.`b` AS CHAR), '\\\\', '\\\\\\\\'), "
         "',', '\\\\,'))"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        begin(NULL, 0);
        plan_table("d.t", cases[i].columns);
        p.columns[0][0].reading = cases[i].reading;
        mr_attempt_sql_key(&sql, &p.tables[0]);
        if (strcmp(sql.ptr, cases[i].sql) != 0)
            fail_msg("%zu: %s", i, sql.ptr);
        mr_strbuf_release(&sql);
        end();
    }
}

/* Nobody is refused, or too many to tell apart: nothing is asked. */
static void test_asks_nothing(void **state)
{
    (void)state;
    begin(NULL, 0);
    plan_table("d.t", "id#");
    p.attempt.unit = &unit;
    staged("i", 0);
    assert_int_equal(mr_attempt_list_along(&p.attempt, &p.err), MR_OK);
    refuse("d.t", "1");
    p.attempt.unlisted = 1;
    assert_int_equal(mr_attempt_list_along(&p.attempt, &p.err), MR_OK);
    sent_is("");
    end();
}

static void test_fails(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 3; n++) {
        BEGIN({.has = "COUNT(*)", .text = "0"}, {.has = " AS s", .rows = ""});
        plan_table("d.t", "id#");
        p.attempt.unit = &unit;
        staged("iu", 0);
        refuse("d.t", "1");
        world.fail_at = n;
        assert_int_equal(mr_attempt_list_along(&p.attempt, &p.err), MR_E_LOST);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list), cmocka_unit_test(test_sql), cmocka_unit_test(test_key),
        cmocka_unit_test(test_asks_nothing), cmocka_unit_test(test_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
