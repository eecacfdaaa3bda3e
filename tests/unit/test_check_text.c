/* test_check_text.c: the whole text of `check` for people, from a case filled by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"
#include "recon/check/check_text.h"

static char *text_of(struct check_case *c, const char *case_path, bool color)
{
    char *text = NULL;
    size_t size = 0;
    struct mr_check_text_opts opts = {.color = color, .width = 80, .case_path = case_path};
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(mr_check_text(&c->result, out, &opts, NULL), MR_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_equal(void **state)
{
    struct check_case c;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_EQUAL, false);
    c.table.counts = (struct mr_find_counts){.source_rows = 1234, .target_rows = 1234};
    case_summarise(&c);
    case_load(&c, 10);
    char *text = text_of(&c, "", false);
    assert_null(strstr(text, "Diverged"));
    assert_null(strstr(text, "--case"));
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "1,234 rows"));
    assert_non_null(strstr(text, "\nequal: 1 table, 2,468 rows read in 1.5 s\n"));
    free(text);
    text = text_of(&c, "", true);
    assert_non_null(strchr(text, '\033'));
    free(text);
    case_end(&c);
}

static void fill_two_histories(struct check_case *c)
{
    static const struct case_row rows[] = {
        {0, 1, MR_FIND_DIVERGED, MR_KIND_COLLISION, "3/ann/x", "3/bob/x", "ann", "bob"},
        {0, 1, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "4/ann/y", NULL, "ann"},
        {0, 2, MR_FIND_DIVERGED, MR_KIND_MISSING, "6/dan/NULL", NULL, "dan", NULL}};
    struct mr_find_object object = {"index", "d.t", "by_note", "note", NULL, "d"};
    case_begin(c);
    case_table(c, "d.t", MR_VERDICT_DIVERGED, true);
    case_chunk(c, 0, 2, true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        case_row(c, rows[i]);
    c->table.counts.source_rows = 4;
    c->table.counts.target_rows = 5;
    case_summarise(c);
    assert_int_equal(mr_findings_object_add(c->fd, &object, NULL), MR_OK);
    case_load(c, 10);
}

/* Line by line, without regard to how it is spaced. */
static void check_lines(const char *text, const char *const *lines)
{
    struct mr_strbuf squeezed = MR_STRBUF_INIT;
    for (const char *at = text; *at != '\0'; at++)
        if (*at != ' ' || (at[1] != ' ' && at[1] != '\n' && squeezed.len > 0 &&
                           squeezed.ptr[squeezed.len - 1] != '\n'))
            mr_strbuf_add_char(&squeezed, *at);
    const char *at = squeezed.ptr;
    for (size_t i = 0; lines[i] != NULL; i++) {
        at = strstr(at, lines[i]);
        if (at == NULL)
            fail_msg("no line \"%s\" where it should be in:\n%s", lines[i], squeezed.ptr);
        else
            at += strlen(lines[i]);
    }
    mr_strbuf_release(&squeezed);
}

static void test_two_histories(void **state)
{
    struct check_case c;
    static const char *const lines[] = {
        "source mysql://a@old/\ntarget mysql://a@new/\n",
        "\nTables\n",
        "d.t diverged 4 / 5 rows 1 collision, 1 missing, 1 extra, 1 moved\n",
        "\nDiverged keys\n",
        "d.t id 3 .. 4 (2 rows)\n",
        "d.t id 6 (1 row)\n",
        "\nSamples: source | target\n",
        "d.t collision id 3\n",
        "phone 'ann' | 'bob'\n",
        "d.t extra id 4\n",
        "phone - | 'ann'\n",
        "note - | 'y'\n",
        "d.t missing id 6\n",
        "phone 'dan' | -\n",
        "note NULL | -\n",
        "d.t moved phone 'ann': id 3 -> 4\n",
        "\nObjects that differ: source | target\n",
        "index d.t.by_note\n",
        "'note' | -\n",
        "\ndiverged: 1 table, 9 rows read in 1.5 s; 1 collision, 1 missing, 1 extra, 1 "
        "moved,"
        " 1 object differs\n",
        "SOURCE (lost history, old) and TARGET (live, new) have histories of their\n",
        "Every finding is kept in /tmp/incident.\n",
        NULL};
    (void)state;
    fill_two_histories(&c);
    char *text = text_of(&c, "/tmp/incident", false);
    check_lines(text, lines);
    free(text);
    case_end(&c);
}

/* Side by side two texts never look alike, however long what they have in common. */
static void test_differ_in_the_middle(void **state)
{
#define LONG_TEXT "0123456789 0123456789 0123456789 0123456789 "
    struct check_case c;
    struct mr_find_object object = {
        "trigger", "d.t", "tr", LONG_TEXT "one " LONG_TEXT, LONG_TEXT "two " LONG_TEXT, "d"};
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    case_chunk(&c, 0, 0, true);
    case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_CHANGED,
                                   "1/a/" LONG_TEXT "red " LONG_TEXT,
                                   "1/a/" LONG_TEXT "blue" LONG_TEXT, NULL, NULL});
    case_summarise(&c);
    assert_int_equal(mr_findings_object_add(c.fd, &object, NULL), MR_OK);
    case_load(&c, 10);
    char *text = text_of(&c, "", false);
    check_lines(text, (const char *const[]){"note …'3456789 red", "| …'3456789 blu",
                                            "trigger d.t.tr\n…'3456789 one 0", "| …'3456789 two 0",
                                            NULL});
    free(text);
    case_end(&c);
}

