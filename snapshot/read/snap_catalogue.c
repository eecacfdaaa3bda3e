/* snap_catalogue.c: see snap_catalogue.h. */
#include "snapshot/read/snap_catalogue.h"

#include <string.h>

#include "core/file/io.h"
#include "core/schema/catalogue_json.h"

#define CATALOGUE_MAX_BYTES ((size_t)1 << 30)

/* ---- writing ---- */

/* Only what is kept: whoever compares the snapshot with a server would take an object that was
 * not chosen for one that was lost. */
enum mr_code mr_snap_catalogue_write(struct mr_snap_schema *s, const struct mr_table *tables,
                                     size_t ntables, struct mr_err *err)
{
    struct mr_catalogue kept = *s->cat;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_object *objects = mr_arena_calloc(s->arena, kept.nobjects + 1, sizeof *objects);
    struct mr_database *dbs = mr_arena_calloc(s->arena, kept.ndbs + 1, sizeof *dbs);
    if (objects == NULL || dbs == NULL)
        return mr_err_nomem(err, "writing the catalogue");
    kept.tables = tables;
    kept.ntables = ntables;
    kept.objects = objects;
    kept.nobjects = 0;
    kept.dbs = dbs;
    kept.ndbs = 0;
    for (size_t i = 0; i < s->cat->nobjects; i++)
        if (mr_snap_schema_wants(s, &s->cat->objects[i]))
            objects[kept.nobjects++] = s->cat->objects[i];
    for (size_t i = 0; i < s->cat->ndbs; i++)
        if (mr_snap_schema_wants_db(s, s->cat->dbs[i].name))
            dbs[kept.ndbs++] = s->cat->dbs[i];
    enum mr_code code = mr_catalogue_json_write(&kept, &text, err);
    if (code == MR_OK)
        code = mr_snap_schema_add_file(s, MR_SNAP_CATALOGUE, &text, err);
    mr_strbuf_release(&text);
    return code;
}

/* ---- reading ---- */

/* what, name: of the table; what NULL: it is the table itself. */
static enum mr_code lacks(const struct mr_snap_table *t, const char *what, const char *name,
                          struct mr_err *err)
{
    if (what == NULL)
        return mr_err_set(err, MR_E_SNAPSHOT, "%s does not have table \"%s.%s\"", MR_SNAP_CATALOGUE,
                          t->db, t->name);
    return mr_err_set(err, MR_E_SNAPSHOT, "%s does not have %s \"%s\" of \"%s.%s\"",
                      MR_SNAP_CATALOGUE, what, name, t->db, t->name);
}

static enum mr_code check_tables(const struct mr_snap_manifest *m, const struct mr_catalogue *cat,
                                 struct mr_err *err)
{
    for (size_t i = 0; i < m->ntables; i++) {
        const struct mr_snap_table *t = &m->tables[i];
        const struct mr_table *found = mr_catalogue_table(cat, t->db, t->name);
        if (found == NULL)
            return lacks(t, NULL, NULL, err);
        for (size_t k = 0; k < t->ncolumns; k++)
            if (mr_table_column(found, t->columns[k].name) == NULL)
                return lacks(t, "column", t->columns[k].name, err);
        if (t->index != NULL && mr_table_index(found, t->index) == NULL)
            return lacks(t, "index", t->index, err);
    }
    return MR_OK;
}

static enum mr_code read_proved(const struct mr_snap *snap, struct mr_strbuf *text,
                                struct mr_err *err)
{
    const struct mr_snap_file *file = mr_snap_find_file(snap, MR_SNAP_CATALOGUE);
    MR_TRY(mr_snap_require_whole(snap, err));
    if (file == NULL)
        return mr_err_set(err, MR_E_SNAPSHOT, "snapshot \"%s\" has no %s", snap->path,
                          MR_SNAP_CATALOGUE);
    return mr_snap_read_file(snap, file, CATALOGUE_MAX_BYTES, text, err);
}

/* It must agree with the manifest on each table: rows are read by the one and understood by the
 * other. */
enum mr_code mr_snap_catalogue_load(const struct mr_snap *snap, struct mr_catalogue **out,
                                    struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    *out = NULL;
    enum mr_code code = read_proved(snap, &text, err);
    if (code == MR_OK)
        code = mr_catalogue_json_read(text.ptr, text.len, MR_SNAP_CATALOGUE, out, err);
    mr_strbuf_release(&text);
    if (code == MR_OK)
        code = check_tables(&snap->manifest, *out, err);
    if (code != MR_OK) {
        mr_catalogue_free(*out);
        *out = NULL;
    }
    return code;
}
