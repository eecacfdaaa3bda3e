/* test_merge_entities.c: what was decided of each row, as the plan keeps it. */
#include "merge_world.h"

#include "repair/decide/decide_three.h"
#include "repair/merge/merge_entities.h"

/* members (subjects, known by a mobile that TARGET's index guards) ← orders; `kind` of orders
 * says whether they refer (a hidden value). */
enum { MEMBERS, ORDERS };
enum { INVITER, BUYER };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! inviter:int? seen:datetime?");
    world_table(w, "orders", "no:text* member:int? kind:text? when:int%");
    world_reference(w, MEMBERS, "inviter", MEMBERS, "id");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_unique(w, MEMBERS, "mobile", "mobile")->is_identity = true;
    w->edges[BUYER].edge.condition_at = 3;
    world_open(w);
    world_sql(w, "CREATE TEMP TABLE fresh_id (id INTEGER PRIMARY KEY, value TEXT)");
}

#define ENTITY                                                                                     \
    "SELECT decision, kind, choice, choices, detail, source_key, target_key, after FROM entity"    \
    " ORDER BY id"

/* A row of members → its entity.  Decisions: 1 same, 2 matched, 3 insert, 4 renumber, 5 update,
 * 7 conflict, 8 waits, 9 skip. */
static void test_one(void **state)
{
    const struct {
        const char *row, *there, *set, *sql, *expected;
        uint64_t open;
    } cases[] = {
        {"9|017|NULL|NULL", "9|017|NULL|NULL", "grp='base'", NULL, "1 - - - - 9 9 -", 0},
        {"9|017|NULL|NULL", "7|017|NULL|NULL", "grp='lost'", NULL, "2 - - - - 9 7 -", 0},
        {"9|017|NULL|NULL", NULL, "grp='lost'", NULL, "3 - - - - 9 9 9,017,NULL,NULL", 0},
        {"9|o`dd|NULL|NULL", "9|o`dd|NULL|NULL", "grp='base', kind='changed'", NULL,
         "1 changed - target;source;newest:COLUMN - 9 9 -", 1},
        {"9|017|1|NULL", "9|018|NULL|NULL", "grp='base', kind='identity-changed'",
         "(1, 'identity-changed', 'source'",
         "5 identity-changed source target;source;newest:COLUMN - 9 9 9,017,1,NULL", 0},
        {"9|017|1|NULL", "9|017|NULL|NULL", "grp='base', kind='changed'", "(1, 'changed', 'target'",
         "1 changed target target;source;newest:COLUMN - 9 9 -", 0},
        /* a choice for another conflict than the one there is says nothing */
        {"9|017|1|NULL", "9|017|NULL|NULL", "grp='base', kind='changed'", "(1, 'differs', 'source'",
         "1 changed - target;source;newest:COLUMN - 9 9 -", 1},
        /* the newer row's values, by a column of it; NULL is older than anything */
        {"9|017|1|2026-02-01", "9|017|NULL|2026-01-01", "grp='base', kind='changed'",
         "(1, 'changed', 'newest:seen'",
         "5 changed newest:seen target;source;newest:COLUMN - 9 9 9,017,1,2026-02-01 00:00:00", 0},
        {"9|017|1|NULL", "9|017|NULL|2026-01-01", "grp='base', kind='changed'",
         "(1, 'changed', 'newest:seen'",
         "1 changed newest:seen target;source;newest:COLUMN - 9 9 -", 0},
        {"9|017|1|2026-01-01", "9|017|NULL|2026-01-01", "grp='base', kind='changed'",
         "(1, 'changed', 'newest:seen'",
         "1 changed newest:seen target;source;newest:COLUMN - 9 9 -", 0}, /* as old: live */
        /* others refer to what it would let go of */
        {"9|017|1|NULL", "9|018|NULL|NULL",
         "grp='base', kind='identity-changed', referenced='d.x', detail='y'",
         "(1, 'identity-changed', 'source'", "1 referenced - target d.x 9 9 -", 1},
        {"9|017|1|NULL", "9|017|NULL|NULL", "grp='base', kind='changed', unfit=1, detail='long'",
         NULL, "1 changed - target long 9 9 -", 1},
        /* rows that wait */
        {"9|017|NULL|NULL", NULL, "grp='maybe', kind='deleted-or-lost', waits=1, root=1", NULL,
         "7 deleted-or-lost - restore;skip - 9 - -", 1},
        {"9|017|NULL|NULL", NULL, "grp='lost', kind='duplicate', waits=1, root=1, detail='z'", NULL,
         "7 duplicate - skip z 9 - -", 1}, /* TARGET's index forbids it */
        {"9|017|NULL|NULL", NULL, "grp='lost', kind='not-null-cycle', waits=1, root=1", NULL,
         "7 not-null-cycle - skip - 9 - -", 1},
        {"9|017|NULL|NULL", NULL,
         "grp='lost', kind='unique', waits=1, root=1, choices='merge-into;skip'", NULL,
         "7 unique - merge-into;skip - 9 - -", 1},
        /* without that value it meets another one: that is a question of its own */
        {"9|017|NULL|NULL", NULL,
         "grp='lost', kind='unique', waits=1, root=1, choices='merge-into;skip'",
         "(1, 'unique', 'without-value'); UPDATE chosen SET choices='without-value;skip' WHERE "
         "(1=1",
         "7 unique - merge-into;skip - 9 - -", 1},
        /* left out, whatever it waits for */
        {"9|017|NULL|NULL", NULL, "grp='maybe', kind='deleted-or-lost', waits=1, root=1",
         "(1, 'deleted-or-lost', 'skip'); INSERT INTO mark (id, skip) VALUES (1, 1",
         "9 deleted-or-lost skip restore;skip - 9 - -", 0},
        /* found to be left out when its component was decided once more: of the kind that it was asked in */
        {"9|017|NULL|NULL", NULL, "grp='lost', kind='skip', waits=1, root=1",
         "(1, 'unique', 'skip'); INSERT INTO mark (id, skip) VALUES (1, 1",
         "9 unique skip merge-into;without-value;skip - 9 - -", 0},
        {"9|017|NULL|NULL", NULL, "grp='lost', kind='skip', waits=1, root=1",
         "(2, 'unique', 'skip'); INSERT INTO mark (id, skip) VALUES (1, 1",
         "9 parent-absent skip restore;skip - 9 - -", 0},
        /* nobody was asked */
        {"9|017|NULL|NULL", NULL, "grp='maybe', kind='deleted-since', waits=1, root=1",
         "(1, 'deleted-since', 'skip'); INSERT INTO mark (id, skip) VALUES (1, 1",
         "9 deleted-since skip - - 9 - -", 0},
        /* a decision that was carried out is told with the row */
        /* as it was offered: also a value that fits */
        {"9|017|NULL|NULL", NULL, "grp='lost'",
         "(1, 'does-not-fit', 'a=x'); UPDATE chosen SET choices='skip;a=VALUE' WHERE (1=1",
         "3 does-not-fit a=x skip;a=VALUE - 9 9 9,017,NULL,NULL", 0},
        {"9|017|NULL|NULL", NULL, "grp='lost'", "(1, 'deleted-or-lost', 'restore'",
         "3 deleted-or-lost restore restore;skip - 9 9 9,017,NULL,NULL", 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        char sql[160];
        build(w);
        world_row(w, 1, MEMBERS, cases[i].row, cases[i].there, cases[i].set);
        (void)snprintf(sql, sizeof sql, "INSERT INTO chosen (id, kind, choice) VALUES %s)",
                       cases[i].sql);
        if (cases[i].sql != NULL)
            world_sql(w, sql);
        world_run(w, mr_merge_entities(&w->m, &w->err));
        const char *got = world_ask(w, ENTITY);
        if (strcmp(got, cases[i].expected) != 0 || w->result.open != cases[i].open)
            fail_msg("case %zu: %s, open %d", i, got, (int)w->result.open);
        world_free(w);
    }
}

/* A row that the logs decide by its columns (merge_three.h): what they were found to come to, and the row
 * as it is to stand. */
static void test_by_columns(void **state)
{
    const struct {
        const char *what;
        enum mr_three_outcome three;
        enum mr_three_deed deed;
        const char *merged; /* NULL: TARGET's stays */
        const char *set;    /* of m */
        const char *entity, *logs;
        const char *kept;  /* for later plans */
        const char *words; /* a rule's, of what is referenced; NULL: there is none */
    } cases[] = {
        {"a restored change", MR_THREE_IS_RESTORED, MR_THREE_UPDATES, "9|018|1|NULL", "kind=NULL",
         "5 - - - - 9 9 9,018,1,NULL", "restored-change city: written 9,018,1,NULL",
         "9 9,017,NULL,NULL 9,018,1,NULL proposed", NULL},
        {"asked, with the row that it would be", MR_THREE_IS_BOTH_CHANGED, MR_THREE_LEAVES,
         "9|018|1|NULL", "kind='both-changed'", "1 both-changed - columns;target;source - 9 9 -",
         "both-changed city: written 9,018,1,NULL", "", NULL},
        {"left as it is", MR_THREE_IS_SOURCE_SAME, MR_THREE_LEAVES, NULL, "kind=NULL",
         "1 - - - - 9 9 -", "unchanged-in-source city: written -", "", NULL},
        {"others refer to what it would let go of", MR_THREE_IS_RESTORED, MR_THREE_UPDATES,
         "9|018|1|NULL", "referenced='d.x'", "1 referenced - target d.x 9 9 -",
         "restored-change city: written 9,018,1,NULL", "", NULL},
        {"and it is said that it stays", MR_THREE_IS_RESTORED, MR_THREE_UPDATES, "9|018|1|NULL",
         "referenced='d.x'", "1 referenced target target d.x 9 9 -",
         "restored-change city: written 9,018,1,NULL", "", "target"},
        {"nothing else can be", MR_THREE_IS_RESTORED, MR_THREE_UPDATES, "9|018|1|NULL",
         "referenced='d.x'", "1 referenced - target d.x 9 9 -",
         "restored-change city: written 9,018,1,NULL", "", "source"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_row(w, 1, MEMBERS, "9|018|1|NULL", "9|017|NULL|NULL", "grp='base'");
        world_require(MR_CASE_ONCE(
            w->m.cf, "UPDATE m SET three=:three, deed=:deed, tells='city: written' WHERE id=1",
            NULL, MR_ARG_INT("three", cases[i].three), MR_ARG_INT("deed", cases[i].deed)));
        world_require(
            MR_CASE_ONCE(w->m.cf, "UPDATE img SET merged=:merged WHERE id=1", NULL,
                         MR_ARG_BYTES("merged", world_image(w, MEMBERS, cases[i].merged))));
        char sql[80];
        (void)snprintf(sql, sizeof sql, "UPDATE m SET %s WHERE id=1", cases[i].set);
        world_sql(w, sql);
        const struct mr_conflict_rule rule = {.kind = "referenced", .choice = cases[i].words};
        w->options.on_conflict = &rule;
        w->options.non_conflict = cases[i].words != NULL;
        world_run(w, mr_merge_entities(&w->m, &w->err));
        if (strcmp(world_ask(w, ENTITY), cases[i].entity) != 0)
            fail_msg("%s: %s", cases[i].what, w->text.ptr);
        if (strcmp(world_ask(w, "SELECT outcome, columns, merged FROM by_logs"), cases[i].logs) !=
            0)
            fail_msg("%s: by the logs: %s", cases[i].what, w->text.ptr);
        if (strcmp(world_ask(w, "SELECT key, target, after, state FROM plan_restored"),
                   cases[i].kept) != 0)
            fail_msg("%s: kept: %s", cases[i].what, w->text.ptr);
        world_free(w);
    }
}

/* Whom the live side has deleted, and SOURCE had left as it was: nothing is asked. */
static void test_left(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, MEMBERS, "9|017|NULL|NULL", NULL, "grp='gone', kind='deleted-on-live'");
    world_sql(w, "INSERT INTO mark (id, skip, left) VALUES (1, 1, 1)");
    world_run(w, mr_merge_entities(&w->m, &w->err));
    world_expect(w, "SELECT decision, kind, choice FROM entity", "11 - -");
    world_expect(w, "SELECT outcome FROM by_logs", "unchanged-in-source");
    assert_int_equal(w->result.open, 0);
    world_free(w);
}

/* Provisional ids become those that were handed out, in keys, references and identities; those
 * of rows that wait stay nobody's. */
static void test_real_ids(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char id[10];
    struct mr_strbuf after = MR_STRBUF_INIT;
    struct mr_key values[4] = {{0}};
    (void)state;
    build(w);
    mr_merge_provisional_encode(1, id);
    values[0] = (struct mr_key){id, sizeof id};
    world_row(w, 1, MEMBERS, "9|017|NULL|NULL", NULL, "grp='lost', newid=1");
    assert_int_equal(
        mr_merge_row_edit(world_image(w, MEMBERS, "9|017|NULL|NULL"), values, 4, &after, NULL),
        MR_OK);
    world_require(MR_CASE_ONCE(w->m.cf, "UPDATE img SET after=:after WHERE id=1", NULL,
                               MR_ARG_BLOB("after", after.ptr, after.len)));
    world_row(w, 2, ORDERS, "n|9|x|1", NULL, "grp='lost'");
    values[0] = (struct mr_key){0};
    values[1] = (struct mr_key){id, sizeof id};
    assert_int_equal(mr_merge_row_edit(world_image(w, ORDERS, "n|9|x|1"), values, 4, &after, NULL),
                     MR_OK);
    world_require(MR_CASE_ONCE(w->m.cf, "UPDATE img SET after=:after WHERE id=2", NULL,
                               MR_ARG_BLOB("after", after.ptr, after.len)));
    world_sql(w, "INSERT INTO fresh_id VALUES (1, '18446744073709551615')");
    world_run(w, mr_merge_entities(&w->m, &w->err));
    world_expect(w, "SELECT decision, source_key, target_key, after FROM entity ORDER BY id",
                 "4 9 18446744073709551615 18446744073709551615,017,NULL,NULL;"
                 " 3 n n n,18446744073709551615,x");
    mr_strbuf_release(&after);
    world_free(w);
}

/* SOURCE's values but for the key, and for a reference to a row that waits: that, and what says
 * that it is one, stay TARGET's. */
static void test_update_keeps(void **state)
{
    static const bool reads[] = {false, false, true, false};
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->references[BUYER].reads = reads;
    world_row(w, 1, MEMBERS, "5|017|NULL|NULL", NULL,
              "grp='maybe', kind='deleted-or-lost', waits=1, root=1");
    world_row(w, 2, ORDERS, "n|5|new|1", "N|4|old|0", "grp='base', kind='changed'");
    world_row(w, 3, ORDERS, "m|4|new|1", "M|4|old|1", "grp='base', kind='changed'");
    world_link(w, 2, BUYER, 1);
    world_sql(w, "INSERT INTO chosen (id, kind, choice) VALUES (2, 'changed', 'source'),"
                 " (3, 'changed', 'source')");
    world_run(w, mr_merge_entities(&w->m, &w->err));
    world_expect(w, "SELECT target_key, after FROM entity WHERE tbl=1 ORDER BY id",
                 "N N,4,old; M M,4,new");
    /* by the condition that stays it does not refer, and the plan knows */
    world_expect(w, "SELECT entity, ref FROM unmeant", "2 1");
    world_free(w);
}

/* A type that stays says of another column, too, whom it means: that stays with it. */
static void test_update_keeps_related(void **state)
{
    static const bool reads[] = {false, false, true, false, false};
    struct world *w = world_new();
    (void)state;
    world_table(w, "members", "id:int# mobile:text!");
    const size_t t =
        world_table(w, "notes", "no:text* member:int? kind:text? other:int? free:int?");
    world_reference(w, t, "member", MEMBERS, "id");
    world_reference(w, t, "other", MEMBERS, "id");
    w->references[0].reads = w->references[1].reads = reads;
    world_open(w);
    world_sql(w, "CREATE TEMP TABLE fresh_id (id INTEGER PRIMARY KEY, value TEXT)");
    world_row(w, 1, MEMBERS, "5|017", NULL, "grp='maybe', kind='deleted-or-lost', waits=1, root=1");
    world_row(w, 2, t, "n|5|new|7|1", "n|4|old|6|2", "grp='base', kind='changed'");
    world_link(w, 2, 0, 1);
    world_sql(w, "INSERT INTO chosen (id, kind, choice) VALUES (2, 'changed', 'source')");
    world_run(w, mr_merge_entities(&w->m, &w->err));
    world_expect(w, "SELECT after FROM entity WHERE tbl=1", "n,4,old,6,1");
    world_free(w);
}

/* Whom a row waits for, as an entity; two that wait are one conflict. */
static void test_waits_for(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 7, MEMBERS, "9|017|NULL|NULL", NULL,
              "grp='maybe', kind='deleted-or-lost', waits=1, root=7");
    world_row(w, 3, ORDERS, "n|9|x|1", NULL, "grp='maybe', kind='parent-absent', waits=1, root=7");
    world_link(w, 3, BUYER, 7);
    world_run(w, mr_merge_entities(&w->m, &w->err));
    world_expect(w, "SELECT id, tbl, decision, waits_for, choices FROM entity ORDER BY id",
                 "1 0 7 0 restore;skip; 2 1 8 1 skip");
    world_free(w);
}

