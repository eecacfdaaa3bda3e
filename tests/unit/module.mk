# A unit test is one program, linked with everything but main.c.  A test that replaces
# functions names them here: LDFLAGS_test_x := -Wl,--wrap=malloc
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)
TEST_BIN += $(UNIT_BIN)

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) $(LDFLAGS_$(@F)) -o $@ $< $(LIB) -lcmocka $(ALL_LIBS)

# Those over no_memory.h: who asks for memory.
NO_MEMORY := -Wl,--wrap=mr_arena_calloc,--wrap=mr_arena_dup,--wrap=mr_arena_strdup \
    -Wl,--wrap=mr_vec_push,--wrap=realloc

LDFLAGS_test_binlog_dump_ends := -Wl,--wrap=mr_db_binlog_open,--wrap=mr_db_binlog_next \
    -Wl,--wrap=mr_db_binlog_close
LDFLAGS_test_check_confirm := -Wl,--wrap=mr_canon -Wl,--wrap=mr_inflight_find \
    -Wl,--wrap=mr_check_main \
    -Wl,--wrap=mr_replication_position -Wl,--wrap=mr_replication_wait -Wl,--wrap=nanosleep
LDFLAGS_test_check_collation := $(LDFLAGS_test_check_confirm)
LDFLAGS_test_check_inflight := -Wl,--wrap=mr_reader_db -Wl,--wrap=mr_db_exec \
    -Wl,--wrap=mr_rowset_fetch
LDFLAGS_test_check_spill := -Wl,--wrap=mr_check_known_whole,--wrap=mr_throttle_wait \
    -Wl,--wrap=mr_rowhash_digest,--wrap=mr_reader_scan \
    -Wl,--wrap=mr_progress_add,--wrap=mr_progress_add_done \
    -Wl,--wrap=mr_findings_table_clear,--wrap=mr_findings_save
LDFLAGS_test_case_merge_replaced := -Wl,--wrap=mr_findings_objects
LDFLAGS_test_canon := -Wl,--wrap=mr_db_query,--wrap=mr_db_server
LDFLAGS_test_gate_channels := -Wl,--wrap=mr_db_query_text,--wrap=mr_db_server \
    -Wl,--wrap=mr_db_query,--wrap=mr_result_next,--wrap=mr_result_columns \
    -Wl,--wrap=mr_result_column_name,--wrap=mr_result_free
LDFLAGS_test_grants := -Wl,--wrap=mr_db_query,--wrap=mr_db_query_text,--wrap=mr_db_server \
    -Wl,--wrap=mr_result_next,--wrap=mr_result_free,--wrap=mr_db_label,--wrap=mr_log_warning
LDFLAGS_test_history_catch_up := -Wl,--wrap=mr_evidence_collection_find,--wrap=mr_history_collect_on
LDFLAGS_test_history_left_out := -Wl,--wrap=mr_db_open,--wrap=mr_db_close,--wrap=mr_db_server \
    -Wl,--wrap=mr_log_filters_read,--wrap=mr_replica_status_open,--wrap=mr_replica_status_next \
    -Wl,--wrap=mr_replica_status_close,--wrap=mr_result_column_named,--wrap=mr_history_scan_gap
LDFLAGS_test_history_reuse := -Wl,--wrap=mr_shared_gtids_look,--wrap=mr_shared_split_find \
    -Wl,--wrap=mr_log_warning
LDFLAGS_test_intern := -Wl,--wrap=calloc
LDFLAGS_test_io := -Wl,--wrap=fsync
LDFLAGS_test_outfile_fault := -Wl,--wrap=write,--wrap=fsync,--wrap=close,--wrap=openat \
    -Wl,--wrap=read,--wrap=fchmod,--wrap=fstatat,--wrap=renameat,--wrap=renameat2 \
    -Wl,--wrap=linkat,--wrap=unlinkat,--wrap=malloc,--wrap=calloc,--wrap=realloc
LDFLAGS_test_line := -Wl,--wrap=mr_clock_now_s,--wrap=mr_db_query,--wrap=mr_result_free \
    -Wl,--wrap=mr_db_say,--wrap=mr_db_is_lost,--wrap=mr_db_reconnect
LDFLAGS_test_lookup := -Wl,--wrap=dlsym,--wrap=freeaddrinfo
LDFLAGS_test_new_dir := -Wl,--wrap=flock,--wrap=renameat2
LDFLAGS_test_pair_references := -Wl,--wrap=mr_pair_try_condition
LDFLAGS_test_gate_ahead := -Wl,--wrap=mr_catalogue_has_slices,--wrap=mr_catalogue_load_as,--wrap=mr_catalogue_free \
    -Wl,--wrap=mr_gate_link_second,--wrap=mr_reader_db,--wrap=mr_reader_free
