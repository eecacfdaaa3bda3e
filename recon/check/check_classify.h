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

#include "recon/check/check_scan.h"

/* Sets kind and canonical identities of findings whose images are loaded; identities lie
 * in arena.  db: TARGET's connection, NULL if it is gone (an error where it is needed). */
enum mr_code mr_check_classify_rows(const struct mr_pair *table, struct mr_db *db,
                                    struct mr_finding *findings, size_t count,
                                    struct mr_arena *arena, struct mr_err *err);

/* Brings a confirmed table to its end: classifies what is not yet, finds duplicates and
 * moved identities, fills counts and verdict. */
enum mr_code mr_check_classify(struct mr_check_worker *worker, struct mr_pair *table,
                               struct mr_err *err);

#endif
