/* test_merge_value.c: rows that both sides have with other values, and the test of the bound. */
#include "told_world.h"

#include "core/row/when.h"
#include "repair/merge/merge_bounds.h"
#include "repair/merge/merge_value.h"

enum { MEMBERS, ORDERS };

static struct mr_when split;

/* members, known by their mobiles; `level` is what the server computes, `seen` is ignored. */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members",
                "id:int# mobile:text! name:text? level:int= seen:int~ made:datetime?@ "
                "edited:datetime?^");
    world_table(w, "orders", "id:int# member:int? note:text?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    w->merged[MEMBERS].bound.base = 100;
    w->merged[ORDERS].bound.base = 100;
    world_open(w);
    if (mr_when_parse(&split, "2026-04-02 12:00:00", NULL) != MR_OK)
        abort();
}

#define OLD "2026-01-01 00:00:00"
#define EARLY "2026-04-02 11:59:59"
#define LATE "2026-04-02 12:00:00"

static void test_kinds(void **state)
{
    const struct {
        const char *row, *there;
        bool split;
        const char *kind;
        uint64_t live_only;
    } cases[] = {
        {"1|017|a|1|1|" OLD "|NULL", "1|017|a|1|1|" OLD "|NULL", false, "-", 0},
        {"1|017|a|1|1|" OLD "|NULL", "1|017|b|1|1|" OLD "|NULL", false, "changed", 0},
        {"1|017|NULL|1|1|" OLD "|NULL", "1|017||1|1|" OLD "|NULL", false, "changed", 0},
        {"1|017|a|1|1|" OLD "|NULL", "1|017|a|2|9|" OLD "|NULL", false, "-", 0},
        /* the same identity to the collation is the same person, and a change all the same */
        {"1|ab|a|1|1|" OLD "|NULL", "1|AB |a|1|1|" OLD "|NULL", false, "changed", 0},
        {"1|017|a|1|1|" OLD "|NULL", "1|018|a|1|1|" OLD "|NULL", false, "identity-changed", 0},
        /* who has edited it since TIME; without one nobody can say */
        {"1|017|a|1|1|" OLD "|" LATE, "1|017|b|1|1|" OLD "|" EARLY, true, "changed-in-source", 0},
        {"1|017|a|1|1|" OLD "|" EARLY, "1|017|b|1|1|" OLD "|" LATE, true, "-", 1},
        {"1|017|a|1|1|" OLD "|" LATE, "1|017|b|1|1|" OLD "|" LATE, true, "changed", 0},
        {"1|017|a|1|1|" OLD "|" EARLY, "1|017|b|1|1|" OLD "|" EARLY, true, "changed", 0},
        {"1|017|a|1|1|" OLD "|NULL", "1|017|b|1|1|" OLD "|" LATE, true, "changed", 0},
        {"1|017|a|1|1|" OLD "|" LATE, "1|017|b|1|1|" OLD "|" EARLY, false, "changed", 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        w->options.split_at = cases[i].split ? &split : NULL;
        world_row(w, 1, MEMBERS, cases[i].row, cases[i].there, "grp='base'");
        world_run(w, mr_merge_value(&w->m, MEMBERS, 1, &w->err));
        const char *got = world_ask(w, "SELECT kind FROM m");
        if (strcmp(got, cases[i].kind) != 0 || w->result.live_only != cases[i].live_only)
            fail_msg("case %zu: %s, %d", i, got, (int)w->result.live_only);
        world_free(w);
    }
}

/* A key of the past that two different people hold belies the bound, unless a person named it,
 * or both were created at one moment. */
static void test_bound(void **state)
{
    const struct {
        const char *row, *there, *origin, *words; /* NULL: taken */
    } cases[] = {
        {"7|017|a|1|1|" OLD "|NULL", "7|018|b|1|1|" LATE "|NULL", "equal rows",
         "key 7 of table \"d.members\" is held by two different rows"},
        {"7|017|a|1|1|" OLD "|NULL", "7|018|b|1|1|" LATE "|NULL", "split-at",
         "Is the time of --split-at too late"},
        {"7|017|a|1|1|" OLD "|NULL", "7|018|b|1|1|" LATE "|NULL", "equal rows",
         "Has a plan been applied that this case does not know?"},
        {"7|017|a|1|1|" OLD "|NULL", "7|018|b|1|1|" LATE "|NULL", "split-key", NULL},
        {"7|017|a|1|1|" OLD "|NULL", "7|018|b|1|1|" OLD "|NULL", "equal rows", NULL},
        {"7|017|a|1|1|" OLD "|NULL", "7|017|b|1|1|" LATE "|NULL", "equal rows", NULL},
        {"7|017|a|1|1|" OLD "|NULL", "7|018|b|1|1|NULL|NULL", "equal rows", "reach to 100"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        w->merged[MEMBERS].bound.base_origin = cases[i].origin;
        world_row(w, 1, MEMBERS, cases[i].row, cases[i].there, "grp='base'");
        const enum mr_code code = mr_merge_value(&w->m, MEMBERS, 1, &w->err);
        const bool told =
            cases[i].words != NULL && (strstr(w->err.message, cases[i].words) != NULL ||
                                       strstr(w->err.hint, cases[i].words) != NULL);
        if (code != (cases[i].words != NULL ? MR_E_REFUSED : MR_OK) || (code != MR_OK && !told))
            fail_msg("case %zu: %d: %s (%s)", i, (int)code, w->err.message, w->err.hint);
        world_free(w);
    }
}

/* References are compared as they would stand on TARGET: to a row that got another id they are
 * no edit, to one that waits they stay as they are. */
static void test_references(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_row(w, 1, MEMBERS, "50|017|a|1|1|NULL|NULL", "60|017|a|1|1|NULL|NULL", "grp='lost'");
        world_row(w, 2, ORDERS, "5|50|x", "5|60|x", "grp='base'");
        world_row(w, 3, ORDERS, "6|50|x", "6|50|x", "grp='base'");
        world_link(w, 2, 0, 1);
        world_link(w, 3, 0, 1);
        /* what the matcher has mapped */
        const struct mr_key after[] = {world_image(w, ORDERS, "5|60|x"),
                                       world_image(w, ORDERS, "6|60|x")};
        for (int64_t i = 0; i < 2; i++)
            world_require(MR_CASE_ONCE(w->m.cf, "UPDATE img SET after=:after WHERE id=:id", NULL,
                                       MR_ARG_INT("id", i + 2), MR_ARG_BYTES("after", after[i])));
        w->merged[ORDERS].bound.base_origin = "split-key";
        if (waits != 0)
            world_sql(w, "UPDATE m SET waits=1 WHERE id=1");
        world_run(w, mr_merge_value(&w->m, ORDERS, 1, &w->err));
        world_expect(w, "SELECT id, kind FROM m WHERE tbl=1 ORDER BY id",
                     waits != 0 ? "2 changed; 3 -" : "2 -; 3 changed");
        world_free(w);
    }
}

/* Only rows of the past that are there. */
static void test_others(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, MEMBERS, "1|017|a|1|1|NULL|NULL", "1|017|b|1|1|NULL|NULL", "grp='lost'");
    world_row(w, 2, MEMBERS, "2|018|a|1|1|NULL|NULL", "2|018|b|1|1|NULL|NULL", "grp='same'");
    world_row(w, 3, MEMBERS, "3|019|a|1|1|NULL|NULL", NULL, "grp='gone'");
    world_run(w, mr_merge_value(&w->m, MEMBERS, 1, &w->err));
    world_expect(w, "SELECT count(*) FROM m WHERE kind IS NOT NULL", "0");
    world_free(w);
}

