/*
 * check_spill: tables whose sides cannot be read range by range, compared on disk.
 *
 * Both sides are read whole (in chunks where they have a key, in one statement where they
 * have none), each by its own thread, into a spill (spill.h); passes are repeated until
 * every suspect is diverged, settled, or has moved too often.
 *
 * Such a table is compared by one worker from beginning to end; --resume starts it anew.
 */
#ifndef MR_CHECK_SPILL_H
#define MR_CHECK_SPILL_H

#include "recon/check/check_scan.h"

/* Scans, confirms and stores the findings of one table (not yet classified).  Failures
 * that concern only this table make it not-checked; others are returned. */
enum mr_code mr_check_spill(struct mr_check_worker *worker, struct mr_pair *table,
                            struct mr_err *err);

/* Sleeps --settle, or waits until the downstream side has caught up. */
enum mr_code mr_check_pause(struct mr_check_worker *worker, struct mr_err *err);

#endif
