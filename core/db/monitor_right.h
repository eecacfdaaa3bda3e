/*
 * monitor_right: what the right to look at a server's log, and at its replication, is called there.
 *
 * MySQL has one name for both, which MariaDB took over; since 10.5.2 MariaDB has one for each.
 *
 * Texts are static; for GRANT … ON *.*.
 */
#ifndef MR_MONITOR_RIGHT_H
#define MR_MONITOR_RIGHT_H

#include "core/db/db.h"

/* SHOW MASTER STATUS, SHOW BINARY LOG STATUS. */
const char *mr_monitor_right_log(const struct mr_server *server);
/* SHOW REPLICA STATUS. */
const char *mr_monitor_right_replica(const struct mr_server *server);

#endif
