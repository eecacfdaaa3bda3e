/*
 * history_runs: entries that have outgrown memory, as sorted runs in a file without a name, and all
 * of them put together again in one order.
 *
 *   init → add, a sorted list at a time → merge_begin → merge_next … → clear or release
 *
 * So a log of any length is put into the case in the order of the case's own tree, once, whatever
 * order its keys come in.
 *
 * Ownership: what is added is copied; what merge_next gives is in the caller's arena.  Limits: the
 * merge takes MR_HISTORY_MERGE_BYTES, and 16 KiB a run where there are very many; besides, of each run
 * one entry.  Errors: those of scratch_file.h.  Threads: one.
 */
#ifndef MR_HISTORY_RUNS_H
#define MR_HISTORY_RUNS_H

#include "core/base/vec.h"
#include "core/file/scratch_file.h"
#include "recon/history/history_entry.h"

#define MR_HISTORY_MERGE_BYTES ((size_t)16 * 1024 * 1024)

struct mr_history_runs {
    const char *beside; /* set by the caller: see mr_scratch_file_open */
    /* private */
    struct mr_scratch_file file;
    struct mr_vec runs; /* struct run */
    size_t *heap;       /* of runs that have an entry, the least first */
    size_t nheap;
};

/* None yet; release gives its memory and its file back. */
void mr_history_runs_init(struct mr_history_runs *runs, const char *beside);
void mr_history_runs_release(struct mr_history_runs *runs);
/* Are there none? */
bool mr_history_runs_is_empty(const struct mr_history_runs *runs);
/* A run more, younger than all before it: one entry a key, in the order of mr_history_name_compare. */
enum mr_code mr_history_runs_add(struct mr_history_runs *runs, struct mr_history_entry *const *list,
                                 size_t count, struct mr_err *err);
/* From the first entry on. */
enum mr_code mr_history_runs_merge_begin(struct mr_history_runs *runs, struct mr_err *err);
/* Which key the entry that is next is of, valid until then; false: there is none. */
bool mr_history_runs_merge_peek(const struct mr_history_runs *runs, struct mr_history_name *name);
/* In order; of one key the older run's first. */
enum mr_code mr_history_runs_merge_next(struct mr_history_runs *runs, struct mr_arena *arena,
                                        struct mr_history_entry **out, struct mr_err *err);

#endif
