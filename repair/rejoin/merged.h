/*
 * merged: was what the old primary (OLD) did alone brought to the live server (LIVE) by a merge?  One pure
 * function over what its plan, its journal, its case and LIVE say.
 *
 *   facts (verify_merged.h, merged_rows.h, the plan's manifest) → mr_merged_decide → mr_merged_refuse
 *
 * What is proved, in this order: the directory is a merge that left nothing out and asks nothing any
 * more; it was carried out, and its rows stand on LIVE; the comparison that it came of began behind the
 * last transaction of OLD's own, so that it has seen all that these left, and it read OLD and LIVE; and each
 * row of theirs is one that it decided about, or was equal on both sides.
 *
 * Ownership: texts are the caller's.  Threads: no state.
 */
#ifndef MR_MERGED_H
#define MR_MERGED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/db/login_opts.h"
#include "repair/plan/plan_dir.h"

/* What LIVE and the journal say of a plan. */
struct mr_merged_rows {
    bool is_carried_out;    /* the journal knows each unit as done, with no row left out */
    uint64_t undone;        /* units that were taken back */
    uint64_t changed;       /* rows that are who they were, with other values */
    uint64_t wrong;         /* what else does not stand as planned */
    const char *first;      /* one of these, or of the changed, for people; or NULL */
    const char *unreadable; /* why a table could not be read; or NULL */
};

/* What it takes to ask them.  mr_verify_merged() (repair/verify) does, which stands above the planner. */
struct mr_merged_look {
    const struct mr_plan_dir *plan; /* the merge */
    const char *uri;                /* of its target, as it is reached now */
    const char *run_tag;
    struct mr_login_opts login;
    unsigned statement_timeout_s;
    struct mr_arena *arena;
};
typedef enum mr_code mr_merged_look_fn(const struct mr_merged_look *look,
                                       struct mr_merged_rows *rows, struct mr_err *err);

struct mr_merged_facts {
    bool is_merge;
    const char *left_out; /* what was not compared or planned; or NULL */
    uint64_t open;        /* conflicts that nobody has decided */
    struct mr_merged_rows rows;
    /* why it is not known where OLD stood when the comparison began, or that it was of others than OLD and
     * LIVE; or NULL */
    const char *place;
    const char *since;     /* own transactions of OLD behind that; "" or NULL: none */
    const char *uncovered; /* what the merge does not account for; or NULL */
};

/* In the order in which they are asked; the first that holds is told. */
enum mr_merged_bar {
    MR_MERGED_FREE = 0,
    MR_MERGED_BAR_POLICY,
    MR_MERGED_BAR_LEFT_OUT,
    MR_MERGED_BAR_OPEN,
    MR_MERGED_BAR_UNDONE,
    MR_MERGED_BAR_UNREADABLE,
    MR_MERGED_BAR_WRONG,
    MR_MERGED_BAR_UNAPPLIED, /* rows differ, and no journal says that they were written */
    MR_MERGED_BAR_PLACE,
    MR_MERGED_BAR_SINCE,
    MR_MERGED_BAR_UNCOVERED,
    MR_MERGED_BARS
};

enum mr_merged_bar mr_merged_decide(const struct mr_merged_facts *facts);
/* MR_OK for MR_MERGED_FREE; else MR_E_REFUSED, naming the plan, with what is in the way and the way out.
 */
enum mr_code mr_merged_refuse(enum mr_merged_bar bar, const struct mr_merged_facts *facts,
                              const char *dir, struct mr_err *err);

#endif
