/* test_plan_show.c: a plan of rows as people and as programs read it. */
#include <stdlib.h>
#include <string.h>

#include "no_memory.h"
#include "repair/plan/plan_next.h"
#include "repair/planning/plan_show.h"
#include "repair/reseed/reseed_show.h"
#include "repair_sample.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static const struct mr_plan_signers nobody = {.ids = MR_VEC_INIT(const char *)};

static char *show(const struct mr_manifest *m, bool json, bool color)
{
    char *text = NULL;
    size_t size = 0;
    struct mr_err err = {0};
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(json ? mr_plan_show_json(m, &nobody, out, &err)
                          : mr_plan_show_text(m, "club plan", &nobody,
                                              (struct mr_look){.color = color}, out, &err),
                     MR_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* What stands between the head of every plan and what is to be done next. */
static void expect_text(const struct mr_manifest *m, bool color, const char *body)
{
    struct mr_strbuf wanted = MR_STRBUF_INIT;
    mr_reseed_show_head(&wanted, m, &nobody, color);
    mr_strbuf_add_str(&wanted, body);
    mr_plan_next_apply(m, "club plan", &wanted);
    char *text = show(m, false, color);
    if (strcmp(text, wanted.ptr) != 0)
        fail_msg("expected\n%s\ngot\n%s", wanted.ptr, text);
    free(text);
    mr_strbuf_release(&wanted);
}

/* A merge without a split, counters or notes, of these tables. */
static struct mr_manifest plan_of(const struct mr_planned_table *tables, size_t n)
{
    struct mr_manifest m = sample_merge(MR_FLAVOUR_MARIADB);
    m.planned = (struct mr_planned){.tables = tables, .ntables = n, .units = 1, .rows = 1};
    m.ncounters = m.nskipped = 0;
    return m;
}

#define RUN "  run     20261119T100000Z-123456\n"
#define END "\n1 change of rows in 1 unit; conflicts: 0 open, 0 decided\n"

/* ---- the whole ---- */

static void test_text(void **state)
{
    const struct mr_manifest m = sample_merge(MR_FLAVOUR_MARIADB);
    struct mr_strbuf body = MR_STRBUF_INIT;
    (void)state;
    mr_strbuf_add_str(
        &body,
        RUN "  split   2026-04-02 12:11:00\n"
            "  not compared: club.x: denied\n"
            "\n"
            "people: 37 people get a new id, 12 are merged with the same people on the target, "
            "15 need a decision\n"
            "\n"
            "club.members, on the target club_live.members: 37 people get a new id, 12 are merged "
            "with the same people on the target, 15 need a decision\n"
            "    common past up to key -1 (L: the last key whose rows are equal on both sides)\n"
            "    lost history for certain from key 18446744073709551614 on (U: the target's "
            "AUTO_INCREMENT when the case first saw it)\n"
            "    new ids: 18446744073709551606 to 18446744073709551612\n"
            "    by the binary logs: 2 restored-change\n"
            "    conflict changed: 3 open, 1 decided\n"
            "    conflict deleted-or-lost: 12 open\n"
            "    trigger that fires (AFTER INSERT): welcome\n"
            "club.log, on the target club_live.log: 5 rows get a new id\n"
            "\ncounters to be raised first:\n");
    for (size_t i = 0; i < m.ncounters; i++)
        mr_reseed_show_counter(&body, &m.counters[i]);
    mr_reseed_show_skipped(&body, &m, false);
    mr_strbuf_add_str(&body, "\n"
                             "note: 2 rows stay\n"
                             "note: club.log: \"note\"\n"
                             "1,204 changes of rows in 3 units; conflicts: 15 open, 1 decided\n"
                             "decide in club plan/conflicts.csv, then the same repair plan again, "
                             "with another --output and --decisions 'club plan/conflicts.csv'\n"
                             "decide one by one with: myrecon repair decide 'club plan'\n");
    expect_text(&m, false, body.ptr);
    mr_strbuf_release(&body);
}

/* Names and values of others cannot write to a terminal. */
static void test_foreign(void **state)
{
    static const struct mr_planned_trigger trigger = {"tr\x1b", "AF\x1b", "IN\x1b"};
    static const struct mr_planned_kind kind = {"ki\x1b", 0, 2};
    static const struct mr_planned_note note = {"kind", "ta\x1b", "te\x1b"};
    const struct mr_planned_table table = {.table = "club.\x1b",
                                           .target_table = "live.\x1b",
                                           .base = "1\x1b",
                                           .base_origin = "b\x1b",
                                           .fresh = "2\x1b",
                                           .fresh_origin = "f\x1b",
                                           .triggers = &trigger,
                                           .ntriggers = 1,
                                           .kinds = &kind,
                                           .nkinds = 1};
    struct mr_manifest m = plan_of(&table, 1);
    (void)state;
    m.run = "run\x1b";
    m.planned.split_at = "at\x1b";
    m.planned.partial = "not\x1b";
    m.planned.notes = &note;
    m.planned.nnotes = 1;
    expect_text(&m, false,
                "  run     run\\x1b\n"
                "  split   at\\x1b\n"
                "  not compared: not\\x1b\n"
                "\n"
                "club.\\x1b, on the target live.\\x1b: nothing to do\n"
                "    common past up to key 1\\x1b (L: b\\x1b)\n"
                "    lost history for certain from key 2\\x1b on (U: f\\x1b)\n"
                "    conflict ki\\x1b: 2 decided\n"
                "    trigger that fires (AF\\x1b IN\\x1b): tr\\x1b\n"
                "\n"
                "note: ta\\x1b: te\\x1b\n"
                "1 change of rows in 1 unit; conflicts: 0 open, 0 decided\n");
    m.planned.open = 1; /* the directory, too */
    m.policy = "newest:\x1b";
    struct mr_err err = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(mr_plan_show_text(&m, "di\x1br", &nobody, (struct mr_look){0}, out, &err),
                     MR_OK);
    assert_int_equal(fclose(out), 0);
    assert_null(strchr(text, '\x1b'));
    assert_non_null(strstr(text, "\ndi\\x1br/conflicts.csv lists what newest:\\x1b leaves"));
    free(text);
}

static void test_color(void **state)
{
    static const struct mr_planned_kind kind = {"changed", 3, 1};
    const struct mr_planned_table table = {
        .table = "d.t", .target_table = "d.t", .kinds = &kind, .nkinds = 1};
    const struct mr_manifest m = plan_of(&table, 1);
    (void)state;
    expect_text(&m, true,
                RUN "\n"
                    "\x1b[1md.t\x1b[0m: 3 need a decision\n"
                    "    conflict changed: \x1b[33m3 open\x1b[0m, 1 decided\n" END);
}

/* ---- what happens to rows ---- */

#define ROWS(decision, n) .decisions = {[MR_DECIDE_##decision] = (n)}

static const struct {
    struct mr_planned_table table;
    const char *rows, *people; /* of no people; of people */
} phrases[] = {
    {{ROWS(RENUMBER, 1)}, "1 row gets a new id", "1 person gets a new id"},
    {{ROWS(RENUMBER, 2)}, "2 rows get a new id", "2 people get a new id"},
    {{ROWS(INSERT, 1)}, "1 row comes back as it was", "1 person comes back under the old id"},
    {{ROWS(INSERT, 1234)},
     "1,234 rows come back as they were",
     "1,234 people come back under their old ids"},
    {{ROWS(MATCHED, 1)}, "1 is there already", "1 is merged with the same person on the target"},
    {{ROWS(MATCHED, 2)}, "2 are there already", "2 are merged with the same people on the target"},
    {{ROWS(UPDATE, 1)}, "1 row is updated", "1 person is updated"},
    {{ROWS(UPDATE, 2)}, "2 rows are updated", "2 people are updated"},
    {{ROWS(DELETE, 1)}, "1 row is deleted", "1 person is deleted"},
    {{ROWS(DELETE, 2)}, "2 rows are deleted", "2 people are deleted"},
    {{ROWS(SKIP, 1)}, "1 row is left out by decision", "1 person is left out by decision"},
    {{ROWS(SKIP, 2)}, "2 rows are left out by decision", "2 people are left out by decision"},
    /* of interest, and nothing happens by itself */
    {{ROWS(CONFLICT, 2)}, "nothing to do", "nothing to do"},
    {{ROWS(WAITS, 2)}, "nothing to do", "nothing to do"},
    {{.decisions = {[MR_DECIDE_SKIP] = 1, [MR_DECIDE_DELETE] = 2, [MR_DECIDE_RENUMBER] = 3}},
     "3 rows get a new id, 2 rows are deleted, 1 row is left out by decision",
     "3 people get a new id, 2 people are deleted, 1 person is left out by decision"},
};

static void test_phrases(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * LEN(phrases); i++) {
        const bool people = i >= LEN(phrases);
        struct mr_planned_table table = phrases[i % LEN(phrases)].table;
        const char *said =
            people ? phrases[i % LEN(phrases)].people : phrases[i % LEN(phrases)].rows;
        struct mr_strbuf body = MR_STRBUF_INIT;
        table.table = table.target_table = "d.t";
        table.subject = people;
        const struct mr_manifest m = plan_of(&table, 1);
        mr_strbuf_add_str(&body, RUN "\n");
        if (people)
            mr_strbuf_add_fmt(&body, "people: %s\n\n", said);
        mr_strbuf_add_fmt(&body, "d.t: %s\n%s", said, END);
        expect_text(&m, false, body.ptr);
        mr_strbuf_release(&body);
    }
}

/* People are those of all tables of people, and of no other. */
static void test_people(void **state)
{
    static const struct mr_planned_kind kinds[] = {{"changed", 1, 5}, {"unique", 2, 0}};
    const struct mr_planned_table tables[] = {
        {.table = "d.a",
         .target_table = "d.a",
         .subject = true,
         .kinds = kinds,
         .nkinds = 1,
         ROWS(RENUMBER, 2)},
        {.table = "d.b", .target_table = "d.b", .kinds = kinds, .nkinds = 2, ROWS(RENUMBER, 100)},
        {.table = "d.c", .target_table = "d.c", .subject = true, ROWS(RENUMBER, 1)},
    };
    struct mr_manifest m = plan_of(tables, LEN(tables));
    (void)state;
    expect_text(&m, false,
                RUN "\n"
                    "people: 3 people get a new id, 1 needs a decision\n"
                    "\n"
                    "d.a: 2 people get a new id, 1 needs a decision\n"
                    "    conflict changed: 1 open, 5 decided\n"
                    "d.b: 100 rows get a new id, 3 need a decision\n"
                    "    conflict changed: 1 open, 5 decided\n"
                    "    conflict unique: 2 open\n"
                    "d.c: 1 person gets a new id\n" END);
    m.run = NULL;
    m.planned.ntables = 0;
    expect_text(&m, false, "  run     none\n\n" END);
}

/* Tables to which nothing happens are counted. */
static void test_quiet(void **state)
{
    const struct mr_planned_table tables[] = {
        {.table = "d.a", .target_table = "d.a", ROWS(SAME, 9)},
        {.table = "d.b", .target_table = "d.b", ROWS(PARENT, 9)},
        {.table = "d.c", .target_table = "d.c", ROWS(MATCHED, 1)},
        {.table = "d.d", .target_table = "d.d", ROWS(UNDECIDED, 9)},
    };
    struct mr_manifest m = plan_of(tables, 4);
    (void)state;
    expect_text(&m, false, RUN "\nd.c: 1 is there already\n3 other tables: nothing to do\n" END);
    m = plan_of(tables + 1, 2);
    expect_text(&m, false, RUN "\nd.c: 1 is there already\n1 other table: nothing to do\n" END);
}

/* ---- bounds ---- */

static void test_bounds(void **state)
{
    static const struct {
        const char *base, *fresh, *split_at; /* origins; of --split-at */
        const char *text;
    } cases[] = {
        {NULL, NULL, NULL, ""},
        {"equal rows", NULL, NULL,
         "    common past up to key 7 (L: the last key whose rows are equal on both sides)\n"},
        {"split-key", NULL, NULL, "    common past up to key 7 (L: split-key)\n"},
        {"split-at", NULL, "2026-04-02",
         "    common past up to key 7 (L: the last row created before --split-at)\n"},
        {"split-at", NULL, NULL,
         "    common past up to key 7 (L: the last row created before the --split-at of an earlier "
         "plan of the case)\n"},
        {NULL, "collision", NULL,
         "    lost history for certain from key 9 on (U: the first key that two different rows "
         "hold)\n"},
        {NULL, "counter", NULL,
         "    lost history for certain from key 9 on (U: the target's AUTO_INCREMENT when the case "
         "first saw it)\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_planned_table table = {.table = "d.t",
                                               .target_table = "d.t",
                                               .base = "7",
                                               .base_origin = cases[i].base,
                                               .fresh = "9",
                                               .fresh_origin = cases[i].fresh,
                                               ROWS(MATCHED, 1)};
        struct mr_manifest m = plan_of(&table, 1);
        struct mr_strbuf body = MR_STRBUF_INIT;
        m.planned.split_at = cases[i].split_at;
        mr_strbuf_add_fmt(&body, RUN "%s%s%s\nd.t: 1 is there already\n%s" END,
                          cases[i].split_at != NULL ? "  split   " : "",
                          cases[i].split_at != NULL ? cases[i].split_at : "",
                          cases[i].split_at != NULL ? "\n" : "", cases[i].text);
        expect_text(&m, false, body.ptr);
        mr_strbuf_release(&body);
    }
}

static void test_new_ids(void **state)
{
    static const struct {
        uint64_t first, step, count;
        const char *text;
    } cases[] = {
        {100, 1, 0, ""},
        {100, 1, 1, "    new ids: 100 to 100\n"},
        {100, 10, 3, "    new ids: 100 to 120\n"},
        {UINT64_MAX, 2, 1, "    new ids: 18446744073709551615 to 18446744073709551615\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_planned_table table = {.table = "d.t",
                                               .target_table = "d.t",
                                               .first_id = cases[i].first,
                                               .id_step = cases[i].step,
                                               .nids = cases[i].count,
                                               ROWS(MATCHED, 1)};
        const struct mr_manifest m = plan_of(&table, 1);
        struct mr_strbuf body = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&body, RUN "\nd.t: 1 is there already\n%s" END, cases[i].text);
        expect_text(&m, false, body.ptr);
        mr_strbuf_release(&body);
    }
}

