/* merge_table.c: the rows of one table of a chain; see snap_merge.h. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/source/key_set.h"
#include "snapshot/format/snap_gone.h"
#include "snapshot/merge/merge_out.h"
#include "snapshot/merge/merge_patch.h"
#include "snapshot/merge/merge_rows.h"
#include "snapshot/read/snap_order.h"

#define NOBODYS UINT32_MAX /* the number of a key that is gone */

/* A link's part of the table: layer 0 is the bottom. */
struct layer {
    const struct mr_snap *snap;
    const struct mr_snap_table *table;
    struct mr_snap_merge_rows rows;
};

struct job {
    struct mr_snap_merge *merge;
    struct layer *layers;
    size_t nlayers;
    /* of each key that a layer above the bottom names: the number of the one that has its row */
    struct mr_key_set owners;
    struct mr_snap_merge_out out;
    struct mr_until_rows *log; /* what the log made of the table; NULL: nothing */
    struct mr_snap_patch patch;
    bool in_order;
};

/* ---- layers ---- */

static const struct mr_snap_table *find_table(const struct mr_snap *snap,
                                              const struct mr_snap_table *like)
{
    const struct mr_snap_manifest *m = &snap->manifest;
    for (size_t i = 0; i < m->ntables; i++)
        if (strcmp(m->tables[i].db, like->db) == 0 && strcmp(m->tables[i].name, like->name) == 0)
            return &m->tables[i];
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* Fields of one are read as fields of the other: what differs would put values into other columns. */
static bool same_columns(const struct mr_snap_table *a, const struct mr_snap_table *b)
{
    if (a->ncolumns != b->ncolumns || a->nkey != b->nkey)
        return false;
    for (size_t i = 0; i < a->ncolumns; i++)
        if (strcmp(a->columns[i].name, b->columns[i].name) != 0 ||
            a->columns[i].cls != b->columns[i].cls || a->columns[i].load != b->columns[i].load ||
            !same_text(a->columns[i].charset, b->columns[i].charset) ||
            a->columns[i].by_number != b->columns[i].by_number)
            return false;
    for (size_t k = 0; k < a->nkey; k++)
        if (a->key[k] != b->key[k])
            return false;
    return true;
}

static enum mr_code misfit(const struct mr_snap *link, const struct mr_snap_table *t,
                           const char *what, struct mr_err *err)
{
    return mr_err_set(err, MR_E_REFUSED,
                      "snapshot \"%s\" does not fit the chain: table \"%s.%s\" %s", link->path,
                      t->db, t->name, what);
}

/* From the last link down to the newest that has all rows. */
static enum mr_code find_layers(struct job *j, const struct mr_snap_table *top, struct mr_err *err)
{
    const struct mr_snap_chain *chain = j->merge->chain;
    size_t at = chain->links.count, count = 0;
    j->layers = calloc(chain->links.count + 1, sizeof *j->layers);
    if (j->layers == NULL)
        return mr_err_nomem(err, "merging snapshots");
    while (at > 0) {
        const struct mr_snap *link = mr_snap_chain_link(chain, --at);
        const struct mr_snap_table *t = find_table(link, top);
        if (t == NULL)
            return misfit(link, top, "is not in it, and the next one goes on from it", err);
        if (!same_columns(t, top))
            return misfit(link, top, "has other columns than in the next one", err);
        j->layers[count++] = (struct layer){.snap = link, .table = t};
        if (t->kept_rows != MR_SNAP_ROWS_CHANGED)
            break;
    }
    if (j->layers[count - 1].table->kept_rows == MR_SNAP_ROWS_CHANGED)
        return misfit(mr_snap_chain_link(chain, 0), top, "has no bottom", err);
    for (size_t i = 0; i < count / 2; i++) {
        const struct layer other = j->layers[i];
        j->layers[i] = j->layers[count - 1 - i];
        j->layers[count - 1 - i] = other;
    }
    j->nlayers = count;
    return MR_OK;
}

/* ---- who has the row of a key ---- */

static struct mr_key key_of(const struct mr_snap_merge_rows *rows)
{
    return (struct mr_key){rows->key.ptr, rows->key.len};
}

static enum mr_code list_keys(struct job *j, const struct layer *layer,
                              const struct mr_snap_table *table, uint32_t number,
                              struct mr_err *err)
{
    struct mr_snap_merge_rows rows;
    mr_snap_merge_rows_open(&rows, layer->snap, table);
    enum mr_code code = mr_snap_merge_rows_next(&rows, err);
    while (code == MR_OK && rows.values != NULL) {
        code = mr_key_set_put(&j->owners, key_of(&rows), number, err);
        if (code == MR_OK)
            code = mr_snap_merge_rows_next(&rows, err);
    }
    mr_snap_merge_rows_close(&rows);
    return code;
}

/* In the order of the links, so that the last word is the newest. */
static enum mr_code list_owners(struct job *j, struct mr_err *err)
{
    for (size_t i = 1; i < j->nlayers; i++) {
        const struct layer *layer = &j->layers[i];
        struct mr_snap_table *gone = mr_arena_alloc(&j->merge->arena, sizeof *gone);
        if (gone == NULL)
            return mr_err_nomem(err, "merging snapshots");
        MR_TRY(mr_snap_gone_table(layer->table, &j->merge->arena, gone, err));
        MR_TRY(list_keys(j, layer, gone, NOBODYS, err));
        MR_TRY(list_keys(j, layer, layer->table, (uint32_t)i, err));
    }
    return mr_key_set_unite(&j->owners, err);
}

/* The next row of the layer that no later one has. */
static enum mr_code advance(struct job *j, size_t at, struct mr_err *err)
{
    struct mr_snap_merge_rows *rows = &j->layers[at].rows;
    for (;;) {
        MR_TRY(mr_snap_merge_rows_next(rows, err));
        if (rows->values == NULL)
            return MR_OK;
        size_t found;
        if (!mr_key_set_find(&j->owners, key_of(rows), &found) ||
            mr_key_set_number(&j->owners, found) == at)
            return MR_OK;
    }
}

/* ---- rows ---- */

static enum mr_code write_row(struct job *j, size_t at, struct mr_err *err)
{
    const struct mr_snap_merge_rows *rows = &j->layers[at].rows;
    return mr_snap_patch_row(&j->patch, rows->values, key_of(rows), err);
}

/* The layer whose row has the least key; nlayers: all are at their end. */
static size_t least(const struct job *j)
{
    size_t found = j->nlayers;
    for (size_t i = 0; i < j->nlayers; i++) {
        const struct mr_snap_merge_rows *rows = &j->layers[i].rows;
        if (rows->values == NULL)
            continue;
        if (found == j->nlayers ||
            mr_snap_order_compare(rows->table, key_of(rows), key_of(&j->layers[found].rows)) < 0)
            found = i;
    }
    return found;
}

/* Rows that are not in the order that they should be in would make ranges that lie. */
static enum mr_code require_ascending(const struct job *j, size_t at, const struct mr_strbuf *last,
                                      struct mr_err *err)
{
    const struct layer *layer = &j->layers[at];
    const struct mr_key before = {last->ptr, last->len};
    if (last->len == 0 || mr_snap_order_compare(layer->table, before, key_of(&layer->rows)) < 0)
        return MR_OK;
    return mr_err_set(
        err, MR_E_REFUSED,
        "snapshot \"%s\" is damaged: rows of table \"%s.%s\" are not in the order of their "
        "key",
        layer->snap->path, layer->table->db, layer->table->name);
}

static enum mr_code merge_in_order(struct job *j, struct mr_err *err)
{
    struct mr_strbuf last = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < j->nlayers; i++)
        MR_TRY_OUT(advance(j, i, err));
    for (size_t at = least(j); at < j->nlayers; at = least(j)) {
        MR_TRY_OUT(require_ascending(j, at, &last, err));
        mr_strbuf_reset(&last);
        mr_strbuf_add(&last, j->layers[at].rows.key.ptr, j->layers[at].rows.key.len);
        MR_TRY_OUT(mr_strbuf_check(&last, "merging snapshots", err));
        MR_TRY_OUT(write_row(j, at, err));
        MR_TRY_OUT(advance(j, at, err));
    }
out:
    mr_strbuf_release(&last);
    return code;
}

