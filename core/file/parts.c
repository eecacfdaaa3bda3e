/* parts.c: see parts.h. */
#include "core/file/parts.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/vec.h"
#include "core/file/cms.h"
#include "core/file/io_internal.h"

#define MAX_PARTS 999
#define SUFFIX_BYTES 5                       /* ".999" */
#define NAME_BYTES (NAME_MAX + SUFFIX_BYTES) /* a longer PATH was refused by then */
#define HEAD_BYTES 64
#define ASIDE_TRIES 100

struct part {
    char temp[MR_IO_TEMP_BYTES]; /* "" once it has its name */
    char *path;                  /* set by the commit */
};

/* A file that is there already. */
struct old {
    unsigned number;              /* 0: PATH itself */
    bool is_message;              /* of cms.h */
    bool is_removed;              /* by this commit, or replaced */
    char aside[MR_IO_TEMP_BYTES]; /* "" while it has its own name */
};

struct mr_parts {
    struct mr_io_place place;
    bool numbered, force, unsynced;
    struct mr_io_file *file; /* the current part; NULL when it is finished */
    struct mr_vec parts;     /* struct part: those that are finished */
    struct mr_vec olds;      /* struct old: by number */
};

static struct part *part_at(const struct mr_parts *parts, size_t index)
{
    return mr_vec_at(&parts->parts, index);
}

static struct old *old_at(const struct mr_parts *parts, size_t index)
{
    return mr_vec_at(&parts->olds, index);
}

static void format_suffix(unsigned number, char suffix[SUFFIX_BYTES])
{
    suffix[0] = '\0';
    if (number > 0)
        (void)snprintf(suffix, SUFFIX_BYTES, ".%03u", number % 1000);
}

/* Its name in the directory. */
static void format_name(const struct mr_parts *parts, unsigned number, char name[NAME_BYTES])
{
    char suffix[SUFFIX_BYTES];
    format_suffix(number, suffix);
    (void)snprintf(name, NAME_BYTES, "%s%s", parts->place.base, suffix);
}

/* Its name for people; NULL: no memory. */
static char *new_path(const struct mr_parts *parts, unsigned number)
{
    char suffix[SUFFIX_BYTES], *path;
    format_suffix(number, suffix);
    return asprintf(&path, "%s%s", parts->place.path, suffix) < 0 ? NULL : path;
}

static enum mr_code fail(const struct mr_parts *parts, unsigned number, const char *did,
                         struct mr_err *err)
{
    int saved = errno;
    char *path = new_path(parts, number);
    enum mr_code rc = mr_io_fail(err, saved, did, path == NULL ? parts->place.path : path);
    free(path);
    return rc;
}

/* Is it PATH or one of its numbers? */
static bool match(const char *base, const char *name, unsigned *number)
{
    size_t len = strlen(base);
    *number = 0;
    if (strncmp(name, base, len) != 0)
        return false;
    const char *suffix = name + len;
    if (*suffix == '\0')
        return true;
    if (strlen(suffix) != SUFFIX_BYTES - 1 || *suffix++ != '.')
        return false;
    for (; *suffix != '\0'; suffix++) {
        if (*suffix < '0' || *suffix > '9')
            return false;
        *number = *number * 10 + (unsigned)(*suffix - '0');
    }
    return *number > 0;
}

static enum mr_code read_head(const struct mr_parts *parts, const char *name, struct old *old,
                              struct mr_err *err)
{
    char head[HEAD_BYTES];
    int fd = openat(parts->place.dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, head, sizeof head);
    enum mr_code rc = MR_OK;
    if (len < 0)
        rc = fail(parts, old->number, "look into file", err);
    else
        old->is_message = mr_cms_is_message(head, (size_t)len);
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* A case, as far as this layer can tell: it is the only copy of what was found, and no output
 * has its form. */
static bool is_database(const struct mr_parts *parts, const char *name)
{
    static const char magic[16] = "SQLite format 3";
    return mr_io_head(parts->place.dir_fd, name, O_NOFOLLOW, magic, sizeof magic) ==
           MR_IO_HEAD_SAME;
}

static enum mr_code refuse_database(const struct mr_parts *parts, const char *suffix,
                                    struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_EXISTS,
                     "file \"%s%s\" is a database, as case files are: not even --force "
                     "replaces it",
                     parts->place.path, suffix);
    mr_err_hint(err, "Give the output a name of its own.");
    return MR_E_EXISTS;
}

