/* test_plan_fit.c: which values of a row to be written do not fit the columns of TARGET.
 * (Whether a value fits a type: test_column_fit.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "repair/plan/plan_fit.h"
#include "script_world.h"

struct fitting {
    const char *what, *columns, *image, *live; /* NULL: there is none */
    const char *columns_wanted;                /* positions: "1 2" */
    const char *why;
};

static void judged(struct world *w, struct mr_plan_fit *fit, const struct fitting *c)
{
    struct mr_plan_table *t = &w->tables[0];
    struct mr_strbuf found = MR_STRBUF_INIT;
    mr_strbuf_add_str(&found, "");
    assert_int_equal(
        mr_plan_fit_row(fit, t, world_row(w, t, c->image), world_row(w, t, c->live), NULL), MR_OK);
    for (size_t i = 0; i < fit->columns.count; i++)
        mr_strbuf_add_fmt(&found, "%s%zu", i > 0 ? " " : "",
                          *(const size_t *)mr_vec_at(&fit->columns, i));
    if (strcmp(found.ptr, c->columns_wanted) != 0 ||
        (c->why != NULL && strcmp(fit->why.len > 0 ? fit->why.ptr : "", c->why) != 0))
        fail_msg("%s: %s: %s", c->what, found.ptr, fit->why.ptr);
    mr_strbuf_release(&found);
}

