/*
 * fleet_rank: which pairs of a fleet are told first, and which tables of a pair one side alone has; what
 * fleet merge prints and the page of fleet report are in one order.
 *
 * Errors: MR_E_NOMEM where said.  Threads: no state.
 */
#ifndef MR_FLEET_RANK_H
#define MR_FLEET_RANK_H

#include "core/source/sides.h"
#include "recon/check/check_result.h"
#include "recon/fleet/fleet_word.h"

/* Tables ("db.t", SOURCE's names) that a side alone has. */
struct mr_fleet_only {
    const char *const *tables[MR_SIDES];
    size_t count[MR_SIDES];
};

/* Names live in the arena.  MR_E_NOMEM. */
enum mr_code mr_fleet_only_take(const struct mr_check_result *result, struct mr_arena *arena,
                                struct mr_fleet_only *out, struct mr_err *err);
size_t mr_fleet_only_count(const struct mr_fleet_only *only);

/* For mr_report_rank_of(), 0 being the gravest: the target lacks a whole table; rows differ, or the
 * target alone has a table; its case does not count; something was not seen; definitions differ. */
int mr_fleet_gravity(enum mr_fleet_word verdict, const struct mr_find_counts *counts,
                     const struct mr_fleet_only *only, bool has_fault);

#endif
