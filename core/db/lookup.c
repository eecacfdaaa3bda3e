/* lookup.c: see lookup.h. */
#include "core/db/lookup.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/signals.h"

#define STEP_MS 100

static _Thread_local struct {
    bool has_end, was_cancelled; /* whoever logs in then has something to end, as a KILL */
    double until_s;
    bool is_given_up;
} mine;

typedef int lookup_fn(const char *host, const char *port, const struct addrinfo *hints,
                      struct addrinfo **list);

/* Shared by who asks and the thread; the last of the two frees it. */
struct job {
    lookup_fn *fn;
    char *host, *port;
    struct addrinfo hints;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_done, is_left; /* under the lock, as what follows */
    int failed;
    struct addrinfo *list;
};

static void free_job(struct job *job)
{
    (void)pthread_cond_destroy(&job->changed);
    (void)pthread_mutex_destroy(&job->lock);
    free(job->host);
    free(job->port);
    free(job);
}

/* getaddrinfo() cannot be interrupted: who waited for it too long leaves, and the job is freed by
 * whichever of the two comes last. */
static void *run(void *arg)
{
    struct job *job = arg;
    struct addrinfo *list = NULL;
    int failed = job->fn(job->host, job->port, &job->hints, &list);
    (void)pthread_mutex_lock(&job->lock);
    job->is_done = true;
    job->failed = failed;
    job->list = list;
    bool is_left = job->is_left;
    (void)pthread_cond_signal(&job->changed);
    (void)pthread_mutex_unlock(&job->lock);
    if (!is_left)
        return NULL;
    if (failed == 0)
        freeaddrinfo(list);
    free_job(job);
    return NULL;
}

static struct job *new_job(lookup_fn *fn, const char *host, const char *port,
                           const struct addrinfo *hints)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    job->fn = fn;
    job->host = strdup(host);
    job->port = port != NULL ? strdup(port) : NULL;
    if (hints != NULL)
        job->hints = *hints;
    else /* what no hints mean */
        job->hints.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG;
    (void)pthread_mutex_init(&job->lock, NULL);
    mr_clock_cond_init(&job->changed);
    if (job->host != NULL && (port == NULL || job->port != NULL))
        return job;
    free_job(job);
    return NULL;
}

static bool is_over(void)
{
    return (mr_is_cancelled() && !mine.was_cancelled) ||
           (mine.has_end && mr_clock_now_s() >= mine.until_s);
}

/* Nobody is asked again after that: EAI_AGAIN would be. */
static int await(struct job *job, struct addrinfo **list)
{
    (void)pthread_mutex_lock(&job->lock);
    while (!job->is_done && !is_over())
        mr_clock_cond_wait(&job->changed, &job->lock, STEP_MS);
    const bool is_done = job->is_done;
    const int failed = job->failed;
    job->is_left = !is_done;
    (void)pthread_mutex_unlock(&job->lock);
    if (!is_done) {
        mine.is_given_up = true;
        return EAI_FAIL;
    }
    if (failed == 0)
        *list = job->list;
    free_job(job);
    return failed;
}

static bool start(struct job *job)
{
    pthread_t thread;
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0)
        return false;
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    const bool good = pthread_create(&thread, &attr, run, job) == 0;
    (void)pthread_attr_destroy(&attr);
    return good;
}

/* The C library's, which all libraries of the program call, ours and others. */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **list)
{
    lookup_fn *real = NULL;
    void *address = dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo number = hints != NULL ? *hints : (struct addrinfo){0};
    if (address == NULL)
        return EAI_FAIL;
    memcpy(&real, &address, sizeof real);
    number.ai_flags |= AI_NUMERICHOST;
    if (host == NULL || (hints != NULL && (hints->ai_flags & AI_NUMERICHOST) != 0))
        return real(host, port, hints, list);
    int failed = real(host, port, &number, list);
    if (failed != EAI_NONAME)
        return failed;
    struct job *job = new_job(real, host, port, hints);
    if (job == NULL)
        return EAI_MEMORY;
    if (!start(job)) {
        free_job(job);
        return real(host, port, hints, list);
    }
    return await(job, list);
}

void mr_lookup_begin(double until_s)
{
    mine.has_end = true;
    mine.was_cancelled = mr_is_cancelled();
    mine.until_s = until_s;
    mine.is_given_up = false;
}

bool mr_lookup_end(void)
{
    const bool is_given_up = mine.is_given_up;
    mine.has_end = mine.was_cancelled = mine.is_given_up = false;
    return is_given_up;
}
