/* test_conflict.c: kinds of conflicts, what may be chosen for them, and whose choice counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "repair/decide/conflict.h"

static void test_names(void **state)
{
    (void)state;
    for (enum mr_conflict c = MR_CONFLICT_NONE + 1; c < MR_CONFLICTS; c++)
        assert_int_equal(mr_conflict_named(mr_conflict_name(c)), c);
    assert_null(mr_conflict_name(MR_CONFLICT_NONE));
    assert_int_equal(mr_conflict_named(NULL), MR_CONFLICT_NONE);
    assert_int_equal(mr_conflict_named("skip"), MR_CONFLICT_NONE);
}

static const struct offer {
    enum mr_conflict conflict;
    const char *choices;
    bool is_value, is_of_tree;
} offers[] = {
    {MR_CONFLICT_CHANGED, "target;source;newest:COLUMN", true, false},
    {MR_CONFLICT_DIFFERS, "target;source;newest:COLUMN", true, false},
    {MR_CONFLICT_REFERENCED, "target", true, false},
    {MR_CONFLICT_KEY_CHANGED, "target", true, false},
    {MR_CONFLICT_BOTH_CHANGED, "columns;target;source", true, false},
    {MR_CONFLICT_RESTORED_CHANGE, "target;source", true, false},
    {MR_CONFLICT_BASES_DIFFER, "target;source", true, false},
    {MR_CONFLICT_DELETED_IN_SOURCE, "keep;delete", true, false},
    {MR_CONFLICT_DELETED_ON_LIVE, "restore;skip", false, true},
    {MR_CONFLICT_DOES_NOT_FIT, "skip;without-value", false, false},
    {MR_CONFLICT_UNIQUE, "merge-into;without-value;skip", false, false},
    {MR_CONFLICT_DELETED_OR_LOST, "restore;skip", false, true},
    {MR_CONFLICT_KEY_TAKEN, "restore;skip", false, true},
    {MR_CONFLICT_PARENT_ABSENT, "restore;skip", false, false},
    {MR_CONFLICT_DUPLICATE, "restore;skip", false, false},
    {MR_CONFLICT_NONE, "restore;skip", false, false},
};

static void test_offers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        const struct offer *o = &offers[i];
        assert_string_equal(mr_conflict_choices(o->conflict), o->choices);
        assert_int_equal(mr_conflict_is_value(o->conflict), o->is_value);
        assert_int_equal(mr_conflict_is_of_tree(o->conflict), o->is_of_tree);
    }
}

static const struct taken {
    enum mr_conflict conflict;
    const char *choice;
    bool takes;
} choices[] = {
    {MR_CONFLICT_CHANGED, "target", true},
    {MR_CONFLICT_CHANGED, "source", true},
    {MR_CONFLICT_CHANGED, "newest:a", true},
    {MR_CONFLICT_CHANGED, "newest:", false},
    {MR_CONFLICT_CHANGED, "newest", false},
    {MR_CONFLICT_CHANGED, "newest:COLUMN", true},
    {MR_CONFLICT_CHANGED, "", false},
    {MR_CONFLICT_CHANGED, "targets", false},
    {MR_CONFLICT_CHANGED, "target;source", false},
    {MR_CONFLICT_CHANGED, "stop", true},
    {MR_CONFLICT_REFERENCED, "target", true},
    {MR_CONFLICT_REFERENCED, "source", false},
    {MR_CONFLICT_BOTH_CHANGED, "columns", true},
    {MR_CONFLICT_BOTH_CHANGED, "newest:a", false},
    {MR_CONFLICT_BOTH_CHANGED, "stop", true},
    {MR_CONFLICT_CHANGED, "columns", false},
    {MR_CONFLICT_RESTORED_CHANGE, "target", true},
    {MR_CONFLICT_RESTORED_CHANGE, "columns", false},
    {MR_CONFLICT_BASES_DIFFER, "source", true},
    {MR_CONFLICT_DELETED_IN_SOURCE, "delete", true},
    {MR_CONFLICT_DELETED_IN_SOURCE, "keep", true},
    {MR_CONFLICT_DELETED_IN_SOURCE, "target", false},
    {MR_CONFLICT_CHANGED, "delete", false},
    {MR_CONFLICT_DELETED_IN_SOURCE, "skip", false},
    {MR_CONFLICT_UNIQUE, "skip", true},
    {MR_CONFLICT_UNIQUE, "restore", false},
    {MR_CONFLICT_DOES_NOT_FIT, "restore", false},
};

static void test_choices(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
        if (mr_conflict_takes(choices[i].conflict, choices[i].choice) != choices[i].takes)
            fail_msg("%s of %s", choices[i].choice, mr_conflict_name(choices[i].conflict));
    /* of any kind */
    assert_true(mr_conflict_takes(MR_CONFLICT_NONE, "merge-into"));
    assert_true(mr_conflict_takes(MR_CONFLICT_NONE, "newest:a"));
    assert_false(mr_conflict_takes(MR_CONFLICT_NONE, "yes"));
}

