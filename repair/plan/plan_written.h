/*
 * plan_written: the keys of all rows that plans of a case write, whatever became of them.
 *
 * A run that compared the servers while a plan was applied has no finding of its rows; once
 * the plan is undone they differ again.  So whoever plans looks at these rows too, and a
 * plan of an older run decides as one of a run that was made now.
 *
 * Kept in the case: plan_row (tbl "db.t", key as the pair encodes it; of a table without a key
 * one line with an empty key, since all of its rows are looked at).
 *
 * Calling sequence: page through them before rows are decided; note them when the entities
 * are.  Ownership: keys live in the arena.  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_PLAN_WRITTEN_H
#define MR_PLAN_WRITTEN_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

/* Adds to keys (struct mr_key) the next ones of a table beyond after, ptr NULL:
 * the first ones; none: there are no more. */
enum mr_code mr_plan_written_page(struct mr_case *cf, const struct mr_plan_table *table,
                                  struct mr_key after, struct mr_arena *arena, struct mr_vec *keys,
                                  struct mr_err *err);

/* Of a table without a key: has any plan written to it? */
enum mr_code mr_plan_written_any(struct mr_case *cf, const struct mr_plan_table *table, bool *any,
                                 struct mr_err *err);

/* One more, which another case's plan has written. */
enum mr_code mr_plan_written_add(struct mr_case *cf, const struct mr_plan_table *table,
                                 struct mr_key key, struct mr_err *err);

/* Within the store's transaction. */
enum mr_code mr_plan_written_note(struct mr_case *cf, const struct mr_plan_store *store,
                                  const struct mr_plan_tables *tables, struct mr_err *err);

#endif
