/*
 * test_check_known.c: when equal sums of a snapshot stand for equal rows, and when rows are read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "recon/check/check_known.h"

/* SOURCE is a snapshot of these rows; its sums are of them, whatever is put there later. */
struct kept_world {
    struct world w;
    struct mr_kept_range ranges[2];
};

/* Number and sum of the rows of (after, to] by id. */
static void sum_rows(struct kept_world *k, int64_t after, int64_t to, uint64_t *rows,
                     struct mr_digest *sum)
{
    struct world_side *s = &k->w.side[MR_SOURCE];
    struct mr_hasher *hasher = mr_hasher_new();
    *rows = 0;
    *sum = (struct mr_digest){0};
    for (size_t i = 0; i < s->rows[0].count; i++) {
        const struct world_row *row = mr_vec_at(&s->rows[0], i);
        if (row->values[0].i <= after || row->values[0].i > to)
            continue;
        for (size_t c = 0; c < s->kept.spec.ncols; c++)
            assert_int_equal(mr_hasher_add(hasher, &row->values[c], NULL), MR_OK);
        struct mr_digest d = mr_hasher_finish(hasher);
        sum->hi += d.hi;
        sum->lo += d.lo;
        ++*rows;
    }
    mr_hasher_free(hasher);
}

/* Two ranges, up to 10 and from there on. */
static void begin(struct kept_world *k, const char *const *rows, size_t count)
{
    struct world *w = &k->w;
    memset(k->ranges, 0, sizeof k->ranges);
    world_begin(w);
    world_snapshot(w, MR_SOURCE);
    graph_table(&w->g, "o`dd", "id note:text?", NULL);
    world_plan(w, "");
    struct world_side *s = &w->side[MR_SOURCE];
    for (size_t i = 0; i < count; i++)
        world_put_both(w, 0, rows[i]);
    s->kept.spec = world_pair(w, 0)->scan[MR_SOURCE];
    s->kept.ranges = k->ranges;
    s->kept.nranges = 2;
    k->ranges[0].range.hi = k->ranges[1].range.lo =
        world_bytes(w, MR_SOURCE, 0, &s->kept.spec, true, "10|x");
    sum_rows(k, INT64_MIN, 10, &k->ranges[0].rows, &k->ranges[0].sum);
    sum_rows(k, 10, INT64_MAX, &k->ranges[1].rows, &k->ranges[1].sum);
    sum_rows(k, INT64_MIN, INT64_MAX, &s->kept.rows, &s->kept.sum);
    s->keeps = true;
}

static const char *const some[] = {"-1|a", "1|NULL", "2|", "11|a\\0b", "12|a"};

/* The other side has a row more, less or other than the snapshot had: it is a suspect. */
static void test_ranges(void **state)
{
    static const struct {
        const char *put; /* another row of TARGET */
        size_t drop;     /* TARGET's row that is gone, from 1; 0: none */
        uint64_t suspects;
    } cases[] = {
        {NULL, 0, 0},       {"3|a", 0, 1}, {NULL, 2, 1},   {"2|NULL", 3, 1}, {"11|a", 4, 1},
        {"11|a\\0b", 4, 0}, {"1|", 2, 1},  {"99|a", 5, 2}, {"-2|a", 1, 2},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct kept_world k;
        struct mr_err err = {0};
        struct mr_vec *rows = &k.w.side[MR_TARGET].rows[0];
        begin(&k, some, LEN(some));
        if (cases[i].drop > 0) {
            *(struct world_row *)mr_vec_at(rows, cases[i].drop - 1) =
                *(struct world_row *)mr_vec_at(rows, rows->count - 1);
            rows->count--;
        }
        if (cases[i].put != NULL)
            world_put(&k.w, MR_TARGET, 0, cases[i].put);
        struct mr_scan_task task = {.table = world_pair(&k.w, 0)};
        assert_int_equal(mr_check_known_scan(&k.w.worker, &task, &err), MR_OK);
        assert_false(atomic_load(&world_pair(&k.w, 0)->failed));
        assert_int_equal(world_count(&k.w, 0, MR_FIND_SUSPECT), cases[i].suspects);
        /* the ranges that are equal are proved by their files, the others are read */
        if (cases[i].suspects == 0)
            assert_int_equal(k.w.side[MR_SOURCE].proved, 2);
        else
            assert_int_equal(k.w.side[MR_SOURCE].proved, 1);
        world_end(&k.w);
    }
}

