/* test_findings_images.c: row images are packed, come back as they were, and damage is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "check_case.h"
#include "core/case/case_args.h"
#include "core/case/image_pack.h"
#include "tests/unit/random.h"

#define FINDINGS 3000
#define BATCH 900

static char dir[] = "/tmp/test_findings_images.XXXXXX";
static char path[64];

static int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return 1;
    (void)snprintf(path, sizeof path, "%s/x.case", dir);
    return 0;
}

static int forget_file(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

/* ---- rows ---- */

/* The row of finding n (from 1 on) on a side; every third has one on one side only. */
static bool has_row(int64_t n, int side)
{
    return n % 3 != 0 || n % 2 == side;
}

static void add_row(struct mr_strbuf *out, int64_t n, int side)
{
    char row[160];
    (void)snprintf(row, sizeof row,
                   "%" PRId64 "/+49%09" PRId64 "/Member %08" PRIx64 " of the club, since %d", n,
                   n * 7919, (uint64_t)n * UINT64_C(2654435761), side + 2020);
    case_encode(out, row);
}

struct rows {
    struct mr_strbuf image[2];
    struct mr_finding f;
};

static void make_rows(struct rows *rows, int64_t n)
{
    struct mr_finding *f = &rows->f;
    for (int side = 0; side < 2; side++) {
        mr_strbuf_init(&rows->image[side]);
        if (has_row(n, side))
            add_row(&rows->image[side], n, side);
    }
    *f = (struct mr_finding){.state = MR_FIND_DIVERGED,
                             .kind = MR_KIND_CHANGED,
                             .count = 1,
                             .pos = (uint64_t)n,
                             .key = {has_row(n, 0) ? rows->image[0].ptr : rows->image[1].ptr, 10}};
    if (has_row(n, 0)) {
        f->source = rows->image[0].ptr;
        f->source_len = rows->image[0].len;
    }
    if (has_row(n, 1)) {
        f->target = rows->image[1].ptr;
        f->target_len = rows->image[1].len;
    }
}

static void forget_rows(struct rows *rows)
{
    mr_strbuf_release(&rows->image[0]);
    mr_strbuf_release(&rows->image[1]);
}

static void save(struct check_case *c, int64_t first, int64_t last)
{
    static struct rows rows[BATCH];
    static struct mr_finding findings[BATCH];
    while (first <= last) {
        size_t count = 0;
        for (; count < BATCH && first <= last; count++, first++) {
            make_rows(&rows[count], first);
            findings[count] = rows[count].f;
        }
        case_require(mr_findings_save(c->fd, c->table.id, findings, count, true, NULL));
        for (size_t i = 0; i < count; i++)
            forget_rows(&rows[i]);
    }
}

static bool is_same(const void *a, size_t alen, const void *b, size_t blen)
{
    return (a == NULL) == (b == NULL) && (a == NULL || (alen == blen && memcmp(a, b, alen) == 0));
}

/* Is the finding what was saved as number n? */
static bool is_row(const struct mr_finding *f, int64_t n)
{
    struct rows rows;
    make_rows(&rows, n);
    const bool same = is_same(f->source, f->source_len, rows.f.source, rows.f.source_len) &&
                      is_same(f->target, f->target_len, rows.f.target, rows.f.target_len);
    forget_rows(&rows);
    return same;
}

static int64_t ask(struct check_case *c, const char *sql)
{
    int64_t number = -1;
    case_require(mr_case_number_with(mr_findings_case(c->fd), sql, NULL, 0, &number, NULL));
    return number;
}

static void change(struct check_case *c, const char *sql)
{
    case_require(mr_case_exec(mr_findings_case(c->fd), sql, NULL));
}

/* Reads the findings from id `first` on, up to `limit`. */
static enum mr_code read_page(struct check_case *c, int64_t first, size_t limit,
                              struct mr_arena *arena, struct mr_vec *out, struct mr_err *err)
{
    const struct mr_find_page page = {.table = c->table.id,
                                      .state = MR_FIND_DIVERGED,
                                      .after_id = first - 1,
                                      .limit = limit,
                                      .with_images = true};
    return mr_findings_page(c->fd, &page, arena, out, err);
}

static void check_all(struct check_case *c, int64_t count)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec found = MR_VEC_INIT(struct mr_finding);
    assert_int_equal(read_page(c, 1, SIZE_MAX / 2, &arena, &found, NULL), MR_OK);
    assert_int_equal(found.count, count);
    for (size_t i = 0; i < found.count; i++)
        assert_true(is_row(mr_vec_at(&found, i), (int64_t)i + 1));
    mr_vec_release(&found);
    mr_arena_release(&arena);
}

