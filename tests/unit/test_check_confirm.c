/*
 * test_check_confirm.c: suspects become true or go away, over two in-memory tables that
 * stand still, move, or follow each other as a primary and its replica do.
 *
 * The functions that would ask a server are replaced here: mr_canon folds case, and a
 * replication position is an index into the fake primary's log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>

#include "check_fake.h"
#include "core/case/image.h"
#include "core/source/canon.h"
#include "recon/check/check_confirm.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* ---- a primary and its replica */

enum { LOG_MAX = 20000, IDS = 300 };

struct logged {
    struct fake_row row;
    bool deleted;
};

/* The rows that the primary wrote, in order, and how many the replica has applied. */
static struct {
    struct logged entries[LOG_MAX];
    size_t written, applied;
    enum mr_side primary;
    bool stopped; /* the replica applies nothing */
    struct fake *fake;
    int64_t value;       /* no value is ever written twice */
    bool gone_once[IDS]; /* no row is deleted twice, */
    bool is_new[IDS];    /* nor is one that was not there at first: so no row is ever
                              again as it was before, and a stale read can be told */
} traffic;

static void write_row(struct fake *f, int64_t id)
{
    struct fake_side *primary = &f->side[traffic.primary];
    struct fake_row row = fake_id(id, traffic.value++);
    bool there = fake_find(primary, &row) != NULL;
    bool deleted =
        there && random_below(3) == 0 && !traffic.gone_once[id] && !traffic.is_new[id];
    if (traffic.written == LOG_MAX)
        return;
    if (deleted)
        fake_delete(primary, row);
    else
        fake_put(primary, row);
    traffic.gone_once[id] = traffic.gone_once[id] || deleted;
    traffic.entries[traffic.written++] = (struct logged){row, deleted};
}

static void apply_until(size_t end)
{
    struct fake_side *replica = &traffic.fake->side[mr_other_side(traffic.primary)];
    for (; traffic.applied < end && !traffic.stopped; traffic.applied++) {
        const struct logged *entry = &traffic.entries[traffic.applied];
        if (entry->deleted)
            fake_delete(replica, entry->row);
        else
            fake_put(replica, entry->row);
    }
}

/* Rows whose id is a multiple of three are never written. */
static bool stands_still(int64_t id)
{
    return id % 3 == 0;
}

static void traffic_before(struct fake *f, enum mr_side side, enum fake_read what)
{
    (void)side;
    (void)what;
    for (size_t i = random_below(30); i > 0; i--) {
        int64_t id = (int64_t)random_below(IDS);
        if (!stands_still(id))
            write_row(f, id);
    }
    size_t behind = traffic.written - traffic.applied;
    apply_until(traffic.applied + random_below(behind + 1));
}

enum mr_code __wrap_mr_replication_position(struct mr_db *a, struct mr_strbuf *position,
                                            struct mr_err *err);
enum mr_code __wrap_mr_replication_position(struct mr_db *a, struct mr_strbuf *position,
                                            struct mr_err *err)
{
    (void)a;
    (void)err;
    if (!traffic.stopped)
        mr_strbuf_add_fmt(position, "%zu", traffic.written);
    return MR_OK;
}

enum mr_code __wrap_mr_replication_wait(struct mr_db *b, const char *position,
                                        unsigned timeout_s, bool *reached,
                                        struct mr_err *err);
enum mr_code __wrap_mr_replication_wait(struct mr_db *b, const char *position,
                                        unsigned timeout_s, bool *reached,
                                        struct mr_err *err)
{
    size_t end = (size_t)strtoul(position, NULL, 10);
    (void)b;
    (void)timeout_s;
    (void)err;
    if (random_below(2) == 0) /* else this wait ran out of time */
        apply_until(end);
    *reached = traffic.applied >= end;
    return MR_OK;
}

enum mr_code __wrap_mr_canon(struct mr_db *db, const struct mr_canon_column *columns,
                             size_t ncolumns, struct mr_canon_item *items, size_t count,
                             struct mr_arena *arena, struct mr_err *err);
enum mr_code __wrap_mr_canon(struct mr_db *db, const struct mr_canon_column *columns,
                             size_t ncolumns, struct mr_canon_item *items, size_t count,
                             struct mr_arena *arena, struct mr_err *err)
{
    if (db == NULL)
        return mr_err_set(err, MR_E_LOST, "no server");
    assert_int_equal(ncolumns, 1);
    assert_string_equal(columns[0].charset, "utf8mb4");
    assert_string_equal(columns[0].target->name, "name");
    for (size_t i = 0; i < count; i++) {
        char *folded = mr_arena_dup(arena, items[i].in, items[i].in_len);
        for (size_t k = 5; k < items[i].in_len; k++) /* behind tag and length */
            folded[k] = (char)tolower((unsigned char)folded[k]);
        items[i].out = folded;
        items[i].out_len = items[i].in_len;
    }
    return MR_OK;
}

