/* history_close.c: see history_close.h. */
#include "recon/history/history_close.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/signals.h"
#include "core/case/seen_image.h"
#include "recon/history/key_find.h"

#define BATCH_KEYS 500U
#define ROUNDS 6
#define STALE_MAX 6  /* of WAIT_NS each: a commit may wait for a replica before its row is seen */
#define RECENT 4096U /* a power of two */
#define TOUCHED_MIN ((size_t)65536)
#define OPEN_MAX ((size_t)20000) /* keys that may move while they are read */
#define TRIES 4
#define WAIT_NS 500000000L

/* A key whose row is not, or not yet, what the log says. */
struct open_key {
    size_t table;
    struct mr_key key; /* bytes in the work's arena */
    /* How often in a row was the log read on, behind the row, and had nothing of the key? */
    unsigned stale;
    bool is_touched; /* the log that was read on has changed it */
};

struct work {
    struct mr_history_close *c;
    struct mr_arena arena;
    struct mr_arena batch; /* of marks */
    struct mr_vec marks;   /* struct mr_evidence_mark, of a batch */
    struct mr_vec open;    /* struct open_key */
    struct mr_strbuf last; /* key behind which the next batch is */
    uint64_t *recent;      /* hashes of keys that were touched: a hot one is told once */
    size_t unite_at;       /* so many of open: some of them are one key */
    struct mr_seen_image seen;
    struct mr_strbuf key, image;
    size_t table; /* that is read */
    bool *met;    /* per mark of the batch: its row was there, and fits */
    bool *there;  /* its row was there */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "comparing rows with the logs");
}

static struct mr_evidence_of *of_table(const struct work *w, size_t table)
{
    const struct mr_history_scan *scan = w->c->scan;
    return &scan->tables[table].evidence.of[scan->side];
}

/* ---- one row ---- */

/* Binary search among the marks of the batch, which stand in the order of their bytes. */
static size_t find_mark(const struct work *w, struct mr_key key)
{
    size_t lo = 0, hi = w->marks.count;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const struct mr_evidence_mark *mark = mr_vec_at(&w->marks, mid);
        const int order = mr_key_compare(mark->key, key);
        if (order == 0)
            return mid;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return SIZE_MAX;
}

/* The columns that the log has shown are compared, where it has not shown all. */
static enum mr_code row_fits(struct work *w, const struct mr_evidence_mark *mark, bool *fits,
                             struct mr_err *err)
{
    struct mr_digest digest;
    *fits = (mark->flags & MR_MARK_DELETED) == 0;
    if (!*fits)
        return MR_OK;
    if (mark->has_digest) {
        MR_TRY(mr_row_digest(w->image.ptr, w->image.len, &digest, err));
        *fits = mr_digest_equal(digest, mark->digest);
        return MR_OK;
    }
    size_t at = 0;
    MR_TRY(mr_seen_image_open(&w->seen, mark->last.ptr, mark->last.len, err));
    for (size_t i = 0; i < mr_seen_image_places(&w->seen); i++) {
        const size_t begin = at;
        const struct mr_key seen = mr_seen_image_at(&w->seen, i);
        MR_TRY(mr_row_skip(w->image.ptr, w->image.len, &at, err));
        if (seen.ptr != NULL && !mr_row_same(seen.ptr, seen.len, w->image.ptr + begin, at - begin))
            *fits = false;
    }
    return MR_OK;
}

static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct work *w = ctx;
    const struct mr_history_table *table = &w->c->scan->tables[w->table];
    mr_strbuf_reset(&w->key);
    mr_strbuf_reset(&w->image);
    for (size_t k = 0; k < table->nkey; k++)
        MR_TRY(mr_row_encode(&w->key, &values[table->key[k]], err));
    MR_TRY(mr_strbuf_check(&w->key, "comparing rows with the logs", err));
    const size_t at = find_mark(w, (struct mr_key){w->key.ptr, w->key.len});
    if (at == SIZE_MAX)
        return MR_OK; /* of a key that the collation takes for the same */
    for (size_t i = 0; i < table->ncolumns; i++)
        MR_TRY(mr_row_encode_exact(&w->image, &values[i], err));
    MR_TRY(mr_strbuf_check(&w->image, "comparing rows with the logs", err));
    w->there[at] = true;
    return row_fits(w, mr_vec_at(&w->marks, at), &w->met[at], err);
}

