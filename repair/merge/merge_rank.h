/*
 * merge_rank: in what order rows are inserted: temporary table ins (id of w, tbl, lvl, tree),
 * and defer (child, ref): references that are closed later.
 */
#ifndef MR_MERGE_RANK_H
#define MR_MERGE_RANK_H

#include "repair/merge/merge_internal.h"

enum mr_code mr_merge_rank(struct mr_merge *m, struct mr_err *err);

#endif
