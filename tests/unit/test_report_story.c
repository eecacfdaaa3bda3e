/* test_report_story.c: what was done, put together from what the commands left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "core/base/signals.h"
#include "core/case/plan_manifest.h"
#include "place.h"
#include "report_case.h"

#define EVIL "</td><script>alert(1)</script>"

static void write_file(const char *path, const char *text)
{
    case_require(mr_io_write_file(path, 0600, text, strlen(text), NULL));
}

static void write_plan(const char *dir, const char *members)
{
    struct mr_strbuf body = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    char path[64];
    (void)mkdir(dir, 0700);
    (void)snprintf(path, sizeof path, "%s/plan.json", dir);
    mr_strbuf_add_fmt(&body, "{\"schema\":\"myrecon/plan/1\"%s}\n", members);
    case_require(mr_plan_manifest_seal(&body, &text, NULL));
    write_file(path, text.ptr);
    mr_strbuf_release(&body);
    mr_strbuf_release(&text);
}

#define MERGE                                                                                      \
    ",\"uuid\":\"M\",\"created\":\"2026-04-09T12:00:00Z\",\"policy\":\"merge\","                   \
    "\"source\":\"mysql://a@old/\",\"target\":\"mysql://a@new/\",\"run\":"                         \
    "\"20260102T030405Z-8f3a\",\"tables\":[{\"target_table\":\"club.m\",\"column\":"               \
    "\"id\",\"next\":{\"source\":\"9\",\"target\":\"8\"},\"block\":{\"from\":\"9\","               \
    "\"to\":\"12\"},\"reseed_to\":\"18446744073709551615\"}],\"rows\":{\"units\":3,"               \
    "\"rows\":7,\"open\":2,\"decided\":1,\"tables\":[{\"table\":\"club.m\",\"subject\":"           \
    "true,\"decisions\":[{\"decision\":\"insert\",\"count\":2},{\"decision\":"                     \
    "\"renumber\",\"count\":3},{\"decision\":\"left\",\"count\":4},"                               \
    "{\"decision\":\"of tomorrow\",\"count\":9}]},{\"table\":"                                     \
    "\"club." EVIL "\",\"subject\":false,\"decisions\":[{\"decision\":\"insert\","                 \
    "\"count\":2}]}],\"notes\":[{}]}"

/* Raises counters alone. */
#define RESEED(uuid)                                                                               \
    ",\"uuid\":\"" uuid "\",\"created\":\"2026-04-09T12:00:00Z\",\"policy\":"                      \
    "\"reseed\",\"source\":\"mysql://a@old/\",\"target\":\"mysql://a@new/"                         \
    "\",\"tables\":[]"

#define AT(second, run, rest)                                                                      \
    "{\"at\":\"2026-04-09T12:01:" second "Z\",\"run\":\"" run "\"," rest "}\n"
#define RAISE(event)                                                                               \
    "\"event\":\"" event "\",\"table\":\"club.m\",\"column\":\"id\",\"how\":\"alter\","            \
    "\"to\":\"12\""
#define UNIT(event, script, unit) "\"event\":\"" event "\",\"script\":\"" script "\",\"unit\":" unit
#define DONE(script, unit, counts) UNIT("done", script, unit) ",\"written\":" counts

#define APPLIED                                                                                    \
    AT("00", "r1", RAISE("try"))                                                                   \
    AT("01", "r1", RAISE("done"))                                                                  \
    AT("02", "r1", UNIT("try", "apply", "1"))                                                      \
    AT("03", "r1", DONE("apply", "1", "3,\"there\":0,\"refused\":0"))                              \
    AT("03", "r1", DONE("apply", "3", "1,\"there\":0,\"refused\":0"))                              \
    AT("04", "r1", UNIT("try", "apply", "2"))                                                      \
    AT("09", "r1",                                                                                 \
       UNIT("failed", "apply", "2") ",\"detail\":\"Duplicate entry '"                              \
                                    "Ann Arendt, ann@example.com' for key " EVIL "\"")             \
    AT("20", "r2", UNIT("try", "apply", "2"))                                                      \
    AT("21", "r2", DONE("apply", "2", "1,\"there\":1,\"refused\":1"))                              \
    AT("22", "r2", UNIT("try", "apply", "4"))                                                      \
    "{\"at\":\"2026-04-09T12:01:30Z\",\"run\":\"r2\",\"ev"

