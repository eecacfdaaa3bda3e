/* db_connect.c: options, TLS, session and facts of one connection; see db.h. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/db/db_error.h"
#include "core/db/db_internal.h"
#include "core/db/option_file.h"
#include "core/db/own_sessions.h"
#include "core/db/password_command.h"
#include "core/db/route.h"
#include "core/file/io.h"

#define DEFAULT_PORT 3306
#define IO_TIMEOUT_S 600 /* nothing heard for so long: the peer is dead */
#define KEY_MAX_BYTES ((size_t)1 << 20)
#define PACKET_MAX_BYTES (1UL << 30)
#define ER_ACCESS_DENIED 1045 /* user, password or host */
#define ER_FULL 1040          /* the server has no connection left, */
#define ER_ACCOUNT_FULL 1203  /* the account has none: max_user_connections, */
#define ER_ACCOUNT_LIMIT 1226 /* MAX_USER_CONNECTIONS of its own */
#define FULL_NAPS 4           /* of an account that has no connection left */
#define FULL_WAIT_NS 100000000
#define NO_PLUGIN 2059           /* the library has none for the way to log in */
#define SORT_BYTES_MAX (1 << 18) /* more than the weights of any key of an index */

static bool is_local(const struct mr_endpoint *ep)
{
    return ep->socket == NULL && ep->port == 0 && strcmp(ep->host, "localhost") == 0;
}

static void set_label(struct mr_db *db)
{
    const struct mr_endpoint *ep = &db->ep;
    if (ep->socket != NULL)
        (void)snprintf(db->label, sizeof db->label, "%s", ep->socket);
    else if (is_local(ep))
        (void)snprintf(db->label, sizeof db->label, "localhost");
    else
        (void)snprintf(db->label, sizeof db->label,
                       strchr(ep->host, ':') != NULL ? "[%s]:%u" : "%s:%u", ep->host,
                       ep->port != 0 ? ep->port : DEFAULT_PORT);
}

/* TLS as the mode asks for.  A certificate authority is always handed over when given:
 * then even a mode that does not ask for it is not fooled by a stranger. */
static void set_tls(MYSQL *mysql, const struct mr_endpoint *ep, bool use)
{
    if (use) {
        (void)mysql_options(mysql, MYSQL_OPT_SSL_CA, ep->ssl_ca);
        (void)mysql_options(mysql, MYSQL_OPT_SSL_CERT, ep->ssl_cert);
        (void)mysql_options(mysql, MYSQL_OPT_SSL_KEY, ep->ssl_key);
    }
#ifdef MARIADB_PACKAGE_VERSION
    /* A CA without the check of the name is verify-ca, with it verify-identity. */
    my_bool enforce = use;
    my_bool verify = use && ep->ssl_mode == MR_SSL_VERIFY_IDENTITY;
    (void)mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
    (void)mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
#else
    unsigned mode = SSL_MODE_DISABLED;
    if (use && ep->ssl_mode == MR_SSL_VERIFY_IDENTITY)
        mode = SSL_MODE_VERIFY_IDENTITY;
    else if (use && ep->ssl_ca != NULL)
        mode = SSL_MODE_VERIFY_CA;
    else if (use)
        mode = SSL_MODE_REQUIRED;
    bool get_key = true;
    (void)mysql_options(mysql, MYSQL_OPT_SSL_MODE, &mode);
    (void)mysql_options(mysql, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &get_key);
#endif
}

/* The server's wish to read a file of the client is refused, whatever else is set. */
static int refuse_infile(void **handle, const char *name, void *ctx)
{
    (void)name;
    (void)ctx;
    *handle = NULL;
    return 1;
}

static int refuse_read(void *handle, char *buf, unsigned size)
{
    (void)handle;
    (void)buf;
    (void)size;
    return -1;
}

static void refuse_end(void *handle)
{
    (void)handle;
}

static int refuse_error(void *handle, char *text, unsigned size)
{
    (void)handle;
    (void)snprintf(text, size, "LOCAL INFILE is off");
    return 2000;
}

void mr_db_refuse_infile(MYSQL *mysql)
{
    mysql_set_local_infile_handler(mysql, refuse_infile, refuse_read, refuse_end, refuse_error,
                                   NULL);
}

