/* pair_references.c: see pair_references.h. */
#include "core/pair/pair_references.h"

#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/same_text.h"
#include "core/pair/pair_columns.h"
#include "core/pair/pair_identity.h"
#include "core/pair/pair_renamed.h"
#include "core/pair/pair_subjects.h"

#define FEW_ROWS 10000 /* of a table that may be read whole again and again */

struct planner {
    struct mr_pairing *pairing;
    struct mr_vec list; /* struct mr_pair_reference */
};

/* Position of a compared column; ncolumns if there is none. */
static size_t column_at(const struct mr_pair *table, const char *name)
{
    size_t i = 0;
    while (i < table->find.ncolumns && strcasecmp(table->find.columns[i].name, name) != 0)
        i++;
    return i;
}

/* Names as that side's server compares them. */
static bool same_name(const struct mr_pairing *pairing, enum mr_side side, const char *a,
                      const char *b)
{
    return mr_server_same_name(&pairing->side[side].cat->server, a, b);
}

/* The same by the name that a side's table has for it. */
static size_t column_of_side(const struct mr_pair *table, enum mr_side side, const char *name)
{
    size_t i = 0;
    while (i < table->find.ncolumns && strcasecmp(mr_pair_column(table, side, i)->name, name) != 0)
        i++;
    return i;
}

/* A table that could not be planned has no columns to refer to: it counts as not compared. */
static struct mr_pair *table_named(const struct mr_pairing *pairing, enum mr_side side,
                                   const char *db, const char *name)
{
    for (size_t i = 0; i < pairing->ntables; i++) {
        const struct mr_table *t = pairing->tables[i]->side[side];
        if (mr_catalogue_is_table(pairing->side[side].cat, t, db, name))
            return pairing->tables[i]->config != NULL ? pairing->tables[i] : NULL;
    }
    return NULL;
}

/* SOURCE's name of a database of that side, as far as compared tables tell. */
static const char *source_db(const struct mr_pairing *pairing, enum mr_side side, const char *db)
{
    for (size_t i = 0; i < pairing->ntables; i++)
        if (same_name(pairing, side, pairing->tables[i]->side[side]->db, db))
            return pairing->tables[i]->side[MR_SOURCE]->db;
    return db;
}

static bool same_reference(const struct mr_pair_reference *a, const struct mr_pair_reference *b)
{
    if (a->child != b->child || a->parent != b->parent || a->edge.ncolumns != b->edge.ncolumns ||
        !mr_same_text(a->edge.condition, b->edge.condition) ||
        strcmp(a->edge.parent_name, b->edge.parent_name) != 0)
        return false;
    size_t bytes = a->edge.ncolumns * sizeof(size_t);
    return memcmp(a->edge.columns, b->edge.columns, bytes) == 0 &&
           (a->parent == NULL ||
            memcmp(a->edge.parent_columns, b->edge.parent_columns, bytes) == 0);
}

/* Adds it unless it is there. */
static enum mr_code add(struct planner *p, const struct mr_pair_reference *reference,
                        struct mr_err *err)
{
    for (size_t i = 0; i < p->list.count; i++)
        if (same_reference(mr_vec_at(&p->list, i), reference))
            return MR_OK;
    struct mr_pair_reference *slot = mr_vec_push(&p->list);
    if (slot == NULL)
        return mr_err_nomem(err, "planning references");
    *slot = *reference;
    return MR_OK;
}

static const char *join_name(struct mr_arena *arena, const char *db, const char *table)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sb, "%s.%s", db, table);
    const char *name = sb.failed ? NULL : mr_arena_strdup(arena, sb.ptr);
    mr_strbuf_release(&sb);
    return name;
}

/* Room for the columns of a reference, all of them 0. */
static enum mr_code start(struct planner *p, struct mr_pair_reference *reference, size_t ncolumns,
                          size_t **columns, size_t **parents, struct mr_err *err)
{
    *columns = mr_arena_calloc(p->pairing->arena, ncolumns + 1, sizeof **columns);
    *parents = mr_arena_calloc(p->pairing->arena, ncolumns + 1, sizeof **parents);
    if (*columns == NULL || *parents == NULL)
        return mr_err_nomem(err, "planning references");
    reference->edge.columns = *columns;
    reference->edge.parent_columns = *parents;
    reference->edge.ncolumns = ncolumns;
    reference->edge.condition_at = -1;
    return MR_OK;
}

