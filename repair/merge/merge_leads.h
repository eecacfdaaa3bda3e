/*
 * merge_leads: how far the past of other tables must reach for rows to lead to base rows
 * only.
 *
 * A row leads to base rows if each parent that a counter counts is not above its table's
 * bound, and each other parent is on both sides, or on none, and leads to base rows itself.
 * What a row needs for that does not depend on where the bounds are, so rows are looked at
 * once, however often a bound is lowered.
 *
 * Calling sequence: put rows of one table into a vector of struct mr_merge_lead, find,
 * then ask of each whether it holds.
 * Ownership: needs are the caller's; images may go after the call.
 * Errors: those of the servers, MR_E_NOMEM.  Threads: one.
 * Limits: parents' images are held for the rows of a call; see most_bytes.
 */
#ifndef MR_MERGE_LEADS_H
#define MR_MERGE_LEADS_H

#include "repair/merge/merge_internal.h"

/* A row's parent: n must not be above the bound of its table. */
struct mr_merge_need {
    size_t table;
    int64_t n;
    size_t next; /* place + 1 of the row's next need; 0: none */
};

struct mr_merge_lead {
    struct mr_key image; /* as SOURCE has it; ptr NULL: the row is left out */
    bool never;          /* a parent is on one side only */
    size_t needs;        /* place + 1 of its first need; 0: none */
};

/* Adds to needs (struct mr_merge_need) what rows (struct mr_merge_lead) of a table need.
 * *fits is false where parents' images go beyond most_bytes: nothing is found then, and
 * fewer rows are to be asked for. */
enum mr_code mr_merge_leads_find(struct mr_merge *m, size_t table, struct mr_vec *rows,
                                 struct mr_vec *needs, size_t most_bytes, bool *fits,
                                 struct mr_err *err);

/* Do the tables' bounds, as they are now, reach far enough? */
bool mr_merge_leads_hold(const struct mr_merge *m, const struct mr_merge_lead *row,
                         const struct mr_vec *needs);

#endif
