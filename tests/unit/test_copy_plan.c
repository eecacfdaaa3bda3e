/* test_copy_plan.c: the copying policies as a whole: what the run found in, entities, steps and counts
 * out; who may go, and what is left in the case when a plan ends. */
#include "copy_world.h"

enum { MEMBERS, CARDS };

static struct copy_world *now; /* whose readers are opened */
static size_t readers, freed;
static bool no_reader;

enum mr_code __wrap_mr_side_view_reader(const struct mr_server_side *side, struct mr_reader **out,
                                        struct mr_err *err);
enum mr_code __wrap_mr_side_view_reader(const struct mr_server_side *side, struct mr_reader **out,
                                        struct mr_err *err)
{
    if (no_reader && side == &now->w.servers[MR_TARGET])
        return mr_err_set(err, MR_E_CONNECT, "no connection");
    *out = now->w.m.reader[side - now->w.servers];
    readers++;
    return MR_OK;
}

void __wrap_mr_reader_free(struct mr_reader *reader);
void __wrap_mr_reader_free(struct mr_reader *reader)
{
    freed += reader != NULL;
}

/* members ← cards; members are people. */
static struct copy_world *build(void)
{
    struct copy_world *cw = now = copy_new();
    struct world *w = &cw->w;
    world_table(w, "members", "id:int# mobile:text! edited:date?");
    world_table(w, "cards", "no:int* member:int?");
    world_reference(w, CARDS, "member", MEMBERS, "id");
    w->tables[MEMBERS].pair.find.subject = MR_SUBJECT_CONFIGURED;
    world_open_case(w);
    world_run_table(w, MEMBERS);
    world_run_table(w, CARDS);
    readers = freed = 0;
    no_reader = false;
    return cw;
}

/* Both sides have these rows, and the run found that they differ. */
static void differ(struct copy_world *cw, size_t table, const char *source, const char *target)
{
    if (source != NULL)
        world_source(&cw->w, table, source);
    if (target != NULL)
        world_target(&cw->w, table, target);
    world_finding(&cw->w, table, source, target, 1, MR_FIND_DIVERGED);
}

/* One who comes with his card, one who is edited, one who goes with his. */
static void some(struct copy_world *cw)
{
    differ(cw, MEMBERS, "1|017|2026-01-01", NULL);
    differ(cw, MEMBERS, "2|018|2026-02-01", "2|018|2026-01-01");
    differ(cw, MEMBERS, NULL, "3|019|NULL");
    differ(cw, CARDS, "10|1", NULL);
    differ(cw, CARDS, NULL, "11|3");
    copy_open_plan(cw);
}

static enum mr_code plan(struct copy_world *cw)
{
    return mr_copy_plan(&cw->task, &cw->result, &cw->w.err);
}

#define STEPS "SELECT op, tbl, before, after FROM step ORDER BY unit, tree, level, id"

