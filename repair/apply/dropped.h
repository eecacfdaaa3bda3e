/*
 * dropped: tables that the plan does not hold, whose foreign keys led to rows of it when it was
 * made, and that are gone since.  No row of theirs can come to refer to what goes; what the
 * script would ask them is not asked.
 *
 * Gone is what the server says is not there: a table that the account may not see is no such.
 *
 * Ownership: names live in the arena.  Errors: those of db.h, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_DROPPED_H
#define MR_DROPPED_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/db/db.h"

/* Is the table gone whose foreign key this text was (surroundings.h)?  Then its name is
 * pushed (const char *, as SQL). */
enum mr_code mr_dropped_look(struct mr_db *db, const char *text, struct mr_arena *arena,
                             struct mr_vec *dropped, bool *gone, struct mr_err *err);
/* Did the statement fail for want of such a table?  dropped: NULL is none. */
bool mr_dropped_explains(const struct mr_vec *dropped, const char *sql, size_t len,
                         const struct mr_err *why);

#endif
