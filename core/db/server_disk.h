/*
 * server_disk: the disk that a server's data lie on.
 *
 *   mr_server_disk_here, where the server is on this machine; else mr_server_disk_ask
 *
 * Errors: those of a query.  Threads: as the connection's.
 */
#ifndef MR_SERVER_DISK_H
#define MR_SERVER_DISK_H

#include "core/db/db.h"

struct mr_server_disk {
    uint64_t bytes, free_bytes; /* free: for others than root */
};

/* False: the server is elsewhere, or its directory cannot be looked at. */
bool mr_server_disk_here(const struct mr_server *server, struct mr_server_disk *out);
/* By MariaDB's plugin DISKS.  *out is not touched where there is no answer. */
enum mr_code mr_server_disk_ask(struct mr_db *db, struct mr_server_disk *out, struct mr_err *err);

#endif
