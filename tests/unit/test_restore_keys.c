/* test_restore_keys.c: foreign keys whose parents are neither restored nor there are found, named, and
 * left out where that is wanted. */
#include "restore_world.h"
#include "snapshot/format/snap_schema.h"
#include "snapshot/read/snap_places.h"

#define ONE                                                                                        \
    "\n  ADD CONSTRAINT `f1` FOREIGN KEY (`a`,`b`) REFERENCES `people` (`x`,`y`) ON DELETE SET "   \
    "NULL"
#define TWO "\n  ADD CONSTRAINT `f``2` FOREIGN KEY (`c`) REFERENCES `other`.`shops` (`id`)"
#define THREE                                                                                      \
    "\n  ADD CONSTRAINT `f3` FOREIGN KEY (`d`) REFERENCES `orders` (`id`) ON UPDATE CASCADE"
#define HEAD "ALTER TABLE `orders`"

/* ---- statements ---- */

static bool keeps(void *ctx, const char *name, const char *db, const char *table)
{
    const char *const *gone = ctx;
    for (; *gone != NULL; gone++)
        if (strcmp(*gone, name) == 0 || strcmp(*gone, db) == 0 || strcmp(*gone, table) == 0)
            return false;
    return true;
}

static void test_filter(void **state)
{
    static const struct {
        const char *sql, *gone[4], *left;
    } cases[] = {
        {HEAD ONE "," TWO "," THREE, {NULL}, HEAD ONE "," TWO "," THREE},
        {HEAD ONE "," TWO "," THREE, {"f1"}, HEAD TWO "," THREE},
        {HEAD ONE "," TWO "," THREE, {"f`2"}, HEAD ONE "," THREE},
        {HEAD ONE "," TWO "," THREE, {"f3"}, HEAD ONE "," TWO},
        {HEAD ONE "," TWO "," THREE, {"f1", "f3"}, HEAD TWO},
        {HEAD ONE "," TWO "," THREE, {"other"}, HEAD ONE "," THREE},
        {HEAD ONE "," TWO "," THREE, {"people", "shops", "orders"}, ""},
        {HEAD THREE, {"f3"}, ""},
        {HEAD THREE, {"x"}, HEAD THREE},
        {HEAD, {NULL}, ""},
        {"", {NULL}, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_snap_filter_keys(&out, cases[i].sql, strlen(cases[i].sql), keeps,
                            (void *)(uintptr_t)cases[i].gone);
        if (strcmp(out.ptr, cases[i].left) != 0)
            fail_msg("%zu: %s", i, out.ptr);
        mr_strbuf_release(&out);
    }
}

/* ---- parents ---- */

enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err);
enum mr_code __wrap_mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                           const struct mr_snap_place *place, struct mr_strbuf *out,
                                           struct mr_err *err)
{
    (void)snap, (void)name, (void)place, (void)err;
    mr_strbuf_add_str(out, HEAD ONE "," TWO "," THREE);
    return MR_OK;
}

static const struct mr_snap_table tables[] = {
    {.db = "club", .name = "orders", .schema_file = "a", .keys_file = "k"},
    {.db = "club", .name = "people", .schema_file = "b"}};
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"},
    {.kind = MR_OBJECT_DATABASE, .db = "other", .name = "other"}};

struct one {
    const char *what;
    size_t ntables;             /* that are restored: orders, people */
    const char *people, *shops; /* how many the target has */
    bool drops;
    size_t orphans;
    bool joins;
    const char *parents, *made; /* "" none is asked for */
};

static const struct one cases[] = {
    {"all are there", 2, "0", "1", false, 0, true, "", HEAD ONE "," TWO "," THREE},
    {"a parent elsewhere is not", 2, "0", "0", false, 1, false, "late.shops",
     HEAD ONE "," TWO "," THREE},
    {"nor one that was left out", 1, "0", "0", false, 2, false, "club.people late.shops",
     HEAD ONE "," TWO "," THREE},
    {"they can be left out", 1, "0", "0", true, 2, false, "club.people late.shops", HEAD THREE},
    {"but not one that the target has", 1, "1", "0", true, 1, true, "late.shops",
     HEAD ONE "," THREE},
};