static void begin(struct check_case *c, const char *file)
{
    case_begin_at(c, file);
    case_table(c, "d.t", MR_VERDICT_DIVERGED, true);
}

/* ---- as they were ---- */

static enum mr_code count_walked(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    int64_t *n = ctx;
    (void)err;
    assert_true(is_row(f, ++*n));
    return MR_OK;
}

static enum mr_code see_moved(void *ctx, const struct mr_finding *source,
                              const struct mr_finding *target, struct mr_err *err)
{
    int *seen = ctx;
    (void)err;
    assert_true(is_row(source, 1));
    assert_true(is_row(target, 2));
    ++*seen;
    return MR_OK;
}

static void test_as_they_were(void **state)
{
    struct check_case c;
    int64_t walked = 0;
    int moved = 0;
    (void)state;
    begin(&c, path);
    save(&c, 1, FINDINGS);
    assert_int_equal(ask(&c, "PRAGMA user_version"), 2);
    assert_int_equal(ask(&c, "SELECT count(*) FROM dictionary"), 1);
    check_all(&c, FINDINGS);
    assert_int_equal(mr_findings_walk(c.fd, c.table.id, false, count_walked, &walked, NULL), MR_OK);
    assert_int_equal(walked, FINDINGS);
    change(&c, "INSERT INTO moved (tbl, source, target) SELECT tbl, 1, 2 FROM finding WHERE id=1");
    assert_int_equal(mr_findings_walk_moved(c.fd, c.table.id, see_moved, &moved, NULL), MR_OK);
    assert_int_equal(moved, 1);
    case_end(&c);
}

/* What the columns hold of the last one, which has both rows: less than one of them. */
static void test_they_are_small(void **state)
{
    struct check_case c;
    struct rows rows;
    (void)state;
    begin(&c, NULL);
    save(&c, 1, FINDINGS - 1);
    make_rows(&rows, FINDINGS - 1);
    assert_true(
        ask(&c, "SELECT length(source) + length(target) FROM finding ORDER BY id DESC LIMIT 1") <
        (int64_t)rows.f.source_len);
    assert_int_equal(ask(&c, "SELECT count(*) FROM finding WHERE id > 2700 AND"
                             " substr(coalesce(source, target), 1, 4) <> x'28b52ffd'"),
                     0);
    forget_rows(&rows);
    case_end(&c);
}

/* Too short to gain, and too long to be held twice. */
static void test_plain_ones(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec found = MR_VEC_INIT(struct mr_finding);
    char *wide = malloc(MR_IMAGE_PACK_BYTES + 100);
    (void)state;
    assert_non_null(wide);
    memset(wide, 'x', MR_IMAGE_PACK_BYTES + 99);
    wide[MR_IMAGE_PACK_BYTES + 99] = '\0';
    memcpy(wide, "2/bob/", 6);
    begin(&c, NULL);
    case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED, .source = "1/a/b"});
    case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED, .source = wide, .target = "2/bob/x"});
    assert_int_equal(ask(&c, "SELECT count(*) FROM finding WHERE substr(source, 1, 1) = x'69'"), 2);
    assert_int_equal(read_page(&c, 1, 9, &arena, &found, NULL), MR_OK);
    assert_int_equal(((struct mr_finding *)mr_vec_at(&found, 0))->source_len, 22);
    assert_true(((struct mr_finding *)mr_vec_at(&found, 1))->source_len > MR_IMAGE_PACK_BYTES);
    mr_vec_release(&found);
    mr_arena_release(&arena);
    free(wide);
    case_end(&c);
}

/* A dictionary is for good: a run that goes on uses it, and other tables have others. */
static void test_dictionaries(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT; /* of the run */
    (void)state;
    begin(&c, path);
    save(&c, 1, FINDINGS);
    (void)mr_findings_close(c.fd, NULL);
    case_require(mr_findings_open(path, MR_CASE_WRITE, &c.fd, NULL));
    save(&c, FINDINGS + 1, 2 * FINDINGS);
    assert_int_equal(ask(&c, "SELECT count(*) FROM dictionary"), 1);
    check_all(&c, 2 * FINDINGS);
    case_require(mr_findings_run_last(c.fd, &arena, &c.run, NULL));
    case_table(&c, "d.u", MR_VERDICT_DIVERGED, true);
    save(&c, 1, FINDINGS);
    assert_int_equal(ask(&c, "SELECT count(DISTINCT tbl) FROM dictionary"), 2);
    assert_int_equal(ask(&c, "SELECT max(id) FROM dictionary"), 2);
    case_end(&c);
    mr_arena_release(&arena);
}

