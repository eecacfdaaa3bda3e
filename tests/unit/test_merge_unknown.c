/* test_merge_unknown.c: a merge of which neither the case nor an id map knows. */
#include "merge_world.h"

#include "repair/merge/merge_unknown.h"
#include "repair/reseed/reseed_read.h"

static uint64_t next_of[MR_SIDES], greatest_of[MR_SIDES];
static const char *step_text;
static int dummy;

enum mr_code __wrap_mr_reseed_read(const struct mr_server_side side[MR_SIDES],
                                   const struct mr_reseed_pair *pair, uint64_t next[MR_SIDES],
                                   uint64_t greatest[MR_SIDES], struct mr_err *err);
enum mr_code __wrap_mr_reseed_read(const struct mr_server_side side[MR_SIDES],
                                   const struct mr_reseed_pair *pair, uint64_t next[MR_SIDES],
                                   uint64_t greatest[MR_SIDES], struct mr_err *err)
{
    (void)side, (void)pair, (void)err;
    memcpy(next, next_of, sizeof next_of);
    memcpy(greatest, greatest_of, sizeof greatest_of);
    return MR_OK;
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *text,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *text,
                                     struct mr_err *err)
{
    (void)db, (void)sql, (void)err;
    mr_strbuf_add_str(text, step_text);
    return MR_OK;
}

/* Events of their own; SOURCE has given out ids up to 20. */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "log", "id:uint# note:text? n:real?- seen:int?~ made:int?=");
    world_open(w);
    world_sql(w, "CREATE TABLE plan_map (tbl TEXT)");
    w->mains[MR_TARGET].db = (struct mr_db *)(void *)&dummy;
    next_of[MR_SOURCE] = next_of[MR_TARGET] = 21;
    greatest_of[MR_SOURCE] = 20;
    greatest_of[MR_TARGET] = 0;
    step_text = "1";
}

static void lost(struct world *w, int64_t id, const char *row)
{
    world_row(w, id, 0, row, NULL, "grp='lost', newid=1");
}

/* Rows of SOURCE that are about to be inserted, and TARGET's, in the order of their keys. */
static void test_refused(void **state)
{
    const struct {
        const char *what, *rows[4], *target[4], *step;
        bool is_refused;
    } cases[] = {
        {"behind a gap stands what is to be inserted", {"11|a|1|0|0"}, {"1000|a|1|0|0"}, "1", true},
        {"there is no gap: they are live rows", {"11|a|1|0|0"}, {"21|a|1|0|0"}, "1", false},
        {"ten ids that were burnt", {"11|a|1|0|0"}, {"30|a|1|0|0"}, "1", false},
        {"eleven that were not", {"11|a|1|0|0"}, {"31|a|1|0|0"}, "1", true},
        {"a counter in steps of 5 burns more", {"11|a|1|0|0"}, {"70|a|1|0|0"}, "5", false},
        {"other rows", {"11|a|1|0|0"}, {"1000|b|1|0|0"}, "1", false},
        {"half of them", {"11|a|1|0|0", "12|b|1|0|0"}, {"1000|a|1|0|0"}, "1", true},
        {"less than half",
         {"11|a|1|0|0", "12|b|1|0|0", "13|c|1|0|0"},
         {"1000|a|1|0|0"},
         "1",
         false},
        {"one row is one of two equal ones, and no more",
         {"11|a|1|0|0", "12|b|1|0|0", "13|b|1|0|0"},
         {"1000|a|1|0|0", "1001|a|1|0|0"},
         "1",
         false},
        {"what is ignored or computed does not count", {"11|a|1|0|0"}, {"1000|a|1|7|8"}, "1", true},
        {"NULL is no empty text", {"11|NULL|1|0|0"}, {"1000||1|0|0"}, "1", false},
        {"-0 is 0, whatever its image keeps", {"11|a|-0|0|0"}, {"1000|a|-0|0|0"}, "1", true},
        {"and 0 -0", {"11|a|0|0|0"}, {"1000|a|-0|0|0"}, "1", true},
        {"live rows before the gap are none of them",
         {"11|a|1|0|0"},
         {"21|a|1|0|0", "1000|c|1|0|0"},
         "1",
         false},
        {"the last id there is", {"11|a|1|0|0"}, {"18446744073709551615|a|1|0|0"}, "1", true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        step_text = cases[i].step;
        for (size_t k = 0; k < 4 && cases[i].rows[k] != NULL; k++)
            lost(w, (int64_t)k + 1, cases[i].rows[k]);
        for (size_t k = 0; k < 4 && cases[i].target[k] != NULL; k++)
            world_target(w, 0, cases[i].target[k]);
        const enum mr_code code = mr_merge_unknown(&w->m, &w->err);
        if (code != (cases[i].is_refused ? MR_E_REFUSED : MR_OK))
            fail_msg("%s: %d: %s", cases[i].what, (int)code, w->err.message);
        if (code != MR_OK && strstr(w->err.hint, "--idmap") == NULL)
            fail_msg("%s: %s", cases[i].what, w->err.hint);
        world_free(w);
    }
}

/* Nothing is asked where the case or an id map knows, nothing is inserted, or an identity does
 * tell. */
static void test_not_asked(void **state)
{
    (void)state;
    for (int i = 0; i < 7; i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_target(w, 0, "1000|a|1|0|0");
        lost(w, 1, "11|a|1|0|0");
        if (i == 0)
            w->options.has_idmap = true;
        if (i == 1)
            world_sql(w, "INSERT INTO plan_map VALUES ('d.log')");
        if (i == 2)
            world_sql(w, "UPDATE m SET waits=1");
        if (i == 3)
            world_sql(w, "INSERT INTO mark (id, skip) VALUES (1, 1)");
        if (i == 4)
            world_sql(w, "UPDATE m SET newid=0");
        if (i == 5)
            w->planned[0].identity = MR_PLAN_BY_COLUMNS;
        if (i == 6)
            world_sql(w, "INSERT INTO plan_map VALUES ('d.other')"); /* that says nothing of it */
        const enum mr_code code = mr_merge_unknown(&w->m, &w->err);
        if ((code == MR_E_REFUSED) != (i == 6))
            fail_msg("case %d: %d", i, (int)code);
        world_free(w);
    }
}

/* What SOURCE has given out is beyond its greatest key, too. */
static void test_given_out(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        next_of[MR_SOURCE] = i == 0 ? 1000 : 0;
        lost(w, 1, "11|a|1|0|0");
        world_target(w, 0, "1005|a|1|0|0");
        assert_int_equal(mr_merge_unknown(&w->m, &w->err), i == 0 ? MR_OK : MR_E_REFUSED);
        world_free(w);
    }
}

static void build_few(struct world *w)
{
    build(w);
    lost(w, 1, "11|a|1|0|0");
    lost(w, 2, "12|b|1|0|0");
    lost(w, 3, "13|c|1|0|0");
    world_target(w, 0, "1000|a|1|0|0");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_unknown(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_asked),
        cmocka_unit_test(test_given_out),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
