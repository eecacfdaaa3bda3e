/*
 * reseed_report: what apply and verify found, for people and as JSON lines.
 *
 * Errors: MR_E_IO for stdout.  Threads: one.
 */
#ifndef MR_RESEED_REPORT_H
#define MR_RESEED_REPORT_H

#include <stdio.h>

#include "core/base/term.h"
#include "core/json/jsonw.h"
#include "repair/apply/reseed_apply.h"

/* The whole report to out. */
enum mr_code mr_reseed_report_text(const struct mr_reseed_run *run, struct mr_look look, FILE *out,
                                   struct mr_err *err);
enum mr_code mr_reseed_report_json(const struct mr_reseed_run *run, FILE *out, struct mr_err *err);
/* The same in parts, for a report that has more to say: a line a counter, and the
 * members of the summary. */
void mr_reseed_report_lines(const struct mr_reseed_run *run, struct mr_jsonw *w);
void mr_reseed_report_sums(const struct mr_reseed_run *run, struct mr_jsonw *w);
/* 0: all stand high enough, or would; 1: some do not; 4: some could not be proven. */
int mr_reseed_report_exit(const struct mr_reseed_run *run);

#endif
