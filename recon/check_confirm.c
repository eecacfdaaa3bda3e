/* check_confirm.c: see check_confirm.h. */
#include "recon/check_confirm.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/signals.h"
#include "core/pair_identity.h"
#include "recon/check_options.h"
#include "core/rowset.h"

#define BATCH_KEYS 500
#define BATCH_BYTES (4.0 * 1024 * 1024)
#define STATEMENT_BYTES ((size_t)512 * 1024)
#define KEY_SQL_BYTES 48   /* of a key part in a statement, beside the bytes in hex */
#define ALONE_FROM_ROUND 3 /* then rows are read one by one, back to back */
#define ALONE_TRIES 20
#define CATCH_UP_S 60 /* how long a round waits for the downstream side */
#define WAIT_SLICE_S 2
#define READ_TRIES 4

/* What is one row of the table on both sides; NULL: not there at that read. */
struct entity {
    struct mr_rowset_row *u1, *u2, *d;
};

struct confirm {
    struct mr_check_worker *worker;
    struct mr_pair *table;
    enum mr_side up, down;
    struct mr_rowhash hash[MR_SIDES]; /* over the full specs */
    struct mr_rowset u1, u2, d;
    struct mr_vec entities; /* struct entity */
    struct mr_vec batch;    /* struct mr_finding */
    struct mr_vec keys;     /* struct mr_key of the batch */
    struct mr_vec saves;    /* struct mr_finding */
    struct mr_arena arena;  /* of the batch */
    uint64_t moving;        /* rows of this round that still move */
    bool images;            /* rows are read with their images */
};

enum mr_code mr_check_catch_up(struct mr_check_run *check, struct mr_db *up,
                               struct mr_db *down, bool *reached, struct mr_err *err)
{
    struct mr_strbuf position = MR_STRBUF_INIT;
    const struct timespec nap = {0, 5 * 1000 * 1000};
    *reached = !check->follows;
    if (!check->follows || up == NULL || down == NULL)
        return MR_OK;
    double end = mr_clock_now_s() + CATCH_UP_S;
    enum mr_code code = mr_replication_position(up, &position, err);
    while (code == MR_OK && !*reached && position.len > 0 && mr_clock_now_s() < end) {
        if (mr_is_cancelled())
            code = mr_cancelled_err(err);
        else
            code = mr_replication_wait(down, position.ptr, WAIT_SLICE_S, reached, err);
        if (code == MR_OK && !*reached)
            (void)nanosleep(&nap, NULL); /* a wait that cannot wait returns at once */
    }
    mr_strbuf_release(&position);
    return code;
}

static enum mr_code fetch(struct confirm *c, enum mr_side side, struct mr_rowset *set,
                          bool images, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (int attempt = 0; attempt < READ_TRIES; attempt++) {
        code = mr_rowset_fetch(set, c->worker->reader[side], &c->hash[side],
                               c->keys.items, c->keys.count, images, err);
        if (code != MR_E_LOST || mr_is_cancelled())
            break;
    }
    return code;
}

/* u1, wait, d, u2.  *read is false where the downstream side did not catch up. */
static enum mr_code read_batch(struct confirm *c, bool *read, struct mr_err *err)
{
    struct mr_check_run *check = c->worker->check;
    enum mr_code code = mr_throttle_wait(check->throttle, err);
    if (code == MR_OK)
        code = fetch(c, c->up, &c->u1, false, err);
    if (code == MR_OK)
        code = mr_check_catch_up(check, mr_reader_db(c->worker->reader[c->up]),
                                 mr_reader_db(c->worker->reader[c->down]), read, err);
    if (code == MR_OK && *read)
        code = fetch(c, c->down, &c->d, c->images, err);
    if (code == MR_OK && *read)
        code = fetch(c, c->up, &c->u2, c->images, err);
    return code;
}

static struct entity *push_entity(struct confirm *c, struct mr_rowset_row *u1,
                                  struct mr_rowset_row *u2, struct mr_rowset_row *d)
{
    struct entity *e = mr_vec_push(&c->entities);
    if (e != NULL)
        *e = (struct entity){u1, u2, d};
    if (d != NULL)
        d->claimed = true;
    return e;
}

