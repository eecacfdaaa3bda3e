/*
 * merge_unknown: a merge of which neither the case nor an id map knows.
 *
 * Rows that have an identity are recognised by it, so that nobody is restored twice.  A row
 * of a table with `identity = none` is an event of its own, and would be.  So the plan is
 * refused where TARGET shows such a table merged: above all that SOURCE has given out, and
 * behind a gap in the keys such as a margin leaves, stand the rows that are about to be
 * inserted, but for their keys; at least half of them, since some may have been edited or
 * taken back.
 *
 * Limits: of composite keys nothing is said.  A gap of less than MR_UNKNOWN_GAP steps of
 * the counter is taken for ids that were burnt.
 */
#ifndef MR_MERGE_UNKNOWN_H
#define MR_MERGE_UNKNOWN_H

#include "repair/merge/merge_internal.h"

#define MR_UNKNOWN_GAP 10

/* Decisions stand, ids are not handed out.  MR_E_REFUSED names the table. */
enum mr_code mr_merge_unknown(struct mr_merge *m, struct mr_err *err);

#endif
