/* test_merge_three.c: a row that both sides have, from what the logs and TARGET tell of it to the row
 * as it is to stand. */
#include "three_world.h"

#include "core/case/explain.h"
#include "repair/merge/merge_earlier.h"

static const struct three_case cases[] = {
    {"SOURCE alone",
     CITY_OF("south"),
     X,
     {X, NULL},
     NULL,
     NULL,
     NULL,
     "restored-change",
     "-",
     "7,1,a@x,south,1,1,0,0,NULL",
     "city: restored-change",
     "-"},
    {"TARGET alone",
     X,
     CITY_OF("north"),
     {NULL, X},
     NULL,
     NULL,
     NULL,
     "unchanged-in-source",
     "-",
     "-",
     "",
     "-"},
    {"both alike",
     CITY_OF("south"),
     CITY_OF("south"),
     {X, X},
     NULL,
     NULL,
     NULL,
     "same-change",
     "-",
     "-",
     "city: same-change",
     "-"},
    {"changed, and back",
     X,
     CITY_OF("north"),
     {X, X},
     NULL,
     NULL,
     NULL,
     "unchanged-in-source",
     "-",
     "-",
     "",
     "-"},
    /* each its own column */
    {"each another one",
     CITY_OF("south"),
     POINTS_OF("4.00"),
     {X, X},
     NULL,
     NULL,
     NULL,
     "both-changed",
     "both-changed",
     "7,1,a@x,south,4,1,0,0,NULL",
     "city: restored-change; points: changed-on-live",
     "city"},
    {"by columns",
     CITY_OF("south"),
     POINTS_OF("4.00"),
     {X, X},
     NULL,
     "both-changed=columns",
     NULL,
     "both-changed",
     "-",
     "7,1,a@x,south,4,1,0,0,NULL",
     "city: restored-change; points: changed-on-live",
     "city"},
    {"by SOURCE",
     CITY_OF("south"),
     POINTS_OF("4.00"),
     {X, X},
     NULL,
     "both-changed=source",
     NULL,
     "both-changed",
     "-",
     "7,1,a@x,south,1,1,0,0,NULL",
     "city: restored-change; points: restored-change",
     "city; points"},
    {"by TARGET",
     CITY_OF("south"),
     POINTS_OF("4.00"),
     {X, X},
     NULL,
     "both-changed=target",
     NULL,
     "both-changed",
     "-",
     "7,1,a@x,south,4,1,0,0,NULL",
     "city: restored-change; points: changed-on-live",
     "city"},
    /* the same one */
    {"otherwise",
     CITY_OF("south"),
     CITY_OF("north"),
     {X, X},
     NULL,
     NULL,
     NULL,
     "changed",
     "changed",
     "-",
     "city: changed",
     "city"},
    {"otherwise, SOURCE's",
     CITY_OF("south"),
     CITY_OF("north"),
     {X, X},
     NULL,
     "changed=source",
     NULL,
     "changed",
     "-",
     "7,1,a@x,south,1,1,0,0,NULL",
     "city: changed",
     "-"},
    {"otherwise, TARGET's",
     CITY_OF("south"),
     CITY_OF("north"),
     {X, X},
     NULL,
     "changed=target",
     NULL,
     "changed",
     "-",
     "-",
     "city: changed",
     "-"},
    {"otherwise, the newer by a column",
     ROW("1", "a@x", "south", "2.00", "1") REST,
     ROW("1", "a@x", "north", "3.00", "1") REST,
     {X, X},
     NULL,
     "changed=newest:points",
     NULL,
     "changed",
     "-",
     "-",
     "city: changed; points: changed",
     "-"},
    {"otherwise, the newer by a column is SOURCE's",
     ROW("1", "a@x", "south", "9.00", "1") REST,
     ROW("1", "a@x", "north", "3.00", "1") REST,
     {X, X},
     NULL,
     "changed=newest:points",
     NULL,
     "changed",
     "-",
     "7,1,a@x,south,9,1,0,0,NULL",
     "city: changed; points: changed",
     "-"},
    /* restored-change, which is no conflict */
    {"TARGET is to be kept",
     CITY_OF("south"),
     X,
     {X, NULL},
     NULL,
     NULL,
     "restored-change=target",
     "restored-change",
     "-",
     "-",
     "city: restored-change",
     "-"},
    {"of whom nothing is restored, stop says nothing",
     X,
     CITY_OF("north"),
     {NULL, X},
     NULL,
     NULL,
     "restored-change=stop",
     "unchanged-in-source",
     "-",
     "-",
     "",
     "-"},
    {"nor of whom one asks",
     CITY_OF("south"),
     POINTS_OF("4.00"),
     {X, X},
     NULL,
     NULL,
     "restored-change=stop",
     "both-changed",
     "both-changed",
     "7,1,a@x,south,4,1,0,0,NULL",
     "city: restored-change; points: changed-on-live",
     "city"},
    /* what keeps a value from being written */
    {"it does not fit",
     CITY_OF("southern"),
     X,
     {X, NULL},
     NULL,
     NULL,
     NULL,
     "change-held-up",
     "does-not-fit",
     "-",
     "city: does-not-fit",
     "city"},
    {"somebody else has it",
     EMAIL_OF("b@x"),
     X,
     {X, NULL},
     "8|2|B@x|y|1.00|1" REST,
     NULL,
     NULL,
     "change-held-up",
     "unique",
     "-",
     "email: unique",
     "email"},
    {"who has it is he himself",
     EMAIL_OF("A@X"),
     X,
     {X, NULL},
     NULL,
     NULL,
     NULL,
     "restored-change",
     "-",
     "7,1,A@X,x,1,1,0,0,NULL",
     "email: restored-change",
     "-"},
    {"NULL is nobody's",
     EMAIL_OF("NULL"),
     X,
     {X, NULL},
     "8|2|NULL|y|1.00|1" REST,
     NULL,
     NULL,
     "restored-change",
     "-",
     "7,1,NULL,x,1,1,0,0,NULL",
     "email: restored-change",
     "-"},
    {"somebody else has it, and it is left out",
     EMAIL_OF("b@x"),
     X,
     {X, NULL},
     "8|2|b@x|y|1.00|1" REST,
     "unique=target",
     NULL,
     "change-held-up",
     "-",
     "-",
     "email: unique",
     "-"},
    {"his identity is somebody else's",
     ROW("2", "a@x", "x", "1.00", "1") REST,
     X,
     {X, NULL},
     "8|2|b@x|y|1.00|1" REST,
     NULL,
     NULL,
     "change-held-up",
     "unique",
     "-",
     "mobile: unique",
     "mobile"},
    {"his identity is nobody's",
     ROW("2", "a@x", "x", "1.00", "1") REST,
     X,
     {X, NULL},
     NULL,
     NULL,
     NULL,
     "restored-change",
     "-",
     "7,2,a@x,x,1,1,0,0,NULL",
     "mobile: restored-change",
     "-"},
    /* what is not compared, and what the server computes */
    {"a column that is not compared stays TARGET's",
     "7|1|a@x|south|1.00|1|0|8|NULL",
     "7|1|a@x|x|1.00|1|0|9|NULL",
     {"7|1|a@x|x|1.00|1|0|0|NULL", NULL},
     NULL,
     NULL,
     NULL,
     "restored-change",
     "-",
     "7,1,a@x,south,1,1,0,9,NULL",
     "city: restored-change",
     "-"},
    {"a computed one is the server's",
     "7|1|a@x|south|1.00|1|8|0|NULL",
     "7|1|a@x|x|1.00|1|0|0|NULL",
     {X, NULL},
     NULL,
     NULL,
     NULL,
     "restored-change",
     "-",
     "7,1,a@x,south,1,1,0,0,NULL",
     "city: restored-change",
     "-"},
    /* two bases */
    {"the logs disagree",
     CITY_OF("south"),
     CITY_OF("north"),
     {X, CITY_OF("y")},
     NULL,
     NULL,
     NULL,
     "bases-differ",
     "bases-differ",
     "-",
     "",
     "-"},
    {"the logs disagree, and SOURCE is right",
     CITY_OF("south"),
     CITY_OF("north"),
     {X, CITY_OF("y")},
     NULL,
     "bases-differ=source",
     NULL,
     "bases-differ",
     "-",
     "7,1,a@x,south,1,1,0,0,NULL",
     "city: restored-change",
     "-"},
    {"neither log knows a difference",
     CITY_OF("south"),
     CITY_OF("north"),
     {NULL, NULL},
     NULL,
     NULL,
     NULL,
     "unexplained",
     "-",
     "-",
     "",
     "-"},
    /* unseen */
    {"nobody has seen it",
     CITY_OF("south"),
     CITY_OF("north"),
     {"7|1|a@x|?|1.00|1|0|0|NULL", "7|1|a@x|?|1.00|1|0|0|NULL"},
     NULL,
     NULL,
     NULL,
     "unseen",
     "changed",
     "-",
     "city: unseen",
     "city"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct three_case *c = &cases[i];
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_three *three = NULL;
        struct mr_merge_three_result r;
        struct mr_conflict_rule rule;
        struct mr_strbuf text = MR_STRBUF_INIT;
        build(w);
        tell(w, c);
        if (c->rule != NULL) {
            rule = rule_of(w, c->rule);
            w->options.on_conflict = &rule;
            w->options.non_conflict = 1;
        }
        const struct mr_merge_twin twin = twin_of(w, c->own, c->live, c->own);
        world_run(w, mr_merge_three_open(&w->m, &three, &w->err));
        world_run(w, decide(w, three, &twin, &r, &w->err));
        if (!r.is)
            fail_msg("%s: not decided", c->what);
        require_same(c->what, "outcome", mr_three_outcome_name(r.ruling.outcome), c->outcome);
        require_same(c->what, "conflict", mr_conflict_name(r.ruling.why.conflict), c->conflict);
        require_same(c->what, "merged", shown(&text, r.merged), c->merged);
        require_same(c->what, "columns", r.columns, c->columns);
        require_same(c->what, "detail", r.detail, c->detail);
        mr_strbuf_release(&text);
        mr_merge_three_close(three);
        world_free(w);
    }
}

