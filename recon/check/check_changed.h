/*
 * check_changed: a check that reads what changed since the case's last finished run (--changed).
 *
 *   mr_check_places_keep     of every run with a case: where both logs stand, before its first read
 *   mr_check_places_end      behind its last one: that a server was put back since is told by that
 *   mr_check_changed_begin   the run since which changes are read, and that it is of these servers
 *   mr_check_changed_read    the logs of both sides; decides of each table how it is read
 *   mr_check_changed_keys    the keys of a table that are looked up; NULL: it is read whole
 *
 * Of a table that is not whole those keys are read that either log names since the place that the last
 * run kept, and those that differed then.  What the logs say is *attested*, what was read and compared is
 * *proved*: never more is said (check_proof.h).
 *
 * The place is kept before the first read, and lies in front of whatever could not be seen yet
 * (core/db/log_place.h).  So of each row the last run, or one before it, has seen what was written in
 * front of the place, and the keys behind it are read now.
 *
 * Threads: the coordinator's; keys are read by all.
 */
#ifndef MR_CHECK_CHANGED_H
#define MR_CHECK_CHANGED_H

#include "core/case/run_change.h"
#include "core/pair/changes.h"
#include "recon/check/check.h"

/* Of a table, by mr_pair.at. */
struct mr_changed_table {
    const struct mr_find_table *base; /* of the last run; NULL: it had none */
    const char *proved;               /* since when that run says that each row was proved */
    struct mr_table_proof proof;      /* of this run */
};

struct mr_check_changed {
    struct mr_find_run base;
    struct mr_log_place ended[MR_SIDES];  /* of the base, when it had read its last row */
    struct mr_log_place places[MR_SIDES]; /* of this run */
    struct mr_run_change before; /* the base's own; parts 0: it read everything, or did not roll */
    struct mr_run_change now;
    struct mr_changes changes;
    bool lacks[MR_SIDES];     /* its logs lack what it has executed */
    bool restarted[MR_SIDES]; /* its server was, since the base */
    struct mr_changed_table *tables;
    struct mr_vec settings; /* struct mr_find_setting, of the base */
};

/* Of the current run, which has a case.  One that is resumed keeps the place that it has. */
enum mr_code mr_check_places_keep(struct mr_check_run *check, struct mr_err *err);
/* Of a run that has read all that it is to read. */
enum mr_code mr_check_places_end(struct mr_check_run *check, struct mr_err *err);

/* Before a run is begun: check->changed is set; without --changed nothing is done.  MR_E_NO_SUCH where
 * there is no finished run; MR_E_CASE_OTHER where that is of other servers; MR_E_UNSUPPORTED for a side
 * that has no log. */
enum mr_code mr_check_changed_begin(struct mr_check_run *check, struct mr_err *err);
/* Once marks of tables are known (check_marks.h), before the first row. */
enum mr_code mr_check_changed_read(struct mr_check_run *check, struct mr_err *err);
void mr_check_changed_end(struct mr_check_run *check);

/* mr_changes.breathe, of a struct mr_check_run. */
enum mr_code mr_check_changed_breathe(void *check, struct mr_err *err);
const struct mr_key_set *mr_check_changed_keys(const struct mr_check_run *check,
                                               const struct mr_pair *table);
/* Once the table is in the case: keeps how it is read; one that an earlier try of the run has read
 * otherwise begins anew. */
enum mr_code mr_check_changed_table(struct mr_check_run *check, struct mr_pair *table,
                                    struct mr_err *err);

#endif
