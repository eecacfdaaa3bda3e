/*
 * catch_up: what a case knows of both sides' binary logs is brought up to now.
 *
 * Who asks (repair/planning) does not know logs, who reads them (recon/history) not what the answer is
 * for; main.c hands the one to the other.  A plan asks twice: before its views are opened, which leaves
 * little to be read when they are, and behind that.  What was changed in between may be in the views or not: such
 * keys are flagged as moving (MR_MARK_MOVING), and all others are as the marks say.
 *
 * A case whose logs cannot be read on from where they were read last keeps what it has, and `why` says
 * why; it does not count for the views then, unless nothing was written since.
 *
 * Ownership: texts in the arena.  Threads: one.
 */
#ifndef MR_CATCH_UP_H
#define MR_CATCH_UP_H

#include "core/case/evidence.h"
#include "core/cli/config.h"
#include "core/cli/progress.h"
#include "core/db/login_opts.h"
#include "core/source/sides.h"

struct mr_catch_up {
    /* set by the caller */
    struct mr_findings *fd; /* opened for writing; its run is chosen */
    const struct mr_find_run *run;
    const char *uris[MR_SIDES];
    const struct mr_config *config;
    struct mr_login_opts login;
    unsigned statement_timeout_s;
    const char *run_tag;
    enum mr_progress_mode progress;
    struct mr_arena *arena;
    /* results, and what the second call goes by */
    bool is_known;                   /* the case has marks of logs */
    bool is_covered[MR_SIDES];       /* they reach what the side had executed when it was asked */
    const char *why;                 /* why a side is not covered: a clause; NULL: both are */
    uint64_t transactions[MR_SIDES]; /* of a side's own, that were read now */
    bool is_second;                  /* views were opened since the last call */
    int64_t last_tx;                 /* private */
};

/* Errors: those of the case, of servers that are lost, and MR_E_CANCELLED.  What is wrong with a log, or a
 * right that is lacking, is none: `why`. */
typedef enum mr_code mr_catch_up_fn(struct mr_catch_up *catch_up, struct mr_err *err);

#endif
