/*
 * check_duplicates: one identity on several rows of a side.
 *
 * Looked for among the identities of the diverged rows, by reading that side's rows with
 * these identities (also rows that are equal on both sides).  Not where a UNIQUE index
 * rules it out, and not where no index leads with the identity's first column and the
 * table is large: then each look would read the whole table; the table's note says so, and
 * where not all rows of an identity are listed.
 */
#ifndef MR_CHECK_DUPLICATES_H
#define MR_CHECK_DUPLICATES_H

#include "recon/check/check_scan.h"

enum mr_code mr_check_duplicates(struct mr_check_worker *worker, struct mr_pair *table,
                                 struct mr_err *err);

#endif
