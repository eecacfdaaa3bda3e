/*
 * replica_status: what a server says of its own replication channels, row by row, in the
 * words of every version.
 *
 *   mr_replica_status_open → { mr_replica_status_next → …_text }… → mr_replica_status_close
 *
 * Errors: those of mr_db_query; MR_E_DENIED where the account may not see the status.
 * Threads: as the connection.
 */
#ifndef MR_REPLICA_STATUS_H
#define MR_REPLICA_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/db/db.h"

#define MR_NO_COLUMN SIZE_MAX

/* Columns of what keeps a replica from getting all that its source writes, as the servers call them. */
#define MR_REPLICA_FILTERS 10
extern const char *const mr_replica_filters[MR_REPLICA_FILTERS];

enum mr_replica_field {
    MR_REPLICA_HOST,
    MR_REPLICA_PORT,
    MR_REPLICA_IO,
    MR_REPLICA_SQL,
    MR_REPLICA_IO_ERROR,
    MR_REPLICA_SQL_ERROR,
    MR_REPLICA_IO_ERRNO,
    MR_REPLICA_LAG,
    MR_REPLICA_SERVER_ID,
    MR_REPLICA_UUID,
    MR_REPLICA_DELAY,
    MR_REPLICA_CHANNEL,
    MR_REPLICA_READ_FILE, /* how far the source's log was fetched … */
    MR_REPLICA_READ_POS,
    MR_REPLICA_DONE_FILE, /* … and how far it was applied */
    MR_REPLICA_DONE_POS,
    MR_REPLICA_FETCHED, /* MySQL: the transactions that were fetched, as a set of GTIDs */
    MR_REPLICA_FIELDS
};

struct mr_replica_status {
    struct mr_result *res;
    size_t columns[MR_REPLICA_FIELDS];
    const struct mr_cell *row;
};

/* Asks for the status of all channels of db. */
enum mr_code mr_replica_status_open(struct mr_db *db, struct mr_replica_status *status,
                                    struct mr_err *err);
/* The next channel; false behind the last. */
bool mr_replica_status_next(struct mr_replica_status *status);
/* The text of a field of this channel; "" for NULL and where the server has none. */
const char *mr_replica_status_text(const struct mr_replica_status *status,
                                   enum mr_replica_field field);
void mr_replica_status_close(struct mr_replica_status *status);

/* Of a MariaDB: do all of its channels go by GTIDs, so that gtid_slave_pos moves with all that they apply? */
enum mr_code mr_replica_goes_by_gtid(struct mr_db *db, bool *all, struct mr_err *err);
/* Does that thread (…_IO or …_SQL) run? */
bool mr_replica_status_is_running(const struct mr_replica_status *status,
                                  enum mr_replica_field field);
/* Is it stopped, and not only without a connection that it tries to get back? */
bool mr_replica_status_is_stopped(const struct mr_replica_status *status,
                                  enum mr_replica_field field);
/* Does this channel know how far it is in its source's log?  One by GTIDs alone (GTID_ONLY)
 * forgets it when the server ends. */
bool mr_replica_status_has_positions(const struct mr_replica_status *status);
/* Has this channel applied all that it has fetched, by its positions? */
bool mr_replica_status_is_drained(const struct mr_replica_status *status);
/* Is the channel's source the server a?  b is the replica itself. */
bool mr_replica_status_is_source(const struct mr_replica_status *status, const struct mr_server *a,
                                 const struct mr_server *b);

/* Statements and columns are renamed from version to version; MySQL 9 knows only the new
 * ones (REPLICA, SOURCE). */
bool mr_has_replica_words(const struct mr_server *server);
/* What asks a server for the end of its own log, and for what it leaves out of it; no row where it
 * has none. */
const char *mr_log_status_sql(const struct mr_db *db);
/* The column of that name in any case, or MR_NO_COLUMN. */
size_t mr_result_column_named(const struct mr_result *res, const char *name);
bool mr_is_loopback(const char *host);

#endif
