/* pair_columns.c: see pair_columns.h. */
#include "core/pair/pair_columns.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/same_text.h"
#include "core/pair/pair_renamed.h"
#include "core/row/row_class.h"

/* One column that both sides have, while the plan is made. */
struct pair {
    const struct mr_column *col[MR_SIDES];
    struct mr_readcol read[MR_SIDES];
    bool normalise;    /* JSON of two flavours */
    bool as_text;      /* types differ: both read as text */
    enum mr_expr flag; /* MR_EXPR_INDEX_ZERO of an ENUM or SET with a '' member, MR_EXPR_LOST of
                          texts that are converted; 0: it needs none */
    bool ignored;      /* the configuration's ignore-columns name it */
    size_t flag_at;    /* position of that flag among the values */
};

struct builder {
    struct mr_pair *table;
    const struct mr_column_task *task;
    struct mr_vec pairs;            /* struct pair */
    struct mr_vec values[MR_SIDES]; /* struct mr_readcol, in the order of the select */
    struct mr_strbuf not_kept;      /* names of columns that a snapshot lacks */
    size_t *key;                    /* positions of pairs, in index order */
    size_t nkey;
    const struct mr_index *index[MR_SIDES];
};

const struct mr_column *mr_pair_column(const struct mr_pair *pair, enum mr_side side, size_t at)
{
    return pair->column[side] != NULL
               ? pair->column[side][at]
               : mr_table_column(pair->side[side], pair->find.columns[at].name);
}

/* Is the column among those that a snapshot keeps? */
static bool is_kept(const struct mr_kept *kept, const char *name)
{
    size_t i = 0;
    while (kept != NULL && i < kept->spec.ncols && strcasecmp(kept->spec.cols[i].name, name) != 0)
        i++;
    return kept == NULL || i < kept->spec.ncols;
}

/* Bytes of these charsets are UTF-8. */
static bool is_utf8(const char *charset)
{
    return charset == NULL || strcmp(charset, "utf8mb4") == 0 || strcmp(charset, "utf8mb3") == 0 ||
           strcmp(charset, "utf8") == 0 || strcmp(charset, "ascii") == 0;
}

static bool same_bytes(const char *a, const char *b)
{
    if (is_utf8(a) && is_utf8(b))
        return true;
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool is_real(enum mr_class cls)
{
    return cls == MR_CLASS_FLOAT || cls == MR_CLASS_DOUBLE;
}

/* Types whose class says how their bytes arrive; any other BINARY needs a cast. */
static bool is_plain_binary(const struct mr_column *col)
{
    return strstr(col->data_type, "blob") != NULL || strstr(col->data_type, "binary") != NULL;
}

struct mr_readcol mr_pair_own_column(const struct mr_column *col)
{
    const bool casts = col->cls == MR_CLASS_BINARY && !is_plain_binary(col);
    return (struct mr_readcol){.name = col->name,
                               .expr = casts ? MR_EXPR_BINARY : MR_EXPR_COLUMN,
                               .cls = col->cls,
                               .charset = mr_class_has_charset(col->cls) ? col->charset : NULL,
                               .not_null = !col->nullable};
}

static void read_as(struct pair *p, enum mr_expr expr, enum mr_class cls, const char *charset)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        p->read[side].expr = expr;
        p->read[side].cls = cls;
        p->read[side].charset = charset;
    }
}

/* Bytes of two charsets are compared as what they stand for, if that is anything. */
static void harmonise_texts(struct pair *p)
{
    const struct mr_column *s = p->col[MR_SOURCE], *t = p->col[MR_TARGET];
    if (same_bytes(s->charset, t->charset))
        return;
    read_as(p, MR_EXPR_UTF8, MR_CLASS_TEXT, "utf8mb4");
    if (s->cls == MR_CLASS_TEXT && t->cls == MR_CLASS_TEXT && !p->ignored)
        p->flag = MR_EXPR_LOST;
}

