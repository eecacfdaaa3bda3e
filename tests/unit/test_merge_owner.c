/* test_merge_owner.c: do two rows belong to different people? */
#include "merge_world.h"

#include "repair/merge/merge_owner.h"

enum { MEMBERS, CARDS, STAMPS };
enum { HOLDER, CARD, SECOND };

/* members (subjects) ← cards ← stamps; cards have a second holder. */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# inviter:int?");
    world_table(w, "cards", "id:int# holder:int? second:int?");
    world_table(w, "stamps", "id:int# card:int?");
    world_reference(w, CARDS, "holder", MEMBERS, "id");
    world_reference(w, STAMPS, "card", CARDS, "id");
    world_reference(w, CARDS, "second", MEMBERS, "id");
    world_reference(w, MEMBERS, "inviter", MEMBERS, "id");
    w->tables[MEMBERS].pair.find.subject = MR_SUBJECT_INFERRED;
    world_open(w);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        world_has(w, (enum mr_side)side, MEMBERS, "1|NULL");
        world_has(w, (enum mr_side)side, MEMBERS, "2|1");
        world_has(w, (enum mr_side)side, MEMBERS, "3|1");
        world_has(w, (enum mr_side)side, CARDS, "5|1|NULL");
        world_has(w, (enum mr_side)side, CARDS, "6|2|NULL");
        world_has(w, (enum mr_side)side, CARDS, "7|NULL|NULL");
        world_has(w, (enum mr_side)side, CARDS, "8|1|2");
    }
    /* SOURCE's 3 is TARGET's 2; its 4 is nobody there */
    world_source(w, MEMBERS, "4|NULL");
    world_row(w, 1, MEMBERS, "3|1", "2|1", "grp='lost'");
    world_row(w, 2, MEMBERS, "4|NULL", NULL, "grp='maybe'");
}

/* A row of SOURCE and one of TARGET, of one table. */
static void test_pairs(void **state)
{
    const struct {
        const char *what;
        size_t table;
        const char *source, *target;
        bool differs;
    } cases[] = {
        {"one owner", CARDS, "9|1|NULL", "8|1|NULL", false},
        {"two owners", CARDS, "9|1|NULL", "8|2|NULL", true},
        {"one owner, under another key there", CARDS, "9|3|NULL", "8|2|NULL", false},
        {"another one of his key", CARDS, "9|3|NULL", "8|3|NULL", true},
        {"an owner who is not there", CARDS, "9|4|NULL", "8|1|NULL", true},
        {"nobody's here", CARDS, "9|NULL|NULL", "8|1|NULL", false},
        {"nobody's there", CARDS, "9|1|NULL", "8|NULL|NULL", false},
        {"of nobody that there is", CARDS, "9|77|NULL", "8|1|NULL", false},
        {"both owners", CARDS, "9|1|2", "8|2|1", false},
        {"one of two", CARDS, "9|1|2", "8|1|NULL", true},
        {"one twice is one", CARDS, "9|1|1", "8|1|NULL", false},
        {"over a card", STAMPS, "1|5", "1|5", false},
        {"over two cards of two people", STAMPS, "1|5", "1|6", true},
        {"over a card of nobody", STAMPS, "1|7", "1|6", false},
        {"over a card of two", STAMPS, "1|8", "1|5", true},
        /* the nearest: who invited the owner is nobody's owner */
        {"not over the owner", CARDS, "9|2|NULL", "8|2|NULL", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        struct mr_merge_owner_pair pair = {
            .row = {[MR_SOURCE] = world_image(w, cases[i].table, cases[i].source),
                    [MR_TARGET] = world_image(w, cases[i].table, cases[i].target)},
            .differs = !cases[i].differs};
        world_run(w, mr_merge_owners(&w->m, &w->planned[cases[i].table], &pair, 1, &w->err));
        if (pair.differs != cases[i].differs)
            fail_msg("%s: %d", cases[i].what, pair.differs);
        world_free(w);
    }
}

/* Many at once: owners of one pair are not another's, also where one side has none. */
static void test_many(void **state)
{
    static const char *const rows[][2] = {{"9|1|2", "8|NULL|NULL"},
                                          {"9|1|NULL", "8|1|NULL"},
                                          {"9|NULL|NULL", "8|1|2"},
                                          {"9|2|NULL", "8|1|NULL"},
                                          {"9|2|NULL", "8|2|NULL"}};
    static const bool differs[] = {false, false, false, true, false};
    struct mr_merge_owner_pair pairs[LEN(rows)];
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    for (size_t i = 0; i < LEN(rows); i++)
        pairs[i] = (struct mr_merge_owner_pair){
            .row = {world_image(w, CARDS, rows[i][0]), world_image(w, CARDS, rows[i][1])}};
    world_run(w, mr_merge_owners(&w->m, &w->planned[CARDS], pairs, LEN(pairs), &w->err));
    for (size_t i = 0; i < LEN(rows); i++)
        if (pairs[i].differs != differs[i])
            fail_msg("pair %zu: %d", i, pairs[i].differs);
    world_run(w, mr_merge_owners(&w->m, &w->planned[CARDS], pairs, 0, &w->err));
    world_free(w);
}

/* Rows that refer to each other in a circle, and belong to nobody: it ends. */
static void test_circle(void **state)
{
    struct world *w = world_new();
    (void)state;
    const size_t t = world_table(w, "nodes", "id:int# up:int?");
    world_reference(w, t, "up", t, "id");
    world_open(w);
    world_both(w, t, "1|2");
    world_both(w, t, "2|1");
    struct mr_merge_owner_pair pair = {.row = {world_image(w, t, "1|2"), world_image(w, t, "2|1")},
                                       .differs = true};
    world_run(w, mr_merge_owners(&w->m, &w->planned[t], &pair, 1, &w->err));
    assert_false(pair.differs);
    world_free(w);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_merge_owner_pair pair = {
        .row = {world_image(w, STAMPS, "1|5"), world_image(w, STAMPS, "1|6")}};
    return mr_merge_owners(&w->m, &w->planned[STAMPS], &pair, 1, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_circle),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
