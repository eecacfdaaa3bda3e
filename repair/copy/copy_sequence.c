/* copy_sequence.c: sequences above the keys that come; see copy_internal.h.
 *
 * A row that is inserted with its key moves an AUTO_INCREMENT counter along, but no
 * sequence: the next row would be given a key that is taken. */
#include <inttypes.h>
#include <stdio.h>

#include "core/base/log.h"
#include "core/case/case_args.h"
#include "core/pair/pair_columns.h"
#include "repair/copy/copy_internal.h"
#include "repair/reseed/plan_counters.h"
#include "repair/reseed/reseed_read.h"
#include "repair/reseed/reseed_value.h"
#include "core/schema/sequence.h"

/* Keys of both sides: those of SOURCE are still to come, those of TARGET may be above what its
 * sequence has given out, if somebody wrote them by hand. */
static enum mr_code read_sequence(struct mr_copy *c, const struct mr_plan_table *t,
                                  struct mr_sequence *sequence, uint64_t *above, struct mr_err *err)
{
    const struct mr_server_side *side = c->m.plan->pairing.side;
    uint64_t next[MR_SIDES], greatest[MR_SIDES];
    const struct mr_reseed_pair pair = {{t->pair->side[MR_SOURCE], t->pair->side[MR_TARGET]},
                                        {mr_pair_column(t->pair, MR_SOURCE, t->counter),
                                         mr_pair_column(t->pair, MR_TARGET, t->counter)}};
    enum mr_code code = mr_reseed_read(side, &pair, next, greatest, err);
    if (code == MR_OK)
        code = mr_sequence_read(mr_reader_db(side[MR_TARGET].main), t->sequence_db, t->sequence,
                                sequence, err);
    uint64_t most =
        greatest[MR_SOURCE] > greatest[MR_TARGET] ? greatest[MR_SOURCE] : greatest[MR_TARGET];
    *above = most < UINT64_MAX ? most + 1 : 0;
    return code;
}

static enum mr_code keep(struct mr_copy *c, const struct mr_plan_table *t, uint64_t increment,
                         uint64_t value, struct mr_err *err)
{
    char text[2][24];
    (void)snprintf(text[0], sizeof text[0], "%" PRIu64, value);
    (void)snprintf(text[1], sizeof text[1], "%" PRIu64, increment);
    return MR_CASE_ONCE(
        c->m.cf,
        "INSERT INTO plan_table (plan, tbl, next, margin, start, step, ids, counter)"
        " VALUES (:plan, :tbl, :next, '0', :next, :step, '0', :next)",
        err, MR_ARG_INT("plan", mr_plan_store_id(c->m.store)),
        MR_ARG_TEXT("tbl", mr_plan_table_name(t)), MR_ARG_TEXT("next", text[0]),
        MR_ARG_TEXT("step", text[1]));
}

/* A sequence is never lowered, and left alone where it is above all already. */
static enum mr_code raise_sequence(struct mr_copy *c, const struct mr_plan_table *t,
                                   struct mr_err *err)
{
    struct mr_sequence sequence;
    uint64_t above = 0;
    enum mr_code code = read_sequence(c, t, &sequence, &above, err);
    if (code != MR_OK || sequence.descends || (above > 0 && above <= sequence.next))
        return code;
    /* increment 0: the server's, which any value suits */
    struct mr_reseed_step step = {1, 1};
    if (sequence.increment > 1)
        step = (struct mr_reseed_step){sequence.increment, sequence.start % sequence.increment};
    uint64_t value = above > 0 ? mr_reseed_round(above, step) : 0;
    if (value != 0 && value <= sequence.maximum)
        return keep(c, t, step.increment, value, err);
    mr_log_warning("sequence \"%s.%s\" ends at %" PRIu64
                   ", and cannot be raised above the keys of table \"%s\"",
                   t->sequence_db, t->sequence, sequence.maximum, mr_plan_table_name(t));
    return MR_OK;
}

/* Where no row comes with a key nothing is raised: a sequence that was moved is a change that
 * nobody asked for. */
enum mr_code mr_copy_sequences(struct mr_copy *c, struct mr_err *err)
{
    MR_TRY(mr_plan_counters_open(c->m.cf, mr_plan_store_id(c->m.store), err));
    for (size_t i = 0; i < c->m.plan->ntables; i++) {
        const struct mr_plan_table *t = &c->m.plan->tables[i];
        int64_t any = 0;
        if (!c->planned[i] || t->sequence == NULL)
            continue;
        MR_TRY(MR_CASE_NUMBER(
            c->m.cf, "SELECT EXISTS (SELECT 1 FROM c WHERE tbl=:tbl AND op=:op AND kind IS NULL)",
            &any, err, MR_ARG_INT("tbl", i), MR_ARG_INT("op", MR_STEP_INSERT)));
        if (any != 0)
            MR_TRY(raise_sequence(c, t, err));
    }
    return MR_OK;
}
