/* test_grants.c: SHOW GRANTS of both flavours, and what follows from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/db/grants.h"
#include "core/db/grants_internal.h"

static struct mr_grants *grants_of(const char *const *lines, size_t n, bool literal)
{
    struct mr_err err = {0};
    struct mr_grants *grants = mr_grants_new("r@%", literal);
    assert_non_null(grants);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(mr_grants_add_line(grants, lines[i], strlen(lines[i]), &err), MR_OK);
    return grants;
}
#define GRANTS(lines) grants_of(lines, sizeof(lines) / sizeof *(lines), false)

static void test_mariadb(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "GRANT `c_role` TO `r`@`%`",
        "GRANT PROCESS, BINLOG MONITOR ON *.* TO `r`@`%` IDENTIFIED BY PASSWORD '*B69'",
        "GRANT SELECT, SHOW VIEW, TRIGGER ON `c\\_test`.* TO `r`@`%`",
        "GRANT ALL PRIVILEGES ON `other`.* TO `r`@`%` WITH GRANT OPTION",
        "GRANT SELECT (`id`), INSERT (`id`, `v`), UPDATE ON `c_test`.`my` TO `r`@`%`",
        "GRANT EXECUTE ON PROCEDURE `c_test`.`p1` TO `r`@`%`",
        "GRANT PROXY ON `c_ro`@`%` TO `r`@`%`",
        "GRANT EVENT ON `c_test`.* TO `c_role`",
        "GRANT SELECT ON `test\\_%`.* TO PUBLIC",
        "GRANT DELETE ON `o``dd`.`t` TO `r`@`%`",
    };
    struct mr_grants *g = GRANTS(lines);
    assert_true(mr_grants_global(g, "PROCESS"));
    assert_true(mr_grants_global(g, "BINLOG MONITOR"));
    assert_false(mr_grants_global(g, "SELECT"));
    assert_true(mr_grants_on_db(g, "SELECT", "c_test"));
    assert_true(mr_grants_on_db(g, "SHOW VIEW", "c_test"));
    assert_true(mr_grants_on_db(g, "EVENT", "c_test")); /* through the role */
    assert_false(mr_grants_on_db(g, "SELECT", "cxtest"));
    assert_false(mr_grants_on_db(g, "INSERT", "c_test"));
    assert_true(mr_grants_on_db(g, "TRIGGER", "other"));
    assert_true(mr_grants_on_db(g, "SELECT", "test_7"));
    assert_false(mr_grants_on_db(g, "SELECT", "test7"));
    assert_true(mr_grants_on_table(g, "UPDATE", "c_test", "my"));
    assert_false(mr_grants_on_table(g, "INSERT", "c_test", "my")); /* columns only */
    assert_true(mr_grants_on_table(g, "SELECT", "c_test", "my"));
    assert_true(mr_grants_on_table(g, "DELETE", "o`dd", "t"));
    assert_false(mr_grants_on_db(g, "EXECUTE", "c_test"));
    assert_false(mr_grants_global(g, "PROXY"));
    assert_string_equal(mr_grants_account(g), "'r'@'%'");
    assert_string_equal(mr_grants_account(NULL), "the account");
    mr_grants_free(g);
}

static void test_mysql(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "GRANT SELECT, SHOW_ROUTINE, RELOAD ON *.* TO `r`@`%`",
        "GRANT APPLICATION_PASSWORD_ADMIN,AUDIT_ADMIN ON *.* TO `r`@`%`",
        "GRANT ALL PRIVILEGES ON `club`.* TO `r`@`%`",
        "REVOKE SELECT ON `secret`.* FROM `r`@`%`",
        "GRANT `c_role`@`%` TO `r`@`%`",
        "GRANT PROXY ON ``@`` TO `r`@`%` WITH GRANT OPTION",
    };
    struct mr_grants *g = GRANTS(lines);
    assert_true(mr_grants_global(g, "SHOW_ROUTINE"));
    assert_true(mr_grants_global(g, "AUDIT_ADMIN"));
    assert_true(mr_grants_on_db(g, "SELECT", "any"));
    assert_false(mr_grants_on_db(g, "SELECT", "secret"));
    assert_false(mr_grants_on_table(g, "SELECT", "secret", "t"));
    assert_true(mr_grants_on_db(g, "EVENT", "club"));
    assert_false(mr_grants_on_db(g, "EVENT", "any"));
    mr_grants_free(g);
}

