/* test_plan_parents.c: was every table that a planned one refers to compared in full? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan_graph.h"
#include "repair/plan/plan_parents.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

struct parents {
    struct plan_graph p;
    struct mr_findings *fd;
    struct mr_find_run run;
};

/* orders and lines refer to members; the run has compared whatever is planned, and `known`. */
static void begin(struct parents *t, const struct mr_find_table *known, bool members)
{
    bool there = false;
    memset(t, 0, sizeof *t);
    graph_begin(&t->p.g);
    graph_table(&t->p.g, "members", "id mobile:text!", NULL);
    graph_table(&t->p.g, "orders", "id member_id:int?", NULL);
    t->p.g.left_out[0] = !members;
    t->run = (struct mr_find_run){.uuid = "u",
                                  .source = "mysql://a@x/club",
                                  .target = "mysql://b@y/club2",
                                  .options = "",
                                  .started = "t"};
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &t->fd, NULL), MR_OK);
    assert_int_equal(mr_findings_run_begin(t->fd, &t->run, NULL), MR_OK);
    if (known != NULL) {
        struct mr_find_table table = *known;
        assert_int_equal(mr_findings_table_add(t->fd, &table, &there, NULL), MR_OK);
        table.verdict = known->verdict;
        table.windowed = known->windowed;
        assert_int_equal(mr_findings_table_save(t->fd, &table, NULL), MR_OK);
    }
}

static void end(struct parents *t)
{
    assert_int_equal(mr_findings_close(t->fd, NULL), MR_OK);
    graph_end(&t->p.g);
}

static void parents_are(struct parents *t, const char *wanted)
{
    struct mr_err err = {0};
    const struct mr_plan_parents_task task = {.tables = &t->p.plan,
                                              .fd = t->fd,
                                              .run = &t->run,
                                              .case_path = "my case",
                                              .arena = &t->p.g.arena};
    const enum mr_code code = mr_plan_parents_check(&task, &err);
    if (code != (wanted != NULL ? MR_E_REFUSED : MR_OK))
        fail_msg("%d: %s", code, err.message);
    if (wanted != NULL)
        assert_string_equal(err.message, wanted);
    if (wanted != NULL && strstr(wanted, "cannot be followed") == NULL)
        assert_non_null(strstr(mr_err_get_hint(&err), "myrecon check --case 'my case'"));
}

#define LEFT_OUT "table \"club.orders\" refers to \"club.members\", which "

static void test_foreign_keys(void **state)
{
    static const struct {
        enum mr_side side;
        bool members;
        struct mr_find_table known;
        const char *wanted;
    } cases[] = {
        {MR_SOURCE, true, {.name = NULL}, NULL},
        {MR_TARGET, true, {.name = NULL}, NULL},
        {MR_SOURCE, false, {.name = NULL}, LEFT_OUT "the run did not compare"},
        {MR_TARGET, false, {.name = NULL}, LEFT_OUT "the run did not compare"},
        {MR_SOURCE,
         false,
         {.name = "club.members", .verdict = MR_VERDICT_NOT_CHECKED},
         LEFT_OUT "was not checked"},
        {MR_SOURCE,
         false,
         {.name = "club.members", .verdict = MR_VERDICT_EQUAL, .windowed = true},
         LEFT_OUT "was checked only in part"},
        {MR_SOURCE,
         false,
         {.name = "club.members", .verdict = MR_VERDICT_EQUAL},
         LEFT_OUT "cannot be planned"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct parents t;
        struct mr_find_table known = cases[i].known;
        known.target_name = "club2.members";
        begin(&t, known.name != NULL ? &known : NULL, cases[i].members);
        graph_fk(&t.p.g, cases[i].side, "fk", "orders", "member_id", "members", "id");
        plan_graph(&t.p, "");
        parents_are(&t, cases[i].wanted);
        end(&t);
    }
}

/* A parent that only one side has was compared with nothing: that may be dismissed, another not. */
static void test_dismissed(void **state)
{
    static const struct {
        bool alone;
        const char *ini, *wanted;
    } cases[] = {
        {true, "", LEFT_OUT "is on one side only"},
        {true, "[table club.orders]\nreference = none: member_id\n", NULL},
        {false, "[table club.orders]\nreference = none: member_id\n",
         LEFT_OUT "the run did not compare"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct parents t;
        begin(&t, NULL, false);
        graph_fk(&t.p.g, MR_SOURCE, "fk", "orders", "member_id", "members", "id");
        if (cases[i].alone)
            t.p.g.tables[MR_TARGET][0].name = "renamed";
        plan_graph(&t.p, cases[i].ini);
        parents_are(&t, cases[i].wanted);
        end(&t);
    }
}

static void test_configured(void **state)
{
    static const struct {
        const char *ini, *wanted;
    } cases[] = {
        {"[table club.orders]\nreference = member_id -> club.members.id\n",
         LEFT_OUT "the run did not compare"},
        {"[table club.orders]\nreference = none: member_id\n", NULL},
        /* of a section with wildcards, whose column the table has not */
        {"[table club.*]\nreference = nobody -> club.members.id\n", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct parents t;
        begin(&t, NULL, false);
        plan_graph(&t.p, cases[i].ini);
        parents_are(&t, cases[i].wanted);
        end(&t);
    }
}

/* A table is named once, and the first five of many. */
static void test_many(void **state)
{
    struct parents t;
    (void)state;
    begin(&t, NULL, true);
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < LEN(names); i++) {
        graph_table(&t.p.g, names[i], "id", NULL);
        t.p.g.left_out[2 + i] = true;
    }
    for (size_t i = 0; i < 4; i++)
        graph_fk(&t.p.g, MR_SOURCE, "fk", "orders", "member_id", names[i], "id");
    for (size_t i = 0; i < 4; i++) /* those of both sides are one */
        graph_fk(&t.p.g, MR_TARGET, "fk", "orders", "member_id", names[i + 2], "id");
    plan_graph(&t.p, "");
    parents_are(&t, "table \"club.orders\" refers to \"club.a\", which the run did not compare; "
                    "table \"club.orders\" refers to \"club.b\", which the run did not compare; "
                    "table \"club.orders\" refers to \"club.c\", which the run did not compare; "
                    "table \"club.orders\" refers to \"club.d\", which the run did not compare; "
                    "table \"club.orders\" refers to \"club.e\", which the run did not compare; "
                    "and 1 more");
    end(&t);
}

/* A foreign key between columns of unlike types leads nowhere. */
static void test_unlike(void **state)
{
    struct parents t;
    (void)state;
    begin(&t, NULL, true);
    graph_table(&t.p.g, "lines", "id member_id:date?", NULL);
    graph_fk(&t.p.g, MR_SOURCE, "fk_odd", "lines", "member_id", "members", "id");
    plan_graph(&t.p, "");
    parents_are(&t, "reference \"fk_odd\" of table \"club.lines\" to \"club.members\" cannot be "
                    "followed: its columns are not of one type on both servers");
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign_keys), cmocka_unit_test(test_dismissed),
        cmocka_unit_test(test_configured),   cmocka_unit_test(test_many),
        cmocka_unit_test(test_unlike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
