/* snapshot_cmd: the commands `myrecon snapshot create|verify|list|restore|rehearse|expire`. */
#ifndef MR_SNAPSHOT_CMD_H
#define MR_SNAPSHOT_CMD_H

#include "core/cli/cli.h"

extern const struct mr_command mr_snapshot_create_command, mr_snapshot_verify_command,
    mr_snapshot_list_command, mr_snapshot_restore_command, mr_snapshot_rehearse_command,
    mr_snapshot_merge_command, mr_snapshot_expire_command;

#endif