/* Chooses how the two columns of a pair are read so that equal values encode alike. */
static void harmonise(struct pair *p, const struct mr_column_task *task)
{
    const struct mr_column *s = p->col[MR_SOURCE], *t = p->col[MR_TARGET];
    enum mr_class a = s->cls, b = t->cls;
    p->read[MR_SOURCE] = mr_pair_own_column(s);
    p->read[MR_TARGET] = mr_pair_own_column(t);
    if (a == MR_CLASS_ENUM && b == MR_CLASS_ENUM && (s->empty_member || t->empty_member))
        p->flag = MR_EXPR_INDEX_ZERO;
    if (a == MR_CLASS_JSON || b == MR_CLASS_JSON) {
        bool two_flavours = task->flavour[MR_SOURCE] != task->flavour[MR_TARGET];
        if (a == b && !two_flavours)
            return;
        if (mr_class_is_text(a) && mr_class_is_text(b)) {
            read_as(p, MR_EXPR_UTF8, MR_CLASS_JSON, NULL);
            p->normalise = true;
            return;
        }
    } else if (mr_class_has_charset(a) && mr_class_has_charset(b)) {
        harmonise_texts(p);
        return;
    } else if ((mr_class_has_charset(a) && b == MR_CLASS_BINARY) ||
               (mr_class_has_charset(b) && a == MR_CLASS_BINARY)) {
        read_as(p, MR_EXPR_COLUMN, MR_CLASS_BINARY, NULL);
        return;
    } else if (a == b || (mr_class_is_integer(a) && mr_class_is_integer(b)) ||
               (is_real(a) && is_real(b))) {
        return;
    }
    p->as_text = true;
    read_as(p, MR_EXPR_TEXT, MR_CLASS_TEXT, "utf8mb4");
}

/* By name, or as the configuration has them renamed. What a snapshot has left out, or somebody
 * ignores, is noted, since it is not compared. */
static enum mr_code pair_columns(struct builder *b, struct mr_err *err)
{
    const struct mr_table *s = b->table->side[MR_SOURCE];
    for (size_t i = 0; i < s->ncolumns; i++) {
        const struct mr_column *col = &s->columns[i];
        const struct mr_column *other =
            mr_pair_renamed_twin(b->task->config, b->table->side, col->name);
        bool ignored = mr_string_list_has(&b->task->config->ignore_columns, col->name);
        if (other == NULL || col->system_time || other->system_time ||
            (ignored && !b->task->whole_rows))
            continue;
        if (!is_kept(b->task->kept[MR_SOURCE], col->name) ||
            !is_kept(b->task->kept[MR_TARGET], other->name)) {
            mr_strbuf_add_fmt(&b->not_kept, "%s%s", b->not_kept.len > 0 ? ", " : "", col->name);
            continue;
        }
        struct pair *p = mr_vec_push(&b->pairs);
        if (p == NULL)
            return mr_err_nomem(err, "planning a table");
        p->col[MR_SOURCE] = col;
        p->col[MR_TARGET] = other;
        p->ignored = ignored;
        harmonise(p, b->task);
    }
    if (b->pairs.count == 0)
        return mr_err_set(err, MR_E_UNSUPPORTED, "the two tables have no column in common");
    return MR_OK;
}

/* What a server computes is in no snapshot. */
static enum mr_code note_not_kept(const struct builder *b, struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    if (b->not_kept.len == 0)
        return MR_OK;
    mr_strbuf_add_fmt(&note, "not compared, because a snapshot has no generated columns: %s",
                      b->not_kept.ptr);
    enum mr_code code = mr_strbuf_check(&note, "planning a table", err);
    if (code == MR_OK)
        code = mr_pair_add_note(b->table, note.ptr, err);
    mr_strbuf_release(&note);
    return code;
}

static struct pair *pair_at(const struct builder *b, size_t i)
{
    return mr_vec_at(&b->pairs, i);
}

