/*
 * fleet_seal: the last line of a published case, the digest of all bytes in front of it.
 *
 * SQLite finds pages that make no sense, but not a key, a count or a value that a disk or a network
 * has changed.  SQLite itself passes over the line: the head of a database says where it ends.
 * A case of whole pages without such a line is of an older version, and is taken as it is; one whose
 * last page was never written, but is counted by its length, is damaged.
 *
 * Calling sequence: of writing: hash what is written, then mr_fleet_seal_line; of reading: check.
 * Errors: MR_E_CASE where it does not fit, MR_E_IO, MR_E_NOMEM, MR_E_CANCELLED.  Threads: no state.
 */
#ifndef MR_FLEET_SEAL_H
#define MR_FLEET_SEAL_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/file/sha256.h"

#define MR_FLEET_SEAL_BEGINS "\nmyrecon-fleet-case/1 sha256 "
#define MR_FLEET_SEAL_BYTES (sizeof MR_FLEET_SEAL_BEGINS - 1 + MR_SHA256_HEX) /* hex, newline */

/* The line, with a NUL behind it. */
void mr_fleet_seal_line(const char hex[MR_SHA256_HEX], char out[MR_FLEET_SEAL_BYTES + 1]);

/* Reads all of it.  *body_bytes (or NULL): its length without the seal. */
enum mr_code mr_fleet_seal_check(const char *path, uint64_t *body_bytes, struct mr_err *err);

#endif
