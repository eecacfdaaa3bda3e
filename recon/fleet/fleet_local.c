/* fleet_local.c: see fleet_local.h. */
#include "recon/fleet/fleet_local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/strbuf.h"
#include "core/case/findings.h"
#include "core/file/in_file.h"
#include "core/file/io.h"
#include "core/file/remove_tree.h"
#include "recon/fleet/fleet_seal.h"

#define PIECE 65536
#define NAME "myrecon-fleet."
#define TRIES 10

static const char *temporary(void)
{
    const char *dir = getenv("TMPDIR");
    return dir != NULL && dir[0] != '\0' ? dir : "/var/tmp";
}

static const char *path_in(const char *dir, const char *name, struct mr_arena *arena)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&path, "%s/%s", dir, name);
    const char *kept = path.failed ? NULL : mr_arena_strdup(arena, path.ptr);
    mr_strbuf_release(&path);
    return kept;
}

/* A directory of ours is locked as long as its process lives, whatever sees its number from where.
 * -1: another holds it, or it is none of ours. */
static int lock_dir(const char *path)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* Rows of people are in what a killed process has left, of whichever fleet. */
static void remove_left(const char *tmp, struct mr_arena *arena)
{
    DIR *dir = opendir(tmp);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        const char *path = strncmp(entry->d_name, NAME, sizeof NAME - 1) == 0
                               ? path_in(tmp, entry->d_name, arena)
                               : NULL;
        const int fd = path != NULL ? lock_dir(path) : -1;
        if (fd < 0)
            continue;
        (void)mr_remove_tree(path, NULL);
        (void)close(fd);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

/* Until it is locked another process may take it for one that was left, and remove it: then another one
 * is made.  dir has room for the name, whose end it gets. */
static enum mr_code make_dir(char *dir, const char *name, int *lock, struct mr_err *err)
{
    struct stat at, held;
    for (unsigned i = 0; i < TRIES; i++) {
        memcpy(dir, name, strlen(name) + 1);
        if (mkdtemp(dir) == NULL)
            break;
        *lock = lock_dir(dir);
        if (*lock >= 0 && lstat(dir, &at) == 0 && fstat(*lock, &held) == 0 &&
            at.st_ino == held.st_ino)
            return MR_OK;
        if (*lock >= 0)
            (void)close(*lock);
        *lock = -1;
    }
    enum mr_code code = mr_err_set_sys(err, MR_E_IO, errno, "could not create \"%s\"", name);
    mr_err_hint(err, "The work on a part is done in $TMPDIR, else /var/tmp.");
    return code;
}

enum mr_code mr_fleet_local_begin(struct mr_fleet_local *local, struct mr_arena *arena,
                                  struct mr_err *err)
{
    const char *tmp = temporary(), *name = path_in(tmp, NAME "XXXXXX", arena);
    char *dir = name != NULL ? mr_arena_strdup(arena, name) : NULL;
    *local = (struct mr_fleet_local){.lock = -1};
    if (dir == NULL)
        return mr_err_nomem(err, "working on a part");
    remove_left(tmp, arena);
    MR_TRY(make_dir(dir, name, &local->lock, err));
    local->tmp = tmp;
    local->arena = arena;
    local->dir = dir;
    local->case_path = path_in(dir, "work.case", arena);
    local->scope_path = path_in(dir, "scope.json", arena);
    local->copy_path = path_in(dir, "copy.case", arena);
    return local->case_path != NULL && local->scope_path != NULL && local->copy_path != NULL
               ? MR_OK
               : mr_err_nomem(err, "working on a part");
}

/* What another has left may have been in use by its last process when we began. */
void mr_fleet_local_end(struct mr_fleet_local *local)
{
    if (local->dir == NULL)
        return;
    (void)mr_remove_tree(local->dir, NULL);
    (void)close(local->lock);
    local->dir = NULL;
    remove_left(local->tmp, local->arena);
}

/* ---- what is published ---- */

static enum mr_code fail(const char *did, const char *path, struct mr_err *err)
{
    enum mr_code code = mr_err_set_sys(err, MR_E_IO, errno, "could not %s \"%s\"", did, path);
    if (errno == ENOSPC)
        mr_err_hint(err, "Free space there, then run it again: it goes on from what was kept.");
    return code;
}

/* hash: of what is copied. */
static enum mr_code copy_bytes(int from, const char *path, struct mr_io_file *to,
                               struct mr_sha256 *hash, struct mr_err *err)
{
    char piece[PIECE];
    for (;;) {
        const ssize_t got = read(from, piece, sizeof piece);
        if (got == 0)
            return MR_OK;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail("read", path, err);
        mr_sha256_add(hash, piece, (size_t)got);
        MR_TRY(mr_io_write(to, piece, (size_t)got, err));
    }
}

static enum mr_code add_seal(struct mr_io_file *to, struct mr_sha256 *hash, struct mr_err *err)
{
    char hex[MR_SHA256_HEX], line[MR_FLEET_SEAL_BYTES + 1];
    mr_sha256_finish(hash, hex);
    mr_fleet_seal_line(hex, line);
    return mr_io_write(to, line, MR_FLEET_SEAL_BYTES, err);
}

/* Of an open file, which is closed. */
static enum mr_code copy_open(int fd, const char *from, const char *to, bool seals,
                              struct mr_err *err)
{
    struct mr_io_file *file = NULL;
    struct mr_sha256 hash = {NULL};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_sha256_init(&hash, err));
    MR_TRY_OUT(mr_io_begin(to, 0600, &file, err));
    MR_TRY_OUT(copy_bytes(fd, from, file, &hash, err));
    if (seals)
        MR_TRY_OUT(add_seal(file, &hash, err));
    MR_TRY_OUT(mr_io_commit(file, err));
out:
    mr_sha256_release(&hash);
    mr_io_free(file);
    (void)close(fd);
    return code;
}

