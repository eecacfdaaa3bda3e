/* history_close.c: see history_close.h. */
#include "recon/history/history_close.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/signals.h"
#include "core/case/seen_image.h"
#include "core/row/value_text.h"

#define BATCH_KEYS 500U
#define ROUNDS 6
#define OPEN_MAX ((size_t)20000) /* keys that may move while they are read */
#define TRIES 4
#define WAIT_NS 500000000L

/* A key whose row is not, or not yet, what the log says. */
struct open_key {
    size_t table;
    struct mr_key key; /* bytes in the work's arena */
};

struct work {
    struct mr_history_close *c;
    struct mr_arena arena;
    struct mr_arena batch; /* of marks */
    struct mr_vec marks;   /* struct mr_evidence_mark, of a batch */
    struct mr_vec open;    /* struct open_key */
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
        const struct mr_key k = ((const struct mr_evidence_mark *)mr_vec_at(&w->marks, mid))->key;
        const size_t len = k.len < key.len ? k.len : key.len;
        int order = memcmp(k.ptr, key.ptr, len);
        order = order != 0 ? order : (k.len > key.len) - (k.len < key.len);
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
    *open = (struct open_key){table, {copy, key.len}};
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

/* Which keys of the batch do not fit goes behind w->open. */
static enum mr_code compare_batch(struct work *w, struct mr_err *err)
{
    MR_TRY(mr_throttle_wait(w->c->throttle, err));
    MR_TRY(read_rows(w, err));
    for (size_t i = 0; i < w->marks.count; i++) {
        const struct mr_evidence_mark *m = mr_vec_at(&w->marks, i);
        const bool fits = (m->flags & MR_MARK_DELETED) != 0 ? !w->there[i] : w->met[i];
        if (!fits)
            MR_TRY(add_open(w, w->table, m->key, err));
    }
    return mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK;
}

/* ---- what breaks a table ---- */

static const char *key_text(const struct work *w, size_t table, struct mr_key key,
                            struct mr_err *err)
{
    const struct mr_history_table *t = &w->c->scan->tables[table];
    struct mr_strbuf text = MR_STRBUF_INIT;
    size_t at = 0;
    for (size_t k = 0; k < t->nkey; k++) {
        struct mr_value value;
        if (mr_row_decode(key.ptr, key.len, &at, &value, err) != MR_OK)
            break;
        mr_strbuf_add_str(&text, k > 0 ? "," : "");
        mr_value_to_text(&text, &value, t->pair->find.columns[t->key[k]].style);
    }
    const char *kept = text.failed ? NULL : mr_arena_dup(w->c->scan->arena, text.ptr, text.len);
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
    mr_strbuf_add_fmt(&text, "%s, at key %s", why, shown != NULL ? shown : "?");
    of->witness = MR_WITNESS_BROKEN;
    of->reason = text.failed ? NULL : mr_arena_strdup(w->c->scan->arena, text.ptr);
    mr_strbuf_release(&text);
    return of->reason != NULL ? MR_OK : nomem(err);
}

#define NOT_THE_ROW "the last image in the log is not the row that is there"

/* ---- all keys ---- */

static bool is_readable(const struct work *w, size_t table)
{
    return w->c->scan->tables[table].pair != NULL &&
           of_table(w, table)->witness != MR_WITNESS_BLIND &&
           of_table(w, table)->witness != MR_WITNESS_BROKEN;
}

static enum mr_code next_marks(struct work *w, size_t table, struct mr_key *after,
                               struct mr_err *err)
{
    const struct mr_history_scan *scan = w->c->scan;
    struct mr_strbuf last = MR_STRBUF_INIT;
    mr_strbuf_add(&last, after->ptr != NULL ? after->ptr : "", after->len);
    const struct mr_key from = {after->ptr != NULL ? last.ptr : NULL, last.len};
    mr_vec_clear(&w->marks);
    mr_arena_reset(&w->batch);
    enum mr_code code = mr_strbuf_check(&last, "comparing rows with the logs", err);
    if (code == MR_OK)
        code =
            mr_evidence_marks_so_far(scan->writer, scan->tables[table].evidence.id, (int)scan->side,
                                     from, BATCH_KEYS, &w->batch, &w->marks, err);
    mr_strbuf_release(&last);
    if (code == MR_OK && w->marks.count > 0)
        *after = ((const struct mr_evidence_mark *)mr_vec_at(&w->marks, w->marks.count - 1))->key;
    return code;
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

static enum mr_code close_table(struct work *w, size_t table, struct mr_err *err)
{
    struct mr_key after = {NULL, 0};
    struct mr_evidence_of *of = of_table(w, table);
    of->keys = 0;
    w->table = table;
    for (;;) {
        MR_TRY(next_marks(w, table, &after, err));
        if (w->marks.count == 0)
            return MR_OK;
        of->keys += w->marks.count;
        MR_TRY(check_chain(w, table, err));
        if (is_readable(w, table))
            MR_TRY(compare_batch(w, err));
        mr_progress_add_done(w->c->progress, w->marks.count);
        mr_progress_tick(w->c->progress);
        if (w->open.count <= OPEN_MAX)
            continue;
        const struct open_key *open = mr_vec_at(&w->open, w->open.count - 1);
        MR_TRY(break_table(w, table, open->key, NOT_THE_ROW, err));
        w->open.count = 0;
    }
}

/* ---- keys that move ---- */

static enum mr_code get_mark(struct work *w, const struct open_key *open, bool *found,
                             struct mr_err *err)
{
    struct mr_history_scan *scan = w->c->scan;
    struct mr_evidence_mark *m = mr_vec_push(&w->marks);
    if (m == NULL)
        return nomem(err);
    MR_TRY(mr_findings_begin(scan->fd, err));
    enum mr_code code = mr_evidence_mark_get(scan->writer, scan->tables[open->table].evidence.id,
                                             (int)scan->side, open->key, &w->batch, m, found, err);
    code = mr_findings_end(scan->fd, code, err);
    if (code == MR_OK && !*found)
        w->marks.count--;
    return code;
}

/* One key at a time: there are few. */
static enum mr_code still_open(struct work *w, const struct open_key *open, bool *still,
                               struct mr_err *err)
{
    const size_t before = w->open.count;
    bool found = false;
    *still = false;
    mr_vec_clear(&w->marks);
    mr_arena_reset(&w->batch);
    if (!is_readable(w, open->table))
        return MR_OK;
    MR_TRY(get_mark(w, open, &found, err));
    if (!found)
        return MR_OK;
    w->table = open->table;
    MR_TRY(check_chain(w, open->table, err));
    MR_TRY(compare_batch(w, err));
    *still = w->open.count > before;
    w->open.count = before;
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
    const size_t len = x->key.len < y->key.len ? x->key.len : y->key.len;
    const int order = memcmp(x->key.ptr, y->key.ptr, len);
    return order != 0 ? order : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

/* What the server has written since: those keys are to be looked at, again or for the first time. */
static enum mr_code read_on(struct work *w, bool *more, struct mr_err *err)
{
    struct mr_history_scan *scan = w->c->scan;
    struct mr_vec touched = MR_VEC_INIT(struct mr_history_touched);
    scan->touched = &touched;
    enum mr_code code = mr_history_logs_read_on(w->c->logs, scan, more, err);
    if (code == MR_OK && *more)
        code = mr_history_scan_flush(scan, err);
    scan->touched = NULL;
    for (size_t i = 0; code == MR_OK && i < touched.count; i++) {
        const struct mr_history_touched *t = mr_vec_at(&touched, i);
        code = add_open(w, t->table, t->key, err);
    }
    mr_vec_release(&touched);
    if (code != MR_OK || w->open.count < 2)
        return code;
    qsort(w->open.items, w->open.count, sizeof(struct open_key), compare_open);
    size_t kept = 1;
    for (size_t i = 1; i < w->open.count; i++) {
        const struct open_key *open = mr_vec_at(&w->open, i);
        if (compare_open(open, mr_vec_at(&w->open, kept - 1)) != 0)
            *(struct open_key *)mr_vec_at(&w->open, kept++) = *open;
    }
    w->open.count = kept;
    return MR_OK;
}

static enum mr_code look_again(struct work *w, struct mr_err *err)
{
    size_t kept = 0;
    const size_t count = w->open.count;
    for (size_t i = 0; i < count; i++) {
        const struct open_key open = *(struct open_key *)mr_vec_at(&w->open, i);
        bool still;
        MR_TRY(still_open(w, &open, &still, err));
        if (still)
            *(struct open_key *)mr_vec_at(&w->open, kept++) = open;
    }
    w->open.count = kept;
    return MR_OK;
}

static enum mr_code flag_moving(struct work *w, const struct open_key *open, struct mr_err *err)
{
    struct mr_history_scan *scan = w->c->scan;
    bool found = false;
    mr_vec_clear(&w->marks);
    mr_arena_reset(&w->batch);
    MR_TRY(get_mark(w, open, &found, err));
    if (!found)
        return MR_OK;
    struct mr_evidence_mark *m = mr_vec_at(&w->marks, 0);
    m->flags |= MR_MARK_MOVING;
    of_table(w, open->table)->moving++;
    MR_TRY(mr_findings_begin(scan->fd, err));
    return mr_findings_end(scan->fd,
                           mr_evidence_mark_put(scan->writer, scan->tables[open->table].evidence.id,
                                                (int)scan->side, m, err),
                           err);
}

/* Until what is read is what the log says.  Where the server writes nothing any more, a key that still
 * differs will not come right by itself. */
static enum mr_code settle(struct work *w, struct mr_err *err)
{
    bool more = false;
    for (int round = 0; w->open.count > 0 && round < ROUNDS; round++) {
        wait_a_little();
        MR_TRY(read_on(w, &more, err));
        MR_TRY(look_again(w, err));
        if (!more && round > 0)
            break;
    }
    for (size_t i = 0; i < w->open.count; i++) {
        const struct open_key open = *(struct open_key *)mr_vec_at(&w->open, i);
        if (more)
            MR_TRY(flag_moving(w, &open, err));
        else
            MR_TRY(break_table(w, open.table, open.key, NOT_THE_ROW, err));
    }
    return MR_OK;
}

enum mr_code mr_history_close_side(struct mr_history_close *c, struct mr_err *err)
{
    bool met[BATCH_KEYS], there[BATCH_KEYS];
    struct work w = {.c = c,
                     .arena = MR_ARENA_INIT,
                     .batch = MR_ARENA_INIT,
                     .marks = MR_VEC_INIT(struct mr_evidence_mark),
                     .open = MR_VEC_INIT(struct open_key),
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
    mr_strbuf_release(&w.key);
    mr_strbuf_release(&w.image);
    mr_arena_release(&w.arena);
    mr_arena_release(&w.batch);
    return code;
}
