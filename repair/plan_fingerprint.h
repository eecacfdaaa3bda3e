/*
 * plan_fingerprint: the columns of a table as one digest, so that a plan notices that a
 * table was altered: SHA-256 over name, type, charset, collation, NULL, generation and
 * visibility of every column, in their order.
 *
 * Errors: MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_PLAN_FINGERPRINT_H
#define MR_PLAN_FINGERPRINT_H

#include "core/schema.h"
#include "core/sha256.h"

enum mr_code mr_plan_fingerprint(const struct mr_table *table, char hex[MR_SHA256_HEX],
                                 struct mr_err *err);

#endif
