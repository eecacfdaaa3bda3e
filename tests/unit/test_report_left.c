/* test_report_left.c: what is left to do once plans were made and carried out: who is told to be blocked, and who to be
 * let in again, by which list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "story_case.h"

#define FIRST "20260101T000000Z-0001" /* a run of the case before the one that is told */
#define NOON "2026-04-09T12:00:00Z"
#define LATER "2026-04-09T13:00:00Z"
#define ALL AT("03", "r1", DONE("apply", "1", "7,\"there\":0,\"refused\":0"))
#define UNDONE ALL AT("05", "r2", DONE("undo", "1", "7,\"there\":0,\"refused\":0,\"of\":1"))
#define AGAIN_MADE "2026-04-09T12:01:06Z"
#define AGAIN_ALL AT("08", "r3", DONE("apply", "1", "7,\"there\":0,\"refused\":0"))
#define LET_IN "lift what was blocked"
#define BLOCK "block whoever is touched"

static const char all_made[] = "INSERT INTO explained SELECT id, tbl, 1, 7 FROM finding";
static const char one_made[] =
    "INSERT INTO explained SELECT id, tbl, 1, 7 FROM finding WHERE kind = 4";

/* Plan M, and another one; the run looks at the servers behind all of it, unless it is the first of the case. */
struct world {
    const char *what;
    struct planned plans[2];
    const char *journals[2];
    const char *made; /* rows of the run that plans have made so: SQL, or NULL */
    bool is_proved;   /* M, by a clean verify */
    bool is_behind;
    const char *says[3], *never[3];
};

static const struct world worlds[] = {
    {"conflicts that a plan has taken up which nobody has applied",
     {{"M", NOON, "merge", .rows = 7, .open = 3}, {"N", LATER, "merge", .rows = 3}},
     {ALL},
     .is_proved = true,
     .says = {BLOCK},
     .never = {LET_IN}},
    {"the same, none of them decided",
     {{"M", NOON, "merge", .rows = 7, .open = 3}, {"N", LATER, "merge", .rows = 3, .open = 2}},
     {ALL},
     .is_proved = true,
     .says = {BLOCK, "2 conflicts left open"},
     .never = {LET_IN}},
    {"the same, all decided to be left as it is",
     {{"M", NOON, "merge", .rows = 7, .open = 3}, {"N", LATER, "merge", .rows = 0}},
     {ALL},
     .is_proved = true,
     .says = {LET_IN}},
    {"no conflict",
     {{"M", NOON, "merge", .rows = 7}},
     {ALL},
     .is_proved = true,
     .says = {LET_IN},
     .never = {BLOCK}},
    {"conflicts of what another server has lost",
     {{"M", NOON, "merge", .rows = 7, .open = 3}, {"N", LATER, "merge", "lost", .rows = 7}},
     {ALL, AGAIN_ALL},
     .is_proved = true,
     .says = {BLOCK, "3 conflicts left open", "decide"}},
    {"a check behind a merge: those whom it does not find any more are let in, too",
     {{"M", NOON, "merge", .run = FIRST, .rows = 7}},
     {ALL},
     .made = all_made,
     .is_proved = true,
     .is_behind = true,
     .says = {LET_IN, "--plan</span> p", "run " FIRST " had found"},
     .never = {BLOCK, "people were touched"}},
    {"the same, proved by nothing else",
     {{"M", NOON, "merge", .run = FIRST, .rows = 7}},
     {ALL},
     .made = all_made,
     .is_behind = true,
     .says = {LET_IN, "--plan</span> p", "run " FIRST " had found"},
     .never = {BLOCK}},
    {"a check behind a merge finds who has signed up since",
     {{"M", NOON, "merge", .run = FIRST, .rows = 7}},
     {ALL},
     .made = one_made,
     .is_proved = true,
     .is_behind = true,
     .says = {"1 row is as a plan of the case has made it: whoever is listed for that alone"},
     .never = {"touched. ", "Touched: "}},
    {"a check behind a merge that no plan accounts for",
     {{"M", NOON, "merge", .run = FIRST, .rows = 7}},
     {ALL},
     .is_proved = true,
     .is_behind = true,
     .says = {BLOCK, "2 people are still touched. ", "Touched: "},
     .never = {"as a plan of the case"}},
    {"taken back, planned anew, and found to stand",
     {{"M", AGAIN_MADE, "merge", .run = FIRST, .rows = 7}, {"N", NOON, "merge", .rows = 7}},
     {AGAIN_ALL, UNDONE},
     .made = all_made,
     .is_proved = true,
     .is_behind = true,
     .says = {LET_IN},
     .never = {BLOCK}},
    {"taken back, whatever a check has found",
     {{"M", NOON, "merge", .rows = 7}},
     {UNDONE},
     .made = all_made,
     .is_behind = true,
     .says = {BLOCK},
     .never = {LET_IN}},
};

