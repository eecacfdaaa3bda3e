/*
 * check_lineage: from the row of a finding up to the row of the person it belongs to.
 *
 * Each side is followed by itself, over the graph of pair_references.h: the parents of a
 * batch of rows are read by what the references name, and kept in the case as steps
 * (core/case/lineage.h).  First the findings' own rows, then, level by level, the rows that
 * were found so, until no new one turns up; a row is followed once, so cycles end.
 * Nothing is read above the row of a subject.
 *
 * A subject row of a table that was compared only in part (--where, --since) need not have
 * been compared: it is looked for on the other side under its key, and kept there too if it
 * is the same person.
 */
#ifndef MR_CHECK_LINEAGE_H
#define MR_CHECK_LINEAGE_H

#include "recon/check/check_scan.h"

/* Rows whose references are followed together, at most. */
#define MR_CHECK_KIN_BATCH 1000

/* Follows all findings of the run on one side; the graph is saved. */
enum mr_code mr_check_lineage(struct mr_check_worker *worker, enum mr_side side,
                              struct mr_err *err);

#endif
