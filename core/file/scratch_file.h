/*
 * scratch_file: a file without a name, for what does not fit into memory.
 *
 *   mr_scratch_file_open → add … → flush → read, anywhere → release
 *
 * It is of mode 0600, in a directory that the caller chooses, and gone with the process, however that
 * ends.  What is added goes behind what is there, through a buffer of MR_SCRATCH_BUFFER bytes.
 *
 * Ownership: the caller's struct.  Errors: MR_E_IO with the directory and the system's reason,
 * MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_SCRATCH_FILE_H
#define MR_SCRATCH_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"

#define MR_SCRATCH_BUFFER ((size_t)256 * 1024)

struct mr_scratch_file {
    int fd;         /* -1: not open */
    uint64_t bytes; /* that were added */
    struct mr_strbuf pending;
    struct mr_strbuf name; /* for messages */
};

/* Not open yet; release is fine, and leaves it so. */
void mr_scratch_file_init(struct mr_scratch_file *file);
void mr_scratch_file_release(struct mr_scratch_file *file);
/* beside: a file in whose directory it is made; "" for $TMPDIR, else /var/tmp. */
enum mr_code mr_scratch_file_open(struct mr_scratch_file *file, const char *beside,
                                  struct mr_err *err);
enum mr_code mr_scratch_file_open_in(struct mr_scratch_file *file, const char *dir,
                                     struct mr_err *err);
enum mr_code mr_scratch_file_add(struct mr_scratch_file *file, const void *ptr, size_t len,
                                 struct mr_err *err);
/* Before something is read that was added. */
enum mr_code mr_scratch_file_flush(struct mr_scratch_file *file, struct mr_err *err);
/* len bytes from there on; that there are fewer is an error. */
enum mr_code mr_scratch_file_read(const struct mr_scratch_file *file, uint64_t at, void *ptr,
                                  size_t len, struct mr_err *err);

#endif
