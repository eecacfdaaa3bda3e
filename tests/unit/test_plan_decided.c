/* test_plan_decided.c: what people decided row by row holds in later plans, while the rows are
 * what they were. */
#include "capture.h"
#include "merge_world.h"

#include "core/base/log.h"
#include "repair/planning/plan_decided.h"

enum { PEOPLE, NOTES, TAGS };
#define KEPT "SELECT tbl, key, kind, choice, plan FROM plan_decision ORDER BY 1, 2, 3"

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "people", "id:int# mail:text!");
    world_table(w, "notes", "note:text n:int%");
    world_table(w, "tags", "a:text* b:int*");
    w->tables[NOTES].pair.ncompared = 1;
    world_open(w);
    mr_log_set_level(MR_LOG_WARNING);
}

static struct mr_plan_decided *open_decided(struct world *w, int64_t plan, bool forget)
{
    struct mr_plan_decided *d = NULL;
    world_require(mr_plan_decided_open(w->m.cf, plan, forget, &d, NULL));
    return d;
}

/* A row is "1|ann" on either side; NULL: it is not there. */
struct row {
    size_t table;
    const char *kind, *source, *target;
};

static void keep(struct world *w, struct mr_plan_decided *d, const struct row *row,
                 const char *choice)
{
    const struct mr_entity e = {
        .source_key = world_key(w, row->table, row->source != NULL ? row->source : row->target),
        .kind = row->kind,
        .choice = choice,
        .source = world_image(w, row->table, row->source),
        .target = world_image(w, row->table, row->target)};
    world_require(mr_plan_decided_keep(d, &w->planned[row->table], &e, choice, NULL));
}

/* What holds; NULL: nothing. */
static const char *find(struct world *w, struct mr_plan_decided *d, const struct row *row,
                        bool told)
{
    const struct mr_decision_ask ask = {
        .table = "d.people",
        .source_key = world_key(w, row->table, row->source != NULL ? row->source : row->target),
        .kind = row->kind,
        .source = world_image(w, row->table, row->source),
        .target = world_image(w, row->table, row->target)};
    const char *choice = NULL;
    if (mr_plan_decided_find(d, &w->planned[row->table], &ask, told, &choice, &w->err) != MR_OK)
        fail_msg("%s", w->err.message);
    return choice;
}

static void expect(const char *got, const char *wanted, size_t i)
{
    if ((got == NULL) != (wanted == NULL) || (got != NULL && strcmp(got, wanted) != 0))
        fail_msg("case %zu: %s", i, got != NULL ? got : "nothing");
}

/* ---- whether it holds ---- */

