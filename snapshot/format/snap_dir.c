/* snap_dir.c: see snap_dir.h. */
#include "snapshot/format/snap_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/file/io.h"
#include "core/file/new_dir.h"
#include "core/file/sign.h"
#include "snapshot/format/snap_manifest.h"

#define DATA "data" /* whose files a run that goes on may keep */

static const char *const folders[] = {DATA, "schema"};
#define FOLDERS (sizeof folders / sizeof *folders)

struct mr_snap_dir {
    struct mr_arena arena;
    struct mr_new_dir building;
    int folder_fd[FOLDERS]; /* -1: not made yet */
    const struct mr_recipient *const *recipients;
    size_t nrecipients;
};

const char *mr_snap_dir_partial(const struct mr_snap_dir *dir)
{
    return dir->building.partial;
}

void mr_snap_dir_encrypt_to(struct mr_snap_dir *dir, const struct mr_recipient *const *recipients,
                            size_t count)
{
    dir->recipients = recipients;
    dir->nrecipients = count;
}

const struct mr_recipient *const *mr_snap_dir_recipients(const struct mr_snap_dir *dir,
                                                         size_t *count)
{
    *count = dir->nrecipients;
    return dir->recipients;
}

bool mr_snap_dir_is_own(const char *name)
{
    static const char *const names[] = {MR_SNAP_MANIFEST,  MR_SNAP_MANIFEST_SUM,
                                        MR_SNAP_SIGNATURE, MR_SNAP_CATALOGUE,
                                        MR_SNAP_JOURNAL,   "restore.sql",
                                        "RESTORE.txt",     MR_SNAP_SUMS,
                                        MR_SNAP_COUNTS,    DATA,
                                        "schema"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, ".myrecon-", 9) == 0;
}

static const struct mr_new_dir_kind snapshot_kind = {"directory", "snapshot", mr_snap_dir_is_own};

/* What is to be done with the entries of a folder of the directory. */
struct visit {
    const struct mr_snap_dir *dir;
    const char *folder;
    mr_snap_keep_fn *keep; /* NULL: nothing is kept */
    const void *ctx;
};

static bool is_kept(const struct visit *visit, const char *name)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    if (visit->keep == NULL)
        return false;
    if (strcmp(visit->folder, ".") != 0)
        mr_strbuf_add_fmt(&path, "%s/", visit->folder);
    mr_strbuf_add_str(&path, name);
    /* what cannot be told is kept: it is found when the snapshot is verified */
    bool kept = path.failed || visit->keep(visit->ctx, path.ptr);
    mr_strbuf_release(&path);
    return kept;
}

static enum mr_code remove_file(void *ctx, int folder_fd, const char *name, struct mr_err *err)
{
    const struct visit *visit = ctx;
    if (is_kept(visit, name))
        return MR_OK;
    if (unlinkat(folder_fd, name, 0) == 0 || errno == ENOENT || errno == EISDIR)
        return MR_OK;
    return mr_new_dir_fail("clear away what an earlier run left in", visit->dir->building.partial,
                           err);
}

enum mr_code mr_snap_dir_sweep(struct mr_snap_dir *dir, mr_snap_keep_fn *keep, const void *ctx,
                               struct mr_err *err)
{
    struct visit visit = {.dir = dir, .keep = keep, .ctx = ctx};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < FOLDERS; i++) {
        visit.folder = folders[i];
        code = mr_new_dir_each(&dir->building, visit.folder, remove_file, &visit, err);
    }
    visit.folder = ".";
    return code == MR_OK ? mr_new_dir_each(&dir->building, ".", remove_file, &visit, err) : code;
}

enum mr_code mr_snap_dir_clear(struct mr_snap_dir *dir, struct mr_err *err)
{
    return mr_snap_dir_sweep(dir, NULL, NULL, err);
}

enum mr_code mr_snap_dir_remove(const struct mr_snap_dir *dir, const char *name, struct mr_err *err)
{
    if (unlinkat(dir->building.fd, name, 0) == 0 || errno == ENOENT)
        return MR_OK;
    return mr_new_dir_fail("remove a file of", dir->building.partial, err);
}

