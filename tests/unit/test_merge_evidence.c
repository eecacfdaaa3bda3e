/* test_merge_evidence.c: what the logs say to the merge planner: of which tables, where the past ends, who
 * edited a row. */
#include "told_world.h"

#include "core/case/mask.h"

enum { T, KEYED };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "t", "id:int# name:text! city:text? seen:int?~");
    world_table(w, "keyed", "code:text* city:text?");
    world_open_case(w);
}

#define GOOD MR_WITNESS_GOOD
#define BLIND MR_WITNESS_BLIND
#define NONE MR_WITNESS_NONE

/* ---- of which tables ---- */

static void test_find(void **state)
{
    const struct {
        enum mr_witness source, target;
        bool still[MR_SIDES];
        bool both, told; /* both sides' are good; one side's are enough */
        enum mr_witness known[MR_SIDES];
    } cases[] = {
        {GOOD, GOOD, {true, true}, true, true, {GOOD, GOOD}},
        {GOOD, GOOD, {true, false}, true, true, {GOOD, GOOD}}, /* TARGET may go on */
        {GOOD, GOOD, {false, true}, true, true, {NONE, GOOD}},
        {GOOD, GOOD, {false, false}, true, false, {NONE, NONE}},
        {GOOD, BLIND, {true, true}, false, true, {GOOD, BLIND}},
        {GOOD, BLIND, {false, true}, false, false, {NONE, BLIND}},
        {BLIND, GOOD, {true, true}, false, true, {BLIND, GOOD}},
        {BLIND, GOOD, {true, false}, false, false, {BLIND, NONE}},
        {BLIND, BLIND, {true, true}, false, false, {BLIND, BLIND}},
        {NONE, NONE, {true, true}, false, false, {NONE, NONE}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        const struct mr_merge_table *t = &w->merged[T];
        struct told told;
        build(w);
        memcpy(w->m.is_still, cases[i].still, sizeof w->m.is_still);
        told_begin(w, &told);
        told_table(&told, T, cases[i].source, cases[i].target);
        told_end(&told);
        if ((t->evidence != 0) != cases[i].both || (t->told != 0) != cases[i].told ||
            t->witness[MR_SOURCE] != cases[i].known[MR_SOURCE] ||
            t->witness[MR_TARGET] != cases[i].known[MR_TARGET])
            fail_msg("case %zu: %d %d %d %d", i, (int)t->evidence, (int)t->told,
                     (int)t->witness[MR_SOURCE], (int)t->witness[MR_TARGET]);
        assert_int_equal(w->merged[KEYED].told, 0); /* nothing was collected of it */
        world_free(w);
    }
}

/* A plan names no key of a column that is masked. */
static void test_masked(void **state)
{
    static const char *const reasons[] = {"a gap, at key 4917", "a gap, at key " MR_MASK_DOTS};
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        struct world *w = calloc(1, sizeof *w);
        struct told told;
        build(w);
        w->tables[T].find[0].key_at = 0;
        w->tables[T].find[0].masked = masked != 0;
        told_begin(w, &told);
        told_table(&told, T, MR_WITNESS_BROKEN, GOOD);
        struct mr_evidence_table of = {
            .id = told.tables[T],
            .of = {{.witness = MR_WITNESS_BROKEN, .reason = reasons[0]}, {.witness = GOOD}}};
        TOLD_DO(&told, mr_evidence_table_save(told.writer, &of, MR_SOURCE, NULL));
        told_end(&told);
        const struct mr_plan_witness *witness = &w->plan.tables[w->merged[T].plan->at].witness;
        assert_string_equal(witness->reason[MR_SOURCE], reasons[masked]);
        world_free(w);
    }
}

static char warned[256];

void __wrap_mr_log_warning(const char *fmt, ...);
void __wrap_mr_log_warning(const char *fmt, ...)
{
    (void)snprintf(warned, sizeof warned, "%s", fmt);
}

/* Columns of another time have other places: that is said, and nothing is read askew. */
static void test_changed(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct told t;
    (void)state;
    build(w);
    told_still(w);
    told_begin(w, &t);
    w->tables[T].ignored[3] = false; /* `seen` was compared when the logs were read */
    told_table(&t, T, GOOD, GOOD);
    w->tables[T].ignored[3] = true;
    warned[0] = '\0';
    told_end(&t);
    assert_int_equal(w->merged[T].told, 0);
    assert_non_null(strstr(warned, "its columns, or those that ignore-columns names, are not"));
    world_free(w);
}

/* ---- where the past ends ---- */

#define INSERTED(row)                                                                              \
    {                                                                                              \
        .last = (row)                                                                              \
    }