/* Rows with the same bytes as key are one. */
static enum mr_code pair_by_bytes(struct confirm *c, struct mr_err *err)
{
    for (size_t i = 0; i < c->u2.rows.count; i++) {
        struct mr_rowset_row *u2 = mr_rowset_at(&c->u2, i);
        struct mr_key key = mr_rowset_key(&c->u2, u2);
        struct mr_rowset_row *u1 = mr_rowset_find(&c->u1, key);
        if (u1 != NULL)
            u1->claimed = true;
        if (push_entity(c, u1, u2, mr_rowset_find(&c->d, key)) == NULL)
            return mr_err_nomem(err, "confirming rows");
    }
    for (size_t i = 0; i < c->u1.rows.count; i++) {
        struct mr_rowset_row *u1 = mr_rowset_at(&c->u1, i);
        if (u1->claimed)
            continue;
        if (push_entity(c, u1, NULL, mr_rowset_find(&c->d, mr_rowset_key(&c->u1, u1))) ==
            NULL)
            return mr_err_nomem(err, "confirming rows");
    }
    return MR_OK;
}

static struct mr_key entity_up_key(const struct confirm *c, const struct entity *e)
{
    if (e->u2 != NULL)
        return mr_rowset_key(&c->u2, e->u2);
    if (e->u1 != NULL)
        return mr_rowset_key(&c->u1, e->u1);
    return (struct mr_key){NULL, 0};
}

static enum mr_code push_item(struct mr_vec *items, struct mr_key key, struct mr_err *err)
{
    struct mr_canon_item *item = mr_vec_push(items);
    if (item == NULL)
        return mr_err_nomem(err, "confirming rows");
    item->in = key.ptr;
    item->in_len = key.len;
    return MR_OK;
}

static bool same_canon(const struct mr_canon_item *a, const struct mr_canon_item *b)
{
    return a->out != NULL && b->out != NULL && a->out_len == b->out_len &&
           memcmp(a->out, b->out, a->out_len) == 0;
}

/* Joins what is left alone on both sides as TARGET's collation does. */
static enum mr_code pair_by_collation(struct confirm *c, struct mr_err *err)
{
    struct mr_vec items = MR_VEC_INIT(struct mr_canon_item);
    struct mr_vec lone = MR_VEC_INIT(size_t);
    enum mr_code code = MR_OK;
    size_t nlone_d = 0;
    for (size_t i = 0; code == MR_OK && i < c->entities.count; i++) {
        struct entity *e = mr_vec_at(&c->entities, i);
        size_t *at = e->d == NULL ? mr_vec_push(&lone) : NULL;
        if (e->d != NULL)
            continue;
        if (at == NULL) {
            code = mr_err_nomem(err, "confirming rows");
            break;
        }
        *at = i;
        code = push_item(&items, entity_up_key(c, e), err);
    }
    for (size_t i = 0; code == MR_OK && i < c->d.rows.count; i++) {
        struct mr_rowset_row *d = mr_rowset_at(&c->d, i);
        if (d->claimed)
            continue;
        nlone_d++;
        code = push_item(&items, mr_rowset_key(&c->d, d), err);
    }
    if (code == MR_OK && lone.count > 0 && nlone_d > 0) {
        code = mr_pair_canonise(
            c->table, c->table->scan[MR_TARGET].key, c->table->scan[MR_TARGET].nkey,
            mr_reader_db(c->worker->reader[MR_TARGET]), &items, &c->arena, err);
        size_t at = lone.count;
        for (size_t i = 0; code == MR_OK && i < c->d.rows.count; i++) {
            struct mr_rowset_row *d = mr_rowset_at(&c->d, i);
            if (d->claimed)
                continue;
            for (size_t k = 0; k < lone.count && !d->claimed; k++) {
                struct entity *e =
                    mr_vec_at(&c->entities, *(size_t *)mr_vec_at(&lone, k));
                if (e->d == NULL &&
                    same_canon(mr_vec_at(&items, k), mr_vec_at(&items, at))) {
                    e->d = d;
                    d->claimed = true;
                }
            }
            at++;
        }
    }
    mr_vec_release(&items);
    mr_vec_release(&lone);
    return code;
}

