/* test_jsonw.c: the JSON writer: exact text, always valid, misuse asserts. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/json/jsonw.h"

static void test_structure(void **state)
{
    (void)state;
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_jsonw w;
    struct mr_err err;
    mr_jsonw_init_buf(&w, &out);
    mr_jsonw_object_begin(&w);
    mr_jsonw_key(&w, "a");
    mr_jsonw_int(&w, INT64_MIN);
    mr_jsonw_key(&w, "b");
    mr_jsonw_array_begin(&w);
    mr_jsonw_uint(&w, UINT64_MAX);
    mr_jsonw_object_begin(&w);
    mr_jsonw_object_end(&w);
    mr_jsonw_array_begin(&w);
    mr_jsonw_array_end(&w);
    mr_jsonw_bool(&w, true);
    mr_jsonw_bool(&w, false);
    mr_jsonw_null(&w);
    mr_jsonw_array_end(&w);
    mr_jsonw_key(&w, "c");
    mr_jsonw_hex(&w, "\x00\xFF", 2);
    mr_jsonw_key_len(&w, "d\0", 2);
    mr_jsonw_raw(&w, "[1,2]", 5);
    mr_jsonw_key(&w, "e");
    mr_jsonw_str(&w, NULL);
    mr_jsonw_key(&w, "f");
    mr_jsonw_string(&w, NULL, 0);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    mr_jsonw_str(&w, "second");
    mr_jsonw_end_line(&w);
    assert_int_equal(mr_jsonw_finish(&w, "a buffer", &err), MR_OK);
    assert_string_equal(out.ptr, "{\"a\":-9223372036854775808,\"b\":[18446744073709551615,{},[],"
                                 "true,false,null],\"c\":{\"hex\":\"00ff\"},\"d\\u0000\":[1,2],"
                                 "\"e\":null,\"f\":\"\"}\n\"second\"\n");
    mr_jsonw_release(&w);
    mr_strbuf_release(&out);
}

static void test_members(void **state)
{
    const char *volatile none = NULL; /* or the compiler sees it */
    (void)state;
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_jsonw w;
    struct mr_err err;
    mr_jsonw_init_buf(&w, &out);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_fmt(&w, "schema:myrecon/x/1 name:%s", "a b: \"c\"");
    mr_jsonw_add_str(&w, "note", NULL);
    mr_jsonw_add_fmt(&w, "is:%d", false);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    mr_jsonw_line(&w, "none:%s rows:%" PRIu64 " next:'%" PRIu64 "' whole:%d of:%zu", none,
                  UINT64_MAX, UINT64_MAX, true, (size_t)3);
    assert_int_equal(mr_jsonw_finish(&w, "a buffer", &err), MR_OK);
    assert_string_equal(out.ptr, "{\"schema\":\"myrecon/x/1\",\"name\":\"a b: \\\"c\\\"\","
                                 "\"note\":null,\"is\":false}\n"
                                 "{\"none\":null,\"rows\":18446744073709551615,\"next\":"
                                 "\"18446744073709551615\",\"whole\":true,\"of\":3}\n");
    mr_jsonw_release(&w);
    mr_strbuf_release(&out);
}

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        const char *json;
    } table[] = {
        {"", 0, "\"\""},
        {"plain text", 10, "\"plain text\""},
        {"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
        {"\n\r\t", 3, "\"\\n\\r\\t\""},
        {"\0\x01\x1F", 3, "\"\\u0000\\u0001\\u001f\""},
        {"\x7F", 1, "\"\x7F\""},
        {"\xC3\xA4\xE6\x97\xA5\xF0\x9F\x98\x80", 9, "\"\xC3\xA4\xE6\x97\xA5\xF0\x9F\x98\x80\""},
        {"a\xFF"
         "b",
         3,
         "\"a\xEF\xBF\xBD"
         "b\""},
        {"\xE2\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                 /* cut off */
        {"\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* surrogate */
        {"\xC0\x80", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                 /* overlong */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_jsonw w;
        mr_jsonw_init_buf(&w, &out);
        mr_jsonw_string(&w, table[i].text, table[i].len);
        assert_string_equal(out.ptr, table[i].json);
        mr_jsonw_release(&w);
        mr_strbuf_release(&out);
    }
}

static void test_doubles(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *json;
    } table[] = {
        {0, "0"},           {1.5, "1.5"},
        {0.1, "0.1"},       {-0.0, "-0"},
        {1e300, "1e+300"},  {0.1 + 0.2, "0.30000000000000004"},
        {5e-324, "5e-324"}, {NAN, "null"},
        {INFINITY, "null"}, {-INFINITY, "null"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_jsonw w;
        mr_jsonw_init_buf(&w, &out);
        mr_jsonw_double(&w, table[i].value);
        assert_string_equal(out.ptr, table[i].json);
        mr_jsonw_release(&w);
        mr_strbuf_release(&out);
    }
}

/* More than the buffer in one line and in many: nothing lost, nothing doubled. */
static void test_large_output_to_file(void **state)
{
    (void)state;
    enum { ITEMS = 300, WIDTH = 1000 };
    char value[WIDTH];
    memset(value, 'v', sizeof value);
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    struct mr_jsonw w;
    struct mr_err err;
    mr_jsonw_init_file(&w, file);
    for (int line = 0; line < 3; line++) {
        mr_jsonw_array_begin(&w);
        for (int i = 0; i < ITEMS; i++) {
            mr_jsonw_string(&w, value, sizeof value);
            assert_true(w.own.len < 128 * 1024);
        }
        mr_jsonw_array_end(&w);
        mr_jsonw_end_line(&w);
    }
    assert_int_equal(mr_jsonw_finish(&w, "memory", &err), MR_OK);
    mr_jsonw_release(&w);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(size, 3 * (ITEMS * (WIDTH + 3) + 2));
    assert_memory_equal(text, "[\"v", 3);
    assert_memory_equal(text + size - 4, "v\"]\n", 4);
    for (size_t i = 0; i < size; i++)
        assert_non_null(strchr("v\",[]\n", text[i]));
    free(text);
}

static void test_write_error_is_sticky(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL)
        skip();
    struct mr_jsonw w;
    struct mr_err err;
    mr_jsonw_init_file(&w, full);
    for (int i = 0; i < 20000; i++) {
        mr_jsonw_str(&w, "some text that fills the buffer");
        mr_jsonw_end_line(&w);
    }
    assert_int_equal(mr_jsonw_finish(&w, "standard output", &err), MR_E_IO);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_string_equal(err.message, "could not write to standard output: No space left on device");
    mr_jsonw_release(&w);
    (void)fclose(full);
}

static void test_out_of_memory_is_reported(void **state)
{
    (void)state;
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_jsonw w;
    struct mr_err err;
    mr_jsonw_init_buf(&w, &out);
    assert_false(mr_strbuf_reserve(&out, SIZE_MAX));
    mr_jsonw_str(&w, "x");
    mr_jsonw_end_line(&w);
    assert_int_equal(mr_jsonw_finish(&w, "x", &err), MR_E_NOMEM);
    mr_jsonw_release(&w);
    mr_strbuf_release(&out);
}

static void value_without_key(struct mr_jsonw *w)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_int(w, 1);
}

static void two_keys(struct mr_jsonw *w)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_key(w, "a");
    mr_jsonw_key(w, "b");
}

