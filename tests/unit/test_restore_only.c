/* test_restore_only.c: the schema alone, and what of a definition is seen to differ; the rows alone,
 * and into which tables they are not loaded. */
#include "restore_world.h"
#include "snapshot/read/snap_catalogue.h"

static struct mr_catalogue of_snapshot;

enum mr_code __wrap_mr_snap_catalogue_load(const struct mr_snap *snap, struct mr_catalogue **out,
                                           struct mr_err *err);
enum mr_code __wrap_mr_snap_catalogue_load(const struct mr_snap *snap, struct mr_catalogue **out,
                                           struct mr_err *err)
{
    (void)snap, (void)err;
    *out = &of_snapshot;
    return MR_OK;
}

static bool has_catalogue;

const struct mr_snap_file *__wrap_mr_snap_find_file(const struct mr_snap *snap, const char *name);
const struct mr_snap_file *__wrap_mr_snap_find_file(const struct mr_snap *snap, const char *name)
{
    static const struct mr_snap_file file = {.name = "catalogue.json"};
    (void)snap;
    assert_string_equal(name, file.name);
    return has_catalogue ? &file : NULL;
}

static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"}};

/* ---- the schema ---- */

static const struct mr_snap_table tables[] = {{.db = "club", .name = "t", .engine = "InnoDB"}};
static const struct mr_index_part on_id[] = {{.column = "id"}}, on_v[] = {{.column = "v"}},
                                  on_v_down[] = {{.column = "v", .descending = true}};
static const struct mr_column columns[] = {
    {.name = "id", .type = "int(11)"},
    {.name = "v", .type = "varchar(9)", .collation = "utf8_bin", .default_text = "'a'"}};
static const struct mr_column json_columns[] = {{.name = "id", .type = "int(11)"},
                                                {.name = "v",
                                                 .type = "varchar(9)",
                                                 .collation = "utf8_bin",
                                                 .default_text = "'a'",
                                                 .is_json = true}};
static const struct mr_index indexes[] = {
    {.name = "PRIMARY", .unique = true, .usable = true, .parts = on_id, .nparts = 1},
    {.name = "k", .usable = true, .parts = on_v, .nparts = 1}};

#define ID                                                                                         \
    {                                                                                              \
        .name = "id", .type = "int"                                                                \
    }
#define V(...)                                                                                     \
    {                                                                                              \
        .name = "v", .type = "varchar(9)", .collation = "utf8mb3_bin", __VA_ARGS__                 \
    }
#define PRIMARY                                                                                    \
    {                                                                                              \
        .name = "PRIMARY", .unique = true, .usable = true, .parts = on_id, .nparts = 1             \
    }

struct one {
    const char *what;
    struct mr_column columns[3];
    size_t ncolumns;
    struct mr_index indexes[2];
    const char *engine, *partitioning;
    size_t nchecks;
    bool other_family, lossy, has_rows, json;
    const char *differs; /* NULL: nothing */
};

#define KEYS                                                                                       \
    .indexes = {PRIMARY, {.name = "k", .usable = true, .parts = on_v, .nparts = 1}},               \
    .engine = "InnoDB"