#define MANY 100
#define SOME_TABLE 2100 /* findings, for which a dictionary is made */
#define IN_MEMORY ((size_t)16 * 1024 * 1024)

static size_t count_bytes(void)
{
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

/* However many tables differ, few of their dictionaries are in memory, and none is made twice. */
static void test_many_tables(void **state)
{
    struct check_case c;
    int64_t tables[MANY];
    (void)state;
    case_begin_at(&c, path);
    const size_t before = count_bytes();
    for (size_t i = 0; i < MANY; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "d.t%zu", i);
        case_table(&c, name, MR_VERDICT_DIVERGED, true);
        tables[i] = c.table.id;
        save(&c, 1, SOME_TABLE);
    }
    c.table.id = tables[0];
    save(&c, SOME_TABLE + 1, FINDINGS);
    assert_int_equal(ask(&c, "SELECT count(*) FROM dictionary"), MANY);
    assert_int_equal(ask(&c, "SELECT count(DISTINCT tbl) FROM dictionary"), MANY);
    if (count_bytes() > before + IN_MEMORY)
        fail_msg("%zu bytes are in memory", count_bytes() - before);
    for (size_t i = MANY + 3; i-- > 0;) { /* some once more */
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_vec found = MR_VEC_INIT(struct mr_finding);
        c.table.id = tables[i % MANY];
        assert_int_equal(read_page(&c, 1, SIZE_MAX / 2, &arena, &found, NULL), MR_OK);
        assert_int_equal(found.count, i % MANY == 0 ? FINDINGS : SOME_TABLE);
        for (size_t k = 0; k < found.count; k++)
            assert_true(is_row(mr_vec_at(&found, k), (int64_t)k + 1));
        mr_vec_release(&found);
        mr_arena_release(&arena);
    }
    case_end(&c);
}

/* ---- earlier versions ---- */

/* Version 1 had neither dictionaries nor frames. */
static void test_earlier_version(void **state)
{
    struct check_case c;
    struct mr_case *old = NULL;
    struct mr_err err = {0};
    (void)state;
    begin(&c, path);
    for (int64_t n = 1; n <= 9; n++) {
        struct rows rows;
        make_rows(&rows, n);
        case_require(mr_findings_save(c.fd, c.table.id, &rows.f, 1, false, NULL));
        forget_rows(&rows);
    }
    change(&c, "DROP TABLE dictionary; PRAGMA user_version=1");
    (void)mr_findings_close(c.fd, NULL);

    case_require(mr_findings_open(path, MR_CASE_READ, &c.fd, NULL));
    check_all(&c, 9);
    assert_int_equal(ask(&c, "PRAGMA user_version"), 1);
    (void)mr_findings_close(c.fd, NULL);

    case_require(mr_findings_open(path, MR_CASE_WRITE, &c.fd, NULL));
    assert_int_equal(ask(&c, "PRAGMA user_version"), 1);
    save(&c, 10, FINDINGS);
    check_all(&c, FINDINGS);
    assert_int_equal(ask(&c, "PRAGMA user_version"), 2);
    (void)mr_findings_close(c.fd, NULL);
    assert_int_equal(mr_case_open(path, MR_CASE_READ, "CREATE TABLE x (a INT)", 1, &old, &err),
                     MR_E_CASE);
    assert_non_null(strstr(err.message, "a newer version"));
    assert_non_null(strstr(err.message, path));
}

/* ---- damage ---- */

static void expect_named(const struct mr_err *err, const char *finding)
{
    if (strstr(err->message, path) == NULL || strstr(err->message, finding) == NULL ||
        strstr(err->message, "\"d.t\"") == NULL || err->hint[0] == '\0')
        fail_msg("%s", err->message);
}

