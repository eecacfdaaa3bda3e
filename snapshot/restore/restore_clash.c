/*
 * restore_clash.c: what stands on the target where something of the snapshot belongs; see
 * restore.h.
 *
 * Tables, views and sequences of a database share their names; procedures, functions, packages,
 * events and triggers have names of their own kind.  What is dropped is of the kind and the name
 * that the snapshot puts there, as the target's server tells names apart: `Tab` is not `tab`
 * everywhere, and a table makes no room for a view.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/cli/confirm.h"
#include "core/db/grants.h"
#include "core/db/sqltext.h"
#include "core/schema/unseen.h"
#include "snapshot/format/snap_place.h"
#include "snapshot/read/snap_places.h"
#include "snapshot/restore/restore.h"

bool mr_restore_wants_object(const struct mr_restore *r, const struct mr_snap_object *o)
{
    return !r->opts->data_only && mr_restore_db_name(r, o->db) != NULL &&
           !mr_restore_is_kept(r, o) && mr_restore_wants(r, o->db, mr_snap_object_pattern_name(o));
}

static bool same_name(const struct mr_restore *r, const char *a, const char *b)
{
    return mr_server_same_name(mr_db_server(r->db), a, b);
}

const struct mr_snap_object *mr_restore_namesake(const struct mr_restore *r,
                                                 const struct mr_snap_object *o)
{
    const struct mr_snap_object *first = r->snap.manifest.objects;
    for (; mr_object_has(o->kind, MR_OBJECT_RELATION) && first < o; first++)
        if (first->kind == o->kind && same_name(r, first->name, o->name) &&
            mr_restore_wants_object(r, first) &&
            same_name(r, mr_restore_db_name(r, first->db), mr_restore_db_name(r, o->db)))
            return first;
    return NULL;
}

/* ---- what the snapshot puts there ---- */

/* "table", "view", "sequence": what it puts under that name; NULL: nothing. */
static const char *relation_at(const struct mr_restore *r, const char *db, const char *name)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    if (mr_restore_has_table(r, db, name))
        return "table";
    for (size_t i = 0; i < m->nobjects; i++) {
        const struct mr_snap_object *o = &m->objects[i];
        if (mr_object_has(o->kind, MR_OBJECT_RELATION) && mr_restore_wants_object(r, o) &&
            same_name(r, mr_restore_db_name(r, o->db), db) && same_name(r, o->name, name))
            return mr_object_word(o->kind);
    }
    return NULL;
}

/* Of a kind whose names are alike in any letters. */
static bool has_object(const struct mr_restore *r, enum mr_object_kind kind, const char *db,
                       const char *name)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    for (size_t i = 0; i < m->nobjects; i++) {
        const struct mr_snap_object *o = &m->objects[i];
        if (o->kind == kind && mr_restore_wants_object(r, o) &&
            same_name(r, mr_restore_db_name(r, o->db), db) && strcasecmp(o->name, name) == 0)
            return true;
    }
    return false;
}

static bool is_table(const struct mr_restore *r, const char *db, const char *name)
{
    const char *what = relation_at(r, db, name);
    return what != NULL && strcmp(what, "table") == 0;
}

static bool clashes(const struct mr_restore *r, const struct mr_object *o)
{
    if (mr_object_has(o->kind, MR_OBJECT_RELATION))
        return relation_at(r, o->db, o->name) != NULL;
    return has_object(r, o->kind, o->db, o->name);
}

/* ---- refusals ---- */

static enum mr_code refuse(const char *db, const char *what, const char *name, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "database \"%s\" is not empty: it has %s \"%s\"", db, what,
                     name);
    mr_err_hint(err, "Nothing was changed. Restore under another name (--rename-db), or "
                     "beside what is there, with --into-existing add.");
    return MR_E_REFUSED;
}

static bool is_progress(const struct mr_restore *r, const struct mr_table *t)
{
    return strcmp(t->name, MR_SNAP_PROGRESS_TABLE) == 0 && same_name(r, t->db, r->dbs[0].to);
}