/* ---- by the logs ---- */

#define NAMED(id, mobile, name) #id "|" mobile "|" name "|1|1|" OLD "|NULL"

/* still: SOURCE is as it was when its logs were read.  Else nothing is decided by its columns, but its
 * log tells who has edited a row, as long as the other side's row is what it had before. */
static void build_logs(struct world *w, bool still)
{
    struct told t;
    world_begin(w);
    world_table(w, "members",
                "id:int# mobile:text! name:text? level:int= seen:int~ made:datetime?@ "
                "edited:datetime?^");
    w->merged[MEMBERS].bound = (struct mr_merge_bound){.base = 100, .base_origin = MR_BOUND_LOGS};
    world_open_case(w);
    w->m.is_still[MR_SOURCE] = still;
    told_begin(w, &t);
    told_table(&t, MEMBERS, MR_WITNESS_GOOD, MR_WITNESS_GOOD);
    told_mark(&t, MEMBERS, MR_SOURCE, NAMED(1, "017", "b"),
              (struct told_mark){.first = NAMED(1, "017", "a"), .last = NAMED(1, "017", "b")});
    told_mark(&t, MEMBERS, MR_TARGET, NAMED(2, "018", "b"),
              (struct told_mark){.first = NAMED(2, "018", "a"), .last = NAMED(2, "018", "b")});
    told_mark(&t, MEMBERS, MR_SOURCE, NAMED(3, "099", "a"),
              (struct told_mark){.first = NAMED(3, "019", "a"), .last = NAMED(3, "099", "a")});
    told_end(&t);
    world_row(w, 1, MEMBERS, NAMED(1, "017", "b"), NAMED(1, "017", "a"), "grp='base'");
    world_row(w, 2, MEMBERS, NAMED(2, "018", "a"), NAMED(2, "018", "b"), "grp='base'");
    world_row(w, 3, MEMBERS, NAMED(3, "099", "a"), NAMED(3, "019", "a"), "grp='base'");
    world_row(w, 4, MEMBERS, NAMED(4, "020", "a"), NAMED(4, "020", "a"), "grp='base'");
}

static void test_logs(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build_logs(w, true);
    world_run(w, mr_merge_value(&w->m, MEMBERS, 1, &w->err));
    world_expect(w, "SELECT id, kind, tells FROM m ORDER BY id",
                 "1 - name: restored-change; 2 - ; 3 - mobile: restored-change; 4 - -");
    world_expect(w, "SELECT id, merged FROM img WHERE merged IS NOT NULL ORDER BY id",
                 "1 1,017,b,1,1,2026-01-01 00:00:00,NULL; "
                 "3 3,099,a,1,1,2026-01-01 00:00:00,NULL");
    assert_int_equal(w->result.live_only, 1);
    world_free(w);

    w = calloc(1, sizeof *w);
    build_logs(w, false);
    w->merged[MEMBERS].told = 0;
    world_run(w, mr_merge_value(&w->m, MEMBERS, 1, &w->err));
    world_expect(w, "SELECT id, kind, three FROM m ORDER BY id",
                 "1 changed-in-source 0; 2 - 0; 3 changed-in-source 0; 4 - 0");
    assert_int_equal(w->result.live_only, 1);
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    world_row(w, 1, MEMBERS, "1|017|a|1|1|NULL|NULL", "1|017|b|1|1|NULL|NULL",
              "grp='base', waits=1");
    world_row(w, 2, ORDERS, "5|1|x", "5|1|y", "grp='base'");
    world_link(w, 2, 0, 1);
    w->merged[ORDERS].bound.base_origin = "split-key";
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_value(&w->m, MEMBERS, 2, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),      cmocka_unit_test(test_bound),
        cmocka_unit_test(test_references), cmocka_unit_test(test_others),
        cmocka_unit_test(test_logs),       cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
