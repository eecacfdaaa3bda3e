/*
 * merge_steps: from decisions to steps and units.
 *
 * Rows are inserted parents first.  A TREE is a subject row with what hangs below it, or
 * any other row that nothing inserted is above; a row below two of them belongs to the
 * later one.  A unit has as many whole trees as fit in MR_UNIT_ROWS; a larger one goes on
 * in further units.  Rows in a circle of references are inserted with a reference left
 * empty, and updated when the row that it leads to is there; a circle that no foreign key
 * closes needs no update.  Last come the rows of TARGET that get SOURCE's values.
 */
#ifndef MR_MERGE_STEPS_H
#define MR_MERGE_STEPS_H

#include "repair/merge/merge_internal.h"

#define MR_UNIT_ROWS 500
/* Of a rewind, whose rows are many and stand alone for the most part: what a unit costs beside its
 * rows, some 80 statements and two writes to disk, is paid a quarter as often. */
#define MR_UNIT_REWIND_ROWS 2000
#define MR_UNIT_BYTES ((size_t)8 * 1024 * 1024) /* of row images, and one row more */

/* Entities are written (merge_entities.h). */
enum mr_code mr_merge_steps(struct mr_merge *m, struct mr_err *err);

#endif
