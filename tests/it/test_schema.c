/*
 * test_schema.c: the catalogue of real servers: classes of every type, one portable DDL
 * that two servers must call equal, differences that must be found, probes, counters.
 */
#include "it.h"

#include "../unit/catalogue_same.h"
#include "core/db/grants.h"
#include "core/schema/catalogue_json.h"
#include "core/schema/schema.h"
#include "core/schema/table_marks.h"
#include "recon/check/objects.h"

static const char *const portable[] = {
    "CREATE TABLE types (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,"
    " t1 TINYINT(1) NOT NULL DEFAULT 0, b BIGINT UNSIGNED DEFAULT 18446744073709551615,"
    " z INT(5) UNSIGNED ZEROFILL DEFAULT 7, bt BIT(5) DEFAULT b'101', y YEAR DEFAULT "
    "2020,"
    " d DECIMAL(10,2) DEFAULT 0, f FLOAT DEFAULT 1.5, db DOUBLE DEFAULT -0.5,"
    " c CHAR(10) DEFAULT 'abc', v VARCHAR(20) DEFAULT 'it''s', n VARCHAR(9) DEFAULT "
    "'NULL',"
    " tx TEXT, bi BINARY(5) DEFAULT 'abc', vb VARBINARY(5) DEFAULT 'xy', bl BLOB,"
    " e ENUM('a','b''c','') DEFAULT 'a', st SET('x','y') DEFAULT 'x,y', j JSON,"
    " da DATE DEFAULT '2020-01-01', dt DATETIME(3) DEFAULT '2020-01-01 00:00:00',"
    " ts TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,"
    " tm TIME(2) DEFAULT '-01:02:03', g GEOMETRY, gc GEOMETRYCOLLECTION,"
    " l1 VARCHAR(10) CHARACTER SET latin1, u3 VARCHAR(10) CHARACTER SET utf8mb3,"
    " ex VARCHAR(40) DEFAULT (uuid()), ex2 INT DEFAULT (1 + 2)) DEFAULT "
    "CHARSET=utf8mb4",
    "CREATE TABLE gen (a INT, b INT, s VARCHAR(50), j JSON, g1 INT AS (a + b * 2),"
    " g2 INT AS ((a - (b - 1)) * 2) STORED, g3 VARCHAR(99) AS (concat(s, 'x''y', a)),"
    " g4 VARCHAR(50) AS (lower(s)), g5 INT AS (if(a > 1 AND (b < 2 OR s IS NULL), 1, "
    "0)),"
    " g6 INT AS (mod(a, 3)), g7 TINYINT AS (s NOT LIKE 'b%'), g8 INT AS (a XOR b),"
    " g9 VARCHAR(30) AS (json_unquote(json_extract(j, '$.name')))) DEFAULT "
    "CHARSET=utf8mb4",
    "CREATE TABLE parent (id INT NOT NULL PRIMARY KEY) DEFAULT CHARSET=utf8mb4",
    "CREATE TABLE child (id INT NOT NULL PRIMARY KEY, pid INT, s VARCHAR(100), t TEXT,"
    " KEY ks (s(10)), KEY kd (pid DESC, id), FULLTEXT KEY ft (t),"
    " FOREIGN KEY (pid) REFERENCES parent (id) ON DELETE SET NULL)"
    " DEFAULT CHARSET=utf8mb4",
    "CREATE TABLE chk (a INT CHECK (a > 0), s VARCHAR(10), CHECK (a <> 7),"
    " CONSTRAINT c2 CHECK (s IN ('x', 'y''z') OR s IS NULL)) DEFAULT CHARSET=utf8mb4",
    "CREATE TABLE part (id INT NOT NULL PRIMARY KEY) DEFAULT CHARSET=utf8mb4"
    " PARTITION BY HASH (id) PARTITIONS 3",
    "CREATE VIEW v1 AS SELECT pid + 1 AS p, count(*) AS n FROM child"
    " WHERE (pid > 3 OR t IS NULL) AND s LIKE 'a%' GROUP BY pid ORDER BY n",
    "CREATE VIEW v2 AS SELECT * FROM v1 WHERE n NOT IN (SELECT id FROM parent)",
    "CREATE PROCEDURE p1 (IN a INT, OUT b VARCHAR(10)) BEGIN SET b = 'it''s\\n'; END",
    "CREATE FUNCTION f1 (a INT) RETURNS INT DETERMINISTIC RETURN a + 1",
    "CREATE TRIGGER tr1 BEFORE INSERT ON child FOR EACH ROW SET NEW.s = 'it''s'",
    "CREATE EVENT ev1 ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
};