static const struct one cases[] = {
    {"the same, printed otherwise", {ID, V(.default_text = "'a'")}, 2, KEYS},
    {"a default", {ID, V(.default_text = "'b'")}, 2, KEYS, .differs = "column \"v\" differs"},
    {"which families write in their own ways",
     {ID, V(.default_text = "'b'")},
     2,
     KEYS,
     .other_family = true},
    {"NULL is taken",
     {ID, V(.default_text = "'a'", .nullable = true)},
     2,
     KEYS,
     .other_family = true,
     .differs = "column \"v\" differs"},
    {"a type",
     {ID, {.name = "v", .type = "varchar(8)"}},
     2,
     KEYS,
     .other_family = true,
     .differs = "column \"v\" differs"},
    {"a collation",
     {ID, {.name = "v", .type = "varchar(9)", .collation = "latin1_bin", .default_text = "'a'"}},
     2,
     KEYS,
     .differs = "column \"v\" differs"},
    {"the order", {V(.default_text = "'a'"), ID}, 2, KEYS, .differs = "column \"id\" differs"},
    {"one that is missing", {ID}, 1, KEYS, .differs = "column \"v\" differs"},
    {"one more",
     {ID, V(.default_text = "'a'"), {.name = "my_row_id", .type = "bigint"}},
     3,
     KEYS,
     .differs = "column \"my_row_id\" differs"},
    {"an index",
     {ID, V(.default_text = "'a'")},
     2,
     .indexes = {PRIMARY, {.name = "k", .usable = true, .parts = on_v_down, .nparts = 1}},
     .engine = "InnoDB",
     .differs = "index \"k\" differs"},
    {"one that is not used",
     {ID, V(.default_text = "'a'")},
     2,
     .indexes = {PRIMARY, {.name = "k", .parts = on_v, .nparts = 1}},
     .engine = "InnoDB",
     .differs = "index \"k\" differs"},
    {"none",
     {ID, V(.default_text = "'a'")},
     2,
     .indexes = {PRIMARY, {.name = "other", .usable = true, .parts = on_v, .nparts = 1}},
     .engine = "InnoDB",
     .differs = "index \"k\" differs"},
    {"what is lost is listed, and no difference",
     {ID, V(.default_text = "'b'")},
     2,
     .indexes = {PRIMARY},
     .engine = "MyISAM",
     .lossy = true},
    {"but a column is",
     {ID},
     1,
     .indexes = {PRIMARY},
     .lossy = true,
     .differs = "column \"v\" differs"},
    {"MariaDB's JSON is a CHECK of another family",
     {ID, V(.default_text = "'a'", .cls = MR_CLASS_TEXT)},
     2,
     KEYS,
     .nchecks = 1,
     .other_family = true,
     .json = true},
    {"of its own it is a type",
     {ID, V(.default_text = "'a'", .cls = MR_CLASS_TEXT)},
     2,
     KEYS,
     .nchecks = 1,
     .json = true,
     .differs = "CHECKs differ"},
    {"and is not lost",
     {ID, V(.default_text = "'a'", .cls = MR_CLASS_TEXT)},
     2,
     KEYS,
     .other_family = true,
     .json = true,
     .differs = "CHECKs differ"},
    {"a CHECK", {ID, V(.default_text = "'a'")}, 2, KEYS, .nchecks = 1, .differs = "CHECKs differ"},
    {"partitions",
     {ID, V(.default_text = "'a'")},
     2,
     KEYS,
     .partitioning = "by hash",
     .differs = "partitions differ"},
    {"rows",
     {ID, V(.default_text = "'a'")},
     2,
     KEYS,
     .has_rows = true,
     .differs = "it has rows, which differ"},
    {"it is gone", {{0}}, 0, .differs = "it is not there: all differ"},
};

static void test_schema(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        const struct mr_table was = {.db = "club",
                                     .name = "t",
                                     .engine = "InnoDB",
                                     .columns = c->json ? json_columns : columns,
                                     .ncolumns = 2,
                                     .indexes = indexes,
                                     .nindexes = 2};
        const struct mr_table is = {.db = "club",
                                    .name = "t",
                                    .engine = c->engine,
                                    .partitioning = c->partitioning,
                                    .columns = c->columns,
                                    .ncolumns = c->ncolumns,
                                    .indexes = c->indexes,
                                    .nindexes = 2,
                                    .nchecks = c->nchecks};
        const struct world_answer script[] = {
            {.has = "SELECT 1 FROM `club`.`t`", .rows = c->has_rows ? "1" : ""}};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        restore.opts.schema_only = true;
        restore.cat.tables = &is;
        restore.cat.ntables = c->ncolumns > 0;
        of_snapshot =
            (struct mr_catalogue){.tables = &was, .ntables = 1, .server = restore.cat.server};
        if (c->other_family)
            of_snapshot.server.flavour = MR_FLAVOUR_MYSQL;
        if (c->lossy)
            *(struct mr_restore_loss *)mr_vec_push(&restore.r.losses) =
                (struct mr_restore_loss){MR_LOSS_COLLATION, "table", "", "club.t"};
        has_catalogue = true;
        assert_int_equal(mr_restore_prove_schema(&restore.r, &err), MR_OK);
        const char *differs = restore.tables[0].differs;
        if ((differs == NULL) != (c->differs == NULL) ||
            (differs != NULL && strcmp(differs, c->differs) != 0))
            fail_msg("%s: %s", c->what, differs != NULL ? differs : "nothing");
        restore_end();
        world_end();
    }
}

