/* test_ini.c: sections, keys, values and comments of the configuration file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/ini.h"

static struct mr_arena arena;

static int setup(void **state)
{
    (void)state;
    mr_arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mr_arena_release(&arena);
    return 0;
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *line, *key, *value;
    } table[] = {
        {"k=v", "k", "v"},
        {"  k \t =  v w  ", "k", "v w"},
        {"k = v ; comment", "k", "v"},
        {"k = v\t;comment", "k", "v"},
        {"k = v;no comment", "k", "v;no comment"},
        {"k = ; comment", "k", ""},
        {"k =", "k", ""},
        {"k =;", "k", ""},
        {"k = a = b", "k", "a = b"},
        {"k = v # text", "k", "v # text"},
        {"k = '; in quotes' ; out", "k", "'; in quotes'"},
        {"k = \"a ; b\" ; c", "k", "\"a ; b\""},
        {"k = `a ; b` ; c", "k", "`a ; b`"},
        {"k = 'it''s ; x' ; c", "k", "'it''s ; x'"},
        {"k = 'it\\'s ; x' ; c", "k", "'it\\'s ; x'"},
        {"k = `a\\` ; c", "k", "`a\\`"},
        {"k = it's open ; c", "k", "it's open"},
        {"k = '", "k", "'"},
        {"k = '\\", "k", "'\\"},
        {"k = a 'b ; c \"d ; e\" ; f", "k", "a 'b"},
        {"k = v\r", "k", "v"},
        {"key with blanks = \xe6\x97\xa5", "key with blanks", "\xe6\x97\xa5"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[128];
        struct mr_err err;
        const struct mr_ini_section *sections = NULL;
        int len = snprintf(text, sizeof text, "[s]\n%s\n", table[i].line);
        assert_int_equal(mr_ini_parse(text, (size_t)len, "f", &arena, &sections, &err), MR_OK);
        assert_non_null(sections->entries);
        assert_string_equal(sections->entries->key, table[i].key);
        assert_string_equal(sections->entries->value, table[i].value);
        assert_int_equal(sections->entries->line, 2);
        assert_null(sections->entries->next);
    }
}

static void test_sections(void **state)
{
    (void)state;
    static const struct {
        const char *line, *word, *argument;
    } table[] = {
        {"[options]", "options", ""},
        {" [ options ] ", "options", ""},
        {"[table club.members]", "table", "club.members"},
        {"[table  club.members ]   ; patterns allowed: *.members", "table", "club.members"},
        {"[table odd]name]", "table", "odd]name"},
        {"[table it's] ; isn't it", "table", "it's"},
        {"[table a b]\r", "table", "a b"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_err err;
        const struct mr_ini_section *sections = NULL;
        assert_int_equal(
            mr_ini_parse(table[i].line, strlen(table[i].line), "f", &arena, &sections, &err),
            MR_OK);
        assert_non_null(sections);
        assert_string_equal(sections->word, table[i].word);
        assert_string_equal(sections->argument, table[i].argument);
        assert_null(sections->entries);
        assert_null(sections->next);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len; /* 0: strlen */
        const char *message;
    } table[] = {
        {"k = v\n", 0, "f:1: a key before the first section"},
        {"[s]\nnonsense\n", 0, "f:2: neither a section, a key with a value, nor a comment"},
        {"[s]\n\n; c\n = v\n", 0, "f:4: no key before ="},
        {"[s\n", 0, "f:1: the section's name is not closed by ]"},
        {"[s] text\n", 0, "f:1: the section's name is not closed by ]"},
        {"[", 0, "f:1: the section's name is not closed by ]"},
        {"[]", 0, "f:1: the section has no name"},
        {"[ ]", 0, "f:1: the section has no name"},
        {"[s]\nk = a\0b\n", 12, "f:2: a zero byte"},
        {"[s]\n;\0\n", 7, "f:2: a zero byte"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_err err = {.code = MR_OK};
        const struct mr_ini_section *sections = NULL;
        size_t len = table[i].len != 0 ? table[i].len : strlen(table[i].text);
        assert_int_equal(mr_ini_parse(table[i].text, len, "f", &arena, &sections, &err),
                         MR_E_CONFIG);
        assert_int_equal(err.code, MR_E_CONFIG);
        assert_string_equal(err.message, table[i].message);
        assert_string_not_equal(err.hint, "");
    }
}

static void test_whole_file(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf# first\r\n"
                               "; second\r\n"
                               "[one]\r\n"
                               "a = 1\r\n"
                               "\r\n"
                               "b = 2\r\n"
                               "[two x]\r\n"
                               "[one]\r\n"
                               "a = 3";
    struct mr_err err;
    const struct mr_ini_section *s = NULL;
    assert_int_equal(mr_ini_parse(text, sizeof text - 1, "f", &arena, &s, &err), MR_OK);
    assert_string_equal(s->word, "one");
    assert_int_equal(s->line, 3);
    assert_string_equal(s->entries->next->key, "b");
    assert_int_equal(s->entries->next->line, 6);
    s = s->next;
    assert_string_equal(s->argument, "x");
    assert_null(s->entries);
    s = s->next;
    assert_string_equal(s->entries->value, "3");
    assert_int_equal(s->entries->line, 9);
    assert_null(s->next);
}

static void test_empty(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n\n", "; only\n# comments\n", "  \t"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct mr_err err;
        const struct mr_ini_section marker = {.line = 1}, *sections = &marker;
        assert_int_equal(mr_ini_parse(texts[i], strlen(texts[i]), "f", &arena, &sections, &err),
                         MR_OK);
        assert_ptr_equal(sections, &marker); /* what was there before */
    }
}

/* A line may be longer than any buffer that one would think of. */
static void test_long_line(void **state)
{
    (void)state;
    const size_t width = 3U << 20;
    char *text = malloc(width + 16);
    assert_non_null(text);
    memcpy(text, "[s]\nk = ", 8);
    memset(text + 8, 'x', width);
    struct mr_err err;
    const struct mr_ini_section *sections = NULL;
    assert_int_equal(mr_ini_parse(text, width + 8, "f", &arena, &sections, &err), MR_OK);
    assert_int_equal(strlen(sections->entries->value), width);
    free(text);
}

/* Whatever the bytes: a result or a clean error, and nothing read beyond the end. */
static void test_random(void **state)
{
    (void)state;
    static const char alphabet[] = "[]=;# '\"`\\\n\r\tks.\xef";
    const char *env = getenv("SEEDS");
    unsigned long seeds = env != NULL ? strtoul(env, NULL, 10) : 20;
    for (unsigned long seed = 0; seed < seeds * 50; seed++) {
        unsigned state32 = (unsigned)seed * 2654435761U + 1;
        size_t len = seed % 60;
        char *text = malloc(len + 1); /* exactly, for AddressSanitizer */
        assert_non_null(text);
        for (size_t i = 0; i < len; i++) {
            state32 = state32 * 1664525U + 1013904223U;
            text[i] = alphabet[(state32 >> 16) % (sizeof alphabet - 1)];
        }
        struct mr_err err = {.code = MR_OK};
        const struct mr_ini_section *sections = NULL;
        enum mr_code code = mr_ini_parse(text, len, "f", &arena, &sections, &err);
        assert_true(code == MR_OK || code == MR_E_CONFIG);
        assert_int_equal(err.code, code);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sections, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_whole_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
