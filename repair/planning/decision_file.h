/*
 * decision_file: which file decisions are read of, and what of a plan's own one still holds.
 *
 * A plan's own file (--again) holds what was decided about the rows as they were then: a line about a
 * row that is another one by now, or that is not planned any more, is passed over with a warning, and
 * the row is asked about.  What it has of its rules, choices by kind of then, is nobody's word about a
 * row, and passed over, too.  Of a file that somebody names such lines are faults.
 *
 * Errors: MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_DECISION_FILE_H
#define MR_DECISION_FILE_H

#include "core/cli/table_config.h"
#include "repair/plan/plan_tables.h"

struct mr_decision_file {
    const char *path; /* NULL: there is none */
    bool is_plans_own;
    const struct mr_conflict_rule *rules; /* of that plan */
    size_t nrules;
    /* of the plan of --again: what a case of no file does not know; NULL: there is none */
    const char *uuid, *asked, *page_key;
};

/* Is it what a rule of then says of the kind?  False of a file that somebody names. */
bool mr_decision_file_is_rule(const struct mr_decision_file *file, const char *kind,
                              const char *choice);
/* Sets *same to false where the row is not the one whose JSON image the file has; one that is not
 * known (ptr NULL, NULL) is no other. */
enum mr_code mr_decision_file_is_same(const struct mr_plan_table *table, struct mr_key image,
                                      const char *said, bool *same, struct mr_err *err);

/* Is it what a spreadsheet makes of a whole number that is the table's key: 4.91E+05, 1,234 or a
 * date?  No key of the table is spelled so. */
bool mr_decision_file_is_spoilt(const struct mr_plan_table *table, const char *key);

#endif
