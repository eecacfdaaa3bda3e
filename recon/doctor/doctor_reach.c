/*
 * doctor_reach.c: from the name of a host to a session, step by step, so that the first
 * step that fails can be named; see doctor.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/db/db_error.h"
#include "core/db/lookup.h"
#include "recon/doctor/doctor.h"

#define SLOW_NAME_S 1.0

static const char *host_of(const struct mr_endpoint *ep)
{
    return ep->host != NULL && ep->host[0] != '\0' ? ep->host : "localhost";
}

/* The client library takes the socket for that name. */
static bool is_by_socket(const struct mr_endpoint *ep)
{
    return ep->socket != NULL || (strcasecmp(host_of(ep), "localhost") == 0 && ep->port == 0);
}

/* Each login asks the name server anew, so that a slow one looks like a slow database; the time
 * that it took is told apart from the server's. */
static bool resolve(struct mr_doctor *d, const struct mr_endpoint *ep, struct addrinfo **list)
{
    const struct addrinfo want = {.ai_socktype = SOCK_STREAM};
    char port[16];
    (void)snprintf(port, sizeof port, "%u", ep->port != 0 ? ep->port : 3306);
    double began = mr_clock_now_s();
    mr_lookup_begin(began + ep->connect_timeout_s);
    int failed = getaddrinfo(host_of(ep), port, &want, list);
    bool is_silent = mr_lookup_end();
    double took = mr_clock_now_s() - began;
    if (failed != 0) {
        mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_dns, "host \"%s\" has no address: %s",
                      host_of(ep), is_silent ? "no name server answers" : gai_strerror(failed));
        mr_doctor_hint(d,
                       "Check the spelling, and /etc/hosts or the name server of this "
                       "machine: getent hosts %s.",
                       host_of(ep));
        return false;
    }
    if (took > SLOW_NAME_S) {
        mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_dns,
                      "host \"%s\" was resolved only after %.1f s", host_of(ep), took);
        mr_doctor_hint(d, "Every connection waits for the name server: see "
                          "/etc/resolv.conf of this machine.");
    } else {
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_dns, "host \"%s\" is known", host_of(ep));
    }
    return true;
}

/* 0, or an errno. */
static int try_connect(const struct addrinfo *a, int timeout_ms)
{
    int result = 0;
    socklen_t len = sizeof result;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (fd < 0)
        return errno;
    if (connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        result = errno;
        if (result == EINPROGRESS) {
            int ready = poll(&wait, 1, timeout_ms);
            if (ready == 0)
                result = ETIMEDOUT;
            else if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &len) != 0)
                result = errno;
        }
    }
    (void)close(fd);
    return result;
}

static const char *tcp_hint(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return "Nothing listens there: is the server up, is it the right port, and does "
               "bind_address (not skip_networking) let others in?";
    case ETIMEDOUT: return "A firewall or security group drops the packets, or the host is down.";
    case EHOSTUNREACH:
    case ENETUNREACH: return "There is no route to that network from here: VPN, routing?";
    default: return "See the network between this machine and the server.";
    }
}

/* As a client does: one address after the other, and the first that answers counts. The reason told
 * is that of the last. */
static bool try_tcp(struct mr_doctor *d, const struct mr_endpoint *ep, const struct addrinfo *list)
{
    int error = 0;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        double began = mr_clock_now_s();
        error = try_connect(a, (int)ep->connect_timeout_s * 1000);
        double took = mr_clock_now_s() - began;
        if (error == 0) {
            mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_tcp, "port %u answers in %.4f s",
                          ep->port != 0 ? ep->port : 3306, took);
            return true;
        }
    }
    mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_tcp, "port %u of \"%s\": %s",
                  ep->port != 0 ? ep->port : 3306, host_of(ep), strerror(error));
    mr_doctor_hint(d, "%s", tcp_hint(error));
    return false;
}

static bool try_socket(struct mr_doctor *d, const struct mr_endpoint *ep)
{
    if (ep->socket == NULL || access(ep->socket, F_OK) == 0)
        return true;
    mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_socket, "socket \"%s\": %s", ep->socket,
                  strerror(errno));
    mr_doctor_hint(d, "The server is not up, or its socket is elsewhere: see \"socket\" in "
                      "its option file; or connect to 127.0.0.1.");
    return false;
}

