/*
 * history_reuse: do two logs, once both are read, show that GTIDs do not tell whose transactions are whose?
 *
 * A server_id or server_uuid that was given to two servers, one after the other or both at once; MySQL's empty
 * transactions under the other side's GTIDs, that somebody wrote.
 *
 * Errors: MR_E_REFUSED with what can tell; those of a server's logs; MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_HISTORY_REUSE_H
#define MR_HISTORY_REUSE_H

#include "core/logs/shared_gtids.h"
#include "core/source/sides.h"
#include "recon/history/history_logs.h"

/* then: what the sides had executed when their logs were read first, where they were read on; NULL: this is
 * that. */
enum mr_code mr_history_reuse_check(const struct mr_history_own own[MR_SIDES],
                                    const char *const then[MR_SIDES], struct mr_arena *arena,
                                    struct mr_err *err);
/* Is each transaction that both have by its GTID one, by what their logs show?  What none of those showed that were
 * read is looked for in others; where it is in none, or they cannot be read, there is a warning.  Of a number that is two transactions the refusal says where the histories
 * part, where both sides' logs are read from servers that have them still. */
enum mr_code mr_history_reuse_check_shared(struct mr_shared_gtids shared[MR_SIDES],
                                           const struct mr_history_logs logs[MR_SIDES],
                                           struct mr_arena *arena, struct mr_err *err);

#endif
