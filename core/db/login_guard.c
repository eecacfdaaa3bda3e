/* login_guard.c: see login_guard.h. */
#include "core/db/login_guard.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/signals.h"

#define STEP_MS 100

struct mr_login_guard {
    int fd;
    double until_s;
    bool was_cancelled; /* before it began */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ended; /* under the lock */
};

static void *run(void *arg)
{
    struct mr_login_guard *guard = arg;
    (void)pthread_mutex_lock(&guard->lock);
    while (!guard->ended && (guard->was_cancelled || !mr_is_cancelled()) &&
           mr_clock_now_s() < guard->until_s)
        mr_clock_cond_wait(&guard->changed, &guard->lock, STEP_MS);
    if (!guard->ended)
        (void)shutdown(guard->fd, SHUT_RDWR);
    (void)pthread_mutex_unlock(&guard->lock);
    return NULL;
}

static void destroy(struct mr_login_guard *guard)
{
    (void)pthread_cond_destroy(&guard->changed);
    (void)pthread_mutex_destroy(&guard->lock);
    if (guard->fd >= 0)
        (void)close(guard->fd);
    free(guard);
}

/* The descriptor is a copy: the library may close its own and the number may belong to another
 * connection by the time that it is shut down. */
struct mr_login_guard *mr_login_guard_new(int fd, double until_s)
{
    struct mr_login_guard *guard = calloc(1, sizeof *guard);
    if (guard == NULL)
        return NULL;
    guard->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    guard->until_s = until_s;
    guard->was_cancelled = mr_is_cancelled();
    (void)pthread_mutex_init(&guard->lock, NULL);
    mr_clock_cond_init(&guard->changed);
    if (guard->fd >= 0 && pthread_create(&guard->thread, NULL, run, guard) == 0)
        return guard;
    destroy(guard);
    return NULL;
}

void mr_login_guard_free(struct mr_login_guard *guard)
{
    if (guard == NULL)
        return;
    (void)pthread_mutex_lock(&guard->lock);
    guard->ended = true;
    (void)pthread_cond_signal(&guard->changed);
    (void)pthread_mutex_unlock(&guard->lock);
    (void)pthread_join(guard->thread, NULL);
    destroy(guard);
}
