/*
 * history_changed: a side's binary log as keys that it names (core/pair/changes.h), for a check that reads
 * only what changed.
 *
 * All that stands in the log counts, whoever wrote it first, and transactions that were rolled back, too:
 * a key more costs a look.  Of values only those of keys are decoded.  A table is whole where the log
 * does not tell all of its changes: statements, definitions, images that do not show the key, columns that
 * do not fit, filters, and foreign keys whose cascades leave no event.  All are where the log is not the
 * one that was read before, or has a gap.
 *
 * Threads: one.
 */
#ifndef MR_HISTORY_CHANGED_H
#define MR_HISTORY_CHANGED_H

#include "core/pair/changes.h"

/* mr_changes_read_fn */
enum mr_code mr_history_changed_read(struct mr_changes *changes, enum mr_side side,
                                     struct mr_err *err);

#endif
