/* test_changed_keys.c: which keys a log names, and what makes a table blind: of a log that is made event by
 * event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/logs/changed_keys.h"
#include "tests/unit/log_made.h"

/* ---- what is read of it ---- */

static const struct mr_column columns[] = {
    {.name = "id", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 1},
    {.name = "v", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 2}};
static const char *const v_column[] = {"v"}, *const id_column[] = {"id"};
static const struct mr_foreign_key to_parent = {.name = "fk",
                                                .columns = v_column,
                                                .ref_db = "d",
                                                .ref_table = "p",
                                                .ref_columns = id_column,
                                                .ncolumns = 1,
                                                .on_update = "CASCADE",
                                                .on_delete = "CASCADE"};
static const struct mr_foreign_key to_child = {.name = "fk2",
                                               .columns = v_column,
                                               .ref_db = "d",
                                               .ref_table = "c",
                                               .ref_columns = v_column,
                                               .ncolumns = 1,
                                               .on_update = "SET NULL",
                                               .on_delete = "RESTRICT"};
static const struct mr_foreign_key to_other = {.name = "fk3",
                                               .columns = v_column,
                                               .ref_db = "elsewhere",
                                               .ref_table = "o",
                                               .ref_columns = id_column,
                                               .ncolumns = 1,
                                               .on_update = "RESTRICT",
                                               .on_delete = "SET NULL"};

#define TABLE(called, keys, count)                                                                 \
    {                                                                                              \
        .db = "d", .name = (called), .columns = columns, .ncolumns = 2, .fks = (keys),             \
        .nfks = (count)                                                                            \
    }
static const struct mr_table tables[] = {TABLE("p", NULL, 0), TABLE("c", &to_parent, 1),
                                         TABLE("g", &to_child, 1), TABLE("e", &to_other, 1),
                                         TABLE("n", NULL, 0)};
#define TABLES (sizeof tables / sizeof *tables)

/* p has got a column since the log was written. */
static const struct mr_column more_columns[] = {
    {.name = "id", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 1},
    {.name = "v", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 2},
    {.name = "w", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 3}};
static const struct mr_table grown[] = {
    {.db = "d", .name = "p", .columns = more_columns, .ncolumns = 3},
    TABLE("c", &to_parent, 1),
    TABLE("g", &to_child, 1),
    TABLE("e", &to_other, 1),
    TABLE("n", NULL, 0)};
static bool p_has_grown;

/* "p 1,2 c: why": tables in which something is known, with their keys, or why they are blind. */
static const struct mr_log_habits *habits; /* of the server; NULL: plain ones */
static bool keeps_none, moved_only;
static void check_at_most(struct made *m, size_t most_bytes, const char *wanted)
{
    static const size_t key[] = {0};
    const struct mr_catalogue cat = {.server = {.flavour = MR_FLAVOUR_MARIADB, .version = 101100},
                                     .tables = p_has_grown ? grown : tables,
                                     .ntables = TABLES};
    struct mr_changed_keys_of found[TABLES];
    struct binlog_memory memory = {.seal = false};
    struct mr_binlog_stream *stream = NULL;
    struct mr_strbuf got = MR_STRBUF_INIT;
    memset(found, 0, sizeof found);
    for (size_t i = 0; i < TABLES; i++) {
        found[i].wanted = true;
        found[i].key = key;
        found[i].nkey = strcmp(tables[i].name, "n") != 0;
    }
    struct mr_changed_keys c = {.cat = &cat,
                                .tables = found,
                                .habits = habits,
                                .most_bytes = most_bytes,
                                .keeps_none = keeps_none,
                                .moved_only = moved_only};
    assert_int_equal(mr_changed_keys_init(&c, NULL), MR_OK);
    assert_int_equal(
        mr_binlog_stream_open(binlog_memory_input(&memory, m->log.ptr, m->log.len), &stream, NULL),
        MR_OK);
    assert_int_equal(mr_changed_keys_take(&c, stream, NULL), MR_OK);
    assert_int_equal(mr_changed_keys_finish(&c, NULL), MR_OK);
    for (size_t i = 0; i < TABLES; i++) {
        if (found[i].why != NULL || mr_key_set_count(&found[i].keys) > 0)
            mr_strbuf_add_fmt(&got, "%s%s", got.len > 0 ? " " : "", tables[i].name);
        if (found[i].why != NULL)
            mr_strbuf_add_fmt(&got, ": %.*s", (int)strcspn(found[i].why, ","), found[i].why);
        for (size_t k = 0; k < mr_key_set_count(&found[i].keys); k++) {
            const struct mr_key key_at = mr_key_set_at(&found[i].keys, k);
            struct mr_value value;
            size_t pos = 0;
            assert_int_equal(mr_row_decode(key_at.ptr, key_at.len, &pos, &value, NULL), MR_OK);
            mr_strbuf_add_fmt(&got, "%s%d", k > 0 ? "," : " ", (int)value.i);
        }
    }
    assert_string_equal(got.ptr, wanted);
    mr_changed_keys_release(&c);
    mr_binlog_stream_close(stream);
    free(memory.raw);
    mr_strbuf_release(&got);
    mr_strbuf_release(&m->log);
}

