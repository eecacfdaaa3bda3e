/* test_reseed_insert.c: a row that raises a counter is inserted only where it can do no harm, and
 * is never seen: it is deleted in the same transaction, or rolled back. */
#include "apply_world.h"

#include "core/schema/schema.h"
#include "repair/apply/reseed_insert.h"

/* ---- the table, as the server describes it ---- */

static struct mr_column columns[4];
static const char *const up[] = {"up"}, *const id[] = {"id"}, *const two_of[] = {"up", "shop"},
                         *const two_to[] = {"a`b", "shop"}, *const pair_up[] = {"UP"};
static struct mr_foreign_key fks[2];
static struct mr_table table;
static const struct mr_table *second; /* when it is read again; NULL: it is gone */
static bool reads_again;
static unsigned reloads;

enum mr_code __wrap_mr_schema_reload_table(struct mr_db *db, const char *dbname, const char *name,
                                           struct mr_arena *arena, const struct mr_table **out,
                                           struct mr_err *err);
enum mr_code __wrap_mr_schema_reload_table(struct mr_db *db, const char *dbname, const char *name,
                                           struct mr_arena *arena, const struct mr_table **out,
                                           struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db, (void)arena;
    assert_string_equal(dbname, "o`dd");
    assert_string_equal(name, "t");
    reloads++;
    *out = reads_again ? second : &table;
    return world_ask("(reload)", 8, &answer, err);
}

static const struct mr_counter counter = {
    .db = "o`dd", .name = "t", .column = "id", .reseed_to = 100};
static struct mr_counter sequence = {
    .db = "o`dd", .name = "t", .column = "id", .sequence = "n", .sequence_db = "o`dd"};
static struct mr_insert_task task;

static void begin_task(void)
{
    columns[0] = (struct mr_column){.name = "id", .data_type = "int", .auto_increment = true};
    columns[1] = (struct mr_column){.name = "up", .data_type = "int"};
    columns[2] = (struct mr_column){.name = "shop", .data_type = "int"};
    columns[3] = (struct mr_column){.name = "js`on", .data_type = "json", .is_json = true};
    fks[0] = (struct mr_foreign_key){
        .columns = up, .ref_db = "o`dd", .ref_table = "p", .ref_columns = id, .ncolumns = 1};
    fks[1] = (struct mr_foreign_key){
        .columns = two_of, .ref_db = "x", .ref_table = "q", .ref_columns = two_to, .ncolumns = 2};
    table = (struct mr_table){.db = "o`dd",
                              .name = "t",
                              .transactional = true,
                              .columns = columns,
                              .ncolumns = 1,
                              .fks = fks};
    task = (struct mr_insert_task){
        .db = p.target.db, .counter = &counter, .to = 100, .lock_timeout_s = 3, .arena = &p.arena};
    reads_again = false;
    reloads = 0;
}

/* ---- may it be tried? ---- */

static void no_transactions(void)
{
    table.transactional = false;
}
static void versioned(void)
{
    table.system_versioned = true;
}
static void triggers(void)
{
    table.ntriggers = 1;
}
static void no_counter(void)
{
    columns[0].auto_increment = false;
}
static void other_column(void)
{
    columns[0].name = "no";
}
static void is_sequence(void)
{
    task.counter = &sequence;
}
static void is_gone(void)
{
    reads_again = true;
    second = NULL;
}
static void too_small(void)
{
    columns[0].data_type = "tinyint";
    task.to = 129;
}
static void just_fits(void)
{
    columns[0].data_type = "tinyint";
    task.to = 128;
}
static void greatest(void)
{
    columns[0].data_type = "bigint";
    columns[0].is_unsigned = true;
    task.to = UINT64_MAX;
}
static void hidden_triggers(void)
{
    may("GRANT SELECT, INSERT, DELETE ON *.* TO x");
    task.grants = p.target.grants;
}
static void visible_triggers(void)
{
    may("GRANT TRIGGER ON `o``dd`.`t` TO x");
    task.grants = p.target.grants;
}
static void nothing(void)
{
}

