/*
 * binlog_off: a session whose writes stay out of its server's binary log.
 *
 *   mr_binlog_off(db, err) → what this connection writes no replica gets
 *
 * It holds for one connection, until that ends; a connection that is opened anew needs it again.
 *
 * Threads: as the connection.
 */
#ifndef MR_BINLOG_OFF_H
#define MR_BINLOG_OFF_H

#include "core/db/db.h"

/* The right that sets what a session writes to the binary log: a literal, as GRANT takes it. */
const char *mr_binlog_right(const struct mr_server *server);

/* MR_E_REFUSED where the server's cluster gets all writes from its nodes, since one would then hold what
 * no other has: Galera, a group of MySQL. */
enum mr_code mr_binlog_refuse_cluster(struct mr_db *db, struct mr_err *err);
/* The same, and MR_E_REFUSED with the GRANT where the account may not. */
enum mr_code mr_binlog_off(struct mr_db *db, struct mr_err *err);

#endif
