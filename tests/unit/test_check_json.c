/* test_check_json.c: the exact lines of `check --json`, from cases filled by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"
#include "evidence_case.h"
#include "recon/check/check_json.h"
#include "core/case/lineage.h"
#include "recon/check/check_unexplained.h"

/* The output of a run, line by line, against what is expected (NULL ends). */
static void check_lines(struct check_case *c, const char *const *lines)
{
    char *text = NULL;
    size_t size = 0;
    struct mr_err err = {0};
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(mr_check_json(&c->result, out, &err), MR_OK);
    assert_int_equal(fclose(out), 0);
    char *at = text;
    for (size_t i = 0; lines[i] != NULL; i++) {
        char *end = strchr(at, '\n');
        assert_non_null(end);
        *end = '\0';
        assert_string_equal(at, lines[i]);
        at = end + 1;
    }
    assert_string_equal(at, "");
    free(text);
}

#define RUN_LINE                                                                                   \
    "{\"type\":\"run\",\"schema\":\"myrecon/check/1\",\"run_id\":"                                 \
    "\"20260102T030405Z-8f3a\",\"source\":\"mysql://a@old/\",\"target\":"                          \
    "\"mysql://a@new/\",\"started\":\"2026-01-02T03:04:05Z\",\"replication\":null}"

#define NO_DIFFERENCE "\"missing\":0,\"extra\":0,\"changed\":0,\"collision\":0,\"moved\":0"

static void test_equal(void **state)
{
    struct check_case c;
    static const char *const lines[] = {
        RUN_LINE,
        "{\"type\":\"table\",\"table\":\"d.t\",\"verdict\":\"equal\",\"key\":[\"id\"],"
        "\"identity\":[\"id\"],\"source_rows\":3,\"target_rows\":3," NO_DIFFERENCE
        ",\"null_identities\":0,\"schema\":\"equal\"}",
        "{\"type\":\"summary\",\"verdict\":\"equal\",\"tables\":1,\"rows\":6,\"bytes\":"
        "90," NO_DIFFERENCE ",\"objects\":0,\"seconds\":1.5,\"not_checked\":0,"
        "\"unsettled_rows\":0,\"rows_not_printed\":0,\"not_visible\":null}",
        NULL};
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_EQUAL, false);
    c.table.counts = (struct mr_find_counts){.source_rows = 3, .target_rows = 3, .bytes = 90};
    case_summarise(&c);
    case_load(&c, 100);
    check_lines(&c, lines);
    assert_int_equal(mr_check_result_exit(&c.result), 0);
    case_end(&c);
}

