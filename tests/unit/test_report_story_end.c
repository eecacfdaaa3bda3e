/* test_report_story_end.c: what a story comes to, in the words that stand on top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "story_case.h"

/* What the words are of each state of a plan. */
static const struct conclusion {
    const char *journal, *verify, *gate;
    enum mr_doc_tone tone;
    const char *state, *says[3], *never;
} conclusions[] = {
    {NULL, NULL, NULL, MR_TONE_WARN, "Planned, not applied", {"nothing is applied"}, "verified"},
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
    {AT("01", "r1", RAISE("done")) AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0"))
         AT("05", "r2", DONE("undo", "4", "5,\"there\":0,\"refused\":2,\"of\":4")),
     NULL,
     NULL,
     MR_TONE_WARN,
     "Taken back in part",
     {"has been taken back, 2 rows kept, 3 units not yet, 1 counter stays raised."},
     "written"},
};

static void test_conclusions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conclusions / sizeof conclusions[0]; i++) {
        struct given given = {.plans = {"p"}};
        struct mr_story story;
        struct mr_report report;
        struct check_case c;
        write_plan("p", MERGE);
        (void)remove("p/journal.jsonl");
        if (conclusions[i].journal != NULL)
            write_file("p/journal.jsonl", conclusions[i].journal);
        if (conclusions[i].verify != NULL) {
            write_verify("v", "2026-04-09T12:02:00Z", conclusions[i].verify);
            given.verifies[0] = "v";
        }
        if (conclusions[i].gate != NULL) {
            write_gate("g", "2026-04-09T12:02:00Z", "", conclusions[i].gate);
            given.gates[0] = "g";
            given.gates[1] = "b";
            write_gate("b", "2026-04-09T11:02:00Z", "", "critical");
        }
        load_ok(&story, &given);
        char *text = conclude(&story, &report, &c, conclusions[i].tone);
        assert_string_equal(mr_story_state(&story), conclusions[i].state);
        for (size_t j = 0; j < 3 && conclusions[i].says[j] != NULL; j++)
            if (strstr(text, conclusions[i].says[j]) == NULL)
                fail_msg("case %zu: no \"%s\" in: %s", i, conclusions[i].says[j], text);
        assert_null(strstr(text, conclusions[i].never));
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

/* Conflicts that a later plan has taken up are open no more, if it is about all of them. */
static void test_taken_up(void **state)
{
    static const struct {
        struct planned later;
        uint64_t open;
    } cases[] = {
        {{"N", "2026-04-09T13:00:00Z", "merge", .rows = 7}, 0},
        {{"N", "2026-04-09T11:00:00Z", "merge", .rows = 7}, 2},
        {{"N", "2026-04-09T13:00:00Z", "backfill", .rows = 7}, 2},
        {{"N", "2026-04-09T13:00:00Z", "merge", .table = "club.other", .rows = 7}, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_story story;
        uint64_t open = 0;
        write_planned(
            "p", &(struct planned){"M", "2026-04-09T12:00:00Z", "merge", .rows = 7, .open = 2});
        write_planned("q", &cases[i].later);
        load_ok(&story, &(struct given){.plans = {"p", "q"}});
        for (size_t k = 0; k < 2; k++)
            open += mr_story_open_of(&story, mr_vec_at(&story.plans, k));
        assert_int_equal(open, cases[i].open);
        mr_story_release(&story);
    }
    (void)remove("q/plan.json");
}

/* Of two plans that were carried out, the second about the rest of the first, the second knows all ids. */
static void test_ids_of_last(void **state)
{
    struct mr_story story;
    struct mr_report report;
    struct check_case c;
    (void)state;
    write_plan("p", MERGE);
    write_file("p/journal.jsonl",
               AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0")));
    write_plan("q", ",\"uuid\":\"N\",\"created\":\"2026-04-09T13:00:00Z\",\"policy\":\"merge\","
                    "\"source\":\"mysql://a@old/\",\"target\":\"mysql://a@new/\",\"run\":"
                    "\"20260102T030405Z-8f3a\",\"tables\":[],\"rows\":{\"units\":1,\"rows\":2,"
                    "\"open\":0,\"decided\":2,\"tables\":[{\"table\":\"club.m\",\"subject\":true,"
                    "\"decisions\":[]},{\"table\":\"club." EVIL "\",\"subject\":false,"
                    "\"decisions\":[]}],\"notes\":[]}");
    write_file("q/journal.jsonl",
               AT("09", "r3", DONE("apply", "1", "2,\"there\":0,\"refused\":0")));
    load_ok(&story, &(struct given){.plans = {"p", "q"}});
    free(conclude(&story, &report, &c, MR_TONE_WARN));
    char *page = report_text(&report, mr_report_html);
    assert_non_null(strstr(page, "--plan</span> q"));
    assert_null(strstr(page, "--plan</span> p"));
    assert_null(strstr(page, "repair decide"));
    free(page);
    report_end(&report, &c);
    mr_story_release(&story);
    (void)remove("q/plan.json");
    (void)remove("q/journal.jsonl");
}

/* A check behind a repair may find nothing: who was touched is told all the same, by the run that knows. */
static void test_touched_before(void **state)
{
    static const char *const runs[] = {"null", "\"20260102T030405Z-8f3a\"", "\"nowhere\""};
    static const struct mr_config nothing;
    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct mr_story story;
        struct mr_strbuf plan = MR_STRBUF_INIT;
        struct check_case c;
        mr_strbuf_add_fmt(&plan,
                          ",\"uuid\":\"M\",\"created\":\"2026-04-09T12:00:00Z\",\"policy\":"
                          "\"merge\",\"source\":\"mysql://a@old/\",\"target\":\"mysql://a@new/\","
                          "\"run\":%s,\"tables\":[],\"rows\":{\"units\":1,\"rows\":7,\"open\":0,"
                          "\"decided\":0,\"tables\":[{\"table\":\"club.m\",\"subject\":true,"
                          "\"decisions\":[]}],\"notes\":[]}",
                          runs[i]);
        write_plan("p", plan.ptr);
        write_file("p/journal.jsonl",
                   AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0")));
        write_verify("v", "2026-04-09T12:02:00Z", "\"stands\":7");
        load_ok(&story, &(struct given){.plans = {"p"}, .verifies = {"v"}});
        case_begin(&c);
        c.run.finished = true;
        case_table(&c, "club.m", MR_VERDICT_EQUAL, true);
        case_load(&c, 50);
        c.result.run = &c.run;
        struct mr_report report = {.result = &c.result,
                                   .config = &nothing,
                                   .case_path = "incident.case",
                                   .max_rows = 50,
                                   .story = &story};
        case_require(mr_report_load(&report, NULL));
        char *page = report_text(&report, mr_report_html);
        assert_int_equal(strstr(page, "lift what was blocked") != NULL, i == 1);
        free(page);
        report_end(&report, &c);
        mr_story_release(&story);
        mr_strbuf_release(&plan);
    }
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

#define BEHIND "2026-04-09T12:01:06Z"

/* One that was taken back and planned anew is of the past, unless something of it is left, or what was applied
 * since is about something else. */
static void test_planned_anew(void **state)
{
    static const struct {
        struct planned anew;
        const char *refused, *state;
        bool is_again; /* somebody is told to plan it again */
    } cases[] = {
        {{"M", BEHIND, "merge", .rows = 7}, "0", "Applied and verified", false},
        {{"M", BEHIND, "merge", .rows = 7}, "1", "Taken back in part", false},
        {{"M", "2026-04-09T12:01:04Z", "merge", .rows = 7},
         "0",
         "Taken back in part",
         false}, /* beside it */
        {{"M", BEHIND, "backfill", .table = "club.countries", .rows = 7},
         "0",
         "Taken back in part",
         true},
        {{"M", BEHIND, "backfill", .rows = 7}, "0", "Taken back in part", true},
        {{"M", BEHIND, "merge", .table = "club.countries", .rows = 7},
         "0",
         "Taken back in part",
         true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_story story;
        struct mr_report report;
        struct check_case c;
        struct mr_strbuf journal = MR_STRBUF_INIT;
        write_planned("q", &(struct planned){"N", "2026-04-09T12:00:00Z", "merge", .rows = 7});
        mr_strbuf_add_fmt(&journal,
                          AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0"))
                              AT("05", "r2",
                                 UNIT("done", "undo", "1") ",\"written\":7,\"there\":0,"
                                                           "\"refused\":%s,\"of\":1"),
                          cases[i].refused);
        write_file("q/journal.jsonl", journal.ptr);
        write_planned("p", &cases[i].anew);
        write_file("p/journal.jsonl",
                   AT("08", "r3", DONE("apply", "1", "7,\"there\":0,\"refused\":0")));
        write_verify("v", "2026-04-09T12:02:00Z", "\"stands\":7");
        load_ok(&story, &(struct given){.plans = {"p", "q"}, .verifies = {"v"}});
        assert_string_equal(mr_story_state(&story), cases[i].state);
        free(conclude(&story, &report, &c, i == 0 ? MR_TONE_GOOD : MR_TONE_WARN));
        char *page = report_text(&report, mr_report_html);
        assert_int_equal(strstr(page, "--again") != NULL, cases[i].is_again);
        free(page);
        report_end(&report, &c);
        mr_story_release(&story);
        mr_strbuf_release(&journal);
    }
    (void)remove("q/plan.json");
    (void)remove("q/journal.jsonl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_states),         CASE(test_waiting_plan), CASE(test_undone_plan),
        CASE(test_rejoin),         CASE(test_ids_of_last),  CASE(test_taken_up),
        CASE(test_touched_before), CASE(test_planned_anew), CASE(test_conclusions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
