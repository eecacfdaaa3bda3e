/* test_copy_sequence.c: sequences above the keys that come: what both sides have given out in, what
 * TARGET's is raised to out. */
#include "copy_world.h"

#include "capture.h"
#include "core/schema/sequence.h"
#include "repair/reseed/reseed_read.h"

static uint64_t greatest_of[MR_SIDES];
static struct mr_sequence there;
static bool read_fails, sequence_fails;

enum mr_code __wrap_mr_reseed_read(const struct mr_server_side side[MR_SIDES],
                                   const struct mr_reseed_pair *pair, uint64_t next[MR_SIDES],
                                   uint64_t greatest[MR_SIDES], struct mr_err *err);
enum mr_code __wrap_mr_reseed_read(const struct mr_server_side side[MR_SIDES],
                                   const struct mr_reseed_pair *pair, uint64_t next[MR_SIDES],
                                   uint64_t greatest[MR_SIDES], struct mr_err *err)
{
    (void)side;
    assert_string_equal(pair->column[MR_TARGET]->name, "id");
    memset(next, 0, sizeof greatest_of);
    memcpy(greatest, greatest_of, sizeof greatest_of);
    return read_fails ? mr_err_set(err, MR_E_LOST, "the server is gone") : MR_OK;
}

enum mr_code __wrap_mr_sequence_read(struct mr_db *db, const char *dbname, const char *name,
                                     struct mr_sequence *out, struct mr_err *err);
enum mr_code __wrap_mr_sequence_read(struct mr_db *db, const char *dbname, const char *name,
                                     struct mr_sequence *out, struct mr_err *err)
{
    (void)db;
    assert_string_equal(dbname, "li`ve");
    assert_string_equal(name, "o'dd");
    *out = there;
    return sequence_fails ? mr_err_set(err, MR_E_SQL, "SELECT denied") : MR_OK;
}

static struct copy_world *build(void)
{
    struct copy_world *cw = copy_new();
    world_table(&cw->w, "bills", "id:uint# note:text?");
    cw->w.planned[0].sequence_db = "li`ve";
    cw->w.planned[0].sequence = "o'dd";
    read_fails = sequence_fails = false;
    copy_open(cw);
    return cw;
}

#define RAISED "SELECT tbl, next, start, step, counter, margin, ids FROM plan_table"
#define TO(next, step) "d.bills " next " " next " " step " " next " 0 0"
#define MOST UINT64_MAX

static const struct {
    const char *what;
    uint64_t greatest[MR_SIDES];
    struct mr_sequence there; /* next, maximum, start, increment, descends, cycles, below */
    const char *expected;
    bool warned;
} cases[] = {
    {"above SOURCE's keys", {20, 5}, {6, MOST, 1, 1, 0, 0, 0}, TO("21", "1"), false},
    {"above TARGET's keys", {5, 20}, {6, MOST, 1, 1, 0, 0, 0}, TO("21", "1"), false},
    {"above all already", {20, 5}, {22, MOST, 1, 1, 0, 0, 0}, "", false},
    {"just above", {20, 5}, {21, MOST, 1, 1, 0, 0, 0}, "", false},
    {"at the last one", {20, 5}, {20, MOST, 1, 1, 0, 0, 0}, TO("21", "1"), false},
    {"of empty tables", {0, 0}, {1, MOST, 1, 1, 0, 0, 0}, "", false},
    {"below zero", {20, 5}, {0, MOST, 1, 1, 0, 0, 0}, TO("21", "1"), false},
    {"in steps from its start", {20, 5}, {6, MOST, 1, 10, 0, 0, 0}, TO("21", "10"), false},
    {"to the next step", {21, 5}, {6, MOST, 1, 10, 0, 0, 0}, TO("31", "10"), false},
    {"whose start is none of its steps' remainders",
     {20, 5},
     {6, MOST, 13, 10, 0, 0, 0},
     TO("23", "10"),
     false},
    {"whose start is a multiple of its steps",
     {20, 5},
     {6, MOST, 10, 10, 0, 0, 0},
     TO("30", "10"),
     false},
    {"in the server's steps", {20, 5}, {6, MOST, 1, 0, 0, 0, 0}, TO("21", "1"), false},
    {"it counts down", {20, 5}, {6, MOST, 100, 1, 1, 0, 0}, "", false},
    {"its very end", {20, 5}, {6, 21, 1, 1, 0, 0, 0}, TO("21", "1"), false},
    {"it ends before", {20, 5}, {6, 20, 1, 1, 0, 0, 0}, "", true},
    {"nothing is above 2^64-1", {MOST, 5}, {6, MOST, 1, 1, 0, 0, 0}, "", true},
    {"no step is", {MOST - 1, 5}, {6, MOST, 1, 10, 0, 0, 0}, "", true},
};

