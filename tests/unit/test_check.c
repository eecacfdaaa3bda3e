/* test_check.c: when a table is given up, when a run ends, and how long it sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "check_world.h"
#include "core/base/signals.h"
#include "core/db/grants_internal.h"

static double now;
static unsigned naps;

double __wrap_mr_clock_now_s(void);
double __wrap_mr_clock_now_s(void)
{
    return now;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)left;
    now += (double)time->tv_sec + (double)time->tv_nsec / 1e9;
    naps++;
    return 0;
}

/* ---- what ends what */

static void test_fatal(void **state)
{
    static const enum mr_code fatal[] = {MR_E_CANCELLED, MR_E_NOMEM,      MR_E_CASE,
                                         MR_E_IO,        MR_E_CASE_OTHER, MR_E_BUG};
    size_t found = 0;
    (void)state;
    for (size_t i = 0; i < LEN(fatal); i++)
        assert_true(mr_check_is_fatal(fatal[i]));
    for (int code = MR_OK; code < MR_CODE_COUNT; code++)
        found += mr_check_is_fatal((enum mr_code)code);
    /* all others leave the other tables */
    assert_int_equal(found, LEN(fatal));
}

static void test_give_up(void **state)
{
    static const struct {
        const char *what;
        enum mr_code code;
        unsigned sql_errno;
        const char *hint;
        const char *source, *target; /* grants */
        const char *reason;
        bool lost;
    } cases[] = {
        {"a statement", MR_E_SQL, 1146, "", NULL, NULL, "it failed", false},
        {"a server", MR_E_LOST, 2013, "", NULL, NULL, "it failed", true},
        {"no way to it", MR_E_CONNECT, 2002, "", NULL, NULL, "it failed", true},
        /* whoever kills a statement has not ended the server */
        {"a killed statement", MR_E_LOST, 1317, "", NULL, NULL, "it failed", false},
        {"a right, with a hint", MR_E_DENIED, 1142, "Ask.", NULL, NULL, "it failed; Ask.", false},
        {"a right that one side lacks", MR_E_DENIED, 1142, "", "GRANT SELECT ON *.* TO a@b",
         "GRANT USAGE ON *.* TO a@b",
         "it failed; on the target run: GRANT SELECT ON `club2`.`o``dd` TO 'a'@'b'", false},
        {"that both lack", MR_E_DENIED, 1142, "", "GRANT USAGE ON *.* TO a@b",
         "GRANT USAGE ON *.* TO a@b",
         "it failed; on the source run: GRANT SELECT ON `club`.`o``dd` TO 'a'@'b'; on the target "
         "run: GRANT SELECT ON `club2`.`o``dd` TO 'a'@'b'",
         false},
        {"and grants that are not known", MR_E_DENIED, 1142, "", NULL, NULL, "it failed", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0}, second = {0};
        const char *const lines[MR_SIDES] = {cases[i].source, cases[i].target};
        world_begin(&w);
        graph_table(&w.g, "o`dd", "id", NULL);
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            if (lines[side] == NULL)
                continue;
            w.g.servers[side].grants = mr_grants_new("a@b", false);
            world_require(mr_grants_add_line(w.g.servers[side].grants, lines[side],
                                             strlen(lines[side]), NULL));
        }
        world_plan(&w, "");
        struct mr_pair *table = world_pair(&w, 0);
        table->find.verdict = MR_VERDICT_EQUAL;
        table->find.settled = true;
        (void)mr_err_set(&err, cases[i].code, "it failed");
        if (i % 2 == 1) /* as of a reader, which says so of its table */
            mr_err_context(&err, "table \"%s\"", table->find.name);
        err.sql_errno = cases[i].sql_errno;
        if (*cases[i].hint != '\0')
            mr_err_hint(&err, "%s", cases[i].hint);
        mr_check_give_up(&w.check, table, &err);
        if (strcmp(table->find.reason, cases[i].reason) != 0)
            fail_msg("%s: %s", cases[i].what, table->find.reason);
        assert_true(atomic_load(&table->failed));
        assert_int_equal(table->find.verdict, MR_VERDICT_NOT_CHECKED);
        assert_false(table->find.settled);
        assert_int_equal(atomic_load(&w.check.lost), cases[i].lost);

        /* the first reason is kept, and yet a server that is lost is noticed */
        (void)mr_err_set(&second, MR_E_LOST, "another one");
        mr_check_give_up(&w.check, table, &second);
        assert_string_equal(table->find.reason, cases[i].reason);
        assert_true(atomic_load(&w.check.lost));
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            mr_grants_free(w.g.servers[side].grants);
        world_end(&w);
    }
}

static void test_connections(void **state)
{
    static const struct {
        enum mr_code code;
        unsigned sql_errno;
        bool hinted;
    } cases[] = {
        {MR_E_CONNECT, 1040, true}, /* too many connections */
        {MR_E_CONNECT, 2002, false},
        {MR_OK, 1040, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_err err = {.code = cases[i].code, .sql_errno = cases[i].sql_errno};
        mr_check_hint_connections(cases[i].code, &err);
        assert_int_equal(strstr(err.hint, "--threads") != NULL, cases[i].hinted);
    }
}

/* ---- time */

static void test_settle_time(void **state)
{
    static const struct {
        bool snapshot[MR_SIDES];
        double seconds;
    } cases[] = {
        {{false, false}, 2.5},
        {{true, false}, 2.5},
        {{false, true}, 2.5},
        {{true, true}, 0}, /* neither moves */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        graph_table(&w.g, "t", "id", NULL);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            if (cases[i].snapshot[side])
                world_snapshot(&w, (enum mr_side)side);
        world_plan(&w, "");
        w.options.settle_ms = 2500;
        assert_true(mr_check_settle_s(&w.check) == cases[i].seconds);
        world_end(&w);
    }
}

static void test_sleep(void **state)
{
    struct mr_err err = {0};
    (void)state;
    now = 1000;
    naps = 0;
    assert_int_equal(mr_check_sleep(0, NULL, &err), MR_OK);
    assert_int_equal(naps, 0);
    assert_int_equal(mr_check_sleep(1, NULL, &err), MR_OK);
    assert_in_range(naps, 49, 51);
    /* last: the flag stays */
    mr_cancel();
    naps = 0;
    assert_int_equal(mr_check_sleep(1000, NULL, &err), MR_E_CANCELLED);
    assert_int_equal(naps, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fatal),       cmocka_unit_test(test_give_up),
        cmocka_unit_test(test_connections), cmocka_unit_test(test_settle_time),
        cmocka_unit_test(test_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
