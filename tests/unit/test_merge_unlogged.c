/* test_merge_unlogged.c: which columns of a plan may have changed without an event of their own: by what their
 * foreign keys do, and by what the logs say of the parents. */
#include "told_world.h"

#include "core/case/explain.h"
#include "repair/merge/merge_unlogged.h"

enum { MEMBERS, ORDERS };

#define GOOD MR_WITNESS_GOOD
#define PARENT "7|1|x"

struct line {
    const char *what;
    const char *on_delete, *on_update;
    bool by_mobile; /* the key refers to another column than the parent's key */
    enum mr_witness parents;
    bool gone_on;
    struct told_mark parent; /* as TARGET's log has it */
    const char *unlogged;    /* of TARGET's orders: id, member, note, sum; in octal */
};

#define NOTHING                                                                                    \
    {                                                                                              \
        0                                                                                          \
    }
#define MARK(flags, first, last)                                                                   \
    {                                                                                              \
        (flags), (first), (last), 0, 0                                                             \
    }

static const struct line lines[] = {
    {"SET NULL, of a parent that was deleted", "SET NULL", "RESTRICT", false, GOOD, false,
     MARK(0, PARENT, NULL), "0144"},
    {"of one that was made again", "SET NULL", "RESTRICT", false, GOOD, false,
     MARK(MR_MARK_AGAIN, PARENT, PARENT), "0144"},
    {"of one that was changed", "SET NULL", "RESTRICT", false, GOOD, false,
     MARK(0, PARENT, "7|1|y"), "0044"},
    {"of one that nobody touched", "SET NULL", "CASCADE", false, GOOD, false, NOTHING, "0044"},
    {"no logs of the parents", "SET NULL", "CASCADE", false, MR_WITNESS_BLIND, false, NOTHING,
     "0344"},
    {"logs that were not read as far as the rows", "SET NULL", "CASCADE", false, GOOD, true,
     NOTHING, "4744"},
    {"a rule that is not known", NULL, NULL, false, MR_WITNESS_BLIND, false, NOTHING, "0344"},
    {"SET DEFAULT", "SET DEFAULT", "SET DEFAULT", false, MR_WITNESS_BLIND, false, NOTHING, "0244"},
    {"ON UPDATE SET NULL", "RESTRICT", "SET NULL", false, MR_WITNESS_BLIND, false, NOTHING, "0144"},
    {"CASCADE, of a parent that got its key from another", "RESTRICT", "CASCADE", false, GOOD,
     false, MARK(MR_MARK_CAME, NULL, PARENT), "0244"},
    {"of one that was changed in other columns", "RESTRICT", "CASCADE", false, GOOD, false,
     MARK(0, PARENT, "7|1|y"), "0044"},
    {"where another column is referred to, that may be the one", "RESTRICT", "CASCADE", true, GOOD,
     false, MARK(0, PARENT, "7|2|x"), "0244"},
    {"which is not that of an insertion", "RESTRICT", "CASCADE", true, GOOD, false,
     MARK(0, NULL, PARENT), "0044"},
    {"a rule that takes no columns along", "CASCADE", "RESTRICT", false, GOOD, false,
     MARK(0, PARENT, NULL), "0044"},
    {"no rule that acts", "RESTRICT", "NO ACTION", false, MR_WITNESS_BLIND, false, NOTHING, "0044"},
};

static void refer(struct world *w, const struct line *line)
{
    static const char *from[] = {"member"}, *key[] = {"id"}, *mobile[] = {"mobile"};
    struct mr_foreign_key *fk = mr_arena_calloc(&w->arena, 1, sizeof *fk);
    struct mr_table *child = &w->tables[ORDERS].side[MR_TARGET];
    *fk = (struct mr_foreign_key){.name = "fk",
                                  .columns = from,
                                  .ref_db = w->tables[MEMBERS].side[MR_TARGET].db,
                                  .ref_table = w->tables[MEMBERS].side[MR_TARGET].name,
                                  .ref_columns = line->by_mobile ? mobile : key,
                                  .ncolumns = 1,
                                  .on_update = line->on_update,
                                  .on_delete = line->on_delete};
    child->fks = fk;
    child->nfks = 1;
}

static void list_tables(struct world *w)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_table *tables = mr_arena_calloc(&w->arena, w->plan.ntables, sizeof *tables);
        for (size_t i = 0; i < w->plan.ntables; i++)
            tables[i] = w->tables[i].side[side];
        w->cat[side].tables = tables;
        w->cat[side].ntables = w->plan.ntables;
    }
}

static void build(struct world *w, const struct line *line)
{
    struct told t;
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! city:text?");
    world_table(w, "orders", "id:int# member:int? note:text?~ sum:int=");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    refer(w, line);
    world_open_case(w);
    told_still(w);
    w->m.is_still[MR_TARGET] = !line->gone_on;
    told_begin(w, &t);
    told_table(&t, MEMBERS, GOOD, line->parents);
    told_table(&t, ORDERS, GOOD, GOOD);
    if (line->parent.flags != 0 || line->parent.first != NULL || line->parent.last != NULL)
        told_mark(&t, MEMBERS, MR_TARGET, PARENT, line->parent);
    told_end(&t);
    list_tables(w);
}

/* What is ignored and what is generated may be left out, whatever foreign keys do. */
static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const struct line *line = &lines[i];
        struct world *w = calloc(1, sizeof *w);
        char found[5] = "";
        build(w, line);
        world_run(w, mr_merge_unlogged_find(&w->m, &w->err));
        for (size_t c = 0; c < 4; c++)
            found[c] = (char)('0' + w->merged[ORDERS].unlogged[MR_TARGET][c]);
        if (strcmp(found, line->unlogged) != 0)
            fail_msg("%s: %s, not %s", line->what, found, line->unlogged);
        assert_int_equal(w->merged[ORDERS].unlogged[MR_SOURCE][1], 0);
        world_free(w);
    }
}

/* A table without logs is none that anybody asks about. */
static void test_no_logs(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w, &lines[0]);
    w->merged[ORDERS].told = 0;
    world_run(w, mr_merge_unlogged_find(&w->m, &w->err));
    assert_null(w->merged[ORDERS].unlogged[MR_TARGET]);
    assert_non_null(w->merged[MEMBERS].unlogged[MR_TARGET]);
    world_free(w);
}

static void build_first(struct world *w)
{
    build(w, &lines[0]);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_unlogged_find(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_first, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_no_logs),
                                       cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
