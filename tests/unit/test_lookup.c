/* test_lookup.c: a name server that does not answer, and who waits for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <netdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/db/db.h"
#include "core/db/lookup.h"

static atomic_uint takes_ms; /* the name server */
static atomic_uint asked;

static int ask_name_server(const char *host, const char *port, const struct addrinfo *hints,
                           struct addrinfo **list)
{
    (void)host;
    (void)port;
    if ((hints->ai_flags & AI_NUMERICHOST) != 0)
        return EAI_NONAME;
    (void)atomic_fetch_add(&asked, 1);
    (void)usleep(atomic_load(&takes_ms) * 1000);
    *list = NULL;
    return 0;
}

void *__wrap_dlsym(void *library, const char *name);
void *__wrap_dlsym(void *library, const char *name)
{
    int (*fn)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        ask_name_server;
    void *address;
    (void)library;
    assert_string_equal(name, "getaddrinfo");
    memcpy(&address, &fn, sizeof address);
    return address;
}

void __wrap_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list)
{
    (void)list;
}

static int look_up(void)
{
    struct addrinfo *list = NULL;
    return getaddrinfo("db.example", "3306", NULL, &list);
}

static void test_times(void **state)
{
    (void)state;
    atomic_store(&takes_ms, 10);
    assert_int_equal(look_up(), 0); /* however long it takes */
    mr_lookup_begin(mr_clock_now_s() + 10);
    assert_int_equal(look_up(), 0);
    assert_false(mr_lookup_end());

    atomic_store(&takes_ms, 2000);
    const double began_s = mr_clock_now_s();
    mr_lookup_begin(began_s + 0.2);
    assert_int_equal(look_up(), EAI_FAIL);
    assert_true(mr_lookup_end());
    assert_false(mr_lookup_end());
    assert_true(mr_clock_now_s() - began_s < 1.5);
}

/* The client library asks for itself. */
static void test_login(void **state)
{
    struct mr_endpoint ep;
    struct mr_db_opts opts = {.run_tag = "t"};
    struct mr_db *db = NULL;
    struct mr_err err = {0};
    (void)state;
    atomic_store(&takes_ms, 4000);
    atomic_store(&asked, 0);
    assert_int_equal(mr_endpoint_parse(&ep, "mysql://u@db.example?connect-timeout=1", &err), MR_OK);
    const double began_s = mr_clock_now_s();
    assert_int_equal(mr_db_open(&ep, &opts, &db, &err), MR_E_CONNECT);
    assert_true(mr_clock_now_s() - began_s < 3);
    assert_int_equal(atomic_load(&asked), 1);
    assert_non_null(strstr(err.message, "no name server told its address within 1 s"));
    mr_endpoint_release(&ep);
}

static void test_signal(void **state)
{
    (void)state;
    atomic_store(&takes_ms, 10000);
    const double began_s = mr_clock_now_s();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        mr_signals_install();
        (void)alarm(8);
        (void)raise(SIGTERM);
        _exit(look_up() == EAI_FAIL ? 6 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 6);
    assert_true(mr_clock_now_s() - began_s < 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
