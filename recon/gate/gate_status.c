/* gate_status.c: a server's identity, settings and load; see gate_collect.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/run_id.h"
#include "core/base/vec.h"
#include "core/db/server_disk.h"
#include "recon/gate/gate_channels.h"
#include "recon/gate/gate_collect.h"
#include "recon/gate/gate_group.h"
#include "recon/gate/gate_log.h"

/* Name and value, as SHOW VARIABLES and SHOW STATUS give them. */
struct pairs {
    struct mr_vec items; /* struct mr_gate_variable */
};

/* Settings of which a change changes results, durability, replication or limits. */
static const char *const kept_variables[] = {
    "sql_mode",
    "time_zone",
    "system_time_zone",
    "character_set_server",
    "collation_server",
    "default_storage_engine",
    "explicit_defaults_for_timestamp",
    "lower_case_table_names",
    "transaction_isolation",
    "tx_isolation",
    "log_bin",
    "binlog_format",
    "binlog_row_image",
    "binlog_row_metadata",
    "binlog_expire_logs_seconds",
    "binlog_expire_logs_auto_purge",
    "expire_logs_days",
    "max_binlog_total_size",
    "binlog_space_limit",
    "log_slave_updates",
    "log_replica_updates",
    "sync_binlog",
    "innodb_flush_log_at_trx_commit",
    "innodb_doublewrite",
    "gtid_mode",
    "enforce_gtid_consistency",
    "gtid_strict_mode",
    "gtid_domain_id",
    "auto_increment_increment",
    "auto_increment_offset",
    "event_scheduler",
    "foreign_key_checks",
    "max_allowed_packet",
    "innodb_buffer_pool_size",
    "innodb_lock_wait_timeout",
    "wait_timeout",
    "require_secure_transport",
    "local_infile",
    "innodb_read_only",
    "innodb_force_recovery",
    "transaction_read_only",
    "tx_read_only",
    "offline_mode",
};

static const char *pair_value(const struct pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->items.count; i++) {
        const struct mr_gate_variable *pair = mr_vec_at(&pairs->items, i);
        if (strcasecmp(pair->name, name) == 0)
            return pair->value;
    }
    return NULL;
}

static uint64_t pair_number(const struct pairs *pairs, const char *name)
{
    const char *value = pair_value(pairs, name);
    return value != NULL ? strtoull(value, NULL, 10) : 0;
}

static bool is_on(const char *value)
{
    return value != NULL && (strcasecmp(value, "ON") == 0 || strcmp(value, "1") == 0 ||
                             strcasecmp(value, "YES") == 0);
}

/* Some servers know stricter values than ON. */
static bool is_not_off(const char *value)
{
    return value != NULL && strcasecmp(value, "OFF") != 0 && strcmp(value, "0") != 0;
}

static enum mr_code read_pairs(const struct mr_gate_task *task, const char *sql,
                               struct pairs *pairs, struct mr_err *err)
{
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    enum mr_code code = mr_db_query(task->link->db, "vn", sql, strlen(sql), &res, err);
    while (code == MR_OK && (row = mr_result_next(res)) != NULL) {
        struct mr_gate_variable *pair = mr_vec_push(&pairs->items);
        if (pair != NULL) {
            pair->name = mr_arena_strdup(task->arena, row[0].ptr);
            pair->value = mr_arena_strdup(task->arena, row[1].ptr != NULL ? row[1].ptr : "");
        }
        if (pair == NULL || pair->name == NULL || pair->value == NULL)
            code = mr_err_nomem(err, "reading a server's settings");
    }
    mr_result_free(res);
    return code;
}

