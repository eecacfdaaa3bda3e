/* test_script_around.c: statements of the head that fail where something new acts on a table, or
 * something is gone that the guards lean on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "script_world.h"

#define INSERT MR_STEP_INSERT
#define UPDATE MR_STEP_UPDATE
#define DELETE MR_STEP_DELETE

static void begin(struct world *w)
{
    world_begin(w);
    world_table(w, "li`ve.me'm", "id:int#");
    w->counts = "18446744073709551615"; /* as the server counts when it is planned */
    world_open(w);
}

static void test_apply(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    w.counts = "3";
    assert_int_equal(mr_script_guard_around(&w.s, &w.tables[0], NULL), MR_OK);
    world_sql_is(
        &w,
        "SET SESSION time_zone = IF(1\n"
        "    AND (SELECT COUNT(*) FROM information_schema.KEY_COLUMN_USAGE WHERE "
        "REFERENCED_TABLE_SCHEMA = 'li`ve' AND REFERENCED_TABLE_NAME = _utf8mb4 x'6d65276d') <= 3\n"
        "    AND (SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = "
        "'li`ve' AND EVENT_OBJECT_TABLE = _utf8mb4 x'6d65276d') <= 3\n"
        "    AND (SELECT COUNT(*) FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND "
        "TABLE_SCHEMA = 'li`ve' AND TABLE_NAME = _utf8mb4 x'6d65276d') <= 3\n"
        "    AND (SELECT COUNT(*) FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = "
        "'li`ve' AND TABLE_NAME = _utf8mb4 x'6d65276d') <= 3,\n"
        "    @@SESSION.time_zone, LEFT(_utf8mb4 "
        "x'"
        "6d797265636f6e3a206e657720747269676765722c20696e646578206f7220636f6e73747261696e743a206c69"
        "6076652e6d65276d', 62));\n"
        "SET SESSION time_zone = IF(1\n"
        "    AND (SELECT COUNT(*) FROM information_schema.KEY_COLUMN_USAGE WHERE "
        "REFERENCED_TABLE_SCHEMA = 'li`ve' AND REFERENCED_TABLE_NAME = _utf8mb4 x'6d65276d') >= 3\n"
        "    AND (SELECT COUNT(*) FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND "
        "TABLE_SCHEMA = 'li`ve' AND TABLE_NAME = _utf8mb4 x'6d65276d') >= 3\n"
        "    AND (SELECT COUNT(*) FROM information_schema.KEY_COLUMN_USAGE WHERE "
        "REFERENCED_TABLE_NAME IS NOT NULL AND TABLE_SCHEMA = 'li`ve' AND TABLE_NAME = _utf8mb4 "
        "x'6d65276d') >= 3,\n"
        "    @@SESSION.time_zone, LEFT(_utf8mb4 "
        "x'"
        "6d797265636f6e3a20616e20696e646578206f7220666f726569676e206b657920697320676f6e653a206c6960"
        "76652e6d65276d', 62));\n");
    assert_int_equal(w.asks, 7);
    world_end(&w);
}

static void test_verify(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    w.s.kind = MR_SCRIPT_VERIFY;
    assert_int_equal(mr_script_guard_around(&w.s, &w.tables[0], NULL), MR_OK);
    world_sql_is(&w, "");
    assert_int_equal(w.asks, 0);
    world_end(&w);
}

/* EVENT_MANIPULATION may be a list (MariaDB 12). */
#define FIRES(event) "FIND_IN_SET('" event "', REPLACE(EVENT_MANIPULATION, ' ', '')) > 0"

