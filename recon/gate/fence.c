/* fence.c: what is read of a server that should be fenced; see fence.h. */
#include "recon/gate/fence.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/db/monitor_right.h"
#include "core/db/replica_status.h"
#include "core/db/sqltext.h"
#include "recon/gate/gate_channels.h"
#include "recon/gate/gate_gtid.h"

static const char sessions_sql[] =
    "SELECT USER, COUNT(*) FROM information_schema.PROCESSLIST" MR_FENCE_NOT_OWN
    " GROUP BY USER ORDER BY COUNT(*) DESC, USER LIMIT 100";
static const char writing_sql[] =
    "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_rows_modified > 0"
    " AND trx_mysql_thread_id NOT IN (SELECT ID FROM information_schema.PROCESSLIST WHERE"
    " USER = 'system user' OR ID = CONNECTION_ID())";
static const char events_sql[] =
    "SELECT COUNT(*) FROM information_schema.EVENTS WHERE STATUS = 'ENABLED'";
static const char scheduler_sql[] = "SELECT @@GLOBAL.event_scheduler = 'ON'";

/* ---- one value ---- */

/* Not seen where the server does not know it, or a right hides it; only what ends the run is an
 * error. */
static enum mr_code read_value(const struct mr_gate_link *link, const char *sql,
                               struct mr_arena *arena, struct mr_fence_value *out,
                               struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = mr_db_query_text(link->db, sql, &text, &why);
    *out = (struct mr_fence_value){.is_seen = code == MR_OK};
    if (code == MR_OK)
        out->value = strtoull(text.ptr, NULL, 10);
    mr_strbuf_release(&text);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    if (code != MR_OK)
        out->why = mr_arena_strdup(arena, why.message);
    return MR_OK;
}

/* ---- sessions ---- */

enum mr_code mr_fence_read_list(const struct mr_gate_link *link, const char *sql,
                                struct mr_arena *arena, struct mr_fence_value *out,
                                const char **users, struct mr_err *err)
{
    struct mr_strbuf list = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const struct mr_cell *cells;
    enum mr_code code = mr_db_query(link->db, "vv", sql, strlen(sql), &res, &why);
    *out = (struct mr_fence_value){.is_seen = code == MR_OK};
    if (code != MR_OK)
        out->why = mr_arena_strdup(arena, why.message);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        mr_strbuf_add_fmt(&list, "%s%s (%s)", list.len > 0 ? ", " : "", cells[0].ptr, cells[1].ptr);
        out->value += strtoull(cells[1].ptr, NULL, 10);
    }
    mr_result_free(res);
    if (mr_gate_is_fatal(code))
        *err = why;
    else
        code = mr_gate_link_keep(arena, &list, users, err);
    mr_strbuf_release(&list);
    return code;
}

/* Without PROCESS an account sees its own sessions alone: an empty list says nothing then. */
static enum mr_code read_sessions(const struct mr_gate_link *link, struct mr_arena *arena,
                                  struct mr_fence_facts *f, struct mr_err *err)
{
    const bool sees = link->grants != NULL && mr_grants_global(link->grants, "PROCESS");
    MR_TRY(mr_fence_read_list(link, sessions_sql, arena, &f->sessions, &f->session_users, err));
    MR_TRY(read_value(link, writing_sql, arena, &f->writing, err));
    if (!sees) {
        f->sessions.is_seen = f->writing.is_seen = false;
        f->sessions.why = f->writing.why = "the account has no PROCESS";
    }
    return mr_fence_read_exempt(link, arena, f, err);
}

/* An account sees the events of databases that it has EVENT on. */
static enum mr_code read_events(const struct mr_gate_link *link, struct mr_arena *arena,
                                struct mr_fence_facts *f, struct mr_err *err)
{
    MR_TRY(read_value(link, scheduler_sql, arena, &f->events, err));
    if (!f->events.is_seen || f->events.value == 0)
        return MR_OK;
    MR_TRY(read_value(link, events_sql, arena, &f->events, err));
    if (f->events.is_seen && f->events.value == 0 &&
        !(link->grants != NULL && mr_grants_global(link->grants, "EVENT"))) {
        f->events.is_seen = false;
        f->events.why = "the scheduler runs, and the account has no EVENT on all databases";
    }
    return MR_OK;
}

/* ---- the log ---- */

