/* check_kin.c: see check_kin.h. */
#include "recon/check_kin.h"

#include <stdlib.h>
#include <string.h>

#include "core/signals.h"
#include "core/pair_identity.h"
#include "core/pair_references.h"
#include "core/rowset.h"

#define BATCH 1000
#define BATCH_BYTES (4.0 * 1024 * 1024)
#define READ_TRIES 4

/* A row whose references are followed. */
struct node {
    int64_t id;
    const void *image;
    size_t len;
};

/* What one row asks for: the values of a reference. */
struct ask {
    int64_t child;
    struct mr_key value; /* as the row has them */
    struct mr_key canon;
};

/* A row that was read. */
struct found {
    struct mr_kin_row row;
    struct mr_key canon; /* of the columns that it was asked for by */
};

struct climb {
    struct mr_check_worker *worker;
    struct mr_check_run *check;
    enum mr_side side;
    struct mr_arena arena;   /* of a batch of nodes */
    struct mr_arena scrap;   /* of one reference of a batch */
    struct mr_vec findings;  /* struct mr_finding */
    struct mr_vec ancestors; /* struct mr_kin_ancestor */
    struct mr_vec nodes;     /* struct node */
    struct mr_vec asks;      /* struct ask */
    struct mr_vec founds;    /* struct found */
    struct mr_vec items;     /* struct mr_canon_item */
    struct mr_vec steps;     /* struct mr_kin_step */
    struct mr_rowset set;
    struct mr_strbuf bytes;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "following references");
}

static const void *keep(struct climb *c, const struct mr_strbuf *bytes)
{
    return mr_arena_dup(&c->scrap, bytes->ptr, bytes->len);
}

/* Does the row refer at all, by the reference's condition? */
static enum mr_code holds(struct climb *c, const struct mr_pair_reference *r,
                          const struct node *node, bool *yes, struct mr_err *err)
{
    struct mr_value value;
    size_t at = (size_t)r->kin.condition_at, pos = 0;
    bool null = false;
    *yes = true;
    if (r->kin.condition_at < 0)
        return MR_OK;
    enum mr_code code =
        mr_pair_values_of(node->image, node->len, &at, 1, &c->bytes, &null, err);
    if (code == MR_OK)
        code = mr_row_decode(c->bytes.ptr, c->bytes.len, &pos, &value, err);
    *yes = code == MR_OK && !null && value.u != 0;
    return code;
}

/* What the rows of the batch ask for; a NULL in it names nobody. */
static enum mr_code collect_asks(struct climb *c, const struct mr_pair_reference *r,
                                 struct mr_err *err)
{
    mr_vec_clear(&c->asks);
    for (size_t i = 0; i < c->nodes.count; i++) {
        const struct node *node = mr_vec_at(&c->nodes, i);
        bool yes = false, null = true;
        enum mr_code code = holds(c, r, node, &yes, err);
        if (code == MR_OK && yes)
            code = mr_pair_values_of(node->image, node->len, r->kin.columns,
                                     r->kin.ncolumns, &c->bytes, &null, err);
        if (code != MR_OK)
            return code;
        if (null)
            continue;
        struct ask *ask = mr_vec_push(&c->asks);
        const void *copy = keep(c, &c->bytes);
        if (ask == NULL || copy == NULL)
            return nomem(err);
        ask->child = node->id;
        ask->value = (struct mr_key){copy, c->bytes.len};
    }
    return MR_OK;
}

static enum mr_code canonise(struct climb *c, const struct mr_pair *table,
                             const size_t *positions, size_t count, struct mr_err *err)
{
    if (c->items.count == 0)
        return MR_OK;
    return mr_pair_canonise(table, positions, count,
                            mr_reader_db(c->worker->reader[MR_TARGET]), &c->items,
                            &c->scrap, err);
}

static enum mr_code push_item(struct climb *c, struct mr_key in, struct mr_err *err)
{
    struct mr_canon_item *item = mr_vec_push(&c->items);
    if (item == NULL)
        return nomem(err);
    item->in = in.ptr;
    item->in_len = in.len;
    return MR_OK;
}

