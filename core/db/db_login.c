/*
 * db_login.c: how whoever logs in waits, and what of an account may cross the line; see
 * db_internal.h.
 *
 * Connector/C goes on without TLS where the server offers none, even if it is told to
 * enforce it, and then logs in by whatever the server asks for: the password in the clear,
 * or the hash of the old password, which is as good as one.  So we see the server's greeting
 * before the library looks at it, and cut the line where the mode asks for more; and on a
 * line without TLS the first way to log in is one of ours, which sends nothing, and looks at
 * the way that the server asks for before the library takes it.
 */
#include "core/db/db_internal.h"

#ifdef MARIADB_PACKAGE_VERSION

#include <errno.h>
#include <limits.h>
#include <mysql/plugin_auth.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/db/greeting.h"

#define PATIENCE_STEP_MS 200
#define ASKS_FOR_ANOTHER 0xfe
#define CHOOSER "myrecon_chooser"

/* As <mysql/client_plugin.h> has it, which cannot be included: Debian's package lacks a
 * header that it wants. */
#define AUTHENTICATION_PLUGIN 2
#define AUTHENTICATION_INTERFACE 0x0100
struct chooser {
    struct st_mysql_client_plugin head;
    int (*authenticate_user)(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql);
};

/* The library has it, under a version, and no header of it does.  The function
 * is called after each read (mode 0) and write of every connection. */
int ma_pvio_register_callback(my_bool add,
                              void (*fn)(int mode, MYSQL *mysql,
                                         const unsigned char *bytes, size_t len));

/* A login belongs to its thread. */
static _Thread_local struct {
    double until_s;
    enum mr_db_tls tls;
    struct mr_db_barred barred;
    MYSQL *mysql; /* NULL: the greeting has come, or nobody asked for it */
    unsigned char greeting[MR_GREETING_MAX_BYTES];
    size_t ngreeting;
} login;

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
        if (mr_is_cancelled() || mr_clock_now_s() >= until_s) {
            if (login.mysql != NULL && is_read)
                login.barred.by = MR_BARRED_SILENT;
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
    return getsockname(fd, (struct sockaddr *)&own, &size) != 0 ||
           own.ss_family != AF_UNIX;
}

/* From here on the library logs in without TLS, and asks us first. */
static void go_plain(MYSQL *mysql, bool remote)
{
    my_bool no = 0;
    (void)mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &no);
    (void)mysql_options(mysql, MYSQL_OPT_SSL_CA, NULL);
    (void)mysql_options(mysql, MYSQL_OPT_SSL_CERT, NULL);
    (void)mysql_options(mysql, MYSQL_OPT_SSL_KEY, NULL);
    if (remote)
        (void)mysql_options(mysql, MYSQL_DEFAULT_AUTH, CHOOSER);
}

static enum mr_db_bar judge(const struct mr_greeting *greeting, bool encrypts,
                            bool remote)
{
    if (greeting->state == MR_GREETING_STRANGE)
        return MR_BARRED_STRANGE;
    if (greeting->state == MR_GREETING_ERROR) /* which ends it */
        return MR_BARRED_NOT;
    if (!encrypts && login.tls == MR_DB_TLS_DEMANDED)
        return MR_BARRED_NO_TLS;
    return !encrypts && remote && !greeting->names_methods ? MR_BARRED_OLD
                                                           : MR_BARRED_NOT;
}

/* Whatever the library has read, before it looks at it.  Invariant: nothing was sent yet, and
 * nothing will be where the greeting is barred. */
static void take_bytes(int mode, MYSQL *mysql, const unsigned char *bytes, size_t len)
{
    if (mode != 0 || mysql != login.mysql || mysql == NULL || len > SSIZE_MAX)
        return; /* written, another connection's, or an error */
    const size_t room = sizeof login.greeting - login.ngreeting;
    const size_t take = len < room ? len : room;
    memcpy(login.greeting + login.ngreeting, bytes, take);
    login.ngreeting += take;
    const struct mr_greeting greeting = mr_greeting_read(login.greeting, login.ngreeting);
    if (greeting.state == MR_GREETING_MORE)
        return;
    const my_socket fd = mysql_get_socket(mysql);
    const bool encrypts = greeting.offers_tls && login.tls != MR_DB_TLS_OFF;
    login.mysql = NULL;
    login.barred.by = judge(&greeting, encrypts, is_remote(fd));
    if (login.barred.by != MR_BARRED_NOT)
        (void)shutdown(fd, SHUT_RDWR);
    else if (!encrypts)
        go_plain(mysql, is_remote(fd)); /* an error is told as it is, too */
}

