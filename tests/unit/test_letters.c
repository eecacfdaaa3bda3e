/* test_letters.c: which names a server that writes them in small letters has for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/base/letters.h"

static void test_same(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"", "", true},
        {"Tab", "tAB", true},
        {"Tab", "Tabs", false},
        {"Tabs", "Tab", false},
        {"[@", "{`", false},
        {"ÖFFNUNG", "öffnung", true},
        {"Öffnung", "Offnung", false}, /* letters, and no accents */
        {"ЖЁ", "жё", true},
        {"ΑΏ", "αώ", true},
        {"Ž", "ž", true},
        {"Ÿ", "ÿ", true},
        {"ž", "Ź", false},
        {"×", "÷", false},
        {"ß", "ẞ", false}, /* which came after Unicode 3 */
        {"ＡＢ", "ａｂ", true},
        {"😀", "😀", true},
        {"\xC3", "\xC3", true}, /* no characters: bytes */
        {"\xC3", "\xE3", false},
        {"a\xC3", "A\xC3", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
        mr_letters_add_key(&a, rows[i].a);
        mr_letters_add_key(&b, rows[i].b);
        bool one = a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
        if (mr_letters_same(rows[i].a, rows[i].b) != rows[i].same || one != rows[i].same)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
        mr_strbuf_release(&a);
        mr_strbuf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