static struct mr_catalogue *load(struct mr_db *db)
{
    struct mr_err err = {0};
    struct mr_catalogue *cat = NULL;
    const char *name = it_db_name();
    it_ok(mr_catalogue_load(db, &name, 1, &cat, &err), &err, "loading a catalogue");
    return cat;
}

static enum mr_code note(void *ctx, const struct mr_object_diff *d, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add_fmt(ctx, "%s %s%s\n", mr_objects_kind_name(d->kind), d->name,
                      d->hidden ? " hidden" : "");
    return MR_OK;
}

static void expect_diffs(const struct mr_catalogue *a, const struct mr_catalogue *b,
                         const char *want)
{
    struct mr_err err = {0};
    struct mr_strbuf got = MR_STRBUF_INIT;
    struct mr_objects_pair pair = {it_db_name(), it_db_name()};
    struct mr_objects_opts opts = {
        .pairs = &pair, .npairs = 1, .kinds = MR_OBJECTS_ALL, .fn = note, .fn_ctx = &got};
    it_ok(mr_objects_compare(a, b, &opts, &err), &err, "comparing catalogues");
    assert_string_equal(got.ptr, want);
    mr_strbuf_release(&got);
}

static int set_up(void **state)
{
    if (it_open(state) != 0)
        return -1;
    for (size_t i = 0; i < IT_SERVERS && it_db[i] != NULL; i++)
        for (size_t k = 0; k < sizeof portable / sizeof *portable; k++) {
            struct mr_err err = {0};
            if (mr_db_exec(it_db[i], portable[k], strlen(portable[k]), &err) != MR_OK) {
                print_error("%s: %s\n", portable[k], err.message);
                return -1;
            }
        }
    return 0;
}

static void test_equal(void **state)
{
    (void)state;
    it_need_servers();
    struct mr_catalogue *a = load(it_db[0]), *b = load(it_db[1]);
    assert_int_equal(a->ntables, 6);
    assert_int_equal(a->nobjects, 5);
    expect_diffs(a, b, "");
    expect_diffs(b, a, "");
    mr_catalogue_free(a);
    mr_catalogue_free(b);
}

/* What a file has kept of a server compares with a server as the server itself does. */
static void test_file(void **state)
{
    (void)state;
    it_need_servers();
    struct mr_catalogue *cats[2 * IT_SERVERS] = {NULL};
    for (size_t i = 0; i < IT_SERVERS; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_err err = {0};
        cats[i] = load(it_db[i]);
        it_ok(mr_catalogue_json_write(cats[i], &text, &err), &err, "writing");
        it_ok(mr_catalogue_json_read(text.ptr, text.len, "c", &cats[IT_SERVERS + i], &err), &err,
              "reading");
        same_catalogue(cats[i], cats[IT_SERVERS + i]);
        mr_strbuf_release(&text);
    }
    expect_diffs(cats[IT_SERVERS], cats[1], "");
    expect_diffs(cats[0], cats[IT_SERVERS + 1], "");
    for (size_t i = 0; i < 2 * IT_SERVERS; i++)
        mr_catalogue_free(cats[i]);
}

