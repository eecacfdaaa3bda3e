/* test_findings.c: runs, tables, segments, chunks, findings and objects of a case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "check_case.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static struct mr_key text_key(const char *text)
{
    return (struct mr_key){text, text != NULL ? strlen(text) : 0};
}

static void check_key(struct mr_key key, const char *expected)
{
    if (expected == NULL) {
        assert_null(key.ptr);
        return;
    }
    assert_int_equal(key.len, strlen(expected));
    assert_memory_equal(key.ptr, expected, key.len);
}

/* ---- runs */

static void test_runs(void **state)
{
    char path[] = "/tmp/test_findings.XXXXXX";
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_findings *fd = NULL;
    struct mr_find_run last = {0}, first = {.uuid = "one",
                                            .source = "s",
                                            .target = "t",
                                            .options = "o",
                                            .started = "now"};
    struct mr_find_run second = first;
    (void)state;
    second.uuid = "two";
    assert_non_null(mkdtemp(path));
    char *file = NULL;
    assert_true(asprintf(&file, "%s/case", path) > 0);
    assert_int_equal(mr_findings_open(file, MR_CASE_WRITE, &fd, NULL), MR_OK);
    assert_int_equal(mr_findings_run_last(fd, &arena, &last, NULL), MR_OK);
    assert_int_equal(last.id, 0);
    assert_int_equal(mr_findings_run_begin(fd, &first, NULL), MR_OK);
    assert_int_equal(mr_findings_run_begin(fd, &second, NULL), MR_OK);
    assert_true(second.id > first.id);
    second.finished = second.objects_done = true;
    second.seconds = 12.345;
    second.replication = "follows";
    second.hidden = "events";
    assert_int_equal(mr_findings_run_end(fd, &second, NULL), MR_OK);
    assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
    assert_int_equal(mr_findings_open(file, MR_CASE_READ, &fd, NULL), MR_OK);
    assert_int_equal(mr_findings_run_last(fd, &arena, &last, NULL), MR_OK);
    assert_int_equal(last.id, second.id);
    assert_string_equal(last.uuid, "two");
    assert_string_equal(last.source, "s");
    assert_string_equal(last.target, "t");
    assert_string_equal(last.options, "o");
    assert_string_equal(last.started, "now");
    assert_string_equal(last.replication, "follows");
    assert_string_equal(last.hidden, "events");
    assert_true(last.finished && last.objects_done);
    assert_true(last.seconds > 12.3449 && last.seconds < 12.3451);
    assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
    mr_arena_release(&arena);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(path), 0);
    free(file);
}

static void add_run(struct mr_findings *fd, const char *uuid, bool finished)
{
    struct mr_find_run run = {
        .uuid = uuid, .source = "s", .target = "t", .options = "", .started = "now"};
    case_require(mr_findings_run_begin(fd, &run, NULL));
    run.finished = run.kin_done = finished;
    case_require(mr_findings_run_end(fd, &run, NULL));
}

