/* copy_outside.c: tables that the plan does not hold and that its rows are tied to; see
 * copy_internal.h.
 *
 * PARENTS that the run did not compare are read, and theirs, so that a row is not put below
 * somebody else: they are appended to the plan's tables, beyond its count, and never
 * written.
 * CHILDREN that only TARGET has keep the rows that they refer to as they are. */
#include <string.h>
#include <strings.h>

#include "core/case/case_args.h"
#include "core/pair/pair_columns.h"
#include "repair/copy/copy_internal.h"
#include "repair/merge/merge_referrers.h"
#include "repair/plan/plan_order.h"

/* ---- parents ---- */

struct widening {
    struct mr_copy *c;
    struct mr_vec tables;     /* struct mr_plan_table: the plan's, and those beyond it */
    struct mr_vec references; /* struct mr_plan_reference, the same */
    struct mr_vec open;       /* const struct mr_pair_reference *: beyond what was compared */
    struct mr_vec blind;      /* struct mr_copy_blind */
};

/* What a reference of the pairing names on a side, by that side's names. */
struct named {
    enum mr_side side;
    const char *db, *table;
    const char *const *columns;
};

static bool is_column(const struct mr_pair *pair, enum mr_side side, size_t at, const char *name)
{
    return strcasecmp(mr_pair_column(pair, side, at)->name, name) == 0;
}

/* By columns, not by its name alone: a side may have given that name to another foreign key. */
static bool by_foreign_key(const struct mr_pair_reference *r, enum mr_side side, struct named *out)
{
    const struct mr_table *t = r->child->side[side];
    for (size_t i = 0; i < t->nfks; i++) {
        const struct mr_foreign_key *fk = &t->fks[i];
        bool same = strcmp(fk->name, r->edge.name) == 0 && fk->ncolumns == r->edge.ncolumns;
        for (size_t k = 0; same && k < fk->ncolumns; k++)
            same = is_column(r->child, side, r->edge.columns[k], fk->columns[k]);
        if (!same)
            continue;
        *out = (struct named){side, fk->ref_db, fk->ref_table, fk->ref_columns};
        return true;
    }
    return false;
}

/* As the configuration wrote it; a reference that it dismisses is none, whatever it looks like. */
static bool by_configuration(const struct mr_pair_reference *r, struct named *out)
{
    const struct mr_table_config *config = r->child->config;
    for (size_t i = 0; i < config->nreferences; i++) {
        const struct mr_reference *ref = &config->references[i];
        bool same = !ref->dismissed && ref->columns.count == r->edge.ncolumns &&
                    ref->ref_columns.count == r->edge.ncolumns;
        size_t db = same ? strlen(ref->ref_db) : 0;
        same = same && strncmp(r->edge.parent_name, ref->ref_db, db) == 0 &&
               r->edge.parent_name[db] == '.' &&
               strcmp(r->edge.parent_name + db + 1, ref->ref_table) == 0;
        for (size_t k = 0; same && k < ref->columns.count; k++)
            same = is_column(r->child, MR_SOURCE, r->edge.columns[k], ref->columns.items[k]);
        if (!same)
            continue;
        *out = (struct named){MR_SOURCE, ref->ref_db, ref->ref_table, ref->ref_columns.items};
        return true;
    }
    return false;
}

/* The parent's tables; NULL where a side has none. */
static void find_tables(const struct mr_copy *c, const struct mr_pair_reference *r,
                        const struct named *named, const struct mr_table *tables[MR_SIDES])
{
    const struct mr_server_side *sides = c->m.plan->pairing.side;
    enum mr_side side = named->side, other = mr_other_side(side);
    const char *db = named->db;
    if (mr_server_same_name(&sides[side].cat->server, db, r->child->side[side]->db))
        db = r->child->side[other]->db;
    tables[side] = mr_catalogue_meant(sides[side].cat, named->db, named->table);
    tables[other] = mr_sides_twin(sides[side].cat, named->db, sides[other].cat, db, named->table);
}

static size_t position(const struct mr_pair *pair, enum mr_side side, const char *name)
{
    size_t i = 0;
    while (i < pair->find.ncolumns && !is_column(pair, side, i, name))
        i++;
    return i < pair->find.ncolumns ? i : MR_NO_COLUMN;
}

enum mr_code mr_copy_blind_refuse(const struct mr_copy_blind *blind, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "table \"%s\" refers to \"%s\", which the run did not compare, and "
                     "which cannot be read: %s",
                     blind->pair->child->find.name, blind->pair->edge.parent_name, blind->why);
    mr_err_hint(err, "Whether both sides mean the same parents cannot be told: run a check "
                     "that compares it, too, into the same case.");
    return MR_E_REFUSED;
}

