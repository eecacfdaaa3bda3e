/* test_restore_bulk.c: which tables' rows go in bulk, in which kinds, and by which statement. */
#include "restore_world.h"

static bool takes_bulk;

bool __wrap_mr_bulk_is_there(const struct mr_db *db);
bool __wrap_mr_bulk_is_there(const struct mr_db *db)
{
    (void)db;
    return takes_bulk;
}

static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"}};

/* ---- the server ---- */

static void test_learn(void **state)
{
    static const struct {
        const char *what;
        bool is_there;
        struct world_answer answer;
        enum mr_code code;
        bool bulk;
        unsigned asked;
    } rows[] = {
        {"rows in the log", true, {.has = "binlog_format", .text = "1"}, MR_OK, true, 1},
        {"statements in the log", true, {.has = "binlog_format", .text = "0"}, MR_OK, false, 1},
        {"another server", false, {.has = "-"}, MR_OK, false, 0},
        {"lost", true, {.has = "binlog_format", .code = MR_E_LOST}, MR_E_LOST, false, 1},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        world_begin(&rows[i].answer, 1);
        restore_begin(NULL, 0, objects, LEN(objects));
        takes_bulk = rows[i].is_there;
        enum mr_code code = mr_restore_learn_bulk(&restore.r, NULL);
        if (code != rows[i].code || restore.r.bulk != rows[i].bulk || world.asked != rows[i].asked)
            fail_msg("%s", rows[i].what);
        restore_end();
        world_end();
    }
}

/* ---- columns ---- */

static const struct {
    struct mr_snap_column column;
    enum mr_bulk_kind kind;
    enum mr_class read_as;
} every[] = {
    {{"a", "int", MR_CLASS_INT, .load = MR_SNAP_LOAD_PLAIN}, MR_BULK_INT, MR_CLASS_INT},
    {{"b", "bigint unsigned", MR_CLASS_UINT, .load = MR_SNAP_LOAD_PLAIN},
     MR_BULK_UINT,
     MR_CLASS_UINT},
    {{"c", "bit(64)", MR_CLASS_UINT, .load = MR_SNAP_LOAD_NUMBER}, MR_BULK_UINT, MR_CLASS_UINT},
    {{"d", "enum('x')", MR_CLASS_UINT, .load = MR_SNAP_LOAD_NUMBER, .by_number = true},
     MR_BULK_UINT,
     MR_CLASS_UINT},
    {{"e", "float", MR_CLASS_FLOAT, .load = MR_SNAP_LOAD_PLAIN}, MR_BULK_DOUBLE, MR_CLASS_FLOAT},
    {{"f", "double", MR_CLASS_DOUBLE, .load = MR_SNAP_LOAD_PLAIN}, MR_BULK_DOUBLE, MR_CLASS_DOUBLE},
    {{"g", "decimal(9,2)", MR_CLASS_DECIMAL, .load = MR_SNAP_LOAD_PLAIN},
     MR_BULK_BYTES,
     MR_CLASS_DECIMAL},
    {{"h", "varchar(9)", MR_CLASS_TEXT, .charset = "latin1", .load = MR_SNAP_LOAD_PLAIN},
     MR_BULK_BYTES,
     MR_CLASS_TEXT},
    {{"i", "blob", MR_CLASS_BINARY, .load = MR_SNAP_LOAD_PLAIN}, MR_BULK_BYTES, MR_CLASS_BINARY},
    {{"j", "point", MR_CLASS_GEOMETRY, .load = MR_SNAP_LOAD_PLAIN},
     MR_BULK_BYTES,
     MR_CLASS_GEOMETRY},
    {{"k", "json", MR_CLASS_JSON, .load = MR_SNAP_LOAD_UTF8}, MR_BULK_UTF8, MR_CLASS_JSON},
    {{"l", "uuid", MR_CLASS_BINARY, .load = MR_SNAP_LOAD_ASCII}, MR_BULK_UTF8, MR_CLASS_BINARY},
    {{"m", "date", MR_CLASS_DATE, .load = MR_SNAP_LOAD_PLAIN}, MR_BULK_BYTES, MR_CLASS_BINARY},
    {{"n", "datetime(6)", MR_CLASS_DATETIME, .load = MR_SNAP_LOAD_PLAIN},
     MR_BULK_BYTES,
     MR_CLASS_BINARY},
    {{"o", "time", MR_CLASS_TIME, .load = MR_SNAP_LOAD_PLAIN}, MR_BULK_BYTES, MR_CLASS_BINARY},
};

