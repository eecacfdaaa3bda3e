/* history_fold.c: see history_fold.h. */
#include "recon/history/history_fold.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/case/seen_image.h"
#include "recon/history/history_entry.h"
#include "recon/history/history_runs.h"

#define SLOTS_MIN ((size_t)1 << 12)
#define FAR ((size_t)16) /* changes ahead */
#define NEAR ((size_t)8)
#define PIECE_BYTES ((size_t)32 * 1024 * 1024)

struct mr_history_fold {
    int side;
    struct mr_arena arena; /* of entries and all that they hold; emptied by a flush */
    struct mr_history_entry **slots;
    size_t nslots;
    struct mr_vec list; /* struct mr_history_entry *: all of them, as they came */
    struct mr_history_runs runs;
    struct mr_seen_image a, b; /* scratch */
    struct mr_strbuf scratch;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "collecting changes");
}

enum mr_code mr_history_fold_new(int side, const char *beside, struct mr_history_fold **out,
                                 struct mr_err *err)
{
    struct mr_history_fold *fold = calloc(1, sizeof *fold);
    struct mr_history_entry **slots = calloc(SLOTS_MIN, sizeof(struct mr_history_entry *));
    if (fold == NULL || slots == NULL) {
        free(fold);
        free(slots);
        return nomem(err);
    }
    *fold = (struct mr_history_fold){.side = side,
                                     .arena = MR_ARENA_INIT,
                                     .slots = slots,
                                     .nslots = SLOTS_MIN,
                                     .list = MR_VEC_INIT(struct mr_history_entry *),
                                     .scratch = MR_STRBUF_INIT};
    mr_seen_image_init(&fold->a);
    mr_seen_image_init(&fold->b);
    mr_history_runs_init(&fold->runs, beside);
    *out = fold;
    return MR_OK;
}

void mr_history_fold_free(struct mr_history_fold *fold)
{
    if (fold == NULL)
        return;
    mr_arena_release(&fold->arena);
    mr_vec_release(&fold->list);
    mr_history_runs_release(&fold->runs);
    mr_seen_image_release(&fold->a);
    mr_seen_image_release(&fold->b);
    mr_strbuf_release(&fold->scratch);
    free(fold->slots);
    free(fold);
}

