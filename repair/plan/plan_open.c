/* plan_open.c: reading a plan directory, and making sure that it is what was written; see
 * plan_dir.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file/in_file.h"
#include "core/file/io.h"
#include "core/file/sha256.h"
#include "repair/plan/plan_dir.h"
#include "repair/plan/undecided.h"

#define MANIFEST_NAME "plan.json"
#define MANIFEST_MAX_BYTES ((size_t)256 * 1024 * 1024)

static const char changed[] = "was changed since it was planned";
static const char missing[] = "is missing";

static enum mr_code refuse(const char *path, const char *name, const char *what, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "plan \"%s\": file \"%s\" %s", path, name, what);
    if (what == changed && strcmp(name, MR_CONFLICTS_FILE) == 0)
        mr_err_hint(err, "Nothing was done. More than its column decision was changed: "
                         "put the others back as they were.");
    else if (what == missing && strcmp(name, MANIFEST_NAME) == 0)
        mr_err_hint(err, "Nothing was done. Name the directory that repair plan --output "
                         "has written; if it is that, plan again.");
    else
        mr_err_hint(err, "Nothing was done. Plan again, or put back what was planned.");
    return MR_E_REFUSED;
}

/* In its column `decision` alone, which is for people. */
static bool is_decided(const struct mr_plan_file *file, const char *path)
{
    char hex[MR_SHA256_HEX];
    return file->undecided != NULL && strcmp(file->name, MR_CONFLICTS_FILE) == 0 &&
           mr_undecided_digest(path, hex, NULL) == MR_OK && strcmp(hex, file->undecided) == 0;
}

/* A name with a slash would lead out of the directory, and a digest in an edited plan.json would
 * make that file part of the plan. */
static enum mr_code check_file(struct mr_plan_dir *plan, const struct mr_plan_file *file,
                               struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    struct stat st;
    uint64_t size = 0;
    if (strchr(file->name, '/') != NULL)
        return refuse(plan->path, file->name, "is outside of the plan", err);
    const char *path = mr_plan_path(&plan->arena, plan->path, file->name);
    if (path == NULL)
        return mr_err_nomem(err, "reading a plan");
    if (lstat(path, &st) != 0 && errno == ENOENT)
        return refuse(plan->path, file->name, missing, err);
    MR_TRY(mr_sha256_file(path, hex, &size, err));
    return (size == file->size_bytes && strcmp(hex, file->sha256) == 0) || is_decided(file, path)
               ? MR_OK
               : refuse(plan->path, file->name, changed, err);
}

static bool ends_in(const char *name, const char *end)
{
    size_t len = strlen(name), tail = strlen(end);
    return len >= tail && strcmp(name + len - tail, end) == 0;
}

static bool is_expected(const struct mr_manifest *manifest, const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, MANIFEST_NAME) == 0 ||
        strncmp(name, "journal", 7) == 0 || strncmp(name, "approval", 8) == 0 ||
        ends_in(name, ".tmp"))
        return true;
    if (strcmp(name, MR_REJOIN_ARCHIVE) == 0 && mr_manifest_rejoins(manifest))
        return true; /* which proves itself */
    for (size_t i = 0; i < manifest->nfiles; i++)
        if (strcmp(manifest->files[i].name, name) == 0)
            return true;
    return false;
}

enum mr_code mr_plan_each_name(const struct mr_plan_dir *plan, mr_plan_name_fn *fn, void *ctx,
                               struct mr_err *err)
{
    DIR *dir = opendir(plan->path);
    enum mr_code code = MR_OK;
    if (dir == NULL)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not open directory \"%s\"", plan->path);
    while (code == MR_OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL && errno != 0)
            code =
                mr_err_set_sys(err, MR_E_IO, errno, "could not read directory \"%s\"", plan->path);
        if (entry == NULL)
            break;
        code = fn(ctx, dirfd(dir), entry->d_name, err);
    }
    (void)closedir(dir);
    return code;
}

static enum mr_code check_name(void *ctx, int dir_fd, const char *name, struct mr_err *err)
{
    const struct mr_plan_dir *plan = ctx;
    (void)dir_fd;
    return is_expected(&plan->manifest, name)
               ? MR_OK
               : refuse(plan->path, name, "is no part of the plan", err);
}

/* Whatever its name: a link leads elsewhere, and a pipe would hold whoever reads it. */
static enum mr_code check_kind(void *ctx, int dir_fd, const char *name, struct mr_err *err)
{
    const struct mr_plan_dir *plan = ctx;
    struct stat st;
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(st.st_mode))
        return MR_OK;
    const char *strange = mr_in_strange(st.st_mode);
    return strange == NULL ? MR_OK : refuse(plan->path, name, strange, err);
}

/* A name that is not there is mostly that of a plan that was refused, or of another directory. */
static enum mr_code no_such_plan(const char *path, int errno_value, struct mr_err *err)
{
    (void)mr_err_set_sys(err, MR_E_IO, errno_value, "could not open plan \"%s\"", path);
    if (errno_value == ENOENT)
        mr_err_hint(err, "Is the path right? A plan is made by: myrecon repair plan --output DIR.");
    return MR_E_IO;
}

/* Kinds of files are looked at before any is opened: a pipe that somebody has put there would
 * hold whoever reads it. */
static enum mr_code read_manifest(struct mr_plan_dir *plan, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct stat st;
    const char *path = mr_plan_path(&plan->arena, plan->path, MANIFEST_NAME);
    if (path == NULL)
        return mr_err_nomem(err, "reading a plan");
    if (stat(plan->path, &st) != 0)
        return no_such_plan(plan->path, errno, err);
    struct stat file;
    if (S_ISDIR(st.st_mode) && lstat(path, &file) != 0 && errno == ENOENT)
        return refuse(plan->path, MANIFEST_NAME, missing, err);
    enum mr_code code = MR_OK;
    if (S_ISDIR(st.st_mode))
        MR_TRY_OUT(mr_plan_each_name(plan, check_kind, plan, err));
    MR_TRY_OUT(mr_io_read_part(path, MANIFEST_MAX_BYTES, &text, err));
    MR_TRY_OUT(mr_sha256_bytes(text.ptr, text.len, plan->sha256, err));
    MR_TRY_OUT(mr_manifest_read(text.ptr, text.len, path, &plan->arena, &plan->manifest, err));
out:
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_plan_open(const char *path, struct mr_plan_dir *plan, struct mr_err *err)
{
    *plan = (struct mr_plan_dir){.path = path, .arena = MR_ARENA_INIT};
    MR_TRY(read_manifest(plan, err));
    for (size_t i = 0; i < plan->manifest.nfiles; i++)
        MR_TRY(check_file(plan, &plan->manifest.files[i], err));
    return mr_plan_each_name(plan, check_name, plan, err);
}

void mr_plan_close(struct mr_plan_dir *plan)
{
    mr_arena_release(&plan->arena);
}
