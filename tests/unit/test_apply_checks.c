/* test_apply_checks.c: what must hold before a plan with rows is applied or undone, and what is
 * refused by name. */
#include "apply_world.h"

#include <time.h>

#include "repair/apply/apply_checks.h"
#include "repair/side/fingerprint.h"

static const struct mr_apply_needs apply = {0}, apply_updates = {.updates = true},
                                   undo = {.undo = true};

/* ---- age ---- */

static void test_age(void **state)
{
    static const struct {
        long seconds; /* ago */
        const char *created;
        unsigned max_age_s;
        const char *why; /* NULL: it may be applied */
    } cases[] = {{100, NULL, 0, NULL},
                 {100, NULL, 3600, NULL},
                 {3700, NULL, 3600, "more than 3600 s ago"},
                 {-3600, NULL, 7200, "is not known"}, /* of the future */
                 {0, "", 0, NULL},
                 {0, "", 10, "is not known"},
                 {0, "2026-11-20", 10, "is not known"},
                 {0, "2026-13-20T00:00:00Z", 4294967295U, "is not known"},
                 {0, "2026-11-20T11:00:00Zx", 4294967295U, "is not known"},
                 {0, "1970-01-01T00:00:00Z", 4294967295U, NULL},
                 {0, "1970-01-01T00:00:00Z", 3600, "1970-01-01T00:00:00Z, more than"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char created[32];
        const time_t then = time(NULL) - cases[i].seconds;
        begin(NULL, 0);
        struct tm made;
        (void)strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&then, &made));
        p.m.created = cases[i].created != NULL ? cases[i].created : created;
        const enum mr_code code = mr_apply_check_age(&p.m, cases[i].max_age_s, &p.err);
        if (cases[i].why != NULL)
            refused_for(code, cases[i].why);
        else
            assert_int_equal(code, MR_OK);
        end();
    }
}

/* ---- columns ---- */

#define COLUMN "id|int(11)|NO|auto_increment|~|~|~"

