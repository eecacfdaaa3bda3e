/* test_db.c: sessions, errors, TLS, and streams that break. */
#include "db_fixture.h"

/* ---- streams that break ---- */

#define DIGITS                                                                                     \
    "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION "               \
    "SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)"

/* A million rows of 200 bytes: far more than the sockets hold. */
static void make_rows(size_t server)
{
    struct mr_db *db = open_server(server, true);
    run_sql(db, "DROP TABLE IF EXISTS many");
    run_sql(db, "CREATE TABLE many (id INT PRIMARY KEY, pad CHAR(200))");
    run_sql(db, "INSERT INTO many SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n, "
                "REPEAT('x', 200) FROM " DIGITS " a, " DIGITS " b, " DIGITS " c, " DIGITS " d");
    mr_db_close(db);
}

static const char many_sql[] = "SELECT m.id, o.n, m.pad FROM many m, " DIGITS " o, " DIGITS " p";
#define MANY_ROWS 1000000

static const enum mr_class many_classes[] = {MR_CLASS_INT, MR_CLASS_INT, MR_CLASS_TEXT};

static struct mr_stream *open_many(struct mr_db *db)
{
    struct mr_err err;
    struct mr_stream *st = NULL;
    const struct mr_value *v = NULL;
    assert_ok(mr_stream_open(db, many_sql, strlen(many_sql), many_classes, 3, false, &st, &err),
              &err);
    for (int i = 0; i < 10; i++) {
        assert_ok(mr_stream_next(st, &v, &err), &err);
        assert_non_null(v);
    }
    return st;
}

/* Reads on; never takes a broken stream for its end. */
static enum mr_code read_on(struct mr_stream *st, size_t *rows, struct mr_err *err)
{
    const struct mr_value *v = NULL;
    enum mr_code rc;
    *rows = 10;
    while ((rc = mr_stream_next(st, &v, err)) == MR_OK && v != NULL)
        ++*rows;
    if (rc == MR_OK)
        assert_int_equal(*rows, MANY_ROWS);
    return rc;
}

static unsigned long connection_id(struct mr_db *db)
{
    struct mr_err err;
    struct mr_strbuf text = MR_STRBUF_INIT;
    assert_ok(mr_db_query_text(db, "SELECT CONNECTION_ID()", &text, &err), &err);
    unsigned long id = strtoul(text.ptr, NULL, 10);
    mr_strbuf_release(&text);
    return id;
}

static void kill_it(size_t server, const char *what, unsigned long id)
{
    char sql[64];
    struct mr_db *killer = open_server(server, false);
    (void)snprintf(sql, sizeof sql, "KILL %s %lu", what, id);
    run_sql(killer, sql);
    mr_db_close(killer);
}

static void assert_usable(struct mr_db *db)
{
    struct mr_err err;
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (mr_db_is_lost(db)) {
        assert_int_equal(mr_db_exec(db, "DO 1", 4, &err), MR_E_LOST);
        assert_ok(mr_db_reconnect(db, 3, &err), &err);
    }
    assert_ok(mr_db_query_text(db, "SELECT @@time_zone", &text, &err), &err);
    assert_string_equal(text.ptr, "+00:00");
    mr_strbuf_release(&text);
}

static void test_whole_stream(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_err err;
        size_t rows = 0;
        make_rows(s);
        struct mr_db *db = open_server(s, false);
        struct mr_stream *st = open_many(db);
        assert_ok(read_on(st, &rows, &err), &err);
        mr_stream_close(st);
        assert_false(mr_db_is_lost(db));
        mr_db_close(db);
    }
}

/* A whole stream comes over such a connection, of which the server says what it is. */
static void check_compressed(size_t server, const char *option, bool asked, const char *want)
{
    struct mr_err err;
    struct mr_strbuf uri = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    char status[128];
    size_t rows = 0;
    mr_strbuf_add_fmt(&uri, "%s%s", getenv(server_vars[server]), option);
    struct mr_db *db =
        open_with(uri.ptr, (struct mr_db_opts){.run_tag = "it-db", .compress = asked});
    run_on_own(db, "USE");
    (void)snprintf(
        status, sizeof status, "SELECT VARIABLE_VALUE FROM %s WHERE VARIABLE_NAME = 'Compression'",
        is_mysql(db) ? "performance_schema.session_status" : "information_schema.SESSION_STATUS");
    assert_ok(mr_db_query_text(db, status, &text, &err), &err);
    assert_string_equal(text.ptr, want);
    struct mr_stream *st = open_many(db);
    assert_ok(read_on(st, &rows, &err), &err);
    mr_stream_close(st);
    mr_db_close(db);
    mr_strbuf_release(&uri);
    mr_strbuf_release(&text);
}

