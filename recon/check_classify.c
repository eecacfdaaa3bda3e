/* check_classify.c: see check_classify.h. */
#include "recon/check_classify.h"

#include <string.h>

#include "core/signals.h"
#include "recon/check_duplicates.h"
#include "core/pair_identity.h"

#define BATCH 200
#define BATCH_BYTES (4.0 * 1024 * 1024)

struct classify {
    struct mr_check_run *check;
    struct mr_pair *table;
    struct mr_db *db; /* TARGET */
    struct mr_arena arena;
    struct mr_vec batch; /* struct mr_finding */
    struct mr_vec items; /* struct mr_canon_item */
    struct mr_vec owner; /* struct owner, one an item */
    uint64_t null_identities;
};

/* Whose identity an item is. */
struct owner {
    size_t finding;
    enum mr_side side;
};

static enum mr_code add_item(struct classify *c, size_t finding, enum mr_side side,
                             const struct mr_strbuf *identity, struct mr_err *err)
{
    struct mr_canon_item *item = mr_vec_push(&c->items);
    struct owner *owner = mr_vec_push(&c->owner);
    const void *copy = mr_arena_dup(&c->arena, identity->ptr, identity->len);
    if (item == NULL || owner == NULL || copy == NULL)
        return mr_err_nomem(err, "classifying rows");
    item->in = copy;
    item->in_len = identity->len;
    *owner = (struct owner){finding, side};
    return MR_OK;
}

/* What can be said without the server; the rest becomes items. */
static enum mr_code first_look(struct classify *c, size_t at, struct mr_err *err)
{
    struct mr_finding *f = mr_vec_at(&c->batch, at);
    struct mr_strbuf s = MR_STRBUF_INIT, t = MR_STRBUF_INIT;
    bool s_null = true, t_null = true;
    enum mr_code code = MR_OK;
    if (f->source != NULL)
        code = mr_pair_identity_of(c->table, f->source, f->source_len, &s, &s_null, err);
    if (code == MR_OK && f->target != NULL)
        code = mr_pair_identity_of(c->table, f->target, f->target_len, &t, &t_null, err);
    bool both = f->source != NULL && f->target != NULL;
    c->null_identities += (f->source != NULL && s_null) || (f->target != NULL && t_null);
    if (both && (s_null || t_null))
        f->kind = MR_KIND_CHANGED;
    else if (both && s.len == t.len && memcmp(s.ptr, t.ptr, s.len) == 0)
        f->kind = MR_KIND_CHANGED;
    else if (both)
        f->kind = MR_KIND_UNDECIDED;
    if (code == MR_OK && !s_null)
        code = add_item(c, at, MR_SOURCE, &s, err);
    if (code == MR_OK && !t_null)
        code = add_item(c, at, MR_TARGET, &t, err);
    mr_strbuf_release(&s);
    mr_strbuf_release(&t);
    return code;
}

static void apply_identities(struct classify *c)
{
    for (size_t i = 0; i < c->items.count; i++) {
        const struct mr_canon_item *item = mr_vec_at(&c->items, i);
        const struct owner *owner = mr_vec_at(&c->owner, i);
        struct mr_finding *f = mr_vec_at(&c->batch, owner->finding);
        if (owner->side == MR_SOURCE) {
            f->source_id = item->out;
            f->source_id_len = item->out_len;
        } else {
            f->target_id = item->out;
            f->target_id_len = item->out_len;
        }
    }
    for (size_t i = 0; i < c->batch.count; i++) {
        struct mr_finding *f = mr_vec_at(&c->batch, i);
        if (f->kind != MR_KIND_UNDECIDED)
            continue;
        bool same = f->source_id_len == f->target_id_len && f->source_id != NULL &&
                    f->target_id != NULL &&
                    memcmp(f->source_id, f->target_id, f->source_id_len) == 0;
        f->kind = same ? MR_KIND_CHANGED : MR_KIND_COLLISION;
    }
}

