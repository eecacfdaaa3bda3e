/*
 * gate_seen: the rows of a table that were read for a range's digest, kept for who wants the
 * same rows next, so that a small table is read once.
 *
 *   init → add (a row) … → next (from *pos 0) … → release
 *
 * Rows are in the order of the key, as mr_gate_spec_init has the columns.  Ownership: values of a
 * row point into the rows that are kept, until the next add.  Threads: one.
 */
#ifndef MR_GATE_SEEN_H
#define MR_GATE_SEEN_H

#include "core/base/vec.h"
#include "core/row/row.h"

struct mr_gate_seen_rows {
    struct mr_strbuf bytes; /* encoded (row.h), one behind the other */
    struct mr_vec ends;     /* size_t: where each ends */
    bool on;                /* set by who reads: these rows are to be kept */
    bool all;               /* likewise: they are all rows of the table */
};

void mr_gate_seen_init(struct mr_gate_seen_rows *seen);
void mr_gate_seen_release(struct mr_gate_seen_rows *seen);
/* Where rows are too wide to be kept none are, and nothing is an error. */
enum mr_code mr_gate_seen_add(struct mr_gate_seen_rows *seen, const struct mr_value *values,
                              size_t count, struct mr_err *err);
/* The nth row, of so many values. */
enum mr_code mr_gate_seen_row(const struct mr_gate_seen_rows *seen, size_t nth,
                              struct mr_value *values, size_t count, struct mr_err *err);
/* Fills `order` with the places of all rows, those with the greatest values of a column first, NULL
 * last, equal ones against the order of the key: as ORDER BY column DESC, key DESC.  The column is an
 * integer, or a DATE or DATETIME. */
enum mr_code mr_gate_seen_newest(const struct mr_gate_seen_rows *seen, size_t column, size_t *order,
                                 struct mr_err *err);

#endif
