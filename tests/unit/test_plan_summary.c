/* test_plan_summary.c: what plan.json says of the rows of a plan. */
#include "merge_world.h"

#include "core/pair/spelling.h"
#include "repair/merge/merge_bounds.h"
#include "repair/planning/plan_summary.h"
#include "repair/side/fingerprint.h"
#include "repair/side/surroundings.h"

enum { PEOPLE, ORDERS };

static struct {
    enum mr_code fails; /* of what is asked about a table */
    bool no_memory;     /* for the kinds of a table */

} ask;

enum mr_code __wrap_mr_fingerprint_columns(struct mr_db *db, const char *dbname, const char *table,
                                           char hex[MR_SHA256_HEX], struct mr_err *err);
enum mr_code __wrap_mr_fingerprint_columns(struct mr_db *db, const char *dbname, const char *table,
                                           char hex[MR_SHA256_HEX], struct mr_err *err)
{
    assert_non_null(db);
    assert_string_equal(dbname, "live");
    (void)snprintf(hex, MR_SHA256_HEX, "print of %s", table);
    return ask.fails != MR_OK ? mr_err_set(err, ask.fails, "the server is gone") : MR_OK;
}

enum mr_code __wrap_mr_surroundings_read(struct mr_db *db, const char *dbname, const char *table,
                                         struct mr_arena *arena, struct mr_surroundings *out,
                                         struct mr_err *err);
enum mr_code __wrap_mr_surroundings_read(struct mr_db *db, const char *dbname, const char *table,
                                         struct mr_arena *arena, struct mr_surroundings *out,
                                         struct mr_err *err)
{
    static const char *const items[] = {"fk a", "fk b"};
    (void)db, (void)dbname, (void)table, (void)arena, (void)err;
    *out = (struct mr_surroundings){items, 2};
    return MR_OK;
}

char *__real_mr_arena_dup(struct mr_arena *arena, const void *ptr, size_t len);
char *__wrap_mr_arena_dup(struct mr_arena *arena, const void *ptr, size_t len);
char *__wrap_mr_arena_dup(struct mr_arena *arena, const void *ptr, size_t len)
{
    return ask.no_memory && len == sizeof(struct mr_planned_kind)
               ? NULL
               : __real_mr_arena_dup(arena, ptr, len);
}

static void build(struct world *w)
{
    static char connection; /* nobody asks it: who would is replaced */
    memset(&ask, 0, sizeof ask);
    world_begin(w);
    world_table(w, "people", "id:int# mail:text! up:int? at:datetime@");
    world_table(w, "orders", "a:text* person:text?");
    world_reference(w, PEOPLE, "up", PEOPLE, "id");
    world_reference(w, ORDERS, "person", PEOPLE, "id");
    w->tables[PEOPLE].columns[MR_TARGET][1].name = "email";
    w->tables[PEOPLE].pair.find.subject = MR_SUBJECT_CONFIGURED;
    world_open(w);
    world_sql(w, "CREATE TABLE IF NOT EXISTS plan_table (plan INT NOT NULL, tbl TEXT NOT NULL,"
                 " base TEXT, base_origin TEXT, fresh TEXT, fresh_origin TEXT, next TEXT,"
                 " margin TEXT, start TEXT, step TEXT, ids TEXT, counter TEXT)");
    w->mains[MR_TARGET].db = (struct mr_db *)(void *)&connection;
}

static enum mr_code sum_up(struct world *w, struct mr_planned *planned, struct mr_err *err)
{
    const struct mr_plan_summary_task task = {
        .tables = &w->plan, .store = w->m.store, .fd = w->fd, .arena = &w->m.arena};
    return mr_plan_summary(&task, planned, err);
}

static int64_t save(struct world *w, size_t table, enum mr_decision decision, const char *row,
                    const char *kind, const char *choice)
{
    struct mr_entity e = {.table = table,
                          .source_key = world_key(w, table, row),
                          .decision = decision,
                          .kind = kind,
                          .choice = choice};
    world_require(mr_plan_store_save(w->m.store, &e, NULL));
    return e.id;
}

static void add_step(struct world *w, size_t table, enum mr_step_op op, uint64_t unit,
                     const char *before, const char *after)
{
    struct mr_step step = {
        .entity = save(w, table, MR_DECIDE_INSERT, before != NULL ? before : after, NULL, NULL),
        .unit = unit,
        .level = 1,
        .op = op,
        .table = table,
        .before = world_image(w, table, before),
        .after = world_image(w, table, after)};
    world_require(mr_plan_store_add_step(w->m.store, &step, NULL));
}

