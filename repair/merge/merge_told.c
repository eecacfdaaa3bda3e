/* merge_told.c: see merge_told.h. */
#include "repair/merge/merge_told.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/catch_up.h"
#include "core/logs/cascades.h"
#include "core/pair/pair_columns.h"
#include "repair/merge/merge_evidence.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_spread.h"
#include "repair/merge/merge_unlogged.h"
#include "repair/merge/merge_work.h"

void mr_merge_told_init(struct mr_merge_told_row *told)
{
    *told = (struct mr_merge_told_row){.arena = MR_ARENA_INIT};
    mr_explain_init(&told->explain);
}

void mr_merge_told_release(struct mr_merge_told_row *told)
{
    mr_explain_release(&told->explain);
    mr_arena_release(&told->arena);
}

/* ---- a row ---- */

/* Does TARGET's log lead to what is there now?  If not, it was read too early, or cannot be relied
 * upon for this key. */
static bool is_late(const struct mr_merge_told_row *told)
{
    const enum mr_told is = told->explain.told[MR_TARGET];
    return is == MR_TOLD_SINCE || is == MR_TOLD_NOT_KEPT || is == MR_TOLD_MOVING ||
           is == MR_TOLD_BROKEN;
}

static bool is_contradicted(const struct mr_explain *x)
{
    return x->base == MR_BASE_CONTRADICTED || x->bases_differ;
}

/* Invariant: what TARGET's log cannot know yet is no word about the split; a word of it that
 * contradicts SOURCE's stands. */
static enum mr_code explain_row(struct mr_merge_told_row *told, const struct mr_merge *m,
                                const struct mr_merge_table *table, struct mr_err *err)
{
    const struct mr_find_table *find = &table->plan->pair->find;
    struct mr_explain_side *target = &told->sides[MR_TARGET];
    const bool by_source = told->sides[MR_SOURCE].witness == MR_WITNESS_GOOD;
    if (by_source && !m->is_still[MR_TARGET] && target->mark == NULL && target->row.ptr != NULL)
        target->witness = MR_WITNESS_NONE;
    MR_TRY(mr_explain(&told->explain, find, told->sides, err));
    if (!by_source || target->row.ptr == NULL || !is_late(told) || is_contradicted(&told->explain))
        return MR_OK;
    target->witness = MR_WITNESS_NONE;
    target->mark = NULL;
    return mr_explain(&told->explain, find, told->sides, err);
}

/* Was the child changed by a transaction that may be the one which deleted its parent, or gave it this key?  A
 * deletion is the last of them, unless the parent was made again. */
static bool changed_together(const struct mr_evidence_mark *child,
                             const struct mr_evidence_mark *parent)
{
    const bool is_gone = (parent->flags & MR_MARK_DELETED) != 0;
    const bool was_once = (parent->flags & MR_MARK_AGAIN) == 0;
    const int64_t from = is_gone && was_once ? parent->last_tx : parent->first_tx;
    return child->first_tx <= parent->last_tx && child->last_tx >= from;
}

/* A column of a row that a side's log has changed, and which the row has on both sides and had at the split. */
struct changed_here {
    struct mr_merge_told_row *told;
    struct mr_merge *m;
    const struct mr_merge_table *table;
    enum mr_side side;
    size_t at;
};

/* Did a side's value of a reference come of its parent: NULL, since that was deleted, or the key that it was
 * given? */
static enum mr_code came_of_parent(struct changed_here *here, const struct mr_plan_reference *r,
                                   bool *is, struct mr_err *err)
{
    struct mr_merge_told_row *told = here->told;
    const struct mr_key base = mr_explain_column(&told->explain, here->at)->base;
    const struct mr_key now = mr_seen_image_at(&told->explain.rows[here->side], here->at);
    const bool is_null = mr_image_value_is_null(now);
    struct mr_evidence_mark mark;
    bool found = false;
    MR_TRY(mr_merge_evidence_mark(here->m, &here->m->tables[r->parent], here->side,
                                  is_null ? base : now, &told->arena, &mark, &found, err));
    *is = found && changed_together(&told->mark[here->side], &mark) &&
          (is_null ? (mark.flags & (MR_MARK_DELETED | MR_MARK_AGAIN)) != 0
                   : mark.came.ptr != NULL && mr_key_compare(mark.came, base) == 0);
    return MR_OK;
}