static void write_gate(const char *path, const char *time, const char *checks, const char *verdict)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text,
                      "{\"type\":\"run\",\"schema\":\"myrecon/gate/1\",\"run_id\":\"g\","
                      "\"server\":\"mysql://new/\",\"baseline\":null,\"started\":\"%s\"}"
                      "\n%s",
                      time, checks);
    if (verdict != NULL)
        mr_strbuf_add_fmt(&text, "{\"type\":\"summary\",\"verdict\":\"%s\"}\n", verdict);
    write_file(path, text.ptr);
    mr_strbuf_release(&text);
}

#define CHECK(name, severity, silenced)                                                            \
    "{\"type\":\"check\",\"name\":\"" name "\",\"severity\":\"" severity                           \
    "\",\"priority\":\"P0\",\"message\":\"" name " of +491709000021 is " severity                  \
    "\",\"silenced_until\":" silenced "}\n"

static void write_said(const char *path, const char *target, const char *time, const char *summary)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text,
                      "{\"type\":\"plan\",\"schema\":\"myrecon/repair/1\",\"plan\":\"M\","
                      "\"target\":\"%s\",\"started\":\"%s\"}\n"
                      "{\"type\":\"table\",\"table\":\"club.m\",\"stands\":5}\n"
                      "%s",
                      target, time, summary);
    write_file(path, text.ptr);
    mr_strbuf_release(&text);
}

/* counts: "stands":5,"missing":1; all others are 0. */
static void write_verify(const char *path, const char *time, const char *counts)
{
    static const char *const names[] = {
        "stands",         "changed_since", "missing",   "someone_else",     "refers_elsewhere",
        "twice",          "not_deleted",   "unplanned", "refers_to_nobody", "source_missing",
        "source_differs", "open",          "not_proven"};
    struct mr_strbuf text = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text,
                      "{\"type\":\"summary\",\"counters\":1,\"high_enough\":1,"
                      "\"would_raise\":0,\"too_low\":0,\"unproven\":0,%s",
                      counts);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        mr_strbuf_reset(&name);
        mr_strbuf_add_fmt(&name, "\"%s\":", names[i]);
        if (strstr(counts, name.ptr) == NULL)
            mr_strbuf_add_fmt(&text, ",%s0", name.ptr);
    }
    mr_strbuf_add_str(&text, "}\n");
    write_said(path, "mysql://a@new/", time, text.ptr);
    mr_strbuf_release(&name);
    mr_strbuf_release(&text);
}

struct given {
    const char *plans[4], *gates[4], *verifies[4];
    bool unmask;
};

static struct mr_string_list list_of(const char *const *items)
{
    struct mr_string_list list = {items, 0};
    while (list.count < 4 && items[list.count] != NULL)
        list.count++;
    return list;
}

static enum mr_code load(struct mr_story *story, const struct given *given, struct mr_err *err)
{
    const struct mr_string_list plans = list_of(given->plans), gates = list_of(given->gates),
                                verifies = list_of(given->verifies);
    const struct mr_story_from from = {&plans, &gates, &verifies, given->unmask};
    return mr_story_load(story, &from, err);
}

static void load_ok(struct mr_story *story, const struct given *given)
{
    struct mr_err err = {0};
    if (load(story, given, &err) != MR_OK)
        fail_msg("%s", err.message);
}

static const struct mr_story_plan *plan_of(const struct mr_story *story)
{
    return mr_vec_at(&story->plans, 0);
}

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

#define SUMMARY(rest) "{\"type\":\"summary\"" rest "}\n"
#define COUNTERS ",\"counters\":1,\"high_enough\":1,\"would_raise\":0,\"too_low\":0,\"unproven\":0"

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

static void fill(struct check_case *c)
{
    static const struct case_row row = {
        0, 1, MR_FIND_DIVERGED, MR_KIND_MISSING, "3/ann/x", NULL, "a", NULL};
    case_begin(c);
    c->run.finished = true;
    case_table(c, "club.m", MR_VERDICT_DIVERGED, true);
    case_chunk(c, 0, 2, true);
    case_row(c, row);
    case_summarise(c);
}

/* What it comes to, to be freed. */
static char *conclude(struct mr_story *story, struct mr_report *report, struct check_case *c,
                      enum mr_doc_tone tone)
{
    static const struct mr_config nothing;
    struct mr_strbuf text = MR_STRBUF_INIT;
    fill(c);
    case_load(c, 50);
    c->result.run = &c->run;
    *report = (struct mr_report){.result = &c->result,
                                 .config = &nothing,
                                 .case_path = "incident.case",
                                 .max_rows = 50,
                                 .story = story};
    case_require(mr_report_load(report, NULL));
    assert_int_equal(mr_story_conclude(story, &text), tone);
    return mr_strbuf_detach(&text);
}