#define EDITED(row)                                                                                \
    {                                                                                              \
        .first = (row), .last = (row)                                                              \
    }
#define DELETED(row)                                                                               \
    {                                                                                              \
        .first = (row)                                                                             \
    }
#define MOVED(row)                                                                                 \
    {                                                                                              \
        .flags = MR_MARK_CAME, .last = (row)                                                       \
    }

struct marked {
    enum mr_side side;
    const char *row;
    struct told_mark mark;
};

static void mark(struct told *t, size_t table, const struct marked *marks, size_t n)
{
    for (size_t i = 0; i < n && marks[i].row != NULL; i++)
        told_mark(t, table, marks[i].side, marks[i].row, marks[i].mark);
}

static void test_bound(void **state)
{
    const struct {
        const char *what;
        struct marked marks[4];
        int64_t base; /* -1: they do not say */
    } cases[] = {
        {"the first that either side has inserted",
         {{MR_SOURCE, "12|a|x|0", INSERTED("12|a|x|0")},
          {MR_TARGET, "11|b|x|0", INSERTED("11|b|x|0")}},
         10},
        {"older ones that were edited",
         {{MR_SOURCE, "3|a|x|0", EDITED("3|a|x|0")}, {MR_TARGET, "11|b|x|0", INSERTED("11|b|x|0")}},
         10},
        {"inserted and deleted again",
         {{MR_TARGET, "11|b|x|0", {.flags = MR_MARK_ABSENT_BEFORE | MR_MARK_DELETED}}},
         10},
        {"nobody has inserted any", {{MR_SOURCE, "3|a|x|0", EDITED("3|a|x|0")}}, -1},
        {"inserted among older ones",
         {{MR_SOURCE, "12|a|x|0", EDITED("12|a|x|0")},
          {MR_TARGET, "11|b|x|0", INSERTED("11|b|x|0")}},
         -1},
        {"deleted above",
         {{MR_SOURCE, "12|a|x|0", DELETED("12|a|x|0")},
          {MR_TARGET, "11|b|x|0", INSERTED("11|b|x|0")}},
         -1},
        {"moved there",
         {{MR_SOURCE, "13|a|x|0", MOVED("13|a|x|0")},
          {MR_TARGET, "11|b|x|0", INSERTED("11|b|x|0")}},
         -1},
        {"of no positive key", {{MR_SOURCE, "0|a|x|0", INSERTED("0|a|x|0")}}, -1},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct told t;
        int64_t base = -1;
        bool known = false;
        build(w);
        told_begin(w, &t);
        told_table(&t, T, GOOD, GOOD);
        told_table(&t, KEYED, GOOD, GOOD);
        mark(&t, T, cases[i].marks, LEN(cases[i].marks));
        told_mark(&t, KEYED, MR_SOURCE, "k|x", (struct told_mark)INSERTED("k|x"));
        told_end(&t);
        world_run(w, mr_merge_evidence_bound(&w->m, &w->merged[T], &base, &known, &w->err));
        if ((known ? base : -1) != cases[i].base)
            fail_msg("%s: %d", cases[i].what, known ? (int)base : -1);
        world_run(w, mr_merge_evidence_bound(&w->m, &w->merged[KEYED], &base, &known, &w->err));
        assert_false(known); /* no counter makes its keys */
        world_free(w);
    }
}

