/*
 * test_check_confirm.c: suspects become true or go away, over two in-memory tables that
 * stand still, move, or follow each other as a primary and its replica do.
 *
 * Texts that a collation equates: test_check_collation.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "check_traffic.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* ---- data that stands still */

static bool rows_differ(struct fake *f, int64_t id)
{
    struct fake_row key = fake_id(id, 0);
    const struct fake_row *s = fake_find(&f->side[MR_SOURCE], &key);
    const struct fake_row *t = fake_find(&f->side[MR_TARGET], &key);
    return (s == NULL) != (t == NULL) || (s != NULL && t != NULL && s->value != t->value);
}

static void fill(struct fake *f, size_t differs_one_in)
{
    for (int64_t id = 0; id < IDS; id++) {
        size_t kind = random_below(10) == 0 ? 4 : random_below(differs_one_in * 3);
        if (!stands_still(id) && kind < 3)
            kind = 5;
        if (kind != 0 && kind != 4)
            fake_put(&f->side[MR_SOURCE], fake_id(id, id));
        if (kind != 1 && kind != 4)
            fake_put(&f->side[MR_TARGET], fake_id(id, kind == 2 ? -id - 1 : id));
    }
}

/* Each side follows the other: a round waits for both, and no batch. */
static void begin_circle(struct fake *f)
{
    memset(&traffic, 0, sizeof traffic);
    traffic.fake = f;
    f->run.lag[MR_SOURCE] = f->run.lag[MR_TARGET] = MR_LAG_WAIT;
}

/* Two rounds, whatever the size of a batch, whoever is upstream, whatever breaks. */
static void test_rows_at_rest(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        uint64_t differ = 0, suspects = 0;
        random_state = seed;
        fake_init(&f);
        fill(&f, 1 + random_below(3));
        begin(&f);
        set_batch(&f, 1 + random_below(40));
        f.run.upstream = (enum mr_side)random_below(MR_SIDES);
        if (random_below(2) == 0)
            begin_circle(&f);
        for (int64_t id = 0; id < IDS; id++) {
            if (!rows_differ(&f, id) && random_below(4) > 0)
                continue;
            add_suspect(&f, id, fake_id(id, 0));
            suspects++;
            differ += rows_differ(&f, id);
        }
        if (seed % 2 == 0)
            f.side[MR_SOURCE].lose_one_in = f.side[MR_TARGET].lose_one_in = 2;
        assert_int_equal(confirm(&f, 1), differ);
        assert_int_equal(count(&f, MR_FIND_DIVERGED), 0);
        assert_int_equal(confirm(&f, 2), 0);
        assert_int_equal(count(&f, MR_FIND_DIVERGED), differ);
        assert_int_equal(count(&f, MR_FIND_SETTLED), suspects - differ);
        check_all_diverged(&f);
        fake_end(&f);
    }
}

/* One worker of several, with a part of the table's suspects. */
struct part {
    struct mr_check_worker worker;
    struct mr_confirm_task task;
    pthread_t thread;
    enum mr_code code;
};

static void *confirm_part(void *arg)
{
    struct part *part = arg;
    struct mr_err err = {0};
    part->code = mr_check_confirm(&part->worker, &part->task, &err);
    return NULL;
}

static void confirm_in_parts(struct fake *f, unsigned round, enum mr_find_state most, bool rests)
{
    enum { PARTS = 4 };
    struct part parts[PARTS] = {0};
    struct mr_vec cuts = MR_VEC_INIT(int64_t);
    int64_t after = 0;
    assert_int_equal(mr_findings_cut(f->run.fd, f->table.find.id, most, PARTS, &cuts, NULL), MR_OK);
    for (size_t i = 0; i <= cuts.count; i++) {
        struct part *part = &parts[i];
        int64_t last = i < cuts.count ? *(int64_t *)mr_vec_at(&cuts, i) : 0;
        part->worker.check = &f->run;
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            assert_int_equal(
                mr_source_reader_new(&f->side[side].base, &part->worker.reader[side], NULL), MR_OK);
        part->task = (struct mr_confirm_task){
            .table = &f->table, .round = round, .after_id = after, .last_id = last, .rests = rests};
        assert_int_equal(pthread_create(&part->thread, NULL, confirm_part, part), 0);
        after = last;
    }
    for (size_t i = 0; i <= cuts.count; i++) {
        (void)pthread_join(parts[i].thread, NULL);
        assert_int_equal(parts[i].code, MR_OK);
        mr_reader_free(parts[i].worker.reader[MR_SOURCE]);
        mr_reader_free(parts[i].worker.reader[MR_TARGET]);
    }
    mr_vec_release(&cuts);
}