/* ---- a batch ---- */

static enum mr_code add_open(struct work *w, size_t table, struct mr_key key, struct mr_err *err)
{
    struct open_key *open = mr_vec_push(&w->open);
    const char *copy = mr_arena_dup(&w->arena, key.ptr, key.len);
    if (open == NULL || copy == NULL)
        return nomem(err);
    *open = (struct open_key){.table = table, .key = {copy, key.len}};
    return MR_OK;
}

static enum mr_code read_rows(struct work *w, struct mr_err *err)
{
    const struct mr_history_scan *scan = w->c->scan;
    struct mr_key keys[BATCH_KEYS];
    enum mr_code code = MR_E_LOST;
    for (size_t i = 0; i < w->marks.count; i++)
        keys[i] = ((const struct mr_evidence_mark *)mr_vec_at(&w->marks, i))->key;
    for (int attempt = 0; code == MR_E_LOST && attempt < TRIES && !mr_is_cancelled(); attempt++) {
        memset(w->met, 0, BATCH_KEYS);
        memset(w->there, 0, BATCH_KEYS);
        code = mr_reader_fetch(w->c->reader, &scan->tables[w->table].read[scan->side], keys,
                               w->marks.count, take_row, w, err);
    }
    return code;
}

static bool fits_mark(const struct work *w, size_t at)
{
    const struct mr_evidence_mark *m = mr_vec_at(&w->marks, at);
    return (m->flags & MR_MARK_DELETED) != 0 ? !w->there[at] : w->met[at];
}

static enum mr_code compare_batch(struct work *w, struct mr_err *err)
{
    MR_TRY(mr_throttle_wait(w->c->throttle, err));
    MR_TRY(read_rows(w, err));
    return mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK;
}

/* ---- what breaks a table ---- */

static const char *key_text(const struct work *w, size_t table, struct mr_key key,
                            struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const enum mr_code code = mr_key_spell(key, &w->c->scan->tables[table].pair->find, &text, err);
    const char *kept =
        code != MR_OK || text.failed ? NULL : mr_arena_dup(w->c->scan->arena, text.ptr, text.len);
    mr_strbuf_release(&text);
    return kept;
}

static enum mr_code break_table(struct work *w, size_t table, struct mr_key key, const char *why,
                                struct mr_err *err)
{
    struct mr_evidence_of *of = of_table(w, table);
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *shown = key_text(w, table, key, err);
    if (of->witness == MR_WITNESS_BLIND || of->witness == MR_WITNESS_BROKEN)
        return MR_OK;
    mr_strbuf_add_fmt(&text, "%s" MR_WITNESS_AT_KEY "%s", why, shown != NULL ? shown : "?");
    of->witness = MR_WITNESS_BROKEN;
    of->reason = text.failed ? NULL : mr_arena_strdup(w->c->scan->arena, text.ptr);
    mr_strbuf_release(&text);
    return of->reason != NULL ? MR_OK : nomem(err);
}

#define NOT_THE_ROW "the last image in the log is not the row that is there"

/* ---- marks of a batch ---- */

static bool is_readable(const struct work *w, size_t table)
{
    return w->c->scan->tables[table].pair != NULL &&
           of_table(w, table)->witness != MR_WITNESS_BLIND &&
           of_table(w, table)->witness != MR_WITNESS_BROKEN;
}

/* Those behind w->last. */
static enum mr_code next_marks(struct work *w, size_t table, struct mr_err *err)
{
    const struct mr_history_scan *scan = w->c->scan;
    const struct mr_key after = {w->last.len > 0 ? w->last.ptr : NULL, w->last.len};
    mr_vec_clear(&w->marks);
    mr_arena_reset(&w->batch);
    MR_TRY(mr_evidence_ends_so_far(scan->writer, scan->tables[table].evidence.id, (int)scan->side,
                                   after, BATCH_KEYS, &w->batch, &w->marks, err));
    if (w->marks.count == 0)
        return MR_OK;
    const struct mr_evidence_mark *last = mr_vec_at(&w->marks, w->marks.count - 1);
    mr_strbuf_reset(&w->last);
    mr_strbuf_add(&w->last, last->key.ptr, last->key.len);
    return mr_strbuf_check(&w->last, "comparing rows with the logs", err);
}