static void test_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *grant;
        const char *db;
        bool literal, granted;
    } table[] = {
        {"`club`", "club", false, true},
        {"`club`", "clubs", false, false},
        {"`club`", "Club", false, false},
        {"`club%`", "clubs", false, true},
        {"`club%`", "clubs", true, false},
        {"`%`", "anything", false, true},
        {"`a_c`", "abc", false, true},
        {"`a_c`", "a_c", false, true},
        {"`a\\_c`", "abc", false, false},
        {"`a\\_c`", "a_c", false, true},
        {"`%b%`", "abc", false, true},
        {"`%b%`", "ac", false, false},
        {"`a%b%c`", "axbxcxc", false, true},
        {"`a%b%c`", "axcxb", false, false},
        {"`%\\%`", "a%b%", false, true},
        {"`%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b`",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false, false},
        {"`a_`", "a", false, false},
        {"'club'", "club", false, true},
        {"\"club\"", "club", false, true},
        {"club", "club", false, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf line = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&line, "GRANT SELECT ON %s.* TO `r`@`%%`", table[i].grant);
        const char *lines[] = {line.ptr};
        struct mr_grants *g = grants_of(lines, 1, table[i].literal);
        assert_int_equal(mr_grants_on_db(g, "SELECT", table[i].db), table[i].granted);
        mr_grants_free(g);
        mr_strbuf_release(&line);
    }
}

/* What is given on all databases and taken back from one hides that one. */
static void test_taken_back(void **state)
{
    (void)state;
    static const struct {
        const char *lines[3];
        bool lists, reads;
    } table[] = {
        {{"GRANT SELECT ON *.* TO `r`@`%`", "", ""}, true, true},
        {{"GRANT SELECT, EVENT ON *.* TO `r`@`%`", "REVOKE SELECT, EVENT ON `hr`.* FROM `r`@`%`",
          ""},
         false,
         false},
        {{"GRANT SELECT ON *.* TO `r`@`%`", "REVOKE SELECT ON `mysql`.* FROM `r`@`%`",
          "REVOKE SELECT ON `sys`.* FROM `r`@`%`"},
         true,
         true},
        {{"GRANT SELECT ON *.* TO `r`@`%`", "REVOKE SELECT ON `mysql`.* FROM `r`@`%`",
          "REVOKE SELECT ON `mysql2`.* FROM `r`@`%`"},
         false,
         false},
        {{"GRANT SELECT, INSERT ON *.* TO `r`@`%`", "REVOKE INSERT ON `hr`.* FROM `r`@`%`", ""},
         true,
         true},
        {{"GRANT SELECT, SHOW DATABASES ON *.* TO `r`@`%`", "REVOKE SELECT ON `hr`.* FROM `r`@`%`",
          ""},
         true,
         false},
        {{"GRANT SHOW DATABASES ON *.* TO `r`@`%`", "", ""}, true, false},
        {{"GRANT SELECT ON `hr`.* TO `r`@`%`", "", ""}, false, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_grants *g = grants_of(table[i].lines, 3, true);
        assert_int_equal(mr_grants_lists_dbs(g), table[i].lists);
        assert_int_equal(mr_grants_reads_all(g), table[i].reads);
        mr_grants_free(g);
    }
}

/* The most exact entry decides; a wider pattern beside it gives nothing. */
static void test_exact_entry_decides(void **state)
{
    (void)state;
    static const char *const lines[] = {"GRANT SELECT ON `club`.* TO `r`@`%`",
                                        "GRANT TRIGGER ON `cl%`.* TO `r`@`%`"};
    struct mr_grants *g = GRANTS(lines);
    assert_true(mr_grants_on_db(g, "SELECT", "club"));
    assert_false(mr_grants_on_db(g, "TRIGGER", "club"));
    assert_true(mr_grants_on_db(g, "TRIGGER", "clan"));
    mr_grants_free(g);
}

/* Of several patterns the server takes one: that with the most before its first wildcard. */
static void test_exact_pattern_decides(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second; /* SELECT on the first, EXECUTE on the second */
        const char *db;
        bool reads;
    } table[] = {
        {"c%", "cl%", "club", false},    {"cl%", "c%", "club", true},
        {"c%", "x%", "club", true},      {"c%", "c%", "club", true},
        {"%", "c%", "club", false},      {"c\\_ub", "c%", "c_ub", true},
        {"c\\_%", "c_ub", "c_ub", true}, {"c_ub", "c\\_ub", "c_ub", false},
        {"c_ub", "c%", "c_ub", false}, /* alike: either may be taken */
        {"c_ub", "cl%", "c_ub", true},   {"c%", "club", "clan", true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char first[64], second[64];
        (void)snprintf(first, sizeof first, "GRANT SELECT ON `%s`.* TO `r`@`%%`", table[i].first);
        (void)snprintf(second, sizeof second, "GRANT EXECUTE ON `%s`.* TO `r`@`%%`",
                       table[i].second);
        for (int turned = 0; turned < 2; turned++) {
            const char *lines[] = {turned ? second : first, turned ? first : second};
            struct mr_grants *g = GRANTS(lines);
            assert_int_equal(mr_grants_lists_tables(g, table[i].db), table[i].reads);
            mr_grants_free(g);
        }
    }
}

/* A role has entries of its own: what it gives is not lost behind the account's. */
static void test_role_beside_exact_entry(void **state)
{
    (void)state;
    static const char *const lines[] = {"GRANT EXECUTE ON `club`.* TO `r`@`%`",
                                        "GRANT SELECT ON `cl%`.* TO `readers`",
                                        "GRANT EVENT ON `c%`.* TO `readers`"};
    struct mr_grants *g = GRANTS(lines);
    assert_true(mr_grants_on_db(g, "SELECT", "club"));
    assert_true(mr_grants_on_db(g, "EXECUTE", "club"));
    assert_false(mr_grants_on_db(g, "EVENT", "club"));
    mr_grants_free(g);
}

/* Whoever writes patterns does not decide how long we take. */
static void test_long_pattern(void **state)
{
    (void)state;
    struct mr_strbuf line = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    mr_strbuf_add_str(&line, "GRANT SELECT ON `");
    for (int i = 0; i < 32; i++) {
        mr_strbuf_add_str(&line, "%a");
        mr_strbuf_add_str(&name, "aa");
    }
    mr_strbuf_add_str(&line, "%b`.* TO `r`@`%`");
    const char *lines[] = {line.ptr};
    struct mr_grants *g = GRANTS(lines);
    assert_false(mr_grants_on_db(g, "SELECT", name.ptr));
    mr_strbuf_add_char(&name, 'b');
    assert_true(mr_grants_on_db(g, "SELECT", name.ptr));
    mr_grants_free(g);
    mr_strbuf_release(&line);
    mr_strbuf_release(&name);
}

/* What cannot be parsed counts as not granted. */
static void test_not_understood(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "GRANT SELECT ON",
        "GRANT SELECT (`a` ON `club`.* TO `r`@`%`",
        "GRANT SELECT ON `club`.* IN FAVOUR OF `r`@`%`",
        "GRANT SELECT ON FUNCTION `club`.`f` TO `r`@`%`",
        "GRANT SELECT ON `club`.* TO`",
        "SELECT ON *.* TO `r`@`%`",
        "",
        "GRANT",
        "GRANT ,, ON *.* TO `r`@`%`",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct mr_grants *g = grants_of(&lines[i], 1, false);
        assert_int_equal(mr_grants_on_db(g, "SELECT", "club"),
                         strcmp(lines[i], "GRANT SELECT ON `club`.* TO`") == 0);
        assert_false(mr_grants_global(g, "SELECT"));
        mr_grants_free(g);
    }
}