/* Several workers on one table lose nothing and find nothing twice. */
static void test_parts(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        uint64_t differ = 0;
        random_state = seed;
        fake_init(&f);
        fill(&f, 1 + random_below(3));
        begin(&f);
        set_batch(&f, 1 + random_below(40));
        bool rests = random_below(2) == 0;
        for (int64_t id = 0; id < IDS; id++) {
            add_suspect(&f, id, fake_id(id, 0));
            differ += rows_differ(&f, id);
        }
        confirm_in_parts(&f, 1, MR_FIND_SUSPECT, rests);
        assert_int_equal(count(&f, MR_FIND_SEEN_ONCE), differ);
        assert_int_equal(count(&f, MR_FIND_SUSPECT), 0);
        confirm_in_parts(&f, 2, MR_FIND_SEEN_ONCE, rests);
        assert_int_equal(count(&f, MR_FIND_DIVERGED), differ);
        assert_int_equal(count(&f, MR_FIND_SETTLED), IDS - differ);
        check_all_diverged(&f);
        fake_end(&f);
    }
}

static enum mr_code check_wide(void *ctx, const struct mr_finding *finding, struct mr_err *err)
{
    struct fake *f = ctx;
    struct fake_row key = fake_decode(f, finding->key);
    (void)err;
    assert_int_equal(finding->source != NULL, key.id % 3 != 0);
    assert_int_equal(finding->target != NULL, key.id % 3 != 1);
    assert_true(finding->source == NULL || finding->source_len > f->wide);
    assert_true(finding->target == NULL || finding->target_len > f->wide);
    return MR_OK;
}

/* Rows far wider than those of the whole table: not all images of a batch fit, and all are
 * kept in the end, in as few batches as that takes. */
static void test_wide_rows(void **state)
{
    enum { ROWS = 40, FIT = 8 };
    (void)state;
    for (int up = MR_SOURCE; up < MR_SIDES; up++) {
        struct fake f;
        fake_init(&f);
        f.wide = 4 * 1024 * 1024 / FIT;
        for (int64_t id = 0; id < ROWS; id++) {
            if (id % 3 != 0)
                fake_put(&f.side[MR_SOURCE], fake_id(id, id));
            if (id % 3 != 1)
                fake_put(&f.side[MR_TARGET], fake_id(id, -id - 1));
        }
        begin(&f);
        set_batch(&f, 1000);
        f.run.upstream = (enum mr_side)up;
        for (int64_t id = 0; id < ROWS; id++)
            add_suspect(&f, id, fake_id(id, 0));
        assert_int_equal(confirm(&f, 1), ROWS);
        unsigned fetches = f.side[MR_TARGET].fetches;
        assert_int_equal(confirm(&f, 2), 0);
        assert_int_equal(count(&f, MR_FIND_DIVERGED), ROWS);
        assert_in_range(f.side[MR_TARGET].fetches - fetches, 3, 40);
        assert_int_equal(mr_findings_walk(f.run.fd, f.table.find.id, false, check_wide, &f, NULL),
                         MR_OK);
        fake_end(&f);
    }
}

