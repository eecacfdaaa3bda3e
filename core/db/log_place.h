/*
 * log_place: from where on a server's binary log has to be read, so that nothing is missed that cannot
 * be seen in its tables yet.
 *
 * A transaction stands in the log before its rows can be seen.  Where the log ends at a moment is
 * therefore no place to go on from: what stands in front of it may become visible only later.
 * MariaDB says how far everything is visible (Binlog_snapshot_position, under the lock of commits).
 * MySQL says so by GTIDs, gtid_executed, which grows behind the commit; and a log is only begun when
 * everything in those before it was committed, so that reading begins with the log, and what
 * gtid_executed held is passed over.  Without GTIDs nothing of that log is.
 *
 * Nothing is locked, and nothing waits.  MySQL asks for REPLICATION CLIENT.
 *
 * Ownership: texts in the arena.  Errors: those of db.h.  Threads: as the connection.
 */
#ifndef MR_LOG_PLACE_H
#define MR_LOG_PLACE_H

#include "core/base/arena.h"
#include "core/db/db.h"

struct mr_log_place {
    const char *log;   /* NULL: not known, see why */
    uint64_t position; /* of the first event that is to be read */
    const char
        *gtids; /* MySQL: gtid_executed; MariaDB: gtid_binlog_state; "" where there are none */
    const char *applied; /* MariaDB: gtid_slave_pos; else "" */
    uint64_t at;         /* seconds of UTC since 1970, by the server's clock */
    const char *why;     /* a clause, with the GRANT where a right is missing */
};

/* MR_OK also where the place is not known. */
enum mr_code mr_log_place_read(struct mr_db *db, struct mr_arena *arena, struct mr_log_place *place,
                               struct mr_err *err);

/* What a server does with changes on their way into its log. */
struct mr_log_habits {
    bool logs_applied;   /* log_slave_updates: what it applies of others goes into its log */
    bool logs_cascades;  /* children that a foreign key deletes or changes do */
    bool hides_triggers; /* MariaDB: triggers that it runs for what it applies are not logged */
    const char *only, *leaves; /* binlog_do_db, binlog_ignore_db: names joined by commas, or "" */
    bool by_session;           /* mr_log_filters_by_session */
    bool syncs;        /* sync_binlog is 1: a crash of the machine takes no end of it away */
    uint64_t up_since; /* when the server was started, as mr_log_place.at; in doubt later */
};
/* What a server leaves out of its log: names joined by commas, "" where none are, or it has no log.  As
 * mr_db_query. */
enum mr_code mr_log_filters_read(struct mr_db *db, struct mr_arena *arena, const char **only,
                                 const char **leaves, struct mr_err *err);
/* Does the list name databases that are not the server's own (mysql, sys …)? */
bool mr_log_names_others(const char *list);
/* Is a change left out by the database that its session was in, whatever table it is of?  So it is where
 * something is left out, and statements are logged (binlog_format is not ROW).  As mr_db_query. */
enum mr_code mr_log_filters_by_session(struct mr_db *db, const char *only, const char *leaves,
                                       bool *yes, struct mr_err *err);
/* mr_log_habits.syncs alone, as it is set by now.  As mr_db_query. */
enum mr_code mr_log_syncs(struct mr_db *db, bool *syncs, struct mr_err *err);
/* MR_E_DENIED with the GRANT. */
enum mr_code mr_log_habits_read(struct mr_db *db, struct mr_arena *arena,
                                struct mr_log_habits *habits, struct mr_err *err);
/* Do changes of tables of that database go into the log?  In doubt they do not. */
bool mr_log_habits_has(const struct mr_log_habits *habits, const char *db);

#endif
