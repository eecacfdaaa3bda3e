/* test_plan_again.c: which options a plan keeps, and what --again takes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/io.h"
#include "repair/plan/plan_dir.h"
#include "repair/planning/plan_again.h"
#include "repair/planning/plan_options.h"
#include "repair_sample.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
static const struct mr_origin from_line = {.kind = MR_ORIGIN_COMMAND_LINE};
static const struct mr_origin from_file = {.kind = MR_ORIGIN_FILE};
static const char *const uris[MR_SIDES] = {"mysql://dba@lost/club", "mysql://dba@live/club"};
static char root[64];

static const char *in(const char *name)
{
    static char path[2][128];
    static unsigned turn;
    char *own = path[turn++ % 2];
    (void)snprintf(own, sizeof path[0], "%s/%s", root, name);
    return own;
}

static void set(struct mr_settings *settings, const char *name, const char *value,
                struct mr_origin origin)
{
    const struct mr_option *option = mr_settings_find(&mr_plan_option_set, name);
    assert_non_null(option);
    assert_int_equal(mr_settings_set(settings, option, value, origin, NULL), MR_OK);
}

static void begin(struct mr_arena *arena, struct mr_settings *settings)
{
    mr_arena_init(arena);
    unsetenv("NO_COLOR");
    unsetenv("MYRECON_CONFIG");
    assert_int_equal(mr_settings_init(settings, &mr_plan_option_set, arena, NULL), MR_OK);
}

static void test_keeps(void **state)
{
    static const char *const wanted[] = {"policy=merge",
                                         "source=mysql://dba@lost/club",
                                         "target=mysql://dba@live/club",
                                         "tables=club.a",
                                         "tables=club.b",
                                         "partial=yes",
                                         "split-at=2026-01-15",
                                         "case=c=1",
                                         "statement-timeout=9"};
    static const char *const given[][2] = {{"policy", "merge"},
                                           {"source", "mysql://dba:geheim@lost/club"},
                                           {"tables", "club.a"},
                                           {"tables", "club.b"},
                                           {"partial", "yes"},
                                           {"split-at", "2026-01-15"},
                                           {"case", "c=1"},
                                           {"statement-timeout", "9"},
                                           {"output", "o"},
                                           {"decisions", "d"},
                                           {"forget-decisions", "yes"},
                                           {"json", "yes"},
                                           {"sign-with", "k"},
                                           {"password-command", "p"},
                                           {"config", "i"},
                                           {"quiet", "yes"},
                                           {"log-file", "l"},
                                           {"target", "mysql://dba:geheim@live/club"}};
    struct mr_arena arena;
    struct mr_settings settings;
    const char *const *options = NULL;
    size_t count = 0;
    (void)state;
    begin(&arena, &settings);
    for (size_t i = 0; i < LEN(given); i++)
        set(&settings, given[i][0], given[i][1], from_line);
    set(&settings, "margin", "3", from_file);
    assert_int_equal(mr_plan_again_keep(&settings, uris, &arena, &options, &count, NULL), MR_OK);
    assert_int_equal(count, LEN(wanted));
    for (size_t i = 0; i < count; i++)
        assert_string_equal(options[i], wanted[i]);
    mr_arena_release(&arena);
}

static void write_plan(const char *name, const char *const *options, size_t count)
{
    struct mr_plan_writer *writer = NULL;
    struct mr_manifest manifest = sample_manifest(MR_FLAVOUR_MYSQL);
    manifest.options = options;
    manifest.noptions = count;
    manifest.config = "my.ini";
    manifest.page_key = "key";
    assert_int_equal(mr_plan_writer_begin(in(name), &writer, NULL), MR_OK);
    assert_int_equal(mr_plan_writer_add(writer, "conflicts.csv", "table,decision\r\n", 16, NULL),
                     MR_OK);
    assert_int_equal(mr_plan_writer_publish(writer, &manifest, NULL, NULL), MR_OK);
    mr_plan_writer_free(writer);
}

/* What is given beside it is stronger, a list as a whole. */
static void test_takes(void **state)
{
    static const char *const options[] = {"policy=merge",
                                          "tables=club.a",
                                          "tables=club.b",
                                          "exclude=club.c",
                                          "on-conflict=differs=target",
                                          "case=old"};
    struct mr_arena arena;
    struct mr_settings settings;
    struct mr_err err = {0};
    (void)state;
    write_plan("one", options, LEN(options));
    begin(&arena, &settings);
    set(&settings, "again", in("one"), from_line);
    set(&settings, "tables", "club.z", from_line);
    set(&settings, "on-conflict", "differs=source", from_line);
    assert_int_equal(mr_plan_again_prepare(&settings, &err), MR_OK);
    assert_int_equal(mr_settings_finish(&settings, &err), MR_OK);
    const struct mr_plan_options *o = settings.values;
    assert_string_equal(o->policy, "merge");
    assert_string_equal(o->case_path, "old");
    assert_string_equal(o->general.config_path, "my.ini");
    assert_int_equal(o->tables.count, 1);
    assert_string_equal(o->tables.items[0], "club.z");
    assert_int_equal(o->exclude.count, 1);
    assert_int_equal(o->non_conflict, 1);
    assert_string_equal(o->on_conflict[0].choice, "source");
    assert_int_equal(o->nagain_rules, 1);
    assert_string_equal(o->again_rules[0].choice, "target");
    assert_true(o->is_over && o->decisions_are_kept);
    assert_string_equal(o->output, in("one"));
    assert_string_equal(o->decisions, in("one/conflicts.csv"));
    assert_string_equal(o->again_of, "20261120T110000Z-abcdef");
    assert_string_equal(o->again_page_key, "key");
    assert_int_equal(strlen(o->again_asked), 64);
    mr_arena_release(&arena);
    begin(&arena, &settings);
    set(&settings, "again", in("one"), from_line);
    set(&settings, "output", "other", from_line);
    set(&settings, "forget-decisions", "yes", from_line);
    set(&settings, "config", "mine.ini", from_line);
    assert_int_equal(mr_plan_again_prepare(&settings, &err), MR_OK);
    o = settings.values;
    assert_false(o->is_over || o->decisions_are_kept);
    assert_null(o->decisions);
    assert_string_equal(o->general.config_path, "mine.ini");
    mr_arena_release(&arena);
}