/* Later rounds read one row at a time, and find the same. */
static void test_rows_at_rest_alone(void **state)
{
    struct fake f;
    (void)state;
    random_state = 1;
    fake_init(&f);
    fake_put(&f.side[MR_SOURCE], fake_id(1, 1));
    fake_put(&f.side[MR_TARGET], fake_id(2, 2));
    begin(&f);
    add_suspect(&f, 0, fake_id(1, 0));
    add_suspect(&f, 1, fake_id(2, 0));
    assert_int_equal(confirm(&f, 3), 2);
    assert_int_equal(f.side[MR_SOURCE].fetches, 4);
    assert_int_equal(f.side[MR_TARGET].fetches, 2);
    assert_int_equal(confirm(&f, 4), 0);
    assert_int_equal(count(&f, MR_FIND_DIVERGED), 2);
    check_all_diverged(&f);
    fake_end(&f);
}

/* ---- one reading: upstream, downstream, upstream */

static const int64_t *reading; /* what each of the three finds; 0: no row */

static void set_reading(struct fake *f, enum mr_side side, enum fake_read what)
{
    size_t at = side == MR_TARGET ? 1 : f->side[MR_SOURCE].fetches == 0 ? 0 : 2;
    (void)what;
    if (reading[at] == 0)
        fake_delete(&f->side[side], fake_id(1, 0));
    else
        fake_put(&f->side[side], fake_id(1, reading[at]));
}

static void test_one_reading(void **state)
{
    static const struct {
        int64_t values[3];
        enum mr_find_state state;
    } cases[] = {
        {{1, 1, 1}, MR_FIND_SETTLED},   {{0, 0, 0}, MR_FIND_SETTLED},
        {{1, 1, 2}, MR_FIND_SETTLED},   {{1, 2, 2}, MR_FIND_SETTLED},
        {{1, 1, 0}, MR_FIND_SETTLED},   {{0, 0, 1}, MR_FIND_SETTLED},
        {{0, 1, 1}, MR_FIND_SETTLED},   {{1, 0, 0}, MR_FIND_SETTLED},
        {{1, 2, 1}, MR_FIND_SEEN_ONCE}, {{1, 0, 1}, MR_FIND_SEEN_ONCE},
        {{0, 1, 0}, MR_FIND_SEEN_ONCE}, {{1, 2, 3}, MR_FIND_SUSPECT},
        {{1, 0, 2}, MR_FIND_SUSPECT},   {{0, 1, 2}, MR_FIND_SUSPECT},
        {{1, 2, 0}, MR_FIND_SUSPECT},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct fake f;
        fake_init(&f);
        begin(&f);
        reading = cases[i].values;
        f.before = set_reading;
        add_suspect(&f, 0, fake_id(1, 0));
        (void)confirm(&f, 1);
        assert_int_equal(count(&f, cases[i].state), 1);
        fake_end(&f);
    }
}

/* ---- a primary under writes, and its replica */

static void begin_traffic(struct fake *f, enum mr_side primary)
{
    memset(&traffic, 0, sizeof traffic);
    traffic.value = 1000000;
    traffic.primary = primary;
    traffic.fake = f;
    for (int64_t id = 0; id < IDS; id++) {
        struct fake_row row = fake_id(id, 0);
        traffic.is_new[id] = fake_find(&f->side[primary], &row) == NULL;
    }
    f->run.upstream = primary;
    f->run.lag[mr_other_side(primary)] = MR_LAG_WAIT;
    f->before = traffic_before;
}

static enum mr_code check_at_rest(void *ctx, const struct mr_finding *finding, struct mr_err *err)
{
    (void)err;
    assert_true(stands_still(fake_decode(ctx, finding->key).id));
    return check_diverged(ctx, finding, err);
}

