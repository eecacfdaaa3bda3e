/* test_affected_format.c: the list as CSV, JSON, SQL and by templates, to the byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "affected_case.h"

static const struct mr_affected_format_opts as_csv = {.format = MR_AFFECTED_CSV},
                                            as_json = {.format = MR_AFFECTED_JSON},
                                            as_sql = {.format = MR_AFFECTED_SQL, .table = "who`s"};

/* Members with these phones and notes, who are missing; the ids count from 1. */
static void begin(struct club *club, const char *const *rows, size_t count)
{
    club_begin(club);
    int64_t m = club_table(club, "d.members", true, MR_SUBJECT_CONFIGURED);
    for (size_t i = 0; i < count; i++) {
        char *row = NULL, *id = NULL;
        assert_true(asprintf(&row, "%zu/%s", i + 1, rows[i]) > 0);
        assert_true(asprintf(&id, "%03zu", i) > 0);
        club_row(club, m, MR_KIND_MISSING, row, NULL, id, NULL);
        free(row);
        free(id);
    }
}

static void expect(struct club *club, const char *columns,
                   const struct mr_affected_format_opts *opts, const char *text)
{
    assert_string_equal(club_write(club, columns, opts, NULL), text);
    club_end(club);
}

/* ---- CSV */

static void test_csv(void **state)
{
    static const char *const rows[] = {
        "a,b/x", "a\"b/x", "a\rb/x", "a\nb/x",  " a/x",      "a /x",
        "\ta/x", "/",      "b/NULL", "c/a;b'c", "\"/\"\"\"", "\xff/\xc3\xa4",
    };
    struct club club;
    (void)state;
    begin(&club, rows, sizeof rows / sizeof rows[0]);
    expect(&club, "note,phone", &as_csv,
           "phone,source_key,target_key,reasons,tables,note,phone\r\n"
           "\"\",8,,missing,d.members,\"\",\"\"\r\n"
           "\"\ta\",7,,missing,d.members,x,\"\ta\"\r\n"
           "\" a\",5,,missing,d.members,x,\" a\"\r\n"
           "\"\"\"\",11,,missing,d.members,\"\"\"\"\"\"\"\",\"\"\"\"\r\n"
           "\"a\nb\",4,,missing,d.members,x,\"a\nb\"\r\n"
           "\"a\rb\",3,,missing,d.members,x,\"a\rb\"\r\n"
           "\"a \",6,,missing,d.members,x,\"a \"\r\n"
           "\"a\"\"b\",2,,missing,d.members,x,\"a\"\"b\"\r\n"
           "\"a,b\",1,,missing,d.members,x,\"a,b\"\r\n"
           "b,9,,missing,d.members,,b\r\n"
           "c,10,,missing,d.members,a;b'c,c\r\n"
           "ff,12,,missing,d.members,\xc3\xa4,ff\r\n");
}

/* Names are quoted like values; a list of nobody has its header. */
static void test_csv_header(void **state)
{
    struct club club;
    (void)state;
    begin(&club, NULL, 0);
    case_require(mr_case_exec(mr_findings_case(club.c.fd),
                              "UPDATE col SET name = 'a,\"b\"' WHERE at = 1", NULL));
    expect(&club, "note", &as_csv, "\"a,\"\"b\"\"\",source_key,target_key,reasons,tables,note\r\n");
}

/* No key at all is an empty field, a key that is the empty text is "". */
static void test_csv_keys(void **state)
{
    struct club club;
    (void)state;
    begin(&club, NULL, 0);
    case_require(mr_case_exec(mr_findings_case(club.c.fd), "UPDATE col SET key_at = at - 1", NULL));
    club_row(&club, club.c.table.id, MR_KIND_MISSING, "1//", NULL, "a", NULL);
    expect(&club, NULL, &as_csv,
           "phone,source_key,target_key,reasons,tables\r\n"
           "\"\",\",\",,missing,d.members\r\n");
    begin(&club, NULL, 0);
    case_require(mr_case_exec(mr_findings_case(club.c.fd),
                              "UPDATE col SET key_at = CASE at WHEN 2 THEN 0 ELSE -1 END", NULL));
    club_row(&club, club.c.table.id, MR_KIND_MISSING, "1/x/", NULL, "a", NULL);
    expect(&club, NULL, &as_csv,
           "phone,source_key,target_key,reasons,tables\r\n"
           "x,\"\",,missing,d.members\r\n");
    begin(&club, NULL, 0);
    case_require(mr_case_exec(mr_findings_case(club.c.fd), "UPDATE col SET key_at = -1", NULL));
    club_row(&club, club.c.table.id, MR_KIND_MISSING, "1/x/", NULL, NULL, NULL);
    expect(&club, NULL, &as_csv,
           "phone,source_key,target_key,reasons,tables\r\n"
           "x,,,missing,d.members\r\n");
}

