/* test_object_kind.c: kinds of objects and of routines, by their words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/schema/object_kind.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* The words stand in manifests and catalogues: each kind has one, and is found by it. */
static void test_words(void **state)
{
    static const char *const words[] = {"database", "view",     "routine",
                                        "event",    "sequence", "trigger"};
    (void)state;
    assert_int_equal(LEN(words), MR_OBJECT_KINDS - 1);
    for (size_t i = 0; i < LEN(words); i++) {
        assert_int_equal(mr_object_named(words[i]), i + 1);
        assert_string_equal(mr_object_word((enum mr_object_kind)(i + 1)), words[i]);
    }
    static const char *const none[] = {"", "View", "views", "table", "procedure"};
    for (size_t i = 0; i < LEN(none); i++)
        assert_int_equal(mr_object_named(none[i]), MR_OBJECT_NONE);
}

/* Catalogues that were written are sorted by it. */
static void test_order(void **state)
{
    (void)state;
    assert_true(MR_OBJECT_VIEW < MR_OBJECT_ROUTINE && MR_OBJECT_ROUTINE < MR_OBJECT_EVENT &&
                MR_OBJECT_EVENT < MR_OBJECT_SEQUENCE);
}

static void test_traits(void **state)
{
    static const struct {
        enum mr_object_kind kind;
        bool listed, relation, body;
    } rows[] = {
        {MR_OBJECT_NONE, false, false, false},   {MR_OBJECT_DATABASE, false, false, false},
        {MR_OBJECT_VIEW, true, true, false},     {MR_OBJECT_ROUTINE, true, false, true},
        {MR_OBJECT_EVENT, true, false, true},    {MR_OBJECT_SEQUENCE, true, true, false},
        {MR_OBJECT_TRIGGER, false, false, true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(mr_object_has(rows[i].kind, MR_OBJECT_LISTED), rows[i].listed);
        assert_int_equal(mr_object_has(rows[i].kind, MR_OBJECT_RELATION), rows[i].relation);
        assert_int_equal(mr_object_has(rows[i].kind, MR_OBJECT_BODY), rows[i].body);
    }
}

/* A restore makes each kind once. */
static void test_stages(void **state)
{
    static const char *const made[] = {[MR_MADE_WITH_DATABASES] = " database",
                                       [MR_MADE_FIRST] = " sequence",
                                       [MR_MADE_BEFORE_TABLES] = " routine",
                                       [MR_MADE_BEHIND_ROWS] = " view trigger",
                                       [MR_MADE_LAST] = " event"};
    (void)state;
    for (unsigned stage = MR_MADE_WITH_DATABASES; stage <= MR_MADE_LAST; stage++) {
        char words[64] = "";
        for (enum mr_object_kind kind = MR_OBJECT_NONE;
             mr_object_next((enum mr_object_stage)stage, &kind);) {
            const size_t len = strlen(words);
            (void)snprintf(words + len, sizeof words - len, " %s", mr_object_word(kind));
        }
        assert_string_equal(words, made[stage]);
    }
}

/* What SQL calls it, and its name. */
static void test_sql(void **state)
{
    static const struct {
        enum mr_object_kind kind;
        const char *full, *sql, *name;
        enum mr_routine_kind routine;
    } rows[] = {
        {MR_OBJECT_ROUTINE, "procedure p", "PROCEDURE", "p", MR_ROUTINE_PROCEDURE},
        {MR_OBJECT_ROUTINE, "function f g", "FUNCTION", "f g", MR_ROUTINE_FUNCTION},
        {MR_OBJECT_ROUTINE, "library l", "LIBRARY", "l", MR_ROUTINE_LIBRARY},
        {MR_OBJECT_ROUTINE, "package p", "PACKAGE", "p", MR_ROUTINE_PACKAGE},
        {MR_OBJECT_ROUTINE, "package body p", "PACKAGE BODY", "p", MR_ROUTINE_PACKAGE_BODY},
        {MR_OBJECT_ROUTINE, "procedure function f", "PROCEDURE", "function f",
         MR_ROUTINE_PROCEDURE},
        /* a forged one keeps its name */
        {MR_OBJECT_ROUTINE, "p", "PROCEDURE", "p", MR_ROUTINE_NONE},
        {MR_OBJECT_ROUTINE, "Function f", "PROCEDURE", "Function f", MR_ROUTINE_NONE},
        /* only routines have a word in front */
        {MR_OBJECT_VIEW, "function v", "VIEW", "function v", MR_ROUTINE_FUNCTION},
        {MR_OBJECT_EVENT, "library e", "EVENT", "library e", MR_ROUTINE_LIBRARY},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *name = NULL;
        assert_string_equal(mr_object_sql(rows[i].kind, rows[i].full, &name), rows[i].sql);
        assert_string_equal(name, rows[i].name);
        assert_int_equal(mr_routine_kind(rows[i].full), rows[i].routine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),  cmocka_unit_test(test_order), cmocka_unit_test(test_traits),
        cmocka_unit_test(test_stages), cmocka_unit_test(test_sql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