/* Equal sums of a file that is torn say nothing: the table is not checked. */
static void test_torn_files(void **state)
{
    (void)state;
    for (unsigned torn = 1; torn <= 2; torn++)
        for (int trust = 0; trust < 2; trust++) {
            struct kept_world k;
            struct mr_err err = {0};
            bool equal = false;
            begin(&k, some, LEN(some));
            struct mr_scan_task task = {.table = world_pair(&k.w, 0)};
            k.w.side[MR_SOURCE].torn = torn;
            k.w.options.trust_manifest = trust != 0;
            enum mr_code want = trust != 0 ? MR_OK : MR_E_SNAPSHOT;
            assert_int_equal(mr_check_known_whole(&k.w.worker, world_pair(&k.w, 0), &equal, &err),
                             want);
            assert_int_equal(mr_check_known_scan(&k.w.worker, &task, &err), MR_OK);
            assert_int_equal(atomic_load(&world_pair(&k.w, 0)->failed), trust == 0);
            world_end(&k.w);
        }
}

/* A table without a common order: all of it, or nothing. */
static void test_whole(void **state)
{
    static const struct {
        const char *put;
        bool equal;
    } cases[] = {{NULL, true}, {"3|a", false}, {"12|a", false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct kept_world k;
        struct mr_err err = {0};
        bool equal = !cases[i].equal;
        begin(&k, some, LEN(some));
        if (cases[i].put != NULL)
            world_put(&k.w, MR_TARGET, 0, cases[i].put);
        struct mr_pair *t = world_pair(&k.w, 0);
        assert_int_equal(mr_check_known_whole(&k.w.worker, t, &equal, &err), MR_OK);
        assert_int_equal(equal, cases[i].equal);
        assert_int_equal(t->find.counts.source_rows, cases[i].equal ? LEN(some) : 0);
        world_end(&k.w);
    }
}

/* A read that is lost begins its sum anew; one that fails for good is no "equal". */
static void test_lost_reads(void **state)
{
    static const struct {
        enum mr_code code;
        unsigned times;
        enum mr_code want;
    } cases[] = {{MR_E_LOST, 3, MR_OK}, {MR_E_LOST, 4, MR_E_LOST}, {MR_E_SQL, 1, MR_E_SQL}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct kept_world k;
        struct mr_err err = {0};
        bool equal = false;
        begin(&k, some, LEN(some));
        k.w.side[MR_TARGET].fail_at = 1;
        k.w.side[MR_TARGET].fail_times = cases[i].times;
        k.w.side[MR_TARGET].fail_code = cases[i].code;
        assert_int_equal(mr_check_known_whole(&k.w.worker, world_pair(&k.w, 0), &equal, &err),
                         cases[i].want);
        assert_int_equal(equal, cases[i].want == MR_OK);
        world_end(&k.w);
    }
}

/* Sums are believed only where equal encodings mean equal values. */
static void test_what_can_be_compared(void **state)
{
    struct kept_world k;
    enum mr_side side;
    (void)state;
    begin(&k, some, LEN(some));
    struct mr_pair *t = world_pair(&k.w, 0);
    struct mr_column *s = k.w.g.sides[MR_SOURCE][0].columns;
    struct mr_column *o = k.w.g.sides[MR_TARGET][0].columns;
    assert_true(mr_check_known_is_possible(&k.w.check, t, &side));
    assert_int_equal(side, MR_SOURCE);
    t->scan[MR_SOURCE].where = "id > 1"; /* sums are of all rows */
    assert_false(mr_check_known_is_possible(&k.w.check, t, &side));
    t->scan[MR_SOURCE].where = NULL;
    o[1].charset = "latin1";
    assert_false(mr_check_known_is_possible(&k.w.check, t, &side));
    o[1].charset = "utf8mb4";
    o[1].cls = MR_CLASS_BINARY;
    assert_false(mr_check_known_is_possible(&k.w.check, t, &side));
    s[1].cls = o[1].cls = MR_CLASS_ENUM;
    s[1].type = o[1].type = "enum('a','b')";
    assert_true(mr_check_known_is_possible(&k.w.check, t, &side));
    o[1].type = "enum('b','a')";
    assert_false(mr_check_known_is_possible(&k.w.check, t, &side));
    s[1].type = o[1].type = "enum('?','a')"; /* of characters that were lost */
    assert_false(mr_check_known_is_possible(&k.w.check, t, &side));
    o[1].name = "other";
    assert_false(mr_check_known_is_possible(&k.w.check, t, &side));
    k.w.side[MR_SOURCE].keeps = false;
    assert_false(mr_check_known_is_possible(&k.w.check, t, &side));
    world_end(&k.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_torn_files),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_lost_reads),
        cmocka_unit_test(test_what_can_be_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
