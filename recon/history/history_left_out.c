/* history_left_out.c: see history_left_out.h. */
#include "recon/history/history_left_out.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/db/cluster.h"
#include "core/db/log_place.h"
#include "core/db/monitor_right.h"
#include "core/db/replica_status.h"

/* What the server says: lists, "club,shop". */
struct left_out {
    const struct mr_server *server;
    const char *only, *but; /* "": all; none */
    bool by_session;        /* mr_log_filters_by_session */
};

static bool is_listed(const struct left_out *l, const char *list, const char *db)
{
    char name[256];
    for (const char *at = list; *at != '\0'; at += *at == ',') {
        const size_t n = strcspn(at, ",");
        (void)snprintf(name, sizeof name, "%.*s", (int)n, at);
        if (n < sizeof name && mr_server_same_name(l->server, name, db))
            return true;
        at += n;
    }
    return false;
}

/* The variable that leaves it out; NULL: it is logged.  Where both are set, only the first counts. */
static const char *left_out_by(const struct left_out *l, const char *db)
{
    if (l->only[0] != '\0')
        return is_listed(l, l->only, db) ? NULL : "binlog_do_db";
    return is_listed(l, l->but, db) ? "binlog_ignore_db" : NULL;
}

/* Of a table of which changes may be left out; NULL: no memory. */
static const char *lack_of(const struct left_out *l, const char *db, struct mr_arena *arena)
{
    const char *by = left_out_by(l, db);
    if (by != NULL)
        return mr_arena_fmt(arena, "its server leaves the database out of its log (%s)", by);
    return mr_arena_fmt(arena,
                        "its server leaves out of its log what sessions change from within another "
                        "database (%s; binlog_format is not ROW)",
                        l->only[0] != '\0' ? "binlog_do_db" : "binlog_ignore_db");
}

enum mr_code mr_history_left_out(struct mr_db *db, enum mr_side side,
                                 struct mr_history_table *tables, size_t ntables,
                                 struct mr_arena *arena, struct mr_err *err)
{
    struct left_out l = {.server = mr_db_server(db)};
    enum mr_code code = mr_log_filters_read(db, arena, &l.only, &l.but, err);
    if (code == MR_E_DENIED) {
        mr_log_warning("whether the %s leaves databases out of its binary log is not seen: the "
                       "account needs %s",
                       mr_side_name(side), mr_monitor_right_log(mr_db_server(db)));
        return MR_OK;
    }
    MR_TRY(code);
    MR_TRY(mr_log_filters_by_session(db, l.only, l.but, &l.by_session, err));
    for (size_t i = 0; i < ntables; i++) {
        const struct mr_table *today = tables[i].today[side];
        if (today == NULL || (!l.by_session && left_out_by(&l, today->db) == NULL))
            continue;
        const char *reason = lack_of(&l, today->db, arena);
        if (reason == NULL)
            return mr_err_nomem(err, "reading a binary log");
        tables[i].evidence.of[side] =
            (struct mr_evidence_of){.witness = MR_WITNESS_BLIND, .reason = reason};
    }
    return MR_OK;
}

/* ---- on the way into the log ---- */

/* Is a table that is asked about of the database in front of the dot? */
static bool is_of_ours(const struct mr_history_scan *scan, const char *db, size_t len)
{
    for (size_t i = 0; i < scan->ntables; i++) {
        const struct mr_table *today = scan->tables[i].today[scan->side];
        if (today != NULL && strlen(today->db) == len && strncasecmp(today->db, db, len) == 0)
            return true;
    }
    return false;
}

/* "mysql.%,mysql.rds_history": does it name another database than the server's own? */
static bool has_patterns_of_others(const char *list)
{
    char db[256];
    for (const char *at = list; *at != '\0'; at += *at == ',') {
        const size_t len = strcspn(at, ","), dot = strcspn(at, ".,");
        (void)snprintf(db, sizeof db, "%.*s", (int)dot, at);
        if (dot >= sizeof db || mr_log_names_others(db))
            return true;
        at += len;
    }
    return false;
}

/* Does a filter leave out anything that is asked about?  Managed servers have one for tables of their own. */
static bool leaves_out(const struct mr_history_scan *scan, const char *filter, const char *list)
{
    if (strcmp(filter, "Replicate_Ignore_DB") == 0)
        return mr_log_names_others(list);
    if (strcmp(filter, "Replicate_Wild_Ignore_Table") == 0)
        return has_patterns_of_others(list);
    if (strcmp(filter, "Replicate_Ignore_Table") != 0)
        return *list != '\0';
    for (const char *at = list; *at != '\0'; at += *at == ',') {
        if (is_of_ours(scan, at, strcspn(at, ".,")))
            return true;
        at += strcspn(at, ",");
    }
    return false;
}

static void add_filters(const struct mr_history_scan *scan, const struct mr_replica_status *status,
                        struct mr_strbuf *out)
{
    for (size_t i = 0; i < MR_REPLICA_FILTERS; i++) {
        const size_t at = mr_result_column_named(status->res, mr_replica_filters[i]);
        const char *value = at != MR_NO_COLUMN ? status->row[at].ptr : NULL;
        if (value != NULL && leaves_out(scan, mr_replica_filters[i], value))
            mr_strbuf_add_fmt(out, "%s%s %s", out->len > 0 ? ", " : "", mr_replica_filters[i],
                              value);
    }
}

