/* test_gate_twin.c: rows of a replica that is a moment late, and rows that it lacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "recon/gate/gate_twin.h"

static char source_db, replica_db;
static const struct mr_gate_link source = {.db = (struct mr_db *)(void *)&source_db};
static const struct mr_gate_link replica = {.db = (struct mr_db *)(void *)&replica_db};

/* Rows that SERVER gets between two counts; how many of them, or of all, the replica has not. */
static uint64_t rows, step, late;

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err)
{
    (void)sql;
    (void)err;
    const uint64_t has = db == replica.db ? rows - late : rows;
    rows += db == replica.db ? 0 : step;
    mr_strbuf_add_uint(out, has);
    return MR_OK;
}

static struct mr_gate_twin counted(uint64_t a_step, uint64_t a_late)
{
    struct mr_gate_table table = {.db = "club",
                                  .name = "sessions",
                                  .view = {.seen = MR_GATE_SEEN},
                                  .greatest = "",
                                  .rows_exact = true};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_facts facts = {.tables = &table, .ntables = 1}, theirs = {.uri = ""};
    const struct mr_gate_twin_task task = {
        .server = &source, .replica = &replica, .facts = &facts, .budget_s = 60, .arena = &arena};
    struct mr_err err = {0};
    rows = 1000;
    step = a_step;
    late = a_late;
    assert_int_equal(mr_gate_read_twins(&task, &theirs, &err), MR_OK);
    assert_int_equal(theirs.ntwins, 1);
    const struct mr_gate_twin twin = theirs.twins[0];
    mr_arena_release(&arena);
    return twin;
}

/* At each look some of the newest rows have not arrived yet, as of a table of sessions. */
static void test_a_moment_late(void **state)
{
    (void)state;
    assert_false(counted(100, 110).differs);
}

static void test_rows_lacking(void **state)
{
    (void)state;
    const struct mr_gate_twin quiet = counted(0, 1), busy = counted(100, 990);
    assert_true(quiet.differs);
    assert_int_equal(quiet.ours, 1000);
    assert_int_equal(quiet.theirs, 999);
    assert_true(busy.differs);
}

static void test_level(void **state)
{
    (void)state;
    assert_false(counted(0, 0).differs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_moment_late),
        cmocka_unit_test(test_rows_lacking),
        cmocka_unit_test(test_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
