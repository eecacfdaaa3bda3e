/*
 * undo_triggers: triggers of TARGET that would fire for the rows that undo writes: the DELETE
 * triggers for rows that come off again, the INSERT triggers for those that come back, the
 * UPDATE triggers.  Nobody takes back what they do.
 *
 * Whether there are any was seen when the plan was made (planned.h); whether they are there
 * still is asked now.  Of a plan of an older version it is known by what the plan does.
 *
 * Errors: MR_E_REFUSED with their names; those of db.h.  Nothing is changed.  Threads: one.
 */
#ifndef MR_UNDO_TRIGGERS_H
#define MR_UNDO_TRIGGERS_H

#include "repair/apply/target.h"

struct mr_undo_triggers {
    const struct mr_target *target;
    const struct mr_planned *planned;
    bool updates; /* undo.sql has an UPDATE (script_read.h) */
    bool fire;    /* --allow-triggers fire, of undo */
    struct mr_arena *arena;
};

/* MR_OK: none is there, or they may fire, which is warned of. */
enum mr_code mr_undo_triggers_check(const struct mr_undo_triggers *task, struct mr_err *err);

#endif
