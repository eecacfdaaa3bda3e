/* test_merge_parents.c: parents that TARGET has otherwise than check saw, or has no more. */
#include "merge_world.h"

#include "repair/merge/merge_parents.h"

enum { MEMBERS, ORDERS };
enum { BUYER, SHOP };

/* members ← orders, by their key, and by (shop, code), which is unique. */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# shop:int? code:text? seen:int?~");
    world_table(w, "orders", "id:int# member:int? shop:int? code:text?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_reference(w, ORDERS, "shop+code", MEMBERS, "shop+code");
    w->merged[ORDERS].bound.base = 10;
    world_open(w);
}

static const char *moved(struct world *w, size_t reference, int64_t from)
{
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    int64_t after = from;
    world_run(w, mr_merge_parents_moved(&w->m, &w->references[reference], &after, &w->arena, &keys,
                                        &w->err));
    mr_strbuf_reset(&w->text);
    mr_strbuf_add_fmt(&w->text, "%d:", (int)after);
    for (size_t i = 0; i < keys.count; i++) {
        const struct mr_key *key = mr_vec_at(&keys, i);
        mr_strbuf_add_str(&w->text, " ");
        assert_true(world_show(&w->text, key->ptr, key->len));
    }
    mr_vec_release(&keys);
    return w->text.ptr;
}

/* An order that may be written, and its parent on both sides. */
static void test_moved(void **state)
{
    const struct {
        const char *what;
        size_t reference;
        const char *order, *source, *target, *moved;
    } cases[] = {
        {"it stands there", BUYER, "11|7|NULL|NULL", "7|1|a|0", "7|1|a|0", "1:"},
        {"it has other values", BUYER, "11|7|NULL|NULL", "7|1|a|0", "7|1|b|0", "1: 7"},
        {"NULL is no empty text", BUYER, "11|7|NULL|NULL", "7|1|NULL|0", "7|1||0", "1: 7"},
        {"it was deleted", BUYER, "11|7|NULL|NULL", "7|1|a|0", NULL, "1: 7"},
        {"it is nobody on SOURCE", BUYER, "11|7|NULL|NULL", NULL, "7|1|a|0", "1:"},
        {"it refers to nobody", BUYER, "11|NULL|NULL|NULL", "7|1|a|0", NULL, "1:"},
        {"by two columns", SHOP, "11|NULL|1|A ", "7|1|a|0", "7|2|a|0", "1: 1,A "},
        {"by two columns, and it stands", SHOP, "11|NULL|1|A", "7|1|a|0", "7|1|a|0", "1:"},
        {"another key there, and all the same but that", SHOP, "11|NULL|1|a", "7|1|a|0", "8|1|a|0",
         "1: 1,a"},
        {"by two columns, of which one is NULL", SHOP, "11|NULL|1|NULL", "7|1|NULL|0", NULL, "1:"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        if (cases[i].source != NULL)
            world_source(w, MEMBERS, cases[i].source);
        if (cases[i].target != NULL)
            world_target(w, MEMBERS, cases[i].target);
        world_look(w, 1, ORDERS, cases[i].order, NULL);
        if (strcmp(moved(w, cases[i].reference, 0), cases[i].moved) != 0)
            fail_msg("%s: %s", cases[i].what, w->text.ptr);
        world_free(w);
    }
}

/* A parent that is looked at anyway is not looked for: where the value is its key. */
static void test_known(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_source(w, MEMBERS, "7|1|a|0");
    world_look(w, 1, MEMBERS, "7|1|a|0", NULL);
    world_look(w, 2, ORDERS, "11|7|1|a", NULL);
    assert_string_equal(moved(w, BUYER, 0), "2:");
    assert_string_equal(moved(w, SHOP, 0), "2: 1,a");
    world_free(w);
}

/* Rows that stay as they are need no parent; pages go on behind the last row. */
static void test_rows(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_source(w, MEMBERS, "7|1|a|0");
    world_source(w, MEMBERS, "8|1|b|0");
    world_look(w, 1, ORDERS, "5|7|NULL|NULL", "5|7|NULL|NULL");   /* of the past, equal */
    world_look(w, 2, ORDERS, "6|8|NULL|NULL", "6|7|NULL|NULL");   /* of the past, changed */
    world_look(w, 3, ORDERS, "11|7|NULL|NULL", "11|7|NULL|NULL"); /* above, equal: who is it? */
    assert_string_equal(moved(w, BUYER, 0), "3: 7 8");
    assert_string_equal(moved(w, BUYER, 2), "3: 7");
    assert_string_equal(moved(w, BUYER, 3), "3:");
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    world_source(w, MEMBERS, "7|1|a|0");
    world_look(w, 1, ORDERS, "11|7|NULL|NULL", NULL);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    int64_t after = 0;
    enum mr_code code =
        mr_merge_parents_moved(&w->m, &w->references[BUYER], &after, &w->arena, &keys, err);
    mr_vec_release(&keys);
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
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
