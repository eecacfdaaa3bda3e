/* test_view_reads.c: the tables that a view's text reads from, and nothing that looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "snapshot/create/view_reads.h"

static char found[256];
static unsigned calls, stop_at;

static bool add(const void *ctx, const char *db, const char *name)
{
    size_t len = strlen(found);
    (void)ctx;
    (void)snprintf(found + len, sizeof found - len, "%s.%s ", db, name);
    return ++calls != stop_at;
}

static void test_reads(void **state)
{
    static const struct {
        const char *text, *found;
    } rows[] = {
        {"", ""},
        {"select 1 AS `one`", ""},
        {"select `d`.`t`.`id` AS `id` from `d`.`t`", "d.t "},
        {"select 1 from `d`.`t` `x` join `e`.`u` on(1)", "d.t e.u "},
        {"select 1 from ((`d`.`t` join `d`.`u`) left join `d`.`v` on(1))", "d.t d.u d.v "},
        {"with `c` as (select 1 from `d`.`t`) select 1 from `c` join `d`.`u` on(1)", "d.t d.u "},
        {"with `c` as (select 1) select 1 from (`c` join `d`.`u`) join `c`", "d.u "},
        {"select 1 from `a` STRAIGHT_JOIN `d`.`u`", "d.u "},
        {"select 1 from (select 2 AS `x` from `d`.`t`) `q`", "d.t "},
        {"select 1 from `d``b`.`o``dd`", "d`b.o`dd "},
        {"select 1 from `a``.``b`", ""},
        {"select 'from `d`.`t`' AS `x`", ""},
        {"select 1 /* from `d`.`t` */", ""},
        {"select extract(year from `d`.`t`.`at`) from `d`.`t`", "d.t d.t "}, /* no harm */
        {"select 1 from `x` where exists(select 1 from `d`.`t`)", "d.t "},
        {"from `d`.", "d. "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        found[0] = '\0';
        calls = stop_at = 0;
        bool whole = mr_view_reads(rows[i].text, add, NULL);
        if (strcmp(rows[i].text, "from `d`.") == 0)
            continue; /* no server writes that: it must only end */
        if (!whole || strcmp(found, rows[i].found) != 0)
            fail_msg("%s: %s", rows[i].text, found);
    }
}

static void test_stops(void **state)
{
    (void)state;
    found[0] = '\0';
    calls = 0;
    stop_at = 2;
    assert_false(mr_view_reads("select 1 from `d`.`a` join `d`.`b` join `d`.`c`", add, NULL));
    assert_string_equal(found, "d.a d.b ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads), cmocka_unit_test(test_stops)};
    return cmocka_run_group_tests_name("view_reads", tests, NULL, NULL);
}
