/*
 * doctor_output: the findings of a doctor, as text for people or as JSON.
 *
 * The text begins with what is wrong and what to do about it; what is well is one line a
 * server, unless `verbose`.  Errors: MR_E_NOMEM, MR_E_IO.  Threads: one.
 */
#ifndef MR_DOCTOR_OUTPUT_H
#define MR_DOCTOR_OUTPUT_H

#include <stdio.h>

#include "core/base/run_id.h"
#include "core/base/term.h"
#include "recon/doctor/doctor.h"

/* Appends the text. */
/* look.brief: no notes; verbose: what is well, too. */
void mr_doctor_output_text(const struct mr_doctor *doctor, struct mr_look look, bool verbose,
                           struct mr_strbuf *out);
enum mr_code mr_doctor_output_json(const struct mr_doctor *doctor, const struct mr_run_id *id,
                                   FILE *file, struct mr_err *err);

#endif