static enum mr_code make_entities(struct confirm *c, struct mr_err *err)
{
    mr_vec_clear(&c->entities);
    enum mr_code code = pair_by_bytes(c, err);
    if (code == MR_OK && c->table->text_key)
        code = pair_by_collation(c, err);
    for (size_t i = 0; code == MR_OK && i < c->d.rows.count; i++) {
        struct mr_rowset_row *d = mr_rowset_at(&c->d, i);
        if (!d->claimed && push_entity(c, NULL, NULL, d) == NULL)
            code = mr_err_nomem(err, "confirming rows");
    }
    return code;
}

static bool same_row(const struct mr_rowset_row *a, const struct mr_rowset_row *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return mr_digest_equal(a->digest, b->digest);
}

enum outcome { SETTLED = 1, SEEN, MOVING };

static enum outcome judge(const struct entity *e)
{
    if (same_row(e->d, e->u1) || same_row(e->d, e->u2))
        return SETTLED;
    return same_row(e->u1, e->u2) ? SEEN : MOVING;
}

/* The finding of the batch with exactly this key, or NULL. */
static struct mr_finding *in_batch(struct confirm *c, struct mr_key key)
{
    for (size_t i = 0; i < c->batch.count; i++) {
        struct mr_finding *f = mr_vec_at(&c->batch, i);
        if (mr_key_compare(f->key, key) == 0)
            return f;
    }
    return NULL;
}

