/* suspect_look.c: see suspect_look.h. */
#include "core/pair/suspect_look.h"

#include <string.h>
#include <strings.h>

#include "core/pair/pair_columns.h"
#include "core/pair/spelling.h"
#include "core/pair/suspect_when.h"
#include "core/row/row_class.h"

enum {
    TYPES = 32,   /* texts of a type column that are told apart */
    FEW_TYPES = 8 /* … and are types, though none of them means a table */
};
#define NO_COLUMN SIZE_MAX

/* A column beside a column of types, where that holds one text. */
struct of_type {
    const char *text;
    const struct mr_pair *parent; /* NULL: the text means no table */
    bool declared;                /* a row of it meets a condition that is declared */
    struct mr_suspect_tally tally;
};

struct mr_suspect_watch {
    size_t at;      /* column */
    size_t type_at; /* NO_COLUMN: there is none beside it */
    struct mr_suspect_tally tally;
    struct mr_suspect_when when;
    struct of_type *types; /* TYPES */
    size_t ntypes;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "looking for references");
}

enum mr_code mr_suspect_look_open(struct mr_suspect_look *look, const struct mr_pairing *pairing,
                                  struct mr_reader *source, struct mr_err *err)
{
    *look = (struct mr_suspect_look){.pairing = pairing,
                                     .source = source,
                                     .suspects = MR_VEC_INIT(struct mr_suspect),
                                     .arena = MR_ARENA_INIT,
                                     .table_arena = MR_ARENA_INIT,
                                     .hits = MR_VEC_INIT(struct mr_suspect_hit)};
    enum mr_code code = MR_OK;
    mr_suspect_names_init(&look->names);
    look->parents = mr_arena_calloc(&look->arena, pairing->ntables + 1, sizeof *look->parents);
    if (look->parents == NULL)
        return nomem(err);
    for (size_t i = 0; code == MR_OK && i < pairing->ntables; i++)
        code =
            mr_suspect_names_add(&look->names, pairing->tables[i]->side[MR_SOURCE]->name, i, err);
    mr_suspect_names_sort(&look->names);
    return code;
}

static void end_table(struct mr_suspect_look *look)
{
    for (size_t i = 0; i < look->nwatched; i++)
        mr_suspect_when_release(&look->watched[i].when);
    look->nwatched = 0;
    mr_arena_reset(&look->table_arena);
}

void mr_suspect_look_release(struct mr_suspect_look *look)
{
    end_table(look);
    mr_suspect_names_release(&look->names);
    mr_vec_release(&look->hits);
    mr_vec_release(&look->suspects);
    mr_arena_release(&look->table_arena);
    mr_arena_release(&look->arena);
}

/* ---- what is declared ---- */

static const char *name_of(const struct mr_pair *table, size_t column)
{
    return table->find.columns[column].name;
}

/* Where it is a part of the key, a DEFAULT may be that of any other part. */
static bool is_counted(const struct mr_column *column, bool whole_key)
{
    if (column->cls != MR_CLASS_INT && column->cls != MR_CLASS_UINT)
        return false;
    return column->auto_increment ||
           (column->default_text != NULL &&
            (whole_key || strcasestr(column->default_text, "nextval") != NULL));
}

static bool is_counted_on_both(const struct mr_pair *table, size_t column)
{
    const bool whole_key = table->nkey_columns == 1;
    return is_counted(mr_pair_column(table, MR_SOURCE, column), whole_key) &&
           is_counted(mr_pair_column(table, MR_TARGET, column), whole_key);
}

bool mr_suspect_look_id(const struct mr_pair *table, size_t *column)
{
    for (size_t k = 0; k < table->nkey_columns; k++) {
        *column = table->key_columns[k];
        if (is_counted_on_both(table, *column))
            return true;
    }
    return false;
}

/* The column of a table of which the caller has said which ids change hands. */
static size_t id_of(const struct mr_pair *parent)
{
    size_t column = 0;
    return mr_suspect_look_id(parent, &column) ? column : parent->key_columns[0];
}

unsigned mr_suspect_distance(const struct mr_pair *child, const struct mr_pair *parent,
                             bool by_word)
{
    bool near = strcmp(parent->side[MR_SOURCE]->db, child->side[MR_SOURCE]->db) == 0;
    bool subject = parent->find.subject != MR_SUBJECT_NO;
    if (near)
        return !by_word ? 1 : subject ? 2 : 3;
    return !by_word || subject ? 4 : MR_SUSPECT_FAR;
}

