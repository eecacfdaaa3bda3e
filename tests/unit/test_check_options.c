/* test_check_options.c: the options of `check`, what they compute, and times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "recon/check/check_options.h"

struct fixture {
    struct mr_arena arena;
    struct mr_settings settings;
};

static const struct mr_origin from_line = {.kind = MR_ORIGIN_COMMAND_LINE};

static int setup(void **state)
{
    static struct fixture fixture;
    struct mr_err err;
    unsetenv("NO_COLOR");
    unsetenv("MYRECON_CONFIG");
    mr_arena_init(&fixture.arena);
    *state = &fixture;
    return mr_settings_init(&fixture.settings, &mr_check_option_set, &fixture.arena, &err) == MR_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    mr_arena_release(&f->arena);
    return 0;
}

static void set(struct fixture *f, const char *name, const char *text)
{
    struct mr_err err;
    const struct mr_option *option = mr_settings_find(&mr_check_option_set, name);
    assert_non_null(option);
    assert_int_equal(mr_settings_set(&f->settings, option, text, from_line, &err), MR_OK);
}

static void test_defaults(void **state)
{
    struct fixture *f = *state;
    struct mr_err err;
    const struct mr_check_options *o = f->settings.values;
    assert_int_equal(mr_settings_finish(&f->settings, &err), MR_OK);
    assert_in_range(o->threads, 1, 4);
    assert_int_equal(o->load.max_load, 50);
    assert_int_equal(o->load.max_lag_s, 60);
    assert_int_equal(o->settle_ms, 2000);
    assert_int_equal(o->max_rows, 100000);
    assert_int_equal(o->digest, MR_DIGEST_AUTO);
    assert_int_equal(o->general.color, MR_COLOR_AUTO);
    assert_int_equal(o->general.progress, MR_PROGRESS_AUTO);
    assert_string_equal(o->objects, "all");
    assert_false(o->json || o->resume || o->consistent || o->login.ask_password ||
                 o->general.quiet);
    assert_int_equal(o->general.verbose, 0);
    assert_int_equal(o->statement_timeout_s, 0);
    assert_null(o->case_path);
    assert_null(o->since_text);
    assert_null(o->load.pause_file);
    assert_int_equal(o->where.count, 0);
    assert_null(mr_table_wheres_sql(&o->where, "club", "orders"));
}

static void test_modes(void **state)
{
    struct fixture *f = *state;
    const struct mr_check_options *o = f->settings.values;
    set(f, "progress", "no");
    set(f, "color", "always");
    set(f, "digest", "server");
    assert_int_equal(o->general.progress, MR_PROGRESS_NEVER);
    assert_int_equal(o->general.color, MR_COLOR_ALWAYS);
    assert_int_equal(o->digest, MR_DIGEST_SERVER);
    set(f, "progress", "yes");
    assert_int_equal(o->general.progress, MR_PROGRESS_ALWAYS);
}

static void test_no_color(void **state)
{
    struct fixture *f = *state;
    struct mr_err err;
    struct mr_settings settings;
    const struct mr_option *color = mr_settings_find(&mr_check_option_set, "color");
    assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
    assert_int_equal(mr_settings_init(&settings, &mr_check_option_set, &f->arena, &err), MR_OK);
    assert_int_equal(unsetenv("NO_COLOR"), 0);
    const struct mr_check_options *o = settings.values;
    assert_int_equal(o->general.color, MR_COLOR_NEVER);
    assert_string_equal(mr_settings_origin(&settings, color)->where, "NO_COLOR");
    assert_int_equal(mr_settings_set(&settings, color, "always", from_line, &err), MR_OK);
    assert_int_equal(o->general.color, MR_COLOR_ALWAYS);
}

static void test_where(void **state)
{
    struct fixture *f = *state;
    struct mr_err err;
    const struct mr_check_options *o = f->settings.values;
    set(f, "where", "club.orders=id >= 1000 and note = 'a=b'");
    set(f, "where", "club.*=deleted = 0");
    set(f, "where", "*.members= city='x'");
    assert_int_equal(mr_settings_finish(&f->settings, &err), MR_OK);
    assert_int_equal(o->where.count, 3);
    assert_string_equal(mr_table_wheres_sql(&o->where, "club", "orders"), "deleted = 0");
    assert_string_equal(mr_table_wheres_sql(&o->where, "club", "members"), " city='x'");
    assert_string_equal(o->where.items[0].sql, "id >= 1000 and note = 'a=b'");
    assert_null(mr_table_wheres_sql(&o->where, "other", "orders"));
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name[2], *text[2];
        const char *message;
    } table[] = {
        {{"where"}, {"club.orders"}, "option \"--where\": \"club.orders\" is not DB.TABLE=SQL"},
        {{"where"}, {"=1"}, "option \"--where\": \"=1\" is not DB.TABLE=SQL"},
        {{"where"}, {"a.b=  "}, "option \"--where\": \"a.b=  \" is not DB.TABLE=SQL"},
        {{"since"}, {"yesterday"}, "option \"--since\": \"yesterday\" is not a time"},
        {{"resume"}, {"yes"}, "option \"--resume\" needs --case FILE"},
        {{"quiet", "verbose"}, {"yes", "1"}, "quiet and verbose exclude each other"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct fixture *f = NULL;
        struct mr_err err = {.code = MR_OK};
        assert_int_equal(setup((void **)&f), 0);
        for (size_t j = 0; j < 2 && table[i].name[j] != NULL; j++)
            set(f, table[i].name[j], table[i].text[j]);
        assert_int_equal(mr_settings_finish(&f->settings, &err), MR_E_USAGE);
        assert_string_equal(err.message, table[i].message);
        assert_string_not_equal(err.hint, "");
        assert_int_equal(teardown((void **)&f), 0);
    }
}

/* -v on the command line beats quiet in the file. */
static void test_loudness(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "[options]\nquiet = yes\n";
    struct mr_err err;
    struct mr_config *config = NULL;
    const struct mr_check_options *o = f->settings.values;
    mr_settings_bump(&f->settings, mr_settings_find(&mr_check_option_set, "verbose"));
    assert_int_equal(mr_config_parse(text, sizeof text - 1, "f", MR_CONFIG_NO_ROOMS, &config, &err),
                     MR_OK);
    assert_int_equal(mr_settings_apply_file(&f->settings, config, &err), MR_OK);
    mr_config_free(config);
    assert_int_equal(mr_settings_finish(&f->settings, &err), MR_OK);
    assert_false(o->general.quiet);
    assert_int_equal(o->general.verbose, 1);
}

