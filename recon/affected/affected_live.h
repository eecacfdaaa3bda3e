/*
 * affected_live: a subject table of the case as it is on the servers now.
 */
#ifndef MR_AFFECTED_LIVE_H
#define MR_AFFECTED_LIVE_H

#include "core/pair/pair.h"
#include "recon/affected/affected.h"

struct mr_affected_live {
    const struct mr_affected_subject *subject; /* of the case */
    struct mr_pair *pair;
    struct mr_affected_subject now; /* the same over the pair's columns */
    const size_t *identity;         /* positions in a full read, as the case has them */
    size_t nidentity;
    const struct mr_column *time[MR_SIDES]; /* when a row was created */
};

/* Finds the table's twins in both catalogues and plans the pair; all in the pairing's
 * arena.  MR_E_NO_SUCH where it is not what the run saw, MR_E_CONFIG where no column tells
 * when a row was created. */
enum mr_code mr_affected_live_plan(const struct mr_pairing *pairing, const struct mr_affected *list,
                                   const struct mr_affected_subject *subject,
                                   struct mr_affected_live *out, struct mr_err *err);

#endif
