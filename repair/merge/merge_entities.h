/*
 * merge_entities: what was decided, as entities of the plan's store: one for each row of w
 * (of a table without a key only those that something is done about).
 *
 * Temporary table ent (w, entity) says which is which.
 */
#ifndef MR_MERGE_ENTITIES_H
#define MR_MERGE_ENTITIES_H

#include "repair/merge/merge_internal.h"

/* New ids are handed out (merge_ids.h).  Counts open conflicts. */
enum mr_code mr_merge_entities(struct mr_merge *m, struct mr_err *err);

#endif
