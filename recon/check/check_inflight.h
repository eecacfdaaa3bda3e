/*
 * check_inflight: rows that the upstream has written and does not show yet.
 *
 * A server sends a transaction to its replicas when it is in the binary log, and shows it to
 * other sessions when the engine has committed it.  In between, for as long as the commit is
 * held up (a busy machine, a semi-synchronous replica that does not acknowledge: seconds), the
 * replica has rows that nobody sees on its source.  Read uncommitted they are there.
 *
 * Only as a second opinion: what is under way may be taken back.  Nothing is locked.  Threads: the reader's owner.
 */
#ifndef MR_CHECK_INFLIGHT_H
#define MR_CHECK_INFLIGHT_H

#include "core/pair/rowset.h"

/* Between the two, the reader reads uncommitted.  A snapshot is what it is.  end: also where
 * what was read in between ended with `code`, which is returned then: the reader has other
 * tables to read. */
enum mr_code mr_inflight_begin(struct mr_reader *up, struct mr_err *err);
enum mr_code mr_inflight_end(struct mr_reader *up, enum mr_code code, struct mr_err *err);

/* A row as the downstream side has it, under the key that the upstream side has or would
 * have. */
struct mr_inflight {
    struct mr_key key;
    bool is_there; /* false: the downstream side has no such row */
    struct mr_digest digest;
    bool is_underway; /* found out: the upstream side has that, uncommitted */
};

/* hash: of the upstream side.  A side that is a snapshot has nothing under way. */
enum mr_code mr_inflight_find(struct mr_reader *up, struct mr_rowhash *hash,
                              struct mr_inflight *rows, size_t count, struct mr_err *err);

#endif
