/* test_key_set.c: keys, each once and in order; and the tables whose keys have no room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/pair/changes.h"
#include "random.h"

static struct mr_key key_of(struct mr_strbuf *bytes, int64_t n)
{
    const struct mr_value value = {.cls = MR_CLASS_INT, .i = n};
    mr_strbuf_reset(bytes);
    assert_int_equal(mr_row_encode(bytes, &value, NULL), MR_OK);
    return (struct mr_key){bytes->ptr, bytes->len};
}

static void test_each_once(void **state)
{
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    (void)state;
    for (unsigned seed = 0; seed < random_seeds(); seed++) {
        struct mr_key_set set;
        static bool there[5000];
        size_t wanted = 0;
        random_state = seed;
        memset(there, 0, sizeof there);
        mr_key_set_init(&set);
        const size_t range = 1 + random_below(5000);
        for (unsigned i = 0; i < 20000; i++) {
            const size_t n = random_below(range);
            wanted += !there[n];
            there[n] = true;
            assert_int_equal(mr_key_set_add(&set, key_of(&bytes, (int64_t)n - 100), NULL), MR_OK);
        }
        /* what comes again and again takes no room */
        assert_true(mr_key_set_bytes(&set) < (2 * wanted + 4097) * 24);
        assert_int_equal(mr_key_set_unite(&set, NULL), MR_OK);
        assert_int_equal(mr_key_set_count(&set), wanted);
        for (size_t i = 0, n = 0; i < wanted; i++, n++) {
            while (!there[n])
                n++;
            assert_int_equal(
                mr_key_compare(mr_key_set_at(&set, i), key_of(&bytes, (int64_t)n - 100)), 0);
        }
        mr_key_set_release(&set);
        assert_int_equal(mr_key_set_count(&set), 0);
    }
    mr_strbuf_release(&bytes);
}

#define MANY 20000U
/* The number that was put last counts, however often keys were united between. */
static void test_numbers(void **state)
{
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    struct mr_key_set set;
    size_t at;
    (void)state;
    mr_key_set_init(&set);
    assert_false(mr_key_set_find(&set, key_of(&bytes, 1), &at));
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(mr_key_set_put(&set, key_of(&bytes, i), i, NULL), MR_OK);
    for (unsigned i = 0; i < MANY; i += 3)
        assert_int_equal(mr_key_set_put(&set, key_of(&bytes, i), i + MANY, NULL), MR_OK);
    assert_int_equal(mr_key_set_unite(&set, NULL), MR_OK);
    assert_int_equal(mr_key_set_count(&set), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(mr_key_set_find(&set, key_of(&bytes, i), &at));
        assert_int_equal(mr_key_compare(mr_key_set_at(&set, at), key_of(&bytes, i)), 0);
        assert_int_equal(mr_key_set_number(&set, at), i % 3 == 0 ? i + MANY : i);
    }
    mr_key_set_mark(&set, at, 7);
    assert_int_equal(mr_key_set_number(&set, at), 7);
    assert_int_equal(mr_key_set_unite(&set, NULL), MR_OK);
    assert_int_equal(mr_key_set_number(&set, at), 7);
    assert_false(mr_key_set_find(&set, key_of(&bytes, MANY), &at));
    assert_false(mr_key_set_find(&set, key_of(&bytes, -1), &at));
    mr_key_set_release(&set);
    mr_strbuf_release(&bytes);
}

/* By their bytes: none is the beginning of another. */
static void test_beginnings(void **state)
{
    struct mr_key_set set;
    size_t at;
    (void)state;
    mr_key_set_init(&set);
    assert_int_equal(mr_key_set_put(&set, (struct mr_key){"a\0b", 3}, 1, NULL), MR_OK);
    assert_int_equal(mr_key_set_put(&set, (struct mr_key){"a\0", 2}, 2, NULL), MR_OK);
    assert_int_equal(mr_key_set_put(&set, (struct mr_key){"a", 1}, 3, NULL), MR_OK);
    assert_int_equal(mr_key_set_unite(&set, NULL), MR_OK);
    assert_int_equal(mr_key_set_count(&set), 3);
    assert_true(mr_key_set_find(&set, (struct mr_key){"a\0", 2}, &at));
    assert_int_equal(mr_key_set_number(&set, at), 2);
    assert_false(mr_key_set_find(&set, (struct mr_key){"a\0c", 3}, &at));
    mr_key_set_release(&set);
}

/* The table with the most is whole, its memory is given back, and the others keep theirs. */
static void test_no_room(void **state)
{
    struct mr_pair pairs[2] = {{.at = 0}, {.at = 1}};
    struct mr_pair *tables[2] = {&pairs[0], &pairs[1]};
    const struct mr_pairing pairing = {.tables = tables, .ntables = 2};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    struct mr_changes changes;
    (void)state;
    assert_int_equal(mr_changes_init(&changes, &pairing, &arena, NULL), MR_OK);
    for (int64_t n = 0; n < 1000; n++)
        assert_int_equal(mr_changes_add(&changes, 0, key_of(&bytes, n), NULL), MR_OK);
    for (int64_t n = 0; changes.of[1].why == NULL && n < 4000000; n++)
        assert_int_equal(mr_changes_add(&changes, 1, key_of(&bytes, n), NULL), MR_OK);
    assert_non_null(changes.of[1].why);
    assert_non_null(strstr(changes.of[1].why, "looked up one by one"));
    assert_int_equal(mr_key_set_count(&changes.of[1].keys), 0);
    assert_null(changes.of[0].why);
    assert_int_equal(mr_key_set_unite(&changes.of[0].keys, NULL), MR_OK);
    assert_int_equal(mr_key_set_count(&changes.of[0].keys), 1000);
    /* nothing more is kept of it, and the first reason stays */
    assert_int_equal(mr_changes_add(&changes, 1, key_of(&bytes, 1), NULL), MR_OK);
    assert_int_equal(mr_key_set_count(&changes.of[1].keys), 0);
    mr_changes_whole(&changes, 0, "one");
    mr_changes_whole(&changes, 0, "two");
    assert_string_equal(changes.of[0].why, "one");
    mr_changes_release(&changes);
    mr_strbuf_release(&bytes);
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_once), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_beginnings), cmocka_unit_test(test_no_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
