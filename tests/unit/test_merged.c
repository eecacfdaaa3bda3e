/* test_merged.c: what makes a merge no proof, each under its own name, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/rejoin/merged.h"

static const struct mr_merged_facts good = {.is_merge = true, .rows = {.is_carried_out = true}};

static struct mr_merged_facts without(enum mr_merged_bar bar)
{
    struct mr_merged_facts f = good;
    switch (bar) {
    case MR_MERGED_BAR_POLICY: f.is_merge = false; break;
    case MR_MERGED_BAR_LEFT_OUT: f.left_out = "club.notes"; break;
    case MR_MERGED_BAR_OPEN: f.open = 2; break;
    case MR_MERGED_BAR_UNDONE: f.rows.undone = 1; break;
    case MR_MERGED_BAR_UNREADABLE: f.rows.unreadable = "table \"club.notes\": no right"; break;
    case MR_MERGED_BAR_WRONG: f.rows.wrong = 3; break;
    case MR_MERGED_BAR_UNAPPLIED:
        f.rows.is_carried_out = false;
        f.rows.changed = 4;
        break;
    case MR_MERGED_BAR_PLACE: f.place = "no right"; break;
    case MR_MERGED_BAR_SINCE: f.since = "0-1-9"; break;
    case MR_MERGED_BAR_UNCOVERED: f.uncovered = "table \"club.notes\", key 3: …"; break;
    case MR_MERGED_FREE:
    case MR_MERGED_BARS: break;
    }
    return f;
}

/* Of two the one that is asked first is told. */
static void test_each(void **state)
{
    static const char *const says[MR_MERGED_BARS] = {
        [MR_MERGED_BAR_POLICY] = "is no merge",
        [MR_MERGED_BAR_LEFT_OUT] = "everything: club.notes",
        [MR_MERGED_BAR_OPEN] = "has 2 conflicts",
        [MR_MERGED_BAR_UNDONE] = "was undone",
        [MR_MERGED_BAR_UNREADABLE] = "verified on the source: table \"club.notes\": no right",
        [MR_MERGED_BAR_WRONG] = "3 rows are not as planned",
        [MR_MERGED_BAR_UNAPPLIED] = "has 4 rows that differ on the source, and its journal",
        [MR_MERGED_BAR_PLACE] = "what it saw: no right",
        [MR_MERGED_BAR_SINCE] = "of the target's own: 0-1-9",
        [MR_MERGED_BAR_UNCOVERED] = "table \"club.notes\", key 3",
    };
    (void)state;
    assert_int_equal(mr_merged_decide(&good), MR_MERGED_FREE);
    assert_int_equal(mr_merged_refuse(MR_MERGED_FREE, &good, "club.plan", NULL), MR_OK);
    for (enum mr_merged_bar bar = MR_MERGED_FREE + 1; bar < MR_MERGED_BARS; bar++) {
        struct mr_merged_facts f = without(bar);
        struct mr_err err = {0};
        assert_int_equal(mr_merged_decide(&f), bar);
        assert_int_equal(mr_merged_refuse(bar, &f, "club.plan", &err), MR_E_REFUSED);
        assert_non_null(strstr(err.message, "plan \"club.plan\" "));
        assert_non_null(strstr(err.message, says[bar]));
        assert_true(strlen(err.hint) > strlen("Nothing was changed. "));
        f.is_merge = false;
        assert_int_equal(mr_merged_decide(&f), MR_MERGED_BAR_POLICY);
    }
}

/* Values that differ are the live application's work where the merge was carried out to its end. */
static void test_changed(void **state)
{
    struct mr_merged_facts f = good;
    struct mr_err err = {0};
    (void)state;
    f.rows.changed = 4;
    assert_int_equal(mr_merged_decide(&f), MR_MERGED_FREE);
    f.rows.is_carried_out = false;
    assert_int_equal(mr_merged_decide(&f), MR_MERGED_BAR_UNAPPLIED);
    f.rows.first = "table \"club.members\", key 7 (changed-since)";
    assert_int_equal(mr_merged_refuse(MR_MERGED_BAR_UNAPPLIED, &f, "club.plan", &err),
                     MR_E_REFUSED);
    assert_non_null(strstr(err.message, "such as table \"club.members\", key 7"));
    f.rows.changed = 0; /* by a client, and all of it stands */
    f.since = "";
    assert_int_equal(mr_merged_decide(&f), MR_MERGED_FREE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
