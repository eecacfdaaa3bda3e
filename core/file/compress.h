/*
 * compress: a stream of bytes into one zstd frame (with content checksum).
 *
 *   mr_compress_new → mr_compress_write … → mr_compress_finish → mr_compress_free
 *
 * The frame is complete only after finish; freed before, what the sink got is cut off,
 * and every zstd says so.  "zstd -dc" reads it.  The checksum has 32 bits: it finds
 * damage, not an adversary.
 *
 * Ownership: the sink is the caller's.  Errors: the sink's own, and MR_E_NOMEM.  After
 * an error only free may follow.  Memory: about 4 MiB at level 3, 90 MiB at 19, however long
 * the stream.
 * Threads: one at a time per compressor.
 */
#ifndef MR_COMPRESS_H
#define MR_COMPRESS_H

#include <stddef.h>

#include "core/base/err.h"
#include "core/file/sink.h"

struct mr_compress;

#define MR_COMPRESS_LEVEL 3
#define MR_COMPRESS_LEVEL_MAX 19 /* beyond it, readers need more than 8 MiB */

/* At level 3. */
enum mr_code mr_compress_new(struct mr_sink sink, struct mr_compress **out, struct mr_err *err);
/* level: 1 to 19. */
enum mr_code mr_compress_new_level(struct mr_sink sink, int level, struct mr_compress **out,
                                   struct mr_err *err);
enum mr_code mr_compress_write(struct mr_compress *compress, const void *ptr, size_t len,
                               struct mr_err *err);
/* The end of the frame.  Once; nothing may be written after it. */
enum mr_code mr_compress_finish(struct mr_compress *compress, struct mr_err *err);
void mr_compress_free(struct mr_compress *compress); /* NULL is fine */

#endif
