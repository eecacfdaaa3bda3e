/*
 * fleet_run: the work on one part of a fleet's plan.
 *
 *   lease → what was kept so far → of each pair a check, in a process of its own → parts/I.case
 *
 * A pair that cannot be read leaves the others; another run tries it again.  A part that is done is
 * not read again.
 *
 * Errors: MR_E_REFUSED, MR_E_IO of the fleet's directory; MR_E_CHANGED where another process has
 * taken the part over; MR_E_CANCELLED, when all that was read is kept.
 */
#ifndef MR_FLEET_RUN_H
#define MR_FLEET_RUN_H

#include "core/base/log_file.h"
#include "core/cli/cli.h"
#include "recon/fleet/fleet_file.h"
#include "recon/fleet/fleet_part.h"

struct mr_fleet_run {
    struct mr_command_list commands;
    const struct mr_fleet_file *file;
    size_t part;
    unsigned threads, verbose;
    unsigned save_s;              /* between two copies that are kept */
    const char *password_command; /* or NULL */
    const char *log_file;         /* or NULL */
    enum mr_log_format log_format;
    struct mr_arena *arena;
    /* the result */
    struct mr_fleet_part status; /* its pairs are those of the part */
    bool was_done;               /* before */
};

/* run->status is set also after an error, as far as it got. */
enum mr_code mr_fleet_run(struct mr_fleet_run *run, struct mr_err *err);

#endif