static enum mr_code keep_variables(const struct mr_gate_task *task, const struct pairs *variables,
                                   struct mr_gate_facts *facts, struct mr_err *err)
{
    const size_t most = sizeof kept_variables / sizeof *kept_variables;
    struct mr_gate_variable *kept = mr_arena_calloc(task->arena, most, sizeof *kept);
    if (kept == NULL)
        return mr_err_nomem(err, "reading a server's settings");
    facts->variables = kept;
    for (size_t i = 0; i < most; i++) {
        const char *value = pair_value(variables, kept_variables[i]);
        if (value != NULL)
            kept[facts->nvariables++] = (struct mr_gate_variable){kept_variables[i], value};
    }
    return MR_OK;
}

/* Either spelling. */
static const char *either(const struct pairs *pairs, const char *old, const char *new)
{
    const char *value = pair_value(pairs, new);
    return value != NULL ? value : pair_value(pairs, old);
}

static void take_semi_sync(const struct pairs *variables, const struct pairs *status,
                           struct mr_gate_facts *facts)
{
    const char *wanted =
        either(variables, "rpl_semi_sync_master_enabled", "rpl_semi_sync_source_enabled");
    const char *clients =
        either(status, "Rpl_semi_sync_master_clients", "Rpl_semi_sync_source_clients");
    facts->semi_sync_known = wanted != NULL;
    facts->semi_sync_wanted = is_on(wanted);
    facts->semi_sync_on =
        is_on(either(status, "Rpl_semi_sync_master_status", "Rpl_semi_sync_source_status"));
    facts->semi_sync_clients = clients != NULL ? strtoull(clients, NULL, 10) : 0;
}

static const char *text_of(const struct pairs *pairs, const char *name)
{
    const char *value = pair_value(pairs, name);
    return value != NULL ? value : "";
}

/* A server with wsrep_on and no provider is alone, and replicates nothing. */
static void take_cluster(const struct pairs *variables, const struct pairs *status,
                         struct mr_gate_facts *facts)
{
    const char *provider = text_of(variables, "wsrep_provider");
    struct mr_gate_cluster *c = &facts->cluster;
    *c = (struct mr_gate_cluster){.uuid = "", .component = "", .state = ""};
    c->is_member = is_on(pair_value(variables, "wsrep_on")) && provider[0] != '\0' &&
                   strcmp(provider, "none") != 0;
    if (!c->is_member)
        return;
    c->uuid = text_of(status, "wsrep_cluster_state_uuid");
    c->component = text_of(status, "wsrep_cluster_status");
    c->state = text_of(status, "wsrep_local_state_comment");
    c->size = pair_number(status, "wsrep_cluster_size");
    c->is_ready = is_on(pair_value(status, "wsrep_ready"));
    c->is_paused = strcasecmp(text_of(status, "wsrep_flow_control_active"), "true") == 0;
    c->paused = strtod(text_of(status, "wsrep_flow_control_paused"), NULL);
    c->queue = pair_number(status, "wsrep_local_recv_queue");
}

static void take_load(const struct pairs *variables, const struct pairs *status,
                      struct mr_gate_facts *facts)
{
    facts->read_only = is_not_off(pair_value(variables, "read_only"));
    facts->super_read_only = is_on(pair_value(variables, "super_read_only"));
    facts->max_connections = pair_number(variables, "max_connections");
    facts->connected = pair_number(status, "Threads_connected");
    facts->running = pair_number(status, "Threads_running");
    facts->most_connected = pair_number(status, "Max_used_connections");
    facts->uptime_s = pair_number(status, "Uptime");
}

static enum mr_code take_started(struct mr_gate_facts *facts, struct mr_arena *arena,
                                 struct mr_err *err)
{
    char text[32] = "";
    struct tm tm;
    time_t started = time(NULL) - (time_t)facts->uptime_s;
    if (gmtime_r(&started, &tm) != NULL)
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    facts->started = mr_arena_strdup(arena, text);
    return facts->started != NULL ? MR_OK : mr_err_nomem(err, "reading a server");
}

