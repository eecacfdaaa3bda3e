/*
 * condition: a simple SQL condition on a row, judged without a server.
 *
 *   mr_condition_parse → mr_condition_holds for each row → mr_condition_free
 *
 * Understood: columns of the table and literals (strings, integers, NULL, TRUE, FALSE)
 * compared by = <> != <=>, integers, dates and times of day also by < <= > >= and BETWEEN; IN
 * and NOT IN a list of literals; IS [NOT] NULL; an integer column alone; AND, OR, NOT and
 * parentheses.  That is what a reference says that leads to one of several tables, and how
 * rows of a time are chosen.  A DATE or DATETIME is compared with 'YYYY-MM-DD' or
 * 'YYYY-MM-DD HH:MM:SS[.ffffff]'.  NULL is as in SQL.
 *
 * Texts are equal as mr_canon_local() has them, and undecided where the collation may equate
 * them all the same (mr_canon_may_equal(): 'Zurich' and one with an umlaut), as is a value
 * too long to be at hand.  Whatever could come out otherwise on a server is not understood: a
 * number compared with a text, functions, LIKE, literals that the column's character set
 * writes in other bytes.
 *
 * Ownership: text and table need not outlive mr_condition_parse, but the columns of the
 * table must outlive the condition.  Errors: MR_E_UNSUPPORTED with what is not understood, or
 * is undecided.  Threads: a condition belongs to one.
 */
#ifndef MR_CONDITION_H
#define MR_CONDITION_H

#include "core/schema/schema.h"

struct mr_condition;

enum mr_code mr_condition_parse(const char *text, const struct mr_table *table,
                                struct mr_condition **out, struct mr_err *err);
void mr_condition_free(struct mr_condition *condition); /* NULL is fine */

/* The columns that it looks at, each once. */
const struct mr_column *const *mr_condition_columns(const struct mr_condition *condition,
                                                    size_t *count);
/* values: one for each of these, texts in the column's character set.  *holds: it is true,
 * neither false nor NULL.  MR_E_UNSUPPORTED: that depends on what is undecided. */
enum mr_code mr_condition_holds(struct mr_condition *condition, const struct mr_value *values,
                                bool *holds, struct mr_err *err);

#endif
