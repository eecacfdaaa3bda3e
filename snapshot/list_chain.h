/*
 * list_chain: `snapshot list --chain`: a line for each snapshot that one goes on from, the full one first.
 *
 * Errors: those of snap_chain.h, MR_E_IO for the output.  Threads: no state.
 */
#ifndef MR_LIST_CHAIN_H
#define MR_LIST_CHAIN_H

#include "snapshot/read/snap_options.h"

/* *exit_code: 1 where a link is missing or damaged, else 0. */
enum mr_code mr_list_chain(const char *dir, const struct mr_snap_options *opts, int *exit_code,
                           struct mr_err *err);

#endif
