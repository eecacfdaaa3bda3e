/*
 * run_line: one command line, from its words to its exit status.
 *
 *   main.c                         the line of the process
 *   recon/fleet/fleet_tasks        lines of a fleet, each in a process of its own
 *
 * It is the only place that prints an error.  Passwords in argv are overwritten before anything
 * slow happens.  stdout is closed at the end: what was written to it must have arrived, or the
 * result is worth nothing.  Threads: the process's first, alone.
 */
#ifndef MR_RUN_LINE_H
#define MR_RUN_LINE_H

#include "core/cli/cli.h"

/* Standard streams, signals and locale have been seen to.  argv[0] is the program's name. */
int mr_run_line(struct mr_command_list commands, int argc, char **argv);

#endif
