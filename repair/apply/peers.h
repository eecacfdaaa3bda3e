/*
 * peers: replicas of the target, on which a raised counter must arrive.
 *
 * Errors: MR_E_REFUSED for a server that does not follow the target; those of endpoint.h
 * and db.h.  Only reads.  Threads: one.
 */
#ifndef MR_PEERS_H
#define MR_PEERS_H

#include "core/cli/option.h"
#include "repair/apply/target.h"
#include "repair/plan/manifest.h"

struct mr_peer {
    struct mr_endpoint ep;
    struct mr_db *db;
    unsigned long delay_s; /* on purpose: nobody waits for that; else 0 */
};

struct mr_peers {
    struct mr_peer *items;
    size_t count;
};

/* Connects to each, and proves that it follows the target.  To be closed also after an error; the
 * list lives in arena. */
enum mr_code mr_peers_open(const struct mr_string_list *uris, const struct mr_target *target,
                           const struct mr_target_opts *opts, struct mr_arena *arena,
                           struct mr_peers *peers, struct mr_err *err);
void mr_peers_close(struct mr_peers *peers);

/* Waits until every peer has applied what the target has written by now, each for timeout_s,
 * and says so; *behind is the label of one that has not, or NULL.  One that is delayed on
 * purpose is not waited for. */
enum mr_code mr_peers_wait(const struct mr_peers *peers, struct mr_db *target, unsigned timeout_s,
                           const char **behind, struct mr_err *err);
/* Label of a peer on which the counter stands below `to`, or NULL; *next is where. */
enum mr_code mr_peers_lowest(const struct mr_peers *peers, const struct mr_counter *counter,
                             const char **low, uint64_t *next, struct mr_err *err);

#endif
