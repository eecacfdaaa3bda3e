/* abreast.c: see abreast.h. */
#include "core/source/abreast.h"

#include <pthread.h>

#include "core/db/db.h"

struct half {
    mr_abreast_fn *fn;
    void *ctx;
    atomic_bool *abandoned;
    enum mr_code code;
    struct mr_err err;
    bool was_first; /* to fail */
};

static void run(struct half *half)
{
    half->code = half->fn(half->ctx, &half->err);
    if (half->code != MR_OK && half->abandoned != NULL)
        half->was_first = !atomic_exchange(half->abandoned, true);
}

static void *run_aside(void *half)
{
    run(half);
    mr_db_thread_end();
    return NULL;
}

enum mr_code mr_abreast(mr_abreast_fn *own, void *own_ctx, mr_abreast_fn *aside, void *aside_ctx,
                        atomic_bool *abandoned, struct mr_err *err)
{
    struct half first = {.fn = own, .ctx = own_ctx, .abandoned = abandoned};
    struct half other = {.fn = aside, .ctx = aside_ctx, .abandoned = abandoned};
    pthread_t thread;
    const bool is_apart = pthread_create(&thread, NULL, run_aside, &other) == 0;
    run(&first);
    if (is_apart)
        (void)pthread_join(thread, NULL);
    else if (!first.was_first)
        run(&other);
    if (abandoned != NULL)
        atomic_store(abandoned, false);
    const struct half *told = first.code == MR_OK || other.was_first ? &other : &first;
    if (told->code != MR_OK && err != NULL)
        *err = told->err;
    return told->code;
}
