/* cascades.c: see cascades.h. */
#include "recon/history/cascades.h"

#include <string.h>
#include <strings.h>

static bool acts(const char *rule)
{
    return rule == NULL ||
           (strcasecmp(rule, "RESTRICT") != 0 && strcasecmp(rule, "NO ACTION") != 0);
}

static size_t find(const struct mr_catalogue *cat, const char *db, const char *name)
{
    for (size_t i = 0; i < cat->ntables; i++)
        if (mr_server_same_name(&cat->server, cat->tables[i].name, name) &&
            mr_server_same_name(&cat->server, cat->tables[i].db, db))
            return i;
    return cat->ntables;
}

static enum mr_code add_parent(struct mr_cascades *c, const struct mr_foreign_key *fk, size_t at,
                               struct mr_err *err)
{
    if (at == c->cat->ntables || (!acts(fk->on_delete) && !acts(fk->on_update)))
        return MR_OK;
    const struct mr_table *table = &c->cat->tables[at];
    struct mr_cascade *of = &c->of[at];
    of->is_parent = true;
    if (of->referenced == NULL)
        of->referenced = mr_arena_calloc(c->arena, table->ncolumns + 1, sizeof *of->referenced);
    if (of->referenced == NULL)
        return mr_err_nomem(err, "reading foreign keys");
    for (size_t k = 0; k < fk->ncolumns; k++)
        for (size_t i = 0; i < table->ncolumns; i++)
            if (strcasecmp(table->columns[i].name, fk->ref_columns[k]) == 0)
                of->referenced[i] = true;
    return MR_OK;
}

enum mr_code mr_cascades_init(struct mr_cascades *c, const struct mr_catalogue *cat,
                              struct mr_arena *arena, struct mr_err *err)
{
    *c = (struct mr_cascades){.cat = cat, .arena = arena};
    c->of = mr_arena_calloc(arena, cat->ntables + 1, sizeof *c->of);
    if (c->of == NULL)
        return mr_err_nomem(err, "reading foreign keys");
    for (size_t i = 0; i < cat->ntables; i++) {
        const struct mr_table *table = &cat->tables[i];
        c->of[i].parents = mr_arena_calloc(arena, table->nfks + 1, sizeof(size_t));
        if (c->of[i].parents == NULL)
            return mr_err_nomem(err, "reading foreign keys");
        for (size_t k = 0; k < table->nfks; k++) {
            c->of[i].parents[k] = find(cat, table->fks[k].ref_db, table->fks[k].ref_table);
            MR_TRY(add_parent(c, &table->fks[k], c->of[i].parents[k], err));
        }
    }
    return MR_OK;
}

static enum mr_code name_parent(struct mr_cascades *c, struct mr_cascade *child, size_t parent,
                                struct mr_err *err)
{
    const struct mr_table *table = &c->cat->tables[parent];
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&name, "%s.%s", table->db, table->name);
    child->parent = name.failed ? NULL : mr_arena_strdup(c->arena, name.ptr);
    mr_strbuf_release(&name);
    return child->parent != NULL ? MR_OK : mr_err_nomem(err, "reading foreign keys");
}

/* *more: it takes along what was not known to be taken. */
static enum mr_code follow(struct mr_cascades *c, size_t child, size_t k, bool *more,
                           struct mr_err *err)
{
    const struct mr_foreign_key *fk = &c->cat->tables[child].fks[k];
    struct mr_cascade *of = &c->of[child];
    const size_t parent = of->parents[k];
    const bool is_unseen = parent == c->cat->ntables;
    const bool by_delete = acts(fk->on_delete) && (is_unseen || c->of[parent].deleted);
    const bool by_update = acts(fk->on_update) && (is_unseen || c->of[parent].updated);
    const bool deletes = by_delete && !of->deleted;
    const bool updates = (by_delete || by_update) && !of->updated;
    if (!by_delete && !by_update)
        return MR_OK;
    *more = *more || deletes || updates || !of->is_taken;
    if (!of->is_taken && !is_unseen)
        MR_TRY(name_parent(c, of, parent, err));
    of->is_taken = true;
    of->deleted = of->deleted || by_delete;
    of->updated = true;
    return MR_OK;
}

enum mr_code mr_cascades_spread(struct mr_cascades *c, struct mr_err *err)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < c->cat->ntables; i++)
            for (size_t k = 0; k < c->cat->tables[i].nfks; k++)
                MR_TRY(follow(c, i, k, &more, err));
    }
    return MR_OK;
}
