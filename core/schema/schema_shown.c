/*
 * schema_shown.c: what SHOW CREATE alone tells of views, triggers, routines and events: the
 * introducers of literals, which the catalogue leaves out, so that _binary'a' reads as 'a', and
 * of MySQL the algorithm of a view, what its columns are called where a list names them, and how
 * the literals of a body were written.
 */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"
#include "core/schema/schema_internal.h"
#include "core/schema/schema_words.h"

struct asking {
    struct mr_db *db;
    struct mr_arena *arena;
    struct mr_shown *shown;
    bool is_mysql;
};

/* What to ask, and where in the answer are the text and the sql_mode (0: our own). */
struct statement {
    const char *head, *shape;
    size_t text, mode;
};
static const struct statement of_view = {"SHOW CREATE VIEW ", "nn*", 1, 0},
                              of_trigger = {"SHOW CREATE TRIGGER ", "nnn*", 2, 1},
                              of_event = {"SHOW CREATE EVENT ", "nnnn*", 3, 1};
/* A library has no SQL in it. */
static const struct statement of_routine[] = {
    [MR_ROUTINE_PROCEDURE] = {"SHOW CREATE PROCEDURE ", "nnn*", 2, 1},
    [MR_ROUTINE_FUNCTION] = {"SHOW CREATE FUNCTION ", "nnn*", 2, 1},
    [MR_ROUTINE_LIBRARY] = {NULL, NULL, 0, 0},
    [MR_ROUTINE_PACKAGE_BODY] = {"SHOW CREATE PACKAGE BODY ", "nnn*", 2, 1},
    [MR_ROUTINE_PACKAGE] = {"SHOW CREATE PACKAGE ", "nnn*", 2, 1}};

static bool has_literal(const char *text)
{
    return text != NULL && (strpbrk(text, "'\"") != NULL || strcasestr(text, "0x") != NULL ||
                            strcasestr(text, "0b") != NULL);
}

static bool is_literal(const struct mr_token *token)
{
    return token->kind == MR_TOKEN_STRING || token->kind == MR_TOKEN_LITERAL;
}

static void scan_begin(struct mr_sqlscan *scan, const char *create, size_t len,
                       const char *sql_mode)
{
    mr_sqlscan_init(scan, create, len);
    mr_sqlscan_set_mode(scan, sql_mode);
}

void mr_schema_introduced(struct mr_strbuf *out, const char *create, size_t len,
                          const char *sql_mode)
{
    struct mr_sqlscan scan;
    struct mr_token token, before = {0};
    size_t literals = 0;
    scan_begin(&scan, create, len, sql_mode);
    while (mr_sqlscan_next_code(&scan, &token))
        literals += is_literal(&token);
    scan_begin(&scan, create, len, sql_mode);
    while (mr_sqlscan_next_code(&scan, &token)) {
        if (is_literal(&token) && before.kind == MR_TOKEN_WORD &&
            mr_word_is_telling(before.ptr, before.len)) {
            mr_strbuf_add_str(out, out->len > 0 ? ", " : "");
            mr_strbuf_add_lower(out, before.ptr, before.len);
            mr_strbuf_add_fmt(out, " %zu", literals);
        }
        literals -= is_literal(&token);
        before = token;
    }
}

/* Within the quotes of a literal or a name. */
static bool holds_quotes(const struct mr_token *token)
{
    if (!is_literal(token) && token->kind != MR_TOKEN_IDENT)
        return false;
    for (size_t i = strcspn(token->ptr, "'\"`") + 1; i + 1 < token->len; i++)
        if (strchr("'\"`\\", token->ptr[i]) != NULL)
            return true;
    return false;
}

void mr_schema_escaped(struct mr_strbuf *out, const char *create, size_t len, const char *sql_mode)
{
    struct mr_sqlscan scan;
    struct mr_token token, before = {0};
    scan_begin(&scan, create, len, sql_mode);
    while (mr_sqlscan_next_code(&scan, &token)) {
        if (holds_quotes(&token) && !mr_token_is(&before, "comment")) {
            mr_strbuf_add_str(out, out->len > 0 ? ", " : "");
            mr_strbuf_add(out, token.ptr, token.len);
        }
        before = token;
    }
}

/* VIEW `v` (`a`, `b`) AS … */
void mr_schema_view_columns(struct mr_strbuf *out, const char *create, size_t len,
                            const char *sql_mode)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    scan_begin(&scan, create, len, sql_mode);
    while (mr_sqlscan_next_code(&scan, &token) && !mr_token_is(&token, "VIEW"))
        ;
    do { /* "`v`", "`d`.`v`" */
        (void)mr_sqlscan_next_code(&scan, &token);
        (void)mr_sqlscan_next_code(&scan, &token);
    } while (mr_token_is(&token, "."));
    if (!mr_token_is(&token, "("))
        return;
    while (mr_sqlscan_next_code(&scan, &token) && !mr_token_is(&token, ")"))
        mr_strbuf_add(out, token.ptr, token.len);
}

/* "CREATE ALGORITHM=MERGE DEFINER=…" */
static enum mr_code take_algorithm(struct mr_arena *arena, const char *create,
                                   struct mr_object *view, struct mr_err *err)
{
    static const char label[] = "CREATE ALGORITHM=";
    if (strncasecmp(create, label, sizeof label - 1) != 0)
        return MR_OK;
    create += sizeof label - 1;
    view->algorithm = mr_arena_dup(arena, create, strcspn(create, " "));
    return view->algorithm != NULL ? MR_OK : mr_err_nomem(err, "reading the catalogue");
}