static void test_damage(void **state)
{
    static const struct {
        const char *sql; /* of finding 2999: both rows; 2997: the target's alone */
        const char *finding, *why;
    } cases[] = {
        {"UPDATE finding SET target=NULL WHERE id=2999", "finding 2999", "fit together"},
        {"UPDATE finding SET target=x'41' WHERE id=2999", "finding 2999", "fit together"},
        {"UPDATE finding SET target=x'4040' WHERE id=2999", "finding 2999", "fit together"},
        {"UPDATE finding SET target=source WHERE id=2999", "finding 2999", "fit together"},
        {"UPDATE finding SET source=NULL WHERE id=2999", "finding 2999", "fit together"},
        {"UPDATE finding SET source=x'4e' WHERE id=2999", "finding 2999", "fit together"},
        {"UPDATE finding SET source=x'4e' WHERE id=2997", "finding 2997", "fit together"},
        {"UPDATE finding SET source=target, target=NULL WHERE id=2997", "finding 2997",
         "fit together"},
        {"UPDATE finding SET source=target, target=x'40' WHERE id=2997", "finding 2997",
         "fit together"},
        {"UPDATE finding SET target=CAST(x'29' || substr(target, 2) AS BLOB) WHERE id=2997",
         "finding 2997", "no row"},
        {"UPDATE finding SET source=x'28b52ffd', target=NULL WHERE id=2999", "finding 2999",
         "no frame"},
        /* a frame of 8 GiB, and one that does not say */
        {"UPDATE finding SET source=x'28b52ffde00000000002000000010000' WHERE id=2999",
         "finding 2999", "size"},
        {"UPDATE finding SET source=x'28b52ffd0058010000' WHERE id=2999", "finding 2999",
         "no frame"},
        {"UPDATE finding SET source=CAST(x'28b52ffd' || source AS BLOB) WHERE id=2999",
         "finding 2999", ""},
        {"UPDATE finding SET kind=5 WHERE id=2999", "finding 2999", "no kind"},
        {"UPDATE finding SET kind=-1 WHERE id=2999", "finding 2999", "no kind"},
        {"DELETE FROM dictionary", "finding 1801", "missing"},
        {"UPDATE dictionary SET bytes=x'00'", "finding 1801", "no dictionary"},
        {"UPDATE dictionary SET bytes=zeroblob(2000000)", "finding 1801", "too large"},
        {"UPDATE dictionary SET bytes=CAST(substr(bytes, 1, 4) || x'07000000' ||"
         " substr(bytes, 9) AS BLOB)",
         "finding 1801", "no dictionary"},
        {"UPDATE dictionary SET bytes=CAST(substr(bytes, 1, 9000) || x'fe01fe01fe01fe01' ||"
         " substr(bytes, 9009) AS BLOB)",
         "finding", ""},
    };
    struct check_case c;
    (void)state;
    begin(&c, path);
    save(&c, 1, FINDINGS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_vec found = MR_VEC_INIT(struct mr_finding);
        struct mr_err err = {0};
        struct mr_findings *reader = NULL;
        struct check_case r = c;
        change(&c, "SAVEPOINT damage; CREATE TABLE kept AS SELECT id, source, target FROM finding"
                   " WHERE id IN (2997, 2999); CREATE TABLE dict AS SELECT * FROM dictionary");
        change(&c, cases[i].sql);
        change(&c, "RELEASE damage");
        case_require(mr_findings_open(path, MR_CASE_READ, &reader, NULL));
        r.fd = reader;
        enum mr_code code = read_page(&r, 1, SIZE_MAX / 2, &arena, &found, &err);
        if (code != MR_E_CASE)
            fail_msg("%s: %d", cases[i].sql, code);
        expect_named(&err, cases[i].finding);
        if (strstr(err.message, cases[i].why) == NULL)
            fail_msg("%s: %s", cases[i].sql, err.message);
        for (size_t k = 0; k + 1 < found.count; k++)
            assert_true(is_row(mr_vec_at(&found, k), (int64_t)k + 1));
        (void)mr_findings_close(reader, NULL);
        change(&c, "UPDATE finding SET source=k.source, target=k.target FROM kept k"
                   " WHERE k.id=finding.id; UPDATE finding SET kind=3; DROP TABLE kept; DELETE "
                   "FROM dictionary;"
                   "INSERT INTO dictionary SELECT * FROM dict; DROP TABLE dict");
        mr_vec_release(&found);
        mr_arena_release(&arena);
    }
    check_all(&c, FINDINGS);
    case_end(&c);
}