static void set_options(struct mr_db *db, MYSQL *mysql)
{
    const struct mr_endpoint *ep = &db->ep;
    unsigned io_s = IO_TIMEOUT_S;
    if (db->statement_timeout_s > 0) /* behind the watch, which knows more to say */
        io_s = db->statement_timeout_s + 2 * MR_WATCH_GRACE_S;
    unsigned infile = db->local_infile ? 1 : 0;
    mr_db_bool no = 0;
    unsigned long packet = PACKET_MAX_BYTES;
    (void)mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &ep->connect_timeout_s);
    (void)mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &io_s);
    (void)mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &io_s);
    (void)mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &infile);
    (void)mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
    (void)mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    /* Truncation is told by lengths (db_stream.c); the library's flags lie. */
    (void)mysql_options(mysql, MYSQL_REPORT_DATA_TRUNCATION, &no);
    (void)mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "myrecon");
    if (ep->compress == MR_COMPRESS_ON ||
        (db->compress &&
         ep->compress ==
             MR_COMPRESS_UNSAID)) /* where the server can; else it is as if not asked for */
        (void)mysql_options(mysql, MYSQL_OPT_COMPRESS, NULL);
    mr_db_refuse_infile(mysql);
    unsigned protocol = MYSQL_PROTOCOL_DEFAULT;
    if (ep->socket != NULL)
        protocol = MYSQL_PROTOCOL_SOCKET;
    else if (!is_local(ep)) /* "localhost" with a port means TCP */
        protocol = MYSQL_PROTOCOL_TCP;
    (void)mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
}

/* Connects by hand, only to learn the reason: errno, 0 if it works by now. */
static int probe_address(const struct addrinfo *to, unsigned timeout_s)
{
    int reason = 0;
    socklen_t size = sizeof reason;
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0)
        reason = errno;
    if (reason == EINPROGRESS) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        reason = 0;
        if (poll(&ready, 1, (int)timeout_s * 1000) == 0)
            reason = ETIMEDOUT;
        else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size) != 0)
            reason = errno;
    }
    (void)close(fd);
    return reason;
}

/* Address by address, as the library went; the reason of the last counts. 0: it is reached by now,
 * or the name is not known. */
static int probe_tcp(const struct mr_endpoint *ep)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    char port[16];
    (void)snprintf(port, sizeof port, "%u", ep->port != 0 ? ep->port : DEFAULT_PORT);
    if (getaddrinfo(ep->host, port, &hints, &list) != 0)
        return 0;
    int reason = 0;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        reason = probe_address(a, ep->connect_timeout_s);
        if (reason == 0)
            break;
    }
    freeaddrinfo(list);
    return reason;
}

/* The reason in a text like "Can't connect to server on 'x' (111)": the library gives
 * the system's error only there.  NULL: the text itself must do. */
static const char *system_reason(const struct mr_endpoint *ep, unsigned number, const char *text)
{
    static const char silent[] = "system error: "; /* a peer that does not greet */
    const char *digits = strstr(text, silent);
    char *end = NULL;
    if (digits != NULL)
        digits += strlen(silent);
    else if ((digits = strrchr(text, '(')) != NULL)
        digits++;
    else
        return NULL;
    long reason = strtol(digits, &end, 10);
    if (end == digits || (*end != ')' && *end != '\0'))
        return NULL;
    if (number == 2005) /* unknown host: a code of getaddrinfo */
        return reason < 0 && reason > -1000 ? gai_strerror((int)reason) : "unknown host name";
    /* Connector/C reports the state of its own connect(), not how it ended. */
    if (reason == EINPROGRESS && ep->socket == NULL)
        reason = probe_tcp(ep);
    /* Whoever hangs up leaves no error of the system: libraries then tell of an earlier call's. */
    if (strstr(text, "reading initial communication packet") != NULL &&
        (reason == 0 || reason == EAGAIN || reason == EINPROGRESS))
        return "it closed the connection without a greeting";
    return reason > 0 && reason < 1000 ? strerrordesc_np((int)reason) : NULL;
}

static enum mr_code no_tls(const struct mr_db *db, struct mr_err *err)
{
    return mr_err_set(err, MR_E_TLS, "server \"%s\" does not offer TLS, which the ssl-mode demands",
                      db->label);
}

