/* test_merge_choice.c: what was chosen for conflicts, by whom, and what it does. */
#include "merge_world.h"

#include "repair/merge/merge_choice.h"

static void test_is_choice(void **state)
{
    const struct {
        const char *kind, *choice;
        bool is;
    } cases[] = {
        {"differs", "source", true},
        {"differs", "newest:edited", true},
        {"differs", "newest:", false},
        {"differs", "skip", false},
        {"parent-absent", "restore", true},
        {"unique", "merge-into", true},
        {"unique", "restore", false},
        {"does-not-fit", "name=x", true},
        {"does-not-fit", "{\"a\": 1}", true},
        {"does-not-fit", "restore", false},
        {"differs", "name=x", false},
        {"differs", "stop", true},
        {"skip", "restore", true}, /* left out by a choice for what is above it */
        {NULL, "restore", true},
        {NULL, "name=x", false},
        {NULL, "", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        if (mr_merge_is_choice(cases[i].kind, cases[i].choice) != cases[i].is)
            fail_msg("case %zu: %s", i, cases[i].choice);
}

/* members ← orders, and members refer to members. */
enum { MEMBERS, ORDERS };
enum { INVITER, BUYER };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mail:text? inviter:int?");
    world_table(w, "orders", "id:int# member:int note:text?");
    world_reference(w, MEMBERS, "inviter", MEMBERS, "id");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_unique(w, MEMBERS, "mail", "mail");
    w->tables[ORDERS].columns[MR_TARGET][2].type = "varchar(3)";
    world_open(w);
    world_target(w, MEMBERS, "3|a@x|NULL");
}

static const char *person; /* what it chooses for row 1 of a table */

static enum mr_code choose(void *ctx, const struct mr_decision_ask *ask, const char **choice,
                           struct mr_err *err)
{
    const struct mr_key *own = ctx;
    (void)err;
    *choice = mr_key_compare(ask->source_key, *own) == 0 ? person : NULL;
    return MR_OK;
}

/* One conflict: who says what → the note that is taken, the mark, and whether all is decided
 * again. */
static void test_voices(void **state)
{
    static const struct mr_conflict_rule lost[] = {
        {.kind = "deleted-or-lost", .choice = "restore"},
        {.kind = "deleted-or-lost", .choice = "skip"}, /* the last one counts */
        {.kind = "differs", .choice = "newest", .column = "mail"}};
    static const struct mr_conflict_rule wrong[] = {{.kind = "differs", .choice = "restore"}};
    static const struct mr_conflict_rule restore[] = {
        {.kind = "deleted-or-lost", .choice = "restore"}};
    const struct {
        const char *row, *there, *set, *person;
        const struct mr_conflict_rule *command, *table;
        size_t ncommand, ntable;
        const char *chosen, *mark; /* kind choice; restored skip */
        bool again;
    } cases[] = {
        {"9|NULL|NULL", NULL, "kind='deleted-or-lost'", NULL, NULL, NULL, 0, 0, "", "", false},
        {"9|NULL|NULL", NULL, "kind='deleted-or-lost'", "restore", NULL, NULL, 0, 0,
         "deleted-or-lost restore", "1 0", true},
        {"9|NULL|NULL", NULL, "kind='deleted-or-lost'", NULL, lost, NULL, 3, 0,
         "deleted-or-lost skip", "0 1", true},
        {"9|NULL|NULL", NULL, "kind='deleted-or-lost'", "restore", lost, NULL, 3, 0,
         "deleted-or-lost restore", "1 0", true},
        {"9|NULL|NULL", NULL, "kind='deleted-or-lost'", NULL, lost, restore, 3, 1,
         "deleted-or-lost skip", "0 1", true},
        {"9|NULL|NULL", NULL, "kind='deleted-or-lost'", NULL, NULL, restore, 0, 1,
         "deleted-or-lost restore", "1 0", true},
        /* values: nothing becomes of rows, so nothing is decided again */
        {"9|NULL|NULL", "9||NULL", "kind='differs'", NULL, lost, NULL, 3, 0, "differs newest:mail",
         "", false},
        {"9|NULL|NULL", "9||NULL", "kind='differs'", "source", NULL, NULL, 0, 0, "differs source",
         "", false},
        {"9|NULL|NULL", "9||NULL", "kind='differs'", NULL, wrong, NULL, 1, 0, "", "", false},
        {"9|NULL|NULL", "9||NULL", "kind='differs', unfit=1", "source", NULL, NULL, 0, 0, "", "",
         false},
        {"9|NULL|NULL", "9||NULL", "kind='differs', unfit=1", "target", NULL, NULL, 0, 0,
         "differs target", "", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        bool again = !cases[i].again;
        build(w);
        struct mr_key own = world_key(w, MEMBERS, cases[i].row);
        person = cases[i].person;
        w->options.decision = choose;
        w->options.decision_ctx = &own;
        w->options.on_conflict = cases[i].command;
        w->options.non_conflict = cases[i].ncommand;
        w->tables[MEMBERS].config.on_conflict = cases[i].table;
        w->tables[MEMBERS].config.non_conflict = cases[i].ntable;
        world_row(w, 1, MEMBERS, cases[i].row, cases[i].there, cases[i].set);
        world_run(w, mr_merge_choose(&w->m, MEMBERS, 1, &again, &w->err));
        if (strcmp(world_ask(w, "SELECT kind, choice FROM chosen"), cases[i].chosen) != 0 ||
            strcmp(world_ask(w, "SELECT restored, skip FROM mark"), cases[i].mark) != 0 ||
            again != cases[i].again)
            fail_msg("case %zu: %s again %d", i, w->text.ptr, again);
        world_free(w);
    }
}

static void test_stop(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    const struct mr_conflict_rule stop = {.kind = "differs", .choice = "stop"};
    bool again = false;
    (void)state;
    build(w);
    w->options.on_conflict = &stop;
    w->options.non_conflict = 1;
    world_row(w, 1, MEMBERS, "9|NULL|NULL", "9||NULL", "kind='differs', unfit=1");
    world_refuse(w, mr_merge_choose(&w->m, MEMBERS, 1, &again, &w->err), MR_E_REFUSED,
                 "table \"d.members\" is in conflict: differs");
    world_free(w);
}

/* A decision for the tree goes down it: to each row that waits, whose parents all say so. */
static void test_tree(void **state)
{
    const struct {
        const char *first, *second; /* what is chosen for members 1 and 2 */
        const char *chosen;         /* by whom; 1: derived */
    } cases[] = {
        {"restore", NULL, "1 restore 0; 3 restore 1; 5 restore 1"},
        {"skip", NULL, "1 skip 0; 3 skip 1; 4 skip 1; 5 skip 1"},
        {"restore", "restore", "1 restore 0; 2 restore 1; 3 restore 1; 4 restore 1; 5 restore 1"},
        {"restore", "skip", "1 restore 0; 2 skip 1; 3 restore 1; 4 skip 1; 5 restore 1"},
        {NULL, NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        bool again = false;
        build(w);
        world_reference(w, MEMBERS, "inviter", MEMBERS, "id");
        world_row(w, 1, MEMBERS, "1|NULL|NULL", NULL, "kind='deleted-or-lost', waits=1");
        world_row(w, 2, MEMBERS, "2|NULL|NULL", NULL, "kind='deleted-or-lost', waits=1");
        world_row(w, 3, MEMBERS, "3|NULL|1", NULL, "kind='parent-absent', waits=1");
        world_row(w, 4, MEMBERS, "4|NULL|1", NULL, "kind='parent-absent', waits=1");
        world_row(w, 5, MEMBERS, "5|NULL|3", NULL, "kind='parent-absent', waits=1");
        world_link(w, 3, INVITER, 1);
        world_link(w, 4, INVITER, 1);
        world_link(w, 4, 2, 2);
        world_link(w, 5, INVITER, 3);
        struct mr_key own = world_key(w, MEMBERS, "1|NULL|NULL");
        const struct mr_conflict_rule rule = {.kind = "deleted-or-lost", .choice = cases[i].second};
        person = cases[i].first;
        w->options.decision = choose;
        w->options.decision_ctx = &own;
        w->options.on_conflict = &rule;
        w->options.non_conflict = cases[i].second != NULL;
        world_run(w, mr_merge_choose(&w->m, MEMBERS, 1, &again, &w->err));
        const char *got = world_ask(w, "SELECT id, choice, derived FROM chosen ORDER BY id");
        if (strcmp(got, cases[i].chosen) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* A table after the one whose row was restored: below it a row is restored, too, but not one
 * that stands, nor below an order that differs. */
static void test_revived(void **state)
{
    (void)state;
    for (int differs = 0; differs < 2; differs++) {
        struct world *w = calloc(1, sizeof *w);
        bool again = false;
        build(w);
        world_row(w, 1, MEMBERS, "1|NULL|NULL", NULL, "grp='lost'");
        world_row(w, 2, ORDERS, "1|1|a", NULL, "kind='deleted-or-lost', waits=1");
        world_link(w, 2, BUYER, 1);
        world_sql(w, "INSERT INTO mark (id, restored) VALUES (1, 1)");
        if (differs != 0)
            world_sql(w, "INSERT INTO chosen (id, kind, choice) VALUES (1, 'parent-differs',"
                         " 'restore')");
        world_run(w, mr_merge_choose(&w->m, ORDERS, 1, &again, &w->err));
        world_expect(w, "SELECT choice FROM chosen WHERE id=2", differs != 0 ? "" : "restore");
        world_free(w);
    }
}

/* Edits: of a value that does not fit, and of one that somebody else has. */
static void test_edits(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    const struct mr_conflict_rule rules[] = {{.kind = "unique", .choice = "without-value"},
                                             {.kind = "does-not-fit", .choice = "without-value"}};
    bool again = false;
    (void)state;
    build(w);
    w->options.on_conflict = rules;
    w->options.non_conflict = 2;
    world_row(w, 1, MEMBERS, "9|A@X|NULL", NULL, "kind='unique', waits=1");
    world_row(w, 2, ORDERS, "9|9|abcd", NULL, "kind='does-not-fit', waits=1");
    world_run(w, mr_merge_choose(&w->m, MEMBERS, 2, &again, &w->err));
    assert_true(again);
    world_expect(w, "SELECT id, skip, restored, length(edits)>0, into_key FROM mark ORDER BY id",
                 "1 0 0 1 -; 2 0 0 1 -");
    world_free(w);
}

/* Who is merged into somebody gets his key; what an earlier plan was told holds while the other
 * is as he was. */
static void test_merge_into(void **state)
{
    (void)state;
    for (int exact = 0; exact < 2; exact++) {
        struct world *w = calloc(1, sizeof *w);
        bool again = false;
        build(w);
        world_row(w, 1, MEMBERS, "9|A@X|NULL", NULL, "kind='unique', waits=1, other=x'4e'");
        world_sql(w, exact != 0 ? "INSERT INTO earlier VALUES (1, x'4e', 1, 1)"
                                : "INSERT INTO earlier VALUES (1, x'4e', 0, 1)");
        world_run(w, mr_merge_choose(&w->m, MEMBERS, 1, &again, &w->err));
        assert_true(again == (exact != 0));
        world_expect(w, "SELECT choice, into_key FROM chosen JOIN mark USING (id)",
                     exact != 0 ? "merge-into NULL" : "");
        world_free(w);
    }
}

/* Nobody has to be asked about a row that is written; a person may leave it out all the same. */
static void test_leave_out(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    bool again = false;
    (void)state;
    build(w);
    struct mr_key own = world_key(w, MEMBERS, "9|NULL|NULL");
    person = "skip";
    w->options.decision = choose;
    w->options.decision_ctx = &own;
    world_row(w, 1, MEMBERS, "9|NULL|NULL", NULL, "grp='lost'");
    world_row(w, 2, MEMBERS, "8|NULL|NULL", NULL, "grp='lost'");
    world_run(w, mr_merge_choose(&w->m, MEMBERS, 1, &again, &w->err));
    assert_true(again);
    world_expect(w, "SELECT id, kind, choice FROM chosen", "1 parent-absent skip");
    world_expect(w, "SELECT id, skip FROM mark", "1 1");
    world_free(w);
}

static void build_few(struct world *w)
{
    static const struct mr_conflict_rule rules[] = {
        {.kind = "unique", .choice = "without-value"},
        {.kind = "does-not-fit", .choice = "without-value"},
        {.kind = "deleted-or-lost", .choice = "restore"}};
    static struct mr_key nobody = {"", 0};
    build(w);
    w->options.on_conflict = rules;
    w->options.non_conflict = LEN(rules);
    w->options.decision = choose;
    w->options.decision_ctx = &nobody;
    world_row(w, 1, MEMBERS, "9|A@X|NULL", NULL, "kind='unique', waits=1");
    world_row(w, 2, ORDERS, "9|9|abcd", NULL, "kind='does-not-fit', waits=1");
    world_row(w, 3, MEMBERS, "7|NULL|NULL", NULL, "kind='deleted-or-lost', waits=1");
    world_row(w, 4, MEMBERS, "6|NULL|7", NULL, "kind='parent-absent', waits=1");
    world_link(w, 4, INVITER, 3);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    bool again = false;
    return mr_merge_choose(&w->m, MEMBERS, 2, &again, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_choice),  cmocka_unit_test(test_voices),
        cmocka_unit_test(test_stop),       cmocka_unit_test(test_tree),
        cmocka_unit_test(test_revived),    cmocka_unit_test(test_edits),
        cmocka_unit_test(test_merge_into), cmocka_unit_test(test_leave_out),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
