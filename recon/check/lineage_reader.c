/* lineage_reader.c: see lineage_reader.h. */
#include "recon/check/lineage_reader.h"

#include <stdlib.h>
#include <string.h>

#include "core/pair/pair_identity.h"
#include "core/pair/pair_references.h"

#define STATEMENT_BYTES ((size_t)512 * 1024)
#define IMAGE_BYTES ((size_t)8 * 1024 * 1024)
#define KEY_SQL_BYTES 48 /* of a key part in a statement, beside the bytes in hex */

/* What one node asks for. */
struct ask {
    size_t node;
    struct mr_key value; /* as the node has it */
    struct mr_key canon;
    int64_t known;
};

/* A row that was read. */
struct found {
    struct mr_lineage_row row;
    struct mr_key canon; /* of the columns that it was asked for by */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "following references");
}

void mr_lineage_reader_init(struct mr_lineage_reader *r, struct mr_check_worker *worker)
{
    *r = (struct mr_lineage_reader){.worker = worker,
                                    .scrap = MR_ARENA_INIT,
                                    .asks = MR_VEC_INIT(struct ask),
                                    .founds = MR_VEC_INIT(struct found),
                                    .items = MR_VEC_INIT(struct mr_canon_item),
                                    .pairs = MR_VEC_INIT(struct mr_lineage_pair),
                                    .bytes = MR_STRBUF_INIT};
    mr_rowset_init(&r->set);
}

void mr_lineage_reader_release(struct mr_lineage_reader *r)
{
    mr_rowset_release(&r->set);
    mr_strbuf_release(&r->bytes);
    mr_vec_release(&r->pairs);
    mr_vec_release(&r->items);
    mr_vec_release(&r->founds);
    mr_vec_release(&r->asks);
    mr_arena_release(&r->scrap);
}

static const void *keep(struct mr_lineage_reader *r)
{
    return mr_arena_dup(&r->scrap, r->bytes.ptr, r->bytes.len);
}

static struct ask *ask_at(const struct mr_lineage_reader *r, size_t i)
{
    return mr_vec_at(&r->asks, i);
}

static struct found *found_at(const struct mr_lineage_reader *r, size_t i)
{
    return mr_vec_at(&r->founds, i);
}

/* The positions of the table's own key: what findings are known by; *count 0: none. */
static const size_t *own_key_columns(const struct mr_pair *table, size_t *count)
{
    if (table->join == MR_JOIN_SPILL) {
        *count = table->nkey_columns;
        return table->key_columns;
    }
    *count = table->full[MR_SOURCE].nkey;
    return table->full[MR_SOURCE].key;
}

/* ---- asks */

/* Does the node refer at all, by the reference's condition? */
static enum mr_code holds(struct mr_lineage_reader *r, const struct mr_lineage_node *node,
                          bool *yes, struct mr_err *err)
{
    struct mr_value value = {0};
    size_t at = (size_t)r->lookup->condition_at, pos = 0;
    bool null = false;
    *yes = true;
    if (r->lookup->condition_at < 0)
        return MR_OK;
    enum mr_code code = mr_pair_values_of(node->image, node->len, &at, 1, &r->bytes, &null, err);
    if (code == MR_OK)
        code = mr_row_decode(r->bytes.ptr, r->bytes.len, &pos, &value, err);
    *yes = code == MR_OK && !null && value.u != 0;
    return code;
}

/* A node that refers to nothing leaves no ask, and so comes in no pair. */
static enum mr_code collect(struct mr_lineage_reader *r, const struct mr_lineage_node *nodes,
                            size_t count, struct mr_err *err)
{
    const struct mr_lineage_lookup *l = r->lookup;
    for (size_t i = 0; i < count; i++) {
        bool yes = false, null = true;
        MR_TRY(holds(r, &nodes[i], &yes, err));
        if (yes)
            MR_TRY(mr_pair_reference_key(l->spelling, l->columns, l->ncolumns, nodes[i].image,
                                         nodes[i].len, &r->bytes, &null, err));
        if (null)
            continue;
        struct ask *ask = mr_vec_push(&r->asks);
        const void *copy = keep(r);
        if (ask == NULL || copy == NULL)
            return nomem(err);
        *ask = (struct ask){.node = i, .value = {copy, r->bytes.len}};
    }
    return MR_OK;
}

