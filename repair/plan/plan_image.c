/* plan_image.c: see plan_image.h. */
#include "repair/plan/plan_image.h"

#include <string.h>

#include "core/pair/pair_columns.h"
#include "core/pair/pair_identity.h"
#include "core/row/json_norm.h"

/* What a reading says. */
struct reading {
    enum mr_class cls;
    enum mr_expr expr;
    const char *charset; /* or NULL */
    bool normal, generated;
};

static const struct {
    const char *name;
    enum mr_class cls;
} classes[] = {
    {"int", MR_CLASS_INT},       {"uint", MR_CLASS_UINT},       {"float", MR_CLASS_FLOAT},
    {"double", MR_CLASS_DOUBLE}, {"decimal", MR_CLASS_DECIMAL}, {"text", MR_CLASS_TEXT},
    {"enum", MR_CLASS_ENUM},     {"binary", MR_CLASS_BINARY},   {"geometry", MR_CLASS_GEOMETRY},
    {"json", MR_CLASS_JSON},     {"date", MR_CLASS_DATE},       {"datetime", MR_CLASS_DATETIME},
    {"time", MR_CLASS_TIME},
};

static const struct {
    const char *text;
    enum mr_expr expr;
} ways[] = {{" as utf8", MR_EXPR_UTF8}, {" as text", MR_EXPR_TEXT}, {" as binary", MR_EXPR_BINARY}};

#define GENERATED " generated" /* at the end of a reading */
#define LEN(array) (sizeof(array) / sizeof *(array))

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a plan");
}

/* MySQL spells a JSON document anew when it stores it, also one that it wrote itself. */
static bool is_spelled_anew(const struct mr_plan_table *table, size_t column)
{
    const struct mr_pair *pair = table->pair;
    return pair->find.columns[column].normalise ||
           strcmp(mr_pair_column(pair, MR_TARGET, column)->type, "json") == 0;
}

static bool is_normalised(const struct mr_plan_table *table, size_t column)
{
    return table->pair->full[MR_TARGET].cols[column].cls == MR_CLASS_JSON &&
           is_spelled_anew(table, column);
}

void mr_plan_image_reading(const struct mr_plan_table *table, size_t column, struct mr_strbuf *out)
{
    const struct mr_readcol *col = &table->pair->full[MR_TARGET].cols[column];
    for (size_t i = 0; i < LEN(classes); i++)
        if (classes[i].cls == col->cls)
            mr_strbuf_add_str(out, classes[i].name);
    if (col->charset != NULL)
        mr_strbuf_add_fmt(out, "/%s", col->charset);
    for (size_t i = 0; i < LEN(ways); i++)
        if (ways[i].expr == col->expr)
            mr_strbuf_add_str(out, ways[i].text);
    if (is_normalised(table, column))
        mr_strbuf_add_str(out, " normal");
    if (table->generated[column])
        mr_strbuf_add_str(out, GENERATED);
}

bool mr_plan_reading_is_generated(const char *reading)
{
    const size_t len = reading != NULL ? strlen(reading) : 0, n = sizeof GENERATED - 1;
    return len >= n && strcmp(reading + len - n, GENERATED) == 0;
}

/* ---- reading readings ---- */

/* Moves *text behind word if it begins with it. */
static bool take(const char **text, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(*text, word, len) != 0)
        return false;
    *text += len;
    return true;
}

static bool take_class(const char **text, enum mr_class *cls)
{
    size_t len = strcspn(*text, "/ ");
    for (size_t i = 0; i < LEN(classes); i++)
        if (strlen(classes[i].name) == len && strncmp(*text, classes[i].name, len) == 0) {
            *cls = classes[i].cls;
            *text += len;
            return true;
        }
    return false;
}

/* Strict to the last byte: plan.json is a file that people can edit, and a reading decides which
 * bytes a row is known by. */
