/* test_restore_check.c: a table is the snapshot's when its rows are, in number and in sum, by
 * whatever pieces they are read; JSON of another flavour is compared in its normal form. */
#include "restore_world.h"
#include "snapshot/read/snap_rows.h"

/* ---- rows ---- */

struct row {
    int64_t id;
    const char *text; /* NULL: NULL */
};

static const struct row *target_rows; /* in the order of ids */
static size_t target_count;
static const struct row *kept_rows; /* of the file that is read */
static size_t kept_count;
static unsigned scans, fails_at;
static enum mr_code failure;
static unsigned failure_number;

static bool is_json;

static void fill(const struct row *row, struct mr_value *values)
{
    values[0] = (struct mr_value){.cls = MR_CLASS_INT, .i = row->id};
    values[1] = (struct mr_value){.cls = row->text == NULL ? MR_CLASS_NULL
                                         : is_json         ? MR_CLASS_JSON
                                                           : MR_CLASS_TEXT,
                                  .ptr = row->text,
                                  .len = row->text != NULL ? strlen(row->text) : 0};
}

static struct mr_arena keys;

static struct mr_key key_of(int64_t id)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    const struct mr_value value = {.cls = MR_CLASS_INT, .i = id};
    assert_int_equal(mr_row_encode(&key, &value, NULL), MR_OK);
    const struct mr_key kept = {mr_arena_dup(&keys, key.ptr, key.len), key.len};
    mr_strbuf_release(&key);
    return kept;
}

/* ---- the target ---- */

static enum mr_code scan_raw(struct mr_reader *reader, const struct mr_readspec *spec,
                             struct mr_range range, uint64_t limit, mr_raw_row_fn *fn, void *ctx,
                             struct mr_err *err)
{
    (void)reader;
    assert_int_equal(limit, 0);
    assert_null(spec->where); /* that was of the source's rows */
    assert_string_equal(spec->db, "copy");
    for (size_t i = 0; i < target_count; i++) {
        struct mr_value values[2];
        struct mr_key key = key_of(target_rows[i].id);
        if ((range.lo.ptr != NULL && mr_key_compare(key, range.lo) <= 0) ||
            (range.hi.ptr != NULL && mr_key_compare(key, range.hi) > 0))
            continue;
        fill(&target_rows[i], values);
        const struct mr_raw_row row = {.values = values};
        MR_TRY(fn(ctx, &row, err));
    }
    if (++scans == fails_at)
        return world_error(failure, failure_number, NULL, err);
    return MR_OK;
}

static enum mr_code reader_new(struct mr_source *src, struct mr_reader **out, struct mr_err *err)
{
    static struct mr_reader reader;
    (void)err;
    reader.source = src;
    *out = &reader;
    return MR_OK;
}

static void reader_free(struct mr_reader *reader)
{
    (void)reader;
}

static void source_free(struct mr_source *src)
{
    (void)src;
}

enum mr_code __wrap_mr_source_live_new(const struct mr_endpoint *ep,
                                       const struct mr_source_opts *opts, struct mr_source **out,
                                       struct mr_err *err);
enum mr_code __wrap_mr_source_live_new(const struct mr_endpoint *ep,
                                       const struct mr_source_opts *opts, struct mr_source **out,
                                       struct mr_err *err)
{
    static const struct mr_source_ops ops = {.reader_new = reader_new,
                                             .reader_free = reader_free,
                                             .scan_raw = scan_raw,
                                             .free = source_free};
    static struct mr_source source;
    (void)ep, (void)opts, (void)err;
    source.ops = &ops;
    *out = &source;
    return MR_OK;
}

/* ---- the snapshot's files ---- */

struct mr_snap_rows {
    size_t at;
    struct mr_value values[2];
};
static struct mr_snap_rows reading;

enum mr_code __wrap_mr_snap_rows_open(const struct mr_snap *snap, const struct mr_snap_table *table,
                                      const struct mr_snap_chunk *chunk, struct mr_snap_rows **out,
                                      struct mr_err *err);
enum mr_code __wrap_mr_snap_rows_open(const struct mr_snap *snap, const struct mr_snap_table *table,
                                      const struct mr_snap_chunk *chunk, struct mr_snap_rows **out,
                                      struct mr_err *err)
{
    (void)snap, (void)table, (void)chunk, (void)err;
    reading.at = 0;
    *out = &reading;
    return MR_OK;
}

enum mr_code __wrap_mr_snap_rows_next(struct mr_snap_rows *rows, const struct mr_value **values,
                                      struct mr_err *err);
enum mr_code __wrap_mr_snap_rows_next(struct mr_snap_rows *rows, const struct mr_value **values,
                                      struct mr_err *err)
{
    (void)err;
    *values = NULL;
    if (rows->at < kept_count) {
        fill(&kept_rows[rows->at++], rows->values);
        *values = rows->values;
    }
    return MR_OK;
}

void __wrap_mr_snap_rows_close(struct mr_snap_rows *rows);
void __wrap_mr_snap_rows_close(struct mr_snap_rows *rows)
{
    (void)rows;
}