static void test_classes(void **state)
{
    (void)state;
    it_need_servers();
    static const struct {
        const char *column;
        enum mr_class cls;
    } table[] = {
        {"id", MR_CLASS_UINT},     {"t1", MR_CLASS_INT},      {"b", MR_CLASS_UINT},
        {"bt", MR_CLASS_UINT},     {"y", MR_CLASS_UINT},      {"d", MR_CLASS_DECIMAL},
        {"f", MR_CLASS_FLOAT},     {"db", MR_CLASS_DOUBLE},   {"c", MR_CLASS_TEXT},
        {"v", MR_CLASS_TEXT},      {"tx", MR_CLASS_TEXT},     {"bi", MR_CLASS_BINARY},
        {"vb", MR_CLASS_BINARY},   {"bl", MR_CLASS_BINARY},   {"e", MR_CLASS_ENUM},
        {"st", MR_CLASS_ENUM},     {"j", MR_CLASS_JSON},      {"da", MR_CLASS_DATE},
        {"dt", MR_CLASS_DATETIME}, {"ts", MR_CLASS_DATETIME}, {"tm", MR_CLASS_TIME},
        {"g", MR_CLASS_GEOMETRY},  {"gc", MR_CLASS_GEOMETRY}, {"l1", MR_CLASS_TEXT},
    };
    for (size_t i = 0; i < IT_SERVERS; i++) {
        struct mr_catalogue *cat = load(it_db[i]);
        const struct mr_table *types = mr_catalogue_table(cat, it_db_name(), "types");
        assert_non_null(types);
        for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
            const struct mr_column *col = mr_table_column(types, table[k].column);
            assert_non_null(col);
            assert_int_equal(col->cls, table[k].cls);
        }
        assert_true(mr_table_column(types, "j")->is_json);
        assert_true(mr_table_column(types, "e")->empty_member);
        assert_true(mr_table_column(types, "st")->is_set);
        assert_int_equal(mr_table_column(types, "dt")->decimals, 3);
        assert_null(mr_table_column(types, "bi")->charset);
        assert_string_equal(mr_table_column(types, "l1")->charset, "latin1");
        assert_true(types->transactional);
        assert_true(mr_catalogue_table(cat, it_db_name(), "part")->partitioned);
        mr_catalogue_free(cat);
    }
}

/* Each change is found, and nothing beside it; undone, all is equal again. */
static void test_differences(void **state)
{
    (void)state;
    it_need_servers();
    static const struct {
        const char *change, *undo, *want;
    } table[] = {
        {"ALTER TABLE types ALTER v SET DEFAULT 'its'",
         "ALTER TABLE types ALTER v SET DEFAULT 'it''s'", "column v\n"},
        {"ALTER TABLE types MODIFY tx MEDIUMTEXT", "ALTER TABLE types MODIFY tx TEXT",
         "column tx\n"},
        {"ALTER TABLE types ADD extra INT", "ALTER TABLE types DROP extra", "column extra\n"},
        {"ALTER TABLE types MODIFY u3 VARCHAR(10) CHARACTER SET latin1",
         "ALTER TABLE types MODIFY u3 VARCHAR(10) CHARACTER SET utf8mb3", "charset u3\n"},
        {"ALTER TABLE gen MODIFY g1 INT AS ((a + b) * 2)",
         "ALTER TABLE gen MODIFY g1 INT AS (a + b * 2)", "column g1\n"},
        {"ALTER TABLE child DROP KEY ks, ADD KEY ks (s(11))",
         "ALTER TABLE child DROP KEY ks, ADD KEY ks (s(10))", "index ks\n"},
        {"ALTER TABLE chk DROP CONSTRAINT c2",
         "ALTER TABLE chk ADD CONSTRAINT c2 CHECK "
         "(s IN ('x', 'y''z') OR s IS NULL)",
         "table c2\n"},
        {"CREATE OR REPLACE VIEW v2 AS SELECT * FROM v1 WHERE n IN (SELECT id FROM "
         "parent)",
         "CREATE OR REPLACE VIEW v2 AS SELECT * FROM v1 WHERE n NOT IN (SELECT id FROM "
         "parent)",
         "view v2\n"},
        {"DROP FUNCTION f1", "CREATE FUNCTION f1 (a INT) RETURNS INT DETERMINISTIC RETURN a + 1",
         "routine function f1\n"},
        {"DROP TRIGGER tr1",
         "CREATE TRIGGER tr1 BEFORE INSERT ON child FOR EACH ROW SET NEW.s = 'it''s'",
         "trigger tr1\n"},
        {"ALTER EVENT ev1 ON SCHEDULE EVERY 2 DAY", "ALTER EVENT ev1 ON SCHEDULE EVERY 1 DAY",
         "event ev1\n"},
        {"CREATE TABLE only_here (id INT)", "DROP TABLE only_here", "table only_here\n"},
    };
    struct mr_catalogue *a = load(it_db[0]);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        it_exec_str(it_db[1], table[i].change);
        struct mr_catalogue *b = load(it_db[1]);
        expect_diffs(a, b, table[i].want);
        mr_catalogue_free(b);
        it_exec_str(it_db[1], table[i].undo);
        b = load(it_db[1]);
        expect_diffs(a, b, "");
        mr_catalogue_free(b);
    }
    mr_catalogue_free(a);
}

