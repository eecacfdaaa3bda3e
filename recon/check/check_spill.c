/* check_spill.c: see check_spill.h. */
#include "recon/check/check_spill.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/pair/pair_identity.h"
#include "core/pair/rowhash.h"
#include "recon/check/check_confirm.h"
#include "recon/check/check_inflight.h"
#include "recon/check/check_known.h"
#include "recon/check/check_marks.h"
#include "recon/check/check_options.h"
#include "recon/check/check_settle.h"
#include "recon/check/spill.h"

#define TRIES 3
#define STORE_ROWS 500 /* findings of one transaction; */
#define STORE_BYTES ((size_t)4 * 1024 * 1024)

/* One side of one pass. */
struct reading {
    struct mr_check_worker *worker;
    struct mr_pair *table;
    struct mr_spill *spill;
    enum mr_side side;
    const struct mr_readspec *spec;
    struct mr_rowhash hash;
    struct mr_strbuf key, image, last; /* join key, image, key of the last row */
    uint64_t rows, bytes;              /* of the pass */
    uint64_t in_chunk;
    bool images;
    enum mr_code code;
    struct mr_err err;
};

static bool is_of_shards(const struct mr_check_worker *worker)
{
    return mr_side_is_shards(&worker->check->pairing.side[MR_SOURCE]);
}

/* Has a key several rows on the source, one a server? */
static bool has_copies(const struct mr_check_worker *worker, const struct mr_pair *table)
{
    return table->join == MR_JOIN_SPILL && is_of_shards(worker);
}

/* Then what differs is not on its way. */
static bool nobody_applies(const struct mr_check_run *check)
{
    return check->lag[MR_SOURCE] == MR_LAG_NONE && check->lag[MR_TARGET] == MR_LAG_NONE;
}

static enum mr_code keep_image(struct reading *r, struct mr_key key, struct mr_digest digest,
                               const struct mr_value *values, struct mr_err *err)
{
    bool wanted = false;
    enum mr_code code = mr_spill_wants(r->spill, key, &wanted, err);
    if (code != MR_OK || !wanted)
        return code;
    mr_strbuf_reset(&r->image);
    code = mr_rowhash_image(&r->hash, values, &r->image, err);
    if (code == MR_OK)
        code = mr_spill_keep_image(r->spill, (int)r->side, key, r->image.ptr, r->image.len, err);
    if (code == MR_OK && has_copies(r->worker, r->table))
        code = mr_spill_keep_copy(r->spill, (int)r->side, key, digest, r->image.ptr, r->image.len,
                                  err);
    return code;
}

static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct reading *r = ctx;
    struct mr_digest digest;
    struct mr_key key;
    enum mr_code code = mr_rowhash_digest(&r->hash, values, &digest, &r->bytes, err);
    if (code != MR_OK)
        return code;
    key = (struct mr_key){&digest, sizeof digest};
    if (r->table->join == MR_JOIN_SPILL) {
        mr_strbuf_reset(&r->key);
        mr_strbuf_reset(&r->last);
        code = mr_rowhash_join_key(&r->hash, values, &r->key, err);
        if (code == MR_OK)
            code = mr_rowhash_key(&r->hash, values, &r->last, err);
        key = (struct mr_key){r->key.ptr, r->key.len};
    }
    if (code == MR_OK)
        code = mr_spill_add(r->spill, (int)r->side, key, digest, err);
    if (code == MR_OK && r->images)
        code = keep_image(r, key, digest, values, err);
    r->rows++;
    r->in_chunk++;
    return code;
}

