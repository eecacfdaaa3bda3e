/* test_table_marks.c: which marks are those of one table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/schema/table_marks.h"

static const struct {
    const char *what, *a, *b;
    bool agree;
} marks[] = {
    {"the same", "=18\n", "=18\n", true},
    {"another one", "=18\n", "=21\n", false},
    {"a number that begins alike", "=18\n", "=182\n", false},
    {"partitions in another order", "#p#p0=1\n#p#p1=2\n", "#p#p1=2\n#p#p0=1\n", true},
    {"an exchanged partition", "#p#p0=1\n#p#p1=2\n", "#p#p0=9\n#p#p1=2\n", false},
    {"an added one", "#p#p0=1\n", "#p#p0=1\n#p#p1=2\n", true},
    {"a dropped one", "#p#p0=1\n#p#p1=2\n", "#p#p1=2\n", true},
    {"a name that begins alike", "#p#p1=1\n#p#p10=2\n", "#p#p10=2\n#p#p1=1\n", true},
    {"none in common", "#p#p0=1\n", "#p#q0=1\n", false},
    {"partitioned meanwhile", "=1\n", "#p#p0=1\n", false},
};

static void test_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (mr_table_marks_agree(marks[i].a, marks[i].b) != marks[i].agree ||
            mr_table_marks_agree(marks[i].b, marks[i].a) != marks[i].agree)
            fail_msg("%s", marks[i].what);
}

/* ---- which times are asked for */

static struct mr_server server = {.flavour = MR_FLAVOUR_MARIADB, .version = 101100};
static char asked[1024]; /* the last statement for times */

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    (void)db;
    return &server;
}

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err);
enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err)
{
    (void)db;
    (void)shape;
    (void)out;
    assert_true(len < sizeof asked);
    if (strstr(sql, "CREATE_TIME") != NULL)
        memcpy(asked, sql, len + 1);
    return mr_err_set(err, MR_E_DENIED, "access denied");
}

static const struct mr_table told = {.db = "club", .name = "t", .made_at = "2026-01-01 00:00:00"};
static const struct mr_table untold = {.db = "gym", .name = "u"};

/* Marks to begin with are those of the table that the catalogue shows, and no table is opened anew
 * for a time that is known. */
static void test_begin(void **state)
{
    const struct mr_table *tables[] = {&told, NULL, &untold};
    struct mr_table_mark found[3];
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    asked[0] = '\0';
    assert_int_equal(mr_table_marks_read(NULL, tables, 3, NULL, &arena, found, NULL), MR_OK);
    assert_string_equal(found[0].time, "=2026-01-01 00:00:00\n");
    assert_null(found[1].time);
    assert_null(found[2].time);
    assert_null(strstr(asked, "'club'"));
    assert_non_null(strstr(asked, "'gym'"));
    mr_arena_release(&arena);
}

/* What they are compared with later is what the server says then. */
static void test_end(void **state)
{
    const struct mr_table *tables[] = {&told};
    const struct mr_table_mark was = {NULL, "=2026-01-01 00:00:00\n"};
    struct mr_table_mark mark;
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    asked[0] = '\0';
    assert_int_equal(mr_table_marks_read(NULL, tables, 1, &was, &arena, &mark, NULL), MR_OK);
    assert_null(mark.time);
    assert_non_null(strstr(asked, "'club'"));
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agree),
        cmocka_unit_test(test_begin),
        cmocka_unit_test(test_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