enum mr_code mr_pair_reference_spell(struct mr_arena *arena, struct mr_pair_reference *r,
                                     const char **why, struct mr_err *err)
{
    struct mr_spelling *spelling = mr_arena_calloc(arena, r->edge.ncolumns + 1, sizeof *spelling);
    bool differs = false;
    *why = NULL;
    if (spelling == NULL)
        return mr_err_nomem(err, "planning references");
    for (size_t i = 0; r->parent != NULL && *why == NULL && i < r->edge.ncolumns; i++) {
        *why = mr_spelling_plan(r->child, r->edge.columns[i], r->parent, r->edge.parent_columns[i],
                                &spelling[i]);
        differs = differs || spelling[i].kind != MR_SPELL_SAME;
    }
    r->spelling = differs ? spelling : NULL;
    return MR_OK;
}

/* ---- foreign keys ---- */

/* Is that how this side calls the column to which the configuration gives SOURCE's name? */
static bool is_called(const struct mr_pair *table, enum mr_side side, const char *configured,
                      const char *column)
{
    const struct mr_column *twin =
        side == MR_TARGET ? mr_pair_renamed_twin(table->config, table->side, configured) : NULL;
    return strcasecmp(twin != NULL ? twin->name : configured, column) == 0;
}

/* Does the configuration say that it leads nowhere ("none: column")? */
static bool is_none(const struct mr_pair *table, enum mr_side side, const char *column)
{
    const struct mr_table_config *config = table->config;
    for (size_t i = 0; i < config->nreferences; i++)
        for (size_t k = 0; k < config->references[i].columns.count; k++)
            if (config->references[i].dismissed &&
                is_called(table, side, config->references[i].columns.items[k], column))
                return true;
    return false;
}

/* Of a column that is not compared (one side alone has it, or ignore-columns names it) nobody
 * can tell where it leads: kept without columns, so that whoever follows references knows. */
static enum mr_code add_blind(struct planner *p, struct mr_pair_reference *r, enum mr_side side,
                              const char *column, struct mr_err *err)
{
    if (!p->pairing->followed || is_none(r->child, side, column))
        return MR_OK;
    r->parent = NULL;
    r->edge.ncolumns = 0;
    return add(p, r, err);
}

/* To a column that is not compared, or is read as a type that the child's cannot spell (the
 * two sides differ), a foreign key leads nowhere that could be seen. */
static enum mr_code add_foreign_key(struct planner *p, struct mr_pair *child, enum mr_side side,
                                    const struct mr_foreign_key *fk, struct mr_err *err)
{
    struct mr_pair_reference r = {
        .child = child, .parent = table_named(p->pairing, side, fk->ref_db, fk->ref_table)};
    size_t *columns, *parents;
    MR_TRY(start(p, &r, fk->ncolumns, &columns, &parents, err));
    r.edge.name = fk->name;
    r.edge.declared = true;
    r.edge.parent_name =
        r.parent != NULL
            ? r.parent->find.name
            : join_name(p->pairing->arena, source_db(p->pairing, side, fk->ref_db), fk->ref_table);
    if (r.edge.parent_name == NULL)
        return mr_err_nomem(err, "planning references");
    for (size_t i = 0; i < fk->ncolumns; i++) {
        columns[i] = column_of_side(child, side, fk->columns[i]);
        if (columns[i] == child->find.ncolumns)
            return add_blind(p, &r, side, fk->columns[i], err);
        if (r.parent == NULL)
            continue;
        parents[i] = column_of_side(r.parent, side, fk->ref_columns[i]);
        if (parents[i] == r.parent->find.ncolumns)
            r.parent = NULL;
    }
    const char *why = NULL;
    enum mr_code code = mr_pair_reference_spell(p->pairing->arena, &r, &why, err);
    if (why != NULL)
        r.parent = NULL;
    return code == MR_OK ? add(p, &r, err) : code;
}

/* ---- configuration ---- */

static enum mr_code refuse(const struct mr_pair_reference *r, const char *what, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CONFIG, "reference \"%s\" of table \"%s\": %s", r->edge.name,
                     r->child->find.name, what);
    mr_err_hint(err,
                "Write reference = column -> db.table.column in [table %s], with "
                "SOURCE's names.",
                r->child->find.name);
    return MR_E_CONFIG;
}

/* "member_id -> club.members.id", as the configuration writes it. */
static const char *reference_name(struct mr_arena *arena, const struct mr_reference *ref)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    for (size_t i = 0; i < ref->columns.count; i++)
        mr_strbuf_add_fmt(&sb, "%s%s", i > 0 ? ", " : "", ref->columns.items[i]);
    mr_strbuf_add_fmt(&sb, " -> %s.%s.", ref->ref_db, ref->ref_table);
    for (size_t i = 0; i < ref->ref_columns.count; i++)
        mr_strbuf_add_fmt(&sb, "%s%s", i > 0 ? ", " : "", ref->ref_columns.items[i]);
    const char *name = sb.failed ? NULL : mr_arena_strdup(arena, sb.ptr);
    mr_strbuf_release(&sb);
    return name;
}