bool mr_suspect_is_declared(const struct mr_pair *table, const char *column, bool always)
{
    const struct mr_table_config *config = table->config;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_table *t = table->side[side];
        for (size_t i = 0; i < t->nfks; i++)
            for (size_t k = 0; k < t->fks[i].ncolumns; k++)
                if (strcasecmp(t->fks[i].columns[k], column) == 0)
                    return true;
    }
    for (size_t i = 0; config != NULL && i < config->nreferences; i++) {
        const struct mr_reference *r = &config->references[i];
        if (mr_string_list_has(&r->columns, column) && (r->condition == NULL || !always))
            return true;
    }
    return false;
}

/* ---- columns that are watched ---- */

static bool may_hold(const struct mr_pair *t, size_t column)
{
    enum mr_class cls = t->find.columns[column].style.cls;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_column *c = mr_pair_column(t, (enum mr_side)side, column);
        if (c->generated || c->auto_increment || strcmp(c->data_type, "year") == 0 ||
            strcmp(c->data_type, "bit") == 0)
            return false;
    }
    return mr_class_is_integer(cls) || cls == MR_CLASS_DECIMAL || cls == MR_CLASS_TEXT;
}

/* Of several the longest name: entity_type rather than entity. */
static size_t type_beside(const struct mr_pair *t, size_t column)
{
    size_t found = NO_COLUMN;
    for (size_t i = 0; i < t->find.ncolumns; i++)
        if (i != column && mr_suspect_is_pair(name_of(t, column), name_of(t, i)) &&
            (found == NO_COLUMN || strlen(name_of(t, i)) > strlen(name_of(t, found))))
            found = i;
    return found;
}

static bool is_known(const struct mr_suspect_look *look, size_t column)
{
    for (size_t i = 0; i < look->suspects.count; i++) {
        const struct mr_suspect *s = mr_vec_at(&look->suspects, i);
        if (s->child == look->table && strcmp(s->column, name_of(look->table, column)) == 0)
            return true;
    }
    return false;
}

static enum mr_code open_tally(struct mr_suspect_look *look, struct mr_suspect_tally *tally,
                               struct mr_err *err)
{
    tally->hits =
        mr_arena_calloc(&look->table_arena, look->pairing->ntables + 1, sizeof *tally->hits);
    return tally->hits != NULL ? MR_OK : nomem(err);
}

enum mr_code mr_suspect_look_begin(struct mr_suspect_look *look, const struct mr_pair *table,
                                   struct mr_err *err)
{
    size_t n = table->find.ncolumns;
    end_table(look);
    look->table = table;
    look->watched = mr_arena_calloc(&look->table_arena, n + 1, sizeof *look->watched);
    look->values = mr_arena_calloc(&look->table_arena, n + 1, sizeof *look->values);
    if (look->watched == NULL || look->values == NULL)
        return nomem(err);
    for (size_t i = 0; i < n; i++) {
        size_t type_at = type_beside(table, i);
        if (!may_hold(table, i) || is_known(look, i) ||
            (type_at == NO_COLUMN && mr_suspect_is_declared(table, name_of(table, i), false)))
            continue;
        struct mr_suspect_watch *w = &look->watched[look->nwatched++];
        *w = (struct mr_suspect_watch){.at = i, .type_at = type_at};
        MR_TRY(mr_suspect_when_open(&w->when, table, name_of(table, i), err));
        MR_TRY(open_tally(look, &w->tally, err));
    }
    return MR_OK;
}

/* ---- rows ---- */

/* Where the type column holds this text; *out NULL: there are too many of them. */
static enum mr_code find_type(struct mr_suspect_look *look, struct mr_suspect_watch *w,
                              const struct mr_value *type, struct of_type **out, struct mr_err *err)
{
    *out = NULL;
    for (size_t i = 0; i < w->ntypes; i++)
        if (strlen(w->types[i].text) == type->len &&
            memcmp(w->types[i].text, type->ptr, type->len) == 0)
            *out = &w->types[i];
    if (*out != NULL || w->ntypes == TYPES || memchr(type->ptr, '\0', type->len) != NULL)
        return MR_OK;
    if (w->types == NULL)
        w->types = mr_arena_calloc(&look->table_arena, TYPES, sizeof *w->types);
    char *text = mr_arena_calloc(&look->arena, type->len + 1, 1);
    if (w->types == NULL || text == NULL)
        return nomem(err);
    memcpy(text, type->ptr, type->len);
    struct of_type *one = &w->types[w->ntypes++];
    one->text = text;
    enum mr_code code = mr_suspect_names_of_type(&look->names, text, &look->hits, err);
    if (code == MR_OK && look->hits.count > 0)
        one->parent =
            look->pairing
                ->tables[((const struct mr_suspect_hit *)mr_vec_at(&look->hits, 0))->table];
    *out = one;
    return code == MR_OK ? open_tally(look, &one->tally, err) : code;
}

