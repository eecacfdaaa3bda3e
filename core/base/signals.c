/* signals.c: see signals.h. */
#include "core/base/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define SAME_PRESS_NS 250000000 /* timeout(1) and schedulers tell the process, then its group */
#define BY_PROGRAM (-1)

/* 0, the signal that came first, or BY_PROGRAM.  Lock-free, so a handler may set it. */
static atomic_int cancelled_by;
static _Atomic int64_t interrupted_at; /* 0, or when the first SIGINT came */
static void (*_Atomic before_end)(void);
_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2 &&
                   ATOMIC_POINTER_LOCK_FREE == 2,
               "the handler needs lock-free variables");

static void raise_flag(int by)
{
    int none = 0;
    atomic_compare_exchange_strong(&cancelled_by, &none, by);
}

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* What comes together with the first is its echo; what comes later is somebody's impatience. */
static void interrupt(int signo)
{
    int64_t first = 0;
    int64_t now = now_ns();
    if (!atomic_compare_exchange_strong(&interrupted_at, &first, now) &&
        now - first > SAME_PRESS_NS) {
        void (*leave)(void) = atomic_load(&before_end);
        if (leave != NULL)
            leave();
        (void)signal(signo, SIG_DFL);
        (void)raise(signo); /* is delivered as soon as this handler returns */
    }
    raise_flag(signo);
}

static void install(int signo, void (*handler)(int), int flags)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(signo, &action, NULL);
}

void mr_signals_install(void)
{
    /* SA_RESTART: the flag is polled; a client library need not cope with EINTR. */
    install(SIGINT, interrupt, SA_RESTART);
    install(SIGTERM, raise_flag, SA_RESTART);
    install(SIGPIPE, SIG_IGN, 0);
    install(SIGXFSZ, SIG_IGN, 0);
    install(SIGCHLD, SIG_DFL, 0); /* whoever started us may ignore it: nobody could be waited for */

    struct sigaction old;
    bool under_nohup = sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
    if (!under_nohup)
        install(SIGHUP, raise_flag, SA_RESTART);
}

void mr_signals_before_end(void (*leave)(void))
{
    atomic_store(&before_end, leave);
}

bool mr_is_cancelled(void)
{
    return atomic_load_explicit(&cancelled_by, memory_order_relaxed) != 0;
}

void mr_cancel(void)
{
    raise_flag(BY_PROGRAM);
}

enum mr_code mr_cancelled_err(struct mr_err *err)
{
    int by = atomic_load(&cancelled_by);
    if (by <= 0)
        return mr_err_set(err, MR_E_CANCELLED, "interrupted");
    return mr_err_set(err, MR_E_CANCELLED, "interrupted by SIG%s", sigabbrev_np(by));
}