static void test_check(void **state)
{
    static const struct {
        void (*change)(void);
        const char *taken, *referred;
        const char *why_not; /* NULL: it may be */
    } cases[] = {{nothing, "0", "", NULL},
                 {just_fits, "0", "", NULL},
                 {greatest, "0", "", NULL},
                 {visible_triggers, "0", "", NULL},
                 {is_sequence, "0", "", "it is a sequence"},
                 {is_gone, "0", "", "the table is gone"},
                 {no_transactions, "0", "", "the table has no transactions"},
                 {versioned, "0", "", "the table keeps the history of its rows"},
                 {triggers, "0", "", "the table has triggers, which would fire"},
                 {hidden_triggers, "0", "", "the account cannot see whether"},
                 {no_counter, "0", "", "the column is no counter any more"},
                 {other_column, "0", "", "the column is no counter any more"},
                 {too_small, "0", "", "the column does not hold the id"},
                 {nothing, "1", "", "the id that it would use is taken"},
                 {nothing, "0", "a|k`1|up", "rows refer to the id"},
                 {nothing, "0", "a|none|up\na|k`1|up", "rows refer to the id"},
                 {nothing, "0", "a|none|up", NULL}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *why_not = "unset";
        BEGIN({.has = "FROM `a`.`k``1` WHERE `up` =", .text = "1"},
              {.has = "FROM `a`.`none` WHERE `up` =", .text = "0"},
              {.has = "SELECT EXISTS (SELECT 1 FROM `o``dd`.`t` WHERE `id` =",
               .text = cases[i].taken},
              {.has = "REFERENCED_COLUMN_NAME = 'id'", .rows = cases[i].referred});
        begin_task();
        cases[i].change();
        assert_int_equal(mr_reseed_insert_check(&task, &why_not, &p.err), MR_OK);
        if (cases[i].why_not == NULL)
            assert_null(why_not);
        else if (why_not == NULL ||
                 strncmp(why_not, cases[i].why_not, strlen(cases[i].why_not)) != 0)
            fail_msg("%zu: %s", i, why_not != NULL ? why_not : "none");
        assert_false(world_has("INSERT") || world_has("DELETE"));
        end();
    }
}

static void test_check_fails(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 4; n++) {
        const char *why_not = NULL;
        BEGIN({.has = "EXISTS", .text = "0"}, {.has = "REFERENCED_COLUMN_NAME", .rows = "a|k|up"});
        begin_task();
        world.fail_at = n;
        assert_int_equal(mr_reseed_insert_check(&task, &why_not, &p.err), MR_E_LOST);
        assert_null(why_not);
        end();
    }
}

/* ---- the row ---- */

#define INSERT_INTO "INSERT INTO `o``dd`.`t` (`id`"

static void test_row(void **state)
{
    static const struct {
        size_t ncolumns, nfks;
        bool nullable, has_default; /* up; json */
        const char *sql;
    } cases[] = {
        {1, 0, false, false, INSERT_INTO ") SELECT 99\n"},
        {2, 1, false, false,
         INSERT_INTO ", `up`) SELECT 99, p0.c0 FROM (SELECT `id` AS c0 FROM `o``dd`.`p` LIMIT 1) "
                     "p0\n"},
        {2, 1, true, false, INSERT_INTO ") SELECT 99\n"}, /* NULL refers to nobody */
        {3, 2, true, false, INSERT_INTO ") SELECT 99\n"}, /* nor where one of two is NULL */
        {3, 2, false, false, /* a column of both gets its value from the first */
         INSERT_INTO ", `up`, `shop`) SELECT 99, p0.c0, p1.c1 FROM (SELECT `id` AS c0 FROM "
                     "`o``dd`.`p` LIMIT 1) p0, (SELECT `a``b` AS c0, `shop` AS c1 FROM `x`.`q` "
                     "LIMIT 1) p1\n"},
        {4, 0, false, false, INSERT_INTO ", `js``on`) SELECT 99, '{}'\n"},
        {4, 0, false, true, INSERT_INTO ") SELECT 99\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = "ROW_COUNT", .text = "1"}, {.has = "LIMIT 0", .rows = ""},
              {.has = "EXISTS", .text = "1"});
        begin_task();
        fks[0].columns = i == 4 ? pair_up : up; /* names of columns have no case */
        table.ncolumns = cases[i].ncolumns;
        table.nfks = cases[i].nfks;
        columns[1].nullable = cases[i].nullable;
        columns[3].default_text = cases[i].has_default ? "'[]'" : NULL;
        assert_int_equal(mr_reseed_insert(&task, &p.err), MR_OK);
        if (i == 4 ? !world_has("`UP`, `shop`) SELECT 99, p0.c0, p1.c1 FROM")
                   : !world_has(cases[i].sql))
            fail_msg("%zu: %s", i, world_sent());
        end();
    }
}

