/*
 * help: the text of --help, from the tables of the commands.  Examples stand as they are written,
 * at most 80 columns wide.
 */
#ifndef MR_HELP_H
#define MR_HELP_H

#include "core/base/strbuf.h"
#include "core/cli/cli.h"

/* Columns that the help may have on standard output: $COLUMNS, else the terminal's, else 80; from 40
 * to 120. */
unsigned mr_help_width(void);

/* `myrecon --help`: the commands; with a group (`myrecon repair --help`) only its own. */
void mr_help_overview(struct mr_command_list commands, const char *group, unsigned width,
                      struct mr_strbuf *out);
/* `myrecon COMMAND --help`. */
void mr_help_command(const struct mr_command *command, unsigned width, struct mr_strbuf *out);
/* What it says is the option's default, or NULL. */
const char *mr_help_default(const struct mr_option *option);

#endif