/* Position of the compared pair by SOURCE's column name; pairs.count if there is none. */
static size_t pair_named(const struct builder *b, const char *name)
{
    size_t i = 0;
    while (i < b->pairs.count && strcasecmp(pair_at(b, i)->col[MR_SOURCE]->name, name) != 0)
        i++;
    return i < b->pairs.count && pair_at(b, i)->ignored ? b->pairs.count : i;
}

/* Only such an index tells every row from every other: in a nullable column NULL may stand many
 * times, and of a prefix two values may agree. */
static bool is_row_key(const struct mr_table *table, const struct mr_index *index)
{
    if (!index->unique || !index->usable)
        return false;
    for (size_t i = 0; i < index->nparts; i++) {
        const struct mr_index_part *part = &index->parts[i];
        if (part->column == NULL || part->prefix_len != 0)
            return false;
        const struct mr_column *col = mr_table_column(table, part->column);
        if (col == NULL || col->nullable)
            return false;
    }
    return index->nparts > 0;
}

/* own: of SOURCE. */
static bool same_parts(const struct builder *b, const struct mr_index *own,
                       const struct mr_index *live)
{
    if (own->nparts != live->nparts)
        return false;
    for (size_t i = 0; i < own->nparts; i++) {
        const struct mr_column *twin =
            mr_pair_renamed_twin(b->task->config, b->table->side, own->parts[i].column);
        if (twin == NULL || strcasecmp(twin->name, live->parts[i].column) != 0)
            return false;
    }
    return true;
}

static const struct mr_index *twin_of(const struct builder *b, const struct mr_index *index)
{
    const struct mr_table *t = b->table->side[MR_TARGET];
    for (size_t i = 0; i < t->nindexes; i++)
        if (is_row_key(t, &t->indexes[i]) && mr_index_leads(t, &t->indexes[i]) &&
            same_parts(b, index, &t->indexes[i]))
            return &t->indexes[i];
    return NULL;
}

/* The first index that names rows on both sides, over columns that are compared. */
static enum mr_code choose_key(struct builder *b, struct mr_err *err)
{
    const struct mr_table *s = b->table->side[MR_SOURCE];
    for (size_t i = 0; i < s->nindexes; i++) {
        const struct mr_index *index = &s->indexes[i];
        if (!is_row_key(s, index) || !mr_index_leads(s, index))
            continue;
        const struct mr_index *twin = twin_of(b, index);
        size_t found = 0;
        while (found < index->nparts && pair_named(b, index->parts[found].column) < b->pairs.count)
            found++;
        if (twin == NULL || found < index->nparts)
            continue;
        b->key = mr_arena_calloc(b->task->arena, index->nparts, sizeof *b->key);
        if (b->key == NULL)
            return mr_err_nomem(err, "planning a table");
        b->nkey = index->nparts;
        for (size_t k = 0; k < b->nkey; k++)
            b->key[k] = pair_named(b, index->parts[k].column);
        b->index[MR_SOURCE] = index;
        b->index[MR_TARGET] = twin;
        return MR_OK;
    }
    return MR_OK;
}

static bool has_suffix(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && strcmp(text + n - m, suffix) == 0;
}

/* Do both servers put the values of this key part into one order? */
static bool same_order(const struct builder *b, const struct pair *p)
{
    const struct mr_column *s = p->col[MR_SOURCE], *t = p->col[MR_TARGET];
    bool one_flavour = b->task->flavour[MR_SOURCE] == b->task->flavour[MR_TARGET];
    if (p->as_text || p->normalise)
        return false;
    if (s->cls == MR_CLASS_ENUM || t->cls == MR_CLASS_ENUM)
        return s->cls == t->cls && s->is_set == t->is_set && strcmp(s->type, t->type) == 0;
    if (s->cls != MR_CLASS_TEXT && t->cls != MR_CLASS_TEXT)
        return true;
    if (s->cls != t->cls || strcmp(s->data_type, "uuid") == 0 || strcmp(t->data_type, "uuid") == 0)
        return s->cls == t->cls && one_flavour && strcmp(s->data_type, t->data_type) == 0;
    if (s->collation == NULL || t->collation == NULL)
        return one_flavour && strcmp(s->data_type, t->data_type) == 0;
    return strcmp(s->collation, t->collation) == 0 &&
           (one_flavour || has_suffix(s->collation, "_bin"));
}

