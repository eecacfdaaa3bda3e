/*
 * merge_told: what the binary logs tell of a row, for those who decide about it
 * (core/case/explain.h).
 *
 * A plan reads TARGET's rows later than its logs were read.  So where SOURCE's log tells what
 * stood at the split, TARGET's row of today is compared with that, and what differs is TARGET's
 * doing, whether its log knows it already or not; TARGET's own mark is asked whether it agrees
 * about the split.
 *
 * mr_merge_told() looks once at every row of temp.w that differs, and notes in temp.told:
 *   past   1: no row stood under its key at the split; 2: one did, or it stood under another key;
 *          3: a side has given its key to another than the other has there: rows of SOURCE that refer to it, and
 *          are not on TARGET, wait: TARGET's may be a stranger
 *   left   it stood there, SOURCE has left it as it was, and TARGET's log shows that it was deleted
 *          there: it stays deleted, and nobody is asked.  Not where a row that hangs on it, or that
 *          it hangs on, is absent for another reason: then one decides about the tree.  A row that
 *          went with its parent, by a cascade that no log shows, is left like it.
 *
 * and in w, past and above (merge_past.h): a row that stood is not above the past, wherever the bound
 * of its table is.
 *
 * Errors: MR_E_CASE, MR_E_NOMEM, MR_E_CANCELLED.
 */
#ifndef MR_MERGE_TOLD_H
#define MR_MERGE_TOLD_H

#include "core/case/explain.h"
#include "repair/merge/merge_internal.h"

enum mr_past { MR_PAST_UNKNOWN = 0, MR_PAST_NONE, MR_PAST_ROW, MR_PAST_REUSED };

struct mr_merge_told_row {
    struct mr_explain explain;
    bool found[MR_SIDES]; /* a mark of the key, also where it is not relied upon */
    struct mr_evidence_mark mark[MR_SIDES];
    /* private */
    struct mr_explain_side sides[MR_SIDES];
    struct mr_arena arena; /* of the marks */
};

/* Of one row after another; what it holds is let go of at the end. */
void mr_merge_told_init(struct mr_merge_told_row *told);
void mr_merge_told_release(struct mr_merge_told_row *told); /* also one that read nothing */

/* rows: the images, ptr NULL where a side has none.  They must outlive what is read from `told`.
 * *is false: the logs tell nothing of the row that one could go by. */
enum mr_code mr_merge_told_read(struct mr_merge_told_row *told, struct mr_merge *m,
                                const struct mr_merge_table *table, struct mr_key key,
                                const struct mr_key rows[MR_SIDES], bool *is, struct mr_err *err);

/* Of a row that each side has, under a key of its own: *is where the logs show that both have made it since the
 * split.  There is no base, then, and of its columns nothing is told. */
enum mr_code mr_merge_told_made(struct mr_merge_told_row *told, struct mr_merge *m,
                                const struct mr_merge_table *table,
                                const struct mr_key keys[MR_SIDES],
                                const struct mr_key rows[MR_SIDES], bool *is, struct mr_err *err);

/* Deleted and inserted again: is it another one by its identity, or by what nobody can tell? */
bool mr_merge_told_is_remade(const struct mr_merge_told_row *told,
                             const struct mr_merge_table *table, enum mr_side side);

/* Of a row with a base: is the column what a foreign key of TARGET has made of it, if anything has? */
enum mr_code mr_merge_told_is_parted(struct mr_merge_told_row *told, struct mr_merge *m,
                                     const struct mr_merge_table *table, size_t column, bool *is,
                                     struct mr_err *err);

/* May TARGET have deleted rows of the table with those that they refer to, which no log shows? */
bool mr_merge_told_may_cascade(const struct mr_merge *m, const struct mr_merge_table *table);

/* When rows are linked (merge_map.h), and before any is decided about. */
enum mr_code mr_merge_told(struct mr_merge *m, struct mr_err *err);

#endif