/* ---- JSON */

static void test_json(void **state)
{
    static const char *const rows[] = {"a\"b\n/NULL", "\xff/\xc3\xa4", "NULL/"};
    struct club club;
    (void)state;
    begin(&club, rows, 3);
    case_require(mr_case_exec(mr_findings_case(club.c.fd),
                              "UPDATE col SET name = 'Tables' WHERE at = 2", NULL));
    expect(&club, "tables,phone,id", &as_json,
           "{\"phone\":null,\"source_key\":\"3\",\"target_key\":\"\","
           "\"reasons\":\"missing\",\"tables\":\"d.members\",\"Tables_\":\"\","
           "\"id\":\"3\"}\n"
           "{\"phone\":\"a\\\"b\\n\",\"source_key\":\"1\",\"target_key\":\"\","
           "\"reasons\":\"missing\",\"tables\":\"d.members\",\"Tables_\":null,"
           "\"id\":\"1\"}\n"
           "{\"phone\":{\"hex\":\"ff\"},\"source_key\":\"2\",\"target_key\":\"\","
           "\"reasons\":\"missing\",\"tables\":\"d.members\",\"Tables_\":\"\xc3\xa4\","
           "\"id\":\"2\"}\n");
}

static void test_json_nobody(void **state)
{
    struct club club;
    (void)state;
    begin(&club, NULL, 0);
    expect(&club, NULL, &as_json, "");
}

/* ---- SQL */

/* What stands between "CREATE TABLE" and the end of the rows. */
static void expect_sql(struct club *club, const char *columns, const char *text)
{
    char *from = NULL, *to = NULL, *sql = NULL;
    (void)club_write(club, columns, &as_sql, NULL);
    assert_true(asprintf(&sql, "%s", club->text.ptr) > 0);
    from = strstr(sql, "CREATE TABLE");
    to = strstr(sql, "COMMIT;\nSET SESSION sql_mode = @myrecon_sql_mode");
    assert_non_null(from);
    assert_non_null(to);
    *to = '\0';
    assert_string_equal(from, text);
    free(sql);
    club_end(club);
}

static void declare(struct club *club)
{
    case_require(mr_case_exec(mr_findings_case(club->c.fd),
                              "UPDATE col SET type = CASE at WHEN 0 THEN 'int(11)'"
                              " WHEN 1 THEN 'varchar(20)' ELSE 'text' END",
                              NULL));
}

static void test_sql(void **state)
{
    static const char *const rows[] = {"ann/it's", "NULL/NULL", "\xc3\xa4\\/"};
    struct club club;
    (void)state;
    begin(&club, rows, 3);
    declare(&club);
    expect_sql(&club, "note,phone,id",
               "CREATE TABLE `who``s` (\n"
               "    `line_no` bigint unsigned NOT NULL PRIMARY KEY,\n"
               "    `phone` varchar(20) NULL,\n"
               "    `source_key` int NULL,\n"
               "    `target_key` int NULL,\n"
               "    `reasons` varchar(64) NOT NULL,\n"
               "    `tables` varchar(9) NOT NULL,\n"
               "    `note` longtext NULL,\n"
               "    `id` int NULL\n"
               ") DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;\n"
               "START TRANSACTION;\n"
               "INSERT INTO `who``s` VALUES\n"
               "(1, NULL, 2, NULL, 'missing', 'd.members', NULL, 2),\n"
               "(2, 'ann', 1, NULL, 'missing', 'd.members', _utf8mb4 x'69742773', 1),\n"
               "(3, _utf8mb4 x'c3a45c', 3, NULL, 'missing', 'd.members', '', 3);\n");
}