static void test_hidden(void **state)
{
    (void)state;
    static const struct {
        enum mr_flavour flavour;
        unsigned version;
        const char *line;
        unsigned hidden;
    } table[] = {
        {MR_FLAVOUR_MYSQL, 90704, "GRANT SELECT ON `club`.* TO `r`@`%`",
         MR_HIDDEN_TRIGGERS | MR_HIDDEN_VIEWS | MR_HIDDEN_ROUTINES | MR_HIDDEN_EVENTS},
        {MR_FLAVOUR_MYSQL, 90704, "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `club`.* TO `r`@`%`",
         MR_HIDDEN_ROUTINES},
        {MR_FLAVOUR_MYSQL, 90704, "GRANT ALL PRIVILEGES ON `club`.* TO `r`@`%`", 0},
        {MR_FLAVOUR_MYSQL, 90704, "GRANT EXECUTE ON `club`.* TO `r`@`%`",
         MR_HIDDEN_TRIGGERS | MR_HIDDEN_VIEWS | MR_HIDDEN_EVENTS},
        {MR_FLAVOUR_MARIADB, 101119, "GRANT ALTER ROUTINE ON `club`.* TO `r`@`%`",
         MR_HIDDEN_TRIGGERS | MR_HIDDEN_VIEWS | MR_HIDDEN_EVENTS},
        {MR_FLAVOUR_MYSQL, 90704, "GRANT ALL PRIVILEGES ON *.* TO `r`@`%`", 0},
        {MR_FLAVOUR_MYSQL, 90704, "GRANT SHOW_ROUTINE ON *.* TO `r`@`%`",
         MR_HIDDEN_TRIGGERS | MR_HIDDEN_VIEWS | MR_HIDDEN_EVENTS},
        {MR_FLAVOUR_MYSQL, 50744, "GRANT SELECT ON `mysql`.`proc` TO `r`@`%`",
         MR_HIDDEN_TRIGGERS | MR_HIDDEN_VIEWS | MR_HIDDEN_EVENTS},
        {MR_FLAVOUR_MARIADB, 101119, "GRANT SELECT ON `mysql`.`proc` TO `r`@`%`",
         MR_HIDDEN_TRIGGERS | MR_HIDDEN_VIEWS | MR_HIDDEN_EVENTS},
        {MR_FLAVOUR_MARIADB, 101119, "GRANT SELECT ON *.* TO `r`@`%`",
         MR_HIDDEN_TRIGGERS | MR_HIDDEN_VIEWS | MR_HIDDEN_EVENTS},
        {MR_FLAVOUR_MARIADB, 110402, "GRANT SHOW CREATE ROUTINE ON `club`.* TO `r`@`%`",
         MR_HIDDEN_TRIGGERS | MR_HIDDEN_VIEWS | MR_HIDDEN_EVENTS},
        {MR_FLAVOUR_MARIADB, 101119, "GRANT ALL PRIVILEGES ON *.* TO `r`@`%`", 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_server server = {.flavour = table[i].flavour, .version = table[i].version};
        struct mr_grants *g = grants_of(&table[i].line, 1, false);
        assert_int_equal(mr_grants_hidden(g, &server, "club"), table[i].hidden);
        mr_grants_free(g);
    }
}

static void test_needed(void **state)
{
    (void)state;
    static const struct {
        enum mr_flavour flavour;
        unsigned version;
        enum mr_hidden kind;
        const char *want;
    } table[] = {
        {MR_FLAVOUR_MYSQL, 90704, MR_HIDDEN_TRIGGERS, "GRANT TRIGGER ON `cl``ub`.* TO 'r'@'%'"},
        {MR_FLAVOUR_MYSQL, 90704, MR_HIDDEN_VIEWS,
         "GRANT SELECT, SHOW VIEW ON `cl``ub`.* TO 'r'@'%'"},
        {MR_FLAVOUR_MYSQL, 90704, MR_HIDDEN_EVENTS, "GRANT EVENT ON `cl``ub`.* TO 'r'@'%'"},
        {MR_FLAVOUR_MYSQL, 90704, MR_HIDDEN_ROUTINES, "GRANT SHOW_ROUTINE ON *.* TO 'r'@'%'"},
        {MR_FLAVOUR_MYSQL, 50651, MR_HIDDEN_ROUTINES, "GRANT SELECT ON `mysql`.`proc` TO 'r'@'%'"},
        {MR_FLAVOUR_MARIADB, 101119, MR_HIDDEN_ROUTINES,
         "GRANT SELECT ON `mysql`.`proc` TO 'r'@'%'"},
        {MR_FLAVOUR_MARIADB, 110402, MR_HIDDEN_ROUTINES,
         "GRANT SHOW CREATE ROUTINE ON `cl``ub`.* TO 'r'@'%'"},
    };
    struct mr_grants *g = grants_of(NULL, 0, false);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_server server = {.flavour = table[i].flavour, .version = table[i].version};
        struct mr_strbuf got = MR_STRBUF_INIT;
        mr_grants_needed(&got, g, &server, table[i].kind, "cl`ub");
        assert_string_equal(got.ptr, table[i].want);
        mr_strbuf_release(&got);
    }
    mr_grants_free(g);
}

