/*
 * rehearse_triggers: may a trigger write what a rollback does not take back?
 *
 * Where triggers fire for rows of the plan, all triggers and routines of its databases are
 * looked at, and those of every database that one of their texts names, and so on: rather
 * too many than too few.  None may name a table without transactions; and what they write to
 * or call by name must be visible, with its triggers.  Not seen: a function that is hidden
 * from the account, and a statement that is prepared.
 *
 * Errors: MR_E_REFUSED by name; those of db.h.  Nothing is written.  Threads: one.
 */
#ifndef MR_REHEARSE_TRIGGERS_H
#define MR_REHEARSE_TRIGGERS_H

#include "repair/apply/reseed_apply.h"

enum mr_code mr_rehearse_triggers(const struct mr_reseed_run *run, struct mr_err *err);

#endif
