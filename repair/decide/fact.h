/*
 * fact: what is known of one row of the lost history (SOURCE) when it is decided
 * (facts.def).  Who reads servers and case fills it (repair/merge); mr_decide_… (decide.h)
 * reads it, and nothing else.
 *
 * A fact that nobody has looked for is false.  A decision that needs one says so.
 */
#ifndef MR_FACT_H
#define MR_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What kind of row it is. */
enum mr_group {
    MR_GROUP_UNDECIDED = 0,
    MR_GROUP_BASE,  /* the same row on both sides: of the past, or by its key */
    MR_GROUP_GONE,  /* of the past, deleted on the live side */
    MR_GROUP_SAME,  /* above the past, byte-equal, every reference the same */
    MR_GROUP_LOST,  /* lost history */
    MR_GROUP_MAYBE, /* deleted on the live side, or lost */
    MR_GROUP_DOUBT  /* of the past or lost: TARGET has another row under its key */
};

/* "base", "gone", …; NULL where it is undecided. */
const char *mr_group_name(enum mr_group group);
/* The other way; NULL is undecided, and so is what no group is called. */
enum mr_group mr_group_named(const char *name);

/* A flag for each line of facts.def. */
struct mr_fact {
#define MR_FACT(name, words) bool name;
#include "repair/decide/facts.def"
#undef MR_FACT
};

#define MR_FACTS (sizeof(struct mr_fact) / sizeof(bool))

/* As bits, the first of facts.def being bit 0; and back. */
uint64_t mr_fact_bits(const struct mr_fact *fact);
struct mr_fact mr_fact_of(uint64_t bits);

/* Of the fact at that place of facts.def: its name, and what is true then. */
const char *mr_fact_name(size_t i);
const char *mr_fact_words(size_t i);

#endif
