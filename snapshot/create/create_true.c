/* create_true.c: see create_true.h. */
#include "snapshot/create/create_true.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/schema/type_member.h"
#include "snapshot/create/create_zone.h"

/* The members of one column: as they are printed, until a row tells. */
struct members {
    struct mr_vec texts; /* const char * */
    struct mr_vec known; /* bool */
    bool changed;
};

/* May it hold a character of four bytes in UTF-8? */
static bool is_wide(const struct mr_column *col)
{
    static const char *const charsets[] = {"utf8mb4", "utf16", "utf16le", "utf32", "gb18030"};
    for (size_t i = 0; col->charset != NULL && i < sizeof charsets / sizeof *charsets; i++)
        if (strcmp(col->charset, charsets[i]) == 0)
            return true;
    return false;
}

static bool is_doubtful(const char *text)
{
    return text != NULL && strchr(text, '?') != NULL;
}

static bool has_doubtful_type(const struct mr_column *col)
{
    return col->cls == MR_CLASS_ENUM && is_doubtful(col->type) && is_wide(col);
}

/* MySQL prints the bytes of such a default. */
static bool has_doubtful_default(const struct mr_create *c, const struct mr_column *col)
{
    return c->cat->server.flavour == MR_FLAVOUR_MARIADB && is_wide(col) &&
           is_doubtful(col->default_text);
}

static enum mr_code keep(struct mr_create *c, const struct mr_strbuf *text, const char **out,
                         struct mr_err *err)
{
    *out = text->failed ? NULL : mr_arena_dup(&c->arena, text->ptr, text->len);
    return *out != NULL ? MR_OK : mr_err_nomem(err, "reading the schema");
}

/* A question that was not answered leaves the column unknown; its rows are kept. */
static enum mr_code as_unknown(enum mr_code code, const struct mr_err *why, struct mr_err *err)
{
    if (!mr_create_is_fatal(code))
        return MR_OK;
    if (err != NULL)
        *err = *why;
    return code;
}

/* ---- members ---- */

/* A member without "?" is printed as it is, and known without asking. */
static enum mr_code list_members(struct mr_create *c, const struct mr_column *col,
                                 struct members *m, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (const char *at = mr_type_members(col->type);
         code == MR_OK && mr_type_next_member(&at, &text);) {
        const char **to = mr_vec_push(&m->texts);
        bool *known = mr_vec_push(&m->known);
        if (to != NULL)
            *to = mr_arena_strdup(&c->arena, text.ptr);
        if (to == NULL || *to == NULL || known == NULL)
            code = mr_err_nomem(err, "reading a type");
        else
            *known = !is_doubtful(*to);
    }
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code learn(struct mr_create *c, struct members *m, size_t at, const char *text,
                          size_t len, struct mr_err *err)
{
    const char **to = at < m->texts.count ? mr_vec_at(&m->texts, at) : NULL;
    bool *known = to != NULL ? mr_vec_at(&m->known, at) : NULL;
    if (to == NULL || *known)
        return MR_OK;
    *known = true;
    if (strlen(*to) == len && memcmp(*to, text, len) == 0)
        return MR_OK;
    *to = mr_arena_dup(&c->arena, text, len);
    m->changed = true;
    return *to != NULL ? MR_OK : mr_err_nomem(err, "reading a type");
}

/* "a,b" of the bits 5: no member holds a comma. */
static enum mr_code learn_set(struct mr_create *c, struct members *m, uint64_t bits,
                              const char *text, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t at = 0; code == MR_OK && at < 64; at++) {
        if ((bits >> at & 1) == 0)
            continue;
        size_t len = strcspn(text, ",");
        code = learn(c, m, at, text, len, err);
        text += len + (text[len] == ',');
    }
    return code;
}