/* Is the reference that foreign key of the side's, and its value the key of a parent of whom a log tells? */
static bool leads_to_told(const struct changed_here *here, const struct mr_plan_reference *r,
                          const struct mr_foreign_key *fk)
{
    const struct mr_merge *m = here->m;
    const struct mr_merge_table *parent = &m->tables[r->parent];
    const struct mr_pair *from = m->plan->tables[r->child].pair, *to = parent->plan->pair;
    const struct mr_plan_columns *key = &parent->plan->key;
    return fk->ncolumns == 1 && r->from.count == 1 && r->to.count == 1 && key->count == 1 &&
           key->at[0] == r->to.at[0] && parent->told != 0 &&
           parent->witness[here->side] == MR_WITNESS_GOOD &&
           strcasecmp(mr_pair_column(from, here->side, r->from.at[0])->name, fk->columns[0]) == 0 &&
           strcasecmp(mr_pair_column(to, here->side, r->to.at[0])->name, fk->ref_columns[0]) == 0 &&
           mr_catalogue_is_table(m->plan->pairing.side[here->side].cat, to->side[here->side],
                                 fk->ref_db, fk->ref_table);
}

static const struct mr_plan_reference *followed(const struct changed_here *here,
                                                const struct mr_foreign_key *fk)
{
    const struct mr_plan_tables *plan = here->m->plan;
    for (size_t i = 0; i < plan->nreferences; i++)
        if (plan->references[i].child == here->table->plan->at &&
            leads_to_told(here, &plan->references[i], fk))
            return &plan->references[i];
    return NULL;
}

static bool takes_along(const struct mr_foreign_key *fk, const char *column)
{
    for (size_t i = 0; i < fk->ncolumns; i++)
        if (strcasecmp(fk->columns[i], column) == 0)
            return mr_cascades_acts(fk->on_delete) || mr_cascades_acts(fk->on_update);
    return false;
}

/* Where an event of the child has its new value from. */
enum origin { FROM_ITSELF, FROM_PARENT, FROM_EITHER /* its parent is not known by one column */ };

static enum mr_code find_origin(struct changed_here *here, enum origin *origin, struct mr_err *err)
{
    const struct mr_pair *pair = here->table->plan->pair;
    const struct mr_table *child = pair->side[here->side];
    const char *column = mr_pair_column(pair, here->side, here->at)->name;
    *origin = FROM_ITSELF;
    for (size_t i = 0; i < child->nfks && *origin != FROM_PARENT; i++) {
        if (!takes_along(&child->fks[i], column))
            continue;
        const struct mr_plan_reference *r = followed(here, &child->fks[i]);
        bool is = false;
        if (r != NULL)
            MR_TRY(came_of_parent(here, r, &is, err));
        if (is)
            *origin = FROM_PARENT;
        else if (r == NULL)
            *origin = FROM_EITHER;
    }
    return MR_OK;
}

/* MySQL's log may have the children that a foreign key took along.  Where no log has them, an event of the child is
 * an edit of its own, whatever became of the parent. */
static bool may_be_of_parent(const struct changed_here *here)
{
    const struct mr_merge_told_row *told = here->told;
    const unsigned char *unlogged = here->table->unlogged[here->side];
    const struct mr_explain_column *column = mr_explain_column(&told->explain, here->at);
    return told->found[here->side] && unlogged != NULL &&
           mr_cascades_may_be_logged(&here->m->plan->pairing.side[here->side].cat->server) &&
           (unlogged[here->at] & (MR_UNLOGGED_NULL | MR_UNLOGGED_VALUE)) != 0 &&
           mr_seen_image_at(&told->explain.rows[here->side], here->at).ptr != NULL &&
           column->base.ptr != NULL && !mr_image_value_is_null(column->base) &&
           (column->changed == MR_CHANGED_BY_BOTH ||
            column->changed ==
                (here->side == MR_SOURCE ? MR_CHANGED_BY_SOURCE : MR_CHANGED_BY_TARGET));
}