static bool is_type(const struct mr_value *value)
{
    return mr_class_has_charset(value->cls) && value->ptr != NULL && value->len > 0 &&
           value->len < 256;
}

static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct mr_suspect_look *look = ctx;
    size_t n = look->pairing->ntables;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < look->nwatched; i++) {
        struct mr_suspect_watch *w = &look->watched[i];
        struct of_type *one = NULL;
        mr_suspect_tally_add(&w->tally, &values[w->at], look->parents, n);
        if (w->type_at == NO_COLUMN || !is_type(&values[w->type_at]))
            continue;
        code = find_type(look, w, &values[w->type_at], &one, err);
        if (code != MR_OK || one == NULL)
            continue;
        mr_suspect_tally_add(&one->tally, &values[w->at], look->parents, n);
        if (!one->declared)
            code = mr_suspect_when_holds(&w->when, values, &one->declared, err);
    }
    return code;
}

enum mr_code mr_suspect_look_row(struct mr_suspect_look *look, const void *image, size_t len,
                                 struct mr_err *err)
{
    size_t pos = 0;
    for (size_t i = 0; i < look->table->find.ncolumns; i++)
        MR_TRY(mr_row_decode(image, len, &pos, &look->values[i], err));
    return take_row(look, look->values, err);
}

enum mr_code mr_suspect_look_tail(struct mr_suspect_look *look, struct mr_err *err)
{
    const struct mr_readspec *spec = &look->table->scan[MR_SOURCE];
    struct mr_vec bounds = MR_VEC_INIT(struct mr_key);
    struct mr_range range = {0};
    enum mr_code code = MR_OK;
    if (spec->nkey == 0 || !mr_reader_has_order(look->source, spec))
        return MR_OK;
    if (look->table->side[MR_SOURCE]->est_rows > MR_SUSPECT_TAIL / 2)
        code = mr_reader_bounds(look->source, spec, 100, &look->table_arena, &bounds, err);
    if (code == MR_OK && bounds.count > 0)
        range.lo = *(struct mr_key *)mr_vec_at(&bounds, bounds.count - 1);
    if (code == MR_OK)
        code = mr_reader_scan(look->source, spec, range, MR_SUSPECT_TAIL, take_row, look, err);
    mr_vec_release(&bounds);
    return code;
}

/* ---- verdicts ---- */

static enum mr_code count_key(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    (void)values;
    (void)err;
    ((struct mr_suspect_look *)ctx)->found++;
    return MR_OK;
}

/* How many of the values that do not change hands are keys of the parent on SOURCE. */
static enum mr_code count_keys(struct mr_suspect_look *look, const struct mr_suspect_tally *tally,
                               const struct mr_pair *parent, struct mr_err *err)
{
    static const size_t key_at = 0;
    const struct mr_readspec *scan = &parent->scan[MR_SOURCE];
    const struct mr_readspec spec = {.db = scan->db,
                                     .table = scan->table,
                                     .cols = &scan->cols[id_of(parent)],
                                     .ncols = 1,
                                     .key = &key_at,
                                     .nkey = 1};
    uint64_t others[MR_SUSPECT_DISTINCT];
    size_t count = mr_suspect_tally_others(tally, &look->parents[parent->at], others);
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    look->found = 0;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        const struct mr_value value = {.cls = MR_CLASS_UINT, .u = others[i]};
        struct mr_key *key = mr_vec_push(&keys);
        mr_strbuf_reset(&bytes);
        code = key != NULL ? mr_row_encode(&bytes, &value, err) : nomem(err);
        if (code != MR_OK)
            break;
        *key = (struct mr_key){mr_arena_dup(&look->table_arena, bytes.ptr, bytes.len), bytes.len};
        if (key->ptr == NULL)
            code = nomem(err);
    }
    if (code == MR_OK && keys.count > 0)
        code = mr_reader_fetch(look->source, &spec, keys.items, keys.count, count_key, look, err);
    mr_vec_release(&keys);
    mr_strbuf_release(&bytes);
    return code;
}

