/* doctor_load.c: slow statements, locks, connections, disk of a server; see doctor.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/utf8.h"
#include "core/db/sqlmask.h"
#include "recon/doctor/doctor.h"

#define SHOWN 3
#define SHOWN_COLUMNS 160

/* ---- slow statements ---- */

enum plan_column { P_TABLE, P_TYPE, P_KEY, P_ROWS, P_COUNT };

/* The step of a statement's plan that reads most rows. */
struct plan {
    struct mr_strbuf table, key;
    double rows; /* below 0: no plan was to be had */
    bool whole;  /* every row of the table, or every entry of the index, is read */
};

static const char *cell_text(const struct mr_cell *row, size_t at)
{
    return at != SIZE_MAX && row[at].ptr != NULL ? row[at].ptr : "";
}

static void take_step(struct plan *plan, const struct mr_cell *row, const size_t at[P_COUNT])
{
    const double rows = strtod(cell_text(row, at[P_ROWS]), NULL);
    const char *type = cell_text(row, at[P_TYPE]);
    if (rows <= plan->rows || cell_text(row, at[P_TABLE])[0] == '\0')
        return;
    plan->rows = rows;
    plan->whole = strcasecmp(type, "ALL") == 0 || strcasecmp(type, "index") == 0;
    mr_strbuf_reset(&plan->table);
    mr_strbuf_reset(&plan->key);
    mr_strbuf_add_str(&plan->table, cell_text(row, at[P_TABLE]));
    mr_strbuf_add_str(&plan->key, cell_text(row, at[P_KEY]));
}

/* A statement that has ended meanwhile, or that has no plan, gives none. */
static enum mr_code explain(const struct mr_doctor_server *server, const char *id,
                            struct plan *plan, struct mr_err *err)
{
    static const char *const names[P_COUNT] = {"table", "type", "key", "rows"};
    size_t at[P_COUNT] = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
    char sql[96];
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    (void)snprintf(sql, sizeof sql, "%s %s",
                   mr_gate_link_is_mariadb(&server->link)
                       ? "SHOW EXPLAIN FOR"
                       : "EXPLAIN FORMAT = TRADITIONAL FOR CONNECTION",
                   id);
    enum mr_code code = mr_doctor_query(server, "*", sql, &res, err);
    for (size_t c = 0; res != NULL && c < mr_result_columns(res); c++)
        for (size_t n = 0; n < P_COUNT; n++)
            if (strcasecmp(mr_result_column_name(res, c), names[n]) == 0)
                at[n] = c;
    while (res != NULL && at[P_TABLE] != SIZE_MAX && at[P_ROWS] != SIZE_MAX &&
           (row = mr_result_next(res)) != NULL)
        take_step(plan, row, at);
    mr_result_free(res);
    return code;
}

static void say_plan(struct mr_doctor *d, const struct plan *plan, const char *id)
{
    if (plan->rows < 0)
        mr_doctor_hint(d, "It has no plan to look at. KILL QUERY %s ends it.", id);
    else if (plan->whole)
        mr_doctor_hint(d,
                       "EXPLAIN: it reads all of \"%s\", about %.0f rows, %s%s. Add an "
                       "index for its conditions; KILL QUERY %s ends it.",
                       plan->table.ptr, plan->rows,
                       plan->key.len > 0 ? "by index " : "without an index", plan->key.ptr, id);
    else
        mr_doctor_hint(d,
                       "EXPLAIN: most is read from \"%s\", about %.0f rows by index %s. "
                       "KILL QUERY %s ends it.",
                       plan->table.ptr, plan->rows, plan->key.len > 0 ? plan->key.ptr : "(none)",
                       id);
}

/* Waiting for a table's lock is reported as such; a dump has to take its time. */
static bool is_reported_elsewhere(const struct mr_doctor_server *server, const char *id)
{
    const struct mr_gate_sessions *lists[] = {&server->activity.waiting, &server->activity.backups};
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
        for (size_t i = 0; i < lists[l]->count; i++)
            if (strcmp(lists[l]->items[i].id, id) == 0)
                return true;
    return false;
}

/* Columns: id, user, host, seconds, state, statement. */
static enum mr_code say_statement(struct mr_doctor *d, const struct mr_doctor_server *server,
                                  const struct mr_cell *row, struct mr_err *err)
{
    struct plan plan = {.table = MR_STRBUF_INIT, .key = MR_STRBUF_INIT, .rows = -1};
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = explain(server, row[0].ptr, &plan, err);
    mr_sqlmask(&text, row[5].ptr, row[5].len);
    mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_slow_query,
                  "session %s of %s@%s runs for %s s%s%s: %.*s", row[0].ptr, row[1].ptr,
                  cell_text(row, 2), row[3].ptr, row[4].len > 0 ? ", " : "", cell_text(row, 4),
                  (int)mr_utf8_fit(text.ptr, text.len, SHOWN_COLUMNS), text.ptr);
    say_plan(d, &plan, row[0].ptr);
    mr_strbuf_release(&text);
    mr_strbuf_release(&plan.table);
    mr_strbuf_release(&plan.key);
    return code;
}

