/*
 * test_check_objects.c: which differences of schemas are findings, which are only hidden, and
 * which tables are not the ones that were read.  What differs at all: test_objects*.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "in_turn.h"
#include "core/db/grants_internal.h"
#include "recon/check/check_objects.h"
#include "recon/check/check_settle.h"
#include "recon/check/objects.h"

enum { ORDERS, PEOPLE };

/* What the wait for the side behind does, and what SHOW CREATE did not give. */
static struct {
    struct world *w;
    bool reached, heals; /* the difference is gone then */
    unsigned waits;
    struct mr_shown shown;
} fake;

enum mr_code __wrap_mr_check_settle(struct mr_check_run *check, bool *reached, struct mr_err *err);
enum mr_code __wrap_mr_check_settle(struct mr_check_run *check, bool *reached, struct mr_err *err)
{
    (void)check;
    (void)err;
    fake.waits++;
    *reached = fake.reached;
    if (fake.heals)
        fake.w->g.cat[MR_TARGET].ntables = 2;
    return MR_OK;
}

enum mr_code __wrap_mr_catalogue_read_shown(struct mr_db *db, struct mr_catalogue *cat,
                                            struct mr_shown *shown, struct mr_err *err);
enum mr_code __wrap_mr_catalogue_read_shown(struct mr_db *db, struct mr_catalogue *cat,
                                            struct mr_shown *shown, struct mr_err *err)
{
    (void)db;
    (void)cat;
    (void)err;
    shown->no_algorithm = fake.shown.no_algorithm;
    shown->no_introducers = fake.shown.no_introducers;
    return MR_OK;
}

struct looking {
    struct world w;
    struct mr_vec pairs; /* struct mr_db_pair */
    struct mr_strbuf text;
    struct mr_err err;
};

static void grant(struct looking *l, enum mr_side side, const char *line)
{
    struct mr_grants **grants = &l->w.g.servers[side].grants;
    mr_grants_free(*grants);
    *grants = line != NULL ? mr_grants_new("a@b", false) : NULL;
    if (line != NULL)
        world_require(mr_grants_add_line(*grants, line, strlen(line), NULL));
}

/* orders and people, alike on both sides; more by the test, before ready. */
static void begin(struct looking *l)
{
    memset(l, 0, sizeof *l);
    memset(&fake, 0, sizeof fake);
    world_begin(&l->w);
    fake.w = &l->w;
    fake.reached = true;
    graph_table(&l->w.g, "orders", "id note:text?", NULL);
    graph_table(&l->w.g, "people", "id", NULL);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        for (size_t i = 0; i < 2; i++)
            l->w.g.sides[side][i].indexes[0].clause = "";
    l->pairs = (struct mr_vec)MR_VEC_INIT(struct mr_db_pair);
    l->text = (struct mr_strbuf)MR_STRBUF_INIT;
    *(struct mr_db_pair *)mr_vec_push(&l->pairs) = (struct mr_db_pair){{"club", "club2"}};
    grant(l, MR_SOURCE, "GRANT ALL PRIVILEGES ON *.* TO a@b");
    grant(l, MR_TARGET, "GRANT ALL PRIVILEGES ON *.* TO a@b");
}

static void ready(struct looking *l, const char *ini)
{
    world_plan(&l->w, ini);
    l->w.check.dbs = &l->pairs;
    l->w.check.object_kinds = MR_OBJECTS_ALL;
    l->w.check.lag[MR_SOURCE] = l->w.check.lag[MR_TARGET] = MR_LAG_NONE;
}

static void end(struct looking *l)
{
    grant(l, MR_SOURCE, NULL);
    grant(l, MR_TARGET, NULL);
    mr_vec_release(&l->pairs);
    mr_strbuf_release(&l->text);
    world_end(&l->w);
}

