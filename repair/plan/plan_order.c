/* plan_order.c: see plan_order.h. */
#include "repair/plan/plan_order.h"

#include <stdlib.h>
#include <string.h>

#include "core/db/sqlscan.h"
#include "core/pair/pair_columns.h"
#include "core/pair/pair_renamed.h"

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "planning tables");
}

/* ---- references ---- */

static bool same_set(const struct mr_plan_columns *a, const struct mr_plan_columns *b)
{
    return a->count == b->count && memcmp(a->at, b->at, a->count * sizeof *a->at) == 0;
}

/* The number of `to` among the sets of columns by which the table is referred to. */
static enum mr_code number_set(struct mr_plan_table *t, const struct mr_plan_columns *to,
                               size_t *number, struct mr_arena *arena, struct mr_err *err)
{
    for (size_t i = 0; i < t->nsets; i++)
        if (same_set(&t->sets[i], to)) {
            *number = i;
            return MR_OK;
        }
    struct mr_plan_columns *grown = mr_arena_calloc(arena, t->nsets + 1, sizeof *grown);
    if (grown == NULL)
        return nomem(err);
    if (t->nsets > 0)
        memcpy(grown, t->sets, t->nsets * sizeof *grown);
    grown[t->nsets] = *to;
    *number = t->nsets++;
    t->sets = grown;
    return MR_OK;
}

static bool overlap(const struct mr_plan_columns *a, const struct mr_plan_columns *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (mr_plan_columns_has(b, a->at[i]))
            return true;
    return false;
}

bool mr_plan_is_hard(const struct mr_plan_table *t, const struct mr_plan_columns *from)
{
    if (overlap(from, &t->key) || overlap(from, &t->named_by) || t->key.count == 0)
        return true;
    for (size_t i = 0; i < t->nsets; i++)
        if (overlap(from, &t->sets[i]))
            return true;
    return false;
}

/* What the table's columns refer to may be written in another type than theirs. */
static enum mr_code take_spelling(struct mr_plan_table *t, const struct mr_plan_reference *r,
                                  struct mr_arena *arena, struct mr_err *err)
{
    const struct mr_spelling *spelling = r->pair->spelling;
    if (spelling == NULL)
        return MR_OK;
    if (t->spelling == NULL)
        t->spelling = mr_arena_calloc(arena, t->pair->find.ncolumns + 1, sizeof *t->spelling);
    if (t->spelling == NULL)
        return nomem(err);
    for (size_t i = 0; i < r->from.count; i++)
        if (spelling[i].kind != MR_SPELL_SAME)
            t->spelling[r->from.at[i]] = &spelling[i];
    return MR_OK;
}

/* References to tables that the run did not compare are no part of the plan; whether it may go
 * on without them is asked elsewhere (plan_parents.h). */
static enum mr_code take_references(struct mr_plan_tables *plan, struct mr_arena *arena,
                                    struct mr_err *err)
{
    const struct mr_pairing *pairing = &plan->pairing;
    enum mr_code code = MR_OK;
    plan->references = mr_arena_calloc(arena, pairing->nreferences + 1, sizeof *plan->references);
    if (plan->references == NULL)
        return nomem(err);
    for (size_t i = 0; code == MR_OK && i < pairing->nreferences; i++) {
        const struct mr_pair_reference *pair = &pairing->references[i];
        if (pair->parent == NULL)
            continue;
        struct mr_plan_reference *r = &plan->references[plan->nreferences++];
        r->pair = pair;
        r->child = pair->child->at;
        r->parent = pair->parent->at;
        r->from = (struct mr_plan_columns){pair->edge.columns, pair->edge.ncolumns};
        r->to = (struct mr_plan_columns){pair->edge.parent_columns, pair->edge.ncolumns};
        code = number_set(&plan->tables[r->parent], &r->to, &r->to_set, arena, err);
        if (code == MR_OK)
            code = take_spelling(&plan->tables[r->child], r, arena, err);
    }
    for (size_t i = 0; i < plan->nreferences; i++) {
        struct mr_plan_reference *r = &plan->references[i];
        struct mr_plan_table *t = &plan->tables[r->child];
        r->hard = mr_plan_is_hard(t, &r->from);
        r->of_key = t->key.count == 0 || overlap(&r->from, &t->key);
        for (size_t k = 0; k < r->from.count; k++)
            r->nullable = r->nullable || t->nullable[r->from.at[k]];
        if (r->hard && r->child == r->parent)
            t->self_hard = true;
    }
    return code;
}

