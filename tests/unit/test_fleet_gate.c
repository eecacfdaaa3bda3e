/* test_fleet_gate.c: what the answers of a fleet's servers come to, and how it is told. */
#include "no_memory.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/json/json_in.h"
#include "recon/fleet/fleet_gate.h"

#define RUN "{\"type\":\"run\",\"schema\":\"myrecon/gate/1\"}\n"
#define CHECK(name, severity, message, silenced)                                                   \
    "{\"type\":\"check\",\"name\":\"" name "\",\"severity\":\"" severity                           \
    "\",\"priority\":\"P1\",\"message\":\"" message                                                \
    "\",\"hint\":null,\"silenced_until\":" silenced "}\n"
#define SUMMARY(verdict) "{\"type\":\"summary\",\"verdict\":\"" verdict "\"}\n"
#define WELL RUN CHECK("disk", "ok", "fine", "null") SUMMARY("ok")

static struct mr_arena arena;

static int setup(void **state)
{
    (void)state;
    mr_arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mr_arena_release(&arena);
    return 0;
}

static struct mr_fleet_task task_of(const char *out, const char *said)
{
    struct mr_fleet_task task = {.exit_code = 0, .seconds = 0.25};
    mr_strbuf_init(&task.out);
    mr_strbuf_init(&task.said);
    mr_strbuf_add_str(&task.out, out);
    mr_strbuf_add_str(&task.said, said);
    return task;
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *out, *said;
        bool late, flooded;
        enum mr_gate_severity verdict;
        size_t checks;
        const char *why; /* begins so; NULL: it answered */
    } table[] = {
        {WELL, "", false, false, MR_GATE_OK, 1, NULL},
        {RUN CHECK("disk", "critical", "full", "null") CHECK("version", "ok", "8", "null")
             SUMMARY("critical"),
         "", false, false, MR_GATE_CRITICAL, 2, NULL},
        {RUN CHECK("disk", "critical", "full", "\"2026-12-01\"") SUMMARY("ok"), "", false, false,
         MR_GATE_OK, 1, NULL},
        {RUN SUMMARY("warning"), "myrecon: warning: x\n", false, false, MR_GATE_WARNING, 0, NULL},
        /* nothing, half of it, and what is no answer */
        {"", "myrecon: error: could not connect\nmyrecon: hint: h\n", false, false, MR_GATE_UNKNOWN,
         0, "could not connect"},
        {"", "a myrecon: error: x\nmyrecon: error: one\nmyrecon: error: two\n", false, false,
         MR_GATE_UNKNOWN, 0, "two"},
        {"", "", false, false, MR_GATE_UNKNOWN, 0, "the look at it ended without an answer"},
        {RUN CHECK("disk", "ok", "fine", "null"), "", false, false, MR_GATE_UNKNOWN, 0,
         "the look at it ended without an answer"},
        {RUN CHECK("disk", "ok", "fine", "null") "{\"type\":\"summary\",\"verdict\":\"ok\"}", "",
         false, false, MR_GATE_UNKNOWN, 0, "the look at it ended without an answer"},
        {"garbage\n", "", false, false, MR_GATE_UNKNOWN, 0, "its answer cannot be read: "},
        {WELL "garbage\n", "", false, false, MR_GATE_UNKNOWN, 0, "its answer cannot be read: "},
        {"{}\n", "", false, false, MR_GATE_UNKNOWN, 0, "its answer cannot be read: "},
        {"[1]\n", "", false, false, MR_GATE_UNKNOWN, 0, "its answer cannot be read: "},
        {RUN CHECK("disk", "bad", "x", "null") SUMMARY("ok"), "", false, false, MR_GATE_UNKNOWN, 0,
         "its answer cannot be read: \"bad\" is no severity"},
        {RUN SUMMARY("fine"), "", false, false, MR_GATE_UNKNOWN, 0,
         "its answer cannot be read: \"fine\" is no severity"},
        {RUN "{\"type\":\"check\"}\n" SUMMARY("ok"), "", false, false, MR_GATE_UNKNOWN, 0,
         "its answer cannot be read: "},
        {WELL, "", true, false, MR_GATE_UNKNOWN, 0, "no answer in time"},
        {WELL, "", false, true, MR_GATE_UNKNOWN, 0, "its answer is larger than 64 MiB"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_fleet_gate_server server = {0};
        struct mr_fleet_task task = task_of(table[i].out, table[i].said);
        struct mr_err err = {0};
        task.late = table[i].late;
        task.flooded = table[i].flooded;
        assert_int_equal(mr_fleet_gate_read(&server, &task, &arena, &err), MR_OK);
        if (server.verdict != table[i].verdict || server.checks.count != table[i].checks ||
            (server.why == NULL) != (table[i].why == NULL))
            fail_msg("answer %zu: verdict %d, %zu checks, %s", i, (int)server.verdict,
                     server.checks.count, server.why != NULL ? server.why : "-");
        if (table[i].why != NULL && strncmp(server.why, table[i].why, strlen(table[i].why)) != 0)
            assert_string_equal(server.why, table[i].why);
        mr_vec_release(&server.checks);
        mr_fleet_task_release(&task);
    }
}