static struct mr_readcol *push_value(struct builder *b, enum mr_side side, struct mr_err *err)
{
    struct mr_readcol *col = mr_vec_push(&b->values[side]);
    if (col == NULL)
        (void)mr_err_nomem(err, "planning a table");
    return col;
}

/* Adds a pair's columns, as they were harmonised, to both selects. */
static enum mr_code push_pair(struct builder *b, const struct pair *p, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_readcol *col = push_value(b, side, err);
        if (col == NULL)
            return MR_E_NOMEM;
        *col = p->read[side];
    }
    return MR_OK;
}

/* Adds an expression over a pair's columns to both selects. */
static enum mr_code push_expr(struct builder *b, const struct pair *p, enum mr_expr expr,
                              enum mr_class cls, struct mr_err *err)
{
    struct pair other = *p;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        other.read[side].expr = expr;
        other.read[side].cls = cls;
        other.read[side].charset = cls == MR_CLASS_TEXT ? "utf8mb4" : NULL;
    }
    return push_pair(b, &other, err);
}

/* What is lost on both sides is not the same on both: no flag of one is one of the other. */
static enum mr_code push_flag(struct builder *b, const struct pair *p, struct mr_err *err)
{
    struct pair other = *p;
    if (p->flag != MR_EXPR_LOST)
        return push_expr(b, p, p->flag, MR_CLASS_UINT, err);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const char *charset = p->col[side]->charset;
        other.read[side] = (struct mr_readcol){.name = p->read[side].name,
                                               .expr = MR_EXPR_LOST,
                                               .cls = MR_CLASS_UINT,
                                               .charset = charset != NULL ? charset : "",
                                               .numbers = (uint64_t)side + 1};
    }
    return push_pair(b, &other, err);
}

static enum mr_code mark_ignored(struct builder *b, struct mr_err *err)
{
    bool *ignored = NULL;
    for (size_t i = 0; i < b->pairs.count; i++) {
        if (!pair_at(b, i)->ignored)
            continue;
        if (ignored == NULL)
            ignored = mr_arena_calloc(b->task->arena, b->pairs.count, sizeof *ignored);
        if (ignored == NULL)
            return mr_err_nomem(err, "planning a table");
        ignored[i] = true;
    }
    b->table->ignored = ignored;
    return MR_OK;
}

static enum mr_code keep_columns(struct builder *b, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_column **list =
            mr_arena_calloc(b->task->arena, b->pairs.count + 1, sizeof *list);
        if (list == NULL)
            return mr_err_nomem(err, "planning a table");
        for (size_t i = 0; i < b->pairs.count; i++)
            list[i] = pair_at(b, i)->col[side];
        b->table->column[side] = list;
    }
    return MR_OK;
}

/* The compared values: every column, then the flags. */
static enum mr_code push_compared(struct builder *b, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < b->pairs.count; i++)
        code = push_pair(b, pair_at(b, i), err);
    for (size_t i = 0; code == MR_OK && i < b->pairs.count; i++)
        if (pair_at(b, i)->flag != 0) {
            pair_at(b, i)->flag_at = b->values[MR_SOURCE].count;
            code = push_flag(b, pair_at(b, i), err);
        }
    b->table->ncompared = b->values[MR_SOURCE].count;
    bool *normalise = mr_arena_calloc(b->task->arena, b->table->ncompared, sizeof(bool));
    if (code == MR_OK && normalise == NULL)
        code = mr_err_nomem(err, "planning a table");
    for (size_t i = 0; code == MR_OK && i < b->pairs.count; i++)
        normalise[i] = pair_at(b, i)->normalise;
    b->table->normalise = normalise;
    return code;
}

