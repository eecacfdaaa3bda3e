/* report_cmd: the command `myrecon report`. */
#ifndef MR_REPORT_CMD_H
#define MR_REPORT_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_report_command;

#endif