static enum mr_changed changed_from(enum origin origin, enum mr_changed changed)
{
    const bool by_both = changed == MR_CHANGED_BY_BOTH;
    if (origin == FROM_PARENT)
        return by_both ? MR_CHANGED_BY_TARGET : MR_CHANGED_BY_CASCADE;
    return origin == FROM_EITHER && !by_both ? MR_CHANGED_UNSEEN : changed;
}

/* SOURCE's children follow their parent on TARGET, too. */
static enum mr_code follow_parents(struct mr_merge_told_row *told, struct mr_merge *m,
                                   const struct mr_merge_table *table, struct mr_err *err)
{
    struct changed_here here = {told, m, table, MR_SOURCE, 0};
    for (; here.at < table->plan->pair->find.ncolumns; here.at++) {
        struct mr_explain_column *column = mr_vec_at(&told->explain.columns, here.at);
        enum origin origin = FROM_ITSELF;
        if (!may_be_of_parent(&here))
            continue;
        MR_TRY(find_origin(&here, &origin, err));
        column->changed = changed_from(origin, column->changed);
    }
    return MR_OK;
}

enum mr_code mr_merge_told_is_parted(struct mr_merge_told_row *told, struct mr_merge *m,
                                     const struct mr_merge_table *table, size_t column, bool *is,
                                     struct mr_err *err)
{
    struct changed_here here = {told, m, table, MR_TARGET, column};
    const struct mr_explain_column *of = mr_explain_column(&told->explain, column);
    enum origin origin = FROM_ITSELF;
    *is = of->changed == MR_CHANGED_BY_TARGET && of->inferred;
    if (*is || of->changed != MR_CHANGED_BY_TARGET || !may_be_of_parent(&here))
        return MR_OK;
    MR_TRY(find_origin(&here, &origin, err));
    *is = origin != FROM_ITSELF;
    return MR_OK;
}

enum mr_code mr_merge_told_read(struct mr_merge_told_row *told, struct mr_merge *m,
                                const struct mr_merge_table *table, struct mr_key key,
                                const struct mr_key rows[MR_SIDES], bool *is, struct mr_err *err)
{
    *is = false;
    if (table->told == 0)
        return MR_OK;
    mr_arena_reset(&told->arena);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        MR_TRY(mr_merge_evidence_mark(m, table, (enum mr_side)side, key, &told->arena,
                                      &told->mark[side], &told->found[side], err));
        told->sides[side] = (struct mr_explain_side){rows[side], table->witness[side],
                                                     told->found[side] ? &told->mark[side] : NULL,
                                                     table->unlogged[side]};
    }
    MR_TRY(explain_row(told, m, table, err));
    *is = told->explain.base != MR_BASE_UNKNOWN;
    return told->explain.base == MR_BASE_ROW ? follow_parents(told, m, table, err) : MR_OK;
}

/* Its first change was an insertion, and nothing took it away again. */
static bool is_insertion(const struct mr_evidence_mark *mark)
{
    static const int other = MR_MARK_DELETED | MR_MARK_BROKEN | MR_MARK_SHARED | MR_MARK_MOVING |
                             MR_MARK_CAME | MR_MARK_WENT;
    return (mark->flags & MR_MARK_ABSENT_BEFORE) != 0 && (mark->flags & other) == 0;
}

static enum mr_code read_insertion(struct mr_merge_told_row *told, struct mr_merge *m,
                                   const struct mr_merge_table *table, enum mr_side side,
                                   struct mr_key key, bool *is, struct mr_err *err)
{
    *is = table->told != 0 && table->witness[side] == MR_WITNESS_GOOD;
    if (!*is)
        return MR_OK;
    MR_TRY(mr_merge_evidence_mark(m, table, side, key, &told->arena, &told->mark[side],
                                  &told->found[side], err));
    *is = told->found[side] && is_insertion(&told->mark[side]);
    return MR_OK;
}