/* ---- what is next ---- */

#define CHOICE                                                                                     \
    "decide in club plan/conflicts.csv, then the same repair plan again, with another --output "   \
    "and --decisions 'club plan/conflicts.csv'\n"                                                  \
    "decide one by one with: myrecon repair decide 'club plan'\n"
#define NONE(policy)                                                                               \
    "club plan/conflicts.csv lists what " policy " leaves as it is, and why: settle it on the "    \
    "servers and check again, or plan with --policy merge\n"

static void test_next(void **state)
{
    static const struct {
        const char *policy;
        struct mr_planned_kind kinds[2];
        uint64_t rows, units, open, decided;
        const char *text;
    } cases[] = {
        {"merge",
         {{0}},
         0,
         0,
         0,
         0,
         "0 changes of rows in 0 units; conflicts: 0 open, 0 decided\n"},
        {"merge", {{0}}, 1, 1, 0, 7, "1 change of rows in 1 unit; conflicts: 0 open, 7 decided\n"},
        {"merge",
         {{0}},
         1234567,
         2,
         1000,
         1000,
         "1,234,567 changes of rows in 2 units; conflicts: 1,000 open, 1,000 decided\n" CHOICE},
        /* of the others only what does not fit may be decided */
        {"mirror",
         {{"differs", 1, 0}, {"unique", 1, 0}},
         0,
         0,
         2,
         0,
         "0 changes of rows in 0 units; conflicts: 2 open, 0 decided\n" NONE("mirror")},
        {"backfill",
         {{"differs", 1, 0}, {"does-not-fit", 1, 0}},
         0,
         0,
         2,
         0,
         "0 changes of rows in 0 units; conflicts: 2 open, 0 decided\n" CHOICE},
        {"newest:at",
         {{"differs", 1, 0}, {"does-not-fit", 0, 4}},
         0,
         0,
         1,
         4,
         "0 changes of rows in 0 units; conflicts: 1 open, 4 decided\n" NONE("newest:at")},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_planned_table tables[] = {
            {.table = "d.s", .target_table = "d.s"},
            {.table = "d.t",
             .target_table = "d.t",
             .kinds = cases[i].kinds,
             .nkinds = cases[i].kinds[0].kind != NULL ? 2 : 0}};
        struct mr_manifest m = plan_of(tables, 2);
        m.policy = cases[i].policy;
        m.planned.rows = cases[i].rows;
        m.planned.units = cases[i].units;
        m.planned.open = cases[i].open;
        m.planned.decided = cases[i].decided;
        char *text = show(&m, false, false);
        struct mr_strbuf wanted = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&wanted, "\n%s", cases[i].text);
        mr_plan_next_apply(&m, "club plan", &wanted);
        const size_t len = strlen(text);
        if (len < wanted.len || strcmp(text + len - wanted.len, wanted.ptr) != 0)
            fail_msg("case %zu: %s", i, text);
        mr_strbuf_release(&wanted);
        free(text);
    }
}