static void test_cases(void **state)
{
    static struct capture c;
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct copy_world *cw = build();
        memcpy(greatest_of, cases[i].greatest, sizeof greatest_of);
        there = cases[i].there;
        copy_slot(cw, 1, 0, "20|a", NULL, MR_STEP_INSERT);
        capture_begin(&c, CAPTURE_FILE, 0);
        const enum mr_code code = mr_copy_sequences(&cw->c, &cw->w.err);
        capture_end(&c);
        assert_int_equal(code, MR_OK);
        const char *got = world_ask(&cw->w, RAISED);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        if ((strstr(c.text, "cannot be raised above the keys of table") != NULL) != cases[i].warned)
            fail_msg("%s: %s", cases[i].what, c.text);
        copy_free(cw);
    }
}

/* Only where a row comes with a key of its own. */
static void test_who(void **state)
{
    const struct {
        const char *what;
        int op;
        bool planned;
        const char *set;
        bool raised;
    } who[] = {
        {"a row comes", MR_STEP_INSERT, true, "kind=NULL", true},
        {"it is a conflict", MR_STEP_INSERT, true, "kind='unique'", false},
        {"it is changed", MR_STEP_UPDATE, true, "kind=NULL", false},
        {"of a table that is not written", MR_STEP_INSERT, false, "kind=NULL", false},
        {"of another table", MR_STEP_INSERT, true, "tbl=1", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(who); i++) {
        struct copy_world *cw = build();
        struct mr_strbuf sql = MR_STRBUF_INIT;
        greatest_of[MR_SOURCE] = 20;
        there = (struct mr_sequence){.next = 1, .maximum = MOST, .increment = 1};
        cw->planned[0] = who[i].planned;
        copy_slot(cw, 1, 0, "20|a", "20|b", who[i].op);
        mr_strbuf_add_fmt(&sql, "UPDATE c SET %s", who[i].set);
        copy_sql(cw, sql.ptr);
        copy_run(cw, mr_copy_sequences(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, "SELECT count(*) FROM plan_table");
        if (strcmp(got, who[i].raised ? "1" : "0") != 0)
            fail_msg("%s: %s", who[i].what, got);
        mr_strbuf_release(&sql);
        copy_free(cw);
    }
}

static struct copy_world *build_few(void)
{
    struct copy_world *cw = build();
    greatest_of[MR_SOURCE] = 20;
    there = (struct mr_sequence){.next = 1, .maximum = MOST, .increment = 1};
    copy_slot(cw, 1, 0, "20|a", NULL, MR_STEP_INSERT);
    return cw;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_sequences);
    for (int kind = 0; kind < 2; kind++) {
        struct copy_world *cw = build_few();
        read_fails = kind == 0;
        sequence_fails = kind == 1;
        copy_refuse(cw, mr_copy_sequences(&cw->c, &cw->w.err), kind == 0 ? MR_E_LOST : MR_E_SQL,
                    kind == 0 ? "gone" : "denied");
        copy_expect(cw, "SELECT count(*) FROM plan_table", "0");
        copy_free(cw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_who),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
