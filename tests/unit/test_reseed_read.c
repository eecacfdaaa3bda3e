/*
 * test_reseed_read.c: where counters stand, which ids are taken, and where partitions end.
 * How SHOW CREATE TABLE is read is a matter of the server tests.
 */
#include "reseed_world.h"

#include "repair/reseed/reseed_read.h"

/* ---- counters ---- */

static struct mr_reseed_pair pair_of(struct reseed_world *w, bool source, bool target)
{
    struct mr_reseed_pair pair = {.table = {NULL}};
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        if (!(side == MR_SOURCE ? source : target))
            continue;
        pair.table[side] = &w->g.tables[side][0];
        pair.column[side] = &w->g.sides[side][0].columns[0];
    }
    return pair;
}

static void test_counters(void **state)
{
    static const struct {
        const char *what;
        bool has[MR_SIDES], counts[MR_SIDES];
        uint64_t told_next[MR_SIDES], told_greatest[MR_SIDES];
        uint64_t next[MR_SIDES], greatest[MR_SIDES];
        const char *calls;
    } cases[] = {
        {"greatest keys first: what comes in between moves the counter",
         {true, true},
         {true, true},
         {8, 12},
         {7, 11},
         {8, 12},
         {7, 11},
         "greatest club.a.id, greatest club2.a.id, next club.a.id, next club2.a.id"},
        {"nothing is said of a counter at its start, and it is one",
         {true, true},
         {true, true},
         {0, 0},
         {0, 0},
         {1, 1},
         {0, 0},
         "greatest club.a.id, greatest club2.a.id, next club.a.id, next club2.a.id"},
        {"a column that does not count",
         {true, true},
         {false, true},
         {77, 5},
         {9, 4},
         {0, 5},
         {9, 4},
         "greatest club.a.id, greatest club2.a.id, next club2.a.id"},
        {"a side without the table",
         {false, true},
         {true, true},
         {77, 5},
         {9, 4},
         {0, 5},
         {0, 4},
         "greatest club2.a.id, next club2.a.id"},
        {"the last there is",
         {true, true},
         {true, true},
         {UINT64_MAX, 2},
         {UINT64_MAX, 1},
         {UINT64_MAX, 2},
         {UINT64_MAX, 1},
         "greatest club.a.id, greatest club2.a.id, next club.a.id, next club2.a.id"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct reseed_world w;
        struct mr_err err = {0};
        uint64_t next[MR_SIDES] = {99, 99}, greatest[MR_SIDES] = {99, 99};
        reseed_begin(&w);
        graph_table(&w.g, "a", "id:uint", NULL);
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            if (cases[i].counts[side])
                reseed_counter(&w, (enum mr_side)side, "a");
            reseed_numbers(&w, (enum mr_side)side, "a", cases[i].told_next[side],
                           cases[i].told_greatest[side]);
        }
        reseed_ready(&w, "");
        struct mr_reseed_pair pair = pair_of(&w, cases[i].has[0], cases[i].has[1]);
        assert_int_equal(mr_reseed_read(w.g.servers, &pair, next, greatest, &err), MR_OK);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            if (next[side] != cases[i].next[side] || greatest[side] != cases[i].greatest[side])
                fail_msg("%s: side %d has %llu and %llu", cases[i].what, side,
                         (unsigned long long)next[side], (unsigned long long)greatest[side]);
        assert_string_equal(w.calls.ptr, cases[i].calls);
        reseed_end(&w);
    }
}

/* A number that could not be read is no number. */
static void test_counters_break(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 5; n++) {
        struct reseed_world w;
        struct mr_err err = {0};
        uint64_t next[MR_SIDES], greatest[MR_SIDES];
        reseed_begin(&w);
        graph_table(&w.g, "a", "id:uint", NULL);
        reseed_counters(&w, "a");
        reseed_ready(&w, "");
        w.fail_at = n;
        struct mr_reseed_pair pair = pair_of(&w, true, true);
        assert_int_equal(mr_reseed_read(w.g.servers, &pair, next, greatest, &err),
                         n <= 4 ? MR_E_LOST : MR_OK);
        reseed_end(&w);
    }
}

/* ---- ids that are taken ---- */

