/*
 * merge_gone: rows that the run found on SOURCE, and that SOURCE has no more: deleted or
 * truncated since, or under another key.  They are counted and named, in the table's `gone`.
 *
 * Calling sequence: init; for each batch of questions expect what has to answer, see what
 * does, take; release.  A table without a key is read once more instead, and its rows are
 * counted (mr_merge_gone_bag).
 *
 * Errors: those of the case and of SOURCE; MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_MERGE_GONE_H
#define MR_MERGE_GONE_H

#include "repair/merge/merge_lookup.h"

struct mr_merge_gone {
    struct mr_vec expected; /* of the batch */
};

void mr_merge_gone_init(struct mr_merge_gone *gone);
void mr_merge_gone_release(struct mr_merge_gone *gone);

/* SOURCE is to have a row with this key; sets the tag.  The key's bytes live until _take. */
enum mr_code mr_merge_gone_expect(struct mr_merge_gone *gone, struct mr_merge_ask *ask,
                                  struct mr_err *err);
/* It has.  Questions that nothing was expected of may be seen, too. */
void mr_merge_gone_see(struct mr_merge_gone *gone, const struct mr_merge_ask *ask);
/* Adds what was not seen, and ends the batch. */
enum mr_code mr_merge_gone_take(struct mr_merge_gone *gone, const struct mr_merge *m,
                                const struct mr_plan_table *table, struct mr_err *err);

/* Of a table without a key: as many rows as SOURCE has fewer than the run found that it had
 * more than TARGET. */
enum mr_code mr_merge_gone_bag(struct mr_merge *m, const struct mr_plan_table *table,
                               struct mr_err *err);

#endif
