/*
 * gate_deleted: were the rows of a table deleted here, or is this another copy of it?
 *
 * A queue loses every row that it had, and so does a table in an older copy of the data, put
 * back in place, that was filled later than that.  The rows alone do not tell.  They were
 * deleted here where both are so:
 *   - the table is the one of the baseline: not created since;
 *   - the data are those of the baseline's server: it has not been stopped since; or its
 *     log holds what it held; or a new instance has all its transactions from others; or
 *     the newest row of another table, that came later than any of these, is still there.
 *
 * Threads: no state.
 */
#ifndef MR_GATE_DELETED_H
#define MR_GATE_DELETED_H

#include "recon/gate/gate_judge.h"

/* NULL: they were.  Else what is not known, in the judge's words. */
const char *mr_gate_why_not_deleted(const struct mr_gate_judge *judge,
                                    const struct mr_gate_table *then,
                                    const struct mr_gate_table *now);

#endif