static enum mr_code add_old(struct mr_parts *parts, unsigned number, struct mr_err *err)
{
    struct stat st;
    char suffix[SUFFIX_BYTES], name[NAME_BYTES];
    format_suffix(number, suffix);
    format_name(parts, number, name);
    if (fstatat(parts->place.dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? MR_OK : fail(parts, number, "look at file", err);
    if (!S_ISREG(st.st_mode))
        return mr_err_set(err, MR_E_IO, "could not create file \"%s%s\": it is %s",
                          parts->place.path, suffix,
                          S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
    if (!parts->force)
        return mr_err_set(err, MR_E_EXISTS, "file \"%s%s\" exists", parts->place.path, suffix);
    if (is_database(parts, name))
        return refuse_database(parts, suffix, err);
    struct old *old = mr_vec_push(&parts->olds);
    if (old == NULL)
        return mr_err_nomem(err, "looking for older files");
    old->number = number;
    return number == 0 ? MR_OK : read_head(parts, name, old, err);
}

static int compare_olds(const void *left, const void *right)
{
    const struct old *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

static enum mr_code list_olds(struct mr_parts *parts, DIR *dir, struct mr_err *err)
{
    enum mr_code rc = MR_OK;
    while (rc == MR_OK) {
        unsigned number;
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL && errno != 0)
            return fail(parts, 0, "read the directory of file", err);
        if (entry == NULL)
            break;
        if (match(parts->place.base, entry->d_name, &number))
            rc = add_old(parts, number, err);
    }
    if (parts->olds.count > 0)
        qsort(parts->olds.items, parts->olds.count, sizeof(struct old), compare_olds);
    return rc;
}

/* What is there now, into olds. */
static enum mr_code look(struct mr_parts *parts, struct mr_err *err)
{
    mr_vec_clear(&parts->olds);
    if (!parts->numbered)
        return add_old(parts, 0, err);
    int fd = openat(parts->place.dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        enum mr_code rc = fail(parts, 0, "read the directory of file", err);
        if (fd >= 0)
            (void)close(fd);
        return rc;
    }
    enum mr_code rc = list_olds(parts, dir, err);
    (void)closedir(dir);
    return rc;
}

/* What stands there is looked at before anything is written, so that an hour's work is not refused
 * at its end; and at the commit once more. */
enum mr_code mr_parts_open(const char *path, bool numbered, bool force, struct mr_parts **out,
                           struct mr_err *err)
{
    struct mr_parts *parts = calloc(1, sizeof *parts);
    *out = NULL;
    if (parts == NULL)
        return mr_err_nomem(err, "creating a file");
    parts->numbered = numbered;
    parts->force = force;
    parts->parts = (struct mr_vec)MR_VEC_INIT(struct part);
    parts->olds = (struct mr_vec)MR_VEC_INIT(struct old);
    enum mr_code rc = mr_io_place_open(path, &parts->place, err);
    if (rc == MR_OK && strlen(parts->place.base) + SUFFIX_BYTES - 1 > NAME_MAX && numbered)
        rc = mr_io_fail(err, ENAMETOOLONG, "create numbered files for", path);
    if (rc == MR_OK)
        rc = look(parts, err);
    if (rc == MR_OK)
        rc = mr_io_begin_at(&parts->place, 0600, &parts->file, err);
    if (rc == MR_OK)
        *out = parts;
    else
        mr_parts_free(parts);
    return rc;
}

void mr_parts_leave_unsynced(struct mr_parts *parts)
{
    parts->unsynced = true;
}

enum mr_code mr_parts_write(struct mr_parts *parts, const void *ptr, size_t len, struct mr_err *err)
{
    return mr_io_write(parts->file, ptr, len, err);
}

/* Ends the current part. */
static enum mr_code finish(struct mr_parts *parts, struct mr_err *err)
{
    struct part *part = mr_vec_push(&parts->parts);
    if (part == NULL)
        return mr_err_nomem(err, "finishing a file");
    enum mr_code rc = mr_io_detach(parts->file, !parts->unsynced, part->temp, err);
    if (rc == MR_OK) {
        mr_io_free(parts->file);
        parts->file = NULL;
    }
    return rc;
}

enum mr_code mr_parts_next(struct mr_parts *parts, struct mr_err *err)
{
    assert(parts->numbered);
    if (parts->parts.count + 1 >= MAX_PARTS) {
        (void)mr_err_set(err, MR_E_IO, "output \"%s\" needs more than %d parts", parts->place.path,
                         MAX_PARTS);
        mr_err_hint(err, "Write it in several runs, each with a part of the tables.");
        return MR_E_IO;
    }
    enum mr_code rc = finish(parts, err);
    if (rc == MR_OK)
        rc = mr_io_begin_at(&parts->place, 0600, &parts->file, err);
    return rc;
}

/* The number that the index-th part gets. */
static unsigned number_of(const struct mr_parts *parts, size_t index)
{
    return parts->parts.count == 1 ? 0 : (unsigned)index + 1;
}

/* Which of what is there has to go.  Returns how many. */
static size_t choose_olds(struct mr_parts *parts)
{
    size_t count = parts->parts.count, removed = 0;
    for (size_t i = 0; i < parts->olds.count; i++) {
        struct old *old = old_at(parts, i);
        old->is_removed =
            old->number == 0 || (count > 1 && old->number <= count) || old->is_message;
        removed += old->is_removed;
    }
    return removed;
}

/* Under a name that nobody has: were one taken in between, somebody's file would be gone. */
static enum mr_code set_aside(struct mr_parts *parts, struct old *old, struct mr_err *err)
{
    char name[NAME_BYTES];
    format_name(parts, old->number, name);
    for (int i = 0; i < ASIDE_TRIES; i++) {
        mr_io_temp_name(old->aside);
        if (mr_io_rename_new(parts->place.dir_fd, name, old->aside) == 0)
            return MR_OK;
        if (errno != EEXIST)
            break;
    }
    old->aside[0] = '\0';
    return fail(parts, old->number, "replace file", err);
}

/* Never over a file: what stands there came after the last look, and was agreed to by nobody. */
static enum mr_code place_part(struct mr_parts *parts, size_t index, struct mr_err *err)
{
    struct part *part = part_at(parts, index);
    char name[NAME_BYTES];
    format_name(parts, number_of(parts, index), name);
    if (mr_io_rename_new(parts->place.dir_fd, part->temp, name) == 0)
        part->temp[0] = '\0';
    else if (errno == EEXIST)
        return mr_err_set(err, MR_E_EXISTS, "file \"%s\" exists: it came while this ran",
                          part->path);
    else
        return mr_io_fail(err, errno, "rename the finished file to", part->path);
    return MR_OK;
}

/* After a failure: the new names go, the old files get theirs back. */
static void undo(struct mr_parts *parts, struct mr_err *err)
{
    const struct mr_io_place *place = &parts->place;
    char name[NAME_BYTES];
    for (size_t i = 0; i < parts->parts.count; i++) {
        const struct part *part = part_at(parts, i);
        format_name(parts, number_of(parts, i), name);
        if (part->temp[0] == '\0' && unlinkat(place->dir_fd, name, 0) != 0)
            mr_err_detail(err, "file \"%s\" could not be removed again", part->path);
    }
    /* PATH and PATH.001 come back last, for the same reason as they come last */
    for (size_t i = parts->olds.count; i-- > 0;) {
        struct old *old = old_at(parts, i);
        format_name(parts, old->number, name);
        if (old->aside[0] != '\0' && mr_io_rename_new(place->dir_fd, old->aside, name) != 0)
            mr_err_detail(err, "the former file \"%s\" is now \"%s\" in its directory", name,
                          old->aside);
        old->aside[0] = '\0';
    }
}

/* All are tried, and the first failure is reported: the output is complete by now, and only files that
 * nobody needs are left. */
static enum mr_code remove_olds(struct mr_parts *parts, struct mr_err *err)
{
    enum mr_code rc = MR_OK;
    for (size_t i = 0; i < parts->olds.count; i++) {
        struct old *old = old_at(parts, i);
        if (old->aside[0] != '\0' && unlinkat(parts->place.dir_fd, old->aside, 0) != 0 &&
            rc == MR_OK) {
            rc = mr_io_fail(err, errno, "remove the former file", old->aside);
            mr_err_detail(err, "the new output is complete");
        }
        old->aside[0] = '\0';
    }
    return rc;
}

static int sync_dir(const struct mr_parts *parts)
{
    return parts->unsynced ? 0 : mr_io_sync_dir(parts->place.dir_fd);
}

/* A reader sees the old file or the new one. */
static enum mr_code replace_one(struct mr_parts *parts, struct mr_err *err)
{
    struct part *part = part_at(parts, 0);
    const struct mr_io_place *place = &parts->place;
    if (renameat(place->dir_fd, part->temp, place->dir_fd, place->base) != 0)
        return mr_io_fail(err, errno, "rename the finished file to", place->path);
    part->temp[0] = '\0';
    return sync_dir(parts) == 0 ? MR_OK
                                : mr_io_fail(err, errno, "sync the directory of file", place->path);
}

static enum mr_code exchange(struct mr_parts *parts, struct mr_err *err)
{
    enum mr_code rc = MR_OK;
    for (size_t i = 0; i < parts->olds.count && rc == MR_OK; i++)
        if (old_at(parts, i)->is_removed)
            rc = set_aside(parts, old_at(parts, i), err);
    for (size_t i = parts->parts.count; i-- > 0 && rc == MR_OK;)
        rc = place_part(parts, i, err);
    if (rc == MR_OK && sync_dir(parts) != 0)
        rc = fail(parts, 0, "sync the directory of file", err);
    if (rc != MR_OK) {
        undo(parts, err);
        return rc;
    }
    return remove_olds(parts, err);
}

/* A single file in the place of a single file needs no setting aside: one rename, and a reader sees
 * the one or the other. */
enum mr_code mr_parts_commit(struct mr_parts *parts, struct mr_err *err)
{
    size_t removed = 0;
    enum mr_code rc = finish(parts, err);
    if (rc == MR_OK)
        rc = look(parts, err);
    if (rc == MR_OK)
        removed = choose_olds(parts);
    for (size_t i = 0; i < parts->parts.count && rc == MR_OK; i++) {
        part_at(parts, i)->path = new_path(parts, number_of(parts, i));
        if (part_at(parts, i)->path == NULL)
            rc = mr_err_nomem(err, "naming a file");
    }
    if (rc != MR_OK)
        return rc;
    bool is_one = parts->parts.count == 1 && removed == 1 && old_at(parts, 0)->number == 0;
    return is_one ? replace_one(parts, err) : exchange(parts, err);
}

/* Without a commit the parts are still under their temporary names, and go. */
void mr_parts_free(struct mr_parts *parts)
{
    if (parts == NULL)
        return;
    mr_io_free(parts->file);
    for (size_t i = 0; i < parts->parts.count; i++) {
        struct part *part = part_at(parts, i);
        if (part->temp[0] != '\0')
            (void)unlinkat(parts->place.dir_fd, part->temp, 0);
        free(part->path);
    }
    mr_vec_release(&parts->parts);
    mr_vec_release(&parts->olds);
    mr_io_place_release(&parts->place);
    free(parts);
}

size_t mr_parts_count(const struct mr_parts *parts)
{
    return parts->parts.count;
}

const char *mr_parts_name(const struct mr_parts *parts, size_t index)
{
    return part_at(parts, index)->path;
}