static void test_since(void **state)
{
    struct fixture *f = *state;
    struct mr_err err;
    const struct mr_check_options *o = f->settings.values;
    set(f, "since", "2026-04-02 12:11:00Z");
    assert_int_equal(mr_settings_finish(&f->settings, &err), MR_OK);
    assert_true(o->since.has_zone);
    assert_int_equal(o->since.time.hour, 12);
}

static void test_when(void **state)
{
    (void)state;
    static const struct {
        const char *text, *utc; /* NULL: refused */
        bool has_zone;
    } table[] = {
        {"2026-04-02", "2026-04-02 00:00:00", false},
        {"2026-04-02 12:11:13", "2026-04-02 12:11:13", false},
        {"2026-04-02T12:11:13", "2026-04-02 12:11:13", false},
        {"2026-04-02 12:11:13.5", "2026-04-02 12:11:13.500000", false},
        {"2026-04-02 12:11:13.000001", "2026-04-02 12:11:13.000001", false},
        {"2026-04-02 12:11:13Z", "2026-04-02 12:11:13", true},
        {"2026-04-02Z", "2026-04-02 00:00:00", true},
        {"2026-04-02 12:00:00+08:00", "2026-04-02 04:00:00", true},
        {"2026-01-01 01:00:00+05:30", "2025-12-31 19:30:00", true},
        {"2024-02-28 23:00:00-02:00", "2024-02-29 01:00:00", true},
        {"2023-12-31 23:59:59.9-00:01", "2024-01-01 00:00:59.900000", true},
        {"2024-03-01 00:00:00+00:01", "2024-02-29 23:59:00", true},
        {"2024-02-29", "2024-02-29 00:00:00", false},
        {"2023-02-29", NULL, false},
        {"1900-02-29", NULL, false},
        {"2026-13-01", NULL, false},
        {"2026-00-01", NULL, false},
        {"2026-04-00", NULL, false},
        {"2026-04-31", NULL, false},
        {"2026-4-2", NULL, false},
        {"26-04-02", NULL, false},
        {"2026-04-02 ", NULL, false},
        {"2026-04-02 12:11", NULL, false},
        {"2026-04-02 24:00:00", NULL, false},
        {"2026-04-02 12:60:00", NULL, false},
        {"2026-04-02 12:11:60", NULL, false},
        {"2026-04-02 12:11:13.", NULL, false},
        {"2026-04-02 12:11:13.1234567", NULL, false},
        {"2026-04-02 12:11:13 +08:00", NULL, false},
        {"2026-04-02 12:11:13+0800", NULL, false},
        {"2026-04-02 12:11:13+15:00", NULL, false},
        {"2026-04-02 12:11:13Zulu", NULL, false},
        {"7d", NULL, false},
        {"", NULL, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_when when;
        struct mr_err err = {.code = MR_OK};
        struct mr_strbuf text = MR_STRBUF_INIT;
        enum mr_code code = mr_when_parse(&when, table[i].text, &err);
        assert_int_equal(code, table[i].utc != NULL ? MR_OK : MR_E_USAGE);
        if (code == MR_OK) {
            struct mr_time utc = mr_when_utc(&when);
            mr_when_format(&utc, &text);
            assert_string_equal(text.ptr, table[i].utc);
            assert_int_equal(when.has_zone, table[i].has_zone);
        }
        mr_strbuf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_modes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_color, setup, teardown),
        cmocka_unit_test_setup_teardown(test_where, setup, teardown),
        cmocka_unit_test(test_refused),
        cmocka_unit_test_setup_teardown(test_loudness, setup, teardown),
        cmocka_unit_test_setup_teardown(test_since, setup, teardown),
        cmocka_unit_test(test_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
