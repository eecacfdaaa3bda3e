/*
 * check_kin: from the row of a finding up to the row of the person it belongs to.
 *
 * Each side is followed by itself, over the graph of pair_references.h: the parents of a
 * batch of rows are read by what the references name, and kept in the case as steps
 * (core/kinship.h).  First the findings' own rows, then, level by level, the rows that
 * were found so, until no new one turns up; a row is followed once, so cycles end.
 * Nothing is read above the row of a subject.
 *
 * Texts are matched as TARGET's collation does (canon.h), like everything else.
 */
#ifndef MR_CHECK_KIN_H
#define MR_CHECK_KIN_H

#include "recon/check_scan.h"

/* Follows all findings of the run on one side; the graph is saved. */
enum mr_code mr_check_kin(struct mr_check_worker *worker, enum mr_side side,
                          struct mr_err *err);

#endif