LDFLAGS_test_gate_twin := -Wl,--wrap=mr_db_query_text
LDFLAGS_test_gate_group := -Wl,--wrap=mr_db_query,--wrap=mr_db_server,--wrap=mr_result_next,--wrap=mr_result_free
LDFLAGS_test_rejoin_apply := -Wl,--wrap=mr_db_open,--wrap=mr_db_close,--wrap=mr_db_server \
    -Wl,--wrap=mr_db_label,--wrap=mr_db_query_text
LDFLAGS_test_rejoin_rows := -Wl,--wrap=mr_db_open,--wrap=mr_db_close,--wrap=mr_db_server \
    -Wl,--wrap=mr_rejoin_facts_read,--wrap=mr_shared_gtids_look,--wrap=mr_server_logs_name_rights \
    -Wl,--wrap=mr_server_logs,--wrap=mr_archive_head_ask,--wrap=mr_history_executed_read,--wrap=mr_db_query_text
LDFLAGS_test_schema_counters := -Wl,--wrap=mr_schema_greatest_of,--wrap=mr_db_is_lost
LDFLAGS_test_schema_slices := -Wl,--wrap=mr_schema_each
GTID_LOGS := -Wl,--wrap=mr_gtid_logs_open,--wrap=mr_gtid_logs_close,--wrap=mr_gtid_logs_find,--wrap=mr_gtid_logs_read
LDFLAGS_test_shared_gtids := $(GTID_LOGS)
LDFLAGS_test_shared_split := $(GTID_LOGS)
LDFLAGS_test_suspect_look := -Wl,--wrap=mr_pair_try_condition
# Tests over merge_world.h: any statement of the case may fail.
MERGE_WRAP := -Wl,--wrap=mr_case_step,--wrap=mr_case_run
$(foreach t,$(notdir $(wildcard tests/unit/test_merge_*.c)),$(eval LDFLAGS_$(t:.c=) := $(MERGE_WRAP)))
LDFLAGS_test_merge_row :=
LDFLAGS_test_merge_newer :=
LDFLAGS_test_merge_bounds += -Wl,--wrap=mr_schema_auto_increment,--wrap=mr_sequence_read
LDFLAGS_test_merge_lookup += -Wl,--wrap=mr_pair_canonise
LDFLAGS_test_merge_split += -Wl,--wrap=mr_db_query_text
LDFLAGS_test_merge_evidence += -Wl,--wrap=mr_log_warning
LDFLAGS_test_merge_still += -Wl,--wrap=mr_db_server,--wrap=mr_db_query,--wrap=mr_result_next \
    -Wl,--wrap=mr_result_columns,--wrap=mr_result_column_name,--wrap=mr_result_free \
    -Wl,--wrap=mr_log_warning
LDFLAGS_test_merge_unknown += -Wl,--wrap=mr_reseed_read,--wrap=mr_db_query_text
LDFLAGS_test_plan_select := $(MERGE_WRAP)
LDFLAGS_test_plan_conflicts := $(MERGE_WRAP) -Wl,--wrap=mr_reader_scan \
    -Wl,--wrap=mr_is_cancelled,--wrap=mr_plan_writer_open,--wrap=mr_plan_file_close
LDFLAGS_test_conflict_changes := $(MERGE_WRAP)
LDFLAGS_test_plan_decided := $(MERGE_WRAP)
LDFLAGS_test_plan_idmap := $(MERGE_WRAP)
# Those over planning_world.h: the servers.
PLANNING_WRAP := -Wl,--wrap=mr_sides_open,--wrap=mr_sides_close
LDFLAGS_test_planning := $(PLANNING_WRAP) -Wl,--wrap=mr_findings_close \
    -Wl,--wrap=mr_plan_writer_publish
