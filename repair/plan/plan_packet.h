/*
 * plan_packet: what TARGET's max_allowed_packet lets through.
 *
 * It bounds a statement, and each value: what a function returns (CONCAT, JSON) is NULL where
 * it would be longer.  Scripts send longer rows in pieces (script_insert.c); a longer value
 * cannot be sent at all and is a conflict (plan_fit.h).
 *
 * Threads: one.
 */
#ifndef MR_PLAN_PACKET_H
#define MR_PLAN_PACKET_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

/* A statement of a script is no longer than this, but for a piece of a very long value. */
#define MR_PLAN_STATEMENT_BYTES ((size_t)1024 * 1024)

/* The target's max_allowed_packet when the plan is made; 0: not known. */
uint64_t mr_plan_packet(const struct mr_plan_tables *plan);

/* The max_allowed_packet that the plan's statements need at most, after its steps were
 * stored; 0: not known. */
enum mr_code mr_plan_packet_needed(const struct mr_plan_tables *plan, struct mr_findings *fd,
                                   const struct mr_plan_store *store, uint64_t *bytes,
                                   struct mr_err *err);

/* MR_E_REFUSED where a text has a statement (";" at the end of a line ends it) that TARGET
 * does not take; name: of the script. */
enum mr_code mr_plan_packet_check(const struct mr_plan_tables *plan, const char *name,
                                  const char *text, size_t len, struct mr_err *err);

#endif