/* Objects, what is hidden, and tables that are not checked; a line each. */
static void show(struct looking *l)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec objects = MR_VEC_INIT(struct mr_find_object);
    struct mr_find_table *tables = NULL;
    size_t ntables = 0;
    mr_strbuf_reset(&l->text);
    world_require(mr_findings_objects(l->w.check.fd, &arena, &objects, NULL));
    world_require(mr_findings_tables(l->w.check.fd, &arena, &tables, &ntables, NULL));
    for (size_t i = 0; i < objects.count; i++) {
        const struct mr_find_object *o = mr_vec_at(&objects, i);
        mr_strbuf_add_fmt(&l->text, "%s %s %s [%s] [%s]\n", o->kind,
                          o->table != NULL ? o->table : "-", o->name,
                          o->source != NULL ? o->source : "-", o->target != NULL ? o->target : "-");
    }
    if (l->w.check.run.hidden != NULL)
        mr_strbuf_add_fmt(&l->text, "hidden: %s\n", l->w.check.run.hidden);
    for (size_t i = 0; i < l->w.check.pairing.ntables; i++) {
        const struct mr_pair *t = world_pair(&l->w, i);
        if (atomic_load(&t->failed))
            mr_strbuf_add_fmt(&l->text, "%s: %s\n", t->find.name, t->find.reason);
        else if (t->find.schema_differs)
            mr_strbuf_add_fmt(&l->text, "%s differs\n", t->find.name);
    }
    for (size_t i = l->w.check.pairing.ntables; i < ntables; i++)
        mr_strbuf_add_fmt(&l->text, "%s, new: %s\n", tables[i].name, tables[i].reason);
    mr_vec_release(&objects);
    mr_arena_release(&arena);
}

static void expect(struct looking *l, const char *what, const char *lines)
{
    enum mr_code code = mr_check_objects(&l->w.check, &l->pairs, &l->err);
    show(l);
    if (code != MR_OK || strcmp(l->text.ptr, lines) != 0)
        fail_msg("%s: %s\n%s", what, l->err.message, l->text.ptr);
    assert_true(l->w.check.run.objects_done);
}

static void test_equal(void **state)
{
    struct looking l;
    (void)state;
    begin(&l);
    ready(&l, "");
    expect(&l, "equal", "");
    /* no counter, no wait: nobody was asked anything */
    assert_int_equal(fake.waits, 0);
    end(&l);
}

/* ---- on one side only */

