/* test_copy_park.c: how a row makes way for another one: columns and what they hold in, what is parked
 * out. */
#include "copy_world.h"

enum { MEMBERS, CARDS };
enum { INVITER, HOLDER };

/* Of members the mobile may be empty, the badge may not; cards refer to the code. */
static struct copy_world *build(void)
{
    struct copy_world *cw = copy_new();
    struct world *w = &cw->w;
    world_table(w, "members", "id:int# mobile:text? badge:int code:int inviter:int? sum:int=");
    world_table(w, "cards", "no:int* code:int holder:int?");
    world_reference(w, MEMBERS, "inviter", MEMBERS, "id");
    world_reference(w, CARDS, "code", MEMBERS, "code");
    copy_open(cw);
    return cw;
}

#define BREAKS "SELECT slot, how, what, col, value FROM cycle_break ORDER BY slot, how, what"

static const struct {
    const char *what;
    size_t table;
    const char *unique, *expected; /* columns of the index; "": nothing can be done */
} cases[] = {
    {"one that may be empty", MEMBERS, "mobile", "7 1 0 1 NULL"},
    {"one that may not", MEMBERS, "badge", "7 1 0 2 2147483647"},
    {"the one that may be empty first", MEMBERS, "badge+mobile", "7 1 0 1 NULL"},
    {"the key stays", MEMBERS, "id", ""},
    {"one that nobody counts, too", CARDS, "no", ""},
    {"what others refer to stays", MEMBERS, "code", ""},
    {"what the server computes stays", MEMBERS, "sum", ""},
    {"the other one of two", MEMBERS, "id+code+badge", "7 1 0 2 2147483647"},
    {"a reference is left empty", MEMBERS, "inviter", "7 1 0 4 NULL"},
    {"and never leads to somebody made up", CARDS, "code", ""},
    {"nor where another column may be empty", CARDS, "code+holder", "7 1 0 2 NULL"},
};

static void test_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct copy_world *cw = build();
        bool done = cases[i].expected[0] == '\0';
        world_unique(&cw->w, cases[i].table, "u", cases[i].unique);
        copy_run(cw, mr_copy_park_unique(&cw->c, &cw->w.planned[cases[i].table], 7, 0, &done,
                                         &cw->w.err));
        const char *got = world_ask(&cw->w, BREAKS);
        if (strcmp(got, cases[i].expected) != 0 || done != (cases[i].expected[0] != '\0'))
            fail_msg("%s: %s", cases[i].what, got);
        copy_free(cw);
    }
}

/* What a server fills in, or is read otherwise than it is written, has no values of ours. */
static void test_not_movable(void **state)
{
    for (int kind = 0; kind < 3; kind++) {
        struct copy_world *cw = build();
        struct world_table *t = &cw->w.tables[MEMBERS];
        bool done = false;
        (void)state;
        world_unique(&cw->w, MEMBERS, "u", "badge");
        t->columns[MR_TARGET][2].auto_increment = kind == 0;
        t->cols[2].expr = kind == 1 ? MR_EXPR_UTF8 : MR_EXPR_COLUMN;
        copy_run(cw, mr_copy_park_unique(&cw->c, &cw->w.planned[MEMBERS], 7, 0, &done, &cw->w.err));
        assert_int_equal(done, kind == 2);
        copy_free(cw);
    }
}

/* An identity that no index keeps stands behind the indexes. */
static void test_identity(void **state)
{
    static const size_t badge[] = {2};
    struct copy_world *cw = build();
    bool done = false;
    (void)state;
    world_unique(&cw->w, MEMBERS, "u", "mobile");
    cw->w.planned[MEMBERS].named_by = (struct mr_plan_columns){badge, 1};
    copy_run(cw, mr_copy_park_unique(&cw->c, &cw->w.planned[MEMBERS], 7, 1, &done, &cw->w.err));
    copy_expect(cw, BREAKS, "7 1 1 2 2147483647");
    copy_free(cw);
}

/* Rows of a table without a key are not updated. */
static void test_keyless(void **state)
{
    struct copy_world *cw = copy_new();
    bool done = true;
    (void)state;
    world_table(&cw->w, "log", "note:text?");
    world_unique(&cw->w, 0, "u", "note");
    copy_open(cw);
    copy_run(cw, mr_copy_park_unique(&cw->c, &cw->w.planned[0], 7, 0, &done, &cw->w.err));
    assert_false(done);
    copy_expect(cw, BREAKS, "");
    copy_free(cw);
}

