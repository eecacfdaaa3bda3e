/* history_fold.c: see history_fold.h. */
#include "recon/history/history_fold.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/seen_image.h"

#define SLOTS_MIN ((size_t)1 << 12)

/* What a key has after, or had before, a change. */
struct state {
    bool is_row;
    struct mr_history_image image; /* of a row; bytes kept where it matters, or is not whole */
};

struct step {
    struct step *next;
    enum mr_change_kind kind;
    int64_t tx;
    struct mr_key image;
};

struct entry {
    struct entry *next; /* of its slot */
    uint64_t hash;
    size_t table;
    struct mr_key key;
    struct state head;  /* before the first change of all */
    struct state first; /* before the first own one */
    struct state last;
    uint64_t changes; /* own ones */
    int64_t first_tx, last_tx;
    int flags;        /* of enum mr_mark_flag */
    int shared_flags; /* before the first own change: they count behind a mark that is there */
    bool has_shared, matters;
    bool forgets; /* what was seen of the row before the entry may not hold any more */
    struct mr_key came, went;
    struct step *steps, **steps_end; /* own ones */
    size_t nsteps;
};

struct mr_history_fold {
    int side;
    struct mr_arena arena; /* of entries and all that they hold; emptied by a flush */
    struct entry **slots;
    size_t nslots, count;
    struct mr_seen_image a, b; /* scratch */
    struct mr_strbuf scratch;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "collecting changes");
}

enum mr_code mr_history_fold_new(int side, struct mr_history_fold **out, struct mr_err *err)
{
    struct mr_history_fold *fold = calloc(1, sizeof *fold);
    struct entry **slots = calloc(SLOTS_MIN, sizeof(struct entry *));
    if (fold == NULL || slots == NULL) {
        free(fold);
        free(slots);
        return nomem(err);
    }
    *fold = (struct mr_history_fold){.side = side,
                                     .arena = MR_ARENA_INIT,
                                     .slots = slots,
                                     .nslots = SLOTS_MIN,
                                     .scratch = MR_STRBUF_INIT};
    mr_seen_image_init(&fold->a);
    mr_seen_image_init(&fold->b);
    *out = fold;
    return MR_OK;
}

void mr_history_fold_free(struct mr_history_fold *fold)
{
    if (fold == NULL)
        return;
    mr_arena_release(&fold->arena);
    mr_seen_image_release(&fold->a);
    mr_seen_image_release(&fold->b);
    mr_strbuf_release(&fold->scratch);
    free(fold->slots);
    free(fold);
}

size_t mr_history_fold_bytes(const struct mr_history_fold *fold)
{
    return fold->arena.total_bytes + fold->nslots * sizeof(struct entry *);
}

/* ---- images ---- */

/* Whole images are one by their digests, others where both were seen. */
static enum mr_code fits(struct mr_history_fold *fold, const struct mr_history_image *a,
                         const struct mr_history_image *b, bool *same, struct mr_err *err)
{
    if (a->is_whole && b->is_whole) {
        *same = mr_digest_equal(a->digest, b->digest);
        return MR_OK;
    }
    MR_TRY(mr_seen_image_open(&fold->a, a->bytes.ptr, a->bytes.len, err));
    MR_TRY(mr_seen_image_open(&fold->b, b->bytes.ptr, b->bytes.len, err));
    *same = true;
    for (size_t i = 0; i < mr_seen_image_places(&fold->a); i++) {
        const struct mr_key x = mr_seen_image_at(&fold->a, i), y = mr_seen_image_at(&fold->b, i);
        if (x.ptr != NULL && y.ptr != NULL && !mr_row_same(x.ptr, x.len, y.ptr, y.len))
            *same = false;
    }
    return MR_OK;
}

static enum mr_code copy_key(struct mr_history_fold *fold, struct mr_key from, struct mr_key *to,
                             struct mr_err *err)
{
    *to = from;
    if (from.ptr != NULL && (to->ptr = mr_arena_dup(&fold->arena, from.ptr, from.len)) == NULL)
        return nomem(err);
    return MR_OK;
}