/* Every kind of row, a run of keys, an identity that moved, and one that is held twice. */
static void fill_diverged(struct check_case *c)
{
    static const struct case_row rows[] = {
        {0, 1, MR_FIND_DIVERGED, MR_KIND_COLLISION, "3/ann/x", "3/bob/x", "ann", "bob"},
        {0, 1, MR_FIND_DIVERGED, MR_KIND_CHANGED, "4/cat/x", "4/cat/NULL", "cat", "cat"},
        {0, 2, MR_FIND_DIVERGED, MR_KIND_MISSING, "6/dan/\"\xC3\xA4\"", NULL, "dan", NULL},
        {0, 2, MR_FIND_SETTLED, MR_KIND_UNDECIDED, NULL, NULL, NULL, NULL},
        {0, 2, MR_FIND_DIVERGED, MR_KIND_EXTRA, NULL, "8/ann/y", NULL, "ann"},
        {0, 2, MR_FIND_DIVERGED, MR_KIND_MISSING, "9/dan/", NULL, "dan", NULL},
        {0, 2, MR_FIND_UNSETTLED, MR_KIND_UNDECIDED, "9/eve/x", NULL, NULL, NULL},
        {0, 2, MR_FIND_PAIRED, MR_KIND_UNDECIDED, "9/eve/x", NULL, NULL, NULL}};
    case_table(c, "d.t", MR_VERDICT_DIVERGED, true);
    case_chunk(c, 0, 2, true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        case_row(c, rows[i]);
    case_duplicate(c, 0, "dan", "9/dan/");
    case_duplicate(c, 0, "dan", "6/dan/");
    c->table.counts.source_rows = 7;
    c->table.counts.target_rows = 6;
    case_summarise(c);
}

#define DIVERGED_TABLE                                                                             \
    "{\"type\":\"table\",\"table\":\"d.t\",\"verdict\":\"diverged\",\"key\":[\"id\"],"             \
    "\"identity\":[\"phone\"],\"source_rows\":7,\"target_rows\":6,\"missing\":2,"                  \
    "\"extra\":1,\"changed\":1,\"collision\":1,\"moved\":1,\"null_identities\":0,"                 \
    "\"schema\":\"equal\"}",                                                                       \
        "{\"type\":\"range\",\"table\":\"d.t\",\"from\":{\"id\":\"3\"},\"to\":"                    \
        "{\"id\":\"4\"},\"rows\":2}",                                                              \
        "{\"type\":\"range\",\"table\":\"d.t\",\"from\":{\"id\":\"6\"},\"to\":"                    \
        "{\"id\":\"6\"},\"rows\":1}",                                                              \
        "{\"type\":\"range\",\"table\":\"d.t\",\"from\":{\"id\":\"8\"},\"to\":"                    \
        "{\"id\":\"9\"},\"rows\":2}"
#define COLLISION                                                                                  \
    "{\"type\":\"row\",\"table\":\"d.t\",\"kind\":\"collision\",\"key\":{\"id\":\"3\"},"           \
    "\"source\":{\"id\":\"3\",\"phone\":\"ann\",\"note\":\"x\"},\"target\":{\"id\":"               \
    "\"3\",\"phone\":\"bob\",\"note\":\"x\"},\"columns\":[\"phone\"]}"
#define MOVED_AND_DUPLICATE                                                                        \
    "{\"type\":\"moved\",\"table\":\"d.t\",\"identity\":{\"phone\":\"ann\"},"                      \
    "\"source_key\":{\"id\":\"3\"},\"target_key\":{\"id\":\"8\"}}",                                \
        "{\"type\":\"duplicate\",\"table\":\"d.t\",\"side\":\"source\",\"identity\":"              \
        "{\"phone\":\"dan\"},\"keys\":[{\"id\":\"6\"},{\"id\":\"9\"}]}"
#define DIVERGED_SUMMARY(left_out)                                                                 \
    "{\"type\":\"summary\",\"verdict\":\"incomplete\",\"tables\":1,\"rows\":13,"                   \
    "\"bytes\":0,\"missing\":2,\"extra\":1,\"changed\":1,\"collision\":1,\"moved\":1,"             \
    "\"objects\":0,\"seconds\":1.5,\"not_checked\":0,\"unsettled_rows\":1,"                        \
    "\"rows_not_printed\":" left_out ",\"not_visible\":null}"

static void test_diverged(void **state)
{
    struct check_case c;
    static const char *const lines[] = {
        RUN_LINE,
        DIVERGED_TABLE,
        COLLISION,
        "{\"type\":\"row\",\"table\":\"d.t\",\"kind\":\"changed\",\"key\":{\"id\":\"4\"},"
        "\"source\":{\"id\":\"4\",\"phone\":\"cat\",\"note\":\"x\"},\"target\":{\"id\":"
        "\"4\",\"phone\":\"cat\",\"note\":null},\"columns\":[\"note\"]}",
        "{\"type\":\"row\",\"table\":\"d.t\",\"kind\":\"missing\",\"key\":{\"id\":\"6\"},"
        "\"source\":{\"id\":\"6\",\"phone\":\"dan\",\"note\":\"\\\"\xC3\xA4\\\"\"},"
        "\"target\":null,\"columns\":[]}",
        "{\"type\":\"row\",\"table\":\"d.t\",\"kind\":\"extra\",\"key\":{\"id\":\"8\"},"
        "\"source\":null,\"target\":{\"id\":\"8\",\"phone\":\"ann\",\"note\":\"y\"},"
        "\"columns\":[]}",
        "{\"type\":\"row\",\"table\":\"d.t\",\"kind\":\"missing\",\"key\":{\"id\":\"9\"},"
        "\"source\":{\"id\":\"9\",\"phone\":\"dan\",\"note\":\"\"},\"target\":null,"
        "\"columns\":[]}",
        MOVED_AND_DUPLICATE,
        DIVERGED_SUMMARY("0"),
        NULL};
    (void)state;
    case_begin(&c);
    fill_diverged(&c);
    case_load(&c, 100);
    check_lines(&c, lines);
    assert_int_equal(mr_check_result_exit(&c.result), 4);
    case_end(&c);
}

/* --max-rows limits the row lines, nothing else, and says so. */
static void test_max_rows(void **state)
{
    struct check_case c;
    static const char *const one[] = {
        RUN_LINE, DIVERGED_TABLE, COLLISION, MOVED_AND_DUPLICATE, DIVERGED_SUMMARY("4"), NULL};
    static const char *const none[] = {RUN_LINE, DIVERGED_TABLE, MOVED_AND_DUPLICATE,
                                       DIVERGED_SUMMARY("5"), NULL};
    (void)state;
    case_begin(&c);
    fill_diverged(&c);
    case_load(&c, 1);
    check_lines(&c, one);
    c.result.max_rows = 0;
    check_lines(&c, none);
    case_end(&c);
}

static void test_not_checked_and_objects(void **state)
{
    struct check_case c;
    static const struct mr_find_object objects[] = {{"index", "d.t", "by_note", "note", NULL, "d"},
                                                    {"view", NULL, "v", "a\nb", "c", "d"}};
    static const char *const lines[] = {
        RUN_LINE,
        "{\"type\":\"table\",\"table\":\"d.t\",\"verdict\":\"not-checked\",\"reason\":"
        "\"no right\",\"key\":[\"id\"],\"identity\":[\"id\"],\"source_rows\":0,"
        "\"target_rows\":0," NO_DIFFERENCE ",\"null_identities\":0,\"schema\":"
        "\"different\",\"note\":\"read in small stored chunks\"}",
        "{\"type\":\"object\",\"object\":\"index\",\"table\":\"d.t\",\"name\":\"by_"
        "note\","
        "\"source\":\"note\",\"target\":null,\"database\":\"d\"}",
        "{\"type\":\"object\",\"object\":\"view\",\"table\":null,\"name\":\"v\","
        "\"source\":\"a\\nb\",\"target\":\"c\",\"database\":\"d\"}",
        "{\"type\":\"summary\",\"verdict\":\"incomplete\",\"tables\":1,\"rows\":0,"
        "\"bytes\":0," NO_DIFFERENCE ",\"objects\":2,\"seconds\":1.5,\"not_checked\":1,"
        "\"unsettled_rows\":0,\"rows_not_printed\":0,\"not_visible\":\"events: GRANT\"}",
        NULL};
    (void)state;
    case_begin(&c);
    c.run.hidden = "events: GRANT";
    case_table(&c, "d.t", MR_VERDICT_NOT_CHECKED, false);
    c.table.reason = "no right";
    c.table.schema_differs = true;
    c.table.note = "read in small stored chunks";
    case_summarise(&c);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(mr_findings_object_add(c.fd, &objects[i], NULL), MR_OK);
    case_load(&c, 100);
    check_lines(&c, lines);
    assert_int_equal(mr_check_result_exit(&c.result), 4);
    case_end(&c);
}

/* Rows changed under a key that is all that names them: a word of advice, in front of those
 * that the case keeps. */
static void test_advice(void **state)
{
    struct check_case c;
    char *text = NULL;
    size_t size = 0;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, false);
    case_chunk(&c, 0, 0, true);
    case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_CHANGED, "1/a/x", "1/b/x", NULL,
                                   NULL});
    case_summarise(&c);
    static const struct mr_find_advice reference = {"d.t", "a_id", "why",
                                                    "[table d.t]\nreference = x"};
    assert_int_equal(mr_findings_advice_save(c.fd, &reference, 1, NULL), MR_OK);
    case_load(&c, 100);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(mr_check_json(&c.result, out, NULL), MR_OK);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "{\"type\":\"advice\",\"table\":\"d.t\",\"column\":null,"));
    assert_non_null(strstr(text,
                           "\"config\":\"[table d.t]\\nidentity = COLUMN\"}\n"
                           "{\"type\":\"advice\",\"table\":\"d.t\",\"column\":\"a_id\",\"text\":"
                           "\"why\",\"config\":\"[table d.t]\\nreference = x\"}\n"
                           "{\"type\":\"summary\""));
    assert_int_equal(mr_check_result_exit(&c.result), 1);
    free(text);
    case_end(&c);
}

