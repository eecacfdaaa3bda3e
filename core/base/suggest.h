/*
 * suggest: the nearest known word for a mistyped one, for "Did you mean …?" hints.
 */
#ifndef MR_SUGGEST_H
#define MR_SUGGEST_H

#include <stddef.h>

/* Collects the best of the words offered to it; zero-initialise with the typed word. */
struct mr_suggest {
    const char *typed;
    const char *best; /* NULL while nothing is near enough */
    size_t distance;  /* of best */
};

/* Offers one known word, which must outlive the struct. */
void mr_suggest_offer(struct mr_suggest *suggest, const char *word);

/* Number of single-letter insertions, deletions, replacements and swaps of neighbours
 * between two words; words beyond 63 bytes are infinitely far from everything. */
size_t mr_suggest_distance(const char *a, const char *b);

#endif
