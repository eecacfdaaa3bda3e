/* test_plan_conflicts_show.c: what a plan asks, from conflicts.csv as people have left it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "place.h"
#include "repair/plan/plan_conflicts_show.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define HEAD "table,source_key,target_key,identity,kind,choices,source,target,decision,differs"
#define NEXT "decide one by one with: myrecon repair decide .\n"
#define EARLIER "table,source_key,target_key,identity,kind,choices,source,target,decision\r\n"
#define KEPT "{\"\"id\"\":1}"
#define ANN                                                                                         \
    "club.members,1,1,+48,changed,target;source,\"" KEPT "\",\"" KEPT "\",,city: Bremen → Kiel; " \
    "note: 'a; b' → 'it\\'s; c'; by: 7 (+43) → 7 (+49)\r\n"
#define BOB "club.members,3,9,+49,differs,target;source,\"" KEPT "\",,source,\r\n"
#define RUN "club.log,3..900,,,deleted-or-lost,restore;skip,,,,\r\n"

#define ANN_TEXT                                                                                     \
    "club.members 1 (+48): changed, open\n  city: Bremen → Kiel\n  note: 'a; b' → 'it\\'s; c'\n" \
    "  by: 7 (+43) → 7 (+49)\n"
#define BOB_TEXT                                                                                   \
    "club.members 3 on the source, 9 on the target (+49): differs, decided: source\n"              \
    "  source {\"id\":1}\n"
#define RUN_TEXT "club.log 3..900: deleted-or-lost, open\n  choices restore;skip\n"

static const struct {
    const char *csv, *kind, *table;
    bool json;
    enum mr_code code;
    const char *wanted; /* or the message */
} cases[] = {
    {HEAD "\r\n" ANN BOB RUN, NULL, NULL, false, MR_OK,
     ANN_TEXT "  choices target;source\n" BOB_TEXT RUN_TEXT "\n3 conflicts, 2 open\n" NEXT},
    {HEAD "\r\n" ANN BOB RUN, "differs", NULL, false, MR_OK, BOB_TEXT "\n1 conflict, 0 open\n"},
    {HEAD "\r\n" ANN BOB RUN, NULL, "club.log", false, MR_OK,
     RUN_TEXT "\n1 conflict, 1 open\n" NEXT},
    {HEAD "\r\n" ANN BOB RUN, "unique", NULL, false, MR_OK, "0 conflicts, 0 open\n"},
    /* as a spreadsheet saves it, and an earlier version wrote it */
    {"\xef\xbb\xbftable;source_key;target_key;identity;kind;choices;source;target;decision\n"
     "club.log;4;;;key-taken;restore,skip;{};; skip \n",
     NULL, NULL, false, MR_OK,
     "club.log 4: key-taken, decided: skip\n  source {}\n\n"
     "1 conflict, 0 open\n"},
    /* what logs told */
    {HEAD ",base,columns\r\nclub.log,4,4,,both-changed,columns,{},{},,a: 1 → 2,{},{}\r\n", NULL,
     NULL, false, MR_OK,
     "club.log 4: both-changed, open\n  a: 1 → 2\n  at the split {}\n  choices columns\n\n"
     "1 conflict, 1 open\n" NEXT},
    {HEAD ",base,columns,source_changes,target_changes\r\n"
          "club.log,4,4,,both-changed,columns,\"{\"\"a\"\":1}\",\"{\"\"a\"\":2}\",,a: 1 → "
          "2,\"{\"\"a\"\":0}\",,"
          "\"{\"\"columns\"\":{\"\"a\"\":{\"\"time\"\":\"\"2026-04-02 10:00:00\"\"}}}\",\r\n",
     NULL, NULL, false, MR_OK,
     "club.log 4: both-changed, open\n  a: 1 → 2\n  at the split {\"a\":0}\n"
     "  Since the split the lost side changed a (2026-04-02 10:00:00); the live side changed a (no "
     "log "
     "attests when). Times are UTC, as each side's log attests.\n"
     "  choices columns\n\n1 conflict, 1 open\n" NEXT},
    {HEAD "\r\n" BOB "\r\n,,,\r\n", NULL, NULL, false, MR_OK, BOB_TEXT "\n1 conflict, 0 open\n"},
    {HEAD "\r\n" BOB, NULL, NULL, true, MR_OK,
     "{\"type\":\"conflict\",\"table\":\"club.members\",\"source_key\":\"3\",\"target_key\":\"9\","
     "\"identity\":\"+49\",\"kind\":\"differs\",\"choices\":\"target;source\","
     "\"source\":{\"id\":1},\"target\":null,\"decision\":\"source\",\"differs\":null,\"base\":null,"
     "\"columns\":null,\"source_changes\":null,\"target_changes\":null}\n{\"type\":\"summary\","
     "\"conflicts\":1,\"open\":0}\n"},
    {EARLIER, NULL, NULL, false, MR_OK, "0 conflicts, 0 open\n"},
    {HEAD "\r\n", "chnged", NULL, false, MR_E_USAGE,
     "option \"--kind\": \"chnged\" is no kind of conflict"},
    {HEAD "\r\n", NULL, "club.logs", false, MR_E_USAGE,
     "option \"--table\": \"club.logs\" is no planned table"},
    {"table,source_key\r\n", NULL, NULL, false, MR_E_REFUSED,
     "conflicts.csv has no column \"target_key\""},
    /* as spreadsheets end lines, and as people write */
    {HEAD "\r\nclub.log,1,,,changed\r\n", NULL, NULL, false, MR_OK,
     "club.log 1: changed, open\n\n1 conflict, 1 open\n"},
    {"Table,Source_Key,target_key,identity,kind,choices,source,target, DECISION\r\n"
     "club.log,1,,,changed,,,, Open\r\n",
     NULL, NULL, false, MR_OK, "club.log 1: changed, open\n\n1 conflict, 1 open\n"},
};

