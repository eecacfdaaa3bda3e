/* verify.c: see verify.h. */
#include "snapshot/verify.h"

#include <pthread.h>

#include "core/base/pool.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/format/snap_gone.h"
#include "snapshot/read/snap_catalogue.h"
#include "snapshot/read/snap_places.h"
#include "snapshot/read/snap_rows.h"

struct task {
    const struct mr_snap_table *table;
    const struct mr_snap_chunk *chunk;
};

struct run {
    struct mr_snap *snap;
    const struct mr_verify_opts *opts;
    pthread_mutex_t lock; /* of snap's arena and damage */
};

static enum mr_code add_damage(struct run *run, const char *file, const char *reason,
                               struct mr_err *err)
{
    pthread_mutex_lock(&run->lock);
    enum mr_code code = mr_snap_add_damage(run->snap, file, reason, err);
    pthread_mutex_unlock(&run->lock);
    return code;
}

/* The sum of the file comes before its rows: what is not the file that was written is not worth
 * decompressing. */
static enum mr_code verify_chunk(struct run *run, const struct task *task, struct mr_err *err)
{
    const struct mr_snap_chunk *c = task->chunk;
    const struct mr_snap_file file = {
        .name = c->file, .bytes = c->stored_bytes, .sha256 = c->sha256};
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *reason = NULL;
    enum mr_code code = mr_snap_check_file(run->snap, &file, !run->opts->quick, &reason, err);
    if (code == MR_OK && reason == NULL && !run->opts->quick && !run->opts->unread) {
        code = mr_snap_check_chunk(run->snap, task->table, c, &text, err);
        if (text.len > 0)
            reason = text.ptr;
    }
    if (code == MR_OK && reason != NULL)
        code = add_damage(run, c->file, reason, err);
    mr_strbuf_release(&text);
    mr_progress_add(run->opts->progress, c->rows, c->plain_bytes);
    mr_progress_add_done(run->opts->progress, c->plain_bytes + 1);
    return code;
}

static enum mr_code setup(void *ctx, unsigned worker, void **state, struct mr_err *err)
{
    (void)ctx;
    (void)worker;
    (void)err;
    *state = NULL;
    return MR_OK;
}

static enum mr_code work(void *ctx, void *state, void *item, struct mr_err *err)
{
    (void)state;
    return verify_chunk(ctx, item, err);
}

static void teardown(void *ctx, void *state)
{
    (void)ctx;
    (void)state;
}

static void tick(void *ctx)
{
    mr_progress_tick(((struct run *)ctx)->opts->progress);
}

static enum mr_code add_task(struct run *run, struct mr_pool *pool,
                             const struct mr_snap_table *table, const struct mr_snap_chunk *chunk,
                             struct mr_err *err)
{
    struct task *task = mr_arena_alloc(&run->snap->arena, sizeof *task);
    if (task == NULL)
        return mr_err_nomem(err, "verifying a snapshot");
    *task = (struct task){table, chunk};
    mr_progress_add_total(run->opts->progress, chunk->plain_bytes + 1);
    return mr_pool_add(pool, task, err);
}

/* Keys that are gone are rows of a table of their own (snap_gone.h). */
static enum mr_code add_gone(struct run *run, struct mr_pool *pool,
                             const struct mr_snap_table *table, struct mr_err *err)
{
    struct mr_snap_table *gone = mr_arena_alloc(&run->snap->arena, sizeof *gone);
    if (gone == NULL)
        return mr_err_nomem(err, "verifying a snapshot");
    MR_TRY(mr_snap_gone_table(table, &run->snap->arena, gone, err));
    return add_task(run, pool, gone, &gone->chunks[0], err);
}

static enum mr_code add_tasks(struct run *run, struct mr_pool *pool, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &run->snap->manifest;
    for (size_t i = 0; i < m->ntables; i++) {
        for (size_t k = 0; k < m->tables[i].nchunks; k++)
            MR_TRY(add_task(run, pool, &m->tables[i], &m->tables[i].chunks[k], err));
        if (m->tables[i].gone.file != NULL)
            MR_TRY(add_gone(run, pool, &m->tables[i], err));
    }
    return MR_OK;
}

static enum mr_code verify_chunks(struct run *run, struct mr_err *err)
{
    const struct mr_pool_hooks hooks = {
        .setup = setup, .task = work, .teardown = teardown, .tick = tick, .ctx = run};
    struct mr_pool *pool = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_pool_new(&hooks, run->opts->threads, &pool, err));
    MR_TRY_OUT(add_tasks(run, pool, err));
    MR_TRY_OUT(mr_pool_run(pool, err));
out:
    mr_pool_free(pool);
    return code;
}

static enum mr_code verify_files(struct run *run, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &run->snap->manifest;
    for (size_t i = 0; i < m->nfiles; i++) {
        const char *reason = NULL;
        MR_TRY(mr_snap_check_file(run->snap, &m->files[i], !run->opts->quick, &reason, err));
        if (reason != NULL)
            MR_TRY(add_damage(run, m->files[i].name, reason, err));
    }
    return mr_snap_check_manifest(run->snap, err);
}

/* A restore reads rows back by what the manifest says of columns and indexes. */
static enum mr_code verify_catalogue(struct mr_snap *snap, struct mr_err *err)
{
    struct mr_catalogue *cat = NULL;
    struct mr_err why = {0};
    if (snap->damage.count > 0)
        return MR_OK;
    const enum mr_code code = mr_snap_catalogue_load(snap, &cat, &why);
    mr_catalogue_free(cat);
    if (code == MR_E_SNAPSHOT) {
        mr_err_context(&why, "does not fit");
        return mr_snap_add_damage(snap, MR_SNAP_MANIFEST, why.message, err);
    }
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

/* A manifest that is damaged itself proves nothing: then that is the only finding. */
enum mr_code mr_verify(struct mr_snap *snap, const struct mr_verify_opts *opts, struct mr_err *err)
{
    struct run run = {.snap = snap, .opts = opts};
    if (!snap->has_manifest)
        return MR_OK;
    (void)pthread_mutex_init(&run.lock, NULL);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_snap_check_names(snap, err));
    MR_TRY_OUT(verify_files(&run, err));
    MR_TRY_OUT(verify_chunks(&run, err));
    MR_TRY_OUT(mr_snap_check_places(snap, NULL, NULL, err));
    MR_TRY_OUT(verify_catalogue(snap, err));
out:
    (void)pthread_mutex_destroy(&run.lock);
    return code;
}