static void test_compressed(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        make_rows(s);
        check_compressed(s, "", false, "OFF");
        check_compressed(s, "", true, "ON");
        check_compressed(s, "?compress=1", false, "ON");
        check_compressed(s, "?compress=0", true, "OFF");
    }
}

static void check_killed(size_t server, const char *what)
{
    struct mr_err err;
    size_t rows = 0;
    make_rows(server);
    struct mr_db *db = open_server(server, false);
    unsigned long id = connection_id(db);
    struct mr_stream *st = open_many(db);
    kill_it(server, what, id);
    assert_int_equal(read_on(st, &rows, &err), MR_E_LOST);
    assert_in_range(rows, 10, MANY_ROWS - 1);
    if (strcmp(what, "QUERY") == 0)
        assert_int_equal(err.sql_errno, 1317);
    mr_stream_close(st);
    assert_usable(db);
    mr_db_close(db);
}

static void test_kill_query(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++)
        check_killed(s, "QUERY");
}

static void test_kill_connection(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++)
        check_killed(s, "CONNECTION");
}

static void test_statement_timeout(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_err err;
        size_t rows = 0;
        make_rows(s);
        struct mr_db *db = open_with(getenv(server_vars[s]), (struct mr_db_opts){
                                                                 .run_tag = "it-db",
                                                                 .statement_timeout_s = 1,
                                                             });
        run_on_own(db, "USE");
        struct mr_stream *st = open_many(db);
        (void)usleep(1500 * 1000); /* the statement's own clock is what is tested */
        assert_int_equal(read_on(st, &rows, &err), MR_E_TIMEOUT);
        assert_int_equal(err.sql_errno, is_mysql(db) ? 3024 : 1969);
        mr_stream_close(st);
        assert_usable(db);
        mr_db_close(db);
    }
}

static void test_close_early(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        make_rows(s);
        struct mr_db *db = open_server(s, false);
        mr_stream_close(open_many(db));
        assert_true(mr_db_is_lost(db));
        assert_usable(db);
        mr_db_close(db);
    }
}

/* ---- sessions and errors ---- */

struct setting {
    const char *sql, *want;
};

static void test_session(void **state)
{
    (void)state;
    need_servers();
    static const struct setting settings[] = {
        {"SELECT @@sql_mode", ""},
        {"SELECT @@time_zone", "+00:00"},
        {"SELECT @@character_set_client", "utf8mb4"},
        {"SELECT @@character_set_connection", "utf8mb4"},
        {"SELECT @@character_set_results IS NULL", "1"},
        {"SELECT @@sql_select_limit", "18446744073709551615"},
        {"SELECT @@autocommit", "1"},
        {"SELECT @@completion_type", "NO_CHAIN"},
        {"SELECT DATABASE() IS NULL", "1"},
    };
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_err err;
        struct mr_db *db =
            open_with(getenv(server_vars[s]), (struct mr_db_opts){.run_tag = "it-db"});
        struct mr_strbuf text = MR_STRBUF_INIT;
        for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
            assert_ok(mr_db_query_text(db, settings[i].sql, &text, &err), &err);
            assert_string_equal(text.ptr, settings[i].want);
        }
        assert_ok(mr_db_query_text(db,
                                   "SELECT INFO FROM information_schema.PROCESSLIST "
                                   "WHERE ID = CONNECTION_ID()",
                                   &text, &err),
                  &err);
        assert_int_equal(strncmp(text.ptr, "/* myrecon it-db */ ", 20), 0);
        assert_int_equal(mr_db_query_text(db, "SELECT 1 FROM DUAL WHERE 0", &text, &err),
                         MR_E_NO_SUCH);
        mr_strbuf_release(&text);
        mr_db_close(db);
    }
}

