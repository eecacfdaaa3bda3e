/* script_outside.c: foreign keys that the plan does not know; see script_internal.h.
 *
 * A table, or a column, that only TARGET has is in no plan, and yet a foreign key of it may
 * lead to rows that are deleted, or updated in what it refers to: the server would delete,
 * empty or change its rows with ours.  When the plan was made they were asked (merge_referrers.h); who comes later
 * is asked by the unit itself, under the lock that keeps out who comes after that. */
#include <inttypes.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "core/source/keyrange.h"
#include "repair/merge/merge_row.h"
#include "repair/script/script_internal.h"

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

/* ---- which ---- */

static const struct mr_plan_table *planned(const struct mr_script *s, const char *db,
                                           const char *name)
{
    const struct mr_catalogue *cat = s->plan->pairing.side[MR_TARGET].cat;
    for (size_t i = 0; i < s->plan->ntables; i++)
        if (mr_catalogue_is_table(cat, s->plan->tables[i].pair->side[MR_TARGET], db, name))
            return &s->plan->tables[i];
    return NULL;
}

/* What TARGET computes SOURCE may hold as a value of its own: no image of TARGET's. */
static bool is_like(const struct mr_plan_table *t, size_t column)
{
    return !t->generated[column] || mr_pair_column(t->pair, MR_SOURCE, column)->generated;
}

/* Columns that only TARGET has are in no image, and those that it computes are not staged: they
 * are read from TARGET. */
static enum mr_code add_key(struct mr_script *s, const struct mr_table *child,
                            const struct mr_foreign_key *fk, struct mr_err *err)
{
    const struct mr_plan_table *p = planned(s, fk->ref_db, fk->ref_table);
    bool written = true, seen = true, computed = false;
    if (p == NULL)
        return MR_OK;
    size_t *to = mr_arena_calloc(&s->arena, fk->ncolumns + 1, sizeof *to);
    if (to == NULL)
        return mr_merge_nomem(err);
    for (size_t i = 0; i < fk->ncolumns; i++) {
        const struct mr_column *col = mr_table_column(p->pair->side[MR_TARGET], fk->ref_columns[i]);
        to[i] = mr_plan_target_column(p, fk->ref_columns[i]);
        seen = seen && to[i] != MR_NO_COLUMN && is_like(p, to[i]);
        written = written && seen && mr_script_is_written(p, to[i]);
        computed = computed || (col != NULL && col->generated);
    }
    if (!written && p->key.count == 0)
        return MR_OK;
    struct mr_script_outer *outer = mr_vec_push(&s->outers);
    if (outer == NULL)
        return mr_merge_nomem(err);
    *outer = (struct mr_script_outer){
        child,   fk, p->at, {to, written ? fk->ncolumns : 0}, {to, seen ? fk->ncolumns : 0},
        computed};
    return MR_OK;
}

enum mr_code mr_script_outside_open(struct mr_script *s, struct mr_err *err)
{
    const struct mr_catalogue *cat = s->plan->pairing.side[MR_TARGET].cat;
    for (size_t i = 0; i < cat->ntables; i++) {
        const struct mr_table *child = &cat->tables[i];
        for (size_t k = 0; k < child->nfks; k++)
            if (!mr_plan_has_foreign_key(s->plan, child, &child->fks[k]))
                MR_TRY(add_key(s, child, &child->fks[k], err));
    }
    return MR_OK;
}

/* An image that is passed through has what TARGET computes as it was before. */
static enum mr_code lets_go(struct mr_script *s, const struct mr_script_outer *outer,
                            const struct mr_script_row *row, bool *yes, struct mr_err *err)
{
    *yes = false;
    if (row->step.op != MR_STEP_UPDATE || row->step.table != outer->parent)
        return MR_OK;
    *yes = outer->is_computed && (outer->image.count == 0 || row->passing);
    if (outer->image.count == 0 || *yes)
        return MR_OK;
    const struct mr_key before = mr_script_before(s, row), after = mr_script_after(s, row);
    return mr_merge_row_leaves(before, after, outer->image, yes, err);
}

