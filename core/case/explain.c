/* explain.c: see explain.h. */
#include "core/case/explain.h"

enum { SOURCE, TARGET, SIDES };

const char *mr_told_text(enum mr_told told)
{
    switch (told) {
    case MR_TOLD: return "its log tells of it";
    case MR_TOLD_UNREAD: return "its logs were not read";
    case MR_TOLD_INCOMPLETE: return "its logs are incomplete";
    case MR_TOLD_BLIND: return "its logs do not show all changes of the table";
    case MR_TOLD_BROKEN: return "the images of its log do not chain";
    case MR_TOLD_SHARED: return "transactions that both sides have changed it after own ones";
    case MR_TOLD_NOT_KEPT: return "what its log showed of the row was not kept";
    case MR_TOLD_MOVING: return "it was being changed while the logs were read";
    case MR_TOLD_SPELLED: return "the sides spell its key in two ways, and each log in its own";
    case MR_TOLD_SINCE: break;
    }
    return "its row is not the one that its log leads to";
}

const char *mr_changed_name(enum mr_changed changed)
{
    switch (changed) {
    case MR_CHANGED_NOBODY: return "nobody";
    case MR_CHANGED_BY_SOURCE: return "source";
    case MR_CHANGED_BY_TARGET: return "target";
    case MR_CHANGED_ALIKE: return "alike";
    case MR_CHANGED_BY_BOTH: return "both";
    case MR_CHANGED_UNSEEN: return "unseen";
    case MR_CHANGED_NOT_TOLD: return "not told";
    case MR_CHANGED_BY_CASCADE: return "cascade";
    case MR_CHANGED_UNEXPLAINED: break;
    }
    return "unexplained";
}

const char *mr_explained_name(enum mr_explained explained)
{
    switch (explained) {
    case MR_EXPLAINED_EQUAL: return "equal";
    case MR_EXPLAINED: return "explained";
    case MR_EXPLAINED_INFERRED: return "inferred";
    case MR_EXPLAINED_NOT_TOLD: return "not told";
    case MR_EXPLAINED_NOT: break;
    }
    return "unexplained";
}

void mr_explain_init(struct mr_explain *x)
{
    *x = (struct mr_explain){.columns = MR_VEC_INIT(struct mr_explain_column)};
    for (int side = 0; side < SIDES; side++) {
        mr_seen_image_init(&x->rows[side]);
        mr_seen_image_init(&x->first[side]);
        mr_seen_image_init(&x->last[side]);
        mr_image_init(&x->images[side]);
    }
}

void mr_explain_release(struct mr_explain *x)
{
    mr_vec_release(&x->columns);
    for (int side = 0; side < SIDES; side++) {
        mr_seen_image_release(&x->rows[side]);
        mr_seen_image_release(&x->first[side]);
        mr_seen_image_release(&x->last[side]);
        mr_image_release(&x->images[side]);
    }
}

const struct mr_explain_column *mr_explain_column(const struct mr_explain *x, size_t column)
{
    return mr_vec_at(&x->columns, column);
}

/* ---- one side ---- */

static bool has_row(const struct mr_explain *x, int side)
{
    return x->sides[side].row.ptr != NULL;
}

static bool is_same(const struct mr_explain *x, size_t column, struct mr_key a, struct mr_key b)
{
    return mr_image_same_value(a, b, &x->table->columns[column]);
}

static bool has_flag(const struct mr_explain *x, int side, enum mr_mark_flag flag)
{
    const struct mr_evidence_mark *mark = x->sides[side].mark;
    return mark != NULL && (mark->flags & (int)flag) != 0;
}

/* An image that should be there, and is not kept. */
static bool lacks_images(const struct mr_explain *x, int side)
{
    return (!has_flag(x, side, MR_MARK_ABSENT_BEFORE) && x->first[side].ptr == NULL) ||
           (!has_flag(x, side, MR_MARK_DELETED) && x->last[side].ptr == NULL);
}

/* Does the column of the side's row have the value that the log has shown last? */
static bool leads_to_row(const struct mr_explain *x, int side, size_t column)
{
    return is_same(x, column, mr_seen_image_at(&x->last[side], column),
                   mr_seen_image_at(&x->rows[side], column));
}

