/* test_fingerprint.c: what the columns of a table are, as one hash: rows of information_schema in,
 * which of them look alike out. */
#include "snap_world.h"

#include "repair/side/fingerprint.h"

static enum mr_code take(const char *rows, enum mr_flavour flavour, unsigned version,
                         char hex[MR_SHA256_HEX], struct mr_err *err)
{
    const struct world_answer answer = {.has = "information_schema.COLUMNS", .rows = rows};
    world_begin(&answer, 1);
    world.server.flavour = flavour;
    world.server.version = version;
    return mr_fingerprint_columns(world_db(), "club", "members", hex, err);
}

/* Each differs from all others in one thing that rows depend on. */
static void test_apart(void **state)
{
    static const char *const tables[] = {
        "id|int(11)|NO||~|~|~",
        "id|int(11)|YES||~|~|~",
        "ID|int(11)|NO||~|~|~",
        "id|bigint(20)|NO||~|~|~",
        "id|int(11)|NO|auto_increment|~|~|~",
        "id|int(11)|NO||utf8mb4|~|~",
        "id|int(11)|NO||~|utf8mb4|~",
        "id|int(11)|NO|||~|~", /* '' is not NULL */
        "id|int(11)|NO||N;|~|~",
        "id|int(11)|NO||~|~|a + 1",
        "id|int(11)|NO||~|~|~\nno|int(11)|NO||~|~|~",
        "no|int(11)|NO||~|~|~\nid|int(11)|NO||~|~|~",
        "idint|(11)|NO||~|~|~", /* where one value ends */
        "id|int(11)NO|||~|~|~",
    };
    char hex[LEN(tables)][MR_SHA256_HEX], again[MR_SHA256_HEX];
    (void)state;
    for (size_t i = 0; i < LEN(tables); i++) {
        assert_int_equal(take(tables[i], MR_FLAVOUR_MARIADB, 101100, hex[i], NULL), MR_OK);
        world_end();
        assert_int_equal(take(tables[i], MR_FLAVOUR_MYSQL, 80000, again, NULL), MR_OK);
        world_end();
        assert_string_equal(hex[i], again); /* whoever says it */
        for (size_t k = 0; k < i; k++)
            if (strcmp(hex[i], hex[k]) == 0)
                fail_msg("%s\n  looks like\n  %s", tables[i], tables[k]);
    }
}

/* The form is that of plans that are sealed already. */
static void test_form(void **state)
{
    char hex[MR_SHA256_HEX], want[MR_SHA256_HEX];
    static const char text[] = "2:id7:int(11)2:NO0:N;N;N;\n";
    (void)state;
    assert_int_equal(take("id|int(11)|NO||~|~|~", MR_FLAVOUR_MARIADB, 101100, hex, NULL), MR_OK);
    world_end();
    assert_int_equal(mr_sha256_bytes(text, sizeof text - 1, want, NULL), MR_OK);
    assert_string_equal(hex, want);
}

/* Servers that have no such column are not asked for it; names are quoted. */
static void test_asked(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        unsigned version;
        bool generated;
    } servers[] = {
        {MR_FLAVOUR_MYSQL, 50705, false},    {MR_FLAVOUR_MYSQL, 50706, true},
        {MR_FLAVOUR_MARIADB, 100204, false}, {MR_FLAVOUR_MARIADB, 100205, true},
        {MR_FLAVOUR_MYSQL, 50651, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(servers); i++) {
        const struct world_answer answer = {.has = "COLUMNS", .rows = "id|int|NO||~|~"};
        char hex[MR_SHA256_HEX];
        world_begin(&answer, 1);
        world.server.flavour = servers[i].flavour;
        world.server.version = servers[i].version;
        assert_int_equal(mr_fingerprint_columns(world_db(), "o'dd", "t\\", hex, NULL), MR_OK);
        assert_int_equal(world_has("GENERATION_EXPRESSION"), servers[i].generated);
        assert_true(world_has("TABLE_SCHEMA = _utf8mb4 x'6f276464' AND TABLE_NAME = _utf8mb4"
                              " x'745c' ORDER BY ORDINAL_POSITION"));
        world_end();
    }
}

/* No columns at all: the table is not there, or hidden; that is never a fingerprint. */
static void test_failures(void **state)
{
    static const struct world_answer denied = {
        .has = "COLUMNS", .code = MR_E_SQL, .text = "SELECT denied"};
    char hex[MR_SHA256_HEX];
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(take("", MR_FLAVOUR_MARIADB, 101100, hex, &err), MR_E_NO_SUCH);
    assert_string_equal(err.message,
                        "table \"club.members\" is not on server \"db1:3306\", or hidden");
    world_end();
    world_begin(&denied, 1);
    assert_int_equal(mr_fingerprint_columns(world_db(), "club", "members", hex, &err), MR_E_SQL);
    world_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_asked),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
