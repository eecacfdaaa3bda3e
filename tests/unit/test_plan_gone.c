/* test_plan_gone.c: tables that the run compared and that cannot be planned any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_graph.h"
#include "repair/plan/plan_gone.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static enum mr_code probe_code;
static const char *probed;

enum mr_code __wrap_mr_reader_probe(struct mr_reader *reader, const char *db, const char *table,
                                    const char *column, struct mr_err *err);
enum mr_code __wrap_mr_reader_probe(struct mr_reader *reader, const char *db, const char *table,
                                    const char *column, struct mr_err *err)
{
    static char seen[64];
    (void)reader, (void)column;
    (void)snprintf(seen, sizeof seen, "%s.%s", db, table);
    probed = seen;
    if (probe_code != MR_OK) {
        (void)mr_err_set(err, probe_code, "the server says so");
        mr_err_hint(err, "GRANT it");
    }
    return probe_code;
}

struct gone {
    struct graph g;
    struct mr_sides sides;
};

static const char *const dbs[MR_SIDES][1] = {{"club"}, {"club2"}};

static void begin(struct gone *t)
{
    memset(t, 0, sizeof *t);
    probe_code = MR_OK;
    probed = NULL;
    graph_begin(&t->g);
    graph_table(&t->g, "members", "id", NULL);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        t->sides.side[side] = t->g.servers[side];
        t->sides.side[side].dbs = dbs[side];
        t->sides.side[side].ndbs = 1;
    }
}

static void gone_is(struct gone *t, const struct mr_find_table *known,
                    const struct mr_plan_fate *fates, size_t n,
                    const struct mr_plan_patterns *patterns, enum mr_code code, const char *wanted)
{
    struct mr_err err = {0};
    const struct mr_plan_gone_task task = {.sides = &t->sides,
                                           .patterns = patterns,
                                           .known = known,
                                           .fates = fates,
                                           .nknown = n,
                                           .arena = &t->g.arena};
    const enum mr_code got = mr_plan_gone_check(&task, &err);
    if (got != code || (wanted != NULL && strcmp(err.message, wanted) != 0))
        fail_msg("%d: %s", got, err.message);
    if (got == MR_E_REFUSED)
        assert_non_null(strstr(mr_err_get_hint(&err), "--exclude '"));
}

#define GONE "the run compared what cannot be planned now: "

static void test_fates(void **state)
{
    static const struct {
        struct mr_find_table known;
        struct mr_plan_fate fate;
        enum mr_code probe, code;
        const char *wanted, *probed;
    } cases[] = {
        {{.name = "club.members"}, {.planned = true}, MR_OK, MR_OK, NULL, NULL},
        /* the run says so of them itself */
        {{.name = "club.x", .windowed = true}, {.planned = false}, MR_OK, MR_OK, NULL, NULL},
        {{.name = "club.x", .verdict = MR_VERDICT_NOT_CHECKED},
         {.planned = false},
         MR_OK,
         MR_OK,
         NULL,
         NULL},
        {{.name = "club.members"},
         {.why = "no column is common"},
         MR_OK,
         MR_E_REFUSED,
         GONE "\"club.members\" cannot be planned: no column is common",
         NULL},
        {{.name = "club.x", .counts = {.missing = 1}},
         {.planned = false},
         MR_E_NO_SUCH,
         MR_E_REFUSED,
         GONE "\"club.x\" is no longer on the source (1 row of it differs)",
         "club.x"},
        /* it is on SOURCE still: TARGET has it no more, under its own name of the database */
        {{.name = "club.members", .counts = {.extra = 2, .changed = 3, .collision = 1}},
         {.planned = false},
         MR_E_NO_SUCH,
         MR_E_REFUSED,
         GONE "\"club.members\" is no longer on the target (6 rows of it differ)",
         "club2.members"},
        {{.name = "club.x"},
         {.planned = false},
         MR_OK,
         MR_E_REFUSED,
         GONE "\"club.x\" is no table any more on the source",
         "club.x"},
        {{.name = "club.x"},
         {.planned = false},
         MR_E_DENIED,
         MR_E_REFUSED,
         GONE "\"club.x\" cannot be seen by the account on the source",
         "club.x"},
        {{.name = "club.x"},
         {.planned = false},
         MR_E_LOST,
         MR_E_LOST,
         "the server says so",
         "club.x"},
        {{.name = "club.a.b"},
         {.planned = false},
         MR_E_NO_SUCH,
         MR_E_REFUSED,
         GONE "\"club.a.b\" is no longer on the source",
         "club.a.b"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct gone t;
        begin(&t);
        probe_code = cases[i].probe;
        gone_is(&t, &cases[i].known, &cases[i].fate, 1, NULL, cases[i].code, cases[i].wanted);
        if (cases[i].probed == NULL)
            assert_null(probed);
        else
            assert_string_equal(probed, cases[i].probed);
        graph_end(&t.g);
    }
}

/* What nobody means is nobody's loss. */
static void test_patterns(void **state)
{
    static const char *tables[] = {"club.m*"}, *exclude[] = {"*.members"};
    static const struct mr_find_table known = {.name = "club.members"};
    static const struct mr_plan_fate fate = {.why = "so"};
    const struct mr_string_list some = {tables, 1}, none = {NULL, 0}, but = {exclude, 1};
    const struct mr_plan_patterns all = {&none, &none}, meant = {&some, &none},
                                  left = {&none, &but};
    struct gone t;
    (void)state;
    begin(&t);
    gone_is(&t, &known, &fate, 1, &all, MR_E_REFUSED, NULL);
    gone_is(&t, &known, &fate, 1, &meant, MR_E_REFUSED, NULL);
    gone_is(&t, &known, &fate, 1, &left, MR_OK, NULL);
    graph_end(&t.g);
}

/* The first five are named. */
static void test_many(void **state)
{
    static const struct mr_find_table known[] = {
        {.name = "club.a"}, {.name = "club.b"}, {.name = "club.c"}, {.name = "club.d"},
        {.name = "club.e"}, {.name = "club.f"}, {.name = "club.g"}};
    static const struct mr_plan_fate fates[LEN(known)];
    struct gone t;
    (void)state;
    begin(&t);
    probe_code = MR_E_NO_SUCH;
    gone_is(&t, known, fates, LEN(known), NULL, MR_E_REFUSED,
            GONE "\"club.a\" is no longer on the source; \"club.b\" is no longer on the source; "
                 "\"club.c\" is no longer on the source; \"club.d\" is no longer on the source; "
                 "\"club.e\" is no longer on the source; and 2 more");
    graph_end(&t.g);
}

/* Databases that the plan's URI does not name are left out, and that is said. */
static void test_elsewhere(void **state)
{
    static const struct mr_find_table known = {.name = "other.x"};
    static const struct mr_plan_fate fate = {.planned = false};
    struct gone t;
    (void)state;
    begin(&t);
    gone_is(&t, &known, &fate, 1, NULL, MR_OK, NULL);
    assert_null(probed);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        t.sides.side[side].ndbs = 0; /* all are meant */
    probe_code = MR_E_NO_SUCH;
    gone_is(&t, &known, &fate, 1,
            &(struct mr_plan_patterns){&(struct mr_string_list){NULL, 0},
                                       &(struct mr_string_list){NULL, 0}},
            MR_E_REFUSED, GONE "\"other.x\" is no longer on the source");
    graph_end(&t.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fates),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
