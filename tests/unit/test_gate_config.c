/* test_gate_config.c: section [gate] of the configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/cli/config.h"
#include "recon/gate/gate_config.h"

static const struct mr_config_room *const gate_room[] = {&mr_gate_room};
static const struct mr_config_rooms rooms = {gate_room, 1};

static enum mr_code load(const char *text, struct mr_arena *arena, struct mr_gate_config *out,
                         struct mr_err *err)
{
    struct mr_config *config = NULL;
    enum mr_code code = mr_config_parse(text, strlen(text), "my.ini", rooms, &config, err);
    if (code == MR_OK)
        code = mr_gate_config_load(config, arena, out, err);
    mr_config_free(config);
    return code;
}

static void test_defaults(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_config c;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(load("", &arena, &c, &err), MR_OK);
    assert_true(c.limits[MR_GATE_T_FRESHNESS].warning == 300);
    assert_true(c.limits[MR_GATE_T_FRESHNESS].critical == 600);
    assert_true(c.limits[MR_GATE_T_CONNECTIONS].warning == 20);
    assert_true(c.limits[MR_GATE_T_CONNECTIONS_SHARE].critical == 5);
    assert_true(c.limits[MR_GATE_T_COMPLETENESS].warning == 99.9);
    assert_int_equal(c.writable_servers, 1);
    mr_arena_release(&arena);
}

static void test_everything(void **state)
{
    static const char text[] = "[gate]\n"
                               "freshness = 60 , 120.5 ; quick\n"
                               "connections-free = 50,10\n"
                               "heartbeat-table = percona.heartbeat\n"
                               "heartbeat-utc = yes\n"
                               "writable-servers = 2\n"
                               "witness-hours = 24\n"
                               "exclude = *.jobs, club.tmp_*\n"
                               "exclude = shop.*\n"
                               "silence = disk until 2026-12-01 because ticket 7\n"
                               "silence = semi_sync until 2026-12-01 06:30+02:00\n"
                               "silence = heartbeat until 2026-12-01 06:30:15\n";
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_config c;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(load(text, &arena, &c, &err), MR_OK);
    assert_true(c.limits[MR_GATE_T_FRESHNESS].warning == 60);
    assert_true(c.limits[MR_GATE_T_FRESHNESS].critical == 120.5);
    assert_true(c.limits[MR_GATE_T_CONNECTIONS].critical == 10);
    assert_string_equal(c.heartbeat_db, "percona");
    assert_string_equal(c.heartbeat_table, "heartbeat");
    assert_true(c.heartbeat_utc);
    assert_int_equal(c.writable_servers, 2);
    assert_true(c.witness_hours == 24);
    assert_int_equal(c.exclude.count, 3);
    assert_string_equal(c.exclude.items[1], "club.tmp_*");
    assert_int_equal(c.nsilences, 3);
    assert_int_equal(c.silences[0].name, MR_GATE_disk);
    assert_string_equal(c.silences[0].reason, "ticket 7");
    assert_string_equal(c.silences[0].until_text, "2026-12-01");
    assert_null(c.silences[1].reason);
    assert_int_equal(c.silences[1].until.hour, 4); /* UTC */
    assert_int_equal(c.silences[1].until.minute, 30);
    assert_int_equal(c.silences[2].until.second, 15);
    mr_arena_release(&arena);
}

static void test_refused(void **state)
{
    static const struct {
        const char *line, *message;
    } bad[] = {
        {"freshness = 600, 300", "a warning that comes after the critical state"},
        {"connections-free = 5, 20", "a warning that comes after the critical state"},
        {"freshness = 300", "no two numbers"},
        {"freshness = 300, 600, 900", "no two numbers"},
        {"freshness = -1, 600", "no two numbers"},
        {"freshness = nan, inf", "no two numbers"},
        {"freshness = 0x1, 0x2", "no two numbers"},
        {"freshness = 5m, 10m", "no two numbers"},
        {"completeness-percent = 101, 99", "a number that is too great"},
        {"freshness =", "no value"},
        {"freshnes = 1, 2", "unknown key \"freshnes\""},
        {"heartbeat-table = heartbeat", "no table"},
        {"heartbeat-utc = maybe", "neither yes nor no"},
        {"writable-servers = 0", "no number of servers"},
        {"writable-servers = two", "no number of servers"},
        {"witness-hours = 0", "no number of hours"},
        {"witness-hours = 7d", "no number of hours"},
        {"witness-hours = 87601", "no number of hours"},
        {"silence = disk", "no end of the silence"},
        {"silence = disc until 2026-12-01", "an unknown check"},
        {"silence = disk until tomorrow", "an end that is no time"},
        {"silence = disk until 2026-02-30", "an end that is no time"},
        {"freshness = 1, 2\nfreshness = 1, 3", "given twice"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_gate_config c;
        struct mr_err err = {0};
        char text[256];
        (void)snprintf(text, sizeof text, "[gate]\n%s\n", bad[i].line);
        assert_int_equal(load(text, &arena, &c, &err), MR_E_CONFIG);
        assert_non_null(strstr(err.message, bad[i].message));
        assert_ptr_equal(strstr(err.message, "my.ini:"), err.message);
        mr_arena_release(&arena);
    }
}

static void test_sections(void **state)
{
    static const char *const bad[] = {"[gate club]\n", "[gate]\n[gate]\n", "[gates]\n"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_gate_config c;
        struct mr_err err = {0};
        assert_int_equal(load(bad[i], &arena, &c, &err), MR_E_CONFIG);
        mr_arena_release(&arena);
    }
}

static void test_names(void **state)
{
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_gate_name_find("newest_row", &err), MR_GATE_newest_row);
    assert_int_equal(mr_gate_name_find("newest_rows", &err), MR_GATE_NONE);
    assert_int_equal(err.code, MR_E_USAGE);
    assert_string_equal(mr_err_get_hint(&err), "Did you mean \"newest_row\"?");
    assert_int_equal(MR_GATE_NAMES_END - 1, 35);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_everything),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_sections),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
