/* test_gate_numbers.c: sequences and shares: what is counted, and what is not. */
#include "gate_sample.h"

static void sequence_of(struct mr_gate_table *t, uint64_t lo, uint64_t hi)
{
    t->sequence_column = "period";
    t->sequence_lo = lo;
    t->sequence_hi = hi;
    t->sequence_present = hi - lo + 1;
}

static void other_side(struct gate *g)
{
    g->peer_facts.nchannels = 0;
    g->peer_facts.role = "primary";
    g->peer_facts.read_only = true;
    g->peer_facts.gtid_executed = g->peer_facts.gtid_position = "";
}

static void all_null(struct gate *g)
{
    g->tables[0].sequence_column = "period";
    g->tables[0].sequence_null = true;
}

static void all_null_now(struct gate *g)
{
    all_null(g);
    sequence_of(&g->past_tables[0], 1, 10);
}

static void empty(struct gate *g)
{
    g->tables[0].sequence_column = "period";
}

static void not_read_then(struct gate *g)
{
    sequence_of(&g->tables[0], 1, 10);
    g->past_tables[0].sequence_column = "period";
    g->past_tables[0].sequence_view =
        (struct mr_gate_view){.seen = MR_GATE_FAILED, .why = "no time"};
}

static void not_read_there(struct gate *g)
{
    other_side(g);
    sequence_of(&g->tables[0], 1, 10);
    g->peer_tables[0].sequence_column = "period";
    g->peer_tables[0].sequence_view =
        (struct mr_gate_view){.seen = MR_GATE_FAILED, .why = "no time"};
}

static void purged(struct gate *g)
{
    sequence_of(&g->tables[0], 5, 10);
    sequence_of(&g->past_tables[0], 1, 10);
}

static void begin_lacks(struct gate *g)
{
    other_side(g);
    sequence_of(&g->tables[0], 5, 10);
    sequence_of(&g->peer_tables[0], 1, 10);
}

static void whole_range(struct gate *g)
{
    sequence_of(&g->tables[0], 0, UINT64_MAX);
    g->tables[0].sequence_present = 2;
    g->tables[0].sequence_gaps = "1–18446744073709551614";
}

static void two_lack_rows(struct gate *g)
{
    other_side(g);
    g->tables[0].rows = 500;
    g->past_tables[0].rows = 500;
    g->tables[1].rows = 1800;
    g->past_tables[1].rows = 1800;
}

static void none_counted(struct gate *g)
{
    other_side(g);
    for (size_t i = 0; i < GATE_TABLES; i++)
        g->peer_tables[i].rows_exact = false;
}

static void one_counted(struct gate *g)
{
    none_counted(g);
    g->peer_tables[0].rows_exact = true;
}

/* A replica that runs, of whose tables one was counted. */
static void twin(struct gate *g)
{
    static struct mr_gate_twin twins[1];
    twins[0] = (struct mr_gate_twin){.db = "club",
                                     .name = "members",
                                     .view = {.seen = MR_GATE_SEEN},
                                     .ours = 1000,
                                     .theirs = 1000};
    g->peer_facts.twins = twins;
    g->peer_facts.ntwins = 1;
    g->peer_facts.twins_left = 2;
}

static void no_twin(struct gate *g)
{
    twin(g);
    g->peer_facts.ntwins = 0;
    g->peer_facts.twins_left = 3;
}

static void twin_of_locked(struct gate *g)
{
    twin(g);
    g->tables[1].view = (struct mr_gate_view){.seen = MR_GATE_FAILED, .why = "locked"};
}

/* Ids that no row got, or whose rows were deleted: a restart takes them back. */
static void counter_back(struct gate *g)
{
    g->past_tables[0].next = 1500;
    g->tables[0].next = 1200;
    g->now.uptime_s = 60;
    g->now.started = "2026-04-09T09:59:00Z";
}

static const struct {
    const char *title;
    void (*make)(struct gate *g);
    enum mr_gate_name name;
    enum mr_gate_severity want;
    const char *says;
} cases[] = {
    {"a column that is NULL in every row", all_null, MR_GATE_sequence_gaps, MR_GATE_UNKNOWN,
     "club.members: period is NULL in every row"},
    {"a column that is NULL by now", all_null_now, MR_GATE_sequence_gaps, MR_GATE_CRITICAL,
     "club.members: 10 of 10 numbers of period are missing: 1–10"},
    {"a table without rows", empty, MR_GATE_sequence_gaps, MR_GATE_OK, "1 sequence without gaps"},
    {"a baseline that had no time", not_read_then, MR_GATE_sequence_gaps, MR_GATE_UNKNOWN,
     "club.members of the baseline could not be read: no time"},
    {"a peer that has no time", not_read_there, MR_GATE_sequence_gaps, MR_GATE_UNKNOWN,
     "club.members on mysql://db2 could not be read: no time"},
    {"numbers purged since the baseline", purged, MR_GATE_sequence_gaps, MR_GATE_OK,
     "club.members begins at 5, at 1 in the baseline"},
    {"numbers that a peer has before ours", begin_lacks, MR_GATE_sequence_gaps, MR_GATE_WARNING,
     "club.members: period begins at 5, at 1 on mysql://db2"},
    {"every number there is", whole_range, MR_GATE_completeness, MR_GATE_CRITICAL,
     "club.members holds 0.0 % of its numbers"},
    {"rows of two tables", two_lack_rows, MR_GATE_completeness, MR_GATE_CRITICAL,
     "club.orders has 1800 rows, mysql://db2 has 2000"},
    {"nothing counted", none_counted, MR_GATE_completeness, MR_GATE_UNKNOWN,
     "no table could be counted on mysql://db2 and here"},
    {"one table counted", one_counted, MR_GATE_completeness, MR_GATE_OK,
     "2 tables were not counted"},
    {"one table of a replica counted", twin, MR_GATE_completeness, MR_GATE_OK,
     "2 tables were not counted"},
    {"no table of a replica counted", no_twin, MR_GATE_completeness, MR_GATE_UNKNOWN,
     "no table could be counted on mysql://db2 and here"},
    {"a counter that a restart took back", counter_back, MR_GATE_auto_increment_position,
     MR_GATE_OK, "club.members: the next id went back from 1500 to 1200"},
    {"a table that cannot be read here", twin_of_locked, MR_GATE_completeness, MR_GATE_UNKNOWN,
     "club.orders could not be read: locked"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gate g;
        gate_begin(&g);
        cases[i].make(&g);
        gate_run(&g);
        const struct mr_gate_result *r = gate_result(&g, cases[i].name);
        if (r->severity != cases[i].want || strstr(r->message, cases[i].says) == NULL)
            print_error("%s: %s %s\n", cases[i].title, mr_gate_severity_text(r->severity),
                        r->message);
        assert_int_equal(r->severity, cases[i].want);
        assert_non_null(strstr(r->message, cases[i].says));
        gate_end(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
