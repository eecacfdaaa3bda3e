/* test_case_merge_seen.c: tables that came, went, were altered or changed names between the parts of a pair. */
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
#include "core/case/seen_tables.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define UUID "20260102T030405Z-8f3a.one"
#define PARTS 2
#define MOST 4

/* Part 0 reads db.t and compares the objects, part 1 reads db.u; each knows both. */
static const char *const tables[PARTS] = {"db.t", "db.u"};
static const char *const names[PARTS] = {"part 0", "part 1"};
static char dir[40], path[PARTS][64], into[64];

/* Of both sides when the part ended, by name, its columns behind a blank; none: an earlier version kept nothing. */
struct seen {
    const char *side[2][MOST];
    const char *numbers; /* of its own table, on the target */
};

static void save_seen(struct check_case *c, const struct seen *seen)
{
    for (int side = 0; side < 2; side++) {
        struct mr_seen_table all[MOST];
        char texts[MOST][32];
        size_t count = 0;
        for (; count < MOST && seen->side[side][count] != NULL; count++) {
            (void)snprintf(texts[count], sizeof texts[count], "%s", seen->side[side][count]);
            all[count].columns = strchr(texts[count], ' ') + 1;
            *strchr(texts[count], ' ') = '\0';
            all[count].name = texts[count];
        }
        if (count > 0)
            case_require(mr_seen_tables_save(c->fd, side, all, count, NULL));
    }
}

static void make_part(size_t part, const struct seen *seen)
{
    static const struct mr_range whole;
    struct check_case c;
    (void)snprintf(path[part], sizeof path[part], "%s/%zu.case", dir, part);
    case_begin_at(&c, path[part]);
    c.run.uuid = UUID;
    case_require(mr_findings_run_begin(c.fd, &c.run, NULL));
    save_seen(&c, seen);
    case_table(&c, tables[1 - part], MR_VERDICT_UNDECIDED, true);
    case_table(&c, tables[part], MR_VERDICT_UNDECIDED, true);
    const struct mr_find_made made[2] = {{"int", "=1\n", NULL}, {"int", seen->numbers, NULL}};
    const struct mr_find_made other[2] = {{"int", "=2\n", NULL}, made[1]};
    case_require(mr_findings_made_save(c.fd, c.table.id, part == 0 ? made : other, NULL));
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

/* Lines "TABLE: why it is not checked". */
static void merge(struct mr_strbuf *said)
{
    static const struct mr_case_merge_range range;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_case_merge_table scopes[PARTS];
    struct mr_case_merge_part parts[PARTS];
    for (size_t i = 0; i < PARTS; i++) {
        scopes[i] = (struct mr_case_merge_table){tables[i], &range, 1};
        parts[i] = (struct mr_case_merge_part){.name = names[i],
                                               .path = path[i],
                                               .has_objects = i == 0,
                                               .tables = &scopes[i],
                                               .ntables = 1};
    }
    const struct mr_case_merge of = {
        .pair = "one", .run = {.uuid = UUID}, .parts = parts, .nparts = PARTS};
    struct mr_findings *out = NULL;
    struct mr_find_table *found = NULL;
    size_t damaged = 0, count = 0;
    struct mr_err err = {0};
    (void)snprintf(into, sizeof into, "%s/into.case", dir);
    case_require(mr_findings_open(into, MR_CASE_WRITE, &out, NULL));
    if (mr_case_merge(&of, out, &damaged, &err) != MR_OK)
        fail_msg("%s", err.message);
    case_require(mr_findings_tables(out, &arena, &found, &count, NULL));
    (void)mr_findings_close(out, NULL);
    mr_strbuf_reset(said);
    for (size_t i = 0; i < count; i++)
        if (found[i].verdict != MR_VERDICT_EQUAL)
            mr_strbuf_add_fmt(said, "%s: %s\n", found[i].name, found[i].reason);
    mr_arena_release(&arena);
}

#define BOTH                                                                                       \
    {                                                                                              \
        "db.t a", "db.u b"                                                                         \
    }
#define BETWEEN " between the ends of part 0, which has compared the objects, and part 1\n"

static void test_seen(void **state)
{
    static const struct {
        const char *what;
        struct seen seen[PARTS];
        const char *said;
    } rows[] = {
        {"nothing changed", {{{BOTH, BOTH}, "=5\n"}, {{BOTH, BOTH}, "=6\n"}}, ""},
        {"by an earlier version", {{{BOTH, BOTH}, "=5\n"}, {{{NULL}, {NULL}}, "=6\n"}}, ""},
        {"one was dropped on the target, when its part had read it",
         {{{BOTH, BOTH}, "=5\n"}, {{BOTH, {"db.u b"}}, "=6\n"}},
         "db.t: it came or went on the target" BETWEEN},
        {"one was altered on the source",
         {{{BOTH, BOTH}, "=5\n"}, {{{"db.t A", "db.u b"}, BOTH}, "=6\n"}},
         "db.t: it was altered on the source" BETWEEN},
        {"one came that nobody reads, on both sides",
         {{{BOTH, BOTH}, "=5\n"},
          {{{"db.new x", "db.t a", "db.u b"}, {"db.new x", "db.t a", "db.u b"}}, "=6\n"}},
         "db.new: it came or went on the source" BETWEEN},
        {"one of the source alone went",
         {{{{"db.old x", "db.t a", "db.u b"}, BOTH}, "=5\n"}, {{BOTH, BOTH}, "=6\n"}},
         "db.old: it came or went on the source" BETWEEN},
        {"two have changed names",
         {{{BOTH, BOTH}, "=5\n"}, {{BOTH, BOTH}, "=5\n"}},
         "db.t: \"db.u\" was the same table of the target when its part read it: one has taken the "
         "other's name\n"
         "db.u: \"db.t\" was the same table of the target when its part read it: one has taken the "
         "other's name\n"},
        {"two have changed partitions",
         {{{BOTH, BOTH}, "#p#p0=5\n#p#a=b=7\n"}, {{BOTH, BOTH}, "=7\n"}},
         "db.t: \"db.u\" was the same table of the target when its part read it: one has taken the "
         "other's name\n"
         "db.u: \"db.t\" was the same table of the target when its part read it: one has taken the "
         "other's name\n"},
        {"numbers are not shown", {{{BOTH, BOTH}, NULL}, {{BOTH, BOTH}, NULL}}, ""},
    };
    struct mr_strbuf said = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        (void)snprintf(dir, sizeof dir, "/tmp/test_merge_seen.XXXXXX");
        assert_non_null(mkdtemp(dir));
        for (size_t part = 0; part < PARTS; part++)
            make_part(part, &rows[i].seen[part]);
        merge(&said);
        if (strcmp(said.ptr, rows[i].said) != 0)
            fail_msg("%s: %s", rows[i].what, said.ptr);
        (void)unlink(into);
        for (size_t part = 0; part < PARTS; part++)
            (void)unlink(path[part]);
        assert_int_equal(rmdir(dir), 0);
    }
    mr_strbuf_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_seen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
