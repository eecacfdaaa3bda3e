/* test_casefile_tables.c: what somebody else has put into a case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/case/casefile.h"

#define SCHEMA                                                                                     \
    "CREATE TABLE chunk(id INTEGER PRIMARY KEY, n INTEGER, body BLOB) STRICT;"                     \
    "CREATE INDEX chunk_n ON chunk (n);"

static const struct {
    const char *sql, *text; /* text: of the refusal; NULL: it is opened */
} worlds[] = {
    {"ALTER TABLE chunk RENAME TO c; CREATE VIEW chunk AS WITH RECURSIVE n (i) AS"
     " (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS n, i AS body FROM n",
     "it has a view, \"chunk\""},
    {"CREATE TRIGGER t AFTER INSERT ON chunk BEGIN DELETE FROM chunk; END",
     "it has a trigger, \"t\""},
    {"PRAGMA writable_schema=ON; INSERT INTO sqlite_master VALUES"
     " ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING fts5 (x)')",
     "it has a virtual table, \"v\""},
    {"DROP TABLE chunk; CREATE TABLE chunk (n, body AS (zeroblob(1000000000)))",
     "\"chunk\" is not defined in it as myrecon does"},
    {"DROP INDEX chunk_n; CREATE INDEX chunk_n ON chunk (length(body))",
     "\"chunk_n\" is not defined in it as myrecon does"},
    {"CREATE TABLE of_a_later_run (a); CREATE INDEX i ON of_a_later_run (a)", NULL},
    {"DROP TABLE chunk", NULL} /* whoever reads it is told */
};

static enum mr_code open_case(const char *path, enum mr_case_mode mode, const char *sql,
                              struct mr_err *err)
{
    struct mr_case *cf = NULL;
    enum mr_code code = mr_case_open(path, mode, SCHEMA, 1, &cf, err);
    if (code == MR_OK && sql != NULL)
        code = mr_case_exec(cf, sql, err);
    enum mr_code closed = mr_case_close(cf, code == MR_OK ? err : NULL);
    return code == MR_OK ? closed : code;
}

static void test_worlds(void **state)
{
    char path[] = "/tmp/myrecon-tables-XXXXXX";
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        struct mr_err err = {0};
        assert_int_equal(truncate(path, 0), 0);
        if (open_case(path, MR_CASE_WRITE, worlds[i].sql, &err) != MR_OK)
            fail_msg("%s: %s", worlds[i].sql, err.message);
        for (int mode = MR_CASE_WRITE; mode <= MR_CASE_READ; mode++) {
            enum mr_code code = open_case(path, (enum mr_case_mode)mode, NULL, &err);
            assert_int_equal(code, worlds[i].text != NULL ? MR_E_CASE : MR_OK);
            if (code != MR_OK && strstr(err.message, worlds[i].text) == NULL)
                fail_msg("\"%s\" not in \"%s\"", worlds[i].text, err.message);
        }
    }
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_worlds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
