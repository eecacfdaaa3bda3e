/* test_objects_text.c: definitions as text, and when two of them mean the same. */
#include "objects_world.h"

#include "recon/check/objects_text.h"

static void test_columns(void **state)
{
    (void)state;
    static const struct {
        struct mr_column col;
        const char *want;
    } table[] = {
        {{.type = "int(11)", .nullable = true}, "int"},
        {{.type = "int(11) unsigned", .default_text = "5"}, "int unsigned not null default 5"},
        {{.type = "longtext", .is_json = true, .nullable = true}, "json"},
        {{.type = "json", .is_json = true, .nullable = true}, "json"},
        {{.type = "int", .nullable = true, .generated = true, .generation_expr = "a + 1"},
         "int as (a + 1) virtual"},
        {{.type = "timestamp",
          .default_text = "current_timestamp",
          .on_update = "current_timestamp"},
         "timestamp not null default current_timestamp on update current_timestamp"},
        {{.type = "int", .auto_increment = true, .invisible = true},
         "int not null auto_increment invisible"},
        {{.type = "varchar(9)", .nullable = true, .comment = "says nothing"}, "varchar(9)"},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        mr_objects_add_column(&got, &table[i].col);
        assert_string_equal(got.ptr, table[i].want);
        mr_strbuf_release(&got);
    }
}

static void test_indexes(void **state)
{
    (void)state;
    static const struct mr_index_part ab[] = {{.column = "A"}, {.column = "b"}};
    static const struct mr_index_part prefix[] = {{.column = "s", .prefix_len = 10}};
    static const struct mr_index_part expr[] = {{.expression = "a + 1", .descending = true}};
    static const struct {
        struct mr_index index;
        const char *want;
    } table[] = {
        {{"PRIMARY", true, true, "BTREE", "", ab, 2}, "primary key (a, b)"},
        {{"i", true, true, "BTREE", "", ab, 1}, "unique (a)"},
        {{"i", false, true, "BTREE", "", prefix, 1}, "(s(10))"},
        {{"i", false, true, "FULLTEXT", "", prefix, 1}, "fulltext (s)"},
        {{"i", false, true, "SPATIAL", "", prefix, 1}, "spatial (s)"},
        {{"i", false, true, "HASH", "", ab, 1}, "(a) using hash"},
        {{"i", false, false, "BTREE", "", expr, 1}, "((a + 1) desc) invisible"},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        mr_objects_add_index(&got, &table[i].index);
        assert_string_equal(got.ptr, table[i].want);
        mr_strbuf_release(&got);
    }
}

/* One database's own name is not written; what a server does not tell is a question mark. */
static void test_foreign_keys(void **state)
{
    static const char *const two[] = {"A", "b"}, *const refs[] = {"id", "No"};
    static const struct {
        struct mr_foreign_key fk;
        const char *own_db, *shown_db, *want;
    } table[] = {
        {{"f", two, "club", "p", refs, 1, "RESTRICT", "CASCADE"},
         "club",
         "club",
         "(a) references p (id) on delete cascade on update restrict"},
        {{"f", two, "club", "p", refs, 2, "NO ACTION", "SET NULL"},
         "club",
         "shown",
         "(a, b) references p (id, no) on delete set null on update no action"},
        {{"f", two, "other_new", "P", refs, 1, "RESTRICT", "RESTRICT"},
         "club_new",
         "other",
         "(a) references other.P (id) on delete restrict on update restrict"},
        {{"f", two, "club", "p", refs, 1, NULL, NULL},
         "club",
         "club",
         "(a) references p (id) on delete ? on update ?"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(table); i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        mr_objects_add_fk(&got, &table[i].fk, table[i].own_db, table[i].shown_db);
        assert_string_equal(got.ptr, table[i].want);
        mr_strbuf_release(&got);
    }
}

static void test_triggers(void **state)
{
    const struct mr_trigger known = {.timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1"};
    const struct mr_trigger hidden = {.timing = NULL};
    struct mr_strbuf got = MR_STRBUF_INIT;
    (void)state;
    mr_objects_add_trigger(&got, &known);
    assert_string_equal(got.ptr, "before insert\nSET @x = 1");
    mr_strbuf_reset(&got);
    mr_objects_add_trigger(&got, &hidden);
    assert_string_equal(got.ptr, " \n");
    mr_strbuf_release(&got);
}

static void test_names_of_charsets(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } table[] = {
        {"utf8", "utf8mb3", true},
        {"utf8_bin", "utf8mb3_bin", true},
        {"utf8mb4", "utf8", false},
        {"utf8mb4_bin", "utf8mb4_general_ci", false},
        {"", "", true},
        {"", "utf8", false},
    };
    struct mr_strbuf got = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(table); i++) {
        assert_int_equal(mr_objects_same_charset_name(table[i].a, table[i].b), table[i].same);
        assert_int_equal(mr_objects_same_charset_name(table[i].b, table[i].a), table[i].same);
    }
    mr_objects_add_charset(&got, "utf8", NULL);
    assert_string_equal(got.ptr, "utf8mb3 ");
    mr_strbuf_release(&got);
}

