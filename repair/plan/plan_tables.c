/* plan_tables.c: see plan_tables.h. */
#include "repair/plan/plan_tables.h"

#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/pair/pair_columns.h"
#include "repair/plan/plan_closure.h"
#include "repair/plan/plan_column_rules.h"
#include "repair/plan/plan_gone.h"
#include "repair/plan/plan_order.h"
#include "core/schema/sequence.h"

const char *mr_plan_table_name(const struct mr_plan_table *table)
{
    return table->pair->find.name;
}

const struct mr_plan_table *mr_plan_table_meant(const struct mr_plan_tables *plan, const char *name,
                                                bool *several)
{
    const struct mr_plan_table *like = NULL;
    *several = false;
    for (size_t i = 0; i < plan->ntables; i++) {
        const struct mr_plan_table *t = &plan->tables[i];
        if (strcmp(mr_plan_table_name(t), name) == 0) {
            *several = false;
            return t;
        }
        if (strcasecmp(mr_plan_table_name(t), name) != 0)
            continue;
        *several = like != NULL;
        like = like != NULL ? like : t;
    }
    return like;
}

const struct mr_column *mr_plan_twin(const struct mr_plan_table *t, const struct mr_column *c,
                                     enum mr_side side)
{
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        if (mr_pair_column(t->pair, side, i) == c)
            return mr_pair_column(t->pair, mr_other_side(side), i);
    return NULL;
}

/* A value of SOURCE does not reach a twin that TARGET computes. */
bool mr_plan_is_alone(const struct mr_plan_table *t, const struct mr_column *c, enum mr_side side)
{
    const struct mr_column *twin = mr_plan_twin(t, c, side);
    return !c->generated && !c->system_time &&
           !mr_string_list_has(&t->pair->config->ignore_columns, c->name) &&
           (twin == NULL || (side == MR_SOURCE && twin->generated));
}

const char *mr_plan_column_name(const struct mr_plan_table *table, size_t column)
{
    return table->pair->find.columns[column].name;
}

const struct mr_spelling *mr_plan_spelling(const struct mr_plan_table *table, size_t column)
{
    return table->spelling != NULL ? table->spelling[column] : NULL;
}

bool mr_plan_columns_has(const struct mr_plan_columns *columns, size_t column)
{
    for (size_t i = 0; i < columns->count; i++)
        if (columns->at[i] == column)
            return true;
    return false;
}

bool mr_plan_refers(const struct mr_plan_tables *plan, size_t at)
{
    for (size_t i = 0; i < plan->nreferences; i++)
        if (plan->references[i].child == at)
            return true;
    return false;
}

bool mr_plan_has_counter(const struct mr_plan_table *table)
{
    return table->counter != MR_NO_COLUMN;
}

bool mr_plan_is_guarded(const struct mr_plan_table *table)
{
    for (size_t i = 0; i < table->nuniques; i++)
        if (table->uniques[i].is_identity)
            return true;
    return false;
}

bool mr_plan_has_runs(const struct mr_plan_table *table)
{
    return table->key.count == 1 && mr_plan_has_counter(table);
}

bool mr_plan_is_of_key(const struct mr_plan_table *table, const struct mr_plan_reference *r)
{
    for (size_t i = 0; i < r->to.count; i++)
        if (!mr_plan_columns_has(&table->key, r->to.at[i]))
            return false;
    return !mr_plan_has_counter(table) || mr_plan_columns_has(&r->to, table->counter);
}

bool mr_plan_is_of_part(const struct mr_plan_table *table, const struct mr_plan_reference *r)
{
    return mr_plan_has_counter(table) && r->to.count < table->key.count &&
           mr_plan_is_of_key(table, r);
}

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "planning tables");
}

/* ---- one table ---- */

static const struct mr_column *target_column(const struct mr_plan_table *t, size_t at)
{
    return mr_pair_column(t->pair, MR_TARGET, at);
}

static size_t position(const struct mr_plan_table *t, const char *name)
{
    size_t i = 0;
    while (i < t->pair->find.ncolumns && strcasecmp(mr_plan_column_name(t, i), name) != 0)
        i++;
    return i < t->pair->find.ncolumns ? i : MR_NO_COLUMN;
}

