/* create_delta.c: see create_delta.h. */
#include "snapshot/create/create_delta.h"

#include <stdlib.h>

#include "core/logs/changed_keys.h"
#include "core/source/key_order.h"
#include "snapshot/create/create_unlock.h"
#include "snapshot/format/snap_gone.h"

#define KEYS_A_STATEMENT 500
#define KEY_BYTES_A_STATEMENT ((size_t)1 << 20)

/* What has become of a key: its number in the set. */
enum { WANTED = 0, FOUND = 1 };

struct delta {
    struct mr_create_scan *scan;
    struct mr_key_set *keys;
    struct mr_strbuf key; /* of the row that has come */
};

static size_t nkey_of(const struct delta *d)
{
    return d->scan->table->spec.nkey;
}

/* ---- the order ---- */

/* The order of the keys' values, by places in the set. */
static int compare_known(const void *a, const void *b, void *ctx)
{
    const struct delta *d = ctx;
    return mr_key_order_compare(nkey_of(d), mr_key_set_at(d->keys, *(const size_t *)a),
                                mr_key_set_at(d->keys, *(const size_t *)b));
}

/* Places in the set, which is in the order of bytes. */
static enum mr_code sort_keys(struct delta *d, size_t **out, struct mr_err *err)
{
    const size_t count = mr_key_set_count(d->keys);
    *out = calloc(count + 1, sizeof **out);
    if (*out == NULL)
        return mr_err_nomem(err, "reading rows");
    for (size_t i = 0; i < count; i++)
        (*out)[i] = i;
    if (d->scan->table->spec.in_order)
        qsort_r(*out, count, sizeof **out, compare_known, d);
    return MR_OK;
}

/* ---- rows ---- */

/* A row that was asked for twice, by two spellings of one key, comes twice: it is kept once. */
static enum mr_code write_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct delta *d = ctx;
    const struct mr_readspec *spec = &d->scan->table->spec;
    mr_strbuf_reset(&d->key);
    for (size_t k = 0; k < spec->nkey; k++)
        MR_TRY(mr_row_encode(&d->key, &values[spec->key[k]], err));
    MR_TRY(mr_strbuf_check(&d->key, "reading rows", err));
    size_t at;
    if (!mr_key_set_find(d->keys, (struct mr_key){d->key.ptr, d->key.len}, &at))
        return mr_err_set(err, MR_E_CHANGED,
                          "a row came under another key than it was asked for by");
    if (mr_key_set_number(d->keys, at) == FOUND)
        return MR_OK;
    mr_key_set_mark(d->keys, at, FOUND);
    return mr_create_scan_row(d->scan, values, err);
}

static enum mr_code read_rows(struct delta *d, const size_t *sorted, size_t count,
                              struct mr_err *err)
{
    struct mr_create_scan *s = d->scan;
    struct mr_key keys[KEYS_A_STATEMENT];
    for (size_t at = 0; at < count;) {
        size_t n = 0, bytes = 0;
        for (; at < count && n < KEYS_A_STATEMENT && bytes < KEY_BYTES_A_STATEMENT; at++) {
            keys[n] = mr_key_set_at(d->keys, sorted[at]);
            bytes += keys[n++].len;
        }
        MR_TRY(mr_create_wait(s, err));
        MR_TRY(mr_create_hold(s, s->table, err));
        MR_TRY(mr_reader_fetch(s->reader, &s->table->spec, keys, n, write_row, d, err));
    }
    return MR_OK;
}

/* ---- keys that are gone ---- */

/* A text that stands in a file, and what is summed of it. */
struct gone {
    struct mr_snap_out *out;
    struct mr_snap_chunk chunk;
    struct mr_tsv tsv;
    struct mr_hasher *hasher;
};

static enum mr_code write_text(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct gone *g = arg;
    return mr_snap_out_write(g->out, ptr, len, err);
}

