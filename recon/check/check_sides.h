/* check_sides: the two servers of a check: connected, described, related. */
#ifndef MR_CHECK_SIDES_H
#define MR_CHECK_SIDES_H

#include "recon/check/check.h"

/* Opens both (core/source/sides.h) as the options of the run say; check->pairing.side is set.  To be
 * closed by mr_sides_close, also after an error. */
enum mr_code mr_check_sides_open(struct mr_check_run *check, struct mr_sides *sides,
                                 const char *const operands[MR_SIDES], struct mr_err *err);

/* The coordinator's own connection to a server, for a question between the rows: it may have
 * been idle for hours, so it is connected anew where it is lost. */
enum mr_code mr_check_main(const struct mr_check_run *check, enum mr_side side, struct mr_db **db,
                           struct mr_err *err);

/* --digest auto: does it pay to let the servers compute digests? */
enum mr_code mr_check_choose_digest(struct mr_check_run *check, struct mr_err *err);

#endif