/* What the server's numbers mean for whoever is shut out. */
static const struct refusal {
    unsigned sql_errno;
    enum mr_doctor_name name;
    const char *hint; /* NULL: that of every command */
} refusals[] = {
    {1045, MR_DOCTOR_access_denied,
     "The quoted account is how the server sees you. Is there such an account, from that "
     "host, and is this its password? SELECT user, host, plugin FROM mysql.user; the "
     "most "
     "exact host wins, an anonymous account too. A password is taken from the URI, then "
     "MYRECON_USER and MYRECON_PASSWORD, then option files. Without TLS, "
     "caching_sha2_password may refuse the right one until the account has logged in "
     "over TLS or the socket."},
    {1698, MR_DOCTOR_access_denied, NULL},
    {1044, MR_DOCTOR_access_denied,
     "The account has no right on the database: GRANT SELECT ON it."},
    {1130, MR_DOCTOR_access_denied,
     "No account may come from this host: CREATE USER ... @'this host', or @'%'."},
    {1820, MR_DOCTOR_access_denied, NULL},
    {1862, MR_DOCTOR_access_denied, NULL},
    {3118, MR_DOCTOR_access_denied, NULL},
    {4151, MR_DOCTOR_access_denied, NULL},
    {3159, MR_DOCTOR_tls, NULL},
    {3032, MR_DOCTOR_login, NULL},
    {2059, MR_DOCTOR_account,
     "The client library lacks the account's plugin: install it, or ALTER USER ... "
     "IDENTIFIED WITH another one."},
    {2061, MR_DOCTOR_account, NULL},
    {1049, MR_DOCTOR_database, "The database does not exist: SHOW DATABASES."},
    {1040, MR_DOCTOR_connections,
     "All connections are used. An account with CONNECTION_ADMIN (SUPER) still gets in: "
     "SHOW PROCESSLIST says who holds them."},
    {1203, MR_DOCTOR_account_limits,
     "End other sessions of the account, or raise max_user_connections."},
    {1226, MR_DOCTOR_account_limits,
     "Wait until the hour is over, or raise the limit: ALTER USER ... WITH ...."},
    {1129, MR_DOCTOR_login,
     "This host made too many errors: FLUSH HOSTS, or TRUNCATE TABLE "
     "performance_schema.host_cache."},
};

/* Refused before TLS, the server's number stands in the text of the client library. */
static unsigned number_of(const struct mr_err *why)
{
    static const char lead[] = "error cannot be verified: ";
    const char *inner = strstr(why->message, lead);
    if (inner == NULL)
        return why->sql_errno;
    return (unsigned)strtoul(inner + sizeof lead - 1, NULL, 10);
}

/* Why the server said no. */
static void say_login(struct mr_doctor *d, const struct mr_endpoint *ep, const struct mr_err *why)
{
    const char *hint = mr_err_get_hint(why);
    const unsigned number = number_of(why);
    enum mr_doctor_name name = MR_DOCTOR_login;
    if (why->code == MR_E_TLS)
        name = strstr(why->message, "expired") != NULL ? MR_DOCTOR_certificate : MR_DOCTOR_tls;
    else if (why->code == MR_E_AUTH)
        name = MR_DOCTOR_access_denied;
    else if (why->code == MR_E_MOVED)
        name = MR_DOCTOR_routing;
    d->met_several = d->met_several || why->code == MR_E_MOVED;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (number == refusals[i].sql_errno) {
            name = refusals[i].name;
            hint = refusals[i].hint != NULL ? refusals[i].hint : mr_db_error_connect_hint(number);
        }
    mr_doctor_say(d, MR_DOCTOR_PROBLEM, name, "%s", why->message);
    /* MariaDB says no more than that of an account or a server that wants TLS */
    const bool plain = name == MR_DOCTOR_access_denied && ep->ssl_mode == MR_SSL_DISABLED;
    mr_doctor_hint(d, "%s%s", hint != NULL ? hint : "See the server's error log.",
                   plain ? " The server or the account may demand TLS: try "
                           "?ssl-mode=required."
                         : "");
}

