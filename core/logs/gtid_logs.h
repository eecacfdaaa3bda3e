/*
 * gtid_logs: the part of a server's binary logs that holds some GTIDs of one origin (MySQL's uuid and tag, MariaDB's
 * domain and server).
 *
 *   mr_gtid_logs_open → mr_gtid_logs_find → mr_gtid_logs_read … → mr_gtid_logs_close
 *
 * Where it begins is told by the heads of logs: what stands in front of a log only grows, so that halving finds it
 * with a few short connections.  Reading has a connection of its own each time.
 *
 * Ownership: what is set by the caller outlives it.  Errors: those of server_logs.h, archive_head.h,
 * binlog_dump.h, of take.  Threads: one.
 */
#ifndef MR_GTID_LOGS_H
#define MR_GTID_LOGS_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/binlog/binlog_walk.h"
#include "core/db/db.h"

/* Numbers that a replica may commit in front of lesser ones (slave_checkpoint_group is 512 by default). */
#define MR_GTID_LOGS_AHEAD 1024

struct mr_gtid_logs {
    /* set by the caller */
    const struct mr_endpoint *ep;
    const struct mr_db_opts *opts;
    /* Called now and then, with the bytes since the last call; or NULL. */
    enum mr_code (*breathe)(void *ctx, uint64_t bytes, struct mr_err *err);
    void *ctx;
    /* private */
    struct mr_db *db;
    struct mr_db_opts same; /* the server that the logs were listed of, and no other */
    struct mr_vec logs;
    struct mr_arena arena;
};

typedef enum mr_code mr_gtid_logs_take_fn(void *ctx, const struct mr_binlog_step *step,
                                          struct mr_err *err);

/* To be closed also after a failure. */
enum mr_code mr_gtid_logs_open(struct mr_gtid_logs *logs, struct mr_err *err);
void mr_gtid_logs_close(struct mr_gtid_logs *logs);
/* *at: which of the logs has it, as far as the heads of all tell, from 1 on; 0: it was removed. */
enum mr_code mr_gtid_logs_find(const struct mr_gtid_logs *logs, const struct mr_gtid *gtid,
                               size_t *at, struct mr_err *err);
/* From the beginning of that log (0: of the first that is there) to the end of the transaction `to`, or, where that is not
 * there, to one that is MR_GTID_LOGS_AHEAD behind it: take gets all steps. */
enum mr_code mr_gtid_logs_read(const struct mr_gtid_logs *logs, size_t at, const struct mr_gtid *to,
                               mr_gtid_logs_take_fn *take, void *ctx, struct mr_err *err);

/* The number within its origin; and are two of one? */
uint64_t mr_gtid_number(const struct mr_gtid *gtid);
bool mr_gtid_is_of(const struct mr_gtid *a, const struct mr_gtid *b);

#endif
