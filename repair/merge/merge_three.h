/*
 * merge_three: a row that both sides have, and whose state at the split the binary logs tell, decided
 * three ways by its columns (repair/decide/decide_three.h): a row of the past, or one that both have made since.
 *
 * Here the facts are found: from the logs (merge_told.h), from whom its references lead to, from what
 * TARGET's columns hold and its unique indexes have, from what was chosen for the row so far.  A ruling
 * that writes brings the row as it is to stand: TARGET's, with those columns exchanged.
 *
 * Calling sequence: open once a component, page for some rows, decide each of
 * them, close.  Ownership: what a call hands
 * out is good until the next one.  Errors: those of TARGET, of the case, MR_E_NOMEM.
 */
#ifndef MR_MERGE_THREE_H
#define MR_MERGE_THREE_H

#include "repair/decide/decide_three.h"
#include "repair/merge/merge_internal.h"

/* A row of w, and TARGET's that it is. */
struct mr_merge_twin {
    int64_t id;
    struct mr_key key;       /* as SOURCE has it */
    struct mr_key own, live; /* images as they are */
    struct mr_key mapped;    /* SOURCE's, references mapped but those to rows that wait */
    struct mr_key live_key;  /* TARGET's key */
    bool is_new;             /* lost history: both sides have made it, perhaps under two keys */
};

struct mr_merge_three_result {
    bool is; /* it was decided here; else decide it without logs */
    struct mr_three_ruling ruling;
    struct mr_key merged; /* the row that its rulings make; ptr NULL: TARGET's stays */
    struct mr_key base; /* the row at the split, as seen_image.h has it; ptr NULL: there was none */
    const char *columns; /* for people: "city restored-change; name changed-on-live" */
    const char *sums; /* columns that are added to, as mr_entity_written_add() has them; or NULL */
    const char *detail; /* of a conflict: the columns that are asked about */
    bool live_alone;    /* nothing but what TARGET changed */
};

struct mr_merge_three;

enum mr_code mr_merge_three_open(struct mr_merge *m, struct mr_merge_three **out,
                                 struct mr_err *err);
void mr_merge_three_close(struct mr_merge_three *three); /* NULL is fine */
/* Rows of one table that are to be decided, as many as fit a page: TARGET is asked once about all of
 * them.  They must stay until the next page. */
enum mr_code mr_merge_three_page(struct mr_merge_three *three, const struct mr_merge_table *table,
                                 const struct mr_merge_twin *twins, size_t count,
                                 struct mr_err *err);
/* The one at that place of the page. */
enum mr_code mr_merge_three_decide(struct mr_merge_three *three, size_t at,
                                   struct mr_merge_three_result *out, struct mr_err *err);

#endif
