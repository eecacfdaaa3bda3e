/* test_rehearse.c: a rehearsal is refused, or leaves units out, where a rollback would not take
 * everything back; and what it leaves is reported. */
#include "apply_world.h"

#include "repair/apply/rehearse.h"

#define SECTIONS(write)                                                                            \
    "-- stage\nINSERT INTO x VALUES ('`o``dd`.`my`');\n-- locks\n-- guards\n-- write\n" write      \
    ";\n-- again\n-- end\n"
#define UNIT(number, of, write) "-- unit " number " of " of ": 1 row\n" SECTIONS(write)

static struct mr_reseed_run run;
static struct mr_raise_result results[2];

static void begin_run(size_t ncounters, enum mr_raise raise)
{
    static struct mr_counter counters[2];
    p.m.counters = counters;
    p.m.ncounters = ncounters;
    results[0].raise = results[1].raise = raise;
    run = (struct mr_reseed_run){
        .manifest = &p.m, .target = &p.target, .arena = &p.arena, .results = results};
}

/* ---- tables without transactions ---- */

static void test_check(void **state)
{
    static const struct {
        const char *engine;
        enum mr_raise raise;
        uint64_t nontransactional;
        const char *why;
    } cases[] = {{"InnoDB", MR_RAISE_ALREADY, 0, NULL},
                 {"MyISAM", MR_RAISE_ALREADY, 1, NULL},
                 {"", MR_RAISE_ALREADY, 1, NULL}, /* an engine that nobody knows */
                 {"innodb", MR_RAISE_ALREADY, 1, NULL},
                 {"InnoDB", MR_RAISE_WOULD, 0, "1 of 1 counters of the plan are not raised"},
                 {"InnoDB", MR_RAISE_FAILED, 0, NULL}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_vec nontransactional = MR_VEC_INIT(struct mr_rehearse_nontransactional);
        BEGIN({.has = "TABLE_NAME = 't'", .text = cases[i].engine},
              {.has = "log_bin", .text = "0"});
        struct mr_planned_table *t = plan_table("o`dd.t", "id#");
        t->decisions[MR_DECIDE_INSERT] = 7;
        t->knows_around = true;
        plan_table("o`dd.read", "id#")->knows_around = true; /* nothing is written */
        begin_run(1, cases[i].raise);
        const enum mr_code code = mr_rehearse_check(&run, &nontransactional, &p.err);
        if (cases[i].why != NULL)
            refused_for(code, cases[i].why);
        else
            assert_int_equal(code, MR_OK);
        assert_int_equal(nontransactional.count, cases[i].nontransactional);
        if (nontransactional.count > 0) {
            const struct mr_rehearse_nontransactional *l = mr_vec_at(&nontransactional, 0);
            assert_string_equal(l->engine, cases[i].engine);
            assert_int_equal(l->rows, 7);
        }
        mr_vec_release(&nontransactional);
        end();
    }
}

static void test_check_fails(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        struct mr_vec nontransactional = MR_VEC_INIT(struct mr_rehearse_nontransactional);
        BEGIN({.has = "SELECT ENGINE", .text = "InnoDB"}, {.has = "log_bin", .text = "0"});
        struct mr_planned_table *t = plan_table("o`dd.t", "id#");
        t->decisions[MR_DECIDE_INSERT] = 1;
        t->knows_around = true;
        begin_run(0, 0);
        world.fail_at = n;
        assert_int_equal(mr_rehearse_check(&run, &nontransactional, &p.err), MR_E_LOST);
        mr_vec_release(&nontransactional);
        end();
    }
}

/* ---- units that are not sent ---- */

