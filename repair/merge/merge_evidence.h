/*
 * merge_evidence: what the binary logs say to the merge planner (core/case/evidence.h).
 *
 * Of a table whose evidence is good on both sides:
 *
 *   L       the greatest key below all that own transactions of either side have inserted, if none that they
 *           changed or deleted lies above it, and none was moved to its key from another: nobody has to say
 *           where the past ends
 *   edited  which side changed a row of the past.  Not by the marks alone, since rows go on to change: a
 *           side has left the row as it was if what it has now is what the other side's log had before
 *           its first change.
 *
 * Keys with more than one part, and marks that are no evidence (moving, changed by shared transactions, or
 * broken), tell nothing.
 *
 * Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_MERGE_EVIDENCE_H
#define MR_MERGE_EVIDENCE_H

#include "repair/merge/merge_internal.h"

/* Sets table->evidence and table->told; 0: none that is good.  One side is enough for the latter; it has
 * to be as it was when its logs were read, so that rows that they do not name are those of the split. */
enum mr_code mr_merge_evidence_find(struct mr_merge *m, struct mr_merge_table *table,
                                    struct mr_err *err);
/* The table as check and history collect know it, its columns in arena: a plan reads those that
 * ignore-columns names, too. */
enum mr_code mr_merge_evidence_compared(const struct mr_pair *pair, struct mr_arena *arena,
                                        struct mr_find_table *out, struct mr_err *err);
/* Under which the table's marks and changes are asked for. */
int64_t mr_merge_evidence_id(const struct mr_merge_table *table);
/* mr_evidence_mark() of a table of the plan, with a place for each of its columns: those that are not
 * compared are unseen. */
enum mr_code mr_merge_evidence_mark(struct mr_merge *m, const struct mr_merge_table *table,
                                    enum mr_side side, struct mr_key key, struct mr_arena *arena,
                                    struct mr_evidence_mark *mark, bool *found, struct mr_err *err);
/* *known: the logs say where the past ends; *base is its greatest key, as its order (counted.h). */
enum mr_code mr_merge_evidence_bound(struct mr_merge *m, const struct mr_merge_table *table,
                                     int64_t *base, bool *known, struct mr_err *err);
/* Is a row above the bound, of those that differ, one of whose insertion the logs say nothing?  TARGET's are
 * those that it had when its log was read: later ones are above all keys that it had given.  Or is there one up
 * to it that SOURCE alone has, and no log knows: it was inserted without the log, where no cascade can have
 * deleted it. */
enum mr_code mr_merge_evidence_contradicts(struct mr_merge *m, const struct mr_merge_table *table,
                                           bool *contradicts, struct mr_err *err);
/* Keys that own transactions of both sides have inserted. */
struct mr_merge_both {
    uint64_t count;
    uint64_t
        copied; /* of those that differ: inserted on TARGET as SOURCE had the row, at first or at last */
    bool first_is_so; /* the least of those that differ is one of them */
};
/* Rows that an applied plan of the case has restored are no copies. */
enum mr_code mr_merge_evidence_both(struct mr_merge *m, const struct mr_merge_table *table,
                                    struct mr_merge_both *both, struct mr_err *err);
/* Of a row that both sides have under one key: its images as they are, references not mapped.  *known: the
 * logs say who edited it. */
struct mr_merge_edited {
    bool known, source, target;
};
enum mr_code mr_merge_evidence_edited(struct mr_merge *m, const struct mr_merge_table *table,
                                      struct mr_key key, const struct mr_key images[MR_SIDES],
                                      struct mr_merge_edited *edited, struct mr_err *err);
/* *is: a side has edited a row of the past of that key, and neither has given the key to another row. */
enum mr_code mr_merge_evidence_explains(struct mr_merge *m, const struct mr_merge_table *table,
                                        struct mr_key key, bool *is, struct mr_err *err);

#endif