static void test_columns(void **state)
{
    static const struct {
        const char *now; /* of the second table */
        const char *why;
    } cases[] = {{COLUMN, NULL},
                 {"", "\"o`dd.u\" is gone since"},
                 {COLUMN "\nname|int|NO||~|~|~", "\"o`dd.u\" has got other columns"},
                 {"id|int(11)|NO|auto_increment|~|~|", "other columns"}, /* '' is not NULL */
                 {"id|bigint(20)|NO|auto_increment|~|~|~", "other columns"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char hex[MR_SHA256_HEX];
        BEGIN({.has = "TABLE_NAME = 't'", .rows = COLUMN},
              {.has = "TABLE_NAME = 'u'", .rows = cases[i].now});
        assert_int_equal(mr_fingerprint_columns(p.target.db, "o`dd", "t", hex, &p.err), MR_OK);
        plan_table("o`dd.t", "id#+")->fingerprint = hex;
        plan_table("o`dd.u", "id#+")->fingerprint = hex;
        const enum mr_code code = mr_apply_check_columns(&p.target, &p.m, &p.err);
        if (cases[i].why != NULL)
            refused_for(code, cases[i].why);
        else
            assert_int_equal(code, MR_OK);
        world.fail_at = world.asked + 2; /* what cannot be read is no other table */
        assert_int_equal(mr_apply_check_columns(&p.target, &p.m, &p.err), MR_E_LOST);
        end();
    }
}

/* ---- surroundings ---- */

#define TRIGGER "trigger \"log it\" AFTER INSERT, body 0123456789abcdef"
#define PRIMARY "unique index \"PRIMARY\", 1. id"
#define UNIQUE "unique index \"mail\", 1. mail"
#define CHECK "check \"positive\" `x` > 0"
#define OWN_KEY                                                                                    \
    "foreign key \"f\" of o`dd.t.up to o`dd.p.id, ON DELETE RESTRICT, ON UPDATE RESTRICT"
#define CHILD_KEY                                                                                  \
    "foreign key \"c\" of o`dd.kid.up to o`dd.t.id, ON DELETE CASCADE, ON UPDATE RESTRICT"
#define ENGINE "engine InnoDB"

struct around {
    const char *then[4]; /* NULL ends them; all but the engine */
    const char *triggers, *uniques, *checks, *keys, *children, *engine;
    unsigned kid; /* what the server says of the table `kid` */
    bool undo;
    enum mr_decision decision;
    const char *why;
    size_t dropped;
};

static const struct around arounds[] = {
    {.then = {NULL}},
    {.then = {PRIMARY, UNIQUE, OWN_KEY, CHILD_KEY},
     .uniques = PRIMARY "\n" UNIQUE,
     .keys = OWN_KEY,
     .children = CHILD_KEY},
    /* new */
    {.triggers = TRIGGER, .why = "could not see: " TRIGGER},
    {.uniques = UNIQUE, .why = "could not see: " UNIQUE},
    {.checks = CHECK, .why = "could not see: " CHECK},
    {.keys = OWN_KEY, .why = OWN_KEY},
    {.children = CHILD_KEY, .why = CHILD_KEY},
    {.engine = "engine MyISAM", .why = "engine MyISAM"},
    {.triggers = TRIGGER, .undo = true, .why = TRIGGER},
    {.children = CHILD_KEY, .undo = true, .why = CHILD_KEY},
    /* rows that go meet neither index nor check */
    {.uniques = UNIQUE, .undo = true},
    {.checks = CHECK, .undo = true},
    /* gone */
    {.then = {PRIMARY}, .why = "has not any more what it had"},
    {.then = {PRIMARY}, .undo = true, .why = PRIMARY},
    {.then = {UNIQUE}, .why = UNIQUE},
    {.then = {OWN_KEY}, .why = OWN_KEY},
    {.then = {CHILD_KEY}, .why = CHILD_KEY},
    {.then = {CHECK, TRIGGER}},
    /* of undo it depends on what comes back, and on what goes */
    {.then = {UNIQUE}, .undo = true, .decision = MR_DECIDE_INSERT},
    {.then = {UNIQUE}, .undo = true, .decision = MR_DECIDE_DELETE, .why = UNIQUE},
    {.then = {UNIQUE}, .undo = true, .decision = MR_DECIDE_UPDATE, .why = UNIQUE},
    {.then = {CHILD_KEY}, .undo = true, .decision = MR_DECIDE_DELETE},
    {.then = {CHILD_KEY}, .undo = true, .decision = MR_DECIDE_RENUMBER, .why = CHILD_KEY},
    {.then = {OWN_KEY}, .undo = true, .decision = MR_DECIDE_UPDATE},
    {.then = {CHILD_KEY}, .undo = true, .decision = MR_DECIDE_UPDATE, .why = CHILD_KEY},
    /* gone with its whole table */
    {.then = {CHILD_KEY}, .kid = 1146, .dropped = 1},
    {.then = {CHILD_KEY}, .kid = 1049, .dropped = 1},
    {.then = {CHILD_KEY}, .kid = 1142, .why = CHILD_KEY},
    {.then = {CHILD_KEY, UNIQUE}, .kid = 1146, .why = UNIQUE, .dropped = 1},
    {.then = {OWN_KEY}, .kid = 1146, .why = OWN_KEY},
};

#define TEXT(text) ((text) != NULL ? (text) : "")

static void test_around(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(arounds); i++) {
        const struct around *a = &arounds[i];
        struct mr_vec dropped = MR_VEC_INIT(const char *);
        const struct mr_apply_needs needs = {.undo = a->undo};
        const char *then[5] = {ENGINE};
        BEGIN({.has = ".TRIGGERS", .rows = TEXT(a->triggers)},
              {.has = ".STATISTICS", .rows = TEXT(a->uniques)},
              {.has = ".CHECK_CONSTRAINTS", .rows = TEXT(a->checks)},
              {.has = "AND k.TABLE_SCHEMA", .rows = TEXT(a->keys)},
              {.has = "AND k.REFERENCED_TABLE_SCHEMA", .rows = TEXT(a->children)},
              {.has = "'engine '", .rows = a->engine != NULL ? a->engine : ENGINE},
              {.has = "`kid` LIMIT 0",
               .rows = "",
               .code = a->kid == 0 ? MR_OK : MR_E_NO_SUCH,
               .number = a->kid},
              {.has = "LIMIT 0", .rows = ""});
        struct mr_planned_table *t = plan_table("o`dd.t", "id#+ mail up");
        t->knows_around = true;
        t->around.items = then;
        t->around.count = 1;
        for (size_t k = 0; k < 4 && a->then[k] != NULL; k++)
            then[t->around.count++] = a->then[k];
        t->decisions[a->decision] = 1;
        may("GRANT TRIGGER ON `o``dd`.* TO x");
        const enum mr_code code =
            mr_apply_check_around(&p.target, &p.m, &needs, &p.arena, &dropped, &p.err);
        if (a->why == NULL && code != MR_OK)
            fail_msg("%zu: %s", i, p.err.message);
        if (a->why != NULL && (code != MR_E_REFUSED || strstr(p.err.message, a->why) == NULL))
            fail_msg("%zu: %d, %s", i, code, p.err.message);
        assert_int_equal(dropped.count, a->dropped);
        mr_vec_release(&dropped);
        end();
    }
}

