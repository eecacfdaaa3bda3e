/* test_merge_row.c: row images as the merge planner handles them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/merge/merge_row.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static struct mr_value integer(int64_t i)
{
    return (struct mr_value){.cls = MR_CLASS_INT, .i = i};
}

static struct mr_value natural(uint64_t u)
{
    return (struct mr_value){.cls = MR_CLASS_UINT, .u = u};
}

static struct mr_value bytes(enum mr_class cls, const char *text)
{
    return (struct mr_value){.cls = cls, .ptr = text, .len = strlen(text)};
}

static struct mr_value null(void)
{
    return (struct mr_value){.cls = MR_CLASS_NULL};
}

static void encode(struct mr_strbuf *out, const struct mr_value *values, size_t n)
{
    mr_strbuf_reset(out);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(mr_row_encode(out, &values[i], NULL), MR_OK);
}

static void test_edit(void **state)
{
    const struct mr_value values[] = {integer(7), bytes(MR_CLASS_TEXT, "x"), null()};
    const struct mr_value wanted[] = {integer(7), bytes(MR_CLASS_TEXT, "longer"), null()};
    struct mr_strbuf image = MR_STRBUF_INIT, other = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    struct mr_key edits[3] = {{0}};
    (void)state;
    encode(&image, values, 3);
    encode(&other, wanted, 3);
    assert_int_equal(mr_merge_row_value((struct mr_key){other.ptr, other.len}, 1, &edits[1], NULL),
                     MR_OK);
    assert_int_equal(mr_merge_row_edit((struct mr_key){image.ptr, image.len}, edits, 3, &out, NULL),
                     MR_OK);
    assert_int_equal(out.len, other.len);
    assert_memory_equal(out.ptr, other.ptr, out.len);
    mr_strbuf_release(&image);
    mr_strbuf_release(&other);
    mr_strbuf_release(&out);
}

static void test_provisional(void **state)
{
    char id[10];
    struct mr_strbuf image = MR_STRBUF_INIT;
    const struct mr_value values[] = {integer(-5), natural(UINT64_MAX), null(),
                                      bytes(MR_CLASS_TEXT, "i"), integer(INT64_MAX)};
    (void)state;
    mr_merge_provisional_encode(123456, id);
    assert_int_equal(mr_merge_provisional_row((struct mr_key){id, sizeof id}), 123456);
    encode(&image, values, LEN(values));
    assert_false(mr_merge_provisional_within((struct mr_key){image.ptr, image.len}));
    mr_strbuf_add(&image, id, sizeof id);
    assert_true(mr_merge_provisional_within((struct mr_key){image.ptr, image.len}));
    mr_strbuf_release(&image);
}

static void test_count(void **state)
{
    const struct mr_plan_table counted = {.counter = 1}, none = {.counter = MR_NO_COLUMN};
    struct mr_strbuf image = MR_STRBUF_INIT;
    const struct mr_value values[] = {null(), natural(UINT64_MAX)};
    int64_t n = -1;
    (void)state;
    encode(&image, values, 2);
    struct mr_key key = {image.ptr, image.len};
    assert_int_equal(mr_merge_row_count(&none, key, &n, NULL), MR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(mr_merge_row_count(&counted, key, &n, NULL), MR_OK);
    assert_true(n == INT64_MAX);
    mr_strbuf_release(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_provisional),
        cmocka_unit_test(test_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
