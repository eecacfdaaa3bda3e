/*
 * decision_rows: the row of SOURCE that a line of a decisions file names by its key, where the
 * plan knows of none that is spelled so.
 *
 * A server finds rows by keys that a plan would not write like that: 007 is 7, `ANN` is `ann`
 * to many collations, 2026-04-02 is midnight of that day.  Such a line was not looked at when
 * the row was decided about.
 *
 * Ownership: spelt is the caller's.  Errors: those of SOURCE, MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_DECISION_ROWS_H
#define MR_DECISION_ROWS_H

#include "repair/plan/plan_tables.h"

/* The key as a plan spells it; empty: SOURCE has no such row.  The table has a key. */
enum mr_code mr_decision_rows_find(struct mr_reader *source, const struct mr_plan_table *table,
                                   const char *key, struct mr_strbuf *spelt, struct mr_err *err);

#endif