LDFLAGS_test_inventory := $(NO_MEMORY)
LDFLAGS_test_fleet_gate := $(NO_MEMORY)
LDFLAGS_test_gate_shape := $(NO_MEMORY)
LDFLAGS_test_plan_show := $(NO_MEMORY)
# Those over planning_steps.h.
PLANNING_STEPS := $(PLANNING_WRAP) $(MERGE_WRAP) $(NO_MEMORY) \
    -Wl,--wrap=mr_case_heed_signals,--wrap=mr_copy_plan,--wrap=mr_findings_settings \
    -Wl,--wrap=mr_log_info,--wrap=mr_log_warning,--wrap=mr_merge_plan,--wrap=mr_merge_split_misses \
    -Wl,--wrap=mr_pair_patterns_warn,--wrap=mr_pair_sections_warn,--wrap=mr_plan_counters \
    -Wl,--wrap=mr_plan_decided_close,--wrap=mr_plan_decided_held,--wrap=mr_plan_decided_is_empty \
    -Wl,--wrap=mr_plan_decided_open,--wrap=mr_plan_decided_withdraw \
    -Wl,--wrap=mr_plan_decisions_check,--wrap=mr_plan_decisions_close \
    -Wl,--wrap=mr_plan_decisions_open,--wrap=mr_plan_file_close,--wrap=mr_plan_files_conflicts \
    -Wl,--wrap=mr_plan_files_entities,--wrap=mr_plan_files_idmap,--wrap=mr_plan_idmap_read \
    -Wl,--wrap=mr_plan_keeps,--wrap=mr_plan_lacks_add,--wrap=mr_plan_lacks_text \
    -Wl,--wrap=mr_plan_moved_warn \
    -Wl,--wrap=mr_plan_lost_check,--wrap=mr_plan_mentions,--wrap=mr_plan_packet_needed \
    -Wl,--wrap=mr_plan_parents_check,--wrap=mr_plan_refuse_binlog,--wrap=mr_plan_refuse_engines \
    -Wl,--wrap=mr_plan_refuse_hidden,--wrap=mr_plan_refuse_incomplete \
    -Wl,--wrap=mr_plan_refuse_itself,--wrap=mr_plan_refuse_names,--wrap=mr_plan_refuse_triggers \
    -Wl,--wrap=mr_plan_refuse_unseen,--wrap=mr_plan_select,--wrap=mr_plan_select_tied \
    -Wl,--wrap=mr_plan_server_describe,--wrap=mr_plan_stood_begin,--wrap=mr_plan_stood_end \
    -Wl,--wrap=mr_plan_store_begin,--wrap=mr_plan_store_conflicts,--wrap=mr_plan_store_end \
    -Wl,--wrap=mr_plan_store_open,--wrap=mr_plan_summary,--wrap=mr_plan_tables_open \
    -Wl,--wrap=mr_plan_writer_open,--wrap=mr_plan_written_note,--wrap=mr_planbook_add \
    -Wl,--wrap=mr_planbook_add_blocks,--wrap=mr_planning_add_script,--wrap=mr_planning_describe \
    -Wl,--wrap=mr_planning_publish,--wrap=mr_planning_seal,--wrap=mr_script_shape_check \
    -Wl,--wrap=mr_script_shape_conditions,--wrap=mr_script_write,--wrap=pthread_create
LDFLAGS_test_sink_behind := -Wl,--wrap=pthread_create
LDFLAGS_test_plan_scripts := -Wl,--wrap=mr_script_write,--wrap=mr_script_shape_check \
    -Wl,--wrap=mr_plan_packet_needed,--wrap=pthread_create
LDFLAGS_test_plan_rows := $(PLANNING_STEPS)
LDFLAGS_test_plan_reseed := $(PLANNING_WRAP) -Wl,--wrap=mr_plan_refuse_itself \
    -Wl,--wrap=mr_reseed_plan
LDFLAGS_test_plan_keeps := $(MERGE_WRAP)
LDFLAGS_test_plan_refuse := $(MERGE_WRAP) -Wl,--wrap=mr_db_query_text
LDFLAGS_test_plan_stood := $(MERGE_WRAP) -Wl,--wrap=mr_table_marks_read
LDFLAGS_test_plan_summary := $(MERGE_WRAP) -Wl,--wrap=mr_fingerprint_columns \
    -Wl,--wrap=mr_surroundings_read,--wrap=mr_arena_dup
LDFLAGS_test_decision_rows := $(MERGE_WRAP) -Wl,--wrap=mr_reader_scan
# Those over copy_world.h: the same, and Ctrl-C.
COPY_WRAP := $(MERGE_WRAP) -Wl,--wrap=mr_is_cancelled
COPY_WORLDS := $(shell grep -l '"copy_world.h"' tests/unit/test_copy*.c)
$(foreach t,$(COPY_WORLDS),$(eval LDFLAGS_$(basename $(notdir $t)) := $(COPY_WRAP)))
LDFLAGS_test_copy_classify += -Wl,--wrap=mr_pair_canonise
LDFLAGS_test_copy_outside += -Wl,--wrap=mr_pair_plan,--wrap=mr_source_kept
LDFLAGS_test_copy_plan += -Wl,--wrap=mr_side_view_reader,--wrap=mr_reader_free
LDFLAGS_test_copy_sequence += -Wl,--wrap=mr_reseed_read,--wrap=mr_sequence_read
LDFLAGS_test_copy_vague += -Wl,--wrap=mr_pair_canonise_parts
# Those over script_world.h: what asks TARGET.
# Those over script_world.h, of repair/script and repair/plan: what asks TARGET.
SCRIPT_WRAPS := -Wl,--wrap=mr_merge_lookup_canonise,--wrap=mr_merge_lookup_ask \
    -Wl,--wrap=mr_merge_lookup_stream,--wrap=mr_db_query_text
