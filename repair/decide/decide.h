/*
 * decide: who is who in a merge, row by row, as pure functions over what is known of a row
 * (fact.h): no server, no case, no allocation.
 *
 * Each answer names the sentence that it follows (sentences.def), which is how a plan can
 * say why, and how tests/unit/test_decide.c shows that no sentence is left without a case.
 *
 * Threads: any.  Errors: none.
 */
#ifndef MR_DECIDE_H
#define MR_DECIDE_H

#include "repair/decide/fact.h"

enum mr_sentence {
#define MR_SENTENCE(symbol, words) symbol,
#include "repair/decide/sentences.def"
#undef MR_SENTENCE
    MR_SENTENCES
};

/* The sentence's words. */
const char *mr_sentence_words(enum mr_sentence sentence);

struct mr_ruling {
    enum mr_group group;
    enum mr_sentence because;
};

/* By what the row's key and TARGET say, without regard to what it refers to. */
struct mr_ruling mr_decide_group(const struct mr_fact *f);

/* Where a row of that group moves to for what it refers to (refers_…, key_refers_…);
 * MR_SAYS_NOTHING: nowhere.  To be asked again until no row moves: each moves once, to
 * lost history. */
struct mr_ruling mr_decide_below(const struct mr_fact *f, enum mr_group group);

#endif