/* A keyless table counts rows; a damaged image is an error, not a line. */
static void test_keyless_and_damaged(void **state)
{
    struct check_case c;
    char *text = NULL;
    size_t size = 0;
    bool known = false;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, false);
    c.table.keyless = true;
    c.table.name = "d.u";
    assert_int_equal(mr_findings_table_add(c.fd, &c.table, &known, NULL), MR_OK);
    struct mr_strbuf image = MR_STRBUF_INIT;
    case_encode(&image, "1/a/x");
    struct mr_finding f = {.state = MR_FIND_DIVERGED,
                           .kind = MR_KIND_EXTRA,
                           .count = 3,
                           .target = image.ptr,
                           .target_len = image.len};
    assert_int_equal(mr_findings_save(c.fd, c.table.id, &f, 1, true, NULL), MR_OK);
    c.table.verdict = MR_VERDICT_DIVERGED;
    case_summarise(&c);
    case_load(&c, 100);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(mr_check_json(&c.result, out, NULL), MR_OK);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "{\"type\":\"range\",\"table\":\"d.u\",\"from\":null,"
                                 "\"to\":null,\"rows\":3}\n"));
    assert_non_null(strstr(text, "\"kind\":\"extra\",\"key\":null,\"count\":3,"
                                 "\"source\":null,\"target\":{\"id\":\"1\""));
    free(text);
    f.target_len--;
    assert_int_equal(mr_findings_save(c.fd, c.table.id, &f, 1, true, NULL), MR_OK);
    out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(mr_check_json(&c.result, out, NULL), MR_E_CASE);
    assert_int_equal(fclose(out), 0);
    free(text);
    mr_strbuf_release(&image);
    case_end(&c);
}

