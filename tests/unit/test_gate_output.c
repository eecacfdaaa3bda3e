/* test_gate_output.c: the first line, JSON lines, and metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/io.h"
#include "gate_sample.h"
#include "recon/gate/gate_output.h"

static const struct mr_gate_silence silence = {.name = MR_GATE_disk,
                                               .until = {.year = 2027, .month = 1, .day = 1},
                                               .until_text = "2027-01-01",
                                               .reason = "ticket 7"};

static void begin(struct gate *g, struct mr_gate_report *report)
{
    gate_begin(g);
    g->now.connected = 195; /* critical */
    g->now.by_account = "app|x 190\nroot 5";
    g->variables[1].value = "0"; /* warning */
    g->now.disk_bytes = 1000;    /* critical, but silenced */
    g->now.disk_free_bytes = 1;
    g->config.silences = &silence;
    g->config.nsilences = 1;
    gate_run(g);
    *report = (struct mr_gate_report){.judge = &g->judge,
                                      .run_id = "R",
                                      .started = "2026-04-09T10:00:00Z",
                                      .server = "mysql://db1",
                                      .label = "db\"1:3306",
                                      .metrics = MR_GATE_CHECK_METRICS,
                                      .seconds = 0.25};
}

typedef enum mr_code output_fn(const struct mr_gate_report *report, FILE *file, struct mr_err *err);

static char *printed(const struct mr_gate_report *report, output_fn *print)
{
    char *text = NULL;
    size_t size = 0;
    struct mr_err err = {0};
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    assert_int_equal(print(report, file, &err), MR_OK);
    (void)fclose(file);
    return text;
}

static void has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        print_error("no %s in:\n%s\n", part, text);
    assert_non_null(strstr(text, part));
}

static void test_text(void **state)
{
    struct gate g;
    struct mr_gate_report report;
    (void)state;
    begin(&g, &report);
    char *text = printed(&report, mr_gate_output_text);
    const char *bar = strchr(text, '|'), *end = strchr(text, '\n');
    assert_ptr_equal(strstr(text, "GATE CRITICAL - connections: 5 of 200 connections are "
                                  "left (app/x 190\\nroot 5) | '"),
                     text);
    assert_non_null(bar);
    assert_true(bar < end);
    assert_null(memchr(bar + 1, '|', (size_t)(end - bar - 1)));
    has(text, " 'connections_used'=195 ");
    has(text, " 'replication_lag_seconds db1:3306'=0s;60;300;0 ");
    has(text, " 'seconds'=0.250s\n");
    has(text, "\nwarning  P2 variables: sync_binlog is \"0\", was \"1\"\n");
    has(text, "\nsilenced P1 disk: 0.1 %");
    has(text, "critical until 2027-01-01: ticket 7\n");
    has(text, "\nok       server_identity, data_directory");
    free(text);
    gate_end(&g);
}

/* An old baseline knows nothing of what was lost since: where all is well, it is said how old. */
static void test_well(void **state)
{
    struct gate g;
    (void)state;
    gate_begin(&g);
    gate_run(&g);
    const struct mr_gate_report report = {.judge = &g.judge, .server = "mysql://db1"};
    char *text = printed(&report, mr_gate_output_text);
    has(text, " checks of mysql://db1 against the baseline of 2026-04-08T14:00:00Z | '");
    free(text);
    g.judge.baseline = NULL;
    text = printed(&report, mr_gate_output_text);
    has(text, " checks of mysql://db1 | '");
    free(text);
    gate_end(&g);
}

/* The grammar of the plugins' guideline:
 * 'label'=value[UOM];[warn];[crit];[min];[max] */
