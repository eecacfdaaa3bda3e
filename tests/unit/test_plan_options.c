/* test_plan_options.c: what `repair plan` takes, and what it would pass over in silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "repair/planning/plan_options.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
static const struct mr_origin from_line = {.kind = MR_ORIGIN_COMMAND_LINE};

/* Takes words as a command line has them: "policy=merge run=x reseed-only="; parted by blanks, in
 * which _ stands for one. */
static enum mr_code take(struct mr_arena *arena, struct mr_settings *settings, const char *words,
                         struct mr_err *err)
{
    mr_arena_init(arena);
    unsetenv("NO_COLOR");
    assert_int_equal(mr_settings_init(settings, &mr_plan_option_set, arena, NULL), MR_OK);
    char *rest = NULL, *text = mr_arena_strdup(arena, words);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        for (char *at = value; *at != '\0'; at++)
            *at = *at == '_' ? ' ' : *at;
        const struct mr_option *option = mr_settings_find(&mr_plan_option_set, word);
        assert_non_null(option);
        MR_TRY(mr_settings_set(settings, option, *value != '\0' ? value : "yes", from_line, err));
    }
    return mr_settings_finish(settings, err);
}

/* A word of the message, of its hint, or NULL: it is taken. */
static const struct {
    const char *words, *said;
} refusals[] = {
    {"", NULL},
    {"reseed-only=", NULL},
    {"policy=merge", NULL},
    {"policy=mirror", NULL},
    {"policy=backfill", NULL},
    {"policy=newest:at", NULL},
    {"policy=newest:", "unknown policy \"newest:\""},
    {"policy=newest", "unknown policy \"newest\""},
    {"policy=Merge", "unknown policy \"Merge\""},
    {"policy=reseed-only", "unknown policy \"reseed-only\""},
    {"policy=merge reseed-only=", "\"--reseed-only\" and \"--policy\" exclude each other"},
    /* a reseed looks at no rows */
    {"reseed-only= margin=9 tables=a.* exclude=a.b", NULL},
    {"reseed-only= split-at=2026-04-02", "option \"--split-at\" is for --policy"},
    {"reseed-only= split-key=d.t=3", "option \"--split-key\" is for --policy"},
    {"reseed-only= on-conflict=differs=target", "option \"--on-conflict\" is for --policy"},
    {"reseed-only= decisions=f", "option \"--decisions\" is for --policy"},
    {"reseed-only= forget-decisions=", "option \"--forget-decisions\" is for --policy"},
    {"reseed-only= idmap=f", "option \"--idmap\" is for --policy"},
    {"reseed-only= allow-deletes=1", "option \"--allow-deletes\" is for --policy"},
    {"reseed-only= allow-triggers=fire", "option \"--allow-triggers\" is for --policy"},
    {"reseed-only= partial=", "option \"--partial\" is for --policy"},
    {"reseed-only= run=x", "option \"--run\" is for --policy"},
    /* and what one policy knows, another does not */
    {"policy=merge split-at=2026-04-02 split-key=d.t=3 on-conflict=differs=target idmap=f", NULL},
    {"policy=mirror split-at=2026-04-02", "option \"--split-at\" is for --policy merge"},
    {"policy=backfill split-key=d.t=3", "option \"--split-key\" is for --policy merge"},
    {"policy=newest:at idmap=f", "option \"--idmap\" is for --policy merge"},
    {"policy=newest:at idmap=f", "What newest:at cannot write is listed in conflicts.csv"},
    {"policy=mirror on-conflict=differs=target", "\"--on-conflict\" is for --policy merge"},
    {"policy=mirror on-conflict=does-not-fit=skip", NULL},
    {"policy=mirror on-conflict=does-not-fit=skip on-conflict=unique=skip",
     "\"--on-conflict\" is for --policy merge"},
    {"policy=mirror allow-deletes=3", NULL},
    {"policy=merge allow-deletes=3 on-conflict=deleted-in-source=delete", NULL},
    {"policy=merge clock-skew=0", NULL},
    {"policy=merge clock-skew=86400", NULL},
    {"policy=merge clock-skew=86401", "out of range"},
    {"policy=merge clock-skew=-1", "out of range"},
    {"policy=merge clock-skew=2.5", "not a whole number"},
    {"policy=mirror clock-skew=2", "option \"--clock-skew\" is for --policy merge"},
    {"reseed-only= clock-skew=2", "option \"--clock-skew\" is for --policy"},
    /* what each kind takes of the choices by column */
    {"policy=merge on-conflict=both-changed=columns", NULL},
    {"policy=merge on-conflict=both-changed=target on-conflict=both-changed=source", NULL},
    {"policy=merge on-conflict=both-changed=newest:at", "columns, stop"},
    {"policy=merge on-conflict=both-changed=restore", "target, source, columns, stop"},
    {"policy=merge on-conflict=restored-change=target", NULL},
    {"policy=merge on-conflict=restored-change=source", NULL},
    {"policy=merge on-conflict=restored-change=columns", "target, source, stop"},
    {"policy=merge on-conflict=bases-differ=source", NULL},
    {"policy=merge on-conflict=bases-differ=skip", "target, source, stop"},
    {"policy=merge on-conflict=deleted-on-live=restore on-conflict=deleted-on-live=skip", NULL},
    {"policy=merge on-conflict=deleted-in-source=target", "keep, delete, stop"},
    {"policy=merge on-conflict=deleted-in-source=keep", NULL},
    {"policy=merge on-conflict=changed=delete", "target, source, newest:COLUMN, stop"},
    {"policy=merge on-conflict=changed=columns", "target, source, newest:COLUMN, stop"},
    {"policy=merge on-conflict=key-changed=target", "unknown kind of conflict \"key-changed\""},
    {"policy=mirror on-conflict=both-changed=columns", "is for --policy merge"},
    {"policy=backfill allow-deletes=3", "merge and rewind take it, too; no other policy asks"},
    {"policy=mirror decisions=f forget-decisions= partial= run=x allow-triggers=fire", NULL},
    /* values */
    {"policy=merge split-at=yesterday", "option \"--split-at\""},
    {"policy=merge on-conflict=differs", "option \"--on-conflict\""},
    {"policy=merge on-conflict=nothing=skip", "nothing"},
    {"policy=merge on-conflict=differs=skip", "option \"--on-conflict\""},
    {"policy=merge allow-triggers=yes", "yes"},
    {"policy=merge split-key=d.t", "\"d.t\" is not DB.TABLE=N"},
    {"policy=merge split-key==3", "\"=3\" is not DB.TABLE=N"},
    {"policy=merge split-key=d.t=", "\"d.t=\" is not DB.TABLE=N"},
    {"policy=merge split-key=d.t=-3", "\"d.t=-3\" is not DB.TABLE=N"},
    {"policy=merge split-key=d.t=3x", "\"d.t=3x\" is not DB.TABLE=N"},
    {"policy=merge split-key=d.t=_3", "is not DB.TABLE=N"},
    {"policy=merge split-key=t=3", "\"t=3\" is not DB.TABLE=N"},
    {"policy=merge split-key=d.t=18446744073709551616", "is not DB.TABLE=N"},
    {"policy=merge split-key=d.t=3 split-key=d.u", "\"d.u\" is not DB.TABLE=N"},
    {"margin=0", "out of range"},
    {"margin=2305843009213693951", NULL},
    {"margin=2305843009213693952", "out of range"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(refusals); i++) {
        struct mr_arena arena;
        struct mr_settings settings;
        struct mr_err err = {0};
        const enum mr_code code = take(&arena, &settings, refusals[i].words, &err);
        const bool said =
            refusals[i].said != NULL && (strstr(err.message, refusals[i].said) != NULL ||
                                         strstr(err.hint, refusals[i].said) != NULL);
        if ((code == MR_OK) != (refusals[i].said == NULL) || said != (refusals[i].said != NULL))
            fail_msg("case %zu: %d: %s (%s)", i, (int)code, err.message, err.hint);
        mr_arena_release(&arena);
    }
}

