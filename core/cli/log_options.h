/*
 * log_options: --log-file and --log-format of the command that runs.
 *
 *   mr_log_options_begin(&settings, argv, &err)  before the command runs
 *   mr_log_options_end(exit_code)                when it has ended
 *
 * The file gets what stderr gets at its usual level, more with -v and -vv, whatever -q leaves out
 * on stderr; and a line each of how the run began and ended.
 *
 * Threads: one, before workers start and after they have ended.
 */
#ifndef MR_LOG_OPTIONS_H
#define MR_LOG_OPTIONS_H

#include "core/cli/settings.h"

/* args: the command line as it may be shown, from the command's name on; NULL ends it.  MR_E_IO
 * where the file cannot be appended to, or is something else than a log.  The settings outlive the
 * log.  Without --log-file nothing happens. */
enum mr_code mr_log_options_begin(const struct mr_settings *settings, char *const *args,
                                  struct mr_err *err);
void mr_log_options_end(int exit_code);

#endif
