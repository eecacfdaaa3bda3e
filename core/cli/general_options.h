/*
 * general_options: the options that every command has, and what they set.
 *
 * A command's struct of values holds a struct mr_general_options; its option table ends
 * with MR_GENERAL_OPTIONS(struct of values, member), its finish function calls
 * mr_general_options_finish(), its run function mr_general_options_apply() before
 * anything is logged.  Commands that connect to servers add MR_LOGIN_OPTIONS, and
 * those with a result for scripts MR_JSON_OPTION.
 *
 * Texts live as long as the invocation.  Threads: one, before workers start.
 */
#ifndef MR_GENERAL_OPTIONS_H
#define MR_GENERAL_OPTIONS_H

#include <stdbool.h>

#include "core/base/log_file.h"
#include "core/base/term.h"
#include "core/cli/progress.h"
#include "core/cli/settings.h"
#include "core/db/login_opts.h"

struct mr_general_options {
    const char *config_path; /* or NULL */
    bool quiet;
    bool brief;
    unsigned verbose; /* 0, 1 or 2 */
    enum mr_progress_mode progress;
    enum mr_color_mode color;
    const char *log_file; /* or NULL; it and its format are used by log_options.h */
    enum mr_log_format log_format;
};

extern const struct mr_choice mr_general_color_modes[];
extern const struct mr_choice mr_general_log_formats[];

#define MR_CONFIG_HELP "configuration file, above /etc/myrecon.ini"
#define MR_CONFIG_NOTE "$MYRECON_CONFIG, else myrecon.ini in $XDG_CONFIG_HOME, else in ~/.config"

/* Entries of an option table; they need no comma behind. */
#define MR_GENERAL_OPTIONS(owner, member)                                                          \
    {.name = "config",                                                                             \
     .type = MR_OPTION_STRING,                                                                     \
     .offset = offsetof(owner, member.config_path),                                                \
     .arg = "FILE",                                                                                \
     .group = "General",                                                                           \
     .help = MR_CONFIG_HELP,                                                                       \
     .initial_note = MR_CONFIG_NOTE,                                                               \
     .env = "MYRECON_CONFIG",                                                                      \
     .not_in_file = true},                                                                         \
        {.name = "color",                                                                          \
         .type = MR_OPTION_CHOICE,                                                                 \
         .offset = offsetof(owner, member.color),                                                  \
         .arg = "auto|always|never",                                                               \
         .group = "General",                                                                       \
         .help = "colours; auto: on a terminal, unless NO_COLOR is set",                           \
         .initial = "auto",                                                                        \
         .env = "NO_COLOR",                                                                        \
         .env_value = "never",                                                                     \
         .choices = mr_general_color_modes},                                                       \
        {.name = "quiet",                                                                          \
         .letter = 'q',                                                                            \
         .type = MR_OPTION_FLAG,                                                                   \
         .offset = offsetof(owner, member.quiet),                                                  \
         .group = "General",                                                                       \
         .help = "only warnings and errors on stderr"},                                            \
        {.name = "brief",                                                                          \
         .type = MR_OPTION_FLAG,                                                                   \
         .offset = offsetof(owner, member.brief),                                                  \
         .group = "General",                                                                       \
         .help = "of the result only what is not clean, and its last line; with -q, too, "         \
                 "nothing at all at exit status 0"},                                               \
        {.name = "verbose",                                                                        \
         .letter = 'v',                                                                            \
         .type = MR_OPTION_COUNTER,                                                                \
         .offset = offsetof(owner, member.verbose),                                                \
         .group = "General",                                                                       \
         .help = "more detail on stderr; twice: each statement, too",                              \
         .max = 2},                                                                                \
        {.name = "log-file",                                                                       \
         .type = MR_OPTION_STRING,                                                                 \
         .offset = offsetof(owner, member.log_file),                                               \
         .arg = "FILE",                                                                            \
         .group = "General",                                                                       \
         .help = "append what is logged, with times, also with -q"},                               \
        {.name = "log-format",                                                                     \
         .type = MR_OPTION_CHOICE,                                                                 \
         .offset = offsetof(owner, member.log_format),                                             \
         .arg = "text|json",                                                                       \
         .group = "General",                                                                       \
         .help = "lines of the log file: for people, or one JSON object each",                     \
         .initial = "text",                                                                        \
         .choices = mr_general_log_formats},                                                       \
    {                                                                                              \
        .name = "progress", .type = MR_OPTION_SWITCH, .offset = offsetof(owner, member.progress),  \
        .group = "General", .help = "progress on stderr (default: on a terminal)",                 \
        .initial = "auto"                                                                          \
    }

/* field: a bool; text: what is printed then */
#define MR_JSON_OPTION(owner, field, text)                                                         \
    {                                                                                              \
        .name = "json", .type = MR_OPTION_FLAG, .offset = offsetof(owner, field),                  \
        .group = "Result", .help = (text)                                                          \
    }

/* member: a struct that has a password_command.  A command in a configuration that others may write
 * would be theirs: option files, which are looked at for that, have it. */
#define MR_PASSWORD_COMMAND_OPTION(owner, member)                                                  \
    {                                                                                              \
        .name = "password-command", .type = MR_OPTION_STRING,                                      \
        .offset = offsetof(owner, member.password_command), .arg = "COMMAND", .group = "General",  \
        .help = "run it at each login; the first line that it prints is the password",             \
        .not_in_file = true                                                                        \
    }

/* member: a struct mr_login_opts. */
#define MR_LOGIN_OPTIONS(owner, member)                                                            \
    MR_PASSWORD_COMMAND_OPTION(owner, member),                                                     \
    {                                                                                              \
        .name = "ask-password", .type = MR_OPTION_FLAG,                                            \
        .offset = offsetof(owner, member.ask_password), .group = "General",                        \
        .help = "ask on the terminal for passwords that are not given"                             \
    }

#define MR_ALLOW_REPLICA_OPTION(owner, field)                                                      \
    {                                                                                              \
        .name = "allow-replica", .type = MR_OPTION_FLAG, .offset = offsetof(owner, field),         \
        .group = "Safety",                                                                         \
        .help = "write also to a server that replicates from another one, which parts "            \
                "the two, or where that is hidden from the account",                               \
        .not_in_file = true                                                                        \
    }

/* Of quiet and verbose the one from the stronger place holds; MR_E_USAGE if both come
 * from one place. */
enum mr_code mr_general_options_finish(const struct mr_settings *settings,
                                       struct mr_general_options *options, struct mr_err *err);

/* Is nothing to be said where all is well: -q --brief, and neither --json nor --nagios?  Of any
 * command's settings. */
bool mr_general_is_silent(const struct mr_settings *settings);

/* How the command's result is to look on standard output. */
struct mr_look mr_general_look(const struct mr_general_options *options);

/* Sets the log's level and colour. */
void mr_general_options_apply(const struct mr_general_options *options);

#endif