/* ---- programs ---- */

static const char tables_json[] =
    "{\"type\":\"table\",\"table\":\"club.members\",\"target_table\":\"club_live.members\","
    "\"subject\":true,\"base\":\"-1\",\"base_origin\":\"equal rows\","
    "\"fresh\":\"18446744073709551614\",\"fresh_origin\":\"counter\",\"same\":0,\"matched\":12,"
    "\"insert\":0,\"renumber\":37,\"update\":0,\"delete\":0,\"conflict\":0,\"waits\":0,\"skip\":0,"
    "\"parent\":0,\"left\":0,\"open\":15,\"conflicts\":[{\"kind\":\"changed\",\"open\":3,"
    "\"decided\":1},"
    "{\"kind\":\"deleted-or-lost\",\"open\":12,\"decided\":0}],\"logs\":["
    "{\"outcome\":\"restored-change\",\"count\":2}],\"evidence\":["
    "{\"side\":\"source\",\"evidence\":\"incomplete\",\"reason\":null},"
    "{\"side\":\"target\",\"evidence\":\"blind\",\"reason\":\"TRUNCATE TABLE "
    "\\\"members\\\"\"}],\"triggers\":["
    "\"welcome\"]}\n"
    "{\"type\":\"table\",\"table\":\"club.log\",\"target_table\":\"club_live.log\","
    "\"subject\":false,\"base\":null,\"base_origin\":null,\"fresh\":null,\"fresh_origin\":null,"
    "\"same\":0,\"matched\":0,\"insert\":0,\"renumber\":5,\"update\":0,\"delete\":0,\"conflict\":0,"
    "\"waits\":0,\"skip\":0,\"parent\":0,\"left\":0,\"open\":0,\"conflicts\":[],\"logs\":[],"
    "\"evidence\":[],\"triggers\":[]}\n";
