/* check_sides: the two servers of a check: connected, described, related. */
#ifndef MR_CHECK_SIDES_H
#define MR_CHECK_SIDES_H

#include "recon/check.h"

/* Parses and connects both endpoints (asking for passwords if told to), loads catalogues
 * and grants.  Endpoints and options are stored in `sides`, which must outlive the run. */
struct mr_check_sides {
    struct mr_endpoint ep[MR_SIDES];
    struct mr_source_opts opts;
    struct mr_source_opts view_opts; /* the same, with one view a reader */
};
enum mr_code mr_check_sides_open(struct mr_check_run *check, struct mr_check_sides *sides,
                                 const char *const operands[MR_SIDES],
                                 struct mr_err *err);
void mr_check_sides_close(struct mr_check_run *check, struct mr_check_sides *sides);

/* Who follows whom: sets upstream, follows, relation and run.replication. */
enum mr_code mr_check_relate(struct mr_check_run *check, struct mr_err *err);

/* --digest auto: does it pay to let the servers compute digests? */
enum mr_code mr_check_choose_digest(struct mr_check_run *check, struct mr_err *err);

#endif
