/* test_plan_refuse.c: what must hold before rows are planned, and before a plan may stand. */
#include "merge_world.h"

#include "repair/planning/plan_refuse.h"

#define PLANNED WORLD_TABLES

static void build(struct world *w, size_t tables)
{
    static const char *const names[PLANNED] = {"members", "tags", "notes", "ants", "bees", "cats"};
    world_begin(w);
    for (size_t i = 0; i < tables; i++)
        world_table(w, names[i], "id:int# name:text?");
    world_open_case(w);
}

static void end(struct world *w)
{
    world_require(mr_findings_close(w->fd, NULL));
    mr_arena_release(&w->m.arena);
    mr_arena_release(&w->arena);
    mr_strbuf_release(&w->text);
    free(w);
}

/* A run that left something out is planned with --partial only, and then it is said. */
static void test_incomplete(void **state)
{
    static const struct {
        bool unfinished;
        struct {
            enum mr_verdict verdict;
            const char *reason;
            bool windowed;
        } of[PLANNED];
        size_t tables;
        const char *what; /* NULL: all was compared */
    } cases[] = {
        {false, {{MR_VERDICT_EQUAL, NULL, false}, {MR_VERDICT_DIVERGED, NULL, false}}, 2, NULL},
        {true, {{MR_VERDICT_EQUAL, NULL, false}}, 1, "the run was not finished"},
        {false, {{MR_VERDICT_NOT_CHECKED, "no key", false}}, 1, "\"d.members\": no key"},
        {false, {{MR_VERDICT_NOT_CHECKED, NULL, false}}, 1, "\"d.members\": not checked"},
        {false,
         {{MR_VERDICT_UNSETTLED, NULL, false}, {MR_VERDICT_EQUAL, NULL, true}},
         2,
         "\"d.members\": rows were still moving; \"d.tags\": compared only in part"},
        {true,
         {{MR_VERDICT_UNDECIDED, NULL, false}},
         1,
         "the run was not finished; \"d.members\": not finished"},
        {false,
         {{0}},
         6,
         "\"d.ants\": not finished; \"d.bees\": not finished; \"d.cats\": not finished; "
         "\"d.members\": not finished; \"d.notes\": not finished; and 1 more"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        const char *what = NULL;
        build(w, cases[i].tables);
        for (size_t k = 0; k < cases[i].tables; k++) {
            world_run_table(w, k);
            struct mr_find_table *t = &w->tables[k].found;
            t->verdict = cases[i].of[k].verdict;
            t->reason = cases[i].of[k].reason;
            t->windowed = cases[i].of[k].windowed;
            world_require(mr_findings_table_save(w->fd, t, NULL));
        }
        w->run.finished = cases[i].unfinished ? NULL : "2026-01-02T03:05:05Z";
        world_run(w, mr_plan_refuse_incomplete(w->fd, &w->run, true, &w->arena, &what, &w->err));
        if ((what == NULL) != (cases[i].what == NULL) ||
            (what != NULL && strcmp(what, cases[i].what) != 0))
            fail_msg("case %zu: %s", i, what != NULL ? what : "nothing");
        const enum mr_code code =
            mr_plan_refuse_incomplete(w->fd, &w->run, false, &w->arena, &what, &w->err);
        assert_int_equal(code, cases[i].what != NULL ? MR_E_DENIED : MR_OK);
        if (cases[i].what != NULL)
            assert_non_null(strstr(w->err.message, cases[i].what));
        if (cases[i].what != NULL)
            assert_true((strstr(w->err.hint, "--resume") != NULL) == cases[i].unfinished);
        if (cases[i].what != NULL)
            assert_true((strstr(w->err.hint, "without --where") != NULL) ==
                        (strstr(cases[i].what, "in part") != NULL));
        end(w);
    }
}

/* ---- the target's binary log ---- */

static struct {
    const char *log, *format; /* NULL: there is no such variable */
    enum mr_code fails;
} server;

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *text,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *text,
                                     struct mr_err *err)
{
    const char *answer = strstr(sql, "log_bin") != NULL ? server.log : server.format;
    (void)db;
    if (server.fails != MR_OK)
        return mr_err_set(err, server.fails, "gone");
    if (answer == NULL)
        return mr_err_set(err, MR_E_SQL, "unknown system variable");
    mr_strbuf_add_str(text, answer);
    return MR_OK;
}

