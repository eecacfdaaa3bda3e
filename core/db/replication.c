/* replication.c: see replication.h. */
#include "core/db/replication.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/base/vec.h"
#include "core/db/monitor_right.h"
#include "core/db/replica_status.h"
#include "core/db/sqltext.h"

/* Servers wait in slices, so that a cancel is heard and no statement time-out strikes.
 */
#define WAIT_SLICE_S 1
#define NOT_VISIBLE (-1)
#define STOPPED (-2)

static bool is_mariadb(const struct mr_db *db)
{
    return mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB;
}

/* ---- what GTIDs prove without any right ---- */

/* One "domain-server-sequence" of a MariaDB position. */
struct gtid {
    unsigned long domain, server_id;
    unsigned long long sequence;
};

static bool next_gtid(const char **text, struct gtid *gtid)
{
    int used = 0;
    *text += strspn(*text, ", \n");
    if (sscanf(*text, "%lu-%lu-%llu%n", &gtid->domain, &gtid->server_id, &gtid->sequence, &used) !=
        3)
        return false;
    *text += used;
    return true;
}

/* Does the replica's position end, in some domain, with a transaction that server_id
 * wrote, and has the replica written nothing of its own behind it? */
static bool mariadb_applied(const char *slave_pos, const char *binlog_pos, unsigned long server_id)
{
    struct gtid applied, written;
    bool found = false;
    while (next_gtid(&slave_pos, &applied)) {
        const char *rest = binlog_pos;
        bool forked = false;
        while (next_gtid(&rest, &written))
            forked = forked ||
                     (written.domain == applied.domain && written.server_id != applied.server_id &&
                      written.sequence > applied.sequence);
        if (forked)
            return false;
        found = found || applied.server_id == server_id;
    }
    return found;
}

static enum mr_code mariadb_proof(struct mr_db *a, struct mr_db *b, bool *proved,
                                  struct mr_err *err)
{
    struct mr_strbuf slave = MR_STRBUF_INIT, binlog = MR_STRBUF_INIT;
    enum mr_code rc = mr_db_query_text(b, "SELECT @@GLOBAL.gtid_slave_pos", &slave, err);
    if (rc == MR_OK)
        rc = mr_db_query_text(b, "SELECT @@GLOBAL.gtid_binlog_pos", &binlog, err);
    if (rc == MR_OK)
        *proved = mr_db_server(a)->server_id != mr_db_server(b)->server_id &&
                  mariadb_applied(slave.ptr, binlog.ptr, mr_db_server(a)->server_id);
    mr_strbuf_release(&slave);
    mr_strbuf_release(&binlog);
    return rc;
}

/* b's set is read first: what a writes meanwhile makes no difference then.  b has
 * applied a's transactions if a's uuid is in its set, and is no source of its own if
 * nothing in its set is unknown to a. */
static enum mr_code mysql_proof(struct mr_db *a, struct mr_db *b, bool *proved, struct mr_err *err)
{
    struct mr_strbuf set = MR_STRBUF_INIT, sql = MR_STRBUF_INIT, answer = MR_STRBUF_INIT;
    const char *uuid = mr_db_server(a)->uuid;
    enum mr_code rc = mr_db_query_text(b, "SELECT @@GLOBAL.gtid_executed", &set, err);
    if (rc != MR_OK || uuid[0] == '\0' || strstr(set.ptr, uuid) == NULL)
        goto out;
    mr_strbuf_add_str(&sql, "SELECT GTID_SUBSET(");
    mr_sql_string(&sql, set.ptr);
    mr_strbuf_add_str(&sql, ", @@GLOBAL.gtid_executed)");
    rc = mr_strbuf_check(&sql, "building a query", err);
    if (rc == MR_OK)
        rc = mr_db_query_text(a, sql.ptr, &answer, err);
    if (rc == MR_OK)
        *proved = strcmp(answer.ptr, "1") == 0;
out:
    mr_strbuf_release(&set);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&answer);
    return rc;
}

