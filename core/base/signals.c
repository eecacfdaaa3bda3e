/* signals.c: see signals.h. */
#include "core/base/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#define BY_PROGRAM (-1)

/* 0, the signal that came first, or BY_PROGRAM.  Lock-free, so a handler may set it. */
static atomic_int cancelled_by;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "the handler needs a lock-free flag");

static void raise_flag(int by)
{
    int none = 0;
    atomic_compare_exchange_strong(&cancelled_by, &none, by);
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
    install(SIGINT, raise_flag, (int)(SA_RESTART | SA_RESETHAND));
    install(SIGTERM, raise_flag, SA_RESTART);
    install(SIGPIPE, SIG_IGN, 0);
    install(SIGXFSZ, SIG_IGN, 0);
    install(SIGCHLD, SIG_DFL, 0); /* whoever started us may ignore it: nobody could be waited for */

    struct sigaction old;
    bool under_nohup = sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
    if (!under_nohup)
        install(SIGHUP, raise_flag, SA_RESTART);
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
