/* snap_store.c: see snap_store.h. */
#include "snapshot/read/snap_store.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot/read/snap_chain.h"
#include "snapshot/read/snap_keys.h"

/* What is wrong with a snapshot is no error of the machine that reads it. */
static enum mr_code as_damage(const struct mr_snap_store *store, enum mr_code code,
                              struct mr_err *err)
{
    if (code != MR_E_IO)
        return code;
    mr_err_context(err, "snapshot \"%s\"", store->snap.path);
    if (err != NULL)
        err->code = MR_E_SNAPSHOT;
    return MR_E_SNAPSHOT;
}

static enum mr_code fail(const struct mr_snap_store *store, const char *file, const char *reason,
                         struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_SNAPSHOT, "snapshot \"%s\" is damaged: file \"%s\" %s",
                     store->snap.path, file, reason);
    mr_err_hint(err, "\"myrecon snapshot verify\" lists all damage.");
    return MR_E_SNAPSHOT;
}

/* What contradicts itself is refused before the first row: later, a part of it would have been
 * taken for true. */
enum mr_code mr_snap_store_open(struct mr_snap_store *store, const char *path, const char *key_path,
                                struct mr_err *err)
{
    size_t chunks = 0;
    *store = (struct mr_snap_store){.first = NULL};
    enum mr_code code = mr_snap_open(path, &store->snap, err);
    const struct mr_snap_manifest *m = &store->snap.manifest;
    const struct mr_snap_damage *damage = mr_vec_at(&store->snap.damage, 0);
    if (code == MR_OK && store->snap.damage.count > 0)
        code = fail(store, damage->file, damage->reason, err);
    if (code == MR_OK)
        code = mr_snap_refuse_chained(&store->snap, err);
    if (code == MR_OK)
        code = mr_snap_unlock(&store->snap, key_path, err);
    if (code != MR_OK)
        return code;
    for (size_t i = 0; i < m->ntables; i++) {
        const char *wrong = NULL;
        mr_snap_check_table(&m->tables[i], &wrong);
        if (wrong != NULL)
            return mr_err_set(err, MR_E_SNAPSHOT,
                              "snapshot \"%s\" contradicts itself: table \"%s.%s\" %s", path,
                              m->tables[i].db, m->tables[i].name, wrong);
    }
    size_t *first = mr_arena_calloc(&store->snap.arena, m->ntables + 1, sizeof *first);
    for (size_t i = 0; first != NULL && i < m->ntables; i++) {
        first[i] = chunks;
        chunks += m->tables[i].nchunks;
    }
    store->first = first;
    store->proved = calloc(chunks + 1, sizeof *store->proved);
    return first != NULL && store->proved != NULL ? MR_OK : mr_err_nomem(err, "opening a snapshot");
}

void mr_snap_store_close(struct mr_snap_store *store)
{
    free(store->proved);
    store->proved = NULL;
    mr_snap_close(&store->snap);
}

const struct mr_snap_table *mr_snap_store_table(const struct mr_snap_store *store, const char *db,
                                                const char *name)
{
    const struct mr_snap_manifest *m = &store->snap.manifest;
    for (size_t i = 0; i < m->ntables; i++)
        if (strcmp(m->tables[i].db, db) == 0 && strcmp(m->tables[i].name, name) == 0)
            return &m->tables[i];
    return NULL;
}

static enum mr_code prove(const struct mr_snap_store *store, const struct mr_snap_chunk *c,
                          struct mr_err *err)
{
    const struct mr_snap_file file = {
        .name = c->file, .bytes = c->stored_bytes, .sha256 = c->sha256};
    const char *reason = NULL;
    enum mr_code code = mr_snap_check_file(&store->snap, &file, true, &reason, err);
    if (code == MR_OK && reason != NULL)
        code = fail(store, file.name, reason, err);
    return as_damage(store, code, err);
}

enum mr_code mr_snap_store_prove(struct mr_snap_store *store, const struct mr_snap_table *table,
                                 size_t chunk, struct mr_err *err)
{
    size_t at = (size_t)(table - store->snap.manifest.tables);
    atomic_bool *proved = &store->proved[store->first[at] + chunk];
    if (atomic_load(proved))
        return MR_OK;
    MR_TRY(prove(store, &table->chunks[chunk], err));
    atomic_store(proved, true);
    return MR_OK;
}

enum mr_code mr_snap_store_rows(struct mr_snap_store *store, const struct mr_snap_table *table,
                                size_t chunk, struct mr_snap_rows **out, struct mr_err *err)
{
    *out = NULL;
    MR_TRY(mr_snap_store_prove(store, table, chunk, err));
    enum mr_code code = mr_snap_rows_open(&store->snap, table, &table->chunks[chunk], out, err);
    return as_damage(store, code, err);
}

enum mr_code mr_snap_store_next(const struct mr_snap_store *store, struct mr_snap_rows *rows,
                                const struct mr_value **values, struct mr_err *err)
{
    return as_damage(store, mr_snap_rows_next(rows, values, err), err);
}