static void test_reload(void **state)
{
    (void)state;
    it_need_servers();
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    const struct mr_table *table = NULL;
    for (size_t i = 0; i < IT_SERVERS; i++) {
        it_ok(mr_schema_reload_table(it_db[i], it_db_name(), "child", &arena, &table, &err), &err,
              "reloading");
        assert_non_null(table);
        assert_int_equal(table->ncolumns, 4);
        assert_int_equal(table->nfks, 1);
        assert_string_equal(table->fks[0].on_delete, "SET NULL");
        it_ok(mr_schema_reload_table(it_db[i], it_db_name(), "gone", &arena, &table, &err), &err,
              "reloading");
        assert_null(table);
    }
    mr_arena_release(&arena);
}

static void test_probe(void **state)
{
    (void)state;
    it_need_servers();
    for (size_t i = 0; i < IT_SERVERS; i++) {
        struct mr_err err = {0};
        const char *db = it_db_name();
        assert_int_equal(mr_schema_probe(it_db[i], db, "child", NULL, &err), MR_OK);
        assert_int_equal(mr_schema_probe(it_db[i], db, "child", "pid", &err), MR_OK);
        assert_int_equal(mr_schema_probe(it_db[i], db, "child", "no", &err), MR_E_NO_SUCH);
        assert_int_equal(err.sql_errno, 1054);
        assert_int_equal(mr_schema_probe(it_db[i], db, "gone", NULL, &err), MR_E_NO_SUCH);
        assert_int_equal(err.sql_errno, 1146);
        assert_int_equal(mr_schema_probe(it_db[i], "myrecon_no_db", "t", NULL, &err), MR_E_NO_SUCH);
    }
}

static struct mr_db *open_as(size_t server, const char *user)
{
    static const char *const names[IT_SERVERS] = {"MYRECON_TEST_A", "MYRECON_TEST_B"};
    const struct mr_db_opts opts = {.run_tag = "it"};
    struct mr_endpoint ep;
    struct mr_db *db = NULL;
    struct mr_err err = {0};
    it_ok(mr_endpoint_parse(&ep, getenv(names[server]), &err), &err, "the endpoint");
    free(ep.user);
    free(ep.password);
    ep.user = strdup(user);
    ep.password = strdup("it_secret");
    it_ok(mr_db_open(&ep, &opts, &db, &err), &err, "connecting as a limited account");
    mr_endpoint_release(&ep);
    return db;
}

