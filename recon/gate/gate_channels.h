/*
 * gate_channels: whom a server replicates from, channel by channel, in the words of
 * MariaDB and of MySQL from 5.6 to 9; and its GTIDs.
 *
 * Ownership: everything in arena.  Errors: only fatal ones (gate_link.h); what cannot be
 * read stands in facts->replication.
 */
#ifndef MR_GATE_CHANNELS_H
#define MR_GATE_CHANNELS_H

#include "recon/gate/gate_link.h"

/* Of a channel, by its Source_Host, or NULL: that by which a member of a group applies has no source, for which
 * MySQL writes "<NULL>", too. */
bool mr_gate_is_source(const char *host);

/* Sets replication and channels of facts; a server that replicates from nobody has none. */
enum mr_code mr_gate_read_channels(const struct mr_gate_link *link, struct mr_arena *arena,
                                   struct mr_gate_facts *facts, struct mr_err *err);
/* gtid_executed and gtid_position as they are now; "" where the server has none.  An empty
 * set is taken for GTIDs that are not in use: that they could not be read is an error. */
enum mr_code mr_gate_read_gtid(const struct mr_gate_link *link, struct mr_arena *arena,
                               const char **executed, const char **position, struct mr_err *err);

#endif
