/* until_rows.c: see until_rows.h. */
#include "snapshot/until/until_rows.h"

#include <string.h>

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a binary log");
}

void mr_until_rows_init(struct mr_until_rows *r, const struct mr_snap_table *table,
                        struct mr_scratch_file *scratch)
{
    *r = (struct mr_until_rows){.table = table,
                                .rows = MR_VEC_INIT(struct mr_until_row),
                                .scratch = scratch,
                                .was = MR_STRBUF_INIT,
                                .made = MR_STRBUF_INIT};
    mr_key_numbers_init(&r->keys);
}

void mr_until_rows_release(struct mr_until_rows *r)
{
    mr_key_numbers_release(&r->keys);
    mr_vec_release(&r->rows);
    mr_strbuf_release(&r->was);
    mr_strbuf_release(&r->made);
}

/* ---- images ---- */

static bool is_unseen(const struct mr_strbuf *image, size_t pos)
{
    return pos < image->len && image->ptr[pos] == MR_UNTIL_UNSEEN;
}

/* Behind the column at *pos, whether it was seen or not. */
static enum mr_code skip(const struct mr_strbuf *image, size_t *pos, struct mr_err *err)
{
    if (is_unseen(image, *pos)) {
        ++*pos;
        return MR_OK;
    }
    return mr_row_skip(image->ptr, image->len, pos, err);
}

enum mr_code mr_until_image_fill(const struct mr_strbuf *image, const struct mr_strbuf *from,
                                 struct mr_strbuf *out, struct mr_err *err)
{
    size_t at = 0, other = 0;
    mr_strbuf_reset(out);
    while (at < image->len) {
        const size_t begun = at, other_begun = other;
        const bool takes = is_unseen(image, at);
        MR_TRY(skip(image, &at, err));
        MR_TRY(skip(from, &other, err));
        if (takes)
            mr_strbuf_add(out, from->ptr + other_begun, other - other_begun);
        else
            mr_strbuf_add(out, image->ptr + begun, at - begun);
    }
    return mr_strbuf_check(out, "reading a binary log", err);
}

bool mr_until_image_is_whole(const struct mr_strbuf *image, size_t ncolumns, struct mr_err *err)
{
    size_t pos = 0, count = 0;
    for (; pos < image->len; count++)
        if (is_unseen(image, pos) || skip(image, &pos, err) != MR_OK)
            return false;
    return count == ncolumns;
}

/* Are they the same in all columns that both show? */
static enum mr_code is_same(const struct mr_strbuf *a, const struct mr_strbuf *b, bool *same,
                            struct mr_err *err)
{
    size_t at = 0, other = 0;
    *same = true;
    while (*same && at < a->len && other < b->len) {
        const size_t begun = at, other_begun = other;
        const bool is_seen = !is_unseen(a, at) && !is_unseen(b, other);
        MR_TRY(skip(a, &at, err));
        MR_TRY(skip(b, &other, err));
        *same = !is_seen ||
                mr_row_same(a->ptr + begun, at - begun, b->ptr + other_begun, other - other_begun);
    }
    *same = *same && at == a->len && other == b->len;
    return MR_OK;
}

enum mr_code mr_until_image_key(const struct mr_snap_table *t, const struct mr_strbuf *image,
                                struct mr_strbuf *key, struct mr_err *err)
{
    mr_strbuf_reset(key);
    for (size_t k = 0; k < t->nkey; k++) {
        struct mr_value value;
        size_t pos = 0;
        for (size_t i = 0; i < t->key[k]; i++)
            MR_TRY(skip(image, &pos, err));
        if (is_unseen(image, pos))
            return mr_err_set(err, MR_E_UNSUPPORTED,
                              "a row in the log does not show column \"%s\" of its key",
                              t->columns[t->key[k]].name);
        MR_TRY(mr_row_decode(image->ptr, image->len, &pos, &value, err));
        MR_TRY(mr_row_encode(key, &value, err));
    }
    return mr_strbuf_check(key, "reading a binary log", err);
}

/* ---- the fold ---- */

static enum mr_code store(struct mr_until_rows *r, const struct mr_strbuf *image,
                          struct mr_until_image *out, struct mr_err *err)
{
    *out = (struct mr_until_image){r->scratch->bytes, image != NULL ? image->len : 0};
    return image != NULL ? mr_scratch_file_add(r->scratch, image->ptr, image->len, err) : MR_OK;
}

enum mr_code mr_until_rows_read(const struct mr_until_rows *r, struct mr_until_image image,
                                struct mr_strbuf *out, struct mr_err *err)
{
    mr_strbuf_reset(out);
    if (image.len == 0)
        return MR_OK;
    MR_TRY(mr_scratch_file_flush(r->scratch, err));
    if (!mr_strbuf_reserve(out, image.len + 1))
        return nomem(err);
    MR_TRY(mr_scratch_file_read(r->scratch, image.at, out->ptr, image.len, err));
    out->len = image.len;
    out->ptr[out->len] = '\0';
    return MR_OK;
}

struct mr_until_row *mr_until_rows_find(const struct mr_until_rows *r, struct mr_key key)
{
    const struct mr_key_entry *entry = mr_key_numbers_find(&r->keys, key);
    return entry != NULL ? mr_vec_at(&r->rows, entry->number) : NULL;
}

