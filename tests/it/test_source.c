/* test_source.c: reading rows, by range and by key, from real servers. */
#define DB "e_source"
#include "source_fixture.h"

static const struct mr_readcol id_name[] = {
    {.name = "id", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_INT},
    {.name = "name", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_TEXT, .charset = "utf8mb4"},
};

static const struct mr_readspec plain = {.db = DB,
                                         .table = "plain",
                                         .cols = id_name,
                                         .ncols = 2,
                                         .key = leading,
                                         .nkey = 1,
                                         .index = "PRIMARY"};

static void make_plain(void)
{
    make_digits();
    on_both("DROP TABLE IF EXISTS plain");
    on_both("CREATE TABLE plain(id INT PRIMARY KEY, name VARCHAR(20) CHARACTER SET "
            "utf8mb4)");
    on_both("INSERT INTO plain SELECT i * 3, CONCAT('n', i) FROM " NUMBERS " x");
}

/* ---- scan, fetch, bound_after ---- */

static void test_scan_tiles(void **state)
{
    (void)state;
    need_servers();
    make_plain();
    for (size_t s = 0; s < 2; s++) {
        struct rows whole, chunk;
        struct mr_strbuf joined = MR_STRBUF_INIT;
        scan(&sides[s], &plain, everything, 0, &whole);
        assert_int_equal(whole.count, 10000);
        struct mr_range range = OPEN;
        struct mr_strbuf last = MR_STRBUF_INIT;
        for (;;) {
            scan(&sides[s], &plain, range, 3333, &chunk);
            mr_strbuf_add(&joined, chunk.bytes.ptr, chunk.bytes.len);
            size_t got = chunk.count;
            if (got > 0) {
                const struct mr_key *key = mr_vec_at(&chunk.keys, got - 1);
                mr_strbuf_reset(&last);
                mr_strbuf_add(&last, key->ptr, key->len);
                range.lo = (struct mr_key){last.ptr, last.len};
            }
            rows_release(&chunk);
            if (got < 3333)
                break;
        }
        assert_int_equal(joined.len, whole.bytes.len);
        assert_memory_equal(joined.ptr, whole.bytes.ptr, joined.len);
        mr_strbuf_release(&joined);
        mr_strbuf_release(&last);
        rows_release(&whole);
    }
}

static void test_fetch(void **state)
{
    (void)state;
    need_servers();
    make_plain();
    for (size_t s = 0; s < 2; s++) {
        struct rows first, fetched;
        struct mr_err err = {0};
        scan(&sides[s], &plain, everything, 7, &first);
        rows_init(&fetched, &plain);
        check(mr_reader_fetch(sides[s].reader, &plain, first.keys.items, first.keys.count, keep_row,
                              &fetched, &err),
              &err, "fetch");
        assert_int_equal(fetched.count, 7);
        check(mr_reader_fetch(sides[s].reader, &plain, NULL, 0, keep_row, &fetched, &err), &err,
              "fetch of nothing");
        assert_int_equal(fetched.count, 7);
        rows_release(&first);
        rows_release(&fetched);
    }
}

static void test_where_and_bound_after(void **state)
{
    (void)state;
    need_servers();
    make_plain();
    struct mr_readspec spec = plain;
    spec.where = "id % 2 = 0 OR id = 3 -- not all";
    for (size_t s = 0; s < 2; s++) {
        struct rows rows;
        struct mr_err err = {0};
        struct mr_strbuf key = MR_STRBUF_INIT;
        struct mr_range range = OPEN;
        scan(&sides[s], &spec, everything, 0, &rows);
        assert_int_equal(rows.count, 5001);
        check(mr_reader_bound_after(sides[s].reader, &spec, range, 100, &key, &err), &err, "bound");
        const struct mr_key *want = mr_vec_at(&rows.keys, 99);
        assert_int_equal(key.len, want->len);
        assert_memory_equal(key.ptr, want->ptr, key.len);
        range.lo = *want;
        check(mr_reader_bound_after(sides[s].reader, &spec, range, 4901, &key, &err), &err,
              "bound");
        assert_true(key.len > 0); /* the last row of all */
        check(mr_reader_bound_after(sides[s].reader, &spec, range, 4902, &key, &err), &err,
              "bound");
        assert_int_equal(key.len, 0);
        mr_strbuf_release(&key);
        rows_release(&rows);
    }
}

static void test_errors_name_the_table(void **state)
{
    (void)state;
    need_servers();
    make_plain();
    struct mr_readspec gone = plain;
    gone.table = "gone";
    struct mr_range half = OPEN;
    struct mr_readspec keyless = plain;
    keyless.nkey = 0;
    half.lo = (struct mr_key){"x", 1};
    for (size_t s = 0; s < 2; s++) {
        struct mr_err err = {0};
        struct rows rows;
        struct mr_range_digest digest;
        rows_init(&rows, &gone);
        assert_int_equal(
            mr_reader_scan(sides[s].reader, &gone, everything, 0, keep_row, &rows, &err),
            MR_E_NO_SUCH);
        assert_non_null(strstr(err.message, "\"" DB ".gone\""));
        assert_non_null(strstr(err.message, mr_db_label(sides[s].db)));
        assert_int_equal(err.sql_errno, 1146);
        assert_int_equal(mr_reader_digest(sides[s].reader, &gone, everything, &digest, &err),
                         MR_E_NO_SUCH);
        assert_int_equal(mr_reader_scan(sides[s].reader, &keyless, half, 0, keep_row, &rows, &err),
                         MR_E_BUG);
        /* An error of the callback comes out as it went in; the reader lives on. */
        rows.fail_at = 5;
        assert_int_equal(
            mr_reader_scan(sides[s].reader, &plain, everything, 0, keep_row, &rows, &err),
            MR_E_REFUSED);
        assert_string_equal(err.message, "the callback has had enough");
        rows_release(&rows);
        scan(&sides[s], &plain, everything, 0, &rows);
        assert_int_equal(rows.count, 10000);
        rows_release(&rows);
    }
}

