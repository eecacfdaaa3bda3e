/* rejoin_plan.c: see rejoin_plan.h. */
#include "repair/rejoin/rejoin_plan.h"

#include <stdio.h>
#include <string.h>

#include "core/binlog/binlog_gtid_text.h"
#include "core/db/replica_status.h"
#include "core/db/sqltext.h"
#include "core/file/io.h"
#include "core/json/json_record.h"

#define FILE_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define SCHEMA "myrecon/rejoin/1"

/* ---- the file ---- */

#define PLAN(name, type, member) MR_JSON_MEMBER(name, type, struct mr_rejoin_plan, member)
static const struct mr_json_member members[] = {
    PLAN("mariadb", MR_JSON_BOOL, is_mariadb),
    PLAN("source_words", MR_JSON_BOOL, has_source_words),
    PLAN("host", MR_JSON_TEXT, host),
    PLAN("port", MR_JSON_UNSIGNED, port),
    PLAN("user", MR_JSON_TEXT, user),
    PLAN("tls", MR_JSON_BOOL, tls),
    MR_JSON_MAY_LACK("asks_key", MR_JSON_BOOL, struct mr_rejoin_plan, asks_key),
    PLAN("source_uuid", MR_JSON_TEXT, live_uuid),
    PLAN("source_server_id", MR_JSON_UNSIGNED, live_id),
    PLAN("executed", MR_JSON_TEXT, executed),
    PLAN("own", MR_JSON_TEXT, own),
    PLAN("position", MR_JSON_TEXT, position),
    PLAN("lost", MR_JSON_TEXT, lost),
    PLAN("merged", MR_JSON_TEXT_OR_NULL, merged),
    PLAN("transactions", MR_JSON_COUNT, transactions),
};
static const struct mr_json_record record = MR_JSON_RECORD(struct mr_rejoin_plan, members);

enum mr_code mr_rejoin_plan_put(const struct mr_rejoin_plan *plan, struct mr_strbuf *out,
                                struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, out);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "schema", SCHEMA);
    mr_json_put_record(&w, &record, plan);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    const enum mr_code code = mr_jsonw_finish(&w, MR_REJOIN_FILE, err);
    mr_jsonw_release(&w);
    return code;
}

enum mr_code mr_rejoin_plan_read(const char *path, struct mr_arena *arena,
                                 struct mr_rejoin_plan *plan, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_json_doc *doc = NULL;
    struct mr_json_reader r = {.arena = arena, .err = err, .doing = "reading a plan"};
    *plan = (struct mr_rejoin_plan){.host = NULL};
    enum mr_code code = mr_io_read_part(path, FILE_MAX_BYTES, &text, err);
    if (code == MR_OK)
        code = mr_json_parse(text.ptr, text.len, path, &doc, err);
    if (code == MR_OK) {
        if (strcmp(mr_json_read_text(&r, mr_json_root(doc), "schema"), SCHEMA) != 0)
            mr_json_read_refuse(&r, "schema", path);
        mr_json_get_record(&r, mr_json_root(doc), &record, plan);
        code = r.code;
    }
    mr_json_free(doc);
    mr_strbuf_release(&text);
    return code;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \n\t")] == '\0';
}

bool mr_rejoin_resets(const struct mr_rejoin_plan *plan)
{
    return !is_blank(plan->is_mariadb ? plan->executed : plan->own);
}

/* ---- statements ---- */

const char *mr_rejoin_step_name(enum mr_rejoin_step step)
{
    static const char *const names[MR_REJOIN_STEPS] = {
        [MR_REJOIN_RESET] = "reset",
        [MR_REJOIN_POSITION] = "position",
        [MR_REJOIN_POINT] = "point",
        [MR_REJOIN_START] = "start",
    };
    return names[step];
}

static void add_position(const struct mr_rejoin_plan *plan, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(out, "SET GLOBAL %s = ", plan->is_mariadb ? "gtid_slave_pos" : "gtid_purged");
    mr_sql_string(out, plan->position);
}

/* MariaDB and MySQL before 8.4 say MASTER, MySQL from there on SOURCE alone.  An account of MySQL 8 may
 * need the server's key where the line has no TLS. */
