/*
 * check_keys: rows of a table that are looked up by their keys, one batch after the other, instead of
 * being met by a scan.
 *
 * What a scan does with a range is done with a batch: both sides are read, what differs is a suspicion,
 * and a chunk is recorded.  Such chunks stand behind those of ranges (MR_KEYS_SEGMENT), and none of their
 * rows is told as the neighbour of another.  A row that a range has met already is no second suspicion.
 * Late ones leave no chunk: they are read once more, behind all others, and are not counted.
 *
 * Threads: a task is one worker's; tasks of one table share its keys.
 */
#ifndef MR_CHECK_KEYS_H
#define MR_CHECK_KEYS_H

#include "core/source/key_set.h"
#include "recon/check/check_scan.h"

/* The first segment of keys; there are never as many ranges.  From MR_KEYS_LATE on they are late. */
#define MR_KEYS_SEGMENT ((size_t)1 << 20)
#define MR_KEYS_LATE ((size_t)1 << 19)

struct mr_keys_task {
    struct mr_pair *table;
    const struct mr_key_set *keys; /* united */
    size_t from, count;
    size_t segment;  /* which task of the table it is */
    bool has_ranges; /* of this run, which were read before; so have late ones */
};

/* Runs one task.  Failures that concern only this table make it not-checked. */
enum mr_code mr_check_keys(struct mr_check_worker *worker, const struct mr_keys_task *task,
                           struct mr_err *err);

#endif