/* ---- references ---- */

struct end_case {
    const char *what;
    const char *live;   /* TARGET's row today; SOURCE's is of team 2, and its log says so */
    const char *link;   /* to the team: parent, and TARGET's row that has its key; NULL: none */
    const char *parent; /* what was decided about the team */
    bool conditional;   /* only of a city that is the same */
    bool disagrees;
    const char *chosen, *outcome, *conflict, *merged;
};

#define TEAM_OF(team) ROW("1", "a@x", "x", "1.00", team) REST

static const struct end_case ends[] = {
    {"the team is there", X, "2, NULL", NULL, false, false, NULL, "restored-change", "-",
     "7,1,a@x,x,1,2,0,0,NULL"},
    {"it waits", X, "2, NULL", "waits=1", false, false, NULL, "change-held-up", "parent-absent",
     "-"},
    {"nobody on SOURCE, and somebody on TARGET", X, "0, x'01'", NULL, false, false, NULL,
     "change-held-up", "orphan-would-attach", "-"},
    {"which a person has seen", X, "0, x'01'", NULL, false, false, "orphan-would-attach=restore",
     "restored-change", "-", "7,1,a@x,x,1,2,0,0,NULL"},
    {"nobody on either", X, "0, NULL", NULL, false, false, NULL, "restored-change", "-",
     "7,1,a@x,x,1,2,0,0,NULL"},
    {"references that disagree, of which this is one alone", X, "2, NULL", NULL, false, true, NULL,
     "restored-change", "-", "7,1,a@x,x,1,2,0,0,NULL"},
    {"a condition that TARGET has changed tears it", CITY_OF("north"), "2, NULL", NULL, true, false,
     "both-changed=columns", "change-held-up", "references-disagree", "-"},
    {"a condition that nobody has changed", X, "2, NULL", NULL, true, false, NULL,
     "restored-change", "-", "7,1,a@x,x,1,2,0,0,NULL"},
};

