/* doctor_replication.c: a replica that is stopped or late, and why; see doctor.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/utf8.h"
#include "core/db/sqlmask.h"
#include "recon/doctor/doctor.h"

#define SHOWN_COLUMNS 120

/* ---- stopped ---- */

/* What the errors that stop a replica mean, and what helps. */
static const struct remedy {
    unsigned sql_errno;
    const char *cause, *hint;
} remedies[] = {
    {1062,
     "the replica has a row under that key already: somebody wrote to it, or it holds "
     "another history",
     "Do not skip it. \"myrecon check REPLICA SOURCE\" shows the rows, \"myrecon gate "
     "check --peer REPLICA SOURCE\" errant transactions."},
    {1032, "the row that is to be changed is not on the replica",
     "Do not skip it. \"myrecon check REPLICA SOURCE\" shows what else is missing."},
    {1236,
     "the source cannot send what the replica asks for: its binary log was purged or "
     "reset, or the replica has transactions that the source lacks",
     "Keep the replica as it is: it may hold what the source has lost. \"myrecon gate "
     "check --peer REPLICA SOURCE\" tells."},
    {1950, "a transaction of the replica's own stands in the way (gtid_strict_mode)",
     "\"myrecon gate check --peer REPLICA SOURCE\" names it; do not rebuild the replica "
     "before its rows are compared."},
    {1045, "the replication account's password is wrong, or the account is gone",
     "See the account on the source, then CHANGE REPLICATION SOURCE TO (MariaDB: CHANGE "
     "MASTER TO) its password, and START REPLICA."},
    {1130, "the source lets no account in from the replica's host",
     "CREATE USER on the source for the replica's address."},
    {2002, "the source does not answer", "Look at the source: myrecon doctor SOURCE."},
    {2003, "the source does not answer", "Look at the source: myrecon doctor SOURCE."},
    {2013, "the connection to the source was lost", "Look at it: myrecon doctor SOURCE."},
    {2005, "the source's host name is not known on the replica's machine",
     "See /etc/hosts or the name server of the replica's machine."},
    {2026, "TLS to the source fails",
     "See the certificates: SHOW VARIABLES LIKE 'ssl%', and SOURCE_SSL_CA."},
    {2061, "the replication account's plugin wants TLS or the source's public key",
     "CHANGE REPLICATION SOURCE TO SOURCE_SSL = 1, or GET_SOURCE_PUBLIC_KEY = 1."},
    {1593, "source and replica cannot work together: the same server_id, or a setting",
     "Compare server_id, server_uuid and gtid_mode of the two."},
    {13117, "source and replica have the same server_id", "SET GLOBAL server_id = N."},
    {13114,
     "the source cannot send what the replica asks for: its binary log was purged or "
     "reset, or the replica has transactions that the source lacks",
     "Keep the replica as it is: it may hold what the source has lost. \"myrecon gate "
     "check --peer REPLICA SOURCE\" tells."},
    {1146, "a table is not on the replica",
     "\"myrecon doctor SOURCE REPLICA\" lists the tables that are out of step."},
    {1049, "a database is not on the replica",
     "\"myrecon doctor SOURCE REPLICA\" lists what is out of step."},
    {1054, "a column is not on the replica",
     "\"myrecon doctor SOURCE REPLICA\" lists the tables that are out of step."},
    {1050, "the table to be created is on the replica already",
     "Somebody created it there: compare it, then drop one."},
    {1205, "the replica waited in vain for a lock", "See who holds it: SHOW PROCESSLIST."},
    {1114, "the disk is full, or a table has reached its limit", "Make room, then START REPLICA."},
    {1021, "the disk is full", "Make room, then START REPLICA."},
    {1030, "the storage engine failed, often for want of room",
     "See the number in the message with \"perror\", and the error log."},
    {1290, "the replica is read-only even for replication, or started without a right",
     "See the option in the message."},
};

static const struct remedy *remedy_of(unsigned sql_errno)
{
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (remedies[i].sql_errno == sql_errno)
            return &remedies[i];
    return NULL;
}

/* An error's text ends with the statement, and so with its values, or quotes a value. */
static void add_error(struct mr_strbuf *out, unsigned sql_errno, const char *text)
{
    const char *query = strcasestr(text, "Query: ");
    size_t len = query != NULL ? (size_t)(query - text) : strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '.'))
        len--;
    mr_strbuf_add_fmt(out, "error %u: ", sql_errno);
    mr_strbuf_add(out, text, mr_utf8_fit(text, len, 400));
}