/* What is said of them; once the table has a foreign key, and once a plan has written one of them. */
static void require_said(struct check_case *c, bool is_good, bool later)
{
    struct mr_strbuf said = MR_STRBUF_INIT;
    assert_int_equal(
        mr_check_unexplained_say(c->fd, &c->run, c->result.tables, c->result.ntables, &said, NULL),
        MR_OK);
    assert_int_equal(strstr(said.ptr, "2 of the differing rows are explained by no") != NULL,
                     is_good);
    assert_int_equal(strstr(said.ptr, "since the logs") != NULL, is_good && later);
    assert_null(strstr(said.ptr, "takes along with a parent"));
    static const size_t column[] = {0};
    struct mr_lineage_reference fk = {.table = c->result.tables[0].id,
                                      .parent_name = "d.p",
                                      .name = "fk",
                                      .declared = true,
                                      .condition_at = -1,
                                      .columns = column,
                                      .ncolumns = 1};
    case_require(mr_lineage_reference_add(c->fd, &fk, NULL));
    mr_strbuf_reset(&said);
    assert_int_equal(
        mr_check_unexplained_say(c->fd, &c->run, c->result.tables, c->result.ntables, &said, NULL),
        MR_OK);
    assert_int_equal(strstr(said.ptr, "takes along with a parent") != NULL, is_good);
    /* a plan has written the one of them, behind the logs */
    case_require(mr_case_exec(mr_findings_case(c->fd),
                              "CREATE TABLE explained (finding INTEGER PRIMARY KEY, tbl INT,"
                              " how INT, plan INT) STRICT; INSERT INTO explained"
                              " SELECT id, tbl, 1, 1 FROM finding WHERE kind=1",
                              NULL));
    uint64_t left = 9;
    assert_int_equal(mr_check_unexplained(c->fd, &c->result.tables[0], NULL, NULL, &left, NULL),
                     MR_OK);
    assert_int_equal(left, is_good ? 1 : 0);
    mr_strbuf_release(&said);
}