/* ---- the way to log in ---- */

/* None of these shows the password, or what is as good as one: they answer a challenge, or
 * encrypt it with the server's key. */
static bool is_modest(const char *method)
{
    static const char *const modest[] = {"mysql_native_password",
                                         "caching_sha2_password",
                                         "sha256_password",
                                         "client_ed25519",
                                         "parsec",
                                         "auth_gssapi_client"};
    for (size_t i = 0; i < sizeof modest / sizeof *modest; i++)
        if (strcmp(method, modest[i]) == 0)
            return true;
    return false;
}

/* Sends nothing of the account but its name, which lets the server ask for the way that
 * the account has. */
static int choose(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql)
{
    unsigned char *packet = NULL;
    int len = vio->read_packet(vio, &packet);
    if (len >= 0) /* let in without a password */
        return len > 0 && packet[0] == 0 ? CR_OK_HANDSHAKE_COMPLETE : CR_ERROR;
    if (mysql->net.last_errno != 0 || mysql->net.read_pos[0] != ASKS_FOR_ANOTHER)
        return CR_ERROR;
    /* the library ends each packet with a zero; one byte alone asks for the old hash */
    const char *method = (const char *)mysql->net.read_pos + 1;
    if (is_modest(method))
        return CR_ERROR; /* of this way: the library takes the other */
    login.barred.by = MR_BARRED_SHOWN;
    (void)snprintf(login.barred.method, sizeof login.barred.method, "%s",
                   method[0] != '\0' ? method : "mysql_old_password");
    mysql->net.read_pos[0] = 0; /* and takes none */
    return CR_ERROR;
}

static void register_ours(void)
{
    static struct chooser chooser = {
        .head = {.type = AUTHENTICATION_PLUGIN,
                 .interface_version = AUTHENTICATION_INTERFACE,
                 .name = CHOOSER,
                 .author = "myrecon",
                 .desc = "looks at the way to log in that a server asks for",
                 .version = {1, 0, 0},
                 .license = "Apache-2.0"},
        .authenticate_user = choose};
    (void)ma_pvio_register_callback(1, take_bytes);
    MYSQL *mysql = mysql_init(NULL);
    if (mysql == NULL)
        return;
    (void)mysql_client_register_plugin(mysql, &chooser.head);
    mysql_close(mysql);
}

/* ---- of db_connect.c ---- */

void mr_db_begin_login(MYSQL *mysql, enum mr_db_tls tls, unsigned timeout_s)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, register_ours);
    login.until_s = mr_clock_now_s() + timeout_s;
    login.mysql = mysql;
    login.ngreeting = 0;
    login.tls = tls;
    login.barred = (struct mr_db_barred){.by = MR_BARRED_NOT};
    (void)mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, wait_with_patience);
}

const struct mr_db_barred *mr_db_end_login(MYSQL *mysql, bool watched)
{
    login.mysql = NULL;
    login.until_s = mr_clock_now_s() + UINT_MAX; /* the socket's time-out holds */
    if (watched)
        (void)mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, (void *)NULL);
    return &login.barred;
}

#else

/* Oracle's library waits in recv(), and lets nobody wait in its place.  It ends the login
 * where TLS is asked for and not offered, and has no way that shows the password unless it
 * is told to allow it. */
void mr_db_begin_login(MYSQL *mysql, enum mr_db_tls tls, unsigned timeout_s)
{
    (void)mysql;
    (void)tls;
    (void)timeout_s;
}

const struct mr_db_barred *mr_db_end_login(MYSQL *mysql, bool watched)
{
    static const struct mr_db_barred not_barred = {.by = MR_BARRED_NOT};
    (void)mysql;
    (void)watched;
    return &not_barred;
}

#endif
