/* check_scan.c: see check_scan.h. */
#include "recon/check/check_scan.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/pair/rowhash.h"
#include "core/source/abreast.h"
#include "recon/check/check_marks.h"
#include "recon/check/check_narrow.h"
#include "recon/check/check_options.h"
#include "recon/check/check_alike.h"
#include "recon/check/check_slots.h"
#include "recon/check/check_trail.h"
#include "recon/check/check_wait.h"
#include "recon/check/chunk.h"

#define MIN_ROWS 5000
#define MAX_ROWS 20000
#define WANTED_BYTES (4.0 * 1024 * 1024)
#define MAX_BYTES (32.0 * 1024 * 1024) /* what 5,000 rows may have */
#define STORED_BYTES (4.0 * 1024 * 1024)
#define TRIES 4 /* of one chunk, when the connection breaks or the query is killed */
#define RETRY_S 30
#define FEW_SUSPECTS 16  /* of a chunk: to look for their parts pays */
#define QUEUE_SIZE 2     /* chunks that the source is ahead */
#define PAGE_BYTES 16384 /* of InnoDB, which says that a table of two rows has a whole one */
#define PAGE_ROWS 500    /* that are asked for of a table of one page */

uint64_t mr_check_chunk_rows(const struct mr_pair *table, double row_bytes)
{
    if (row_bytes < 1)
        row_bytes = 1;
    double rows = WANTED_BYTES / row_bytes;
    double floor_rows = MAX_BYTES / row_bytes;
    if (table->scan[MR_SOURCE].store || table->scan[MR_TARGET].store) {
        floor_rows = STORED_BYTES / row_bytes;
        rows = floor_rows;
    }
    if (rows < MIN_ROWS)
        rows = MIN_ROWS;
    if (rows > floor_rows)
        rows = floor_rows;
    if (rows > MAX_ROWS)
        rows = MAX_ROWS;
    return rows < 1 ? 1 : (uint64_t)rows;
}

/* A chunk as it was read. */
struct reading {
    struct mr_chunk chunk;
    struct mr_digest layout; /* of raw rows; zero: digests of values, or no rows */
};

/* One chunk on its way from the companion to the worker. */
struct parcel {
    struct reading rows;        /* of the source */
    struct mr_strbuf hi;        /* upper bound; unused when last */
    bool last;                  /* ends at the segment's bound */
    struct mr_choice_chunk how; /* digest instead of rows? */
    bool apart;                 /* decides nothing about digests */
    double seconds;             /* that the source took */
    struct mr_range_digest digest;
};

struct scan {
    struct mr_check_worker *worker;
    struct mr_pair *table;
    struct mr_scan_task *task;
    /* the companion's */
    uint64_t limit;        /* rows a chunk */
    struct mr_strbuf from; /* where the next chunk begins */
    bool from_open;
    bool is_worker; /* it is the worker itself, which has the target's connection, too */
    struct mr_rowhash hash[MR_SIDES];
    struct mr_rowhash hash_again;

    /* Where readers have slots: who reads of the source, since companion and worker share one
     * connection. */
    pthread_mutex_t source;
    bool shares_source;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under lock */
    struct parcel parcels[QUEUE_SIZE];
    size_t head, count; /* parcels ready for the worker */
    bool finished;      /* the companion has put its last parcel, or failed */
    bool stop;          /* the worker wants no more */
    bool waits;         /* the companion, for load: the worker is to let go of the target */
    enum mr_code code;  /* of the companion */
    struct mr_err err;

    /* the worker's */
    struct reading target;
    struct reading again;
    struct mr_vec suspects;
    struct mr_strbuf lo; /* of the next chunk to be compared */
    bool lo_open;
    struct mr_strbuf grown; /* where a range ends whose source has grown */
    struct mr_narrow narrow;
    bool scattered; /* the last chunk that differed did so nearly everywhere */
};

struct collect {
    struct mr_rowhash *hash;
    struct reading *to;
};