/* ---- what a server computes ---- */

static bool is_mapped(const struct mr_plan_tables *plan, const struct mr_plan_table *t,
                      size_t column)
{
    if (column == t->counter)
        return true;
    for (size_t i = 0; i < plan->nreferences; i++)
        if (&plan->tables[plan->references[i].child] == t &&
            mr_plan_columns_has(&plan->references[i].from, column))
            return true;
    return false;
}

/* Marks what a side computes that column from; did any come to it? */
static bool mark_source(const struct mr_pair *pair, enum mr_side side, size_t column, bool *marked)
{
    const struct mr_column *of = mr_pair_column(pair, side, column);
    bool grown = false;
    if (!of->generated || of->generation_expr == NULL)
        return false;
    for (size_t i = 0; i < pair->find.ncolumns; i++)
        if (!marked[i] && mr_sqlscan_holds_name(of->generation_expr, strlen(of->generation_expr),
                                                mr_pair_column(pair, side, i)->name))
            marked[i] = grown = true;
    return grown;
}

/* Marks what a side computes marked columns from, directly or over others. */
static void mark_sources(const struct mr_pair *pair, enum mr_side side, bool *marked)
{
    for (bool grown = true; grown;) {
        grown = false;
        for (size_t i = 0; i < pair->find.ncolumns; i++)
            grown = (marked[i] && mark_source(pair, side, i, marked)) || grown;
    }
}

/* Generated columns, and the mapped ones that they are computed from. */
struct tracing {
    const struct mr_plan_tables *plan;
    bool *marked; /* per column of a table */
};

/* The mapped column that TARGET, or any side, computes a column from; MR_NO_COLUMN: none. */
static size_t computed_from(const struct tracing *tr, const struct mr_plan_table *t, size_t column,
                            bool any_side)
{
    size_t n = t->pair->find.ncolumns;
    memset(tr->marked, 0, n * sizeof *tr->marked);
    tr->marked[column] = true;
    mark_sources(t->pair, MR_TARGET, tr->marked);
    if (any_side)
        mark_sources(t->pair, MR_SOURCE, tr->marked);
    for (size_t k = 0; k < n; k++)
        if (tr->marked[k] && k != column && is_mapped(tr->plan, t, k))
            return k;
    return MR_NO_COLUMN;
}

/* What TARGET's condition looks at, and what that is computed from. */
static enum mr_code find_reads(const struct mr_plan_table *t, struct mr_plan_reference *r,
                               struct mr_arena *arena, struct mr_err *err)
{
    size_t n = t->pair->find.ncolumns;
    if (r->pair->condition == NULL)
        return MR_OK;
    bool *reads = mr_arena_calloc(arena, n + 1, sizeof *reads);
    if (reads == NULL)
        return nomem(err);
    for (size_t i = 0; i < n; i++)
        reads[i] = mr_pair_condition_reads(r->pair->condition,
                                           mr_pair_column(t->pair, MR_TARGET, i)->name);
    mark_sources(t->pair, MR_TARGET, reads);
    r->reads = reads;
    return MR_OK;
}

static enum mr_code find_all_reads(const struct mr_plan_tables *plan, struct mr_arena *arena,
                                   struct mr_err *err)
{
    for (size_t i = 0; i < plan->nreferences; i++) {
        struct mr_plan_reference *r = &plan->references[i];
        MR_TRY(find_reads(&plan->tables[r->child], r, arena, err));
    }
    return MR_OK;
}

