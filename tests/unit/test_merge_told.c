/* test_merge_told.c: what the logs tell of a row: what stood at the split, whether it is to be left
 * deleted, and what went along with it. */
#include "told_members.h"

#include "repair/merge/merge_told.h"
#include "repair/merge/merge_unlogged.h"

/* ---- one row ---- */

enum stands { IS_STILL = 0, TARGET_WENT_ON, SOURCE_WENT_ON, BOTH_WENT_ON };

struct row_case {
    const char *what;
    enum mr_witness source, target;
    enum stands stands;
    const char *row, *live;    /* today's; live NULL: TARGET has none */
    struct told_mark marks[2]; /* first and last NULL, and no flags: the log does not know it */
    const char *told;          /* the base, and who has changed which column */
    const char *past;          /* "past left" as noted; "": not at all */
};

#define GOOD MR_WITNESS_GOOD
#define NONE MR_WITNESS_NONE
#define BLIND MR_WITNESS_BLIND
#define BROKEN MR_WITNESS_BROKEN
#define LACKS MR_WITNESS_INCOMPLETE

static const struct row_case rows[] = {
    /* both logs, which agree */
    {"SOURCE has changed it",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|1|x|0",
     {{0, "7|1|x|0", "7|1|south|0", 0, 0}, {0}},
     "row city=source",
     "2 0"},
    {"TARGET has",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|x|0",
     "7|1|north|0",
     {{0}, {0, "7|1|x|0", "7|1|north|0", 0, 0}},
     "row city=target",
     "2 0"},
    {"both have, each another column",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|2|x|0",
     {{0, "7|1|x|0", "7|1|south|0", 0, 0}, {0, "7|1|x|0", "7|2|x|0", 0, 0}},
     "row mobile=target city=source",
     "2 0"},
    {"both have the same one",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|1|north|0",
     {{0, "7|1|x|0", "7|1|south|0", 0, 0}, {0, "7|1|x|0", "7|1|north|0", 0, 0}},
     "row city=both",
     "2 0"},
    {"SOURCE has inserted it",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     NULL,
     {{0, NULL, "7|1|south|0", 0, 0}, {0}},
     "none id=source mobile=source city=source",
     "1 0"},
    {"both have",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|2|north|0",
     {{0, NULL, "7|1|south|0", 0, 0}, {0, NULL, "7|2|north|0", 0, 0}},
     "none id=alike mobile=both city=both",
     "1 0"},
    {"SOURCE has given it this key",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     NULL,
     {{MR_MARK_CAME, NULL, "7|1|south|0", 0, 0}, {0}},
     "none id=source mobile=source city=source",
     "2 0"},
    {"SOURCE has given it this key, and TARGET has made somebody else under it",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|2|x|0",
     {{MR_MARK_CAME, NULL, "7|1|south|0", 0, 0}, {0, NULL, "7|2|x|0", 0, 0}},
     "none id=alike mobile=both city=both",
     "3 0"},
    /* what is not compared, no log is asked about */
    {"a column that is not compared",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|x|5",
     "7|1|north|6",
     {{0}, {0, "7|1|x|?", "7|1|north|?", 0, 0}},
     "row city=target seen=unseen",
     "2 0"},
    /* what TARGET has deleted stays so, where SOURCE had left it as it was */
    {"deleted there, and left here",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|x|0",
     NULL,
     {{0}, {0, "7|1|x|0", NULL, 0, 0}},
     "row",
     "2 1"},
    {"deleted there, and changed here",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     NULL,
     {{0, "7|1|x|0", "7|1|south|0", 0, 0}, {0, "7|1|x|0", NULL, 0, 0}},
     "row city=source",
     "2 0"},
    {"changed here and back",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|x|0",
     NULL,
     {{0, "7|1|x|0", "7|1|x|0", 0, 0}, {0, "7|1|x|0", NULL, 0, 0}},
     "row",
     "2 1"},
    {"changed here in what is not compared alone",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|x|8",
     NULL,
     {{0, "7|1|x|0", "7|1|x|8", 0, 0}, {0, "7|1|x|0", NULL, 0, 0}},
     "row",
     "2 1"},
    {"whether it was changed here is not seen",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|x|0",
     NULL,
     {{0, "7|1|?|0", "7|1|x|0", 0, 0}, {0, "7|1|?|0", NULL, 0, 0}},
     "row city=unseen",
     "2 0"},
    {"no log shows the deletion",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|x|0",
     NULL,
     {{0}, {0}},
     "contradicted",
     ""},
    /* one log alone */
    {"SOURCE's log alone: TARGET's change is inferred",
     GOOD,
     NONE,
     IS_STILL,
     "7|1|x|0",
     "7|1|north|0",
     {{0}, {0}},
     "row city=target",
     "2 0"},
    {"SOURCE's log alone: its own change",
     GOOD,
     NONE,
     IS_STILL,
     "7|1|south|0",
     "7|1|x|0",
     {{0, "7|1|x|0", "7|1|south|0", 0, 0}, {0}},
     "row city=source",
     "2 0"},
    {"TARGET's log alone",
     NONE,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|1|x|0",
     {{0}, {0}},
     "row city=source",
     "2 0"},
    {"one that was not read to its end says as little",
     GOOD,
     LACKS,
     IS_STILL,
     "7|1|x|0",
     NULL,
     {{0}, {0}},
     "row",
     "2 1"},
    {"nor one that was loaded anew",
     GOOD,
     BLIND,
     IS_STILL,
     "7|1|x|0",
     NULL,
     {{0}, {0}},
     "row",
     "2 0"},
    {"nor one whose images do not chain",
     GOOD,
     BROKEN,
     IS_STILL,
     "7|1|x|0",
     NULL,
     {{0}, {0}},
     "row",
     "2 0"},
    {"TARGET's log alone, which does not show the deletion",
     NONE,
     GOOD,
     IS_STILL,
     "7|1|x|0",
     NULL,
     {{0}, {0}},
     "none id=source mobile=source city=source",
     "1 0"},
    {"neither", NONE, NONE, IS_STILL, "7|1|south|0", "7|1|x|0", {{0}, {0}}, "unknown", ""},
    {"both blind", BLIND, BLIND, IS_STILL, "7|1|south|0", "7|1|x|0", {{0}, {0}}, "unknown", ""},
    /* a side that has gone on since */
    {"TARGET has: what it has now is its own doing",
     GOOD,
     GOOD,
     TARGET_WENT_ON,
     "7|1|x|0",
     "7|1|later|0",
     {{0}, {0, "7|1|x|0", "7|1|north|0", 0, 0}},
     "row city=target",
     "2 0"},
    {"TARGET has, in a row that its log does not know",
     GOOD,
     GOOD,
     TARGET_WENT_ON,
     "7|1|x|0",
     "7|1|later|0",
     {{0}, {0}},
     "row city=target",
     "2 0"},
    {"TARGET has deleted since",
     GOOD,
     GOOD,
     TARGET_WENT_ON,
     "7|1|x|0",
     NULL,
     {{0}, {0, "7|1|x|0", "7|1|north|0", 0, 0}},
     "row",
     "2 0"},
    {"SOURCE has: only TARGET's log counts",
     GOOD,
     GOOD,
     SOURCE_WENT_ON,
     "7|1|south|0",
     "7|1|x|0",
     {{0}, {0}},
     "row city=source",
     "2 0"},
    {"both have: nobody's",
     GOOD,
     GOOD,
     BOTH_WENT_ON,
     "7|1|south|0",
     "7|1|x|0",
     {{0}, {0}},
     "unknown",
     ""},
    /* they disagree */
    {"two bases, in a column",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|1|north|0",
     {{0, "7|1|x|0", "7|1|south|0", 0, 0}, {0, "7|1|y|0", "7|1|north|0", 0, 0}},
     "row bases-differ city=unexplained",
     "2 0"},
    {"two bases, of one value by now",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|z|0",
     "7|2|z|0",
     {{0, "7|1|x|0", "7|1|z|0", 0, 0}, {0, "7|1|y|0", "7|2|z|0", 0, 0}},
     "row bases-differ mobile=target",
     "2 0"},
    {"it stood, and did not",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|2|x|0",
     {{0, "7|1|x|0", "7|1|south|0", 0, 0}, {0, NULL, "7|2|x|0", 0, 0}},
     "contradicted",
     ""},
    {"a word of TARGET's that contradicts stands, however late it was read",
     GOOD,
     GOOD,
     TARGET_WENT_ON,
     "7|1|south|0",
     "7|1|later|0",
     {{0, "7|1|x|0", "7|1|south|0", 0, 0}, {0, "7|1|y|0", "7|1|north|0", 0, 0}},
     "row bases-differ city=not told",
     "2 0"},
    /* images with columns unseen */
    {"unseen on both sides",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|1|north|0",
     {{0, "7|?|?|0", "7|?|south|0", 0, 0}, {0, "7|?|?|0", "7|?|north|0", 0, 0}},
     "row city=unseen",
     "2 0"},
    {"unseen on one",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|2|x|0",
     {{0, "7|?|?|0", "7|?|south|0", 0, 0}, {0, "7|1|x|0", "7|2|x|0", 0, 0}},
     "row mobile=target city=source",
     "2 0"},
    /* marks that say nothing for certain */
    {"images that do not chain: SOURCE's row tells nothing",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|1|north|0",
     {{MR_MARK_BROKEN, "7|1|y|0", "7|1|south|0", 0, 0}, {0, "7|1|x|0", "7|1|north|0", 0, 0}},
     "row city=both",
     "2 0"},
    {"not kept, of TARGET: inferred from SOURCE's",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|x|0",
     "7|1|north|0",
     {{0}, {MR_MARK_PARTIAL, NULL, NULL, 0, 0}},
     "row city=target",
     "2 0"},
    {"after transactions of both there is no moment of the split",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|1|x|0",
     {{MR_MARK_SHARED, "7|1|x|0", "7|1|south|0", 0, 0}, {0}},
     "unknown",
     ""},
    /* a key that was given away */
    {"TARGET has made another under it",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|x|0",
     "7|2|y|0",
     {{0}, {MR_MARK_AGAIN, "7|1|x|0", "7|2|y|0", 0, 0}},
     "row mobile=target city=target",
     "3 0"},
    {"SOURCE has",
     GOOD,
     GOOD,
     IS_STILL,
     "7|2|y|0",
     "7|1|x|0",
     {{MR_MARK_AGAIN, "7|1|x|0", "7|2|y|0", 0, 0}, {0}},
     "row mobile=source city=source",
     "3 0"},
    {"the same one again, as by REPLACE",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|y|0",
     "7|1|x|0",
     {{MR_MARK_AGAIN, "7|1|x|0", "7|1|y|0", 0, 0}, {0}},
     "row city=source",
     "2 0"},
    {"who was there is not known",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|y|0",
     "7|1|x|0",
     {{MR_MARK_AGAIN, "7|?|x|0", "7|1|y|0", 0, 0}, {MR_MARK_PARTIAL, "7|?|x|0", "7|1|x|0", 0, 0}},
     "row mobile=unseen city=source",
     "3 0"},
    {"what no image of TARGET shows it has left as it was",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|y|0",
     "7|1|x|0",
     {{MR_MARK_AGAIN, "7|?|x|0", "7|1|y|0", 0, 0}, {MR_MARK_PARTIAL, "7|?|x|0", "7|?|x|0", 0, 0}},
     "row city=source",
     "2 0"},
    {"each has changed another column, of which the other's images show nothing",
     GOOD,
     GOOD,
     IS_STILL,
     "7|1|south|0",
     "7|2|x|0",
     {{MR_MARK_PARTIAL, "7|?|?|?", "7|?|south|?", 0, 0},
      {MR_MARK_PARTIAL, "7|?|?|?", "7|2|?|?", 0, 0}},
     "row mobile=target city=source",
     "2 0"},
    {"not so where TARGET has gone on: it may have changed the city by now",
     GOOD,
     GOOD,
     TARGET_WENT_ON,
     "7|1|south|0",
     "7|2|x|0",
     {{MR_MARK_PARTIAL, "7|?|?|?", "7|?|south|?", 0, 0},
      {MR_MARK_PARTIAL, "7|?|?|?", "7|2|?|?", 0, 0}},
     "row mobile=target city=unseen",
     "2 0"},
};

