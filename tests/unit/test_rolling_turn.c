/* test_rolling_turn.c: each row is read again within N turns, whatever grows and is divided anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "random.h"
#include "recon/check/rolling_turn.h"

enum { RANGES_MAX = 4096 };

/* A table as ranges with rows: which slot, how many rows, and the turn in which they were read last. */
struct range {
    unsigned slot;
    uint64_t rows, read;
};

static uint64_t sum(const struct range *ranges, size_t count)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < count; i++)
        rows += ranges[i].rows;
    return rows;
}

static size_t divide(struct range *ranges, size_t count, uint64_t rows, unsigned parts,
                     uint64_t turn)
{
    const size_t pieces = mr_rolling_pieces(rows, parts);
    (void)count;
    for (size_t i = 0; i < pieces; i++)
        ranges[i] = (struct range){mr_rolling_deal(i, pieces, parts, random_bits()),
                                   rows / pieces + 1, turn - 1};
    return pieces;
}

/* The ranges of the turn are read, and divided where they have grown. */
static size_t read_turn(struct range *ranges, size_t count, unsigned parts, uint64_t turn)
{
    const uint64_t all = sum(ranges, count);
    const size_t before = count;
    for (size_t i = 0; i < before; i++) {
        struct range *r = &ranges[i];
        if (r->slot != mr_rolling_slot(turn, parts))
            continue;
        r->read = turn;
        const size_t pieces = mr_rolling_divide(r->rows, all, parts);
        const uint64_t rows = r->rows / pieces;
        for (size_t k = 1; k < pieces && count < RANGES_MAX; k++) {
            ranges[count++] = (struct range){(unsigned)((r->slot + k) % parts), rows, turn};
            r->rows -= rows;
        }
    }
    return count;
}

static void test_within_n(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < random_seeds(); seed++) {
        struct range ranges[RANGES_MAX];
        random_state = seed;
        const unsigned parts = 1 + (unsigned)random_below(40);
        uint64_t turn = mr_rolling_next(parts + 1, random_below(100), parts);
        const uint64_t first = turn;
        size_t count = divide(ranges, 0, random_below(3000000), parts, turn);
        assert_int_equal(first, 1);
        for (unsigned n = 0; n < 4 * parts; n++) {
            count = read_turn(ranges, count, parts, turn);
            for (size_t i = 0; i < count; i++) {
                assert_in_range(ranges[i].slot, 0, parts - 1);
                /* how long ago it was read, at most; before the first round that was before it */
                if (mr_rolling_is_round(first, turn, parts))
                    assert_true(ranges[i].read + parts > turn);
            }
            ranges[random_below(count)].rows += random_below(500000);
            turn = mr_rolling_next(parts, turn, parts);
        }
    }
}

static void test_round(void **state)
{
    (void)state;
    assert_true(mr_rolling_is_round(1, 1, 1));
    assert_false(mr_rolling_is_round(1, 3, 4));
    assert_true(mr_rolling_is_round(1, 4, 4));
    assert_false(mr_rolling_is_round(5, 7, 4)); /* divided in turn 5 */
    assert_true(mr_rolling_is_round(5, 8, 4));
}

static void test_turns(void **state)
{
    (void)state;
    assert_int_equal(mr_rolling_next(0, 0, 30), 1);
    assert_int_equal(mr_rolling_next(30, 30, 30), 31);
    assert_int_equal(mr_rolling_slot(31, 30), 0);
    assert_int_equal(mr_rolling_next(7, 30, 30), 1); /* another N begins anew */
    assert_int_equal(mr_rolling_slot(30, 30), 29);
}

/* Small tables have one range; big ones a part each turn, and none twice. */
static void test_pieces(void **state)
{
    (void)state;
    assert_int_equal(mr_rolling_pieces(0, 30), 1);
    assert_int_equal(mr_rolling_pieces(9999, 30), 1);
    assert_int_equal(mr_rolling_pieces(20000, 30), 4);
    assert_int_equal(mr_rolling_pieces(10000000, 30), 30);
    for (unsigned parts = 1; parts < 50; parts++) {
        unsigned seen[50] = {0};
        for (size_t i = 0; i < parts; i++)
            seen[mr_rolling_deal(i, parts, parts, 12345)]++;
        for (unsigned i = 0; i < parts; i++)
            assert_int_equal(seen[i], 1);
    }
}

static void test_divide(void **state)
{
    (void)state;
    assert_int_equal(mr_rolling_divide(100000, 3000000, 30), 1);
    assert_int_equal(mr_rolling_divide(199999, 3000000, 30), 1);
    assert_int_equal(mr_rolling_divide(200000, 3000000, 30), 2);
    assert_int_equal(mr_rolling_divide(1000000, 3000000, 30), 10);
    assert_int_equal(mr_rolling_divide(9000, 9000, 30), 1); /* not worth it */
    assert_int_equal(mr_rolling_divide(1000000, 1000000, 1), 1);
    assert_int_equal(mr_rolling_divide(UINT64_MAX, 1, 1000), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_within_n), cmocka_unit_test(test_round),
        cmocka_unit_test(test_turns),    cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_divide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
