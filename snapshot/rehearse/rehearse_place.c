/* rehearse_place.c: see rehearse_place.h. */
#include "snapshot/rehearse/rehearse_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/utf8.h"
#include "core/file/remove_tree.h"

#define LOG_TAIL_BYTES 4096
#define LOG_TAIL_LINES 10
#define FULL_BYTES ((uint64_t)64 << 10)

enum mr_code mr_rehearse_work_dir(const char *asked, struct mr_arena *arena, const char **out,
                                  struct mr_err *err)
{
    const char *dir = asked != NULL ? asked : getenv("TMPDIR");
    if (dir == NULL || dir[0] == '\0')
        dir = "/var/tmp"; /* on a disk, which /tmp need not be */
    char *real = realpath(dir, NULL);
    if (real == NULL) {
        (void)mr_err_set_sys(err, MR_E_IO, errno, "could not use directory \"%s\"", dir);
        mr_err_hint(err, "--work-dir names the directory that the server's data lie in for a "
                         "while.");
        return MR_E_IO;
    }
    *out = mr_arena_strdup(arena, real);
    free(real);
    return *out != NULL ? MR_OK : mr_err_nomem(err, "rehearsing a restore");
}

/* ---- what killed runs have left ---- */

static int open_dir(int fd, const char *name)
{
    return openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool take_lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* Its owner is one that could have made it, nobody holds it, and it has the mark. */
static bool is_left(int work_fd, const char *name, const struct mr_child_account *account)
{
    struct stat st;
    const int fd = open_dir(work_fd, name);
    if (fd < 0)
        return false;
    const bool is =
        fstat(fd, &st) == 0 &&
        (st.st_uid == geteuid() || (account->name != NULL && st.st_uid == account->uid)) &&
        take_lock(fd) && fstatat(fd, MR_REHEARSE_MARK, &st, AT_SYMLINK_NOFOLLOW) == 0;
    (void)close(fd);
    return is;
}

static enum mr_code remove_left(const char *work_dir, const char *name, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&path, "%s/%s", work_dir, name);
    enum mr_code code = mr_strbuf_check(&path, "rehearsing a restore", err);
    if (code == MR_OK)
        code = mr_remove_tree(path.ptr, err);
    if (code == MR_OK)
        mr_log_info("removed \"%s\", which a rehearsal that was killed had left", path.ptr);
    mr_strbuf_release(&path);
    return code;
}

/* One that cannot be removed is named, and keeps nobody from another. */
enum mr_code mr_rehearse_sweep(const char *work_dir, const struct mr_child_account *account,
                               struct mr_err *err)
{
    const struct dirent *entry;
    DIR *list = opendir(work_dir);
    if (list == NULL)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not open directory \"%s\"", work_dir);
    while ((entry = readdir(list)) != NULL) {
        struct mr_err why = {0};
        if (strncmp(entry->d_name, MR_REHEARSE_PREFIX, strlen(MR_REHEARSE_PREFIX)) == 0 &&
            is_left(dirfd(list), entry->d_name, account) &&
            remove_left(work_dir, entry->d_name, &why) != MR_OK)
            mr_log_err_as_warning(&why);
    }
    (void)closedir(list);
    return MR_OK;
}

/* ---- room ---- */

enum mr_code mr_rehearse_require_room(const char *work_dir, uint64_t needed, struct mr_err *err)
{
    struct statvfs fs;
    struct mr_strbuf has = MR_STRBUF_INIT, wants = MR_STRBUF_INIT;
    if (statvfs(work_dir, &fs) != 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not ask for the free space of \"%s\"",
                              work_dir);
    const uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (free_bytes >= needed)
        return MR_OK;
    mr_strbuf_add_size(&has, free_bytes);
    mr_strbuf_add_size(&wants, needed);
    (void)mr_err_set(err, MR_E_REFUSED, "\"%s\" has %s left, and a rehearsal may need %s", work_dir,
                     has.ptr, wants.ptr);
    mr_err_hint(err, "Nothing was started. Choose a directory on another disk with --work-dir, or "
                     "some of the tables with --tables.");
    mr_strbuf_release(&has);
    mr_strbuf_release(&wants);
    return MR_E_REFUSED;
}

/* What a file system keeps for root is no room for others. */
bool mr_rehearse_is_full(const char *dir, const struct mr_child_account *account)
{
    struct statvfs fs;
    const bool is_root = account->name == NULL && geteuid() == 0;
    return statvfs(dir, &fs) == 0 &&
           (uint64_t)(is_root ? fs.f_bfree : fs.f_bavail) * fs.f_frsize < FULL_BYTES;
}

/* ---- making ---- */

static enum mr_code failed(const char *did, const char *path, struct mr_err *err)
{
    return mr_err_set_sys(err, MR_E_IO, errno, "could not %s \"%s\"", did, path);
}

