/* test_config_load.c: which files are the configuration, and which of them says what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cli/cli.h"
#include "core/cli/config.h"

static char dir[] = "/tmp/mr_test_config_XXXXXX", was[4096];

/* A folder of its own, which is HOME, and nothing of the machine. */
static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/mr_test_config_XXXXXX");
    if (getcwd(was, sizeof was) == NULL || mkdtemp(dir) == NULL || chdir(dir) != 0 ||
        mkdir(".config", 0700) != 0 || mkdir("xdg", 0700) != 0)
        return 1;
    (void)umask(022);
    return setenv("HOME", dir, 1) + unsetenv("XDG_CONFIG_HOME") +
           setenv("MYRECON_SYSTEM_CONFIG", "/dev/null", 1);
}

static int teardown(void **state)
{
    (void)state;
    static const char *const files[] = {"etc.ini", "named.ini", ".config/myrecon.ini",
                                        "xdg/myrecon.ini"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        (void)unlink(files[i]);
    return rmdir("xdg") + rmdir(".config") + chdir(was) + rmdir(dir);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const struct mr_config_rooms no_rooms = {0};

static unsigned long long margin(const struct mr_config *config)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_table_config table;
    struct mr_err err;
    assert_int_equal(mr_config_table(config, "d", "t", &arena, &table, &err), MR_OK);
    const unsigned long long is = table.has_margin ? table.margin : 0;
    mr_arena_release(&arena);
    return is;
}

static enum mr_code load(const char *path, struct mr_config **config)
{
    struct mr_err err = {.code = MR_OK};
    return mr_config_load(path, no_rooms, config, &err);
}

/* NULL: not there. */
static const struct place {
    const char *name;
    const char *etc, *usual, *xdg, *named; /* margins */
    unsigned nfiles;
    unsigned long long margin;
} places[] = {
    {"none", NULL, NULL, NULL, NULL, 0, 0},
    {"the system's alone", "1", NULL, NULL, NULL, 1, 1},
    {"the user's above it", "1", "2", NULL, NULL, 2, 2},
    {"XDG_CONFIG_HOME in place of ~/.config", "1", "2", "3", NULL, 2, 3},
    {"what is named in place of both", "1", "2", "3", "4", 2, 4},
    {"without the system's", NULL, "2", NULL, NULL, 1, 2},
};

static void put(const char *path, const char *number)
{
    char text[64];
    if (number == NULL)
        return;
    (void)snprintf(text, sizeof text, "[table t]\nmargin = %s\n", number);
    write_file(path, text);
}

static void test_places(void **state)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const struct place *p = &places[i];
        struct mr_config *config = NULL;
        assert_int_equal(setup(state), 0);
        put("etc.ini", p->etc);
        put(".config/myrecon.ini", p->usual);
        put("xdg/myrecon.ini", p->xdg);
        put("named.ini", p->named);
        if (p->etc != NULL)
            assert_int_equal(setenv("MYRECON_SYSTEM_CONFIG", "etc.ini", 1), 0);
        char xdg[64];
        (void)snprintf(xdg, sizeof xdg, "%s/xdg", dir);
        assert_int_equal(setenv("XDG_CONFIG_HOME", xdg, 1), 0);
        assert_int_equal(load(p->named != NULL ? "named.ini" : NULL, &config), MR_OK);
        if (config->nfiles != p->nfiles || margin(config) != p->margin)
            fail_msg("%s: %zu files, margin %llu", p->name, config->nfiles, margin(config));
        assert_int_equal(config->file == NULL, p->nfiles == 0);
        mr_config_free(config);
        assert_int_equal(teardown(state), 0);
    }
    assert_int_equal(setup(state), 0);
}

/* Named and absent: an error; the usual place: simply no configuration. */
static void test_absent(void **state)
{
    (void)state;
    struct mr_config *config = NULL;
    assert_int_equal(load("gone.ini", &config), MR_E_IO);
    assert_null(config);
    assert_int_equal(setenv("MYRECON_SYSTEM_CONFIG", "gone.ini", 1), 0);
    assert_int_equal(load(NULL, &config), MR_E_IO);
    assert_int_equal(setenv("MYRECON_SYSTEM_CONFIG", "/dev/null", 1), 0);
    /* a link to a file that is gone is no configuration that nobody wanted */
    assert_int_equal(symlink("gone.ini", ".config/myrecon.ini"), 0);
    assert_int_equal(load(NULL, &config), MR_E_IO);
    assert_null(config);
}