SCRIPT_WORLDS := $(shell grep -l '"script_world.h"' tests/unit/test_*.c)
$(foreach t,$(SCRIPT_WORLDS),$(eval LDFLAGS_$(basename $(notdir $t)) := $(SCRIPT_WRAPS)))
# Those over verify_world.h: what reads TARGET, and the file of the plan.
VERIFY_WRAP := -Wl,--wrap=mr_reader_scan,--wrap=mr_reader_fetch,--wrap=mr_db_query_text \
    -Wl,--wrap=mr_entity_file_read,--wrap=mr_rowhash_image,--wrap=mr_plan_digester_row
VERIFY_WORLDS := $(shell grep -lE '"verify_(source_)?world.h"' tests/unit/test_*.c)
$(foreach t,$(VERIFY_WORLDS),$(eval LDFLAGS_$(basename $(notdir $t)) := $(VERIFY_WRAP)))
LDFLAGS_test_verify_keyless += -Wl,--wrap=mr_is_cancelled
LDFLAGS_test_verify_lines += -Wl,--wrap=mr_verify_beside,--wrap=mr_pair_canonise,--wrap=mr_rowhash_digest \
    -Wl,--wrap=mr_verify_name_twins,--wrap=mr_is_cancelled,--wrap=mr_verify_source_rows
LDFLAGS_test_verify_open += $(NO_MEMORY) -Wl,--wrap=mr_catalogue_load,--wrap=mr_catalogue_free \
    -Wl,--wrap=mr_source_live_new,--wrap=mr_source_free,--wrap=mr_source_reader_new \
    -Wl,--wrap=mr_reader_free,--wrap=mr_reader_db,--wrap=mr_db_server,--wrap=mr_db_label \
    -Wl,--wrap=mr_fingerprint_columns,--wrap=mr_plan_image_open,--wrap=mr_rowhash_init \
    -Wl,--wrap=mr_verify_source_open,--wrap=mr_verify_source_close
LDFLAGS_test_verify_rows += -Wl,--wrap=mr_verify_open,--wrap=mr_verify_close \
    -Wl,--wrap=mr_verify_find_twice,--wrap=mr_verify_has_twice,--wrap=mr_verify_lines \
    -Wl,--wrap=mr_verify_orphans,--wrap=mr_verify_keyless,--wrap=mr_verify_blocks \
    -Wl,--wrap=mr_progress_add_total
LDFLAGS_test_verify_source += $(NO_MEMORY) -Wl,--wrap=mr_rowset_fetch,--wrap=mr_source_new \
    -Wl,--wrap=mr_source_free,--wrap=mr_source_reader_new,--wrap=mr_reader_free \
    -Wl,--wrap=mr_source_catalogue,--wrap=mr_catalogue_free,--wrap=mr_reader_db \
    -Wl,--wrap=mr_db_server,--wrap=mr_plan_image_open,--wrap=mr_rowhash_init \
    -Wl,--wrap=mr_endpoint_ask_password,--wrap=mr_log_warning
LDFLAGS_test_verify_twice += -Wl,--wrap=mr_pair_canonise

# What the script of snap_world.h answers, and what it has no threads for.
SNAP_WORLD_WRAP := -Wl,--wrap=mr_db_query,--wrap=mr_db_query_text,--wrap=mr_db_exec,--wrap=mr_db_use \
    -Wl,--wrap=mr_db_say \
    -Wl,--wrap=mr_db_server,--wrap=mr_db_is_lost,--wrap=mr_db_label \
    -Wl,--wrap=mr_db_open,--wrap=mr_db_close \
    -Wl,--wrap=mr_result_next,--wrap=mr_result_columns,--wrap=mr_result_column_name \
    -Wl,--wrap=mr_result_free
SNAP_WORLD_POOL := -Wl,--wrap=mr_pool_new,--wrap=mr_pool_add,--wrap=mr_pool_run \
    -Wl,--wrap=mr_pool_free
