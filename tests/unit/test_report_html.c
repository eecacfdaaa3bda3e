/* test_report_html.c: whole reports of hostile cases: what is escaped, masked, closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>

#include "core/row/json_norm.h"
#include "report_case.h"

#define EVIL "</script><script>alert(1)</script>"

static const char *const evil_names[3] = {"id", "\"><img src=x onerror=alert(2)>", "a|b`c`\n# x"};

/* Markup in every place that a database can fill. */
static void fill_evil(struct check_case *c)
{
    static const struct case_row rows[] = {
        {0, 1, MR_FIND_DIVERGED, MR_KIND_COLLISION, "3/<script>alert(3)</script>/x",
         "3/<b>bob</b>/x", "a", "b"},
        {0, 1, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "4/&lt;i>/\x1b[2J\xe2\x80\xae", NULL, "a"},
        {0, 2, MR_FIND_DIVERGED, MR_KIND_MISSING, "6/\" onload=\"/NULL", NULL, "d", NULL},
        {0, 2, MR_FIND_DIVERGED, MR_KIND_CHANGED, "7/same/\xff<", "7/same/'>", "e", "e"}};
    struct mr_find_object object = {"index", "d." EVIL, EVIL, EVIL, NULL, EVIL};
    case_begin(c);
    c->run.finished = true;
    c->run.source = "mysql://" EVIL "@old/";
    c->run.replication = EVIL;
    c->run.hidden = EVIL ": GRANT <x>";
    report_table(c, "d." EVIL, evil_names, MR_SUBJECT_NO);
    case_chunk(c, 0, 2, true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        case_row(c, rows[i]);
    case_duplicate(c, 1, EVIL, "9/" EVIL "/x");
    c->table.note = EVIL;
    case_summarise(c);
    case_require(mr_findings_object_add(c->fd, &object, NULL));
    struct mr_find_counter counter = {
        .table = c->table.id, .column = EVIL, .next = {4, 5}, .greatest = {3, 4}};
    case_require(mr_findings_counter_save(c->fd, &counter, NULL));
    case_table(c, "d.<not checked>", MR_VERDICT_NOT_CHECKED, false);
    c->table.reason = EVIL;
    case_require(mr_findings_table_save(c->fd, &c->table, NULL));
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

/* ---- is it a page? ---- */

static bool is_void(const char *name, size_t len)
{
    static const char *const names[] = {"meta", "link", "br", "input"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return true;
    return false;
}

/* The end of the tag at `at`; attributes have quoted values or none. */
static const char *tag_end(const char *at)
{
    for (bool quoted = false; *at != '\0'; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == '>' && !quoted)
            return at;
        else if (*at == '<' && !quoted)
            fail_msg("a tag within a tag: %.60s", at);
    }
    fail_msg("a tag without an end");
    return NULL;
}

/* Every element is closed in its order; no text has a bare < or &. */
static void check_markup(const char *page)
{
    struct {
        const char *name;
        size_t len;
    } open[64];
    size_t depth = 0;
    const char *at = strstr(page, "<html");
    for (; *at != '\0'; at++) {
        if (*at == '&' && strncmp(at, "&lt;", 4) != 0 && strncmp(at, "&gt;", 4) != 0 &&
            strncmp(at, "&amp;", 5) != 0 && strncmp(at, "&quot;", 6) != 0 &&
            strncmp(at, "&#39;", 5) != 0)
            fail_msg("a bare &: %.60s", at);
        if (*at != '<')
            continue;
        bool closes = at[1] == '/';
        const char *name = at + (closes ? 2 : 1), *end;
        size_t len = strcspn(name, " >/\n");
        end = tag_end(name + len);
        if (closes) {
            if (depth == 0 || open[depth - 1].len != len ||
                memcmp(open[depth - 1].name, name, len) != 0)
                fail_msg("closed without being open: %.60s", at);
            depth--;
        } else if (end[-1] != '/' && !is_void(name, len)) {
            assert_true(depth < 64);
            open[depth].name = name;
            open[depth++].len = len;
        }
        at = end;
        bool raw = !closes && ((len == 5 && memcmp(name, "style", 5) == 0) ||
                               (len == 6 && memcmp(name, "script", 6) == 0));
        if (raw) /* what follows is no markup until its end tag */
            at = strstr(at, len == 5 ? "</style>" : "</script>") - 1;
    }
    assert_int_equal(depth, 0);
}

static void check_digest(const char *page, const char *tag)
{
    char from[16], to[16];
    unsigned char digest[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
    unsigned size = 0;
    (void)snprintf(from, sizeof from, "<%s>", tag);
    (void)snprintf(to, sizeof to, "</%s>", tag);
    const char *begin = strstr(page, from) + strlen(from);
    const char *end = strstr(begin, to);
    assert_int_equal(EVP_Digest(begin, (size_t)(end - begin), digest, &size, EVP_sha256(), NULL),
                     1);
    (void)EVP_EncodeBlock(text, digest, (int)size);
    assert_non_null(strstr(page, (const char *)text));
}

static void test_evil_page(void **state)
{
    struct check_case c;
    struct mr_report report;
    (void)state;
    fill_evil(&c);
    report_begin(&report, &c, false);
    char *page = report_text(&report, mr_report_html);
    assert_non_null(page);
    check_markup(page);
    assert_int_equal(count_of(page, "<script"), 1);
    assert_int_equal(count_of(page, "<style"), 1);
    assert_int_equal(count_of(page, "<img"), 0);
    assert_int_equal(count_of(page, "<b>bob"), 0);
    assert_int_equal(count_of(page, " style=\""), 0);
    assert_int_equal(count_of(page, " onclick"), 0);
    assert_true(count_of(page, "&lt;script&gt;alert(1)") >= 8);
    assert_true(count_of(page, "&lt;script&gt;alert(3)") >= 1);
    assert_true(count_of(page, "\\u{202e}") >= 1);
    assert_null(strpbrk(page, "\033\r"));
    /* it asks nobody for anything */
    assert_int_equal(count_of(page, "http:"), 0);
    assert_int_equal(count_of(page, "https:"), 0);
    assert_int_equal(count_of(page, "url("), count_of(page, "url(#"));
    assert_int_equal(count_of(page, " src="), count_of(page, "&lt;img src="));
    check_digest(page, "style");
    check_digest(page, "script");
    free(page);
    report_end(&report, &c);
}

static void test_evil_others(void **state)
{
    struct check_case c;
    struct mr_report report;
    struct mr_strbuf norm = MR_STRBUF_INIT;
    (void)state;
    fill_evil(&c);
    report_begin(&report, &c, false);
    char *md = report_text(&report, mr_report_md);
    assert_int_equal(count_of(md, "<"), count_of(md, "\\<"));
    assert_null(strchr(md, '\033'));
    /* a table's line has as many cells as its head */
    assert_non_null(strstr(md, "a\\|b\\`c\\`␊\\# x"));
    free(md);
    char *json = report_text(&report, mr_report_json);
    size_t lines = 0;
    for (char *rest = NULL, *line = strtok_r(json, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        mr_strbuf_reset(&norm);
        assert_true(mr_json_norm(line, strlen(line), &norm));
        lines++;
    }
    assert_true(lines > 12);
    mr_strbuf_release(&norm);
    free(json);
    report_end(&report, &c);
}

/* ---- what is shown ---- */

static void fill_people(struct check_case *c)
{
    static const char *const names[3] = {"id", "mobile", "note"};
    static const struct case_row rows[] = {
        {0, 0, MR_FIND_DIVERGED, MR_KIND_COLLISION, "3/+491709000001/x",
         "3/+491709000021/mail ann@example.com", "ann", "bob"},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "5/+491709000001/x", NULL, "ann"},
        {0, 0, MR_FIND_DIVERGED, MR_KIND_MISSING, "6/+491709000006/NULL", NULL, "dan", NULL}};
    case_begin(c);
    c->run.finished = true;
    report_table(c, "club.members", names, MR_SUBJECT_CONFIGURED);
    case_chunk(c, 0, 2, true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        case_row(c, rows[i]);
    c->table.counts.source_rows = 4;
    c->table.counts.target_rows = 4;
    case_summarise(c);
    struct mr_find_counter counter = {
        .table = c->table.id, .column = "id", .next = {7, 6}, .greatest = {6, 5}};
    case_require(mr_findings_counter_save(c->fd, &counter, NULL));
}

static void check_contains(const char *text, const char *const *pieces)
{
    for (; *pieces != NULL; pieces++)
        if (strstr(text, *pieces) == NULL)
            fail_msg("no \"%s\" in:\n%s", *pieces, text);
}

static void test_people(void **state)
{
    static report_fn *const formats[] = {mr_report_html, mr_report_md, mr_report_json};
    static const char *const page_pieces[] = {
        "3 rows differ in 1 of 1 table",
        "<b class=\"v\">3</b>: was <span class=\"v\">+49•••<mark>0</mark>1</span>, is "
        "<span class=\"v\">+49•••<mark>2</mark>1</span>",
        "mail a•••@e•••.com",
        "the target would give out a key that is taken",
        "histories of their own",
        "3 people (1 missing, 1 extra, 2 in collision, 1 moved; some in several ways) of "
        "club.members",
        "<dt>people touched</dt><dd>3<",
        NULL};
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct check_case c;
        struct mr_report report;
        fill_people(&c);
        report_begin(&report, &c, false);
        char *text = report_text(&report, formats[i]);
        assert_null(strstr(text, "49170900"));
        assert_null(strstr(text, "ann@"));
        assert_non_null(strstr(text, "+49•••"));
        if (i == 0)
            check_contains(text, page_pieces);
        free(text);
        mr_report_release(&report);
        mr_check_result_release(&c.result);
        report_begin(&report, &c, true);
        text = report_text(&report, formats[i]);
        assert_non_null(strstr(text, "+4917090000"));
        assert_non_null(strstr(text, "ann@example.com"));
        free(text);
        report_end(&report, &c);
    }
}

static void test_markdown(void **state)
{
    static const char *const pieces[] = {
        "# Diverged: 3 rows differ in 1 of 1 table\n",
        "| source | mysql://a@old/ |\n",
        "| touched | 3 people (1 missing, 1 extra, 2 in collision, 1 moved; some in several ways) "
        "|\n",
        "| club.members | diverged | 4 | 4 | 1 | 1 | 0 | 1 | 1 | equal |\n",
        "## club.members\n\n3 rows differ: id 3 to 6.\n",
        "| collision | id 3 | mobile | +49•••01 | +49•••21 |\n",
        "| collision | id 3 | note | x | mail a•••`@`e•••.com |\n",
        "| extra | id 5 | | – | mobile +49•••01 |\n",
        "| missing | id 6 | | mobile +49•••06 | – |\n",
        "| +49•••01 | id 3 | id 5 |\n",
        "| club.members.id | 7 | 6 | 6 | 5 |\n",
        NULL};
    struct check_case c;
    struct mr_report report;
    (void)state;
    fill_people(&c);
    report_begin(&report, &c, false);
    char *text = report_text(&report, mr_report_md);
    check_contains(text, pieces);
    free(text);
    report_end(&report, &c);
}

/* A counter that gives out taken keys is to be acted upon, also that of a table that is equal. */
static void test_markdown_counter(void **state)
{
    static const char *const pieces[] = {"| club.members.id | 7 | 6 | 6 | 5 |\n",
                                         "| club.rooms.id | 5 | 7 | 5 | 7 |\n", NULL};
    struct check_case c;
    struct mr_report report;
    (void)state;
    fill_people(&c);
    case_table(&c, "club.rooms", MR_VERDICT_EQUAL, false);
    struct mr_find_counter taken = {
        .table = c.table.id, .column = "id", .next = {5, 5}, .greatest = {7, 7}};
    case_require(mr_findings_counter_save(c.fd, &taken, NULL));
    case_table(&c, "club.seats", MR_VERDICT_EQUAL, false);
    struct mr_find_counter above = {
        .table = c.table.id, .column = "id", .next = {8, 8}, .greatest = {7, 7}};
    case_require(mr_findings_counter_save(c.fd, &above, NULL));
    report_begin(&report, &c, false);
    char *text = report_text(&report, mr_report_md);
    check_contains(text, pieces);
    assert_null(strstr(text, "club.seats.id"));
    free(text);
    report_end(&report, &c);
}

/* By another configuration the people may be others, and the report says so. */
static void test_other_configuration(void **state)
{
    static const struct {
        const char *text;
        bool other;
    } cases[] = {
        {"[table club.members]\nidentity = mobile\nsubject = yes\n", false},
        {"[table club.members]\nidentity = note\nsubject = yes\n", true},
        {"[table club.members]\nidentity = mobile\nsubject = yes\nwhere = id > 3\n", true},
    };
    static report_fn *const formats[] = {mr_report_html, mr_report_md, mr_report_json};
    static const char *const said[] = {"or others, for the configuration is not the run&#39;s",
                                       "or others, for the configuration is not the run's",
                                       "\"other_configuration\":true"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_config *config = NULL;
        struct check_case c;
        struct mr_report report;
        case_require(mr_config_parse(cases[i].text, strlen(cases[i].text), "my.ini",
                                     MR_CONFIG_NO_ROOMS, &config, NULL));
        fill_people(&c);
        report_begin(&report, &c, false);
        mr_report_release(&report);
        report.config = config;
        case_require(mr_report_load(&report, NULL));
        for (size_t f = 0; f < 3; f++) {
            char *text = report_text(&report, formats[f]);
            if ((strstr(text, said[f]) != NULL) != cases[i].other)
                fail_msg("case %zu, format %zu", i, f);
            free(text);
        }
        report_end(&report, &c);
        mr_config_free(config);
    }
}

/* What was not hidden when the check ran can be hidden when it is handed around. */
static void test_masked_now(void **state)
{
    static report_fn *const formats[] = {mr_report_html, mr_report_md, mr_report_json};
    static const char text[] = "[table *.members]\nmask = note\n";
    struct mr_config *config = NULL;
    struct check_case c;
    struct mr_report report;
    (void)state;
    case_require(
        mr_config_parse(text, sizeof text - 1, "my.ini", MR_CONFIG_NO_ROOMS, &config, NULL));
    fill_people(&c);
    report_begin(&report, &c, false);
    for (int now = 0; now < 2; now++) {
        for (size_t f = 0; f < 3; f++) {
            char *page = report_text(&report, formats[f]);
            if ((strstr(page, "mail a•") == NULL) != (now == 1))
                fail_msg("format %zu, masked %d", f, now);
            free(page);
        }
        report.config = config;
    }
    report_end(&report, &c);
    mr_config_free(config);
}

/* The greatest key is somebody's. */
static void test_masked_counter(void **state)
{
    static report_fn *const formats[] = {mr_report_html, mr_report_md, mr_report_json};
    static const char *const names[3] = {"mobile", "phone", "note"};
    /* the key that the next insert gets is one above the greatest */
    static const char *const numbers[2][2] = {{"4,915,999", "4915999"}, {"4,916,000", "4916000"}};
    (void)state;
    for (int unmask = 0; unmask < 2; unmask++) {
        struct check_case c;
        struct mr_report report;
        case_begin(&c);
        c.run.finished = true;
        report_table(&c, "d.members", names, MR_SUBJECT_NO);
        case_row(
            &c, (struct case_row){0, 1, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "4/a/b", NULL, "a"});
        case_summarise(&c);
        struct mr_find_counter counter = {.table = c.table.id,
                                          .column = "mobile",
                                          .next = {4916000, 4916000},
                                          .greatest = {4915999, 4915999}};
        case_require(mr_findings_counter_save(c.fd, &counter, NULL));
        report_begin(&report, &c, unmask != 0);
        for (size_t f = 0; f < 3; f++) {
            char *page = report_text(&report, formats[f]);
            for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
                if ((strstr(page, numbers[n][0]) != NULL || strstr(page, numbers[n][1]) != NULL) !=
                    (unmask != 0))
                    fail_msg("format %zu, unmask %d: %s", f, unmask, numbers[n][0]);
            free(page);
        }
        report_end(&report, &c);
    }
}

/* What refers to a masked column has its values, over a table in between, too. */
static void test_masked_reference(void **state)
{
    static report_fn *const formats[] = {mr_report_html, mr_report_json};
    static const char *const names[3] = {"id", "code", "ref"};
    static const struct case_row row = {
        0, 1, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "4/own/M-4711", NULL, "own"};
    static const size_t code_at[1] = {1}, ref_at[1] = {2};
    const char *const tables[3] = {"d.members", "d.cards", "d.visits"};
    for (int referring = 0; referring < 2; referring++) {
        int64_t ids[3];
        struct check_case c;
        struct mr_report report;
        (void)state;
        case_begin(&c);
        c.run.finished = true;
        for (size_t i = 0; i < 3; i++) {
            /* people are known by their code, which is hidden */
            report_table(&c, tables[i], names, i == 0 ? MR_SUBJECT_CONFIGURED : MR_SUBJECT_NO);
            ids[i] = c.table.id;
        }
        case_row(&c, row);
        case_summarise(&c);
        for (size_t i = 1; i < 3 && referring == 1; i++) {
            struct mr_lineage_reference r = {.table = ids[i],
                                             .parent = ids[i - 1],
                                             .parent_name = tables[i - 1],
                                             .name = "fk",
                                             .condition_at = -1,
                                             .columns = ref_at,
                                             .parent_columns = i == 1 ? code_at : ref_at,
                                             .ncolumns = 1};
            case_require(mr_lineage_reference_add(c.fd, &r, NULL));
        }
        report_begin(&report, &c, false);
        for (size_t f = 0; f < 2; f++) {
            char *page = report_text(&report, formats[f]);
            if ((strstr(page, "M-4711") == NULL) != (referring == 1))
                fail_msg("format %zu, referring %d", f, referring);
            free(page);
        }
        report_end(&report, &c);
    }
}

static void test_states(void **state)
{
    struct check_case c;
    struct mr_report report;
    (void)state;
    case_begin(&c);
    c.run.finished = true;
    case_table(&c, "d.t", MR_VERDICT_EQUAL, true);
    report_begin(&report, &c, false);
    char *page = report_text(&report, mr_report_html);
    check_markup(page);
    check_contains(page, (const char *const[]){">Equal<", "There is nothing to do.",
                                               "Both sides hold the same rows in 1 table", NULL});
    assert_null(strstr(page, "<details"));
    free(page);
    report_end(&report, &c);

    case_begin(&c); /* a merge of some parts of a fleet */
    c.run.finished = true;
    case_table(&c, "d.t", MR_VERDICT_EQUAL, true);
    case_table(&c, "d.u", MR_VERDICT_NOT_CHECKED, true);
    c.table.reason = "part 3 is missing";
    c.table.counts.missing = 7;
    case_require(mr_findings_table_save(c.fd, &c.table, NULL));
    report_begin(&report, &c, false);
    page = report_text(&report, mr_report_html);
    check_markup(page);
    check_contains(page, (const char *const[]){
                             "so far 7 rows differ in 1 of 2 tables",
                             "Of 1 table not all was read: what was found in it so far", NULL});
    free(page);
    report_end(&report, &c);

    case_begin(&c); /* ended before it had looked at anything */
    c.run.objects_done = false;
    case_table(&c, "d.t", MR_VERDICT_UNDECIDED, true);
    report_begin(&report, &c, false);
    page = report_text(&report, mr_report_html);
    check_markup(page);
    check_contains(page, (const char *const[]){">Unfinished<", "has not come to its end",
                                               "1 table was not reached", NULL});
    free(page);
    report_end(&report, &c);

    case_begin(&c); /* equal, as far as it was seen */
    c.run.finished = true;
    c.run.hidden = "triggers of database \"d\" on the source: GRANT TRIGGER";
    case_table(&c, "d.t", MR_VERDICT_EQUAL, true);
    report_begin(&report, &c, false);
    page = report_text(&report, mr_report_html);
    check_contains(page, (const char *const[]){">Incomplete<", "run the check again", NULL});
    assert_null(strstr(page, "nothing to do"));
    free(page);
    report_end(&report, &c);

    case_begin(&c); /* nothing in common */
    c.run.finished = true;
    report_begin(&report, &c, false);
    page = report_text(&report, mr_report_html);
    check_markup(page);
    free(page);
    report_end(&report, &c);
}

/* What a plan of the case has made is no reason to block anybody. */
static void test_explained(void **state)
{
    static const struct {
        const char *sql, *words, *people, *left;
    } cases[] = {
        {"INSERT INTO explained SELECT id, tbl, 1, 7 FROM finding",
         "were touched: 2 rows differ in 1 of 1 table, all as a plan of the case has made them.",
         "2 people were touched", "lift what was blocked"},
        {"INSERT INTO explained SELECT id, tbl, 1, 7 FROM finding WHERE kind = 4",
         "are touched: 2 rows differ in 1 of 1 table, 1 as a plan of the case has made it.",
         "2 people are touched", "block whoever is touched"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct check_case c;
        struct mr_report report;
        static const char *const names[3] = {"id", "phone", "note"};
        case_begin(&c);
        c.run.finished = c.run.kin_done = true;
        report_table(&c, "d.members", names, MR_SUBJECT_CONFIGURED);
        case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_COLLISION, "4/ann/x",
                                       "4/xen/y", "ann", "xen"});
        case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "9/ann/x", NULL,
                                       "ann"});
        case_summarise(&c);
        case_require(
            mr_case_exec(mr_findings_case(c.fd),
                         "CREATE TABLE explained (finding INTEGER PRIMARY KEY, tbl INT NOT"
                         " NULL, how INT NOT NULL, plan INT NOT NULL);"
                         "CREATE TABLE IF NOT EXISTS plan (id INTEGER PRIMARY KEY, dir TEXT)",
                         NULL));
        case_require(mr_case_exec(mr_findings_case(c.fd), cases[i].sql, NULL));
        report_begin(&report, &c, false);
        char *page = report_text(&report, mr_report_html);
        check_contains(page,
                       (const char *const[]){cases[i].words, cases[i].people, cases[i].left, NULL});
        free(page);
        report_end(&report, &c);
    }
}