static void build_end(struct world *w, const struct end_case *c)
{
    static bool reads[WORLD_COLUMNS];
    const struct three_case as = {.own = TEAM_OF("2"),
                                  .live = c->live,
                                  .was = {X, strcmp(c->live, X) != 0 ? X : NULL},
                                  .chosen = c->chosen};
    build(w);
    reads[CITY] = true;
    w->references[0].reads = c->conditional ? reads : NULL;
    tell(w, &as);
    world_row(w, 2, TEAMS, "2|red", NULL, c->parent);
    if (c->disagrees)
        world_sql(w, "UPDATE m SET disagrees=1 WHERE id=1");
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(
        &sql, "INSERT INTO link (child, ref, parent, live, above) VALUES (1, 0, %s, 0)", c->link);
    world_sql(w, sql.ptr);
    mr_strbuf_release(&sql);
}

static void test_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(ends); i++) {
        const struct end_case *c = &ends[i];
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_three *three = NULL;
        struct mr_merge_three_result r;
        struct mr_strbuf text = MR_STRBUF_INIT;
        build_end(w, c);
        const struct mr_merge_twin twin = twin_of(w, TEAM_OF("2"), c->live, TEAM_OF("2"));
        world_run(w, mr_merge_three_open(&w->m, &three, &w->err));
        world_run(w, decide(w, three, &twin, &r, &w->err));
        require_same(c->what, "outcome", mr_three_outcome_name(r.ruling.outcome), c->outcome);
        require_same(c->what, "conflict", mr_conflict_name(r.ruling.why.conflict), c->conflict);
        require_same(c->what, "merged", shown(&text, r.merged), c->merged);
        mr_strbuf_release(&text);
        mr_merge_three_close(three);
        world_free(w);
    }
}

