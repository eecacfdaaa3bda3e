/* test_report_doc.c: the markup of documents, and how each format writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "recon/report/report_doc.h"

static void begin(struct mr_doc *doc, const struct mr_doc_format *format, struct mr_strbuf *out)
{
    mr_strbuf_reset(out);
    *doc = (struct mr_doc){.format = format, .out = out};
}

/* Markup is what the program says; what comes in by %s never is. */
static void test_escaped(void **state)
{
    static const struct {
        const struct mr_doc_format *format;
        const char *text;
    } cases[] = {
        {&mr_doc_html, "<h2 id=\"a&quot;&gt;\">own &amp; &lt;b&gt;%s</h2>\n<p><code></code></p>\n"},
        {&mr_doc_md, "## own \\& \\<b\\>%s\n\n\n"},
        {&mr_doc_plain, "own & <b>%s"},
    };
    const char *volatile none = NULL; /* or the compiler sees it */
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_doc doc;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(&doc, cases[i].format, &out);
        mr_doc_say(&doc, "<part %s>own & %s</part><p><code>%s</code></p>", "a\">", "<b>%s", none);
        assert_string_equal(out.ptr, cases[i].text);
    }
    mr_strbuf_release(&out);
}

/* An option is one word to the eye, wherever a line ends; what only looks like one is as it stands. */
static void test_options(void **state)
{
    static const char *const cases[][2] = {{"--case", "<span class=\"opt\">--case</span>"},
                                           {"plan --reseed-only --x=<1>",
                                            "plan <span class=\"opt\">--reseed-only</span> "
                                            "<span class=\"opt\">--x</span>=&lt;1&gt;"},
                                           {"a--case b", "a--case b"},
                                           {"-- --- -v", "-- --- -v"},
                                           {"--Case --1", "--Case --1"},
                                           {"'--case'", "&#39;--case&#39;"},
                                           {"--", "--"},
                                           {"", ""}};
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_doc doc;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(&doc, &mr_doc_html, &out);
        mr_doc_say(&doc, "%s", cases[i][0]);
        assert_string_equal(out.ptr, cases[i][1]);
    }
    mr_strbuf_release(&out);
}

/* Names of tags and several words behind them, by %s or not. */
static void test_tags(void **state)
{
    struct mr_strbuf out = MR_STRBUF_INIT, words = MR_STRBUF_INIT;
    struct mr_doc doc;
    (void)state;
    begin(&doc, &mr_doc_html, &out);
    mr_doc_say(&doc, "<%s warn>a</%s><listed equal %s calm></listed><chip  true>b</chip>", "note",
               "note", "d.t u");
    mr_strbuf_add_str(&words, "w");
    mr_doc_words(&doc, mr_doc_tone(MR_TONE_BAD), &words);
    assert_int_equal(words.len, 0);
    assert_string_equal(out.ptr,
                        "<div class=\"note is-warn\"><p>a</p></div>\n"
                        "<tr data-verdict=\"equal\" data-name=\"d.t u\" class=\"calm\"></tr>\n"
                        "<button type=\"button\" data-verdict=\"\" aria-pressed=\"true\">b"
                        "</button>\n<p class=\"is-bad\">w</p>\n");
    mr_strbuf_release(&words);
    mr_strbuf_release(&out);
}

/* Blocks are an empty line apart; an empty cell is one, too. */
static void test_markdown(void **state)
{
    static const char *const columns[] = {"a", "b_"};
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_doc doc;
    (void)state;
    begin(&doc, &mr_doc_md, &out);
    mr_doc_say(&doc, "<h1>t</h1><table>");
    mr_doc_head(&doc, columns, 2, 0x2U);
    mr_doc_say(&doc, "<rows><row><cell></cell><number>%s</number></row></rows></table>",
               mr_text_number(&doc.texts, 1234567));
    mr_doc_say(&doc, "<list><item>x</item><item>y</item></list><picture></picture>");
    assert_string_equal(out.ptr, "# t\n\n| a | b\\_ |\n|---|---:|\n| | 1,234,567 |\n\n"
                                 "- x\n- y\n");
    mr_strbuf_release(&out);
}

static void test_texts(void **state)
{
    struct mr_texts t = {.made = 0};
    (void)state;
    assert_string_equal(mr_text_number(&t, 0), "0");
    assert_string_equal(mr_text_number(&t, UINT64_MAX), "18,446,744,073,709,551,615");
    assert_string_equal(mr_text_plain(&t, 1000), "1000");
    assert_string_equal(mr_text_count(&t, 1, "row", "rows"), "1 row");
    assert_string_equal(mr_text_count(&t, 2000, "row", "rows"), "2,000 rows");
    assert_string_equal(mr_text_time(&t, "2026-11-20T14:36:05Z"), "2026-11-20 14:36:05 UTC");
    assert_string_equal(mr_text_duration(&t, 3.25), "3.2 s");
    assert_string_equal(mr_text_duration(&t, 200), "3 min 20 s");
    assert_string_equal(mr_text_duration(&t, 7500), "2 h 5 min");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escaped), cmocka_unit_test(test_options),
        cmocka_unit_test(test_tags),    cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