/* A cloud's token, LDAP and PAM need it; so would whoever stands in the server's place. */
static enum mr_code refuse_clear(const struct mr_db *db, struct mr_err *err)
{
    const bool is_asked_for = db->ep.enable_cleartext;
    (void)mr_err_set(err, MR_E_TLS,
                     "server \"%s\" asks for the password itself (mysql_clear_password), %s",
                     db->label,
                     is_asked_for ? "and the ssl-mode does not verify who it is"
                                  : "and enable-cleartext-plugin does not allow it");
    mr_err_hint(err, "Where the account is made so (a token, LDAP, PAM), add "
                     "enable-cleartext-plugin=1, ssl-mode=verify-identity and ssl-ca=FILE to the "
                     "endpoint; else see who answers there.");
    return MR_E_TLS;
}

static enum mr_code connect_failed(const struct mr_db *db, MYSQL *mysql, struct mr_err *err)
{
    unsigned number = mysql_errno(mysql);
    const char *text = mysql_error(mysql);
    enum mr_code code = mr_db_error_classify_connect(number);
    bool is_system = number == 2002 || number == 2003 || number == 2005 || number == 2013;
    const char *reason = is_system ? system_reason(&db->ep, number, text) : NULL;
    const char *what = "could not connect to";
    if (code == MR_E_AUTH)
        what = "could not log in to";
    else if (code == MR_E_TLS)
        what = "could not establish TLS with";
    if (number == MR_DB_PLUGIN_NOT_ALLOWED)
        mr_err_set(err, code, "%s server \"%s\": it asks for \"%s\"", what, db->label,
                   mr_db_login_asked());
    else if (reason != NULL)
        mr_err_set(err, code, "%s server \"%s\": %s", what, db->label, reason);
    else
        mr_err_set(err, code, "%s server \"%s\": error %u: %s", what, db->label, number, text);
    if (err != NULL) {
        err->sql_errno = number;
        (void)snprintf(err->sqlstate, sizeof err->sqlstate, "%.5s", mysql_sqlstate(mysql));
    }
    if (number == ER_FULL || number == ER_ACCOUNT_FULL || number == ER_ACCOUNT_LIMIT)
        mr_err_hint(err, "No command needs more than two connections to a server, and one more "
                         "for each thread above the first: run it again with fewer --threads, "
                         "or when there are free ones.");
    else if (code == MR_E_AUTH && number == ER_ACCESS_DENIED && db->ep.password_command != NULL)
        mr_err_hint(err, "What the password command printed was refused: run it by hand, with "
                         "MYRECON_HOST, MYRECON_PORT and MYRECON_USER set. A token may be for "
                         "another host or account, or too old; the server may know the account "
                         "from elsewhere.");
    else if (number == NO_PLUGIN && strstr(text, "plugin not enabled") != NULL)
        return refuse_clear(db, err); /* of Oracle's library */
    else if (number == NO_PLUGIN || number == MR_DB_PLUGIN_NOT_ALLOWED)
        mr_err_hint(err,
                    "The client library (%s %s) lacks the way to log in that the "
                    "account asks for: install its plugin (LIBMYSQL_PLUGIN_DIR, "
                    "MARIADB_PLUGIN_DIR), or ALTER USER ... IDENTIFIED WITH another.",
                    mr_db_client_name(), mr_db_client_version());
    else if (mr_db_error_connect_hint(number) != NULL)
        mr_err_hint(err, "%s", mr_db_error_connect_hint(number));
    return code;
}

/* Nothing that shows the password was sent. */
static enum mr_code login_barred(const struct mr_db *db, enum mr_db_bar by, struct mr_err *err)
{
    if (by == MR_BARRED_NO_TLS)
        return no_tls(db, err);
    if (by == MR_BARRED_SILENT)
        return mr_err_set(err, MR_E_CONNECT,
                          "could not connect to server \"%s\": no greeting came within "
                          "%u s",
                          db->label, db->ep.connect_timeout_s);
    if (by == MR_BARRED_SLOW)
        return mr_err_set(err, MR_E_CONNECT, "could not log in to server \"%s\" within %u s",
                          db->label, db->ep.connect_timeout_s);
    if (by == MR_BARRED_ASKED) {
        (void)mr_err_set(err, MR_E_AUTH,
                         "could not log in to server \"%s\": it asks user \"%s\" for more "
                         "than the password",
                         db->label, db->ep.user != NULL ? db->ep.user : "");
        mr_err_hint(err, "Use an account that logs in by its password alone, without a "
                         "dialogue (PAM).");
        return MR_E_AUTH;
    }
    if (by == MR_BARRED_STRANGE)
        return mr_err_set(err, MR_E_CONNECT, "server \"%s\" does not speak MySQL's protocol",
                          db->label);
    if (by == MR_BARRED_UNNAMED) {
        (void)mr_err_set(err, MR_E_CONNECT,
                         "could not connect to server \"%s\": no name server told its address "
                         "within %u s",
                         db->label, db->ep.connect_timeout_s);
        mr_err_hint(err, "See /etc/resolv.conf of this machine, or write the address in place "
                         "of the name.");
        return MR_E_CONNECT;
    }
    if (by == MR_BARRED_UNSEEN) {
        (void)mr_err_set(err, MR_E_TLS,
                         "the client library does not show what server \"%s\" has sent", db->label);
        mr_err_hint(err, "Use another version of Connector/C (this one is %s).",
                    mr_db_client_version());
        return MR_E_TLS;
    }
    if (by == MR_BARRED_CLEAR)
        return refuse_clear(db, err);
    (void)mr_err_set(err, MR_E_TLS,
                     "server \"%s\" asks for the password in a way that shows it, and the "
                     "connection is not encrypted",
                     db->label);
    mr_err_hint(err, "Let the server offer TLS (and ask for it: ssl-mode=required), "
                     "connect by its socket file, or use an account that logs in by a "
                     "challenge.");
    return MR_E_TLS;
}

