/* test_conflict_words.c: every kind of conflict, and every choice that it offers, is told in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "repair/decide/conflict_words.h"

static void test_kinds(void **state)
{
    bool seen[MR_CONFLICTS] = {false};
    (void)state;
    for (enum mr_conflict c = MR_CONFLICT_NONE + 1; c < MR_CONFLICTS; c++) {
        const unsigned rank = mr_conflict_rank(c);
        assert_in_range(rank, 1, MR_CONFLICTS - 1);
        assert_false(seen[rank]);
        seen[rank] = true;
        assert_string_not_equal(mr_conflict_title(c), "");
        assert_int_equal(mr_conflict_says(c)[strlen(mr_conflict_says(c)) - 1], '.');
    }
    assert_int_equal(mr_conflict_rank(MR_CONFLICT_NONE), 0);
    assert_string_equal(mr_conflict_title(MR_CONFLICT_NONE), "");
    assert_string_equal(mr_conflict_says(MR_CONFLICT_NONE), "");
    /* whose a row is comes before which value it has */
    assert_true(mr_conflict_rank(MR_CONFLICT_OWNER_DIFFERS) <
                mr_conflict_rank(MR_CONFLICT_BOTH_CHANGED));
}

/* What conflicts.csv offers for a kind has words, one by one. */
static void test_choices(void **state)
{
    (void)state;
    for (enum mr_conflict c = MR_CONFLICT_NONE + 1; c < MR_CONFLICTS; c++) {
        char words[128];
        size_t count = 0;
        const char *at = mr_conflict_choices(c);
        while (*at != '\0') {
            const size_t len = strcspn(at, ";");
            assert_in_range(len, 1, sizeof words - 1);
            memcpy(words, at, len);
            words[len] = '\0';
            assert_string_not_equal(mr_choice_says(c, words), "");
            at += len + (at[len] == ';');
            count++;
        }
        assert_true(count > 0);
    }
}

static void test_which(void **state)
{
    (void)state;
    assert_string_equal(mr_choice_says(MR_CONFLICT_CHANGED, "newest:a=b"),
                        mr_choice_says(MR_CONFLICT_DIFFERS, "newest:updated_at"));
    assert_string_not_equal(mr_choice_says(MR_CONFLICT_CHANGED_SINCE, "source"),
                            mr_choice_says(MR_CONFLICT_CHANGED, "source"));
    assert_string_not_equal(mr_choice_says(MR_CONFLICT_PAST_OR_LOST, "skip"),
                            mr_choice_says(MR_CONFLICT_DELETED_OR_LOST, "skip"));
    assert_string_not_equal(mr_choice_says(MR_CONFLICT_DOES_NOT_FIT, "name=Zoe"), "");
    assert_string_equal(mr_choice_says(MR_CONFLICT_DOES_NOT_FIT, "{\"name\":\"Zoe\"}"),
                        mr_choice_says(MR_CONFLICT_DOES_NOT_FIT, "name=Zoe"));
    assert_string_equal(mr_choice_says(MR_CONFLICT_CHANGED, "name=Zoe"), "");
    assert_string_equal(mr_choice_says(MR_CONFLICT_CHANGED, "perhaps"), "");
    assert_string_equal(mr_choice_says(MR_CONFLICT_DOES_NOT_FIT, "perhaps"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_which),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
