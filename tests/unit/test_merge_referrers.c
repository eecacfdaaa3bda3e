/* test_merge_referrers.c: whose values on TARGET others refer to, when a row lets go of them. */
#include "merge_world.h"

#include "repair/merge/merge_referrers.h"

enum { MEMBERS, ORDERS };
enum { BUYER, MOBILE };

/* members ← orders, by the id and by the mobile; TARGET has a table of its own, extras, which
 * refers to the mobile, too. */
static struct mr_foreign_key fk;
static struct mr_table catalogue[3];

static void build(struct world *w)
{
    static const char *const from[] = {"tel"}, *const to[] = {"mobile"};
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text? name:text?");
    world_table(w, "orders", "id:int# member:int? mobile:text? kind:int%");
    world_table(w, "extras", "id:int# tel:text?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_reference(w, ORDERS, "mobile", MEMBERS, "mobile");
    w->edges[MOBILE].edge.condition_at = 3;
    w->plan.ntables = 2; /* the plan does not know extras */
    world_open(w);
    w->plan.ntables = 3; /* the server does */
    fk = (struct mr_foreign_key){.name = "fk",
                                 .columns = from,
                                 .ref_db = "live",
                                 .ref_table = "members",
                                 .ref_columns = to,
                                 .ncolumns = 1};
    catalogue[0] = w->tables[2].side[MR_TARGET];
    catalogue[0].fks = &fk;
    catalogue[0].nfks = 1;
    w->cat[MR_TARGET].tables = catalogue;
    w->cat[MR_TARGET].ntables = 1;
}

static enum mr_code note(void *ctx, const struct mr_merge_ask *ask,
                         const struct mr_merge_answer *row, struct mr_err *err)
{
    struct mr_strbuf *log = ctx, text = MR_STRBUF_INIT;
    (void)err;
    assert_true(world_show(&text, row->image, row->len));
    mr_strbuf_add_fmt(log, "%d=%.*s ", (int)ask->tag, (int)strcspn(text.ptr, ","), text.ptr);
    mr_strbuf_release(&text);
    return MR_OK;
}

static enum mr_code note_outside(void *ctx, int64_t tag, const struct mr_table *child,
                                 struct mr_err *err)
{
    (void)err;
    mr_strbuf_add_fmt(ctx, "%d=%s ", (int)tag, child->name);
    return MR_OK;
}

/* A row of TARGET, and as it would be; who refers to what it lets go of. */
static void test_leaver(void **state)
{
    const struct {
        const char *live, *after, *by_id, *by_mobile, *outside;
    } cases[] = {
        {"7|017|a", NULL, "5=1 ", "5=2 5=3 ", "5=extras "}, /* it goes */
        {"7|017|a", "7|018|a", "", "5=2 5=3 ", "5=extras "},
        {"7|017|a", "7|017|b", "", "", ""},
        {"7|017|a", "7|NULL|a", "", "5=2 5=3 ", "5=extras "},
        {"7|Ab|a", "7|aB|a", "", "5=4 ", ""}, /* to the byte: ON UPDATE would fire */
        {"8|NULL|a", NULL, "", "", ""},       /* a NULL is referred to by nobody */
        {"8||a", NULL, "", "5=5 ", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_vec leavers = MR_VEC_INIT(struct mr_merge_leaver);
        struct mr_strbuf log = MR_STRBUF_INIT;
        build(w);
        static const char *const orders[] = {"1|7|NULL|0",  "2|NULL|017|1", "3|NULL|017 |0",
                                             "4|NULL|AB|1", "5|NULL||1",    "6|NULL|NULL|1"};
        for (size_t k = 0; k < LEN(orders); k++)
            world_target(w, ORDERS, orders[k]);
        world_target(w, 2, "1|017");
        world_target(w, 2, "2|017");
        *(struct mr_merge_leaver *)mr_vec_push(&leavers) = (struct mr_merge_leaver){
            5, world_image(w, MEMBERS, cases[i].live), world_image(w, MEMBERS, cases[i].after)};
        const char *const expected[] = {cases[i].by_id, cases[i].by_mobile};
        for (size_t r = BUYER; r <= MOBILE; r++) {
            mr_strbuf_reset(&log);
            mr_strbuf_add_str(&log, "");
            world_run(w,
                      mr_merge_referrers(&w->m, &w->references[r], &leavers, note, &log, &w->err));
            if (strcmp(log.ptr, expected[r]) != 0)
                fail_msg("case %zu, reference %zu: %s", i, r, log.ptr);
        }
        mr_strbuf_reset(&log);
        mr_strbuf_add_str(&log, "");
        world_run(w, mr_merge_referrers_outside(&w->m, &w->planned[MEMBERS], &leavers, note_outside,
                                                &log, &w->err));
        if (strcmp(log.ptr, cases[i].outside) != 0)
            fail_msg("case %zu, outside: %s", i, log.ptr);
        mr_strbuf_release(&log);
        mr_vec_release(&leavers);
        world_free(w);
    }
}

/* Rows that stand with other values: what choosing SOURCE's would take away from others. */
static void test_referenced(void **state)
{
    const struct {
        const char *what, *row, *live, *kind, *order; /* TARGET's */
        bool outside;
        const char *referenced;
    } cases[] = {
        {"nobody refers to it", "7|018|a", "7|017|a", "'changed'", NULL, false, "-"},
        {"an order does", "7|018|a", "7|017|a", "'changed'", "2|NULL|017|1", false, "d.orders"},
        {"one whose condition does not hold", "7|018|a", "7|017|a", "'changed'", "2|NULL|017|0",
         false, "-"},
        {"the mobile stays", "7|017|b", "7|017|a", "'changed'", "2|NULL|017|1", false, "-"},
        {"its key stays whatever SOURCE says", "9|017|b", "7|017|a", "'differs'", "1|7|NULL|1",
         false, "-"},
        {"a table that only TARGET has", "7|018|a", "7|017|a", "'changed'", NULL, true,
         "live.extras"},
        {"there is nothing to choose", "7|018|a", "7|017|a", "NULL", "2|NULL|017|1", true, "-"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        char set[40];
        build(w);
        if (cases[i].order != NULL)
            world_target(w, ORDERS, cases[i].order);
        if (cases[i].outside)
            world_target(w, 2, "1|017");
        (void)snprintf(set, sizeof set, "kind=%s", cases[i].kind);
        world_row(w, 1, MEMBERS, cases[i].row, cases[i].live, set);
        world_run(w, mr_merge_referenced(&w->m, &w->err));
        const char *got = world_ask(w, "SELECT referenced FROM m WHERE id=1");
        if (strcmp(got, cases[i].referenced) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        world_free(w);
    }
}

/* Rows of SOURCE that are about to be written refer to what TARGET has now. */
static void test_coming(void **state)
{
    const struct {
        const char *set, *sql, *referenced;
        bool there;
    } cases[] = {
        {NULL, NULL, "d.orders", false},
        {"waits=1", NULL, "-", false},
        {NULL, "INSERT INTO mark (id, skip) VALUES (2, 1)", "-", false},
        {NULL, NULL, "-", true},
        {NULL, "INSERT INTO chosen (id, kind, choice) VALUES (2, 'changed', 'source')", "d.orders",
         true},
        {NULL, "INSERT INTO chosen (id, kind, choice) VALUES (2, 'changed', 'target')", "-", true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_row(w, 1, MEMBERS, "7|018|a", "7|017|a", "kind='changed'");
        world_row(w, 2, ORDERS, "2|NULL|017|1", cases[i].there ? "2|NULL|x|1" : NULL, cases[i].set);
        world_link(w, 2, MOBILE, 1);
        if (cases[i].sql != NULL)
            world_sql(w, cases[i].sql);
        world_run(w, mr_merge_referenced(&w->m, &w->err));
        const char *got = world_ask(w, "SELECT referenced FROM m WHERE id=1");
        if (strcmp(got, cases[i].referenced) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

static void build_few(struct world *w)
{
    build(w);
    world_target(w, ORDERS, "2|NULL|017|1");
    world_target(w, 2, "1|017");
    world_row(w, 1, MEMBERS, "7|018|a", "7|017|a", "kind='changed'");
    world_row(w, 2, ORDERS, "3|NULL|017|1", NULL, NULL);
    world_link(w, 2, MOBILE, 1);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_referenced(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaver),
        cmocka_unit_test(test_referenced),
        cmocka_unit_test(test_coming),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
