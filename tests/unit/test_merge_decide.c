/* test_merge_decide.c: the merge planner as a whole, over two histories in memory.  Replaced
 * are the suspects, which test_merge_suspects.c has, and what a server says of its counters. */
#include "merge_world.h"

#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/row/when.h"
#include "repair/merge/merge_suspects.h"
#include "repair/reseed/reseed_read.h"

enum { MEMBERS, ORDERS };

static int dummy;
static size_t suspected;

enum mr_code __wrap_mr_merge_suspects(struct mr_merge *m, struct mr_err *err);
enum mr_code __wrap_mr_merge_suspects(struct mr_merge *m, struct mr_err *err)
{
    (void)m, (void)err;
    suspected++;
    return MR_OK;
}

enum mr_code __wrap_mr_reseed_read(const struct mr_server_side side[MR_SIDES],
                                   const struct mr_reseed_pair *pair, uint64_t next[MR_SIDES],
                                   uint64_t greatest[MR_SIDES], struct mr_err *err);
enum mr_code __wrap_mr_reseed_read(const struct mr_server_side side[MR_SIDES],
                                   const struct mr_reseed_pair *pair, uint64_t next[MR_SIDES],
                                   uint64_t greatest[MR_SIDES], struct mr_err *err)
{
    (void)side, (void)pair, (void)err;
    next[MR_SOURCE] = next[MR_TARGET] = 100;
    greatest[MR_SOURCE] = greatest[MR_TARGET] = 0;
    return MR_OK;
}

enum mr_code __wrap_mr_reseed_partition_limit(struct mr_db *db, const struct mr_table *table,
                                              const char *column, uint64_t *limit, bool *unclear,
                                              struct mr_err *err);
enum mr_code __wrap_mr_reseed_partition_limit(struct mr_db *db, const struct mr_table *table,
                                              const char *column, uint64_t *limit, bool *unclear,
                                              struct mr_err *err)
{
    (void)db, (void)table, (void)column, (void)limit, (void)err;
    *unclear = false;
    return MR_OK;
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *text,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *text,
                                     struct mr_err *err)
{
    (void)db, (void)err;
    mr_strbuf_add_str(text, strstr(sql, "MAX(") != NULL ? "" : "1");
    return MR_OK;
}

enum mr_code __wrap_mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                             uint64_t *next, uint64_t *greatest,
                                             struct mr_err *err);
enum mr_code __wrap_mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                             uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    (void)db, (void)table, (void)err;
    *next = 100;
    *greatest = 0;
    return MR_OK;
}

static const struct mr_merge_split_key keys[] = {{"d.members", 10}, {"d.orders", 10}};

static void found(struct world *w, size_t table, const char *source, const char *target)
{
    if (source != NULL)
        world_source(w, table, source);
    if (target != NULL)
        world_target(w, table, target);
    world_finding(w, table, source, target, 1, MR_FIND_DIVERGED);
}

