/*
 * commands: every command of myrecon, in the order of the overview.
 *
 * The one list that main.c, the manual pages and the completions of shells are made of.
 * Constant; threads: any.
 */
#ifndef MR_COMMANDS_H
#define MR_COMMANDS_H

#include "core/cli/cli.h"

extern const struct mr_command_list mr_commands;

#endif
