/* test_dropped.c: a table is gone only where the server says so, and only what asks it may fail. */
#include "apply_world.h"

#include "repair/apply/dropped.h"

#define KEY(from)                                                                                  \
    "foreign key \"f\" of " from " to o`dd.t.id, ON DELETE CASCADE, ON UPDATE RESTRICT"

static void test_look(void **state)
{
    static const struct {
        const char *text;
        enum mr_code says;
        unsigned number;
        enum mr_code code;
        const char *name; /* of the table, gone; or NULL */
        const char *asked;
    } cases[] = {{KEY("o`dd.kid.up"), MR_OK, 0, MR_OK, NULL, "`o``dd`.`kid`"},
                 {KEY("o`dd.kid.up"), MR_E_NO_SUCH, 1146, MR_OK, "`o``dd`.`kid`", "`o``dd`.`kid`"},
                 {KEY("o`dd.kid.up"), MR_E_NO_SUCH, 1049, MR_OK, "`o``dd`.`kid`", "`o``dd`.`kid`"},
                 /* hidden, or broken: nobody knows */
                 {KEY("o`dd.kid.up"), MR_E_DENIED, 1142, MR_OK, NULL, "`o``dd`.`kid`"},
                 {KEY("o`dd.kid.up"), MR_E_SQL, 1356, MR_OK, NULL, "`o``dd`.`kid`"},
                 {KEY("o`dd.kid.up"), MR_E_LOST, 2013, MR_E_LOST, NULL, "`o``dd`.`kid`"},
                 {KEY("o`dd.kid.up"), MR_E_CANCELLED, 0, MR_E_CANCELLED, NULL, "`o``dd`.`kid`"},
                 /* names that make it ambiguous, and what is no foreign key */
                 {KEY("o.dd.kid.up"), MR_E_NO_SUCH, 1146, MR_OK, NULL, NULL},
                 {KEY("o`dd.kid of to x.up"), MR_E_NO_SUCH, 1146, MR_OK, NULL, NULL},
                 {"unique index \"mail\", 1. mail", MR_E_NO_SUCH, 1146, MR_OK, NULL, NULL},
                 {"", MR_E_NO_SUCH, 1146, MR_OK, NULL, NULL}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_vec dropped = MR_VEC_INIT(const char *);
        bool gone = true;
        BEGIN({.has = "LIMIT 0", .rows = "", .code = cases[i].says, .number = cases[i].number});
        const enum mr_code code =
            mr_dropped_look(p.target.db, cases[i].text, &p.arena, &dropped, &gone, &p.err);
        assert_int_equal(code, cases[i].code);
        if (code == MR_OK)
            assert_int_equal(gone, cases[i].name != NULL);
        assert_int_equal(dropped.count, cases[i].name != NULL);
        if (dropped.count > 0)
            assert_string_equal(*(const char *const *)mr_vec_at(&dropped, 0), cases[i].name);
        assert_int_equal(world.asked, cases[i].asked != NULL);
        if (cases[i].asked != NULL)
            assert_true(world_has(cases[i].asked));
        mr_vec_release(&dropped);
        end();
    }
}

static void test_explains(void **state)
{
    static const struct {
        const char *sql;
        unsigned number;
        bool explains;
    } cases[] = {{"SELECT 1 FROM `o``dd`.`kid` WHERE up = 1", 1146, true},
                 {"SELECT 1 FROM `o``dd`.`kid`", 1049, true},
                 {"SELECT 1 FROM `o``dd`.`kid`", 1142, false},
                 {"SELECT 1 FROM `o``dd`.`kid`", 0, false},
                 {"SELECT 1 FROM `o``dd`.`kids`", 1146, false},
                 {"SELECT 1 FROM `other`.`kid`", 1146, false},
                 {"", 1146, false}};
    struct mr_vec dropped = MR_VEC_INIT(const char *);
    (void)state;
    *(const char **)mr_vec_push(&dropped) = "`o``dd`.`none`";
    *(const char **)mr_vec_push(&dropped) = "`o``dd`.`kid`";
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_err why = {.sql_errno = cases[i].number};
        const size_t len = strlen(cases[i].sql);
        if (mr_dropped_explains(&dropped, cases[i].sql, len, &why) != cases[i].explains)
            fail_msg("%zu", i);
        assert_false(mr_dropped_explains(NULL, cases[i].sql, len, &why));
    }
    mr_vec_release(&dropped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_look),
                                       cmocka_unit_test(test_explains)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