static void test_run_chosen(void **state)
{
    static const struct {
        const char *uuid;
        const char *chosen; /* NULL: none */
        const char *message;
    } cases[] = {
        {NULL, "20260102T000000Z-bbbb", NULL}, /* not the last one, which is not finished */
        {"20260101T000000Z-aaaa", "20260101T000000Z-aaaa", NULL},
        {"-cccc", "20260103T000000Z-cccc", NULL},
        {"20260102", "20260102T000000Z-bbbb", NULL},
        {"2026", NULL, "several runs"},
        {"dddd", NULL, "no run"},
        /* the whole name of one is a part of another's */
        {"plain", "plain", NULL},
        {"plai", NULL, "several runs"},
    };
    struct mr_findings *fd = NULL;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_run run;
    struct mr_err err = {0};
    (void)state;
    case_require(mr_findings_open(NULL, MR_CASE_WRITE, &fd, NULL));
    assert_int_equal(mr_findings_run_choose(fd, NULL, &arena, &run, &err), MR_E_NO_SUCH);
    assert_non_null(strstr(err.message, "holds no run"));
    assert_non_null(strstr(mr_err_get_hint(&err), "--case"));
    add_run(fd, "20260101T000000Z-aaaa", false);
    assert_int_equal(mr_findings_run_choose(fd, NULL, &arena, &run, &err), MR_OK);
    assert_string_equal(run.uuid, "20260101T000000Z-aaaa");
    assert_false(run.finished || run.kin_done);
    add_run(fd, "plain and more", false);
    add_run(fd, "plain", true);
    add_run(fd, "20260102T000000Z-bbbb", true);
    add_run(fd, "20260103T000000Z-cccc", false);
    for (size_t i = 0; i < LEN(cases); i++) {
        enum mr_code code = mr_findings_run_choose(fd, cases[i].uuid, &arena, &run, &err);
        assert_int_equal(code, cases[i].chosen != NULL ? MR_OK : MR_E_NO_SUCH);
        if (code != MR_OK) {
            assert_non_null(strstr(err.message, cases[i].message));
            assert_non_null(strstr(mr_err_get_hint(&err), "20260103T000000Z-cccc"));
            continue;
        }
        bool is_usual = false;
        assert_string_equal(run.uuid, cases[i].chosen);
        assert_int_equal(mr_findings_run_id(fd), run.id);
        case_require(mr_findings_run_is_usual(fd, &run, &is_usual, NULL));
        assert_int_equal(is_usual, strcmp(run.uuid, cases[0].chosen) == 0);
    }
    assert_true(run.finished && run.kin_done);
    mr_arena_release(&arena);
    case_require(mr_findings_close(fd, NULL));
}

/* ---- tables */

static void test_table_found_again(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_table *tables = NULL;
    size_t count = 0;
    bool known = true;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.u", MR_VERDICT_EQUAL, false);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    struct mr_find_table again = c.table;
    c.table.counts = (struct mr_find_counts){1, 2, 3, 4, 5, 6, 7, 8, 9};
    c.table.schema_differs = c.table.scanned = c.table.settled = true;
    c.table.reason = "why";
    c.table.note = "note";
    assert_int_equal(mr_findings_table_save(c.fd, &c.table, NULL), MR_OK);
    again.id = 0;
    again.verdict = MR_VERDICT_UNDECIDED;
    assert_int_equal(mr_findings_table_add(c.fd, &again, &known, NULL), MR_OK);
    assert_true(known);
    assert_int_equal(again.id, c.table.id);
    assert_int_equal(again.verdict, MR_VERDICT_DIVERGED);
    assert_true(again.schema_differs && again.scanned && again.settled);
    assert_memory_equal(&again.counts, &c.table.counts, sizeof again.counts);
    assert_int_equal(mr_findings_tables(c.fd, &arena, &tables, &count, NULL), MR_OK);
    assert_int_equal(count, 2);
    assert_string_equal(tables[0].name, "d.t");
    assert_string_equal(tables[0].reason, "why");
    assert_string_equal(tables[0].note, "note");
    assert_int_equal(tables[0].ncolumns, 3);
    assert_string_equal(tables[0].columns[1].name, "phone");
    assert_int_equal(tables[0].columns[1].identity_at, 0);
    assert_int_equal(tables[0].columns[0].key_at, 0);
    assert_string_equal(tables[1].name, "d.u");
    assert_null(tables[1].reason);
    mr_arena_release(&arena);
    case_end(&c);
}

/* What a run knows of a table from the start is there from the start: it may be killed. */
static void test_table_known_at_once(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_table *tables = NULL;
    size_t count = 0;
    bool known = true;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_UNDECIDED, true);
    struct mr_find_table table = c.table;
    table.id = 0;
    table.name = table.target_name = "d.u";
    table.identity_known = table.windowed = true;
    table.subject = MR_SUBJECT_CONFIGURED;
    table.time_at = 2;
    assert_int_equal(mr_findings_table_add(c.fd, &table, &known, NULL), MR_OK);
    assert_false(known);
    assert_int_equal(mr_findings_tables(c.fd, &arena, &tables, &count, NULL), MR_OK);
    assert_int_equal(count, 2);
    assert_true(tables[1].identity_known && tables[1].windowed);
    assert_int_equal(tables[1].subject, MR_SUBJECT_CONFIGURED);
    assert_int_equal(tables[1].time_at, 2);
    mr_arena_release(&arena);
    case_end(&c);
}

