/* test_snap_manifest.c: a snapshot's manifest and statements: as written, so read; and what
 * no myrecon writes is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "json_mutants.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/format/snap_manifest.h"
#include "snapshot/format/snap_schema.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const unsigned char key_bytes[] = {'i', 1, 0, 0, 0, 0, 0, 0, 0, 7};
static const struct mr_snap_column columns[] = {
    {.name = "id", .type = "int", .cls = MR_CLASS_INT, .load = MR_SNAP_LOAD_PLAIN},
    {.name = "e\n'",
     .type = "enum('a','')",
     .cls = MR_CLASS_UINT,
     .load = MR_SNAP_LOAD_NUMBER,
     .by_number = true,
     .numbers = 2},
};
static const size_t key[] = {0};
static const struct mr_snap_chunk chunks[] = {
    {.file = "data/d.t.0.tsv.zst",
     .range = {{NULL, 0}, {key_bytes, sizeof key_bytes}},
     .first = {key_bytes, sizeof key_bytes},
     .last = {key_bytes, sizeof key_bytes},
     .rows = 1,
     .plain_bytes = 4,
     .stored_bytes = 17,
     .sum = {1, UINT64_MAX},
     .sha256 = SHA},
    {.file = "data/d.t.1.tsv.zst",
     .range = {{key_bytes, sizeof key_bytes}, {NULL, 0}},
     .rows = 2,
     .sha256 = SHA},
};

static void write_sample(struct mr_strbuf *out)
{
    static struct mr_snap_table table;
    static const struct mr_snap_file files[] = {{"restore.sql", 5, SHA}};
    static const char *const view_columns[] = {"a", "b"};
    static const char *const only[] = {"d.*", "t\n"};
    static const struct mr_snap_object objects[] = {
        {.kind = MR_OBJECT_DATABASE, .db = "d", .name = "d", .file = "schema/d.d.database.sql"},
        {.kind = MR_OBJECT_VIEW,
         .db = "d",
         .name = "v",
         .file = "schema/d.v.view.sql",
         .columns = view_columns,
         .ncolumns = 2},
        {.kind = MR_OBJECT_SEQUENCE,
         .db = "d",
         .name = "s",
         .file = "schema/d.s.sequence.sql",
         .collation = "utf8mb4_bin",
         .value = "-7"},
    };
    table = (struct mr_snap_table){.db = "d",
                                   .name = "t",
                                   .number = 1,
                                   .engine = "InnoDB",
                                   .transactional = true,
                                   .consistent = true,
                                   .schema_file = "schema/d.t.table.sql",
                                   .index = "PRIMARY",
                                   .auto_increment = UINT64_MAX,
                                   .greatest = UINT64_MAX - 1,
                                   .columns = columns,
                                   .ncolumns = COUNT(columns),
                                   .key = key,
                                   .nkey = 1,
                                   .chunks = chunks,
                                   .nchunks = COUNT(chunks),
                                   .rows = 3};
    const struct mr_snap_manifest m = {
        .uuid = "u",
        .created = "c",
        .finished = "f",
        .version = "1",
        .source = "s",
        .server = {.flavour = MR_FLAVOUR_MARIADB, .version = "v", .hostname = "h", .uuid = ""},
        .consistency = {.kind = MR_SNAP_VIEWS,
                        .connections = 2,
                        .proof = MR_SNAP_BY_ENGINE,
                        .position = MR_SNAP_AT_OR_BEFORE,
                        .gtid = "0-1-2",
                        .purged = "0-1-1",
                        .until_file = "bin.000002",
                        .until_position = 400},
        .objects = objects,
        .nobjects = COUNT(objects),
        .tables = &table,
        .ntables = 1,
        .files = files,
        .nfiles = 1,
        .only = {only, COUNT(only)}};
    struct mr_err err;
    assert_int_equal(mr_snap_manifest_write(&m, mr_sink_to_strbuf(out), &err), MR_OK);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf text = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    struct mr_snap_manifest m;
    struct mr_err err;
    write_sample(&text);
    assert_int_equal(mr_snap_manifest_read(text.ptr, text.len, "m", &arena, &m, &err), MR_OK);
    assert_int_equal(m.ntables, 1);
    assert_int_equal(m.tables[0].nkey, 1);
    assert_int_equal(m.tables[0].auto_increment, UINT64_MAX);
    assert_int_equal(m.tables[0].greatest, UINT64_MAX - 1);
    assert_int_equal(m.tables[0].chunks[0].sum.lo, UINT64_MAX);
    assert_null(m.tables[0].chunks[0].range.lo.ptr);
    assert_memory_equal(m.tables[0].chunks[0].range.hi.ptr, key_bytes, sizeof key_bytes);
    assert_string_equal(m.tables[0].columns[1].name, "e\n'");
    assert_int_equal(m.only.count, 2);
    assert_string_equal(m.only.items[1], "t\n");
    assert_int_equal(m.except.count, 0);
    assert_int_equal(m.consistency.proof, MR_SNAP_BY_ENGINE);
    assert_int_equal(m.consistency.position, MR_SNAP_AT_OR_BEFORE);
    assert_string_equal(m.consistency.purged, "0-1-1");
    assert_int_equal(m.consistency.until_position, 400);
    assert_int_equal(mr_snap_manifest_write(&m, mr_sink_to_strbuf(&again), &err), MR_OK);
    assert_string_equal(text.ptr, again.ptr);
    mr_strbuf_release(&text);
    mr_strbuf_release(&again);
    mr_arena_release(&arena);
}

/* An incremental one has a base, and says of each table what is kept. */
static void test_chained(void **state)
{
    static const struct {
        const char *from, *to;
    } edits[] = {
        {"myrecon/snapshot/2", "myrecon/snapshot/3"},
        {"\"base\":{", "\"bases\":{"},
        {"\"links\":\"7\"", "\"links\":\"-7\""},
        {"\"manifest_sha256\":\"0", "\"manifest_sha256\":\"x"},
        {"\"kept_rows\":\"changed\"", "\"kept_rows\":\"some\""},
        {"\"kept_rows\":\"changed\"", "\"kept_rows\":\"all\""},
        {"\"kept_rows\":\"changed\",", ""},
        {"\"key\":[\"id\"]", "\"key\":[]"},
        {"data/d.t.gone.tsv.zst", "../d.t.gone.tsv.zst"},
        {"\"keys\":3", "\"keys\":-3"},
    };
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf text = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    struct mr_snap_manifest m;
    struct mr_err err;
    (void)state;
    write_sample(&text);
    assert_int_equal(mr_snap_manifest_read(text.ptr, text.len, "m", &arena, &m, &err), MR_OK);
    m.base = (struct mr_snap_base){"u0", "c0", SHA, "bin.000001", "bin.000002", 4, 5, 7};
    m.tables[0].kept_rows = MR_SNAP_ROWS_CHANGED;
    m.tables[0].gone = (struct mr_snap_chunk){
        .file = "data/d.t.gone.tsv.zst", .rows = 3, .sum = {1, 2}, .sha256 = SHA};
    mr_strbuf_reset(&text);
    assert_int_equal(mr_snap_manifest_write(&m, mr_sink_to_strbuf(&text), &err), MR_OK);
    assert_int_equal(mr_snap_manifest_read(text.ptr, text.len, "m", &arena, &m, &err), MR_OK);
    assert_string_equal(m.base.uuid, "u0");
    assert_int_equal(m.base.until_position, 5);
    assert_int_equal(m.base.links, 7);
    assert_int_equal(m.tables[0].gone.rows, 3);
    assert_int_equal(mr_snap_manifest_write(&m, mr_sink_to_strbuf(&again), &err), MR_OK);
    assert_string_equal(text.ptr, again.ptr);
    for (size_t i = 0; i < COUNT(edits); i++) {
        const char *at = strstr(text.ptr, edits[i].from);
        assert_non_null(at);
        mr_strbuf_reset(&again);
        mr_strbuf_add(&again, text.ptr, (size_t)(at - text.ptr));
        mr_strbuf_add_str(&again, edits[i].to);
        mr_strbuf_add_str(&again, at + strlen(edits[i].from));
        if (mr_snap_manifest_read(again.ptr, again.len, "m", &arena, &m, &err) != MR_E_SNAPSHOT)
            fail_msg("%s", edits[i].to);
    }
    mr_strbuf_release(&text);
    mr_strbuf_release(&again);
    mr_arena_release(&arena);
}

