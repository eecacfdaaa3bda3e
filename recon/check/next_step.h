/*
 * next_step: what somebody who reads a result should do now, in sentences that the text
 * of check and a report share.
 *
 *   mr_next_steps → items, most urgent first → mr_next_steps_release
 *
 * Ownership: the texts live until the release; on failure nothing is to be released.
 * They hold names as the catalogue has them: whoever prints them escapes them.
 * Errors: MR_E_CASE, MR_E_NOMEM.  Threads: one at a time.
 */
#ifndef MR_NEXT_STEP_H
#define MR_NEXT_STEP_H

#include "recon/check/check_result.h"

enum mr_next_kind {
    MR_NEXT_TWO_HISTORIES = 1, /* keep what only the old primary knows */
    MR_NEXT_RESEED,            /* the counters of the live server */
    MR_NEXT_IDENTITY,          /* say who the rows of a table are about */
    MR_NEXT_NOT_CHECKED,
    MR_NEXT_RESUME,
    MR_NEXT_UNSETTLED
};

struct mr_next_step {
    enum mr_next_kind kind;
    const char *text; /* one or two sentences, on one line */
};

struct mr_next_steps {
    struct mr_vec items; /* struct mr_next_step */
    struct mr_arena arena;
};

/* has_case: a case file keeps the run, so that it can be resumed. */
enum mr_code mr_next_steps(struct mr_next_steps *steps,
                           const struct mr_check_result *result, bool has_case,
                           struct mr_err *err);
void mr_next_steps_release(struct mr_next_steps *steps);

#endif