static struct mr_key item_out(const struct climb *c, size_t i)
{
    const struct mr_canon_item *item = mr_vec_at(&c->items, i);
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

static enum mr_code sort_asks(struct climb *c, const struct mr_pair_reference *r,
                              struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->items);
    for (size_t i = 0; code == MR_OK && i < c->asks.count; i++)
        code = push_item(c, ((struct ask *)mr_vec_at(&c->asks, i))->value, err);
    if (code == MR_OK)
        code = canonise(c, r->parent, r->kin.parent_columns, r->kin.ncolumns, err);
    for (size_t i = 0; code == MR_OK && i < c->asks.count; i++)
        ((struct ask *)mr_vec_at(&c->asks, i))->canon = item_out(c, i);
    if (code == MR_OK)
        qsort(c->asks.items, c->asks.count, sizeof(struct ask), compare_asks);
    return code;
}

/* Reads the rows that are asked for, each once. */
static enum mr_code fetch(struct climb *c, const struct mr_pair_reference *r,
                          struct mr_err *err)
{
    struct mr_readspec spec = r->parent->full[c->side];
    struct mr_rowhash hash;
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    enum mr_code code = mr_throttle_wait(c->check->throttle, err);
    if (code != MR_OK)
        return code;
    spec.key = r->kin.parent_columns;
    spec.nkey = r->kin.ncolumns;
    spec.index = NULL;
    code = mr_rowhash_init(&hash, r->parent, &spec, err);
    for (size_t i = 0; code == MR_OK && i < c->asks.count; i++) {
        const struct ask *ask = mr_vec_at(&c->asks, i);
        if (i > 0 && compare_asks(ask, mr_vec_at(&c->asks, i - 1)) == 0)
            continue;
        struct mr_key *key = mr_vec_push(&keys);
        if (key == NULL)
            code = nomem(err);
        else
            *key = ask->value;
    }
    for (int attempt = 0; code == MR_OK && attempt < READ_TRIES; attempt++) {
        code = mr_rowset_fetch(&c->set, c->worker->reader[c->side], &hash, keys.items,
                               keys.count, true, err);
        if (code != MR_E_LOST || mr_is_cancelled() || attempt + 1 == READ_TRIES)
            break;
        code = MR_OK;
    }
    mr_rowhash_release(&hash);
    mr_vec_release(&keys);
    return code;
}

/* The row's key as findings have it; a row without one is named by all of itself. */
static enum mr_code own_key(struct climb *c, const struct mr_pair *table,
                            struct mr_kin_row *row, struct mr_err *err)
{
    const struct mr_readspec *full = &table->full[c->side];
    bool spilled = table->join == MR_JOIN_SPILL;
    size_t nkey = spilled ? table->nkey_columns : full->nkey;
    bool null = false;
    if (nkey == 0) {
        row->key = (struct mr_key){row->image, row->image_len};
        return MR_OK;
    }
    enum mr_code code = mr_pair_values_of(row->image, row->image_len,
                                          spilled ? table->key_columns : full->key, nkey,
                                          &c->bytes, &null, err);
    row->key = (struct mr_key){keep(c, &c->bytes), c->bytes.len};
    return code == MR_OK && row->key.ptr == NULL ? nomem(err) : code;
}

static enum mr_code push_founds(struct climb *c, const struct mr_pair *table,
                                struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->founds);
    for (size_t i = 0; code == MR_OK && i < c->set.rows.count; i++) {
        const struct mr_rowset_row *read = mr_rowset_at(&c->set, i);
        struct found *f = mr_vec_push(&c->founds);
        if (f == NULL)
            return nomem(err);
        f->row = (struct mr_kin_row){.table = table->find.id,
                                     .image = mr_rowset_image(&c->set, read),
                                     .image_len = read->image_len};
        f->canon = mr_rowset_key(&c->set, read);
        code = own_key(c, table, &f->row, err);
    }
    return code;
}

/* Identities of the rows found, where the table has one; a NULL in it is nobody. */
static enum mr_code name_founds(struct climb *c, const struct mr_pair *table,
                                struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->items);
    for (size_t i = 0; code == MR_OK && table->by_identity && i < c->founds.count; i++) {
        struct mr_kin_row *row = &((struct found *)mr_vec_at(&c->founds, i))->row;
        bool null = false;
        code =
            mr_pair_identity_of(table, row->image, row->image_len, &c->bytes, &null, err);
        struct mr_key in = {keep(c, &c->bytes), c->bytes.len};
        if (code == MR_OK)
            code = in.ptr != NULL ? push_item(c, in, err) : nomem(err);
    }
    if (code == MR_OK)
        code = canonise(c, table, table->identity, table->nidentity, err);
    for (size_t i = 0; code == MR_OK && i < c->items.count; i++) {
        struct mr_kin_row *row = &((struct found *)mr_vec_at(&c->founds, i))->row;
        struct mr_key name = item_out(c, i);
        row->identity = name.ptr;
        row->identity_len = name.len;
    }
    return code;
}

