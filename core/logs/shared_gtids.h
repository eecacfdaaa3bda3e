/*
 * shared_gtids: is a GTID that two servers have executed one transaction, or was it given twice?
 *
 * A server that was set up from another's disk, backup or configuration may have its server_uuid or
 * server_id, and goes on with its numbers.  What it writes then, and what the other wrote behind that
 * copy, bear the same GTIDs, and each side seems to have executed what only the other has.  The last
 * numbers that both have tell it: of two histories these are two transactions (tx_mark.h).  So does a crash that costs a
 * server its last transactions, once it is past their numbers again: those stand further back, and of what may
 * differ everything is compared that is met, as far as memory goes.
 *
 *   _init of both sides → _find → _take of each step of a side's logs, or _look → _compare → _release
 *
 * Memory: MR_SHARED_KEPT numbers of an origin that may differ, 2.5 MiB a side; where these are more than four, all of them
 * together have four times that, and each MR_SHARED_LAST at least.
 * Ownership: the struct is the caller's.  Errors: those of a server's logs; MR_E_USAGE for texts that are no
 * GTIDs; MR_E_NOMEM.  Threads: one at a time.
 */
#ifndef MR_SHARED_GTIDS_H
#define MR_SHARED_GTIDS_H

#include "core/db/db.h"
#include "core/logs/history_own.h"
#include "core/logs/tx_mark.h"

#define MR_SHARED_LAST 16    /* numbers of each origin that are looked for, and that prove it */
#define MR_SHARED_KEPT 65536 /* that are compared where they are met */

struct mr_shared_tx {
    uint64_t number; /* 0: it was not met */
    struct mr_tx_mark mark;
};

/* Of one uuid and tag, or domain and server: the last that both have, and what was met of it and of those before. */
struct mr_shared_origin {
    struct mr_gtid last;
    /* one of the two servers gives such numbers, or they have not executed the same of them */
    bool may_differ;
    bool is_known; /* it was looked at before */
    bool is_met;   /* one up to the last was */
    bool is_shown; /* one of the last MR_SHARED_LAST was, and tells something */
    /* the last, or one behind it, was met: where two origins are mixed it may still come */
    bool is_passed;
    bool is_gone; /* the last is in no log of the server's any more */
    /* MariaDB: the side, and the other, has applied the last without logging it */
    bool is_unlogged[2];
    struct mr_shared_tx *met; /* by number, modulo: the last `kept` */
    uint64_t kept;
};

struct mr_shared_gtids {
    struct mr_vec origins; /* struct mr_shared_origin */
    bool own_clock;        /* mr_history_executed.own_clock */
    /* Set by the caller, or NULL: now and then while a log is read for it. */
    enum mr_code (*breathe)(void *ctx, uint64_t bytes, struct mr_err *err);
    void *ctx;
    struct mr_shared_origin *under; /* private: of the transaction that is read; or NULL */
    struct mr_shared_tx tx;
};

/* Of none; to be released also after a failure. */
void mr_shared_gtids_init(struct mr_shared_gtids *shared);
void mr_shared_gtids_release(struct mr_shared_gtids *shared);
/* Which both have; the same for both sides.  Servers without GTIDs, and of two families, share none. */
enum mr_code mr_shared_gtids_find(struct mr_shared_gtids *shared,
                                  const struct mr_history_executed *self,
                                  const struct mr_history_executed *other, struct mr_err *err);
/* What two servers of those texts (mr_history_executed.executed) had in common is known: by those that
 * were found since nothing is told of numbers up to the same last one. */
enum mr_code mr_shared_gtids_know(struct mr_shared_gtids *shared, bool is_mariadb,
                                  const char *const executed[2], struct mr_err *err);
/* Any step of the side's logs, in their order. */
void mr_shared_gtids_take(struct mr_shared_gtids *shared, const struct mr_binlog_step *step);
/* Reads what was not met, from the side's own logs, by connections of its own: of an origin that may differ one
 * log, up to its last number.  A log that is gone is no error. */
enum mr_code mr_shared_gtids_look(struct mr_shared_gtids *shared, const struct mr_endpoint *ep,
                                  const struct mr_db_opts *opts, struct mr_err *err);

struct mr_shared_found {
    const char *differs; /* the first that is two transactions; NULL: none */
    const char
        *before; /* when the earlier of those was made, UTC: before that the histories part */
    struct mr_gtid two; /* that one; of origins that differ the last */
    size_t origins;     /* that differ */
    /* of an origin that may differ the last number, where not one of those that are looked at was met on both
     * sides; NULL: none.  What stands in no log of either side decides nothing; nor does what is so old that a log of
     * it is gone, where another origin's numbers are the same: roles change, and who was the primary years
     * ago gives numbers again. */
    const char *untold;
};
/* Texts in the arena. */
enum mr_code mr_shared_gtids_compare(const struct mr_shared_gtids sides[2], struct mr_arena *arena,
                                     struct mr_shared_found *found, struct mr_err *err);

#endif
