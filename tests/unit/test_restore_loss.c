/* test_restore_loss.c: what the target cannot express is named before anything is done, and refused
 * unless it is allowed; names are asked of the server once each. */
#include "restore_world.h"
#include "snapshot/read/snap_places.h"

static const char *definition; /* of every table */

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

static const struct mr_snap_table tables[] = {
    {.db = "club", .name = "members", .schema_file = "a", .transactional = true},
    {.db = "club", .name = "wallets", .schema_file = "b", .transactional = true}};
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club", .db_collation = "utf8mb4_bin"},
    {.kind = MR_OBJECT_SEQUENCE, .db = "club", .name = "ids"}};

#define HIDDEN                                                                                     \
    "CREATE TABLE `t` (\n  `id` int /*!80023 INVISIBLE */,\n  `p` point /*!80003 SRID 0 */\n)"
#define NAMED                                                                                      \
    "CREATE TABLE `t` (\n  `id` int,\n  `v` char(9) CHARACTER SET x1 COLLATE x1_ci\n) "            \
    "ENGINE=InnoDB DEFAULT CHARSET=x1 COLLATE=x1_ci"

struct one {
    const char *what, *definition;
    const char *allowed[3];
    enum mr_flavour flavour;
    struct world_answer collation, engine; /* of x1, and of what is asked of InnoDB */
    enum mr_code code;
    size_t losses;
    const char *hint; /* or a part of it */
};

#define KNOWN                                                                                      \
    {                                                                                              \
        .has = "CONVERT(", .rows = "1"                                                             \
    }
#define HERE                                                                                       \
    {                                                                                              \
        .has = "ENGINES", .rows = "1"                                                              \
    }

static const struct one cases[] = {
    {"nothing is lost",
     "CREATE TABLE `t` (\n  `id` int\n)",
     {NULL},
     MR_FLAVOUR_MARIADB,
     KNOWN,
     HERE,
     MR_OK,
     0,
     ""},
    {"it is refused",
     HIDDEN,
     {NULL},
     MR_FLAVOUR_MARIADB,
     KNOWN,
     HERE,
     MR_E_REFUSED,
     4,
     "Nothing was changed. To restore without them: --allow-lossy invisible-column --allow-lossy "
     "srid"},
    {"what is not allowed is refused",
     HIDDEN,
     {"srid"},
     MR_FLAVOUR_MARIADB,
     KNOWN,
     HERE,
     MR_E_REFUSED,
     4,
     "without them: --allow-lossy invisible-column"},
    {"it is allowed",
     HIDDEN,
     {"srid", "invisible-column"},
     MR_FLAVOUR_MARIADB,
     KNOWN,
     HERE,
     MR_OK,
     4,
     ""},
    {"a sequence, on MySQL",
     "CREATE TABLE `t` (\n  `id` int\n)",
     {NULL},
     MR_FLAVOUR_MYSQL,
     KNOWN,
     HERE,
     MR_E_REFUSED,
     1,
     "--allow-lossy sequence"},
    {"what has that collation", NAMED, {NULL}, MR_FLAVOUR_MARIADB, KNOWN, HERE, MR_OK, 0, ""},
    {"what has not",
     NAMED,
     {"collation"},
     MR_FLAVOUR_MARIADB,
     {.has = "COLLATE x1_ci", .code = MR_E_SQL, .number = 1273},
     HERE,
     MR_OK,
     4,
     ""},
    {"nor that engine",
     NAMED,
     {NULL},
     MR_FLAVOUR_MARIADB,
     KNOWN,
     {.has = "ENGINES", .rows = ""},
     MR_E_REFUSED,
     2,
     "--allow-lossy engine"},
    {"who may not ask is told by the server",
     NAMED,
     {NULL},
     MR_FLAVOUR_MARIADB,
     KNOWN,
     {.has = "ENGINES", .code = MR_E_DENIED, .number = 1142},
     MR_OK,
     0,
     ""},
    {"lost",
     NAMED,
     {NULL},
     MR_FLAVOUR_MARIADB,
     {.has = "CONVERT(", .code = MR_E_LOST},
     HERE,
     MR_E_LOST,
     0,
     ""},
};

static unsigned count(const char *text)
{
    unsigned n = 0;
    for (const char *at = world.sent.ptr; (at = strstr(at, text)) != NULL; at++)
        n++;
    return n;
}

static void test_losses(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        const struct world_answer script[] = {c->collation, KNOWN, c->engine};
        struct mr_err err = {0};
        size_t n = 0;
        definition = c->definition;
        world_begin(script, LEN(script));
        mr_log_set_level(0);
        world.server.flavour = c->flavour;
        world.server.version = c->flavour == MR_FLAVOUR_MYSQL ? 90704 : 101119;
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        while (n < LEN(c->allowed) && c->allowed[n] != NULL)
            n++;
        restore.opts.allow_lossy = (struct mr_string_list){c->allowed, n};
        if (mr_restore_find_losses(&restore.r, &err) != c->code)
            fail_msg("%s: %s", c->what, err.message);
        if (c->code != MR_E_LOST && restore.r.losses.count != c->losses)
            fail_msg("%s: %zu losses", c->what, restore.r.losses.count);
        if (strstr(err.hint, c->hint) == NULL)
            fail_msg("%s: %s", c->what, err.hint);
        assert_true(count("COLLATE x1_ci") <= 1 && count("ENGINES") <= 1);
        restore_end();
        world_end();
    }
}

/* What is run, and how it is told. */
static void test_express(void **state)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    const struct mr_snap_place place = mr_snap_table_place(&tables[0]);
    const struct mr_restore_loss rows[] = {
        {MR_LOSS_SRID, "column", "p", "club.t"},
        {MR_LOSS_TABLESPACE, "table", "", "club.t"},
        {MR_LOSS_SEQUENCE, "sequence", "club.ids", ""},
    };
    (void)state;
    world_begin(NULL, 0);
    restore_begin(tables, LEN(tables), objects, LEN(objects));
    mr_strbuf_add_str(&sql, "CREATE TABLE `members` (\n  `id` int,\n  KEY `k` ((`id` + 1))\n)");
    assert_int_equal(mr_restore_express(&restore.r, &place, &sql, NULL), MR_OK);
    assert_string_equal(sql.ptr, "CREATE TABLE `members` (\n  `id` int\n)");
    mr_strbuf_reset(&sql); /* what it has become is looked at */
    mr_strbuf_add_str(&sql, "CREATE TABLE `wallets` (\n  `id` int\n)");
    assert_int_equal(mr_restore_express(&restore.r, &place, &sql, NULL), MR_E_SNAPSHOT);
    for (size_t i = 0; i < LEN(rows); i++) {
        mr_restore_loss_text(&text, &rows[i]);
        mr_strbuf_add_char(&text, '\n');
    }
    assert_non_null(strstr(text.ptr, "column \"p\" of table \"club.t\": SRID has "));
    assert_non_null(strstr(text.ptr, "\ntable \"club.t\": TABLESPACE has "));
    assert_non_null(strstr(text.ptr, "(tablespace)\nsequence \"club.ids\": sequences have "));
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    restore_end();
    world_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_losses),
                                       cmocka_unit_test(test_express)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
