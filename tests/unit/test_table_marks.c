/* test_table_marks.c: which marks are those of one table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/schema/table_marks.h"

static const struct {
    const char *what, *a, *b;
    bool agree;
} marks[] = {
    {"the same", "=18\n", "=18\n", true},
    {"another one", "=18\n", "=21\n", false},
    {"a number that begins alike", "=18\n", "=182\n", false},
    {"partitions in another order", "#p#p0=1\n#p#p1=2\n", "#p#p1=2\n#p#p0=1\n", true},
    {"an exchanged partition", "#p#p0=1\n#p#p1=2\n", "#p#p0=9\n#p#p1=2\n", false},
    {"an added one", "#p#p0=1\n", "#p#p0=1\n#p#p1=2\n", true},
    {"a dropped one", "#p#p0=1\n#p#p1=2\n", "#p#p1=2\n", true},
    {"a name that begins alike", "#p#p1=1\n#p#p10=2\n", "#p#p10=2\n#p#p1=1\n", true},
    {"none in common", "#p#p0=1\n", "#p#q0=1\n", false},
    {"partitioned meanwhile", "=1\n", "#p#p0=1\n", false},
};

static void test_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (mr_table_marks_agree(marks[i].a, marks[i].b) != marks[i].agree ||
            mr_table_marks_agree(marks[i].b, marks[i].a) != marks[i].agree)
            fail_msg("%s", marks[i].what);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
