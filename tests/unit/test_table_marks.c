/* test_table_marks.c: which marks are those of one table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/strbuf.h"
#include "core/schema/table_marks.h"
#include "core/schema/table_numbers.h"

static const struct {
    const char *what, *a, *b;
    bool agree;
} marks[] = {
    {"the same", "=18\n", "=18\n", true},
    {"without its end", "=18", "=18\n", true},
    {"without its end, another one", "=18", "=182", false},
    {"no number", "x", "y", false},
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

static void test_shared(void **state)
{
    static const struct {
        const char *numbers[3];
        const char *shared; /* pairs of tables */
    } rows[] = {
        {{"=1\n", "=2\n", "=3\n"}, ""},
        {{"=1\n", "=2\n", "=1\n"}, "02 "},
        {{"#p#a=b=7\n#p#c=8\n", "=8\n", "#p#a=7\n"}, "02 01 "},
        {{"=1\n", "=1\n", "=1\n"}, "01 12 "},
        {{NULL, "", "=1"}, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mr_table_numbers n = MR_TABLE_NUMBERS_INIT;
        struct mr_strbuf got = MR_STRBUF_INIT;
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(mr_table_numbers_add(&n, rows[i].numbers[k], k, NULL), MR_OK);
        assert_int_equal(mr_table_numbers_add(&n, rows[i].numbers[0], 0, NULL), MR_OK);
        for (size_t at = 0, a, b; mr_table_numbers_shared(&n, &at, &a, &b);)
            mr_strbuf_add_fmt(&got, "%zu%zu ", a, b);
        assert_string_equal(got.len > 0 ? got.ptr : "", rows[i].shared);
        mr_strbuf_release(&got);
        mr_table_numbers_release(&n);
    }
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

/* InnoDB's, of club.t; else they are hidden. */
static bool has_numbers;
static const char *time_now; /* of club.t; NULL: hidden */
static struct mr_cell row[2];
static int nrows;

static enum mr_code give(struct mr_result **out)
{
    *out = NULL;
    nrows = 1;
    return MR_OK;
}

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err);
enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err)
{
    (void)db;
    (void)shape;
    assert_true(len < sizeof asked);
    if (strstr(sql, "CREATE_TIME") != NULL) {
        memcpy(asked, sql, len + 1);
        row[0] = (struct mr_cell){.ptr = "4/club/t", .len = 8};
        row[1] = (struct mr_cell){.ptr = time_now, .len = 19};
        if (time_now != NULL)
            return give(out);
    } else if (has_numbers) {
        row[0] = (struct mr_cell){.ptr = "club/t", .len = 6};
        row[1] = (struct mr_cell){.ptr = "17", .len = 2};
        return give(out);
    }
    return mr_err_set(err, MR_E_DENIED, "access denied");
}

const struct mr_cell *__wrap_mr_result_next(struct mr_result *res);
const struct mr_cell *__wrap_mr_result_next(struct mr_result *res)
{
    (void)res;
    return nrows-- > 0 ? row : NULL;
}

void __wrap_mr_result_free(struct mr_result *res);
void __wrap_mr_result_free(struct mr_result *res)
{
    (void)res;
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
    has_numbers = true;
    assert_int_equal(mr_table_marks_read(NULL, tables, 3, NULL, &arena, found, NULL), MR_OK);
    assert_string_equal(found[0].numbers, "=17\n");
    assert_string_equal(found[0].time, "=2026-01-01 00:00:00\n");
    assert_null(found[1].time);
    assert_null(found[2].time);
    assert_null(strstr(asked, "'club'"));
    assert_non_null(strstr(asked, "'gym'"));
    mr_arena_release(&arena);
}

/* Without numbers the time alone tells which table rows are read of: one that has changed places
 * since the catalogue, and is back at the end, would pass for what was read. */
static void test_begin_without_numbers(void **state)
{
    static const struct {
        const char *now, *mark;
    } times[] = {
        {"2026-01-01 00:00:00", "=2026-01-01 00:00:00\n"},
        {"2026-01-02 00:00:00", "=2026-01-01 00:00:00\n=2026-01-02 00:00:00\n"},
    };
    const struct mr_table *tables[] = {&told};
    (void)state;
    has_numbers = false;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_table_mark mark;
        asked[0] = '\0';
        time_now = times[i].now;
        assert_int_equal(mr_table_marks_read(NULL, tables, 1, NULL, &arena, &mark, NULL), MR_OK);
        assert_null(mark.numbers);
        assert_string_equal(mark.time, times[i].mark);
        assert_non_null(strstr(asked, "'club'"));
        mr_arena_release(&arena);
    }
    time_now = NULL;
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
    has_numbers = false;
    assert_int_equal(mr_table_marks_read(NULL, tables, 1, &was, &arena, &mark, NULL), MR_OK);
    assert_null(mark.time);
    assert_non_null(strstr(asked, "'club'"));
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agree), cmocka_unit_test(test_shared),
        cmocka_unit_test(test_begin), cmocka_unit_test(test_begin_without_numbers),
        cmocka_unit_test(test_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
