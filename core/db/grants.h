/*
 * grants: what an account may do, read from SHOW GRANTS of its own session (roles that
 * are active included).
 *
 * information_schema hides triggers, view texts, routines and events from an account
 * without the right, silently; so before "there is none" is believed, the right is
 * looked up here.  Matching is conservative: what cannot be parsed counts as not
 * granted, and db patterns (`club\_%`) match as the server matches them.
 */
#ifndef MR_GRANTS_H
#define MR_GRANTS_H

#include <stdbool.h>

#include "core/db/db.h"

struct mr_grants;

/* Asks the session's own account.  *out is the caller's to free, NULL after an error; errors are
 * those of db.h. */
enum mr_code mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err);
void mr_grants_free(struct mr_grants *grants);
/* Warns where the account may read by roles alone and none of them is active, as it is without SET
 * DEFAULT ROLE: what they allow is not in force.  grants: NULL allowed. */
void mr_grants_warn_idle(const struct mr_grants *grants, const struct mr_db *db);
/* Has the account `privilege` ("TRIGGER", "SHOW VIEW") on the whole database (globally
 * or on db.*)?  ALL PRIVILEGES includes each ordinary one. */
bool mr_grants_on_db(const struct mr_grants *grants, const char *privilege, const char *db);
bool mr_grants_on_table(const struct mr_grants *grants, const char *privilege, const char *db,
                        const char *table);
/* May it read every table, of whatever database but the server's own?  MySQL can take back
 * from one database what is given on all (partial_revokes), and hides it then. */
bool mr_grants_reads_all(const struct mr_grants *grants);
/* Does it see the names of all databases, of all tables of a database?  Without that the
 * catalogue leaves out, silently, what it has no right on. */
bool mr_grants_lists_dbs(const struct mr_grants *grants);
bool mr_grants_lists_tables(const struct mr_grants *grants, const char *db);
/* Appends what would show them: "GRANT SELECT ON `club`.* TO 'r'@'%'"; of databases
 * (db NULL) "GRANT SHOW DATABASES ON *.* TO 'r'@'%'". */
void mr_grants_needed_names(struct mr_strbuf *out, const struct mr_grants *grants, const char *db);
bool mr_grants_global(const struct mr_grants *grants, const char *privilege);
/* 'user'@'host' of the account, quoted for a GRANT statement; "the account" where its rights
 * are not known (NULL). */
const char *mr_grants_account(const struct mr_grants *grants);

/*
 * Which object kinds of a database the account cannot see completely.  Bits: */
enum mr_hidden {
    MR_HIDDEN_TRIGGERS = 1 << 0,
    MR_HIDDEN_VIEWS = 1 << 1,    /* names visible, texts not */
    MR_HIDDEN_ROUTINES = 1 << 2, /* names too: a hidden text alone is a NULL definition */
    MR_HIDDEN_EVENTS = 1 << 3
};
unsigned mr_grants_hidden(const struct mr_grants *grants, const struct mr_server *server,
                          const char *db);
/* Appends the statement that would uncover one kind:
 * "GRANT TRIGGER ON `club`.* TO 'r'@'%'". */
void mr_grants_needed(struct mr_strbuf *out, const struct mr_grants *grants,
                      const struct mr_server *server, enum mr_hidden kind, const char *db);

#endif