static void test_parents(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        const struct world_answer script[] = {
            {.has = "'club' AND TABLE_NAME = 'people'", .text = c->people},
            {.has = "'late' AND TABLE_NAME = 'shops'", .text = c->shops}};
        const struct mr_snap_place place = mr_snap_keys_place(&tables[0]);
        struct mr_strbuf parents = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        mr_log_set_level(0);
        restore_begin(tables, c->ntables, objects, LEN(objects));
        restore.dbs[1].to = "late";
        restore.opts.drop_foreign_keys = c->drops;
        assert_int_equal(mr_restore_find_orphans(&restore.r, &err), MR_OK);
        for (size_t k = 0; k < restore.r.orphans.count; k++) {
            const struct mr_restore_orphan *orphan = mr_vec_at(&restore.r.orphans, k);
            mr_strbuf_add_fmt(&parents, "%s%s", k > 0 ? " " : "", orphan->parent);
        }
        mr_strbuf_add_str(&sql, HEAD ONE "," TWO "," THREE);
        assert_int_equal(mr_restore_keep_keys(&restore.r, &place, &sql, &err), MR_OK);
        if (restore.r.orphans.count != c->orphans || restore.tables[0].joins != c->joins ||
            strcmp(parents.ptr, c->parents) != 0 || strcmp(sql.ptr, c->made) != 0)
            fail_msg("%s: %s: %s", c->what, parents.ptr, sql.ptr);
        mr_strbuf_release(&parents);
        mr_strbuf_release(&sql);
        restore_end();
        world_end();
    }
}

/* ---- making ---- */

/* One that the server does not take costs none of the others, and is named; one that leads into nothing
 * is made without a look at its parent; what an earlier run has made is not made again. */
static void test_one_by_one(void **state)
{
    static const struct world_answer script[] = {
        {.has = "'late' AND TABLE_NAME = 'shops'", .text = "0"},
        {.has = "'club' AND TABLE_NAME = 'people'", .text = "1"},
        {.has = "ADD CONSTRAINT `f1`", .code = MR_E_SQL, .number = 1452, .text = "no parent"}};
    static const struct mr_foreign_key made = {.name = "F3"};
    static const struct mr_table there = {.db = "club", .name = "orders", .fks = &made, .nfks = 1};
    (void)state;
    for (unsigned again = 0; again < 2; again++) {
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        mr_log_set_level(0);
        restore_begin(tables, 1, objects, LEN(objects));
        restore.dbs[1].to = "late";
        restore.cat.tables = &there;
        restore.cat.ntables = again;
        assert_int_equal(mr_restore_find_orphans(&restore.r, &err), MR_OK);
        restore.tables[0].has_keys = again;
        if (mr_restore_make_keys(&restore.r, &err) != MR_OK)
            fail_msg("%s", err.message);
        assert_int_equal(restore.r.notes.count, 1);
        assert_non_null(strstr(restore_note(0),
                               "foreign key \"f1\" of table \"club.orders\" is not "
                               "made: \"k\": no parent"));
        const char *alone = strstr(world_sent(), HEAD "\n  ADD CONSTRAINT `f``2` FOREIGN KEY (`c`) "
                                                      "REFERENCES `late`.`shops` (`id`)\n");
        assert_non_null(alone);
        size_t checked = 0; /* of the three: all at once, f1, f3 */
        for (const char *at = world_sent(); (at = strstr(at, "foreign_key_checks = 1")) != NULL;
             at++)
            checked++;
        assert_int_equal(checked, again ? 2 : 3);
        assert_int_equal(world_has(HEAD THREE "\n"), !again);
        restore_end();
        world_end();
    }
}

