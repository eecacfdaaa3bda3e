/*
 * fleet_plan_warn: what the inventory of a plan may not have meant, told before anything is written.
 *
 * A hundred pairs of one server that is down, or of one wrong password, are one line behind the first
 * few; the plan's own output names each.  Errors: MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_FLEET_PLAN_WARN_H
#define MR_FLEET_PLAN_WARN_H

#include "recon/fleet/fleet_file.h"
#include "recon/fleet/fleet_sizes.h"

/* Of pairs that failed: those of one reason together, in the inventory's order. */
enum mr_code mr_fleet_plan_warn_failed(const struct mr_fleet_file *file, struct mr_err *err);
/* Of pairs that have the sides, and the configuration, of another: where a number was forgotten in a
 * copied section, one database is compared twice, and another one never. */
enum mr_code mr_fleet_plan_warn_twins(const struct mr_fleet_file *file, struct mr_err *err);

/* Of planned pairs that have no table: "equal" would be all that is ever said of two wrong databases. */
void mr_fleet_plan_warn_empty(const struct mr_fleet_sizes *sizes);

/* Of planned maps, with lines whose target's table is not there: a slip in its name, most likely, of which
 * all that is ever said is that one side alone has a table. */
enum mr_code mr_fleet_plan_warn_maps(const struct mr_fleet_sizes *sizes, struct mr_err *err);

#endif
