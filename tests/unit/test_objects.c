/* test_objects.c: the walk over two catalogues. */
#include "objects_world.h"

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

/* What differs of how they were made stands behind the texts, and an algorithm counts too. */
static void test_who_made_a_view(void **state)
{
    (void)state;
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

/* Of views and sequences as of tables, and what TARGET calls a table in the text of a view is what
 * SOURCE calls it. */
static void test_objects_without_case(void **state)
{
#define VIEW(d, n, text)                                                                           \
    {                                                                                              \
        .kind = MR_OBJECT_VIEW, .db = (d), .name = (n), .definition = (text)                       \
    }
#define SEQUENCE(d, n)                                                                             \
    {                                                                                              \
        .kind = MR_OBJECT_SEQUENCE, .db = (d), .name = (n), .definition = "start"                  \
    }
    static const struct mr_table two[] = {{.db = "club", .name = "Members", .engine = "InnoDB"},
                                          {.db = "club", .name = "Orders", .engine = "InnoDB"}},
                                 small[] = {
                                     {.db = "club_new", .name = "members", .engine = "InnoDB"},
                                     {.db = "club_new", .name = "orders", .engine = "InnoDB"}};
    static const struct mr_object s[] = {
        VIEW("club", "Ids", "select 1 AS `One`"),
        VIEW("club", "ids", "select 1 AS `One`"),
        VIEW("club", "All", "select `Members`.`id` AS `id` from `club`.`Members`"),
        VIEW("club", "More", "select `All`.`id` AS `id` from `club`.`All`"),
        VIEW("club", "Other", "select 1 AS `x` from `club`.`Orders`"),
        SEQUENCE("club", "SQ"),
        SEQUENCE("club", "sq"),
    };
    static const struct mr_object t[] = {
        VIEW("club_new", "ids", "select 1 AS `One`"),
        VIEW("club_new", "all", "select `members`.`id` AS `id` from `club_new`.`members`"),
        VIEW("club_new", "more", "select `all`.`id` AS `id` from `club_new`.`all`"),
        VIEW("club_new", "other", "select 1 AS `x` from `club_new`.`members`"),
        SEQUENCE("club_new", "sq"),
    };
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MARIADB, dbs_source, two, 2);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MARIADB, dbs_target, small, 2);
    (void)state;
    cs.objects = s;
    cs.nobjects = LEN(s);
    ct.objects = t;
    ct.nobjects = LEN(t);
    ct.server.lower_case_table_names = 1;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "view - Ids [select 1 AS `One`] [-]\n"
                 "view - Other [select 1 AS `x` from `club`.`Orders`] [select 1 AS `x` from "
                 "`club_new`.`members`]\n"
                 "sequence - SQ [start] [-]\n");
    cs.nobjects = 1; /* the first has the twin where none is called so */
    ct.nobjects = 1;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL, "");
}

/* A database that is not there is not another one that has its letters. */
static void test_databases_without_case(void **state)
{
    static const struct mr_database club[] = {{"club", "utf8mb4", "utf8mb4_bin"}},
                                    New[] = {{"Club_new", "utf8mb4", "utf8mb4_bin"}};
    const struct mr_table s = {.db = "club", .name = "a", .engine = "InnoDB"};
    const struct mr_table t = {.db = "Club_new", .name = "a", .engine = "InnoDB"};
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MARIADB, club, &s, 1);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MARIADB, New, &t, 1);
    (void)state;
    cs.server.lower_case_table_names = 1;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "database - club [utf8mb4 utf8mb4_bin] [-]\n"
                 "table club.a a [InnoDB] [-]\n");
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
    for (size_t i = 0; i < LEN(table); i++) {
        struct mr_err err = {0};
        unsigned kinds = 0;
        assert_int_equal(mr_objects_parse_kinds(table[i].list, &kinds, &err), table[i].code);
        assert_int_equal(kinds, table[i].kinds);
    }
}

