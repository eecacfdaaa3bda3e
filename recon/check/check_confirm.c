/* check_confirm.c: see check_confirm.h. */
#include "recon/check/check_confirm.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/pair/pair_identity.h"
#include "recon/check/check_classify.h"
#include "recon/check/check_entities.h"
#include "recon/check/check_inflight.h"
#include "recon/check/check_marks.h"
#include "recon/check/check_misplaced.h"
#include "recon/check/check_options.h"
#include "recon/check/check_alike.h"
#include "recon/check/check_settle.h"

/* Below 1,000, from where MariaDB takes an IN list for a table of its own
 * (in_predicate_conversion_threshold). */
#define BATCH_KEYS 900
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)
#define STATEMENT_BYTES ((size_t)512 * 1024)
#define KEY_SQL_BYTES 48   /* of a key part in a statement, beside the bytes in hex */
#define ALONE_FROM_ROUND 3 /* then rows are read one by one, back to back */
#define ALONE_TRIES 20

struct confirm {
    struct mr_check_worker *worker;
    struct mr_pair *table;
    enum mr_side up, down;
    struct mr_rowhash hash[MR_SIDES]; /* over the full specs */
    struct mr_entities rows;
    struct mr_vec page; /* struct mr_finding: those to be read, from `at` on */
    size_t at;
    struct mr_vec batch;   /* struct mr_finding: those being read */
    struct mr_vec by_key;  /* struct mr_finding * of the batch */
    struct mr_vec keys;    /* struct mr_key of the batch */
    struct mr_vec saves;   /* struct mr_finding */
    struct mr_vec doubts;  /* struct doubt: of those saves that have become true */
    struct mr_arena arena; /* of the page */
    uint64_t moving;       /* rows of this round that still move */
    uint64_t postponed;    /* of the batch: images that were not kept */
    size_t width;          /* of the next batch, at most */
    bool images;           /* rows are read with their images */
    bool rests;            /* of the task */
    bool many;             /* upstream is many servers: a key may have several rows */
};

/* One that is true unless the upstream side has it, too, and does not show it yet. */
struct doubt {
    size_t save;
    const struct mr_entity *entity;
};

static enum mr_code fetch(struct confirm *c, enum mr_side side, struct mr_rowset *set,
                          size_t image_bytes, struct mr_err *err)
{
    return mr_rowset_fetch_again(set, c->worker->reader[side], &c->hash[side], c->keys.items,
                                 c->keys.count, image_bytes, err);
}

/* u1, wait, d, u2.  *read is false where the downstream side did not catch up.  Where rows
 * must rest, the round has waited. */
static enum mr_code read_batch(struct confirm *c, bool *read, struct mr_err *err)
{
    struct mr_check_run *check = c->worker->check;
    size_t image_bytes = !c->images ? 0 : c->batch.count > 1 ? BATCH_BYTES : SIZE_MAX;
    enum mr_code code = mr_throttle_wait(check->throttle, err);
    if (code == MR_OK)
        code = fetch(c, c->up, &c->rows.u1, 0, err);
    *read = c->rests;
    if (code == MR_OK && !c->rests)
        code = mr_check_catch_up(check, mr_reader_db(c->worker->reader[c->up]),
                                 mr_reader_db(c->worker->reader[c->down]), read, err);
    if (code == MR_OK && *read)
        code = fetch(c, c->down, &c->rows.d, image_bytes, err);
    if (code == MR_OK && *read)
        code = fetch(c, c->up, &c->rows.u2, image_bytes, err);
    return code;
}

static bool same_row(const struct mr_rowset_row *a, const struct mr_rowset_row *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return mr_digest_equal(a->digest, b->digest);
}

enum outcome { SETTLED = 1, SEEN, MOVING };

/* Of many servers no look is one moment: a row that goes from one to another is met in none of them, or under
 * another place.  That it is not there, both looks have to say. */
