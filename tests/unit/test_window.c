/* test_window.c: --since as a condition: which columns, by whose clock, and what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "recon/check/window.h"

static struct mr_when when_of(const char *text)
{
    struct mr_when when;
    assert_int_equal(mr_when_parse(&when, text, NULL), MR_OK);
    return when;
}

static const struct mr_column stamp = {
    .name = "at", .data_type = "timestamp", .cls = MR_CLASS_DATETIME};
static const struct mr_column wall = {
    .name = "at", .data_type = "datetime", .cls = MR_CLASS_DATETIME};
static const struct mr_column day = {.name = "at", .data_type = "date", .cls = MR_CLASS_DATE};
static const struct mr_column odd = {
    .name = "a`t", .data_type = "datetime", .cls = MR_CLASS_DATETIME};

/* ---- one end */

static void test_bounds(void **state)
{
    static const struct {
        const struct mr_column *column;
        const char *when;
        bool before;
        const char *utc; /* that TARGET answers; NULL: it is not asked */
        const char *sql;
    } cases[] = {
        /* an instant for TIMESTAMP, a wall clock for the others */
        {&stamp, "2026-04-02 12:11:00+02:00", false, NULL, "`at` >= '2026-04-02 10:11:00'"},
        {&stamp, "2026-04-02 00:11:00+02:00", true, NULL, "`at` < '2026-04-01 22:11:00'"},
        {&stamp, "2026-04-02 12:11:00", false, "2026-04-02 10:11:00.000000",
         "`at` >= '2026-04-02 10:11:00'"},
        {&wall, "2026-04-02 12:11:00.5+02:00", false, NULL, "`at` >= '2026-04-02 12:11:00.500000'"},
        {&wall, "2026-04-02 12:11:00", true, NULL, "`at` < '2026-04-02 12:11:00'"},
        /* a day does not tell when within it: it is in the window from both ends */
        {&day, "2026-04-02 12:11:00.5", false, NULL, "`at` >= '2026-04-02 00:00:00'"},
        {&day, "2026-04-02 12:11:00", true, NULL, "`at` < '2026-04-02 12:11:00'"},
        {&odd, "2026-04-02", false, NULL, "`a``t` >= '2026-04-02 00:00:00'"},
    };
    struct world w;
    (void)state;
    world_begin(&w);
    graph_table(&w.g, "t", "id", NULL);
    world_plan(&w, "");
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_when when = when_of(cases[i].when);
        const struct mr_window_end end = {&when, "--since", cases[i].before};
        const struct world_answer answer = {"CONVERT_TZ", cases[i].utc, MR_OK, 0};
        struct mr_strbuf sql = MR_STRBUF_INIT;
        struct mr_err err = {0};
        world_answers(&answer, 1);
        assert_int_equal(mr_window_bound(mr_reader_db(w.g.servers[MR_TARGET].main), cases[i].column,
                                         &end, &sql, &err),
                         MR_OK);
        if (strcmp(sql.ptr, cases[i].sql) != 0)
            fail_msg("%s: %s", cases[i].when, sql.ptr);
        assert_int_equal(world_server.log.len > 0, cases[i].utc != NULL);
        mr_strbuf_release(&sql);
    }
    world_end(&w);
}

