/* test_check_suspects.c: advice on references that nothing declares: what is asked, and said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "recon/check/check_suspects.h"

enum { MEMBERS, ORDERS };

static void begin(struct world *w, const char *columns, const char *target_columns)
{
    world_begin(w);
    graph_table(&w->g, "members", "id", NULL);
    graph_table(&w->g, "orders", columns, target_columns);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        for (size_t i = 0; i < 2 * GRAPH_COLUMNS; i++)
            w->g.sides[side][i / GRAPH_COLUMNS].indexes[i % GRAPH_COLUMNS].kind = "BTREE";
}

static void plan(struct world *w, const char *ini)
{
    static const size_t first = 0;
    world_plan(w, ini);
    for (size_t i = 0; i < 2; i++) {
        world_pair(w, i)->key_columns = &first;
        world_pair(w, i)->nkey_columns = 1;
    }
    w->check.run.objects_done = w->check.run.kin_done = true;
}

/* "club.orders.member_id: looks like …" a line each */
static void show(struct world *w, struct mr_strbuf *out)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec advice = MR_VEC_INIT(struct mr_find_advice);
    world_require(mr_findings_advice(w->check.fd, &arena, &advice, NULL));
    for (size_t i = 0; i < advice.count; i++) {
        const struct mr_find_advice *a = mr_vec_at(&advice, i);
        mr_strbuf_add_fmt(out, "%s.%s: %s\n%s\n", a->table, a->column, a->text, a->config);
    }
    mr_vec_release(&advice);
    mr_arena_release(&arena);
}

static const char advised[] =
    "looks like a reference to club.members.id that is not declared: the values sampled on both "
    "sides are all keys there";

static void test_by_name(void **state)
{
    static const struct {
        const char *what, *columns, *target, *ini;
        const char *source_counts, *target_counts; /* sampled, and keys */
        bool advised;
    } cases[] = {
        {"all values are keys", "id member_id:int!", NULL, "", "9|9", "7|7", true},
        {"one side has none at all", "id member_id:int!", NULL, "", "9|9", "0|0", true},
        {"both have none", "id member_id:int!", NULL, "", "0|0", "0|0", false},
        {"one value on SOURCE is none", "id member_id:int!", NULL, "", "9|8", "7|7", false},
        {"one value on TARGET is none", "id member_id:int!", NULL, "", "9|9", "7|6", false},
        {"no index: no short look", "id member_id:int", NULL, "", "9|9", "7|7", false},
        {"an index on one side only", "id member_id:int!", "id member_id:int", "", "9|9", "7|7",
         false},
        {"another type", "id member_id:uint!", NULL, "", "9|9", "7|7", false},
        {"a name that means no table", "id amount:int!", NULL, "", "9|9", "7|7", false},
        {"declared", "id member_id:int!", NULL,
         "[table club.orders]\nreference = member_id -> club.members.id\n", "9|9", "7|7", false},
        {"dismissed", "id member_id:int!", NULL,
         "[table club.orders]\nreference = none: member_id\n", "9|9", "7|7", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct world_answer answers[] = {
            {"FROM (SELECT v FROM (SELECT `member_id` AS v FROM `club`.", cases[i].source_counts,
             MR_OK, 0},
            {"FROM (SELECT v FROM (SELECT `member_id` AS v FROM `club2`.", cases[i].target_counts,
             MR_OK, 0},
            {"SELECT (SELECT", "1|9", MR_OK, 0}};
        struct world w;
        struct mr_strbuf text = MR_STRBUF_INIT;
        begin(&w, cases[i].columns, cases[i].target);
        plan(&w, cases[i].ini);
        world_answers(answers, LEN(answers));
        assert_int_equal(mr_check_suspects(&w.check, NULL), MR_OK);
        show(&w, &text);
        if ((strstr(text.ptr, advised) != NULL) != cases[i].advised)
            fail_msg("%s: %s", cases[i].what, text.ptr);
        if (cases[i].advised)
            assert_non_null(strstr(text.ptr, "reference = member_id -> club.members.id"));
        mr_strbuf_release(&text);
        world_end(&w);
    }
}

static void test_foreign_key(void **state)
{
    static const struct world_answer answers[] = {{"COUNT(*)", "9|9", MR_OK, 0},
                                                  {"SELECT (SELECT", "1|9", MR_OK, 0}};
    (void)state;
    /* of either side */
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct world w;
        struct mr_strbuf text = MR_STRBUF_INIT;
        begin(&w, "id member_id:int!", NULL);
        graph_fk(&w.g, (enum mr_side)side, "fk", "orders", "member_id", "members", "id");
        plan(&w, "");
        world_answers(answers, LEN(answers));
        assert_int_equal(mr_check_suspects(&w.check, NULL), MR_OK);
        show(&w, &text);
        assert_int_equal(text.len, 0);
        mr_strbuf_release(&text);
        world_end(&w);
    }
}

/* What a counter or an expression makes is not written by anybody; nor could a foreign key be
 * declared between integers of two widths. */