/* A server too old for the variables proves nothing; that is no error. */
static enum mr_code gtid_proof(struct mr_db *a, struct mr_db *b, bool *proved, struct mr_err *err)
{
    *proved = false;
    enum mr_code rc = MR_OK;
    if (is_mariadb(a) && is_mariadb(b))
        rc = mariadb_proof(a, b, proved, err);
    else if (!is_mariadb(a) && !is_mariadb(b))
        rc = mysql_proof(a, b, proved, err);
    return rc == MR_E_LOST || rc == MR_E_NOMEM || rc == MR_E_CANCELLED ? rc : MR_OK;
}

/* ---- relation ---- */

/* GRANT … that would let db's account see the status. */
static enum mr_code add_grant(struct mr_db *db, struct mr_strbuf *note, struct mr_err *err)
{
    struct mr_strbuf account = MR_STRBUF_INIT;
    enum mr_code rc = mr_db_query_text(db, "SELECT CURRENT_USER()", &account, err);
    if (rc == MR_OK) {
        const char *at = strrchr(account.ptr, '@');
        size_t user_len = at != NULL ? (size_t)(at - account.ptr) : account.len;
        mr_strbuf_add_fmt(note, "GRANT %s ON *.* TO '%.*s'@'%s'",
                          mr_monitor_right_replica(mr_db_server(db)), (int)user_len, account.ptr,
                          at != NULL ? at + 1 : "%");
    }
    mr_strbuf_release(&account);
    return rc;
}

static enum mr_code relation_unseen(struct mr_db *a, struct mr_db *b, enum mr_relation *relation,
                                    struct mr_strbuf *note, struct mr_err *err)
{
    bool proved;
    enum mr_code rc = gtid_proof(a, b, &proved, err);
    if (rc != MR_OK)
        return rc;
    *relation = proved ? MR_RELATION_FOLLOWS : MR_RELATION_UNKNOWN;
    if (proved)
        mr_strbuf_add_fmt(note,
                          "%s has applied transactions of %s (GTID); whether its "
                          "replication threads run is not visible without: ",
                          mr_db_label(b), mr_db_label(a));
    else
        mr_strbuf_add_fmt(note,
                          "whether %s replicates from %s is not visible to this account; "
                          "to see it: ",
                          mr_db_label(b), mr_db_label(a));
    return add_grant(b, note, err);
}

static void note_running(struct mr_strbuf *note, const struct mr_db *a, const struct mr_db *b,
                         const struct mr_replica_status *status)
{
    const char *lag = mr_replica_status_text(status, MR_REPLICA_LAG);
    mr_strbuf_add_fmt(note, "%s replicates from %s, %s seconds behind", mr_db_label(b),
                      mr_db_label(a), lag[0] != '\0' ? lag : "an unknown number of");
}

static void note_stopped(struct mr_strbuf *note, const struct mr_db *a, const struct mr_db *b,
                         const struct mr_replica_status *status)
{
    bool io = mr_replica_status_is_running(status, MR_REPLICA_IO),
         sql = mr_replica_status_is_running(status, MR_REPLICA_SQL);
    const char *what = io ? "SQL thread is not running" : "I/O thread is not running";
    if (!io && !mr_replica_status_is_stopped(status, MR_REPLICA_IO))
        what = sql ? "I/O thread has no connection and tries to get one"
                   : "SQL thread is not running and its I/O thread has no connection";
    else if (!io && !sql)
        what = "I/O and SQL threads are not running";
    mr_strbuf_add_fmt(note, "%s is a replica of %s, but its %s", mr_db_label(b), mr_db_label(a),
                      what);
    const char *reason =
        mr_replica_status_text(status, sql ? MR_REPLICA_IO_ERROR : MR_REPLICA_SQL_ERROR);
    if (reason[0] == '\0')
        reason = mr_replica_status_text(status, MR_REPLICA_IO_ERROR);
    if (reason[0] != '\0')
        mr_strbuf_add_fmt(note, ": %.500s", reason);
}

