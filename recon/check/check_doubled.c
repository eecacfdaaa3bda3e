/* check_doubled.c: see check_doubled.h. */
#include "recon/check/check_doubled.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/pair/pair_identity.h"
#include "core/pair/rowset.h"
#include "core/source/source_shards.h"

#define BATCH 200
#define BATCH_BYTES ((size_t)1024 * 1024)
#define IMAGE_BYTES ((size_t)32 * 1024 * 1024) /* of the rows of a batch's keys, in all places */

struct search {
    struct mr_check_worker *worker;
    struct mr_pair *table;
    struct mr_rowhash hash;
    struct mr_rowset rows, again; /* of two looks */
    struct mr_vec keys;           /* struct mr_key, of the batch */
    struct mr_vec items;          /* struct mr_canon_item, of rows */
    struct mr_vec order;          /* size_t: rows by their canonical keys */
    struct mr_arena arena;
    bool left_out; /* a row was too wide to be kept */
};

/* The key of a row, as the source is asked for it: its image has the values of a full reading. */
static enum mr_code key_of(const struct search *s, const void *image, size_t len,
                           struct mr_strbuf *key, struct mr_err *err)
{
    const struct mr_readspec *spec = &s->table->full[MR_SOURCE];
    mr_strbuf_reset(key);
    for (size_t k = 0; k < spec->nkey; k++) {
        size_t from = 0, to = 0;
        for (size_t i = 0; i <= spec->key[k]; i++) {
            from = to;
            MR_TRY(mr_row_skip(image, len, &to, err));
        }
        mr_strbuf_add(key, (const char *)image + from, to - from);
    }
    return mr_strbuf_check(key, "looking for duplicates", err);
}

static int compare_keys(const void *a, const void *b)
{
    return mr_key_compare(*(const struct mr_key *)a, *(const struct mr_key *)b);
}

/* Each once: rows of a key come once a key. */
static enum mr_code take_keys(struct search *s, const struct mr_vec *batch, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_vec_clear(&s->keys);
    for (size_t i = 0; code == MR_OK && i < batch->count; i++) {
        const struct mr_finding *f = mr_vec_at(batch, i);
        if (f->source == NULL)
            continue;
        code = key_of(s, f->source, f->source_len, &text, err);
        struct mr_key *key = code == MR_OK ? mr_vec_push(&s->keys) : NULL;
        const char *copy = mr_arena_dup(&s->arena, text.ptr, text.len);
        if (code == MR_OK && (key == NULL || copy == NULL))
            code = mr_err_nomem(err, "looking for duplicates");
        if (code == MR_OK)
            *key = (struct mr_key){copy, text.len};
    }
    mr_strbuf_release(&text);
    struct mr_key *all = s->keys.items;
    size_t kept = 0;
    if (s->keys.count > 1)
        qsort(all, s->keys.count, sizeof *all, compare_keys);
    for (size_t i = 0; i < s->keys.count; i++)
        if (kept == 0 || compare_keys(&all[kept - 1], &all[i]) != 0)
            all[kept++] = all[i];
    s->keys.count = kept;
    return code;
}

/* Rows by the keys that they have for TARGET. */
static int compare_rows(const void *a, const void *b, void *ctx)
{
    const struct search *s = ctx;
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    const struct mr_canon_item *i = mr_vec_at(&s->items, x), *k = mr_vec_at(&s->items, y);
    const int order =
        mr_key_compare((struct mr_key){i->out, i->out_len}, (struct mr_key){k->out, k->out_len});
    return order != 0 ? order : (x > y) - (x < y);
}

static enum mr_code canonise(struct search *s, struct mr_err *err)
{
    const struct mr_readspec *spec = &s->table->full[MR_SOURCE];
    mr_vec_clear(&s->items);
    mr_vec_clear(&s->order);
    for (size_t i = 0; i < s->rows.rows.count; i++) {
        const struct mr_key key = mr_rowset_key(&s->rows, mr_rowset_at(&s->rows, i));
        struct mr_canon_item *item = mr_vec_push(&s->items);
        size_t *at = mr_vec_push(&s->order);
        if (item == NULL || at == NULL)
            return mr_err_nomem(err, "looking for duplicates");
        *item = (struct mr_canon_item){
            .in = key.ptr, .in_len = key.len, .out = key.ptr, .out_len = key.len};
        *at = i;
    }
    if (s->table->text_key && s->items.count > 0)
        MR_TRY(mr_pair_canonise(s->table, spec->key, spec->nkey, mr_pair_judge(s->worker->reader),
                                &s->items, &s->arena, err));
    if (s->order.count > 1)
        qsort_r(s->order.items, s->order.count, sizeof(size_t), compare_rows, s);
    return MR_OK;
}

static enum mr_code store(struct search *s, size_t row_at, const struct mr_shards_place *places,
                          size_t count, struct mr_err *err)
{
    const struct mr_rowset_row *row = mr_rowset_at(&s->rows, row_at);
    const struct mr_canon_item *item = mr_vec_at(&s->items, row_at);
    const struct mr_find_duplicate d = {.side = MR_SOURCE,
                                        .identity = item->out,
                                        .identity_len = item->out_len,
                                        .image = mr_rowset_image(&s->rows, row),
                                        .image_len = row->image_len,
                                        .place =
                                            row->place < count ? places[row->place].name : "?"};
    if (row->image_len == 0) {
        s->left_out = true;
        return MR_OK;
    }
    return mr_findings_duplicate_add(s->worker->check->fd, s->table->find.id, &d, err);
}