/* ---- a fleet of some ---- */

enum { SERVERS = 5 };

static struct {
    struct mr_inventory_pair pairs[SERVERS];
    struct mr_fleet_gate_server servers[SERVERS];
    struct mr_fleet_task tasks[SERVERS];
    struct mr_fleet_gate gate;
} fleet;

/* Each has a bar, a quote or a line's end in what it says. */
static int fleet_setup(void **state)
{
    static const char *const names[SERVERS] = {"a", "b", "c", "d", "e"};
    static const char *const answers[SERVERS] = {
        WELL,
        RUN CHECK("disk", "warning", "a | b", "null") SUMMARY("warning"),
        RUN CHECK("disk", "critical", "x=1;\\n\\u001b[31m'|'", "null") SUMMARY("critical"),
        "",
        RUN CHECK("ver\\\"s\\\\ion", "critical", "older", "\"2026-12-01 00:00:00\"")
            CHECK("tables", "critical", "one is gone", "null") SUMMARY("critical"),
    };
    (void)setup(state);
    memset(&fleet, 0, sizeof fleet);
    fleet.gate = (struct mr_fleet_gate){.servers = fleet.servers,
                                        .count = SERVERS,
                                        .inventory = "f.ini",
                                        .id = mr_run_id_now(),
                                        .seconds = 1.5};
    for (size_t i = 0; i < SERVERS; i++) {
        struct mr_err err = {0};
        fleet.pairs[i] = (struct mr_inventory_pair){.name = names[i]};
        fleet.servers[i] =
            (struct mr_fleet_gate_server){.pair = &fleet.pairs[i],
                                          .side = i % 2 == 0 ? MR_SOURCE : MR_TARGET,
                                          .shown = "mysql://u@h/x",
                                          .connect = "mysql://u@h/x?ssl-mode=required",
                                          .peer = "mysql://u@g/x?ssl-mode=required"};
        fleet.tasks[i] = task_of(answers[i], "myrecon: error: a | b\n");
        assert_int_equal(mr_fleet_gate_read(&fleet.servers[i], &fleet.tasks[i], &arena, &err),
                         MR_OK);
    }
    return 0;
}

static int fleet_teardown(void **state)
{
    for (size_t i = 0; i < SERVERS; i++) {
        mr_vec_release(&fleet.servers[i].checks);
        mr_fleet_task_release(&fleet.tasks[i]);
    }
    return teardown(state);
}

static void order_is(const char *names)
{
    for (size_t i = 0; i < fleet.gate.count; i++)
        assert_int_equal(fleet.gate.servers[i].pair->name[0], names[i]);
}

static void test_worst_first(void **state)
{
    (void)state;
    assert_int_equal(mr_fleet_gate_verdict(&fleet.gate), MR_GATE_CRITICAL);
    mr_fleet_gate_sort(&fleet.gate);
    order_is("cedba");
    /* of two that are critical the one with more P0, unless they are silenced */
    ((struct mr_fleet_gate_check *)mr_vec_at(&fleet.gate.servers[1].checks, 0))->priority = 0;
    mr_fleet_gate_sort(&fleet.gate);
    order_is("cedba");
    ((struct mr_fleet_gate_check *)mr_vec_at(&fleet.gate.servers[1].checks, 1))->priority = 0;
    mr_fleet_gate_sort(&fleet.gate);
    order_is("ecdba");
    /* of one that gave no answer the most may be wrong */
    for (size_t i = 0; i < 2; i++)
        fleet.gate.servers[i].verdict = MR_GATE_UNKNOWN;
    fleet.gate.servers[1].why = "timed out";
    mr_fleet_gate_sort(&fleet.gate);
    assert_string_equal(fleet.gate.servers[0].why, "timed out");
    fleet.gate.count = 0;
    assert_int_equal(mr_fleet_gate_verdict(&fleet.gate), MR_GATE_OK);
}

