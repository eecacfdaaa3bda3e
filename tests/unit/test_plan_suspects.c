/* test_plan_suspects.c: columns that look like references into a table whose ids change hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan_graph.h"
#include "repair/plan/plan_suspects.h"
#include "repair/side/side_sample.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* Values of the sample, of either side: those that there are, and those that are keys. */
static uint64_t seen[2];
static unsigned samples, fail_at;

enum mr_code __wrap_mr_side_sample(const struct mr_side_sample *sample, uint64_t counts[2],
                                   struct mr_err *err);
enum mr_code __wrap_mr_side_sample(const struct mr_side_sample *sample, uint64_t counts[2],
                                   struct mr_err *err)
{
    (void)sample;
    counts[0] += seen[0];
    counts[1] += seen[1];
    return ++samples == fail_at ? mr_err_set(err, MR_E_LOST, "lost") : MR_OK;
}

static void begin(struct plan_graph *p, const char *columns, const char *ini)
{
    memset(p, 0, sizeof *p);
    samples = fail_at = 0;
    graph_begin(&p->g);
    graph_table(&p->g, "logs", columns, NULL);
    graph_table(&p->g, "members", "id mobile:text!", NULL);
    plan_graph(p, ini);
    p->g.list[0]->arena = p->g.list[1]->arena = &p->g.arena;
}

/* "table.column -> table" of each. */
static void suspects_are(struct plan_graph *p, bool mapped, const char *wanted)
{
    const bool is_mapped[] = {false, mapped};
    struct mr_vec list = MR_VEC_INIT(struct mr_suspect);
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, "");
    assert_int_equal(mr_plan_suspects_by_name(&p->plan, is_mapped, &list, NULL), MR_OK);
    for (size_t i = 0; i < list.count; i++) {
        const struct mr_suspect *s = mr_vec_at(&list, i);
        mr_strbuf_add_fmt(&text, "%s%s.%s -> %s.%s", i > 0 ? " " : "", s->child->find.name,
                          s->column, s->parent->find.name, s->parent_column);
    }
    assert_string_equal(text.ptr, wanted);
    mr_strbuf_release(&text);
    mr_vec_release(&list);
}

/* By its name, its type, and half of its values. */
static void test_by_name(void **state)
{
    static const struct {
        const char *what, *columns, *ini;
        bool mapped;
        uint64_t values, keys;
        bool suspected;
    } cases[] = {
        {"all of it", "id member_id", "", true, 10, 10, true},
        {"half, since a log keeps those who left", "id member_id", "", true, 10, 5, true},
        {"fewer", "id member_id", "", true, 11, 5, false},
        {"none", "id member_id", "", true, 0, 0, false},
        {"ids that stay", "id member_id", "", false, 10, 10, false},
        {"another name", "id quantity", "", true, 10, 10, false},
        {"another type", "id member_id:text", "", true, 10, 10, false},
        {"another sign of it", "id member_id:uint", "", true, 10, 10, true},
        {"declared", "id member_id",
         "[table club.logs]\nreference = member_id -> club.members.id\n", true, 10, 10, false},
        {"dismissed", "id member_id", "[table club.logs]\nreference = none: member_id\n", true, 10,
         10, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan_graph p;
        begin(&p, cases[i].columns, cases[i].ini);
        seen[0] = cases[i].values;
        seen[1] = cases[i].keys;
        suspects_are(&p, cases[i].mapped,
                     cases[i].suspected ? "club.logs.member_id -> club.members.id" : "");
        graph_end(&p.g);
    }
}

/* A sample that cannot be taken is not one without keys. */
static void test_lost(void **state)
{
    static const bool is_mapped[] = {false, true};
    (void)state;
    for (unsigned i = 1; i <= 2; i++) {
        struct plan_graph p;
        struct mr_vec list = MR_VEC_INIT(struct mr_suspect);
        begin(&p, "id member_id", "");
        fail_at = i;
        assert_int_equal(mr_plan_suspects_by_name(&p.plan, is_mapped, &list, NULL), MR_E_LOST);
        assert_int_equal(list.count, 0);
        mr_vec_release(&list);
        graph_end(&p.g);
    }
}

/* Named by what comes first, whatever the order in which they were found. */
static void test_refuse(void **state)
{
    struct plan_graph p;
    struct mr_vec list = MR_VEC_INIT(struct mr_suspect);
    struct mr_err err = {0};
    (void)state;
    begin(&p, "id b_id a_id", "");
    assert_int_equal(mr_plan_suspects_refuse(&list, &err), MR_OK);
    for (const char *column = "b"; column != NULL; column = *column == 'b' ? "a" : NULL)
        *(struct mr_suspect *)mr_vec_push(&list) =
            (struct mr_suspect){.child = p.g.list[0],
                                .parent = p.g.list[1],
                                .column = *column == 'b' ? "b_id" : "a_id",
                                .parent_column = "id"};
    assert_int_equal(mr_plan_suspects_refuse(&list, &err), MR_E_REFUSED);
    assert_string_equal(err.message,
                        "column \"a_id\" of table \"club.logs\" looks like a reference to "
                        "\"club.members\", whose ids change hands, and nothing declares it (and 1 "
                        "more like it)");
    assert_non_null(strstr(mr_err_get_hint(&err), "reference = none: a_id in [table club.logs]"));
    mr_vec_release(&list);
    graph_end(&p.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_name),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
