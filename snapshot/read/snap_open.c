/* snap_open.c: see snap_open.h. */
#include "snapshot/read/snap_open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/cms.h"
#include "core/file/in_file.h"
#include "core/file/io.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/read/snap_keys.h"

#define MANIFEST_MAX_BYTES ((size_t)1 << 30)

void mr_snap_path(struct mr_strbuf *out, const struct mr_snap *snap, const char *name)
{
    mr_strbuf_reset(out);
    mr_strbuf_add_fmt(out, "%s/%s", snap->path, name);
}

enum mr_code mr_snap_add_damage(struct mr_snap *snap, const char *file, const char *reason,
                                struct mr_err *err)
{
    struct mr_snap_damage *damage = mr_vec_push(&snap->damage);
    if (damage == NULL)
        return mr_err_nomem(err, "verifying a snapshot");
    damage->file = mr_arena_strdup(&snap->arena, file);
    damage->reason = mr_arena_strdup(&snap->arena, reason);
    return damage->file != NULL && damage->reason != NULL
               ? MR_OK
               : mr_err_nomem(err, "verifying a snapshot");
}

enum mr_code mr_snap_require_whole(const struct mr_snap *snap, struct mr_err *err)
{
    if (snap->damage.count == 0)
        return MR_OK;
    const struct mr_snap_damage *first = mr_vec_at(&snap->damage, 0);
    (void)mr_err_set(err, MR_E_REFUSED, "snapshot \"%s\" is damaged: file \"%s\" %s", snap->path,
                     first->file, first->reason);
    mr_err_hint(err, "Nothing was done. \"myrecon snapshot verify\" lists all damage.");
    return MR_E_REFUSED;
}

/* ---- the manifest ---- */

static bool exists(const struct mr_snap *snap, const char *name)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct stat st;
    mr_snap_path(&path, snap, name);
    bool is_there = path.failed || lstat(path.ptr, &st) == 0 || errno != ENOENT;
    mr_strbuf_release(&path);
    return is_there;
}

/* Why what is there is not what a snapshot has there, or NULL. */
static const char *strange(const struct mr_snap *snap, const char *name, mode_t type)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct stat st;
    mr_snap_path(&path, snap, name);
    const bool is_there = !path.failed && lstat(path.ptr, &st) == 0;
    mr_strbuf_release(&path);
    if (!is_there || (st.st_mode & S_IFMT) == type)
        return NULL;
    return type == S_IFREG || S_ISLNK(st.st_mode) ? mr_in_strange(st.st_mode) : "is no directory";
}

/* What somebody else has put in the place of one of these is not read at all. */
static enum mr_code check_kinds(struct mr_snap *snap, struct mr_err *err)
{
    static const struct {
        const char *name;
        mode_t type;
    } places[] = {{MR_SNAP_MANIFEST, S_IFREG},
                  {MR_SNAP_MANIFEST_SUM, S_IFREG},
                  {"data", S_IFDIR},
                  {"schema", S_IFDIR}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *reason = strange(snap, places[i].name, places[i].type);
        if (reason != NULL)
            MR_TRY(mr_snap_add_damage(snap, places[i].name, reason, err));
    }
    return MR_OK;
}

static enum mr_code read_whole(const struct mr_snap *snap, const char *name, size_t max_bytes,
                               struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_snap_path(&path, snap, name);
    enum mr_code code = mr_strbuf_check(&path, "reading a snapshot", err);
    if (code == MR_OK)
        code = mr_io_read_part(path.ptr, max_bytes, out, err);
    mr_strbuf_release(&path);
    return code;
}

/* *good: does the sum's file prove the text? */
static enum mr_code prove(struct mr_snap *snap, const struct mr_strbuf *text,
                          const struct mr_strbuf *sum, bool *good, struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    struct mr_strbuf line = MR_STRBUF_INIT;
    static const char tail[] = "  " MR_SNAP_MANIFEST "\n";
    const size_t digits = MR_SHA256_HEX - 1;
    enum mr_code code = mr_sha256_bytes(text->ptr, text->len, hex, err);
    *good = false;
    if (code != MR_OK)
        return code;
    memcpy(snap->manifest_sha256, hex, sizeof hex);
    mr_strbuf_add_fmt(&line, "%s%s", hex, tail);
    code = mr_strbuf_check(&line, "proving a snapshot", err);
    *good = code == MR_OK && sum->len == line.len && memcmp(sum->ptr, line.ptr, line.len) == 0;
    mr_strbuf_release(&line);
    if (code != MR_OK || *good)
        return code;
    bool formed = sum->len == digits + sizeof tail - 1 &&
                  memcmp(sum->ptr + digits, tail, sizeof tail - 1) == 0 &&
                  strspn(sum->ptr, "0123456789abcdef") == digits;
    if (!formed)
        return mr_snap_add_damage(snap, MR_SNAP_MANIFEST_SUM, "is not as it was written", err);
    return mr_snap_add_damage(snap, MR_SNAP_MANIFEST,
                              "is not what manifest.json.sha256 says; one of the two was "
                              "changed",
                              err);
}

