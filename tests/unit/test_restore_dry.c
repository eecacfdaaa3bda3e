/* test_restore_dry.c: what refuses becomes an obstacle of a dry run; what is left to load, and whether
 * there is room for it. */
#include "restore_world.h"
#include "snapshot/read/snap_catalogue.h"

static struct mr_catalogue of_snapshot;
static enum mr_code catalogue_code;

enum mr_code __wrap_mr_snap_catalogue_load(const struct mr_snap *snap, struct mr_catalogue **out,
                                           struct mr_err *err);
enum mr_code __wrap_mr_snap_catalogue_load(const struct mr_snap *snap, struct mr_catalogue **out,
                                           struct mr_err *err)
{
    (void)snap;
    *out = catalogue_code == MR_OK ? &of_snapshot : NULL;
    return catalogue_code == MR_OK ? MR_OK : mr_err_set(err, catalogue_code, "no catalogue");
}

static const char *definition;

enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err);
enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err)
{
    (void)snap, (void)name, (void)place, (void)err;
    mr_strbuf_add_str(out, definition);
    return MR_OK;
}

static const struct mr_snap_chunk chunks[] = {
    {.file = "data/club.members.0.tsv.zst", .rows = 10, .plain_bytes = 1000},
    {.file = "data/club.members.1.tsv.zst", .rows = 5, .plain_bytes = 1000}};
static const struct mr_snap_table tables[] = {{.db = "club",
                                               .name = "members",
                                               .schema_file = "members.t",
                                               .engine = "InnoDB",
                                               .chunks = chunks,
                                               .nchunks = 2,
                                               .rows = 15,
                                               .plain_bytes = 2000}};
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"}};

static void begin(const struct world_answer *script, size_t count)
{
    static struct world_answer all[8];
    assert_true(count < LEN(all));
    if (count > 0)
        memcpy(all, script, count * sizeof *script);
    all[count] = (struct world_answer){.has = "sql_generate_invisible", .text = "0"};
    world_begin(all, count + 1);
    mr_log_set_level(0);
    restore_begin(tables, LEN(tables), objects, LEN(objects));
    restore.opts.dry_run = true;
    definition = "CREATE TABLE `members` (\n  `id` int NOT NULL,\n  PRIMARY KEY (`id`)\n)";
}

static void end(void)
{
    restore_end();
    world_end();
}

struct one {
    const char *what;
    uint64_t data_bytes; /* of the table, on the source */
    enum mr_code catalogue;
    const char *log_bin, *disk;
    size_t done; /* chunks that an earlier run has loaded */
    bool schema_only;
    uint64_t rows, needed, log;
    bool has_room;
};

static const struct one cases[] = {
    {"all is left", 0, MR_OK, "0", "90000|9000", 0, false, 15, 2000, 0, true},
    {"the log has it, too", 0, MR_OK, "1", "90000|9000", 0, false, 15, 2000, 2000, true},
    {"as much as on the source", 6000, MR_OK, "0", "90000|9000", 0, false, 15, 6000, 0, true},
    {"that has no room", 6000, MR_OK, "1", "90000|7999", 0, false, 15, 6000, 2000, false},
    {"an earlier run has loaded half", 6000, MR_OK, "0", "90000|9000", 1, false, 5, 3000, 0, true},
    {"a snapshot without a catalogue", 6000, MR_E_SNAPSHOT, "0", "90000|9000", 0, false, 15, 2000,
     0, true},
    {"nobody knows of the disk", 0, MR_OK, "1", NULL, 0, false, 15, 2000, 2000, true},
    {"the schema takes none", 6000, MR_OK, "1", "90000|10", 0, true, 0, 0, 0, true},
};

static void test_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        const struct mr_table was = {.db = "club", .name = "members", .data_bytes = c->data_bytes};
        const struct world_answer script[] = {{.has = "log_bin", .text = c->log_bin},
                                              {.has = "DISKS",
                                               .rows = c->disk,
                                               .code = c->disk != NULL ? MR_OK : MR_E_SQL,
                                               .number = 1109}};
        struct mr_err err = {0};
        begin(script, LEN(script));
        of_snapshot = (struct mr_catalogue){.tables = &was, .ntables = 1};
        catalogue_code = c->catalogue;
        restore.opts.schema_only = c->schema_only;
        restore.r.resumed = restore.tables[0].is_there = c->done > 0;
        for (size_t k = 0; k < c->done; k++)
            restore_done(chunks[k].file);
        assert_int_equal(mr_restore_dry(&restore.r, &err), MR_OK);
        const struct mr_restore_dry_facts *dry = &restore.r.dry;
        if (dry->rows != c->rows || dry->needed_bytes != c->needed || dry->log_bytes != c->log ||
            mr_restore_has_room(&restore.r) != c->has_room || dry->least_s > dry->most_s)
            fail_msg("%s: %zu rows, %zu and %zu bytes", c->what, (size_t)dry->rows,
                     (size_t)dry->needed_bytes, (size_t)dry->log_bytes);
        end();
    }
}

