/*
 * check_seen: which of the tables asked for both sides had when a part of a fleet had read its last row
 * (core/case/seen_tables.h).
 *
 * Threads: the coordinator's.
 */
#ifndef MR_CHECK_SEEN_H
#define MR_CHECK_SEEN_H

#include "recon/check/check.h"

/* Kept of a run that has a scope.  cat: those of its end.  A source of many servers is passed over: its tables are of no
 * one of them. */
enum mr_code mr_check_seen_keep(struct mr_check_run *check,
                                struct mr_catalogue *const cat[MR_SIDES], struct mr_err *err);

#endif