static enum mr_code collect_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct collect *c = ctx;
    struct mr_chunk *chunk = &c->to->chunk;
    struct mr_digest digest;
    size_t key_at = chunk->keys.len;
    MR_TRY(mr_rowhash_digest(c->hash, values, &digest, &chunk->bytes, err));
    MR_TRY(mr_rowhash_key(c->hash, values, &chunk->keys, err));
    return mr_chunk_add(chunk, key_at, digest, err);
}

static enum mr_code collect_raw(void *ctx, const struct mr_raw_row *row, struct mr_err *err)
{
    struct collect *c = ctx;
    struct mr_chunk *chunk = &c->to->chunk;
    size_t key_at = chunk->keys.len;
    if (row->ptr == NULL)
        return collect_row(ctx, row->values, err);
    c->to->layout = row->layout;
    chunk->bytes += row->len;
    MR_TRY(mr_rowhash_key(c->hash, row->values, &chunk->keys, err));
    return mr_chunk_add(chunk, key_at, mr_rowhash_raw(row), err);
}

/* A killed query or a broken connection is worth another try, unless reconnecting has
 * been tried for long already. */
static bool can_retry(enum mr_code code, double begun_s)
{
    return code == MR_E_LOST && !mr_is_cancelled() && mr_clock_now_s() - begun_s < RETRY_S;
}

/* Reads a range; a broken connection or a killed query is tried again. */
static enum mr_code read_chunk(struct scan *scan, struct mr_reader *reader, struct mr_rowhash *hash,
                               struct mr_range range, uint64_t limit, struct reading *to,
                               struct mr_err *err)
{
    struct collect c = {.hash = hash, .to = to};
    bool raw = atomic_load(&scan->table->raw);
    double begun = mr_clock_now_s();
    enum mr_code code = MR_OK;
    for (int attempt = 0; attempt < TRIES; attempt++) {
        mr_chunk_reset(&to->chunk);
        to->layout = (struct mr_digest){0};
        code = raw ? mr_reader_scan_raw(reader, hash->spec, range, limit, collect_raw, &c, err)
                   : mr_reader_scan(reader, hash->spec, range, limit, collect_row, &c, err);
        if (!can_retry(code, begun))
            break;
        mr_log_detail("table \"%s\": %s; reading the chunk again", scan->table->find.name,
                      err->message);
    }
    if (code == MR_OK)
        mr_progress_add(scan->worker->check->progress, to->chunk.rows.count, to->chunk.bytes);
    return code;
}

static void source_begin(struct scan *scan)
{
    if (scan->shares_source)
        pthread_mutex_lock(&scan->source);
}

static void source_end(struct scan *scan)
{
    if (scan->shares_source)
        pthread_mutex_unlock(&scan->source);
}

/* ---- the companion: source ---- */

static enum mr_code source_rows(struct scan *scan, struct parcel *p, struct mr_range range,
                                struct mr_err *err)
{
    enum mr_code code = read_chunk(scan, scan->worker->reader[MR_SOURCE], &scan->hash[MR_SOURCE],
                                   range, p->how.rows, &p->rows, err);
    if (code != MR_OK)
        return code;
    size_t n = p->rows.chunk.rows.count;
    p->last = n < p->how.rows;
    if (!p->last) {
        struct mr_key key = mr_chunk_key(&p->rows.chunk, n - 1);
        mr_strbuf_reset(&p->hi);
        mr_strbuf_add(&p->hi, key.ptr, key.len);
        scan->limit = mr_check_chunk_rows(scan->table, (double)p->rows.chunk.bytes / (double)n);
    }
    return mr_strbuf_check(&p->hi, "reading a chunk", err);
}

