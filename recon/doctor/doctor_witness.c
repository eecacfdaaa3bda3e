/* doctor_witness.c: would the binary log be enough to say what a failover has lost?  See doctor.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/db/monitor_right.h"
#include "recon/doctor/doctor.h"
#include "recon/gate/gate_witness.h"
#include "core/logs/archive_head.h"

#define WHEN_BYTES 32

static bool is_for_history(const struct mr_doctor *d)
{
    return (d->opts.work & (unsigned)MR_DOCTOR_FOR_HISTORY) != 0;
}

/* Somebody else's account may be the one that reads logs: what this one lacks is no fault. */
static enum mr_code say_unread(struct mr_doctor *d, const struct mr_doctor_server *server,
                               const struct mr_err *why, const char *right, struct mr_err *err)
{
    struct mr_grants *grants = NULL;
    const bool denied = why->code == MR_E_DENIED;
    if (why->code == MR_E_CANCELLED || why->code == MR_E_NOMEM) {
        *err = *why;
        return why->code;
    }
    const enum mr_doctor_state state = is_for_history(d) ? MR_DOCTOR_UNKNOWN
                                       : denied          ? MR_DOCTOR_OK
                                                         : MR_DOCTOR_NOTE;
    mr_doctor_say(d, state, MR_DOCTOR_witness,
                  denied ? "this account may not read the binary log, which %s would allow"
                         : "the binary log cannot be read: %s",
                  denied ? right : why->message);
    if (!denied || mr_db_is_lost(server->link.db))
        return MR_OK;
    enum mr_code code = mr_grants_load(server->link.db, &grants, NULL);
    mr_doctor_hint(d, "GRANT %s ON *.* TO %s", right,
                   mr_grants_account(code == MR_OK ? grants : NULL));
    mr_grants_free(grants);
    return MR_OK;
}

/* ---- how far it reaches back ---- */

/* "": there is none. */
static enum mr_code first_log(const struct mr_doctor_server *server, struct mr_strbuf *name,
                              struct mr_err *why)
{
    static const char sql[] = "SHOW BINARY LOGS";
    struct mr_result *res = NULL;
    enum mr_code code = mr_db_query(server->link.db, "n*", sql, sizeof sql - 1, &res, why);
    const struct mr_cell *row = code == MR_OK ? mr_result_next(res) : NULL;
    if (row != NULL && row[0].ptr != NULL)
        mr_strbuf_add(name, row[0].ptr, row[0].len);
    mr_result_free(res);
    return code != MR_OK ? code : mr_strbuf_check(name, "looking at a binary log", why);
}

/* A server that has executed nothing before its first log has them all; a MySQL without GTIDs has none
 * before any log. */
static void say_split(struct mr_doctor *d, const struct mr_doctor_server *server, time_t began,
                      const struct mr_archive_head *head, const char *text)
{
    if (d->opts.split_at == NULL || began <= (time_t)(mr_when_us(d->opts.split_at) / 1000000) ||
        ((server->facts.server.flavour == MR_FLAVOUR_MARIADB ||
          strcasecmp(mr_doctor_variable(server, "gtid_mode"), "ON") == 0) &&
         head->has_before && head->before.len == 0))
        return;
    mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_witness,
                  "the binary log begins at %s UTC, behind the split: what was changed before that "
                  "is in no log that is there",
                  text);
    mr_doctor_hint(d,
                   "Where older logs were archived: history collect --source-log DIR (--target-log "
                   "DIR). Keep what is left: myrecon history archive %s DIR",
                   server->uri);
}

