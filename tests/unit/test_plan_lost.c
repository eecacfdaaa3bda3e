/* test_plan_lost.c: columns that the two sides of a planned table do not share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "repair/plan/plan_lost.h"
#include "script_world.h"

/* What a side's reader gives: rows of values, the lost column last. */
static const struct mr_value *rows[4];
static size_t nrows, fetched, scanned;
static enum mr_code read_code;

static enum mr_code give(mr_row_fn *fn, void *ctx, struct mr_err *err)
{
    if (read_code != MR_OK)
        return mr_err_set(err, read_code, "it cannot be read");
    for (size_t i = 0; i < nrows; i++)
        MR_TRY(fn(ctx, rows[i], err));
    return MR_OK;
}

static enum mr_code fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                          const struct mr_key *keys, size_t nkeys, mr_row_fn *fn, void *ctx,
                          struct mr_err *err)
{
    (void)reader, (void)keys;
    assert_string_equal(spec->cols[spec->ncols - 1].name, "lo`st");
    fetched += nkeys;
    return give(fn, ctx, err);
}

static enum mr_code scan(struct mr_reader *reader, const struct mr_readspec *spec,
                         struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                         struct mr_err *err)
{
    (void)reader, (void)spec, (void)range, (void)limit;
    scanned++;
    return give(fn, ctx, err);
}

static const struct mr_source_ops ops = {.fetch = fetch, .scan = scan};

/* A table of which one side has a column more. */
static void begin(struct world *w, const char *columns, enum mr_side side, struct mr_column column)
{
    static struct mr_column all[WORLD_COLUMNS];
    static struct mr_table wider;
    world_begin(w);
    w->source.ops = &ops;
    world_table(w, "t", columns);
    memset(rows, 0, sizeof rows);
    nrows = fetched = scanned = 0;
    read_code = MR_OK;
    memcpy(all, w->own[0].columns, sizeof w->own[0].columns);
    wider = w->own[0].live;
    wider.columns = all;
    all[wider.ncolumns] = column;
    all[wider.ncolumns].name = "lo`st";
    all[wider.ncolumns].data_type = "int";
    wider.ncolumns++;
    w->own[0].pair.side[side] = &wider;
    w->own[0].pair.find.keyless = w->tables[0].key.count == 0;
}

static void save(struct world *w, const char *source, const char *target, enum mr_decision decision)
{
    const struct mr_plan_table *t = &w->tables[0];
    struct mr_entity e = {.decision = decision,
                          .source_key = world_row(w, t, source),
                          .target_key = world_row(w, t, target),
                          .source = world_row(w, t, source),
                          .target = world_row(w, t, target)};
    assert_int_equal(mr_plan_store_save(w->store, &e, NULL), MR_OK);
}

static void lost_is(struct world *w, const char *wanted)
{
    struct mr_err err = {0};
    const enum mr_code code = mr_plan_lost_check(&w->plan, w->store, &err);
    if (code != (wanted != NULL ? MR_E_REFUSED : MR_OK))
        fail_msg("%d: %s", code, err.message);
    if (wanted != NULL)
        assert_non_null(strstr(err.message, wanted));
}

static const struct mr_value with[] = {{.cls = MR_CLASS_INT, .i = 1},
                                       {.cls = MR_CLASS_INT, .i = 5}};
static const struct mr_value zero[] = {{.cls = MR_CLASS_INT, .i = 1},
                                       {.cls = MR_CLASS_INT, .i = 0}};
static const struct mr_value none[] = {{.cls = MR_CLASS_INT, .i = 1}, {.cls = MR_CLASS_NULL}};

/* A column that SOURCE alone has: values of rows that are written, but for NULL and the default. */
static void test_source(void **state)
{
    static const struct {
        enum mr_decision decision;
        const struct mr_value *row;
        size_t fetched;
        const char *wanted;
    } cases[] = {
        {MR_DECIDE_INSERT, with, 1, "o`dd.t.lo`st (1 value)"},
        {MR_DECIDE_RENUMBER, with, 1, "o`dd.t.lo`st (1 value)"},
        {MR_DECIDE_UPDATE, with, 1, "o`dd.t.lo`st (1 value)"},
        {MR_DECIDE_INSERT, zero, 1, NULL}, /* the default */
        {MR_DECIDE_INSERT, none, 1, NULL},
        {MR_DECIDE_SAME, with, 0, NULL},
        {MR_DECIDE_DELETE, with, 0, NULL},
        {MR_DECIDE_CONFLICT, with, 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, "id:int#", MR_SOURCE,
              (struct mr_column){.cls = MR_CLASS_INT, .default_text = "0", .nullable = true});
        rows[0] = cases[i].row;
        nrows = 1;
        save(&w, "1", "1", cases[i].decision);
        lost_is(&w, cases[i].wanted);
        assert_int_equal(fetched, cases[i].fetched);
        world_end(&w);
    }
}

