/*
 * gate_ahead: the catalogue of thousands of tables, read ahead on a connection of its own, while
 * the rows of the slice before are read on the caller's.
 *
 * A server that opens tables to tell of them (MariaDB, MySQL before 8.0) takes most of its time for
 * that, on one processor; what the tables hold is read meanwhile on another.  Never more than two
 * slices are in the works, one that is listed and one whose rows are read, so that the server has both
 * open still (schema_slices.c).
 *
 * Where the tables are one slice, or a second connection is not to be had (the server is full, or
 * the account may have one only), all is done on the caller's, one after the other.
 *
 * Threads: fn runs in the caller's.  Its slice's texts stay until the catalogue is freed, its tables
 * until it returns.  Errors: fn's as it is, which ends the reading; else the catalogue's.
 */
#ifndef MR_GATE_AHEAD_H
#define MR_GATE_AHEAD_H

#include "core/schema/schema.h"
#include "recon/gate/gate_link.h"

/* *out is the caller's (mr_catalogue_free); NULL after an error. */
enum mr_code mr_gate_ahead(struct mr_gate_link *link, const char *const *dbs, size_t ndbs,
                           mr_catalogue_slice_fn *fn, void *ctx, struct mr_catalogue **out,
                           struct mr_err *err);

#endif
