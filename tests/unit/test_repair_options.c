/* test_repair_options.c: what each command takes, what it is without a word, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "repair/apply/repair_options.h"

static const struct {
    const char *name;
    const struct mr_option_set *set;
} sets[] = {{"show", &mr_show_option_set},
            {"apply", &mr_apply_option_set},
            {"verify", &mr_repair_verify_option_set},
            {"undo", &mr_undo_option_set},
            {"rehearse", &mr_rehearse_option_set}};
#define SETS (sizeof sets / sizeof *sets)

static const struct mr_origin from_line = {.kind = MR_ORIGIN_COMMAND_LINE};

static struct mr_settings start(struct mr_arena *arena, size_t set)
{
    struct mr_settings settings;
    struct mr_err err;
    mr_arena_init(arena);
    unsetenv("NO_COLOR");
    assert_int_equal(mr_settings_init(&settings, sets[set].set, arena, &err), MR_OK);
    return settings;
}

/* Who writes has guards, who only reads has none; undo may let triggers fire, apply may not. */
static void test_who_takes_what(void **state)
{
    static const struct {
        const char *option, *takes; /* "s" show, "a", "v", "u", "r" */
    } cases[] = {{"yes", "aur"},
                 {"dry-run", "au"},
                 {"require-approval", "aur"},
                 {"signer", "savur"},
                 {"max-age", "a"},
                 {"case", "au"},
                 {"recheck", "au"},
                 {"no-binlog", "au"},
                 {"allow-replica", "aur"},
                 {"peer", "av"},
                 {"lock-timeout", "a"},
                 {"retries", "a"},
                 {"max-load", "aur"},
                 {"allow-triggers", "u"},
                 {"approve-with", "s"},
                 {"source", "v"},
                 {"max-findings", "v"},
                 {"row", "s"},
                 {"json", "savur"},
                 {"statement-timeout", "avur"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < SETS; k++) {
            const bool takes = mr_settings_find(sets[k].set, cases[i].option) != NULL;
            if (takes != (strchr(cases[i].takes, sets[k].name[0]) != NULL))
                fail_msg("%s --%s", sets[k].name, cases[i].option);
        }
}

/* Nothing is written, allowed or left out without a word. */
static void test_defaults(void **state)
{
    (void)state;
    for (size_t k = 0; k < SETS; k++) {
        struct mr_arena arena;
        struct mr_err err = {0};
        struct mr_settings settings = start(&arena, k);
        assert_int_equal(mr_settings_finish(&settings, &err), MR_OK);
        const struct mr_repair_options *o = settings.values;
        assert_false(o->yes || o->dry_run || o->recheck || o->no_binlog || o->allow_replica);
        assert_null(o->case_path);
        assert_null(o->allow_triggers);
        assert_int_equal(o->max_age_s, 0);
        assert_int_equal(o->lock_timeout_s, strcmp(sets[k].name, "apply") == 0 ? 2 : 0);
        assert_int_equal(o->retries, strcmp(sets[k].name, "apply") == 0 ? 3 : 0);
        assert_int_equal(o->max_findings, strcmp(sets[k].name, "verify") == 0 ? 100 : 0);
        mr_arena_release(&arena);
    }
}

static void test_values(void **state)
{
    static const struct {
        size_t set;
        const char *option, *text;
        bool good;
    } cases[] = {{1, "lock-timeout", "0", false},
                 {1, "lock-timeout", "3600", true},
                 {1, "lock-timeout", "3601", false},
                 {1, "retries", "0", true},
                 {1, "retries", "1001", false},
                 {1, "retries", "-1", false},
                 {1, "max-age", "1000000001", false},
                 {2, "max-findings", "18446744073709551615", true},
                 {2, "max-findings", "18446744073709551616", false},
                 {3, "allow-triggers", "fire", true},
                 {3, "allow-triggers", "yes", false},
                 {3, "allow-triggers", "", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_arena arena;
        struct mr_err err = {0};
        struct mr_settings settings = start(&arena, cases[i].set);
        const struct mr_option *option = mr_settings_find(sets[cases[i].set].set, cases[i].option);
        enum mr_code code = mr_settings_set(&settings, option, cases[i].text, from_line, &err);
        if (code == MR_OK)
            code = mr_settings_finish(&settings, &err);
        if ((code == MR_OK) != cases[i].good)
            fail_msg("--%s %s: %d", cases[i].option, cases[i].text, code);
        mr_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who_takes_what),
                                       cmocka_unit_test(test_defaults),
                                       cmocka_unit_test(test_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