static bool is_another_row(const struct mr_explain *x, int side)
{
    if (has_row(x, side) == has_flag(x, side, MR_MARK_DELETED))
        return true;
    for (size_t i = 0; has_row(x, side) && i < x->table->ncolumns; i++)
        if (mr_seen_image_at(&x->last[side], i).ptr != NULL && !leads_to_row(x, side, i))
            return true;
    return false;
}

/* Is TARGET's row one that only its collation takes for SOURCE's, 'ANN' and 'ann'?  What TARGET's log has of it
 * stands under another key than the one that was asked for. */
static bool is_spelled_otherwise(const struct mr_explain *x)
{
    if (!has_row(x, SOURCE) || !has_row(x, TARGET) || x->sides[TARGET].mark != NULL)
        return false;
    for (size_t i = 0; i < x->table->ncolumns; i++)
        if (x->table->columns[i].key_at >= 0 &&
            !is_same(x, i, mr_seen_image_at(&x->rows[SOURCE], i),
                     mr_seen_image_at(&x->rows[TARGET], i)))
            return true;
    return false;
}

static enum mr_told told_of(const struct mr_explain *x, int side)
{
    switch (x->sides[side].witness) {
    case MR_WITNESS_NONE: return MR_TOLD_UNREAD;
    case MR_WITNESS_INCOMPLETE: return MR_TOLD_INCOMPLETE;
    case MR_WITNESS_BLIND: return MR_TOLD_BLIND;
    case MR_WITNESS_BROKEN: return MR_TOLD_BROKEN;
    case MR_WITNESS_GOOD: break;
    }
    /* what SOURCE has spelled so since the split may have stood there under TARGET's spelling */
    if ((side == TARGET || has_flag(x, SOURCE, MR_MARK_ABSENT_BEFORE)) && is_spelled_otherwise(x))
        return MR_TOLD_SPELLED;
    if (x->sides[side].mark == NULL)
        return MR_TOLD;
    if (has_flag(x, side, MR_MARK_BROKEN))
        return MR_TOLD_BROKEN;
    if (has_flag(x, side, MR_MARK_SHARED))
        return MR_TOLD_SHARED;
    if (lacks_images(x, side))
        return MR_TOLD_NOT_KEPT;
    if (has_flag(x, side, MR_MARK_MOVING))
        return MR_TOLD_MOVING;
    return is_another_row(x, side) ? MR_TOLD_SINCE : MR_TOLD;
}

/* How the row came to be what it is now need not be told for that: the split was before. */
static bool knows_base(const struct mr_explain *x, int side)
{
    return x->told[side] == MR_TOLD || x->told[side] == MR_TOLD_MOVING ||
           x->told[side] == MR_TOLD_SINCE;
}

static bool had_row(const struct mr_explain *x, int side)
{
    return x->sides[side].mark != NULL ? !has_flag(x, side, MR_MARK_ABSENT_BEFORE)
                                       : has_row(x, side);
}

/* May the value be one that a cascade has made?  Then it need not be that of the split, and no event says so. */
static bool may_be_taken(const struct mr_explain *x, int side, size_t column, struct mr_key value)
{
    const unsigned char *unlogged = x->sides[side].unlogged;
    if (unlogged == NULL || value.ptr == NULL)
        return false;
    return (unlogged[column] &
            (mr_image_value_is_null(value) ? MR_UNLOGGED_NULL : MR_UNLOGGED_VALUE)) != 0;
}

/* Images of a part leave out what an update has left as it was.  Not so an insertion: that column has its
 * default then; nor where the log does not lead to the row of today. */
static bool was_left_alone(const struct mr_explain *x, int side, size_t column)
{
    const unsigned char *unlogged = x->sides[side].unlogged;
    return unlogged != NULL && (unlogged[column] & MR_UNLOGGED_LEFT_OUT) == 0 &&
           x->told[side] == MR_TOLD && has_row(x, side) && !has_flag(x, side, MR_MARK_AGAIN) &&
           !has_flag(x, side, MR_MARK_ABSENT_BEFORE) &&
           mr_seen_image_at(&x->last[side], column).ptr == NULL;
}

