/*
 * test_check_plan.c: which tables are compared, and which rows of them.
 * Keys, classes and identities: test_pair_*.c; --since: test_window.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "core/db/grants_internal.h"
#include "recon/check/check_plan.h"

struct planning {
    struct world w;
    struct mr_vec pairs; /* struct mr_db_pair */
    struct mr_strbuf text;
    struct mr_err err;
};

static void begin(struct planning *p)
{
    memset(p, 0, sizeof *p);
    world_begin(&p->w);
    p->pairs = (struct mr_vec)MR_VEC_INIT(struct mr_db_pair);
    p->text = (struct mr_strbuf)MR_STRBUF_INIT;
    *(struct mr_db_pair *)mr_vec_push(&p->pairs) = (struct mr_db_pair){{"club", "club2"}};
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        static const char all[] = "GRANT ALL PRIVILEGES ON *.* TO a@b";
        struct mr_grants *grants = mr_grants_new("a@b", false);
        world_require(mr_grants_add_line(grants, all, strlen(all), NULL));
        p->w.g.servers[side].grants = grants;
    }
}

/* Tables are there. */
static void ready(struct planning *p, const char *ini)
{
    world_require(
        mr_config_parse(ini, strlen(ini), "ini", MR_CONFIG_NO_ROOMS, &p->w.g.config, NULL));
    p->w.g.pairing.config = p->w.g.config;
    world_case(&p->w);
    p->w.check.dbs = &p->pairs;
    p->w.check.pairing.arena = &p->w.check.arena;
}

static void end(struct planning *p)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        mr_grants_free(p->w.g.servers[side].grants);
    mr_vec_release(&p->pairs);
    mr_strbuf_release(&p->text);
    world_end(&p->w);
}

/* A table a line: "club.a [where] [where] note, or why it is not checked". */
static void expect(struct planning *p, const char *what, const char *lines)
{
    memset(&p->err, 0, sizeof p->err);
    enum mr_code code = mr_check_plan(&p->w.check, &p->pairs, &p->err);
    mr_strbuf_reset(&p->text);
    for (size_t i = 0; code == MR_OK && i < p->w.check.pairing.ntables; i++) {
        const struct mr_pair *t = world_pair(&p->w, i);
        assert_int_equal(t->at, i);
        mr_strbuf_add_str(&p->text, t->find.name);
        if (atomic_load(&t->failed)) {
            mr_strbuf_add_fmt(&p->text, " not checked: %s\n", t->find.reason);
            continue;
        }
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            mr_strbuf_add_fmt(&p->text, " [%s]",
                              t->scan[side].where != NULL ? t->scan[side].where : "");
        mr_strbuf_add_fmt(&p->text, "%s%s%s\n", t->find.windowed ? " part" : "",
                          t->find.note != NULL ? ": " : "",
                          t->find.note != NULL ? t->find.note : "");
    }
    if (code != MR_OK || strcmp(p->text.ptr, lines) != 0)
        fail_msg("%s: %s\n%s", what, p->err.message, p->text.ptr);
}

/* ---- which tables */