static void test_policies(void **state)
{
    const struct {
        const char *what;
        enum mr_copy_policy policy;
        const char *steps;
        uint64_t counts[7]; /* inserts, updates, deletes, subject_deletes, open, kept, extra */
    } policies[] = {
        {"mirror",
         MR_COPY_MIRROR,
         "1 0 - 1,017,2026-01-01; 1 1 - 10,1; 2 0 2,018,2026-01-01 2,018,2026-02-01;"
         " 3 1 11,3 -; 3 0 3,019,NULL -",
         {2, 1, 2, 1, 0, 0, 0}},
        {"backfill", MR_COPY_BACKFILL, "1 0 - 1,017,2026-01-01; 1 1 - 10,1", {2, 0, 0, 0, 0, 1, 2}},
        {"newest",
         MR_COPY_NEWEST,
         "1 0 - 1,017,2026-01-01; 1 1 - 10,1; 2 0 2,018,2026-01-01 2,018,2026-02-01",
         {2, 1, 0, 0, 0, 0, 2}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(policies); i++) {
        struct copy_world *cw = build();
        cw->task.policy = policies[i].policy;
        cw->task.newest = "edited";
        cw->task.has_allow_deletes = true;
        cw->task.allow_deletes = 1;
        some(cw);
        copy_run(cw, plan(cw));
        const char *got = world_ask(&cw->w, STEPS);
        if (strcmp(got, policies[i].steps) != 0)
            fail_msg("%s: %s", policies[i].what, got);
        const struct mr_copy_result *r = &cw->result;
        const uint64_t counts[] = {r->inserts, r->updates, r->deletes, r->subject_deletes,
                                   r->open,    r->kept,    r->extra};
        for (size_t k = 0; k < LEN(counts); k++)
            if (counts[k] != policies[i].counts[k])
                fail_msg("%s: count %zu is %d", policies[i].what, k, (int)counts[k]);
        copy_free(cw);
    }
}

/* Nobody's rows go by accident: it is the very number, and the case has no plan then. */
static void test_deletes(void **state)
{
    const struct {
        bool has, ok;
        uint64_t allowed;
        const char *words;
    } rules[] = {
        {false, false, 0, "the plan deletes 1 rows of people"},
        {true, false, 0, "the plan deletes 1 rows of people, not the 0 that are allowed"},
        {true, false, 2, "the plan deletes 1 rows of people, not the 2 that are allowed"},
        {true, false, UINT64_MAX, "not the 18446744073709551615 that are allowed"},
        {true, true, 1, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rules); i++) {
        struct copy_world *cw = build();
        cw->task.has_allow_deletes = rules[i].has;
        cw->task.allow_deletes = rules[i].allowed;
        some(cw);
        if (rules[i].ok) {
            copy_run(cw, plan(cw));
        } else {
            copy_refuse(cw, plan(cw), MR_E_REFUSED, rules[i].words);
            assert_string_equal(cw->w.err.hint, "If all of them are to go, plan with "
                                                "--allow-deletes 1; merge keeps everybody.");
            copy_expect(cw, "SELECT count(*) FROM entity", "0");
        }
        assert_int_equal(cw->result.subject_deletes, 1);
        copy_free(cw);
    }
}

/* Who counts as a person that goes, and as one that becomes another. */
static void test_subjects(void **state)
{
    const struct {
        const char *what, *source, *target;
        enum mr_find_subject subject;
        uint64_t deletes, replaced;
    } subjects[] = {
        {"a person goes", NULL, "1|017|NULL", MR_SUBJECT_CONFIGURED, 1, 0},
        {"so does one who was taken for one", NULL, "1|017|NULL", MR_SUBJECT_INFERRED, 1, 0},
        {"a thing goes", NULL, "1|017|NULL", MR_SUBJECT_NO, 0, 0},
        {"a person is edited", "1|017|NULL", "1|017|2026-01-01", MR_SUBJECT_CONFIGURED, 0, 0},
        {"a person becomes another", "1|017|NULL", "1|018|NULL", MR_SUBJECT_CONFIGURED, 0, 1},
        {"a thing becomes another", "1|017|NULL", "1|018|NULL", MR_SUBJECT_NO, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(subjects); i++) {
        struct copy_world *cw = build();
        cw->w.tables[MEMBERS].pair.find.subject = subjects[i].subject;
        cw->task.has_allow_deletes = true;
        cw->task.allow_deletes = subjects[i].deletes;
        differ(cw, MEMBERS, subjects[i].source, subjects[i].target);
        copy_open_plan(cw);
        copy_run(cw, plan(cw));
        if (cw->result.subject_deletes != subjects[i].deletes ||
            cw->result.subject_replaced != subjects[i].replaced)
            fail_msg("%s: %d, %d", subjects[i].what, (int)cw->result.subject_deletes,
                     (int)cw->result.subject_replaced);
        copy_free(cw);
    }
}

/* Only tables that were chosen are written; what hangs on others is reported. */
static void test_selected(void **state)
{
    static const bool cards[] = {false, true};
    struct copy_world *cw = build();
    (void)state;
    cw->task.selected = cards;
    some(cw);
    copy_run(cw, plan(cw));
    copy_expect(cw, "SELECT op, tbl, before, after FROM step", "3 1 11,3 -");
    copy_expect(cw, "SELECT source_key, kind, detail FROM entity WHERE kind IS NOT NULL",
                "10 parent-absent -");
    assert_int_equal(cw->result.open, 1);
    copy_free(cw);
}

#define TABLES "SELECT count(*) FROM sqlite_temp_master WHERE name IN ('c', 'link', 'cycle_break')"

/* Nothing is left behind, however it ends; readers that were opened are closed. */
static void test_ends(void **state)
{
    for (int kind = 0; kind < 3; kind++) {
        struct copy_world *cw = build();
        (void)state;
        cw->task.has_allow_deletes = kind != 1;
        cw->task.allow_deletes = 1;
        some(cw);
        no_reader = kind == 2;
        assert_int_equal(plan(cw), kind == 0 ? MR_OK : kind == 1 ? MR_E_REFUSED : MR_E_CONNECT);
        copy_expect(cw, TABLES, "0");
        assert_int_equal(freed, readers);
        assert_int_equal(readers, kind == 2 ? 1 : 2);
        copy_free(cw);
    }
}

/* Where there is nothing to do there is no plan, and no row is read. */
static void test_nothing(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    world_both(&cw->w, MEMBERS, "1|017|NULL");
    copy_open_plan(cw);
    copy_run(cw, plan(cw));
    assert_int_equal(cw->w.reads, 0);
    copy_expect(cw, "SELECT (SELECT count(*) FROM entity)+(SELECT count(*) FROM step)", "0");
    copy_free(cw);
}

/* ---- pages ---- */

static enum mr_code take_page(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct copy_world *cw = ctx;
    (void)arena, (void)err;
    cw->result.kept += rows->count;
    cw->result.extra++;
    copy_sql(cw, "DELETE FROM c WHERE id%2=0"); /* rows that were given may change */
    return cw->result.extra == 99 ? MR_E_IO : MR_OK;
}

#define PAGES                                                                                      \
    "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND c.id>:after ORDER BY c.id LIMIT 10"

/* Rows are gone through by their numbers, so that what a page does moves none of the next. */
static void test_pages(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    copy_open_plan(cw);
    copy_sql(cw, "WITH RECURSIVE i AS (SELECT 1 AS id UNION ALL SELECT id+1 FROM i WHERE id<40)"
                 " INSERT INTO c (id, tbl, canon) SELECT id, id>35, id FROM i;");
    copy_run(cw, mr_copy_pages(&cw->c, PAGES, 0, take_page, cw, &cw->w.err));
    assert_int_equal(cw->result.kept, 10 + (35 - 10 + 1) / 2);
    assert_int_equal(cw->result.extra, 3);
    cw->result.extra = 98;
    assert_int_equal(mr_copy_pages(&cw->c, PAGES, 0, take_page, cw, &cw->w.err), MR_E_IO);
    copy_free(cw);
}

/* ---- failures ---- */

static struct copy_world *build_few(void)
{
    struct copy_world *cw = build();
    cw->task.has_allow_deletes = true;
    cw->task.allow_deletes = 1;
    some(cw);
    return cw;
}

static enum mr_code work(struct mr_copy *c, struct mr_err *err)
{
    struct mr_copy_result result;
    const enum mr_code code = mr_copy_plan(c->task, &result, err);
    if (freed != readers)
        fail_msg("%zu readers of %zu are closed", freed, readers);
    return code;
}

/* Whatever fails, in any phase, no plan comes of it. */
static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies), cmocka_unit_test(test_deletes),
        cmocka_unit_test(test_subjects), cmocka_unit_test(test_selected),
        cmocka_unit_test(test_ends),     cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_pages),    cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
