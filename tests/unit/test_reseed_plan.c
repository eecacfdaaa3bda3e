/*
 * test_reseed_plan.c: which counters are raised, how far, and what is left alone.
 * The arithmetic by itself: test_reseed_value.c; on real servers: tests/it/repair_*.
 */
#include "reseed_world.h"

#include "core/base/signals.h"
#include "core/db/grants_internal.h"
#include "repair/plan/planbook.h"
#include "repair/reseed/reseed_plan.h"

/* A plan over the world, and what became of it. */
struct planned {
    struct reseed_world w;
    struct mr_string_list tables, exclude;
    uint64_t margin;
    struct mr_findings *fd;
    struct mr_strbuf text;
    struct mr_err err;
};

static struct mr_grants *grants_of(const char *line)
{
    struct mr_grants *grants = mr_grants_new("a@b", false);
    assert_non_null(grants);
    assert_int_equal(mr_grants_add_line(grants, line, strlen(line), NULL), MR_OK);
    return grants;
}

static void begin(struct planned *p)
{
    static const char *const dbs[MR_SIDES][1] = {{"club"}, {"club2"}};
    memset(p, 0, sizeof *p);
    reseed_begin(&p->w);
    p->text = (struct mr_strbuf)MR_STRBUF_INIT;
    p->margin = 1000;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        p->w.g.servers[side].dbs = dbs[side];
        p->w.g.servers[side].ndbs = 1;
        p->w.g.servers[side].grants = grants_of("GRANT ALL PRIVILEGES ON *.* TO `a`@`b`");
    }
}

static void end(struct planned *p)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        mr_grants_free(p->w.g.servers[side].grants);
    (void)mr_findings_close(p->fd, NULL);
    mr_strbuf_release(&p->text);
    reseed_end(&p->w);
}

static void show(struct planned *p, const struct mr_manifest *m)
{
    mr_strbuf_reset(&p->text);
    for (size_t i = 0; i < m->ncounters; i++) {
        const struct mr_counter *c = &m->counters[i];
        mr_strbuf_add_fmt(&p->text, "%s.%s", c->target_table, c->column);
        if (c->sequence != NULL)
            mr_strbuf_add_fmt(&p->text, " by %s.%s", c->sequence_db, c->sequence);
        mr_strbuf_add_fmt(&p->text, " [%llu, %llu) then %llu%s", (unsigned long long)c->from,
                          (unsigned long long)c->to, (unsigned long long)c->reseed_to,
                          c->rebuild ? ", rebuilt" : "");
        assert_int_equal(c->to - c->from, c->margin);
        if (c->margin_note != NULL)
            mr_strbuf_add_fmt(&p->text, "; %s", c->margin_note);
        mr_strbuf_add_char(&p->text, '\n');
    }
    for (size_t i = 0; i < m->nskipped; i++)
        mr_strbuf_add_fmt(&p->text, "%s%s: %s\n", m->skipped[i].incomplete ? "INCOMPLETE " : "",
                          m->skipped[i].table, m->skipped[i].reason);
}

static enum mr_code plan(struct planned *p)
{
    struct mr_manifest m = {0};
    const struct mr_reseed_task task = {.side = p->w.g.servers,
                                        .config = p->w.g.config,
                                        .tables = &p->tables,
                                        .exclude = &p->exclude,
                                        .margin = p->margin,
                                        .fd = p->fd,
                                        .target = "mysql://t",
                                        .arena = &p->w.g.arena};
    memset(&p->err, 0, sizeof p->err);
    enum mr_code code = mr_reseed_plan(&task, &m, &p->err);
    mr_strbuf_reset(&p->text);
    if (code == MR_OK)
        show(p, &m);
    return code;
}

static void expect(struct planned *p, const char *what, const char *text)
{
    enum mr_code code = plan(p);
    if (code != MR_OK || strcmp(p->text.ptr, text) != 0)
        fail_msg("%s: %s\n%s", what, p->err.message, p->text.ptr);
}

/* ---- how far */

