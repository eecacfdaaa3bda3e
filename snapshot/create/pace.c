/* pace.c: see pace.h. */
#include "snapshot/create/pace.h"

#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/signals.h"

#define STEP_S 0.1

void mr_pace_init(struct mr_pace *pace, uint64_t bytes_per_s)
{
    (void)pthread_mutex_init(&pace->lock, NULL);
    pace->bytes_per_s = (double)bytes_per_s;
    pace->due_s = 0;
}

void mr_pace_release(struct mr_pace *pace)
{
    (void)pthread_mutex_destroy(&pace->lock);
}

enum mr_code mr_pace_add(struct mr_pace *pace, uint64_t bytes, struct mr_err *err)
{
    if (pace->bytes_per_s <= 0)
        return MR_OK;
    double now_s = mr_clock_now_s();
    pthread_mutex_lock(&pace->lock);
    if (pace->due_s < now_s) /* a pause gives no right to hurry */
        pace->due_s = now_s;
    pace->due_s += (double)bytes / pace->bytes_per_s;
    double due_s = pace->due_s;
    pthread_mutex_unlock(&pace->lock);
    for (double left_s; (left_s = due_s - mr_clock_now_s()) > 0;) {
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        (void)usleep((useconds_t)((left_s < STEP_S ? left_s : STEP_S) * 1e6));
    }
    return MR_OK;
}
