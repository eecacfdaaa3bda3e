/* db.c: statements and small results; see db.h. */
#include "core/db/db.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/letters.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/db/db_error.h"
#include "core/db/db_internal.h"

#define SQL_KEEP_BYTES 65536
/* A server that does not answer uses attempts up so many times as fast. */
#define SILENT_COST 3

enum mr_code mr_db_global_init(struct mr_err *err)
{
    mr_db_prepare_logins();
    if (mysql_library_init(0, NULL, NULL) != 0)
        return mr_err_nomem(err, "starting the MySQL client library");
    return MR_OK;
}

void mr_db_thread_end(void)
{
    mysql_thread_end();
}

const char *mr_db_client_name(void)
{
#ifdef MARIADB_PACKAGE_VERSION
    return "MariaDB Connector/C";
#else
    return "Oracle libmysqlclient";
#endif
}

const char *mr_db_client_version(void)
{
    return mysql_get_client_info();
}

bool mr_db_is_lost(const struct mr_db *db)
{
    return db->is_lost;
}

const struct mr_server *mr_db_server(const struct mr_db *db)
{
    return &db->server;
}

bool mr_server_same_name(const struct mr_server *server, const char *a, const char *b)
{
    return server->lower_case_table_names == 0 ? strcmp(a, b) == 0 : mr_letters_same(a, b);
}

bool mr_db_is_proxied(const struct mr_db *db)
{
    return db->is_proxied;
}

enum mr_protocol_compress mr_db_compress(const struct mr_db *db)
{
    return db->ep.compress;
}

bool mr_db_can_compress(const struct mr_db *db)
{
    return db->mysql != NULL && (db->mysql->server_capabilities & CLIENT_COMPRESS) != 0;
}

const char *mr_db_label(const struct mr_db *db)
{
    return db->label;
}

void mr_db_close(struct mr_db *db)
{
    if (db == NULL)
        return;
    mr_watch_free(db->watch);
    db->watch = NULL;
    mr_db_disconnect(db);
    mr_endpoint_release(&db->ep);
    mr_strbuf_release(&db->comment);
    mr_strbuf_release(&db->sql);
    mr_strbuf_release(&db->used);
    free(db);
}

/* Letters that cannot end a comment; anything else in a tag is left out. */
static void add_comment(struct mr_strbuf *out, const char *tag)
{
    mr_strbuf_add_str(out, "/* myrecon");
    if (tag != NULL && *tag != '\0')
        mr_strbuf_add_char(out, ' ');
    for (; tag != NULL && *tag != '\0'; tag++)
        if ((*tag >= '0' && *tag <= '9') || (*tag >= 'a' && *tag <= 'z') ||
            (*tag >= 'A' && *tag <= 'Z') || strchr("-._:", *tag) != NULL)
            mr_strbuf_add_char(out, *tag);
    mr_strbuf_add_str(out, " */ ");
}

enum mr_code mr_db_open(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                        struct mr_db **out, struct mr_err *err)
{
    *out = NULL;
    struct mr_db *db = calloc(1, sizeof *db);
    if (db == NULL)
        return mr_err_nomem(err, "connecting");
    mr_strbuf_init(&db->comment);
    mr_strbuf_init(&db->sql);
    mr_strbuf_init(&db->used);
    db->statement_timeout_s = opts->statement_timeout_s;
    db->writable = opts->writable;
    db->local_infile = opts->local_infile;
    db->compress = opts->compress;
    db->asks_nobody = opts->asks_nobody;
    add_comment(&db->comment, opts->run_tag);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&db->comment, "connecting", err));
    MR_TRY_OUT(mr_endpoint_copy(&db->ep, ep, err));
    MR_TRY_OUT(mr_db_complete_endpoint(db, err));
    MR_TRY_OUT(mr_watch_new(&db->ep, db->label, opts->run_tag,
                            opts->writable ? 0 : MR_DB_LOCK_WAIT_S, !opts->asks_nobody, &db->watch,
                            err));
    mr_watch_heed(db->watch, opts->abandoned);
    MR_TRY_OUT(mr_db_connect(db, &db->server, err));
    if (opts->same_as != NULL)
        MR_TRY_OUT(mr_db_require_server(db, opts->same_as, err));
out:
    if (code == MR_OK)
        *out = db;
    else
        mr_db_close(db);
    return code;
}

/* MySQL's server_uuid is proof.  MariaDB's server_uid is not: it is made of the machine's
 * network address and the port, so that another instance started in its place has the
 * same, and so have containers of several machines, whose networks are alike. */