static enum mr_code check_chain(struct work *w, size_t table, struct mr_err *err)
{
    for (size_t i = 0; i < w->marks.count; i++) {
        const struct mr_evidence_mark *m = mr_vec_at(&w->marks, i);
        if ((m->flags & MR_MARK_BROKEN) != 0)
            return break_table(w, table, m->key,
                               "a row in the log is not as the change before it had left it", err);
    }
    return MR_OK;
}

/* ---- keys that move ---- */

static enum mr_code get_mark(struct work *w, const struct open_key *open, bool *found,
                             struct mr_err *err)
{
    struct mr_history_scan *scan = w->c->scan;
    struct mr_evidence_mark *m = mr_vec_push(&w->marks);
    if (m == NULL)
        return nomem(err);
    MR_TRY(mr_evidence_mark_get(scan->writer, scan->tables[open->table].evidence.id,
                                (int)scan->side, open->key, &w->batch, m, found, err));
    if (!*found)
        w->marks.count--;
    return MR_OK;
}

/* Nothing may be read at once after it was written: the log comes before the row. */
static void wait_a_little(void)
{
    const struct timespec half = {0, WAIT_NS};
    if (!mr_is_cancelled())
        (void)nanosleep(&half, NULL);
}

static int compare_open(const void *a, const void *b)
{
    const struct open_key *x = a, *y = b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    return mr_key_compare(x->key, y->key);
}

/* One of each key, in order. */
static void unite_open(struct work *w)
{
    size_t kept = 0;
    if (w->open.count > 1)
        qsort(w->open.items, w->open.count, sizeof(struct open_key), compare_open);
    for (size_t i = 0; i < w->open.count; i++) {
        const struct open_key open = *(struct open_key *)mr_vec_at(&w->open, i);
        struct open_key *before = kept > 0 ? mr_vec_at(&w->open, kept - 1) : NULL;
        if (before != NULL && compare_open(before, &open) == 0)
            before->is_touched = before->is_touched || open.is_touched;
        else
            *(struct open_key *)mr_vec_at(&w->open, kept++) = open;
    }
    w->open.count = kept;
}

/* Keys that are no longer open, or were twice, leave memory. */
static enum mr_code keep_open(struct work *w, struct mr_err *err)
{
    struct mr_arena fresh = MR_ARENA_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < w->open.count; i++) {
        struct open_key *open = mr_vec_at(&w->open, i);
        open->key.ptr = mr_arena_dup(&fresh, open->key.ptr, open->key.len);
        if (open->key.ptr == NULL)
            code = nomem(err);
    }
    mr_arena_release(&w->arena);
    w->arena = fresh;
    return code;
}

/* A server that writes the same rows while others are compared writes them very often. */
static enum mr_code squeeze(struct work *w, struct mr_err *err)
{
    unite_open(w);
    w->unite_at = w->open.count > TOUCHED_MIN / 2 ? w->open.count * 2 : TOUCHED_MIN;
    return keep_open(w, err);
}

static enum mr_code take_touched(void *ctx, size_t table, struct mr_key key, struct mr_err *err)
{
    struct work *w = ctx;
    const uint64_t hash = mr_digest_bytes(key.ptr, key.len).lo ^ (table + 1) * 0x9e3779b97f4a7c15u;
    uint64_t *slot = &w->recent[hash & (RECENT - 1)];
    if (*slot == hash)
        return MR_OK;
    *slot = hash;
    MR_TRY(add_open(w, table, key, err));
    ((struct open_key *)mr_vec_at(&w->open, w->open.count - 1))->is_touched = true;
    return w->open.count < w->unite_at ? MR_OK : squeeze(w, err);
}