static bool names_own_key(const struct mr_lineage_lookup *l)
{
    size_t count = 0;
    const size_t *key = own_key_columns(l->table, &count);
    return count > 0 && count == l->ncolumns &&
           memcmp(key, l->named_columns, count * sizeof *key) == 0;
}

/* Moves what the case knows to the pairs: same bytes are the same key for sure. */
static enum mr_code take_known(struct mr_lineage_reader *r, struct mr_err *err)
{
    const struct mr_lineage_lookup *l = r->lookup;
    size_t count = r->asks.count, kept = 0;
    struct mr_key *keys = mr_arena_calloc(&r->scrap, count + 1, sizeof *keys);
    int64_t *nodes = mr_arena_calloc(&r->scrap, count + 1, sizeof *nodes);
    if (keys == NULL || nodes == NULL)
        return nomem(err);
    for (size_t i = 0; i < count; i++)
        keys[i] = ask_at(r, i)->value;
    enum mr_code code = mr_lineage_nodes(r->worker->check->fd, l->table->find.id, (int)l->side,
                                         keys, count, nodes, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        if (nodes[i] == 0) {
            *ask_at(r, kept++) = *ask_at(r, i);
            continue;
        }
        struct mr_lineage_pair *pair = mr_vec_push(&r->pairs);
        if (pair == NULL)
            return nomem(err);
        *pair = (struct mr_lineage_pair){.node = ask_at(r, i)->node, .known = nodes[i]};
    }
    r->asks.count = kept;
    return code;
}

static enum mr_code canonise(struct mr_lineage_reader *r, const size_t *positions, size_t count,
                             struct mr_err *err)
{
    if (r->items.count == 0)
        return MR_OK;
    return mr_pair_canonise(r->lookup->table, positions, count, mr_pair_judge(r->worker->reader),
                            &r->items, &r->scrap, err);
}

static enum mr_code push_item(struct mr_lineage_reader *r, struct mr_key in, struct mr_err *err)
{
    struct mr_canon_item *item = mr_vec_push(&r->items);
    if (item == NULL)
        return nomem(err);
    item->in = in.ptr;
    item->in_len = in.len;
    return MR_OK;
}

static struct mr_key item_out(const struct mr_lineage_reader *r, size_t i)
{
    const struct mr_canon_item *item = mr_vec_at(&r->items, i);
    return (struct mr_key){item->out, item->out_len};
}

static int compare_asks(const void *a, const void *b)
{
    const struct ask *x = a, *y = b;
    return mr_key_compare(x->canon, y->canon);
}

static int compare_founds(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return mr_key_compare(x->canon, y->canon);
}

/* By canonical value, as rows are: then asks and rows are joined in one pass. */
static enum mr_code sort_asks(struct mr_lineage_reader *r, struct mr_err *err)
{
    mr_vec_clear(&r->items);
    for (size_t i = 0; i < r->asks.count; i++)
        MR_TRY(push_item(r, ask_at(r, i)->value, err));
    MR_TRY(canonise(r, r->lookup->named_columns, r->lookup->ncolumns, err));
    for (size_t i = 0; i < r->asks.count; i++)
        ask_at(r, i)->canon = item_out(r, i);
    if (r->asks.count > 1)
        qsort(r->asks.items, r->asks.count, sizeof(struct ask), compare_asks);
    return MR_OK;
}

/* Anew after a lost connection: nothing of an earlier try is kept. */
enum mr_code mr_lineage_reader_begin(struct mr_lineage_reader *r,
                                     const struct mr_lineage_lookup *lookup,
                                     const struct mr_lineage_node *nodes, size_t count,
                                     struct mr_err *err)
{
    r->lookup = lookup;
    r->done = 0;
    r->begun = false;
    r->most = SIZE_MAX;
    mr_arena_reset(&r->scrap);
    mr_vec_clear(&r->asks);
    mr_vec_clear(&r->pairs);
    MR_TRY(collect(r, nodes, count, err));
    if (r->asks.count > 0 && names_own_key(lookup))
        MR_TRY(take_known(r, err));
    return sort_asks(r, err);
}

