/* view_log.c: see view_log.h. */
#include "snapshot/create/view_log.h"

#include <string.h>
#include <strings.h>

#include "core/db/replica_status.h"
#include "core/db/replication.h"

static const char no_log[] = "the server keeps no binary log";
static const char filters[] = "filters keep databases out of the server's log";
static const char hidden_filters[] =
    "whether filters keep databases out of the server's log is hidden from the account "
    "(BINLOG MONITOR tells, on MySQL REPLICATION CLIENT)";
static const char not_logged[] = "what the server applies from another one is not in its "
                                 "log (log_slave_updates is off)";
static const char not_logged_triggers[] =
    "triggers that the server runs for what it applies from another one change rows that are not "
    "in its "
    "log (slave_run_triggers_for_rbr = YES; LOGGING logs them)";
static const char hidden_source[] =
    "the server does not log what it would apply from another one (log_slave_updates is "
    "off), and whether there is one is hidden from the account";

struct variables {
    bool logs, logs_applied, is_cluster;
    bool hides_triggers; /* MariaDB: a replica runs triggers, and does not log what they do */
};

static bool is_mariadb(const struct mr_db *db)
{
    return mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB;
}

static bool is_on(const struct mr_cell *cell)
{
    return cell->ptr != NULL && (strcasecmp(cell->ptr, "ON") == 0 || strcmp(cell->ptr, "1") == 0);
}

static enum mr_code read_variables(struct mr_db *db, struct variables *v, struct mr_err *err)
{
    static const char sql[] =
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'log_slave_updates', "
        "'log_replica_updates', 'wsrep_on', 'slave_run_triggers_for_rbr')";
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    MR_TRY(mr_db_query(db, "vn", sql, sizeof sql - 1, &res, err));
    while ((row = mr_result_next(res)) != NULL) {
        if (strcasecmp(row[0].ptr, "log_bin") == 0)
            v->logs = is_on(&row[1]);
        else if (strcasecmp(row[0].ptr, "wsrep_on") == 0)
            v->is_cluster = is_on(&row[1]);
        else if (strcasecmp(row[0].ptr, "slave_run_triggers_for_rbr") == 0)
            v->hides_triggers = row[1].ptr != NULL && strcasecmp(row[1].ptr, "YES") == 0;
        else
            v->logs_applied = is_on(&row[1]);
    }
    mr_result_free(res);
    return MR_OK;
}

static bool is_filter(const char *column)
{
    return strcasecmp(column, "Binlog_Do_DB") == 0 || strcasecmp(column, "Binlog_Ignore_DB") == 0;
}

/* Only the status of the log names them. */
static enum mr_code look_at_filters(struct mr_db *db, struct mr_view_log *out, struct mr_err *err)
{
    const char *sql = mr_log_status_sql(db);
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    enum mr_code code = mr_db_query(db, "*", sql, strlen(sql), &res, &why);
    if (code == MR_E_DENIED) {
        out->lacks = hidden_filters;
        return MR_OK;
    }
    if (code != MR_OK) {
        if (err != NULL)
            *err = why;
        return code;
    }
    const struct mr_cell *row = mr_result_next(res);
    for (size_t c = 0; row != NULL && c < mr_result_columns(res); c++)
        if (is_filter(mr_result_column_name(res, c)) && row[c].len > 0)
            out->lacks = filters;
    mr_result_free(res);
    return MR_OK;
}

/* The table may be of an engine without views, and there may be several. */
static enum mr_code reads_applied(struct mr_db *db, bool *can, struct mr_err *err)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'mysql' AND "
        "TABLE_NAME = 'gtid_slave_pos' AND ENGINE = 'InnoDB' AND "
        "@@GLOBAL.gtid_pos_auto_engines = ''";
    struct mr_strbuf answer = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(db, sql, &answer, err);
    *can = code == MR_OK && strcmp(answer.ptr, "1") == 0;
    if (*can)
        *can = mr_db_query_text(db, "SELECT COUNT(*) FROM mysql.gtid_slave_pos", &answer, NULL) ==
               MR_OK;
    mr_strbuf_release(&answer);
    return code == MR_E_NO_SUCH ? MR_OK : code;
}

/* A replica that does not log what it applies changes rows while its log stands still; only by
 * GTIDs kept with the rows does each view tell of it. A cluster applies without such a table. */
static enum mr_code look_at_sources(struct mr_db *db, const struct variables *v,
                                    struct mr_view_log *out, struct mr_err *err)
{
    struct mr_strbuf sources = MR_STRBUF_INIT;
    bool seen = false, by_gtid = false;
    enum mr_code code = mr_replication_sources(db, &seen, &sources, err);
    bool is_replica = sources.len > 0;
    mr_strbuf_release(&sources);
    if (code != MR_OK)
        return code;
    if (!seen)
        out->lacks = hidden_source;
    else if (is_replica || v->is_cluster)
        out->lacks = not_logged;
    if (!seen || !is_replica || v->is_cluster || !is_mariadb(db))
        return MR_OK;
    code = mr_replica_goes_by_gtid(db, &by_gtid, err);
    return code == MR_OK && by_gtid ? reads_applied(db, &out->has_applied, err) : code;
}

/* What its triggers do is in no position either, by whichever it goes. */
static enum mr_code look_at_triggers(struct mr_db *db, struct mr_view_log *out, struct mr_err *err)
{
    struct mr_strbuf sources = MR_STRBUF_INIT;
    bool seen = false;
    const enum mr_code code = mr_replication_sources(db, &seen, &sources, err);
    if (code == MR_OK && (!seen || sources.len > 0))
        *out = (struct mr_view_log){.lacks = not_logged_triggers};
    mr_strbuf_release(&sources);
    return code;
}

/* Filters are asked for last, and win: a log that leaves databases out tells nothing of them,
 * however well it goes by GTIDs. */
enum mr_code mr_view_log_look(struct mr_db *db, struct mr_view_log *out, struct mr_err *err)
{
    struct variables v = {.logs = false};
    *out = (struct mr_view_log){.lacks = NULL};
    MR_TRY(read_variables(db, &v, err));
    if (!v.logs) {
        out->lacks = no_log;
        return MR_OK;
    }
    if (!v.logs_applied)
        MR_TRY(look_at_sources(db, &v, out, err));
    if (v.hides_triggers)
        MR_TRY(look_at_triggers(db, out, err));
    if (out->lacks == NULL || out->has_applied) {
        struct mr_view_log filtered = {.lacks = NULL};
        MR_TRY(look_at_filters(db, &filtered, err));
        if (filtered.lacks != NULL)
            *out = filtered;
    }
    return MR_OK;
}
