/*
 * grants_internal: the parser behind mr_grants_load(), apart from any server, for
 * core/db/grants.c and its test.
 */
#ifndef MR_GRANTS_INTERNAL_H
#define MR_GRANTS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/db/grants.h"

/* account is CURRENT_USER(): user@host.  literal_dbs: database names in grants are no
 * patterns (MySQL with partial_revokes).  NULL: out of memory. */
struct mr_grants *mr_grants_new(const char *account, bool literal_dbs);
/* Adds a line of SHOW GRANTS; what is not understood adds nothing. */
enum mr_code mr_grants_add_line(struct mr_grants *grants, const char *text, size_t len,
                                struct mr_err *err);

#endif
