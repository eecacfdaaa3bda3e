/* decide_by_column.c: a row of three states from its facts to what becomes of it; see
 * decide_three.h. */
#include <string.h>

#include "repair/decide/decide_three.h"

enum mr_pick mr_pick_of(const char *choice)
{
    static const struct {
        const char *choice;
        enum mr_pick pick;
    } picks[] = {
        {"target", MR_PICK_TARGET},   {"keep", MR_PICK_TARGET},    {"skip", MR_PICK_TARGET},
        {"source", MR_PICK_SOURCE},   {"restore", MR_PICK_SOURCE}, {"delete", MR_PICK_SOURCE},
        {"columns", MR_PICK_COLUMNS},
    };
    for (size_t i = 0; choice != NULL && i < sizeof picks / sizeof picks[0]; i++)
        if (strcmp(picks[i].choice, choice) == 0)
            return picks[i].pick;
    return MR_PICK_NONE;
}

/* A row that is decided, and its columns. */
struct deciding {
    const struct mr_column_fact *columns;
    size_t n;
    const enum mr_pick *picks; /* by kind of conflict */
    struct mr_column_ruling *rulings;
};

/* What its columns come to. */
struct tally {
    enum mr_column_outcome weightiest;
    bool writes;   /* anything */
    bool restores; /* SOURCE's value of a column that no rule is for */
    bool lives;    /* TARGET keeps what it changed of a column that no rule is for */
};

/* TARGET's own change, or what a person kept of it.  Columns that have a rule stand for themselves:
 * their owner has said how. */
static bool is_live(const struct mr_column_ruling *r)
{
    const bool asked = r->outcome >= MR_COLUMN_DIFFERS && r->outcome <= MR_COLUMN_UNSEEN;
    return r->outcome == MR_COLUMN_LIVE || (asked && r->deed == MR_COLUMN_KEEPS);
}

static struct tally tally_up(const struct deciding *d)
{
    struct tally t = {0};
    for (size_t i = 0; i < d->n; i++) {
        const struct mr_column_ruling *r = &d->rulings[i];
        const bool alone = mr_decide_rule(&d->columns[i]) != MR_RULE_NONE;
        if (r->outcome > t.weightiest)
            t.weightiest = r->outcome;
        t.writes = t.writes || r->deed != MR_COLUMN_KEEPS;
        t.restores = t.restores || (!alone && r->deed == MR_COLUMN_WRITES);
        t.lives = t.lives || (!alone && is_live(r));
    }
    return t;
}

/* The first column that waits; NULL: none does. */
static const struct mr_column_ruling *find_asked(const struct deciding *d)
{
    const struct mr_column_ruling *found = NULL;
    for (size_t i = 0; i < d->n; i++) {
        const struct mr_column_ruling *r = &d->rulings[i];
        if (r->why.conflict != MR_CONFLICT_NONE && (found == NULL || r->outcome > found->outcome))
            found = r;
    }
    return found;
}

static struct mr_three_ruling asks(const struct mr_column_ruling *column)
{
    struct mr_three_ruling ruling = mr_three_ruling_of(mr_three_outcome_of(column->outcome));
    ruling.why = column->why;
    return ruling;
}

/* Decided: nothing is asked any more. */
static struct mr_three_ruling does(enum mr_three_outcome outcome, enum mr_three_deed deed)
{
    struct mr_three_ruling ruling = mr_three_ruling_of(outcome);
    ruling.deed = deed;
    ruling.why.conflict = MR_CONFLICT_NONE;
    return ruling;
}

/* TARGET's row is to be SOURCE's, but for its key and what the server computes. */
static struct mr_three_ruling take_source(const struct deciding *d, enum mr_three_outcome outcome)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct mr_column_fact *c = &d->columns[i];
        if (!c->same && !c->key && !c->generated)
            d->rulings[i] = mr_decide_written(c, d->picks);
    }
    const struct mr_column_ruling *asked = find_asked(d);
    if (asked != NULL)
        return asks(asked);
    return does(outcome, tally_up(d).writes ? MR_THREE_UPDATES : MR_THREE_LEAVES);
}