static void test_perfdata(void **state)
{
    static const char item[] = "^'[^'=|]+'=(U|-?[0-9]+(\\.[0-9]+)?(s|us|ms|%|B|KB|MB|TB|c)?)"
                               "(;(-?[0-9]+(\\.[0-9]+)?)?){0,4}$";
    static const struct {
        const char *name;
        double value;
        bool has_limits;
        const char *shown;
    } table[] = {
        {"free_bytes", 12345678901, false, " 'free_bytes it_s _x_y'=12345678901B"},
        {"free_bytes", 9007199254740992, false, " 'free_bytes it_s _x_y'=9007199254740992B"},
        {"lag_seconds", 1234567, true, " 'lag_seconds it_s _x_y'=1234567s;60;300.5;0"},
        {"age_seconds", -3, true, " 'age_seconds it_s _x_y'=-3s;60;300.5"},
        {"latency_seconds", 0.00001234, false, " 'latency_seconds it_s _x_y'=0.000012s"},
        {"latency_seconds", -1e-9, false, " 'latency_seconds it_s _x_y'=0s"},
        {"free_ratio", 0.25, false, " 'free_ratio it_s _x_y'=0.25"},
        {"free_ratio", INFINITY, true, " 'free_ratio it_s _x_y'=U;60;300.5"},
        {"lag_seconds", NAN, false, " 'lag_seconds it_s _x_y'=U"},
        {"count", 100, false, " 'count it_s _x_y'=100 "},
    };
    struct gate g;
    struct mr_gate_report report;
    regex_t grammar;
    (void)state;
    assert_int_equal(regcomp(&grammar, item, REG_EXTENDED | REG_NOSUB), 0);
    begin(&g, &report);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        mr_gate_metric(&g.judge, &(struct mr_gate_metric){.name = table[i].name,
                                                          .label_names = {"table", NULL},
                                                          .labels = {"it's =x|y", NULL},
                                                          .value = table[i].value,
                                                          .has_limits = table[i].has_limits,
                                                          .limits = {60, 300.5},
                                                          .in_perfdata = true});
    char *text = printed(&report, mr_gate_output_text);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        has(text, table[i].shown);
    *strchr(text, '\n') = '\0';
    size_t count = 0;
    for (char *at = strstr(text, "| ") + 2, *end; at != NULL; at = end, count++) {
        end = strstr(at, " '");
        if (end != NULL)
            *end++ = '\0';
        if (regexec(&grammar, at, 0, NULL, 0) != 0)
            fail_msg("no performance data: %s", at);
    }
    assert_true(count > sizeof table / sizeof *table);
    free(text);
    regfree(&grammar);
    gate_end(&g);
}