static enum mr_code say_slow(struct mr_doctor *d, const struct mr_doctor_server *server,
                             struct mr_err *err)
{
    char sql[512];
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    size_t shown = 0;
    (void)snprintf(sql, sizeof sql,
                   "SELECT ID, USER, HOST, TIME, STATE, LEFT(INFO, 2000) FROM "
                   "information_schema.PROCESSLIST WHERE COMMAND IN ('Query', 'Execute') "
                   "AND INFO IS NOT NULL AND INFO NOT LIKE '/* myrecon %%' AND TIME >= %u "
                   "AND ID <> CONNECTION_ID() AND USER NOT IN ('system user', "
                   "'event_scheduler') ORDER BY TIME DESC LIMIT 20",
                   d->opts.slow_s);
    enum mr_code code = mr_doctor_query(server, "vvnvnv", sql, &res, err);
    const bool seen = res != NULL;
    while (code == MR_OK && seen && shown < SHOWN && (row = mr_result_next(res)) != NULL) {
        if (is_reported_elsewhere(server, row[0].ptr))
            continue;
        code = say_statement(d, server, row, err);
        shown++;
    }
    if (code == MR_OK && !seen)
        mr_doctor_say(d, MR_DOCTOR_UNKNOWN, MR_DOCTOR_slow_query,
                      "running statements could not be read");
    else if (code == MR_OK && shown == 0 && server->facts.sessions.seen == MR_GATE_SEEN)
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_slow_query, "no statement runs for %u s or more",
                      d->opts.slow_s);
    mr_result_free(res);
    return code;
}

/* ---- locks ---- */

static const char *how_to_know(const struct mr_doctor_server *server)
{
    return mr_gate_link_is_mariadb(&server->link)
               ? " For certain: INSTALL SONAME 'metadata_lock_info'."
               : "";
}

/* Without the right to see other accounts an empty list proves nothing. Whom one waits for is reported
 * as certain only where the server shows it; what somebody is advised to kill must not be a guess
 * without saying so. */
static void say_sessions(struct mr_doctor *d, const struct mr_doctor_server *server)
{
    const struct mr_gate_facts *f = &server->facts;
    const struct mr_gate_activity *a = &server->activity;
    const bool seen = f->sessions.seen == MR_GATE_SEEN;
    mr_doctor_say(d, seen ? MR_DOCTOR_OK : MR_DOCTOR_UNKNOWN, MR_DOCTOR_sessions,
                  seen ? "sessions of all accounts are visible"
                       : "slow statements and locks of other accounts are not visible to "
                         "this account");
    if (!seen && f->sessions.grant != NULL)
        mr_doctor_hint(d, "%s", f->sessions.grant);
    if (seen && a->waiting.why != NULL)
        mr_doctor_say(d, MR_DOCTOR_UNKNOWN, MR_DOCTOR_table_lock,
                      "who waits for a table's lock could not be read: %s", a->waiting.why);
    else if (seen && a->waiting.count == 0)
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_table_lock, "nobody waits for a table's lock");
    for (size_t i = 0; i < a->waiting.count && i < SHOWN; i++) {
        const struct mr_gate_session *s = &a->waiting.items[i], *b = a->blocking.items;
        mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_table_lock,
                      "session %s of %s@%s waits for %.0f s: %s", s->id, s->user, s->host,
                      s->seconds, s->what);
        if (a->blocking.count > 0)
            mr_doctor_hint(d, "%s session %s of %s@%s: %s, for %.0f s. KILL %s frees it.%s",
                           a->blocking_is_certain ? "For" : "Perhaps for", b->id, b->user, b->host,
                           b->what, b->seconds, b->id,
                           a->blocking_is_certain ? "" : how_to_know(server));
        else
            mr_doctor_hint(d,
                           "Who holds it cannot be seen: look for a session that sleeps "
                           "in an open transaction, SHOW PROCESSLIST.%s",
                           how_to_know(server));
    }
    for (size_t i = 0; i < a->backups.count && i < SHOWN; i++) {
        const struct mr_gate_session *s = &a->backups.items[i];
        mr_doctor_say(d, MR_DOCTOR_NOTE, MR_DOCTOR_running_backup,
                      "%s in session %s of %s@%s, for %.0f s", s->what, s->id, s->user, s->host,
                      s->seconds);
    }
}

