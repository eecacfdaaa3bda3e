/* snap_keys.c: see snap_keys.h. */
#include "snapshot/snap_keys.h"

#include "core/cms.h"
#include "snapshot/snap_rows.h"

bool mr_snap_is_encrypted(const struct mr_snap *snap)
{
    return snap->manifest.nrecipients > 0;
}

enum mr_code mr_snap_no_key(const struct mr_snap *snap, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CERT, "the rows of snapshot \"%s\" are encrypted",
                     snap->path);
    mr_err_hint(err, "Give the private key: --decrypt-with KEY.pem, or "
                     "snapshot:DIR?key=KEY.pem; \"myrecon snapshot list\" says of which "
                     "certificates.");
    return MR_E_CERT;
}

static const struct mr_snap_chunk *smallest(const struct mr_snap_manifest *m)
{
    const struct mr_snap_chunk *found = NULL;
    for (size_t i = 0; i < m->ntables; i++)
        for (size_t k = 0; k < m->tables[i].nchunks; k++) {
            const struct mr_snap_chunk *c = &m->tables[i].chunks[k];
            if (found == NULL || c->stored_bytes < found->stored_bytes)
                found = c;
        }
    return found;
}

/* A file that is damaged says nothing about the key; whoever reads it finds the damage. */
static enum mr_code try_key(const struct mr_snap *snap, struct mr_err *err)
{
    const struct mr_snap_chunk *chunk = smallest(&snap->manifest);
    struct mr_snap_text *text = NULL;
    const char *reason = NULL;
    if (chunk == NULL)
        return MR_OK;
    const struct mr_snap_file file = {chunk->file, chunk->stored_bytes, chunk->sha256};
    enum mr_code code = mr_snap_check_file(snap, &file, true, &reason, err);
    if (code == MR_OK && reason == NULL)
        code = mr_snap_text_open(snap, chunk, &text, err);
    mr_snap_text_close(text);
    return code;
}

enum mr_code mr_snap_unlock(struct mr_snap *snap, const char *key_path,
                            struct mr_err *err)
{
    if (key_path == NULL)
        return mr_snap_is_encrypted(snap) ? mr_snap_no_key(snap, err) : MR_OK;
    mr_cms_key_free(snap->key);
    enum mr_code code = mr_cms_key_load(key_path, &snap->key, err);
    return code == MR_OK && mr_snap_is_encrypted(snap) ? try_key(snap, err) : code;
}