/* As TARGET calls everything, and SOURCE's names beside it where they are others. */
static void test_describe(void **state)
{
    static const struct mr_spelling number = {.kind = MR_SPELL_NUMBER, .child = MR_CLASS_TEXT},
                                    decimal = {.kind = MR_SPELL_NUMBER, .child = MR_CLASS_DECIMAL},
                                    uuid = {.kind = MR_SPELL_UUID};
    static const struct {
        const struct mr_spelling *spelling;
        const char *word; /* NULL: none */
    } spelt[] = {{NULL, NULL},
                 {&number, MR_PLANNED_NUMBER},
                 {&decimal, MR_PLANNED_SAME},
                 {&uuid, MR_PLANNED_UUID}};
    (void)state;
    for (size_t i = 0; i < LEN(spelt); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_planned planned = {0};
        build(w);
        w->edges[1].spelling = spelt[i].spelling;
        w->edges[1].condition = "kind = 1";
        w->edges[1].edge.declared = false;
        world_run(w, sum_up(w, &planned, &w->err));
        const struct mr_planned_table *p = &planned.tables[PEOPLE], *o = &planned.tables[ORDERS];
        assert_int_equal(planned.ntables, 2);
        assert_string_equal(p->table, "d.people");
        assert_string_equal(p->target_db, "live");
        assert_string_equal(p->target_name, "people");
        assert_true(p->subject && !o->subject);
        assert_int_equal(p->identity, MR_PLAN_BY_COLUMNS);
        assert_string_equal(p->counter, "id");
        assert_null(o->counter);
        assert_string_equal(p->time_column, "at");
        assert_null(o->time_column);
        assert_string_equal(p->key.items[0], "id");
        assert_string_equal(p->identity_columns.items[0], "email");
        assert_int_equal(p->ncolumns, 4);
        assert_string_equal(p->columns[1].name, "email");
        assert_string_equal(p->columns[1].source_name, "mail");
        assert_null(p->columns[0].source_name);
        assert_non_null(strstr(p->columns[0].reading, "int"));
        assert_string_equal(p->fingerprint, "print of people");
        assert_true(p->knows_around && p->around.count == 2);
        assert_int_equal(p->nreferences + o->nreferences, 2);
        const struct mr_planned_reference *own = &p->references[0], *to = &o->references[0];
        assert_string_equal(own->columns.items[0], "up");
        assert_true(own->declared && own->condition == NULL);
        assert_string_equal(to->parent, "d.people");
        assert_string_equal(to->columns.items[0], "person");
        assert_string_equal(to->parent_columns.items[0], "id");
        assert_true(!to->declared);
        assert_string_equal(to->condition, "kind = 1");
        assert_int_equal(to->spelling.count, spelt[i].word != NULL);
        if (spelt[i].word != NULL)
            assert_string_equal(to->spelling.items[0], spelt[i].word);
        world_free(w);
    }
}

/* What was decided, table by table, and what is open; bounds and ids as the case keeps them. */
static void test_counts(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_planned planned = {.open = 9, .decided = 9};
    (void)state;
    build(w);
    save(w, PEOPLE, MR_DECIDE_CONFLICT, "1|a|2|2026-01-01", "unique", NULL);
    save(w, PEOPLE, MR_DECIDE_CONFLICT, "2|b|2|2026-01-01", "unique", NULL);
    save(w, PEOPLE, MR_DECIDE_SKIP, "3|c|2|2026-01-01", "unique", "skip");
    save(w, PEOPLE, MR_DECIDE_SAME, "4|d|2|2026-01-01", "changed", "target");
    save(w, ORDERS, MR_DECIDE_WAITS, "x|1", "parent-absent", NULL);
    save(w, ORDERS, MR_DECIDE_MATCHED, "y|1", NULL, NULL);
    add_step(w, PEOPLE, MR_STEP_INSERT, 1, NULL, "7|e|1|2026-01-01");
    add_step(w, ORDERS, MR_STEP_INSERT, 4, NULL, "z|1");
    world_sql(w, "INSERT INTO plan_table (plan, tbl, base, base_origin, fresh, fresh_origin, start,"
                 " step, ids) VALUES (1, 'd.people', '3', 'counter', '9', 'equal rows', '100', '2',"
                 " '18446744073709551615'), (2, 'd.orders', '4', 'counter', NULL, NULL, NULL, NULL,"
                 " NULL)");
    world_run(w, sum_up(w, &planned, &w->err));
    const struct mr_planned_table *p = &planned.tables[PEOPLE], *o = &planned.tables[ORDERS];
    assert_int_equal(p->decisions[MR_DECIDE_CONFLICT], 2);
    assert_int_equal(p->decisions[MR_DECIDE_SKIP], 1);
    assert_int_equal(p->decisions[MR_DECIDE_SAME], 1);
    assert_int_equal(p->decisions[MR_DECIDE_INSERT], 1);
    assert_int_equal(o->decisions[MR_DECIDE_WAITS], 1);
    assert_int_equal(o->decisions[MR_DECIDE_MATCHED], 1);
    assert_int_equal(p->nkinds, 2);
    assert_string_equal(p->kinds[0].kind, "changed");
    assert_true(p->kinds[0].open == 0 && p->kinds[0].decided == 1);
    assert_string_equal(p->kinds[1].kind, "unique");
    assert_true(p->kinds[1].open == 2 && p->kinds[1].decided == 1);
    assert_int_equal(o->nkinds, 1);
    assert_true(planned.open == 3 && planned.decided == 2);
    assert_true(planned.units == 4 && planned.rows == 2);
    assert_string_equal(p->base, "3");
    assert_string_equal(p->base_origin, "counter");
    assert_string_equal(p->fresh, "9");
    assert_string_equal(p->fresh_origin, "equal rows");
    assert_true(p->first_id == 100 && p->id_step == 2 && p->nids == UINT64_MAX);
    assert_null(o->base); /* that is another plan's */
    world_free(w);
}

