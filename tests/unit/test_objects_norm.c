/* test_objects_norm.c: what two catalogues' objects are called equal, and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/check/objects.h"
#include "recon/check/objects_made.h"
#include "recon/check/objects_text.h"

/* -- texts ------------------------------------------------------------------------ */

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
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
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
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        mr_objects_add_index(&got, &table[i].index);
        assert_string_equal(got.ptr, table[i].want);
        mr_strbuf_release(&got);
    }
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
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
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
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
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
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
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
        {"every 1 day\ndo SELECT ' starts '''", "every 1 day\ndo SELECT ' ends '''", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_objects_text a = {.text = table[i].a, .db = "club"};
        struct mr_objects_text b = {.text = table[i].b, .db = "club"};
        assert_int_equal(mr_objects_same_event(a, b, false), table[i].same);
        assert_int_equal(mr_objects_same_event(b, a, false), table[i].same);
    }
}

/* -- catalogues ------------------------------------------------------------------- */

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
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(mr_objects_same_charset(table[i].a, table[i].b), table[i].same);
}

/* Every difference as "kind table name source target\n"; '-' for NULL. */
static enum mr_code note(void *ctx, const struct mr_object_diff *d, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add_fmt(ctx, "%s %s %s [%s] [%s]%s\n", mr_objects_kind_name(d->kind),
                      d->table != NULL ? d->table : "-", d->name,
                      d->source != NULL ? d->source : "-", d->target != NULL ? d->target : "-",
                      d->hidden ? " hidden" : "");
    return MR_OK;
}

static void expect_diffs(const struct mr_catalogue *s, const struct mr_catalogue *t, unsigned kinds,
                         const char *want)
{
    struct mr_err err = {0};
    struct mr_strbuf got = MR_STRBUF_INIT;
    struct mr_objects_pair pair = {"club", "club_new"};
    struct mr_objects_opts opts = {
        .pairs = &pair, .npairs = 1, .kinds = kinds, .fn = note, .fn_ctx = &got};
    assert_int_equal(mr_objects_compare(s, t, &opts, &err), MR_OK);
    assert_string_equal(got.ptr, want);
    mr_strbuf_release(&got);
}

static const struct mr_database dbs_source[] = {{"club", "utf8mb4", "utf8mb4_bin"}};
static const struct mr_database dbs_target[] = {{"club_new", "utf8mb4", "utf8mb4_bin"}};

static struct mr_catalogue catalogue(enum mr_flavour flavour, const struct mr_database *dbs,
                                     const struct mr_table *tables, size_t ntables)
{
    struct mr_catalogue cat = {.dbs = dbs, .ndbs = 1, .tables = tables, .ntables = ntables};
    cat.server.flavour = flavour;
    return cat;
}

static void test_one_sided(void **state)
{
    (void)state;
    const struct mr_table s[] = {{.db = "club", .name = "a", .engine = "InnoDB"},
                                 {.db = "club", .name = "b", .engine = "InnoDB"}};
    const struct mr_table t[] = {{.db = "club_new", .name = "b", .engine = "MyISAM"},
                                 {.db = "club_new", .name = "c", .engine = "InnoDB"}};
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MYSQL, dbs_source, s, 2);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MYSQL, dbs_target, t, 2);
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "table club.a a [InnoDB] [-]\n"
                 "table club.b b [InnoDB] [MyISAM]\n"
                 "table club.c c [-] [InnoDB]\n");
    expect_diffs(&cs, &ct, MR_OBJECTS_COLUMN, "");
    ct.ndbs = ct.ntables = 0;
    expect_diffs(&cs, &ct, MR_OBJECTS_DATABASE, "database - club [utf8mb4 utf8mb4_bin] [-]\n");
}

