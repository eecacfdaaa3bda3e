/*
 * server_logs: which binary logs a server has, and how long they are.
 *
 * Encrypted files of MySQL have a head that is never sent: their lengths are without it.
 *
 * Ownership: names live in the arena.  Errors: MR_E_UNSUPPORTED where the server has no binary log,
 * MR_E_DENIED without the right (BINLOG MONITOR; MySQL: REPLICATION CLIENT), MR_E_REFUSED for a name
 * that is none of a file.  Threads: the connection's.
 */
#ifndef MR_SERVER_LOGS_H
#define MR_SERVER_LOGS_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/db/db.h"

/* What the server says of a log. */
struct mr_server_log {
    const char *name;
    uint64_t bytes; /* 0: it is listed, and its file is gone */
    bool is_last;   /* it is being written */
};

/* Pushes struct mr_server_log, in the server's order. */
enum mr_code mr_server_logs(struct mr_db *db, struct mr_arena *arena, struct mr_vec *logs,
                            struct mr_err *err);
/* Of an MR_E_DENIED of that, or of a dump: the hint names both rights at once, whichever is missing, and
 * the account, over a connection of its own. */
void mr_server_logs_name_rights(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                                const struct mr_server *server, struct mr_err *err);

#endif
