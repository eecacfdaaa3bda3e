/* test_copy_write.c: slots in, entities and steps out: what is said of a row, and what is written of
 * it, in which images and units. */
#include "copy_world.h"

#include "repair/merge/merge_steps.h"

enum { MEMBERS, ORDERS };
enum { INVITER, BUYER };

/* Behind the columns an image has what people read (extra), which no guard may compare. */
static struct copy_world *build(void)
{
    struct copy_world *cw = copy_new();
    struct world *w = &cw->w;
    world_table(w, "members", "id:int# mobile:text!? inviter:int? extra:text%");
    world_table(w, "orders", "id:int# buyer:int note:text?");
    world_reference(w, MEMBERS, "inviter", MEMBERS, "id");
    world_reference(w, ORDERS, "buyer", MEMBERS, "id");
    w->edges[INVITER].edge.name = "fk_inviter";
    w->edges[BUYER].edge.name = "fk_buyer";
    world_unique(w, MEMBERS, "u_mobile", "mobile");
    copy_open(cw);
    return cw;
}

#define ENTITY                                                                                     \
    "SELECT decision, kind, detail, choices, choice, source_key, target_key, source, target, "     \
    "after"                                                                                        \
    " FROM entity ORDER BY id"
#define A "1|017|NULL|Ann"
#define B "1|018|NULL|Bob"

/* Decisions: 1 same, 3 insert, 5 update, 6 delete, 7 conflict, 9 skip. */
static const struct {
    const char *what, *source, *target;
    int op;
    const char *set, *expected;
} cases[] = {
    {"nothing to do is not told", A, A, 0, "same=1", ""},
    {"missing", A, NULL, 1, "kind=NULL", "3 - - - - 1 1 1,017,NULL - 1,017,NULL"},
    {"extra", NULL, B, 3, "kind=NULL", "6 - - - - - 1 - 1,018,NULL -"},
    {"edited", A, B, 2, "same=1", "5 - - - - 1 1 1,017,NULL 1,018,NULL 1,017,NULL"},
    {"somebody else's, mirrored", A, B, 2, "same=0",
     "5 - - - - 1 1 1,017,NULL 1,018,NULL 1,017,NULL"},
    {"'' and NULL are themselves", "1||NULL|", NULL, 1, "kind=NULL",
     "3 - - - - 1 1 1,,NULL - 1,,NULL"},

    /* conflicts are reported, and never written */
    {"a unique value", A, NULL, 1, "kind='unique', detail=0",
     "7 unique u_mobile  - 1 - 1,017,NULL - -"},
    {"an identity without an index", A, NULL, 1, "kind='unique', detail=1",
     "7 unique identity  - 1 - 1,017,NULL - -"},
    {"a unique value whose holder is unknown", A, NULL, 1, "kind='unique', detail=NULL",
     "7 unique identity  - 1 - 1,017,NULL - -"},
    {"a parent", A, NULL, 1, "kind='parent-absent', detail=0",
     "7 parent-absent fk_inviter  - 1 - 1,017,NULL - -"},
    {"who refers to it", NULL, B, 3, "kind='referenced', detail=1",
     "7 referenced d.orders  - - 1 - 1,018,NULL -"},
    {"who refers to it, beyond the plan", NULL, B, 3, "kind='referenced', detail=2",
     "7 referenced a table that only the target has  - - 1 - 1,018,NULL -"},
    {"no parent in particular", A, NULL, 1, "kind='not-null-cycle'",
     "7 not-null-cycle -  - 1 - 1,017,NULL - -"},
    {"somebody else's key", A, B, 0, "kind='key-taken', same=0",
     "7 key-taken -  - 1 - 1,017,NULL 1,018,NULL -"},
    {"one person who stands there", A, B, 2, "kind='unique', detail=0, same=1",
     "1 unique u_mobile  - 1 1 1,017,NULL 1,018,NULL -"},
    {"edited, and left as it is", A, B, 0, "kind='changed', same=1",
     "1 changed -  target 1 1 1,017,NULL 1,018,NULL -"},

    /* values that do not fit */
    {"nobody decided", A, NULL, 1, "kind='does-not-fit', why='y', choices='skip'",
     "7 does-not-fit y skip - 1 - 1,017,NULL - -"},
    {"left out", A, NULL, 1, "kind='does-not-fit', why='y', choices='skip', choice='skip'",
     "9 does-not-fit y skip skip 1 - 1,017,NULL - -"},
    {"left out, and one person stands there", A, B, 2,
     "kind='does-not-fit', why='y', choices='skip', choice='skip', same=1",
     "1 does-not-fit y skip skip 1 1 1,017,NULL 1,018,NULL -"},
    {"made fit", A, NULL, 1, "why='y', choice='without-value', orig=(SELECT image FROM temp.orig)",
     "3 does-not-fit y - without-value 1 1 1,long,NULL - 1,017,NULL"},
    {"made fit, and its parent is missing", A, NULL, 1,
     "kind='parent-absent', detail=0, why='y', choice='without-value',"
     " orig=(SELECT image FROM temp.orig)",
     "7 parent-absent fk_inviter  - 1 - 1,long,NULL - -"},
};

