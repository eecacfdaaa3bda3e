/*
 * snap_value: what a read asks for (struct mr_readspec), from a row of a snapshot's text:
 * the expressions that a server would compute.
 *
 *   mr_snap_values_new → mr_snap_values_of … → mr_snap_values_free
 *
 * Errors: MR_E_UNSUPPORTED, with the column, where only a server could say: floating point
 * numbers and bits as text, conditions, columns that the snapshot does not keep.
 *
 * Ownership: table, known and spec must outlive it.  Threads: one.
 */
#ifndef MR_SNAP_VALUE_H
#define MR_SNAP_VALUE_H

#include "snapshot/format/snap_table.h"

struct mr_snap_values;

/* known: the same table in the catalogue, which knows the character set of an ENUM that is
 * kept by its number. */
enum mr_code mr_snap_values_new(const struct mr_snap_table *table, const struct mr_table *known,
                                const struct mr_readspec *spec, struct mr_snap_values **out,
                                struct mr_err *err);
/* row: one value a column of the snapshot's.  *out: one a column of the spec, valid until
 * the next call, and as long as row is. */
enum mr_code mr_snap_values_of(struct mr_snap_values *v, const struct mr_value *row,
                               const struct mr_value **out, struct mr_err *err);
void mr_snap_values_free(struct mr_snap_values *v); /* NULL is fine */

/* Position of the column among those of the table; ncolumns: it is not kept. */
size_t mr_snap_column_at(const struct mr_snap_table *table, const char *name);

#endif