/* As versions wrote it that did not say what proves the views to be one. */
static void test_older(void **state)
{
    (void)state;
    static const char new_members[] =
        "\"proof\":\"engine\",\"position\":\"at-or-before\",\"until_gtid\":null,"
        "\"until_file\":\"bin.000002\",\"until_position\":\"400\",\"applied\":null,"
        "\"gtid_purged\":\"0-1-1\",";
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf text = MR_STRBUF_INIT, older = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    struct mr_snap_manifest m;
    struct mr_err err = {0};
    write_sample(&text);
    const char *at = strstr(text.ptr, new_members);
    assert_non_null(at);
    mr_strbuf_add(&older, text.ptr, (size_t)(at - text.ptr));
    mr_strbuf_add_str(&older, at + sizeof new_members - 1);
    assert_int_equal(mr_snap_manifest_read(older.ptr, older.len, "m", &arena, &m, &err), MR_OK);
    assert_int_equal(m.consistency.proof, 0);
    assert_int_equal(m.consistency.position, 0);
    assert_null(m.consistency.purged);
    assert_string_equal(m.consistency.gtid, "0-1-2");
    assert_int_equal(mr_snap_manifest_write(&m, mr_sink_to_strbuf(&again), &err), MR_OK);
    assert_string_equal(again.ptr, older.ptr);
    mr_strbuf_release(&text);
    mr_strbuf_release(&older);
    mr_strbuf_release(&again);
    mr_arena_release(&arena);
}

