/*
 * conflict_differs: which columns tell the two rows of a conflict apart, in words that a person
 * decides by, and in one cell of conflicts.csv:
 *
 *     city: Lost 4 → Live 4; by: 2004 (+4366012) → 2004 (+4369911); note: NULL → 'a; b'
 *
 * SOURCE's value first.  Columns that are not compared are left out, those of the key, and what is
 * equal as check compares it.  A value is in '' with escapes where it could be taken for something else (a
 * NULL, an end, an empty one), and cut where it is long.  Behind a value that refers to a row of
 * which the run found different ones on the two sides stands who that is, by identity; the same id
 * that means two people is listed, too.
 *
 * Calling sequence: open once a plan, add for each conflict, close.  Errors: MR_E_CASE, MR_E_NOMEM.
 * Threads: one.
 */
#ifndef MR_CONFLICT_DIFFERS_H
#define MR_CONFLICT_DIFFERS_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

struct mr_conflict_differs;

/* fd: with the findings of the run that is planned. */
enum mr_code mr_conflict_differs_open(const struct mr_plan_tables *tables, struct mr_findings *fd,
                                      struct mr_conflict_differs **out, struct mr_err *err);
void mr_conflict_differs_close(struct mr_conflict_differs *differs); /* NULL is fine */
/* Appends to `text`; nothing for a conflict without a row on either side. */
enum mr_code mr_conflict_differs_add(struct mr_conflict_differs *differs,
                                     const struct mr_plan_table *table,
                                     const struct mr_entity *entity, struct mr_strbuf *text,
                                     struct mr_err *err);

#endif