/* ---- what is asked for */

static bool is_b(void *ctx, const char *db, const char *name)
{
    mr_strbuf_add_fmt(ctx, "%s.%s ", db, name);
    return strcmp(name, "b") == 0;
}

/* Names are SOURCE's, of routines without what they are. */
static void test_filter(void **state)
{
    const struct mr_table s[] = {{.db = "club", .name = "a", .engine = "InnoDB"},
                                 {.db = "club", .name = "b", .engine = "InnoDB"}};
    const struct mr_table t[] = {{.db = "club_new", .name = "c", .engine = "InnoDB"}};
    const struct mr_object so[] = {
        {.kind = MR_OBJECT_ROUTINE, .db = "club", .name = "procedure b", .definition = "()"},
        {.kind = MR_OBJECT_ROUTINE, .db = "club", .name = "function a", .definition = "()"},
        {.kind = MR_OBJECT_VIEW, .db = "elsewhere", .name = "b", .definition = "select 1"}};
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MYSQL, dbs_source, s, 2);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MYSQL, dbs_target, t, 1);
    struct mr_strbuf asked = MR_STRBUF_INIT, got = MR_STRBUF_INIT;
    const struct mr_objects_pair pair = {"club", "club_new"};
    const struct mr_objects_opts opts = {.pairs = &pair,
                                         .npairs = 1,
                                         .kinds = MR_OBJECTS_ALL,
                                         .filter = is_b,
                                         .filter_ctx = &asked,
                                         .fn = note,
                                         .fn_ctx = &got};
    (void)state;
    cs.objects = so;
    cs.nobjects = LEN(so);
    assert_int_equal(mr_objects_compare(&cs, &ct, &opts, NULL), MR_OK);
    assert_string_equal(got.ptr, "table club.b b [InnoDB] [-]\nroutine - procedure b [()] [-]\n");
    assert_string_equal(asked.ptr, "club.a club.b club.c club.b club.a ");
    mr_strbuf_release(&asked);
    mr_strbuf_release(&got);
}

/* Where the thing would be, for a probe of what may only be hidden. */
static enum mr_code places(void *ctx, const struct mr_object_diff *d, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add_fmt(ctx, "%s|%s|%s\n", d->source_db, d->target_db,
                      d->table_name != NULL ? d->table_name : "-");
    return MR_OK;
}

static void test_places(void **state)
{
    const struct mr_table s[] = {{.db = "club", .name = "a", .engine = "InnoDB"}};
    const struct mr_object t[] = {
        {.kind = MR_OBJECT_VIEW, .db = "club_new", .name = "v", .definition = "select 1"}};
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MYSQL, dbs_source, s, 1);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MYSQL, dbs_target, NULL, 0);
    struct mr_strbuf got = MR_STRBUF_INIT;
    const struct mr_objects_pair pair = {"club", "club_new"};
    const struct mr_objects_opts opts = {
        .pairs = &pair, .npairs = 1, .kinds = MR_OBJECTS_ALL, .fn = places, .fn_ctx = &got};
    (void)state;
    ct.objects = t;
    ct.nobjects = 1;
    assert_int_equal(mr_objects_compare(&cs, &ct, &opts, NULL), MR_OK);
    assert_string_equal(got.ptr, "club|club_new|a\nclub|club_new|-\n");
    mr_strbuf_release(&got);
}

/* ---- objects that both sides have */

