/* test_view_order.c: each view behind those that its text names, and bodies of packages behind
 * packages; what makes a circle stays as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "snapshot/create/view_order.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

#define V(n, text)                                                                                 \
    {                                                                                              \
        .kind = MR_OBJECT_VIEW, .db = "d", .name = (n), .definition = (text)                       \
    }
#define R(n)                                                                                       \
    {                                                                                              \
        .kind = MR_OBJECT_ROUTINE, .db = "d", .name = (n)                                          \
    }

static void test_order(void **state)
{
    static const struct {
        const char *what;
        struct mr_object objects[5];
        size_t count;
        const char *order; /* names, a letter each */
    } rows[] = {
        {"none", {{0}}, 0, ""},
        {"alone", {V("a", "select 1")}, 1, "a"},
        {"apart", {V("a", "select `x`"), V("b", "select 1")}, 2, "ab"},
        {"one names the next", {V("a", "select * from `d`.`b`"), V("b", "select 1")}, 2, "ba"},
        {"a chain",
         {V("a", "select * from `d`.`b`"), V("b", "select * from `d`.`c`"), V("c", "select 1")},
         3,
         "cba"},
        {"letters are alike", {V("a", "select * from `D`.`B`"), V("b", "select 1")}, 2, "ba"},
        {"a name in a text is none", {V("a", "select '`b`' AS `x`"), V("b", "select 1")}, 2, "ab"},
        {"nor in a comment", {V("a", "select 1 /* `b` */"), V("b", "select 1")}, 2, "ab"},
        {"an odd name", {V("a", "select * from `d```.`b``c`"), V("b`c", "select 1")}, 2, "ba"},
        {"itself", {V("a", "select `a`.`x` from `t` `a`"), V("b", "select 1")}, 2, "ab"},
        {"a circle", {V("a", "from `b`"), V("b", "from `a`"), V("c", "select 1")}, 3, "cab"},
        {"behind a circle",
         {V("a", "from `b`"), V("b", "from `c`"), V("c", "from `b`"), V("e", "select 1")},
         4,
         "eabc"},
        {"a hidden text waits for nobody", {V("a", NULL), V("b", "from `a`")}, 2, "ab"},
        {"and nobody for it", {V("a", "from `b`"), V("b", NULL)}, 2, "ab"},
        {"bodies behind packages",
         {R("package body a"), R("package z"), R("procedure p")},
         3,
         "zpa"},
        {"a body and a view", {R("package body a"), V("v", "select 1"), R("package a")}, 3, "vaa"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_err err = {0};
        const struct mr_object **out = NULL;
        char got[8] = "";
        assert_int_equal(mr_view_order(rows[i].objects, rows[i].count, &arena, &out, &err), MR_OK);
        for (size_t k = 0; k < rows[i].count; k++) {
            const char *space = strrchr(out[k]->name, ' ');
            got[k] = space != NULL ? space[1] : out[k]->name[0];
        }
        if (strcmp(got, rows[i].order) != 0)
            fail_msg("%s: %s, not %s", rows[i].what, got, rows[i].order);
        mr_arena_release(&arena);
    }
}

/* Two views of one name in two databases: whichever is meant, both come first. */
static void test_namesakes(void **state)
{
    static const struct mr_object objects[] = {
        V("a", "select * from `y`.`b`"),
        {.kind = MR_OBJECT_VIEW, .db = "x", .name = "b", .definition = "select 1"},
        {.kind = MR_OBJECT_VIEW, .db = "y", .name = "b", .definition = "select 2"}};
    struct mr_arena arena = MR_ARENA_INIT;
    const struct mr_object **out = NULL;
    (void)state;
    assert_int_equal(mr_view_order(objects, 3, &arena, &out, NULL), MR_OK);
    assert_ptr_equal(out[2], &objects[0]);
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_namesakes)};
    return cmocka_run_group_tests_name("view_order", tests, NULL, NULL);
}
