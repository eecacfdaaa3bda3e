/* test_suspect_look.c: which tables a column's values may mean, and which of them is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/pair/suspect_look.h"
#include "pair_graph.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* There is no server: conditions are none of its business. */
enum mr_code __wrap_mr_pair_try_condition(const struct mr_pairing *pairing,
                                          const struct mr_pair *table,
                                          const char *const condition[MR_SIDES],
                                          struct mr_err *err);
enum mr_code __wrap_mr_pair_try_condition(const struct mr_pairing *pairing,
                                          const struct mr_pair *table,
                                          const char *const condition[MR_SIDES], struct mr_err *err)
{
    (void)pairing;
    (void)table;
    (void)condition;
    (void)err;
    return MR_OK;
}

static void show(struct mr_suspect_look *look, const uint64_t *values, size_t count)
{
    struct mr_strbuf image = MR_STRBUF_INIT;
    for (size_t i = 0; i < count; i++) {
        const struct mr_value row[] = {{.cls = MR_CLASS_INT, .i = (int64_t)i + 1},
                                       {.cls = MR_CLASS_INT, .i = (int64_t)values[i]}};
        mr_strbuf_reset(&image);
        for (size_t k = 0; k < LEN(row); k++)
            assert_int_equal(mr_row_encode(&image, &row[k], NULL), MR_OK);
        assert_int_equal(mr_suspect_look_row(look, image.ptr, image.len, NULL), MR_OK);
    }
    mr_strbuf_release(&image);
}

/* Of a column of coupons; every id that it holds changes hands somewhere.  A word a table
 * that is suspected: `?` before one of several. */
static void test_parents(void **state)
{
    static const uint64_t all[] = {2001, 2003, 2005, 2007, 2009}, most[] = {2005, 2007, 2009},
                          few[] = {2009}, none[] = {7};
    static const struct {
        const char *column, *ini;
        const uint64_t *audit, *order;
        size_t naudit, norder;
        const char *suspected;
    } cases[] = {
        {"used_by", "", all, none, LEN(all), 1, "payers"},
        {"used_by", "", none, all, 1, LEN(all), "orders"},
        {"used_by", "", most, all, LEN(most), LEN(all), "?payers ?orders"},
        {"used_by", "", all, most, LEN(all), LEN(most), "?payers ?orders"},
        {"used_by", "", few, all, LEN(few), LEN(all), "orders"},
        {"used_by", "", all, few, LEN(all), LEN(few), "payers"},
        {"used_by", "", all, all, LEN(all), LEN(all), "?payers ?orders"},
        {"payer", "", most, all, LEN(most), LEN(all), "payers"},
        {"payer", "", few, all, LEN(few), LEN(all), "payers"},
        /* a name, people, and what is declared end the matter */
        {"order_id", "", all, all, LEN(all), LEN(all), "orders"},
        {"used_by", "[table club.orders]\nsubject = yes\n", all, all, LEN(all), LEN(all), "orders"},
        {"used_by", "[table club.coupons]\nreference = used_by -> club.payers.id\n", all, all,
         LEN(all), LEN(all), ""},
    };
    static const size_t key = 0;
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct graph g;
        struct mr_err err = {0};
        struct mr_suspect_look look;
        struct mr_strbuf columns = MR_STRBUF_INIT, found = MR_STRBUF_INIT;
        graph_begin(&g);
        mr_strbuf_add_fmt(&columns, "id %s", cases[i].column);
        graph_table(&g, "payers", "id", NULL);
        graph_table(&g, "coupons", columns.ptr, NULL);
        graph_table(&g, "orders", "id", NULL);
        assert_int_equal(graph_plan(&g, cases[i].ini, &err), MR_OK);
        for (size_t k = 0; k < g.pairing.ntables; k++) {
            g.list[k]->key_columns = &key;
            g.list[k]->nkey_columns = 1;
        }
        assert_int_equal(mr_suspect_look_open(&look, &g.pairing, NULL, &err), MR_OK);
        look.parents[0] = (struct mr_suspect_parent){
            .ids = cases[i].audit, .nids = cases[i].naudit, .greatest = 2009};
        look.parents[2] = (struct mr_suspect_parent){
            .ids = cases[i].order, .nids = cases[i].norder, .greatest = 2009};
        assert_int_equal(mr_suspect_look_begin(&look, g.list[1], &err), MR_OK);
        show(&look, all, LEN(all));
        assert_int_equal(mr_suspect_look_end(&look, &err), MR_OK);
        mr_strbuf_add_str(&found, "");
        for (size_t k = 0; k < look.suspects.count; k++) {
            const struct mr_suspect *s = mr_vec_at(&look.suspects, k);
            mr_strbuf_add_fmt(&found, "%s%s%s", k > 0 ? " " : "", s->either ? "?" : "",
                              s->parent->side[MR_SOURCE]->name);
            if (k > 0)
                assert_true(mr_suspect_is_or(s, mr_vec_at(&look.suspects, k - 1)));
        }
        assert_string_equal(found.ptr, cases[i].suspected);
        mr_suspect_look_release(&look);
        mr_strbuf_release(&columns);
        mr_strbuf_release(&found);
        graph_end(&g);
    }
}

/* A row of a polymorphic pair; every id changes hands in one of the tables. */
struct typed {
    const char *type;
    int64_t id;
};

