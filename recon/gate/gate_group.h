/*
 * gate_group: the group of MySQL's Group Replication that a server is set up for.
 *
 * SHOW REPLICA STATUS says nothing of it: the channel by which a member applies what the others
 * write has no source.  Only the list of members tells whether a server is one, and whether it
 * reaches the others.
 *
 * Ownership: texts are the arena's.  Errors: MR_E_LOST, MR_E_CANCELLED, MR_E_NOMEM; what is hidden,
 * or could not be read, stands in the view.
 */
#ifndef MR_GATE_GROUP_H
#define MR_GATE_GROUP_H

#include "recon/gate/gate_facts.h"
#include "recon/gate/gate_link.h"

/* name: the setting group_replication_group_name; NULL or "": there is none, and no server is asked. */
enum mr_code mr_gate_read_group(const struct mr_gate_link *link, const char *name,
                                struct mr_arena *arena, struct mr_gate_group *out,
                                struct mr_err *err);

#endif
