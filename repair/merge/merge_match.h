/*
 * merge_match: which row of TARGET a row of SOURCE is (tables m and img).
 *
 * For the rows of one component: references that say who a row is are mapped, then
 *   - a row of the past, or of a key that no counter makes, is TARGET's row by its key;
 *   - a row above the past that is byte-equal under its key, and all of whose references
 *     mean the same, is the same row;
 *   - any other row above the past is TARGET's row of its identity, if both are above the
 *     past and nothing is ambiguous (columns crosses, ambiguous, owned), else it has no place
 *     yet: m.newid tells whether its key is taken.
 * Then all references are mapped, and img.after is the row as it would stand on TARGET.
 *
 * Byte-equal rows are taken for the same until a reference says no, which may unsettle
 * others of the component: it is matched again until none is left.
 */
#ifndef MR_MERGE_MATCH_H
#define MR_MERGE_MATCH_H

#include "repair/merge/merge_internal.h"

/* Tables from first on, as many as count, are one component, whose parents are decided.
 * Choices so far are in mark.  Replaces their rows in m and img. */
enum mr_code mr_merge_match(struct mr_merge *m, size_t first, size_t count, struct mr_err *err);

#endif
