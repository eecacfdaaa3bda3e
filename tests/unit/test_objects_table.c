/* test_objects_table.c: two tables: columns, indexes, keys, checks, triggers. */
#include "objects_world.h"

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
    /* the other side's index does not do the key's work */
    static const struct mr_index_part prefix[] = {{.column = "pid", .prefix_len = 4}};
    const struct mr_index t_ix = {"kd", false, true, "BTREE", "", prefix, 1};
    t.indexes = &t_ix;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL,
                 "index club.t kd [(pid desc)] [(pid(4))]\nindex club.t pid [(pid)] [-]\n");
    t.indexes = s_ix;
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

/* Letters tell two triggers of one table apart where names are files. */
static void test_triggers_alike(void **state)
{
    static const struct mr_trigger
        two[] = {{.name = "Tr", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1"},
                 {.name = "tr", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1"}},
        one[] = {{.name = "tr", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1"}};
    const struct mr_table s = {
        .db = "club", .name = "t", .engine = "InnoDB", .triggers = two, .ntriggers = 2};
    const struct mr_table t = {
        .db = "club_new", .name = "t", .engine = "InnoDB", .triggers = one, .ntriggers = 1};
    struct mr_table back = s, first = t;
    (void)state;
    expect_table(&s, MR_FLAVOUR_MARIADB, &t, MR_FLAVOUR_MARIADB,
                 "trigger club.t Tr [before insert\nSET @x = 1] [-]\n");
    back.db = "club_new";
    first.db = "club";
    expect_table(&first, MR_FLAVOUR_MARIADB, &back, MR_FLAVOUR_MARIADB,
                 "trigger club.t Tr [-] [before insert\nSET @x = 1]\n");
    back.ntriggers = 1;
    expect_table(&first, MR_FLAVOUR_MARIADB, &back, MR_FLAVOUR_MARIADB, "");
}

/* A key's parent goes by SOURCE's name where that is its twin. */
static void test_parents_alike(void **state)
{
    static const char *const id[] = {"id"};
    const struct mr_foreign_key up = {"f", id, "club", "People", id, 1, "RESTRICT", "RESTRICT"};
    const struct mr_foreign_key low = {"f", id, "club_new", "people",
                                       id,  1,  "RESTRICT", "RESTRICT"};
    const struct mr_table s[] = {
        {.db = "club", .name = "People", .engine = "InnoDB"},
        {.db = "club", .name = "kids", .engine = "InnoDB", .fks = &up, .nfks = 1},
        {.db = "club", .name = "people", .engine = "InnoDB"}};
    const struct mr_table t[] = {
        {.db = "club_new", .name = "kids", .engine = "InnoDB", .fks = &low, .nfks = 1},
        {.db = "club_new", .name = "people", .engine = "InnoDB"}};
    struct mr_catalogue cs = catalogue(MR_FLAVOUR_MARIADB, dbs_source, s, 2);
    struct mr_catalogue ct = catalogue(MR_FLAVOUR_MARIADB, dbs_target, t, 2);
    (void)state;
    ct.server.lower_case_table_names = 1;
    expect_diffs(&cs, &ct, MR_OBJECTS_ALL, "");
    cs.ntables = 3; /* the twin is another one */
    expect_diffs(&cs, &ct, MR_OBJECTS_FOREIGN_KEY,
                 "foreign key club.kids f [(id) references People (id) on delete restrict on "
                 "update restrict] [(id) references people (id) on delete restrict on update "
                 "restrict]\n");
}

/* ---- of one thing each */

#define COL .name = "c", .type = "int", .nullable = true

/* What only one family has a word for is no difference between the two. */
static void test_one_column(void **state)
{
    static const struct {
        struct mr_column s, t;
        const char *same, *cross; /* lines within a family, and between the two */
    } cases[] = {
        {{COL}, {COL}, "", ""},
        {{COL},
         {.name = "C", .type = "int"},
         "column club.t c [int] [int not null]\n",
         "column club.t c [int] [int not null]\n"},
        {{COL, .srid = "4326"}, {COL}, "column club.t c [int srid 4326] [int]\n", ""},
        {{COL, .versions = "without system versioning"},
         {COL, .versions = ""},
         "column club.t c [int without system versioning] [int]\n",
         ""},
        {{COL, .versions = "without system versioning"}, {COL, .versions = NULL}, "", ""},
        {{COL, .charset = "utf8mb4", .collation = "utf8mb4_bin"},
         {COL, .charset = "utf8mb4", .collation = "utf8mb4_general_ci"},
         "charset club.t c [utf8mb4 utf8mb4_bin] [utf8mb4 utf8mb4_general_ci]\n",
         "charset club.t c [utf8mb4 utf8mb4_bin] [utf8mb4 utf8mb4_general_ci]\n"},
        {{COL, .charset = "utf8mb4", .collation = "utf8mb4_bin"}, {COL}, "", ""},
        {{COL, .default_text = "''"},
         {COL, .default_text = NULL},
         "column club.t c [int default ''] [int]\n",
         "column club.t c [int default ''] [int]\n"},
        {{COL, .comment = "a"},
         {COL, .comment = ""},
         "attribute - t.c [comment a] [comment '']\n",
         "attribute - t.c [comment a] [comment '']\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_table s = {
            .db = "club", .name = "t", .columns = &cases[i].s, .ncolumns = 1};
        const struct mr_table t = {
            .db = "club_new", .name = "t", .columns = &cases[i].t, .ncolumns = 1};
        expect_table(&s, MR_FLAVOUR_MYSQL, &t, MR_FLAVOUR_MYSQL, cases[i].same);
        expect_table(&s, MR_FLAVOUR_MYSQL, &t, MR_FLAVOUR_MARIADB, cases[i].cross);
    }
}

static void test_columns_of_one_side(void **state)
{
    static const struct mr_column ab[] = {{.name = "a", .type = "int"},
                                          {.name = "b", .type = "int"}};
    static const struct mr_column bc[] = {{.name = "B", .type = "int"},
                                          {.name = "c", .type = "int"}};
    const struct mr_table s = {.db = "club", .name = "t", .columns = ab, .ncolumns = 2};
    const struct mr_table t = {.db = "club_new", .name = "t", .columns = bc, .ncolumns = 2};
    (void)state;
    expect_table(&s, MR_FLAVOUR_MYSQL, &t, MR_FLAVOUR_MYSQL,
                 "column club.t a [int not null] [-]\ncolumn club.t c [-] [int not null]\n");
}

static void test_one_index(void **state)
{
    static const struct mr_index_part a[] = {{.column = "a"}}, b[] = {{.column = "B"}};
    static const struct {
        struct mr_index s, t;
        const char *same, *cross;
    } cases[] = {
        {{"i", false, true, "BTREE", "", a, 1}, {"I", false, true, "BTREE", "", a, 1}, "", ""},
        {{"i", false, true, "BTREE", "", a, 1},
         {"i", true, true, "BTREE", "", b, 1},
         "index club.t i [(a)] [unique (b)]\n",
         "index club.t i [(a)] [unique (b)]\n"},
        /* a period is MariaDB's alone; a parser of words is both families' */
        {{"i", true, true, "BTREE", "p without overlaps", a, 1},
         {"i", true, true, "BTREE", "", a, 1},
         "index club.t i [unique (a) p without overlaps] [unique (a)]\n",
         ""},
        {{"i", false, true, "FULLTEXT", "with parser ngram", a, 1},
         {"i", false, true, "FULLTEXT", "", a, 1},
         "index club.t i [fulltext (a) with parser ngram] [fulltext (a)]\n",
         "index club.t i [fulltext (a) with parser ngram] [fulltext (a)]\n"},
        {{"i", true, true, "BTREE", "p without overlaps", a, 1},
         {"i", true, true, "BTREE", NULL, a, 1},
         "",
         ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_table s = {
            .db = "club", .name = "t", .indexes = &cases[i].s, .nindexes = 1};
        const struct mr_table t = {
            .db = "club_new", .name = "t", .indexes = &cases[i].t, .nindexes = 1};
        expect_table(&s, MR_FLAVOUR_MARIADB, &t, MR_FLAVOUR_MARIADB, cases[i].same);
        expect_table(&s, MR_FLAVOUR_MARIADB, &t, MR_FLAVOUR_MYSQL, cases[i].cross);
    }
}

/* A key into another compared database is written with SOURCE's name for it; one whose
 * actions a side hides cannot be compared; two equal ones need two partners. */
static void test_one_foreign_key(void **state)
{
    static const char *const a[] = {"a"}, *const id[] = {"id"};
    static const struct {
        struct mr_foreign_key s[2], t[2];
        size_t ns, nt;
        const char *lines;
    } cases[] = {
        {{{"f", a, "shop", "p", id, 1, "RESTRICT", "CASCADE"}},
         {{"f", a, "shop_new", "p", id, 1, "RESTRICT", "CASCADE"}},
         1,
         1,
         ""},
        {{{"f", a, "shop", "p", id, 1, "RESTRICT", "CASCADE"}},
         {{"f", a, "shop", "p", id, 1, "RESTRICT", "CASCADE"}},
         1,
         1,
         "foreign key club.t f [(a) references shop.p (id) on delete cascade on update restrict] "
         "[(a) references the target's shop.p (id) on delete cascade on update restrict]\n"},
        {{{"f", a, "x", "p", id, 1, "RESTRICT", "CASCADE"}},
         {{"f", a, "x", "p", id, 1, "RESTRICT", "CASCADE"}},
         1,
         1,
         ""},
        {{{"f", a, "shop", "p", id, 1, "RESTRICT", "CASCADE"}},
         {{"f", a, "club_new", "p", id, 1, "RESTRICT", "CASCADE"}},
         1,
         1,
         "foreign key club.t f [(a) references shop.p (id) on delete cascade on update restrict] "
         "[(a) references p (id) on delete cascade on update restrict]\n"},
        {{{"f", a, "club", "p", id, 1, NULL, NULL}},
         {{"f", a, "club_new", "p", id, 1, "RESTRICT", "CASCADE"}},
         1,
         1,
         "foreign key club.t f [(a) references p (id) on delete ? on update ?] [(a) references p "
         "(id) on delete cascade on update restrict] hidden\n"},
        {{{"f", a, "club", "p", id, 1, "RESTRICT", "CASCADE"},
          {"g", a, "club", "p", id, 1, "RESTRICT", "CASCADE"}},
         {{"x", a, "club_new", "p", id, 1, "RESTRICT", "CASCADE"}},
         2,
         1,
         "foreign key club.t g [(a) references p (id) on delete cascade on update restrict] [-]\n"},
        /* each finds the one of its name first */
        {{{"f", a, "club", "p", id, 1, "RESTRICT", "CASCADE"},
          {"g", a, "club", "p", id, 1, "RESTRICT", "CASCADE"}},
         {{"g", a, "club_new", "p", id, 1, "RESTRICT", "CASCADE"}},
         2,
         1,
         "foreign key club.t f [(a) references p (id) on delete cascade on update restrict] [-]\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_table s = {
            .db = "club", .name = "t", .fks = cases[i].s, .nfks = cases[i].ns};
        const struct mr_table t = {
            .db = "club_new", .name = "t", .fks = cases[i].t, .nfks = cases[i].nt};
        expect_table(&s, MR_FLAVOUR_MYSQL, &t, MR_FLAVOUR_MYSQL, cases[i].lines);
    }
}

/* A CHECK over a period is told only where both sides tell of periods. */
static void test_one_check(void **state)
{
    static const struct {
        struct mr_check s, t;
        const char *same, *cross;
    } cases[] = {
        {{"c", NULL, "a < b", "p"},
         {"c", NULL, "a < b", ""},
         "table club.t c [period p (a < b)] [check (a < b)]\n",
         ""},
        {{"c", NULL, "a < b", "p"}, {"c", NULL, "a < b", NULL}, "", ""},
        {{"c", NULL, "a < b", NULL}, {"c", NULL, "a < b", "p"}, "", ""},
        {{"c", "a", "a > 0", ""},
         {"d", NULL, "a > 1", ""},
         "column club.t c [check (a > 0)] [-]\ntable club.t d [-] [check (a > 1)]\n",
         "column club.t c [check (a > 0)] [-]\ntable club.t d [-] [check (a > 1)]\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_table s = {.db = "club", .name = "t", .checks = &cases[i].s, .nchecks = 1};
        const struct mr_table t = {
            .db = "club_new", .name = "t", .checks = &cases[i].t, .nchecks = 1};
        expect_table(&s, MR_FLAVOUR_MARIADB, &t, MR_FLAVOUR_MARIADB, cases[i].same);
        expect_table(&s, MR_FLAVOUR_MARIADB, &t, MR_FLAVOUR_MYSQL, cases[i].cross);
    }
}

static void test_one_trigger(void **state)
{
    static const struct {
        struct mr_trigger s, t;
        const char *lines;
    } cases[] = {
        {{.name = "a", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1"},
         {.name = "A", .timing = "BEFORE", .event = "INSERT", .body = "SET  @x = 1"},
         ""},
        {{.name = "a", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1"},
         {.name = "a", .timing = "AFTER", .event = "INSERT", .body = "SET @x = 1"},
         "trigger club.t a [before insert\nSET @x = 1] [after insert\nSET @x = 1]\n"},
        {{.name = "a", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1"},
         {.name = "a", .timing = "BEFORE", .event = "DELETE", .body = "SET @x = 1"},
         "trigger club.t a [before insert\nSET @x = 1] [before delete\nSET @x = 1]\n"},
        {{.name = "a",
          .timing = "BEFORE",
          .event = "INSERT",
          .body = "SET @x = 1",
          .made = {.definer = "a@b"}},
         {.name = "a",
          .timing = "BEFORE",
          .event = "INSERT",
          .body = "SET @x = 1",
          .made = {.definer = "x@y"}},
         "trigger club.t a [before insert\nSET @x = 1\n(definer a@b)] [before insert\nSET @x = "
         "1\n(definer x@y)]\n"},
        /* where a side does not tell the order */
        {{.name = "a", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1", .order = 2},
         {.name = "a", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1"},
         ""},
        /* a body of its own database's name */
        {{.name = "a", .timing = "BEFORE", .event = "INSERT", .body = "DELETE FROM `club`.`x`"},
         {.name = "a", .timing = "BEFORE", .event = "INSERT", .body = "DELETE FROM `club_new`.`x`"},
         ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_table s = {
            .db = "club", .name = "t", .triggers = &cases[i].s, .ntriggers = 1};
        const struct mr_table t = {
            .db = "club_new", .name = "t", .triggers = &cases[i].t, .ntriggers = 1};
        expect_table(&s, MR_FLAVOUR_MYSQL, &t, MR_FLAVOUR_MYSQL, cases[i].lines);
    }
}

/* Whoever takes the lines may fail at any of them: nothing is told after that. */
struct counted_lines {
    size_t seen, fail_at;
};

static enum mr_code fail_at_line(void *ctx, const struct mr_object_diff *diff, struct mr_err *err)
{
    struct counted_lines *lines = ctx;
    (void)diff;
    lines->seen++;
    return lines->seen == lines->fail_at ? mr_err_set(err, MR_E_CASE, "the disk is full") : MR_OK;
}

static void test_lines_that_fail(void **state)
{
    static const struct mr_column a[] = {{.name = "a", .type = "int"}};
    static const struct mr_column b[] = {{.name = "b", .type = "int"}};
    static const struct mr_index_part part[] = {{.column = "a"}};
    static const struct mr_index i[] = {{"i", false, true, "BTREE", "", part, 1}};
    static const struct mr_check c[] = {{"c", NULL, "a > 0", ""}};
    static const struct mr_trigger trigger[] = {
        {.name = "x", .timing = "BEFORE", .event = "INSERT", .body = "SET @x = 1"}};
    static const char *const names[] = {"a"};
    static const struct mr_foreign_key fk[] = {
        {"f", names, "club", "p", names, 1, "RESTRICT", "CASCADE"}};
    const struct mr_table s = {.db = "club",
                               .name = "t",
                               .engine = "InnoDB",
                               .comment = "one",
                               .charset = "utf8mb4",
                               .collation = "utf8mb4_bin",
                               .columns = a,
                               .ncolumns = 1,
                               .indexes = i,
                               .nindexes = 1,
                               .fks = fk,
                               .nfks = 1,
                               .checks = c,
                               .nchecks = 1,
                               .triggers = trigger,
                               .ntriggers = 1};
    const struct mr_table t = {.db = "club_new",
                               .name = "t",
                               .engine = "MyISAM",
                               .comment = "two",
                               .charset = "latin1",
                               .collation = "latin1_bin",
                               .columns = b,
                               .ncolumns = 1};
    const struct mr_catalogue cat = {0};
    const size_t all = 9; /* engine, charset, two columns, check, index, key, trigger, comment */
    (void)state;
    for (size_t n = 1; n <= all + 1; n++) {
        struct mr_err err = {0};
        struct counted_lines lines = {.fail_at = n};
        const struct mr_objects_opts opts = {
            .kinds = MR_OBJECTS_ALL, .fn = fail_at_line, .fn_ctx = &lines};
        assert_int_equal(mr_objects_compare_table(&cat, &s, &cat, &t, &opts, &err),
                         n <= all ? MR_E_CASE : MR_OK);
        assert_int_equal(lines.seen, n <= all ? n : all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_column),      cmocka_unit_test(test_columns_of_one_side),
        cmocka_unit_test(test_one_index),       cmocka_unit_test(test_one_foreign_key),
        cmocka_unit_test(test_one_check),       cmocka_unit_test(test_one_trigger),
        cmocka_unit_test(test_lines_that_fail), cmocka_unit_test(test_foreign_keys),
        cmocka_unit_test(test_index_for_fk),    cmocka_unit_test(test_checks),
        cmocka_unit_test(test_triggers),        cmocka_unit_test(test_triggers_alike),
        cmocka_unit_test(test_parents_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
