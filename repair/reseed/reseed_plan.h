/*
 * reseed_plan: which counters of TARGET are raised, and how far.
 *
 * For every table that both sides have and whose counter on TARGET leads an index: next is
 * the greatest, over both servers, of the counter and the greatest key + 1; see
 * reseed_value.h for the rest.  What is left alone is listed with the reason.
 *
 * With a case, ids that an earlier plan of the case has reserved for that target stay
 * reserved: the same block is planned again while nobody has taken an id of it.
 *
 * Nothing is written to any server.  Errors: MR_E_REFUSED where a margin does not fit, with
 * the column that is too narrow and the greatest margin that would; MR_E_CONFIG,
 * MR_E_NO_SUCH for patterns that match nothing; those of a server that is lost.  A table
 * that cannot be read is listed as incomplete and the rest goes on.
 */
#ifndef MR_RESEED_PLAN_H
#define MR_RESEED_PLAN_H

#include "core/case/findings.h"
#include "core/cli/config.h"
#include "core/cli/option.h"
#include "core/source/sides.h"
#include "repair/plan/manifest.h"

struct mr_reseed_task {
    const struct mr_server_side *side; /* both, open */
    const struct mr_config *config;
    const struct mr_string_list *tables, *exclude;
    uint64_t margin;
    struct mr_findings *fd; /* of the case, or NULL */
    const char *target;     /* display form, as the case names it */
    struct mr_arena *arena; /* of everything that is planned */
};

/* Sets counters, ncounters, skipped, nskipped and server of the manifest. */
enum mr_code mr_reseed_plan(const struct mr_reseed_task *task, struct mr_manifest *manifest,
                            struct mr_err *err);

#endif