/* By TARGET's name. */
size_t mr_plan_target_column(const struct mr_plan_table *t, const char *name)
{
    size_t i = 0;
    while (i < t->pair->find.ncolumns && strcasecmp(target_column(t, i)->name, name) != 0)
        i++;
    return i < t->pair->find.ncolumns ? i : MR_NO_COLUMN;
}

bool mr_plan_is_foreign_key(const struct mr_plan_tables *plan, const struct mr_plan_reference *r,
                            const struct mr_foreign_key *fk)
{
    const struct mr_plan_table *child = &plan->tables[r->child];
    const struct mr_plan_table *parent = &plan->tables[r->parent];
    size_t k = 0;
    while (k < fk->ncolumns && fk->ncolumns == r->from.count &&
           mr_plan_target_column(child, fk->columns[k]) == r->from.at[k] &&
           mr_plan_target_column(parent, fk->ref_columns[k]) == r->to.at[k])
        k++;
    return k > 0 && k == fk->ncolumns &&
           mr_catalogue_is_table(plan->pairing.side[MR_TARGET].cat, parent->pair->side[MR_TARGET],
                                 fk->ref_db, fk->ref_table);
}

bool mr_plan_has_foreign_key(const struct mr_plan_tables *plan, const struct mr_table *child,
                             const struct mr_foreign_key *fk)
{
    for (size_t i = 0; i < plan->nreferences; i++) {
        const struct mr_plan_reference *r = &plan->references[i];
        if (plan->tables[r->child].pair->side[MR_TARGET] == child && r->pair->condition == NULL &&
            mr_plan_is_foreign_key(plan, r, fk))
            return true;
    }
    return false;
}

bool mr_plan_is_counted(const struct mr_plan_table *table, enum mr_side side, size_t column,
                        struct mr_arena *arena)
{
    const struct mr_column *c = mr_pair_column(table->pair, side, column);
    const char *db = NULL, *name = NULL;
    return c->auto_increment || mr_sequence_of(c, table->pair->side[side]->db, arena, &db, &name);
}

bool mr_plan_is_of_counter(const struct mr_plan_table *table, const struct mr_plan_reference *r,
                           struct mr_arena *arena)
{
    size_t of_key = 0;
    bool counted = false;
    for (size_t i = 0; i < r->to.count; i++) {
        of_key += mr_plan_columns_has(&table->key, r->to.at[i]);
        counted = counted || mr_plan_is_counted(table, MR_SOURCE, r->to.at[i], arena) ||
                  mr_plan_is_counted(table, MR_TARGET, r->to.at[i], arena);
    }
    return counted && (table->key.count == 0 || of_key < table->key.count);
}

/* A key that is unsigned on one side is compared as unsigned on both: the other one may have to
 * hold what that one counts. */
static void find_counter(struct mr_plan_table *t, struct mr_arena *arena)
{
    t->counter = MR_NO_COLUMN;
    for (size_t i = 0; i < t->key.count && t->counter == MR_NO_COLUMN; i++) {
        const struct mr_column *col = target_column(t, t->key.at[i]);
        if (col->auto_increment ||
            mr_sequence_of(col, t->pair->side[MR_TARGET]->db, arena, &t->sequence_db, &t->sequence))
            t->counter = t->key.at[i];
    }
    for (int side = MR_SOURCE; t->counter != MR_NO_COLUMN && side < MR_SIDES; side++)
        t->counts_unsigned =
            t->counts_unsigned ||
            mr_pair_column(t->pair, (enum mr_side)side, t->counter)->cls == MR_CLASS_UINT;
}

static enum mr_code all_columns(struct mr_plan_table *t, struct mr_arena *arena, struct mr_err *err)
{
    const struct mr_pair *pair = t->pair;
    size_t *at = mr_arena_calloc(arena, pair->find.ncolumns + 1, sizeof *at);
    size_t n = 0;
    if (at == NULL)
        return nomem(err);
    for (size_t i = 0; i < pair->find.ncolumns; i++)
        if (!mr_plan_columns_has(&t->key, i) && (pair->ignored == NULL || !pair->ignored[i]))
            at[n++] = i;
    t->named_by = (struct mr_plan_columns){at, n};
    return MR_OK;
}

