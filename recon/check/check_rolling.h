/*
 * check_rolling: --rolling N: of tables that are read by keys one Nth of the other rows, in turn.
 *
 *   mr_check_rolling_begin   which turn it is
 *   mr_check_rolling_table   since when all rows of a table were read, once this turn's are
 *   mr_check_rolling_add     its ranges of this turn become segments of the scan
 *   mr_check_rolling_keep    once the run is finished: ranges that have grown are divided
 *
 * The division is kept in the case (core/case/rolling.h), and is made where there is none: at keys that an
 * index of SOURCE has, as segments are.  Its last range has no end, so that what is added is in it.
 *
 * Threads: the coordinator's.
 */
#ifndef MR_CHECK_ROLLING_H
#define MR_CHECK_ROLLING_H

#include "recon/check/check.h"

/* Sets parts and turn of check->changed->now; without --rolling nothing is done. */
enum mr_code mr_check_rolling_begin(struct mr_check_run *check, struct mr_err *err);
/* Of a table that need not be read whole: its proof becomes that of the turn. */
enum mr_code mr_check_rolling_table(struct mr_check_run *check, struct mr_pair *table,
                                    struct mr_err *err);
/* Once the table is in the case and has no segments. */
enum mr_code mr_check_rolling_add(struct mr_check_run *check, const struct mr_pair *table,
                                  struct mr_err *err);
enum mr_code mr_check_rolling_keep(struct mr_check_run *check, struct mr_err *err);

#endif