/* Each side is explained by itself: under the key of one the other may have somebody else. */
enum mr_code mr_merge_told_made(struct mr_merge_told_row *told, struct mr_merge *m,
                                const struct mr_merge_table *table,
                                const struct mr_key keys[MR_SIDES],
                                const struct mr_key rows[MR_SIDES], bool *is, struct mr_err *err)
{
    struct mr_explain_side sides[MR_SIDES];
    enum mr_told became[MR_SIDES];
    *is = true;
    mr_arena_reset(&told->arena);
    for (int side = MR_SOURCE; *is && side < MR_SIDES; side++) {
        told->sides[0] = told->sides[1] = (struct mr_explain_side){.witness = MR_WITNESS_NONE};
        MR_TRY(read_insertion(told, m, table, (enum mr_side)side, keys[side], is, err));
        if (!*is)
            return MR_OK;
        sides[side] = told->sides[side] = (struct mr_explain_side){
            rows[side], MR_WITNESS_GOOD, &told->mark[side], table->unlogged[side]};
        MR_TRY(mr_explain(&told->explain, &table->plan->pair->find, told->sides, err));
        *is = told->explain.base == MR_BASE_ABSENT;
        became[side] = told->explain.told[side];
    }
    for (int side = MR_SOURCE; *is && side < MR_SIDES; side++) {
        told->sides[side] = sides[side];
        told->explain.told[side] = became[side];
    }
    return MR_OK;
}

/* Has the side's row of today that column as it was at the split? */
static bool has_base_value(const struct mr_merge_told_row *told, const struct mr_pair *pair,
                           enum mr_side side, size_t at)
{
    const struct mr_key base = mr_explain_column(&told->explain, at)->base;
    const struct mr_key now = mr_seen_image_at(&told->explain.rows[side], at);
    return base.ptr != NULL && now.ptr != NULL &&
           mr_image_same_value(base, now, &pair->find.columns[at]);
}

/* Where nothing names a row, one that is the same in all of its columns is the one that was there: an undo has
 * brought it back. */
static bool is_whole_again(const struct mr_merge_told_row *told, const struct mr_pair *pair,
                           enum mr_side side)
{
    for (size_t i = 0; i < pair->find.ncolumns; i++)
        if ((pair->ignored == NULL || !pair->ignored[i]) && !has_base_value(told, pair, side, i))
            return false;
    return true;
}

bool mr_merge_told_is_remade(const struct mr_merge_told_row *told,
                             const struct mr_merge_table *table, enum mr_side side)
{
    const struct mr_plan_table *t = table->plan;
    if (!told->found[side] || (told->mark[side].flags & MR_MARK_AGAIN) == 0)
        return false;
    if (t->identity != MR_PLAN_BY_COLUMNS)
        return !is_whole_again(told, t->pair, side);
    for (size_t i = 0; i < t->named_by.count; i++)
        if (!has_base_value(told, t->pair, side, t->named_by.at[i]))
            return true;
    return false;
}

/* ---- cascades ---- */

/* A rule that the account may not see is reckoned with. */
static bool cascades(const struct mr_merge *m, const struct mr_plan_reference *r)
{
    const struct mr_table *live = m->plan->tables[r->child].pair->side[MR_TARGET];
    for (size_t i = 0; i < live->nfks; i++)
        if (mr_cascades_may_be(live->fks[i].on_delete, "CASCADE") &&
            mr_plan_is_foreign_key(m->plan, r, &live->fks[i]))
            return true;
    return false;
}

bool mr_merge_told_may_cascade(const struct mr_merge *m, const struct mr_merge_table *table)
{
    for (size_t i = 0; i < m->plan->nreferences; i++)
        if (m->plan->references[i].child == table->plan->at && cascades(m, &m->plan->references[i]))
            return true;
    return false;
}

/* ---- all rows ---- */

struct telling {
    struct mr_merge *m;
    const struct mr_merge_table *table;
    struct mr_merge_told_row told;
    struct mr_arena arena;
    struct mr_vec rows; /* struct mr_merge_work_row */
    struct mr_case_stmt *note, *taken_along;
};

/* One side's word is enough where the other's log was not read as far.  Where it was, it has to show the
 * deletion: a row that neither log knows may have come without a log.  A table that was loaded anew, or
 * that its log belies, may lack it for that. */
static bool is_deleted(const struct mr_merge_told_row *told)
{
    const enum mr_witness witness = told->sides[MR_TARGET].witness;
    if (told->explain.become[MR_TARGET] != MR_BECOME_DELETED)
        return false;
    return witness == MR_WITNESS_GOOD ? told->explain.told[MR_TARGET] == MR_TOLD
                                      : witness != MR_WITNESS_BLIND && witness != MR_WITNESS_BROKEN;
}