/* What was chosen in one conflict, for another. */
static void test_answers(void **state)
{
    const enum mr_conflict asked = MR_CONFLICT_DELETED_OR_LOST,
                           attaches = MR_CONFLICT_ORPHAN_WOULD_ATTACH;
    (void)state;
    assert_true(mr_conflict_is_answered(asked, asked, "restore"));
    assert_true(mr_conflict_is_answered(asked, MR_CONFLICT_PARENT_ABSENT, "restore"));
    assert_true(mr_conflict_is_answered(asked, MR_CONFLICT_NONE, "restore"));
    assert_true(mr_conflict_is_answered(MR_CONFLICT_NONE, attaches, "restore"));
    assert_true(mr_conflict_is_answered(attaches, asked, "restore"));
    assert_true(mr_conflict_is_answered(asked, attaches, "skip"));
    assert_false(mr_conflict_is_answered(asked, attaches, "restore"));
    assert_false(mr_conflict_is_answered(asked, MR_CONFLICT_IDENTITY_CROSSES_BASE, "restore"));
    assert_false(mr_conflict_is_answered(MR_CONFLICT_CHANGED, MR_CONFLICT_BOTH_CHANGED, "source"));
    assert_false(mr_conflict_is_answered(MR_CONFLICT_CHANGED, MR_CONFLICT_BOTH_CHANGED, "target"));
    assert_true(
        mr_conflict_is_answered(MR_CONFLICT_BOTH_CHANGED, MR_CONFLICT_BOTH_CHANGED, "source"));
    assert_true(mr_conflict_is_answered(MR_CONFLICT_NONE, MR_CONFLICT_BOTH_CHANGED, "source"));
}

static const struct {
    struct mr_voices voices;
    const char *choice;
} told[] = {
    {{NULL, NULL, NULL, NULL, NULL}, NULL},
    {{NULL, NULL, NULL, NULL, "table"}, "table"},
    {{NULL, NULL, NULL, "earlier", "table"}, "earlier"},
    {{NULL, NULL, "command", "earlier", "table"}, "command"},
    {{"person", NULL, "command", "earlier", "table"}, "person"},
    /* one decision restores or drops a tree */
    {{"restore", "skip", "command", NULL, NULL}, "skip"},
    {{NULL, "restore", "command", NULL, NULL}, "restore"},
    /* of one that is restored a person may leave out a row */
    {{"skip", "restore", "command", NULL, NULL}, "skip"},
};

static void test_voices(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const char *is = mr_decide_choice(&told[i].voices);
        if (told[i].choice == NULL)
            assert_null(is);
        else
            assert_string_equal(is, told[i].choice);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),   cmocka_unit_test(test_offers),
        cmocka_unit_test(test_choices), cmocka_unit_test(test_answers),
        cmocka_unit_test(test_voices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