static enum mr_code parse(const char *text, struct mr_arena *arena, struct reading *out,
                          struct mr_err *err)
{
    const char *at = text;
    *out = (struct reading){.expr = MR_EXPR_COLUMN};
    bool known = take_class(&at, &out->cls);
    if (known && take(&at, "/")) {
        size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");
        out->charset = mr_arena_dup(arena, at, len);
        if (out->charset == NULL)
            return nomem(err);
        known = len > 0;
        at += len;
    }
    for (size_t i = 0; i < LEN(ways); i++)
        if (out->expr == MR_EXPR_COLUMN && take(&at, ways[i].text))
            out->expr = ways[i].expr;
    out->normal = take(&at, " normal");
    out->generated = take(&at, GENERATED);
    if (known && *at == '\0')
        return MR_OK;
    return mr_err_set(err, MR_E_REFUSED, "\"%s\" is no way to read a column", text);
}

/* ---- digests ---- */

static enum mr_code new_digester(struct mr_plan_digester *digester, size_t ncolumns,
                                 struct mr_arena *arena, struct mr_err *err)
{
    *digester = (struct mr_plan_digester){
        .normal = mr_arena_calloc(arena, ncolumns + 1, sizeof *digester->normal),
        .generated = mr_arena_calloc(arena, ncolumns + 1, sizeof *digester->generated),
        .ncolumns = ncolumns,
        .plain = true,
        .row = MR_STRBUF_INIT,
        .json = MR_STRBUF_INIT};
    return digester->normal != NULL && digester->generated != NULL ? MR_OK : nomem(err);
}

static void take_column(struct mr_plan_digester *d, size_t column, bool normal, bool generated)
{
    d->normal[column] = normal;
    d->generated[column] = generated;
    d->plain = d->plain && !normal && !generated;
}

enum mr_code mr_plan_digester_init(struct mr_plan_digester *digester, const char *const *readings,
                                   size_t ncolumns, struct mr_arena *arena, struct mr_err *err)
{
    MR_TRY(new_digester(digester, ncolumns, arena, err));
    for (size_t i = 0; i < ncolumns; i++) {
        struct reading r;
        MR_TRY(parse(readings[i], arena, &r, err));
        take_column(digester, i, r.normal, r.generated);
    }
    return MR_OK;
}

enum mr_code mr_plan_digester_of(struct mr_plan_digester *digester, const struct mr_plan_table *t,
                                 struct mr_arena *arena, struct mr_err *err)
{
    MR_TRY(new_digester(digester, t->pair->find.ncolumns, arena, err));
    for (size_t i = 0; i < digester->ncolumns; i++)
        take_column(digester, i, is_normalised(t, i), t->generated[i]);
    return MR_OK;
}

void mr_plan_digester_release(struct mr_plan_digester *digester)
{
    mr_strbuf_release(&digester->row);
    mr_strbuf_release(&digester->json);
}

/* Appends a JSON value in its normal form; what is no JSON stays as it is. */
static enum mr_code add_json(struct mr_plan_digester *d, struct mr_key bytes, struct mr_err *err)
{
    struct mr_value value;
    size_t pos = 0;
    MR_TRY(mr_row_decode(bytes.ptr, bytes.len, &pos, &value, err));
    mr_strbuf_reset(&d->json);
    if (value.ptr != NULL && mr_json_norm(value.ptr, value.len, &d->json)) {
        value.ptr = d->json.ptr;
        value.len = d->json.len;
    }
    MR_TRY(mr_strbuf_check(&d->json, "normalising a JSON value", err));
    return mr_row_encode(&d->row, &value, err);
}

/* Of most tables the image is hashed as it is; only where a column is computed or JSON is it put
 * together anew. */
static enum mr_code digest_columns(struct mr_plan_digester *d, struct mr_key image, const bool *of,
                                   struct mr_digest *digest, struct mr_err *err)
{
    const bool plain = d->plain && of == NULL;
    size_t pos = 0;
    mr_strbuf_reset(&d->row);
    for (size_t i = 0; i < d->ncolumns; i++) {
        size_t from = pos;
        MR_TRY(mr_row_skip(image.ptr, image.len, &pos, err));
        if (plain)
            continue;
        struct mr_key value = {(const char *)image.ptr + from, pos - from};
        if (d->generated[i] || (of != NULL && !of[i]))
            mr_strbuf_add_char(&d->row, 'N');
        else if (d->normal[i])
            MR_TRY(add_json(d, value, err));
        else
            mr_strbuf_add(&d->row, value.ptr, value.len);
    }
    MR_TRY(mr_strbuf_check(&d->row, "reading a row", err));
    return plain ? mr_row_digest(image.ptr, pos, digest, err)
                 : mr_row_digest(d->row.ptr, d->row.len, digest, err);
}

