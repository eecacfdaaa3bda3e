/* test_restore_index.c: which tables lose their indexes before the rows, and that they get all of
 * them again behind these, whoever was killed in between and whatever the server says. */
#include "restore_world.h"
#include "snapshot/format/snap_script.h"
#include "snapshot/read/snap_places.h"

#define CREATE                                                                                     \
    "CREATE TABLE `members` (\n  `id` int NOT NULL,\n  `a` int,\n  `b` int,\n  PRIMARY KEY "       \
    "(`id`),\n  UNIQUE KEY `u``a` (`a`),\n  KEY `kb` (`b`)\n)"
#define MIB ((uint64_t)1 << 20)
#define DROP "ALTER TABLE `club`.`members`\n  DROP KEY `u``a`, DROP KEY `kb`\n"
#define ADD_A "ADD UNIQUE KEY `u``a` (`a`)"
#define ADD_B "ADD KEY `kb` (`b`)"
#define ADD_BOTH "ALTER TABLE `club`.`members`\n  " ADD_A ",\n  " ADD_B

static const char *create;

enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err);
enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err)
{
    (void)snap, (void)name, (void)place;
    if (create == NULL)
        return mr_err_set(err, MR_E_SNAPSHOT, "no file");
    mr_strbuf_add_str(out, create);
    return MR_OK;
}

static struct mr_snap_table tables[1];
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"}};

static void begin(const struct world_answer *script, size_t count)
{
    tables[0] = (struct mr_snap_table){.db = "club",
                                       .name = "members",
                                       .engine = "InnoDB",
                                       .transactional = true,
                                       .schema_file = "members.t",
                                       .plain_bytes = 16 * MIB};
    create = CREATE;
    world_begin(script, count);
    mr_log_set_level(0);
    restore_begin(tables, 1, objects, LEN(objects));
    world.server.flavour = restore.cat.server.flavour = MR_FLAVOUR_MYSQL;
    world.server.version = 90704;
    restore.r.snap.manifest.server.flavour = MR_FLAVOUR_MYSQL;
    restore.r.pause_ms = 1;
    restore.r.late_indexes = true;
}

static void end(void)
{
    restore_end();
    world_end();
}

/* ---- where ---- */

static void test_learn(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        unsigned version;
        bool schema_only;
        const char *galera, *group;
        bool late;
    } rows[] = {
        {MR_FLAVOUR_MYSQL, 90704, false, "", "", true},
        {MR_FLAVOUR_MYSQL, 80027, false, "", "", true},
        {MR_FLAVOUR_MYSQL, 80026, false, "", "", false},
        {MR_FLAVOUR_MARIADB, 101119, false, "", "", false},
        {MR_FLAVOUR_MYSQL, 90704, true, "", "", false},
        {MR_FLAVOUR_MYSQL, 90704, false, "wsrep_provider_name|Galera", "", false},
        {MR_FLAVOUR_MYSQL, 90704, false, "", "group_replication_group_name|g", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct world_answer script[] = {{.has = "wsrep", .rows = rows[i].galera},
                                              {.has = "group_replication", .rows = rows[i].group}};
        begin(script, LEN(script));
        world.server.flavour = rows[i].flavour;
        world.server.version = rows[i].version;
        restore.opts.schema_only = rows[i].schema_only;
        restore.r.late_indexes = !rows[i].late;
        assert_int_equal(mr_restore_learn_late(&restore.r, NULL), MR_OK);
        if (restore.r.late_indexes != rows[i].late)
            fail_msg("%zu", i);
        end();
    }
}

/* ---- taking them off ---- */