/* Who decides about a unique value, or whether two rows are one, sees whose it is; of two of one
 * identity nobody is shown, but for one that has the key. */
static void test_holder(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, ORDERS, "n|9|x|1", NULL, "grp='lost', kind='unique', waits=1, root=1");
    world_row(w, 2, ORDERS, "m|9|x|1", NULL, "grp='lost', kind='duplicate', waits=1, root=2");
    const struct mr_key key = world_key(w, ORDERS, "z|1|y|1");
    const struct mr_key image = world_image(w, ORDERS, "z|1|y|1");
    world_row(w, 3, ORDERS, "Z|9|x|1", NULL, "grp='lost', kind='duplicate', waits=1, root=3");
    world_require(
        MR_CASE_ONCE(w->m.cf, "UPDATE m SET facts=:facts WHERE id=3", NULL,
                     MR_ARG_INT("facts", mr_fact_bits(&(struct mr_fact){.namesake = true}))));
    for (int64_t id = 1; id <= 3; id++)
        world_require(MR_CASE_ONCE(w->m.cf, "INSERT INTO holder VALUES (:id, :key, :image)", NULL,
                                   MR_ARG_INT("id", id), MR_ARG_BYTES("key", key),
                                   MR_ARG_BYTES("image", image)));
    world_run(w, mr_merge_entities(&w->m, &w->err));
    /* without the hidden values behind its columns */
    world_expect(w, "SELECT target_key, target, source FROM entity ORDER BY id",
                 "z z,1,y n,9,x; - - m,9,x; z z,1,y Z,9,x");
    world_free(w);
}