/* The key under which the entity is found: the source's, else the target's. */
static struct mr_key owner_key(const struct confirm *c, const struct entity *e)
{
    struct mr_key up = entity_up_key(c, e);
    struct mr_key down = {NULL, 0};
    if (e->d != NULL)
        down = mr_rowset_key(&c->d, e->d);
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

/* Replicates perhaps, and nothing can be waited for: then a lag is possible. */
static bool may_lag(const struct confirm *c)
{
    const struct mr_check_run *check = c->worker->check;
    return !check->follows && check->relation != MR_RELATION_NONE &&
           check->relation != MR_RELATION_STOPPED;
}

/* Where positions cannot be waited for, the rounds' distance is what the downstream side
 * has to catch up: then the upstream row must be the one that was seen a round ago, or a
 * row that is written every now and then would be seen a step behind each time. */
static bool has_rested(const struct confirm *c, const struct entity *e,
                       const struct mr_finding *f)
{
    const void *now, *then = c->up == MR_SOURCE ? f->source : f->target;
    size_t now_len, then_len = c->up == MR_SOURCE ? f->source_len : f->target_len;
    if (!may_lag(c))
        return true;
    keep_image(&c->u2, e->u2, &now, &now_len);
    if (now == NULL || then == NULL)
        return now == then;
    return now_len == then_len && memcmp(now, then, now_len) == 0;
}

/* Seen the first time, or anew: keeps the upstream row for has_rested(). */
static void make_seen(const struct confirm *c, const struct entity *e,
                      struct mr_finding *f)
{
    bool up_is_source = c->up == MR_SOURCE;
    f->state = MR_FIND_SEEN_ONCE;
    f->source = f->target = NULL;
    if (may_lag(c))
        keep_image(&c->u2, e->u2, up_is_source ? &f->source : &f->target,
                   up_is_source ? &f->source_len : &f->target_len);
}

/* Seen the second time: the finding is true, with both images. */
static void make_diverged(const struct confirm *c, const struct entity *e,
                          struct mr_finding *f)
{
    const void *up, *down;
    size_t up_len, down_len;
    bool up_is_source = c->up == MR_SOURCE;
    keep_image(&c->u2, e->u2, &up, &up_len);
    keep_image(&c->d, e->d, &down, &down_len);
    f->state = MR_FIND_DIVERGED;
    f->source = up_is_source ? up : down;
    f->source_len = up_is_source ? up_len : down_len;
    f->target = up_is_source ? down : up;
    f->target_len = up_is_source ? down_len : up_len;
    f->kind = f->target == NULL   ? MR_KIND_MISSING
              : f->source == NULL ? MR_KIND_EXTRA
                                  : MR_KIND_UNDECIDED;
}

/*
 * An entity whose key no suspect of the batch has: usually another batch's.  If nobody
 * has it (the row was renamed within its collation since the scan), it is added next to
 * the batch's first.
 */
static enum mr_code adopt(struct confirm *c, const struct entity *e, struct mr_key owner,
                          struct mr_err *err)
{
    bool known = false;
    if (judge(e) == SETTLED)
        return MR_OK;
    enum mr_code code =
        mr_findings_has_key(c->worker->check->fd, c->table->find.id, owner, &known, err);
    if (code != MR_OK || known)
        return code;
    const struct mr_finding *near = mr_vec_at(&c->batch, 0);
    struct mr_finding *f = mr_vec_push(&c->saves);
    if (f == NULL)
        return mr_err_nomem(err, "confirming rows");
    *f = (struct mr_finding){.segment = near->segment,
                             .chunk = near->chunk,
                             .pos = near->pos,
                             .equal = near->equal,
                             .state = MR_FIND_SUSPECT,
                             .key = owner,
                             .count = 1};
    c->moving++;
    return MR_OK;
}

static enum mr_code judge_entity(struct confirm *c, const struct entity *e,
                                 struct mr_err *err)
{
    struct mr_key owner = owner_key(c, e);
    struct mr_finding *f = in_batch(c, owner);
    if (f == NULL)
        return adopt(c, e, owner, err);
    f->count = 0; /* marks it as met; set again when saved */
    struct mr_finding *save = mr_vec_push(&c->saves);
    if (save == NULL)
        return mr_err_nomem(err, "confirming rows");
    *save = *f;
    save->count = 1;
    switch (judge(e)) {
    case SETTLED:
        save->state = MR_FIND_SETTLED;
        save->source = save->target = NULL;
        break;
    case SEEN:
        if (f->state == MR_FIND_SEEN_ONCE && has_rested(c, e, f)) {
            make_diverged(c, e, save);
        } else {
            make_seen(c, e, save);
            c->moving++;
        }
        break;
    case MOVING: c->moving++; break;
    }
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
        bool part = mr_rowset_find(&c->d, f->key) != NULL ||
                    mr_rowset_find(&c->u1, f->key) != NULL ||
                    mr_rowset_find(&c->u2, f->key) != NULL;
        save->state = part ? MR_FIND_PAIRED : MR_FIND_SETTLED;
        save->source = save->target = NULL;
    }
    return MR_OK;
}

static enum mr_code judge_batch(struct confirm *c, struct mr_err *err)
{
    mr_vec_clear(&c->saves);
    enum mr_code code = make_entities(c, err);
    for (size_t i = 0; code == MR_OK && i < c->entities.count; i++)
        code = judge_entity(c, mr_vec_at(&c->entities, i), err);
    if (code == MR_OK)
        code = judge_rest(c, err);
    if (code == MR_OK)
        code = mr_findings_save(c->worker->check->fd, c->table->find.id, c->saves.items,
                                c->saves.count, true, err);
    return code;
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
        for (size_t i = 0; i < c->batch.count; i++)
            ((struct mr_finding *)mr_vec_at(&c->batch, i))->count = 1;
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
    double size = BATCH_BYTES / (bytes < 1 ? 1 : bytes);
    if (alone || size < 1)
        return 1;
    return size > BATCH_KEYS ? BATCH_KEYS : (size_t)size;
}