/* A dry run goes on behind a refusal, and behind nothing else. */
static void test_pass(void **state)
{
    static const struct {
        enum mr_code code;
        bool dry;
        enum mr_code passed;
        size_t obstacles;
    } rows[] = {{MR_OK, true, MR_OK, 0},
                {MR_E_REFUSED, true, MR_OK, 1},
                {MR_E_REFUSED, false, MR_E_REFUSED, 0},
                {MR_E_LOST, true, MR_E_LOST, 0}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        begin(NULL, 0);
        restore.opts.dry_run = rows[i].dry;
        if (rows[i].code != MR_OK)
            (void)mr_err_set(&err, rows[i].code, "not empty");
        mr_err_hint(&err, "Empty it.");
        assert_int_equal(mr_restore_pass(&restore.r, rows[i].code, &err), rows[i].passed);
        assert_int_equal(restore.r.obstacles.count, rows[i].obstacles);
        if (rows[i].obstacles > 0) {
            const struct mr_restore_obstacle *obstacle = mr_vec_at(&restore.r.obstacles, 0);
            assert_string_equal(obstacle->text, "not empty");
            assert_string_equal(obstacle->hint, "Empty it.");
            assert_string_equal(err.message, "");
        }
        end();
    }
}

/* What a run would note, and end with 4 for, a dry run notes. */
static void test_notes(void **state)
{
    static const struct world_answer script[] = {
        {.has = "log_bin", .text = "0"}, {.has = "DISKS", .code = MR_E_SQL, .number = 1109}};
    struct mr_err err = {0};
    (void)state;
    begin(script, LEN(script));
    catalogue_code = MR_E_SNAPSHOT;
    definition = "CREATE TABLE `members` (\n  `id` int NOT NULL,\n  PRIMARY KEY (`id`)\n) "
                 "DATA DIRECTORY='/mnt/far'";
    assert_int_equal(mr_restore_dry(&restore.r, &err), MR_OK);
    assert_int_equal(restore.r.notes.count, 1);
    assert_string_equal(restore_note(0), "\"members.t\": would be made in the server's own "
                                         "directory, without its DATA DIRECTORY");
    end();
}

/* Rows that go in bulk are no slower than LOAD DATA, whatever local_infile says. */
static void test_bulk(void **state)
{
    static const struct world_answer script[] = {
        {.has = "log_bin", .text = "0"}, {.has = "DISKS", .code = MR_E_SQL, .number = 1109}};
    double least_s[2] = {0, 0};
    (void)state;
    for (unsigned bulk = 0; bulk < 2; bulk++) {
        struct mr_err err = {0};
        begin(script, LEN(script));
        catalogue_code = MR_E_SNAPSHOT;
        restore.opts.schema_only = false;
        restore.r.bulk = bulk;
        restore.r.insert = true;
        world.server.max_packet_bytes = 0;
        assert_int_equal(mr_restore_dry(&restore.r, &err), MR_OK);
        least_s[bulk] = restore.r.dry.least_s;
        end();
    }
    assert_true(least_s[1] < least_s[0]);
}

/* Lost as it is asked: a dry run says nothing half. */
static void test_lost(void **state)
{
    const struct world_answer script[] = {{.has = "log_bin", .code = MR_E_LOST, .number = 2013}};
    struct mr_err err = {0};
    (void)state;
    begin(script, LEN(script));
    catalogue_code = MR_E_SNAPSHOT;
    assert_int_equal(mr_restore_dry(&restore.r, &err), MR_E_LOST);
    catalogue_code = MR_E_REFUSED;
    assert_int_equal(mr_restore_dry(&restore.r, &err), MR_E_REFUSED);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_left), cmocka_unit_test(test_pass),
                                       cmocka_unit_test(test_lost), cmocka_unit_test(test_notes),
                                       cmocka_unit_test(test_bulk)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
