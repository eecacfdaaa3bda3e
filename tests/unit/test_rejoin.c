/* test_rejoin.c: what is in the way of a rejoin, and how far a target is, by what it shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/rejoin/rejoin_facts.h"
#include "repair/rejoin/rejoin_plan.h"

static const struct mr_rejoin_facts good = {.is_same_family = true,
                                            .old_has_gtids = true,
                                            .live_has_gtids = true,
                                            .live_logs = true,
                                            .live_logs_applied = true,
                                            .is_read_only = true,
                                            .live_has_all = true};

/* Each fact alone is in the way, under its own name. */
static void test_each_fact(void **state)
{
    (void)state;
    struct mr_rejoin_facts f[MR_REJOIN_BARS];
    for (int i = 0; i < MR_REJOIN_BARS; i++)
        f[i] = good;
    f[MR_REJOIN_BAR_FAMILY].is_same_family = false;
    f[MR_REJOIN_BAR_GTIDS_OLD].old_has_gtids = false;
    f[MR_REJOIN_BAR_GTIDS_LIVE].live_has_gtids = false;
    f[MR_REJOIN_BAR_SAME_ID].is_same_id = true;
    f[MR_REJOIN_BAR_LIVE_LOG].live_logs = false;
    f[MR_REJOIN_BAR_LIVE_APPLIED].is_mariadb = true;
    f[MR_REJOIN_BAR_LIVE_APPLIED].live_logs_applied = false;
    f[MR_REJOIN_BAR_LIVE_FOLLOWS].live_follows = MR_REJOIN_SOME;
    f[MR_REJOIN_BAR_OLD_FOLLOWS].old_follows = MR_REJOIN_SOME;
    f[MR_REJOIN_BAR_REPLICAS].replicas = MR_REJOIN_SOME;
    f[MR_REJOIN_BAR_WRITABLE].is_read_only = false;
    f[MR_REJOIN_BAR_SUPER].is_super_read_only = true;
    f[MR_REJOIN_BAR_WRITERS].writers = MR_REJOIN_SOME;
    f[MR_REJOIN_BAR_TRANSACTIONS].transactions = MR_REJOIN_SOME;
    f[MR_REJOIN_BAR_PREPARED].prepared = MR_REJOIN_SOME;
    f[MR_REJOIN_BAR_EVENTS].events = MR_REJOIN_SOME;
    f[MR_REJOIN_BAR_UNSEEN_REPLICATION].old_follows = MR_REJOIN_UNSEEN;
    f[MR_REJOIN_BAR_UNSEEN_SESSIONS].writers = MR_REJOIN_UNSEEN;
    f[MR_REJOIN_BAR_UNSEEN_PREPARED].prepared = MR_REJOIN_UNSEEN;
    f[MR_REJOIN_BAR_UNSEEN_EVENTS].events = MR_REJOIN_UNSEEN;
    f[MR_REJOIN_BAR_LIVE_PURGED].live_has_all = false;
    for (enum mr_rejoin_bar bar = MR_REJOIN_FREE; bar < MR_REJOIN_BARS; bar++) {
        struct mr_err err = {0};
        f[bar].who = "somebody";
        assert_int_equal(mr_rejoin_decide(&f[bar]), bar);
        assert_int_equal(mr_rejoin_refuse(bar, &f[bar], &err),
                         bar == MR_REJOIN_FREE ? MR_OK : MR_E_REFUSED);
        assert_true(bar == MR_REJOIN_FREE ||
                    (err.message[0] != '\0' && strlen(err.hint) > strlen("Nothing was changed. ")));
    }
}

/* What is unseen counts on either side; MySQL needs no log of what was applied. */
static void test_others(void **state)
{
    (void)state;
    struct mr_rejoin_facts f = good;
    f.live_logs_applied = false;
    assert_int_equal(mr_rejoin_decide(&f), MR_REJOIN_FREE);
    f.live_follows = MR_REJOIN_UNSEEN;
    assert_int_equal(mr_rejoin_decide(&f), MR_REJOIN_BAR_UNSEEN_REPLICATION);
    f = good;
    f.replicas = MR_REJOIN_UNSEEN;
    assert_int_equal(mr_rejoin_decide(&f), MR_REJOIN_BAR_UNSEEN_SESSIONS);
    f = good;
    f.transactions = MR_REJOIN_UNSEEN;
    assert_int_equal(mr_rejoin_decide(&f), MR_REJOIN_BAR_UNSEEN_SESSIONS);
}

#define U "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define V "4e11fa47-71ca-11e1-9e33-c80aa9429562"

