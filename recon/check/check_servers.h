/*
 * check_servers: who has answered at the addresses of a run, and whether one that goes on reads them still.
 *
 * They are numbered as a case has them: both sides, and behind them, of a source that is many, each of those
 * (MR_FINDINGS_SHARD).
 *
 * Ownership: texts in the run's arena.  Errors: those of db.h; MR_E_LOST.  Threads: the coordinator's.
 */
#ifndef MR_CHECK_SERVERS_H
#define MR_CHECK_SERVERS_H

#include "recon/check/check.h"

/* Both sides, and each server of many that are the source. */
size_t mr_check_servers_count(const struct mr_check_run *check);
/* The coordinator's connection to it; *db NULL: no server answers there by itself (a snapshot, many that are one
 * source). */
enum mr_code mr_check_servers_db(const struct mr_check_run *check, size_t at, struct mr_db **db,
                                 struct mr_err *err);

/* For --resume, and for parts that become one: into the current run. */
enum mr_code mr_check_servers_keep(struct mr_check_run *check, struct mr_err *err);
/* MR_E_CASE_OTHER where the unfinished run that is chosen has read others, or one that was put back since. */
enum mr_code mr_check_servers_refuse(struct mr_check_run *check, const struct mr_find_run *old,
                                     struct mr_err *err);

#endif
