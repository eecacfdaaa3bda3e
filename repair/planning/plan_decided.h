/*
 * plan_decided: what people decided row by row in earlier plans of the case, so that later
 * ones hold to it (table plan_decision of the case).
 *
 *   mr_plan_decided_open → mr_plan_decided_find … → mr_plan_decided_keep …
 *     → mr_plan_decided_close (NULL is fine)
 *
 * A decision is about a row of SOURCE, by its key, in one kind of conflict, and holds when
 * that comes up again.  One that writes values holds while SOURCE's row is as it was, and
 * for a conflict between two rows TARGET's, too: else it is asked again.  A row that was
 * left out (skip) stays out whatever comes up, also where nothing does any more: its parent
 * may stand by now.
 *
 * merge-into is kept by the plan's map (merge_earlier).  All of it is within the transaction
 * of the plan that is made.
 *
 * Ownership: choices live until _close.  Errors: those of the case, MR_E_NOMEM.
 * Threads: one.
 */
#ifndef MR_PLAN_DECIDED_H
#define MR_PLAN_DECIDED_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

struct mr_plan_decided;

/* `plan`: the one that is made.  `forget`: what is there is forgotten first, merge-into
 * included. */
enum mr_code mr_plan_decided_open(struct mr_case *cf, int64_t plan, bool forget,
                                  struct mr_plan_decided **out, struct mr_err *err);
void mr_plan_decided_close(struct mr_plan_decided *decided);

/* Is nothing kept? */
enum mr_code mr_plan_decided_is_empty(struct mr_plan_decided *decided, bool *empty,
                                      struct mr_err *err);
/* *choice stays as it is where nothing holds.  stated: a person says something else of the row
 * now, of whatever kind; then it is not left out any more. */
enum mr_code mr_plan_decided_find(struct mr_plan_decided *decided,
                                  const struct mr_plan_table *table,
                                  const struct mr_decision_ask *ask, bool stated,
                                  const char **choice, struct mr_err *err);
/* A person's choice about this entity, in place of what was kept: kept where it was taken
 * for the entity's conflict. */
enum mr_code mr_plan_decided_keep(struct mr_plan_decided *decided,
                                  const struct mr_plan_table *table, const struct mr_entity *entity,
                                  const char *choice, struct mr_err *err);
/* Forgets into whom earlier plans merged the row because a person said so. */
enum mr_code mr_plan_decided_unmerge(struct mr_plan_decided *decided,
                                     const struct mr_plan_table *table, struct mr_key key,
                                     struct mr_err *err);
/* Forgets what a plan kept whose directory did not get its name. */
enum mr_code mr_plan_decided_withdraw(struct mr_case *cf, int64_t plan, struct mr_err *err);
/* Rows for which something held. */
enum mr_code mr_plan_decided_held(struct mr_plan_decided *decided, uint64_t *count,
                                  struct mr_err *err);

#endif