/* What the databases have already, but for what a restore notes there; false: they are empty. */
static bool first_there(const struct mr_restore *r, const char **db, const char **what,
                        const char **name)
{
    for (size_t i = 0; i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        if (is_progress(r, t))
            continue;
        *db = t->db, *what = "table", *name = t->name;
        return true;
    }
    if (r->cat->nobjects == 0)
        return false;
    const struct mr_object *o = &r->cat->objects[0];
    *db = o->db, *what = mr_object_word(o->kind), *name = o->name;
    return true;
}

static enum mr_code hint_others(struct mr_err *err)
{
    mr_err_hint(err, "Nothing was changed. End it by the command that began it, or drop what "
                     "it has made, table " MR_SNAP_PROGRESS_TABLE " too.");
    return MR_E_REFUSED;
}

/* What that run did not touch is not this restore's own. */
static enum mr_code refuse_others(const struct mr_restore *r, struct mr_err *err)
{
    (void)mr_err_set(
        err, MR_E_REFUSED,
        r->strange ? "database \"%s\" has an unfinished restore of another snapshot: what it "
                     "has made may lack rows"
                   : "database \"%s\" has an unfinished restore of this snapshot, of other "
                     "tables or under other names, or of another --no-binlog, --chunk-size or "
                     "version of myrecon",
        r->dbs[0].to);
    return hint_others(err);
}

static enum mr_code refuse_left(const struct mr_restore *r, const char *db, const char *what,
                                const char *name, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "database \"%s\" has an unfinished restore of %s, and %s \"%s.%s\", which may "
                     "be half of it, would stay",
                     r->dbs[0].to, r->strange ? "another snapshot" : "other tables", what, db,
                     name);
    return hint_others(err);
}

/* By its lines the next run would know what is half restored; with this restore they go.  So all of
 * that is replaced, or nothing is there. */
static enum mr_code require_no_half(const struct mr_restore *r, struct mr_err *err)
{
    const char *db, *what, *name;
    if (!r->others && !r->strange)
        return MR_OK;
    if (r->strange && !first_there(r, &db, &what, &name))
        return MR_OK;
    if (r->opts->into_existing != MR_INTO_REPLACE || r->opts->data_only)
        return refuse_others(r, err);
    for (size_t i = 0; i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        if (!is_progress(r, t) && !is_table(r, t->db, t->name))
            return refuse_left(r, t->db, "table", t->name, err);
    }
    for (size_t i = 0; i < r->cat->nobjects; i++) {
        const struct mr_object *o = &r->cat->objects[i];
        if (!clashes(r, o))
            return refuse_left(r, o->db, mr_object_word(o->kind), o->name, err);
    }
    return MR_OK;
}

/* Refused by the first thing found: the restore would have to touch it, or could not tell it
 * from what it has made itself. */
static enum mr_code require_empty(const struct mr_restore *r, struct mr_err *err)
{
    const char *db, *what, *name;
    return first_there(r, &db, &what, &name) ? refuse(db, what, name, err) : MR_OK;
}

/* A trigger of a table that stays would be dropped by whoever goes on with this restore. */
static enum mr_code require_triggers(const struct mr_restore *r, struct mr_err *err)
{
    for (size_t i = 0; i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        for (size_t k = 0; relation_at(r, t->db, t->name) == NULL && k < t->ntriggers; k++) {
            if (!has_object(r, MR_OBJECT_TRIGGER, t->db, t->triggers[k].name))
                continue;
            (void)mr_err_set(err, MR_E_REFUSED,
                             "table \"%s.%s\" stays, and has trigger \"%s\", a name that the "
                             "snapshot has for a trigger of its own",
                             t->db, t->name, t->triggers[k].name);
            mr_err_hint(err, "Nothing was changed. Restore under another name "
                             "(--rename-db), or leave its table out (--exclude).");
            return MR_E_REFUSED;
        }
    }
    return MR_OK;
}

static enum mr_code require_kind(const struct mr_restore *r, const char *db, const char *what,
                                 const char *name, struct mr_err *err)
{
    const char *wanted = relation_at(r, db, name);
    if (wanted == NULL || strcmp(wanted, what) == 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "database \"%s\" has %s \"%s\", which is a %s in the snapshot", db, what, name,
                     wanted);
    mr_err_hint(err, "Nothing was changed. Restore under another name (--rename-db), or "
                     "leave it out (--exclude).");
    return MR_E_REFUSED;
}