/* 2,000 tables, 700 of them diverged. */
static void test_many_tables(void **state)
{
    struct check_case c;
    struct mr_report report;
    char name[32];
    (void)state;
    case_begin(&c);
    c.run.finished = true;
    for (int i = 0; i < 2000; i++) {
        bool diverged = i % 20 < 7;
        (void)snprintf(name, sizeof name, "shop.t%04d", i);
        case_table(&c, name, diverged ? MR_VERDICT_DIVERGED : MR_VERDICT_EQUAL, true);
        case_chunk(&c, 0, 100, true);
        for (int row = 0; diverged && row < 3; row++)
            case_row(&c, (struct case_row){0, (uint64_t)row * 30, MR_FIND_DIVERGED, MR_KIND_CHANGED,
                                           "3/ann/x", "3/ann/y", "ann", "ann"});
        case_summarise(&c);
    }
    report_begin(&report, &c, false);
    char *page = report_text(&report, mr_report_html);
    check_markup(page);
    assert_in_range(strlen(page), 500000, 4000000);
    assert_int_equal(count_of(page, "<details"), 500);
    assert_int_equal(count_of(page, "shown without runs and rows"), 400);
    assert_int_equal(count_of(page, "200 more tables differ"), 1);
    assert_int_equal(count_of(page, "<tr data-verdict"), 2000);
    free(page);
    report_end(&report, &c);
}