static void test_columns(void **state)
{
    struct mr_snap_column columns[LEN(every)];
    struct mr_value values[LEN(every)];
    struct mr_snap_table t = {.db = "club",
                              .name = "t",
                              .engine = "InnoDB",
                              .transactional = true,
                              .columns = columns,
                              .ncolumns = LEN(every)};
    (void)state;
    memset(values, 0, sizeof values);
    for (size_t i = 0; i < LEN(every); i++)
        columns[i] = every[i].column;
    world_begin(NULL, 0);
    restore_begin(&t, 1, objects, LEN(objects));
    restore.r.bulk = true;
    assert_int_equal(mr_restore_plan_bulk(&restore.r, &restore.tables[0], NULL), MR_OK);
    const struct mr_restore_bulk *bulk = restore.tables[0].bulk;
    assert_non_null(bulk);
    for (size_t i = 0; i < LEN(every); i++) {
        assert_int_equal(bulk->kinds[i], every[i].kind);
        assert_int_equal(bulk->table.columns[i].cls, every[i].read_as);
        assert_int_equal(t.columns[i].cls, every[i].column.cls);
    }
    assert_int_equal(mr_restore_bulk_width(bulk, values), 6 * 9 + 9 * 10);
    values[7].len = 5;
    values[10].len = 7;
    values[0].len = 100; /* of a number it says nothing */
    assert_int_equal(mr_restore_bulk_width(bulk, values), 6 * 9 + 9 * 10 + 12);
    values[0].cls = values[7].cls = MR_CLASS_NULL; /* one byte each, whatever stood there */
    assert_int_equal(mr_restore_bulk_width(bulk, values), 2 + 5 * 9 + 8 * 10 + 7);
    restore_end();
    world_end();
}

/* What has no kind, or no transactions, goes as a text. */
static void test_not_in_bulk(void **state)
{
    static const struct mr_snap_column plain[] = {
        {"a", "int", MR_CLASS_INT, .load = MR_SNAP_LOAD_PLAIN}};
    static const struct mr_snap_column odd[] = {
        {"a", "int", MR_CLASS_INT, .load = MR_SNAP_LOAD_PLAIN},
        {"b", "bit(1)", MR_CLASS_TEXT, .load = MR_SNAP_LOAD_NUMBER}};
    static const struct {
        const char *what;
        struct mr_snap_table t;
        bool bulk, data_only;
        const char *engine; /* of the target's */
        bool undone;        /* it has transactions */
        bool planned;
    } rows[] = {
        {"so",
         {.engine = "InnoDB", .transactional = true, .ncolumns = 1},
         true,
         false,
         NULL,
         false,
         true},
        {"no bulk",
         {.engine = "InnoDB", .transactional = true, .ncolumns = 1},
         false,
         false,
         NULL,
         false,
         false},
        {"no transactions", {.engine = "Aria", .ncolumns = 1}, true, false, NULL, false, false},
        {"no kind",
         {.engine = "InnoDB", .transactional = true, .ncolumns = 2},
         true,
         false,
         NULL,
         false,
         false},
        {"the target's own engine",
         {.engine = "InnoDB", .transactional = true, .ncolumns = 1},
         true,
         true,
         "MyISAM",
         false,
         false},
        {"the target's is the same",
         {.engine = "InnoDB", .transactional = true, .ncolumns = 1},
         true,
         true,
         "innodb",
         true,
         true},
        {"the target's alone has transactions",
         {.engine = "MyISAM", .ncolumns = 1},
         true,
         true,
         "InnoDB",
         true,
         true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_table there = {
            .db = "club", .name = "t", .engine = rows[i].engine, .transactional = rows[i].undone};
        struct mr_snap_table t = rows[i].t;
        t.db = "club";
        t.name = "t";
        t.columns = t.ncolumns == 1 ? plain : odd;
        world_begin(NULL, 0);
        restore_begin(&t, 1, objects, LEN(objects));
        restore.cat.tables = &there;
        restore.cat.ntables = 1;
        restore.r.bulk = rows[i].bulk;
        restore.opts.data_only = rows[i].data_only;
        assert_int_equal(mr_restore_plan_bulk(&restore.r, &restore.tables[0], NULL), MR_OK);
        if ((restore.tables[0].bulk != NULL) != rows[i].planned)
            fail_msg("%s", rows[i].what);
        restore_end();
        world_end();
    }
}

static void test_sql(void **state)
{
    static const struct mr_snap_column columns[] = {{.name = "id"}, {.name = "na`me"}};
    static const struct mr_snap_table t = {
        .db = "club", .name = "o`f", .columns = columns, .ncolumns = 2};
    struct mr_restore_table table = {.snap = &t, .db = "copy"};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    (void)state;
    mr_restore_bulk_sql(&sql, &table);
    assert_string_equal(sql.ptr, "INSERT INTO `copy`.`o``f` (`id`, `na``me`) VALUES (?, ?)");
    mr_strbuf_release(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_learn), cmocka_unit_test(test_columns),
                                       cmocka_unit_test(test_not_in_bulk),
                                       cmocka_unit_test(test_sql)};
    return cmocka_run_group_tests_name("restore_bulk", tests, NULL, NULL);
}
