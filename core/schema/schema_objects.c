/*
 * schema_objects.c: views, routines, events and sequences.
 *
 * Definitions hold what changes behaviour; definers and the settings of the session that
 * made an object stand beside them, as do comments.  Left out: creation times, and the
 * moment from which a recurring event counts when nobody named one (the server fills in the
 * time of creation).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/schema/schema_internal.h"
#include "core/schema/schema_norm.h"

static struct mr_object *push_object(struct mr_schema_load *load, enum mr_object_kind kind,
                                     const struct mr_cell *db, const char *name)
{
    struct mr_object *object = mr_schema_push(load);
    if (object == NULL)
        return NULL;
    object->kind = kind;
    object->db = mr_schema_dup(load, db);
    object->name = name;
    return object;
}

/* Appends " <label> <value>" for a cell that has one, in lower case. */
static void add_clause(struct mr_strbuf *out, const char *label, const struct mr_cell *cell)
{
    if (cell->ptr == NULL || cell->len == 0)
        return;
    mr_strbuf_add_fmt(out, "%s%s", out->len > 0 ? " " : "", label);
    mr_strbuf_add_lower(out, cell->ptr, cell->len);
}

/* -- views ------------------------------------------------------------------------ */

enum { V_DB, V_NAME, V_TEXT, V_CHECK, V_SECURITY, V_ALGORITHM, V_MADE };