static void test_replica_under_writes(void **state)
{
    uint64_t unsettled = 0, total = 0;
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        uint64_t differ = 0;
        random_state = seed + 1000;
        fake_init(&f);
        fill(&f, 2);
        begin(&f);
        set_batch(&f, 1 + random_below(40));
        begin_traffic(&f, (enum mr_side)random_below(MR_SIDES));
        bool once_a_round = seed % 4 == 0;
        if (once_a_round)
            f.run.lag[MR_SOURCE] = f.run.lag[MR_TARGET] = MR_LAG_WAIT;
        for (int64_t id = 0; id < IDS; id++) {
            bool differs = rows_differ(&f, id);
            differ += differs;
            if (differs || random_below(3) == 0)
                add_suspect(&f, id, fake_id(id, 0));
        }
        if (seed % 3 == 0)
            f.side[MR_SOURCE].lose_one_in = f.side[MR_TARGET].lose_one_in = 4;
        unsigned rounds = confirm_all(&f);
        f.before = NULL;
        apply_until(traffic.written);
        assert_int_equal(count(&f, MR_FIND_DIVERGED), differ);
        assert_true(!once_a_round || traffic.asked == 2 * rounds);
        assert_int_equal(
            mr_findings_walk(f.run.fd, f.table.find.id, false, check_at_rest, &f, NULL), MR_OK);
        if (!once_a_round) {
            unsettled += count(&f, MR_FIND_SUSPECT) + count(&f, MR_FIND_SEEN_ONCE);
            total += count(&f, MR_FIND_SETTLED);
        }
        fake_end(&f);
    }
    /* most rows settle in some round, however busy the primary is */
    assert_true(unsettled * 4 <= total);
}

/* Nothing can be said while the replica's position cannot be waited for. */
static void test_stopped_replica(void **state)
{
    struct fake f;
    (void)state;
    fake_init(&f);
    fake_put(&f.side[MR_SOURCE], fake_id(3, 1));
    begin(&f);
    begin_traffic(&f, MR_SOURCE);
    f.before = NULL;
    traffic.stopped = true;
    add_suspect(&f, 0, fake_id(3, 0));
    assert_int_equal(confirm_all(&f), MR_CONFIRM_ROUNDS);
    assert_int_equal(count(&f, MR_FIND_SUSPECT), 1);
    assert_int_equal(f.side[MR_TARGET].fetches, 0);
    assert_non_null(strstr(f.run.settle.why, "not visible"));
    traffic.stopped = false;
    f.run.settle.over = false;
    assert_int_equal(confirm_all(&f), 2);
    assert_int_equal(count(&f, MR_FIND_DIVERGED), 1);
    fake_end(&f);
}

/* The replica gets nowhere: the limit ends all waiting, however many suspects there are, and
 * no row of it is read. */
static void test_limit(void **state)
{
    struct fake f;
    (void)state;
    fake_init(&f);
    for (int64_t id = 0; id < IDS; id++)
        fake_put(&f.side[MR_SOURCE], fake_id(id, 1));
    begin(&f);
    set_batch(&f, 1);
    begin_traffic(&f, MR_SOURCE);
    f.before = NULL;
    traffic.written = 1;
    traffic.hangs = true;
    f.options.settle_limit_ms = 50;
    for (int64_t id = 0; id < IDS; id++)
        add_suspect(&f, id, fake_id(id, 0));
    assert_int_equal(confirm_all(&f), MR_CONFIRM_ROUNDS);
    assert_int_equal(count(&f, MR_FIND_SUSPECT), IDS);
    assert_int_equal(f.side[MR_TARGET].fetches, 0);
    assert_int_equal(traffic.asked, 1);
    assert_true(f.run.settle.waited_s < 5);
    assert_non_null(strstr(f.run.settle.why, "--settle-limit"));
    fake_end(&f);
}

/* A true difference under a row that rests only now and then is found all the same. */
static void rest_sometimes(struct fake *f, enum mr_side side, enum fake_read what)
{
    static int64_t value;
    (void)what;
    if (side == MR_SOURCE && random_below(3) == 0)
        fake_put(&f->side[MR_SOURCE], fake_id(1, 100 + value++));
}

