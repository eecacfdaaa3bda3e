/* test_history_left_out.c: which filters of a server on the way leave out anything that is asked about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/db/log_place.h"
#include "core/db/replica_status.h"
#include "recon/history/history_left_out.h"

enum mr_code __wrap_mr_db_open(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                               struct mr_db **out, struct mr_err *err);
void __wrap_mr_db_close(struct mr_db *db);
const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
enum mr_code __wrap_mr_log_filters_read(struct mr_db *db, struct mr_arena *arena, const char **only,
                                        const char **leaves, struct mr_err *err);
enum mr_code __wrap_mr_replica_status_open(struct mr_db *db, struct mr_replica_status *status,
                                           struct mr_err *err);
bool __wrap_mr_replica_status_next(struct mr_replica_status *status);
void __wrap_mr_replica_status_close(struct mr_replica_status *status);
size_t __wrap_mr_result_column_named(const struct mr_result *res, const char *name);
enum mr_code __wrap_mr_history_scan_gap(struct mr_history_scan *scan, const char *text,
                                        struct mr_err *err);

static struct mr_server servers[2] = {{.flavour = MR_FLAVOUR_MYSQL, .server_id = 1},
                                      {.flavour = MR_FLAVOUR_MYSQL, .server_id = 2}};
static const char *column; /* of the one filter that is set */
static struct mr_cell cell;
static bool is_told;
static char gap[256];

enum mr_code __wrap_mr_db_open(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                               struct mr_db **out, struct mr_err *err)
{
    (void)ep, (void)opts, (void)err;
    *out = (struct mr_db *)&servers[1];
    return MR_OK;
}

void __wrap_mr_db_close(struct mr_db *db)
{
    (void)db;
}

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    return (const struct mr_server *)db;
}

enum mr_code __wrap_mr_log_filters_read(struct mr_db *db, struct mr_arena *arena, const char **only,
                                        const char **leaves, struct mr_err *err)
{
    (void)db, (void)arena, (void)err;
    *only = *leaves = "";
    return MR_OK;
}

enum mr_code __wrap_mr_replica_status_open(struct mr_db *db, struct mr_replica_status *status,
                                           struct mr_err *err)
{
    (void)db, (void)err;
    *status = (struct mr_replica_status){.row = &cell};
    is_told = false;
    return MR_OK;
}

bool __wrap_mr_replica_status_next(struct mr_replica_status *status)
{
    (void)status;
    const bool is = !is_told;
    is_told = true;
    return is;
}

void __wrap_mr_replica_status_close(struct mr_replica_status *status)
{
    (void)status;
}

size_t __wrap_mr_result_column_named(const struct mr_result *res, const char *name)
{
    (void)res;
    return strcmp(name, column) == 0 ? 0 : MR_NO_COLUMN;
}

enum mr_code __wrap_mr_history_scan_gap(struct mr_history_scan *scan, const char *text,
                                        struct mr_err *err)
{
    (void)scan, (void)err;
    (void)snprintf(gap, sizeof gap, "%s", text);
    return MR_OK;
}

static void test_filters(void **state)
{
    static const struct {
        const char *column, *value;
        bool leaves_out;
    } rows[] = {
        {"Replicate_Do_DB", "", false},
        {"Replicate_Do_DB", "club", true},
        {"Replicate_Ignore_DB", "mysql,sys", false},
        {"Replicate_Ignore_DB", "mysql,scratch", true},
        {"Replicate_Ignore_Table", "mysql.rds_history,innodb_memcache.config_options", false},
        {"Replicate_Ignore_Table", "mysql.plugin,Club.visits", true},
        {"Replicate_Ignore_Table", "clubs.visits", false},
        {"Replicate_Wild_Ignore_Table", "mysql.%", false},
        {"Replicate_Wild_Ignore_Table", "mysql.%,cl%.%", true},
        {"Replicate_Wild_Do_Table", "mysql.%", true},
        {"Replicate_Rewrite_DB", "(a,b)", true},
    };
    const struct mr_table club = {.db = "club", .name = "members"};
    struct mr_history_table tables[2] = {{.today = {&club, &club}}, {.why = "it cannot be read"}};
    const struct mr_endpoint ep = {.kind = MR_ENDPOINT_MYSQL};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_history_own own = {.by = MR_OWN_BY_GTID};
        struct mr_err err = {0};
        struct mr_history_scan scan = {
            .side = MR_SOURCE, .tables = tables, .ntables = 2, .own = &own, .arena = &arena};
        const struct mr_history_way way = {.own = (struct mr_db *)&servers[0], .logs = &ep};
        column = rows[i].column;
        cell = (struct mr_cell){.ptr = rows[i].value, .len = strlen(rows[i].value)};
        gap[0] = '\0';
        assert_int_equal(mr_history_left_out_on_way(&scan, &way, &err), MR_OK);
        if ((gap[0] != '\0') != rows[i].leaves_out)
            fail_msg("%s %s: \"%s\"", rows[i].column, rows[i].value, gap);
        mr_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_filters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
