/* test_went_back.c: what a server had executed, and has not any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/source/went_back.h"

#define LEN(a) (sizeof(a) / sizeof *(a))
#define A "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
#define B "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"

static void test_texts(void **state)
{
    static const struct {
        bool is_mariadb;
        const char *was, *now;
        bool back;
    } rows[] = {{false, A ":1-90", A ":1-90", false},
                {false, A ":1-90", A ":1-95,\n" B ":1", false},
                {false, A ":1-150", A ":1-95", true},
                {false, A ":1-90," B ":1-3", A ":1-200", true},
                {false, "", A ":1", false},
                {false, A ":1", "", true},
                {true, "0-1-90", "0-1-95,0-2-96", false},
                {true, "0-1-150", "0-1-95", true},
                {true, "0-1-90,0-2-91", "0-1-95", true}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        bool back = !rows[i].back;
        assert_int_equal(mr_went_back(rows[i].is_mariadb, rows[i].was, rows[i].now, &back, NULL),
                         MR_OK);
        assert_int_equal(back, rows[i].back);
    }
}

static void test_between(void **state)
{
    const struct mr_log_place more = {.log = "bin.1", .gtids = A ":1-150", .at = 1000},
                              less = {.log = "bin.1", .gtids = A ":1-95", .at = 1006},
                              soon = {.log = "bin.1", .gtids = A ":1-95", .at = 1005},
                              before = {.log = "bin.1", .gtids = A ":1-95", .at = 900},
                              unknown = {.log = NULL, .gtids = "", .at = 2000};
    const struct {
        const struct mr_log_place *a, *b;
        bool back;
    } rows[] = {{&more, &less, true},
                {&more, &soon, false},
                {&more, &before, false},
                {&more, &unknown, false}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        for (int turn = 0; turn < 2; turn++) {
            bool back = !rows[i].back;
            assert_int_equal(mr_went_back_between(false, turn ? rows[i].b : rows[i].a,
                                                  turn ? rows[i].a : rows[i].b, &back, NULL),
                             MR_OK);
            assert_int_equal(back, rows[i].back);
        }
}

/* A replica that does not log what it applies has only that to tell by. */
static void test_applied(void **state)
{
    static const struct {
        bool is_mariadb;
        struct mr_log_place was, now;
        bool back;
    } rows[] = {
        {true, {.log = "bin.1", .applied = "0-1-150"}, {.log = "bin.1", .applied = "0-1-95"}, true},
        {true, {.log = NULL, .applied = "0-1-150"}, {.log = NULL, .applied = "0-1-95"}, true},
        {true, {.log = NULL, .applied = "0-1-150"}, {.log = NULL, .applied = ""}, true},
        {true,
         {.log = "bin.1", .applied = "0-1-150"},
         {.log = "bin.1", .applied = "0-2-151,7-1-3"},
         false},
        {true,
         {.log = NULL, .applied = "0-1-150,7-1-3"},
         {.log = NULL, .applied = "0-1-150"},
         true},
        {true, {.log = NULL, .applied = ""}, {.log = NULL, .applied = "0-1-95"}, false},
        {false, {.log = NULL, .applied = ""}, {.log = NULL, .applied = ""}, false},
        {true, {.log = NULL, .applied = NULL}, {.log = NULL, .applied = ""}, false}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_log_place was = rows[i].was, now = rows[i].now;
        bool back = !rows[i].back;
        was.gtids = now.gtids = rows[i].is_mariadb ? "0-2-3" : "";
        assert_int_equal(mr_went_back_since(rows[i].is_mariadb, &was, &now, &back, NULL), MR_OK);
        assert_int_equal(back, rows[i].back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_between),
        cmocka_unit_test(test_applied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