/* *is_barred: it is we who ended it. */
static enum mr_code connect_once(struct mr_db *db, enum mr_db_tls tls, double until_s,
                                 bool *is_barred, struct mr_err *err)
{
    const struct mr_endpoint *ep = &db->ep;
    MYSQL *mysql = mysql_init(NULL);
    if (mysql == NULL)
        return mr_err_nomem(err, "connecting");
    set_options(db, mysql);
    set_tls(mysql, ep, tls != MR_DB_TLS_OFF);
    mr_db_begin_login(mysql, tls, ep->enable_cleartext && mr_ssl_mode_verifies(ep->ssl_mode),
                      until_s);
    const bool good = mr_db_log_in(mysql, ep);
    const enum mr_db_bar by = mr_db_end_login(mysql, good, db->watch != NULL);
    *is_barred = by != MR_BARRED_NOT;
    if (!good || *is_barred) {
        enum mr_code rc = mr_is_cancelled() ? mr_cancelled_err(err)
                          : *is_barred      ? login_barred(db, by, err)
                                            : connect_failed(db, mysql, err);
        mysql_close(mysql);
        return rc;
    }
    db->mysql = mysql;
    db->is_lost = false;
    db->why = (struct mr_err){0};
    mr_own_session_add(db->label, mysql_thread_id(mysql));
    mr_watch_connected(db->watch, mr_db_socket(db), mysql_thread_id(mysql));
    return MR_OK;
}

/* For an encrypted key the libraries ask the terminal by themselves, once a connection, and no
 * signal or time-out ends that. */
static enum mr_code check_tls_key(const char *path, struct mr_err *err)
{
    static const char *const marks[] = {"BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"};
    struct mr_strbuf text = MR_STRBUF_INIT;
    const enum mr_code code = mr_io_read_file(path, KEY_MAX_BYTES, &text, err);
    bool is_encrypted = false;
    for (size_t i = 0; code == MR_OK && i < sizeof marks / sizeof *marks; i++)
        is_encrypted |= text.len > 0 && strstr(text.ptr, marks[i]) != NULL;
    if (text.len > 0)
        explicit_bzero(text.ptr, text.len);
    mr_strbuf_release(&text);
    if (!is_encrypted)
        return code;
    (void)mr_err_set(err, MR_E_TLS, "ssl-key \"%s\" is encrypted", path);
    mr_err_hint(err, "A key for connections has no pass phrase (openssl pkey takes it off) and is "
                     "readable for this account alone.");
    return MR_E_TLS;
}