/* TARGET's columns are narrower here: the second table column says which. */
static void test_rows(void **state)
{
    static const struct fitting cases[] = {
        {"all fits", "id:int# a:text?", "1|x", NULL, "", ""},
        {"too long", "id:int# a:text?", "1|123456789012345678901", NULL, "1",
         "a: 21 characters, varchar(20) holds 20"},
        {"what TARGET holds is not judged", "id:int# a:text?", "1|123456789012345678901",
         "1|123456789012345678901", "", ""},
        {"but another value is", "id:int# a:text?", "1|123456789012345678901", "1|x", "1", NULL},
        {"nor what the server computes", "id:int# a:text?*", "1|123456789012345678901", NULL, "",
         ""},
        {"NULL of a column that may not be", "id:int# a:text", "1|NULL", NULL, "1", NULL},
        {"two columns", "id:int# a:text b:kind", "1|123456789012345678901|z", NULL, "1 2", NULL},
        {"number 0 of an ENUM is no member", "id:int# b:kind", "1|x", NULL, "", ""},
        {"a row that is to go", "id:int# a:text", NULL, "1|x", "", ""},
        {"2^64-1", "id:int# n:uint", "1|18446744073709551615", NULL, "", ""},
        {"beyond the type", "id:int# n:int", "1|2147483648", NULL, "1", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_fit fit;
        world_begin(&w);
        world_table(&w, "t", cases[i].columns);
        /* SOURCE's table is wider */
        struct mr_column wide[WORLD_COLUMNS];
        struct mr_table source = w.own[0].live;
        memcpy(wide, w.own[0].columns, sizeof wide);
        for (size_t k = 0; k < source.ncolumns; k++) {
            wide[k].type = "longtext";
            wide[k].nullable = true;
        }
        source.columns = wide;
        w.own[0].pair.side[MR_SOURCE] = &source;
        mr_plan_fit_open(&fit, &w.plan, &w.reader);
        judged(&w, &fit, &cases[i]);
        mr_plan_fit_close(&fit);
        world_end(&w);
    }
}

/* Ids that stand for new ones are judged when they are known. */
static bool is_seven(struct mr_key value)
{
    const unsigned char *p = value.ptr;
    return value.len == 10 && p[9] == 7;
}

static void test_placeholders(void **state)
{
    struct world w;
    struct mr_plan_fit fit;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# n:int");
    mr_plan_fit_open(&fit, &w.plan, &w.reader);
    fit.is_placeholder = is_seven;
    judged(&w, &fit, &(struct fitting){"", "", "1|4294967303", NULL, "", ""});
    judged(&w, &fit, &(struct fitting){"", "", "1|4294967304", NULL, "1", NULL});
    mr_plan_fit_close(&fit);
    world_end(&w);
}

/* A value of TARGET's own row that no packet carries can only stay. */
static void test_packet(void **state)
{
    struct world w;
    struct mr_plan_fit fit;
    char live[128] = "1|";
    (void)state;
    world_begin(&w);
    w.cat.server.max_packet_bytes = 50;
    world_table(&w, "t", "id:int# b:bytes");
    mr_plan_fit_open(&fit, &w.plan, &w.reader);
    memset(live + 2, 'x', 50);
    judged(&w, &fit, &(struct fitting){"as long as it may be", "", NULL, live, "", ""});
    memset(live + 2, 'x', 51);
    judged(&w, &fit,
           &(struct fitting){
               "longer", "", NULL, live, "1",
               "b: the target's row has 51 bytes there, max_allowed_packet of the target "
               "is 50"});
    assert_true(fit.is_stuck);
    judged(&w, &fit, &(struct fitting){"it is forgotten", "", NULL, "1|x", "", ""});
    assert_false(fit.is_stuck);
    mr_plan_fit_close(&fit);
    world_end(&w);
}

/* "?" where bytes are no character of their charset, as the flag behind the columns says. */
static void test_loss(void **state)
{
    static const struct fitting cases[] = {
        {"lost", "", "1|a?|1", NULL, "1", "a: bytes that are no character of utf8mb4"},
        {"a question mark", "", "1|a?|0", NULL, "", ""},
        {"replaced since", "", "1|b|1", NULL, "", ""},
        {"TARGET's own", "", "1|b|0", "1|a?|1", "1",
         "a: the target's row has bytes there that are no character of utf8mb4"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_fit fit;
        world_begin(&w);
        world_table(&w, "t", "id:int# a:text");
        w.own[0].found[1].flag_at = 2;
        w.own[0].reads[2] = (struct mr_readcol){.expr = MR_EXPR_LOST, .cls = MR_CLASS_UINT};
        mr_plan_fit_open(&fit, &w.plan, &w.reader);
        judged(&w, &fit, &cases[i]);
        mr_plan_fit_close(&fit);
        world_end(&w);
    }
}

/* What TARGET does not answer is no "fits". */
static void test_lost_target(void **state)
{
    struct world w;
    struct mr_plan_fit fit;
    (void)state;
    world_begin(&w);
    w.cat.server.flavour = MR_FLAVOUR_MYSQL;
    w.fail_at = 1;
    struct mr_plan_table *t = world_table(&w, "t", "id:int# j:json?");
    mr_plan_fit_open(&fit, &w.plan, &w.reader);
    assert_int_equal(mr_plan_fit_row(&fit, t, world_row(&w, t, "1|{\"a\":1.0}"),
                                     world_row(&w, t, "1|{\"a\":1}"), NULL),
                     MR_E_LOST);
    struct mr_key cut = world_row(&w, t, "1|{}");
    cut.len -= 2;
    assert_int_not_equal(mr_plan_fit_row(&fit, t, cut, (struct mr_key){0}, NULL), MR_OK);
    mr_plan_fit_close(&fit);
    world_end(&w);
}

static void test_needed(void **state)
{
    static const struct {
        const char *columns;
        bool needed;
    } cases[] = {
        {"a:text#", false}, {"a:text# g:int*", false}, {"id:int#", true}, {"a:text# j:json", true}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        const struct mr_plan_table *t = world_table(&w, "t", cases[i].columns);
        if (mr_plan_fit_is_needed(t) != cases[i].needed)
            fail_msg("%s", cases[i].columns);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),        cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_packet),      cmocka_unit_test(test_loss),
        cmocka_unit_test(test_lost_target), cmocka_unit_test(test_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
