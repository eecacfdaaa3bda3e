/*
 * evidence_reason: why a table's log is not to be relied upon, as it may be shown.
 *
 * The reason of a table whose images do not chain ends with the key at which they break: of any row, not only of
 * one that somebody has asked for.
 *
 * Errors: the buffer's.  Threads: no state.
 */
#ifndef MR_EVIDENCE_REASON_H
#define MR_EVIDENCE_REASON_H

#include "core/case/evidence.h"
#include "core/case/mask.h"

/* Appends the reason, its key masked as of the column of which the least is shown.  masks: one a column of the
 * table; NULL: by what the table says of its columns.  table NULL: nobody knows, and no key is shown. */
void mr_evidence_add_reason(struct mr_strbuf *out, const char *reason,
                            const struct mr_find_table *table, const enum mr_mask *masks);

#endif