enum mr_code mr_plan_digester_row(struct mr_plan_digester *d, struct mr_key image,
                                  struct mr_digest *digest, struct mr_err *err)
{
    return digest_columns(d, image, NULL, digest, err);
}

enum mr_code mr_plan_digester_part(struct mr_plan_digester *d, struct mr_key image, const bool *of,
                                   struct mr_digest *digest, struct mr_err *err)
{
    return digest_columns(d, image, of, digest, err);
}

enum mr_code mr_plan_digester_values(struct mr_plan_digester *d, struct mr_key image,
                                     const size_t *columns, size_t count, struct mr_digest *digest,
                                     struct mr_err *err)
{
    bool null = false;
    enum mr_code code =
        mr_pair_values_of(image.ptr, image.len, columns, count, &d->row, &null, err);
    if (code == MR_OK)
        *digest = mr_digest_bytes(d->row.ptr, d->row.len);
    return code;
}

/* ---- reading without the other server ---- */

struct opening {
    const struct mr_plan_image_task *task;
    const struct mr_table *table;
    struct mr_arena *arena;
    struct mr_pair *pair;
    struct mr_readcol *cols;
    struct mr_find_column *columns;
    bool *normalise;
};

static enum mr_code changed(const struct opening *o, const char *column, const char *what,
                            struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CHANGED, "column \"%s\" of table \"%s.%s\" %s", column, o->task->db,
                     o->task->table, what);
    mr_err_hint(err, "Nothing can be said of the table's rows. Put its columns back as "
                     "they were when the plan was made.");
    return MR_E_CHANGED;
}

static bool is_family(enum mr_class a, enum mr_class b, enum mr_class one, enum mr_class other)
{
    return (a == one || a == other) && (b == one || b == other);
}

static bool is_utf8(const char *charset)
{
    return strcmp(charset, "utf8mb4") == 0 || strcmp(charset, "utf8mb3") == 0 ||
           strcmp(charset, "utf8") == 0 || strcmp(charset, "ascii") == 0;
}

/* Takes from SOURCE's column what the two sides may differ in: see harmonise() in
 * pair_columns.c. */
static void adapt(const struct mr_column *col, struct reading *r)
{
    if (r->expr != MR_EXPR_COLUMN)
        return;
    if (is_family(r->cls, col->cls, MR_CLASS_INT, MR_CLASS_UINT) ||
        is_family(r->cls, col->cls, MR_CLASS_FLOAT, MR_CLASS_DOUBLE) ||
        is_family(r->cls, col->cls, MR_CLASS_TEXT, MR_CLASS_ENUM))
        r->cls = col->cls;
    if (r->charset != NULL && col->charset != NULL && is_utf8(r->charset) && is_utf8(col->charset))
        r->charset = col->charset;
}

/* Do the column's values still arrive as the reading says? */
static bool is_readable(const struct mr_column *col, const struct reading *r)
{
    if (r->expr == MR_EXPR_UTF8 || r->expr == MR_EXPR_TEXT)
        return true;
    if (r->cls == MR_CLASS_BINARY && col->cls == MR_CLASS_TEXT)
        return true; /* its twin holds bytes */
    if (r->cls != col->cls)
        return false;
    return r->charset == NULL || (col->charset != NULL && strcmp(r->charset, col->charset) == 0);
}

/* A column that changed since cannot be read as the planner read it: said by name, since digests
 * that merely differ would look like rows that were changed. */
