/* test_check_inflight.c: a reader that read uncommitted for a moment reads committed again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "recon/check/check_inflight.h"

static char db; /* stands for a connection */
static char level[80];
static enum mr_code fetched;

struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader);
struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader)
{
    (void)reader;
    return (struct mr_db *)(void *)&db;
}

enum mr_code __wrap_mr_db_exec(struct mr_db *to, const char *sql, size_t len, struct mr_err *err);
enum mr_code __wrap_mr_db_exec(struct mr_db *to, const char *sql, size_t len, struct mr_err *err)
{
    (void)to;
    (void)err;
    assert_true(len < sizeof level);
    memcpy(level, sql, len);
    level[len] = '\0';
    return MR_OK;
}

enum mr_code __wrap_mr_rowset_fetch(struct mr_rowset *set, struct mr_reader *reader,
                                    struct mr_rowhash *hash, const struct mr_key *keys,
                                    size_t nkeys, size_t image_bytes, struct mr_err *err);
enum mr_code __wrap_mr_rowset_fetch(struct mr_rowset *set, struct mr_reader *reader,
                                    struct mr_rowhash *hash, const struct mr_key *keys,
                                    size_t nkeys, size_t image_bytes, struct mr_err *err)
{
    (void)set;
    (void)reader;
    (void)hash;
    (void)keys;
    (void)nkeys;
    (void)image_bytes;
    assert_non_null(strstr(level, "READ UNCOMMITTED"));
    return fetched == MR_OK ? MR_OK : mr_err_set(err, fetched, "it was killed");
}

static void test_level(void **state)
{
    static const enum mr_code codes[] = {MR_OK, MR_E_LOST, MR_E_SQL, MR_E_NO_SUCH, MR_E_CANCELLED};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct mr_inflight row = {.key = {"1", 1}};
        struct mr_err err = {0};
        fetched = codes[i];
        level[0] = '\0';
        assert_int_equal(mr_inflight_find(NULL, NULL, &row, 1, &err), codes[i]);
        assert_non_null(strstr(level, "REPEATABLE READ"));
        assert_string_equal(err.message, codes[i] == MR_OK ? "" : "it was killed");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_level)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