/* A key that a counter makes tells nothing of who its row is. */
static void warn_of_none(const struct mr_plan_tables *plan)
{
    for (size_t i = 0; i < plan->ntables; i++) {
        const struct mr_plan_table *t = &plan->tables[i];
        if (t->found == NULL || t->identity != MR_PLAN_BY_NONE ||
            t->pair->config->identity != MR_IDENTITY_DEFAULT)
            continue;
        mr_log_warning("table \"%s\" has no identity beside its counter \"%s\": every lost row "
                       "is an event of its own (identity = in [table %s] says otherwise)",
                       mr_plan_table_name(t), mr_plan_column_name(t, t->counter),
                       mr_plan_table_name(t));
    }
}

/* What the configuration says stands; without a word a key that a counter makes names nobody,
 * since both sides have counted on by themselves. */
static enum mr_code choose_identity(struct mr_plan_table *t, struct mr_arena *arena,
                                    struct mr_err *err)
{
    const struct mr_pair *pair = t->pair;
    enum mr_identity said = pair->config->identity;
    t->named_by = (struct mr_plan_columns){pair->identity, pair->nidentity};
    t->identity = MR_PLAN_BY_COLUMNS;
    if (said == MR_IDENTITY_NONE) {
        t->identity = MR_PLAN_BY_NONE;
        t->named_by.count = 0;
        return t->key.count == 0 ? all_columns(t, arena, err) : MR_OK;
    } else if (said == MR_IDENTITY_ROW || (said != MR_IDENTITY_COLUMNS && t->key.count == 0)) {
        t->identity = MR_PLAN_BY_ROW;
        return all_columns(t, arena, err);
    } else if (said == MR_IDENTITY_DEFAULT && !pair->by_identity && mr_plan_has_counter(t)) {
        t->identity = MR_PLAN_BY_NONE;
        t->named_by.count = 0;
    }
    return MR_OK;
}

static bool same_columns(const struct mr_plan_columns *a, const struct mr_plan_columns *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!mr_plan_columns_has(b, a->at[i]))
            return false;
    return true;
}

/* Are its values short enough to be asked for? */
static bool is_short(const struct mr_column *c)
{
    return strcmp(c->data_type, "varchar") == 0 || strcmp(c->data_type, "char") == 0 ||
           strcmp(c->data_type, "varbinary") == 0 || strcmp(c->data_type, "binary") == 0;
}

/* The columns of an index; false where it has a part that is no planned column. */
static bool index_columns(const struct mr_plan_table *t, const struct mr_index *index, size_t *at,
                          bool *is_partial)
{
    for (size_t i = 0; i < index->nparts; i++) {
        const struct mr_index_part *part = &index->parts[i];
        if (part->column == NULL)
            return false;
        at[i] = mr_plan_target_column(t, part->column);
        if (at[i] == MR_NO_COLUMN)
            return false;
        if (part->prefix_len != 0 && !is_short(target_column(t, at[i])))
            return false;
        *is_partial = *is_partial || part->prefix_len != 0;
    }
    return true;
}

/* Only indexes whose values can be looked up are listed: the others are computed by TARGET when
 * rows are written (script_computed.c). */
static enum mr_code find_uniques(struct mr_plan_table *t, struct mr_arena *arena,
                                 struct mr_err *err)
{
    const struct mr_table *target = t->pair->side[MR_TARGET];
    struct mr_plan_unique *list = mr_arena_calloc(arena, target->nindexes + 1, sizeof *list);
    if (list == NULL)
        return nomem(err);
    for (size_t i = 0; i < target->nindexes; i++) {
        const struct mr_index *index = &target->indexes[i];
        size_t *at = mr_arena_calloc(arena, index->nparts + 1, sizeof *at);
        if (at == NULL)
            return nomem(err);
        bool is_partial = false;
        if (!index->unique || !index_columns(t, index, at, &is_partial))
            continue;
        struct mr_plan_unique *u = &list[t->nuniques++];
        u->name = index->name;
        u->columns = (struct mr_plan_columns){at, index->nparts};
        u->is_partial = is_partial;
        u->is_key = !is_partial && same_columns(&u->columns, &t->key);
        u->is_identity = !is_partial && t->identity == MR_PLAN_BY_COLUMNS &&
                         same_columns(&u->columns, &t->named_by);
    }
    t->uniques = list;
    return MR_OK;
}