/* A snapshot of an earlier version: it is said, and makes it 4. */
static void test_no_catalogue(void **state)
{
    struct mr_err err = {0};
    (void)state;
    world_begin(NULL, 0);
    mr_log_set_level(0);
    restore_begin(tables, LEN(tables), objects, LEN(objects));
    has_catalogue = false;
    assert_int_equal(mr_restore_prove_schema(&restore.r, &err), MR_OK);
    assert_string_equal(restore_note(0),
                        "definitions are not proved: the snapshot has no catalogue.json");
    restore_end();
    world_end();
}

/* ---- the rows ---- */

static const struct mr_snap_column kept[] = {{.name = "id", .cls = MR_CLASS_INT},
                                             {.name = "j", .cls = MR_CLASS_JSON}};
static const struct mr_snap_chunk chunks[] = {{.file = "data/club.t.0.tsv.zst"},
                                              {.file = "data/club.t.1.tsv.zst"}};
static const struct mr_snap_table loose[] = {{.db = "club",
                                              .name = "t",
                                              .engine = "InnoDB",
                                              .columns = kept,
                                              .ncolumns = 2,
                                              .chunks = chunks,
                                              .nchunks = 2}};
static const struct mr_snap_table strict[] = {{.db = "club",
                                               .name = "t",
                                               .engine = "InnoDB",
                                               .columns = kept,
                                               .ncolumns = 2,
                                               .chunks = chunks,
                                               .nchunks = 2,
                                               .transactional = true}};
static const struct mr_column fit[] = {{.name = "j", .cls = MR_CLASS_TEXT},
                                       {.name = "id", .cls = MR_CLASS_INT},
                                       {.name = "more", .cls = MR_CLASS_INT}};
static const struct mr_column unfit[] = {{.name = "id", .cls = MR_CLASS_TEXT},
                                         {.name = "j", .cls = MR_CLASS_JSON}};
static const struct mr_column computed[] = {{.name = "id", .cls = MR_CLASS_INT, .generated = true},
                                            {.name = "j", .cls = MR_CLASS_JSON}};
/* Read back as it was kept, it would mean something else. */
static const struct mr_snap_column of_text[] = {
    {.name = "v", .type = "varchar(9)", .cls = MR_CLASS_TEXT, .charset = "latin1"}};
static const struct mr_snap_column of_ascii[] = {
    {.name = "v", .type = "varchar(9)", .cls = MR_CLASS_TEXT, .charset = "ascii"}};
static const struct mr_snap_column of_time[] = {
    {.name = "v", .type = "timestamp(3)", .cls = MR_CLASS_DATETIME}};
static const struct mr_snap_column of_member[] = {
    {.name = "v", .type = "enum('a','')", .cls = MR_CLASS_UINT, .by_number = true}};
