/*
 * merge_erased: rows of the common past that SOURCE deleted in a transaction of its own, and that
 * TARGET still has: deleted-in-source.  They stay, unless somebody says `delete`: it may be an
 * erasure that somebody asked for.
 *
 * mr_merge_erased() finds them by the marks of SOURCE's log (merge_told.h), hears what was chosen, and
 * leaves in temp.erased what goes:
 *   goes   it is deleted.  Not so where a row that stays refers to it, here or outside the plan, where
 *          the plan leads a row of SOURCE to it, or where such rows refer to each other in a circle:
 *          then it is asked about, and `why` says so
 *   along  SOURCE deleted it with its parent, by a cascade of which its log has no event: SOURCE
 *          lacks it, neither log names it, and a foreign key of SOURCE's cascades.  It goes with
 *          the parent, or stays with it
 *   lvl    children before parents; tree: rows that go together or not at all
 * The plan is refused (MR_E_REFUSED) if as many go as were not allowed.
 *
 * mr_merge_erased_save() makes entities of them, by their keys on TARGET.  Whoever writes the steps
 * (merge_steps.c) takes them in the order of tree and lvl.
 *
 * Errors: MR_E_REFUSED (also of the choice `stop`), those of the servers and the case, MR_E_NOMEM.
 */
#ifndef MR_MERGE_ERASED_H
#define MR_MERGE_ERASED_H

#include "repair/merge/merge_internal.h"

/* When all rows of SOURCE are decided about. */
enum mr_code mr_merge_erased(struct mr_merge *m, struct mr_err *err);
/* Behind the entities of SOURCE's rows, and in front of the steps. */
enum mr_code mr_merge_erased_save(struct mr_merge *m, struct mr_err *err);

#endif
