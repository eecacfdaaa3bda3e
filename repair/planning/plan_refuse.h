/*
 * plan_refuse: what must hold before rows are planned, and before a plan that writes them
 * may stand.
 *
 * Everything here is MR_E_REFUSED, naming what is in the way and what to do; but a case
 * whose comparison is incomplete is MR_E_DENIED (exit 4).  Nothing is written to a server.
 *
 * Ownership: texts live in the arena that is handed in.  Threads: one.
 */
#ifndef MR_PLAN_REFUSE_H
#define MR_PLAN_REFUSE_H

#include "repair/plan/manifest.h"

/* Is every table of the current run compared completely?  *what: those that are not, for
 * people; NULL: none.  Refused unless partial is allowed. */
enum mr_code mr_plan_refuse_incomplete(struct mr_findings *fd, const struct mr_find_run *run,
                                       bool partial, struct mr_arena *arena, const char **what,
                                       struct mr_err *err);

/* Both sides are one database: one history. */
enum mr_code mr_plan_refuse_itself(const struct mr_sides *sides, struct mr_arena *arena,
                                   struct mr_err *err);

/* Guard statements would be replicated as they are written. */
enum mr_code mr_plan_refuse_binlog(const struct mr_server_side *target, struct mr_err *err);

/* Triggers of a planned table that the account may not see. */
enum mr_code mr_plan_refuse_hidden(const struct mr_plan_tables *plan, struct mr_err *err);

/* Tables of TARGET that the account may not see, and that refer to a planned one.  Where it
 * may not ask either: a warning for a policy that lets rows go or changes them, since the
 * stock client asks nobody; apply and undo ask again. */
enum mr_code mr_plan_refuse_unseen(const struct mr_plan_tables *plan, const char *policy,
                                   struct mr_err *err);

/* Tables that temporary tables of the scripts would hide. */
enum mr_code mr_plan_refuse_names(const struct mr_plan_tables *plan, struct mr_err *err);

/* Of tables that get rows: engines that cannot roll back, triggers that would fire (those
 * of the manifest's tables; fire: they may). */
enum mr_code mr_plan_refuse_engines(const struct mr_plan_tables *plan,
                                    const struct mr_planned *planned, struct mr_err *err);
enum mr_code mr_plan_refuse_triggers(const struct mr_planned *planned, bool fire,
                                     struct mr_err *err);

#endif
