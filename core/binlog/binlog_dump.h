/*
 * binlog_dump: a server's binary logs as the input of a stream, from a place to a place.
 *
 *   mr_binlog_dump_open → input for binlog_stream.h → … → mr_binlog_dump_close
 *
 * It ends with the last event before `until`, which is how long the logs were when somebody asked: on a
 * busy server there is always more.  Where the server ends before that in the last log, it is asked
 * again for 5 s; else its logs were removed while they were read, or are not what it said: MR_E_BINLOG.
 *
 * Ownership: events are the dump's, until the next; it must outlive who reads it.  The connection
 * serves nothing else until it is reconnected (db_binlog.h).  Errors: those of db_binlog.h.
 * Threads: those of the connection.
 */
#ifndef MR_BINLOG_DUMP_H
#define MR_BINLOG_DUMP_H

#include "core/binlog/binlog_input.h"
#include "core/db/db_binlog.h"

struct mr_binlog_dump;

struct mr_binlog_span {
    const char *from_log; /* as the server calls it */
    uint64_t from;        /* of an event's first byte; MR_DB_BINLOG_FIRST: the log's beginning */
    const char *until_log;
    uint64_t until; /* where that log ended */
};

/* The texts of span must outlive it. */
enum mr_code mr_binlog_dump_open(struct mr_db *db, const struct mr_binlog_span *span,
                                 struct mr_binlog_dump **out, struct mr_err *err);
struct mr_binlog_input mr_binlog_dump_input(struct mr_binlog_dump *dump);
/* The first log that another follows and that its server did not end, of those that were read to their end; NULL: none.
 * It ends them with ROTATE or STOP, and syncs them then; a crash leaves neither, and may have taken the end of that log
 * along.  The text lives until the next event is asked for, or the close. */
const char *mr_binlog_dump_unended(const struct mr_binlog_dump *dump);
/* Bytes so far. */
uint64_t mr_binlog_dump_bytes(const struct mr_binlog_dump *dump);
void mr_binlog_dump_close(struct mr_binlog_dump *dump); /* NULL is fine */

#endif
