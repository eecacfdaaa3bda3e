/* test_merge_trace.c: keys that TARGET's rows refer to, though no row holds them. */
#include "merge_world.h"

#include "repair/merge/merge_trace.h"

enum { MEMBERS, ORDERS, BILLS, LINES };
enum { BUYER, SPELLED, PART, WHOLE };

/* members ← orders, by the id and by a text that spells it; bills (shop, no), no counted, ←
 * lines, by no alone and by both. */
static void build(struct world *w)
{
    static const struct mr_spelling spelling = {.kind = MR_SPELL_NUMBER,
                                                .child = MR_CLASS_TEXT,
                                                .parent = MR_CLASS_INT,
                                                .charset = "utf8mb4",
                                                .collation = "utf8mb4_general_ci"};
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text!");
    world_table(w, "orders", "id:int# member:int? again:text? kind:int%");
    world_table(w, "bills", "shop:exact* no:int# sum:int?");
    world_table(w, "lines", "id:int# shop:exact? no:int?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_reference(w, ORDERS, "again", MEMBERS, "id");
    world_reference(w, LINES, "no", BILLS, "no");
    world_reference(w, LINES, "shop+no", BILLS, "shop+no");
    w->edges[BUYER].edge.condition_at = 3;
    w->edges[SPELLED].spelling = &spelling;
    world_open(w);
}

/* Asks for keys of a table, tags from 1 on → those that were somebody's. */
static const char *traced(struct world *w, size_t table, const char *const *rows, size_t n)
{
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    for (size_t i = 0; i < n; i++)
        *(struct mr_merge_ask *)mr_vec_push(&asks) =
            (struct mr_merge_ask){.tag = (int64_t)i + 1, .value = world_key(w, table, rows[i])};
    world_run(w, mr_merge_traces(&w->m, &w->planned[table], &asks, &w->err));
    mr_strbuf_reset(&w->text);
    mr_strbuf_add_str(&w->text, "");
    for (size_t i = 0; i < asks.count; i++)
        if (((struct mr_merge_ask *)mr_vec_at(&asks, i))->tag == 0)
            mr_strbuf_add_fmt(&w->text, "%zu ", i + 1);
    mr_vec_release(&asks);
    return w->text.ptr;
}

static void test_members(void **state)
{
    const struct {
        const char *order, *traced; /* of keys 11, 12, -1 */
    } cases[] = {
        {"1|11|NULL|1", "1 "}, {"1|-1|NULL|1", "3 "},
        {"1|NULL|NULL|1", ""}, {"1|11|NULL|0", ""},    /* its condition does not hold */
        {"1|NULL|12|0", "2 "}, {"1|NULL|012|1", "2 "}, /* in whatever way */
        {"1|NULL|12x|1", ""},  {"1|13|NULL|1", ""},
    };
    static const char *const keys[] = {"11|a", "12|b", "-1|c"};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_target(w, ORDERS, cases[i].order);
        world_source(w, ORDERS, "9|12|NULL|1"); /* SOURCE's are no trace */
        if (strcmp(traced(w, MEMBERS, keys, 3), cases[i].traced) != 0)
            fail_msg("case %zu: %s", i, w->text.ptr);
        world_free(w);
    }
}

/* Keys of words: bytes differ, and the collation takes them for the same. */
static void test_collation(void **state)
{
    struct world *w = world_new();
    static const char *const keys[] = {"Ab", "cd", "ab "};
    (void)state;
    const size_t p = world_table(w, "words", "word:text*");
    const size_t c = world_table(w, "uses", "id:int# word:text?");
    world_reference(w, c, "word", p, "word");
    world_open(w);
    world_target(w, c, "1|aB");
    world_target(w, c, "2|aB");
    world_target(w, c, "3|NULL");
    assert_string_equal(traced(w, p, keys, 3), "1 3 ");
    world_free(w);
}

