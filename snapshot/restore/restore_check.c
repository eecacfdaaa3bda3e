/*
 * restore_check.c: do the tables of the target hold what the snapshot holds?  See
 * restore.h.
 *
 * Every row is read back from the server, as `check` would read it, and the sums of their
 * digests are compared with the manifest's.  Workers share a table by the ranges of its
 * chunks, where any server has the same order of its keys; these tile the key space, so that
 * rows that should not be there count, too.  Where the target is of another flavour, JSON is
 * compared in its normal form, which the server may have changed; the snapshot's side is
 * then read from the files.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/pool.h"
#include "core/row/json_norm.h"
#include "snapshot/read/snap_order.h"
#include "snapshot/read/snap_rows.h"
#include "snapshot/restore/restore.h"

struct task {
    struct mr_restore_table *table;
    const struct mr_snap_chunk *chunk; /* its range; NULL: the whole table */
};

struct worker {
    struct mr_restore *restore;
    struct mr_reader *reader;
    struct mr_hasher *hasher;
    struct mr_strbuf raw, normal; /* JSON */

    /* of the table */
    const struct mr_snap_table *table;
    bool normalise;
    uint64_t rows;
    struct mr_snap_sum sum;
};

struct run {
    struct mr_restore *restore;
    struct mr_source *source;
};

/* ---- digests ---- */

/* A document that is not JSON after all stays as it is, and differs then as the text does. */
static enum mr_code normal_form(struct worker *w, const struct mr_value *value,
                                struct mr_value *out, struct mr_err *err)
{
    const char *text = value->ptr;
    *out = *value;
    if (value->ptr == NULL && value->len > 0) {
        mr_strbuf_reset(&w->raw);
        if (!mr_strbuf_reserve(&w->raw, value->len))
            return mr_err_nomem(err, "reading a JSON value");
        MR_TRY(value->lob->read(value->lob, value->lob_column, 0, w->raw.ptr, value->len, err));
        text = w->raw.ptr;
    }
    mr_strbuf_reset(&w->normal);
    out->ptr = text;
    out->lob = NULL;
    if (text != NULL && mr_json_norm(text, value->len, &w->normal)) {
        out->ptr = w->normal.ptr;
        out->len = w->normal.len;
    }
    return mr_strbuf_check(&w->normal, "normalising a JSON value", err);
}

static enum mr_code add_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct worker *w = ctx;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < w->table->ncolumns; i++) {
        const struct mr_value *value = &values[i];
        struct mr_value normal;
        if (w->normalise && value->cls == MR_CLASS_JSON) {
            code = normal_form(w, value, &normal, err);
            value = &normal;
        }
        if (code == MR_OK)
            code = mr_hasher_add(w->hasher, value, err);
    }
    mr_snap_sum_add(&w->sum, mr_hasher_finish(w->hasher));
    w->rows++;
    return code;
}

static enum mr_code add_raw_row(void *ctx, const struct mr_raw_row *row, struct mr_err *err)
{
    return add_row(ctx, row->values, err);
}

static enum mr_code sum_chunk(struct worker *w, const struct mr_snap_chunk *chunk,
                              struct mr_err *err)
{
    struct mr_snap_rows *rows = NULL;
    const struct mr_value *values = NULL;
    enum mr_code code = mr_snap_rows_open(&w->restore->snap, w->table, chunk, &rows, err);
    while (code == MR_OK) {
        code = mr_snap_rows_next(rows, &values, err);
        if (code != MR_OK || values == NULL)
            break;
        code = add_row(w, values, err);
    }
    mr_snap_rows_close(rows);
    return code;
}

static enum mr_code sum_snapshot(struct worker *w, const struct task *task, struct mr_err *err)
{
    if (task->chunk != NULL)
        return sum_chunk(w, task->chunk, err);
    for (size_t i = 0; i < w->table->nchunks; i++)
        MR_TRY(sum_chunk(w, &w->table->chunks[i], err));
    return MR_OK;
}

static bool has_json(const struct mr_snap_table *t)
{
    for (size_t i = 0; i < t->ncolumns; i++)
        if (t->columns[i].cls == MR_CLASS_JSON)
            return true;
    return false;
}

/* ---- tables ---- */

static bool is_normalised(const struct mr_restore *r, const struct mr_restore_table *t)
{
    return has_json(t->snap) && r->snap.manifest.server.flavour != mr_db_server(r->db)->flavour;
}

static void take(struct worker *w, const struct mr_restore_table *t)
{
    w->table = t->snap;
    w->normalise = is_normalised(w->restore, t);
    w->rows = 0;
    w->sum = (struct mr_snap_sum){0};
}

static enum mr_code read_target(struct worker *w, const struct task *task, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_readspec spec;
    const struct mr_range all = {{NULL, 0}, {NULL, 0}};
    enum mr_code code = mr_snap_readspec(task->table->snap, task->table->db, &arena, &spec, err);
    spec.where = NULL; /* of the source's rows: all of the target's are meant */
    if (code == MR_OK)
        code = mr_reader_scan_raw(w->reader, &spec, task->chunk != NULL ? task->chunk->range : all,
                                  0, add_raw_row, w, err);
    mr_arena_release(&arena);
    return code;
}

/* Sums go to the table under the lock only when the whole range was read: a range that fails
 * adds nothing, and is not counted as different. */
static enum mr_code sum_task(struct worker *w, const struct task *task, struct mr_err *err)
{
    struct mr_restore *r = w->restore;
    struct mr_restore_table *t = task->table;
    struct mr_snap_sum wanted = {0};
    enum mr_code code = MR_OK;
    take(w, t);
    if (w->normalise) {
        code = sum_snapshot(w, task, err);
        wanted = w->sum;
        take(w, t);
    }
    if (code == MR_OK)
        code = read_target(w, task, err);
    if (code != MR_OK)
        return code;
    pthread_mutex_lock(&r->lock);
    t->rows += w->rows;
    mr_snap_sum_join(&t->sum, w->sum);
    mr_snap_sum_join(&t->wanted, wanted);
    pthread_mutex_unlock(&r->lock);
    mr_progress_add(r->progress, w->rows, 0);
    return MR_OK;
}

