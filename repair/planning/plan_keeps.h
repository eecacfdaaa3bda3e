/*
 * plan_keeps: what undo will not take back, because triggers write it when the plan is
 * applied: said beforehand.
 *
 * A row that a trigger writes is none of the plan's.  Where it refers to a row that the plan
 * restores, undo keeps that one, with all that is its own.  Threads: none.
 */
#ifndef MR_PLAN_KEEPS_H
#define MR_PLAN_KEEPS_H

#include "repair/plan/plan_tables.h"
#include "repair/plan/planned.h"

/* A sentence for people about a table, which may be NULL; texts live for the call. */
typedef enum mr_code mr_plan_keeps_fn(void *ctx, const char *table, const char *text,
                                      struct mr_err *err);

enum mr_code mr_plan_keeps(const struct mr_plan_tables *plan, const struct mr_planned *planned,
                           mr_plan_keeps_fn *fn, void *ctx, struct mr_err *err);

#endif
