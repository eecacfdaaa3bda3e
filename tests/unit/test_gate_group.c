/* test_gate_group.c: what a server says of the group that it is set up for; its answers are ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/gate/gate_group.h"

static const char *const (*rows)[2];
static size_t nrows, at, asked;
static enum mr_code answer;

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err);
const struct mr_cell *__wrap_mr_result_next(struct mr_result *res);
void __wrap_mr_result_free(struct mr_result *res);

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    static const struct mr_server server = {.flavour = MR_FLAVOUR_MYSQL, .uuid = "u1"};
    (void)db;
    return &server;
}

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err)
{
    (void)db, (void)shape, (void)sql, (void)len;
    *out = NULL;
    at = 0;
    asked++;
    return answer == MR_OK ? MR_OK : mr_err_set(err, answer, "no");
}

const struct mr_cell *__wrap_mr_result_next(struct mr_result *res)
{
    static struct mr_cell cells[2];
    (void)res;
    if (at == nrows)
        return NULL;
    for (size_t i = 0; i < 2; i++)
        cells[i] = (struct mr_cell){.ptr = rows[at][i], .len = strlen(rows[at][i])};
    at++;
    return cells;
}

void __wrap_mr_result_free(struct mr_result *res)
{
    (void)res;
}

static const char *const three[][2] = {{"u1", "ONLINE"}, {"u2", "RECOVERING"}, {"u3", "ONLINE"}};
static const char *const alone[][2] = {
    {"u1", "ONLINE"}, {"u2", "UNREACHABLE"}, {"u3", "UNREACHABLE"}};
static const char *const expelled[][2] = {{"u1", "ERROR"}};
static const char *const none[][2] = {{"u1", "OFFLINE"}};
static const char *const none_of_old[][2] = {{"", "OFFLINE"}};

static void test_members(void **state)
{
    static const struct {
        const char *const (*rows)[2];
        size_t nrows;
        const char *state, *with;
        uint64_t members, reached;
    } cases[] = {
        {three, 3, "ONLINE", "u1 u2 u3", 3, 3}, {alone, 3, "ONLINE", "u1", 3, 1},
        {expelled, 1, "ERROR", "", 1, 0},       {none, 1, "OFFLINE", "", 0, 0},
        {none_of_old, 1, "OFFLINE", "", 0, 0},
    };
    const struct mr_gate_link link = {.db = NULL};
    (void)state;
    answer = MR_OK;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_gate_group got;
        struct mr_err err = {0};
        rows = cases[i].rows;
        nrows = cases[i].nrows;
        assert_int_equal(mr_gate_read_group(&link, "g", &arena, &got, &err), MR_OK);
        assert_int_equal(got.view.seen, MR_GATE_SEEN);
        assert_string_equal(got.state, cases[i].state);
        assert_string_equal(got.with, cases[i].with);
        assert_int_equal(got.members, cases[i].members);
        assert_int_equal(got.reached, cases[i].reached);
        mr_arena_release(&arena);
    }
}

/* A list that may not be read, or of nobody, is no word of a member that left. */
static void test_not_told(void **state)
{
    static const struct {
        enum mr_code answer, want;
        enum mr_gate_seen seen;
    } cases[] = {
        {MR_OK, MR_OK, MR_GATE_FAILED},
        {MR_E_DENIED, MR_OK, MR_GATE_HIDDEN},
        {MR_E_TIMEOUT, MR_OK, MR_GATE_FAILED},
        {MR_E_LOST, MR_E_LOST, MR_GATE_FAILED},
    };
    const struct mr_gate_link link = {.db = NULL};
    (void)state;
    nrows = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_gate_group got;
        struct mr_err err = {0};
        answer = cases[i].answer;
        assert_int_equal(mr_gate_read_group(&link, "g", &arena, &got, &err), cases[i].want);
        assert_int_equal(got.view.seen, cases[i].seen);
        mr_arena_release(&arena);
    }
}

static void test_no_group(void **state)
{
    const struct mr_gate_link link = {.db = NULL};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_group got;
    struct mr_err err = {0};
    (void)state;
    asked = 0;
    assert_int_equal(mr_gate_read_group(&link, NULL, &arena, &got, &err), MR_OK);
    assert_int_equal(mr_gate_read_group(&link, "", &arena, &got, &err), MR_OK);
    assert_string_equal(got.name, "");
    assert_int_equal(asked, 0);
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_not_told),
        cmocka_unit_test(test_no_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
