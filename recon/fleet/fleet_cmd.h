/* fleet_cmd: the commands of `myrecon fleet`. */
#ifndef MR_FLEET_CMD_H
#define MR_FLEET_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_fleet_gate_command, mr_fleet_doctor_command,
    mr_fleet_plan_command, mr_fleet_run_command, mr_fleet_status_command, mr_fleet_merge_command,
    mr_fleet_report_command, mr_fleet_snapshot_command;

#endif
