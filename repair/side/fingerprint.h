/*
 * fingerprint: what the columns of a table are, as one SHA-256.
 *
 * Two tables have the same fingerprint when their columns have the same names, types,
 * NULL-ability, generation, charset and collation, in the same order: what values and
 * digests of rows depend on.  Defaults, comments and indexes do not count.
 *
 * Errors: MR_E_NO_SUCH where the table is not there or hidden from the account, those of
 * db.h.  Threads: one.
 */
#ifndef MR_FINGERPRINT_H
#define MR_FINGERPRINT_H

#include "core/db/db.h"
#include "core/file/sha256.h"

enum mr_code mr_fingerprint_columns(struct mr_db *db, const char *dbname, const char *table,
                                    char hex[MR_SHA256_HEX], struct mr_err *err);

#endif