/* Stopped by somebody and stopped by an error look alike in the state; only the error tells, and
 * has a remedy of its own. */
static void say_stopped(struct mr_doctor *d, const struct mr_gate_channel *c, const char *thread,
                        unsigned sql_errno, const char *error)
{
    const struct remedy *r = remedy_of(sql_errno);
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (sql_errno == 0 && error[0] == '\0') {
        mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_replication_stopped,
                      "the %s thread from %s:%u is stopped, without an error", thread, c->host,
                      c->port);
        mr_doctor_hint(d, "Somebody stopped it, or it was not started after a restart "
                          "(skip_slave_start, skip_replica_start): START REPLICA.");
        return;
    }
    add_error(&text, sql_errno, error);
    mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_replication_stopped,
                  "the %s thread from %s:%u is stopped%s%s: %s", thread, c->host, c->port,
                  r != NULL ? ": " : "", r != NULL ? r->cause : "", text.ptr);
    mr_doctor_hint(d, "%s", r != NULL ? r->hint : "Remove the cause, then START REPLICA.");
    mr_strbuf_release(&text);
}

/* ---- late ---- */

struct applier {
    struct mr_strbuf state, statement;
    double seconds;
    bool found;
};

/* The applying thread that has been at its work the longest. */
static enum mr_code find_applier(const struct mr_doctor_server *server, struct applier *out,
                                 struct mr_err *err)
{
    static const char sql[] =
        "SELECT STATE, LEFT(INFO, 2000), TIME FROM information_schema.PROCESSLIST WHERE "
        "USER = 'system user' AND COMMAND NOT LIKE '%IO' AND (INFO IS NOT NULL OR STATE "
        "LIKE 'Waiting for%lock%') ORDER BY STATE LIKE 'Waiting for%lock%' DESC, TIME "
        "DESC "
        "LIMIT 1";
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    enum mr_code code = mr_doctor_query(server, "nnn", sql, &res, err);
    if (res != NULL && (row = mr_result_next(res)) != NULL) {
        out->found = true;
        if (row[0].ptr != NULL)
            mr_strbuf_add(&out->state, row[0].ptr, row[0].len);
        if (row[1].ptr != NULL)
            mr_sqlmask(&out->statement, row[1].ptr, row[1].len);
        out->seconds = row[2].ptr != NULL ? strtod(row[2].ptr, NULL) : 0;
    }
    mr_result_free(res);
    return code;
}

static bool has_keyless_tables(const struct mr_doctor_server *server)
{
    for (size_t i = 0; server->cat != NULL && i < server->cat->ntables; i++) {
        const struct mr_table *t = &server->cat->tables[i];
        if (t->open_error == NULL && !mr_doctor_has_key(t))
            return true;
    }
    return false;
}

static enum mr_code workers(const struct mr_doctor_server *server, double *count,
                            struct mr_err *err)
{
    bool known;
    return mr_doctor_ask_number(server,
                                mr_gate_link_is_mariadb(&server->link)
                                    ? "SELECT @@GLOBAL.slave_parallel_threads"
                                    : "SELECT @@GLOBAL.replica_parallel_workers",
                                count, &known, err);
}

static enum mr_code say_cause(struct mr_doctor *d, const struct mr_doctor_server *server,
                              struct mr_err *err)
{
    struct applier a = {.state = MR_STRBUF_INIT, .statement = MR_STRBUF_INIT};
    double parallel = 0;
    const struct mr_gate_sessions *blocking = &server->activity.blocking;
    enum mr_code code = find_applier(server, &a, err);
    const int shown = (int)mr_utf8_fit(a.statement.ptr, a.statement.len, SHOWN_COLUMNS);
    if (code == MR_OK)
        code = workers(server, &parallel, err);
    if (code != MR_OK)
        goto out;
    const bool locked = strstr(a.state.ptr, "lock") != NULL;
    if (locked && blocking->count > 0)
        mr_doctor_hint(d,
                       "It waits for a lock (%s), %s session %s of %s@%s. KILL %s frees "
                       "it.",
                       a.state.ptr, server->activity.blocking_is_certain ? "held by" : "perhaps of",
                       blocking->items[0].id, blocking->items[0].user, blocking->items[0].host,
                       blocking->items[0].id);
    else if (locked)
        mr_doctor_hint(d,
                       "It waits for a lock (%s): look for LOCK TABLES, a backup or a long "
                       "SELECT on the replica, SHOW PROCESSLIST.",
                       a.state.ptr);
    else if (a.found && a.statement.len > 0)
        mr_doctor_hint(d, "For %.0f s it has been at: %.*s (%s).", a.seconds, shown,
                       a.statement.ptr, a.state.ptr);
    else if (has_keyless_tables(server))
        mr_doctor_hint(d, "Each changed row of a table without a primary key is searched "
                          "through the whole table (see keys). Give them one.");
    else if (parallel <= 1)
        mr_doctor_hint(d, "One thread applies everything: raise %s.",
                       mr_gate_link_is_mariadb(&server->link) ? "slave_parallel_threads"
                                                              : "replica_parallel_workers");
    else
        mr_doctor_hint(d, "See the replica's disk and load, and long transactions of the "
                          "source.");
out:
    mr_strbuf_release(&a.state);
    mr_strbuf_release(&a.statement);
    return code;
}