/* By a part of the key that the counter makes: it counts for all keys that have it. */
static void test_part(void **state)
{
    static const char *const keys[] = {"a|5|0", "b|5|0", "b|6|0"};
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_target(w, LINES, "1|NULL|5");
    assert_string_equal(traced(w, BILLS, keys, 3), "1 2 ");
    w->tables[LINES].rows[MR_TARGET][0] = "1|b|6"; /* and by both columns */
    assert_string_equal(traced(w, BILLS, keys, 3), "3 ");
    world_free(w);
}

/* TARGET has the part under another key: its rows mean that one, unless SOURCE has it, too, and
 * it is one row. */
static void test_part_held(void **state)
{
    static const char *const keys[] = {"a|5|0"};
    const struct {
        const char *source, *there; /* of the other row; NULL: not looked at */
        bool looked_at;
        const char *traced;
        int parts;
    } cases[] = {
        {NULL, NULL, false, "1 ", MR_PLAN_PARTS_UNKNOWN},
        {"b|5|0", NULL, false, "", MR_PLAN_PARTS_SHARED},
        {"b|5|0", "b|5|0", true, "", MR_PLAN_PARTS_SHARED},
        {"b|5|0", NULL, true, "1 ", MR_PLAN_PARTS_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_target(w, BILLS, "b|5|0");
        if (cases[i].source != NULL)
            world_source(w, BILLS, cases[i].source);
        if (cases[i].looked_at)
            world_row(w, 1, BILLS, "b|5|0", cases[i].there, NULL);
        if (strcmp(traced(w, BILLS, keys, 1), cases[i].traced) != 0 ||
            (int)w->planned[BILLS].parts != cases[i].parts)
            fail_msg("case %zu: %s, parts %d", i, w->text.ptr, (int)w->planned[BILLS].parts);
        world_free(w);
    }
}

/* An id that stands for a new one was nobody's. */
static void test_provisional(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    char id[10];
    (void)state;
    build(w);
    mr_merge_provisional_encode(3, id);
    *(struct mr_merge_ask *)mr_vec_push(&asks) =
        (struct mr_merge_ask){.tag = 1, .value = {id, sizeof id}};
    world_run(w, mr_merge_traces(&w->m, &w->planned[MEMBERS], &asks, &w->err));
    assert_int_equal(((struct mr_merge_ask *)mr_vec_at(&asks, 0))->tag, 1);
    assert_int_equal(w->reads, 0);
    mr_vec_release(&asks);
    world_free(w);
}

/* As many keys at once as the child that is read whole takes. */
static void test_keys(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    assert_true(mr_merge_trace_keys(&w->m, &w->planned[MEMBERS]) > MR_MERGE_BATCH);
    assert_int_equal(mr_merge_trace_keys(&w->m, &w->planned[ORDERS]), MR_MERGE_BATCH);
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    world_target(w, ORDERS, "1|11|NULL|1");
    world_target(w, BILLS, "b|5|0");
    world_source(w, BILLS, "b|5|0");
    world_row(w, 1, BILLS, "b|5|0", NULL, NULL);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    *(struct mr_merge_ask *)mr_vec_push(&asks) =
        (struct mr_merge_ask){.tag = 1, .value = world_key(w, BILLS, "a|5|0")};
    enum mr_code code = mr_merge_traces(&w->m, &w->planned[BILLS], &asks, err);
    mr_vec_clear(&asks);
    *(struct mr_merge_ask *)mr_vec_push(&asks) =
        (struct mr_merge_ask){.tag = 1, .value = world_key(w, MEMBERS, "11|a")};
    if (code == MR_OK)
        code = mr_merge_traces(&w->m, &w->planned[MEMBERS], &asks, err);
    mr_vec_release(&asks);
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
        cmocka_unit_test(test_members),     cmocka_unit_test(test_collation),
        cmocka_unit_test(test_part),        cmocka_unit_test(test_part_held),
        cmocka_unit_test(test_provisional), cmocka_unit_test(test_keys),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
