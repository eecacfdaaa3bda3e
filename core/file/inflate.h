/*
 * inflate: what zlib is needed for: gzip files, deflated parts of binary logs, and CRC32.
 *
 *   mr_gunzip_open → mr_gunzip_read … (until there are none) → mr_gunzip_close
 *   mr_inflate_new → mr_inflate_part … → mr_inflate_free
 *
 * Several members after each other are one stream, as for "gzip -dc".  The last read, which
 * gives nothing, has seen the end of a whole last member.
 *
 * Ownership: the feed is the caller's.  Errors: MR_E_IO for damage (a member's checksum
 * included), the feed's own, MR_E_NOMEM.  Memory: about 50 KiB for an inflater, 110 KiB for a
 * gzip stream, whatever the input says.  Threads: one at a time; mr_crc32 has no state.
 */
#ifndef MR_INFLATE_H
#define MR_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/file/feed.h"

struct mr_gunzip;
/* The feed gives the compressed bytes, from the first on. */
enum mr_code mr_gunzip_open(struct mr_feed from, struct mr_gunzip **out, struct mr_err *err);
enum mr_code mr_gunzip_read(struct mr_gunzip *in, void *buf, size_t size, size_t *got,
                            struct mr_err *err);
void mr_gunzip_close(struct mr_gunzip *in); /* NULL is fine */

struct mr_inflate;
enum mr_code mr_inflate_new(struct mr_inflate **out, struct mr_err *err);
/* One zlib stream that is whole in memory, into exactly `size` bytes: more, fewer, or bytes
 * behind its end are damage. */
enum mr_code mr_inflate_part(struct mr_inflate *inflate, const void *ptr, size_t len, void *buf,
                             size_t size, struct mr_err *err);
/* What `len` deflated bytes can become at most. */
uint64_t mr_inflate_most(size_t len);
void mr_inflate_free(struct mr_inflate *inflate); /* NULL is fine */

/* Of those bytes, as gzip, Ethernet and binary logs have it. */
uint32_t mr_crc32(const void *ptr, size_t len);

#endif