/* A list that leaves something out says so, whatever it lists. */
static void test_nothing_is_cut_in_silence(void **state)
{
    struct check_case c;
    struct mr_report report;
    char name[32];
    (void)state;
    case_begin(&c);
    c.run.finished = true;
    for (int i = 0; i < 53; i++) {
        (void)snprintf(name, sizeof name, "d.t%02d", i);
        case_table(&c, name, MR_VERDICT_DIVERGED, true);
        struct mr_find_counter counter = {
            .table = c.table.id, .column = "id", .next = {4, 5}, .greatest = {3, 4}};
        case_require(mr_findings_counter_save(c.fd, &counter, NULL));
        (void)snprintf(name, sizeof name, "d.u%02d", i);
        case_table(&c, name, MR_VERDICT_NOT_CHECKED, true);
        c.table.reason = "why";
        case_require(mr_findings_table_save(c.fd, &c.table, NULL));
    }
    report_begin(&report, &c, false);
    char *md = report_text(&report, mr_report_md);
    assert_int_equal(count_of(md, ".id | 4 | 3 | 5 | 4 |"), 50);
    assert_int_equal(count_of(md, ": why"), 50);
    assert_int_equal(count_of(md, "\nAnd 3 more.\n"), 2);
    free(md);
    report_end(&report, &c);
}