static enum mr_code note(struct telling *t, int64_t id, enum mr_past past, bool left,
                         struct mr_err *err)
{
    return MR_CASE_RUN(t->note, err, MR_ARG_INT("id", id), MR_ARG_INT("past", past),
                       MR_ARG_INT("left", left));
}

/* A cascade leaves no event.  A row that neither log has touched, and that TARGET lacks, went with its
 * parent if TARGET's log shows that to have been deleted.  Parents' tables come first, so that those that
 * went along themselves are known. */
static enum mr_code tell_cascade(struct telling *t, const struct mr_merge_work_row *row,
                                 struct mr_err *err)
{
    const struct mr_plan_tables *plan = t->m->plan;
    bool is = false;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (t->told.found[side] || t->told.sides[side].witness != MR_WITNESS_GOOD)
            return MR_OK;
    for (size_t i = 0; !is && row->live == NULL && i < plan->nreferences; i++) {
        const struct mr_plan_reference *r = &plan->references[i];
        const struct mr_merge_table *parent = &t->m->tables[r->parent];
        if (r->child != t->table->plan->at || parent->told == 0 ||
            parent->witness[MR_TARGET] != MR_WITNESS_GOOD || !cascades(t->m, r))
            continue;
        const enum mr_code code =
            MR_CASE_ASK(t->taken_along, &is, err, MR_ARG_INT("id", row->id), MR_ARG_INT("ref", i),
                        MR_ARG_INT("evidence", parent->told),
                        MR_ARG_INT("gone", MR_MARK_DELETED | MR_MARK_AGAIN));
        mr_case_reset(t->taken_along);
        MR_TRY(code);
    }
    return is ? note(t, row->id, MR_PAST_ROW, true, err) : MR_OK;
}

/* Whom a side gave another key is no new row under that: it stood at the split. */
static bool has_come(const struct mr_merge_told_row *told, enum mr_side side)
{
    return told->found[side] && (told->mark[side].flags & MR_MARK_CAME) != 0;
}

/* Has SOURCE left the row of the past as it was, but for what went with a parent?  What a column that is not
 * compared has become is none of the merge's, and no log was asked. */
static bool is_as_it_was(const struct telling *t)
{
    const struct mr_pair *pair = t->table->plan->pair;
    for (size_t i = 0; i < pair->find.ncolumns; i++) {
        const enum mr_changed changed = mr_explain_column(&t->told.explain, i)->changed;
        if ((pair->ignored == NULL || !pair->ignored[i]) && changed != MR_CHANGED_NOBODY &&
            changed != MR_CHANGED_BY_CASCADE)
            return false;
    }
    return true;
}

/* The key that a side's row had at the split, as far as its log tells: there and back is no change. */
static enum mr_code key_at_split(struct telling *t, enum mr_side side, struct mr_key now,
                                 struct mr_key *was, struct mr_err *err)
{
    struct mr_evidence_mark from;
    bool found = false;
    *was = now;
    if (!has_come(&t->told, side))
        return MR_OK;
    *was = t->told.mark[side].came;
    if (was->ptr == NULL)
        return MR_OK;
    MR_TRY(mr_merge_evidence_mark(t->m, t->table, side, *was, &t->told.arena, &from, &found, err));
    if (found && (from.flags & MR_MARK_AGAIN) == 0 && from.came.ptr != NULL &&
        mr_key_compare(from.came, now) == 0)
        *was = now;
    return MR_OK;
}

/* Has a side given the key to a row of the past, and the other not to the same one? */
static enum mr_code came_to_stranger(struct telling *t, const struct mr_merge_work_row *row,
                                     bool *is, struct mr_err *err)
{
    struct mr_key was[MR_SIDES];
    *is = false;
    if (!has_come(&t->told, MR_SOURCE) && !has_come(&t->told, MR_TARGET))
        return MR_OK;
    MR_TRY(key_at_split(t, MR_SOURCE, row->key, &was[MR_SOURCE], err));
    MR_TRY(key_at_split(t, MR_TARGET, row->live_key, &was[MR_TARGET], err));
    *is = was[MR_SOURCE].ptr == NULL || was[MR_TARGET].ptr == NULL ||
          mr_key_compare(was[MR_SOURCE], was[MR_TARGET]) != 0;
    return MR_OK;
}

