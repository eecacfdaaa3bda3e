/* test_rewind_select.c: which transactions are undone: sets of GTIDs of both families, and what was not met. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/rewind/rewind_select.h"

static const struct mr_binlog_place nowhere = {"bin.000001", 4};

static struct mr_gtid mariadb(uint32_t domain, uint32_t server, uint64_t sequence)
{
    return (struct mr_gtid){
        .family = MR_GTID_OF_MARIADB, .domain = domain, .server = server, .sequence = sequence};
}

static bool has(struct mr_rewind_select *s, const struct mr_gtid *gtid)
{
    bool yes = false;
    assert_int_equal(mr_rewind_select_has(s, gtid, &nowhere, 0, &yes, NULL), MR_OK);
    return yes;
}

static void missing_is(const struct mr_rewind_select *s, const char *want)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_rewind_select_add_missing(s, &text);
    assert_string_equal(text.ptr, want);
    mr_strbuf_release(&text);
}

static void test_mariadb(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_rewind_select s;
    struct mr_gtid g;
    (void)state;
    assert_int_equal(mr_rewind_select_read(&s, "0-1-5, 0-1-8..10,7-2-5", NULL, NULL, &arena, NULL),
                     MR_OK);
    missing_is(&s, "0-1-5,0-1-8..10,7-2-5");
    static const struct {
        uint32_t domain, server;
        uint64_t sequence;
        bool is;
    } list[] = {{0, 1, 5, true}, {0, 2, 5, false},  {0, 1, 7, false}, {0, 1, 8, true},
                {0, 1, 9, true}, {0, 1, 11, false}, {7, 2, 5, true}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        g = mariadb(list[i].domain, list[i].server, list[i].sequence);
        assert_int_equal(has(&s, &g), list[i].is);
    }
    missing_is(&s, "0-1-8..10");
    g = mariadb(0, 1, 10);
    assert_true(has(&s, &g));
    missing_is(&s, "");
    g = (struct mr_gtid){.family = MR_GTID_NONE};
    assert_false(has(&s, &g));
    mr_rewind_select_release(&s);
    /* one that is named twice is met twice */
    assert_int_equal(mr_rewind_select_read(&s, "0-1-5..6,0-1-6", NULL, NULL, &arena, NULL), MR_OK);
    g = mariadb(0, 1, 5);
    assert_true(has(&s, &g));
    g = mariadb(0, 1, 6);
    assert_true(has(&s, &g));
    missing_is(&s, "");
    mr_rewind_select_release(&s);
    mr_arena_release(&arena);
}

static void test_mysql(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_rewind_select s;
    struct mr_gtid g = {.family = MR_GTID_OF_MYSQL, .number = 23};
    (void)state;
    memset(g.uuid, 0x3e, sizeof g.uuid);
    assert_int_equal(mr_rewind_select_read(&s, "3e3e3e3e-3e3e-3e3e-3e3e-3e3e3e3e3e3e:22-24:30",
                                           NULL, NULL, &arena, NULL),
                     MR_OK);
    assert_true(has(&s, &g));
    g.number = 25;
    assert_false(has(&s, &g));
    missing_is(&s, "3e3e3e3e-3e3e-3e3e-3e3e-3e3e3e3e3e3e:22:24:30");
    for (uint64_t number = 22; number <= 30; number++) {
        g.number = number;
        assert_int_equal(has(&s, &g), number <= 24 || number == 30);
    }
    missing_is(&s, "");
    mr_rewind_select_release(&s);
    mr_arena_release(&arena);
}

static void test_window(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_rewind_select s;
    const struct mr_gtid g = mariadb(0, 1, 1);
    const struct mr_binlog_place at = {"bin.000001", 400}, behind = {"bin.000001", 500};
    bool yes;
    (void)state;
    assert_int_equal(
        mr_rewind_select_read(&s, NULL, "bin.000001:400", "bin.000001:500", &arena, NULL), MR_OK);
    assert_int_equal(mr_rewind_select_has(&s, &g, &at, 0, &yes, NULL), MR_OK);
    assert_true(yes);
    assert_int_equal(mr_rewind_select_has(&s, &g, &behind, 0, &yes, NULL), MR_OK);
    assert_false(yes);
    missing_is(&s, "");
    mr_rewind_select_release(&s);
    mr_arena_release(&arena);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "0-1",
                                      "0-1-0",
                                      "0-1-5..4",
                                      "0-1-5,",
                                      "0-1-5 0",
                                      "a-1-5",
                                      "0-1--5",
                                      "0-1-5...9",
                                      "4294967296-1-1",
                                      "x:1",
                                      "3e3e:1",
                                      "0-1-99999999999999999999"};
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mr_rewind_select s;
        struct mr_err err = {.code = MR_OK};
        if (mr_rewind_select_read(&s, bad[i], NULL, NULL, &arena, &err) != MR_E_USAGE)
            fail_msg("\"%s\" is taken", bad[i]);
        assert_non_null(strstr(err.message, "is no set of GTIDs"));
        mr_rewind_select_release(&s);
    }
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mariadb),
        cmocka_unit_test(test_mysql),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
