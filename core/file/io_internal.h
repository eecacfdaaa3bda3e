/*
 * io_internal: what io.c shares with parts.c: the place that a new file is to get, and
 * the steps of taking it.
 *
 *   mr_io_place_open → mr_io_begin_at → mr_io_write … → mr_io_detach → (rename) → release
 *
 * Ownership: a file that was begun at a place borrows it.  Functions that return int
 * are like system calls: -1, and errno says why.  Threads: one at a time per place.
 */
#ifndef MR_IO_INTERNAL_H
#define MR_IO_INTERNAL_H

#include "core/file/io.h"

#define MR_IO_TEMP_BYTES 64

struct mr_io_place {
    char *path;       /* as it will be, symbolic links followed */
    const char *base; /* its last part */
    int dir_fd;       /* rename and unlink reach the same directory wherever it is moved */
};

/* Refuses what is there and is no regular file. */
enum mr_code mr_io_place_open(const char *path, struct mr_io_place *place, struct mr_err *err);
void mr_io_place_release(struct mr_io_place *place);

/* As mr_io_begin(), in a place that is open already. */
enum mr_code mr_io_begin_at(const struct mr_io_place *place, mode_t mode, struct mr_io_file **out,
                            struct mr_err *err);
/* Content on disk, file closed.  The temporary file, `name` in the place's directory,
 * then is the caller's to rename or remove; the struct is still to be freed. */
enum mr_code mr_io_detach(struct mr_io_file *file, bool synced, char name[MR_IO_TEMP_BYTES],
                          struct mr_err *err);

/* A name that nobody else uses, unless a process with this number was killed. */
void mr_io_temp_name(char name[MR_IO_TEMP_BYTES]);
/* Both names in the directory.  EEXIST where `to` is there, also when it came just now;
 * only on file systems without links and RENAME_NOREPLACE is there a moment between
 * looking and renaming. */
int mr_io_rename_new(int dir_fd, const char *from, const char *to);
int mr_io_sync_dir(int dir_fd);

/* MR_E_IO, "could not <did> "<path>": reason", with a hint that fits the reason. */
enum mr_code mr_io_fail(struct mr_err *err, int errno_value, const char *did, const char *path);

#endif