static enum mr_code source_digest(struct scan *scan, struct parcel *p, struct mr_range range,
                                  struct mr_err *err)
{
    struct mr_reader *reader = scan->worker->reader[MR_SOURCE];
    const struct mr_readspec *spec = &scan->table->scan[MR_SOURCE];
    double begun = mr_clock_now_s();
    enum mr_code code = MR_OK;
    for (int attempt = 0; attempt < TRIES; attempt++) {
        struct mr_range part = range; /* each try cuts the whole again */
        mr_chunk_reset(&p->rows.chunk);
        mr_strbuf_reset(&p->hi);
        code = mr_reader_bound_after(reader, spec, range, p->how.rows, &p->hi, err);
        p->last = code == MR_OK && p->hi.len == 0;
        if (code == MR_OK && !p->last)
            part.hi = (struct mr_key){p->hi.ptr, p->hi.len};
        if (code == MR_OK)
            code = mr_reader_digest(reader, spec, part, &p->digest, err);
        if (!can_retry(code, begun))
            break;
    }
    return code;
}

/* By the server's own estimate, which makes a row of a small table look as wide as a page is. */
static bool is_one_page(const struct mr_table *table)
{
    return table->data_bytes > 0 && table->data_bytes <= PAGE_BYTES;
}

/* The rows of one page are one statement, a digest of them two; how fast they come is how long the server
 * takes to open the table.  What has grown since goes on as any other table behind these rows. */
static bool begins_with_page(const struct scan *scan)
{
    return scan->task->lo.ptr == NULL && scan->worker->check->choice.adapts &&
           is_one_page(scan->table->side[MR_SOURCE]) && is_one_page(scan->table->side[MR_TARGET]);
}

static void choose_way(struct scan *scan, struct parcel *p, double now_s)
{
    struct mr_digest_choice *choice = &scan->worker->check->choice;
    p->apart = scan->from_open && begins_with_page(scan);
    if (p->apart)
        p->how =
            (struct mr_choice_chunk){.rows = scan->limit < PAGE_ROWS ? scan->limit : PAGE_ROWS};
    else
        p->how = mr_digest_choice_next(choice, scan->limit, now_s);
}

/* The next chunk.  Rows, or a digest of them: as the choice is now. */
static enum mr_code read_source_chunk(struct scan *scan, struct parcel *p, struct mr_err *err)
{
    const struct mr_range range = {{scan->from_open ? NULL : scan->from.ptr, scan->from.len},
                                   scan->task->hi};
    source_begin(scan);
    const double begun_s = mr_clock_now_s();
    choose_way(scan, p, begun_s);
    enum mr_code code =
        p->how.digests ? source_digest(scan, p, range, err) : source_rows(scan, p, range, err);
    source_end(scan);
    p->seconds = mr_clock_now_s() - begun_s;
    return code;
}

/* Waits for a free parcel; NULL when the worker has stopped. */
static struct parcel *take_free(struct scan *scan)
{
    struct parcel *p = NULL;
    pthread_mutex_lock(&scan->lock);
    while (scan->count == QUEUE_SIZE && !scan->stop)
        pthread_cond_wait(&scan->changed, &scan->lock);
    if (!scan->stop)
        p = &scan->parcels[(scan->head + scan->count) % QUEUE_SIZE];
    pthread_mutex_unlock(&scan->lock);
    return p;
}

static void hand_over(struct scan *scan, bool one_more, bool finished, enum mr_code code)
{
    pthread_mutex_lock(&scan->lock);
    scan->count += one_more;
    scan->finished = finished;
    scan->code = code;
    pthread_cond_broadcast(&scan->changed);
    pthread_mutex_unlock(&scan->lock);
}

/* Before the companion waits for load.  The worker follows once it has nothing to compare; where it is
 * who waits, at once. */
static enum mr_code let_go(void *ctx, struct mr_err *err)
{
    struct scan *scan = ctx;
    if (scan->is_worker)
        return mr_check_let_go_all(scan->worker, err);
    pthread_mutex_lock(&scan->lock);
    scan->waits = true;
    pthread_cond_broadcast(&scan->changed);
    pthread_mutex_unlock(&scan->lock);
    source_begin(scan);
    enum mr_code code = mr_check_let_go(scan->worker, MR_SOURCE, err);
    source_end(scan);
    return code;
}