/* TARGET deleted the team, and no event of the member says that it lost it: if the team comes back, it is asked. */
static void test_returns(void **state)
{
    static const unsigned char taken[TAGS + 1] = {[TEAM] = MR_UNLOGGED_NULL};
    static const struct {
        const char *what, *there, *decided;
        const char *mark; /* of an earlier plan; NULL: none */
        const char *outcome, *conflict;
    } teams[] = {
        {"it is restored", NULL, "waits=0", NULL, "unseen", "changed"},
        {"it waits, or stays deleted", NULL, "waits=1", NULL, "unchanged-in-source", "-"},
        {"it is there", "1|red", "waits=0", NULL, "unchanged-in-source", "-"},
        {"an earlier plan has restored it", "1|red", "waits=0", "(2, 1, x'01', 0)", "unseen",
         "changed"},
        {"its key waits", "1|red", "waits=1", "(2, 1, x'01', 0)", "unchanged-in-source", "-"},
        {"it was deleted since", NULL, "waits=1", "(2, 1, NULL, 1)", "unchanged-in-source", "-"},
        {"a choice has merged it", "1|red", "waits=0", "(2, 0, x'01', 0)", "unchanged-in-source",
         "-"},
    };
    const struct three_case as = {.own = X, .live = TEAM_OF("NULL")};
    (void)state;
    for (size_t i = 0; i < LEN(teams); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_three *three = NULL;
        struct mr_merge_three_result r;
        build(w);
        tell(w, &as);
        w->merged[MEMBERS].unlogged[MR_TARGET] = taken;
        world_row(w, 2, TEAMS, "1|red", teams[i].there, teams[i].decided);
        world_link(w, 1, 0, 2);
        if (teams[i].mark != NULL) {
            struct mr_strbuf sql = MR_STRBUF_INIT;
            mr_strbuf_add_fmt(&sql, "INSERT INTO mark (id, known, into_key, gone) VALUES %s",
                              teams[i].mark);
            world_sql(w, sql.ptr);
            mr_strbuf_release(&sql);
        }
        const struct mr_merge_twin twin = twin_of(w, as.own, as.live, as.own);
        world_run(w, mr_merge_three_open(&w->m, &three, &w->err));
        world_run(w, decide(w, three, &twin, &r, &w->err));
        require_same(teams[i].what, "outcome", mr_three_outcome_name(r.ruling.outcome),
                     teams[i].outcome);
        require_same(teams[i].what, "conflict", mr_conflict_name(r.ruling.why.conflict),
                     teams[i].conflict);
        mr_merge_three_close(three);
        world_free(w);
    }
}