static void test_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool cross, same;
    } table[] = {
        {"SELECT 1", "SELECT 1", false, true},
        {"SELECT  1;", "SELECT 1", false, true},
        {"SELECT 1 /* a */", "SELECT 1 /* b */", false, true},
        {"SELECT /*+ SET_VAR(sql_mode = 'ANSI') */ 1", "SELECT 1", false, false},
        {"DELETE FROM club.t", "DELETE FROM club_new.t", false, true},
        {"DELETE FROM club.t", "DELETE FROM club.t", false, true},
        {"DELETE FROM other.t", "DELETE FROM other.t", false, true},
        {"DELETE FROM club.t", "DELETE FROM other.t", false, false},
        {"SET b = 'it''s\\n'", "SET b = 'it's\n'", true, true},
        {"SET b = 'it''s\\n'", "SET b = 'it's\n'", false, false},
        {"SET b = 'a  b'", "SET b = 'a b'", true, false},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct mr_objects_text a = {.text = table[i].a, .db = "club"};
        struct mr_objects_text b = {.text = table[i].b, .db = "club_new"};
        assert_int_equal(mr_objects_same_body(a, b, table[i].cross), table[i].same);
    }
}

/* The mode that is stored with a body says where its literals end. */
static void test_bodies_under_modes(void **state)
{
    (void)state;
    static const struct {
        const char *sql_mode, *a, *b;
        bool same;
    } table[] = {
        {"NO_BACKSLASH_ESCAPES", "SELECT '\\', 'x  y'", "SELECT '\\', 'x y'", false},
        {"NO_BACKSLASH_ESCAPES", "SELECT '\\', '/* x */'", "SELECT '\\', '/* y */'", false},
        {"NO_BACKSLASH_ESCAPES", "SELECT '\\',  1", "SELECT '\\', 1", true},
        {"ANSI_QUOTES", "SELECT \"a\\\", \"b '\", 'x  y'", "SELECT \"a\\\", \"b '\", 'x y'", false},
        {"", "SELECT 'a\\',  1, 'b'", "SELECT 'a\\', 1, 'b'", false},
        {NULL, "SELECT 'a\\'b  c'", "SELECT 'a\\'b c'", false},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct mr_objects_text a = {table[i].a, "club", table[i].sql_mode, false};
        struct mr_objects_text b = {table[i].b, "club_new", table[i].sql_mode, false};
        assert_int_equal(mr_objects_same_body(a, b, false), table[i].same);
        assert_int_equal(mr_objects_same_event(a, b, false), table[i].same);
    }
}

