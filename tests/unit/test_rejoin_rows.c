/* test_rejoin_rows.c: a right that is lacking to read the logs of one side is told by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/logs/server_logs.h"
#include "core/logs/shared_gtids.h"
#include "repair/planning/rejoin_rows.h"

static struct mr_server server;
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
    for (uint32_t i = 0; i < 2; i++)
        servers->executed[i] = (struct mr_history_executed){.is_mariadb = true,
                                                            .has_gtids = true,
                                                            .server_id = i + 1,
                                                            .uuid = "",
                                                            .executed = "0-1-9",
                                                            .position = ""};
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rights)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