static void test_tables(void **state)
{
    static const char *const a[] = {"a"}, *const x[] = {"x", "y"}, *const all[] = {"*.*"};
    static const struct {
        const char *what;
        const char *const *tables, *const *exclude;
        size_t ntables, nexclude;
        enum mr_code code;
        const char *lines; /* or the message */
    } cases[] = {
        {"all that both have", NULL, NULL, 0, 0, MR_OK, "club.a [] []\nclub.b [] []\n"},
        {"one", a, NULL, 1, 0, MR_OK, "club.a [] []\n"},
        {"all but one", NULL, a, 0, 1, MR_OK, "club.b [] []\n"},
        {"a slip", x, NULL, 2, 0, MR_E_NO_SUCH, "no table matches --tables x …"},
        {"nothing is left", NULL, all, 0, 1, MR_E_NO_SUCH,
         "no table matches what is left by --exclude *.*"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct planning p;
        begin(&p);
        graph_table(&p.w.g, "a", "id", NULL);
        graph_table(&p.w.g, "b", "id", NULL);
        ready(&p, "");
        p.w.options.tables = (struct mr_string_list){cases[i].tables, cases[i].ntables};
        p.w.options.exclude = (struct mr_string_list){cases[i].exclude, cases[i].nexclude};
        if (cases[i].code == MR_OK) {
            expect(&p, cases[i].what, cases[i].lines);
        } else {
            assert_int_equal(mr_check_plan(&p.w.check, &p.pairs, &p.err), cases[i].code);
            assert_string_equal(p.err.message, cases[i].lines);
        }
        end(&p);
    }
}

/* One that a side alone has is planned by nobody, and yet no slip of the pattern. */
static void test_lonely_tables(void **state)
{
    static const char *const b[] = {"b"};
    (void)state;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct planning p;
        begin(&p);
        graph_table(&p.w.g, "a", "id", NULL);
        graph_table(&p.w.g, "b", "id", NULL);
        p.w.g.cat[side].ntables = 1;
        ready(&p, "");
        expect(&p, "all", "club.a [] []\n");
        p.w.options.tables = (struct mr_string_list){b, 1};
        expect(&p, "the lonely one", "");
        end(&p);
    }
}

/* Of tables that a snapshot was not to hold there is nothing to say. */
static void test_chosen(void **state)
{
    (void)state;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct planning p;
        begin(&p);
        graph_table(&p.w.g, "a", "id", NULL);
        graph_table(&p.w.g, "b", "id", NULL);
        world_snapshot(&p.w, (enum mr_side)side);
        p.w.side[side].only = "b";
        ready(&p, "");
        assert_false(mr_check_selects(&p.w.check, "club", "a"));
        assert_true(mr_check_selects(&p.w.check, "club", "b"));
        expect(&p, "b alone", "club.b [] []\n");
        end(&p);
    }
}

/* A side's own table, of a database that its side names, under SOURCE's name. */
static void test_selects_on(void **state)
{
    static const char *const b[] = {"b"};
    struct planning p;
    (void)state;
    begin(&p);
    graph_table(&p.w.g, "a", "id", NULL);
    graph_table(&p.w.g, "b", "id", NULL);
    p.w.g.cat[MR_TARGET].server.lower_case_table_names = 1;
    p.w.g.tables[MR_SOURCE][0].name = "A";
    ready(&p, "");
    struct mr_catalogue *const cat[MR_SIDES] = {p.w.g.servers[MR_SOURCE].cat,
                                                p.w.g.servers[MR_TARGET].cat};
    const char *db = NULL, *name = NULL;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        assert_true(mr_check_selects_on(&p.w.check, (enum mr_side)side, &cat[side]->tables[0], cat,
                                        &db, &name));
        assert_string_equal(db, "club");
        assert_string_equal(name, "A");
    }
    struct mr_table other = cat[MR_TARGET]->tables[1];
    p.w.options.exclude = (struct mr_string_list){b, 1};
    assert_false(mr_check_selects_on(&p.w.check, MR_TARGET, &other, cat, &db, &name));
    other.name = "c";
    assert_true(mr_check_selects_on(&p.w.check, MR_TARGET, &other, cat, &db, &name));
    assert_string_equal(name, "c");
    other.db = "club";
    assert_false(mr_check_selects_on(&p.w.check, MR_TARGET, &other, cat, &db, &name));
    end(&p);
}

/* ---- which rows */