static enum outcome judge(const struct confirm *c, const struct mr_entity *e)
{
    if (c->many && e->d == NULL && (e->u1 == NULL || e->u2 == NULL))
        return MOVING;
    if (same_row(e->d, e->u1) || same_row(e->d, e->u2))
        return SETTLED;
    return same_row(e->u1, e->u2) ? SEEN : MOVING;
}

/* By key; of the same key, which two adoptions may have, by place in the batch. */
static int compare_by_key(const void *a, const void *b)
{
    const struct mr_finding *x = *(struct mr_finding *const *)a;
    const struct mr_finding *y = *(struct mr_finding *const *)b;
    int order = mr_key_compare(x->key, y->key);
    return order != 0 ? order : (x > y) - (x < y);
}

static enum mr_code index_batch(struct confirm *c, struct mr_err *err)
{
    mr_vec_clear(&c->by_key);
    for (size_t i = 0; i < c->batch.count; i++) {
        struct mr_finding **slot = mr_vec_push(&c->by_key);
        if (slot == NULL)
            return mr_err_nomem(err, "confirming rows");
        *slot = mr_vec_at(&c->batch, i);
        (*slot)->count = 1;
    }
    if (c->by_key.count > 1)
        qsort(c->by_key.items, c->by_key.count, sizeof(struct mr_finding *), compare_by_key);
    return MR_OK;
}

