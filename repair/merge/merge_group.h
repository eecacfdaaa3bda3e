/*
 * merge_group: what kind of row each row of a component is (m.grp, mr_decide_group()).
 *
 * Where nothing says whether a row was lost or deleted on the live side, it is lost history
 * if it refers to lost history; which spreads, until nothing moves.
 */
#ifndef MR_MERGE_GROUP_H
#define MR_MERGE_GROUP_H

#include "repair/merge/merge_internal.h"

/* The component is matched (merge_match.h); its fresh bounds are found here. */
enum mr_code mr_merge_group(struct mr_merge *m, size_t first, size_t count, struct mr_err *err);

#endif
