/*
 * db: one connection to a MySQL or MariaDB server.  The only module that includes
 * <mysql.h>; differences between MariaDB Connector/C and Oracle's libmysqlclient live
 * in its files alone.
 *
 * Calling sequence: mr_db_open → exec / query / stream … → mr_db_close.  One thread at
 * a time per connection.  mr_db_global_init() once, before threads; mr_db_thread_end()
 * in every thread that used a connection, before it ends.
 *
 * Session (set at open and again at every reconnect): sql_mode='' (so no
 * PAD_CHAR_TO_FULL_LENGTH, NO_ZERO_DATE, ANSI_QUOTES or NO_BACKSLASH_ESCAPES),
 * time_zone='+00:00', client and connection charset utf8mb4, character_set_results NULL
 * (raw bytes in the column's own charset), net_write_timeout raised, transactions READ
 * ONLY, sql_select_limit default, a max_sort_length beyond any key, autocommit on; nothing
 * that replicates.  MySQL: information_schema_stats_expiry=0, keys that the server generates
 * are shown.  MariaDB: system_versioning_asof default, so rows of now.  With a statement
 * time-out: max_statement_time (MariaDB, seconds) or max_execution_time (MySQL, ms).
 *
 * Errors: SQL failures are classified into MR_E_DENIED (1044 1142 1143 1227 1356 1370
 * …), MR_E_NO_SUCH (1049 1146 1054 …), MR_E_LOST (2006 2013 1053 1927 …, and any broken
 * stream), MR_E_TIMEOUT (1969 3024), MR_E_CONNECT/AUTH/TLS at open, else MR_E_SQL; the
 * server's number and text are kept in the error.  1317 (query killed) is MR_E_LOST
 * with the connection still open: retry is right.  So is a stream that the server ended
 * by an error of its own; mr_db_is_lost() tells.
 *
 * No wait without an end: the login and the session's preparation take connect_timeout_s at
 * most, a statement its time-out, on both ends of the line; without one, whatever the server
 * is at is waited for while it answers (db_watch.h).  MR_E_TIMEOUT, or MR_E_LOST where the
 * session is writable (whether it was done is not known), with the connection lost.
 *
 * A stream has ended only at MYSQL_NO_DATA: a fetch that fails with stmt_errno 0 takes
 * its error from the connection (measured: net_write_timeout, KILL QUERY, statement
 * time-outs look like the end otherwise).
 */
#ifndef MR_DB_H
#define MR_DB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"
#include "core/db/endpoint.h"
#include "core/file/feed.h"
#include "core/row/row.h"

enum mr_flavour { MR_FLAVOUR_MYSQL = 1, MR_FLAVOUR_MARIADB };

struct mr_server;

struct mr_db_opts {
    const char *run_tag;             /* goes into the comment that starts every statement */
    unsigned statement_timeout_s;    /* 0: the server's own */
    bool writable;                   /* repair and restore only: no READ ONLY session */
    bool local_infile;               /* restore only: mr_db_load() may be used */
    bool compress;                   /* unless the endpoint says no: as its compress=1 */
    bool asks_nobody;                /* db_watch only: over it another watch asks */
    const atomic_bool *abandoned;    /* NULL, or: what waits is ended as by an interruption while
                                        it is set; outlives the connection */
    const struct mr_server *same_as; /* NULL, or the one that has to answer: else MR_E_MOVED */
};

/* Facts read once after connecting. */
struct mr_server {
    enum mr_flavour flavour;
    unsigned version;       /* 101119 for 10.11.19, 90704 for 9.7.4 */
    char version_text[128]; /* @@version */
    char hostname[256];
    char uuid[64]; /* MySQL: server_uuid; MariaDB: server_uid; "" where it has none */
    uint32_t server_id;
    unsigned port;
    char datadir[512];
    char lower_case_table_names; /* 0, 1 or 2 */
    uint64_t max_packet_bytes;   /* of a statement: max_allowed_packet */
    uint64_t open_tables;        /* that it keeps open: table_open_cache; 0: not known */
    char tls_cipher[64];         /* "" for a plain connection */
    bool hides_events;           /* from everybody; set by who has tried to read them (schema.h) */
};

struct mr_db;

enum mr_code mr_db_global_init(struct mr_err *err);
void mr_db_thread_end(void);
/* Name of the client library that was linked, and its version: the one that runs now. */
const char *mr_db_client_name(void);
const char *mr_db_client_version(void);

