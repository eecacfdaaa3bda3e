/* test_objects_counters.c: counters of many tables in few statements, keys before next values. */
#include "reseed_world.h"
#include "in_turn.h"

#include "recon/check/objects_counters.h"

enum { TABLES = 9, NONE = 3 }; /* the fourth has no counter that is judged */

static atomic_bool abandoned; /* of both sides */
static const char *const names[TABLES] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};

static void build(struct reseed_world *w)
{
    reseed_begin(w);
    for (size_t i = 0; i < TABLES; i++)
        graph_table(&w->g, names[i], "id:uint", NULL);
    for (size_t i = 0; i < TABLES; i++) {
        reseed_counters(w, names[i]);
        for (int side = MR_SOURCE; side < MR_SIDES; side++) /* what a table's own statement tells */
            reseed_numbers(w, (enum mr_side)side, names[i], 100 + i, 50 + i);
    }
    reseed_ready(w, "");
}

static enum mr_code read_all(struct reseed_world *w, struct mr_objects_counters *all,
                             struct mr_err *err)
{
    mr_objects_counters_begin(all, &abandoned);
    for (size_t i = 0; i < TABLES; i++) {
        struct mr_objects_counter c[MR_SIDES];
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            c[side] = (struct mr_objects_counter){.reader = w->g.servers[side].main,
                                                  .table = &w->g.tables[side][i]};
        assert_int_equal(mr_objects_counters_add(all, i == NONE ? NULL : c, NULL, err), MR_OK);
    }
    return mr_objects_counters_read(all, err);
}

static void expect(struct mr_objects_counters *all, size_t nth, uint64_t next, uint64_t greatest)
{
    struct mr_objects_counter c[MR_SIDES];
    struct mr_err err = {0};
    assert_int_equal(mr_objects_counters_of(all, nth, c, &err), MR_OK);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (c[side].next != next || c[side].greatest != greatest)
            fail_msg("table %zu, side %d: next %llu, greatest %llu", nth, side,
                     (unsigned long long)c[side].next, (unsigned long long)c[side].greatest);
}

/* The eight that have one: 0…7 of the statement. */
static const char keys[] = "0|10;1|11;2|12;3|14;4|15;5|16;6|17;7|18446744073709551615";
static const char nexts[] = "a|20;b|21;c|22;e|24;f|25;g|26;h|27;i|28;zz|99";

static void test_all(void **state)
{
    static const struct world_answer answers[] = {{"MAX(`id`)", keys, MR_OK, 0},
                                                  {"AUTO_INCREMENT", nexts, MR_OK, 0}};
    struct mr_objects_counters all;
    struct reseed_world w;
    struct mr_err err = {0};
    (void)state;
    build(&w);
    world_answers(answers, LEN(answers));
    in_turn_abandoned = NULL;
    assert_int_equal(read_all(&w, &all, &err), MR_OK);
    /* a side that fails ends what the other waits for */
    assert_ptr_equal(in_turn_abandoned, &abandoned);
    /* of SOURCE, of TARGET; then of TARGET, of SOURCE */
    const char *log = world_server.log.ptr,
               *at[4] = {strstr(log, "FROM `club`.`a` UNION ALL SELECT 1, "),
                         strstr(log, "FROM `club2`.`a` UNION"),
                         strstr(log, "TABLE_SCHEMA = 'club2'"),
                         strstr(log, "TABLE_SCHEMA = 'club'")};
    for (size_t i = 0; i < 4; i++)
        assert_true(at[i] != NULL && (i == 0 || at[i] > at[i - 1]));
    assert_null(strstr(log, "`d`")); /* the one without */
    assert_false(mr_objects_counters_has(&all, NONE));
    assert_true(mr_objects_counters_has(&all, 0));
    expect(&all, 0, 20, 10);
    expect(&all, 4, 24, 14);
    expect(&all, 8, 28, UINT64_MAX);
    assert_int_equal(w.calls.len, 0); /* no table was asked by itself */
    mr_objects_counters_end(&all);
    reseed_end(&w);
}

