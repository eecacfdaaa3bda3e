/* test_create_identity.c: a table that took another one's name is another one, whatever its
 * definition says; one whose counter has moved is not. */
#include "create_world.h"
#include "snapshot/create/create_identity.h"

static const struct mr_table members = {
    .db = "club", .name = "mem-bers", .engine = "InnoDB", .transactional = true};

#define DDL "CREATE TABLE `mem-bers` ( `id` int NOT NULL, PRIMARY KEY (`id`) ) ENGINE=InnoDB"
#define SHOWN(text)                                                                                \
    {                                                                                              \
        .has = "SHOW CREATE TABLE `mem-bers`", .rows = "mem-bers|" text                            \
    }
#define OLD(text)                                                                                  \
    {                                                                                              \
        .has = "INNODB_SYS_TABLES", .rows = (text)                                                 \
    }
#define NEW(text)                                                                                  \
    {                                                                                              \
        .has = "INNODB_TABLESPACES", .rows = (text)                                                \
    }
#define TIME(text)                                                                                 \
    {                                                                                              \
        .has = "SELECT CREATE_TIME", .rows = (text)                                                \
    }

static void test_who(void **state)
{
    static const struct {
        const char *what;
        enum mr_flavour flavour;
        unsigned version;
        struct world_answer numbers, time;
        const char *identity;
    } rows[] = {
        {"its number", MR_FLAVOUR_MARIADB, 101119,
         OLD("club/mem@002dbers|7\nclub/mem|8\nclub/mem@002dbers2|9"), TIME("t"), " 7"},
        {"partitions", MR_FLAVOUR_MARIADB, 101119,
         OLD("club/mem@002dbers#p#a|12\nclub/mem@002dbers#p#b|11\nclub/other#p#a|1"), TIME("t"),
         " 12 11"},
        {"of its tablespace", MR_FLAVOUR_MYSQL, 80035, NEW("club/mem-bers|18446744073709551615"),
         TIME("t"), " 18446744073709551615"},
        {"hidden",
         MR_FLAVOUR_MARIADB,
         101119,
         {.has = "INNODB_SYS_TABLES", .code = MR_E_DENIED, .number = 1227},
         TIME("2026-01-01 00:00:00"),
         "2026-01-01 00:00:00"},
        {"in a space with others", MR_FLAVOUR_MYSQL, 80035, NEW("mysql|1"), TIME("t"), "t"},
        {"no time", MR_FLAVOUR_MYSQL, 80035, NEW(""), TIME("~"), ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct world_answer script[] = {rows[i].numbers, rows[i].time, SHOWN(DDL)};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        world.server.flavour = rows[i].flavour;
        world.server.version = rows[i].version;
        create_begin();
        struct mr_create_table *t = create_table(&members, 1);
        assert_int_equal(mr_create_numbers_read(&create.c, &err), MR_OK);
        assert_int_equal(mr_create_identify(&create.c, t, &err), MR_OK);
        if (strcmp(t->identity, rows[i].identity) != 0 || strcmp(t->create, DDL) != 0)
            fail_msg("%s: %s, %s", rows[i].what, t->identity, t->create);
        create_end();
        world_end();
    }
}

static void test_unchanged(void **state)
{
    static const struct {
        const char *what, *shown, *number;
        bool same;
        const char *create; /* then */
    } rows[] = {
        {"the same", "mem-bers|" DDL, "7", true, DDL},
        {"its counter", "mem-bers|" DDL " AUTO_INCREMENT=9", "7", true, DDL " AUTO_INCREMENT=9"},
        {"another one of that name", "mem-bers|" DDL, "8", false, DDL},
        {"a column", "mem-bers|" DDL " COMMENT='x'", "7", false, DDL},
        {"gone", "", "7", false, DDL},
        {"hidden", "mem-bers|~", "7", false, DDL},
        {"a longer number", "mem-bers|" DDL, "77", false, DDL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        char numbers[64];
        (void)snprintf(numbers, sizeof numbers, "club/mem@002dbers|%s", rows[i].number);
        const struct world_answer script[] = {
            {.has = "INNODB", .rows = "club/mem@002dbers|7", .times = 1},
            {.has = "INNODB", .rows = numbers},
            {.has = "SHOW CREATE", .rows = "mem-bers|" DDL, .times = 1},
            {.has = "SHOW CREATE", .rows = rows[i].shown}};
        struct mr_err err = {0};
        bool same = !rows[i].same;
        world_begin(script, LEN(script));
        create_begin();
        struct mr_create_table *t = create_table(&members, 1);
        assert_int_equal(mr_create_numbers_read(&create.c, &err), MR_OK);
        assert_int_equal(mr_create_identify(&create.c, t, &err), MR_OK);
        assert_int_equal(mr_create_numbers_read(&create.c, &err), MR_OK);
        enum mr_code code = mr_create_is_unchanged(&create.c, t, &same, &err);
        if (same != rows[i].same || (same && code != MR_OK) || strcmp(t->create, rows[i].create))
            fail_msg("%s: %d, %s", rows[i].what, same, err.message);
        create_end();
        world_end();
    }
}

/* What ends the run is reported; what only hides numbers is not.  A definition that a restore would
 * refuse is refused now. */
static void test_failing(void **state)
{
    static const struct world_answer script[] = {
        OLD("club/mem@002dbers|7"), SHOWN("CREATE TABLE `other` ( `id` int )"), TIME("t")};
    struct mr_err err = {0};
    (void)state;
    world_begin(script, LEN(script));
    create_begin();
    struct mr_create_table *t = create_table(&members, 1);
    assert_int_equal(mr_create_identify(&create.c, t, &err), MR_E_SNAPSHOT);
    create_end();
    world_end();
    static const enum mr_code codes[] = {MR_E_LOST, MR_E_CANCELLED, MR_E_SQL, MR_E_TIMEOUT};
    for (size_t i = 0; i < LEN(codes); i++) {
        bool same = true;
        world_begin(script, LEN(script));
        world.fail_code = codes[i];
        create_begin();
        t = create_table(&members, 1);
        world.fail_at = 1;
        bool fatal = mr_create_is_fatal(codes[i]);
        assert_int_equal(mr_create_numbers_read(&create.c, &err), fatal ? codes[i] : MR_OK);
        assert_int_equal(create.c.numbers.items.count, 0);
        world.fail_at = 2;
        assert_int_equal(mr_create_is_unchanged(&create.c, t, &same, &err), codes[i]);
        assert_false(same);
        create_end();
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who), cmocka_unit_test(test_unchanged),
                                       cmocka_unit_test(test_failing)};
    return cmocka_run_group_tests_name("create_identity", tests, NULL, NULL);
}
