/* test_reseed_sql.c: scripts quote what they name, and no statement stands unguarded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/db/sqlscan.h"
#include "repair/script/reseed_sql.h"
#include "repair/script/script_text.h"
#include "repair_sample.h"

static void test_raise(void **state)
{
    static const char *const expected[] = {
        "ALTER TABLE `club_live`.`members` AUTO_INCREMENT = 1000006, ALGORITHM = "
        "INPLACE, "
        "LOCK = NONE",
        "ALTER TABLE `o'dd`.`t``\\\n` AUTO_INCREMENT = 18446744073709551615",
        "DO SETVAL(`club_live`.`numbers`, 10, 0)",
    };
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        mr_reseed_raise_sql(&sample_counters[i], sample_counters[i].reseed_to, &sql);
        assert_string_equal(sql.ptr, expected[i]);
        mr_strbuf_release(&sql);
    }
}

/* First words of the statements; strings and comments are stepped over by the scanner. */
static void check_statements(const char *text, size_t len, bool may_write)
{
    static const char *const harmless[] = {"SET", "SELECT"};
    static const char *const built[] = {"PREPARE", "EXECUTE", "DEALLOCATE"};
    struct mr_sqlscan scan;
    struct mr_token token;
    bool first = true;
    mr_sqlscan_init(&scan, text, len);
    while (mr_sqlscan_next_code(&scan, &token)) {
        bool known = !first;
        for (size_t i = 0; i < 2; i++)
            known |= mr_token_is(&token, harmless[i]);
        for (size_t i = 0; i < 3; i++)
            known |= may_write && mr_token_is(&token, built[i]);
        if (!known)
            fail_msg("a statement begins with %.*s", (int)token.len, token.ptr);
        first = mr_token_is(&token, ";");
    }
    assert_true(first);
    assert_false(scan.broken);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

static void check_script(enum mr_flavour flavour, const char *uuid, const char *other)
{
    const struct mr_manifest m = sample_manifest(flavour);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err err = {0};
    assert_int_equal(mr_reseed_sql(&m, &sql, &err), MR_OK);
    check_statements(sql.ptr, sql.len, true);
    assert_int_equal(count(sql.ptr, "PREPARE myrecon FROM @myrecon_sql;"), 3);
    /* the guard of the script, of each unit, and of the list */
    assert_int_equal(count(sql.ptr, uuid), 5);
    assert_int_equal(count(sql.ptr, "@@server_id = 4294967295"), 5);
    assert_int_equal(count(sql.ptr, "@@port = "), 5);
    assert_int_equal(count(sql.ptr, "@@datadir = "), 5);
    assert_int_equal(count(sql.ptr, "@@hostname = _utf8mb4 x'6462277320686f7374'"), 5);
    assert_int_equal(count(sql.ptr, flavour == MR_FLAVOUR_MARIADB
                                        ? "@@read_only IN ('0', 'OFF')"
                                        : "@@read_only = 0 AND @@super_read_only = 0"),
                     4);
    assert_int_equal(count(sql.ptr, "SET @myrecon_sql = 'DO 0';"), 3);
    assert_int_equal(count(sql.ptr, other), 0);
    assert_int_equal(count(sql.ptr, "= (SELECT 1 FROM `club_live`.`members` LIMIT 0);"),
                     flavour == MR_FLAVOUR_MYSQL ? 1 : 0);
    /* an odd name ends no comment */
    assert_non_null(strstr(sql.ptr, "-- o'dd.t`\\\\n\n"));
    mr_strbuf_release(&sql);

    mr_strbuf_init(&sql);
    assert_int_equal(mr_reseed_verify_sql(&m, &sql, &err), MR_OK);
    check_statements(sql.ptr, sql.len, false);
    assert_null(strstr(sql.ptr, "ALTER"));
    assert_null(strstr(sql.ptr, "SETVAL"));
    mr_strbuf_release(&sql);
}

static void test_scripts(void **state)
{
    (void)state;
    check_script(MR_FLAVOUR_MARIADB, "@@server_uid = '7c178c4e-e4cc'", "@@server_uuid");
    check_script(MR_FLAVOUR_MYSQL, "@@server_uuid = '7c178c4e-e4cc'", "@@server_uid ");
}

/* What a server does not know yet is an error there, and nothing would be raised. */
static void test_versions(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        const char *version;
        bool has_super, is_cached, is_new_isolation;
    } cases[] = {
        {MR_FLAVOUR_MYSQL, "5.6.24-log", false, false, false},
        {MR_FLAVOUR_MYSQL, "5.7.7", false, false, false},
        {MR_FLAVOUR_MYSQL, "5.7.44", true, false, false},
        {MR_FLAVOUR_MYSQL, "8.0.11", true, true, true},
        {MR_FLAVOUR_MYSQL, "9.7.4", true, true, true},
        {MR_FLAVOUR_MARIADB, "10.11.19-MariaDB", false, false, false},
        {MR_FLAVOUR_MARIADB, "5.5.5-10.1.48-MariaDB", false, false, false},
        {MR_FLAVOUR_MARIADB, "11.4.2-MariaDB", false, false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_manifest m = sample_manifest(cases[i].flavour);
        struct mr_strbuf sql = MR_STRBUF_INIT;
        struct mr_err err = {0};
        m.server.version = cases[i].version;
        assert_int_equal(mr_reseed_sql(&m, &sql, &err), MR_OK);
        assert_int_equal(strstr(sql.ptr, "super_read_only") != NULL, cases[i].has_super);
        assert_int_equal(strstr(sql.ptr, "stats_expiry") != NULL, cases[i].is_cached);
        assert_int_equal(count(sql.ptr, "@@read_only"), 4);
        mr_strbuf_reset(&sql);
        mr_script_isolation(&sql, &m);
        assert_int_equal(strstr(sql.ptr, "transaction_isolation") != NULL,
                         cases[i].is_new_isolation);
        mr_strbuf_release(&sql);
    }
}

static void test_nothing(void **state)
{
    struct mr_manifest m = sample_manifest(MR_FLAVOUR_MARIADB);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err err = {0};
    (void)state;
    m.ncounters = 0;
    m.server.uuid = "";
    assert_int_equal(mr_reseed_sql(&m, &sql, &err), MR_OK);
    assert_int_equal(mr_reseed_verify_sql(&m, &sql, &err), MR_OK);
    check_statements(sql.ptr, sql.len, false);
    assert_null(strstr(sql.ptr, "server_uid"));
    mr_strbuf_release(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raise),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
