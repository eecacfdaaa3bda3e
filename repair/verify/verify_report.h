/*
 * verify_report: what `repair verify` found, for people and as JSON lines.
 *
 * Calling sequence: init, begin (the counters were read back), mr_verify_report_found as
 * the callback of mr_verify_rows, end, release.  JSON lines are printed as findings come,
 * text at the end.
 *
 * At most max_findings findings of a table are printed; all are counted.
 *
 * Errors: MR_E_IO for stdout.  Threads: one.
 */
#ifndef MR_VERIFY_REPORT_H
#define MR_VERIFY_REPORT_H

#include <stdio.h>

#include "core/base/term.h"
#include "core/json/jsonw.h"
#include "repair/apply/reseed_apply.h"
#include "repair/verify/verify_rows.h"

struct mr_verify_report {
    const struct mr_reseed_run *counters;
    const struct mr_verify_rows *rows; /* NULL: the plan writes none */
    const char *started;               /* UTC */
    bool json;
    struct mr_look look;
    uint64_t max_findings;
    FILE *out;
    struct mr_jsonw w;
    struct mr_strbuf lines;               /* of findings, for people */
    const struct mr_planned_table *table; /* of the last finding */
    uint64_t printed;                     /* of that table */
    uint64_t left_out;                    /* of all */
};

/* The struct must not move until it is released. */
void mr_verify_report_init(struct mr_verify_report *report);
void mr_verify_report_release(struct mr_verify_report *report);
void mr_verify_report_begin(struct mr_verify_report *report);
enum mr_code mr_verify_report_found(void *report, const struct mr_proof_finding *finding,
                                    struct mr_err *err);
enum mr_code mr_verify_report_end(struct mr_verify_report *report, struct mr_err *err);

#endif
