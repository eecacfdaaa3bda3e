/*
 * rejoin_apply: what apply does for a plan of policy rejoin beside its rows: keeps the target's logs, and
 * then, past the point of no return, makes it a replica of the live server.
 *
 *   mr_rejoin_run_open → _check → _archive → (rows: apply_plan.h) → _finish → mr_rejoin_run_close
 *
 * Where the target stands is asked of it each time (rejoin_plan.h): whoever was killed runs the same
 * command again, and it goes on behind the last step that the target shows.  Each step stands in the
 * journal before it begins and when it is done.
 *
 * Errors: MR_E_REFUSED where the target is not what was planned, or somebody may write to it; those of
 * history_archive.h, db.h.  Threads: one.
 */
#ifndef MR_REJOIN_APPLY_H
#define MR_REJOIN_APPLY_H

#include "repair/apply/journal.h"
#include "repair/apply/repair_options.h"
#include "repair/apply/target.h"
#include "repair/plan/plan_dir.h"
#include "repair/rejoin/rejoin_plan.h"

/* Of the rows that were taken back, how many are not the same on both servers (repair/verify/verify_touched.h,
 * which stands above). */
struct mr_rejoin_touched {
    uint64_t rows, differ;
    const char *first;      /* that differs; or NULL */
    const char *unreadable; /* a table of which that is not known, and why; or NULL */
};
typedef enum mr_code mr_rejoin_touched_fn(void *ctx, struct mr_rejoin_touched *touched,
                                          struct mr_err *err);

struct mr_rejoin_run {
    const struct mr_repair_options *opts;
    struct mr_plan_dir *plan;
    struct mr_target *target;
    struct mr_journal *journal; /* of check_reset and finish */
    bool undoes; /* guards hold what was changed since: it need not be as it was planned */
    const char *run_tag;
    struct mr_arena *arena;
    mr_rejoin_touched_fn *touched; /* of verify */
    void *touched_ctx;
    /* private */
    struct mr_rejoin_plan file;
    struct mr_endpoint live_ep;
    struct mr_db *live;
    enum mr_rejoin_stage stage;
    bool keeps_history; /* mr_rejoin_keeps_history */
    const char *fault;  /* of replication; or NULL */
    bool is_denied;     /* by LIVE: what the target was told of the account is not right */
    bool is_pointed;    /* by this run */
    bool tells_archive; /* as JSON, which begins with the plan */
};

/* How far is the target?  Refused where it is nowhere on the way; of undo where its history was reset, too. */
enum mr_code mr_rejoin_run_open(struct mr_rejoin_run *run, struct mr_err *err);
void mr_rejoin_run_close(struct mr_rejoin_run *run);
/* May it be undone?  Past the point of no return it is refused. */
enum mr_code mr_rejoin_run_check_undo(const struct mr_rejoin_run *run, struct mr_err *err);
/* Is nothing of it done that cannot be undone? */
bool mr_rejoin_run_is_before(const struct mr_rejoin_run *run);
/* Nobody writes to the target, LIVE answers and is the one, and the password is known. */
enum mr_code mr_rejoin_run_check(struct mr_rejoin_run *run, struct mr_err *err);
/* Of a target whose history is reset, or that follows where nothing is reset: by this plan, as its journal knows?  Else rows
 * may stand there that were never taken back. */
enum mr_code mr_rejoin_run_check_reset(const struct mr_rejoin_run *run, struct mr_err *err);
/* All logs of the target, proved. */
enum mr_code mr_rejoin_run_archive(struct mr_rejoin_run *run, struct mr_err *err);
/* Is there anything that finish would do to the target?  It is asked before. */
bool mr_rejoin_run_has_steps(const struct mr_rejoin_run *run);
/* Behind the rows.  *exit_code: 0 it has caught up; 1 what is left was said, or replication has stopped;
 * 4 it has not caught up in time. */
enum mr_code mr_rejoin_run_finish(struct mr_rejoin_run *run, int *exit_code, struct mr_err *err);
/* Of verify: it replicates from LIVE, has caught up, the archive is what was written, and the rows that
 * were taken back are the same on both.  *exit_code: as of finish; 1 also where rows differ, 4 also where
 * a table of theirs cannot be read. */
enum mr_code mr_rejoin_run_verify(struct mr_rejoin_run *run, int *exit_code, struct mr_err *err);

#endif