bool mr_server_is_same(const struct mr_server *was, const struct mr_server *now)
{
    const bool have_uuids = was->uuid[0] != '\0' && now->uuid[0] != '\0';
    if (was->flavour != now->flavour || (have_uuids && strcmp(was->uuid, now->uuid) != 0))
        return false;
    if (was->flavour == MR_FLAVOUR_MYSQL && have_uuids)
        return true;
    return was->server_id == now->server_id && was->port == now->port &&
           strcmp(was->hostname, now->hostname) == 0 && strcmp(was->datadir, now->datadir) == 0;
}

void mr_server_add_text(const struct mr_server *server, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(out, "%s \"%s\" (server_id %u, port %u, data directory \"%s\", %s %s)",
                      server->flavour == MR_FLAVOUR_MYSQL ? "MySQL" : "MariaDB", server->hostname,
                      (unsigned)server->server_id, server->port, server->datadir,
                      server->flavour == MR_FLAVOUR_MYSQL ? "server_uuid" : "server_uid",
                      server->uuid[0] != '\0' ? server->uuid : "none");
}

/* Within one run a server keeps its number and its machine: with the same server_uuid another one of
 * either is a copy of its data directory. */
bool mr_server_is_still(const struct mr_server *was, const struct mr_server *now)
{
    return mr_server_is_same(was, now) && was->server_id == now->server_id &&
           strcmp(was->hostname, now->hostname) == 0;
}

bool mr_server_is_one(const struct mr_server *a, const struct mr_server *b)
{
    return a->flavour == b->flavour && a->server_id == b->server_id && a->port == b->port &&
           strcmp(a->uuid, b->uuid) == 0 && strcmp(a->hostname, b->hostname) == 0 &&
           strcmp(a->datadir, b->datadir) == 0;
}

/* What both are told by, since a server and its copy may have one name. */
static enum mr_code refuse_other(const struct mr_db *db, const struct mr_server *was,
                                 const struct mr_server *now, struct mr_err *err)
{
    struct mr_strbuf both = MR_STRBUF_INIT;
    (void)mr_err_set(err, MR_E_MOVED,
                     "another server answers at \"%s\" than before: \"%s\" "
                     "(server_id %u) instead of \"%s\" (server_id %u)",
                     db->label, now->hostname, (unsigned)now->server_id, was->hostname,
                     (unsigned)was->server_id);
    mr_strbuf_add_str(&both, "before: ");
    mr_server_add_text(was, &both);
    mr_strbuf_add_str(&both, "; now: ");
    mr_server_add_text(now, &both);
    mr_err_detail(err, "%s", both.ptr);
    mr_strbuf_release(&both);
    return MR_E_MOVED;
}

enum mr_code mr_db_require_server(const struct mr_db *db, const struct mr_server *was,
                                  struct mr_err *err)
{
    return mr_server_is_still(was, &db->server) ? MR_OK : refuse_other(db, was, &db->server, err);
}

/* Sleeps in short steps, so that a cancel is heard. */
static void wait_ms(unsigned ms)
{
    const unsigned step_ms = 50;
    for (unsigned waited = 0; waited < ms && !mr_is_cancelled(); waited += step_ms)
        (void)usleep(step_ms * 1000);
}

/* Tries of half a minute without a word would look like a run that hangs. */
#define TELLS_AFTER 3

enum mr_code mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err)
{
    const unsigned max_delay_ms = 5000;
    unsigned delay_ms = 200, cost = 1;
    struct mr_server now;
    enum mr_code rc = mr_err_set(err, MR_E_LOST, "lost server \"%s\"", db->label);
    bool said = false;
    for (unsigned i = 0; i < attempts; i += cost) {
        if (i >= TELLS_AFTER && !said) {
            said = true;
            mr_log_info("server \"%s\" is lost, and is connected to again for a while: %s",
                        db->label, err != NULL ? err->message : "");
        }
        if (i > 0) {
            wait_ms(delay_ms);
            delay_ms = delay_ms * 2 < max_delay_ms ? delay_ms * 2 : max_delay_ms;
        }
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        double begun_s = mr_clock_now_s();
        mr_db_disconnect(db);
        rc = mr_db_connect(db, &now, err);
        /* One that says nothing takes the whole connect-timeout each time. */
        cost = mr_clock_now_s() - begun_s >= db->ep.connect_timeout_s ? SILENT_COST : 1;
        /* A server that is just starting refuses, or hangs up; anything else it says
         * (a wrong password, say) it will say again. */
        if (rc != MR_E_CONNECT && rc != MR_E_LOST)
            break;
    }
    if (rc == MR_OK && !mr_server_is_still(&db->server, &now)) {
        mr_db_disconnect(db);
        return refuse_other(db, &db->server, &now, err);
    }
    if (rc == MR_OK)
        db->server = now;
    if (rc == MR_E_CONNECT) {
        rc = MR_E_LOST;
        if (err != NULL)
            err->code = rc;
    }
    return rc;
}

