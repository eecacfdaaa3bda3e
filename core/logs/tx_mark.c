/* tx_mark.c: see tx_mark.h. */
#include "core/logs/tx_mark.h"

#include <xxhash.h>

void mr_tx_mark_begin(struct mr_tx_mark *mark, const struct mr_binlog_step *step)
{
    *mark = (struct mr_tx_mark){.originally_us = step->gtid->originally_us,
                                .is_first = step->gtid->originally_us == step->gtid->committed_us};
}

/* Of a replica that has names in small letters, which other letters than these have, too, this is all that stays. */
static uint64_t bit_of(const char *table)
{
    char name[256];
    size_t len = 0;
    for (const char *c = table; *c != '\0' && len < sizeof name; c++)
        if ((unsigned char)*c < 0x80)
            name[len++] = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    return (uint64_t)1 << XXH3_64bits(name, len) % 64;
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
    const bool is_said = a->originally_us != 0 && b->originally_us != 0;
    if (is_said && (a->originally_us == b->originally_us || !a->is_first || !b->is_first))
        return a->originally_us != b->originally_us;
    const bool is_timed = !a->own_clock && !b->own_clock;
    return (is_timed && (a->last < b->first || b->last < a->first)) || (a->tables & b->tables) == 0;
}