/* Members of "enum('a','b')" or a SET; counting too many is harmless (no such number). */
static unsigned count_members(const char *type)
{
    unsigned separators = 0;
    for (; *type != '\0'; type++)
        separators += *type == '\'' && type[1] == ',' && type[2] == '\'';
    return separators + 1;
}

/* The greatest number of an ENUM or SET (see struct mr_key_part). */
static uint64_t greatest_number(const struct mr_column *col)
{
    unsigned members = count_members(col->type);
    if (!col->is_set)
        return members;
    return members >= 64 ? UINT64_MAX : ((uint64_t)1 << members) - 1;
}

/*
 * The key as the servers order it: an ENUM by its index, any other column as it is.  Text
 * that is compared converted needs its raw bytes once more, for ranges.
 */
static bool needs_hidden_key(const struct pair *p)
{
    return p->col[MR_SOURCE]->cls == MR_CLASS_ENUM || p->col[MR_TARGET]->cls == MR_CLASS_ENUM ||
           p->read[MR_SOURCE].expr != MR_EXPR_COLUMN;
}

/* The key is read once more beside the value that is compared: the order is that of what the server
 * sorts by, of an ENUM its number. */
static enum mr_code push_hidden_key(struct builder *b, const struct pair *p, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_readcol *col = push_value(b, side, err);
        if (col == NULL)
            return MR_E_NOMEM;
        *col = mr_pair_own_column(p->col[side]);
        if (p->col[side]->cls == MR_CLASS_ENUM) {
            col->expr = MR_EXPR_NUMBER;
            col->cls = MR_CLASS_UINT;
            col->charset = NULL;
            col->numbers = greatest_number(p->col[side]);
        }
    }
    return MR_OK;
}

/*
 * Do equal values of all columns leave both servers as equal bytes?  It need not hold for
 * every value (0 and -0 are equal, too), since rows that differ are read again; but equal
 * bytes must be equal values.
 */
static bool same_raw(const struct builder *b)
{
    if (b->task->flavour[MR_SOURCE] != b->task->flavour[MR_TARGET])
        return false;
    for (size_t i = 0; i < b->pairs.count; i++) {
        const struct pair *p = pair_at(b, i);
        const struct mr_column *s = p->col[MR_SOURCE], *t = p->col[MR_TARGET];
        if (p->normalise || p->as_text || s->cls != t->cls || strcmp(s->type, t->type) != 0 ||
            p->read[MR_SOURCE].expr != p->read[MR_TARGET].expr)
            return false;
        if (mr_class_has_charset(s->cls) && !same_bytes(s->charset, t->charset))
            return false;
    }
    return true;
}

static enum mr_code push_key(struct builder *b, struct mr_err *err)
{
    struct mr_pair *table = b->table;
    enum mr_code code = MR_OK;
    bool shared = true;
    size_t *at = mr_arena_calloc(b->task->arena, b->nkey + 1, sizeof *at);
    if (at == NULL)
        return mr_err_nomem(err, "planning a table");
    for (size_t k = 0; code == MR_OK && k < b->nkey; k++) {
        const struct pair *p = pair_at(b, b->key[k]);
        const struct mr_column *s = p->col[MR_SOURCE];
        shared = shared && same_order(b, p);
        at[k] = b->key[k];
        if (needs_hidden_key(p)) {
            at[k] = b->values[MR_SOURCE].count;
            code = push_hidden_key(b, p, err);
        }
        table->text_key = table->text_key || s->cls == MR_CLASS_TEXT;
    }
    table->join = shared ? MR_JOIN_SHARED : MR_JOIN_SPILL;
    atomic_store(&table->raw, shared && same_raw(b));
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        table->scan[side].key = at;
        table->scan[side].nkey = b->nkey;
        table->scan[side].index = b->index[side]->name;
    }
    table->key_columns = b->key;
    table->nkey_columns = b->nkey;
    return code;
}