static void check(struct made *m, const char *wanted)
{
    check_at_most(m, 1000000, wanted);
}

static void begin(struct made *m)
{
    begin_made(m, "10.11.19-MariaDB-log", true);
}

/* ---- tests ---- */

static void test_keys(void **state)
{
    struct made m;
    (void)state;
    begin(&m);
    change(&m, "d", "p", WRITE, 1, 0);
    change(&m, "d", "p", UPDATE, 2, 2);
    change(&m, "d", "e", UPDATE, 3, 4);
    change(&m, "d", "e", DELETE, 4, 0);
    change(&m, "x", "p", DELETE, 9, 0); /* of another database */
    check(&m, "p 1,2 e 3,4");
    begin(&m); /* which is not known, may have taken along what nobody looks at, and that e */
    change(&m, "d", "e", WRITE, 3, 0);
    change(&m, "d", "n", WRITE, 9, 0);
    check(&m, "e: rows of \"elsewhere.o\" changed n: rows of it changed");
}

/* A map that does not fit comes again with each event. */
static void test_map_that_does_not_fit(void **state)
{
    struct made m;
    (void)state;
    p_has_grown = true;
    begin(&m);
    change(&m, "d", "p", UPDATE, 2, 3);
    change(&m, "d", "p", UPDATE, 3, 4);
    change(&m, "d", "e", WRITE, 8, 0);
    check(
        &m,
        "p: 2 columns in the log c: rows of \"d.p\" changed g: rows of \"d.c\" changed e: rows of "
        "\"elsewhere.o\" changed");
    p_has_grown = false;
}

static void test_statements(void **state)
{
    struct made m;
    (void)state;
    begin(&m);
    change(&m, "d", "e", WRITE, 1, 0);
    add_gtid(&m, 900, MR_GTID_STANDALONE);
    add_statement(&m, "TRUNCATE TABLE e");
    change(&m, "d", "e", WRITE, 2, 0);
    check(&m, "e: a statement defined it anew");
    begin(&m);
    add_gtid(&m, 901, 0);
    add_statement(&m, "UPDATE n SET v = 1");
    add_xid(&m);
    check(
        &m,
        "p: a statement changed rows that are not in the log c: a statement changed rows that are "
        "not in the log g: a statement changed rows that are not in the log e: a statement changed "
        "rows that are not in the log n: a statement changed rows that are not in the log");
}

