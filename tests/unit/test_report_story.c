/* test_report_story.c: what was done, put together from what the commands left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/signals.h"
#include "story_case.h"

/* ---- plans ---- */

static void test_plan(void **state)
{
    struct mr_story story;
    (void)state;
    write_plan("p", MERGE);
    load_ok(&story, &(struct given){.plans = {"p"}});
    const struct mr_story_plan *plan = plan_of(&story);
    assert_string_equal(plan->policy, "merge");
    assert_int_equal(plan->units, 3);
    assert_int_equal(plan->open, 2);
    assert_int_equal(plan->decided, 1);
    assert_int_equal(plan->tables.count, 2);
    const struct mr_story_table *table = mr_vec_at(&plan->tables, 0);
    assert_true(table->people);
    assert_int_equal(table->decided[MR_STORY_RENUMBER], 3);
    assert_int_equal(table->decided[MR_STORY_LEFT], 4);
    const struct mr_story_counter *counter = mr_vec_at(&plan->counters, 0);
    assert_int_equal(counter->reseed_to, UINT64_MAX);
    assert_int_equal(counter->next, 8);
    assert_int_equal(plan->acts.count, 0);
    assert_null(story.from);
    mr_story_release(&story);
}

static void test_journal(void **state)
{
    struct mr_story story;
    double seconds = -1;
    (void)state;
    write_plan("p", MERGE);
    write_file("p/journal.jsonl", APPLIED);
    load_ok(&story, &(struct given){.plans = {"p"}});
    const struct mr_story_plan *plan = plan_of(&story);
    assert_int_equal(plan->acts.count, 2);
    const struct mr_story_act *first = mr_vec_at(&plan->acts, 0),
                              *second = mr_vec_at(&plan->acts, 1);
    assert_string_equal(first->run, "r1");
    assert_int_equal(first->raised, 1);
    assert_int_equal(first->written, 4);
    assert_int_equal(first->failed, 1);
    assert_true(mr_story_seconds(first->from, first->to, &seconds));
    assert_int_equal((int)seconds, 9);
    assert_non_null(strstr(first->reason, "Duplicate entry"));
    assert_null(strstr(first->reason, "ann@example"));
    assert_null(strstr(first->reason, "Ann Arendt"));
    assert_int_equal(first->begun + 1, first->ended);
    assert_int_equal(second->refused, 1);
    assert_int_equal(second->partial, 1);
    assert_int_equal(second->begun, second->ended + 1);
    assert_int_equal(plan->units_done, 2);
    assert_int_equal(plan->units_partial, 1);
    assert_int_equal(plan->units_failed, 0);
    assert_int_equal(plan->rows_refused, 1);
    assert_false(plan->is_undone);
    assert_string_equal(story.from, "2026-04-09T12:01:00Z");
    assert_string_equal(story.to, "2026-04-09T12:01:22Z");
    mr_story_release(&story);
}

static void test_undone(void **state)
{
    struct mr_story story;
    (void)state;
    write_plan("p", MERGE);
    write_file("p/journal.jsonl",
               AT("03", "r1", DONE("apply", "1", "4,\"there\":0,\"refused\":0"))
                   AT("04", "r1", DONE("apply", "2", "4,\"there\":0,\"refused\":0"))
                       AT("05", "r2", DONE("undo", "1", "4,\"there\":0,\"refused\":0")));
    load_ok(&story, &(struct given){.plans = {"p"}});
    assert_true(plan_of(&story)->is_undone);
    assert_int_equal(plan_of(&story)->units_done, 1);
    mr_story_release(&story);
}

static void test_plan_refused(void **state)
{
    struct mr_story story;
    struct mr_err err = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    write_plan("p", MERGE);
    case_require(mr_io_read_file("p/plan.json", 65536, &text, NULL));
    *strstr(text.ptr, "merge") = 'M';
    write_file("p/plan.json", text.ptr);
    mr_strbuf_release(&text);
    assert_int_equal(load(&story, &(struct given){.plans = {"p"}}, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "was changed"));
    mr_story_release(&story);
    assert_int_equal(load(&story, &(struct given){.plans = {"nowhere"}}, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "no directory of a plan"));
    mr_story_release(&story);
    write_plan("p", ",\"uuid\":\"x\"");
    assert_int_equal(load(&story, &(struct given){.plans = {"p"}}, &err), MR_E_REFUSED);
    mr_story_release(&story);
}

/* ---- the gate ---- */

