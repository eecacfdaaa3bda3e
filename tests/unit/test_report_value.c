/* test_report_value.c: escaping, differing parts, and values as a report shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/page/page_escape.h"
#include "recon/report/report_value.h"

static void test_escape(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *html, *md;
    } cases[] = {
        {"plain", 5, "plain", "plain"},
        {"", 0, "", ""},
        {"<script>alert('x')</script>", 27, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;",
         "\\<script\\>alert('x')\\</script\\>"},
        {"\" onload=\"", 10, "&quot; onload=&quot;", "\" onload=\""},
        {"&lt;", 4, "&amp;lt;", "\\&lt;"},
        {"a|b`c`", 6, "a|b`c`", "a\\|b\\`c\\`"},
        {"![x](http://y)", 14, "![x](http://y)", "\\!\\[x\\](http:/\\/y)"},
        {"a\0b\n\x1b[2J\x7f", 9, "a␀b␊␛[2J␡", "a␀b␊␛\\[2J␡"},
        {"@all", 4, "@all", "`@`all"},
        {"(@@x@@ @", 8, "(@@x@@ @", "(`@@`x@`@` `@`"},
        {"@`a`@", 5, "@`a`@", "`@`\\`a\\``@`"},
        {"mysql://u@h/", 12, "mysql://u@h/", "mysql://u@h/"},
        {"HTTPS://x", 9, "HTTPS://x", "HTTPS:/\\/x"},
        {"ftp://x", 7, "ftp://x", "ftp:/\\/x"},
        {"www.x.org", 9, "www.x.org", "www\\.x.org"},
        {"\xff\xc3", 2, "\\xff\\xc3", "\\\\xff\\\\xc3"},
        {"\xe2\x80\xae"
         "abc",
         6, "\\u{202e}abc", "\\\\u\\{202e\\}abc"},
        {"\xc2\x85", 2, "\\u{0085}", "\\\\u\\{0085\\}"},
        {"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", 11, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80",
         "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_strbuf html = MR_STRBUF_INIT, md = MR_STRBUF_INIT;
        mr_page_escape_html(&html, cases[i].text, cases[i].len);
        mr_page_escape_md(&md, cases[i].text, cases[i].len);
        assert_string_equal(html.ptr, cases[i].html);
        assert_string_equal(md.ptr, cases[i].md);
        mr_strbuf_release(&html);
        mr_strbuf_release(&md);
    }
}

static void test_parts(void **state)
{
    static const struct {
        const char *a, *b;
        struct mr_diff_part in_a, in_b;
    } cases[] = {
        {"abc", "abc", {3, 3}, {3, 3}},
        {"abc", "axc", {1, 2}, {1, 2}},
        {"abc", "ac", {1, 2}, {1, 1}},
        {"", "ac", {0, 0}, {0, 2}},
        {"aaa", "aa", {2, 3}, {2, 2}},
        {"x", "y", {0, 1}, {0, 1}},
        /* a byte is shared, the character is not */
        {"\xc3\xa4", "\xc3\xb6", {0, 2}, {0, 2}},
        {"1\xc3\xa4", "1\xe3\xa4\xa4", {1, 3}, {1, 4}},
        {"\xe4\xbd\xa0\xe5\xa5\xbd", "\xe4\xbd\xa0\xe4\xbb\xac\xe5\xa5\xbd", {3, 3}, {3, 6}},
        {"\xff\xff", "\xff", {1, 2}, {1, 1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_diff_part a, b;
        mr_diff_parts(cases[i].a, strlen(cases[i].a), cases[i].b, strlen(cases[i].b), &a, &b);
        if (a.from != cases[i].in_a.from || a.to != cases[i].in_a.to ||
            b.from != cases[i].in_b.from || b.to != cases[i].in_b.to)
            fail_msg("case %zu: [%zu, %zu) and [%zu, %zu)", i, a.from, a.to, b.from, b.to);
    }
}

static void check_view(const char *text, struct mr_diff_part part, size_t max,
                       struct mr_diff_view want)
{
    struct mr_diff_view view = mr_diff_view(text, strlen(text), part, max);
    assert_int_equal(view.from, want.from);
    assert_int_equal(view.to, want.to);
    assert_int_equal(view.mark_from, want.mark_from);
    assert_int_equal(view.mark_to, want.mark_to);
}

static void test_view(void **state)
{
    (void)state;
    check_view("0123456789", (struct mr_diff_part){0, 0}, 20, (struct mr_diff_view){0, 10, 0, 0});
    check_view("0123456789", (struct mr_diff_part){2, 3}, 8, (struct mr_diff_view){0, 8, 2, 3});
    check_view("0123456789abcdef", (struct mr_diff_part){12, 13}, 8,
               (struct mr_diff_view){10, 16, 12, 13});
    check_view("0123456789abcdef", (struct mr_diff_part){6, 16}, 8,
               (struct mr_diff_view){4, 12, 6, 12});
    check_view("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", (struct mr_diff_part){8, 10}, 4,
               (struct mr_diff_view){6, 10, 8, 10});
    assert_int_equal(mr_diff_chars("\xc3\xa4\xff x", 5), 4);
}

