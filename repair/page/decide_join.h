/*
 * decide_join: decisions files that several people have saved become one.
 *
 * Records are the same if all but their decisions and notes is; each has the decision that those
 * have who decided it.  Where two decide otherwise the joined file has none, and the conflict is
 * listed.  Notes are joined by " / ".  The first file gives the order; what only a later one has is
 * added behind.
 *
 * Errors: MR_E_REFUSED for a file that is no decisions file, has other columns than the first, or
 * answers another plan (asked.h); MR_E_IO, MR_E_NOMEM; those of the output.  Limits: all records
 * are kept in memory.  Threads: one.
 */
#ifndef MR_DECIDE_JOIN_H
#define MR_DECIDE_JOIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/err.h"

struct mr_decide_join_task {
    const char *const *paths;
    size_t count;
    const char *output;
    bool force; /* replaces what is there */
    FILE *list; /* where it is said who disagrees about what */
};

/* *disagreed: conflicts about which people do. */
enum mr_code mr_decide_join(const struct mr_decide_join_task *task, uint64_t *disagreed,
                            struct mr_err *err);

#endif