static void test_views(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } table[] = {
        {"select 1 from `club`.`t`", "select 1 from `club_new`.`t`", true},
        {"select 1 from `t`", "select 1 from `club_new`.`t`", true},
        {"select 1 from `club`.`t`", "select 1 from `club`.`t`", false},
        {"select 1 from `x`.`t`", "select 1 from `x`.`t`", true},
        {"select `a` + 1", "select (`a` + 1)", true},
        {"select `a` + 1", "select `a` + 2", false},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct mr_objects_text a = {.text = table[i].a, .db = "club"};
        struct mr_objects_text b = {.text = table[i].b, .db = "club_new"};
        assert_int_equal(mr_objects_same_view(a, b), table[i].same);
    }
}

static void test_events(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } table[] = {
        {"every 1 day\ndo SELECT 1", "every 1 day\ndo SELECT 1", true},
        {"every 1 day\ndo SELECT 1", "every 2 day\ndo SELECT 1", false},
        {"every 1 day starts '2020-01-01 00:00:00'\ndo SELECT 1", "every 1 day\ndo SELECT 1", true},
        {"every 1 day starts '2020-01-01 00:00:00' ends '2031-01-01 00:00:00'\ndo "
         "SELECT "
         "1",
         "every 1 day ends '2031-01-01 00:00:00'\ndo SELECT 1", true},
        {"every 1 day starts '2020-01-01 00:00:00' +02:00 disable\ndo SELECT 1",
         "every 1 day disable\ndo SELECT 1", true},
        {"every 1 day starts '2020-01-01 00:00:00' disable\ndo SELECT 1",
         "every 1 day\ndo SELECT 1", false},
        {"every 1 day starts '2020-01-01 00:00:00'\ndo SELECT 1",
         "every 1 day starts '2020-01-02 00:00:00'\ndo SELECT 1", false},
        {"every 1 day starts '2199-01-01 00:00:00' +02:00\ndo SELECT 1", "every 1 day\ndo SELECT 1",
         false},
        {"every 1 day starts '2199-01-01 00:00:00'\ndo SELECT 1",
         "every 1 day starts '2199-01-01 00:00:00'\ndo SELECT 1", true},
        {"every 1 day disable\ndo SELECT 1", "every 1 day disable on replica\ndo SELECT 1", true},
        {"every 1 day\ndo SELECT 1", "every 1 day disable on replica\ndo SELECT 1", true},
        {"every 2 day\ndo SELECT 1", "every 1 day disable on replica\ndo SELECT 1", false},
        {"every 1 day starts '2020-01-01 00:00:00' disable\ndo SELECT 1",
         "every 1 day disable on replica\ndo SELECT 1", true},
        {"every 1 day\ndo SELECT ' starts '''", "every 1 day\ndo SELECT ' ends '''", false},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct mr_objects_text a = {.text = table[i].a, .db = "club"};
        struct mr_objects_text b = {.text = table[i].b, .db = "club"};
        assert_int_equal(mr_objects_same_event(a, b, false), table[i].same);
        assert_int_equal(mr_objects_same_event(b, a, false), table[i].same);
    }
}

static const struct mr_charset_default mariadb_charsets[] = {{"utf8mb4", "utf8mb4_general_ci"},
                                                             {"utf8mb3", "utf8mb3_general_ci"}};
static const struct mr_charset_default mysql_charsets[] = {{"utf8mb4", "utf8mb4_0900_ai_ci"},
                                                           {"utf8", "utf8_general_ci"}};

