/*
 * test_check_misplaced.c: rows that a scan meets and their key does not find are not settled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "recon/check/check_misplaced.h"

/* Suspects of one chunk that reaches from the first key to the last. */
static void run(struct world *w, struct mr_finding *f, size_t count, enum mr_code want)
{
    struct mr_pair *t = world_pair(w, 0);
    struct mr_rowhash hash[MR_SIDES];
    struct mr_err err = {0};
    const struct mr_find_chunk done = {.table = t->find.id, .last = true};
    const struct mr_range all = {{NULL, 0}, {NULL, 0}};
    assert_int_equal(mr_findings_segments_add(w->check.fd, t->find.id, &all, 1, &err), MR_OK);
    assert_int_equal(mr_findings_chunk_done(w->check.fd, &done, NULL, 0, &err), MR_OK);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        assert_int_equal(mr_rowhash_init(&hash[side], t, &t->full[side], &err), MR_OK);
    assert_int_equal(mr_misplaced_find(&w->worker, t, hash, f, count, &err), want);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        mr_rowhash_release(&hash[side]);
}

static struct mr_finding settled(struct world *w, const char *row)
{
    struct mr_finding f = world_found(w, 0, row, NULL);
    f.chunk = 0;
    f.state = MR_FIND_SETTLED;
    return f;
}

static void begin(struct world *w, bool source, bool target)
{
    world_begin(w);
    graph_table(&w->g, "o`dd", "id:text note:text?", NULL);
    world_plan(w, "");
    w->g.tables[MR_SOURCE][0].partitioned = source;
    w->g.tables[MR_TARGET][0].partitioned = target;
}

static void test_rows(void **state)
{
    static const struct {
        bool source, target; /* is partitioned */
        const char *rows[MR_SIDES][2];
        const char *suspect;
        bool misplaced;
    } cases[] = {
        {true, true, {{"a|x"}, {"a|x"}}, "a|x", false},
        {true, true, {{NULL}, {NULL}}, "a|x", false},
        {true, true, {{"~a|x"}, {NULL}}, "a|x", true},
        {true, true, {{"a|x"}, {"~a|x"}}, "a|x", true},
        /* one of two is where it belongs */
        {true, false, {{"a|x", "~a|x"}, {NULL}}, "a|x", true},
        {true, true, {{"~|x"}, {NULL}}, "|x", true},
        {true, true, {{"~a\\0b|x"}, {NULL}}, "a\\0b|x", true},
        {true, true, {{"~a\\0b|x"}, {NULL}}, "a\\0c|x", false},
        /* what has no partitions has no row in a wrong one */
        {false, true, {{"~a|x"}, {NULL}}, "a|x", false},
        {false, false, {{"~a|x"}, {"~a|x"}}, "a|x", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, cases[i].source, cases[i].target);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            for (size_t k = 0; k < 2 && cases[i].rows[side][k] != NULL; k++)
                world_put(&w, (enum mr_side)side, 0, cases[i].rows[side][k]);
        world_put_both(&w, 0, "zz|other");
        struct mr_finding f[2] = {settled(&w, cases[i].suspect), settled(&w, "zz|other")};
        run(&w, f, 2, MR_OK);
        assert_int_equal(f[0].state, cases[i].misplaced ? MR_FIND_UNSETTLED : MR_FIND_SETTLED);
        assert_int_equal(f[1].state, MR_FIND_SETTLED);
        assert_int_equal(atomic_load(&world_pair(&w, 0)->misplaced), cases[i].misplaced);
        world_end(&w);
    }
}

/* Only what is settled is looked for: what differs is a finding as it is. */
static void test_other_states(void **state)
{
    struct world w;
    (void)state;
    begin(&w, true, true);
    world_put(&w, MR_SOURCE, 0, "~a|x");
    struct mr_finding f = settled(&w, "a|x");
    f.state = MR_FIND_DIVERGED;
    run(&w, &f, 1, MR_OK);
    assert_int_equal(f.state, MR_FIND_DIVERGED);
    assert_int_equal(w.side[MR_SOURCE].reads, 0);
    world_end(&w);
}

/* Lost reads are tried again from the start, so that no row is met twice; others are reported. */
static void test_reads_that_break(void **state)
{
    static const struct {
        enum mr_code code;
        unsigned at, times;
        enum mr_code want;
    } cases[] = {{MR_E_LOST, 1, 3, MR_OK},
                 {MR_E_LOST, 2, 3, MR_OK},
                 {MR_E_LOST, 1, 4, MR_E_LOST},
                 {MR_E_SQL, 1, 1, MR_E_SQL},
                 {MR_E_SQL, 2, 1, MR_E_SQL}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, true, false);
        world_put_both(&w, 0, "a|x");
        w.side[MR_SOURCE].fail_at = cases[i].at;
        w.side[MR_SOURCE].fail_times = cases[i].times;
        w.side[MR_SOURCE].fail_code = cases[i].code;
        struct mr_finding f = settled(&w, "a|x");
        run(&w, &f, 1, cases[i].want);
        assert_int_equal(f.state, MR_FIND_SETTLED);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_other_states),
        cmocka_unit_test(test_reads_that_break),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
