/*
 * copy_internal: what the files of the copying policies share; see copy.h.
 *
 * Temporary tables of the case:
 *   c      a SLOT: a key with its rows of both sides, what is to be done, and why not.
 *          op: 0 nothing, else enum mr_step_op; a slot is ACTIVE where op is set and kind
 *          is not.  same: both rows are one entity by their own columns; taint: they are
 *          not, or belong to different people.  wave: when it became a conflict.
 *          why, choices, choice: of a value that does not fit; orig: SOURCE's row, where
 *          source is what was decided instead
 *   multiset    rows of a table without a key, with how many more of them SOURCE has
 *   exact  the same rows to the byte, with how many of them either side has
 *   nth    rows of a table without a key that refer to rows that go: how many were seen
 *   climb  rows of SOURCE above those to be written; todo: 1, or 2 while it is done
 *   link   a reference of a row to be written: SOURCE's parent and TARGET's present one
 *   take   a unique value that a row is to have, and the slot of TARGET's present holder
 *          (0: no slot has it), which may be itself
 *   vague  what a slot has, or is to have, of a unique index of which more is the same than
 *          equal values; precise: all of it is known, and lo and hi are its period
 *   gate   what rows may have the same of, where not all of it is known: those that go pass
 *          it before those that come
 *   hint   a slot, or beyond the last slot a gate, that is to be done before another one
 *   dep    a row that refers, on TARGET, to one that goes
 *   tie    two slots of one row, whose key was changed, in both directions: both are written, or none
 *   laid   values by which others refer to rows that were filled in, and their slots
 *   part   the ids of the rows of a table that are to be written
 *   cycle_break  how a circle of rows that wait for each other is broken: what a row of it
 *          gives up for a while, see enum mr_copy_break
 *
 * The struct mr_merge in front is what the helpers that both planners share ask for.
 */
#ifndef MR_COPY_INTERNAL_H
#define MR_COPY_INTERNAL_H

#include "core/case/image.h"
#include "repair/copy/copy.h"
#include "repair/merge/merge_internal.h"
#include "repair/merge/merge_lookup.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"

enum mr_copy_break {
    MR_BREAK_VALUE = 1, /* a value of a unique index is parked (column, value) */
    MR_BREAK_PARK,      /* a reference is parked: NULL before anything else is done */
    MR_BREAK_OPEN       /* a reference is closed after everything else */
};

/* A reference whose parent the run did not compare, and that cannot be followed. */
struct mr_copy_blind {
    const struct mr_pair_reference *pair;
    const char *why;
    struct mr_plan_reference by; /* without a parent */
};

struct mr_copy {
    struct mr_merge m;
    const struct mr_copy_task *task;
    struct mr_copy_result *result;
    size_t ntables; /* of m.plan, with those beyond its count */
    bool *planned;  /* per table */
    bool *subject;  /* per table: its rows belong to nobody */
    struct mr_copy_blind *blind;
    size_t nblind;
    int64_t wave;        /* of the conflicts found last */
    struct mr_vec pools; /* free values of columns (copy_park.c) */
};

/* Creates the temporary tables. */
enum mr_code mr_copy_work_open(struct mr_copy *c, struct mr_err *err);

/* By what a row is known again under this policy. */
enum mr_plan_identity mr_copy_identity(const struct mr_copy *c, const struct mr_plan_table *table);

/* Rows of c as struct mr_merge_work_row: image is SOURCE's, live TARGET's, n what is done. */
#define MR_COPY_COLUMNS                                                                            \
    "c.id, c.skey AS key, c.op AS n, c.same AS above, c.taint AS equal, c.source AS image,"        \
    " c.tkey AS live_key, c.target AS live"

/* Pages of c: calls fn for batches of slots of a query that selects MR_COPY_COLUMNS and
 * takes :tbl and :after, the id after which to go on. */
typedef enum mr_code mr_copy_rows_fn(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                                     struct mr_err *err);
enum mr_code mr_copy_pages(struct mr_copy *c, const char *sql, size_t table, mr_copy_rows_fn *fn,
                           void *ctx, struct mr_err *err);

/* Rows of a page as struct mr_merge_leaver, the tag being the slot; pages of those that others
 * may refer to, and that are changed or deleted. */
enum mr_code mr_copy_leavers(const struct mr_vec *rows, struct mr_vec *leavers, struct mr_err *err);
#define MR_COPY_LEAVING                                                                            \
    "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND c.id>:after AND c.op IN (2,3)"         \
    " ORDER BY c.id LIMIT 500"

/* copy_collect.c: slots of what check found. */
enum mr_code mr_copy_collect(struct mr_copy *c, struct mr_err *err);
/* Reads both sides' rows with these keys (struct mr_merge_ask) into c. */
enum mr_code mr_copy_collect_keys(struct mr_copy *c, const struct mr_plan_table *table,
                                  struct mr_vec *asks, struct mr_err *err);
