/*
 * history_reuse: do two logs, once both are read, show that GTIDs do not tell whose transactions are whose?
 *
 * A server_id that was given to two MariaDB servers, one after the other; MySQL's empty transactions under the
 * other side's GTIDs, that somebody wrote.
 *
 * Errors: MR_E_REFUSED with what can tell; MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_HISTORY_REUSE_H
#define MR_HISTORY_REUSE_H

#include "core/logs/history_own.h"
#include "core/source/sides.h"

/* then: what the sides had executed when their logs were read first, where they were read on; NULL: this is
 * that. */
enum mr_code mr_history_reuse_check(const struct mr_history_own own[MR_SIDES],
                                    const char *const then[MR_SIDES], struct mr_arena *arena,
                                    struct mr_err *err);

#endif