/* Where triggers are hidden, an empty list proves nothing; a plan of old does not know them. */
static void test_around_known(void **state)
{
    static const struct {
        const char *grant;
        enum mr_code code;
    } cases[] = {{NULL, MR_E_REFUSED},
                 {"GRANT SELECT ON *.* TO x", MR_E_REFUSED},
                 {"GRANT TRIGGER ON `o``dd`.`u` TO x", MR_E_REFUSED},
                 {"GRANT TRIGGER ON `o``dd`.`t` TO x", MR_OK}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        begin(NULL, 0);
        plan_table("o`dd.t", "id#");
        if (cases[i].grant != NULL)
            may(cases[i].grant);
        const enum mr_code code =
            mr_apply_check_around(&p.target, &p.m, &apply, &p.arena, NULL, &p.err);
        assert_int_equal(code, cases[i].code);
        if (code == MR_OK)
            said_has("of an older version");
        else
            refused_for(code, "lacks the right TRIGGER on `o``dd`.`t`");
        sent_is("");
        end();
    }
}

/* ---- rights ---- */

static void test_writes(void **state)
{
    static const struct {
        enum mr_decision decision;
        bool undo, updates, circle;
        const char *wanted; /* of "iud" */
    } cases[] = {{MR_DECIDE_INSERT, false, false, false, "i"},
                 {MR_DECIDE_RENUMBER, false, false, false, "i"},
                 {MR_DECIDE_UPDATE, false, false, false, "u"},
                 {MR_DECIDE_DELETE, false, false, false, "d"},
                 {MR_DECIDE_INSERT, true, false, false, "d"},
                 {MR_DECIDE_RENUMBER, true, false, false, "d"},
                 {MR_DECIDE_UPDATE, true, false, false, "u"},
                 {MR_DECIDE_DELETE, true, false, false, "i"},
                 /* a circle that is closed behind the inserts */
                 {MR_DECIDE_INSERT, false, true, true, "iu"},
                 {MR_DECIDE_INSERT, false, true, false, "i"},
                 {MR_DECIDE_INSERT, false, false, true, "i"},
                 {MR_DECIDE_INSERT, true, true, true, "ud"},
                 {MR_DECIDE_MATCHED, false, false, false, ""}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_apply_needs needs = {cases[i].undo, cases[i].updates};
        begin(NULL, 0);
        plan_table("o`dd.p", "id#");
        plan_table("o`dd.t", "id# up");
        plan_table("o`dd.k", "id#");
        plan_refers(1, "up", 0, "id");
        if (cases[i].circle)
            plan_refers(1, "up", i % 2 == 0 ? 1 : 2, "id");
        p.tables[1].decisions[cases[i].decision] = 1;
        struct mr_strbuf found = MR_STRBUF_INIT;
        mr_strbuf_add_str(&found, "");
        for (int op = MR_STEP_INSERT; op <= MR_STEP_DELETE; op++)
            if (mr_apply_writes(&p.m.planned, 1, &needs, (enum mr_step_op)op))
                mr_strbuf_add_char(&found, "iud"[op - MR_STEP_INSERT]);
        if (strcmp(found.ptr, cases[i].wanted) != 0)
            fail_msg("%zu: %s", i, found.ptr);
        mr_strbuf_release(&found);
        end();
    }
}

