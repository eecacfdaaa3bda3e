/* test_vec.c: the growing array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/base/vec.h"

struct item {
    uint64_t number;
    char text[5];
};

static void test_push_and_at(void **state)
{
    (void)state;
    struct mr_vec vec = MR_VEC_INIT(struct item);
    for (uint64_t i = 0; i < 1000; i++) {
        struct item *item = mr_vec_push(&vec);
        assert_non_null(item);
        assert_int_equal(item->number, 0);
        assert_string_equal(item->text, "");
        item->number = i * i;
        memcpy(item->text, "abcd", 5);
    }
    assert_int_equal(vec.count, 1000);
    for (uint64_t i = 0; i < 1000; i++) {
        const struct item *item = mr_vec_at(&vec, i);
        assert_int_equal(item->number, i * i);
        assert_string_equal(item->text, "abcd");
    }
    mr_vec_release(&vec);
    assert_null(vec.items);
}

/* A cleared array hands out zeroed items although the memory is the old one. */
static void test_clear_keeps_memory(void **state)
{
    (void)state;
    struct mr_vec vec = MR_VEC_INIT(int);
    for (int i = 0; i < 20; i++)
        *(int *)mr_vec_push(&vec) = -1;
    const void *before = vec.items;
    mr_vec_clear(&vec);
    assert_int_equal(vec.count, 0);
    assert_int_equal(*(int *)mr_vec_push(&vec), 0);
    assert_ptr_equal(vec.items, before);
    mr_vec_release(&vec);
    assert_int_equal(*(int *)mr_vec_push(&vec), 0);
    mr_vec_release(&vec);
}

/* Items stay, what is empty stays empty, and a trimmed array grows again. */
static void test_trim(void **state)
{
    (void)state;
    struct mr_vec vec = MR_VEC_INIT(int);
    mr_vec_trim(&vec);
    assert_null(vec.items);
    for (int i = 0; i < 33; i++)
        *(int *)mr_vec_push(&vec) = i;
    mr_vec_trim(&vec);
    assert_int_equal(vec.cap, 33);
    *(int *)mr_vec_push(&vec) = 33;
    for (int i = 0; i < 34; i++)
        assert_int_equal(*(int *)mr_vec_at(&vec, (size_t)i), i);
    mr_vec_release(&vec);
}

static void test_overflow_is_refused(void **state)
{
    (void)state;
    struct mr_vec vec = {.item_size = SIZE_MAX / 2 + 1};
    assert_null(mr_vec_push(&vec));
    assert_int_equal(vec.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_and_at),
        cmocka_unit_test(test_clear_keeps_memory),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_overflow_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
