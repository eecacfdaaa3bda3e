/*
 * ustar: an archive of small files, written as it comes (POSIX.1-1988 ustar, as every tar
 * reads it).
 *
 *   mr_ustar_init → mr_ustar_add … → mr_ustar_finish
 *
 * Files belong to nobody (uid and gid 0, no names), have mode 0600 and one modification
 * time.  Ownership: the sink is the caller's and must outlive the archive.  Errors: the
 * sink's own, and MR_E_USAGE for a name that does not fit.  Limits: names of 1 to 99 bytes,
 * contents below 8 GiB.  Threads: one.
 */
#ifndef MR_USTAR_H
#define MR_USTAR_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/file/sink.h"

struct mr_ustar {
    struct mr_sink sink;
    uint64_t mtime; /* seconds since 1970 */
};

void mr_ustar_init(struct mr_ustar *tar, struct mr_sink sink, uint64_t mtime);
enum mr_code mr_ustar_add(struct mr_ustar *tar, const char *name, const void *ptr, size_t len,
                          struct mr_err *err);
/* Writes the end of the archive.  Once; nothing may be added after it. */
enum mr_code mr_ustar_finish(struct mr_ustar *tar, struct mr_err *err);

#endif
