/* casefile_lock.c: see casefile_lock.h. */
#include "core/case/casefile_lock.h"

#include <errno.h>
#include <sys/file.h>
#include <time.h>

#include "core/base/signals.h"

#define STEP_MS 20

int mr_case_take_lock(int fd)
{
    const struct timespec step = {0, STEP_MS * 1000000L};
    for (int waited_ms = 0;; waited_ms += STEP_MS) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK || waited_ms >= MR_CASE_LOCK_WAIT_MS || mr_is_cancelled())
            return errno;
        (void)nanosleep(&step, NULL);
    }
}
