/*
 * suspect_tally: what the values of a column say, row by row, of the tables whose ids change
 * hands (suspect_rule.h).
 *
 *   mr_suspect_number for a value → mr_suspect_tally_add → mr_suspect_tally_facts per parent
 *
 * Hits are exact over all values that were added, however many.  Distinct values are reported
 * apart up to MR_SUSPECT_DISTINCT; what is no key of a parent is looked for among these,
 * and, by the greatest key, among all.
 *
 * Ownership: a tally is its owner's, and needs no release; parents outlive it.  Threads: one.
 */
#ifndef MR_SUSPECT_TALLY_H
#define MR_SUSPECT_TALLY_H

#include <stddef.h>

#include "core/pair/suspect_rule.h"
#include "core/row/row.h"

#define MR_SUSPECT_DISTINCT 512

/* A table, and those of its ids that change hands. */
struct mr_suspect_parent {
    const uint64_t *ids; /* ascending */
    size_t nids;
    uint64_t greatest; /* key of the table on SOURCE */
};

struct mr_suspect_tally {
    uint64_t values, not_numbers, distinct, least, greatest;
    uint64_t seen[MR_SUSPECT_DISTINCT * 2]; /* value + 1, hashed; 0: free */
    uint64_t *hits;                         /* rows, per parent */
};

/* A whole number that is not negative, in the text that a key of that value has: '42', 42,
 * 42.00; not '042', '+42', 42.5, 'no 42'. */
bool mr_suspect_number(const struct mr_value *value, uint64_t *n);

/* NULL is nothing. */
void mr_suspect_tally_add(struct mr_suspect_tally *tally, const struct mr_value *value,
                          const struct mr_suspect_parent *parents, size_t nparents);

/* Values that are told apart, from the parent's smallest id on: at most
 * MR_SUSPECT_DISTINCT; returns how many.  Those that change hands are left out. */
size_t mr_suspect_tally_others(const struct mr_suspect_tally *tally,
                               const struct mr_suspect_parent *parent,
                               uint64_t others[MR_SUSPECT_DISTINCT]);

/* Fills all but the names and `unique`; keys: how many of the others are keys. */
void mr_suspect_tally_facts(const struct mr_suspect_tally *tally,
                            const struct mr_suspect_parent *parent, uint64_t hits, uint64_t keys,
                            struct mr_suspect_facts *facts);

#endif
