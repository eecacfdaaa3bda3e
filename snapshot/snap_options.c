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

_Static_assert(sizeof(enum mr_into) == sizeof(unsigned), "stored as unsigned");

static const struct mr_choice into_modes[] = {
    {"refuse", MR_INTO_REFUSE},
    {"add", MR_INTO_ADD},
    {"replace", MR_INTO_REPLACE},
    {NULL, 0},
};

static const struct mr_option restore_options[] = {
    {.name = "tables",
     .type = MR_OPTION_LIST,
     .offset = AT(tables),
     .arg = "PATTERN",
     .group = "What is restored",
     .help =
         "only tables, views and routines that match db.table (wildcards * and ?), by "
         "the snapshot's names; a bare name means any database; repeatable"},
    {.name = "exclude",
     .type = MR_OPTION_LIST,
     .offset = AT(exclude),
     .arg = "PATTERN",
     .group = "What is restored",
     .help = "not these; repeatable"},
    {.name = "rename-db",
     .type = MR_OPTION_LIST,
     .offset = AT(renames),
     .arg = "OLD=NEW",
     .group = "What is restored",
     .help = "restore a database under another name; repeatable",
     .not_in_file = true},
    {.name = "into-existing",
     .type = MR_OPTION_CHOICE,
     .offset = AT(into_existing),
     .arg = "refuse|add|replace",
     .group = "What is restored",
     .help = "where a database is not empty: refuse; add what it does not have by the "
             "same names; replace drops that first",
     .initial = "refuse",
     .choices = into_modes,
     .not_in_file = true},
    {.name = "yes",
     .type = MR_OPTION_FLAG,
     .offset = AT(yes),
     .group = "What is restored",
     .help = "do not ask before something is dropped",
     .not_in_file = true},

    {.name = "threads",
     .type = MR_OPTION_UINT,
     .offset = AT(threads),
     .arg = "N",
     .group = "Load and pace",
     .help = "connections that load",
     .initial_note = "cores, at most 4",
     .min = 1,
     .max = MAX_THREADS},
    {.name = "max-load",
     .type = MR_OPTION_UINT,
     .offset = AT(max_load),
     .arg = "N",
     .group = "Load and pace",
     .help = "pause while Threads_running of the server is above N; 0: never",
     .initial = "50",
     .max = 1000000},
    {.name = "max-lag",
     .type = MR_OPTION_UINT,
     .offset = AT(max_lag_s),
     .arg = "SECONDS",
     .group = "Load and pace",
     .help = "pause while a replica is further behind; 0: never",
     .initial = "60",
     .max = 1000000},
    {.name = "pause-file",
     .type = MR_OPTION_STRING,
     .offset = AT(pause_file),
     .arg = "FILE",
     .group = "Load and pace",
     .help = "pause while FILE exists"},
    JSON_OPTION("one JSON object a line"),
    MR_ASK_PASSWORD_OPTION(struct mr_snap_options, ask_password),
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
const struct mr_option_set mr_snap_restore_option_set = SET(restore_options);
