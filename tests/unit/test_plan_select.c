/* test_plan_select.c: which tables of a run are planned, and which are tied to them. */
#include "capture.h"
#include "merge_world.h"
#include "repair/planning/plan_select.h"

/* Tables a, b, c, e, and `o`dd`; b refers to a, c to b; e to itself. */
static void begin(struct world *w)
{
    static const char *const names[] = {"a", "b", "c", "e", "o`dd"};
    world_begin(w);
    for (size_t i = 0; i < LEN(names); i++)
        (void)world_table(w, names[i], "id:int# up:int?");
    (void)world_reference(w, 1, "up", 0, "id");
    (void)world_reference(w, 2, "up", 1, "id");
    (void)world_reference(w, 3, "up", 3, "id");
}

static void end(struct world *w)
{
    mr_arena_release(&w->m.arena);
    mr_arena_release(&w->arena);
    mr_strbuf_release(&w->text);
}

/* Words parted by blanks, in the arena. */
static struct mr_string_list list_of(struct world *w, const char *words)
{
    const char **items = mr_arena_calloc(&w->arena, 8, sizeof *items);
    struct mr_string_list list = {items, 0};
    char *rest = NULL, *text = mr_arena_strdup(&w->arena, words);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        items[list.count++] = word;
    return list;
}

/* "a b": the tables that are meant; "all": no list of them. */
static void test_select(void **state)
{
    static const struct {
        const char *tables, *exclude, *selected;
        enum mr_code code;
        const char *warned; /* or NULL: nothing is said */
    } cases[] = {
        {"", "", "all", MR_OK, NULL},
        {"b", "", "b", MR_OK, NULL},
        {"d.b d.e", "", "b e", MR_OK, NULL},
        {"*", "d.?", "o`dd", MR_OK, NULL},
        {"", "*", "", MR_E_NO_SUCH, NULL},
        {"b", "b", "", MR_E_NO_SUCH, NULL},
        /* TARGET's name of the database is none: patterns are in SOURCE's names */
        {"live.b", "", "", MR_E_NO_SUCH, "no table of the run is \"live.b\""},
        {"", "live.b", "a b c e o`dd", MR_OK, NULL},
        /* a slip beside a right name leaves a table out: said */
        {"d.a d.odd", "", "a", MR_OK, "no table of the run is \"d.odd\"; did you mean \"d.o`dd\"?"},
        {"d.a zzzzzzzzz", "", "a", MR_OK, "no table of the run is \"zzzzzzzzz\"\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct capture c;
        bool *is = NULL;
        begin(&w);
        const struct mr_string_list tables = list_of(&w, cases[i].tables),
                                    exclude = list_of(&w, cases[i].exclude);
        const struct mr_plan_patterns patterns = {&tables, &exclude};
        capture_begin(&c, CAPTURE_FILE, 0);
        const enum mr_code code = mr_plan_select(&w.plan, &patterns, &w.arena, &is, &w.err);
        capture_end(&c);
        assert_int_equal(code, cases[i].code);
        mr_strbuf_add_str(&w.text, is == NULL ? "all" : "");
        for (size_t k = 0; is != NULL && k < w.plan.ntables; k++)
            if (is[k])
                mr_strbuf_add_fmt(&w.text, "%s%s", w.text.len > 0 ? " " : "",
                                  w.tables[k].side[MR_SOURCE].name);
        if (strcmp(w.text.ptr, cases[i].selected) != 0)
            fail_msg("case %zu: %s", i, w.text.ptr);
        if (cases[i].warned == NULL ? c.len > 0 : strstr(c.text, cases[i].warned) == NULL)
            fail_msg("case %zu says: %s", i, c.text);
        end(&w);
    }
}

/* What stays of the plan: "a b: b>a", tables by name and references by the places that they
 * have now. */
static void test_tied(void **state)
{
    static const struct {
        const char *tables, *exclude, *left;
        enum mr_code code;
        const char *said;
    } cases[] = {
        {"", "", "a b c e o`dd: b>a c>b e>e", MR_OK, NULL},
        /* upwards and downwards, over any number of tables */
        {"a", "", "a b c: b>a c>b", MR_OK, NULL},
        {"b", "", "a b c: b>a c>b", MR_OK, NULL},
        {"c", "", "a b c: b>a c>b", MR_OK, NULL},
        /* what stays moves up, and its references with it */
        {"e", "", "e: e>e", MR_OK, NULL},
        {"e o`dd", "", "e o`dd: e>e", MR_OK, NULL},
        {"o`dd", "", "o`dd:", MR_OK, NULL},
        {"", "a b c", "e o`dd: e>e", MR_OK, NULL},
        /* a table cannot be left out of what ids are mapped through */
        {"", "a", NULL, MR_E_REFUSED, "table \"d.a\" is excluded"},
        {"", "c", NULL, MR_E_REFUSED, "table \"d.c\" is excluded"},
        {"a", "c", NULL, MR_E_REFUSED, "table \"d.c\" is excluded"},
        {"nobody", "", NULL, MR_E_NO_SUCH, "no table of the run is left"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct capture c;
        begin(&w);
        const struct mr_string_list tables = list_of(&w, cases[i].tables),
                                    exclude = list_of(&w, cases[i].exclude);
        const struct mr_plan_patterns patterns = {&tables, &exclude};
        capture_begin(&c, CAPTURE_FILE, 0);
        const enum mr_code code = mr_plan_select_tied(&w.plan, &patterns, &w.arena, &w.err);
        capture_end(&c);
        assert_int_equal(code, cases[i].code);
        if (cases[i].said != NULL)
            assert_non_null(strstr(w.err.message, cases[i].said));
        for (size_t k = 0; k < w.plan.ntables; k++) {
            assert_int_equal(w.plan.tables[k].at, k);
            mr_strbuf_add_fmt(&w.text, "%s%s", k > 0 ? " " : "",
                              w.plan.tables[k].pair->side[MR_SOURCE]->name);
        }
        mr_strbuf_add_char(&w.text, ':');
        for (size_t k = 0; k < w.plan.nreferences; k++) {
            const struct mr_plan_reference *r = &w.plan.references[k];
            assert_true(r->child < w.plan.ntables && r->parent < w.plan.ntables);
            mr_strbuf_add_fmt(&w.text, " %s>%s",
                              w.plan.tables[r->child].pair->side[MR_SOURCE]->name,
                              w.plan.tables[r->parent].pair->side[MR_SOURCE]->name);
        }
        if (strcmp(w.text.ptr, cases[i].left != NULL ? cases[i].left : cases[0].left) != 0)
            fail_msg("case %zu: %s", i, w.text.ptr);
        end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_select),
        cmocka_unit_test(test_tied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
