/* test_made_key.c: keys that a server made up are told by their shape, and go where nobody has
 * built on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/schema/made_key.h"

#define MADE                                                                                       \
    .name = "my_row_id", .type = "bigint unsigned", .data_type = "bigint", .is_unsigned = true,    \
    .auto_increment = true, .invisible = true
#define V                                                                                          \
    {                                                                                              \
        .name = "v", .type = "int", .data_type = "int", .nullable = true                           \
    }
#define ON(column_name)                                                                            \
    (const struct mr_index_part[])                                                                 \
    {                                                                                              \
        {                                                                                          \
            .column = column_name                                                                  \
        }                                                                                          \
    }

static const struct mr_index primary = {"PRIMARY", true, true, "BTREE", "", ON("my_row_id"), 1},
                             of_v = {"PRIMARY", true, true, "BTREE", "", ON("v"), 1},
                             unique = {"u", true, true, "BTREE", "", ON("my_row_id"), 1};

static void test_shape(void **state)
{
    static const struct {
        struct mr_column columns[2];
        const struct mr_index *index;
        bool is_made;
    } cases[] = {
        {{{MADE}, V}, &primary, true},
        {{V, {MADE}}, &primary, false}, /* MySQL shows such a one, whatever it is set to */
        {{{MADE}, V}, &of_v, false},
        {{{MADE}, V}, &unique, false},
        {{{MADE, .nullable = true}, V}, &primary, false},
        {{{.name = "my_row_id", .data_type = "bigint", .auto_increment = true, .invisible = true},
          V},
         &primary,
         false},
        {{{.name = "my_row_id", .data_type = "bigint", .is_unsigned = true, .invisible = true}, V},
         &primary,
         false},
        {{{.name = "my_row_id", .data_type = "bigint", .is_unsigned = true, .auto_increment = true},
          V},
         &primary,
         false}, /* SET VISIBLE: people see it */
        {{{.name = "my_row_id",
           .data_type = "int",
           .is_unsigned = true,
           .auto_increment = true,
           .invisible = true},
          V},
         &primary,
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mr_table table = {
            .columns = cases[i].columns, .ncolumns = 2, .indexes = cases[i].index, .nindexes = 1};
        if (mr_table_has_made_key(&table) != cases[i].is_made)
            fail_msg("case %zu", i);
    }
    const struct mr_table bare = {.columns = cases[0].columns, .ncolumns = 2};
    assert_false(mr_table_has_made_key(&bare));
}

static const struct mr_column columns[] = {{MADE}, V};
static const struct mr_index both[] = {{"PRIMARY", true, true, "BTREE", "", ON("my_row_id"), 1},
                                       {"k", false, true, "BTREE", "", ON("v"), 1}};
static const struct mr_index over[] = {{"PRIMARY", true, true, "BTREE", "", ON("my_row_id"), 1},
                                       {"k", false, true, "BTREE", "", ON("MY_ROW_ID"), 1}};
static const struct mr_foreign_key to_made = {.name = "f",
                                              .columns = (const char *const[]){"v"},
                                              .ref_db = "d",
                                              .ref_table = "parent",
                                              .ref_columns = (const char *const[]){"my_row_id"},
                                              .ncolumns = 1};

#define TABLE(table, list, count, ...)                                                             \
    {                                                                                              \
        .db = "d", .name = table, .columns = columns, .ncolumns = 2, .indexes = list,              \
        .nindexes = count, __VA_ARGS__                                                             \
    }

static void test_drop(void **state)
{
    static const struct mr_table tables[] = {TABLE("child", both, 2, .fks = &to_made, .nfks = 1),
                                             TABLE("indexed", over, 2), TABLE("parent", both, 1),
                                             TABLE("plain", both, 2)};
    static const bool goes[] = {true, false, false, true};
    struct mr_catalogue cat = {.tables = tables, .ntables = 4};
    (void)state;
    mr_arena_init(&cat.arena);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(mr_catalogue_drop_made_keys(&cat, NULL), MR_OK);
        for (size_t i = 0; i < 4; i++) {
            const struct mr_table *t = &cat.tables[i];
            assert_int_equal(t->made_key_hidden, goes[i]);
            assert_int_equal(t->ncolumns, goes[i] ? 1 : 2);
            assert_int_equal(t->nindexes, tables[i].nindexes - goes[i]);
            assert_string_equal(t->columns[0].name, goes[i] ? "v" : "my_row_id");
        }
    }
    assert_string_equal(cat.tables[3].indexes[0].name, "k");
    mr_arena_release(&cat.arena);
}

static void test_none(void **state)
{
    static const struct mr_table tables[] = {TABLE("t", &of_v, 1)};
    struct mr_catalogue cat = {.tables = tables, .ntables = 1};
    (void)state;
    mr_arena_init(&cat.arena);
    assert_int_equal(mr_catalogue_drop_made_keys(&cat, NULL), MR_OK);
    assert_ptr_equal(cat.tables, tables);
    mr_arena_release(&cat.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
