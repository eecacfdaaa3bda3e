/* test_plan_show_open.c: how the text of a plan ends: what is open, and what to do about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "repair/planning/plan_show.h"

static const struct {
    const char *what, *policy, *dir, *kind;
    uint64_t open;
    const char *line; /* behind the sums; NULL: nothing is asked */
} cases[] = {
    {"nothing is open", "merge", "a.merge", "differs", 0, NULL},
    {"the plan is made anew, elsewhere, with the file", "merge", "a.merge", "differs", 2,
     "decide in a.merge/conflicts.csv, then the same repair plan again, with another --output "
     "and --decisions a.merge/conflicts.csv\n"
     "decide one by one with: myrecon repair decide a.merge\n"},
    {"as a shell reads it", "merge", "a b", "differs", 1,
     "decide in a b/conflicts.csv, then the same repair plan again, with another --output and "
     "--decisions 'a b/conflicts.csv'\n"
     "decide one by one with: myrecon repair decide 'a b'\n"},
    {"what copying leaves is none of its questions", "mirror", "m", "differs", 1,
     "m/conflicts.csv lists what mirror leaves as it is, and why: settle it on the servers and "
     "check again, or plan with --policy merge\n"},
    {"but for values that do not fit", "mirror", "m", "does-not-fit", 1,
     "decide in m/conflicts.csv, then the same repair plan again, with another --output and "
     "--decisions m/conflicts.csv\n"
     "decide one by one with: myrecon repair decide m\n"},
};

static void test_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_planned_kind kind = {.kind = cases[i].kind, .open = cases[i].open};
        struct mr_planned_table table = {
            .table = "d.t", .target_table = "d.t", .kinds = &kind, .nkinds = 1};
        const struct mr_manifest m = {
            .policy = cases[i].policy,
            .uuid = "p1",
            .created = "2026-01-02T03:04:05Z",
            .source = "mysql://a@old/d",
            .target = "mysql://a@new/d",
            .server = {.version = "9.7", .hostname = "new"},
            .planned = {.tables = &table, .ntables = 1, .open = cases[i].open}};
        const struct mr_plan_signers nobody = {0};
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        assert_int_equal(
            mr_plan_show_text(&m, cases[i].dir, &nobody, (struct mr_look){0}, out, NULL), MR_OK);
        assert_int_equal(fclose(out), 0);
        const char *sums = strstr(text, "decided\n");
        assert_non_null(sums);
        const char *wanted = cases[i].line != NULL ? cases[i].line : "";
        if (strcmp(strchr(sums, '\n') + 1, wanted) != 0)
            fail_msg("%s: %s", cases[i].what, sums);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
