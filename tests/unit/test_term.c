/* test_term.c: when colour is used, and how wide the terminal is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "core/base/term.h"
#include "tests/unit/capture.h"

static struct capture captured;

static void set_env(const char *name, const char *value)
{
    assert_int_equal(value == NULL ? unsetenv(name) : setenv(name, value, 1), 0);
}

static void test_use_color(void **state)
{
    (void)state;
    static const struct {
        enum mr_color_mode mode;
        enum capture_kind kind;
        const char *no_color, *term;
        bool color;
    } table[] = {
        {MR_COLOR_AUTO, CAPTURE_TERMINAL, NULL, "xterm", true},
        {MR_COLOR_AUTO, CAPTURE_TERMINAL, "", "xterm", true},
        {MR_COLOR_AUTO, CAPTURE_TERMINAL, "1", "xterm", false},
        {MR_COLOR_AUTO, CAPTURE_TERMINAL, NULL, "dumb", false},
        {MR_COLOR_AUTO, CAPTURE_TERMINAL, NULL, NULL, false},
        {MR_COLOR_AUTO, CAPTURE_FILE, NULL, "xterm", false},
        {MR_COLOR_ALWAYS, CAPTURE_FILE, "1", "dumb", true},
        {MR_COLOR_NEVER, CAPTURE_TERMINAL, NULL, "xterm", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        set_env("NO_COLOR", table[i].no_color);
        set_env("TERM", table[i].term);
        capture_begin(&captured, table[i].kind, 80);
        bool color = mr_term_use_color(table[i].mode, STDERR_FILENO);
        capture_end(&captured);
        if (color != table[i].color)
            fail_msg("case %zu", i);
    }
}

static void test_width(void **state)
{
    (void)state;
    static const struct {
        enum capture_kind kind;
        unsigned short columns;
        const char *env;
        unsigned width;
    } table[] = {
        {CAPTURE_TERMINAL, 132, "100", 132}, {CAPTURE_TERMINAL, 0, "100", 100},
        {CAPTURE_TERMINAL, 5, NULL, 20},     {CAPTURE_FILE, 0, "100", 100},
        {CAPTURE_FILE, 0, NULL, 80},         {CAPTURE_FILE, 0, "", 80},
        {CAPTURE_FILE, 0, "wide", 80},       {CAPTURE_FILE, 0, "-1", 80},
        {CAPTURE_FILE, 0, "3", 20},          {CAPTURE_FILE, 0, "99999999", 80},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        set_env("COLUMNS", table[i].env);
        capture_begin(&captured, table[i].kind, table[i].columns);
        unsigned width = mr_term_width(STDERR_FILENO);
        capture_end(&captured);
        assert_int_equal(width, table[i].width);
    }
}

static void test_styles(void **state)
{
    (void)state;
    for (int style = MR_STYLE_RESET; style <= MR_STYLE_DIM; style++) {
        assert_string_equal(mr_term_style((enum mr_style)style, false), "");
        assert_memory_equal(mr_term_style((enum mr_style)style, true), "\033[", 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_use_color),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_styles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