/* Reads a chunk into a free parcel, and hands it over; *last: there is no other. */
static enum mr_code produce(struct scan *scan, struct parcel *p, bool *last, struct mr_err *err)
{
    const struct mr_throttle_held held = {.let_go = let_go, .ctx = scan};
    MR_TRY(mr_throttle_wait_holding(scan->worker->check->throttle, &held, err));
    MR_TRY(read_source_chunk(scan, p, err));
    *last = p->last;
    scan->from_open = false;
    mr_strbuf_reset(&scan->from);
    mr_strbuf_add(&scan->from, p->hi.ptr, p->hi.len);
    MR_TRY(mr_strbuf_check(&scan->from, "reading a chunk", err));
    hand_over(scan, true, *last, MR_OK);
    return MR_OK;
}

static void *companion(void *arg)
{
    struct scan *scan = arg;
    enum mr_code code = MR_OK;
    bool last = false;
    struct parcel *p;
    while (code == MR_OK && !last && (p = take_free(scan)) != NULL)
        code = produce(scan, p, &last, &scan->err);
    if (code != MR_OK)
        hand_over(scan, false, true, code);
    mr_db_thread_end();
    return NULL;
}

/* ---- the worker: target, comparison, record ---- */

static enum mr_code record(struct scan *scan, struct mr_key hi, bool last,
                           uint64_t source_rows_read, uint64_t target_rows_read, uint64_t bytes,
                           uint64_t equal, struct mr_err *err)
{
    struct mr_find_chunk done = {.table = scan->table->find.id,
                                 .segment = scan->task->segment,
                                 .no = scan->task->next_chunk++,
                                 .hi = hi,
                                 .last = last && !scan->task->more,
                                 .source_rows = source_rows_read,
                                 .target_rows = target_rows_read,
                                 .bytes = bytes,
                                 .equal = equal};
    mr_progress_add_done(scan->worker->check->progress, source_rows_read + target_rows_read);
    if (scan->suspects.count > 0)
        mr_check_trail_spoil(scan->worker->check);
    enum mr_code code = mr_findings_chunk_done(scan->worker->check->fd, &done, scan->suspects.items,
                                               scan->suspects.count, err);
    mr_strbuf_reset(&scan->lo);
    mr_strbuf_add(&scan->lo, hi.ptr, hi.len);
    scan->lo_open = false;
    return code == MR_OK ? mr_strbuf_check(&scan->lo, "reading a chunk", err) : code;
}

static enum mr_code compare_and_record(struct scan *scan, const struct mr_chunk *source,
                                       struct mr_key hi, bool last, struct mr_err *err)
{
    const struct mr_chunk *target = &scan->target.chunk;
    uint64_t equal = 0;
    mr_vec_clear(&scan->suspects);
    MR_TRY(mr_chunk_compare(source, target, &scan->suspects, &equal, err));
    mr_check_alike_look(scan->worker, scan->table, &scan->suspects,
                        source->rows.count > target->rows.count ? source->rows.count
                                                                : target->rows.count);
    return record(scan, hi, last, source->rows.count, target->rows.count,
                  source->bytes + target->bytes, equal, err);
}

/* The connection on which the worker reads of the source, while the companion is ahead; between
 * source_begin and source_end. */
static enum mr_code open_again(struct scan *scan, struct mr_reader **out, struct mr_err *err)
{
    struct mr_check_worker *w = scan->worker;
    struct mr_server_side *source = &w->check->pairing.side[MR_SOURCE];
    bool is_alone = w->check->opts->threads == 1; /* the coordinator's connection rests */

    if (scan->shares_source) {
        *out = w->reader[MR_SOURCE];
        return MR_OK;
    }
    if (!is_alone && w->again == NULL)
        MR_TRY(mr_source_reader_new(source->source, &w->again, err));
    *out = is_alone ? source->main : w->again;
    return MR_OK;
}

