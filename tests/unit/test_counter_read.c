/* test_counter_read.c: the next value of a planned counter, as a server has it now. */
#include "reseed_world.h"

#include "repair/reseed/counter_read.h"

static const struct mr_counter by_column = {.db = "club2", .name = "a", .column = "id"};
static const struct mr_counter odd = {.db = "o'dd", .name = "t\\`", .column = "i'd"};
static const struct mr_counter by_sequence = {
    .db = "club2", .name = "a", .column = "id", .sequence_db = "o'dd", .sequence = "s`q"};

static void test_next(void **state)
{
    static const struct {
        const char *what;
        const struct mr_counter *counter;
        uint64_t told; /* by SHOW CREATE TABLE */
        struct world_answer answer;
        enum mr_code code;
        uint64_t next;
        const char *asked;
    } cases[] = {
        {"what the table says", &by_column, 17, {"", NULL, MR_OK, 0}, MR_OK, 17, ""},
        {"the greatest there is",
         &by_column,
         UINT64_MAX,
         {"", NULL, MR_OK, 0},
         MR_OK,
         UINT64_MAX,
         ""},
        {"it says none, and the column counts: it stands at its start",
         &by_column,
         0,
         {"COLUMNS", "1", MR_OK, 0},
         MR_OK,
         1,
         "TABLE_SCHEMA = 'club2' AND TABLE_NAME = 'a' AND COLUMN_NAME = 'id'"},
        {"… and the column does not count any more",
         &by_column,
         0,
         {"COLUMNS", "0", MR_OK, 0},
         MR_OK,
         0,
         "COLUMN_NAME = 'id'"},
        {"… and that cannot be read",
         &by_column,
         0,
         {"COLUMNS", NULL, MR_E_DENIED, 0},
         MR_E_DENIED,
         0,
         "COLUMN_NAME = 'id'"},
        {"names are quoted",
         &odd,
         0,
         {"COLUMNS", "1", MR_OK, 0},
         MR_OK,
         1,
         "TABLE_SCHEMA = _utf8mb4 x'6f276464' AND TABLE_NAME = "},
        {"a sequence: what is not cached yet",
         &by_sequence,
         17,
         {"FROM", "42|1000|1|1|0", MR_OK, 0},
         MR_OK,
         42,
         "FROM `o'dd`.`s``q`"},
        {"a sequence below zero",
         &by_sequence,
         17,
         {"FROM", "-42|1000|1|1|0", MR_OK, 0},
         MR_OK,
         0,
         "FROM `o'dd`.`s``q`"},
        {"a sequence that is gone",
         &by_sequence,
         17,
         {"FROM", NULL, MR_E_NO_SUCH, 0},
         MR_E_NO_SUCH,
         0,
         "FROM `o'dd`.`s``q`"},
        {"a sequence without a row",
         &by_sequence,
         17,
         {"FROM", NULL, MR_OK, 0},
         MR_E_CHANGED,
         0,
         "FROM `o'dd`.`s``q`"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct reseed_world w;
        struct mr_err err = {0};
        uint64_t next = 99;
        reseed_begin(&w);
        graph_table(&w.g, "a", "id:uint", NULL);
        if (cases[i].counter == &odd) {
            w.g.tables[MR_TARGET][0].db = odd.db;
            w.g.tables[MR_TARGET][0].name = odd.name;
        }
        w.side[MR_TARGET].next[0] = cases[i].told;
        world_answers(&cases[i].answer, 1);
        enum mr_code code = mr_counter_read(mr_reader_db(w.g.servers[MR_TARGET].main),
                                            cases[i].counter, &next, &err);
        if (code != cases[i].code || next != cases[i].next ||
            strstr(world_server.log.ptr, cases[i].asked) == NULL)
            fail_msg("%s: %s, %llu, by %s", cases[i].what, err.message, (unsigned long long)next,
                     world_server.log.ptr);
        reseed_end(&w);
    }
}

/* The table itself cannot be read: nothing else is asked. */
static void test_breaks(void **state)
{
    struct reseed_world w;
    struct mr_err err = {0};
    uint64_t next = 99;
    (void)state;
    reseed_begin(&w);
    graph_table(&w.g, "a", "id:uint", NULL);
    w.fail_at = 1;
    assert_int_equal(
        mr_counter_read(mr_reader_db(w.g.servers[MR_TARGET].main), &by_column, &next, &err),
        MR_E_LOST);
    assert_int_equal(w.ncalls, 1);
    reseed_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
