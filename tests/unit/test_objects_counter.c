/* test_objects_counter.c: counters and sequences of both sides, and when one is too low. */
#include "reseed_world.h"

#include "recon/check/objects.h"

static struct mr_objects_counter counter(struct reseed_world *w, enum mr_side side)
{
    return (struct mr_objects_counter){.reader = w->g.servers[side].main,
                                       .table = &w->g.tables[side][0]};
}

/* ---- AUTO_INCREMENT */

static void test_has_counter(void **state)
{
    static const struct {
        bool counts[MR_SIDES];
        const char *leads[MR_SIDES]; /* the first column of the only index; NULL: an expression */
        bool has;
    } cases[] = {
        {{true, true}, {"id", "ID"}, true},    {{true, false}, {"id", "id"}, false},
        {{false, true}, {"id", "id"}, false},  {{true, true}, {"kind", "id"}, false},
        {{true, true}, {"id", "kind"}, false}, {{true, true}, {"id", NULL}, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct reseed_world w;
        reseed_begin(&w);
        graph_table(&w.g, "a", "id:uint kind:int", NULL);
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            w.g.sides[side][0].columns[0].auto_increment = cases[i].counts[side];
            w.g.sides[side][0].parts[0].column = cases[i].leads[side];
        }
        reseed_ready(&w, "");
        const struct mr_objects_counter s = counter(&w, MR_SOURCE), t = counter(&w, MR_TARGET);
        assert_int_equal(mr_objects_has_counter(&s, &t), cases[i].has);
        reseed_end(&w);
    }
}

/* Keys first, then counters: in the other order a row that came in between would look like a
 * counter that has fallen behind. */
static void test_order(void **state)
{
    struct reseed_world w;
    struct mr_err err = {0};
    (void)state;
    reseed_begin(&w);
    graph_table(&w.g, "a", "id:uint", NULL);
    reseed_counters(&w, "a");
    reseed_numbers(&w, MR_SOURCE, "a", 8, 7);
    reseed_ready(&w, "");
    struct mr_objects_counter s = counter(&w, MR_SOURCE), t = counter(&w, MR_TARGET);
    assert_int_equal(mr_objects_counter_keys(&s, &t, &err), MR_OK);
    assert_int_equal(mr_objects_counter_next(&s, &t, &err), MR_OK);
    assert_string_equal(w.calls.ptr,
                        "greatest club.a.id, greatest club2.a.id, next club2.a.id, next club.a.id");
    assert_int_equal(s.next, 8);
    assert_int_equal(s.greatest, 7);
    assert_int_equal(t.next, 1); /* at its start no counter is told */
    assert_int_equal(t.greatest, 0);
    reseed_numbers(&w, MR_SOURCE, "a", 0, 0);
    reseed_numbers(&w, MR_TARGET, "a", 8, 7);
    assert_int_equal(mr_objects_counter_next(&s, &t, &err), MR_OK);
    assert_int_equal(s.next, 1);
    assert_int_equal(t.next, 8);
    reseed_end(&w);

    for (size_t n = 1; n <= 4; n++) {
        reseed_begin(&w);
        graph_table(&w.g, "a", "id:uint", NULL);
        reseed_ready(&w, "");
        w.fail_at = n;
        s = counter(&w, MR_SOURCE);
        t = counter(&w, MR_TARGET);
        assert_int_equal(mr_objects_counter_keys(&s, &t, &err), n <= 2 ? MR_E_LOST : MR_OK);
        assert_int_equal(mr_objects_counter_next(&s, &t, &err), n > 2 ? MR_E_LOST : MR_OK);
        reseed_end(&w);
    }
}