/* Its bytes only where somebody will want them: the digest does for the rest. */
static enum mr_code copy_state(struct mr_history_fold *fold, const struct mr_history_image *image,
                               bool matters, struct state *to, struct mr_err *err)
{
    *to = (struct state){.is_row = image->bytes.ptr != NULL, .image = *image};
    if (!to->is_row)
        return MR_OK;
    if (!matters && image->is_whole) {
        to->image.bytes = (struct mr_key){NULL, 0};
        return MR_OK;
    }
    return copy_key(fold, image->bytes, &to->image.bytes, err);
}

/* What was seen of the row before stays known where the change does not show it. */
static enum mr_code merge_seen(struct mr_history_fold *fold, const struct mr_history_image *old,
                               const struct mr_history_image *new, struct mr_key *out,
                               struct mr_err *err)
{
    MR_TRY(mr_seen_image_open(&fold->a, old->bytes.ptr, old->bytes.len, err));
    MR_TRY(mr_seen_image_open(&fold->b, new->bytes.ptr, new->bytes.len, err));
    mr_strbuf_reset(&fold->scratch);
    for (size_t i = 0; i < mr_seen_image_places(&fold->b); i++) {
        const struct mr_key seen = mr_seen_image_at(&fold->b, i);
        mr_seen_image_add(&fold->scratch, seen.ptr != NULL ? seen : mr_seen_image_at(&fold->a, i));
    }
    MR_TRY(mr_strbuf_check(&fold->scratch, "collecting changes", err));
    return copy_key(fold, (struct mr_key){fold->scratch.ptr, fold->scratch.len}, out, err);
}

/* What is known of the row behind an image that may show a part of it. */
static enum mr_code set_last(struct mr_history_fold *fold, const struct mr_history_image *known,
                             const struct mr_history_image *after, bool matters, struct state *last,
                             struct mr_err *err)
{
    const struct mr_history_image old = *known;
    if (after->bytes.ptr == NULL || after->is_whole || old.bytes.ptr == NULL)
        return copy_state(fold, after, matters, last, err);
    *last = (struct state){.is_row = true};
    MR_TRY(merge_seen(fold, &old, after, &last->image.bytes, err));
    MR_TRY(mr_seen_image_open(&fold->a, last->image.bytes.ptr, last->image.bytes.len, err));
    last->image.is_whole = mr_seen_image_is_whole(&fold->a);
    return last->image.is_whole ? mr_row_digest(last->image.bytes.ptr, last->image.bytes.len,
                                                &last->image.digest, err)
                                : MR_OK;
}

/* The before-image tells what the after-image leaves out, and the row before it what both do. */
static enum mr_code known_before(struct mr_history_fold *fold, const struct state *last,
                                 const struct mr_history_change *c, struct mr_history_image *known,
                                 struct mr_err *err)
{
    *known = c->before;
    if (c->before.bytes.ptr == NULL || c->before.is_whole || c->after.is_whole || !last->is_row ||
        last->image.bytes.ptr == NULL)
        return MR_OK;
    return merge_seen(fold, &last->image, &c->before, &known->bytes, err);
}

/* The columns that an update has changed, as far as both images show them; else what was seen after. */
static enum mr_code changed_columns(struct mr_history_fold *fold, const struct mr_history_change *c,
                                    struct mr_key *out, struct mr_err *err)
{
    const struct mr_key unseen = {NULL, 0};
    MR_TRY(mr_seen_image_open(&fold->a, c->before.bytes.ptr, c->before.bytes.len, err));
    MR_TRY(mr_seen_image_open(&fold->b, c->after.bytes.ptr, c->after.bytes.len, err));
    mr_strbuf_reset(&fold->scratch);
    for (size_t i = 0; i < mr_seen_image_places(&fold->b); i++) {
        const struct mr_key x = mr_seen_image_at(&fold->a, i), y = mr_seen_image_at(&fold->b, i);
        const bool stays =
            x.ptr != NULL && y.ptr != NULL && mr_row_same(x.ptr, x.len, y.ptr, y.len);
        mr_seen_image_add(&fold->scratch, stays ? unseen : y);
    }
    MR_TRY(mr_strbuf_check(&fold->scratch, "collecting changes", err));
    return copy_key(fold, (struct mr_key){fold->scratch.ptr, fold->scratch.len}, out, err);
}

