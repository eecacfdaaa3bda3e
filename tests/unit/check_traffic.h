/*
 * check_traffic: what the unit tests of confirming share: a fake primary that is written and a
 * replica that follows it, suspects, and what became of them.
 *
 * The functions that would ask a server are replaced here: mr_canon folds case, and a
 * replication position is an index into the fake primary's log.
 */
#ifndef MR_CHECK_TRAFFIC_H
#define MR_CHECK_TRAFFIC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <time.h>

#include "check_fake.h"
#include "core/case/image.h"
#include "core/source/canon.h"
#include "recon/check/check_confirm.h"
#include "recon/check/check_inflight.h"
#include "recon/check/check_settle.h"

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
    bool hangs;   /* … and yet has a position */
    size_t asked; /* for one */
    struct fake *fake;
    int64_t value;       /* no value is ever written twice */
    bool gone_once[IDS]; /* no row is deleted twice, */
    bool is_new[IDS];    /* nor is one that was not there at first: so no row is ever
                              again as it was before, and a stale read can be told */
} traffic;

static inline void write_row(struct fake *f, int64_t id)
{
    struct fake_side *primary = &f->side[traffic.primary];
    struct fake_row row = fake_id(id, traffic.value++);
    bool there = fake_find(primary, &row) != NULL;
    bool deleted = there && random_below(3) == 0 && !traffic.gone_once[id] && !traffic.is_new[id];
    if (traffic.written == LOG_MAX)
        return;
    if (deleted)
        fake_delete(primary, row);
    else
        fake_put(primary, row);
    traffic.gone_once[id] = traffic.gone_once[id] || deleted;
    traffic.entries[traffic.written++] = (struct logged){row, deleted};
}

static inline void apply_until(size_t end)
{
    struct fake_side *replica = &traffic.fake->side[mr_other_side(traffic.primary)];
    for (; traffic.applied < end && !traffic.stopped && !traffic.hangs; traffic.applied++) {
        const struct logged *entry = &traffic.entries[traffic.applied];
        if (entry->deleted)
            fake_delete(replica, entry->row);
        else
            fake_put(replica, entry->row);
    }
}

/* Rows whose id is a multiple of three are never written. */
static inline bool stands_still(int64_t id)
{
    return id % 3 == 0;
}

static inline void traffic_before(struct fake *f, enum mr_side side, enum fake_read what)
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

/* No connection is lost. */
enum mr_code __wrap_mr_check_main(const struct mr_check_run *check, enum mr_side side,
                                  struct mr_db **db, struct mr_err *err);
enum mr_code __wrap_mr_check_main(const struct mr_check_run *check, enum mr_side side,
                                  struct mr_db **db, struct mr_err *err)
{
    (void)err;
    *db = mr_reader_db(check->pairing.side[side].main);
    return MR_OK;
}

enum mr_code __wrap_mr_replication_position(struct mr_db *a, struct mr_strbuf *position,
                                            struct mr_err *err);
enum mr_code __wrap_mr_replication_position(struct mr_db *a, struct mr_strbuf *position,
                                            struct mr_err *err)
{
    (void)a;
    (void)err;
    traffic.asked++;
    if (!traffic.stopped)
        mr_strbuf_add_fmt(position, "%zu", traffic.written);
    return MR_OK;
}

/* Whatever is written here is shown at once. */
enum mr_code __wrap_mr_inflight_find(struct mr_reader *up, struct mr_rowhash *hash,
                                     struct mr_inflight *rows, size_t count, struct mr_err *err);
enum mr_code __wrap_mr_inflight_find(struct mr_reader *up, struct mr_rowhash *hash,
                                     struct mr_inflight *rows, size_t count, struct mr_err *err)
{
    (void)up;
    (void)hash;
    (void)err;
    for (size_t i = 0; i < count; i++)
        rows[i].is_underway = false;
    return MR_OK;
}

enum mr_code __wrap_mr_replication_wait(struct mr_db *b, const char *position, unsigned timeout_s,
                                        bool *reached, struct mr_err *err);
enum mr_code __wrap_mr_replication_wait(struct mr_db *b, const char *position, unsigned timeout_s,
                                        bool *reached, struct mr_err *err)
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

/* Nothing comes of waiting: a replica goes on when it is asked. */
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)time;
    (void)left;
    return 0;
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

static inline void begin(struct fake *f)
{
    assert_int_equal(fake_begin(f), MR_OK);
    f->options.settle_limit_ms = 60 * 1000;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        f->side[side].answers = true;
        f->servers[side].main = f->worker.reader[side];
    }
}

/* So that many suspects are read at a time. */
static inline void set_batch(struct fake *f, size_t rows)
{
    f->table.find.counts.source_rows = 1;
    f->table.find.counts.bytes = 4 * 1024 * 1024 / rows;
}

static inline void add_suspect(struct fake *f, int64_t chunk, struct fake_row row)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    fake_encode(f, &row, &key);
    struct mr_find_suspect suspect = {.key = {key.ptr, key.len}};
    struct mr_find_chunk done = {.table = f->table.find.id, .no = chunk, .hi = suspect.key};
    assert_int_equal(mr_findings_chunk_done(f->run.fd, &done, &suspect, 1, NULL), MR_OK);
    mr_strbuf_release(&key);
}

static inline uint64_t count(struct fake *f, enum mr_find_state state)
{
    uint64_t n = 0;
    assert_int_equal(mr_findings_count(f->run.fd, f->table.find.id, state, &n, NULL), MR_OK);
    return n;
}

/* One round; how many are open after it. */
static inline uint64_t confirm(struct fake *f, unsigned round)
{
    struct mr_err err = {0};
    bool reached = false;
    assert_int_equal(mr_check_settle(&f->run, &reached, &err), MR_OK);
    const struct mr_confirm_task task = {
        .table = &f->table, .round = round, .rests = mr_check_settle_rests(&f->run)};
    if (reached)
        assert_int_equal(mr_check_confirm(&f->worker, &task, &err), MR_OK);
    return count(f, MR_FIND_SUSPECT) + count(f, MR_FIND_SEEN_ONCE);
}

static inline unsigned confirm_all(struct fake *f)
{
    unsigned round = 1;
    while (confirm(f, round) > 0 && round < MR_CONFIRM_ROUNDS)
        round++;
    return round;
}

/* What an image holds; false for "no row". */
static inline bool read_image(const void *image, size_t len, struct fake_row *row)
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

static inline void check_image(const struct fake_row *row, const void *image, size_t len)
{
    struct fake_row seen;
    assert_int_equal(read_image(image, len, &seen), row != NULL);
    if (row == NULL)
        return;
    assert_int_equal(seen.id, row->id);
    assert_int_equal(seen.value, row->value);
    assert_string_equal(seen.name, row->name);
}

static inline enum mr_code check_diverged(void *ctx, const struct mr_finding *finding,
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
static inline void check_all_diverged(struct fake *f)
{
    assert_int_equal(mr_findings_walk(f->run.fd, f->table.find.id, false, check_diverged, f, NULL),
                     MR_OK);
}

#endif