static void test_nothing(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_planned planned = {0};
    (void)state;
    build(w);
    world_run(w, sum_up(w, &planned, &w->err));
    assert_int_equal(planned.units + planned.rows + planned.open + planned.decided, 0);
    assert_int_equal(planned.tables[0].nkinds, 0);
    world_free(w);
}

/* By what is done to rows, and by what takes it back: "fires | undo fires". */
static const struct {
    struct {
        size_t table;
        enum mr_step_op op;
        const char *before, *after;
    } steps[2];
    bool no_update; /* there is no trigger u */
    const char *fires;
} fired[] = {
    {{{0, 0, NULL, NULL}}, false, " | "},
    {{{PEOPLE, MR_STEP_INSERT, NULL, "7|e|1|2026-01-01"}}, false, "i j | d"},
    {{{PEOPLE, MR_STEP_DELETE, "7|e|1|2026-01-01", NULL}}, false, "d | i j"},
    {{{PEOPLE, MR_STEP_UPDATE, "7|e|1|2026-01-01", "7|f|1|2026-01-01"}}, false, "u | u"},
    {{{PEOPLE, MR_STEP_UPDATE, "7|e|1|2026-01-01", "7|f|1|2026-01-01"},
      {PEOPLE, MR_STEP_INSERT, NULL, "8|e|1|2026-01-01"}},
     false,
     "i j u | u d"},
    /* a row that refers to itself is emptied before it goes */
    {{{PEOPLE, MR_STEP_INSERT, NULL, "7|e|7|2026-01-01"}}, false, "i j | u d"},
    {{{PEOPLE, MR_STEP_DELETE, "7|e|7|2026-01-01", NULL}}, false, "u d | i j"},
    {{{PEOPLE, MR_STEP_DELETE, "7|e|7|2026-01-01", NULL}}, true, "d | i j"},
    {{{PEOPLE, MR_STEP_DELETE, "6|e|NULL|2026-01-01", NULL},
      {PEOPLE, MR_STEP_DELETE, "7|e|7|2026-01-01", NULL}},
     false,
     "u d | i j"},
    /* what is done to another table fires none of this one's */
    {{{ORDERS, MR_STEP_INSERT, NULL, "x|1"}}, false, " | "},
};

