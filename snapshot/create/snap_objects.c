/* snap_objects.c: databases, views, routines, triggers, events, sequences; see
 * snap_schema.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/pattern.h"
#include "core/db/sqltext.h"
#include "snapshot/create/view_order.h"
#include "snapshot/create/view_reads.h"
#include "snapshot/format/snap_literal.h"
#include "snapshot/format/snap_place.h"
#include "snapshot/format/snap_schema.h"

/* What SHOW CREATE tells of one object. */
struct shown {
    const char *statement, *sql_mode, *client, *collation, *db_collation, *time_zone;
};

static bool is_selected(const struct mr_snap_schema *s, const char *db, const char *name)
{
    return mr_pattern_selects(s->tables->items, s->tables->count, s->exclude->items,
                              s->exclude->count, db, name);
}

/* A mode that only MariaDB has, and that says nothing about what a body means. */
static const char *keep_mode(struct mr_snap_schema *s, const char *mode)
{
    static const char drop[] = "NO_AUTO_CREATE_USER";
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (const char *at = mode; *at != '\0';) {
        size_t len = strcspn(at, ",");
        if (len != sizeof drop - 1 || strncmp(at, drop, len) != 0) {
            if (text.len > 0)
                mr_strbuf_add_char(&text, ',');
            mr_strbuf_add(&text, at, len);
        }
        at += len + (at[len] == ',');
    }
    const char *kept = text.failed ? NULL : mr_arena_strdup(s->arena, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

/* By the names of the columns, which differ little between kinds. */
static enum mr_code take_shown(struct mr_snap_schema *s, struct mr_result *res,
                               const struct mr_cell *cells, struct shown *out, struct mr_err *err)
{
    for (size_t i = 0; i < mr_result_columns(res); i++) {
        const char *name = mr_result_column_name(res, i), **to = NULL;
        if (strncasecmp(name, "Create ", 7) == 0 || strcasecmp(name, "SQL Original Statement") == 0)
            to = &out->statement;
        else if (strcasecmp(name, "sql_mode") == 0)
            to = &out->sql_mode;
        else if (strcasecmp(name, "collation_connection") == 0)
            to = &out->collation;
        else if (strcasecmp(name, "character_set_client") == 0)
            to = &out->client;
        else if (strcasecmp(name, "Database Collation") == 0)
            to = &out->db_collation;
        else if (strcasecmp(name, "time_zone") == 0)
            to = &out->time_zone;
        if (to == NULL || cells[i].ptr == NULL)
            continue;
        *to = to == &out->sql_mode ? keep_mode(s, cells[i].ptr)
                                   : mr_arena_strdup(s->arena, cells[i].ptr);
        if (*to == NULL)
            return mr_err_nomem(err, "reading the schema");
    }
    return MR_OK;
}

static enum mr_code query(struct mr_snap_schema *s, const char *shape, const struct mr_strbuf *sql,
                          struct mr_result **res, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(sql, "building a query", err));
    return mr_db_query(s->db, shape, sql->ptr, sql->len, res, err);
}

/* *out without a statement: the account may not see it, or it is gone. */
static enum mr_code show(struct mr_snap_schema *s, const struct mr_snap_object *object,
                         const char *what, const char *name, struct shown *out, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    *out = (struct shown){.statement = NULL};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_db_use(s->db, object->db, err));
    mr_strbuf_add_fmt(&sql, "SHOW CREATE %s ", what);
    mr_sql_ident(&sql, name);
    MR_TRY_OUT(query(s, "*", &sql, &res, err));
    const struct mr_cell *cells = mr_result_next(res);
    if (cells != NULL)
        MR_TRY_OUT(take_shown(s, res, cells, out, err));
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

static const char *full_name(struct mr_strbuf *out, const char *db, const char *name)
{
    mr_strbuf_reset(out);
    mr_strbuf_add_fmt(out, "%s.%s", db, name);
    return out->ptr;
}

/* Has it been named as one that is not kept? */
static bool is_left_out(const struct mr_snap_schema *s, const char *kind, const char *db,
                        const char *name)
{
    const struct mr_snap_left_out *items = s->left_out.items;
    size_t len = strlen(db);
    for (size_t i = 0; i < s->left_out.count; i++)
        if (strcmp(items[i].kind, kind) == 0 && strncmp(items[i].name, db, len) == 0 &&
            items[i].name[len] == '.' && strcmp(items[i].name + len + 1, name) == 0)
            return true;
    return false;
}

/* Will there be such a table or view where all that is kept is made? */
static bool is_kept(const void *ctx, const char *db, const char *name)
{
    const struct mr_snap_schema *s = ctx;
    size_t i = 0;
    while (i < s->cat->ndbs && !mr_server_same_name(&s->cat->server, s->cat->dbs[i].name, db))
        i++;
    return i < s->cat->ndbs && is_selected(s, db, name) && !is_left_out(s, "table", db, name) &&
           !is_left_out(s, "view", db, name);
}

static const char *object_file(struct mr_snap_schema *s, const struct mr_snap_object *o)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, "schema/");
    mr_snap_stem_add(&text, o->db, o->name);
    mr_strbuf_add_fmt(&text, ".%s.sql", mr_object_word(o->kind));
    const char *kept = text.failed ? NULL : mr_arena_strdup(s->arena, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

static enum mr_code add_object(struct mr_snap_schema *s, const struct mr_snap_object *object,
                               const char *statement, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_snap_object *kept = mr_vec_push(&s->objects);
    if (kept == NULL)
        return mr_err_nomem(err, "reading the schema");
    *kept = *object;
    kept->file = object_file(s, object);
    mr_snap_statement_add(&text, statement, mr_object_has(object->kind, MR_OBJECT_BODY));
    enum mr_code code = kept->file != NULL ? mr_snap_schema_add_file(s, kept->file, &text, err)
                                           : mr_err_nomem(err, "reading the schema");
    mr_strbuf_release(&text);
    return code;
}

/* As it is made again in whatever database it is restored into, by a client that sends UTF-8. */
static enum mr_code take_statement(struct mr_snap_schema *s, const struct mr_snap_object *object,
                                   const struct shown *shown, struct mr_err *err)
{
    const struct mr_snap_place place = mr_snap_object_place(object);
    struct mr_strbuf text = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    enum mr_code code =
        mr_snap_literal_add(&text, shown->statement, shown->sql_mode, shown->client, err);
    if (code == MR_OK)
        code = mr_snap_place(&place, text.ptr, text.len, &sql, err);
    if (code == MR_OK)
        code = add_object(s, object, sql.ptr, err);
    mr_strbuf_release(&text);
    mr_strbuf_release(&sql);
    return code;
}

/* Reads one object and keeps it; what cannot be seen is named. */
static enum mr_code take(struct mr_snap_schema *s, struct mr_snap_object *object, const char *what,
                         const char *name, struct mr_err *err)
{
    struct shown shown;
    struct mr_err why = {0};
    struct mr_strbuf label = MR_STRBUF_INIT;
    enum mr_code code = show(s, object, what, name, &shown, &why);
    if (code == MR_OK && shown.statement == NULL) {
        code = mr_err_set(&why, MR_E_NO_SUCH, "its text is not visible to the account");
    } else if (code == MR_OK) {
        object->sql_mode = shown.sql_mode;
        object->collation = shown.collation;
        object->db_collation = shown.db_collation;
        if (object->kind == MR_OBJECT_EVENT)
            object->value = shown.time_zone;
        code = take_statement(s, object, &shown, &why);
    }
    if (code == MR_E_DENIED || code == MR_E_NO_SUCH || code == MR_E_SQL || code == MR_E_SNAPSHOT)
        code = mr_snap_schema_leave_out(s, mr_object_word(object->kind),
                                        full_name(&label, object->db, object->name), why.message,
                                        NULL, err);
    else if (code != MR_OK && err != NULL)
        *err = why;
    mr_strbuf_release(&label);
    return code;
}

/* ---- kinds ---- */

static enum mr_code take_database(struct mr_snap_schema *s, const struct mr_database *db,
                                  struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    const struct mr_snap_object object = {.kind = MR_OBJECT_DATABASE,
                                          .db = db->name,
                                          .name = db->name,
                                          .db_collation = db->collation};
    mr_strbuf_add_str(&sql, "CREATE DATABASE IF NOT EXISTS ");
    mr_sql_ident(&sql, db->name);
    mr_strbuf_add_fmt(&sql, " CHARACTER SET %s COLLATE %s", db->charset, db->collation);
    enum mr_code code = mr_strbuf_check(&sql, "reading the schema", err);
    if (code == MR_OK)
        code = add_object(s, &object, sql.ptr, err);
    mr_strbuf_release(&sql);
    return code;
}

/* For a stub by which other views can be made first; where the server cannot tell them, as of a
 * view whose table is gone, there is none and the view is tried as it is. */
static enum mr_code take_view_columns(struct mr_snap_schema *s, struct mr_snap_object *view,
                                      struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_vec names = MR_VEC_INIT(const char *);
    mr_strbuf_add_str(&sql, "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE "
                            "TABLE_SCHEMA = ");
    mr_sql_string(&sql, view->db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, view->name);
    mr_strbuf_add_str(&sql, " ORDER BY ORDINAL_POSITION");
    enum mr_code code = query(s, "v", &sql, &res, err);
    const struct mr_cell *cells;
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        const char **name = mr_vec_push(&names);
        if (name != NULL)
            *name = mr_arena_strdup(s->arena, cells[0].ptr);
        if (name == NULL || *name == NULL)
            code = mr_err_nomem(err, "reading the schema");
    }
    const char **kept = mr_arena_calloc(s->arena, names.count + 1, sizeof *kept);
    if (code == MR_OK && kept == NULL)
        code = mr_err_nomem(err, "reading the schema");
    if (code == MR_OK && names.count > 0)
        memcpy(kept, names.items, names.count * sizeof *kept);
    view->columns = kept;
    view->ncolumns = names.count;
    mr_vec_release(&names);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code == MR_E_SQL || code == MR_E_DENIED || code == MR_E_NO_SUCH ? MR_OK : code;
}