static enum mr_code copy_sealed(const char *from, const char *to, struct mr_err *err)
{
    int fd = -1;
    MR_TRY(mr_in_open(from, MR_IN_PART, &fd, err));
    return copy_open(fd, from, to, true, err);
}

enum mr_code mr_fleet_local_publish(const struct mr_fleet_local *local, const char *path,
                                    struct mr_err *err)
{
    struct stat st;
    if (stat(local->case_path, &st) != 0 || st.st_size == 0)
        return MR_OK;
    (void)unlink(local->copy_path);
    MR_TRY(mr_findings_copy(local->case_path, local->copy_path, err));
    enum mr_code code = copy_sealed(local->copy_path, path, err);
    (void)unlink(local->copy_path);
    return code;
}

/* The copy becomes a case that is written to: without the seal, which would stand behind its pages. */
static enum mr_code unseal(const char *path, struct mr_err *err)
{
    uint64_t bytes = 0;
    MR_TRY(mr_fleet_seal_check(path, &bytes, err));
    return truncate(path, (off_t)bytes) == 0 ? MR_OK : fail("cut", path, err);
}

/* How much a copy of it has read: *rows; false: it is damaged, or none of ours. */
static bool is_whole(const char *path, mr_fleet_fits_fn *fits, void *ctx, uint64_t *rows)
{
    struct mr_findings *fd = NULL;
    struct mr_err why = {0};
    uint64_t bytes;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(unseal(path, &why));
    MR_TRY_OUT(mr_findings_open(path, MR_CASE_READ, &fd, &why));
    MR_TRY_OUT(mr_findings_read_so_far(fd, rows, &bytes, &why));
    MR_TRY_OUT(fits(ctx, fd, &why));
out:
    (void)mr_findings_close(fd, NULL);
    if (code != MR_OK)
        mr_log_warning("what was kept of the part cannot be used: %s", why.message);
    return code == MR_OK;
}

enum mr_code mr_fleet_local_adopt(const struct mr_fleet_local *local, const char *const *paths,
                                  size_t count, mr_fleet_fits_fn *fits, void *ctx,
                                  const char **adopted, struct mr_err *err)
{
    uint64_t most = 0;
    *adopted = NULL;
    for (size_t i = 0; i < count; i++) {
        struct mr_err why = {0};
        uint64_t rows = 0;
        int fd = -1;
        if (access(paths[i], F_OK) != 0)
            continue;
        (void)unlink(local->copy_path);
        if (mr_in_open(paths[i], MR_IN_PART, &fd, &why) != MR_OK) { /* a pipe waits for nobody */
            mr_log_err_as_warning(&why);
            continue;
        }
        MR_TRY(copy_open(fd, paths[i], local->copy_path, false, err));
        if (!is_whole(local->copy_path, fits, ctx, &rows) || (*adopted != NULL && rows <= most))
            continue;
        if (rename(local->copy_path, local->case_path) != 0)
            return fail("rename", local->copy_path, err);
        most = rows;
        *adopted = paths[i];
    }
    (void)unlink(local->copy_path);
    return MR_OK;
}