/* With logs of both sides: what no logged change explains, behind the rows of its table.  Rows that were
 * read after the logs may have been changed in between. */
static void test_unexplained(void **state)
{
    static const char *const witnesses[] = {"good", "blind"};
    (void)state;
    for (int w = 0; w < 2; w++)
        for (int later = 0; later < 2; later++) {
            struct check_case c;
            struct logs l;
            char *text = NULL;
            size_t size = 0;
            case_begin(&c);
            case_table(&c, "d.t", MR_VERDICT_DIVERGED, false);
            case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED,
                                           .kind = MR_KIND_CHANGED,
                                           .source = "7/a/x",
                                           .target = "7/b/y"});
            case_row(&c, (struct case_row){.equal = 1,
                                           .state = MR_FIND_DIVERGED,
                                           .kind = MR_KIND_MISSING,
                                           .source = "8/a/x"});
            case_row(&c, (struct case_row){.equal = 2,
                                           .state = MR_FIND_DIVERGED,
                                           .kind = MR_KIND_EXTRA,
                                           .target = "9/a/x"});
            case_summarise(&c);
            logs_begin(&l, &c);
            logs_side(&l, 0, NULL);
            logs_side(&l, 1, later ? "lacking" : NULL);
            logs_table(&l);
            logs_witness(&l, 0, MR_WITNESS_GOOD, NULL);
            logs_witness(&l, 1, w == 0 ? MR_WITNESS_GOOD : MR_WITNESS_BLIND, witnesses[w]);
            logs_tx(&l, 1, "0-2-101", 1, "bin.000001", 4);
            logs_mark(&l, (struct logs_mark){.side = 1, /* the note of 7 is target's, 9, too */
                                             .id = 7,
                                             .changes = 1,
                                             .first_tx = l.tx,
                                             .last_tx = l.tx,
                                             .first = "7/b/x",
                                             .last = "7/b/y"});
            logs_mark(&l, (struct logs_mark){.side = 1,
                                             .id = 9,
                                             .flags = MR_MARK_ABSENT_BEFORE,
                                             .changes = 1,
                                             .first_tx = l.tx,
                                             .last_tx = l.tx,
                                             .last = "9/a/x"});
            logs_end(&l);
            case_load(&c, 100);
            FILE *out = open_memstream(&text, &size);
            assert_non_null(out);
            assert_int_equal(mr_check_json(&c.result, out, NULL), MR_OK);
            assert_int_equal(fclose(out), 0);
            const char *first = strstr(text, "{\"type\":\"unexplained\"");
            if (w == 0) {
                char expected[512];
                (void)snprintf(
                    expected, sizeof expected,
                    "{\"type\":\"unexplained\",\"table\":\"d.t\",\"key\":{\"id\":\"7\"},\"source\":"
                    "{\"id\":\"7\",\"phone\":\"a\",\"note\":\"x\"},\"target\":{\"id\":\"7\","
                    "\"phone\":\"b\",\"note\":\"y\"},\"columns\":[\"phone\"],\"rows_read_later\":%"
                    "s}\n"
                    "{\"type\":\"unexplained\",\"table\":\"d.t\",\"key\":{\"id\":\"8\"},\"source\":"
                    "{\"id\":\"8\",\"phone\":\"a\",\"note\":\"x\"},\"target\":null,\"columns\":[],"
                    "\"rows_read_later\":%s}\n",
                    later ? "true" : "false", later ? "true" : "false");
                assert_non_null(first);
                assert_memory_equal(first, expected, strlen(expected));
                assert_non_null(strstr(text, "\"unexplained\":2,"));
            } else {
                assert_null(first);
                assert_non_null(strstr(text, "\"unexplained\":0,"));
            }
            require_said(&c, w == 0, later);
            free(text);
            case_end(&c);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_diverged),
        cmocka_unit_test(test_max_rows),
        cmocka_unit_test(test_not_checked_and_objects),
        cmocka_unit_test(test_advice),
        cmocka_unit_test(test_unexplained),
        cmocka_unit_test(test_keyless_and_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