/* Two rows of one column, by value. */
struct pair {
    struct mr_strbuf bytes[2];
    struct mr_image images[2];
    struct mr_find_column column;
    struct mr_find_table table;
    struct mr_report_value values[2];
};

static void pair_begin(struct pair *p, const char *name, struct mr_value a, struct mr_value b,
                       enum mr_class cls)
{
    struct mr_value raw[2] = {a, b};
    *p = (struct pair){
        .column = {.name = name, .style = {cls, 0}, .key_at = -1, .identity_at = -1, .flag_at = -1},
        .table = {.ncolumns = 1}};
    p->table.columns = &p->column;
    for (int i = 0; i < 2; i++) {
        mr_strbuf_init(&p->bytes[i]);
        assert_int_equal(mr_row_encode(&p->bytes[i], &raw[i], NULL), MR_OK);
        mr_image_init(&p->images[i]);
        assert_int_equal(mr_image_open(&p->images[i], p->bytes[i].ptr, p->bytes[i].len, NULL),
                         MR_OK);
        mr_report_value_init(&p->values[i]);
    }
    assert_int_equal(mr_report_value_load_pair(p->values, p->images, &p->table, 0,
                                               mr_mask_of_column(&p->table, 0), NULL),
                     MR_OK);
}

static void pair_end(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        mr_image_release(&p->images[i]);
        mr_strbuf_release(&p->bytes[i]);
        mr_report_value_release(&p->values[i]);
    }
}

static struct mr_value text(const char *str)
{
    return (struct mr_value){.cls = MR_CLASS_TEXT, .ptr = str, .len = strlen(str)};
}

static void check_pair(const char *name, struct mr_value a, struct mr_value b, enum mr_class cls,
                       const char *shown_a, const char *marked_a, const char *marked_b)
{
    struct pair p;
    pair_begin(&p, name, a, b, cls);
    struct mr_report_value *v = p.values;
    assert_string_equal(v[0].text.ptr, shown_a);
    assert_int_equal(v[0].part.to - v[0].part.from, strlen(marked_a));
    assert_memory_equal(v[0].text.ptr + v[0].part.from, marked_a, strlen(marked_a));
    assert_int_equal(v[1].part.to - v[1].part.from, strlen(marked_b));
    assert_memory_equal(v[1].text.ptr + v[1].part.from, marked_b, strlen(marked_b));
    assert_true(v[0].differs && v[1].differs);
    pair_end(&p);
}

static void test_pairs(void **state)
{
    struct mr_value null = {.cls = MR_CLASS_NULL};
    struct mr_value one = {.cls = MR_CLASS_INT, .i = 4201};
    struct mr_value two = {.cls = MR_CLASS_INT, .i = 4202};
    struct pair p;
    (void)state;
    check_pair("note", text("season ticket"), text("season  ticket"), MR_CLASS_TEXT,
               "season ticket", "", " ");
    check_pair("note", text("Berlin"), text("Bonn"), MR_CLASS_TEXT, "Berlin", "Berlin", "Bonn");
    check_pair("note", one, two, MR_CLASS_INT, "4201", "4201", "4202");
    /* masked: by the masks where they tell the two apart, else as a whole */
    check_pair("mobile", text("+491709000001"), text("+491709000021"), MR_CLASS_TEXT,
               "+49" MR_MASK_DOTS "01", "0", "2");
    check_pair("name", text("Anna"), text("Arno"), MR_CLASS_TEXT, "A" MR_MASK_DOTS,
               "A" MR_MASK_DOTS, "A" MR_MASK_DOTS);
    check_pair("note", text("x"), null, MR_CLASS_TEXT, "x", "x", "");
    pair_begin(&p, "note", text("x"), text("x"), MR_CLASS_TEXT);
    assert_false(p.values[0].differs || p.values[1].differs);
    assert_int_equal(p.values[0].part.to, 0);
    pair_end(&p);
    pair_begin(&p, "note", text(""), null, MR_CLASS_TEXT);
    assert_int_equal(p.values[0].form, MR_FORM_EMPTY);
    assert_int_equal(p.values[1].form, MR_FORM_NULL);
    assert_true(p.values[0].differs);
    pair_end(&p);
    pair_begin(&p, "card", (struct mr_value){.cls = MR_CLASS_BINARY, .ptr = "\x01\x02", .len = 2},
               (struct mr_value){.cls = MR_CLASS_BINARY, .ptr = "\x01", .len = 1}, MR_CLASS_BINARY);
    assert_string_equal(p.values[0].text.ptr, MR_MASK_DOTS);
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