static void name_spec(const struct builder *b, enum mr_side side, struct mr_readspec *spec)
{
    spec->ncols = b->values[side].count;
    spec->db = b->table->side[side]->db;
    spec->table = b->table->side[side]->name;
    spec->store = !b->table->side[side]->transactional && b->nkey > 0;
}

static bool same_value(const struct mr_readcol *a, const struct mr_readcol *b)
{
    return a->expr == b->expr && a->cls == b->cls && a->numbers == b->numbers &&
           a->not_null == b->not_null && strcmp(a->name, b->name) == 0 &&
           mr_same_text(a->charset, b->charset);
}

/* Mostly both sides are read alike, and there may be thousands of tables. */
static bool same_values(const struct builder *b)
{
    const struct mr_vec *s = &b->values[MR_SOURCE], *t = &b->values[MR_TARGET];
    if (s->count != t->count)
        return false;
    for (size_t i = 0; i < s->count; i++)
        if (!same_value(mr_vec_at(s, i), mr_vec_at(t, i)))
            return false;
    return true;
}

/* Values are only added: what a scan reads is the front of a full read. */
static enum mr_code keep_values(struct builder *b, struct mr_err *err)
{
    const bool same = same_values(b);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_vec *values = &b->values[side];
        struct mr_readspec *scan = &b->table->scan[side], *full = &b->table->full[side];
        scan->cols = b->table->scan[MR_SOURCE].cols;
        if (side == MR_SOURCE || !same)
            scan->cols = (const struct mr_readcol *)(void *)mr_arena_dup(
                b->task->arena, values->items, values->count * sizeof(struct mr_readcol));
        if (scan->cols == NULL)
            return mr_err_nomem(err, "planning a table");
        *full = *scan;
        full->ncols = values->count;
    }
    return MR_OK;
}

/* The scale of "decimal(10,2)"; the digits of a YEAR, and of a time's seconds. */
static unsigned decimals_of(const struct mr_column *col)
{
    const char *comma = col->cls == MR_CLASS_DECIMAL ? strchr(col->type, ',') : NULL;
    if (strcmp(col->data_type, "year") == 0)
        return 4;
    if (col->cls != MR_CLASS_DECIMAL)
        return col->decimals;
    return comma != NULL ? (unsigned)strtoul(comma + 1, NULL, 10) : 0;
}

/* What people see of a column: itself, or its text in UTF-8 behind the others. */
static enum mr_code push_shown(struct builder *b, struct mr_find_column *columns,
                               struct mr_err *err)
{
    for (size_t i = 0; i < b->pairs.count; i++) {
        const struct pair *p = pair_at(b, i);
        const struct mr_column *s = p->col[MR_SOURCE], *t = p->col[MR_TARGET];
        struct mr_find_column *col = &columns[i];
        col->name = s->name;
        col->type = s->type;
        col->masked = mr_string_list_has(&b->task->config->mask, s->name);
        col->style.cls = p->read[MR_SOURCE].cls;
        if (is_real(s->cls) && s->cls != t->cls)
            col->style.cls = MR_CLASS_DOUBLE;
        col->style.decimals = decimals_of(s);
        if (decimals_of(t) > col->style.decimals)
            col->style.decimals = decimals_of(t);
        col->charset = p->read[MR_SOURCE].charset;
        col->show_at = i;
        col->key_at = col->identity_at = -1;
        col->flag_at = p->flag != 0 ? (int)p->flag_at : -1;
        col->normalise = p->normalise;
        if (mr_class_has_charset(p->read[MR_SOURCE].cls) && !is_utf8(p->read[MR_SOURCE].charset)) {
            col->show_at = b->values[MR_SOURCE].count;
            MR_TRY(push_expr(b, p, MR_EXPR_UTF8, MR_CLASS_TEXT, err));
        }
    }
    for (size_t k = 0; k < b->nkey; k++)
        columns[b->key[k]].key_at = (int)k;
    return MR_OK;
}

/* Does the reference concern this table at all?  One of a section with wildcards need not,
 * and then the table may lack what its condition speaks of. */