static enum mr_code classify_batch(struct classify *c, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->items);
    mr_vec_clear(&c->owner);
    for (size_t i = 0; code == MR_OK && i < c->batch.count; i++) {
        struct mr_finding *f = mr_vec_at(&c->batch, i);
        bool both = f->source != NULL && f->target != NULL;
        f->kind = f->target == NULL   ? MR_KIND_MISSING
                  : f->source == NULL ? MR_KIND_EXTRA
                                      : MR_KIND_UNDECIDED;
        if (both && !c->table->by_identity)
            f->kind = c->table->row_is_identity ? MR_KIND_COLLISION : MR_KIND_CHANGED;
        else if (c->table->by_identity)
            code = first_look(c, i, err);
    }
    if (code == MR_OK && c->items.count > 0)
        code = mr_pair_canonise(c->table, c->table->identity, c->table->nidentity, c->db,
                                &c->items, &c->arena, err);
    if (code == MR_OK)
        apply_identities(c);
    if (code == MR_OK)
        code = mr_findings_save(c->check->fd, c->table->find.id, c->batch.items,
                                c->batch.count, false, err);
    return code;
}

static size_t batch_size(const struct mr_pair *table)
{
    uint64_t rows = table->find.counts.source_rows + table->find.counts.target_rows;
    double bytes = rows == 0 ? 1 : (double)table->find.counts.bytes / (double)rows;
    double size = BATCH_BYTES / (bytes < 1 ? 1 : bytes) / 2;
    return size < 1 ? 1 : size > BATCH ? BATCH : (size_t)size;
}

static enum mr_code classify_all(struct classify *c, struct mr_err *err)
{
    size_t size = batch_size(c->table);
    int64_t after = 0;
    for (;;) {
        mr_arena_reset(&c->arena);
        mr_vec_clear(&c->batch);
        enum mr_code code =
            mr_findings_in_state(c->check->fd, c->table->find.id, MR_FIND_DIVERGED, after,
                                 size, true, &c->arena, &c->batch, err);
        if (code != MR_OK || c->batch.count == 0)
            return code;
        after = ((struct mr_finding *)mr_vec_at(&c->batch, c->batch.count - 1))->id;
        code = classify_batch(c, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
        if (code != MR_OK)
            return code;
    }
}

enum mr_code mr_check_classify(struct mr_check_worker *worker, struct mr_pair *table,
                               struct mr_err *err)
{
    struct mr_check_run *check = worker->check;
    struct mr_find_counts *counts = &table->find.counts;
    uint64_t unsettled = 0;
    struct classify c = {.check = check,
                         .table = table,
                         .db = mr_reader_db(worker->reader[MR_TARGET]),
                         .arena = MR_ARENA_INIT,
                         .batch = MR_VEC_INIT(struct mr_finding),
                         .items = MR_VEC_INIT(struct mr_canon_item),
                         .owner = MR_VEC_INIT(struct owner)};
    enum mr_code code =
        c.db != NULL ? MR_OK
                     : mr_err_set(err, MR_E_LOST, "the target's connection is gone");
    if (code == MR_OK)
        code = classify_all(&c, err);
    if (code == MR_OK)
        code = mr_check_duplicates(worker, table, err);
    if (code == MR_OK)
        code = mr_findings_summarise(check->fd, table->find.id, counts, err);
    if (code == MR_OK)
        code = mr_findings_count(check->fd, table->find.id, MR_FIND_UNSETTLED, &unsettled,
                                 err);
    counts->null_identities = c.null_identities;
    if (code == MR_OK) {
        bool differs =
            counts->missing + counts->extra + counts->changed + counts->collision > 0;
        table->find.verdict = differs         ? MR_VERDICT_DIVERGED
                              : unsettled > 0 ? MR_VERDICT_UNSETTLED
                                              : MR_VERDICT_EQUAL;
        table->find.settled = true;
    }
    mr_arena_release(&c.arena);
    mr_vec_release(&c.batch);
    mr_vec_release(&c.items);
    mr_vec_release(&c.owner);
    return code;
}
