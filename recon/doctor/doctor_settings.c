/* doctor_settings.c: settings of the server that hurt, clock, time zones; see doctor.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/db/redo_log.h"
#include "recon/doctor/doctor.h"

#define SKEW_S 2.0

/* A number below which, or from which on, something hurts. */
static const struct limit {
    enum mr_doctor_name name;
    const char *what;            /* as it is called on the server */
    const char *mariadb, *mysql; /* SQL; NULL: not there */
    double least, most;          /* most 0: no upper limit */
    enum mr_doctor_state state;
    bool writes; /* only of a server that is to be changed */
    const char *effect, *hint;
} limits[] = {
    {MR_DOCTOR_packet, "max_allowed_packet", "@@GLOBAL.max_allowed_packet",
     "@@GLOBAL.max_allowed_packet", 16.0 * 1048576, 0, MR_DOCTOR_NOTE, false,
     "wide rows do not fit into a statement",
     "SET GLOBAL max_allowed_packet = 67108864, and in the option file."},
    {MR_DOCTOR_timeouts, "wait_timeout", "@@GLOBAL.wait_timeout", "@@GLOBAL.wait_timeout", 60, 0,
     MR_DOCTOR_PROBLEM, false, "a connection that waits between two chunks is closed",
     "SET GLOBAL wait_timeout = 28800, and in the option file."},
    {MR_DOCTOR_timeouts, "net_read_timeout", "@@GLOBAL.net_read_timeout",
     "@@GLOBAL.net_read_timeout", 10, 0, MR_DOCTOR_NOTE, false, "a slow link looks like a lost one",
     "SET GLOBAL net_read_timeout = 30, and in the option file."},
    {MR_DOCTOR_statement_limit, "max_statement_time (seconds)", "@@GLOBAL.max_statement_time", NULL,
     0, 1e-9, MR_DOCTOR_PROBLEM, false,
     "the server ends a statement that takes longer, a chunk of rows too",
     "SET GLOBAL max_statement_time = 0, or for the account alone: ALTER USER ... WITH "
     "MAX_STATEMENT_TIME 0; or give --statement-timeout."},
    {MR_DOCTOR_statement_limit, "max_execution_time (milliseconds)", NULL,
     "@@GLOBAL.max_execution_time", 0, 1, MR_DOCTOR_PROBLEM, false,
     "the server ends a SELECT that takes longer, a chunk of rows too",
     "SET GLOBAL max_execution_time = 0, or give --statement-timeout."},
    {MR_DOCTOR_durability, "innodb_flush_log_at_trx_commit",
     "@@GLOBAL.innodb_flush_log_at_trx_commit", "@@GLOBAL.innodb_flush_log_at_trx_commit", 1, 2,
     MR_DOCTOR_NOTE, false,
     "a crash loses transactions that were committed, and that replicas may hold",
     "SET GLOBAL innodb_flush_log_at_trx_commit = 1, where rows must not be lost."},
    {MR_DOCTOR_durability, "Innodb_redo_log_enabled", NULL,
     "VARIABLE_VALUE = 'ON' FROM performance_schema.global_status WHERE VARIABLE_NAME = "
     "'Innodb_redo_log_enabled'",
     1, 0, MR_DOCTOR_PROBLEM, false, "a crash costs all of the server's data",
     MR_REDO_ENABLE ", when what is being loaded without it is loaded."},
    {MR_DOCTOR_recovery_mode, "innodb_force_recovery", "@@GLOBAL.innodb_force_recovery",
     "@@GLOBAL.innodb_force_recovery", 0, 1, MR_DOCTOR_PROBLEM, false,
     "the server was started to save what is left of a damaged instance",
     "Export what can be read (myrecon snapshot create), restore it elsewhere; do not "
     "let it take writes."},
    {MR_DOCTOR_recovery_mode, "offline_mode", NULL, "@@GLOBAL.offline_mode", 0, 1,
     MR_DOCTOR_PROBLEM, false, "ordinary accounts are shut out",
     "SET GLOBAL offline_mode = OFF, when the reason is gone."},
    {MR_DOCTOR_read_only, "read_only",
     "@@GLOBAL.read_only NOT IN ('0', 'OFF')", /* words since 12 */
     "@@GLOBAL.read_only - @@GLOBAL.super_read_only", 0, 1, MR_DOCTOR_PROBLEM, true,
     "nothing can be repaired or restored there",
     "Is it a replica? Then write to its source. Else SET GLOBAL read_only = OFF."},
    {MR_DOCTOR_read_only, "super_read_only", NULL, "@@GLOBAL.super_read_only", 0, 1,
     MR_DOCTOR_PROBLEM, true, "nothing can be repaired or restored there, by no account",
     "Is it a replica? Then write to its source. Else SET GLOBAL read_only = OFF, which ends "
     "both."},
    {MR_DOCTOR_read_only, "innodb_read_only", "@@GLOBAL.innodb_read_only",
     "@@GLOBAL.innodb_read_only", 0, 1, MR_DOCTOR_PROBLEM, true,
     "nothing can be repaired or restored there, by no account",
     "On Aurora this is a reader: name the cluster's writer."},
    {MR_DOCTOR_keys, "sql_require_primary_key", NULL,
     "@@GLOBAL.sql_require_primary_key AND NOT @@GLOBAL.sql_generate_invisible_primary_key", 0, 1,
     MR_DOCTOR_NOTE, true, "a restore makes no table without a primary key there",
     "For the time of a restore SET GLOBAL sql_require_primary_key = OFF, where one is needed."},
};