enum mr_code mr_db_fail(struct mr_db *db, unsigned number, const char *sqlstate, const char *text,
                        struct mr_err *err)
{
    if (mr_db_error_is_fatal(number))
        db->is_lost = true;
    enum mr_code code = mr_db_error_classify(number);
    struct mr_err unwanted;
    if (err == NULL)
        err = &unwanted;
    if (number != 0)
        mr_err_set(err, code, "server \"%s\": error %u: %s", db->label, number, text);
    else
        mr_err_set(err, code, "server \"%s\": the connection broke while rows were read",
                   db->label);
    size_t len = strnlen(sqlstate, sizeof err->sqlstate - 1);
    size_t skip = db->sql.len < db->comment.len ? 0 : db->comment.len;
    if (code == MR_E_LOST || code == MR_E_TIMEOUT)
        code = mr_watch_tell(db->watch, db->sql.ptr + skip, db->sql.len - skip,
                             db->writable ? MR_E_LOST : MR_E_TIMEOUT, err);
    if (code == MR_E_CANCELLED) /* not the server's doing */
        return code;
    err->sql_errno = number;
    memcpy(err->sqlstate, sqlstate, len);
    err->sqlstate[len] = '\0';
    mr_err_detail(err, "statement: %.400s", db->sql.ptr + skip);
    if (db->is_lost)
        db->why = *err;
    return code;
}

enum mr_code mr_db_fail_now(struct mr_db *db, struct mr_err *err)
{
    return mr_db_fail(db, mysql_errno(db->mysql), mysql_sqlstate(db->mysql), mysql_error(db->mysql),
                      err);
}

int mr_db_socket(const struct mr_db *db)
{
    if (db->mysql == NULL)
        return -1;
#ifdef MARIADB_PACKAGE_VERSION
    return (int)mysql_get_socket(db->mysql);
#else
    return (int)db->mysql->net.fd;
#endif
}

void mr_db_cut(struct mr_db *db)
{
    db->is_lost = true;
    int fd = mr_db_socket(db);
    if (fd >= 0)
        mr_watch_cut(fd);
}

/* What was lost by a statement whose failure another could live with is told by the next, as
 * is that we have cut it ourselves. */
static enum mr_code still_lost(const struct mr_db *db, struct mr_err *err)
{
    if (db->why.code == MR_OK && mr_is_cancelled())
        return mr_cancelled_err(err);
    if (db->why.code == MR_OK)
        return mr_err_set(err, MR_E_LOST, "the connection to server \"%s\" is lost", db->label);
    if (err != NULL) {
        *err = db->why;
        err->code = MR_E_LOST;
    }
    return MR_E_LOST;
}

enum mr_code mr_db_prepare_text(struct mr_db *db, const char *sql, size_t len, struct mr_err *err)
{
    if (db->mysql == NULL || db->is_lost)
        return still_lost(db, err);
    mr_strbuf_reset(&db->sql);
    mr_strbuf_shrink(&db->sql, SQL_KEEP_BYTES);
    mr_strbuf_add(&db->sql, db->comment.ptr, db->comment.len);
    mr_strbuf_add(&db->sql, sql, len);
    mr_watch_prepare(db->watch, sql, len);
    mr_db_trace_begin(db);
    return mr_strbuf_check(&db->sql, "building a statement", err);
}

void mr_db_say(struct mr_db *db, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    mr_watch_say(db->watch, fmt, args);
    va_end(args);
}

enum mr_code mr_db_end_answer(struct mr_db *db, struct mr_err *err)
{
    if (mysql_errno(db->mysql) != 0)
        return mr_db_fail_now(db, err);
    const bool has_rows = mysql_field_count(db->mysql) > 0;
    if (!has_rows && !mysql_more_results(db->mysql))
        return MR_OK;
    size_t skip = db->sql.len < db->comment.len ? 0 : db->comment.len;
    mr_db_cut(db); /* they could be endless */
    (void)mr_err_set(err, MR_E_SQL, "server \"%s\" answered with %s to a statement that has %s",
                     db->label, has_rows ? "rows" : "more than one result",
                     has_rows ? "none" : "one");
    mr_err_hint(err, "Whatever answers there, or stands in between, does not speak like a "
                     "MySQL or MariaDB server.");
    mr_err_detail(err, "statement: %.400s", db->sql.ptr + skip);
    return MR_E_SQL;
}

enum mr_code mr_db_exec(struct mr_db *db, const char *sql, size_t len, struct mr_err *err)
{
    enum mr_code rc = mr_db_prepare_text(db, sql, len, err);
    if (rc != MR_OK)
        return rc;
    mr_watch_begin(db->watch);
    (void)mysql_real_query(db->mysql, db->sql.ptr, db->sql.len);
    mr_watch_end(db->watch);
    mr_db_trace_answer(db);
    return mr_db_end_answer(db, err);
}
