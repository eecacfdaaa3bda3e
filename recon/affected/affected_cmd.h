/* affected_cmd: the command `myrecon affected --case FILE`. */
#ifndef MR_AFFECTED_CMD_H
#define MR_AFFECTED_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_affected_command;

#endif
