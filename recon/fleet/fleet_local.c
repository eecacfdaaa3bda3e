/* fleet_local.c: see fleet_local.h. */
#include "recon/fleet/fleet_local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/strbuf.h"
#include "core/case/findings.h"
#include "core/file/io.h"
#include "core/file/remove_tree.h"

#define PIECE 65536
#define NAME "myrecon-fleet."

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

/* Directories of this part whose process, at the end of the name, is gone. */
static void remove_left(const char *tmp, const char *prefix, struct mr_arena *arena)
{
    DIR *dir = opendir(tmp);
    const size_t len = strlen(prefix);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char *end;
        if (strncmp(entry->d_name, prefix, len) != 0)
            continue;
        const long process = strtol(entry->d_name + len, &end, 10);
        const char *path = path_in(tmp, entry->d_name, arena);
        struct stat st;
        if (process > 0 && *end == '\0' && path != NULL && lstat(path, &st) == 0 &&
            st.st_uid == geteuid() && kill((pid_t)process, 0) != 0 && errno == ESRCH)
            (void)mr_remove_tree(path, NULL);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

enum mr_code mr_fleet_local_begin(struct mr_fleet_local *local, const char *fleet, size_t part,
                                  struct mr_arena *arena, struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    const char *tmp = temporary(), *dir = NULL;
    *local = (struct mr_fleet_local){0};
    mr_strbuf_add_fmt(&name, NAME "%s.%zu.", fleet, part);
    enum mr_code code = mr_strbuf_check(&name, "working on a part", err);
    if (code == MR_OK)
        remove_left(tmp, name.ptr, arena);
    mr_strbuf_add_fmt(&name, "%ld", (long)getpid());
    if (code == MR_OK && !name.failed)
        dir = path_in(tmp, name.ptr, arena);
    mr_strbuf_release(&name);
    if (code == MR_OK && dir == NULL)
        code = mr_err_nomem(err, "working on a part");
    if (code != MR_OK)
        return code;
    if (mkdir(dir, 0700) != 0) {
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not create directory \"%s\"", dir);
        mr_err_hint(err, "The work on a part is done in $TMPDIR, else /var/tmp.");
        return code;
    }
    local->dir = dir;
    local->case_path = path_in(dir, "work.case", arena);
    local->scope_path = path_in(dir, "scope.json", arena);
    local->copy_path = path_in(dir, "copy.case", arena);
    return local->case_path != NULL && local->scope_path != NULL && local->copy_path != NULL
               ? MR_OK
               : mr_err_nomem(err, "working on a part");
}

void mr_fleet_local_end(struct mr_fleet_local *local)
{
    if (local->dir != NULL)
        (void)mr_remove_tree(local->dir, NULL);
    local->dir = NULL;
}

/* ---- what is published ---- */

static enum mr_code fail(const char *did, const char *path, struct mr_err *err)
{
    enum mr_code code = mr_err_set_sys(err, MR_E_IO, errno, "could not %s \"%s\"", did, path);
    if (errno == ENOSPC)
        mr_err_hint(err, "Free space there, then run it again: it goes on from what was kept.");
    return code;
}

static enum mr_code copy_bytes(int from, const char *path, struct mr_io_file *to,
                               struct mr_err *err)
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
        MR_TRY(mr_io_write(to, piece, (size_t)got, err));
    }
}

static enum mr_code copy_file(const char *from, const char *to, struct mr_err *err)
{
    struct mr_io_file *file = NULL;
    const int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    enum mr_code code = MR_OK;
    if (fd < 0)
        return fail("open", from, err);
    MR_TRY_OUT(mr_io_begin(to, 0600, &file, err));
    MR_TRY_OUT(copy_bytes(fd, from, file, err));
    MR_TRY_OUT(mr_io_commit(file, err));
out:
    mr_io_free(file);
    (void)close(fd);
    return code;
}

enum mr_code mr_fleet_local_publish(const struct mr_fleet_local *local, const char *path,
                                    struct mr_err *err)
{
    struct stat st;
    if (stat(local->case_path, &st) != 0 || st.st_size == 0)
        return MR_OK;
    (void)unlink(local->copy_path);
    MR_TRY(mr_findings_copy(local->case_path, local->copy_path, err));
    enum mr_code code = copy_file(local->copy_path, path, err);
    (void)unlink(local->copy_path);
    return code;
}

/* How much a copy of it has read: *rows; false: it is damaged, or none of ours. */
static bool is_whole(const char *path, mr_fleet_fits_fn *fits, void *ctx, uint64_t *rows)
{
    struct mr_findings *fd = NULL;
    struct mr_err why = {0};
    uint64_t bytes;
    enum mr_code code = mr_findings_open(path, MR_CASE_READ, &fd, &why);
    if (code == MR_OK)
        code = mr_findings_read_so_far(fd, rows, &bytes, &why);
    if (code == MR_OK)
        code = fits(ctx, fd, &why);
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
        uint64_t rows = 0;
        if (access(paths[i], F_OK) != 0)
            continue;
        (void)unlink(local->copy_path);
        MR_TRY(copy_file(paths[i], local->copy_path, err));
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