static void test_sql_bytes(void **state)
{
    static const char *const rows[] = {"ann/x", "\xff/x"};
    struct club club;
    (void)state;
    begin(&club, rows, 2);
    declare(&club);
    expect_sql(&club, NULL,
               "CREATE TABLE `who``s` (\n"
               "    `line_no` bigint unsigned NOT NULL PRIMARY KEY,\n"
               "    `phone` longblob NULL,\n"
               "    `source_key` int NULL,\n"
               "    `target_key` int NULL,\n"
               "    `reasons` varchar(64) NOT NULL,\n"
               "    `tables` varchar(9) NOT NULL\n"
               ") DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;\n"
               "START TRANSACTION;\n"
               "INSERT INTO `who``s` VALUES\n"
               "(1, x'616e6e', 1, NULL, 'missing', 'd.members'),\n"
               "(2, x'ff', 2, NULL, 'missing', 'd.members');\n");
}

/* Somebody with two keys on a side: then keys are texts. */
static void test_sql_several_keys(void **state)
{
    struct club club;
    (void)state;
    begin(&club, NULL, 0);
    declare(&club);
    club_row(&club, club.c.table.id, MR_KIND_MISSING, "9/ann/x", NULL, "ann", NULL);
    club_row(&club, club.c.table.id, MR_KIND_MISSING, "10/ann/x", NULL, "ann", NULL);
    expect_sql(&club, NULL,
               "CREATE TABLE `who``s` (\n"
               "    `line_no` bigint unsigned NOT NULL PRIMARY KEY,\n"
               "    `phone` varchar(20) NULL,\n"
               "    `source_key` varchar(4) NULL,\n"
               "    `target_key` varchar(1) NULL,\n"
               "    `reasons` varchar(64) NOT NULL,\n"
               "    `tables` varchar(9) NOT NULL\n"
               ") DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;\n"
               "START TRANSACTION;\n"
               "INSERT INTO `who``s` VALUES\n"
               "(1, 'ann', '9;10', NULL, 'missing', 'd.members');\n");
}

/* Quoted, 5 would be the byte of its digit in a BIT, and 0 the year 2000. */
static void test_sql_keys_of_types(void **state)
{
    static const char *const types[] = {"bit(8)", "year(4)", "bigint(20) unsigned"};
    static const char *const rows[] = {"NULL/NULL"};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct club club;
        begin(&club, rows, 1);
        struct mr_case_stmt *stmt = NULL;
        case_require(mr_case_prepare(mr_findings_case(club.c.fd),
                                     "UPDATE col SET type = ? WHERE at = 0", &stmt, NULL));
        mr_case_bind_text(stmt, 1, types[i]);
        case_require(mr_case_run(stmt, NULL));
        mr_case_free(stmt);
        (void)club_write(&club, NULL, &as_sql, NULL);
        assert_non_null(strstr(club.text.ptr, "(1, NULL, 1, NULL, 'missing', "));
        club_end(&club);
    }
}

/* Two subject tables that disagree: such a column is text, written as in a CSV. */
static void test_sql_two_tables(void **state)
{
    struct club club;
    (void)state;
    begin(&club, NULL, 0);
    int64_t other = club_table(&club, "d.guests", true, MR_SUBJECT_CONFIGURED);
    declare(&club);
    club_change(&club, "UPDATE col SET type = 'varchar(30)' WHERE tbl = :tbl AND at = 1", other);
    club_change(&club, "DELETE FROM col WHERE tbl = :tbl AND at = 2", other);
    club_row(&club, other, MR_KIND_MISSING, "1/bob/x", NULL, "bob", NULL);
    club_row(&club, other - 1, MR_KIND_MISSING, "2/ann/x", NULL, "ann", NULL);
    expect_sql(&club, "note,id",
               "CREATE TABLE `who``s` (\n"
               "    `line_no` bigint unsigned NOT NULL PRIMARY KEY,\n"
               "    `phone` longtext NULL,\n"
               "    `source_key` varchar(1) NULL,\n"
               "    `target_key` varchar(1) NULL,\n"
               "    `reasons` varchar(64) NOT NULL,\n"
               "    `tables` varchar(9) NOT NULL,\n"
               "    `note` longtext NULL,\n"
               "    `id` int NULL\n"
               ") DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;\n"
               "START TRANSACTION;\n"
               "INSERT INTO `who``s` VALUES\n"
               "(1, 'ann', '2', NULL, 'missing', 'd.members', 'x', 2),\n"
               "(2, 'bob', '1', NULL, 'missing', 'd.guests', NULL, 1);\n");
}

