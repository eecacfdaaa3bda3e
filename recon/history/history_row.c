/* history_row.c: see history_row.h. */
#include "recon/history/history_row.h"

#include <math.h>
#include <string.h>

#include "core/binlog/binlog_charset.h"
#include "core/case/seen_image.h"

void mr_history_rowing_init(struct mr_history_rowing *r)
{
    *r = (struct mr_history_rowing){.kept = MR_ARENA_INIT,
                                    .scratch = MR_STRBUF_INIT,
                                    .turned = MR_STRBUF_INIT,
                                    .before = MR_STRBUF_INIT,
                                    .after = MR_STRBUF_INIT,
                                    .key = MR_STRBUF_INIT,
                                    .ends = MR_VEC_INIT(size_t)};
}

void mr_history_rowing_release(struct mr_history_rowing *r)
{
    mr_arena_release(&r->kept);
    mr_strbuf_release(&r->scratch);
    mr_strbuf_release(&r->turned);
    mr_strbuf_release(&r->before);
    mr_strbuf_release(&r->after);
    mr_strbuf_release(&r->key);
    mr_vec_release(&r->ends);
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

/* As findings have the text. */
static enum mr_code turn(const struct taking *t, const char *charset, struct mr_value *value,
                         struct mr_err *err)
{
    struct mr_strbuf *turned = &t->r->turned;
    mr_strbuf_reset(turned);
    mr_binlog_charset_add_utf8(turned, charset, value->ptr, value->len);
    value->ptr = turned->ptr;
    value->len = turned->len;
    return mr_strbuf_check(turned, "reading a binary log", err);
}

static enum mr_code value_at(const struct taking *t, size_t column,
                             const struct mr_binlog_field *image,
                             const struct mr_binlog_field *before, bool *seen,
                             struct mr_value *value, struct mr_err *err)
{
    const char *from = t->table->from[t->side][column];
    MR_TRY(mr_binlog_value(t->shape, t->table->columns[t->side][column], image, before,
                           &t->r->scratch, seen, value, err));
    return *seen && from != NULL && value->cls == MR_CLASS_TEXT ? turn(t, from, value, err) : MR_OK;
}

/* Is it in both images, and byte for byte the same?  Then its value is, too. */
static bool is_unchanged(const struct mr_binlog_field *before, const struct mr_binlog_field *after)
{
    if (before->presence != after->presence)
        return false;
    if (before->presence == MR_BINLOG_NULL)
        return true;
    return before->presence == MR_BINLOG_BYTES && before->len == after->len &&
           memcmp(before->ptr, after->ptr, before->len) == 0;
}

static const struct mr_binlog_field *field_of(const struct taking *t, size_t column,
                                              const struct mr_binlog_field *image)
{
    return &image[mr_binlog_shape_at(t->shape, t->table->columns[t->side][column])];
}

/* -0 has another encoding than 0, and the same digest: only then does it need a look at all values. */
static void note_minus_zero(struct mr_history_rowing *r, const struct mr_value *value)
{
    if ((value->cls == MR_CLASS_DOUBLE || value->cls == MR_CLASS_FLOAT) && value->d == 0 &&
        signbit(value->d))
        r->has_minus_zero = true;
}

/* One column of an image, at the end of out. */
static enum mr_code add_column(const struct taking *t, size_t column,
                               const struct mr_binlog_field *image,
                               const struct mr_binlog_field *before, struct mr_strbuf *out,
                               bool *is_whole, struct mr_err *err)
{
    struct mr_value value;
    bool seen;
    MR_TRY(value_at(t, column, image, before, &seen, &value, err));
    if (seen) {
        note_minus_zero(t->r, &value);
        return mr_row_encode_exact(out, &value, err);
    }
    *is_whole = false;
    mr_seen_image_add(out, (struct mr_key){NULL, 0});
    return MR_OK;
}

/* Where each column ends stays known, for the image behind it. */
static enum mr_code encode_before(const struct taking *t, const struct mr_binlog_field *image,
                                  bool *is_whole, struct mr_err *err)
{
    struct mr_history_rowing *r = t->r;
    mr_strbuf_reset(&r->before);
    mr_vec_clear(&r->ends);
    for (size_t i = 0; i < t->table->ncolumns; i++) {
        MR_TRY(add_column(t, i, image, NULL, &r->before, is_whole, err));
        size_t *end = mr_vec_push(&r->ends);
        if (end == NULL)
            return mr_err_nomem(err, "reading a binary log");
        *end = r->before.len;
    }
    return MR_OK;
}

/* What an update leaves as it was, most columns of most, is taken over as it was encoded. */
static enum mr_code encode_after(const struct taking *t, const struct mr_binlog_field *image,
                                 const struct mr_binlog_field *before, bool *is_whole,
                                 struct mr_err *err)
{
    struct mr_history_rowing *r = t->r;
    const size_t *ends = r->ends.items;
    size_t from = 0,
           until = 0; /* of the before-image: columns that follow each other, not copied yet */
    mr_strbuf_reset(&r->after);
    for (size_t i = 0; i < t->table->ncolumns; i++) {
        if (before != NULL && is_unchanged(field_of(t, i, before), field_of(t, i, image))) {
            until = ends[i];
            continue;
        }
        mr_strbuf_add(&r->after, r->before.ptr + from, until - from);
        MR_TRY(add_column(t, i, image, before, &r->after, is_whole, err));
        from = until = before != NULL ? ends[i] : 0;
    }
    mr_strbuf_add(&r->after, r->before.ptr + from, until - from);
    return MR_OK;
}

/* The digest of a whole row is what chains are held by; it is cheap where the bytes are at hand. */
static enum mr_code digest_of(const struct mr_history_rowing *r, const struct mr_strbuf *bytes,
                              struct mr_history_image *out, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(bytes, "reading a binary log", err));
    if (!out->is_whole)
        return MR_OK;
    if (r->has_minus_zero)
        return mr_row_digest(bytes->ptr, bytes->len, &out->digest, err);
    out->digest = mr_digest_bytes(bytes->ptr, bytes->len);
    return MR_OK;
}

