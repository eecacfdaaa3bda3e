/* test_plan_one_sided.c: which tables of one side a plan says it leaves alone, and whether that makes it
 * incomplete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"
#include "repair/planning/plan_one_sided.h"

#define SOURCE_ONLY                                                                                \
    {                                                                                              \
        "table", "shop.orders", "orders", "InnoDB", NULL, "shop"                                   \
    }
#define TARGET_ONLY                                                                                \
    {                                                                                              \
        "table", "shop.orders", "orders", NULL, "InnoDB", "shop"                                   \
    }

static const struct {
    const char *what;
    struct mr_find_object object;
    const char *only, *without, *db; /* or NULL: all */
    bool is_mirror;
    int skipped; /* 0, 1; 2: and incomplete */
} rows[] = {
    {"the target has lost it", SOURCE_ONLY, NULL, NULL, NULL, false, 2},
    {"the same, asked for", SOURCE_ONLY, "shop.*", NULL, "shop", false, 2},
    {"not asked for", SOURCE_ONLY, "other", NULL, NULL, false, 0},
    {"left out", SOURCE_ONLY, NULL, "orders", NULL, false, 0},
    {"of a database that the plan does not name", SOURCE_ONLY, NULL, NULL, "bar", false, 0},
    {"the target has it besides", TARGET_ONLY, NULL, NULL, NULL, false, 1},
    {"which a mirror would not leave", TARGET_ONLY, NULL, NULL, NULL, true, 2},
    {"another engine",
     {"table", "shop.orders", "orders", "Aria", "InnoDB", "shop"},
     NULL,
     NULL,
     NULL,
     false,
     0},
    {"a CHECK",
     {"table", "shop.orders", "positive", "v > 0", NULL, "shop"},
     NULL,
     NULL,
     NULL,
     false,
     0},
    {"a CHECK that is called as its table",
     {"table", "shop.items", "items", "v > 0", NULL, "shop"},
     NULL,
     NULL,
     NULL,
     false,
     0},
    {"an index", {"index", "shop.orders", "orders", "v", NULL, "shop"}, NULL, NULL, NULL, false, 0},
};

static void test_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct check_case c;
        struct mr_arena arena = MR_ARENA_INIT;
        const struct mr_plan_skipped before = {"shop.log", "it has no counter", false};
        struct mr_manifest m = {.policy = "merge", .skipped = &before, .nskipped = 1};
        const struct mr_string_list only = {&rows[i].only, rows[i].only != NULL ? 1 : 0},
                                    without = {&rows[i].without, rows[i].without != NULL ? 1 : 0};
        const struct mr_plan_patterns patterns = {&only, &without};
        struct mr_catalogue cat = {.server = {.lower_case_table_names = 0}};
        const struct mr_server_side source = {
            .dbs = &rows[i].db, .ndbs = rows[i].db != NULL ? 1 : 0, .cat = &cat};
        case_begin(&c);
        case_table(&c, "shop.items", MR_VERDICT_EQUAL, true);
        case_require(mr_findings_object_add(c.fd, &rows[i].object, NULL));
        const struct mr_plan_one_sided_task task = {.fd = c.fd,
                                                    .patterns = &patterns,
                                                    .source = &source,
                                                    .is_mirror = rows[i].is_mirror,
                                                    .arena = &arena};
        assert_int_equal(mr_plan_one_sided(&task, &m, NULL), MR_OK);
        if (m.nskipped != (rows[i].skipped > 0 ? 2 : 1) ||
            mr_manifest_exit(&m) != (rows[i].skipped == 2 ? 4 : 0))
            fail_msg("%s: %zu skipped, exit %d", rows[i].what, m.nskipped, mr_manifest_exit(&m));
        assert_string_equal(m.skipped[0].table, "shop.log");
        if (rows[i].skipped > 0)
            assert_string_equal(m.skipped[1].table, "shop.orders");
        mr_arena_release(&arena);
        (void)mr_findings_close(c.fd, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
