/* test_expire.c: which snapshots are kept: rules add up, groups stand for themselves, the newest
 * that is whole and the newest that is complete are kept whatever is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/strbuf.h"
#include "snapshot/expire.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* "NAME[@RUN] MOMENT [GROUP] [!] [FILE:POSITION]": ! for one with something left out, else -; without
 * a moment: damaged. */
static void put(struct mr_shelf *shelf, const char *text)
{
    char name[40] = "", moment[40] = "", of[40] = "g", mark[40] = "-", log[40] = "";
    struct tm tm = {0};
    unsigned position = 0;
    (void)sscanf(text, "%39s %39s %39s %39s %39[^:]:%u", name, moment, of, mark, log, &position);
    const char *id = strchr(name, '@') != NULL ? strchr(name, '@') : name;
    struct mr_shelf_item *item = mr_vec_push(&shelf->items);
    assert_non_null(item);
    *item = (struct mr_shelf_item){.path = mr_arena_strdup(&shelf->arena, name),
                                   .state = MR_SHELF_DAMAGED,
                                   .of = mr_arena_strdup(&shelf->arena, of),
                                   .id = mr_arena_strdup(&shelf->arena, id),
                                   .log_file = mr_arena_strdup(&shelf->arena, log),
                                   .log_position = position,
                                   .finished = "",
                                   .is_complete = mark[0] == '-'};
    if (moment[0] == '\0')
        return;
    assert_non_null(strptime(moment, "%Y-%m-%dT%H:%M:%S", &tm));
    item->state = MR_SHELF_WHOLE;
    item->created_s = timegm(&tm);
}

static void check(const char *const *snapshots, size_t count, struct mr_expire_rules rules,
                  const char *wanted)
{
    struct mr_strbuf got = MR_STRBUF_INIT;
    struct mr_shelf shelf;
    mr_shelf_init(&shelf);
    for (size_t i = 0; i < count; i++)
        put(&shelf, snapshots[i]);
    assert_int_equal(mr_expire_decide(&shelf, &rules, NULL), MR_OK);
    for (size_t i = 0; i < shelf.items.count; i++) {
        const struct mr_shelf_item *item = mr_vec_at(&shelf.items, i);
        assert_int_equal(item->is_kept, item->kept_as != NULL);
        mr_strbuf_add_fmt(&got, "%s%s%s%s\n", item->path, item->is_kept ? ": " : "",
                          item->is_kept ? item->kept_as : "",
                          item->state == MR_SHELF_WHOLE ? "" : " not judged");
    }
    assert_string_equal(got.ptr, wanted);
    mr_strbuf_release(&got);
    mr_shelf_release(&shelf);
}

static void test_rules(void **state)
{
    static const char *const some[] = {"a 2026-10-31T23:59:59", "b 2026-11-01T00:00:00",
                                       "c 2026-11-10T03:00:00", "d 2026-11-10T09:00:00",
                                       "e 2026-11-12T03:00:00", "f 2025-12-29T03:00:00"};
    (void)state;
    check(some, LEN(some), (struct mr_expire_rules){.last = 2}, "e: last\nd: last\nc\nb\na\nf\n");
    check(some, LEN(some), (struct mr_expire_rules){.last = 100},
          "e: last\nd: last\nc: last\nb: last\na: last\nf: last\n");
    check(some, LEN(some), (struct mr_expire_rules){.daily = 3},
          "e: daily 2026-11-12\nd: daily 2026-11-10\nc\nb: daily 2026-11-01\na\nf\n");
    /* a Sunday and the Saturday before are of one week; 2025-12-29 is of the first of 2026 */
    check(some, LEN(some), (struct mr_expire_rules){.weekly = 9},
          "e: weekly 2026-W46\nd\nc\nb: weekly 2026-W44\na\nf: weekly 2026-W01\n");
    check(some, LEN(some), (struct mr_expire_rules){.last = 1, .daily = 1, .monthly = 2},
          "e: last, daily 2026-11-12, monthly 2026-11\nd\nc\nb\na: monthly 2026-10\nf\n");
}

