/*
 * merge_internal: what the files of the merge planner share; see merge.h.
 *
 * Temporary tables of the case:
 *   w      rows of SOURCE that are looked at: what is known of them, which is written often
 *   source, target
 *          their images, and those of TARGET's rows under the same keys, written once
 *   name   the values by which other rows refer to a row of w
 *   link   from a row of w to its parent, by reference
 *   told   what the binary logs tell of a row of w (merge_told.h)
 *   m, img what is decided about a row of w: flags, its group (grp: mr_group_name()), and
 *          its images; three, deed: enum mr_three_outcome and mr_three_deed of a row that was
 *          decided by its columns, tells: what became of these, merged: the row as it is to stand,
 *          base: as it stood at the split
 *   chosen what was chosen for a conflict
 *   erased, erased_edge: rows that SOURCE deleted, and who refers to whom (merge_erased.h)
 *   reached, beside: rows of a wave, and those that it may reach (merge_spread.h)
 *
 * A row without a place on TARGET yet gets a PROVISIONAL id, MR_PROVISIONAL + its number
 * in w: a value that no counter reaches and no hash is likely to have, so that it can
 * stand in keys, references and identities until the real ids are handed out (merge_ids).
 */
#ifndef MR_MERGE_INTERNAL_H
#define MR_MERGE_INTERNAL_H

#include "core/case/evidence.h"
#include "core/case/image.h"
#include "repair/merge/merge.h"
#include "repair/plan/plan_fit.h"

#define MR_MERGE_BATCH 1000
#define MR_PROVISIONAL ((uint64_t)0xf3b7a95d << 32)

/* Of a reference (column parent of link). */
enum {
    MR_LINK_NOBODY = 0, /* SOURCE has no such row */
    MR_LINK_PLAIN = -1  /* a row that is not in w: itself on both sides */
};

/* What a plan knows of a table with a counter (stored: merge_bounds.h); L and U as orders
 * (side/counted.h). */
struct mr_merge_bound {
    int64_t base; /* L */
    const char *base_origin;
    bool has_fresh;
    int64_t fresh; /* U */
    const char *fresh_origin;
    uint64_t first_next; /* TARGET's AUTO_INCREMENT as the case first recorded it; 0: not
                            known, or a restart forgets it */
    bool is_stated;      /* a person said where the past ends */
    bool is_early;       /* by a time after which rows were created that both sides have */
};

struct mr_merge_table {
    const struct mr_plan_table *plan;
    struct mr_merge_bound bound;
    struct mr_merge_bound before; /* as it was kept, where that of the logs has replaced it */
    int64_t evidence; /* of its logs, in the case, good on both sides (merge_evidence.h); 0: none */
    int64_t told;     /* the same where one side is enough; 0: none can be gone by */
    enum mr_witness witness[MR_SIDES];       /* with told; of one that has gone on since: none */
    const unsigned char *unlogged[MR_SIDES]; /* merge_unlogged.h; NULL: not found, or no logs */
    bool all;                                /* without a key: every row is in w */
    int64_t expanded;                        /* the last row of w whose children were looked for */
    bool has_past;
    struct mr_time past; /* creation of the youngest row that is known as past */
    bool has_certain;
    int64_t certain; /* the first key that nobody doubts for what its row refers to */
};

struct mr_merge_newest;

struct mr_merge {
    struct mr_plan_tables *plan;
    struct mr_merge_table *tables; /* as many */
    const struct mr_merge_options *options;
    struct mr_findings *fd;
    struct mr_case *cf;
    struct mr_plan_store *store;
    const char *target;                 /* as the case names it, or NULL */
    struct mr_reader *reader[MR_SIDES]; /* each in one view */
    struct mr_arena arena;              /* of the whole plan */
    struct mr_image image[2];           /* for comparing rows */
    struct mr_merge_newest *newest;     /* columns that were compared (merge_newer.c) */
    struct mr_time split[2];            /* --split-at as written, and in UTC */
    bool split_known[2];
    struct mr_plan_fit fit;         /* judges values */
    const struct mr_catch_up *logs; /* of the task; or NULL */
    bool is_still[MR_SIDES];        /* its logs were read to where its view is */
    struct mr_err past_refusal;     /* of a bound, before anything was chosen */
    bool has_past_refusal;
    struct mr_merge_result *result;
};

/* The error of an allocation that failed. */
enum mr_code mr_merge_nomem(struct mr_err *err);

#endif
