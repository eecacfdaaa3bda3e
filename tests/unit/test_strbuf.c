/* test_strbuf.c: the growing buffer, against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/strbuf.h"

static void test_empty(void **state)
{
    (void)state;
    struct mr_strbuf sb = MR_STRBUF_INIT;
    assert_string_equal(sb.ptr, "");
    mr_strbuf_add(&sb, NULL, 0);
    mr_strbuf_add_str(&sb, "");
    assert_int_equal(sb.len, 0);
    mr_strbuf_reset(&sb);
    assert_string_equal(sb.ptr, "");
    char *text = mr_strbuf_detach(&sb);
    assert_string_equal(text, "");
    free(text);
    mr_strbuf_release(&sb);
}

static void test_add_kinds(void **state)
{
    (void)state;
    struct mr_strbuf sb;
    mr_strbuf_init(&sb);
    mr_strbuf_add_str(&sb, "ab");
    mr_strbuf_add_char(&sb, '-');
    mr_strbuf_add_fmt(&sb, "%d|%s", 42, "x");
    mr_strbuf_add_hex(&sb, "\x00\xff\x1a", 3);
    assert_string_equal(sb.ptr, "ab-42|x00ff1a");
    assert_int_equal(sb.len, strlen("ab-42|x00ff1a"));
    mr_strbuf_add(&sb, "a\0b", 3);
    assert_int_equal(sb.len, strlen("ab-42|x00ff1a") + 3);
    assert_int_equal(sb.ptr[sb.len], 0);
    mr_strbuf_release(&sb);
    assert_string_equal(sb.ptr, "");
}

/* Every size around the growth steps: content and terminator are right. */
static void test_growth(void **state)
{
    (void)state;
    struct mr_strbuf sb = MR_STRBUF_INIT;
    for (size_t i = 0; i < 5000; i++) {
        mr_strbuf_add_char(&sb, (char)('a' + i % 26));
        assert_int_equal(sb.len, i + 1);
        assert_int_equal(sb.ptr[sb.len], 0);
        assert_true(sb.cap > sb.len);
    }
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(sb.ptr[i], 'a' + i % 26);
    mr_strbuf_release(&sb);
    char long_text[2000];
    memset(long_text, 'y', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    mr_strbuf_add_fmt(&sb, "%s%s", long_text, "z");
    assert_int_equal(sb.len, sizeof long_text);
    assert_int_equal(sb.ptr[sb.len - 1], 'z');
    mr_strbuf_release(&sb);
}

static void test_failure_is_sticky(void **state)
{
    (void)state;
    struct mr_strbuf sb = MR_STRBUF_INIT;
    struct mr_err err;
    mr_strbuf_add_str(&sb, "kept");
    assert_int_equal(mr_strbuf_check(&sb, "testing", &err), MR_OK);
    assert_false(mr_strbuf_reserve(&sb, SIZE_MAX));
    mr_strbuf_add_str(&sb, "lost");
    mr_strbuf_add_fmt(&sb, "%d", 1);
    mr_strbuf_add_hex(&sb, "x", 1);
    assert_string_equal(sb.ptr, "kept");
    assert_int_equal(mr_strbuf_check(&sb, "testing", &err), MR_E_NOMEM);
    assert_string_equal(err.message, "out of memory while testing");
    mr_strbuf_reset(&sb);
    mr_strbuf_add_str(&sb, "again");
    assert_int_equal(mr_strbuf_check(&sb, "testing", &err), MR_OK);
    assert_string_equal(sb.ptr, "again");
    assert_false(mr_strbuf_reserve(&sb, SIZE_MAX / 2));
    assert_null(mr_strbuf_detach(&sb));
    assert_int_equal(sb.len, 0);
}

static void test_shrink(void **state)
{
    (void)state;
    struct mr_strbuf sb = MR_STRBUF_INIT;
    mr_strbuf_reserve(&sb, 1 << 20);
    mr_strbuf_add_str(&sb, "small");
    mr_strbuf_shrink(&sb, 64);
    assert_int_equal(sb.cap, 64);
    assert_string_equal(sb.ptr, "small");
    mr_strbuf_shrink(&sb, 3); /* would cut content: nothing happens */
    assert_int_equal(sb.cap, 64);
    assert_string_equal(sb.ptr, "small");
    mr_strbuf_release(&sb);
}

static void test_detach(void **state)
{
    (void)state;
    struct mr_strbuf sb = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sb, "mine");
    char *text = mr_strbuf_detach(&sb);
    mr_strbuf_add_str(&sb, "other");
    assert_string_equal(text, "mine");
    assert_string_equal(sb.ptr, "other");
    free(text);
    mr_strbuf_release(&sb);
}

static void test_grouped(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        const char *text;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1,000"},
                 {1234567, "1,234,567"},
                 {UINT64_MAX, "18,446,744,073,709,551,615"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_strbuf sb = MR_STRBUF_INIT;
        mr_strbuf_add_grouped(&sb, cases[i].number);
        assert_string_equal(sb.ptr, cases[i].text);
        mr_strbuf_release(&sb);
    }
}

static void test_uint(void **state)
{
    (void)state;
    struct mr_strbuf sb = MR_STRBUF_INIT;
    mr_strbuf_add_uint(&sb, 0);
    mr_strbuf_add_char(&sb, ' ');
    mr_strbuf_add_uint(&sb, 1234567890);
    mr_strbuf_add_char(&sb, ' ');
    mr_strbuf_add_uint(&sb, UINT64_MAX);
    assert_string_equal(sb.ptr, "0 1234567890 18446744073709551615");
    mr_strbuf_release(&sb);
}

/* A text that just fits, and one that just does not, whatever the room. */
static void test_format_at_the_edge(void **state)
{
    (void)state;
    for (size_t before = 0; before < 200; before++)
        for (int width = 1; width < 140; width++) {
            struct mr_strbuf sb = MR_STRBUF_INIT;
            for (size_t i = 0; i < before; i++)
                mr_strbuf_add_char(&sb, '.');
            mr_strbuf_add_fmt(&sb, "%0*d", width, 7);
            assert_int_equal(sb.len, before + (size_t)width);
            assert_int_equal(strlen(sb.ptr), sb.len);
            assert_int_equal(sb.ptr[sb.len - 1], '7');
            assert_true(before == 0 || sb.ptr[before - 1] == '.');
            mr_strbuf_release(&sb);
        }
}

static void test_shell_word(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } table[] = {
        {"a/b.case", "a/b.case"},
        {"a b", "'a b'"},
        {"it's", "'it'\\''s'"},
        {"", "''"},
        {"a\\nb", "'a\\nb'"},
        /* dash has no $'…': what is in a value must not end the word of any POSIX shell */
        {"new\nline", "'new\nline'"},
        {"a\t'\\\x7f", "'a\t'\\''\\\x7f'"},
        {"\n'; id; '", "'\n'\\''; id; '\\'''"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_strbuf sb = MR_STRBUF_INIT;
        mr_strbuf_add_shell_word(&sb, table[i].text, strlen(table[i].text));
        assert_string_equal(sb.ptr, table[i].word);
        mr_strbuf_release(&sb);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),   cmocka_unit_test(test_add_kinds),
        cmocka_unit_test(test_growth),  cmocka_unit_test(test_failure_is_sticky),
        cmocka_unit_test(test_shrink),  cmocka_unit_test(test_detach),
        cmocka_unit_test(test_grouped), cmocka_unit_test(test_format_at_the_edge),
        cmocka_unit_test(test_uint),    cmocka_unit_test(test_shell_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