typedef void find_fn(struct mr_strbuf *out, const char *create, size_t len, const char *sql_mode);

static enum mr_code take(struct mr_arena *arena, find_fn *find, const struct mr_cell *text,
                         const char *sql_mode, const char **to, struct mr_err *err)
{
    struct mr_strbuf found = MR_STRBUF_INIT;
    find(&found, text->ptr, text->len, sql_mode);
    enum mr_code code = mr_strbuf_check(&found, "reading the catalogue", err);
    if (code == MR_OK) {
        *to = mr_arena_dup(arena, found.ptr, found.len);
        if (*to == NULL)
            code = mr_err_nomem(err, "reading the catalogue");
    }
    mr_strbuf_release(&found);
    return code;
}

static enum mr_code take_view(struct mr_arena *arena, const struct mr_cell *create,
                              struct mr_object *view, struct mr_err *err)
{
    MR_TRY(take_algorithm(arena, create->ptr, view, err));
    return take(arena, mr_schema_view_columns, create, NULL, &view->columns, err);
}

/* view: NULL, or whose algorithm and columns are to be taken. */
static enum mr_code ask(const struct asking *a, const struct statement *what, const char *db,
                        const char *name, struct mr_made_as *made, struct mr_object *view,
                        struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    mr_strbuf_add_str(&sql, what->head);
    mr_sql_table(&sql, db, name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query(a->db, what->shape, sql.ptr, sql.len, &res, &why);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    if (cells != NULL && cells[what->text].ptr != NULL) {
        const char *mode = what->mode > 0 ? cells[what->mode].ptr : NULL;
        if (view != NULL)
            code = take_view(a->arena, &cells[what->text], view, &why);
        if (code == MR_OK)
            code = take(a->arena, mr_schema_introduced, &cells[what->text], mode,
                        &made->introducers, &why);
        if (code == MR_OK && a->is_mysql && what->mode > 0 && made->escaped == NULL)
            code =
                take(a->arena, mr_schema_escaped, &cells[what->text], mode, &made->escaped, &why);
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    if (mr_schema_is_not_shown(code, a->db))
        return MR_OK;
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

static enum mr_code ask_view(const struct asking *a, struct mr_object *view, struct mr_err *err)
{
    const bool wants_algorithm = a->shown->algorithms && view->algorithm == NULL;
    const bool wants_literals = a->shown->introducers && has_literal(view->definition);
    enum mr_code code = MR_OK;
    if (wants_algorithm || wants_literals)
        code =
            ask(a, &of_view, view->db, view->name, &view->made, wants_algorithm ? view : NULL, err);
    a->shown->no_algorithm += wants_algorithm && view->algorithm == NULL;
    a->shown->no_introducers += wants_literals && view->made.introducers == NULL;
    return code;
}

/* Of a body. */
static enum mr_code ask_body(const struct asking *a, const struct statement *what, const char *db,
                             const char *name, const char *body, struct mr_made_as *made,
                             struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (!a->shown->introducers || !has_literal(body))
        return MR_OK;
    code = ask(a, what, db, name, made, NULL, err);
    a->shown->no_introducers += made->introducers == NULL;
    return code;
}

static enum mr_code ask_object(const struct asking *a, struct mr_object *o, struct mr_err *err)
{
    const struct mr_shown *shown = a->shown;
    const struct statement *routine = &of_routine[mr_routine_kind(o->name)];
    const char *name = NULL;
    (void)mr_object_sql(o->kind, o->name, &name);
    if (o->definition == NULL)
        return MR_OK;
    if (o->kind == MR_OBJECT_VIEW && shown->views)
        return ask_view(a, o, err);
    if (o->kind == MR_OBJECT_ROUTINE && shown->routines && routine->head != NULL)
        return ask_body(a, routine, o->db, name, o->definition, &o->made, err);
    if (o->kind == MR_OBJECT_EVENT && shown->events)
        return ask_body(a, &of_event, o->db, o->name, o->definition, &o->made, err);
    return MR_OK;
}

static enum mr_code ask_triggers(const struct asking *a, const struct mr_table *table,
                                 struct mr_err *err)
{
    for (size_t i = 0; i < table->ntriggers; i++) {
        struct mr_trigger *trigger = (struct mr_trigger *)(uintptr_t)&table->triggers[i];
        MR_TRY(
            ask_body(a, &of_trigger, table->db, trigger->name, trigger->body, &trigger->made, err));
    }
    return MR_OK;
}

enum mr_code mr_catalogue_read_shown(struct mr_db *db, struct mr_catalogue *cat,
                                     struct mr_shown *shown, struct mr_err *err)
{
    const struct asking a = {db, &cat->arena, shown, cat->server.flavour == MR_FLAVOUR_MYSQL};
    MR_TRY(mr_schema_hurry(db, true, err));
    for (size_t i = 0; i < cat->nobjects; i++)
        MR_TRY(ask_object(&a, (struct mr_object *)(uintptr_t)&cat->objects[i], err));
    for (size_t i = 0; shown->triggers && i < cat->ntables; i++)
        MR_TRY(ask_triggers(&a, &cat->tables[i], err));
    return mr_schema_hurry(db, false, err);
}
