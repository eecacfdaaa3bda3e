/*
 * db_internal: what the files of the module db (db.c, db_column.c, db_connect.c, db_load.c,
 * db_login.c, db_coalesce.c, db_result.c, db_stored.c, db_stream.c, db_trace.c) share.
 * Nobody else includes this, and nobody else includes <mysql.h>.
 *
 * Two client libraries are supported: MariaDB Connector/C (MARIADB_PACKAGE_VERSION is
 * defined) and Oracle's libmysqlclient.
 */
#ifndef MR_DB_INTERNAL_H
#define MR_DB_INTERNAL_H

#include <mysql.h>

#include "core/db/db.h"
#include "core/db/db_watch.h"

/* make MYSQL=… asked for one of them; a package may call MariaDB's by Oracle's name. */
#if defined MR_CLIENT_IS_oracle && defined MARIADB_PACKAGE_VERSION
#error "MYSQL=oracle, and mysqlclient of pkg-config is MariaDB's"
#elif defined MR_CLIENT_IS_mariadb && !defined MARIADB_PACKAGE_VERSION
#error "MYSQL=mariadb, and libmariadb of pkg-config is not MariaDB's"
#endif

#ifdef MARIADB_PACKAGE_VERSION
typedef my_bool mr_db_bool;
#else
typedef bool mr_db_bool;
#endif

/* Of sessions: shorter than the socket's time-out, so that the server can say what it waits
 * for. */
#define MR_DB_LOCK_WAIT_S 300

struct mr_db {
    MYSQL *mysql;          /* NULL while there is no connection */
    bool is_lost;          /* nothing can be asked until it is reconnected */
    struct mr_err why;     /* it was lost, where a statement told */
    struct mr_endpoint ep; /* own copy, completed from option files */
    char label[512];
    struct mr_server server;
    struct mr_strbuf comment; /* starts every statement */
    struct mr_strbuf sql;     /* the statement being sent */
    struct mr_strbuf used;    /* the default database, as mr_db_use has left it */
    double traced_s;          /* when it was, if it is to be told (db_trace.c); else 0 */
    unsigned statement_timeout_s;
    bool writable, local_infile, compress, asks_nobody;
    bool is_proxied;
    struct mr_watch *watch;
};

/* db_connect.c */
/* Fills in what the option files say, and the label.  Once, before the first attempt.
 */
enum mr_code mr_db_complete_endpoint(struct mr_db *db, struct mr_err *err);
/* One attempt to connect and to prepare the session; fills *server. */
enum mr_code mr_db_connect(struct mr_db *db, struct mr_server *server, struct mr_err *err);
void mr_db_disconnect(struct mr_db *db);
/* From here on the server's wish to read a file of the client is refused. */
void mr_db_refuse_infile(MYSQL *mysql);

/* db.c */
/* The comment and the text in db->sql; MR_E_LOST where there is no connection. */
enum mr_code mr_db_prepare_text(struct mr_db *db, const char *sql, size_t len, struct mr_err *err);
/* The error `number`, `text` of a server or of the client library; marks the connection
 * as lost where it is. */
enum mr_code mr_db_fail(struct mr_db *db, unsigned number, const char *sqlstate, const char *text,
                        struct mr_err *err);
/* The same, taken from the connection. */
enum mr_code mr_db_fail_now(struct mr_db *db, struct mr_err *err);
/* Of a statement without result set, once the server has answered: its error; or the line is
 * cut, because the answer goes on. */
enum mr_code mr_db_end_answer(struct mr_db *db, struct mr_err *err);
/* db_trace.c */
/* The text in db->sql is sent now. */
void mr_db_trace_begin(struct mr_db *db);
/* It has ended, with so many rows; how: "", or ", failed".  Of one statement the first call. */
void mr_db_trace_end(struct mr_db *db, uint64_t rows, const char *how);
void mr_db_trace_answer(struct mr_db *db);
/* db_coalesce.c */
/* While a result of many rows is read: waits so that it is woken seldom. */
void mr_db_begin_naps(struct mr_db *db);
void mr_db_end_naps(struct mr_db *db);
#ifdef MARIADB_PACKAGE_VERSION
/* In place of the library's own poll(), once a login is through: 1, or 0 behind timeout_ms. */
int mr_db_wait(my_socket fd, my_bool is_read, int timeout_ms);
#endif

/* Of MariaDB's library: the server asks for a way to log in that it was told not to go. */
#define MR_DB_PLUGIN_NOT_ALLOWED 5010

/* db_login.c */
enum mr_db_tls { MR_DB_TLS_OFF, MR_DB_TLS_PREFERRED, MR_DB_TLS_DEMANDED };
/* Why nothing was sent to a server, or nothing more. */
enum mr_db_bar {
    MR_BARRED_NOT = 0,
    MR_BARRED_NO_TLS,  /* which is demanded */
    MR_BARRED_SHOWN,   /* asks for what shows the password, on a line without TLS */
    MR_BARRED_CLEAR,   /* asks for the password itself, and nobody said that it may */
    MR_BARRED_UNSEEN,  /* logged in, and nothing was settled before */
    MR_BARRED_SILENT,  /* no greeting in time */
    MR_BARRED_SLOW,    /* a greeting, and no end in time */
    MR_BARRED_STRANGE, /* not the protocol */
    MR_BARRED_ASKED,   /* asks more than the password */
    MR_BARRED_UNNAMED, /* its address was not found in time */
};
/* Before the library starts: what its environment allows does not hold for every line. */
void mr_db_prepare_logins(void);
/* From here to _end the connection's waits end at until_s (core/base/clock.h), and when the run is
 * interrupted, and nothing of the account crosses a line that the mode does not allow.  May the
 * server ask for the password itself, within TLS?  Of a thread's connections this is for one at a
 * time. */
void mr_db_begin_login(MYSQL *mysql, enum mr_db_tls tls, bool may_clear, double until_s);
/* No database: a missing one must be told by name, later. */
bool mr_db_log_in(MYSQL *mysql, const struct mr_endpoint *ep);
/* Of this thread's last login: the way to log in that the server asked for, "" where that is not
 * known. */
const char *mr_db_login_asked(void);
/* good: the library has logged in. */
enum mr_db_bar mr_db_end_login(MYSQL *mysql, bool good, bool watched);

/* db.c */
/* Shuts the socket down, so that closing does not read the rest of a result. */
void mr_db_cut(struct mr_db *db);
/* The connection's socket, or -1. */
int mr_db_socket(const struct mr_db *db);

#endif
