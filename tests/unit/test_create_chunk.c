/* test_create_chunk.c: a chunk's file, and what is recorded of it: the ranges of consecutive chunks
 * tile, a file that is not what it was is not kept, a disk that is nearly full is not filled. */
#include <fcntl.h>

#include "create_world.h"
#include "snapshot/create/create_scan.h"
#include "snapshot/read/snap_rows.h"

static const struct mr_table members = {
    .db = "club", .name = "o'dd`s", .engine = "InnoDB", .transactional = true};

static uint64_t left_bytes, disk_bytes;

enum mr_code __wrap_mr_snap_dir_free_bytes(const struct mr_snap_dir *dir, uint64_t *left,
                                           uint64_t *disk, struct mr_err *err);
enum mr_code __wrap_mr_snap_dir_free_bytes(const struct mr_snap_dir *dir, uint64_t *left,
                                           uint64_t *disk, struct mr_err *err)
{
    (void)dir, (void)err;
    *left = left_bytes;
    *disk = disk_bytes;
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

static struct mr_create_scan *scan;
static struct mr_create_table *table;

static void begin(size_t nkey)
{
    struct mr_vec none = MR_VEC_INIT(struct mr_key);
    const struct mr_snap_consistency view = {.gtid = NULL};
    struct mr_err err = {0};
    world_begin(NULL, 0);
    create_begin();
    create_reader();
    create_place();
    create_dir(create.place);
    left_bytes = disk_bytes = (uint64_t)1 << 40;
    table = create_table(&members, nkey);
    assert_int_equal(mr_journal_file_view(create.c.journal, &view, NULL, &err), MR_OK);
    assert_int_equal(mr_journal_file_table(create.c.journal, &table->snap, "C", &none, &err),
                     MR_OK);
    assert_int_equal(mr_create_scan_new(&create.c, &create.reader, &scan, &err), MR_OK);
    mr_create_scan_take(scan, table);
}

static void end(void)
{
    char place[64];
    (void)snprintf(place, sizeof place, "%s", create.place);
    mr_create_scan_free(scan);
    create_end();
    create_place_remove(place);
    world_end();
}

static void add(int64_t id, const char *text)
{
    const struct create_row row = {id, text};
    struct mr_value values[2];
    struct mr_err err = {0};
    create_values(&row, values);
    if (mr_create_scan_row(scan, values, &err) != MR_OK)
        fail_msg("%s", err.message);
}

static struct mr_key id_key(int64_t id)
{
    return create_key_of(&create.c.arena, id);
}

static const struct mr_journal_chunk *chunk(size_t i)
{
    return mr_vec_at(&table->chunks, i);
}

static void check_key(struct mr_key key, const int64_t *id)
{
    assert_int_equal(key.ptr != NULL, id != NULL);
    if (id != NULL)
        assert_int_equal(mr_key_compare(key, id_key(*id)), 0);
}

static void close_chunk(int64_t hi)
{
    assert_int_equal(mr_create_chunk_end(scan, id_key(hi), NULL), MR_OK);
}

/* The rows of a file are those that were added, to the byte. */
static void check_rows(const struct mr_snap_chunk *c, const struct create_row *rows, size_t count)
{
    const struct mr_snap snap = {.path = mr_snap_dir_partial(create.c.dir)};
    struct mr_snap_rows *reading = NULL;
    const struct mr_value *values = NULL;
    struct mr_err err = {0};
    if (mr_snap_rows_open(&snap, &table->snap, c, &reading, &err) != MR_OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(mr_snap_rows_next(reading, &values, &err), MR_OK);
        assert_non_null(values);
        assert_true(values[0].i == rows[i].id);
        assert_int_equal(values[1].cls == MR_CLASS_NULL, rows[i].text == NULL);
        if (rows[i].text != NULL) {
            assert_int_equal(values[1].len, strlen(rows[i].text));
            assert_memory_equal(values[1].ptr, rows[i].text, values[1].len);
        }
    }
    assert_int_equal(mr_snap_rows_next(reading, &values, &err), MR_OK);
    assert_null(values);
    mr_snap_rows_close(reading);
}

static void test_tiles(void **state)
{
    static const struct create_row rows[] = {{INT64_MIN, NULL}, {-1, ""}, {0, "\\N"}, {9, "\t\n"}};
    static const int64_t lowest = INT64_MIN, minus = -1, five = 5, nine = 9, zero = 0;
    (void)state;
    begin(1);
    mr_create_scan_begin(scan, 3, 7);
    add(rows[0].id, rows[0].text);
    add(rows[1].id, rows[1].text);
    close_chunk(-1);
    add(rows[2].id, rows[2].text);
    close_chunk(5); /* up to which there is nothing more */
    add(rows[3].id, rows[3].text);
    close_chunk(9);
    assert_int_equal(mr_create_range_end(scan, (struct mr_key){NULL, 0}, NULL), MR_OK);
    assert_int_equal(table->chunks.count, 3);
    const struct mr_snap_chunk *a = &chunk(0)->chunk, *b = &chunk(1)->chunk, *c = &chunk(2)->chunk;
    check_key(a->range.lo, NULL);
    check_key(a->range.hi, &minus);
    check_key(a->first, &lowest);
    check_key(a->last, &minus);
    check_key(b->range.lo, &minus);
    check_key(b->range.hi, &five);
    check_key(b->first, &zero);
    check_key(b->last, &zero);
    check_key(c->range.lo, &five);
    check_key(c->range.hi, NULL); /* the range has come to its end */
    check_key(c->last, &nine);
    assert_int_equal(a->rows + b->rows + c->rows, 4);
    assert_string_equal(b->file, "data/club.o%27dd%60s.1.tsv.zst");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(chunk(i)->segment, 3);
        assert_int_equal(chunk(i)->part, 7);
        assert_int_equal(chunk(i)->sequence, i);
        assert_true(mr_create_chunk_is_whole(&create.c, &chunk(i)->chunk));
    }
    check_rows(a, rows, 2);
    check_rows(b, rows + 2, 1);
    check_rows(c, rows + 3, 1);
    end();
}

