/*
 * unseen: tables that refer to one by a foreign key, and that the account may not see.
 *
 * A row that goes, or gets another key, would take theirs along by a cascade, and nothing of
 * ours would know; a table that goes would be kept by the server.  With SELECT on all databases nothing is hidden; else InnoDB tells of all
 * of its foreign keys, to who has PROCESS.
 *
 * Calling sequence: fill, check the tables, warn.  Errors: those of db.h.  Threads: one.
 */
#ifndef MR_UNSEEN_H
#define MR_UNSEEN_H

#include "core/db/db.h"
#include "core/db/grants.h"

struct mr_unseen {
    struct mr_db *db;
    const struct mr_grants *grants; /* NULL: not known */
    bool unknown;                   /* set: of some table nobody can tell */
};

/* MR_E_REFUSED names such a table, as InnoDB spells it ("club/my@0020notes"); shown: the table
 * that it refers to, for people; hint: what to do. */
enum mr_code mr_unseen_check(struct mr_unseen *unseen, const char *dbname, const char *table,
                             const char *shown, const char *hint, struct mr_err *err);

/* Where nobody can tell: a warning, with the GRANT.  what: "refer to …" of whom, "is not known", and
 * what may come of it. */
void mr_unseen_warn(const struct mr_unseen *unseen, const char *what);
#define MR_UNSEEN_CASCADES                                                                         \
    "refer to planned ones of the target is not known, and a foreign key of theirs may cascade"

#endif
