/* shards_merge.c: see shards_merge.h. */
#include "core/source/shards_merge.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/source/key_order.h"
#include "core/source/source_shards.h"

#define FIRST_ROWS 256
#define UNKNOWN_ROWS 16 /* of which it is not known how wide they are */
#define MOST_ROWS 20000

/* A row that waits: encoded, since that is a third of what values take. */
struct row {
    size_t at, len;         /* of all values, in bytes */
    size_t key_at, key_len; /* behind them */
};

/* What was read of one place. */
struct mr_shards_stream {
    struct mr_strbuf bytes;
    struct mr_vec rows; /* struct row; those from `at` on wait */
    size_t at;
    bool ended;    /* there are no others in the range */
    uint64_t step; /* rows of the next reading */
    const struct mr_readspec *spec;
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
        mr_strbuf_release(&m->streams[i].bytes);
        mr_vec_release(&m->streams[i].rows);
    }
    free(m->streams);
    free(m->heap);
    free(m->values);
    m->streams = NULL;
    m->heap = NULL;
    m->values = NULL;
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

static enum mr_code keep_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct mr_shards_stream *s = ctx;
    const struct mr_readspec *spec = s->spec;
    struct row *row = mr_vec_push(&s->rows);
    if (row == NULL)
        return mr_err_nomem(err, "merging rows");
    row->at = s->bytes.len;
    for (size_t i = 0; i < spec->ncols; i++)
        MR_TRY(mr_row_encode_exact(&s->bytes, &values[i], err));
    row->key_at = s->bytes.len;
    row->len = row->key_at - row->at;
    for (size_t k = 0; k < spec->nkey; k++)
        MR_TRY(mr_row_encode(&s->bytes, &values[spec->key[k]], err));
    row->key_len = s->bytes.len - row->key_at;
    return mr_strbuf_check(&s->bytes, "merging rows", err);
}

/* As they were read: an encoding does not tell a number without a sign, or a member of an ENUM. */
static enum mr_code decode_row(const struct mr_shards_merge *m, const struct mr_shards_stream *s,
                               const struct row *row, struct mr_err *err)
{
    const char *bytes = s->bytes.ptr + row->at;
    size_t pos = 0;
    for (size_t i = 0; i < m->spec->ncols; i++) {
        MR_TRY(mr_row_decode(bytes, row->len, &pos, &m->values[i], err));
        if (m->values[i].cls != MR_CLASS_NULL)
            m->values[i].cls = m->spec->cols[i].cls;
    }
    return MR_OK;
}

/* As many as fit this place's share of the memory, by the rows that were read last. */
static uint64_t next_step(const struct mr_shards_merge *m, const struct mr_shards_stream *s)
{
    const uint64_t share = MR_SHARDS_BYTES / m->nstreams;
    const uint64_t row = s->bytes.len / (s->rows.count + 1) + sizeof(struct row) + 1;
    uint64_t step = s->step * 2 < MOST_ROWS ? s->step * 2 : MOST_ROWS;
    if (step > share / row)
        step = share / row;
    return step > 0 ? step : 1;
}

static uint64_t first_step(const struct mr_shards_merge *m)
{
    const uint64_t rows =
        m->row_bytes > 0 ? MR_SHARDS_BYTES / m->nstreams / m->row_bytes : UNKNOWN_ROWS;
    return rows > FIRST_ROWS ? FIRST_ROWS : rows > 0 ? rows : 1;
}

/* All of its rows have been given: the next ones, behind the last one that was read. */
static enum mr_code refill(struct mr_shards_merge *m, size_t place, struct mr_key from,
                           struct mr_err *err)
{
    struct mr_shards_stream *s = &m->streams[place];
    struct mr_strbuf lo = MR_STRBUF_INIT;
    const struct mr_key hi = {m->hi.len > 0 ? m->hi.ptr : NULL, m->hi.len};
    mr_strbuf_add(&lo, from.ptr, from.ptr != NULL ? from.len : 0);
    mr_strbuf_reset(&s->bytes);
    mr_strbuf_shrink(&s->bytes, MR_SHARDS_BYTES / m->nstreams);
    mr_vec_clear(&s->rows);
    s->at = 0;
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

static struct mr_key key_at(const struct mr_shards_stream *s, size_t at)
{
    const struct row *row = mr_vec_at(&s->rows, at);
    return (struct mr_key){s->bytes.ptr + row->key_at, row->key_len};
}

static struct mr_key key_of(const struct mr_shards_merge *m, size_t place)
{
    return key_at(&m->streams[place], m->streams[place].at);
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
        MR_TRY(refill(m, place, key_at(s, s->rows.count - 1), err));
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
    m->values = calloc(spec->ncols, sizeof *m->values);
    if (m->streams == NULL || m->heap == NULL || m->values == NULL)
        return mr_err_nomem(err, "merging rows");
    m->nstreams = places;
    m->spec = spec;
    m->cols = spec->cols;
    m->read_s = mr_clock_now_s();
    mr_strbuf_reset(&m->hi);
    mr_strbuf_add(&m->hi, range.hi.ptr, range.hi.ptr != NULL ? range.hi.len : 0);
    MR_TRY(mr_strbuf_check(&m->hi, "merging rows", err));
    for (size_t i = 0; i < places; i++)
        m->streams[i] = (struct mr_shards_stream){.bytes = MR_STRBUF_INIT,
                                                  .rows = MR_VEC_INIT(struct row),
                                                  .step = first_step(m),
                                                  .spec = spec};
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
        const struct mr_key key = key_at(s, s->at);
        if (limit > 0 && given >= limit && !is_bytes(&m->lo, key))
            return MR_OK;
        mr_strbuf_reset(&m->lo);
        mr_strbuf_add(&m->lo, key.ptr, key.len);
        MR_TRY(mr_strbuf_check(&m->lo, "merging rows", err));
        *m->place = m->heap[0];
        MR_TRY(decode_row(m, s, mr_vec_at(&s->rows, s->at), err));
        MR_TRY(fn(ctx, m->values, err));
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