static const char rest_json[] =
    "{\"type\":\"note\",\"kind\":\"deleted-in-source\",\"table\":null,\"text\":\"2 rows stay\"}\n"
    "{\"type\":\"note\",\"kind\":\"id-in-text\",\"table\":\"club.log\",\"text\":\"\\\"note\\\"\"}\n"
    "{\"type\":\"summary\",\"tables\":2,\"units\":3,\"rows\":1204,\"open\":15,\"decided\":1,"
    "\"counters\":3,\"skipped\":2,\"incomplete\":true}\n";

/* What a plan of counters has, too. */
static char *shared(const struct mr_manifest *m, bool lists)
{
    struct mr_jsonw w;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    mr_jsonw_init_file(&w, out);
    if (lists)
        mr_reseed_put_lists(&w, m);
    else
        mr_reseed_put_plan(&w, m, &nobody);
    assert_int_equal(mr_jsonw_finish(&w, "it", NULL), MR_OK);
    mr_jsonw_release(&w);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_json(void **state)
{
    const struct mr_manifest m = sample_merge(MR_FLAVOUR_MARIADB);
    char *head = shared(&m, false), *lists = shared(&m, true);
    (void)state;
    char *text = show(&m, true, false);
    struct mr_strbuf wanted = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&wanted, "%s%s%s%s", head, tables_json, lists, rest_json);
    assert_string_equal(text, wanted.ptr);
    mr_strbuf_release(&wanted);
    free(head);
    free(lists);
    free(text);
}