/* ---- the table ---- */

static struct mr_snap_column columns[] = {
    {.name = "id", .type = "bigint", .cls = MR_CLASS_INT, .load = MR_SNAP_LOAD_PLAIN},
    {.name = "text", .type = "text", .cls = MR_CLASS_TEXT, .load = MR_SNAP_LOAD_PLAIN}};
static const size_t key[] = {0};
static struct mr_snap_chunk chunks[2];
static struct mr_snap_table table;
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"}};

static struct mr_snap_sum sum_of(const struct row *rows, size_t count)
{
    struct mr_hasher *hasher = mr_hasher_new();
    struct mr_snap_sum sum = {0};
    for (size_t i = 0; i < count; i++) {
        struct mr_value values[2];
        fill(&rows[i], values);
        for (size_t c = 0; c < 2; c++)
            assert_int_equal(mr_hasher_add(hasher, &values[c], NULL), MR_OK);
        mr_snap_sum_add(&sum, mr_hasher_finish(hasher));
    }
    mr_hasher_free(hasher);
    return sum;
}

/* The rows in chunks of up to `a_chunk`. */
static void make_table(const struct row *rows, size_t count, size_t a_chunk)
{
    table = (struct mr_snap_table){.db = "club",
                                   .name = "m",
                                   .engine = "InnoDB",
                                   .transactional = true,
                                   .columns = columns,
                                   .ncolumns = 2,
                                   .key = key,
                                   .nkey = 1,
                                   .index = "PRIMARY",
                                   .where = "id < 100",
                                   .chunks = chunks,
                                   .rows = count,
                                   .sum = sum_of(rows, count)};
    for (size_t from = 0; from < count || from == 0; from += a_chunk) {
        size_t n = count - from < a_chunk ? count - from : a_chunk;
        struct mr_snap_chunk *c = &chunks[table.nchunks];
        *c = (struct mr_snap_chunk){.file = "data/x", .rows = n, .sum = sum_of(rows + from, n)};
        if (from > 0)
            c->range.lo = chunks[table.nchunks - 1].range.hi;
        if (from + n < count)
            c->range.hi = key_of(rows[from + n - 1].id);
        if (n > 0) {
            c->first = key_of(rows[from].id);
            c->last = key_of(rows[from + n - 1].id);
        }
        table.nchunks++;
    }
}

static enum mr_code check(struct mr_err *err)
{
    world_begin(NULL, 0);
    mr_log_set_level(0);
    restore_begin(&table, 1, objects, LEN(objects));
    restore.tables[0].db = "copy";
    scans = 0;
    return mr_restore_check(&restore.r, err);
}

static void end(void)
{
    restore_end();
    world_end();
}

static const struct row four[] = {{-5, ""}, {0, NULL}, {7, "a"}, {INT64_MAX, "b"}};

static void test_same(void **state)
{
    static const struct row changed[] = {{-5, ""}, {0, NULL}, {7, "A"}, {INT64_MAX, "b"}};
    static const struct row null[] = {{-5, NULL}, {0, NULL}, {7, "a"}, {INT64_MAX, "b"}};
    static const struct row more[] = {{-5, ""}, {0, NULL}, {3, "x"}, {7, "a"}, {INT64_MAX, "b"}};
    static const struct row before[] = {
        {INT64_MIN, "x"}, {-5, ""}, {0, NULL}, {7, "a"}, {INT64_MAX, "b"}};
    static const struct row moved[] = {{-5, ""}, {0, "a"}, {7, NULL}, {INT64_MAX, "b"}};
    static const struct {
        const char *what;
        const struct row *rows;
        size_t count;
        bool same;
    } rows[] = {{"the same", four, 4, true},
                {"empty", four, 0, false},
                {"the last is gone", four, 3, false},
                {"a letter", changed, 4, false},
                {"NULL for ''", null, 4, false},
                {"one between", more, 5, false},
                {"one before the first", before, 5, false},
                {"values of others", moved, 4, false}};
    (void)state;
    is_json = false;
    columns[1].cls = MR_CLASS_TEXT;
    for (size_t a_chunk = 2; a_chunk <= 4; a_chunk += 2)
        for (size_t i = 0; i < LEN(rows); i++) {
            struct mr_err err = {0};
            make_table(four, 4, a_chunk);
            target_rows = rows[i].rows;
            target_count = rows[i].count;
            fails_at = 0;
            assert_int_equal(check(&err), MR_OK);
            if (mr_restore_is_same(&restore.r, &restore.tables[0]) != rows[i].same ||
                restore.r.different != !rows[i].same)
                fail_msg("%s, %zu a chunk", rows[i].what, a_chunk);
            assert_int_equal(scans, a_chunk == 2 ? 2 : 1);
            end();
        }
    make_table(four, 0, 2);
    target_count = 0;
    assert_int_equal(check(NULL), MR_OK);
    assert_int_equal(restore.r.different, 0);
    end();
}