/* Without a zone, and nobody to ask: no guess. */
static void test_no_zone(void **state)
{
    static const struct {
        const char *answer;
        enum mr_code code, want;
        bool is_snapshot;
    } cases[] = {
        {"", MR_OK, MR_E_USAGE, false}, /* NULL: the server has no table of that zone */
        {NULL, MR_E_LOST, MR_E_LOST, false},
        {"nonsense", MR_OK, MR_E_USAGE, false},
        {NULL, MR_OK, MR_E_USAGE, true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_when when = when_of("2026-04-02 12:11:00");
        const struct mr_window_end end = {&when, "--split-at", false};
        const struct world_answer answer = {"CONVERT_TZ", cases[i].answer, cases[i].code, 0};
        struct mr_err err = {0};
        struct mr_time time = {0};
        struct world w;
        world_begin(&w);
        graph_table(&w.g, "t", "id", NULL);
        if (cases[i].is_snapshot)
            world_snapshot(&w, MR_TARGET);
        world_plan(&w, "");
        world_answers(&answer, 1);
        assert_int_equal(
            mr_window_time(mr_reader_db(w.g.servers[MR_TARGET].main), &stamp, &end, &time, &err),
            cases[i].want);
        if (i == 0 || i == 3)
            assert_string_equal(
                err.message,
                "--split-at has no time zone, and the target cannot convert from its own");
        world_end(&w);
    }
}

/* ---- which columns */

static void test_conditions(void **state)
{
    static const struct {
        const char *what, *columns, *target, *ini, *where; /* what is in sql already */
        const char *sql, *note;
    } cases[] = {
        {"the two that keep time by themselves", "id made:stamped changed:edited seen:datetime",
         NULL, "", "", "(`made` >= '2026-04-02 10:00:00' OR `changed` >= '2026-04-02 10:00:00')",
         "only rows with made or changed since 2026-04-02 12:00:00+02:00"},
        {"usual names", "id CREATED_AT:datetime updated_on:date born_at:datetime", NULL, "", "",
         "(`CREATED_AT` >= '2026-04-02 12:00:00' OR `updated_on` >= '2026-04-02 00:00:00')",
         "only rows with CREATED_AT or updated_on since 2026-04-02 12:00:00+02:00"},
        {"behind another condition", "id created_at:datetime", NULL, "", "kind = 1",
         "kind = 1 AND (`created_at` >= '2026-04-02 12:00:00')",
         "where kind = 1; only rows with created_at since 2026-04-02 12:00:00+02:00"},
        {"a guess that one side alone has", "id created_at:datetime", "id", "", "", "",
         "compared whole: no time column is known for --since"},
        {"a name whose type tells no time", "id created_at:text", NULL, "", "", "",
         "compared whole: no time column is known for --since"},
        {"configured: no guess beside it", "id born:datetime created_at:datetime", NULL,
         "[table club.t]\ntime-column = born\n", "", "(`born` >= '2026-04-02 12:00:00')",
         "only rows with born since 2026-04-02 12:00:00+02:00"},
        {"a pattern whose column is not there: guessed", "id created_at:datetime", NULL,
         "[table club.*]\ntime-column = born\n", "", "(`created_at` >= '2026-04-02 12:00:00')",
         "only rows with created_at since 2026-04-02 12:00:00+02:00"},
        {"none", "id", NULL, "", "kind = 1", "kind = 1",
         "where kind = 1; compared whole: no time column is known for --since"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        struct mr_strbuf sql = MR_STRBUF_INIT, note = MR_STRBUF_INIT;
        world_begin(&w);
        graph_table(&w.g, "t", cases[i].columns, cases[i].target);
        world_plan(&w, cases[i].ini);
        w.options.since_text = "2026-04-02 12:00:00+02:00";
        w.options.since = when_of(w.options.since_text);
        mr_strbuf_add_str(&sql, cases[i].where);
        if (*cases[i].where != '\0')
            mr_strbuf_add_fmt(&note, "where %s", cases[i].where);
        assert_int_equal(
            mr_window_condition(&w.check, world_pair(&w, 0), &w.g.configs[0], &sql, &note, &err),
            MR_OK);
        if (strcmp(sql.ptr, cases[i].sql) != 0 || strcmp(note.ptr, cases[i].note) != 0)
            fail_msg("%s: %s\n%s", cases[i].what, sql.ptr, note.ptr);
        mr_strbuf_release(&sql);
        mr_strbuf_release(&note);
        world_end(&w);
    }
}

/* A column that was named and is none is no reason to compare all rows, or none. */
static void test_slips(void **state)
{
    static const struct {
        struct mr_table_config config;
        const char *named;
    } cases[] = {
        {{.time_column = "born"}, "born"},
        {{.update_column = "name"}, "name"},
        {{.time_column = "created_at", .update_column = "name"}, "name"},
        {{.time_column = "name", .time_by_pattern = true}, "name"},
        {{.time_column = "born", .update_by_pattern = true}, "born"},
    };
    struct world w;
    (void)state;
    world_begin(&w);
    graph_table(&w.g, "t", "id name:text created_at:datetime", NULL);
    world_plan(&w, "");
    w.options.since_text = "2026-04-02 00:00:00Z";
    w.options.since = when_of(w.options.since_text);
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_err err = {0};
        char message[128];
        struct mr_strbuf sql = MR_STRBUF_INIT, note = MR_STRBUF_INIT;
        assert_int_equal(
            mr_window_condition(&w.check, world_pair(&w, 0), &cases[i].config, &sql, &note, &err),
            MR_E_CONFIG);
        (void)snprintf(message, sizeof message,
                       "time column \"%s\" of table \"club.t\" is no date or time", cases[i].named);
        assert_string_equal(err.message, message);
        assert_int_equal(sql.len, 0);
        mr_strbuf_release(&sql);
        mr_strbuf_release(&note);
    }
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_no_zone),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_slips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
