/* scratch_file.c: see scratch_file.h. */
#include "core/file/scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/io.h"

void mr_scratch_file_init(struct mr_scratch_file *file)
{
    *file = (struct mr_scratch_file){.fd = -1, .pending = MR_STRBUF_INIT, .name = MR_STRBUF_INIT};
}

void mr_scratch_file_release(struct mr_scratch_file *file)
{
    if (file->fd >= 0)
        (void)close(file->fd);
    mr_strbuf_release(&file->pending);
    mr_strbuf_release(&file->name);
    mr_scratch_file_init(file);
}

/* A link is followed: the disk that has the room is the one that the file itself is on. */
static enum mr_code add_directory(struct mr_strbuf *out, const char *beside, struct mr_err *err)
{
    const char *tmp = getenv("TMPDIR");
    if (beside[0] == '\0') {
        mr_strbuf_add_str(out, tmp != NULL && tmp[0] != '\0' ? tmp : "/var/tmp");
    } else {
        char *real = realpath(beside, NULL);
        if (real == NULL)
            return mr_err_set_sys(err, MR_E_IO, errno, "could not resolve \"%s\"", beside);
        const char *slash = strrchr(real, '/');
        mr_strbuf_add(out, real, slash == real ? 1 : (size_t)(slash - real));
        free(real);
    }
    return mr_strbuf_check(out, "opening a temporary file", err);
}

/* Some file systems have no files without a name: there it has one for a moment. */
static int open_nameless(const char *dir)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT))
        return fd;
    mr_strbuf_add_fmt(&path, "%s/.myrecon.XXXXXX", dir);
    if (path.failed)
        errno = ENOMEM;
    else if ((fd = mkostemp(path.ptr, O_CLOEXEC)) >= 0)
        (void)unlink(path.ptr);
    mr_strbuf_release(&path);
    return fd;
}

enum mr_code mr_scratch_file_open_in(struct mr_scratch_file *file, const char *dir,
                                     struct mr_err *err)
{
    mr_strbuf_add_fmt(&file->name, "temporary file in \"%s\"", dir);
    MR_TRY(mr_strbuf_check(&file->name, "opening a temporary file", err));
    file->fd = open_nameless(dir);
    return file->fd >= 0
               ? MR_OK
               : mr_err_set_sys(err, MR_E_IO, errno, "could not create a %s", file->name.ptr);
}

enum mr_code mr_scratch_file_open(struct mr_scratch_file *file, const char *beside,
                                  struct mr_err *err)
{
    struct mr_strbuf dir = MR_STRBUF_INIT;
    enum mr_code code = add_directory(&dir, beside, err);
    if (code == MR_OK)
        code = mr_scratch_file_open_in(file, dir.ptr, err);
    mr_strbuf_release(&dir);
    return code;
}

enum mr_code mr_scratch_file_flush(struct mr_scratch_file *file, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(&file->pending, "writing a temporary file", err));
    MR_TRY(mr_io_write_all(file->fd, file->name.ptr, file->pending.ptr, file->pending.len, err));
    mr_strbuf_reset(&file->pending);
    return MR_OK;
}

enum mr_code mr_scratch_file_add(struct mr_scratch_file *file, const void *ptr, size_t len,
                                 struct mr_err *err)
{
    mr_strbuf_add(&file->pending, ptr, len);
    file->bytes += len;
    return file->pending.len >= MR_SCRATCH_BUFFER || file->pending.failed
               ? mr_scratch_file_flush(file, err)
               : MR_OK;
}

enum mr_code mr_scratch_file_read(const struct mr_scratch_file *file, uint64_t at, void *ptr,
                                  size_t len, struct mr_err *err)
{
    for (size_t done = 0; done < len;) {
        const ssize_t got =
            pread(file->fd, (char *)ptr + done, len - done, (off_t)(at + (uint64_t)done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return mr_err_set_sys(err, MR_E_IO, errno, "could not read a %s", file->name.ptr);
        if (got == 0)
            return mr_err_set(err, MR_E_IO, "a %s has lost its end", file->name.ptr);
        done += (size_t)got;
    }
    return MR_OK;
}