/* restored-change=target: what SOURCE alone changed is not written after all. */
static struct mr_three_ruling keep_restored(const struct deciding *d, enum mr_three_outcome outcome)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->rulings[i].outcome == MR_COLUMN_RESTORED)
            d->rulings[i].deed = MR_COLUMN_KEEPS;
    return does(outcome, tally_up(d).writes ? MR_THREE_UPDATES : MR_THREE_LEAVES);
}

/* Each side changed columns of its own: are they independent? */
static struct mr_three_ruling of_both_changed(const struct deciding *d)
{
    const enum mr_pick pick = d->picks[MR_CONFLICT_BOTH_CHANGED];
    if (pick == MR_PICK_SOURCE)
        return take_source(d, MR_THREE_IS_BOTH_CHANGED);
    if (pick == MR_PICK_TARGET)
        return does(MR_THREE_IS_BOTH_CHANGED, MR_THREE_LEAVES);
    if (pick == MR_PICK_COLUMNS)
        return does(MR_THREE_IS_BOTH_CHANGED, MR_THREE_UPDATES);
    return mr_three_ruling_of(MR_THREE_IS_BOTH_CHANGED);
}

static struct mr_three_ruling by_columns(const struct deciding *d)
{
    const struct mr_column_ruling *asked = find_asked(d);
    if (asked != NULL)
        return asks(asked);
    const struct tally t = tally_up(d);
    const enum mr_three_outcome outcome = mr_three_outcome_of(t.weightiest);
    if (t.restores && t.lives)
        return of_both_changed(d);
    if (d->picks[MR_CONFLICT_RESTORED_CHANGE] == MR_PICK_TARGET)
        return keep_restored(d, outcome);
    return does(outcome, t.writes ? MR_THREE_UPDATES : MR_THREE_LEAVES);
}

/* Of a row that is not decided by its columns: what was chosen for it. */
static struct mr_three_ruling by_choice(const struct deciding *d, struct mr_three_ruling ruling)
{
    const enum mr_conflict conflict = ruling.why.conflict;
    const enum mr_pick pick = d->picks[conflict];
    if (conflict == MR_CONFLICT_NONE || pick == MR_PICK_NONE || pick == MR_PICK_COLUMNS)
        return ruling;
    if (pick == MR_PICK_TARGET)
        return does(ruling.outcome, MR_THREE_LEAVES);
    if (conflict == MR_CONFLICT_KEY_CHANGED)
        return ruling;
    if (conflict == MR_CONFLICT_BASES_DIFFER)
        return take_source(d, ruling.outcome);
    return does(ruling.outcome,
                conflict == MR_CONFLICT_DELETED_IN_SOURCE ? MR_THREE_DELETES : MR_THREE_FOLLOWS);
}

struct mr_three_ruling mr_decide_three(const struct mr_three_fact *f,
                                       const struct mr_column_fact *columns, size_t ncolumns,
                                       const enum mr_pick picks[MR_CONFLICTS],
                                       struct mr_column_ruling *rulings)
{
    const struct deciding d = {columns, ncolumns, picks, rulings};
    struct mr_three_fact row = *f;
    row.source_changed = row.source_unsure = false;
    for (size_t i = 0; i < ncolumns; i++) {
        const struct mr_column_fact *c = &columns[i];
        rulings[i] = (struct mr_column_ruling){0};
        row.source_changed = row.source_changed || (c->source_changed && !c->generated);
        row.source_unsure = row.source_unsure || (!c->seen && !c->generated);
    }
    const struct mr_three_ruling ruling = mr_decide_three_row(&row);
    if (ruling.deed != MR_THREE_COMPARES)
        return by_choice(&d, ruling);
    for (size_t i = 0; i < ncolumns; i++) {
        struct mr_column_fact c = columns[i];
        c.baseless = ruling.outcome == MR_THREE_IS_SAME_ENTITY;
        rulings[i] = mr_decide_column(&c, picks);
    }
    return by_columns(&d);
}