static bool is_unique(const struct mr_pair *t, size_t column)
{
    const struct mr_table *table = t->side[MR_SOURCE];
    for (size_t i = 0; i < table->nindexes; i++) {
        const struct mr_index *index = &table->indexes[i];
        if (index->unique && index->nparts == 1 && index->parts[0].column != NULL &&
            strcasecmp(index->parts[0].column, name_of(t, column)) == 0)
            return true;
    }
    return false;
}

static enum mr_code name_facts(struct mr_suspect_look *look, size_t column,
                               const struct mr_pair *parent, struct mr_suspect_facts *facts,
                               struct mr_err *err)
{
    const char *name = name_of(look->table, column);
    enum mr_code code = mr_suspect_names_find(&look->names, name, &look->hits, err);
    facts->name = mr_suspect_name_of(name);
    facts->unique = is_unique(look->table, column);
    for (size_t i = 0; code == MR_OK && i < look->hits.count; i++) {
        const struct mr_suspect_hit *hit = mr_vec_at(&look->hits, i);
        bool is_parent = look->pairing->tables[hit->table] == parent;
        facts->means_parent = facts->means_parent || is_parent;
        facts->means_other = facts->means_other || !is_parent;
    }
    return code;
}

static enum mr_code judge(struct mr_suspect_look *look, size_t column,
                          const struct mr_suspect_tally *tally, const struct mr_pair *parent,
                          bool by_type, bool *yes, struct mr_err *err)
{
    struct mr_suspect_facts facts = {0};
    uint64_t hits = tally->hits[parent->at];
    *yes = false;
    if (hits == 0)
        return MR_OK;
    enum mr_code code = name_facts(look, column, parent, &facts, err);
    facts.means_parent = facts.means_parent || by_type;
    if (code == MR_OK)
        code = count_keys(look, tally, parent, err);
    if (code != MR_OK)
        return code;
    mr_suspect_tally_facts(tally, &look->parents[parent->at], hits, look->found, &facts);
    *yes = mr_suspect_judge(&facts);
    return MR_OK;
}

static enum mr_code suspect(struct mr_suspect_look *look, const struct mr_suspect_watch *w,
                            const struct mr_pair *parent, const char *type, bool either,
                            struct mr_err *err)
{
    struct mr_spelling spelling;
    struct mr_suspect *slot = mr_vec_push(&look->suspects);
    if (slot == NULL)
        return nomem(err);
    *slot = (struct mr_suspect){
        .child = look->table,
        .parent = parent,
        .column = name_of(look->table, w->at),
        .parent_column = name_of(parent, id_of(parent)),
        .type_column = type != NULL ? name_of(look->table, w->type_at) : NULL,
        .type = type,
        .either = either,
        .unlike = mr_spelling_plan(look->table, w->at, parent, id_of(parent), &spelling) != NULL};
    return MR_OK;
}

bool mr_suspect_is_or(const struct mr_suspect *a, const struct mr_suspect *b)
{
    const char *one = a->type != NULL ? a->type : "", *other = b->type != NULL ? b->type : "";
    return a->either && b->either && a->child == b->child && strcmp(a->column, b->column) == 0 &&
           strcmp(one, other) == 0;
}

/* Parents that a column may mean, or one of its types. */
struct choice {
    const struct mr_suspect_tally *tally;
    const struct mr_pair **best; /* as near as each other */
    size_t count;
    bool *namesakes; /* by pairing->tables: is called as the column is: sellers, seller */
};

static enum mr_code find_namesakes(struct mr_suspect_look *look, const struct mr_suspect_watch *w,
                                   struct choice *c, struct mr_err *err)
{
    MR_TRY(mr_suspect_names_of_type(&look->names, name_of(look->table, w->at), &look->hits, err));
    for (size_t i = 0; i < look->hits.count; i++)
        c->namesakes[((const struct mr_suspect_hit *)mr_vec_at(&look->hits, i))->table] = true;
    return MR_OK;
}

/* Of several parents that may be meant: the namesake first, then people, then those that are
 * hit more than twice as often: some rows more or less, that were edited or deleted, say
 * nothing. */