static void test_triggers(void **state)
{
    static const struct mr_trigger triggers[] = {
        {.name = "u", .timing = "AFTER", .event = "update"},
        {.name = "i", .timing = "BEFORE", .event = "INSERT"},
        {.name = "d", .timing = "AFTER", .event = "DELETE"},
        {.name = "j", .timing = "AFTER", .event = "INSERT"}};
    (void)state;
    for (size_t i = 0; i < LEN(fired); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_planned planned = {0};
        build(w);
        w->tables[PEOPLE].side[MR_TARGET].triggers = triggers + fired[i].no_update;
        w->tables[PEOPLE].side[MR_TARGET].ntriggers = LEN(triggers) - fired[i].no_update;
        for (size_t k = 0; k < 2 && fired[i].steps[k].op != 0; k++)
            add_step(w, fired[i].steps[k].table, fired[i].steps[k].op, 1, fired[i].steps[k].before,
                     fired[i].steps[k].after);
        world_run(w, sum_up(w, &planned, &w->err));
        const struct mr_planned_table *p = &planned.tables[PEOPLE];
        mr_strbuf_reset(&w->text);
        for (size_t k = 0; k < p->ntriggers; k++)
            mr_strbuf_add_fmt(&w->text, "%s%s", k > 0 ? " " : "", p->triggers[k].name);
        mr_strbuf_add_str(&w->text, " | ");
        for (size_t k = 0; k < p->nundo_triggers; k++)
            mr_strbuf_add_fmt(&w->text, "%s%s", k > 0 ? " " : "", p->undo_triggers[k].name);
        if (strcmp(w->text.ptr, fired[i].fires) != 0)
            fail_msg("case %zu: %s", i, w->text.ptr);
        assert_true(p->knows_undo);
        if (p->ntriggers > 0)
            assert_string_equal(p->triggers[p->ntriggers - 1].event,
                                p->triggers[p->ntriggers - 1].name[0] == 'u'   ? "UPDATE"
                                : p->triggers[p->ntriggers - 1].name[0] == 'd' ? "DELETE"
                                                                               : "INSERT");
        world_free(w);
    }
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    static const struct mr_trigger one = {.name = "u", .timing = "AFTER", .event = "UPDATE"};
    struct mr_planned planned = {0};
    w->tables[PEOPLE].side[MR_TARGET].triggers = &one;
    w->tables[PEOPLE].side[MR_TARGET].ntriggers = 1;
    return sum_up(w, &planned, err);
}

static void build_rows(struct world *w)
{
    build(w);
    save(w, PEOPLE, MR_DECIDE_CONFLICT, "1|a|2|2026-01-01", "unique", NULL);
    add_step(w, PEOPLE, MR_STEP_DELETE, 1, "7|e|7|2026-01-01", NULL);
}

static void test_failures(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    world_each_failure(build_rows, work);
    build(w);
    ask.fails = MR_E_LOST;
    assert_int_equal(work(w, &w->err), MR_E_LOST);
    ask.fails = MR_OK;
    w->mains[MR_TARGET].db = NULL;
    world_refuse(w, work(w, &w->err), MR_E_LOST, "the connection to the target is gone");
    world_free(w);
}

/* There is no room for the kinds of conflicts: that is said, and they are not looked at. */
static void test_memory(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build_rows(w);
    ask.no_memory = true;
    assert_int_equal(work(w, &w->err), MR_E_NOMEM);
    ask.no_memory = false;
    world_free(w);
}

/* MariaDB 12 has triggers of several events: each that the plan meets, and each that undo meets. */
static void test_trigger_events(void **state)
{
    static const struct mr_trigger several[] = {
        {.name = "iud", .timing = "AFTER", .event = "INSERT,UPDATE, delete"},
        {.name = "iud2", .timing = "AFTER", .event = "INSERT,UPDATE,DELETE"}};
    static const char *const events[] = {"INSERT", "UPDATE", "DELETE"};
    struct world *w = calloc(1, sizeof *w);
    struct mr_planned planned = {0};
    (void)state;
    build(w);
    w->tables[PEOPLE].side[MR_TARGET].triggers = several;
    w->tables[PEOPLE].side[MR_TARGET].ntriggers = LEN(several);
    add_step(w, PEOPLE, MR_STEP_INSERT, 1, NULL, "7|e|7|2026-01-01");
    add_step(w, PEOPLE, MR_STEP_UPDATE, 1, "8|e|1|2026-01-01", "8|f|1|2026-01-01");
    add_step(w, PEOPLE, MR_STEP_DELETE, 1, "9|e|1|2026-01-01", NULL);
    world_run(w, sum_up(w, &planned, &w->err));
    const struct mr_planned_table *p = &planned.tables[PEOPLE];
    assert_int_equal(p->ntriggers, LEN(events) * LEN(several));
    assert_int_equal(p->nundo_triggers, LEN(events) * LEN(several));
    for (size_t i = 0; i < p->ntriggers; i++) {
        assert_string_equal(p->triggers[i].event, events[i / LEN(several)]);
        assert_string_equal(p->triggers[i].name, several[i % LEN(several)].name);
    }
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describe),       cmocka_unit_test(test_counts),
        cmocka_unit_test(test_nothing),        cmocka_unit_test(test_triggers),
        cmocka_unit_test(test_trigger_events), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
