/*
 * conflict_words: what people are told who decide conflicts: what has happened, and what each
 * choice would do (conflict_words.def).
 *
 * Texts are English sentences, constants.  Threads: any.  Errors: none.
 */
#ifndef MR_CONFLICT_WORDS_H
#define MR_CONFLICT_WORDS_H

#include "repair/decide/conflict.h"

/* A title, and what has happened; "" for none. */
const char *mr_conflict_title(enum mr_conflict conflict);
const char *mr_conflict_says(enum mr_conflict conflict);
/* Where it stands among the kinds, the most consequential first: from 1; 0 for none. */
unsigned mr_conflict_rank(enum mr_conflict conflict);
/* What the choice would do for a conflict of that kind: a word of `choices`, or what a person wrote
 * for one (`newest:updated_at`, `name=Zoe`); "" where it is none of the kind's. */
const char *mr_choice_says(enum mr_conflict conflict, const char *choice);

#endif
