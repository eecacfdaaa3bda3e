/* test_case_merge_replaced.c: a part that is done again while it is merged: nothing of two readings is
 * joined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_case.h"

#include "core/case/case_merge.h"

#define UUID "20260102T030405Z-8f3a.one"

/* A pair of one part, which has its only table whole. */
static char dir[32], path[64], into[64];

static void make_part(void)
{
    static const struct mr_range whole;
    struct check_case c;
    (void)snprintf(dir, sizeof dir, "/tmp/test_case_replaced.XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/0.case", dir);
    (void)snprintf(into, sizeof into, "%s/into.case", dir);
    case_begin_at(&c, path);
    c.run.uuid = UUID;
    case_require(mr_findings_run_begin(c.fd, &c.run, NULL));
    case_table(&c, "db.t", MR_VERDICT_UNDECIDED, true);
    case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED,
                                   .kind = MR_KIND_MISSING,
                                   .source = "2/ann/x",
                                   .source_id = "ann"});
    const struct mr_find_chunk chunk = {.table = c.table.id, .last = true, .source_rows = 1};
    case_require(mr_findings_segments_add(c.fd, c.table.id, &whole, 1, NULL));
    case_require(mr_findings_chunk_done(c.fd, &chunk, NULL, 0, NULL));
    case_summarise(&c);
    c.table.verdict = MR_VERDICT_DIVERGED;
    c.table.scanned = c.table.settled = true;
    case_require(mr_findings_table_save(c.fd, &c.table, NULL));
    c.run.finished = c.run.objects_done = c.run.kin_done = true;
    case_require(mr_findings_run_end(c.fd, &c.run, NULL));
    case_require(mr_findings_close(c.fd, NULL));
}

/* ---- meanwhile: between what a part tells of its tables, and their rows ---- */

static void (*meanwhile)(void);

enum mr_code __real_mr_findings_objects(struct mr_findings *fd, struct mr_arena *arena,
                                        struct mr_vec *objects, struct mr_err *err);
enum mr_code __wrap_mr_findings_objects(struct mr_findings *fd, struct mr_arena *arena,
                                        struct mr_vec *objects, struct mr_err *err);
enum mr_code __wrap_mr_findings_objects(struct mr_findings *fd, struct mr_arena *arena,
                                        struct mr_vec *objects, struct mr_err *err)
{
    if (meanwhile != NULL)
        meanwhile();
    return __real_mr_findings_objects(fd, arena, objects, err);
}

/* Another file, of as many bytes. */
static void publish_again(void)
{
    static const struct timespec then[] = {{1000000000, 0}, {1000000000, 0}};
    struct mr_findings *fd = NULL;
    char copy[80];
    (void)snprintf(copy, sizeof copy, "%s.new", path);
    case_require(mr_findings_copy(path, copy, NULL));
    case_require(mr_findings_open(copy, MR_CASE_WRITE, &fd, NULL));
    case_require(mr_case_exec(mr_findings_case(fd), "UPDATE finding SET kind=3", NULL));
    case_require(mr_findings_close(fd, NULL));
    assert_int_equal(utimensat(AT_FDCWD, copy, then, 0), 0);
    assert_int_equal(rename(copy, path), 0);
}

static void take_away(void)
{
    assert_int_equal(unlink(path), 0);
}

static enum mr_code merge(size_t *damaged, struct mr_err *err)
{
    static const struct mr_case_merge_range range;
    static const struct mr_case_merge_table table = {"db.t", &range, 1};
    static const struct mr_case_merge_part part = {
        .name = "part 0", .path = path, .has_objects = true, .tables = &table, .ntables = 1};
    const struct mr_case_merge of = {
        .pair = "one", .run = {.uuid = UUID}, .parts = &part, .nparts = 1};
    struct mr_findings *out = NULL;
    case_require(mr_findings_open(into, MR_CASE_WRITE, &out, NULL));
    enum mr_code code = mr_case_merge(&of, out, damaged, err);
    (void)mr_findings_close(out, NULL);
    assert_int_equal(unlink(into), 0);
    return code;
}

static void test_replaced(void **state)
{
    static const struct {
        void (*meanwhile)(void);
        enum mr_code code;
        size_t damaged;
        const char *message; /* NULL: none */
    } rows[] = {
        {NULL, MR_OK, 1, NULL},
        {publish_again, MR_E_IO, 1, "was replaced while it was merged"},
        {take_away, MR_E_CASE, 0, "could not open"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mr_err err = {0};
        size_t damaged = 7;
        make_part();
        meanwhile = rows[i].meanwhile;
        if (merge(&damaged, &err) != rows[i].code || damaged != rows[i].damaged)
            fail_msg("row %zu: %zu, %s", i, damaged, err.message);
        meanwhile = NULL;
        if (rows[i].message != NULL &&
            (strstr(err.message, rows[i].message) == NULL || strstr(err.message, path) == NULL))
            fail_msg("row %zu: %s", i, err.message);
        (void)unlink(path);
        assert_int_equal(rmdir(dir), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_replaced)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