/* Of an error of open: are there no more connections to be had, of the server or (waits did not
 * help) of the account; of the account? */
bool mr_db_is_full(const struct mr_err *err);
bool mr_db_is_account_full(const struct mr_err *err);
/* Connects, checks the TLS mode was honoured, reads mr_server, prepares the session, and makes
 * sure that all statements come to it (route.h: MR_E_MOVED). */
enum mr_code mr_db_open(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                        struct mr_db **out, struct mr_err *err);
void mr_db_close(struct mr_db *db); /* NULL is fine */
/* Opens the session anew after MR_E_LOST: up to `attempts` tries with back-off (0.2 s
 * doubling to 5 s; a third of them where nothing answers at all), stopping early when
 * cancelled (signals.h).  MR_E_MOVED if another
 * server answers (mr_server_is_same), or one of another server_id or host name. */
enum mr_code mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err);

/* Is `now` the server that `was` was?  By MySQL's server_uuid.  Of MariaDB, and where there
 * is no uuid, by server_uid (if both have one: an upgrade may bring it), server_id, host
 * name, port and data directory.  False also for the same data on a machine of another name:
 * that cannot be told from another server. */
bool mr_server_is_same(const struct mr_server *was, const struct mr_server *now);
/* Is it, and has it kept its server_id and host name?  A MySQL that has not may be a copy of its data
 * directory on another machine. */
bool mr_server_is_still(const struct mr_server *was, const struct mr_server *now);
/* Are two that answer now one server?  All that tells one from another agrees: a copy of the data has the uuid,
 * servers of one machine its host name. */
bool mr_server_is_one(const struct mr_server *a, const struct mr_server *b);
/* What it is told by, for people. */
void mr_server_add_text(const struct mr_server *server, struct mr_strbuf *out);
/* MR_E_MOVED where db is not on the server `was`: one address, several servers behind it. */
enum mr_code mr_db_require_server(const struct mr_db *db, const struct mr_server *was,
                                  struct mr_err *err);

/* Must it be reconnected before its next use?  (Until then everything is MR_E_LOST.) */
bool mr_db_is_lost(const struct mr_db *db);
const struct mr_server *mr_db_server(const struct mr_db *db);
/* Does a proxy that understands the protocol stand in between (route.h)? */
bool mr_db_is_proxied(const struct mr_db *db);
/* 101119 for "10.11.19-MariaDB", 90704 for "9.7.4". */
unsigned mr_db_parse_version(const char *text);
/* Do two names of databases or of tables mean one to the server? */
bool mr_server_same_name(const struct mr_server *server, const char *a, const char *b);
/* "host:port" or the socket, for messages. */
const char *mr_db_label(const struct mr_db *db);
/* What URI and option files say of it. */
enum mr_protocol_compress mr_db_compress(const struct mr_db *db);
/* Would what answers there compress?  A proxy may not, nor a server that is told not to; who asks for
 * it all the same gets rows as they are.  False while it is lost. */
bool mr_db_can_compress(const struct mr_db *db);

/* What the statements from now on are for, and how long they may wait, for messages while
 * the server lets us wait; "": what the statement itself tells (sqlpurpose.h). */
void mr_db_say(struct mr_db *db, const char *fmt, ...) MR_PRINTF(2, 3);

/* A statement without result set; a server that answers with one is cut off (MR_E_SQL), since
 * it may have no end.  Text is SQL in UTF-8; the run comment is added. */
enum mr_code mr_db_exec(struct mr_db *db, const char *sql, size_t len, struct mr_err *err);

/* USE, unless the connection is there already: for one on which nobody else says USE, and nobody
 * drops databases. */
enum mr_code mr_db_use(struct mr_db *db, const char *name, struct mr_err *err);

/*
 * A small result, kept in memory, text protocol.  Cells are <ptr,len>, ptr NULL for NULL,
 * each with a NUL behind it; valid until the result is freed.
 *
 * shape says what was asked for, a letter a column: 'v' a value, 'n' a value or NULL; a '*'
 * in the end stands for any number of further columns, NULL or not.  A server that answers
 * otherwise, without rows, or with more than 256 MiB is MR_E_SQL, and the connection is
 * lost: what a caller has in hand is what it asked for.
 */