static void test_binlog(void **state)
{
    static const struct {
        const char *log, *format;
        enum mr_code fails, code;
    } cases[] = {
        {"1", "ROW", MR_OK, MR_OK},
        {"1", "row", MR_OK, MR_OK},
        {"0", "STATEMENT", MR_OK, MR_OK}, /* nothing is written */
        {"1", "STATEMENT", MR_OK, MR_E_REFUSED},
        {"1", "MIXED", MR_OK, MR_E_REFUSED},
        {"ON", "MIXED", MR_OK, MR_E_REFUSED},
        {"1", NULL, MR_OK, MR_OK}, /* it cannot be set any more: rows */
        {NULL, "MIXED", MR_OK, MR_OK},
        {"1", "ROW", MR_E_LOST, MR_E_LOST},
        {"1", "ROW", MR_E_DENIED, MR_E_DENIED}, /* what may not be asked is not assumed */
    };
    static char connection; /* nobody asks it: the query is replaced */
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w, 1);
        server.log = cases[i].log, server.format = cases[i].format, server.fails = cases[i].fails;
        w->mains[MR_TARGET].db = (struct mr_db *)(void *)&connection;
        const enum mr_code code = mr_plan_refuse_binlog(&w->servers[MR_TARGET], &w->err);
        if (code != cases[i].code)
            fail_msg("case %zu: %d: %s", i, (int)code, w->err.message);
        end(w);
    }
}

/* ---- the tables ---- */

/* The scripts' own temporary tables would hide it. */
static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool refused;
    } cases[] = {{"members", false},      {"myrecon", false},   {"myrecon_", true},
                 {"MyRecon_stage", true}, {"my`recon_", false}, {"not_myrecon_stage", false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w, 2);
        w->tables[1].side[MR_TARGET].name = cases[i].name;
        if (cases[i].refused)
            world_refuse(w, mr_plan_refuse_names(&w->plan, &w->err), MR_E_REFUSED, cases[i].name);
        else
            world_run(w, mr_plan_refuse_names(&w->plan, &w->err));
        end(w);
    }
}

/* Only tables that get rows, or lose some, have to roll back. */
static void test_engines(void **state)
{
    static const struct {
        const char *engine;
        enum mr_decision decision; /* what is done to one row */
        bool refused;
    } cases[] = {
        {"InnoDB", MR_DECIDE_INSERT, false},  {"INNODB", MR_DECIDE_INSERT, false},
        {"MyISAM", MR_DECIDE_INSERT, true},   {"MyISAM", MR_DECIDE_RENUMBER, true},
        {"Aria", MR_DECIDE_UPDATE, true},     {"MyISAM", MR_DECIDE_DELETE, true},
        {"MyISAM", MR_DECIDE_MATCHED, false}, {"MyISAM", MR_DECIDE_CONFLICT, false},
        {NULL, MR_DECIDE_INSERT, true}, /* it may not be seen */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_planned_table tables[2] = {{0}};
        const struct mr_planned planned = {.tables = tables, .ntables = 2};
        build(w, 2);
        tables[1].decisions[cases[i].decision] = 1;
        w->tables[0].side[MR_TARGET].engine = "MyISAM"; /* nothing is done to its rows */
        w->tables[1].side[MR_TARGET].engine = cases[i].engine;
        if (cases[i].refused)
            world_refuse(w, mr_plan_refuse_engines(&w->plan, &planned, &w->err), MR_E_REFUSED,
                         "live.tags\" is ");
        else
            world_run(w, mr_plan_refuse_engines(&w->plan, &planned, &w->err));
        end(w);
    }
}

/* Of all tables those that would fire, and how many more. */
static void test_triggers(void **state)
{
    static const struct mr_planned_trigger triggers[] = {
        {"a", "BEFORE", "INSERT"}, {"o`dd", "AFTER", "DELETE"}, {"c", "AFTER", "UPDATE"},
        {"d", "AFTER", "INSERT"},  {"e", "AFTER", "INSERT"},    {"f", "AFTER", "INSERT"}};
    struct mr_planned_table tables[] = {
        {.target_table = "d.members", .triggers = triggers, .ntriggers = 2},
        {.target_table = "d.tags"},
        {.target_table = "d.notes", .triggers = triggers + 2, .ntriggers = 0}};
    const struct mr_planned planned = {.tables = tables, .ntables = LEN(tables)};
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_plan_refuse_triggers(&planned, true, &err), MR_OK);
    assert_int_equal(mr_plan_refuse_triggers(&planned, false, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, ": \"a\" (BEFORE INSERT ON d.members), "
                                        "\"o`dd\" (AFTER DELETE ON d.members)"));
    assert_null(strstr(err.message, " more"));
    tables[2].ntriggers = 4;
    assert_int_equal(mr_plan_refuse_triggers(&planned, false, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "\"e\" (AFTER INSERT ON d.notes) and 1 more"));
    tables[0].ntriggers = tables[2].ntriggers = 0;
    assert_int_equal(mr_plan_refuse_triggers(&planned, false, &err), MR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_incomplete), cmocka_unit_test(test_binlog),
        cmocka_unit_test(test_names),      cmocka_unit_test(test_engines),
        cmocka_unit_test(test_triggers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