/* Of two rows under one key, of which by the logs only one stood there at the split: a cascade, which leaves no
 * event, may have freed the key that a side has made the other of.  Are they two by their identity?  Their keys are
 * one, whatever their spelling. */
static bool are_two(const struct telling *t)
{
    const struct mr_plan_table *plan = t->table->plan;
    const struct mr_seen_image *rows = t->told.explain.rows;
    if (plan->identity != MR_PLAN_BY_COLUMNS)
        return true;
    for (size_t i = 0; i < plan->named_by.count; i++) {
        const size_t at = plan->named_by.at[i];
        const struct mr_key s = mr_seen_image_at(&rows[MR_SOURCE], at);
        const struct mr_key l = mr_seen_image_at(&rows[MR_TARGET], at);
        if (!mr_plan_columns_has(&plan->key, at) &&
            (s.ptr == NULL || l.ptr == NULL ||
             !mr_image_same_value(s, l, &plan->pair->find.columns[at])))
            return true;
    }
    return false;
}

/* A value of the side's row at the split, as far as its log tells. */
static struct mr_key value_at_split(const struct mr_explain *x, enum mr_side side, size_t column)
{
    const struct mr_key first = mr_seen_image_at(&x->first[side], column);
    const struct mr_key last = mr_seen_image_at(&x->last[side], column);
    return first.ptr == NULL && last.ptr == NULL ? mr_seen_image_at(&x->rows[side], column) : first;
}

/* Is what was made the row that the side had at the split: by its identity, or where it has none, by all of it? */
static bool stood_there(const struct telling *t, enum mr_side side,
                        const struct mr_seen_image *made)
{
    const struct mr_plan_table *plan = t->table->plan;
    const struct mr_pair *pair = plan->pair;
    for (size_t i = 0, at = 0; i < pair->find.ncolumns; i++) {
        if (pair->ignored != NULL && pair->ignored[i])
            continue; /* it has no place in what a log has shown */
        const struct mr_key now = mr_seen_image_at(made, at++);
        const struct mr_key was = value_at_split(&t->told.explain, side, i);
        const bool matters =
            plan->identity == MR_PLAN_BY_COLUMNS
                ? mr_plan_columns_has(&plan->named_by, i) && !mr_plan_columns_has(&plan->key, i)
                : !plan->generated[i];
        if (matters && (now.ptr == NULL || was.ptr == NULL ||
                        !mr_image_same_value(was, now, &pair->find.columns[i])))
            return false;
    }
    return true;
}

/* Of two rows of which by the logs only one stood there: has a side made the other's?  So has one that was loaded
 * from a copy, with its log, or where a plan has brought back whom a cascade had taken. */
static enum mr_code is_copy(struct telling *t, const struct mr_merge_work_row *row, bool *is,
                            struct mr_err *err)
{
    const struct mr_merge_told_row *told = &t->told;
    const bool by_source =
        told->found[MR_SOURCE] && (told->mark[MR_SOURCE].flags & MR_MARK_ABSENT_BEFORE) != 0;
    const enum mr_side maker = by_source ? MR_SOURCE : MR_TARGET;
    const enum mr_side other = by_source ? MR_TARGET : MR_SOURCE;
    struct mr_vec changes = MR_VEC_INIT(struct mr_evidence_change);
    struct mr_seen_image made;
    *is = false;
    if (!told->found[maker] ||
        (told->mark[maker].flags & (MR_MARK_AGAIN | MR_MARK_CAME | MR_MARK_WENT)) != 0)
        return MR_OK;
    mr_seen_image_init(&made);
    enum mr_code code = mr_evidence_changes(t->m->fd, mr_merge_evidence_id(t->table), (int)maker,
                                            row->key, &t->told.arena, &changes, err);
    const struct mr_evidence_change *first =
        code == MR_OK && changes.count > 0 ? mr_vec_at(&changes, 0) : NULL;
    if (first != NULL && first->n == 1 && first->kind == MR_CHANGE_INSERT) {
        code = mr_seen_image_open(&made, first->image.ptr, first->image.len, err);
        *is = code == MR_OK && stood_there(t, other, &made);
    }
    mr_seen_image_release(&made);
    mr_vec_release(&changes);
    return code;
}

