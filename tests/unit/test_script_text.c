/* test_script_text.c: what all scripts of a plan say alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/script/script_text.h"

#include "repair_sample.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static struct mr_manifest sample(enum mr_flavour flavour, const char *version)
{
    struct mr_manifest m = sample_manifest(flavour);
    m.server.version = version;
    return m;
}

#define IS(out, wanted)                                                                            \
    do {                                                                                           \
        assert_false((out)->failed);                                                               \
        assert_string_equal((out)->len > 0 ? (out)->ptr : "", (wanted));                           \
        mr_strbuf_reset(out);                                                                      \
    } while (0)

static void test_since(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        const char *version;
        unsigned mysql, mariadb;
        bool since;
    } cases[] = {
        {MR_FLAVOUR_MYSQL, "8.0.20", 80020, 0, true},
        {MR_FLAVOUR_MYSQL, "8.0.19", 80020, 0, false},
        {MR_FLAVOUR_MYSQL, "9.7.4", 80020, 100202, true},
        {MR_FLAVOUR_MARIADB, "10.11.19-MariaDB-log", 0, 101100, true},
        {MR_FLAVOUR_MARIADB, "10.11.19-MariaDB", 50708, 0, false}, /* none is */
        {MR_FLAVOUR_MARIADB, "5.5.5-10.2.1-MariaDB", 0, 100202, false},
        {MR_FLAVOUR_MYSQL, "", 50708, 0, false},
        {MR_FLAVOUR_MYSQL, "nonsense", 50708, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_manifest m = sample(cases[i].flavour, cases[i].version);
        if (mr_script_is_since(&m, cases[i].mysql, cases[i].mariadb) != cases[i].since)
            fail_msg("%s", cases[i].version);
    }
}

/* A text of a plan is one line of a comment, whatever it holds. */
static void test_comment(void **state)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    (void)state;
    mr_script_comment(&out, "plan:   ", "a\nDROP TABLE t;\r\x1b[2J\xff");
    assert_ptr_equal(strchr(out.ptr, '\n'), out.ptr + out.len - 1);
    assert_null(strchr(out.ptr, '\r'));
    assert_null(strchr(out.ptr, '\x1b'));
    assert_memory_equal(out.ptr, "-- plan:   a", 12);
    mr_strbuf_release(&out);
}

static void test_header(void **state)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_manifest m = sample(MR_FLAVOUR_MYSQL, "9.7.4");
    (void)state;
    mr_script_header(&out, &m, "apply.sql", "does it");
    IS(&out, "-- apply.sql: does it\n--\n-- plan:   20261120T110000Z-abcdef\n"
             "-- source: mysql://dba@lost/club\n-- target: mysql://dba@live/club_live\n"
             "--         9.7.4 on host db's host, port 3306, server_id 4294967295\n--\n"
             "-- Run it on that server with its own client: mysql ... < apply.sql\n");
    m.server.flavour = MR_FLAVOUR_MARIADB;
    mr_script_header(&out, &m, "undo.sql", "no");
    assert_non_null(strstr(out.ptr, "client: mariadb ... < undo.sql\n"));
    mr_strbuf_release(&out);
}

static void test_names(void **state)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    (void)state;
    mr_script_staged(&out, "o`dd", 'k', 12);
    IS(&out, "`o``dd`.myrecon_k12");
    mr_script_key_part(&out, "s", "i`d", false, true);
    IS(&out, ", CAST(s.`i``d` AS CHAR)");
    mr_script_key_part(&out, "s", "id", true, false);
    IS(&out, ", HEX(s.`id`)");
    mr_script_key_part(&out, "t", "id", false, false);
    IS(&out, ", REPLACE(REPLACE(CAST(t.`id` AS CHAR), '\\\\', '\\\\\\\\'), ',', '\\\\,')");
    mr_strbuf_release(&out);
}

