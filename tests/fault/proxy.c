/*
 * proxy.c: a bad network between a client and one server.
 *
 *   proxy PORT HOST:PORT REPORT [KEY=VALUE…]
 *
 * Listens on 127.0.0.1:PORT (0: any free port), forwards to HOST:PORT until it is
 * terminated, and keeps "port N", "connections N", "bytes N" (from the server) and "trips N" (how
 * often a client has spoken after the server had: round trips) in the file REPORT, rewritten at
 * SIGUSR1 and at the end.  Keys, all counted in bytes from the
 * server over all connections unless said:
 *
 *   cut=N        the connection that carries the N-th byte is closed behind it, once
 *   cut-each=N   each connection is closed behind its own N-th byte
 *   stall=N      the connection that carries the N-th byte stands still, once
 *   stall-ms=MS  for so long
 *   rate=R       bytes a second, of all connections together
 *   then=R       the rate from the next SIGHUP on, which brings the other one back
 *   delay-ms=MS  what a client says is so long on its way: the time of a round trip
 *   stop=N       the proxy itself is stopped (SIGSTOP) before the N-th byte goes on: for the
 *                client, a server that is stopped, which neither answers nor hangs up, and
 *                whose port still takes connections
 *   drip=N       a connection made after SIGUSR2 carries one byte a second behind its N-th
 *
 * One thread, one poll() loop.  A cut resets the connection (SO_LINGER 0), as a firewall
 * or a dead server does; what was read and not yet sent is lost.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_LINKS 64
#define BUFFER_BYTES 16384
#define SHARE_BYTES 4096 /* of a limited rate, that a connection gets in its turn */
#define SAVED_BYTES (128.0 * 1024)
#define TICK_MS 5 /* how often the rate is looked at */

/* What a client has said, on its way. */
struct request {
    struct request *next;
    int64_t due; /* ms */
    size_t len;
    char bytes[];
};

/* A client and its connection to the server; client < 0 is a free place. */
struct link {
    int client, server;
    uint64_t carried;    /* from the server */
    int64_t still_until; /* ms; a stall */
    bool drips;
    bool answered;                /* the server spoke last */
    struct request *first, **end; /* of those on their way */
};

struct proxy {
    int listener;
    unsigned port;
    struct addrinfo *server;
    const char *report_path;
    uint64_t cut, cut_each, stall, stall_ms, rate, then, stop, drip, delay_ms; /* 0: none */
    struct link links[MAX_LINKS];
    uint64_t carried, connections, trips;
    size_t turn;
    double credit; /* bytes that the rate allows by now */
    int64_t credit_at;
};

static volatile sig_atomic_t ended, asked, dripping, switched;

static void on_signal(int number)
{
    if (number == SIGUSR1)
        asked = 1;
    else if (number == SIGUSR2)
        dripping = 1;
    else if (number == SIGHUP)
        switched = 1;
    else
        ended = 1;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whole or not at all: whoever waits for the file reads it when it is there. */
static void report(const struct proxy *p)
{
    char temp[4096];
    (void)snprintf(temp, sizeof temp, "%s.new", p->report_path);
    FILE *file = fopen(temp, "w");
    if (file == NULL)
        return;
    (void)fprintf(file, "port %u\nconnections %llu\nbytes %llu\ntrips %llu\n", p->port,
                  (unsigned long long)p->connections, (unsigned long long)p->carried,
                  (unsigned long long)p->trips);
    if (fclose(file) == 0)
        (void)rename(temp, p->report_path);
}

static bool take_option(struct proxy *p, const char *text)
{
    const struct {
        const char *key;
        uint64_t *value;
    } keys[] = {
        {"cut=", &p->cut},           {"cut-each=", &p->cut_each}, {"stall=", &p->stall},
        {"stall-ms=", &p->stall_ms}, {"rate=", &p->rate},         {"stop=", &p->stop},
        {"drip=", &p->drip},         {"then=", &p->then},         {"delay-ms=", &p->delay_ms}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t len = strlen(keys[i].key);
        if (strncmp(text, keys[i].key, len) == 0) {
            *keys[i].value = strtoull(text + len, NULL, 10);
            return true;
        }
    }
    return false;
}

static bool resolve(struct proxy *p, const char *address)
{
    char host[256];
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    const char *colon = strrchr(address, ':');
    if (colon == NULL || (size_t)(colon - address) >= sizeof host)
        return false;
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    return getaddrinfo(host, colon + 1, &hints, &p->server) == 0;
}

static bool start_listening(struct proxy *p, const char *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    const int on = 1;
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->listener < 0 || setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(p->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(p->listener, MAX_LINKS) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&at, &len) != 0)
        return false;
    p->port = ntohs(at.sin_port);
    return true;
}

