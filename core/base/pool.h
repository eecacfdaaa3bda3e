/*
 * pool: a coordinator and N worker threads over one queue of tasks.
 *
 *   mr_pool_new → mr_pool_add … → mr_pool_run → mr_pool_free
 *
 * mr_pool_run starts the workers, which take tasks in the order they were added (a task
 * may add further ones), and returns when the queue is empty and all are idle, or after
 * the first task that returned an error that stops the run.  Workers never print or
 * exit.
 *
 * Each worker calls setup(ctx, worker_no, &state) first and teardown(state) last, so
 * that connections belong to their thread; when setup of some workers fails but one
 * succeeds the run goes on with fewer (the first error is logged), when none does it
 * fails.  The cancel flag (signals.h) ends the run between tasks with MR_E_CANCELLED.
 *
 * Threads: add is safe from any thread.  The coordinator (the thread that called run)
 * is given tick(ctx) about ten times a second, for progress.
 */
#ifndef MR_POOL_H
#define MR_POOL_H

#include <stddef.h>

#include "core/base/err.h"

struct mr_pool_hooks {
    enum mr_code (*setup)(void *ctx, unsigned worker, void **state, struct mr_err *err);
    /* Not MR_OK stops the run with that error. */
    enum mr_code (*task)(void *ctx, void *state, void *item, struct mr_err *err);
    /* May be NULL.  Called where a worker finds no task, and again before it ends (unless the
     * run was stopped): what it holds may be wanted by others.  Errors as of task. */
    enum mr_code (*idle)(void *ctx, void *state, struct mr_err *err);
    void (*teardown)(void *ctx, void *state);
    void (*tick)(void *ctx); /* may be NULL */
    void *ctx;
};

struct mr_pool;
enum mr_code mr_pool_new(const struct mr_pool_hooks *hooks, unsigned threads, struct mr_pool **out,
                         struct mr_err *err);
/* item stays the caller's. */
enum mr_code mr_pool_add(struct mr_pool *pool, void *item, struct mr_err *err);
enum mr_code mr_pool_run(struct mr_pool *pool, struct mr_err *err);
void mr_pool_free(struct mr_pool *pool);

#endif