/* The first finding of the batch with exactly this key, or NULL. */
static struct mr_finding *in_batch(struct confirm *c, struct mr_key key)
{
    size_t lo = 0, hi = c->by_key.count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct mr_finding *f = *(struct mr_finding **)mr_vec_at(&c->by_key, mid);
        if (mr_key_compare(f->key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == c->by_key.count)
        return NULL;
    struct mr_finding *f = *(struct mr_finding **)mr_vec_at(&c->by_key, lo);
    return mr_key_compare(f->key, key) == 0 ? f : NULL;
}

/* The key under which the entity is found: the source's, else the target's. */
static struct mr_key owner_key(const struct confirm *c, const struct mr_entity *e)
{
    struct mr_key up = mr_entity_up_key(&c->rows, e);
    struct mr_key down = mr_entity_down_key(&c->rows, e);
    bool up_first = c->up == MR_SOURCE;
    struct mr_key first = up_first ? up : down;
    return first.ptr != NULL ? first : (up_first ? down : up);
}

static void keep_image(const struct mr_rowset *set, const struct mr_rowset_row *row,
                       const void **image, size_t *len)
{
    *image = row != NULL ? mr_rowset_image(set, row) : NULL;
    *len = row != NULL ? row->image_len : 0;
}

/* The round's wait covers what was read in the round before: the upstream row must be the
 * one that was seen then, or a row that is written every now and then would be seen a step
 * behind each time. */
static bool has_rested(const struct confirm *c, const struct mr_entity *e,
                       const struct mr_finding *f)
{
    const void *now, *then = c->up == MR_SOURCE ? f->source : f->target;
    size_t now_len, then_len = c->up == MR_SOURCE ? f->source_len : f->target_len;
    if (!c->rests)
        return true;
    keep_image(&c->rows.u2, e->u2, &now, &now_len);
    if (now == NULL || then == NULL)
        return now == then;
    return now_len == then_len && memcmp(now, then, now_len) == 0;
}

/* Seen the first time, or anew: keeps the upstream row for has_rested(). */
static void make_seen(const struct confirm *c, const struct mr_entity *e, struct mr_finding *f)
{
    bool up_is_source = c->up == MR_SOURCE;
    f->state = MR_FIND_SEEN_ONCE;
    f->source = f->target = NULL;
    if (c->rests)
        keep_image(&c->rows.u2, e->u2, up_is_source ? &f->source : &f->target,
                   up_is_source ? &f->source_len : &f->target_len);
}

/* Seen the second time: the finding is true, with both images, unless a side may be behind and
 * nothing tells how far it has got. */
static void make_diverged(const struct confirm *c, const struct mr_entity *e, struct mr_finding *f)
{
    const void *up, *down;
    size_t up_len, down_len;
    bool up_is_source = c->up == MR_SOURCE;
    if (!mr_check_settle_is_sure(c->worker->check)) {
        f->state = MR_FIND_UNSETTLED;
        f->source = f->target = NULL;
        return;
    }
    keep_image(&c->rows.u2, e->u2, &up, &up_len);
    keep_image(&c->rows.d, e->d, &down, &down_len);
    f->state = MR_FIND_DIVERGED;
    f->source = up_is_source ? up : down;
    f->source_len = up_is_source ? up_len : down_len;
    f->target = up_is_source ? down : up;
    f->target_len = up_is_source ? down_len : up_len;
}

/*
 * An entity whose key no suspect of the batch has: usually another batch's.  If nobody
 * has it (the row was renamed within its collation since the scan), it is added next to
 * the batch's first.
 */
static enum mr_code adopt(struct confirm *c, const struct mr_entity *e, struct mr_key owner,
                          struct mr_err *err)
{
    if (judge(c, e) == SETTLED)
        return MR_OK;
    const struct mr_finding *near = mr_vec_at(&c->batch, 0);
    const struct mr_finding f = {.segment = near->segment,
                                 .chunk = near->chunk,
                                 .pos = near->pos,
                                 .equal = near->equal,
                                 .state = MR_FIND_SUSPECT,
                                 .key = owner,
                                 .count = 1};
    c->moving++;
    return mr_findings_add_unknown(c->worker->check->fd, c->table->find.id, &f, err);
}

/* Were the images of all rows kept that this round reads with images? */
static bool has_images(const struct confirm *c, const struct mr_entity *e)
{
    return !c->images ||
           ((e->u2 == NULL || e->u2->image_len > 0) && (e->d == NULL || e->d->image_len > 0));
}

static enum mr_code postpone(struct confirm *c, const struct mr_finding *f, struct mr_err *err)
{
    struct mr_finding *again = mr_vec_push(&c->page);
    if (again == NULL)
        return mr_err_nomem(err, "confirming rows");
    *again = *f;
    c->postponed++;
    return MR_OK;
}

/* Of the last save.  Only who applies what the other writes can be ahead of what it shows. */
static enum mr_code add_doubt(struct confirm *c, const struct mr_entity *e, struct mr_err *err)
{
    if (!mr_check_settle_follows(c->worker->check))
        return MR_OK;
    struct doubt *doubt = mr_vec_push(&c->doubts);
    if (doubt == NULL)
        return mr_err_nomem(err, "confirming rows");
    *doubt = (struct doubt){c->saves.count - 1, e};
    return MR_OK;
}

/* What is under way is read again, as what is seen the first time. */
static enum mr_code settle_doubts(struct confirm *c, struct mr_err *err)
{
    const size_t count = c->doubts.count;
    struct mr_inflight *rows = mr_arena_calloc(&c->arena, count + 1, sizeof *rows);
    if (rows == NULL)
        return mr_err_nomem(err, "confirming rows");
    for (size_t i = 0; i < count; i++) {
        const struct mr_entity *e = ((struct doubt *)mr_vec_at(&c->doubts, i))->entity;
        struct mr_key up = mr_entity_up_key(&c->rows, e);
        rows[i].key = up.ptr != NULL ? up : mr_entity_down_key(&c->rows, e);
        rows[i].is_there = e->d != NULL;
        if (e->d != NULL)
            rows[i].digest = e->d->digest;
    }
    enum mr_code code =
        mr_inflight_find(c->worker->reader[c->up], &c->hash[c->up], rows, count, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        const struct doubt *doubt = mr_vec_at(&c->doubts, i);
        if (!rows[i].is_underway)
            continue;
        make_seen(c, doubt->entity, mr_vec_at(&c->saves, doubt->save));
        c->moving++;
    }
    return code;
}

static enum mr_code judge_entity(struct confirm *c, const struct mr_entity *e, struct mr_err *err)
{
    struct mr_key owner = owner_key(c, e);
    struct mr_finding *f = in_batch(c, owner);
    enum outcome outcome = judge(c, e);
    if (f == NULL)
        return adopt(c, e, owner, err);
    f->count = 0; /* marks it as met; set again when saved */
    if (outcome == SEEN && !has_images(c, e))
        return postpone(c, f, err);
    struct mr_finding *save = mr_vec_push(&c->saves);
    if (save == NULL)
        return mr_err_nomem(err, "confirming rows");
    *save = *f;
    save->count = 1;
    switch (outcome) {
    case SETTLED:
        save->state = MR_FIND_SETTLED;
        save->source = save->target = NULL;
        break;
    case SEEN:
        if (f->state == MR_FIND_SEEN_ONCE && has_rested(c, e, f)) {
            make_diverged(c, e, save);
            return add_doubt(c, e, err);
        } else {
            make_seen(c, e, save);
            c->moving++;
        }
        break;
    case MOVING: c->moving++; break;
    }
    return MR_OK;
}

/* ---- keys that stand in several of many sources ---- */

static bool is_doubled(const struct confirm *c, struct mr_key key)
{
    return c->many && (mr_rowset_group(&c->rows.u1, key).rows > 1 ||
                       mr_rowset_group(&c->rows.u2, key).rows > 1);
}

static struct mr_finding *add_save(struct confirm *c, const struct mr_finding *f, int64_t id,
                                   struct mr_err *err)
{
    struct mr_finding *save = mr_vec_push(&c->saves);
    if (save == NULL) {
        (void)mr_err_nomem(err, "confirming rows");
        return NULL;
    }
    *save = *f;
    save->id = id;
    save->count = 1;
    return save;
}

/* Downstream's row answers one of them: the one that it equals, else the first.  Each other one is a row that is
 * missing, also where its key is there; so that of `count` rows one at most is no finding. */
static enum mr_code make_doubled(struct confirm *c, const struct mr_entity *first, size_t count,
                                 const struct mr_finding *f, struct mr_err *err)
{
    size_t answered = first->d != NULL ? 0 : count;
    int64_t id = f->id;
    for (size_t i = count; i-- > 0;)
        if (same_row(first->d, first[i].u2))
            answered = first->d != NULL ? i : count;
    for (size_t i = 0; i < count; i++) {
        struct mr_entity e = first[i];
        if (i == answered && same_row(e.d, e.u2))
            continue;
        if (i != answered)
            e.d = NULL;
        struct mr_finding *save = add_save(c, f, id, err);
        if (save == NULL)
            return MR_E_NOMEM;
        make_diverged(c, &e, save);
        id = 0; /* the others are added */
        if (save->state != MR_FIND_DIVERGED)
            break;
    }
    return MR_OK;
}

/*
 * All rows of a key at once: those of u2 stand together, in the order of places, and each has the
 * row of u1 of its own place.  They are seen where each of them rests; a row that was in u1 alone, or
 * came since, is on its way from one server to another.
 */
static enum mr_code judge_doubled(struct confirm *c, size_t at, struct mr_err *err)
{
    const struct mr_entity *first = mr_vec_at(&c->rows.list, at);
    const struct mr_key key = mr_entity_up_key(&c->rows, first);
    struct mr_finding *f = in_batch(c, key);
    const size_t count = mr_rowset_group(&c->rows.u2, key).rows;
    if (f == NULL)
        return adopt(c, first, key, err);
    if (f->count == 0) /* with the first of them */
        return MR_OK;
    f->count = 0;
    bool rests = mr_rowset_group_is_same(mr_rowset_group(&c->rows.u1, key),
                                         mr_rowset_group(&c->rows.u2, key));
    for (size_t i = 0; rests && i < count; i++)
        rests = same_row(first[i].u1, first[i].u2);
    for (size_t i = 0; rests && i < count; i++)
        if (!has_images(c, &first[i]))
            return postpone(c, f, err);
    if (rests && f->state == MR_FIND_SEEN_ONCE && has_rested(c, first, f))
        return make_doubled(c, first, count, f, err);
    struct mr_finding *save = add_save(c, f, f->id, err);
    if (save == NULL)
        return MR_E_NOMEM;
    if (rests)
        make_seen(c, first, save);
    c->moving++;
    return MR_OK;
}

/* Suspects without an entity of their own: gone on both sides, or part of a pair that is
 * found under the source's key. */
static enum mr_code judge_rest(struct confirm *c, struct mr_err *err)
{
    for (size_t i = 0; i < c->batch.count; i++) {
        struct mr_finding *f = mr_vec_at(&c->batch, i);
        if (f->count == 0)
            continue;
        struct mr_finding *save = mr_vec_push(&c->saves);
        if (save == NULL)
            return mr_err_nomem(err, "confirming rows");
        *save = *f;
        bool part = mr_rowset_find(&c->rows.d, f->key) != NULL ||
                    mr_rowset_find(&c->rows.u1, f->key) != NULL ||
                    mr_rowset_find(&c->rows.u2, f->key) != NULL;
        save->state = part ? MR_FIND_PAIRED : MR_FIND_SETTLED;
        save->source = save->target = NULL;
    }
    return MR_OK;
}

/* Kinds and identities of what has become true in this batch. */
static enum mr_code classify_saves(struct confirm *c, struct mr_err *err)
{
    struct mr_finding *saves = c->saves.items;
    size_t count = 0;
    /* the diverged ones to the front */
    for (size_t i = 0; i < c->saves.count; i++) {
        if (saves[i].state != MR_FIND_DIVERGED)
            continue;
        struct mr_finding f = saves[i];
        saves[i] = saves[count];
        saves[count++] = f;
    }
    if (count == 0)
        return MR_OK;
    MR_TRY(mr_check_classify_rows(c->table, mr_pair_judge(c->worker->reader), saves, count,
                                  &c->arena, err));
    return mr_check_alike_add(c->worker->check, c->table, saves, count, err);
}

/*
 * The usual end of a first reading: all suspects of the batch were seen, and nothing else
 * is to be kept of them.  No other suspect lies between their ids, because a page without
 * images is read in the order of its ids, and a finding that is added gets a greater one.
 */
static bool all_seen(const struct confirm *c)
{
    if (c->images || c->saves.count != c->batch.count)
        return false;
    for (size_t i = 0; i < c->saves.count; i++) {
        const struct mr_finding *f = mr_vec_at(&c->saves, i);
        if (f->state != MR_FIND_SEEN_ONCE)
            return false;
    }
    return true;
}

/* Stores the batch; all_seen() in one statement (measured: half the time). */
static enum mr_code save_batch(struct confirm *c, struct mr_err *err)
{
    struct mr_findings *fd = c->worker->check->fd;
    if (!all_seen(c))
        return mr_findings_save(fd, c->table->find.id, c->saves.items, c->saves.count, c->images,
                                err);
    const struct mr_finding *first = mr_vec_at(&c->batch, 0);
    const struct mr_finding *last = mr_vec_at(&c->batch, c->batch.count - 1);
    const struct mr_find_page page = {.table = c->table->find.id,
                                      .state = MR_FIND_SUSPECT,
                                      .after_id = first->id - 1,
                                      .last_id = last->id};
    return mr_findings_restate_page(fd, &page, MR_FIND_SEEN_ONCE, err);
}

static enum mr_code judge_batch(struct confirm *c, struct mr_err *err)
{
    mr_vec_clear(&c->saves);
    mr_vec_clear(&c->doubts);
    c->postponed = 0;
    MR_TRY(index_batch(c, err));
    MR_TRY(mr_entities_make(&c->rows, c->table, mr_pair_judge(c->worker->reader), &c->arena, err));
    for (size_t i = 0; i < c->rows.list.count; i++) {
        const struct mr_entity *e = mr_vec_at(&c->rows.list, i);
        MR_TRY(is_doubled(c, mr_entity_up_key(&c->rows, e)) ? judge_doubled(c, i, err)
                                                            : judge_entity(c, e, err));
    }
    MR_TRY(judge_rest(c, err));
    MR_TRY(settle_doubts(c, err));
    MR_TRY(mr_misplaced_find(c->worker, c->table, c->hash, c->saves.items, c->saves.count, err));
    MR_TRY(classify_saves(c, err));
    return save_batch(c, err);
}

/* Did the last reading change the state of the (only) suspect? */
static bool has_advanced(const struct confirm *c)
{
    const struct mr_finding *was = mr_vec_at(&c->batch, 0);
    const struct mr_finding *is = mr_vec_at(&c->saves, 0);
    return c->saves.count == 0 || is->state != was->state;
}

/* One batch; a row that is read alone gets more tries, back to back, while it moves. */
static enum mr_code confirm_batch(struct confirm *c, bool alone, struct mr_err *err)
{
    uint64_t before = c->moving;
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->keys);
    for (size_t i = 0; i < c->batch.count; i++) {
        struct mr_key *key = mr_vec_push(&c->keys);
        if (key == NULL)
            return mr_err_nomem(err, "confirming rows");
        *key = ((struct mr_finding *)mr_vec_at(&c->batch, i))->key;
    }
    for (int attempt = 0; attempt < (alone ? ALONE_TRIES : 1); attempt++) {
        bool read = false;
        c->moving = before;
        code = read_batch(c, &read, err);
        if (code != MR_OK)
            return code;
        if (!read) {
            c->moving += c->batch.count;
            return MR_OK;
        }
        mr_check_marks_look(c->worker->check, c->table); /* equal rows may be another table's */
        code = judge_batch(c, err);
        if (code != MR_OK || c->moving == before || has_advanced(c))
            break;
    }
    return code;
}