static const struct {
    struct row was;
    const char *choice;
    struct row now;
    bool told;
    const char *holds;
    const char *warns; /* NULL: nothing is said */
} holding[] = {
    {{PEOPLE, "key-taken", "1|ann", NULL},
     "restore",
     {PEOPLE, "key-taken", "1|ann", NULL},
     false,
     "restore",
     NULL},
    /* of that row, in that table, in that conflict */
    {{PEOPLE, "key-taken", "1|ann", NULL},
     "restore",
     {PEOPLE, "key-taken", "2|ann", NULL},
     false,
     NULL,
     NULL},
    {{PEOPLE, "key-taken", "1|ann", NULL},
     "restore",
     {PEOPLE, "duplicate", "1|ann", NULL},
     false,
     NULL,
     NULL},
    {{PEOPLE, "key-taken", "1|ann", NULL},
     "restore",
     {PEOPLE, NULL, "1|ann", NULL},
     false,
     NULL,
     NULL},
    {{PEOPLE, "key-taken", "2|ann", NULL},
     "restore",
     {PEOPLE, "key-taken", "1|ann", NULL},
     false,
     NULL,
     NULL},
    {{TAGS, "key-taken", "a|1", NULL},
     "restore",
     {TAGS, "key-taken", "a|1", NULL},
     false,
     "restore",
     NULL},
    {{TAGS, "key-taken", "a|1", NULL},
     "restore",
     {TAGS, "key-taken", "a|2", NULL},
     false,
     NULL,
     NULL},
    /* a person says something else of it now: of another conflict this still holds */
    {{PEOPLE, "key-taken", "1|ann", NULL},
     "restore",
     {PEOPLE, "key-taken", "1|ann", NULL},
     true,
     "restore",
     NULL},
    /* it is another row by now */
    {{PEOPLE, "key-taken", "1|ann", NULL},
     "restore",
     {PEOPLE, "key-taken", "1|bob", NULL},
     false,
     NULL,
     "table \"d.people\": row 1 is not as it was when \"restore\" was decided"},
    {{TAGS, "key-taken", "a|1", NULL},
     "restore",
     {TAGS, "key-taken", NULL, "a|1"},
     false,
     NULL,
     "table \"d.tags\": row a,1 is not as it was"},
    {{TAGS, "key-taken", NULL, "a|1"},
     "restore",
     {TAGS, "key-taken", "a|1", NULL},
     false,
     NULL,
     "row a,1 is not as it was"},
    /* TARGET's row counts where it was looked at, too */
    {{PEOPLE, "unique", "1|ann", "2|ann"},
     "without-value",
     {PEOPLE, "unique", "1|ann", "3|ann"},
     false,
     "without-value",
     NULL},
    {{PEOPLE, "changed", "1|ann", "1|bob"},
     "source",
     {PEOPLE, "changed", "1|ann", "1|bob"},
     false,
     "source",
     NULL},
    {{PEOPLE, "changed", "1|ann", "1|bob"},
     "source",
     {PEOPLE, "changed", "1|ann", "1|eve"},
     false,
     NULL,
     "row 1 is not as it was when \"source\" was decided about it (changed)"},
    {{PEOPLE, "changed", "1|ann", "1|bob"},
     "source",
     {PEOPLE, "changed", "1|amy", "1|bob"},
     false,
     NULL,
     "(changed); it is asked again"},
    {{PEOPLE, "changed", "1|ann", "1|bob"},
     "newest:mail",
     {PEOPLE, "changed", "1|ann", NULL},
     false,
     NULL,
     "\"newest:mail\""},
    {{PEOPLE, "differs", "1|ann", NULL},
     "target",
     {PEOPLE, "differs", "1|ann", "1|bob"},
     false,
     NULL,
     "\"target\""},
    /* who was left out stays out, whatever comes up, and however he looks by now */
    {{PEOPLE, "unique", "1|ann", NULL},
     "skip",
     {PEOPLE, "unique", "1|bob", "1|eve"},
     false,
     "skip",
     NULL},
    {{PEOPLE, "unique", "1|ann", NULL},
     "skip",
     {PEOPLE, "key-taken", "1|ann", NULL},
     false,
     "skip",
     NULL},
    {{PEOPLE, "unique", "1|ann", NULL}, "skip", {PEOPLE, NULL, "1|ann", NULL}, false, "skip", NULL},
    {{PEOPLE, "unique", "1|ann", NULL},
     "skip",
     {PEOPLE, "unique", "1|ann", NULL},
     true,
     NULL,
     NULL},
    {{PEOPLE, "unique", "1|ann", NULL}, "skip", {PEOPLE, NULL, "1|ann", NULL}, true, NULL, NULL},
    /* a choice that nobody has in that conflict: both sides have the row by now */
    {{PEOPLE, "unique", "1|ann", NULL},
     "skip",
     {PEOPLE, "changed", "1|ann", "1|bob"},
     false,
     NULL,
     NULL},
    /* without a key all of it is its name, and a number behind that is not */
    {{NOTES, "duplicate", "hi|1", NULL},
     "restore",
     {NOTES, "duplicate", "hi|2", NULL},
     false,
     "restore",
     NULL},
    {{NOTES, "duplicate", "hi|1", NULL},
     "restore",
     {NOTES, "duplicate", "ho|1", NULL},
     false,
     NULL,
     NULL},
};

static void test_holds(void **state)
{
    static struct capture c;
    (void)state;
    for (size_t i = 0; i < LEN(holding); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        struct mr_plan_decided *d = open_decided(w, 1, false);
        keep(w, d, &holding[i].was, holding[i].choice);
        mr_plan_decided_close(d);
        d = open_decided(w, 2, false);
        capture_begin(&c, CAPTURE_FILE, 0);
        const char *choice = find(w, d, &holding[i].now, holding[i].told);
        capture_end(&c);
        expect(choice, holding[i].holds, i);
        if (holding[i].warns == NULL ? c.len > 0 : strstr(c.text, holding[i].warns) == NULL)
            fail_msg("case %zu says: %s", i, c.text);
        uint64_t held = 9;
        world_run(w, mr_plan_decided_held(d, &held, &w->err));
        assert_int_equal(held, holding[i].holds != NULL);
        mr_plan_decided_close(d);
        world_free(w);
    }
}

