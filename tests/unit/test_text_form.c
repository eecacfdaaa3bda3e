/* test_text_form.c: which texts order as what they say, and the CAST of those that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/merge/text_form.h"

#define LEN(a) (sizeof(a) / sizeof(a)[0])

static void test_forms(void **state)
{
    static const struct {
        const char *text, *form; /* NULL: none */
    } cases[] = {
        {"9", "1 digits"},
        {"10", "2 digits"},
        {"0000000000000000000000000000000000000000000000000000000007", "58 digits"},
        {"20260402", "8 digits"},
        {"2026-04-02", "9999-99-99"},
        {"0000-00-00", "9999-99-99"},
        {"2026-04-02 10:00", "9999-99-99 99:99"},
        {"2026-04-02 10:00:00", "9999-99-99 99:99:99"},
        {"2026-04-02T10:00:00", "9999-99-99T99:99:99"},
        {"2026-04-02T10:00:00Z", "9999-99-99T99:99:99Z"},
        {"2026-04-02T10:00:00.123456Z", "9999-99-99T99:99:99.999999Z"},
        {"2026-04-02 10:00:00.5", "9999-99-99 99:99:99.9"},
        {"2026-04-02T10:00:00+02:00", "9999-99-99T99:99:99+02:00"},
        {"2026-04-02T10:00:00-0530", "9999-99-99T99:99:99-0530"},
        {"2026-04-02T10:00+02:00", "9999-99-99T99:99+02:00"},
        {"", NULL},
        {"a", NULL},
        {"-9", NULL},
        {"+9", NULL},
        {"1.5", NULL},
        {" 9", NULL},
        {"9 ", NULL},
        {"2026-4-2", NULL},
        {"02-04-2026", NULL},
        {"2026-31-12", NULL}, /* the day stands in front */
        {"2026-12-32", NULL},
        {"2026/04/02", NULL},
        {"2026-04-02 ", NULL},
        {"2026-04-02 1", NULL},
        {"2026-04-02 10:61:00", NULL},
        {"2026-04-02 25:00:00", NULL},
        {"2026-04-02 10:00:61", NULL},
        {"2026-04-02 10:00:00.", NULL},
        {"2026-04-02 10:00:00.1234567890", NULL},
        {"2026-04-02 10:00:00 UTC", NULL},
        {"2026-04-02 10:00:00+2", NULL},
        {"2026-04-02 10:00:00 PM", NULL},
        {"12026-04-02", NULL},
        {"v10", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char form[MR_TEXT_FORM_MAX] = "";
        bool has = mr_text_form(cases[i].text, strlen(cases[i].text), form);
        if (has != (cases[i].form != NULL) || (has && strcmp(form, cases[i].form) != 0))
            fail_msg("\"%s\": %s", cases[i].text, has ? form : "no form");
    }
    char form[MR_TEXT_FORM_MAX];
    assert_false(mr_text_form("1\0002", 3, form)); /* UTF-16 */
}

static void test_casts(void **state)
{
    static const struct {
        const char *a, *b, *cast;
    } cases[] = {
        {"9", "10", "UNSIGNED"},
        {"-9", "10", "SIGNED"},
        {"10", "+9", "SIGNED"},
        {"1.5", "10", "DECIMAL(65,20)"},
        {"-1.5", "-10.25", "DECIMAL(65,20)"},
        {"2026-04-02", "2026-04-02 10:00:00", "DATETIME(6)"},
        {"2026-04-02 10:00:00", "2026-04-02 10:00:00.5", "DATETIME(6)"},
        {"2026-04-02 10:00:00", "2026-04-02T10:00:00", "DATETIME(6)"},
        {"2026-04-02T10:00:00+02:00", "2026-04-02T10:00:00Z", NULL},
        {"2026-04-02", "9", NULL},
        {"", "9", NULL},
        {"v9", "v10", NULL},
        {"1.", "2", NULL},
        {".5", "2", NULL},
        {"-", "2", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *a = cases[i].a, *b = cases[i].b;
        const char *cast = mr_text_cast(a, strlen(a), b, strlen(b));
        const char *back = mr_text_cast(b, strlen(b), a, strlen(a));
        if (cast != back || (cast == NULL) != (cases[i].cast == NULL) ||
            (cast != NULL && strcmp(cast, cases[i].cast) != 0))
            fail_msg("\"%s\", \"%s\": %s", a, b, cast != NULL ? cast : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_casts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