/* Cuts the batch so that a statement with its keys fits both servers' packets. */
static void cut_batch(struct confirm *c)
{
    size_t room = STATEMENT_BYTES, used = 0, kept = 0;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_db *db = mr_reader_db(c->worker->reader[side]);
        uint64_t packet = db != NULL ? mr_db_server(db)->max_packet_bytes : 0;
        if (packet > 0 && packet / 2 < room)
            room = (size_t)packet / 2;
    }
    for (; kept < c->batch.count; kept++) {
        const struct mr_finding *f = mr_vec_at(&c->batch, kept);
        used += 2 * f->key.len + KEY_SQL_BYTES * c->table->nkey_columns;
        if (used > room && kept > 0)
            break;
    }
    c->batch.count = kept;
}

static enum mr_code confirm_state(struct confirm *c, enum mr_find_state state, bool alone,
                                  struct mr_err *err)
{
    size_t size = batch_size(c->table, alone);
    int64_t after = 0;
    c->images = state == MR_FIND_SEEN_ONCE || may_lag(c);
    enum mr_code code = MR_OK;
    for (;;) {
        mr_arena_reset(&c->arena);
        mr_vec_clear(&c->batch);
        code = mr_findings_in_state(c->worker->check->fd, c->table->find.id, state, after,
                                    size, state == MR_FIND_SEEN_ONCE, &c->arena,
                                    &c->batch, err);
        if (code != MR_OK || c->batch.count == 0)
            break;
        cut_batch(c);
        after = ((struct mr_finding *)mr_vec_at(&c->batch, c->batch.count - 1))->id;
        code = confirm_batch(c, alone, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
        if (code != MR_OK)
            break;
    }
    return code;
}

static enum mr_code confirm_init(struct confirm *c, struct mr_err *err)
{
    mr_rowset_init(&c->u1);
    mr_rowset_init(&c->u2);
    mr_rowset_init(&c->d);
    mr_arena_init(&c->arena);
    c->entities = (struct mr_vec)MR_VEC_INIT(struct entity);
    c->batch = (struct mr_vec)MR_VEC_INIT(struct mr_finding);
    c->keys = (struct mr_vec)MR_VEC_INIT(struct mr_key);
    c->saves = (struct mr_vec)MR_VEC_INIT(struct mr_finding);
    enum mr_code code =
        mr_rowhash_init(&c->hash[MR_SOURCE], c->table, &c->table->full[MR_SOURCE], err);
    if (code == MR_OK)
        code = mr_rowhash_init(&c->hash[MR_TARGET], c->table, &c->table->full[MR_TARGET],
                               err);
    return code;
}

static void confirm_release(struct confirm *c)
{
    mr_rowset_release(&c->u1);
    mr_rowset_release(&c->u2);
    mr_rowset_release(&c->d);
    mr_arena_release(&c->arena);
    mr_vec_release(&c->entities);
    mr_vec_release(&c->batch);
    mr_vec_release(&c->keys);
    mr_vec_release(&c->saves);
    mr_rowhash_release(&c->hash[MR_SOURCE]);
    mr_rowhash_release(&c->hash[MR_TARGET]);
}

enum mr_code mr_check_confirm(struct mr_check_worker *worker, struct mr_pair *table,
                              unsigned round, uint64_t *open, struct mr_err *err)
{
    struct mr_check_run *check = worker->check;
    bool alone = round >= ALONE_FROM_ROUND;
    struct confirm c = {.worker = worker,
                        .table = table,
                        .up = check->upstream,
                        .down = mr_other_side(check->upstream)};
    uint64_t suspects = 0, once = 0;
    enum mr_code code = confirm_init(&c, err);
    /* those seen once first: what this round sees the first time waits for the next */
    if (code == MR_OK)
        code = confirm_state(&c, MR_FIND_SEEN_ONCE, alone, err);
    if (code == MR_OK)
        code = confirm_state(&c, MR_FIND_SUSPECT, alone, err);
    if (code == MR_OK)
        code =
            mr_findings_count(check->fd, table->find.id, MR_FIND_SUSPECT, &suspects, err);
    if (code == MR_OK)
        code =
            mr_findings_count(check->fd, table->find.id, MR_FIND_SEEN_ONCE, &once, err);
    *open = suspects + once;
    confirm_release(&c);
    return code;
}
