/* gate_cmd: the commands `myrecon gate record` and `myrecon gate check`. */
#ifndef MR_GATE_CMD_H
#define MR_GATE_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_gate_record_command, mr_gate_check_command;

#endif