/* What the words become. */
static void test_values(void **state)
{
    struct mr_arena arena;
    struct mr_settings settings;
    (void)state;
    assert_int_equal(take(&arena, &settings,
                          "policy=merge split-at=2026-04-02_12:11:00 split-key=d.t=3 "
                          "split-key=d.a=b=18446744073709551615 on-conflict=differs=newest:at "
                          "on-conflict=unique=skip,_changed=target",
                          NULL),
                     MR_OK);
    const struct mr_plan_options *o = settings.values;
    assert_string_equal(o->split_at_text, "2026-04-02 12:11:00");
    assert_int_equal(o->split_at.time.hour, 12);
    assert_int_equal(o->nsplit_keys, 2);
    assert_string_equal(o->split_keys[0].table, "d.t");
    assert_int_equal(o->split_keys[0].key, 3);
    assert_string_equal(o->split_keys[1].table, "d.a=b");
    assert_true(o->split_keys[1].key == UINT64_MAX);
    assert_int_equal(o->non_conflict, 3);
    assert_string_equal(o->on_conflict[0].kind, "differs");
    assert_string_equal(o->on_conflict[0].column, "at");
    assert_string_equal(o->on_conflict[1].kind, "unique");
    assert_string_equal(o->on_conflict[1].choice, "skip");
    assert_string_equal(o->on_conflict[2].kind, "changed");
    mr_arena_release(&arena);
}

/* Nothing is allowed, left out or decided without a word; a margin that nobody asked for may be
 * made less. */
static void test_defaults(void **state)
{
    struct mr_arena arena;
    struct mr_settings settings;
    (void)state;
    assert_int_equal(take(&arena, &settings, "", NULL), MR_OK);
    const struct mr_plan_options *o = settings.values;
    assert_false(o->reseed_only || o->partial || o->forget_decisions || o->has_margin);
    assert_null(o->policy);
    assert_null(o->allow_triggers);
    assert_int_equal(o->allow_deletes, 0);
    assert_int_equal(o->margin, 1000000);
    assert_int_equal(o->nsplit_keys + o->non_conflict, 0);
    mr_arena_release(&arena);
    assert_int_equal(take(&arena, &settings, "margin=1000000", NULL), MR_OK);
    o = settings.values;
    assert_true(o->has_margin);
    mr_arena_release(&arena);
}

/* What is of one incident stands on the command line, and in no file that all of them share. */
static void test_not_in_file(void **state)
{
    static const char *const shared[] = {"margin", "tables", "exclude"};
    (void)state;
    for (size_t i = 0; i < mr_plan_option_set.count; i++) {
        const struct mr_option *option = &mr_plan_option_set.options[i];
        if (strcmp(option->name, "allow-deletes") == 0 || strcmp(option->name, "policy") == 0 ||
            strcmp(option->name, "allow-triggers") == 0 || strcmp(option->name, "partial") == 0 ||
            strcmp(option->name, "forget-decisions") == 0 || strcmp(option->name, "target") == 0)
            assert_true(option->not_in_file);
        for (size_t k = 0; k < LEN(shared); k++)
            if (strcmp(option->name, shared[k]) == 0)
                assert_false(option->not_in_file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_not_in_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
