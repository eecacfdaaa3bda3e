/*
 * pair_subjects: whose rows are people, and which column tells when a row was created: the
 * configured time-column, else one of a usual name, else one with DEFAULT
 * CURRENT_TIMESTAMP that edits leave alone.
 * See pair_references.h for what is inferred.
 */
#ifndef MR_PAIR_SUBJECTS_H
#define MR_PAIR_SUBJECTS_H

#include "core/pair/pair.h"

/* Fills find.subject and find.time_at of all tables; pairing->references is planned.
 * MR_E_CONFIG: a configured time column does not exist, or is no date or time. */
enum mr_code mr_pair_subjects_plan(struct mr_pairing *pairing, struct mr_err *err);

#endif
