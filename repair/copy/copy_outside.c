/* copy_outside.c: tables that the plan does not hold and that its rows are tied to; see
 * copy_internal.h.
 *
 * PARENTS that the run did not compare are read, so that a child is not put below somebody
 * else: they are appended to the plan's tables, beyond its count, and never written.
 * CHILDREN that only TARGET has keep the rows that they refer to as they are. */
#include <string.h>
#include <strings.h>

#include "repair/copy/copy_internal.h"
#include "repair/merge/merge_referrers.h"

/* ---- parents ---- */

/* What a reference of the pairing names on a side. */
struct named {
    const char *db, *table;
    const char *const *columns;
};

static bool by_foreign_key(const struct mr_pair_reference *r, enum mr_side side,
                           struct named *out)
{
    const struct mr_table *t = r->child->side[side];
    for (size_t i = 0; i < t->nfks; i++) {
        const struct mr_foreign_key *fk = &t->fks[i];
        bool same = strcmp(fk->name, r->kin.name) == 0 && fk->ncolumns == r->kin.ncolumns;
        for (size_t k = 0; same && k < fk->ncolumns; k++)
            same = strcasecmp(fk->columns[k],
                              r->child->find.columns[r->kin.columns[k]].name) == 0;
        if (!same)
            continue;
        *out = (struct named){fk->ref_db, fk->ref_table, fk->ref_columns};
        return true;
    }
    return false;
}

static bool by_configuration(const struct mr_pair_reference *r, struct named *out)
{
    const struct mr_table_config *config = r->child->config;
    for (size_t i = 0; i < config->nreferences; i++) {
        const struct mr_reference *ref = &config->references[i];
        bool same = !ref->dismissed && ref->columns.count == r->kin.ncolumns &&
                    ref->ref_columns.count == r->kin.ncolumns;
        size_t db = same ? strlen(ref->ref_db) : 0;
        same = same && strncmp(r->kin.parent_name, ref->ref_db, db) == 0 &&
               r->kin.parent_name[db] == '.' &&
               strcmp(r->kin.parent_name + db + 1, ref->ref_table) == 0;
        for (size_t k = 0; same && k < ref->columns.count; k++)
            same = strcasecmp(ref->columns.items[k],
                              r->child->find.columns[r->kin.columns[k]].name) == 0;
        if (!same)
            continue;
        *out = (struct named){ref->ref_db, ref->ref_table, ref->ref_columns.items};
        return true;
    }
    return false;
}

/* The parent's tables; NULL where a side has none. */
static void find_tables(const struct mr_copy *c, const struct mr_pair_reference *r,
                        enum mr_side side, const struct named *named,
                        const struct mr_table *tables[MR_SIDES])
{
    const struct mr_server_side *sides = c->m.plan->pairing.side;
    enum mr_side other = mr_other_side(side);
    const char *db = named->db;
    if (mr_server_same_name(&sides[side].cat->server, db, r->child->side[side]->db))
        db = r->child->side[other]->db;
    tables[side] = mr_catalogue_meant(sides[side].cat, named->db, named->table);
    tables[other] = mr_sides_twin(sides[side].cat, sides[other].cat, db, named->table);
}

static size_t position(const struct mr_pair *pair, const char *name)
{
    size_t i = 0;
    while (i < pair->find.ncolumns && strcasecmp(pair->find.columns[i].name, name) != 0)
        i++;
    return i < pair->find.ncolumns ? i : MR_NO_COLUMN;
}

static enum mr_code refuse(const struct mr_pair_reference *r, const char *why,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "table \"%s\" refers to \"%s\", which the run did not compare, and "
                     "which cannot be read: %s",
                     r->child->find.name, r->kin.parent_name, why);
    mr_err_hint(err,
                "Whether both sides mean the same parents cannot be told: run a check "
                "that compares it, too, into the same case.");
    return MR_E_REFUSED;
}

/* The table as the plan would hold it; one that is there already is taken again. */
static enum mr_code add_parent(struct mr_copy *c, struct mr_plan_tables *plan,
                               size_t *count, const struct mr_table *tables[MR_SIDES],
                               struct mr_pair_reference *r, struct mr_err *err)
{
    struct mr_err reason = {0};
    struct mr_pair *pair = NULL;
    for (size_t i = plan->ntables; i < *count; i++)
        if (plan->tables[i].pair->side[MR_TARGET] == tables[MR_TARGET]) {
            r->parent = plan->tables[i].pair;
            return MR_OK;
        }
    enum mr_code code = mr_pair_plan(&plan->pairing, tables[MR_SOURCE], tables[MR_TARGET],
                                     &pair, &reason, err);
    if (code == MR_OK && (reason.code != MR_OK || pair->nkey_columns == 0))
        code = refuse(r, reason.code != MR_OK ? reason.message : "it has no key", err);
    if (code != MR_OK)
        return code;
    bool by_columns = pair->config->identity == MR_IDENTITY_DEFAULT ||
                      pair->config->identity == MR_IDENTITY_COLUMNS;
    pair->at = *count;
    plan->tables[*count] = (struct mr_plan_table){
        .pair = pair,
        .at = *count,
        .key = {pair->key_columns, pair->nkey_columns},
        .identity = by_columns ? MR_PLAN_BY_COLUMNS : MR_PLAN_BY_NONE,
        .named_by = {pair->identity, pair->nidentity},
        .counter = MR_NO_COLUMN};
    r->parent = pair;
    ++*count;
    (void)c;
    return MR_OK;
}