static void test_contradicts(void **state)
{
    const struct {
        const char *what;
        struct marked marks[4];
        const char *row, *live; /* L is 10 */
        bool is;
        bool on[MR_SIDES]; /* the side has gone on since */
    } cases[] = {
        {"SOURCE has inserted it",
         {{MR_SOURCE, "11|a|x|0", INSERTED("11|a|x|0")}},
         "11|a|x|0",
         NULL,
         false,
         {false, false}},
        {"its log does not say so", {{0}}, "11|a|x|0", NULL, true, {false, false}},
        {"TARGET's is not of its log",
         {{MR_SOURCE, "11|a|x|0", INSERTED("11|a|x|0")},
          {MR_TARGET, "12|b|x|0", INSERTED("12|b|x|0")}},
         "11|a|x|0",
         "11|b|x|0",
         true,
         {false, false}},
        {"TARGET's is later than its log",
         {{MR_SOURCE, "13|a|x|0", INSERTED("13|a|x|0")},
          {MR_TARGET, "12|b|x|0", INSERTED("12|b|x|0")}},
         "13|a|x|0",
         "13|b|x|0",
         false,
         {false, false}},
        {"of the past, and deleted",
         {{MR_TARGET, "9|a|x|0", DELETED("9|a|x|0")}},
         "9|a|x|0",
         NULL,
         false,
         {false, false}},
        {"of the past, and nobody knows why it is gone",
         {{0}},
         "9|a|x|0",
         NULL,
         true,
         {false, false}},
        {"of the past, on both", {{0}}, "9|a|x|0", "9|a|y|0", false, {false, false}},
        {"SOURCE has gone on, and inserted it since",
         {{MR_SOURCE, "11|a|x|0", INSERTED("11|a|x|0")}},
         "12|b|x|0",
         NULL,
         false,
         {true, false}},
        {"which it cannot have where its log shows a younger one",
         {{MR_SOURCE, "13|a|x|0", INSERTED("13|a|x|0")}},
         "12|b|x|0",
         NULL,
         true,
         {true, false}},
        {"TARGET has gone on, and may have deleted it",
         {{0}},
         "9|a|x|0",
         NULL,
         false,
         {false, true}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct told t;
        bool is = !cases[i].is;
        build(w);
        w->merged[T].bound.base = 10;
        told_begin(w, &t);
        told_table(&t, T, GOOD, GOOD);
        mark(&t, T, cases[i].marks, LEN(cases[i].marks));
        told_end(&t);
        world_look(w, 1, T, cases[i].row, cases[i].live);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            w->m.is_still[side] = !cases[i].on[side];
        world_run(w, mr_merge_evidence_contradicts(&w->m, &w->merged[T], &is, &w->err));
        if (is != cases[i].is)
            fail_msg("%s: %d", cases[i].what, is);
        world_free(w);
    }
}

/* Keys that both have inserted, and of those that differ the ones whose rows were one. */
static void test_both(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_merge_both both;
    struct told t;
    (void)state;
    build(w);
    world_sql(w, "CREATE TABLE known_key (tbl INT, n INT)");
    w->merged[T].bound.base = 10;
    told_begin(w, &t);
    told_table(&t, T, GOOD, GOOD);
    static const char *const keys[] = {"11|a|x|0", "12|b|x|0", "13|c|x|0"};
    for (size_t i = 0; i < LEN(keys); i++)
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            told_mark(&t, T, (enum mr_side)side, keys[i], (struct told_mark){.last = keys[i]});
    const struct mr_evidence_change change = {
        .n = 1, .kind = MR_CHANGE_INSERT, .tx = 1, .image = told_image(w, T, "12|b|y|0")};
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        for (size_t i = 0; i < 2; i++) {
            struct mr_evidence_change own = change;
            if (i == 0)
                own.image = told_image(w, T, side == MR_SOURCE ? "11|a|x|0" : "11|z|z|0");
            TOLD_DO(&t, mr_evidence_change_add(t.writer, t.tables[T], side,
                                               world_key(w, T, keys[i]), &own, NULL));
        }
    told_end(&t);
    world_look(w, 1, T, "11|a|x|0", "11|z|z|0"); /* two rows */
    world_look(w, 2, T, "12|b|x|0", "12|b|z|0"); /* one, to begin with */
    world_look(w, 3, T, "13|c|x|0", "13|c|x|0"); /* equal: not asked about */
    world_run(w, mr_merge_evidence_both(&w->m, &w->merged[T], &both, &w->err));
    assert_int_equal(both.count, 3);
    assert_int_equal(both.copied, 1);
    assert_false(both.first_is_so);
    world_sql(w, "INSERT INTO known_key VALUES (0, (SELECT n FROM w WHERE id=1))");
    world_run(w, mr_merge_evidence_both(&w->m, &w->merged[T], &both, &w->err));
    assert_true(both.first_is_so);
    world_free(w);
}

/* ---- who edited a row ---- */

static const struct {
    const char *what;
    enum mr_witness target;
    struct told_mark marks[MR_SIDES]; /* the log of none of them has a row: no mark */
    const char *own, *live;
    const char *edited; /* "source", "target"; NULL: the logs do not say */
    bool explains;
} edits[] = {
    {"SOURCE alone",
     GOOD,
     {{.first = "7|a|x|0", .last = "7|a|y|0"}, {0}},
     "7|a|y|0",
     "7|a|x|0",
     "source",
     true},
    {"TARGET alone",
     GOOD,
     {{0}, {.first = "7|a|x|0", .last = "7|a|y|0"}},
     "7|a|x|0",
     "7|a|y|0",
     "target",
     true},
    {"the other has become another since",
     GOOD,
     {{.first = "7|a|x|0", .last = "7|a|y|0"}, {0}},
     "7|a|y|0",
     "7|a|z|0",
     NULL,
     true},
    {"but for what is not compared",
     GOOD,
     {{.first = "7|a|x|?", .last = "7|a|y|?"}, {0}},
     "7|a|y|1",
     "7|a|x|2",
     "source",
     true},
    {"a column that the log has not shown",
     GOOD,
     {{.first = "7|a|?|0", .last = "7|a|y|0"}, {0}},
     "7|a|y|0",
     "7|a|x|0",
     NULL,
     true},
    {"both",
     GOOD,
     {{.first = "7|a|x|0", .last = "7|a|y|0"}, {.first = "7|a|x|0", .last = "7|a|z|0"}},
     "7|a|y|0",
     "7|a|z|0",
     NULL,
     true},
    {"images that were not kept",
     GOOD,
     {{.flags = MR_MARK_PARTIAL}, {0}},
     "7|a|y|0",
     "7|a|x|0",
     NULL,
     true},
    {"another row under the key",
     GOOD,
     {{.flags = MR_MARK_AGAIN, .first = "7|a|x|0", .last = "7|b|y|0"}, {0}},
     "7|b|y|0",
     "7|a|x|0",
     NULL,
     false},
    {"inserted", GOOD, {{.last = "7|a|y|0"}, {0}}, "7|a|y|0", "7|a|x|0", NULL, false},
    {"nobody", GOOD, {{0}, {0}}, "7|a|y|0", "7|a|x|0", NULL, false},
    {"without the logs of both",
     BLIND,
     {{.first = "7|a|x|0", .last = "7|a|y|0"}, {0}},
     "7|a|y|0",
     "7|a|x|0",
     NULL,
     false},
};

static void test_edited(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(edits); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_edited edited;
        struct told t;
        bool explains = !edits[i].explains;
        build(w);
        told_still(w);
        told_begin(w, &t);
        told_table(&t, T, GOOD, edits[i].target);
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            const struct told_mark *m = &edits[i].marks[side];
            if (m->flags != 0 || m->first != NULL || m->last != NULL)
                told_mark(&t, T, (enum mr_side)side, edits[i].own, *m);
        }
        told_end(&t);
        const struct mr_key key = world_key(w, T, edits[i].own);
        const struct mr_key images[MR_SIDES] = {world_image(w, T, edits[i].own),
                                                world_image(w, T, edits[i].live)};
        world_run(w, mr_merge_evidence_edited(&w->m, &w->merged[T], key, images, &edited, &w->err));
        const char *got = !edited.known ? NULL : edited.source ? "source" : "target";
        if (edited.known && edited.source == edited.target)
            fail_msg("%s: both or neither", edits[i].what);
        if (strcmp(got != NULL ? got : "-", edits[i].edited != NULL ? edits[i].edited : "-") != 0)
            fail_msg("%s: %s", edits[i].what, got != NULL ? got : "-");
        world_run(w, mr_merge_evidence_explains(&w->m, &w->merged[T], key, &explains, &w->err));
        if (explains != edits[i].explains)
            fail_msg("%s: explains: %d", edits[i].what, explains);
        world_free(w);
    }
}

