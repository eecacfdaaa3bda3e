/* test_fleet_units: the work of a fleet is cut so that nothing is lost, doubled or lopsided. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "recon/fleet/fleet_cuts.h"
#include "recon/fleet/fleet_units.h"

#define MIB ((uint64_t)1 << 20)

struct world {
    struct mr_arena arena;
    struct mr_fleet_units units;
    struct mr_fleet_table *tables;
    size_t npairs, each;
};

static const struct mr_fleet_unit *unit_at(const struct world *w, size_t i)
{
    return mr_vec_at(&w->units.units, i);
}

static void plan(struct world *w, size_t nparts)
{
    struct mr_err err = {0};
    uint64_t total = 0;
    for (size_t i = 0; i < w->npairs * w->each; i++)
        total += mr_fleet_table_weight(&w->tables[i]);
    mr_fleet_units_begin(&w->units, &w->arena, total, nparts);
    for (size_t i = 0; i < w->npairs; i++)
        assert_int_equal(mr_fleet_units_pair(&w->units, i, &w->tables[i * w->each], w->each, &err),
                         MR_OK);
    assert_int_equal(mr_fleet_units_deal(&w->units, &err), MR_OK);
    assert_int_equal(w->units.first[0], 0);
    assert_int_equal(w->units.first[nparts], w->units.units.count);
    for (size_t part = 0; part < nparts; part++)
        for (size_t i = w->units.first[part]; i < w->units.first[part + 1]; i++) {
            assert_int_equal(w->units.dealt[i]->part, part);
            assert_true(i == w->units.first[part] || w->units.dealt[i - 1] < w->units.dealt[i]);
        }
}

static void world_begin(struct world *w, size_t npairs, size_t each)
{
    *w = (struct world){.arena = MR_ARENA_INIT, .npairs = npairs, .each = each};
    w->tables = calloc(npairs * each + 1, sizeof *w->tables);
    assert_non_null(w->tables);
    for (size_t i = 0; i < npairs * each; i++) {
        w->tables[i].name = "d.t";
    }
}

static void world_end(struct world *w)
{
    mr_fleet_units_release(&w->units);
    mr_arena_release(&w->arena);
    free(w->tables);
}

/* Cuts "1", "2", … of one byte each. */
static void set_cuts(struct world *w, struct mr_fleet_table *table, size_t count)
{
    struct mr_key *cuts = mr_arena_calloc(&w->arena, count, sizeof *cuts);
    char *bytes = mr_arena_calloc(&w->arena, count, 1);
    assert_true(cuts != NULL && bytes != NULL && count < 128);
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (char)(i + 1);
        cuts[i] = (struct mr_key){&bytes[i], 1};
    }
    table->cuts = cuts;
    table->ncuts = count;
}

/* Every table is in one unit of its pair as a whole, or in several whose ranges tile. */
static void assert_whole(const struct world *w)
{
    size_t *times = calloc(w->npairs * w->each + 1, sizeof *times);
    struct mr_key *reached = calloc(w->npairs * w->each + 1, sizeof *reached);
    bool *ended = calloc(w->npairs * w->each + 1, sizeof *ended);
    size_t objects = 0;
    assert_true(times != NULL && reached != NULL && ended != NULL);
    for (size_t i = 0; i < w->units.units.count; i++) {
        const struct mr_fleet_unit *u = unit_at(w, i);
        objects += u->has_objects ? 1 : 0;
        assert_true(u->part < w->units.nparts);
        for (size_t k = 0; k < u->npieces; k++) {
            const struct mr_fleet_piece *p = &u->pieces[k];
            size_t at = (size_t)(p->table - w->tables);
            assert_int_equal(at / w->each, u->pair);
            assert_false(ended[at]);
            assert_int_equal(mr_key_compare(p->range.lo, reached[at]), 0);
            reached[at] = p->range.hi;
            ended[at] = p->range.hi.ptr == NULL;
            times[at]++;
        }
    }
    for (size_t i = 0; i < w->npairs * w->each; i++)
        assert_true(times[i] > 0 && ended[i]);
    assert_int_equal(objects, w->npairs);
    free(times);
    free(reached);
    free(ended);
}

static void test_small_tables_are_packed(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, 1, 1000);
    plan(&w, 4);
    assert_whole(&w);
    assert_int_equal(w.units.units.count, 1000 / MR_UNIT_TABLES);
    world_end(&w);
}

static void test_never_below_64_mib(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, 1, 100);
    for (size_t i = 0; i < 100; i++)
        w.tables[i].bytes = 10 * MIB;
    plan(&w, 64);
    assert_whole(&w);
    for (size_t i = 0; i + 1 < w.units.units.count; i++)
        assert_true(unit_at(&w, i)->weight >= MR_UNIT_BYTES);
    world_end(&w);
}