static void test_is_low(void **state)
{
    static const struct {
        uint64_t source[2], target[2]; /* next, greatest */
        bool alone, low;               /* not alone; and alone */
    } cases[] = {
        {{8, 7}, {8, 7}, false, false},
        {{1, 0}, {1, 0}, false, false},
        {{7, 7}, {8, 7}, true, true},
        {{8, 7}, {7, 7}, true, true},
        /* the other's rows would meet it, once they come over */
        {{8, 7}, {9, 8}, false, true},
        {{9, 8}, {8, 7}, false, true},
        {{9, 7}, {9, 8}, false, false},
        {{UINT64_MAX, UINT64_MAX}, {1, 0}, true, true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_objects_counter s = {.next = cases[i].source[0],
                                             .greatest = cases[i].source[1]};
        const struct mr_objects_counter t = {.next = cases[i].target[0],
                                             .greatest = cases[i].target[1]};
        assert_int_equal(mr_objects_counter_is_low(&s, &t, true), cases[i].alone);
        assert_int_equal(mr_objects_counter_is_low(&s, &t, false), cases[i].low);
    }
    const struct mr_objects_counter last = {.next = UINT64_MAX, .greatest = UINT64_MAX - 1};
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_objects_counter_text(&last, &text);
    assert_string_equal(text.ptr, "next 18446744073709551615, greatest 18446744073709551614");
    mr_strbuf_release(&text);
}

/* ---- sequences */

static void drawn_of(struct reseed_world *w, struct mr_objects_drawn drawn[MR_SIDES])
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        drawn[side] = (struct mr_objects_drawn){.counter = counter(w, (enum mr_side)side)};
}

