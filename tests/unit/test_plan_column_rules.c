/* test_plan_column_rules.c: rules of columns by the tables of a plan: which are kept, and which
 * are refused, with the place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan_graph.h"
#include "repair/plan/plan_column_rules.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader);
struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader)
{
    (void)reader;
    return NULL; /* nobody to be asked about other databases */
}

static const struct mr_source_ops ops = {.kept = NULL};
static struct mr_source source = {&ops};
static const char *const dbs[MR_SIDES][1] = {{"club"}, {"club2"}};

struct opened {
    struct graph g;
    struct mr_sides sides;
    struct mr_plan_tables plan;
    struct mr_findings *fd;
    struct mr_err err;
};

static struct mr_column *column_of(struct opened *o, int side, size_t table, const char *name)
{
    size_t i = 0;
    while (strcmp(o->g.sides[side][table].columns[i].name, name) != 0)
        i++;
    return &o->g.sides[side][table].columns[i];
}

/* A member has a friend, by a foreign key, and by tag what no key declares; lanes refer to his
 * slot; only one side has early, or late. */
static void begin(struct opened *o)
{
    memset(o, 0, sizeof *o);
    graph_begin(&o->g);
    graph_table(&o->g, "lanes", "id lane", NULL);
    graph_table(&o->g, "logs", "id a b:uint sum owner kind slot", NULL);
    graph_table(&o->g, "members",
                "id mobile:text! friend:int? credits note:text real:real seen:datetime early",
                "id mobile:text! friend:int? credits note:text real:real seen:datetime late");
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        graph_fk(&o->g, side, "f", "members", "friend", "members", "id");
        column_of(o, side, 1, "sum")->generated = true;
    }
    column_of(o, MR_TARGET, 1, "b")->type = "bigint(20) unsigned zerofill";
    column_of(o, MR_TARGET, 1, "b")->data_type = "int";
}

static enum mr_code open_plan(struct opened *o, const char *ini)
{
    static const char *const known[] = {"club.members", "club.logs", "club.lanes"};
    struct mr_find_run run = {
        .uuid = "u", .source = "s", .target = "t", .options = "", .started = "x"};
    assert_int_equal(
        mr_config_parse(ini, strlen(ini), "ini", MR_CONFIG_NO_ROOMS, &o->g.config, &o->err), MR_OK);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        o->sides.side[side] = o->g.servers[side];
        o->sides.side[side].dbs = dbs[side];
        o->sides.side[side].ndbs = 1;
        o->sides.side[side].source = &source;
    }
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &o->fd, NULL), MR_OK);
    assert_int_equal(mr_findings_run_begin(o->fd, &run, NULL), MR_OK);
    for (size_t i = 0; i < LEN(known); i++) {
        struct mr_find_table t = {.name = known[i], .target_name = known[i], .time_at = -1};
        bool there = false;
        assert_int_equal(mr_findings_table_add(o->fd, &t, &there, NULL), MR_OK);
        t.verdict = MR_VERDICT_DIVERGED;
        assert_int_equal(mr_findings_table_save(o->fd, &t, NULL), MR_OK);
    }
    const struct mr_plan_tables_task task = {
        .sides = &o->sides, .config = o->g.config, .fd = o->fd, .arena = &o->g.arena};
    return mr_plan_tables_open(&o->plan, &task, &o->err);
}

static void end(struct opened *o)
{
    assert_int_equal(mr_findings_close(o->fd, NULL), MR_OK);
    graph_end(&o->g);
}