/* Whatever the rights are. */
static void test_hides_events(void **state)
{
    (void)state;
    const char *const all[] = {"GRANT ALL PRIVILEGES ON *.* TO 'r'@'%'"};
    struct mr_grants *g = grants_of(all, 1, false);
    struct mr_server server = {.flavour = MR_FLAVOUR_MARIADB, .version = 101119};
    struct mr_strbuf got = MR_STRBUF_INIT;
    assert_int_equal(mr_grants_hidden(g, &server, "club"), 0);
    server.hides_events = true;
    assert_int_equal(mr_grants_hidden(g, &server, "club"), MR_HIDDEN_EVENTS);
    mr_grants_needed(&got, g, &server, MR_HIDDEN_EVENTS, "club");
    assert_non_null(strstr(got.ptr, "event_scheduler = DISABLED"));
    mr_strbuf_release(&got);
    mr_grants_free(g);
}

/* ---- of a server, whose answers are ours ---- */

static struct mr_server answering = {.flavour = MR_FLAVOUR_MARIADB, .version = 101119};
static const char *answer; /* to SHOW GRANTS: an error of the number */
static unsigned answer_number;
static const char *line, *role; /* NULL: SHOW GRANTS fails; else what it and CURRENT_ROLE() say */

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err);

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    (void)db;
    return &answering;
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err)
{
    (void)db, (void)err;
    mr_strbuf_add_str(out, strstr(sql, "ROLE") != NULL ? role : "root@");
    return MR_OK;
}

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err)
{
    (void)db, (void)shape, (void)sql, (void)len;
    *out = NULL;
    if (line != NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_SQL, "server \"h:1\": error %u: %s", answer_number, answer);
    err->sql_errno = answer_number;
    return MR_E_SQL;
}

