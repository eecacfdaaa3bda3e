/* shards_merge.c: see shards_merge.h. */
#include "core/source/shards_merge.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/source/key_order.h"
#include "core/source/source_shards.h"

#define FIRST_ROWS 256
#define MOST_ROWS 20000

/* A row that waits. */
struct row {
    const struct mr_value *values;
    struct mr_key key;
};

/* What was read of one place. */
struct mr_shards_stream {
    struct mr_arena arena;
    struct mr_vec rows; /* struct row; those from `at` on wait */
    size_t at;
    bool ended;            /* there are no others in the range */
    uint64_t step;         /* rows of the next reading */
    struct mr_strbuf last; /* key of the last row that was read */
    size_t ncols, nkey;
    const size_t *key;
};

void mr_shards_merge_init(struct mr_shards_merge *m, mr_shards_read_fn *read, void *ctx,
                          size_t *place)
{
    *m = (struct mr_shards_merge){
        .read = read, .ctx = ctx, .place = place, .lo = MR_STRBUF_INIT, .hi = MR_STRBUF_INIT};
}

static void forget(struct mr_shards_merge *m)
{
    for (size_t i = 0; i < m->nstreams; i++) {
        mr_arena_release(&m->streams[i].arena);
        mr_vec_release(&m->streams[i].rows);
        mr_strbuf_release(&m->streams[i].last);
    }
    free(m->streams);
    free(m->heap);
    m->streams = NULL;
    m->heap = NULL;
    m->nstreams = m->nheap = 0;
    m->spec = NULL;
}

void mr_shards_merge_release(struct mr_shards_merge *m)
{
    forget(m);
    mr_strbuf_release(&m->lo);
    mr_strbuf_release(&m->hi);
}

/* ---- reading ---- */

/* With bytes of its own, a long value whole. */
static enum mr_code keep_value(struct mr_arena *arena, const struct mr_value *from,
                               struct mr_value *to, struct mr_err *err)
{
    *to = *from;
    if (from->ptr == NULL && (from->len == 0 || from->lob == NULL))
        return MR_OK;
    char *bytes = mr_arena_alloc(arena, from->len + 1);
    if (bytes == NULL)
        return mr_err_nomem(err, "merging rows");
    to->ptr = bytes;
    to->lob = NULL;
    if (from->ptr == NULL)
        return from->lob->read(from->lob, from->lob_column, 0, bytes, from->len, err);
    memcpy(bytes, from->ptr, from->len);
    return MR_OK;
}

static enum mr_code keep_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct mr_shards_stream *s = ctx;
    struct mr_value *kept = mr_arena_alloc(&s->arena, s->ncols * sizeof *kept);
    struct row *row = mr_vec_push(&s->rows);
    if (kept == NULL || row == NULL)
        return mr_err_nomem(err, "merging rows");
    for (size_t i = 0; i < s->ncols; i++)
        MR_TRY(keep_value(&s->arena, &values[i], &kept[i], err));
    mr_strbuf_reset(&s->last);
    for (size_t k = 0; k < s->nkey; k++)
        MR_TRY(mr_row_encode(&s->last, &values[s->key[k]], err));
    MR_TRY(mr_strbuf_check(&s->last, "merging rows", err));
    const char *key = mr_arena_dup(&s->arena, s->last.ptr, s->last.len);
    if (key == NULL)
        return mr_err_nomem(err, "merging rows");
    *row = (struct row){kept, {key, s->last.len}};
    return MR_OK;
}

/* As many as fit this place's share of the memory, by the rows that were read last. */
static uint64_t next_step(const struct mr_shards_merge *m, const struct mr_shards_stream *s)
{
    const uint64_t share = MR_SHARDS_BYTES / m->nstreams;
    const uint64_t row = s->arena.total_bytes / (s->rows.count + 1) + 1;
    uint64_t step = s->step * 2 < MOST_ROWS ? s->step * 2 : MOST_ROWS;
    if (step > share / row)
        step = share / row;
    return step > 0 ? step : 1;
}

/* All of its rows have been given: the next ones, behind the last one that was read. */
static enum mr_code refill(struct mr_shards_merge *m, size_t place, struct mr_key from,
                           struct mr_err *err)
{
    struct mr_shards_stream *s = &m->streams[place];
    struct mr_strbuf lo = MR_STRBUF_INIT;
    const struct mr_key hi = {m->hi.len > 0 ? m->hi.ptr : NULL, m->hi.len};
    mr_arena_reset(&s->arena);
    mr_vec_clear(&s->rows);
    s->at = 0;
    mr_strbuf_add(&lo, from.ptr, from.ptr != NULL ? from.len : 0);
    enum mr_code code = mr_strbuf_check(&lo, "merging rows", err);
    const struct mr_range range = {{lo.len > 0 ? lo.ptr : NULL, lo.len}, hi};
    if (code == MR_OK)
        code = m->read(m->ctx, place, m->spec, range, s->step, keep_row, s, err);
    s->ended = s->rows.count < s->step;
    s->step = next_step(m, s);
    mr_strbuf_release(&lo);
    return code;
}

