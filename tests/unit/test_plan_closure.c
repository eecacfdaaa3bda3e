/* test_plan_closure.c: is every table that refers to a planned one planned, too? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan_graph.h"
#include "repair/plan/plan_closure.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* Foreign keys of databases that the command does not name: child and parent. */
static const char *elsewhere[4];
static size_t given, asks, fail_at;
static bool connected;

struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader);
struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader)
{
    (void)reader;
    return connected ? (struct mr_db *)&connected : NULL;
}

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *format, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err);
enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *format, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err)
{
    (void)db, (void)format, (void)sql, (void)len;
    given = 0;
    *out = NULL;
    return ++asks == fail_at ? mr_err_set(err, MR_E_LOST, "lost") : MR_OK;
}

const struct mr_cell *__wrap_mr_result_next(struct mr_result *result);
const struct mr_cell *__wrap_mr_result_next(struct mr_result *result)
{
    static struct mr_cell cells[4];
    (void)result;
    if (given++ > 0 || elsewhere[0] == NULL)
        return NULL;
    for (size_t i = 0; i < 4; i++)
        cells[i] = (struct mr_cell){.ptr = elsewhere[i], .len = strlen(elsewhere[i])};
    return cells;
}

void __wrap_mr_result_free(struct mr_result *result);
void __wrap_mr_result_free(struct mr_result *result)
{
    (void)result;
}

/* members, orders that refer to them, lines that refer to orders. */
static void begin(struct plan_graph *p)
{
    memset(p, 0, sizeof *p);
    memset(elsewhere, 0, sizeof elsewhere);
    connected = false;
    asks = fail_at = 0;
    graph_begin(&p->g);
    graph_table(&p->g, "members", "id mobile:text!", NULL);
    graph_table(&p->g, "orders", "id member_id:int?", NULL);
    graph_table(&p->g, "lines", "id order_id:int?", NULL);
}

static void closure_is(struct plan_graph *p, const struct mr_find_table *known, size_t nknown,
                       const char *wanted)
{
    struct mr_err err = {0};
    const enum mr_code code = mr_plan_closure_check(&p->plan, known, nknown, &err);
    if (code != (wanted != NULL ? MR_E_REFUSED : MR_OK))
        fail_msg("%d: %s", code, err.message);
    if (wanted != NULL) {
        assert_string_equal(err.message, wanted);
        assert_non_null(mr_err_get_hint(&err));
    }
}

static void test_foreign_keys(void **state)
{
    static const struct {
        const char *what;
        enum mr_side side;
        bool orders, lines; /* left out */
        const char *wanted;
    } cases[] = {
        {"all are planned", MR_SOURCE, false, false, NULL},
        {"a child is not", MR_SOURCE, true, false,
         "table \"club.orders\" refers to \"club.members\" and was left out of the check"},
        {"TARGET alone has the key", MR_TARGET, true, false,
         "table \"club2.orders\" refers to \"club.members\" and was left out of the check"},
        {"a child of a child", MR_SOURCE, false, true,
         "table \"club.lines\" refers to \"club.orders\" and was left out of the check"},
        {"neither is: nobody refers to a planned one but orders", MR_TARGET, true, true,
         "table \"club2.orders\" refers to \"club.members\" and was left out of the check"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan_graph p;
        begin(&p);
        graph_fk(&p.g, cases[i].side, "fk1", "orders", "member_id", "members", "id");
        graph_fk(&p.g, cases[i].side, "fk2", "lines", "order_id", "orders", "id");
        p.g.left_out[1] = cases[i].orders;
        p.g.left_out[2] = cases[i].lines;
        plan_graph(&p, "");
        closure_is(&p, NULL, 0, cases[i].wanted);
        graph_end(&p.g);
    }
}

/* What the run says of the child. */
static void test_reasons(void **state)
{
    static const struct {
        struct mr_find_table known;
        const char *wanted;
    } cases[] = {
        {{.name = "club.orders", .verdict = MR_VERDICT_NOT_CHECKED, .reason = "denied"},
         "table \"club.orders\" refers to \"club.members\" and was not checked: denied"},
        {{.name = "club.orders", .verdict = MR_VERDICT_EQUAL, .windowed = true},
         "table \"club.orders\" refers to \"club.members\" and was checked only in part"},
        {{.name = "club.orders", .verdict = MR_VERDICT_EQUAL},
         "table \"club.orders\" refers to \"club.members\" and cannot be planned"},
        {{.name = "club.other", .verdict = MR_VERDICT_EQUAL},
         "table \"club.orders\" refers to \"club.members\" and was left out of the check"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan_graph p;
        struct mr_find_table known = cases[i].known;
        known.target_name = "club2.orders";
        begin(&p);
        graph_fk(&p.g, MR_SOURCE, "fk1", "orders", "member_id", "members", "id");
        p.g.left_out[1] = true;
        plan_graph(&p, "");
        closure_is(&p, &known, strcmp(known.name, "club.other") != 0, cases[i].wanted);
        graph_end(&p.g);
    }
}

/* A table of one side alone has no rows to be restored. */
static void test_alone(void **state)
{
    struct plan_graph p;
    (void)state;
    begin(&p);
    graph_fk(&p.g, MR_TARGET, "fk", "lines", "order_id", "members", "id");
    p.g.left_out[2] = true;
    p.g.cat[MR_SOURCE].ntables = 2;
    plan_graph(&p, "");
    closure_is(&p, NULL, 0, NULL);
    graph_end(&p.g);
}

static void test_configured(void **state)
{
    static const struct {
        const char *ini, *wanted;
    } cases[] = {
        {"[table club.orders]\nreference = member_id -> club.members.id\n",
         "table \"club.orders\" refers to \"club.members\" and was left out of the check"},
        {"[table club.orders]\nreference = none: member_id\n", NULL},
        {"[table club.orders]\nreference = member_id -> club.lines.id\n", NULL}, /* not planned */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan_graph p;
        begin(&p);
        p.g.left_out[1] = p.g.left_out[2] = true;
        plan_graph(&p, cases[i].ini);
        closure_is(&p, NULL, 0, cases[i].wanted);
        graph_end(&p.g);
    }
}

/* Other databases are asked for on both servers. */
static void test_elsewhere(void **state)
{
    static const struct {
        const char *rows[4], *wanted;
    } cases[] = {
        {{"bill`ing", "debts", "club", "members"},
         "table \"bill`ing.debts\" refers to \"club.members\" and was left out of the check"},
        {{"billing", "debts", "club2", "members"},
         "table \"billing.debts\" refers to \"club.members\" and was left out of the check"},
        {{"billing", "debts", "club", "not planned"}, NULL},
        {{NULL, NULL, NULL, NULL}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan_graph p;
        begin(&p);
        connected = true;
        memcpy(elsewhere, cases[i].rows, sizeof elsewhere);
        plan_graph(&p, "");
        closure_is(&p, NULL, 0, cases[i].wanted);
        assert_int_equal(asks, cases[i].wanted != NULL && i == 0 ? 1 : 2);
        graph_end(&p.g);
    }
    for (fail_at = 1; fail_at <= 2; fail_at++) {
        const size_t at = fail_at;
        struct plan_graph p;
        struct mr_err err = {0};
        begin(&p);
        connected = true;
        fail_at = at;
        plan_graph(&p, "");
        assert_int_equal(mr_plan_closure_check(&p.plan, NULL, 0, &err), MR_E_LOST);
        graph_end(&p.g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign_keys), cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_alone),        cmocka_unit_test(test_configured),
        cmocka_unit_test(test_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