static enum mr_code check_generated(const struct tracing *tr, const struct mr_plan_table *t,
                                    const struct mr_plan_columns *columns, bool is_identity,
                                    struct mr_err *err)
{
    for (size_t i = 0; i < columns->count; i++) {
        size_t from = computed_from(tr, t, columns->at[i], is_identity);
        if (from != MR_NO_COLUMN)
            return mr_err_set(err, MR_E_REFUSED,
                              "%s of table \"%s\" contains column \"%s\", which the "
                              "server computes from \"%s\"; that one is mapped",
                              is_identity ? "the identity" : "a reference", mr_plan_table_name(t),
                              mr_plan_column_name(t, columns->at[i]), mr_plan_column_name(t, from));
    }
    return MR_OK;
}

static void mark_computed(const struct tracing *tr, struct mr_plan_table *t)
{
    for (size_t i = 0; i < t->nuniques; i++) {
        struct mr_plan_unique *u = &t->uniques[i];
        for (size_t k = 0; k < u->columns.count; k++)
            u->is_computed =
                u->is_computed || computed_from(tr, t, u->columns.at[k], false) != MR_NO_COLUMN;
    }
}

/* What SOURCE alone computes is written as it is, with its own ids: no identity, either. */
static enum mr_code check_all_generated(const struct mr_plan_tables *plan, struct mr_arena *arena,
                                        struct mr_err *err)
{
    struct tracing tr = {.plan = plan};
    size_t widest = 0;
    for (size_t i = 0; i < plan->ntables; i++) {
        size_t n = plan->tables[i].pair->find.ncolumns;
        widest = n > widest ? n : widest;
    }
    tr.marked = mr_arena_calloc(arena, widest + 1, sizeof *tr.marked);
    MR_TRY(tr.marked != NULL ? MR_OK : nomem(err));
    for (size_t i = 0; i < plan->ntables; i++) {
        struct mr_plan_table *t = &plan->tables[i];
        mark_computed(&tr, t);
        if (t->identity == MR_PLAN_BY_COLUMNS)
            MR_TRY(check_generated(&tr, t, &t->named_by, true, err));
    }
    for (size_t i = 0; i < plan->nreferences; i++)
        MR_TRY(check_generated(&tr, &plan->tables[plan->references[i].child],
                               &plan->references[i].from, false, err));
    return MR_OK;
}

/* ---- order ---- */

struct ordering {
    struct mr_plan_tables *plan;
    size_t n;
    bool *reach; /* n × n: the row's table refers to the column's, over others too */
    bool *placed;
    size_t *order; /* old positions, in the new order */
    size_t count;
};

static bool *reach_at(const struct ordering *o, size_t from, size_t to)
{
    return &o->reach[from * o->n + to];
}

/* By plain repetition: it is done once, and of tables, not of rows. */
static void find_reach(struct ordering *o)
{
    bool grown = true;
    for (size_t i = 0; i < o->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &o->plan->references[i];
        *reach_at(o, r->child, r->parent) = true;
    }
    while (grown) {
        grown = false;
        for (size_t i = 0; i < o->plan->nreferences; i++) {
            const struct mr_plan_reference *r = &o->plan->references[i];
            for (size_t to = 0; to < o->n; to++) {
                if (!*reach_at(o, r->parent, to) || *reach_at(o, r->child, to))
                    continue;
                *reach_at(o, r->child, to) = true;
                grown = true;
            }
        }
    }
}

static bool same_component(const struct ordering *o, size_t a, size_t b)
{
    return a == b || (*reach_at(o, a, b) && *reach_at(o, b, a));
}

/* Are all tables that it must come after placed? */
static bool is_ready(const struct ordering *o, size_t table)
{
    for (size_t i = 0; i < o->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &o->plan->references[i];
        if (r->child == table && r->parent != table && !o->placed[r->parent] &&
            (r->hard || !same_component(o, table, r->parent)))
            return false;
    }
    return true;
}

/* Named are the tables that could not be placed: one of them has to get another identity, and
 * only people know which. */
