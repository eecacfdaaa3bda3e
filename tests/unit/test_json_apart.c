/* test_json_apart.c: items that are set apart are those of the whole, whatever stands in them; what
 * is no JSON is refused as it would be whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/json/json_apart.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static enum mr_code parse(const char *text, struct mr_json_apart **doc, struct mr_err *err)
{
    return mr_json_apart_parse(text, strlen(text), "f", "t", doc, err);
}

static void test_items_are_those_of_the_whole(void **state)
{
    static const char *const texts[] = {
        "{\"t\": []}",
        "{\"t\":[{}]}",
        "{\"a\": \"t\", \"t\" : [ {\"x\": 1} , {\"x\": [1, {\"y\": 2}]} ] , \"b\": 3}",
        "{\"t\": [{\"x\": \"]}, \\\" [{\"}, {\"x\": \"\\\\\"}, {\"t\": [1, 2]}]}",
        "{\"a\": {\"b\": \"\\\"t\\\": [\"}, \"t\": [{\"x\": null}, {\"z\": true}], \"n\": -1.5}",
        "{\"t\": [\n{\"x\": \"\xC3\xA9\"},\n{\"x\": \"\"}\n]}\n",
    };
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        struct mr_json_apart *doc = NULL;
        struct mr_err err = {0};
        json_t *whole = json_loads(texts[i], 0, NULL), *list = json_object_get(whole, "t");
        size_t first, count;
        assert_int_equal(parse(texts[i], &doc, &err), MR_OK);
        assert_int_equal(mr_json_apart_array(doc, mr_json_apart_root(doc), &first, &count, &err),
                         MR_OK);
        assert_int_equal(count, json_array_size(list));
        for (size_t k = count; k-- > 0;) {
            const struct json_t *item = NULL;
            assert_int_equal(mr_json_apart_item(doc, first + k, &item, &err), MR_OK);
            assert_true(json_equal(item, json_array_get(list, k)));
        }
        json_t *rest = json_copy((json_t *)(uintptr_t)mr_json_apart_root(doc));
        json_object_del(rest, "t");
        json_object_del(whole, "t");
        assert_true(json_equal(rest, whole));
        json_decref(rest);
        json_decref(whole);
        mr_json_apart_free(doc);
    }
}

/* Each array has its own, also where one object holds another. */
static void test_several(void **state)
{
    static const char text[] =
        "{\"s\": [{\"t\": [{\"n\": 1}]}, {\"t\": []}, {\"t\": [{\"n\": 2}, {\"n\": 3}]}]}";
    static const size_t counts[] = {1, 0, 2};
    struct mr_json_apart *doc = NULL;
    struct mr_err err = {0};
    const struct json_t *servers = NULL, *server = NULL, *item = NULL;
    size_t n, first, count;
    json_int_t expected = 1;
    (void)state;
    assert_int_equal(parse(text, &doc, &err), MR_OK);
    assert_int_equal(mr_json_get_array(mr_json_apart_root(doc), "s", &servers, &n, &err), MR_OK);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(mr_json_item(servers, i, &server, &err), MR_OK);
        assert_int_equal(mr_json_apart_array(doc, server, &first, &count, &err), MR_OK);
        assert_int_equal(count, counts[i]);
        for (size_t k = 0; k < count; k++) {
            assert_int_equal(mr_json_apart_item(doc, first + k, &item, &err), MR_OK);
            assert_int_equal(json_integer_value(json_object_get(item, "n")), expected++);
        }
    }
    mr_json_apart_free(doc);
}

static void test_no_json(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"t\": [",
        "{\"t\": [{\"x\": 1}",
        "{\"t\": [{}}",
        "{\"t\": [{},]}",
        "{\"t\": [,{}]}",
        "{\"t\": [{}]",
        "{\"t\": [{}]]}",
        "{\"t\": [\"]}",
        "{\"t\": [{}], \"t\": [{}]}",
        "{\"t\": [{}] \"u\": 1}",
    };
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        struct mr_json_apart *doc = NULL;
        struct mr_err err = {0};
        if (parse(texts[i], &doc, &err) != MR_E_REFUSED)
            fail_msg("taken for JSON: %s", texts[i]);
        assert_null(doc);
    }
}

/* What stands in the place of items, and is none. */
static void test_no_items(void **state)
{
    static const char *const items[] = {"{\"t\": [1]}", "{\"t\": [\"x\"]}", "{\"t\": [[]]}",
                                        "{\"t\": [{} {}]}", "{\"t\": [{\"a\": 1, \"a\": 2}]}"};
    static const char *const arrays[] = {"{}",
                                         "{\"t\": 1}",
                                         "{\"t\": {}}",
                                         "{\"\\u0074\": [{}]}",
                                         "{\"\\u0074\": [0]}",
                                         "{\"\\u0074\": [0, 1]}",
                                         "{\"\\u0074\": [-1, 1]}",
                                         "{\"\\u0074\": [0, -1]}",
                                         "{\"\\u0074\": [9223372036854775807, 1]}",
                                         "{\"\\u0074\": [0.0, 0.0]}"};
    struct mr_err err = {0};
    size_t first, count;
    (void)state;
    for (size_t i = 0; i < LEN(items); i++) {
        struct mr_json_apart *doc = NULL;
        const struct json_t *item = NULL;
        assert_int_equal(parse(items[i], &doc, &err), MR_OK);
        assert_int_equal(mr_json_apart_item(doc, 0, &item, &err), MR_E_REFUSED);
        mr_json_apart_free(doc);
    }
    for (size_t i = 0; i < LEN(arrays); i++) {
        struct mr_json_apart *doc = NULL;
        assert_int_equal(parse(arrays[i], &doc, &err), MR_OK);
        if (mr_json_apart_array(doc, mr_json_apart_root(doc), &first, &count, &err) != MR_E_REFUSED)
            fail_msg("taken for an array: %s", arrays[i]);
        mr_json_apart_free(doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_are_those_of_the_whole), cmocka_unit_test(test_several),
        cmocka_unit_test(test_no_json), cmocka_unit_test(test_no_items)};
    return cmocka_run_group_tests_name("json_apart", tests, NULL, NULL);
}
