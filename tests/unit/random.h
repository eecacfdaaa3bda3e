/*
 * random.h: repeatable randomness for property tests.
 *
 * The numbers are those of splitmix64 (S. Vigna), from a fixed start, so that a failure
 * comes back at the next run.  SEEDS in the environment sets how long the loops are.
 */
#ifndef MR_TESTS_RANDOM_H
#define MR_TESTS_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static uint64_t random_state;

static inline uint64_t random_bits(void)
{
    random_state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = random_state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* 0 to limit - 1. */
static inline size_t random_below(size_t limit)
{
    return (size_t)(random_bits() % limit);
}

/* SEEDS, or 20. */
static inline unsigned random_seeds(void)
{
    const char *text = getenv("SEEDS");
    unsigned long n = text != NULL ? strtoul(text, NULL, 10) : 0;
    return n > 0 && n < 100000 ? (unsigned)n : 20;
}

#endif