/* ---- entries ---- */

static uint64_t hash_of(size_t table, struct mr_key key)
{
    return mr_digest_bytes(key.ptr, key.len).lo ^ (uint64_t)table * 0x9e3779b97f4a7c15u;
}

static enum mr_code grow(struct mr_history_fold *fold, struct mr_err *err)
{
    const size_t nslots = fold->nslots * 2;
    struct entry **slots = calloc(nslots, sizeof(struct entry *));
    if (slots == NULL)
        return nomem(err);
    for (size_t i = 0; i < fold->nslots; i++)
        for (struct entry *e = fold->slots[i], *next; e != NULL; e = next) {
            next = e->next;
            e->next = slots[e->hash & (nslots - 1)];
            slots[e->hash & (nslots - 1)] = e;
        }
    free(fold->slots);
    fold->slots = slots;
    fold->nslots = nslots;
    return MR_OK;
}

/* One entry a key, made with its first change. */
static enum mr_code find(struct mr_history_fold *fold, const struct mr_history_change *c,
                         struct entry **out, bool *is_new, struct mr_err *err)
{
    const uint64_t hash = hash_of(c->table, c->key);
    struct entry *e = fold->slots[hash & (fold->nslots - 1)];
    while (e != NULL && !(e->hash == hash && e->table == c->table && e->key.len == c->key.len &&
                          memcmp(e->key.ptr, c->key.ptr, c->key.len) == 0))
        e = e->next;
    *out = e;
    *is_new = e == NULL;
    if (e != NULL)
        return MR_OK;
    if (fold->count >= fold->nslots)
        MR_TRY(grow(fold, err));
    e = mr_arena_calloc(&fold->arena, 1, sizeof *e);
    if (e == NULL)
        return nomem(err);
    *e = (struct entry){.hash = hash, .table = c->table};
    MR_TRY(copy_key(fold, c->key, &e->key, err));
    e->steps_end = &e->steps;
    e->next = fold->slots[hash & (fold->nslots - 1)];
    fold->slots[hash & (fold->nslots - 1)] = e;
    fold->count++;
    *out = e;
    return MR_OK;
}

/* Does a change that finds `before` come right behind what left `last`? */
static enum mr_code check_link(struct mr_history_fold *fold, const struct state *last,
                               const struct state *before, int *flags, struct mr_err *err)
{
    bool same = last->is_row == before->is_row;
    if (same && last->is_row)
        MR_TRY(fits(fold, &last->image, &before->image, &same, err));
    if (!same)
        *flags |= MR_MARK_BROKEN;
    else if (!last->is_row)
        *flags |= MR_MARK_AGAIN;
    return MR_OK;
}

static enum mr_code add_step(struct mr_history_fold *fold, struct entry *e,
                             const struct mr_history_change *c, struct mr_err *err)
{
    if (!e->matters || e->nsteps >= MR_HISTORY_CHANGES_MAX)
        return MR_OK;
    struct step *step = mr_arena_calloc(&fold->arena, 1, sizeof *step);
    if (step == NULL)
        return nomem(err);
    *step = (struct step){.kind = c->kind, .tx = c->tx};
    if (c->kind == MR_CHANGE_INSERT)
        MR_TRY(copy_key(fold, c->after.bytes, &step->image, err));
    else if (c->kind == MR_CHANGE_UPDATE)
        MR_TRY(changed_columns(fold, c, &step->image, err));
    *e->steps_end = step;
    e->steps_end = &step->next;
    e->nsteps++;
    return MR_OK;
}

static enum mr_code take_own(struct mr_history_fold *fold, struct entry *e,
                             const struct mr_history_change *c, struct mr_err *err)
{
    if (e->changes == 0) {
        MR_TRY(copy_state(fold, &c->before, e->matters, &e->first, err));
        e->first_tx = c->tx;
    }
    MR_TRY(add_step(fold, e, c, err));
    e->changes++;
    e->last_tx = c->tx;
    if (c->came.ptr != NULL) {
        e->flags |= MR_MARK_CAME;
        MR_TRY(copy_key(fold, c->came, &e->came, err));
    }
    if (c->went.ptr != NULL) {
        e->flags |= MR_MARK_WENT;
        MR_TRY(copy_key(fold, c->went, &e->went, err));
    }
    return MR_OK;
}