/* The base, and of each column that somebody has changed, or may have, by whom. */
static void show(struct world *w, const struct mr_merge_told_row *told, bool is)
{
    static const char *const bases[] = {"", "unknown", "none", "row", "contradicted"};
    const struct mr_explain *x = &told->explain;
    mr_strbuf_reset(&w->text);
    mr_strbuf_add_str(&w->text, !is ? "unknown" : bases[x->base]);
    if (!is || x->base == MR_BASE_CONTRADICTED)
        return;
    if (x->bases_differ)
        mr_strbuf_add_str(&w->text, " bases-differ");
    for (size_t i = 0; i < x->columns.count; i++) {
        const struct mr_explain_column *c = mr_explain_column(x, i);
        const char *name = w->tables[MEMBERS].find[i].name;
        const bool of_none =
            x->base != MR_BASE_ROW || !c->differs || told->sides[MR_TARGET].row.ptr == NULL;
        if (c->changed != MR_CHANGED_NOBODY && (strcmp(name, "seen") != 0 || !of_none))
            mr_strbuf_add_fmt(&w->text, " %s=%s", name, mr_changed_name(c->changed));
    }
}

static bool is_known(const struct told_mark *m)
{
    return m->flags != 0 || m->first != NULL || m->last != NULL;
}

static void tell(struct world *w, const struct row_case *c)
{
    struct told t;
    w->m.is_still[MR_SOURCE] = c->stands == IS_STILL || c->stands == TARGET_WENT_ON;
    w->m.is_still[MR_TARGET] = c->stands == IS_STILL || c->stands == SOURCE_WENT_ON;
    told_begin(w, &t);
    told_table(&t, MEMBERS, c->source, c->target);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (is_known(&c->marks[side]))
            told_mark(&t, MEMBERS, (enum mr_side)side, c->row, c->marks[side]);
    told_end(&t);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct row_case *c = &rows[i];
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_told_row told;
        bool is = false;
        told_members(w);
        tell(w, c);
        world_look(w, 1, MEMBERS, c->row, c->live);
        const struct mr_key images[MR_SIDES] = {world_image(w, MEMBERS, c->row),
                                                world_image(w, MEMBERS, c->live)};
        mr_merge_told_init(&told);
        world_run(w, mr_merge_unlogged_find(&w->m, &w->err));
        world_run(w, mr_merge_told_read(&told, &w->m, &w->merged[MEMBERS],
                                        world_key(w, MEMBERS, c->row), images, &is, &w->err));
        show(w, &told, is);
        if (strcmp(w->text.ptr, c->told) != 0)
            fail_msg("%s: %s", c->what, w->text.ptr);
        mr_merge_told_release(&told);
        world_run(w, mr_merge_told(&w->m, &w->err));
        if (strcmp(world_ask(w, "SELECT past, left FROM told"), c->past) != 0)
            fail_msg("%s: noted: %s", c->what, w->text.ptr);
        world_free(w);
    }
}

