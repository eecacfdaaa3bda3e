/*
 * merge_made: rows that both sides have made since the split as one entity, perhaps under two keys, and whose
 * values differ (m.differs): by their columns, without a base, where the logs show both insertions and the
 * configuration has rules for columns of the table.  Columns that have no rule, or one that comes to nothing,
 * are asked about as without logs (differs), by their names.
 *
 * A row whose columns all have rules is no conflict; but m.differs stays: what hangs on an order that both sides
 * have otherwise is not poured into one by a rule for its columns.
 *
 * Errors: MR_E_CASE, MR_E_NOMEM, those of TARGET.
 */
#ifndef MR_MERGE_MADE_H
#define MR_MERGE_MADE_H

#include "repair/merge/merge_internal.h"

/* Of a table whose rows' references are mapped, and before it is known who waits. */
enum mr_code mr_merge_made(struct mr_merge *m, const struct mr_merge_table *table,
                           struct mr_err *err);

#endif