/* How the severity of a check went: "critical -> ok"; "" where it did not change. */
static const char *change_of(const struct mr_story *story, const char *name)
{
    static char text[64];
    text[0] = '\0';
    for (size_t i = 0; i < story->changes.count; i++) {
        const struct mr_story_change *change = mr_vec_at(&story->changes, i);
        if (strcmp(change->name, name) == 0)
            (void)snprintf(text, sizeof text, "%s -> %s",
                           change->before != NULL ? change->before->severity : "none",
                           change->after != NULL ? change->after->severity : "none");
    }
    return text;
}

static void test_gates(void **state)
{
    struct mr_story story;
    (void)state;
    write_plan("p", MERGE);
    write_file("p/journal.jsonl", APPLIED);
    write_gate("before", "2026-04-09T11:00:00Z",
               CHECK("max_keys", "critical", "null") CHECK("schema", "ok", "null")
                   CHECK("disk", "warning", "\"2026-05-01\"") CHECK("version", "warning", "null"),
               "critical");
    write_gate("during", "2026-04-09T12:01:10Z", CHECK("max_keys", "critical", "null"), "critical");
    write_gate("after", "2026-04-09T12:01:22Z",
               CHECK("max_keys", "ok", "null") CHECK("schema", "ok", "null")
                   CHECK("disk", "warning", "\"2026-05-01\"")
                       CHECK("heartbeat", "critical", "null"),
               "critical");
    load_ok(&story, &(struct given){.plans = {"p"}, .gates = {"after", "before", "during"}});
    for (size_t i = 0; i < 3; i++) {
        const struct mr_story_gate *gate = mr_vec_at(&story.gates, i);
        assert_int_equal(gate->when, MR_STORY_BEFORE + i);
        assert_string_equal(gate->file, i == 0 ? "before" : i == 1 ? "during" : "after");
    }
    assert_int_equal(story.changes.count, 3);
    assert_string_equal(change_of(&story, "max_keys"), "critical -> ok");
    assert_string_equal(change_of(&story, "version"), "warning -> none");
    assert_string_equal(change_of(&story, "heartbeat"), "none -> critical");
    assert_int_equal(story.unchanged, 2);
    mr_story_release(&story);
}

/* Without a plan the first one is what the others are compared with; one that was cut short
 * is reported, and compared with nothing. */
static void test_gates_alone(void **state)
{
    struct mr_story story;
    (void)state;
    write_gate("one", "2026-04-09T11:00:00Z", CHECK("max_keys", "critical", "null"), "critical");
    write_gate("two", "2026-04-09T11:00:00Z", CHECK("max_keys", "ok", "null"), "ok");
    write_gate("cut", "2026-04-09T13:00:00Z", CHECK("max_keys", "warning", "null"), NULL);
    load_ok(&story, &(struct given){.gates = {"one", "two", "cut"}});
    assert_int_equal(story.changes.count, 1);
    assert_string_equal(change_of(&story, "max_keys"), "critical -> ok");
    mr_story_release(&story);
}

/* Outputs that follow each other in one file. */
static void test_gates_in_one_file(void **state)
{
    struct mr_story story;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    write_gate("one", "2026-04-09T11:00:00Z", CHECK("max_keys", "critical", "null"), "critical");
    write_gate("two", "2026-04-09T12:00:00Z", CHECK("max_keys", "ok", "null"), "ok");
    case_require(mr_io_read_file("one", 65536, &text, NULL));
    case_require(mr_io_read_file("two", 65536, &text, NULL));
    write_file("log", text.ptr);
    mr_strbuf_release(&text);
    load_ok(&story, &(struct given){.gates = {"log"}});
    assert_int_equal(story.gates.count, 2);
    assert_int_equal(story.changes.count, 1);
    mr_story_release(&story);
}

static void test_other_files(void **state)
{
    static const char *const texts[] = {
        "",
        "hello\n",
        "[]\n",
        "{\"type\":\"check\",\"name\":\"x\"}\n",
        "{\"type\":\"run\",\"schema\":\"myrecon/check/1\"}\n",
        "{\"type\":\"run\",\"schema\":\"myrecon/gate/1\"}\n",
        "{\"type\":\"plan\",\"schema\":\"myrecon/repair/1\",\"plan\":\"M\"}\n"
        "{\"type\":\"summary\",\"counters\":1}\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct mr_story story;
        struct mr_err err = {0};
        write_file("f", texts[i]);
        assert_int_equal(load(&story, &(struct given){.gates = {"f"}}, &err), MR_E_USAGE);
        assert_non_null(strstr(err.message, "gate check --json"));
        mr_story_release(&story);
        assert_int_equal(load(&story, &(struct given){.verifies = {"f"}}, &err), MR_E_USAGE);
        assert_non_null(strstr(err.message, "repair verify --json"));
        mr_story_release(&story);
    }
}

