/* decide_column.c: a column of a row of three states; see decide_three.h. */
#include "repair/decide/decide_three.h"

/* As three_outcomes.def has them. */
static const struct {
    const char *name;
    struct mr_column_ruling ruling;
    enum mr_three_outcome row;
} outcomes[MR_COLUMN_OUTCOMES] = {
#define MR_THREE_COLUMN_OUTCOME(symbol, name, deed, conflict, sentence, row)                       \
    [MR_COLUMN_##symbol] = {                                                                       \
        name,                                                                                      \
        {MR_COLUMN_##symbol, MR_COLUMN_##deed, {MR_CONFLICT_##conflict, MR_SAYS_##sentence}},      \
        MR_THREE_IS_##row},
#define MR_THREE_OUTCOME(symbol, name, deed, conflict, sentence)
#include "repair/decide/three_outcomes.def"
#undef MR_THREE_COLUMN_OUTCOME
#undef MR_THREE_OUTCOME
};

const char *mr_column_outcome_name(enum mr_column_outcome outcome)
{
    return outcomes[outcome].name;
}

enum mr_three_outcome mr_three_outcome_of(enum mr_column_outcome outcome)
{
    return outcome != MR_COLUMN_UNDECIDED ? outcomes[outcome].row : MR_THREE_IS_SAME_CHANGE;
}

enum mr_column_rule mr_decide_rule(const struct mr_column_fact *f)
{
    const bool may = !f->key && !f->identity && !f->reference && !f->generated;
    return may ? f->rule : MR_RULE_NONE;
}

/* ---- what is to be done with it ---- */

/* A sum without a base would be a guess, whoever computed it. */
static enum mr_column_outcome of_answer(const struct mr_column_fact *f)
{
    if (f->rule == MR_RULE_ADD && !f->seen)
        return MR_COLUMN_RULE_FAILS;
    if (f->answer == MR_RULE_TAKES_SOURCE)
        return MR_COLUMN_RULE_WRITES;
    if (f->answer == MR_RULE_TAKES_TARGET)
        return MR_COLUMN_RULE_KEEPS;
    return f->answer == MR_RULE_TAKES_VALUE ? MR_COLUMN_RULE_COMPUTES : MR_COLUMN_RULE_FAILS;
}

static enum mr_column_outcome of_rule(const struct mr_column_fact *f)
{
    const enum mr_column_rule rule = mr_decide_rule(f);
    if (rule == MR_RULE_SOURCE)
        return MR_COLUMN_RULE_WRITES;
    if (rule == MR_RULE_TARGET)
        return MR_COLUMN_RULE_KEEPS;
    return rule == MR_RULE_NONE ? MR_COLUMN_CHANGED : of_answer(f);
}

/* Both sides made the row: whatever differs was made otherwise by both. */
static enum mr_column_outcome of_two_rows(const struct mr_column_fact *f)
{
    if (f->key)
        return MR_COLUMN_OWN_KEY;
    if (f->same)
        return MR_COLUMN_ALIKE;
    const enum mr_column_outcome by_rule = of_rule(f);
    return by_rule == MR_COLUMN_CHANGED || by_rule == MR_COLUMN_RULE_FAILS ? MR_COLUMN_DIFFERS
                                                                           : by_rule;
}

static enum mr_column_outcome of_three(const struct mr_column_fact *f)
{
    if (f->same)
        return f->source_changed ? MR_COLUMN_ALIKE : MR_COLUMN_UNTOUCHED;
    if (!f->seen && !(f->source_changed && f->target_changed))
        return MR_COLUMN_UNSEEN;
    if (!f->source_changed)
        return f->target_changed ? MR_COLUMN_LIVE : MR_COLUMN_UNTOUCHED;
    if (f->key)
        return MR_COLUMN_KEY;
    return f->target_changed ? of_rule(f) : MR_COLUMN_RESTORED;
}

static enum mr_column_outcome outcome_of(const struct mr_column_fact *f)
{
    if (f->generated)
        return MR_COLUMN_GENERATED;
    return f->baseless ? of_two_rows(f) : of_three(f);
}

/* ---- what keeps it from being written, and what was chosen ---- */

/* Who lets an orphan stay one has been told of whom it would come to belong to. */
static enum mr_column_outcome hindrance(const struct mr_column_fact *f,
                                        const enum mr_pick picks[MR_CONFLICTS])
{
    if (f->disagrees)
        return MR_COLUMN_DISAGREES;
    if (f->nobody)
        return MR_COLUMN_NOBODY;
    if (f->attaches && picks[MR_CONFLICT_ORPHAN_WOULD_ATTACH] != MR_PICK_SOURCE)
        return MR_COLUMN_ATTACHES;
    if (f->unfit)
        return MR_COLUMN_UNFIT;
    return f->rival ? MR_COLUMN_RIVAL : MR_COLUMN_UNDECIDED;
}

/* TARGET's value stays, by itself or since a person said so. */
static struct mr_column_ruling kept(enum mr_column_outcome outcome,
                                    const enum mr_pick picks[MR_CONFLICTS])
{
    struct mr_column_ruling ruling = outcomes[outcome].ruling;
    if (picks[ruling.why.conflict] == MR_PICK_TARGET)
        ruling.why.conflict = MR_CONFLICT_NONE;
    return ruling;
}

static struct mr_column_ruling written(const struct mr_column_fact *f,
                                       enum mr_column_outcome outcome,
                                       const enum mr_pick picks[MR_CONFLICTS])
{
    struct mr_column_ruling ruling = outcomes[outcome].ruling;
    const enum mr_column_outcome hindered = hindrance(f, picks);
    if (hindered != MR_COLUMN_UNDECIDED)
        return kept(hindered, picks);
    if (ruling.deed == MR_COLUMN_KEEPS)
        ruling.deed = MR_COLUMN_WRITES;
    ruling.why.conflict = MR_CONFLICT_NONE;
    return ruling;
}

/* Which of two values?  Nobody chooses a key. */
static bool is_of_values(enum mr_conflict conflict)
{
    return conflict == MR_CONFLICT_CHANGED || conflict == MR_CONFLICT_DIFFERS;
}

struct mr_column_ruling mr_decide_column(const struct mr_column_fact *f,
                                         const enum mr_pick picks[MR_CONFLICTS])
{
    const enum mr_column_outcome outcome = outcome_of(f);
    const struct mr_column_ruling *ruling = &outcomes[outcome].ruling;
    const enum mr_conflict conflict = ruling->why.conflict;
    const bool chosen = is_of_values(conflict) && picks[conflict] == MR_PICK_SOURCE;
    return ruling->deed != MR_COLUMN_KEEPS || chosen ? written(f, outcome, picks)
                                                     : kept(outcome, picks);
}

struct mr_column_ruling mr_decide_written(const struct mr_column_fact *f,
                                          const enum mr_pick picks[MR_CONFLICTS])
{
    return written(f, MR_COLUMN_RESTORED, picks);
}