SNAP_WORLD_CATALOGUE := -Wl,--wrap=mr_catalogue_load,--wrap=mr_catalogue_free
RESTORE_WORLD := $(SNAP_WORLD_WRAP) $(SNAP_WORLD_CATALOGUE)
LDFLAGS_test_restore_clash := $(RESTORE_WORLD) -Wl,--wrap=mr_grants_load \
    -Wl,--wrap=mr_unseen_check,--wrap=mr_unseen_warn
LDFLAGS_test_restore_aside := $(RESTORE_WORLD)
LDFLAGS_test_restore_collation := $(RESTORE_WORLD)
LDFLAGS_test_restore_keyless := $(RESTORE_WORLD)
LDFLAGS_test_restore_lock := $(RESTORE_WORLD) \
    -Wl,--wrap=mr_clock_now_s,--wrap=usleep,--wrap=mr_is_cancelled
LDFLAGS_test_restore_target := $(RESTORE_WORLD)
LDFLAGS_test_restore_fit := $(RESTORE_WORLD) -Wl,--wrap=mr_snap_read_statement
LDFLAGS_test_restore_loss := $(RESTORE_WORLD) -Wl,--wrap=mr_snap_read_statement
LDFLAGS_test_restore_dry := $(RESTORE_WORLD) -Wl,--wrap=mr_snap_catalogue_load \
    -Wl,--wrap=mr_snap_read_statement
LDFLAGS_test_restore_only := $(RESTORE_WORLD) -Wl,--wrap=mr_snap_catalogue_load \
    -Wl,--wrap=mr_snap_find_file
LDFLAGS_test_restore_rename := $(RESTORE_WORLD)
LDFLAGS_test_restore_keys := $(RESTORE_WORLD) -Wl,--wrap=mr_snap_read_statement
LDFLAGS_test_restore_target := $(RESTORE_WORLD) -Wl,--wrap=mr_snap_read_statement \
    -Wl,--wrap=mr_bulk_is_there
LDFLAGS_test_restore_bulk := $(RESTORE_WORLD) -Wl,--wrap=mr_bulk_is_there
LDFLAGS_test_restore_schema := $(RESTORE_WORLD) -Wl,--wrap=mr_snap_read_statement
LDFLAGS_test_restore_load := $(RESTORE_WORLD) $(SNAP_WORLD_POOL) \
    -Wl,--wrap=mr_snap_text_open,--wrap=mr_snap_text_feed,--wrap=mr_snap_text_close \
    -Wl,--wrap=mr_snap_rows_open,--wrap=mr_snap_rows_next,--wrap=mr_snap_rows_close \
    -Wl,--wrap=mr_db_load,--wrap=mr_throttle_wait \
    -Wl,--wrap=mr_bulk_open,--wrap=mr_bulk_add,--wrap=mr_bulk_is_full,--wrap=mr_bulk_send \
    -Wl,--wrap=mr_bulk_row_bytes_max,--wrap=mr_bulk_close,--wrap=mr_is_cancelled
LDFLAGS_test_restore_fast := $(RESTORE_WORLD) -Wl,--wrap=mr_grants_load \
    -Wl,--wrap=mr_grants_account,--wrap=mr_grants_free,--wrap=mr_grants_global \
    -Wl,--wrap=mr_grants_lists_dbs,--wrap=mr_replication_below
LDFLAGS_test_restore_index := $(RESTORE_WORLD) -Wl,--wrap=mr_snap_read_statement
LDFLAGS_test_restore_check := $(RESTORE_WORLD) $(SNAP_WORLD_POOL) \
    -Wl,--wrap=mr_snap_rows_open,--wrap=mr_snap_rows_next,--wrap=mr_snap_rows_close \
    -Wl,--wrap=mr_source_live_new
LDFLAGS_test_restore_run := $(RESTORE_WORLD) \
    -Wl,--wrap=mr_restore_find_fast,--wrap=mr_restore_begin_fast,--wrap=mr_restore_end_fast \
    -Wl,--wrap=mr_restore_target,--wrap=mr_restore_before,--wrap=mr_restore_load \
    -Wl,--wrap=mr_restore_drop_aside,--wrap=mr_restore_after,--wrap=mr_restore_check \
    -Wl,--wrap=mr_restore_events,--wrap=mr_restore_end,--wrap=mr_restore_dry \
    -Wl,--wrap=mr_snap_open,--wrap=mr_snap_require_signer,--wrap=mr_snap_unlock \
    -Wl,--wrap=mr_snap_check_names,--wrap=mr_snap_check_manifest,--wrap=mr_snap_check_file \
    -Wl,--wrap=mr_snap_check_places,--wrap=mr_replication_refuse,--wrap=mr_throttle_new \
    -Wl,--wrap=mr_writable_require,--wrap=mr_binlog_off
