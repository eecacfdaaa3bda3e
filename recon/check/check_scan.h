/*
 * check_scan: leapfrog.  The source streams a chunk of a segment in key order; the last
 * key it saw becomes the upper bound of the range that the target reads, while the source
 * is on its next chunk already.
 *
 * Threads: every task (a segment of a table) runs on a worker of the pool, which reads the
 * target and compares; a companion thread reads the source, at most two chunks ahead.  Of a table that is
 * one page of a server the worker reads the source, too.
 *
 *      companion:  source chunk 1 | source chunk 2 | source chunk 3 | …
 *      worker:                    | target chunk 1 | target chunk 2 | …
 *                                   compare, record  compare, record
 *
 * Ranges are half open and tile the key space: chunk i is (hi of i-1, hi of i], the first
 * starts at the segment's lower bound, the last ends at its upper bound whatever the
 * source held; so each row of both sides is read exactly once.  A target range that holds
 * far more rows than the source's chunk is cut at the target's keys, and the source's
 * part of it is read again.
 *
 * A chunk and its suspects are recorded in one transaction, so a kill at any point
 * repeats at most the chunks that were under way.
 */
#ifndef MR_CHECK_SCAN_H
#define MR_CHECK_SCAN_H

#include "recon/check/check.h"

/* Connections of one worker. */
struct mr_check_worker {
    struct mr_check_run *check;
    struct mr_reader *reader[MR_SIDES];
    struct mr_reader *again; /* source again, opened when first needed; unless there are slots */
    bool has_slots;          /* its readers' connections have (check_slots.h) */
};

struct mr_scan_task {
    struct mr_pair *table;
    size_t segment;
    struct mr_key lo, hi; /* what is left of the segment */
    int64_t next_chunk;
    bool more; /* of the segment is to be read when this is done */
};

/* Runs one segment.  Failures that concern only this table make it not-checked; others
 * are returned. */
enum mr_code mr_check_scan(struct mr_check_worker *worker, struct mr_scan_task *task,
                           struct mr_err *err);

/* Rows of a chunk of that table: at least 5,000 unless bytes forbid. */
uint64_t mr_check_chunk_rows(const struct mr_pair *table, double row_bytes);

#endif
