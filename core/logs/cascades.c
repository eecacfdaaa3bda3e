/* cascades.c: see cascades.h. */
#include "core/logs/cascades.h"

#include <string.h>
#include <strings.h>

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading foreign keys");
}

bool mr_cascades_acts(const char *rule)
{
    return rule == NULL ||
           (strcasecmp(rule, "RESTRICT") != 0 && strcasecmp(rule, "NO ACTION") != 0);
}

bool mr_cascades_may_be(const char *rule, const char *action)
{
    return rule == NULL || strcmp(rule, action) == 0;
}

bool mr_cascades_may_be_logged(const struct mr_server *server)
{
    return server->flavour == MR_FLAVOUR_MYSQL && server->version >= 90600;
}

struct mr_cascade *mr_cascades_at(const struct mr_cascades *c, size_t at)
{
    return mr_vec_at(&c->of, at);
}

static size_t find(const struct mr_cascades *c, size_t from, size_t until, const char *db,
                   const char *name)
{
    for (size_t i = from; i < until; i++) {
        const struct mr_cascade *of = mr_cascades_at(c, i);
        if (mr_server_same_name(&c->cat->server, of->name, name) &&
            mr_server_same_name(&c->cat->server, of->db, db))
            return i;
    }
    return MR_NO_CASCADE;
}

size_t mr_cascades_beside(const struct mr_cascades *c, const char *db, const char *name)
{
    return find(c, c->cat->ntables, c->of.count, db, name);
}

static enum mr_code add(struct mr_cascades *c, const char *db, const char *name, struct mr_err *err)
{
    struct mr_cascade *of = mr_vec_push(&c->of);
    if (of == NULL)
        return nomem(err);
    *of = (struct mr_cascade){.db = db, .name = name};
    return MR_OK;
}

/* Of a parent beside the catalogue nobody knows the columns. */
static enum mr_code note_columns(struct mr_cascades *c, const struct mr_foreign_key *fk, size_t at,
                                 struct mr_err *err)
{
    struct mr_cascade *of = mr_cascades_at(c, at);
    if (at >= c->cat->ntables)
        return MR_OK;
    const struct mr_table *table = &c->cat->tables[at];
    if (of->referenced == NULL)
        of->referenced = mr_arena_calloc(c->arena, table->ncolumns + 1, sizeof *of->referenced);
    if (of->referenced == NULL)
        return nomem(err);
    for (size_t k = 0; k < fk->ncolumns; k++)
        for (size_t i = 0; i < table->ncolumns; i++)
            if (strcasecmp(table->columns[i].name, fk->ref_columns[k]) == 0)
                of->referenced[i] = true;
    return MR_OK;
}

static enum mr_code add_parent(struct mr_cascades *c, const struct mr_foreign_key *fk, size_t *at,
                               struct mr_err *err)
{
    *at = MR_NO_CASCADE;
    if (!mr_cascades_acts(fk->on_delete) && !mr_cascades_acts(fk->on_update))
        return MR_OK;
    const struct mr_table *exact = mr_catalogue_table(c->cat, fk->ref_db, fk->ref_table);
    *at = exact != NULL ? (size_t)(exact - c->cat->tables)
                        : find(c, 0, c->of.count, fk->ref_db, fk->ref_table);
    if (*at == MR_NO_CASCADE) {
        *at = c->of.count;
        MR_TRY(add(c, fk->ref_db, fk->ref_table, err));
    }
    mr_cascades_at(c, *at)->is_parent = true;
    return note_columns(c, fk, *at, err);
}

enum mr_code mr_cascades_init(struct mr_cascades *c, const struct mr_catalogue *cat,
                              struct mr_arena *arena, struct mr_err *err)
{
    *c = (struct mr_cascades){.cat = cat, .of = MR_VEC_INIT(struct mr_cascade), .arena = arena};
    for (size_t i = 0; i < cat->ntables; i++)
        MR_TRY(add(c, cat->tables[i].db, cat->tables[i].name, err));
    for (size_t i = 0; i < cat->ntables; i++) {
        const struct mr_table *table = &cat->tables[i];
        size_t *parents = mr_arena_calloc(arena, table->nfks + 1, sizeof *parents);
        if (parents == NULL)
            return nomem(err);
        mr_cascades_at(c, i)->parents = parents;
        for (size_t k = 0; k < table->nfks; k++)
            MR_TRY(add_parent(c, &table->fks[k], &parents[k], err));
    }
    return MR_OK;
}

void mr_cascades_release(struct mr_cascades *c)
{
    mr_vec_release(&c->of);
}

/* *more: it takes along what was not known to be taken. */
static enum mr_code follow(struct mr_cascades *c, size_t child, size_t k, bool *more,
                           struct mr_err *err)
{
    const struct mr_foreign_key *fk = &c->cat->tables[child].fks[k];
    struct mr_cascade *of = mr_cascades_at(c, child);
    if (of->parents[k] == MR_NO_CASCADE)
        return MR_OK;
    const struct mr_cascade *parent = mr_cascades_at(c, of->parents[k]);
    const bool by_delete = mr_cascades_acts(fk->on_delete) && parent->deleted;
    const bool by_update = mr_cascades_acts(fk->on_update) && parent->updated;
    if (!by_delete && !by_update)
        return MR_OK;
    *more = *more || (by_delete && !of->deleted) || !of->updated || of->by == NULL;
    if (of->by == NULL)
        of->by = mr_arena_fmt(c->arena, "%s.%s", parent->db, parent->name);
    if (of->by == NULL)
        return nomem(err);
    of->deleted = of->deleted || by_delete;
    of->updated = true;
    return MR_OK;
}

bool mr_cascades_has_beside(const struct mr_cascades *c)
{
    return c->of.count > c->cat->ntables;
}

static bool hangs_on(const struct mr_cascades *c, size_t child, size_t parent)
{
    for (size_t k = 0; k < c->cat->tables[child].nfks; k++)
        if (mr_cascades_at(c, child)->parents[k] == parent)
            return true;
    return false;
}

/* What a parent beside the catalogue hangs on itself nobody has read: it may be any table of it, and by any column;
 * but for its own children, which would be a circle. */
static void follow_beside(struct mr_cascades *c)
{
    for (size_t at = c->cat->ntables; at < c->of.count; at++) {
        struct mr_cascade *beside = mr_cascades_at(c, at);
        for (size_t i = 0; i < c->cat->ntables; i++) {
            const struct mr_cascade *of = mr_cascades_at(c, i);
            const bool lost = of->deleted || of->has_lost;
            if (hangs_on(c, i, at))
                continue;
            beside->deleted = beside->deleted || lost;
            beside->updated = beside->updated || lost || of->updated || of->has_changed;
        }
    }
}

enum mr_code mr_cascades_spread(struct mr_cascades *c, struct mr_err *err)
{
    for (bool more = true; more;) {
        more = false;
        follow_beside(c);
        for (size_t i = 0; i < c->cat->ntables; i++)
            for (size_t k = 0; k < c->cat->tables[i].nfks; k++)
                MR_TRY(follow(c, i, k, &more, err));
    }
    return MR_OK;
}