static void test_foreign_keys(void **state)
{
    (void)state;
    static const char *const pid[] = {"pid"}, *const id[] = {"id"};
    const struct mr_foreign_key s_fks[] = {
        {"t_ibfk_1", pid, "club", "p", id, 1, "RESTRICT", "CASCADE"},
        {"x", pid, "club", "p", id, 1, "RESTRICT", "RESTRICT"}};
    const struct mr_foreign_key t_fks[] = {
        {"named", pid, "club_new", "p", id, 1, "RESTRICT", "CASCADE"},
        {"x", pid, "club_new", "p", id, 1, "RESTRICT", "SET NULL"}};
    struct mr_table s = {.db = "club", .name = "t", .engine = "InnoDB", .fks = s_fks, .nfks = 2};
    struct mr_table t = {
        .db = "club_new", .name = "t", .engine = "InnoDB", .fks = t_fks, .nfks = 1};
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MYSQL, dbs_source, &s, 1);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MYSQL, dbs_target, &t, 1);
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "foreign key club.t x [(pid) references p (id) on delete restrict on "
                 "update restrict] [-]\n");
    t.nfks = 2;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "foreign key club.t x [(pid) references p (id) on delete restrict on "
                 "update restrict] [(pid) references p (id) on delete set null on update "
                 "restrict]\n");
}

/* An index that only one flavour makes for a foreign key, beside a descending one. */
static void test_index_for_fk(void **state)
{
    (void)state;
    static const char *const pid[] = {"pid"}, *const id[] = {"id"};
    static const struct mr_index_part asc[] = {{.column = "pid"}};
    static const struct mr_index_part desc[] = {{.column = "pid", .descending = true}};
    const struct mr_index s_ix[] = {{"kd", false, true, "BTREE", "", desc, 1},
                                    {"pid", false, true, "BTREE", "", asc, 1}};
    const struct mr_foreign_key s_fk = {"f", pid, "club", "p", id, 1, "RESTRICT", "RESTRICT"};
    const struct mr_foreign_key t_fk = {"f", pid, "club_new", "p", id, 1, "RESTRICT", "RESTRICT"};
    struct mr_table s = {.db = "club",
                         .name = "t",
                         .engine = "InnoDB",
                         .indexes = s_ix,
                         .nindexes = 2,
                         .fks = &s_fk,
                         .nfks = 1};
    struct mr_table t = {.db = "club_new",
                         .name = "t",
                         .engine = "InnoDB",
                         .indexes = s_ix,
                         .nindexes = 1,
                         .fks = &t_fk,
                         .nfks = 1};
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MARIADB, dbs_source, &s, 1);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MYSQL, dbs_target, &t, 1);
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL, "");
    ct.server.flavour = MR_FLAVOUR_MARIADB;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL, "index club.t pid [(pid)] [-]\n");
    ct.server.flavour = MR_FLAVOUR_MYSQL;
    s.nfks = 0; /* no foreign key: somebody wanted this index */
    t.nfks = 0;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL, "index club.t pid [(pid)] [-]\n");
}

static void test_checks(void **state)
{
    (void)state;
    const struct mr_check s_checks[] = {{"a", "a", "a > 0", ""}, {"c1", NULL, "b > 0", ""}};
    const struct mr_check t_checks[] = {{"t_chk_1", NULL, "a > 0", ""}, {"c1", NULL, "b > 1", ""}};
    struct mr_table s = {
        .db = "club", .name = "t", .engine = "InnoDB", .checks = s_checks, .nchecks = 2};
    struct mr_table t = {
        .db = "club_new", .name = "t", .engine = "InnoDB", .checks = t_checks, .nchecks = 2};
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MARIADB, dbs_source, &s, 1);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MYSQL, dbs_target, &t, 1);
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL, "table club.t c1 [check (b > 0)] [check (b > 1)]\n");
    t.nchecks = 0;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "column club.t a [check (a > 0)] [-]\n"
                 "table club.t c1 [check (b > 0)] [-]\n");
}

