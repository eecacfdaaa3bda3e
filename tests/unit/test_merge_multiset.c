/* test_merge_multiset.c: rows that are counted, not known by an identity. */
#include "merge_world.h"

#include "repair/merge/merge_map.h"
#include "repair/merge/merge_match.h"
#include "repair/merge/merge_named.h"

/* A table with a counter (L is 10) whose rows are known by all else: in pairs, as many as there
 * are. */
static void build_counted(struct world *w)
{
    world_begin(w);
    world_table(w, "hits", "id:int# page:exact? n:real? seen:int~");
    static const size_t named[] = {1, 2};
    w->planned[0].identity = MR_PLAN_BY_ROW;
    w->planned[0].named_by = (struct mr_plan_columns){named, 2};
    w->merged[0].bound = (struct mr_merge_bound){.base = 10, .base_origin = "split-key"};
    world_open(w);
}

static void test_counted(void **state)
{
    const struct {
        const char *what, *source[4], *target[4], *there; /* of the rows of SOURCE, in order */
    } cases[] = {
        {"one each", {"11|a|1|0"}, {"21|a|1|5"}, "21"},
        {"two of one, one of the other", {"11|a|1|0", "12|a|1|0"}, {"21|a|1|0"}, "21; -"},
        {"each is taken once", {"11|a|1|0", "12|a|1|0"}, {"21|a|1|0", "22|a|1|0"}, "21; 22"},
        {"not one of the past", {"11|a|1|0"}, {"10|a|1|0"}, "-"},
        {"NULL is a value here", {"11|NULL|NULL|0"}, {"21|NULL|NULL|0"}, "21"},
        {"and no empty one", {"11|NULL|1|0"}, {"21||1|0"}, "-"},
        {"nor one with a zero byte", {"11|a|1|0"}, {"21|a\\0|1|0"}, "-"},
        {"-0 is 0", {"11|a|-0|0"}, {"21|a|0|0"}, "21"},
        {"an equal row under its key is its own, and not another's",
         {"11|a|1|0", "12|a|1|0"},
         {"12|a|1|0"},
         "-; 12"},
        {"none of them is there", {"11|a|1|0"}, {NULL}, "-"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build_counted(w);
        for (size_t k = 0; k < 4 && cases[i].target[k] != NULL; k++)
            world_target(w, 0, cases[i].target[k]);
        for (size_t k = 0; k < 4 && cases[i].source[k] != NULL; k++) {
            const char *live = NULL;
            for (size_t j = 0; j < 4 && cases[i].target[j] != NULL; j++)
                if (strcmp(cases[i].source[k], cases[i].target[j]) == 0)
                    live = cases[i].target[j];
            world_source(w, 0, cases[i].source[k]);
            world_look(w, (int64_t)k + 1, 0, cases[i].source[k], live);
        }
        world_run(w, mr_merge_match(&w->m, 0, 1, &w->err));
        const char *got = world_ask(w, "SELECT there FROM m ORDER BY id");
        if (strcmp(got, cases[i].there) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        world_free(w);
    }
}

/* A row of TARGET that SOURCE has under that key, equal, and so was not looked at, is that row,
 * and nobody else's; nor is one that a person, or an earlier plan, gave to another row. */
static void test_spoken_for(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct world *w = calloc(1, sizeof *w);
        build_counted(w);
        world_target(w, 0, "21|a|1|0");
        world_source(w, 0, "11|a|1|0");
        world_look(w, 1, 0, "11|a|1|0", NULL);
        if (i == 1)
            world_source(w, 0, "21|a|1|0");
        if (i == 2) {
            world_source(w, 0, "12|b|1|0");
            world_look(w, 2, 0, "12|b|1|0", NULL);
            world_require(MR_CASE_ONCE(w->m.cf, "INSERT INTO mark (id, into_key) VALUES (2, :key)",
                                       NULL, MR_ARG_BYTES("key", world_key(w, 0, "21|a|1|0"))));
        }
        world_run(w, mr_merge_match(&w->m, 0, 1, &w->err));
        world_expect(w, "SELECT there FROM m WHERE id=1", i == 0 ? "21" : "-");
        world_free(w);
    }
}

/* Matched again, pairs are made anew, of the same rows. */
static void test_again(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build_counted(w);
    world_target(w, 0, "21|a|1|0");
    world_source(w, 0, "11|a|1|0");
    world_look(w, 1, 0, "11|a|1|0", NULL);
    for (int i = 0; i < 3; i++)
        world_run(w, mr_merge_match(&w->m, 0, 1, &w->err));
    world_expect(w, "SELECT there FROM m", "21");
    world_expect(w, "SELECT count(*) FROM live", "1");
    world_free(w);
}

/* No key at all: rows of both sides are at hand (merge_collect). */
static void build_keyless(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text!");
    world_table(w, "log", "note:exact? member:int?");
    world_reference(w, 1, "member", 0, "id");
    w->merged[0].bound.base_origin = "split-key";
    world_open(w);
}

static void live(struct world *w, const char *row)
{
    world_require(MR_CASE_ONCE(w->m.cf, MR_MERGE_ADD_LIVE, NULL, MR_ARG_INT("tbl", 1),
                               MR_ARG_BYTES("image", world_image(w, 1, row))));
}

/* Which identity, whether the row of SOURCE hangs on lost history, and what an earlier plan of these
 * tables did with that → is it TARGET's? */
static void test_keyless(void **state)
{
    const struct {
        enum mr_plan_identity identity;
        bool of_lost;
        const char *mark, *planned, *there;
    } cases[] = {
        {MR_PLAN_BY_ROW, false, NULL, "", "x,7; -; NULL,7"},
        {MR_PLAN_BY_ROW, true, NULL, "", "x,7; -; NULL,7"},
        {MR_PLAN_BY_NONE, false, NULL, "", "x,7; -; NULL,7"},
        /* what a lost parent made is an event of its own */
        {MR_PLAN_BY_NONE, true, NULL, "", "-; -; -"},
        {MR_PLAN_BY_NONE, true, "0, x'00', 1", "members log", "-; -; -"}, /* by a person's choice */
        {MR_PLAN_BY_NONE, true, "1, NULL, 1", "members log", "-; -; -"},  /* he is gone */
        /* and is there already where a plan of both has brought him */
        {MR_PLAN_BY_NONE, true, "1, x'00', 1", "members log", "x,7; -; NULL,7"},
        {MR_PLAN_BY_NONE, true, "1, x'00', 1", "members", "-; -; -"},
        {MR_PLAN_BY_NONE, true, "1, x'00', 1", "log", "x,7; -; NULL,7"},
        /* of a plan that is known by its map alone */
        {MR_PLAN_BY_NONE, true, "1, x'00', NULL", "members", "x,7; -; NULL,7"},
        {MR_PLAN_BY_NONE, true, "1, x'00', 2", "members", "x,7; -; NULL,7"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build_keyless(w);
        w->planned[1].identity = cases[i].identity;
        live(w, "x|7");
        live(w, "NULL|7");
        world_row(w, 9, 0, "7|017", "7|017", cases[i].of_lost ? "grp='lost'" : "grp='base'");
        world_run(w, mr_merge_named_make(&w->m, &w->err));
        for (size_t t = 0; t < 2; t++)
            if (strstr(cases[i].planned, t == 0 ? "members" : "log") != NULL)
                world_require(MR_CASE_ONCE(
                    w->m.cf, "INSERT INTO plan_named (plan, tbl, names) VALUES (1, :tbl, '')", NULL,
                    MR_ARG_TEXT("tbl", mr_plan_table_name(&w->planned[t]))));
        if (cases[i].mark != NULL) {
            char sql[100];
            (void)snprintf(sql, sizeof sql,
                           "INSERT INTO mark (id, known, into_key, plan) VALUES (9, %s)",
                           cases[i].mark);
            world_sql(w, sql);
        }
        static const char *const rows[] = {"x|7", "y|7", "NULL|7"};
        for (int64_t k = 0; k < 3; k++) {
            world_look(w, k + 1, 1, rows[k], NULL);
            world_link(w, k + 1, 0, 9);
        }
        world_run(w, mr_merge_match(&w->m, 1, 1, &w->err));
        const char *got = world_ask(w, "SELECT there FROM m WHERE tbl=1 ORDER BY id");
        if (strcmp(got, cases[i].there) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* A row is compared as it would stand on TARGET: its parent is 8 there. */
static void test_mapped(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build_keyless(w);
    live(w, "x|8");
    world_row(w, 9, 0, "7|017", "8|017", "grp='base'");
    world_look(w, 1, 1, "x|7", NULL);
    world_link(w, 1, 0, 9);
    world_run(w, mr_merge_match(&w->m, 1, 1, &w->err));
    world_expect(w, "SELECT there FROM m WHERE tbl=1", "x,8");
    world_free(w);
}

/* A row that an earlier plan wrote is known again, whatever the server computed from its new ids and
 * however it spells JSON. */
static void test_written_before(void **state)
{
    const struct {
        const char *source, *live, *there;
    } cases[] = {
        {"{\"b\": 1, \"a\": 2}|7|7", "{\"a\":2,\"b\":1}|8|8", "{\"a\":2,\"b\":1},8,8"},
        {"{\"a\": 1}|7|7", "{\"a\":2}|8|8", "-"},
        {"{\"a\": 1}|7|7", "{\"a\":1}|7|7", "-"},
        {"NULL|7|7", "null|8|8", "-"},
        {"{|7|7", "{|8|8", "{,8,8"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        world_begin(w);
        world_table(w, "members", "id:int# mobile:text!");
        world_table(w, "log", "note:json? member:int? label:int?=");
        world_reference(w, 1, "member", 0, "id");
        w->merged[0].bound.base_origin = "split-key";
        static const size_t named[] = {0, 1, 2};
        w->planned[1].identity = MR_PLAN_BY_ROW;
        w->planned[1].named_by = (struct mr_plan_columns){named, 3};
        world_open(w);
        live(w, cases[i].live);
        world_row(w, 9, 0, "7|017", "8|017", "grp='base'");
        world_look(w, 1, 1, cases[i].source, NULL);
        world_link(w, 1, 0, 9);
        world_run(w, mr_merge_match(&w->m, 1, 1, &w->err));
        const char *got = world_ask(w, "SELECT there FROM m WHERE tbl=1");
        if (strcmp(got, cases[i].there) != 0)
            fail_msg("%s: %s", cases[i].source, got);
        world_free(w);
    }
}

static void build_few(struct world *w)
{
    build_counted(w);
    world_target(w, 0, "21|a|1|0");
    world_target(w, 0, "22|b|1|0");
    world_source(w, 0, "11|a|1|0");
    world_look(w, 1, 0, "11|a|1|0", NULL);
    world_look(w, 2, 0, "12|a|1|0", NULL);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_match(&w->m, 0, 1, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counted),  cmocka_unit_test(test_spoken_for),
        cmocka_unit_test(test_again),    cmocka_unit_test(test_keyless),
        cmocka_unit_test(test_mapped),   cmocka_unit_test(test_written_before),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