static size_t batch_size(const struct mr_pair *table, bool alone)
{
    uint64_t rows = table->find.counts.source_rows + table->find.counts.target_rows;
    double bytes = rows == 0 ? 1 : (double)table->find.counts.bytes / (double)rows;
    double size = (double)BATCH_BYTES / (bytes < 1 ? 1 : bytes);
    if (alone || size < 1)
        return 1;
    return size > BATCH_KEYS ? BATCH_KEYS : (size_t)size;
}

/* Takes the next batch from the page: as many as a statement with their keys may be long
 * for both servers. */
static enum mr_code take_batch(struct confirm *c, struct mr_err *err)
{
    size_t room = STATEMENT_BYTES, used = 0;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_db *db = mr_reader_db(c->worker->reader[side]);
        uint64_t packet = db != NULL ? mr_db_server(db)->max_packet_bytes : 0;
        if (packet > 0 && packet / 2 < room)
            room = (size_t)packet / 2;
    }
    mr_vec_clear(&c->batch);
    c->postponed = 0;
    for (; c->at < c->page.count && c->batch.count < c->width; c->at++) {
        const struct mr_finding *f = mr_vec_at(&c->page, c->at);
        used += 2 * f->key.len + KEY_SQL_BYTES * c->table->nkey_columns;
        if (used > room && c->batch.count > 0)
            break;
        struct mr_finding *slot = mr_vec_push(&c->batch);
        if (slot == NULL)
            return mr_err_nomem(err, "confirming rows");
        *slot = *f;
    }
    return MR_OK;
}

