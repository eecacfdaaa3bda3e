/* snap_places.c: see snap_places.h. */
#include "snapshot/read/snap_places.h"

#include <stdlib.h>
#include <string.h>

#include "core/file/io.h"
#include "snapshot/format/snap_schema.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)

enum mr_code mr_snap_read_statement(const struct mr_snap *snap, const char *file,
                                    const struct mr_snap_place *place,
                                    struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    const char *statement = NULL;
    size_t len = 0;
    mr_snap_path(&path, snap, file);
    enum mr_code code = mr_strbuf_check(&path, "reading a statement", err);
    if (code == MR_OK)
        code = mr_io_read_part(path.ptr, FILE_MAX_BYTES, &text, err);
    if (code == MR_OK && !mr_snap_statement_read(text.ptr, text.len, &statement, &len))
        code = mr_err_set(err, MR_E_SNAPSHOT, "it holds no statement");
    if (code == MR_OK)
        code = mr_snap_place(place, statement, len, out, err);
    mr_strbuf_release(&path);
    mr_strbuf_release(&text);
    return code;
}

static int compare_names(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static enum mr_code list_files(const struct mr_snap_manifest *m, struct mr_vec *files,
                               struct mr_err *err)
{
    for (size_t i = 0; i < m->nfiles; i++) {
        const char **name = mr_vec_push(files);
        if (name == NULL)
            return mr_err_nomem(err, "reading a snapshot");
        *name = m->files[i].name;
    }
    if (files->count > 1)
        qsort(files->items, files->count, sizeof(const char *), compare_names);
    return MR_OK;
}

static bool is_listed(const struct mr_vec *files, const char *file)
{
    return files->count > 0 && bsearch(&file, files->items, files->count,
                                       sizeof(const char *), compare_names) != NULL;
}

static enum mr_code check(struct mr_snap *snap, const struct mr_vec *files,
                          const char *file, const struct mr_snap_place *place,
                          struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err why = {0};
    if (!is_listed(files, file))
        return mr_snap_add_damage(snap, file,
                                  "is named by an object, and is none of its files", err);
    enum mr_code code = mr_snap_read_statement(snap, file, place, &sql, &why);
    mr_strbuf_release(&sql);
    if (code == MR_E_SNAPSHOT)
        return mr_snap_add_damage(snap, file, why.message, err);
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

static enum mr_code check_all(struct mr_snap *snap, const struct mr_vec *files,
                              struct mr_err *err)
{
    const struct mr_snap_manifest *m = &snap->manifest;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < m->ntables; i++) {
        const struct mr_snap_table *t = &m->tables[i];
        struct mr_snap_place place = mr_snap_table_place(t);
        code = check(snap, files, t->schema_file, &place, err);
        place = mr_snap_keys_place(t);
        if (code == MR_OK && t->keys_file != NULL)
            code = check(snap, files, t->keys_file, &place, err);
    }
    for (size_t i = 0; code == MR_OK && i < m->nobjects; i++) {
        const struct mr_snap_place place = mr_snap_object_place(&m->objects[i]);
        code = check(snap, files, m->objects[i].file, &place, err);
    }
    return code;
}

enum mr_code mr_snap_check_places(struct mr_snap *snap, struct mr_err *err)
{
    struct mr_vec files = MR_VEC_INIT(const char *);
    enum mr_code code = MR_OK;
    if (snap->damage.count == 0) {
        code = list_files(&snap->manifest, &files, err);
        if (code == MR_OK)
            code = check_all(snap, &files, err);
    }
    mr_vec_release(&files);
    return code;
}