/* ---- the heap ---- */

static struct mr_key key_of(const struct mr_shards_merge *m, size_t place)
{
    const struct mr_shards_stream *s = &m->streams[place];
    return ((const struct row *)mr_vec_at(&s->rows, s->at))->key;
}

static bool is_before(const struct mr_shards_merge *m, size_t a, size_t b)
{
    const int order = mr_key_order_compare(m->spec->nkey, key_of(m, a), key_of(m, b));
    return order != 0 ? order < 0 : a < b;
}

static void sift_down(struct mr_shards_merge *m, size_t at)
{
    for (size_t least = at;; at = least) {
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < m->nheap; child++)
            if (is_before(m, m->heap[child], m->heap[least]))
                least = child;
        if (least == at)
            return;
        const size_t moved = m->heap[at];
        m->heap[at] = m->heap[least];
        m->heap[least] = moved;
    }
}

/* The row on top has been given. */
static enum mr_code advance(struct mr_shards_merge *m, struct mr_err *err)
{
    const size_t place = m->heap[0];
    struct mr_shards_stream *s = &m->streams[place];
    if (++s->at == s->rows.count && !s->ended)
        MR_TRY(refill(m, place, (struct mr_key){s->last.ptr, s->last.len}, err));
    if (s->at == s->rows.count)
        m->heap[0] = m->heap[--m->nheap];
    if (m->nheap > 0)
        sift_down(m, 0);
    return MR_OK;
}

/* ---- scans ---- */

static enum mr_code begin(struct mr_shards_merge *m, size_t places, const struct mr_readspec *spec,
                          struct mr_range range, struct mr_err *err)
{
    forget(m);
    m->streams = calloc(places, sizeof *m->streams);
    m->heap = calloc(places, sizeof *m->heap);
    if (m->streams == NULL || m->heap == NULL)
        return mr_err_nomem(err, "merging rows");
    m->nstreams = places;
    m->spec = spec;
    m->cols = spec->cols;
    m->read_s = mr_clock_now_s();
    mr_strbuf_reset(&m->hi);
    mr_strbuf_add(&m->hi, range.hi.ptr, range.hi.ptr != NULL ? range.hi.len : 0);
    MR_TRY(mr_strbuf_check(&m->hi, "merging rows", err));
    for (size_t i = 0; i < places; i++)
        m->streams[i] = (struct mr_shards_stream){.arena = MR_ARENA_INIT,
                                                  .rows = MR_VEC_INIT(struct row),
                                                  .last = MR_STRBUF_INIT,
                                                  .step = FIRST_ROWS,
                                                  .ncols = spec->ncols,
                                                  .nkey = spec->nkey,
                                                  .key = spec->key};
    for (size_t i = 0; i < places; i++) {
        MR_TRY(refill(m, i, range.lo, err));
        if (m->streams[i].rows.count > 0)
            m->heap[m->nheap++] = i;
    }
    for (size_t i = m->nheap / 2; i-- > 0;)
        sift_down(m, i);
    return MR_OK;
}

static bool is_bytes(const struct mr_strbuf *text, struct mr_key key)
{
    return text->len == (key.ptr != NULL ? key.len : 0) &&
           (text->len == 0 || memcmp(text->ptr, key.ptr, text->len) == 0);
}

static bool goes_on(const struct mr_shards_merge *m, const struct mr_readspec *spec,
                    struct mr_range range)
{
    return m->spec == spec && m->cols == spec->cols && range.lo.ptr != NULL &&
           is_bytes(&m->lo, range.lo) && is_bytes(&m->hi, range.hi) &&
           mr_clock_now_s() - m->read_s < MR_SHARDS_OLD_S;
}

static enum mr_code give(struct mr_shards_merge *m, uint64_t limit, mr_row_fn *fn, void *ctx,
                         struct mr_err *err)
{
    for (uint64_t given = 0; m->nheap > 0; given++) {
        struct mr_shards_stream *s = &m->streams[m->heap[0]];
        const struct row *row = mr_vec_at(&s->rows, s->at);
        if (limit > 0 && given >= limit && !is_bytes(&m->lo, row->key))
            return MR_OK;
        mr_strbuf_reset(&m->lo);
        mr_strbuf_add(&m->lo, row->key.ptr, row->key.len);
        MR_TRY(mr_strbuf_check(&m->lo, "merging rows", err));
        *m->place = m->heap[0];
        MR_TRY(fn(ctx, row->values, err));
        MR_TRY(advance(m, err));
    }
    return MR_OK;
}

/* Where it fails nothing waits: what is tried again is read again. */
enum mr_code mr_shards_merge_scan(struct mr_shards_merge *m, size_t places,
                                  const struct mr_readspec *spec, struct mr_range range,
                                  uint64_t limit, mr_row_fn *fn, void *ctx, struct mr_err *err)
{
    enum mr_code code = goes_on(m, spec, range) ? MR_OK : begin(m, places, spec, range, err);
    if (code == MR_OK)
        code = give(m, limit, fn, ctx, err);
    if (code != MR_OK || m->nheap == 0)
        forget(m);
    return code;
}