struct mr_cell {
    const char *ptr;
    size_t len;
};
struct mr_result;
enum mr_code mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                         struct mr_result **out, struct mr_err *err);
/* The next row's cells (as many as mr_result_columns()), or NULL at the end. */
const struct mr_cell *mr_result_next(struct mr_result *res);
size_t mr_result_columns(const struct mr_result *res);
const char *mr_result_column_name(const struct mr_result *res, size_t column);
void mr_result_free(struct mr_result *res);

/*
 * The same without keeping it: `take` gets each row as it comes, its cells valid until it
 * returns.  It asks nothing of this connection.  Where it fails, or the answer ends in an
 * error, it has had a part of the rows, and its own failure costs the connection.
 */
typedef enum mr_code mr_db_row_fn(void *user, const struct mr_cell *cells, struct mr_err *err);
enum mr_code mr_db_each(struct mr_db *db, const char *shape, const char *sql, size_t len,
                        mr_db_row_fn *take, void *user, struct mr_err *err);

/* The cell of the first row of one column, copied to out; "" for NULL.  MR_E_NO_SUCH if no
 * row. */
enum mr_code mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                              struct mr_err *err);

/*
 * A statement without result set on several connections at once: sent on all, then
 * received from all, so that they run within one round trip.  Nothing else may be asked of
 * a connection in between.
 */
enum mr_code mr_db_send(struct mr_db *db, const char *sql, size_t len, struct mr_err *err);
enum mr_code mr_db_receive(struct mr_db *db, struct mr_err *err);

/*
 * LOAD DATA LOCAL INFILE whose data the feed gives, whatever file the server asks for.  To
 * be run within a transaction: where the feed fails, the connection is cut (MR_E_LOST from
 * then on; the feed's error is returned), and the server takes back what it has read.
 */
struct mr_db_loaded {
    uint64_t rows;
    unsigned warnings;
};
enum mr_code mr_db_load(struct mr_db *db, const char *sql, size_t len, const struct mr_feed *feed,
                        struct mr_db_loaded *out, struct mr_err *err);

/*
 * A stream: one SELECT over the binary protocol.  classes[i] says how column i is to be
 * fetched (the catalogue's class, not the result's metadata); their number must be the
 * result's (else MR_E_CHANGED).  Unbuffered, or stored in the client at once (`store`,
 * for engines whose readers block writers): up to 64 MiB of it, while the rest stays on the
 * wire; Oracle's library knows no such bound.  A column wider than 64 KiB arrives as a
 * long value (row.h).  Memory: one packet plus 64 KiB a column, and what is stored.
 */
struct mr_stream;
enum mr_code mr_stream_open(struct mr_db *db, const char *sql, size_t len,
                            const enum mr_class *classes, size_t count, bool store,
                            struct mr_stream **out, struct mr_err *err);
/* Sets *values to `count` values valid until the next call, or *values = NULL at the
 * end.  Returns MR_E_CANCELLED when the cancel flag is up (checked every 256 rows). */
enum mr_code mr_stream_next(struct mr_stream *stream, const struct mr_value **values,
                            struct mr_err *err);
/*
 * The same stream, its rows as the bytes in which the server packed them (db_wire.h):
 * many times cheaper than values.  Two rows of streams with the same layout hold the same
 * values, to the last bit, exactly when they are the same bytes.
 */
struct mr_raw_row {
    const void *ptr; /* NULL: there are only values */
    size_t len;
    const struct mr_value *values;
    struct mr_digest layout; /* types of the columns on the wire; zero without bytes */
};
/* Before the first row: rows are to be had raw, with the values of the `wanted` columns
 * (and no others).  Sets row->layout.  False: not from this stream (stored, another
 * client library, a type that would have to be converted); it goes on with
 * mr_stream_next. */
bool mr_stream_begin_raw(struct mr_stream *stream, const size_t *wanted, size_t nwanted,
                         struct mr_raw_row *row);
/* The next row, valid until the next call; row->ptr = NULL at the end.  Else as
 * mr_stream_next. */
enum mr_code mr_stream_next_raw(struct mr_stream *stream, struct mr_raw_row *row,
                                struct mr_err *err);
/* Ends the stream.  Not read to its end: the connection's socket is shut down rather
 * than drained, and the connection must be reconnected before its next use. */
void mr_stream_close(struct mr_stream *stream);

#endif
