/*
 * rejoin_report: what apply and verify of a rejoin do and find beside its rows, as JSON lines
 * (docs/formats/plan-v1.md).
 *
 * Each line is written by itself, and is out when the call returns: whoever is killed behind a step has
 * told of it.
 *
 * Errors: MR_E_IO for standard output.  Threads: one.
 */
#ifndef MR_REJOIN_REPORT_H
#define MR_REJOIN_REPORT_H

#include <stdio.h>

#include "repair/plan/manifest.h"
#include "repair/rejoin/rejoin_plan.h"

/* The plan; where no report of rows has said it. */
enum mr_code mr_rejoin_report_plan(FILE *out, const struct mr_manifest *manifest,
                                   struct mr_err *err);
/* A directory of logs that was read back. */
enum mr_code mr_rejoin_report_archive(FILE *out, const char *dir, size_t logs, struct mr_err *err);
/* A step that is done. */
enum mr_code mr_rejoin_report_step(FILE *out, enum mr_rejoin_step step, struct mr_err *err);

/* How it stands at the end. */
struct mr_rejoin_end {
    const char *type; /* "rejoin" behind the rows of an apply, "summary" of verify */
    enum mr_rejoin_stage stage;
    bool caught_up;
    const char *fault; /* of replication; or NULL */
    /* rows that were compared, and how many of them differ; of verify; not known before it has caught up */
    bool is_verify, has_touched;
    uint64_t touched, differ;
    const char *unreadable; /* a table of them that could not be compared, and why; or NULL */
};
enum mr_code mr_rejoin_report_end(FILE *out, const struct mr_rejoin_end *end, struct mr_err *err);

#endif