/*
 * All of a page.  Rows that were too wide to keep all images are at its end again, and the
 * next batch is half as wide: of a single key all images are kept.
 */
static enum mr_code confirm_page(struct confirm *c, size_t size, bool alone, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (c->at = 0; code == MR_OK && c->at < c->page.count;) {
        code = take_batch(c, err);
        if (code == MR_OK)
            code = confirm_batch(c, alone, err);
        if (c->postponed > 0)
            c->width = c->batch.count > 2 ? c->batch.count / 2 : 1;
        else if (c->width < size)
            c->width = c->width < size / 2 ? c->width * 2 : size;
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
    }
    return code;
}

static enum mr_code confirm_state(struct confirm *c, const struct mr_confirm_task *task,
                                  enum mr_find_state state, struct mr_err *err)
{
    bool alone = task->round >= ALONE_FROM_ROUND && !task->rests;
    size_t size = batch_size(c->table, alone);
    struct mr_find_page page = {.table = c->table->find.id,
                                .state = state,
                                .after_id = task->after_id,
                                .last_id = task->last_id,
                                .limit = size,
                                .max_bytes = BATCH_BYTES,
                                .with_images = state == MR_FIND_SEEN_ONCE && c->rests};
    c->images = state == MR_FIND_SEEN_ONCE || c->rests;
    c->width = size;
    enum mr_code code = MR_OK;
    for (;;) {
        mr_arena_reset(&c->arena);
        mr_vec_clear(&c->page);
        code = mr_findings_page(c->worker->check->fd, &page, &c->arena, &c->page, err);
        if (code != MR_OK || c->page.count == 0)
            break;
        page.after_id = ((struct mr_finding *)mr_vec_at(&c->page, c->page.count - 1))->id;
        code = confirm_page(c, size, alone, err);
        if (code != MR_OK)
            break;
    }
    return code;
}

