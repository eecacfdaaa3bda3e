/* gate_cmd: the commands `myrecon gate record`, `gate check`, `gate fence` and `gate cutover`. */
#ifndef MR_GATE_CMD_H
#define MR_GATE_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_gate_record_command, mr_gate_check_command, mr_gate_fence_command,
    mr_gate_cutover_command;

#endif