/* A table that was altered since starts anew: nothing of it is left. */
static void test_altered_table(void **state)
{
    (void)state;
    for (int change = 0; change < 6; change++) {
        struct check_case c;
        uint64_t left = 99;
        bool known = true;
        struct mr_find_counts counts = {0};
        case_begin(&c);
        case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
        case_chunk(&c, 0, 5, true);
        case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "1/a/b", NULL,
                                       NULL});
        struct mr_find_table again = c.table;
        switch (change) {
        case 0: c.columns[2].name = "other"; break;
        case 1: c.columns[2].style.cls = MR_CLASS_BINARY; break;
        case 2: c.columns[2].charset = "latin1"; break;
        case 3: c.columns[2].key_at = 1; break;
        case 4: c.columns[2].normalise = true; break;
        default: again.ncolumns = 2; break;
        }
        assert_int_equal(mr_findings_table_add(c.fd, &again, &known, NULL), MR_OK);
        assert_false(known);
        assert_int_equal(mr_findings_count(c.fd, again.id, MR_FIND_DIVERGED, &left, NULL), MR_OK);
        assert_int_equal(left, 0);
        assert_int_equal(mr_findings_chunk_sums(c.fd, again.id, &counts, NULL), MR_OK);
        assert_int_equal(mr_findings_table_add(c.fd, &again, &known, NULL), MR_OK);
        assert_true(known);
        case_end(&c);
    }
}

/* What does not change the findings may have changed before a run is resumed. */
static void test_table_of_other_settings(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_table *tables = NULL;
    size_t count = 0;
    bool known = false;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED, .source = "1/a/b"});
    struct mr_find_table again = c.table;
    c.columns[1].masked = true;
    c.columns[1].type = "varchar(20)";
    again.subject = MR_SUBJECT_CONFIGURED;
    again.time_at = 2;
    again.windowed = true;
    assert_int_equal(mr_findings_table_add(c.fd, &again, &known, NULL), MR_OK);
    assert_true(known);
    assert_int_equal(mr_findings_table_save(c.fd, &again, NULL), MR_OK);
    assert_int_equal(mr_findings_tables(c.fd, &arena, &tables, &count, NULL), MR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(tables[0].subject, MR_SUBJECT_CONFIGURED);
    assert_int_equal(tables[0].time_at, 2);
    assert_true(tables[0].windowed);
    assert_int_equal(tables[0].ncolumns, 3);
    assert_true(tables[0].columns[1].masked);
    assert_false(tables[0].columns[0].masked);
    assert_string_equal(tables[0].columns[1].type, "varchar(20)");
    uint64_t findings = 0;
    case_require(mr_findings_count(c.fd, again.id, MR_FIND_DIVERGED, &findings, NULL));
    assert_int_equal(findings, 1);
    mr_arena_release(&arena);
    case_end(&c);
}

/* ---- segments and chunks */

static void finish_chunk(struct check_case *c, size_t segment, int64_t no, const char *hi,
                         bool last)
{
    struct mr_find_chunk chunk = {.table = c->table.id,
                                  .segment = segment,
                                  .no = no,
                                  .hi = text_key(hi),
                                  .last = last,
                                  .source_rows = 10,
                                  .target_rows = 9,
                                  .bytes = 100,
                                  .equal = 8};
    struct mr_find_suspect suspects[2] = {{text_key("k1"), 0, 3}, {text_key("k2"), 1, 4}};
    assert_int_equal(mr_findings_chunk_done(c->fd, &chunk, suspects, 2, NULL), MR_OK);
}

