/*
 * check_classify: from row images to kinds.
 *
 *   missing     only in SOURCE          extra       only in TARGET
 *   changed     same key, same identity, other values
 *   collision   same key, another identity
 *   moved       (on top of these) one identity under different keys
 *
 * Identities are compared as TARGET's collation does (canon.h).  A NULL in an identity is
 * nobody: such rows are judged by key, and counted.
 */
#ifndef MR_CHECK_CLASSIFY_H
#define MR_CHECK_CLASSIFY_H

#include "recon/check_scan.h"

/* Classifies all diverged findings of a table and fills its counts and verdict. */
enum mr_code mr_check_classify(struct mr_check_worker *worker, struct mr_pair *table,
                               struct mr_err *err);

#endif