static void test_columns_that_cannot_refer(void **state)
{
    static const struct world_answer answers[] = {{"COUNT(*)", "9|9", MR_OK, 0},
                                                  {"SELECT (SELECT", "1|9", MR_OK, 0}};
    (void)state;
    for (int why = 0; why < 4; why++) {
        struct world w;
        struct mr_strbuf text = MR_STRBUF_INIT;
        begin(&w, "id member_id:int!", NULL);
        struct mr_column *c = &w.g.sides[MR_TARGET][ORDERS].columns[1];
        c->auto_increment = why == 1;
        c->generated = why == 2;
        c->data_type = why == 3 ? "smallint" : c->data_type;
        plan(&w, "");
        world_answers(answers, LEN(answers));
        assert_int_equal(mr_check_suspects(&w.check, NULL), MR_OK);
        show(&w, &text);
        assert_int_equal(text.len > 0, why == 0);
        mr_strbuf_release(&text);
        world_end(&w);
    }
}

/* By what a column holds, where its name or its type says nothing. */
static void test_by_value(void **state)
{
    struct world w;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    begin(&w, "id member_id:int", NULL);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        w.g.sides[side][MEMBERS].columns[0].auto_increment = true;
    plan(&w, "");
    w.side[MR_SOURCE].greatest = 9;
    world_put_both(&w, ORDERS, "1|7");
    world_finding(&w, MEMBERS, "7", NULL);
    assert_int_equal(mr_check_suspects(&w.check, NULL), MR_OK);
    show(&w, &text);
    assert_non_null(strstr(text.ptr, "club.orders.member_id: looks like a reference that is not "
                                     "declared: it holds ids of club.members that one side only "
                                     "has, or that mean somebody else there\n"));
    mr_strbuf_release(&text);
    world_end(&w);
}

/* Advice is a courtesy: only what must end a run ends it. */
static void test_breaks(void **state)
{
    static const struct {
        enum mr_code fail, code;
    } cases[] = {
        {MR_E_DENIED, MR_OK},
        {MR_E_SQL, MR_OK},
        {MR_E_LOST, MR_OK},
        {MR_E_NOMEM, MR_E_NOMEM},
        {MR_E_CANCELLED, MR_E_CANCELLED},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct world_answer answer = {"SELECT (SELECT", NULL, cases[i].fail, 0};
        struct world w;
        struct mr_err err = {0};
        struct mr_strbuf text = MR_STRBUF_INIT;
        begin(&w, "id member_id:int!", NULL);
        plan(&w, "");
        world_answers(&answer, 1);
        assert_int_equal(mr_check_suspects(&w.check, &err), cases[i].code);
        assert_int_equal(err.code, cases[i].code);
        show(&w, &text);
        assert_int_equal(text.len, 0);
        mr_strbuf_release(&text);
        world_end(&w);
    }
}

/* A run that is not complete gives none, and asks nobody; nor is an earlier try's left. */
static void test_incomplete(void **state)
{
    static const struct world_answer answers[] = {{"COUNT(*)", "9|9", MR_OK, 0},
                                                  {"SELECT (SELECT", "1|9", MR_OK, 0}};
    (void)state;
    for (int why = 0; why < 3; why++) {
        struct world w;
        struct mr_strbuf text = MR_STRBUF_INIT;
        begin(&w, "id member_id:int!", NULL);
        plan(&w, "");
        world_answers(answers, LEN(answers));
        assert_int_equal(mr_check_suspects(&w.check, NULL), MR_OK);
        atomic_store(&w.check.lost, why == 0);
        w.check.run.objects_done = why != 1;
        w.check.run.kin_done = why != 2;
        world_answers(answers, LEN(answers));
        assert_int_equal(mr_check_suspects(&w.check, NULL), MR_OK);
        show(&w, &text);
        assert_int_equal(text.len, 0);
        assert_int_equal(world_server.log.len, 0);
        mr_strbuf_release(&text);
        world_end(&w);
    }
}

/* A snapshot cannot be sampled: nothing is advised by half. */
static void test_snapshot(void **state)
{
    static const struct world_answer answers[] = {{"COUNT(*)", "9|9", MR_OK, 0},
                                                  {"SELECT (SELECT", "1|9", MR_OK, 0}};
    (void)state;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct world w;
        struct mr_strbuf text = MR_STRBUF_INIT;
        begin(&w, "id member_id:int!", NULL);
        world_snapshot(&w, (enum mr_side)side);
        plan(&w, "");
        world_answers(answers, LEN(answers));
        assert_int_equal(mr_check_suspects(&w.check, NULL), MR_OK);
        show(&w, &text);
        assert_int_equal(text.len, 0);
        mr_strbuf_release(&text);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_that_cannot_refer),
        cmocka_unit_test(test_by_name),
        cmocka_unit_test(test_foreign_key),
        cmocka_unit_test(test_by_value),
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_incomplete),
        cmocka_unit_test(test_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
