/*
 * affected_gaps: what the case does not tell, so that somebody may be missing from the
 * list: said as warnings.
 */
#ifndef MR_AFFECTED_GAPS_H
#define MR_AFFECTED_GAPS_H

#include "recon/affected/affected_people.h"

/* After mr_affected_reach().  Sets *incomplete where there is any gap; errors: MR_E_CASE,
 * MR_E_NOMEM, MR_E_CANCELLED. */
enum mr_code mr_affected_gaps(struct mr_affected_people *people, bool *incomplete,
                              struct mr_err *err);

#endif
