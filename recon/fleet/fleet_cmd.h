/* fleet_cmd: the commands `myrecon fleet gate`, `doctor`, `plan`, `run` and `status`. */
#ifndef MR_FLEET_CMD_H
#define MR_FLEET_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_fleet_gate_command, mr_fleet_doctor_command,
    mr_fleet_plan_command, mr_fleet_run_command, mr_fleet_status_command;

#endif