/* A new check finds the team equal on both sides: whether a plan brought it back, the case knows. */
static void test_is_back(void **state)
{
    static const unsigned char taken[TAGS + 1] = {[TEAM] = MR_UNLOGGED_NULL}, left[TAGS + 1];
    static const struct {
        const char *what, *row, *mapped, *outcome;
        bool edited; /* no foreign key does that */
    } teams[] = {
        {"a plan brought it back", "1|red", "applied", "unseen", false},
        {"it was undone", "1|red", "undone", "unchanged-in-source", false},
        {"it was matched", "1|red", "matched", "unchanged-in-source", false},
        {"another one was brought back", "3|red", "applied", "unchanged-in-source", false},
        {"TARGET's own edit", "1|red", "applied", "unchanged-in-source", true},
    };
    const struct three_case as = {.own = X, .live = TEAM_OF("NULL")};
    (void)state;
    for (size_t i = 0; i < LEN(teams); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_three *three = NULL;
        struct mr_merge_three_result r;
        struct mr_strbuf sql = MR_STRBUF_INIT;
        build(w);
        tell(w, &as);
        w->merged[MEMBERS].unlogged[MR_TARGET] = teams[i].edited ? left : taken;
        if (teams[i].edited) /* behind its log */
            w->merged[MEMBERS].witness[MR_TARGET] = MR_WITNESS_NONE;
        const struct mr_merge_mapping mapping = {.table =
                                                     mr_plan_table_name(&w->plan.tables[TEAMS]),
                                                 .source_key = world_key(w, TEAMS, teams[i].row),
                                                 .target_key = world_key(w, TEAMS, teams[i].row)};
        world_run(w, mr_merge_remember(w->m.cf, &mapping, &w->err));
        mr_strbuf_add_fmt(&sql, "UPDATE plan_map SET state='%s'", teams[i].mapped);
        world_sql(w, sql.ptr);
        world_link(w, 1, 0, MR_LINK_PLAIN);
        world_require(MR_CASE_ONCE(w->m.cf, "UPDATE link SET value=:value", NULL,
                                   MR_ARG_BYTES("value", world_key(w, TEAMS, "1|red"))));
        const struct mr_merge_twin twin = twin_of(w, as.own, as.live, as.own);
        world_run(w, mr_merge_three_open(&w->m, &three, &w->err));
        world_run(w, decide(w, three, &twin, &r, &w->err));
        require_same(teams[i].what, "outcome", mr_three_outcome_name(r.ruling.outcome),
                     teams[i].outcome);
        mr_merge_three_close(three);
        mr_strbuf_release(&sql);
        world_free(w);
    }
}

/* SOURCE's reference as it is to stand: a mapped one that TARGET has already is no change. */
static void test_mapped(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_merge_three *three = NULL;
    struct mr_merge_three_result r;
    const struct three_case as = {.own = TEAM_OF("2"), .live = TEAM_OF("5"), .was = {X, X}};
    (void)state;
    build(w);
    tell(w, &as);
    const struct mr_merge_twin twin = twin_of(w, TEAM_OF("2"), TEAM_OF("5"), TEAM_OF("5"));
    world_run(w, mr_merge_three_open(&w->m, &three, &w->err));
    world_run(w, decide(w, three, &twin, &r, &w->err));
    assert_string_equal(mr_three_outcome_name(r.ruling.outcome), "same-change");
    assert_string_equal(r.columns, "team: same-change");
    mr_merge_three_close(three);
    world_free(w);
}

