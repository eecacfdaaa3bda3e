/* abreast.c: see abreast.h. */
#include "core/source/abreast.h"

#include <pthread.h>

#include "core/db/db.h"

struct aside {
    mr_abreast_fn *fn;
    void *ctx;
    enum mr_code code;
    struct mr_err err;
};

static void *run_aside(void *arg)
{
    struct aside *aside = arg;
    aside->code = aside->fn(aside->ctx, &aside->err);
    mr_db_thread_end();
    return NULL;
}

enum mr_code mr_abreast(mr_abreast_fn *own, void *own_ctx, mr_abreast_fn *aside, void *aside_ctx,
                        struct mr_err *err)
{
    struct aside other = {.fn = aside, .ctx = aside_ctx};
    pthread_t thread;
    const bool is_apart = pthread_create(&thread, NULL, run_aside, &other) == 0;
    const enum mr_code code = own(own_ctx, err);
    if (is_apart)
        (void)pthread_join(thread, NULL);
    else
        other.code = aside(aside_ctx, &other.err);
    if (code == MR_OK && other.code != MR_OK && err != NULL)
        *err = other.err;
    return code == MR_OK ? other.code : code;
}
