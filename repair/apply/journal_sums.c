/* journal_sums.c: see journal_sums.h. */
#include "repair/apply/journal_sums.h"

#include <string.h>

void mr_journal_sums_init(struct mr_journal_sums *sums)
{
    sums->batches = (struct mr_vec)MR_VEC_INIT(struct mr_journal_batch);
}

void mr_journal_sums_release(struct mr_journal_sums *sums)
{
    mr_vec_release(&sums->batches);
}

static enum mr_code push(struct mr_journal_sums *sums, const struct mr_journal_unit *unit,
                         struct mr_arena *arena, struct mr_err *err)
{
    struct mr_journal_batch *b = mr_vec_push(&sums->batches);
    if (b == NULL)
        return mr_err_nomem(err, "reading the journal");
    *b = (struct mr_journal_batch){.script = unit->script,
                                   .unit = unit->number,
                                   .marker = mr_arena_strdup(arena, unit->marker),
                                   .rows = mr_arena_strdup(arena, unit->sums),
                                   .position = unit->position,
                                   .status = MR_BATCH_OPEN};
    if (unit->log != NULL)
        b->log = mr_arena_strdup(arena, unit->log);
    return b->marker == NULL || b->rows == NULL || (unit->log != NULL && b->log == NULL)
               ? mr_err_nomem(err, "reading the journal")
               : MR_OK;
}

static bool is_marked(const struct mr_journal_batch *b, const struct mr_journal_unit *unit)
{
    return unit->marker != NULL && strcmp(b->marker, unit->marker) == 0;
}

/* A unit that has failed has rolled back what this run has tried of it, unless it was lost sight of; an
 * earlier run's try is as open as it was. */
static void settle(struct mr_journal_batch *b, enum mr_journal_event event,
                   const struct mr_journal_unit *unit)
{
    const bool own = b->script == unit->script && b->unit == unit->number;
    if (event == MR_JOURNAL_DONE && is_marked(b, unit))
        b->status = MR_BATCH_DONE;
    else if (event == MR_JOURNAL_SETTLED && is_marked(b, unit))
        b->status = unit->happened ? MR_BATCH_DONE : MR_BATCH_GONE;
    else if (event == MR_JOURNAL_FAILED && own && b->status == MR_BATCH_OPEN && !b->is_older &&
             !unit->lost)
        b->status = MR_BATCH_GONE;
    if (event == MR_JOURNAL_TRY && own)
        b->is_older = true;
}

enum mr_code mr_journal_sums_note(struct mr_journal_sums *sums, enum mr_journal_event event,
                                  const struct mr_journal_unit *unit, struct mr_arena *arena,
                                  struct mr_err *err)
{
    if (event == MR_JOURNAL_SUMS)
        return unit->sums != NULL && unit->marker != NULL ? push(sums, unit, arena, err) : MR_OK;
    for (size_t i = 0; i < sums->batches.count; i++)
        settle(mr_vec_at(&sums->batches, i), event, unit);
    return MR_OK;
}