/* A value is free where no row of either side has it, and given to one row only. */
static void test_free_values(void **state)
{
    struct copy_world *cw = build();
    bool done = false;
    (void)state;
    world_unique(&cw->w, MEMBERS, "u", "badge");
    world_unique(&cw->w, MEMBERS, "v", "badge+id");
    world_source(&cw->w, MEMBERS, "1|a|2147483647|1|NULL|0"); /* it comes */
    world_target(&cw->w, MEMBERS, "2|a|2147483645|1|NULL|0");
    for (int64_t slot = 1; slot <= 3; slot++)
        copy_run(cw, mr_copy_park_unique(&cw->c, &cw->w.planned[MEMBERS], slot, slot == 3, &done,
                                         &cw->w.err));
    copy_expect(cw, BREAKS, "1 1 0 2 2147483646; 2 1 0 2 2147483644; 3 1 1 2 2147483643");
    copy_free(cw);
}

/* A column that is full has none; another one has. */
static void test_full(void **state)
{
    struct copy_world *cw = build();
    struct world_table *t = &cw->w.tables[MEMBERS];
    bool done = true;
    (void)state;
    t->columns[MR_TARGET][2].data_type = "tinyint";
    t->columns[MR_TARGET][2].type = "tinyint(4)";
    for (int i = -128; i <= 127; i++) {
        char *row = mr_arena_alloc(&cw->w.arena, 32);
        (void)snprintf(row, 32, "%d|a|%d|1|NULL|0", i + 200, i);
        world_has(&cw->w, i % 2 == 0 ? MR_SOURCE : MR_TARGET, MEMBERS, row);
    }
    world_unique(&cw->w, MEMBERS, "u", "badge");
    copy_run(cw, mr_copy_park_unique(&cw->c, &cw->w.planned[MEMBERS], 1, 0, &done, &cw->w.err));
    assert_false(done);
    const size_t reads = cw->w.reads;
    copy_run(cw, mr_copy_park_unique(&cw->c, &cw->w.planned[MEMBERS], 2, 0, &done, &cw->w.err));
    assert_false(done);
    assert_int_equal(cw->w.reads, reads); /* it is not read again for each row */
    copy_free(cw);
}

/* A type of which no value can be counted has none, at once. */
static void test_no_candidates(void **state)
{
    struct copy_world *cw = build();
    bool done = true;
    (void)state;
    cw->w.tables[MEMBERS].columns[MR_TARGET][2].data_type = "bit";
    cw->w.tables[MEMBERS].columns[MR_TARGET][2].type = "bit(8)";
    cw->w.tables[MEMBERS].find[2].style.cls = MR_CLASS_UINT;
    world_unique(&cw->w, MEMBERS, "u", "badge");
    copy_run(cw, mr_copy_park_unique(&cw->c, &cw->w.planned[MEMBERS], 1, 0, &done, &cw->w.err));
    assert_false(done);
    copy_free(cw);
}

/* ---- references ---- */

static void test_references(void **state)
{
    const struct {
        const char *what, *columns, *from;
        enum mr_copy_break how;
        const char *expected;
    } references[] = {
        {"parked", "id:int# up:int?", "up", MR_BREAK_PARK, "7 2 0 0 -"},
        {"closed at the end", "id:int# up:int?", "up", MR_BREAK_OPEN, "7 3 0 0 -"},
        {"never empty", "id:int# up:int", "up", MR_BREAK_OPEN, ""},
        {"part of the key", "id:int* up:int*?", "up", MR_BREAK_OPEN, ""},
        {"computed", "id:int# up:int?=", "up", MR_BREAK_PARK, ""},
        {"one column of two", "id:int# a:int up:int?", "a+up", MR_BREAK_OPEN, "7 3 0 0 -"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(references); i++) {
        struct copy_world *cw = copy_new();
        bool done = references[i].expected[0] == '\0';
        world_table(&cw->w, "t", references[i].columns);
        world_reference(&cw->w, 0, references[i].from, 0, references[i].from);
        copy_open(cw);
        for (int twice = 0; twice < 2; twice++) /* is once */
            copy_run(cw,
                     mr_copy_break_reference(&cw->c, 7, 0, references[i].how, &done, &cw->w.err));
        const char *got = world_ask(&cw->w, BREAKS);
        if (strcmp(got, references[i].expected) != 0 || done != (got[0] != '\0'))
            fail_msg("%s: %s", references[i].what, got);
        copy_free(cw);
    }
}

/* ---- failures ---- */

static struct copy_world *build_few(void)
{
    struct copy_world *cw = build();
    world_unique(&cw->w, MEMBERS, "u", "badge");
    return cw;
}

static enum mr_code work(struct mr_copy *c, struct mr_err *err)
{
    bool done = false;
    MR_TRY(mr_copy_break_reference(c, 7, INVITER, MR_BREAK_PARK, &done, err));
    return mr_copy_park_unique(c, &c->m.plan->tables[MEMBERS], 7, 0, &done, err);
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),       cmocka_unit_test(test_not_movable),
        cmocka_unit_test(test_identity),      cmocka_unit_test(test_keyless),
        cmocka_unit_test(test_free_values),   cmocka_unit_test(test_full),
        cmocka_unit_test(test_no_candidates), cmocka_unit_test(test_references),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
