/* report_rank.c: see report_rank.h. */
#include "recon/report/report_rank.h"

#include <stdlib.h>

struct mr_report_rank mr_report_rank_of(size_t at, int gravity, const struct mr_find_counts *counts)
{
    return (struct mr_report_rank){at, gravity, counts->collision,
                                   mr_find_counts_differing(counts)};
}

static int compare(const void *a, const void *b)
{
    const struct mr_report_rank *x = a, *y = b;
    if (x->gravity != y->gravity)
        return x->gravity - y->gravity;
    if (x->collisions != y->collisions)
        return x->collisions > y->collisions ? -1 : 1;
    if (x->rows != y->rows)
        return x->rows > y->rows ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

void mr_report_rank_sort(struct mr_report_rank *ranks, size_t count, size_t *order)
{
    qsort(ranks, count, sizeof *ranks, compare);
    for (size_t i = 0; i < count; i++)
        order[i] = ranks[i].at;
}
