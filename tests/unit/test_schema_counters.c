/* test_schema_counters.c: which tables' greatest keys the catalogue reads while they are open, and what
 * becomes of statements that fail (schema_counters.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/schema/schema_internal.h"

#define TABLES 70

static unsigned statements, fail_from;
static enum mr_code fail_code;
static size_t asked;

bool __wrap_mr_db_is_lost(const struct mr_db *db);
bool __wrap_mr_db_is_lost(const struct mr_db *db)
{
    (void)db;
    return false;
}

enum mr_code __wrap_mr_schema_greatest_of(struct mr_db *db, const struct mr_table *const *some,
                                          size_t count, uint64_t *greatest, bool *known,
                                          struct mr_err *err);
enum mr_code __wrap_mr_schema_greatest_of(struct mr_db *db, const struct mr_table *const *some,
                                          size_t count, uint64_t *greatest, bool *known,
                                          struct mr_err *err)
{
    (void)db;
    assert_in_range(count, 1, MR_GREATEST_AT_ONCE);
    asked += count;
    if (++statements >= fail_from)
        return mr_err_set(err, fail_code, "no");
    for (size_t i = 0; i < count; i++) {
        known[i] = true;
        greatest[i] = some[i]->est_rows;
    }
    return MR_OK;
}

static const struct mr_column counter[] = {{.name = "id", .auto_increment = true}, {.name = "v"}};
static const struct mr_column plain[] = {{.name = "id"}};
static const struct mr_index_part part = {.column = "ID"}, other_part = {.column = "v"};
static const struct mr_index primary = {.name = "PRIMARY", .parts = &part, .nparts = 1};
static const struct mr_index other = {.name = "k", .parts = &other_part, .nparts = 1};

static void push(struct mr_schema_load *load, size_t number)
{
    struct mr_table *table = mr_vec_push(&load->tables);
    assert_non_null(table);
    *table = (struct mr_table){.db = "club",
                               .name = "t",
                               .transactional = true,
                               .columns = counter,
                               .ncolumns = 2,
                               .indexes = &primary,
                               .nindexes = 1,
                               .est_rows = number};
}

static const struct mr_catalogue_opts with = {.counters = true}, without = {0};
static const struct mr_server mariadb = {.flavour = MR_FLAVOUR_MARIADB, .version = 101100};
static const struct mr_server mysql = {.flavour = MR_FLAVOUR_MYSQL, .version = 50600};

static void begin(struct mr_schema_load *load)
{
    *load = (struct mr_schema_load){
        .server = &mariadb, .opts = &with, .tables = MR_VEC_INIT(struct mr_table)};
    statements = 0;
    asked = 0;
    fail_from = 1000;
}

static size_t count_known(const struct mr_schema_load *load)
{
    size_t known = 0;
    for (size_t i = 0; i < load->tables.count; i++) {
        const struct mr_table *table = mr_schema_table(load, i);
        known += table->has_greatest ? 1 : 0;
        if (table->has_greatest)
            assert_int_equal(table->greatest, table->est_rows);
    }
    return known;
}

static void test_all(void **state)
{
    struct mr_schema_load load;
    struct mr_err err = {0};
    (void)state;
    for (size_t n = 0; n <= TABLES; n++) {
        begin(&load);
        for (size_t i = 0; i < n; i++)
            push(&load, i + 1);
        assert_int_equal(mr_schema_load_greatest(&load, &err), MR_OK);
        assert_int_equal(count_known(&load), n);
        assert_int_equal(statements, (n + MR_GREATEST_AT_ONCE - 1) / MR_GREATEST_AT_ONCE);
        mr_vec_release(&load.tables);
    }
}

/* Who is not asked: what would hold up a writer, cannot be opened, or has no counter by an index. */
static void test_left_out(void **state)
{
    struct mr_schema_load load;
    struct mr_err err = {0};
    (void)state;
    begin(&load);
    for (size_t i = 0; i < 6; i++)
        push(&load, i + 1);
    mr_schema_table(&load, 0)->transactional = false;
    mr_schema_table(&load, 2)->open_error = "gone";
    mr_schema_table(&load, 3)->columns = plain;
    mr_schema_table(&load, 3)->ncolumns = 1;
    mr_schema_table(&load, 5)->indexes = &other; /* the last: the others are asked all the same */
    assert_int_equal(mr_schema_load_greatest(&load, &err), MR_OK);
    assert_int_equal(asked, 2);
    assert_true(mr_schema_table(&load, 1)->has_greatest && mr_schema_table(&load, 4)->has_greatest);
    mr_vec_release(&load.tables);

    for (size_t i = 0; i < 2; i++) {
        begin(&load);
        push(&load, 1);
        load.opts = i == 0 ? &without : &with;
        load.server = i == 0 ? &mariadb : &mysql;
        assert_int_equal(mr_schema_load_greatest(&load, &err), MR_OK);
        assert_int_equal(statements, 0);
        mr_vec_release(&load.tables);
    }
}

/* What one table fails at leaves its statement's unknown, three of them all; a lost line ends it. */
static void test_failures(void **state)
{
    static const struct {
        enum mr_code code;
        unsigned from, statements;
        size_t known;
        enum mr_code result;
    } cases[] = {{MR_E_DENIED, 3, 5, 64, MR_OK},
                 {MR_E_NO_SUCH, 1, 3, 0, MR_OK},
                 {MR_E_TIMEOUT, 1, 3, 0, MR_OK},
                 {MR_E_LOST, 2, 2, 32, MR_E_LOST},
                 {MR_E_CANCELLED, 1, 1, 0, MR_E_CANCELLED}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_schema_load load;
        struct mr_err err = {0};
        begin(&load);
        for (size_t t = 0; t < 6 * MR_GREATEST_AT_ONCE; t++)
            push(&load, t + 1);
        fail_from = cases[i].from;
        fail_code = cases[i].code;
        assert_int_equal(mr_schema_load_greatest(&load, &err), cases[i].result);
        assert_int_equal(err.code, cases[i].result);
        assert_int_equal(statements, cases[i].statements);
        assert_int_equal(count_known(&load), cases[i].known);
        mr_vec_release(&load.tables);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all), cmocka_unit_test(test_left_out),
                                       cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