/* What the rows have, with its number. */
static enum mr_code ask_members(struct mr_create *c, const struct mr_create_table *t,
                                const struct mr_column *col, struct members *m, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    mr_strbuf_add_str(&sql, "SELECT DISTINCT CAST(");
    mr_sql_ident(&sql, col->name);
    mr_strbuf_add_str(&sql, " AS UNSIGNED), CONVERT(");
    mr_sql_ident(&sql, col->name);
    mr_strbuf_add_str(&sql, " USING utf8mb4) FROM ");
    mr_sql_table(&sql, t->table->db, t->table->name);
    mr_strbuf_add_str(&sql, " WHERE ");
    mr_sql_ident(&sql, col->name);
    mr_strbuf_add_str(&sql, " IS NOT NULL");
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query(c->db, "vv", sql.ptr, sql.len, &res, err));
    while ((cells = mr_result_next(res)) != NULL) {
        uint64_t number = strtoull(cells[0].ptr, NULL, 10);
        if (col->is_set)
            MR_TRY_OUT(learn_set(c, m, number, cells[1].ptr, err));
        else if (number > 0)
            MR_TRY_OUT(learn(c, m, (size_t)number - 1, cells[1].ptr, cells[1].len, err));
    }
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* What is to be said of the column where a member stays unknown, or NULL. */
static enum mr_code find_unknown(struct mr_create *c, const struct members *m, const char **reason,
                                 struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    size_t at = 0;
    while (at < m->known.count && *(const bool *)mr_vec_at(&m->known, at))
        at++;
    if (at < m->known.count) {
        mr_strbuf_add_fmt(&text,
                          "the server prints its member %zu as \"%s\", which may stand for "
                          "characters of four bytes, and no row tells",
                          at + 1, *(const char *const *)mr_vec_at(&m->texts, at));
        code = keep(c, &text, reason, err);
    }
    mr_strbuf_release(&text);
    return code;
}

/* The rows are the only ones that know: members are learned by their number, and what no row has
 * stays unknown and is said. */
static enum mr_code read_type(struct mr_create *c, const struct mr_create_table *t,
                              const struct mr_column *col, struct mr_create_true *to,
                              struct mr_err *err)
{
    struct mr_err why = {0};
    struct members m = {.texts = MR_VEC_INIT(const char *), .known = MR_VEC_INIT(bool)};
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(list_members(c, col, &m, err));
    MR_TRY_OUT(as_unknown(ask_members(c, t, col, &m, &why), &why, err));
    MR_TRY_OUT(find_unknown(c, &m, &to->unknown, err));
    if (m.changed) {
        mr_snap_true_type(&text, col->is_set, m.texts.items, m.texts.count);
        MR_TRY_OUT(keep(c, &text, &to->column.type, err));
    }
out:
    mr_vec_release(&m.texts);
    mr_vec_release(&m.known);
    mr_strbuf_release(&text);
    return code;
}

/* ---- defaults ---- */

