/* test_restore_aside.c: which errors are a table's own, and what is dropped of such a table. */
#include "restore_world.h"

static const struct mr_snap_chunk chunks[] = {{.file = "data/club.members.0.tsv.zst"},
                                              {.file = "data/club.o%27dd.1.tsv.zst"}};
static const struct mr_snap_table tables[] = {
    {.db = "club", .name = "mem`bers", .number = 7, .chunks = chunks, .nchunks = LEN(chunks)},
    {.db = "club", .name = "wallets"}};
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"}};

/* One that is wrongly the table's costs the rest a night; one that is wrongly the server's ends
 * a restore for the sake of one table. */
static void test_whose(void **state)
{
    static const struct {
        enum mr_code code;
        unsigned number;
        const char *text;
        bool of_table;
    } rows[] = {
        {MR_OK, 0, "", false},
        {MR_E_SQL, 1264, "out of range", true},
        {MR_E_SQL, 0, "the server took 3 of 4 rows", true},
        {MR_E_SQL, 1146, "no such table", true},
        {MR_E_NO_SUCH, 1146, "no such table", true},
        {MR_E_NO_SUCH, 1049, "no such database", false},
        {MR_E_SQL, 1021, "disk full", false},
        {MR_E_SQL, 1148, "not allowed", false},
        {MR_E_SQL, 3948, "not allowed", false},
        {MR_E_SQL, 1290, "--read-only", false},
        {MR_E_SQL, 1461, "no prepared statement", false},
        {MR_E_SQL, 1030, "Got error 28 \"No space left on device\" from storage engine", false},
        {MR_E_SQL, 1030, "Got error 168 from storage engine", true},
        {MR_E_SQL, 1213, "deadlock", false},
        {MR_E_SQL, 1047, "no cluster", false},
        {MR_E_SQL, 1180, "no commit", false},
        {MR_E_DENIED, 1142, "denied", false},
        {MR_E_TIMEOUT, 1969, "time-out", false},
        {MR_E_LOST, 2013, "lost", false},
        {MR_E_NOMEM, 0, "no memory", false},
        {MR_E_CANCELLED, 0, "cancelled", false},
        {MR_E_SNAPSHOT, 0, "damaged", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        (void)mr_err_set(&err, rows[i].code, "%s", rows[i].text);
        err.sql_errno = rows[i].number;
        if (mr_restore_is_of_table(rows[i].code, &err) != rows[i].of_table)
            fail_msg("%s (%u)", rows[i].text, rows[i].number);
    }
}

static void set_aside(size_t table, enum mr_restore_aside how, const char *text)
{
    struct mr_err why = {0}, err = {0};
    (void)mr_err_set(&why, MR_E_SQL, "%s", text);
    assert_int_equal(mr_restore_set_aside(&restore.r, &restore.tables[table], how, &why, &err),
                     MR_OK);
}

/* Of several reasons the first is reported, and a table is counted once. */
static void test_first(void **state)
{
    (void)state;
    world_begin(NULL, 0);
    mr_log_set_level(0);
    restore_begin(tables, LEN(tables), objects, LEN(objects));
    assert_false(mr_restore_is_aside(&restore.r, &restore.tables[0]));
    set_aside(0, MR_ASIDE_LEFT, "first");
    set_aside(0, MR_ASIDE_UNREAD, "second");
    assert_true(mr_restore_is_aside(&restore.r, &restore.tables[0]));
    assert_false(mr_restore_is_aside(&restore.r, &restore.tables[1]));
    assert_string_equal(restore.tables[0].aside, "first");
    assert_int_equal(restore.tables[0].how, MR_ASIDE_LEFT);
    assert_int_equal(restore.r.naside, 1);
    restore_end();
    world_end();
}

/* Only what was half loaded is dropped; what was not made, or was there whole and cannot be read
 * back, is left alone.  Its files do not count as loaded any more. */
static void test_drop(void **state)
{
    static const char all[] =
        "DROP TABLE IF EXISTS `club`.`mem``bers`\n"
        "DELETE FROM `club`.`myrecon_restore` WHERE file = 'data/club.members.0.tsv.zst'\n"
        "DELETE FROM `club`.`myrecon_restore` WHERE file = 'data/club.o%27dd.1.tsv.zst'\n"
        "DELETE FROM `club`.`myrecon_restore` WHERE file = 'making table 7'\n";
    static const struct {
        enum mr_restore_aside how, then;
        enum mr_code answer;
        unsigned number;
        enum mr_code code;
        const char *sent;
    } rows[] = {
        {0, 0, MR_OK, 0, MR_OK, ""},
        {MR_ASIDE_NOT_MADE, MR_ASIDE_NOT_MADE, MR_OK, 0, MR_OK, ""},
        {MR_ASIDE_UNREAD, MR_ASIDE_UNREAD, MR_OK, 0, MR_OK, ""},
        {MR_ASIDE_LEFT, MR_ASIDE_DROPPED, MR_OK, 0, MR_OK, all},
        {MR_ASIDE_LEFT, MR_ASIDE_LEFT, MR_E_DENIED, 1142, MR_OK, NULL},
        {MR_ASIDE_LEFT, MR_ASIDE_LEFT, MR_E_SQL, 1451, MR_OK, NULL},
        {MR_ASIDE_LEFT, MR_ASIDE_LEFT, MR_E_TIMEOUT, 1205, MR_OK, NULL},
        {MR_ASIDE_LEFT, MR_ASIDE_LEFT, MR_E_SQL, 1290, MR_E_SQL, NULL},
        {MR_ASIDE_LEFT, MR_ASIDE_LEFT, MR_E_LOST, 2013, MR_E_LOST, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct world_answer script[] = {
            {.has = "DROP TABLE", .code = rows[i].answer, .number = rows[i].number}};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        mr_log_set_level(0);
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        if (rows[i].how != 0)
            set_aside(0, rows[i].how, "no");
        assert_int_equal(mr_restore_drop_aside(&restore.r, &err), rows[i].code);
        assert_int_equal(err.code, rows[i].code);
        assert_int_equal(restore.tables[0].how, rows[i].then);
        if (rows[i].sent != NULL)
            assert_string_equal(world_sent(), rows[i].sent);
        else
            assert_int_equal(world_sent_count("DELETE"), 0);
        restore_end();
        world_end();
    }
}

/* A file that stays counted as loaded would never be loaded again. */
static void test_forget_fails(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= LEN(chunks); n++) {
        struct mr_err err = {0};
        world_begin(NULL, 0);
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        world.fail_at = n;
        assert_int_equal(mr_restore_forget(&restore.r, &restore.tables[0], &err), MR_E_LOST);
        assert_int_equal(world.asked, n);
        restore_end();
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whose), cmocka_unit_test(test_first),
                                       cmocka_unit_test(test_drop),
                                       cmocka_unit_test(test_forget_fails)};
    return cmocka_run_group_tests_name("restore_aside", tests, NULL, NULL);
}