static enum mr_code configured_column(const struct mr_plan_table *t, const char *name,
                                      const char *what, size_t *at, struct mr_err *err)
{
    *at = name != NULL ? position(t, name) : MR_NO_COLUMN;
    if (name == NULL || *at != MR_NO_COLUMN)
        return MR_OK;
    return mr_err_set(err, MR_E_CONFIG, "%s \"%s\" of table \"%s\" is no column of it", what, name,
                      mr_plan_table_name(t));
}

/* As check finds it; a time that an edit may have set says nothing of creation. */
static size_t creation_column(const struct mr_plan_table *t)
{
    static const char *const edits[] = {"updat", "modif", "chang", "edit", "last"};
    int found = t->found->time_at;
    if (t->time_at != MR_NO_COLUMN)
        return t->time_at;
    if (found < 0 || (size_t)found >= t->found->ncolumns)
        return MR_NO_COLUMN;
    const char *name = t->found->columns[found].name;
    size_t at = position(t, name);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        if (strncasecmp(name, edits[i], strlen(edits[i])) == 0)
            return MR_NO_COLUMN;
    return at != t->update_at ? at : MR_NO_COLUMN;
}

static enum mr_code describe_rows(struct mr_plan_table *t, struct mr_arena *arena,
                                  struct mr_err *err)
{
    const struct mr_pair *pair = t->pair;
    size_t n = pair->find.ncolumns;
    bool *nullable = mr_arena_calloc(arena, n + 1, sizeof *nullable);
    bool *generated = mr_arena_calloc(arena, n + 1, sizeof *generated);
    if (nullable == NULL || generated == NULL)
        return nomem(err);
    for (size_t i = 0; i < n; i++) {
        nullable[i] = target_column(t, i)->nullable;
        generated[i] = target_column(t, i)->generated;
    }
    t->nullable = nullable;
    t->generated = generated;
    t->key = (struct mr_plan_columns){pair->key_columns, pair->nkey_columns};
    find_counter(t, arena);
    return choose_identity(t, arena, err);
}

enum mr_code mr_plan_table_outside(struct mr_plan_table *out, struct mr_pair *pair, size_t at,
                                   struct mr_arena *arena, struct mr_err *err)
{
    *out = (struct mr_plan_table){.pair = pair,
                                  .at = at,
                                  .time_at = MR_NO_COLUMN,
                                  .update_at = MR_NO_COLUMN,
                                  .created_at = MR_NO_COLUMN};
    pair->at = at;
    return describe_rows(out, arena, err);
}

static enum mr_code describe(struct mr_plan_table *t, struct mr_arena *arena, struct mr_err *err)
{
    const struct mr_pair *pair = t->pair;
    MR_TRY(describe_rows(t, arena, err));
    MR_TRY(find_uniques(t, arena, err));
    MR_TRY(configured_column(t, pair->config->time_column, "time column", &t->time_at, err));
    MR_TRY(configured_column(t, pair->config->update_column, "update column", &t->update_at, err));
    t->created_at = creation_column(t);
    return MR_OK;
}

/* Where the chosen run's images have what the plan reads. */
static enum mr_code find_images(struct mr_plan_table *t, struct mr_arena *arena, struct mr_err *err)
{
    size_t n = t->pair->find.ncolumns;
    size_t *at = mr_arena_calloc(arena, n + 1, sizeof *at);
    if (at == NULL)
        return nomem(err);
    for (size_t i = 0; i < n; i++) {
        at[i] = MR_NO_COLUMN;
        for (size_t k = 0; at[i] == MR_NO_COLUMN && k < t->found->ncolumns; k++)
            if (strcasecmp(t->found->columns[k].name, mr_plan_column_name(t, i)) == 0)
                at[i] = k;
    }
    t->found_at = at;
    return MR_OK;
}

/* ---- all of them ---- */

struct opening {
    struct mr_plan_tables *plan;
    struct mr_arena *arena;
    struct mr_find_table *known; /* tables of the chosen run */
    struct mr_plan_fate *fates;  /* as many */
    size_t nknown;
    struct mr_vec tables; /* struct mr_plan_table */
    struct mr_vec pairs;  /* struct mr_pair * */
};

static const struct mr_find_table *known_table(const struct opening *o, const char *name)
{
    for (size_t i = 0; i < o->nknown; i++)
        if (strcmp(o->known[i].name, name) == 0)
            return &o->known[i];
    return NULL;
}