/* What a table beyond the run refers to is looked for in turn. */
static enum mr_code open_references(struct widening *w, struct mr_pair *child, struct mr_err *err)
{
    struct mr_pairing own = w->c->m.plan->pairing;
    own.tables = &child;
    own.ntables = 1;
    own.references = NULL;
    own.nreferences = 0;
    MR_TRY(mr_pair_references_plan(&own, err));
    for (size_t i = 0; i < own.nreferences; i++) {
        const struct mr_pair_reference **slot = mr_vec_push(&w->open);
        if (slot == NULL)
            return mr_merge_nomem(err);
        *slot = &own.references[i];
    }
    return MR_OK;
}

/* The pair of two tables: one that is there already, or a new one.  *why: it cannot be
 * read. */
static enum mr_code take_parent(struct widening *w, const struct mr_table *tables[MR_SIDES],
                                struct mr_pair **pair, const char **why, struct mr_err *err)
{
    const struct mr_pairing *pairing = &w->c->m.plan->pairing;
    const struct mr_kept *kept = mr_source_kept(pairing->side[MR_SOURCE].source,
                                                tables[MR_SOURCE]->db, tables[MR_SOURCE]->name);
    struct mr_err reason = {0};
    for (size_t i = 0; i < w->tables.count; i++) {
        *pair = ((struct mr_plan_table *)mr_vec_at(&w->tables, i))->pair;
        if ((*pair)->side[MR_TARGET] == tables[MR_TARGET])
            return MR_OK;
    }
    if (kept != NULL && (kept->spec.where != NULL || kept->rows_of != NULL)) {
        *why = "the source's snapshot has only some of its rows";
        return MR_OK;
    }
    enum mr_code code =
        mr_pair_plan(pairing, tables[MR_SOURCE], tables[MR_TARGET], pair, &reason, err);
    if (code != MR_OK)
        return code;
    if (reason.code != MR_OK || (*pair)->nkey_columns == 0) {
        *why = reason.code != MR_OK ? mr_arena_strdup(&w->c->m.arena, reason.message)
                                    : "it has no key";
        return *why != NULL ? MR_OK : mr_merge_nomem(err);
    }
    struct mr_plan_table *t = mr_vec_push(&w->tables);
    if (t == NULL)
        return mr_merge_nomem(err);
    code = mr_plan_table_outside(t, *pair, w->tables.count - 1, &w->c->m.arena, err);
    return code == MR_OK ? open_references(w, *pair, err) : code;
}

/* *r is the reference to its parent then; parent NULL: it leads nowhere, or *why says why it
 * cannot be followed. */
static enum mr_code find_parent(struct widening *w, struct mr_pair_reference *r, const char **why,
                                struct mr_err *err)
{
    const struct mr_table *tables[MR_SIDES] = {NULL, NULL};
    size_t *to = mr_arena_calloc(&w->c->m.arena, r->edge.ncolumns + 1, sizeof *to);
    struct mr_pair *parent = NULL;
    struct named named;
    if (to == NULL)
        return mr_merge_nomem(err);
    if (!by_foreign_key(r, MR_TARGET, &named) && !by_foreign_key(r, MR_SOURCE, &named) &&
        !by_configuration(r, &named))
        return MR_OK;
    find_tables(w->c, r, &named, tables);
    const struct mr_catalogue *cat = w->c->m.plan->pairing.side[named.side].cat;
    if (tables[named.side] == NULL && mr_catalogue_db(cat, named.db) == NULL)
        *why = "its database is not named by the URI";
    else if (tables[MR_SOURCE] == NULL || tables[MR_TARGET] == NULL)
        *why = r->edge.declared ? "it is not on both sides" : NULL;
    else if (take_parent(w, tables, &parent, why, err) != MR_OK)
        return err->code;
    if (*why != NULL || parent == NULL)
        return MR_OK;
    for (size_t i = 0; i < r->edge.ncolumns; i++) {
        to[i] = position(parent, named.side, named.columns[i]);
        if (to[i] == MR_NO_COLUMN)
            *why = "columns that it refers to are not compared";
    }
    if (*why != NULL)
        return MR_OK;
    r->parent = parent;
    r->edge.parent_columns = to;
    return mr_pair_reference_spell(&w->c->m.arena, r, why, err);
}

/* Of rows that are to be written it is refused at once, of others when a row of that tree
 * refers by it (copy_climb.c). */