/* Without a key, rows are counted one by one, and shown once with how often. */
static void test_keyless_rows(void **state)
{
    struct check_case c;
    struct mr_report report;
    (void)state;
    case_begin(&c);
    c.run.finished = true;
    case_table(&c, "d.log", MR_VERDICT_DIVERGED, false);
    case_require(mr_case_exec(mr_findings_case(c.fd),
                              "UPDATE col SET key_at = -1, identity_at = -1;"
                              "UPDATE tbl SET keyless = 1",
                              NULL));
    for (int i = 0; i < 60; i++) {
        char row[32];
        (void)snprintf(row, sizeof row, "%d/a/x", i);
        case_row(&c,
                 (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_MISSING, row, NULL, NULL, NULL});
    }
    case_summarise(&c);
    report_begin(&report, &c, false);
    assert_true(report.result->tables[0].keyless);
    char *page = report_text(&report, mr_report_html);
    assert_int_equal(count_of(page, "10 different rows beyond these"), 1);
    free(page);
    char *md = report_text(&report, mr_report_md);
    assert_int_equal(count_of(md, "The first of 60 different rows"), 1);
    free(md);
    report_end(&report, &c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evil_page),        cmocka_unit_test(test_evil_others),
        cmocka_unit_test(test_people),           cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_markdown_counter), cmocka_unit_test(test_other_configuration),
        cmocka_unit_test(test_masked_now),       cmocka_unit_test(test_states),
        cmocka_unit_test(test_many_tables),      cmocka_unit_test(test_nothing_is_cut_in_silence),
        cmocka_unit_test(test_keyless_rows),     cmocka_unit_test(test_explained),
        cmocka_unit_test(test_masked_reference), cmocka_unit_test(test_masked_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
