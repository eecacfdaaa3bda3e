/* test_rejoin_rows.c: a right that is lacking to read the logs of one side is told by name; from where on a target goes on
 * that has applied what it did not log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/logs/archive_head.h"
#include "core/logs/server_logs.h"
#include "core/logs/shared_gtids.h"
#include "repair/planning/rejoin_rows.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static struct mr_server server;
static struct mr_history_executed executed[2]; /* LIVE, OLD */
static const char *before = "";                /* the first log */
static int looks, denied_at;
static enum mr_code code_of_look;

enum mr_code __wrap_mr_db_open(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                               struct mr_db **out, struct mr_err *err);
enum mr_code __wrap_mr_db_open(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                               struct mr_db **out, struct mr_err *err)
{
    (void)ep;
    (void)opts;
    (void)err;
    *out = (struct mr_db *)&server;
    return MR_OK;
}

void __wrap_mr_db_close(struct mr_db *db);
void __wrap_mr_db_close(struct mr_db *db)
{
    (void)db;
}

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    (void)db;
    return &server;
}

enum mr_code __wrap_mr_rejoin_facts_read(struct mr_rejoin_servers *servers,
                                         struct mr_rejoin_facts *facts, struct mr_err *err);
enum mr_code __wrap_mr_rejoin_facts_read(struct mr_rejoin_servers *servers,
                                         struct mr_rejoin_facts *facts, struct mr_err *err)
{
    (void)err;
    *facts = (struct mr_rejoin_facts){.is_same_family = true,
                                      .old_has_gtids = true,
                                      .live_has_gtids = true,
                                      .live_logs = true,
                                      .live_logs_applied = true,
                                      .is_read_only = true,
                                      .live_has_all = true};
    memcpy(servers->executed, executed, sizeof executed);
    return MR_OK;
}

enum mr_code __wrap_mr_shared_gtids_look(struct mr_shared_gtids *shared,
                                         const struct mr_endpoint *ep,
                                         const struct mr_db_opts *opts, struct mr_err *err);
enum mr_code __wrap_mr_shared_gtids_look(struct mr_shared_gtids *shared,
                                         const struct mr_endpoint *ep,
                                         const struct mr_db_opts *opts, struct mr_err *err)
{
    (void)shared;
    (void)ep;
    (void)opts;
    return looks++ == denied_at ? mr_err_set(err, code_of_look, "not so") : MR_OK;
}

void __wrap_mr_server_logs_name_rights(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                                       const struct mr_server *of, struct mr_err *err);
void __wrap_mr_server_logs_name_rights(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                                       const struct mr_server *of, struct mr_err *err)
{
    (void)opts;
    assert_ptr_equal(of, &server);
    mr_err_hint(err, "GRANT on %s", ep->host);
}

enum mr_code __wrap_mr_server_logs(struct mr_db *db, struct mr_arena *arena, struct mr_vec *logs,
                                   struct mr_err *err);
enum mr_code __wrap_mr_server_logs(struct mr_db *db, struct mr_arena *arena, struct mr_vec *logs,
                                   struct mr_err *err)
{
    (void)db;
    (void)arena;
    (void)err;
    struct mr_server_log *log = mr_vec_push(logs);
    assert_non_null(log);
    *log = (struct mr_server_log){.name = "bin.000001", .is_last = true};
    return MR_OK;
}

enum mr_code __wrap_mr_archive_head_ask(struct mr_archive_head *head, const struct mr_endpoint *ep,
                                        const struct mr_db_opts *opts, const char *log,
                                        struct mr_err *err);
enum mr_code __wrap_mr_archive_head_ask(struct mr_archive_head *head, const struct mr_endpoint *ep,
                                        const struct mr_db_opts *opts, const char *log,
                                        struct mr_err *err)
{
    (void)ep;
    (void)opts;
    (void)log;
    mr_strbuf_add_str(&head->before, before);
    return mr_strbuf_check(&head->before, "answering", err);
}

enum mr_code __wrap_mr_history_executed_read(struct mr_db *db, struct mr_arena *arena,
                                             struct mr_history_executed *out, struct mr_err *err);