/* What was dismissed, or is computed, is no loss. */
static void test_not_lost(void **state)
{
    static const char *ignored[] = {"LO`ST"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct world w;
        begin(
            &w, "id:int#", MR_SOURCE,
            (struct mr_column){
                .cls = MR_CLASS_INT, .nullable = true, .generated = i == 1, .system_time = i == 2});
        w.own[0].config.ignore_columns = (struct mr_string_list){ignored, i == 0};
        rows[0] = with;
        nrows = 1;
        save(&w, "1", NULL, MR_DECIDE_INSERT);
        lost_is(&w, NULL);
        assert_int_equal(fetched, 0);
        world_end(&w);
    }
}

/* A column that TARGET alone has, is NOT NULL and has no default: no row can be inserted. */
static void test_new(void **state)
{
    static const struct {
        struct mr_column column;
        enum mr_decision decision;
        bool refused;
    } cases[] = {
        {{.cls = MR_CLASS_INT}, MR_DECIDE_INSERT, true},
        {{.cls = MR_CLASS_INT}, MR_DECIDE_RENUMBER, true},
        {{.cls = MR_CLASS_INT}, MR_DECIDE_UPDATE, false},
        {{.cls = MR_CLASS_INT, .nullable = true}, MR_DECIDE_INSERT, false},
        {{.cls = MR_CLASS_INT, .default_text = "0"}, MR_DECIDE_INSERT, false},
        {{.cls = MR_CLASS_INT, .generated = true}, MR_DECIDE_INSERT, false},
        {{.cls = MR_CLASS_INT, .auto_increment = true}, MR_DECIDE_INSERT, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, "id:int#", MR_TARGET, cases[i].column);
        save(&w, "1", "1", cases[i].decision);
        lost_is(&w, cases[i].refused
                        ? "column \"lo`st\" of the target's table \"o`dd.t\" is NOT NULL without a "
                          "default, and the source has no such column: 1 planned row would have no "
                          "value for it"
                        : NULL);
        world_end(&w);
    }
}

/* Rows to be deleted: undo gives such a column its default, so that other values are a loss. */
static void test_deletes(void **state)
{
    static const struct {
        struct mr_column column;
        const struct mr_value *row;
        bool refused;
    } cases[] = {
        {{.cls = MR_CLASS_INT, .default_text = "0"}, with, true},
        {{.cls = MR_CLASS_INT, .default_text = "0"}, zero, false},
        {{.cls = MR_CLASS_INT, .default_text = "0", .nullable = true}, none, true},
        {{.cls = MR_CLASS_INT, .nullable = true}, none, false},
        {{.cls = MR_CLASS_INT, .nullable = true}, zero, true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, "id:int#", MR_TARGET, cases[i].column);
        rows[0] = cases[i].row;
        nrows = 1;
        save(&w, NULL, "1", MR_DECIDE_DELETE);
        lost_is(&w, cases[i].refused
                        ? "only the target has these columns, and undo could not bring "
                          "back what rows to be deleted hold there: o`dd.t.lo`st (1 "
                          "value)"
                        : NULL);
        world_end(&w);
    }
}

/* Without a key each row of the table that is equal otherwise counts, since any may go. */
static void test_keyless(void **state)
{
    static const struct mr_value other[] = {{.cls = MR_CLASS_INT, .i = 2},
                                            {.cls = MR_CLASS_INT, .i = 5}};
    struct world w;
    (void)state;
    begin(&w, "id:int", MR_TARGET, (struct mr_column){.cls = MR_CLASS_INT, .default_text = "0"});
    rows[0] = with;
    rows[1] = other;
    rows[2] = with;
    rows[3] = zero;
    nrows = 4;
    save(&w, NULL, "1", MR_DECIDE_DELETE);
    lost_is(&w, "o`dd.t.lo`st (2 values)");
    assert_int_equal(scanned, 1);
    assert_int_equal(fetched, 0);
    world_end(&w);
}

/* What cannot be read is not "no values". */
static void test_unread(void **state)
{
    struct world w;
    struct mr_err err = {0};
    (void)state;
    begin(&w, "id:int#", MR_SOURCE, (struct mr_column){.cls = MR_CLASS_INT, .nullable = true});
    read_code = MR_E_LOST;
    save(&w, "1", NULL, MR_DECIDE_INSERT);
    assert_int_equal(mr_plan_lost_check(&w.plan, w.store, &err), MR_E_LOST);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source),  cmocka_unit_test(test_not_lost),
        cmocka_unit_test(test_new),     cmocka_unit_test(test_deletes),
        cmocka_unit_test(test_keyless), cmocka_unit_test(test_unread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
