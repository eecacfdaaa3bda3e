/* test_db_coalesce.c: how long the client library is let wait for what a server says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/db/db_internal.h"

#ifdef MARIADB_PACKAGE_VERSION

static int line[2];

static void *speak(void *late)
{
    (void)late;
    (void)usleep(200000);
    return write(line[1], "x", 1) == 1 ? line : NULL;
}

/* What came by TLS as a signal arrived: 7 is a time-out of 7 s, whatever the library calls it. */
static void test_seconds(void **state)
{
    static const int timeouts[] = {7, 1000, 20000};
    (void)state;
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        pthread_t speaker;
        void *said = NULL;
        assert_int_equal(pipe(line), 0);
        assert_int_equal(pthread_create(&speaker, NULL, speak, NULL), 0);
        assert_int_equal(mr_db_wait(line[0], 1, timeouts[i]), 1);
        assert_int_equal(pthread_join(speaker, &said), 0);
        assert_non_null(said);
        (void)close(line[0]);
        (void)close(line[1]);
    }
}

/* A line that is cut while it is waited for. */
static void test_cut(void **state)
{
    (void)state;
    assert_int_equal(pipe(line), 0);
    (void)close(line[1]);
    assert_int_equal(mr_db_wait(line[0], 1, 20000), 1);
    (void)close(line[0]);
}

/* Behind its time it is given up. */
static void test_silence(void **state)
{
    (void)state;
    assert_int_equal(pipe(line), 0);
    assert_int_equal(mr_db_wait(line[0], 1, 1), 0);
    (void)close(line[0]);
    (void)close(line[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_seconds), cmocka_unit_test(test_cut),
                                       cmocka_unit_test(test_silence)};
    return cmocka_run_group_tests_name("db_coalesce", tests, NULL, NULL);
}

#else

/* Oracle's library waits by itself. */
static void test_none(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_none)};
    return cmocka_run_group_tests_name("db_coalesce", tests, NULL, NULL);
}

#endif
