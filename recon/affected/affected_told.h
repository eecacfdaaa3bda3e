/*
 * affected_told: when somebody's rows began to part on the two sides, and when they were changed last,
 * as the binary logs in the case tell it.
 *
 * Counted are own transactions of either side that changed a row of the person: those of the subject
 * tables that are known, and findings that lead there.  Times are those of the commits, in UTC; as far
 * as the logs show, and nothing where none were collected.
 *
 * Leaves behind temp.told (person, first, last: microseconds since 1970).  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_AFFECTED_TOLD_H
#define MR_AFFECTED_TOLD_H

#include "recon/affected/affected_people.h"

/* A field that no table has: "first_divergence" or "last_change"; MR_AFFECTED_NOT_TOLD: another name. */
enum mr_affected_told mr_affected_told_named(const char *name);
extern const char *const mr_affected_told_names[2];

/* Where fields ask for it: behind mr_affected_reach(), when lines are begun. */
enum mr_code mr_affected_told(struct mr_affected_people *people, struct mr_err *err);
/* Fills such fields, of the encoded ones of a person; others stay. */
enum mr_code mr_affected_told_fill(struct mr_affected_people *people, int64_t person,
                                   struct mr_strbuf *fields, struct mr_err *err);

#endif
