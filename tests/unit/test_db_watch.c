/* test_db_watch.c: a server that takes connections and says nothing; see db_watch.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/db/db.h"
#include "core/db/db_watch.h"

#define SQL "SELECT 1 FROM t"
#define LONG_MS 20000 /* longer than anything here takes */

/* A watch over one end of a pair of sockets, whose server is a port that nobody serves. */
struct world {
    int port, call, peer;
    struct mr_watch *watch;
};

static void open_world(struct world *world, unsigned connect_timeout_s, unsigned lock_wait_s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int pair[2];
    world->port = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(world->port, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(world->port, 8), 0);
    assert_int_equal(getsockname(world->port, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    world->call = pair[0];
    world->peer = pair[1];

    char uri[100];
    struct mr_endpoint ep;
    struct mr_err err;
    (void)snprintf(uri, sizeof uri, "mysql://u:p@127.0.0.1:%u/d?connect-timeout=%u",
                   ntohs(at.sin_port), connect_timeout_s);
    assert_int_equal(mr_endpoint_parse(&ep, uri, &err), MR_OK);
    assert_int_equal(mr_watch_new(&ep, "there", "run", lock_wait_s, true, &world->watch, &err),
                     MR_OK);
    mr_endpoint_release(&ep);
    mr_watch_connected(world->watch, world->call, 7);
}

static void close_world(struct world *world)
{
    (void)close(world->port);
    (void)close(world->call);
    (void)close(world->peer);
}

/* A call to which no answer comes, until the watch ends it; its error. */
static enum mr_code wait_for_nothing(struct world *world, struct mr_err *err)
{
    struct pollfd ready = {.fd = world->call, .events = POLLIN};
    mr_watch_prepare(world->watch, SQL, strlen(SQL));
    mr_watch_begin(world->watch);
    assert_int_equal(poll(&ready, 1, LONG_MS), 1);
    mr_watch_end(world->watch);
    (void)mr_err_set(err, MR_E_LOST, "lost");
    return mr_watch_tell(world->watch, SQL, strlen(SQL), MR_E_TIMEOUT, err);
}

static size_t count_threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    size_t count = 0;
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count;
}

/* The thread looks ten times a second at what its owner never stops to change. */
static void test_busy(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, 1, 0);
    double until_s = mr_clock_now_s() + 1.2;
    for (unsigned i = 0; mr_clock_now_s() < until_s; i++) {
        if (i % 1000 == 0) {
            mr_watch_connected(world.watch, -1, 0);
            mr_watch_connected(world.watch, world.call, i);
            mr_watch_limit(world.watch, i % 7);
        }
        mr_watch_prepare(world.watch, SQL, strlen(SQL));
        mr_watch_begin(world.watch);
        mr_watch_end(world.watch);
    }
    struct pollfd ready = {.fd = world.call, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 0), 0);
    mr_watch_free(world.watch);
    close_world(&world);
}

static void test_silent(void **state)
{
    (void)state;
    struct world world;
    struct mr_err err;
    open_world(&world, 1, 0);
    mr_watch_limit(world.watch, 1);
    assert_int_equal(wait_for_nothing(&world, &err), MR_E_LOST);
    assert_non_null(strstr(err.message, "server \"there\" has answered nothing for "));
    assert_non_null(strstr(err.message, "reading \"t\""));
    mr_watch_free(world.watch);
    close_world(&world);
}

/* Calls of `call_ms` each, with `pause_ms` between them, for at most so long: was it ended? */
static bool calls_are_ended(struct world *world, bool anew, unsigned call_ms, unsigned pause_ms,
                            double most_s)
{
    struct pollfd ready = {.fd = world->call, .events = POLLIN};
    const double until_s = mr_clock_now_s() + most_s;
    bool ended = false;
    mr_watch_prepare(world->watch, SQL, strlen(SQL));
    while (!ended && mr_clock_now_s() < until_s) {
        if (anew)
            mr_watch_prepare(world->watch, SQL, strlen(SQL));
        mr_watch_begin(world->watch);
        ended = poll(&ready, 1, (int)call_ms) > 0;
        mr_watch_end(world->watch);
        (void)usleep(pause_ms * 1000);
    }
    return ended;
}

/* A row now and then, or rows without an end: the limit is of all of them.  What is done with the
 * rows is not the server's time, and each statement has a limit of its own. */
