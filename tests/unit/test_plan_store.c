/* test_plan_store.c: what a plan has decided, kept in the case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/plan/plan_store.h"

struct sample {
    struct mr_findings *fd;
    struct mr_plan_store *store;
    struct mr_arena arena;
};

static void begin(struct sample *s)
{
    memset(s, 0, sizeof *s);
    mr_arena_init(&s->arena);
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &s->fd, NULL), MR_OK);
    assert_int_equal(mr_plan_store_open(s->fd, &s->store, NULL), MR_OK);
    assert_int_equal(mr_plan_store_begin(s->store, 7, NULL), MR_OK);
}

static void end(struct sample *s)
{
    mr_plan_store_close(s->store);
    assert_int_equal(mr_findings_close(s->fd, NULL), MR_OK);
    mr_arena_release(&s->arena);
}

static struct mr_key bytes(const char *text)
{
    return (struct mr_key){text, text != NULL ? strlen(text) : 0};
}

static int64_t save(struct sample *s, size_t table, const char *source, const char *target,
                    enum mr_decision decision, const char *kind)
{
    struct mr_entity e = {.table = table,
                          .source_key = bytes(source),
                          .target_key = bytes(target),
                          .identity = bytes("same"),
                          .decision = decision,
                          .kind = kind};
    assert_int_equal(mr_plan_store_save(s->store, &e, NULL), MR_OK);
    assert_true(e.id > 0);
    return e.id;
}

/* Everything comes back as it was, bytes with their zeros, NULL beside what is empty. */
static void test_entity(void **state)
{
    struct sample s;
    const struct mr_entity wanted = {.table = 3,
                                     .source_key = {"i\0\1", 3},
                                     .target_key = {"", 0},
                                     .identity = {NULL, 0},
                                     .decision = MR_DECIDE_UPDATE,
                                     .kind = "changed",
                                     .detail = "",
                                     .choices = "target;source",
                                     .choice = NULL,
                                     .waits_for = INT64_MAX,
                                     .source = {"N\0N", 3},
                                     .target = {NULL, 0},
                                     .after = {"\0", 1}};
    struct mr_entity e = wanted, got;
    (void)state;
    begin(&s);
    assert_int_equal(mr_plan_store_save(s.store, &e, NULL), MR_OK);
    assert_int_equal(mr_plan_store_get(s.store, e.id, &s.arena, &got, NULL), MR_OK);
    assert_int_equal(got.id, e.id);
    assert_int_equal(got.table, 3);
    assert_int_equal(got.source_key.len, 3);
    assert_memory_equal(got.source_key.ptr, "i\0\1", 3);
    assert_non_null(got.target_key.ptr);
    assert_int_equal(got.target_key.len, 0);
    assert_null(got.identity.ptr);
    assert_int_equal(got.decision, MR_DECIDE_UPDATE);
    assert_string_equal(got.kind, "changed");
    assert_string_equal(got.detail, "");
    assert_string_equal(got.choices, "target;source");
    assert_null(got.choice);
    assert_true(got.waits_for == INT64_MAX);
    assert_memory_equal(got.source.ptr, "N\0N", 3);
    assert_null(got.target.ptr);
    assert_int_equal(got.after.len, 1);
    /* written anew, not once more */
    got.choice = "source";
    const int64_t id = got.id;
    assert_int_equal(mr_plan_store_save(s.store, &got, NULL), MR_OK);
    assert_int_equal(got.id, id);
    uint64_t n = 0;
    assert_int_equal(mr_plan_store_count(s.store, 3, MR_DECIDE_UPDATE, &n, NULL), MR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(mr_plan_store_get(s.store, id + 1, &s.arena, &got, NULL), MR_OK);
    assert_int_equal(got.id, 0);
    end(&s);
}

/* A row that is in conflict stands nowhere on TARGET. */
static void test_find(void **state)
{
    struct sample s;
    struct mr_entity e;
    (void)state;
    begin(&s);
    (void)save(&s, 0, "a", "k", MR_DECIDE_CONFLICT, "unique");
    const int64_t row = save(&s, 0, "b", "k", MR_DECIDE_INSERT, NULL);
    (void)save(&s, 1, "a", "x", MR_DECIDE_INSERT, NULL);
    assert_int_equal(mr_plan_store_find(s.store, 0, bytes("k"), &s.arena, &e, NULL), MR_OK);
    assert_int_equal(e.id, row);
    assert_int_equal(mr_plan_store_find(s.store, 0, bytes("x"), &s.arena, &e, NULL), MR_OK);
    assert_int_equal(e.id, 0);
    end(&s);
}

/* Each index is one more place to write to for every entity: of identities, which come in no
 * order, a page each. */
static void test_indices(void **state)
{
    struct sample s;
    struct mr_case_stmt *stmt = NULL;
    struct mr_strbuf names = MR_STRBUF_INIT;
    bool row = true;
    (void)state;
    begin(&s);
    struct mr_case *cf = mr_findings_case(s.fd);
    mr_plan_store_close(s.store);
    /* as a case of before has them */
    assert_int_equal(mr_case_exec(cf,
                                  "CREATE INDEX entity_source ON entity (plan, tbl, source_key);"
                                  "CREATE INDEX entity_identity ON entity (plan, tbl, identity)",
                                  NULL),
                     MR_OK);
    assert_int_equal(mr_plan_store_open(s.fd, &s.store, NULL), MR_OK);
    assert_int_equal(mr_case_prepare(cf,
                                     "SELECT name FROM sqlite_schema WHERE type='index'"
                                     " AND tbl_name='entity' ORDER BY name",
                                     &stmt, NULL),
                     MR_OK);
    while (mr_case_step(stmt, &row, NULL) == MR_OK && row)
        mr_strbuf_add_fmt(&names, "%s ", mr_case_text(stmt, 0));
    mr_case_free(stmt);
    assert_string_equal(names.ptr,
                        "entity_conflict entity_decision entity_kind entity_table entity_target ");
    mr_strbuf_release(&names);
    end(&s);
}

static enum mr_code count(void *ctx, const struct mr_entity *entity, struct mr_err *err)
{
    size_t *n = ctx;
    (void)entity;
    return ++*n == 1500 ? mr_err_set(err, MR_E_BUG, "enough") : MR_OK;
}

/* Pages end, and a caller may end them; other tables and decisions are passed over. */
static void test_pages(void **state)
{
    struct sample s;
    struct mr_vec list = MR_VEC_INIT(struct mr_entity);
    struct mr_err err = {0};
    size_t n = 0;
    (void)state;
    begin(&s);
    for (size_t i = 0; i < 1200; i++)
        (void)save(&s, 0, "k", NULL, i % 2 == 0 ? MR_DECIDE_INSERT : MR_DECIDE_SAME,
                   i % 3 == 0 ? "changed" : NULL);
    (void)save(&s, 1, "k", NULL, MR_DECIDE_INSERT, NULL);
    assert_int_equal(mr_plan_store_each(s.store, 0, 0, count, &n, NULL), MR_OK);
    assert_int_equal(n, 1200);
    n = 0;
    assert_int_equal(mr_plan_store_each(s.store, 0, MR_DECIDE_INSERT, count, &n, NULL), MR_OK);
    assert_int_equal(n, 600);
    n = 1490;
    assert_int_equal(mr_plan_store_each(s.store, 0, 0, count, &n, &err), MR_E_BUG);
    assert_int_equal(n, 1500);
    assert_int_equal(mr_plan_store_conflicts(s.store, 0, 0, 1000, &s.arena, &list, NULL), MR_OK);
    assert_int_equal(list.count, 400);
    mr_vec_release(&list);
    end(&s);
}

static void test_by_key(void **state)
{
    struct sample s;
    struct mr_vec list = MR_VEC_INIT(struct mr_entity);
    (void)state;
    begin(&s);
    (void)save(&s, 0, "c", NULL, MR_DECIDE_CONFLICT, "gone");
    (void)save(&s, 0, "a", NULL, MR_DECIDE_CONFLICT, "gone");
    (void)save(&s, 0, NULL, "b", MR_DECIDE_CONFLICT, "gone");
    (void)save(&s, 0, "b", NULL, MR_DECIDE_CONFLICT, "other");
    assert_int_equal(
        mr_plan_store_by_key(s.store, 0, "gone", (struct mr_key){0}, 9, &s.arena, &list, NULL),
        MR_OK);
    assert_int_equal(list.count, 2);
    assert_memory_equal(((struct mr_entity *)mr_vec_at(&list, 0))->source_key.ptr, "a", 1);
    mr_vec_clear(&list);
    assert_int_equal(mr_plan_store_by_key(s.store, 0, "gone", bytes("a"), 9, &s.arena, &list, NULL),
                     MR_OK);
    assert_int_equal(list.count, 1);
    mr_vec_release(&list);
    end(&s);
}

static void test_steps(void **state)
{
    struct sample s;
    struct mr_vec list = MR_VEC_INIT(struct mr_step);
    uint64_t units = 9;
    (void)state;
    begin(&s);
    assert_int_equal(mr_plan_store_units(s.store, &units, NULL), MR_OK);
    assert_int_equal(units, 0);
    for (uint64_t unit = 1; unit <= 3; unit++) {
        struct mr_step step = {.entity = 5,
                               .unit = 4 - unit,
                               .level = UINT64_MAX >> 1,
                               .tree = -7,
                               .op = MR_STEP_UPDATE,
                               .table = 2,
                               .before = {"a\0", 2},
                               .after = {NULL, 0}};
        assert_int_equal(mr_plan_store_add_step(s.store, &step, NULL), MR_OK);
    }
    assert_int_equal(mr_plan_store_units(s.store, &units, NULL), MR_OK);
    assert_int_equal(units, 3);
    assert_int_equal(mr_plan_store_steps(s.store, 1, 9, &s.arena, &list, NULL), MR_OK);
    assert_int_equal(list.count, 2);
    const struct mr_step *step = mr_vec_at(&list, 0);
    assert_int_equal(step->id, 2);
    assert_int_equal(step->unit, 2);
    assert_int_equal(step->tree, -7);
    assert_true(step->level == UINT64_MAX >> 1);
    assert_int_equal(step->op, MR_STEP_UPDATE);
    assert_int_equal(step->before.len, 2);
    assert_null(step->after.ptr);
    mr_vec_clear(&list);
    assert_int_equal(mr_plan_store_unit(s.store, 3, &s.arena, &list, NULL), MR_OK);
    assert_int_equal(list.count, 1);
    mr_vec_release(&list);
    end(&s);
}

/* A plan that is begun again forgets what it had; that of another plan stays; what was not ended
 * never was. */
static void test_plans(void **state)
{
    struct sample s;
    uint64_t n = 0;
    (void)state;
    begin(&s);
    (void)save(&s, 0, "a", NULL, MR_DECIDE_INSERT, NULL);
    assert_int_equal(mr_plan_store_end(s.store, NULL), MR_OK);
    assert_int_equal(mr_plan_store_begin(s.store, 8, NULL), MR_OK);
    assert_int_equal(mr_plan_store_id(s.store), 8);
    assert_int_equal(mr_plan_store_count(s.store, 0, MR_DECIDE_INSERT, &n, NULL), MR_OK);
    assert_int_equal(n, 0);
    (void)save(&s, 0, "b", NULL, MR_DECIDE_INSERT, NULL);
    mr_plan_store_close(s.store); /* not ended */
    assert_int_equal(mr_plan_store_open(s.fd, &s.store, NULL), MR_OK);
    int64_t rows = 0;
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    assert_int_equal(
        mr_case_prepare(mr_findings_case(s.fd), "SELECT count(*) FROM entity", &stmt, NULL), MR_OK);
    assert_int_equal(mr_case_step(stmt, &row, NULL), MR_OK);
    rows = mr_case_int(stmt, 0);
    mr_case_free(stmt);
    assert_int_equal(rows, 1);
    assert_int_equal(mr_plan_store_begin(s.store, 7, NULL), MR_OK);
    assert_int_equal(mr_plan_store_count(s.store, 0, MR_DECIDE_INSERT, &n, NULL), MR_OK);
    assert_int_equal(n, 0);
    end(&s);
}

static void test_facts(void **state)
{
    struct sample s;
    uint64_t facts = 1;
    enum mr_group group = MR_GROUP_BASE;
    bool yes = true;
    (void)state;
    begin(&s);
    assert_int_equal(mr_plan_store_facts(s.store, 5, &facts, &group, NULL), MR_OK);
    assert_true(facts == 0 && group == MR_GROUP_UNDECIDED);
    assert_int_equal(mr_plan_store_add_facts(s.store, 5, UINT64_MAX, MR_GROUP_LOST, NULL), MR_OK);
    assert_int_equal(mr_plan_store_facts(s.store, 5, &facts, &group, NULL), MR_OK);
    assert_true(facts == UINT64_MAX && group == MR_GROUP_LOST);
    assert_int_equal(mr_plan_store_add_unmeant(s.store, 5, 2, NULL), MR_OK);
    assert_int_equal(mr_plan_store_add_unmeant(s.store, 5, 2, NULL), MR_OK); /* once more */
    assert_int_equal(mr_plan_store_is_unmeant(s.store, 5, 1, &yes, NULL), MR_OK);
    assert_false(yes);
    assert_int_equal(mr_plan_store_is_unmeant(s.store, 5, 2, &yes, NULL), MR_OK);
    assert_true(yes);
    end(&s);
}

/* What the logs said of a row is the plan's at hand, and of no other. */
static void test_logs(void **state)
{
    struct sample s;
    struct mr_arena arena = MR_ARENA_INIT;
    const struct mr_plan_logs said = {
        "both-changed", "city: restored-change", "2 3", {"ba", 2}, {"mer", 3}};
    struct mr_plan_logs got;
    const char *sums = NULL;
    bool has = true;
    (void)state;
    begin(&s);
    assert_int_equal(mr_plan_store_has_logs(s.store, &has, NULL), MR_OK);
    assert_false(has);
    assert_int_equal(mr_plan_store_add_logs(s.store, 5, &said, NULL), MR_OK);
    assert_int_equal(mr_plan_store_has_logs(s.store, &has, NULL), MR_OK);
    assert_true(has);
    assert_int_equal(mr_plan_store_logs(s.store, 4, &arena, &got, NULL), MR_OK);
    assert_null(got.outcome);
    assert_int_equal(mr_plan_store_logs(s.store, 5, &arena, &got, NULL), MR_OK);
    assert_string_equal(got.outcome, "both-changed");
    assert_string_equal(got.columns, "city: restored-change");
    assert_memory_equal(got.base.ptr, "ba", got.base.len);
    assert_memory_equal(got.merged.ptr, "mer", got.merged.len);
    assert_string_equal(got.sums, "2 3");
    assert_int_equal(mr_plan_store_sums(s.store, 5, &arena, &sums, NULL), MR_OK);
    assert_string_equal(sums, "2 3");
    assert_int_equal(mr_plan_store_sums(s.store, 4, &arena, &sums, NULL), MR_OK);
    assert_null(sums);
    assert_int_equal(mr_plan_store_is_restored(s.store, 5, &has, NULL), MR_OK);
    assert_true(has);
    assert_int_equal(mr_plan_store_is_restored(s.store, 4, &has, NULL), MR_OK);
    assert_false(has);
    mr_plan_store_close(s.store);
    assert_int_equal(mr_plan_store_open(s.fd, &s.store, NULL), MR_OK);
    assert_int_equal(mr_plan_store_begin(s.store, 7, NULL), MR_OK);
    assert_int_equal(mr_plan_store_has_logs(s.store, &has, NULL), MR_OK);
    assert_false(has);
    mr_arena_release(&arena);
    end(&s);
}

static void test_words(void **state)
{
    const struct mr_entity merged = {.choice = "merge-into"}, other = {.choice = "source"},
                           open = {.choice = NULL};
    (void)state;
    for (int d = 0; d < MR_DECISIONS; d++)
        assert_non_null(mr_decision_name((enum mr_decision)d));
    assert_string_equal(mr_decision_name(MR_DECIDE_RENUMBER), "renumber");
    assert_string_equal(mr_step_event(MR_STEP_INSERT), "INSERT");
    assert_string_equal(mr_step_event(MR_STEP_UPDATE), "UPDATE");
    assert_string_equal(mr_step_event(MR_STEP_DELETE), "DELETE");
    assert_int_equal(mr_step_undone_by(MR_STEP_INSERT), MR_STEP_DELETE);
    assert_int_equal(mr_step_undone_by(MR_STEP_DELETE), MR_STEP_INSERT);
    assert_int_equal(mr_step_undone_by(MR_STEP_UPDATE), MR_STEP_UPDATE);
    assert_true(mr_entity_is_merged(&merged));
    assert_false(mr_entity_is_merged(&other));
    assert_false(mr_entity_is_merged(&open));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entity),  cmocka_unit_test(test_find),
        cmocka_unit_test(test_indices), cmocka_unit_test(test_pages),
        cmocka_unit_test(test_by_key),  cmocka_unit_test(test_steps),
        cmocka_unit_test(test_plans),   cmocka_unit_test(test_facts),
        cmocka_unit_test(test_logs),    cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