static void test_one_sided_table(void **state)
{
    static const char *const orders[] = {"people"};
    static const struct {
        const char *what;
        enum mr_code probe;
        unsigned kinds;
        bool selected;
        enum mr_code code;
        const char *lines;
    } cases[] = {
        {"it is not there", MR_E_NO_SUCH, MR_OBJECTS_ALL, true, MR_OK,
         "table club.people people [InnoDB] [-]\n"},
        {"it is hidden: not equal, and no finding", MR_E_DENIED, MR_OBJECTS_ALL, true, MR_OK,
         "club.people, new: club2.people may not be seen\n"},
        {"the server is lost", MR_E_LOST, MR_OBJECTS_ALL, true, MR_E_LOST, ""},
        {"a kind that was not asked for is told all the same", MR_E_NO_SUCH, MR_OBJECTS_INDEX, true,
         MR_OK,
         "hidden: table \"club.people\", which only the source has, and --objects leaves out: "
         "--exclude club.people says that it is not meant\n"},
        {"a table that was not asked for", MR_E_NO_SUCH, MR_OBJECTS_ALL, false, MR_OK, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct looking l;
        begin(&l);
        l.w.g.left_out[PEOPLE] = true;
        l.w.g.cat[MR_TARGET].ntables = 1;
        ready(&l, "");
        l.w.side[MR_TARGET].probe_code = cases[i].probe;
        l.w.check.object_kinds = cases[i].kinds;
        if (!cases[i].selected)
            l.w.options.exclude = (struct mr_string_list){orders, 1};
        if (cases[i].code == MR_OK) {
            expect(&l, cases[i].what, cases[i].lines);
        } else {
            assert_int_equal(mr_check_objects(&l.w.check, &l.pairs, &l.err), cases[i].code);
            assert_false(l.w.check.run.objects_done);
        }
        end(&l);
    }
}

static void test_one_sided_column(void **state)
{
    static const struct {
        const char *what, *ini;
        enum mr_code probe;
        unsigned kinds;
        const char *lines;
    } cases[] = {
        {"it is not there", "", MR_E_NO_SUCH, MR_OBJECTS_ALL,
         "column club.people extra [-] [int not null]\nclub.people differs\n"},
        {"it is hidden: the table is not checked", "", MR_E_DENIED, MR_OBJECTS_ALL,
         "club.people: club.people.extra may not be seen\n"},
        {"left out, and told", "", MR_E_NO_SUCH, MR_OBJECTS_VIEW,
         "hidden: column \"club.people.extra\", which only the target has, and --objects leaves "
         "out: ignore-columns = extra says that it is not meant\n"},
        {"left out, and ignored on purpose", "[table club.people]\nignore-columns = extra\n",
         MR_E_NO_SUCH, MR_OBJECTS_VIEW, ""},
        {"ignored, and asked for", "[table club.people]\nignore-columns = extra\n", MR_E_NO_SUCH,
         MR_OBJECTS_ALL, "column club.people extra [-] [int not null]\nclub.people differs\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct looking l;
        begin(&l);
        l.w.g.count = PEOPLE;
        graph_table(&l.w.g, "people", "id", "id extra");
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            l.w.g.sides[side][PEOPLE].indexes[0].clause = "";
        ready(&l, cases[i].ini);
        l.w.side[MR_SOURCE].probe_code = cases[i].probe;
        l.w.check.object_kinds = cases[i].kinds;
        expect(&l, cases[i].what, cases[i].lines);
        end(&l);
    }
}

/* Findings of an earlier try are not reported twice. */
static void test_again(void **state)
{
    struct looking l;
    (void)state;
    begin(&l);
    l.w.g.left_out[PEOPLE] = true;
    l.w.g.cat[MR_TARGET].ntables = 1;
    ready(&l, "");
    l.w.side[MR_TARGET].probe_code = MR_E_NO_SUCH;
    expect(&l, "once", "table club.people people [InnoDB] [-]\n");
    expect(&l, "twice", "table club.people people [InnoDB] [-]\n");
    end(&l);
}

/* ---- a side that may be behind */

static void test_lag(void **state)
{
    static const char found[] = "table club.people people [InnoDB] [-]\n";
    static const struct {
        const char *what;
        enum mr_lag lag; /* of TARGET */
        bool reached, heals;
        const char *why, *lines;
        unsigned waits;
    } cases[] = {
        {"nobody follows", MR_LAG_NONE, true, false, NULL, found, 0},
        {"it is there when all is applied, too", MR_LAG_WAIT, true, false, NULL, found, 1},
        {"it was only late", MR_LAG_WAIT, true, true, NULL, "", 1},
        {"it cannot be waited for long enough", MR_LAG_WAIT, false, false, "the limit is over",
         "hidden: whether schema objects differ (table \"club.people\"): the limit is over\n", 1},
        {"nothing tells how far it is", MR_LAG_UNKNOWN, true, false, NULL,
         "hidden: whether schema objects differ (table \"club.people\"): a side may be behind\n",
         0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct looking l;
        begin(&l);
        l.w.g.left_out[PEOPLE] = true;
        l.w.g.cat[MR_TARGET].ntables = 1;
        ready(&l, "");
        l.w.side[MR_TARGET].probe_code = MR_E_NO_SUCH;
        l.w.check.lag[MR_TARGET] = cases[i].lag;
        l.w.check.settle.why = cases[i].why;
        fake.reached = cases[i].reached;
        fake.heals = cases[i].heals;
        in_turn_calls = 0;
        l.w.check.object_kinds &= ~(unsigned)MR_OBJECTS_AUTO_INCREMENT;
        expect(&l, cases[i].what, cases[i].lines);
        assert_int_equal(fake.waits, cases[i].waits);
        /* what differs is looked at again in order, upstream first */
        assert_int_equal(in_turn_calls, 1);
        end(&l);
    }
}

/* ---- a table that changed while it was read */

static void test_changed(void **state)
{
    static const struct mr_column other[] = {
        {.name = "id", .type = "bigint", .data_type = "bigint", .cls = MR_CLASS_INT}};
    (void)state;
    for (int dropped = 0; dropped < 2; dropped++) {
        struct looking l;
        struct mr_table now[MR_SIDES][2];
        struct mr_catalogue before[MR_SIDES];
        begin(&l);
        ready(&l, "");
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            memcpy(now[side], l.w.g.tables[side], sizeof now[side]);
            now[side][PEOPLE].columns = other;
            /* the catalogue of the plan stays as it is; the one that is read now is this */
            before[side] = l.w.g.cat[side];
            l.w.g.servers[side].cat = &before[side];
            l.w.g.cat[side].tables = now[side];
            if (dropped)
                l.w.g.cat[side].ntables = 1;
        }
        expect(&l, "changed",
               dropped ? "club.people: the table was dropped on the source while it "
                         "was read\n"
                       : "club.people: the table was altered on the source while it "
                         "was read\n");
        end(&l);
    }
}

/* ---- counters */

static void test_counters(void **state)
{
    static const struct {
        const char *what;
        uint64_t source[2], target[2]; /* next, greatest */
        unsigned kinds;
        enum mr_lag lag;
        enum mr_code code; /* of reading them */
        enum mr_code want;
        const char *lines;
        bool kept;
    } cases[] = {
        {"all above", {8, 7}, {8, 7}, MR_OBJECTS_ALL, MR_LAG_NONE, MR_OK, MR_OK, "", true},
        {"below the other's rows",
         {12, 11},
         {8, 7},
         MR_OBJECTS_ALL,
         MR_LAG_NONE,
         MR_OK,
         MR_OK,
         "auto_increment club.people id [next 12, greatest 11] [next 8, greatest 7]\n",
         true},
        {"… which a lag explains",
         {12, 11},
         {8, 7},
         MR_OBJECTS_ALL,
         MR_LAG_UNKNOWN,
         MR_OK,
         MR_OK,
         "",
         true},
        {"below its own, which none explains",
         {12, 11},
         {7, 7},
         MR_OBJECTS_ALL,
         MR_LAG_UNKNOWN,
         MR_OK,
         MR_OK,
         "auto_increment club.people id [next 12, greatest 11] [next 7, greatest 7]\n",
         true},
        {"not asked for", {12, 11}, {7, 7}, MR_OBJECTS_TABLE, MR_LAG_NONE, MR_OK, MR_OK, "", false},
        {"it may not be read",
         {12, 11},
         {7, 7},
         MR_OBJECTS_ALL,
         MR_LAG_NONE,
         MR_E_SQL,
         MR_OK,
         "club.people: the counter cannot be read\n",
         false},
        {"the server is lost",
         {12, 11},
         {7, 7},
         MR_OBJECTS_ALL,
         MR_LAG_NONE,
         MR_E_LOST,
         MR_E_LOST,
         "",
         false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct looking l;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_vec counters = MR_VEC_INIT(struct mr_find_counter);
        begin(&l);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            l.w.g.sides[side][PEOPLE].columns[0].auto_increment = true;
        ready(&l, "");
        l.w.check.object_kinds = cases[i].kinds;
        l.w.check.lag[MR_TARGET] = cases[i].lag;
        l.w.side[MR_SOURCE].next = cases[i].source[0];
        l.w.side[MR_SOURCE].greatest = cases[i].source[1];
        l.w.side[MR_TARGET].next = cases[i].target[0];
        l.w.side[MR_TARGET].greatest = cases[i].target[1];
        l.w.side[MR_TARGET].counter_code = cases[i].code;
        if (cases[i].want == MR_OK)
            expect(&l, cases[i].what, cases[i].lines);
        else
            assert_int_equal(mr_check_objects(&l.w.check, &l.pairs, &l.err), cases[i].want);
        /* plans go by what the counters were */
        world_require(mr_findings_counters(l.w.check.fd, &arena, &counters, NULL));
        assert_int_equal(counters.count, cases[i].kept ? 1 : 0);
        if (cases[i].kept) {
            const struct mr_find_counter *c = mr_vec_at(&counters, 0);
            assert_int_equal(c->next[MR_TARGET], cases[i].target[0]);
            assert_int_equal(c->greatest[MR_SOURCE], cases[i].source[1]);
        }
        mr_vec_release(&counters);
        mr_arena_release(&arena);
        end(&l);
    }
}

/* ---- what an account does not see */

static void test_rights(void **state)
{
    static const char *const spelt[] = {"club.orders", "club.people"};
    static const struct {
        const char *what, *grant; /* of SOURCE */
        bool spelt;
        unsigned kinds;
        const char *lines;
    } cases[] = {
        {"grants that cannot be read", NULL, false, MR_OBJECTS_TABLE,
         "hidden: what the account may not see on the source: its grants cannot be read\n"},
        {"other tables", "GRANT SELECT ON `club`.`orders` TO a@b", false, MR_OBJECTS_TABLE,
         "hidden: other databases on the source: GRANT SHOW DATABASES ON *.* TO 'a'@'b'; or name "
         "the databases in the URI\nother tables of database \"club\" on the source: GRANT SELECT "
         "ON `club`.* TO 'a'@'b'\n"},
        {"all that was asked for is spelt out", "GRANT SELECT ON `club`.`orders` TO a@b", true,
         MR_OBJECTS_TABLE, ""},
        {"kinds that it has no right on", "GRANT SELECT ON `club`.* TO a@b", true,
         MR_OBJECTS_TABLE | MR_OBJECTS_TRIGGER | MR_OBJECTS_EVENT,
         "hidden: triggers of database \"club\" on the source: GRANT TRIGGER ON `club`.* TO "
         "'a'@'b'\nevents of database \"club\" on the source: GRANT EVENT ON `club`.* TO "
         "'a'@'b'\n"},
        {"… and that nobody asked for", "GRANT SELECT ON `club`.* TO a@b", true, MR_OBJECTS_TABLE,
         ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct looking l;
        begin(&l);
        grant(&l, MR_SOURCE, cases[i].grant);
        ready(&l, "");
        l.w.check.object_kinds = cases[i].kinds;
        if (cases[i].spelt)
            l.w.options.tables = (struct mr_string_list){spelt, 2};
        expect(&l, cases[i].what, cases[i].lines);
        end(&l);
    }
}

/* What SHOW CREATE did not give is not taken for equal. */
static void test_not_shown(void **state)
{
    struct looking l;
    (void)state;
    begin(&l);
    l.w.g.sides[MR_TARGET][PEOPLE].indexes[0].clause = NULL;
    ready(&l, "");
    fake.shown.no_algorithm = 1;
    fake.shown.no_introducers = 2;
    expect(&l, "not shown",
           "hidden: the algorithm of 1 view on the source, which SHOW CREATE VIEW did not show\n"
           "introducers of literals (_binary) in 2 definitions on the source, which SHOW CREATE "
           "did not show\n"
           "the algorithm of 1 view on the target, which SHOW CREATE VIEW did not show\n"
           "introducers of literals (_binary) in 2 definitions on the target, which SHOW CREATE "
           "did not show\n"
           "parsers, periods and partitions of 1 table on the target, which SHOW CREATE TABLE did "
           "not show\n");
    end(&l);
}

/* What a snapshot should hold and could not keep. */
static void test_left_out(void **state)
{
    static const struct mr_left_out list[] = {
        {"view", "club.v", "its definer is gone", "Make it anew."},
        {"table", "club.people", "it is broken", NULL}, /* TARGET has it: not checked already */
        {"table", "club.gone", "it is broken", NULL},
        {"view", "elsewhere.v", "it is broken", NULL},
        {"sequence", "club.s", "it is broken", NULL},
    };
    struct looking l;
    (void)state;
    begin(&l);
    world_snapshot(&l.w, MR_SOURCE);
    l.w.side[MR_SOURCE].left_out = list;
    l.w.side[MR_SOURCE].nleft_out = LEN(list);
    ready(&l, "");
    l.w.check.object_kinds = MR_OBJECTS_ALL & ~(unsigned)MR_OBJECTS_SEQUENCE;
    expect(&l, "left out",
           "hidden: view \"club.v\", which the snapshot on the source lacks: its definer is gone "
           "(Make it anew.)\n"
           "table \"club.gone\", which the snapshot on the source lacks: it is broken\n");
    end(&l);
}

/* The run is not done with objects when one catalogue cannot be read. */
static void test_breaks(void **state)
{
    (void)state;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct looking l;
        begin(&l);
        ready(&l, "");
        l.w.check.run.objects_done = true;
        l.w.side[side].catalogue_code = MR_E_LOST;
        assert_int_equal(mr_check_objects(&l.w.check, &l.pairs, &l.err), MR_E_LOST);
        assert_false(l.w.check.run.objects_done);
        end(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_one_sided_table),
        cmocka_unit_test(test_one_sided_column),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_lag),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_not_shown),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