/* The row as the change before has left it, which this one has to find. */
static enum mr_code require_follows(struct mr_until_rows *r, const struct mr_until_row *row,
                                    const struct mr_strbuf *before, struct mr_err *err)
{
    bool same = true;
    if ((row->last.len > 0) != (before != NULL))
        return mr_err_set(err, MR_E_UNSUPPORTED,
                          before != NULL
                              ? "a row is changed that is not there: something is not in the log"
                              : "a row is inserted that is there: something is not in the log");
    MR_TRY(mr_until_rows_read(r, row->last, &r->was, err));
    if (before != NULL)
        MR_TRY(is_same(&r->was, before, &same, err));
    return same ? MR_OK
                : mr_err_set(err, MR_E_UNSUPPORTED,
                             "a row is not what the log's change before it has made of it: "
                             "something is not in the log");
}

/* What no image of the row has shown so far stays unseen: the snapshot has it, and of a row that it has not
 * nobody does. */
static enum mr_code fill_after(struct mr_until_rows *r, const struct mr_until_change *change,
                               bool is_new, struct mr_err *err)
{
    MR_TRY(mr_until_image_fill(
        change->after, change->before != NULL ? change->before : change->after, &r->made, err));
    if (!is_new && change->before != NULL) {
        struct mr_strbuf whole = MR_STRBUF_INIT;
        const enum mr_code code = mr_until_image_fill(&r->made, &r->was, &whole, err);
        mr_strbuf_release(&r->made);
        r->made = whole;
        MR_TRY(code);
    }
    if (change->before == NULL && !mr_until_image_is_whole(&r->made, r->table->ncolumns, err))
        return mr_err_set(err, MR_E_UNSUPPORTED,
                          "the log does not show all columns of a row that came");
    return MR_OK;
}

enum mr_code mr_until_rows_put(struct mr_until_rows *r, const struct mr_until_change *change,
                               struct mr_err *err)
{
    struct mr_until_row *row = mr_until_rows_find(r, change->key);
    const bool is_new = row == NULL;
    if (!is_new)
        MR_TRY(require_follows(r, row, change->before, err));
    if (change->after != NULL)
        MR_TRY(fill_after(r, change, is_new, err));
    if (is_new) {
        if (r->rows.count >= UINT32_MAX)
            return mr_err_set(err, MR_E_UNSUPPORTED, "more rows changed than can be counted");
        MR_TRY(mr_key_numbers_put(&r->keys, change->key, (unsigned)r->rows.count, err));
        row = mr_vec_push(&r->rows);
        if (row == NULL)
            return nomem(err);
        *row = (struct mr_until_row){.is_vague = change->is_vague};
        MR_TRY(store(r, change->before, &row->first, err));
    }
    return store(r, change->after != NULL ? &r->made : NULL, &row->last, err);
}

/* ---- the snapshot's rows ---- */

static enum mr_code encode_row(const struct mr_until_rows *r, const struct mr_value *values,
                               struct mr_strbuf *out, struct mr_err *err)
{
    mr_strbuf_reset(out);
    for (size_t i = 0; i < r->table->ncolumns; i++)
        MR_TRY(mr_row_encode_exact(out, &values[i], err));
    return mr_strbuf_check(out, "reading a binary log", err);
}

static enum mr_code require_found(struct mr_until_rows *r, const struct mr_until_row *row,
                                  const struct mr_value *was, struct mr_err *err)
{
    bool same = true;
    if (row->is_vague)
        return MR_OK;
    if ((row->first.len > 0) != (was != NULL))
        return mr_err_set(err, MR_E_UNSUPPORTED,
                          was != NULL ? "the log inserts a row that the snapshot has already"
                                      : "the log changes a row that the snapshot does not have");
    MR_TRY(mr_until_rows_read(r, row->first, &r->was, err));
    if (was != NULL)
        MR_TRY(is_same(&r->was, &r->made, &same, err));
    return same ? MR_OK
                : mr_err_set(err, MR_E_UNSUPPORTED,
                             "the log's first change of a row found another one than the "
                             "snapshot has");
}

/* Integers come back as the column has them: a YEAR and a BIT are written as such. */
static enum mr_code decode_row(const struct mr_until_rows *r, const struct mr_strbuf *image,
                               struct mr_value *values, struct mr_err *err)
{
    size_t pos = 0;
    for (size_t i = 0; i < r->table->ncolumns; i++) {
        struct mr_value *v = &values[i];
        MR_TRY(mr_row_decode(image->ptr, image->len, &pos, v, err));
        if (v->cls == MR_CLASS_INT && r->table->columns[i].cls == MR_CLASS_UINT)
            *v = (struct mr_value){.cls = MR_CLASS_UINT, .u = (uint64_t)v->i};
        else if (v->ptr != NULL && v->cls != MR_CLASS_DECIMAL)
            v->cls = r->table->columns[i].cls;
    }
    return MR_OK;
}

enum mr_code mr_until_rows_compose(struct mr_until_rows *r, const struct mr_until_row *row,
                                   const struct mr_value *was, struct mr_strbuf *image,
                                   struct mr_value *values, bool *is_gone, struct mr_err *err)
{
    *is_gone = row->last.len == 0;
    mr_strbuf_reset(&r->made);
    if (was != NULL)
        MR_TRY(encode_row(r, was, &r->made, err));
    MR_TRY(require_found(r, row, was, err));
    if (*is_gone)
        return MR_OK;
    MR_TRY(mr_until_rows_read(r, row->last, &r->was, err));
    MR_TRY(mr_until_image_fill(&r->was, was != NULL ? &r->made : &r->was, image, err));
    if (!mr_until_image_is_whole(image, r->table->ncolumns, err))
        return mr_err_set(err, MR_E_UNSUPPORTED,
                          "the log does not show all columns of a row that the snapshot does not "
                          "have");
    return decode_row(r, image, values, err);
}