/* Through a chain: b's own source is a third server, which passes on what a writes. */
static enum mr_code relation_chained(struct mr_db *a, struct mr_db *b, const char *via,
                                     enum mr_relation *relation, struct mr_strbuf *note,
                                     struct mr_err *err)
{
    bool proved;
    enum mr_code rc = gtid_proof(a, b, &proved, err);
    if (rc != MR_OK)
        return rc;
    *relation = proved ? MR_RELATION_FOLLOWS : MR_RELATION_NONE;
    if (proved)
        mr_strbuf_add_fmt(note, "%s replicates from %s through %s", mr_db_label(b), mr_db_label(a),
                          via);
    else
        mr_strbuf_add_fmt(note, "%s does not replicate from %s, but from %s", mr_db_label(b),
                          mr_db_label(a), via);
    return MR_OK;
}

enum mr_code mr_replication_relation(struct mr_db *a, struct mr_db *b, enum mr_relation *relation,
                                     struct mr_strbuf *note, struct mr_err *err)
{
    struct mr_replica_status status;
    char via[300] = "";
    bool is_stopped = false;
    *relation = MR_RELATION_NONE;
    mr_strbuf_reset(note);
    enum mr_code rc = mr_replica_status_open(b, &status, err);
    if (rc == MR_E_DENIED) {
        rc = relation_unseen(a, b, relation, note, err);
        return rc == MR_OK ? mr_strbuf_check(note, "describing replication", err) : rc;
    }
    if (rc != MR_OK)
        return rc;
    while (*relation == MR_RELATION_NONE && mr_replica_status_next(&status)) {
        bool runs = mr_replica_status_is_running(&status, MR_REPLICA_IO) &&
                    mr_replica_status_is_running(&status, MR_REPLICA_SQL);
        if (mr_replica_status_is_source(&status, mr_db_server(a), mr_db_server(b))) {
            *relation = runs ? MR_RELATION_FOLLOWS : MR_RELATION_STOPPED;
            (runs ? note_running : note_stopped)(note, a, b, &status);
        } else {
            is_stopped = is_stopped || !runs;
            (void)snprintf(via, sizeof via, "%s:%s",
                           mr_replica_status_text(&status, MR_REPLICA_HOST),
                           mr_replica_status_text(&status, MR_REPLICA_PORT));
        }
    }
    mr_replica_status_close(&status);
    if (*relation == MR_RELATION_NONE && via[0] != '\0' && !is_stopped)
        rc = relation_chained(a, b, via, relation, note, err);
    else if (*relation == MR_RELATION_NONE)
        mr_strbuf_add_fmt(note, "%s is not a replica of %s", mr_db_label(b), mr_db_label(a));
    return rc == MR_OK ? mr_strbuf_check(note, "describing replication", err) : rc;
}

/* ---- sources ---- */

/* Members of a group apply each other's writes: that is no source that a row is missed by. */
static bool is_group_channel(const char *channel)
{
    static const char prefix[] = "group_replication_";
    return strncmp(channel, prefix, sizeof prefix - 1) == 0;
}

static void add_source(struct mr_strbuf *out, const char *host, const char *port,
                       const char *channel, const char *state)
{
    if (host[0] == '\0' || is_group_channel(channel))
        return;
    mr_strbuf_add_fmt(out, "%s\"%s:%s\"", out->len > 0 ? ", " : "", host, port);
    if (channel[0] != '\0')
        mr_strbuf_add_fmt(out, " (channel \"%s\", %s)", channel, state);
    else
        mr_strbuf_add_fmt(out, " (%s)", state);
}

/* Where the status is hidden, the tables that MySQL makes it from may be readable. */
static enum mr_code sources_unseen(struct mr_db *db, bool *seen, struct mr_strbuf *sources,
                                   struct mr_err *err)
{
    static const char sql[] = "SELECT HOST, PORT, CHANNEL_NAME FROM "
                              "performance_schema.replication_connection_configuration";
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    *seen = false;
    if (is_mariadb(db))
        return MR_OK;
    enum mr_code rc = mr_db_query(db, "nnn", sql, sizeof sql - 1, &res, err);
    if (rc == MR_E_DENIED || rc == MR_E_NO_SUCH)
        return MR_OK;
    if (rc != MR_OK)
        return rc;
    while ((row = mr_result_next(res)) != NULL)
        if (row[0].ptr != NULL && row[1].ptr != NULL && row[2].ptr != NULL)
            add_source(sources, row[0].ptr, row[1].ptr, row[2].ptr, "configured");
    mr_result_free(res);
    *seen = true;
    return MR_OK;
}