/* "credits=add", of all columns that have one, and "by columns". */
static void describe(const struct mr_plan_tables *plan, const char *name, struct mr_strbuf *out)
{
    struct mr_plan_column_rules rules;
    size_t at = 0;
    while (strcmp(mr_plan_table_name(&plan->tables[at]), name) != 0)
        at++;
    const struct mr_plan_table *t = &plan->tables[at];
    assert_int_equal(mr_plan_column_rules_load(&rules, plan, at, NULL), MR_OK);
    for (size_t c = 0; c < t->pair->find.ncolumns; c++)
        if (mr_plan_column_rules_find(&rules, c) != MR_RULE_NONE)
            mr_strbuf_add_fmt(out, "%s=%s ", mr_plan_column_name(t, c),
                              mr_column_rule_name(mr_plan_column_rules_find(&rules, c)));
    assert_int_equal(mr_plan_column_rules_find(&rules, t->pair->find.ncolumns), MR_RULE_NONE);
    assert_int_equal(mr_plan_column_rules_find(&rules, SIZE_MAX), MR_RULE_NONE);
    mr_strbuf_add_str(out, rules.by_columns ? "by columns" : "");
    mr_plan_column_rules_release(&rules);
    assert_null(rules.of);
}

static void test_kept(void **state)
{
    static const struct {
        const char *ini, *members, *logs;
    } cases[] = {
        {"", "", ""},
        {"[table *]\nmerge = columns\n", "by columns", "by columns"},
        {"[table *.members]\nmerge = CREDITS add, note newest, seen max\n",
         "credits=add note=newest seen=max ", ""},
        {"[table club.members]\nmerge = columns, real max, note source\n",
         "note=source real=max by columns", ""},
        /* a section with wildcards is for tables that have the column, and a later one takes its
         * place */
        {"[table *]\nmerge = credits add, a max\n[table club.logs]\nmerge = a min, columns\n", NULL,
         NULL},
        {"[table club.members]\non-conflict = both-changed=columns\n", "by columns", ""},
        {"[table club.members]\non-conflict = both-changed=target, both-changed=columns\n"
         "merge = columns\n",
         "by columns", ""},
        {"[table club.members]\non-conflict = both-changed=target\nmerge = credits add\n",
         "credits=add ", ""},
        {"[table club.members]\nidentity = none\nmerge = mobile target\n", "mobile=target ", ""},
        {"[table club.members]\ncolumn = early -> late\nmerge = early add\n", "early=add ", ""},
        {"[table club.logs]\nreference = owner -> club.members.id\nmerge = kind max\n", "",
         "kind=max "},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct opened o;
        begin(&o);
        if (open_plan(&o, cases[i].ini) != MR_OK)
            fail_msg("%s: %s", cases[i].ini, o.err.message);
        describe(&o.plan, "club.members", &text);
        assert_string_equal(text.ptr, cases[i].members != NULL ? cases[i].members : "credits=add ");
        mr_strbuf_reset(&text);
        describe(&o.plan, "club.logs", &text);
        assert_string_equal(text.ptr, cases[i].logs != NULL ? cases[i].logs : "a=min by columns");
        mr_strbuf_release(&text);
        end(&o);
    }
}

#define OF(line, section, rule, column, table)                                                     \
    "ini:" line ": merge of [table " section "]: rule \"" rule "\" for column \"" column           \
    "\" of table \"" table "\": "
#define MEMBER(rule, column) OF("2", "club.members", rule, column, "club.members")