static enum mr_code check_tls_files(const struct mr_endpoint *ep, struct mr_err *err)
{
    const struct {
        const char *name, *path;
    } files[] = {{"ssl-ca", ep->ssl_ca}, {"ssl-cert", ep->ssl_cert}, {"ssl-key", ep->ssl_key}};
    if (ep->ssl_mode == MR_SSL_DISABLED)
        return MR_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct stat st;
        if (files[i].path == NULL)
            continue;
        if (access(files[i].path, R_OK) != 0 || stat(files[i].path, &st) != 0)
            return mr_err_set_sys(err, MR_E_TLS, errno, "could not read %s \"%s\"", files[i].name,
                                  files[i].path);
        if (!S_ISREG(st.st_mode)) /* each connection reads it anew */
            return mr_err_set(err, MR_E_TLS, "%s \"%s\" is no regular file", files[i].name,
                              files[i].path);
    }
    if (ep->ssl_key != NULL)
        MR_TRY(check_tls_key(ep->ssl_key, err));
    if (mr_ssl_mode_verifies(ep->ssl_mode) && ep->ssl_ca == NULL) {
        mr_err_set(err, MR_E_TLS, "no ssl-ca to verify the certificate with");
        mr_err_hint(err, "Add ssl-ca=FILE to the endpoint (the certificate of the "
                         "authority that signed the server's).");
        return MR_E_TLS;
    }
    return MR_OK;
}

/* Only in its text does Oracle's library tell a server without TLS from one whose TLS is not
 * to be trusted; of MariaDB's we know before. */
static bool is_without_tls(const struct mr_err *why)
{
    return why != NULL && strstr(why->message, "the server doesn't support it") != NULL;
}

/* Connects, and makes sure of what was asked for. */
static enum mr_code connect_secured(struct mr_db *db, double until_s, struct mr_err *err)
{
    const struct mr_endpoint *ep = &db->ep;
    enum mr_db_tls tls = ep->ssl_mode == MR_SSL_DISABLED    ? MR_DB_TLS_OFF
                         : ep->ssl_mode == MR_SSL_PREFERRED ? MR_DB_TLS_PREFERRED
                                                            : MR_DB_TLS_DEMANDED;
    /* A socket file does not leave the machine. */
    if (tls == MR_DB_TLS_PREFERRED && (ep->socket != NULL || is_local(ep)))
        tls = MR_DB_TLS_OFF;
    bool is_barred = false;
    enum mr_code rc = check_tls_files(ep, err);
    if (rc == MR_OK)
        rc = connect_once(db, tls, until_s, &is_barred, err);
    /* With an authority named, a certificate that it did not sign is no reason to go on
     * without encryption. */
    if (rc == MR_E_TLS && tls == MR_DB_TLS_PREFERRED && !is_barred &&
        (ep->ssl_ca == NULL || is_without_tls(err)))
        rc = connect_once(db, MR_DB_TLS_OFF, until_s, &is_barred, err);
    if (rc != MR_OK || tls != MR_DB_TLS_DEMANDED || mysql_get_ssl_cipher(db->mysql) != NULL)
        return rc;
    mr_db_disconnect(db);
    return no_tls(db, err);
}

static void copy_cell(char *to, size_t size, struct mr_cell cell)
{
    (void)snprintf(to, size, "%s", cell.ptr != NULL ? cell.ptr : "");
}

