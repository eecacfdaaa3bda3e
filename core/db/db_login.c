/*
 * db_login.c: how whoever logs in waits, and what of an account may cross the line; see
 * db_internal.h.
 *
 * Connector/C goes on without TLS where the server offers none, even if it is told to
 * enforce it, and then logs in by whatever the server asks for: the password in the clear,
 * or the hash of the old password, which is as good as one.  So we see the server's greeting
 * before the library looks at it, and cut the line where the mode asks for more; and on a
 * line without TLS the library is given a list of the ways to log in that show nothing,
 * which it holds to however often the server asks for another.  Within TLS they are all but
 * mysql_clear_password: whoever can put himself in the server's place would only have to ask for the
 * password, so that it is given away where the certificate was verified and the user has said so.
 */
#include "core/db/db_internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/db/greeting.h"
#include "core/db/login_guard.h"
#include "core/db/lookup.h"

#define PATIENCE_STEP_MS 200

/* A login belongs to its thread. */
static _Thread_local struct {
    double until_s;
    bool was_cancelled; /* who logs in then has something to end, as a KILL */
    enum mr_db_bar barred;
    enum mr_db_tls tls;
    bool may_clear;
    /* of MariaDB's library alone, which shows what it reads */
    MYSQL *mysql;               /* NULL: nobody logs in */
    bool is_greeted, is_modest; /* by ways that show nothing */
    unsigned char greeting[MR_GREETING_MAX_BYTES];
    size_t ngreeting;
    char asked[64];               /* the way to log in that the server wants instead, or "" */
    struct mr_login_guard *guard; /* of the handshake to come, or NULL */
} login;

static bool is_over(void)
{
    return (mr_is_cancelled() && !login.was_cancelled) || mr_clock_now_s() >= login.until_s;
}

#ifdef MARIADB_PACKAGE_VERSION

/* They answer a challenge, or encrypt the password with the server's key.  The library looks
 * for a name as a part of this text. */
#define MODEST                                                                                     \
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec,"           \
    "auth_gssapi_client"
/* Within TLS. */
#define ENCRYPTED MODEST ",dialog,mysql_old_password"
#define CLEAR_PLUGIN "mysql_clear_password"

/* The library has it, under a version, and no header of it does.  The function
 * is called after each read (mode 0) and write of every connection. */
int ma_pvio_register_callback(my_bool add, void (*fn)(int mode, MYSQL *mysql,
                                                      const unsigned char *bytes, size_t len));

/* ---- waiting ---- */

/* In place of the library's own poll().  Its time-out is of each of the many waits of a
 * login, so that a server that says something now and then could hold us for ever. */
static int wait_with_patience(my_socket fd, my_bool is_read, int timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = is_read ? POLLIN : POLLOUT};
    double until_s = login.until_s, now_s = mr_clock_now_s();
    if (timeout_ms > 0 && now_s + timeout_ms / 1e3 < until_s)
        until_s = now_s + timeout_ms / 1e3;
    for (;;) {
        int got = poll(&ready, 1, PATIENCE_STEP_MS);
        if (got > 0 || (got < 0 && errno != EINTR))
            return got;
        if (is_over() || mr_clock_now_s() >= until_s) {
            if (login.mysql != NULL && !login.is_greeted && is_read)
                login.barred = MR_BARRED_SILENT;
            errno = ETIMEDOUT;
            return 0;
        }
    }
}

/* ---- the greeting ---- */

/* A socket file does not leave the machine. */
static bool is_remote(my_socket fd)
{
    struct sockaddr_storage own = {0};
    socklen_t size = sizeof own;
    return getsockname(fd, (struct sockaddr *)&own, &size) != 0 || own.ss_family != AF_UNIX;
}

/* Within TLS the library would send the password to whoever asks for it.  False: it would still. */
static bool go_encrypted(MYSQL *mysql)
{
    return login.may_clear || mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH, ENCRYPTED) == 0;
}

/* From here on the library logs in without TLS.  False: it would by any way. */
static bool go_plain(MYSQL *mysql, bool remote)
{
    my_bool no = 0;
    (void)mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &no);
    (void)mysql_options(mysql, MYSQL_OPT_SSL_CA, NULL);
    (void)mysql_options(mysql, MYSQL_OPT_SSL_CERT, NULL);
    (void)mysql_options(mysql, MYSQL_OPT_SSL_KEY, NULL);
    login.is_modest = remote && mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH, MODEST) == 0;
    return !remote || login.is_modest;
}