#define BY_P "rows of \"d.p\" changed"
#define BY_C "rows of \"d.c\" changed"
static void test_cascades(void **state)
{
    struct made m;
    (void)state;
    begin(&m); /* nothing fires: neither the key nor the row has gone */
    change(&m, "d", "p", UPDATE, 2, 2);
    check(&m, "p 2");
    begin(&m);
    change(&m, "d", "p", UPDATE, 2, 3);
    check(&m, "p 2,3 c: " BY_P " g: " BY_C);
    begin(&m);
    change(&m, "d", "p", DELETE, 2, 0);
    check(&m, "p 2 c: " BY_P " g: " BY_C " e: rows of \"elsewhere.o\" changed");
    begin(&m); /* v was 1 and is 2: it is referred to */
    change(&m, "d", "c", UPDATE, 5, 5);
    check(&m, "c 5 g: " BY_C);
    begin(&m); /* a parent that is not ours */
    change(&m, "elsewhere", "o", UPDATE, 1, 2);
    check(&m, "");
    begin(&m);
    change(&m, "elsewhere", "o", DELETE, 1, 0);
    check(&m, "e: rows of \"elsewhere.o\" changed");
    begin(&m);
    add_gtid(&m, 902, MR_GTID_STANDALONE);
    add_statement(&m, "DROP TABLE elsewhere.o");
    check(&m, "e: rows of \"elsewhere.o\" changed");
}

/* A database that is left out of the log may have changed, parents beside the catalogue among it. */
static void test_habits(void **state)
{
    static const struct mr_log_habits no_parent = {.only = "", .leaves = "elsewhere"},
                                      nothing = {.only = "x", .leaves = ""},
                                      by_session = {.only = "", .leaves = "x", .by_session = true},
                                      cascades = {.only = "", .leaves = "", .logs_cascades = true};
    struct made m;
    (void)state;
    habits = &no_parent;
    begin(&m);
    change(&m, "d", "p", WRITE, 1, 0);
    check(&m, "p 1 e: rows of \"elsewhere.o\" changed");
    habits = &nothing;
    begin(&m);
#define LEFT_OUT ": changes of that database are left out of it (binlog_do_db"
    check(&m, "p" LEFT_OUT " c" LEFT_OUT " g" LEFT_OUT " e" LEFT_OUT " n" LEFT_OUT);
    habits = &by_session; /* a statement from within x may have changed any of them */
    begin(&m);
#define UNSEEN ": what sessions change from within a database that is left out of it is not in it"
    check(&m, "p" UNSEEN " c" UNSEEN " g" UNSEEN " e" UNSEEN " n" UNSEEN);
    habits = &cascades;
    begin(&m);
    change(&m, "d", "p", DELETE, 2, 0);
    check(&m, "p 2");
    habits = NULL;
}

/* What makes all tables blind ends the reading. */
static void check_gap(struct made *m, const char *why)
{
    struct mr_strbuf wanted = MR_STRBUF_INIT;
    change(m, "d", "p", WRITE, 1, 0);
    for (size_t i = 0; i < TABLES; i++)
        mr_strbuf_add_fmt(&wanted, "%s%s: %s", i > 0 ? " " : "", tables[i].name, why);
    check(m, wanted.ptr);
    mr_strbuf_release(&wanted);
}

static void test_gaps(void **state)
{
    struct made m;
    (void)state;
    begin(&m);
    add_gtid(&m, 903, MR_GTID_STANDALONE);
    add_statement(&m, "XA COMMIT X'31',X'',1");
    check_gap(&m, "an XA transaction was committed that was prepared in front of where reading "
                  "began");
    begin(&m); /* nobody sees what one has taken back */
    add_gtid(&m, 904, MR_GTID_STANDALONE);
    add_statement(&m, "XA ROLLBACK X'31',X'',1");
    change(&m, "d", "p", WRITE, 1, 0);
    check(&m, "p 1");
    begin(&m);
    add_map(&m, 50, "d", "e");
    add_rows(&m, 50, WRITE, 1, 0);
    check_gap(&m, "the log begins within a transaction");
    begin(&m);
    add_event(&m, INCIDENT, "\1\0", 3, 0);
    check_gap(&m, "the server says that changes are not in its log");
}

static void test_limits(void **state)
{
    struct made m;
    (void)state;
    begin(&m);
    for (unsigned i = 0; i < 1000; i++)
        change(&m, "d", "p", WRITE, i, 0);
    check_at_most(&m, 20000,
                  "p: more keys changed than are held in memory c: " BY_P " g: " BY_C
                  " e: rows of \"elsewhere.o\" changed");
}