static void add_point(const struct mr_rejoin_plan *plan, const char *password,
                      struct mr_strbuf *out)
{
    const char *who = plan->has_source_words ? "SOURCE" : "MASTER";
    mr_strbuf_add_fmt(out, "CHANGE %s TO %s_HOST = ",
                      plan->has_source_words ? "REPLICATION SOURCE" : "MASTER", who);
    mr_sql_string(out, plan->host);
    mr_strbuf_add_fmt(out, ", %s_PORT = %u, %s_USER = ", who, plan->port, who);
    mr_sql_string(out, plan->user);
    if (password != NULL) {
        mr_strbuf_add_fmt(out, ", %s_PASSWORD = ", who);
        mr_sql_string(out, password);
    }
    mr_strbuf_add_fmt(out, ", %s_SSL = %d", who, plan->tls ? 1 : 0);
    if (plan->is_mariadb)
        mr_strbuf_add_str(out, ", MASTER_USE_GTID = slave_pos");
    else
        mr_strbuf_add_fmt(out, ", %s_AUTO_POSITION = 1", who);
    /* a plan of before it knew has it for those that say SOURCE */
    if (!plan->is_mariadb && !plan->tls && (plan->asks_key || plan->has_source_words))
        mr_strbuf_add_fmt(out, ", GET_%s_PUBLIC_KEY = 1", who);
}

void mr_rejoin_statement(const struct mr_rejoin_plan *plan, enum mr_rejoin_step step,
                         const char *password, struct mr_strbuf *out)
{
    switch (step) {
    case MR_REJOIN_RESET:
        mr_strbuf_add_str(out,
                          plan->has_source_words ? "RESET BINARY LOGS AND GTIDS" : "RESET MASTER");
        break;
    case MR_REJOIN_POSITION: add_position(plan, out); break;
    case MR_REJOIN_POINT: add_point(plan, password, out); break;
    case MR_REJOIN_START:
        mr_strbuf_add_str(out, plan->has_source_words ? "START REPLICA" : "START SLAVE");
        break;
    case MR_REJOIN_STEPS: break;
    }
}

enum mr_code mr_rejoin_plan_put_sql(const struct mr_rejoin_plan *plan, struct mr_strbuf *out,
                                    struct mr_err *err)
{
    const bool resets = mr_rejoin_resets(plan);
    mr_strbuf_add_str(
        out, resets
                 ? "-- What repair apply --point-of-no-return does when apply.sql was carried out "
                   "to its end and\n-- the binary logs were archived. After the first statement "
                   "nothing can be taken back: what the\n-- target's logs held is in the archive "
                   "alone. The password of the account stands in no file:\n-- add it to the "
                   "third statement.\n"
                 : "-- What repair apply --point-of-no-return does: the target has nothing of its "
                   "own, so that nothing is\n-- taken back or reset. The password of the account "
                   "stands in no file: add it to the first statement.\n");
    for (enum mr_rejoin_step step = resets ? MR_REJOIN_RESET : MR_REJOIN_POINT;
         step < MR_REJOIN_STEPS; step++) {
        mr_rejoin_statement(plan, step, NULL, out);
        mr_strbuf_add_str(out, ";\n");
    }
    return mr_strbuf_check(out, "planning", err);
}

/* ---- how far the target is ---- */

static enum mr_code read_executed(struct mr_db *old, const struct mr_rejoin_plan *plan,
                                  struct mr_arena *arena, struct mr_rejoin_now *now,
                                  struct mr_err *err)
{
    static const char of_mariadb[] = "SELECT @@global.gtid_binlog_state, @@global.gtid_slave_pos";
    static const char of_mysql[] = "SELECT @@global.gtid_executed, ''";
    const char *sql = plan->is_mariadb ? of_mariadb : of_mysql;
    struct mr_result *res = NULL;
    MR_TRY(mr_db_query(old, "nn", sql, strlen(sql), &res, err));
    const struct mr_cell *row = mr_result_next(res);
    now->executed = mr_arena_strdup(arena, row != NULL && row[0].ptr != NULL ? row[0].ptr : "");
    now->position = mr_arena_strdup(arena, row != NULL && row[1].ptr != NULL ? row[1].ptr : "");
    mr_result_free(res);
    return now->executed != NULL && now->position != NULL ? MR_OK : mr_err_nomem(err, "rejoining");
}

/* Access denied, with a password or without, and a password that is not sent in clear. */
static bool is_denied(const char *number)
{
    return strcmp(number, "1045") == 0 || strcmp(number, "1698") == 0 ||
           strcmp(number, "2061") == 0;
}