static bool concerns(const struct builder *b, size_t at)
{
    const struct mr_reference *ref = &b->task->config->references[at];
    bool concerned = !mr_table_config_is_dismissed(b->task->config, at);
    for (size_t i = 0; concerned && ref->by_pattern && i < ref->columns.count; i++)
        concerned = pair_named(b, ref->columns.items[i]) < b->pairs.count;
    return concerned;
}

/* Conditions of references: hidden values that tell of each row whether it refers. */
static enum mr_code push_conditions(struct builder *b, struct mr_err *err)
{
    const struct mr_table_config *config = b->task->config;
    size_t *at = mr_arena_calloc(b->task->arena, config->nreferences + 1, sizeof *at);
    if (at == NULL)
        return mr_err_nomem(err, "planning a table");
    for (size_t i = 0; i < config->nreferences; i++) {
        at[i] = SIZE_MAX;
        if (config->references[i].condition == NULL || !concerns(b, i))
            continue;
        at[i] = b->values[MR_SOURCE].count;
        const char *names[MR_SIDES] = {config->references[i].condition, NULL};
        MR_TRY(mr_pair_renamed_condition(config, b->table->side, names[0], b->task->arena,
                                         &names[1], err));
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            struct mr_readcol *col = push_value(b, (enum mr_side)side, err);
            if (col == NULL)
                return MR_E_NOMEM;
            *col = (struct mr_readcol){
                .name = names[side], .expr = MR_EXPR_CONDITION, .cls = MR_CLASS_UINT};
        }
    }
    b->table->config = config;
    b->table->condition_at = at;
    return MR_OK;
}

static bool in_key(const struct builder *b, size_t position)
{
    for (size_t k = 0; k < b->nkey; k++)
        if (b->key[k] == position)
            return true;
    return false;
}

/* The first UNIQUE index, other than the key, whose columns are all NOT NULL. */
static const struct mr_index *natural_key(const struct builder *b)
{
    const struct mr_table *s = b->table->side[MR_SOURCE];
    for (size_t i = 0; i < s->nindexes; i++) {
        const struct mr_index *index = &s->indexes[i];
        if (index == b->index[MR_SOURCE] || !is_row_key(s, index))
            continue;
        size_t known = 0, of_key = 0;
        for (size_t k = 0; k < index->nparts; k++) {
            size_t at = pair_named(b, index->parts[k].column);
            known += at < b->pairs.count;
            of_key += in_key(b, at);
        }
        if (known == index->nparts && of_key < index->nparts)
            return index;
    }
    return NULL;
}

/* A configured one must be there, once, and be the same on both sides.  at: so far n of them. */
static enum mr_code identity_column(const struct builder *b, const char *name, size_t *at, size_t n,
                                    struct mr_err *err)
{
    size_t found = pair_named(b, name);
    for (size_t i = 0; i < n; i++)
        if (at[i] == found)
            return mr_err_set(err, MR_E_CONFIG,
                              "identity column \"%s\" of table \"%s\" is named twice", name,
                              b->table->find.name);
    at[n] = found;
    if (found == b->pairs.count) {
        (void)mr_err_set(err, MR_E_CONFIG,
                         "identity column \"%s\" is no compared column of table \"%s\"", name,
                         b->table->find.name);
        return MR_E_CONFIG;
    }
    const struct pair *p = pair_at(b, found);
    if (!p->as_text)
        return MR_OK;
    (void)mr_err_set(err, MR_E_CONFIG,
                     "identity column \"%s\" of table \"%s\" is %s on the source and %s "
                     "on the target",
                     name, b->table->find.name, p->col[MR_SOURCE]->type, p->col[MR_TARGET]->type);
    mr_err_hint(err, "Choose columns of one type as the identity, or identity = key.");
    return MR_E_CONFIG;
}