static void kill_reader(struct side *side)
{
    char sql[128];
    uint64_t id = ask(mr_reader_db(side->reader), "SELECT CONNECTION_ID()");
    (void)snprintf(sql, sizeof sql, "KILL %llu", (unsigned long long)id);
    run(side->db, sql);
    (void)snprintf(sql, sizeof sql,
                   "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = %llu",
                   (unsigned long long)id);
    for (int i = 0; i < 5000 && ask(side->db, sql) != 0; i++)
        continue;
}

static void test_lost_and_back(void **state)
{
    (void)state;
    need_servers();
    make_plain();
    for (size_t s = 0; s < 2; s++) {
        struct mr_err err = {0};
        struct rows rows;
        kill_reader(&sides[s]);
        rows_init(&rows, &plain);
        assert_int_equal(
            mr_reader_scan(sides[s].reader, &plain, everything, 0, keep_row, &rows, &err),
            MR_E_LOST);
        rows_release(&rows);
        scan(&sides[s], &plain, everything, 0, &rows);
        assert_int_equal(rows.count, 10000);
        rows_release(&rows);
    }
}

/* The view is that of the moment the reader was made, and it does not survive it. */
static void test_consistent(void **state)
{
    (void)state;
    need_servers();
    make_plain();
    const struct mr_source_opts opts = {.db = {.run_tag = "it-source"}, .consistent = true};
    for (size_t s = 0; s < 2; s++) {
        struct side view = sides[s];
        struct mr_err err = {0};
        struct rows rows;
        check(mr_source_live_new(&sides[s].ep, &opts, &view.src, &err), &err, "source");
        check(mr_source_reader_new(view.src, &view.reader, &err), &err, "reader");
        run(sides[s].db, "DELETE FROM plain WHERE id > 300");
        scan(&view, &plain, everything, 0, &rows);
        assert_int_equal(rows.count, 10000);
        rows_release(&rows);
        scan(&sides[s], &plain, everything, 0, &rows);
        assert_int_equal(rows.count, 101);
        rows_release(&rows);
        kill_reader(&view);
        rows_init(&rows, &plain);
        for (int i = 0; i < 2; i++)
            assert_int_equal(
                mr_reader_scan(view.reader, &plain, everything, 0, keep_row, &rows, &err),
                MR_E_LOST);
        assert_int_equal(rows.count, 0);
        assert_non_null(strstr(err.message, "consistent view"));
        rows_release(&rows);
        mr_reader_free(view.reader);
        mr_source_free(view.src);
    }
}

static void test_bounds_of_little(void **state)
{
    (void)state;
    need_servers();
    make_plain();
    static const struct {
        const char *delete;
        size_t bounds;
    } cases[] = {{"DELETE FROM plain WHERE id > 3", 1},
                 {"DELETE FROM plain WHERE id > 0", 0},
                 {"DELETE FROM plain", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        on_both(cases[i].delete);
        for (size_t s = 0; s < 2; s++) {
            struct mr_arena arena = MR_ARENA_INIT;
            struct mr_vec keys = MR_VEC_INIT(struct mr_key);
            struct mr_err err = {0};
            check(mr_reader_bounds(sides[s].reader, &plain, 7, &arena, &keys, &err), &err,
                  "bounds");
            assert_int_equal(keys.count, cases[i].bounds);
            mr_vec_release(&keys);
            mr_arena_release(&arena);
        }
    }
}

/* Digests of consecutive ranges are the digest of the whole, in parts. */
static void test_digest_of_ranges(void **state)
{
    (void)state;
    need_servers();
    make_plain();
    for (size_t s = 0; s < 2; s++) {
        struct mr_err err = {0};
        struct mr_strbuf key = MR_STRBUF_INIT;
        struct mr_range lower = OPEN, upper = OPEN;
        struct mr_range_digest part;
        check(mr_reader_bound_after(sides[s].reader, &plain, everything, 2500, &key, &err), &err,
              "bound");
        lower.hi = upper.lo = (struct mr_key){key.ptr, key.len};
        check(mr_reader_digest(sides[s].reader, &plain, lower, &part, &err), &err, "lower");
        assert_int_equal(part.rows, 2500);
        check(mr_reader_digest(sides[s].reader, &plain, upper, &part, &err), &err, "upper");
        assert_int_equal(part.rows, 7500);
        mr_strbuf_release(&key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan_tiles),
        cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_where_and_bound_after),
        cmocka_unit_test(test_errors_name_the_table),
        cmocka_unit_test(test_lost_and_back),
        cmocka_unit_test(test_consistent),
        cmocka_unit_test(test_bounds_of_little),
        cmocka_unit_test(test_digest_of_ranges),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