/* ptr NULL: this side does not know it. */
static struct mr_key base_by(const struct mr_explain *x, int side, size_t column)
{
    const struct mr_key none = {NULL, 0};
    if (!knows_base(x, side))
        return none;
    const bool is_marked = x->sides[side].mark != NULL;
    struct mr_key base = mr_seen_image_at(is_marked ? &x->first[side] : &x->rows[side], column);
    if (base.ptr == NULL && is_marked && was_left_alone(x, side, column))
        base = mr_seen_image_at(&x->rows[side], column);
    return may_be_taken(x, side, column, base) ? none : base;
}

/* ---- both ---- */

/* After transactions that both have executed, and own ones in front of them, there is no moment that
 * was the split: the other side's word is none, either. */
static enum mr_base base_of(const struct mr_explain *x)
{
    bool known = false, had = false;
    for (int side = 0; side < SIDES; side++) {
        if (x->told[side] == MR_TOLD_SHARED)
            return MR_BASE_UNKNOWN;
        if (!knows_base(x, side))
            continue;
        if (known && had != had_row(x, side))
            return MR_BASE_CONTRADICTED;
        known = true;
        had = had_row(x, side);
    }
    return !known ? MR_BASE_UNKNOWN : had ? MR_BASE_ROW : MR_BASE_ABSENT;
}

/* How a side stands to the base of a column. */
enum stand { IS_BASE = 1, IS_OTHER, IS_INFERRED, IS_TAKEN, IS_UNSEEN, IS_UNTOLD };

/* Has a cascade of the side given the column its value, as far as one can tell?  Events of the row's own have
 * not: they do not show it, or as it was in front of them already.  An insertion that does not show it has given it
 * its default. */
static bool is_taken(const struct mr_explain *x, int side, size_t column)
{
    const struct mr_key first = mr_seen_image_at(&x->first[side], column);
    const struct mr_key last = mr_seen_image_at(&x->last[side], column);
    return x->told[side] == MR_TOLD &&
           may_be_taken(x, side, column, mr_seen_image_at(&x->rows[side], column)) &&
           (last.ptr == NULL ? !has_flag(x, side, MR_MARK_AGAIN)
                             : first.ptr != NULL && is_same(x, column, first, last));
}

/* Invariant: IS_OTHER only where a logged change of this side has led to the value of its row. */
static enum stand stand_of(const struct mr_explain *x, int side, size_t column, struct mr_key base)
{
    const struct mr_key row = mr_seen_image_at(&x->rows[side], column);
    const struct mr_key last = mr_seen_image_at(&x->last[side], column);
    const bool leads = last.ptr != NULL && leads_to_row(x, side, column);
    if (x->told[side] == MR_TOLD_MOVING || (x->told[side] == MR_TOLD_SINCE && !leads))
        return IS_UNTOLD;
    if (is_same(x, column, base, row))
        return IS_BASE;
    /* a child of SOURCE's that its log does not tell of may have gone along: nobody set it then */
    if (!knows_base(x, side))
        return side == SOURCE && may_be_taken(x, side, column, row) ? IS_UNSEEN : IS_INFERRED;
    if (is_taken(x, side, column))
        return side == SOURCE ? IS_TAKEN : IS_INFERRED;
    return leads ? IS_OTHER : IS_UNSEEN;
}

static enum mr_changed changed_by(bool source, bool target, bool differs)
{
    if (source && target)
        return differs ? MR_CHANGED_BY_BOTH : MR_CHANGED_ALIKE;
    return source ? MR_CHANGED_BY_SOURCE : target ? MR_CHANGED_BY_TARGET : MR_CHANGED_NOBODY;
}

static bool are_both_told(const struct mr_explain *x)
{
    return x->told[SOURCE] == MR_TOLD && x->told[TARGET] == MR_TOLD;
}

/* Of a column whose bases differ. */
static enum mr_changed contradicted(const struct mr_explain *x, bool differs)
{
    return !differs           ? MR_CHANGED_NOBODY
           : are_both_told(x) ? MR_CHANGED_UNEXPLAINED
                              : MR_CHANGED_NOT_TOLD;
}