static void test_stages(void **state)
{
    (void)state;
    const struct mr_rejoin_plan mysql = {
        .executed = U ":1-9", .own = U ":8-9", .position = U ":1-7"};
    const struct mr_rejoin_plan none = {.executed = U ":1-9", .own = "", .position = U ":1-9"};
    const struct mr_rejoin_plan mariadb = {
        .is_mariadb = true, .executed = "0-1-9", .own = "0-1-8..9", .position = "0-1-7"};
    const struct mr_rejoin_plan unlogged = {
        .is_mariadb = true, .executed = "", .own = "", .position = "0-2-7"};
    const struct {
        const struct mr_rejoin_plan *plan;
        struct mr_rejoin_now now;
        enum mr_rejoin_stage want;
    } cases[] = {
        {&mysql, {U ":1-9", "", false, false, false, NULL, false}, MR_REJOIN_STAGE_ROWS},
        {&mysql, {U ":1-10", "", false, false, false, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&mysql, {U ":1-9", "", true, false, false, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&mysql, {U ":1-9", "", false, true, false, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&mysql, {"", "", false, false, false, NULL, false}, MR_REJOIN_STAGE_EMPTY},
        {&mysql, {U ":1-7", "", false, false, false, NULL, false}, MR_REJOIN_STAGE_PLACED},
        {&mysql, {U ":1-7", "", true, false, false, NULL, false}, MR_REJOIN_STAGE_POINTED},
        {&mysql, {U ":1-7," V ":1", "", true, false, true, NULL, false}, MR_REJOIN_STAGE_RUNS},
        {&mysql, {U ":1-6", "", true, false, true, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&mysql, {U ":1-9," V ":1", "", true, false, true, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&mysql, {U ":1-8," V ":1", "", true, false, true, NULL, false}, MR_REJOIN_STAGE_RUNS},
        {&none, {U ":1-9", "", false, false, false, NULL, false}, MR_REJOIN_STAGE_PLACED},
        {&none, {"", "", false, false, false, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&none, {U ":1-10", "", false, false, false, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&none, {U ":1-9", "", true, false, true, NULL, false}, MR_REJOIN_STAGE_RUNS},
        {&unlogged, {"", "0-2-7", false, false, false, NULL, false}, MR_REJOIN_STAGE_PLACED},
        {&unlogged, {"", "0-2-8", false, false, false, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&unlogged, {"0-1-8", "0-2-7", false, false, false, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&unlogged, {"", "0-2-7", true, false, false, NULL, false}, MR_REJOIN_STAGE_POINTED},
        {&unlogged, {"", "0-2-9", true, false, true, NULL, false}, MR_REJOIN_STAGE_RUNS},
        {&mariadb, {"0-1-9", "", false, false, false, NULL, false}, MR_REJOIN_STAGE_ROWS},
        {&mariadb, {"0-1-10", "", false, false, false, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&mariadb, {"", "0-7-3", false, false, false, NULL, false}, MR_REJOIN_STAGE_EMPTY},
        {&mariadb, {"", "0-1-7", false, false, false, NULL, false}, MR_REJOIN_STAGE_PLACED},
        {&mariadb, {"", "0-1-7", true, false, false, NULL, false}, MR_REJOIN_STAGE_POINTED},
        {&mariadb, {"0-2-9", "0-2-9", true, false, true, NULL, false}, MR_REJOIN_STAGE_RUNS},
        {&mariadb, {"0-1-9", "", true, false, true, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&mariadb,
         {"0-1-9,0-2-9", "0-2-9", true, false, true, NULL, false},
         MR_REJOIN_STAGE_STRANGE},
        {&mariadb, {"", "0-2-9", true, false, true, NULL, false}, MR_REJOIN_STAGE_RUNS},
        {&mariadb, {"", "0-2-9", false, false, false, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&mariadb, {"", "0-1-7,5-2-1", false, false, false, NULL, false}, MR_REJOIN_STAGE_STRANGE},
        {&mariadb, {"", "0-1-8", false, false, false, NULL, false}, MR_REJOIN_STAGE_EMPTY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum mr_rejoin_stage stage = 0;
        assert_int_equal(mr_rejoin_stage(cases[i].plan, &cases[i].now, &stage, NULL), MR_OK);
        assert_int_equal(stage, cases[i].want);
    }
}

/* What it executed beside that is no reset. */
static void test_keeps_history(void **state)
{
    (void)state;
    const struct mr_rejoin_plan mysql = {
        .executed = U ":1-9", .own = U ":8-9", .position = U ":1-7"};
    const struct mr_rejoin_plan mariadb = {
        .is_mariadb = true, .executed = "0-1-9", .own = "0-1-8..9", .position = "0-1-7"};
    const struct {
        const struct mr_rejoin_plan *plan;
        struct mr_rejoin_now now;
        bool keeps;
    } cases[] = {
        {&mysql, {U ":1-9", "", false, false, false, NULL, false}, true},
        {&mysql, {U ":1-10," V ":1", "", false, false, false, NULL, false}, true},
        {&mysql, {U ":1-10", "", false, true, false, NULL, false}, false},
        {&mysql, {U ":1-10", "", true, false, false, NULL, false}, false},
        {&mysql, {U ":1-7", "", false, false, false, NULL, false}, false},
        {&mysql, {U ":1-8", "", false, false, false, NULL, false}, false},
        {&mysql, {"", "", false, false, false, NULL, false}, false},
        {&mariadb, {"0-1-10", "", false, false, false, NULL, false}, true},
        {&mariadb, {"0-1-9,0-3-10", "", false, false, false, NULL, false}, true},
        {&mariadb, {"0-1-1", "0-1-7", false, false, false, NULL, false}, false},
        {&mariadb, {"", "0-1-7", false, false, false, NULL, false}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool keeps = !cases[i].keeps;
        assert_int_equal(mr_rejoin_keeps_history(cases[i].plan, &cases[i].now, &keeps, NULL),
                         MR_OK);
        assert_int_equal(keeps, cases[i].keeps);
    }
}

static void says(const struct mr_rejoin_plan *plan, enum mr_rejoin_step step, const char *password,
                 const char *want)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_rejoin_statement(plan, step, password, &text);
    assert_string_equal(text.ptr, want);
    mr_strbuf_release(&text);
}

static void test_statements(void **state)
{
    (void)state;
    struct mr_rejoin_plan p = {
        .is_mariadb = true, .host = "live", .port = 3307, .user = "repl", .position = "0-1-7"};
    says(&p, MR_REJOIN_RESET, NULL, "RESET MASTER");
    says(&p, MR_REJOIN_POSITION, NULL, "SET GLOBAL gtid_slave_pos = '0-1-7'");
    says(&p, MR_REJOIN_POINT, "hush",
         "CHANGE MASTER TO MASTER_HOST = 'live', MASTER_PORT = 3307, MASTER_USER = 'repl', "
         "MASTER_PASSWORD = 'hush', MASTER_SSL = 0, MASTER_USE_GTID = slave_pos");
    says(&p, MR_REJOIN_START, NULL, "START SLAVE");
    p.is_mariadb = false;
    says(&p, MR_REJOIN_POINT, NULL,
         "CHANGE MASTER TO MASTER_HOST = 'live', MASTER_PORT = 3307, MASTER_USER = 'repl', "
         "MASTER_SSL = 0, MASTER_AUTO_POSITION = 1");
    p.asks_key = true; /* 8.0.4 */
    says(&p, MR_REJOIN_POINT, NULL,
         "CHANGE MASTER TO MASTER_HOST = 'live', MASTER_PORT = 3307, MASTER_USER = 'repl', "
         "MASTER_SSL = 0, MASTER_AUTO_POSITION = 1, GET_MASTER_PUBLIC_KEY = 1");
    p.tls = true;
    says(&p, MR_REJOIN_POINT, NULL,
         "CHANGE MASTER TO MASTER_HOST = 'live', MASTER_PORT = 3307, MASTER_USER = 'repl', "
         "MASTER_SSL = 1, MASTER_AUTO_POSITION = 1");
    p.tls = p.asks_key = false; /* as an older plan says it */
    p.has_source_words = true;
    says(&p, MR_REJOIN_RESET, NULL, "RESET BINARY LOGS AND GTIDS");
    says(&p, MR_REJOIN_POINT, NULL,
         "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'live', SOURCE_PORT = 3307, SOURCE_USER = "
         "'repl', SOURCE_SSL = 0, SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1");
    says(&p, MR_REJOIN_START, NULL, "START REPLICA");
}

/* Whose history is LIVE's has nothing to reset. */
static void test_sql(void **state)
{
    (void)state;
    struct mr_rejoin_plan p = {.has_source_words = true,
                               .host = "live",
                               .port = 3307,
                               .user = "repl",
                               .executed = U ":1-9",
                               .own = U ":8-9",
                               .position = U ":1-7"};
    for (int i = 0; i < 2; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        assert_int_equal(mr_rejoin_plan_put_sql(&p, &text, NULL), MR_OK);
        assert_int_equal(strstr(text.ptr, "\nRESET BINARY LOGS") != NULL, i == 0);
        assert_int_equal(strstr(text.ptr, "\nSET GLOBAL gtid_purged") != NULL, i == 0);
        assert_non_null(strstr(text.ptr, "\nCHANGE REPLICATION SOURCE TO"));
        assert_non_null(strstr(text.ptr, "\nSTART REPLICA;\n"));
        mr_strbuf_release(&text);
        p.own = "";
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_fact),  cmocka_unit_test(test_others),
        cmocka_unit_test(test_stages),     cmocka_unit_test(test_keeps_history),
        cmocka_unit_test(test_statements), cmocka_unit_test(test_sql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