/* SELECT on all tables but one: what is hidden is told from what is absent. */
static void test_rights(void **state)
{
    (void)state;
    it_need_servers();
    char user[48];
    (void)snprintf(user, sizeof user, "it_schema_%ld", (long)getpid());
    for (size_t i = 0; i < IT_SERVERS; i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&sql, "CREATE USER %s IDENTIFIED BY 'it_secret'", user);
        it_exec(it_db[i], &sql);
        mr_strbuf_reset(&sql);
        mr_strbuf_add_fmt(&sql, "GRANT SELECT ON %s.child TO %s", it_db_name(), user);
        it_exec(it_db[i], &sql);
        struct mr_db *db = open_as(i, user);
        struct mr_err err = {0};
        assert_int_equal(mr_schema_probe(db, it_db_name(), "child", NULL, &err), MR_OK);
        assert_int_equal(mr_schema_probe(db, it_db_name(), "parent", NULL, &err), MR_E_DENIED);
        assert_non_null(strstr(err.hint, "GRANT SELECT ON "));
        assert_int_equal(mr_schema_probe(db, it_db_name(), "gone", NULL, &err), MR_E_DENIED);
        struct mr_catalogue *cat = load(db);
        assert_int_equal(cat->ntables, 1);
        assert_int_equal(cat->tables[0].nfks, 1); /* rules too, although MariaDB hides */
        assert_string_equal(cat->tables[0].fks[0].on_delete, "SET NULL");
        mr_catalogue_free(cat);
        struct mr_grants *grants = NULL;
        it_ok(mr_grants_load(db, &grants, &err), &err, "grants");
        assert_true(mr_grants_on_table(grants, "SELECT", it_db_name(), "child"));
        assert_false(mr_grants_on_db(grants, "SELECT", it_db_name()));
        assert_int_equal(mr_grants_hidden(grants, mr_db_server(db), it_db_name()),
                         MR_HIDDEN_TRIGGERS | MR_HIDDEN_VIEWS | MR_HIDDEN_ROUTINES |
                             MR_HIDDEN_EVENTS);
        mr_grants_free(grants);
        mr_db_close(db);
        mr_strbuf_reset(&sql);
        mr_strbuf_add_fmt(&sql, "DROP USER %s", user);
        it_exec(it_db[i], &sql);
        mr_strbuf_release(&sql);
    }
}

/* A connection as a reader that is asked for counters. */
struct counting {
    struct mr_reader base;
    struct mr_db *db;
};

static enum mr_code count_on(struct mr_reader *reader, const struct mr_table *table, uint64_t *next,
                             uint64_t *greatest, struct mr_err *err)
{
    return mr_schema_auto_increment(((struct counting *)reader)->db, table, next, greatest, err);
}

static bool counter_finding(bool alone, struct mr_strbuf *source, struct mr_strbuf *target)
{
    struct mr_catalogue *cat[IT_SERVERS];
    const struct mr_table *table[IT_SERVERS];
    struct mr_err err = {0};
    mr_strbuf_reset(source);
    mr_strbuf_reset(target);
    for (size_t i = 0; i < IT_SERVERS; i++) {
        cat[i] = load(it_db[i]);
        table[i] = mr_catalogue_table(cat[i], it_db_name(), "types");
    }
    const struct mr_source_ops ops = {.counter = count_on};
    struct mr_source of = {&ops};
    struct counting a = {{.source = &of}, it_db[0]}, b = {{.source = &of}, it_db[1]};
    struct mr_objects_counter s = {.reader = &a.base, .table = table[0]};
    struct mr_objects_counter t = {.reader = &b.base, .table = table[1]};
    it_ok(mr_objects_counter_keys(&s, &t, &err), &err, "greatest keys");
    it_ok(mr_objects_counter_next(&s, &t, &err), &err, "counters");
    mr_objects_counter_text(&s, source);
    mr_objects_counter_text(&t, target);
    for (size_t i = 0; i < IT_SERVERS; i++)
        mr_catalogue_free(cat[i]);
    return mr_objects_counter_is_low(&s, &t, alone);
}

