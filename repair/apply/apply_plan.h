/*
 * apply_plan: carries out, or takes back, the rows of an opened plan on an opened target.
 *
 * Calling sequence: fill a struct mr_apply_plan; prepare; (apply: raise the counters);
 * run; release.
 *
 * PREPARE compares the script with the manifest, looks whether the plan still fits the
 * target (age, columns, rights, binary log, ids), and, with a case, whether it is the
 * plan's and no later one stands in the way.  Nothing is changed.
 * RUN sends the units (apply_units.h), says what comes of them (apply_report.h) and
 * tells the case.
 *
 * Errors: MR_E_REFUSED with nothing changed from prepare; those of the modules named.
 * Threads: one.
 */
#ifndef MR_APPLY_PLAN_H
#define MR_APPLY_PLAN_H

#include "repair/apply/apply_case.h"
#include "repair/apply/apply_report.h"
#include "repair/script/script_words.h"
#include "repair/apply/repair_options.h"
#include "repair/plan/plan_dir.h"

/* Looks once more, when all is committed: tells mr_apply_report_doubled. */
typedef enum mr_code mr_apply_look_fn(void *ctx, struct mr_apply_report *report,
                                      struct mr_err *err);

struct mr_apply_plan {
    const struct mr_repair_options *opts;
    struct mr_plan_dir *plan;
    struct mr_target *target;
    struct mr_journal *journal;         /* before run; NULL: of a dry run */
    const struct mr_reseed_run *reseed; /* NULL: of undo */
    enum mr_journal_script which;
    bool rehearse;                   /* all but COMMIT; without journal and case */
    struct mr_vec *nontransactional; /* rehearse: struct mr_rehearse_nontransactional, before run */
    const char *run_tag;
    mr_apply_look_fn *look; /* or NULL; not of a dry run */
    void *look_ctx;

    /* private */
    struct mr_script_read *script;
    struct mr_vec units;          /* struct mr_script_read_unit; may be counted once prepared */
    struct mr_vec dropped;        /* dropped.h */
    struct mr_script_calls calls; /* of both scripts */
    struct mr_apply_case *ac;
    struct mr_apply_report report;
};

enum mr_code mr_apply_plan_prepare(struct mr_apply_plan *ap, struct mr_err *err);
/* exit_code is set where it returns MR_OK.  rows false: only the report of the counters,
 * which were not raised. */
enum mr_code mr_apply_plan_run(struct mr_apply_plan *ap, bool rows, int *exit_code,
                               struct mr_err *err);
/* A case that cannot be closed is the error where there is no other. */
enum mr_code mr_apply_plan_release(struct mr_apply_plan *ap, enum mr_code code, struct mr_err *err);

#endif