/* What would depend on the working directory is not looked at. */
static void test_homes(void **state)
{
    (void)state;
    static const char *const homes[] = {NULL, "", ".", "relative/too"};
    put(".config/myrecon.ini", "2");
    for (size_t i = 0; i < sizeof homes / sizeof homes[0]; i++) {
        struct mr_config *config = NULL;
        assert_int_equal(homes[i] == NULL ? unsetenv("HOME") : setenv("HOME", homes[i], 1), 0);
        assert_int_equal(load(NULL, &config), MR_OK);
        assert_int_equal(config->nfiles, 0);
        mr_config_free(config);
    }
}

/* A file that was found and is not one's own is refused; one that was named is read. */
static void test_owner(void **state)
{
    (void)state;
    static const char own[] = ".config/myrecon.ini";
    struct mr_config *config = NULL;
    put(own, "2");
    assert_int_equal(chmod(own, 0666), 0);
    assert_int_equal(load(NULL, &config), MR_E_IO);
    assert_int_equal(load(own, &config), MR_OK);
    mr_config_free(config);
    assert_int_equal(chmod(own, 0664), 0);
    assert_int_equal(load(NULL, &config), MR_OK);
    mr_config_free(config);
    if (geteuid() != 0)
        return;
    struct mr_err err = {.code = MR_OK};
    assert_int_equal(chown(own, 65534, 65534), 0);
    assert_int_equal(mr_config_load(NULL, no_rooms, &config, &err), MR_E_IO);
    assert_non_null(strstr(err.message, "belongs to user \"nobody\""));
    assert_int_equal(load(own, &config), MR_OK);
    mr_config_free(config);
}

/* A file that is both would add its references twice. */
static void test_same_file(void **state)
{
    (void)state;
    struct mr_config *config = NULL;
    write_file("etc.ini", "[table t]\nreference = a -> d.u.id\n");
    assert_int_equal(symlink("../etc.ini", ".config/myrecon.ini"), 0);
    assert_int_equal(setenv("MYRECON_SYSTEM_CONFIG", "etc.ini", 1), 0);
    assert_int_equal(load(NULL, &config), MR_OK);
    assert_int_equal(config->nfiles, 1);
    assert_int_equal(config->files[0].place, MR_CONFIG_USUAL);
    mr_config_free(config);
}

/* [options] may stand in each; of a list the later file's counts, whole; errors name their file. */
static void test_options(void **state)
{
    (void)state;
    struct values {
        unsigned threads;
        struct mr_string_list tables;
    };
    static const struct mr_option options[] = {
        {.name = "threads",
         .type = MR_OPTION_UINT,
         .offset = offsetof(struct values, threads),
         .arg = "N",
         .max = 99},
        {.name = "tables",
         .type = MR_OPTION_LIST,
         .offset = offsetof(struct values, tables),
         .arg = "P"},
    };
    static const struct mr_option_set set = {options, 2, sizeof(struct values), NULL, NULL};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_config *config = NULL;
    struct mr_settings settings;
    struct mr_err err = {.code = MR_OK};
    write_file("etc.ini", "[options]\nthreads = 2\ntables = a\ntables = b\n");
    write_file("named.ini", "[options]\ntables = c\ntables = d\n[table t]\n");
    assert_int_equal(setenv("MYRECON_SYSTEM_CONFIG", "etc.ini", 1), 0);
    assert_int_equal(load("named.ini", &config), MR_OK);
    assert_int_equal(mr_settings_init(&settings, &set, &arena, &err), MR_OK);
    assert_int_equal(mr_settings_apply_file(&settings, config, &err), MR_OK);
    const struct values *values = settings.values;
    assert_int_equal(values->threads, 2);
    assert_string_equal(mr_settings_origin(&settings, &options[0])->where, "etc.ini");
    assert_int_equal(values->tables.count, 2);
    assert_string_equal(values->tables.items[0], "c");
    assert_string_equal(mr_settings_origin(&settings, &options[1])->where, "named.ini");
    mr_config_free(config);
    write_file("etc.ini", "\n[options]\n[options]\n");
    assert_int_equal(mr_config_load("named.ini", no_rooms, &config, &err), MR_E_CONFIG);
    assert_string_equal(err.message, "etc.ini:3: section [options] given twice");
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_places, setup, teardown),
        cmocka_unit_test_setup_teardown(test_absent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_homes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_options, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
