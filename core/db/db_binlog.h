/*
 * db_binlog: the events of a server's binary log, one at a time, as the server sends them.
 *
 *   mr_db_binlog_open → mr_db_binlog_next … (until *len is 0) → mr_db_binlog_close
 *
 * COM_BINLOG_DUMP in its form that does not wait: it ends where the log ended when the server had
 * nothing more to send.  The server is asked by file and position, which every version of both
 * families understands; what of it is wanted is chosen by who reads.  Events come whole, with their
 * checksums, compressed ones as they are.  To send them the server reads its own files: no lock is
 * taken, and nobody who writes waits.
 *
 * The server counts us as a replica while it sends: server_id must be one that nobody else
 * uses, or the other one's dump ends.  The account needs REPLICATION SLAVE (MR_E_DENIED).
 *
 * A connection serves one dump: behind it nothing can be asked of it, until it is reconnected.
 *
 * Errors: those of db.h; the watch's limits hold for each event.  Threads: those of the connection.
 */
#ifndef MR_DB_BINLOG_H
#define MR_DB_BINLOG_H

#include "core/db/db.h"

struct mr_db_binlog;

#define MR_DB_BINLOG_FIRST 4 /* position of a file's first event, behind its magic */

/* One that hardly anybody has: at random, of the upper half of all. */
uint32_t mr_db_binlog_id(void);

/* position: of an event's first byte; 4 is a file's beginning.  Up to 4 GiB: what is behind that the
 * protocol cannot name (MR_E_UNSUPPORTED). */
enum mr_code mr_db_binlog_open(struct mr_db *db, const char *file, uint64_t position,
                               uint32_t server_id, struct mr_db_binlog **out, struct mr_err *err);
/* Header, body and checksum of an event, valid until the next call; *len = 0: the end. */
enum mr_code mr_db_binlog_next(struct mr_db_binlog *dump, const uint8_t **raw, size_t *len,
                               struct mr_err *err);
/* Ends the line; NULL is fine. */
void mr_db_binlog_close(struct mr_db_binlog *dump);

#endif