static enum mr_code source_again(struct scan *scan, struct mr_range range, uint64_t limit,
                                 struct mr_err *err)
{
    struct mr_reader *reader;
    source_begin(scan);
    enum mr_code code = open_again(scan, &reader, err);
    if (code == MR_OK)
        code = read_chunk(scan, reader, &scan->hash_again, range, limit, &scan->again, err);
    source_end(scan);
    return code;
}

/* Do equal digests of the two mean equal rows?  If not, rows are read by their values from
 * now on. */
static bool is_comparable(struct scan *scan, const struct reading *source)
{
    const struct reading *target = &scan->target;
    if (source->chunk.rows.count == 0 || target->chunk.rows.count == 0 ||
        mr_digest_equal(source->layout, target->layout))
        return true;
    if (atomic_exchange(&scan->table->raw, false))
        mr_log_detail("table \"%s\": the servers pack their rows differently",
                      scan->table->find.name);
    return false;
}

/* Of rows that were read up to a limit: are there more in front of hi?  Then *cut is the last. */
static bool is_cut(const struct reading *read, uint64_t limit, struct mr_key hi, struct mr_key *cut)
{
    size_t n = read->chunk.rows.count;
    if (n < limit)
        return false;
    *cut = mr_chunk_key(&read->chunk, n - 1);
    return hi.ptr == NULL || cut->len != hi.len || memcmp(cut->ptr, hi.ptr, hi.len) != 0;
}

/* The rows of both sides that are compared at once. */
struct part {
    struct mr_range range;
    const struct reading *source;
    uint64_t limit; /* rows of a side */
    bool first;     /* the source's are the parcel's, as long as nothing is cut */
    bool cut;       /* more rows of the target are behind it */
    bool grown;     /* more of the source are inside it than a reading holds */
};

/* A reading of one side, to be run beside the other's. */
struct half {
    struct scan *scan;
    struct mr_range range;
    uint64_t limit;
};

static enum mr_code read_target(void *ctx, struct mr_err *err)
{
    const struct half *h = ctx;
    struct scan *scan = h->scan;
    return read_chunk(scan, scan->worker->reader[MR_TARGET], &scan->hash[MR_TARGET], h->range,
                      h->limit, &scan->target, err);
}

static enum mr_code read_source(void *ctx, struct mr_err *err)
{
    const struct half *h = ctx;
    return source_again(h->scan, h->range, h->limit, err);
}

/* Where nothing is read of the source yet, both sides are, at once; where the target's part is cut
 * then, the source's once more. */
static enum mr_code read_part(struct scan *scan, struct parcel *p, struct part *part,
                              struct mr_err *err)
{
    struct mr_key last;
    struct half half = {scan, part->range, part->limit};
    MR_TRY(part->first ? read_target(&half, err)
                       : mr_abreast(read_target, &half, read_source, &half, NULL, err));
    const bool was_first = part->first;
    part->cut = is_cut(&scan->target, part->limit, part->range.hi, &part->range.hi);
    part->first = part->first && !part->cut;
    part->source = part->first ? &p->rows : &scan->again;
    part->grown = false;
    if (part->first)
        return MR_OK;
    if (was_first || part->cut)
        MR_TRY(source_again(scan, part->range, part->limit, err));
    part->grown = is_cut(&scan->again, part->limit, part->range.hi, &last);
    if (!part->grown)
        return MR_OK;
    mr_strbuf_reset(&scan->grown);
    mr_strbuf_add(&scan->grown, last.ptr, last.len);
    return mr_strbuf_check(&scan->grown, "reading a chunk", err);
}

/*
 * Reads the target's rows of (lo, hi] and compares them with the source's.  Where the
 * target has many more, the range is cut behind the rows that were read, and the source's
 * rows of that part (no more than its chunk had, unless it has grown since: then the part is
 * cut once more) are read again.  So are both sides' where what was read is not comparable.
 */