static enum mr_code open_column(struct opening *o, size_t at, struct mr_err *err)
{
    const struct mr_plan_image_column *named = &o->task->columns[at];
    const struct mr_column *col = mr_table_column(o->table, named->name);
    struct reading r;
    MR_TRY(parse(named->reading, o->arena, &r, err));
    if (col == NULL)
        return changed(o, named->name, "is gone", err);
    if (o->task->side == MR_SOURCE)
        adapt(col, &r);
    if (!is_readable(col, &r))
        return changed(o, named->name, "has another type", err);
    o->cols[at] =
        (struct mr_readcol){.name = col->name, .expr = r.expr, .cls = r.cls, .charset = r.charset};
    o->normalise[at] = r.normal;
    o->columns[at] = (struct mr_find_column){
        .name = col->name,
        .type = col->type,
        .style = {r.cls, strcmp(col->data_type, "year") == 0 ? 4 : col->decimals},
        .show_at = at,
        .charset = r.charset,
        .key_at = -1,
        .identity_at = -1,
        .flag_at = -1,
        .normalise = r.normal};
    return MR_OK;
}

static void fill(struct opening *o)
{
    const struct mr_plan_image_task *task = o->task;
    struct mr_pair *pair = o->pair;
    for (size_t i = 0; i < task->key.count; i++)
        o->columns[task->key.at[i]].key_at = (int)i;
    for (size_t i = 0; i < task->identity.count; i++)
        o->columns[task->identity.at[i]].identity_at = (int)i;
    pair->find = (struct mr_find_table){.name = task->name,
                                        .columns = o->columns,
                                        .ncolumns = task->ncolumns,
                                        .keyless = task->key.count == 0,
                                        .time_at = -1};
    pair->side[task->side] = o->table;
    pair->ncompared = task->ncolumns;
    pair->normalise = o->normalise;
    pair->key_columns = task->key.at;
    pair->nkey_columns = task->key.count;
    pair->identity = task->identity.at;
    pair->nidentity = task->identity.count;
    pair->arena = o->arena;
    pair->full[task->side] =
        (struct mr_readspec){.db = o->table->db,
                             .table = o->table->name,
                             .cols = o->cols,
                             .ncols = task->ncolumns,
                             .key = task->key.at,
                             .nkey = task->key.count,
                             .store = !o->table->transactional && task->key.count > 0};
}

static bool within(const struct mr_plan_columns *columns, size_t ncolumns)
{
    for (size_t i = 0; i < columns->count; i++)
        if (columns->at[i] >= ncolumns)
            return false;
    return true;
}

static enum mr_code find_table(struct opening *o, const struct mr_catalogue *catalogue,
                               struct mr_err *err)
{
    const struct mr_plan_image_task *task = o->task;
    o->table = mr_sides_twin(catalogue, task->db, catalogue, task->db, task->table);
    if (o->table == NULL)
        return mr_err_set(err, MR_E_NO_SUCH, "table \"%s.%s\" is not there", task->db, task->table);
    if (o->table->engine == NULL)
        return mr_err_set(err, MR_E_CHANGED, "the server cannot open table \"%s.%s\"%s%s", task->db,
                          task->table, o->table->open_error != NULL ? ": " : "",
                          o->table->open_error != NULL ? o->table->open_error : "");
    if (!within(&task->key, task->ncolumns) || !within(&task->identity, task->ncolumns))
        return mr_err_set(err, MR_E_REFUSED, "the plan of table \"%s\" names no columns",
                          task->name);
    return MR_OK;
}

enum mr_code mr_plan_image_open(const struct mr_catalogue *catalogue,
                                const struct mr_plan_image_task *task, struct mr_arena *arena,
                                struct mr_pair **out, struct mr_err *err)
{
    size_t n = task->ncolumns + 1;
    struct opening o = {.task = task,
                        .arena = arena,
                        .pair = mr_arena_calloc(arena, 1, sizeof *o.pair),
                        .cols = mr_arena_calloc(arena, n, sizeof *o.cols),
                        .columns = mr_arena_calloc(arena, n, sizeof *o.columns),
                        .normalise = mr_arena_calloc(arena, n, sizeof *o.normalise)};
    if (o.pair == NULL || o.cols == NULL || o.columns == NULL || o.normalise == NULL)
        return nomem(err);
    MR_TRY(find_table(&o, catalogue, err));
    for (size_t i = 0; i < task->ncolumns; i++)
        MR_TRY(open_column(&o, i, err));
    fill(&o);
    *out = o.pair;

    return MR_OK;
}