/* ---- suspects and what became of them */

static void begin(struct fake *f)
{
    assert_int_equal(fake_begin(f), MR_OK);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        f->side[side].answers = true;
}

/* So that many suspects are read at a time. */
static void set_batch(struct fake *f, size_t rows)
{
    f->table.find.counts.source_rows = 1;
    f->table.find.counts.bytes = 4 * 1024 * 1024 / rows;
}

static void add_suspect(struct fake *f, int64_t chunk, struct fake_row row)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    fake_encode(f, &row, &key);
    struct mr_find_suspect suspect = {.key = {key.ptr, key.len}};
    struct mr_find_chunk done = {
        .table = f->table.find.id, .no = chunk, .hi = suspect.key};
    assert_int_equal(mr_findings_chunk_done(f->run.fd, &done, &suspect, 1, NULL), MR_OK);
    mr_strbuf_release(&key);
}

static uint64_t count(struct fake *f, enum mr_find_state state)
{
    uint64_t n = 0;
    assert_int_equal(mr_findings_count(f->run.fd, f->table.find.id, state, &n, NULL),
                     MR_OK);
    return n;
}

/* One round; how many are open after it. */
static uint64_t confirm(struct fake *f, unsigned round)
{
    const struct mr_confirm_task task = {.table = &f->table, .round = round};
    struct mr_err err = {0};
    assert_int_equal(mr_check_confirm(&f->worker, &task, &err), MR_OK);
    return count(f, MR_FIND_SUSPECT) + count(f, MR_FIND_SEEN_ONCE);
}

static unsigned confirm_all(struct fake *f)
{
    unsigned round = 1;
    while (confirm(f, round) > 0 && round < MR_CONFIRM_ROUNDS)
        round++;
    return round;
}

/* What an image holds; false for "no row". */
static bool read_image(const void *image, size_t len, struct fake_row *row)
{
    struct mr_value id, name, value;
    size_t pos = 0;
    if (image == NULL)
        return false;
    assert_int_equal(mr_row_decode(image, len, &pos, &id, NULL), MR_OK);
    assert_int_equal(mr_row_decode(image, len, &pos, &name, NULL), MR_OK);
    assert_int_equal(mr_row_decode(image, len, &pos, &value, NULL), MR_OK);
    assert_int_equal(pos, len);
    *row = (struct fake_row){.id = id.i, .value = value.i};
    memcpy(row->name, name.ptr, name.len);
    return true;
}

static void check_image(const struct fake_row *row, const void *image, size_t len)
{
    struct fake_row seen;
    assert_int_equal(read_image(image, len, &seen), row != NULL);
    if (row == NULL)
        return;
    assert_int_equal(seen.id, row->id);
    assert_int_equal(seen.value, row->value);
    assert_string_equal(seen.name, row->name);
}

static enum mr_code check_diverged(void *ctx, const struct mr_finding *finding,
                                   struct mr_err *err)
{
    struct fake *f = ctx;
    struct fake_row key = fake_decode(f, finding->key);
    const struct fake_row *s = fake_find(&f->side[MR_SOURCE], &key);
    const struct fake_row *t = fake_find(&f->side[MR_TARGET], &key);
    (void)err;
    check_image(s, finding->source, finding->source_len);
    check_image(t, finding->target, finding->target_len);
    assert_int_equal(finding->count, 1);
    assert_int_equal(finding->kind, t == NULL   ? MR_KIND_MISSING
                                    : s == NULL ? MR_KIND_EXTRA
                                                : MR_KIND_CHANGED);
    return MR_OK;
}

/* Findings that are true show both rows as they stand. */
static void check_all_diverged(struct fake *f)
{
    assert_int_equal(
        mr_findings_walk(f->run.fd, f->table.find.id, false, check_diverged, f, NULL),
        MR_OK);
}

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
        f.run.relation = random_below(2) == 0 ? MR_RELATION_NONE : f.run.relation;
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

