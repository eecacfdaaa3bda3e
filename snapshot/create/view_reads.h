/*
 * view_reads: what a view reads from, out of its text as information_schema has it: names behind
 * FROM and JOIN, with their databases.
 *
 * Ownership: what the callback is given lives until it returns.  Threads: no state.
 */
#ifndef MR_VIEW_READS_H
#define MR_VIEW_READS_H

#include <stdbool.h>

/* False ends it. */
typedef bool mr_view_reads_fn(const void *ctx, const char *db, const char *name);

/* False: the callback has ended it, or there is no memory. */
bool mr_view_reads(const char *definition, mr_view_reads_fn *fn, const void *ctx);

#endif