static enum mr_code sort_founds(struct climb *c, const struct mr_pair_reference *r,
                                struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->items);
    for (size_t i = 0; code == MR_OK && i < c->founds.count; i++)
        code = push_item(c, ((struct found *)mr_vec_at(&c->founds, i))->canon, err);
    if (code == MR_OK)
        code = canonise(c, r->parent, r->kin.parent_columns, r->kin.ncolumns, err);
    for (size_t i = 0; code == MR_OK && i < c->founds.count; i++)
        ((struct found *)mr_vec_at(&c->founds, i))->canon = item_out(c, i);
    if (code == MR_OK && c->founds.count > 0)
        qsort(c->founds.items, c->founds.count, sizeof(struct found), compare_founds);
    return code;
}

static enum mr_code push_step(struct climb *c, const struct mr_pair_reference *r,
                              const struct ask *ask, const struct mr_kin_row *parent,
                              struct mr_err *err)
{
    struct mr_kin_step *step = mr_vec_push(&c->steps);
    if (step == NULL)
        return nomem(err);
    *step = (struct mr_kin_step){ask->child, r->kin.id, parent};
    return MR_OK;
}

/* Both lists are sorted; several rows may be named by one value. */
static enum mr_code join(struct climb *c, const struct mr_pair_reference *r,
                         struct mr_err *err)
{
    size_t from = 0;
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->steps);
    for (size_t i = 0; code == MR_OK && i < c->asks.count; i++) {
        const struct ask *ask = mr_vec_at(&c->asks, i);
        while (from < c->founds.count &&
               mr_key_compare(((struct found *)mr_vec_at(&c->founds, from))->canon,
                              ask->canon) < 0)
            from++;
        size_t at = from;
        for (; code == MR_OK && at < c->founds.count; at++) {
            const struct found *f = mr_vec_at(&c->founds, at);
            if (mr_key_compare(f->canon, ask->canon) != 0)
                break;
            code = push_step(c, r, ask, &f->row, err);
        }
        if (code == MR_OK && at == from)
            code = push_step(c, r, ask, NULL, err);
    }
    if (code == MR_OK)
        code =
            mr_kin_save(c->check->fd, (int)c->side, c->steps.items, c->steps.count, err);
    return code;
}

static enum mr_code follow(struct climb *c, const struct mr_pair_reference *r,
                           struct mr_err *err)
{
    mr_arena_reset(&c->scrap);
    enum mr_code code = collect_asks(c, r, err);
    if (code != MR_OK || c->asks.count == 0)
        return code;
    code = sort_asks(c, r, err);
    if (code == MR_OK)
        code = fetch(c, r, err);
    if (code == MR_OK)
        code = push_founds(c, r->parent, err);
    if (code == MR_OK)
        code = name_founds(c, r->parent, err);
    if (code == MR_OK)
        code = sort_founds(c, r, err);
    return code == MR_OK ? join(c, r, err) : code;
}

/* The references of one batch of rows of a table, all of c->nodes. */
static enum mr_code follow_all(struct climb *c, const struct mr_pair *table,
                               struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < c->check->pairing.nreferences; i++) {
        const struct mr_pair_reference *r = &c->check->pairing.references[i];
        if (r->child == table && r->parent != NULL && !atomic_load(&r->parent->failed))
            code = follow(c, r, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
    }
    return code;
}

/* Rows a batch, so that it and the parents' images stay within bounds. */
static size_t batch_size(const struct climb *c, const struct mr_pair *table)
{
    double widest = 1;
    for (size_t i = 0; i <= c->check->pairing.nreferences; i++) {
        const struct mr_pair *t = table;
        if (i < c->check->pairing.nreferences) {
            const struct mr_pair_reference *r = &c->check->pairing.references[i];
            t = r->child == table && r->parent != NULL ? r->parent : table;
        }
        const struct mr_find_counts *n = &t->find.counts;
        uint64_t rows = n->source_rows + n->target_rows;
        double bytes = rows == 0 ? 1 : (double)n->bytes / (double)rows;
        widest = bytes > widest ? bytes : widest;
    }
    double size = BATCH_BYTES / widest / 2;
    return size < 1 ? 1 : size > BATCH ? BATCH : (size_t)size;
}

