/*
 * cli: commands, and the command line that asks for one.
 *
 * A command has one word or two (`repair plan`), which share the first as a group.
 * The line is `myrecon COMMAND [OPTIONS and operands, mixed]`.  `--opt value` and
 * `--opt=value` are the same, letters may be joined (-vv), `--` ends the options, `-`
 * is an operand.  Names are exact: an abbreviation is refused, with the name it is near
 * to. A value given twice is an error where the option is not a list.
 *
 * Calling sequence: mr_cli_parse(), then by `request`: print help or version, or
 * mr_cli_configure() and command->run(); at the end mr_cli_release().
 *
 * Ownership: the invocation copies every argument first, so argv may be overwritten
 * (passwords) as soon as mr_cli_parse() has returned; copies live until release.
 * Errors: MR_E_USAGE with a hint; MR_E_CONFIG with file:line from mr_cli_configure().
 * No message ever shows the password of a URI.
 */
#ifndef MR_CLI_H
#define MR_CLI_H

#include "core/base/arena.h"
#include "core/cli/config.h"
#include "core/cli/settings.h"
#include "core/source/sides.h"
#include "core/source/source.h"

struct mr_invocation;
struct mr_catch_up;
struct mr_changes;

/* What --help and the man page say of a command. */
struct mr_command_doc {
    const char *summary;     /* one line for the list of commands */
    const char *operands;    /* "SOURCE TARGET", or "" */
    const char *description; /* paragraphs; each is wrapped, an empty line between them */
    const char *examples;    /* printed as it stands, lines indented by two blanks */
};

struct mr_command {
    const char *name;
    const struct mr_command_doc *doc;
    const struct mr_option_set *options;
    size_t min_operands, max_operands;
    bool is_to_show; /* does nothing but show something: -q --brief silences it never */
    /* The hint where the result cannot be written: what stands all the same.  NULL: nothing. */
    const char *unheard;
    /* On MR_OK *exit_code is the process's; else the error decides. */
    enum mr_code (*run)(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err);
};

struct mr_command_list {
    const struct mr_command *const *items;
    size_t count;
    mr_source_open_fn *open_snapshot; /* what commands read snapshots with */
    /* … and what binary logs say of rows: mr_changes_read_fn (core/pair/changes.h) */
    enum mr_code (*read_changes)(struct mr_changes *changes, enum mr_side side, struct mr_err *err);
    /* … and bring what a case knows of them up to now with: mr_catch_up_fn (core/case/catch_up.h) */
    enum mr_code (*catch_up)(struct mr_catch_up *catch_up, struct mr_err *err);
    struct mr_config_rooms rooms; /* sections of the configuration that a room reads */
};

enum mr_cli_request {
    MR_CLI_RUN = 1,
    MR_CLI_HELP, /* of the command, else of the group, else of myrecon */
    MR_CLI_VERSION
};

struct mr_invocation {
    enum mr_cli_request request;
    const struct mr_command *command;
    const char *group;               /* of MR_CLI_HELP: first word of the commands meant, or NULL */
    struct mr_command_list commands; /* all of them */
    struct mr_settings settings;     /* values: the command's struct */
    const char *const *operands;
    size_t noperands;
    struct mr_config *config; /* never NULL in run() */
    struct mr_arena arena;
};

enum mr_code mr_cli_parse(struct mr_invocation *invocation, struct mr_command_list commands,
                          int argc, char *const *argv, struct mr_err *err);
/* Loads the configuration file, applies it, finishes the settings. */
enum mr_code mr_cli_configure(struct mr_invocation *invocation, struct mr_err *err);
void mr_cli_release(struct mr_invocation *invocation);

/* Is that the first of the command's two words? */
bool mr_cli_in_group(const struct mr_command *command, const char *group);

/* Every key of [options] must be an option of some command that allows it. */
enum mr_code mr_cli_check_file(struct mr_command_list commands, const struct mr_config *config,
                               struct mr_err *err);

/* --help and --version, which every command has. */
extern const struct mr_option mr_cli_builtin[];
extern const size_t mr_cli_builtin_count;

#endif