static const struct {
    const char *what, *where, *ini; /* where: of --where */
    bool snapshot, keeps;           /* of SOURCE */
    struct mr_kept kept;
    const char *lines;
} parts[] = {
    {"all", NULL, "", false, false, {.rows = 0}, "club.a [] []\n"},
    {"--where",
     "kind = 'x'",
     "",
     false,
     false,
     {.rows = 0},
     "club.a [(kind = 'x')] [(kind = 'x')] part: only rows where kind = 'x'\n"},
    {"of the configuration",
     NULL,
     "[table club.a]\nwhere = kind = 'y'\n",
     false,
     false,
     {.rows = 0},
     "club.a [(kind = 'y')] [(kind = 'y')] part: only rows where kind = 'y'\n"},
    {"--where comes before that",
     "kind = 'x'",
     "[table club.a]\nwhere = kind = 'y'\n",
     false,
     false,
     {.rows = 0},
     "club.a [(kind = 'x')] [(kind = 'x')] part: only rows where kind = 'x'\n"},
    {"a snapshot cannot judge it: the table is not checked",
     "kind = 'x'",
     "",
     true,
     false,
     {.rows = 0},
     "club.a not checked: only a server can choose rows, and the source is a snapshot: (kind "
     "= 'x')\n"},
    {"one that it can judge",
     "id = 7",
     "",
     true,
     false,
     {.rows = 0},
     "club.a [(id = 7)] [(id = 7)] part: only rows where id = 7\n"},
    {"it keeps only some: the server is asked for no others",
     NULL,
     "",
     true,
     true,
     {.spec = {.where = "id > 5"}},
     "club.a [] [(id > 5)] part: the source keeps only rows where id > 5\n"},
    {"… just those that are asked for",
     "id > 5",
     "",
     true,
     true,
     {.spec = {.where = "id > 5"}},
     "club.a [] [(id > 5)] part: only rows where id > 5\n"},
    {"… and others of them",
     "id = 7",
     "",
     true,
     true,
     {.spec = {.where = "id > 5"}},
     "club.a [(id = 7)] [(id = 7) AND (id > 5)] part: only rows where id = 7; the source "
     "keeps only rows where id > 5\n"},
    {"not of one moment",
     NULL,
     "",
     true,
     true,
     {.note = "read in two views"},
     "club.a [] []: source snapshot: read in two views\n"},
    {"rows that somebody has chosen",
     NULL,
     "",
     true,
     true,
     {.rows_of = "case 7"},
     "club.a not checked: the source's snapshot has only rows of case 7, not all of the "
     "table\n"},
};

static void test_rows(void **state)
{
    static const struct mr_readcol kept_columns[] = {
        {.name = "id", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_INT},
        {.name = "kind", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_TEXT, .charset = "utf8mb4"}};
    (void)state;
    for (size_t i = 0; i < LEN(parts); i++) {
        struct planning p;
        struct mr_table_where where = {"club.a", parts[i].where};
        begin(&p);
        graph_table(&p.w.g, "a", "id kind:text", NULL);
        if (parts[i].snapshot)
            world_snapshot(&p.w, MR_SOURCE);
        p.w.side[MR_SOURCE].kept = parts[i].kept;
        p.w.side[MR_SOURCE].kept.spec.cols = kept_columns;
        p.w.side[MR_SOURCE].kept.spec.ncols = LEN(kept_columns);
        p.w.side[MR_SOURCE].keeps = parts[i].keeps;
        ready(&p, parts[i].ini);
        p.w.options.where =
            (struct mr_table_wheres){.items = &where, .count = parts[i].where != NULL ? 1 : 0};
        expect(&p, parts[i].what, parts[i].lines);
        end(&p);
    }
}

/* A condition that the server does not understand ends the run; one for no table would
 * compare everything. */
static void test_slips(void **state)
{
    static const struct {
        struct mr_table_where where;
        enum mr_code code;
        const char *message;
    } cases[] = {
        {{"club.a", "nonsense"},
         MR_E_USAGE,
         "condition on table \"club.a\": the server does not understand it"},
        {{"club.x", "id = 1"}, MR_E_NO_SUCH, "no compared table matches --where club.x"},
        {{"club2.a", "id = 1"}, MR_E_NO_SUCH, "no compared table matches --where club2.a"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct planning p;
        struct mr_table_where where = cases[i].where;
        begin(&p);
        graph_table(&p.w.g, "a", "id", NULL);
        ready(&p, "");
        p.w.options.where = (struct mr_table_wheres){.items = &where, .count = 1};
        assert_int_equal(mr_check_plan(&p.w.check, &p.pairs, &p.err), cases[i].code);
        assert_string_equal(p.err.message, cases[i].message);
        end(&p);
    }
}

static void test_engine(void **state)
{
    struct planning p;
    (void)state;
    begin(&p);
    graph_table(&p.w.g, "a", "id", NULL);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        p.w.g.tables[side][0].engine = side == MR_SOURCE ? "MyISAM" : "Aria";
        p.w.g.tables[side][0].transactional = false;
    }
    ready(&p, "");
    expect(&p, "both",
           "club.a [] []: MyISAM on source is read in small stored chunks; Aria on target is read "
           "in small stored chunks\n");
    end(&p);
}

