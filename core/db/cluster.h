/*
 * cluster: is a server one of several that get all writes from each other?
 *
 * Threads: as the connection.
 */
#ifndef MR_CLUSTER_H
#define MR_CLUSTER_H

#include "core/db/db.h"

/* *what: "a node of Galera", "set up for a replication group"; NULL: it is none.  Static. */
enum mr_code mr_cluster_of(struct mr_db *db, const char **what, struct mr_err *err);

#endif
