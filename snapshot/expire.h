/*
 * expire: which of several snapshots are kept.
 *
 * Of those of one server with the same databases and the same choice of tables and rows (.of), the
 * newest first: `last` of them; the newest of each of the last `daily` days, `weekly` ISO weeks and
 * `monthly` months (UTC) that have one; and, whatever is asked for, the newest, and the newest from
 * which nothing was left out.  Copies of one are one: all of them are kept, or none.  Of
 * two of one second that one is the newer whose run ended later, whose position in the server's log
 * is behind, whose name comes later.  One that is not whole counts for nothing and is not judged.
 *
 * Threads: no state.
 */
#ifndef MR_EXPIRE_H
#define MR_EXPIRE_H

#include "snapshot/read/snap_options.h"
#include "snapshot/shelf.h"

/* Sets is_kept and kept_as of those that are whole; their order becomes that of what they are of,
 * the newest first, with those that are not whole behind them.  MR_E_NOMEM. */
enum mr_code mr_expire_decide(struct mr_shelf *shelf, const struct mr_expire_rules *rules,
                              struct mr_err *err);

#endif