static void test_refuses(void **state)
{
    static const char *const unknown[] = {"policy=merge", "nothing=x"},
                             *const foreign[] = {"output=x"}, *const shape[] = {"policy"},
                             *const bad[] = {"margin=0"};
    static const struct {
        const char *const *options;
        size_t count;
        const char *beside, *said;
        enum mr_code code;
        mode_t mode;
    } cases[] = {{NULL, 0, NULL, "does not tell with which options", MR_E_REFUSED, 0600},
                 {unknown, 2, NULL, "does not know", MR_E_REFUSED, 0600},
                 {foreign, 1, NULL, "does not know", MR_E_REFUSED, 0600},
                 {shape, 1, NULL, "does not know", MR_E_REFUSED, 0600},
                 {bad, 1, NULL, "option \"--margin\"", MR_E_USAGE, 0600},
                 {unknown, 1, "policy=mirror", "neither with --policy", MR_E_USAGE, 0600},
                 {unknown, 1, "reseed-only=yes", "nor with --reseed-only", MR_E_USAGE, 0600},
                 {unknown, 1, NULL, "plan.json", MR_E_IO, 0666}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_arena arena;
        struct mr_settings settings;
        struct mr_err err = {0};
        char name[32], file[64];
        (void)snprintf(name, sizeof name, "bad%zu", i);
        (void)snprintf(file, sizeof file, "%s/plan.json", name);
        write_plan(name, cases[i].options, cases[i].count);
        assert_int_equal(chmod(in(file), cases[i].mode), 0);
        begin(&arena, &settings);
        set(&settings, "again", in(name), from_line);
        if (cases[i].beside != NULL) {
            char *word = strdup(cases[i].beside), *value = strchr(word, '=');
            *value = '\0';
            set(&settings, word, value + 1, from_line);
            free(word);
        }
        const enum mr_code code = mr_plan_again_prepare(&settings, &err);
        if (code != cases[i].code || strstr(err.message, cases[i].said) == NULL)
            fail_msg("case %zu: %d %s", i, (int)code, err.message);
        mr_arena_release(&arena);
    }
}

static int make_root(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/test_plan_again.XXXXXX");
    return mkdtemp(root) != NULL ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps),
        cmocka_unit_test(test_takes),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, make_root, NULL);
}
