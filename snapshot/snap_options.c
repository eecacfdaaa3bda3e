/* snap_options.c: see snap_options.h. */
#include "snapshot/snap_options.h"

#include <sched.h>

#define MAX_THREADS 64
#define DEFAULT_THREADS 4U

#define AT(field) offsetof(struct mr_snap_options, field)

#define JSON_OPTION(what)                                                                \
    {                                                                                    \
        .name = "json", .type = MR_OPTION_FLAG, .offset = AT(json), .group = "Result",   \
        .help = (what)                                                                   \
    }

static const struct mr_option verify_options[] = {
    {.name = "quick",
     .type = MR_OPTION_FLAG,
     .offset = AT(quick),
     .group = "What is verified",
     .help = "only the manifest, and that every file is there and as long as it was",
     .not_in_file = true},
    {.name = "threads",
     .type = MR_OPTION_UINT,
     .offset = AT(threads),
     .arg = "N",
     .group = "Load and pace",
     .help = "files that are read at a time",
     .initial_note = "cores, at most 4",
     .min = 1,
     .max = MAX_THREADS},
    JSON_OPTION("one JSON object a line"),
    MR_GENERAL_OPTIONS(struct mr_snap_options, general),
};

static const struct mr_option list_options[] = {
    JSON_OPTION("one JSON object"),
    MR_GENERAL_OPTIONS(struct mr_snap_options, general),
};

unsigned mr_snap_default_threads(void)
{
    cpu_set_t cores;
    int count = 1;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0)
        count = CPU_COUNT(&cores);
    if (count < 1)
        return 1;
    return (unsigned)count < DEFAULT_THREADS ? (unsigned)count : DEFAULT_THREADS;
}

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_snap_options *values = settings->values;
    if (values->threads == 0)
        values->threads = mr_snap_default_threads();
    return mr_general_options_finish(settings, &values->general, err);
}

#define SET(table)                                                                       \
    {                                                                                    \
        .options = (table), .count = sizeof(table) / sizeof *(table),                    \
        .values_size = sizeof(struct mr_snap_options), .finish = finish                  \
    }

const struct mr_option_set mr_snap_verify_option_set = SET(verify_options);
const struct mr_option_set mr_snap_list_option_set = SET(list_options);
