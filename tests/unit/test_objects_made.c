/* test_objects_made.c: in whose name, and under which settings, bodies run: what of it counts. */
#include "objects_world.h"

#include "recon/check/objects_made.h"

/* Who made it, and how: what a side does not tell is no difference. */
static void test_made(void **state)
{
    (void)state;
    static const struct {
        struct mr_made_as s, t;
        bool same, cross_same;
    } cases[] = {
        {{.definer = "a@b"}, {.definer = "a@b"}, true, true},
        {{.definer = "a@b"}, {.definer = "A@b"}, false, false},
        {{.definer = "a@b"}, {.definer = NULL}, true, true},
        {{.sql_mode = ""}, {.sql_mode = "ANSI_QUOTES"}, false, false},
        {{.sql_mode = "ANSI_QUOTES,PIPES_AS_CONCAT"},
         {.sql_mode = "PIPES_AS_CONCAT,ansi_quotes"},
         true,
         true},
        {{.sql_mode = "STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER"},
         {.sql_mode = "STRICT_TRANS_TABLES"},
         true,
         true},
        {{.sql_mode = "EMPTY_STRING_IS_NULL"}, {.sql_mode = ""}, false, true},
        {{.sql_mode = "NO_AUTO_CREATE_USER"},
         {.sql_mode = "TIME_TRUNCATE_FRACTIONAL"},
         false,
         true},
        {{.sql_mode = "NO_AUTO_CREATE_USER,ANSI"}, {.sql_mode = ""}, false, false},
        {{.collation = "utf8mb4_bin"}, {.collation = "utf8mb4_general_ci"}, false, true},
        {{.collation = "utf8_bin"}, {.collation = "utf8mb3_bin"}, true, true},
        {{.sql_mode = "NO_DIR_IN_CREATE,ANSI"}, {.sql_mode = "ANSI"}, true, true},
        {{.db_collation = "latin1_bin"}, {.db_collation = "latin1_bin"}, true, true},
        {{.introducers = "_binary 1"}, {.introducers = "_binary 1"}, true, true},
        {{.introducers = "_binary 1"}, {.introducers = "_binary 2"}, false, true},
        {{.introducers = "_binary 1"}, {.introducers = ""}, false, true},
        {{.introducers = "_binary 1"}, {.introducers = NULL}, true, true},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_made_as *s = &cases[i].s, *t = &cases[i].t;
        assert_int_equal(mr_objects_same_made(s, t, false), cases[i].same);
        assert_int_equal(mr_objects_same_made(t, s, false), cases[i].same);
        assert_int_equal(mr_objects_same_made(s, t, true), cases[i].cross_same);
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_objects_add_made(&text, s, t, false);
        assert_int_equal(text.len == 0, cases[i].same);
        mr_strbuf_release(&text);
    }
}

/* A line for what differs; an empty setting is seen as one. */
static void test_lines(void **state)
{
    const struct mr_made_as a = {.definer = "a@b",
                                 .sql_mode = "ANSI",
                                 .introducers = "_binary 1",
                                 .escaped = "'it''s'",
                                 .collation = "utf8mb4_bin",
                                 .db_collation = "latin1_bin"};
    const struct mr_made_as b = {.definer = "",
                                 .sql_mode = "",
                                 .introducers = "",
                                 .escaped = "",
                                 .collation = "utf8mb4_general_ci",
                                 .db_collation = "utf8mb4_bin"};
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    mr_objects_add_made(&text, &a, &b, false);
    assert_string_equal(text.ptr, "\n(definer a@b)\n(sql_mode ANSI)\n(introducers of literals, "
                                  "counted from the end: _binary 1)\n(what is quoted and holds "
                                  "quotes: 'it''s')\n(collation_connection utf8mb4_bin)\n"
                                  "(database collation latin1_bin)");
    mr_strbuf_reset(&text);
    mr_objects_add_made(&text, &b, &a, true);
    assert_string_equal(text.ptr, "\n(definer '')\n(sql_mode '')");
    mr_strbuf_release(&text);
}

/* Where a literal's end cannot be told, the body counts as it stands. */
static void test_body(void **state)
{
    static const struct {
        const char *escaped;
        bool is_exact;
    } cases[] = {{NULL, false}, {"", false}, {"'it''s'", true}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_made_as made = {.sql_mode = "ANSI", .escaped = cases[i].escaped};
        struct mr_objects_text body = mr_objects_body_of("SELECT 1", "club", &made);
        assert_int_equal(body.is_exact, cases[i].is_exact);
        assert_string_equal(body.text, "SELECT 1");
        assert_string_equal(body.db, "club");
        assert_string_equal(body.sql_mode, "ANSI");
        struct mr_objects_text spaced = mr_objects_body_of("SELECT  1", "club", &made);
        assert_int_equal(mr_objects_same_body(body, spaced, false), !cases[i].is_exact);
        /* the other family's has no such marks: its blanks are none */
        assert_true(mr_objects_same_body(body, spaced, true));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
