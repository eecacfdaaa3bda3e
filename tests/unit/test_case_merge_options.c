/* test_case_merge_options.c: parts of one pair have its options, but for rows of tables that came or went
 * between two of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check_case.h"

#include "core/case/case_merge.h"

#define UUID "20260102T030405Z-8f3a.one"
#define PARTS 2

/* Part 0 has the objects and reads db.t, part 1 reads db.u; each knows both. */
static const char *const tables[PARTS] = {"db.t", "db.u"};
static char dir[40], path[PARTS][64], into[64];

static void make_part(size_t part, const char *options)
{
    static const struct mr_range whole;
    struct check_case c;
    (void)snprintf(path[part], sizeof path[part], "%s/%zu.case", dir, part);
    case_begin_at(&c, path[part]);
    c.run.uuid = UUID;
    c.run.options = options;
    case_require(mr_findings_run_begin(c.fd, &c.run, NULL));
    case_table(&c, tables[1 - part], MR_VERDICT_UNDECIDED, true);
    case_table(&c, tables[part], MR_VERDICT_UNDECIDED, true);
    const struct mr_find_chunk chunk = {.table = c.table.id, .last = true};
    case_require(mr_findings_segments_add(c.fd, c.table.id, &whole, 1, NULL));
    case_require(mr_findings_chunk_done(c.fd, &chunk, NULL, 0, NULL));
    c.table.verdict = MR_VERDICT_EQUAL;
    c.table.scanned = c.table.settled = true;
    case_require(mr_findings_table_save(c.fd, &c.table, NULL));
    c.run.finished = c.run.objects_done = c.run.kin_done = true;
    case_require(mr_findings_run_end(c.fd, &c.run, NULL));
    case_require(mr_findings_close(c.fd, NULL));
}

/* Of the first table, once both are one. */
static enum mr_verdict merge(struct mr_arena *arena, const char **reason)
{
    static const struct mr_case_merge_range range;
    static const struct mr_case_merge_table scopes[PARTS] = {{"db.t", &range, 1},
                                                             {"db.u", &range, 1}};
    const struct mr_case_merge_part parts[PARTS] = {
        {.name = "part 0",
         .path = path[0],
         .has_objects = true,
         .tables = &scopes[0],
         .ntables = 1},
        {.name = "part 1", .path = path[1], .tables = &scopes[1], .ntables = 1}};
    const struct mr_case_merge of = {
        .pair = "one", .run = {.uuid = UUID}, .parts = parts, .nparts = PARTS};
    struct mr_findings *out = NULL;
    struct mr_find_table *found = NULL;
    size_t damaged = 0, count = 0;
    case_require(mr_findings_open(into, MR_CASE_WRITE, &out, NULL));
    case_require(mr_case_merge(&of, out, &damaged, NULL));
    case_require(mr_findings_tables(out, arena, &found, &count, NULL));
    assert_int_equal(count, PARTS);
    assert_int_equal(found[0].verdict, found[1].verdict);
    *reason = found[0].reason;
    (void)mr_findings_close(out, NULL);
    return found[0].verdict;
}

static void test_options(void **state)
{
    static const struct {
        const char *options[PARTS];
        bool is_one;
    } rows[] = {
        {{"since=\n", "since=\n"}, true},
        {{"since=\n", "since=1\n"}, false},
        {{"since=\nunrelated=1\n", "since=\n"}, false},
        {{"since=\nrows of db.t=a>1\n", "since=\nrows of db.t=a>1\n"}, true},
        /* a table that was dropped, and one that was made, before part 1 began */
        {{"since=\nrows of db.gone=a>1\n", "since=\n"}, true},
        {{"since=\n", "since=\nrows of db.new=a>1\n"}, true},
        {{"since=\nrows of db.gone=a>1\n", "since=\nrows of db.new=a>1\n"}, true},
        /* of tables that both have other rows were read, whoever is to read them */
        {{"since=\n", "since=\nrows of db.t=a>1\n"}, false},
        {{"since=\nrows of db.t=a>1\n", "since=\n"}, false},
        {{"since=\nrows of db.u=a>1\n", "since=\nrows of db.u=a>2\n"}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        const char *reason = NULL;
        (void)snprintf(dir, sizeof dir, "/tmp/test_merge_options.XXXXXX");
        assert_non_null(mkdtemp(dir));
        (void)snprintf(into, sizeof into, "%s/into.case", dir);
        for (size_t part = 0; part < PARTS; part++)
            make_part(part, rows[i].options[part]);
        const enum mr_verdict verdict = merge(&arena, &reason);
        if (verdict != (rows[i].is_one ? MR_VERDICT_EQUAL : MR_VERDICT_NOT_CHECKED))
            fail_msg("row %zu: %s", i, reason != NULL ? reason : "");
        if (!rows[i].is_one)
            assert_non_null(strstr(reason, "part 1 has other options than part 0"));
        (void)unlink(into);
        for (size_t part = 0; part < PARTS; part++)
            (void)unlink(path[part]);
        assert_int_equal(rmdir(dir), 0);
        mr_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_options)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
