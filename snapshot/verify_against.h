/*
 * verify_against: a snapshot that is whole, compared with a server.
 *
 * That is `myrecon check snapshot:DIR URI`, with what was said to `snapshot verify`: it is
 * found among the commands of the invocation and run as if it had been typed, so that the
 * configuration's settings for check hold too.  Its result follows on stdout; *exit_code is
 * its own.
 *
 * Errors: those of check.  Threads: one.
 */
#ifndef MR_VERIFY_AGAINST_H
#define MR_VERIFY_AGAINST_H

#include "core/cli/cli.h"
#include "snapshot/read/snap_options.h"

enum mr_code mr_verify_against(const struct mr_invocation *invocation,
                               const struct mr_snap_options *opts, const char *dir, int *exit_code,
                               struct mr_err *err);

#endif