/* ---- reseed-only, and failures ---- */

/* A plan of counters is shown as one. */
static void test_reseed(void **state)
{
    const struct mr_manifest m = sample_manifest(MR_FLAVOUR_MARIADB);
    (void)state;
    for (int json = 0; json < 2; json++) {
        char *text = show(&m, json != 0, false), *wanted = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&wanted, &size);
        assert_int_equal(
            json ? mr_reseed_show_json(&m, &nobody, out, NULL)
                 : mr_reseed_show_text(&m, "club plan", &nobody, (struct mr_look){0}, out, NULL),
            MR_OK);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, wanted);
        free(text);
        free(wanted);
    }
}

/* What was not written is told. */
static void test_full_disk(void **state)
{
    const struct mr_manifest m = sample_merge(MR_FLAVOUR_MARIADB);
    (void)state;
    for (int json = 0; json < 2; json++) {
        struct mr_err err = {0};
        FILE *full = fopen("/dev/full", "w");
        assert_non_null(full);
        setbuf(full, NULL);
        assert_int_equal(
            json ? mr_plan_show_json(&m, &nobody, full, &err)
                 : mr_plan_show_text(&m, "plan", &nobody, (struct mr_look){0}, full, &err),
            MR_E_IO);
        assert_non_null(strstr(err.message, "standard output"));
        assert_non_null(strstr(err.message, "No space left"));
        (void)fclose(full);
    }
}

static enum mr_code show_it(void *json, struct mr_err *err)
{
    const struct mr_manifest m = sample_merge(MR_FLAVOUR_MARIADB);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const enum mr_code code =
        json != NULL ? mr_plan_show_json(&m, &nobody, out, err)
                     : mr_plan_show_text(&m, "plan", &nobody, (struct mr_look){0}, out, err);
    assert_int_equal(fclose(out), 0);
    if (code != MR_OK && json == NULL)
        assert_int_equal(size, 0); /* half a plan is none */
    free(text);
    return code;
}

static void test_no_memory(void **state)
{
    static char json;
    (void)state;
    assert_true(no_memory_each(show_it, NULL) > 0);
    assert_true(no_memory_each(show_it, &json) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),      cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_color),     cmocka_unit_test(test_phrases),
        cmocka_unit_test(test_people),    cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_bounds),    cmocka_unit_test(test_new_ids),
        cmocka_unit_test(test_next),      cmocka_unit_test(test_json),
        cmocka_unit_test(test_reseed),    cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