/* Not one row of it is its own; S3's are written to by a snapshot's restore no more than SPIDER's. */
static void test_rows_elsewhere(void **state)
{
    static const char *const engines[] = {"SPIDER", "s3", "FEDERATED", "CONNECT"};
    (void)state;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            struct planning p;
            char lines[256];
            begin(&p);
            graph_table(&p.w.g, "a", "id", NULL);
            graph_table(&p.w.g, "b", "id", NULL);
            p.w.g.tables[side][0].engine = engines[i];
            ready(&p, "");
            (void)snprintf(lines, sizeof lines,
                           "club.a not checked: %s on the %s keeps its rows elsewhere: compare "
                           "them where they lie\nclub.b [] []\n",
                           engines[i], mr_side_name((enum mr_side)side));
            expect(&p, engines[i], lines);
            end(&p);
        }
    }
}

/* ---- columns that are not shown */

static void test_hidden_columns(void **state)
{
    static const struct {
        const char *what, *grant, *ini; /* of TARGET */
        enum mr_code answer;            /* to SELECT * */
        const char *lines;
        bool asked;
    } cases[] = {
        {"the whole table may be read", "GRANT SELECT ON `club2`.* TO a@b", "", MR_E_DENIED,
         "club.o`dd [] []\n", false},
        {"some columns are hidden", "GRANT SELECT (id) ON `club2`.`o``dd` TO a@b", "", MR_E_DENIED,
         "club.o`dd not checked: the account may not see all columns of \"club.o`dd\" on the "
         "target; GRANT SELECT ON `club2`.`o``dd` TO 'a'@'b'\n",
         true},
        {"all are granted, one by one", "GRANT SELECT (id) ON `club2`.`o``dd` TO a@b", "", MR_OK,
         "club.o`dd [] []\n", true},
        {"another error is the reading's", "GRANT SELECT (id) ON `club2`.`o``dd` TO a@b", "",
         MR_E_LOST, "club.o`dd [] []\n", true},
        {"hidden on purpose", "GRANT SELECT (id) ON `club2`.`o``dd` TO a@b",
         "[table club.o`dd]\nignore-columns = secret\n", MR_E_DENIED, "club.o`dd [] []\n", false},
        {"grants that nobody knows", NULL, "", MR_E_DENIED,
         "club.o`dd not checked: the account may not see all columns of \"club.o`dd\" on the "
         "target; GRANT SELECT ON `club2`.`o``dd` TO the account\n",
         true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct planning p;
        const struct world_answer answer = {"SELECT * FROM", NULL, cases[i].answer, 0};
        begin(&p);
        graph_table(&p.w.g, "o`dd", "id", NULL);
        struct mr_server_side *target = &p.w.g.servers[MR_TARGET];
        mr_grants_free(target->grants);
        target->grants = cases[i].grant != NULL ? mr_grants_new("a@b", false) : NULL;
        if (cases[i].grant != NULL)
            world_require(
                mr_grants_add_line(target->grants, cases[i].grant, strlen(cases[i].grant), NULL));
        ready(&p, cases[i].ini);
        world_answers(&answer, 1);
        expect(&p, cases[i].what, cases[i].lines);
        assert_int_equal(
            world_server.log.len > 0 &&
                strstr(world_server.log.ptr, "SELECT * FROM `club2`.`o``dd` LIMIT 0\n") != NULL,
            cases[i].asked);
        end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),         cmocka_unit_test(test_lonely_tables),
        cmocka_unit_test(test_chosen),         cmocka_unit_test(test_rows),
        cmocka_unit_test(test_slips),          cmocka_unit_test(test_engine),
        cmocka_unit_test(test_selects_on),     cmocka_unit_test(test_rows_elsewhere),
        cmocka_unit_test(test_hidden_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
