/*
 * affected_config: is the configuration that is given that of the run?  Where it is not, and
 * the list could be another for it, that is said, with the check to run.
 *
 * A configuration that says nothing of the run's tables is none: then the run's holds.  What
 * is compared is what was done, where the case tells it: the identities of the subjects, the
 * references that were followed, the rows and columns that were left out.  A reference
 * matters where rows that differ could lead over it to somebody who is listed.
 */
#ifndef MR_AFFECTED_CONFIG_H
#define MR_AFFECTED_CONFIG_H

#include "recon/affected/affected_subject.h"

/* After mr_affected_choose().  Sets *differs where the list could be another; errors:
 * MR_E_CASE, MR_E_CONFIG, MR_E_NOMEM. */
enum mr_code mr_affected_config(struct mr_affected *list, const struct mr_affected_choice *choice,
                                const char *case_path, bool *differs, struct mr_err *err);

#endif