enum mr_code mr_history_fold_add(struct mr_history_fold *fold, const struct mr_history_change *c,
                                 struct mr_err *err)
{
    struct entry *e;
    bool is_new;
    MR_TRY(find(fold, c, &e, &is_new, err));
    e->matters = e->matters || c->matters;
    if (is_new) {
        MR_TRY(copy_state(fold, &c->before, false, &e->head, err));
        e->last = e->head;
    } else {
        const struct state before = {.is_row = c->before.bytes.ptr != NULL, .image = c->before};
        MR_TRY(check_link(fold, &e->last, &before, &e->flags, err));
        if (e->changes == 0) {
            e->shared_flags |= e->flags & MR_MARK_AGAIN;
            e->flags &= ~MR_MARK_AGAIN;
        }
    }
    if ((c->before.bytes.ptr != NULL && !c->before.is_whole) ||
        (c->after.bytes.ptr != NULL && !c->after.is_whole))
        e->flags |= MR_MARK_PARTIAL;
    if (c->is_own)
        MR_TRY(take_own(fold, e, c, err));
    else if (e->changes > 0)
        e->flags |= MR_MARK_SHARED;
    e->has_shared = e->has_shared || !c->is_own;
    /* it was inserted; or was whole and of it only the digest kept, so that columns may have changed */
    e->forgets = e->forgets || c->before.bytes.ptr == NULL ||
                 (!is_new && e->last.is_row && e->last.image.bytes.ptr == NULL);
    struct mr_history_image known;
    MR_TRY(known_before(fold, &e->last, c, &known, err));
    return set_last(fold, &known, &c->after, e->matters, &e->last, err);
}

/* ---- into the case ---- */

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    return mr_key_compare(x->key, y->key);
}

/* What a mark says of the row after its last change. */
static struct state last_of(const struct mr_evidence_mark *m)
{
    return (struct state){
        .is_row = (m->flags & MR_MARK_DELETED) == 0,
        .image = {.bytes = m->last, .is_whole = m->has_digest, .digest = m->digest}};
}

static void put_last(struct mr_evidence_mark *m, const struct state *last, bool has_images)
{
    m->flags = last->is_row ? m->flags & ~MR_MARK_DELETED : m->flags | MR_MARK_DELETED;
    m->has_digest = last->is_row && last->image.is_whole;
    m->digest = last->image.digest;
    m->last = last->is_row && (has_images || !last->image.is_whole) ? last->image.bytes
                                                                    : (struct mr_key){NULL, 0};
}

/* A mark of this entry alone. */
static struct mr_evidence_mark mark_of(const struct entry *e)
{
    struct mr_evidence_mark m = {.key = e->key,
                                 .flags = e->flags,
                                 .changes = e->changes,
                                 .first_tx = e->first_tx,
                                 .last_tx = e->last_tx,
                                 .has_images = e->matters,
                                 .came = e->came,
                                 .went = e->went};
    if (!e->first.is_row)
        m.flags |= MR_MARK_ABSENT_BEFORE;
    else if (e->matters)
        m.first = e->first.image.bytes;
    put_last(&m, &e->last, e->matters);
    return m;
}

/* The entry's changes come behind those of the mark. */
static enum mr_code join(struct mr_history_fold *fold, const struct entry *e,
                         struct mr_evidence_mark *m, struct mr_err *err)
{
    const struct state last = last_of(m);
    int flags = m->flags | e->flags | e->shared_flags;
    MR_TRY(check_link(fold, &last, &e->head, &flags, err));
    if (e->has_shared)
        flags |= MR_MARK_SHARED;
    m->flags = flags;
    m->changes += e->changes;
    if (e->changes > 0)
        m->last_tx = e->last_tx;
    if (e->came.ptr != NULL)
        m->came = e->came;
    if (e->went.ptr != NULL)
        m->went = e->went;
    struct state now = e->last;
    if (!e->forgets && now.is_row && !now.image.is_whole && last.is_row &&
        last.image.bytes.ptr != NULL)
        MR_TRY(set_last(fold, &last.image, &e->last.image, m->has_images, &now, err));
    put_last(m, &now, m->has_images);
    return MR_OK;
}