static void test_rows_without_end(void **state)
{
    static const struct {
        bool anew;
        unsigned call_ms, pause_ms;
        bool ended;
    } cases[] = {
        {false, 300, 0, true}, {false, 1, 0, true}, {false, 0, 50, false}, {true, 300, 0, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        struct mr_err err;
        open_world(&world, 9, 0);
        mr_watch_limit(world.watch, 1);
        assert_int_equal(calls_are_ended(&world, cases[i].anew, cases[i].call_ms, cases[i].pause_ms,
                                         cases[i].ended ? 9 : 4.5),
                         cases[i].ended);
        (void)mr_err_set(&err, MR_E_LOST, "lost");
        assert_int_equal(mr_watch_tell(world.watch, SQL, strlen(SQL), MR_E_TIMEOUT, &err),
                         cases[i].ended ? MR_E_TIMEOUT : MR_E_LOST);
        if (cases[i].ended)
            assert_non_null(strstr(err.message, "has not ended a statement within 3 s"));
        mr_watch_free(world.watch);
        close_world(&world);
    }
}

/* The call ends while the thread waits for a login: its owner does not wait for that, and
 * the thread cleans up when it is over. */
static void test_left(void **state)
{
    (void)state;
    struct world world;
    size_t threads = count_threads();
    open_world(&world, 9, 0);
    struct pollfd knock = {.fd = world.port, .events = POLLIN};
    mr_watch_limit(world.watch, 1);
    mr_watch_prepare(world.watch, SQL, strlen(SQL));
    mr_watch_begin(world.watch);
    assert_int_equal(poll(&knock, 1, LONG_MS), 1);
    mr_watch_end(world.watch);
    mr_watch_prepare(world.watch, SQL, strlen(SQL)); /* while the last is asked about */
    mr_watch_connected(world.watch, -1, 0);
    mr_watch_free(world.watch);
    assert_true(count_threads() > threads);
    close_world(&world); /* and with it the login */
    double until_s = mr_clock_now_s() + LONG_MS / 1e3;
    while (count_threads() > threads && mr_clock_now_s() < until_s)
        (void)usleep(10000);
    assert_int_equal(count_threads(), threads);
}

/* What was read is for nobody any longer: the call ends, and others do not. */
static void test_abandoned(void **state)
{
    (void)state;
    struct world world;
    struct mr_err err;
    atomic_bool abandoned = false;
    open_world(&world, 9, 0);
    mr_watch_heed(world.watch, &abandoned);
    mr_watch_prepare(world.watch, SQL, strlen(SQL));
    mr_watch_begin(world.watch);
    struct pollfd ready = {.fd = world.call, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 1500), 0);
    mr_watch_end(world.watch);
    atomic_store(&abandoned, true);
    assert_int_equal(wait_for_nothing(&world, &err), MR_E_CANCELLED);
    assert_false(mr_is_cancelled());
    mr_watch_free(world.watch);
    close_world(&world);
}

static void test_cancelled(void **state)
{
    (void)state;
    struct world world;
    struct mr_err err;
    open_world(&world, 9, 0);
    mr_cancel();
    assert_int_equal(wait_for_nothing(&world, &err), MR_E_CANCELLED);
    mr_watch_free(world.watch);
    close_world(&world);
}

/* A greeting of MariaDB 10.11 without TLS. */
static const unsigned char greeting[] = "\x5a\0\0\0\x0a"
                                        "5.5.5-10.11.19-MariaDB\0"
                                        "\x07\0\0\0"
                                        "abcdefgh\0"
                                        "\xff\xf7"
                                        "\x08"
                                        "\x02\0"
                                        "\xff\x81"
                                        "\x15"
                                        "\0\0\0\0\0\0"
                                        "\x1d\0\0\0"
                                        "ijklmnopqrst\0"
                                        "mysql_native_password";

/* Who logs in to end a statement after a signal is not itself ended by it, though the server takes
 * its time. */
static void test_kill(void **state)
{
    (void)state;
    struct world world;
    struct mr_err err;
    unsigned char answer[400];
    if (strstr(mr_db_client_name(), "Oracle") != NULL)
        skip(); /* its library no longer answers this greeting */
    open_world(&world, 9, 5);
    mr_cancel();
    assert_int_equal(wait_for_nothing(&world, &err), MR_E_CANCELLED);
    int knock = accept(world.port, NULL, NULL);
    assert_true(knock >= 0);
    (void)usleep(500000);
    assert_int_equal(send(knock, greeting, sizeof greeting, MSG_NOSIGNAL), sizeof greeting);
    struct pollfd ready = {.fd = knock, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, LONG_MS), 1);
    assert_true(recv(knock, answer, sizeof answer, 0) > 32); /* it logs in */
    (void)close(knock);
    mr_watch_free(world.watch);
    close_world(&world);
}

static int begin(void **state)
{
    (void)state;
    struct mr_err err;
    return mr_db_global_init(&err) == MR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_silent),
        cmocka_unit_test(test_rows_without_end),
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_abandoned),
        cmocka_unit_test(test_cancelled), /* from here on: for the rest of the process */
        cmocka_unit_test(test_kill),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