/* ---- rows that are not decided by their columns ---- */

/* Without a row at the split, or without logs, it is decided as ever; a key that was given away is
 * asked about, and what its own side alone changed is counted. */
static void test_others(void **state)
{
    const struct {
        const char *what;
        enum mr_witness witness;
        struct told_mark marks[2];
        const char *own, *live;
        const char *outcome; /* NULL: not decided here */
        const char *base;
        bool live_alone;
    } others[] = {
        {"no logs", MR_WITNESS_NONE, {{0}, {0}}, CITY_OF("south"), X, NULL, "-", false},
        {"both have made it",
         MR_WITNESS_GOOD,
         {{0, NULL, CITY_OF("south"), 0, 0}, {0, NULL, X, 0, 0}},
         CITY_OF("south"),
         X,
         NULL,
         "-",
         false},
        {"SOURCE has made another one under its key",
         MR_WITNESS_GOOD,
         {{MR_MARK_AGAIN, X, ROW("9", "a@x", "x", "1.00", "1") REST, 0, 0}, {0}},
         ROW("9", "a@x", "x", "1.00", "1") REST,
         X,
         "key-reused",
         "7,1,a@x,x,1,1,0",
         false},
        {"TARGET has given it another key",
         MR_WITNESS_GOOD,
         {{0, X, CITY_OF("south"), 0, 0}, {MR_MARK_WENT | MR_MARK_AGAIN, X, X, 0, 0}},
         CITY_OF("south"),
         X,
         "key-changed",
         "7,1,a@x,x,1,1,0",
         false},
        {"SOURCE has given this key to one who had another",
         MR_WITNESS_GOOD,
         {{MR_MARK_CAME, NULL, CITY_OF("south"), 0, 0}, {0, NULL, X, 0, 0}},
         CITY_OF("south"),
         X,
         "key-changed-to",
         "-",
         true},
        {"only TARGET has changed it",
         MR_WITNESS_GOOD,
         {{0}, {0, X, CITY_OF("north"), 0, 0}},
         X,
         CITY_OF("north"),
         "unchanged-in-source",
         "7,1,a@x,x,1,1,0",
         true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(others); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_three *three = NULL;
        struct mr_merge_three_result r;
        struct mr_seen_image base;
        struct mr_strbuf text = MR_STRBUF_INIT, seen = MR_STRBUF_INIT;
        struct told t;
        build(w);
        told_begin(w, &t);
        told_table(&t, MEMBERS, others[i].witness, others[i].witness);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            if (others[i].marks[side].first != NULL || others[i].marks[side].last != NULL)
                told_mark(&t, MEMBERS, (enum mr_side)side, X, others[i].marks[side]);
        told_end(&t);
        world_row(w, 1, MEMBERS, others[i].own, others[i].live, "grp='base'");
        world_target(w, MEMBERS, others[i].live);
        const struct mr_merge_twin twin = twin_of(w, others[i].own, others[i].live, others[i].own);
        world_run(w, mr_merge_three_open(&w->m, &three, &w->err));
        world_run(w, decide(w, three, &twin, &r, &w->err));
        require_same(others[i].what, "outcome",
                     r.is ? mr_three_outcome_name(r.ruling.outcome) : NULL,
                     others[i].outcome != NULL ? others[i].outcome : "-");
        mr_seen_image_init(&base);
        world_require(
            mr_seen_image_open(&base, r.is ? r.base.ptr : NULL, r.is ? r.base.len : 0, NULL));
        for (size_t k = 0; k <= LEVEL; k++) {
            const struct mr_key value = mr_seen_image_at(&base, k);
            mr_strbuf_add(&seen, value.ptr != NULL ? value.ptr : "", value.len);
        }
        require_same(others[i].what, "base", shown(&text, (struct mr_key){seen.ptr, seen.len}),
                     others[i].base);
        assert_int_equal(r.is && r.live_alone, others[i].live_alone);
        mr_seen_image_release(&base);
        mr_strbuf_release(&seen);
        mr_strbuf_release(&text);
        mr_merge_three_close(three);
        world_free(w);
    }
}

/* ---- a page of rows ---- */

/* One question an index, whoever asks; rows whose unique values stay are not asked about. */
static void test_page(void **state)
{
    static const struct {
        const char *own, *live;
        const char *outcome;
    } page[] = {
        {"7|1|b@x|x|1.00|1" REST, "7|1|a@x|x|1.00|1" REST, "change-held-up"},
        {"8|9|c@x|x|1.00|1" REST, "8|2|b@x|x|1.00|1" REST, "restored-change"},
        {"9|2|d@x|x|1.00|1" REST, "9|3|e@x|x|1.00|1" REST, "change-held-up"},
        {"10|4|f@x|y|1.00|1" REST, "10|4|f@x|x|1.00|1" REST, "restored-change"},
    };
    struct world *w = calloc(1, sizeof *w);
    struct mr_merge_three *three = NULL;
    struct mr_merge_three_result r;
    struct mr_merge_twin twins[LEN(page)];
    struct told t;
    (void)state;
    build(w);
    told_begin(w, &t);
    told_table(&t, MEMBERS, MR_WITNESS_GOOD, MR_WITNESS_GOOD);
    for (size_t i = 0; i < LEN(page); i++)
        told_mark(&t, MEMBERS, MR_SOURCE, page[i].own,
                  (struct told_mark){.first = page[i].live, .last = page[i].own});
    told_end(&t);
    for (size_t i = 0; i < LEN(page); i++) {
        world_row(w, (int64_t)i + 1, MEMBERS, page[i].own, page[i].live, "grp='base'");
        world_target(w, MEMBERS, page[i].live);
        twins[i] = twin_of(w, page[i].own, page[i].live, page[i].own);
        twins[i].id = (int64_t)i + 1;
    }
    world_run(w, mr_merge_three_open(&w->m, &three, &w->err));
    for (int again = 0; again < 2; again++) {
        const size_t before = w->reads;
        world_run(w, mr_merge_three_page(three, &w->merged[MEMBERS], twins, LEN(page), &w->err));
        assert_int_equal(w->reads - before, 2);
        for (size_t i = 0; i < LEN(page); i++) {
            world_run(w, mr_merge_three_decide(three, i, &r, &w->err));
            require_same(page[i].own, "outcome", mr_three_outcome_name(r.ruling.outcome),
                         page[i].outcome);
        }
    }
    /* what its server computes nobody is asked about */
    w->tables[MEMBERS].uniques[0].is_computed = true;
    world_run(w, mr_merge_three_page(three, &w->merged[MEMBERS], twins, 1, &w->err));
    world_run(w, mr_merge_three_decide(three, 0, &r, &w->err));
    assert_string_equal(mr_three_outcome_name(r.ruling.outcome), "restored-change");
    mr_merge_three_close(three);
    mr_merge_three_close(NULL);
    world_free(w);
}

/* ---- to stop ---- */

static void test_stop(void **state)
{
    const struct mr_conflict_rule stop = {.kind = "restored-change", .choice = "stop"};
    struct world *w = calloc(1, sizeof *w);
    struct mr_merge_three *three = NULL;
    struct mr_merge_three_result r;
    (void)state;
    build(w);
    tell(w, &cases[0]);
    w->tables[MEMBERS].config.on_conflict = &stop;
    w->tables[MEMBERS].config.non_conflict = 1;
    const struct mr_merge_twin twin = twin_of(w, cases[0].own, cases[0].live, cases[0].own);
    world_run(w, mr_merge_three_open(&w->m, &three, &w->err));
    world_refuse(w, decide(w, three, &twin, &r, &w->err), MR_E_REFUSED,
                 "a row of table \"d.members\" has a change to be restored");
    mr_merge_three_close(three);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_ends),
        cmocka_unit_test(test_mapped),  cmocka_unit_test(test_others),
        cmocka_unit_test(test_page),    cmocka_unit_test(test_stop),
        cmocka_unit_test(test_returns), cmocka_unit_test(test_is_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