static enum mr_code merge_one_by_one(struct job *j, struct mr_err *err)
{
    for (size_t i = 0; i < j->nlayers; i++) {
        MR_TRY(advance(j, i, err));
        while (j->layers[i].rows.values != NULL) {
            MR_TRY(write_row(j, i, err));
            MR_TRY(advance(j, i, err));
        }
    }
    return MR_OK;
}

/* ---- the table ---- */

static void take_chunks(const struct job *j, struct mr_snap_table *out,
                        const struct mr_snap_chunk *chunks, size_t count)
{
    const struct mr_key none = {NULL, 0};
    struct mr_snap_chunk *to = mr_arena_calloc(&j->merge->arena, count + 1, sizeof *to);
    out->chunks = to;
    out->nchunks = to != NULL ? count : 0;
    for (size_t i = 0; i < out->nchunks; i++) {
        to[i] = chunks[i];
        if (out->keys_hidden) {
            to[i].range = (struct mr_range){none, none};
            to[i].first = to[i].last = none;
        }
        out->rows += to[i].rows;
        out->plain_bytes += to[i].plain_bytes;
        out->stored_bytes += to[i].stored_bytes;
        mr_snap_sum_join(&out->sum, to[i].sum);
    }
}

/* No link has changed it, and its files may lie there as they are. */
static bool is_as_it_was(const struct job *j)
{
    for (size_t i = 1; i < j->nlayers; i++)
        if (j->layers[i].table->nchunks > 0 || j->layers[i].table->gone.file != NULL)
            return false;
    return j->log == NULL && j->merge->opts->nrecipients == 0 &&
           j->layers[0].snap->manifest.nrecipients == 0;
}

