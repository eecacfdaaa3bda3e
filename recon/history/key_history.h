/*
 * key_history: all that a case knows of one key: the rows that a run found, what the logs of both
 * sides changed of it, and what the two say together.
 *
 *   mr_key_history_init → mr_key_history_read → read → mr_key_history_release
 *
 * Ownership: what is read lives in the caller's arena, or in the table, which outlive it.  Errors:
 * MR_E_CASE, MR_E_NOMEM.  Threads: one at a time.
 */
#ifndef MR_KEY_HISTORY_H
#define MR_KEY_HISTORY_H

#include "core/case/explain.h"

/* What the run says of a key of which it kept no row. */
enum mr_rows_standing {
    MR_STANDING_UNREAD = 1, /* nothing: it has not read all rows of the table, or not compared it */
    MR_STANDING_EQUAL,      /* it was equal */
    MR_STANDING_OPEN        /* it was equal, or is one of those that were unsettled */
};

/* One change, with the values before and after it. */
struct mr_key_change {
    int side;
    struct mr_evidence_tx tx;
    enum mr_change_kind kind;
    uint64_t skipped;      /* changes of its side right before it that were not kept */
    bool from_key, to_key; /* an UPDATE of the key: it came from `came`, or went to `went` */
    /* One a column, encoded; ptr NULL: not known, or (new) not changed. */
    const struct mr_key *was, *is;
};

/* Where the rows of a key are known from. */
enum mr_rows_known {
    MR_ROWS_UNKNOWN = 1, /* the run kept no row of the key */
    MR_ROWS_OF_FINDING,
    MR_ROWS_EQUAL /* no finding; findings of other tables lead to it */
};

struct mr_key_history {
    const struct mr_find_table *table;
    struct mr_evidence_table of; /* of: witness NONE where the case has no evidence for the table */
    struct mr_key key;
    enum mr_rows_known known;
    enum mr_find_kind kind;         /* of a finding */
    enum mr_rows_standing standing; /* where it is no finding */
    struct mr_key rows[2];          /* as in a finding; ptr NULL: none, or not known */
    bool is_marked[2];
    struct mr_evidence_mark marks[2];
    struct mr_vec changes; /* struct mr_key_change, by time, those of a side in its log's order */
    uint64_t skipped[2];   /* changes that were not kept */
    struct mr_explain explain; /* of the rows, where known is not UNKNOWN */
    /* private */
    struct mr_explain_side sides[2];
};

void mr_key_history_init(struct mr_key_history *h);
void mr_key_history_release(struct mr_key_history *h);
/* *found false: neither a finding nor a mark nor an ancestor has the key. */
enum mr_code mr_key_history_read(struct mr_key_history *h, struct mr_findings *fd,
                                 const struct mr_find_table *table, struct mr_key key,
                                 struct mr_arena *arena, bool *found, struct mr_err *err);
/* The change with which a transaction's n-th change of the key is shown; NULL: it was not kept. */
const struct mr_key_change *mr_key_history_change(const struct mr_key_history *h, int64_t tx,
                                                  size_t n);
/* An image of its row at some time, that shows the key; ptr NULL: none does. */
struct mr_key mr_key_history_image(const struct mr_key_history *h);

#endif
