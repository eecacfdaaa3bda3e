/* test_case_merge_whole.c: what the parts of one pair say of what others of them read: its options,
 * references, and tables that they have given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check_case.h"

#include "core/case/case_args.h"
#include "core/case/case_merge.h"
#include "core/case/lineage.h"

#define UUID "20260102T030405Z-8f3a.one"
#define PARTS 2

/* Part 0 reads db.t, part 1 reads db.u; each knows both. */
static const char *const tables[PARTS] = {"db.t", "db.u"};
static char dir[40], path[PARTS][64], into[64];

/* Of a table that the part alone has, or of one that both have, to one that it does not compare. */
static void add_reference(struct check_case *c, const char *table)
{
    static const size_t column[] = {0};
    if (strcmp(table, c->table.name) != 0)
        case_table(c, table, MR_VERDICT_UNDECIDED, true);
    struct mr_lineage_reference r = {.table = c->table.id,
                                     .parent_name = "db.p",
                                     .name = "fk",
                                     .condition_at = -1,
                                     .columns = column,
                                     .ncolumns = 1};
    case_require(mr_lineage_reference_add(c->fd, &r, NULL));
}

/* made: what the columns of the other part's table are, of its own: by SOURCE. */
struct told {
    const char *source, *options, *other_reason, *referring, *other_made, *made; /* or NULL */
};

/* Each part finds other numbers, and another time. */
static void save_made(struct check_case *c, const char *key, const char *time)
{
    const struct mr_find_made made[2] = {{key, NULL, time}, {"int(11)\nee", time, time}};
    if (key != NULL)
        case_require(mr_findings_made_save(c->fd, c->table.id, made, NULL));
}

static void make_part(size_t part, struct told told)
{
    static const struct mr_range whole;
    struct check_case c;
    (void)snprintf(path[part], sizeof path[part], "%s/%zu.case", dir, part);
    case_begin_at(&c, path[part]);
    c.run.uuid = UUID;
    c.run.source = told.source != NULL ? told.source : c.run.source;
    c.run.options = told.options != NULL ? told.options : "";
    case_require(mr_findings_run_begin(c.fd, &c.run, NULL));
    case_table(&c, tables[1 - part], MR_VERDICT_UNDECIDED, true);
    save_made(&c, told.other_made, "=7");
    if (told.other_reason != NULL) {
        c.table.verdict = MR_VERDICT_NOT_CHECKED;
        c.table.reason = told.other_reason;
        case_require(mr_findings_table_save(c.fd, &c.table, NULL));
    }
    case_table(&c, tables[part], MR_VERDICT_UNDECIDED, true);
    save_made(&c, told.made, "=8");
    const struct mr_find_chunk chunk = {.table = c.table.id, .last = true};
    case_require(mr_findings_segments_add(c.fd, c.table.id, &whole, 1, NULL));
    case_require(mr_findings_chunk_done(c.fd, &chunk, NULL, 0, NULL));
    c.table.verdict = MR_VERDICT_EQUAL;
    c.table.scanned = c.table.settled = true;
    case_require(mr_findings_table_save(c.fd, &c.table, NULL));
    if (told.referring != NULL)
        add_reference(&c, told.referring);
    c.run.finished = c.run.objects_done = c.run.kin_done = true;
    case_require(mr_findings_run_end(c.fd, &c.run, NULL));
    case_require(mr_findings_close(c.fd, NULL));
}

static void begin(void)
{
    (void)snprintf(dir, sizeof dir, "/tmp/test_merge_whole.XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(into, sizeof into, "%s/into.case", dir);
}

/* Both tables, once the parts are one; others are none's. */
static struct mr_find_table *merge(struct mr_arena *arena, size_t objects, struct mr_find_run *run)
{
    static const struct mr_case_merge_range range;
    static const struct mr_case_merge_table scopes[PARTS] = {{"db.t", &range, 1},
                                                             {"db.u", &range, 1}};
    const struct mr_case_merge_part parts[PARTS] = {{.name = "part 0",
                                                     .path = path[0],
                                                     .has_objects = objects == 0,
                                                     .tables = &scopes[0],
                                                     .ntables = 1},
                                                    {.name = "part 1",
                                                     .path = path[1],
                                                     .has_objects = objects == 1,
                                                     .tables = &scopes[1],
                                                     .ntables = 1}};
    const struct mr_case_merge of = {
        .pair = "one", .run = {.uuid = UUID}, .parts = parts, .nparts = PARTS};
    struct mr_findings *out = NULL;
    struct mr_find_table *found = NULL;
    size_t damaged = 0, count = 0;
    int64_t lost = -1;
    case_require(mr_findings_open(into, MR_CASE_WRITE, &out, NULL));
    struct mr_err err = {0};
    if (mr_case_merge(&of, out, &damaged, &err) != MR_OK)
        fail_msg("%s", err.message);
    case_require(mr_findings_tables(out, arena, &found, &count, NULL));
    case_require(mr_findings_run_last(out, arena, run, NULL));
    assert_true(count >= PARTS);
    case_require(
        mr_case_number_with(mr_findings_case(out),
                            "SELECT count(*) FROM reference WHERE tbl NOT IN (SELECT id FROM tbl)",
                            NULL, 0, &lost, NULL));
    assert_int_equal(lost, 0);
    (void)mr_findings_close(out, NULL);
    return found;
}

static void end(struct mr_arena *arena)
{
    (void)unlink(into);
    for (size_t part = 0; part < PARTS; part++)
        (void)unlink(path[part]);
    assert_int_equal(rmdir(dir), 0);
    mr_arena_release(arena);
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
        begin();
        for (size_t part = 0; part < PARTS; part++)
            make_part(part, (struct told){.options = rows[i].options[part]});
        struct mr_find_run run;
        const struct mr_find_table *found = merge(&arena, 0, &run);
        const char *reason = found[0].reason != NULL ? found[0].reason : "";
        if (found[0].verdict != (rows[i].is_one ? MR_VERDICT_EQUAL : MR_VERDICT_NOT_CHECKED))
            fail_msg("row %zu: %s", i, reason);
        assert_int_equal(found[0].verdict, found[1].verdict);
        if (!rows[i].is_one)
            assert_non_null(strstr(reason, "part 1 has other options than part 0"));
        end(&arena);
    }
}