/* One place of the text replaced. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } edits[] = {
        {"myrecon/snapshot/1", "myrecon/snapshot/2"},
        {"data/d.t.0.tsv.zst", "data/../../etc/x"},
        {"data/d.t.0.tsv.zst", "/etc/passwd"},
        {"data/d.t.0.tsv.zst", "data/.hidden"},
        {"schema/d.t.table.sql", "schema/a/b"},
        {"\"class\":\"int\"", "\"class\":\"imt\""},
        {"\"load\":\"plain\"", "\"load\":\"\""},
        {"\"key\":[\"id\"]", "\"key\":[\"ix\"]"},
        {"\"up_to\":\"69", "\"up_to\":\"6g"},
        {"\"kind\":\"view\",\"db\"", "\"kind\":\"vjew\",\"db\""},
        {"\"sha256\":\"0123", "\"sha256\":\"012"},
        {"\"rows\":1,", "\"rows\":-1,"},
        {"\"proof\":\"engine\"", "\"proof\":\"none\""},
        {"\"position\":\"at-or-before\"", "\"position\":\"before\""},
        {"\"tables\":[{", "\"tables\":{{"},
        {"\"utf8mb4_bin", "\"utf8mb4_bin, GLOBAL read_only = 1"},
        {"\"utf8mb4_bin", "\""},
        {"\"value\":\"-7", "\"value\":\"-7, 0), live.f(1"},
        {"\"value\":\"-7", "\"value\":\"-"},
        {"\"charset\":null", "\"charset\":\"utf8mb4 x\""},
        {"\"where\":null", "\"where\":\"1=0) UNION SELECT 1 FROM (SELECT 1\""},
        {"\"where\":null", "\"where\":\"a = 'x\""},
        {"\"where\":null", "\"where\":\"1=1 /*!50000 OR 1=1 */\""},
        {"\"where\":null", "\"where\":\"1=1 --\\u0001 \\n) OR (1=1\""},
        {"\"sql_mode\":null", "\"sql_mode\":\"ANSI_QUOTES \""},
        {"\"sql_mode\":null", "\"sql_mode\":\"\\u00c1NSI\""},
    };
    for (size_t i = 0; i < COUNT(edits); i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_strbuf text = MR_STRBUF_INIT, edited = MR_STRBUF_INIT;
        struct mr_snap_manifest m;
        struct mr_err err = {0};
        write_sample(&text);
        const char *at = strstr(text.ptr, edits[i].from);
        assert_non_null(at);
        mr_strbuf_add(&edited, text.ptr, (size_t)(at - text.ptr));
        mr_strbuf_add_str(&edited, edits[i].to);
        mr_strbuf_add_str(&edited, at + strlen(edits[i].from));
        assert_int_equal(mr_snap_manifest_read(edited.ptr, edited.len, "m.json", &arena, &m, &err),
                         MR_E_SNAPSHOT);
        assert_non_null(strstr(err.message, "m.json"));
        mr_strbuf_release(&text);
        mr_strbuf_release(&edited);
        mr_arena_release(&arena);
    }
}

