/*
 * check_catalogues: the catalogues of both sides once more, when all rows are read.
 *
 * Servers are asked at once, since it takes as long as all tables take to be opened: what is equal is
 * equal whenever it was read.  in_order: upstream first, so that what downstream lacks it lacked after
 * upstream was seen to have it; differences of servers that replicate are looked at like this.
 *
 * Ownership: what cat holds is freed; the caller frees what it holds then.  Threads: the coordinator's.
 */
#ifndef MR_CHECK_CATALOGUES_H
#define MR_CHECK_CATALOGUES_H

#include "recon/check/check.h"

/* pairs: struct mr_db_pair. */
enum mr_code mr_check_catalogues(struct mr_check_run *check, const struct mr_vec *pairs,
                                 bool in_order, struct mr_catalogue *cat[MR_SIDES],
                                 struct mr_err *err);

#endif