static enum mr_code match(struct scan *scan, struct parcel *p, struct mr_key hi, bool last,
                          struct mr_err *err)
{
    double row_bytes = (double)scan->table->side[MR_TARGET]->avg_row_bytes;
    uint64_t limit = 2 * mr_check_chunk_rows(scan->table, row_bytes) + p->rows.chunk.rows.count;
    struct part part = {.limit = limit, .first = !p->how.digests};
    for (;;) {
        bool is_end = !part.grown;
        part.range.lo = (struct mr_key){scan->lo_open ? NULL : scan->lo.ptr, scan->lo.len};
        part.range.hi = is_end ? hi : (struct mr_key){scan->grown.ptr, scan->grown.len};
        MR_TRY(read_part(scan, p, &part, err));
        if (part.grown)
            continue;
        if (!is_comparable(scan, part.source)) {
            part.first = false;
            part.grown = !is_end;
            continue;
        }
        is_end &= !part.cut;
        MR_TRY(compare_and_record(scan, &part.source->chunk, part.range.hi, is_end && last, err));
        if (is_end)
            return MR_OK;
    }
}

/* Rows that digests have shown to be equal, up to hi. */
static enum mr_code record_equal(struct scan *scan, struct mr_key hi, bool last, uint64_t rows,
                                 struct mr_err *err)
{
    mr_vec_clear(&scan->suspects);
    mr_progress_add(scan->worker->check->progress, 2 * rows, 0);
    return record(scan, hi, last, rows, rows, 0, rows, err);
}

/* Of a chunk that differs only those parts are read that do.  Where nearly all of them did, the
 * next chunk is read without asking, until one differs in few rows. */
static enum mr_code match_parts(struct scan *scan, struct parcel *p, struct mr_range range,
                                struct mr_err *err)
{
    struct mr_narrow *narrow = &scan->narrow;
    struct mr_reader *again;
    if (scan->scattered) {
        MR_TRY(match(scan, p, range.hi, p->last, err));
        scan->scattered = scan->suspects.count > FEW_SUSPECTS;
        return MR_OK;
    }
    source_begin(scan);
    enum mr_code code = open_again(scan, &again, err);
    if (code == MR_OK)
        code =
            mr_check_narrow(scan->worker, scan->table, again, range, p->digest.rows, narrow, err);
    source_end(scan);
    MR_TRY(code);
    if (narrow->stretches.count == 0)
        return match(scan, p, range.hi, p->last, err);
    scan->scattered = narrow->differing > narrow->parts / 2;
    for (size_t i = 0; i < narrow->stretches.count; i++) {
        const struct mr_stretch *stretch = mr_vec_at(&narrow->stretches, i);
        const bool last = p->last && i + 1 == narrow->stretches.count;
        MR_TRY(stretch->differs ? match(scan, p, stretch->hi, last, err)
                                : record_equal(scan, stretch->hi, last, stretch->rows, err));
    }
    return MR_OK;
}

/* Server-side digests: equal chunks are done, of any other rows are read. */
static enum mr_code match_digest(struct scan *scan, struct parcel *p, struct mr_key hi,
                                 struct mr_err *err)
{
    struct mr_range range = {{scan->lo_open ? NULL : scan->lo.ptr, scan->lo.len}, hi};
    struct mr_range_digest digest;
    double begun = mr_clock_now_s();
    enum mr_code code = MR_OK;
    for (int attempt = 0; attempt < TRIES; attempt++) {
        code = mr_reader_digest(scan->worker->reader[MR_TARGET], &scan->table->scan[MR_TARGET],
                                range, &digest, err);
        if (!can_retry(code, begun))
            break;
    }
    if (code != MR_OK)
        return code;
    if (!mr_range_digest_same(&p->digest, &digest))
        return match_parts(scan, p, range, err);
    return record_equal(scan, hi, p->last, digest.rows, err);
}

