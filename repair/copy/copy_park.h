/*
 * copy_park: values that a column may have for a while, and that no row has.
 *
 * Candidates come from the upper end of the column's type, counting down, and are looked
 * up on both sides before they are handed out, each once.  Columns whose values cannot be
 * counted so (ENUM, SET, JSON, geometry, BIT) have none.
 */
#ifndef MR_COPY_PARK_H
#define MR_COPY_PARK_H

#include "repair/copy/copy_internal.h"

/* Replaces out by the encoding of the k-th candidate of a column of TARGET that is read as
 * cls; false: there is none. */
bool mr_copy_candidate(const struct mr_column *col, enum mr_class cls, uint64_t k,
                       struct mr_strbuf *out);

#endif
