/* snap_keys.c: see snap_keys.h. */
#include "snapshot/read/snap_keys.h"

#include <errno.h>
#include <string.h>

#include "core/file/cms.h"
#include "core/file/io.h"
#include "core/file/sign.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/read/snap_rows.h"

#define SIGNATURE_MAX_BYTES ((size_t)1 << 20)

/* ---- encrypted rows ---- */

bool mr_snap_is_encrypted(const struct mr_snap *snap)
{
    return snap->manifest.nrecipients > 0;
}

enum mr_code mr_snap_no_key(const struct mr_snap *snap, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CERT, "the rows of snapshot \"%s\" are encrypted", snap->path);
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

/* A file that is damaged, or holds no frame, says nothing about the key; whoever reads it
 * finds that. */
static enum mr_code try_key(const struct mr_snap *snap, struct mr_err *err)
{
    const struct mr_snap_chunk *chunk = smallest(&snap->manifest);
    struct mr_snap_text *text = NULL;
    struct mr_err why = {0};
    const char *reason = NULL;
    if (chunk == NULL)
        return MR_OK;
    const struct mr_snap_file file = {chunk->file, chunk->stored_bytes, chunk->sha256};
    enum mr_code code = mr_snap_check_file(snap, &file, true, &reason, err);
    if (code == MR_OK && reason == NULL)
        code = mr_snap_text_open(snap, chunk, &text, &why);
    mr_snap_text_close(text);
    if (code == MR_E_IO && why.code == code && why.sys_errno == 0)
        return MR_OK;
    if (why.code != MR_OK && err != NULL)
        *err = why;
    return code;
}

enum mr_code mr_snap_unlock(struct mr_snap *snap, const char *key_path, struct mr_err *err)
{
    if (key_path == NULL)
        return mr_snap_is_encrypted(snap) ? mr_snap_no_key(snap, err) : MR_OK;
    mr_cms_key_free(snap->key);
    enum mr_code code = mr_cms_key_load(key_path, &snap->key, err);
    return code == MR_OK && mr_snap_is_encrypted(snap) ? try_key(snap, err) : code;
}

/* ---- signature ---- */

/* What is no signature at all is damage too. */
static enum mr_code read_signature(const struct mr_snap *snap, struct mr_strbuf *out,
                                   const char **reason, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct mr_err why = {0};
    mr_snap_path(&path, snap, MR_SNAP_SIGNATURE);
    enum mr_code code = mr_strbuf_check(&path, "reading a snapshot", err);
    if (code == MR_OK)
        code = mr_io_read_part(path.ptr, SIGNATURE_MAX_BYTES, out, &why);
    mr_strbuf_release(&path);
    if (code != MR_E_IO)
        return code;
    *reason = why.sys_errno == ENOENT ? "is missing" : NULL;
    if (*reason == NULL && why.sys_errno == 0)
        *reason = "is no signature";
    if (*reason != NULL)
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

/* A bad signature is damage, and not an error: verify is to list it beside all else that is
 * wrong. Whether it is the right signer's is asked elsewhere; here only that the key in the
 * manifest has signed it. */
enum mr_code mr_snap_check_signature(struct mr_snap *snap, const struct mr_strbuf *text,
                                     struct mr_err *err)
{
    struct mr_strbuf der = MR_STRBUF_INIT, signature = MR_STRBUF_INIT;
    const struct mr_key *signer = &snap->manifest.signer;
    const char *reason = NULL;
    if (signer->ptr == NULL)
        return MR_OK;
    enum mr_code code = read_signature(snap, &signature, &reason, err);
    mr_strbuf_add(&der, signer->ptr, signer->len);
    if (code == MR_OK)
        code = mr_strbuf_check(&der, "reading a snapshot", err);
    if (code == MR_OK && reason == NULL) {
        code = mr_sign_check_public(&der, text->ptr, text->len, &signature, err);
        if (code == MR_E_REFUSED || code == MR_E_CERT)
            reason = "is no signature of manifest.json";
    }
    if (reason != NULL)
        code = mr_snap_add_damage(snap, MR_SNAP_SIGNATURE, reason, err);
    mr_strbuf_release(&der);
    mr_strbuf_release(&signature);
    return code;
}

enum mr_code mr_snap_require_signer(struct mr_snap *snap, const char *cert_path, struct mr_err *err)
{
    const struct mr_key *signer = &snap->manifest.signer;
    struct mr_strbuf der = MR_STRBUF_INIT;
    enum mr_code code = mr_sign_public_of(cert_path, &der, err);
    if (code == MR_OK && snap->has_manifest && signer->ptr == NULL)
        code = mr_snap_add_damage(snap, MR_SNAP_MANIFEST, "is not signed", err);
    else if (code == MR_OK && snap->has_manifest &&
             (signer->len != der.len || memcmp(signer->ptr, der.ptr, der.len) != 0))
        code = mr_snap_add_damage(snap, MR_SNAP_MANIFEST, "is signed by another key", err);
    mr_strbuf_release(&der);
    return code;
}
