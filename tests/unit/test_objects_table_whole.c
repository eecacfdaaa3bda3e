/* test_objects_table_whole.c: engine, versions, partitions, order of columns; and what only describes. */
#include "objects_world.h"

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

/* Versions are MariaDB's alone, and so are partitions of them; how a table is partitioned an
 * earlier snapshot does not say, nor how versions change partitions. */
static void test_partitions(void **state)
{
    static const struct {
        bool s_parts, t_parts;
        const char *s, *t, *same, *cross;
    } cases[] = {
        {false, false, NULL, NULL, "", ""},
        {true, true, "hash (id) 4", "hash (id) 4", "", ""},
        {true, true, "hash (id) 4", "hash (id) 8",
         "table club.t t [partition by hash (id) 4] [partition by hash (id) 8]\n",
         "table club.t t [partition by hash (id) 4] [partition by hash (id) 8]\n"},
        {true, true, "hash (id) 4", NULL, "", ""},
        {true, false, NULL, NULL, "table club.t t [partitioned] [no partitions]\n",
         "table club.t t [partitioned] [no partitions]\n"},
        {true, false, "system_time limit 9", NULL,
         "table club.t t [partition by system_time limit 9] [no partitions]\n", ""},
        {true, true, "system_time (p0 history)", "system_time limit 9", "", ""},
        {true, true, "system_time limit 8", "system_time limit 9",
         "table club.t t [partition by system_time limit 8] [partition by system_time limit 9]\n",
         ""},
        {true, true, "system_time (p0 history)", "hash (id) 4",
         "table club.t t [partition by system_time (p0 history)] [partition by hash (id) 4]\n",
         "table club.t t [no partitions] [partition by hash (id) 4]\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_table s = {
            .db = "club", .name = "t", .partitioned = cases[i].s_parts, .partitioning = cases[i].s};
        const struct mr_table t = {.db = "club_new",
                                   .name = "t",
                                   .partitioned = cases[i].t_parts,
                                   .partitioning = cases[i].t};
        expect_table(&s, MR_FLAVOUR_MARIADB, &t, MR_FLAVOUR_MARIADB, cases[i].same);
        expect_table(&s, MR_FLAVOUR_MARIADB, &t, MR_FLAVOUR_MYSQL, cases[i].cross);
    }
}

static void test_versions(void **state)
{
    const struct mr_table s = {.db = "club", .name = "t", .system_versioned = true};
    const struct mr_table t = {.db = "club_new", .name = "t"};
    (void)state;
    expect_table(&s, MR_FLAVOUR_MARIADB, &t, MR_FLAVOUR_MARIADB,
                 "table club.t t [with system versioning] [no versions]\n");
    expect_table(&s, MR_FLAVOUR_MARIADB, &t, MR_FLAVOUR_MYSQL, "");
}

/* What only describes: a side that does not tell is equal; a broken table's comment is the
 * reason why it is broken; formats are compared within an engine. */
static void test_attributes(void **state)
{
    static const struct {
        struct mr_table s, t;
        const char *lines;
    } cases[] = {
        {{.comment = "a"}, {.comment = "b"}, "attribute - t [comment a] [comment b]\n"},
        {{.comment = "a"}, {.comment = ""}, "attribute - t [comment a] [comment '']\n"},
        {{.comment = "a"}, {.comment = NULL}, ""},
        {{.comment = "a"}, {.comment = "b", .open_error = "b"}, ""},
        {{.engine = "InnoDB", .row_format = "Dynamic"},
         {.engine = "INNODB", .row_format = "Compact"},
         "attribute - t [row_format Dynamic] [row_format Compact]\n"},
        {{.engine = "InnoDB", .row_format = "Dynamic"},
         {.engine = "MyISAM", .row_format = "Fixed"},
         "table club.t t [InnoDB] [MyISAM]\n"},
        {{.engine = "InnoDB", .row_format = "Dynamic"},
         {.engine = NULL, .row_format = "Fixed"},
         "table club.t t [InnoDB] [table that cannot be opened]\n"},
        {{.row_format = "Dynamic"}, {.row_format = "Fixed"}, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_table s = cases[i].s, t = cases[i].t;
        s.db = "club";
        t.db = "club_new";
        s.name = t.name = "t";
        expect_table(&s, MR_FLAVOUR_MYSQL, &t, MR_FLAVOUR_MYSQL, cases[i].lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_tables_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
