/*
 * rejoin_rows: `repair plan --policy rejoin`: the old primary (TARGET) is to become a replica of the live
 * server (SOURCE): whether it may, which transactions are its own, and the files that say the rest.
 *
 *   mr_rejoin_open (before the sides) → mr_rejoin_select → … → mr_rejoin_refuse_open →
 *   mr_rejoin_write → mr_rejoin_close (also after a failure)
 *
 * The rows are those of a rewind (rewind_rows.h): TARGET as it is, without what its own transactions
 * did.
 *
 * Errors: MR_E_USAGE, MR_E_REFUSED with what is in the way and the way out, those of db.h.  Threads: one.
 */
#ifndef MR_REJOIN_ROWS_H
#define MR_REJOIN_ROWS_H

#include "repair/planning/planning.h"
#include "repair/rejoin/rejoin_plan.h"
#include "repair/rejoin/rejoin_read.h"
#include "repair/rewind/rewind.h"

struct mr_rejoin_rows {
    struct mr_endpoint ep[MR_SIDES];
    struct mr_db *db[MR_SIDES];
    struct mr_db_opts opts;
    struct mr_rejoin_servers servers;
    struct mr_history_own own;
    const struct mr_rewind_select *select;
    struct mr_rejoin_plan plan;
};

/* Is that the policy? */
bool mr_rejoin_is_asked(const struct mr_plan_options *options);
/* What of the options belongs together. */
enum mr_code mr_rejoin_check_options(const struct mr_plan_options *options, struct mr_err *err);
/* Asks both servers; p->rejoin is set, to be closed whatever comes of it. */
enum mr_code mr_rejoin_open(struct mr_planning *p, struct mr_err *err);
void mr_rejoin_close(struct mr_planning *p);

/* Own transactions, from the first log on that may hold one. */
enum mr_code mr_rejoin_select(struct mr_planning *p, struct mr_rewind_select *select,
                              struct mr_err *err);
/* For struct mr_rewind_task; ctx is the struct mr_planning. */
enum mr_code mr_rejoin_check_read(void *ctx, const struct mr_history_read *read,
                                  uint64_t transactions, struct mr_err *err);
/* Rows that cannot be taken back leave a replica that differs: none may be open, nor left out since the
 * configuration says so. */
enum mr_code mr_rejoin_refuse_open(const struct mr_planning *p, struct mr_err *err);
/* rejoin.json, rejoin.sql; and the manifest names LIVE as its source. */
enum mr_code mr_rejoin_write(struct mr_planning *p, struct mr_err *err);

#endif