static void close_link(struct link *link)
{
    const struct linger reset = {.l_onoff = 1};
    (void)setsockopt(link->client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    (void)close(link->client);
    (void)close(link->server);
    link->client = -1;
    for (struct request *r = link->first, *next; r != NULL; r = next) {
        next = r->next;
        free(r);
    }
}

static void accept_one(struct proxy *p)
{
    const int on = 1;
    struct link *link = NULL;
    int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
    for (size_t i = 0; i < MAX_LINKS && link == NULL; i++)
        if (p->links[i].client < 0)
            link = &p->links[i];
    if (client < 0)
        return;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link == NULL || server < 0 ||
        connect(server, p->server->ai_addr, p->server->ai_addrlen) != 0) {
        (void)close(client);
        if (server >= 0)
            (void)close(server);
        return;
    }
    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *link = (struct link){.client = client, .server = server, .drips = dripping != 0};
    link->end = &link->first;
    p->connections++;
}

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Does the `mark`-th byte lie in the next `len` behind `carried`? */
static bool reaches(uint64_t mark, uint64_t carried, size_t len)
{
    return mark > carried && mark <= carried + len;
}

/* false: the link is to be closed. */
static bool from_server(struct proxy *p, struct link *link)
{
    char buffer[BUFFER_BYTES];
    size_t want = sizeof buffer;
    bool cut = false;
    if (p->rate > 0 && want > SHARE_BYTES)
        want = SHARE_BYTES;
    if (p->rate > 0 && p->credit < (double)want)
        want = p->credit < 1 ? 1 : (size_t)p->credit;
    bool drips = link->drips && link->carried >= p->drip;
    ssize_t got = recv(link->server, buffer, drips ? 1 : want, 0);
    if (got <= 0)
        return got < 0 && errno == EINTR;
    size_t len = (size_t)got;
    if (drips)
        link->still_until = now_ms() + 1000;
    if (reaches(p->cut, p->carried, len)) {
        len = (size_t)(p->cut - p->carried);
        cut = true;
    } else if (reaches(p->cut_each, link->carried, len)) {
        len = (size_t)(p->cut_each - link->carried);
        cut = true;
    }
    if (reaches(p->stop, p->carried, len)) {
        report(p);
        (void)raise(SIGSTOP);
    }
    if (reaches(p->stall, p->carried, len))
        link->still_until = now_ms() + (int64_t)p->stall_ms;
    p->carried += len;
    link->carried += len;
    link->answered = true;
    p->credit -= p->rate > 0 ? (double)len : 0;
    return send_all(link->client, buffer, len) && !cut;
}

static bool from_client(struct proxy *p, struct link *link)
{
    char buffer[BUFFER_BYTES];
    ssize_t got = recv(link->client, buffer, sizeof buffer, 0);
    if (got <= 0)
        return got < 0 && errno == EINTR;
    p->trips += link->answered;
    link->answered = false;
    if (p->delay_ms == 0)
        return send_all(link->server, buffer, (size_t)got);
    struct request *request = malloc(sizeof *request + (size_t)got);
    if (request == NULL)
        return false;
    request->next = NULL;
    request->due = now_ms() + (int64_t)p->delay_ms;
    request->len = (size_t)got;
    memcpy(request->bytes, buffer, request->len);
    *link->end = request;
    link->end = &request->next;
    return true;
}