static void test_entities(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct copy_world *cw = build();
        struct mr_strbuf sql = MR_STRBUF_INIT;
        copy_sql(cw, "CREATE TEMP TABLE orig (image BLOB)");
        world_require(
            MR_CASE_ONCE(cw->w.m.cf, "INSERT INTO orig VALUES (:image)", NULL,
                         MR_ARG_BYTES("image", world_image(&cw->w, MEMBERS, "1|long|NULL|Ann"))));
        copy_slot(cw, 1, MEMBERS, cases[i].source, cases[i].target, cases[i].op);
        mr_strbuf_add_fmt(&sql, "UPDATE c SET %s", cases[i].set);
        copy_sql(cw, sql.ptr);
        copy_run(cw, mr_copy_entities(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, ENTITY);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s:\n  %s\n  %s", cases[i].what, got, cases[i].expected);
        mr_strbuf_release(&sql);
        copy_free(cw);
    }
}

/* Each entity counts once, and as what it is; the slot knows its entity. */
static void test_counts(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    copy_slot(cw, 1, MEMBERS, "1|a|NULL|", NULL, 1);
    copy_slot(cw, 2, MEMBERS, "2|b|NULL|", "2|c|NULL|", 2);
    copy_slot(cw, 3, MEMBERS, NULL, "3|d|NULL|", 3);
    copy_slot(cw, 4, MEMBERS, "4|e|NULL|", NULL, 1);
    copy_slot(cw, 5, MEMBERS, "5|f|NULL|", "5|g|NULL|", 0);
    copy_slot(cw, 6, MEMBERS, "6|h|NULL|", "6|h|NULL|", 0);
    copy_slot(cw, 7, ORDERS, "7|1|NULL", NULL, 1);
    copy_sql(cw, "UPDATE c SET kind='unique', detail=0 WHERE id=4;"
                 "UPDATE c SET kind='changed', same=1 WHERE id=5;");
    cw->planned[ORDERS] = false;
    copy_run(cw, mr_copy_entities(&cw->c, &cw->w.err));
    assert_int_equal(cw->result.inserts, 1);
    assert_int_equal(cw->result.updates, 1);
    assert_int_equal(cw->result.deletes, 1);
    assert_int_equal(cw->result.open, 1);
    assert_int_equal(cw->result.kept, 1);
    copy_expect(cw, "SELECT id, entity FROM c ORDER BY id", "1 1; 2 2; 3 3; 4 4; 5 5; 6 0; 7 0");
    copy_free(cw);
}

