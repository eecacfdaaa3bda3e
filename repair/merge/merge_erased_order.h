/*
 * merge_erased_order: which rows of temp.erased go, when all that refers to them is known, and in
 * what order; see merge_erased.h.
 *
 * Errors: MR_E_REFUSED (not as many as were allowed), MR_E_CASE.
 */
#ifndef MR_MERGE_ERASED_ORDER_H
#define MR_MERGE_ERASED_ORDER_H

#include "repair/merge/merge_internal.h"

enum mr_code mr_merge_erased_order(struct mr_merge *m, struct mr_err *err);

#endif