size_t mr_history_fold_bytes(const struct mr_history_fold *fold)
{
    return fold->arena.total_bytes +
           (fold->nslots + fold->list.cap) * sizeof(struct mr_history_entry *);
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

/* Its bytes only where somebody will want them, and in the fold: the digest does for the rest. */
static enum mr_code copy_state(struct mr_history_fold *fold, const struct mr_history_image *image,
                               bool matters, struct mr_history_state *to, struct mr_err *err)
{
    *to = (struct mr_history_state){.is_row = image->bytes.ptr != NULL, .image = *image};
    if (!to->is_row)
        return MR_OK;
    if (!matters && image->is_whole) {
        to->image.bytes = (struct mr_key){NULL, 0};
        return MR_OK;
    }
    return copy_key(fold, image->bytes, &to->image.bytes, err);
}

static enum mr_code need_more(struct mr_history_fold *fold, struct mr_history_entry *e,
                              struct mr_err *err)
{
    if (e->more != NULL)
        return MR_OK;
    e->more = mr_arena_calloc(&fold->arena, 1, sizeof *e->more);
    if (e->more == NULL)
        return nomem(err);
    e->more->steps_end = &e->more->steps;
    return MR_OK;
}

static struct mr_history_state state_of(bool is_row, bool is_whole, struct mr_digest digest,
                                        struct mr_key bytes)
{
    return (struct mr_history_state){is_row,
                                     {.bytes = bytes, .is_whole = is_whole, .digest = digest}};
}

static struct mr_history_state head_of(const struct mr_history_entry *e)
{
    return state_of(e->has_head, e->is_head_whole, e->head,
                    e->more != NULL ? e->more->head : (struct mr_key){NULL, 0});
}

static struct mr_history_state last_state(const struct mr_history_entry *e)
{
    return state_of(e->has_last, e->is_last_whole, e->last,
                    e->more != NULL ? e->more->last : (struct mr_key){NULL, 0});
}

/* The bytes of states are the fold's by now. */
static enum mr_code put_head(struct mr_history_fold *fold, struct mr_history_entry *e,
                             const struct mr_history_state *head, struct mr_err *err)
{
    e->has_head = head->is_row;
    e->is_head_whole = head->image.is_whole;
    e->head = head->image.digest;
    if (head->image.bytes.ptr == NULL)
        return MR_OK;
    MR_TRY(need_more(fold, e, err));
    e->more->head = head->image.bytes;
    return MR_OK;
}

static enum mr_code put_last_state(struct mr_history_fold *fold, struct mr_history_entry *e,
                                   const struct mr_history_state *last, struct mr_err *err)
{
    e->has_last = last->is_row;
    e->is_last_whole = last->image.is_whole;
    e->last = last->image.digest;
    if (last->image.bytes.ptr == NULL && e->more == NULL)
        return MR_OK;
    MR_TRY(need_more(fold, e, err));
    e->more->last = last->image.bytes;
    return MR_OK;
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
                             const struct mr_history_image *after, bool matters,
                             struct mr_history_state *last, struct mr_err *err)
{
    const struct mr_history_image old = *known;
    if (after->bytes.ptr == NULL || after->is_whole || old.bytes.ptr == NULL)
        return copy_state(fold, after, matters, last, err);
    *last = (struct mr_history_state){.is_row = true};
    MR_TRY(merge_seen(fold, &old, after, &last->image.bytes, err));
    MR_TRY(mr_seen_image_open(&fold->a, last->image.bytes.ptr, last->image.bytes.len, err));
    last->image.is_whole = mr_seen_image_is_whole(&fold->a);
    return last->image.is_whole ? mr_row_digest(last->image.bytes.ptr, last->image.bytes.len,
                                                &last->image.digest, err)
                                : MR_OK;
}

/* The before-image tells what the after-image leaves out, and the row before it what both do. */
static enum mr_code known_before(struct mr_history_fold *fold, const struct mr_history_state *last,
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

static uint32_t hash_of(size_t table, struct mr_key key)
{
    return (uint32_t)(mr_digest_bytes(key.ptr, key.len).lo ^ (uint64_t)table * 0x9e3779b97f4a7c15u);
}

static bool grow(struct mr_history_fold *fold)
{
    const size_t nslots = fold->nslots * 2;
    struct mr_history_entry **slots = calloc(nslots, sizeof(struct mr_history_entry *));
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < fold->nslots; i++)
        for (struct mr_history_entry *e = fold->slots[i], *next; e != NULL; e = next) {
            next = e->next;
            e->next = slots[e->hash & (nslots - 1)];
            slots[e->hash & (nslots - 1)] = e;
        }
    free(fold->slots);
    fold->slots = slots;
    fold->nslots = nslots;
    return true;
}

static struct mr_history_entry *find(const struct mr_history_fold *fold, uint32_t hash,
                                     const struct mr_history_change *c)
{
    struct mr_history_entry *e = fold->slots[hash & (fold->nslots - 1)];
    while (e != NULL && !(e->hash == hash && e->table == c->table && e->key_len == c->key.len &&
                          memcmp(e->key, c->key.ptr, c->key.len) == 0))
        e = e->next;
    return e;
}

/* One a key, made with its first change.  NULL: memory is out. */
static struct mr_history_entry *make(struct mr_history_fold *fold, uint32_t hash,
                                     const struct mr_history_change *c)
{
    if (fold->list.count >= fold->nslots && !grow(fold))
        return NULL;
    struct mr_history_entry *e = mr_arena_alloc(&fold->arena, sizeof *e + c->key.len);
    struct mr_history_entry **listed = mr_vec_push(&fold->list);
    if (e == NULL || listed == NULL)
        return NULL;
    *listed = e;
    *e = (struct mr_history_entry){
        .hash = hash, .table = (uint32_t)c->table, .key_len = (uint32_t)c->key.len};
    memcpy(e->key, c->key.ptr, c->key.len);
    e->next = fold->slots[hash & (fold->nslots - 1)];
    fold->slots[hash & (fold->nslots - 1)] = e;
    return e;
}

/* Does a change that finds `before` come right behind what left `last`? */
static enum mr_code check_link(struct mr_history_fold *fold, const struct mr_history_state *last,
                               const struct mr_history_state *before, unsigned *flags,
                               struct mr_err *err)
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

static enum mr_code add_step(struct mr_history_fold *fold, struct mr_history_entry *e,
                             const struct mr_history_change *c, struct mr_err *err)
{
    if (!e->matters || (e->more != NULL && e->more->nsteps >= MR_HISTORY_CHANGES_MAX))
        return MR_OK;
    MR_TRY(need_more(fold, e, err));
    struct mr_history_step *step = mr_arena_calloc(&fold->arena, 1, sizeof *step);
    if (step == NULL)
        return nomem(err);
    *step = (struct mr_history_step){.kind = c->kind, .tx = c->tx};
    if (c->kind == MR_CHANGE_INSERT)
        MR_TRY(copy_key(fold, c->after.bytes, &step->image, err));
    else if (c->kind == MR_CHANGE_UPDATE)
        MR_TRY(changed_columns(fold, c, &step->image, err));
    *e->more->steps_end = step;
    e->more->steps_end = &step->next;
    e->more->nsteps++;
    return MR_OK;
}

/* What was there before the first own change: its bytes only where they are to be shown. */
static enum mr_code take_first(struct mr_history_fold *fold, struct mr_history_entry *e,
                               const struct mr_history_change *c, struct mr_err *err)
{
    e->first_tx = c->tx;
    e->has_first = c->before.bytes.ptr != NULL;
    if (!e->has_first || !e->matters)
        return MR_OK;
    MR_TRY(need_more(fold, e, err));
    return copy_key(fold, c->before.bytes, &e->more->first, err);
}

static enum mr_code take_own(struct mr_history_fold *fold, struct mr_history_entry *e,
                             const struct mr_history_change *c, struct mr_err *err)
{
    if (e->changes == 0)
        MR_TRY(take_first(fold, e, c, err));
    MR_TRY(add_step(fold, e, c, err));
    e->changes++;
    e->last_tx = c->tx;
    if (c->came.ptr == NULL && c->went.ptr == NULL)
        return MR_OK;
    MR_TRY(need_more(fold, e, err));
    if (c->came.ptr != NULL) {
        e->flags |= MR_MARK_CAME;
        MR_TRY(copy_key(fold, c->came, &e->more->came, err));
    }
    if (c->went.ptr != NULL) {
        e->flags |= MR_MARK_WENT;
        MR_TRY(copy_key(fold, c->went, &e->more->went, err));
    }
    return MR_OK;
}

/* Behind what is known of its key; of a key that is new that is what the change says itself. */
static enum mr_code link_change(struct mr_history_fold *fold, struct mr_history_entry *e,
                                bool is_new, const struct mr_history_change *c,
                                struct mr_history_state *last, struct mr_err *err)
{
    const struct mr_history_state before = {.is_row = c->before.bytes.ptr != NULL,
                                            .image = c->before};
    unsigned flags = e->flags;
    if (is_new) {
        MR_TRY(copy_state(fold, &c->before, false, last, err));
        return put_head(fold, e, last, err);
    }
    *last = last_state(e);
    MR_TRY(check_link(fold, last, &before, &flags, err));
    if (e->changes == 0) {
        e->shared_flags |= flags & MR_MARK_AGAIN;
        flags &= ~(unsigned)MR_MARK_AGAIN;
    }
    e->flags = (uint16_t)flags;
    return MR_OK;
}

static enum mr_code add(struct mr_history_fold *fold, uint32_t hash,
                        const struct mr_history_change *c, struct mr_err *err)
{
    struct mr_history_entry *e = find(fold, hash, c);
    const bool is_new = e == NULL;
    struct mr_history_state last, next;
    struct mr_history_image known;
    if (c->table > UINT32_MAX || c->key.len > UINT32_MAX)
        return mr_err_set(err, MR_E_UNSUPPORTED, "a key of %zu bytes is too long", c->key.len);
    if (is_new)
        e = make(fold, hash, c);
    if (e == NULL)
        return nomem(err);
    e->matters = e->matters || c->matters;
    MR_TRY(link_change(fold, e, is_new, c, &last, err));
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
                 (!is_new && last.is_row && last.image.bytes.ptr == NULL);
    MR_TRY(known_before(fold, &last, c, &known, err));
    MR_TRY(set_last(fold, &known, &c->after, e->matters, &next, err));
    return put_last_state(fold, e, &next, err);
}

/* Entries stand all over the memory: who waits for each of them does nothing else.  So what a change will look
 * for is asked for before its turn, its slot far ahead, its entry a little. */
enum mr_code mr_history_fold_add(struct mr_history_fold *fold,
                                 const struct mr_history_change *changes, size_t count,
                                 struct mr_err *err)
{
    uint32_t hashes[FAR]; /* of the changes that are next, each at its number modulo FAR */
    for (size_t i = 0; i < count + FAR; i++) {
        if (i >= FAR)
            MR_TRY(add(fold, hashes[i % FAR], &changes[i - FAR], err));
        if (i < count) {
            hashes[i % FAR] = hash_of(changes[i].table, changes[i].key);
            __builtin_prefetch(&fold->slots[hashes[i % FAR] & (fold->nslots - 1)]);
        }
        if (i >= NEAR && i - NEAR < count)
            __builtin_prefetch(fold->slots[hashes[(i - NEAR) % FAR] & (fold->nslots - 1)], 1);
    }
    return MR_OK;
}

/* ---- into the case ---- */

/* What a mark says of the row after its last change. */
static struct mr_history_state last_of(const struct mr_evidence_mark *m)
{
    return (struct mr_history_state){
        .is_row = (m->flags & MR_MARK_DELETED) == 0,
        .image = {.bytes = m->last, .is_whole = m->has_digest, .digest = m->digest}};
}

static void put_last(struct mr_evidence_mark *m, const struct mr_history_state *last,
                     bool has_images)
{
    m->flags = last->is_row ? m->flags & ~MR_MARK_DELETED : m->flags | MR_MARK_DELETED;
    m->has_digest = last->is_row && last->image.is_whole;
    m->digest = last->image.digest;
    m->last = last->is_row && (has_images || !last->image.is_whole) ? last->image.bytes
                                                                    : (struct mr_key){NULL, 0};
}

/* A mark of this entry alone. */
static struct mr_evidence_mark mark_of(const struct mr_history_entry *e)
{
    const struct mr_history_more none = {0}, *more = e->more != NULL ? e->more : &none;
    const struct mr_history_state last = last_state(e);
    struct mr_evidence_mark m = {.key = mr_history_entry_key(e),
                                 .flags = e->flags,
                                 .changes = e->changes,
                                 .first_tx = e->first_tx,
                                 .last_tx = e->last_tx,
                                 .has_images = e->matters,
                                 .came = more->came,
                                 .went = more->went};
    if (!e->has_first)
        m.flags |= MR_MARK_ABSENT_BEFORE;
    else if (e->matters)
        m.first = more->first;
    put_last(&m, &last, e->matters);
    return m;
}

/* The entry's changes come behind those of the mark. */
static enum mr_code join(struct mr_history_fold *fold, const struct mr_history_entry *e,
                         struct mr_evidence_mark *m, struct mr_err *err)
{
    const struct mr_history_state last = last_of(m), head = head_of(e);
    struct mr_history_state now = last_state(e);
    unsigned flags = (unsigned)m->flags | e->flags | e->shared_flags;
    MR_TRY(check_link(fold, &last, &head, &flags, err));
    if (e->has_shared)
        flags |= MR_MARK_SHARED;
    m->flags = (int)flags;
    m->changes += e->changes;
    if (e->changes > 0)
        m->last_tx = e->last_tx;
    if (e->more != NULL && e->more->came.ptr != NULL)
        m->came = e->more->came;
    if (e->more != NULL && e->more->went.ptr != NULL)
        m->went = e->more->went;
    const struct mr_history_image seen = now.image;
    if (!e->forgets && now.is_row && !now.image.is_whole && last.is_row &&
        last.image.bytes.ptr != NULL)
        MR_TRY(set_last(fold, &last.image, &seen, m->has_images, &now, err));
    /* what its images leave out may have been changed, by it or by whom only a digest was kept of, and would be
     * taken for left as it was */
    const bool forgets = e->forgets || (last.is_row && last.image.bytes.ptr == NULL);
    if (forgets && now.is_row && !now.image.is_whole && (flags & MR_MARK_AGAIN) == 0) {
        m->has_images = false;
        m->first = (struct mr_key){NULL, 0};
    }
    put_last(m, &now, m->has_images);
    return MR_OK;
}

/* A flush, of one table after the other, one key after the other. */
struct flushing {
    struct mr_history_fold *fold;
    const struct mr_history_into *into;
    struct mr_arena scrap; /* of a key */
    /* of the table that is at hand (SIZE_MAX: none yet): the case's id, and where its marks end: what
     * lies behind that is new, and need not be looked for */
    size_t table;
    int64_t id;
    struct mr_key end;
    struct mr_arena end_arena;
    /* of the key: its mark, as far as it has come */
    struct mr_evidence_mark mark;
    bool is_marked, is_new, is_changed;
    size_t piece_bytes, keys;
};

static enum mr_code put_steps(struct flushing *f, const struct mr_history_entry *e, uint64_t before,
                              struct mr_err *err)
{
    const struct mr_key key = mr_history_entry_key(e);
    const struct mr_history_step *step = e->more != NULL ? e->more->steps : NULL;
    for (int64_t n = (int64_t)before; step != NULL; step = step->next) {
        const struct mr_evidence_change change = {
            .n = ++n, .kind = step->kind, .tx = step->tx, .image = step->image};
        if (n > MR_HISTORY_CHANGES_MAX)
            break;
        MR_TRY(mr_evidence_change_add(f->into->writer, f->id, f->fold->side, key, &change, err));
        f->piece_bytes += key.len + step->image.len;
    }
    return MR_OK;
}

static enum mr_code begin_table(struct flushing *f, size_t table, struct mr_err *err)
{
    if (f->table == table)
        return MR_OK;
    f->table = table;
    f->id = f->into->id_of(f->into->ctx, table);
    mr_arena_reset(&f->end_arena);
    return mr_evidence_greatest_key(f->into->writer, f->id, f->fold->side, &f->end_arena, &f->end,
                                    err);
}

/* What the case has of it. */
static enum mr_code begin_key(struct flushing *f, struct mr_history_name name, struct mr_err *err)
{
    f->is_marked = f->is_changed = false;
    mr_arena_reset(&f->scrap);
    MR_TRY(begin_table(f, name.table, err));
    f->is_new = f->end.ptr == NULL || mr_key_compare(name.key, f->end) > 0;
    if (f->is_new)
        return MR_OK;
    MR_TRY(mr_evidence_mark_get(f->into->writer, f->id, f->fold->side, name.key, &f->scrap,
                                &f->mark, &f->is_marked, err));
    f->is_new = !f->is_marked;
    return MR_OK;
}

/* Behind what is known of its key so far; shared changes in front of all own ones leave nothing. */
static enum mr_code take_entry(struct flushing *f, const struct mr_history_entry *e,
                               struct mr_err *err)
{
    const uint64_t before = f->is_marked ? f->mark.changes : 0;
    if (!f->is_marked && e->changes == 0)
        return MR_OK;
    if (f->is_marked)
        MR_TRY(join(f->fold, e, &f->mark, err));
    else
        f->mark = mark_of(e);
    f->is_marked = f->is_changed = true;
    return put_steps(f, e, before, err);
}

static enum mr_code end_key(struct flushing *f, struct mr_err *err)
{
    const struct mr_evidence_mark *m = &f->mark;
    if (++f->keys % 1024 == 0 && mr_is_cancelled())
        return mr_cancelled_err(err);
    if (!f->is_changed)
        return MR_OK;
    MR_TRY((f->is_new ? mr_evidence_mark_add : mr_evidence_mark_put)(f->into->writer, f->id,
                                                                     f->fold->side, m, err));
    f->piece_bytes += sizeof *m + m->key.len + m->first.len + m->last.len;
    if (!f->into->in_pieces || f->piece_bytes < PIECE_BYTES)
        return MR_OK;
    f->piece_bytes = 0;
    return mr_evidence_commit_piece(f->into->writer, err);
}

static enum mr_code flush_memory(struct flushing *f, struct mr_err *err)
{
    struct mr_history_entry **list = f->fold->list.items;
    for (size_t i = 0; i < f->fold->list.count; i++) {
        const struct mr_history_name name = {list[i]->table, mr_history_entry_key(list[i])};
        MR_TRY(begin_key(f, name, err));
        MR_TRY(take_entry(f, list[i], err));
        MR_TRY(end_key(f, err));
    }
    return MR_OK;
}

/* The bytes of what is put together for a key are in the fold's arena, which is empty else. */
static enum mr_code flush_runs(struct flushing *f, struct mr_err *err)
{
    struct mr_history_runs *runs = &f->fold->runs;
    struct mr_history_name next;
    MR_TRY(mr_history_runs_merge_begin(runs, err));
    while (mr_history_runs_merge_peek(runs, &next)) {
        struct mr_history_name name;
        mr_arena_reset(&f->fold->arena);
        MR_TRY(begin_key(f, next, err));
        do {
            struct mr_history_entry *e;
            MR_TRY(mr_history_runs_merge_next(runs, &f->scrap, &e, err));
            MR_TRY(take_entry(f, e, err));
            name = (struct mr_history_name){e->table, mr_history_entry_key(e)};
        } while (mr_history_runs_merge_peek(runs, &next) &&
                 mr_history_name_compare(name, next) == 0);
        MR_TRY(end_key(f, err));
    }
    return MR_OK;
}

static void empty(struct mr_history_fold *fold)
{
    memset(fold->slots, 0, fold->nslots * sizeof(struct mr_history_entry *));
    mr_vec_clear(&fold->list);
    mr_arena_reset(&fold->arena);
}

enum mr_code mr_history_fold_spill(struct mr_history_fold *fold, struct mr_err *err)
{
    if (fold->list.count == 0)
        return MR_OK;
    MR_TRY(mr_history_entry_sort(fold->list.items, fold->list.count, err));
    MR_TRY(mr_history_runs_add(&fold->runs, fold->list.items, fold->list.count, err));
    empty(fold);
    return MR_OK;
}

enum mr_code mr_history_fold_flush(struct mr_history_fold *fold, const struct mr_history_into *into,
                                   struct mr_err *err)
{
    struct flushing f = {.fold = fold,
                         .into = into,
                         .scrap = MR_ARENA_INIT,
                         .table = SIZE_MAX,
                         .end_arena = MR_ARENA_INIT};
    enum mr_code code;
    if (mr_history_runs_is_empty(&fold->runs)) {
        code = mr_history_entry_sort(fold->list.items, fold->list.count, err);
        if (code == MR_OK)
            code = flush_memory(&f, err);
    } else {
        code = mr_history_fold_spill(fold, err);
        if (code == MR_OK)
            code = flush_runs(&f, err);
        mr_history_runs_release(&fold->runs);
    }
    mr_arena_release(&f.scrap);
    mr_arena_release(&f.end_arena);
    empty(fold);
    return code;
}
