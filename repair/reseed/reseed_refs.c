/* reseed_refs.c: see reseed_refs.h. */
#include "repair/reseed/reseed_refs.h"

#include <string.h>
#include <strings.h>

#include "repair/reseed/reseed_value.h"

/* A column of TARGET. */
struct place {
    const struct mr_table *table;
    const char *column;
};

struct mr_reseed_edge {
    struct place child, parent;
};

struct loader {
    struct mr_reseed_refs *refs;
    const struct mr_catalogue *cat[MR_SIDES];
    const struct mr_vec *pairs;
    const struct mr_config *config;
    struct mr_err *err;
};

static bool same_place(const struct place *a, const struct place *b)
{
    return a->table == b->table && strcasecmp(a->column, b->column) == 0;
}

static enum mr_code add_edge(struct loader *l, const struct mr_table *child, const char *column,
                             const struct mr_table *parent, const char *parent_column)
{
    struct mr_reseed_edge *edge = mr_vec_push(&l->refs->edges);
    if (edge == NULL)
        return mr_err_nomem(l->err, "reading references");
    edge->child = (struct place){child, column};
    edge->parent = (struct place){parent, parent_column};
    return MR_OK;
}

/* The other side's name of a database; NULL: it has no twin. */
static const char *twin_db(const struct loader *l, enum mr_side from, const char *db)
{
    for (size_t i = 0; i < l->pairs->count; i++) {
        const struct mr_db_pair *pair = mr_vec_at(l->pairs, i);
        if (mr_server_same_name(&l->cat[from]->server, pair->name[from], db))
            return pair->name[mr_other_side(from)];
    }
    return NULL;
}

/* TARGET's table of that name on `side`. */
static const struct mr_table *on_target(const struct loader *l, enum mr_side side, const char *db,
                                        const char *name)
{
    const struct mr_catalogue *target = l->cat[MR_TARGET];
    if (side == MR_TARGET)
        return mr_catalogue_meant(target, db, name);
    const char *twin = twin_db(l, MR_SOURCE, db);
    return twin != NULL ? mr_sides_twin(l->cat[MR_SOURCE], db, target, twin, name) : NULL;
}

static enum mr_code add_foreign_keys(struct loader *l, enum mr_side side,
                                     const struct mr_table *table, const struct mr_table *child)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < table->nfks; i++) {
        const struct mr_foreign_key *fk = &table->fks[i];
        const struct mr_table *parent = on_target(l, side, fk->ref_db, fk->ref_table);
        for (size_t c = 0; code == MR_OK && parent != NULL && c < fk->ncolumns; c++)
            code = add_edge(l, child, fk->columns[c], parent, fk->ref_columns[c]);
    }
    return code;
}

static enum mr_code refuse(struct loader *l, const char *db, const char *table, const char *column,
                           const char *what)
{
    (void)mr_err_set(l->err, MR_E_CONFIG, "reference \"%s\" of table \"%s.%s\": %s", column, db,
                     table, what);
    mr_err_hint(l->err,
                "Write reference = column -> db.table.column in [table %s.%s], with "
                "SOURCE's names.",
                db, table);
    return MR_E_CONFIG;
}