/* Of pairs that are as bad as each other the inventory's order holds, and source before target. */
static void test_order_holds(void **state)
{
    (void)state;
    fleet.servers[0].verdict = fleet.servers[1].verdict = MR_GATE_CRITICAL;
    fleet.servers[1].pair = fleet.servers[0].pair;
    mr_fleet_gate_sort(&fleet.gate);
    order_is("aaced");
    assert_int_equal(fleet.gate.servers[0].side, MR_SOURCE);
    assert_int_equal(fleet.gate.servers[1].side, MR_TARGET);
}

/* The guideline's grammar: text without a bar, a bar, 'label'=value[unit] each behind a blank. */
static void test_first_line(void **state)
{
    (void)state;
    static const char grammar[] =
        "^FLEET GATE (OK|WARNING|UNKNOWN|CRITICAL) - [^|]* \\|( '[a-z]+'=[0-9]+(\\.[0-9]+)?s?)+$";
    struct mr_strbuf out = MR_STRBUF_INIT;
    regex_t regex;
    assert_int_equal(regcomp(&regex, grammar, REG_EXTENDED | REG_NOSUB), 0);
    mr_fleet_gate_sort(&fleet.gate);
    for (fleet.gate.count = SERVERS; fleet.gate.count > 0;
         fleet.gate.count--, fleet.gate.servers++) {
        mr_strbuf_reset(&out);
        mr_fleet_gate_text(&fleet.gate, (struct mr_look){0}, false, &out);
        out.ptr[strcspn(out.ptr, "\n")] = '\0';
        if (regexec(&regex, out.ptr, 0, NULL, 0) != 0)
            fail_msg("not Nagios's: %s", out.ptr);
        if (fleet.gate.count == SERVERS)
            assert_string_equal(out.ptr,
                                "FLEET GATE CRITICAL - 1 of 5 servers ok, 2 critical, 1 unknown, "
                                "1 with a warning: c source, e source | 'servers'=5 'ok'=1 "
                                "'warning'=1 'unknown'=1 'critical'=2 'seconds'=1.500s");
        if (fleet.gate.count == 1)
            assert_string_equal(out.ptr, "FLEET GATE OK - 1 of 1 server ok | 'servers'=1 'ok'=1 "
                                         "'warning'=0 'unknown'=0 'critical'=0 'seconds'=1.500s");
    }
    regfree(&regex);
    mr_strbuf_release(&out);
}

static void test_text(void **state)
{
    (void)state;
    struct mr_strbuf out = MR_STRBUF_INIT, more = MR_STRBUF_INIT;
    mr_fleet_gate_sort(&fleet.gate);
    mr_fleet_gate_text(&fleet.gate, (struct mr_look){0}, false, &out);
    assert_null(strchr(out.ptr, '\033'));
    assert_non_null(strstr(out.ptr, "\nunknown  d target mysql://u@h/x: a | b\n"));
    assert_non_null(strstr(out.ptr, "\ncritical e source mysql://u@h/x\n"
                                    "         critical P1 tables: one is gone\n"
                                    "         silenced until 2026-12-01 00:00:00: critical "));
    assert_null(strstr(out.ptr, "ok       a source"));
    assert_non_null(strstr(out.ptr, "\nNext, of the first one:\n  myrecon gate check -v "));
    assert_non_null(strstr(out.ptr, " --peer 'mysql://u@g/x?ssl-mode=required' "
                                    "'mysql://u@h/x?ssl-mode=required'\n"));
    mr_fleet_gate_text(&fleet.gate, (struct mr_look){0}, true, &more);
    assert_non_null(strstr(more.ptr, "\nok       a source mysql://u@h/x\n"));
    /* all are well: of two that nobody compared that says less than it seems to */
    fleet.gate.count = 2;
    for (size_t i = 0; i < 2; i++) {
        fleet.gate.servers[i].verdict = MR_GATE_OK;
        fleet.gate.servers[i].peer = NULL;
    }
    mr_strbuf_reset(&out);
    mr_fleet_gate_text(&fleet.gate, (struct mr_look){0}, false, &out);
    assert_non_null(strstr(out.ptr, "is seen with --peers.\n"));
    fleet.gate.peers = true;
    mr_strbuf_reset(&out);
    mr_fleet_gate_text(&fleet.gate, (struct mr_look){0}, false, &out);
    assert_null(strstr(out.ptr, "--peers"));
    mr_strbuf_release(&out);
    mr_strbuf_release(&more);
}