static void test_take(void **state)
{
    static const struct {
        const char *what;
        struct world_answer answer;
        const char *engine;
        uint64_t bytes;
        bool late;
        const char *create;
        enum mr_code code;
        const char *sent;
        size_t nlate;
    } rows[] = {
        {"a big one", {.has = "-"}, "InnoDB", 16 * MIB, true, CREATE, MR_OK, DROP, 2},
        {"a small one", {.has = "-"}, "InnoDB", 16 * MIB - 1, true, CREATE, MR_OK, "", 0},
        {"of another engine", {.has = "-"}, "MyISAM", 16 * MIB, true, CREATE, MR_OK, "", 0},
        {"of another server", {.has = "-"}, "InnoDB", 16 * MIB, false, CREATE, MR_OK, "", 0},
        {"none to take",
         {.has = "-"},
         "InnoDB",
         16 * MIB,
         true,
         "CREATE TABLE `members` (\n  `id` int NOT NULL,\n  PRIMARY KEY (`id`)\n)",
         MR_OK,
         "",
         0},
        {"a child refers to it",
         {.has = "DROP", .code = MR_E_SQL, .number = 1553},
         "InnoDB",
         16 * MIB,
         true,
         CREATE,
         MR_OK,
         DROP,
         0},
        {"lost",
         {.has = "DROP", .code = MR_E_LOST, .number = 2013},
         "InnoDB",
         16 * MIB,
         true,
         CREATE,
         MR_E_LOST,
         DROP,
         2},
        {"no file", {.has = "-"}, "InnoDB", 16 * MIB, true, NULL, MR_E_SNAPSHOT, "", 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        begin(&rows[i].answer, 1);
        tables[0].engine = rows[i].engine;
        tables[0].plain_bytes = rows[i].bytes;
        create = rows[i].create;
        restore.r.late_indexes = rows[i].late;
        const enum mr_code code = mr_restore_take_indexes(&restore.r, &restore.tables[0], NULL);
        if (code != rows[i].code || strcmp(world_sent(), rows[i].sent) != 0 ||
            restore.tables[0].nlate != rows[i].nlate)
            fail_msg("%s: %d, %s", rows[i].what, code, world_sent());
        end();
    }
}

/* ---- a run that goes on ---- */

static void test_missing(void **state)
{
    static const struct mr_index all[] = {{.name = "PRIMARY"}, {.name = "kb"}, {.name = "u`a"}};
    static const struct {
        size_t nindexes; /* that are there */
        bool ended;
        enum mr_flavour flavour;
        size_t nlate;
    } rows[] = {
        {1, false, MR_FLAVOUR_MYSQL, 2},   {2, false, MR_FLAVOUR_MYSQL, 2},
        {3, false, MR_FLAVOUR_MYSQL, 0},   {1, true, MR_FLAVOUR_MYSQL, 0},
        {1, false, MR_FLAVOUR_MARIADB, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_table there = {
            .db = "club", .name = "members", .indexes = all, .nindexes = rows[i].nindexes};
        begin(NULL, 0);
        tables[0].plain_bytes = 1; /* by whatever rule that run took them off */
        restore.r.late_indexes = false;
        world.server.flavour = rows[i].flavour;
        restore.cat.tables = &there;
        restore.cat.ntables = 1;
        restore.r.ended = rows[i].ended;
        assert_int_equal(mr_restore_missing_indexes(&restore.r, &restore.tables[0], NULL), MR_OK);
        if (restore.tables[0].nlate != rows[i].nlate)
            fail_msg("%zu: %zu", i, restore.tables[0].nlate);
        restore.cat.ntables = 0;
        end();
    }
}

/* ---- making them ---- */

#define NONE "members|0|PRIMARY"
#define BOTH NONE "\nmembers|0|u`a\nmembers|1|kb\nmembers|1|kb"
#define SHOWN(what, n)                                                                             \
    {                                                                                              \
        .has = "SHOW INDEX", .rows = (what), .times = (n)                                          \
    }
#define FAILS(error, n)                                                                            \
    {                                                                                              \
        .has = "ADD", .code = MR_E_SQL, .number = (error), .text = "it says no", .times = (n)      \
    }
#define WAITS(n)                                                                                   \
    {                                                                                              \
        .has = "ADD", .code = MR_E_TIMEOUT, .number = 1205, .text = "it waits", .times = (n)       \
    }
#define BUFFER                                                                                     \
    {                                                                                              \
        .has = "innodb_ddl_buffer_size", .text = "67108864"                                        \
    }

static const struct making {
    const char *what;
    struct world_answer script[4];
    enum mr_code code;
    size_t alters;
    const char *sent;  /* a part of it */
    const char *error; /* or of why it is set aside */
    bool aside;
} makings[] = {
    {"both", {BUFFER, SHOWN(NONE, 1), SHOWN(BOTH, 0)}, MR_OK, 1, ADD_BOTH "\n", NULL, false},
    {"one is there",
     {BUFFER, SHOWN(NONE "\nmembers|0|u`a", 1), SHOWN(BOTH, 0)},
     MR_OK,
     1,
     "`members`\n  " ADD_B "\n",
     NULL,
     false},
    {"a killed run's statement has made them", {BUFFER, SHOWN(BOTH, 0)}, MR_OK, 0, "", NULL, false},
    {"it makes them just now",
     {BUFFER, SHOWN(NONE, 1), SHOWN(BOTH, 0), FAILS(1061, 1)},
     MR_OK,
     1,
     ADD_BOTH,
     NULL,
     false},
    {"a killed run's rows are in the way for a while",
     {BUFFER, SHOWN(NONE, 3), SHOWN(BOTH, 0), WAITS(2)},
     MR_OK,
     3,
     ADD_BOTH,
     NULL,
     false},
    {"for good",
     {BUFFER, SHOWN(NONE, 0), WAITS(0)},
     MR_E_TIMEOUT,
     10,
     ADD_BOTH,
     "table \"club.members\": indexes \"u`a\", \"kb\" behind the rows: it waits",
     false},
    {"no room to sort",
     {BUFFER, SHOWN(NONE, 1), SHOWN(BOTH, 0), FAILS(1878, 1)},
     MR_OK,
     2,
     ADD_BOTH ",\n  ALGORITHM = COPY\n",
     NULL,
     false},
    {"a duplicate",
     {BUFFER, SHOWN(NONE "\nmembers|1|kb", 0), FAILS(1062, 0)},
     MR_OK,
     1,
     ADD_A,
     "index \"u`a\" behind the rows: it says no",
     true},
    {"no room for the table",
     {BUFFER, SHOWN(NONE, 0), FAILS(1114, 0)},
     MR_E_SQL,
     1,
     ADD_BOTH,
     "table \"club.members\": indexes ",
     false},
    {"it says that they are made",
     {BUFFER, SHOWN(NONE, 0)},
     MR_OK,
     10,
     ADD_BOTH,
     "and does not show them",
     true},
    {"the buffer is not to be set",
     {{.has = "innodb_ddl", .code = MR_E_DENIED, .number = 1227}, SHOWN(NONE, 1), SHOWN(BOTH, 0)},
     MR_OK,
     1,
     ADD_BOTH,
     NULL,
     false},
    {"lost",
     {BUFFER, SHOWN(NONE, 0), {.has = "ADD", .code = MR_E_LOST, .number = 2013, .text = "gone"}},
     MR_E_LOST,
     1,
     ADD_BOTH,
     "table \"club.members\": indexes \"u`a\", \"kb\" behind the rows: gone",
     false},
};

static void test_make(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(makings); i++) {
        const struct making *m = &makings[i];
        struct mr_err err = {0};
        size_t count = 0;
        while (count < LEN(m->script) && m->script[count].has != NULL)
            count++;
        begin(m->script, count);
        assert_int_equal(mr_restore_take_indexes(&restore.r, &restore.tables[0], NULL), MR_OK);
        mr_strbuf_reset(&world.sent);
        const enum mr_code code =
            mr_restore_make_indexes(&restore.r, &restore.tables[0], world_db(), &err);
        const char *aside = restore.tables[0].aside, *why = m->aside ? aside : err.message;
        if (code != m->code || world_sent_count("ALTER TABLE") != m->alters ||
            !world_has(m->sent) || (aside != NULL) != m->aside ||
            (m->error != NULL && strstr(why, m->error) == NULL))
            fail_msg("%s: %d, %s, %s\n%s", m->what, code, err.message, aside, world_sent());
        if (m->aside)
            assert_int_equal(restore.tables[0].how, MR_ASIDE_LEFT);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learn),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_make),
    };
    return cmocka_run_group_tests_name("restore_index", tests, NULL, NULL);
}