static void test_segments(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_segment *segments = NULL;
    struct mr_find_counts counts = {0};
    size_t count = 99;
    (void)state;
    const struct mr_range ranges[] = {{text_key(NULL), text_key("d")},
                                      {text_key("d"), text_key("m")},
                                      {text_key("m"), text_key(NULL)}};
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_UNDECIDED, false);
    assert_int_equal(mr_findings_segments(c.fd, c.table.id, &arena, &segments, &count, NULL),
                     MR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(mr_findings_segments_add(c.fd, c.table.id, ranges, 3, NULL), MR_OK);
    finish_chunk(&c, 0, 0, "b", false);
    finish_chunk(&c, 0, 1, "d", true);
    finish_chunk(&c, 2, 0, "q", false);
    finish_chunk(&c, 2, 1, "s", false);
    assert_int_equal(mr_findings_segments(c.fd, c.table.id, &arena, &segments, &count, NULL),
                     MR_OK);
    assert_int_equal(count, 3);
    assert_true(segments[0].done);
    assert_false(segments[1].done || segments[2].done);
    check_key(segments[0].lo, NULL);
    check_key(segments[1].lo, "d");
    check_key(segments[1].hi, "m");
    check_key(segments[1].done_to, NULL);
    assert_int_equal(segments[1].next_chunk, 0);
    check_key(segments[2].hi, NULL);
    check_key(segments[2].done_to, "s");
    assert_int_equal(segments[2].next_chunk, 2);
    assert_int_equal(mr_findings_chunk_sums(c.fd, c.table.id, &counts, NULL), MR_OK);
    assert_int_equal(counts.source_rows, 40);
    assert_int_equal(counts.target_rows, 36);
    assert_int_equal(counts.bytes, 400);
    mr_arena_release(&arena);
    case_end(&c);
}

/* A chunk and its suspects are one: the same chunk again changes nothing. */
static void test_chunk_is_one_transaction(void **state)
{
    struct check_case c;
    struct mr_err err = {0};
    uint64_t count = 0;
    (void)state;
    struct mr_find_suspect suspect = {text_key("k"), 0, 0};
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_UNDECIDED, false);
    finish_chunk(&c, 0, 0, "b", false);
    struct mr_find_chunk chunk = {.table = c.table.id, .hi = text_key("b")};
    assert_int_equal(mr_findings_chunk_done(c.fd, &chunk, &suspect, 1, &err), MR_E_CASE);
    assert_int_equal(mr_findings_count(c.fd, c.table.id, MR_FIND_SUSPECT, &count, NULL), MR_OK);
    assert_int_equal(count, 2);
    chunk.no = 1;
    assert_int_equal(mr_findings_chunk_done(c.fd, &chunk, &suspect, 1, &err), MR_OK);
    case_end(&c);
}

/* ---- findings */

static void test_in_state(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_finding);
    uint64_t count = 0;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_UNDECIDED, false);
    finish_chunk(&c, 0, 0, "b", false);
    finish_chunk(&c, 0, 1, "c", true);
    assert_int_equal(
        mr_findings_in_state(c.fd, c.table.id, MR_FIND_SUSPECT, 0, 3, true, &arena, &list, NULL),
        MR_OK);
    assert_int_equal(list.count, 3);
    struct mr_finding *f = mr_vec_at(&list, 2);
    check_key(f->key, "k1");
    assert_int_equal(f->chunk, 1);
    assert_int_equal(f->equal, 3);
    assert_int_equal(f->count, 1);
    assert_null(f->source);
    int64_t after = f->id;
    f->state = MR_FIND_DIVERGED;
    f->kind = MR_KIND_MISSING;
    f->source = "N";
    f->source_len = 1;
    assert_int_equal(mr_findings_save(c.fd, c.table.id, f, 1, true, NULL), MR_OK);
    mr_vec_clear(&list);
    assert_int_equal(mr_findings_in_state(c.fd, c.table.id, MR_FIND_SUSPECT, after, 10, true,
                                          &arena, &list, NULL),
                     MR_OK);
    assert_int_equal(list.count, 1);
    mr_vec_clear(&list);
    for (int images = 0; images < 2; images++)
        assert_int_equal(mr_findings_in_state(c.fd, c.table.id, MR_FIND_DIVERGED, 0, 10,
                                              images != 0, &arena, &list, NULL),
                         MR_OK);
    assert_int_equal(list.count, 2);
    assert_null(((struct mr_finding *)mr_vec_at(&list, 0))->source);
    assert_non_null(((struct mr_finding *)mr_vec_at(&list, 1))->source);
    assert_null(((struct mr_finding *)mr_vec_at(&list, 1))->target);
    assert_int_equal(mr_findings_restate(c.fd, c.table.id, MR_FIND_DIVERGED, MR_FIND_PAIRED, NULL),
                     MR_OK);
    assert_int_equal(mr_findings_count(c.fd, c.table.id, MR_FIND_PAIRED, &count, NULL), MR_OK);
    assert_int_equal(count, 1);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    case_end(&c);
}