/* What a statement for many does not tell is asked of the table: both keys, then both values. */
static void test_lacking(void **state)
{
    static const struct {
        const char *what;
        struct world_answer answers[2];
        enum mr_flavour flavour;
        uint64_t next, greatest; /* of the first table */
        const char *calls;
    } cases[] = {
        {"no keys",
         {{"MAX(", NULL, MR_E_DENIED, 0}, {"AUTO_INCREMENT", nexts, MR_OK, 0}},
         MR_FLAVOUR_MARIADB,
         100,
         50,
         "greatest club.a.id, greatest club2.a.id, next club2.a.id, next club.a.id"},
        {"another table's key",
         {{"MAX(", "1|11;8|1;99|1", MR_OK, 0}, {"AUTO_INCREMENT", nexts, MR_OK, 0}},
         MR_FLAVOUR_MARIADB,
         100,
         50,
         "greatest club.a.id, greatest club2.a.id, next club2.a.id, next club.a.id"},
        {"no next values",
         {{"MAX(", keys, MR_OK, 0}, {"AUTO_INCREMENT", NULL, MR_E_SQL, 0}},
         MR_FLAVOUR_MARIADB,
         100,
         10,
         "next club2.a.id, next club.a.id"},
        {"another table's next value",
         {{"MAX(", keys, MR_OK, 0}, {"AUTO_INCREMENT", "A|7;aa|7;b|21", MR_OK, 0}},
         MR_FLAVOUR_MARIADB,
         100,
         10,
         "next club2.a.id, next club.a.id"},
        {"MySQL keeps them in a cache",
         {{"MAX(", keys, MR_OK, 0}, {"AUTO_INCREMENT", nexts, MR_OK, 0}},
         MR_FLAVOUR_MYSQL,
         100,
         10,
         "next club2.a.id, next club.a.id"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_objects_counters all;
        struct reseed_world w;
        struct mr_err err = {0};
        build(&w);
        world_server.server.flavour = cases[i].flavour;
        world_answers(cases[i].answers, 2);
        assert_int_equal(read_all(&w, &all, &err), MR_OK);
        expect(&all, 0, cases[i].next, cases[i].greatest);
        if (strcmp(w.calls.ptr, cases[i].calls) != 0)
            fail_msg("%s: %s", cases[i].what, w.calls.ptr);
        mr_objects_counters_end(&all);
        reseed_end(&w);
    }
}

/* One of MyISAM is asked by itself: who waits for it would hold up the writers of others. */
static void test_alone(void **state)
{
    static const char seven[] = "0|10;1|12;2|14;3|15;4|16;5|17;6|18"; /* without "b" and "d" */
    static const struct world_answer answers[] = {{"MAX(`id`)", seven, MR_OK, 0},
                                                  {"AUTO_INCREMENT", nexts, MR_OK, 0}};
    struct mr_objects_counters all;
    struct reseed_world w;
    struct mr_err err = {0};
    (void)state;
    build(&w);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        w.g.tables[side][1].transactional = false;
    world_answers(answers, LEN(answers));
    assert_int_equal(read_all(&w, &all, &err), MR_OK);
    assert_null(strstr(world_server.log.ptr, "`b`"));
    assert_non_null(strstr(world_server.log.ptr, "`a` UNION ALL"));
    expect(&all, 1, 101, 51);
    assert_string_equal(w.calls.ptr, "greatest club.b.id, greatest club2.b.id, next club2.b.id, "
                                     "next club.b.id");
    expect(&all, 2, 102, 12); /* of seven tables the next values are not asked at once */
    mr_objects_counters_end(&all);
    reseed_end(&w);
}

/* A snapshot's stand in memory, and the server's are read all the same. */
static void test_snapshot(void **state)
{
    static const struct world_answer answers[] = {{"MAX(`id`)", keys, MR_OK, 0},
                                                  {"AUTO_INCREMENT", nexts, MR_OK, 0}};
    struct mr_objects_counters all;
    struct mr_objects_counter c[MR_SIDES];
    struct reseed_world w;
    struct mr_err err = {0};
    (void)state;
    build(&w);
    w.side[MR_SOURCE].is_snapshot = true;
    world_answers(answers, LEN(answers));
    assert_int_equal(read_all(&w, &all, &err), MR_OK);
    assert_int_equal(mr_objects_counters_of(&all, 1, c, &err), MR_OK);
    assert_int_equal(c[MR_SOURCE].next, 101);
    assert_int_equal(c[MR_SOURCE].greatest, 51);
    assert_int_equal(c[MR_TARGET].next, 21);
    assert_int_equal(c[MR_TARGET].greatest, 11);
    assert_string_equal(w.calls.ptr, "nextgreatest club.b.id");
    reseed_numbers(&w, MR_SOURCE, "c", 0, 0); /* which keeps no counter that stands at 1 */
    assert_int_equal(mr_objects_counters_of(&all, 2, c, &err), MR_OK);
    assert_int_equal(c[MR_SOURCE].next, 1);
    assert_int_equal(c[MR_SOURCE].greatest, 0);
    mr_objects_counters_end(&all);
    reseed_end(&w);
}

/* What the catalogues have told: one is enough where it says that all is well. */
static void test_listed(void **state)
{
    static const struct {
        const char *what;
        uint64_t next[MR_SIDES], greatest[MR_SIDES];
        bool has_greatest[MR_SIDES];
        bool is_asked;
    } cases[] = {
        {"above both keys", {20, 21}, {19, 18}, {true, true}, false},
        {"empty, and never used", {0, 0}, {0, 0}, {true, true}, false},
        {"below its own key", {20, 21}, {20, 18}, {true, true}, true},
        {"below the other's", {20, 30}, {19, 25}, {true, true}, true},
        {"a row, and no next value", {0, 3}, {1, 1}, {true, true}, true},
        {"no key of one side", {20, 21}, {0, 18}, {false, true}, true},
    };
    static const struct world_answer answers[] = {{"MAX(`id`)", "0|10;1|11", MR_OK, 0}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_objects_counters all;
        struct mr_objects_counter c[MR_SIDES], got[MR_SIDES];
        struct mr_table now[2][MR_SIDES];
        struct reseed_world w;
        struct mr_err err = {0};
        build(&w);
        world_answers(answers, LEN(answers));
        mr_objects_counters_begin(&all, &abandoned);
        for (size_t t = 0; t < 2; t++) { /* the second is not listed */
            const struct mr_table *listed[MR_SIDES];
            for (int side = MR_SOURCE; side < MR_SIDES; side++) {
                c[side] = (struct mr_objects_counter){.reader = w.g.servers[side].main,
                                                      .table = &w.g.tables[side][t]};
                now[t][side] = *c[side].table;
                now[t][side].next = cases[i].next[side];
                now[t][side].greatest = cases[i].greatest[side];
                now[t][side].has_greatest = cases[i].has_greatest[side];
                listed[side] = t == 0 ? &now[t][side] : NULL;
            }
            assert_int_equal(mr_objects_counters_add(&all, c, listed, &err), MR_OK);
        }
        assert_int_equal(mr_objects_counters_read(&all, &err), MR_OK);
        const bool asked = strstr(world_server.log.ptr, "`a`") != NULL;
        if (asked != cases[i].is_asked)
            fail_msg("%s: %s", cases[i].what, world_server.log.ptr);
        assert_int_equal(mr_objects_counters_of(&all, 0, got, &err), MR_OK);
        for (int side = MR_SOURCE; !asked && side < MR_SIDES; side++) {
            assert_int_equal(got[side].next, cases[i].next[side] > 0 ? cases[i].next[side] : 1);
            assert_int_equal(got[side].greatest, cases[i].greatest[side]);
        }
        assert_int_equal(w.calls.len > 0, asked); /* the next values of so few, by themselves */
        assert_non_null(strstr(world_server.log.ptr, "`b`"));
        mr_objects_counters_end(&all);
        reseed_end(&w);
    }
}

/* A lost connection ends it, whatever was asked; what one table fails at does not. */
static void test_failures(void **state)
{
    static const struct world_answer answers[] = {{"MAX(`id`)", keys, MR_OK, 0},
                                                  {"AUTO_INCREMENT", nexts, MR_OK, 0}};
    static const enum mr_code codes[] = {MR_E_LOST, MR_E_CANCELLED, MR_E_NOMEM, MR_E_TIMEOUT};
    (void)state;
    for (size_t i = 0; i < LEN(codes); i++)
        for (size_t n = 1; n <= 4; n++) {
            struct mr_objects_counters all;
            struct reseed_world w;
            struct mr_err err = {0};
            build(&w);
            world_answers(answers, LEN(answers));
            w.fail_at = n;
            w.fail_code = codes[i];
            const bool ends = codes[i] != MR_E_TIMEOUT;
            assert_int_equal(read_all(&w, &all, &err), ends ? codes[i] : MR_OK);
            assert_int_equal(err.code, ends ? codes[i] : MR_OK);
            mr_objects_counters_end(&all);
            reseed_end(&w);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),    cmocka_unit_test(test_lacking),
        cmocka_unit_test(test_alone),  cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_listed), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
