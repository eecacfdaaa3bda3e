/* run_id.c: see run_id.h. */
#include "core/base/run_id.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void format_time(time_t seconds, char text[MR_RUN_TIME_SIZE])
{
    struct tm utc;
    (void)gmtime_r(&seconds, &utc);
    (void)strftime(text, MR_RUN_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

struct mr_run_id mr_run_id_now(void)
{
    struct mr_run_id run;
    struct timespec now;
    struct tm utc;
    char day[24];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    format_time(now.tv_sec, run.started);
    (void)gmtime_r(&now.tv_sec, &utc);
    (void)strftime(day, sizeof day, "%Y%m%dT%H%M%SZ", &utc);
    unsigned tail = ((unsigned)now.tv_nsec ^ ((unsigned)getpid() << 12)) & 0xffffffU;
    (void)snprintf(run.id, sizeof run.id, "%.23s-%06x", day, tail);
    return run;
}

void mr_run_id_time(char text[MR_RUN_TIME_SIZE])
{
    format_time(time(NULL), text);
}
