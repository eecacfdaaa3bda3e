/*
 * affected_field: which columns are listed: those of the identity, then those that are
 * asked for.
 */
#ifndef MR_AFFECTED_FIELD_H
#define MR_AFFECTED_FIELD_H

#include "core/cli/option.h"
#include "recon/affected/affected.h"

/* Fills the fields of the list, and the columns of its subjects; items of `columns` are
 * names joined by commas.  MR_E_NO_SUCH: a column that no subject table has. */
enum mr_code mr_affected_choose_fields(struct mr_affected *list,
                                       const struct mr_string_list *columns, struct mr_err *err);

#endif