static void test_triggers(void **state)
{
    (void)state;
    const struct mr_trigger s_tr[] = {
        {.name = "a", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1", .order = 1},
        {.name = "b", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 2", .order = 2}};
    const struct mr_trigger t_tr[] = {
        {.name = "a", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1", .order = 2},
        {.name = "b", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 2", .order = 1}};
    struct mr_table s = {
        .db = "club", .name = "t", .engine = "InnoDB", .triggers = s_tr, .ntriggers = 2};
    struct mr_table t = s;
    t.db = "club_new";
    t.triggers = t_tr;
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MYSQL, dbs_source, &s, 1);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MYSQL, dbs_target, &t, 1);
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "trigger club.t a [before insert\nSET @x = 1\n(order 1)] [before "
                 "insert\nSET @x = 1\n(order 2)]\n"
                 "trigger club.t b [before insert\nSET @x = 2\n(order 2)] [before "
                 "insert\nSET @x = 2\n(order 1)]\n");
    t.ntriggers = 1; /* one too many is one difference */
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL, "trigger club.t b [before insert\nSET @x = 2] [-]\n");
}

static void test_objects(void **state)
{
    (void)state;
    const struct mr_object s[] = {
        {.kind = MR_OBJECT_VIEW,
         .db = "club",
         .name = "v",
         .definition = "select `club`.`t`.`a` AS `a` from `club`.`t`"},
        {.kind = MR_OBJECT_VIEW, .db = "club", .name = "w", .definition = "select 1"},
        {.kind = MR_OBJECT_ROUTINE, .db = "club", .name = "procedure p", .definition = NULL},
        {.kind = MR_OBJECT_EVENT,
         .db = "club",
         .name = "e",
         .definition = "every 1 day\ndo SELECT 1"},
    };
    const struct mr_object t[] = {
        {.kind = MR_OBJECT_VIEW,
         .db = "club_new",
         .name = "v",
         .definition = "select `club_new`.`t`.`a` AS `a` from `club_new`.`t`"},
        {.kind = MR_OBJECT_VIEW, .db = "club_new", .name = "w", .definition = "select 2"},
        {.kind = MR_OBJECT_ROUTINE,
         .db = "club_new",
         .name = "procedure p",
         .definition = "()\nSELECT 1"},
        {.kind = MR_OBJECT_SEQUENCE, .db = "club_new", .name = "q", .definition = "start with 1"},
    };
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MARIADB, dbs_source, NULL, 0);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MARIADB, dbs_target, NULL, 0);
    cs.objects = s;
    ct.objects = t;
    cs.nobjects = ct.nobjects = 4;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "view - w [select 1] [select 2]\n"
                 "routine - procedure p [-] [()\nSELECT 1] hidden\n"
                 "event - e [every 1 day\ndo SELECT 1] [-]\n"
                 "sequence - q [-] [start with 1]\n");
    expect_diffs(&cs, &ct, MR_OBJECTS_SEQUENCE, "sequence - q [-] [start with 1]\n");
}

