/* test_history_reuse.c: what is asked of logs only to prove that numbers are one does not end a collection, and where two
 * histories part is told of the logs that were meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/logs/shared_split.h"
#include "recon/history/history_reuse.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static enum mr_code look_code;
static bool has_looked;
static char warnings[1024];

enum mr_code __wrap_mr_shared_gtids_look(struct mr_shared_gtids *shared,
                                         const struct mr_endpoint *ep,
                                         const struct mr_db_opts *opts, struct mr_err *err);
enum mr_code __wrap_mr_shared_gtids_look(struct mr_shared_gtids *shared,
                                         const struct mr_endpoint *ep,
                                         const struct mr_db_opts *opts, struct mr_err *err)
{
    (void)shared;
    (void)opts;
    assert_non_null(ep);
    return look_code == MR_OK ? MR_OK : mr_err_set(err, look_code, "no key for it");
}

enum mr_code __wrap_mr_shared_split_find(struct mr_gtid_logs logs[2], const bool own_clock[2],
                                         const struct mr_gtid *two, struct mr_arena *arena,
                                         struct mr_shared_split *split, struct mr_err *err);
enum mr_code __wrap_mr_shared_split_find(struct mr_gtid_logs logs[2], const bool own_clock[2],
                                         const struct mr_gtid *two, struct mr_arena *arena,
                                         struct mr_shared_split *split, struct mr_err *err)
{
    (void)logs;
    (void)own_clock;
    (void)arena;
    (void)err;
    has_looked = true;
    *split = (struct mr_shared_split){.first = *two, .log = {"s.1", "t.1"}, .at = {4, 5}};
    return MR_OK;
}

void __wrap_mr_log_warning(const char *fmt, ...);
void __wrap_mr_log_warning(const char *fmt, ...)
{
    const size_t len = strlen(warnings);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(warnings + len, sizeof warnings - len, fmt, args);
    va_end(args);
}

/* Both sides have 0-1-100, changed at a second by each. */
static void init(struct mr_shared_gtids shared[MR_SIDES], uint32_t when)
{
    struct mr_history_executed servers[2] = {
        {.is_mariadb = true, .has_gtids = true, .server_id = 1, .uuid = ""},
        {.is_mariadb = true, .has_gtids = true, .server_id = 2, .uuid = ""}};
    const struct mr_gtid gtid = {.family = MR_GTID_OF_MARIADB, .server = 1, .sequence = 100};
    const struct mr_binlog_map map = {.table = {.db = "d", .name = "t"}};
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        servers[side].executed = "0-1-100";
        servers[side].position = "";
    }
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_binlog_event event = {.when = side == MR_SOURCE ? 5 : when};
        struct mr_binlog_step step = {.event = &event, .gtid = &gtid, .map = &map};
        mr_shared_gtids_init(&shared[side]);
        assert_int_equal(
            mr_shared_gtids_find(&shared[side], &servers[side], &servers[1 - side], NULL), MR_OK);
        if (when == 0)
            continue;
        step.kind = MR_STEP_BEGIN;
        mr_shared_gtids_take(&shared[side], &step);
        step.kind = MR_STEP_ROWS;
        mr_shared_gtids_take(&shared[side], &step);
        step.kind = MR_STEP_COMMIT;
        mr_shared_gtids_take(&shared[side], &step);
    }
}

static enum mr_code check(bool is_file, uint32_t when, struct mr_err *err)
{
    const struct mr_endpoint ep = {.host = "db"};
    const struct mr_history_logs logs[MR_SIDES] = {{.ep = is_file ? NULL : &ep, .of = &ep},
                                                   {.ep = &ep, .of = &ep}};
    struct mr_shared_gtids shared[MR_SIDES];
    struct mr_arena arena = MR_ARENA_INIT;
    *err = (struct mr_err){0};
    warnings[0] = '\0';
    has_looked = false;
    init(shared, when);
    const enum mr_code code = mr_history_reuse_check_shared(shared, logs, &arena, err);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        mr_shared_gtids_release(&shared[side]);
    mr_arena_release(&arena);
    return code;
}

static void test_unreadable(void **state)
{
    static const struct {
        enum mr_code look, of_server, of_file;
    } looks[] = {{MR_E_BINLOG, MR_OK, MR_OK},
                 {MR_E_UNSUPPORTED, MR_OK, MR_OK},
                 {MR_E_SQL, MR_OK, MR_OK},
                 {MR_E_NO_SUCH, MR_OK, MR_OK},
                 {MR_E_LOST, MR_E_LOST, MR_E_LOST},
                 {MR_E_CANCELLED, MR_E_CANCELLED, MR_E_CANCELLED},
                 {MR_E_NOMEM, MR_E_NOMEM, MR_E_NOMEM}};
    (void)state;
    for (size_t i = 0; i < LEN(looks); i++) {
        struct mr_err err;
        look_code = looks[i].look;
        assert_int_equal(check(false, 0, &err), looks[i].of_server);
        if (looks[i].of_server == MR_OK) {
            assert_non_null(strstr(warnings, "logs of the source"));
            assert_non_null(strstr(warnings, "no key for it"));
            assert_non_null(strstr(warnings, "0-1-100 is not proved"));
        }
        assert_int_equal(check(true, 0, &err), looks[i].of_file);
    }
    look_code = MR_OK;
}

/* A file's place is none in the logs of the server that stands there now. */
static void test_places(void **state)
{
    struct mr_err err;
    (void)state;
    assert_int_equal(check(false, 5, &err), MR_OK);
    assert_string_equal(warnings, "");
    assert_int_equal(check(false, 6, &err), MR_E_REFUSED);
    assert_true(has_looked);
    assert_non_null(strstr(err.hint, "--split source=s.1:4,target=t.1:5"));
    assert_int_equal(check(true, 6, &err), MR_E_REFUSED);
    assert_false(has_looked);
    assert_non_null(strstr(err.hint, "before 1970-01-01 00:00:05 UTC: --split source=FILE:POS"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unreadable),
                                       cmocka_unit_test(test_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