/* What may be chosen for a row whose key is not free, or that hangs on another one. */
static void test_choices(void **state)
{
    const struct {
        const char *set, *choices;
        bool hangs, namesake;
    } cases[] = {
        {"kind='duplicate'", "skip", false, true}, /* TARGET has another one's row there */
        {"kind='key-taken', taken=x'4e'", "skip", false, false},
        {"kind='key-taken', traced=1", "restore;skip", false, false},
        {"kind='duplicate'", "restore;skip", false, false}, /* no index of TARGET forbids it */
        {"kind='deleted-or-lost'", "skip", true, false},    /* with the row above it it may be */
        {"kind='parent-differs'", "restore;skip", true, false},
        {"kind='references-disagree'", "skip", false, false},
        {"kind='does-not-fit', choices='skip;a=VALUE'", "skip;a=VALUE", false, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        char set[96];
        build(w);
        (void)snprintf(set, sizeof set, "grp='lost', waits=1, root=2, %s", cases[i].set);
        world_row(w, 1, MEMBERS, "9|017|NULL|NULL", NULL,
                  "grp='maybe', kind='deleted-or-lost', waits=1, root=1");
        world_row(w, 2, ORDERS, "n|9|x|1", NULL, set);
        if (cases[i].hangs)
            world_link(w, 2, BUYER, 1);
        if (cases[i].namesake)
            world_require(MR_CASE_ONCE(
                w->m.cf, "UPDATE m SET facts=:facts WHERE id=2", NULL,
                MR_ARG_INT("facts", mr_fact_bits(&(struct mr_fact){.namesake = true}))));
        world_run(w, mr_merge_entities(&w->m, &w->err));
        const char *got = world_ask(w, "SELECT choices FROM entity WHERE tbl=1");
        if (strcmp(got, cases[i].choices) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* Of a table without a key only what something is done about: its rows are many, and have no
 * name but all of them. */
static void test_keyless(void **state)
{
    struct world *w = world_new();
    (void)state;
    const size_t t = world_table(w, "log", "note:text? n:int?");
    world_open(w);
    world_sql(w, "CREATE TEMP TABLE fresh_id (id INTEGER PRIMARY KEY, value TEXT)");
    world_row(w, 1, t, "|NULL", "|NULL", "grp='base'");
    world_row(w, 2, t, "a|1", NULL, "grp='lost'");
    world_run(w, mr_merge_entities(&w->m, &w->err));
    world_expect(w, "SELECT decision, source_key, target_key, after FROM entity", "3 a,1 - a,1");
    world_expect(w, "SELECT w, entity FROM ent", "2 1");
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    world_row(w, 1, MEMBERS, "9|017|NULL|NULL", NULL,
              "grp='maybe', kind='deleted-or-lost', waits=1, root=1");
    world_row(w, 2, ORDERS, "n|9|x|1", "n|4|y|0", "grp='base', kind='changed'");
    world_row(w, 3, ORDERS, "m|9|x|0", NULL, "grp='lost'");
    world_link(w, 2, BUYER, 1);
    world_sql(w, "INSERT INTO chosen (id, kind, choice) VALUES (2, 'changed', 'source')");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_entities(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),          cmocka_unit_test(test_by_columns),
        cmocka_unit_test(test_left),         cmocka_unit_test(test_real_ids),
        cmocka_unit_test(test_update_keeps), cmocka_unit_test(test_update_keeps_related),
        cmocka_unit_test(test_waits_for),    cmocka_unit_test(test_holder),
        cmocka_unit_test(test_choices),      cmocka_unit_test(test_keyless),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