/* One that cannot be read back is not proved, and the others are. */
static enum mr_code prove_task(struct worker *w, const struct task *task, struct mr_err *err)
{
    struct mr_restore *r = w->restore;
    struct mr_restore_table *t = task->table;
    struct mr_err why = {0};
    enum mr_code code = mr_restore_is_aside(r, t) ? MR_OK : sum_task(w, task, &why);
    if (mr_restore_is_of_table(code, &why))
        code = mr_restore_set_aside(r, t, MR_ASIDE_UNREAD, &why, err);
    else if (code != MR_OK && err != NULL)
        *err = why;
    if (code == MR_OK)
        mr_progress_add_done(r->progress,
                             (task->chunk != NULL ? task->chunk->rows : t->snap->rows) + 1);
    return code;
}

/* ---- workers ---- */

static void free_worker(struct worker *w)
{
    mr_reader_free(w->reader);
    mr_hasher_free(w->hasher);
    mr_strbuf_release(&w->raw);
    mr_strbuf_release(&w->normal);
    free(w);
}

static enum mr_code setup(void *ctx, unsigned worker, void **state, struct mr_err *err)
{
    struct run *run = ctx;
    struct worker *w = calloc(1, sizeof *w);
    (void)worker;
    *state = w;
    if (w == NULL)
        return mr_err_nomem(err, "comparing");
    w->restore = run->restore;
    mr_strbuf_init(&w->raw);
    mr_strbuf_init(&w->normal);
    w->hasher = mr_hasher_new();
    enum mr_code code = w->hasher != NULL ? MR_OK : mr_err_nomem(err, "comparing");
    if (code == MR_OK)
        code = mr_source_reader_new(run->source, &w->reader, err);
    if (code != MR_OK)
        free_worker(w);
    return code;
}

static enum mr_code work(void *ctx, void *state, void *item, struct mr_err *err)
{
    (void)ctx;
    return prove_task(state, item, err);
}

static void teardown(void *ctx, void *state)
{
    (void)ctx;
    free_worker(state);
    mr_db_thread_end();
}

static void tick(void *ctx)
{
    mr_progress_tick(((struct run *)ctx)->restore->progress);
}

/* ---- planning ---- */

static enum mr_code add_task(struct mr_restore *r, struct mr_pool *pool, struct mr_restore_table *t,
                             const struct mr_snap_chunk *chunk, struct mr_err *err)
{
    struct task *task = mr_arena_alloc(&r->arena, sizeof *task);
    if (task == NULL)
        return mr_err_nomem(err, "comparing");
    *task = (struct task){t, chunk};
    mr_progress_add_total(r->progress, (chunk != NULL ? chunk->rows : t->snap->rows) + 1);
    return mr_pool_add(pool, task, err);
}

static bool can_be_shared(const struct mr_snap_table *t)
{
    const char *reason = NULL;
    if (!mr_snap_order_is_known(t) || t->nchunks < 2)
        return false;
    mr_snap_check_table(t, &reason);
    return reason == NULL;
}

static enum mr_code add_table(struct mr_restore *r, struct mr_pool *pool,
                              struct mr_restore_table *t, struct mr_err *err)
{
    if (t->aside != NULL)
        return MR_OK;
    t->wanted = is_normalised(r, t) ? (struct mr_snap_sum){0} : t->snap->sum;
    if (!can_be_shared(t->snap))
        return add_task(r, pool, t, NULL, err);
    for (size_t i = 0; i < t->snap->nchunks; i++)
        MR_TRY(add_task(r, pool, t, &t->snap->chunks[i], err));
    return MR_OK;
}

bool mr_restore_is_same(const struct mr_restore *r, const struct mr_restore_table *t)
{
    if (r->opts->schema_only)
        return t->differs == NULL;
    return t->rows == t->snap->rows && mr_snap_sum_equal(t->sum, t->wanted);
}

static void count_different(struct mr_restore *r)
{
    for (size_t i = 0; i < r->ntables; i++)
        r->different += r->tables[i].aside == NULL && !mr_restore_is_same(r, &r->tables[i]);
}

/* All rows of the target are read, not a sample: what a server has altered while it loaded shows
 * nowhere else. */
enum mr_code mr_restore_check(struct mr_restore *r, struct mr_err *err)
{
    struct run run = {.restore = r};
    const struct mr_source_opts opts = {
        .db = {.run_tag = r->id.id, .same_as = mr_db_server(r->db)}};
    const struct mr_pool_hooks hooks = {
        .setup = setup, .task = work, .teardown = teardown, .tick = tick, .ctx = &run};
    struct mr_pool *pool = NULL;
    enum mr_code code = MR_OK;
    if (r->opts->schema_only) {
        MR_TRY(mr_restore_prove_schema(r, err));
        count_different(r);
        return MR_OK;
    }
    MR_TRY_OUT(mr_source_live_new(&r->ep, &opts, &run.source, err));
    MR_TRY_OUT(mr_pool_new(&hooks, r->opts->threads, &pool, err));
    for (size_t i = 0; i < r->ntables; i++)
        MR_TRY_OUT(add_table(r, pool, &r->tables[i], err));
    MR_TRY_OUT(mr_pool_run(pool, err));
out:
    mr_pool_free(pool);
    mr_source_free(run.source);
    if (code == MR_OK)
        count_different(r);
    return code;
}