#define OF(column, ...)                                                                            \
    {                                                                                              \
        {                                                                                          \
            .db = "club", .name = "t", .engine = "InnoDB", .columns = (column), .ncolumns = 1,     \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
static const struct mr_snap_table texts[] = OF(of_text), asciis[] = OF(of_ascii),
                                  times[] = OF(of_time), members[] = OF(of_member),
                                  keyed[] = OF(of_text, .index = "primary"),
                                  lost_key[] = OF(of_text, .index = "gone");
static const struct mr_column latin[] = {
    {.name = "v", .type = "varchar(99)", .cls = MR_CLASS_TEXT, .charset = "latin1"}};
static const struct mr_column cyrillic[] = {
    {.name = "v", .type = "varchar(9)", .cls = MR_CLASS_TEXT, .charset = "cp1251"}};
static const struct mr_column wide[] = {
    {.name = "v", .type = "varchar(9)", .cls = MR_CLASS_TEXT, .charset = "utf8mb4"}};
static const struct mr_column stamp[] = {
    {.name = "v", .type = "timestamp(6)", .cls = MR_CLASS_DATETIME}};
static const struct mr_column wall[] = {
    {.name = "v", .type = "datetime(3)", .cls = MR_CLASS_DATETIME}};
static const struct mr_column member[] = {
    {.name = "v", .type = "enum('a','')", .cls = MR_CLASS_ENUM}};
static const struct mr_column other_member[] = {
    {.name = "v", .type = "enum('b','')", .cls = MR_CLASS_ENUM}};

static const struct mr_trigger on_insert[] = {{.name = "u", .event = "UPDATE,DELETE"},
                                              {.name = "tp", .event = "UPDATE, INSERT"}};

struct target {
    const char *what;
    const struct mr_snap_table *table;
    const struct mr_column *columns; /* NULL: it is not there */
    size_t ncolumns, ntriggers;
    bool has_rows, resumed;
    size_t done;      /* chunks that an earlier run has loaded */
    const char *said; /* of the refusal; NULL: none */
    bool again;       /* all is to be loaded */
};

static const struct target targets[] = {
    {"it fits", loose, fit, 3, 1, false, false, 0, NULL, false},
    {"not there", loose, NULL, 0, 0, false, false, 0, "is not there", false},
    {"no column", loose, fit, 1, 0, false, false, 0, "has no column \"id\"", false},
    {"another type", loose, unfit, 2, 0, false, false, 0, "has another column \"id\"", false},
    {"one that is computed", loose, computed, 2, 0, false, false, 0,
     "which the snapshot has rows for, and which it computes", false},
    {"a trigger", loose, fit, 3, 2, false, false, 0, "has trigger \"tp\"", false},
    {"rows", loose, fit, 3, 0, true, false, 0, "is not empty", false},
    {"rows of an earlier run", strict, fit, 3, 0, true, true, 1, NULL, false},
    {"of which nobody knows whose they are", loose, fit, 3, 0, true, true, 1,
     "may hold a part of a file", false},
    {"but all were loaded", loose, fit, 3, 0, true, true, 2, NULL, false},
    {"or somebody has emptied it", loose, fit, 3, 0, false, true, 1, NULL, true},
    {"a text", texts, latin, 1, 0, false, false, 0, NULL, false},
    {"in other letters", texts, cyrillic, 1, 0, false, false, 0,
     "has column \"v\" in cp1251, and the snapshot in latin1", false},
    {"latin1 is no utf8", texts, wide, 1, 0, false, false, 0,
     "in utf8mb4, and the snapshot in latin1", false},
    {"ASCII is", asciis, wide, 1, 0, false, false, 0, NULL, false},
    {"an instant", times, stamp, 1, 0, false, false, 0, NULL, false},
    {"a wall clock", times, wall, 1, 0, false, false, 0, "has another column \"v\"", false},
    {"a member", members, member, 1, 0, false, false, 0, NULL, false},
    {"of others", members, other_member, 1, 0, false, false, 0, "has another column \"v\"", false},
    {"its key", keyed, latin, 1, 0, false, false, 0, NULL, false},
    {"another key", lost_key, latin, 1, 0, false, false, 0, "has no key \"gone\"", false},
};

static void test_rows(void **state)
{
    static const struct mr_database database = {.name = "club"};
    (void)state;
    for (size_t i = 0; i < LEN(targets); i++) {
        const struct target *c = &targets[i];
        const struct mr_table there = {.db = "club",
                                       .name = "t",
                                       .columns = c->columns,
                                       .ncolumns = c->ncolumns,
                                       .indexes = indexes,
                                       .nindexes = LEN(indexes),
                                       .transactional = c->table->transactional,
                                       .triggers = on_insert,
                                       .ntriggers = c->ntriggers};
        const struct world_answer script[] = {
            {.has = "SELECT 1 FROM `club`.`t` LIMIT 1", .rows = c->has_rows ? "1" : ""}};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        restore_begin(c->table, 1, objects, LEN(objects));
        restore.opts.data_only = true;
        restore.dbs[0].there = &database;
        restore.cat.tables = &there;
        restore.cat.ntables = c->columns != NULL;
        restore.r.resumed = c->resumed;
        restore.tables[0].is_there = true;
        for (size_t k = 0; k < c->done; k++)
            restore_done(chunks[k].file);
        enum mr_code code = mr_restore_require_tables(&restore.r, &err);
        if (code != (c->said != NULL ? MR_E_REFUSED : MR_OK) ||
            (c->said != NULL && strstr(err.message, c->said) == NULL) ||
            restore.tables[0].is_there == c->again)
            fail_msg("%s: %s", c->what, err.message);
        restore_end();
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_schema),
                                       cmocka_unit_test(test_no_catalogue),
                                       cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
