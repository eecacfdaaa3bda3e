/*
 * affected_reach: the people to whom findings of other tables lead.
 *
 * From each finding of a table that is no subject the links of its side are followed
 * upwards (lineage.h), over findings and ancestors, through any depth and any cycle, to
 * the first row of a subject table and never further.
 *
 * Leaves behind temp.reach (side, origin, node): rows of subject tables, chosen ones or
 * those of the run, that findings of the table `origin` lead to.
 */
#ifndef MR_AFFECTED_REACH_H
#define MR_AFFECTED_REACH_H

#include "recon/affected/affected_people.h"

/* After mr_affected_people_own().  Errors: as there. */
enum mr_code mr_affected_reach(struct mr_affected_people *people, struct mr_err *err);

#endif
