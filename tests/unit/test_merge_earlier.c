/* test_merge_earlier.c: what earlier plans of the case have proposed, tested on TARGET. */
#include "merge_world.h"

#include "repair/merge/merge_earlier.h"
#include "repair/merge/merge_lookup.h"
#include "repair/merge/merge_named.h"
#include "repair/plan/plan_image.h"

/* members are known by their mobiles; events by nothing. */
enum { MEMBERS, EVENTS };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! name:text?");
    world_table(w, "events", "id:int# note:text? level:int?=");
    world_open(w);
    world_sql(w,
              "CREATE TABLE plan_map (tbl TEXT NOT NULL, source_key BLOB NOT NULL,"
              " target_key BLOB NOT NULL, identity BLOB, digest BLOB NOT NULL, is_new INT NOT NULL,"
              " state TEXT NOT NULL, plan INT NOT NULL,"
              " PRIMARY KEY (tbl, source_key, target_key)) STRICT, WITHOUT ROWID;"
              "CREATE INDEX plan_map_target ON plan_map (tbl, target_key)");
}

/* What a plan said: SOURCE's row is to stand, or stood, as `planned` is. */
struct said {
    const char *row, *planned;
    const char *state;
    bool is_new, no_digest;
    int64_t plan;
};

static struct mr_digest digest_of(struct world *w, size_t table, const char *row)
{
    struct mr_plan_digester d;
    struct mr_digest digest;
    world_require(mr_plan_digester_of(&d, &w->planned[table], &w->arena, NULL));
    world_require(mr_plan_digester_row(&d, world_image(w, table, row), &digest, NULL));
    mr_plan_digester_release(&d);
    return digest;
}

static void say(struct world *w, size_t table, const struct said *s)
{
    const struct mr_digest digest = digest_of(w, table, s->planned);
    struct mr_key name = {0};
    if (table == MEMBERS && !(s->is_new && strcmp(s->state, "matched") == 0)) {
        struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
        world_require(mr_merge_lookup_push(&asks, 0, world_image(w, table, s->planned),
                                           w->planned[table].named_by, &w->arena, NULL));
        world_require(mr_merge_lookup_canonise(&w->m, &w->planned[table],
                                               w->planned[table].named_by, &asks, &w->arena, NULL));
        name = ((struct mr_merge_ask *)mr_vec_at(&asks, 0))->canon;
        mr_vec_release(&asks);
    }
    world_require(MR_CASE_ONCE(w->m.cf,
                               "INSERT INTO plan_map VALUES (:tbl, :source, :target, :name, "
                               ":digest, :is_new, :state, :plan)",
                               NULL, MR_ARG_TEXT("tbl", mr_plan_table_name(&w->planned[table])),
                               MR_ARG_BYTES("source", world_key(w, table, s->row)),
                               MR_ARG_BYTES("target", world_key(w, table, s->planned)),
                               MR_ARG_BYTES("name", name),
                               MR_ARG_BLOB("digest", s->no_digest ? (const void *)"" : &digest,
                                           s->no_digest ? 0 : sizeof digest),
                               MR_ARG_INT("is_new", s->is_new), MR_ARG_TEXT("state", s->state),
                               MR_ARG_INT("plan", s->plan)));
}

#define MARKS "SELECT into_key, gone, skip, exact, known FROM mark ORDER BY id"

