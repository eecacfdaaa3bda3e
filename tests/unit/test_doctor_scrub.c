/* test_doctor_scrub: no secret and no row gets out, and what support needs does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recon/doctor/doctor_scrub.h"

struct pair {
    const char *name, *value, *shown;
};

typedef void scrub(struct mr_strbuf *out, const char *name, const char *value);

static void message(struct mr_strbuf *out, const char *name, const char *value)
{
    (void)name;
    mr_scrub_message(out, value);
}

static void check(scrub *fn, const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        fn(&out, pairs[i].name, pairs[i].value);
        assert_string_equal(out.ptr, pairs[i].shown);
        mr_strbuf_release(&out);
    }
}

static void variables(void **state)
{
    static const struct pair pairs[] = {
        {"report_password", "s3cret", "(hidden)"},
        {"report_password", "", ""},
        {"wsrep_sst_auth", "root:s3cret", "(hidden)"},
        {"wsrep_provider_options", "socket.ssl_password=s3cret", "(hidden)"},
        {"authentication_ldap_simple_bind_root_pwd", "s3cret", "(hidden)"},
        {"x_password", "12345", "(hidden)"},
        {"file_key_management_filekey", "s3cret", "(hidden)"},
        {"file_key_management_filename", "/etc/mysql/keys.enc", "/etc/mysql/keys.enc"},
        {"ssl_passphrase", "s3cret", "(hidden)"},
        {"telemetry.otel_exporter_otlp_traces_headers", "api=s3", "(hidden)"},
        {"init_connect", "SET @x = 's3cret'", "SET @x = ?"},
        {"init_slave", "SET SESSION a = 12", "SET SESSION a = ?"},
        {"proxy_url", "http://u:s3cret@h/", "(hidden)"},
        {"some_options", "host=h;password=s3cret", "(hidden)"},
        {"strict_password_validation", "ON", "ON"},
        {"validate_password.length", "8", "8"},
        {"default_password_lifetime", "0", "0"},
        {"sha256_password_private_key_path", "private_key.pem", "private_key.pem"},
        {"ssl_key", "server-key.pem", "server-key.pem"},
        {"max_connections", "151", "151"},
        {"sql_mode", "STRICT_TRANS_TABLES,ANSI", "STRICT_TRANS_TABLES,ANSI"},
        {"version_comment", "a\tb\nc", "a\\tb\\nc"},
    };
    (void)state;
    check(mr_scrub_variable, pairs, sizeof pairs / sizeof *pairs);
}

static void messages(void **state)
{
    static const struct pair pairs[] = {
        {"", "port 1 of \"h\": Connection refused", "port 1 of \"h\": Connection refused"},
        {"", "the SQL thread is stopped: error 1062: Duplicate entry '138' for key 'PRIMARY'",
         "the SQL thread is stopped: error 1062: (hidden)"},
        {"", "error 1045", "error 1045"},
        {"", "2 differ: a.b (only the second has column c default 's3cret'), a.c (x)",
         "2 differ: a.b (only the second has (hidden)"},
        {"", "2 differ: a.b (missing on the second), a.d (only the first has column c)",
         "2 differ: a.b (missing on the second), a.d (only the first has (hidden)"},
        {"", "the server's error log, 2026-11-20 17:00:00.1 UTC: 'row' x",
         "the server's error log, 2026-11-20 17:00:00.1 UTC: (hidden)"},
        {"", "the I/O error and the error 2003: x error 1062: y",
         "the I/O error and the error 2003: (hidden)"},
    };
    (void)state;
    check(message, pairs, sizeof pairs / sizeof *pairs);
}

static void settings(void **state)
{
    static const struct pair pairs[] = {
        {"source", "mysql://u:s3cret@h:3306/club?ssl-mode=required", "mysql://u@h:3306/club"},
        {"source", "mysql://u:s3cret@:x", "(hidden)"},
        {"where", "mobile = '138'", "mobile = ?"},
        {"reference", "owner_id -> a.b.id when type = 'x'", "owner_id -> a.b.id when type = ?"},
        {"split-key", "3000", "?"},
        {"replication-lag", "10, 60", "10, 60"},
        {"identity", "mobile", "mobile"},
    };
    (void)state;
    check(mr_scrub_setting, pairs, sizeof pairs / sizeof *pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables),
        cmocka_unit_test(messages),
        cmocka_unit_test(settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
