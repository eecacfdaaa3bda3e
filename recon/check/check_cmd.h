/* check_cmd: the command `myrecon check SOURCE TARGET`. */
#ifndef MR_CHECK_CMD_H
#define MR_CHECK_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_check_command;

#endif
