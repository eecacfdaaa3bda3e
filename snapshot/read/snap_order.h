/*
 * snap_order: the order of a snapshot's rows, where it is known without a server: every
 * part of the key is an integer, BIT, YEAR, DECIMAL, temporal, BINARY, or an ENUM or SET by
 * its number, and the manifest tells the range of each file.  The order of texts is a
 * collation's, which only servers know.
 *
 * Keys are encoded (row.h).  Threads: no state.
 */
#ifndef MR_SNAP_ORDER_H
#define MR_SNAP_ORDER_H

#include "snapshot/format/snap_table.h"

/* Have its keys an order that can be told without a server, wherever its files say that they lie? */
bool mr_snap_order_has(const struct mr_snap_table *table);
/* And do they say so?  Then mr_snap_order_compare may be asked. */
bool mr_snap_order_is_known(const struct mr_snap_table *table);
/* As strcmp().  Both are keys of such a table, neither is open. */
int mr_snap_order_compare(const struct mr_snap_table *table, struct mr_key a, struct mr_key b);
/* The first chunk that holds rows of the key or beyond it (`beyond`: only beyond); nchunks:
 * none.  An open key stands before all rows. */
size_t mr_snap_order_chunk(const struct mr_snap_table *table, struct mr_key key, bool beyond);

#endif