/* Statements have a bound; nobody needs none. */
static void test_sql_statements(void **state)
{
    struct club club;
    size_t longest = 0, count = 0;
    (void)state;
    begin(&club, NULL, 0);
    declare(&club);
    for (size_t i = 0; i < 60; i++) {
        char *row = NULL;
        assert_true(asprintf(&row, "%zu/p%zu/%0*d", i + 1, i, 20000, 0) > 0);
        club_row(&club, club.c.table.id, MR_KIND_MISSING, row, NULL, row, NULL);
        free(row);
    }
    (void)club_write(&club, "note", &as_sql, NULL);
    for (const char *at = club.text.ptr; (at = strstr(at, "INSERT INTO")) != NULL;) {
        size_t len = (size_t)(strstr(at, ";\n") - at);
        longest = len > longest ? len : longest;
        at += len;
        count++;
    }
    assert_int_equal(count, 3);
    assert_true(longest <= 512 * 1024 + 64);
    club_end(&club);
    begin(&club, NULL, 0);
    (void)club_write(&club, NULL, &as_sql, NULL);
    assert_null(strstr(club.text.ptr, "INSERT"));
    club_end(&club);
}

/* ---- templates */

static void expect_template(struct club *club, const char *template, bool shell_safe,
                            const char *text, uint64_t left_out)
{
    const struct mr_affected_format_opts opts = {
        .format = MR_AFFECTED_TEMPLATE, .template = template, .shell_safe = shell_safe};
    uint64_t left = 99;
    assert_string_equal(club_write(club, "note", &opts, &left), text);
    assert_int_equal(left, left_out);
    club_end(club);
}

/* Ann: keys 9 and 10 on SOURCE, 9 on TARGET; bob: 10 on TARGET. */
static void begin_keys(struct club *club)
{
    begin(club, NULL, 0);
    int64_t m = club->c.table.id;
    club_row(club, m, MR_KIND_MISSING, "9/ann/x", NULL, "ann", NULL);
    club_row(club, m, MR_KIND_COLLISION, "10/ann/x", "10/bob/NULL", "ann", "bob");
    club_row(club, m, MR_KIND_EXTRA, NULL, "9/ann/y", NULL, "ann");
}