static enum mr_code name_all(struct mr_rehearse_place *place, struct mr_arena *arena,
                             struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    const struct {
        const char *name, **slot;
    } names[] = {{"data", &place->data},
                 {"tmp", &place->tmp},
                 {"files", &place->files},
                 {"sock", &place->socket},
                 {"server.log", &place->log}};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < sizeof names / sizeof *names; i++) {
        mr_strbuf_reset(&path);
        mr_strbuf_add_fmt(&path, "%s/%s", place->path, names[i].name);
        *names[i].slot = path.failed ? NULL : mr_arena_strdup(arena, path.ptr);
        if (*names[i].slot == NULL)
            code = mr_err_nomem(err, "rehearsing a restore");
    }
    mr_strbuf_release(&path);
    return code;
}

static enum mr_code make_folder(const struct mr_rehearse_place *place, const char *name,
                                const struct mr_child_account *account, struct mr_err *err)
{
    if (mkdirat(place->fd, name, 0700) != 0 ||
        (account->name != NULL &&
         fchownat(place->fd, name, account->uid, account->gid, AT_SYMLINK_NOFOLLOW) != 0))
        return failed("create a folder of", place->path, err);
    return MR_OK;
}

/* The mark comes behind the lock, and the account behind the mark: another run takes nothing for left
 * that is being made. */
static enum mr_code fill(struct mr_rehearse_place *place, const struct mr_child_account *account,
                         struct mr_err *err)
{
    place->fd = open_dir(AT_FDCWD, place->path);
    if (place->fd < 0 || !take_lock(place->fd))
        return failed("lock directory", place->path, err);
    const int mark = openat(place->fd, MR_REHEARSE_MARK,
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (mark < 0)
        return failed("create a file of", place->path, err);
    (void)close(mark);
    MR_TRY(make_folder(place, "data", account, err));
    MR_TRY(make_folder(place, "tmp", account, err));
    MR_TRY(make_folder(place, "files", account, err));
    if (account->name != NULL && fchown(place->fd, account->uid, account->gid) != 0)
        return failed("give its account directory", place->path, err);
    return MR_OK;
}

static enum mr_code require_short(const char *socket, struct mr_err *err)
{
    const struct sockaddr_un address = {0};
    if (strlen(socket) < sizeof address.sun_path)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "\"%s\" is too long for a socket: %zu bytes of %zu", socket,
                     strlen(socket), sizeof address.sun_path - 1);
    mr_err_hint(err, "Choose a directory with a shorter path with --work-dir.");
    return MR_E_REFUSED;
}

enum mr_code mr_rehearse_place_make(const char *work_dir, const struct mr_child_account *account,
                                    struct mr_arena *arena, struct mr_rehearse_place *place,
                                    struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    *place = (struct mr_rehearse_place){.fd = -1};
    mr_strbuf_add_fmt(&path, "%s/" MR_REHEARSE_PREFIX "XXXXXX", work_dir);
    MR_TRY_OUT(mr_strbuf_check(&path, "rehearsing a restore", err));
    if (mkdtemp(path.ptr) == NULL)
        MR_TRY_OUT(failed("create a directory in", work_dir, err));
    place->path = mr_arena_strdup(arena, path.ptr);
    if (place->path == NULL) {
        (void)rmdir(path.ptr);
        MR_TRY_OUT(mr_err_nomem(err, "rehearsing a restore"));
    }
    MR_TRY_OUT(name_all(place, arena, err));
    MR_TRY_OUT(require_short(place->socket, err));
    MR_TRY_OUT(fill(place, account, err));
out:
    mr_strbuf_release(&path);
    return code;
}

/* ---- the log ---- */

static void show_lines(char *text)
{
    char *lines[LOG_TAIL_LINES] = {NULL};
    char *rest = NULL;
    size_t count = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        lines[count++ % LOG_TAIL_LINES] = line;
    for (size_t i = count > LOG_TAIL_LINES ? count - LOG_TAIL_LINES : 0; i < count; i++)
        mr_log_warning("server: %s", lines[i % LOG_TAIL_LINES]);
}

void mr_rehearse_show_log(const struct mr_rehearse_place *place)
{
    char text[LOG_TAIL_BYTES + 1];
    struct stat st;
    const int fd = open(place->log, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t got = -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        got = pread(fd, text, LOG_TAIL_BYTES,
                    st.st_size > LOG_TAIL_BYTES ? st.st_size - LOG_TAIL_BYTES : 0);
    (void)close(fd);
    if (got > 0) {
        text[got] = '\0';
        show_lines(text);
    }
}

/* ---- removing ---- */

enum mr_code mr_rehearse_place_remove(struct mr_rehearse_place *place, struct mr_err *err)
{
    if (place->path == NULL)
        return MR_OK;
    enum mr_code code = mr_remove_tree(place->path, err);
    if (code != MR_OK)
        mr_err_hint(err, "Remove it by hand: the rows of the snapshot lie there in clear.");
    if (place->fd >= 0)
        (void)close(place->fd); /* not before: another run would take it for left */
    *place = (struct mr_rehearse_place){.fd = -1};
    return code;
}