/* The whole side: chunk by chunk where there is a key. */
static enum mr_code read_side(struct reading *r)
{
    struct mr_check_run *check = r->worker->check;
    struct mr_strbuf lo = MR_STRBUF_INIT;
    double row_bytes = (double)r->table->side[r->side]->avg_row_bytes;
    bool in_order = r->spec->nkey > 0 && mr_reader_has_order(r->worker->reader[r->side], r->spec);
    uint64_t limit = in_order ? mr_check_chunk_rows(r->table, row_bytes) : 0;
    bool more;
    enum mr_code code = MR_OK;
    do {
        uint64_t bytes = r->bytes;
        struct mr_range range = {{lo.len > 0 ? lo.ptr : NULL, lo.len}, {NULL, 0}};
        r->in_chunk = 0;
        code = mr_throttle_wait(check->throttle, &r->err);
        if (code == MR_OK)
            code = mr_reader_scan(r->worker->reader[r->side], r->spec, range, limit, take_row, r,
                                  &r->err);
        mr_strbuf_reset(&lo);
        mr_strbuf_add(&lo, r->last.ptr, r->last.len);
        if (code == MR_OK) /* short of a key, it would be read from its beginning again */
            code = mr_strbuf_check(&lo, "reading rows", &r->err);
        more = limit > 0 && r->in_chunk >= limit; /* of many sources all rows of the last key */
        if (r->images || more)
            mr_check_marks_look(check, r->table);
        mr_progress_add(check->progress, r->in_chunk, r->bytes - bytes);
        if (!r->images)
            mr_progress_add_done(check->progress, r->in_chunk);
    } while (code == MR_OK && more);
    mr_strbuf_release(&lo);
    return code;
}

/* A side whose connection broke is read again from its beginning.  After the last try it
 * stays lost: what was dropped is no empty side. */
static void *read_with_retries(void *arg)
{
    struct reading *r = arg;
    double begun = mr_clock_now_s();
    for (int attempt = 1;; attempt++) {
        r->rows = r->bytes = 0;
        r->code = read_side(r);
        if (r->code != MR_E_LOST || attempt == TRIES || mr_is_cancelled() ||
            mr_clock_now_s() - begun > 60)
            break;
        mr_log_detail("table \"%s\": %s; reading the side again", r->table->find.name,
                      r->err.message);
        r->code = mr_spill_drop_side(r->spill, (int)r->side, &r->err);
        if (r->code != MR_OK)
            break;
    }
    return NULL;
}

static void *source_thread(void *arg)
{
    (void)read_with_retries(arg);
    mr_db_thread_end();
    return NULL;
}

static enum mr_code read_sides(struct reading r[MR_SIDES], struct mr_err *err)
{
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, source_thread, &r[MR_SOURCE]);
    if (failed != 0)
        return mr_err_set_sys(err, MR_E_NOMEM, failed, "could not start a thread");
    (void)read_with_retries(&r[MR_TARGET]);
    pthread_join(thread, NULL);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (r[side].code != MR_OK) {
            if (err != NULL)
                *err = r[side].err;
            return r[side].code;
        }
    return MR_OK;
}

/* uncommitted: the side whose open transactions are read, too; NULL: none. */
static enum mr_code read_both(struct reading r[MR_SIDES], struct mr_reader *uncommitted,
                              struct mr_err *err)
{
    MR_TRY(uncommitted != NULL ? mr_inflight_begin(uncommitted, err) : MR_OK);
    enum mr_code code = read_sides(r, err);
    return uncommitted != NULL ? mr_inflight_end(uncommitted, code, err) : code;
}

static enum mr_code reading_init(struct reading *r, struct mr_check_worker *worker,
                                 struct mr_pair *table, struct mr_spill *spill, enum mr_side side,
                                 bool images, struct mr_err *err)
{
    *r = (struct reading){.worker = worker,
                          .table = table,
                          .spill = spill,
                          .side = side,
                          .images = images,
                          .spec = images ? &table->full[side] : &table->scan[side],
                          .key = MR_STRBUF_INIT,
                          .image = MR_STRBUF_INIT,
                          .last = MR_STRBUF_INIT};
    return mr_rowhash_init(&r->hash, table, r->spec, err);
}

static void reading_release(struct reading *r)
{
    mr_rowhash_release(&r->hash);
    mr_strbuf_release(&r->key);
    mr_strbuf_release(&r->image);
    mr_strbuf_release(&r->last);
}