static void test_is_used(void **state)
{
    static const struct {
        const char *answer;
        enum mr_code code;
        bool used;
    } cases[] = {
        {"1", MR_OK, true},
        {"0", MR_OK, false},
        {NULL, MR_E_DENIED, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct reseed_world w;
        struct mr_err err = {0};
        const struct mr_table odd = {.db = "o'dd", .name = "t`\\x"};
        const struct world_answer answer = {"SELECT", cases[i].answer, cases[i].code, 0};
        bool used = true;
        reseed_begin(&w);
        world_answers(&answer, 1);
        assert_int_equal(mr_reseed_is_used(mr_reader_db(w.g.servers[MR_TARGET].main), &odd, "i`d",
                                           UINT64_MAX - 1, UINT64_MAX, &used, &err),
                         cases[i].code);
        assert_int_equal(used, cases[i].used);
        assert_string_equal(world_server.log.ptr,
                            "SELECT EXISTS (SELECT 1 FROM `o'dd`.`t``\\x` WHERE `i``d` >= "
                            "18446744073709551614 AND `i``d` < 18446744073709551615)\n");
        reseed_end(&w);
    }
}

/* ---- partitions ---- */

static void test_partitions(void **state)
{
    static const struct {
        const char *rows;
        uint64_t limit;
        bool unclear;
    } cases[] = {
        /* method, expression, end */
        {NULL, UINT64_MAX, false},
        {"RANGE|`id`|100;RANGE|`id`|200", 199, false},
        {"RANGE|id|200;RANGE|id|100", 199, false},
        {"RANGE COLUMNS|`id`|7", 6, false},
        {"RANGE|`ID`|7", 6, false},
        {"range|`id`|100;range|`id`|MAXVALUE", UINT64_MAX, false},
        {"RANGE|`id`|MAXVALUE;RANGE|`id`|100", UINT64_MAX, false},
        {"RANGE|`id`|18446744073709551615", UINT64_MAX - 1, false},
        {"RANGE|`id`|-5", 0, false},
        {"RANGE|`id`|-5;RANGE|`id`|10", 9, false},
        {"RANGE|`id`|0", 0, false},
        {"RANGE|`other`|100", UINT64_MAX, false},
        {"HASH|`id`|NULL", UINT64_MAX, false},
        {"KEY|`id`|NULL", UINT64_MAX, false},
        {"LINEAR HASH|`id`|NULL", UINT64_MAX, false},
        {"NULL|NULL|NULL", UINT64_MAX, false},
        {"RANGE|`id` DIV 100|7", UINT64_MAX, true},
        {"RANGE COLUMNS|`id`,`day`|7,8", UINT64_MAX, true},
        {"LIST|`id`|1,2,3", UINT64_MAX, true},
        {"LIST|`day`|1", UINT64_MAX, false},
        {"RANGE|`id`|NULL", UINT64_MAX, true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct reseed_world w;
        struct mr_err err = {0};
        const struct mr_table table = {.db = "o'dd", .name = "t\\", .partitioned = true};
        const struct world_answer answer = {"PARTITIONS", cases[i].rows, MR_OK, 0};
        uint64_t limit = 7;
        bool unclear = !cases[i].unclear;
        reseed_begin(&w);
        world_answers(&answer, 1);
        assert_int_equal(mr_reseed_partition_limit(mr_reader_db(w.g.servers[MR_TARGET].main),
                                                   &table, "id", &limit, &unclear, &err),
                         MR_OK);
        if (limit != cases[i].limit || unclear != cases[i].unclear)
            fail_msg("%s: %llu%s", cases[i].rows, (unsigned long long)limit,
                     unclear ? ", unclear" : "");
        assert_non_null(
            strstr(world_server.log.ptr,
                   "TABLE_SCHEMA = _utf8mb4 x'6f276464' AND TABLE_NAME = _utf8mb4 x'745c'"));
        reseed_end(&w);
    }
}

static void test_partitions_break(void **state)
{
    struct reseed_world w;
    struct mr_err err = {0};
    struct mr_table table = {.db = "club", .name = "a", .partitioned = true};
    uint64_t limit = 7;
    bool unclear = true;
    (void)state;
    reseed_begin(&w);
    struct mr_db *db = mr_reader_db(w.g.servers[MR_TARGET].main);
    w.fail_at = 1;
    assert_int_equal(mr_reseed_partition_limit(db, &table, "id", &limit, &unclear, &err),
                     MR_E_LOST);
    /* a table without partitions is not asked about */
    table.partitioned = false;
    assert_int_equal(mr_reseed_partition_limit(db, &table, "id", &limit, &unclear, &err), MR_OK);
    assert_int_equal(limit, UINT64_MAX);
    assert_false(unclear);
    assert_int_equal(w.ncalls, 1);
    reseed_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters),         cmocka_unit_test(test_counters_break),
        cmocka_unit_test(test_is_used),          cmocka_unit_test(test_partitions),
        cmocka_unit_test(test_partitions_break),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