/* A server that is lost as it is asked ends the run, whatever has been found. */
static void test_lost(void **state)
{
    const struct world_answer script[] = {{.has = "TABLE_NAME", .code = MR_E_LOST, .number = 2013}};
    struct mr_err err = {0};
    (void)state;
    world_begin(script, LEN(script));
    mr_log_set_level(0);
    restore_begin(tables, 1, objects, LEN(objects));
    assert_int_equal(mr_restore_find_orphans(&restore.r, &err), MR_E_LOST);
    restore_end();
    world_end();
}

/* ---- children that were there ---- */

static const char *const two_columns[] = {"a`", "b"}, *const two_parents[] = {"x", "y"};
static const struct mr_foreign_key to_people[] = {{.name = "f1",
                                                   .columns = two_columns,
                                                   .ref_columns = two_parents,
                                                   .ncolumns = 2,
                                                   .ref_db = "club",
                                                   .ref_table = "people"}};

/* Only of tables that are not the restore's own, to those that are. */
static void test_children(void **state)
{
    static const struct {
        const char *child;
        struct world_answer answer;
        enum mr_code code;
        const char *note;
        const char *outside; /* keys of tables in other databases; NULL: none */
    } rows[] = {
        {"visits", {.has = "SELECT 1", .rows = ""}, MR_OK, "", NULL},
        {"visits",
         {.has = "SELECT 1", .rows = "1"},
         MR_OK,
         "table \"club.visits\" was there, and refers to \"club.people\" (foreign key \"f1\"): "
         "rows of it "
         "lead to none that is restored",
         NULL},
        {"visits",
         {.has = "SELECT 1", .code = MR_E_DENIED, .number = 1142, .text = "denied"},
         MR_OK,
         "denied",
         NULL},
        {"visits", {.has = "SELECT 1", .code = MR_E_LOST, .number = 2013}, MR_E_LOST, "", NULL},
        {"orders", {.has = "nothing is asked"}, MR_OK, "", NULL},
        {"orders",
         {.has = "FROM `shop`.`notes` AS child WHERE NOT EXISTS (SELECT 1 FROM `club`.`people` AS "
                 "parent WHERE parent.`x` = child.`a` AND parent.`y` = child.`b`)",
          .rows = "1"},
         MR_OK,
         "table \"shop.notes\" was there, and refers to \"club.people\" (foreign key \"f\")",
         "shop|notes|f|a|club|people|x\nshop|notes|f|b|club|people|y\nshop|notes|g|a|club|gone|x"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct mr_table there = {
            .db = "club", .name = rows[i].child, .fks = to_people, .nfks = 1};
        struct mr_err err = {0};
        const struct world_answer script[] = {
            {.has = "KEY_COLUMN_USAGE", .rows = rows[i].outside != NULL ? rows[i].outside : ""},
            rows[i].answer};
        world_begin(script, LEN(script));
        mr_log_set_level(0);
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        restore.cat.tables = &there;
        restore.cat.ntables = 1;
        assert_int_equal(mr_restore_check_children(&restore.r, &err), rows[i].code);
        if (strstr(restore_note(0), rows[i].note) == NULL ||
            (*rows[i].note == '\0') != (*restore_note(0) == '\0'))
            fail_msg("%zu: %s", i, restore_note(0));
        if (i == 0)
            assert_true(world_has(
                "SELECT 1 FROM `club`.`visits` AS child WHERE NOT EXISTS (SELECT 1 FROM "
                "`club`.`people` AS parent WHERE parent.`x` = child.`a``` AND parent.`y` = "
                "child.`b`) AND child.`a``` IS NOT NULL AND child.`b` IS NOT NULL LIMIT 1\n"));
        restore_end();
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter), cmocka_unit_test(test_parents), cmocka_unit_test(test_lost),
        cmocka_unit_test(test_children), cmocka_unit_test(test_one_by_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