/* The columns of a configured reference.  *skip: its section is a pattern, and this table
 * has no such column. */
static enum mr_code resolve(const struct mr_pair_reference *r, const struct mr_reference *ref,
                            size_t *columns, size_t *parents, bool *skip, struct mr_err *err)
{
    for (size_t i = 0; i < r->edge.ncolumns; i++) {
        columns[i] = column_at(r->child, ref->columns.items[i]);
        if (columns[i] == r->child->find.ncolumns) {
            *skip = ref->by_pattern;
            return *skip ? MR_OK : refuse(r, "the table has no such column", err);
        }
        if (r->parent == NULL)
            continue;
        parents[i] = column_at(r->parent, ref->ref_columns.items[i]);
        if (parents[i] == r->parent->find.ncolumns)
            return refuse(r, "the referenced table has no such column", err);
    }
    return MR_OK;
}

/* A table that the run was told to leave out is fine; one that is nowhere is a slip. */
static bool is_nowhere(const struct mr_pairing *pairing, const struct mr_reference *ref)
{
    const struct mr_catalogue *cat = pairing->side[MR_SOURCE].cat;
    bool known = false;
    for (size_t i = 0; !known && i < cat->ndbs; i++)
        known = same_name(pairing, MR_SOURCE, cat->dbs[i].name, ref->ref_db);
    for (size_t i = 0; i < cat->ntables; i++)
        if (mr_catalogue_is_table(cat, &cat->tables[i], ref->ref_db, ref->ref_table))
            return false;
    return known;
}

static bool is_led_by(const struct mr_index *index, const struct mr_string_list *columns)
{
    const char *first = index->nparts > 0 ? index->parts[0].column : NULL;
    return index->usable && first != NULL && mr_string_list_has(columns, first);
}

/* Where no index helps, every batch of rows that refers reads the whole table. */
static void warn_without_index(const struct mr_pair_reference *r, const struct mr_reference *ref)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_table *t = r->parent->side[side];
        bool indexed = t->est_rows < FEW_ROWS;
        for (size_t i = 0; !indexed && i < t->nindexes; i++)
            indexed = is_led_by(&t->indexes[i], &ref->ref_columns);
        if (!indexed)
            mr_log_warning("reference \"%s\" of table \"%s\": no index of table \"%s\" on "
                           "the %s begins with that column, and it is read whole again and again",
                           r->edge.name, r->child->find.name, r->parent->find.name,
                           mr_side_name((enum mr_side)side));
    }
}

/* A database that is no part of the run: perhaps a slip, where all databases are. */
static void warn_outside(const struct planner *p, const struct mr_pair_reference *r,
                         const struct mr_reference *ref)
{
    const struct mr_pairing *pairing = p->pairing;
    const struct mr_catalogue *cat = pairing->side[MR_SOURCE].cat;
    for (size_t i = 0; i < cat->ndbs; i++)
        if (same_name(pairing, MR_SOURCE, cat->dbs[i].name, ref->ref_db))
            return;
    for (size_t i = 0; i < p->list.count; i++)
        if (strcmp(((struct mr_pair_reference *)mr_vec_at(&p->list, i))->edge.parent_name,
                   r->edge.parent_name) == 0)
            return;
    if (pairing->side[MR_SOURCE].ndbs == 0)
        mr_log_warning("reference \"%s\" of table \"%s\": the source shows no database "
                       "\"%s\"",
                       r->edge.name, r->child->find.name, ref->ref_db);
}

static enum mr_code try_condition(const struct planner *p, const struct mr_pair_reference *r,
                                  struct mr_err *err)
{
    const char *const by_side[MR_SIDES] = {r->edge.condition, r->condition};
    struct mr_err why = {0};
    enum mr_code code = mr_pair_try_condition(p->pairing, r->child, by_side, &why);
    return code == MR_OK ? MR_OK : refuse(r, why.message, err);
}

/* What makes a reference useless is an error, for it was written on purpose; what only makes it
 * slow, or leads out of the run, is a warning. */
