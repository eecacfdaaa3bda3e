/* test_decide_merge.c: a row from its facts to what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "repair/decide/decide.h"

/* From the facts to the end. */
static const struct {
    struct mr_fact fact;
    enum mr_group group;
    enum mr_conflict conflict;
} merged[] = {
    {{.counted = true, .above = true, .taken = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {{.counted = true, .above = true}, MR_GROUP_MAYBE, MR_CONFLICT_DELETED_OR_LOST},
    {{.counted = true, .above = true, .refers_to_lost = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {{.counted = true, .above = true, .there = true, .differs = true},
     MR_GROUP_LOST,
     MR_CONFLICT_DIFFERS},
    {{.counted = true, .there = true, .differs = true, .same_name = true},
     MR_GROUP_BASE,
     MR_CONFLICT_CHANGED},
    {{.there = true, .key_refers_to_lost = true, .differs = true},
     MR_GROUP_LOST,
     MR_CONFLICT_DIFFERS},
    {{.refers_to_lost = true, .taken = true}, MR_GROUP_LOST, MR_CONFLICT_KEY_TAKEN},
};

static void test_merge(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof merged / sizeof merged[0]; i++) {
        const struct mr_outcome o = mr_decide_merge(&merged[i].fact);
        if (o.ruling.group != merged[i].group || o.obstacle.conflict != merged[i].conflict)
            fail_msg("row %zu: %s, %s", i, mr_group_name(o.ruling.group),
                     mr_conflict_name(o.obstacle.conflict));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
