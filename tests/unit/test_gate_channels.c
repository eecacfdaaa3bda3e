/* test_gate_channels.c: GTIDs that a server does not tell, and rows that are no channel; what
 * a server answers is ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/gate/gate_channels.h"

static struct mr_server server;
static enum mr_code answer;
static unsigned number;

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err);

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    (void)db;
    return &server;
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err)
{
    (void)db;
    (void)sql;
    if (answer == MR_OK) {
        mr_strbuf_add_str(out, "0-1-100");
        return MR_OK;
    }
    (void)mr_err_set(err, answer, "no");
    err->sql_errno = number;
    return answer;
}

/* Only a server that knows no such variable has none: the others' are not known, and a set
 * that is empty would be taken for GTIDs that are not in use. */
static void test_not_told(void **state)
{
    static const struct {
        enum mr_code answer;
        unsigned number;
        enum mr_code want;
    } cases[] = {
        {MR_OK, 0, MR_OK},
        {MR_E_SQL, 1193, MR_OK},
        {MR_E_TIMEOUT, 3024, MR_E_TIMEOUT},
        {MR_E_SQL, 1105, MR_E_SQL},
        {MR_E_LOST, 2013, MR_E_LOST},
    };
    static const enum mr_flavour flavours[] = {MR_FLAVOUR_MARIADB, MR_FLAVOUR_MYSQL};
    const struct mr_gate_link link = {.db = NULL};
    (void)state;
    for (size_t f = 0; f < 2; f++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct mr_arena arena = MR_ARENA_INIT;
            struct mr_err err = {0};
            const char *executed = NULL, *position = NULL;
            server.flavour = flavours[f];
            answer = cases[i].answer;
            number = cases[i].number;
            assert_int_equal(mr_gate_read_gtid(&link, &arena, &executed, &position, &err),
                             cases[i].want);
            if (cases[i].want == MR_OK)
                assert_string_equal(executed, answer == MR_OK ? "0-1-100" : "");
            mr_arena_release(&arena);
        }
}

/* ---- channels ---- */

static const char *const columns[] = {
    "Source_Host",  "Source_Port",     "Replica_IO_Running",         "Replica_SQL_Running",
    "Channel_Name", "Replicate_Do_DB", "Replicate_Ignore_Server_Ids"};
#define COLUMNS (sizeof columns / sizeof *columns)

static const char *const status[][COLUMNS] = {
    {"<NULL>", "0", "No", "No", "group_replication_recovery", "", ""},
    {"", "0", "No", "Yes", "group_replication_applier", "", ""},
    {NULL, "0", "No", "No", "nobody", "", ""},
    {"db2", "3306", "Yes", "Yes", "from_db2", "", "7, 9"},
};
static size_t at;

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err);
const struct mr_cell *__wrap_mr_result_next(struct mr_result *res);
size_t __wrap_mr_result_columns(const struct mr_result *res);
const char *__wrap_mr_result_column_name(const struct mr_result *res, size_t column);
void __wrap_mr_result_free(struct mr_result *res);

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err)
{
    (void)db, (void)shape, (void)sql, (void)len, (void)err;
    *out = NULL;
    at = 0;
    return MR_OK;
}

const struct mr_cell *__wrap_mr_result_next(struct mr_result *res)
{
    static struct mr_cell cells[COLUMNS];
    (void)res;
    if (at == sizeof status / sizeof *status)
        return NULL;
    for (size_t c = 0; c < COLUMNS; c++)
        cells[c] =
            (struct mr_cell){status[at][c], status[at][c] != NULL ? strlen(status[at][c]) : 0};
    at++;
    return cells;
}

size_t __wrap_mr_result_columns(const struct mr_result *res)
{
    (void)res;
    return COLUMNS;
}

const char *__wrap_mr_result_column_name(const struct mr_result *res, size_t column)
{
    (void)res;
    return columns[column];
}

void __wrap_mr_result_free(struct mr_result *res)
{
    (void)res;
}

/* The channels of a group have no source, and none that could have stopped. */
static void test_group(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_facts facts = {0};
    struct mr_err err = {0};
    const struct mr_gate_link link = {.db = NULL};
    (void)state;
    server.flavour = MR_FLAVOUR_MYSQL;
    server.version = 80040;
    assert_int_equal(mr_gate_read_channels(&link, &arena, &facts, &err), MR_OK);
    assert_int_equal(facts.nchannels, 1);
    assert_string_equal(facts.channels[0].host, "db2");
    assert_string_equal(facts.channels[0].name, "from_db2");
    /* events of those servers do not arrive */
    assert_string_equal(facts.channels[0].filters, "Replicate_Ignore_Server_Ids 7, 9");
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_not_told),
                                       cmocka_unit_test(test_group)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
