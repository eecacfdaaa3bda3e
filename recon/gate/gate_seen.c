/* gate_seen.c: see gate_seen.h. */
#include "recon/gate/gate_seen.h"

#include <stdlib.h>
#include <string.h>

#define SEEN_BYTES (256 * 1024)

void mr_gate_seen_init(struct mr_gate_seen_rows *seen)
{
    *seen = (struct mr_gate_seen_rows){.bytes = MR_STRBUF_INIT, .ends = MR_VEC_INIT(size_t)};
}

void mr_gate_seen_release(struct mr_gate_seen_rows *seen)
{
    mr_strbuf_release(&seen->bytes);
    mr_vec_release(&seen->ends);
}

static bool is_wide(const struct mr_value *values, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count && bytes < SEEN_BYTES; i++)
        bytes += values[i].len;
    return bytes >= SEEN_BYTES;
}

/* Some of the rows are as good as none. */
static void drop(struct mr_gate_seen_rows *seen)
{
    mr_strbuf_reset(&seen->bytes);
    mr_vec_clear(&seen->ends);
    seen->on = seen->all = false;
}

enum mr_code mr_gate_seen_add(struct mr_gate_seen_rows *seen, const struct mr_value *values,
                              size_t count, struct mr_err *err)
{
    if (!seen->on)
        return MR_OK;
    if (seen->bytes.len > SEEN_BYTES || is_wide(values, count)) {
        drop(seen);
        return MR_OK;
    }
    for (size_t i = 0; i < count; i++)
        MR_TRY(mr_row_encode(&seen->bytes, &values[i], err));
    MR_TRY(mr_strbuf_check(&seen->bytes, "sampling rows", err));
    size_t *end = mr_vec_push(&seen->ends);
    if (end == NULL)
        return mr_err_nomem(err, "sampling rows");
    *end = seen->bytes.len;
    return MR_OK;
}

static size_t begin_of(const struct mr_gate_seen_rows *seen, size_t nth)
{
    return nth > 0 ? *(size_t *)mr_vec_at(&seen->ends, nth - 1) : 0;
}

enum mr_code mr_gate_seen_row(const struct mr_gate_seen_rows *seen, size_t nth,
                              struct mr_value *values, size_t count, struct mr_err *err)
{
    size_t pos = begin_of(seen, nth);
    const size_t end = *(size_t *)mr_vec_at(&seen->ends, nth);
    for (size_t i = 0; i < count; i++)
        MR_TRY(mr_row_decode(seen->bytes.ptr, end, &pos, &values[i], err));
    return MR_OK;
}

/* ---- the newest first ---- */

struct place {
    const unsigned char *value; /* encoded, so that memcmp() orders it */
    size_t len, row;
};

/* NULL has a tag that is above a time's. */
static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    const bool a_null = a->value[0] == 'N', b_null = b->value[0] == 'N';
    int order = (int)a_null - (int)b_null;
    if (order == 0 && !a_null)
        order = memcmp(b->value, a->value, a->len < b->len ? a->len : b->len);
    return order != 0 ? order : (a->row < b->row) - (a->row > b->row);
}

enum mr_code mr_gate_seen_newest(const struct mr_gate_seen_rows *seen, size_t column, size_t *order,
                                 struct mr_err *err)
{
    const size_t count = seen->ends.count;
    struct place *places = calloc(count + 1, sizeof *places);
    if (places == NULL)
        return mr_err_nomem(err, "looking for rows");
    enum mr_code code = MR_OK;
    for (size_t row = 0; row < count; row++) {
        const size_t end = *(size_t *)mr_vec_at(&seen->ends, row);
        size_t pos = begin_of(seen, row), begin;
        for (size_t i = 0; i < column; i++)
            MR_TRY_OUT(mr_row_skip(seen->bytes.ptr, end, &pos, err));
        begin = pos;
        MR_TRY_OUT(mr_row_skip(seen->bytes.ptr, end, &pos, err));
        places[row] = (struct place){.value = (const unsigned char *)seen->bytes.ptr + begin,
                                     .len = pos - begin,
                                     .row = row};
    }
    qsort(places, count, sizeof *places, compare_places);
    for (size_t i = 0; i < count; i++)
        order[i] = places[i].row;
out:
    free(places);
    return code;
}
