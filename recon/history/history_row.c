/* history_row.c: see history_row.h. */
#include "recon/history/history_row.h"

#include <string.h>

#include "core/case/seen_image.h"

void mr_history_rowing_init(struct mr_history_rowing *r)
{
    *r = (struct mr_history_rowing){.kept = MR_ARENA_INIT,
                                    .scratch = MR_STRBUF_INIT,
                                    .image = MR_STRBUF_INIT,
                                    .key = MR_STRBUF_INIT};
}

void mr_history_rowing_release(struct mr_history_rowing *r)
{
    mr_arena_release(&r->kept);
    mr_strbuf_release(&r->scratch);
    mr_strbuf_release(&r->image);
    mr_strbuf_release(&r->key);
}

/* What is taken apart, and where it goes. */
struct taking {
    struct mr_history_rowing *r;
    const struct mr_history_table *table;
    enum mr_side side;
    const struct mr_binlog_shape *shape;
};

static enum mr_code keep(struct mr_history_rowing *r, const struct mr_strbuf *from,
                         struct mr_key *out, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(from, "reading a binary log", err));
    *out = (struct mr_key){mr_arena_dup(&r->kept, from->ptr, from->len), from->len};
    return out->ptr != NULL ? MR_OK : mr_err_nomem(err, "reading a binary log");
}

static enum mr_code value_at(const struct taking *t, size_t column,
                             const struct mr_binlog_field *image,
                             const struct mr_binlog_field *before, bool *seen,
                             struct mr_value *value, struct mr_err *err)
{
    return mr_binlog_value(t->shape, t->table->columns[t->side][column], image, before,
                           &t->r->scratch, seen, value, err);
}

/* The digest of a whole row is what chains are held by; it is cheap where the bytes are at hand. */
static enum mr_code take_image(const struct taking *t, const struct mr_binlog_field *image,
                               const struct mr_binlog_field *before, struct mr_history_image *out,
                               struct mr_err *err)
{
    struct mr_strbuf *bytes = &t->r->image;
    *out = (struct mr_history_image){.is_whole = true};
    if (image == NULL)
        return MR_OK;
    mr_strbuf_reset(bytes);
    for (size_t i = 0; i < t->table->ncolumns; i++) {
        struct mr_value value;
        bool seen;
        MR_TRY(value_at(t, i, image, before, &seen, &value, err));
        out->is_whole = out->is_whole && seen;
        if (seen)
            MR_TRY(mr_row_encode_exact(bytes, &value, err));
        else
            mr_seen_image_add(bytes, (struct mr_key){NULL, 0});
    }
    MR_TRY(keep(t->r, bytes, &out->bytes, err));
    return out->is_whole ? mr_row_digest(out->bytes.ptr, out->bytes.len, &out->digest, err) : MR_OK;
}

/* The row under its new key: what an update leaves out of its after-image has stayed. */
static enum mr_code take_moved(const struct taking *t, const struct mr_binlog_row *row,
                               struct mr_history_image *out, struct mr_err *err)
{
    struct mr_strbuf *bytes = &t->r->image;
    *out = (struct mr_history_image){.is_whole = true};
    mr_strbuf_reset(bytes);
    for (size_t i = 0; i < t->table->ncolumns; i++) {
        struct mr_value value;
        bool seen;
        MR_TRY(value_at(t, i, row->after, row->before, &seen, &value, err));
        if (!seen)
            MR_TRY(value_at(t, i, row->before, NULL, &seen, &value, err));
        out->is_whole = out->is_whole && seen;
        if (seen)
            MR_TRY(mr_row_encode_exact(bytes, &value, err));
        else
            mr_seen_image_add(bytes, (struct mr_key){NULL, 0});
    }
    MR_TRY(keep(t->r, bytes, &out->bytes, err));
    return out->is_whole ? mr_row_digest(out->bytes.ptr, out->bytes.len, &out->digest, err) : MR_OK;
}

/* As findings have it; parts that `image` does not show are those of `other`. */
static enum mr_code take_key(const struct taking *t, const struct mr_binlog_field *image,
                             const struct mr_binlog_field *other, struct mr_key *out,
                             struct mr_err *err)
{
    mr_strbuf_reset(&t->r->key);
    for (size_t k = 0; k < t->table->nkey; k++) {
        struct mr_value value;
        bool seen;
        MR_TRY(value_at(t, t->table->key[k], image, other, &seen, &value, err));
        if (!seen && other != NULL)
            MR_TRY(value_at(t, t->table->key[k], other, NULL, &seen, &value, err));
        if (!seen)
            return mr_err_set(err, MR_E_UNSUPPORTED, "a row in the log does not show its key");
        MR_TRY(mr_row_encode(&t->r->key, &value, err));
    }
    return keep(t->r, &t->r->key, out, err);
}

static bool same_key(struct mr_key a, struct mr_key b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

enum mr_code mr_history_rowing_take(struct mr_history_rowing *r,
                                    const struct mr_history_table *table, enum mr_side side,
                                    const struct mr_binlog_shape *shape,
                                    const struct mr_binlog_row *row,
                                    struct mr_history_change changes[2], size_t *count,
                                    struct mr_err *err)
{
    const struct taking t = {r, table, side, shape};
    struct mr_history_change c = {0};
    struct mr_key before = {NULL, 0}, after = {NULL, 0};
    if (row->before != NULL)
        MR_TRY(take_key(&t, row->before, NULL, &before, err));
    if (row->after != NULL)
        MR_TRY(take_key(&t, row->after, row->before, &after, err));
    MR_TRY(take_image(&t, row->before, NULL, &c.before, err));
    MR_TRY(take_image(&t, row->after, row->before, &c.after, err));
    c.kind = row->before == NULL  ? MR_CHANGE_INSERT
             : row->after == NULL ? MR_CHANGE_DELETE
                                  : MR_CHANGE_UPDATE;
    c.key = row->before != NULL ? before : after;
    *count = 1;
    changes[0] = c;
    if (c.kind != MR_CHANGE_UPDATE || same_key(before, after))
        return MR_OK;
    *count = 2;
    changes[0].kind = MR_CHANGE_DELETE;
    changes[0].after = (struct mr_history_image){.is_whole = true};
    changes[0].went = after;
    changes[1] = c;
    changes[1].kind = MR_CHANGE_INSERT;
    changes[1].key = after;
    changes[1].before = (struct mr_history_image){.is_whole = true};
    changes[1].came = before;
    return c.after.is_whole ? MR_OK : take_moved(&t, row, &changes[1].after, err);
}
