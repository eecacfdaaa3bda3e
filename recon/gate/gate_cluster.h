/*
 * gate_cluster: the cluster of Galera that a server is a node of, the group that it is a member of.
 *
 * Ownership: nothing is kept.  Errors: those of a statement.
 */
#ifndef MR_GATE_CLUSTER_H
#define MR_GATE_CLUSTER_H

#include "recon/gate/gate_facts.h"
#include "recon/gate/gate_link.h"

/* Are both nodes of one cluster, at this moment or before they were cut off?  Told by the uuid of
 * the history that all its nodes have. */
enum mr_code mr_gate_share_cluster(const struct mr_gate_link *a, const struct mr_gate_link *b,
                                   bool *share, struct mr_err *err);

/* That the node sees now, itself among them; 0 where it is none. */
enum mr_code mr_gate_cluster_nodes(const struct mr_gate_link *link, unsigned *nodes,
                                   struct mr_err *err);

/* The group of MySQL's Group Replication that it is set up for, as mr_gate_read_group(). */
enum mr_code mr_gate_group_of(const struct mr_gate_link *link, struct mr_arena *arena,
                              struct mr_gate_group *out, struct mr_err *err);

/* Are both members of one group of MySQL's Group Replication?  By the list of its members; by the
 * group's name that both are set up with, where the account may not read that. */
enum mr_code mr_gate_share_group(const struct mr_gate_link *a, const struct mr_gate_link *b,
                                 bool *share, struct mr_err *err);

#endif
