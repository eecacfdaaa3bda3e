/* gate_ahead.c: see gate_ahead.h. */
#include "recon/gate/gate_ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"

/* A slice is handed over when the one before is done with; whoever lists waits for that. */
struct ahead {
    struct mr_db *db; /* the reader's */
    const char *const *dbs;
    size_t ndbs;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under the lock */
    const struct mr_catalogue *of; /* what the slice is of */
    struct mr_table *tables;       /* of the slice that is not done with, or NULL */
    size_t count;
    bool is_over;  /* no more slices come */
    bool is_ended; /* none is wanted any more */
    /* the reader's, until it is joined */
    struct mr_catalogue *cat;
    enum mr_code code;
    struct mr_err err;
};

/* ---- the reader's thread ---- */

static enum mr_code hand_over(void *ctx, const struct mr_catalogue *cat,
                              const struct mr_table *tables, size_t count, struct mr_err *err)
{
    struct ahead *a = ctx;
    struct mr_table *copy = calloc(count, sizeof *copy);
    if (copy == NULL)
        return mr_err_nomem(err, "reading tables");
    memcpy(copy, tables, count * sizeof *copy);
    (void)pthread_mutex_lock(&a->lock);
    while (a->tables != NULL && !a->is_ended)
        (void)pthread_cond_wait(&a->changed, &a->lock);
    const bool is_ended = a->is_ended;
    if (!is_ended) {
        a->of = cat;
        a->tables = copy;
        a->count = count;
        (void)pthread_cond_broadcast(&a->changed);
    }
    (void)pthread_mutex_unlock(&a->lock);
    if (!is_ended)
        return MR_OK;
    free(copy);
    return mr_err_set(err, MR_E_CANCELLED, "no more tables are read");
}

static void *read_ahead(void *ctx)
{
    struct ahead *a = ctx;
    const struct mr_catalogue_opts opts = {.slice = hand_over, .ctx = a};
    a->code = mr_catalogue_load_as(a->db, a->dbs, a->ndbs, &opts, &a->cat, &a->err);
    (void)pthread_mutex_lock(&a->lock);
    a->is_over = true;
    (void)pthread_cond_broadcast(&a->changed);
    (void)pthread_mutex_unlock(&a->lock);
    mr_db_thread_end();
    return NULL;
}

/* ---- the caller's ---- */

/* False: there is none any more. */
static bool wait_for_slice(struct ahead *a)
{
    (void)pthread_mutex_lock(&a->lock);
    while (a->tables == NULL && !a->is_over)
        (void)pthread_cond_wait(&a->changed, &a->lock);
    const bool is_there = a->tables != NULL;
    (void)pthread_mutex_unlock(&a->lock);
    return is_there;
}

static void be_done_with_slice(struct ahead *a, bool is_ended)
{
    (void)pthread_mutex_lock(&a->lock);
    free(a->tables);
    a->tables = NULL;
    a->is_ended = is_ended;
    (void)pthread_cond_broadcast(&a->changed);
    (void)pthread_mutex_unlock(&a->lock);
}

static enum mr_code take_slices(struct ahead *a, mr_catalogue_slice_fn *fn, void *ctx,
                                struct mr_err *err)
{
    enum mr_code code = MR_OK;
    while (code == MR_OK && wait_for_slice(a)) {
        code = fn(ctx, a->of, a->tables, a->count, err);
        be_done_with_slice(a, code != MR_OK);
    }
    return code;
}

/* What was handed over when the reading ended is the caller's to free. */
static enum mr_code take_all(struct ahead *a, pthread_t thread, mr_catalogue_slice_fn *fn,
                             void *ctx, struct mr_catalogue **out, struct mr_err *err)
{
    enum mr_code code = take_slices(a, fn, ctx, err);
    (void)pthread_join(thread, NULL);
    free(a->tables);
    if (code == MR_OK && a->code != MR_OK) {
        code = a->code;
        *err = a->err;
    }
    if (code == MR_OK)
        *out = a->cat;
    else
        mr_catalogue_free(a->cat);
    return code;
}

static enum mr_code alone(const struct mr_gate_link *link, const struct ahead *a,
                          mr_catalogue_slice_fn *fn, void *ctx, struct mr_catalogue **out,
                          struct mr_err *err)
{
    const struct mr_catalogue_opts opts = {.slice = fn, .ctx = ctx};
    return mr_catalogue_load_as(link->db, a->dbs, a->ndbs, &opts, out, err);
}

static enum mr_code on_two(const struct mr_gate_link *link, struct ahead *a,
                           mr_catalogue_slice_fn *fn, void *ctx, struct mr_catalogue **out,
                           struct mr_err *err)
{
    pthread_t thread;
    (void)pthread_mutex_init(&a->lock, NULL);
    (void)pthread_cond_init(&a->changed, NULL);
    enum mr_code code = pthread_create(&thread, NULL, read_ahead, a) == 0
                            ? take_all(a, thread, fn, ctx, out, err)
                            : alone(link, a, fn, ctx, out, err);
    (void)pthread_cond_destroy(&a->changed);
    (void)pthread_mutex_destroy(&a->lock);
    return code;
}

enum mr_code mr_gate_ahead(struct mr_gate_link *link, const char *const *dbs, size_t ndbs,
                           mr_catalogue_slice_fn *fn, void *ctx, struct mr_catalogue **out,
                           struct mr_err *err)
{
    struct ahead a = {.dbs = dbs, .ndbs = ndbs};
    struct mr_reader *reader = NULL;
    struct mr_err why = {0};
    bool several = false;
    *out = NULL;
    MR_TRY(mr_catalogue_has_slices(link->db, dbs, ndbs, &several, err));
    if (!several)
        return alone(link, &a, fn, ctx, out, err);
    enum mr_code code = mr_gate_link_second(link, &reader, &why);
    if (code == MR_E_CANCELLED || code == MR_E_NOMEM) {
        *err = why;
        return code;
    }
    if (code != MR_OK) {
        mr_log_detail("tables are listed and read over one connection: %s", why.message);
        return alone(link, &a, fn, ctx, out, err);
    }
    a.db = mr_reader_db(reader);
    code = on_two(link, &a, fn, ctx, out, err);
    mr_reader_free(reader);
    return code;
}