static enum mr_code push_node(struct climb *c, int64_t id, const void *image, size_t len,
                              struct mr_err *err)
{
    struct node *node = mr_vec_push(&c->nodes);
    if (node == NULL)
        return nomem(err);
    *node = (struct node){id, image, len};
    return MR_OK;
}

static enum mr_code climb_from_findings(struct climb *c, const struct mr_pair *table,
                                        struct mr_err *err)
{
    size_t size = batch_size(c, table);
    int64_t after = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        mr_arena_reset(&c->arena);
        mr_vec_clear(&c->findings);
        mr_vec_clear(&c->nodes);
        code = mr_findings_in_state(c->check->fd, table->find.id, MR_FIND_DIVERGED, after,
                                    size, true, &c->arena, &c->findings, err);
        if (code != MR_OK || c->findings.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < c->findings.count; i++) {
            const struct mr_finding *f = mr_vec_at(&c->findings, i);
            const void *image = c->side == MR_SOURCE ? f->source : f->target;
            after = f->id;
            if (image != NULL)
                code =
                    push_node(c, f->id, image,
                              c->side == MR_SOURCE ? f->source_len : f->target_len, err);
        }
        if (code == MR_OK)
            code = follow_all(c, table, err);
    }
    return code;
}

/* The rows that were found since `after`; *grown: there were any. */
static enum mr_code climb_from_ancestors(struct climb *c, const struct mr_pair *table,
                                         int64_t *after, bool *grown, struct mr_err *err)
{
    size_t size = batch_size(c, table);
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        mr_arena_reset(&c->arena);
        mr_vec_clear(&c->ancestors);
        mr_vec_clear(&c->nodes);
        code = mr_kin_ancestors(c->check->fd, table->find.id, (int)c->side, *after, size,
                                &c->arena, &c->ancestors, err);
        if (code != MR_OK || c->ancestors.count == 0)
            break;
        *grown = true;
        for (size_t i = 0; code == MR_OK && i < c->ancestors.count; i++) {
            const struct mr_kin_ancestor *a = mr_vec_at(&c->ancestors, i);
            *after = a->id;
            code = push_node(c, -a->id, a->row.image, a->row.image_len, err);
        }
        if (code == MR_OK)
            code = follow_all(c, table, err);
    }
    return code;
}

static bool is_followed(const struct mr_check_run *check, const struct mr_pair *table)
{
    if (table->find.subject != MR_SUBJECT_NO || atomic_load(&table->failed))
        return false;
    for (size_t i = 0; i < check->pairing.nreferences; i++)
        if (check->pairing.references[i].child == table)
            return true;
    return false;
}

/* Ancestors by their own keys, which are the keys of a full read. */
static enum mr_code read_same_keys(struct climb *c, const struct mr_pair *table,
                                   enum mr_side side, struct mr_err *err)
{
    struct mr_rowhash hash;
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    enum mr_code code = mr_throttle_wait(c->check->throttle, err);
    if (code != MR_OK)
        return code;
    code = mr_rowhash_init(&hash, table, &table->full[side], err);
    for (size_t i = 0; code == MR_OK && i < c->ancestors.count; i++) {
        struct mr_key *key = mr_vec_push(&keys);
        if (key == NULL)
            code = nomem(err);
        else
            *key = ((struct mr_kin_ancestor *)mr_vec_at(&c->ancestors, i))->row.key;
    }
    if (code == MR_OK)
        code = mr_rowset_fetch(&c->set, c->worker->reader[side], &hash, keys.items,
                               keys.count, true, err);
    mr_rowhash_release(&hash);
    mr_vec_release(&keys);
    return code;
}

static bool same_person(const struct climb *c, const struct mr_kin_row *row)
{
    for (size_t i = 0; i < c->ancestors.count; i++) {
        const struct mr_kin_row *a =
            &((struct mr_kin_ancestor *)mr_vec_at(&c->ancestors, i))->row;
        if (mr_key_compare(a->key, row->key) == 0)
            return a->identity != NULL && row->identity != NULL &&
                   a->identity_len == row->identity_len &&
                   memcmp(a->identity, row->identity, row->identity_len) == 0;
    }
    return false;
}

