/*
 * test_plan_image.c: rows of a planned table read on TARGET alone are, byte for byte, what
 * the planner reads with both servers at hand; and a row that was copied has the digest of
 * the row that it was copied from.
 */
#include "it.h"

#include "core/pair/pair.h"
#include "repair/plan/plan_image.h"

#define DB "plan_image_it"

/* A column of TARGET, its twin on SOURCE, and values that both can hold. */
struct image_case {
    const char *source, *target;
    const char *values[4];
    bool mysql_only; /* on both sides */
};

static const struct image_case cases[] = {
    {"TINYINT(3) ZEROFILL", "BIGINT", {"7", "0", "NULL"}, false},
    {"BIGINT UNSIGNED", "BIGINT UNSIGNED", {"18446744073709551615", "0"}, false},
    {"BIGINT", "BIGINT", {"-9223372036854775808", "-1"}, false},
    {"FLOAT", "FLOAT", {"16777215", "0.1", "-0e0", "3.4028234e38"}, false},
    {"FLOAT", "DOUBLE", {"16777215", "0.5"}, false},
    {"DOUBLE", "DOUBLE", {"0.1e0", "4.9406564584124654e-324", "-0e0"}, false},
    {"DECIMAL(65,30)", "DECIMAL(65,30)", {"-0.000", "1.100000000000000000000000000001"}, false},
    {"DECIMAL(10,2)", "DECIMAL(12,4)", {"1.10", "-99999999.99"}, false},
    {"YEAR", "YEAR", {"0", "2000", "1901"}, false},
    {"BIT(64)", "BIT(64)", {"x'ffffffffffffffff'", "b'0'", "NULL"}, false},
    {"BIT(1)", "BIT(8)", {"b'1'", "b'0'"}, false},
    {"DATE", "DATE", {"'0000-00-00'", "'2000-00-00'", "'9999-12-31'"}, false},
    {"DATETIME(6)", "DATETIME(6)", {"'9999-12-31 23:59:59.999999'", "'0000-00-00'"}, false},
    {"DATETIME", "DATETIME(3)", {"'2020-01-01 00:00:01'"}, false},
    {"TIMESTAMP(6) NULL", "TIMESTAMP(6) NULL", {"'2020-01-01 00:00:00.000001'", "NULL"}, false},
    {"TIMESTAMP NULL", "DATETIME", {"'2020-01-01 00:00:00'"}, false},
    {"TIME(6)", "TIME(6)", {"'-838:59:59'", "'00:00:00.000001'"}, false},
    {"VARCHAR(20) CHARACTER SET utf8mb4",
     "VARCHAR(20) CHARACTER SET utf8mb4",
     {"_utf8mb4 x'f09f9880'", "'a '", "''"},
     false},
    {"VARCHAR(20) CHARACTER SET latin1",
     "VARCHAR(20) CHARACTER SET utf8mb4",
     {"_latin1 x'e4'", "'a '", "_latin1 x'80'"},
     false},
    {"VARCHAR(20) CHARACTER SET utf8mb4",
     "VARCHAR(20) CHARACTER SET latin1",
     {"_latin1 x'e4'", "''"},
     false},
    {"VARCHAR(20) CHARACTER SET latin1",
     "VARCHAR(20) CHARACTER SET latin1",
     {"_latin1 x'e4'", "_latin1 x'80'"},
     false},
    {"CHAR(20) CHARACTER SET utf16", "CHAR(20) CHARACTER SET utf16", {"'a'", "''"}, false},
    {"VARCHAR(20) CHARACTER SET utf8mb3",
     "TEXT CHARACTER SET utf8mb4",
     {"_utf8mb4 x'e282ac'"},
     false},
    {"VARCHAR(20) CHARACTER SET utf8mb4", "VARBINARY(80)", {"_utf8mb4 x'c3a4'"}, false},
    {"VARBINARY(9)", "VARBINARY(9)", {"x'00'", "x'0000'", "''"}, false},
    {"BINARY(4)", "BINARY(4)", {"x'00000000'", "x'ff'"}, false},
    {"LONGBLOB", "LONGBLOB", {"REPEAT(x'ff00', 70000)", "NULL"}, false},
    {"LONGTEXT", "LONGTEXT", {"REPEAT('xyz', 70000)"}, false},
    {"ENUM('a','A','') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
     "ENUM('','A','a') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
     {"'a'", "'A'", "''", "NULL"},
     false},
    {"ENUM('x','y')", "VARCHAR(9)", {"'y'", "NULL"}, false},
    {"SET('a','b','c')", "SET('a','b','c')", {"'a,c'", "''", "'b'"}, false},
    {"INT", "VARCHAR(20) CHARACTER SET utf8mb4", {"12", "-5", "NULL"}, false},
    {"JSON", "JSON", {"'{\"bb\": 1, \"a\": [1.5, \"x\\\\u00e4\"]}'", "'1'", "NULL"}, false},
    {"JSON", "JSON", {"'{\"a\": 1.10, \"a\": 2}'", "'[1e3, 1.0]'"}, false},
    {"JSON", "JSON", {"JSON_OBJECT('a', CAST(1.10 AS DECIMAL(5,2)))"}, true},
    {"JSON", "LONGTEXT", {"'{\"bb\": 1, \"a\": 2}'"}, false},
    {"GEOMETRY", "GEOMETRY", {"ST_GeomFromText('POINT(1 2)')", "NULL"}, false},
    {"POINT", "POINT", {"ST_GeomFromText('POINT(1 2.0000000000000004)')"}, false},
};

