/* test_arena.c: allocations that die together: aligned, apart, kept, reused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "core/base/arena.h"

/* Sizes around the block limits; each piece keeps its own pattern until the end. */
static void test_pieces_do_not_overlap(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,    1,    15,    16,    17,     4095,
                                   4096, 4097, 65536, 65537, 262144, 300000};
    enum { ROUNDS = 40, KINDS = sizeof sizes / sizeof *sizes };
    static unsigned char *pieces[ROUNDS][KINDS];
    struct mr_arena arena = MR_ARENA_INIT;
    for (size_t r = 0; r < ROUNDS; r++) {
        for (size_t k = 0; k < KINDS; k++) {
            unsigned char *piece = mr_arena_alloc(&arena, sizes[k]);
            assert_non_null(piece);
            assert_int_equal((uintptr_t)piece % alignof(max_align_t), 0);
            memset(piece, (int)(r * KINDS + k) & 0xFF, sizes[k]);
            pieces[r][k] = piece;
        }
    }
    for (size_t r = 0; r < ROUNDS; r++)
        for (size_t k = 0; k < KINDS; k++)
            for (size_t i = 0; i < sizes[k]; i += 97)
                assert_int_equal(pieces[r][k][i], (r * KINDS + k) & 0xFF);
    mr_arena_release(&arena);
    assert_int_equal(arena.total_bytes, 0);
}

static void test_calloc_and_dup(void **state)
{
    (void)state;
    struct mr_arena arena;
    mr_arena_init(&arena);
    memset(mr_arena_alloc(&arena, 1000), 0xAA, 1000);
    mr_arena_reset(&arena); /* the block comes back dirty */
    const unsigned char *zeroed = mr_arena_calloc(&arena, 100, 10);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(zeroed[i], 0);
    const char *copy = mr_arena_dup(&arena, "a\0b", 3);
    assert_memory_equal(copy, "a\0b", 4);
    assert_string_equal(mr_arena_dup(&arena, NULL, 0), "");
    assert_string_equal(mr_arena_strdup(&arena, "text"), "text");
    mr_arena_release(&arena);
}

/* Also what is longer than a block. */
static void test_fmt(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    assert_string_equal(mr_arena_fmt(&arena, "%s, at \"%.3s\" position %d", "a", "bin.1", 4),
                        "a, at \"bin\" position 4");
    assert_string_equal(mr_arena_fmt(&arena, "%s", ""), "");
    assert_int_equal(strlen(mr_arena_fmt(&arena, "%0*d", 300000, 7)), 300000);
    mr_arena_release(&arena);
}

static void test_overflow_is_refused(void **state)
{
    (void)state;
    struct mr_arena arena = MR_ARENA_INIT;
    assert_null(mr_arena_alloc(&arena, SIZE_MAX));
    assert_null(mr_arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(mr_arena_calloc(&arena, SIZE_MAX / 4, 16));
    assert_null(mr_arena_dup(&arena, "x", SIZE_MAX));
    assert_non_null(mr_arena_alloc(&arena, 8));
    mr_arena_release(&arena);
}

/* A job that is repeated does not grow, and a wide row is given back. */
static void test_reset_bounds_memory(void **state)
{
    (void)state;
    struct mr_arena arena = MR_ARENA_INIT;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 100; i++)
            assert_non_null(mr_arena_alloc(&arena, 1000));
        assert_non_null(mr_arena_alloc(&arena, 8U << 20));
        mr_arena_reset(&arena);
        assert_true(arena.total_bytes <= 256 * 1024);
    }
    mr_arena_release(&arena);
}

static void test_keep(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    bool nomem = false;
    char text[] = "kept";
    (void)state;
    const char *kept = mr_arena_keep(&arena, text, &nomem);
    text[0] = 'l';
    assert_string_equal(kept, "kept");
    assert_string_equal(mr_arena_keep(&arena, NULL, &nomem), "");
    assert_false(nomem);
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_do_not_overlap),
        cmocka_unit_test(test_calloc_and_dup),
        cmocka_unit_test(test_fmt),
        cmocka_unit_test(test_overflow_is_refused),
        cmocka_unit_test(test_reset_bounds_memory),
        cmocka_unit_test(test_keep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
