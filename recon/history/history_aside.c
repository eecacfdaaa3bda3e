/* history_aside.c: see history_aside.h. */
#include "recon/history/history_aside.h"

#include <pthread.h>
#include <stdlib.h>

struct mr_history_aside {
    struct mr_history_fold *fold;
    size_t most;
    pthread_t thread;
    bool is_apart; /* there is a thread */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under the lock; while there is a list it, its bytes and the fold are the thread's */
    bool has_list, is_over;
    struct mr_vec changes; /* struct mr_history_change */
    struct mr_arena kept;
    enum mr_code code;
    struct mr_err err;
};

struct mr_history_aside *mr_history_aside_new(struct mr_history_fold *fold, size_t most)
{
    struct mr_history_aside *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->fold = fold;
    a->most = most;
    a->changes = (struct mr_vec)MR_VEC_INIT(struct mr_history_change);
    mr_arena_init(&a->kept);
    (void)pthread_mutex_init(&a->lock, NULL);
    (void)pthread_cond_init(&a->changed, NULL);
    return a;
}

void mr_history_aside_free(struct mr_history_aside *a)
{
    if (a == NULL)
        return;
    (void)pthread_mutex_lock(&a->lock);
    a->is_over = true;
    (void)pthread_cond_broadcast(&a->changed);
    (void)pthread_mutex_unlock(&a->lock);
    if (a->is_apart)
        (void)pthread_join(a->thread, NULL);
    (void)pthread_mutex_destroy(&a->lock);
    (void)pthread_cond_destroy(&a->changed);
    mr_vec_release(&a->changes);
    mr_arena_release(&a->kept);
    free(a);
}

/* ---- the thread ---- */

/* What has grown too large for memory leaves it for a file beside the case. */
static enum mr_code fold_list(struct mr_history_aside *a, struct mr_err *err)
{
    MR_TRY(mr_history_fold_add(a->fold, a->changes.items, a->changes.count, err));
    return mr_history_fold_bytes(a->fold) > a->most ? mr_history_fold_spill(a->fold, err) : MR_OK;
}

/* Of a list that is the thread's; nothing is folded behind an error. */
static void take_list(struct mr_history_aside *a)
{
    if (a->code == MR_OK)
        a->code = fold_list(a, &a->err);
    mr_vec_clear(&a->changes);
    mr_arena_reset(&a->kept);
}

static void *run(void *arg)
{
    struct mr_history_aside *a = arg;
    (void)pthread_mutex_lock(&a->lock);
    while (!a->is_over) {
        if (!a->has_list) {
            (void)pthread_cond_wait(&a->changed, &a->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&a->lock);
        take_list(a);
        (void)pthread_mutex_lock(&a->lock);
        a->has_list = false;
        (void)pthread_cond_broadcast(&a->changed);
    }
    (void)pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* ---- its caller ---- */

/* With the lock: the list before is done. */
static enum mr_code await(struct mr_history_aside *a, struct mr_err *err)
{
    while (a->has_list)
        (void)pthread_cond_wait(&a->changed, &a->lock);
    if (a->code != MR_OK && err != NULL)
        *err = a->err;
    return a->code;
}

static void swap(struct mr_history_aside *a, struct mr_vec *changes, struct mr_arena *kept)
{
    const struct mr_vec list = a->changes;
    const struct mr_arena bytes = a->kept;
    a->changes = *changes;
    a->kept = *kept;
    *changes = list;
    *kept = bytes;
}

enum mr_code mr_history_aside_hand(struct mr_history_aside *a, struct mr_vec *changes,
                                   struct mr_arena *kept, struct mr_err *err)
{
    (void)pthread_mutex_lock(&a->lock);
    const enum mr_code code = await(a, err);
    if (code == MR_OK) {
        if (!a->is_apart)
            a->is_apart = pthread_create(&a->thread, NULL, run, a) == 0;
        swap(a, changes, kept);
        a->has_list = a->is_apart;
        if (!a->is_apart)
            take_list(a);
        (void)pthread_cond_broadcast(&a->changed);
    }
    (void)pthread_mutex_unlock(&a->lock);
    return code;
}

enum mr_code mr_history_aside_wait(struct mr_history_aside *a, struct mr_err *err)
{
    (void)pthread_mutex_lock(&a->lock);
    const enum mr_code code = await(a, err);
    (void)pthread_mutex_unlock(&a->lock);
    return code;
}