/* ---- the proof ---- */

static void test_verify(void **state)
{
    struct mr_story story;
    (void)state;
    write_plan("p", MERGE);
    write_file("p/journal.jsonl", APPLIED);
    write_verify("good", "2026-04-09T12:02:00Z", "\"stands\":5,\"changed_since\":1,\"open\":2");
    write_verify("bad", "2026-04-09T12:03:00Z", "\"stands\":4,\"missing\":1");
    write_verify("early", "2026-04-09T12:00:30Z", "\"stands\":0,\"missing\":5");
    load_ok(&story, &(struct given){.plans = {"p"}, .verifies = {"good", "early"}});
    const struct mr_story_verify *verify = mr_story_verify_of(&story, plan_of(&story));
    assert_string_equal(verify->file, "good");
    assert_true(mr_story_verify_is_clean(verify));
    mr_story_release(&story);
    load_ok(&story, &(struct given){.plans = {"p"}, .verifies = {"bad", "good"}});
    verify = mr_story_verify_of(&story, plan_of(&story));
    assert_string_equal(verify->file, "bad");
    assert_false(mr_story_verify_is_clean(verify));
    mr_story_release(&story);
    load_ok(&story, &(struct given){.plans = {"p"}, .verifies = {"early"}});
    assert_null(mr_story_verify_of(&story, plan_of(&story)));
    mr_story_release(&story);
}

/* A count that is not there is no 0. */
static void test_verify_lacks(void **state)
{
    static const struct {
        const char *summary, *message;
    } cases[] = {
        {SUMMARY(""), "lacks the count \"counters\""},
        {SUMMARY(",\"counters\":1,\"too_low\":0,\"unproven\":0"),
         "lacks the count \"would_raise\""},
        {SUMMARY(",\"counters\":-1"), "lacks the count \"counters\""},
        {SUMMARY(COUNTERS ",\"stands\":5"), "lacks the count \"open\""},
        {SUMMARY(COUNTERS ",\"open\":0,\"not_proven\":0,\"changed_since\":0"),
         "lacks the count \"stands\""},
        {SUMMARY(COUNTERS), "verify says nothing of the rows of plan M"},
    };
    (void)state;
    write_plan("p", MERGE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_story story;
        struct mr_err err = {0};
        write_said("v", "mysql://a@new/", "2026-04-09T12:02:00Z", cases[i].summary);
        assert_int_equal(load(&story, &(struct given){.plans = {"p"}, .verifies = {"v"}}, &err),
                         MR_E_USAGE);
        assert_non_null(strstr(err.message, "\"v\""));
        assert_non_null(strstr(err.message, cases[i].message));
        mr_story_release(&story);
    }
}

/* ---- the telling ---- */

