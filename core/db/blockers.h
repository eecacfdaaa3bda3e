/*
 * blockers: who holds a table that an ALTER waits for, or what a session waits for.
 *
 * Metadata locks are visible in performance_schema (MySQL: by default) or through the
 * plugin METADATA_LOCK_INFO of MariaDB.  Where neither shows any, sessions that may hold
 * the table are named: those whose statement names it, and those with an open transaction.
 * `certain` tells the two apart.
 *
 * Needs PROCESS to see other accounts' sessions, and on MySQL SELECT on performance_schema;
 * where nobody is found, the note has the statement that would show him.  Never fails a run:
 * what cannot be read is left out.
 */
#ifndef MR_BLOCKERS_H
#define MR_BLOCKERS_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/db/db.h"
#include "core/db/grants.h"
#include "core/json/jsonw.h"

struct mr_blocker {
    const char *id, *user, *host, *command;
    const char *seconds;   /* in that state */
    const char *statement; /* running, or the last one; NULL: not known */
};

struct mr_blockers {
    const struct mr_blocker *items;
    size_t count;
    bool certain;
    const char *note; /* what could not be seen, or NULL */
};

/* At most five; texts in arena.  MR_E_LOST, MR_E_NOMEM are the only errors. */
enum mr_code mr_blockers_find(struct mr_db *db, const struct mr_grants *grants, const char *dbname,
                              const char *table, struct mr_arena *arena, struct mr_blockers *out,
                              struct mr_err *err);

/* Who holds what that session waits for: rows, or the metadata of a table; `state` is what
 * the server says it is at, "" where that is not known. */
enum mr_code mr_blockers_of(struct mr_db *db, const struct mr_grants *grants, uint64_t connection,
                            struct mr_arena *arena, struct mr_blockers *out, const char **state,
                            struct mr_err *err);

/* One line a session for people, each with `indent` in front. */
void mr_blockers_to_text(const struct mr_blockers *blockers, const char *indent,
                         struct mr_strbuf *out);
/* An array of objects. */
void mr_blockers_to_json(const struct mr_blockers *blockers, struct mr_jsonw *w);

#endif