LDFLAGS_test_route := $(SNAP_WORLD_WRAP)
LDFLAGS_test_binlog_off := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_grants_load \
    -Wl,--wrap=mr_grants_account,--wrap=mr_grants_free
LDFLAGS_test_writable := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_grants_load,--wrap=mr_grants_global
LDFLAGS_test_view_mark := $(SNAP_WORLD_WRAP)
LDFLAGS_test_view_log := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_replication_sources
# Those over side_world.h: a server by script.
LDFLAGS_test_side_column := $(SNAP_WORLD_WRAP)
LDFLAGS_test_side_sample := $(SNAP_WORLD_WRAP)
LDFLAGS_test_fingerprint := $(SNAP_WORLD_WRAP)
LDFLAGS_test_unseen := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_grants_reads_all \
    -Wl,--wrap=mr_grants_global,--wrap=mr_grants_account
# What a world without servers replaces (check_world.h).
CHECK_WORLD := -Wl,--wrap=mr_db_query,--wrap=mr_db_query_text,--wrap=mr_result_next \
    -Wl,--wrap=mr_result_free,--wrap=mr_db_server,--wrap=mr_db_is_lost,--wrap=mr_canon \
    -Wl,--wrap=mr_pair_try_condition
CHECK_WORLDS := $(shell grep -lE '"check_(world|server).h"' tests/unit/test_*.c)
$(foreach t,$(CHECK_WORLDS),$(eval LDFLAGS_$(basename $(notdir $t)) := $(CHECK_WORLD)))
LDFLAGS_test_check_wait += -Wl,--wrap=mr_throttle_wait_holding
LDFLAGS_test_check_page := -Wl,--wrap=mr_throttle_wait_holding
LDFLAGS_test_check += -Wl,--wrap=mr_clock_now_s,--wrap=nanosleep
# two sides at once, in the tests one after the other (in_turn.h)
IN_TURN := -Wl,--wrap=mr_abreast
LDFLAGS_test_check_run += $(IN_TURN)
LDFLAGS_test_check_objects += $(IN_TURN)
LDFLAGS_test_check_objects += -Wl,--wrap=mr_catalogue_read_shown,--wrap=mr_check_settle
LDFLAGS_test_check_run += -Wl,--wrap=mr_table_marks_read,--wrap=mr_inflight_find \
    -Wl,--wrap=mr_catalogue_read_shown,--wrap=mr_check_suspects,--wrap=mr_check_lineage \
    -Wl,--wrap=mr_log_place_read,--wrap=mr_log_habits_read
LDFLAGS_test_check_cmd += -Wl,--wrap=mr_db_global_init,--wrap=mr_check_sides_open \
    -Wl,--wrap=mr_sides_close,--wrap=mr_sides_pair_dbs,--wrap=mr_check_same,--wrap=mr_check_plan \
    -Wl,--wrap=mr_pair_sections_warn,--wrap=mr_pair_patterns_warn,--wrap=mr_check_relate \
    -Wl,--wrap=mr_throttle_new,--wrap=mr_check_execute,--wrap=mr_check_places_keep \
    -Wl,--wrap=mr_check_places_end
LDFLAGS_test_table_marks += -Wl,--wrap=mr_db_server,--wrap=mr_db_query,--wrap=mr_result_next \
    -Wl,--wrap=mr_result_free
LDFLAGS_test_check_marks += -Wl,--wrap=mr_table_marks_read,--wrap=mr_db_reconnect
LDFLAGS_test_check_settle += -Wl,--wrap=mr_replication_position,--wrap=mr_replication_history \
    -Wl,--wrap=mr_replication_wait,--wrap=mr_replication_confirm,--wrap=mr_db_reconnect \
    -Wl,--wrap=mr_clock_now_s,--wrap=nanosleep
LDFLAGS_test_check_sides += -Wl,--wrap=mr_line_measure,--wrap=mr_line_trip,--wrap=mr_db_reconnect \
    -Wl,--wrap=mr_sides_open,--wrap=mr_db_compress,--wrap=mr_db_can_compress
LDFLAGS_test_check_relate := $(CHECK_WORLD) -Wl,--wrap=mr_replication_relation \
    -Wl,--wrap=mr_replication_behind,--wrap=mr_replication_history \
    -Wl,--wrap=mr_replication_wait,--wrap=mr_replication_confirm
