/* sink_behind.c: see sink_behind.h.
 *
 * Two buffers: the writer fills the one while the thread carries on the other.  They are swapped when
 * the one is full and the other has gone on. */
#include "core/file/sink_behind.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES ((size_t)1 << 18)

struct mr_sink_behind {
    struct mr_sink to;
    char *front;   /* the writer's */
    size_t filled; /* of it */
    bool is_apart; /* the thread runs */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    char *back; /* the thread's, while `bytes` are in it */
    size_t bytes;
    bool ends;
    struct mr_err err; /* the first one */
};

enum mr_code mr_sink_behind_new(struct mr_sink to, struct mr_sink_behind **out, struct mr_err *err)
{
    struct mr_sink_behind *b = calloc(1, sizeof *b);
    *out = b;
    if (b == NULL)
        return mr_err_nomem(err, "writing a file");
    b->to = to;
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_cond_init(&b->changed, NULL);
    b->front = malloc(BUFFER_BYTES);
    b->back = malloc(BUFFER_BYTES);
    if (b->front != NULL && b->back != NULL)
        return MR_OK;
    mr_sink_behind_free(b);
    *out = NULL;
    return mr_err_nomem(err, "writing a file");
}

/* Its bytes are the thread's until it says that they are gone, so that the lock is not held. */
static void *run(void *behind)
{
    struct mr_sink_behind *b = behind;
    (void)pthread_mutex_lock(&b->lock);
    for (;;) {
        while (b->bytes == 0 && !b->ends)
            (void)pthread_cond_wait(&b->changed, &b->lock);
        if (b->bytes == 0)
            break;
        struct mr_err err = {0};
        const size_t bytes = b->bytes;
        (void)pthread_mutex_unlock(&b->lock);
        const enum mr_code code = b->to.write(b->to.arg, b->back, bytes, &err);
        (void)pthread_mutex_lock(&b->lock);
        b->bytes = 0;
        if (code != MR_OK)
            b->err = err;
        (void)pthread_cond_broadcast(&b->changed);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return NULL;
}

static enum mr_code tell(const struct mr_sink_behind *b, struct mr_err *err)
{
    if (b->err.code != MR_OK && err != NULL)
        *err = b->err;
    return b->err.code;
}

/* Nobody else touches b. */
static void carry_on(struct mr_sink_behind *b)
{
    if (b->err.code == MR_OK && b->filled > 0)
        (void)b->to.write(b->to.arg, b->front, b->filled, &b->err);
    b->filled = 0;
}

/* With the lock: waits until the other buffer has gone on.  Nothing is handed over after an error. */
static void hand_over(struct mr_sink_behind *b)
{
    while (b->bytes > 0)
        (void)pthread_cond_wait(&b->changed, &b->lock);
    if (b->err.code == MR_OK) {
        char *const front = b->front;
        b->front = b->back;
        b->back = front;
        b->bytes = b->filled;
        (void)pthread_cond_broadcast(&b->changed);
    }
    b->filled = 0;
}

static enum mr_code pass(struct mr_sink_behind *b, struct mr_err *err)
{
    if (!b->is_apart)
        b->is_apart = pthread_create(&b->thread, NULL, run, b) == 0;
    if (!b->is_apart) {
        carry_on(b);
        return tell(b, err);
    }
    (void)pthread_mutex_lock(&b->lock);
    hand_over(b);
    const enum mr_code code = tell(b, err);
    (void)pthread_mutex_unlock(&b->lock);
    return code;
}

enum mr_code mr_sink_behind_write(struct mr_sink_behind *b, const void *ptr, size_t len,
                                  struct mr_err *err)
{
    const char *from = ptr;
    while (len > 0) {
        const size_t room = BUFFER_BYTES - b->filled;
        const size_t n = len < room ? len : room;
        memcpy(b->front + b->filled, from, n);
        b->filled += n;
        from += n;
        len -= n;
        if (b->filled == BUFFER_BYTES)
            MR_TRY(pass(b, err));
    }
    return MR_OK;
}

static void join(struct mr_sink_behind *b)
{
    if (!b->is_apart)
        return;
    (void)pthread_mutex_lock(&b->lock);
    b->ends = true;
    (void)pthread_cond_broadcast(&b->changed);
    (void)pthread_mutex_unlock(&b->lock);
    (void)pthread_join(b->thread, NULL);
    b->is_apart = false;
}

enum mr_code mr_sink_behind_finish(struct mr_sink_behind *b, struct mr_err *err)
{
    join(b); /* what it has goes on before that */
    carry_on(b);
    return tell(b, err);
}

void mr_sink_behind_free(struct mr_sink_behind *b)
{
    if (b == NULL)
        return;
    join(b);
    (void)pthread_cond_destroy(&b->changed);
    (void)pthread_mutex_destroy(&b->lock);
    free(b->front);
    free(b->back);
    free(b);
}