/* Who waits for a row's lock, and whose transaction has it. */
static const char mariadb_rows_sql[] =
    "SELECT r.trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, r.trx_wait_started, "
    "CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM')) waits, b.trx_mysql_thread_id, "
    "p.USER, "
    "p.HOST, TIMESTAMPDIFF(SECOND, b.trx_started, CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', "
    "'SYSTEM')), p.COMMAND FROM information_schema.INNODB_LOCK_WAITS w JOIN "
    "information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id JOIN "
    "information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id LEFT JOIN "
    "information_schema.PROCESSLIST p ON p.ID = b.trx_mysql_thread_id WHERE b.trx_state "
    "<> "
    "'LOCK WAIT' ORDER BY waits DESC LIMIT 3";
static const char mysql_rows_sql[] =
    "SELECT r.trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, r.trx_wait_started, "
    "CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM')) waits, b.trx_mysql_thread_id, "
    "p.USER, "
    "p.HOST, TIMESTAMPDIFF(SECOND, b.trx_started, CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', "
    "'SYSTEM')), p.COMMAND FROM performance_schema.data_lock_waits w JOIN "
    "information_schema.INNODB_TRX r ON r.trx_id = w.REQUESTING_ENGINE_TRANSACTION_ID "
    "JOIN "
    "information_schema.INNODB_TRX b ON b.trx_id = w.BLOCKING_ENGINE_TRANSACTION_ID LEFT "
    "JOIN information_schema.PROCESSLIST p ON p.ID = b.trx_mysql_thread_id WHERE "
    "b.trx_state <> 'LOCK WAIT' ORDER BY waits DESC LIMIT 3";

/* MySQL, where performance_schema is off: its views are there, and empty. */
static enum mr_code say_row_waits(struct mr_doctor *d, const struct mr_doctor_server *server,
                                  bool *reported, struct mr_err *err)
{
    static const char sql[] =
        "SELECT MAX(TIMESTAMPDIFF(SECOND, trx_wait_started, CONVERT_TZ(UTC_TIMESTAMP(), "
        "'+00:00', 'SYSTEM'))) FROM information_schema.INNODB_TRX WHERE trx_state = "
        "'LOCK WAIT' AND @@performance_schema = 0";
    double longest = 0;
    bool known = false;
    *reported = false;
    if (mr_gate_link_is_mariadb(&server->link))
        return MR_OK;
    enum mr_code code = mr_doctor_ask_number(server, sql, &longest, &known, err);
    if (code != MR_OK || !known || longest < d->gate.limits[MR_GATE_T_LOCK_WAIT].warning)
        return code;
    *reported = true;
    mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_row_lock, "a session waits for %.0f s for a row",
                  longest);
    mr_doctor_hint(d, "Who has it is not visible: performance_schema is off. Look for an "
                      "old transaction in information_schema.INNODB_TRX.");
    return MR_OK;
}

/* A transaction prepared by XA has no session (0) that could be killed: its coordinator has to end
 * it. "Nobody waits" is said only where the list of waits could be read. */
static enum mr_code say_row_locks(struct mr_doctor *d, const struct mr_doctor_server *server,
                                  struct mr_err *err)
{
    const double patience = d->gate.limits[MR_GATE_T_LOCK_WAIT].warning;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    size_t reported = 0;
    enum mr_code code = mr_doctor_query(
        server, "nnnnnnn",
        mr_gate_link_is_mariadb(&server->link) ? mariadb_rows_sql : mysql_rows_sql, &res, err);
    const bool seen = res != NULL;
    while (seen && (row = mr_result_next(res)) != NULL) {
        if (strtod(cell_text(row, 1), NULL) < patience)
            continue;
        reported++;
        mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_row_lock,
                      "session %s waits for %s s for a row", cell_text(row, 0), cell_text(row, 1));
        if (strcmp(cell_text(row, 2), "0") == 0)
            mr_doctor_hint(d,
                           "A prepared XA transaction, open for %s s, has it; its session "
                           "is gone. XA RECOVER shows it; ask its coordinator whether to "
                           "XA COMMIT or XA ROLLBACK it.",
                           cell_text(row, 5));
        else
            mr_doctor_hint(
                d,
                "The transaction of session %s of %s@%s, open for %s s%s, has "
                "it. KILL %s ends it.",
                cell_text(row, 2), cell_text(row, 3), cell_text(row, 4), cell_text(row, 5),
                strcasecmp(cell_text(row, 6), "Sleep") == 0 ? " and idle" : "", cell_text(row, 2));
    }
    mr_result_free(res);
    bool waits = false;
    if (code == MR_OK && reported == 0)
        code = say_row_waits(d, server, &waits, err);
    if (code != MR_OK || reported > 0 || waits)
        return code;
    if (seen)
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_row_lock, "nobody waits long for a row");
    else if (server->facts.sessions.seen == MR_GATE_SEEN) {
        mr_doctor_say(d, MR_DOCTOR_UNKNOWN, MR_DOCTOR_row_lock,
                      "who waits for a row could not be read");
        mr_doctor_hint(d, "GRANT SELECT ON performance_schema.* TO %s",
                       mr_grants_account(server->link.grants));
    }
    return MR_OK;
}