/* What the server has written since: those keys are to be looked at, again or for the first time. */
static enum mr_code read_on(struct work *w, struct mr_err *err)
{
    struct mr_history_scan *scan = w->c->scan;
    bool more = false;
    for (size_t i = 0; i < w->open.count; i++)
        ((struct open_key *)mr_vec_at(&w->open, i))->is_touched = false;
    memset(w->recent, 0, RECENT * sizeof *w->recent);
    w->unite_at = w->open.count + TOUCHED_MIN;
    scan->touch = take_touched;
    scan->touch_ctx = w;
    enum mr_code code = mr_history_logs_read_on(w->c->logs, scan, &more, err);
    if (code == MR_OK && more)
        code = mr_history_scan_flush(scan, err);
    scan->touch = NULL;
    unite_open(w);
    for (size_t i = 0; i < w->open.count; i++) {
        struct open_key *open = mr_vec_at(&w->open, i);
        open->stale = open->is_touched ? 0 : open->stale + 1;
    }
    return code;
}

/* The marks of the keys from `from` on, of one table. */
static enum mr_code get_marks(struct work *w, size_t from, size_t count, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->marks);
    mr_arena_reset(&w->batch);
    MR_TRY(mr_findings_begin(w->c->scan->fd, err));
    for (size_t i = from; code == MR_OK && i < from + count; i++) {
        bool found;
        code = get_mark(w, mr_vec_at(&w->open, i), &found, err);
    }
    return mr_findings_end(w->c->scan->fd, code, err);
}

/* Keys and marks are in the same order, but some keys may have no mark. */
static enum mr_code look_at(struct work *w, size_t from, size_t count, size_t *kept,
                            struct mr_err *err)
{
    const size_t table = ((const struct open_key *)mr_vec_at(&w->open, from))->table;
    if (!is_readable(w, table))
        return MR_OK;
    MR_TRY(get_marks(w, from, count, err));
    if (w->marks.count == 0)
        return MR_OK;
    w->table = table;
    MR_TRY(check_chain(w, table, err));
    if (!is_readable(w, table))
        return MR_OK;
    MR_TRY(compare_batch(w, err));
    for (size_t i = from; i < from + count; i++) {
        const struct open_key open = *(struct open_key *)mr_vec_at(&w->open, i);
        const size_t at = find_mark(w, open.key);
        if (at == SIZE_MAX || fits_mark(w, at))
            continue;
        if (open.stale >= STALE_MAX)
            return break_table(w, table, open.key, NOT_THE_ROW, err);
        *(struct open_key *)mr_vec_at(&w->open, (*kept)++) = open;
    }
    return MR_OK;
}

/* Keeps those that still do not fit. */
static enum mr_code look_again(struct work *w, struct mr_err *err)
{
    size_t kept = 0, count;
    for (size_t from = 0; from < w->open.count; from += count) {
        const size_t table = ((const struct open_key *)mr_vec_at(&w->open, from))->table;
        for (count = 1; count < BATCH_KEYS && from + count < w->open.count; count++)
            if (((const struct open_key *)mr_vec_at(&w->open, from + count))->table != table)
                break;
        MR_TRY(look_at(w, from, count, &kept, err));
    }
    w->open.count = kept;
    return MR_OK;
}

/* A row that was read before a round, and of which the log had nothing since, will not come right by
 * itself, however much the server writes of others. */
static enum mr_code round_of(struct work *w, struct mr_err *err)
{
    wait_a_little();
    MR_TRY(read_on(w, err));
    MR_TRY(look_again(w, err));
    return keep_open(w, err);
}

static enum mr_code flag_moving(struct work *w, const struct open_key *open, struct mr_err *err)
{
    struct mr_history_scan *scan = w->c->scan;
    bool found = false;
    mr_vec_clear(&w->marks);
    mr_arena_reset(&w->batch);
    MR_TRY(mr_findings_begin(scan->fd, err));
    enum mr_code code = get_mark(w, open, &found, err);
    if (code == MR_OK && found) {
        struct mr_evidence_mark *m = mr_vec_at(&w->marks, 0);
        m->flags |= MR_MARK_MOVING;
        of_table(w, open->table)->moving++;
        code = mr_evidence_mark_put(scan->writer, scan->tables[open->table].evidence.id,
                                    (int)scan->side, m, err);
    }
    return mr_findings_end(scan->fd, code, err);
}

static bool has_stale(const struct work *w)
{
    for (size_t i = 0; i < w->open.count; i++)
        if (((const struct open_key *)mr_vec_at(&w->open, i))->stale > 0)
            return true;
    return false;
}