static void test_rights(void **state)
{
    static const char all[] = "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE TEMPORARY TABLES ON "
                              "`o``dd`.* TO x";
    static const struct {
        const char *grant;
        enum mr_decision decision;
        bool undo;
        const char *why;
    } cases[] = {
        {all, MR_DECIDE_DELETE, false, NULL},
        {NULL, MR_DECIDE_DELETE, false, NULL}, /* not known: the server will say */
        {"GRANT SELECT, CREATE TEMPORARY TABLES ON `o``dd`.* TO x", MR_DECIDE_MATCHED, false, NULL},
        {"GRANT SELECT, CREATE TEMPORARY TABLES ON `o``dd`.* TO x", MR_DECIDE_INSERT, false,
         "right INSERT on `o``dd`.`t`"},
        {"GRANT SELECT, CREATE TEMPORARY TABLES ON `o``dd`.* TO x", MR_DECIDE_INSERT, true,
         "right DELETE on `o``dd`.`t`"},
        {"GRANT SELECT, CREATE TEMPORARY TABLES ON `o``dd`.* TO x", MR_DECIDE_UPDATE, true,
         "right UPDATE on `o``dd`.`t`"},
        {"GRANT INSERT ON *.* TO x", MR_DECIDE_INSERT, false, "right SELECT on `o``dd`.`t`"},
        {"GRANT SELECT, INSERT ON `o``dd`.* TO x", MR_DECIDE_INSERT, false,
         "right CREATE TEMPORARY TABLES on `o``dd`.*"},
        {"GRANT SELECT, INSERT (id), CREATE TEMPORARY TABLES ON `o``dd`.* TO x", MR_DECIDE_INSERT,
         false, "right INSERT"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_apply_needs needs = {.undo = cases[i].undo};
        begin(NULL, 0);
        plan_table("o`dd.t", "id#")->decisions[cases[i].decision] = 1;
        if (cases[i].grant != NULL)
            may(cases[i].grant);
        const enum mr_code code = mr_apply_check_rights(&p.target, &p.m, &needs, &p.err);
        if (cases[i].why != NULL)
            refused_for(code, cases[i].why);
        else
            assert_int_equal(code, MR_OK);
        end();
    }
}

/* A counter that apply raises needs a right of its own; undo leaves it raised. */
static void test_rights_of_counters(void **state)
{
    static const struct mr_counter counter = {
        .db = "o`dd", .name = "t", .column = "id", .reseed_to = 9};
    (void)state;
    begin(NULL, 0);
    p.m.counters = &counter;
    p.m.ncounters = 1;
    may("GRANT CREATE TEMPORARY TABLES ON `o``dd`.* TO x");
    assert_int_equal(mr_apply_check_rights(&p.target, &p.m, &apply_updates, &p.err), MR_E_REFUSED);
    assert_int_equal(mr_apply_check_rights(&p.target, &p.m, &undo, &p.err), MR_OK);
    end();
}

/* ---- GTID consistency ---- */

static void test_gtid(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        struct world_answer enforced;
        const char *loose;
        enum mr_code code;
    } cases[] = {
        {MR_FLAVOUR_MARIADB, {.has = "nowhere"}, "o`dd.t|MyISAM", MR_OK},
        {MR_FLAVOUR_MYSQL, {.has = "enforce", .text = "OFF"}, "x|MyISAM", MR_OK},
        {MR_FLAVOUR_MYSQL, {.has = "enforce", .text = "0"}, "x|MyISAM", MR_OK},
        {MR_FLAVOUR_MYSQL, {.has = "enforce", .text = "WARN"}, "x|MyISAM", MR_OK},
        {MR_FLAVOUR_MYSQL, {.has = "enforce", .text = "ON"}, "", MR_OK},
        {MR_FLAVOUR_MYSQL, {.has = "enforce", .text = "1"}, "x|MyISAM", MR_E_REFUSED},
        {MR_FLAVOUR_MYSQL, {.has = "enforce", .text = "ON"}, "w|ROCKSDB\nx|MEMORY", MR_E_REFUSED},
        {MR_FLAVOUR_MYSQL,
         {.has = "enforce", .text = "ON"},
         "v|TokuDB\nw|ROCKSDB\nx|ndbcluster",
         MR_OK},
        /* MySQL 5.5 has no such variable; any other failure is one */
        {MR_FLAVOUR_MYSQL, {.has = "enforce", .code = MR_E_SQL, .number = 1193}, "x|MyISAM", MR_OK},
        {MR_FLAVOUR_MYSQL,
         {.has = "enforce", .code = MR_E_SQL, .number = 1227},
         "x|MyISAM",
         MR_E_SQL}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN(cases[i].enforced, {.has = "TABLE_NAME), ENGINE FROM", .rows = cases[i].loose});
        world.server.flavour = cases[i].flavour;
        plan_table("o`dd.p", "id#");
        plan_table("o`dd.unused", "id#");
        plan_table("o`dd.t", "id# up")->decisions[MR_DECIDE_INSERT] = 1;
        plan_refers(2, "up", 0, "id");
        assert_int_equal(mr_apply_check_gtid(&p.target, &p.m, &p.err), cases[i].code);
        if (cases[i].code == MR_E_REFUSED)
            assert_non_null(strstr(p.err.message, "table \"x\" is M"));
        if (world_has("ENGINE FROM")) { /* what is written, and what that leans on */
            assert_true(world_has("TABLE_NAME = 'p')"));
            assert_true(world_has("TABLE_NAME = 't')"));
            assert_false(world_has("'unused'"));
        }
        end();
    }
}