/*
 * In a table that was compared only in part, a row outside the window need not be on the
 * other side: it is looked for there, under its key.
 */
static enum mr_code look_across(struct climb *c, const struct mr_pair *table,
                                struct mr_err *err)
{
    enum mr_side other = mr_other_side(c->side);
    size_t size = batch_size(c, table);
    int64_t after = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        mr_arena_reset(&c->arena);
        mr_arena_reset(&c->scrap);
        mr_vec_clear(&c->ancestors);
        code = mr_kin_ancestors(c->check->fd, table->find.id, (int)c->side, after, size,
                                &c->arena, &c->ancestors, err);
        if (code != MR_OK || c->ancestors.count == 0)
            break;
        after =
            ((struct mr_kin_ancestor *)mr_vec_at(&c->ancestors, c->ancestors.count - 1))
                ->id;
        code = read_same_keys(c, table, other, err);
        if (code == MR_OK)
            code = push_founds(c, table, err);
        if (code == MR_OK)
            code = name_founds(c, table, err);
        for (size_t i = 0; code == MR_OK && i < c->founds.count; i++) {
            const struct found *f = mr_vec_at(&c->founds, i);
            if (same_person(c, &f->row))
                code = mr_kin_ancestor_add(c->check->fd, (int)other, &f->row, err);
        }
    }
    return code;
}

static enum mr_code look_across_all(struct climb *c, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < c->check->pairing.ntables; i++) {
        const struct mr_pair *table = c->check->pairing.tables[i];
        if (table->find.subject != MR_SUBJECT_NO && table->find.windowed &&
            table->join == MR_JOIN_SHARED && !atomic_load(&table->failed))
            code = look_across(c, table, err);
    }
    return code;
}

static enum mr_code climb_all(struct climb *c, int64_t *after, struct mr_err *err)
{
    const struct mr_check_run *check = c->check;
    enum mr_code code = MR_OK;
    bool grown = true;
    for (size_t i = 0; code == MR_OK && i < check->pairing.ntables; i++)
        if (is_followed(check, check->pairing.tables[i]))
            code = climb_from_findings(c, check->pairing.tables[i], err);
    while (code == MR_OK && grown) {
        grown = false;
        for (size_t i = 0; code == MR_OK && i < check->pairing.ntables; i++)
            if (is_followed(check, check->pairing.tables[i]))
                code = climb_from_ancestors(c, check->pairing.tables[i], &after[i],
                                            &grown, err);
    }
    return code;
}

enum mr_code mr_check_kin(struct mr_check_worker *worker, enum mr_side side,
                          struct mr_err *err)
{
    struct climb c = {.worker = worker,
                      .check = worker->check,
                      .side = side,
                      .arena = MR_ARENA_INIT,
                      .scrap = MR_ARENA_INIT,
                      .findings = MR_VEC_INIT(struct mr_finding),
                      .ancestors = MR_VEC_INIT(struct mr_kin_ancestor),
                      .nodes = MR_VEC_INIT(struct node),
                      .asks = MR_VEC_INIT(struct ask),
                      .founds = MR_VEC_INIT(struct found),
                      .items = MR_VEC_INIT(struct mr_canon_item),
                      .steps = MR_VEC_INIT(struct mr_kin_step),
                      .bytes = MR_STRBUF_INIT};
    int64_t *after = calloc(worker->check->pairing.ntables + 1, sizeof *after);
    mr_rowset_init(&c.set);
    enum mr_code code = after != NULL ? climb_all(&c, after, err) : nomem(err);
    if (code == MR_OK)
        code = look_across_all(&c, err);
    free(after);
    mr_rowset_release(&c.set);
    mr_strbuf_release(&c.bytes);
    mr_vec_release(&c.steps);
    mr_vec_release(&c.items);
    mr_vec_release(&c.founds);
    mr_vec_release(&c.asks);
    mr_vec_release(&c.nodes);
    mr_vec_release(&c.ancestors);
    mr_vec_release(&c.findings);
    mr_arena_release(&c.scrap);
    mr_arena_release(&c.arena);
    return code;
}
