/*
 * check_shards: what a check does of a source that is many servers (core/source/source_shards.h)
 * where of one server it would ask its connection.
 *
 * Each server is looked at beside the target: is it one with it, does either apply what the other
 * writes, are its tables still those that were read?
 *
 * Threads: the coordinator's.
 */
#ifndef MR_CHECK_SHARDS_H
#define MR_CHECK_SHARDS_H

#include "recon/check/check.h"

struct mr_check_shards_marks;

/* Is the run's source many servers? */
bool mr_check_has_shards(const struct mr_check_run *check);
/* The endpoints that a run reads, into the run's arena: both sides', or those of all servers. */
enum mr_code mr_check_endpoints(struct mr_check_run *check, const struct mr_endpoint *const **eps,
                                size_t *count, struct mr_err *err);

/* MR_E_USAGE where a source is the target's database; see check_same.h. */
enum mr_code mr_check_shards_same(struct mr_check_run *check, const struct mr_vec *pairs,
                                  struct mr_err *err);
/* Sets lag, settle.why and run.replication; see check_relate.h. */
enum mr_code mr_check_shards_relate(struct mr_check_run *check, struct mr_err *err);

/* Of the tables of all places, before the first row, and when no more row is read: what is another
 * table by then is not checked.  See check_marks.h. */
enum mr_code mr_check_shards_marks_begin(struct mr_check_run *check, struct mr_err *err);
enum mr_code mr_check_shards_marks_end(struct mr_check_run *check, struct mr_err *err);
/* What the tables of a pair are known by, on all servers, in the run's arena; NULL: no memory. */
const char *mr_check_shards_made(struct mr_check_run *check, const struct mr_pair *table);

#endif