static void test_charsets(void **state)
{
    (void)state;
    struct mr_catalogue maria = {.charsets = mariadb_charsets, .ncharsets = 2};
    struct mr_catalogue mysql = {.charsets = mysql_charsets, .ncharsets = 2};
    maria.server.flavour = MR_FLAVOUR_MARIADB;
    mysql.server.flavour = MR_FLAVOUR_MYSQL;
    const struct {
        struct mr_objects_charset a, b;
        bool same;
    } table[] = {
        {{&maria, "utf8mb4", "utf8mb4_bin"}, {&mysql, "utf8mb4", "utf8mb4_bin"}, true},
        {{&maria, "utf8mb4", "utf8mb4_general_ci"},
         {&mysql, "utf8mb4", "utf8mb4_0900_ai_ci"},
         true},
        {{&maria, "utf8mb4", "utf8mb4_unicode_ci"},
         {&mysql, "utf8mb4", "utf8mb4_0900_ai_ci"},
         false},
        {{&maria, "utf8mb3", "utf8mb3_general_ci"}, {&mysql, "utf8", "utf8_general_ci"}, true},
        {{&maria, "latin1", "latin1_swedish_ci"}, {&mysql, "utf8mb4", "utf8mb4_0900_ai_ci"}, false},
        {{&maria, "utf8mb4", "utf8mb4_general_ci"}, {&maria, "utf8mb4", "utf8mb4_bin"}, false},
        {{&maria, "utf8mb4", "utf8mb4_bin"}, {&mysql, NULL, NULL}, true},
    };
    for (size_t i = 0; i < LEN(table); i++)
        assert_int_equal(mr_objects_same_charset(table[i].a, table[i].b), table[i].same);
}

/* One collation is the usual one here and not there; an earlier snapshot tells none. */
static void test_collations_of_routines(void **state)
{
    (void)state;
    static const struct mr_charset_default old[] = {{"utf8mb4", "utf8mb4_general_ci"},
                                                    {"utf8", "utf8_general_ci"}};
    static const struct mr_charset_default new[] = {{"utf8mb4", "utf8mb4_0900_ai_ci"},
                                                    {"utf8mb3", "utf8mb3_general_ci"}};
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"(in p text charset utf8mb4 collate utf8mb4_general_ci)\nX",
         "(in p text charset utf8mb4 collate utf8mb4_general_ci)\nX", true},
        {"(in p text charset utf8mb4 collate utf8mb4_general_ci)\nX",
         "(in p text charset utf8mb4 collate utf8mb4_0900_ai_ci)\nX", true},
        {"(in p text charset utf8mb4 collate utf8mb4_general_ci)\nX",
         "(in p text charset utf8mb4 collate utf8mb4_bin)\nX", false},
        {"(in p text charset utf8mb4 collate utf8mb4_bin)\nX",
         "(in p text charset utf8mb4 collate utf8mb4_0900_ai_ci)\nX", false},
        {"(in p text charset utf8mb3 collate utf8mb3_general_ci)\nX",
         "(in p text charset utf8mb3 collate utf8mb3_general_ci)\nX", true},
        {"(in p text charset utf8mb4, in q int)\nX",
         "(in p text charset utf8mb4 collate utf8mb4_bin, in q int)\nX", true},
        {"() returns text charset utf8mb4 collate utf8mb4_general_ci\nX",
         "() returns text charset utf8mb4 collate utf8mb4_0900_ai_ci\nY", false},
        {"()\nSELECT 'a' collate utf8mb4_general_ci", "()\nSELECT 'a' collate utf8mb4_0900_ai_ci",
         false},
        {"(in p int)\nX", "(in p int)\nX", true},
    };
    struct mr_catalogue a = catalogue(MR_FLAVOUR_MYSQL, dbs_source, NULL, 0);
    struct mr_catalogue b = catalogue(MR_FLAVOUR_MYSQL, dbs_target, NULL, 0);
    a.charsets = old;
    b.charsets = new;
    a.ncharsets = b.ncharsets = 2;
    for (size_t i = 0; i < LEN(cases); i++)
        assert_int_equal(
            mr_objects_same_routine((struct mr_objects_text){.text = cases[i].a, .db = "club"}, &a,
                                    (struct mr_objects_text){.text = cases[i].b, .db = "club_new"},
                                    &b, false),
            cases[i].same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign_keys),
        cmocka_unit_test(test_triggers),
        cmocka_unit_test(test_names_of_charsets),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_indexes),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_bodies_under_modes),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_charsets),
        cmocka_unit_test(test_collations_of_routines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
