/*
 * decide_data: what the page of decisions knows, as one JSON object:
 *
 *   plan    uuid, digest (of what is asked: undecided.h), policy, created, source, target
 *   kinds   by name: title, says, rank, choices: [word, what it would do]; those of the plan
 *   tables  by name: columns, key, identity, subject, masked, references
 *   head    the names of the columns of conflicts.csv
 *   rows    of each conflict `f`, the fields of its record, and where a row could not be shown
 *           whole `s`, by position, what stands for it in the file that is saved; `t`, which side
 *           changed what and when (conflict_story.h), where the logs tell
 *
 * The text may stand in a script element of HTML: it has no "<".  A field that is not shown whole
 * is named there by its keyed digest (asked.h).
 *
 * Errors: MR_E_REFUSED for a file that no planner wrote, or that cannot be put on a page;
 * MR_E_IO, MR_E_NOMEM.  Limits: those of decide_rows.h.  Threads: one.
 */
#ifndef MR_DECIDE_DATA_H
#define MR_DECIDE_DATA_H

#include "repair/page/decide_rows.h"

struct mr_decide_data_task {
    struct mr_plan_dir *plan;
    const struct mr_config *config;
    bool unmask;
};

/* Appends it.  *conflicts: how many there are. */
enum mr_code mr_decide_data_add(const struct mr_decide_data_task *task, struct mr_strbuf *out,
                                uint64_t *conflicts, struct mr_err *err);

#endif
