/* test_create_throttle.c: which table a server's slowness is seen by, and within which keys. */
#include "create_world.h"

static struct mr_throttle_opts got;

enum mr_code __wrap_mr_throttle_new(const struct mr_throttle_opts *opts,
                                    const struct mr_endpoint *const *endpoints, size_t count,
                                    const struct mr_db_opts *db_opts, struct mr_throttle **out,
                                    struct mr_err *err);
enum mr_code __wrap_mr_throttle_new(const struct mr_throttle_opts *opts,
                                    const struct mr_endpoint *const *endpoints, size_t count,
                                    const struct mr_db_opts *db_opts, struct mr_throttle **out,
                                    struct mr_err *err)
{
    (void)endpoints, (void)db_opts, (void)err;
    assert_int_equal(count, 1);
    got = *opts;
    *out = NULL;
    return MR_OK;
}

static const struct mr_column columns[] = {{.name = "i`d", .cls = MR_CLASS_UINT},
                                           {.name = "name", .cls = MR_CLASS_TEXT}};
static const struct mr_index_part by_id[] = {{.column = "i`d"}}, by_name[] = {{.column = "name"}},
                                  by_two[] = {{.column = "i`d"}, {.column = "name"}},
                                  by_expression[] = {{.column = NULL, .expression = "1"}};

#define TABLE(n, size, p, count, t)                                                                \
    {                                                                                              \
        .db = "d", .name = (n), .engine = "InnoDB", .transactional = (t), .columns = columns,      \
        .ncolumns = 2, .data_bytes = (size),                                                       \
        .indexes = &(const struct mr_index){.name = "PRIMARY", .parts = (p), .nparts = (count)},   \
        .nindexes = 1                                                                              \
    }

static const struct mr_table tables[] = {
    TABLE("small", 10, by_id, 1, true),
    TABLE("big", 1000, by_id, 1, true),
    TABLE("named", 5000, by_name, 1, true),
    TABLE("two", 5000, by_two, 2, true),
    TABLE("myisam", 5000, by_id, 1, false),
    TABLE("expr", 5000, by_expression, 1, true),
    TABLE("left_out", 9000, by_id, 1, true),
    {.db = "d", .name = "heap", .engine = "InnoDB", .transactional = true, .data_bytes = 9000}};

static void begin(const struct world_answer *script, size_t count)
{
    world_begin(script, count);
    create_begin();
    for (size_t i = 0; i < LEN(tables); i++)
        create_table(&tables[i], 1)->left_out = strcmp(tables[i].name, "left_out") == 0;
    create.opts.load.max_slowdown = 10;
}

static void end(void)
{
    create_end();
    world_end();
}

static void test_span(void **state)
{
    static const struct {
        struct world_answer answer;
        enum mr_code code;
        bool chosen;
        uint64_t least, greatest;
    } rows[] = {
        {{.has = "FROM `d`.`big`", .rows = "1|18446744073709551615"}, MR_OK, true, 1, UINT64_MAX},
        {{.has = "FROM `d`.`big`", .rows = "-7|9"}, MR_OK, true, 0, 9},
        {{.has = "FROM `d`.`big`", .rows = "-9|-7"}, MR_OK, false, 0, 0},
        {{.has = "FROM `d`.`big`", .rows = "~|~"}, MR_OK, false, 0, 0},
        {{.has = "FROM `d`.`big`", .rows = ""}, MR_OK, false, 0, 0},
        {{.has = "FROM `d`.`big`", .code = MR_E_DENIED}, MR_OK, false, 0, 0},
        {{.has = "FROM `d`.`big`", .code = MR_E_LOST}, MR_E_LOST, false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        got = (struct mr_throttle_opts){0};
        begin(&rows[i].answer, 1);
        assert_int_equal(mr_create_open_throttle(&create.c, NULL), rows[i].code);
        assert_int_equal(got.read.table != NULL, rows[i].chosen);
        if (rows[i].chosen) {
            assert_string_equal(got.read.table, "big");
            assert_string_equal(got.read.column, "i`d");
            assert_true(got.read.least == rows[i].least);
            assert_true(got.read.greatest == rows[i].greatest);
        }
        assert_string_equal(world_sent(), "SELECT MIN(`i``d`), MAX(`i``d`) FROM `d`.`big`\n");
        end();
    }
}

/* Where nobody asks for it, nothing is asked. */
static void test_off(void **state)
{
    (void)state;
    begin(NULL, 0);
    create.opts.load.max_slowdown = 0;
    assert_int_equal(mr_create_open_throttle(&create.c, NULL), MR_OK);
    assert_int_equal(world.asked, 0);
    end();
    begin(NULL, 0);
    for (size_t i = 0; i < LEN(tables); i++)
        create.tables[i].left_out = true;
    assert_int_equal(mr_create_open_throttle(&create.c, NULL), MR_OK);
    assert_int_equal(world.asked, 0);
    assert_int_equal(got.max_slowdown, 10);
    assert_null(got.read.table);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_span), cmocka_unit_test(test_off)};
    return cmocka_run_group_tests_name("create_throttle", tests, NULL, NULL);
}