static enum mr_code add_configured(struct planner *p, struct mr_pair *child, size_t at,
                                   struct mr_err *err)
{
    const struct mr_reference *ref = &child->config->references[at];
    struct mr_pair_reference r = {
        .child = child, .parent = table_named(p->pairing, MR_SOURCE, ref->ref_db, ref->ref_table)};
    size_t *columns, *parents;
    bool skip = false;
    MR_TRY(start(p, &r, ref->columns.count, &columns, &parents, err));
    r.edge.name = reference_name(p->pairing->arena, ref);
    r.edge.parent_name = r.parent != NULL
                             ? r.parent->find.name
                             : join_name(p->pairing->arena, ref->ref_db, ref->ref_table);
    if (r.edge.name == NULL || r.edge.parent_name == NULL)
        return mr_err_nomem(err, "planning references");
    r.edge.condition = ref->condition;
    if (child->condition_at[at] != SIZE_MAX)
        r.edge.condition_at = (int)child->condition_at[at];
    const char *why = NULL;
    enum mr_code code = resolve(&r, ref, columns, parents, &skip, err);
    if (code != MR_OK || skip)
        return code;
    code = mr_pair_reference_spell(p->pairing->arena, &r, &why, err);
    if (code == MR_OK && why != NULL)
        code = refuse(&r, why, err);
    if (code == MR_OK)
        code = mr_pair_renamed_condition(child->config, child->side, ref->condition,
                                         p->pairing->arena, &r.condition, err);
    if (code != MR_OK)
        return code;
    if (r.parent == NULL && is_nowhere(p->pairing, ref))
        return refuse(&r, "the referenced table does not exist", err);
    if (p->pairing->followed && r.parent == NULL)
        warn_outside(p, &r, ref);
    else if (p->pairing->followed)
        warn_without_index(&r, ref);
    if (ref->condition != NULL)
        code = try_condition(p, &r, err);
    return code == MR_OK ? add(p, &r, err) : code;
}

static enum mr_code add_of_table(struct planner *p, struct mr_pair *table, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_table *t = table->side[side];
        for (size_t i = 0; code == MR_OK && i < t->nfks; i++)
            code = add_foreign_key(p, table, (enum mr_side)side, &t->fks[i], err);
    }
    for (size_t i = 0; code == MR_OK && i < table->config->nreferences; i++)
        if (!mr_table_config_is_dismissed(table->config, i))
            code = add_configured(p, table, i, err);
    return code;
}

enum mr_code mr_pair_references_plan(struct mr_pairing *pairing, struct mr_err *err)
{
    struct planner p = {.pairing = pairing, .list = MR_VEC_INIT(struct mr_pair_reference)};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < pairing->ntables; i++)
        if (pairing->tables[i]->find.ncolumns > 0)
            code = add_of_table(&p, pairing->tables[i], err);
    if (code == MR_OK && p.list.count > 0) {
        pairing->references = (struct mr_pair_reference *)(void *)mr_arena_dup(
            pairing->arena, p.list.items, p.list.count * sizeof *pairing->references);
        pairing->nreferences = p.list.count;
        if (pairing->references == NULL)
            code = mr_err_nomem(err, "planning references");
    }
    mr_vec_release(&p.list);
    return code == MR_OK ? mr_pair_subjects_plan(pairing, err) : code;
}

/* ---- values ---- */

enum mr_code mr_pair_reference_key(const struct mr_spelling *spelling, const size_t *columns,
                                   size_t ncolumns, const void *image, size_t len,
                                   struct mr_strbuf *out, bool *none, struct mr_err *err)
{
    struct mr_strbuf own = MR_STRBUF_INIT;
    size_t pos = 0;
    if (spelling == NULL)
        return mr_pair_values_of(image, len, columns, ncolumns, out, none, err);
    enum mr_code code = mr_pair_values_of(image, len, columns, ncolumns, &own, none, err);
    mr_strbuf_reset(out);
    for (size_t i = 0; code == MR_OK && !*none && i < ncolumns; i++) {
        enum mr_spelt how = MR_SPELT_NOT;
        size_t from = pos;
        code = mr_row_skip(own.ptr, own.len, &pos, err);
        if (code == MR_OK)
            code = mr_spelling_read(&spelling[i], (struct mr_key){own.ptr + from, pos - from}, out,
                                    &how, err);
        *none = *none || how == MR_SPELT_NOT;
    }
    mr_strbuf_release(&own);
    return code == MR_OK ? mr_strbuf_check(out, "following references", err) : code;
}

enum mr_code mr_pair_references_save(struct mr_pairing *pairing, struct mr_findings *fd,
                                     struct mr_err *err)
{
    MR_TRY(mr_lineage_clear(fd, err));
    for (size_t i = 0; i < pairing->nreferences; i++) {
        struct mr_pair_reference *r = &pairing->references[i];
        r->edge.table = r->child->find.id;
        r->edge.parent = r->parent != NULL ? r->parent->find.id : 0;
        MR_TRY(mr_lineage_reference_add(fd, &r->edge, err));
    }
    return MR_OK;
}