static enum mr_code push_table(struct opening *o, struct mr_pair *pair,
                               const struct mr_find_table *known, struct mr_err *err)
{
    struct mr_plan_table *t = mr_vec_push(&o->tables);
    struct mr_pair **slot = mr_vec_push(&o->pairs);
    if (t == NULL || slot == NULL)
        return nomem(err);
    t->pair = *slot = pair;
    t->found = known;
    t->gone = mr_arena_calloc(o->arena, 1, sizeof *t->gone);
    if (t->gone == NULL)
        return nomem(err);
    MR_TRY(find_images(t, o->arena, err));
    return describe(t, o->arena, err);
}

/* A pair of tables is planned if the run compared all of it. */
static enum mr_code take(struct opening *o, const struct mr_table *s, const struct mr_table *t,
                         struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct mr_pair *pair = NULL;
    struct mr_err reason = {0};
    mr_strbuf_add_fmt(&name, "%s.%s", s->db, s->name);
    const struct mr_find_table *known = known_table(o, name.ptr);
    enum mr_code code = mr_strbuf_check(&name, "planning tables", err);
    mr_strbuf_release(&name);
    const struct mr_kept *kept =
        mr_source_kept(o->plan->pairing.side[MR_SOURCE].source, s->db, s->name);
    if (code != MR_OK || known == NULL || known->verdict == MR_VERDICT_NOT_CHECKED ||
        known->windowed)
        return code;
    struct mr_plan_fate *fate = &o->fates[known - o->known];
    if (kept != NULL && kept->spec.where != NULL) {
        fate->why = "the source's snapshot has only some of its rows";
        return MR_OK;
    }
    code = mr_pair_plan(&o->plan->pairing, s, t, &pair, &reason, err);
    if (code != MR_OK)
        return code;
    if (reason.code != MR_OK) {
        fate->why = mr_arena_strdup(o->arena, reason.message);
        return fate->why != NULL ? MR_OK : nomem(err);
    }
    fate->planned = true;
    return push_table(o, pair, known, err);
}

static enum mr_code take_all(struct opening *o, struct mr_sides *sides, struct mr_err *err)
{
    struct mr_vec dbs = MR_VEC_INIT(struct mr_db_pair);
    const struct mr_catalogue *cs = sides->side[MR_SOURCE].cat;
    const struct mr_catalogue *ct = sides->side[MR_TARGET].cat;
    enum mr_code code = mr_sides_pair_dbs(sides->side, o->arena, &dbs, err);
    for (size_t d = 0; code == MR_OK && d < dbs.count; d++) {
        const struct mr_db_pair *db = mr_vec_at(&dbs, d);
        for (size_t i = 0; code == MR_OK && i < cs->ntables; i++) {
            const struct mr_table *s = &cs->tables[i];
            if (strcmp(s->db, db->name[MR_SOURCE]) != 0)
                continue;
            const struct mr_table *t = mr_sides_twin(cs, s->db, ct, db->name[MR_TARGET], s->name);
            if (t != NULL)
                code = take(o, s, t, err);
        }
    }
    mr_vec_release(&dbs);
    return code;
}

/* Every table of the run that is meant, or none. */
static enum mr_code take_known(struct opening *o, const struct mr_plan_tables_task *task,
                               struct mr_err *err)
{
    o->fates = mr_arena_calloc(o->arena, o->nknown + 1, sizeof *o->fates);
    if (o->fates == NULL)
        return nomem(err);
    MR_TRY(take_all(o, task->sides, err));
    const struct mr_plan_gone_task gone = {.sides = task->sides,
                                           .patterns = task->patterns,
                                           .known = o->known,
                                           .fates = o->fates,
                                           .nknown = o->nknown,
                                           .arena = o->arena};
    return mr_plan_gone_check(&gone, err);
}

/* Where nothing is left the reason is told that people can do something about. */
static enum mr_code nothing_to_plan(const struct opening *o, struct mr_err *err)
{
    bool in_part = false;
    for (size_t i = 0; i < o->nknown; i++)
        in_part = in_part || o->known[i].windowed || o->known[i].verdict == MR_VERDICT_NOT_CHECKED;
    return mr_err_set(err, MR_E_NO_SUCH, "no table of the case %s: nothing can be planned",
                      in_part ? "was compared whole" : "is on both servers");
}

/* Pairs and tables were gathered in vectors, which move while they grow: only now may anything
 * point into them. */
