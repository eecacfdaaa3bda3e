/* test_key_numbers.c: keys that are put are found, each once, with the number that was put last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/source/key_numbers.h"

#define MANY 20000u

static struct mr_key key_of(char text[16], unsigned i)
{
    (void)snprintf(text, 16, "k%u", i);
    return (struct mr_key){text, strlen(text)};
}

static void test_many(void **state)
{
    struct mr_key_numbers set;
    char text[16];
    (void)state;
    mr_key_numbers_init(&set);
    assert_null(mr_key_numbers_find(&set, key_of(text, 1)));
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(mr_key_numbers_put(&set, key_of(text, i), i, NULL), MR_OK);
    for (unsigned i = 0; i < MANY; i += 3)
        assert_int_equal(mr_key_numbers_put(&set, key_of(text, i), i + MANY, NULL), MR_OK);
    assert_int_equal(set.entries.count, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        const struct mr_key_entry *entry = mr_key_numbers_find(&set, key_of(text, i));
        assert_non_null(entry);
        assert_int_equal(entry->key.len, strlen(text));
        assert_memory_equal(entry->key.ptr, text, entry->key.len);
        assert_int_equal(entry->number, i % 3 == 0 ? i + MANY : i);
    }
    assert_null(mr_key_numbers_find(&set, key_of(text, MANY)));
    mr_key_numbers_release(&set);
    assert_int_equal(set.entries.count, 0);
}

/* By their bytes: none is the beginning of another. */
static void test_beginnings(void **state)
{
    struct mr_key_numbers set;
    (void)state;
    mr_key_numbers_init(&set);
    assert_int_equal(mr_key_numbers_put(&set, (struct mr_key){"a\0b", 3}, 1, NULL), MR_OK);
    assert_int_equal(mr_key_numbers_put(&set, (struct mr_key){"a\0", 2}, 2, NULL), MR_OK);
    assert_int_equal(mr_key_numbers_put(&set, (struct mr_key){"a", 1}, 3, NULL), MR_OK);
    assert_int_equal(set.entries.count, 3);
    assert_int_equal(set.bytes, 6);
    assert_int_equal(mr_key_numbers_find(&set, (struct mr_key){"a\0", 2})->number, 2);
    assert_null(mr_key_numbers_find(&set, (struct mr_key){"a\0c", 3}));
    mr_key_numbers_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many),
                                       cmocka_unit_test(test_beginnings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
