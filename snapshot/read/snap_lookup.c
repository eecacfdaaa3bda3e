/* snap_lookup.c: see snap_lookup.h. */
#include "snapshot/read/snap_lookup.h"

#include <stdlib.h>

#include "core/row/row_class.h"
#include "core/source/canon.h"
#include "snapshot/read/snap_order.h"

/* A key that is looked for, and where its row is. */
struct wanted {
    size_t chunk;
    struct mr_key key;
};

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    if (x->chunk != y->chunk)
        return x->chunk < y->chunk ? -1 : 1;
    return mr_key_compare(x->key, y->key);
}

static int compare_key(const void *a, const void *b)
{
    return mr_key_compare(((const struct wanted *)a)->key, ((const struct wanted *)b)->key);
}

/* The rows of one file: from the least key to the greatest. */
static enum mr_code read_group(struct mr_snap_cursor *c, const struct mr_snap_table *table,
                               const struct wanted *list, size_t count,
                               const struct mr_snap_lookup *task, struct mr_err *err)
{
    struct mr_key least = list[0].key, most = list[0].key;
    for (size_t i = 1; i < count; i++) {
        if (mr_snap_order_compare(table, list[i].key, least) < 0)
            least = list[i].key;
        if (mr_snap_order_compare(table, list[i].key, most) > 0)
            most = list[i].key;
    }
    enum mr_code code = mr_snap_cursor_seek(c, table, least, true, err);
    while (code == MR_OK) {
        const struct mr_value *row = NULL;
        code = mr_snap_cursor_peek(c, most, &row, err);
        const struct wanted at = {.key = {c->key.ptr, c->key.len}};
        if (code != MR_OK || row == NULL || mr_snap_order_compare(table, at.key, most) > 0)
            break;
        if (bsearch(&at, list, count, sizeof *list, compare_key) != NULL)
            code = task->fn(task->ctx, row, err);
        mr_snap_cursor_take(c);
    }
    return code;
}

/* Keys are grouped by the file that holds them, so that each file is read once, whatever the
 * order in which they were asked for. */
enum mr_code mr_snap_lookup_ordered(struct mr_snap_cursor *c, const struct mr_snap_table *table,
                                    const struct mr_snap_lookup *task, struct mr_err *err)
{
    size_t nkeys = task->nkeys;
    struct wanted *list = calloc(nkeys, sizeof *list);
    enum mr_code code = MR_OK;
    if (list == NULL)
        return mr_err_nomem(err, "looking for rows");
    for (size_t i = 0; i < nkeys; i++)
        list[i] = (struct wanted){mr_snap_order_chunk(table, task->keys[i], false), task->keys[i]};
    qsort(list, nkeys, sizeof *list, compare_wanted);
    for (size_t from = 0, to; code == MR_OK && from < nkeys; from = to) {
        for (to = from + 1; to < nkeys && list[to].chunk == list[from].chunk;)
            to++;
        if (list[from].chunk < table->nchunks)
            code = read_group(c, table, list + from, to - from, task, err);
    }
    free(list);
    return code;
}

/* ---- by other columns ---- */

/* Appends a key's value as it is compared here: of a text, without case. */
static enum mr_code add_canonical(struct mr_strbuf *out, const struct mr_value *value,
                                  const char *charset, struct mr_strbuf *scrap, struct mr_err *err)
{
    struct mr_value canon = *value;
    if (mr_class_has_charset(value->cls)) {
        mr_strbuf_reset(scrap);
        mr_canon_local(scrap, charset, NULL, value->ptr, value->len);
        canon = (struct mr_value){.cls = MR_CLASS_TEXT, .ptr = scrap->ptr, .len = scrap->len};
    }
    MR_TRY(mr_strbuf_check(scrap, "looking for rows", err));
    return mr_row_encode(out, &canon, err);
}

