/*
 * test_plan_counters.c: counters that a plan of rows raises, from what the case says was
 * decided, and from the servers as they are now.
 */
#include "reseed_world.h"

#include "core/case/case_args.h"
#include "core/pair/pair_columns.h"
#include "repair/plan/plan_tables.h"
#include "repair/plan/planbook.h"
#include "repair/reseed/plan_counters.h"

enum { PLAN = 7 };

struct counted {
    struct reseed_world w;
    struct mr_pair pairs[GRAPH_TABLES];
    struct mr_find_column found[GRAPH_TABLES];
    struct mr_plan_table tables[GRAPH_TABLES];
    struct mr_plan_tables plan;
    struct mr_findings *fd;
    struct mr_strbuf text;
    struct mr_err err;
};

static void begin(struct counted *c)
{
    memset(c, 0, sizeof *c);
    reseed_begin(&c->w);
    c->text = (struct mr_strbuf)MR_STRBUF_INIT;
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &c->fd, NULL), MR_OK);
    assert_int_equal(mr_plan_counters_open(mr_findings_case(c->fd), PLAN, NULL), MR_OK);
}

/* The next table of the plan; its first column is counted, if any is. */
static struct mr_plan_table *table(struct counted *c, const char *name, bool has_counter)
{
    static const char *const names[GRAPH_TABLES][2] = {
        {"club.a", "club2.a"}, {"club.b", "club2.b"}, {"club.c", "club2.c"}};
    size_t at = c->plan.ntables++;
    struct mr_pair *pair = &c->pairs[at];
    graph_table(&c->w.g, name, "id:uint", NULL);
    reseed_counters(&c->w, name);
    c->found[at].name = "id";
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        pair->side[side] = &c->w.g.tables[side][at];
    pair->find.name = names[at][0];
    pair->find.target_name = names[at][1];
    pair->find.columns = &c->found[at];
    pair->find.ncolumns = 1;
    c->tables[at] = (struct mr_plan_table){.pair = pair, .counter = has_counter ? 0 : MR_NO_COLUMN};
    return &c->tables[at];
}

/* What the merge decided; `values` are margin, start, step, ids, counter. */
static void decide(struct counted *c, int plan, const char *name, const char *values)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql,
                      "INSERT INTO plan_table (plan, tbl, margin, start, step, ids, counter)"
                      " VALUES (%d, '%s', %s)",
                      plan, name, values);
    assert_int_equal(mr_case_exec(mr_findings_case(c->fd), sql.ptr, NULL), MR_OK);
    mr_strbuf_release(&sql);
}

static enum mr_code plan(struct counted *c)
{
    struct mr_manifest m = {.ncounters = 99};
    bool *reserved = NULL;
    c->plan.tables = c->tables;
    c->plan.pairing.side = c->w.g.servers;
    const struct mr_plan_counters_task task = {.tables = &c->plan,
                                               .fd = c->fd,
                                               .plan = PLAN,
                                               .target = "mysql://t",
                                               .arena = &c->w.g.arena};
    enum mr_code code = mr_plan_counters(&task, &m, &reserved, &c->err);
    mr_strbuf_reset(&c->text);
    for (size_t i = 0; code == MR_OK && i < m.ncounters; i++) {
        const struct mr_counter *n = &m.counters[i];
        mr_strbuf_add_fmt(
            &c->text, "%s = %s.%s.%s%s%s [%llu, %llu) margin %llu then %llu by %llu from %llu%s%s",
            n->table, n->db, n->name, n->column, n->sequence != NULL ? " of " : "",
            n->sequence != NULL ? n->sequence : "", (unsigned long long)n->from,
            (unsigned long long)n->to, (unsigned long long)n->margin,
            (unsigned long long)n->reseed_to, (unsigned long long)n->increment,
            (unsigned long long)n->offset, n->rebuild ? ", rebuilt" : "",
            reserved[i] ? ", reserved" : "");
        mr_strbuf_add_fmt(&c->text, "; next %llu %llu greatest %llu %llu%s%s\n",
                          (unsigned long long)n->next[0], (unsigned long long)n->next[1],
                          (unsigned long long)n->greatest[0], (unsigned long long)n->greatest[1],
                          n->margin_note != NULL ? "; " : "",
                          n->margin_note != NULL ? n->margin_note : "");
    }
    return code;
}

