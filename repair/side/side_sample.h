/*
 * side_sample: are the values of a column keys of another table?  A sample of one side's
 * rows tells, that side being a server or a snapshot.
 *
 * The sample is the first and the last rows of the table, MR_SIDE_SAMPLE_ROWS of each.
 * A snapshot has no SQL: its rows are read, of the end only the last stretch of the key
 * where that holds enough of them, and texts are the same where their bytes are.
 *
 * Ownership: nothing is kept.  Errors: of source.h.  Threads: that of the reader.
 */
#ifndef MR_SIDE_SAMPLE_H
#define MR_SIDE_SAMPLE_H

#include "core/source/source.h"

#define MR_SIDE_SAMPLE_ROWS 1000

struct mr_side_sample {
    struct mr_reader *reader;
    const struct mr_readspec *child, *parent; /* scans */
    size_t column, key;                       /* positions in the scans' columns */
};

/* Adds to counts[0] the rows of the sample that have a value, to counts[1] those of them
 * whose value is a key. */
enum mr_code mr_side_sample(const struct mr_side_sample *what, uint64_t counts[2],
                            struct mr_err *err);

#endif
