/* merge_unlogged.c: see merge_unlogged.h. */
#include "repair/merge/merge_unlogged.h"

#include <string.h>
#include <strings.h>

#include "core/case/case_args.h"
#include "core/case/explain.h"
#include "core/logs/cascades.h"
#include "core/pair/pair_columns.h"

/* ---- which parents were changed ---- */

/* The place of a plan's table in its side's catalogue; one that is not in there has no foreign keys. */
static size_t place_of(const struct mr_cascades *c, const struct mr_table *table)
{
    const struct mr_table *found = mr_catalogue_table(c->cat, table->db, table->name);
    return found != NULL ? (size_t)(found - c->cat->tables) : MR_NO_CASCADE;
}

static bool is_key_alone(const struct mr_cascade *of, const struct mr_table *table,
                         const struct mr_plan_table *plan)
{
    for (size_t i = 0; of->referenced != NULL && i < table->ncolumns; i++) {
        bool is = !of->referenced[i];
        for (size_t k = 0; !is && k < plan->key.count; k++)
            is =
                strcmp(plan->pair->find.columns[plan->key.at[k]].name, table->columns[i].name) == 0;
        if (!is)
            return false;
    }
    return true;
}

static enum mr_code has_mark(struct mr_merge *m, const struct mr_merge_table *t, enum mr_side side,
                             const char *sql, int flags, bool *has, struct mr_err *err)
{
    return MR_CASE_HAS(m->cf, sql, has, err, MR_ARG_INT("tbl", t->told), MR_ARG_INT("side", side),
                       MR_ARG_INT("flags", flags));
}

/* Columns beside the key are changed by whatever changes a row: their values are not looked at. */
static enum mr_code ask_marks(struct mr_merge *m, const struct mr_merge_table *t, enum mr_side side,
                              struct mr_cascade *of, const struct mr_table *table,
                              struct mr_err *err)
{
    static const char with[] =
        "SELECT 1 FROM history_mark WHERE tbl=:tbl AND side=:side AND flags & :flags LIMIT 1";
    static const char without[] =
        "SELECT 1 FROM history_mark WHERE tbl=:tbl AND side=:side AND NOT flags & :flags LIMIT 1";
    MR_TRY(has_mark(m, t, side, with, MR_MARK_DELETED | MR_MARK_AGAIN, &of->deleted, err));
    return is_key_alone(of, table, t->plan)
               ? has_mark(m, t, side, with, MR_MARK_CAME | MR_MARK_WENT, &of->updated, err)
               : has_mark(m, t, side, without, MR_MARK_ABSENT_BEFORE, &of->updated, err);
}

/* Whom no log tells of may have been deleted, or changed. */
static enum mr_code touch_parents(struct mr_merge *m, enum mr_side side, struct mr_cascades *c,
                                  struct mr_err *err)
{
    for (size_t i = 0; i < c->of.count; i++) {
        struct mr_cascade *of = mr_cascades_at(c, i);
        of->deleted = of->updated = of->is_parent;
    }
    for (size_t i = 0; i < m->plan->ntables; i++) {
        const struct mr_merge_table *t = &m->tables[i];
        const struct mr_table *table = t->plan->pair->side[side];
        const size_t at = place_of(c, table);
        if (at == MR_NO_CASCADE || !mr_cascades_at(c, at)->is_parent || t->told == 0 ||
            t->witness[side] != MR_WITNESS_GOOD || !m->is_still[side])
            continue;
        MR_TRY(ask_marks(m, t, side, mr_cascades_at(c, at), table, err));
    }
    return mr_cascades_spread(c, err);
}

/* ---- what that makes of their children ---- */

static unsigned acts(const struct mr_foreign_key *fk, const struct mr_cascade *parent)
{
    unsigned is = 0;
    if ((parent->deleted && mr_cascades_may_be(fk->on_delete, "SET NULL")) ||
        (parent->updated && mr_cascades_may_be(fk->on_update, "SET NULL")))
        is |= MR_UNLOGGED_NULL;
    if ((parent->deleted && mr_cascades_may_be(fk->on_delete, "SET DEFAULT")) ||
        (parent->updated && (mr_cascades_may_be(fk->on_update, "CASCADE") ||
                             mr_cascades_may_be(fk->on_update, "SET DEFAULT"))))
        is |= MR_UNLOGGED_VALUE;
    return is;
}

static void add_key(const struct mr_merge_table *t, enum mr_side side,
                    const struct mr_foreign_key *fk, unsigned is, unsigned char *unlogged)
{
    for (size_t i = 0; is != 0 && i < t->plan->pair->find.ncolumns; i++)
        for (size_t k = 0; k < fk->ncolumns; k++)
            if (strcasecmp(mr_pair_column(t->plan->pair, side, i)->name, fk->columns[k]) == 0)
                unlogged[i] |= (unsigned char)is;
}

/* What a server computes may be left out of an image, whatever it was computed from; of what is not compared no
 * image was kept; and of a side that has gone on since, one that nobody has read may show what others do not. */
static bool may_be_left_out(const struct mr_merge *m, const struct mr_plan_table *t,
                            enum mr_side side, size_t column)
{
    return !m->is_still[side] || t->generated[column] ||
           mr_pair_column(t->pair, side, column)->generated ||
           (t->pair->ignored != NULL && t->pair->ignored[column]);
}

static enum mr_code fill(struct mr_merge *m, struct mr_merge_table *t, enum mr_side side,
                         const struct mr_cascades *c, struct mr_err *err)
{
    const struct mr_plan_table *plan = t->plan;
    const struct mr_table *table = plan->pair->side[side];
    const size_t at = place_of(c, table), n = plan->pair->find.ncolumns;
    unsigned char *unlogged = mr_arena_calloc(&m->arena, n + 1, sizeof *unlogged);
    if (unlogged == NULL)
        return mr_merge_nomem(err);
    t->unlogged[side] = unlogged;
    for (size_t i = 0; i < n; i++)
        if (may_be_left_out(m, plan, side, i))
            unlogged[i] = MR_UNLOGGED_LEFT_OUT;
    for (size_t k = 0; at != MR_NO_CASCADE && k < table->nfks; k++) {
        const size_t parent = mr_cascades_at(c, at)->parents[k];
        if (parent != MR_NO_CASCADE)
            add_key(t, side, &table->fks[k], acts(&table->fks[k], mr_cascades_at(c, parent)),
                    unlogged);
    }
    return MR_OK;
}

static enum mr_code find_side(struct mr_merge *m, enum mr_side side, struct mr_err *err)
{
    const struct mr_catalogue *cat = m->plan->pairing.side[side].cat;
    struct mr_cascades c = {.of = MR_VEC_INIT(struct mr_cascade)};
    enum mr_code code = mr_cascades_init(&c, cat, &m->arena, err);
    if (code == MR_OK)
        code = touch_parents(m, side, &c, err);
    for (size_t i = 0; code == MR_OK && i < m->plan->ntables; i++)
        if (m->tables[i].told != 0)
            code = fill(m, &m->tables[i], side, &c, err);
    mr_cascades_release(&c);
    return code;
}

enum mr_code mr_merge_unlogged_find(struct mr_merge *m, struct mr_err *err)
{
    bool is_told = false;
    for (size_t i = 0; i < m->plan->ntables; i++)
        is_told = is_told || m->tables[i].told != 0;
    if (!is_told)
        return MR_OK;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(find_side(m, (enum mr_side)side, err));
    return MR_OK;
}