/* Which server it is: an older one has no uuid. */
static void test_server(void **state)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_manifest m = sample(MR_FLAVOUR_MYSQL, "9.7.4");
    (void)state;
    mr_script_server(&out, &m);
    IS(&out, "@@hostname = _utf8mb4 x'6462277320686f7374' AND @@port = 3306 AND @@server_id = "
             "4294967295 AND @@datadir = '/var/lib/mysql/' AND @@server_uuid = '7c178c4e-e4cc'");
    m.server.flavour = MR_FLAVOUR_MARIADB;
    mr_script_server(&out, &m);
    assert_non_null(strstr(out.ptr, " AND @@server_uid = '7c178c4e-e4cc'"));
    mr_strbuf_reset(&out);
    m.server.uuid = "";
    mr_script_server(&out, &m);
    assert_null(strstr(out.ptr, "server_uid"));
    mr_strbuf_release(&out);
}

static void test_conditions(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        const char *version, *writable, *isolation;
    } cases[] = {
        {MR_FLAVOUR_MYSQL, "5.6.51", " AND @@read_only = 0", "tx_isolation"},
        {MR_FLAVOUR_MYSQL, "5.7.44", " AND @@read_only = 0 AND @@super_read_only = 0",
         "tx_isolation"},
        {MR_FLAVOUR_MYSQL, "8.0.0", " AND @@read_only = 0 AND @@super_read_only = 0",
         "transaction_isolation"},
        {MR_FLAVOUR_MARIADB, "11.0.6-MariaDB", " AND @@read_only IN ('0', 'OFF')", "tx_isolation"},
        {MR_FLAVOUR_MARIADB, "11.1.2-MariaDB", " AND @@read_only IN ('0', 'OFF')",
         "transaction_isolation"},
    };
    struct mr_strbuf out = MR_STRBUF_INIT, wanted = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_manifest m = sample(cases[i].flavour, cases[i].version);
        mr_script_writable(&out, &m);
        IS(&out, cases[i].writable);
        mr_script_isolation(&out, &m);
        mr_strbuf_reset(&wanted);
        mr_strbuf_add_fmt(&wanted, " AND @@SESSION.%s = 'READ-COMMITTED'", cases[i].isolation);
        IS(&out, wanted.ptr);
    }
    mr_strbuf_release(&wanted);
    mr_strbuf_release(&out);
}

/* An error names its reason in what a time zone may be long: 64 characters. */
static void test_guards(void **state)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_manifest m = sample(MR_FLAVOUR_MARIADB, "10.11.19-MariaDB");
    (void)state;
    m.server.uuid = "";
    mr_script_guard(&out, &m, true);
    IS(&out, "SET SESSION time_zone = IF(@@hostname = _utf8mb4 x'6462277320686f7374' AND @@port = "
             "3306 AND @@server_id = 4294967295 AND @@datadir = '/var/lib/mysql/' AND @@read_only "
             "IN ('0', 'OFF'),\n    @@SESSION.time_zone, 'myrecon: not the planned server, or "
             "read-only: nothing is done');\n");
    mr_script_guard(&out, &m, false);
    assert_null(strstr(out.ptr, "read_only"));
    assert_non_null(strstr(out.ptr, ",\n    @@SESSION.time_zone, 'myrecon: not the planned "
                                    "server');\n"));
    mr_strbuf_reset(&out);
    mr_script_guard_packet(&out, &m);
    IS(&out, "");
    m.planned.packet = UINT64_MAX;
    mr_script_guard_packet(&out, &m);
    IS(&out, "SET SESSION time_zone = IF(@@SESSION.max_allowed_packet >= 18446744073709551615,\n"
             "    @@SESSION.time_zone, 'myrecon: max_allowed_packet is below "
             "18446744073709551615');\n");
    mr_strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_since),  cmocka_unit_test(test_comment),
        cmocka_unit_test(test_header), cmocka_unit_test(test_names),
        cmocka_unit_test(test_server), cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_guards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
