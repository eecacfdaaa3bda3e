/* copy_outside.c: tables that the plan does not hold and that its rows are tied to; see
 * copy_internal.h.
 *
 * PARENTS that the run did not compare are read, so that a child is not put below somebody
 * else: they are appended to the plan's tables, beyond its count, and never written.
 * CHILDREN that only TARGET has keep the rows that they refer to from being deleted. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/pair/pair_identity.h"
#include "repair/copy/copy_internal.h"

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
    if (strcmp(db, r->child->side[side]->db) == 0)
        db = r->child->side[other]->db;
    tables[side] = mr_catalogue_table(sides[side].cat, named->db, named->table);
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
    struct mr_plan_columns to;
    struct mr_readspec spec;
    struct mr_case_stmt *dep;
    struct mr_vec asks, held; /* struct mr_merge_ask */
    struct mr_vec keys;       /* struct mr_key */
    struct mr_arena arena;
    struct mr_strbuf bytes;
    int64_t number; /* of the reference: beyond those of the plan */
};

static enum mr_code take_child(void *ctx, const struct mr_value *values,
                               struct mr_err *err)
{
    struct holding *w = ctx;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(&w->bytes);
    for (size_t i = 0; code == MR_OK && i < w->spec.nkey; i++)
        code = mr_row_encode(&w->bytes, &values[i], err);
    const struct mr_merge_ask *last =
        w->held.count > 0 ? mr_vec_at(&w->held, w->held.count - 1) : NULL;
    const struct mr_key key = {w->bytes.ptr, w->bytes.len};
    if (code != MR_OK || (last != NULL && mr_key_compare(last->value, key) == 0))
        return code;
    struct mr_merge_ask *ask = mr_vec_push(&w->held);
    const void *copy = mr_arena_dup(&w->arena, key.ptr, key.len);
    if (ask == NULL || copy == NULL)
        return mr_merge_nomem(err);
    *ask = (struct mr_merge_ask){.value = {copy, key.len}};
    return MR_OK;
}

static int compare_asks(const void *a, const void *b)
{
    return mr_key_compare(((const struct mr_merge_ask *)a)->canon,
                          ((const struct mr_merge_ask *)b)->canon);
}

/* Marks the slots whose values are held. */
static enum mr_code match(struct holding *w, struct mr_err *err)
{
    enum mr_code code =
        mr_merge_lookup_canonise(&w->c->m, w->parent, w->to, &w->asks, &w->arena, err);
    if (code == MR_OK)
        code = mr_merge_lookup_canonise(&w->c->m, w->parent, w->to, &w->held, &w->arena,
                                        err);
    if (code == MR_OK && w->held.count > 1)
        qsort(w->held.items, w->held.count, sizeof(struct mr_merge_ask), compare_asks);
    for (size_t i = 0; code == MR_OK && i < w->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&w->asks, i);
        if (bsearch(ask, w->held.items, w->held.count, sizeof *ask, compare_asks) == NULL)
            continue;
        mr_case_bind_int(w->dep, 1, ask->tag);
        mr_case_bind_int(w->dep, 2, w->number);
        code = mr_case_run(w->dep, err);
    }
    return code;
}

static enum mr_code hold_rows(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct holding *w = ctx;
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->asks);
    mr_vec_clear(&w->held);
    mr_vec_clear(&w->keys);
    mr_arena_reset(&w->arena);
    for (size_t i = 0; code == MR_OK && i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        code = mr_merge_lookup_push(&w->asks, row->id,
                                    (struct mr_key){row->live, row->live_len}, w->to,
                                    arena, err);
    }
    for (size_t i = 0; code == MR_OK && i < w->asks.count; i++) {
        struct mr_key *key = mr_vec_push(&w->keys);
        if (key == NULL)
            return mr_merge_nomem(err);
        *key = ((struct mr_merge_ask *)mr_vec_at(&w->asks, i))->value;
    }
    if (code == MR_OK && w->keys.count > 0)
        code = mr_reader_fetch(w->c->m.reader[MR_TARGET], &w->spec, w->keys.items,
                               w->keys.count, take_child, w, err);
    return code == MR_OK && w->held.count > 0 ? match(w, err) : code;
}