static enum mr_code read_channel(const struct mr_replica_status *status,
                                 const struct mr_rejoin_plan *plan, struct mr_arena *arena,
                                 struct mr_rejoin_now *now, struct mr_err *err)
{
    const char *io = mr_replica_status_text(status, MR_REPLICA_IO_ERROR);
    const char *sql = mr_replica_status_text(status, MR_REPLICA_SQL_ERROR);
    char port[16];
    (void)snprintf(port, sizeof port, "%u", plan->port);
    if (strcmp(mr_replica_status_text(status, MR_REPLICA_HOST), plan->host) != 0 ||
        strcmp(mr_replica_status_text(status, MR_REPLICA_PORT), port) != 0) {
        now->follows_other = true;
        return MR_OK;
    }
    now->follows_live = true;
    now->runs = !mr_replica_status_is_stopped(status, MR_REPLICA_IO) &&
                !mr_replica_status_is_stopped(status, MR_REPLICA_SQL);
    now->is_denied = *sql == '\0' && is_denied(mr_replica_status_text(status, MR_REPLICA_IO_ERRNO));
    if (*io != '\0' || *sql != '\0')
        now->fault = mr_arena_strdup(arena, *sql != '\0' ? sql : io);
    return (*io == '\0' && *sql == '\0') || now->fault != NULL ? MR_OK
                                                               : mr_err_nomem(err, "rejoining");
}

enum mr_code mr_rejoin_now_read(struct mr_db *old, const struct mr_rejoin_plan *plan,
                                struct mr_arena *arena, struct mr_rejoin_now *now,
                                struct mr_err *err)
{
    struct mr_replica_status status;
    *now = (struct mr_rejoin_now){.executed = NULL};
    MR_TRY(read_executed(old, plan, arena, now, err));
    MR_TRY(mr_replica_status_open(old, &status, err));
    enum mr_code code = MR_OK;
    while (code == MR_OK && mr_replica_status_next(&status))
        code = read_channel(&status, plan, arena, now, err);
    mr_replica_status_close(&status);
    return code;
}

/* RESET MASTER leaves gtid_slave_pos, which is not in front of the position then, or of a transaction that the target had
 * logged.  One of LIVE's behind the position is of a rejoin that was carried out, on a server that logs nothing of it. */
static enum mr_code is_beyond(const struct mr_rejoin_plan *plan, const struct mr_rejoin_now *now,
                              bool *beyond, struct mr_err *err)
{
    bool reached = true, logged = false;
    *beyond = false;
    if (!plan->is_mariadb || is_blank(now->position))
        return MR_OK;
    MR_TRY(mr_gtid_text_is_as_far(plan->position, now->position, &reached, err));
    MR_TRY(mr_gtid_text_contains(true, plan->executed, now->position, &logged, err));
    *beyond = !reached && !logged;
    return MR_OK;
}

/* A target that follows LIVE has taken the position before; what it shows then grows.  One that follows and has all that it
 * had, where that was to be reset, was pointed without it: what it did alone stands there yet. */
enum mr_code mr_rejoin_stage(const struct mr_rejoin_plan *plan, const struct mr_rejoin_now *now,
                             enum mr_rejoin_stage *stage, struct mr_err *err)
{
    bool planned = false, placed = false, grown = false, keeps = false, beyond = false;
    *stage = MR_REJOIN_STAGE_STRANGE;
    MR_TRY(mr_gtid_text_is_same(plan->is_mariadb, now->executed, plan->executed, &planned, err));
    MR_TRY(mr_gtid_text_is_same(plan->is_mariadb, plan->is_mariadb ? now->position : now->executed,
                                plan->position, &placed, err));
    MR_TRY(mr_gtid_text_contains(plan->is_mariadb, now->executed, plan->executed, &keeps, err));
    MR_TRY(is_beyond(plan, now, &beyond, err));
    planned = planned && mr_rejoin_resets(plan);
    keeps = keeps && mr_rejoin_resets(plan);
    if (plan->is_mariadb) {
        grown = true;
        placed = placed && is_blank(now->executed);
    } else {
        MR_TRY(mr_gtid_text_contains(false, now->executed, plan->position, &grown, err));
    }
    if (now->follows_other)
        return MR_OK;
    if (now->follows_live)
        *stage = keeps || !grown ? MR_REJOIN_STAGE_STRANGE
                 : now->runs     ? MR_REJOIN_STAGE_RUNS
                                 : MR_REJOIN_STAGE_POINTED;
    else if (planned)
        *stage = MR_REJOIN_STAGE_ROWS;
    else if (placed)
        *stage = MR_REJOIN_STAGE_PLACED;
    else if (is_blank(now->executed) && mr_rejoin_resets(plan) && !beyond)
        *stage = MR_REJOIN_STAGE_EMPTY;
    return MR_OK;
}

enum mr_code mr_rejoin_keeps_history(const struct mr_rejoin_plan *plan,
                                     const struct mr_rejoin_now *now, bool *keeps,
                                     struct mr_err *err)
{
    *keeps = false;
    if (now->follows_live || now->follows_other)
        return MR_OK;
    return mr_gtid_text_contains(plan->is_mariadb, now->executed, plan->executed, keeps, err);
}