static void test_read_only(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_err err;
        make_rows(s);
        struct mr_db *db = open_server(s, false);
        const char sql[] = "DELETE FROM many";
        assert_int_equal(mr_db_exec(db, sql, strlen(sql), &err), MR_E_SQL);
        assert_int_equal(err.sql_errno, 1792);
        mr_db_close(db);
    }
}

static void test_sql_errors(void **state)
{
    (void)state;
    need_servers();
    static const struct {
        const char *sql;
        enum mr_code code;
        unsigned number;
    } cases[] = {
        {"SELECT * FROM myrecon_it_none.t", MR_E_NO_SUCH, 0},
        {"SELECT * FROM mysql.myrecon_it_none", MR_E_NO_SUCH, 1146},
        {"SELECT nothing FROM mysql.user", MR_E_NO_SUCH, 1054},
        {"SELECT FROM WHERE", MR_E_SQL, 1064},
        {"LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE many", MR_OK, 0},
    };
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_db *db = open_server(s, true);
        make_rows(s);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct mr_err err;
            enum mr_code rc = mr_db_exec(db, cases[i].sql, strlen(cases[i].sql), &err);
            if (cases[i].code == MR_OK) {
                assert_int_not_equal(rc, MR_OK); /* LOCAL INFILE is off */
                continue;
            }
            assert_int_equal(rc, cases[i].code);
            if (cases[i].number != 0)
                assert_int_equal(err.sql_errno, cases[i].number);
            assert_false(mr_db_is_lost(db));
        }
        mr_db_close(db);
    }
}

/* An account with a password full of what a URI would have to escape. */
static void set_account(struct mr_endpoint *ep, const char *user, const char *password)
{
    free(ep->user);
    free(ep->password);
    ep->user = strdup(user);
    ep->password = strdup(password);
}

static void check_rights(size_t server)
{
    struct mr_err err;
    struct mr_endpoint ep;
    char user[64], sql[256];
    const struct mr_db_opts opts = {.run_tag = "it-db"};
    struct mr_db *reader = NULL, *db = open_server(server, true);
    make_rows(server);
    (void)snprintf(user, sizeof user, "myrecon_it_%ld", (long)getpid());
    (void)snprintf(sql, sizeof sql, "CREATE USER %s@'%%' IDENTIFIED BY 'p@:/?'", user);
    run_sql(db, sql);
    assert_ok(mr_endpoint_parse(&ep, getenv(server_vars[server]), &err), &err);

    set_account(&ep, user, "p@:/?");
    assert_ok(mr_db_open(&ep, &opts, &reader, &err), &err);
    (void)snprintf(sql, sizeof sql, "SELECT id FROM %s.many", own_name());
    assert_int_equal(mr_db_exec(reader, sql, strlen(sql), &err), MR_E_DENIED);
    assert_int_equal(err.sql_errno, 1142);
    mr_db_close(reader);

    set_account(&ep, user, "secret");
    assert_int_equal(mr_db_open(&ep, &opts, &reader, &err), MR_E_AUTH);
    assert_int_equal(err.sql_errno, 1045);
    assert_null(strstr(err.message, "secret"));
    mr_endpoint_release(&ep);
    (void)snprintf(sql, sizeof sql, "DROP USER %s@'%%'", user);
    run_sql(db, sql);
    mr_db_close(db);
}

static void test_missing_rights(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++)
        check_rights(s);
}

/* ---- TLS ---- */

/* A certificate authority that signed no server's certificate. */
static const char stranger_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBgDCCASWgAwIBAgIUH/ovmgfmqb+lrHHX4qogQEfbyeowCgYIKoZIzj0EAwIw\n"
    "FDESMBAGA1UEAwwJdW5yZWxhdGVkMCAXDTI2MTEyMDA4MTEyMVoYDzIxMjYxMDI3\n"
    "MDgxMTIxWjAUMRIwEAYDVQQDDAl1bnJlbGF0ZWQwWTATBgcqhkjOPQIBBggqhkjO\n"
    "PQMBBwNCAARJyxYha4gUAvOCKBaYIAdOoq+W5b6v0W4moC/vIbPJKKz3rYLncJeL\n"
    "qfwNLB7dDTfKtnWGv9USzta7GRtlR+/Vo1MwUTAdBgNVHQ4EFgQUyogdJzVJ8ua1\n"
    "PAuXCM9FBnaqREcwHwYDVR0jBBgwFoAUyogdJzVJ8ua1PAuXCM9FBnaqREcwDwYD\n"
    "VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAwcb1KKvVKVsnmXNo4XuH\n"
    "48GMgP+VZ6w83jbajD01xRQCIQDLu5itSBU8hetYBQ+Xt562xrBBG2/YE8MXUVgU\n"
    "DE8fwA==\n"
    "-----END CERTIFICATE-----\n";