static void test_names(void **state)
{
    (void)state;
    struct mr_strbuf out = MR_STRBUF_INIT;
    char wide[100];
    mr_snap_stem_add(&out, "a.b", "é/ x-_9");
    assert_string_equal(out.ptr, "a%2Eb.%C3%A9%2F%20x-_9");
    mr_strbuf_reset(&out);
    memset(wide, '.', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    mr_snap_stem_add(&out, "d", wide);
    assert_int_equal(out.len, 32);
    assert_int_equal(strspn(out.ptr, "0123456789abcdef"), 32);
    mr_strbuf_add_str(&out, " ");
    wide[0] = 'x'; /* another one */
    mr_snap_stem_add(&out, "d", wide);
    assert_int_equal(out.len, 65);
    assert_int_not_equal(strncmp(out.ptr, out.ptr + 33, 32), 0);
    mr_strbuf_release(&out);
    assert_true(mr_snap_name_is_safe("data/a%2Eb.c.0.tsv.zst"));
    assert_true(mr_snap_name_is_safe("restore.sql"));
    assert_false(mr_snap_name_is_safe(""));
    assert_false(mr_snap_name_is_safe("data/"));
    assert_false(mr_snap_name_is_safe("data/.."));
    assert_false(mr_snap_name_is_safe("other/x"));
}

static void test_statements(void **state)
{
    (void)state;
    static const char body[] = "CREATE PROCEDURE p() BEGIN SELECT 1; END";
    for (int has_body = 0; has_body < 2; has_body++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        const char *statement = NULL;
        size_t len = 0;
        mr_snap_statement_add(&out, body, has_body != 0);
        assert_true(mr_snap_statement_read(out.ptr, out.len, &statement, &len));
        assert_int_equal(len, sizeof body - 1);
        assert_memory_equal(statement, body, len);
        assert_false(mr_snap_statement_read(out.ptr, out.len - 1, &statement, &len));
        mr_strbuf_release(&out);
    }
}

static void test_split(void **state)
{
    (void)state;
    static const char create[] =
        "CREATE TABLE `t` (\n  `a` int,\n  KEY `k` (`a`),\n"
        "  CONSTRAINT `f 1` FOREIGN KEY (`a`) REFERENCES `p` (`x`) ON DELETE CASCADE,\n"
        "  CONSTRAINT `f2` FOREIGN KEY (`a`) REFERENCES `q` (`x`)\n) ENGINE=InnoDB";
    static const struct mr_foreign_key both[] = {{.name = "f 1"}, {.name = "f2"}};
    static const struct mr_foreign_key strange[] = {{.name = "f 1"}, {.name = "f3"}};
    struct mr_table table = {.name = "t", .fks = both, .nfks = 2};
    struct mr_strbuf without = MR_STRBUF_INIT, alter = MR_STRBUF_INIT;
    mr_snap_split_keys(create, &table, &without, &alter);
    assert_string_equal(without.ptr,
                        "CREATE TABLE `t` (\n  `a` int,\n  KEY `k` (`a`)\n) ENGINE=InnoDB");
    assert_string_equal(alter.ptr, "ALTER TABLE `t`\n"
                                   "  ADD CONSTRAINT `f 1` FOREIGN KEY (`a`) REFERENCES `p` (`x`) "
                                   "ON DELETE CASCADE,\n"
                                   "  ADD CONSTRAINT `f2` FOREIGN KEY (`a`) REFERENCES `q` (`x`)");
    mr_strbuf_reset(&without);
    mr_strbuf_reset(&alter);
    table.fks = strange;
    mr_snap_split_keys(create, &table, &without, &alter);
    assert_string_equal(without.ptr, create);
    assert_int_equal(alter.len, 0);
    mr_strbuf_release(&without);
    mr_strbuf_release(&alter);
}

static void test_same(void **state)
{
    (void)state;
    static const char plain[] = "CREATE TABLE `t` (\n) ENGINE=InnoDB DEFAULT CHARSET=x";
    static const char five[] =
        "CREATE TABLE `t` (\n) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=x";
    static const char twelve[] =
        "CREATE TABLE `t` (\n) ENGINE=InnoDB AUTO_INCREMENT=12 DEFAULT CHARSET=x";
    static const char other[] =
        "CREATE TABLE `t` (\n) ENGINE=InnoDB AUTO_INCREMENT=12 DEFAULT CHARSET=y";
    assert_true(mr_snap_schema_same(plain, plain));
    assert_true(mr_snap_schema_same(five, twelve));
    assert_true(mr_snap_schema_same(plain, five));
    assert_true(mr_snap_schema_same(five, plain));
    assert_false(mr_snap_schema_same(twelve, other));
    assert_false(mr_snap_schema_same(plain, other));
    assert_false(mr_snap_schema_same(plain, "CREATE TABLE `t` (\n) ENGINE=InnoDB"));
}

static void test_drop_db(void **state)
{
    static const struct {
        const char *create, *kept;
    } cases[] = {
        {"DEFAULT nextval(`a``b`.`s`),", "DEFAULT nextval(`s`),"},
        {"(lastval(`a``b`.`a``b`) + setval(`a``b`.`s`, 1))", "(lastval(`a``b`) + setval(`s`, 1))"},
        {"nextval(`other`.`s`)", "nextval(`other`.`s`)"},
        {"'nextval(`a``b`.`s`)'", "'nextval(`a``b`.`s`)'"},
        {"`nextval(``a``b``.``s``)` int, x(`a``b`.`s`)",
         "`nextval(``a``b``.``s``)` int, x(`a``b`.`s`)"},
        {"nextval(`a``b`)", "nextval(`a``b`)"},
        {"", ""}};
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mr_strbuf_reset(&text);
        mr_snap_drop_db(&text, cases[i].create, "a`b");
        assert_string_equal(text.ptr, cases[i].kept);
    }
    mr_strbuf_release(&text);
}