/* The next parcel; NULL when there are no more, with *code the companion's. */
static struct parcel *take_ready(struct scan *scan, enum mr_code *code, struct mr_err *err)
{
    struct parcel *p = NULL;
    pthread_mutex_lock(&scan->lock);
    while (*code == MR_OK && scan->count == 0 && !scan->finished) {
        if (!scan->waits) {
            pthread_cond_wait(&scan->changed, &scan->lock);
            continue;
        }
        scan->waits = false;
        pthread_mutex_unlock(&scan->lock);
        *code = mr_check_let_go(scan->worker, MR_TARGET, err);
        pthread_mutex_lock(&scan->lock);
    }
    if (*code == MR_OK && scan->count > 0) {
        p = &scan->parcels[scan->head];
    } else if (*code == MR_OK) {
        *code = scan->code;
        if (*code != MR_OK && err != NULL)
            *err = scan->err;
    }
    pthread_mutex_unlock(&scan->lock);
    return p;
}

static void give_back(struct scan *scan)
{
    pthread_mutex_lock(&scan->lock);
    scan->head = (scan->head + 1) % QUEUE_SIZE;
    scan->count--;
    pthread_cond_broadcast(&scan->changed);
    pthread_mutex_unlock(&scan->lock);
}

static void say_change(const struct scan *scan, const struct mr_choice_change *change)
{
    struct mr_strbuf rows = MR_STRBUF_INIT, digests = MR_STRBUF_INIT;
    mr_progress_add_count(&rows, change->rows_s);
    mr_progress_add_count(&digests, change->digests_s);
    mr_log_info(
        "table \"%s\": %s rows a second are read, %s digested by the servers: %s",
        scan->table->find.name, rows.failed ? "" : rows.ptr, digests.failed ? "" : digests.ptr,
        change->digests ? "from now on they compute the digests (--digest client reads rows)"
                        : "rows are read from now on");
    mr_strbuf_release(&rows);
    mr_strbuf_release(&digests);
}

/* The sides work at the same time: a chunk costs what the slower one takes. */
static void account(struct scan *scan, const struct parcel *p, double target_s)
{
    const struct mr_choice_taken taken = {
        .rows = p->how.digests ? p->digest.rows : p->rows.chunk.rows.count,
        .row_bytes = (double)scan->table->side[MR_SOURCE]->avg_row_bytes,
        .seconds = p->seconds > target_s ? p->seconds : target_s,
        .full_rows = (double)mr_check_chunk_rows(
            scan->table, (double)scan->table->side[MR_SOURCE]->avg_row_bytes)};
    const struct mr_choice_change change =
        mr_digest_choice_took(&scan->worker->check->choice, &p->how, &taken, mr_clock_now_s());
    if (change.changed)
        say_change(scan, &change);
}

static enum mr_code work(struct scan *scan, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    struct parcel *p;
    while (code == MR_OK && (p = take_ready(scan, &code, err)) != NULL) {
        struct mr_key hi = p->last ? scan->task->hi : (struct mr_key){p->hi.ptr, p->hi.len};
        const bool last = p->last;
        const double begun_s = mr_clock_now_s();
        code = p->how.digests ? match_digest(scan, p, hi, err) : match(scan, p, hi, last, err);
        if (code == MR_OK && !p->apart)
            account(scan, p, mr_clock_now_s() - begun_s);
        give_back(scan);
        if (!last)
            mr_check_marks_look(scan->worker->check, scan->table);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
    }
    return code;
}