const struct mr_cell *__wrap_mr_result_next(struct mr_result *res);
void __wrap_mr_result_free(struct mr_result *res);
const char *__wrap_mr_db_label(const struct mr_db *db);

const struct mr_cell *__wrap_mr_result_next(struct mr_result *res)
{
    static struct mr_cell cell;
    (void)res;
    if (line == NULL || *line == '\0')
        return NULL;
    cell = (struct mr_cell){.ptr = line, .len = strlen(line)};
    line += cell.len;
    return &cell;
}

void __wrap_mr_result_free(struct mr_result *res)
{
    (void)res;
}

const char *__wrap_mr_db_label(const struct mr_db *db)
{
    (void)db;
    return "h:1";
}

static char warned[400];

void __wrap_mr_log_warning(const char *fmt, ...);
void __wrap_mr_log_warning(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(warned, sizeof warned, fmt, args);
    va_end(args);
}

/* Roles that are not active allow nothing, and that is said. */
static void test_roles(void **state)
{
    (void)state;
    static const struct {
        const char *line, *role;
        bool warned;
    } table[] = {
        {"GRANT SELECT ON `club`.* TO `r`@`%`, `reader`@`%`", "NONE", false},
        {"GRANT `reader`@`%` TO `r`@`%`", "NONE", true},
        {"GRANT `reader` TO `r`@`%`", "", true}, /* MariaDB: NULL */
        {"GRANT `reader`@`%` TO `r`@`%`", "`reader`@`%`", false},
        {"GRANT `reader` TO `r`@`%`", "reader", false},
        {"GRANT SELECT ON *.* TO `r`@`%`", "NONE", false},
        {"GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION", "NONE", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_grants *g = NULL;
        struct mr_err err = {0};
        line = table[i].line;
        role = table[i].role;
        assert_int_equal(mr_grants_load(NULL, &g, &err), MR_OK);
        warned[0] = '\0';
        mr_grants_warn_idle(g, NULL);
        if ((strstr(warned, "user 'root'@'' has roles on \"h:1\"") != NULL) != table[i].warned)
            fail_msg("case %zu: %s", i, warned);
        mr_grants_free(g);
    }
    line = NULL;
}

/* A server that looks at no grants hides nothing; of one that does not tell them, who knows. */
static void test_not_told(void **state)
{
    (void)state;
    static const struct {
        unsigned number;
        const char *text;
        bool sees_all;
    } table[] = {
        {1290,
         "The MariaDB server is running with the --skip-grant-tables option so it cannot "
         "execute this statement",
         true},
        {1290, "The MySQL server is running with the --read-only option so it cannot", false},
        {1141, "There is no such grant defined for user 'r' on host '%'", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_grants *g = NULL;
        struct mr_err err = {0};
        answer_number = table[i].number;
        answer = table[i].text;
        assert_int_equal(mr_grants_load(NULL, &g, &err), table[i].sees_all ? MR_OK : MR_E_SQL);
        assert_int_equal(g != NULL, table[i].sees_all);
        if (g == NULL) {
            assert_int_equal(err.sql_errno, answer_number);
            continue;
        }
        assert_true(mr_grants_lists_dbs(g));
        assert_int_equal(mr_grants_hidden(g, &answering, "any"), 0);
        mr_grants_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mariadb),
        cmocka_unit_test(test_mysql),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_taken_back),
        cmocka_unit_test(test_exact_entry_decides),
        cmocka_unit_test(test_exact_pattern_decides),
        cmocka_unit_test(test_role_beside_exact_entry),
        cmocka_unit_test(test_long_pattern),
        cmocka_unit_test(test_not_understood),
        cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_needed),
        cmocka_unit_test(test_hides_events),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