static enum mr_code one_pass(struct mr_check_worker *worker, struct mr_pair *table,
                             struct mr_spill *spill, unsigned round, uint64_t *open,
                             struct mr_err *err)
{
    const bool first = round == 0;
    struct reading r[MR_SIDES] = {0};
    /* every second one, where a side may be ahead of what the other one shows */
    const bool uncommitted = !first && round % 2 == 1 && mr_check_settle_follows(worker->check);
    enum mr_code code = mr_spill_begin_pass(spill, uncommitted, err);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++)
        code = reading_init(&r[side], worker, table, spill, (enum mr_side)side, !first, err);
    if (code == MR_OK)
        code = read_both(r, uncommitted ? worker->reader[worker->check->upstream] : NULL, err);
    if (code == MR_OK)
        code = mr_spill_end_pass(spill, open, err);
    if (code == MR_OK && first) {
        table->find.counts.source_rows = r[MR_SOURCE].rows;
        table->find.counts.target_rows = r[MR_TARGET].rows;
        table->find.counts.bytes = r[MR_SOURCE].bytes + r[MR_TARGET].bytes;
    }
    reading_release(&r[MR_SOURCE]);
    reading_release(&r[MR_TARGET]);
    return code;
}

struct canon_ctx {
    struct mr_check_worker *worker;
    struct mr_pair *table;
};

static enum mr_code canonical_keys(void *arg, struct mr_vec *items, struct mr_arena *arena,
                                   struct mr_err *err)
{
    struct canon_ctx *ctx = arg;
    const struct mr_pair *table = ctx->table;
    return mr_pair_canonise(table, table->key_columns, table->nkey_columns,
                            mr_pair_judge(ctx->worker->reader), items, arena, err);
}

/* What a walk over the spilled rows has found and not yet stored. */
struct store_ctx {
    struct mr_check_run *check;
    struct mr_pair *table;
    uint64_t pos;
    struct mr_arena arena; /* bytes of the findings */
    struct mr_vec found;   /* struct mr_finding */
};

static enum mr_code store_all(struct store_ctx *ctx, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (ctx->found.count > 0)
        code = mr_findings_save(ctx->check->fd, ctx->table->find.id, ctx->found.items,
                                ctx->found.count, true, err);
    mr_vec_clear(&ctx->found);
    mr_arena_reset(&ctx->arena);
    return code;
}

static const void *keep_bytes(struct store_ctx *ctx, const void *ptr, size_t len, bool *ok)
{
    const void *copy = ptr != NULL ? mr_arena_dup(&ctx->arena, ptr, len) : NULL;
    *ok = *ok && (ptr == NULL || copy != NULL);
    return copy;
}

/* Each finding is a range of its own: what lies between two keys is not known here. */
static enum mr_code store_finding(void *arg, const struct mr_finding *found, struct mr_err *err)
{
    struct store_ctx *ctx = arg;
    struct mr_finding *f = mr_vec_push(&ctx->found);
    bool ok = f != NULL;
    if (ok) {
        *f = *found;
        f->source = keep_bytes(ctx, found->source, found->source_len, &ok);
        f->target = keep_bytes(ctx, found->target, found->target_len, &ok);
        f->key.ptr = keep_bytes(ctx, found->key.ptr, found->key.len, &ok);
    }
    if (!ok)
        return mr_err_nomem(err, "storing findings");
    f->pos = ctx->pos;
    f->equal = ctx->pos++;
    if (!mr_check_settle_is_sure(ctx->check)) {
        f->state = MR_FIND_UNSETTLED;
        f->source = f->target = NULL;
    }
    if (ctx->table->join == MR_JOIN_DIGEST)
        f->key = (struct mr_key){NULL, 0};
    else
        f->count = 1;
    return ctx->found.count < STORE_ROWS && ctx->arena.total_bytes < STORE_BYTES
               ? MR_OK
               : store_all(ctx, err);
}