/* Canonical keys in order. */
struct canon_keys {
    struct mr_arena arena;
    struct mr_key *list;
    size_t count;
    struct mr_strbuf key, scrap;
};

static enum mr_code canonise_key(struct canon_keys *k, const struct mr_readspec *spec,
                                 struct mr_key key, struct mr_err *err)
{
    size_t pos = 0;
    mr_strbuf_reset(&k->key);
    for (size_t i = 0; i < spec->nkey; i++) {
        struct mr_value value;
        MR_TRY(mr_row_decode(key.ptr, key.len, &pos, &value, err));
        MR_TRY(add_canonical(&k->key, &value, spec->cols[spec->key[i]].charset, &k->scrap, err));
    }
    return mr_strbuf_check(&k->key, "looking for rows", err);
}

static enum mr_code canonise_row(struct canon_keys *k, const struct mr_readspec *spec,
                                 const struct mr_value *values, struct mr_err *err)
{
    mr_strbuf_reset(&k->key);
    for (size_t i = 0; i < spec->nkey; i++)
        MR_TRY(add_canonical(&k->key, &values[spec->key[i]], spec->cols[spec->key[i]].charset,
                             &k->scrap, err));
    return mr_strbuf_check(&k->key, "looking for rows", err);
}

static int compare_canonical(const void *a, const void *b)
{
    return mr_key_compare(*(const struct mr_key *)a, *(const struct mr_key *)b);
}

/* Sorted, since each row of the table is then looked up among them: many keys cost no more than
 * one pass. */
static enum mr_code canonise_keys(struct canon_keys *k, const struct mr_snap_lookup *task,
                                  struct mr_err *err)
{
    enum mr_code code = MR_OK;
    k->list = mr_arena_calloc(&k->arena, task->nkeys, sizeof *k->list);
    if (k->list == NULL)
        return mr_err_nomem(err, "looking for rows");
    for (; code == MR_OK && k->count < task->nkeys; k->count++) {
        code = canonise_key(k, task->spec, task->keys[k->count], err);
        const void *copy = mr_arena_dup(&k->arena, k->key.ptr, k->key.len);
        if (code == MR_OK && copy == NULL)
            code = mr_err_nomem(err, "looking for rows");
        k->list[k->count] = (struct mr_key){copy, k->key.len};
    }
    if (code == MR_OK)
        qsort(k->list, k->count, sizeof *k->list, compare_canonical);
    return code;
}

/* Without an order all rows are read; what is equal by this rough comparison is given, and
 * whoever asked compares by the server's. */
enum mr_code mr_snap_lookup_all(struct mr_snap_cursor *c, const struct mr_snap_table *table,
                                struct mr_snap_values *values, const struct mr_snap_lookup *task,
                                struct mr_err *err)
{
    const struct mr_key open = {NULL, 0};
    struct canon_keys keys = {
        .arena = MR_ARENA_INIT, .key = MR_STRBUF_INIT, .scrap = MR_STRBUF_INIT};
    enum mr_code code = canonise_keys(&keys, task, err);
    if (code == MR_OK)
        code = mr_snap_cursor_seek(c, table, open, false, err);
    while (code == MR_OK) {
        const struct mr_value *row = NULL, *made = NULL;
        code = mr_snap_cursor_peek(c, open, &row, err);
        if (code != MR_OK || row == NULL)
            break;
        code = mr_snap_values_of(values, row, &made, err);
        if (code == MR_OK)
            code = canonise_row(&keys, task->spec, made, err);
        const struct mr_key key = {keys.key.ptr, keys.key.len};
        if (code == MR_OK &&
            bsearch(&key, keys.list, keys.count, sizeof key, compare_canonical) != NULL)
            code = task->fn(task->ctx, made, err);
        mr_snap_cursor_take(c);
    }
    mr_strbuf_release(&keys.key);
    mr_strbuf_release(&keys.scrap);
    mr_arena_release(&keys.arena);
    return code;
}