static void show_typed(struct mr_suspect_look *look, const struct typed *rows, size_t count)
{
    struct mr_strbuf image = MR_STRBUF_INIT;
    for (size_t i = 0; i < count; i++) {
        const struct mr_value row[] = {
            {.cls = MR_CLASS_INT, .i = (int64_t)i + 1},
            {.cls = MR_CLASS_TEXT, .ptr = rows[i].type, .len = strlen(rows[i].type)},
            {.cls = MR_CLASS_INT, .i = rows[i].id}};
        mr_strbuf_reset(&image);
        for (size_t k = 0; k < LEN(row); k++)
            assert_int_equal(mr_row_encode(&image, &row[k], NULL), MR_OK);
        assert_int_equal(mr_suspect_look_row(look, image.ptr, image.len, NULL), MR_OK);
    }
    mr_strbuf_release(&image);
}

/* Types that are called as no table is are judged by their values, each by itself. */
static void test_types(void **state)
{
    static const uint64_t people[] = {2001, 2003, 2005}, goods[] = {7001, 7003};
    static const struct typed rows[] = {
        {"order", 7001},    {"customer", 2001},  {"customer", 2005},  {"order", 7003},
        {"customer", 2003}, {"App\\Cust", 2003}, {"App\\Cust", 2001}, {"page", 12}};
#define WHEN "[table club.notes]\nreference = about_id -> club.orders.id when about_type = "
    static const struct typed strange[] = {
        {"o", 7001}, {"c", 2001}, {"c", 2005}, {"o", 7003}, {"c", 2003}};
    static const struct {
        const char *ini, *suspected;
        const struct typed *rows; /* NULL: rows */
    } cases[] = {
        {"", "orders:order payers:customer payers:App\\Cust", NULL},
        {WHEN "'order'\n", "payers:customer payers:App\\Cust", NULL},
        {WHEN "'order'\nreference = about_id -> club.payers.id when about_type = 'customer'\n",
         "payers:App\\Cust", NULL},
        /* none of them means a table */
        {"", "orders:o payers:c", strange},
        /* what is left is none */
        {WHEN "'order'\nreference = none: about_id\n", "", NULL},
        {"[table club.notes]\nreference = none: about_id\n", "", NULL},
    };
    static const size_t key = 0;
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct graph g;
        struct mr_err err = {0};
        struct mr_suspect_look look;
        struct mr_strbuf found = MR_STRBUF_INIT;
        graph_begin(&g);
        graph_table(&g, "payers", "id", NULL);
        graph_table(&g, "notes", "id about_type:text about_id", NULL);
        graph_table(&g, "orders", "id", NULL);
        assert_int_equal(graph_plan(&g, cases[i].ini, &err), MR_OK);
        for (size_t k = 0; k < g.pairing.ntables; k++) {
            g.list[k]->key_columns = &key;
            g.list[k]->nkey_columns = 1;
        }
        assert_int_equal(mr_suspect_look_open(&look, &g.pairing, NULL, &err), MR_OK);
        look.parents[0] =
            (struct mr_suspect_parent){.ids = people, .nids = LEN(people), .greatest = 2005};
        look.parents[2] =
            (struct mr_suspect_parent){.ids = goods, .nids = LEN(goods), .greatest = 7003};
        assert_int_equal(mr_suspect_look_begin(&look, g.list[1], &err), MR_OK);
        if (cases[i].rows != NULL)
            show_typed(&look, strange, LEN(strange));
        else
            show_typed(&look, rows, LEN(rows));
        assert_int_equal(mr_suspect_look_end(&look, &err), MR_OK);
        mr_strbuf_add_str(&found, "");
        for (size_t k = 0; k < look.suspects.count; k++) {
            const struct mr_suspect *s = mr_vec_at(&look.suspects, k);
            mr_strbuf_add_fmt(&found, "%s%s:%s", k > 0 ? " " : "", s->parent->side[MR_SOURCE]->name,
                              s->type);
            assert_false(s->either);
        }
        assert_string_equal(found.ptr, cases[i].suspected);
        mr_suspect_look_release(&look);
        mr_strbuf_release(&found);
        graph_end(&g);
    }
}

/* Which of the tables that a name means is looked at first. */
static void test_distance(void **state)
{
    static const struct {
        const char *db; /* of the parent; the child's is club */
        enum mr_find_subject subject;
        bool by_word;
        unsigned distance;
    } cases[] = {
        {"club", MR_SUBJECT_NO, false, 1},
        {"club", MR_SUBJECT_CONFIGURED, false, 1},
        {"club", MR_SUBJECT_INFERRED, true, 2},
        {"club", MR_SUBJECT_NO, true, 3},
        {"shop", MR_SUBJECT_NO, false, 4},
        {"shop", MR_SUBJECT_INFERRED, true, 4},
        {"shop", MR_SUBJECT_NO, true, MR_SUSPECT_FAR},
    };
    const struct mr_table own = {.db = "club", .name = "orders"};
    const struct mr_pair child = {.side = {&own, &own}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_table table = {.db = cases[i].db, .name = "members"};
        const struct mr_pair parent = {.side = {&table, &table},
                                       .find = {.subject = cases[i].subject}};
        assert_int_equal(mr_suspect_distance(&child, &parent, cases[i].by_word), cases[i].distance);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parents),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