static enum mr_code make_folders(struct mr_snap_dir *dir, struct mr_err *err)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    for (size_t i = 0; i < FOLDERS; i++) {
        if (mkdirat(dir->building.fd, folders[i], 0700) != 0 && errno != EEXIST)
            return mr_new_dir_fail("create a folder of", dir->building.partial, err);
        dir->folder_fd[i] = openat(dir->building.fd, folders[i], flags);
        if (dir->folder_fd[i] < 0)
            return mr_new_dir_fail("open a folder of", dir->building.partial, err);
    }
    return MR_OK;
}

int mr_snap_dir_folder(const struct mr_snap_dir *dir, const char *name)
{
    for (size_t i = 0; i < FOLDERS; i++) {
        const size_t len = strlen(folders[i]);
        if (strncmp(name, folders[i], len) == 0 && name[len] == '/')
            return dir->folder_fd[i];
    }
    return dir->building.fd;
}

enum mr_code mr_snap_dir_begin(const char *path, struct mr_snap_dir **out, struct mr_err *err)
{
    struct mr_snap_dir *dir = calloc(1, sizeof *dir);
    *out = NULL;
    if (dir == NULL)
        return mr_err_nomem(err, "writing a snapshot");
    mr_arena_init(&dir->arena);
    for (size_t i = 0; i < FOLDERS; i++)
        dir->folder_fd[i] = -1;
    enum mr_code code = mr_new_dir_begin(&dir->building, path, &snapshot_kind, &dir->arena, err);
    if (code == MR_OK)
        code = make_folders(dir, err);
    if (code == MR_OK)
        *out = dir;
    else
        mr_snap_dir_free(dir);
    return code;
}

bool mr_snap_dir_is_begun(const struct mr_snap_dir *dir)
{
    return faccessat(dir->building.fd, MR_SNAP_JOURNAL, F_OK, 0) == 0;
}

/* A directory without a journal holds nothing to go on with. */
void mr_snap_dir_free(struct mr_snap_dir *dir)
{
    if (dir == NULL)
        return;
    for (size_t i = 0; i < FOLDERS; i++)
        if (dir->folder_fd[i] >= 0)
            (void)close(dir->folder_fd[i]);
    if (dir->building.fd >= 0) {
        if (!mr_snap_dir_is_begun(dir) && mr_snap_dir_clear(dir, NULL) == MR_OK) {
            for (size_t i = 0; i < FOLDERS; i++)
                (void)unlinkat(dir->building.fd, folders[i], AT_REMOVEDIR);
            (void)rmdir(dir->building.partial);
        }
        mr_new_dir_close(&dir->building);
    }
    mr_arena_release(&dir->arena);
    free(dir);
}

enum mr_code mr_snap_dir_free_bytes(const struct mr_snap_dir *dir, uint64_t *free_bytes,
                                    uint64_t *disk_bytes, struct mr_err *err)
{
    struct statvfs fs;
    if (fstatvfs(dir->building.fd, &fs) != 0)
        return mr_new_dir_fail("ask for the free space of", dir->building.partial, err);
    /* not f_bfree, which counts what only root may use */
    *free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    *disk_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
    return MR_OK;
}

/* ---- publishing ---- */

static enum mr_code path_of(const struct mr_snap_dir *dir, const char *name, struct mr_strbuf *path,
                            struct mr_err *err)
{
    mr_strbuf_reset(path);
    mr_strbuf_add_fmt(path, "%s/%s", dir->building.partial, name);
    return mr_strbuf_check(path, "writing a snapshot", err);
}

static enum mr_code write_small(const struct mr_snap_dir *dir, const char *name,
                                const struct mr_strbuf *text, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    enum mr_code code = path_of(dir, name, &path, err);
    if (code == MR_OK)
        code = mr_strbuf_check(text, "writing a snapshot", err);
    if (code == MR_OK)
        code = mr_io_write_file(path.ptr, 0600, text->ptr, text->len, err);
    mr_strbuf_release(&path);
    return code;
}

