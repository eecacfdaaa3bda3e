/*
 * history_aside: a fold that a thread of its own fills, while its caller takes the next rows of a log apart.
 *
 *   mr_history_aside_new → hand … → wait, before anybody else looks at the fold → free
 *
 * One list of changes is folded at a time, and they are folded in the order in which they were handed; who
 * hands one over waits for the one before it.  The thread is made with the first list; where none
 * can be had the caller does its work.
 *
 * Ownership: the fold is the caller's, and the thread's from a hand to the wait behind it.  What is
 * handed over goes, and the caller has an empty list and arena for it.  Errors: those of the fold, with the
 * hand or the wait that comes next; nothing is folded behind one.  Threads: one, besides its own.
 */
#ifndef MR_HISTORY_ASIDE_H
#define MR_HISTORY_ASIDE_H

#include "recon/history/history_fold.h"

struct mr_history_aside;

/* most: bytes that the fold may hold in memory; what is more is spilled.  NULL: memory is out. */
struct mr_history_aside *mr_history_aside_new(struct mr_history_fold *fold, size_t most);
/* Ends its thread; what was handed over and not waited for may be in the fold or not.  NULL is fine. */
void mr_history_aside_free(struct mr_history_aside *aside);
/* changes: struct mr_history_change, whose bytes are in kept, as good as anything that outlives the wait. */
enum mr_code mr_history_aside_hand(struct mr_history_aside *aside, struct mr_vec *changes,
                                   struct mr_arena *kept, struct mr_err *err);
/* All that was handed over is in the fold. */
enum mr_code mr_history_aside_wait(struct mr_history_aside *aside, struct mr_err *err);

#endif