/* Terminals are not to be written to by what a column holds. */
static void test_control_characters(void **state)
{
    struct check_case c;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    case_chunk(&c, 0, 0, true);
    case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_CHANGED, "1/a/\033[2J\nx",
                                   "1/a/\r\b", NULL, NULL});
    case_summarise(&c);
    case_load(&c, 10);
    char *text = text_of(&c, "", false);
    assert_null(strpbrk(text, "\033\r\b"));
    assert_non_null(strstr(text, "\\x1b[2J"));
    free(text);
    case_end(&c);
}

/* The lines of the configuration, a section's name once, ten columns at most. */
static void test_suspects(void **state)
{
    struct check_case c;
    struct mr_find_advice advice[12];
    static const char *const lines[] = {"\nColumns that look like references",
                                        "[table d.t]\n",
                                        "reference = a\n",
                                        "reference = b when x = 'y'\n",
                                        "reference = b when x = 'z'\n",
                                        "[table d.u]\n",
                                        "reference = c\\x1b[2J\n",
                                        "and 2 more; --json prints them\n",
                                        "\nequal: 1 table",
                                        NULL};
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_EQUAL, false);
    for (size_t i = 0; i < 12; i++)
        advice[i] = (struct mr_find_advice){"d.u", "c", "why", "[table d.u]\nreference = c\033[2J"};
    advice[0].config = "[table d.t]\nreference = a";
    advice[1].config = "[table d.t]\nreference = b when x = 'y'\nreference = b when x = 'z'";
    assert_int_equal(mr_findings_advice_save(c.fd, advice, 12, NULL), MR_OK);
    case_load(&c, 10);
    char *text = text_of(&c, "", false);
    check_lines(text, lines);
    assert_null(strchr(text, '\033'));
    assert_null(strstr(strstr(text, "[table d.t]") + 1, "[table d.t]"));
    size_t references = 0;
    for (const char *at = text; (at = strstr(at, "  reference = ")) != NULL; at++)
        references++;
    assert_int_equal(references, 11);
    free(text);
    assert_int_equal(mr_check_result_exit(&c.result), 0);
    case_end(&c);
}

static void test_incomplete(void **state)
{
    struct check_case c;
    static const char *const lines[] = {"d.t not-checked 0 rows\n",
                                        "no right on it\n",
                                        "(a note)\n",
                                        "\nNot visible to the account\n",
                                        "events: GRANT EVENT\ntriggers: GRANT TRIGGER\n",
                                        "\nincomplete: 1 table, 0 rows read in 1.5 s;",
                                        "1 table not checked, 1 row unsettled\n",
                                        "Tables that could not be checked",
                                        NULL};
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_NOT_CHECKED, false);
    c.table.reason = "no right on it";
    c.table.note = "a note";
    case_summarise(&c);
    case_row(&c, (struct case_row){.state = MR_FIND_UNSETTLED, .source = "1/a/b"});
    c.run.hidden = "events: GRANT EVENT\ntriggers: GRANT TRIGGER";
    case_load(&c, 10);
    char *text = text_of(&c, "", false);
    check_lines(text, lines);
    free(text);
    case_end(&c);
}

/* A run that can be resumed says why: whom rows belong to, or a server. */
static void test_unfinished(void **state)
{
    static const char *const people[] = {"\nincomplete: ", "Every finding is kept in x",
                                         "Whom the rows belong to is not known", "--resume", NULL};
    static const char *const server[] = {"\nincomplete: ", "has not come to its end", "--resume",
                                         NULL};
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        struct check_case c;
        case_begin(&c);
        case_table(&c, "d.t", MR_VERDICT_DIVERGED, false);
        case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED, .source = "1/a/b"});
        case_summarise(&c);
        c.run.kin_done = false;
        c.run.objects_done = lost == 0;
        case_load(&c, 10);
        char *text = text_of(&c, "x", false);
        check_lines(text, lost == 0 ? people : server);
        free(text);
        case_end(&c);
    }
}

/* On top, of the first five tables that have one; a name cannot write to the terminal. */
static void test_alike(void **state)
{
    struct check_case c;
    (void)state;
    case_begin(&c);
    for (int i = 0; i < 7; i++) {
        char name[] = "d.t\033";
        name[2] = (char)('a' + i);
        case_table(&c, name, MR_VERDICT_DIVERGED, false);
        case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED, .source = "1/a/b"});
        case_summarise(&c);
        if (i > 0)
            case_require(mr_findings_alike_save(c.fd, c.table.id, "all 20 rows differ", NULL));
    }
    case_load(&c, 10);
    char *text = text_of(&c, "x", false);
    const char *at = strstr(text, "\n\nd.b\\x1b: all 20 rows differ.\nd.c");
    assert_non_null(at);
    at = strstr(at, "\nd.f\\x1b: all 20 rows differ.\n… and 1 more table of which nearly all "
                    "differs\n\nTables\n");
    assert_non_null(at);
    assert_null(strchr(text, '\033'));
    free(text);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_two_histories),
        cmocka_unit_test(test_differ_in_the_middle),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_suspects),
        cmocka_unit_test(test_incomplete),
        cmocka_unit_test(test_unfinished),
        cmocka_unit_test(test_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
