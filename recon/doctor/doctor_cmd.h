/* doctor_cmd: the command `myrecon doctor`. */
#ifndef MR_DOCTOR_CMD_H
#define MR_DOCTOR_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_doctor_command;

#endif
