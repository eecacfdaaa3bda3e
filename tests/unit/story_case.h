/*
 * story_case: what the commands leave behind, as files in the working directory, and what a story of them
 * comes to, for tests.
 *
 *   write_plan, write_file("p/journal.jsonl", …), write_gate, write_verify → load_ok → conclude → release
 */
#ifndef MR_TESTS_STORY_CASE_H
#define MR_TESTS_STORY_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "core/case/plan_manifest.h"
#include "place.h"
#include "report_case.h"

#define EVIL "</td><script>alert(1)</script>"

static inline void write_file(const char *path, const char *text)
{
    case_require(mr_io_write_file(path, 0600, text, strlen(text), NULL));
}

static inline void write_plan(const char *dir, const char *members)
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

/* Of one table, as the run of fill() found it. */
struct planned {
    const char *uuid, *created, *policy, *source, *run, *table;
    int rows, open;
};

static inline void write_planned(const char *dir, const struct planned *p)
{
    struct mr_strbuf plan = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&plan,
                      ",\"uuid\":\"%s\",\"created\":\"%s\",\"policy\":\"%s\",\"source\":"
                      "\"mysql://a@%s/\",\"target\":\"mysql://a@new/\",\"run\":\"%s\","
                      "\"tables\":[],\"rows\":{\"units\":%d,\"rows\":%d,\"open\":%d,\"decided\":"
                      "0,\"tables\":[{\"table\":\"%s\",\"subject\":true,\"decisions\":[]}],"
                      "\"notes\":[]}",
                      p->uuid, p->created, p->policy, p->source != NULL ? p->source : "old",
                      p->run != NULL ? p->run : "20260102T030405Z-8f3a", p->rows > 0, p->rows,
                      p->open, p->table != NULL ? p->table : "club.m");
    write_plan(dir, plan.ptr);
    mr_strbuf_release(&plan);
}

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

static inline void write_gate(const char *path, const char *time, const char *checks,
                              const char *verdict)
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

static inline void write_said(const char *path, const char *target, const char *time,
                              const char *summary)
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
static inline void write_verify(const char *path, const char *time, const char *counts)
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

static inline struct mr_string_list list_of(const char *const *items)
{
    struct mr_string_list list = {items, 0};
    while (list.count < 4 && items[list.count] != NULL)
        list.count++;
    return list;
}

static inline enum mr_code load(struct mr_story *story, const struct given *given,
                                struct mr_err *err)
{
    const struct mr_string_list plans = list_of(given->plans), gates = list_of(given->gates),
                                verifies = list_of(given->verifies);
    const struct mr_story_from from = {&plans, &gates, &verifies, given->unmask};
    return mr_story_load(story, &from, err);
}

static inline void load_ok(struct mr_story *story, const struct given *given)
{
    struct mr_err err = {0};
    if (load(story, given, &err) != MR_OK)
        fail_msg("%s", err.message);
}

static inline const struct mr_story_plan *plan_of(const struct mr_story *story)
{
    return mr_vec_at(&story->plans, 0);
}

#define SUMMARY(rest) "{\"type\":\"summary\"" rest "}\n"
#define COUNTERS ",\"counters\":1,\"high_enough\":1,\"would_raise\":0,\"too_low\":0,\"unproven\":0"

static inline void fill(struct check_case *c)
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
static inline char *conclude(struct mr_story *story, struct mr_report *report, struct check_case *c,
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

static inline int story_end(void **state)
{
    (void)remove("p/plan.json");
    (void)remove("p/journal.jsonl");
    return place_end(state);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, place_begin, story_end)

#endif