static void confirm_in_parts(struct fake *f, unsigned round, enum mr_find_state most)
{
    enum { PARTS = 4 };
    struct part parts[PARTS] = {0};
    struct mr_vec cuts = MR_VEC_INIT(int64_t);
    int64_t after = 0;
    assert_int_equal(
        mr_findings_cut(f->run.fd, f->table.find.id, most, PARTS, &cuts, NULL), MR_OK);
    for (size_t i = 0; i <= cuts.count; i++) {
        struct part *part = &parts[i];
        int64_t last = i < cuts.count ? *(int64_t *)mr_vec_at(&cuts, i) : 0;
        part->worker.check = &f->run;
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            assert_int_equal(mr_source_reader_new(&f->side[side].base,
                                                  &part->worker.reader[side], NULL),
                             MR_OK);
        part->task = (struct mr_confirm_task){
            .table = &f->table, .round = round, .after_id = after, .last_id = last};
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
        f.run.relation = random_below(2) == 0 ? MR_RELATION_NONE : f.run.relation;
        for (int64_t id = 0; id < IDS; id++) {
            add_suspect(&f, id, fake_id(id, 0));
            differ += rows_differ(&f, id);
        }
        confirm_in_parts(&f, 1, MR_FIND_SUSPECT);
        assert_int_equal(count(&f, MR_FIND_SEEN_ONCE), differ);
        assert_int_equal(count(&f, MR_FIND_SUSPECT), 0);
        confirm_in_parts(&f, 2, MR_FIND_SEEN_ONCE);
        assert_int_equal(count(&f, MR_FIND_DIVERGED), differ);
        assert_int_equal(count(&f, MR_FIND_SETTLED), IDS - differ);
        check_all_diverged(&f);
        fake_end(&f);
    }
}

static enum mr_code check_wide(void *ctx, const struct mr_finding *finding,
                               struct mr_err *err)
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
        assert_int_equal(
            mr_findings_walk(f.run.fd, f.table.find.id, false, check_wide, &f, NULL),
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
    f->run.follows = true;
    f->before = traffic_before;
}

static enum mr_code check_at_rest(void *ctx, const struct mr_finding *finding,
                                  struct mr_err *err)
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
        for (int64_t id = 0; id < IDS; id++) {
            bool differs = rows_differ(&f, id);
            differ += differs;
            if (differs || random_below(3) == 0)
                add_suspect(&f, id, fake_id(id, 0));
        }
        if (seed % 3 == 0)
            f.side[MR_SOURCE].lose_one_in = f.side[MR_TARGET].lose_one_in = 4;
        (void)confirm_all(&f);
        f.before = NULL;
        apply_until(traffic.written);
        assert_int_equal(count(&f, MR_FIND_DIVERGED), differ);
        assert_int_equal(
            mr_findings_walk(f.run.fd, f.table.find.id, false, check_at_rest, &f, NULL),
            MR_OK);
        unsettled += count(&f, MR_FIND_SUSPECT) + count(&f, MR_FIND_SEEN_ONCE);
        total += count(&f, MR_FIND_SETTLED);
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
    traffic.stopped = false;
    assert_int_equal(confirm_all(&f), 2);
    assert_int_equal(count(&f, MR_FIND_DIVERGED), 1);
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
 * Without positions to wait for, a replica may be up to --settle behind: the row that is
 * written once between any two rounds, and arrives after the round has read it, is a
 * step behind at every round and yet no difference.
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

static void test_settle_is_no_false_alarm(void **state)
{
    struct fake f;
    (void)state;
    fake_init(&f);
    fake_put(&f.side[MR_SOURCE], fake_id(1, 1));
    begin(&f);
    f.before = one_step_behind;
    add_suspect(&f, 0, fake_id(1, 0));
    (void)confirm_all(&f);
    assert_int_equal(count(&f, MR_FIND_DIVERGED), 0);
    /* at rest, and yet not arrived when a whole --settle is over: true */
    f.before = NULL;
    (void)confirm_all(&f);
    assert_int_equal(count(&f, MR_FIND_DIVERGED), 1);
    check_all_diverged(&f);
    fake_end(&f);
}

/* ---- keys that the target's collation takes for the same */

struct collation_case {
    const char *source, *target; /* names, "" for no row */
    const char *suspects[3];
    unsigned diverged, paired, settled;
    const char *key; /* of the true finding */
    enum mr_find_kind kind;
};