/* ---- rows */

/* The distinct values from r->done on, at most r->most of them, that fit into one
 * statement; *end is behind the last ask that has one of them. */
static enum mr_code slice(struct mr_lineage_reader *r, struct mr_vec *keys, size_t *end,
                          struct mr_err *err)
{
    const struct mr_db *db = mr_reader_db(r->worker->reader[r->lookup->side]);
    uint64_t packet = db != NULL ? mr_db_server(db)->max_packet_bytes : 0;
    size_t room = STATEMENT_BYTES, used = 0;
    if (packet > 0 && packet / 2 < room)
        room = (size_t)packet / 2;
    for (*end = r->done; *end < r->asks.count; ++*end) {
        const struct ask *ask = ask_at(r, *end);
        if (*end > r->done && compare_asks(ask, ask_at(r, *end - 1)) == 0)
            continue;
        used += 2 * ask->value.len + KEY_SQL_BYTES * r->lookup->ncolumns;
        if ((used > room && keys->count > 0) || keys->count == r->most)
            break;
        struct mr_key *key = mr_vec_push(keys);
        if (key == NULL)
            return nomem(err);
        *key = ask->value;
    }
    return MR_OK;
}

static bool has_all_images(const struct mr_rowset *set)
{
    for (size_t i = 0; i < set->rows.count; i++)
        if (mr_rowset_at(set, i)->image_len == 0)
            return false;
    return true;
}

/* One value alone is read with all of its rows, however wide, or it could never be read. */
static enum mr_code fetch(struct mr_lineage_reader *r, const struct mr_vec *keys,
                          struct mr_err *err)
{
    const struct mr_lineage_lookup *l = r->lookup;
    struct mr_readspec spec = l->table->full[l->side];
    struct mr_rowhash hash;
    spec.key = l->named_columns;
    spec.nkey = l->ncolumns;
    spec.index = NULL;
    MR_TRY(mr_throttle_wait(r->worker->check->throttle, err));
    enum mr_code code = mr_rowhash_init(&hash, l->table, &spec, err);
    if (code == MR_OK)
        code = mr_rowset_fetch(&r->set, r->worker->reader[l->side], &hash, keys->items, keys->count,
                               keys->count > 1 ? IMAGE_BYTES : SIZE_MAX, err);
    mr_rowhash_release(&hash);
    return code;
}

/* The row's key as findings have it; a row without one is named by all of itself. */
static enum mr_code add_own_key(struct mr_lineage_reader *r, struct mr_lineage_row *row,
                                struct mr_err *err)
{
    size_t count = 0;
    const size_t *columns = own_key_columns(r->lookup->table, &count);
    bool null = false;
    row->by_image = count == 0 || r->lookup->table->text_key;
    row->key = (struct mr_key){row->image, row->image_len};
    if (count == 0)
        return MR_OK;
    enum mr_code code =
        mr_pair_values_of(row->image, row->image_len, columns, count, &r->bytes, &null, err);
    row->key = (struct mr_key){keep(r), r->bytes.len};
    return code == MR_OK && row->key.ptr == NULL ? nomem(err) : code;
}

/* Images stay in the row set, which the next slice overwrites: pairs live until then. */
static enum mr_code push_founds(struct mr_lineage_reader *r, struct mr_err *err)
{
    mr_vec_clear(&r->founds);
    for (size_t i = 0; i < r->set.rows.count; i++) {
        const struct mr_rowset_row *read = mr_rowset_at(&r->set, i);
        struct found *f = mr_vec_push(&r->founds);
        if (f == NULL)
            return nomem(err);
        f->row = (struct mr_lineage_row){.table = r->lookup->table->find.id,
                                         .image = mr_rowset_image(&r->set, read),
                                         .image_len = read->image_len};
        f->canon = mr_rowset_key(&r->set, read);
        MR_TRY(add_own_key(r, &f->row, err));
    }
    return MR_OK;
}