static void test_json(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0, lines = 0;
    struct mr_err err = {0};
    FILE *file = open_memstream(&text, &len);
    assert_non_null(file);
    mr_fleet_gate_sort(&fleet.gate);
    assert_int_equal(mr_fleet_gate_json(&fleet.gate, file, &err), MR_OK);
    assert_int_equal(fclose(file), 0);
    for (char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1, lines++) {
        struct mr_json_doc *doc = NULL;
        if (mr_json_parse(at, (size_t)(end - at), "it", &doc, &err) != MR_OK)
            fail_msg("%s: %.*s", err.message, (int)(end - at), at);
        mr_json_free(doc);
    }
    assert_int_equal(lines, SERVERS + 2);
    assert_non_null(strstr(text, "\"silenced_until\":\"2026-12-01 00:00:00\""));
    assert_non_null(strstr(text, "{\"type\":\"summary\",\"verdict\":\"critical\",\"servers\":5,"
                                 "\"ok\":1,\"warning\":1,\"unknown\":1,\"critical\":2,"
                                 "\"silenced\":1,\"seconds\":1.5}\n"));
    free(text);
}

static void read_metrics(char *text, size_t size)
{
    char path[] = "/tmp/test_fleet_gate.XXXXXX";
    struct mr_err err = {0};
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(mr_fleet_gate_prometheus(&fleet.gate, path, &err), MR_OK);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t len = fread(text, 1, size - 1, file);
    text[len] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(remove(path), 0);
}

/* Each line a comment or a series; none twice, and those of one name together below its head. */
static void test_metrics(void **state)
{
    (void)state;
    static const char grammar[] =
        "^(# (HELP|TYPE) myrecon_fleet_gate_[a-z_]+ .+|myrecon_fleet_gate_[a-z_]+"
        "(\\{([a-z]+=\"([^\"\\\\]|\\\\[\\\\\"n])*\",?)+\\})? [-+.e0-9]+)$";
    static char text[16384];
    char *lines[128];
    size_t count = 0;
    regex_t regex;
    assert_int_equal(regcomp(&regex, grammar, REG_EXTENDED | REG_NOSUB), 0);
    read_metrics(text, sizeof text);
    assert_non_null(strstr(text, "\nmyrecon_fleet_gate_up{pair=\"d\",side=\"target\"} 0\n"));
    assert_non_null(strstr(text, "\nmyrecon_fleet_gate_state{pair=\"d\",side=\"target\"} 3\n"));
    assert_non_null(strstr(text, "\nmyrecon_fleet_gate_check_state{pair=\"e\",side=\"source\","
                                 "check=\"ver\\\"s\\\\ion\"} 2\n"));
    assert_non_null(strstr(text, "\nmyrecon_fleet_gate_check_silenced{pair=\"e\",side=\"source\","
                                 "check=\"ver\\\"s\\\\ion\"} 1\n"));
    assert_non_null(strstr(text, "\nmyrecon_fleet_gate_check_silenced{pair=\"e\",side=\"source\","
                                 "check=\"tables\"} 0\n"));
    for (char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        lines[count++] = at;
        assert_true(count < sizeof lines / sizeof *lines);
        if (regexec(&regex, at, 0, NULL, 0) != 0)
            fail_msg("no metric: %s", at);
        for (size_t i = 0; i + 1 < count; i++)
            if (strncmp(lines[i], at, strcspn(at, " ") + 1) == 0 && at[0] != '#')
                fail_msg("twice: %s", at);
    }
    assert_true(count > 25);
    regfree(&regex);
}

/* Another's file is not a file of metrics. */
static void test_metrics_spare_others(void **state)
{
    (void)state;
    char path[] = "/tmp/test_fleet_gate.XXXXXX";
    struct mr_err err = {0};
    const int fd = mkstemp(path);
    assert_int_equal(write(fd, "a baseline", 10), 10);
    assert_int_equal(close(fd), 0);
    assert_int_equal(mr_fleet_gate_prometheus(&fleet.gate, path, &err), MR_E_EXISTS);
    assert_int_equal(remove(path), 0);
}

static enum mr_code read_one(void *ctx, struct mr_err *err)
{
    struct mr_arena own;
    struct mr_fleet_gate_server server = {0};
    mr_arena_init(&own);
    const enum mr_code code = mr_fleet_gate_read(&server, ctx, &own, err);
    if (code == MR_OK)
        assert_true(server.checks.count == 1 || server.why != NULL);
    mr_vec_release(&server.checks);
    mr_arena_release(&own);
    return code;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    assert_true(no_memory_each(read_one, &fleet.tasks[1]) > 2);
    assert_true(no_memory_each(read_one, &fleet.tasks[3]) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_worst_first, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(test_order_holds, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(test_first_line, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(test_text, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(test_json, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(test_metrics, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(test_metrics_spare_others, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, fleet_setup, fleet_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
