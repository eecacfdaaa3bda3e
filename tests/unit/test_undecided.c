/* test_undecided.c: which edits of conflicts.csv are decisions alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repair/plan/undecided.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static enum mr_code digest(const char *text, char hex[MR_SHA256_HEX])
{
    char path[] = "/tmp/test_undecided.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
    enum mr_code code = mr_undecided_digest(path, hex, NULL);
    assert_int_equal(unlink(path), 0);
    return code;
}

static const char written[] = "table,source_key,source,decision\r\n"
                              "club.m,3,\"{\"\"a\"\":\"\"x, y\"\"}\",\r\n"
                              "club.m,4..9,,skip\r\n";

static void test_decisions(void **state)
{
    static const char *const same[] = {
        "table,source_key,source,decision\r\n"
        "club.m,3,\"{\"\"a\"\":\"\"x, y\"\"}\",target\r\n"
        "club.m,4..9,,\r\n",
        /* a spreadsheet's */
        "\xEF\xBB\xBFtable;source_key;source;Decision\n"
        "club.m;3;\"{\"\"a\"\":\"\"x, y\"\"}\";\" restore \"\n"
        "club.m; 4..9;;skip\n\n",
        /* what the page of decisions saves */
        "table,source_key,source,decision,note\r\n"
        "club.m,3,\"{\"\"a\"\":\"\"x, y\"\"}\",target,asked her\r\n"
        "club.m,4..9,,,\r\n#plan,u,d,,\r\n",
        /* columns and lines that it adds */
        "table;source_key;source;decision;;\n"
        "club.m;3;\"{\"\"a\"\":\"\"x, y\"\"}\";restore;;\n"
        "club.m;4..9;;skip;;\n;;;;;\n",
    };
    char hex[MR_SHA256_HEX], other[MR_SHA256_HEX];
    (void)state;
    assert_int_equal(digest(written, hex), MR_OK);
    for (size_t i = 0; i < LEN(same); i++) {
        assert_int_equal(digest(same[i], other), MR_OK);
        assert_string_equal(other, hex);
    }
}

static void test_others(void **state)
{
    static const char *const changed[] = {
        /* another value, key, or row; one less; two fields made one */
        "table,source_key,source,decision\nclub.m,3,\"{\"\"a\"\":\"\"x\"\"}\",\n"
        "club.m,4..9,,skip\n",
        "table,source_key,source,decision\nclub.m,3,\"{\"\"a\"\":\"\"x, y\"\"}\",\n"
        "club.m,4..8,,skip\n",
        "table,source_key,source,decision\nclub.m,3,\"{\"\"a\"\":\"\"x, y\"\"}\",\n",
        "table,source_key,source,decision\nclub.m,3,\"{\"\"a\"\":\"\"x, y\"\"}\",\n"
        "club.m,4..9,,skip\nclub.m,10,,skip\n",
        "table,source_key,source,decision\nclub.m3,,\"{\"\"a\"\":\"\"x, y\"\"}\",\n"
        "club.m,4..9,,skip\n",
        "table,source_key,decision\nclub.m,3,\nclub.m,4..9,skip\n",
        "table;source_key;source;decision;\nclub.m;3;\"{\"\"a\"\":\"\"x, y\"\"}\";;more\n"
        "club.m;4..9;;skip;\n",
    };
    char hex[MR_SHA256_HEX], other[MR_SHA256_HEX];
    (void)state;
    assert_int_equal(digest(written, hex), MR_OK);
    for (size_t i = 0; i < LEN(changed); i++) {
        assert_int_equal(digest(changed[i], other), MR_OK);
        assert_string_not_equal(other, hex);
    }
    assert_int_equal(digest("table,source_key\nclub.m,3\n", other), MR_E_REFUSED);
    assert_int_equal(digest("table,decision\nclub.m,\"3\n", other), MR_E_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
