/*
 * binlog_query: statements, and what else of a transaction stands in words.
 *
 * A QUERY is BEGIN, a definition, or a change that was logged as a statement; what its session had
 * set stands in status variables before it.  MariaDB's compressed ones were inflated before
 * (binlog_stream.h).  Of variables that are not known the rest cannot be read, since they have no
 * lengths: has_unread says so.
 *
 * Ownership: everything points into the event.  Errors: MR_E_BINLOG.  Threads: no state.
 */
#ifndef MR_BINLOG_QUERY_H
#define MR_BINLOG_QUERY_H

#include "core/binlog/binlog_event.h"

/* query.options */
#define MR_BINLOG_NO_FOREIGN_KEYS ((uint32_t)1 << 26)
#define MR_BINLOG_NO_UNIQUE_CHECKS ((uint32_t)1 << 27)

/* query.ndbs: more than are listed */
#define MR_BINLOG_MANY_DBS 254

struct mr_binlog_words {
    const char *ptr; /* not terminated; NULL: not there */
    size_t len;
};

struct mr_binlog_query {
    uint32_t thread, seconds;    /* who, and for how long */
    uint16_t error;              /* what the statement ended with, else 0 */
    struct mr_binlog_words db;   /* the session's default database */
    struct mr_binlog_words text; /* the statement, in the client's character set */
    bool has_options, has_sql_mode, has_charset, has_db_collation;
    uint32_t options; /* MR_BINLOG_NO_… */
    uint64_t sql_mode;
    uint16_t client_collation, connection_collation, server_collation, db_collation;
    uint32_t microseconds;      /* behind the event's `when` */
    unsigned ndbs;              /* that the statement changes; 0: not said */
    struct mr_binlog_words dbs; /* ndbs names, each with a NUL behind it */
    struct mr_binlog_words time_zone;
    struct mr_binlog_words user, host; /* who invoked it, where that matters */
    bool is_definition;                /* an atomic one: it has an XID of its own */
    uint64_t xid;
    bool has_unread;
};

/* The event is a QUERY. */
enum mr_code mr_binlog_query_read(const struct mr_binlog_event *event,
                                  struct mr_binlog_query *query, struct mr_err *err);
/* The next of the databases that the statement changes, from *at = 0 on; false: no more. */
bool mr_binlog_query_db(const struct mr_binlog_query *query, size_t *at,
                        struct mr_binlog_words *db);

/* The statement that made the row events behind it: of ANNOTATE_ROWS and ROWS_QUERY. */
enum mr_code mr_binlog_rows_text(const struct mr_binlog_event *event, struct mr_binlog_words *text,
                                 struct mr_err *err);
/* The number in an XID, which commits. */
enum mr_code mr_binlog_xid(const struct mr_binlog_event *event, uint64_t *xid, struct mr_err *err);

struct mr_binlog_xa {
    bool one_phase; /* committed by this event; else only prepared */
    uint32_t format;
    struct mr_binlog_words global, branch;
};
/* An XA_PREPARE.  (In MariaDB the GTID says it as well: binlog_gtid.h.) */
enum mr_code mr_binlog_xa_read(const struct mr_binlog_event *event, struct mr_binlog_xa *xa,
                               struct mr_err *err);

struct mr_binlog_rotate {
    uint64_t position;           /* where the next log is read from */
    struct mr_binlog_words name; /* of the next log */
};
enum mr_code mr_binlog_rotate_read(const struct mr_binlog_event *event,
                                   struct mr_binlog_rotate *rotate, struct mr_err *err);

#endif