/* That the statements of one connection come to one server was seen while logging in; that another
 * connection does, a second one tells.  Where there is none left for it, other findings say so. */
enum mr_code mr_doctor_routing(struct mr_doctor *d, struct mr_doctor_server *server,
                               struct mr_err *err)
{
    const struct mr_db_opts opts = {.run_tag = d->opts.run_tag,
                                    .statement_timeout_s = d->opts.statement_timeout_s,
                                    .same_as = mr_db_server(server->link.db)};
    struct mr_db *second = NULL;
    struct mr_err why = {0};
    const enum mr_code code = mr_db_open(&server->link.ep, &opts, &second, &why);
    mr_db_close(second);
    if (code == MR_E_CANCELLED || code == MR_E_NOMEM) {
        *err = why;
        return code;
    }
    if (code == MR_E_MOVED) {
        mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_routing, "%s", why.message);
        mr_doctor_hint(d, "Two connections reach two servers, one after the other: a proxy or a "
                          "load balancer stands there, or the address moves just now. Name each "
                          "server by its own address.");
    } else if (code == MR_OK && mr_db_is_proxied(server->link.db)) {
        mr_doctor_say(d, MR_DOCTOR_NOTE, MR_DOCTOR_routing,
                      "a proxy stands in between (it gives connections numbers of its own); "
                      "statements of several kinds came to one session");
        mr_doctor_hint(d, "Nothing has to be done; where it may send them elsewhere later, name "
                          "the server itself.");
    } else if (code == MR_OK) {
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_routing,
                      "statements and connections come to one server, without a proxy");
    }
    return MR_OK;
}

static bool is_of_call(enum mr_code code)
{
    return code == MR_E_USAGE || code == MR_E_CONFIG || code == MR_E_NOMEM ||
           code == MR_E_CANCELLED;
}

/* A login that is refused is what the doctor was called for: a finding with its remedy, and the
 * server is not listed. What is wrong with the call itself (an option file, a cancel) is an
 * error. */
static enum mr_code log_in(struct mr_doctor *d, const char *uri, struct mr_doctor_server **out,
                           struct mr_err *err)
{
    const struct mr_gate_link_opts opts = {.run_tag = d->opts.run_tag,
                                           .statement_timeout_s = d->opts.statement_timeout_s,
                                           .login = d->opts.login};
    struct mr_doctor_server *server = calloc(1, sizeof *server);
    struct mr_doctor_server **slot = mr_vec_push(&d->servers);
    struct mr_err why = {0};
    if (server == NULL || slot == NULL) {
        free(server);
        d->servers.count -= slot != NULL ? 1 : 0;
        return mr_err_nomem(err, "connecting");
    }
    *slot = server;
    double began = mr_clock_now_s();
    enum mr_code code = mr_gate_link_open(&server->link, uri, &opts, &why);
    server->connect_s = mr_clock_now_s() - began;
    if (code == MR_OK) {
        *out = server;
        return MR_OK;
    }
    d->servers.count--;
    if (!is_of_call(code))
        say_login(d, &server->link.ep, &why);
    mr_gate_link_close(&server->link);
    free(server);
    if (!is_of_call(code))
        return MR_OK;
    *err = why;
    return code;
}

enum mr_code mr_doctor_reach(struct mr_doctor *d, const char *uri, struct mr_doctor_server **server,
                             struct mr_err *err)
{
    struct mr_endpoint ep = {0};
    struct addrinfo *list = NULL;
    *server = NULL;
    enum mr_code code = mr_endpoint_parse(&ep, uri, err);
    bool open = code == MR_OK;
    /* an option file may name another host or socket: then only logging in tells */
    const bool by_file = open && (ep.defaults_file != NULL || ep.host[0] == '\0');
    if (open && ep.kind == MR_ENDPOINT_MYSQL && !by_file) {
        if (is_by_socket(&ep))
            open = try_socket(d, &ep);
        else
            open = resolve(d, &ep, &list) && try_tcp(d, &ep, list);
    }
    if (list != NULL)
        freeaddrinfo(list);
    mr_endpoint_release(&ep);
    if (code == MR_OK && !open && mr_is_cancelled()) /* that is why */
        return mr_cancelled_err(err);
    return code == MR_OK && open ? log_in(d, uri, server, err) : code;
}