static const struct {
    const char *ini, *said, *hint; /* beginnings; hint NULL: any */
} refusals[] = {
    {"[table club.members]\nmerge = id max\n", MEMBER("max", "id") "it is of the key", NULL},
    {"[table club.members]\nmerge = mobile max\n", MEMBER("max", "mobile") "it is of the identity",
     NULL},
    {"[table club.members]\nidentity = note, mobile\nmerge = credits add, note source\n",
     OF("3", "club.members", "source", "note", "club.members") "it is of the identity", NULL},
    {"[table club.members]\nidentity = row\nmerge = credits add\n",
     OF("3", "club.members", "add", "credits", "club.members") "it is of the identity", NULL},
    {"[table club.members]\nmerge = friend target\n",
     MEMBER("target", "friend") "it refers to another row", NULL},
    {"[table club.logs]\nmerge = sum add\n",
     OF("2", "club.logs", "add", "sum", "club.logs") "the server makes its values", NULL},
    {"[table club.logs]\nreference = owner -> club.members.id\nmerge = owner source\n",
     OF("3", "club.logs", "source", "owner", "club.logs") "it refers to another row", NULL},
    {"[table club.lanes]\nreference = lane -> club.logs.slot\n[table club.logs]\nmerge = slot "
     "add\n",
     OF("4", "club.logs", "add", "slot", "club.logs") "other rows refer to it", NULL},
    {"[table club.members]\nignore-columns = note\nmerge = note newest\n",
     OF("3", "club.members", "newest", "note", "club.members") "ignore-columns names it", NULL},
    /* types */
    {"[table club.members]\nmerge = note add\n",
     MEMBER("add", "note") "the column holds no exact numbers", "Give it another rule"},
    {"[table club.members]\nmerge = real add\n",
     MEMBER("add", "real") "the column holds no exact numbers", NULL},
    {"[table club.members]\nmerge = note max\n",
     MEMBER("max", "note") "the column has no order that is known here", NULL},
    {"[table club.members]\nmerge = note union\n", MEMBER("union", "note") "the column is no SET",
     NULL},
    {"[table club.logs]\nmerge = b add\n",
     OF("2", "club.logs", "add", "b", "club.logs") "the column is of two types", NULL},
    /* a pattern is no excuse */
    {"[table *]\nmerge = mobile max\n",
     OF("2", "*", "max", "mobile", "club.members") "it is of the identity", NULL},
    {"[table *]\nmerge = early add\n",
     OF("2", "*", "add", "early", "club.members") "TARGET has no such column", "Where TARGET"},
    /* names */
    {"[table club.members]\nmerge = credit add\n",
     MEMBER("add", "credit") "there is no such column", "Did you mean \"credits\"?"},
    {"[table club.members]\nmerge = `a, b` add\n", MEMBER("add", "a, b") "there is no such column",
     NULL},
    {"[table club.members]\nmerge = late add\n", MEMBER("add", "late") "SOURCE has no such column",
     NULL},
    {"[table club.members]\ncolumn = early -> late\nmerge = late add\n",
     OF("3", "club.members", "add", "late", "club.members") "SOURCE has no such column", NULL},
    /* two things of one row */
    {"[table *]\non-conflict = both-changed=source\n[table club.members]\nmerge = columns\n",
     "ini:4: merge of [table club.members]: \"columns\" for table \"club.members\": on-conflict "
     "says both-changed=source",
     "Keep one of the two"},
    {"[table club.members]\non-conflict = both-changed=columns, both-changed=stop\nmerge = "
     "columns\n",
     "ini:3: merge of [table club.members]: \"columns\" for table \"club.members\": on-conflict "
     "says both-changed=stop",
     NULL},
};

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(refusals); i++) {
        struct opened o;
        begin(&o);
        const enum mr_code code = open_plan(&o, refusals[i].ini);
        if (code != MR_E_CONFIG || !begins(o.err.message, refusals[i].said) ||
            o.err.hint[0] == '\0' ||
            (refusals[i].hint != NULL && !begins(o.err.hint, refusals[i].hint)))
            fail_msg("case %zu: %d: %s (%s)", i, (int)code, o.err.message, o.err.hint);
        end(&o);
    }
}

/* Whether a row refers to another one may depend on a column. */
static void test_condition(void **state)
{
    struct opened o;
    struct mr_plan_column_rules rules;
    (void)state;
    begin(&o);
    assert_int_equal(open_plan(&o, "[table club.logs]\nmerge = kind max\n"), MR_OK);
    size_t at = 0;
    while (strcmp(mr_plan_table_name(&o.plan.tables[at]), "club.logs") != 0)
        at++;
    bool reads[GRAPH_COLUMNS] = {false};
    reads[5] = true; /* kind */
    const struct mr_plan_reference reference = {.child = at, .reads = reads};
    o.plan.references = (struct mr_plan_reference *)mr_arena_dup(
        &o.g.arena, (const void *)&reference, sizeof reference);
    o.plan.nreferences = 1;
    assert_int_equal(mr_plan_column_rules_load(&rules, &o.plan, at, &o.err), MR_E_CONFIG);
    mr_plan_column_rules_release(&rules);
    assert_non_null(strstr(o.err.message, "whether its row refers to another one depends on it"));
    end(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_condition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