enum mr_code __wrap_mr_history_executed_read(struct mr_db *db, struct mr_arena *arena,
                                             struct mr_history_executed *out, struct mr_err *err)
{
    (void)db;
    (void)arena;
    (void)err;
    *out = executed[1];
    return MR_OK;
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err)
{
    (void)db;
    assert_string_equal(sql, "SELECT @@GLOBAL.gtid_purged");
    mr_strbuf_add_str(out, before);
    return mr_strbuf_check(out, "answering", err);
}

static void is_of(uint32_t side, uint32_t server_id, const char *state, const char *position)
{
    executed[side] = (struct mr_history_executed){.is_mariadb = true,
                                                  .has_gtids = true,
                                                  .server_id = server_id,
                                                  .uuid = "",
                                                  .executed = state,
                                                  .position = position};
}

static void test_rights(void **state)
{
    static const struct {
        enum mr_code code;
        int at;
        const char *context, *hint;
    } looked[] = {{MR_E_DENIED, 0, "logs of the source: not so", "GRANT on live"},
                  {MR_E_DENIED, 1, "logs of the target: not so", "GRANT on old"},
                  {MR_E_LOST, 1, "logs of the target: not so", NULL}};
    static struct mr_plan_options opts = {.source = "mysql://u:p@live:3306",
                                          .target = "mysql://u:p@old:3306"};
    (void)state;
    is_of(0, 1, "0-1-9", "");
    is_of(1, 2, "0-1-9", "");
    for (size_t i = 0; i < sizeof looked / sizeof *looked; i++) {
        static struct mr_planning p;
        struct mr_err err = {0};
        p = (struct mr_planning){.opts = &opts, .arena = MR_ARENA_INIT};
        looks = 0;
        denied_at = looked[i].at;
        code_of_look = looked[i].code;
        assert_int_equal(mr_rejoin_open(&p, &err), looked[i].code);
        assert_string_equal(err.message, looked[i].context);
        assert_true(looked[i].hint == NULL || strcmp(err.hint, looked[i].hint) == 0);
        mr_rejoin_close(&p);
        mr_arena_release(&p.arena);
    }
}

/* The log of OLD, whose id is 2, run by run; how many of its transactions are LIVE's, too, is for `own` to tell. */
static void read_log(struct mr_rewind_select *select, struct mr_history_read *read,
                     const struct mr_gtid *runs)
{
    for (; runs->family != MR_GTID_NONE; runs++)
        for (uint64_t n = runs->sequence > 20 ? runs->sequence - 20 : 1; n <= runs->sequence; n++) {
            struct mr_gtid gtid = *runs;
            const struct mr_binlog_place place = {.log = "bin.000001", .position = 4};
            bool is_own = false;
            gtid.sequence = n;
            assert_int_equal(mr_rewind_select_has(select, &gtid, &place, 0, &is_own, NULL), MR_OK);
            assert_int_equal(mr_gtid_state_add(&read->met_state, &gtid, NULL), MR_OK);
        }
}

#define LOGGED(d, n)                                                                               \
    {                                                                                              \
        .family = MR_GTID_OF_MARIADB, .domain = (d), .server = 2, .sequence = (n)                  \
    }

