/*
 * merge_past: what is known of rows above the base bound, where nobody has said that bound as
 * a key.  Base rows must not come back as new ones.
 *
 * A key that both sides hold, in rows that differ:
 *   PAST   the same row (mr_decide_twin(): MR_TWIN_SELF)
 *   DOUBT  nobody knows (MR_TWIN_DOUBT)
 * A key that only SOURCE holds is PAST if its row was created before one that is known as
 * past, or before --split-at.
 *
 * Nothing is in doubt that refers to lost history, or from the first key on that two
 * different rows hold for certain (U), since keys are handed out in order.
 *
 * In w: past 1 (held by both), 2 (by SOURCE) or 3 (by both, as the logs say: merge_told.h), and above
 * 0; in m: doubt, lone (the only column that differs, where no time tells); in mark: cleared (no
 * longer in doubt).
 */
#ifndef MR_MERGE_PAST_H
#define MR_MERGE_PAST_H

#include "repair/merge/merge_match_internal.h"

/* Judges the candidates of a batch, whose identities are known. */
enum mr_code mr_merge_past_judge(struct mr_merge_matching *x, struct mr_err *err);
/* Forgets what was judged of the component. */
enum mr_code mr_merge_past_forget(struct mr_merge_matching *x, struct mr_err *err);

/* What follows from the groups of a component; *learnt: it is to be decided anew. */
enum mr_code mr_merge_past_learn(struct mr_merge *m, size_t first, size_t count, bool *learnt,
                                 struct mr_err *err);
/* A base bound that cannot be right: MR_E_REFUSED by name.  When all is decided, and every
 * reference is declared: what refers to lost history is not in doubt.  note: of a component,
 * before a choice makes lost history of what was deleted of the past; test finds it. */
enum mr_code mr_merge_past_note(struct mr_merge *m, size_t first, size_t count, struct mr_err *err);
enum mr_code mr_merge_past_test(struct mr_merge *m, struct mr_err *err);

#endif