/* Ids of a page, and how many bytes of images it holds. */
static size_t read_page(struct check_case *c, struct mr_find_page page, int64_t *ids)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_finding);
    page.table = c->table.id;
    assert_int_equal(mr_findings_page(c->fd, &page, &arena, &list, NULL), MR_OK);
    size_t count = list.count;
    for (size_t i = 0; i < count; i++) {
        const struct mr_finding *f = mr_vec_at(&list, i);
        assert_int_equal(f->state, page.state);
        assert_int_equal(f->source != NULL, page.with_images);
        ids[i] = f->id;
    }
    mr_vec_release(&list);
    mr_arena_release(&arena);
    return count;
}

static void test_pages(void **state)
{
    struct check_case c;
    int64_t ids[20];
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (int i = 0; i < 10; i++) /* images of 21 bytes; every third is settled */
        case_row(&c, (struct case_row){0, 0, i % 3 == 2 ? MR_FIND_SETTLED : MR_FIND_DIVERGED,
                                       MR_KIND_MISSING, "1/a/", NULL, "a", NULL});
    const struct mr_find_page all = {.state = MR_FIND_DIVERGED, .limit = 20, .with_images = true};
    struct mr_find_page page = all;
    assert_int_equal(read_page(&c, page, ids), 7);
    int64_t first = ids[0];
    page.after_id = first;
    page.last_id = first + 4;
    assert_int_equal(read_page(&c, page, ids), 3);
    assert_int_equal(ids[0], first + 1);
    assert_int_equal(ids[2], first + 4);
    page = all;
    page.max_bytes = 1; /* the one that reaches it is the last */
    assert_int_equal(read_page(&c, page, ids), 1);
    page.max_bytes = 42;
    assert_int_equal(read_page(&c, page, ids), 2);
    page.with_images = false;
    assert_int_equal(read_page(&c, page, ids), 7);
    page.kinds = 1U << MR_KIND_EXTRA | 1U << MR_KIND_CHANGED;
    assert_int_equal(read_page(&c, page, ids), 0);
    case_row(&c,
             (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_CHANGED, "1/a/", "1/b/", "a", "a"});
    assert_int_equal(read_page(&c, page, ids), 1);
    page.kinds = 1U << MR_KIND_MISSING;
    assert_int_equal(read_page(&c, page, ids), 7);
    case_end(&c);
}

/* Every open finding is in exactly one part, whatever the number of parts. */
static void test_cut(void **state)
{
    enum { ROWS = 23 };
    struct check_case c;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (int i = 0; i < ROWS; i++)
        case_row(&c, (struct case_row){0, 0, i % 4 == 0 ? MR_FIND_SUSPECT : MR_FIND_SEEN_ONCE,
                                       MR_KIND_UNDECIDED, "1/a/", NULL, NULL, NULL});
    for (size_t parts = 1; parts < 2 * ROWS; parts++) {
        struct mr_vec cuts = MR_VEC_INIT(int64_t);
        size_t seen = 0, largest = 0;
        int64_t after = 0, ids[ROWS];
        assert_int_equal(mr_findings_cut(c.fd, c.table.id, MR_FIND_SEEN_ONCE, parts, &cuts, NULL),
                         MR_OK);
        assert_true(cuts.count < parts);
        for (size_t i = 0; i <= cuts.count; i++) {
            int64_t last = i < cuts.count ? *(int64_t *)mr_vec_at(&cuts, i) : 0;
            assert_true(last == 0 || last > after);
            struct mr_find_page page = {.state = MR_FIND_SEEN_ONCE,
                                        .after_id = after,
                                        .last_id = last,
                                        .limit = ROWS,
                                        .with_images = true};
            size_t once = read_page(&c, page, ids);
            page.state = MR_FIND_SUSPECT;
            seen += once + read_page(&c, page, ids);
            largest = once > largest ? once : largest;
            after = last;
        }
        assert_int_equal(seen, ROWS);
        if (parts > 1 && parts <= 17)
            assert_true(largest < 17);
        mr_vec_release(&cuts);
    }
    case_end(&c);
}