/* The base has a row.  A side that has none has deleted it, and changed no column. */
static void judge_column(const struct mr_explain *x, size_t at, struct mr_explain_column *column)
{
    bool other[SIDES] = {false, false}, taken = false;
    for (int side = 0; side < SIDES; side++) {
        if (!has_row(x, side))
            continue;
        const enum stand stand = stand_of(x, side, at, column->base);
        if (stand == IS_UNTOLD || stand == IS_UNSEEN) {
            column->changed = stand == IS_UNSEEN ? MR_CHANGED_UNSEEN : MR_CHANGED_NOT_TOLD;
            return;
        }
        taken = taken || stand == IS_TAKEN;
        other[side] = stand != IS_BASE && stand != IS_TAKEN;
        column->inferred = column->inferred || stand == IS_INFERRED;
    }
    column->inferred = column->inferred || (taken && !other[TARGET]);
    column->changed = taken && !other[TARGET]
                          ? MR_CHANGED_BY_CASCADE
                          : changed_by(other[SOURCE], other[TARGET], column->differs);
    /* What only a hidden value tells apart, no log shows. */
    if (column->differs && has_row(x, SOURCE) && has_row(x, TARGET) &&
        (column->changed == MR_CHANGED_NOBODY || column->changed == MR_CHANGED_ALIKE))
        column->changed = MR_CHANGED_UNSEEN;
}

static bool was_inferred(const struct mr_explain *x, int side)
{
    return has_row(x, side) && !knows_base(x, side);
}

/* There was no row: whoever has one has inserted it. */
static void judge_inserted(const struct mr_explain *x, struct mr_explain_column *column)
{
    for (int side = 0; side < SIDES; side++)
        if (has_row(x, side) && knows_base(x, side) && x->told[side] != MR_TOLD) {
            column->changed = MR_CHANGED_NOT_TOLD;
            return;
        }
    column->inferred = was_inferred(x, SOURCE) || was_inferred(x, TARGET);
    column->changed = changed_by(has_row(x, SOURCE), has_row(x, TARGET), column->differs);
}

static bool columns_differ(const struct mr_explain *x, size_t at)
{
    return has_row(x, SOURCE) && has_row(x, TARGET)
               ? mr_image_differs(&x->images[SOURCE], &x->images[TARGET], at,
                                  &x->table->columns[at])
               : has_row(x, SOURCE) != has_row(x, TARGET);
}

static void explain_column(struct mr_explain *x, size_t at, struct mr_explain_column *column)
{
    const struct mr_key s = base_by(x, SOURCE, at), t = base_by(x, TARGET, at);
    const bool contradict = s.ptr != NULL && t.ptr != NULL && !is_same(x, at, s, t);
    column->differs = columns_differ(x, at);
    switch (x->base) {
    case MR_BASE_UNKNOWN:
        column->changed = column->differs ? MR_CHANGED_NOT_TOLD : MR_CHANGED_NOBODY;
        return;
    case MR_BASE_ABSENT: judge_inserted(x, column); return;
    case MR_BASE_CONTRADICTED: column->changed = contradicted(x, column->differs); return;
    case MR_BASE_ROW: break;
    }
    if (contradict) {
        x->bases_differ = true;
        column->changed = contradicted(x, column->differs);
        return;
    }
    column->base = t.ptr != NULL ? t : s;
    if (column->base.ptr == NULL)
        column->changed = has_row(x, SOURCE) && is_taken(x, SOURCE, at) ? MR_CHANGED_BY_CASCADE
                                                                        : MR_CHANGED_UNSEEN;
    else
        judge_column(x, at, column);
}

/* ---- the row ---- */

static bool is_changed_by(const struct mr_explain *x, int side)
{
    for (size_t i = 0; i < x->columns.count; i++) {
        const enum mr_changed changed = mr_explain_column(x, i)->changed;
        if (changed == (side == SOURCE ? MR_CHANGED_BY_SOURCE : MR_CHANGED_BY_TARGET) ||
            changed == MR_CHANGED_ALIKE || changed == MR_CHANGED_BY_BOTH)
            return true;
    }
    return false;
}

static bool has_changed(const struct mr_explain *x, enum mr_changed changed)
{
    for (size_t i = 0; i < x->columns.count; i++)
        if (mr_explain_column(x, i)->changed == changed)
            return true;
    return false;
}

static bool is_undecided(const struct mr_explain *x)
{
    return has_changed(x, MR_CHANGED_UNSEEN) || has_changed(x, MR_CHANGED_NOT_TOLD) ||
           has_changed(x, MR_CHANGED_UNEXPLAINED);
}

