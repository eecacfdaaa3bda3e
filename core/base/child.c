/* child.c: see child.h. */
#include "core/base/child.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/clock.h"
#include "core/base/signals.h"

#define STEP_MS 20
#define SHORT_STEP_MS 5 /* of one that is killed, and so ends in a moment */

bool mr_child_has_ended(struct mr_child *child)
{
    if (child->pid > 0 && !child->has_ended)
        child->has_ended = waitpid(child->pid, &child->status, WNOHANG) == child->pid;
    return child->pid == 0 || child->has_ended;
}

enum mr_code mr_child_await(struct mr_child *child, double until_s, struct mr_err *err)
{
    while (!mr_child_has_ended(child)) {
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        if (mr_clock_now_s() >= until_s)
            return mr_err_set(err, MR_E_TIMEOUT, "it did not end in time");
        (void)poll(NULL, 0, STEP_MS);
    }
    return MR_OK;
}

bool mr_child_is_good(const struct mr_child *child)
{
    return child->has_ended && WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0;
}

/* While its leader is not waited for, the group's number is nobody else's. */
void mr_child_kill(struct mr_child *child, double within_s)
{
    if (mr_child_has_ended(child))
        return;
    const double until_s = mr_clock_now_s() + within_s;
    (void)kill(-child->pid, SIGKILL);
    while (!mr_child_has_ended(child) && mr_clock_now_s() < until_s)
        (void)poll(NULL, 0, SHORT_STEP_MS);
}

void mr_child_describe(const struct mr_child *child, char *out, size_t size)
{
    if (!child->has_ended)
        (void)snprintf(out, size, "still running");
    else if (WIFSIGNALED(child->status))
        (void)snprintf(out, size, "SIG%s", sigabbrev_np(WTERMSIG(child->status)));
    else
        (void)snprintf(out, size, "exit status %d", WEXITSTATUS(child->status));
}
