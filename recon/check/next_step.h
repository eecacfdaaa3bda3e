/*
 * next_step: what somebody who reads a result should do now, in sentences that the text
 * of check and a report share.
 *
 *   mr_next_steps → items, most urgent first → mr_next_steps_release
 *
 * Who of the two is live, and who has lost its history, only people know: a run was told so
 * by the order of its operands.  What is advised does no harm where they were exchanged.
 *
 * Ownership: the texts live until the release; on failure nothing is to be released.
 * They hold names as the catalogue has them: whoever prints them escapes them.
 * Errors: MR_E_CASE, MR_E_NOMEM.  Threads: one at a time.
 */
#ifndef MR_NEXT_STEP_H
#define MR_NEXT_STEP_H

#include "recon/check/check_result.h"

enum mr_next_kind {
    MR_NEXT_TWO_HISTORIES = 1, /* keep what only one of them knows */
    MR_NEXT_RESEED,            /* the counters of TARGET */
    MR_NEXT_IDENTITY,          /* say who the rows of a table are about */
    MR_NEXT_ONE_SIDED,         /* tables that one side alone has */
    MR_NEXT_NOT_CHECKED,
    MR_NEXT_RESUME,
    MR_NEXT_UNSETTLED,
    MR_NEXT_NOTHING, /* plans of the case have done it all */
    /* only with commands */
    MR_NEXT_KEEP,     /* in a case */
    MR_NEXT_AFFECTED, /* list people */
    MR_NEXT_HISTORY,  /* read the binary logs into the case */
    MR_NEXT_WHOLE,    /* compare again, since what was not compared cannot be planned */
    MR_NEXT_PLAN
};

struct mr_next_step {
    enum mr_next_kind kind;
    const char *text;    /* a few sentences, on one line */
    const char *command; /* for a shell, or NULL */
};

/* What commands are made of. */
struct mr_next_opts {
    bool has_case;         /* a case file keeps the run, so that it can be resumed */
    bool commands;         /* are wanted */
    const char *case_path; /* with commands and has_case */
    const char *config;    /* file of the configuration, or NULL */
    const char *run;       /* that commands have to name, or NULL: it is the one that they take */
};

struct mr_next_steps {
    struct mr_vec items; /* struct mr_next_step */
    struct mr_arena arena;
};

enum mr_code mr_next_steps(struct mr_next_steps *steps, const struct mr_check_result *result,
                           const struct mr_next_opts *opts, struct mr_err *err);
void mr_next_steps_release(struct mr_next_steps *steps);

#endif