static void test_json(void **state)
{
    struct gate g;
    struct mr_gate_report report;
    (void)state;
    begin(&g, &report);
    char *text = printed(&report, mr_gate_output_json);
    has(text, "{\"type\":\"run\",\"schema\":\"myrecon/gate/1\",\"run_id\":\"R\",\"server\":"
              "\"mysql://db1\",\"baseline\":\"before.facts\"");
    has(text, "{\"type\":\"check\",\"name\":\"variables\",\"severity\":\"warning\","
              "\"priority\":\"P2\",\"message\":\"sync_binlog is \\\"0\\\", was \\\"1\\\"\","
              "\"value\":\"sync_binlog=0\",\"baseline\":\"sync_binlog=1\",\"hint\":\"");
    has(text, "\"silenced_until\":\"2027-01-01\"}");
    has(text, "{\"type\":\"summary\",\"verdict\":\"critical\",\"checks\":35,\"ok\":32,"
              "\"warning\":1,\"critical\":1,\"unknown\":0,\"silenced\":1,\"seconds\":0.25}");
    free(text);
    gate_end(&g);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static void test_metrics(void **state)
{
    struct gate g;
    struct mr_gate_report report;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err err = {0};
    char path[] = "/tmp/gate.XXXXXX";
    (void)state;
    begin(&g, &report);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(mr_gate_output_prometheus(&report, path, &err), MR_OK);
    assert_int_equal(mr_io_read_file(path, 1 << 20, &text, &err), MR_OK);
    has(text.ptr, "\nmyrecon_gate_up{server=\"db\\\"1:3306\"} 1\n");
    has(text.ptr, "myrecon_gate_state{server=\"db\\\"1:3306\"} 2\n");
    has(text.ptr, "myrecon_gate_check_state{server=\"db\\\"1:3306\",check=\"variables\","
                  "priority=\"P2\"} 1\n");
    has(text.ptr, "check=\"disk\"} 1\n");
    /* each name has one head, wherever its series stand */
    assert_int_equal(count_of(text.ptr, "# TYPE myrecon_gate_check_state gauge"), 1);
    assert_int_equal(count_of(text.ptr, "# HELP"), count_of(text.ptr, "# TYPE"));
    assert_int_equal(text.ptr[text.len - 1], '\n');
    mr_strbuf_reset(&text);
    assert_int_equal(mr_gate_output_prometheus_down(MR_GATE_CHECK_METRICS, "db1:3306", path, &err),
                     MR_OK);
    assert_int_equal(mr_io_read_file(path, 1 << 20, &text, &err), MR_OK);
    has(text.ptr, "myrecon_gate_up{server=\"db1:3306\"} 0\n");
    has(text.ptr, "myrecon_gate_state{server=\"db1:3306\"} 3\n");
    (void)unlink(path);
    mr_strbuf_release(&text);
    gate_end(&g);
}

/* Of a cutover: whose place is taken, and what is left to be done. */
static void test_cutover(void **state)
{
    static const struct mr_gate_step steps[] = {{"OLD", "SET GLOBAL read_only = ON;"},
                                                {NULL, "myrecon gate fence mysql://db0"}};
    struct gate g;
    struct mr_gate_report report;
    (void)state;
    gate_begin(&g);
    g.judge.arena = &g.arena;
    for (int i = 0; i < 3; i++) {
        mr_gate_judge_begin(&g.judge);
        mr_gate_note(&g.judge, "the same");
        struct mr_gate_result *r = mr_gate_judge_end(&g.judge, i == 0 ? "rows" : "sql_mode", 1);
        assert_non_null(r);
        r->is_setting = i > 0;
    }
    report = (struct mr_gate_report){.judge = &g.judge,
                                     .run_id = "R",
                                     .started = "2026-04-09T10:00:00Z",
                                     .server = "mysql://db1",
                                     .label = "db1:3306",
                                     .metrics = MR_GATE_CUTOVER_METRICS,
                                     .old = "mysql://db0",
                                     .steps = steps,
                                     .nsteps = 2};
    char *text = printed(&report, mr_gate_output_text);
    has(text, "\nok       rows, 2 settings\n");
    has(text, "\n  1. on OLD: SET GLOBAL read_only = ON;\n  2. myrecon gate fence");
    free(text);
    text = printed(&report, mr_gate_output_json);
    has(text, "\"schema\":\"myrecon/gate-cutover/1\",\"run_id\":\"R\",\"old\":\"mysql://db0\","
              "\"new\":\"mysql://db1\"");
    has(text, "{\"type\":\"step\",\"server\":null,\"statement\":\"myrecon gate fence");
    free(text);
    gate_end(&g);
}

/* What a check found of a hundred tables: the one that matters is not among those that are only
 * counted, and what to do is about that one. */
static void test_gravest(void **state)
{
    struct gate g;
    (void)state;
    gate_begin(&g);
    g.judge.arena = &g.arena;
    mr_gate_judge_begin(&g.judge);
    for (int i = 0; i < 7; i++) {
        mr_gate_found(&g.judge, i == 2 ? MR_GATE_UNKNOWN : MR_GATE_WARNING, "t%d", i);
        mr_gate_hint(&g.judge, "look at t%d", i);
    }
    mr_gate_found(&g.judge, MR_GATE_CRITICAL, "users lost");
    mr_gate_hint(&g.judge, "keep users");
    mr_gate_found(&g.judge, MR_GATE_WARNING, "t8");
    const struct mr_gate_result *r = mr_gate_judge_end(&g.judge, "sample_digest", 0);
    assert_non_null(r);
    assert_int_equal(r->severity, MR_GATE_CRITICAL);
    assert_string_equal(r->message, "t0; t1; t2; t3; users lost; and 4 more");
    assert_string_equal(r->hint, "keep users");
    gate_end(&g);
}

static void test_exit(void **state)
{
    (void)state;
    assert_int_equal(mr_gate_output_exit(MR_GATE_OK, false), 0);
    assert_int_equal(mr_gate_output_exit(MR_GATE_WARNING, false), 1);
    assert_int_equal(mr_gate_output_exit(MR_GATE_CRITICAL, false), 2);
    assert_int_equal(mr_gate_output_exit(MR_GATE_UNKNOWN, false), 4);
    assert_int_equal(mr_gate_output_exit(MR_GATE_UNKNOWN, true), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),     cmocka_unit_test(test_well),
        cmocka_unit_test(test_perfdata), cmocka_unit_test(test_json),
        cmocka_unit_test(test_metrics),  cmocka_unit_test(test_cutover),
        cmocka_unit_test(test_gravest),  cmocka_unit_test(test_exit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