/* members ← orders; both parted behind their tenth row. */
static void build_tables(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! name:text?");
    world_table(w, "orders", "id:int# member:int note:text?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    w->tables[MEMBERS].pair.find.subject = MR_SUBJECT_CONFIGURED;
    world_open_case(w);
    world_run_table(w, MEMBERS);
    world_run_table(w, ORDERS);
    w->mains[MR_SOURCE].db = w->mains[MR_TARGET].db = (struct mr_db *)(void *)&dummy;
    w->cat[MR_TARGET].server = (struct mr_server){.flavour = MR_FLAVOUR_MYSQL, .version = 90000};
    w->options = (struct mr_merge_options){
        .split_keys = keys, .nsplit_keys = 2, .has_margin = true, .margin = 1000};
    suspected = 0;
}

static void build(struct world *w)
{
    build_tables(w);
    found(w, MEMBERS, "11|017|lost", "11|018|live"); /* his id is somebody else's */
    found(w, MEMBERS, "12|019|both", NULL);          /* whom TARGET has under another id */
    found(w, MEMBERS, NULL, "13|019|both");
    found(w, MEMBERS, "14|020|free", NULL);  /* keeps his id */
    found(w, MEMBERS, "5|005|a", "5|005|b"); /* of the past, edited */
    found(w, MEMBERS, "6|006|gone", NULL);   /* of the past, deleted on the live side */
    found(w, MEMBERS, NULL, "7|007|kept");   /* of the past, deleted on the lost side */
    world_both(w, MEMBERS, "1|001|one");
    found(w, ORDERS, "11|11|his", "11|11|others");
    found(w, ORDERS, "12|12|both's", NULL);
    found(w, ORDERS, "13|6|of one who is gone", NULL);
    world_both(w, ORDERS, "1|1|old");
    world_open_plan(w);
}

static enum mr_code plan(struct world *w, struct mr_err *err)
{
    const struct mr_merge_task task = {&w->plan, w->fd, w->m.store, &w->options, NULL, NULL};
    return mr_merge_plan(&task, &w->result, err);
}

#define DECIDED                                                                                    \
    "SELECT source_key, decision, kind, target_key, after FROM entity WHERE tbl=0"                 \
    " ORDER BY source_key"
#define ORDERED                                                                                    \
    "SELECT source_key, decision, kind, waits_for>0, after FROM entity WHERE tbl=1"                \
    " ORDER BY source_key"

static void test_plan(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_run(w, plan(w, &w->err));
    world_expect(w, DECIDED,
                 "5 1 changed 5 -; 6 7 deleted-on-live - -; 11 4 - 1100 1100,017,lost;"
                 " 12 2 - 13 -; 14 3 - 14 14,020,free");
    world_expect(w, ORDERED,
                 "11 4 - 0 1100,1100,his; 12 3 - 0 12,13,both's; 13 8 parent-absent 1 -");
    world_expect(w, "SELECT op, tbl, before, after FROM step ORDER BY id",
                 "1 0 - 1100,017,lost; 1 1 - 1100,1100,his; 1 0 - 14,020,free; 1 1 - 12,13,both's");
    assert_int_equal(w->result.open, 3);
    assert_int_equal(w->result.deleted_in_source, 1);
    assert_int_equal(suspected, 1);
    /* the planner's tables are gone */
    world_expect(w, "SELECT count(*) FROM sqlite_temp_master WHERE name IN ('w', 'm', 'link')",
                 "0");
    world_free(w);
}

/* A choice brings up what hangs on it: the component is decided again, and again. */
static void test_choices(void **state)
{
    const struct {
        struct mr_conflict_rule rules[2];
        size_t nrules;
        const char *members, *orders;
        uint64_t open;
    } cases[] = {
        {{{.kind = "deleted-on-live", .choice = "restore"}},
         1,
         "5 1 changed 5 -; 6 3 deleted-on-live 6 6,006,gone; 11 4 - 1100 1100,017,lost;"
         " 12 2 - 13 -; 14 3 - 14 14,020,free",
         "11 4 - 0 1100,1100,his; 12 3 - 0 12,13,both's; 13 3 - 0 13,6,of one who is gone",
         1},
        {{{.kind = "deleted-on-live", .choice = "skip"}, {.kind = "changed", .choice = "source"}},
         2,
         "5 5 changed 5 5,005,a; 6 9 deleted-on-live - -; 11 4 - 1100 1100,017,lost;"
         " 12 2 - 13 -; 14 3 - 14 14,020,free",
         "11 4 - 0 1100,1100,his; 12 3 - 0 12,13,both's; 13 9 parent-absent 0 -",
         0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        w->options.on_conflict = cases[i].rules;
        w->options.non_conflict = cases[i].nrules;
        world_run(w, plan(w, &w->err));
        world_expect(w, DECIDED, cases[i].members);
        world_expect(w, ORDERED, cases[i].orders);
        assert_int_equal(w->result.open, cases[i].open);
        world_free(w);
    }
}

/* Rows that only the live side edited are counted once, however often all is decided. */
static void test_live_only(void **state)
{
    static const struct mr_conflict_rule restore = {.kind = "deleted-on-live", .choice = "restore"};
    struct mr_when split = {0};
    struct world *w = world_new();
    (void)state;
    assert_int_equal(mr_when_parse(&split, "2026-04-02 12:00:00", NULL), MR_OK);
    world_table(w, "members", "id:int# mobile:text! edited:datetime?^");
    world_open_case(w);
    world_run_table(w, MEMBERS);
    w->mains[MR_SOURCE].db = w->mains[MR_TARGET].db = (struct mr_db *)(void *)&dummy;
    w->cat[MR_TARGET].server = (struct mr_server){.flavour = MR_FLAVOUR_MYSQL, .version = 90000};
    w->options = (struct mr_merge_options){.split_keys = keys,
                                           .nsplit_keys = 1,
                                           .split_at = &split,
                                           .on_conflict = &restore,
                                           .non_conflict = 1};
    found(w, MEMBERS, "5|005|2026-01-01", "5|005|2026-05-01");
    found(w, MEMBERS, "6|006|2026-01-01", NULL);
    world_open_plan(w);
    world_run(w, plan(w, &w->err));
    world_expect(w, "SELECT source_key, decision FROM entity ORDER BY 1", "5 1; 6 3");
    assert_int_equal(w->result.live_only, 1);
    world_free(w);
}

/* Another plan of the case. */
static void plan_next(struct world *w, int64_t id)
{
    world_run(w, mr_plan_store_end(w->m.store, &w->err));
    world_run(w, mr_plan_store_begin(w->m.store, id, &w->err));
    world_run(w, plan(w, &w->err));
}

/* What was planned once is planned so again, and what was carried out is nothing to do. */
static void test_again(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build_tables(w);
    found(w, MEMBERS, "11|017|lost", "11|018|live");
    found(w, ORDERS, "11|11|his", NULL);
    world_open_plan(w);
    for (int64_t id = 2; id <= 3; id++) {
        plan_next(w, id);
        world_expect(w,
                     "SELECT op, tbl, after FROM step WHERE plan=(SELECT max(plan) FROM step)"
                     " ORDER BY id",
                     "1 0 1100,017,lost; 1 1 11,1100,his");
    }
    world_target(w, MEMBERS, "1100|017|lost");
    world_target(w, ORDERS, "11|1100|his");
    plan_next(w, 4);
    world_expect(w, "SELECT count(*) FROM step WHERE plan=4", "0");
    assert_int_equal(w->result.open, 0);
    world_free(w);
}

/* Two empty tables, and two that are equal. */
static void test_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = calloc(1, sizeof *w);
        build_tables(w);
        if (i == 1)
            world_both(w, MEMBERS, "11|017|a");
        world_open_plan(w);
        world_run(w, plan(w, &w->err));
        world_expect(w, "SELECT count(*) FROM entity", "0");
        world_expect(w, "SELECT count(*) FROM step", "0");
        world_free(w);
    }
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build, plan);
}

/* The last one: nothing takes the flag back. */
static void test_cancelled(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    mr_cancel();
    assert_int_equal(plan(w, &w->err), MR_E_CANCELLED);
    world_expect(w, "SELECT count(*) FROM step", "0");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),      cmocka_unit_test(test_choices),
        cmocka_unit_test(test_live_only), cmocka_unit_test(test_again),
        cmocka_unit_test(test_nothing),   cmocka_unit_test(test_failures),
        cmocka_unit_test(test_cancelled),
    };
    mr_log_set_level(MR_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
