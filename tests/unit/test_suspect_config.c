/* test_suspect_config.c: advised lines are taken by the configuration as they are, and say
 * what they were to say, whatever the names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/cli/config.h"
#include "core/pair/suspect_config.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

struct names {
    const char *db, *table, *column, *ref_table, *ref_column;
};

static bool advise(struct mr_strbuf *text, const struct names *n)
{
    struct mr_table child = {.db = n->db, .name = n->table};
    struct mr_table parent = {.db = n->db, .name = n->ref_table};
    const struct mr_suspect_line line = {
        .child = &child, .parent = &parent, .column = n->column, .parent_column = n->ref_column};
    return mr_suspect_config(text, &line, 1);
}

static void test_text(void **state)
{
    static const struct names plain = {"club", "wallet_log", "member_id", "members", "id"};
    static const struct names odd = {"my club", "log;", "o`dd.id", "none", "a b"};
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    assert_true(advise(&text, &plain));
    assert_string_equal(text.ptr, "[table club.wallet_log]\n"
                                  "reference = member_id -> club.members.id");
    mr_strbuf_reset(&text);
    assert_true(advise(&text, &odd));
    assert_string_equal(text.ptr, "[table my club.log?]\nreference = `o``dd.id` -> "
                                  "`my club`.`none`.`a b`");
    mr_strbuf_release(&text);
}

/* Nobody is to paste one of two that are as good. */
static void test_either(void **state)
{
    struct mr_table child = {.db = "shop", .name = "coupons"};
    struct mr_table a = {.db = "shop", .name = "audit log"}, b = {.db = "shop", .name = "order"};
    const struct mr_suspect_line lines[] = {
        {.child = &child, .parent = &b, .column = "of", .parent_column = "id"},
        {.child = &child, .parent = &a, .column = "by", .parent_column = "id", .either = true},
        {.child = &child, .parent = &b, .column = "by", .parent_column = "id", .either = true},
        {.child = &child,
         .parent = &a,
         .column = "in",
         .parent_column = "id",
         .either = true,
         .unlike = true},
    };
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    assert_true(mr_suspect_config(&text, lines, LEN(lines)));
    assert_string_equal(text.ptr, "[table shop.coupons]\n"
                                  "reference = of -> shop.order.id\n"
                                  "; one of these is meant: take its ; away\n"
                                  "; reference = by -> shop.`audit log`.id\n"
                                  "; reference = by -> shop.order.id\n"
                                  "; one of these is meant: take its ; away\n"
                                  "; reference = in -> shop.`audit log`.id");
    mr_strbuf_release(&text);
}

/* Put into a file between other sections, read back. */
static void check_round_trip(const struct names *n)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_config *config = NULL;
    struct mr_table_config t = {0};
    struct mr_err err = {0};
    mr_strbuf_add_str(&text, "[options]\nthreads = 1\n");
    struct mr_strbuf advice = MR_STRBUF_INIT;
    if (!advise(&advice, n))
        fail_msg("no advice on \"%s.%s\".\"%s\"", n->db, n->table, n->column);
    mr_strbuf_add_fmt(&text, "%s\n[table other]\nmargin = 1\n", advice.ptr);
    if (mr_config_parse(text.ptr, text.len, "ini", MR_CONFIG_NO_ROOMS, &config, &err) != MR_OK)
        fail_msg("%s in:\n%s", err.message, text.ptr);
    assert_int_equal(mr_config_table(config, n->db, n->table, &config->arena, &t, NULL), MR_OK);
    assert_int_equal(t.nreferences, 1);
    assert_false(t.references[0].dismissed);
    assert_null(t.references[0].condition);
    assert_int_equal(t.references[0].columns.count, 1);
    assert_string_equal(t.references[0].columns.items[0], n->column);
    assert_string_equal(t.references[0].ref_db, n->db);
    assert_string_equal(t.references[0].ref_table, n->ref_table);
    assert_int_equal(t.references[0].ref_columns.count, 1);
    assert_string_equal(t.references[0].ref_columns.items[0], n->ref_column);
    mr_config_free(config);
    mr_strbuf_release(&advice);
    mr_strbuf_release(&text);
}

static void test_round_trip(void **state)
{
    static const char *const odd[] = {
        "a",      "none",  "key",   "row",      "when",
        "newest", "none:", "a b",   " a",       ";a",
        "a ;b",   "a;",    "#a",    "[a]",      "a]",
        "a.b",    "a,b",   "a=b",   "a->b",     "->",
        "(a)",    "a:b",   "`",     "``",       "`a`",
        "a`b",    "\"",    "\"a\"", "'",        "it's",
        "\\",     "a\\",   "a\\'b", "*",        "?",
        "a*b?",   "\t",    "a\tb",  "\xC3\xA4", "\xE6\x97\xA5\xE6\x9C\xAC",
        "1",      "$",     "-",     "a when b", "x -- y",
        ";",      " ; ",   "select"};
    (void)state;
    for (size_t i = 0; i < LEN(odd); i++) {
        const char *next = odd[(i + 1) % LEN(odd)];
        const char *last = odd[(i + 2) % LEN(odd)];
        check_round_trip(&(struct names){odd[i], odd[i], odd[i], odd[i], odd[i]});
        check_round_trip(&(struct names){odd[i], next, last, odd[i], next});
        check_round_trip(&(struct names){"club", "t", odd[i], next, last});
    }
}

/* What one line cannot hold is not advised. */
static void test_line_breaks(void **state)
{
    static const struct names names[] = {
        {"d", "t", "a\nb", "p", "id"}, {"d", "t", "a", "p\nq", "id"}, {"d", "t", "a", "p", "\n"}};
    static const struct names in_section = {"d", "t\nu", "a", "p", "id"};
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(names); i++) {
        mr_strbuf_reset(&text);
        assert_false(advise(&text, &names[i]));
    }
    mr_strbuf_release(&text);
    check_round_trip(&in_section);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_either),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_line_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
