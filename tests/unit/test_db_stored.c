/* test_db_stored.c: rows come out as they went in, and there is an end to how many go in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/db/db_stored.h"

static void test_order(void **state)
{
    struct mr_stored stored = {0};
    size_t len = 0;
    (void)state;
    assert_null(mr_stored_next(&stored, &len));
    assert_int_equal(mr_stored_add(&stored, "one", 3, NULL), MR_OK);
    assert_int_equal(mr_stored_add(&stored, "", 0, NULL), MR_OK);
    assert_memory_equal(mr_stored_next(&stored, &len), "one", 3);
    assert_int_equal(len, 3);
    assert_non_null(mr_stored_next(&stored, &len));
    assert_int_equal(len, 0);
    assert_null(mr_stored_next(&stored, &len));
    /* Emptied, it takes rows again. */
    assert_int_equal(mr_stored_add(&stored, "two", 3, NULL), MR_OK);
    assert_int_equal(mr_stored_add(&stored, "three", 5, NULL), MR_OK);
    assert_memory_equal(mr_stored_next(&stored, &len), "two", 3);
    mr_stored_release(&stored); /* with one that was handed out, and one that was not */
    assert_null(mr_stored_next(&stored, &len));
}

static void test_ceiling(void **state)
{
    static char row[1 << 20];
    struct mr_stored stored = {0};
    size_t count = 0, len = 0;
    (void)state;
    for (; !mr_stored_is_full(&stored) && count < 1000; count++) {
        memset(row, (int)count, sizeof row);
        assert_int_equal(mr_stored_add(&stored, row, sizeof row, NULL), MR_OK);
    }
    assert_in_range(count, 63, 64);
    for (size_t i = 0; i < count; i++) {
        const unsigned char *kept = mr_stored_next(&stored, &len);
        assert_non_null(kept);
        assert_int_equal(len, sizeof row);
        assert_int_equal(kept[len - 1], i);
    }
    assert_null(mr_stored_next(&stored, &len));
    mr_stored_release(&stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
