/*
 * decide_world: what the tests of repair/decide share: worlds of facts, and whether a table has
 * a row for a sentence.
 */
#ifndef MR_TESTS_DECIDE_WORLD_H
#define MR_TESTS_DECIDE_WORLD_H

#include "repair/decide/decide.h"

/* A row: the sentence that decides it, what is known, what keeps it from being written. */
struct hindered {
    enum mr_sentence sentence;
    struct mr_fact fact;
    enum mr_group group;
    enum mr_conflict conflict;
};

#define SHOWN_IN(rows, s, shown)                                                                   \
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                                    \
    (shown) = (shown) || (rows)[i].sentence == (s)

/* The facts of a world: its bits are those of the list. */
static inline struct mr_fact world_of(size_t world, const size_t *offsets, size_t n)
{
    struct mr_fact f = {0};
    for (size_t i = 0; i < n; i++)
        *(bool *)((char *)&f + offsets[i]) = (world >> i & 1) != 0;
    return f;
}

#define AT(member) offsetof(struct mr_fact, member)

#endif