static void test_template_keys(void **state)
{
    static const struct {
        const char *template, *text;
    } cases[] = {
        {"user:{id}", "user:9\nuser:10\n"}, /* bob's 10 is printed once */
        {"{phone}:{id}", "ann:9\nann:10\nbob:10\n"},
        {"{source_key}", "9\n10\n"},
        {"{target_key}", "9\n10\n"},
        {"{source_key}>{target_key}", "9>9\n10>9\n"},
        {"{ID}/{Phone}/{note}", "9/ann/x\n10/ann/x\n"}, /* bob has no note */
        {"{{{id}}}", "{9}\n{10}\n"},
        {"}}{phone}{{", "}ann{\n}bob{\n"},
        {"{reasons} {tables}", "missing;extra;collision d.members\ncollision d.members\n"},
        {"{tables}", "d.members\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct club club;
        begin_keys(&club);
        expect_template(&club, cases[i].template, false, cases[i].text, 0);
    }
}

/* Who has no line is counted. */
static void test_template_without(void **state)
{
    static const struct {
        const char *template, *text;
        uint64_t no_value, no_key;
    } cases[] = {
        {"{id}", "11\n9\n10\n", 0, 0},
        {"{note}", "x\n", 1, 0},
        {"{note}{id}", "x11\nx9\nx10\n", 1, 0},
        {"{source_key}", "11\n9\n10\n", 0, 1}, /* bob is on TARGET alone */
        {"{target_key}", "9\n10\n", 0, 1},
        {"{source_key}{note}", "11x\n9x\n10x\n", 1, 0},
        {"{phone}", "ann\nbob\n", 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct mr_affected_format_opts opts = {.format = MR_AFFECTED_TEMPLATE,
                                                     .template = cases[i].template};
        struct club club;
        begin_keys(&club);
        club_row(&club, club.c.table.id, MR_KIND_MISSING, "11/NULL/x", NULL, NULL, NULL);
        assert_string_equal(club_write(&club, "note", &opts, NULL), cases[i].text);
        assert_int_equal(club.no_value, cases[i].no_value);
        assert_int_equal(club.no_key, cases[i].no_key);
        club_end(&club);
    }
}

/* What could pass for the end of a line is left out, and counted. */
static void test_template_controls(void **state)
{
    static const char *const rows[] = {"a\nb/x",      "b\r/x",           "c\x7f/x",
                                       "d\xc2\x85/x", "e\xe2\x80\xa8/x", "f\xc3\xa4 g/x",
                                       "h/\n",        "i\x1b[2J/x",      "\xff/x"};
    (void)state;
    for (int safe = 0; safe < 2; safe++) {
        struct club club;
        begin(&club, rows, sizeof rows / sizeof rows[0]);
        expect_template(&club, "u:{phone}", safe,
                        safe ? "u:ff\nu:'f\xc3\xa4 g'\nu:h\n" : "u:ff\nu:f\xc3\xa4 g\nu:h\n", 6);
    }
}

/* One line that is left out is one, on however many sides the key is. */
static void test_template_counts(void **state)
{
    struct club club;
    (void)state;
    begin(&club, NULL, 0);
    club_row(&club, club.c.table.id, MR_KIND_CHANGED, "9/ann/\n", "9/ann/x", "ann", "ann");
    expect_template(&club, "{id}{note}", false, "", 1);
}

static void test_template_shell(void **state)
{
    static const char *const rows[] = {"a'b/x",           "$(rm -r)/x", "/x",  "a b/x",
                                       "A-z_0.9@%+=:,/x", "*/x",        "~/x", "`id`;/x"};
    struct club club;
    (void)state;
    begin(&club, rows, sizeof rows / sizeof rows[0]);
    expect_template(&club, "del $x {phone}", true,
                    "del $x ''\n"
                    "del $x '$(rm -r)'\n"
                    "del $x '*'\n"
                    "del $x A-z_0.9@%+=:,\n"
                    "del $x '`id`;'\n"
                    "del $x 'a b'\n"
                    "del $x 'a'\\''b'\n"
                    "del $x '~'\n",
                    0);
}

static void test_template_refused(void **state)
{
    static const struct {
        const char *template, *message, *hint;
    } cases[] = {
        {"user:{uid}", "the template has an unknown name \"uid\"", "\"id\""},
        {"{phonee}", "the template has an unknown name \"phonee\"", "\"phone\""},
        {"{nothing}", "the template has an unknown name \"nothing\"", "--columns"},
        {"{}", "the template has an unknown name \"\"", "--columns"},
        {"{id", "the template has a \"{\" without its other half at character 1", "{{"},
        {"\xc3\xa4{id}}", "the template has a \"}\" without its other half at character 6", "}}"},
        {"{a{id}", "the template has a \"{\" without its other half at character 1", "{{"},
        {"x}", "the template has a \"}\" without its other half at character 2", "}}"},
        {"}a}", "the template has a \"}\" without its other half at character 1", "}}"},
        {"user", "the template \"user\" names nothing", "user:{id}"},
        {"", "the template \"\" names nothing", "user:{id}"},
        {"{{id}}", "the template \"{{id}}\" names nothing", "user:{id}"},
    };
    struct club club;
    (void)state;
    begin_keys(&club);
    case_require(club_choose(&club, NULL, "", NULL));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct mr_affected_format_opts opts = {.format = MR_AFFECTED_TEMPLATE,
                                                     .template = cases[i].template};
        struct mr_affected_writer *w = NULL;
        struct mr_err err = {0};
        assert_int_not_equal(mr_affected_writer_new(&club.list, &opts, &w, &err), MR_OK);
        assert_null(w);
        assert_int_equal(mr_code_exit(err.code), 3);
        assert_string_equal(err.message, cases[i].message);
        if (strstr(err.hint, cases[i].hint) == NULL)
            fail_msg("\"%s\" not in \"%s\"", cases[i].hint, err.hint);
    }
    club_end(&club);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_csv_header),
        cmocka_unit_test(test_csv_keys),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_nobody),
        cmocka_unit_test(test_sql),
        cmocka_unit_test(test_sql_bytes),
        cmocka_unit_test(test_sql_several_keys),
        cmocka_unit_test(test_sql_keys_of_types),
        cmocka_unit_test(test_sql_two_tables),
        cmocka_unit_test(test_sql_statements),
        cmocka_unit_test(test_template_keys),
        cmocka_unit_test(test_template_without),
        cmocka_unit_test(test_template_controls),
        cmocka_unit_test(test_template_counts),
        cmocka_unit_test(test_template_shell),
        cmocka_unit_test(test_template_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
