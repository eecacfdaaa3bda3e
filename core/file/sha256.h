/*
 * sha256: SHA-256 (FIPS 180-4) of bytes and files, as 64 lower-case hex digits.
 *
 * Calling sequence: init, add …, finish; or one of the functions that do it all.  Errors:
 * MR_E_IO with the path; MR_E_NOMEM.  Threads: one at a time per hash.
 */
#ifndef MR_SHA256_H
#define MR_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

#define MR_SHA256_HEX 65 /* with the NUL */

struct mr_sha256 {
    void *ctx;
};

enum mr_code mr_sha256_init(struct mr_sha256 *hash, struct mr_err *err);
void mr_sha256_add(struct mr_sha256 *hash, const void *ptr, size_t len);
/* Writes the digits and releases the hash. */
void mr_sha256_finish(struct mr_sha256 *hash, char hex[MR_SHA256_HEX]);
/* Is the text such digits, all of them? */
bool mr_sha256_is_hex(const char *text);
/* For a hash that is not to be finished; also after finish. */
void mr_sha256_release(struct mr_sha256 *hash);

enum mr_code mr_sha256_bytes(const void *ptr, size_t len, char hex[MR_SHA256_HEX],
                             struct mr_err *err);
/* Of a whole file; *size_bytes (or NULL) is its length. */
enum mr_code mr_sha256_file(const char *path, char hex[MR_SHA256_HEX], uint64_t *size_bytes,
                            struct mr_err *err);

#endif