enum mr_code mr_replication_sources(struct mr_db *db, bool *seen, struct mr_strbuf *sources,
                                    struct mr_err *err)
{
    struct mr_replica_status status;
    struct mr_err why = {0};
    mr_strbuf_reset(sources);
    *seen = true;
    enum mr_code rc = mr_replica_status_open(db, &status, &why);
    if (rc == MR_E_DENIED)
        return sources_unseen(db, seen, sources, err);
    if (rc != MR_OK) {
        *err = why;
        return rc;
    }
    while (mr_replica_status_next(&status))
        add_source(sources, mr_replica_status_text(&status, MR_REPLICA_HOST),
                   mr_replica_status_text(&status, MR_REPLICA_PORT),
                   mr_replica_status_text(&status, MR_REPLICA_CHANNEL),
                   mr_replica_status_is_running(&status, MR_REPLICA_IO) &&
                           mr_replica_status_is_running(&status, MR_REPLICA_SQL)
                       ? "running"
                       : "stopped");
    mr_replica_status_close(&status);
    return mr_strbuf_check(sources, "looking at replication", err);
}

enum mr_code mr_replication_refuse(struct mr_db *db, bool allowed, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool seen = false;
    enum mr_code rc = mr_replication_sources(db, &seen, &text, err);
    if (rc != MR_OK || (seen && text.len == 0))
        goto out;
    if (allowed) {
        if (seen)
            mr_log_warning("--allow-replica: server \"%s\" replicates from %s; without --no-binlog "
                           "its binary log gets what that one lacks",
                           mr_db_label(db), text.ptr);
        goto out;
    }
    if (seen) {
        rc = mr_err_set(err, MR_E_REFUSED, "server \"%s\" replicates from %s", mr_db_label(db),
                        text.ptr);
        mr_err_hint(err,
                    "Nothing was changed. What is written to a replica parts it from "
                    "its source: name the server that the application writes to. If "
                    "this one was promoted for good, run RESET %s ALL there; else pass "
                    "--allow-replica. With --no-binlog beside it (apply, undo, restore) its "
                    "binary log gets no transaction that its source lacks, at which MariaDB's "
                    "gtid_strict_mode stops replication.",
                    mr_has_replica_words(mr_db_server(db)) ? "REPLICA" : "SLAVE");
        goto out;
    }
    rc = add_grant(db, &text, err);
    if (rc == MR_OK)
        rc = mr_strbuf_check(&text, "looking at replication", err);
    if (rc != MR_OK)
        goto out;
    rc = mr_err_set(err, MR_E_REFUSED,
                    "whether server \"%s\" replicates from another one is hidden from "
                    "the account",
                    mr_db_label(db));
    mr_err_hint(err, "Nothing was changed. Run: %s; or pass --allow-replica.", text.ptr);
out:
    mr_strbuf_release(&text);
    return rc;
}

/* ---- position and wait ---- */

/*
 * A position is text of up to three lines, because which one the replica can wait for
 * depends on the replica: "mariadb <gtid_binlog_pos>" or "mysql <gtid_executed>", and
 * "file <name> <offset>" with "of <server_id> <uuid>", whose log that is.
 */