/* Who asks only which tables are blind is told the same of them, and no key is held. */
static void test_keeps_none(void **state)
{
    struct made m;
    (void)state;
    keeps_none = true;
    begin(&m);
    for (unsigned i = 0; i < 1000; i++)
        change(&m, "d", "e", WRITE, i, 0);
    change(&m, "d", "n", WRITE, 9, 0);
    add_gtid(&m, 1, 1);
    add_statement(&m, "TRUNCATE p");
    check_at_most(&m, 20000,
                  "p: a statement defined it anew c: " BY_P " g: " BY_C
                  " e: rows of \"elsewhere.o\" changed n: rows of it changed");
    keeps_none = false;
}

/* Rows that have another key than before: both keys, and nothing of what stayed, came or went, or goes along. */
static void test_moved_only(void **state)
{
    struct made m;
    (void)state;
    moved_only = true;
    begin(&m);
    change(&m, "d", "p", WRITE, 1, 0);
    change(&m, "d", "p", UPDATE, 2, 2);
    change(&m, "d", "p", UPDATE, 5, 3);
    change(&m, "d", "e", DELETE, 4, 0);
    change(&m, "d", "n", UPDATE, 8, 9);
    check(&m, "p 3,5");
    begin(&m);
    change(&m, "d", "e", UPDATE, 5, 3);
    add_gtid(&m, 905, MR_GTID_STANDALONE);
    add_statement(&m, "TRUNCATE TABLE e");
    check(&m, "e: a statement defined it anew");
    begin(&m);
    for (unsigned i = 0; i < 1000; i++)
        change(&m, "d", "p", UPDATE, i, i + 5000);
    check_at_most(&m, 20000, "p: more keys changed than are held in memory");
    moved_only = false;
}

/* A MySQL that was put back gives numbers again that were seen before. */
static void test_given_again(void **state)
{
    static const struct {
        uint64_t number, committed_us; /* 0: before 8.0 */
        uint32_t server_id, when;
        bool is_again;
    } all[] = {{95, 900000000, 7, 900, false},   {95, 1030000000, 7, 900, false},
               {95, 1061000000, 7, 900, true},   {95, 1061000000, 8, 900, true},
               {101, 2000000000, 7, 900, false}, {95, 0, 7, 900, false},
               {95, 0, 7, 1061, true},           {95, 0, 8, 1061, false}};
    static const struct mr_catalogue cat = {
        .server = {.flavour = MR_FLAVOUR_MYSQL, .version = 80400, .server_id = 7},
        .tables = tables,
        .ntables = TABLES};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (int is_told = 0; is_told < 3; is_told++) {
            struct mr_changed_keys_of found[TABLES] = {{.why = NULL}};
            struct mr_changed_keys c = {.cat = &cat,
                                        .tables = found,
                                        .most_bytes = 1000000,
                                        .seen = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:1-100",
                                        .seen_at = is_told ? 1000 : 0,
                                        .takes_seen = is_told == 2};
            struct mr_gtid gtid = {.family = MR_GTID_OF_MYSQL,
                                   .number = all[i].number,
                                   .committed_us = all[i].committed_us};
            const struct mr_binlog_event event = {.when = all[i].when,
                                                  .server_id = all[i].server_id};
            memset(gtid.uuid, 0xaa, sizeof gtid.uuid);
            const struct mr_binlog_step step = {.kind = MR_STEP_BEGIN,
                                                .event = &event,
                                                .gtid = &gtid,
                                                .begun = {"bin.000004", 500}};
            assert_int_equal(mr_changed_keys_init(&c, NULL), MR_OK);
            assert_int_equal(mr_changed_keys_step(&c, &step, NULL), MR_OK);
            if ((c.why != NULL) != (is_told && all[i].is_again))
                fail_msg("%zu: %s", i, c.why);
            assert_int_equal(c.transactions, is_told == 2 || all[i].number > 100);
            mr_changed_keys_release(&c);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),       cmocka_unit_test(test_map_that_does_not_fit),
        cmocka_unit_test(test_statements), cmocka_unit_test(test_cascades),
        cmocka_unit_test(test_habits),     cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_limits),     cmocka_unit_test(test_keeps_none),
        cmocka_unit_test(test_moved_only), cmocka_unit_test(test_given_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