LDFLAGS_test_create_identity := $(SNAP_WORLD_WRAP)
LDFLAGS_test_create_unlock := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_clock_now_s \
    -Wl,--wrap=mr_create_numbers_read,--wrap=mr_create_is_unchanged \
    -Wl,--wrap=mr_schema_auto_increment,--wrap=mr_schema_greatest_of,--wrap=mr_throttle_wait_holding
LDFLAGS_test_merge_ids += -Wl,--wrap=mr_reseed_read,--wrap=mr_reseed_partition_limit \
    -Wl,--wrap=mr_db_query_text,--wrap=mr_sequence_read,--wrap=mr_side_greatest_within
LDFLAGS_test_merge_suspects += -Wl,--wrap=mr_suspect_look_open,--wrap=mr_suspect_look_release \
    -Wl,--wrap=mr_suspect_look_begin,--wrap=mr_suspect_look_row,--wrap=mr_suspect_look_tail \
    -Wl,--wrap=mr_suspect_look_end,--wrap=mr_plan_suspects_by_name,--wrap=mr_plan_suspects_refuse
LDFLAGS_test_merge_decide += -Wl,--wrap=mr_merge_suspects,--wrap=mr_reseed_read \
    -Wl,--wrap=mr_reseed_partition_limit,--wrap=mr_db_query_text,--wrap=mr_schema_auto_increment
LDFLAGS_test_plan_closure := -Wl,--wrap=mr_reader_db,--wrap=mr_db_query \
    -Wl,--wrap=mr_result_next,--wrap=mr_result_free
LDFLAGS_test_plan_gone := -Wl,--wrap=mr_reader_probe
LDFLAGS_test_plan_server := -Wl,--wrap=mr_reader_db,--wrap=mr_replication_sources
LDFLAGS_test_plan_tables := -Wl,--wrap=mr_reader_db
LDFLAGS_test_plan_column_rules := -Wl,--wrap=mr_reader_db
LDFLAGS_test_plan_suspects := -Wl,--wrap=mr_side_sample
LDFLAGS_test_create_chunk := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_snap_dir_free_bytes \
    -Wl,--wrap=mr_throttle_wait_holding
LDFLAGS_test_create_scan := $(SNAP_WORLD_WRAP) $(SNAP_WORLD_POOL) -Wl,--wrap=mr_create_hold \
    -Wl,--wrap=mr_create_unlock,--wrap=mr_create_wait,--wrap=mr_throttle_wait_holding \
    -Wl,--wrap=mr_create_chunk_begin,--wrap=mr_journal_file_find
LDFLAGS_test_create_finish := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_create_numbers_read \
    -Wl,--wrap=mr_schema_reload_table,--wrap=mr_table_read_create,--wrap=mr_create_identify \
    -Wl,--wrap=mr_create_is_unchanged,--wrap=mr_create_true_read,--wrap=mr_create_true_text \
    -Wl,--wrap=mr_schema_auto_increment,--wrap=mr_snap_schema_write_table \
    -Wl,--wrap=mr_snap_schema_objects,--wrap=mr_snap_catalogue_write,--wrap=mr_snap_script_sql \
    -Wl,--wrap=mr_snap_dir_publish,--wrap=mr_throttle_wait_holding
LDFLAGS_test_create_true := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_create_zone_ask \
    -Wl,--wrap=mr_create_zone_ask_index
LDFLAGS_test_create_zone := $(SNAP_WORLD_WRAP)
LDFLAGS_test_create_throttle := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_throttle_new
LDFLAGS_test_pace := -Wl,--wrap=mr_clock_now_s,--wrap=usleep,--wrap=mr_is_cancelled
LDFLAGS_test_create_case := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_create_hold \
    -Wl,--wrap=mr_create_wait,--wrap=mr_throttle_wait_holding
LDFLAGS_test_create_plan := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_create_numbers_read \
    -Wl,--wrap=mr_create_identify,--wrap=mr_create_true_read,--wrap=mr_schema_probe
LDFLAGS_test_snap_view := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_clock_now_s,--wrap=usleep \
    -Wl,--wrap=mr_is_cancelled,--wrap=mr_view_mark_read,--wrap=mr_view_log_look \
    -Wl,--wrap=mr_view_commits_look,--wrap=mr_view_position_within \
    -Wl,--wrap=mr_view_position_now,--wrap=mr_view_position_purged,--wrap=mr_view_position_name \
    -Wl,--wrap=mr_view_position_step_back,--wrap=mr_db_send,--wrap=mr_db_receive \
    -Wl,--wrap=mr_db_require_server,--wrap=mr_source_reader_new,--wrap=mr_reader_free