/* As many as a run with the default --threads opens, and one to look at the load. */
#define CONNECTIONS_WANTED 11

/* Limits that only writers meet are passed over where nobody is to write; and what this kind of
 * server does not have. */
static enum mr_code say_limit(struct mr_doctor *d, const struct mr_doctor_server *server,
                              const struct limit *l, bool *fine, struct mr_err *err)
{
    const char *expr = mr_gate_link_is_mariadb(&server->link) ? l->mariadb : l->mysql;
    char sql[256];
    double value = 0;
    bool known;
    if (expr == NULL || (l->writes && (d->opts.work & MR_DOCTOR_FOR_WRITING) == 0))
        return MR_OK;
    (void)snprintf(sql, sizeof sql, "SELECT %s", expr);
    enum mr_code code = mr_doctor_ask_number(server, sql, &value, &known, err);
    if (code != MR_OK || !known || (value >= l->least && (l->most <= 0 || value < l->most)))
        return code;
    *fine = false;
    mr_doctor_say(d, l->state, l->name, "%s is %.10g: %s", l->what, value, l->effect);
    mr_doctor_hint(d, "%s", l->hint);
    return MR_OK;
}

/* The session's value is the account's own where it has one, else the server's. */
static enum mr_code say_account_limit(struct mr_doctor *d, const struct mr_doctor_server *server,
                                      struct mr_err *err)
{
    double most = 0;
    bool known;
    enum mr_code code =
        mr_doctor_ask_number(server, "SELECT @@SESSION.max_user_connections", &most, &known, err);
    if (code != MR_OK || !known)
        return code;
    const bool few = most > 0 && most < CONNECTIONS_WANTED;
    mr_doctor_say(d, few ? MR_DOCTOR_NOTE : MR_DOCTOR_OK, MR_DOCTOR_account_limits,
                  most > 0 ? "the account may have %.0f connections"
                           : "the account may have any number of connections",
                  most);
    if (few)
        mr_doctor_hint(d,
                       "N threads need up to 2N+3: lower --threads, or ALTER USER ... "
                       "WITH MAX_USER_CONNECTIONS %d.",
                       CONNECTIONS_WANTED);
    return MR_OK;
}

static enum mr_code say_binlog(struct mr_doctor *d, const struct mr_doctor_server *server)
{
    const char *format = mr_doctor_variable(server, "binlog_format");
    const char *image = mr_doctor_variable(server, "binlog_row_image");
    const bool logs = strcasecmp(mr_doctor_variable(server, "log_bin"), "ON") == 0;
    const bool bad = logs && format[0] != '\0' && strcasecmp(format, "ROW") != 0;
    mr_doctor_say(d, bad ? MR_DOCTOR_NOTE : MR_DOCTOR_OK, MR_DOCTOR_binlog_format,
                  logs ? "binlog_format is %s%s%s" : "there is no binary log", format,
                  image[0] != '\0' ? ", row image " : "", image);
    if (bad)
        mr_doctor_hint(d, "SET GLOBAL binlog_format = ROW, and in the option file: other "
                          "formats may replicate a repair differently, and lost rows "
                          "cannot be read back from the log.");
    return MR_OK;
}