static const struct mr_column *find_column(const struct mr_table *table, const char *name)
{
    for (size_t i = 0; i < table->ncolumns; i++)
        if (strcasecmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

/* A table that the URI leaves out is fine; one that is nowhere is a slip. */
static enum mr_code add_reference(struct loader *l, const char *db, const struct mr_table *child,
                                  const struct mr_reference *ref)
{
    const struct mr_table *parent = on_target(l, MR_SOURCE, ref->ref_db, ref->ref_table);
    const char *first = ref->columns.items[0];
    enum mr_code code = MR_OK;
    if (parent == NULL)
        return twin_db(l, MR_SOURCE, ref->ref_db) == NULL
                   ? MR_OK
                   : refuse(l, db, child->name, first,
                            "the target does not have the referenced table");
    for (size_t c = 0; code == MR_OK && c < ref->columns.count; c++) {
        if (find_column(child, ref->columns.items[c]) == NULL)
            return ref->by_pattern ? MR_OK
                                   : refuse(l, db, child->name, ref->columns.items[c],
                                            "the target's table has no such column");
        if (find_column(parent, ref->ref_columns.items[c]) == NULL)
            return refuse(l, db, child->name, first, "the referenced table has no such column");
        code = add_edge(l, child, ref->columns.items[c], parent, ref->ref_columns.items[c]);
    }
    return code;
}

/* Of SOURCE's names. */
static enum mr_code add_configured(struct loader *l, const char *db, const char *name,
                                   const struct mr_table *child)
{
    struct mr_table_config config;
    enum mr_code code = mr_config_table(l->config, db, name, l->refs->arena, &config, l->err);
    for (size_t i = 0; code == MR_OK && i < config.nreferences; i++)
        if (!mr_table_config_is_dismissed(&config, i))
            code = add_reference(l, db, child, &config.references[i]);
    return code;
}

static enum mr_code add_table(struct loader *l, const struct mr_table *child)
{
    const char *db = twin_db(l, MR_TARGET, child->db);
    enum mr_code code = add_foreign_keys(l, MR_TARGET, child, child);
    if (code != MR_OK || db == NULL)
        return code;
    const struct mr_table *source =
        mr_sides_twin(l->cat[MR_TARGET], child->db, l->cat[MR_SOURCE], db, child->name);
    if (source != NULL)
        code = add_foreign_keys(l, MR_SOURCE, source, child);
    return code == MR_OK ? add_configured(l, db, source != NULL ? source->name : child->name, child)
                         : code;
}

/* All tables of TARGET, whatever is planned: any of them may refer to an id that is handed out. */
enum mr_code mr_reseed_refs_load(struct mr_reseed_refs *refs,
                                 const struct mr_server_side side[MR_SIDES],
                                 const struct mr_vec *pairs, const struct mr_config *config,
                                 struct mr_arena *arena, struct mr_err *err)
{
    struct loader l = {.refs = refs,
                       .cat = {side[MR_SOURCE].cat, side[MR_TARGET].cat},
                       .pairs = pairs,
                       .config = config,
                       .err = err};
    refs->arena = arena;
    refs->target = side[MR_TARGET].cat;
    refs->edges = (struct mr_vec)MR_VEC_INIT(struct mr_reseed_edge);
    for (size_t i = 0; i < refs->target->ntables; i++)
        MR_TRY(add_table(&l, &refs->target->tables[i]));
    return MR_OK;
}

void mr_reseed_refs_release(struct mr_reseed_refs *refs)
{
    mr_vec_release(&refs->edges);
}

static bool holds(const struct mr_vec *places, const struct place *place)
{
    for (size_t i = 0; i < places->count; i++)
        if (same_place(mr_vec_at(places, i), place))
            return true;
    return false;
}

/* Appends every place that refers to the at-th and is not there yet. */
static bool push_children(const struct mr_reseed_refs *refs, struct mr_vec *places, size_t at)
{
    for (size_t i = 0; i < refs->edges.count; i++) {
        const struct mr_reseed_edge *edge = mr_vec_at(&refs->edges, i);
        if (!same_place(&edge->parent, mr_vec_at(places, at)) || holds(places, &edge->child))
            continue;
        struct place *slot = mr_vec_push(places);
        if (slot == NULL)
            return false;
        *slot = edge->child;
    }
    return true;
}

static const char *place_name(struct mr_arena *arena, const struct place *place)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sb, "%s.%s.%s", place->table->db, place->table->name, place->column);
    const char *name = sb.failed ? NULL : mr_arena_strdup(arena, sb.ptr);
    mr_strbuf_release(&sb);
    return name;
}

/* Breadth first; a place is looked at once, so that tables which refer to each other end. */
enum mr_code mr_reseed_refs_limit(const struct mr_reseed_refs *refs, const struct mr_table *table,
                                  const char *column, uint64_t *limit, const char **narrowest,
                                  struct mr_err *err)
{
    struct mr_vec places = MR_VEC_INIT(struct place);
    struct place *first = mr_vec_push(&places);
    bool ok = first != NULL;
    size_t least = 0;
    if (ok)
        *first = (struct place){table, column};
    *limit = UINT64_MAX;
    for (size_t i = 0; ok && i < places.count; i++) {
        const struct place *place = mr_vec_at(&places, i);
        const struct mr_column *col = find_column(place->table, place->column);
        uint64_t own = col != NULL ? mr_reseed_column_limit(col) : UINT64_MAX;
        if (own < *limit) {
            *limit = own;
            least = i;
        }
        ok = push_children(refs, &places, i);
    }
    *narrowest = ok ? place_name(refs->arena, mr_vec_at(&places, least)) : NULL;
    mr_vec_release(&places);
    return *narrowest != NULL ? MR_OK : mr_err_nomem(err, "reading references");
}