static enum mr_db_bar judge(MYSQL *mysql, const struct mr_greeting *greeting, bool remote)
{
    const bool encrypts = greeting->offers_tls && login.tls != MR_DB_TLS_OFF;
    if (greeting->state == MR_GREETING_STRANGE)
        return MR_BARRED_STRANGE;
    if (greeting->state == MR_GREETING_WHOLE && !encrypts && login.tls == MR_DB_TLS_DEMANDED)
        return MR_BARRED_NO_TLS;
    if (encrypts)
        login.guard = mr_login_guard_new(mysql_get_socket(mysql), login.until_s);
    /* an error ends it, and is told as it is */
    return (encrypts ? go_encrypted(mysql) : go_plain(mysql, remote)) ? MR_BARRED_NOT
                                                                      : MR_BARRED_SHOWN;
}

/* Invariant: nothing was sent yet, and nothing will be where the greeting is barred. */
static void take_greeting(MYSQL *mysql, const unsigned char *bytes, size_t len)
{
    const size_t room = sizeof login.greeting - login.ngreeting;
    memcpy(login.greeting + login.ngreeting, bytes, len < room ? len : room);
    login.ngreeting += len < room ? len : room;
    const struct mr_greeting greeting = mr_greeting_read(login.greeting, login.ngreeting);
    if (greeting.state == MR_GREETING_MORE)
        return;
    login.is_greeted = true;
    if (!greeting.is_error) {
        free(mysql->server_version); /* of mr_db_begin_login; its own comes now */
        mysql->server_version = NULL;
    }
    login.barred = judge(mysql, &greeting, is_remote(mysql_get_socket(mysql)));
}

/* The library's own message has not the right name.  A packet in pieces is passed over: then only
 * the message is poorer. */
static void take_switch(const unsigned char *bytes, size_t len)
{
    static const size_t header = 4;
    if (len <= header + 1 || bytes[header] != 0xfe)
        return;
    const size_t room =
        len - header - 1 < sizeof login.asked ? len - header - 1 : sizeof login.asked - 1;
    const size_t name = strnlen((const char *)bytes + header + 1, room);
    memcpy(login.asked, bytes + header + 1, name);
    login.asked[name] = '\0';
}

/* Whatever the library has read, before it looks at it.  A server that never pauses is not
 * waited for, so that the time is looked at here, too. */
static void take_bytes(int mode, MYSQL *mysql, const unsigned char *bytes, size_t len)
{
    if (mode != 0 || mysql == NULL || mysql != login.mysql || len > SSIZE_MAX)
        return; /* written, another connection's, or an error */
    if (!login.is_greeted)
        take_greeting(mysql, bytes, len);
    else
        take_switch(bytes, len);
    if (is_over() && !login.is_greeted)
        login.barred = MR_BARRED_SILENT;
    if (is_over() || login.barred != MR_BARRED_NOT)
        (void)shutdown(mysql_get_socket(mysql), SHUT_RDWR);
}

static void register_us(void)
{
    (void)ma_pvio_register_callback(1, take_bytes);
}

/* ---- questions ---- */

/* The library's plugin "dialog" looks for a function of this name, else it prints what the
 * server asks and waits for an answer on standard input.  The password is what we have, and
 * it is sent where that is asked for; nobody sits here for another question. */
char *mysql_authentication_dialog_ask(MYSQL *mysql, int type, const char *prompt, char *answer,
                                      int size);
char *mysql_authentication_dialog_ask(MYSQL *mysql, int type, const char *prompt, char *answer,
                                      int size)
{
    (void)mysql;
    (void)type;
    (void)prompt;
    (void)answer;
    (void)size;
    login.barred = MR_BARRED_ASKED;
    return NULL;
}

/* ---- of db.c and db_connect.c ---- */

void mr_db_prepare_logins(void)
{
}

void mr_db_begin_login(MYSQL *mysql, enum mr_db_tls tls, bool may_clear, double until_s)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, register_us);
    login.until_s = until_s;
    mr_lookup_begin(until_s);
    login.was_cancelled = mr_is_cancelled();
    login.mysql = mysql;
    login.is_greeted = login.is_modest = false;
    login.ngreeting = 0;
    login.asked[0] = '\0';
    login.tls = tls;
    login.may_clear = may_clear;
    login.barred = MR_BARRED_NOT;
    /* read by the library, whatever it is, where an error comes instead of a greeting */
    if (mysql->server_version == NULL)
        mysql->server_version = strdup("");
    (void)mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, wait_with_patience);
}

const char *mr_db_login_asked(void)
{
    return login.asked;
}

bool mr_db_log_in(MYSQL *mysql, const struct mr_endpoint *ep)
{
    return mysql_real_connect(mysql, ep->socket != NULL ? NULL : ep->host, ep->user, ep->password,
                              NULL, ep->port, ep->socket, 0) != NULL;
}

