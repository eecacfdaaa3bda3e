/* load_options.c: see load_options.h. */
#include "core/cli/load_options.h"

#include <sched.h>

#define DEFAULT_THREADS 4U

unsigned mr_default_threads(void)
{
    cpu_set_t cores;
    int count = 1;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0)
        count = CPU_COUNT(&cores);
    if (count < 1)
        return 1;
    return (unsigned)count < DEFAULT_THREADS ? (unsigned)count : DEFAULT_THREADS;
}