/* What OLD has applied and not logged is LIVE's, too: then it goes on behind that; or it is nobody's. */
static void test_unlogged(void **state)
{
    static const struct {
        const char *what, *live, *live_pos, *old, *old_pos;
        struct mr_gtid log[4];
        const char *position, *refused;
    } worlds[] = {
        {"split brain at a switch back",
         "0-2-300,0-3-560",
         "0-2-300",
         "0-2-510",
         "0-3-500",
         {LOGGED(0, 300), LOGGED(0, 510)},
         "0-3-500",
         NULL},
        {"two domains",
         "1-1-500,2-2-570,2-3-600",
         "",
         "2-2-590",
         "1-1-500",
         {LOGGED(2, 570), LOGGED(2, 590)},
         "1-1-500,2-2-570",
         NULL},
        {"of a third server that is dead",
         "0-2-300,0-1-500,0-3-510",
         "0-1-500",
         "0-2-300",
         "0-1-505",
         {LOGGED(0, 300)},
         NULL,
         "without logging it what the source does not have: up to 0-1-505"},
        {"applied long before it logged",
         "0-2-300,0-3-310",
         "0-2-300",
         "0-2-305",
         "0-9-200",
         {LOGGED(0, 300), LOGGED(0, 305)},
         "0-2-300",
         NULL},
        {"its own in its position",
         "0-2-300,0-3-310",
         "0-2-300",
         "0-2-305",
         "0-2-305",
         {LOGGED(0, 300), LOGGED(0, 305)},
         "0-2-300",
         NULL},
    };
    static struct mr_plan_options opts = {
        .source = "mysql://u:p@live:3306", .target = "mysql://u:p@old:3306", .discard_lost = true};
    (void)state;
    for (size_t i = 0; i < LEN(worlds); i++) {
        static struct mr_planning p;
        struct mr_err err = {0};
        struct mr_rewind_select select = {.own = NULL};
        struct mr_history_read read = {.first_log = NULL};
        mr_gtid_set_init(&read.met);
        mr_gtid_state_init(&read.met_state);
        p = (struct mr_planning){.opts = &opts, .arena = MR_ARENA_INIT};
        looks = 0;
        denied_at = -1;
        is_of(0, 3, worlds[i].live, worlds[i].live_pos);
        is_of(1, 2, worlds[i].old, worlds[i].old_pos);
        assert_int_equal(mr_rejoin_open(&p, &err), MR_OK);
        assert_int_equal(mr_rejoin_select(&p, &select, &err), MR_OK);
        read_log(&select, &read, worlds[i].log);
        const enum mr_code code = mr_rejoin_check_read(&p, &read, 1, &err);
        if (code != (worlds[i].refused != NULL ? MR_E_REFUSED : MR_OK))
            fail_msg("%s: %d %s", worlds[i].what, (int)code, err.message);
        if (worlds[i].refused != NULL)
            assert_non_null(strstr(err.message, worlds[i].refused));
        else if (strcmp(p.rejoin->plan.position, worlds[i].position) != 0)
            fail_msg("%s: %s", worlds[i].what, p.rejoin->plan.position);
        mr_gtid_set_release(&read.met);
        mr_gtid_state_release(&read.met_state);
        mr_rewind_select_release(&select);
        mr_rejoin_close(&p);
        mr_arena_release(&p.arena);
    }
}

#define U "3e11fa47-71ca-11e1-9e33-c80aa9429562"

/* What LIVE has removed by the time of apply. */
static void test_removed(void **state)
{
    static const struct {
        bool is_mariadb;
        const char *executed, *position, *before;
        bool has_all;
    } worlds[] = {
        {false, U ":1-9", U ":1-7", "", true},
        {false, U ":1-9", U ":1-7", U ":1-7", true},
        {false, U ":1-9", U ":1-7", U ":1-8", false},
        {true, "0-2-510", "0-3-500", "", true},
        {true, "0-2-510", "0-3-500", "0-2-300,0-3-500", true},
        {true, "0-2-510", "0-3-500", "0-2-300,0-3-501", false},
        {true, "0-2-510", "0-3-500", "0-2-300,0-9-200,0-3-400", true},
        {true, "0-2-510", "0-3-500", "0-2-300,0-3-400,7-3-1", false},
        {true, "0-2-510,0-9-600", "0-3-500", "0-9-600,0-3-400", true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(worlds); i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_rejoin_facts facts = {.live_has_all = !worlds[i].has_all};
        struct mr_rejoin_servers servers = {.arena = &arena};
        const struct mr_rejoin_plan plan = {.is_mariadb = worlds[i].is_mariadb,
                                            .executed = worlds[i].executed,
                                            .position = worlds[i].position};
        before = worlds[i].before;
        assert_int_equal(mr_rejoin_facts_read_removed(&servers, &plan, &facts, NULL), MR_OK);
        if (facts.live_has_all != worlds[i].has_all)
            fail_msg("%s: %d", before, (int)facts.live_has_all);
        assert_true(facts.live_has_all || facts.who != NULL);
        mr_arena_release(&arena);
    }
    before = "";
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rights),
                                       cmocka_unit_test(test_unlogged),
                                       cmocka_unit_test(test_removed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