static enum mr_code hold(struct holding *w, const struct mr_table *child,
                         const struct mr_foreign_key *fk, struct mr_err *err)
{
    struct mr_readcol cols[MR_KEY_PARTS_MAX];
    size_t to[MR_KEY_PARTS_MAX], key[MR_KEY_PARTS_MAX];
    if (fk->ncolumns > MR_KEY_PARTS_MAX)
        return MR_OK;
    for (size_t i = 0; i < fk->ncolumns; i++) {
        const struct mr_column *col = mr_table_column(child, fk->columns[i]);
        to[i] = position(w->parent->pair, fk->ref_columns[i]);
        if (col == NULL || to[i] == MR_NO_COLUMN)
            return MR_OK;
        cols[i] = (struct mr_readcol){.name = col->name,
                                      .expr = MR_EXPR_COLUMN,
                                      .cls = col->cls,
                                      .charset = col->charset};
        key[i] = i;
    }
    w->to = (struct mr_plan_columns){to, fk->ncolumns};
    w->spec = (struct mr_readspec){.db = child->db,
                                   .table = child->name,
                                   .cols = cols,
                                   .ncols = fk->ncolumns,
                                   .key = key,
                                   .nkey = fk->ncolumns};
    return mr_copy_pages(w->c,
                         "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=?1 AND c.id>?2"
                         " AND c.op=3 ORDER BY c.id LIMIT 500",
                         w->parent->at, hold_rows, w, err);
}

static const struct mr_plan_table *planned_table(const struct mr_copy *c, const char *db,
                                                 const char *name)
{
    for (size_t i = 0; i < c->m.plan->ntables; i++) {
        const struct mr_table *t = c->m.plan->tables[i].pair->side[MR_TARGET];
        if (strcmp(t->db, db) == 0 && strcmp(t->name, name) == 0)
            return &c->m.plan->tables[i];
    }
    return NULL;
}

static enum mr_code hold_all(struct holding *w, struct mr_err *err)
{
    const struct mr_catalogue *cat = w->c->m.plan->pairing.side[MR_TARGET].cat;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < cat->ntables; i++) {
        const struct mr_table *child = &cat->tables[i];
        if (planned_table(w->c, child->db, child->name) != NULL)
            continue;
        for (size_t k = 0; code == MR_OK && k < child->nfks; k++) {
            w->parent =
                planned_table(w->c, child->fks[k].ref_db, child->fks[k].ref_table);
            if (w->parent != NULL && w->c->planned[w->parent->at])
                code = hold(w, child, &child->fks[k], err);
        }
    }
    return code;
}

enum mr_code mr_copy_outside_children(struct mr_copy *c, struct mr_err *err)
{
    struct holding w = {.c = c,
                        .asks = MR_VEC_INIT(struct mr_merge_ask),
                        .held = MR_VEC_INIT(struct mr_merge_ask),
                        .keys = MR_VEC_INIT(struct mr_key),
                        .arena = MR_ARENA_INIT,
                        .bytes = MR_STRBUF_INIT,
                        .number = (int64_t)c->m.plan->nreferences};
    enum mr_code code = mr_case_prepare(
        c->m.cf, "INSERT OR IGNORE INTO dep (parent, ref, child) VALUES (?1, ?2, 0)",
        &w.dep, err);
    if (code == MR_OK && c->task->policy == MR_COPY_MIRROR)
        code = hold_all(&w, err);
    mr_case_free(w.dep);
    mr_vec_release(&w.asks);
    mr_vec_release(&w.held);
    mr_vec_release(&w.keys);
    mr_arena_release(&w.arena);
    mr_strbuf_release(&w.bytes);
    return code;
}
