/*
 * gate_fate: what became of a table's rows of the past.
 *
 * A table loses rows every day: they are purged from its old end, or deleted by some rule.
 * An older copy of the data that was put back lacks something else: all of the newest rows,
 * and nothing that is older; or other rows stand under their keys by now.  Where newest and
 * older ones are gone the rows alone do not tell: see gate_deleted.h.
 *
 * Threads: no state.
 */
#ifndef MR_GATE_FATE_H
#define MR_GATE_FATE_H

#include "recon/gate/gate_facts.h"

enum mr_gate_loss {
    MR_GATE_LOSS_NONE = 1,
    MR_GATE_LOSS_UNCLEAR, /* the newest are gone, and so are older ones: a queue, or not */
    MR_GATE_LOSS_LIKELY,  /* the newest are gone; rules that delete may do that, too */
    MR_GATE_LOSS_SURE
};

struct mr_gate_fate {
    size_t asked; /* 0: nothing is known */
    size_t there, touched, changed, doubtful, replaced, gone;
    size_t elsewhere;      /* of those that are lost: there under other keys */
    size_t newest_lost;    /* not there, or replaced; hardly one of them is left */
    size_t newest_changed; /* they hold something else, hardly one is as it was */
    bool from_begin;       /* what is gone are the oldest, and nothing behind them */
    enum mr_gate_loss loss;
};

/* It is gone, or another row stands under its key. */
bool mr_gate_row_is_lost(const struct mr_gate_row *row);

/* Of the rows as they were looked for again. */
struct mr_gate_fate mr_gate_fate_of_rows(const struct mr_gate_rows *list);
/* Of both lists of a table: the graver one. */
struct mr_gate_fate mr_gate_fate_of(const struct mr_gate_table *now);

#endif
