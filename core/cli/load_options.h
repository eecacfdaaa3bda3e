/*
 * load_options: the options of commands that read many rows: how many workers, and when
 * they pause.
 *
 * A struct of values holds a struct mr_throttle_opts; entries stand in its option table
 * under the heading given.  `servers` is what the help calls those that are watched.
 *
 * Threads: no state.
 */
#ifndef MR_LOAD_OPTIONS_H
#define MR_LOAD_OPTIONS_H

#include "core/db/throttle.h"

/* Entries of an option table; they need no comma behind. */
#define MR_THREADS_OPTION(owner, field, heading, text)                                             \
    {                                                                                              \
        .name = "threads", .type = MR_OPTION_UINT, .offset = offsetof(owner, field), .arg = "N",   \
        .group = (heading), .help = (text), .initial_note = "cores, at most 4", .min = 1,          \
        .max = MR_THREADS_MAX                                                                      \
    }
#define MR_THROTTLE_OPTIONS(owner, member, heading, servers)                                       \
    {.name = "max-load",                                                                           \
     .type = MR_OPTION_UINT,                                                                       \
     .offset = offsetof(owner, member.max_load),                                                   \
     .arg = "N",                                                                                   \
     .group = (heading),                                                                           \
     .help = "pause while Threads_running of " servers " is above N; 0: never",                    \
     .initial = "50",                                                                              \
     .max = 1000000},                                                                              \
        {.name = "max-lag",                                                                        \
         .type = MR_OPTION_UINT,                                                                   \
         .offset = offsetof(owner, member.max_lag_s),                                              \
         .arg = "SECONDS",                                                                         \
         .group = (heading),                                                                       \
         .help = "pause while a replica is further behind; 0: never",                              \
         .initial = "60",                                                                          \
         .max = 1000000},                                                                          \
    {                                                                                              \
        .name = "pause-file", .type = MR_OPTION_STRING,                                            \
        .offset = offsetof(owner, member.pause_file), .arg = "FILE", .group = (heading),           \
        .help = "pause while FILE exists"                                                          \
    }
/* seconds: the default, in digits */
#define MR_STATEMENT_TIMEOUT_OPTION_OF(owner, field, heading, seconds)                             \
    {                                                                                              \
        .name = "statement-timeout", .type = MR_OPTION_UINT, .offset = offsetof(owner, field),     \
        .arg = "SECONDS", .group = (heading),                                                      \
        .help = "end a statement after that time, on both ends of the line; 0: when the "          \
                "server does",                                                                     \
        .initial = (seconds), .max = 1000000                                                       \
    }
#define MR_STATEMENT_TIMEOUT_OPTION(owner, field, heading)                                         \
    MR_STATEMENT_TIMEOUT_OPTION_OF(owner, field, heading, "0")

#define MR_THREADS_MAX 64

/* Where none are asked for: as many as this process has cores, at most 4. */
unsigned mr_default_threads(void);

#endif
