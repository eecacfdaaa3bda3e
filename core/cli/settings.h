/*
 * settings: the values of one command's options, and where each came from.
 *
 * Calling sequence: init (defaults and environment), then the command line
 * (mr_settings_set, mr_settings_bump), then mr_settings_apply_file(), then
 * mr_settings_finish().  The order of the calls does not matter for the outcome: a
 * value never replaces one from a stronger place (default < environment < file <
 * command line), and a list is taken whole from the strongest place that gives it.
 *
 * Ownership: everything lives in the arena given to init.  Threads: one until finished,
 * then read-only.
 */
#ifndef MR_SETTINGS_H
#define MR_SETTINGS_H

#include "core/cli/config.h"
#include "core/cli/option.h"

/* Ordered: the later wins. */
enum mr_origin_kind {
    MR_ORIGIN_DEFAULT = 0,
    MR_ORIGIN_ENVIRONMENT,
    MR_ORIGIN_FILE,
    MR_ORIGIN_COMMAND_LINE
};

struct mr_origin {
    enum mr_origin_kind kind;
    const char *where; /* name of the variable or the file, else NULL */
    unsigned line;     /* in the file */
};

struct mr_settings;

/* The options of one command. */
struct mr_option_set {
    const struct mr_option *options;
    size_t count;
    size_t values_size; /* bytes of the struct that the offsets point into */
    /* Takes up options that one on the command line stands for, before the configuration is looked
     * for; or NULL. */
    enum mr_code (*prepare)(struct mr_settings *settings, struct mr_err *err);
    /* Computes what defaults cannot say and checks what belongs together; or NULL. */
    enum mr_code (*finish)(struct mr_settings *settings, struct mr_err *err);
};

struct mr_settings {
    const struct mr_option_set *set;
    void *values;
    struct mr_origin *origins; /* one an option */
    struct mr_arena *arena;
};

enum mr_code mr_settings_init(struct mr_settings *settings, const struct mr_option_set *set,
                              struct mr_arena *arena, struct mr_err *err);

/* The option of that name (without dashes), or NULL. */
const struct mr_option *mr_settings_find(const struct mr_option_set *set, const char *name);

/* Sets an option of the set from text unless a stronger origin has set it. */
enum mr_code mr_settings_set(struct mr_settings *settings, const struct mr_option *option,
                             const char *text, struct mr_origin origin, struct mr_err *err);
/* A COUNTER given once more on the command line. */
void mr_settings_bump(struct mr_settings *settings, const struct mr_option *option);

/* The [options] section of each file, of which the later wins; keys that the set does not have
 * are passed over. */
enum mr_code mr_settings_apply_file(struct mr_settings *settings, const struct mr_config *config,
                                    struct mr_err *err);
enum mr_code mr_settings_finish(struct mr_settings *settings, struct mr_err *err);

/* Where an option's value came from; the option must be of the set. */
const struct mr_origin *mr_settings_origin(const struct mr_settings *settings,
                                           const struct mr_option *option);

/* Puts in front of err's message where the named option's value stood. */
void mr_settings_context(const struct mr_settings *settings, const char *name, struct mr_err *err);

#endif