static enum mr_code require_kinds(const struct mr_restore *r, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < r->cat->ntables; i++)
        code = require_kind(r, r->cat->tables[i].db, "table", r->cat->tables[i].name, err);
    for (size_t i = 0; code == MR_OK && i < r->cat->nobjects; i++) {
        const struct mr_object *o = &r->cat->objects[i];
        if (mr_object_has(o->kind, MR_OBJECT_RELATION))
            code = require_kind(r, o->db, mr_object_word(o->kind), o->name, err);
    }
    return code;
}

/* ---- references ---- */

static enum mr_code refuse_reference(const char *db, const char *table, const char *ref_db,
                                     const char *ref_table, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "table \"%s.%s\" stays, and refers to \"%s.%s\", which would be "
                     "dropped",
                     db, table, ref_db, ref_table);
    mr_err_hint(err, "Nothing was changed. Drop its foreign key, or restore under "
                     "another name (--rename-db).");
    return MR_E_REFUSED;
}

static enum mr_code check_references(const struct mr_restore *r, struct mr_err *err)
{
    for (size_t i = 0; i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        for (size_t k = 0; !is_table(r, t->db, t->name) && k < t->nfks; k++)
            if (is_table(r, t->fks[k].ref_db, t->fks[k].ref_table))
                return refuse_reference(t->db, t->name, t->fks[k].ref_db, t->fks[k].ref_table, err);
    }
    return MR_OK;
}

/* Of tables in databases that the restore does not touch. */
static enum mr_code check_outside(const struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    mr_strbuf_add_str(&sql, "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, "
                            "UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME FROM "
                            "information_schema.REFERENTIAL_CONSTRAINTS WHERE "
                            "UNIQUE_CONSTRAINT_SCHEMA <> CONSTRAINT_SCHEMA");
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query(r->db, "vvvv", sql.ptr, sql.len, &res, err));
    while ((cells = mr_result_next(res)) != NULL)
        if (is_table(r, cells[2].ptr, cells[3].ptr) && !is_table(r, cells[0].ptr, cells[1].ptr))
            MR_TRY_OUT(
                refuse_reference(cells[0].ptr, cells[1].ptr, cells[2].ptr, cells[3].ptr, err));
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* Of tables that the account may not see.  The server would refuse, too, but amid the dropping. */
static enum mr_code check_unseen(const struct mr_restore *r, struct mr_err *err)
{
    struct mr_unseen unseen = {.db = r->db};
    struct mr_grants *grants = NULL;
    enum mr_code code = mr_grants_load(r->db, &grants, err);
    unseen.grants = grants;
    for (size_t i = 0; code == MR_OK && i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        if (is_table(r, t->db, t->name))
            code =
                mr_unseen_check(&unseen, t->db, t->name, t->name,
                                "Nothing was changed. It would have to be dropped: restore under "
                                "another name (--rename-db).",
                                err);
    }
    if (code == MR_OK)
        mr_unseen_warn(&unseen, "refer to one that is replaced is not known, and the server would "
                                "then keep that one when others are already dropped");
    mr_grants_free(grants);
    return code;
}

/* A table that another one refers to cannot be dropped, whatever comes of that one: so the
 * references between tables that all go are dropped first. */
static enum mr_code drop_references(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        for (size_t k = 0; code == MR_OK && is_table(r, t->db, t->name) && k < t->nfks; k++) {
            mr_strbuf_reset(&sql);
            mr_strbuf_add_str(&sql, "ALTER TABLE ");
            mr_sql_table(&sql, t->db, t->name);
            mr_strbuf_add_str(&sql, " DROP FOREIGN KEY ");
            mr_sql_ident(&sql, t->fks[k].name);
            code = mr_restore_exec(r->db, &sql, err);
        }
    }
    mr_strbuf_release(&sql);
    return code;
}

/* ---- dropping ---- */

static enum mr_code drop(struct mr_restore *r, const char *what, const char *db, const char *name,
                         struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql, "DROP %s IF EXISTS ", what);
    mr_sql_table(&sql, db, name);
    enum mr_code code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