static void test_values(void **state)
{
    static const struct {
        const char *what;
        uint64_t source[2], target[2]; /* next, greatest */
        const char *step, *ini, *expected;
    } cases[] = {
        {"two empty tables", {0, 0}, {0, 0}, "1|1", "", "club2.a.id [1, 1001) then 1001\n"},
        {"above SOURCE's", {12, 11}, {8, 7}, "1|1", "", "club2.a.id [12, 1012) then 1012\n"},
        {"above TARGET's", {12, 11}, {80, 7}, "1|1", "", "club2.a.id [80, 1080) then 1080\n"},
        {"SOURCE's counter was lowered below a row",
         {12, 500},
         {8, 7},
         "1|1",
         "",
         "club2.a.id [501, 1501) then 1501\n"},
        {"TARGET's counter was lowered below a row",
         {12, 11},
         {8, 700},
         "1|1",
         "",
         "club2.a.id [701, 1701) then 1701\n"},
        {"odd ids are TARGET's", {12, 11}, {8, 7}, "2|1", "", "club2.a.id [12, 1012) then 1013\n"},
        {"the table has a margin of its own",
         {12, 11},
         {8, 7},
         "1|1",
         "[table club.a]\nmargin = 5\n",
         "club2.a.id [12, 17) then 17\n"},
        {"a server that says nothing counts by ones",
         {12, 11},
         {8, 7},
         NULL,
         "",
         "club2.a.id [12, 1012) then 1012\n"},
        {"near the end: a quarter of what is left",
         {UINT64_MAX - 401, 5},
         {8, 7},
         "1|1",
         "",
         "club2.a.id [18446744073709551214, 18446744073709551314) then 18446744073709551314; a "
         "quarter of what is left in club2.a.id, which holds up to 18446744073709551614; asked "
         "for: 1000\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct planned p;
        const struct world_answer step = {"auto_increment_increment", cases[i].step, MR_OK, 0};
        begin(&p);
        graph_table(&p.w.g, "a", "id:uint", NULL);
        reseed_counters(&p.w, "a");
        reseed_numbers(&p.w, MR_SOURCE, "a", cases[i].source[0], cases[i].source[1]);
        reseed_numbers(&p.w, MR_TARGET, "a", cases[i].target[0], cases[i].target[1]);
        reseed_ready(&p.w, cases[i].ini);
        world_answers(&step, 1);
        expect(&p, cases[i].what, cases[i].expected);
        end(&p);
    }
}

/* What does not fit is refused before anything is planned. */
static void test_refusals(void **state)
{
    static const struct {
        uint64_t next, greatest; /* of SOURCE */
        bool partitioned;
        const char *message, *hint;
    } cases[] = {
        {2147483647, 2147483646, false,
         "table \"club.a\": a margin of 1000 does not fit column \"club2.b.a_id\": the next id is "
         "2147483647, the greatest that it can hold 2147483647; the greatest margin that fits is "
         "0",
         "Widen the column, or leave the table out"},
        {2147483645, 0, false,
         "table \"club.a\": a margin of 1000 does not fit column \"club2.b.a_id\": the next id is "
         "2147483645, the greatest that it can hold 2147483647; the greatest margin that fits is "
         "2",
         "set margin = 2 or less"},
        {1, UINT64_MAX, false,
         "table \"club.a\": a margin of 1000 does not fit column \"club2.b.a_id\": the next id is "
         "0, the greatest that it can hold 2147483647; the greatest margin that fits is 0",
         "Widen the column"},
        {500, 499, true,
         "table \"club.a\": a margin of 1000 does not fit column \"club2.a.id (its last "
         "partition)\": the next id is 500, the greatest that it can hold 499; the greatest "
         "margin that fits is 0",
         "Widen the column"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct planned p;
        const struct world_answer ends = {"PARTITIONS", "RANGE|`id`|500", MR_OK, 0};
        begin(&p);
        graph_table(&p.w.g, "a", "id:uint", NULL);
        graph_table(&p.w.g, "b", "id:uint a_id:int", NULL);
        graph_fk(&p.w.g, MR_SOURCE, "fk", "b", "a_id", "a", "id");
        p.w.g.tables[MR_TARGET][0].partitioned = cases[i].partitioned;
        reseed_counters(&p.w, "a");
        reseed_numbers(&p.w, MR_SOURCE, "a", cases[i].next, cases[i].greatest);
        reseed_ready(&p.w, "");
        world_answers(&ends, 1);
        assert_int_equal(plan(&p), MR_E_REFUSED);
        assert_string_equal(p.err.message, cases[i].message);
        assert_non_null(strstr(p.err.hint, cases[i].hint));
        end(&p);
    }
}

/* ---- which tables */

enum twist {
    AS_IT_IS,
    TARGET_DOES_NOT_COUNT,
    NEITHER_COUNTS,
    LEADS_NO_INDEX,
    SOURCE_CANNOT_OPEN,
    TARGET_CANNOT_OPEN,
    NO_TRANSACTIONS,
    ONLY_ON_SOURCE,
    ONLY_ON_TARGET,
    ONLY_AND_NO_COUNTER
};

static void twist(struct planned *p, enum twist how)
{
    struct graph *g = &p->w.g;
    struct graph_side *s = &g->sides[MR_SOURCE][0], *t = &g->sides[MR_TARGET][0];
    s->columns[0].auto_increment = how != NEITHER_COUNTS && how != ONLY_AND_NO_COUNTER;
    t->columns[0].auto_increment = s->columns[0].auto_increment && how != TARGET_DOES_NOT_COUNT;
    if (how == LEADS_NO_INDEX)
        t->parts[0].column = "kind";
    if (how == SOURCE_CANNOT_OPEN || how == TARGET_CANNOT_OPEN)
        g->tables[how == SOURCE_CANNOT_OPEN ? MR_SOURCE : MR_TARGET][0].engine = NULL;
    g->tables[MR_TARGET][0].transactional = how != NO_TRANSACTIONS;
    if (how == ONLY_ON_SOURCE || how == ONLY_AND_NO_COUNTER)
        g->cat[MR_TARGET].ntables = 0;
    if (how == ONLY_ON_TARGET)
        g->cat[MR_SOURCE].ntables = 0;
}

static void test_tables(void **state)
{
    static const struct {
        const char *columns, *target_columns;
        enum twist twist;
        enum mr_code probe;
        const char *expected;
    } cases[] = {
        {"id:uint", NULL, AS_IT_IS, MR_OK, "club2.a.id [1, 1001) then 1001\n"},
        {"id:uint", NULL, NO_TRANSACTIONS, MR_OK, "club2.a.id [1, 1001) then 1001, rebuilt\n"},
        {"ID:uint", "id:uint", AS_IT_IS, MR_OK, "club2.a.id [1, 1001) then 1001\n"},
        {"id:uint", NULL, NEITHER_COUNTS, MR_OK, ""},
        {"id:uint", NULL, TARGET_DOES_NOT_COUNT, MR_OK,
         "club.a: the target's table has no counter\n"},
        {"id:uint kind:int", NULL, LEADS_NO_INDEX, MR_OK,
         "club.a: its counter leads no index: it counts anew for each value of the columns in "
         "front of it\n"},
        {"no:uint", "id:uint", AS_IT_IS, MR_OK, "club.a: the source's table has no such column\n"},
        {"id:uint", NULL, SOURCE_CANNOT_OPEN, MR_OK,
         "INCOMPLETE club.a: a server cannot open the table\n"},
        {"id:uint", NULL, TARGET_CANNOT_OPEN, MR_OK,
         "INCOMPLETE club.a: a server cannot open the table\n"},
        /* a table that is not there is nobody's loss; one that is only hidden is */
        {"id:uint", NULL, ONLY_ON_SOURCE, MR_E_NO_SUCH, "club.a: the target has no such table\n"},
        {"id:uint", NULL, ONLY_ON_SOURCE, MR_E_DENIED,
         "INCOMPLETE club.a: target: club2.a may not be seen\n"},
        {"id:uint", NULL, ONLY_ON_SOURCE, MR_OK,
         "INCOMPLETE club.a: the other side's is a view, or came while it was planned\n"},
        {"id:uint", NULL, ONLY_ON_TARGET, MR_E_NO_SUCH, "club2.a: the source has no such table\n"},
        {"id:uint", NULL, ONLY_ON_TARGET, MR_E_DENIED,
         "INCOMPLETE club2.a: source: club.a may not be seen\n"},
        {"id:uint", NULL, ONLY_AND_NO_COUNTER, MR_E_DENIED, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct planned p;
        char what[40];
        begin(&p);
        graph_table(&p.w.g, "a", cases[i].columns, cases[i].target_columns);
        twist(&p, cases[i].twist);
        reseed_ready(&p.w, "");
        p.w.side[MR_SOURCE].probe_code = p.w.side[MR_TARGET].probe_code = cases[i].probe;
        (void)snprintf(what, sizeof what, "case %zu", i);
        expect(&p, what, cases[i].expected);
        end(&p);
    }
}

/* A server that is lost is no reason to leave a table out. */
static void test_lost_while_probing(void **state)
{
    struct planned p;
    (void)state;
    begin(&p);
    graph_table(&p.w.g, "a", "id:uint", NULL);
    twist(&p, ONLY_ON_SOURCE);
    reseed_ready(&p.w, "");
    p.w.side[MR_TARGET].probe_code = MR_E_LOST;
    assert_int_equal(plan(&p), MR_E_LOST);
    end(&p);
}

static void test_patterns(void **state)
{
    static const char *const only_b[] = {"b"}, *const all_but[] = {"club.*"}, *const none[] = {"x"};
    struct planned p;
    (void)state;
    begin(&p);
    graph_table(&p.w.g, "a", "id:uint", NULL);
    graph_table(&p.w.g, "b", "id:uint", NULL);
    reseed_counters(&p.w, "a");
    reseed_counters(&p.w, "b");
    reseed_ready(&p.w, "");
    p.tables = (struct mr_string_list){only_b, 1};
    expect(&p, "one of two", "club2.b.id [1, 1001) then 1001\n");
    p.tables = (struct mr_string_list){NULL, 0};
    p.exclude = (struct mr_string_list){only_b, 1};
    expect(&p, "all but one", "club2.a.id [1, 1001) then 1001\n");
    p.tables = (struct mr_string_list){none, 1};
    assert_int_equal(plan(&p), MR_E_NO_SUCH);
    assert_string_equal(p.err.message, "no table matches --tables x");
    p.tables = (struct mr_string_list){NULL, 0};
    p.exclude = (struct mr_string_list){all_but, 1};
    assert_int_equal(plan(&p), MR_E_NO_SUCH);
    assert_string_equal(p.err.message, "no table matches what is left by --exclude club.*");
    end(&p);
}

/* Tables whose names an account does not even see may have counters: said, unless all that
 * was asked for is spelt out. */
static void test_unseen(void **state)
{
    static const char *const open[] = {"club.*"}, *const spelt[] = {"club.a"};
    static const struct {
        const char *source, *target; /* grants; NULL: cannot be read */
        const char *const *tables;
        const char *expected;
    } cases[] = {
        {NULL, "GRANT SELECT ON `club2`.* TO a@b", NULL,
         "INCOMPLETE *.*: the account may not see others on the source: its grants cannot be "
         "read\n"},
        {NULL, "GRANT SELECT ON `club2`.* TO a@b", spelt, ""},
        {"GRANT SELECT ON `club`.* TO a@b", "GRANT SELECT ON `club2`.`a` TO a@b", open,
         "INCOMPLETE club.*: the account sees no others on the target: GRANT SELECT ON `club2`.* "
         "TO 'a'@'b'\n"},
        {"GRANT SELECT ON `club`.* TO a@b", "GRANT SELECT ON `club2`.`a` TO a@b", spelt, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct planned p;
        const char *const lines[MR_SIDES] = {cases[i].source, cases[i].target};
        begin(&p);
        graph_table(&p.w.g, "a", "id:uint", NULL);
        reseed_ready(&p.w, "");
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            mr_grants_free(p.w.g.servers[side].grants);
            p.w.g.servers[side].grants = lines[side] != NULL ? grants_of(lines[side]) : NULL;
        }
        p.tables = (struct mr_string_list){cases[i].tables, cases[i].tables != NULL ? 1 : 0};
        expect(&p, cases[i].expected, cases[i].expected);
        end(&p);
    }
}

/* ---- sequences */

static void test_sequences(void **state)
{
    static const struct {
        const char *what, *rows; /* next, maximum, start, increment, cycles: of TARGET */
        const char *source_default;
        uint64_t greatest; /* of SOURCE */
        const char *expected;
    } cases[] = {
        {"TARGET's sequence is ahead", "500|9000|1|1|0", NULL, 7,
         "club2.a.id by club2.s [500, 1500) then 1500\n"},
        {"a row is ahead of it", "500|9000|1|1|0", NULL, 700,
         "club2.a.id by club2.s [701, 1701) then 1701\n"},
        {"SOURCE's sequence is ahead", "500|9000|1|1|0", "nextval(`s`)", 7,
         "club2.a.id by club2.s [800, 1800) then 1800\n"},
        {"it goes by tens from 3", "500|9000|3|10|0", NULL, 7,
         "club2.a.id by club2.s [500, 1500) then 1503\n"},
        {"as the server counts", "500|9000|1|0|0", NULL, 7,
         "club2.a.id by club2.s [500, 1500) then 1501\n"},
        {"down", "500|9000|1|-1|0", NULL, 7, "club.a: sequence \"club2.s\" counts down\n"},
        {"it ends before the column does", "500|2899|1|1|0", NULL, 7,
         "club2.a.id by club2.s [500, 1100) then 1100; a quarter of what is left in club2.s, "
         "which holds up to 2899; asked for: 1000\n"},
        {"it is gone", NULL, NULL, 7, "INCOMPLETE club.a: sequence \"club2.s\" has no row\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct planned p;
        const struct world_answer answers[] = {{"FROM `club2`.`s`", cases[i].rows, MR_OK, 0},
                                               {"FROM `club`.`s`", "800|9000|1|1|0", MR_OK, 0},
                                               {"auto_increment_increment", "2|1", MR_OK, 0}};
        begin(&p);
        graph_table(&p.w.g, "a", "id:uint", NULL);
        p.w.g.sides[MR_SOURCE][0].columns[0].default_text = cases[i].source_default;
        p.w.g.sides[MR_TARGET][0].columns[0].default_text = "nextval(`club2`.`s`)";
        reseed_numbers(&p.w, MR_SOURCE, "a", 0, cases[i].greatest);
        reseed_ready(&p.w, "");
        world_answers(answers, LEN(answers));
        expect(&p, cases[i].what, cases[i].expected);
        end(&p);
    }
}

/* One sequence of several tables is raised once, above all of them. */
static void test_shared_sequence(void **state)
{
    static const struct world_answer answers[] = {{"FROM `club2`.", "500|90000|1|1|0", MR_OK, 0}};
    struct planned p;
    (void)state;
    begin(&p);
    graph_table(&p.w.g, "a", "id:uint", NULL);
    graph_table(&p.w.g, "b", "id:uint", NULL);
    graph_table(&p.w.g, "c", "id:uint", NULL);
    graph_table(&p.w.g, "d", "id:uint", NULL);
    for (size_t i = 0; i < 4; i++)
        p.w.g.sides[MR_TARGET][i].columns[0].default_text =
            i == 2 ? "nextval(`club2`.`other`)" : "nextval(`club2`.`s`)";
    reseed_numbers(&p.w, MR_SOURCE, "b", 0, 4999);
    reseed_numbers(&p.w, MR_SOURCE, "d", 0, 2999);
    reseed_ready(&p.w, "");
    world_answers(answers, LEN(answers));
    expect(&p, "three tables, one sequence",
           "club2.b.id by club2.s [5000, 6000) then 6000\n"
           "club2.c.id by club2.other [500, 1500) then 1500\n");
    end(&p);
}

/* ---- what an earlier plan of the case has reserved */

static void reserve(struct planned *p, const char *target, const char *sequence)
{
    struct mr_plan_record record = {.uuid = "first",
                                    .policy = "reseed-only",
                                    .created = "2026-11-20T11:00:00Z",
                                    .dir = "plan",
                                    .source = "mysql://s",
                                    .target = target};
    const struct mr_plan_block block = {.table = "club.a",
                                        .target_table = "club2.a",
                                        .column = "id",
                                        .sequence = sequence,
                                        .from = 100,
                                        .to = 1100,
                                        .reseed_to = 1100};
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &p->fd, NULL), MR_OK);
    assert_int_equal(mr_planbook_add(p->fd, &record, &block, 1, NULL), MR_OK);
}

static const char kept[] = "club2.a.id [100, 1100) then 1100; reserved by plan first\n";
static const struct {
    const char *what;
    uint64_t source[2], target[2]; /* next, greatest */
    bool used, source_counts;
    uint64_t margin;
    const char *target_name, *sequence, *expected;
} reservations[] = {
    {"as it was", {100, 99}, {50, 49}, false, true, 1000, "mysql://t", NULL, kept},
    {"the counter is raised", {100, 99}, {1100, 49}, false, true, 1000, "mysql://t", NULL, kept},
    {"… and goes on behind it",
     {100, 99},
     {1500, 1499},
     false,
     true,
     1000,
     "mysql://t",
     NULL,
     kept},
    {"less is asked for now", {100, 99}, {50, 49}, false, true, 10, "mysql://t", NULL, kept},
    {"TARGET has taken an id of it",
     {100, 99},
     {50, 49},
     true,
     true,
     1000,
     "mysql://t",
     NULL,
     "club2.a.id [100, 1100) then 1100\n"},
    {"TARGET counts within it",
     {100, 99},
     {600, 49},
     false,
     true,
     1000,
     "mysql://t",
     NULL,
     "club2.a.id [600, 1600) then 1600\n"},
    {"SOURCE has gone on into it",
     {105, 99},
     {50, 49},
     false,
     true,
     1000,
     "mysql://t",
     NULL,
     "club2.a.id [105, 1105) then 1105\n"},
    {"a row of SOURCE stands in it",
     {100, 100},
     {50, 49},
     false,
     true,
     1000,
     "mysql://t",
     NULL,
     "club2.a.id [101, 1101) then 1101\n"},
    {"more is asked for",
     {100, 99},
     {50, 49},
     false,
     true,
     2000,
     "mysql://t",
     NULL,
     "club2.a.id [100, 2100) then 2100\n"},
    {"for another target",
     {100, 99},
     {50, 49},
     false,
     true,
     1000,
     "mysql://other",
     NULL,
     "club2.a.id [100, 1100) then 1100\n"},
    {"by a sequence then, by a counter now",
     {100, 99},
     {50, 49},
     false,
     true,
     1000,
     "mysql://t",
     "club2.s",
     "club2.a.id [100, 1100) then 1100\n"},
};

static void test_reserved(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(reservations); i++) {
        struct planned p;
        const struct world_answer used = {"EXISTS", reservations[i].used ? "1" : "0", MR_OK, 0};
        begin(&p);
        graph_table(&p.w.g, "a", "id:uint", NULL);
        reseed_counter(&p.w, MR_TARGET, "a");
        if (reservations[i].source_counts)
            reseed_counter(&p.w, MR_SOURCE, "a");
        reseed_numbers(&p.w, MR_SOURCE, "a", reservations[i].source[0], reservations[i].source[1]);
        reseed_numbers(&p.w, MR_TARGET, "a", reservations[i].target[0], reservations[i].target[1]);
        reseed_ready(&p.w, "");
        reserve(&p, reservations[i].target_name, reservations[i].sequence);
        world_answers(&used, 1);
        p.margin = reservations[i].margin;
        expect(&p, reservations[i].what, reservations[i].expected);
        end(&p);
    }
}

/* SOURCE's column does not count, and has the greatest id there is: no block is above it. */
static void test_reserved_below_the_last_id(void **state)
{
    static const struct world_answer unused = {"EXISTS", "0", MR_OK, 0};
    struct planned p;
    (void)state;
    begin(&p);
    graph_table(&p.w.g, "a", "id:uint", NULL);
    reseed_counter(&p.w, MR_TARGET, "a");
    reseed_numbers(&p.w, MR_SOURCE, "a", 0, UINT64_MAX);
    reseed_ready(&p.w, "");
    reserve(&p, "mysql://t", NULL);
    world_answers(&unused, 1);
    assert_int_equal(plan(&p), MR_E_REFUSED);
    end(&p);
}

/* The block ends above what a column that refers to the ids holds by now. */
static void test_reserved_too_far(void **state)
{
    static const struct world_answer answers[] = {{"EXISTS", "0", MR_OK, 0},
                                                  {"PARTITIONS", "RANGE|`id`|1000", MR_OK, 0}};
    struct planned p;
    (void)state;
    begin(&p);
    graph_table(&p.w.g, "a", "id:uint", NULL);
    p.w.g.tables[MR_TARGET][0].partitioned = true;
    reseed_counters(&p.w, "a");
    reseed_ready(&p.w, "");
    reserve(&p, "mysql://t", NULL);
    world_answers(answers, LEN(answers));
    p.margin = 100;
    expect(&p, "too far", "club2.a.id [1, 101) then 101\n");
    end(&p);
}

/* ---- what breaks */

/* Whichever question the server does not answer: no plan, and the reason. */
static void test_breaks(void **state)
{
    static const struct world_answer answers[] = {{"FROM `club2`.`s`", "500|9000|1|1|0", MR_OK, 0},
                                                  {"EXISTS", "0", MR_OK, 0}};
    size_t ncalls = 0;
    (void)state;
    for (size_t n = 0; n == 0 || n <= ncalls; n++) {
        struct planned p;
        begin(&p);
        graph_table(&p.w.g, "a", "id:uint", NULL);
        graph_table(&p.w.g, "b", "id:uint", NULL);
        p.w.g.sides[MR_TARGET][1].columns[0].default_text = "nextval(`club2`.`s`)";
        p.w.g.tables[MR_TARGET][0].partitioned = true;
        reseed_counters(&p.w, "a");
        reseed_ready(&p.w, "");
        reserve(&p, "mysql://t", NULL);
        world_answers(answers, LEN(answers));
        p.w.fail_at = n;
        assert_int_equal(plan(&p), n == 0 ? MR_OK : MR_E_LOST);
        if (n == 0)
            ncalls = p.w.ncalls;
        end(&p);
    }
    assert_int_equal(ncalls, 11);
}

/* What the server refuses of one table is that table's: the others are planned. */
static void test_one_table_breaks(void **state)
{
    struct planned p;
    (void)state;
    begin(&p);
    graph_table(&p.w.g, "a", "id:uint", NULL);
    graph_table(&p.w.g, "b", "id:uint", NULL);
    reseed_counters(&p.w, "a");
    reseed_counters(&p.w, "b");
    reseed_ready(&p.w, "");
    p.w.fail_at = 3; /* behind the step: SOURCE's greatest, TARGET's greatest of a */
    p.w.fail_code = MR_E_DENIED;
    expect(&p, "one is denied",
           "club2.b.id [1, 1001) then 1001\nINCOMPLETE club.a: the server has failed\n");
    end(&p);
}

/* Last: the flag stays. */
static void test_cancelled(void **state)
{
    struct planned p;
    (void)state;
    begin(&p);
    graph_table(&p.w.g, "a", "id:uint", NULL);
    reseed_counters(&p.w, "a");
    reseed_ready(&p.w, "");
    mr_cancel();
    assert_int_equal(plan(&p), MR_E_CANCELLED);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),           cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_tables),           cmocka_unit_test(test_lost_while_probing),
        cmocka_unit_test(test_patterns),         cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_sequences),        cmocka_unit_test(test_shared_sequence),
        cmocka_unit_test(test_reserved),         cmocka_unit_test(test_reserved_below_the_last_id),
        cmocka_unit_test(test_reserved_too_far), cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_one_table_breaks), cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
