/* restore_schema.c: everything but rows; see restore.h. */
#include <string.h>

#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "snapshot/format/snap_script.h"
#include "snapshot/read/snap_places.h"
#include "snapshot/restore/restore.h"

#define ER_UNKNOWN_COLLATION 1273
#define ER_BINLOG_CREATE_ROUTINE_NEED_SUPER 1419

enum mr_code mr_restore_exec(struct mr_db *db, const struct mr_strbuf *sql, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(sql, "building a statement", err));
    return mr_db_exec(db, sql->ptr, sql->len, err);
}

enum mr_code mr_restore_note(struct mr_restore *r, const char *text, struct mr_err *err)
{
    mr_log_warning("%s", text);
    pthread_mutex_lock(&r->lock);
    const char **slot = mr_vec_push(&r->notes);
    if (slot != NULL)
        *slot = mr_arena_strdup(&r->arena, text);
    pthread_mutex_unlock(&r->lock);
    return slot != NULL && *slot != NULL ? MR_OK : mr_err_nomem(err, "restoring");
}

enum mr_code mr_restore_note_fmt(struct mr_restore *r, struct mr_err *err, const char *fmt, ...)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    va_list args;
    va_start(args, fmt);
    mr_strbuf_add_args(&note, fmt, args);
    va_end(args);
    enum mr_code code = mr_strbuf_check(&note, "restoring", err);
    if (code == MR_OK)
        code = mr_restore_note(r, note.ptr, err);
    mr_strbuf_release(&note);
    return code;
}

static enum mr_code exec_text(struct mr_restore *r, const char *text, struct mr_err *err)
{
    return mr_db_exec(r->db, text, strlen(text), err);
}

enum mr_code mr_restore_use(struct mr_restore *r, const char *db, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "USE ");
    mr_sql_ident(&sql, db);
    enum mr_code code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

/* ---- objects ---- */

/* By an earlier run, or as a view's stub?  What has a body is not dropped where only one of another
 * name is there, which the server may take for it. */
static bool is_made(const struct mr_restore *r, const struct mr_snap_object *o)
{
    return mr_restore_owns(r, o) &&
           (!mr_object_has(o->kind, MR_OBJECT_BODY) || mr_restore_stands(r, o));
}