/* copy_multiset.c: of tables without a key. */
enum mr_code mr_copy_multiset(struct mr_copy *c, const struct mr_plan_table *table,
                              struct mr_err *err);
/* Replaces out by the key of a slot of such a table: all of the row, and how many of it there
 * are with it. */
enum mr_code mr_copy_multiset_key(struct mr_strbuf *out, struct mr_key image, int64_t number,
                                  struct mr_err *err);

/* copy_classify.c: what is to be done, by the policy. */
enum mr_code mr_copy_classify(struct mr_copy *c, struct mr_err *err);
/* The same of the slots of one table. */
enum mr_code mr_copy_classify_table(struct mr_copy *c, const struct mr_plan_table *table,
                                    struct mr_err *err);
/* Are a row of SOURCE and one of TARGET one entity? */
enum mr_code mr_copy_is_same(struct mr_copy *c, const struct mr_plan_table *table,
                             struct mr_key source, struct mr_key target, bool *same,
                             struct mr_err *err);
/* copy_fit.c: values that do not fit, and what was decided about them. */
enum mr_code mr_copy_fit(struct mr_copy *c, struct mr_err *err);
/* copy_parts.c: rows that are missing by their key, and whose id is another row's. */
enum mr_code mr_copy_parts(struct mr_copy *c, struct mr_err *err);

/* copy_climb.c: slots of the rows of tables beyond the run that stand above rows to be
 * written, with other rows between them. */
enum mr_code mr_copy_climb(struct mr_copy *c, struct mr_err *err);
/* copy_taint.c: rows below somebody who is another on the other side. */
enum mr_code mr_copy_taint(struct mr_copy *c, struct mr_err *err);
/* When conflicts are settled: who was to become SOURCE's and stays who he is taints, too. */
enum mr_code mr_copy_taint_kept(struct mr_copy *c, struct mr_err *err);
/* Do rows of the child belong to whom they refer to by it? */
bool mr_copy_is_followed(const struct mr_copy *c, const struct mr_plan_reference *r);

/* copy_links.c: fills link and dep. */
enum mr_code mr_copy_links(struct mr_copy *c, struct mr_err *err);
/* copy_outside.c: tables beyond the plan: parents, and theirs, are appended to m.plan, which
 * is the copy's own from then on; children fill dep. */
enum mr_code mr_copy_outside_parents(struct mr_copy *c, struct mr_err *err);
enum mr_code mr_copy_blind_refuse(const struct mr_copy_blind *blind, struct mr_err *err);
enum mr_code mr_copy_outside_children(struct mr_copy *c, struct mr_err *err);
/* copy_unique.c: fills take. */
enum mr_code mr_copy_unique(struct mr_copy *c, struct mr_err *err);

/* copy_vague.c: fills gate and hint. */
enum mr_code mr_copy_vague(struct mr_copy *c, struct mr_err *err);

/* Of a slot that stays as it is because the other one of the tie does. */
#define MR_COPY_TIED_WHY "its key was changed by them, and under the other one it does not go back"

/* copy_settle.c: conflicts, and what hangs on them.  The second takes up slots that were
 * made conflicts of wave c->wave + 1. */
enum mr_code mr_copy_settle(struct mr_copy *c, struct mr_err *err);
enum mr_code mr_copy_spread(struct mr_copy *c, struct mr_err *err);

/* copy_park.c: lets a slot make way, by a unique index or a reference; *done false: it
 * cannot. */
enum mr_code mr_copy_park_unique(struct mr_copy *c, const struct mr_plan_table *t, int64_t slot,
                                 size_t unique, bool *done, struct mr_err *err);
enum mr_code mr_copy_break_reference(struct mr_copy *c, int64_t slot, size_t reference,
                                     enum mr_copy_break how, bool *done, struct mr_err *err);
/* Is the column one that is set to NULL while the reference is open or parked? */
bool mr_copy_may_open(const struct mr_copy *c, const struct mr_plan_reference *r, size_t column);
void mr_copy_pools_release(struct mr_copy *c);

/* copy_order.c: when what is done.  Steps are pushed as struct mr_copy_place, sorted. */
enum mr_copy_phase { MR_PHASE_PARK = 1, MR_PHASE_MAIN, MR_PHASE_CLOSE };
struct mr_copy_place {
    uint32_t root; /* smallest slot of its tree */
    uint32_t level;
    uint32_t slot;
    enum mr_copy_phase phase;
};
enum mr_code mr_copy_order(struct mr_copy *c, struct mr_vec *places, struct mr_err *err);

/* copy_write.c: entities and steps. */
enum mr_code mr_copy_entities(struct mr_copy *c, struct mr_err *err);
enum mr_code mr_copy_steps(struct mr_copy *c, const struct mr_vec *places, struct mr_err *err);

/* copy_sequence.c: raises TARGET's sequences above the rows that are inserted. */
enum mr_code mr_copy_sequences(struct mr_copy *c, struct mr_err *err);

#endif
