/* test_restore_keyless.c: a server that gives tables a primary key is told not to, once, and
 * where it cannot be told, each table that gets one is named. */
#include "restore_world.h"

static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"}};

static const char keyed[] = "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  PRIMARY KEY (`id`)\n)";
static const char keyless[] = "CREATE TABLE `t` (\n  `id` int DEFAULT NULL\n)";
static const char lying[] = "CREATE TABLE `t` (\n  `id` int COMMENT 'PRIMARY KEY (`id`)'\n)";

#define NO                                                                                         \
    {                                                                                              \
        .has = "sql_require", .text = "0"                                                          \
    }

struct one {
    const char *what;
    struct world_answer ask, demands, set;
    enum mr_code code;
    unsigned asked; /* statements, of two tables */
    bool gives;
};

static const struct one cases[] = {
    {"it does not",
     {.has = "SELECT @@SESSION.sql_gen", .text = "0"},
     NO,
     {.has = "SET"},
     MR_OK,
     1,
     false},
    {"it is told",
     {.has = "SELECT @@SESSION.sql_gen", .text = "1"},
     NO,
     {.has = "SET"},
     MR_OK,
     3,
     false},
    {"it takes no table without one",
     {.has = "SELECT @@SESSION.sql_gen", .text = "1"},
     {.has = "sql_require", .text = "1"},
     {.has = "SET"},
     MR_OK,
     2,
     true},
    {"it may not be told",
     {.has = "SELECT @@SESSION.sql_gen", .text = "1"},
     NO,
     {.has = "SET", .code = MR_E_DENIED, .number = 1227},
     MR_OK,
     3,
     true},
    {"it knows no such thing",
     {.has = "SELECT @@SESSION.sql_gen", .code = MR_E_SQL, .number = 1193},
     NO,
     {.has = "SET"},
     MR_OK,
     1,
     false},
    {"lost",
     {.has = "SELECT @@SESSION.sql_gen", .code = MR_E_LOST},
     NO,
     {.has = "SET"},
     MR_E_LOST,
     1,
     false},
    {"lost when told",
     {.has = "SELECT @@SESSION.sql_gen", .text = "1"},
     NO,
     {.has = "SET", .code = MR_E_LOST},
     MR_E_LOST,
     3,
     true},
};

/* As MySQL does, it takes the first UNIQUE index of columns that are NOT NULL for a primary key. */
static const char unique[] =
    "CREATE TABLE `unique` (\n  `id` int NOT NULL,\n  UNIQUE KEY `id` (`id`)\n)";
static const struct mr_snap_table tables[] = {
    {.db = "club", .name = "t", .schema_file = "schema/t.sql"},
    {.db = "club", .name = "unique", .schema_file = "schema/unique.sql", .nkey = 1}};

static size_t notes_of(const char *name, const char *create)
{
    const struct mr_snap_place place = {.what = "TABLE", .db = "club", .name = name};
    struct mr_strbuf text = MR_STRBUF_INIT;
    size_t before = restore.r.notes.count;
    mr_strbuf_add_str(&text, create);
    assert_int_equal(mr_restore_note_keyless(&restore.r, "schema/t.sql", &place, &text, NULL),
                     MR_OK);
    mr_strbuf_release(&text);
    return restore.r.notes.count - before;
}

static void test_keyless(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        const struct world_answer script[] = {c->ask, c->demands, c->set};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        mr_log_set_level(0);
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        world.server.flavour = MR_FLAVOUR_MYSQL;
        world.server.version = 80030;
        enum mr_code code = mr_restore_keep_keyless(&restore.r, &err);
        if (code == MR_OK)
            code = mr_restore_keep_keyless(&restore.r, &err);
        if (code != c->code || err.code != c->code || world.asked != c->asked)
            fail_msg("%s: %s", c->what, world_sent());
        if (code == MR_OK) {
            assert_int_equal(notes_of("t", keyed), 0);
            assert_int_equal(notes_of("t", keyless), c->gives);
            assert_int_equal(notes_of("t", lying), c->gives);
            assert_int_equal(notes_of("unique", unique), 0);
        }
        restore_end();
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keyless)};
    return cmocka_run_group_tests_name("restore_keyless", tests, NULL, NULL);
}
