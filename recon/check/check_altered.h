/*
 * check_altered: tables that were dropped or altered while they were read.
 *
 * What was compared is no longer what there is: columns that nobody has read, or values of another type.  Such a
 * table is not-checked.  Catalogues are those of the end; what the run was planned from is check->pairing's.
 */
#ifndef MR_CHECK_ALTERED_H
#define MR_CHECK_ALTERED_H

#include "recon/check/check.h"

struct mr_vec;

/* Gives the table up where a side has it no more, or with other columns.  One that has failed stays as it is. */
enum mr_code mr_check_altered(struct mr_check_run *check, struct mr_pair *table,
                              struct mr_catalogue *const cat[MR_SIDES], struct mr_err *err);
/* All tables of a scope that has no objects, whose catalogues nobody else reads at its end; sets objects_done.
 * pairs: struct mr_db_pair. */
enum mr_code mr_check_altered_all(struct mr_check_run *check, const struct mr_vec *pairs,
                                  struct mr_err *err);

#endif
