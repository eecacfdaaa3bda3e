/* backoff.c: see backoff.h. */
#include "core/base/backoff.h"

#include <sys/random.h>
#include <unistd.h>

#include "core/base/signals.h"

#define STEP_MS 20

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
    for (unsigned waited = 0; waited < ms && !mr_is_cancelled(); waited += STEP_MS)
        (void)usleep(STEP_MS * 1000);
    return mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK;
}