/* ---- the transaction ---- */

static void test_transaction(void **state)
{
    (void)state;
    BEGIN({.has = "ROW_COUNT", .text = "1"}, {.has = "LIMIT 0", .rows = ""},
          {.has = "EXISTS", .text = "1"});
    begin_task();
    assert_int_equal(mr_reseed_insert(&task, &p.err), MR_OK);
    sent_is("SET SESSION lock_wait_timeout = 3, innodb_lock_wait_timeout = 3, sql_mode = '', "
            "foreign_key_checks = 1, unique_checks = 1\n"
            "START TRANSACTION\n"
            "SELECT 1 FROM `o``dd`.`t` LIMIT 0\n"
            "(reload)\n" INSERT_INTO ") SELECT 99\nSELECT ROW_COUNT()\n"
            "SELECT EXISTS (SELECT 1 FROM `o``dd`.`t` WHERE `id` = 99)\n"
            "SET SESSION foreign_key_checks = 0\n"
            "DELETE FROM `o``dd`.`t` WHERE `id` = 99\nSELECT ROW_COUNT()\n"
            "COMMIT\nSET SESSION foreign_key_checks = 1\n");
    end();
}

struct outcome {
    const char *inserted, *there, *deleted; /* rows that count */
    void (*change)(void);
    const char *why; /* NULL: committed */
};

static const struct outcome outcomes[] = {
    {"1", "1", "1", nothing, NULL},
    {"0", "1", "1", nothing, "a table that it must refer to has no row"},
    {"1", "0", "1", nothing, "the row got another id"}, /* NO_AUTO_VALUE_ON_ZERO, a trigger */
    {"1", "1", "2", nothing, "somebody else has taken the id"},
    {"1", "1", "0", nothing, "somebody else has taken the id"},
    {"1", "1", "-1", nothing, "somebody else has taken the id"},
    /* since it was checked; held from here on */
    {"1", "1", "1", triggers, "the table has triggers"},
    {"1", "1", "1", is_gone, "the table is gone"},
};

static void test_outcomes(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(outcomes); i++) {
        const struct outcome *o = &outcomes[i];
        BEGIN({.has = "ROW_COUNT", .text = o->inserted, .times = 1},
              {.has = "ROW_COUNT", .text = o->deleted}, {.has = "LIMIT 0", .rows = ""},
              {.has = "EXISTS", .text = o->there});
        begin_task();
        o->change();
        const enum mr_code code = mr_reseed_insert(&task, &p.err);
        assert_int_equal(code, o->why == NULL ? MR_OK : MR_E_SQL);
        if (o->why != NULL && strncmp(p.err.message, o->why, strlen(o->why)) != 0)
            fail_msg("%zu: %s", i, p.err.message);
        assert_int_equal(world_has("COMMIT"), o->why == NULL);
        assert_int_equal(world_has("ROLLBACK"), o->why != NULL);
        if (o->change != nothing)
            assert_false(world_has("INSERT"));
        /* whatever happened, the session checks references again */
        assert_non_null(strstr(world_sent(), "foreign_key_checks = 1\n"));
        end();
    }
}

/* Any statement fails: nothing is committed, and what is still there is rolled back. */
static void test_failures(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++)
        for (unsigned n = 1; n <= 11; n++) {
            BEGIN({.has = "ROW_COUNT", .text = "1"}, {.has = "LIMIT 0", .rows = ""},
                  {.has = "EXISTS", .text = "1"});
            begin_task();
            world.fail_at = n;
            world.fail_code = lost ? MR_E_LOST : MR_E_SQL;
            world.fail_number = lost ? 2013 : 1205;
            assert_int_equal(mr_reseed_insert(&task, &p.err), world.fail_code);
            assert_int_equal(world_has("COMMIT"), n == 11);
            assert_int_equal(world_has("ROLLBACK"), !lost && n > 2);
            assert_int_equal(p.err.sql_errno, lost ? 2013 : 1205);
            end();
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),    cmocka_unit_test(test_check_fails),
        cmocka_unit_test(test_row),      cmocka_unit_test(test_transaction),
        cmocka_unit_test(test_outcomes), cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
