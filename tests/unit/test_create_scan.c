/* test_create_scan.c: whatever a run was cut off at, and whatever was written since, what the next
 * one ends with are the rows of its own view, each once, in ranges that tile. */
#include "create_world.h"
#include "random.h"
#include "snapshot/create/create_scan.h"
#include "snapshot/create/create_unlock.h"
#include "snapshot/read/snap_rows.h"

#define MOST_ROWS 400

enum mr_code __wrap_mr_create_hold(struct mr_create_scan *s, struct mr_create_table *t,
                                   struct mr_err *err);
enum mr_code __wrap_mr_create_hold(struct mr_create_scan *s, struct mr_create_table *t,
                                   struct mr_err *err)
{
    (void)s, (void)t, (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_create_unlock(struct mr_create_scan *s, struct mr_err *err);
enum mr_code __wrap_mr_create_unlock(struct mr_create_scan *s, struct mr_err *err)
{
    (void)s, (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_create_wait(struct mr_create_scan *s, struct mr_err *err);
enum mr_code __wrap_mr_create_wait(struct mr_create_scan *s, struct mr_err *err)
{
    (void)s, (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_throttle_wait_holding(struct mr_throttle *throttle,
                                             const struct mr_throttle_held *held,
                                             struct mr_err *err);
enum mr_code __wrap_mr_throttle_wait_holding(struct mr_throttle *throttle,
                                             const struct mr_throttle_held *held,
                                             struct mr_err *err)
{
    (void)throttle, (void)held, (void)err;
    return MR_OK;
}

/* Files of 4 rows, so that a few rows make many. */
static unsigned rows_a_file = 4;

enum mr_code __real_mr_create_chunk_begin(struct mr_create_scan *s, struct mr_err *err);
enum mr_code __wrap_mr_create_chunk_begin(struct mr_create_scan *s, struct mr_err *err);
enum mr_code __wrap_mr_create_chunk_begin(struct mr_create_scan *s, struct mr_err *err)
{
    MR_TRY(__real_mr_create_chunk_begin(s, err));
    /* as if most of the file were written already */
    s->tsv.bytes = ((uint64_t)s->create->opts->chunk_mib << 20) - rows_a_file * 5;
    return MR_OK;
}

static unsigned finds; /* of a table in the journal */

const struct mr_journal_table *__real_mr_journal_file_find(const struct mr_journal_file *journal,
                                                           const char *db, const char *name);
const struct mr_journal_table *__wrap_mr_journal_file_find(const struct mr_journal_file *journal,
                                                           const char *db, const char *name);
const struct mr_journal_table *__wrap_mr_journal_file_find(const struct mr_journal_file *journal,
                                                           const char *db, const char *name)
{
    finds++;
    return __real_mr_journal_file_find(journal, db, name);
}

static const struct mr_table members = {.db = "d",
                                        .name = "t",
                                        .engine = "InnoDB",
                                        .transactional = true,
                                        .avg_row_bytes = 1 << 20, /* 16 rows a statement */
                                        .data_bytes = 40 << 20};

/* ---- one run ---- */

struct world_rows {
    struct create_row rows[MOST_ROWS];
    size_t count;
};

static const int64_t bounds[] = {30, 60, 90};

/* Over the rows; fails_at: the scan that is the last.  True: it came to its end. */
static bool run(const char *place, const struct world_rows *w, unsigned fails_at, const char *mark,
                size_t nkey)
{
    const struct mr_snap_consistency view = {.gtid = NULL};
    struct mr_err err = {0};
    world_begin(NULL, 0);
    create_begin();
    create_reader();
    create_dir(place);
    create.rows = w->rows;
    create.nrows = w->count;
    create.bounds = bounds;
    create.nbounds = LEN(bounds);
    create.scan_fails_at = fails_at;
    struct mr_reader *readers[] = {&create.reader, &create.reader};
    create.c.views.readers = readers;
    create.c.views.count = 2;
    create.c.views.mark = mark;
    (void)create_table(&members, nkey);
    assert_int_equal(mr_journal_file_view(create.c.journal, &view, mark, &err), MR_OK);
    finds = 0;
    assert_int_equal(mr_create_sweep(&create.c, &err), MR_OK);
    assert_int_equal(finds, 1); /* each table once, however many files lie there */
    enum mr_code code = mr_create_scan(&create.c, &err);
    if (code != (fails_at > 0 && create.scans >= fails_at ? MR_E_LOST : MR_OK))
        fail_msg("%d: %s", (int)code, err.message);
    return code == MR_OK;
}

static void end(void)
{
    create_end();
    world_end();
}

/* ---- what it has come to ---- */

static void read_chunk(const struct mr_snap_chunk *c, const struct world_rows *w, bool *seen)
{
    const struct mr_snap snap = {.path = mr_snap_dir_partial(create.c.dir)};
    struct mr_snap_rows *reading = NULL;
    const struct mr_value *values = NULL;
    struct mr_err err = {0};
    uint64_t count = 0;
    if (mr_snap_rows_open(&snap, &create.tables[0].snap, c, &reading, &err) != MR_OK)
        fail_msg("%s", err.message);
    while (mr_snap_rows_next(reading, &values, &err) == MR_OK && values != NULL) {
        size_t at = 0;
        while (at < w->count && (w->rows[at].id != values[0].i || seen[at]))
            at++;
        if (at == w->count)
            fail_msg("%s has %lld too much", c->file, (long long)values[0].i);
        assert_int_equal(values[1].len, strlen(w->rows[at].text));
        assert_memory_equal(values[1].ptr, w->rows[at].text, values[1].len);
        if (create.tables[0].snap.nkey > 0)
            assert_true(create_is_within(values[0].i, c->range));
        seen[at] = true;
        count++;
    }
    assert_int_equal(err.code, MR_OK);
    assert_int_equal(count, c->rows);
    mr_snap_rows_close(reading);
}

static void check(const struct world_rows *w)
{
    struct mr_create_table *t = &create.tables[0];
    struct mr_journal_chunk *chunks = t->chunks.items;
    bool seen[MOST_ROWS] = {false};
    assert_false(t->failed);
    if (t->chunks.count > 1)
        qsort(chunks, t->chunks.count, sizeof *chunks, mr_journal_chunk_compare);
    for (size_t i = 0; i < t->chunks.count; i++) {
        read_chunk(&chunks[i].chunk, w, seen);
        if (i > 0) /* by numbers, since workers end in any order */
            assert_true(mr_journal_chunk_compare(&chunks[i - 1], &chunks[i]) < 0);
        if (i > 0 && t->snap.nkey > 0) /* in order: what is between is empty */
            assert_true(mr_key_compare(chunks[i - 1].chunk.last, chunks[i].chunk.first) < 0);
    }
    for (size_t i = 0; i < w->count; i++)
        if (!seen[i])
            fail_msg("row %lld is in no file", (long long)w->rows[i].id);
}

/* ---- worlds ---- */

static void make_rows(struct world_rows *w)
{
    int64_t id = -5;
    for (w->count = 0; w->count < 100; w->count++) {
        id += 1 + (int64_t)random_below(2);
        w->rows[w->count] = (struct create_row){id, random_below(2) ? "aa" : "bb"};
    }
}

/* Some are changed, deleted, added. */
static void change_rows(const struct world_rows *from, struct world_rows *to)
{
    size_t odds = 2 + random_below(60);
    to->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        if (random_below(odds) == 0)
            continue;
        to->rows[to->count] = from->rows[i];
        if (random_below(odds) == 0)
            to->rows[to->count].text = "cc";
        to->count++;
        bool room = i + 1 == from->count || from->rows[i + 1].id > from->rows[i].id + 1;
        if (room && random_below(odds) == 0)
            to->rows[to->count++] = (struct create_row){from->rows[i].id + 1, "new"};
    }
}

static void test_whole(void **state)
{
    static struct world_rows w;
    (void)state;
    for (size_t nkey = 0; nkey < 2; nkey++)
        for (int empty = 0; empty < 2; empty++) {
            char place[] = "/tmp/myrecon-test-XXXXXX";
            assert_non_null(mkdtemp(place));
            make_rows(&w);
            w.count = empty ? 0 : w.count;
            assert_true(run(place, &w, 0, NULL, nkey));
            assert_int_equal(create.tables[0].bounds.count, nkey == 0 ? 0 : LEN(bounds));
            check(&w);
            end();
            create_place_remove(place);
        }
}

/* Up to four runs are cut off, over rows that change in between; the mark says whether they did. */
static void test_goes_on(void **state)
{
    static struct world_rows was, now;
    (void)state;
    for (unsigned seed = 1; seed <= random_seeds(); seed++) {
        char place[] = "/tmp/myrecon-test-XXXXXX", mark[16];
        unsigned version = 0, tries = 1 + (unsigned)random_below(4);
        random_state = seed;
        assert_non_null(mkdtemp(place));
        make_rows(&now);
        bool whole = false;
        for (unsigned i = 0; i < tries && !whole; i++) {
            (void)snprintf(mark, sizeof mark, "%u", version);
            whole = run(place, &now, 1 + (unsigned)random_below(12), mark, 1);
            if (whole)
                check(&now);
            end();
            if (random_below(2)) {
                was = now;
                change_rows(&was, &now);
                version++;
            }
        }
        (void)snprintf(mark, sizeof mark, "%u", version);
        assert_true(run(place, &now, 0, random_below(3) ? mark : NULL, 1));
        check(&now);
        end();
        create_place_remove(place);
    }
}

/* What nothing was written to since is not read again; rows without a key always are. */
static void test_reads_again(void **state)
{
    static struct world_rows w;
    static const struct {
        const char *first, *second;
        size_t nkey;
        bool again;
    } rows[] = {{"m", "m", 1, false},
                {"m", "n", 1, true},
                {"m", NULL, 1, true},
                {NULL, NULL, 1, true},
                {"m", "m", 0, true}};
    (void)state;
    random_state = 1; /* rows in every chunk: one without is always read */
    for (size_t i = 0; i < LEN(rows); i++) {
        char place[] = "/tmp/myrecon-test-XXXXXX";
        assert_non_null(mkdtemp(place));
        make_rows(&w);
        assert_true(run(place, &w, 0, rows[i].first, rows[i].nkey));
        unsigned files = create.tables[0].files;
        end();
        assert_true(run(place, &w, 0, rows[i].second, rows[i].nkey));
        check(&w);
        assert_int_equal(create.scans > 0, rows[i].again);
        assert_int_equal(create.tables[0].files, files); /* the same files, found again */
        end();
        create_place_remove(place);
    }
}

/* A file that is not what it was is read again, though nothing was written since. */
static void test_damaged(void **state)
{
    static struct world_rows w;
    (void)state;
    for (int gone = 0; gone < 2; gone++) {
        char place[] = "/tmp/myrecon-test-XXXXXX", path[200];
        assert_non_null(mkdtemp(place));
        make_rows(&w);
        assert_true(run(place, &w, 0, "m", 1));
        const struct mr_journal_chunk *c = mr_vec_at(&create.tables[0].chunks, 1);
        (void)snprintf(path, sizeof path, "%s/%s", mr_snap_dir_partial(create.c.dir),
                       c->chunk.file);
        assert_int_equal(gone ? unlink(path) : truncate(path, 3), 0);
        end();
        assert_true(run(place, &w, 0, "m", 1));
        check(&w);
        assert_in_range(create.scans, 1, 3); /* of that file alone, and where none ends */
        end();
        create_place_remove(place);
    }
}

/* Of chunks whose order nobody knows none is kept: their rows would be in no order. */
static void test_unordered(void **state)
{
    static struct world_rows w;
    const struct mr_snap_consistency view = {.gtid = NULL};
    char place[] = "/tmp/myrecon-test-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(place));
    make_rows(&w);
    for (int i = 0; i < 3; i++) { /* one that reads, two of an older version that are cut off */
        if (i == 0) {
            assert_true(run(place, &w, 0, "m", 1));
        } else {
            world_begin(NULL, 0);
            create_begin();
            create_dir(place);
            struct mr_create_table *t = create_table(&members, 1);
            const struct mr_journal_table *old = mr_create_goes_on(&create.c, t);
            assert_int_equal(old != NULL, i == 1);
            struct mr_journal_chunk kept = *(struct mr_journal_chunk *)mr_vec_at(
                &mr_journal_file_find(create.c.journal, "d", "t")->chunks, 1);
            kept.part++;
            assert_int_equal(mr_journal_file_view(create.c.journal, &view, "m", NULL), MR_OK);
            assert_int_equal(mr_journal_file_chunk(create.c.journal, &t->snap, &kept, NULL), MR_OK);
        }
        end();
    }
    create_place_remove(place);
}

/* An error of the table gives it up, and the run goes on; one of the server's ends it. */
static void test_gives_up(void **state)
{
    static struct world_rows w;
    char place[] = "/tmp/myrecon-test-XXXXXX";
    const struct mr_snap_consistency view = {.gtid = NULL};
    struct mr_err err = {0};
    (void)state;
    assert_non_null(mkdtemp(place));
    make_rows(&w);
    world_begin(NULL, 0);
    world.fail_code = MR_E_SQL;
    world.fail_number = 1412;
    create_begin();
    create_reader();
    create_dir(place);
    create.rows = w.rows;
    create.nrows = w.count;
    create.scan_fails_at = 2;
    struct mr_reader *readers[] = {&create.reader};
    create.c.views.readers = readers;
    create.c.views.count = 1;
    struct mr_create_table *a = create_table(&members, 1), *b = create_table(&members, 1);
    b->snap.name = "u";
    assert_int_equal(mr_journal_file_view(create.c.journal, &view, NULL, &err), MR_OK);
    assert_int_equal(mr_create_scan(&create.c, &err), MR_OK);
    assert_true(a->failed);
    assert_int_equal(a->why->sql_errno, 1412);
    assert_false(b->failed);
    uint64_t rows = 0;
    for (size_t i = 0; i < b->chunks.count; i++)
        rows += ((struct mr_journal_chunk *)mr_vec_at(&b->chunks, i))->chunk.rows;
    assert_int_equal(rows, w.count);
    end();
    create_place_remove(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),       cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_reads_again), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_unordered),   cmocka_unit_test(test_gives_up)};
    return cmocka_run_group_tests_name("create_scan", tests, NULL, NULL);
}