static void expect(struct counted *c, const char *text)
{
    enum mr_code code = plan(c);
    if (code != MR_OK || strcmp(c->text.ptr, text) != 0)
        fail_msg("%s\n%s", c->err.message, c->text.ptr);
}

static void end(struct counted *c)
{
    (void)mr_findings_close(c->fd, NULL);
    mr_strbuf_release(&c->text);
    reseed_end(&c->w);
}

static const struct world_answer by_ones[] = {{"auto_increment_increment", "2", MR_OK, 0},
                                              {"auto_increment_offset", "1", MR_OK, 0}};

/* Numbers as the case keeps them, in text: also those that SQLite has no integer for. */
static void test_decided(void **state)
{
    static const struct {
        const char *values, *expected;
    } cases[] = {
        {"'1000', '13', '2', '500', '1013'",
         "club.a = club2.a.id [13, 1013) margin 1000 then 1013 by 2 from 1; next 5 8 greatest 4 "
         "7\n"},
        {"'1000', '18446744073709551000', '1', '600', '18446744073709551601'",
         "club.a = club2.a.id [18446744073709551000, 18446744073709551600) margin 1000 then "
         "18446744073709551601 by 2 from 1; next 5 8 greatest 4 7\n"},
        {"'1000', '13', '2', '0', '13'",
         "club.a = club2.a.id [13, 13) margin 1000 then 13 by 2 from 1; next 5 8 greatest 4 7\n"},
        /* nothing was decided about its ids */
        {"'1000', NULL, NULL, NULL, NULL", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct counted c;
        begin(&c);
        (void)table(&c, "a", true);
        reseed_numbers(&c.w, MR_SOURCE, "a", 5, 4);
        reseed_numbers(&c.w, MR_TARGET, "a", 8, 7);
        decide(&c, PLAN, "club.a", cases[i].values);
        decide(&c, PLAN + 1, "club.a", "'1', '1', '1', '1', '1'");
        world_answers(by_ones, LEN(by_ones));
        expect(&c, cases[i].expected);
        end(&c);
    }
}

/* Tables without a counter, and those that nothing was decided about, leave no gap. */
static void test_some_of_the_tables(void **state)
{
    struct counted c;
    (void)state;
    begin(&c);
    (void)table(&c, "a", false);
    (void)table(&c, "b", true);
    (void)table(&c, "c", true);
    decide(&c, PLAN, "club.a", "'1', '1', '1', '1', '1'");
    decide(&c, PLAN, "club.c", "'10', '3', '1', '10', '13'");
    c.w.g.tables[MR_TARGET][2].transactional = false;
    world_answers(by_ones, LEN(by_ones));
    expect(&c, "club.c = club2.c.id [3, 13) margin 10 then 13 by 2 from 1, rebuilt; next 1 1 "
               "greatest 0 0\n");
    end(&c);
}

/* A sequence counts by its own step; SOURCE's, where it has one, is told besides. */
static void test_sequence(void **state)
{
    static const struct {
        const char *target, *source, *expected;
    } cases[] = {
        {"500|9000|13|10|0", "nextval(s)",
         "club.a = club2.a.id of s [3, 13) margin 10 then 13 by 10 from 3; next 800 500 greatest "
         "4 7\n"},
        {"500|9000|1|0|0", NULL,
         "club.a = club2.a.id of s [3, 13) margin 10 then 13 by 2 from 1; next 5 500 greatest 4 "
         "7\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct counted c;
        const struct world_answer answers[] = {{"FROM `club2`.`s`", cases[i].target, MR_OK, 0},
                                               {"FROM `club`.`s`", "800|9000|1|1|0", MR_OK, 0},
                                               by_ones[0],
                                               by_ones[1]};
        begin(&c);
        struct mr_plan_table *t = table(&c, "a", true);
        t->sequence_db = "club2";
        t->sequence = "s";
        c.w.g.tables[MR_TARGET][0].transactional = false; /* a sequence is raised all the same */
        c.w.g.sides[MR_TARGET][0].columns[0].default_text = "nextval(`club2`.`s`)";
        c.w.g.sides[MR_SOURCE][0].columns[0].default_text = cases[i].source;
        reseed_numbers(&c.w, MR_SOURCE, "a", 5, 4);
        reseed_numbers(&c.w, MR_TARGET, "a", 0, 7);
        decide(&c, PLAN, "club.a", "'10', '3', '1', '10', '13'");
        world_answers(answers, LEN(answers));
        expect(&c, cases[i].expected);
        end(&c);
    }
}

static void test_reserved(void **state)
{
    static const struct {
        uint64_t next; /* of TARGET */
        const char *values;
        bool reserved;
    } cases[] = {
        {1100, "'1000', '100', '1', '1000', '1100'", true},
        {1200, "'1000', '150', '1', '10', '1100'", true},
        /* its counter was not raised, or was lowered again */
        {1099, "'1000', '100', '1', '1000', '1100'", false},
        /* ids before it, and behind it */
        {1100, "'1000', '99', '1', '10', '1100'", false},
        {1101, "'1000', '1099', '1', '2', '1101'", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct counted c;
        struct mr_plan_record record = {.uuid = "first",
                                        .policy = "reseed-only",
                                        .created = "2026-11-20T11:00:00Z",
                                        .dir = "plan",
                                        .source = "mysql://s",
                                        .target = "mysql://t"};
        const struct mr_plan_block block = {.table = "club.a",
                                            .target_table = "club2.a",
                                            .column = "id",
                                            .from = 100,
                                            .to = 1100,
                                            .reseed_to = 1100};
        begin(&c);
        (void)table(&c, "a", true);
        reseed_numbers(&c.w, MR_TARGET, "a", cases[i].next, 7);
        decide(&c, PLAN, "club.a", cases[i].values);
        assert_int_equal(mr_planbook_add(c.fd, &record, &block, 1, NULL), MR_OK);
        world_answers(by_ones, LEN(by_ones));
        assert_int_equal(plan(&c), MR_OK);
        if ((strstr(c.text.ptr, ", reserved") != NULL) != cases[i].reserved ||
            (strstr(c.text.ptr, "; reserved by plan first") != NULL) != cases[i].reserved)
            fail_msg("case %zu: %s", i, c.text.ptr);
        end(&c);
    }
}

/* The decisions of a plan that is made anew go; those of others stay. */
static void test_open_forgets(void **state)
{
    struct counted c;
    (void)state;
    begin(&c);
    (void)table(&c, "a", true);
    decide(&c, PLAN, "club.a", "'10', '3', '1', '10', '13'");
    decide(&c, PLAN + 1, "club.a", "'10', '3', '1', '10', '13'");
    assert_int_equal(mr_plan_counters_open(mr_findings_case(c.fd), PLAN, NULL), MR_OK);
    expect(&c, "");
    /* it is still there, and may not stand twice */
    assert_int_equal(mr_case_exec(mr_findings_case(c.fd),
                                  "INSERT INTO plan_table (plan, tbl) VALUES (8, 'club.a')", NULL),
                     MR_E_CASE);
    end(&c);
}

static void test_breaks(void **state)
{
    size_t ncalls = 0;
    (void)state;
    for (size_t n = 0; n == 0 || n <= ncalls; n++) {
        struct counted c;
        begin(&c);
        (void)table(&c, "a", true);
        decide(&c, PLAN, "club.a", "'10', '3', '1', '10', '13'");
        world_answers(by_ones, LEN(by_ones));
        c.w.fail_at = n;
        assert_int_equal(plan(&c), n == 0 ? MR_OK : MR_E_LOST);
        if (n == 0)
            ncalls = c.w.ncalls;
        end(&c);
    }
    assert_int_equal(ncalls, 6);
}

/* TARGET has no connection any more. */
static void test_lost(void **state)
{
    struct counted c;
    (void)state;
    begin(&c);
    (void)table(&c, "a", true);
    decide(&c, PLAN, "club.a", "'10', '3', '1', '10', '13'");
    c.w.side[MR_TARGET].is_snapshot = true;
    assert_int_equal(plan(&c), MR_E_LOST);
    assert_string_equal(c.err.message, "the connection to the target is gone");
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decided),      cmocka_unit_test(test_some_of_the_tables),
        cmocka_unit_test(test_sequence),     cmocka_unit_test(test_reserved),
        cmocka_unit_test(test_open_forgets), cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
