/*
 * check_narrow: where in a chunk whose digests differ the difference is.
 *
 * The source names keys that cut the chunk into parts of equally many of its rows, then both
 * servers give the digests of all parts, at once.  So two statements (three round trips: keys are
 * asked for by one that is prepared) stand in front of the reading of rows, which are those of the
 * parts that differ; one row in a chunk of 20,000 costs the transfer of some hundred instead of all.
 * Over a long line a further stretch costs more than the few rows in front of it that are equal:
 * those are read with it.
 *
 * Every row of the chunk is in exactly one part on each side (source_sql.h): no part is left out,
 * whatever the cuts are.
 *
 *   mr_narrow_init → { mr_check_narrow → the stretches }… → mr_narrow_release
 *
 * Threads: the worker's.
 */
#ifndef MR_CHECK_NARROW_H
#define MR_CHECK_NARROW_H

#include "recon/check/check_scan.h"

/* Neighbouring parts that are all equal, or all differ. */
struct mr_stretch {
    struct mr_key hi; /* where it ends; the last one's is the range's own */
    bool differs;
    uint64_t rows; /* of its equal parts, on either side */
};

struct mr_narrow {
    struct mr_arena arena;
    struct mr_vec stretches; /* struct mr_stretch, in key order; they tile the range */
    size_t parts, differing;
};

void mr_narrow_init(struct mr_narrow *narrow);
void mr_narrow_release(struct mr_narrow *narrow);

/* Equal stretches of at most so many rows between two that differ become one with them. */
void mr_narrow_join(struct mr_narrow *narrow, uint64_t rows);

/* Do two servers mean the same rows?  Not where a row has no digest. */
bool mr_range_digest_same(const struct mr_range_digest *a, const struct mr_range_digest *b);

/*
 * rows: of the source in the range, as its digest has counted.  again: a connection to the source
 * that nobody else uses now.  Where it cannot be told (few rows, no answer) there are no stretches,
 * and all is to be read: errors are only those that end the run.
 */
enum mr_code mr_check_narrow(struct mr_check_worker *worker, const struct mr_pair *table,
                             struct mr_reader *again, struct mr_range range, uint64_t rows,
                             struct mr_narrow *narrow, struct mr_err *err);

#endif