static enum mr_code refuse_circle(const struct ordering *o, size_t first, struct mr_err *err)
{
    struct mr_strbuf names = MR_STRBUF_INIT;
    for (size_t i = 0; i < o->n; i++)
        if (!o->placed[i] && same_component(o, first, i))
            mr_strbuf_add_fmt(&names, "%s\"%s\"", names.len > 0 ? ", " : "",
                              mr_plan_table_name(&o->plan->tables[i]));
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the identities of tables %s contain each other: who is who on both "
                     "sides cannot be said",
                     names.ptr);
    mr_err_hint(err, "Choose an identity without the reference for one of them "
                     "(identity = in the configuration).");
    mr_strbuf_release(&names);
    return MR_E_REFUSED;
}

/* Places the whole component of a table. */
static enum mr_code place_component(struct ordering *o, size_t first, size_t component,
                                    struct mr_err *err)
{
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < o->n; i++) {
            if (o->placed[i] || !same_component(o, first, i) || !is_ready(o, i))
                continue;
            o->placed[i] = true;
            o->plan->tables[i].component = component;
            o->order[o->count++] = i;
            more = true;
        }
    }
    for (size_t i = 0; i < o->n; i++)
        if (!o->placed[i] && same_component(o, first, i))
            return refuse_circle(o, i, err);
    return MR_OK;
}

/* Do all references of the component that leave it lead to placed tables? */
static bool component_is_ready(const struct ordering *o, size_t first)
{
    for (size_t i = 0; i < o->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &o->plan->references[i];
        if (same_component(o, first, r->child) && !same_component(o, first, r->parent) &&
            !o->placed[r->parent])
            return false;
    }
    return true;
}

static enum mr_code place_all(struct ordering *o, struct mr_err *err)
{
    size_t component = 0;
    while (o->count < o->n)
        for (size_t i = 0; i < o->n; i++)
            if (!o->placed[i] && component_is_ready(o, i))
                MR_TRY(place_component(o, i, component++, err));
    return MR_OK;
}

/* Sorts tables and pairs, and lets references point to the new places. */
static enum mr_code apply(const struct ordering *o, struct mr_arena *arena, struct mr_err *err)
{
    struct mr_plan_tables *plan = o->plan;
    struct mr_plan_table *tables = mr_arena_calloc(arena, o->n + 1, sizeof *tables);
    struct mr_pair **pairs = mr_arena_calloc(arena, o->n + 1, sizeof(struct mr_pair *));
    size_t *place = mr_arena_calloc(arena, o->n + 1, sizeof *place);
    if (tables == NULL || pairs == NULL || place == NULL)
        return nomem(err);
    for (size_t i = 0; i < o->n; i++) {
        tables[i] = plan->tables[o->order[i]];
        tables[i].at = tables[i].pair->at = i;
        pairs[i] = tables[i].pair;
        place[o->order[i]] = i;
    }
    for (size_t i = 0; i < plan->nreferences; i++) {
        plan->references[i].child = place[plan->references[i].child];
        plan->references[i].parent = place[plan->references[i].parent];
    }
    plan->tables = tables;
    plan->pairing.tables = pairs;
    return MR_OK;
}

enum mr_code mr_plan_order(struct mr_plan_tables *plan, struct mr_arena *arena, struct mr_err *err)
{
    struct ordering o = {.plan = plan, .n = plan->ntables};
    enum mr_code code = MR_OK;
    MR_TRY(take_references(plan, arena, err));
    MR_TRY(check_all_generated(plan, arena, err));
    MR_TRY(find_all_reads(plan, arena, err));
    o.reach = calloc(o.n * o.n + 1, sizeof *o.reach);
    o.placed = calloc(o.n + 1, sizeof *o.placed);
    o.order = calloc(o.n + 1, sizeof *o.order);
    if (o.reach == NULL || o.placed == NULL || o.order == NULL)
        MR_TRY_OUT(nomem(err));
    find_reach(&o);
    MR_TRY_OUT(place_all(&o, err));
    MR_TRY_OUT(apply(&o, arena, err));
out:
    free(o.reach);
    free(o.placed);
    free(o.order);
    return code;
}
