/*
 * restore_kept.c: --into-existing add: what the target has by the names of the snapshot stays as it
 * is; see restore.h.
 *
 * It is neither loaded nor compared, and nothing is hung on it: the triggers of a table that stays
 * are its own.  What stays the first run writes down, since to a run that goes on with it all of it
 * is there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "snapshot/read/snap_places.h"
#include "snapshot/restore/restore.h"

/* A line of the progress table. */
struct line {
    char text[40];
};

static struct line line_of(const char *what, size_t number)
{
    struct line line;
    (void)snprintf(line.text, sizeof line.text, "kept %s %zu", what, number);
    return line;
}

static bool same_name(const struct mr_restore *r, const char *a, const char *b)
{
    return mr_server_same_name(&r->cat->server, a, b);
}

/* ---- what is there ---- */

static bool is_table_there(const struct mr_restore *r, const struct mr_restore_table *t)
{
    return mr_catalogue_meant(r->cat, t->db, t->snap->name) != NULL;
}

static bool is_object_there(const struct mr_restore *r, const struct mr_snap_object *o)
{
    const char *db = mr_restore_db_name(r, o->db);
    for (size_t i = 0; i < r->cat->nobjects; i++) {
        const struct mr_object *there = &r->cat->objects[i];
        if (there->kind != o->kind || !same_name(r, there->db, db))
            continue;
        if (mr_object_has(o->kind, MR_OBJECT_RELATION) ? same_name(r, there->name, o->name)
                                                       : strcasecmp(there->name, o->name) == 0)
            return true;
    }
    return false;
}

static bool is_on_kept(const struct mr_restore *r, const struct mr_snap_object *o)
{
    const char *db = mr_restore_db_name(r, o->db);
    for (size_t i = 0; o->kind == MR_OBJECT_TRIGGER && i < r->nkept; i++)
        if (strcmp(r->kept_tables[i].db, db) == 0 && o->table != NULL &&
            same_name(r, r->kept_tables[i].snap->name, o->table))
            return true;
    return false;
}

static bool has_trigger(const struct mr_restore *r, const struct mr_snap_object *o)
{
    const struct mr_table *t = mr_catalogue_meant(r->cat, mr_restore_db_name(r, o->db), o->table);
    for (size_t i = 0; t != NULL && i < t->ntriggers; i++)
        if (strcasecmp(t->triggers[i].name, o->name) == 0)
            return true;
    return false;
}

/* ---- what stays ---- */

typedef bool stays_fn(const struct mr_restore *r, const char *what, size_t number, const void *it);

/* Of the same order in both lists. */
static void part_tables(struct mr_restore *r, struct mr_restore_table *all, size_t count,
                        stays_fn *stays)
{
    r->ntables = r->nkept = 0;
    for (size_t i = 0; i < count; i++) {
        if (stays(r, "table", all[i].snap->number, &all[i]))
            r->kept_tables[r->nkept++] = all[i];
        else
            r->tables[r->ntables++] = all[i];
    }
}

static enum mr_code note_trigger(struct mr_restore *r, const struct mr_snap_object *o,
                                 struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&note, "\"%s\": not made: its table \"%s\" was there, without it", o->file,
                      o->table);
    enum mr_code code = mr_strbuf_check(&note, "restoring", err);
    if (code == MR_OK)
        code = mr_restore_note(r, note.ptr, err);
    mr_strbuf_release(&note);
    return code;
}

static enum mr_code part(struct mr_restore *r, stays_fn *stays, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    struct mr_restore_table *all = r->tables;
    const size_t count = r->ntables;
    r->tables = mr_arena_calloc(&r->arena, count + 1, sizeof *all);
    r->kept_tables = mr_arena_calloc(&r->arena, count + 1, sizeof *all);
    r->kept = NULL;
    bool *kept = mr_arena_calloc(&r->arena, m->nobjects + 1, sizeof *kept);
    if (r->tables == NULL || r->kept_tables == NULL || kept == NULL)
        return mr_err_nomem(err, "restoring");
    part_tables(r, all, count, stays);
    for (size_t i = 0; i < m->nobjects; i++) {
        const struct mr_snap_object *o = &m->objects[i];
        if (o->kind == MR_OBJECT_DATABASE || !mr_restore_wants_object(r, o))
            continue;
        kept[i] = is_on_kept(r, o) || stays(r, "object", i, o);
        if (is_on_kept(r, o) && !has_trigger(r, o))
            MR_TRY(note_trigger(r, o, err));
    }
    r->kept = kept;
    return MR_OK;
}

static bool stays_there(const struct mr_restore *r, const char *what, size_t number, const void *it)
{
    (void)number;
    return strcmp(what, "table") == 0 ? is_table_there(r, it) : is_object_there(r, it);
}

static bool stayed(const struct mr_restore *r, const char *what, size_t number, const void *it)
{
    const struct line line = line_of(what, number);
    (void)it;
    return mr_restore_is_done(r, line.text);
}

enum mr_code mr_restore_keep(struct mr_restore *r, struct mr_err *err)
{
    return part(r, stays_there, err);
}

enum mr_code mr_restore_keep_again(struct mr_restore *r, struct mr_err *err)
{
    return part(r, stayed, err);
}

bool mr_restore_is_kept(const struct mr_restore *r, const struct mr_snap_object *o)
{
    return r->kept != NULL && r->kept[o - r->snap.manifest.objects];
}

void mr_restore_kept_lines(struct mr_restore *r, mr_restore_line_fn *line, void *ctx)
{
    for (size_t i = 0; i < r->nkept; i++) {
        const struct line table = line_of("table", r->kept_tables[i].snap->number);
        line(ctx, table.text);
    }
    for (size_t i = 0; r->kept != NULL && i < r->snap.manifest.nobjects; i++) {
        const struct line object = line_of("object", i);
        if (r->kept[i])
            line(ctx, object.text);
    }
}
