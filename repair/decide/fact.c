/* fact.c: see fact.h. */
#include "repair/decide/fact.h"

static const struct {
    const char *name, *words;
    size_t at;
} facts[MR_FACTS] = {
#define MR_FACT(name, words) {#name, words, offsetof(struct mr_fact, name)},
#include "repair/decide/facts.def"
#undef MR_FACT
};
_Static_assert(MR_FACTS <= 63, "facts are kept as the bits of a signed number");

uint64_t mr_fact_bits(const struct mr_fact *fact)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < MR_FACTS; i++)
        if (*(const bool *)((const char *)fact + facts[i].at))
            bits |= (uint64_t)1 << i;
    return bits;
}

struct mr_fact mr_fact_of(uint64_t bits)
{
    struct mr_fact fact = {0};
    for (size_t i = 0; i < MR_FACTS; i++)
        *(bool *)((char *)&fact + facts[i].at) = (bits >> i & 1) != 0;
    return fact;
}

const char *mr_fact_name(size_t i)
{
    return facts[i].name;
}

const char *mr_fact_words(size_t i)
{
    return facts[i].words;
}
