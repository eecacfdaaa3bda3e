/* test_merge_reference.c: references whose columns write a key in a type of their own. */
#include "merge_world.h"

#include "repair/merge/merge_reference.h"

enum { MEMBERS, ORDERS, LINES };
enum { BUYER, ORDER };

static const struct mr_spelling number = {.kind = MR_SPELL_NUMBER,
                                          .child = MR_CLASS_TEXT,
                                          .parent = MR_CLASS_INT,
                                          .charset = "utf8mb4",
                                          .collation = "utf8mb4_general_ci"};

/* members ← orders, by a text that spells the id and where `kind` holds; orders ← lines. */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text!");
    world_table(w, "orders", "id:int# member:text? kind:int%");
    world_table(w, "lines", "id:int# shop:int? no:text?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_reference(w, LINES, "shop+no", ORDERS, "id+member");
    w->edges[BUYER].spelling = &number;
    w->edges[BUYER].edge.condition_at = 2;
    world_open(w);
    static const char *const rows[] = {"1|17|1", "2|017|1",  "3|18|1", "4|17x|1", "5|NULL|1",
                                       "6|17|0", "7| 17 |1", "8|-1|1", "9|17.0|0"};
    for (size_t i = 0; i < LEN(rows); i++)
        world_both(w, ORDERS, rows[i]);
}

