/* test_surroundings.c: a trigger, read again from the text that plan.json keeps of it; what is
 * gone and needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/side/surroundings.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static void check(const char *got, size_t len, const char *want)
{
    assert_int_equal(len, strlen(want));
    assert_memory_equal(got, want, len);
}

static void test_triggers(void **state)
{
    static const struct {
        const char *text, *name, *timing, *event;
    } cases[] = {
        {"trigger \"audit\" AFTER DELETE, body 0123456789abcdef", "audit", "AFTER", "DELETE"},
        {"trigger \"a b\" BEFORE UPDATE, body 00", "a b", "BEFORE", "UPDATE"},
        {"trigger \"x\" AFTER INSERT, body y\" BEFORE DELETE, body 00", "x\" AFTER INSERT, body y",
         "BEFORE", "DELETE"},
        {"trigger \"\"\" AFTER INSERT, body ", "\"", "AFTER", "INSERT"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_surroundings_trigger t;
        assert_true(mr_surroundings_trigger(cases[i].text, &t));
        check(t.name, t.name_len, cases[i].name);
        check(t.timing, t.timing_len, cases[i].timing);
        check(t.event, t.event_len, cases[i].event);
    }
}

/* What a plan that somebody has written may hold. */
static void test_others(void **state)
{
    static const char *const texts[] = {
        "",
        "engine InnoDB",
        "unique index \"a\", 1. id",
        "trigger ",
        "trigger \"",
        "trigger \"a\"",
        "trigger \"a\", body 00",
        "trigger \", body 00",
        "trigger \"a\" AFTER, body 00",
        "trigger \"a AFTER DELETE, body 00",
        "trigger \" AFTER DELETE, body 00",
        "trigger \"a\" AFTER DELETE",
        "trigger \"a\" AFTER , body 00",
    };
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        struct mr_surroundings_trigger t;
        if (mr_surroundings_trigger(texts[i], &t))
            fail_msg("text %zu is no trigger", i);
    }
}

/* One thing after the other is gone. */
static void test_gone(void **state)
{
    static const char *const then[] = {
        "unique index \"PRIMARY\", 1. id",
        "unique index \"mobile\", 1. mobile",
        "foreign key \"up\" of club.members.inviter to club.people.id, ON DELETE "
        "CASCADE, "
        "ON UPDATE CASCADE",
        "foreign key \"down\" of club.orders.member to Club.Members.id, ON DELETE "
        "CASCADE, ON UPDATE CASCADE",
        "check \"short\" `a` < 9",
        "trigger \"audit\" AFTER INSERT, body 00",
        "engine InnoDB",
    };
    static const struct {
        bool unique, refers, referred;
        const char *found; /* a letter for each of `then` */
    } cases[] = {
        {true, true, true, "yyyynnn"},    {true, false, false, "yynnnnn"},
        {false, true, false, "ynynnnn"},  {false, false, true, "ynnynnn"},
        {false, false, false, "ynnnnnn"},
    };
    const struct mr_surroundings all = {then, LEN(then)};
    (void)state;
    for (size_t c = 0; c < LEN(cases); c++) {
        const struct mr_surroundings_needs needs = {"club", "members", cases[c].unique,
                                                    cases[c].refers, cases[c].referred};
        size_t at = 0;
        assert_null(mr_surroundings_gone(&all, &all, &needs, &at));
        assert_int_equal(at, LEN(then));
        for (size_t i = 0; i < LEN(then); i++) {
            const char *left[LEN(then)];
            const struct mr_surroundings now = {left, LEN(then) - 1};
            for (size_t k = 0; k < LEN(then) - 1; k++)
                left[k] = then[k < i ? k : k + 1];
            at = 0;
            const char *gone = mr_surroundings_gone(&now, &all, &needs, &at);
            if (gone != (cases[c].found[i] == 'y' ? then[i] : NULL))
                fail_msg("case %zu, without %s", c, then[i]);
            assert_null(mr_surroundings_gone(&now, &all, &needs, &at));
        }
    }
}

#define RULES ", ON DELETE CASCADE, ON UPDATE RESTRICT"

static void test_children(void **state)
{
    static const struct {
        const char *text, *db, *table; /* NULL: not known */
    } cases[] = {
        {"foreign key \"fk\" of club.tmp.m to club.members.id" RULES, "club", "tmp"},
        {"foreign key \"a to\" of my club.a b.c d to club.members.id" RULES, "my club", "a b"},
        {"foreign key \"x\" of y\" of club.tmp.m to club.members.id" RULES, NULL, NULL},
        {"foreign key \"fk\" of club.go to x.m to club.members.id" RULES, NULL, NULL},
        {"foreign key \"fk\" of club.a.b.m to club.members.id" RULES, NULL, NULL},
        {"foreign key \"fk\" of club.tmp to club.members.id" RULES, NULL, NULL},
        {"foreign key \"fk\" of ..m to club.members.id" RULES, NULL, NULL},
        {"foreign key \"fk\" to club.members.id of club.tmp.m", NULL, NULL},
        {"unique index \"a\" of club.tmp.m to 1", NULL, NULL},
        {"", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_surroundings_child child;
        if (mr_surroundings_child(cases[i].text, &child) != (cases[i].db != NULL))
            fail_msg("%s", cases[i].text);
        if (cases[i].db == NULL)
            continue;
        check(child.db, child.db_len, cases[i].db);
        check(child.table, child.table_len, cases[i].table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_triggers),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