/* One row that was planned once, and TARGET's row under that key. */
static void test_one(void **state)
{
    const struct {
        const char *what;
        size_t table;
        struct said said;
        const char *live, *marks, *states; /* after the test */
    } cases[] = {
        {"it was never applied",
         MEMBERS,
         {"11|017|a", "11|017|a", "proposed", false, false, 5},
         NULL,
         "",
         "proposed"},
        {"it was applied after all, and is there",
         MEMBERS,
         {"11|017|a", "11|017|a", "proposed", false, false, 5},
         "11|017|b",
         "11 0 0 0 1",
         "applied"},
        {"as it was planned, to the byte",
         MEMBERS,
         {"11|017|a", "11|017|a", "applied", false, false, 5},
         "11|017|a",
         "11 0 0 1 1",
         "applied"},
        {"somebody else stands there",
         MEMBERS,
         {"11|017|a", "11|017|a", "proposed", false, false, 5},
         "11|018|a",
         "",
         "proposed"},
        {"it was undone",
         MEMBERS,
         {"11|017|a", "11|017|a", "undone", false, false, 5},
         NULL,
         "",
         "undone"},
        {"it was matched, and is there",
         MEMBERS,
         {"11|017|a", "22|017|b", "matched", false, false, 5},
         "22|017|c",
         "22 0 0 0 1",
         "matched"},
        {"it was matched, and was deleted since",
         MEMBERS,
         {"11|017|a", "22|017|b", "matched", false, false, 5},
         NULL,
         "- 1 1 0 1",
         "matched"},
        {"the collation knows him",
         MEMBERS,
         {"11|Ab|a", "11|Ab|a", "applied", false, false, 5},
         "11|aB |a",
         "11 0 0 0 1",
         "applied"},
        {"an event under an id of a block",
         EVENTS,
         {"11|x|0", "1001|x|0", "proposed", true, false, 5},
         "1001|y|0",
         "1001 0 0 0 1",
         "applied"},
        {"an event that kept its id: to the byte only",
         EVENTS,
         {"11|x|0", "11|x|0", "proposed", false, false, 5},
         "11|y|0",
         "",
         "proposed"},
        {"and what TARGET computes aside",
         EVENTS,
         {"11|x|0", "11|x|0", "proposed", false, false, 5},
         "11|x|9",
         "11 0 0 1 1",
         "applied"},
        {"without a digest it is nobody that kept its id",
         EVENTS,
         {"11|x|0", "11|x|0", "proposed", false, true, 0},
         "11|x|0",
         "",
         "proposed"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        say(w, cases[i].table, &cases[i].said);
        if (cases[i].live != NULL)
            world_target(w, cases[i].table, cases[i].live);
        world_look(w, 1, cases[i].table, cases[i].said.row, NULL);
        world_run(w, mr_merge_earlier(&w->m, &w->err));
        if (strcmp(world_ask(w, MARKS), cases[i].marks) != 0)
            fail_msg("%s: %s", cases[i].what, w->text.ptr);
        if (strcmp(world_ask(w, "SELECT state FROM plan_map"), cases[i].states) != 0)
            fail_msg("%s: %s", cases[i].what, w->text.ptr);
        world_free(w);
    }
}

/* Restored and gone: of one person it is asked; where nothing stands of a plan that restored
 * several, it was taken back; where most stand, it was deleted since. */
static void test_taken_back(void **state)
{
    const struct {
        size_t restored, standing, trees;
        const char *state, *skips; /* of the rows that are gone */
        const char *also;          /* what the plan has written besides */
    } cases[] = {
        {1, 0, 1, "applied", "0", NULL},
        {2, 0, 2, "undone", "", NULL},
        {2, 0, 1, "applied", "0; 0", NULL}, /* one person with what was his */
        {3, 1, 3, "applied", "0; 0", NULL},
        {3, 2, 3, "applied", "1", NULL},
        {2, 1, 2, "applied", "1", NULL},
        /* a row that is not looked at: of a table that is not planned, or gone from SOURCE */
        {2, 0, 2, "applied", "0; 0", "'d.orders', 'applied', 5"},
        {2, 0, 2, "applied", "0; 0", "'d.members', 'applied', 5"},
        {2, 0, 2, "proposed; undone", "", "'d.orders', 'proposed', 5"},
        {2, 0, 2, "applied; undone", "", "'d.orders', 'applied', 6"},
    };
    static const char *const rows[] = {"11|a|x", "12|b|x", "13|c|x"};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_sql(w,
                  "INSERT INTO plan (id, uuid, policy, created, state, source, target, dir) VALUES"
                  " (5, 'u', 'merge', 'c', 'applied', 's', 't', 'd')");
        for (size_t k = 0; k < cases[i].restored; k++) {
            const struct said s = {rows[k], rows[k], "applied", false, false, 5};
            char sql[128];
            say(w, MEMBERS, &s);
            world_look(w, (int64_t)k + 1, MEMBERS, rows[k], NULL);
            if (k < cases[i].standing)
                world_target(w, MEMBERS, rows[k]);
            (void)snprintf(sql, sizeof sql,
                           "INSERT INTO step (plan, entity, unit, tree, level, op, tbl) VALUES"
                           " (5, %zu, 1, %zu, 0, 1, 0)",
                           k + 1, k < cases[i].trees ? k + 1 : cases[i].trees);
            world_sql(w, sql);
        }
        if (cases[i].also != NULL) {
            char sql[192];
            (void)snprintf(sql, sizeof sql,
                           "INSERT INTO plan_map (tbl, state, plan, source_key, target_key, digest,"
                           " is_new) VALUES (%s, x'99', x'99', x'', 0)",
                           cases[i].also);
            world_sql(w, sql);
        }
        world_run(w, mr_merge_earlier(&w->m, &w->err));
        if (strcmp(world_ask(w, "SELECT DISTINCT state FROM plan_map ORDER BY state"),
                   cases[i].state) != 0)
            fail_msg("case %zu: %s", i, w->text.ptr);
        if (strcmp(world_ask(w, "SELECT skip FROM mark WHERE gone ORDER BY id"), cases[i].skips) !=
            0)
            fail_msg("case %zu: skips %s", i, w->text.ptr);
        world_expect(w, "SELECT count(*) FROM chosen WHERE kind='deleted-since' AND choice='skip'",
                     strcmp(cases[i].skips, "1") == 0 ? "1" : "0");
        world_free(w);
    }
}

