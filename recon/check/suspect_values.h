/*
 * suspect_values: references that nothing declares, found in a run by what columns hold.
 *
 * Ids that may change hands are the keys, on SOURCE, of rows that the run found missing on
 * TARGET, or to be somebody else there, or, where nothing but a counter names the rows, to
 * differ; at most MR_SUSPECT_IDS of a table.  Looked at are
 * all rows of SOURCE that differ, and the last rows of each table by its key
 * (core/pair/suspect_look.h).
 *
 * Errors: those of the server and the case.  Threads: the coordinator's.
 */
#ifndef MR_SUSPECT_VALUES_H
#define MR_SUSPECT_VALUES_H

#include "core/pair/suspect_look.h"
#include "recon/check/check.h"

#define MR_SUSPECT_IDS 1000000

/* look is open; its suspects are filled.  Ends early, without an error, at end_s
 * (mr_clock_now_s). */
enum mr_code mr_suspect_values(struct mr_check_run *check, struct mr_suspect_look *look,
                               double end_s, struct mr_err *err);

#endif