static struct mr_endpoint ep[2];
static struct mr_source *sources[2];
static struct mr_reader *readers[2];
static struct mr_db *writers[2];

/* ---- rows ---- */

struct rows {
    const struct mr_pair *pair;
    const struct mr_readspec *spec;
    struct mr_strbuf bytes;
    size_t ends[4], count;
};

static enum mr_code keep(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct rows *rows = ctx;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < rows->pair->find.ncolumns; i++)
        code = mr_row_encode(&rows->bytes, &values[i], err);
    assert_true(rows->count < 4);
    rows->ends[rows->count++] = rows->bytes.len;
    return code;
}

static void read_rows(struct mr_reader *reader, const struct mr_pair *pair, int side,
                      struct rows *rows)
{
    struct mr_err err = {0};
    *rows = (struct rows){.pair = pair, .spec = &pair->full[side], .bytes = MR_STRBUF_INIT};
    it_ok(mr_reader_scan(reader, &pair->full[side], (struct mr_range){0}, 0, keep, rows, &err),
          &err, pair->find.name);
}

static struct mr_key row_at(const struct rows *rows, size_t i)
{
    size_t from = i > 0 ? rows->ends[i - 1] : 0;
    return (struct mr_key){rows->bytes.ptr + from, rows->ends[i] - from};
}

/* ---- one pair of tables ---- */

static void make_table(int server, const char *db, const char *type, const struct image_case *c)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql, "DROP TABLE IF EXISTS %s.t", db);
    it_exec(writers[server], &sql);
    mr_strbuf_reset(&sql);
    mr_strbuf_add_fmt(&sql,
                      "CREATE TABLE %s.t(id INT PRIMARY KEY, v %s, g INT AS (id %% 7)) "
                      "CHARACTER SET utf8mb4",
                      db, type);
    it_exec(writers[server], &sql);
    for (int i = 0; i < 4 && c->values[i] != NULL; i++) {
        mr_strbuf_reset(&sql);
        mr_strbuf_add_fmt(&sql, "INSERT INTO %s.t(id, v) VALUES (%d, %s)", db, i + 1, c->values[i]);
        it_exec(writers[server], &sql);
    }
    mr_strbuf_release(&sql);
}

struct opened {
    struct mr_arena arena;
    struct mr_catalogue *cat[2];
    struct mr_pair *pair;
    struct mr_plan_image_column columns[8];
    const char *readings[8];
};

static void open_pair(struct opened *o, const int server[2], const char *const db[2],
                      const struct mr_config *config)
{
    struct mr_err err = {0}, reason = {0};
    struct mr_server_side side[2] = {{0}, {0}};
    for (int s = 0; s < 2; s++) {
        it_ok(mr_source_catalogue(sources[server[s]], &db[s], 1, &o->cat[s], &err), &err,
              "catalogue");
        side[s].cat = o->cat[s];
    }
    const struct mr_pairing pairing = {
        .side = side, .config = config, .arena = &o->arena, .whole_rows = true};
    it_ok(mr_pair_plan(&pairing, mr_catalogue_table(o->cat[0], db[0], "t"),
                       mr_catalogue_table(o->cat[1], db[1], "t"), &o->pair, &reason, &err),
          &err, "pair");
    it_ok(reason.code, &reason, "pair");
}

static void take_readings(struct opened *o)
{
    const bool generated[8] = {false, false, true};
    const struct mr_plan_table table = {.pair = o->pair, .generated = generated};
    for (size_t i = 0; i < o->pair->find.ncolumns; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_plan_image_reading(&table, i, &text);
        o->readings[i] = mr_arena_strdup(&o->arena, text.ptr);
        o->columns[i] =
            (struct mr_plan_image_column){o->pair->find.columns[i].name, o->readings[i]};
        mr_strbuf_release(&text);
    }
}