/* "file …", where the account may see it. */
static enum mr_code add_file_position(struct mr_db *a, struct mr_strbuf *position,
                                      struct mr_err *err)
{
    const char *sql = mr_log_status_sql(a);
    struct mr_result *res = NULL;
    enum mr_code rc = mr_db_query(a, "nn*", sql, strlen(sql), &res, err);
    if (rc == MR_E_DENIED)
        return MR_OK;
    if (rc != MR_OK)
        return rc;
    const struct mr_cell *row = mr_result_next(res);
    if (row != NULL && row[0].len > 0 && row[1].len > 0)
        mr_strbuf_add_fmt(position, "file %s %s\nof %lu %s\n", row[0].ptr, row[1].ptr,
                          (unsigned long)mr_db_server(a)->server_id, mr_db_server(a)->uuid);
    mr_result_free(res);
    return MR_OK;
}

/* Where no transaction gets a GTID any more, the set stands still while rows change. */
static const char mysql_gtids[] =
    "SELECT IF(@@GLOBAL.gtid_mode LIKE 'ON%', @@GLOBAL.gtid_executed, '')";

/* "mariadb …" or "mysql …", of what the statement gives. */
static enum mr_code add_gtids(struct mr_db *a, struct mr_strbuf *position, const char *sql,
                              struct mr_err *err)
{
    struct mr_strbuf set = MR_STRBUF_INIT;
    enum mr_code rc = mr_db_query_text(a, sql, &set, err);
    if (rc == MR_E_NO_SUCH) /* a server older than GTIDs */
        rc = MR_OK;
    if (rc == MR_OK && set.len > 0) {
        mr_strbuf_add_str(position, is_mariadb(a) ? "mariadb " : "mysql ");
        for (const char *p = set.ptr; *p != '\0'; p++)
            if (*p != '\n' && *p != ' ') /* MySQL breaks long sets into lines */
                mr_strbuf_add_char(position, *p);
        mr_strbuf_add_char(position, '\n');
    }
    mr_strbuf_release(&set);
    return rc;
}

enum mr_code mr_replication_position(struct mr_db *a, struct mr_strbuf *position,
                                     struct mr_err *err)
{
    mr_strbuf_reset(position);
    enum mr_code rc = add_gtids(
        a, position, is_mariadb(a) ? "SELECT @@GLOBAL.gtid_binlog_pos" : mysql_gtids, err);
    if (rc == MR_OK)
        rc = add_file_position(a, position, err);
    return rc == MR_OK ? mr_strbuf_check(position, "reading a position", err) : rc;
}

enum mr_code mr_replication_history(struct mr_db *a, struct mr_strbuf *position, struct mr_err *err)
{
    mr_strbuf_reset(position);
    enum mr_code rc = add_gtids(
        a, position, is_mariadb(a) ? "SELECT @@GLOBAL.gtid_current_pos" : mysql_gtids, err);
    return rc == MR_OK ? mr_strbuf_check(position, "reading a position", err) : rc;
}

/* The rest of the line that starts with `word` and a space; false if there is none. */
static bool find_line(const char *position, const char *word, struct mr_strbuf *out)
{
    size_t len = strlen(word);
    mr_strbuf_reset(out);
    while (*position != '\0') {
        size_t line = strcspn(position, "\n");
        if (line > len && strncmp(position, word, len) == 0 && position[len] == ' ') {
            mr_strbuf_add(out, position + len + 1, line - len - 1);
            return true;
        }
        position += line + (position[line] == '\n');
    }
    return false;
}

/* MySQL before 5.7.5 knows the wait of its SQL thread alone. */
#define MYSQL_WAITS_FOR_SET_SINCE 50705

static const char *gtid_wait(const struct mr_db *b)
{
    if (is_mariadb(b))
        return "SELECT MASTER_GTID_WAIT(";
    return mr_db_server(b)->version >= MYSQL_WAITS_FOR_SET_SINCE
               ? "SELECT WAIT_FOR_EXECUTED_GTID_SET("
               : "SELECT WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS(";
}

#define MYSQL_CHANNELS_SINCE 50706

/* The channel by which b gets the log that the position is of; *found false: it has none.  Where its
 * status is hidden, or nobody says whose log it is, that is the one without a name. */