/* A table that nothing names its rows by: whoever was made again may be another, unless all of it is the same. */
static enum mr_code read_remade(struct world *w, const char *now, bool *is_remade,
                                struct mr_err *err)
{
    struct mr_merge_told_row told;
    bool is = false;
    const struct mr_key images[MR_SIDES] = {world_image(w, ORDERS, "3|7|a"),
                                            world_image(w, ORDERS, now)};
    mr_merge_told_init(&told);
    const enum mr_code code = mr_merge_told_read(&told, &w->m, &w->merged[ORDERS],
                                                 world_key(w, ORDERS, now), images, &is, err);
    if (code == MR_OK)
        *is_remade = mr_merge_told_is_remade(&told, &w->merged[ORDERS], MR_TARGET);
    mr_merge_told_release(&told);
    return code;
}

static void test_nameless(void **state)
{
    static const struct {
        const char *now;
        bool is_remade;
    } cases[] = {{"3|7|b", true}, {"3|7|a", false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct told t;
        bool is_remade = !cases[i].is_remade;
        told_members(w);
        told_begin(w, &t);
        told_table(&t, ORDERS, GOOD, GOOD);
        told_mark(&t, ORDERS, MR_TARGET, "3|7|a",
                  (struct told_mark){MR_MARK_AGAIN, "3|7|a", cases[i].now, 0, 0});
        told_end(&t);
        world_run(w, read_remade(w, cases[i].now, &is_remade, &w->err));
        assert_int_equal(is_remade, cases[i].is_remade);
        world_free(w);
    }
}

/* Another in its place is noted. */
static void test_reused(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct told t;
    (void)state;
    told_members(w);
    told_begin(w, &t);
    told_table(&t, ORDERS, GOOD, GOOD);
    told_mark(&t, ORDERS, MR_SOURCE, "3|7|a",
              (struct told_mark){MR_MARK_AGAIN, "3|7|a", "3|7|b", 0, 0});
    told_end(&t);
    world_look(w, 1, ORDERS, "3|7|b", "3|7|a");
    world_run(w, mr_merge_told(&w->m, &w->err));
    world_expect(w, "SELECT past, left FROM told", "3 0");
    world_free(w);
}

/* ---- rows above the past ---- */

/* Whom the logs know from the split is not above it, wherever the bound is. */
static void test_past(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct told t;
    (void)state;
    told_members(w);
    told_begin(w, &t);
    told_table(&t, MEMBERS, GOOD, GOOD);
    told_mark(&t, MEMBERS, MR_TARGET, "8|2|x|0", (struct told_mark){0, "8|2|x|0", NULL, 0, 0});
    told_mark(&t, MEMBERS, MR_SOURCE, "9|3|x|0", (struct told_mark){0, NULL, "9|3|x|0", 0, 0});
    told_mark(&t, MEMBERS, MR_SOURCE, "7|1|y|0", (struct told_mark){0, "7|1|x|0", "7|1|y|0", 0, 0});
    told_end(&t);
    world_look(w, 1, MEMBERS, "7|1|y|0", "7|1|x|0");
    world_look(w, 2, MEMBERS, "8|2|x|0", NULL);
    world_look(w, 3, MEMBERS, "9|3|x|0", NULL);
    world_look(w, 4, MEMBERS, "6|4|x|0", "6|4|x|0"); /* equal rows are not asked about */
    world_run(w, mr_merge_told(&w->m, &w->err));
    world_expect(w, "SELECT id, above, past FROM w ORDER BY id", "1 0 3; 2 0 2; 3 1 0; 4 1 0");
    world_expect(w, "SELECT id, past, left FROM told ORDER BY id", "1 2 0; 2 2 1; 3 1 0");
    world_free(w);
}

/* ---- what goes along ---- */

struct tree_case {
    const char *what;
    bool cascades;
    enum mr_witness parents;        /* TARGET's log of them */
    struct told_mark parent, child; /* as TARGET's log has them */
    const char *order;              /* SOURCE's, whose log knows it where it is another */
    const char *left;
};

#define PARENT "7|1|x|0"
#define CHILD "3|7|a"
#define GONE(row)                                                                                  \
    {                                                                                              \
        0, row, NULL, 0, 0                                                                         \
    }

static const struct tree_case trees[] = {
    {"gone with its parent, which no log shows", true, GOOD, GONE(PARENT), {0}, CHILD, "1 1; 2 1"},
    {"by a key that does not cascade: it is asked about, and with it whom it hangs on",
     false,
     GOOD,
     GONE(PARENT),
     {0},
     CHILD,
     "1 0"},
    {"deleted itself", false, GOOD, GONE(PARENT), GONE(CHILD), CHILD, "1 1; 2 1"},
    {"the parent's log cannot be relied upon", true, BLIND, GONE(PARENT), {0}, CHILD, "1 0"},
    {"the parent was deleted and made again",
     true,
     GOOD,
     {MR_MARK_AGAIN, PARENT, NULL, 0, 0},
     {0},
     CHILD,
     "1 1; 2 1"},
    {"SOURCE has changed it: one decides about the tree",
     true,
     GOOD,
     GONE(PARENT),
     {0},
     "3|7|b",
     "1 0"},
    {"the parent's deletion is not shown", true, GOOD, {0}, {0}, CHILD, ""},
};

static void build_tree(struct world *w, const struct tree_case *c)
{
    struct told t;
    told_members(w);
    w->tables[ORDERS].side[MR_TARGET].nfks = c->cascades ? 1 : 0;
    told_begin(w, &t);
    told_table(&t, MEMBERS, GOOD, c->parents);
    told_table(&t, ORDERS, GOOD, GOOD);
    if (is_known(&c->parent))
        told_mark(&t, MEMBERS, MR_TARGET, PARENT, c->parent);
    if (is_known(&c->child))
        told_mark(&t, ORDERS, MR_TARGET, CHILD, c->child);
    if (strcmp(c->order, CHILD) != 0)
        told_mark(&t, ORDERS, MR_SOURCE, CHILD, (struct told_mark){0, CHILD, c->order, 0, 0});
    told_end(&t);
    world_look(w, 1, MEMBERS, PARENT, NULL);
    world_look(w, 2, ORDERS, c->order, NULL);
    world_link(w, 2, 0, 1);
}

static void test_trees(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(trees); i++) {
        struct world *w = calloc(1, sizeof *w);
        build_tree(w, &trees[i]);
        assert_int_equal(mr_merge_told_may_cascade(&w->m, &w->merged[ORDERS]), trees[i].cascades);
        assert_false(mr_merge_told_may_cascade(&w->m, &w->merged[MEMBERS]));
        world_run(w, mr_merge_told(&w->m, &w->err));
        if (strcmp(world_ask(w, "SELECT id, left FROM told ORDER BY id"), trees[i].left) != 0)
            fail_msg("%s: %s", trees[i].what, w->text.ptr);
        world_free(w);
    }
}