static enum mr_code write_key(struct gone *g, const struct mr_snap_table *table, struct mr_key key,
                              struct mr_err *err)
{
    struct mr_value values[MR_KEY_PARTS_MAX];
    size_t pos = 0;
    for (size_t k = 0; k < table->nkey; k++) {
        MR_TRY(mr_row_decode(key.ptr, key.len, &pos, &values[k], err));
        MR_TRY(mr_hasher_add(g->hasher, &values[k], err));
    }
    mr_snap_sum_add(&g->chunk.sum, mr_hasher_finish(g->hasher));
    g->chunk.rows++;
    return mr_tsv_add_row(&g->tsv, table, values, err);
}

static enum mr_code end_gone(struct delta *d, struct gone *g, struct mr_err *err)
{
    struct mr_create *c = d->scan->create;
    struct mr_snap_stored stored;
    MR_TRY(mr_tsv_flush(&g->tsv, err));
    enum mr_code code = mr_snap_out_close(g->out, &stored, err);
    g->out = NULL;
    if (code != MR_OK)
        return code;
    pthread_mutex_lock(&c->lock);
    g->chunk.sha256 = mr_arena_strdup(&c->arena, stored.sha256);
    pthread_mutex_unlock(&c->lock);
    g->chunk.plain_bytes = g->tsv.bytes;
    g->chunk.stored_bytes = stored.bytes;
    d->scan->table->snap.gone = g->chunk;
    return g->chunk.sha256 != NULL ? MR_OK : mr_err_nomem(err, "writing rows");
}

static const char *name_gone(struct mr_create *c, const struct mr_snap_table *t)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_snap_gone_name(&name, t, c->opts->encrypt_to.count > 0);
    pthread_mutex_lock(&c->lock);
    const char *kept = name.failed ? NULL : mr_arena_strdup(&c->arena, name.ptr);
    pthread_mutex_unlock(&c->lock);
    mr_strbuf_release(&name);
    return kept;
}

static bool is_gone(const struct delta *d, size_t at)
{
    return mr_key_set_number(d->keys, at) != FOUND;
}

static enum mr_code write_gone(struct delta *d, const size_t *sorted, size_t count,
                               struct mr_err *err)
{
    struct mr_create *c = d->scan->create;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_snap_table table;
    struct gone g = {.hasher = d->scan->hasher};
    size_t first = 0;
    while (first < count && !is_gone(d, sorted[first]))
        first++;
    if (first == count)
        return MR_OK;
    mr_tsv_init(&g.tsv, (struct mr_sink){.write = write_text, .arg = &g});
    g.chunk.file = name_gone(c, &d->scan->table->snap);
    enum mr_code code = g.chunk.file != NULL ? MR_OK : mr_err_nomem(err, "writing rows");
    MR_TRY_OUT(code);
    MR_TRY_OUT(mr_snap_gone_table(&d->scan->table->snap, &arena, &table, err));
    MR_TRY_OUT(mr_snap_out_open(c->dir, g.chunk.file, (int)c->opts->level, &g.out, err));
    for (size_t i = first; i < count; i++)
        if (is_gone(d, sorted[i]))
            MR_TRY_OUT(write_key(&g, &table, mr_key_set_at(d->keys, sorted[i]), err));
    MR_TRY_OUT(end_gone(d, &g, err));
out:
    mr_snap_out_abandon(g.out);
    mr_tsv_release(&g.tsv);
    mr_arena_release(&arena);
    return code;
}

/* ---- all of it ---- */

enum mr_code mr_create_delta_read(struct mr_create_scan *s, struct mr_err *err)
{
    struct mr_create_table *t = s->table;
    struct delta d = {.scan = s, .keys = &t->delta->keys, .key = MR_STRBUF_INIT};
    const size_t count = mr_key_set_count(d.keys);
    const struct mr_key open = {NULL, 0};
    size_t *sorted = NULL;
    enum mr_code code = MR_OK;
    if (count == 0)
        return MR_OK;
    mr_create_scan_begin(s, 0, 0);
    MR_TRY_OUT(sort_keys(&d, &sorted, err));
    MR_TRY_OUT(read_rows(&d, sorted, count, err));
    MR_TRY_OUT(mr_create_range_end(s, open, err));
    MR_TRY_OUT(write_gone(&d, sorted, count, err));
out:
    if (code != MR_OK)
        mr_create_chunk_abandon(s);
    free(sorted);
    mr_strbuf_release(&d.key);
    return code;
}
