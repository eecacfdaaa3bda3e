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

#include "core/base/strbuf.h"
#include "core/file/csv_in.h"
#include "repair/plan/plan_tables.h"

/* The key that a line is about, as a plan prints it, into `key` (reset before).  field: as the file has it, with
 * the blanks around it; image: the row beside it, as a JSON object.  The row's own key, where it tells one; else
 * the field, without those blanks where no column of the key is a text.  MR_E_REFUSED where the two are of other
 * rows, both named.  An image that is empty, a digest, or cut tells nothing. */
enum mr_code mr_decision_line_key(const struct mr_plan_table *table, struct mr_csv_field field,
                                  const char *image, struct mr_strbuf *key, struct mr_err *err);

/* Is it a whole number of more digits than a spreadsheet keeps, with zeros in their place? */
bool mr_decision_line_is_rounded(const char *key);

/* May two rows be spelled so by these columns?  Texts may have commas in them, and commas join them. */
bool mr_decision_line_is_vague(const struct mr_plan_columns *columns, const char *text);

#endif
