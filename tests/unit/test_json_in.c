/* test_json_in.c: members of every type, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/json/json_in.h"

static const char text[] = "{\"t\":\"x\",\"n\":7,\"big\":\"18446744073709551615\","
                           "\"yes\":true,\"nil\":null,\"neg\":-1,\"o\":{\"a\":1},"
                           "\"list\":[{\"b\":\"c\"},3]}";

static struct mr_json_doc *load(const char *json)
{
    struct mr_json_doc *doc = NULL;
    assert_int_equal(mr_json_parse(json, strlen(json), "m.json", &doc, NULL), MR_OK);
    return doc;
}

static void test_members(void **state)
{
    (void)state;
    struct mr_json_doc *doc = load(text);
    const struct json_t *root = mr_json_root(doc), *inner = NULL;
    const char *t = NULL;
    uint64_t n = 0;
    bool yes = false;
    size_t count = 0;
    assert_int_equal(mr_json_get_text(root, "t", &t, NULL), MR_OK);
    assert_string_equal(t, "x");
    assert_int_equal(mr_json_get_text_or_null(root, "nil", &t, NULL), MR_OK);
    assert_null(t);
    assert_int_equal(mr_json_get_text_or_null(root, "absent", &t, NULL), MR_OK);
    assert_null(t);
    assert_int_equal(mr_json_get_uint(root, "n", &n, NULL), MR_OK);
    assert_int_equal(n, 7);
    assert_int_equal(mr_json_get_uint(root, "big", &n, NULL), MR_OK);
    assert_true(n == UINT64_MAX);
    assert_int_equal(mr_json_get_bool(root, "yes", &yes, NULL), MR_OK);
    assert_true(yes);
    assert_int_equal(mr_json_get_object(root, "o", &inner, NULL), MR_OK);
    assert_int_equal(mr_json_get_uint(inner, "a", &n, NULL), MR_OK);
    assert_int_equal(mr_json_get_array(root, "list", &inner, &count, NULL), MR_OK);
    assert_int_equal(count, 2);
    assert_int_equal(mr_json_item(inner, 1, &inner, NULL), MR_E_REFUSED);
    mr_json_free(doc);
}

static void test_texts(void **state)
{
    static const char doc_text[] = "{\"list\":[\"a\",1]}";
    struct mr_json_doc *doc = NULL;
    const struct json_t *list = NULL;
    const char *item = NULL;
    size_t count = 0;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_json_parse(doc_text, sizeof doc_text - 1, "m.json", &doc, &err), MR_OK);
    assert_int_equal(mr_json_get_array(mr_json_root(doc), "list", &list, &count, &err), MR_OK);
    assert_int_equal(mr_json_item_text(list, 0, &item, &err), MR_OK);
    assert_string_equal(item, "a");
    assert_int_equal(mr_json_item_text(list, 1, &item, &err), MR_E_REFUSED);
    assert_int_equal(mr_json_item_text(list, 2, &item, &err), MR_E_REFUSED);
    mr_json_free(doc);
}

/* A key of a row may hold a NUL, and stands next to what is read. */
static void test_nul(void **state)
{
    (void)state;
    struct mr_json_doc *doc = load("{\"from\":{\"k\":\"a\\u0000b\"},\"s\":\"a\\u0000b\","
                                   "\"n\":\"1\\u00002\",\"list\":[\"a\\u0000b\"],\"t\":\"x\"}");
    const struct json_t *root = mr_json_root(doc), *list = NULL;
    const char *t = NULL;
    uint64_t n = 0;
    size_t count = 0;
    assert_int_equal(mr_json_get_text(root, "t", &t, NULL), MR_OK);
    assert_string_equal(t, "x");
    assert_int_equal(mr_json_get_text(root, "s", &t, NULL), MR_E_REFUSED);
    assert_int_equal(mr_json_get_text_or_null(root, "s", &t, NULL), MR_E_REFUSED);
    assert_int_equal(mr_json_get_uint(root, "n", &n, NULL), MR_E_REFUSED);
    assert_int_equal(mr_json_get_array(root, "list", &list, &count, NULL), MR_OK);
    assert_int_equal(mr_json_item_text(list, 0, &t, NULL), MR_E_REFUSED);
    mr_json_free(doc);
}

static void test_refused(void **state)
{
    (void)state;
    struct mr_json_doc *doc = load(text);
    const struct json_t *root = mr_json_root(doc), *inner = NULL;
    struct mr_err err = {0};
    const char *t;
    uint64_t n;
    bool yes;
    size_t count;
    assert_int_equal(mr_json_get_text(root, "n", &t, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "\"n\""));
    assert_int_equal(mr_json_get_text(root, "absent", &t, &err), MR_E_REFUSED);
    assert_int_equal(mr_json_get_text_or_null(root, "n", &t, &err), MR_E_REFUSED);
    assert_int_equal(mr_json_get_uint(root, "neg", &n, &err), MR_E_REFUSED);
    assert_int_equal(mr_json_get_uint(root, "t", &n, &err), MR_E_REFUSED);
    assert_int_equal(mr_json_get_bool(root, "n", &yes, &err), MR_E_REFUSED);
    assert_int_equal(mr_json_get_object(root, "list", &inner, &err), MR_E_REFUSED);
    assert_int_equal(mr_json_get_array(root, "o", &inner, &count, &err), MR_E_REFUSED);
    mr_json_free(doc);
    static const char *const bad[] = {
        "", "{", "[1]", "{\"a\":1,\"a\":2}", "{\"a\":1} x", "{\"a\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mr_json_parse(bad[i], strlen(bad[i]), "m.json", &doc, &err), MR_E_REFUSED);
        assert_non_null(strstr(err.message, "m.json"));
    }
    assert_int_equal(mr_json_load("/nonexistent/m.json", 100, &doc, &err), MR_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
