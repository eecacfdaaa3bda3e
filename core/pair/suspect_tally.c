/* suspect_tally.c: see suspect_tally.h. */
#include "core/pair/suspect_tally.h"

#include <stdlib.h>

#define SLOTS ((size_t)MR_SUSPECT_DISTINCT * 2)

/* ---- values ---- */

/* Digits without a leading zero; of a decimal, zeros behind the point. */
static bool read_digits(const char *text, size_t len, bool is_decimal, uint64_t *n)
{
    size_t i = 0;
    *n = 0;
    for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
        if (__builtin_mul_overflow(*n, (uint64_t)10, n) ||
            __builtin_add_overflow(*n, (uint64_t)(text[i] - '0'), n))
            return false;
    if (i == 0 || (text[0] == '0' && i > 1))
        return false;
    if (is_decimal && i < len && text[i] == '.')
        for (i++; i < len && text[i] == '0';)
            i++;
    return i == len;
}

bool mr_suspect_number(const struct mr_value *value, uint64_t *n)
{
    *n = 0;
    if (value->cls == MR_CLASS_UINT) {
        *n = value->u;
        return true;
    }
    if (value->cls == MR_CLASS_INT) {
        *n = value->i > 0 ? (uint64_t)value->i : 0;
        return value->i >= 0;
    }
    if ((value->cls != MR_CLASS_TEXT && value->cls != MR_CLASS_DECIMAL) || value->ptr == NULL)
        return false;
    return read_digits(value->ptr, value->len, value->cls == MR_CLASS_DECIMAL, n);
}

static bool changes_hands(const struct mr_suspect_parent *parent, uint64_t n)
{
    size_t lo = 0, hi = parent->nids;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (parent->ids[mid] < n)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < parent->nids && parent->ids[lo] == n;
}

/* ---- the tally ---- */

static void tell_apart(struct mr_suspect_tally *tally, uint64_t n)
{
    size_t at = (size_t)((n * UINT64_C(0x9E3779B97F4A7C15)) >> 32) % SLOTS;
    if (n == UINT64_MAX || tally->distinct == MR_SUSPECT_DISTINCT)
        return;
    while (tally->seen[at] != 0 && tally->seen[at] != n + 1)
        at = (at + 1) % SLOTS;
    if (tally->seen[at] == 0) {
        tally->seen[at] = n + 1;
        tally->distinct++;
    }
}

void mr_suspect_tally_add(struct mr_suspect_tally *tally, const struct mr_value *value,
                          const struct mr_suspect_parent *parents, size_t nparents)
{
    uint64_t n;
    if (value->cls == MR_CLASS_NULL)
        return;
    if (!mr_suspect_number(value, &n)) {
        tally->values++;
        tally->not_numbers++;
        return;
    }
    tally->least = tally->values == tally->not_numbers || n < tally->least ? n : tally->least;
    tally->greatest = n > tally->greatest ? n : tally->greatest;
    tally->values++;
    tell_apart(tally, n);
    for (size_t i = 0; i < nparents; i++)
        if (parents[i].nids > 0 && n >= parents[i].ids[0])
            tally->hits[i] += changes_hands(&parents[i], n);
}

size_t mr_suspect_tally_others(const struct mr_suspect_tally *tally,
                               const struct mr_suspect_parent *parent,
                               uint64_t others[MR_SUSPECT_DISTINCT])
{
    size_t count = 0;
    for (size_t i = 0; parent->nids > 0 && i < SLOTS; i++) {
        uint64_t n = tally->seen[i] - 1;
        if (tally->seen[i] != 0 && n >= parent->ids[0] && !changes_hands(parent, n))
            others[count++] = n;
    }
    return count;
}

void mr_suspect_tally_facts(const struct mr_suspect_tally *tally,
                            const struct mr_suspect_parent *parent, uint64_t hits, uint64_t keys,
                            struct mr_suspect_facts *facts)
{
    uint64_t others[MR_SUSPECT_DISTINCT];
    uint64_t count = mr_suspect_tally_others(tally, parent, others);
    facts->only_numbers = tally->not_numbers == 0;
    facts->values = tally->values;
    facts->distinct = tally->distinct;
    facts->least = tally->least;
    facts->greatest = tally->greatest;
    facts->hits = hits;
    facts->above = 0;
    for (size_t i = 0; i < SLOTS; i++)
        facts->above +=
            tally->seen[i] != 0 && parent->nids > 0 && tally->seen[i] - 1 >= parent->ids[0];
    facts->outside = count - (keys < count ? keys : count);
    if (facts->outside == 0 && tally->greatest > parent->greatest)
        facts->outside = 1;
    facts->above += facts->above == 0 && hits > 0;
}