static void test_skip(void **state)
{
    static const struct {
        const char *script;
        const char *skipped; /* a digit a unit */
        const char *why;
    } cases[] = {
        {UNIT("1", "3", "INSERT INTO `o``dd`.`t` SELECT 1")
             UNIT("2", "3", "INSERT INTO `o``dd`.`my` SELECT 1")
                 UNIT("3", "3", "UPDATE `o``dd`.`t` SET x = 1, y = '`o``dd`.`my`'"),
         "011", NULL},
        {UNIT("1", "2", "DELETE x FROM `o``dd`.`my` x") UNIT("2", "2", "INSERT INTO `my` SELECT 1"),
         "10", NULL},
        /* a write that nobody found would stay */
        {UNIT("1", "1", "INSERT INTO `o``dd`.`mys` SELECT 1"), "0",
         "\"o`dd.my\" is MyISAM, and the plan does not show"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_vec nontransactional = MR_VEC_INIT(struct mr_rehearse_nontransactional),
                      none = nontransactional;
        bool skip[3] = {false};
        begin(NULL, 0);
        plan_table("o`dd.my", "id#");
        *(struct mr_rehearse_nontransactional *)mr_vec_push(&nontransactional) =
            (struct mr_rehearse_nontransactional){
                .table = &p.tables[0], .engine = "MyISAM", .rows = 1};
        script(cases[i].script);
        const enum mr_code code =
            mr_rehearse_skip(p.script, &p.units, &nontransactional, skip, &p.err);
        if (cases[i].why != NULL)
            refused_for(code, cases[i].why);
        else
            assert_int_equal(code, MR_OK);
        for (size_t k = 0; k < strlen(cases[i].skipped); k++)
            if (skip[k] != (cases[i].skipped[k] == '1'))
                fail_msg("%zu: unit %zu", i, k + 1);
        memset(skip, 0, sizeof skip);
        assert_int_equal(mr_rehearse_skip(p.script, &p.units, &none, skip, &p.err), MR_OK);
        assert_false(skip[0] || skip[1] || skip[2]);
        mr_vec_release(&nontransactional);
        end();
    }
}

/* ---- counters ---- */

static void test_counters(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        unsigned version;
        bool fresh; /* MySQL 8 tells old numbers else */
    } cases[] = {{MR_FLAVOUR_MARIADB, 101119, false},
                 {MR_FLAVOUR_MYSQL, 50744, false},
                 {MR_FLAVOUR_MYSQL, 80000, true}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_vec counters = MR_VEC_INIT(struct mr_rehearse_counter);
        BEGIN(
            {.has = "SELECT CONCAT(TABLE_SCHEMA", .rows = "o`dd.t|18446744073709551615\no`dd.u|1"});
        world.server.flavour = cases[i].flavour;
        world.server.version = cases[i].version;
        begin_run(0, 0);
        assert_int_equal(mr_rehearse_counters(&run, &counters, &p.err), MR_OK);
        assert_int_equal(counters.count, 2);
        const struct mr_rehearse_counter *c = mr_vec_at(&counters, 0);
        assert_string_equal(c->table, "o`dd.t");
        assert_int_equal(c->next, UINT64_MAX);
        assert_int_equal(world_has("stats_expiry = 0"), cases[i].fresh);
        assert_true(world_has("TABLE_SCHEMA IN ('o`dd') ORDER BY 1\n"));
        mr_strbuf_reset(&world.sent);
        p.m.server.ndbs = 0;
        mr_vec_clear(&counters);
        assert_int_equal(mr_rehearse_counters(&run, &counters, &p.err), MR_OK);
        assert_true(world_has("TABLE_SCHEMA IN ('')"));
        mr_vec_release(&counters);
        end();
    }
}

static void moved_is(const struct mr_rehearse_counter *before, size_t nbefore,
                     const struct mr_rehearse_counter *after, size_t nafter, bool json,
                     const char *wanted)
{
    struct mr_vec was = MR_VEC_INIT(struct mr_rehearse_counter), is = was;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < nbefore; i++)
        *(struct mr_rehearse_counter *)mr_vec_push(&was) = before[i];
    for (size_t i = 0; i < nafter; i++)
        *(struct mr_rehearse_counter *)mr_vec_push(&is) = after[i];
    assert_int_equal(mr_rehearse_moved(&was, &is, json, out, &p.err), MR_OK);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, wanted);
    free(text);
    mr_vec_release(&was);
    mr_vec_release(&is);
}

static void test_moved(void **state)
{
    static const struct mr_rehearse_counter before[] = {{"d.a", 5}, {"d.gone", 9}, {"d.b", 7}},
                                            after[] = {{"d.a", 5}, {"d.b", UINT64_MAX}},
                                            fresh[] = {
                                                {"d.new", 1}, {"d.newer", 2}, {"d.\x1b[0m", 3}};
    (void)state;
    begin(NULL, 0);
    moved_is(before, 3, after, 1, false, "");
    moved_is(before, 3, after, 2, false,
             "  d.b: next id 7 -> 18446744073709551615, burnt by the rehearsal or handed out "
             "meanwhile\n");
    moved_is(before, 3, after, 2, true,
             "{\"type\":\"counter_moved\",\"table\":\"d.b\",\"from\":\"7\",\"to\":"
             "\"18446744073709551615\"}\n");
    /* MySQL has no number for a table that never had a row; a terminal gets no escapes */
    moved_is(before, 3, fresh, 2, false,
             "  d.newer: next id 1 -> 2, burnt by the rehearsal or handed out meanwhile\n");
    moved_is(before, 0, &fresh[2], 1, false,
             "  d.\\x1b[0m: next id 1 -> 3, burnt by the rehearsal or handed out meanwhile\n");
    end();
}

/* Nobody is told that nothing moved where it could not be said. */
static void test_full(void **state)
{
    static const struct mr_rehearse_counter now = {"d.a", 5};
    struct mr_vec was = MR_VEC_INIT(struct mr_rehearse_counter), is = was;
    (void)state;
    begin(NULL, 0);
    *(struct mr_rehearse_counter *)mr_vec_push(&is) = now;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(mr_rehearse_moved(&was, &is, false, full, &p.err), MR_E_IO);
    assert_int_equal(mr_rehearse_moved(&was, &was, false, full, &p.err), MR_OK);
    (void)fclose(full);
    mr_vec_release(&is);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check), cmocka_unit_test(test_check_fails),
        cmocka_unit_test(test_skip),  cmocka_unit_test(test_counters),
        cmocka_unit_test(test_moved), cmocka_unit_test(test_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