static enum mr_code store_findings(struct mr_check_run *check, struct mr_pair *table,
                                   struct mr_spill *spill, struct mr_err *err)
{
    struct store_ctx ctx = {.check = check,
                            .table = table,
                            .arena = MR_ARENA_INIT,
                            .found = MR_VEC_INIT(struct mr_finding)};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_findings_table_clear(check->fd, table->find.id, err));
    MR_TRY_OUT(mr_spill_walk(spill, store_finding, &ctx, err));
    MR_TRY_OUT(store_all(&ctx, err));
out:
    mr_vec_release(&ctx.found);
    mr_arena_release(&ctx.arena);
    return code;
}

/* What concerns only this table makes it not-checked; the spill is of no use then. */
static enum mr_code end_table(struct mr_check_worker *worker, struct mr_pair *table,
                              enum mr_code code, struct mr_err *err)
{
    struct mr_check_run *check = worker->check;
    if (code == MR_OK)
        return MR_OK;
    mr_spill_close(check->spills[table->at]);
    check->spills[table->at] = NULL;
    if (mr_check_is_fatal(code))
        return code;
    mr_check_give_up(check, table, err);
    return MR_OK;
}

/* Nothing differs, or nothing that is still open: what is known is stored. */
static enum mr_code finish(struct mr_check_worker *worker, struct mr_pair *table,
                           struct mr_err *err)
{
    struct mr_spill *spill = worker->check->spills[table->at];
    enum mr_code code = MR_OK;
    if (table->join == MR_JOIN_SPILL && table->text_key) {
        struct canon_ctx ctx = {worker, table};
        code = mr_spill_join_canonical(spill, canonical_keys, &ctx, err);
    }
    if (code == MR_OK)
        code = store_findings(worker->check, table, spill, err);
    mr_spill_close(spill);
    worker->check->spills[table->at] = NULL;
    return code;
}

enum mr_code mr_check_spill(struct mr_check_worker *worker, struct mr_pair *table,
                            struct mr_err *err)
{
    struct mr_spill **spill = &worker->check->spills[table->at];
    bool equal = false;
    uint64_t open = 0;
    enum mr_code code = mr_check_known_whole(worker, table, &equal, err);
    if (code == MR_OK && !equal)
        code = mr_spill_open(spill, err);
    if (code == MR_OK && !equal && has_copies(worker, table))
        mr_spill_expect_copies(*spill);
    if (code == MR_OK && !equal && is_of_shards(worker))
        mr_spill_expect_moves(*spill);
    if (code == MR_OK && !equal && !is_of_shards(worker) && nobody_applies(worker->check))
        mr_spill_expect_edits(*spill);
    if (code == MR_OK && !equal)
        code = one_pass(worker, table, *spill, 0, &open, err);
    if (code == MR_OK)
        table->find.scanned = true;
    if (code == MR_OK && *spill != NULL)
        code = open == 0 ? finish(worker, table, err) : mr_spill_rest(*spill, err);
    return end_table(worker, table, code, err);
}

enum mr_code mr_check_spill_again(struct mr_check_worker *worker, struct mr_pair *table,
                                  unsigned round, struct mr_err *err)
{
    uint64_t open = 0;
    struct mr_spill *spill = worker->check->spills[table->at];
    enum mr_code code = one_pass(worker, table, spill, round, &open, err);
    if (code == MR_OK && mr_is_cancelled())
        code = mr_cancelled_err(err);
    if (code == MR_OK)
        code = open == 0 ? finish(worker, table, err) : mr_spill_rest(spill, err);
    return end_table(worker, table, code, err);
}

enum mr_code mr_check_spill_end(struct mr_check_worker *worker, struct mr_pair *table,
                                struct mr_err *err)
{
    return end_table(worker, table, finish(worker, table, err), err);
}

void mr_check_spill_drop(struct mr_check_run *check)
{
    for (size_t i = 0; check->spills != NULL && i < check->pairing.ntables; i++) {
        mr_spill_close(check->spills[i]);
        check->spills[i] = NULL;
    }
}