/* One whose next number cannot be seen would hand out again what it has given. */
static enum mr_code name_unknown_value(struct mr_snap_schema *s,
                                       const struct mr_snap_object *sequence, struct mr_err *err)
{
    struct mr_strbuf hint = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    mr_strbuf_add_str(&hint, "GRANT SELECT ON ");
    mr_sql_table(&hint, sequence->db, sequence->name);
    mr_strbuf_add_fmt(&hint, " TO %s", mr_grants_account(s->grants));
    (void)full_name(&name, sequence->db, sequence->name);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&hint, "reading the schema", err));
    MR_TRY_OUT(mr_strbuf_check(&name, "reading the schema", err));
    MR_TRY_OUT(mr_snap_schema_leave_out(s, "sequence", name.ptr,
                                        "its next number is not visible to the account: "
                                        "where it is made it starts anew",
                                        hint.ptr, err));
out:
    mr_strbuf_release(&hint);
    mr_strbuf_release(&name);
    return code;
}

static enum mr_code take_sequence_value(struct mr_snap_schema *s, struct mr_snap_object *sequence,
                                        struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    mr_strbuf_add_str(&sql, "SELECT next_not_cached_value FROM ");
    mr_sql_table(&sql, sequence->db, sequence->name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query_text(s->db, sql.ptr, &text, &why);
    if (code == MR_OK) {
        sequence->value = mr_arena_strdup(s->arena, text.ptr);
        if (sequence->value == NULL)
            code = mr_err_nomem(&why, "reading the schema");
    }
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    if (code == MR_E_DENIED)
        return name_unknown_value(s, sequence, err);
    if (code == MR_E_NO_SUCH) /* its text is not there, either */
        return MR_OK;
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

bool mr_snap_schema_wants(const struct mr_snap_schema *s, const struct mr_object *object)
{
    const char *name = NULL;
    (void)mr_object_sql(object->kind, object->name, &name);
    return !s->tables_only && is_selected(s, object->db, name);
}

bool mr_snap_schema_wants_db(const struct mr_snap_schema *s, const char *db)
{
    const char *const *dbs = s->dbs.items;
    for (size_t i = 0; i < s->dbs.count; i++)
        if (strcmp(dbs[i], db) == 0)
            return true;
    return !s->tables_only;
}

/* MySQL's, which a routine in another language imports. */
static enum mr_code name_library(struct mr_snap_schema *s, const struct mr_object *o,
                                 struct mr_err *err)
{
    struct mr_strbuf label = MR_STRBUF_INIT;
    enum mr_code code = mr_snap_schema_leave_out(
        s, "library", full_name(&label, o->db, strchr(o->name, ' ') + 1),
        "snapshots do not keep libraries: SHOW CREATE LIBRARY has its text", NULL, err);
    mr_strbuf_release(&label);
    return code;
}

static enum mr_code take_listed(struct mr_snap_schema *s, const struct mr_object *o,
                                struct mr_err *err)
{
    struct mr_snap_object object = {.kind = o->kind, .db = o->db, .name = o->name};
    const char *name = NULL, *what = mr_object_sql(o->kind, o->name, &name);
    enum mr_code code = MR_OK;
    if (!mr_snap_schema_wants(s, o))
        return MR_OK;
    if (o->kind == MR_OBJECT_ROUTINE && mr_routine_kind(o->name) == MR_ROUTINE_LIBRARY)
        return name_library(s, o, err);
    if (object.kind == MR_OBJECT_VIEW) {
        object.lacks = o->definition != NULL && !mr_view_reads(o->definition, is_kept, s);
        code = take_view_columns(s, &object, err);
    }
    if (object.kind == MR_OBJECT_SEQUENCE)
        code = take_sequence_value(s, &object, err);
    return code == MR_OK ? take(s, &object, what, name, err) : code;
}

/* In the order in which they fire. */
static int compare_triggers(const void *a, const void *b)
{
    const struct mr_trigger *const *x = a, *const *y = b;
    int order = strcmp((*x)->timing, (*y)->timing);
    if (order == 0)
        order = strcmp((*x)->event, (*y)->event);
    if (order != 0)
        return order;
    return (*x)->order < (*y)->order ? -1 : (*x)->order > (*y)->order;
}

/* A trigger belongs to its table: where that is left out it is named, too, so that nobody takes
 * the copy for one that stamps its rows. */
static enum mr_code take_triggers(struct mr_snap_schema *s, const struct mr_table *table,
                                  struct mr_err *err)
{
    const struct mr_trigger **sorted =
        mr_arena_calloc(s->arena, table->ntriggers + 1, sizeof(const struct mr_trigger *));
    enum mr_code code = MR_OK;
    if (sorted == NULL)
        return mr_err_nomem(err, "reading the schema");
    struct mr_strbuf label = MR_STRBUF_INIT;
    for (size_t i = 0; i < table->ntriggers; i++)
        sorted[i] = &table->triggers[i];
    if (table->ntriggers > 1)
        qsort(sorted, table->ntriggers, sizeof *sorted, compare_triggers);
    for (size_t i = 0; code == MR_OK && i < table->ntriggers; i++) {
        struct mr_snap_object object = {.kind = MR_OBJECT_TRIGGER,
                                        .db = table->db,
                                        .name = sorted[i]->name,
                                        .table = table->name};
        if (!is_left_out(s, "table", table->db, table->name))
            code = take(s, &object, "TRIGGER", sorted[i]->name, err);
        else
            code = mr_snap_schema_leave_out(s, "trigger",
                                            full_name(&label, table->db, sorted[i]->name),
                                            "its table is left out", NULL, err);
    }
    mr_strbuf_release(&label);
    return code;
}

/* ---- what is hidden ---- */

static enum mr_code name_hidden(struct mr_snap_schema *s, const char *db, enum mr_hidden kind,
                                const char *word, struct mr_err *err)
{
    struct mr_strbuf hint = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    mr_grants_needed(&hint, s->grants, &s->cat->server, kind, db);
    mr_strbuf_add_fmt(&name, "%s.*", db);
    enum mr_code code = mr_strbuf_check(&hint, "reading the schema", err);
    if (code == MR_OK)
        code = mr_snap_schema_leave_out(s, word, name.ptr,
                                        kind == MR_HIDDEN_EVENTS && s->cat->server.hides_events
                                            ? "the server shows them to nobody"
                                            : "the account may not see them",
                                        hint.ptr, err);
    mr_strbuf_release(&hint);
    mr_strbuf_release(&name);
    return code;
}

/* Databases, or tables of one, of which the account may not even see the names. */
static enum mr_code name_unseen(struct mr_snap_schema *s, const char *db, struct mr_err *err)
{
    struct mr_strbuf hint = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    mr_grants_needed_names(&hint, s->grants, db);
    mr_strbuf_add_fmt(&name, "%s%s*", db != NULL ? db : "", db != NULL ? "." : "");
    enum mr_code code = mr_strbuf_check(&hint, "reading the schema", err);
    if (code == MR_OK)
        code = mr_snap_schema_leave_out(s, db != NULL ? "table" : "database", name.ptr,
                                        "others may be there: the account sees only "
                                        "those that it has a right on",
                                        hint.ptr, err);
    mr_strbuf_release(&hint);
    mr_strbuf_release(&name);
    return code;
}

static enum mr_code find_hidden(struct mr_snap_schema *s, const char *db, struct mr_err *err)
{
    static const struct {
        enum mr_hidden kind;
        const char *word;
        bool of_tables; /* also where only some tables are wanted */
    } kinds[] = {{MR_HIDDEN_TRIGGERS, "trigger", true},
                 {MR_HIDDEN_VIEWS, "view", false},
                 {MR_HIDDEN_ROUTINES, "routine", false},
                 {MR_HIDDEN_EVENTS, "event", false}};
    enum mr_code code = MR_OK;
    if (s->grants == NULL)
        return mr_snap_schema_leave_out(s, "right", db,
                                        "the account's grants cannot be read: it may not "
                                        "see everything",
                                        NULL, err);
    if (mr_pattern_is_open((const char *const *)s->tables->items, s->tables->count, true) &&
        !mr_grants_lists_tables(s->grants, db))
        code = name_unseen(s, db, err);
    unsigned hidden = mr_grants_hidden(s->grants, &s->cat->server, db);
    for (size_t i = 0; code == MR_OK && i < sizeof kinds / sizeof *kinds; i++)
        if ((hidden & kinds[i].kind) != 0 && (kinds[i].of_tables || s->tables->count == 0))
            code = name_hidden(s, db, kinds[i].kind, kinds[i].word, err);
    return code;
}

enum mr_code mr_snap_schema_objects(struct mr_snap_schema *s, struct mr_err *err)
{
    /* their texts are kept in the character set of whoever made them */
    static const char sql[] = "SET SESSION character_set_results = utf8mb4";
    const struct mr_catalogue *cat = s->cat;
    const struct mr_object **ordered = NULL;
    MR_TRY(mr_db_exec(s->db, sql, sizeof sql - 1, err));
    MR_TRY(mr_view_order(cat->objects, cat->nobjects, s->arena, &ordered, err));
    for (size_t i = 0; i < cat->ndbs; i++)
        if (mr_snap_schema_wants_db(s, cat->dbs[i].name))
            MR_TRY(take_database(s, &cat->dbs[i], err));
    if (s->tables_only)
        return MR_OK;
    for (size_t i = 0; i < cat->nobjects; i++)
        MR_TRY(take_listed(s, ordered[i], err));
    for (size_t i = 0; i < cat->ntables; i++)
        if (is_selected(s, cat->tables[i].db, cat->tables[i].name))
            MR_TRY(take_triggers(s, &cat->tables[i], err));
    for (size_t i = 0; i < cat->ndbs; i++)
        MR_TRY(find_hidden(s, cat->dbs[i].name, err));
    if (s->all_dbs && s->grants != NULL &&
        mr_pattern_is_open((const char *const *)s->tables->items, s->tables->count, false) &&
        !mr_grants_lists_dbs(s->grants))
        return name_unseen(s, NULL, err);
    return MR_OK;
}