static enum mr_code leave_blind(struct widening *w, const struct mr_pair_reference *r,
                                const char *why, struct mr_err *err)
{
    const struct mr_copy_blind blind = {.pair = r, .why = why};
    if (r->child->at < w->c->task->tables->ntables && w->c->planned[r->child->at])
        return mr_copy_blind_refuse(&blind, err);
    struct mr_copy_blind *slot = mr_vec_push(&w->blind);
    if (slot == NULL)
        return mr_merge_nomem(err);
    *slot = blind;
    return MR_OK;
}

static enum mr_code add_reference(struct widening *w, const struct mr_pair_reference *r,
                                  struct mr_err *err)
{
    struct mr_pair_reference *own =
        (struct mr_pair_reference *)(void *)mr_arena_dup(&w->c->m.arena, r, sizeof *r);
    const char *why = NULL;
    if (own == NULL)
        return mr_merge_nomem(err);
    enum mr_code code = MR_OK;
    if (own->parent == NULL) /* a table beyond the run may refer to itself */
        code = find_parent(w, own, &why, err);
    if (code == MR_OK && why != NULL)
        return leave_blind(w, own, why, err);
    if (code != MR_OK || own->parent == NULL)
        return code;
    struct mr_plan_reference *slot = mr_vec_push(&w->references);
    if (slot == NULL)
        return mr_merge_nomem(err);
    *slot = (struct mr_plan_reference){.pair = own,
                                       .child = own->child->at,
                                       .parent = own->parent->at,
                                       .from = {own->edge.columns, own->edge.ncolumns},
                                       .to = {own->edge.parent_columns, own->edge.ncolumns}};
    return MR_OK;
}

/* Others refer to its table by what it refers with, or a row is known by it. */
static bool is_hard(const struct mr_plan_tables *plan, size_t child,
                    const struct mr_plan_columns *from)
{
    bool hard = mr_plan_is_hard(&plan->tables[child], from);
    for (size_t i = 0; !hard && i < plan->nreferences; i++)
        for (size_t k = 0; !hard && k < from->count; k++)
            hard = plan->references[i].parent == child &&
                   mr_plan_columns_has(&plan->references[i].to, from->at[k]);
    return hard;
}

static void *keep(struct mr_arena *arena, const struct mr_vec *list)
{
    return list->count > 0 ? mr_arena_dup(arena, list->items, list->count * list->item_size)
                           : mr_arena_calloc(arena, 1, list->item_size);
}

/* Where no configuration says whose rows are people, and a table was taken for them that
 * refers to tables beyond the run, it was for want of those: its rows may be somebody's. */
static void find_subjects(struct mr_copy *c, const struct mr_plan_tables *plan, bool *beyond)
{
    bool more = true;
    for (size_t i = 0; i < c->nblind; i++)
        beyond[c->blind[i].by.child] = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < plan->nreferences; i++) {
            const struct mr_plan_reference *r = &plan->references[i];
            if (beyond[r->child] || !(r->parent >= plan->ntables || beyond[r->parent]))
                continue;
            beyond[r->child] = more = true;
        }
    }
    for (size_t i = 0; i < c->ntables; i++) {
        enum mr_find_subject subject = plan->tables[i].pair->find.subject;
        c->subject[i] =
            subject == MR_SUBJECT_CONFIGURED || (subject == MR_SUBJECT_INFERRED && !beyond[i]);
    }
}

/* The plan, wider: its counts tell what is the plan's own, but for the references. */
static enum mr_code widen(struct widening *w, struct mr_err *err)
{
    struct mr_copy *c = w->c;
    struct mr_plan_tables *wider =
        (struct mr_plan_tables *)(void *)mr_arena_dup(&c->m.arena, c->task->tables, sizeof *wider);
    bool *planned = mr_arena_calloc(&c->m.arena, w->tables.count + 1, sizeof *planned);
    bool *beyond = mr_arena_calloc(&c->m.arena, w->tables.count + 1, sizeof *beyond);
    struct mr_copy_blind *blind = keep(&c->m.arena, &w->blind);
    c->subject = mr_arena_calloc(&c->m.arena, w->tables.count + 1, sizeof *c->subject);
    if (wider == NULL || planned == NULL || beyond == NULL || blind == NULL || c->subject == NULL)
        return mr_merge_nomem(err);
    wider->tables = keep(&c->m.arena, &w->tables);
    wider->references = keep(&c->m.arena, &w->references);
    if (wider->tables == NULL || wider->references == NULL)
        return mr_merge_nomem(err);
    memcpy(planned, c->planned, wider->ntables * sizeof *planned);
    wider->nreferences = w->references.count; /* they make each other hard, too */
    for (size_t i = c->task->tables->nreferences; i < wider->nreferences; i++) {
        struct mr_plan_reference *r = &wider->references[i];
        r->hard = is_hard(wider, r->child, &r->from);
    }
    for (size_t i = 0; i < w->blind.count; i++) {
        const struct mr_pair_reference *r = blind[i].pair;
        blind[i].by = (struct mr_plan_reference){.pair = r,
                                                 .child = r->child->at,
                                                 .parent = MR_NO_COLUMN,
                                                 .from = {r->edge.columns, r->edge.ncolumns}};
        blind[i].by.hard = is_hard(wider, r->child->at, &blind[i].by.from);
    }
    c->m.plan = wider;
    c->planned = planned;
    c->ntables = w->tables.count;
    c->blind = blind;
    c->nblind = w->blind.count;
    find_subjects(c, wider, beyond);
    return MR_OK;
}