LDFLAGS_test_snap_objects := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_grants_hidden \
    -Wl,--wrap=mr_grants_lists_tables,--wrap=mr_grants_lists_dbs,--wrap=mr_grants_needed \
    -Wl,--wrap=mr_grants_needed_names,--wrap=mr_grants_account
LDFLAGS_test_create_run := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_line_measure \
    -Wl,--wrap=mr_db_compress,--wrap=mr_db_can_compress \
    -Wl,--wrap=mr_source_compress,--wrap=mr_create_case_open \
    -Wl,--wrap=mr_create_open_throttle,--wrap=mr_create_sweep,--wrap=mr_create_scan \
    -Wl,--wrap=mr_create_finish,--wrap=mr_create_plan,--wrap=mr_create_goes_on \
    -Wl,--wrap=mr_snap_dir_begin,--wrap=mr_snap_dir_free_bytes,--wrap=mr_journal_file_open \
    -Wl,--wrap=mr_recipient_load,--wrap=mr_recipient_describe,--wrap=mr_recipient_free \
    -Wl,--wrap=mr_source_live_new,--wrap=mr_catalogue_load,--wrap=mr_catalogue_free \
    -Wl,--wrap=mr_catalogue_read_creates,--wrap=mr_grants_load,--wrap=mr_snap_views_open \
    -Wl,--wrap=mr_snap_views_close,--wrap=mr_reader_keeps_locks
# Those over apply_world.h.
APPLY_WORLD := $(SNAP_WORLD_WRAP) -Wl,--wrap=mr_log_warning,--wrap=mr_log_info \
    -Wl,--wrap=mr_log_detail,--wrap=mr_db_say,--wrap=mr_db_reconnect,--wrap=mr_clock_now_s \
    -Wl,--wrap=usleep,--wrap=mr_is_cancelled,--wrap=mr_replication_refuse \
    -Wl,--wrap=mr_counter_read
APPLY_TESTS := $(shell grep -l '"apply_world.h"' tests/unit/test_*.c)
$(foreach t,$(APPLY_TESTS),$(eval LDFLAGS_$(basename $(notdir $t)) += $(APPLY_WORLD)))
LDFLAGS_test_peers += -Wl,--wrap=mr_replication_relation,--wrap=mr_replication_lag \
    -Wl,--wrap=mr_replication_position,--wrap=mr_replication_wait
LDFLAGS_test_reseed_apply += -Wl,--wrap=mr_peers_wait,--wrap=mr_peers_lowest \
    -Wl,--wrap=mr_reseed_insert_check,--wrap=mr_reseed_insert,--wrap=mr_blockers_find
LDFLAGS_test_reseed_insert += -Wl,--wrap=mr_schema_reload_table
LDFLAGS_test_apply_aside += -Wl,--wrap=mr_db_exec
LDFLAGS_test_apply_case += -Wl,--wrap=mr_case_run,--wrap=mr_case_commit
LDFLAGS_test_apply_plan += -Wl,--wrap=mr_apply_check_rights,--wrap=mr_apply_check_columns \
    -Wl,--wrap=mr_apply_check_around,--wrap=mr_apply_check_unseen,--wrap=mr_apply_check_gtid \
    -Wl,--wrap=mr_apply_check_blocks,--wrap=mr_apply_check_session,--wrap=mr_undo_triggers_check \
    -Wl,--wrap=mr_apply_case_open,--wrap=mr_apply_case_check_later,--wrap=mr_apply_case_begin \
    -Wl,--wrap=mr_apply_case_check_sums \
    -Wl,--wrap=mr_apply_case_end,--wrap=mr_apply_case_journal,--wrap=mr_apply_case_close \
    -Wl,--wrap=mr_script_shape_new,--wrap=mr_script_shape_fits,--wrap=mr_rehearse_skip \
    -Wl,--wrap=mr_script_shape_check,--wrap=mr_native_check,--wrap=mr_apply_units_run
# What reseed_world.h answers.
RESEED_WORLD := -Wl,--wrap=mr_db_query,--wrap=mr_db_query_text,--wrap=mr_result_next \
    -Wl,--wrap=mr_result_free,--wrap=mr_db_server,--wrap=mr_db_is_lost \
    -Wl,--wrap=mr_schema_auto_increment,--wrap=mr_replication_sources
RESEED_WORLDS := $(shell grep -l '"reseed_world.h"' tests/unit/test_*.c)
$(foreach t,$(RESEED_WORLDS),$(eval LDFLAGS_$(basename $(notdir $t)) := $(RESEED_WORLD)))
LDFLAGS_test_objects_counters += $(IN_TURN)
