/*
 * io: whole files in, atomic files out.
 *
 *   mr_io_begin → mr_io_write … → mr_io_commit → mr_io_free
 *
 * An atomic file is written under a temporary name beside its target (O_EXCL) and takes
 * the target's name only when its content and mode are on disk: a reader, or a crash at
 * any point, sees the old file or the new one, never a part.  Freed without commit, it
 * leaves no trace.  A target that is a symbolic link is followed; one that is there and
 * is no regular file (a device, a directory) is refused.
 *
 * Errors: MR_E_IO with the path and the system's reason.  A write error is sticky:
 * later writes and the commit report it again, so a long text may be written straight
 * down and checked at the commit.  Threads: one at a time per file.
 */
#ifndef MR_IO_H
#define MR_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"

struct mr_io_file;

/* mode: the file's exact permission bits, whatever the umask. */
enum mr_code mr_io_begin(const char *path, mode_t mode, struct mr_io_file **out,
                         struct mr_err *err);
/* A file that is not there yet (else MR_E_IO), of a directory that nobody else reads: it has its
 * name at once, and whoever is killed leaves a part of it there.  path is for messages; its last
 * part is the name in dir_fd, which stays the caller's. */
enum mr_code mr_io_begin_new(int dir_fd, const char *path, mode_t mode, struct mr_io_file **out,
                             struct mr_err *err);
/* Buffered, 64 KiB. */
enum mr_code mr_io_write(struct mr_io_file *file, const void *ptr, size_t len, struct mr_err *err);
/* fsync, rename, fsync of the directory.  Once; the file is still to be freed. */
enum mr_code mr_io_commit(struct mr_io_file *file, struct mr_err *err);
/* The same for one of many files: rename alone.  Whoever looks sees all of it, but a machine that
 * loses its power may lose it, name or bytes, until mr_io_sync_files(). */
enum mr_code mr_io_commit_unsynced(struct mr_io_file *file, struct mr_err *err);
/* fsync of each regular file in the directory, and of the directory; what is to be written is
 * begun for all of them first, so that the first fsync's commit is that of all.  removes: a file for which
 * that fails is removed, because nobody is told of it a second time: its reader is given what the
 * cache has, and another fsync succeeds. */
enum mr_code mr_io_sync_files(const char *dir, bool removes, struct mr_err *err);
/* NULL is fine.  Removes the temporary file unless it was committed. */
void mr_io_free(struct mr_io_file *file);

/* begin, write, commit, free in one. */
enum mr_code mr_io_write_file(const char *path, mode_t mode, const void *ptr, size_t len,
                              struct mr_err *err);

/* All bytes or an error: goes on after short writes and EINTR.  name is for messages.
 */
enum mr_code mr_io_write_all(int fd, const char *name, const void *ptr, size_t len,
                             struct mr_err *err);

/* Appends the whole file to out; MR_E_IO if it is longer than max_bytes, with out left
 * as it was before.  Of a file that the user names (in_file.h): a pipe is read to its end. */
enum mr_code mr_io_read_file(const char *path, size_t max_bytes, struct mr_strbuf *out,
                             struct mr_err *err);
/* The same of one that nobody named: only this user's own, or root's (mr_owner_check_own). */
enum mr_code mr_io_read_own(const char *path, size_t max_bytes, struct mr_strbuf *out,
                            struct mr_err *err);
/* The same of a file of a snapshot or plan. */
enum mr_code mr_io_read_part(const char *path, size_t max_bytes, struct mr_strbuf *out,
                             struct mr_err *err);

/* The name of an atomic file that is being written, or was when its process was killed: ".myrecon-PID-N.tmp". */
bool mr_io_is_temp_name(const char *name);
/* What a process that was killed has left of its atomic files in a directory is removed. */
void mr_io_remove_temps(const char *dir, pid_t pid);

/* Does a file begin with these bytes, at most MR_IO_HEAD_MAX? */
enum mr_io_head {
    MR_IO_HEAD_NONE = 1, /* it is not there, empty, no regular file, or cannot be read */
    MR_IO_HEAD_OTHER,
    MR_IO_HEAD_SAME
};
#define MR_IO_HEAD_MAX 64
/* dir_fd, flags (O_NOFOLLOW, or 0): as openat() has them. */
enum mr_io_head mr_io_head(int dir_fd, const char *name, int flags, const void *ptr, size_t len);

#endif
