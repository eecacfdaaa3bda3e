/* decide_three.c: a row of three states, by itself; see decide_three.h. */
#include "repair/decide/decide_three.h"

/* As three_outcomes.def has them. */
static const struct {
    const char *name;
    struct mr_three_ruling ruling;
} outcomes[MR_THREE_OUTCOMES] = {
#define MR_THREE_COLUMN_OUTCOME(symbol, name, deed, conflict, sentence, row)
#define MR_THREE_OUTCOME(symbol, name, deed, conflict, sentence)                                   \
    [MR_THREE_IS_##symbol] = {                                                                     \
        name,                                                                                      \
        {MR_THREE_IS_##symbol, MR_THREE_##deed, {MR_CONFLICT_##conflict, MR_SAYS_##sentence}}},
#include "repair/decide/three_outcomes.def"
#undef MR_THREE_COLUMN_OUTCOME
#undef MR_THREE_OUTCOME
};

const char *mr_three_outcome_name(enum mr_three_outcome outcome)
{
    return outcomes[outcome].name;
}

struct mr_three_ruling mr_three_ruling_of(enum mr_three_outcome outcome)
{
    return outcomes[outcome].ruling;
}

/* Two logs, two bases: one of them is not what stood at the split.  Where neither side touched the
 * row, no change is in doubt, and only the difference is told. */
static enum mr_three_outcome of_two_bases(const struct mr_three_fact *f)
{
    if (!f->source_touched && (!f->target_touched || !f->source))
        return MR_THREE_IS_UNEXPLAINED;
    if (f->source)
        return f->target ? MR_THREE_IS_BASES_DIFFER : MR_THREE_IS_BASES_SOURCE;
    return f->target ? MR_THREE_IS_BASES_TARGET : MR_THREE_IS_BOTH_DELETED;
}

/* No row stood there at the split. */
static enum mr_three_outcome of_no_base(const struct mr_three_fact *f)
{
    if (!f->source)
        return f->target ? MR_THREE_IS_LIVE : MR_THREE_IS_NEITHER;
    if (f->source_arrived)
        return MR_THREE_IS_ARRIVED;
    return f->same_entity ? MR_THREE_IS_SAME_ENTITY : MR_THREE_IS_LOST;
}

static bool is_changed(const struct mr_three_fact *f)
{
    return f->source_changed || f->source_unsure;
}

/* Its key was changed: the other's changes would be written to nobody, or to whoever has that key
 * by now.  Whom SOURCE made under the key that it took away would be lost without a word. */
static enum mr_three_outcome of_moved(const struct mr_three_fact *f)
{
    if (f->source_moved)
        return f->source ? MR_THREE_IS_KEY_REUSED : MR_THREE_IS_KEY_CHANGED;
    return f->source && !f->source_remade && !is_changed(f) ? MR_THREE_IS_SOURCE_SAME
                                                            : MR_THREE_IS_KEY_CHANGED;
}

/* A row stood there at the split. */
static enum mr_three_outcome of_base(const struct mr_three_fact *f)
{
    if (f->source_moved || f->target_moved)
        return of_moved(f);
    const bool lives = f->target && !f->target_remade;
    if (!f->source)
        return lives ? MR_THREE_IS_DELETED_IN_SOURCE : MR_THREE_IS_BOTH_DELETED;
    if (f->source_remade)
        return lives ? MR_THREE_IS_KEY_REUSED : MR_THREE_IS_LOST;
    if (!is_changed(f))
        return MR_THREE_IS_SOURCE_SAME;
    return lives ? MR_THREE_IS_COMMON : MR_THREE_IS_DELETED_ON_LIVE;
}

static enum mr_three_outcome outcome_of(const struct mr_three_fact *f)
{
    if (!f->evidence)
        return MR_THREE_IS_NO_EVIDENCE;
    if (f->bases_differ)
        return of_two_bases(f);
    if (!f->base_known)
        return MR_THREE_IS_NO_BASE;
    return f->base ? of_base(f) : of_no_base(f);
}

struct mr_three_ruling mr_decide_three_row(const struct mr_three_fact *f)
{
    return mr_three_ruling_of(outcome_of(f));
}
