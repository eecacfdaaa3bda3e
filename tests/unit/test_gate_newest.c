/* test_gate_newest.c: in what order the newest rows of a table are asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "recon/gate/gate_newest.h"

static const struct mr_column columns[] = {
    {.name = "shop", .cls = MR_CLASS_INT},
    {.name = "id", .cls = MR_CLASS_INT},
    {.name = "created_at", .cls = MR_CLASS_DATETIME},
};
static const struct mr_index_part key_parts[] = {{.column = "shop"}, {.column = "id"}};
static const struct mr_index_part time_parts[] = {{.column = "created_at"}, {.column = "shop"}};
static const struct mr_index indexes[] = {
    {.name = "PRIMARY",
     .unique = true,
     .usable = true,
     .kind = "BTREE",
     .parts = key_parts,
     .nparts = 2},
    {.name = "by_time", .usable = true, .kind = "BTREE", .parts = time_parts, .nparts = 2},
};

static void order_is(uint64_t rows, const struct mr_column *column, bool newest, const char *want)
{
    const struct mr_table table = {.db = "club",
                                   .name = "orders",
                                   .columns = columns,
                                   .ncolumns = 3,
                                   .indexes = indexes,
                                   .nindexes = 2,
                                   .est_rows = rows};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_gate_newest_order_sql(&sql, &table, column, newest, 200);
    assert_string_equal(sql.ptr, want);
    mr_strbuf_release(&sql);
}

/* The index by_time has no order by created_at and the key: the server would sort all rows. */
static void test_large_tables_are_read_in_the_order_of_the_index(void **state)
{
    (void)state;
    order_is(50000000, &columns[2], true, " ORDER BY `created_at` DESC LIMIT 200");
    order_is(50000000, &columns[2], false, " ORDER BY `created_at` LIMIT 200");
    order_is(50000000, &columns[1], true, " ORDER BY `id` DESC LIMIT 200");
}

static void test_rows_of_one_time_are_told_apart_by_key(void **state)
{
    (void)state;
    order_is(10000, &columns[2], true,
             " ORDER BY `created_at` DESC, `shop` DESC, `id` DESC LIMIT 200");
    order_is(10000, &columns[2], false, " ORDER BY `created_at`, `shop`, `id` LIMIT 200");
    order_is(10000, &columns[1], true, " ORDER BY `id` DESC, `shop` DESC LIMIT 200");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_tables_are_read_in_the_order_of_the_index),
        cmocka_unit_test(test_rows_of_one_time_are_told_apart_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
