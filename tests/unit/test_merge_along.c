/* test_merge_along.c: children of SOURCE's that a foreign key took along, and of which its log has an event: they
 * follow their parent (merge_told.h). */
#include "told_members.h"

#include "repair/merge/merge_told.h"

#define GOOD MR_WITNESS_GOOD
#define BLIND MR_WITNESS_BLIND
#define PARENT "7|1|x|0"
#define CHILD "3|7|a"
#define GONE(row)                                                                                  \
    {                                                                                              \
        0, row, NULL, 0, 0                                                                         \
    }

struct along_case {
    const char *what;
    const char *row, *live; /* of orders 3; 3|7|a at the split */
    bool live_changed;
    struct told_mark parent; /* SOURCE's, of members 7 */
    const char *from;        /* the key that SOURCE gave to members 9; NULL: it did not touch it */
    enum mr_witness parents;
    bool acts; /* the foreign key may take it along */
    const char *changed;
    const char *to; /* what the foreign key leads to; NULL: the key of members */
};

static const struct along_case alongs[] = {
    {"NULL, and its parent was deleted", "3|NULL|a", "3|7|a", false, GONE(PARENT), NULL, GOOD, true,
     "cascade", NULL},
    {"deleted, and made again",
     "3|NULL|a",
     "3|7|a",
     false,
     {MR_MARK_AGAIN, PARENT, PARENT, 0, 0},
     NULL,
     GOOD,
     true,
     "cascade",
     NULL},
    {"TARGET has set another", "3|NULL|a", "3|8|a", true, GONE(PARENT), NULL, GOOD, true, "target",
     NULL},
    {"the parent is there still",
     "3|NULL|a",
     "3|7|a",
     false,
     {0},
     NULL,
     GOOD,
     true,
     "source",
     NULL},
    {"nobody knows of the parent", "3|NULL|a", "3|7|a", false, GONE(PARENT), NULL, BLIND, true,
     "unseen", NULL},
    {"its parent is known by what is no key", "3|NULL|a", "3|7|a", false, GONE(PARENT), NULL, GOOD,
     true, "unseen", "mobile"},
    {"so it is, and TARGET has set another", "3|NULL|a", "3|8|a", true, GONE(PARENT), NULL, GOOD,
     true, "both", "mobile"},
    {"the foreign key does not act", "3|NULL|a", "3|7|a", false, GONE(PARENT), NULL, GOOD, false,
     "source", NULL},
    {"the key that its parent was given",
     "3|9|a",
     "3|7|a",
     false,
     {0},
     "7|1|x|0",
     GOOD,
     true,
     "cascade",
     NULL},
    {"that of another", "3|9|a", "3|7|a", false, {0}, "6|1|x|0", GOOD, true, "source", NULL},
};

/* tx: the child's transaction; that of the parent is 0. */
static void build_along(struct world *w, const struct along_case *c, int64_t tx)
{
    static const unsigned char acts[3] = {0, MR_UNLOGGED_NULL | MR_UNLOGGED_VALUE, 0};
    struct told t;
    told_members(w);
    told_foreign_key(w, 0, MR_SOURCE, "CASCADE", "SET NULL", c->to);
    told_begin(w, &t);
    told_table(&t, MEMBERS, c->parents, GOOD);
    told_table(&t, ORDERS, GOOD, GOOD);
    if (c->parent.first != NULL)
        told_mark(&t, MEMBERS, MR_SOURCE, PARENT, c->parent);
    if (c->from != NULL) {
        const struct mr_evidence_mark mark = {.key = world_key(w, MEMBERS, "9|1|x|0"),
                                              .flags = MR_MARK_ABSENT_BEFORE | MR_MARK_CAME,
                                              .changes = 1,
                                              .last = told_image(w, MEMBERS, "9|1|x|0"),
                                              .has_images = true,
                                              .came = world_key(w, MEMBERS, c->from)};
        TOLD_DO(&t, mr_evidence_mark_put(t.writer, t.tables[MEMBERS], MR_SOURCE, &mark, NULL));
    }
    told_mark(&t, ORDERS, MR_SOURCE, CHILD, (struct told_mark){0, CHILD, c->row, tx, tx});
    if (c->live_changed)
        told_mark(&t, ORDERS, MR_TARGET, CHILD, (struct told_mark){0, CHILD, c->live, 0, 0});
    told_end(&t);
    w->merged[ORDERS].unlogged[MR_SOURCE] = c->acts ? acts : NULL;
    w->cat[MR_SOURCE].server = (struct mr_server){.flavour = MR_FLAVOUR_MYSQL, .version = 90600};
}

static enum mr_code read_along(struct world *w, const struct along_case *c, const char **changed,
                               struct mr_err *err)
{
    struct mr_merge_told_row told;
    bool is = false;
    const struct mr_key images[MR_SIDES] = {world_image(w, ORDERS, c->row),
                                            world_image(w, ORDERS, c->live)};
    mr_merge_told_init(&told);
    const enum mr_code code = mr_merge_told_read(&told, &w->m, &w->merged[ORDERS],
                                                 world_key(w, ORDERS, CHILD), images, &is, err);
    if (code == MR_OK)
        *changed = mr_changed_name(mr_explain_column(&told.explain, 1)->changed);
    mr_merge_told_release(&told);
    return code;
}

static void test_along(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(alongs); i++) {
        struct world *w = calloc(1, sizeof *w);
        const char *changed = "";
        build_along(w, &alongs[i], 0);
        world_run(w, read_along(w, &alongs[i], &changed, &w->err));
        if (strcmp(changed, alongs[i].changed) != 0)
            fail_msg("%s: %s", alongs[i].what, changed);
        world_free(w);
    }
}

/* What an edit of the child is called that is none of its parent's; a log that may have others', and does not tell of
 * the parent by this column, leaves it open. */
static const char *edited(const struct along_case *c, bool may_be_logged)
{
    if (may_be_logged && (c->parents == BLIND || c->to != NULL))
        return c->changed;
    return c->live_changed ? "both" : "source";
}

/* Of an event of its own nobody says that the row went along: no log of that server has such, or another
 * transaction has made it. */
static void test_edited(void **state)
{
    static const struct mr_server silent[] = {
        {.flavour = MR_FLAVOUR_MARIADB, .version = 120300},
        {.flavour = MR_FLAVOUR_MYSQL, .version = 90500},
        {.flavour = MR_FLAVOUR_MYSQL, .version = 90600}, /* with a transaction of its own */
    };
    (void)state;
    for (size_t i = 0; i < LEN(alongs) * LEN(silent); i++) {
        const struct along_case *c = &alongs[i / LEN(silent)];
        const size_t at = i % LEN(silent);
        struct world *w = calloc(1, sizeof *w);
        const char *changed = "";
        build_along(w, c, at == LEN(silent) - 1 ? 1 : 0);
        w->cat[MR_SOURCE].server = silent[at];
        world_run(w, read_along(w, c, &changed, &w->err));
        if (strcmp(changed, edited(c, silent[at].version == 90600)) != 0)
            fail_msg("%s, server %zu: %s", c->what, at, changed);
        world_free(w);
    }
}

static void build_first_along(struct world *w)
{
    build_along(w, &alongs[0], 0);
}

static enum mr_code work_along(struct world *w, struct mr_err *err)
{
    const char *changed;
    return read_along(w, &alongs[0], &changed, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_first_along, work_along);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_along), cmocka_unit_test(test_edited),
                                       cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