/* Of a row that there is not: also of a table without any. */
static enum mr_code ask_default(struct mr_create *c, const struct mr_create_table *t,
                                const struct mr_column *col, struct mr_strbuf *out,
                                struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT CONVERT(DEFAULT(");
    mr_sql_ident(&sql, col->name);
    mr_strbuf_add_str(&sql, ") USING utf8mb4) FROM (SELECT 1) AS one LEFT JOIN ");
    mr_sql_table(&sql, t->table->db, t->table->name);
    mr_strbuf_add_str(&sql, " ON 0");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(c->db, sql.ptr, out, err);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code read_default(struct mr_create *c, const struct mr_create_table *t,
                                 const struct mr_column *col, struct mr_create_true *to,
                                 struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = ask_default(c, t, col, &text, &why);
    if (code == MR_OK)
        code = keep(c, &text, &to->column.preset, err);
    else if (to->unknown == NULL)
        to->unknown = "the server prints its default with a \"?\", which may stand for a "
                      "character of four bytes, and does not tell which";
    mr_strbuf_release(&text);
    return to->column.preset == NULL ? as_unknown(code, &why, err) : code;
}

/* ---- tables ---- */

static void set_type(struct mr_create_table *t, const struct mr_snap_true *column)
{
    struct mr_snap_column *columns =
        (struct mr_snap_column *)(uintptr_t)t->snap.columns; /* of the run's arena */
    for (size_t i = 0; i < t->snap.ncolumns; i++)
        if (strcmp(columns[i].name, column->name) == 0)
            columns[i].type = column->type;
}

static enum mr_code read_column(struct mr_create *c, struct mr_create_table *t,
                                const struct mr_column *col, struct mr_err *err)
{
    struct mr_create_true *to = &t->trues[t->ntrues];
    enum mr_code code = MR_OK;
    *to = (struct mr_create_true){.kind = "column", .column.name = col->name};
    if (has_doubtful_type(col))
        code = read_type(c, t, col, to, err);
    if (code == MR_OK && has_doubtful_default(c, col))
        code = read_default(c, t, col, to, err);
    if (code == MR_OK && to->unknown == NULL)
        code = mr_create_zone_ask(c, t, col, &to->unknown, err);
    if (code == MR_OK && to->column.type != NULL)
        set_type(t, &to->column);
    t->ntrues += to->column.type != NULL || to->column.preset != NULL || to->unknown != NULL;
    return code;
}

/* Of most tables there is nothing: what is kept for the run is what was found. */
static enum mr_code keep_found(struct mr_create *c, struct mr_create_table *t,
                               const struct mr_create_true *found, struct mr_err *err)
{
    t->trues = NULL;
    if (t->ntrues == 0)
        return MR_OK;
    t->trues = mr_arena_calloc(&c->arena, t->ntrues, sizeof *t->trues);
    if (t->trues == NULL)
        return mr_err_nomem(err, "planning a table");
    memcpy(t->trues, found, t->ntrues * sizeof *found);
    return MR_OK;
}

/* Columns first, then indexes: both may hold what a restore would compute otherwise. */
enum mr_code mr_create_true_read(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    const struct mr_table *table = t->table;
    enum mr_code code = MR_OK;
    struct mr_create_true *found =
        calloc(table->ncolumns + table->nindexes + 1, sizeof(struct mr_create_true));
    t->trues = found;
    t->ntrues = 0;
    if (found == NULL)
        return mr_err_nomem(err, "planning a table");
    for (size_t i = 0; code == MR_OK && i < table->ncolumns; i++)
        code = read_column(c, t, &table->columns[i], err);
    for (size_t i = 0; code == MR_OK && i < table->nindexes; i++) {
        struct mr_create_true *to = &t->trues[t->ntrues];
        *to = (struct mr_create_true){.kind = "index", .column.name = table->indexes[i].name};
        code = mr_create_zone_ask_index(c, t, &table->indexes[i], &to->unknown, err);
        t->ntrues += to->unknown != NULL;
    }
    if (code != MR_OK)
        t->ntrues = 0;
    const enum mr_code kept = keep_found(c, t, found, err);
    free(found);
    return code != MR_OK ? code : kept;
}

static enum mr_code name_unknown(struct mr_create *c, const struct mr_create_table *t,
                                 const struct mr_create_true *of, struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&name, "%s.%s.%s", t->table->db, t->table->name, of->column.name);
    enum mr_code code = mr_strbuf_check(&name, "writing the schema", err);
    if (code == MR_OK)
        code = mr_snap_schema_leave_out(&c->schema, of->kind, name.ptr, of->unknown, NULL, err);
    mr_strbuf_release(&name);
    return code;
}

/* At the end and once: a table that was read again has asked anew, and would be named twice. */
enum mr_code mr_create_true_text(struct mr_create *c, const struct mr_create_table *t,
                                 const char **out, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_snap_true *columns = mr_arena_calloc(&c->arena, t->ntrues + 1, sizeof *columns);
    size_t count = 0;
    enum mr_code code = columns != NULL ? MR_OK : mr_err_nomem(err, "writing the schema");
    *out = t->create;
    for (size_t i = 0; code == MR_OK && i < t->ntrues; i++) {
        const struct mr_snap_true *column = &t->trues[i].column;
        if (column->type != NULL || column->preset != NULL)
            columns[count++] = *column;
        if (t->trues[i].unknown != NULL)
            code = name_unknown(c, t, &t->trues[i], err);
    }
    if (code == MR_OK && count > 0) {
        mr_snap_true_add(&text, t->create, columns, count);
        code = keep(c, &text, out, err);
    }
    mr_strbuf_release(&text);
    return code;
}