/* Neighbours of one key are rows of several places, since each place has a key once: where those of order[from]
 * end. */
static size_t group_end(const struct search *s, size_t from)
{
    const size_t *order = s->order.items;
    const struct mr_canon_item *first = mr_vec_at(&s->items, order[from]);
    size_t end = from + 1;
    for (; end < s->order.count; end++) {
        const struct mr_canon_item *item = mr_vec_at(&s->items, order[end]);
        if (item->out == NULL || item->out_len != first->out_len ||
            memcmp(item->out, first->out, item->out_len) != 0)
            break;
    }
    return end;
}

/* A row that goes to another server while they are asked one after the other is met on both: a row has its place
 * where a second look finds it, too. */
static enum mr_code drop_moved(struct search *s, struct mr_err *err)
{
    size_t *order = s->order.items, kept = 0, from = 0;
    while (from < s->order.count && group_end(s, from) == from + 1)
        from++;
    if (from == s->order.count)
        return MR_OK;
    MR_TRY(mr_rowset_fetch_again(&s->again, s->worker->reader[MR_SOURCE], &s->hash, s->keys.items,
                                 s->keys.count, 0, err));
    for (size_t i = 0; i < s->order.count; i++) {
        const struct mr_rowset_row *row = mr_rowset_at(&s->rows, order[i]);
        if (mr_rowset_find_at(&s->again, mr_rowset_key(&s->rows, row), row->place) != NULL)
            order[kept++] = order[i];
    }
    s->order.count = kept;
    return MR_OK;
}

static enum mr_code store_groups(struct search *s, struct mr_err *err)
{
    const struct mr_table *table = s->table->side[MR_SOURCE];
    size_t nplaces = 0;
    const struct mr_shards_place *places = mr_source_shards_places(
        s->worker->check->pairing.side[MR_SOURCE].source, table->name, &nplaces);
    const size_t *order = s->order.items;
    for (size_t from = 0, end; from < s->order.count; from = end) {
        end = group_end(s, from);
        for (size_t i = from; end - from > 1 && i < end; i++)
            MR_TRY(store(s, order[i], places, nplaces, err));
    }
    return MR_OK;
}

static enum mr_code search_batch(struct search *s, const struct mr_vec *batch, struct mr_err *err)
{
    MR_TRY(take_keys(s, batch, err));
    if (s->keys.count == 0)
        return MR_OK;
    MR_TRY(mr_rowset_fetch_again(&s->rows, s->worker->reader[MR_SOURCE], &s->hash, s->keys.items,
                                 s->keys.count, IMAGE_BYTES, err));
    MR_TRY(canonise(s, err));
    MR_TRY(drop_moved(s, err));
    return store_groups(s, err);
}

static enum mr_code search_table(struct search *s, struct mr_err *err)
{
    struct mr_vec batch = MR_VEC_INIT(struct mr_finding);
    struct mr_find_page page = {.table = s->table->find.id,
                                .state = MR_FIND_DIVERGED,
                                .limit = BATCH,
                                .max_bytes = BATCH_BYTES,
                                .with_images = true};
    enum mr_code code = MR_OK;
    do {
        mr_arena_reset(&s->arena);
        mr_vec_clear(&batch);
        MR_TRY_OUT(mr_findings_page(s->worker->check->fd, &page, &s->arena, &batch, err));
        if (batch.count > 0)
            page.after_id = ((struct mr_finding *)mr_vec_at(&batch, batch.count - 1))->id;
        MR_TRY_OUT(search_batch(s, &batch, err));
        if (mr_is_cancelled())
            MR_TRY_OUT(mr_cancelled_err(err));
    } while (batch.count > 0);
out:
    mr_vec_release(&batch);
    return code;
}

static enum mr_code say_left_out(struct search *s, struct mr_err *err)
{
    struct mr_check_run *check = s->worker->check;
    if (!s->left_out)
        return MR_OK;
    pthread_mutex_lock(&check->lock);
    enum mr_code code = mr_pair_add_note(
        s->table, "of keys in very many sources, or with very wide rows, not all places are listed",
        err);
    pthread_mutex_unlock(&check->lock);
    return code;
}

enum mr_code mr_check_doubled(struct mr_check_worker *worker, struct mr_pair *table,
                              struct mr_err *err)
{
    struct search s = {.worker = worker,
                       .table = table,
                       .keys = MR_VEC_INIT(struct mr_key),
                       .items = MR_VEC_INIT(struct mr_canon_item),
                       .order = MR_VEC_INIT(size_t),
                       .arena = MR_ARENA_INIT};
    enum mr_code code = MR_OK;
    if (!mr_side_is_shards(&worker->check->pairing.side[MR_SOURCE]) ||
        table->full[MR_SOURCE].nkey == 0 || table->join == MR_JOIN_DIGEST)
        return MR_OK;
    mr_rowset_init(&s.rows);
    mr_rowset_init(&s.again);
    MR_TRY_OUT(mr_rowhash_init(&s.hash, table, &table->full[MR_SOURCE], err));
    MR_TRY_OUT(search_table(&s, err));
    MR_TRY_OUT(say_left_out(&s, err));
out:
    mr_rowhash_release(&s.hash);
    mr_rowset_release(&s.rows);
    mr_rowset_release(&s.again);
    mr_vec_release(&s.keys);
    mr_vec_release(&s.items);
    mr_vec_release(&s.order);
    mr_arena_release(&s.arena);
    return code;
}
