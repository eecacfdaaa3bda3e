/* test_gate_seen.c: rows that were read once are given again as they were, the newest first as a
 * server orders them, and too wide ones not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "recon/gate/gate_seen.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static struct mr_value number(int64_t i)
{
    return (struct mr_value){.cls = MR_CLASS_INT, .i = i};
}

static struct mr_value text(const char *s)
{
    return (struct mr_value){.cls = MR_CLASS_TEXT, .ptr = s, .len = strlen(s)};
}

/* 0: NULL */
static struct mr_value day(uint32_t day, uint32_t micros)
{
    if (day == 0)
        return (struct mr_value){.cls = MR_CLASS_NULL};
    return (struct mr_value){.cls = MR_CLASS_DATETIME,
                             .t = {.year = 2026, .month = 1, .day = day, .micros = micros}};
}

static void begin(struct mr_gate_seen_rows *seen)
{
    mr_gate_seen_init(seen);
    seen->on = true;
}

static void add(struct mr_gate_seen_rows *seen, int64_t key, const char *name, uint32_t d,
                uint32_t us)
{
    const struct mr_value values[] = {number(key), text(name), day(d, us)};
    assert_int_equal(mr_gate_seen_add(seen, values, LEN(values), NULL), MR_OK);
}

static void test_rows(void **state)
{
    struct mr_gate_seen_rows seen;
    struct mr_value values[3];
    (void)state;
    begin(&seen);
    add(&seen, -1, "", 0, 0);
    add(&seen, 7, "o`dd", 31, 5);
    assert_int_equal(seen.ends.count, 2);
    assert_int_equal(mr_gate_seen_row(&seen, 1, values, 3, NULL), MR_OK);
    assert_true(values[0].i == 7);
    assert_int_equal(values[1].len, 4);
    assert_memory_equal(values[1].ptr, "o`dd", 4);
    assert_int_equal(values[2].t.micros, 5);
    assert_int_equal(mr_gate_seen_row(&seen, 0, values, 3, NULL), MR_OK);
    assert_true(values[0].i == -1);
    assert_int_equal(values[1].len, 0);
    assert_int_equal(values[2].cls, MR_CLASS_NULL);
    mr_gate_seen_release(&seen);
}

/* Each row is its key, in the order of the key: what is the order by a column? */
static void test_newest(void **state)
{
    static const struct {
        int64_t key;
        uint32_t day, micros;
    } rows[] = {{-9, 3, 0}, {-2, 0, 0}, {0, 4, 1}, {1, 4, 0}, {5, 3, 0}, {300, 0, 0}};
    static const int64_t by_key[] = {300, 5, 1, 0, -2, -9}, by_day[] = {0, 1, 5, -9, 300, -2};
    struct mr_gate_seen_rows seen;
    struct mr_value values[3];
    size_t order[LEN(rows)];
    (void)state;
    begin(&seen);
    for (size_t i = 0; i < LEN(rows); i++)
        add(&seen, rows[i].key, "x", rows[i].day, rows[i].micros);
    for (size_t column = 0; column <= 2; column += 2) {
        assert_int_equal(mr_gate_seen_newest(&seen, column, order, NULL), MR_OK);
        for (size_t i = 0; i < LEN(rows); i++) {
            assert_int_equal(mr_gate_seen_row(&seen, order[i], values, 3, NULL), MR_OK);
            assert_true(values[0].i == (column == 0 ? by_key : by_day)[i]);
        }
    }
    mr_gate_seen_release(&seen);
}

static void test_left_out(void **state)
{
    struct mr_gate_seen_rows seen;
    char *wide = calloc(1, 300000);
    size_t order[1];
    (void)state;
    assert_non_null(wide);
    memset(wide, 'w', 299999);
    begin(&seen);
    add(&seen, 1, "x", 1, 0);
    add(&seen, 2, wide, 1, 0); /* then those before it are of no use */
    assert_int_equal(seen.ends.count, 0);
    assert_false(seen.on);
    add(&seen, 3, "x", 1, 0);
    assert_int_equal(seen.ends.count, 0);
    assert_int_equal(mr_gate_seen_newest(&seen, 0, order, NULL), MR_OK);
    mr_gate_seen_release(&seen);

    begin(&seen); /* many that are not wide */
    wide[100000] = '\0';
    for (int i = 0; i < 4; i++)
        add(&seen, i, wide, 1, 0);
    assert_int_equal(seen.ends.count, 0);
    mr_gate_seen_release(&seen);

    begin(&seen);
    seen.on = false;
    add(&seen, 1, "x", 1, 0);
    assert_int_equal(seen.ends.count, 0);
    mr_gate_seen_release(&seen);
    free(wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_newest),
                                       cmocka_unit_test(test_left_out)};
    return cmocka_run_group_tests_name("gate_seen", tests, NULL, NULL);
}