static const char *renamed(const void *ctx, const char *db)
{
    (void)ctx;
    return strcmp(db, "a`b") == 0 ? "b" : strcmp(db, "b") == 0 ? "a`b" : NULL;
}

static void test_rename_dbs(void **state)
{
    static const struct {
        const char *sql, *run;
    } cases[] = {{"FOREIGN KEY (`x`) REFERENCES `a``b`.`t` (`x`),\n FOREIGN KEY (`y`) REFERENCES "
                  "`b`.`a``b` (`y`), FOREIGN KEY (`z`) REFERENCES `c`.`t` (`z`)",
                  "FOREIGN KEY (`x`) REFERENCES `b`.`t` (`x`),\n FOREIGN KEY (`y`) REFERENCES "
                  "`a``b`.`a``b` (`y`), FOREIGN KEY (`z`) REFERENCES `c`.`t` (`z`)"},
                 {"REFERENCES `b` (`x`)", "REFERENCES `b` (`x`)"},
                 {"DEFAULT nextval(`b`.`b`), DEFAULT (lastval(`b`.`s`))",
                  "DEFAULT nextval(`a``b`.`b`), DEFAULT (lastval(`a``b`.`s`))"},
                 {"COMMENT 'REFERENCES `b`.`t`' CHECK (`b`.`x` > 0)",
                  "COMMENT 'REFERENCES `b`.`t`' CHECK (`b`.`x` > 0)"},
                 {"REFERENCES `b`", "REFERENCES `b`"},
                 {"", ""}};
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mr_strbuf_reset(&text);
        mr_snap_rename_dbs(&text, cases[i].sql, strlen(cases[i].sql), renamed, NULL);
        assert_string_equal(text.ptr, cases[i].run);
    }
    mr_strbuf_release(&text);
}