static enum mr_code say_channel(struct mr_doctor *d, const struct mr_doctor_server *server,
                                const struct mr_gate_channel *c, struct mr_err *err)
{
    const bool io = strcasecmp(c->io, "Yes") == 0, sql = strcasecmp(c->sql, "Yes") == 0;
    if (!io)
        say_stopped(d, c, "I/O", c->io_errno, c->io_error);
    if (!sql)
        say_stopped(d, c, "SQL", c->sql_errno,
                    c->worker_error[0] != '\0' ? c->worker_error : c->sql_error);
    if (!io || !sql)
        return MR_OK;
    if (c->lag_s == MR_GATE_UNKNOWN_S) {
        mr_doctor_say(d, MR_DOCTOR_UNKNOWN, MR_DOCTOR_replication_lag,
                      "replicates from %s:%u, and does not tell how far it is behind", c->host,
                      c->port);
        mr_doctor_hint(d, "Run it again: a thread may have begun or ended just then.");
        return MR_OK;
    }
    const double lag = c->lag_s > c->delay_s ? (double)(c->lag_s - c->delay_s) : 0;
    const bool late = lag >= d->gate.limits[MR_GATE_T_LAG].warning;
    mr_doctor_say(d, late ? MR_DOCTOR_PROBLEM : MR_DOCTOR_OK, MR_DOCTOR_replication_lag,
                  "replicates from %s:%u, %.0f s behind%s", c->host, c->port, lag,
                  c->delay_s > 0 ? " what its delay wants" : "");
    return late ? say_cause(d, server, err) : MR_OK;
}

/* A member has no channel that would tell. */
static void say_group(struct mr_doctor *d, const struct mr_gate_group *group)
{
    if (group->name == NULL || group->name[0] == '\0')
        return;
    if (group->view.seen != MR_GATE_SEEN) {
        mr_doctor_say(d, MR_DOCTOR_UNKNOWN, MR_DOCTOR_replication,
                      "it is set up for a group, and which state it has there is not known: %s",
                      group->view.why);
        if (group->view.grant != NULL)
            mr_doctor_hint(d, "%s", group->view.grant);
        return;
    }
    const bool is_online = strcasecmp(group->state, "ONLINE") == 0;
    const bool is_cut_off = is_online && group->reached * 2 <= group->members;
    const bool is_bad = is_cut_off || strcasecmp(group->state, "ERROR") == 0;
    mr_doctor_say(d,
                  is_bad      ? MR_DOCTOR_PROBLEM
                  : is_online ? MR_DOCTOR_OK
                              : MR_DOCTOR_NOTE,
                  MR_DOCTOR_replication,
                  "it is set up for a group: its state is %s, and it reaches %" PRIu64
                  " of %" PRIu64 " members",
                  group->state, group->reached, group->members);
    if (!is_online || is_cut_off)
        mr_doctor_hint(d, "What the others write does not get there, or not yet: \"myrecon gate "
                          "check --only cluster\" says what to do.");
}

enum mr_code mr_doctor_replication(struct mr_doctor *d, struct mr_doctor_server *server,
                                   struct mr_err *err)
{
    const struct mr_gate_facts *f = &server->facts;
    if (f->replication.seen != MR_GATE_SEEN) {
        mr_doctor_say(d, MR_DOCTOR_UNKNOWN, MR_DOCTOR_replication,
                      "whether the server is a replica is not visible to this account");
        if (f->replication.grant != NULL)
            mr_doctor_hint(d, "%s", f->replication.grant);
        return MR_OK;
    }
    mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_replication,
                  f->nchannels > 0 ? "the server is a replica" : "the server is no replica");
    say_group(d, &f->group);
    for (size_t i = 0; i < f->nchannels; i++)
        MR_TRY(say_channel(d, server, &f->channels[i], err));
    return MR_OK;
}