/* A row is named once for each of its conflicts, however often it is asked about; one without
 * a key has no name. */
static void test_warns_once(void **state)
{
    static const struct row was[] = {{PEOPLE, "changed", "1|ann", "1|bob"},
                                     {PEOPLE, "key-taken", "1|ann", NULL},
                                     {PEOPLE, "changed", "2|ann", "2|bob"},
                                     {NOTES, "duplicate", "hi|1", NULL}},
                            now[] = {{PEOPLE, "changed", "1|ann", "1|eve"},
                                     {PEOPLE, "key-taken", "1|eve", NULL},
                                     {PEOPLE, "changed", "2|ann", "2|eve"},
                                     {NOTES, "duplicate", NULL, "hi|1"}};
    static struct capture c;
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    struct mr_plan_decided *d = open_decided(w, 1, false);
    for (size_t i = 0; i < LEN(was); i++)
        keep(w, d, &was[i], i % 2 == 0 ? "source" : "restore");
    keep(w, d, &was[3], "restore");
    capture_begin(&c, CAPTURE_FILE, 0);
    for (size_t i = 0; i < 3 * LEN(now); i++)
        assert_null(find(w, d, &now[i % LEN(now)], false));
    capture_end(&c);
    assert_int_equal(capture_count(&c, "asked again"), 4);
    assert_int_equal(capture_count(&c, "row 1 is"), 2);
    assert_int_equal(capture_count(&c, "row 2 is"), 1);
    assert_int_equal(capture_count(&c, "table \"d.notes\": a row is not"), 1);
    mr_plan_decided_close(d);
    /* the next plan says it again */
    d = open_decided(w, 2, false);
    capture_begin(&c, CAPTURE_FILE, 0);
    assert_null(find(w, d, &now[0], false));
    capture_end(&c);
    assert_int_equal(capture_count(&c, "asked again"), 1);
    mr_plan_decided_close(d);
    world_free(w);
}

/* Rows, not answers; and a choice lives until the end. */
static void test_held(void **state)
{
    static const struct row ann = {PEOPLE, "changed", "1|ann", "1|bob"},
                            also = {PEOPLE, "duplicate", "1|ann", NULL},
                            bob = {PEOPLE, "changed", "2|bob", "2|eve"};
    struct world *w = calloc(1, sizeof *w);
    uint64_t held = 9;
    (void)state;
    build(w);
    struct mr_plan_decided *d = open_decided(w, 1, false);
    keep(w, d, &ann, "newest:mail");
    keep(w, d, &also, "restore");
    keep(w, d, &bob, "target");
    world_run(w, mr_plan_decided_held(d, &held, &w->err));
    assert_int_equal(held, 0);
    const char *first = find(w, d, &ann, false), *second = find(w, d, &also, false);
    (void)find(w, d, &ann, false);
    world_run(w, mr_plan_decided_held(d, &held, &w->err));
    assert_int_equal(held, 1);
    assert_string_equal(find(w, d, &bob, false), "target");
    assert_string_equal(first, "newest:mail");
    assert_string_equal(second, "restore");
    world_run(w, mr_plan_decided_held(d, &held, &w->err));
    assert_int_equal(held, 2);
    mr_plan_decided_close(d);
    d = open_decided(w, 2, false);
    world_run(w, mr_plan_decided_held(d, &held, &w->err));
    assert_int_equal(held, 0);
    mr_plan_decided_close(d);
    world_free(w);
}

/* Of a row whose other columns the plan writes: it holds before that is done, and behind it. */
static void test_made(void **state)
{
    static const struct {
        const char *now, *holds;
    } cases[] = {{"1|bob", "target"}, {"1|eve", "target"}, {"1|zoe", NULL}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        struct mr_plan_decided *d = open_decided(w, 1, false);
        const struct mr_entity e = {.source_key = world_key(w, PEOPLE, "1|ann"),
                                    .kind = "changed",
                                    .choice = "target",
                                    .source = world_image(w, PEOPLE, "1|ann"),
                                    .target = world_image(w, PEOPLE, "1|bob"),
                                    .after = world_image(w, PEOPLE, "1|eve")};
        world_require(mr_plan_decided_keep(d, &w->planned[PEOPLE], &e, "target", NULL));
        expect(find(w, d, &(struct row){PEOPLE, "changed", "1|ann", cases[i].now}, false),
               cases[i].holds, i);
        mr_plan_decided_close(d);
        world_free(w);
    }
}

