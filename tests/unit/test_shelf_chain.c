/* test_shelf_chain.c: what others go on from is kept, and what goes on from nothing is damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/base/strbuf.h"
#include "snapshot/expire.h"

/* "NAME DAY [BASE]": made on that day of a month, by its manifest's sum NAME; ! before the name: damaged;
 * ?: damaged, and nobody knows its base. */
static void put(struct mr_shelf *shelf, const char *text)
{
    char name[20] = "", base[20] = "";
    unsigned day = 0;
    (void)sscanf(text, "%19s %u %19s", name, &day, base);
    const bool unknown = name[0] == '?', damaged = name[0] == '!' || unknown;
    struct mr_shelf_item *item = mr_vec_push(&shelf->items);
    assert_non_null(item);
    const char *path = mr_arena_strdup(&shelf->arena, name + damaged);
    *item = (struct mr_shelf_item){.path = path,
                                   .state = damaged ? MR_SHELF_DAMAGED : MR_SHELF_WHOLE,
                                   .why = damaged ? "x" : NULL,
                                   .sha256 = unknown ? NULL : path,
                                   .base_unknown = unknown,
                                   .of = "g",
                                   .id = path,
                                   .log_file = "",
                                   .finished = "",
                                   .created_s = day * 86400,
                                   .is_complete = true};
    if (base[0] != '\0')
        item->base_sha256 = item->base_id = mr_arena_strdup(&shelf->arena, base);
}

static void check(const char *const *texts, unsigned last, const char *wanted)
{
    const struct mr_expire_rules rules = {.last = last};
    struct mr_strbuf got = MR_STRBUF_INIT;
    struct mr_shelf shelf;
    mr_shelf_init(&shelf);
    for (; *texts != NULL; texts++)
        put(&shelf, *texts);
    assert_int_equal(mr_expire_decide(&shelf, &rules, NULL), MR_OK);
    for (size_t i = 0; i < shelf.items.count; i++) {
        const struct mr_shelf_item *item = mr_vec_at(&shelf.items, i);
        mr_strbuf_add_fmt(&got, "%s: %s\n", item->path,
                          item->state != MR_SHELF_WHOLE ? item->why
                          : item->is_kept               ? item->kept_as
                                                        : "-");
    }
    assert_string_equal(got.ptr, wanted);
    mr_strbuf_release(&got);
    mr_shelf_release(&shelf);
}

static void test_bases(void **state)
{
    static const char *const chain[] = {"f0 1", "f1 2", "a 3 f1", "b 4 a", "c 5 b", NULL};
    static const char *const two[] = {"f 1", "a 2 f", "g 3", "b 4 g", NULL};
    (void)state;
    check(chain, 1, "c: last\nb: base of c\na: base of b\nf1: base of a\nf0: -\n");
    check(two, 1, "b: last\ng: base of b\na: -\nf: -\n");
    check(two, 3, "b: last\ng: last\na: last\nf: base of a\n");
}

/* An older one that is whole is kept instead, and what a damaged one goes on from, too. */
static void test_missing(void **state)
{
    static const char *const lost[] = {"f 1", "g 2", "a 3 nowhere", "b 4 a", NULL};
    static const char *const hurt[] = {"f 1", "g 2", "!a 3 f", "b 4 a", NULL};
    (void)state;
    check(lost, 1,
          "g: last\nf: -\na: its base nowhere is not here\nb: its base \"a\" is damaged\n");
    check(hurt, 1, "g: last\nf: base of a\na: x\nb: its base \"a\" is damaged\n");
}

/* Any may be the base of one whose manifest cannot be read. */
static void test_unknown(void **state)
{
    static const char *const texts[] = {"f 1", "g 2", "?a 3", "h 4", NULL};
    (void)state;
    check(texts, 1,
          "h: last\ng: nobody knows the base of a\nf: nobody knows the base of a\na: x\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bases), cmocka_unit_test(test_missing),
                                       cmocka_unit_test(test_unknown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