/* A run that goes on writes nothing that could not be read again. */
static void test_damage_and_new_rows(void **state)
{
    static const char *const cases[] = {
        "UPDATE dictionary SET bytes=x'00'",
        "UPDATE dictionary SET bytes=CAST(substr(bytes, 1, 4) || x'07000000' ||"
        " substr(bytes, 9) AS BLOB)",
        "UPDATE dictionary SET bytes=CAST(bytes || zeroblob(2000000) AS BLOB)",
        "UPDATE dictionary SET id=4294967297",
        "UPDATE dictionary SET id=9",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct check_case c;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_vec found = MR_VEC_INIT(struct mr_finding);
        begin(&c, path);
        save(&c, 1, FINDINGS);
        change(&c, cases[i]);
        (void)mr_findings_close(c.fd, NULL);
        case_require(mr_findings_open(path, MR_CASE_WRITE, &c.fd, NULL));
        save(&c, FINDINGS + 1, 2 * FINDINGS);
        if (read_page(&c, FINDINGS + 1, SIZE_MAX / 2, &arena, &found, NULL) != MR_OK ||
            found.count != FINDINGS)
            fail_msg("%s: rows are lost", cases[i]);
        for (size_t k = 0; k < found.count; k++)
            assert_true(is_row(mr_vec_at(&found, k), FINDINGS + 1 + (int64_t)k));
        mr_vec_release(&found);
        mr_arena_release(&arena);
        case_end(&c);
        (void)unlink(path);
    }
}

/* Sets the columns of finding n, of which one is the frame. */
static void put_frame(struct check_case *c, int64_t n, int side, const struct mr_strbuf *frame)
{
    case_require(mr_case_once_with(
        mr_findings_case(c->fd),
        side == 0 ? "UPDATE finding SET source=:frame WHERE id=:id"
                  : "UPDATE finding SET target=:frame WHERE id=:id",
        MR_CASE_ARGS(MR_ARG_BLOB("frame", frame->ptr, frame->len), MR_ARG_INT("id", n)), NULL));
}

static void get_frame(struct check_case *c, int64_t n, struct mr_strbuf *frame)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    size_t len = 0;
    case_require(MR_CASE_PREPARE(mr_findings_case(c->fd),
                                 "SELECT coalesce(source, target) FROM finding WHERE id=:id", &stmt,
                                 NULL, MR_ARG_INT("id", n)));
    case_require(mr_case_step(stmt, &row, NULL));
    assert_true(row);
    const void *ptr = mr_case_blob(stmt, 0, &len);
    mr_strbuf_add(frame, ptr, len);
    mr_case_free(stmt);
}

/* What a flipped bit or a cut leaves is an error, or the row as it was. */
static void try_frame(struct check_case *c, int64_t n, int side, const struct mr_strbuf *frame)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec found = MR_VEC_INIT(struct mr_finding);
    struct mr_err err = {0};
    put_frame(c, n, side, frame);
    enum mr_code code = read_page(c, n, 1, &arena, &found, &err);
    if (code == MR_E_CASE)
        expect_named(&err, "finding ");
    else if (code != MR_OK || !is_row(mr_vec_at(&found, 0), n))
        fail_msg("finding %" PRId64 " is another row", n);
    mr_vec_release(&found);
    mr_arena_release(&arena);
}

static void test_any_bit_and_any_cut(void **state)
{
    /* without a dictionary, and with one: both rows, and one */
    static const int64_t findings[] = {1, FINDINGS - 1, FINDINGS};
    struct check_case c;
    (void)state;
    begin(&c, path);
    save(&c, 1, FINDINGS);
    for (size_t i = 0; i < sizeof findings / sizeof *findings; i++) {
        struct mr_strbuf frame = MR_STRBUF_INIT;
        const int64_t n = findings[i];
        const int side = has_row(n, 0) ? 0 : 1;
        get_frame(&c, n, &frame);
        assert_memory_equal(frame.ptr, "\x28\xb5\x2f\xfd", 4);
        for (size_t bit = 0; bit < frame.len * 8; bit++) {
            frame.ptr[bit / 8] = (char)(frame.ptr[bit / 8] ^ 1 << bit % 8);
            try_frame(&c, n, side, &frame);
            frame.ptr[bit / 8] = (char)(frame.ptr[bit / 8] ^ 1 << bit % 8);
        }
        const size_t whole = frame.len;
        while (frame.len > 0) {
            frame.len--;
            try_frame(&c, n, side, &frame);
        }
        frame.len = whole;
        put_frame(&c, n, side, &frame);
        mr_strbuf_release(&frame);
    }
    check_all(&c, FINDINGS);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_as_they_were, forget_file),
        cmocka_unit_test(test_they_are_small),
        cmocka_unit_test(test_plain_ones),
        cmocka_unit_test_teardown(test_dictionaries, forget_file),
        cmocka_unit_test_teardown(test_many_tables, forget_file),
        cmocka_unit_test_teardown(test_earlier_version, forget_file),
        cmocka_unit_test_teardown(test_damage, forget_file),
        cmocka_unit_test_teardown(test_damage_and_new_rows, forget_file),
        cmocka_unit_test_teardown(test_any_bit_and_any_cut, forget_file),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