static void check_collation(const struct collation_case *c, size_t batch,
                            enum mr_side upstream)
{
    struct fake f;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_finding);
    fake_init(&f);
    f.by_name = true;
    if (c->source[0] != '\0')
        fake_put(&f.side[MR_SOURCE], fake_name(c->source, 1));
    if (c->target[0] != '\0')
        fake_put(&f.side[MR_TARGET], fake_name(c->target, 1));
    begin(&f);
    set_batch(&f, batch);
    f.run.upstream = upstream;
    for (size_t i = 0; i < LEN(c->suspects) && c->suspects[i] != NULL; i++)
        add_suspect(&f, (int64_t)i, fake_name(c->suspects[i], 0));
    (void)confirm_all(&f);
    assert_int_equal(count(&f, MR_FIND_SUSPECT) + count(&f, MR_FIND_SEEN_ONCE), 0);
    assert_int_equal(count(&f, MR_FIND_DIVERGED), c->diverged);
    assert_int_equal(count(&f, MR_FIND_PAIRED), c->paired);
    assert_int_equal(count(&f, MR_FIND_SETTLED), c->settled);
    check_all_diverged(&f);
    assert_int_equal(mr_findings_in_state(f.run.fd, f.table.find.id, MR_FIND_DIVERGED, 0,
                                          10, true, &arena, &list, NULL),
                     MR_OK);
    if (list.count == 1) {
        const struct mr_finding *found = mr_vec_at(&list, 0);
        assert_string_equal(fake_decode(&f, found->key).name, c->key);
        assert_int_equal(found->kind, c->kind);
    }
    mr_vec_release(&list);
    mr_arena_release(&arena);
    fake_end(&f);
}

static void test_collation(void **state)
{
    static const struct collation_case cases[] = {
        {"ann", "ann", {"ann"}, 0, 0, 1, NULL, MR_KIND_UNDECIDED},
        {"ann", "ANN", {"ann", "ANN"}, 1, 1, 0, "ann", MR_KIND_CHANGED},
        {"ann", "ANN", {"ANN", "ann"}, 1, 1, 0, "ann", MR_KIND_CHANGED},
        /* one of the two chunks has not seen it */
        {"ann", "ANN", {"ann"}, 1, 0, 0, "ann", MR_KIND_CHANGED},
        {"ann", "ANN", {"ANN"}, 1, 1, 0, "ann", MR_KIND_CHANGED},
        {"ann", "", {"ann"}, 1, 0, 0, "ann", MR_KIND_MISSING},
        {"", "ANN", {"ANN"}, 1, 0, 0, "ANN", MR_KIND_EXTRA},
        /* renamed since the scan */
        {"ann", "ann", {"Ann", "ANN"}, 0, 0, 2, NULL, MR_KIND_UNDECIDED},
        {"", "", {"ann", "ANN"}, 0, 0, 2, NULL, MR_KIND_UNDECIDED},
        {"ann", "ANN", {"Ann"}, 1, 0, 1, "ann", MR_KIND_CHANGED},
        {"", "ANN", {"ann"}, 1, 0, 1, "ANN", MR_KIND_EXTRA},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        for (size_t batch = 1; batch <= 3; batch += 2)
            for (int side = MR_SOURCE; side < MR_SIDES; side++)
                check_collation(&cases[i], batch, (enum mr_side)side);
}

/* Several rows of a batch that only the collation pairs, among some that it does not. */
static void test_collation_pairs(void **state)
{
    static const char *const names[MR_SIDES][6] = {{"bob", "cat", "eve"},
                                                   {"ANN", "BOB", "dan", "EVE", "fay"}};
    (void)state;
    for (int up = MR_SOURCE; up < MR_SIDES; up++) {
        struct fake f;
        fake_init(&f);
        f.by_name = true;
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            for (size_t i = 0; names[side][i] != NULL; i++)
                fake_put(&f.side[side], fake_name(names[side][i], 1));
        begin(&f);
        set_batch(&f, 20);
        f.run.upstream = (enum mr_side)up;
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            for (size_t i = 0; names[side][i] != NULL; i++)
                add_suspect(&f, (int64_t)i + side * 10, fake_name(names[side][i], 0));
        assert_int_equal(confirm_all(&f), 2);
        assert_int_equal(count(&f, MR_FIND_DIVERGED), 6);
        assert_int_equal(count(&f, MR_FIND_PAIRED), 2);
        check_all_diverged(&f);
        fake_end(&f);
    }
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
        cmocka_unit_test(test_row_that_rests_sometimes),
        cmocka_unit_test(test_row_that_never_rests),
        cmocka_unit_test(test_settle_is_no_false_alarm),
        cmocka_unit_test(test_collation),
        cmocka_unit_test(test_collation_pairs),
        cmocka_unit_test(test_lost_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