/* One key that two rows were to get: whose row stands there? */
static void test_contested(void **state)
{
    const struct {
        const char *what;
        struct said said[2];
        const char *live, *who; /* row of w */
    } cases[] = {
        {"the one that was applied",
         {{"11|x|0", "1001|x|0", "proposed", true, false, 5},
          {"12|y|0", "1001|y|0", "applied", true, false, 6}},
         "1001|z|0",
         "2"},
        {"the one that stands there to the byte",
         {{"11|x|0", "1001|x|0", "proposed", true, false, 5},
          {"12|y|0", "1001|y|0", "proposed", true, false, 6}},
         "1001|y|0",
         "2"},
        {"of two equal ones the first",
         {{"11|x|0", "1001|x|0", "proposed", true, false, 5},
          {"12|x|0", "1001|x|0", "proposed", true, false, 6}},
         "1001|x|0",
         "1"},
        {"neither",
         {{"11|x|0", "1001|x|0", "proposed", true, false, 5},
          {"12|y|0", "1001|y|0", "proposed", true, false, 6}},
         "1001|z|0",
         ""},
        {"a plan that was undone claims nothing",
         {{"11|x|0", "1001|x|0", "undone", true, false, 5},
          {"12|y|0", "1001|y|0", "proposed", true, false, 6}},
         "1001|z|0",
         "2"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        for (size_t k = 0; k < 2; k++) {
            say(w, EVENTS, &cases[i].said[k]);
            world_look(w, (int64_t)k + 1, EVENTS, cases[i].said[k].row, NULL);
        }
        world_target(w, EVENTS, cases[i].live);
        world_run(w, mr_merge_earlier(&w->m, &w->err));
        const char *got =
            world_ask(w, "SELECT id FROM mark WHERE into_key IS NOT NULL ORDER BY id");
        if (strcmp(got, cases[i].who) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        world_free(w);
    }
}

/* Who was merged by a choice is asked about again, unless the other is as he was. */
static void test_merged(void **state)
{
    static const char *const live[] = {"22|018|b", "22|018|c", NULL};
    static const char *const earlier[] = {"1 22 1 5", "1 22 0 5", ""};
    (void)state;
    for (size_t i = 0; i < LEN(live); i++) {
        struct world *w = calloc(1, sizeof *w);
        const struct said s = {"11|017|a", "22|018|b", "matched", true, false, 5};
        build(w);
        say(w, MEMBERS, &s);
        if (live[i] != NULL)
            world_target(w, MEMBERS, live[i]);
        world_look(w, 1, MEMBERS, "11|017|a", NULL);
        world_run(w, mr_merge_earlier(&w->m, &w->err));
        world_expect(w, "SELECT id, tkey, exact, plan FROM earlier", earlier[i]);
        world_expect(w, "SELECT count(*) FROM mark WHERE into_key IS NOT NULL", "0");
        world_free(w);
    }
}

/* Keys that are known as lost history, of counted tables; those of plans that were undone are
 * not. */
static void test_known(void **state)
{
    static const struct said said[] = {{"11|a|x", "11|a|x", "applied", false, false, 5},
                                       {"12|b|x", "99|b|x", "matched", false, false, 5},
                                       {"13|c|x", "13|c|x", "undone", false, false, 5},
                                       {"-4|d|x", "-4|d|x", "proposed", false, false, 5}};
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    for (size_t i = 0; i < LEN(said); i++)
        say(w, MEMBERS, &said[i]);
    for (int i = 0; i < 2; i++)
        world_run(w, mr_merge_earlier_known(&w->m, &w->err));
    world_expect(w, "SELECT tbl, n FROM known_key ORDER BY n", "0 -4; 0 11; 0 12");
    world_free(w);
}

/* What another case's plan said is taken up; what the case knows itself stays. */
static void test_remember(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    const struct mr_key eleven = world_key(w, MEMBERS, "11|a|x"),
                        one = world_key(w, MEMBERS, "1001|a|x");
    const struct mr_key name = {"name", 4}, digest = {"0123456789abcdef", 16};
    const struct mr_merge_mapping mappings[] = {
        {"d.members", eleven, one, name, digest, false, false},
        {"d.members", eleven, eleven, name, {0}, false, false},
        {"d.members", one, eleven, name, digest, true, false},
        {"d.members", one, one, name, digest, true, true},
        {"d.members", eleven, one, name, {0}, true, true}, /* known already */
    };
    for (size_t i = 0; i < LEN(mappings); i++)
        world_run(w, mr_merge_remember(w->m.cf, &mappings[i], &w->err));
    world_expect(w,
                 "SELECT source_key, target_key, identity IS NULL, length(digest), is_new, state,"
                 " plan FROM plan_map ORDER BY 1, 2",
                 "11 11 0 0 0 proposed 0; 11 1001 0 16 1 applied 0; 1001 11 0 16 0 matched 0;"
                 " 1001 1001 1 16 1 matched 0");
    world_free(w);
}

static void entity(struct world *w, enum mr_decision decision, const char *row, const char *target,
                   const char *after, const char *choice)
{
    struct mr_entity e = {.table = MEMBERS,
                          .source_key = world_key(w, MEMBERS, row),
                          .target_key = world_key(w, MEMBERS, after != NULL ? after : target),
                          .identity = {"name", 4},
                          .decision = decision,
                          .kind = choice != NULL ? "unique" : NULL,
                          .choice = choice,
                          .target = world_image(w, MEMBERS, target),
                          .after = world_image(w, MEMBERS, after)};
    world_require(mr_plan_store_save(w->m.store, &e, NULL));
}

/* What the plan inserts is proposed; whom it matched is kept; what waits, or is equal, is not. */
static void test_propose(void **state)
{
    static const struct said restored = {"12|b|x", "22|b|x", "applied", false, false, 5};
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    say(w, MEMBERS, &restored);
    entity(w, MR_DECIDE_INSERT, "11|a|x", NULL, "11|a|x", NULL);
    entity(w, MR_DECIDE_MATCHED, "12|b|x", "22|b|y", NULL, NULL); /* it restored him itself */
    entity(w, MR_DECIDE_RENUMBER, "13|c|x", NULL, "1001|c|x", NULL);
    entity(w, MR_DECIDE_MATCHED, "14|d|x", "24|e|y", NULL, "merge-into");
    entity(w, MR_DECIDE_MATCHED, "15|f|x", "25|f|y", NULL, NULL);
    entity(w, MR_DECIDE_CONFLICT, "16|g|x", NULL, NULL, NULL);
    entity(w, MR_DECIDE_SAME, "17|h|x", "17|h|x", NULL, NULL);
    world_run(w, mr_merge_propose(&w->m, &w->err));
    world_expect(
        w,
        "SELECT source_key, target_key, is_new, state, plan, identity IS NULL FROM plan_map"
        " ORDER BY source_key",
        "11 11 0 proposed 1 0; 12 22 0 applied 5 0; 13 1001 1 proposed 1 0;"
        " 14 24 1 matched 1 1; 15 25 0 matched 1 0");
    world_expect(w, "SELECT tbl, names FROM plan_named ORDER BY 1",
                 "d.events none; d.members columns 6:mobile");
    world_free(w);
}

/* Planned as proposed, a row is found again by the next plan, to the byte. */
static void test_found_again(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    entity(w, MR_DECIDE_INSERT, "11|a|x", NULL, "11|a|x", NULL);
    world_run(w, mr_merge_propose(&w->m, &w->err));
    world_target(w, MEMBERS, "11|a|x");
    world_look(w, 1, MEMBERS, "11|a|x", "11|a|x");
    world_sql(w, "UPDATE plan_map SET identity=NULL");
    world_run(w, mr_merge_earlier(&w->m, &w->err));
    world_expect(w, MARKS, "11 0 0 1 1");
    world_free(w);
}

static void build_few(struct world *w)
{
    static const struct said said[] = {{"11|x|0", "1001|x|0", "proposed", true, false, 5},
                                       {"12|x|0", "1001|x|0", "proposed", true, false, 6},
                                       {"13|y|0", "1003|y|0", "applied", true, false, 5}};
    build(w);
    for (size_t i = 0; i < LEN(said); i++) {
        say(w, EVENTS, &said[i]);
        world_look(w, (int64_t)i + 1, EVENTS, said[i].row, NULL);
    }
    world_target(w, EVENTS, "1001|x|0");
    entity(w, MR_DECIDE_INSERT, "11|a|x", NULL, "11|a|x", NULL);
    entity(w, MR_DECIDE_MATCHED, "14|d|x", "24|e|y", NULL, "merge-into");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    MR_TRY(mr_merge_earlier_known(&w->m, err));
    MR_TRY(mr_merge_earlier(&w->m, err));
    return mr_merge_propose(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),       cmocka_unit_test(test_taken_back),
        cmocka_unit_test(test_contested), cmocka_unit_test(test_merged),
        cmocka_unit_test(test_known),     cmocka_unit_test(test_remember),
        cmocka_unit_test(test_propose),   cmocka_unit_test(test_found_again),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