static void test_row_that_rests_sometimes(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        struct fake f;
        random_state = seed + 2000;
        fake_init(&f);
        fake_put(&f.side[MR_SOURCE], fake_id(1, 1));
        fake_put(&f.side[MR_TARGET], fake_id(1, 2));
        begin(&f);
        begin_traffic(&f, MR_SOURCE);
        f.before = rest_sometimes;
        add_suspect(&f, 0, fake_id(1, 0));
        (void)confirm_all(&f);
        assert_int_equal(count(&f, MR_FIND_DIVERGED), 1);
        fake_end(&f);
    }
}

/* A row that never rests is neither true nor settled. */
static void never_rest(struct fake *f, enum mr_side side, enum fake_read what)
{
    static int64_t value;
    (void)what;
    if (side == MR_SOURCE)
        fake_put(&f->side[MR_SOURCE], fake_id(1, 100 + value++));
}

static void test_row_that_never_rests(void **state)
{
    struct fake f;
    (void)state;
    fake_init(&f);
    fake_put(&f.side[MR_TARGET], fake_id(1, 2));
    begin(&f);
    f.before = never_rest;
    add_suspect(&f, 0, fake_id(1, 0));
    assert_int_equal(confirm_all(&f), MR_CONFIRM_ROUNDS);
    assert_int_equal(count(&f, MR_FIND_SUSPECT), 1);
    fake_end(&f);
}

/*
 * A side may be behind, and nothing tells how far: the row that is written once between any
 * two rounds, and arrives after the round has read it, is a step behind at every round and yet
 * no difference.  Nor is one that rests: it may arrive later.
 */
static void one_step_behind(struct fake *f, enum mr_side side, enum fake_read what)
{
    static int64_t value;
    (void)what;
    if (side != MR_SOURCE || f->side[MR_SOURCE].fetches % 2 != 0)
        return;
    struct fake_row row = fake_id(1, 0);
    const struct fake_row *now = fake_find(&f->side[MR_SOURCE], &row);
    if (now != NULL)
        fake_put(&f->side[MR_TARGET], *now);
    fake_put(&f->side[MR_SOURCE], fake_id(1, 100 + value++));
}

static void test_unknown_lag(void **state)
{
    struct fake f;
    (void)state;
    fake_init(&f);
    fake_put(&f.side[MR_SOURCE], fake_id(1, 1));
    begin(&f);
    f.run.lag[MR_TARGET] = MR_LAG_UNKNOWN;
    f.before = one_step_behind;
    add_suspect(&f, 0, fake_id(1, 0));
    (void)confirm_all(&f);
    assert_int_equal(count(&f, MR_FIND_DIVERGED), 0);
    f.before = NULL;
    (void)confirm_all(&f);
    assert_int_equal(count(&f, MR_FIND_DIVERGED), 0);
    assert_int_equal(count(&f, MR_FIND_UNSETTLED), 1);
    fake_end(&f);
}

/* ---- what ends a round */

static void test_lost_for_good(void **state)
{
    struct fake f;
    struct mr_err err = {0};
    (void)state;
    fake_init(&f);
    f.by_name = true;
    fake_put(&f.side[MR_SOURCE], fake_name("ann", 1));
    fake_put(&f.side[MR_TARGET], fake_name("ANN", 1));
    begin(&f);
    f.side[MR_SOURCE].answers = f.side[MR_TARGET].answers = false;
    add_suspect(&f, 0, fake_name("ann", 0));
    const struct mr_confirm_task task = {.table = &f.table, .round = 1};
    assert_int_equal(mr_check_confirm(&f.worker, &task, &err), MR_E_LOST);
    assert_int_equal(count(&f, MR_FIND_SUSPECT), 1);
    fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_at_rest),
        cmocka_unit_test(test_rows_at_rest_alone),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_wide_rows),
        cmocka_unit_test(test_one_reading),
        cmocka_unit_test(test_replica_under_writes),
        cmocka_unit_test(test_stopped_replica),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_row_that_rests_sometimes),
        cmocka_unit_test(test_row_that_never_rests),
        cmocka_unit_test(test_unknown_lag),
        cmocka_unit_test(test_lost_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
