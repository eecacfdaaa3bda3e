/* sum_log.c: see sum_log.h. */
#include "repair/apply/sum_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/binlog/binlog_dump.h"
#include "core/binlog/binlog_query.h"
#include "core/binlog/binlog_stream.h"
#include "core/db/replica_status.h"

#define READ_TIMEOUT_S 60 /* for one event */

/* ---- where it ends ---- */

static const char *text_of(const struct mr_result *res, const struct mr_cell *cells,
                           const char *name)
{
    const size_t at = mr_result_column_named(res, name);
    return at != MR_NO_COLUMN && cells[at].ptr != NULL ? cells[at].ptr : "";
}

/* Of a log that leaves databases out nobody knows whether the unit's are among them. */
static void take_place(const struct mr_result *res, const struct mr_cell *cells,
                       struct mr_sum_place *place)
{
    const char *log = text_of(res, cells, "File");
    if (*text_of(res, cells, "Binlog_Do_DB") != '\0' ||
        *text_of(res, cells, "Binlog_Ignore_DB") != '\0' || strlen(log) >= sizeof place->log)
        return;
    (void)snprintf(place->log, sizeof place->log, "%s", log);
    place->position = strtoull(text_of(res, cells, "Position"), NULL, 10);
}

enum mr_code mr_sum_log_place(const struct mr_apply_units *run, struct mr_sum_place *place,
                              struct mr_err *err)
{
    struct mr_db *db = run->target->db;
    const char *sql = mr_log_status_sql(db);
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    *place = (struct mr_sum_place){.position = 0};
    if (run->no_binlog)
        return MR_OK;
    const enum mr_code code = mr_db_query(db, "*", sql, strlen(sql), &res, &why);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    if (cells != NULL)
        take_place(res, cells, place);
    mr_result_free(res);
    if (code == MR_OK || code == MR_E_DENIED || why.sql_errno != 0)
        return MR_OK;
    *err = why;
    return code;
}

/* ---- what is behind a place ---- */

static bool is_text(const struct mr_binlog_query *q, const char *text)
{
    return q->text.ptr != NULL && q->text.len == strlen(text) &&
           memcmp(q->text.ptr, text, q->text.len) == 0;
}

/* Where a transaction begins; a new log does not go on with one, either. */
static bool begins(const struct mr_binlog_event *event, const struct mr_binlog_query *query)
{
    return event->type == MR_BINLOG_FORMAT_DESCRIPTION || event->type == MR_BINLOG_GTID ||
           event->type == MR_BINLOG_ANONYMOUS_GTID || event->type == MR_BINLOG_GTID_TAGGED ||
           event->type == MR_BINLOG_MARIADB_GTID || is_text(query, "BEGIN");
}

/* Between the begin and the end of its transaction the savepoint is met once. */
static enum mr_code search(struct mr_binlog_stream *stream, const char *savepoint,
                           enum mr_sum_found *found, struct mr_err *err)
{
    struct mr_binlog_event event;
    bool met = false;
    *found = MR_SUM_NOT_FOUND;
    for (;;) {
        struct mr_binlog_query query = {0};
        MR_TRY(mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK);
        MR_TRY(mr_binlog_stream_next(stream, &event, err));
        if (event.type == MR_BINLOG_NONE)
            return MR_OK;
        if (event.type == MR_BINLOG_QUERY)
            MR_TRY(mr_binlog_query_read(&event, &query, err));
        if (met && (event.type == MR_BINLOG_XID || is_text(&query, "COMMIT"))) {
            *found = MR_SUM_FOUND;
            return MR_OK;
        }
        if (begins(&event, &query) || is_text(&query, "ROLLBACK"))
            met = false;
        met = met || is_text(&query, savepoint);
    }
}

static enum mr_code search_span(struct mr_db *db, const struct mr_binlog_span *span,
                                const char *savepoint, enum mr_sum_found *found, struct mr_err *err)
{
    struct mr_binlog_dump *dump = NULL;
    struct mr_binlog_stream *stream = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_binlog_dump_open(db, span, &dump, err));
    MR_TRY_OUT(mr_binlog_stream_open(mr_binlog_dump_input(dump), &stream, err));
    MR_TRY_OUT(search(stream, savepoint, found, err));
out:
    mr_binlog_stream_close(stream);
    mr_binlog_dump_close(dump);
    return code;
}

/* The end is asked of the connection that holds the rows: what had them before is in the log by then. */
enum mr_code mr_sum_log_find(const struct mr_apply_units *run, const char *log, uint64_t position,
                             const char *marker, enum mr_sum_found *found, struct mr_err *err)
{
    const struct mr_db_opts opts = {.run_tag = run->run_tag,
                                    .statement_timeout_s = READ_TIMEOUT_S,
                                    .same_as = mr_db_server(run->target->db)};
    struct mr_sum_place end;
    struct mr_db *db = NULL;
    char savepoint[MR_SUM_LOG_NAME];
    enum mr_code code = MR_OK;
    (void)snprintf(savepoint, sizeof savepoint, "SAVEPOINT `%s`", marker);
    MR_TRY(mr_sum_log_place(run, &end, err));
    if (end.log[0] == '\0')
        return mr_err_set(err, MR_E_DENIED, "the server does not tell where its log ends");
    const struct mr_binlog_span span = {log, position, end.log, end.position};
    if (strcmp(log, end.log) == 0 && position > end.position)
        return mr_err_set(err, MR_E_REFUSED, "the server has begun its logs anew since");
    if (strcmp(log, end.log) == 0 && position == end.position) {
        *found = MR_SUM_NOT_FOUND;
        return MR_OK;
    }
    MR_TRY_OUT(mr_db_open(&run->target->ep, &opts, &db, err));
    MR_TRY_OUT(search_span(db, &span, savepoint, found, err));
out:
    mr_db_close(db);
    return code;
}