/* What was given and proves nothing is named. */
static void test_verify_unused(void **state)
{
    static const struct {
        const char *target, *summary, *says;
    } cases[] = {
        {"mysql://a@other/", SUMMARY(COUNTERS),
         "on mysql://a@other/ at 2026-04-09 12:02:00 UTC is of no plan that is told"},
        {"mysql://a@new/", "", "was cut short: it proves nothing"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_story story;
        struct mr_report report;
        struct check_case c;
        write_plan("p", MERGE);
        write_file("p/journal.jsonl",
                   AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0")));
        write_said("v", cases[i].target, "2026-04-09T12:02:00Z", cases[i].summary);
        load_ok(&story, &(struct given){.plans = {"p"}, .verifies = {"v"}});
        assert_null(mr_story_verify_of(&story, plan_of(&story)));
        free(conclude(&story, &report, &c, MR_TONE_WARN));
        char *text = report_text(&report, mr_report_html);
        if (strstr(text, cases[i].says) == NULL)
            fail_msg("case %zu: no \"%s\"", i, cases[i].says);
        free(text);
        report_end(&report, &c);
        mr_story_release(&story);
    }
}

static void test_formats(void **state)
{
    static report_fn *const formats[] = {mr_report_html, mr_report_md, mr_report_json};
    static const char *const said[][3] = {
        {"<h2 id=\"story\">", "3 restored under a new id", "Verification"},
        {"## What was done", "3 restored under a new id", "### Verification"},
        {"\"type\":\"act\"", "\"renumber\":3", "\"type\":\"story\""}};
    struct mr_story story;
    struct mr_report report;
    struct check_case c;
    (void)state;
    write_plan("p", MERGE);
    write_file("p/journal.jsonl", APPLIED);
    write_gate("g", "2026-04-09T12:02:00Z", CHECK("max_keys", "critical", "null"), "warning");
    load_ok(&story, &(struct given){.plans = {"p"}, .gates = {"g"}});
    free(conclude(&story, &report, &c, MR_TONE_WARN));
    for (size_t f = 0; f < 3; f++) {
        char *text = report_text(&report, formats[f]);
        for (size_t i = 0; i < 3; i++)
            if (strstr(text, said[f][i]) == NULL)
                fail_msg("format %zu: no \"%s\"", f, said[f][i]);
        assert_null(strstr(text, "ann@example"));
        assert_null(strstr(text, "491709000021"));
        if (f < 2)
            assert_null(strstr(text, "<script>alert(1)"));
        free(text);
    }
    report_end(&report, &c);
    mr_story_release(&story);
}

/* A list that leaves something out says so. */
static void test_beyond(void **state)
{
    (void)state;
    for (int applied = 0; applied < 2; applied++) {
        struct mr_strbuf plan = MR_STRBUF_INIT, journal = MR_STRBUF_INIT;
        struct mr_story story;
        struct mr_report report;
        struct check_case c;
        mr_strbuf_add_str(&plan, ",\"uuid\":\"M\",\"created\":\"2026-04-09T12:00:00Z\","
                                 "\"policy\":\"merge\",\"source\":\"s\",\"target\":\"t\","
                                 "\"tables\":[");
        for (int i = 0; i < 33; i++) {
            mr_strbuf_add_fmt(&plan, "%s{\"target_table\":\"d.t%d\",\"column\":\"id\"}",
                              i > 0 ? "," : "", i);
            mr_strbuf_add_fmt(&journal,
                              AT("01", "r1",
                                 "\"event\":\"done\",\"table\":"
                                 "\"d.t%d\",\"column\":\"id\","
                                 "\"how\":\"alter\",\"to\":\"9\""),
                              i);
        }
        mr_strbuf_add_str(&plan, "]");
        write_plan("p", plan.ptr);
        if (applied)
            write_file("p/journal.jsonl", journal.ptr);
        load_ok(&story, &(struct given){.plans = {"p"}});
        free(conclude(&story, &report, &c, MR_TONE_WARN));
        char *text = report_text(&report, mr_report_html);
        assert_non_null(strstr(text, "d.t29.id"));
        assert_null(strstr(text, "d.t30.id"));
        assert_non_null(strstr(text, "3 more counters beyond these"));
        free(text);
        report_end(&report, &c);
        mr_story_release(&story);
        mr_strbuf_release(&plan);
        mr_strbuf_release(&journal);
    }
}

/* The flag stays up: the last test of this program. */
static void test_cancelled(void **state)
{
    static report_fn *const formats[] = {mr_report_html, mr_report_md, mr_report_json};
    struct mr_story story;
    struct mr_report report;
    struct check_case c;
    (void)state;
    write_plan("p", MERGE);
    load_ok(&story, &(struct given){.plans = {"p"}});
    free(conclude(&story, &report, &c, MR_TONE_WARN));
    mr_cancel();
    for (size_t f = 0; f < 3; f++) {
        struct mr_report_sink sink;
        struct mr_err err = {0};
        case_require(mr_report_sink_begin(&sink, "out", false, NULL));
        assert_int_equal(formats[f](&report, &sink, &err), MR_E_CANCELLED);
        mr_report_sink_free(&sink);
        assert_int_not_equal(access("out", F_OK), 0);
    }
    report_end(&report, &c);
    mr_story_release(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_plan),
        CASE(test_journal),
        CASE(test_undone),
        CASE(test_plan_refused),
        CASE(test_gates),
        CASE(test_gates_alone),
        CASE(test_gates_in_one_file),
        CASE(test_other_files),
        CASE(test_verify),
        CASE(test_verify_lacks),
        CASE(test_verify_unused),
        CASE(test_formats),
        CASE(test_beyond),
        CASE(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