/* ---- connections, disk ---- */

/* By number and by share: ten that are left are few of a thousand, and a tenth of thirty is few as
 * well. */
static void say_connections(struct mr_doctor *d, const struct mr_gate_facts *f)
{
    const uint64_t left = f->max_connections > f->connected ? f->max_connections - f->connected : 0;
    const double share =
        f->max_connections > 0 ? 100 * (double)left / (double)f->max_connections : 0;
    const bool few = (double)left < d->gate.limits[MR_GATE_T_CONNECTIONS].warning ||
                     share < d->gate.limits[MR_GATE_T_CONNECTIONS_SHARE].warning;
    mr_doctor_say(d, few ? MR_DOCTOR_PROBLEM : MR_DOCTOR_OK, MR_DOCTOR_connections,
                  "%" PRIu64 " of %" PRIu64 " connections are left (used: %s)", left,
                  f->max_connections, f->by_account);
    if (few)
        mr_doctor_hint(d, "Lower the pools of the accounts named, or SET GLOBAL "
                          "max_connections higher.");
}

/* What the server itself wrote in the last hour; while it waits for room, it repeats it
 * every ten minutes. */
static enum mr_code say_full(struct mr_doctor *d, const struct mr_doctor_server *server,
                             struct mr_err *err)
{
    static const char sql[] =
        "SELECT LOGGED, LEFT(DATA, 200), LOGGED > NOW(6) - INTERVAL 11 MINUTE FROM "
        "performance_schema.error_log WHERE LOGGED > NOW(6) - INTERVAL 1 HOUR AND (DATA "
        "LIKE '%No space left%' OR DATA LIKE '%Disk is full%' OR DATA LIKE '%error "
        "number "
        "28%' OR DATA LIKE '%errno: 28%' OR DATA LIKE '%is full%') ORDER BY LOGGED DESC "
        "LIMIT 1";
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    enum mr_code code = MR_OK;
    if (!mr_gate_link_is_mariadb(&server->link))
        code = mr_doctor_query(server, "vvn", sql, &res, err);
    if (res != NULL && (row = mr_result_next(res)) != NULL && row[1].ptr != NULL) {
        mr_doctor_say(d, strcmp(cell_text(row, 2), "1") == 0 ? MR_DOCTOR_PROBLEM : MR_DOCTOR_NOTE,
                      MR_DOCTOR_disk, "the server's error log, %s UTC: %s", row[0].ptr, row[1].ptr);
        mr_doctor_hint(d, "%s", MR_DOCTOR_ROOM_HINT);
    }
    mr_result_free(res);
    return code;
}

static enum mr_code say_disk(struct mr_doctor *d, const struct mr_doctor_server *server,
                             struct mr_err *err)
{
    const struct mr_gate_facts *f = &server->facts;
    enum mr_code code = say_full(d, server, err);
    if (code != MR_OK || f->disk.seen != MR_GATE_SEEN || f->disk_bytes == 0)
        return code;
    const double share = 100 * (double)f->disk_free_bytes / (double)f->disk_bytes;
    const bool full = share < d->gate.limits[MR_GATE_T_DISK_SHARE].warning;
    mr_doctor_say(d, full ? MR_DOCTOR_PROBLEM : MR_DOCTOR_OK, MR_DOCTOR_disk,
                  "%.1f GiB (%.1f %%) are free on the disk of the data directory",
                  (double)f->disk_free_bytes / 1073741824.0, share);
    if (full)
        mr_doctor_hint(d, "%s", MR_DOCTOR_ROOM_HINT);
    return MR_OK;
}

enum mr_code mr_doctor_load(struct mr_doctor *d, struct mr_doctor_server *server,
                            struct mr_err *err)
{
    say_connections(d, &server->facts);
    say_sessions(d, server);
    MR_TRY(say_row_locks(d, server, err));
    MR_TRY(say_slow(d, server, err));
    return say_disk(d, server, err);
}
