/* test_history_entry.c: lists of entries are sorted as their names compare, whatever their keys have in common. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "recon/history/history_entry.h"
#include "tests/unit/random.h"

#define ENTRIES_MAX 300
#define KEY_MAX 24

static struct mr_history_name name_of(const struct mr_history_entry *e)
{
    return (struct mr_history_name){e->table, mr_history_entry_key(e)};
}

static int compare(const void *a, const void *b)
{
    const struct mr_history_entry *const *x = a, *const *y = b;
    return mr_history_name_compare(name_of(*x), name_of(*y));
}

/* Few different bytes, so that many begin alike, and some are the beginning of others; zeros, which are what
 * a number of fewer bytes is filled up with, too. */
static struct mr_history_entry *random_entry(struct mr_arena *arena, size_t alike, size_t tables)
{
    const size_t len = alike + random_below(KEY_MAX - alike);
    struct mr_history_entry *e = mr_arena_calloc(arena, 1, sizeof *e + len);
    assert_non_null(e);
    e->table = (uint32_t)random_below(tables);
    e->key_len = (uint32_t)len;
    for (size_t i = 0; i < len; i++)
        e->key[i] = (char)(i < alike ? 7 : random_below(2) == 0 ? 0 : 255 * random_below(2));
    return e;
}

static void check_sort(size_t count, size_t alike, size_t tables)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    struct mr_history_entry *list[ENTRIES_MAX], *wanted[ENTRIES_MAX];
    for (size_t i = 0; i < count; i++)
        list[i] = wanted[i] = random_entry(&arena, alike, tables);
    qsort(wanted, count, sizeof wanted[0], compare);
    assert_int_equal(mr_history_entry_sort(list, count, &err), MR_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(compare(&list[i], &wanted[i]), 0);
    /* one that is in order stays so */
    assert_int_equal(mr_history_entry_sort(list, count, &err), MR_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(compare(&list[i], &wanted[i]), 0);
    mr_arena_release(&arena);
}

static void test_sort(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 400; round++)
        check_sort(random_below(ENTRIES_MAX + 1), random_below(KEY_MAX), 1 + random_below(3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sort)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
