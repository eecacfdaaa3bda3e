/*
 * explain: what the logs of both sides say of one row: how it was at the split, who has changed
 * which column since, and whether that makes the difference that was found.
 *
 * Facts only: what is to be done about them is decided elsewhere.
 *
 *   mr_explain_init once → mr_explain for each row → read → mr_explain_release
 *
 * BASE, the row at the split.  A side whose log is to be relied upon knows it: its first image (or
 * that there was none) where own transactions have changed the key, else its row of today.  One such
 * side is enough.  Where both know it they must agree, in presence and in each column that both have
 * seen; where they do not, no logged change explains that.
 *
 * TOLD: is a side's log to be relied upon for this row?  If not, and the base is known from the other
 * side, then what the row has that the base has not is still the side's own doing: it is INFERRED, and
 * nobody can say when or by whom.
 *
 * UNLOGGED: what a foreign key takes along, and what an image leaves out, has no event of its own.  A value
 * that a cascade may have made says nothing of the split.  Where it is not that of the base, a cascade of
 * TARGET has changed it (inferred); one of SOURCE has, and follows the parent: it is no change of the row's own.
 * A column that no image of an updated row has shown was left as it was, so that today's value is the base.
 *
 * UNEXPLAINED: both sides are told, and their rows differ where their bases differ: the difference is
 * older than the split, or was made without the log; where no `unlogged` is given, also by a foreign key.
 *
 * Ownership: values point into the images given, which must outlive them.  Errors: MR_E_CASE for
 * bytes that no image has, MR_E_NOMEM.  Threads: one at a time.
 */
#ifndef MR_EXPLAIN_H
#define MR_EXPLAIN_H

#include "core/case/evidence.h"
#include "core/case/image.h"
#include "core/case/seen_image.h"

/* May a side's log be relied upon for the row?  Behind the first: why not. */
enum mr_told {
    MR_TOLD = 1,
    MR_TOLD_UNREAD,     /* the side's logs were not read for the table */
    MR_TOLD_INCOMPLETE, /* as the table's witness says */
    MR_TOLD_BLIND,
    MR_TOLD_BROKEN,   /* likewise, or the images of this key do not chain */
    MR_TOLD_SHARED,   /* transactions that both have changed it after own ones */
    MR_TOLD_NOT_KEPT, /* it was changed, and its images were not kept */
    MR_TOLD_MOVING,   /* it was changed again and again while it was read */
    MR_TOLD_SPELLED, /* the two rows have one key by TARGET's collation alone: logs have each as it is spelled */
    MR_TOLD_SINCE /* the row is another one than the log leads to */
};
/* "its logs were not read" …: a clause; never NULL. */
const char *mr_told_text(enum mr_told told);

enum mr_base {
    MR_BASE_UNKNOWN = 1, /* no side knows it */
    MR_BASE_ABSENT,      /* there was no such row */
    MR_BASE_ROW,
    MR_BASE_CONTRADICTED /* one side had it, by its log, and the other had not */
};

/* What has become of the base on a side, in sum. */
enum mr_become {
    MR_BECOME_UNKNOWN = 1,
    MR_BECOME_SAME, /* also what was changed and changed back, or was never there */
    MR_BECOME_INSERTED,
    MR_BECOME_CHANGED,
    MR_BECOME_DELETED
};

/* Who has changed a column since the split. */
enum mr_changed {
    MR_CHANGED_NOBODY = 1,
    MR_CHANGED_BY_SOURCE,
    MR_CHANGED_BY_TARGET,
    MR_CHANGED_ALIKE,   /* both, to the same value */
    MR_CHANGED_BY_BOTH, /* to different ones */
    MR_CHANGED_UNSEEN,  /* the logs do not show the column, and the rows do not prove it */
    MR_CHANGED_NOT_TOLD,
    MR_CHANGED_BY_CASCADE, /* of SOURCE: by no event of the row's own */
    MR_CHANGED_UNEXPLAINED
};
/* "nobody", "source", "target", "alike", "both", "unseen", "not told", "cascade", "unexplained". */
const char *mr_changed_name(enum mr_changed changed);

/* The difference between the two rows. */
enum mr_explained {
    MR_EXPLAINED_EQUAL = 1, /* there is none */
    MR_EXPLAINED,           /* by logged changes */
    MR_EXPLAINED_INFERRED,  /* by one side's log alone */
    MR_EXPLAINED_NOT_TOLD,
    MR_EXPLAINED_NOT /* no logged change explains it */
};
/* "equal", "explained", "inferred", "not told", "unexplained". */
const char *mr_explained_name(enum mr_explained explained);

/* What may have become of a column, on a side, without an event that shows it: a set. */
enum mr_unlogged {
    MR_UNLOGGED_NULL = 1,    /* a cascade may have made it NULL */
    MR_UNLOGGED_VALUE = 2,   /* or given it the value that it has */
    MR_UNLOGGED_LEFT_OUT = 4 /* an image may leave it out, though it has changed */
};

/* What is known of one side. */
struct mr_explain_side {
    struct mr_key row;       /* as in a finding; ptr NULL: none */
    enum mr_witness witness; /* of the table */
    /* Of the key as SOURCE spells it, where it has the row; NULL: no own transaction changed that. */
    const struct mr_evidence_mark *mark;
    /* Of enum mr_unlogged, one a column; NULL: no cascade is reckoned with, and of what images leave
     * out nothing is inferred. */
    const unsigned char *unlogged;
};

struct mr_explain_column {
    struct mr_key base; /* encoded; ptr NULL: not known, or there was no row */
    enum mr_changed changed;
    bool inferred; /* by whom is known from the other side's log alone */
    bool differs;  /* on the two sides, as check compares it */
};

struct mr_explain {
    enum mr_told told[2];
    enum mr_base base;
    enum mr_become become[2];
    enum mr_explained explained;
    bool bases_differ;     /* in presence, or in a column that both have seen */
    struct mr_vec columns; /* struct mr_explain_column, one a column of the table */
    /* private */
    const struct mr_find_table *table;
    const struct mr_explain_side *sides;
    struct mr_seen_image rows[2], first[2], last[2];
    struct mr_image images[2];
};

void mr_explain_init(struct mr_explain *x);
void mr_explain_release(struct mr_explain *x);
/* sides: SOURCE's, TARGET's. */
enum mr_code mr_explain(struct mr_explain *x, const struct mr_find_table *table,
                        const struct mr_explain_side sides[2], struct mr_err *err);
const struct mr_explain_column *mr_explain_column(const struct mr_explain *x, size_t column);

#endif
