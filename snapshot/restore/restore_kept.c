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

/* The table of a trigger, if it stays. */
static const struct mr_restore_table *kept_of(const struct mr_restore *r,
                                              const struct mr_snap_object *o)
{
    if (o->kind != MR_OBJECT_TRIGGER || o->table == NULL)
        return NULL;
    return mr_restore_kept_of(r, o->db, o->table);
}

static bool has_trigger(const struct mr_restore *r, const struct mr_restore_table *kept,
                        const char *name)
{
    const struct mr_table *t = mr_catalogue_meant(r->cat, kept->db, kept->snap->name);
    for (size_t i = 0; t != NULL && i < t->ntriggers; i++)
        if (strcasecmp(t->triggers[i].name, name) == 0)
            return true;
    return false;
}

/* Beside the table that it was made from a renamed one finds the names of its triggers taken. */
static bool is_trigger_there(const struct mr_restore *r, const struct mr_snap_object *o)
{
    const struct mr_restore_table *t =
        o->table != NULL ? mr_restore_table_of(r, o->db, o->table) : NULL;
    for (size_t i = 0; t != NULL && mr_restore_is_renamed(t) && i < r->cat->ntables; i++)
        for (size_t k = 0; k < r->cat->tables[i].ntriggers; k++)
            if (same_name(r, r->cat->tables[i].db, t->db) &&
                strcasecmp(r->cat->tables[i].triggers[k].name, o->name) == 0)
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
    const struct mr_restore_table *kept = kept_of(r, o);
    struct mr_strbuf note = MR_STRBUF_INIT;
    if (kept != NULL && has_trigger(r, kept, o->name))
        return MR_OK;
    mr_strbuf_add_fmt(&note, "\"%s\": not made: ", o->file);
    if (kept != NULL)
        mr_strbuf_add_fmt(&note, "its table \"%s\" was there, without it", kept->snap->name);
    else
        mr_strbuf_add_str(&note, "another table has a trigger of that name");
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
        kept[i] = kept_of(r, o) != NULL || stays(r, "object", i, o);
        if (kept[i] && o->kind == MR_OBJECT_TRIGGER)
            MR_TRY(note_trigger(r, o, err));
    }
    r->kept = kept;
    return MR_OK;
}

static bool stays_there(const struct mr_restore *r, const char *what, size_t number, const void *it)
{
    (void)number;
    const struct mr_snap_object *o = it;
    if (strcmp(what, "table") == 0)
        return is_table_there(r, it);
    return o->kind == MR_OBJECT_TRIGGER ? is_trigger_there(r, o) : is_object_there(r, o);
}

static bool stayed(const struct mr_restore *r, const char *what, size_t number, const void *it)
{
    const struct line line = line_of(what, number);
    (void)it;
    return mr_restore_is_done(r, line.text);
}

/* One that lacks a column of the snapshot's is another table, or of another time: what is missing
 * could not be added beside it in good faith. */
static enum mr_code require_columns(const struct mr_restore_table *t, const struct mr_table *there,
                                    struct mr_err *err)
{
    for (size_t i = 0; i < t->snap->ncolumns; i++) {
        if (mr_table_column(there, t->snap->columns[i].name) != NULL)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "table \"%s.%s\" is there, and is another one than the snapshot's: it has "
                         "no column \"%s\"",
                         t->db, t->snap->name, t->snap->columns[i].name);
        mr_err_hint(err, "Nothing was changed. Leave it out (--exclude), restore under another "
                         "name (--rename), or drop what is there with --into-existing replace.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

enum mr_code mr_restore_keep(struct mr_restore *r, struct mr_err *err)
{
    for (size_t i = 0; i < r->ntables; i++) {
        const struct mr_restore_table *t = &r->tables[i];
        const struct mr_table *there = mr_catalogue_meant(r->cat, t->db, t->snap->name);
        if (there != NULL)
            MR_TRY(require_columns(t, there, err));
    }
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