static int compare_files(const void *a, const void *b)
{
    const struct mr_snap_file *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static enum mr_code index_files(struct mr_snap *snap, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &snap->manifest;
    struct mr_snap_file *files = mr_arena_calloc(&snap->arena, m->nfiles + 1, sizeof *files);
    if (files == NULL)
        return mr_err_nomem(err, "reading a snapshot");
    if (m->nfiles > 0) {
        memcpy(files, m->files, m->nfiles * sizeof *files);
        qsort(files, m->nfiles, sizeof *files, compare_files);
    }
    snap->files = files;
    return MR_OK;
}

/* Nothing of it is parsed before its sum is right: a manifest that was cut off could be valid
 * JSON, and speak of fewer tables. */
static enum mr_code read_manifest(struct mr_snap *snap, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT, sum = MR_STRBUF_INIT;
    bool good = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(read_whole(snap, MR_SNAP_MANIFEST, MANIFEST_MAX_BYTES, &text, err));
    MR_TRY_OUT(read_whole(snap, MR_SNAP_MANIFEST_SUM, MANIFEST_MAX_BYTES, &sum, err));
    MR_TRY_OUT(prove(snap, &text, &sum, &good, err));
    if (good) {
        MR_TRY_OUT(mr_snap_manifest_read(text.ptr, text.len, MR_SNAP_MANIFEST, &snap->arena,
                                         &snap->manifest, err));
        snap->has_manifest = true;
        MR_TRY_OUT(index_files(snap, err));
        MR_TRY_OUT(mr_snap_check_signature(snap, &text, err));
    }
out:
    mr_strbuf_release(&text);
    mr_strbuf_release(&sum);
    return code;
}

enum mr_code mr_snap_read_unproved(struct mr_snap *snap, struct mr_snap_manifest *out, bool *known,
                                   struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    *known = false;
    enum mr_code code = strange(snap, MR_SNAP_MANIFEST, S_IFREG) == NULL
                            ? read_whole(snap, MR_SNAP_MANIFEST, MANIFEST_MAX_BYTES, &text, &why)
                            : MR_E_SNAPSHOT;
    if (code == MR_OK)
        code = mr_sha256_bytes(text.ptr, text.len, snap->manifest_sha256, &why);
    if (code == MR_OK)
        code = mr_snap_manifest_read(text.ptr, text.len, MR_SNAP_MANIFEST, &snap->arena, out, &why);
    mr_strbuf_release(&text);
    *known = code == MR_OK;
    if (code != MR_E_NOMEM)
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

/* A directory that has nothing of a snapshot is something else. */
static enum mr_code no_manifest(struct mr_snap *snap, struct mr_err *err)
{
    bool manifest = exists(snap, MR_SNAP_MANIFEST), sum = exists(snap, MR_SNAP_MANIFEST_SUM);
    if (mr_snap_is_absent(snap)) {
        (void)mr_err_set(err, MR_E_SNAPSHOT,
                         "directory \"%s\" is no snapshot: it has no "
                         "manifest.json",
                         snap->path);
        mr_err_hint(err, "One that is not finished is called DIR.partial; run \"myrecon "
                         "snapshot create\" again.");
        return MR_E_SNAPSHOT;
    }
    if (!manifest)
        MR_TRY(mr_snap_add_damage(snap, MR_SNAP_MANIFEST, "is missing", err));
    if (!sum)
        MR_TRY(mr_snap_add_damage(snap, MR_SNAP_MANIFEST_SUM, "is missing", err));
    return MR_OK;
}

/* Is it one that "snapshot create" has begun? */
static enum mr_code not_there(const char *path, struct mr_err *err)
{
    const int reason = errno;
    struct mr_strbuf partial = MR_STRBUF_INIT;
    struct stat st;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    mr_strbuf_add_fmt(&partial, "%.*s.partial", (int)len, path);
    const bool begun = reason == ENOENT && !partial.failed && stat(partial.ptr, &st) == 0;
    enum mr_code code =
        mr_err_set_sys(err, MR_E_IO, reason, "could not open snapshot \"%s\"", path);
    if (begun)
        mr_err_hint(err,
                    "\"%s\" is of a run that has not come to its end: the same \"myrecon "
                    "snapshot create\" goes on with it.",
                    partial.ptr);
    mr_strbuf_release(&partial);
    return code;
}

/* Shared by all who read it.  Where directories cannot be locked it is read all the same. */
static enum mr_code lock(struct mr_snap *snap, struct mr_err *err)
{
    const int fd = open(snap->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return MR_OK; /* found out by who reads it */
    if (flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
        snap->lock_fd = fd;
        return MR_OK;
    }
    (void)close(fd);
    (void)mr_err_set(err, MR_E_IO, "snapshot \"%s\" is being removed by another run", snap->path);
    mr_err_hint(err, "\"myrecon snapshot list\" of the directory above shows what is there.");
    return MR_E_IO;
}

enum mr_code mr_snap_open(const char *path, struct mr_snap *snap, struct mr_err *err)
{
    struct stat st;
    *snap = (struct mr_snap){
        .path = path, .arena = MR_ARENA_INIT, .damage = MR_VEC_INIT(struct mr_snap_damage)};
    if (stat(path, &st) != 0)
        return not_there(path, err);
    if (!S_ISDIR(st.st_mode))
        return mr_err_set(err, MR_E_SNAPSHOT, "\"%s\" is no directory", path);
    MR_TRY(lock(snap, err));
    if (!exists(snap, MR_SNAP_MANIFEST) || !exists(snap, MR_SNAP_MANIFEST_SUM))
        return no_manifest(snap, err);
    enum mr_code code = check_kinds(snap, err);
    return code == MR_OK && snap->damage.count == 0 ? read_manifest(snap, err) : code;
}

bool mr_snap_is_absent(const struct mr_snap *snap)
{
    return !exists(snap, MR_SNAP_MANIFEST) && !exists(snap, MR_SNAP_MANIFEST_SUM) &&
           !exists(snap, "restore.sql");
}

void mr_snap_close(struct mr_snap *snap)
{
    if (snap->lock_fd > 0)
        (void)close(snap->lock_fd);
    snap->lock_fd = 0;
    mr_cms_key_free(snap->key);
    mr_vec_release(&snap->damage);
    mr_arena_release(&snap->arena);
}

/* ---- names ---- */

static int compare_names(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static enum mr_code push_name(struct mr_vec *names, const char *name, struct mr_err *err)
{
    const char **slot = mr_vec_push(names);
    if (slot == NULL)
        return mr_err_nomem(err, "verifying a snapshot");
    *slot = name;
    return MR_OK;
}

/* Every file that should be there, sorted. */
static enum mr_code expect_names(const struct mr_snap *snap, struct mr_vec *names,
                                 struct mr_err *err)
{
    const struct mr_snap_manifest *m = &snap->manifest;
    MR_TRY(push_name(names, MR_SNAP_MANIFEST, err));
    MR_TRY(push_name(names, MR_SNAP_MANIFEST_SUM, err));
    if (m->signer.ptr != NULL)
        MR_TRY(push_name(names, MR_SNAP_SIGNATURE, err));
    for (size_t i = 0; i < m->nfiles; i++)
        MR_TRY(push_name(names, m->files[i].name, err));
    for (size_t i = 0; i < m->ntables; i++) {
        for (size_t k = 0; k < m->tables[i].nchunks; k++)
            MR_TRY(push_name(names, m->tables[i].chunks[k].file, err));
        if (m->tables[i].gone.file != NULL)
            MR_TRY(push_name(names, m->tables[i].gone.file, err));
    }
    qsort(names->items, names->count, sizeof(const char *), compare_names);
    return MR_OK;
}

static enum mr_code open_failed(const char *path, struct mr_err *err)
{
    return mr_err_set_sys(err, MR_E_IO, errno, "could not open directory \"%s\"", path);
}

/* The folder's entries that nobody expects. */
static enum mr_code check_folder(struct mr_snap *snap, const char *folder,
                                 const struct mr_vec *names, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_snap_path(&path, snap, folder);
    DIR *dir = path.failed ? NULL : opendir(path.ptr);
    if (dir == NULL)
        code = errno == ENOENT || errno == ENOTDIR
                   ? mr_snap_add_damage(snap, folder, "is missing", err)
                   : open_failed(path.ptr, err);
    while (code == MR_OK && dir != NULL) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL && errno != 0)
            code = mr_err_set_sys(err, MR_E_IO, errno, "could not read directory \"%s\"", path.ptr);
        if (entry == NULL)
            break;
        mr_strbuf_reset(&name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (strcmp(folder, ".") != 0)
            mr_strbuf_add_fmt(&name, "%s/", folder);
        else if (strcmp(entry->d_name, "data") == 0 || strcmp(entry->d_name, "schema") == 0)
            continue;
        mr_strbuf_add_str(&name, entry->d_name);
        const char *key = name.ptr;
        code = mr_strbuf_check(&name, "reading a directory", err);
        if (code == MR_OK &&
            bsearch(&key, names->items, names->count, sizeof key, compare_names) == NULL)
            code = mr_snap_add_damage(snap, name.ptr, "is no part of the snapshot", err);
    }
    if (dir != NULL)
        (void)closedir(dir);
    mr_strbuf_release(&path);
    mr_strbuf_release(&name);
    return code;
}

/* A file too much is damage like one too few: it may be what somebody has put there for the
 * stock client to load. */
enum mr_code mr_snap_check_names(struct mr_snap *snap, struct mr_err *err)
{
    static const char *const folders[] = {".", "data", "schema"};
    struct mr_vec names = MR_VEC_INIT(const char *);
    enum mr_code code = expect_names(snap, &names, err);
    for (size_t i = 0; code == MR_OK && i < sizeof folders / sizeof *folders; i++)
        code = check_folder(snap, folders[i], &names, err);
    const char *const *items = names.items;
    for (size_t i = 1; code == MR_OK && i < names.count; i++)
        if (strcmp(items[i - 1], items[i]) == 0)
            code = mr_snap_add_damage(snap, items[i], "stands twice in the manifest", err);
    mr_vec_release(&names);
    return code;
}

/* ---- files ---- */

const struct mr_snap_file *mr_snap_find_file(const struct mr_snap *snap, const char *name)
{
    const struct mr_snap_file key = {.name = name};
    if (snap->manifest.nfiles == 0)
        return NULL;
    return bsearch(&key, snap->files, snap->manifest.nfiles, sizeof key, compare_files);
}

/* Proved as it is read: a file that was checked before may have been changed since. */
enum mr_code mr_snap_read_file(const struct mr_snap *snap, const struct mr_snap_file *file,
                               size_t max_bytes, struct mr_strbuf *out, struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = read_whole(snap, file->name, max_bytes, &text, err);
    if (code == MR_OK)
        code = mr_sha256_bytes(text.ptr, text.len, hex, err);
    if (code == MR_OK && (text.len != file->bytes || strcmp(hex, file->sha256) != 0)) {
        (void)mr_err_set(err, MR_E_REFUSED,
                         "snapshot \"%s\" is damaged: file \"%s\" is not what "
                         "manifest.json says",
                         snap->path, file->name);
        mr_err_hint(err, "Nothing was done. \"myrecon snapshot verify\" lists all damage.");
        code = MR_E_REFUSED;
    }
    mr_strbuf_add(out, text.ptr, text.len);
    mr_strbuf_release(&text);
    return code == MR_OK ? mr_strbuf_check(out, "reading a snapshot", err) : code;
}

/* lstat and not stat: a link leads out of the directory, to what nobody has signed. */
enum mr_code mr_snap_check_file(const struct mr_snap *snap, const struct mr_snap_file *file,
                                bool whole, const char **reason, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct stat st;
    char hex[MR_SHA256_HEX];
    *reason = NULL;
    mr_snap_path(&path, snap, file->name);
    enum mr_code code = mr_strbuf_check(&path, "verifying a snapshot", err);
    if (code != MR_OK)
        goto out;
    if (lstat(path.ptr, &st) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            *reason = "is missing";
        else
            code = mr_err_set_sys(err, MR_E_IO, errno, "could not open \"%s\"", path.ptr);
    } else if (!S_ISREG(st.st_mode)) {
        *reason = mr_in_strange(st.st_mode);
    } else if ((uint64_t)st.st_size != file->bytes) {
        *reason = (uint64_t)st.st_size < file->bytes ? "is cut off" : "is too long";
    } else if (whole) {
        code = mr_sha256_file(path.ptr, hex, NULL, err);
        if (code == MR_OK && strcmp(hex, file->sha256) != 0)
            *reason = "was changed";
    }
out:
    mr_strbuf_release(&path);
    return code;
}