/* What is due by now; false: the link is to be closed. */
static bool deliver(struct link *link, int64_t now)
{
    bool good = true;
    while (good && link->first != NULL && link->first->due <= now) {
        struct request *request = link->first;
        good = send_all(link->server, request->bytes, request->len);
        link->first = request->next;
        if (link->first == NULL)
            link->end = &link->first;
        free(request);
    }
    return good;
}

/* A tenth of a second may be saved up, so that short answers come at once; of a fast line only as
 * much as a switch would hold. */
static void earn(struct proxy *p, int64_t now)
{
    double most = (double)p->rate / 10 > 1500 ? (double)p->rate / 10 : 1500;
    most = most > SAVED_BYTES ? SAVED_BYTES : most;
    p->credit += (double)p->rate * (double)(now - p->credit_at) / 1000;
    p->credit_at = now;
    if (p->credit > most)
        p->credit = most;
}

static bool has_credit(const struct proxy *p)
{
    return p->rate == 0 || p->credit >= 1;
}

static void turn(struct proxy *p)
{
    struct pollfd fds[1 + 2 * MAX_LINKS];
    int64_t now = now_ms();
    earn(p, now);
    bool may_carry = has_credit(p);
    fds[0] = (struct pollfd){.fd = p->listener, .events = POLLIN};
    for (size_t i = 0; i < MAX_LINKS; i++) {
        const struct link *link = &p->links[i];
        bool open = link->client >= 0 && now >= link->still_until;
        fds[1 + 2 * i] = (struct pollfd){open ? link->client : -1, POLLIN, 0};
        fds[2 + 2 * i] = (struct pollfd){open && may_carry ? link->server : -1, POLLIN, 0};
    }
    const int ready = poll(fds, sizeof fds / sizeof *fds, p->delay_ms > 0 ? 1 : TICK_MS);
    now = now_ms();
    const size_t begin = p->turn; /* who comes first gets what the rate allows */
    for (size_t k = 0; k < MAX_LINKS; k++) {
        const size_t i = (begin + k) % MAX_LINKS;
        struct link *link = &p->links[i];
        bool good = link->client < 0 || deliver(link, now);
        if (ready <= 0) {
            if (!good)
                close_link(link);
            continue;
        }
        if (good && fds[1 + 2 * i].revents != 0)
            good = from_client(p, link);
        if (good && fds[2 + 2 * i].revents != 0 && has_credit(p)) {
            good = from_server(p, link);
            p->turn = (i + 1) % MAX_LINKS;
        }
        if (!good)
            close_link(link);
    }
    if (ready > 0 && fds[0].revents != 0)
        accept_one(p);
}

int main(int argc, char **argv)
{
    static struct proxy p;
    const struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < MAX_LINKS; i++)
        p.links[i].client = -1;
    bool good = argc >= 4 && resolve(&p, argv[2]);
    for (int i = 4; good && i < argc; i++)
        good = take_option(&p, argv[i]);
    if (!good || !start_listening(&p, argv[1])) {
        (void)fputs("usage: proxy PORT HOST:PORT REPORT [KEY=VALUE...]\n", stderr);
        return 3;
    }
    p.report_path = argv[3];
    p.credit_at = now_ms();
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGUSR1, &action, NULL);
    (void)sigaction(SIGUSR2, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    report(&p);
    while (!ended) {
        turn(&p);
        if (switched) {
            switched = 0;
            const uint64_t now = p.rate;
            p.rate = p.then;
            p.then = now;
        }
        if (asked) {
            asked = 0;
            report(&p);
        }
    }
    report(&p);
    freeaddrinfo(p.server);
    return 0;
}
