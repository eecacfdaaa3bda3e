/*
 * check_subjects: whose rows are people, and which column tells when a row was created.
 * See check_references.h for what is inferred.
 */
#ifndef MR_CHECK_SUBJECTS_H
#define MR_CHECK_SUBJECTS_H

#include "recon/check.h"

/* Fills find.subject and find.time_at of all tables; check->references is planned.
 * MR_E_CONFIG: a configured time column does not exist, or is no date or time. */
enum mr_code mr_check_subjects_plan(struct mr_check_run *check, struct mr_err *err);

#endif
