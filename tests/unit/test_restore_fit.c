/* test_restore_fit.c: what the target's settings will not take is told before anything is changed. */
#include "restore_world.h"
#include "snapshot/read/snap_places.h"

#define MYSQL MR_FLAVOUR_MYSQL, 80030

static const char keyed[] = "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  PRIMARY KEY (`id`)\n)";
static const char keyless[] = "CREATE TABLE `t` (\n  `id` int DEFAULT NULL\n)";

enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err);
enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err)
{
    (void)snap, (void)place, (void)err;
    mr_strbuf_add_str(out, strstr(name, "log") != NULL ? keyless : keyed);
    return MR_OK;
}

static const struct mr_snap_table tables[] = {
    {.db = "club", .name = "t", .schema_file = "schema/t.sql"},
    {.db = "club", .name = "log", .schema_file = "schema/log.sql"},
    {.db = "club", .name = "log2", .schema_file = "schema/log2.sql"},
    {.db = "club", .name = "unique", .schema_file = "schema/log3.sql", .nkey = 1},
};
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"},
    {.kind = MR_OBJECT_EVENT, .db = "club", .name = "local", .value = "SYSTEM"},
    {.kind = MR_OBJECT_EVENT, .db = "club", .name = "fixed", .value = "+02:00"},
    {.kind = MR_OBJECT_EVENT, .db = "club", .name = "old"},
    {.kind = MR_OBJECT_EVENT, .db = "club", .name = "named", .value = "Europe/Vienna"}};

struct one {
    const char *what;
    enum mr_flavour flavour;
    unsigned version;
    const char *requires_keys, *gives_keys; /* NULL: the server does not know it */
    size_t ntables;
    enum mr_code code;
    const char *why;
};

static const struct one cases[] = {
    {"MariaDB has no such rule", MR_FLAVOUR_MARIADB, 101119, NULL, NULL, 4, MR_OK, NULL},
    {"nor has an old MySQL", MR_FLAVOUR_MYSQL, 80012, NULL, NULL, 4, MR_OK, NULL},
    {"off", MYSQL, "0", "0", 4, MR_OK, NULL},
    {"on", MYSQL, "1", "0", 4, MR_E_REFUSED,
     "2 of the snapshot have none: \"club.log\", \"club.log2\""},
    {"one", MYSQL, "1", "0", 2, MR_E_REFUSED, "1 of the snapshot has none: \"club.log\""},
    {"none", MYSQL, "1", "0", 1, MR_OK, NULL},
    {"it gives them", MYSQL, "1", "1", 4, MR_OK, NULL},
    {"before it could", MR_FLAVOUR_MYSQL, 80013, "1", NULL, 4, MR_E_REFUSED, "2 of the snapshot"},
    {"a server that only calls itself so", MYSQL, NULL, NULL, 4, MR_OK, NULL},
};

static void test_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        const struct world_answer script[] = {{.has = "sql_require",
                                               .text = c->requires_keys,
                                               .code = c->requires_keys != NULL ? MR_OK : MR_E_SQL},
                                              {.has = "sql_generate",
                                               .text = c->gives_keys,
                                               .code = c->gives_keys != NULL ? MR_OK : MR_E_SQL},
                                              {.has = "CONVERT_TZ", .text = "0"}};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        restore_begin(tables, c->ntables, objects, LEN(objects));
        world.server.flavour = c->flavour;
        world.server.version = c->version;
        const enum mr_code code = mr_restore_fit(&restore.r, &err);
        if (code != c->code || (c->why != NULL && strstr(err.message, c->why) == NULL))
            fail_msg("%s: %s", c->what, err.message);
        restore_end();
        world_end();
    }
}

/* Only a named zone is asked for; one that is not known ends nothing. */
static void test_zones(void **state)
{
    (void)state;
    for (unsigned known = 0; known < 2; known++) {
        const struct world_answer script[] = {{.has = "CONVERT_TZ", .text = known ? "0" : "1"}};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        restore_begin(NULL, 0, objects, LEN(objects));
        mr_log_set_level(0);
        assert_int_equal(mr_restore_fit(&restore.r, &err), MR_OK);
        assert_int_equal(world.asked, 1);
        assert_true(world_has("'Europe/Vienna'"));
        restore_end();
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys), cmocka_unit_test(test_zones)};
    return cmocka_run_group_tests_name("restore_fit", tests, NULL, NULL);
}