/* Undo leans on what apply has written so that undo takes it away, or puts it back. */
static void test_undo(void **state)
{
    static const struct {
        bool steps[4];
        bool referred, uniques; /* at least as many as now */
        enum mr_step_op events[3];
    } cases[] = {
        {{[INSERT] = true}, true, false, {DELETE}},
        {{[UPDATE] = true}, true, true, {UPDATE}},
        {{[DELETE] = true}, false, true, {INSERT}},
        {{false, true, true, true}, true, true, {INSERT, UPDATE, DELETE}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_strbuf events = MR_STRBUF_INIT;
        begin(&w);
        w.s.kind = MR_SCRIPT_UNDO;
        memcpy(w.s.tables[0].steps, cases[i].steps, sizeof cases[i].steps);
        assert_int_equal(mr_script_guard_around(&w.s, &w.tables[0], NULL), MR_OK);
        const char *gone = strstr(w.s.sql.ptr, "' >= 18446744073709551615");
        for (size_t k = 0; k < 3 && cases[i].events[k] != 0; k++)
            mr_strbuf_add_fmt(&events, "%s" FIRES("%s"), k > 0 ? " OR " : "AND (",
                              mr_step_event(cases[i].events[k]));
        mr_strbuf_add_str(&events, ")) <= 0,\n");
        assert_non_null(strstr(w.s.sql.ptr, events.ptr));
        assert_null(gone); /* names are quoted as bytes */
        size_t more = 0;
        for (const char *at = w.s.sql.ptr; (at = strstr(at, ") >= 18446744073709551615")) != NULL;
             at++)
            more++;
        assert_int_equal(more, cases[i].referred + cases[i].uniques);
        mr_strbuf_release(&events);
        world_end(&w);
    }
}

/* Triggers that undo fires are said, allowed only where that was said when it was planned. */
static void test_triggers(void **state)
{
    static const struct {
        size_t seen;
        bool fire;
        const char *comment, *limit;
    } cases[] = {
        {0, false, NULL, "(" FIRES("DELETE") ")) <= 0,"},
        {2, false, "-- Triggers would fire for rows of the next table: drop them while this runs,",
         FIRES("UPDATE") " OR " FIRES("DELETE") ")) <= 0,"},
        {2, true, "-- Triggers fire for rows of the next table.", FIRES("DELETE") ")) <= 2,"},
        /* one of two events is one trigger */
        {3, true, "-- Triggers fire for rows of the next table.", FIRES("DELETE") ")) <= 2,"},
        {0, true, NULL, FIRES("DELETE") ")) <= 0,"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        static const struct mr_planned_trigger seen[] = {
            {"a", "AFTER", "UPDATE"}, {"b", "BEFORE", "DELETE"}, {"a", "AFTER", "DELETE"}};
        struct world w;
        begin(&w);
        w.s.kind = MR_SCRIPT_UNDO;
        w.s.tables[0].steps[INSERT] = true;
        w.planned[0].undo_triggers = seen;
        w.planned[0].nundo_triggers = cases[i].seen;
        w.manifest.planned.fire_triggers = cases[i].fire;
        assert_int_equal(mr_script_guard_around(&w.s, &w.tables[0], NULL), MR_OK);
        assert_int_equal(strncmp(w.s.sql.ptr, "-- Triggers", 11) == 0, cases[i].comment != NULL);
        if (cases[i].comment != NULL)
            assert_non_null(strstr(w.s.sql.ptr, cases[i].comment));
        assert_non_null(strstr(w.s.sql.ptr, cases[i].limit));
        world_end(&w);
    }
}

/* What cannot be counted is no limit of 0. */
static void test_lost(void **state)
{
    for (unsigned fail_at = 1; fail_at <= 7; fail_at++) {
        struct world w;
        struct mr_err err = {0};
        (void)state;
        begin(&w);
        w.fail_at = fail_at;
        assert_int_equal(mr_script_guard_around(&w.s, &w.tables[0], &err), MR_E_LOST);
        assert_int_equal(w.asks, fail_at); /* nothing is asked behind it */
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply),    cmocka_unit_test(test_verify), cmocka_unit_test(test_undo),
        cmocka_unit_test(test_triggers), cmocka_unit_test(test_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
