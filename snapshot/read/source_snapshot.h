/*
 * source_snapshot: a snapshot as a source of rows (core/source/source.h): what was on a server at
 * its moment, without the server.
 *
 * The manifest and the catalogue are proved when it is opened, a data file before its first
 * row is used.  Rows come in the key's order where it can be known without a server
 * (snap_order.h).  It computes no digests, and only simple conditions (core/source/condition.h).
 *
 * Memory: a file's reader and a row a reader; the manifest and the catalogue.
 */
#ifndef MR_SOURCE_SNAPSHOT_H
#define MR_SOURCE_SNAPSHOT_H

#include "core/source/source.h"

/* See mr_source_open_fn.  MR_E_SNAPSHOT where it is none, or is damaged. */
enum mr_code mr_source_snapshot_new(const struct mr_endpoint *ep, struct mr_source **out,
                                    struct mr_err *err);

#endif