static enum mr_code read_position(const struct mr_gate_link *link, struct mr_strbuf *out,
                                  struct mr_err *err)
{
    const char *sql = mr_log_status_sql(link->db);
    struct mr_result *res = NULL;
    const enum mr_code code = mr_db_query(link->db, "vv*", sql, strlen(sql), &res, err);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    if (cells != NULL)
        mr_strbuf_add_fmt(out, "%s:%s", cells[0].ptr, cells[1].ptr);
    mr_result_free(res);
    return code;
}

/* Does each transaction of its own get a GTID?  With gtid_mode off, or without a log, the set that it
 * once had stands still, whatever is written. */
enum mr_code mr_fence_numbers_own(const struct mr_gate_link *link, bool *numbers,
                                  struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const enum mr_code code = mr_db_query_text(
        link->db,
        mr_gate_link_is_mariadb(link)
            ? "SELECT @@GLOBAL.log_bin"
            : "SELECT @@GLOBAL.log_bin AND @@GLOBAL.gtid_mode IN ('ON', 'ON_PERMISSIVE')",
        &text, err);
    *numbers = code == MR_OK && strcmp(text.ptr, "1") == 0;
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code read_mark(const struct mr_gate_link *link, struct mr_arena *arena,
                              struct mr_fence_facts *f, const char **out, struct mr_err *err)
{
    const char *executed = NULL, *position = NULL;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    bool numbers = false;
    enum mr_code code = mr_fence_numbers_own(link, &numbers, &why);
    if (code == MR_OK && numbers)
        code = mr_gate_read_gtid(link, arena, &executed, &position, &why);
    f->mark = MR_FENCE_BY_NOTHING;
    *out = NULL;
    if (code == MR_OK && numbers && executed[0] != '\0') {
        f->mark = MR_FENCE_BY_GTID;
        *out = executed;
    } else if (!mr_gate_is_fatal(code)) {
        code = read_position(link, &text, &why);
        if (code == MR_OK && text.len > 0) {
            f->mark = MR_FENCE_BY_POSITION;
            code = mr_gate_link_keep(arena, &text, out, &why);
        }
    }
    mr_strbuf_release(&text);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    if (code != MR_OK)
        f->written.why = mr_arena_strdup(arena, why.message);
    return MR_OK;
}

/* MySQL's handlers count temporary tables of its own, and MariaDB's InnoDB counts no rows. */
static enum mr_code read_rows(const struct mr_gate_link *link, struct mr_arena *arena,
                              struct mr_fence_facts *f, struct mr_err *err)
{
    static const char mariadb[] = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Handler_write',"
                                  " 'Handler_update', 'Handler_delete')";
    static const char mysql[] = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_rows_inserted',"
                                " 'Innodb_rows_updated', 'Innodb_rows_deleted')";
    const char *ignored = NULL;
    return mr_fence_read_list(link, f->is_mariadb ? mariadb : mysql, arena, &f->rows, &ignored,
                              err);
}

/* ---- all of it ---- */

static enum mr_code read_sources(const struct mr_gate_link *link, struct mr_arena *arena,
                                 struct mr_fence_facts *f, struct mr_err *err)
{
    struct mr_replica_status status;
    struct mr_strbuf list = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = mr_replica_status_open(link->db, &status, &why);
    f->replication = mr_gate_link_view(
        link, code, &why, mr_monitor_right_replica(mr_db_server(link->db)), "*.*", arena);
    while (code == MR_OK && mr_replica_status_next(&status))
        if (mr_replica_status_is_running(&status, MR_REPLICA_SQL) &&
            mr_gate_is_source(mr_replica_status_text(&status, MR_REPLICA_HOST)))
            mr_strbuf_add_fmt(&list, "%s%s:%s", list.len > 0 ? ", " : "",
                              mr_replica_status_text(&status, MR_REPLICA_HOST),
                              mr_replica_status_text(&status, MR_REPLICA_PORT));
    if (code == MR_OK)
        mr_replica_status_close(&status);
    if (mr_gate_is_fatal(code))
        *err = why;
    else
        code = mr_gate_link_keep(arena, &list, &f->sources, err);
    mr_strbuf_release(&list);
    return code;
}

/* MariaDB 12 answers by words, and has one that is MySQL's super_read_only. */
static enum mr_code read_switches(const struct mr_gate_link *link, struct mr_arena *arena,
                                  struct mr_fence_facts *f, struct mr_err *err)
{
    static const char by_words[] =
        "SELECT CASE WHEN @@GLOBAL.read_only IN ('0', 'OFF') THEN 0"
        " WHEN @@GLOBAL.read_only = 'NO_LOCK_NO_ADMIN' THEN 2 ELSE 1 END";
    MR_TRY(read_value(link, f->is_mariadb ? by_words : "SELECT @@GLOBAL.read_only", arena,
                      &f->read_only, err));
    MR_TRY(read_value(link, "SELECT @@GLOBAL.super_read_only", arena, &f->super_read_only, err));
    if (f->is_mariadb && f->read_only.is_seen && f->read_only.value == 2)
        f->super_read_only = (struct mr_fence_value){.is_seen = true, .value = 1};
    return read_value(link, "SELECT @@GLOBAL.offline_mode", arena, &f->offline, err);
}

enum mr_code mr_fence_read(struct mr_gate_link *link, struct mr_arena *arena,
                           struct mr_fence_facts *f, struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(link->db);
    f->is_mariadb = mr_gate_link_is_mariadb(link);
    f->server_id = server->server_id;
    f->log_right = mr_monitor_right_log(server);
    f->uuid = mr_arena_strdup(arena, server->uuid);
    f->calls_itself = mr_arena_fmt(arena, "%s:%u", server->hostname, server->port);
    if (f->uuid == NULL || f->calls_itself == NULL)
        return mr_err_nomem(err, "examining a server");
    MR_TRY(read_switches(link, arena, f, err));
    MR_TRY(read_events(link, arena, f, err));
    MR_TRY(read_sessions(link, arena, f, err));
    MR_TRY(read_sources(link, arena, f, err));
    MR_TRY(read_mark(link, arena, f, &f->before, err));
    return read_rows(link, arena, f, err); /* the last: MySQL counts what it keeps for us as well */
}

/* Both servers show INNODB_TRX as it was at the last look until nobody has looked for 0.1 s: two looks
 * that follow each other faster see no transaction that began since, and each look begins that anew. */
static void wait_for_transactions(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 120000000}, NULL);
}

