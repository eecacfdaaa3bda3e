/*
 * merge_suspects: references that nobody declares, found by what columns hold.
 *
 * Ids that change hands are keys that SOURCE's rows lose, or that mean somebody else on
 * TARGET, as decisions have it.  Looked at are, of every planned table, all rows that the
 * plan looks at, and the last rows by its key (core/pair/suspect_look.h).
 *
 * Memory: 8 bytes an id that changes hands.  Errors: MR_E_REFUSED with what is to be
 * declared (plan_suspects.h), those of the servers.
 */
#ifndef MR_MERGE_SUSPECTS_H
#define MR_MERGE_SUSPECTS_H

#include "repair/merge/merge_internal.h"

/* After decisions. */
enum mr_code mr_merge_suspects(struct mr_merge *m, struct mr_err *err);

#endif
