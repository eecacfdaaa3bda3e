/* tx_mark.c: see tx_mark.h. */
#include "core/logs/tx_mark.h"

#include <string.h>
#include <xxhash.h>

void mr_tx_mark_begin(struct mr_tx_mark *mark, const struct mr_binlog_step *step)
{
    *mark = (struct mr_tx_mark){.originally_us = step->gtid->originally_us};
}

static uint64_t bit_of(const char *table)
{
    return (uint64_t)1 << XXH3_64bits(table, strlen(table)) % 64;
}

void mr_tx_mark_take(struct mr_tx_mark *mark, const struct mr_binlog_step *step)
{
    const uint32_t when = step->event->when;
    const bool is_first = mark->tables == 0;
    if (step->kind == MR_STEP_STATEMENT)
        mark->tables = UINT64_MAX;
    else if (step->map != NULL)
        mark->tables |= bit_of(step->map->table.name);
    else
        return; /* it closes a statement */
    mark->first = is_first || when < mark->first ? when : mark->first;
    mark->last = is_first || when > mark->last ? when : mark->last;
}

bool mr_tx_marks_differ(const struct mr_tx_mark *a, const struct mr_tx_mark *b)
{
    if (a->originally_us != 0 && b->originally_us != 0)
        return a->originally_us != b->originally_us;
    return a->last < b->first || b->last < a->first || (a->tables & b->tables) == 0;
}