static bool is_nearer(const struct choice *c, const struct mr_pair *a, const struct mr_pair *b)
{
    bool is_person = a->find.subject != MR_SUBJECT_NO;
    if (c->namesakes[a->at] != c->namesakes[b->at])
        return c->namesakes[a->at];
    if (is_person != (b->find.subject != MR_SUBJECT_NO))
        return is_person;
    return c->tally->hits[a->at] / 2 > c->tally->hits[b->at];
}

/* Is any of the chosen nearer? */
static bool is_beaten(const struct choice *c, const struct mr_pair *parent)
{
    for (size_t i = 0; i < c->count; i++)
        if (is_nearer(c, c->best[i], parent))
            return true;
    return false;
}

static void choose(struct choice *c, const struct mr_pair *parent)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++)
        if (!is_nearer(c, parent, c->best[i]))
            c->best[kept++] = c->best[i];
    c->best[kept] = parent;
    c->count = kept + 1;
}

/* Of parents that are as near as each other nobody but people knows which is meant: all are
 * named.  type: whose values these are, NULL: the column's. */
static enum mr_code judge_values(struct mr_suspect_look *look, const struct mr_suspect_watch *w,
                                 const struct mr_suspect_tally *tally, const char *type,
                                 struct mr_err *err)
{
    size_t n = look->pairing->ntables;
    struct choice c = {
        .tally = tally,
        .best = mr_arena_calloc(&look->table_arena, n + 1, sizeof(const struct mr_pair *)),
        .namesakes = mr_arena_calloc(&look->table_arena, n + 1, sizeof(bool))};
    MR_TRY(c.best != NULL && c.namesakes != NULL ? MR_OK : nomem(err));
    MR_TRY(find_namesakes(look, w, &c, err));
    for (size_t i = 0; i < n; i++) {
        const struct mr_pair *parent = look->pairing->tables[i];
        bool yes = false;
        if (is_beaten(&c, parent))
            continue;
        MR_TRY(judge(look, w->at, tally, parent, false, &yes, err));
        if (yes)
            choose(&c, parent);
    }
    for (size_t i = 0; i < c.count; i++)
        MR_TRY(suspect(look, w, c.best[i], type, c.count > 1, err));
    return MR_OK;
}

/* A column beside types that mean tables leads where they say, and nowhere else.  Where a
 * type means none (an alias of the application's), only its values tell. */
static enum mr_code judge_type(struct mr_suspect_look *look, const struct mr_suspect_watch *w,
                               const struct of_type *one, struct mr_err *err)
{
    bool yes = false;
    if (one->parent == NULL)
        return judge_values(look, w, &one->tally, one->text, err);
    enum mr_code code = judge(look, w->at, &one->tally, one->parent, true, &yes, err);
    return code == MR_OK && yes ? suspect(look, w, one->parent, one->text, false, err) : code;
}

static enum mr_code judge_types(struct mr_suspect_look *look, const struct mr_suspect_watch *w,
                                struct mr_err *err)
{
    for (size_t i = 0; i < w->ntypes; i++)
        if (!w->types[i].declared)
            MR_TRY(judge_type(look, w, &w->types[i], err));
    return MR_OK;
}

static bool has_table(const struct mr_suspect_watch *w)
{
    bool any = false;
    for (size_t i = 0; i < w->ntypes; i++)
        any = any || w->types[i].parent != NULL;
    return any;
}

/* Texts of which none means a table may be no types at all (owner beside owner_id): where they
 * are many, or one, or say nothing, the column is judged as a whole. */
static enum mr_code judge_watched(struct mr_suspect_look *look, const struct mr_suspect_watch *w,
                                  struct mr_err *err)
{
    const char *column = name_of(look->table, w->at);
    size_t before = look->suspects.count;
    bool typed = has_table(w) || mr_suspect_is_declared(look->table, column, false);
    enum mr_code code = MR_OK;
    if (mr_suspect_is_declared(look->table, column, true))
        return MR_OK;
    if (typed || (w->ntypes > 1 && w->ntypes <= FEW_TYPES))
        code = judge_types(look, w, err);
    return code != MR_OK || typed || look->suspects.count > before
               ? code
               : judge_values(look, w, &w->tally, NULL, err);
}

enum mr_code mr_suspect_look_end(struct mr_suspect_look *look, struct mr_err *err)
{
    for (size_t i = 0; i < look->nwatched; i++)
        MR_TRY(judge_watched(look, &look->watched[i], err));
    return MR_OK;
}