/* By an answer of its own, or from the start. */
static bool has_asked_for_all(void)
{
    return strcmp(login.asked, CLEAR_PLUGIN) == 0 ||
           (login.asked[0] == '\0' &&
            memmem(login.greeting, login.ngreeting, CLEAR_PLUGIN, sizeof CLEAR_PLUGIN - 1) != NULL);
}

enum mr_db_bar mr_db_end_login(MYSQL *mysql, bool good, bool watched)
{
    if (good && !login.is_greeted) /* a library that does not tell what it reads */
        login.barred = MR_BARRED_UNSEEN;
    if (!good && mysql_errno(mysql) == MR_DB_PLUGIN_NOT_ALLOWED && login.is_modest)
        login.barred = MR_BARRED_SHOWN;
    else if (!good && !login.may_clear && has_asked_for_all())
        login.barred = MR_BARRED_CLEAR;
    if (!good && login.is_greeted && login.barred == MR_BARRED_NOT &&
        mr_clock_now_s() >= login.until_s)
        login.barred = MR_BARRED_SLOW;
    if (mr_lookup_end() && !good)
        login.barred = MR_BARRED_UNNAMED;
    mr_login_guard_free(login.guard);
    login.guard = NULL;
    login.mysql = NULL;
    login.until_s = mr_clock_now_s() + UINT_MAX; /* the socket's time-out holds */
    if (watched)
        (void)mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, mr_db_wait);
    return login.barred;
}

#else

#define FIRST_STEP_MS 1 /* there is no socket yet */

/* Who runs us lets the library show the password.  Set before threads. */
static bool must_show;

void mr_db_prepare_logins(void)
{
    static const char name[] = "LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN";
    const char *value = getenv(name);
    if (value != NULL && *value != '\0' && strchr("1Yy", *value) != NULL)
        must_show = true;
    (void)unsetenv(name); /* it would hold for lines without TLS, too */
}

/* A socket file does not leave the machine; within TLS only who was verified gets it. */
static bool may_show(const struct mr_endpoint *ep)
{
    const bool is_asked_for = must_show || ep->enable_cleartext;
    const bool is_here =
        ep->socket != NULL || (ep->port == 0 && strcmp(ep->host, "localhost") == 0);
    return is_asked_for &&
           (is_here || (login.tls == MR_DB_TLS_DEMANDED && mr_ssl_mode_verifies(ep->ssl_mode)));
}

void mr_db_begin_login(MYSQL *mysql, enum mr_db_tls tls, bool may_clear, double until_s)
{
    (void)mysql;
    login.tls = tls;
    login.may_clear = may_clear;
    login.until_s = until_s;
    mr_lookup_begin(until_s);
    login.was_cancelled = mr_is_cancelled();
    login.barred = MR_BARRED_NOT;
}

/* What it waits for is not reported: first for the connection, then mostly for the server's word. */
static void wait_a_step(const MYSQL *mysql)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    const bool has_socket = mysql->net.vio != NULL;
    struct pollfd ready = {.fd = has_socket ? (int)mysql->net.fd : -1};
    ready.events = getpeername(ready.fd, (struct sockaddr *)&peer, &size) == 0 ? POLLIN : POLLOUT;
    (void)poll(&ready, 1, has_socket ? PATIENCE_STEP_MS : FIRST_STEP_MS);
}

/* Oracle's library ends the login where TLS is asked for and not offered, and has no way that
 * shows the password unless it is allowed to.  Its own time-outs begin anew with each
 * byte, so that it is asked to come back instead of waiting. */
bool mr_db_log_in(MYSQL *mysql, const struct mr_endpoint *ep)
{
    const bool shows = may_show(ep);
    (void)mysql_options(mysql, MYSQL_ENABLE_CLEARTEXT_PLUGIN, &shows);
    for (;;) {
        const enum net_async_status state =
            mysql_real_connect_nonblocking(mysql, ep->socket != NULL ? NULL : ep->host, ep->user,
                                           ep->password, NULL, ep->port, ep->socket, 0);
        if (state != NET_ASYNC_NOT_READY)
            return state == NET_ASYNC_COMPLETE;
        if (is_over()) {
            login.barred = mysql->server_version == NULL ? MR_BARRED_SILENT : MR_BARRED_SLOW;
            return false;
        }
        wait_a_step(mysql);
    }
}

const char *mr_db_login_asked(void)
{
    return ""; /* its own message is right */
}

enum mr_db_bar mr_db_end_login(MYSQL *mysql, bool good, bool watched)
{
    (void)mysql;
    (void)watched;
    if (mr_lookup_end() && !good)
        login.barred = MR_BARRED_UNNAMED;
    return login.barred;
}

#endif