static void test_shown(void **state)
{
    static const struct mr_planned_table tables[] = {{.table = "club.members"},
                                                     {.table = "club.log"}};
    static const struct mr_plan_file file = {.name = "conflicts.csv"};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_plan_dir plan = {.path = ".", .arena = MR_ARENA_INIT};
        struct mr_err err = {0};
        char *text = NULL;
        size_t len = 0;
        plan.manifest.planned.tables = tables;
        plan.manifest.planned.ntables = LEN(tables);
        plan.manifest.files = &file;
        plan.manifest.nfiles = 1;
        FILE *csv = fopen("conflicts.csv", "w");
        assert_true(csv != NULL && fputs(cases[i].csv, csv) >= 0 && fclose(csv) == 0);
        FILE *out = open_memstream(&text, &len);
        const struct mr_plan_conflicts_task task = {.plan = &plan,
                                                    .kind = cases[i].kind,
                                                    .table = cases[i].table,
                                                    .json = cases[i].json,
                                                    .out = out};
        const enum mr_code code = mr_plan_conflicts_show(&task, &err);
        assert_int_equal(fclose(out), 0);
        if (code != cases[i].code ||
            strcmp(code == MR_OK ? text : err.message, cases[i].wanted) != 0)
            fail_msg("%zu: %d: %s %s", i, code, text, err.message);
        free(text);
        mr_arena_release(&plan.arena);
        assert_int_equal(unlink("conflicts.csv"), 0);
    }
}

/* A plan that raises counters alone asks nothing. */
static void test_nothing_asked(void **state)
{
    struct mr_plan_dir plan = {.path = ".", .arena = MR_ARENA_INIT};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    const struct mr_plan_conflicts_task task = {.plan = &plan, .out = out};
    (void)state;
    assert_int_equal(mr_plan_conflicts_show(&task, NULL), MR_OK);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "0 conflicts, 0 open\n");
    free(text);
    mr_arena_release(&plan.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shown, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_nothing_asked, place_begin, place_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