static void test_a_big_table_is_cut_at_its_keys(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, 1, 2);
    w.tables[0].bytes = 6400 * MIB;
    w.tables[1].bytes = MIB;
    set_cuts(&w, &w.tables[0], 99);
    plan(&w, 4);
    assert_whole(&w);
    assert_true(w.units.units.count >= 90);
    for (size_t i = 0; i < w.units.nparts; i++)
        assert_true(w.units.parts[i] * 4 < 6401 * MIB * 105 / 100);
    world_end(&w);
}

static void test_without_keys_it_stays_whole(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, 2, 1);
    w.tables[0].bytes = 6400 * MIB;
    w.tables[1].bytes = 6400 * MIB;
    set_cuts(&w, &w.tables[1], 1);
    plan(&w, 4);
    assert_whole(&w);
    assert_int_equal(w.units.units.count, 3);
    world_end(&w);
}

static void test_a_pair_without_tables_has_its_objects(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, 3, 0);
    plan(&w, 2);
    assert_whole(&w);
    assert_int_equal(w.units.units.count, 3);
    world_end(&w);
}

static void test_more_parts_than_units(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, 2, 3);
    plan(&w, 50);
    assert_whole(&w);
    world_end(&w);
}

/* The figure of the fleet: 1,000 pairs of 200 tables, and parts within 5 % of each other. */
static void test_parts_are_alike(void **state)
{
    (void)state;
    struct world w;
    uint64_t least = UINT64_MAX, most = 0, seed = 1;
    world_begin(&w, 1000, 200);
    for (size_t i = 0; i < w.npairs * w.each; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        unsigned size = (unsigned)(seed >> 40) % 100;
        w.tables[i].bytes = size < 90 ? size * MIB / 16 : size < 99 ? size * MIB : 20000 * MIB;
        if (size == 99)
            set_cuts(&w, &w.tables[i], 100);
    }
    plan(&w, 256);
    assert_whole(&w);
    for (size_t i = 0; i < w.units.nparts; i++) {
        least = w.units.parts[i] < least ? w.units.parts[i] : least;
        most = w.units.parts[i] > most ? w.units.parts[i] : most;
    }
    print_message("# 256 parts: the heaviest is %.2f %% above the lightest\n",
                  (double)(most - least) * 100 / (double)least);
    assert_true(most <= least + least / 20);
    world_end(&w);
}

/* How many pairs each part has, all parts together: so many catalogues are read. */
static size_t count_opened(const struct world *w)
{
    bool *has = calloc(w->npairs * w->units.nparts, sizeof *has);
    size_t opened = 0;
    assert_non_null(has);
    for (size_t i = 0; i < w->units.units.count; i++) {
        const struct mr_fleet_unit *u = unit_at(w, i);
        bool *it = &has[u->pair * w->units.nparts + u->part];
        opened += *it ? 0 : 1;
        *it = true;
    }
    free(has);
    return opened;
}

/* Four units a pair, and 8 parts: hardly a pair is in more than one of them. */
static void test_a_pair_stays_together(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, 100, 200);
    for (size_t i = 0; i < w.npairs * w.each; i++)
        w.tables[i].bytes = MIB;
    plan(&w, 8);
    assert_whole(&w);
    assert_true(w.units.units.count >= 300);
    print_message("# 100 pairs, 8 parts: %zu opened\n", count_opened(&w));
    assert_true(count_opened(&w) <= 150);
    world_end(&w);
}

/* Tables that are cut take no longer together than there is time, however many there are. */
static void test_the_time_for_cuts_is_shared(void **state)
{
    (void)state;
    static const struct {
        double left_s;
        size_t wanted, all;
        double limit_s;
    } cases[] = {{45, 7, 7, MR_FLEET_CUTS_S},
                 {600, 1, 12, MR_FLEET_CUTS_S},
                 {45, 8, 24, 15},
                 {45, 1, 90, 0.5},
                 {45, 1000, 1100, MR_FLEET_CUTS_S}, /* one huge table among a hundred others */
                 {0, 1, 4, 0},
                 {-3, 1, 4, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(mr_fleet_cuts_limit(cases[i].left_s, cases[i].wanted, cases[i].all) ==
                    cases[i].limit_s);
    for (size_t tables = 1; tables < 100; tables += 7) {
        double left_s = 45;
        for (size_t i = tables; i > 0; i--)
            left_s -= mr_fleet_cuts_limit(left_s, 1, i);
        assert_true(left_s > -0.001);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_tables_are_packed),
        cmocka_unit_test(test_never_below_64_mib),
        cmocka_unit_test(test_a_big_table_is_cut_at_its_keys),
        cmocka_unit_test(test_without_keys_it_stays_whole),
        cmocka_unit_test(test_a_pair_without_tables_has_its_objects),
        cmocka_unit_test(test_more_parts_than_units),
        cmocka_unit_test(test_parts_are_alike),
        cmocka_unit_test(test_a_pair_stays_together),
        cmocka_unit_test(test_the_time_for_cuts_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
