/*
 * decide: who is who in a merge, row by row, as pure functions over what is known of a row
 * (fact.h): no server, no case, no allocation.
 *
 * Each answer names the sentence that it follows (sentences.def), which is how a plan can
 * say why, and how tests/unit/test_decide_*.c show that no sentence is left without a case.
 *
 * Threads: any.  Errors: none.
 */
#ifndef MR_DECIDE_H
#define MR_DECIDE_H

#include "repair/decide/conflict.h"
#include "repair/decide/fact.h"

enum mr_sentence {
#define MR_SENTENCE(symbol, section, words) symbol,
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

/* What TARGET's row under the key of a row above L is to it, if it differs. */
enum mr_twin {
    MR_TWIN_OTHER = 1, /* another row */
    MR_TWIN_SELF,      /* the same row: both are of the past */
    MR_TWIN_DOUBT
};
struct mr_likeness {
    enum mr_twin twin;
    enum mr_sentence because;
};
struct mr_likeness mr_decide_twin(const struct mr_fact *f);

/* By what the row's key and TARGET say, without regard to what it refers to. */
struct mr_ruling mr_decide_group(const struct mr_fact *f);

/* Where a row of that group moves to for what it refers to (refers_…, key_refers_…);
 * MR_SAYS_NOTHING: nowhere.  To be asked again until no row moves: each moves once, to
 * lost history. */
struct mr_ruling mr_decide_below(const struct mr_fact *f, enum mr_group group);

struct mr_obstacle {
    enum mr_conflict conflict; /* MR_CONFLICT_NONE: nothing stands in the way */
    enum mr_sentence because;
};

/* Is a row of TARGET that the row meets the row itself?  If not, the obstacle is what that
 * makes of it. */
struct mr_meeting {
    bool is_it;
    struct mr_obstacle obstacle;
};
/* TARGET's row under its key (taken). */
struct mr_meeting mr_decide_holder(const struct mr_fact *f);
/* Of a row above L: whoever has its identity. */
struct mr_meeting mr_decide_identity(const struct mr_fact *f);

/* Which conflict the values of a row make that TARGET has. */
struct mr_obstacle mr_decide_values(const struct mr_fact *f, enum mr_group group);

/* What keeps a row of that group from being written, by itself: the first reason that
 * holds. */
struct mr_obstacle mr_decide_obstacle(const struct mr_fact *f, enum mr_group group);

/* Has TARGET another row of SOURCE under its key, so that none can be written under it?  A counter
 * would give it a new one. */
bool mr_decide_displaced(const struct mr_fact *f);

/* Which key it has on TARGET, if it comes to be there. */
enum mr_place {
    MR_PLACE_THERE = 1, /* that of the row that it is */
    MR_PLACE_KEY,       /* its own */
    MR_PLACE_NEW_ID     /* one that no row had */
};
struct mr_placing {
    enum mr_place place;
    enum mr_sentence because;
};
struct mr_placing mr_decide_place(const struct mr_fact *f);

/* All of it, for a row of which all is known: what repair/merge comes to in the end, once what
 * the row refers to is decided and by itself (rows above it may make it wait). */
struct mr_outcome {
    struct mr_ruling ruling;
    struct mr_obstacle obstacle;
};
struct mr_outcome mr_decide_merge(const struct mr_fact *f);

#endif