/* ---- clock and time zones ---- */

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static enum mr_code say_clock(struct mr_doctor *d, struct mr_doctor_server *server,
                              struct mr_err *err)
{
    double theirs = 0;
    bool known;
    const double began = now_s();
    enum mr_code code =
        mr_doctor_ask_number(server, "SELECT UNIX_TIMESTAMP(NOW(6))", &theirs, &known, err);
    const double ended = now_s();
    if (code != MR_OK || !known)
        return code;
    /* within the round trip nothing can be told */
    if (theirs < began)
        server->skew_s = theirs - began;
    else if (theirs > ended)
        server->skew_s = theirs - ended;
    server->clock_known = true;
    const double skew = server->skew_s < 0 ? -server->skew_s : server->skew_s;
    mr_doctor_say(d, skew > SKEW_S ? MR_DOCTOR_PROBLEM : MR_DOCTOR_OK, MR_DOCTOR_clock,
                  "the server's clock is %.1f s %s this machine's", skew,
                  server->skew_s < 0 ? "behind" : "ahead of");
    if (skew > SKEW_S)
        mr_doctor_hint(d, "Windows (--since), freshness and lag by heartbeat are off by "
                          "that. See \"timedatectl\" or \"chronyc tracking\" on both "
                          "machines, and init_connect of the server.");
    return MR_OK;
}

/* Named zones need tables that a new server lacks; then CONVERT_TZ gives NULL without an error,
 * which whoever compares times by it takes for missing data. */
static enum mr_code say_zones(struct mr_doctor *d, const struct mr_doctor_server *server,
                              struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *zone = mr_doctor_variable(server, "time_zone");
    const char *system = mr_doctor_variable(server, "system_time_zone");
    bool known;
    enum mr_code code =
        mr_doctor_ask(server, "SELECT CONVERT_TZ('2026-01-01 00:00:00', '+00:00', 'Europe/Berlin')",
                      &text, &known, err);
    if (code == MR_OK && known) {
        mr_doctor_say(d, text.len > 0 ? MR_DOCTOR_OK : MR_DOCTOR_NOTE, MR_DOCTOR_time_zones,
                      "global time zone %s (%s)%s", zone, system,
                      text.len > 0 ? "" : "; the tables of named time zones are empty");
        if (text.len == 0)
            mr_doctor_hint(d, "CONVERT_TZ with a name gives NULL there. "
                              "mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql -u root "
                              "mysql");
    }
    mr_strbuf_release(&text);
    return code;
}

/* ---- character set, views ---- */

/* init_connect, or a server that does not listen to what clients want, changes it behind our
 * back. */
static enum mr_code say_charset(struct mr_doctor *d, const struct mr_doctor_server *server,
                                struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool known;
    enum mr_code code =
        mr_doctor_ask(server, "SELECT @@SESSION.character_set_connection", &text, &known, err);
    if (code == MR_OK && known) {
        const bool narrow = strcasecmp(text.ptr, "utf8mb4") != 0;
        mr_doctor_say(d, narrow ? MR_DOCTOR_PROBLEM : MR_DOCTOR_OK, MR_DOCTOR_charset,
                      "the session speaks %s; the server's default is %s, %s", text.ptr,
                      mr_doctor_variable(server, "character_set_server"),
                      mr_doctor_variable(server, "collation_server"));
        if (narrow)
            mr_doctor_hint(d, "Names and literals beyond it are lost: see init_connect "
                              "and skip_character_set_client_handshake of the server.");
    }
    mr_strbuf_release(&text);
    return code;
}

/* MariaDB has it off by default; what it would show comes from elsewhere. */
static enum mr_code say_lock_views(struct mr_doctor *d, const struct mr_doctor_server *server,
                                   struct mr_err *err)
{
    double on = 0;
    bool known;
    if (mr_gate_link_is_mariadb(&server->link))
        return MR_OK;
    enum mr_code code =
        mr_doctor_ask_number(server, "SELECT @@GLOBAL.performance_schema", &on, &known, err);
    if (code != MR_OK || !known)
        return code;
    mr_doctor_say(d, on > 0 ? MR_DOCTOR_OK : MR_DOCTOR_NOTE, MR_DOCTOR_lock_views,
                  on > 0 ? "who holds a lock can be seen"
                         : "performance_schema is off: who holds a lock cannot be seen");
    if (on <= 0)
        mr_doctor_hint(d, "performance_schema = ON in the option file.");
    return MR_OK;
}

enum mr_code mr_doctor_settings(struct mr_doctor *d, struct mr_doctor_server *server,
                                struct mr_err *err)
{
    bool fine = true;
    MR_TRY(say_clock(d, server, err));
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        MR_TRY(say_limit(d, server, &limits[i], &fine, err));
    if (fine)
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_timeouts,
                      "packets, time-outs and limits leave room");
    MR_TRY(say_account_limit(d, server, err));
    MR_TRY(say_binlog(d, server));
    MR_TRY(say_zones(d, server, err));
    MR_TRY(say_charset(d, server, err));
    return say_lock_views(d, server, err);
}
