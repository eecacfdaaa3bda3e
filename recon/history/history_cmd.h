/* history_cmd: the commands `myrecon history …`, for commands.c. */
#ifndef MR_HISTORY_CMD_H
#define MR_HISTORY_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_history_collect_command;
extern const struct mr_command mr_history_archive_command;
extern const struct mr_command mr_history_show_command;

#endif
