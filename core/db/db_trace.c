/*
 * db_trace.c: each statement in the log at its highest level (-vv): how long it took, how many
 * rows, on which connection.
 *
 *   debug: db1:3306 #41 0.013 s, 12 rows: SELECT `id` FROM ...
 *
 * What support asks for first.  A statement is told when it has ended, a stream when it is closed.
 */
#include <inttypes.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/db/db_internal.h"
#include "core/db/sqlshort.h"

void mr_db_trace_begin(struct mr_db *db)
{
    db->traced_s = mr_log_is_on(MR_LOG_DEBUG) ? mr_clock_now_s() : 0;
}

/* The text of db->sql is the statement's until the next one is prepared. */
void mr_db_trace_end(struct mr_db *db, uint64_t rows, const char *how)
{
    if (db->traced_s == 0)
        return;
    const double took_s = mr_clock_now_s() - db->traced_s;
    const size_t skip = db->sql.len < db->comment.len ? 0 : db->comment.len;
    struct mr_strbuf text = MR_STRBUF_INIT;
    db->traced_s = 0;
    mr_sqlshort(&text, db->sql.ptr + skip, db->sql.len - skip);
    if (!text.failed)
        mr_log_debug("%s #%lu %.3f s, %" PRIu64 " %s%s: %s", db->label,
                     db->mysql != NULL ? mysql_thread_id(db->mysql) : 0UL, took_s, rows,
                     rows == 1 ? "row" : "rows", how, text.ptr);
    mr_strbuf_release(&text);
}

/* Of a statement without rows, by what the connection says of it. */
void mr_db_trace_answer(struct mr_db *db)
{
    if (db->traced_s == 0)
        return;
    const bool failed = mysql_errno(db->mysql) != 0;
    mr_db_trace_end(db, failed ? 0 : (uint64_t)mysql_affected_rows(db->mysql),
                    failed ? ", failed" : "");
}
