/*
 * merge_value: rows that both sides have, with other values (m.kind of a value conflict),
 * and the test of the base bounds.
 *
 * A row of lost history that differs is `differs`.  A base row is `changed`, or
 * `identity-changed`, or with an update column and a time of the split what that says:
 * edited on the lost side only is `changed-in-source`, on the live side only no conflict.
 * References are compared after mapping; one to a row that waits is left as it is.
 *
 * A row whose state at the split the binary logs tell is decided by its columns instead
 * (merge_three.h): m.three, m.deed, m.tells, img.merged, and m.kind where one is asked about.
 */
#ifndef MR_MERGE_VALUE_H
#define MR_MERGE_VALUE_H

#include "repair/merge/merge_internal.h"

/* Who waits in the component is known (merge_conflict.h).  MR_E_REFUSED for a key of the
 * past that two different rows hold. */
enum mr_code mr_merge_value(struct mr_merge *m, size_t first, size_t count, struct mr_err *err);

#endif
