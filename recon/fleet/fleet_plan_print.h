/*
 * fleet_plan_print: what `fleet plan` prints: for people, and as JSON (docs/formats/fleet-json-v1.md).
 *
 * Errors: only those of the strbuf.  Threads: no state.
 */
#ifndef MR_FLEET_PLAN_PRINT_H
#define MR_FLEET_PLAN_PRINT_H

#include "core/base/strbuf.h"
#include "recon/fleet/fleet_file.h"
#include "recon/fleet/fleet_sizes.h"

struct mr_fleet_plan_result {
    const struct mr_fleet_file *file; /* as it was written */
    const struct mr_fleet_sizes *sizes;
    const char *inventory; /* path */
    double seconds;
};

/* Appended, as one text for standard output. */
void mr_fleet_plan_text(const struct mr_fleet_plan_result *result, struct mr_strbuf *out);
void mr_fleet_plan_json(const struct mr_fleet_plan_result *result, struct mr_strbuf *out);

#endif