/* What an image refers to, as the parent writes it. */
static void test_key(void **state)
{
    const struct {
        size_t reference;
        const char *row, *key; /* NULL: none */
    } cases[] = {
        {BUYER, "1|17|1", "17"},       {BUYER, "1|017|1", "17"},
        {BUYER, "1|17.0|1", "17"},     {BUYER, "1|-1|1", "-1"},
        {BUYER, "1|NULL|1", NULL},     {BUYER, "1||1", NULL},
        {BUYER, "1|17x|1", NULL},      {BUYER, "1|99999999999999999999|1", NULL},
        {ORDER, "1|7|o`dd", "7,o`dd"}, {ORDER, "1|7|", "7,"},
        {ORDER, "1|7|NULL", NULL},     {ORDER, "1|NULL|x", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_strbuf key = MR_STRBUF_INIT;
        struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
        bool none = false;
        build(w);
        const struct mr_plan_reference *r = &w->references[cases[i].reference];
        const struct mr_key image = world_image(w, r->child, cases[i].row);
        world_run(w, mr_merge_reference_key(r, image, &key, &none, &w->err));
        world_run(w, mr_merge_reference_push(&asks, 7, image, r, &w->arena, &w->err));
        if (none != (cases[i].key == NULL) || asks.count != (cases[i].key != NULL))
            fail_msg("case %zu: none %d, %zu questions", i, none, asks.count);
        mr_strbuf_reset(&w->text);
        if (!none) {
            const struct mr_merge_ask *ask = mr_vec_at(&asks, 0);
            assert_true(ask->tag == 7 && world_show(&w->text, ask->value.ptr, ask->value.len));
            assert_string_equal(w->text.ptr, cases[i].key);
            assert_int_equal(key.len, ask->value.len);
        }
        mr_strbuf_release(&key);
        mr_vec_release(&asks);
        world_free(w);
    }
}

static enum mr_code note(void *ctx, const struct mr_merge_ask *ask,
                         const struct mr_merge_answer *row, struct mr_err *err)
{
    struct mr_strbuf *log = ctx, text = MR_STRBUF_INIT;
    (void)err;
    assert_true(world_show(&text, row->image, row->len));
    if (ask != NULL)
        mr_strbuf_add_fmt(log, "%d=", (int)ask->tag);
    mr_strbuf_add_fmt(log, "%.*s ", (int)strcspn(text.ptr, ","), text.ptr);
    mr_strbuf_release(&text);
    return MR_OK;
}

/* Children are asked for as they write keys; those that spell one otherwise come by the other
 * way, and no row by both. */
static void test_children(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_strbuf log = MR_STRBUF_INIT;
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    (void)state;
    build(w);
    const struct mr_value ids[] = {{.cls = MR_CLASS_INT, .i = 17}, {.cls = MR_CLASS_INT, .i = -1}};
    for (size_t i = 0; i < 2; i++)
        *(struct mr_key *)mr_vec_push(&keys) = world_encode(w, &ids[i], NULL, 1);
    world_run(w, mr_merge_reference_children(&w->m, MR_SOURCE, &w->references[BUYER], &keys, note,
                                             &log, &w->err));
    assert_string_equal(log.ptr, "1 6 8 "); /* whether they refer, the caller asks */
    mr_strbuf_reset(&log);
    world_run(w, mr_merge_reference_otherwise(&w->m, MR_SOURCE, &w->references[BUYER], note, &log,
                                              &w->err));
    assert_string_equal(log.ptr, "2 7 "); /* 9: its condition does not hold */
    mr_strbuf_release(&log);
    mr_vec_release(&keys);
    world_free(w);
}

/* Rows that spell one of these keys otherwise, each with the question that it is. */
static void test_otherwise_to(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_strbuf log = MR_STRBUF_INIT;
    struct mr_vec keys = MR_VEC_INIT(struct mr_merge_ask);
    (void)state;
    build(w);
    const struct mr_value ids[] = {{.cls = MR_CLASS_INT, .i = 18}, {.cls = MR_CLASS_INT, .i = 17}};
    for (size_t i = 0; i < 2; i++)
        *(struct mr_merge_ask *)mr_vec_push(&keys) = (struct mr_merge_ask){
            .tag = (int64_t)(80 + i), .value = world_encode(w, &ids[i], NULL, 1)};
    world_run(w, mr_merge_reference_otherwise_to(&w->m, MR_TARGET, &w->references[BUYER], &keys,
                                                 note, &log, &w->err));
    assert_string_equal(log.ptr, "81=2 81=7 ");
    mr_strbuf_release(&log);
    mr_vec_release(&keys);
    world_free(w);
}

/* Of two columns both must mean a key. */
static void test_otherwise_both(void **state)
{
    static const struct mr_spelling both[] = {{.kind = MR_SPELL_NUMBER,
                                               .child = MR_CLASS_TEXT,
                                               .parent = MR_CLASS_INT,
                                               .charset = "utf8mb4",
                                               .collation = "utf8mb4_general_ci"},
                                              {.kind = MR_SPELL_NUMBER,
                                               .child = MR_CLASS_TEXT,
                                               .parent = MR_CLASS_INT,
                                               .charset = "utf8mb4",
                                               .collation = "utf8mb4_general_ci"}};
    struct world *w = world_new();
    struct mr_strbuf log = MR_STRBUF_INIT;
    (void)state;
    const size_t p = world_table(w, "p", "a:int* b:int*");
    const size_t c = world_table(w, "c", "id:int# a:text? b:text?");
    world_reference(w, c, "a+b", p, "a+b");
    w->edges[0].spelling = both;
    world_open(w);
    static const char *const rows[] = {"1|017|x", "2|017|5", "3|17|05", "4|17|5", "5|017|NULL"};
    for (size_t i = 0; i < LEN(rows); i++)
        world_source(w, c, rows[i]);
    world_run(
        w, mr_merge_reference_otherwise(&w->m, MR_SOURCE, &w->references[0], note, &log, &w->err));
    assert_string_equal(log.ptr, "2 3 ");
    mr_strbuf_release(&log);
    world_free(w);
}

/* A reference of the key's own type: nothing is spelled otherwise, and the key is asked for. */
static void test_plain(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_strbuf log = MR_STRBUF_INIT;
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    (void)state;
    build(w);
    mr_strbuf_add_str(&log, "");
    const struct mr_plan_reference *r = &w->references[ORDER];
    const struct mr_value pair[] = {{.cls = MR_CLASS_INT, .i = 7},
                                    {.cls = MR_CLASS_TEXT, .ptr = "", .len = 0}};
    const struct mr_key key = world_encode(w, pair, NULL, 2);
    world_run(w, mr_merge_reference_push_children(&asks, 3, key, r, &w->arena, &w->err));
    assert_int_equal(asks.count, 1);
    const struct mr_merge_ask *ask = mr_vec_at(&asks, 0);
    assert_true(mr_key_compare(ask->value, key) == 0 && ask->value.ptr != key.ptr);
    world_run(w, mr_merge_reference_otherwise(&w->m, MR_SOURCE, r, note, &log, &w->err));
    world_run(w, mr_merge_reference_otherwise_to(&w->m, MR_SOURCE, r, &asks, note, &log, &w->err));
    assert_string_equal(log.ptr, "");
    assert_int_equal(w->reads, 0);
    mr_strbuf_release(&log);
    mr_vec_release(&asks);
    world_free(w);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_strbuf log = MR_STRBUF_INIT;
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    const struct mr_value id = {.cls = MR_CLASS_INT, .i = 17};
    enum mr_code code = MR_OK;
    *(struct mr_key *)mr_vec_push(&keys) = world_encode(w, &id, NULL, 1);
    MR_TRY_OUT(mr_merge_reference_children(&w->m, MR_SOURCE, &w->references[BUYER], &keys, note,
                                           &log, err));
    MR_TRY_OUT(
        mr_merge_reference_otherwise(&w->m, MR_SOURCE, &w->references[BUYER], note, &log, err));
out:
    mr_strbuf_release(&log);
    mr_vec_release(&keys);
    return code;
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),          cmocka_unit_test(test_children),
        cmocka_unit_test(test_otherwise_to), cmocka_unit_test(test_otherwise_both),
        cmocka_unit_test(test_plain),        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
