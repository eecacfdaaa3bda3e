/* test_sink_behind.c: what is written arrives whole and in order, in a thread where there is much of it,
 * and no error is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/file/sink_behind.h"

#define LEN(list) (sizeof(list) / sizeof *(list))
#define BUFFER ((size_t)1 << 18)
#define WAIT_S 20

/* The sink that is behind. */
static struct {
    struct mr_strbuf got;
    size_t most; /* bytes that it takes; what goes beyond is an error */
    unsigned calls;
    bool in_thread, waits, no_thread;
    pthread_t writer;
    atomic_bool goes_on;
} end;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg)
{
    return end.no_thread ? EAGAIN : __real_pthread_create(thread, attr, run, arg);
}

static enum mr_code take(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    (void)arg;
    for (int i = 0; end.waits && !end.goes_on && i < WAIT_S * 1000; i++)
        (void)nanosleep(&pause, NULL);
    end.calls++;
    end.in_thread |= pthread_equal(end.writer, pthread_self()) == 0;
    if (end.got.len + len > end.most)
        return mr_err_set(err, MR_E_IO, "disk full at call %u", end.calls);
    mr_strbuf_add(&end.got, ptr, len);
    return MR_OK;
}

static struct mr_sink_behind *begin(size_t most)
{
    struct mr_sink_behind *b = NULL;
    memset(&end, 0, sizeof end);
    mr_strbuf_init(&end.got);
    end.most = most;
    end.writer = pthread_self();
    assert_int_equal(mr_sink_behind_new((struct mr_sink){.write = take}, &b, NULL), MR_OK);
    return b;
}

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 2654435761u >> 24);
}

static enum mr_code write_bytes(struct mr_sink_behind *b, size_t bytes, size_t piece,
                                struct mr_err *err)
{
    unsigned char *text = malloc(piece + 1);
    enum mr_code code = MR_OK;
    assert_non_null(text);
    for (size_t at = 0; code == MR_OK && at < bytes;) {
        const size_t n = bytes - at < piece ? bytes - at : piece;
        for (size_t i = 0; i < n; i++)
            text[i] = byte_at(at + i);
        code = mr_sink_behind_write(b, text, n, err);
        at += n;
    }
    free(text);
    return code;
}

/* In pieces of any size; less than a buffer stays in the caller's thread. */
static void test_order(void **state)
{
    static const struct {
        size_t bytes, piece;
        bool no_thread, in_thread;
    } cases[] = {{0, 1, false, false},
                 {1, 1, false, false},
                 {BUFFER - 1, 4096, false, false},
                 {BUFFER, 4096, false, true},
                 {BUFFER + 1, 1000, false, true},
                 {7 * BUFFER + 13, 3 * BUFFER + 5, false, true},
                 {5 * BUFFER, 77777, false, true},
                 {3 * BUFFER + 13, 77777, true, false},
                 {2 * BUFFER, 2 * BUFFER, true, false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_sink_behind *b = begin(SIZE_MAX);
        struct mr_err err = {0};
        end.no_thread = cases[i].no_thread;
        assert_int_equal(write_bytes(b, cases[i].bytes, cases[i].piece, &err), MR_OK);
        assert_int_equal(mr_sink_behind_finish(b, &err), MR_OK);
        assert_int_equal(end.got.len, cases[i].bytes);
        for (size_t k = 0; k < end.got.len; k++)
            if ((unsigned char)end.got.ptr[k] != byte_at(k))
                fail_msg("case %zu: byte %zu is another", i, k);
        assert_int_equal(end.in_thread, cases[i].in_thread);
        mr_sink_behind_free(b);
        mr_strbuf_release(&end.got);
    }
}

/* A buffer goes on while the next one is written. */
static void test_beside(void **state)
{
    struct mr_sink_behind *b = begin(SIZE_MAX);
    (void)state;
    end.waits = true;
    assert_int_equal(write_bytes(b, 2 * BUFFER - 1, BUFFER, NULL), MR_OK);
    assert_int_equal(end.got.len, 0);
    end.goes_on = true;
    assert_int_equal(mr_sink_behind_finish(b, NULL), MR_OK);
    assert_int_equal(end.got.len, 2 * BUFFER - 1);
    mr_sink_behind_free(b);
    mr_strbuf_release(&end.got);
}

/* It is told by a write after it, or at the end, and again; nothing is written behind it. */
static void test_errors(void **state)
{
    static const struct {
        size_t most, bytes;
        bool no_thread;
        enum mr_code written;
        unsigned calls;
    } cases[] = {
        {BUFFER - 1, BUFFER, false, MR_OK, 1},
        {BUFFER - 1, 3 * BUFFER, false, MR_E_IO, 1},
        {2 * BUFFER, 5 * BUFFER, false, MR_E_IO, 3},
        {BUFFER, BUFFER + 1, false, MR_OK, 2},
        {9, 10, false, MR_OK, 1},
        {BUFFER, 3 * BUFFER, true, MR_E_IO, 2},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_sink_behind *b = begin(cases[i].most);
        struct mr_err err = {0};
        char message[64];
        end.no_thread = cases[i].no_thread;
        assert_int_equal(write_bytes(b, cases[i].bytes, BUFFER, &err), cases[i].written);
        for (int again = 0; again < 2; again++) {
            err = (struct mr_err){0};
            assert_int_equal(mr_sink_behind_finish(b, &err), MR_E_IO);
            (void)snprintf(message, sizeof message, "disk full at call %u", cases[i].calls);
            assert_string_equal(err.message, message);
        }
        assert_int_equal(end.calls, cases[i].calls);
        mr_sink_behind_free(b);
        mr_strbuf_release(&end.got);
    }
}

/* Given up: the thread ends. */
static void test_given_up(void **state)
{
    (void)state;
    mr_sink_behind_free(NULL);
    for (size_t bytes = 0; bytes <= 3 * BUFFER; bytes += BUFFER) {
        struct mr_sink_behind *b = begin(SIZE_MAX);
        assert_int_equal(write_bytes(b, bytes, 4096, NULL), MR_OK);
        mr_sink_behind_free(b);
        assert_true(end.got.len <= bytes);
        mr_strbuf_release(&end.got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_beside),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