/* Until what is read is what the log says, or what moves is known to. */
static enum mr_code settle(struct work *w, struct mr_err *err)
{
    for (int round = 0; w->open.count > 0 && round < 2 * ROUNDS; round++) {
        if (round >= ROUNDS && !has_stale(w))
            break;
        MR_TRY(round_of(w, err));
    }
    for (size_t i = 0; i < w->open.count; i++)
        MR_TRY(flag_moving(w, mr_vec_at(&w->open, i), err));
    return MR_OK;
}

/* ---- all keys ---- */

/* Too many to be followed, though they were looked at once more: the table that has the most. */
static enum mr_code break_greatest(struct work *w, struct mr_err *err)
{
    size_t most = 0, most_at = 0, kept = 0;
    for (size_t i = 0, from = 0; i < w->open.count; i++) {
        const struct open_key *open = mr_vec_at(&w->open, i);
        if (open->table != ((const struct open_key *)mr_vec_at(&w->open, from))->table)
            from = i;
        if (i - from >= most) {
            most = i - from;
            most_at = from;
        }
    }
    const struct open_key first = *(struct open_key *)mr_vec_at(&w->open, most_at);
    MR_TRY(break_table(w, first.table, first.key, NOT_THE_ROW, err));
    for (size_t i = 0; i < w->open.count; i++) {
        const struct open_key open = *(struct open_key *)mr_vec_at(&w->open, i);
        if (open.table != first.table)
            *(struct open_key *)mr_vec_at(&w->open, kept++) = open;
    }
    w->open.count = kept;
    return MR_OK;
}

static enum mr_code take_batch(struct work *w, size_t table, struct mr_err *err)
{
    w->table = table;
    MR_TRY(compare_batch(w, err));
    for (size_t i = 0; i < w->marks.count; i++)
        if (!fits_mark(w, i))
            MR_TRY(add_open(w, table,
                            ((const struct mr_evidence_mark *)mr_vec_at(&w->marks, i))->key, err));
    if (w->open.count <= OPEN_MAX)
        return MR_OK;
    MR_TRY(round_of(w, err));
    return w->open.count > OPEN_MAX ? break_greatest(w, err) : MR_OK;
}

static enum mr_code close_table(struct work *w, size_t table, struct mr_err *err)
{
    struct mr_evidence_of *of = of_table(w, table);
    of->keys = 0;
    mr_strbuf_reset(&w->last);
    for (;;) {
        MR_TRY(next_marks(w, table, err));
        const size_t count = w->marks.count;
        if (count == 0)
            return MR_OK;
        of->keys += count;
        MR_TRY(check_chain(w, table, err));
        if (is_readable(w, table))
            MR_TRY(take_batch(w, table, err));
        mr_progress_add_done(w->c->progress, count);
        mr_progress_tick(w->c->progress);
    }
}

enum mr_code mr_history_close_side(struct mr_history_close *c, struct mr_err *err)
{
    bool met[BATCH_KEYS], there[BATCH_KEYS];
    uint64_t recent[RECENT];
    struct work w = {.c = c,
                     .arena = MR_ARENA_INIT,
                     .batch = MR_ARENA_INIT,
                     .marks = MR_VEC_INIT(struct mr_evidence_mark),
                     .open = MR_VEC_INIT(struct open_key),
                     .last = MR_STRBUF_INIT,
                     .recent = recent,
                     .key = MR_STRBUF_INIT,
                     .image = MR_STRBUF_INIT,
                     .met = met,
                     .there = there};
    enum mr_code code = MR_OK;
    mr_seen_image_init(&w.seen);
    for (size_t i = 0; code == MR_OK && i < c->scan->ntables; i++)
        code = close_table(&w, i, err);
    if (code == MR_OK)
        code = settle(&w, err);
    mr_seen_image_release(&w.seen);
    mr_vec_release(&w.marks);
    mr_vec_release(&w.open);
    mr_strbuf_release(&w.last);
    mr_strbuf_release(&w.key);
    mr_strbuf_release(&w.image);
    mr_arena_release(&w.arena);
    mr_arena_release(&w.batch);
    return code;
}
