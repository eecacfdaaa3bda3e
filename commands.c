/* commands.c: see commands.h. */
#include "commands.h"

#include "recon/affected/affected_cmd.h"
#include "recon/check/check_cmd.h"
#include "recon/config/config_cmd.h"
#include "recon/doctor/doctor_cmd.h"
#include "recon/fleet/fleet_cmd.h"
#include "recon/gate/gate_cmd.h"
#include "recon/gate/gate_config.h"
#include "recon/history/history_catch_up.h"
#include "recon/history/history_changed.h"
#include "recon/history/history_cmd.h"
#include "recon/report/report_cmd.h"
#include "repair/repair_cmd.h"
#include "snapshot/read/source_snapshot.h"
#include "snapshot/snapshot_cmd.h"

static const struct mr_command *const items[] = {
    &mr_check_command,
    &mr_affected_command,
    &mr_report_command,
    &mr_snapshot_create_command,
    &mr_snapshot_verify_command,
    &mr_snapshot_list_command,
    &mr_snapshot_restore_command,
    &mr_snapshot_rehearse_command,
    &mr_snapshot_merge_command,
    &mr_snapshot_expire_command,
    &mr_repair_plan_command,
    &mr_repair_show_command,
    &mr_repair_decide_command,
    &mr_repair_apply_command,
    &mr_repair_verify_command,
    &mr_repair_undo_command,
    &mr_repair_rehearse_command,
    &mr_gate_record_command,
    &mr_gate_check_command,
    &mr_gate_fence_command,
    &mr_gate_cutover_command,
    &mr_doctor_command,
    &mr_fleet_gate_command,
    &mr_fleet_doctor_command,
    &mr_fleet_plan_command,
    &mr_fleet_run_command,
    &mr_fleet_status_command,
    &mr_fleet_merge_command,
    &mr_fleet_report_command,
    &mr_fleet_snapshot_command,
    &mr_history_collect_command,
    &mr_history_archive_command,
    &mr_history_show_command,
    &mr_config_command,
};

static const struct mr_config_room *const rooms[] = {&mr_gate_room};

const struct mr_command_list mr_commands = {
    .items = items,
    .count = sizeof items / sizeof items[0],
    .open_snapshot = mr_source_snapshot_new,
    .read_changes = mr_history_changed_read,
    .catch_up = mr_history_catch_up,
    .rooms = {rooms, sizeof rooms / sizeof rooms[0]},
};