static void fill_run(struct check_case *c, const struct world *w)
{
    static const char *const names[3] = {"id", "phone", "note"};
    case_begin(c);
    if (w->is_behind) {
        c->run.uuid = FIRST;
        c->run.started = LATER;
        case_require(mr_findings_run_begin(c->fd, &c->run, NULL));
        c->run.uuid = "20260102T030405Z-8f3a";
        case_require(mr_findings_run_begin(c->fd, &c->run, NULL));
    }
    c->run.finished = true;
    report_table(c, "club.m", names, MR_SUBJECT_CONFIGURED);
    case_row(c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_COLLISION, "4/ann/x", "4/xen/y",
                                  "ann", "xen"});
    case_row(
        c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "9/ann/x", NULL, "ann"});
    case_summarise(c);
    if (w->made == NULL)
        return;
    case_require(mr_case_exec(mr_findings_case(c->fd),
                              "CREATE TABLE explained (finding INTEGER PRIMARY KEY, tbl INT NOT"
                              " NULL, how INT NOT NULL, plan INT NOT NULL) STRICT",
                              NULL));
    case_require(mr_case_exec(mr_findings_case(c->fd), w->made, NULL));
}

static void fill_plans(struct given *given, const struct world *w)
{
    static const char *const dirs[2] = {"p", "q"};
    char journal[32];
    for (size_t i = 0; i < 2 && w->plans[i].uuid != NULL; i++) {
        write_planned(dirs[i], &w->plans[i]);
        (void)snprintf(journal, sizeof journal, "%s/journal.jsonl", dirs[i]);
        (void)remove(journal);
        if (w->journals[i] != NULL)
            write_file(journal, w->journals[i]);
        given->plans[i] = dirs[i];
    }
    if (w->is_proved) {
        write_verify("v", "2026-04-09T12:02:00Z", "\"stands\":7");
        given->verifies[0] = "v";
    }
}

/* Whether the page says of it what it should. */
static bool check_world(const struct world *w)
{
    bool is_right = true;
    struct given given = {.unmask = false};
    struct mr_story story;
    struct mr_report report;
    struct check_case c;
    static const struct mr_config nothing;
    fill_plans(&given, w);
    load_ok(&story, &given);
    fill_run(&c, w);
    case_load(&c, 50);
    c.result.run = &c.run;
    report = (struct mr_report){.result = &c.result,
                                .config = &nothing,
                                .case_path = "incident.case",
                                .max_rows = 50,
                                .story = &story};
    case_require(mr_report_load(&report, NULL));
    char *page = report_text(&report, mr_report_html);
    for (size_t i = 0; i < 3 && w->says[i] != NULL; i++)
        if (strstr(page, w->says[i]) == NULL) {
            print_error("%s: no \"%s\"\n", w->what, w->says[i]);
            is_right = false;
        }
    for (size_t i = 0; i < 3 && w->never[i] != NULL; i++)
        if (strstr(page, w->never[i]) != NULL) {
            print_error("%s: \"%s\"\n", w->what, w->never[i]);
            is_right = false;
        }
    free(page);
    report_end(&report, &c);
    mr_story_release(&story);
    (void)remove("q/plan.json");
    (void)remove("q/journal.jsonl");
    return is_right;
}

static void test_left(void **state)
{
    bool is_right = true;
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++)
        is_right = check_world(&worlds[i]) && is_right;
    assert_true(is_right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
