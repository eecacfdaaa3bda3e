/*
 * check_segments: the ranges of keys of a table that are scanned by themselves, each by one worker.
 *
 * As many as keep the workers busy, cut at keys that an index or a snapshot has; or those that a
 * fleet's plan has cut (check_scope.h).  They tile what is to be read.
 */
#ifndef MR_CHECK_SEGMENTS_H
#define MR_CHECK_SEGMENTS_H

#include "recon/check/check.h"

/* Of a table that has none yet: they are kept in the case. */
enum mr_code mr_check_segments_cut(struct mr_check_run *check, struct mr_pair *table,
                                   struct mr_err *err);

#endif