/* Names of the identity's columns; positions go to table->identity. */
static enum mr_code choose_identity(struct builder *b, struct mr_err *err)
{
    struct mr_pair *table = b->table;
    const struct mr_table_config *config = b->task->config;
    size_t *at = mr_arena_calloc(b->task->arena, b->pairs.count + b->nkey + 1, sizeof *at);
    const struct mr_index *index = NULL;
    size_t n = 0;
    if (at == NULL)
        return mr_err_nomem(err, "planning a table");
    enum mr_identity kind = config->identity;
    if (kind == MR_IDENTITY_DEFAULT && b->nkey > 0)
        index = natural_key(b);
    if (kind == MR_IDENTITY_COLUMNS) {
        for (size_t i = 0; i < config->identity_columns.count; i++) {
            MR_TRY(identity_column(b, config->identity_columns.items[i], at, n++, err));
        }
    } else if (kind == MR_IDENTITY_ROW) {
        for (size_t i = 0; i < b->pairs.count; i++)
            if (!in_key(b, i) && !pair_at(b, i)->ignored)
                at[n++] = i;
    } else if (index != NULL) {
        for (size_t k = 0; k < index->nparts; k++)
            at[n++] = pair_named(b, index->parts[k].column);
    }
    table->by_identity = n > 0 && b->nkey > 0;
    table->find.identity_known = n > 0 || kind != MR_IDENTITY_DEFAULT;
    table->row_is_identity = kind == MR_IDENTITY_NONE;
    if (n == 0 && kind != MR_IDENTITY_NONE)
        for (size_t k = 0; k < b->nkey; k++)
            at[n++] = b->key[k];
    table->identity = at;
    table->nidentity = n;
    return MR_OK;
}

/* What is read, by which key, and what says who a row is. */
static enum mr_code choose_columns(struct builder *b, struct mr_err *err)
{
    MR_TRY(mr_pair_renamed_check(b->task->config, b->table->side, err));
    MR_TRY(pair_columns(b, err));
    MR_TRY(keep_columns(b, err));
    MR_TRY(note_not_kept(b, err));
    MR_TRY(choose_key(b, err));
    MR_TRY(push_compared(b, err));
    if (b->nkey > 0)
        MR_TRY(push_key(b, err));
    else
        b->table->join = MR_JOIN_DIGEST;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        name_spec(b, (enum mr_side)side, &b->table->scan[side]);
    return choose_identity(b, err);
}

/* `find` is filled also where this pair alone cannot be compared: the case lists it. */
static enum mr_code build(struct builder *b, struct mr_err *err)
{
    struct mr_pair *table = b->table;
    enum mr_code code = choose_columns(b, err);
    struct mr_find_column *columns =
        mr_arena_calloc(b->task->arena, b->pairs.count, sizeof *columns);
    if (code == MR_OK && columns == NULL)
        code = mr_err_nomem(err, "planning a table");
    if (code == MR_OK)
        code = push_shown(b, columns, err);
    if (code == MR_OK)
        code = push_conditions(b, err);
    for (size_t i = 0; code == MR_OK && i < table->nidentity; i++)
        columns[table->identity[i]].identity_at = (int)i;
    table->find.columns = columns;
    table->find.ncolumns = b->pairs.count;
    table->find.keyless = b->nkey == 0;
    MR_TRY(code);
    MR_TRY(mark_ignored(b, err));
    MR_TRY(keep_values(b, err));
    return mr_pair_note_rounded(table, err);
}

enum mr_code mr_pair_columns(struct mr_pair *table, const struct mr_column_task *task,
                             struct mr_err *err)
{
    struct builder b = {.table = table,
                        .task = task,
                        .pairs = MR_VEC_INIT(struct pair),
                        .not_kept = MR_STRBUF_INIT,
                        .values = {MR_VEC_INIT(struct mr_readcol), MR_VEC_INIT(struct mr_readcol)}};
    enum mr_code code = build(&b, err);
    mr_vec_release(&b.pairs);
    mr_strbuf_release(&b.not_kept);
    mr_vec_release(&b.values[MR_SOURCE]);
    mr_vec_release(&b.values[MR_TARGET]);
    return code;
}