/* Identities of the rows found, where the table has one; a NULL in it is nobody. */
static enum mr_code name_founds(struct mr_lineage_reader *r, struct mr_err *err)
{
    const struct mr_pair *table = r->lookup->table;
    enum mr_code code = MR_OK;
    mr_vec_clear(&r->items);
    for (size_t i = 0; code == MR_OK && table->by_identity && i < r->founds.count; i++) {
        const struct mr_lineage_row *row = &found_at(r, i)->row;
        bool null = false;
        code = mr_pair_identity_of(table, row->image, row->image_len, &r->bytes, &null, err);
        struct mr_key in = {keep(r), r->bytes.len};
        if (code == MR_OK)
            code = in.ptr != NULL ? push_item(r, in, err) : nomem(err);
    }
    if (code == MR_OK)
        code = canonise(r, table->identity, table->nidentity, err);
    for (size_t i = 0; code == MR_OK && i < r->items.count; i++) {
        struct mr_key name = item_out(r, i);
        found_at(r, i)->row.identity = name.ptr;
        found_at(r, i)->row.identity_len = name.len;
    }
    return code;
}

static enum mr_code sort_founds(struct mr_lineage_reader *r, struct mr_err *err)
{
    mr_vec_clear(&r->items);
    for (size_t i = 0; i < r->founds.count; i++)
        MR_TRY(push_item(r, found_at(r, i)->canon, err));
    MR_TRY(canonise(r, r->lookup->named_columns, r->lookup->ncolumns, err));
    for (size_t i = 0; i < r->founds.count; i++)
        found_at(r, i)->canon = item_out(r, i);
    if (r->founds.count > 1)
        qsort(r->founds.items, r->founds.count, sizeof(struct found), compare_founds);
    return MR_OK;
}

/* Pairs the row (NULL: nobody) with the asks [from, to). */
static enum mr_code pair_all(struct mr_lineage_reader *r, size_t from, size_t to,
                             const struct mr_lineage_row *row, struct mr_err *err)
{
    for (size_t i = from; i < to; i++) {
        struct mr_lineage_pair *pair = mr_vec_push(&r->pairs);
        if (pair == NULL)
            return nomem(err);
        *pair = (struct mr_lineage_pair){.node = ask_at(r, i)->node, .row = row};
    }
    return MR_OK;
}

/* Joins asks and rows of a slice; both are sorted. */
static enum mr_code join(struct mr_lineage_reader *r, size_t end, struct mr_err *err)
{
    size_t at = 0;
    for (size_t from = r->done, to; from < end; from = to) {
        struct mr_key canon = ask_at(r, from)->canon;
        for (to = from + 1; to < end && mr_key_compare(ask_at(r, to)->canon, canon) == 0;)
            to++;
        while (at < r->founds.count && mr_key_compare(found_at(r, at)->canon, canon) < 0)
            at++;
        size_t first = at;
        for (; at < r->founds.count && mr_key_compare(found_at(r, at)->canon, canon) == 0; at++)
            MR_TRY(pair_all(r, from, to, &found_at(r, at)->row, err));
        if (at == first)
            MR_TRY(pair_all(r, from, to, NULL, err));
    }
    return MR_OK;
}

/* Images that did not fit are not half kept: the slice is halved and read again. */
static enum mr_code read_slice(struct mr_lineage_reader *r, struct mr_err *err)
{
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    size_t end = r->done;
    enum mr_code code = MR_OK;
    for (bool whole = false; !whole;) {
        mr_vec_clear(&keys);
        MR_TRY_OUT(slice(r, &keys, &end, err));
        MR_TRY_OUT(fetch(r, &keys, err));
        whole = keys.count <= 1 || has_all_images(&r->set);
        if (!whole)
            r->most = keys.count / 2;
    }
    MR_TRY_OUT(push_founds(r, err));
    MR_TRY_OUT(name_founds(r, err));
    MR_TRY_OUT(sort_founds(r, err));
    MR_TRY_OUT(join(r, end, err));
out:
    r->done = end;
    mr_vec_release(&keys);
    return code;
}

enum mr_code mr_lineage_reader_next(struct mr_lineage_reader *r, const struct mr_vec **pairs,
                                    struct mr_err *err)
{
    *pairs = &r->pairs;
    /* at first those that the case knew stand there */
    if (r->begun)
        mr_vec_clear(&r->pairs);
    r->begun = true;
    if (r->done < r->asks.count)
        MR_TRY(read_slice(r, err));
    return MR_OK;
}