static void test_drop_counter(void **state)
{
    static const struct {
        const char *create, *kept;
    } cases[] = {{"CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  KEY (`id`)\n) "
                  "ENGINE=ARCHIVE AUTO_INCREMENT=4 DEFAULT CHARSET=utf8mb4",
                  "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  KEY (`id`)\n) "
                  "ENGINE=ARCHIVE DEFAULT CHARSET=utf8mb4"},
                 {"CREATE TABLE ` AUTO_INCREMENT=1` (`) AUTO_INCREMENT=2` int COMMENT ') "
                  "AUTO_INCREMENT=3') ENGINE=ARCHIVE AUTO_INCREMENT=18446744073709551615",
                  "CREATE TABLE ` AUTO_INCREMENT=1` (`) AUTO_INCREMENT=2` int COMMENT ') "
                  "AUTO_INCREMENT=3') ENGINE=ARCHIVE"},
                 {"CREATE TABLE t (i int) ENGINE=ARCHIVE COMMENT=' AUTO_INCREMENT=5'",
                  "CREATE TABLE t (i int) ENGINE=ARCHIVE COMMENT=' AUTO_INCREMENT=5'"},
                 {"", ""}};
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mr_strbuf_reset(&text);
        mr_snap_drop_counter(&text, cases[i].create);
        assert_string_equal(text.ptr, cases[i].kept);
    }
    mr_strbuf_release(&text);
}

static void test_set_counter(void **state)
{
    static const struct {
        const char *create, *raised;
    } cases[] = {
        {"CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  KEY (`id`)\n) ENGINE=InnoDB "
         "AUTO_INCREMENT=4 DEFAULT CHARSET=utf8mb4",
         "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  KEY (`id`)\n) ENGINE=InnoDB "
         "AUTO_INCREMENT=77 DEFAULT CHARSET=utf8mb4"},
        {"CREATE TABLE `t` (`id` int COMMENT ') ENGINE=x AUTO_INCREMENT=3') /*!50100 TABLESPACE "
         "`a` */ "
         "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT=' AUTO_INCREMENT=5'\n PARTITION BY HASH "
         "(`id`)",
         "CREATE TABLE `t` (`id` int COMMENT ') ENGINE=x AUTO_INCREMENT=3') /*!50100 TABLESPACE "
         "`a` */ "
         "ENGINE=InnoDB AUTO_INCREMENT=77 DEFAULT CHARSET=utf8mb4 COMMENT=' AUTO_INCREMENT=5'\n "
         "PARTITION BY HASH (`id`)"},
        {"CREATE TABLE t (i int)", "CREATE TABLE t (i int) AUTO_INCREMENT=77"}};
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mr_strbuf_reset(&text);
        mr_snap_set_counter(&text, cases[i].create, 77);
        assert_string_equal(text.ptr, cases[i].raised);
    }
    mr_strbuf_release(&text);
}

static void use(const char *text, size_t len)
{
    struct mr_strbuf again = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_snap_manifest got;
    struct mr_err err = {0};
    if (mr_snap_manifest_read(text, len, "m", &arena, &got, &err) == MR_OK)
        assert_int_equal(mr_snap_manifest_write(&got, mr_sink_to_strbuf(&again), &err), MR_OK);
    else
        assert_int_equal(err.code, MR_E_SNAPSHOT);
    mr_strbuf_release(&again);
    mr_arena_release(&arena);
}

/* Spoilt in every place. */
static void test_mutants(void **state)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    write_sample(&text);
    assert_true(json_mutants(&text, use) > 1000);
    mr_strbuf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_chained),
        cmocka_unit_test(test_older),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_names),       cmocka_unit_test(test_statements),
        cmocka_unit_test(test_split),       cmocka_unit_test(test_same),
        cmocka_unit_test(test_drop_db),     cmocka_unit_test(test_drop_counter),
        cmocka_unit_test(test_set_counter), cmocka_unit_test(test_rename_dbs),
        cmocka_unit_test(test_mutants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
