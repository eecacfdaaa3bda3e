/*
 * help: the text of --help, at most 80 columns, from the tables of the commands.
 */
#ifndef MR_HELP_H
#define MR_HELP_H

#include "core/base/strbuf.h"
#include "core/cli/cli.h"

/* `myrecon --help`: the commands; with a group (`myrecon repair --help`) only its own. */
void mr_help_overview(struct mr_command_list commands, const char *group, struct mr_strbuf *out);
/* `myrecon COMMAND --help`. */
void mr_help_command(const struct mr_command *command, struct mr_strbuf *out);
/* What it says is the option's default, or NULL. */
const char *mr_help_default(const struct mr_option *option);

#endif