/* MariaDB before 11.4 knows packages under this sql_mode alone; the session's own is empty. */
static enum mr_code drop_package(struct mr_restore *r, const char *what, const char *db,
                                 const char *name, struct mr_err *err)
{
    static const char oracle[] = "SET SESSION sql_mode = 'ORACLE'",
                      none[] = "SET SESSION sql_mode = ''";
    MR_TRY(mr_db_exec(r->db, oracle, sizeof oracle - 1, err));
    MR_TRY(drop(r, what, db, name, err));
    return mr_db_exec(r->db, none, sizeof none - 1, err);
}

static enum mr_code drop_object(struct mr_restore *r, const struct mr_object *o, struct mr_err *err)
{
    const char *name = NULL;
    const char *what = mr_object_sql(o->kind, o->name, &name);
    const enum mr_routine_kind kind = mr_routine_kind(o->name);
    const bool is_package = o->kind == MR_OBJECT_ROUTINE &&
                            (kind == MR_ROUTINE_PACKAGE || kind == MR_ROUTINE_PACKAGE_BODY);
    return is_package ? drop_package(r, what, o->db, name, err) : drop(r, what, o->db, name, err);
}

/* What cannot go is refused while everything is still there. */
static enum mr_code check_clashes(const struct mr_restore *r, struct mr_err *err)
{
    MR_TRY(require_kinds(r, err));
    MR_TRY(check_references(r, err));
    MR_TRY(check_outside(r, err));
    return check_unseen(r, err);
}

static enum mr_code drop_clashes(struct mr_restore *r, struct mr_err *err)
{
    MR_TRY(drop_references(r, err));
    for (size_t i = 0; i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        if (is_table(r, t->db, t->name))
            MR_TRY(drop(r, "TABLE", t->db, t->name, err));
    }
    for (size_t i = 0; i < r->cat->nobjects; i++) {
        const struct mr_object *o = &r->cat->objects[i];
        if (clashes(r, o))
            MR_TRY(drop_object(r, o, err));
    }
    return mr_restore_look(r, err);
}

enum mr_code mr_restore_require_room(struct mr_restore *r, struct mr_err *err)
{
    MR_TRY(require_no_half(r, err));
    if (r->opts->data_only)
        return mr_restore_require_tables(r, err);
    if (r->opts->into_existing == MR_INTO_REFUSE)
        return require_empty(r, err);
    if (r->opts->into_existing == MR_INTO_ADD) {
        MR_TRY(require_kinds(r, err));
        MR_TRY(mr_restore_keep(r, err));
        return require_triggers(r, err);
    }
    MR_TRY(require_triggers(r, err));
    return check_clashes(r, err);
}

static void ask_replace(const struct mr_restore *r, char *question, size_t size)
{
    (void)snprintf(question, size,
                   "drop what \"%s\" already has of the %zu tables of the snapshot, %s?",
                   mr_db_label(r->db), r->ntables,
                   r->opts->schema_only ? "with their rows, and make them again without any"
                                        : "and restore them");
}

static void ask_add(const struct mr_restore *r, const char *db, const char *what, const char *name,
                    char *question, size_t size)
{
    (void)snprintf(question, size,
                   "add to \"%s\" what it lacks of the %zu tables of the snapshot, beside what "
                   "database \"%s\" has (%s \"%s\" …)?",
                   mr_db_label(r->db), r->ntables + r->nkept, db, what, name);
}

/* The question comes behind everything that refuses, so that nobody says yes to what cannot be
 * done.  Where there is nothing, nothing is asked. */
enum mr_code mr_restore_clear(struct mr_restore *r, struct mr_err *err)
{
    char question[1024];
    const char *db, *what, *name;
    const bool replaces = r->opts->into_existing == MR_INTO_REPLACE;
    if (r->opts->into_existing == MR_INTO_REFUSE || !first_there(r, &db, &what, &name))
        return MR_OK;
    if (replaces)
        ask_replace(r, question, sizeof question);
    else
        ask_add(r, db, what, name, question, sizeof question);
    MR_TRY(mr_confirm(question, r->opts->yes, err));
    return replaces ? drop_clashes(r, err) : MR_OK;
}
