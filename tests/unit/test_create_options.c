/* test_create_options.c: the options of `snapshot create`: what is the default, what does not go
 * together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "snapshot/create/create_options.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static const struct mr_origin from_line = {.kind = MR_ORIGIN_COMMAND_LINE};

static const struct mr_create_options *begin(struct mr_settings *settings, struct mr_arena *arena)
{
    mr_arena_init(arena);
    assert_int_equal(mr_settings_init(settings, &mr_create_option_set, arena, NULL), MR_OK);
    return settings->values;
}

static void test_defaults(void **state)
{
    struct mr_arena arena;
    struct mr_settings settings;
    (void)state;
    const struct mr_create_options *o = begin(&settings, &arena);
    assert_int_equal(mr_settings_finish(&settings, NULL), MR_OK);
    assert_in_range(o->threads, 1, 4);
    assert_int_equal(o->chunk_mib, 32);
    assert_int_equal(o->level, 1);
    assert_int_equal(o->rate_mib, 0);
    assert_int_equal(o->consistency_wait_ms, 5000);
    assert_int_equal(o->load.max_slowdown, 10);
    assert_int_equal(o->load.max_load_stop, 0);
    assert_false(o->only_diverged || o->json);
    assert_null(o->case_path);
    assert_null(o->sign_with);
    mr_arena_release(&arena);
}

struct given {
    const char *name, *text;
};

static void test_together(void **state)
{
    static const struct {
        struct given given[3];
        enum mr_code code;
        const char *said;
    } rows[] = {
        {{{"only-diverged", "yes"}}, MR_E_USAGE, "--only-diverged and --case belong together"},
        {{{"case", "f"}}, MR_E_USAGE, "--only-diverged and --case belong together"},
        {{{"case", "f"}, {"only-diverged", "yes"}}, MR_OK, NULL},
        {{{"chunk-size", "1024"}}, MR_OK, NULL},
        {{{"chunk-size", "1025"}}, MR_E_USAGE, "out of range"},
        {{{"chunk-size", "0"}}, MR_E_USAGE, "out of range"},
        {{{"encrypt-to", "c.pem"}, {"chunk-size", "60"}}, MR_OK, NULL},
        {{{"encrypt-to", "c.pem"}, {"chunk-size", "61"}},
         MR_E_USAGE,
         "encrypted files have at most 60 MiB"},
        {{{"level", "0"}}, MR_E_USAGE, "out of range"},
        {{{"where", "no condition"}}, MR_E_USAGE, "is not DB.TABLE=SQL"},
        {{{"where", "d.t=a = 'b=c'"}}, MR_OK, NULL},
        {{{"threads", "-1"}}, MR_E_USAGE, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_arena arena;
        struct mr_settings settings;
        struct mr_err err = {0};
        (void)begin(&settings, &arena);
        enum mr_code code = MR_OK;
        for (size_t k = 0; code == MR_OK && k < 3 && rows[i].given[k].name != NULL; k++)
            code = mr_settings_set(&settings,
                                   mr_settings_find(&mr_create_option_set, rows[i].given[k].name),
                                   rows[i].given[k].text, from_line, &err);
        if (code == MR_OK)
            code = mr_settings_finish(&settings, &err);
        if (code != rows[i].code ||
            (rows[i].said != NULL && strstr(err.message, rows[i].said) == NULL))
            fail_msg("%zu: %s", i, err.message);
        mr_arena_release(&arena);
    }
}

/* What chooses rows belongs to one command, not to a file that many read. */
static void test_not_in_file(void **state)
{
    static const char *const names[] = {"where", "only-diverged", "case", "run"};
    (void)state;
    for (size_t i = 0; i < LEN(names); i++)
        assert_true(mr_settings_find(&mr_create_option_set, names[i])->not_in_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_defaults),
                                       cmocka_unit_test(test_together),
                                       cmocka_unit_test(test_not_in_file)};
    return cmocka_run_group_tests_name("create_options", tests, NULL, NULL);
}