static enum mr_code find_channel(struct mr_db *b, const char *position, struct mr_strbuf *channel,
                                 bool *found, struct mr_err *err)
{
    struct mr_strbuf of = MR_STRBUF_INIT;
    struct mr_replica_status status;
    struct mr_err why = {0};
    enum mr_code rc = MR_OK;
    *found = true;
    if (!find_line(position, "of", &of))
        goto out;
    rc = mr_replica_status_open(b, &status, &why);
    if (rc == MR_E_DENIED) {
        rc = MR_OK;
        goto out;
    }
    if (rc != MR_OK) {
        *err = why;
        goto out;
    }
    const char *uuid = strchr(of.ptr, ' ');
    uuid = uuid != NULL ? uuid + 1 : "";
    *found = false;
    while (!*found && mr_replica_status_next(&status)) {
        const char *theirs = mr_replica_status_text(&status, MR_REPLICA_UUID);
        *found = uuid[0] != '\0' && theirs[0] != '\0'
                     ? strcmp(uuid, theirs) == 0
                     : strtoul(of.ptr, NULL, 10) ==
                           strtoul(mr_replica_status_text(&status, MR_REPLICA_SERVER_ID), NULL, 10);
        if (*found)
            mr_strbuf_add_str(channel, mr_replica_status_text(&status, MR_REPLICA_CHANNEL));
    }
    mr_replica_status_close(&status);
out:
    mr_strbuf_release(&of);
    return rc == MR_OK ? mr_strbuf_check(channel, "looking at replication", err) : rc;
}

/* Without its name the wait is for another source's log, or refused. */
static enum mr_code build_file_wait(struct mr_db *b, const char *position, char *file,
                                    struct mr_strbuf *sql, struct mr_err *err)
{
    struct mr_strbuf channel = MR_STRBUF_INIT;
    bool found = false;
    char *space = strrchr(file, ' ');
    enum mr_code rc = find_channel(b, position, &channel, &found, err);
    if (rc == MR_OK && found && space != NULL) {
        *space = '\0';
        bool new_words = !is_mariadb(b) && mr_db_server(b)->version >= 80026;
        mr_strbuf_add_str(sql, new_words ? "SELECT SOURCE_POS_WAIT(" : "SELECT MASTER_POS_WAIT(");
        mr_sql_string(sql, file);
        mr_strbuf_add_fmt(sql, ", %lu, %d", strtoul(space + 1, NULL, 10), WAIT_SLICE_S);
        if (channel.len > 0 &&
            (is_mariadb(b) || mr_db_server(b)->version >= MYSQL_CHANNELS_SINCE)) {
            mr_strbuf_add_str(sql, ", ");
            mr_sql_string(sql, channel.ptr);
        }
        mr_strbuf_add_char(sql, ')');
    }
    mr_strbuf_release(&channel);
    return rc;
}

