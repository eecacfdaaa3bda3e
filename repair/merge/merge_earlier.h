/*
 * merge_earlier: what earlier plans of the case have proposed, tested on TARGET, so that a
 * second plan does not restore twice.
 *
 * A row that an earlier plan was to put at a key is there with its identity: it was
 * applied, and is that row.  It is not there, though it once was: it was deleted since, is
 * listed, and not inserted again.  It never was, or was undone: it is decided anew.  Where
 * nothing stands of a plan that was applied, and all of it was looked for, it was taken back
 * behind the case's back; where most of it is gone, nobody can say, and it is asked.
 * A row without an identity is known by an id that no counter gave to anybody else, or by
 * being, to the last byte, what was planned.  A plan that was never applied leaves its ids
 * to later ones: where two rows were to get one key, it is the row of the one that was
 * applied, or that stands there to the byte; of equal rows each key is one row's only.
 *
 * Kept in the case:
 *   plan_map (tbl "db.t", source_key, target_key, identity, digest of the row as planned,
 *             is_new: the id is of a block; of 'matched': a choice merged the row,
 *             state 'proposed' · 'applied' · 'undone' · 'matched': TARGET had it,
 *             plan; 0: of another case)
 */
#ifndef MR_MERGE_EARLIER_H
#define MR_MERGE_EARLIER_H

#include "repair/merge/merge_internal.h"

/* Marks the rows of w that are known so (table mark). */
enum mr_code mr_merge_earlier(struct mr_merge *m, struct mr_err *err);

/* Fills temp.known_key (tbl, n) with the counted keys of all rows of SOURCE that earlier plans
 * restored or matched: they are lost history, though equal on both sides by now. */
enum mr_code mr_merge_earlier_known(struct mr_merge *m, struct mr_err *err);

/* Has an earlier plan restored the row of SOURCE's key, or any row of the table where key.ptr is NULL, and was it not
 * undone?  Also a plan of an earlier run. */
enum mr_code mr_merge_earlier_restored(struct mr_merge *m, const struct mr_plan_table *table,
                                       struct mr_key key, bool *is, struct mr_err *err);

/* Has one restored the row, or merged it into another? */
enum mr_code mr_merge_earlier_placed(struct mr_merge *m, const struct mr_plan_table *table,
                                     struct mr_key key, bool *is, struct mr_err *err);

/* What a plan said that this case does not know: a row of SOURCE stands on TARGET under
 * that key. */
struct mr_merge_mapping {
    const char *table; /* "db.t" */
    struct mr_key source_key, target_key;
    struct mr_key identity; /* canonical; ptr NULL: nobody, or not given */
    struct mr_key digest;   /* of the row as planned; len 0: not given */
    bool is_matched;        /* TARGET had it then */
    bool is_merged;         /* and a choice said that it is he */
};

/* Takes it up; what the case knows of the pair itself stays. */
enum mr_code mr_merge_remember(struct mr_case *cf, const struct mr_merge_mapping *mapping,
                               struct mr_err *err);

/* Proposes what the plan inserts, and keeps whom it matched; its entities are written. */
enum mr_code mr_merge_propose(struct mr_merge *m, struct mr_err *err);

#endif