static enum mr_code put_steps(const struct entry *e, struct mr_evidence_writer *writer,
                              int64_t table, int side, uint64_t before, struct mr_err *err)
{
    int64_t n = (int64_t)before;
    for (const struct step *step = e->steps; step != NULL; step = step->next) {
        const struct mr_evidence_change change = {
            .n = ++n, .kind = step->kind, .tx = step->tx, .image = step->image};
        if (n > MR_HISTORY_CHANGES_MAX)
            break;
        MR_TRY(mr_evidence_change_add(writer, table, side, e->key, &change, err));
    }
    return MR_OK;
}

/* A flush, of one table after the other. */
struct flushing {
    struct mr_history_fold *fold;
    struct mr_evidence_writer *writer;
    struct mr_arena scrap;
    /* of the table that is at hand (SIZE_MAX: none yet): the case's id, and where its marks end: what
     * lies behind that is new, and need not be looked for */
    size_t table;
    int64_t id;
    struct mr_key end;
    struct mr_arena end_arena;
};

static enum mr_code begin_table(struct flushing *f, size_t table, int64_t id, struct mr_err *err)
{
    if (f->table == table)
        return MR_OK;
    f->table = table;
    f->id = id;
    mr_arena_reset(&f->end_arena);
    return mr_evidence_greatest_key(f->writer, id, f->fold->side, &f->end_arena, &f->end, err);
}

static enum mr_code flush_entry(struct flushing *f, const struct entry *e, struct mr_err *err)
{
    const int side = f->fold->side;
    struct mr_evidence_mark m;
    bool found = false;
    mr_arena_reset(&f->scrap);
    if (f->end.ptr != NULL && mr_key_compare(e->key, f->end) <= 0)
        MR_TRY(mr_evidence_mark_get(f->writer, f->id, side, e->key, &f->scrap, &m, &found, err));
    if (!found && e->changes == 0)
        return MR_OK;
    const uint64_t before = found ? m.changes : 0;
    if (found)
        MR_TRY(join(f->fold, e, &m, err));
    else
        m = mark_of(e);
    MR_TRY(put_steps(e, f->writer, f->id, side, before, err));
    return mr_evidence_mark_put(f->writer, f->id, side, &m, err);
}

/* In the order of the case's index, so that a flush goes through it once. */
static struct entry **sorted(struct mr_history_fold *fold)
{
    struct entry **list = calloc(fold->count + 1, sizeof(struct entry *));
    size_t n = 0;
    for (size_t i = 0; list != NULL && i < fold->nslots; i++)
        for (struct entry *e = fold->slots[i]; e != NULL; e = e->next)
            list[n++] = e;
    if (list != NULL)
        qsort(list, n, sizeof(struct entry *), compare_entries);
    return list;
}

enum mr_code mr_history_fold_flush(struct mr_history_fold *fold, struct mr_evidence_writer *writer,
                                   mr_history_table_id_fn *id_of, void *ctx, struct mr_err *err)
{
    struct flushing f = {.fold = fold,
                         .writer = writer,
                         .scrap = MR_ARENA_INIT,
                         .table = SIZE_MAX,
                         .end_arena = MR_ARENA_INIT};
    struct entry **list = sorted(fold);
    enum mr_code code = list != NULL ? MR_OK : nomem(err);
    for (size_t i = 0; code == MR_OK && i < fold->count; i++) {
        code = begin_table(&f, list[i]->table, id_of(ctx, list[i]->table), err);
        if (code == MR_OK)
            code = flush_entry(&f, list[i], err);
    }
    free(list);
    mr_arena_release(&f.scrap);
    mr_arena_release(&f.end_arena);
    memset(fold->slots, 0, fold->nslots * sizeof(struct entry *));
    fold->count = 0;
    mr_arena_reset(&fold->arena);
    return code;
}