/* The statement that waits on b; "" where b knows no way. */
static enum mr_code build_wait(struct mr_db *b, const char *position, struct mr_strbuf *sql,
                               struct mr_err *err)
{
    struct mr_strbuf what = MR_STRBUF_INIT;
    enum mr_code rc = MR_OK;
    if (find_line(position, is_mariadb(b) ? "mariadb" : "mysql", &what)) {
        mr_strbuf_add_str(sql, gtid_wait(b));
        mr_sql_string(sql, what.ptr);
        mr_strbuf_add_fmt(sql, ", %d)", WAIT_SLICE_S);
    } else if (find_line(position, "file", &what)) {
        rc = build_file_wait(b, position, what.ptr, sql, err);
    }
    mr_strbuf_release(&what);
    return rc == MR_OK ? mr_strbuf_check(sql, "building a query", err) : rc;
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One slice.  GTID waits answer 0 when there (MariaDB -1, MySQL 1 on time-out);
 * position waits, and that of an SQL thread, answer a count of events, -1 on time-out, and NULL when
 * no applier runs. */
static enum mr_code wait_slice(struct mr_db *b, const char *sql, bool *reached, bool *hopeless,
                               struct mr_err *err)
{
    struct mr_strbuf answer = MR_STRBUF_INIT;
    bool by_count = strstr(sql, "_POS_WAIT(") != NULL || strstr(sql, "_AFTER_GTIDS(") != NULL;
    enum mr_code rc = mr_db_query_text(b, sql, &answer, err);
    if (rc == MR_OK) {
        *hopeless = answer.len == 0;
        *reached = by_count ? !*hopeless && answer.ptr[0] != '-' : strcmp(answer.ptr, "0") == 0;
    }
    mr_strbuf_release(&answer);
    if (rc == MR_E_TIMEOUT) /* a statement time-out shorter than the slice */
        return MR_OK;
    if (rc == MR_E_SQL || rc == MR_E_DENIED || rc == MR_E_NO_SUCH) {
        *hopeless = true; /* GTID mode off, several channels … */
        return MR_OK;
    }
    return rc;
}

enum mr_code mr_replication_wait(struct mr_db *b, const char *position, unsigned timeout_s,
                                 bool *reached, struct mr_err *err)
{
    *reached = false;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code rc = build_wait(b, position, &sql, err);
    bool hopeless = sql.len == 0;
    double end = now_s() + timeout_s;
    while (rc == MR_OK && !*reached && !hopeless) {
        rc = wait_slice(b, sql.ptr, reached, &hopeless, err);
        if (rc == MR_OK && mr_is_cancelled())
            rc = mr_cancelled_err(err);
        if (now_s() >= end)
            break;
    }
    mr_strbuf_release(&sql);
    return rc;
}

/* The transaction with which a position ends in a domain. */
static bool ends_with(const char *position, unsigned long domain, struct gtid *out)
{
    while (next_gtid(&position, out))
        if (out->domain == domain)
            return true;
    return false;
}

static bool has_reached(const char *slave_pos, const char *wanted)
{
    struct gtid want, have;
    while (next_gtid(&wanted, &want))
        if (!ends_with(slave_pos, want.domain, &have) || have.sequence < want.sequence)
            return false;
    return true;
}

/* Is what was applied within what was written? */
static bool is_within(const char *slave_pos, const char *binlog_pos)
{
    struct gtid applied, written;
    while (next_gtid(&slave_pos, &applied))
        if (ends_with(binlog_pos, applied.domain, &written) &&
            (applied.sequence > written.sequence ||
             (applied.sequence == written.sequence && applied.server_id != written.server_id)))
            return false;
    return true;
}

enum mr_code mr_replication_confirm(struct mr_db *a, struct mr_db *b, bool follows,
                                    const char *position, bool *reached, struct mr_err *err)
{
    struct mr_strbuf wanted = MR_STRBUF_INIT, slave = MR_STRBUF_INIT, written = MR_STRBUF_INIT;
    enum mr_code rc = MR_OK;
    if (!*reached || !is_mariadb(a) || !is_mariadb(b) || !find_line(position, "mariadb", &wanted))
        goto out;
    rc = mr_db_query_text(b, "SELECT @@GLOBAL.gtid_slave_pos", &slave, err);
    if (rc == MR_OK && follows)
        rc = mr_db_query_text(a, "SELECT @@GLOBAL.gtid_binlog_pos", &written, err);
    if (rc == MR_OK)
        *reached =
            has_reached(slave.ptr, wanted.ptr) && (!follows || is_within(slave.ptr, written.ptr));
    else /* who tries again is not to take the wait's word */
        *reached = false;
out:
    mr_strbuf_release(&wanted);
    mr_strbuf_release(&slave);
    mr_strbuf_release(&written);
    return rc;
}

/* ---- lag, and replicas below ---- */

enum mr_code mr_replication_lag(struct mr_db *db, long *seconds, unsigned long *delay_s,
                                struct mr_err *err)
{
    struct mr_replica_status status;
    *seconds = NOT_VISIBLE;
    *delay_s = 0;
    enum mr_code rc = mr_replica_status_open(db, &status, err);
    if (rc == MR_E_DENIED)
        return MR_OK;
    if (rc != MR_OK)
        return rc;
    while (mr_replica_status_next(&status)) {
        const char *text = mr_replica_status_text(&status, MR_REPLICA_LAG);
        unsigned long delay = strtoul(mr_replica_status_text(&status, MR_REPLICA_DELAY), NULL, 10);
        long lag = text[0] != '\0' ? strtol(text, NULL, 10) : STOPPED;
        if (delay > *delay_s)
            *delay_s = delay;
        bool is_first = *seconds == NOT_VISIBLE;
        if (delay == 0 && (is_first || lag > *seconds))
            *seconds = lag;
    }
    mr_replica_status_close(&status);
    return MR_OK;
}

/* The one host that all dump threads come from, for replicas that report no host of
 * their own; "" where there are several or none may be seen. */
static enum mr_code dump_host(struct mr_db *db, char *host, size_t size, struct mr_err *err)
{
    static const char sql[] = "SELECT DISTINCT SUBSTRING_INDEX(HOST, ':', 1) FROM "
                              "information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'";
    struct mr_result *res = NULL;
    host[0] = '\0';
    enum mr_code rc = mr_db_query(db, "n", sql, strlen(sql), &res, err);
    if (rc != MR_OK)
        return rc == MR_E_DENIED ? MR_OK : rc;
    const struct mr_cell *row = mr_result_next(res);
    if (row != NULL && row[0].len > 0 && row[0].len < size)
        memcpy(host, row[0].ptr, row[0].len + 1);
    if (mr_result_next(res) != NULL)
        host[0] = '\0';
    mr_result_free(res);
    return MR_OK;
}

/* A replica that sits on the server's own machine is reached from here as the server
 * is. */
static void resolve_loopback(const struct mr_db *db, char *host, size_t size)
{
    const char *label = mr_db_label(db);
    const char *colon = strrchr(label, ':');
    if (!mr_is_loopback(host))
        return;
    if (label[0] == '/' || colon == NULL)
        (void)snprintf(host, size, "127.0.0.1");
    else if (label[0] == '[')
        (void)snprintf(host, size, "%.*s", (int)(colon - label - 2), label + 1);
    else
        (void)snprintf(host, size, "%.*s", (int)(colon - label), label);
}

static enum mr_code push_host(struct mr_vec *hosts, const char *host, const char *port,
                              struct mr_err *err)
{
    char *text = NULL;
    bool is_v6 = strchr(host, ':') != NULL;
    if (asprintf(&text, is_v6 ? "[%s]:%s" : "%s:%s", host, port) < 0)
        return mr_err_nomem(err, "listing replicas");
    char **slot = mr_vec_push(hosts);
    if (slot == NULL) {
        free(text);
        return mr_err_nomem(err, "listing replicas");
    }
    *slot = text;
    return MR_OK;
}

enum mr_code mr_replication_below(struct mr_db *db, struct mr_vec *hosts, struct mr_err *err)
{
    const char *sql = mr_has_replica_words(mr_db_server(db)) ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS";
    struct mr_result *res = NULL;
    enum mr_code rc = mr_db_query(db, "*", sql, strlen(sql), &res, err);
    if (rc == MR_E_DENIED)
        return MR_OK;
    if (rc != MR_OK)
        return rc;
    char fallback[256] = "";
    size_t host_at = mr_result_column_named(res, "Host"),
           port_at = mr_result_column_named(res, "Port");
    if (host_at == MR_NO_COLUMN || port_at == MR_NO_COLUMN)
        rc = mr_err_set(err, MR_E_SQL, "server \"%s\": %s shows no Host and Port", mr_db_label(db),
                        sql);
    if (rc == MR_OK)
        rc = dump_host(db, fallback, sizeof fallback, err);
    const struct mr_cell *row;
    while (rc == MR_OK && (row = mr_result_next(res)) != NULL) {
        char host[256];
        (void)snprintf(host, sizeof host, "%s", row[host_at].len > 0 ? row[host_at].ptr : fallback);
        resolve_loopback(db, host, sizeof host);
        if (host[0] != '\0' && row[port_at].len > 0)
            rc = push_host(hosts, host, row[port_at].ptr, err);
    }
    mr_result_free(res);
    return rc;
}