/* ---- failures ---- */

static void build_all(struct world *w)
{
    struct told t;
    build(w);
    world_sql(w, "CREATE TABLE known_key (tbl INT, n INT)");
    told_still(w);
    told_begin(w, &t);
    told_table(&t, T, GOOD, GOOD);
    told_mark(&t, T, MR_SOURCE, "7|a|y|0",
              (struct told_mark){.first = "7|a|x|0", .last = "7|a|y|0"});
    told_mark(&t, T, MR_SOURCE, "11|a|x|0", (struct told_mark){.last = "11|a|x|0"});
    told_end(&t);
    world_look(w, 1, T, "11|a|x|0", NULL);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_merge_edited edited;
    struct mr_merge_both both;
    struct mr_merge_table *t = &w->merged[T];
    const struct mr_key key = world_key(w, T, "7|a|y|0");
    const struct mr_key images[MR_SIDES] = {world_image(w, T, "7|a|y|0"),
                                            world_image(w, T, "7|a|x|0")};
    int64_t base = 0;
    bool is = false;
    MR_TRY(mr_merge_evidence_find(&w->m, t, err));
    MR_TRY(mr_merge_evidence_bound(&w->m, t, &base, &is, err));
    MR_TRY(mr_merge_evidence_contradicts(&w->m, t, &is, err));
    MR_TRY(mr_merge_evidence_both(&w->m, t, &both, err));
    MR_TRY(mr_merge_evidence_edited(&w->m, t, key, images, &edited, err));
    return mr_merge_evidence_explains(&w->m, t, key, &is, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_all, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),        cmocka_unit_test(test_masked),
        cmocka_unit_test(test_changed),     cmocka_unit_test(test_bound),
        cmocka_unit_test(test_contradicts), cmocka_unit_test(test_both),
        cmocka_unit_test(test_edited),      cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
