/* test_gate_channels.c: GTIDs that a server does not tell; mr_db_query_text is ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "recon/gate/gate_channels.h"

static struct mr_server server;
static enum mr_code answer;
static unsigned number;

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql,
                                     struct mr_strbuf *out, struct mr_err *err);

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    (void)db;
    return &server;
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql,
                                     struct mr_strbuf *out, struct mr_err *err)
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_not_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
