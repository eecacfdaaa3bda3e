/*
 * unseen: tables that refer to one by a foreign key, and that the account may not see.
 *
 * A row that goes, or gets another key, would take theirs along by a cascade, and nothing of
 * ours would know.  With SELECT on all databases nothing is hidden; else InnoDB tells of all
 * of its foreign keys, to who has PROCESS.
 *
 * Errors: those of db.h.  Threads: one.
 */
#ifndef MR_UNSEEN_H
#define MR_UNSEEN_H

#include "core/db/db.h"
#include "core/db/grants.h"

enum mr_unseen {
    MR_UNSEEN_NONE = 1,
    MR_UNSEEN_CHILD,  /* child says which, as InnoDB spells it: "club/my@0020notes" */
    MR_UNSEEN_UNKNOWN /* the account may not ask */
};

/* grants NULL: not known. */
enum mr_code mr_unseen_look(struct mr_db *db, const struct mr_grants *grants,
                            const char *dbname, const char *table,
                            struct mr_strbuf *child, enum mr_unseen *what,
                            struct mr_err *err);

/* Warns that nobody knows, with the GRANT. */
void mr_unseen_warn(const struct mr_grants *grants);

#endif