unsigned mr_db_parse_version(const char *text)
{
    unsigned parts[3] = {0, 0, 0};
    /* Old replication compatibility: "5.5.5-10.0.1-MariaDB". */
    if (strncmp(text, "5.5.5-", 6) == 0 && strchr(text + 6, '.') != NULL)
        text += 6;
    (void)sscanf(text, "%u.%u.%u", &parts[0], &parts[1], &parts[2]);
    return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

/* MariaDB calls itself so in version_comment, too, where a packager's version string does not say
 * it. */
static void take_fact(struct mr_server *server, const char *name, struct mr_cell value)
{
    unsigned long number = value.ptr != NULL ? strtoul(value.ptr, NULL, 10) : 0;
    if (strcasecmp(name, "version") == 0)
        copy_cell(server->version_text, sizeof server->version_text, value);
    else if (strcasecmp(name, "hostname") == 0)
        copy_cell(server->hostname, sizeof server->hostname, value);
    else if (strcasecmp(name, "datadir") == 0)
        copy_cell(server->datadir, sizeof server->datadir, value);
    else if (strcasecmp(name, "server_uuid") == 0 || strcasecmp(name, "server_uid") == 0)
        copy_cell(server->uuid, sizeof server->uuid, value);
    else if (strcasecmp(name, "server_id") == 0)
        server->server_id = (uint32_t)number;
    else if (strcasecmp(name, "port") == 0)
        server->port = (unsigned)number;
    else if (strcasecmp(name, "lower_case_table_names") == 0)
        server->lower_case_table_names = (char)number;
    else if (strcasecmp(name, "max_allowed_packet") == 0)
        server->max_packet_bytes = number;
    else if (strcasecmp(name, "table_open_cache") == 0)
        server->open_tables = number;
    else if (strcasecmp(name, "version_comment") == 0 && value.ptr != NULL &&
             strcasestr(value.ptr, "mariadb") != NULL)
        server->flavour = MR_FLAVOUR_MARIADB;
}

/* SHOW VARIABLES, because @@server_uid and @@server_uuid are each an error where they
 * are not known.  A server may be set to give only so many rows, or
 * to read only so many. */
static enum mr_code read_facts(struct mr_db *db, struct mr_server *server, struct mr_err *err)
{
    static const char all[] =
        "SET SESSION sql_select_limit = 18446744073709551615, sql_big_selects = 1";
    static const char sql[] =
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'version_comment', "
        "'hostname', 'server_id', 'port', 'datadir', 'lower_case_table_names', "
        "'max_allowed_packet', 'table_open_cache', "
        "'server_uuid', 'server_uid')";
    struct mr_result *res = NULL;
    enum mr_code rc = mr_db_exec(db, all, strlen(all), err);
    if (rc == MR_OK)
        rc = mr_db_query(db, "nn", sql, strlen(sql), &res, err);
    if (rc != MR_OK)
        return rc;
    memset(server, 0, sizeof *server);
    server->flavour = MR_FLAVOUR_MYSQL;
    const struct mr_cell *cells;
    while ((cells = mr_result_next(res)) != NULL)
        if (cells[0].ptr != NULL)
            take_fact(server, cells[0].ptr, cells[1]);
    mr_result_free(res);
    if (strcasestr(server->version_text, "mariadb") != NULL)
        server->flavour = MR_FLAVOUR_MARIADB;
    server->version = mr_db_parse_version(server->version_text);
    const char *cipher = mysql_get_ssl_cipher(db->mysql);
    (void)snprintf(server->tls_cipher, sizeof server->tls_cipher, "%s",
                   cipher != NULL ? cipher : "");
    return MR_OK;
}

static enum mr_code prepare_session(struct mr_db *db, const struct mr_server *server,
                                    struct mr_err *err)
{
    bool is_mysql = server->flavour == MR_FLAVOUR_MYSQL;
    unsigned limit_s = db->statement_timeout_s;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql,
                      "SET SESSION sql_mode = '', time_zone = '+00:00', autocommit = 1, "
                      "character_set_client = utf8mb4, character_set_connection = utf8mb4, "
                      "character_set_results = NULL, net_write_timeout = 3600, "
                      "wait_timeout = 86400, completion_type = 0, lock_wait_timeout = %d, "
                      "max_sort_length = %d, sql_quote_show_create = 1",
                      MR_DB_LOCK_WAIT_S, SORT_BYTES_MAX);
    /* The rows of today, whatever day the server is set to show. */
    if (!is_mysql && server->version >= 100304)
        mr_strbuf_add_str(&sql, ", system_versioning_asof = DEFAULT");
    if (is_mysql && server->version >= 80000)
        mr_strbuf_add_str(&sql, ", information_schema_stats_expiry = 0");
    /* A key that the server made up names rows like any other. */
    if (is_mysql && server->version >= 80030)
        mr_strbuf_add_str(&sql, ", show_gipk_in_create_table_and_information_schema = 1");
    if (is_mysql && server->version >= 50708 && limit_s > 0)
        mr_strbuf_add_fmt(&sql, ", max_execution_time = %lu", limit_s * 1000UL);
    if (!is_mysql && limit_s > 0)
        mr_strbuf_add_fmt(&sql, ", max_statement_time = %u", limit_s);
    enum mr_code rc = mr_strbuf_check(&sql, "preparing a session", err);
    if (rc == MR_OK)
        rc = mr_db_exec(db, sql.ptr, sql.len, err);
    mr_strbuf_release(&sql);
    if (rc == MR_OK) {
        static const char reading[] = "SET SESSION TRANSACTION ISOLATION LEVEL "
                                      "REPEATABLE READ, READ ONLY";
        static const char writing[] = "SET SESSION TRANSACTION ISOLATION LEVEL "
                                      "REPEATABLE READ, READ WRITE";
        const char *text = db->writable ? writing : reading;
        rc = mr_db_exec(db, text, strlen(text), err);
    }
    if (rc != MR_OK)
        mr_err_context(err, "could not prepare the session");
    return rc;
}