/* A key is added once; one whose finding is paired, or was settled before its row came, counts as unknown. */
static void test_add_unknown(void **state)
{
    struct check_case c;
    uint64_t count = 0;
    struct mr_finding f = {.key = text_key("k1"), .count = 1};
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_UNDECIDED, false);
    finish_chunk(&c, 0, 0, "b", false); /* two suspects */
    assert_int_equal(mr_findings_count(c.fd, c.table.id, MR_FIND_SUSPECT, &count, NULL), MR_OK);
    uint64_t before = count;
    for (int time = 0; time < 3; time++) {
        f.key = text_key(time == 0 ? "k1" : "new");
        assert_int_equal(mr_findings_add_unknown(c.fd, c.table.id, &f, NULL), MR_OK);
        assert_int_equal(mr_findings_count(c.fd, c.table.id, MR_FIND_SUSPECT, &count, NULL), MR_OK);
        assert_int_equal(count, before + (time > 0));
    }
    assert_int_equal(mr_findings_restate(c.fd, c.table.id, MR_FIND_SUSPECT, MR_FIND_PAIRED, NULL),
                     MR_OK);
    assert_int_equal(mr_findings_add_unknown(c.fd, c.table.id, &f, NULL), MR_OK);
    assert_int_equal(mr_findings_count(c.fd, c.table.id, MR_FIND_SUSPECT, &count, NULL), MR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(mr_findings_restate(c.fd, c.table.id, MR_FIND_SUSPECT, MR_FIND_SETTLED, NULL),
                     MR_OK);
    assert_int_equal(mr_findings_add_unknown(c.fd, c.table.id, &f, NULL), MR_OK);
    assert_int_equal(mr_findings_count(c.fd, c.table.id, MR_FIND_SUSPECT, &count, NULL), MR_OK);
    assert_int_equal(count, 1);
    case_end(&c);
}

static enum mr_code write_moved(void *ctx, const struct mr_finding *source,
                                const struct mr_finding *target, struct mr_err *err)
{
    struct mr_strbuf *out = ctx;
    (void)err;
    mr_strbuf_add_fmt(out, "%.*s>%.*s ", (int)source->source_id_len,
                      (const char *)source->source_id, (int)target->target_id_len,
                      (const char *)target->target_id);
    return MR_OK;
}

/* Moved: once on each side, and not under the same key. */
static void test_summarise(void **state)
{
    static const struct case_row rows[] = {
        {0, 0, MR_FIND_DIVERGED, MR_KIND_COLLISION, "1/a/", "1/b/", "a", "b"},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_COLLISION, "2/b/", "2/a/", "b", "a"},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_MISSING, "3/c/", NULL, "c", NULL},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_MISSING, "4/c/", NULL, "c", NULL},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "5/c/", NULL, "c"},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_CHANGED, "6/d/", "6/d/x", "d", "d"},
        {0, 0, MR_FIND_SETTLED, MR_KIND_EXTRA, NULL, "7/e/", NULL, "e"},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_MISSING, "8/e/", NULL, "e", NULL}};
    struct check_case c;
    struct mr_strbuf moved = MR_STRBUF_INIT;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (size_t i = 0; i < LEN(rows); i++)
        case_row(&c, rows[i]);
    for (int time = 0; time < 2; time++)
        case_summarise(&c); /* the second does not count twice */
    assert_int_equal(c.table.counts.missing, 3);
    assert_int_equal(c.table.counts.extra, 1);
    assert_int_equal(c.table.counts.changed, 1);
    assert_int_equal(c.table.counts.collision, 2);
    assert_int_equal(c.table.counts.moved, 2);
    assert_int_equal(mr_findings_walk_moved(c.fd, c.table.id, write_moved, &moved, NULL), MR_OK);
    assert_string_equal(moved.ptr, "a>a b>b ");
    mr_strbuf_reset(&moved);
    assert_int_equal(mr_findings_walk_moved_first(c.fd, c.table.id, 1, write_moved, &moved, NULL),
                     MR_OK);
    assert_string_equal(moved.ptr, "a>a ");
    mr_strbuf_release(&moved);
    case_end(&c);
}

