/* test_merge_stranger.c: a key of the past that a side has given to another row: whose row is the one that
 * stands there (merge_told.h)? */
#include "told_members.h"

#include "repair/merge/merge_told.h"

#define GOOD MR_WITNESS_GOOD

/* What a cascade has freed no log tells of: a key of the past that a side has made another row of means two. */
static void test_freed(void **state)
{
    static const struct {
        const char *live;
        int64_t base; /* where the past ends */
        const char *past;
    } cases[] = {
        {"7|2|x|0", 9, "3 0"},
        {"7|1|x|0", 9, ""}, /* the same by its identity */
        {"7|2|x|0", 6, ""}, /* above the past it is lost history */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases) * MR_SIDES; i++) {
        const enum mr_side maker = (enum mr_side)(i % MR_SIDES);
        const char *live = cases[i / MR_SIDES].live;
        struct world *w = calloc(1, sizeof *w);
        struct told t;
        told_members(w);
        told_begin(w, &t);
        told_table(&t, MEMBERS, GOOD, GOOD);
        told_mark(&t, MEMBERS, maker, live,
                  (struct told_mark){0, NULL, maker == MR_SOURCE ? "7|1|south|0" : live, 0, 0});
        told_end(&t);
        w->merged[MEMBERS].bound.base = cases[i / MR_SIDES].base;
        world_look(w, 1, MEMBERS, "7|1|south|0", live);
        world_run(w, mr_merge_told(&w->m, &w->err));
        world_expect(w, "SELECT past, left FROM told", cases[i / MR_SIDES].past);
        world_free(w);
    }
}

/* TARGET's log shows that it made the row, and changed its mobile: was it SOURCE's that it made? */
static void test_copied(void **state)
{
    static const struct {
        const char *what;
        int flags;
        const char *made; /* NULL: that was not kept */
        const char *past;
    } cases[] = {
        {"loaded from a copy", 0, "7|1|y|0", ""},
        {"another, where a cascade had taken SOURCE's", 0, "7|2|south|0", "3 0"},
        {"not seen by what", 0, "7|?|south|0", "3 0"},
        {"not kept", 0, NULL, "3 0"},
        {"a copy, deleted and made again", MR_MARK_AGAIN, "7|1|y|0", "3 0"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct told t;
        told_members(w);
        told_begin(w, &t);
        told_table(&t, MEMBERS, GOOD, GOOD);
        told_changed(&t, MEMBERS, MR_TARGET, "7|2|x|0",
                     (struct told_mark){cases[i].flags, NULL, "7|2|x|0", 0, 0}, 2);
        if (cases[i].made != NULL)
            told_change(&t, MEMBERS, MR_TARGET, "7|2|x|0", 1, MR_CHANGE_INSERT,
                        told_tx(&t, MR_TARGET, 1), cases[i].made);
        told_end(&t);
        w->merged[MEMBERS].bound.base = 9;
        world_look(w, 1, MEMBERS, "7|1|south|0", "7|2|x|0");
        world_run(w, mr_merge_told(&w->m, &w->err));
        if (strcmp(world_ask(w, "SELECT past, left FROM told"), cases[i].past) != 0)
            fail_msg("%s: %s", cases[i].what, w->text.ptr);
        world_free(w);
    }
}

struct came {
    int flags;
    const char *first, *last, *from; /* from: a row of the key that it had; last NULL: no mark */
};

/* Members 7 of both sides, which are one by their identity: who has been given that key? */
static const struct came_case {
    const char *what;
    struct came marks[2];
    bool back; /* TARGET's had that key before it had the other */
    int64_t base;
    const char *past;
} comes[] = {
    {"TARGET gave it to another, and SOURCE has made one",
     {{0, NULL, "7|1|south|0", NULL}, {MR_MARK_CAME, NULL, "7|1|x|0", "6|1|x|0"}},
     false,
     9,
     "3 0"},
    {"above the past, where SOURCE's gets a key of its own",
     {{0, NULL, "7|1|south|0", NULL}, {MR_MARK_CAME, NULL, "7|1|x|0", "6|1|x|0"}},
     false,
     6,
     "1 0"},
    {"both to the same",
     {{MR_MARK_CAME, NULL, "7|1|south|0", "6|1|x|0"}, {MR_MARK_CAME, NULL, "7|1|x|0", "6|1|x|0"}},
     false,
     9,
     "2 0"},
    {"TARGET gave it to another, where a cascade had taken SOURCE's",
     {{0}, {MR_MARK_CAME, NULL, "7|1|x|0", "6|1|x|0"}},
     false,
     9,
     "3 0"},
    {"TARGET deleted SOURCE's, and gave it to another",
     {{0}, {MR_MARK_AGAIN | MR_MARK_CAME, "7|1|south|0", "7|1|x|0", "6|1|x|0"}},
     false,
     9,
     "3 0"},
    {"TARGET gave SOURCE's another, and that back",
     {{0}, {MR_MARK_AGAIN | MR_MARK_CAME, "7|1|south|0", "7|1|x|0", "6|1|x|0"}},
     true,
     9,
     "2 0"},
};

static void tell_came(struct told *t, enum mr_side side, const char *row, const struct came *c)
{
    struct world *w = t->w;
    const struct mr_evidence_mark mark = {
        .key = world_key(w, MEMBERS, row),
        .flags = c->flags | (c->first == NULL ? MR_MARK_ABSENT_BEFORE : 0),
        .changes = 1,
        .first = told_image(w, MEMBERS, c->first),
        .last = told_image(w, MEMBERS, c->last),
        .has_images = true,
        .came = c->from != NULL ? world_key(w, MEMBERS, c->from) : (struct mr_key){NULL, 0}};
    TOLD_DO(t, mr_evidence_mark_put(t->writer, t->tables[MEMBERS], (int)side, &mark, NULL));
}

static void test_came(void **state)
{
    static const struct came there = {MR_MARK_DELETED | MR_MARK_CAME | MR_MARK_WENT, NULL, NULL,
                                      "7|1|x|0"};
    (void)state;
    for (size_t i = 0; i < LEN(comes); i++) {
        const struct came_case *c = &comes[i];
        struct world *w = calloc(1, sizeof *w);
        struct told t;
        told_members(w);
        told_begin(w, &t);
        told_table(&t, MEMBERS, GOOD, GOOD);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            if (c->marks[side].last != NULL)
                tell_came(&t, (enum mr_side)side, "7|1|x|0", &c->marks[side]);
        if (c->back)
            tell_came(&t, MR_TARGET, "6|1|x|0", &there);
        told_end(&t);
        w->merged[MEMBERS].bound.base = c->base;
        world_look(w, 1, MEMBERS, "7|1|south|0", "7|1|x|0");
        world_run(w, mr_merge_told(&w->m, &w->err));
        if (strcmp(world_ask(w, "SELECT past, left FROM told"), c->past) != 0)
            fail_msg("%s: %s", c->what, w->text.ptr);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_freed), cmocka_unit_test(test_copied),
                                       cmocka_unit_test(test_came)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