static enum mr_code add_reference(struct mr_copy *c, struct mr_plan_tables *plan,
                                  size_t *count, const struct mr_pair_reference *pair,
                                  struct mr_err *err)
{
    const struct mr_table *tables[MR_SIDES] = {NULL, NULL};
    struct mr_pair_reference *own = mr_arena_calloc(&c->m.arena, 1, sizeof *own);
    size_t *to = mr_arena_calloc(&c->m.arena, pair->kin.ncolumns + 1, sizeof *to);
    struct named named;
    enum mr_side side = MR_TARGET;
    if (own == NULL || to == NULL)
        return mr_merge_nomem(err);
    *own = *pair;
    if (!by_foreign_key(pair, side, &named)) {
        side = MR_SOURCE;
        if (!by_foreign_key(pair, side, &named) && !by_configuration(pair, &named))
            return MR_OK;
    }
    find_tables(c, pair, side, &named, tables);
    const struct mr_catalogue *cat = c->m.plan->pairing.side[side].cat;
    if (tables[side] == NULL && mr_catalogue_db(cat, named.db) == NULL)
        return refuse(pair, "its database is not named by the URI", err);
    if (tables[MR_SOURCE] == NULL || tables[MR_TARGET] == NULL)
        return pair->kin.declared ? refuse(pair, "it is not on both sides", err) : MR_OK;
    enum mr_code code = add_parent(c, plan, count, tables, own, err);
    for (size_t i = 0; code == MR_OK && i < pair->kin.ncolumns; i++) {
        to[i] = position(own->parent, named.columns[i]);
        if (to[i] == MR_NO_COLUMN)
            code = refuse(pair, "columns that it refers to are not compared", err);
    }
    const char *why = NULL;
    own->kin.parent_columns = to;
    if (code == MR_OK)
        code = mr_pair_reference_spell(&c->m.arena, own, &why, err);
    if (code == MR_OK && why != NULL)
        code = refuse(pair, why, err);
    if (code != MR_OK)
        return code;
    plan->references[plan->nreferences++] =
        (struct mr_plan_reference){.pair = own,
                                   .child = pair->child->at,
                                   .parent = own->parent->at,
                                   .from = {pair->kin.columns, pair->kin.ncolumns},
                                   .to = {to, pair->kin.ncolumns}};
    return MR_OK;
}

enum mr_code mr_copy_outside_parents(struct mr_copy *c, struct mr_err *err)
{
    const struct mr_plan_tables *plan = c->task->tables;
    const struct mr_pairing *pairing = &plan->pairing;
    size_t most = pairing->nreferences, count = plan->ntables;
    struct mr_plan_tables *wider = mr_arena_calloc(&c->m.arena, 1, sizeof *wider);
    enum mr_code code = MR_OK;
    if (wider == NULL)
        return mr_merge_nomem(err);
    *wider = *plan;
    wider->tables =
        mr_arena_calloc(&c->m.arena, plan->ntables + most + 1, sizeof *wider->tables);
    wider->references = mr_arena_calloc(&c->m.arena, plan->nreferences + most + 1,
                                        sizeof *wider->references);
    if (wider->tables == NULL || wider->references == NULL)
        return mr_merge_nomem(err);
    memcpy(wider->tables, plan->tables, plan->ntables * sizeof *wider->tables);
    if (plan->nreferences > 0)
        memcpy(wider->references, plan->references,
               plan->nreferences * sizeof *wider->references);
    for (size_t i = 0; code == MR_OK && i < pairing->nreferences; i++) {
        const struct mr_pair_reference *r = &pairing->references[i];
        if (r->parent == NULL && c->planned[r->child->at])
            code = add_reference(c, wider, &count, r, err);
    }
    c->m.plan = wider;
    return code;
}

/* ---- children ---- */

struct holding {
    struct mr_copy *c;
    const struct mr_plan_table *parent;
    struct mr_case_stmt *dep;
    struct mr_vec leavers; /* struct mr_merge_leaver */
};

static enum mr_code hold(void *ctx, int64_t tag, const struct mr_table *child,
                         struct mr_err *err)
{
    struct holding *w = ctx;
    (void)child;
    mr_case_bind_int(w->dep, 1, tag);
    mr_case_bind_int(w->dep, 2, (int64_t)w->c->m.plan->nreferences);
    return mr_case_run(w->dep, err);
}

static enum mr_code hold_rows(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct holding *w = ctx;
    (void)arena;
    enum mr_code code = mr_copy_leavers(rows, &w->leavers, err);
    return code == MR_OK ? mr_merge_referrers_outside(&w->c->m, w->parent, &w->leavers,
                                                      hold, w, err)
                         : code;
}

enum mr_code mr_copy_outside_children(struct mr_copy *c, struct mr_err *err)
{
    struct holding w = {.c = c, .leavers = MR_VEC_INIT(struct mr_merge_leaver)};
    enum mr_code code = mr_case_prepare(
        c->m.cf, "INSERT OR IGNORE INTO dep (parent, ref, child) VALUES (?1, ?2, 0)",
        &w.dep, err);
    for (size_t i = 0; code == MR_OK && i < c->m.plan->ntables; i++) {
        w.parent = &c->m.plan->tables[i];
        code = mr_copy_pages(c, MR_COPY_LEAVING, i, hold_rows, &w, err);
    }
    mr_case_free(w.dep);
    mr_vec_release(&w.leavers);
    return code;
}