/* The counter of a table that was altered while objects were compared is judged by nobody: who has read its rows
 * has not looked at it.  What the objects' part has not to read, the others judge alone. */
static void test_given_up_by_objects(void **state)
{
    static const char *const altered = "the table was altered on the target while it was read";
    (void)state;
    for (size_t part = 0; part < PARTS; part++) {
        struct mr_arena arena = MR_ARENA_INIT;
        begin();
        for (size_t i = 0; i < PARTS; i++)
            make_part(i, (struct told){.other_reason = i == part ? altered : NULL});
        struct mr_find_run run;
        const struct mr_find_table *found = merge(&arena, 0, &run);
        assert_int_equal(found[0].verdict, MR_VERDICT_EQUAL);
        assert_int_equal(found[1].verdict, part == 0 ? MR_VERDICT_NOT_CHECKED : MR_VERDICT_EQUAL);
        if (part == 0)
            assert_string_equal(found[1].reason, altered);
        end(&arena);
    }
}

/* Whom rows belong to is known without the references of a table that nobody reads, and that came or went. */
static void test_references_of_others(void **state)
{
    static const struct {
        const char *referring[PARTS];
        bool is_one;
    } rows[] = {
        {{NULL, NULL}, true},       {{"db.a_gone", NULL}, true},
        {{NULL, "db.z_new"}, true}, {{"db.z_gone", "db.z_new"}, true},
        {{"db.t", NULL}, false},    {{NULL, "db.u"}, false},
    };
    (void)state;
    for (size_t n = 0; n < PARTS * sizeof rows / sizeof *rows; n++) {
        const size_t i = n / PARTS;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_find_run run;
        begin();
        for (size_t part = 0; part < PARTS; part++)
            make_part(part, (struct told){.referring = rows[i].referring[part]});
        (void)merge(&arena, n % PARTS, &run);
        if (run.kin_done != rows[i].is_one || run.finished != rows[i].is_one)
            fail_msg("row %zu: %s", i, run.hidden != NULL ? run.hidden : "");
        end(&arena);
    }
}

/* A column that one side gets after the definitions were compared is seen by nobody who reads the others. */
static void test_altered_in_between(void **state)
{
    static const struct {
        const char *shown, *read; /* of db.u, by part 0 and by part 1 */
        bool is_one;
        const char *source, *why;
    } rows[] = {
        {"int(11)\nff", "int(11)\nff", true, NULL, NULL}, /* it was filled anew */
        {"int(11)\nff", "int(11)\nff", false, "snapshot:dir",
         "another snapshot has taken its place on the source"},
        {"int(11)\nff", "int(11)\nfe", false, NULL, "altered on the source between part 0"},
        {"int(11)\nff", "int(11)", true, NULL, NULL}, /* by an earlier version */
        {"int(11)\nff", NULL, true, NULL, NULL},
        {NULL, "int(11)\nff", true, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_find_run run;
        begin();
        make_part(0, (struct told){.source = rows[i].source, .other_made = rows[i].shown});
        make_part(1, (struct told){.source = rows[i].source, .made = rows[i].read});
        const struct mr_find_table *found = merge(&arena, 0, &run);
        assert_int_equal(found[0].verdict, MR_VERDICT_EQUAL);
        if (found[1].verdict != (rows[i].is_one ? MR_VERDICT_EQUAL : MR_VERDICT_NOT_CHECKED))
            fail_msg("row %zu: %s", i, found[1].reason != NULL ? found[1].reason : "");
        if (!rows[i].is_one)
            assert_non_null(strstr(found[1].reason, rows[i].why));
        end(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options), cmocka_unit_test(test_references_of_others),
        cmocka_unit_test(test_altered_in_between), cmocka_unit_test(test_given_up_by_objects)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
