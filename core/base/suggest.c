/* suggest.c: see suggest.h. */
#include "core/base/suggest.h"

#include <stdint.h>
#include <string.h>

#define MAX_WORD ((size_t)63)

static size_t min2(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * Optimal string alignment (Damerau 1964, restricted): row i holds the distance of the
 * first i letters of a to every prefix of b; two older rows are enough, because a swap
 * of neighbours looks back two letters.
 */
size_t mr_suggest_distance(const char *a, const char *b)
{
    size_t rows[3][MAX_WORD + 1];
    size_t na = strlen(a), nb = strlen(b);
    if (na > MAX_WORD || nb > MAX_WORD)
        return SIZE_MAX;
    memset(rows, 0, sizeof rows);
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = min2(replace, 1 + min2(above[j], row[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min2(row[j], above2[j - 2] + 1);
        }
    }
    return rows[na % 3][nb];
}

void mr_suggest_offer(struct mr_suggest *suggest, const char *word)
{
    size_t distance = mr_suggest_distance(suggest->typed, word);
    /* a third of the letters may be wrong, at least one: "--tread" is "--threads", but
     * "--foo" is not "--json" */
    size_t limit = strlen(suggest->typed) / 3;
    if (limit == 0)
        limit = 1;
    if (distance > limit || (suggest->best != NULL && distance >= suggest->distance))
        return;
    suggest->best = word;
    suggest->distance = distance;
}
