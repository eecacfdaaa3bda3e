/* check_classify.c: see check_classify.h. */
#include "recon/check/check_classify.h"

#include <string.h>

#include "core/base/signals.h"
#include "core/pair/pair_identity.h"
#include "recon/check/check_doubled.h"
#include "recon/check/check_duplicates.h"
#include "recon/check/check_alike.h"

#define BATCH 500
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)

struct classify {
    const struct mr_pair *table;
    struct mr_db *db; /* TARGET */
    struct mr_arena *arena;
    struct mr_finding *findings;
    struct mr_vec items; /* struct mr_canon_item */
    struct mr_vec owner; /* struct owner, one an item */
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
    const void *copy = mr_arena_dup(c->arena, identity->ptr, identity->len);
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
    struct mr_finding *f = &c->findings[at];
    struct mr_strbuf s = MR_STRBUF_INIT, t = MR_STRBUF_INIT;
    bool s_null = true, t_null = true;
    enum mr_code code = MR_OK;
    if (f->source != NULL)
        code = mr_pair_identity_of(c->table, f->source, f->source_len, &s, &s_null, err);
    if (code == MR_OK && f->target != NULL)
        code = mr_pair_identity_of(c->table, f->target, f->target_len, &t, &t_null, err);
    bool both = f->source != NULL && f->target != NULL;
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

/* Rows that the bytes could not tell apart are judged here, once the collation has spoken. */
static void apply_identities(struct classify *c, size_t count)
{
    for (size_t i = 0; i < c->items.count; i++) {
        const struct mr_canon_item *item = mr_vec_at(&c->items, i);
        const struct owner *owner = mr_vec_at(&c->owner, i);
        struct mr_finding *f = &c->findings[owner->finding];
        if (owner->side == MR_SOURCE) {
            f->source_id = item->out;
            f->source_id_len = item->out_len;
        } else {
            f->target_id = item->out;
            f->target_id_len = item->out_len;
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct mr_finding *f = &c->findings[i];
        if (f->kind != MR_KIND_UNDECIDED)
            continue;
        bool same = f->source_id_len == f->target_id_len && f->source_id != NULL &&
                    f->target_id != NULL &&
                    memcmp(f->source_id, f->target_id, f->source_id_len) == 0;
        f->kind = same ? MR_KIND_CHANGED : MR_KIND_COLLISION;
    }
}

/* One question to the server for a whole batch: a round trip a row would take hours. */
enum mr_code mr_check_classify_rows(const struct mr_pair *table, struct mr_db *db,
                                    struct mr_finding *findings, size_t count,
                                    struct mr_arena *arena, struct mr_err *err)
{
    struct classify c = {.table = table,
                         .db = db,
                         .arena = arena,
                         .findings = findings,
                         .items = MR_VEC_INIT(struct mr_canon_item),
                         .owner = MR_VEC_INIT(struct owner)};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        struct mr_finding *f = &findings[i];
        bool both = f->source != NULL && f->target != NULL;
        f->kind = f->target == NULL   ? MR_KIND_MISSING
                  : f->source == NULL ? MR_KIND_EXTRA
                                      : MR_KIND_UNDECIDED;
        if (both && !table->by_identity)
            f->kind = table->row_is_identity ? MR_KIND_COLLISION : MR_KIND_CHANGED;
        else if (table->by_identity)
            code = first_look(&c, i, err);
    }
    if (code == MR_OK && c.items.count > 0)
        code = mr_pair_canonise(table, table->identity, table->nidentity, db, &c.items, arena, err);
    if (code == MR_OK)
        apply_identities(&c, count);
    mr_vec_release(&c.items);
    mr_vec_release(&c.owner);
    return code;
}

/* The findings that were stored as they are: those of tables without a common key order.
 * All others have been classified when they were confirmed. */
static enum mr_code classify_stored(struct mr_check_worker *worker, struct mr_pair *table,
                                    struct mr_err *err)
{
    struct mr_findings *fd = worker->check->fd;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec batch = MR_VEC_INIT(struct mr_finding);
    struct mr_find_page page = {.table = table->find.id,
                                .state = MR_FIND_DIVERGED,
                                .limit = BATCH,
                                .max_bytes = BATCH_BYTES,
                                .with_images = true};
    enum mr_code code = MR_OK;
    for (;;) {
        mr_arena_reset(&arena);
        mr_vec_clear(&batch);
        code = mr_findings_page(fd, &page, &arena, &batch, err);
        if (code != MR_OK || batch.count == 0)
            break;
        page.after_id = ((struct mr_finding *)mr_vec_at(&batch, batch.count - 1))->id;
        code = mr_check_classify_rows(table, mr_pair_judge(worker->reader), batch.items,
                                      batch.count, &arena, err);
        if (code == MR_OK)
            code = mr_findings_save(fd, table->find.id, batch.items, batch.count, false, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
        if (code != MR_OK)
            break;
    }
    mr_vec_release(&batch);
    mr_arena_release(&arena);
    return code;
}

/* Settled only here, when all is counted: a run that ends before reads the table again. */
enum mr_code mr_check_classify(struct mr_check_worker *worker, struct mr_pair *table,
                               struct mr_err *err)
{
    struct mr_findings *fd = worker->check->fd;
    struct mr_find_counts *counts = &table->find.counts;
    uint64_t unsettled = 0;
    enum mr_code code = MR_OK;
    if (table->join != MR_JOIN_SHARED)
        MR_TRY_OUT(classify_stored(worker, table, err));
    MR_TRY_OUT(mr_check_doubled(worker, table, err));
    MR_TRY_OUT(mr_check_duplicates(worker, table, err));
    MR_TRY_OUT(mr_findings_summarise(fd, table->find.id, counts, err));
    MR_TRY_OUT(mr_findings_count(fd, table->find.id, MR_FIND_UNSETTLED, &unsettled, err));
    MR_TRY_OUT(mr_check_alike_end(worker->check, table, err));
out:
    if (!table->by_identity)
        counts->null_identities = 0;
    if (code == MR_OK) {
        table->find.verdict = mr_find_counts_verdict(counts, unsettled);
        table->find.settled = true;
    }
    return code;
}
