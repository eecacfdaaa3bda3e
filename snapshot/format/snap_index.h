/*
 * snap_index: the indexes of CREATE TABLE, as servers print it, that can be made behind the rows.
 *
 *   mr_snap_late_indexes(&out, create, len) → struct mr_snap_index, in the order of the statement
 *
 * To be made again by ALTER TABLE … ADD DEFINITION, …, all of them by one, which leaves them in the
 * order that they had: servers print indexes by classes (unique ones first; those over expressions and
 * virtual columns behind plain ones, FULLTEXT last), and within a class in the order in which they were
 * made.
 *
 * Left out, since a table needs them from the start or they are another work to make: the primary
 * key; what begins with the AUTO_INCREMENT column; FULLTEXT, SPATIAL, expressions (servers add an
 * expression's hidden column by copying the table) and, which are of their class, virtual columns.  And
 * whatever would be overtaken by one of these.  None of a table without a primary key, whose rows
 * another key may order, and of one with foreign keys in its definition, which ask for an index.
 *
 * Texts point into the statement.  Threads: plain functions.
 */
#ifndef MR_SNAP_INDEX_H
#define MR_SNAP_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/vec.h"

struct mr_snap_index {
    const char *name; /* as it is quoted */
    size_t name_len;
    const char *definition; /* "UNIQUE KEY `a` (`b`(9),`c` DESC) COMMENT 'd'" */
    size_t definition_len;
};

/* out: of struct mr_snap_index, empty.  False: without memory. */
bool mr_snap_late_indexes(struct mr_vec *out, const char *create, size_t len);

#endif
