/* snap_out.c: writing one file of a snapshot; see snap_dir.h. */
#include <errno.h>
#include <stdlib.h>

#include "core/file/cms.h"
#include "core/file/compress.h"
#include "core/file/io.h"
#include "snapshot/format/snap_dir.h"

/* A file of so many bytes goes to the disk when it is done, so that not all of them do at the end. */
#define SYNCED_BYTES ((uint64_t)1 << 20)

struct mr_snap_out {
    struct mr_io_file *file;
    struct mr_sha256 hash;        /* of what is stored */
    struct mr_cms *cms;           /* NULL: stored as it is */
    struct mr_compress *compress; /* NULL likewise */
    uint64_t stored_bytes;
};

static void hint_full(struct mr_err *err)
{
    if (err != NULL && (err->sys_errno == ENOSPC || err->sys_errno == EDQUOT))
        mr_err_hint(err, "Free some space there, and run the same command again: it goes "
                         "on where it was.");
}

/* The bottom: what is to lie in the file. */
static enum mr_code store(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct mr_snap_out *out = arg;
    mr_sha256_add(&out->hash, ptr, len);
    out->stored_bytes += len;
    enum mr_code code = mr_io_write(out->file, ptr, len, err);
    if (code != MR_OK)
        hint_full(err);
    return code;
}

static enum mr_code encrypt(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct mr_snap_out *out = arg;
    return mr_cms_write(out->cms, ptr, len, err);
}

/* From the disk upwards: what is hashed is what lies there, encrypted and compressed, since that
 * is what sha256sum can prove. */
static enum mr_code open_layers(struct mr_snap_out *out, const struct mr_snap_dir *dir,
                                const char *name, const char *path, int level, struct mr_err *err)
{
    struct mr_sink sink = {.write = store, .arg = out};
    size_t count = 0;
    const struct mr_recipient *const *recipients = mr_snap_dir_recipients(dir, &count);
    enum mr_code code = mr_sha256_init(&out->hash, err);
    if (code == MR_OK)
        code = mr_io_begin_new(mr_snap_dir_folder(dir, name), path, 0600, &out->file, err);
    if (code != MR_OK)
        hint_full(err);
    if (code == MR_OK && mr_snap_name_is_encrypted(path)) {
        code = count > 0 ? mr_cms_new_for(recipients, count, sink, &out->cms, err)
                         : mr_err_set(err, MR_E_BUG, "nobody to encrypt to");
        sink = (struct mr_sink){.write = encrypt, .arg = out};
    }
    if (code == MR_OK && level != 0)
        code = mr_compress_new_level(sink, level, &out->compress, err);
    return code;
}

enum mr_code mr_snap_out_open(const struct mr_snap_dir *dir, const char *name, int level,
                              struct mr_snap_out **out, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return mr_err_nomem(err, "writing a snapshot");
    mr_strbuf_add_fmt(&path, "%s/%s", mr_snap_dir_partial(dir), name);
    enum mr_code code = mr_strbuf_check(&path, "writing a snapshot", err);
    if (code == MR_OK)
        code = open_layers(*out, dir, name, path.ptr, level, err);
    mr_strbuf_release(&path);
    if (code != MR_OK) {
        mr_snap_out_abandon(*out);
        *out = NULL;
    }
    return code;
}

enum mr_code mr_snap_out_write(struct mr_snap_out *out, const void *ptr, size_t len,
                               struct mr_err *err)
{
    if (out->compress != NULL)
        return mr_compress_write(out->compress, ptr, len, err);
    return out->cms != NULL ? mr_cms_write(out->cms, ptr, len, err) : store(out, ptr, len, err);
}

/* Small ones are on the disk when the snapshot is published (mr_snap_dir_publish). */
enum mr_code mr_snap_out_close(struct mr_snap_out *out, struct mr_snap_stored *stored,
                               struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (out->compress != NULL)
        code = mr_compress_finish(out->compress, err);
    if (code == MR_OK && out->cms != NULL)
        code = mr_cms_finish(out->cms, err);
    if (code == MR_OK)
        code = out->stored_bytes < SYNCED_BYTES ? mr_io_commit_unsynced(out->file, err)
                                                : mr_io_commit(out->file, err);
    if (code != MR_OK)
        hint_full(err);
    if (code == MR_OK) {
        mr_sha256_finish(&out->hash, stored->sha256);
        stored->bytes = out->stored_bytes;
    }
    mr_snap_out_abandon(out);
    return code;
}

void mr_snap_out_abandon(struct mr_snap_out *out)
{
    if (out == NULL)
        return;
    mr_compress_free(out->compress);
    mr_cms_free(out->cms);
    mr_sha256_release(&out->hash);
    mr_io_free(out->file);
    free(out);
}