/* Opens with more options in the URI; the cipher is "" unless it worked. */
static enum mr_code open_tls(size_t server, const char *options, char *cipher, struct mr_err *err)
{
    struct mr_strbuf uri = MR_STRBUF_INIT;
    struct mr_endpoint ep;
    struct mr_db *db = NULL;
    const struct mr_db_opts opts = {0};
    const char *base = getenv(server_vars[server]);
    mr_strbuf_add_fmt(&uri, "%s%c%s", base, strchr(base, '?') != NULL ? '&' : '?', options);
    assert_ok(mr_endpoint_parse(&ep, uri.ptr, err), err);
    enum mr_code rc = mr_db_open(&ep, &opts, &db, err);
    cipher[0] = '\0';
    if (rc == MR_OK)
        (void)snprintf(cipher, 64, "%s", mr_db_server(db)->tls_cipher);
    mr_db_close(db);
    mr_endpoint_release(&ep);
    mr_strbuf_release(&uri);
    return rc;
}

static void check_tls(size_t server, const char *ca_file)
{
    struct mr_err err;
    char cipher[64], options[128];
    assert_ok(open_tls(server, "ssl-mode=disabled", cipher, &err), &err);
    assert_string_equal(cipher, "");
    assert_ok(open_tls(server, "ssl-mode=preferred", cipher, &err), &err);
    bool has_tls = cipher[0] != '\0';

    enum mr_code rc = open_tls(server, "ssl-mode=required", cipher, &err);
    assert_int_equal(rc, has_tls ? MR_OK : MR_E_TLS);
    assert_int_equal(cipher[0] != '\0', has_tls);

    static const char *const verifying[] = {"verify-ca", "verify-identity"};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(options, sizeof options, "ssl-mode=%s", verifying[i]);
        assert_int_equal(open_tls(server, options, cipher, &err), MR_E_TLS);
        (void)snprintf(options, sizeof options, "ssl-mode=%s&ssl-ca=%s", verifying[i], ca_file);
        assert_int_equal(open_tls(server, options, cipher, &err), MR_E_TLS);
    }
    assert_int_equal(open_tls(server, "ssl-mode=required&ssl-ca=/nonexistent", cipher, &err),
                     MR_E_TLS);
    assert_non_null(strstr(err.message, "/nonexistent"));
    /* An authority that was named is not passed over, even by the lax mode. */
    (void)snprintf(options, sizeof options, "ssl-mode=preferred&ssl-ca=%s", ca_file);
    assert_int_equal(open_tls(server, options, cipher, &err), has_tls ? MR_E_TLS : MR_OK);
}

static void test_tls(void **state)
{
    (void)state;
    need_servers();
    char path[] = "/tmp/myrecon-it-ca-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, stranger_pem, strlen(stranger_pem)), strlen(stranger_pem));
    assert_int_equal(close(fd), 0);
    for (size_t s = 0; s < SERVERS; s++)
        check_tls(s, path);
    assert_int_equal(unlink(path), 0);
}

static void test_unreachable(void **state)
{
    (void)state;
    need_servers();
    struct mr_err err;
    struct mr_endpoint ep;
    struct mr_db *db = NULL;
    const struct mr_db_opts opts = {0};
    assert_ok(mr_endpoint_parse(&ep, "mysql://root@127.0.0.1:1", &err), &err);
    assert_int_equal(mr_db_open(&ep, &opts, &db, &err), MR_E_CONNECT);
    assert_string_equal(err.message,
                        "could not connect to server \"127.0.0.1:1\": Connection refused");
    mr_endpoint_release(&ep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_stream),
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_kill_query),
        cmocka_unit_test(test_kill_connection),
        cmocka_unit_test(test_statement_timeout),
        cmocka_unit_test(test_close_early),
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_sql_errors),
        cmocka_unit_test(test_missing_rights),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_unreachable),
    };
    return cmocka_run_group_tests_name("db", tests, set_up, tear_down);
}