/* Two children of one parent: what is asked about one is asked about all of the tree. */
static void test_torn(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct told t;
    (void)state;
    told_members(w);
    told_begin(w, &t);
    told_table(&t, MEMBERS, GOOD, GOOD);
    told_table(&t, ORDERS, GOOD, GOOD);
    told_mark(&t, MEMBERS, MR_TARGET, PARENT, (struct told_mark)GONE(PARENT));
    told_mark(&t, MEMBERS, MR_TARGET, "8|2|x|0", (struct told_mark)GONE("8|2|x|0"));
    told_mark(&t, ORDERS, MR_SOURCE, "4|7|b", (struct told_mark){0, NULL, "4|7|b", 0, 0});
    told_end(&t);
    world_look(w, 1, MEMBERS, PARENT, NULL);
    world_look(w, 2, MEMBERS, "8|2|x|0", NULL);
    world_look(w, 3, ORDERS, CHILD, NULL);
    world_look(w, 4, ORDERS, "4|7|b", NULL); /* new on SOURCE */
    world_look(w, 5, ORDERS, "5|8|c", NULL);
    world_link(w, 3, 0, 1);
    world_link(w, 4, 0, 1);
    world_link(w, 5, 0, 2);
    world_run(w, mr_merge_told(&w->m, &w->err));
    world_expect(w, "SELECT id, past, left FROM told ORDER BY id",
                 "1 2 0; 2 2 1; 3 2 0; 4 1 0; 5 2 1");
    world_free(w);
}

/* ---- a rule that the account may not see ---- */

static void test_unknown_rule(void **state)
{
    static const char *const rules[] = {"CASCADE", "RESTRICT", NULL};
    static const bool may[] = {true, false, true};
    (void)state;
    for (size_t i = 0; i < LEN(rules); i++) {
        struct world *w = calloc(1, sizeof *w);
        told_members(w);
        struct mr_foreign_key fk = w->tables[ORDERS].side[MR_TARGET].fks[0];
        fk.on_delete = rules[i];
        w->tables[ORDERS].side[MR_TARGET].fks = &fk;
        assert_int_equal(mr_merge_told_may_cascade(&w->m, &w->merged[ORDERS]), may[i]);
        world_free(w);
    }
}

/* ---- failures ---- */

static void build_some(struct world *w)
{
    build_tree(w, &trees[0]);
    world_look(w, 3, ORDERS, "4|7|b", NULL);
    world_link(w, 3, 0, 1);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_told(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_some, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),         cmocka_unit_test(test_nameless),
        cmocka_unit_test(test_reused),       cmocka_unit_test(test_past),
        cmocka_unit_test(test_trees),        cmocka_unit_test(test_torn),
        cmocka_unit_test(test_unknown_rule), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