static void test_draws(void **state)
{
    static const struct {
        const char *source, *target, *leads;
        const char *columns; /* of TARGET */
        bool draws;
    } cases[] = {
        {"nextval(`s`)", "nextval(`x`.`s`)", "id", NULL, true},
        {"nextval(`s`)", "nextval(`s`)", "id", "ID:uint", true},
        {"nextval(`s`)", NULL, "id", NULL, false},
        {"5", "nextval(`s`)", "id", NULL, false},
        {"nextval(`s`)", "nextval(`s`)", "kind", NULL, false},
        {"nextval(`s`)", "nextval(`s`)", "id", "no:uint", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct reseed_world w;
        struct mr_objects_drawn drawn[MR_SIDES];
        reseed_begin(&w);
        graph_table(&w.g, "a", "id:uint", cases[i].columns);
        w.g.sides[MR_SOURCE][0].columns[0].default_text = cases[i].source;
        w.g.sides[MR_TARGET][0].columns[0].default_text = cases[i].target;
        w.g.sides[MR_TARGET][0].parts[0].column = cases[i].leads;
        reseed_ready(&w, "");
        drawn_of(&w, drawn);
        assert_int_equal(mr_objects_draws(drawn, 0, &w.g.arena), cases[i].draws);
        if (i == 0) {
            assert_string_equal(drawn[MR_SOURCE].db, "club");
            assert_string_equal(drawn[MR_TARGET].db, "x");
            assert_string_equal(drawn[MR_TARGET].name, "s");
        }
        reseed_end(&w);
    }
}

static void begin_drawn(struct reseed_world *w, struct mr_objects_drawn drawn[MR_SIDES])
{
    reseed_begin(w);
    graph_table(&w->g, "a", "id:uint", NULL);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        w->g.sides[side][0].columns[0].default_text = "nextval(`s`)";
    reseed_ready(w, "");
    drawn_of(w, drawn);
    assert_true(mr_objects_draws(drawn, 0, &w->g.arena));
}

static void test_drawn(void **state)
{
    static const struct {
        const char *greatest, *source, *target; /* next, maximum, start, increment, cycles */
        uint64_t next[MR_SIDES], keys;
        bool one_way[MR_SIDES];
    } cases[] = {
        {"7", "8|99|1|1|0", "9|99|1|1|0", {8, 9}, 7, {true, true}},
        {"7", "8|99|1|-1|0", "9|99|1|1|1", {8, 9}, 7, {false, false}},
        /* below zero, and beyond 2^64 */
        {"99999999999999999999", "-8|99|1|1|0", "9|99|1|1|0", {1, 9}, UINT64_MAX, {true, true}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct reseed_world w;
        struct mr_objects_drawn drawn[MR_SIDES];
        struct mr_err err = {0};
        enum mr_side side = MR_SOURCE;
        const struct world_answer answers[] = {{"MAX(", cases[i].greatest, MR_OK, 0},
                                               {"`club`.`s`", cases[i].source, MR_OK, 0},
                                               {"`club2`.`s`", cases[i].target, MR_OK, 0}};
        begin_drawn(&w, drawn);
        world_answers(answers, LEN(answers));
        assert_int_equal(mr_objects_drawn_read(drawn, &side, &err), MR_OK);
        for (int s = MR_SOURCE; s < MR_SIDES; s++) {
            assert_int_equal(drawn[s].counter.next, cases[i].next[s]);
            assert_int_equal(drawn[s].counter.greatest, cases[i].keys);
            assert_int_equal(drawn[s].one_way, cases[i].one_way[s]);
        }
        /* keys of both sides first */
        const char *log = world_server.log.ptr;
        assert_true(strstr(log, "FROM `club2`.`a`") < strstr(log, "FROM `club2`.`s`"));
        assert_true(strstr(log, "FROM `club`.`a`") < strstr(log, "FROM `club2`.`a`"));
        reseed_end(&w);
    }
}

/* A snapshot tells where its sequence stood, and no greatest key. */
static void test_drawn_of_a_snapshot(void **state)
{
    static const struct world_answer answers[] = {{"MAX(", "7", MR_OK, 0},
                                                  {"`club2`.`s`", "9|99|1|1|0", MR_OK, 0}};
    struct reseed_world w;
    struct mr_objects_drawn drawn[MR_SIDES];
    struct mr_err err = {0};
    enum mr_side side = MR_SOURCE;
    (void)state;
    begin_drawn(&w, drawn);
    w.side[MR_SOURCE].is_snapshot = true;
    w.side[MR_SOURCE].sequence_next = 42;
    world_answers(answers, LEN(answers));
    assert_int_equal(mr_objects_drawn_read(drawn, &side, &err), MR_OK);
    assert_int_equal(drawn[MR_SOURCE].counter.next, 42);
    assert_int_equal(drawn[MR_SOURCE].counter.greatest, 0);
    assert_true(drawn[MR_SOURCE].one_way);
    assert_int_equal(drawn[MR_TARGET].counter.greatest, 7);
    assert_string_equal(w.calls.ptr, "sequence club.s");
    reseed_end(&w);
}

/* The side that could not be read is named. */
static void test_drawn_breaks(void **state)
{
    static const enum mr_side sides[] = {MR_SOURCE, MR_TARGET, MR_TARGET, MR_SOURCE};
    static const struct world_answer answers[] = {{"MAX(", "7", MR_OK, 0},
                                                  {"`s`", "9|99|1|1|0", MR_OK, 0}};
    (void)state;
    for (size_t n = 1; n <= LEN(sides); n++) {
        struct reseed_world w;
        struct mr_objects_drawn drawn[MR_SIDES];
        struct mr_err err = {0};
        enum mr_side side = mr_other_side(sides[n - 1]);
        begin_drawn(&w, drawn);
        world_answers(answers, LEN(answers));
        w.fail_at = n;
        assert_int_equal(mr_objects_drawn_read(drawn, &side, &err), MR_E_LOST);
        assert_int_equal(side, sides[n - 1]);
        reseed_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_has_counter),  cmocka_unit_test(test_order),
        cmocka_unit_test(test_is_low),       cmocka_unit_test(test_draws),
        cmocka_unit_test(test_drawn),        cmocka_unit_test(test_drawn_of_a_snapshot),
        cmocka_unit_test(test_drawn_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