static enum mr_become become_of(const struct mr_explain *x, int side)
{
    if (x->base == MR_BASE_UNKNOWN || x->base == MR_BASE_CONTRADICTED ||
        x->told[side] == MR_TOLD_MOVING ||
        (x->told[side] == MR_TOLD_SINCE && has_row(x, side) == has_flag(x, side, MR_MARK_DELETED)))
        return MR_BECOME_UNKNOWN;
    if (x->base == MR_BASE_ABSENT)
        return has_row(x, side) ? MR_BECOME_INSERTED : MR_BECOME_SAME;
    if (!has_row(x, side))
        return MR_BECOME_DELETED;
    if (is_changed_by(x, side))
        return MR_BECOME_CHANGED;
    return is_undecided(x) ? MR_BECOME_UNKNOWN : MR_BECOME_SAME;
}

/* One side alone has the row: the other has deleted it, or this one has inserted it. */
static enum mr_explained explain_presence(const struct mr_explain *x)
{
    const int with = has_row(x, SOURCE) ? SOURCE : TARGET;
    const int doer = x->base == MR_BASE_ABSENT ? with : 1 - with;
    if (x->base == MR_BASE_CONTRADICTED)
        return are_both_told(x) ? MR_EXPLAINED_NOT : MR_EXPLAINED_NOT_TOLD;
    if (x->base == MR_BASE_UNKNOWN || x->become[doer] == MR_BECOME_UNKNOWN)
        return MR_EXPLAINED_NOT_TOLD;
    return knows_base(x, doer) ? MR_EXPLAINED : MR_EXPLAINED_INFERRED;
}

/* Columns that are equal need no explanation. */
static enum mr_explained explain_columns(const struct mr_explain *x)
{
    enum mr_explained worst = MR_EXPLAINED_EQUAL;
    for (size_t i = 0; i < x->columns.count; i++) {
        const struct mr_explain_column *column = mr_explain_column(x, i);
        enum mr_explained is = column->inferred ? MR_EXPLAINED_INFERRED : MR_EXPLAINED;
        if (!column->differs)
            continue;
        if (column->changed == MR_CHANGED_UNEXPLAINED)
            is = MR_EXPLAINED_NOT;
        else if (column->changed == MR_CHANGED_UNSEEN || column->changed == MR_CHANGED_NOT_TOLD)
            is = MR_EXPLAINED_NOT_TOLD;
        if (is > worst)
            worst = is;
    }
    return worst;
}

static enum mr_code open_images(struct mr_explain *x, struct mr_err *err)
{
    for (int side = 0; side < SIDES; side++) {
        const struct mr_explain_side *s = &x->sides[side];
        const struct mr_key none = {NULL, 0};
        const struct mr_key first = s->mark != NULL ? s->mark->first : none;
        const struct mr_key last = s->mark != NULL ? s->mark->last : none;
        MR_TRY(mr_seen_image_open(&x->rows[side], s->row.ptr, s->row.len, err));
        MR_TRY(mr_image_open(&x->images[side], s->row.ptr, s->row.len, err));
        MR_TRY(mr_seen_image_open(&x->first[side], first.ptr, first.len, err));
        MR_TRY(mr_seen_image_open(&x->last[side], last.ptr, last.len, err));
    }
    return MR_OK;
}

enum mr_code mr_explain(struct mr_explain *x, const struct mr_find_table *table,
                        const struct mr_explain_side sides[2], struct mr_err *err)
{
    x->table = table;
    x->sides = sides;
    x->bases_differ = false;
    mr_vec_clear(&x->columns);
    MR_TRY(open_images(x, err));
    for (int side = 0; side < SIDES; side++)
        x->told[side] = told_of(x, side);
    x->base = base_of(x);
    x->bases_differ = x->base == MR_BASE_CONTRADICTED;
    for (size_t i = 0; i < table->ncolumns; i++) {
        struct mr_explain_column *column = mr_vec_push(&x->columns);
        if (column == NULL)
            return mr_err_nomem(err, "explaining a row");
        explain_column(x, i, column);
    }
    for (int side = 0; side < SIDES; side++)
        x->become[side] = become_of(x, side);
    x->explained =
        has_row(x, SOURCE) != has_row(x, TARGET) ? explain_presence(x) : explain_columns(x);
    return MR_OK;
}
