/* merge_rows.c: see merge_rows.h. */
#include "snapshot/merge/merge_rows.h"

void mr_snap_merge_rows_open(struct mr_snap_merge_rows *r, const struct mr_snap *snap,
                             const struct mr_snap_table *table)
{
    *r = (struct mr_snap_merge_rows){.snap = snap, .table = table, .key = MR_STRBUF_INIT};
}

void mr_snap_merge_rows_close(struct mr_snap_merge_rows *r)
{
    mr_snap_rows_close(r->rows);
    mr_strbuf_release(&r->key);
}

/* What a file itself does wrong is damage of the link, and nothing of it is used. */
static enum mr_code as_damage(const struct mr_snap_merge_rows *r, enum mr_code code,
                              struct mr_err *err)
{
    if (code != MR_E_IO)
        return code;
    mr_err_context(err, "snapshot \"%s\" is damaged", r->snap->path);
    mr_err_hint(err, "\"myrecon snapshot verify\" lists all damage.");
    if (err != NULL)
        err->code = MR_E_REFUSED;
    return MR_E_REFUSED;
}

static enum mr_code take_key(struct mr_snap_merge_rows *r, struct mr_err *err)
{
    mr_strbuf_reset(&r->key);
    for (size_t k = 0; k < r->table->nkey; k++)
        MR_TRY(mr_row_encode(&r->key, &r->values[r->table->key[k]], err));
    return mr_strbuf_check(&r->key, "reading rows", err);
}

/* A file may be as it was written, and hold another number of rows than the manifest counts: then one of
 * the two is not what was made. */
static enum mr_code end_chunk(struct mr_snap_merge_rows *r, struct mr_err *err)
{
    const struct mr_snap_chunk *chunk = &r->table->chunks[r->chunk];
    mr_snap_rows_close(r->rows);
    r->rows = NULL;
    r->chunk++;
    if (r->taken == chunk->rows)
        return MR_OK;
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "snapshot \"%s\" is damaged: file \"%s\" holds another number of rows than the "
        "manifest says",
        r->snap->path, chunk->file);
    return MR_E_REFUSED;
}

enum mr_code mr_snap_merge_rows_next(struct mr_snap_merge_rows *r, struct mr_err *err)
{
    r->values = NULL;
    while (r->chunk < r->table->nchunks) {
        const struct mr_snap_chunk *chunk = &r->table->chunks[r->chunk];
        if (r->rows == NULL) {
            r->taken = 0;
            MR_TRY(as_damage(r, mr_snap_rows_open(r->snap, r->table, chunk, &r->rows, err), err));
        }
        MR_TRY(as_damage(r, mr_snap_rows_next(r->rows, &r->values, err), err));
        if (r->values != NULL) {
            r->taken++;
            return take_key(r, err);
        }
        MR_TRY(end_chunk(r, err));
    }
    return MR_OK;
}
