/*
 * config_cmd: `myrecon config`, which shows every effective setting and where it came
 * from.
 *
 * It works from the tables of all commands (invocation->commands), so that a setting
 * that a command has is never missing here.  Nothing is connected to.  Passwords found
 * in the environment are named, never shown.
 */
#ifndef MR_CONFIG_CMD_H
#define MR_CONFIG_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_config_command;

#endif