static void test_conclusions(void **state)
{
    static const struct {
        const char *journal, *verify, *gate;
        enum mr_doc_tone tone;
        const char *state, *says[3], *never;
    } cases[] = {
        {NULL,
         NULL,
         NULL,
         MR_TONE_WARN,
         "Planned, not applied",
         {"nothing is applied"},
         "verified"},
        {APPLIED,
         NULL,
         NULL,
         MR_TONE_WARN,
         "Applied in part",
         {"5 rows were written", "1 row refused", "Not all of it is verified"},
         "stands"},
        {AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0")),
         "\"stands\":7",
         "ok",
         MR_TONE_WARN,
         "Applied in part",
         {"2 conflicts left open", "verify proves", "says ok now"},
         "Not all"},
        {AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0")),
         "\"stands\":6,\"changed_since\":1",
         NULL,
         MR_TONE_WARN,
         "Applied in part",
         {"stands, as verify proves, 1 row of it edited since."},
         "Not all"},
        {AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0")),
         "\"stands\":6,\"missing\":1",
         NULL,
         MR_TONE_BAD,
         "Applied, and does not stand",
         {"Not all of it stands as planned, 1 row does not"},
         "proves"},
        {AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0"))
             AT("05", "r2", DONE("undo", "1", "7,\"there\":0,\"refused\":0")),
         NULL,
         NULL,
         MR_TONE_WARN,
         "Taken back",
         {"What was applied has been taken back."},
         "written"},
        /* an undo that could not take back anything, and an apply behind one that wrote nothing */
        {AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0"))
             AT("04", "r1", DONE("apply", "2", "0,\"there\":1,\"refused\":0"))
                 AT("05", "r2", UNIT("try", "undo", "1"))
                     AT("06", "r2", UNIT("failed", "undo", "1") ",\"detail\":\"Lock wait\"")
                         AT("07", "r2", UNIT("failed", "undo", "2") ",\"detail\":\"Lock wait\""),
         NULL,
         NULL,
         MR_TONE_WARN,
         "Applied in part",
         {"7 rows were written", "Not all of it is verified"},
         "taken back"},
        {AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0"))
             AT("05", "r2", DONE("undo", "1", "7,\"there\":0,\"refused\":0,\"of\":1"))
                 AT("06", "r3", UNIT("try", "apply", "1"))
                     AT("07", "r3", UNIT("failed", "apply", "1") ",\"detail\":\"Lock wait\""),
         NULL,
         NULL,
         MR_TONE_WARN,
         "Taken back",
         {"What was applied has been taken back."},
         "written"},
        /* not all of it, and not all of its units */
        {AT("01", "r1", RAISE("done"))
             AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0"))
                 AT("05", "r2", DONE("undo", "4", "5,\"there\":0,\"refused\":2,\"of\":4")),
         NULL,
         NULL,
         MR_TONE_WARN,
         "Taken back in part",
         {"has been taken back, 2 rows kept, 3 units not yet, 1 counter stays raised."},
         "written"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct given given = {.plans = {"p"}};
        struct mr_story story;
        struct mr_report report;
        struct check_case c;
        write_plan("p", MERGE);
        (void)remove("p/journal.jsonl");
        if (cases[i].journal != NULL)
            write_file("p/journal.jsonl", cases[i].journal);
        if (cases[i].verify != NULL) {
            write_verify("v", "2026-04-09T12:02:00Z", cases[i].verify);
            given.verifies[0] = "v";
        }
        if (cases[i].gate != NULL) {
            write_gate("g", "2026-04-09T12:02:00Z", "", cases[i].gate);
            given.gates[0] = "g";
            given.gates[1] = "b";
            write_gate("b", "2026-04-09T11:02:00Z", "", "critical");
        }
        load_ok(&story, &given);
        char *text = conclude(&story, &report, &c, cases[i].tone);
        assert_string_equal(mr_story_state(&story), cases[i].state);
        for (size_t j = 0; j < 3 && cases[i].says[j] != NULL; j++)
            if (strstr(text, cases[i].says[j]) == NULL)
                fail_msg("case %zu: no \"%s\" in: %s", i, cases[i].says[j], text);
        assert_null(strstr(text, cases[i].never));
        free(text);
        report_end(&report, &c);
        mr_story_release(&story);
    }
}

/* The words that stand on top, where one plan raises counters. */
static void test_states(void **state)
{
    struct mr_story story;
    (void)state;
    write_plan("p", RESEED("M"));
    write_file("p/journal.jsonl", AT("01", "r1", RAISE("done")));
    load_ok(&story, &(struct given){.plans = {"p"}});
    assert_string_equal(mr_story_state(&story), "Applied, not verified");
    mr_story_release(&story);
    write_said("v", "mysql://a@new/", "2026-04-09T12:02:00Z", SUMMARY(COUNTERS));
    load_ok(&story, &(struct given){.plans = {"p"}, .verifies = {"v"}});
    assert_string_equal(mr_story_state(&story), "Applied and verified");
    mr_story_release(&story);
    write_gate("g", "2026-04-09T12:02:00Z", "", "ok");
    load_ok(&story, &(struct given){.gates = {"g"}});
    assert_null(mr_story_state(&story));
    mr_story_release(&story);
}

/* Of a rejoin more is left than its rows, until the last step of it is done. */
static void test_rejoin(void **state)
{
    static const struct {
        const char *journal;
        bool is_left;
    } cases[] = {
        {"", false}, /* first of all its rows */
        {AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0")), true},
        {AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0"))
             AT("04", "r2", "\"event\":\"done\",\"step\":\"reset\"")
                 AT("05", "r2", "\"event\":\"try\",\"step\":\"start\""),
         true},
        {AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0"))
             AT("05", "r2", "\"event\":\"done\",\"step\":\"start\""),
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_story story;
        struct mr_report report;
        struct check_case c;
        write_plan("p", ",\"uuid\":\"R\",\"created\":\"2026-04-09T12:00:00Z\",\"policy\":"
                        "\"rejoin\",\"source\":\"mysql://a@new/\",\"target\":"
                        "\"mysql://a@old/\",\"run\":null,\"tables\":[],\"rows\":{\"units\":1,"
                        "\"rows\":7,\"open\":0,\"decided\":0,\"tables\":[],\"notes\":[]}");
        write_file("p/journal.jsonl", cases[i].journal);
        load_ok(&story, &(struct given){.plans = {"p"}});
        free(conclude(&story, &report, &c, MR_TONE_WARN));
        char *page = report_text(&report, mr_report_html);
        assert_int_equal(strstr(page, "point-of-no-return") != NULL, cases[i].is_left);
        free(page);
        report_end(&report, &c);
        mr_story_release(&story);
    }
}

/* A plan that waits is not among what stands. */
static void test_waiting_plan(void **state)
{
    struct mr_story story;
    struct mr_report report;
    struct check_case c;
    (void)state;
    write_plan("p", RESEED("M"));
    write_file("p/journal.jsonl", AT("01", "r1", RAISE("done")));
    write_said("v", "mysql://a@new/", "2026-04-09T12:02:00Z", SUMMARY(COUNTERS));
    write_plan("q", RESEED("N"));
    load_ok(&story, &(struct given){.plans = {"p", "q"}, .verifies = {"v"}});
    char *text = conclude(&story, &report, &c, MR_TONE_WARN);
    assert_string_equal(text, "1 counter was raised. All that was applied "
                              "stands, as verify proves. 1 plan is not applied.");
    free(text);
    report_end(&report, &c);
    mr_story_release(&story);
    (void)remove("q/plan.json");
}

/* One that was taken back is none that stands, and what it leaves is told. */
static void test_undone_plan(void **state)
{
    struct mr_story story;
    struct mr_report report;
    struct check_case c;
    (void)state;
    write_plan("p", RESEED("M"));
    write_file("p/journal.jsonl", AT("01", "r1", RAISE("done")));
    write_said("v", "mysql://a@new/", "2026-04-09T12:02:00Z", SUMMARY(COUNTERS));
    write_plan("q", RESEED("N"));
    write_file("q/journal.jsonl",
               AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0"))
                   AT("05", "r2", DONE("undo", "1", "6,\"there\":0,\"refused\":1,\"of\":1")));
    load_ok(&story, &(struct given){.plans = {"p", "q"}, .verifies = {"v"}});
    char *text = conclude(&story, &report, &c, MR_TONE_WARN);
    assert_string_equal(text, "1 plan was taken back, 1 row kept. 1 counter was raised. All that "
                              "was applied and not taken back stands, as verify proves.");
    assert_string_equal(mr_story_state(&story), "Taken back in part");
    free(text);
    report_end(&report, &c);
    mr_story_release(&story);
    (void)remove("q/plan.json");
    (void)remove("q/journal.jsonl");
}

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

static int end(void **state)
{
    (void)remove("p/plan.json");
    (void)remove("p/journal.jsonl");
    return place_end(state);
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, place_begin, end)
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
        CASE(test_states),
        CASE(test_waiting_plan),
        CASE(test_undone_plan),
        CASE(test_rejoin),
        CASE(test_conclusions),
        CASE(test_formats),
        CASE(test_beyond),
        CASE(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