static enum mr_code take_view(struct mr_schema_load *load, const struct mr_cell *cells,
                              struct mr_err *err)
{
    if (!mr_schema_is_wanted(load, cells[V_DB].ptr))
        return MR_OK;
    struct mr_object *view =
        push_object(load, MR_OBJECT_VIEW, &cells[V_DB], mr_schema_dup(load, &cells[V_NAME]));
    if (view == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    view->made = mr_schema_made(load, &cells[V_MADE]);
    view->algorithm = mr_schema_dup_upper(load, &cells[V_ALGORITHM]);
    if (cells[V_TEXT].ptr == NULL || cells[V_TEXT].len == 0)
        return MR_OK; /* no right to see it: servers show an empty text */
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add(&text, cells[V_TEXT].ptr, cells[V_TEXT].len);
    if (cells[V_CHECK].ptr != NULL && !mr_cell_is(&cells[V_CHECK], "NONE"))
        mr_strbuf_add_fmt(&text, " with %s check option", cells[V_CHECK].ptr);
    if (mr_cell_is(&cells[V_SECURITY], "INVOKER"))
        mr_strbuf_add_str(&text, " sql security invoker");
    view->definition = mr_schema_keep(load, &text);
    mr_strbuf_release(&text);
    return MR_OK;
}

static enum mr_code load_views(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {
        [V_DB] = "TABLE_SCHEMA",       [V_NAME] = "TABLE_NAME",        [V_TEXT] = "VIEW_DEFINITION",
        [V_CHECK] = "CHECK_OPTION",    [V_SECURITY] = "SECURITY_TYPE", [V_ALGORITHM] = "ALGORITHM",
        MR_SCHEMA_MADE_COLUMNS(V_MADE)};
    static const struct mr_schema_view view = {
        .name = "VIEWS", .db_column = "TABLE_SCHEMA", .columns = columns, .shape = "vvnnnnnnnn"};
    return mr_schema_each(load, &view, take_view, err);
}

/* -- routines --------------------------------------------------------------------- */

enum { P_DB, P_ROUTINE, P_POSITION, P_MODE, P_NAME, P_TYPE, P_CHARSET, P_COLLATION, P_KIND };

struct parameter {
    const char *db, *routine, *kind; /* kind "PROCEDURE" or "FUNCTION" */
    uint64_t position;               /* 0: what a function returns */
    const char *text;
};

static void add_type(struct mr_strbuf *out, const struct mr_cell *type,
                     const struct mr_cell *charset, const struct mr_cell *collation)
{
    if (type->ptr != NULL)
        mr_norm_type(out, type->ptr);
    if (charset->ptr == NULL || charset->len == 0)
        return;
    mr_strbuf_add_str(out, " charset ");
    mr_norm_charset(out, charset->ptr);
    if (collation->ptr == NULL)
        return;
    mr_strbuf_add_str(out, " collate ");
    mr_norm_charset(out, collation->ptr);
}

static enum mr_code take_parameter(struct mr_schema_load *load, const struct mr_cell *cells,
                                   struct mr_err *err)
{
    struct parameter *parameter = mr_schema_push(load);
    if (parameter == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    struct mr_strbuf text = MR_STRBUF_INIT;
    parameter->db = mr_schema_dup(load, &cells[P_DB]);
    parameter->routine = mr_schema_dup(load, &cells[P_ROUTINE]);
    parameter->kind = mr_schema_dup_upper(load, &cells[P_KIND]);
    parameter->position = mr_cell_uint(&cells[P_POSITION]);
    if (parameter->position > 0) {
        /* a function's are IN, unless it says otherwise (MariaDB 10.8) */
        if (!mr_cell_is(&cells[P_KIND], "FUNCTION") || !mr_cell_is(&cells[P_MODE], "IN"))
            add_clause(&text, "", &cells[P_MODE]);
        if (text.len > 0)
            mr_strbuf_add_char(&text, ' ');
        if (cells[P_NAME].ptr != NULL)
            mr_strbuf_add_str(&text, cells[P_NAME].ptr);
        mr_strbuf_add_char(&text, ' ');
    }
    add_type(&text, &cells[P_TYPE], &cells[P_CHARSET], &cells[P_COLLATION]);
    parameter->text = mr_schema_keep(load, &text);
    mr_strbuf_release(&text);
    return MR_OK;
}

static int compare_routines(const struct parameter *a, const struct parameter *b)
{
    int order = strcmp(a->db, b->db);
    if (order == 0)
        order = strcmp(a->routine, b->routine);
    return order != 0 ? order : strcmp(a->kind, b->kind);
}

static int compare_parameters(const void *a, const void *b)
{
    const struct parameter *x = a, *y = b;
    int order = compare_routines(x, y);
    if (order != 0)
        return order;
    return x->position < y->position ? -1 : x->position > y->position;
}

static enum mr_code load_parameters(struct mr_schema_load *load, struct mr_vec *parameters,
                                    struct mr_err *err)
{
    static const char *const columns[] = {
        [P_DB] = "SPECIFIC_SCHEMA",         [P_ROUTINE] = "SPECIFIC_NAME",
        [P_POSITION] = "ORDINAL_POSITION",  [P_MODE] = "PARAMETER_MODE",
        [P_NAME] = "PARAMETER_NAME",        [P_TYPE] = "DTD_IDENTIFIER",
        [P_CHARSET] = "CHARACTER_SET_NAME", [P_COLLATION] = "COLLATION_NAME",
        [P_KIND] = "ROUTINE_TYPE"};
    static const struct mr_schema_view view = {.name = "PARAMETERS",
                                               .db_column = "SPECIFIC_SCHEMA",
                                               .columns = columns,
                                               .shape = "vvvnnnnnv"};
    mr_schema_step(load, sizeof(struct parameter));
    MR_TRY(mr_schema_each(load, &view, take_parameter, err));
    *parameters = load->items;
    load->items = (struct mr_vec){.items = NULL};
    if (parameters->count > 0)
        qsort(parameters->items, parameters->count, sizeof(struct parameter), compare_parameters);
    return MR_OK;
}

enum {
    U_DB,
    U_NAME,
    U_KIND,
    U_BODY,
    U_DETERMINISTIC,
    U_ACCESS,
    U_SECURITY,
    U_COMMENT,
    U_LANGUAGE,
    U_MADE
};

/* JavaScript and its like: nothing in it is to be read as SQL, blanks and comments neither. */
static void keep_language(struct mr_schema_load *load, struct mr_object *object,
                          const struct mr_cell *language)
{
    if (language->ptr != NULL && *language->ptr != '\0' && !mr_cell_is(language, "SQL"))
        object->made.escaped = mr_schema_dup(load, language);
}

/* "procedure p": a procedure and a function may share their name. */
static const char *routine_name(struct mr_schema_load *load, const struct mr_cell *cells)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    add_clause(&name, "", &cells[U_KIND]);
    mr_strbuf_add_fmt(&name, " %s", cells[U_NAME].ptr);
    const char *kept = mr_schema_keep(load, &name);
    mr_strbuf_release(&name);
    return kept;
}

static enum mr_code take_routine(struct mr_schema_load *load, const struct mr_cell *cells,
                                 struct mr_err *err)
{
    if (!mr_schema_is_wanted(load, cells[U_DB].ptr))
        return MR_OK;
    struct mr_object *routine =
        push_object(load, MR_OBJECT_ROUTINE, &cells[U_DB], routine_name(load, cells));
    if (routine == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    routine->made = mr_schema_made(load, &cells[U_MADE]);
    keep_language(load, routine, &cells[U_LANGUAGE]);
    routine->comment = mr_schema_dup(load, &cells[U_COMMENT]);
    if (cells[U_BODY].ptr == NULL)
        return MR_OK; /* may be called, not seen */
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (mr_cell_is(&cells[U_DETERMINISTIC], "YES"))
        mr_strbuf_add_str(&text, "deterministic");
    if (!mr_cell_is(&cells[U_ACCESS], "CONTAINS SQL"))
        add_clause(&text, "", &cells[U_ACCESS]);
    if (mr_cell_is(&cells[U_SECURITY], "INVOKER"))
        mr_strbuf_add_fmt(&text, "%ssql security invoker", text.len > 0 ? " " : "");
    mr_strbuf_add_fmt(&text, "%s%s", text.len > 0 ? "\n" : "", cells[U_BODY].ptr);
    routine->definition = mr_schema_keep(load, &text);
    mr_strbuf_release(&text);
    return MR_OK;
}

/* "(in a int, out b text)" and " returns int" in front of the rest. */
static void add_signature(struct mr_schema_load *load, struct mr_object *routine,
                          const struct mr_vec *parameters)
{
    const struct parameter *all = parameters->items;
    struct parameter key = {.db = routine->db};
    key.kind = mr_object_sql(MR_OBJECT_ROUTINE, routine->name, &key.routine);
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *returns = NULL;
    mr_strbuf_add_char(&text, '(');
    for (size_t i = 0; i < parameters->count; i++) {
        if (compare_routines(&all[i], &key) != 0)
            continue;
        if (all[i].position == 0)
            returns = all[i].text;
        else
            mr_strbuf_add_fmt(&text, "%s%s", text.len > 1 ? ", " : "", all[i].text);
    }
    mr_strbuf_add_char(&text, ')');
    if (returns != NULL)
        mr_strbuf_add_fmt(&text, " returns %s", returns);
    mr_strbuf_add_fmt(&text, "\n%s", routine->definition);
    routine->definition = mr_schema_keep(load, &text);
    mr_strbuf_release(&text);
}

static enum mr_code load_routines(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {[U_DB] = "ROUTINE_SCHEMA",
                                          [U_NAME] = "ROUTINE_NAME",
                                          [U_KIND] = "ROUTINE_TYPE",
                                          [U_BODY] = "ROUTINE_DEFINITION",
                                          [U_DETERMINISTIC] = "IS_DETERMINISTIC",
                                          [U_ACCESS] = "SQL_DATA_ACCESS",
                                          [U_SECURITY] = "SECURITY_TYPE",
                                          [U_COMMENT] = "ROUTINE_COMMENT",
                                          [U_LANGUAGE] = "EXTERNAL_LANGUAGE",
                                          MR_SCHEMA_MADE_COLUMNS(U_MADE)};
    static const struct mr_schema_view view = {.name = "ROUTINES",
                                               .db_column = "ROUTINE_SCHEMA",
                                               .columns = columns,
                                               .shape = "vvvnnnnnnnnnn"};
    return mr_schema_each(load, &view, take_routine, err);
}

/* -- libraries of MySQL 9.2 and later: routines that others import ------------------ */

enum { L_DB, L_NAME, L_BODY, L_LANGUAGE, L_COMMENT };

/* A library (MySQL's, for routines in other languages) is a routine to all that compare objects;
 * its name says what it is, so that it meets no routine of the same name. */
static enum mr_code take_library(struct mr_schema_load *load, const struct mr_cell *cells,
                                 struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (!mr_schema_is_wanted(load, cells[L_DB].ptr))
        return MR_OK;
    mr_strbuf_add_fmt(&text, "library %s", cells[L_NAME].ptr);
    struct mr_object *library =
        push_object(load, MR_OBJECT_ROUTINE, &cells[L_DB], mr_schema_keep(load, &text));
    mr_strbuf_release(&text);
    if (library == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    keep_language(load, library, &cells[L_LANGUAGE]);
    library->comment = mr_schema_dup(load, &cells[L_COMMENT]);
    library->definition = mr_schema_dup(load, &cells[L_BODY]);
    return MR_OK;
}

static enum mr_code load_libraries(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {[L_DB] = "LIBRARY_SCHEMA",
                                          [L_NAME] = "LIBRARY_NAME",
                                          [L_BODY] = "LIBRARY_DEFINITION",
                                          [L_LANGUAGE] = "LANGUAGE",
                                          [L_COMMENT] = "LIBRARY_COMMENT"};
    static const struct mr_schema_view view = {
        .name = "LIBRARIES", .db_column = "LIBRARY_SCHEMA", .columns = columns, .shape = "vvnnn"};
    return mr_schema_has(load, view.name, "LIBRARY_NAME")
               ? mr_schema_each(load, &view, take_library, err)
               : MR_OK;
}

/* -- events ----------------------------------------------------------------------- */

enum {
    E_DB,
    E_NAME,
    E_BODY,
    E_AT,
    E_VALUE,
    E_FIELD,
    E_STARTS,
    E_ENDS,
    E_STATUS,
    E_COMPLETION,
    E_ZONE,
    E_IMPLICIT,
    E_COMMENT,
    E_MADE
};

static void add_moment(struct mr_strbuf *out, const char *label, const struct mr_cell *moment,
                       const struct mr_cell *zone)
{
    if (moment->ptr == NULL)
        return;
    mr_strbuf_add_fmt(out, " %s '%s'", label, moment->ptr);
    if (zone->ptr != NULL && !mr_cell_is(zone, "SYSTEM"))
        mr_strbuf_add_fmt(out, " %s", zone->ptr);
}

static enum mr_code take_event(struct mr_schema_load *load, const struct mr_cell *cells,
                               struct mr_err *err)
{
    if (!mr_schema_is_wanted(load, cells[E_DB].ptr))
        return MR_OK;
    struct mr_object *event =
        push_object(load, MR_OBJECT_EVENT, &cells[E_DB], mr_schema_dup(load, &cells[E_NAME]));
    if (event == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    event->made = mr_schema_made(load, &cells[E_MADE]);
    event->comment = mr_schema_dup(load, &cells[E_COMMENT]);
    if (cells[E_BODY].ptr == NULL)
        return MR_OK;
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (cells[E_AT].ptr != NULL) {
        add_moment(&text, "at", &cells[E_AT], &cells[E_ZONE]);
    } else {
        const char *every = cells[E_VALUE].ptr;
        mr_strbuf_add_fmt(&text, " every %s", every != NULL ? every : "");
        add_clause(&text, "", &cells[E_FIELD]);
        if (!mr_cell_is(&cells[E_IMPLICIT], "1"))
            add_moment(&text, "starts", &cells[E_STARTS], &cells[E_ZONE]);
        add_moment(&text, "ends", &cells[E_ENDS], &cells[E_ZONE]);
    }
    if (mr_cell_is(&cells[E_COMPLETION], "PRESERVE"))
        mr_strbuf_add_str(&text, " on completion preserve");
    /* else SLAVESIDE_DISABLED (MySQL 9 has REPLICA there): by a replica, whatever its source has */
    if (mr_cell_is(&cells[E_STATUS], "DISABLED"))
        mr_strbuf_add_str(&text, MR_EVENT_OFF);
    else if (cells[E_STATUS].ptr != NULL && !mr_cell_is(&cells[E_STATUS], "ENABLED"))
        mr_strbuf_add_str(&text, MR_EVENT_OFF_ON_REPLICA);
    mr_strbuf_add_fmt(&text, "\ndo %s", cells[E_BODY].ptr);
    const char *kept = mr_schema_keep(load, &text);
    event->definition = kept != NULL ? kept + 1 : NULL; /* every clause has a blank */
    mr_strbuf_release(&text);
    return MR_OK;
}

/* STARTS is in the event's zone, CREATED and LAST_ALTERED in the session's or the
 * server's: equal in one of the ways to a second, the server has filled it in. */
#define NEAR(a, b) "COALESCE(ABS(TIMESTAMPDIFF(SECOND, " a ", " b ")), 9) < 2"
#define STARTS_UTC "CONVERT_TZ(STARTS, TIME_ZONE, '+00:00')"
static const char starts_is_implicit[] =
    NEAR("STARTS", "CREATED") " OR " NEAR("STARTS", "LAST_ALTERED") " OR " NEAR(
        STARTS_UTC, "CREATED") " OR " NEAR(STARTS_UTC, "LAST_ALTERED");

static enum mr_code load_events(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {
        [E_DB] = "EVENT_SCHEMA",       [E_NAME] = "EVENT_NAME",
        [E_BODY] = "EVENT_DEFINITION", [E_AT] = "EXECUTE_AT",
        [E_VALUE] = "INTERVAL_VALUE",  [E_FIELD] = "INTERVAL_FIELD",
        [E_STARTS] = "STARTS",         [E_ENDS] = "ENDS",
        [E_STATUS] = "STATUS",         [E_COMPLETION] = "ON_COMPLETION",
        [E_ZONE] = "TIME_ZONE",        [E_IMPLICIT] = starts_is_implicit,
        [E_COMMENT] = "EVENT_COMMENT", MR_SCHEMA_MADE_COLUMNS(E_MADE)};
    static const struct mr_schema_view view = {.name = "EVENTS",
                                               .db_column = "EVENT_SCHEMA",
                                               .columns = columns,
                                               .shape = "vvnnnnnnnnnnnnnnn",
                                               .verbatim = true};
    struct mr_err why = {0};
    enum mr_code code = mr_schema_each(load, &view, take_event, &why);
    if (code == MR_OK)
        return MR_OK;
    load->hides_events = why.sql_errno == MR_ER_EVENTS_DISABLED;
    if (load->hides_events)
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

/* -- sequences -------------------------------------------------------------------- */

static enum mr_code take_sequence(struct mr_schema_load *load, const struct mr_cell *cells,
                                  struct mr_err *err)
{
    if (!mr_schema_is_wanted(load, cells[0].ptr))
        return MR_OK;
    if (push_object(load, MR_OBJECT_SEQUENCE, &cells[0], mr_schema_dup(load, &cells[1])) == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    return MR_OK;
}

/* "create sequence `s` start with …": from "start" on. */
static enum mr_code read_sequence(struct mr_schema_load *load, struct mr_object *sequence,
                                  struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    mr_strbuf_add_str(&text, "SHOW CREATE SEQUENCE ");
    mr_sql_table(&text, sequence->db, sequence->name);
    enum mr_code code = mr_strbuf_check(&text, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(load->db, "nn*", text.ptr, text.len, &res, err);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    if (cells != NULL && cells[1].ptr != NULL) {
        mr_strbuf_reset(&text);
        const char *start = strstr(cells[1].ptr, "` start with ");
        mr_norm_body(&text, start != NULL ? start + 2 : cells[1].ptr, NULL, NULL);
        sequence->definition = mr_schema_keep(load, &text);
    }
    mr_result_free(res);
    mr_strbuf_release(&text);
    return code == MR_E_DENIED || code == MR_E_NO_SUCH ? MR_OK : code;
}

/* MariaDB lists them among the tables, and says how they count only one by one (SHOW CREATE
 * SEQUENCE). */
static enum mr_code load_sequences(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {"TABLE_SCHEMA", "TABLE_NAME"};
    static const struct mr_schema_view view = {.name = "TABLES",
                                               .db_column = "TABLE_SCHEMA",
                                               .columns = columns,
                                               .shape = "vv",
                                               .condition = " AND TABLE_TYPE = 'SEQUENCE'"};
    if (load->server->flavour != MR_FLAVOUR_MARIADB || load->server->version < 100300)
        return MR_OK;
    size_t first = load->items.count;
    enum mr_code code = mr_schema_each(load, &view, take_sequence, err);
    for (size_t i = first; i < load->items.count && code == MR_OK; i++)
        code = read_sequence(load, mr_vec_at(&load->items, i), err);
    return code;
}

/* -- the whole -------------------------------------------------------------------- */

static int compare_objects(const void *a, const void *b)
{
    const struct mr_object *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    int order = strcmp(x->db, y->db);
    return order != 0 ? order : strcmp(x->name, y->name);
}

static enum mr_code keep_objects(struct mr_schema_load *load, const struct mr_object **objects,
                                 size_t *nobjects, struct mr_err *err)
{
    size_t n = load->items.count;
    struct mr_object *kept = mr_arena_calloc(load->arena, n, sizeof *kept);
    if (kept == NULL || load->nomem)
        return mr_err_nomem(err, "reading the catalogue");
    if (n > 0) {
        memcpy(kept, load->items.items, n * sizeof *kept);
        qsort(kept, n, sizeof *kept, compare_objects);
    }
    *objects = kept;
    *nobjects = n;
    return MR_OK;
}

/* Parameters are read apart from routines, and are their signature: it is added before the next
 * kind of object comes into the list. */
enum mr_code mr_schema_load_objects(struct mr_schema_load *load, const struct mr_object **objects,
                                    size_t *nobjects, struct mr_err *err)
{
    struct mr_vec parameters = MR_VEC_INIT(struct parameter);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(load_parameters(load, &parameters, err));
    mr_schema_step(load, sizeof(struct mr_object));
    MR_TRY_OUT(load_routines(load, err));
    for (size_t i = 0; i < load->items.count; i++) {
        struct mr_object *routine = mr_vec_at(&load->items, i);
        if (routine->definition != NULL)
            add_signature(load, routine, &parameters);
    }
    MR_TRY_OUT(load_libraries(load, err));
    /* for either a server goes through all tables */
    if (!load->only_tables)
        MR_TRY_OUT(load_views(load, err));
    MR_TRY_OUT(load_events(load, err));
    if (!load->only_tables)
        MR_TRY_OUT(load_sequences(load, err));
    MR_TRY_OUT(keep_objects(load, objects, nobjects, err));
out:
    mr_vec_release(&parameters);
    return code;
}