static void test_auto_increment(void **state)
{
    (void)state;
    it_need_servers();
    struct mr_strbuf s = MR_STRBUF_INIT, t = MR_STRBUF_INIT;
    assert_false(counter_finding(false, &s, &t));
    assert_string_equal(s.ptr, "next 1, greatest 0");
    for (size_t i = 0; i < IT_SERVERS; i++)
        it_exec_str(it_db[i], "INSERT INTO types (id) VALUES (3009)");
    assert_false(counter_finding(false, &s, &t));
    assert_string_equal(s.ptr, "next 3010, greatest 3009");
    assert_string_equal(t.ptr, "next 3010, greatest 3009");
    it_exec_str(it_db[0], "INSERT INTO types (id) VALUES (3013)");
    assert_true(counter_finding(false, &s, &t)); /* the target would issue 3010 … 3013 anew */
    assert_false(counter_finding(true, &s, &t)); /* a replica gets 3013 sooner or later */
    assert_string_equal(s.ptr, "next 3014, greatest 3013");
    assert_string_equal(t.ptr, "next 3010, greatest 3009");
    it_exec_str(it_db[1], "ALTER TABLE types AUTO_INCREMENT = 5000");
    assert_false(counter_finding(false, &s, &t)); /* far ahead is no danger */
    for (size_t i = 0; i < IT_SERVERS; i++)
        it_exec_str(it_db[i], "DELETE FROM types");
    mr_strbuf_release(&s);
    mr_strbuf_release(&t);
}

/* "x"."b/c" and "x/b"."c" are two tables; MySQL has no place for both. */
static void test_marks(void **state)
{
    (void)state;
    it_need_servers();
    char slashed[80];
    (void)snprintf(slashed, sizeof slashed, "%s/b", it_db_name());
    const struct mr_table a = {.db = it_db_name(), .name = "b/c"};
    const struct mr_table b = {.db = slashed, .name = "c"};
    const struct mr_table *const tables[] = {&a, &b};
    for (size_t i = 0; i < IT_SERVERS; i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_table_mark marks[2] = {{0}};
        struct mr_err err = {0};
        if (it_is_mysql(it_db[i]))
            continue;
        it_exec_str(it_db[i], "CREATE TABLE `b/c` (id INT PRIMARY KEY)");
        mr_strbuf_add_fmt(&sql, "CREATE DATABASE `%s`", slashed);
        it_exec(it_db[i], &sql);
        mr_strbuf_reset(&sql);
        mr_strbuf_add_fmt(&sql, "CREATE TABLE `%s`.c (id INT PRIMARY KEY)", slashed);
        it_exec(it_db[i], &sql);
        it_ok(mr_table_marks_read(it_db[i], tables, 2, NULL, &arena, marks, &err), &err, "marks");
        for (size_t k = 0; k < 2; k++) {
            assert_non_null(marks[k].numbers);
            assert_non_null(marks[k].time);
            assert_string_equal(strchr(marks[k].time, '\n'), "\n"); /* one line */
        }
        assert_string_not_equal(marks[0].numbers, marks[1].numbers);
        const struct mr_table_mark was[] = {marks[0], {.time = marks[1].time}};
        it_ok(mr_table_marks_read(it_db[i], tables, 2, was, &arena, marks, &err), &err, "again");
        assert_string_equal(marks[0].numbers, was[0].numbers);
        assert_null(marks[0].time); /* which the numbers say already */
        assert_string_equal(marks[1].time, was[1].time);
        mr_strbuf_reset(&sql);
        mr_strbuf_add_fmt(&sql, "DROP DATABASE `%s`", slashed);
        it_exec(it_db[i], &sql);
        it_exec_str(it_db[i], "DROP TABLE `b/c`");
        mr_arena_release(&arena);
        mr_strbuf_release(&sql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),   cmocka_unit_test(test_file),
        cmocka_unit_test(test_classes), cmocka_unit_test(test_differences),
        cmocka_unit_test(test_reload),  cmocka_unit_test(test_probe),
        cmocka_unit_test(test_rights),  cmocka_unit_test(test_auto_increment),
        cmocka_unit_test(test_marks),
    };
    return cmocka_run_group_tests_name("schema", tests, set_up, it_close);
}