static enum mr_code copy_files(struct job *j, struct mr_snap_table *out, struct mr_err *err)
{
    const struct layer *bottom = &j->layers[0];
    for (size_t i = 0; i < bottom->table->nchunks; i++) {
        const struct mr_snap_chunk *c = &bottom->table->chunks[i];
        const struct mr_snap_file file = {c->file, c->stored_bytes, c->sha256};
        MR_TRY(mr_snap_merge_copy(j->merge, bottom->snap, &file, err));
        mr_progress_add(j->merge->opts->progress, c->rows, c->plain_bytes);
        mr_progress_tick(j->merge->opts->progress);
    }
    out->keys_hidden = bottom->table->keys_hidden;
    take_chunks(j, out, bottom->table->chunks, bottom->table->nchunks);
    return out->chunks != NULL ? MR_OK : mr_err_nomem(err, "merging snapshots");
}

static enum mr_code merge_rows(struct job *j, struct mr_snap_table *out, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    j->in_order = mr_snap_order_has(out);
    /* keys that may name people stay within the encrypted files */
    out->keys_hidden =
        out->nkey > 0 &&
        (!j->in_order || (j->merge->opts->nrecipients > 0 && !mr_snap_key_is_plain(out)));
    for (size_t i = 0; i < j->nlayers; i++)
        mr_snap_merge_rows_open(&j->layers[i].rows, j->layers[i].snap, j->layers[i].table);
    MR_TRY_OUT(list_owners(j, err));
    j->out.has_ranges = out->nkey > 0 && !out->keys_hidden;
    MR_TRY_OUT(mr_snap_patch_init(&j->patch, &j->out, j->log, j->in_order, err));
    MR_TRY_OUT(j->in_order ? merge_in_order(j, err) : merge_one_by_one(j, err));
    MR_TRY_OUT(mr_snap_patch_end(&j->patch, err));
    MR_TRY_OUT(mr_snap_merge_out_end(&j->out, err));
    take_chunks(j, out, j->out.chunks.items, j->out.chunks.count);
    if (out->chunks == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "merging snapshots"));
out:
    for (size_t i = 0; i < j->nlayers; i++)
        mr_snap_merge_rows_close(&j->layers[i].rows);
    return code;
}

enum mr_code mr_snap_merge_table(struct mr_snap_merge *merge, size_t number,
                                 struct mr_snap_table *out, struct mr_err *err)
{
    const struct mr_snap_chain *chain = merge->chain;
    const struct mr_snap *last = mr_snap_chain_link(chain, chain->links.count - 1);
    const struct mr_snap_table *top = &last->manifest.tables[number];
    struct job j = {.merge = merge};
    if (merge->opts->until != NULL)
        j.log = mr_until_find(merge->opts->until, top);
    enum mr_code code = MR_OK;
    mr_key_set_init(&j.owners);
    *out = *top;
    out->kept_rows = MR_SNAP_ROWS_ALL;
    out->why_copied = NULL;
    out->gone = (struct mr_snap_chunk){.file = NULL};
    out->rows = out->plain_bytes = out->stored_bytes = 0;
    out->sum = (struct mr_snap_sum){0};
    MR_TRY_OUT(mr_snap_merge_out_init(&j.out, merge, out, err));
    MR_TRY_OUT(find_layers(&j, top, err));
    MR_TRY_OUT(is_as_it_was(&j) ? copy_files(&j, out, err) : merge_rows(&j, out, err));
out:
    mr_snap_patch_release(&j.patch);
    mr_snap_merge_out_release(&j.out);
    mr_key_set_release(&j.owners);
    free(j.layers);
    return code;
}
