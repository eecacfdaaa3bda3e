/* test_merge_map.c: whom rows refer to, and by which values they do so on TARGET. */
#include "merge_world.h"

#include "repair/merge/merge_map.h"

enum { MEMBERS, ORDERS, LINES };
enum { BUYER, ORDER, PAYER };

/* members ← orders (by a text that spells the id) ← lines, by (shop, no); lines refer to
 * members, too. */
static void build(struct world *w)
{
    static const struct mr_spelling spelling = {.kind = MR_SPELL_NUMBER,
                                                .child = MR_CLASS_TEXT,
                                                .parent = MR_CLASS_INT,
                                                .charset = "utf8mb4",
                                                .collation = "utf8mb4_general_ci"};
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text!");
    world_table(w, "orders", "shop:int* no:text* member:text? kind:int%");
    world_table(w, "lines", "id:int# shop:int? no:text? payer:int?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_reference(w, LINES, "shop+no", ORDERS, "shop+no");
    world_reference(w, LINES, "payer", MEMBERS, "id")->hard = true;
    w->edges[BUYER].spelling = &spelling;
    w->edges[BUYER].edge.condition_at = 3;
    w->merged[MEMBERS].bound.base = 10;
    world_open(w);
}

#define LINKS "SELECT child, ref, parent, above, value, live FROM link ORDER BY child, ref"

/* A row of orders, or of lines → its links. */
static void test_link(void **state)
{
    const struct {
        size_t table;
        const char *row, *links;
    } cases[] = {
        {ORDERS, "1|a|9|1", "5 0 1 0 - -"},    /* a row that is looked at */
        {ORDERS, "1|a|009|1", "5 0 1 0 - -"},  /* whichever way it is spelled */
        {ORDERS, "1|a|11|1", "5 0 -1 1 11 -"}, /* not looked at, above L */
        {ORDERS, "1|a|10|1", "5 0 -1 0 10 -"}, /* L itself */
        {ORDERS, "1|a|77|1", "5 0 0 0 - 77"},  /* nobody here, somebody there */
        {ORDERS, "1|a|78|1", "5 0 0 0 - -"},   /* nobody anywhere */
        {ORDERS, "1|a|9|0", ""},               /* its condition does not hold */
        {ORDERS, "1|a|9|NULL", ""},
        {ORDERS, "1|a|NULL|1", ""},
        {ORDERS, "1|a|9x|1", ""},              /* spells no key */
        {LINES, "1|7|B |NULL", "5 1 2 0 - -"}, /* by two columns, as the collation has it */
        {LINES, "1|7|NULL|NULL", ""},
        {LINES, "1|8|b|9", "5 1 0 0 - -; 5 2 1 0 - -"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_source(w, MEMBERS, "9|a");
        world_both(w, MEMBERS, "10|b");
        world_both(w, MEMBERS, "11|c");
        world_target(w, MEMBERS, "77|d");
        world_look(w, 1, MEMBERS, "9|a", NULL);
        world_look(w, 2, ORDERS, "7|b|NULL|1", NULL);
        world_look(w, 5, cases[i].table, cases[i].row, NULL);
        world_run(w, mr_merge_link(&w->m, &w->err));
        const char *got = world_ask(w, LINKS);
        if (strcmp(got, cases[i].links) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* Whom TARGET means is asked of rows that are equal above the past: the same bytes may be
 * somebody else. */
static void test_link_live(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_target(w, MEMBERS, "9|z");
    world_look(w, 1, MEMBERS, "9|a", "9|z");
    world_look(w, 2, LINES, "1|NULL|NULL|9", "1|NULL|NULL|9"); /* above, equal */
    world_look(w, 3, LINES, "2|NULL|NULL|9", "2|NULL|NULL|NULL");
    world_run(w, mr_merge_link(&w->m, &w->err));
    world_expect(w, LINKS, "2 2 1 0 - 9; 3 2 1 0 - -");
    world_free(w);
}

/* Two rows of SOURCE of one name: the one that is spelled so is meant, else the first, and nobody
 * is linked twice. */
static void test_link_twice(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_look(w, 3, ORDERS, "7|B|NULL|1", NULL);
    world_look(w, 2, ORDERS, "7|b|NULL|1", NULL);
    world_look(w, 5, LINES, "1|7|b|NULL", NULL);
    world_look(w, 6, LINES, "2|7|B|NULL", NULL);
    world_look(w, 7, LINES, "3|7|b |NULL", NULL);
    world_run(w, mr_merge_link(&w->m, &w->err));
    world_expect(w, LINKS, "5 1 2 0 - -; 6 1 3 0 - -; 7 1 2 0 - -");
    world_free(w);
}

/* Maps row 5, a line or an order, in a mode. */
static const char *mapped(struct world *w, size_t table, const char *row,
                          enum mr_merge_map_mode mode, struct mr_key edits, bool *disagrees)
{
    struct mr_merge_map map;
    const struct mr_key image = world_image(w, table, row);
    const struct mr_merge_work_row of = {.id = 5, .image = image.ptr, .len = image.len};
    world_run(w, mr_merge_map_open(&map, &w->m, &w->err));
    world_run(w, mr_merge_map_row(&map, &w->planned[table], &of, mode, edits, &w->err));
    mr_strbuf_reset(&w->text);
    assert_true(world_show(&w->text, map.row.ptr, map.row.len));
    *disagrees = map.disagrees;
    mr_merge_map_close(&map);
    return w->text.ptr;
}

/* A reference gets the values of its parent on TARGET, once: never those that they are on
 * SOURCE of somebody else. */
static void test_map(void **state)
{
    const struct {
        const char *set; /* of the parents: 1 a member, 2 an order */
        enum mr_merge_map_mode mode;
        const char *row;
    } cases[] = {
        {NULL, MR_MERGE_MAP_ALL, "1,8,c,12"},
        {NULL, MR_MERGE_MAP_HARD, "1,7,b,12"},
        {"waits=1", MR_MERGE_MAP_KNOWN, "1,7,b,9"},
        {NULL, MR_MERGE_MAP_KNOWN, "1,8,c,12"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        bool disagrees = true;
        build(w);
        world_row(w, 1, MEMBERS, "9|a", "12|a", cases[i].set); /* it is 12 there */
        world_row(w, 12, MEMBERS, "12|b", "13|b", NULL);       /* and 12 is 13: never chained */
        world_row(w, 2, ORDERS, "7|b|NULL|1", "8|c|NULL|1", cases[i].set);
        world_link(w, 5, ORDER, 2);
        world_link(w, 5, PAYER, 1);
        const char *got =
            mapped(w, LINES, "1|7|b|9", cases[i].mode, (struct mr_key){0}, &disagrees);
        if (strcmp(got, cases[i].row) != 0 || disagrees)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* To nobody, and to a row that is itself; a parent that is not there yet, by what it will be. */
static void test_map_ends(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    bool disagrees = false;
    (void)state;
    build(w);
    world_row(w, 1, MEMBERS, "9|a", NULL, NULL);
    const struct mr_key after = world_image(w, MEMBERS, "99|a");
    world_require(MR_CASE_ONCE(w->m.cf, "UPDATE img SET after=:after WHERE id=1", NULL,
                               MR_ARG_BYTES("after", after)));
    world_link(w, 5, PAYER, 1);
    world_link(w, 5, ORDER, MR_LINK_NOBODY);
    assert_string_equal(
        mapped(w, LINES, "1|7|b|9", MR_MERGE_MAP_ALL, (struct mr_key){0}, &disagrees), "1,7,b,99");
    world_sql(w, "DELETE FROM link; DELETE FROM img");
    world_link(w, 5, PAYER, 1); /* of a circle of identities: as it is */
    assert_string_equal(
        mapped(w, LINES, "1|7|b|9", MR_MERGE_MAP_ALL, (struct mr_key){0}, &disagrees), "1,7,b,9");
    world_free(w);
}

/* A column of two references has to get one value from both; a person's edit counts last. */
static void test_map_disagrees(void **state)
{
    static const char *const there[] = {"12|a", "13|b"};
    (void)state;
    for (size_t i = 0; i < LEN(there); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_strbuf edits = MR_STRBUF_INIT;
        struct mr_value six = {.cls = MR_CLASS_INT, .i = 6};
        bool disagrees = false;
        build(w);
        world_reference(w, LINES, "payer", MEMBERS, "id");
        world_row(w, 1, MEMBERS, "9|a", "12|a", NULL);
        world_row(w, 2, MEMBERS, "8|b", there[i], NULL);
        world_link(w, 5, PAYER, 1);
        world_link(w, 5, PAYER + 1, 2);
        assert_string_equal(
            mapped(w, LINES, "1|7|b|9", MR_MERGE_MAP_ALL, (struct mr_key){0}, &disagrees),
            "1,7,b,12");
        assert_true(disagrees == (i == 1));
        mr_plan_fit_add(&edits, 3, world_encode(w, &six, NULL, 1));
        assert_string_equal(mapped(w, LINES, "1|7|b|9", MR_MERGE_MAP_ALL,
                                   (struct mr_key){edits.ptr, edits.len}, &disagrees),
                            "1,7,b,6");
        mr_strbuf_release(&edits);
        world_free(w);
    }
}

/* A key is written as the child writes keys. */
static void test_map_spells(void **state)
{
    const struct {
        const char *own, *there, *after;
    } cases[] = {
        {"9", "12|a", "1,a,12,1"},   {"9", "9|a", "1,a,9,1"},
        {"009", "9|a", "1,a,009,1"}, /* the same key: as it was spelled */
        {"009", "12|a", "1,a,9,1"},  /* how the new one is spelled, nobody knows: plan_fit */
        {"9", "-12|a", "1,a,-12,1"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        char row[32];
        bool disagrees = false;
        build(w);
        world_row(w, 1, MEMBERS, "9|a", cases[i].there, NULL);
        world_link(w, 5, BUYER, 1);
        (void)snprintf(row, sizeof row, "1|a|%s|1", cases[i].own);
        const char *got = mapped(w, ORDERS, row, MR_MERGE_MAP_ALL, (struct mr_key){0}, &disagrees);
        if (strcmp(got, cases[i].after) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

static void build_few(struct world *w)
{
    build(w);
    world_source(w, MEMBERS, "9|a");
    world_both(w, MEMBERS, "10|b");
    world_target(w, MEMBERS, "77|d");
    world_look(w, 1, MEMBERS, "9|a", NULL);
    world_look(w, 2, ORDERS, "7|b|9|1", NULL);
    world_look(w, 3, ORDERS, "7|c|77|1", NULL);
    world_look(w, 4, LINES, "1|7|b|10", "1|7|b|10");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_merge_map map;
    const struct mr_key image = world_image(w, LINES, "1|7|b|10");
    const struct mr_merge_work_row of = {.id = 4, .image = image.ptr, .len = image.len};
    enum mr_code code = mr_merge_link(&w->m, err);
    if (code != MR_OK)
        return code;
    MR_TRY_OUT(mr_merge_map_open(&map, &w->m, err));
    MR_TRY_OUT(
        mr_merge_map_row(&map, &w->planned[LINES], &of, MR_MERGE_MAP_ALL, (struct mr_key){0}, err));
out:
    mr_merge_map_close(&map);
    return code;
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link),       cmocka_unit_test(test_link_live),
        cmocka_unit_test(test_link_twice), cmocka_unit_test(test_map),
        cmocka_unit_test(test_map_ends),   cmocka_unit_test(test_map_disagrees),
        cmocka_unit_test(test_map_spells), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