static enum mr_code tell_contradicted(struct telling *t, const struct mr_merge_work_row *row,
                                      bool strange, struct mr_err *err)
{
    bool is_one = false;
    if (row->above || (!strange && !are_two(t)))
        return MR_OK;
    if (!strange)
        MR_TRY(is_copy(t, row, &is_one, err));
    return is_one ? MR_OK : note(t, row->id, MR_PAST_REUSED, false, err);
}

static enum mr_code tell_row(struct telling *t, const struct mr_merge_work_row *row,
                             struct mr_err *err)
{
    const struct mr_key rows[MR_SIDES] = {{row->image, row->len}, {row->live, row->live_len}};
    const struct mr_explain *x = &t->told.explain;
    bool is = false;
    MR_TRY(mr_merge_told_read(&t->told, t->m, t->table, row->key, rows, &is, err));
    if (is && x->base == MR_BASE_CONTRADICTED && row->live == NULL)
        return tell_cascade(t, row, err);
    if (!is)
        return MR_OK;
    bool strange = false;
    if (row->live != NULL)
        MR_TRY(came_to_stranger(t, row, &strange, err));
    if (x->base == MR_BASE_CONTRADICTED)
        return tell_contradicted(t, row, strange, err);
    const bool stood = x->base == MR_BASE_ROW, arrived = has_come(&t->told, MR_SOURCE);
    const bool left = stood && row->live == NULL && is_as_it_was(t) && is_deleted(&t->told);
    enum mr_past past = stood || arrived ? MR_PAST_ROW : MR_PAST_NONE;
    /* a new row of SOURCE above the past gets a key of its own */
    if (strange && (stood || arrived || !row->above))
        past = MR_PAST_REUSED;
    if (stood && row->live != NULL &&
        (mr_merge_told_is_remade(&t->told, t->table, MR_SOURCE) ||
         mr_merge_told_is_remade(&t->told, t->table, MR_TARGET)))
        past = MR_PAST_REUSED;
    return note(t, row->id, past, left, err);
}

static enum mr_code tell_table(struct telling *t, struct mr_err *err)
{
    int64_t after = 0;
    if (t->table->told == 0 || t->table->plan->key.count == 0)
        return MR_OK;
    for (;;) {
        mr_arena_reset(&t->arena);
        MR_TRY(mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK);
        MR_TRY(MR_MERGE_PAGE(t->m,
                             "SELECT " MR_MERGE_WORK_COLUMNS " FROM " MR_MERGE_WORK
                             " WHERE w.tbl=:tbl AND w.id>:after AND w.equal IS NOT 1"
                             " ORDER BY w.id LIMIT 1000",
                             after, &t->arena, &t->rows, err,
                             MR_ARG_INT("tbl", t->table->plan->at)));
        if (t->rows.count == 0)
            return MR_OK;
        for (size_t i = 0; i < t->rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&t->rows, i);
            after = row->id;
            MR_TRY(tell_row(t, row, err));
        }
    }
}

/* Is a row beside it absent on TARGET for another reason? */
#define ABSENT_OTHERWISE(own, other)                                                               \
    "EXISTS (SELECT 1 FROM link l JOIN w o ON o.id=l." other " LEFT JOIN told p ON p.id=o.id"      \
    " WHERE l." own "=told.id AND o.id<>told.id AND o.live_key IS NULL AND p.left IS NOT 1)"
#define IS_ASKED_WITH(own, other) "told.left AND " ABSENT_OTHERWISE(own, other)

/* Down and up in turn, until no tree is torn. */
static enum mr_code keep_trees(struct mr_merge *m, struct mr_err *err)
{
    static const struct mr_merge_spread ways[] = {
        {.table = "told",
         .takes = IS_ASKED_WITH("parent", "child"),
         .write = "UPDATE told SET left=0 WHERE id IN reached AND :wave>=0",
         .way = MR_MERGE_TO_PARENTS},
        {.table = "told",
         .takes = IS_ASKED_WITH("child", "parent"),
         .write = "UPDATE told SET left=0 WHERE id IN reached AND :wave>=0",
         .way = MR_MERGE_TO_CHILDREN},
    };
    for (int64_t wave = 1; wave > 0;) {
        wave = 0;
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
            MR_TRY(mr_merge_spread(m, &ways[i], NULL, 0, &wave, err));
    }
    return MR_OK;
}

