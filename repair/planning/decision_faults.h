/*
 * decision_faults: lines of a decisions file that cannot be taken, so that all of them are
 * named at once.
 *
 *   mr_decision_faults_init → mr_decision_faults_add … → mr_decision_faults_report
 *     → mr_decision_faults_release
 *
 * Ownership: texts are copied.  Limits: behind the last of MR_DECISION_FAULTS_MAX lines the file is
 * read no further, since it may have no end.  Threads: one.
 */
#ifndef MR_DECISION_FAULTS_H
#define MR_DECISION_FAULTS_H

#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/vec.h"

#define MR_DECISION_FAULTS_MAX 10000

struct mr_decision_faults {
    const char *path;
    struct mr_arena arena;
    struct mr_vec list; /* struct mr_decision_fault */
};

void mr_decision_faults_init(struct mr_decision_faults *faults, const char *path);
void mr_decision_faults_release(struct mr_decision_faults *faults);

/* Takes up what was refused about a line; table and key as the file has them, may be "".
 * err->code is MR_E_REFUSED; MR_OK, or in err MR_E_NOMEM, or at the last one that is taken up what
 * mr_decision_faults_report says. */
enum mr_code mr_decision_faults_add(struct mr_decision_faults *faults, uint64_t line,
                                    const char *table, const char *key, struct mr_err *err);

/* MR_OK without any.  One is the error itself; of several each is logged, by line, and the
 * error counts them. */
enum mr_code mr_decision_faults_report(struct mr_decision_faults *faults, struct mr_err *err);

#endif