/* ---- what is kept ---- */

static void test_kept(void **state)
{
    static const struct {
        const char *kind, *choice, *said;
        const char *kept;
    } cases[] = {
        {"changed", "source", "source", "d.people 1 changed source 5"},
        {"deleted-or-lost", "restore", "restore", "d.people 1 deleted-or-lost restore 5"},
        {"deleted-since", "skip", "skip", "d.people 1 deleted-since skip 5"},
        /* another row that the live side deletes nobody has been asked about */
        {"deleted-since", "restore", "restore", ""},
        {"unique", "merge-into", "merge-into", ""},
        /* it was not carried out, or there was nothing to decide */
        {"changed", "target", "source", ""},
        {"changed", NULL, "source", ""},
        {NULL, NULL, "skip", ""},
        {NULL, "skip", "skip", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        bool empty = false;
        build(w);
        struct mr_plan_decided *d = open_decided(w, 5, false);
        const struct mr_entity e = {.source_key = world_key(w, PEOPLE, "1|ann"),
                                    .kind = cases[i].kind,
                                    .choice = cases[i].choice};
        world_run(w, mr_plan_decided_is_empty(d, &empty, &w->err));
        assert_true(empty);
        world_run(w, mr_plan_decided_keep(d, &w->planned[PEOPLE], &e, cases[i].said, &w->err));
        world_expect(w, KEPT, cases[i].kept);
        world_run(w, mr_plan_decided_is_empty(d, &empty, &w->err));
        assert_int_equal(empty, cases[i].kept[0] == '\0');
        mr_plan_decided_close(d);
        world_free(w);
    }
}

/* What is said now stands in place of what was said about the same: of the row's conflict, or,
 * of a row that is left out or was, of the row. */
static void test_replaced(void **state)
{
    static const struct {
        struct {
            const char *row, *kind, *choice;
        } said[4];
        const char *kept;
    } cases[] = {
        {{{"1|a", "changed", "source"}, {"1|a", "changed", "target"}}, "1 changed target"},
        {{{"1|a", "changed", "source"}, {"1|a", "duplicate", "restore"}},
         "1 changed source; 1 duplicate restore"},
        {{{"1|a", "changed", "source"}, {"1|a", "duplicate", "skip"}}, "1 duplicate skip"},
        {{{"1|a", "duplicate", "skip"}, {"1|a", "changed", "source"}}, "1 changed source"},
        {{{"1|a", "changed", "source"},
          {"1|a", "unique", "restore"},
          {"2|b", "changed", "target"},
          {"1|a", "duplicate", "skip"}},
         "1 duplicate skip; 2 changed target"},
        /* merged: what was kept of that conflict goes, the map knows him now */
        {{{"1|a", "unique", "without-value"}, {"1|a", "unique", "merge-into"}}, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        struct mr_plan_decided *d = open_decided(w, 5, false);
        for (size_t k = 0; k < 4 && cases[i].said[k].row != NULL; k++)
            keep(w, d, &(struct row){PEOPLE, cases[i].said[k].kind, cases[i].said[k].row, NULL},
                 cases[i].said[k].choice);
        world_expect(w, "SELECT key, kind, choice FROM plan_decision ORDER BY 1, 2", cases[i].kept);
        mr_plan_decided_close(d);
        world_free(w);
    }
}

/* A row of the same key in another table is another row. */
static void test_tables(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_sql(w, "CREATE TABLE IF NOT EXISTS x (a)");
    struct mr_plan_decided *d = open_decided(w, 5, false);
    keep(w, d, &(struct row){PEOPLE, "changed", "1|a", NULL}, "source");
    world_sql(w, "INSERT INTO plan_decision SELECT 'd.other', key, kind, choice, source, target,"
                 " 4, NULL FROM plan_decision");
    keep(w, d, &(struct row){PEOPLE, "duplicate", "1|a", NULL}, "skip");
    world_expect(w, KEPT, "d.other 1 changed source 4; d.people 1 duplicate skip 5");
    /* of a plan that did not come to be nothing is kept */
    world_run(w, mr_plan_decided_withdraw(w->m.cf, 5, &w->err));
    world_expect(w, KEPT, "d.other 1 changed source 4");
    mr_plan_decided_close(d);
    world_free(w);
}

/* ---- forgetting ---- */

static void test_forget(void **state)
{
    (void)state;
    for (int with_map = 0; with_map < 2; with_map++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        struct mr_plan_decided *d = open_decided(w, 1, true); /* there is nothing yet */
        keep(w, d, &(struct row){PEOPLE, "changed", "1|a", NULL}, "source");
        mr_plan_decided_close(d);
        world_sql(w, "DROP TABLE IF EXISTS plan_map");
        if (with_map)
            world_sql(w, "CREATE TABLE plan_map (tbl, source_key, state, is_new);"
                         "INSERT INTO plan_map VALUES ('d.people', 'chosen', 'matched', 1),"
                         " ('d.people', 'found', 'matched', 0),"
                         " ('d.people', 'made', 'applied', 1)");
        mr_plan_decided_close(open_decided(w, 2, false));
        world_expect(w, KEPT, "d.people 1 changed source 1");
        if (with_map)
            world_expect(w, "SELECT count(*) FROM plan_map", "3");
        mr_plan_decided_close(open_decided(w, 3, true));
        world_expect(w, KEPT, "");
        if (with_map)
            world_expect(w, "SELECT source_key FROM plan_map ORDER BY 1", "found; made");
        world_free(w);
    }
}

/* ---- what goes wrong ---- */

/* Bytes that are no digest hold nothing; a row that no encoder wrote is reported. */
static void test_corrupt(void **state)
{
    static const struct row ann = {PEOPLE, "changed", "1|ann", "1|bob"};
    struct world *w = calloc(1, sizeof *w);
    static struct capture c;
    (void)state;
    build(w);
    struct mr_plan_decided *d = open_decided(w, 1, false);
    keep(w, d, &ann, "source");
    world_sql(w, "UPDATE plan_decision SET target = CAST(target || x'00' AS BLOB)");
    capture_begin(&c, CAPTURE_FILE, 0);
    assert_null(find(w, d, &ann, false));
    capture_end(&c);
    assert_int_equal(capture_count(&c, "asked again"), 1);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_entity e = {.source_key = world_key(w, PEOPLE, "1|ann"),
                              .kind = "changed",
                              .choice = "source",
                              .source = world_image(w, PEOPLE, "1|ann"),
                              .target = world_image(w, PEOPLE, "1|bob")};
        *(side == MR_SOURCE ? &e.source : &e.target) = (struct mr_key){"?", 1};
        assert_int_equal(mr_plan_decided_keep(d, &w->planned[PEOPLE], &e, "source", &w->err),
                         MR_E_CASE);
    }
    mr_plan_decided_close(d);
    mr_plan_decided_close(NULL);
    world_free(w);
}

static enum mr_code do_all(struct world *w, struct mr_err *err)
{
    const struct mr_entity e = {.source_key = world_key(w, PEOPLE, "1|ann"),
                                .kind = "key-taken",
                                .choice = "restore",
                                .source = world_image(w, PEOPLE, "1|ann")};
    struct mr_decision_ask ask = {
        .table = "d.people", .source_key = e.source_key, .kind = "key-taken", .source = e.source};
    const char *choice = NULL;
    struct mr_plan_decided *d = NULL;
    uint64_t held = 0;
    bool empty = true;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_plan_decided_open(w->m.cf, 5, true, &d, err));
    MR_TRY_OUT(mr_plan_decided_keep(d, &w->planned[PEOPLE], &e, "restore", err));
    MR_TRY_OUT(mr_plan_decided_is_empty(d, &empty, err));
    MR_TRY_OUT(mr_plan_decided_find(d, &w->planned[PEOPLE], &ask, false, &choice, err));
    ask.source = world_image(w, PEOPLE, "1|eve");
    MR_TRY_OUT(mr_plan_decided_find(d, &w->planned[PEOPLE], &ask, false, &choice, err));
    MR_TRY_OUT(mr_plan_decided_held(d, &held, err));
    MR_TRY_OUT(mr_plan_decided_withdraw(w->m.cf, 5, err));
    if (empty || held != 1 || choice == NULL)
        fail_msg("failed silently");
out:
    mr_plan_decided_close(d);
    return code;
}

static void test_failures(void **state)
{
    static struct capture c;
    (void)state;
    capture_begin(&c, CAPTURE_FILE, 0);
    world_each_failure(build, do_all);
    capture_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds),   cmocka_unit_test(test_warns_once),
        cmocka_unit_test(test_held),    cmocka_unit_test(test_made),
        cmocka_unit_test(test_kept),    cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_tables),  cmocka_unit_test(test_forget),
        cmocka_unit_test(test_corrupt), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