/* A range without rows has no chunk; the last one of another range is not its. */
static void test_empty_range(void **state)
{
    static const int64_t two = 2;
    (void)state;
    begin(1);
    mr_create_scan_begin(scan, 0, 0);
    add(1, "a");
    close_chunk(2);
    mr_create_scan_begin(scan, 1, 0);
    assert_int_equal(mr_create_range_end(scan, id_key(9), NULL), MR_OK);
    assert_int_equal(table->chunks.count, 1);
    check_key(chunk(0)->chunk.range.hi, &two);
    end();
}

/* Rows without a key have no range. */
static void test_keyless(void **state)
{
    static const struct create_row rows[] = {{1, "a"}, {1, "a"}};
    (void)state;
    begin(0);
    mr_create_scan_begin(scan, 0, 0);
    add(1, "a");
    add(1, "a");
    assert_int_equal(mr_create_chunk_end(scan, (struct mr_key){"", 0}, NULL), MR_OK);
    add(1, "b");
    assert_int_equal(mr_create_range_end(scan, (struct mr_key){NULL, 0}, NULL), MR_OK);
    for (size_t i = 0; i < 2; i++) {
        check_key(chunk(i)->chunk.range.lo, NULL);
        check_key(chunk(i)->chunk.range.hi, NULL);
        check_key(chunk(i)->chunk.first, NULL);
    }
    check_rows(&chunk(0)->chunk, rows, 2);
    end();
}

static void test_disk(void **state)
{
    static const struct {
        uint64_t left, disk;
        bool full;
    } rows[] = {
        {0, (uint64_t)1 << 40, true},
        {(uint64_t)64 << 20, (uint64_t)1 << 40, true},
        {((uint64_t)64 << 20) + 1, (uint64_t)1 << 40, false},
        {1000, 100000, true},
        {1001, 100000, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        begin(1);
        left_bytes = rows[i].left;
        disk_bytes = rows[i].disk;
        mr_create_scan_begin(scan, 0, 0);
        assert_int_equal(mr_create_chunk_begin(scan, &err), rows[i].full ? MR_E_IO : MR_OK);
        assert_int_equal(scan->out == NULL, rows[i].full);
        end();
    }
}

/* What is on disk is kept only to the byte; an abandoned chunk leaves nothing. */
static void test_whole(void **state)
{
    char path[256];
    struct mr_err err = {0};
    (void)state;
    begin(1);
    mr_create_scan_begin(scan, 0, 0);
    add(1, "a");
    close_chunk(1);
    struct mr_journal_chunk old = *chunk(0);
    (void)snprintf(path, sizeof path, "%s/%s", mr_snap_dir_partial(create.c.dir), old.chunk.file);
    assert_true(mr_create_chunk_is_whole(&create.c, &old.chunk));
    assert_int_equal(mr_create_chunk_keep(scan, &old, &err), MR_OK);
    assert_int_equal(table->chunks.count, 2);
    assert_string_equal(chunk(1)->chunk.sha256, old.chunk.sha256);
    old.chunk.stored_bytes++;
    assert_false(mr_create_chunk_is_whole(&create.c, &old.chunk));
    old.chunk.stored_bytes--;
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "x", 1, (off_t)old.chunk.stored_bytes - 1), 1);
    assert_int_equal(close(fd), 0);
    assert_false(mr_create_chunk_is_whole(&create.c, &old.chunk));
    assert_int_equal(unlink(path), 0);
    assert_false(mr_create_chunk_is_whole(&create.c, &old.chunk));
    add(2, "b");
    const char *file = scan->file;
    mr_create_chunk_abandon(scan);
    (void)snprintf(path, sizeof path, "%s/%s", mr_snap_dir_partial(create.c.dir), file);
    assert_int_equal(access(path, F_OK), -1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles), cmocka_unit_test(test_empty_range),
        cmocka_unit_test(test_keyless), cmocka_unit_test(test_disk), cmocka_unit_test(test_whole)};
    return cmocka_run_group_tests_name("create_chunk", tests, NULL, NULL);
}