static enum mr_code drop_object(struct mr_restore *r, const struct mr_snap_object *o,
                                struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    const char *name = NULL;
    const char *word = mr_object_sql(o->kind, o->name, &name);
    mr_strbuf_add_fmt(&sql, "DROP %s IF EXISTS ", word);
    mr_sql_ident(&sql, name);
    enum mr_code code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code set_session(struct mr_restore *r, const struct mr_snap_object *o,
                                struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_snap_object_session(&sql, o);
    enum mr_code code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code set_value(struct mr_restore *r, const struct mr_snap_object *o,
                              struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    if (o->value == NULL)
        return MR_OK;
    mr_strbuf_add_str(&sql, "DO SETVAL(");
    mr_sql_ident(&sql, o->name);
    mr_strbuf_add_fmt(&sql, ", %s, 0)", o->value);
    enum mr_code code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

static void add_event_query(struct mr_strbuf *sql, const char *columns, const char *event)
{
    mr_strbuf_add_fmt(sql,
                      "SELECT %s FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() "
                      "AND EVENT_NAME = ",
                      columns);
    mr_sql_string(sql, event);
}

/* A replica switches each event off, and nobody switches it on where it is restored. */
static enum mr_code say_off(struct mr_restore *r, const struct mr_snap_object *o,
                            struct mr_err *err)
{
    const char *db = mr_restore_db_name(r, o->db);
    struct mr_strbuf sql = MR_STRBUF_INIT, enable = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    enum mr_code code = MR_OK;
    add_event_query(&sql, "DEFINER, COLLATION_CONNECTION", o->name);
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query(r->db, "vv", sql.ptr, sql.len, &res, err));
    const struct mr_cell *made = mr_result_next(res);
    if (made == NULL) /* dropped at this moment */
        goto out;
    mr_sql_enable_event(&enable, db, o->name, made[0].ptr, made[1].ptr);
    MR_TRY_OUT(mr_strbuf_check(&enable, "building a statement", err));
    mr_log_warning("event \"%s.%s\" is off, as on the replica that the snapshot was made of, which "
                   "switches each off. If it is to run: %s",
                   db, o->name, enable.ptr);
out:
    mr_result_free(res);
    mr_strbuf_release(&enable);
    mr_strbuf_release(&sql);
    return code;
}

/* One whose time has passed is dropped as it is made, with a note of the server's alone. */
static enum mr_code require_event(struct mr_restore *r, const struct mr_snap_object *o,
                                  struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, status = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    add_event_query(&sql, "COALESCE(MAX(STATUS), '')", o->name);
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query_text(r->db, sql.ptr, &status, err));
    if (status.len == 0)
        MR_TRY_OUT(mr_err_set(err, MR_E_NO_SUCH,
                              "\"%s\": its time has passed, and the server does not keep it",
                              o->file));
    if (strcmp(status.ptr, "ENABLED") != 0 && strcmp(status.ptr, "DISABLED") != 0)
        MR_TRY_OUT(say_off(r, o, err));
out:
    mr_strbuf_release(&sql);
    mr_strbuf_release(&status);
    return code;
}

/* What the server has refused to make is not this restore's, be it that somebody else has one. */
static enum mr_code judge_made(struct mr_restore *r, const struct mr_snap_object *o,
                               enum mr_code code, struct mr_err *err)
{
    struct mr_err why = {0};
    if (!mr_restore_is_refusal(code) || mr_restore_disown(r, o, &why) == MR_OK)
        return code;
    if (err != NULL)
        *err = why;
    return why.code;
}

/* Under the settings that the object was made with, and in its own database: a body without a
 * database in its names means the one in use.  The settings come first: MariaDB before 11.4 knows
 * packages under ORACLE's alone, also where it is to drop one. */
static enum mr_code make_object(struct mr_restore *r, const struct mr_snap_object *o,
                                struct mr_err *err)
{
    const struct mr_snap_place place = mr_snap_object_place(o);
    const struct mr_snap_object *first = mr_restore_namesake(r, o);
    if (first != NULL)
        return mr_err_set(err, MR_E_NO_SUCH, "\"%s\": to the target this is %s \"%s\"", o->file,
                          mr_object_word(o->kind), first->name);
    MR_TRY(mr_restore_use(r, mr_restore_db_name(r, o->db), err));
    MR_TRY(set_session(r, o, err));
    if (is_made(r, o))
        MR_TRY(drop_object(r, o, err));
    MR_TRY(mr_restore_collate(r, o, err));
    MR_TRY(mr_restore_own(r, o, err));
    MR_TRY(judge_made(r, o, mr_restore_exec_file(r, o->file, &place, err), err));
    if (o->kind == MR_OBJECT_SEQUENCE)
        MR_TRY(set_value(r, o, err));
    return o->kind == MR_OBJECT_EVENT ? require_event(r, o, err) : MR_OK;
}

/* A sequence of a restore that has ended, but for tables: it may have gone on since. */
static bool is_in_use(const struct mr_restore *r, const struct mr_snap_object *o)
{
    const char *db = mr_restore_db_name(r, o->db);
    for (size_t i = 0; r->ended && o->kind == MR_OBJECT_SEQUENCE && i < r->cat->nobjects; i++)
        if (r->cat->objects[i].kind == MR_OBJECT_SEQUENCE &&
            mr_server_same_name(&r->cat->server, r->cat->objects[i].db, db) &&
            mr_server_same_name(&r->cat->server, r->cat->objects[i].name, o->name))
            return true;
    return false;
}

/* The same command finds the databases full, and does not make it later. */
static enum mr_code note_refused(struct mr_restore *r, const struct mr_err *why, struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    mr_strbuf_add_str(&note, why->message);
    if (why->sql_errno == ER_BINLOG_CREATE_ROUTINE_NEED_SUPER)
        mr_strbuf_add_str(&note, "; to make it after all: SET GLOBAL "
                                 "log_bin_trust_function_creators = 1, and give the file to the "
                                 "stock client, in its database");
    enum mr_code code = mr_strbuf_check(&note, "restoring", err);
    if (code == MR_OK)
        code = mr_restore_note(r, note.ptr, err);
    mr_strbuf_release(&note);
    return code;
}

bool mr_restore_is_refusal(enum mr_code code)
{
    return code == MR_E_SQL || code == MR_E_DENIED || code == MR_E_NO_SUCH;
}

/* What the target does not take is named, and the rest goes on. */
static enum mr_code make_kind(struct mr_restore *r, enum mr_object_kind kind, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    enum mr_code code = MR_OK;
    bool any = false;
    for (size_t i = 0; code == MR_OK && i < m->nobjects; i++) {
        struct mr_err why = {0};
        if (m->objects[i].kind != kind || !mr_restore_wants_object(r, &m->objects[i]) ||
            (is_in_use(r, &m->objects[i]) && mr_restore_namesake(r, &m->objects[i]) == NULL))
            continue;
        any = true;
        code = make_object(r, &m->objects[i], &why);
        if (mr_restore_is_refusal(code))
            code = note_refused(r, &why, err);
        else if (code != MR_OK && err != NULL)
            *err = why;
    }
    enum mr_code back = mr_restore_collate_back(r, code == MR_OK ? err : NULL);
    if (code == MR_OK)
        code = back;
    return code == MR_OK && any ? exec_text(r, mr_snap_session_sql, err) : code;
}

static enum mr_code make_objects(struct mr_restore *r, enum mr_object_stage stage,
                                 struct mr_err *err)
{
    for (enum mr_object_kind kind = MR_OBJECT_NONE; mr_object_next(stage, &kind);)
        MR_TRY(make_kind(r, kind, err));
    return MR_OK;
}

/* ---- before the rows ---- */

/* A collation that the target does not know (utf8mb4_0900_ai_ci, on MariaDB): its charset's own one
 * takes its place.  Tables that ask for it by name are set aside, the rest can be looked at. */
static enum mr_code make_without_collation(struct mr_restore *r, struct mr_restore_db *db,
                                           const struct mr_strbuf *full, struct mr_err *err)
{
    const char *collate = NULL; /* the last one: a name may hold these words, too */
    for (const char *at = full->ptr; (at = strstr(at, " COLLATE ")) != NULL; at++)
        collate = at;
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    enum mr_code code = MR_E_SQL;
    if (collate != NULL) {
        mr_strbuf_add(&sql, full->ptr, (size_t)(collate - full->ptr));
        code = mr_restore_exec(r->db, &sql, NULL);
    }
    if (code == MR_OK) {
        db->lacks_collation = true;
        mr_strbuf_add_fmt(&text,
                          "database \"%s\" has the collation that its character set brings: %s",
                          db->to, err->message);
        *err = (struct mr_err){0};
        code = mr_strbuf_check(&text, "restoring", err);
    }
    if (code == MR_OK)
        code = mr_restore_note(r, text.ptr, err);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code == MR_OK ? MR_OK : err->code;
}

/* An empty one that is there is given the snapshot's charset. */
static enum mr_code make_database(struct mr_restore *r, struct mr_restore_db *db,
                                  struct mr_err *err)
{
    const struct mr_snap_place place = mr_snap_object_place(db->object);
    struct mr_strbuf text = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    /* "CREATE DATABASE IF NOT EXISTS `x` CHARACTER SET a COLLATE b" */
    enum mr_code code = mr_snap_read_statement(&r->snap, db->object->file, &place, &text, err);
    const char *tail = code == MR_OK ? strstr(text.ptr, "` CHARACTER SET ") : NULL;
    if (code == MR_OK && tail == NULL)
        code = mr_err_set(err, MR_E_SNAPSHOT, "\"%s\" holds no database", db->object->file);
    if (code == MR_OK) {
        mr_strbuf_add_str(&sql, db->there == NULL ? "CREATE DATABASE " : "ALTER DATABASE ");
        mr_sql_ident(&sql, db->to);
        mr_strbuf_add_str(&sql, tail + 1);
        if (mr_restore_makes_db(r, db))
            code = mr_restore_exec(r->db, &sql, err);
        if (code == MR_E_SQL && err->sql_errno == ER_UNKNOWN_COLLATION)
            code = make_without_collation(r, db, &sql, err);
    }
    mr_strbuf_release(&text);
    mr_strbuf_release(&sql);
    return code;
}

struct lines {
    struct mr_strbuf *sql;
    const char *uuid; /* as a literal */
};

static void add_line(void *ctx, const char *line)
{
    const struct lines *lines = ctx;
    mr_strbuf_add_fmt(lines->sql, "), (%s, '%s'", lines->uuid, line);
}

/* What the next run goes by: whose restore it is, which databases are its own, and what is not. */
static void begun_rows(struct mr_strbuf *sql, struct mr_restore *r)
{
    struct mr_strbuf begun = MR_STRBUF_INIT, uuid = MR_STRBUF_INIT;
    mr_sql_string(&uuid, r->snap.manifest.uuid);
    mr_restore_begun(&begun, r);
    mr_strbuf_add_fmt(sql, " VALUES (%s, ", uuid.ptr);
    mr_sql_string(sql, begun.ptr);
    for (size_t i = 0; i < r->ndbs; i++) {
        struct mr_restore_made made;
        if (!mr_restore_makes_db(r, &r->dbs[i]))
            continue;
        mr_restore_made(&made, r, &r->dbs[i]);
        mr_strbuf_add_fmt(sql, "), (%s, '%s'", uuid.ptr, made.text);
    }
    struct lines lines = {sql, uuid.ptr};
    mr_restore_kept_lines(r, add_line, &lines);
    mr_strbuf_add_char(sql, ')');
    sql->failed |= begun.failed || uuid.failed;
    mr_strbuf_release(&begun);
    mr_strbuf_release(&uuid);
}

static enum mr_code make_progress_table(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (!r->resumed) { /* that of another restore is of no use */
        mr_strbuf_add_str(&sql, "DROP TABLE IF EXISTS ");
        mr_restore_progress_table(&sql, r);
        code = mr_restore_exec(r->db, &sql, err);
    }
    mr_strbuf_reset(&sql);
    mr_strbuf_add_str(&sql, "CREATE TABLE IF NOT EXISTS ");
    mr_restore_progress_table(&sql, r);
    mr_strbuf_add_str(&sql,
                      " (uuid VARCHAR(40) CHARACTER SET ascii NOT NULL, file VARCHAR(250) "
                      "CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) ENGINE=InnoDB");
    if (code == MR_OK)
        code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_reset(&sql);
    mr_strbuf_add_str(&sql, "INSERT INTO ");
    mr_restore_progress_table(&sql, r);
    begun_rows(&sql, r);
    if (code == MR_OK && !r->resumed)
        code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

/* Not every engine can be emptied: ARCHIVE cannot. */
static enum mr_code drop_half(struct mr_restore *r, struct mr_restore_table *t, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "DROP TABLE ");
    mr_sql_table(&sql, t->db, t->snap->name);
    enum mr_code code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    t->is_there = t->has_keys = false;
    return code;
}

/* An engine that the server does not have is a reason to set a table aside: by itself it
 * would take another one, with no more than a warning. */
static enum mr_code keep_engines(struct mr_restore *r, struct mr_err *err)
{
    return exec_text(r, "SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_ENGINE_SUBSTITUTION')",
                     err);
}

/* Killed behind the CREATE, the next run would take lines of a table that was dropped for this one's. */
static enum mr_code forget_gone(struct mr_restore *r, const struct mr_restore_table *t,
                                struct mr_err *err)
{
    bool any = false;
    for (size_t i = 0; r->resumed && !any && i < t->snap->nchunks; i++)
        any = mr_restore_is_done(r, t->snap->chunks[i].file);
    return any ? mr_restore_forget(r, t, err) : MR_OK;
}

static enum mr_code make_table(struct mr_restore *r, struct mr_restore_table *t, struct mr_err *err)
{
    const struct mr_snap_place place = mr_snap_table_place(t->from);
    struct mr_err why = {0};
    MR_TRY(mr_restore_use(r, t->db, err));
    if (t->is_there)
        MR_TRY(drop_half(r, t, err));
    MR_TRY(forget_gone(r, t, err));
    MR_TRY(mr_restore_own_table(r, t, err));
    const enum mr_code code = mr_restore_exec_file(r, t->snap->schema_file, &place, &why);
    if (code == MR_OK)
        return mr_restore_take_indexes(r, t, err);
    if (mr_restore_is_refusal(code)) /* be it that somebody else has made it */
        MR_TRY(mr_restore_disown_table(r, t, err));
    if (mr_restore_is_of_table(code, &why))
        return mr_restore_set_aside(r, t, MR_ASIDE_NOT_MADE, &why, err);
    if (err != NULL)
        *err = why;
    return code;
}

static enum mr_code make_tables(struct mr_restore *r, struct mr_err *err)
{
    MR_TRY(keep_engines(r, err));
    MR_TRY(mr_restore_learn_late(r, err));
    for (size_t i = 0; i < r->ntables; i++) {
        struct mr_restore_table *t = &r->tables[i];
        if (!t->is_there || !mr_restore_is_trusted(r, t)) {
            MR_TRY(make_table(r, t, err));
            continue;
        }
        MR_TRY(mr_restore_note_table(r, t, err)); /* the earlier run's notes went with it */
        MR_TRY(mr_restore_missing_indexes(r, t, err));
    }
    return MR_OK;
}

/* They would fire while rows are loaded again, or change what is there. */
static enum mr_code drop_active(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    for (size_t i = 0; i < m->nobjects; i++) {
        const struct mr_snap_object *o = &m->objects[i];
        if ((o->kind != MR_OBJECT_TRIGGER && o->kind != MR_OBJECT_EVENT) ||
            !mr_restore_wants_object(r, o) || !is_made(r, o))
            continue;
        MR_TRY(mr_restore_use(r, mr_restore_db_name(r, o->db), err));
        MR_TRY(drop_object(r, o, err));
    }
    return MR_OK;
}

/* A right that is missing before anything was done is a refusal. */
static enum mr_code deny(bool changed, struct mr_err *err)
{
    static const char hint[] = "\"myrecon doctor --for restore\" names what the account "
                               "lacks; --rename-db OLD=NEW restores under another name.";
    mr_err_hint(err, "%s%s", changed ? "" : "Nothing was changed. ", hint);
    if (!changed && err != NULL)
        err->code = MR_E_REFUSED;
    return changed ? MR_E_DENIED : MR_E_REFUSED;
}

/* Sequences come before tables, whose defaults may take their numbers.  A right that is missing is
 * a refusal only while nothing was changed. */
enum mr_code mr_restore_before(struct mr_restore *r, struct mr_err *err)
{
    bool changed = r->resumed || r->opts->into_existing == MR_INTO_REPLACE;
    enum mr_code code = exec_text(r, mr_snap_session_sql, err);
    for (size_t i = 0; code == MR_OK && !r->opts->data_only && i < r->ndbs; i++) {
        code = make_database(r, &r->dbs[i], err);
        changed |= code == MR_OK && mr_restore_makes_db(r, &r->dbs[i]);
    }
    if (code == MR_OK)
        code = make_progress_table(r, err);
    if (code == MR_E_DENIED)
        return deny(changed, err);
    MR_TRY(code);
    if (r->opts->data_only)
        return MR_OK;
    if (r->resumed)
        MR_TRY(drop_active(r, err));
    MR_TRY(make_objects(r, MR_MADE_FIRST, err));
    MR_TRY(make_objects(r, MR_MADE_BEFORE_TABLES, err));
    return make_tables(r, err);
}

/* ---- behind the rows ---- */

static enum mr_code make_stub(struct mr_restore *r, const struct mr_snap_object *o,
                              struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    MR_TRY(mr_restore_use(r, mr_restore_db_name(r, o->db), err));
    if (is_made(r, o))
        MR_TRY(drop_object(r, o, err));
    MR_TRY(mr_restore_own(r, o, err));
    mr_snap_view_stub(&sql, o);
    enum mr_code code = judge_made(r, o, mr_restore_exec(r->db, &sql, err), err);
    mr_strbuf_release(&sql);
    return code;
}

/* Views may refer to each other in any order: first all of them, as names alone.  One that the
 * target does not take is named when it is to be made as it is. */
static enum mr_code make_stubs(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    for (size_t i = 0; i < m->nobjects; i++) {
        const struct mr_snap_object *o = &m->objects[i];
        struct mr_err why = {0};
        if (o->kind != MR_OBJECT_VIEW || o->ncolumns == 0 || !mr_restore_wants_object(r, o) ||
            mr_restore_namesake(r, o) != NULL)
            continue;
        enum mr_code code = make_stub(r, o, &why);
        if (code == MR_OK || mr_restore_is_refusal(code))
            continue;
        if (err != NULL)
            *err = why;
        return code;
    }
    return MR_OK;
}

enum mr_code mr_restore_after(struct mr_restore *r, struct mr_err *err)
{
    if (!r->opts->data_only)
        MR_TRY(mr_restore_make_keys(r, err));
    MR_TRY(mr_restore_check_children(r, err));
    MR_TRY(make_stubs(r, err));
    return make_objects(r, MR_MADE_BEHIND_ROWS, err);
}

enum mr_code mr_restore_events(struct mr_restore *r, struct mr_err *err)
{
    return make_objects(r, MR_MADE_LAST, err);
}

enum mr_code mr_restore_end(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    if (r->naside > 0 && r->ended)
        return MR_OK; /* it says so already */
    if (r->naside == 0) {
        mr_strbuf_add_str(&sql, "DROP TABLE IF EXISTS ");
        mr_restore_progress_table(&sql, r);
    } else {
        mr_strbuf_add_str(&sql, "INSERT INTO ");
        mr_restore_progress_table(&sql, r);
        mr_strbuf_add_str(&sql, " VALUES (");
        mr_sql_string(&sql, r->snap.manifest.uuid);
        mr_strbuf_add_str(&sql, ", ");
        mr_sql_string(&sql, MR_RESTORE_ENDED);
        mr_strbuf_add_char(&sql, ')');
    }
    enum mr_code code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}
