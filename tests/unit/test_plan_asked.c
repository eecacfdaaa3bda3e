/* test_plan_asked.c: which plan a decisions file answers: digests in place of fields, and what the case
 * says of the plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/case/casefile.h"
#include "place.h"
#include "repair/plan/asked.h"
#include "repair/plan/planbook.h"
#include "repair/plan/undecided.h"
#include "repair/planning/plan_asked.h"

static struct mr_csv_field field_of(const char *text)
{
    return (struct mr_csv_field){text, strlen(text)};
}

static void test_mark(void **state)
{
    (void)state;
    assert_true(mr_asked_is_mark(field_of("#plan")));
    assert_true(mr_asked_is_mark(field_of(" #plan\t\r")));
    assert_false(mr_asked_is_mark(field_of("#plans")));
    assert_false(mr_asked_is_mark(field_of("")));
    assert_false(mr_asked_is_mark(field_of("club.members")));
}

static void test_digest(void **state)
{
    char one[MR_SHA256_HEX], two[MR_SHA256_HEX];
    char a[MR_ASKED_BYTES], b[MR_ASKED_BYTES], c[MR_ASKED_BYTES];
    (void)state;
    assert_int_equal(mr_asked_key(one, NULL), MR_OK);
    assert_int_equal(mr_asked_key(two, NULL), MR_OK);
    assert_true(mr_sha256_is_hex(one));
    assert_string_not_equal(one, two);
    assert_int_equal(mr_asked_digest(one, field_of("x"), a, NULL), MR_OK);
    assert_int_equal(mr_asked_digest(one, field_of("x"), b, NULL), MR_OK);
    assert_int_equal(mr_asked_digest(two, field_of("x"), c, NULL), MR_OK);
    assert_true(mr_asked_is_digest(a));
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_false(mr_asked_is_digest("digest:0123"));
    assert_false(mr_asked_is_digest("{\"a\":\"digest:\"}"));
}

/* A case in which a plan has asked what `digest` says; of a NULL nothing. */
static void add_plan(struct mr_findings *fd, const char *uuid, const char *digest, bool is_written)
{
    struct mr_plan_record record = {.uuid = uuid,
                                    .policy = "merge",
                                    .created = "2026-01-01T00:00:00Z",
                                    .dir = uuid,
                                    .source = "mysql://a",
                                    .target = "mysql://b"};
    const struct mr_plan_file files[] = {{.name = "apply.sql"},
                                         {.name = MR_CONFLICTS_FILE, .undecided = digest}};
    const struct mr_manifest m = {
        .uuid = uuid, .page_key = "key", .files = files, .nfiles = digest != NULL ? 2 : 1};
    assert_int_equal(mr_planbook_add(fd, &record, NULL, 0, NULL), MR_OK);
    assert_int_equal(mr_plan_asked_keep(mr_findings_case(fd), record.id, &m, NULL), MR_OK);
    if (is_written)
        assert_int_equal(mr_planbook_finish(fd, record.id, NULL), MR_OK);
}

static void check(struct mr_findings *fd, const char *uuid, const char *digest, const char *refused)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    const char *key = NULL;
    const enum mr_code code =
        mr_plan_asked_check(mr_findings_case(fd), uuid, digest, &arena, &key, &err);
    assert_int_equal(code, refused != NULL ? MR_E_REFUSED : MR_OK);
    if (refused != NULL)
        assert_non_null(strstr(err.message, refused));
    else
        assert_string_equal(key, "key");
    mr_arena_release(&arena);
}

static void test_case(void **state)
{
    struct mr_findings *fd = NULL;
    (void)state;
    assert_int_equal(mr_findings_open("case", MR_CASE_WRITE, &fd, NULL), MR_OK);
    check(fd, "one", "d1", "plan \"one\", of which the case knows nothing");
    add_plan(fd, "one", "d1", true);
    check(fd, "one", "d1", NULL);
    check(fd, "one", "d2", "other questions than those of plan \"one\"");
    check(fd, "none", "d1", "knows nothing");
    /* made again with the same questions, without any, or never written: the answers hold */
    add_plan(fd, "two", "d1", true);
    add_plan(fd, "three", NULL, true);
    add_plan(fd, "four", "d4", false);
    check(fd, "one", "d1", NULL);
    add_plan(fd, "five", "d5", true);
    check(fd, "one", "d1", "plan \"five\" was made since");
    check(fd, "five", "d5", NULL);
    assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
}

/* Of a case of no file nothing is known, and nothing refused. */
static void test_temporary(void **state)
{
    struct mr_findings *fd = NULL;
    struct mr_arena arena = MR_ARENA_INIT;
    const char *key = "";
    (void)state;
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &fd, NULL), MR_OK);
    assert_int_equal(mr_plan_asked_check(mr_findings_case(fd), "one", "d", &arena, &key, NULL),
                     MR_OK);
    assert_null(key);
    assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mark),
        cmocka_unit_test(test_digest),
        cmocka_unit_test_setup_teardown(test_case, place_begin, place_end),
        cmocka_unit_test(test_temporary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