/* Read again: the log, and what may have come in between. */
enum mr_code mr_fence_read_again(struct mr_gate_link *link, struct mr_arena *arena,
                                 struct mr_fence_facts *f, struct mr_err *err)
{
    const enum mr_fence_mark mark = f->mark;
    const struct mr_fence_value rows = f->rows;
    struct mr_err why = {0};
    MR_TRY(read_rows(link, arena, f, err));
    f->rows.is_seen = f->rows.is_seen && rows.is_seen && f->rows.value >= rows.value;
    f->rows.value -= f->rows.is_seen ? rows.value : 0;
    MR_TRY(read_switches(link, arena, f, err));
    MR_TRY(read_events(link, arena, f, err));
    wait_for_transactions();
    MR_TRY(read_sessions(link, arena, f, err));
    MR_TRY(read_mark(link, arena, f, &f->after, err));
    f->written.is_seen = f->before != NULL && f->after != NULL && f->mark == mark;
    if (!f->written.is_seen)
        return MR_OK;
    if (f->mark == MR_FENCE_BY_POSITION) {
        f->written.value = strcmp(f->before, f->after) != 0;
        return MR_OK;
    }
    const enum mr_flavour flavour = f->is_mariadb ? MR_FLAVOUR_MARIADB : MR_FLAVOUR_MYSQL;
    uint64_t of_group = 0;
    enum mr_code code = mr_gate_gtid_own(flavour, f->before, f->after, f->uuid, f->server_id,
                                         &f->written.value, &why);
    /* what a group's members write bears the group's name */
    if (code == MR_OK && !f->is_mariadb && f->group.name != NULL && f->group.name[0] != '\0')
        code = mr_gate_gtid_own(flavour, f->before, f->after, f->group.name, 0, &of_group, &why);
    f->written.value += of_group;
    f->written.is_seen = code == MR_OK;
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    if (code != MR_OK)
        f->written.why = mr_arena_strdup(arena, why.message);
    return MR_OK;
}

const char *mr_fence_refusal_hint(struct mr_arena *arena, const struct mr_err *why)
{
    const char *hint = mr_err_get_hint(why);
    const bool refused = why->code == MR_E_AUTH || why->code == MR_E_TLS;
    return refused && hint != NULL ? mr_arena_strdup(arena, hint) : NULL;
}
