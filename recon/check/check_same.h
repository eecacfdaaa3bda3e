/*
 * check_same: is a database compared with itself?
 *
 * Everything is equal then, whatever is wrong.  Names prove nothing (an address, a host name
 * and a socket may be one server), ids neither (a copy has those of its origin): a lock that
 * one connection takes (GET_LOCK, which no other session waits for and nothing writes down)
 * is seen by the other one on the same server, and nowhere else.  Where a server allows no
 * such lock, two that say the same of themselves count as one.
 */
#ifndef MR_CHECK_SAME_H
#define MR_CHECK_SAME_H

#include "recon/check/check.h"

/* MR_E_USAGE where source and target of a pair (struct mr_db_pair) are one database of one
 * server; with --same-server that is only said. */
enum mr_code mr_check_same(struct mr_check_run *check, const struct mr_vec *pairs,
                           struct mr_err *err);

#endif
