/*
 * check_plan: which tables are compared with which, by what key, column by column.
 *
 * A pair of tables has a usable key if the source's PRIMARY KEY, or a UNIQUE index over
 * NOT NULL columns, stands on the same columns on the target (its name there may differ).
 * Index prefixes, expressions and invisible indexes are no keys.  Bounds are shared only
 * where both servers order the key alike: numbers, times, binary strings, ENUMs with the
 * same members, and text of the same charset and collation on servers of one flavour, or
 * with a _bin collation.
 *
 * Columns are paired by name (case-insensitively, as the servers do).  Where types differ
 * beyond width, both sides are compared as text; the difference itself is an object
 * finding (objects.h).
 */
#ifndef MR_CHECK_PLAN_H
#define MR_CHECK_PLAN_H

#include "recon/check/check.h"

/* Fills check->pairing.tables for tables that both sides have and the patterns select; MR_E_NO_SUCH
 * where no table is selected on either side.  Notes go to table->find.note. */
enum mr_code mr_check_plan(struct mr_check_run *check, const struct mr_vec *pairs,
                           struct mr_err *err);

/* Is db.table (SOURCE's names) asked for? */
bool mr_check_selects(const struct mr_check_run *check, const char *db, const char *table);
/* Likewise, of a side's table.  Sets what SOURCE calls it, or would: texts of the catalogues and of check->dbs. */
bool mr_check_selects_on(const struct mr_check_run *check, enum mr_side side,
                         const struct mr_table *table, struct mr_catalogue *const cat[MR_SIDES],
                         const char **db, const char **name);

#endif
