/*
 * decide_walk: people decide the conflicts of a plan on a terminal, one after the other.
 *
 * What is decided is in the file after every step, whole: it is written aside and renamed.  The same
 * file given again is gone on with.  One person at a time decides about a plan's directory.
 *
 * Errors: those of answers.h and decide_tty.h; MR_E_REFUSED: somebody else decides there.  After
 * MR_E_CANCELLED what was decided is in the file, too.  Threads: one.
 */
#ifndef MR_DECIDE_WALK_H
#define MR_DECIDE_WALK_H

#include "core/cli/config.h"
#include "repair/plan/plan_dir.h"

struct mr_decide_walk_task {
    struct mr_plan_dir *plan;
    const struct mr_config *config;
    bool unmask, color;
    const char *path; /* of the decisions file */
};

/* *open: conflicts that nobody has decided; *decided: the others. */
enum mr_code mr_decide_walk(const struct mr_decide_walk_task *task, size_t *open, size_t *decided,
                            struct mr_err *err);

#endif