/* Where the manifest's ranges do not tile, or its keys are hidden, it is read as a whole. */
static void test_pieces(void **state)
{
    (void)state;
    is_json = false;
    columns[1].cls = MR_CLASS_TEXT;
    target_rows = four;
    target_count = 4;
    for (int i = 0; i < 3; i++) {
        make_table(four, 4, 2);
        if (i == 0)
            chunks[1].range.lo = key_of(3);
        if (i == 1)
            table.keys_hidden = true;
        if (i == 2)
            table.nkey = 0;
        assert_int_equal(check(NULL), MR_OK);
        assert_int_equal(scans, 1);
        assert_int_equal(restore.r.different, 0);
        end();
    }
}

static void test_json(void **state)
{
    static const struct row kept[] = {{1, "{\"b\": 1, \"a\": [1,  2]}"}, {2, NULL}};
    static const struct row other[] = {{1, "{\"a\":[1,2],\"b\":1}"}, {2, NULL}};
    static const struct row wrong[] = {{1, "{\"a\":[2,1],\"b\":1}"}, {2, NULL}};
    static const struct {
        enum mr_flavour flavour;
        const struct row *rows;
        bool same;
    } rows[] = {{MR_FLAVOUR_MYSQL, other, true},
                {MR_FLAVOUR_MYSQL, wrong, false},
                {MR_FLAVOUR_MYSQL, kept, true},
                {MR_FLAVOUR_MARIADB, kept, true},
                {MR_FLAVOUR_MARIADB, other, false}};
    (void)state;
    is_json = true;
    columns[1].cls = MR_CLASS_JSON;
    for (size_t i = 0; i < LEN(rows); i++) {
        make_table(kept, 2, 2);
        target_rows = rows[i].rows;
        target_count = 2;
        kept_rows = kept;
        kept_count = 2;
        world_begin(NULL, 0);
        mr_log_set_level(0);
        restore_begin(&table, 1, objects, LEN(objects));
        restore.tables[0].db = "copy";
        world.server.flavour = rows[i].flavour;
        scans = fails_at = 0;
        assert_int_equal(mr_restore_check(&restore.r, NULL), MR_OK);
        assert_int_equal(mr_restore_is_same(&restore.r, &restore.tables[0]), rows[i].same);
        end();
    }
}

/* What cannot be read back is not proved, and never counts as the same or as different. */
static void test_failing(void **state)
{
    static const struct {
        enum mr_code failure;
        unsigned number;
        enum mr_code code;
        bool aside;
    } rows[] = {{MR_E_SQL, 1194, MR_OK, true},
                {MR_E_NO_SUCH, 1146, MR_OK, true},
                {MR_E_LOST, 2013, MR_E_LOST, false},
                {MR_E_SQL, 1021, MR_E_SQL, false},
                {MR_E_CANCELLED, 0, MR_E_CANCELLED, false}};
    (void)state;
    is_json = false;
    columns[1].cls = MR_CLASS_TEXT;
    target_rows = four;
    target_count = 4;
    for (unsigned n = 1; n <= 2; n++)
        for (size_t i = 0; i < LEN(rows); i++) {
            struct mr_err err = {0};
            make_table(four, 4, 2);
            fails_at = n;
            failure = rows[i].failure;
            failure_number = rows[i].number;
            assert_int_equal(check(&err), rows[i].code);
            assert_int_equal(restore.tables[0].aside != NULL, rows[i].aside);
            if (rows[i].aside)
                assert_int_equal(restore.tables[0].how, MR_ASIDE_UNREAD);
            assert_int_equal(restore.r.different, 0);
            assert_false(mr_restore_is_same(&restore.r, &restore.tables[0]));
            end();
        }
}

/* Both the number and the sum: no row at all has a sum, too. */
static void test_is_same(void **state)
{
    static const struct mr_snap_table none = {.rows = 0}, one = {.rows = 1};
    const struct mr_restore_table rows[] = {{.snap = &none},
                                            {.snap = &one},
                                            {.snap = &one, .rows = 1},
                                            {.snap = &one, .rows = 1, .sum = {0, 1}},
                                            {.snap = &one, .rows = 1, .sum = {1, 0}}};
    static const bool same[] = {true, false, true, false, false};
    const struct mr_snap_options schema = {.schema_only = true}, all = {0};
    const struct mr_restore_table other = {.snap = &none, .differs = "column \"a\" differs"};
    struct mr_restore r = {.opts = &all};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_int_equal(mr_restore_is_same(&r, &rows[i]), same[i]);
    r.opts = &schema; /* whose rows do not count */
    assert_true(mr_restore_is_same(&r, &rows[1]));
    assert_false(mr_restore_is_same(&r, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_pieces),
                                       cmocka_unit_test(test_json), cmocka_unit_test(test_is_same),
                                       cmocka_unit_test(test_failing)};
    mr_arena_init(&keys);
    int failed = cmocka_run_group_tests_name("restore_check", tests, NULL, NULL);
    mr_arena_release(&keys);
    return failed;
}
