/*
 * reseed_report: what apply and verify found, for people and as JSON lines.
 *
 * Errors: MR_E_IO for stdout.  Threads: one.
 */
#ifndef MR_RESEED_REPORT_H
#define MR_RESEED_REPORT_H

#include <stdio.h>

#include "repair/reseed_apply.h"

enum mr_code mr_reseed_report_text(const struct mr_reseed_run *run, bool color, FILE *out,
                                   struct mr_err *err);
enum mr_code mr_reseed_report_json(const struct mr_reseed_run *run, FILE *out,
                                   struct mr_err *err);
/* 0: all stand high enough, or would; 1: some do not; 4: some could not be proven. */
int mr_reseed_report_exit(const struct mr_reseed_run *run);

#endif