/* An identity that a side holds twice, once in a row that is equal, has not moved. */
static void test_moved_and_duplicates(void **state)
{
    (void)state;
    for (int side = -1; side < 2; side++) {
        struct check_case c;
        case_begin(&c);
        case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
        case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_MISSING, "1/a/", NULL, "a",
                                       NULL});
        case_row(&c,
                 (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "2/a/", NULL, "a"});
        case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_CHANGED, "3/b/", "3/b/x",
                                       "b", "b"});
        case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_MISSING, "4/b/", NULL, "b",
                                       NULL});
        if (side >= 0)
            case_duplicate(&c, side, "a", "9/a/");
        case_summarise(&c);
        assert_int_equal(c.table.counts.moved, side < 0);
        case_end(&c);
    }
}

/* Rows whose identity is NULL: counted once, of sides that have a row. */
static void test_null_identities(void **state)
{
    static const struct case_row rows[] = {
        {0, 0, MR_FIND_DIVERGED, MR_KIND_MISSING, "1/a/", NULL, "a", NULL},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "2/a/", NULL, "a"},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_CHANGED, "3/b/", "3/b/x", "b", "b"},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_MISSING, "4/NULL/", NULL, NULL, NULL},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "5/NULL/", NULL, NULL},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_CHANGED, "6/NULL/", "6/c/", NULL, "c"},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_CHANGED, "7/NULL/", "7/NULL/x", NULL, NULL},
        {0, 0, MR_FIND_SETTLED, MR_KIND_UNDECIDED, "8/NULL/", NULL, NULL, NULL}};
    struct check_case c;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (size_t i = 0; i < LEN(rows); i++)
        case_row(&c, rows[i]);
    case_summarise(&c);
    assert_int_equal(c.table.counts.null_identities, 4);
    assert_int_equal(c.table.counts.moved, 1); /* a */
    case_end(&c);
}

static enum mr_code stop_walk(void *ctx, const struct mr_finding *finding, struct mr_err *err)
{
    ++*(int *)ctx;
    (void)finding;
    return mr_err_set(err, MR_E_IO, "enough");
}

/* What a walker returns ends the walk, and the case can be used afterwards. */
static void test_walk_stops(void **state)
{
    struct check_case c;
    int calls = 0;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (int i = 0; i < 3; i++)
        case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_MISSING, "1/a/", NULL, "a",
                                       NULL});
    assert_int_equal(mr_findings_walk(c.fd, c.table.id, true, stop_walk, &calls, NULL), MR_E_IO);
    assert_int_equal(calls, 1);
    case_summarise(&c);
    assert_int_equal(c.table.counts.missing, 3);
    calls = 0;
    assert_int_equal(mr_findings_walk_first(c.fd, c.table.id, 0, stop_walk, &calls, NULL), MR_OK);
    assert_int_equal(calls, 0);
    case_end(&c);
}

/* A save takes the place of the one before, and of no other run's. */
static void test_advice(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec got = MR_VEC_INIT(struct mr_find_advice);
    static const struct mr_find_advice one[] = {{"d.t", "a_id", "why", "[table d.t]"},
                                                {"d.t", NULL, "or not", "x\ny"}};
    static const struct mr_find_advice two[] = {{"d.u", "b_id", "later", "z"}};
    (void)state;
    case_begin(&c);
    assert_int_equal(mr_findings_advice(c.fd, &arena, &got, NULL), MR_OK);
    assert_int_equal(got.count, 0);
    assert_int_equal(mr_findings_advice_save(c.fd, two, LEN(two), NULL), MR_OK);
    assert_int_equal(mr_findings_advice_save(c.fd, one, LEN(one), NULL), MR_OK);
    assert_int_equal(mr_findings_advice(c.fd, &arena, &got, NULL), MR_OK);
    assert_int_equal(got.count, 2);
    const struct mr_find_advice *a = got.items;
    assert_string_equal(a[0].table, "d.t");
    assert_string_equal(a[0].column, "a_id");
    assert_string_equal(a[0].text, "why");
    assert_string_equal(a[0].config, "[table d.t]");
    assert_null(a[1].column);
    assert_string_equal(a[1].config, "x\ny");
    c.run.uuid = "next";
    assert_int_equal(mr_findings_run_begin(c.fd, &c.run, NULL), MR_OK);
    assert_int_equal(mr_findings_advice_save(c.fd, NULL, 0, NULL), MR_OK);
    mr_vec_clear(&got);
    assert_int_equal(mr_findings_advice(c.fd, &arena, &got, NULL), MR_OK);
    assert_int_equal(got.count, 0);
    mr_vec_release(&got);
    mr_arena_release(&arena);
    case_end(&c);
}