/* ---- the session ---- */

struct session {
    bool no_binlog;
    struct world_answer log, format, set;
    enum mr_flavour flavour;
    unsigned version;
    enum mr_code code;
    const char *sent, *hint;
};

static const struct session sessions[] = {
    {false,
     {.has = "log_bin", .text = "0"},
     {0},
     {0},
     MR_FLAVOUR_MARIADB,
     101119,
     MR_OK,
     "SELECT @@GLOBAL.log_bin\n",
     NULL},
    {false,
     {.has = "log_bin", .text = "1"},
     {.has = "format", .text = "ROW"},
     {0},
     MR_FLAVOUR_MARIADB,
     101119,
     MR_OK,
     "SELECT @@GLOBAL.log_bin\nSELECT @@SESSION.binlog_format\n",
     NULL},
    /* temporary tables of ours are on no replica */
    {false,
     {.has = "log_bin", .text = "1"},
     {.has = "SELECT @@SESSION", .text = "MIXED"},
     {0},
     MR_FLAVOUR_MARIADB,
     101119,
     MR_OK,
     "SELECT @@GLOBAL.log_bin\nSELECT @@SESSION.binlog_format\nSET SESSION binlog_format = "
     "'ROW'\n",
     NULL},
    {false,
     {.has = "log_bin", .text = "1"},
     {.has = "SELECT @@SESSION", .text = "STATEMENT"},
     {.has = "SET ", .code = MR_E_DENIED, .number = 1227},
     MR_FLAVOUR_MARIADB,
     101119,
     MR_E_REFUSED,
     NULL,
     "GRANT BINLOG ADMIN ON *.* TO 'dba'@'%'; or SET GLOBAL"},
    {false,
     {.has = "log_bin", .text = "1"},
     {.has = "SELECT @@SESSION", .text = "STATEMENT"},
     {.has = "SET ", .code = MR_E_DENIED, .number = 1227},
     MR_FLAVOUR_MARIADB,
     100499,
     MR_E_REFUSED,
     NULL,
     "GRANT SUPER ON"},
    {true,
     {0},
     {0},
     {.has = "SET ", .code = MR_E_DENIED, .number = 1227},
     MR_FLAVOUR_MYSQL,
     80014,
     MR_E_REFUSED,
     NULL,
     "GRANT SESSION_VARIABLES_ADMIN ON *.*"},
    {true,
     {0},
     {0},
     {.has = "SET ", .code = MR_E_DENIED, .number = 1227},
     MR_FLAVOUR_MYSQL,
     80013,
     MR_E_REFUSED,
     NULL,
     "GRANT SUPER ON"},
    {true,
     {0},
     {0},
     {.has = "SET ", .code = MR_E_SQL, .number = 1694},
     MR_FLAVOUR_MYSQL,
     80014,
     MR_E_SQL,
     NULL,
     NULL},
    {true, {0}, {0}, {0}, MR_FLAVOUR_MYSQL, 80014, MR_OK, NULL, NULL},
    /* what one node alone has no other gets */
    {true,
     {.has = "'wsrep_provider_name'", .rows = "wsrep_provider_name|Galera"},
     {0},
     {.has = "SET ", .code = MR_E_SQL, .number = 1694},
     MR_FLAVOUR_MARIADB,
     101119,
     MR_E_REFUSED,
     NULL,
     "Leave --no-binlog out"},
    {false,
     {.has = "log_bin", .code = MR_E_LOST, .number = 2013},
     {0},
     {0},
     MR_FLAVOUR_MARIADB,
     101119,
     MR_E_LOST,
     NULL,
     NULL},
};

