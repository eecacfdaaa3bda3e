/*
 * decision_line: does a line of a decisions file agree with itself?
 *
 * A spreadsheet makes other keys of those that it takes for numbers, dates or truths:
 * 9007199254740993 becomes 9007199254740990, 007 becomes 7.  Such a key may be another row's, of
 * which nobody has decided anything.  The row beside it, which is no number, still has the right one.
 *
 * Errors: MR_E_NOMEM, else as said.  Threads: no state.
 */
#ifndef MR_DECISION_LINE_H
#define MR_DECISION_LINE_H

#include "repair/plan/plan_tables.h"

/* key: of a row of the table, blanks around it left out; image: that row, as a JSON object.
 * MR_E_REFUSED where the row has another key, both named.  An image that is empty, a digest, or cut
 * tells nothing. */
enum mr_code mr_decision_line_check(const struct mr_plan_table *table, const char *key,
                                    const char *image, struct mr_err *err);

/* Is it a whole number of more digits than a spreadsheet keeps, with zeros in their place? */
bool mr_decision_line_is_rounded(const char *key);

#endif