static enum mr_code scan_init(struct scan *scan, struct mr_err *err)
{
    struct mr_pair *table = scan->table;
    double bytes = (double)table->side[MR_SOURCE]->avg_row_bytes;
    for (size_t i = 0; i < QUEUE_SIZE; i++) {
        mr_chunk_init(&scan->parcels[i].rows.chunk);
        mr_strbuf_init(&scan->parcels[i].hi);
    }
    mr_chunk_init(&scan->target.chunk);
    mr_chunk_init(&scan->again.chunk);
    mr_strbuf_init(&scan->from);
    mr_strbuf_init(&scan->lo);
    mr_strbuf_init(&scan->grown);
    mr_narrow_init(&scan->narrow);
    scan->suspects = (struct mr_vec)MR_VEC_INIT(struct mr_find_suspect);
    scan->limit = mr_check_chunk_rows(table, bytes);
    scan->from_open = scan->lo_open = scan->task->lo.ptr == NULL;
    mr_strbuf_add(&scan->from, scan->task->lo.ptr, scan->task->lo.len);
    mr_strbuf_add(&scan->lo, scan->task->lo.ptr, scan->task->lo.len);
    MR_TRY(mr_strbuf_check(&scan->from, "reading a chunk", err));
    MR_TRY(mr_strbuf_check(&scan->lo, "reading a chunk", err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(mr_rowhash_init(&scan->hash[side], table, &table->scan[side], err));
    return mr_rowhash_init(&scan->hash_again, table, &table->scan[MR_SOURCE], err);
}

static void scan_release(struct scan *scan)
{
    for (size_t i = 0; i < QUEUE_SIZE; i++) {
        mr_chunk_release(&scan->parcels[i].rows.chunk);
        mr_strbuf_release(&scan->parcels[i].hi);
    }
    mr_chunk_release(&scan->target.chunk);
    mr_chunk_release(&scan->again.chunk);
    mr_strbuf_release(&scan->from);
    mr_strbuf_release(&scan->lo);
    mr_strbuf_release(&scan->grown);
    mr_narrow_release(&scan->narrow);
    mr_vec_release(&scan->suspects);
    mr_rowhash_release(&scan->hash[MR_SOURCE]);
    mr_rowhash_release(&scan->hash[MR_TARGET]);
    mr_rowhash_release(&scan->hash_again);
}

/* What is one chunk of the source is read before the target's, whoever reads it: a thread for each of
 * thousands of tables would only cost. */
static enum mr_code run_threads(struct scan *scan, struct mr_err *err)
{
    pthread_t thread;
    bool last = false;
    scan->is_worker = begins_with_page(scan);
    if (scan->is_worker)
        MR_TRY(produce(scan, &scan->parcels[0], &last, err));
    scan->is_worker = false;
    if (last)
        return work(scan, err);
    int failed = pthread_create(&thread, NULL, companion, scan);
    if (failed != 0)
        return mr_err_set_sys(err, MR_E_NOMEM, failed, "could not start a thread");
    enum mr_code code = work(scan, err);
    pthread_mutex_lock(&scan->lock);
    scan->stop = true;
    pthread_cond_broadcast(&scan->changed);
    pthread_mutex_unlock(&scan->lock);
    pthread_join(thread, NULL);
    return code;
}

enum mr_code mr_check_scan(struct mr_check_worker *worker, struct mr_scan_task *task,
                           struct mr_err *err)
{
    struct scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL)
        return mr_err_nomem(err, "reading a table");
    scan->worker = worker;
    scan->table = task->table;
    scan->task = task;
    /* what is read again of a view is read in it: another connection sees another moment */
    scan->shares_source = mr_check_has_slots(worker->check) || worker->check->opts->consistent;
    pthread_mutex_init(&scan->source, NULL);
    pthread_mutex_init(&scan->lock, NULL);
    pthread_cond_init(&scan->changed, NULL);
    enum mr_code code = scan_init(scan, err);
    if (code == MR_OK && !atomic_load(&task->table->failed)) {
        mr_digest_choice_join(&worker->check->choice);
        code = run_threads(scan, err);
        mr_digest_choice_leave(&worker->check->choice, code != MR_OK);
    }
    scan_release(scan);
    pthread_cond_destroy(&scan->changed);
    pthread_mutex_destroy(&scan->lock);
    pthread_mutex_destroy(&scan->source);
    free(scan);
    if (code != MR_OK && !mr_check_is_fatal(code)) {
        mr_check_give_up(worker->check, task->table, err);
        code = MR_OK;
    }
    return code;
}