static void test_session(void **state)
{
    static const struct world_answer no_cluster = {.has = "SHOW GLOBAL "};
    (void)state;
    for (size_t i = 0; i < LEN(sessions); i++) {
        struct session s = sessions[i];
        if (s.format.has == NULL)
            s.format.has = "nowhere";
        if (s.log.has == NULL)
            s.log.has = "nowhere";
        if (s.set.has == NULL)
            s.set.has = "nowhere";
        BEGIN(s.set, s.log, s.format, no_cluster);
        world.server.flavour = s.flavour;
        world.server.version = s.version;
        may("GRANT SELECT ON *.* TO x");
        assert_int_equal(mr_apply_session(&p.target, s.no_binlog, &p.err), s.code);
        if (s.sent != NULL)
            sent_is(s.sent);
        if (s.hint != NULL && strstr(p.err.hint, s.hint) == NULL)
            fail_msg("%zu: %s", i, p.err.hint);
        world.is_lost = false;
        mr_strbuf_reset(&world.sent);
        assert_int_equal(mr_apply_check_session(&p.target, s.no_binlog, &p.err), s.code);
        /* the check itself leaves it as it was */
        assert_int_equal(world_sent_count("sql_log_bin = 1"), s.no_binlog && s.code == MR_OK);
        end();
    }
}

static void test_quiet(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        const char *log;
        unsigned number;
        enum mr_code code;
        const char *said;
        size_t again;
    } cases[] = {{MR_FLAVOUR_MYSQL, "1", 1227, MR_OK, NULL, 0},
                 {MR_FLAVOUR_MARIADB, "0", 1227, MR_OK, NULL, 0},
                 {MR_FLAVOUR_MARIADB, "1", 0, MR_OK, NULL, 1},
                 {MR_FLAVOUR_MARIADB, "1", 1227, MR_OK, "GRANT BINLOG ADMIN ON *.*", 0},
                 {MR_FLAVOUR_MARIADB, "1", 1694, MR_E_SQL, NULL, 0}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = "sql_log_bin = 0",
               .code = cases[i].number != 0 ? MR_E_SQL : MR_OK,
               .number = cases[i].number},
              {.has = "@@GLOBAL.log_bin", .text = cases[i].log});
        world.server.flavour = cases[i].flavour;
        assert_int_equal(mr_apply_check_quiet(&p.target, &p.err), cases[i].code);
        if (cases[i].said != NULL)
            said_has(cases[i].said);
        else
            assert_int_equal(p.said.len, 0);
        assert_int_equal(world_sent_count("sql_log_bin = 1"), cases[i].again);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_age),     cmocka_unit_test(test_columns),
        cmocka_unit_test(test_around),  cmocka_unit_test(test_around_known),
        cmocka_unit_test(test_writes),  cmocka_unit_test(test_rights),
        cmocka_unit_test(test_gtid),    cmocka_unit_test(test_rights_of_counters),
        cmocka_unit_test(test_session), cmocka_unit_test(test_quiet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