/* The plan's own tables and references keep their places, since slots and steps name them by
 * number. */
static enum mr_code begin_wider(struct widening *w, struct mr_err *err)
{
    const struct mr_plan_tables *plan = w->c->task->tables;
    for (size_t i = 0; i < plan->ntables; i++) {
        struct mr_plan_table *t = mr_vec_push(&w->tables);
        if (t == NULL)
            return mr_merge_nomem(err);
        *t = plan->tables[i];
    }
    for (size_t i = 0; i < plan->nreferences; i++) {
        struct mr_plan_reference *r = mr_vec_push(&w->references);
        if (r == NULL)
            return mr_merge_nomem(err);
        *r = plan->references[i];
    }
    for (size_t i = 0; i < plan->pairing.nreferences; i++) {
        const struct mr_pair_reference **slot =
            plan->pairing.references[i].parent == NULL ? mr_vec_push(&w->open) : NULL;
        if (slot != NULL)
            *slot = &plan->pairing.references[i];
        else if (plan->pairing.references[i].parent == NULL)
            return mr_merge_nomem(err);
    }
    return MR_OK;
}

/* The list of open references grows while it is gone through: what a table beyond the run refers
 * to is looked for in turn. */
enum mr_code mr_copy_outside_parents(struct mr_copy *c, struct mr_err *err)
{
    struct widening w = {.c = c,
                         .tables = MR_VEC_INIT(struct mr_plan_table),
                         .references = MR_VEC_INIT(struct mr_plan_reference),
                         .open = MR_VEC_INIT(const struct mr_pair_reference *),
                         .blind = MR_VEC_INIT(struct mr_copy_blind)};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(begin_wider(&w, err));
    for (size_t i = 0; i < w.open.count; i++)
        MR_TRY_OUT(
            add_reference(&w, *(const struct mr_pair_reference **)mr_vec_at(&w.open, i), err));
    MR_TRY_OUT(widen(&w, err));
out:
    mr_vec_release(&w.tables);
    mr_vec_release(&w.references);
    mr_vec_release(&w.open);
    mr_vec_release(&w.blind);
    return code;
}

/* ---- children ---- */

struct holding {
    struct mr_copy *c;
    const struct mr_plan_table *parent;
    struct mr_case_stmt *dep;
    struct mr_vec leavers; /* struct mr_merge_leaver */
};

static enum mr_code hold(void *ctx, int64_t tag, const struct mr_table *child, struct mr_err *err)
{
    struct holding *w = ctx;
    (void)child;
    return MR_CASE_RUN(w->dep, err, MR_ARG_INT("parent", tag),
                       MR_ARG_INT("ref", w->c->m.plan->nreferences));
}

static enum mr_code hold_rows(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct holding *w = ctx;
    (void)arena;
    MR_TRY(mr_copy_leavers(rows, &w->leavers, err));
    return mr_merge_referrers_outside(&w->c->m, w->parent, &w->leavers, hold, w, err);
}

/* Rows of tables that the plan does not hold can neither be deleted nor changed by it: they keep
 * whom they refer to, as child 0, which always stays. */
enum mr_code mr_copy_outside_children(struct mr_copy *c, struct mr_err *err)
{
    struct holding w = {.c = c, .leavers = MR_VEC_INIT(struct mr_merge_leaver)};
    enum mr_code code = mr_case_prepare(
        c->m.cf, "INSERT OR IGNORE INTO dep (parent, ref, child) VALUES (:parent, :ref, 0)", &w.dep,
        err);
    for (size_t i = 0; code == MR_OK && i < c->m.plan->ntables; i++) {
        w.parent = &c->m.plan->tables[i];
        code = mr_copy_pages(c, MR_COPY_LEAVING, i, hold_rows, &w, err);
    }
    mr_case_free(w.dep);
    mr_vec_release(&w.leavers);
    return code;
}