static enum mr_code say_reach(struct mr_doctor *d, struct mr_doctor_server *server,
                              struct mr_err *err)
{
    struct mr_strbuf log = MR_STRBUF_INIT;
    struct mr_err why = {0};
    struct tm utc;
    char text[WHEN_BYTES] = "";
    struct mr_archive_head head;
    const struct mr_db_opts opts = {.run_tag = d->opts.run_tag,
                                    .statement_timeout_s = d->opts.statement_timeout_s,
                                    .same_as = mr_db_server(server->link.db)};
    const char *right = mr_monitor_right_log(&server->facts.server);
    mr_archive_head_init(&head);
    enum mr_code code = first_log(server, &log, &why);
    if (code == MR_OK && log.len > 0) {
        right = "REPLICATION SLAVE";
        code = mr_archive_head_ask(&head, &server->link.ep, &opts, log.ptr, &why);
    }
    const time_t began = (time_t)head.began;
    if (code != MR_OK) {
        code = say_unread(d, server, &why, right, err);
    } else if (log.len > 0 && gmtime_r(&began, &utc) != NULL) {
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &utc);
        mr_doctor_say(
            d, MR_DOCTOR_OK, MR_DOCTOR_witness,
            "the binary log reaches back to %s UTC (%.1f days), and this account may read it", text,
            (double)(time(NULL) - began) / 86400);
        say_split(d, server, began, &head, text);
        server->log_before = mr_arena_strdup(&d->arena, head.before.len > 0 ? head.before.ptr : "");
        d->nomem = d->nomem || server->log_before == NULL;
    }
    mr_archive_head_release(&head);
    mr_strbuf_release(&log);
    return code;
}

/* ---- settings ---- */

/* Without names a column is known by its place alone, and MariaDB does not even tell signs: that is
 * enough while no table is altered, and what both servers do unless they are told. */
static void say_metadata(struct mr_doctor *d, const struct mr_doctor_server *server)
{
    const char *metadata = mr_doctor_variable(server, "binlog_row_metadata");
    if (metadata[0] == '\0' || strcasecmp(metadata, "FULL") == 0)
        return;
    mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_witness,
                  "binlog_row_metadata is %s: columns have no names in the binary log, so that "
                  "rows of a table that was altered since cannot be read out of it",
                  metadata);
    mr_doctor_hint(d, "SET GLOBAL binlog_row_metadata = FULL, and in the option file.");
}

enum mr_code mr_doctor_witness(struct mr_doctor *d, struct mr_doctor_server *server,
                               struct mr_err *err)
{
    struct mr_gate_witness_lack lacks[MR_GATE_WITNESS_LACKS];
    const size_t count = mr_gate_witness(&server->facts, d->gate.witness_hours, lacks);
    const double kept = mr_gate_witness_kept_h(&server->facts);
    const bool matters = mr_gate_witness_matters(&server->facts);
    for (size_t i = 0; i < count; i++) {
        mr_doctor_say(d,
                      is_for_history(d) && lacks[i].blinds ? MR_DOCTOR_PROBLEM
                      : is_for_history(d) || matters       ? MR_DOCTOR_NOTE
                                                           : MR_DOCTOR_OK,
                      MR_DOCTOR_witness,
                      "after a failover the server could not say what was changed: %s",
                      lacks[i].what);
        mr_doctor_hint(d, "%s", lacks[i].fix);
    }
    if (!mr_gate_witness_logs(&server->facts))
        return MR_OK;
    if (mr_gate_witness_is_hidden(&server->facts)) {
        mr_doctor_say(
            d, is_for_history(d) ? MR_DOCTOR_UNKNOWN : MR_DOCTOR_OK, MR_DOCTOR_witness,
            "whether it applies what others write, which does not get into its own binary "
            "log (log_slave_updates is off), is hidden from this account");
        if (server->facts.replication.grant != NULL)
            mr_doctor_hint(d, "%s", server->facts.replication.grant);
    } else if (count == 0 && kept > 0) {
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_witness,
                      "the binary log holds whole rows, and is kept for %.0f hours", kept);
    } else if (count == 0) {
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_witness,
                      "the binary log holds whole rows, and is kept whatever its age");
    }
    if (mr_gate_witness_is_by_size(&server->facts))
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_witness,
                      "the binary log is removed when it is too large, too, whatever its age "
                      "(max_binlog_total_size, binlog_space_limit)");
    say_metadata(d, server);
    return say_reach(d, server, err);
}