static enum mr_code find_leaving(struct mr_script *s, size_t at, struct mr_err *err)
{
    const struct mr_script_outer *outer = mr_vec_at(&s->outers, at);
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < s->rows.count; i++) {
        const struct mr_script_row *row = mr_vec_at(&s->rows, i);
        bool leaves = false;
        code = lets_go(s, outer, row, &leaves, err);
        if (code != MR_OK || !leaves)
            continue;
        struct mr_script_outer_leaving *slot = mr_vec_push(&s->outer_leaving);
        if (slot == NULL)
            code = mr_merge_nomem(err);
        else
            *slot = (struct mr_script_outer_leaving){at, row->number};
    }
    return code;
}

enum mr_code mr_script_outside_find(struct mr_script *s, struct mr_err *err)
{
    mr_vec_clear(&s->outer_leaving);
    for (size_t i = 0; i < s->outers.count; i++)
        MR_TRY(find_leaving(s, i, err));
    return MR_OK;
}

bool mr_script_outside_leaves(const struct mr_script *s, size_t outer)
{
    for (size_t i = 0; i < s->outer_leaving.count; i++)
        if (((const struct mr_script_outer_leaving *)mr_vec_at(&s->outer_leaving, i))->outer ==
            outer)
            return true;
    return false;
}

/* ---- the guard ---- */

/* " STRAIGHT_JOIN" the rows c that refer to that of the alias. */
static void join_referring(struct mr_script *s, const struct mr_script_outer *outer,
                           const char *alias)
{
    const struct mr_plan_table *p = &s->plan->tables[outer->parent];
    if (outer->to.count == 0) {
        add(s, " STRAIGHT_JOIN ");
        mr_script_live(s, p);
        add(s, " AS p ON ");
        mr_script_same(s, p, p->key, "p", "s", false);
    }
    add(s, " STRAIGHT_JOIN ");
    mr_sql_table(&s->sql, outer->child->db, outer->child->name);
    add(s, " AS c ON ");
    for (size_t i = 0; i < outer->fk->ncolumns; i++) {
        add(s, i > 0 ? " AND c." : "c.");
        mr_sql_ident(&s->sql, outer->fk->columns[i]);
        mr_strbuf_add_fmt(&s->sql, " = %s.", outer->to.count > 0 ? alias : "p");
        mr_sql_ident(&s->sql, outer->to.count > 0
                                  ? p->pair->full[MR_TARGET].cols[outer->to.at[i]].name
                                  : outer->fk->ref_columns[i]);
    }
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_there(s, "s");
}

static void begin_refusal(struct mr_script *s, const struct mr_script_outer *outer, char prefix)
{
    struct mr_strbuf why = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&why, "a row of %s.%s refers to it", outer->child->db, outer->child->name);
    mr_script_refuse(s, &s->plan->tables[outer->parent], why.failed ? "" : why.ptr);
    add(s, " FROM ");
    mr_script_temp_n(s, prefix, outer->parent);
    add(s, " AS s");
    s->sql.failed |= why.failed;
    mr_strbuf_release(&why);
}

/* What the row lets go of stands beside it in myrecon_bN. */
static void refuse_leaving(struct mr_script *s, size_t at)
{
    const struct mr_script_outer *outer = mr_vec_at(&s->outers, at);
    const char *glue = " AND s.myrecon_row IN (";
    begin_refusal(s, outer, 'u');
    add(s, " STRAIGHT_JOIN ");
    mr_script_temp_n(s, 'b', outer->parent);
    add(s, " AS b ON b.myrecon_row = s.myrecon_row");
    join_referring(s, outer, "b");
    for (size_t i = 0; i < s->outer_leaving.count; i++) {
        const struct mr_script_outer_leaving *l = mr_vec_at(&s->outer_leaving, i);
        if (l->outer != at)
            continue;
        mr_strbuf_add_fmt(&s->sql, "%s%zu", glue, l->number);
        glue = ", ";
    }
    add(s, ")");
    mr_script_ran(s);
}

void mr_script_refuse_outside(struct mr_script *s)
{
    for (size_t i = 0; i < s->outers.count; i++) {
        const struct mr_script_outer *outer = mr_vec_at(&s->outers, i);
        if (s->tables[outer->parent].used[MR_STEP_DELETE]) {
            begin_refusal(s, outer, 'd');
            join_referring(s, outer, "s");
            mr_script_ran(s);
        }
        if (mr_script_outside_leaves(s, i))
            refuse_leaving(s, i);
    }
}
