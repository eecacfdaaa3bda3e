/* test_json_reader.c: members one after the other, and nothing after the first failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/json/json_reader.h"

static const char text[] = "{\"t\":\"x\",\"n\":7,\"minus\":\"-9223372036854775808\","
                           "\"yes\":true,\"nil\":null,\"hex\":{\"hex\":\"ff\"},"
                           "\"o\":{\"a\":1},\"texts\":[\"a\",\"b\"],"
                           "\"list\":[{\"b\":\"c\"},3],\"far\":\"9223372036854775808\"}";

struct reading {
    struct mr_arena arena;
    struct mr_err err;
    struct mr_json_doc *doc;
    const struct json_t *root;
    struct mr_json_reader r;
};

static void begin(struct reading *g)
{
    *g = (struct reading){.arena = MR_ARENA_INIT};
    assert_int_equal(mr_json_parse(text, sizeof text - 1, "m.json", &g->doc, NULL), MR_OK);
    g->root = mr_json_root(g->doc);
    g->r = (struct mr_json_reader){.arena = &g->arena, .err = &g->err, .doing = "reading a test"};
}

static void end(struct reading *g)
{
    mr_json_free(g->doc);
    mr_arena_release(&g->arena);
}

static void test_members(void **state)
{
    struct reading g;
    struct mr_json_reader *r = &g.r;
    size_t count = 0;
    void *items = NULL;
    (void)state;
    begin(&g);
    assert_string_equal(mr_json_read_text(r, g.root, "t"), "x");
    assert_string_equal(mr_json_read_text_or_null(r, g.root, "t"), "x");
    assert_null(mr_json_read_text_or_null(r, g.root, "nil"));
    assert_null(mr_json_read_text_or_null(r, g.root, "absent"));
    assert_string_equal(mr_json_read_exact(r, g.root, "hex"), "\xff");
    assert_true(mr_json_read_number(r, g.root, "n") == 7);
    assert_true(mr_json_read_signed(r, g.root, "minus") == INT64_MIN);
    assert_true(mr_json_read_bool(r, g.root, "yes"));
    const struct json_t *o = mr_json_read_object(r, g.root, "o");
    assert_true(mr_json_read_number(r, o, "a") == 1);
    const char *const *texts = mr_json_read_texts(r, g.root, "texts", &count);
    assert_int_equal(count, 2);
    assert_string_equal(texts[1], "b");
    const struct json_t *list = mr_json_read_array(r, g.root, "list", sizeof(long), &count, &items);
    assert_int_equal(count, 2);
    assert_true(((long *)items)[1] == 0);
    assert_string_equal(mr_json_read_text(r, mr_json_read_item(r, list, 0), "b"), "c");
    assert_int_equal(r->code, MR_OK);
    end(&g);
}

/* Whatever is asked for after a failure is empty, and the first message stays. */
static void nothing_more(struct reading *g, const char *message)
{
    struct mr_json_reader *r = &g->r;
    size_t count = 9;
    void *items = &count;
    assert_int_equal(r->code, MR_E_REFUSED);
    assert_string_equal(mr_json_read_text(r, g->root, "t"), "");
    assert_null(mr_json_read_text_or_null(r, g->root, "t"));
    assert_null(mr_json_read_exact(r, g->root, "t"));
    assert_true(mr_json_read_number(r, g->root, "n") == 0);
    assert_true(mr_json_read_signed(r, g->root, "minus") == 0);
    assert_false(mr_json_read_bool(r, g->root, "yes"));
    assert_null(mr_json_read_object(r, g->root, "o"));
    assert_null(mr_json_read_array(r, g->root, "list", 1, &count, &items));
    assert_null(items);
    assert_int_equal(count, 0);
    (void)mr_json_read_texts(r, g->root, "texts", &count);
    assert_int_equal(count, 0);
    mr_json_read_refuse(r, "another thing", "z");
    assert_non_null(strstr(g->err.message, message));
    end(g);
}

static void test_sticky(void **state)
{
    struct reading g;
    size_t count;
    void *items;
    (void)state;
    begin(&g);
    (void)mr_json_read_text(&g.r, g.root, "absent");
    nothing_more(&g, "\"absent\"");
    begin(&g);
    (void)mr_json_read_signed(&g.r, g.root, "far");
    nothing_more(&g, "\"far\" is no number");
    begin(&g);
    (void)mr_json_read_texts(&g.r, g.root, "list", &count);
    assert_int_equal(count, 0);
    nothing_more(&g, "");
    begin(&g);
    const struct json_t *list = mr_json_read_array(&g.r, g.root, "list", 1, &count, &items);
    assert_null(mr_json_read_item(&g.r, list, 1));
    nothing_more(&g, "");
    begin(&g);
    mr_json_read_refuse(&g.r, "kind of test", "odd");
    nothing_more(&g, "kind of test \"odd\" is not as it is written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_sticky),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