/* Both images of a row, of which no bytes are kept yet: they stand in r->before and r->after. */
static enum mr_code take_images(const struct taking *t, const struct mr_binlog_row *row,
                                struct mr_history_image *before, struct mr_history_image *after,
                                struct mr_err *err)
{
    struct mr_history_rowing *r = t->r;
    *before = *after = (struct mr_history_image){.is_whole = true};
    r->has_minus_zero = false;
    if (row->before != NULL) {
        MR_TRY(encode_before(t, row->before, &before->is_whole, err));
        MR_TRY(digest_of(r, &r->before, before, err));
    }
    if (row->after != NULL) {
        MR_TRY(encode_after(t, row->after, row->before, &after->is_whole, err));
        MR_TRY(digest_of(r, &r->after, after, err));
    }
    r->has_partial = r->has_partial || !before->is_whole || !after->is_whole;
    return MR_OK;
}

/* Of a key whose images nobody will look at the digests do, as long as all rows are whole: what is seen of
 * a part has to fit the rows in front of it, and behind. */
static enum mr_code keep_image(struct mr_history_rowing *r, bool is_row, bool matters,
                               const struct mr_strbuf *bytes, struct mr_history_image *out,
                               struct mr_err *err)
{
    if (!is_row)
        return MR_OK;
    if (matters || r->has_partial)
        return keep(r, bytes, &out->bytes, err);
    out->bytes = (struct mr_key){"", 0};
    return MR_OK;
}

/* The row under its new key: what an update leaves out of its after-image has stayed. */
static enum mr_code take_moved(const struct taking *t, const struct mr_binlog_row *row,
                               struct mr_history_image *out, struct mr_err *err)
{
    struct mr_strbuf *bytes = &t->r->after;
    *out = (struct mr_history_image){.is_whole = true};
    mr_strbuf_reset(bytes);
    for (size_t i = 0; i < t->table->ncolumns; i++) {
        const bool has_stayed = field_of(t, i, row->after)->presence == MR_BINLOG_UNSEEN;
        MR_TRY(add_column(t, i, has_stayed ? row->before : row->after,
                          has_stayed ? NULL : row->before, bytes, &out->is_whole, err));
    }
    MR_TRY(digest_of(t->r, bytes, out, err));
    return keep(t->r, bytes, &out->bytes, err);
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

/* Before anything is encoded: an update that shows no other value of the key leaves it. */
static bool leaves_key(const struct taking *t, const struct mr_binlog_row *row)
{
    for (size_t k = 0; k < t->table->nkey; k++) {
        const struct mr_binlog_field *after = field_of(t, t->table->key[k], row->after);
        if (after->presence != MR_BINLOG_UNSEEN &&
            !is_unchanged(field_of(t, t->table->key[k], row->before), after))
            return false;
    }
    return true;
}

static bool same_key(struct mr_key a, struct mr_key b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static enum mr_code take_keys(const struct taking *t, const struct mr_binlog_row *row,
                              struct mr_key *before, struct mr_key *after, struct mr_err *err)
{
    if (row->before != NULL)
        MR_TRY(take_key(t, row->before, NULL, before, err));
    if (row->after == NULL)
        return MR_OK;
    if (row->before == NULL || !leaves_key(t, row))
        return take_key(t, row->after, row->before, after, err);
    *after = *before;
    return MR_OK;
}

/* Does one of the keys?  Then both of its images are kept: a row that goes to another takes its own along. */
static bool matters(const struct taking *t, struct mr_key before, struct mr_key after)
{
    const struct mr_history_rowing *r = t->r;
    return r->matters == NULL ||
           (before.ptr != NULL && r->matters(r->matters_ctx, r->table, before)) ||
           (after.ptr != NULL && after.ptr != before.ptr &&
            r->matters(r->matters_ctx, r->table, after));
}

enum mr_code mr_history_rowing_take(struct mr_history_rowing *r,
                                    const struct mr_history_table *table, enum mr_side side,
                                    const struct mr_binlog_shape *shape,
                                    const struct mr_binlog_row *row,
                                    struct mr_history_change changes[2], size_t *count,
                                    struct mr_err *err)
{
    const struct taking t = {r, table, side, shape};
    struct mr_history_change c = {.table = r->table};
    struct mr_key before = {NULL, 0}, after = {NULL, 0};
    MR_TRY(take_keys(&t, row, &before, &after, err));
    c.matters = matters(&t, before, after);
    MR_TRY(take_images(&t, row, &c.before, &c.after, err));
    MR_TRY(keep_image(r, row->before != NULL, c.matters, &r->before, &c.before, err));
    MR_TRY(keep_image(r, row->after != NULL, c.matters, &r->after, &c.after, err));
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
