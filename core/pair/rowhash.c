/* rowhash.c: see rowhash.h. */
#include "core/pair/rowhash.h"

#include "core/row/json_norm.h"

enum mr_code mr_rowhash_init(struct mr_rowhash *rh, const struct mr_pair *table,
                             const struct mr_readspec *spec, struct mr_err *err)
{
    *rh = (struct mr_rowhash){
        .table = table, .spec = spec, .raw = MR_STRBUF_INIT, .normal = MR_STRBUF_INIT};
    rh->hasher = mr_hasher_new();
    return rh->hasher != NULL ? MR_OK : mr_err_nomem(err, "reading rows");
}

void mr_rowhash_release(struct mr_rowhash *rh)
{
    mr_hasher_free(rh->hasher);
    rh->hasher = NULL;
    mr_strbuf_release(&rh->raw);
    mr_strbuf_release(&rh->normal);
}

/* The whole text of a JSON value, also of a long one. */
static enum mr_code read_text(struct mr_rowhash *rh, const struct mr_value *value,
                              const char **text, struct mr_err *err)
{
    *text = value->ptr;
    if (value->ptr != NULL || value->len == 0)
        return MR_OK;
    mr_strbuf_reset(&rh->raw);
    if (!mr_strbuf_reserve(&rh->raw, value->len))
        return mr_err_nomem(err, "reading a JSON value");
    enum mr_code code =
        value->lob->read(value->lob, value->lob_column, 0, rh->raw.ptr, value->len, err);
    *text = rh->raw.ptr;
    return code;
}

/* The normal form of a JSON value; a text that is no JSON stays as it is. */
static enum mr_code normalise(struct mr_rowhash *rh, const struct mr_value *value,
                              struct mr_value *out, struct mr_err *err)
{
    const char *text = NULL;
    *out = *value;
    if (value->cls == MR_CLASS_NULL)
        return MR_OK;
    MR_TRY(read_text(rh, value, &text, err));
    mr_strbuf_reset(&rh->normal);
    out->ptr = text;
    out->lob = NULL;
    if (mr_json_norm(text, value->len, &rh->normal)) {
        out->ptr = rh->normal.ptr;
        out->len = rh->normal.len;
    }
    return mr_strbuf_check(&rh->normal, "normalising a JSON value", err);
}

static size_t value_size(const struct mr_value *value)
{
    return value->len > 0 ? value->len : 8;
}

enum mr_code mr_rowhash_digest(struct mr_rowhash *rh, const struct mr_value *values,
                               struct mr_digest *digest, uint64_t *bytes, struct mr_err *err)
{
    const struct mr_pair *table = rh->table;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < table->ncompared; i++) {
        const struct mr_value *value = &values[i];
        struct mr_value normal;
        *bytes += value_size(value);
        if (table->normalise[i]) {
            code = normalise(rh, value, &normal, err);
            value = &normal;
        }
        if (code == MR_OK)
            code = mr_hasher_add(rh->hasher, value, err);
    }
    *digest = mr_hasher_finish(rh->hasher);
    return code;
}

struct mr_digest mr_rowhash_raw(const struct mr_raw_row *row)
{
    return mr_digest_bytes(row->ptr, row->len);
}

enum mr_code mr_rowhash_key(struct mr_rowhash *rh, const struct mr_value *values,
                            struct mr_strbuf *key, struct mr_err *err)
{
    for (size_t k = 0; k < rh->spec->nkey; k++)
        MR_TRY(mr_row_encode(key, &values[rh->spec->key[k]], err));
    return MR_OK;
}

enum mr_code mr_rowhash_join_key(struct mr_rowhash *rh, const struct mr_value *values,
                                 struct mr_strbuf *key, struct mr_err *err)
{
    for (size_t k = 0; k < rh->table->nkey_columns; k++)
        MR_TRY(mr_row_encode(key, &values[rh->table->key_columns[k]], err));
    return MR_OK;
}

enum mr_code mr_rowhash_image(struct mr_rowhash *rh, const struct mr_value *values,
                              struct mr_strbuf *image, struct mr_err *err)
{
    for (size_t i = 0; i < rh->spec->ncols; i++)
        MR_TRY(rh->signs != NULL && i < rh->table->find.ncolumns && rh->signs[i]
                   ? mr_row_encode_exact(image, &values[i], err)
                   : mr_row_encode(image, &values[i], err));
    return MR_OK;
}
