/*
 * fleet_run_all: all parts of a fleet's plan on this machine, so many at a time, each in a process of
 * its own, as an engine would begin them; then how far the fleet is.
 *
 * Errors: MR_E_NOMEM, MR_E_IO; MR_E_CANCELLED, when all parts have stopped, and kept what they had.
 */
#ifndef MR_FLEET_RUN_ALL_H
#define MR_FLEET_RUN_ALL_H

#include "core/cli/cli.h"
#include "core/cli/general_options.h"
#include "recon/fleet/fleet_file.h"

struct mr_fleet_all {
    struct mr_command_list commands;
    const struct mr_fleet_file *file;
    const char *config; /* of the command itself, or NULL */
    unsigned at_once, threads, save_s, verbose;
    const char *password_command; /* or NULL */
    const char *log_file;         /* or NULL */
    enum mr_log_format log_format;
    enum mr_progress_mode progress;
    bool json;
    struct mr_look look;
};

/* Prints what fleet status prints, and exits as it does; but 3 where a part could not run at all. */
enum mr_code mr_fleet_run_all(const struct mr_fleet_all *all, int *exit_code, struct mr_err *err);

#endif
