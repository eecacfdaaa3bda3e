/* merge_patch.c: see merge_patch.h. */
#include "snapshot/merge/merge_patch.h"

#include <stdlib.h>

#include "snapshot/read/snap_order.h"

static int compare(const void *a, const void *b, void *patch)
{
    return mr_snap_order_compare(((const struct mr_snap_patch *)patch)->rows->table,
                                 ((const struct mr_key_entry *)a)->key,
                                 ((const struct mr_key_entry *)b)->key);
}

enum mr_code mr_snap_patch_init(struct mr_snap_patch *p, struct mr_snap_merge_out *out,
                                struct mr_until_rows *rows, bool in_order, struct mr_err *err)
{
    *p = (struct mr_snap_patch){
        .out = out, .rows = rows, .in_order = in_order, .image = MR_STRBUF_INIT};
    if (rows == NULL)
        return MR_OK;
    const struct mr_vec *entries = &rows->keys.entries;
    p->values = calloc(rows->table->ncolumns + 1, sizeof *p->values);
    p->sorted = calloc(entries->count + 1, sizeof *p->sorted);
    if (p->values == NULL || p->sorted == NULL)
        return mr_err_nomem(err, "merging snapshots");
    for (size_t i = 0; i < entries->count; i++)
        p->sorted[i] = *(const struct mr_key_entry *)mr_vec_at(entries, i);
    if (in_order && entries->count > 1)
        qsort_r(p->sorted, entries->count, sizeof *p->sorted, compare, p);
    return MR_OK;
}

void mr_snap_patch_release(struct mr_snap_patch *p)
{
    mr_strbuf_release(&p->image);
    free(p->values);
    free(p->sorted);
}

/* was: the snapshot's row; NULL: it has none of that key. */
static enum mr_code write_changed(struct mr_snap_patch *p, struct mr_until_row *row,
                                  const struct mr_value *was, struct mr_key key, struct mr_err *err)
{
    struct mr_err why = {0};
    bool is_gone = false;
    row->is_met = true;
    const enum mr_code code =
        mr_until_rows_compose(p->rows, row, was, &p->image, p->values, &is_gone, &why);
    if (code == MR_E_UNSUPPORTED) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&text, "%s: the row ", why.message);
        mr_snap_key_json(&text, p->rows->table, key);
        const enum mr_code refused = mr_until_refuse(p->rows->table, text.ptr, err);
        mr_strbuf_release(&text);
        return refused;
    }
    if (code != MR_OK && err != NULL)
        *err = why;
    if (code != MR_OK || is_gone)
        return code;
    return mr_snap_merge_out_row(p->out, p->values, key, err);
}

/* Rows of keys that the snapshot does not have, up to the key; NULL: all that are left. */
static enum mr_code write_new(struct mr_snap_patch *p, const struct mr_key *up_to,
                              struct mr_err *err)
{
    const size_t count = p->rows->keys.entries.count;
    for (; p->at < count; p->at++) {
        const struct mr_key_entry *entry = &p->sorted[p->at];
        struct mr_until_row *row = mr_vec_at(&p->rows->rows, entry->number);
        if (up_to != NULL && mr_snap_order_compare(p->rows->table, entry->key, *up_to) >= 0)
            return MR_OK;
        if (!row->is_met)
            MR_TRY(write_changed(p, row, NULL, entry->key, err));
    }
    return MR_OK;
}

enum mr_code mr_snap_patch_row(struct mr_snap_patch *p, const struct mr_value *values,
                               struct mr_key key, struct mr_err *err)
{
    if (p->rows == NULL)
        return mr_snap_merge_out_row(p->out, values, key, err);
    if (p->in_order)
        MR_TRY(write_new(p, &key, err));
    struct mr_until_row *row = mr_until_rows_find(p->rows, key);
    return row != NULL ? write_changed(p, row, values, key, err)
                       : mr_snap_merge_out_row(p->out, values, key, err);
}

enum mr_code mr_snap_patch_end(struct mr_snap_patch *p, struct mr_err *err)
{
    return p->rows != NULL ? write_new(p, NULL, err) : MR_OK;
}
