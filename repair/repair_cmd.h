/* repair_cmd: the commands `myrecon repair plan|show|decide|apply|verify|undo|rehearse`. */
#ifndef MR_REPAIR_CMD_H
#define MR_REPAIR_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_repair_plan_command, mr_repair_show_command,
    mr_repair_apply_command, mr_repair_verify_command, mr_repair_undo_command,
    mr_repair_rehearse_command, mr_repair_decide_command;

#endif
