/* gate_log.c: see gate_log.h. */
#include "recon/gate/gate_log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/log_place.h"
#include "core/db/monitor_right.h"
#include "core/db/replica_status.h"
#include "core/db/sqltext.h"

#define ER_WRONG_OFFSET 1220 /* as of any SHOW BINLOG EVENTS that cannot be done */

struct reading {
    const struct mr_gate_task *task;
    struct mr_gate_facts *facts;
    const struct mr_gate_log *then; /* the baseline's */
};

/* One row of a statement; "" for what is NULL or not there. */
static enum mr_code first_row(const struct reading *r, const char *sql, const char *columns[3],
                              struct mr_err *err)
{
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    bool nomem = false;
    enum mr_code code = mr_db_query(r->task->link->db, "*", sql, strlen(sql), &res, err);
    columns[0] = columns[1] = columns[2] = "";
    if (code == MR_OK && (row = mr_result_next(res)) != NULL)
        for (size_t i = 0; i < 3 && i < mr_result_columns(res); i++)
            columns[i] = mr_arena_keep(r->task->arena, row[i].ptr, &nomem);
    mr_result_free(res);
    return nomem ? mr_err_nomem(err, "reading the binary log") : code;
}

/* ---- where it stands ---- */

/* MariaDB: what the log had got to at a position; "" where it cannot say. */
static enum mr_code gtid_at(const struct reading *r, const char *file, uint64_t position,
                            const char **gtid, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    const char *columns[3];
    mr_strbuf_add_str(&sql, "SELECT BINLOG_GTID_POS(");
    mr_sql_string(&sql, file);
    mr_strbuf_add_fmt(&sql, ", %" PRIu64 ")", position);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = first_row(r, sql.ptr, columns, err);
    *gtid = code == MR_OK ? columns[0] : "";
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code read_mysql(const struct reading *r, struct mr_gate_log *log, struct mr_err *err)
{
    const char *columns[3];
    MR_TRY(first_row(r, mr_log_status_sql(r->task->link->db), columns, err));
    log->file = columns[0];
    log->position = strtoull(columns[1], NULL, 10);
    log->gtid = r->facts->gtid_executed; /* read before: it may only be less */

    return MR_OK;
}

static enum mr_code read_now(const struct reading *r, const char *file, const char *position,
                             struct mr_gate_log *log, struct mr_err *err)
{
    bool nomem = false;
    if (!mr_gate_link_is_mariadb(r->task->link))
        return read_mysql(r, log, err);
    if (file == NULL || position == NULL || file[0] == '\0')
        return MR_OK;
    log->file = mr_arena_keep(r->task->arena, file, &nomem);
    log->position = strtoull(position, NULL, 10);
    if (nomem)
        return mr_err_nomem(err, "reading the binary log");
    return gtid_at(r, log->file, log->position, &log->gtid, err);
}

/* ---- where it stood ---- */

/* "mysql-bin.000012": the number; 0 for none. */
static uint64_t number_of(const char *file)
{
    const char *dot = strrchr(file, '.');
    return dot != NULL ? strtoull(dot + 1, NULL, 10) : 0;
}

static bool same_base(const char *a, const char *b)
{
    const char *dot = strrchr(a, '.');
    return dot != NULL && strncmp(a, b, (size_t)(dot - a) + 1) == 0;
}

/* The file of then among those that are there: its size, or purged. */
static enum mr_code find_file(const struct reading *r, uint64_t *size, bool *found,
                              struct mr_err *err)
{
    static const char sql[] = "SHOW BINARY LOGS";
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    *found = false;
    enum mr_code code = mr_db_query(r->task->link->db, "nn*", sql, sizeof sql - 1, &res, err);
    while (code == MR_OK && (row = mr_result_next(res)) != NULL)
        if (row[0].ptr != NULL && row[1].ptr != NULL && strcmp(row[0].ptr, r->then->file) == 0) {
            *found = true;
            *size = strtoull(row[1].ptr, NULL, 10);
        }
    mr_result_free(res);
    return code;
}

/* "Gtid"; or of MySQL since 8.3 one that is called after that, of a tagged transaction. */
static bool is_gtid_event(const char *type)
{
    return strncasecmp(type, "Gtid", 4) == 0;
}

/* MySQL: the event that begins at the position, "" at the end of the file. */
static enum mr_code event_at(const struct reading *r, struct mr_gate_log *log, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    bool nomem = false;
    mr_strbuf_add_str(&sql, "SHOW BINLOG EVENTS IN ");
    mr_sql_string(&sql, r->then->file);
    mr_strbuf_add_fmt(&sql, " FROM %" PRIu64 " LIMIT 1", r->then->position);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(r->task->link->db, "nnnnnn*", sql.ptr, sql.len, &res, err);
    if (code == MR_OK && (row = mr_result_next(res)) != NULL && row[2].ptr != NULL &&
        row[5].ptr != NULL && is_gtid_event(row[2].ptr)) {
        const char *quote = strchr(row[5].ptr, '\'');
        const char *gtid = quote != NULL ? quote + 1 : "";
        log->next = mr_arena_dup(r->task->arena, gtid, strcspn(gtid, "'"));
        nomem = log->next == NULL;
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    if (code == MR_E_SQL && err->sql_errno == ER_WRONG_OFFSET) {
        log->fate = MR_GATE_LOG_OTHER;
        return MR_OK;
    }
    if (code == MR_OK)
        log->fate = MR_GATE_LOG_THERE;
    if (nomem) {
        log->next = "";
        return mr_err_nomem(err, "reading the binary log");
    }
    return code;
}

static enum mr_code read_then(const struct reading *r, struct mr_gate_log *log, struct mr_err *err)
{
    struct mr_err why = {0};
    uint64_t size = 0;
    bool found = false;
    const bool mariadb = mr_gate_link_is_mariadb(r->task->link);
    if (!same_base(r->then->file, log->file))
        return MR_OK;
    if (number_of(log->file) < number_of(r->then->file)) {
        log->fate = MR_GATE_LOG_BACK;
        return MR_OK;
    }
    enum mr_code code = find_file(r, &size, &found, &why);
    if (code == MR_OK && !found)
        log->fate = MR_GATE_LOG_PURGED;
    else if (code == MR_OK && size < r->then->position)
        log->fate = MR_GATE_LOG_BACK;
    if (mr_gate_is_fatal(code) || log->fate != MR_GATE_LOG_UNSEEN) {
        *err = why;
        return code;
    }
    /* the file that is written now is there, whoever may list the others */
    found |= strcmp(log->file, r->then->file) == 0;
    if (strcmp(log->file, r->then->file) == 0 && log->position < r->then->position)
        log->fate = MR_GATE_LOG_BACK;
    if (log->fate == MR_GATE_LOG_BACK)
        return MR_OK;
    if (mariadb)
        code = gtid_at(r, r->then->file, r->then->position, &log->gtid_then, &why);
    else if (code == MR_OK)
        code = event_at(r, log, &why);
    if (mariadb && code == MR_OK && log->gtid_then[0] != '\0')
        log->fate = MR_GATE_LOG_THERE;
    else if (mariadb && code == MR_OK && found && r->then->gtid[0] != '\0')
        log->fate = MR_GATE_LOG_OTHER; /* it says nothing of what is no end of an event */
    log->view = mr_gate_link_view(r->task->link, code, &why,
                                  mariadb ? mr_monitor_right_log(mr_db_server(r->task->link->db))
                                          : "REPLICATION SLAVE",
                                  "*.*", r->task->arena);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

/* ---- what does not get into it ---- */

/* Of an account that is not shown them nothing is known. */
static enum mr_code read_filters(const struct reading *r, struct mr_gate_log *log,
                                 struct mr_err *err)
{
    struct mr_err why = {0};
    const enum mr_code code =
        mr_log_filters_read(r->task->link->db, r->task->arena, &log->only, &log->leaves, &why);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    if (code != MR_OK)
        log->only = log->leaves = NULL;
    return MR_OK;
}

/* Positions of then and now are compared only where the server has the same uuid: another server's
 * log has the same file names. */
enum mr_code mr_gate_read_log(const struct mr_gate_task *task, const char *file,
                              const char *position, struct mr_gate_facts *facts, struct mr_err *err)
{
    const struct reading r = {task, facts, task->past != NULL ? &task->past->log : NULL};
    struct mr_err why = {0};
    facts->log = (struct mr_gate_log){
        .view = {.seen = MR_GATE_SEEN}, .file = "", .gtid = "", .gtid_then = "", .next = ""};
    MR_TRY(read_filters(&r, &facts->log, err));
    enum mr_code code = read_now(&r, file, position, &facts->log, &why);
    facts->log.view =
        mr_gate_link_view(task->link, code, &why,
                          mr_monitor_right_log(mr_db_server(task->link->db)), "*.*", task->arena);
    if (code == MR_OK && r.then != NULL && r.then->file[0] != '\0' && facts->log.file[0] != '\0' &&
        strcmp(task->past->server.uuid, facts->server.uuid) == 0)
        return read_then(&r, &facts->log, err);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}