static void key_in_array(struct mr_jsonw *w)
{
    mr_jsonw_array_begin(w);
    mr_jsonw_key(w, "a");
}

static void key_at_top(struct mr_jsonw *w)
{
    mr_jsonw_key(w, "a");
}

static void wrong_end(struct mr_jsonw *w)
{
    mr_jsonw_array_begin(w);
    mr_jsonw_object_end(w);
}

static void end_too_many(struct mr_jsonw *w)
{
    mr_jsonw_array_end(w);
}

static void end_after_key(struct mr_jsonw *w)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_key(w, "a");
    mr_jsonw_object_end(w);
}

static void two_values_a_line(struct mr_jsonw *w)
{
    mr_jsonw_int(w, 1);
    mr_jsonw_int(w, 2);
}

static void line_inside(struct mr_jsonw *w)
{
    mr_jsonw_array_begin(w);
    mr_jsonw_end_line(w);
}

static void empty_line(struct mr_jsonw *w)
{
    mr_jsonw_end_line(w);
}

static void too_deep(struct mr_jsonw *w)
{
    for (int i = 0; i < 100; i++)
        mr_jsonw_array_begin(w);
}

static void correct(struct mr_jsonw *w)
{
    for (int i = 0; i < 60; i++)
        mr_jsonw_array_begin(w);
    for (int i = 0; i < 60; i++)
        mr_jsonw_array_end(w);
    mr_jsonw_end_line(w);
}

/* The signal that ended a child doing `use`, or 0. */
static int signal_of(void (*use)(struct mr_jsonw *))
{
    pid_t pid = fork();
    if (pid == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_jsonw w;
        mr_jsonw_init_buf(&w, &out);
        use(&w);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_misuse_asserts(void **state)
{
    (void)state;
    void (*const wrong[])(struct mr_jsonw *) = {
        value_without_key, two_keys,          key_in_array, key_at_top, wrong_end, end_too_many,
        end_after_key,     two_values_a_line, line_inside,  empty_line, too_deep,
    };
    assert_int_equal(signal_of(correct), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (signal_of(wrong[i]) != SIGABRT)
            fail_msg("misuse %zu was not noticed", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_large_output_to_file),
        cmocka_unit_test(test_write_error_is_sticky),
        cmocka_unit_test(test_out_of_memory_is_reported),
        cmocka_unit_test(test_misuse_asserts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
