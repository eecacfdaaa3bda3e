/* test_plan_stood.c: tables that were altered, or changed places, while they were planned. */
#include "merge_world.h"
#include "repair/planning/plan_stood.h"

/* Marks as the servers give them: of the first reading and of the second, a table each. */
static struct answers {
    struct mr_table_mark marks[2][MR_SIDES][2];
    struct mr_db *db[MR_SIDES];
    size_t calls, fail_at;
    size_t reading;
    char asked[200];
} answers;

enum mr_code __wrap_mr_table_marks_read(struct mr_db *db, const struct mr_table *const *tables,
                                        size_t count, const struct mr_table_mark *was,
                                        struct mr_arena *arena, struct mr_table_mark *marks,
                                        struct mr_err *err);
enum mr_code __wrap_mr_table_marks_read(struct mr_db *db, const struct mr_table *const *tables,
                                        size_t count, const struct mr_table_mark *was,
                                        struct mr_arena *arena, struct mr_table_mark *marks,
                                        struct mr_err *err)
{
    const enum mr_side side = db == answers.db[MR_TARGET] ? MR_TARGET : MR_SOURCE;
    (void)arena;
    if (answers.reading == 1) /* what was read at the beginning */
        assert_ptr_equal(was->numbers, answers.marks[0][side][0].numbers);
    if (++answers.calls == answers.fail_at)
        return mr_err_set(err, MR_E_LOST, "the server is gone");
    for (size_t i = 0; i < count; i++) {
        const size_t n = strlen(answers.asked);
        (void)snprintf(answers.asked + n, sizeof answers.asked - n, "%s.%s ", tables[i]->db,
                       tables[i]->name);
        marks[i] = answers.marks[answers.reading][side][i];
    }
    return MR_OK;
}

static void begin(struct world *w)
{
    static char connections[MR_SIDES];
    world_begin(w);
    (void)world_table(w, "t", "id:int*");
    (void)world_table(w, "o`dd", "id:int*");
    w->plan.pairing.ntables = w->plan.ntables;
    answers = (struct answers){.calls = 0};
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        w->mains[side].db = (struct mr_db *)(void *)&connections[side];
        answers.db[side] = w->mains[side].db;
        for (size_t i = 0; i < 2; i++)
            answers.marks[0][side][i] = answers.marks[1][side][i] =
                (struct mr_table_mark){"p0=7\n", "2026-04-02 00:00:00"};
    }
}

static void end(struct world *w)
{
    mr_arena_release(&w->m.arena);
    mr_arena_release(&w->arena);
    mr_strbuf_release(&w->text);
}

static void test_changed(void **state)
{
    static const struct {
        enum mr_side side;
        size_t table;
        struct mr_table_mark was, now;
        const char *said; /* NULL: it is the same table */
    } cases[] = {
        {MR_SOURCE, 0, {"p0=7\n", "x"}, {"p0=7\n", "x"}, NULL},
        {MR_SOURCE, 0, {"p0=7\n", "x"}, {"p0=8\n", "x"}, "table \"d.t\" of the source"},
        {MR_TARGET, 1, {"p0=7\n", "x"}, {"p0=8\n", "x"}, "table \"live.o`dd\" of the target"},
        {MR_TARGET, 0, {NULL, "x"}, {NULL, "y"}, "table \"live.t\" of the target"},
        /* what is not shown is not known */
        {MR_TARGET, 0, {NULL, NULL}, {"p0=8\n", "y"}, NULL},
        {MR_TARGET, 0, {"p0=7\n", "x"}, {NULL, NULL}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_plan_stood stood;
        struct world w;
        begin(&w);
        answers.marks[0][cases[i].side][cases[i].table] = cases[i].was;
        answers.marks[1][cases[i].side][cases[i].table] = cases[i].now;
        assert_int_equal(mr_plan_stood_begin(&stood, &w.plan.pairing, &w.arena, &w.err), MR_OK);
        answers.reading = 1;
        const enum mr_code code = mr_plan_stood_end(&stood, &w.err);
        assert_int_equal(code, cases[i].said != NULL ? MR_E_CHANGED : MR_OK);
        if (cases[i].said != NULL)
            assert_non_null(strstr(w.err.message, cases[i].said));
        else
            assert_string_equal(answers.asked, "d.t d.o`dd live.t live.o`dd "
                                               "d.t d.o`dd live.t live.o`dd ");
        end(&w);
    }
}

static const struct mr_kept *nothing_kept(const struct mr_source *src, const char *db,
                                          const char *table)
{
    (void)src, (void)db, (void)table;
    return NULL;
}

/* A snapshot is not asked; the server beside it is. */
static void test_snapshot(void **state)
{
    struct mr_plan_stood stood;
    struct world w;
    (void)state;
    begin(&w);
    struct mr_source_ops ops = world_ops;
    ops.kept = nothing_kept;
    w.sources[MR_SOURCE].source.ops = &ops;
    assert_int_equal(mr_plan_stood_begin(&stood, &w.plan.pairing, &w.arena, &w.err), MR_OK);
    answers.reading = 1;
    answers.marks[1][MR_TARGET][1].numbers = "p0=9\n";
    assert_int_equal(mr_plan_stood_end(&stood, &w.err), MR_E_CHANGED);
    assert_string_equal(answers.asked, "live.t live.o`dd live.t live.o`dd ");
    end(&w);
}

static void test_no_tables(void **state)
{
    struct mr_plan_stood stood;
    struct world w;
    (void)state;
    begin(&w);
    w.plan.pairing.ntables = 0;
    assert_int_equal(mr_plan_stood_begin(&stood, &w.plan.pairing, &w.arena, &w.err), MR_OK);
    assert_int_equal(mr_plan_stood_end(&stood, &w.err), MR_OK);
    end(&w);
}

/* Each of the four readings fails: a plan is not written over what was not seen. */
static void test_failure(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 4; n++) {
        struct mr_plan_stood stood;
        struct world w;
        begin(&w);
        answers.fail_at = n;
        enum mr_code code = mr_plan_stood_begin(&stood, &w.plan.pairing, &w.arena, &w.err);
        assert_int_equal(code, n <= 2 ? MR_E_LOST : MR_OK);
        if (code == MR_OK)
            assert_int_equal(mr_plan_stood_end(&stood, &w.err), MR_E_LOST);
        end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_no_tables),
        cmocka_unit_test(test_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