/* Who made it, and how: what a side does not tell is no difference. */
static void test_made(void **state)
{
    (void)state;
    static const struct {
        struct mr_made_as s, t;
        bool same, cross_same;
    } cases[] = {
        {{.definer = "a@b"}, {.definer = "a@b"}, true, true},
        {{.definer = "a@b"}, {.definer = "A@b"}, false, false},
        {{.definer = "a@b"}, {.definer = NULL}, true, true},
        {{.sql_mode = ""}, {.sql_mode = "ANSI_QUOTES"}, false, false},
        {{.sql_mode = "ANSI_QUOTES,PIPES_AS_CONCAT"},
         {.sql_mode = "PIPES_AS_CONCAT,ansi_quotes"},
         true,
         true},
        {{.sql_mode = "STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER"},
         {.sql_mode = "STRICT_TRANS_TABLES"},
         true,
         true},
        {{.sql_mode = "EMPTY_STRING_IS_NULL"}, {.sql_mode = ""}, false, true},
        {{.sql_mode = "NO_AUTO_CREATE_USER"},
         {.sql_mode = "TIME_TRUNCATE_FRACTIONAL"},
         false,
         true},
        {{.sql_mode = "NO_AUTO_CREATE_USER,ANSI"}, {.sql_mode = ""}, false, false},
        {{.collation = "utf8mb4_bin"}, {.collation = "utf8mb4_general_ci"}, false, true},
        {{.collation = "utf8_bin"}, {.collation = "utf8mb3_bin"}, true, true},
        {{.sql_mode = "NO_DIR_IN_CREATE,ANSI"}, {.sql_mode = "ANSI"}, true, true},
        {{.db_collation = "latin1_bin"}, {.db_collation = "latin1_bin"}, true, true},
        {{.introducers = "_binary 1"}, {.introducers = "_binary 1"}, true, true},
        {{.introducers = "_binary 1"}, {.introducers = "_binary 2"}, false, true},
        {{.introducers = "_binary 1"}, {.introducers = ""}, false, true},
        {{.introducers = "_binary 1"}, {.introducers = NULL}, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mr_made_as *s = &cases[i].s, *t = &cases[i].t;
        assert_int_equal(mr_objects_same_made(s, t, false), cases[i].same);
        assert_int_equal(mr_objects_same_made(t, s, false), cases[i].same);
        assert_int_equal(mr_objects_same_made(s, t, true), cases[i].cross_same);
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_objects_add_made(&text, s, t, false);
        assert_int_equal(text.len == 0, cases[i].same);
        mr_strbuf_release(&text);
    }
    const struct mr_object a[] = {{.kind = MR_OBJECT_VIEW,
                                   .db = "club",
                                   .name = "v",
                                   .definition = "select 1",
                                   .algorithm = "MERGE",
                                   .made = {.definer = "a@b"}}};
    struct mr_object b[] = {a[0]};
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MARIADB, dbs_source, NULL, 0);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MARIADB, dbs_target, NULL, 0);
    b[0].db = "club_new";
    b[0].algorithm = "TEMPTABLE";
    b[0].made.definer = "x@y";
    cs.objects = a;
    ct.objects = b;
    cs.nobjects = ct.nobjects = 1;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "view - v [select 1\n(algorithm MERGE)\n(definer a@b)] [select "
                 "1\n(algorithm TEMPTABLE)\n(definer x@y)]\n");
    b[0].algorithm = NULL;
    b[0].made.definer = NULL;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL, "");
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
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            mr_objects_same_routine((struct mr_objects_text){.text = cases[i].a, .db = "club"}, &a,
                                    (struct mr_objects_text){.text = cases[i].b, .db = "club_new"},
                                    &b, false),
            cases[i].same);
}

static void test_tables_as_a_whole(void **state)
{
    (void)state;
    const struct mr_column s_cols[] = {{.name = "id", .type = "int", .comment = "x", .ordinal = 1},
                                       {.name = "Gone", .type = "int", .ordinal = 2},
                                       {.name = "b", .type = "int", .ordinal = 3},
                                       {.name = "c", .type = "int", .ordinal = 4}};
    const struct mr_column t_cols[] = {{.name = "ID", .type = "int", .comment = "", .ordinal = 1},
                                       {.name = "C", .type = "int", .ordinal = 2},
                                       {.name = "B", .type = "int", .ordinal = 3}};
    struct mr_table s = {.db = "club",
                         .name = "t",
                         .engine = "InnoDB",
                         .row_format = "Dynamic",
                         .partitioned = true,
                         .partitioning = "hash (id) 4",
                         .columns = s_cols,
                         .ncolumns = 4};
    struct mr_table t = {.db = "club_new",
                         .name = "t",
                         .engine = "InnoDB",
                         .row_format = "Compact",
                         .system_versioned = true,
                         .columns = t_cols,
                         .ncolumns = 3};
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MARIADB, dbs_source, &s, 1);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MARIADB, dbs_target, &t, 1);
    expect_diffs(&cs, &ct, MR_OBJECTS_TABLE,
                 "table club.t t [no versions] [with system versioning]\n"
                 "table club.t t [partition by hash (id) 4] [no partitions]\n"
                 "table club.t t [columns id, b, c] [columns id, c, b]\n");
    expect_diffs(&cs, &ct, MR_OBJECTS_ATTRIBUTE,
                 "attribute - t [row_format Dynamic] [row_format Compact]\n"
                 "attribute - t.id [comment x] [comment '']\n");
    ct.server.flavour = MR_FLAVOUR_MYSQL;
    t.partitioned = true; /* how, an earlier snapshot does not say */
    t.engine = "MyISAM";
    t.ncolumns = 1;
    expect_diffs(&cs, &ct, MR_OBJECTS_TABLE, "table club.t t [InnoDB] [MyISAM]\n");
    expect_diffs(&cs, &ct, MR_OBJECTS_ATTRIBUTE, "attribute - t.id [comment x] [comment '']\n");
}

