/*
 * suspect_sample: are a column's values keys of another table?  Judged by a sample that
 * never reads more than MR_SUSPECT_SAMPLE_MAX entries of the column's index, however big
 * the table: those at both of its ends, and for integers short runs in between.  One
 * statement samples and looks up, so that rows which come and go do not matter, and the
 * server compares by its own collation.
 *
 * Errors: as db.h.
 */
#ifndef MR_SUSPECT_SAMPLE_H
#define MR_SUSPECT_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/db/db.h"
#include "core/schema/schema.h"

#define MR_SUSPECT_SAMPLE_MAX 2800

/* One column of one table of a server, and a BTREE index that begins with it, whole. */
struct mr_suspect_column {
    const struct mr_table *table;
    const struct mr_column *column;
    const struct mr_index *index;
};

/* The entries of child's index that were read (NULLs left out), and how many of them are
 * values of parent's column, whose index must be unique.  Types are the same. */
enum mr_code mr_suspect_sample(struct mr_db *db, const struct mr_suspect_column *child,
                               const struct mr_suspect_column *parent, uint64_t *sampled,
                               uint64_t *found, struct mr_err *err);

#endif
