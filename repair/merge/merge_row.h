/*
 * merge_row: what the merge planner asks of a row image.
 *
 * Images are encodings (row.h) of the pair's full read.  Errors: MR_E_CASE for bytes that
 * no encoder wrote, MR_E_NOMEM.
 */
#ifndef MR_MERGE_ROW_H
#define MR_MERGE_ROW_H

#include "repair/merge/merge_internal.h"

/* Does the row refer to anything by it: its condition holds, no column is NULL? */
enum mr_code mr_merge_row_refers(const struct mr_plan_reference *r, struct mr_key image, bool *yes,
                                 struct mr_err *err);

/* Notes in the store by which references of the table the row of this image, with the values
 * of their conditions, does not refer. */
enum mr_code mr_merge_row_unmeant(struct mr_merge *m, const struct mr_plan_table *table,
                                  struct mr_key image, int64_t entity, struct mr_err *err);

/* Does it refer to itself by a foreign key whose columns may be NULL?  A server deletes no
 * such row before the reference is emptied. */
enum mr_code mr_merge_row_is_own_parent(const struct mr_plan_reference *r, struct mr_key image,
                                        bool *yes, struct mr_err *err);

/* What the counter gave the row, as its order (side/counted.h). */
enum mr_code mr_merge_row_count(const struct mr_plan_table *table, struct mr_key image, int64_t *n,
                                struct mr_err *err);
/* The bytes of one value of an image. */
enum mr_code mr_merge_row_value(struct mr_key image, size_t column, struct mr_key *value,
                                struct mr_err *err);

/* Do two rows of a table differ in any column that counts and that the server does not
 * compute, other than `except`
 * (MR_NO_COLUMN: none)? */
enum mr_code mr_merge_row_differs(struct mr_merge *m, const struct mr_plan_table *table,
                                  struct mr_key a, struct mr_key b, size_t except, bool *differs,
                                  struct mr_err *err);

/* Do the values of these columns change, to the byte?  What others refer to the row by it
 * lets go of then. */
enum mr_code mr_merge_row_leaves(struct mr_key before, struct mr_key after,
                                 struct mr_plan_columns columns, bool *yes, struct mr_err *err);

/* Replaces out by the image with the values of some columns exchanged: values has one for
 * each column, ptr NULL where it stays. */
enum mr_code mr_merge_row_edit(struct mr_key image, const struct mr_key *values, size_t nvalues,
                               struct mr_strbuf *out, struct mr_err *err);

/* An id that no counter gave: see merge_internal.h. */
void mr_merge_provisional_encode(int64_t id, char out[10]);
/* Its row's number, or 0 where the value is none. */
int64_t mr_merge_provisional_row(struct mr_key value);
/* Is there one among the values? */
bool mr_merge_provisional_within(struct mr_key values);

#endif
