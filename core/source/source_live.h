/*
 * source_live: what the parts of a live source (source_live.c, source_bounds.c) share;
 * for nobody else.  Everything is called from the thread that owns the reader.
 */
#ifndef MR_SOURCE_LIVE_H
#define MR_SOURCE_LIVE_H

#include "core/source/source.h"

/* Runs a statement of source_sql.h that selects the key columns; fn gets their values,
 * in index order. */
enum mr_code mr_live_read_keys(struct mr_reader *reader, const struct mr_readspec *spec,
                               const struct mr_strbuf *sql, mr_row_fn *fn, void *ctx,
                               struct mr_err *err);

/* mr_reader_bounds_within() of a live source: at most MR_LIVE_PROBES_MAX short reads. */
#define MR_LIVE_PROBES_MAX 100
enum mr_code mr_live_bounds(struct mr_reader *reader, const struct mr_readspec *spec,
                            struct mr_range range, size_t wanted, struct mr_arena *arena,
                            struct mr_vec *keys, struct mr_err *err);

#endif
