/*
 * restore_own.c: what a restore has made itself, and what somebody else has; see restore.h.
 *
 * Before a table or an object is made a line of the progress table says so, and it goes again where
 * the server has not made it.  What stands there without its line is nobody's to drop or to load:
 * somebody has made it since the run that is gone on with began.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/letters.h"
#include "core/db/sqltext.h"
#include "snapshot/restore/restore.h"

/* A line of the progress table. */
struct line {
    char text[48];
};

static struct line line_of(const char *what, size_t number)
{
    struct line line;
    (void)snprintf(line.text, sizeof line.text, "making %s %zu", what, number);
    return line;
}

static enum mr_code add_line(struct mr_restore *r, const struct line *line, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "INSERT INTO ");
    mr_restore_progress_table(&sql, r);
    mr_strbuf_add_str(&sql, " VALUES (");
    mr_sql_string(&sql, r->snap.manifest.uuid);
    mr_strbuf_add_fmt(&sql, ", '%s')", line->text);
    enum mr_code code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code drop_line(struct mr_restore *r, const struct line *line, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "DELETE FROM ");
    mr_restore_progress_table(&sql, r);
    mr_strbuf_add_fmt(&sql, " WHERE file = '%s'", line->text);
    enum mr_code code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

/* ---- tables ---- */

enum mr_code mr_restore_own_table(struct mr_restore *r, const struct mr_restore_table *t,
                                  struct mr_err *err)
{
    const struct line line = line_of("table", t->from->number);
    return mr_restore_is_done(r, line.text) ? MR_OK : add_line(r, &line, err);
}

enum mr_code mr_restore_disown_table(struct mr_restore *r, const struct mr_restore_table *t,
                                     struct mr_err *err)
{
    const struct line line = line_of("table", t->from->number);
    return drop_line(r, &line, err);
}

/* ---- objects ---- */

static size_t index_of(const struct mr_restore *r, const struct mr_snap_object *o)
{
    return (size_t)(o - r->snap.manifest.objects);
}

bool mr_restore_owns(const struct mr_restore *r, const struct mr_snap_object *o)
{
    const struct line line = line_of("object", index_of(r, o));
    return r->own != NULL ? r->own[index_of(r, o)] : mr_restore_is_done(r, line.text);
}

/* The lines as they are now, of this run and of the one that is gone on with. */
static enum mr_code keep_owned(struct mr_restore *r, const struct mr_snap_object *o, bool owned,
                               struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    if (r->own == NULL) {
        bool *own = mr_arena_calloc(&r->arena, m->nobjects + 1, sizeof *own);
        if (own == NULL)
            return mr_err_nomem(err, "restoring");
        for (size_t i = 0; i < m->nobjects; i++)
            own[i] = mr_restore_owns(r, &m->objects[i]);
        r->own = own;
    }
    r->own[index_of(r, o)] = owned;
    return MR_OK;
}

enum mr_code mr_restore_own(struct mr_restore *r, const struct mr_snap_object *o,
                            struct mr_err *err)
{
    const struct line line = line_of("object", index_of(r, o));
    if (mr_restore_owns(r, o))
        return MR_OK;
    MR_TRY(add_line(r, &line, err));
    return keep_owned(r, o, true, err);
}

enum mr_code mr_restore_disown(struct mr_restore *r, const struct mr_snap_object *o,
                               struct mr_err *err)
{
    const struct line line = line_of("object", index_of(r, o));
    MR_TRY(drop_line(r, &line, err));
    return keep_owned(r, o, false, err);
}

/* ---- what stands there ---- */

static bool has_trigger(const struct mr_restore *r, const char *db, const char *name)
{
    for (size_t i = 0; i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        for (size_t k = 0; mr_server_same_name(&r->cat->server, t->db, db) && k < t->ntriggers; k++)
            if (mr_letters_same(t->triggers[k].name, name))
                return true;
    }
    return false;
}

static bool has_object(const struct mr_restore *r, enum mr_object_kind kind, const char *db,
                       const char *name)
{
    const struct mr_server *server = &r->cat->server;
    const bool is_relation = mr_object_has(kind, MR_OBJECT_RELATION);
    for (size_t i = 0; i < r->cat->nobjects; i++) {
        const struct mr_object *o = &r->cat->objects[i];
        if (o->kind == kind && mr_server_same_name(server, o->db, db) &&
            (is_relation ? mr_server_same_name(server, o->name, name)
                         : mr_letters_same(o->name, name)))
            return true;
    }
    return false;
}

bool mr_restore_stands(const struct mr_restore *r, const struct mr_snap_object *o)
{
    const char *db = mr_restore_db_name(r, o->db);
    return o->kind == MR_OBJECT_TRIGGER ? has_trigger(r, db, o->name)
                                        : has_object(r, o->kind, db, o->name);
}

static enum mr_code refuse(const char *what, const char *db, const char *name, bool ended,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "%s \"%s.%s\" is there, and not by the restore%s", what, db,
                     name, ended ? ", which had set it aside" : " that is gone on with");
    mr_err_hint(err, "Nothing was changed. Rename it, or drop it if nobody wants it; "
                     "the same command then makes it from the snapshot.");
    return MR_E_REFUSED;
}

enum mr_code mr_restore_refuse_others(const struct mr_restore *r, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    for (size_t i = 0; r->resumed && i < r->ntables; i++) {
        const struct mr_restore_table *t = &r->tables[i];
        const struct line line = line_of("table", t->from->number);
        if (t->is_there && !mr_restore_is_done(r, line.text))
            return refuse("table", t->db, t->snap->name, r->ended, err);
    }
    for (size_t i = 0; r->resumed && i < m->nobjects; i++) {
        const struct mr_snap_object *o = &m->objects[i];
        if (o->kind != MR_OBJECT_DATABASE && mr_restore_wants_object(r, o) &&
            mr_restore_namesake(r, o) == NULL && mr_restore_stands(r, o) && !mr_restore_owns(r, o))
            return refuse(mr_object_word(o->kind), mr_restore_db_name(r, o->db), o->name, false,
                          err);
    }
    return MR_OK;
}
