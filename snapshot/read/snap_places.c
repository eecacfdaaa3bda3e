/* snap_places.c: see snap_places.h. */
#include "snapshot/read/snap_places.h"

#include "snapshot/format/snap_schema.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)

/* The one way from a file to a statement: whatever runs it gets only what makes that object, in
 * its own database. */
enum mr_code mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                    const struct mr_snap_place *place, struct mr_strbuf *out,
                                    struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *statement = NULL;
    size_t len = 0;
    const struct mr_snap_file *file = mr_snap_find_file(snap, name);
    enum mr_code code =
        file != NULL
            ? mr_snap_read_file(snap, file, FILE_MAX_BYTES, &text, err)
            : mr_err_set(err, MR_E_SNAPSHOT, "is named by an object, and is none of its files");
    if (code == MR_OK && !mr_snap_statement_read(text.ptr, text.len, &statement, &len))
        code = mr_err_set(err, MR_E_SNAPSHOT, "it holds no statement");
    if (code == MR_OK)
        code = mr_snap_place(place, statement, len, out, err);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code check(struct mr_snap *snap, const char *file, const struct mr_snap_place *place,
                          struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = mr_snap_read_statement(snap, file, place, &sql, &why);
    mr_strbuf_release(&sql);
    if (code == MR_E_SNAPSHOT)
        return mr_snap_add_damage(snap, file, why.message, err);
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

const char *mr_snap_object_pattern_name(const struct mr_snap_object *o)
{
    const char *name = o->name;
    if (o->kind == MR_OBJECT_TRIGGER && o->table != NULL)
        return o->table;
    (void)mr_object_sql(o->kind, o->name, &name);
    return name;
}

static enum mr_code check_table(struct mr_snap *snap, const struct mr_snap_table *t,
                                struct mr_err *err)
{
    struct mr_snap_place place = mr_snap_table_place(t);
    enum mr_code code = check(snap, t->schema_file, &place, err);
    place = mr_snap_keys_place(t);
    return code == MR_OK && t->keys_file != NULL ? check(snap, t->keys_file, &place, err) : code;
}

/* Where files are damaged that is told first: their statements prove nothing. */
enum mr_code mr_snap_check_places(struct mr_snap *snap, mr_snap_wants_fn *wants, const void *ctx,
                                  struct mr_err *err)
{
    const struct mr_snap_manifest *m = &snap->manifest;
    if (snap->damage.count > 0)
        return MR_OK;
    for (size_t i = 0; i < m->ntables; i++)
        if (wants == NULL || wants(ctx, m->tables[i].db, m->tables[i].name))
            MR_TRY(check_table(snap, &m->tables[i], err));
    for (size_t i = 0; i < m->nobjects; i++) {
        const struct mr_snap_object *o = &m->objects[i];
        const struct mr_snap_place place = mr_snap_object_place(o);
        if (wants == NULL || o->kind == MR_OBJECT_DATABASE ||
            wants(ctx, o->db, mr_snap_object_pattern_name(o)))
            MR_TRY(check(snap, o->file, &place, err));
    }
    return MR_OK;
}