/* Of one group nothing is taken for what another has. */
static void test_groups(void **state)
{
    static const char *const some[] = {"a 2026-11-01T00:00:00 x", "b 2026-11-02T00:00:00 y",
                                       "c 2026-11-03T00:00:00 y", "d 2026-11-02T00:00:00 x"};
    (void)state;
    check(some, LEN(some), (struct mr_expire_rules){.last = 1}, "d: last\na\nc: last\nb\n");
}

static void test_newest(void **state)
{
    static const char *const lacking[] = {"a 2026-11-01T00:00:00", "b 2026-11-02T00:00:00",
                                          "c 2026-11-03T00:00:00 g !", "d 2026-11-04T00:00:00 g !"};
    static const char *const damaged[] = {"a 2026-11-01T00:00:00", "z"};
    static const char *const none[] = {"x", "y"};
    static const char *const same[] = {"b 2026-11-01T00:00:00", "a 2026-11-01T00:00:00"};
    (void)state;
    check(lacking, LEN(lacking), (struct mr_expire_rules){.last = 1},
          "d: last\nc\nb: newest that is complete\na\n");
    check(damaged, LEN(damaged), (struct mr_expire_rules){.last = 1}, "a: last\nz not judged\n");
    check(damaged, LEN(damaged), (struct mr_expire_rules){0}, "a: newest\nz not judged\n");
    check(none, LEN(none), (struct mr_expire_rules){.last = 1}, "x not judged\ny not judged\n");
    check(none, 0, (struct mr_expire_rules){.last = 1}, "");
    check(same, LEN(same), (struct mr_expire_rules){.last = 1}, "b: last\na\n");
}

/* Two copies are not two snapshots, and what is kept is kept wherever it lies. */
static void test_copies(void **state)
{
    static const char *const some[] = {"a/1@x 2026-11-01T00:00:00", "b/1@x 2026-11-01T00:00:00",
                                       "a/2@y 2026-11-02T00:00:00", "b/2@y 2026-11-02T00:00:00",
                                       "a/3@z 2026-11-03T00:00:00", "b/3@z 2026-11-03T00:00:00"};
    (void)state;
    check(some, LEN(some), (struct mr_expire_rules){.last = 2},
          "a/3@z: last\nb/3@z: last\na/2@y: last\nb/2@y: last\na/1@x\nb/1@x\n");
    check(some, LEN(some), (struct mr_expire_rules){.daily = 1},
          "a/3@z: daily 2026-11-03\nb/3@z: daily 2026-11-03\na/2@y\nb/2@y\na/1@x\nb/1@x\n");
}

/* Of one second: the log tells, then the name; copies are told apart from neighbours. */
static void test_one_second(void **state)
{
#define AT " 2026-11-01T00:00:00 g - "
    static const char *const by_log[] = {"a" AT "bin.000009:700", "b" AT "bin.000009:80",
                                         "c" AT "bin.000010:4", "d" AT "bin.1000000:4"};
    static const char *const by_name[] = {"x/nightly-9" AT, "x/nightly-10" AT, "w/nightly-2" AT};
    static const char *const copies[] = {"a@x" AT, "b@y" AT, "c@x" AT};
#undef AT
    (void)state;
    check(by_log, LEN(by_log), (struct mr_expire_rules){.last = 1}, "d: last\nc\na\nb\n");
    check(by_name, LEN(by_name), (struct mr_expire_rules){.last = 1},
          "x/nightly-10: last\nx/nightly-9\nw/nightly-2\n");
    check(copies, LEN(copies), (struct mr_expire_rules){.last = 1}, "c@x: last\nb@y\na@x: last\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules), cmocka_unit_test(test_groups), cmocka_unit_test(test_newest),
        cmocka_unit_test(test_one_second), cmocka_unit_test(test_copies)};
    return cmocka_run_group_tests_name("expire", tests, NULL, NULL);
}