/* Where the past ends was inferred for the whole table: of a row whose state at the split is known it
 * says nothing, and a row of the past is not to come back as a new one.  Not so the other way round: a
 * log that a copy was written to shows rows of the past as made. */
static enum mr_code mark_past(struct mr_merge *m, struct mr_err *err)
{
    return MR_CASE_ONCE(m->cf,
                        "UPDATE w SET past=CASE WHEN live_key IS NULL THEN 2 ELSE 3 END, above=0"
                        " WHERE above AND id IN (SELECT id FROM told WHERE past>=:row)",
                        err, MR_ARG_INT("row", MR_PAST_ROW));
}

/* ---- what the run could not find ---- */

/* Two clocks: the servers', and that of who ran it. */
#define UNFOUND                                                                                    \
    "SELECT count(*) FROM history_mark h JOIN history_tx x ON x.id=h.last_tx"                      \
    " WHERE h.tbl=:evidence AND h.side=0 AND NOT h.flags & :deleted"                               \
    " AND x.committed_us>(CAST(strftime('%s', :started) AS INTEGER) - 2) * 1000000"                \
    " AND NOT EXISTS (SELECT 1 FROM w WHERE w.tbl=:tbl AND w.skey=h.key)"

/* A row that both had alike when they were compared, and that SOURCE has changed since, is nobody's finding:
 * nothing is planned for it, and that is said. */
static enum mr_code warn_unfound(struct mr_merge *m, const struct mr_merge_table *t,
                                 struct mr_err *err)
{
    const struct mr_find_run *run = m->logs != NULL ? m->logs->run : NULL;
    int64_t n = 0;
    if (run == NULL || !m->logs->is_covered[MR_SOURCE] || t->told == 0)
        return MR_OK;
    MR_TRY(MR_CASE_NUMBER(m->cf, UNFOUND, &n, err, MR_ARG_INT("evidence", t->told),
                          MR_ARG_INT("deleted", MR_MARK_DELETED),
                          MR_ARG_TEXT("started", run->started), MR_ARG_INT("tbl", t->plan->at)));
    if (n > 0)
        mr_log_warning("table \"%s\": SOURCE has changed %" PRId64 " row%s since run %s began that "
                       "it did not find, and nothing is planned for: compare again",
                       mr_plan_table_name(t->plan), n, n == 1 ? "" : "s", run->uuid);
    return MR_OK;
}

enum mr_code mr_merge_told(struct mr_merge *m, struct mr_err *err)
{
    struct telling t = {
        .m = m, .arena = MR_ARENA_INIT, .rows = MR_VEC_INIT(struct mr_merge_work_row)};
    int64_t left = 0;
    mr_merge_told_init(&t.told);
    const struct mr_case_sql list[] = {
        {&t.note, "INSERT INTO told (id, past, left) VALUES (:id, :past, :left)"},
        {&t.taken_along, "SELECT 1 FROM link l JOIN w p ON p.id=l.parent"
                         " LEFT JOIN told d ON d.id=p.id"
                         " LEFT JOIN history_mark h ON h.tbl=:evidence AND h.side=1 AND"
                         " h.key=p.skey"
                         " WHERE l.child=:id AND l.ref=:ref AND (d.left OR h.flags & :gone)"},
    };
    enum mr_code code = mr_case_prepare_all(m->cf, list, sizeof list / sizeof list[0], err);
    if (code == MR_OK)
        code = mr_merge_unlogged_find(m, err);
    for (size_t i = 0; code == MR_OK && i < m->plan->ntables; i++) {
        t.table = &m->tables[i];
        code = tell_table(&t, err);
        if (code == MR_OK)
            code = warn_unfound(m, t.table, err);
    }
    if (code == MR_OK)
        code = mark_past(m, err);
    if (code == MR_OK)
        code = mr_case_number_with(m->cf, "SELECT EXISTS (SELECT 1 FROM told WHERE left)", NULL, 0,
                                   &left, err);
    if (code == MR_OK && left != 0)
        code = keep_trees(m, err);
    mr_case_free(t.note);
    mr_case_free(t.taken_along);
    mr_merge_told_release(&t.told);
    mr_arena_release(&t.arena);
    mr_vec_release(&t.rows);
    return code;
}
