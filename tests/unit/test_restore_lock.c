/* test_restore_lock.c: a second restore into a database is refused, whatever letters it writes
 * the name in; a server without such locks refuses nobody. */
#include "restore_world.h"

#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/signals.h"

static double now_s;
static bool cancel_in_sleep;
static bool cancelled;

double __wrap_mr_clock_now_s(void);
double __wrap_mr_clock_now_s(void)
{
    return now_s;
}

int __wrap_usleep(useconds_t us);
int __wrap_usleep(useconds_t us)
{
    now_s += us / 1e6;
    cancelled = cancel_in_sleep;
    return 0;
}

bool __wrap_mr_is_cancelled(void);
bool __wrap_mr_is_cancelled(void)
{
    return cancelled;
}

static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"},
    {.kind = MR_OBJECT_DATABASE, .db = "shop", .name = "shop"}};

static void begin(const struct world_answer *script, size_t count)
{
    world_begin(script, count);
    restore_begin(NULL, 0, objects, LEN(objects));
    now_s = 100;
    cancelled = cancel_in_sleep = false;
}

static void end(void)
{
    restore_end();
    world_end();
}

static void test_answers(void **state)
{
    static const struct {
        const char *what;
        struct world_answer script[2];
        enum mr_code code;
        unsigned asked;
        const char *said;
    } rows[] = {
        {"free", {{.has = "GET_LOCK", .text = "1 7"}, {.has = "-"}}, MR_OK, 2, NULL},
        {"free after a second",
         {{.has = "GET_LOCK", .text = "0 42", .times = 5}, {.has = "GET_LOCK", .text = "1 7"}},
         MR_OK,
         7,
         NULL},
        {"never free",
         {{.has = "GET_LOCK", .text = "0 42"}, {.has = "-"}},
         MR_E_REFUSED,
         26,
         "database \"club\" is at work: connection 42"},
        {"without such locks", {{.has = "GET_LOCK", .text = ""}, {.has = "-"}}, MR_OK, 2, NULL},
        {"not to be asked",
         {{.has = "GET_LOCK", .code = MR_E_SQL, .number = 1305}, {.has = "-"}},
         MR_OK,
         2,
         NULL},
        {"lost",
         {{.has = "GET_LOCK", .code = MR_E_LOST, .number = 2013}, {.has = "-"}},
         MR_E_LOST,
         1,
         "the server has failed"},
        {"lost while it waits",
         {{.has = "GET_LOCK", .text = "0 42", .times = 1},
          {.has = "GET_LOCK", .code = MR_E_LOST, .number = 2013}},
         MR_E_LOST,
         2,
         "the server has failed"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        begin(rows[i].script, LEN(rows[i].script));
        enum mr_code code = mr_restore_lock(&restore.r, &err);
        if (code != rows[i].code || world.asked != rows[i].asked ||
            (rows[i].said != NULL && strstr(err.message, rows[i].said) == NULL))
            fail_msg("%s: %d after %u: %s", rows[i].what, (int)code, world.asked, err.message);
        end();
    }
}

/* The name of a lock is the database's, as its server tells names apart; of servers that have
 * one lock a connection the first stands for all. */
static void test_names(void **state)
{
    static const struct world_answer script[] = {{.has = "GET_LOCK", .text = "1 7"}};
    static const struct {
        const char *a, *b;
        char lower;
        bool same;
    } rows[] = {{"club", "Club", 0, false},
                {"club", "CLUB", 1, true},
                {"club", "CLUB", 2, true},
                {"club", "clubs", 1, false},
                {"club", "club", 0, true}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        begin(script, LEN(script));
        world.server.lower_case_table_names = rows[i].lower;
        restore.dbs[0].to = rows[i].a;
        restore.dbs[1].to = rows[i].b;
        assert_int_equal(mr_restore_lock(&restore.r, NULL), MR_OK);
        const char *first = strstr(world_sent(), "'myrecon.restore.");
        const char *second = strstr(strchr(world_sent(), '\n'), "'myrecon.restore.");
        assert_int_equal(memcmp(first, second, 50) == 0, rows[i].same);
        assert_true(first[sizeof "'myrecon.restore." - 1 + 32] == '\'');
        end();
    }
    static const struct {
        enum mr_flavour flavour;
        unsigned version, locks;
    } servers[] = {
        {MR_FLAVOUR_MYSQL, 50704, 1}, {MR_FLAVOUR_MYSQL, 50705, 2}, {MR_FLAVOUR_MARIADB, 50500, 2}};
    for (size_t i = 0; i < LEN(servers); i++) {
        begin(script, LEN(script));
        world.server.flavour = servers[i].flavour;
        world.server.version = servers[i].version;
        assert_int_equal(mr_restore_lock(&restore.r, NULL), MR_OK);
        assert_int_equal(world.asked, servers[i].locks);
        end();
    }
}

static void test_cancelled(void **state)
{
    static const struct world_answer script[] = {{.has = "GET_LOCK", .text = "0 42"}};
    struct mr_err err = {0};
    (void)state;
    begin(script, LEN(script));
    cancel_in_sleep = true;
    assert_int_equal(mr_restore_lock(&restore.r, &err), MR_E_CANCELLED);
    assert_int_equal(world.asked, 2);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_cancelled)};
    return cmocka_run_group_tests_name("restore_lock", tests, NULL, NULL);
}