/* MariaDB tells everybody; MySQL only who has PROCESS. */
static enum mr_code read_history(const struct mr_gate_task *task, const struct pairs *status,
                                 struct mr_gate_facts *facts, struct mr_err *err)
{
    static const char sql[] = "SELECT COUNT FROM information_schema.INNODB_METRICS "
                              "WHERE NAME = 'trx_rseg_history_len' AND STATUS = "
                              "'enabled'";
    struct mr_strbuf found = MR_STRBUF_INIT;
    struct mr_err why = {0};
    if (pair_value(status, "Innodb_history_list_length") != NULL) {
        facts->history.seen = MR_GATE_SEEN;
        facts->history_length = pair_number(status, "Innodb_history_list_length");
        return MR_OK;
    }
    enum mr_code code = mr_db_query_text(task->link->db, sql, &found, &why);
    if (code == MR_OK && found.len == 0) /* a counter that is off stands still */
        code = mr_err_set(&why, MR_E_NO_SUCH,
                          "the counter trx_rseg_history_len is off "
                          "(innodb_monitor_enable)");
    facts->history = mr_gate_link_view(task->link, code, &why, "PROCESS", "*.*", task->arena);
    facts->history_length = strtoull(found.ptr, NULL, 10);
    mr_strbuf_release(&found);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

/* ---- sessions ---- */

/* Without PROCESS an account sees its own sessions only, without an error; this
 * statement says so. */
static enum mr_code read_sessions_view(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                                       struct mr_err *err)
{
    struct mr_strbuf found = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = mr_db_query_text(
        task->link->db, "SELECT COUNT(*) FROM information_schema.INNODB_TRX", &found, &why);
    mr_strbuf_release(&found);
    facts->sessions = mr_gate_link_view(task->link, code, &why, "PROCESS", "*.*", task->arena);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

static enum mr_code read_accounts(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                                  struct mr_err *err)
{
    static const char sql[] = "SELECT USER, COUNT(*), SUM(COMMAND LIKE 'Binlog Dump%') FROM "
                              "information_schema.PROCESSLIST WHERE USER NOT IN ('system user', "
                              "'event_scheduler') GROUP BY USER ORDER BY COUNT(*) DESC, USER";
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    size_t shown = 0;
    enum mr_code code = mr_db_query(task->link->db, "nnn", sql, sizeof sql - 1, &res, err);
    while (code == MR_OK && (row = mr_result_next(res)) != NULL) {
        facts->attached += row[2].ptr != NULL ? strtoull(row[2].ptr, NULL, 10) : 0;
        if (shown++ < 5)
            mr_strbuf_add_fmt(&text, "%s%s %s", text.len > 0 ? ", " : "",
                              row[0].ptr != NULL ? row[0].ptr : "?",
                              row[1].ptr != NULL ? row[1].ptr : "?");
    }
    mr_result_free(res);
    if (code == MR_OK)
        code = mr_strbuf_check(&text, "reading sessions", err);
    if (code == MR_OK) {
        facts->by_account = mr_arena_strdup(task->arena, text.ptr);
        if (facts->by_account == NULL)
            code = mr_err_nomem(err, "reading sessions");
    }
    mr_strbuf_release(&text);
    return code;
}

/* A right that few monitors have: without it only their number is known. */
static enum mr_code read_replicas(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                                  struct mr_err *err)
{
    const char *sql =
        !mr_gate_link_is_mariadb(task->link) && mr_db_server(task->link->db)->version >= 80022
            ? "SHOW REPLICAS"
            : "SHOW SLAVE HOSTS";
    struct mr_strbuf ids = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const struct mr_cell *row;
    enum mr_code code = mr_db_query(task->link->db, "n*", sql, strlen(sql), &res, &why);
    const bool seen = code == MR_OK;
    while (seen && (row = mr_result_next(res)) != NULL)
        if (row[0].ptr != NULL)
            mr_strbuf_add_fmt(&ids, "%s%s", ids.len > 0 ? " " : "", row[0].ptr);
    mr_result_free(res);
    if (seen)
        facts->replicas = ids.failed ? NULL : mr_arena_dup(task->arena, ids.ptr, ids.len);
    mr_strbuf_release(&ids);
    if (seen && facts->replicas == NULL)
        return mr_err_nomem(err, "reading a server");
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

/* ---- disk ---- */

static enum mr_code read_disk(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                              struct mr_err *err)
{
    struct mr_server_disk disk = {facts->disk_bytes, facts->disk_free_bytes};
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    if (mr_server_disk_here(mr_db_server(task->link->db), &disk)) {
        facts->disk.seen = MR_GATE_SEEN;
    } else {
        code = mr_server_disk_ask(task->link->db, &disk, &why);
        facts->disk = mr_gate_link_view(task->link, code, &why, "FILE", "*.*", task->arena);
    }
    facts->disk_bytes = disk.bytes;
    facts->disk_free_bytes = disk.free_bytes;
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

/* ---- all of it ---- */

static enum mr_code read_settings(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                                  struct mr_err *err)
{
    struct pairs variables = {MR_VEC_INIT(struct mr_gate_variable)};
    struct pairs status = {MR_VEC_INIT(struct mr_gate_variable)};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(read_pairs(task, "SHOW GLOBAL VARIABLES", &variables, err));
    MR_TRY_OUT(read_pairs(task, "SHOW GLOBAL STATUS", &status, err));
    take_load(&variables, &status, facts);
    take_semi_sync(&variables, &status, facts);
    take_cluster(&variables, &status, facts);
    MR_TRY_OUT(mr_gate_read_group(task->link,
                                  pair_value(&variables, "group_replication_group_name"),
                                  task->arena, &facts->group, err));
    MR_TRY_OUT(take_started(facts, task->arena, err));
    MR_TRY_OUT(keep_variables(task, &variables, facts, err));
    MR_TRY_OUT(read_history(task, &status, facts, err));
    MR_TRY_OUT(mr_gate_read_log(task, pair_value(&status, "Binlog_snapshot_file"),
                                pair_value(&status, "Binlog_snapshot_position"), facts, err));
out:
    mr_vec_release(&variables.items);
    mr_vec_release(&status.items);
    return code;
}

static enum mr_code begin(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                          struct mr_err *err)
{
    char now[MR_RUN_TIME_SIZE];
    const struct mr_endpoint *ep = &task->link->ep;
    mr_run_id_time(now);
    *facts = (struct mr_gate_facts){
        .uri = mr_arena_strdup(task->arena, task->link->uri),
        .recorded = mr_arena_strdup(task->arena, now),
        .server = *mr_db_server(task->link->db),
        .started = "",
        .role = "",
        .gtid_executed = "",
        .gtid_position = "",
        .by_account = "",
    };
    const char **named = mr_arena_calloc(task->arena, ep->ndbs + 1, sizeof *named);
    if (facts->uri == NULL || facts->recorded == NULL || named == NULL)
        return mr_err_nomem(err, "reading a server");
    for (size_t i = 0; i < ep->ndbs; i++) {
        named[i] = mr_arena_strdup(task->arena, ep->dbs[i]);
        if (named[i] == NULL)
            return mr_err_nomem(err, "reading a server");
    }
    facts->named = named;
    facts->nnamed = ep->ndbs;
    return MR_OK;
}

enum mr_code mr_gate_collect_status(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                                    struct mr_err *err)
{
    MR_TRY(begin(task, facts, err));
    MR_TRY(mr_gate_read_gtid(task->link, task->arena, &facts->gtid_executed, &facts->gtid_position,
                             err));
    MR_TRY(mr_gate_read_channels(task->link, task->arena, facts, err));
    MR_TRY(read_settings(task, facts, err));
    MR_TRY(read_sessions_view(task, facts, err));
    MR_TRY(read_accounts(task, facts, err));
    MR_TRY(read_replicas(task, facts, err));
    MR_TRY(read_disk(task, facts, err));
    if (facts->replication.seen == MR_GATE_SEEN)
        facts->role = facts->nchannels > 0 ? "replica" : "primary";
    return MR_OK;
}