static enum mr_code freeze(struct opening *o, struct mr_err *err)
{
    struct mr_plan_tables *plan = o->plan;
    plan->ntables = plan->pairing.ntables = o->tables.count;
    if (o->tables.count == 0)
        return nothing_to_plan(o, err);
    plan->tables = (struct mr_plan_table *)(void *)mr_arena_dup(
        o->arena, o->tables.items, o->tables.count * sizeof *plan->tables);
    plan->pairing.tables = (struct mr_pair **)(void *)mr_arena_dup(
        o->arena, o->pairs.items, o->pairs.count * sizeof *plan->pairing.tables);
    if (plan->tables == NULL || plan->pairing.tables == NULL)
        return nomem(err);
    for (size_t i = 0; i < plan->ntables; i++)
        plan->pairing.tables[i]->at = i;
    return MR_OK;
}

/* Columns of floating point by which no row is found, joined or counted: there only, bytes of
 * an image may differ where values do not. */
static enum mr_code find_signs(const struct mr_plan_tables *plan, struct mr_plan_table *t,
                               struct mr_arena *arena, struct mr_err *err)
{
    bool *signs = mr_arena_calloc(arena, t->pair->find.ncolumns + 1, sizeof *signs);
    if (signs == NULL)
        return nomem(err);
    for (size_t c = 0; t->key.count > 0 && c < t->pair->find.ncolumns; c++) {
        enum mr_class cls = t->pair->full[MR_TARGET].cols[c].cls;
        signs[c] = (cls == MR_CLASS_FLOAT || cls == MR_CLASS_DOUBLE) &&
                   cls == t->pair->full[MR_SOURCE].cols[c].cls &&
                   !mr_plan_columns_has(&t->key, c) && !mr_plan_columns_has(&t->named_by, c);
        for (size_t i = 0; i < t->nuniques; i++)
            signs[c] = signs[c] && !mr_plan_columns_has(&t->uniques[i].columns, c);
        for (size_t i = 0; i < t->nsets; i++)
            signs[c] = signs[c] && !mr_plan_columns_has(&t->sets[i], c);
        for (size_t i = 0; i < plan->nreferences; i++)
            signs[c] = signs[c] && (&plan->tables[plan->references[i].child] != t ||
                                    !mr_plan_columns_has(&plan->references[i].from, c));
    }
    t->signs = signs;
    return MR_OK;
}

enum mr_code mr_plan_row_digest(const struct mr_plan_table *table, struct mr_key image,
                                struct mr_digest *digest, struct mr_err *err)
{
    size_t pos = 0;
    for (size_t i = 0; i < table->pair->find.ncolumns; i++)
        MR_TRY(mr_row_skip(image.ptr, image.len, &pos, err));
    return mr_row_digest(image.ptr, pos, digest, err);
}

/* Whatever is missing is refused before the tables are put in order: an order of some of them
 * would be none. */
enum mr_code mr_plan_tables_open(struct mr_plan_tables *plan,
                                 const struct mr_plan_tables_task *task, struct mr_err *err)
{
    struct opening o = {.plan = plan,
                        .arena = task->arena,
                        .tables = MR_VEC_INIT(struct mr_plan_table),
                        .pairs = MR_VEC_INIT(struct mr_pair *)};
    *plan = (struct mr_plan_tables){.pairing = {.side = task->sides->side,
                                                .config = task->config,
                                                .arena = task->arena,
                                                .whole_rows = true}};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_findings_tables(task->fd, task->arena, &o.known, &o.nknown, err));
    MR_TRY_OUT(take_known(&o, task, err));
    MR_TRY_OUT(freeze(&o, err));
    MR_TRY_OUT(mr_pair_references_plan(&plan->pairing, err));
    MR_TRY_OUT(mr_plan_closure_check(plan, o.known, o.nknown, err));
    MR_TRY_OUT(mr_plan_order(plan, task->arena, err));
    for (size_t i = 0; i < plan->ntables; i++)
        MR_TRY_OUT(find_signs(plan, &plan->tables[i], task->arena, err));
    MR_TRY_OUT(mr_plan_column_rules_check(plan, err));
    if (task->asks_who)
        warn_of_none(plan);
out:
    mr_vec_release(&o.tables);
    mr_vec_release(&o.pairs);
    return code;
}