/* ---- counters */

static void test_counters(void **state)
{
    static const uint64_t numbers[][4] = {
        {1, 0, 1, 0},
        {UINT64_MAX, UINT64_MAX, UINT64_C(9223372036854775808), INT64_MAX},
        {5, 4, UINT64_MAX - 1, 1000}};
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_find_counter);
    struct mr_find_run other;
    (void)state;
    case_begin(&c);
    other = c.run;
    for (size_t i = 0; i < LEN(numbers); i++) {
        static const char *const names[] = {"d.z", "d.y", "d.x"};
        case_table(&c, names[i], MR_VERDICT_EQUAL, false);
        for (int again = 0; again < 2; again++) {
            struct mr_find_counter counter = {.table = c.table.id, .column = "id"};
            for (int side = 0; side < 2; side++) {
                counter.next[side] = again == 0 ? 77 : numbers[i][2 * side];
                counter.greatest[side] = again == 0 ? 77 : numbers[i][2 * side + 1];
            }
            assert_int_equal(mr_findings_counter_save(c.fd, &counter, NULL), MR_OK);
        }
    }
    assert_int_equal(mr_findings_counters(c.fd, &arena, &list, NULL), MR_OK);
    assert_int_equal(list.count, LEN(numbers));
    for (size_t i = 0; i < LEN(numbers); i++) { /* by name, the last one first */
        const struct mr_find_counter *counter = mr_vec_at(&list, LEN(numbers) - 1 - i);
        assert_string_equal(counter->column, "id");
        assert_true(counter->next[0] == numbers[i][0]);
        assert_true(counter->greatest[0] == numbers[i][1]);
        assert_true(counter->next[1] == numbers[i][2]);
        assert_true(counter->greatest[1] == numbers[i][3]);
    }
    other.uuid = "other";
    case_require(mr_findings_run_begin(c.fd, &other, NULL));
    mr_vec_clear(&list);
    assert_int_equal(mr_findings_counters(c.fd, &arena, &list, NULL), MR_OK);
    assert_int_equal(list.count, 0);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    case_end(&c);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(mr_kind_name(MR_KIND_MISSING), "missing");
    assert_string_equal(mr_kind_name(MR_KIND_EXTRA), "extra");
    assert_string_equal(mr_kind_name(MR_KIND_CHANGED), "changed");
    assert_string_equal(mr_kind_name(MR_KIND_COLLISION), "collision");
    assert_string_equal(mr_verdict_name(MR_VERDICT_EQUAL), "equal");
    assert_string_equal(mr_verdict_name(MR_VERDICT_DIVERGED), "diverged");
    assert_string_equal(mr_verdict_name(MR_VERDICT_UNSETTLED), "unsettled");
    /* undecided is never equal */
    assert_string_equal(mr_verdict_name(MR_VERDICT_NOT_CHECKED), "not-checked");
    assert_string_equal(mr_verdict_name(MR_VERDICT_UNDECIDED), "not-checked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_run_chosen),
        cmocka_unit_test(test_table_found_again),
        cmocka_unit_test(test_table_known_at_once),
        cmocka_unit_test(test_altered_table),
        cmocka_unit_test(test_table_of_other_settings),
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_chunk_is_one_transaction),
        cmocka_unit_test(test_in_state),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_add_unknown),
        cmocka_unit_test(test_summarise),
        cmocka_unit_test(test_moved_and_duplicates),
        cmocka_unit_test(test_null_identities),
        cmocka_unit_test(test_walk_stops),
        cmocka_unit_test(test_advice),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