/* Who waits for whom is said of conflicts only, and once their entities are known. */
static void test_waits(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    copy_slot(cw, 1, MEMBERS, "1|a|2|", NULL, 1);
    copy_slot(cw, 2, MEMBERS, "2|b|NULL|", NULL, 1);
    copy_slot(cw, 3, MEMBERS, "3|c|2|", NULL, 1);
    copy_slot(cw, 4, MEMBERS, "4|c|4|", NULL, 1);
    copy_sql(cw, "UPDATE c SET waits=2; UPDATE c SET kind='parent-absent', detail=0 WHERE id<>3;"
                 "UPDATE c SET waits=0 WHERE id=2; UPDATE c SET waits=4 WHERE id=4;");
    copy_run(cw, mr_copy_entities(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT id, waits_for, kind, detail FROM entity ORDER BY id",
                "1 2 parent-absent fk_inviter; 2 0 parent-absent fk_inviter; 3 0 - -;"
                " 4 0 parent-absent fk_inviter");
    copy_free(cw);
}

/* Identities are those that TARGET's collation sees, each row's its own; who has a NULL in it has
 * none, and takes nobody else's. */
static void test_identities(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    copy_slot(cw, 1, MEMBERS, "1|NULL|NULL|", NULL, 1);
    copy_slot(cw, 2, MEMBERS, "2|Abc|NULL|", NULL, 1);
    copy_slot(cw, 3, MEMBERS, NULL, "3|aBC |NULL|", 3);
    copy_slot(cw, 4, MEMBERS, "4||NULL|", NULL, 1);
    copy_slot(cw, 5, ORDERS, "5|1|x", NULL, 1);
    copy_run(cw, mr_copy_entities(&cw->c, &cw->w.err));
    copy_expect(cw,
                "SELECT id, identity IS NULL, dense_rank() OVER (ORDER BY identity) FROM entity"
                " WHERE tbl=0 ORDER BY id",
                "1 1 1; 2 0 3; 3 0 3; 4 0 2");
    copy_expect(cw, "SELECT identity FROM entity WHERE tbl=1", "-");
    copy_free(cw);
}

/* ---- steps ---- */

#define STEPS "SELECT unit, tree, level, op, entity, before, after FROM step ORDER BY id"

static void place(struct mr_vec *places, uint32_t root, uint32_t slot, uint32_t level,
                  enum mr_copy_phase phase)
{
    struct mr_copy_place *p = mr_vec_push(places);
    assert_non_null(p);
    *p = (struct mr_copy_place){root, level, slot, phase};
}

/* What each operation has before and after, without what only people read. */
static void test_steps(void **state)
{
    struct copy_world *cw = build();
    struct mr_vec places = MR_VEC_INIT(struct mr_copy_place);
    (void)state;
    copy_slot(cw, 1, MEMBERS, "1||NULL|Ann", NULL, 1);
    copy_slot(cw, 2, MEMBERS, "2|b|NULL|Bob", "2|c|1|Bea", 2);
    copy_slot(cw, 3, MEMBERS, NULL, "3|d|NULL|Dan", 3);
    copy_sql(cw, "UPDATE c SET entity=id+10");
    place(&places, 1, 1, 2, MR_PHASE_MAIN);
    place(&places, 1, 2, 3, MR_PHASE_MAIN);
    place(&places, 3, 3, 2, MR_PHASE_MAIN);
    copy_run(cw, mr_copy_steps(&cw->c, &places, &cw->w.err));
    copy_expect(cw, STEPS,
                "1 1 2 1 11 - 1,,NULL; 1 1 3 2 12 2,c,1 2,b,NULL; 1 2 2 3 13 3,d,NULL -");
    mr_vec_release(&places);
    copy_free(cw);
}

/* The images of a row's steps chain, or the guard of the second one would find what nobody
 * promised. */
static void test_chains(void **state)
{
    const struct {
        const char *what, *source, *target;
        int op;
        const char *breaks; /* how, what, col, and the value of mobile that parks */
        int park, close;
        const char *expected;
    } chains[] = {
        {"a value is parked", "1|a|NULL|", "1|b|NULL|", 2, "(1, 1, 0, 1, x'4e')", 1, 0,
         "2 1,b,NULL 1,NULL,NULL; 2 1,NULL,NULL 1,a,NULL"},
        {"a value of a row that goes is parked", NULL, "1|b|NULL|", 3, "(1, 1, 0, 1, x'4e')", 1, 0,
         "2 1,b,NULL 1,NULL,NULL; 3 1,NULL,NULL -"},
        {"a reference is parked", "1|a|3|", "1|a|2|", 2, "(1, 2, 0, 0, NULL)", 1, 0,
         "2 1,a,2 1,a,NULL; 2 1,a,NULL 1,a,3"},
        {"a reference of a row that goes is parked", NULL, "1|a|1|", 3, "(1, 2, 0, 0, NULL)", 1, 0,
         "2 1,a,1 1,a,NULL; 3 1,a,NULL -"},
        {"a reference is closed at the end", "1|a|2|", NULL, 1, "(1, 3, 0, 0, NULL)", 0, 1,
         "1 - 1,a,NULL; 2 1,a,NULL 1,a,2"},
        {"parked and closed", "1|a|3|", "1|b|2|", 2,
         "(1, 1, 0, 1, x'4e'), (1, 2, 0, 0, NULL), (1, 3, 0, 0, NULL)", 1, 1,
         "2 1,b,2 1,NULL,NULL; 2 1,NULL,NULL 1,a,NULL; 2 1,a,NULL 1,a,3"},
        {"another row's break is not its own", "1|a|NULL|", "1|b|2|", 2, "(2, 1, 0, 1, x'4e')", 0,
         0, "2 1,b,2 1,a,NULL"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(chains); i++) {
        struct copy_world *cw = build();
        struct mr_vec places = MR_VEC_INIT(struct mr_copy_place);
        struct mr_strbuf sql = MR_STRBUF_INIT;
        copy_slot(cw, 1, MEMBERS, chains[i].source, chains[i].target, chains[i].op);
        mr_strbuf_add_fmt(&sql, "INSERT INTO cycle_break (slot, how, what, col, value) VALUES %s",
                          chains[i].breaks);
        copy_sql(cw, sql.ptr);
        if (chains[i].park)
            place(&places, 1, 1, 1, MR_PHASE_PARK);
        place(&places, 1, 1, 2, MR_PHASE_MAIN);
        if (chains[i].close)
            place(&places, 1, 1, 3, MR_PHASE_CLOSE);
        copy_run(cw, mr_copy_steps(&cw->c, &places, &cw->w.err));
        const char *got = world_ask(&cw->w, "SELECT op, before, after FROM step ORDER BY id");
        if (strcmp(got, chains[i].expected) != 0)
            fail_msg("%s: %s", chains[i].what, got);
        mr_strbuf_release(&sql);
        mr_vec_release(&places);
        copy_free(cw);
    }
}

/* A column that may not be NULL is never opened, nor one that the key has. */
static void test_closed_columns(void **state)
{
    struct copy_world *cw = build();
    struct mr_vec places = MR_VEC_INIT(struct mr_copy_place);
    (void)state;
    copy_slot(cw, 1, ORDERS, "1|2|x", "1|3|x", 2);
    copy_sql(cw, "INSERT INTO cycle_break VALUES (1, 3, 1, 0, NULL)");
    place(&places, 1, 1, 2, MR_PHASE_MAIN);
    copy_run(cw, mr_copy_steps(&cw->c, &places, &cw->w.err));
    copy_expect(cw, "SELECT before, after FROM step", "1,3,x 1,2,x");
    mr_vec_release(&places);
    copy_free(cw);
}

static enum mr_code fill_nothing(void *ctx, struct mr_copy *c, struct mr_err *err)
{
    (void)ctx;
    (void)c;
    (void)err;
    return MR_OK;
}

/* Trees stay whole where one unit holds them; a bigger one begins a unit of its own and goes on. */
static void test_units(void **state)
{
    const struct {
        const char *what;
        size_t trees[4];      /* rows */
        const char *expected; /* rows of each unit, and its trees */
        bool rewinds;
    } units[] = {
        {"all in one", {1, 2, 3}, "1 6 3", false},
        {"as many as fit", {MR_UNIT_ROWS - 1, 1, 1}, "1 500 2; 2 1 1", false},
        {"one that does not fit any more", {MR_UNIT_ROWS - 1, 2}, "1 499 1; 2 2 1", false},
        {"one that is too big by itself", {2, MR_UNIT_ROWS + 1, 1}, "1 2 1; 2 500 1; 3 2 2", false},
        {"one that just fits", {MR_UNIT_ROWS, 1}, "1 500 1; 2 1 1", false},
        {"as many as fit of a rewind", {MR_UNIT_REWIND_ROWS - 1, 1, 1}, "1 2000 2; 2 1 1", true},
        {"a tree too big for one", {2, MR_UNIT_REWIND_ROWS + 1}, "1 2 1; 2 2000 1; 3 1 1", true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(units); i++) {
        struct copy_world *cw = build();
        struct mr_vec places = MR_VEC_INIT(struct mr_copy_place);
        struct mr_copy_task task = *cw->c.task;
        task.fill = units[i].rewinds ? fill_nothing : NULL;
        cw->c.task = &task;
        copy_slot(cw, 1, MEMBERS, "1|a|NULL|", NULL, 1);
        for (uint32_t t = 0; t < 4; t++)
            for (size_t k = 0; k < units[i].trees[t]; k++)
                place(&places, t + 1, 1, 2, MR_PHASE_MAIN);
        copy_run(cw, mr_copy_steps(&cw->c, &places, &cw->w.err));
        const char *got = world_ask(&cw->w, "SELECT unit, count(*), count(DISTINCT tree) FROM step"
                                            " GROUP BY unit ORDER BY unit");
        if (strcmp(got, units[i].expected) != 0)
            fail_msg("%s: %s", units[i].what, got);
        mr_vec_release(&places);
        copy_free(cw);
    }
}

/* Wide rows fill a unit before there are too many of them. */
static void test_wide_units(void **state)
{
    enum { WIDTH = 3 << 20 };
    struct copy_world *cw = build();
    struct mr_vec places = MR_VEC_INIT(struct mr_copy_place);
    char *row = mr_arena_alloc(&cw->w.arena, WIDTH + 16);
    (void)state;
    memset(row, 'x', WIDTH);
    memcpy(row, "1|", 2);
    memcpy(row + WIDTH, "|NULL|", 7);
    copy_slot(cw, 1, MEMBERS, row, NULL, 1);
    for (uint32_t i = 0; i < 5; i++)
        place(&places, i + 1, 1, 2, MR_PHASE_MAIN);
    copy_run(cw, mr_copy_steps(&cw->c, &places, &cw->w.err));
    copy_expect(cw, "SELECT unit, count(*) FROM step GROUP BY unit", "1 3; 2 2");
    mr_vec_release(&places);
    copy_free(cw);
}

/* Rows that nobody knows of are not made up. */
static void test_unknown(void **state)
{
    struct copy_world *cw = build();
    struct mr_vec places = MR_VEC_INIT(struct mr_copy_place);
    (void)state;
    copy_run(cw, mr_copy_steps(&cw->c, &places, &cw->w.err));
    copy_expect(cw, "SELECT count(*) FROM step", "0");
    place(&places, 1, 1, 2, MR_PHASE_MAIN);
    copy_refuse(cw, mr_copy_steps(&cw->c, &places, &cw->w.err), MR_E_BUG, "is gone");
    mr_vec_release(&places);
    copy_free(cw);
}

/* ---- failures ---- */

static struct copy_world *build_few(void)
{
    struct copy_world *cw = build();
    copy_slot(cw, 1, MEMBERS, "1|a|2|", "1|b|NULL|", 2);
    copy_slot(cw, 2, ORDERS, "2|1|x", NULL, 1);
    copy_sql(cw, "UPDATE c SET kind='unique', detail=0, waits=2 WHERE id=1;"
                 "UPDATE c SET kind='parent-absent', waits=1 WHERE id=2;"
                 "INSERT INTO cycle_break VALUES (1, 1, 0, 1, x'4e');");
    return cw;
}

static enum mr_code write_steps(struct mr_copy *c, struct mr_err *err)
{
    struct mr_vec places = MR_VEC_INIT(struct mr_copy_place);
    place(&places, 1, 1, 2, MR_PHASE_PARK);
    place(&places, 1, 1, 3, MR_PHASE_MAIN);
    place(&places, 1, 2, 3, MR_PHASE_MAIN);
    enum mr_code code = mr_copy_steps(c, &places, err);
    mr_vec_release(&places);
    return code;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_entities);
    copy_each_failure(build_few, write_steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entities),       cmocka_unit_test(test_counts),
        cmocka_unit_test(test_waits),          cmocka_unit_test(test_identities),
        cmocka_unit_test(test_steps),          cmocka_unit_test(test_chains),
        cmocka_unit_test(test_closed_columns), cmocka_unit_test(test_units),
        cmocka_unit_test(test_wide_units),     cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