static void compare(struct opened *o, const int server[2], const char *target_db,
                    const struct image_case *c)
{
    struct mr_err err = {0};
    struct mr_pair *image = NULL;
    struct rows source, source_alone, target, alone;
    struct mr_plan_digester digester;
    static const size_t key[] = {0};
    struct mr_plan_image_task task = {.side = MR_TARGET,
                                      .name = DB ".t",
                                      .db = target_db,
                                      .table = "t",
                                      .columns = o->columns,
                                      .ncolumns = o->pair->find.ncolumns,
                                      .key = {key, 1}};
    it_ok(mr_plan_image_open(o->cat[1], &task, &o->arena, &image, &err), &err, o->readings[1]);
    it_ok(mr_plan_digester_init(&digester, o->readings, task.ncolumns, &o->arena, &err), &err,
          o->readings[1]);
    read_rows(readers[server[0]], o->pair, MR_SOURCE, &source);
    read_rows(readers[server[1]], o->pair, MR_TARGET, &target);
    read_rows(readers[server[1]], image, MR_TARGET, &alone);
    assert_int_equal(source.count, target.count);
    task.side = MR_SOURCE;
    task.db = DB "_s";
    it_ok(mr_plan_image_open(o->cat[0], &task, &o->arena, &image, &err), &err, o->readings[1]);
    read_rows(readers[server[0]], image, MR_SOURCE, &source_alone);
    if (source_alone.bytes.len != source.bytes.len ||
        memcmp(source_alone.bytes.ptr, source.bytes.ptr, source.bytes.len) != 0)
        fail_msg("%s -> %s is read in another way on the source by \"%s\"", c->source, c->target,
                 o->readings[1]);
    if (alone.bytes.len != target.bytes.len ||
        memcmp(alone.bytes.ptr, target.bytes.ptr, alone.bytes.len) != 0)
        fail_msg("%s -> %s is read in another way by \"%s\"", c->source, c->target, o->readings[1]);
    for (size_t i = 0; i < source.count; i++) {
        struct mr_digest foretold, found;
        it_ok(mr_plan_digester_row(&digester, row_at(&source, i), &foretold, &err), &err, "digest");
        it_ok(mr_plan_digester_row(&digester, row_at(&alone, i), &found, &err), &err, "digest");
        if (!mr_digest_equal(foretold, found))
            fail_msg("%s -> %s (%s): the copy of %s has another digest", c->source, c->target,
                     o->readings[1], c->values[i]);
    }
    mr_plan_digester_release(&digester);
    mr_strbuf_release(&source.bytes);
    mr_strbuf_release(&source_alone.bytes);
    mr_strbuf_release(&target.bytes);
    mr_strbuf_release(&alone.bytes);
}

static void run_case(const int server[2], const struct image_case *c)
{
    static const char *const db[2] = {DB "_s", DB "_t"};
    struct mr_err err = {0};
    struct opened o = {.arena = MR_ARENA_INIT};
    struct mr_config *config = NULL;
    if (c->mysql_only && !(it_is_mysql(writers[server[0]]) && it_is_mysql(writers[server[1]])))
        return;
    it_ok(mr_config_load(NULL, MR_CONFIG_NO_ROOMS, &config, &err), &err, "config");
    make_table(server[0], db[0], c->source, c);
    make_table(server[1], db[1], c->target, c);
    open_pair(&o, server, db, config);
    take_readings(&o);
    compare(&o, server, db[1], c);
    mr_catalogue_free(o.cat[0]);
    mr_catalogue_free(o.cat[1]);
    mr_config_free(config);
    mr_arena_release(&o.arena);
}

static void run_all(int source, int target)
{
    const int server[2] = {source, target};
    it_need_servers();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run_case(server, &cases[i]);
}

static void test_here(void **state)
{
    (void)state;
    run_all(0, 0);
}

static void test_there(void **state)
{
    (void)state;
    run_all(1, 1);
}

static void test_across(void **state)
{
    (void)state;
    run_all(0, 1);
}

static void test_back(void **state)
{
    (void)state;
    run_all(1, 0);
}

/* ---- set-up ---- */

static int open_servers(void **state)
{
    static const char *const names[] = {"MYRECON_TEST_A", "MYRECON_TEST_B"};
    static const struct mr_source_opts opts = {.db = {.run_tag = "it"}};
    static const struct mr_db_opts writing = {.run_tag = "it", .writable = true};
    struct mr_err err = {0};
    (void)state;
    if (!it_have_servers())
        return 0;
    enum mr_code code = mr_db_global_init(&err);
    for (int i = 0; code == MR_OK && i < 2; i++) {
        code = mr_endpoint_parse(&ep[i], getenv(names[i]), &err);
        if (code == MR_OK)
            code = mr_source_live_new(&ep[i], &opts, &sources[i], &err);
        if (code == MR_OK)
            code = mr_source_reader_new(sources[i], &readers[i], &err);
        if (code == MR_OK)
            code = mr_db_open(&ep[i], &writing, &writers[i], &err);
        if (code == MR_OK) {
            it_exec_str(writers[i], "CREATE DATABASE IF NOT EXISTS " DB "_s");
            it_exec_str(writers[i], "CREATE DATABASE IF NOT EXISTS " DB "_t");
        }
    }
    if (code != MR_OK)
        print_error("%s\n", err.message);
    return code == MR_OK ? 0 : -1;
}

static int close_servers(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        if (writers[i] != NULL) {
            it_exec_str(writers[i], "DROP DATABASE IF EXISTS " DB "_s");
            it_exec_str(writers[i], "DROP DATABASE IF EXISTS " DB "_t");
        }
        mr_reader_free(readers[i]);
        mr_source_free(sources[i]);
        mr_db_close(writers[i]);
        mr_endpoint_release(&ep[i]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_here),
        cmocka_unit_test(test_there),
        cmocka_unit_test(test_across),
        cmocka_unit_test(test_back),
    };
    return cmocka_run_group_tests(tests, open_servers, close_servers);
}