static void test_one_object(void **state)
{
    static const struct {
        struct mr_object s, t;
        const char *lines;
    } cases[] = {
        {{.kind = MR_OBJECT_ROUTINE, .name = "procedure P", .definition = "()\nSELECT 1"},
         {.kind = MR_OBJECT_ROUTINE, .name = "procedure p", .definition = "()\nSELECT  1"},
         ""},
        {{.kind = MR_OBJECT_VIEW, .name = "V", .definition = "select 1"},
         {.kind = MR_OBJECT_VIEW, .name = "v", .definition = "select 1"},
         "view - V [select 1] [-]\nview - v [-] [select 1]\n"},
        /* of one name, and two things */
        {{.kind = MR_OBJECT_VIEW, .name = "v", .definition = "select 1"},
         {.kind = MR_OBJECT_SEQUENCE, .name = "v", .definition = "start with 1"},
         "view - v [select 1] [-]\nsequence - v [-] [start with 1]\n"},
        {{.kind = MR_OBJECT_VIEW, .name = "v", .definition = NULL},
         {.kind = MR_OBJECT_VIEW, .name = "v", .definition = NULL},
         "view - v [-] [-] hidden\n"},
        {{.kind = MR_OBJECT_VIEW, .name = "v", .definition = NULL},
         {.kind = MR_OBJECT_EVENT, .name = "v", .definition = NULL},
         "view - v [(definition not visible)] [-]\nevent - v [-] [(definition not visible)]\n"},
        {{.kind = MR_OBJECT_ROUTINE, .name = "function f", .definition = "()", .comment = "a"},
         {.kind = MR_OBJECT_ROUTINE, .name = "function f", .definition = "()", .comment = ""},
         "attribute - function f [comment a] [comment '']\n"},
        {{.kind = MR_OBJECT_SEQUENCE, .name = "q", .definition = "start with 1"},
         {.kind = MR_OBJECT_SEQUENCE, .name = "q", .definition = "start with 2"},
         "sequence - q [start with 1] [start with 2]\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_object s = cases[i].s, t = cases[i].t;
        struct mr_catalogue cs = catalogue(MR_FLAVOUR_MYSQL, dbs_source, NULL, 0);
        struct mr_catalogue ct = catalogue(MR_FLAVOUR_MYSQL, dbs_target, NULL, 0);
        s.db = "club";
        t.db = "club_new";
        cs.objects = &s;
        ct.objects = &t;
        cs.nobjects = ct.nobjects = 1;
        expect_diffs(&cs, &ct, MR_OBJECTS_ALL, cases[i].lines);
    }
}

static void test_databases(void **state)
{
    static const struct {
        const char *collation; /* of TARGET; NULL: it does not have the database */
        const char *lines;
    } cases[] = {
        {"utf8mb4_bin", ""},
        {"utf8mb4_general_ci",
         "database - club [utf8mb4 utf8mb4_bin] [utf8mb4 utf8mb4_general_ci]\n"},
        {NULL, "database - club [utf8mb4 utf8mb4_bin] [-]\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_database target = {"club_new", "utf8mb4", cases[i].collation};
        struct mr_catalogue cs = catalogue(MR_FLAVOUR_MYSQL, dbs_source, NULL, 0);
        struct mr_catalogue ct = catalogue(MR_FLAVOUR_MYSQL, &target, NULL, 0);
        ct.ndbs = cases[i].collation != NULL ? 1 : 0;
        expect_diffs(&cs, &ct, MR_OBJECTS_ALL, cases[i].lines);
    }
}

static void test_names_of_kinds(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind <= MR_OBJECTS_ATTRIBUTE; kind <<= 1) {
        const char *name = mr_objects_kind_name((enum mr_objects_kind)kind);
        unsigned again = 0;
        assert_int_equal(mr_objects_parse_kinds(name, &again, NULL), MR_OK);
        assert_int_equal(again, kind);
    }
    assert_string_equal(mr_objects_kind_name((enum mr_objects_kind)0), "object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_one_object),
        cmocka_unit_test(test_databases),
        cmocka_unit_test(test_names_of_kinds),
        cmocka_unit_test(test_one_sided),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_who_made_a_view),
        cmocka_unit_test(test_names_without_case),
        cmocka_unit_test(test_objects_without_case),
        cmocka_unit_test(test_databases_without_case),
        cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