static void test_names_without_case(void **state)
{
    (void)state;
    const struct mr_table s = {.db = "club", .name = "Members", .engine = "InnoDB"};
    const struct mr_table t = {.db = "club_new", .name = "members", .engine = "InnoDB"};
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MYSQL, dbs_source, &s, 1);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MYSQL, dbs_target, &t, 1);
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "table club.Members Members [InnoDB] [-]\n"
                 "table club.members members [-] [InnoDB]\n");
    ct.server.lower_case_table_names = 1;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL, "");

    /* one of two has the twin: the one that is called so, else the first */
    const struct mr_table two[] = {{.db = "club", .name = "MEMBERS", .engine = "InnoDB"},
                                   {.db = "club", .name = "Members", .engine = "MyISAM"},
                                   {.db = "club", .name = "members", .engine = "InnoDB"}};
    cs.tables = two;
    cs.ntables = 3;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "table club.MEMBERS MEMBERS [InnoDB] [-]\n"
                 "table club.Members Members [MyISAM] [-]\n");
    cs.ntables = 2;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL, "table club.Members Members [MyISAM] [-]\n");

    /* what another database holds is no matter of this one */
    const struct mr_table apart[] = {{.db = "another", .name = "MEMBERS", .engine = "InnoDB"},
                                     {.db = "another", .name = "Members", .engine = "InnoDB"},
                                     {.db = "club", .name = "Members", .engine = "InnoDB"}};
    cs.tables = apart;
    cs.ntables = 3;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL, "");
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        enum mr_code code;
        unsigned kinds;
    } table[] = {
        {"table", MR_OK, MR_OBJECTS_TABLE},
        {"foreign_key,index", MR_OK, MR_OBJECTS_FOREIGN_KEY | MR_OBJECTS_INDEX},
        {"foreign-key", MR_OK, MR_OBJECTS_FOREIGN_KEY},
        {"all", MR_OK, MR_OBJECTS_ALL},
        {"none", MR_OK, 0},
        {"auto_increment,sequence", MR_OK, MR_OBJECTS_AUTO_INCREMENT | MR_OBJECTS_SEQUENCE},
        {"tables", MR_E_USAGE, 0},
        {"", MR_E_USAGE, 0},
        {"table,", MR_E_USAGE, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_err err = {0};
        unsigned kinds = 0;
        assert_int_equal(mr_objects_parse_kinds(table[i].list, &kinds, &err), table[i].code);
        assert_int_equal(kinds, table[i].kinds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_indexes),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_bodies_under_modes),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_charsets),
        cmocka_unit_test(test_one_sided),
        cmocka_unit_test(test_foreign_keys),
        cmocka_unit_test(test_index_for_fk),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_triggers),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_collations_of_routines),
        cmocka_unit_test(test_tables_as_a_whole),
        cmocka_unit_test(test_names_without_case),
        cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