struct hashed {
    struct mr_io_file *file;
    struct mr_sha256 hash;
};

static enum mr_code write_hashed(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct hashed *out = arg;
    mr_sha256_add(&out->hash, ptr, len);
    return mr_io_write(out->file, ptr, len, err);
}

static enum mr_code write_manifest(const char *path, const struct mr_snap_manifest *manifest,
                                   char sha256[MR_SHA256_HEX], struct mr_err *err)
{
    struct hashed out = {0};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_sha256_init(&out.hash, err));
    MR_TRY_OUT(mr_io_begin(path, 0600, &out.file, err));
    MR_TRY_OUT(mr_snap_manifest_write(manifest, (struct mr_sink){write_hashed, &out}, err));
    MR_TRY_OUT(mr_io_commit(out.file, err));
    mr_sha256_finish(&out.hash, sha256);
out:
    mr_sha256_release(&out.hash);
    mr_io_free(out.file);
    return code;
}

/* Some kinds of keys sign nothing but a whole text; what is signed is what was made, and not what a
 * disk gives back. */
static enum mr_code write_signature(const struct mr_snap_dir *dir, const char *path,
                                    const char *sha256, const struct mr_sign_key *signer,
                                    struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT, signature = MR_STRBUF_INIT;
    char again[MR_SHA256_HEX];
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_io_read_part(path, SIZE_MAX, &text, err));
    MR_TRY_OUT(mr_sha256_bytes(text.ptr, text.len, again, err));
    if (strcmp(again, sha256) != 0)
        MR_TRY_OUT(mr_err_set(err, MR_E_IO, "file \"%s\" is not what was written", path));
    MR_TRY_OUT(mr_sign_key_bytes(signer, text.ptr, text.len, &signature, err));
    MR_TRY_OUT(write_small(dir, MR_SNAP_SIGNATURE, &signature, err));
out:
    mr_strbuf_release(&text);
    mr_strbuf_release(&signature);
    return code;
}

/* All that the manifest names, before there is one. */
static enum mr_code sync_all(const struct mr_snap_dir *dir, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    enum mr_code code = mr_io_sync_files(dir->building.partial, false, err);
    for (size_t i = 0; code == MR_OK && i < FOLDERS; i++) {
        mr_strbuf_reset(&path);
        mr_strbuf_add_fmt(&path, "%s/%s", dir->building.partial, folders[i]);
        code = mr_strbuf_check(&path, "writing a snapshot", err);
        if (code == MR_OK)
            code = mr_io_sync_files(path.ptr, strcmp(folders[i], DATA) == 0, err);
    }
    mr_strbuf_release(&path);
    return code;
}

enum mr_code mr_snap_dir_publish(struct mr_snap_dir *dir, const struct mr_snap_manifest *manifest,
                                 const struct mr_sign_key *signer, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT, sum = MR_STRBUF_INIT;
    char sha256[MR_SHA256_HEX];
    enum mr_code code = MR_OK;
    MR_TRY_OUT(sync_all(dir, err));
    MR_TRY_OUT(path_of(dir, MR_SNAP_MANIFEST, &path, err));
    MR_TRY_OUT(write_manifest(path.ptr, manifest, sha256, err));
    if (signer != NULL)
        MR_TRY_OUT(write_signature(dir, path.ptr, sha256, signer, err));
    mr_strbuf_add_fmt(&sum, "%s  " MR_SNAP_MANIFEST "\n", sha256);
    MR_TRY_OUT(write_small(dir, MR_SNAP_MANIFEST_SUM, &sum, err));
    MR_TRY_OUT(mr_snap_dir_remove(dir, MR_SNAP_JOURNAL, err));
    MR_TRY_OUT(mr_new_dir_publish(&dir->building, err));
out:
    mr_strbuf_release(&path);
    mr_strbuf_release(&sum);
    return code;
}
