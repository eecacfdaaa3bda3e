/* test_chunk.c: which rows of two chunks become suspects, in which order and place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/check/chunk.h"
#include "random.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* "a1 b2": key a with digest 1, key b with digest 2. */
static void fill(struct mr_chunk *chunk, const char *text)
{
    mr_chunk_init(chunk);
    for (const char *at = text; *at != '\0'; at += at[2] == ' ' ? 3 : 2) {
        size_t key_at = chunk->keys.len;
        mr_strbuf_add(&chunk->keys, at, 1);
        struct mr_digest digest = {.hi = 7, .lo = (uint64_t)(at[1] - '0')};
        assert_int_equal(mr_chunk_add(chunk, key_at, digest, NULL), MR_OK);
    }
}

struct chunk_case {
    const char *source, *target;
    const char *suspects; /* "a0 c1": key a behind no equal row, c behind one */
    uint64_t equal;
};

static void check_case(const struct chunk_case *c)
{
    struct mr_chunk s, t;
    struct mr_vec suspects = MR_VEC_INIT(struct mr_find_suspect);
    struct mr_strbuf text = MR_STRBUF_INIT;
    uint64_t equal = 99;
    fill(&s, c->source);
    fill(&t, c->target);
    assert_int_equal(mr_chunk_compare(&s, &t, &suspects, &equal, NULL), MR_OK);
    for (size_t i = 0; i < suspects.count; i++) {
        const struct mr_find_suspect *suspect = mr_vec_at(&suspects, i);
        assert_int_equal(suspect->pos, i);
        assert_int_equal(suspect->key.len, 1);
        mr_strbuf_add_fmt(&text, "%s%c%d", i > 0 ? " " : "", *(const char *)suspect->key.ptr,
                          (int)suspect->equal);
    }
    assert_string_equal(text.ptr, c->suspects);
    assert_int_equal(equal, c->equal);
    mr_strbuf_release(&text);
    mr_vec_release(&suspects);
    mr_chunk_release(&s);
    mr_chunk_release(&t);
}

static void test_compare(void **state)
{
    static const struct chunk_case cases[] = {
        {"", "", "", 0},
        {"a1 b2", "a1 b2", "", 2},
        {"a1 b2", "", "a0 b0", 0},
        {"", "a1 b2", "a0 b0", 0},
        {"a1 b2 c3", "a1 b9 c3", "b1", 2},
        {"a1 c3", "a1 b2 c3", "b1", 2},
        {"a1 b2 c3", "a1 c3", "b1", 2},
        {"a1 c3 e5", "b2 d4 f6", "a0 b0 c0 d0 e0 f0", 0},
        {"a1 b2 c3", "c3 d4 e5", "a0 b0 d1 e1", 1},
        {"c3 d4 e5", "a1 b2 c3", "a0 b0 d1 e1", 1},
        /* two digests swapped, one change made twice: no sum hides it */
        {"a1 b2", "a2 b1", "a0 b0", 0},
        {"a1 b1", "a2 b2", "a0 b0", 0},
        /* a key's row goes on under another key */
        {"a1 c3", "b2 c3", "a0 b0", 1},
        /* the servers' orders need not be that of the bytes, */
        {"b1 A2 c3", "b1 A2 c3", "", 3},
        {"b1 A2 c3", "b1 A9 c3", "A1", 2},
        /* nor the same */
        {"a1 b2 c3", "c3 b2 a1", "", 3},
        {"a1 b2 c3", "c3 b9 a1", "b1", 2},
        {"a1 b2 c3 d4", "d4 a1 x5", "b1 c1 x2", 2},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        check_case(&cases[i]);
}

/* Whatever the orders: the suspects are the rows without an equal twin, each once. */
static void random_side(struct mr_chunk *chunk, uint64_t digests[26], const char *order)
{
    mr_chunk_init(chunk);
    for (size_t i = 0; i < 26; i++) {
        size_t at = (size_t)(order[i] - 'a');
        size_t key_at = chunk->keys.len;
        if (digests[at] == 0)
            continue;
        mr_strbuf_add(&chunk->keys, &order[i], 1);
        /* of the whole row, so of the key too */
        struct mr_digest digest = {.hi = at, .lo = digests[at]};
        assert_int_equal(mr_chunk_add(chunk, key_at, digest, NULL), MR_OK);
    }
}

static void test_random(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 10 * random_seeds(); seed++) {
        uint64_t a[26], b[26], equal = 0, expected = 0;
        unsigned seen[26] = {0};
        char order[] = "abcdefghijklmnopqrstuvwxyz";
        struct mr_chunk s, t;
        struct mr_vec suspects = MR_VEC_INIT(struct mr_find_suspect);
        random_state = seed;
        for (size_t i = 0; i < 26; i++) {
            a[i] = random_below(3);
            b[i] = random_below(4) == 0 ? random_below(3) : a[i];
            expected += a[i] != 0 && a[i] == b[i];
        }
        random_side(&s, a, order);
        for (size_t i = seed % 2 == 0 ? 5 : 0; i > 0; i--) {
            size_t x = random_below(26), y = random_below(26);
            char c = order[x];
            order[x] = order[y];
            order[y] = c;
        }
        random_side(&t, b, order);
        assert_int_equal(mr_chunk_compare(&s, &t, &suspects, &equal, NULL), MR_OK);
        assert_int_equal(equal, expected);
        for (size_t i = 0; i < suspects.count; i++) {
            const struct mr_find_suspect *suspect = mr_vec_at(&suspects, i);
            seen[*(const char *)suspect->key.ptr - 'a']++;
            assert_true(suspect->equal <= equal);
        }
        for (size_t i = 0; i < 26; i++)
            assert_int_equal(seen[i], a[i] != b[i]);
        mr_vec_release(&suspects);
        mr_chunk_release(&s);
        mr_chunk_release(&t);
    }
}

static void test_reset(void **state)
{
    struct mr_chunk chunk;
    (void)state;
    fill(&chunk, "a1 b2");
    assert_int_equal(mr_chunk_key(&chunk, 1).len, 1);
    assert_memory_equal(mr_chunk_key(&chunk, 1).ptr, "b", 1);
    chunk.bytes = 5;
    mr_chunk_reset(&chunk);
    assert_int_equal(chunk.rows.count + chunk.keys.len + chunk.bytes, 0);
    mr_chunk_release(&chunk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
