/* backoff.c: see backoff.h. */
#include "core/base/backoff.h"

#include <sys/random.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/signals.h"

#define STEP_MS 20

enum mr_code mr_pause(double seconds, struct mr_err *err)
{
    const double end_s = mr_clock_now_s() + seconds;
    while (!mr_is_cancelled() && mr_clock_now_s() < end_s)
        (void)usleep(STEP_MS * 1000);
    return mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK;
}

enum mr_code mr_backoff_wait(unsigned first_ms, unsigned tries, struct mr_err *err)
{
    unsigned ms = first_ms > 0 ? first_ms : MR_BACKOFF_FIRST_MS;
    unsigned chance = 0;
    for (unsigned i = 1; i < tries && ms < MR_BACKOFF_MAX_MS; i++)
        ms *= 2;
    ms = ms < MR_BACKOFF_MAX_MS ? ms : MR_BACKOFF_MAX_MS;
    if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != (ssize_t)sizeof chance)
        chance = (unsigned)getpid();
    ms = ms / 2 + chance % (ms / 2 + 1);
    return mr_pause(ms / 1000.0, err);
}
