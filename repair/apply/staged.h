/*
 * staged: which temporary tables of a script hold rows of the unit at hand.
 *
 * A session keeps those of earlier units, whose rows have the same numbers: of a table that
 * the unit does not make itself nothing may be read.  So the statements that stage it tell.
 *
 * Calling sequence: mr_staged_clear in front of a unit's stage; see with each statement of
 * it; has.  Errors: MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_STAGED_H
#define MR_STAGED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"
#include "core/base/vec.h"

struct mr_staged {
    struct mr_vec tables; /* private */
    bool has_sums;        /* the unit adds to columns: it has myrecon_sums and myrecon_added */
};

/* No tables; clear forgets those of the unit before. */
void mr_staged_init(struct mr_staged *staged);
void mr_staged_release(struct mr_staged *staged);
void mr_staged_clear(struct mr_staged *staged);
enum mr_code mr_staged_see(struct mr_staged *staged, const char *sql, struct mr_err *err);
/* As mr_script_staged names it (script_text.h). */
bool mr_staged_has(const struct mr_staged *staged, char prefix, size_t number);

#endif