static void add_source(const struct mr_replica_status *status, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(out, "%s%s:%s", out->len > 0 ? ", " : "what comes from ",
                      mr_replica_status_text(status, MR_REPLICA_HOST),
                      mr_replica_status_text(status, MR_REPLICA_PORT));
}

/* Of all channels: filters, or, but for one from the other side, where it comes from. */
static enum mr_code read_channels(const struct mr_history_scan *scan, struct mr_db *db,
                                  const struct mr_server *but, struct mr_strbuf *out,
                                  struct mr_err *err)
{
    const bool by_gtid = scan->own->by == MR_OWN_BY_GTID;
    struct mr_replica_status status;
    const enum mr_code code = mr_replica_status_open(db, &status, err);
    if (code == MR_E_DENIED) {
        mr_log_warning("what a server on the way of the logs of the %s replicates is not seen: the "
                       "account needs %s",
                       mr_side_name(scan->side), mr_monitor_right_replica(mr_db_server(db)));
        return MR_OK;
    }
    MR_TRY(code);
    while (mr_replica_status_next(&status)) {
        if (but == NULL)
            add_filters(scan, &status, out);
        else if (!mr_replica_status_is_source(&status, but, mr_db_server(db)) &&
                 (by_gtid || mr_replica_status_is_running(&status, MR_REPLICA_SQL)))
            add_source(&status, out);
    }
    mr_replica_status_close(&status);
    return mr_strbuf_check(out, "reading a binary log", err);
}

/* Has a server that logs nothing of what it applies applied what the other side has not?  MySQL's GTIDs say so by
 * themselves (mr_history_scan_reaches), MariaDB's by its position, in which domains of times gone by may stand: only
 * where there is a channel.  Without GTIDs only one that runs is known to have.  Nodes of Galera get what is
 * written to the others, and no position says so. */
static enum mr_code find_unlogged(const struct mr_history_scan *scan,
                                  const struct mr_history_way *way, struct mr_strbuf *text,
                                  struct mr_err *err)
{
    struct mr_strbuf unlogged = MR_STRBUF_INIT;
    const char *cluster = NULL;
    MR_TRY(mr_cluster_of(way->own, &cluster, err));
    if (cluster != NULL) {
        mr_strbuf_add_fmt(text, "it is %s", cluster);
        return mr_strbuf_check(text, "reading a binary log", err);
    }
    enum mr_code code = mr_history_own_unlogged(scan->own, way->executed, &unlogged, err);
    if (code == MR_OK && (scan->own->by != MR_OWN_BY_GTID || unlogged.len > 0))
        code = read_channels(scan, way->own, way->other, text, err);
    if (text->len > 0 && unlogged.len > 0)
        mr_strbuf_add_fmt(text, " (%s)", unlogged.ptr);
    mr_strbuf_release(&unlogged);
    return code == MR_OK ? mr_strbuf_check(text, "reading a binary log", err) : code;
}

static enum mr_code look_at_own(struct mr_history_scan *scan, const struct mr_history_way *way,
                                struct mr_strbuf *text, struct mr_err *err)
{
    struct mr_log_habits habits = {.logs_applied = true};
    const enum mr_code code = mr_log_habits_read(way->own, scan->arena, &habits, err);
    /* what may be denied comes behind that, and is asked for elsewhere */
    if ((code != MR_OK && code != MR_E_DENIED) || habits.logs_applied)
        return code == MR_E_DENIED ? MR_OK : code;
    MR_TRY(find_unlogged(scan, way, text, err));
    if (text->len == 0)
        return MR_OK;
    return mr_history_scan_gap(
        scan,
        mr_arena_fmt(scan->arena,
                     "the server does not log what it applies (log_slave_updates is off): %s",
                     text->ptr),
        err);
}

/* It may have passed over some of what it counts as executed, and so has its log.  *is_own: it is the side's server
 * by another name. */
static enum mr_code look_at_other(struct mr_history_scan *scan, const struct mr_history_way *way,
                                  bool *is_own, struct mr_strbuf *text, struct mr_err *err)
{
    struct mr_db *db = NULL;
    enum mr_code code = mr_db_open(way->logs, way->opts, &db, err);
    *is_own = code == MR_OK && mr_server_is_same(mr_db_server(way->own), mr_db_server(db));
    if (code == MR_OK && !*is_own)
        code = mr_history_left_out(db, scan->side, scan->tables, scan->ntables, scan->arena, err);
    if (code == MR_OK && !*is_own)
        code = read_channels(scan, db, NULL, text, err);
    mr_db_close(db);
    if (code != MR_OK || text->len == 0)
        return code;
    return mr_history_scan_gap(
        scan,
        mr_arena_fmt(scan->arena, "the server of these logs leaves out what it replicates: %s",
                     text->ptr),
        err);
}

enum mr_code mr_history_left_out_on_way(struct mr_history_scan *scan,
                                        const struct mr_history_way *way, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool is_own = way->logs == NULL;
    enum mr_code code = is_own ? MR_OK : look_at_other(scan, way, &is_own, &text, err);
    if (code == MR_OK && is_own)
        code = look_at_own(scan, way, &text, err);
    mr_strbuf_release(&text);
    return code;
}