enum mr_code mr_db_complete_endpoint(struct mr_db *db, struct mr_err *err)
{
    enum mr_code rc = mr_option_file_apply(&db->ep, err);
    if (rc == MR_OK && db->ep.host[0] == '\0') {
        char *host = strdup("localhost");
        if (host == NULL)
            return mr_err_nomem(err, "connecting");
        free(db->ep.host);
        db->ep.host = host;
    }
    set_label(db);
    return rc;
}

/* The server lets the account in, runs its init_connect, and ends the connection with this
 * at our first statement.  It would do so again. */
static enum mr_code init_connect_failed(const struct mr_db *db, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CONNECT,
                     "server \"%s\" ends the connection of user \"%s\": its "
                     "init_connect fails (error 1184)",
                     db->label, db->ep.user != NULL ? db->ep.user : "");
    mr_err_hint(err, "Correct init_connect on the server (SHOW GLOBAL VARIABLES LIKE "
                     "'init_connect'; its error log has the reason), or use an account "
                     "that it is not run for: one with CONNECTION ADMIN (MySQL 8: "
                     "CONNECTION_ADMIN; before, and before MariaDB 10.5: SUPER).");
    return MR_E_CONNECT;
}

bool mr_db_is_account_full(const struct mr_err *err)
{
    return err->sql_errno == ER_ACCOUNT_FULL || err->sql_errno == ER_ACCOUNT_LIMIT;
}

bool mr_db_is_full(const struct mr_err *err)
{
    return err->sql_errno == ER_FULL || mr_db_is_account_full(err);
}

/* A connection that was closed a moment ago may still count for the account. */
static enum mr_code connect_when_free(struct mr_db *db, double until_s, struct mr_err *err)
{
    const struct timespec step = {.tv_nsec = FULL_WAIT_NS};
    struct mr_err why = {0};
    enum mr_code rc = connect_secured(db, until_s, &why);
    for (int i = 0;
         i < FULL_NAPS && mr_db_is_account_full(&why) && rc != MR_OK && !mr_is_cancelled(); i++) {
        (void)nanosleep(&step, NULL);
        why = (struct mr_err){0};
        rc = connect_secured(db, until_s, &why);
    }
    if (rc != MR_OK && err != NULL)
        *err = why;
    return rc;
}

/* What a command prints holds for some minutes: it is asked anew for each login, and kept for no
 * longer than that. */
static enum mr_code log_in(struct mr_db *db, struct mr_err *err)
{
    struct mr_endpoint *ep = &db->ep;
    const double until_s = mr_clock_now_s() + ep->connect_timeout_s; /* for all of it */
    if (ep->password_command == NULL)
        return connect_when_free(db, until_s, err);
    MR_TRY(mr_password_command_run(ep, db->label, until_s, &ep->password, err));
    const enum mr_code code = connect_when_free(db, until_s, err);
    explicit_bzero(ep->password, strlen(ep->password));
    free(ep->password);
    ep->password = NULL;
    return code;
}

/* The time-out of the login holds until the session is prepared: a server that takes connections
 * and then stands still would be waited for otherwise. */
enum mr_code mr_db_connect(struct mr_db *db, struct mr_server *server, struct mr_err *err)
{
    enum mr_code rc = log_in(db, err);
    mr_watch_limit(db->watch, db->ep.connect_timeout_s);
    if (rc == MR_OK)
        rc = read_facts(db, server, err);
    if (rc == MR_E_LOST && err != NULL && err->sql_errno == 1184 &&
        strstr(err->message, "init_connect") != NULL)
        rc = init_connect_failed(db, err);
    if (rc == MR_OK)
        rc = prepare_session(db, server, err);
    if (rc == MR_OK && !db->asks_nobody)
        rc = mr_route_check(db, mysql_thread_id(db->mysql), server, &db->is_proxied, err);
    mr_watch_limit(db->watch, db->statement_timeout_s);
    if (rc != MR_OK)
        mr_db_disconnect(db);
    /* whoever guards the login may cut the line in the moment in which it succeeds */
    return rc == MR_E_LOST && mr_is_cancelled() ? mr_cancelled_err(err) : rc;
}

void mr_db_disconnect(struct mr_db *db)
{
    mr_watch_connected(db->watch, -1, 0);
    if (db->mysql != NULL) {
        mr_own_session_remove(db->label, mysql_thread_id(db->mysql));
        mysql_close(db->mysql);
    }
    db->mysql = NULL;
    db->is_lost = true;
    mr_strbuf_reset(&db->used);
}