static enum mr_code confirm_init(struct confirm *c, struct mr_err *err)
{
    mr_entities_init(&c->rows);
    mr_arena_init(&c->arena);
    c->page = (struct mr_vec)MR_VEC_INIT(struct mr_finding);
    c->batch = (struct mr_vec)MR_VEC_INIT(struct mr_finding);
    c->by_key = (struct mr_vec)MR_VEC_INIT(struct mr_finding *);
    c->keys = (struct mr_vec)MR_VEC_INIT(struct mr_key);
    c->saves = (struct mr_vec)MR_VEC_INIT(struct mr_finding);
    c->doubts = (struct mr_vec)MR_VEC_INIT(struct doubt);
    enum mr_code code =
        mr_rowhash_init(&c->hash[MR_SOURCE], c->table, &c->table->full[MR_SOURCE], err);
    if (code == MR_OK)
        code = mr_rowhash_init(&c->hash[MR_TARGET], c->table, &c->table->full[MR_TARGET], err);
    return code;
}

static void confirm_release(struct confirm *c)
{
    mr_entities_release(&c->rows);
    mr_arena_release(&c->arena);
    mr_vec_release(&c->page);
    mr_vec_release(&c->batch);
    mr_vec_release(&c->by_key);
    mr_vec_release(&c->keys);
    mr_vec_release(&c->saves);
    mr_vec_release(&c->doubts);
    mr_rowhash_release(&c->hash[MR_SOURCE]);
    mr_rowhash_release(&c->hash[MR_TARGET]);
}

enum mr_code mr_check_confirm(struct mr_check_worker *worker, const struct mr_confirm_task *task,
                              struct mr_err *err)
{
    enum mr_side up = worker->check->upstream;
    struct confirm c = {.worker = worker,
                        .table = task->table,
                        .up = up,
                        .down = mr_other_side(up),
                        .rests = task->rests,
                        .many = mr_side_is_shards(&worker->check->pairing.side[up])};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(confirm_init(&c, err));
    /* those seen once first: what this round sees the first time waits for the next */
    MR_TRY_OUT(confirm_state(&c, task, MR_FIND_SEEN_ONCE, err));
    MR_TRY_OUT(confirm_state(&c, task, MR_FIND_SUSPECT, err));
out:
    confirm_release(&c);
    return code;
}
