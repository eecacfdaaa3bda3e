/*
 * fleet_options: what every command of a fleet is told: the inventory, which of its pairs, and how
 * many are asked at a time.
 *
 *   mr_fleet_open → inventory and words of its tasks → mr_inventory_release
 *
 * Ownership: texts are the arena's.  Errors: those of inventory.h; MR_E_USAGE where --inventory is
 * missing, or a --pair means none of its pairs.
 */
#ifndef MR_FLEET_OPTIONS_H
#define MR_FLEET_OPTIONS_H

#include "core/cli/general_options.h"
#include "recon/fleet/fleet_tasks.h"
#include "recon/fleet/inventory.h"

struct mr_fleet_options {
    const char *inventory;
    struct mr_string_list pairs; /* patterns; none: all */
    unsigned at_once, limit_s;
    const char *password_command; /* or NULL */
};

/* Entries of an option table; they need no comma behind. */
#define MR_FLEET_OPTIONS(owner, member)                                                            \
    {.name = "inventory",                                                                          \
     .type = MR_OPTION_STRING,                                                                     \
     .offset = offsetof(owner, member.inventory),                                                  \
     .arg = "FILE",                                                                                \
     .group = "The fleet",                                                                         \
     .help = "the file that names its pairs; needed",                                              \
     .not_in_file = true},                                                                         \
        {.name = "pair",                                                                           \
         .type = MR_OPTION_LIST,                                                                   \
         .offset = offsetof(owner, member.pairs),                                                  \
         .arg = "PATTERN",                                                                         \
         .group = "The fleet",                                                                     \
         .help = "only pairs of that name, wildcards * and ?; repeatable",                         \
         .not_in_file = true},                                                                     \
        {.name = "at-once",                                                                        \
         .type = MR_OPTION_UINT,                                                                   \
         .offset = offsetof(owner, member.at_once),                                                \
         .arg = "N",                                                                               \
         .group = "The fleet",                                                                     \
         .help = "how many are asked at the same time",                                            \
         .initial = "64",                                                                          \
         .min = 1,                                                                                 \
         .max = MR_FLEET_AT_ONCE},                                                                 \
    {                                                                                              \
        .name = "time-limit", .type = MR_OPTION_UINT, .offset = offsetof(owner, member.limit_s),   \
        .arg = "SECONDS", .group = "The fleet",                                                    \
        .help = "of each; who has not answered by then is unknown", .initial = "60", .min = 1,     \
        .max = 86400                                                                               \
    }

/* Loads the inventory, and keeps the pairs that are asked for. */
enum mr_code mr_fleet_open(const struct mr_fleet_options *opts, struct mr_arena *arena,
                           struct mr_inventory *inventory, struct mr_err *err);

/* Runs the tasks, as the options say, with progress; *seconds: what all of them took, also where they
 * were interrupted. */
enum mr_code mr_fleet_ask(const struct mr_fleet_options *opts, struct mr_command_list commands,
                          enum mr_progress_mode mode, struct mr_fleet_task *tasks, size_t count,
                          double *seconds, struct mr_err *err);

/* The words of a task's line, in the arena. */
struct mr_fleet_line {
    struct mr_arena *arena;
    struct mr_vec words; /* char *, ended by NULL once it is taken */
    bool nomem;
};
/* "myrecon", the words (NULL ends them), and what every task is told: where its configuration is,
 * how to get a password, to keep quiet. */
void mr_fleet_line_begin(struct mr_fleet_line *line, struct mr_arena *arena,
                         const struct mr_fleet_options *opts, const char *config,
                         const char *const *words);
void mr_fleet_line_add(struct mr_fleet_line *line, const char *word);
/* A log file of its own process is its, too: it appends to it what it says itself.  file NULL: none. */
void mr_fleet_line_add_log(struct mr_fleet_line *line, const char *file, enum mr_log_format format);
void mr_fleet_line_add_option(struct mr_fleet_line *line, const char *option,
                              const struct mr_string_list *values);
/* The line, in the arena; NULL: out of memory.  It is released. */
char *const *mr_fleet_line_take(struct mr_fleet_line *line);

#endif
