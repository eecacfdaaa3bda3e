/* test_endpoint.c: endpoint URIs, the environment, and option files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/db/endpoint.h"
#include "core/db/option_file.h"
#include "tests/unit/random.h"

static void assert_text(const char *got, const char *want)
{
    if (want == NULL)
        assert_null(got);
    else if (got == NULL)
        fail_msg("nothing instead of \"%s\"", want);
    else
        assert_string_equal(got, want);
}

/* ---- URIs that parse ---- */

struct good {
    const char *uri;
    const char *user, *password, *host;
    unsigned port;
    const char *dbs; /* joined by | */
    const char *shown;
};

static const struct good good[] = {
    {"mysql://h", NULL, NULL, "h", 0, "", "mysql://h"},
    {"mysql://h/", NULL, NULL, "h", 0, "", "mysql://h"},
    {"MYSQL://h:1", NULL, NULL, "h", 1, "", "mysql://h:1"},
    {"mysql://u@h:65535/d", "u", NULL, "h", 65535, "d", "mysql://u@h:65535/d"},
    {"mysql://u:p@h/a,b,c", "u", "p", "h", 0, "a|b|c", "mysql://u@h/a,b,c"},
    {"mysql://u:@h", "u", "", "h", 0, "", "mysql://u@h"},
    {"mysql://:p@h", NULL, "p", "h", 0, "", "mysql://h"},
    {"mysql://u:a:b@h", "u", "a:b", "h", 0, "", "mysql://u@h"},
    {"mysql://u:a@b@h", "u", "a@b", "h", 0, "", "mysql://u@h"},
    {"mysql://u:%40%3A%2F%3f%25@h", "u", "@:/?%", "h", 0, "", "mysql://u@h"},
    {"mysql://a%40b:p@h/d%2Ce,f%2Fg", "a@b", "p", "h", 0, "d,e|f/g", "mysql://a%40b@h/d%2Ce,f%2Fg"},
    {"mysql://u@[::1]:3306/d", "u", NULL, "::1", 3306, "d", "mysql://u@[::1]:3306/d"},
    {"mysql://[fe80::1%25eth0]", NULL, NULL, "fe80::1%eth0", 0, "", "mysql://[fe80::1%25eth0]"},
    {"mysql://h/%20d", NULL, NULL, "h", 0, " d", "mysql://h/%20d"},
    {"mysql://h/d\xc3\xbc", NULL, NULL, "h", 0, "d\xc3\xbc", "mysql://h/d\xc3\xbc"},
    {"mysql:///d", NULL, NULL, "", 0, "d", "mysql:///d"},
    {"mysql://", NULL, NULL, "", 0, "", "mysql://"},
    {"mysql://u@/d?socket=/run/s.sock", "u", NULL, "localhost", 0, "d",
     "mysql://u@localhost/d?socket=/run/s.sock"},
    {"mysql://u@:3307/d", "u", NULL, "localhost", 3307, "d", "mysql://u@localhost:3307/d"},
    {"mysql://h?", NULL, NULL, "h", 0, "", "mysql://h"},
    {"mysql://h/d?&ssl-mode=required&", NULL, NULL, "h", 0, "d", "mysql://h/d"},
};

static void check_good(const struct good *test)
{
    struct mr_err err;
    struct mr_endpoint ep;
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (mr_endpoint_parse(&ep, test->uri, &err) != MR_OK)
        fail_msg("%s: %s", test->uri, err.message);
    assert_int_equal(ep.kind, MR_ENDPOINT_MYSQL);
    assert_text(ep.user, test->user);
    assert_text(ep.password, test->password);
    assert_text(ep.host, test->host);
    assert_int_equal(ep.port, test->port);
    for (size_t i = 0; i < ep.ndbs; i++) {
        mr_strbuf_add_str(&text, i > 0 ? "|" : "");
        mr_strbuf_add_str(&text, ep.dbs[i]);
    }
    assert_string_equal(text.ptr, test->dbs);
    mr_strbuf_reset(&text);
    mr_endpoint_display(&ep, &text);
    assert_string_equal(text.ptr, test->shown);

    struct mr_endpoint again;
    assert_int_equal(mr_endpoint_parse(&again, text.ptr, &err), MR_OK);
    assert_text(again.user, test->user);
    assert_text(again.host, test->host);
    assert_int_equal(again.ndbs, ep.ndbs);
    mr_endpoint_release(&again);

    struct mr_endpoint copy;
    assert_int_equal(mr_endpoint_copy(&copy, &ep, &err), MR_OK);
    mr_endpoint_release(&ep);
    assert_text(copy.password, test->password);
    assert_text(copy.host, test->host);
    mr_endpoint_release(&copy);
    mr_strbuf_release(&text);
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check_good(&good[i]);
}

static void test_options(void **state)
{
    (void)state;
    struct mr_err err;
    struct mr_endpoint ep;
    assert_int_equal(mr_endpoint_parse(&ep,
                                       "mysql://h/d?socket=/a%26b&ssl-mode=verify-ca&ssl-ca=/c&"
                                       "ssl-cert=/d&ssl-key=/e&enable-cleartext-plugin=1&"
                                       "compress=yes&"
                                       "defaults-file=/f&defaults-group=g&"
                                       "connect-timeout=3",
                                       &err),
                     MR_OK);
    assert_text(ep.socket, "/a&b");
    assert_text(ep.ssl_ca, "/c");
    assert_text(ep.ssl_cert, "/d");
    assert_text(ep.ssl_key, "/e");
    assert_text(ep.defaults_file, "/f");
    assert_text(ep.defaults_group, "g");
    assert_int_equal(ep.ssl_mode, MR_SSL_VERIFY_CA);
    assert_int_equal(ep.connect_timeout_s, 3);
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_endpoint_uri(&ep, &text);
    assert_string_equal(text.ptr, "mysql://h/d?socket=/a%26b&ssl-mode=verify-ca&ssl-ca=/c&"
                                  "ssl-cert=/d&ssl-key=/e&enable-cleartext-plugin=1&compress=1&"
                                  "defaults-file=/f&defaults-group=g&"
                                  "connect-timeout=3");
    mr_strbuf_reset(&text);
    mr_endpoint_drop_account(&ep, &text);
    assert_string_equal(text.ptr, "ssl-cert, ssl-key, defaults-file, defaults-group");
    mr_strbuf_reset(&text);
    mr_endpoint_uri(&ep, &text);
    assert_string_equal(text.ptr, "mysql://h/d?socket=/a%26b&ssl-mode=verify-ca&ssl-ca=/c&"
                                  "enable-cleartext-plugin=1&compress=1&connect-timeout=3");
    mr_strbuf_release(&text);
    mr_endpoint_release(&ep);

    static const struct {
        const char *name;
        enum mr_ssl_mode mode;
    } modes[] = {{"disabled", MR_SSL_DISABLED},
                 {"preferred", MR_SSL_PREFERRED},
                 {"required", MR_SSL_REQUIRED},
                 {"VERIFY-CA", MR_SSL_VERIFY_CA},
                 {"verify-identity", MR_SSL_VERIFY_IDENTITY}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char uri[64];
        (void)snprintf(uri, sizeof uri, "mysql://h?ssl-mode=%s", modes[i].name);
        assert_int_equal(mr_endpoint_parse(&ep, uri, &err), MR_OK);
        assert_int_equal(ep.ssl_mode, modes[i].mode);
        assert_int_equal(ep.connect_timeout_s, 10);
        mr_endpoint_release(&ep);
    }
}

static void test_snapshot(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *dir, *key, *shown;
    } cases[] = {
        {"snapshot:/a/b", "/a/b", NULL, "snapshot:/a/b"},
        {"snapshot:a%20b", "a b", NULL, "snapshot:a%20b"},
        {"snapshot:d?key=/k.pem", "d", "/k.pem", "snapshot:d"},
        {"snapshot:a%3Fb", "a?b", NULL, "snapshot:a%3Fb"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_err err;
        struct mr_endpoint ep;
        struct mr_strbuf text = MR_STRBUF_INIT;
        assert_int_equal(mr_endpoint_parse(&ep, cases[i].uri, &err), MR_OK);
        assert_int_equal(ep.kind, MR_ENDPOINT_SNAPSHOT);
        assert_text(ep.dir, cases[i].dir);
        assert_text(ep.key, cases[i].key);
        mr_endpoint_display(&ep, &text);
        assert_string_equal(text.ptr, cases[i].shown);
        mr_strbuf_reset(&text);
        mr_endpoint_uri(&ep, &text);
        assert_string_equal(text.ptr, cases[i].shown); /* no key */
        mr_strbuf_release(&text);
        mr_endpoint_release(&ep);
    }
}

/* ---- URIs that do not ---- */

static const struct {
    const char *uri, *part; /* the part that the message names */
} bad[] = {
    {"", "mysql://"},
    {"h", "mysql://"},
    {"mysql:/h", "mysql://"},
    {"postgres://h", "mysql://"},
    {"snapshot:", "directory"},
    {"snapshot:?key=a", "directory"},
    {"snapshot:d?socket=/s", "option"},
    {"mysql://h?key=/k", "option"},
    {"mysql://h:", "port"},
    {"mysql://h:0", "port"},
    {"mysql://h:65536", "port"},
    {"mysql://h:99999999999999999999", "port"},
    {"mysql://h:-1", "port"},
    {"mysql://h:3306x", "port"},
    {"mysql://h:+3306", "port"},
    {"mysql://::1", "host"},
    {"mysql://u:secret:h:1", "host"},
    {"mysql://[::1", "address"},
    {"mysql://[]", "address"},
    {"mysql://[::1]x", "address"},
    {"mysql://[::1]:", "port"},
    {"mysql://h/,", "database name"},
    {"mysql://h/a,", "database name"},
    {"mysql://h/,a", "database name"},
    {"mysql://h/a,,b", "database name"},
    {"mysql://h/a/b", "/"},
    {"mysql://h/%", "database name"},
    {"mysql://h/%4", "database name"},
    {"mysql://h/%zz", "database name"},
    {"mysql://h/%00", "database name"},
    {"mysql://u:%@h", "password"},
    {"mysql://u%2:p@h", "user"},
    {"mysql://h%g0", "host"},
    {"mysql://h?socket", "option"},
    {"mysql://h?socket=", "option"},
    {"mysql://h?=x", "option"},
    {"mysql://h?sock=/x", "option"},
    {"mysql://h?Socket=/x", "option"},
    {"mysql://h?socket=/x&socket=/y", "twice"},
    {"mysql://h?ssl-mode=on", "ssl-mode"},
    {"mysql://h?connect-timeout=0", "connect-timeout"},
    {"mysql://h?enable-cleartext-plugin=perhaps", "enable-cleartext-plugin"},
    {"mysql://h?compress=zstd", "compress of the endpoint is neither 1 nor 0"},
    {"snapshot:d?compress=1", "option"},
    {"snapshot:d?enable-cleartext-plugin=1", "option"},
    {"mysql://h?connect-timeout=x", "connect-timeout"},
    {"mysql://h?connect-timeout=99999", "connect-timeout"},
    {"mysql://u:secret/x@h:3306/d", "port"},
    {"mysql://u:secret?x@h:3306/d", "port"},
    {"mysql://u:20260402", "port"},
    {"mysql://u:20260402/x@h:3306/d", "port"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mr_err err = {0};
        struct mr_endpoint ep;
        if (mr_endpoint_parse(&ep, bad[i].uri, &err) != MR_E_USAGE)
            fail_msg("%s is taken", bad[i].uri);
        if (strstr(err.message, bad[i].part) == NULL)
            fail_msg("%s: %s", bad[i].uri, err.message);
        if (err.hint[0] == '\0')
            fail_msg("%s: no hint of its own", bad[i].uri);
        assert_null(strstr(err.message, "secret"));
        assert_null(strstr(err.hint, "secret"));
        assert_null(strstr(err.message, "20260402")); /* passwords may be digits */
    }
}

/* ---- passwords ---- */

static void test_wipe(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"mysql://u:secret@h/d", "mysql://u:xxxxxx@h/d"},
        {"mysql://u:a@b@h/d", "mysql://u:xxx@h/d"},
        {"mysql://u:a/b@h/d", "mysql://u:xxx@h/d"},
        {"mysql://u:a?b@h/d", "mysql://u:xxx@h/d"},
        {"MySQL://u:p@h", "MySQL://u:x@h"},
        {"mysql://u:@h", "mysql://u:@h"},
        {"mysql://u@h:3306/d", "mysql://u@h:3306/d"},
        {"mysql://h:3306/d", "mysql://h:3306/d"},
        {"snapshot:u:p@h", "snapshot:u:p@h"},
        {"--user:p@h", "--user:p@h"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *arg = strdup(cases[i].before);
        assert_non_null(arg);
        mr_endpoint_wipe_arg(arg);
        assert_string_equal(arg, cases[i].after);
        free(arg);
    }
}

/* Whatever the password, it is never shown, survives the parser, and is wiped. */
static void test_random_passwords(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < random_seeds() * 50; seed++) {
        char password[32] = "Q!";
        size_t len = 2 + random_below(20);
        struct mr_strbuf uri = MR_STRBUF_INIT, shown = MR_STRBUF_INIT;
        mr_strbuf_add_str(&uri, "mysql://u:Q!");
        for (size_t i = 2; i < len; i++) {
            password[i] = (char)(1 + random_below(255));
            mr_strbuf_add_fmt(&uri, "%%%02x", (unsigned char)password[i]);
        }
        mr_strbuf_add_str(&uri, "@h:3306/d");
        struct mr_err err;
        struct mr_endpoint ep;
        assert_int_equal(mr_endpoint_parse(&ep, uri.ptr, &err), MR_OK);
        assert_string_equal(ep.password, password);
        mr_endpoint_display(&ep, &shown);
        assert_string_equal(shown.ptr, "mysql://u@h:3306/d");
        mr_endpoint_wipe_arg(uri.ptr);
        assert_null(strstr(uri.ptr, "Q!"));
        assert_null(strchr(uri.ptr, '%'));
        mr_endpoint_release(&ep);
        mr_strbuf_release(&uri);
        mr_strbuf_release(&shown);
    }
}

/* ---- environment ---- */

static void check_env(const char *uri, const char *role, const char *user, const char *password)
{
    struct mr_err err;
    struct mr_endpoint ep;
    assert_int_equal(mr_endpoint_parse(&ep, uri, &err), MR_OK);
    assert_int_equal(mr_endpoint_from_env(&ep, role, &err), MR_OK);
    assert_text(ep.user, user);
    assert_text(ep.password, password);
    mr_endpoint_release(&ep);
}

static void test_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("MYRECON_USER", "any", 1), 0);
    assert_int_equal(setenv("MYRECON_PASSWORD", "anyp", 1), 0);
    assert_int_equal(setenv("MYRECON_SOURCE_USER", "src", 1), 0);
    assert_int_equal(setenv("MYRECON_TARGET_PASSWORD", "tgtp", 1), 0);
    check_env("mysql://h", "SOURCE", "src", "anyp");
    check_env("mysql://h", "TARGET", "any", "tgtp");
    check_env("mysql://h", NULL, "any", "anyp");
    check_env("mysql://u@h", "SOURCE", "u", "anyp");
    check_env("mysql://u:p@h", "TARGET", "u", "p");
    check_env("mysql://u:@h", "TARGET", "u", "");
    check_env("snapshot:d", "SOURCE", NULL, NULL);
    assert_int_equal(unsetenv("MYRECON_USER"), 0);
    assert_int_equal(unsetenv("MYRECON_PASSWORD"), 0);
    assert_int_equal(unsetenv("MYRECON_SOURCE_USER"), 0);
    assert_int_equal(unsetenv("MYRECON_TARGET_PASSWORD"), 0);
    check_env("mysql://h", "SOURCE", NULL, NULL);
}

/* ---- option files ---- */

static char dir[] = "/tmp/myrecon-test-endpoint-XXXXXX";

static void write_file(const char *name, const char *text, mode_t mode)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static enum mr_code apply(struct mr_endpoint *ep, const char *authority, const char *options,
                          struct mr_err *err)
{
    char uri[512];
    (void)snprintf(uri, sizeof uri, "mysql://%s/?defaults-file=%s/my.cnf%s", authority, dir,
                   options);
    assert_int_equal(mr_endpoint_parse(ep, uri, err), MR_OK);
    return mr_option_file_apply(ep, err);
}

struct file_test {
    const char *text, *authority, *options;
    const char *user, *password, *host;
    unsigned port;
    const char *socket, *ca;
    enum mr_ssl_mode mode;
};

static const struct file_test file_tests[] = {
    {"[client]\nuser=u\npassword=p\n", "h", "", "u", "p", "h", 0, NULL, NULL, 0},
    /* what the URI says stands */
    {"[client]\nuser=u\npassword=p\nhost=x\nport=1\nsocket=/s\n", "a:b@h:3", "", "a", "b", "h", 3,
     NULL, NULL, 0},
    {"[client]\nhost=x\nport=17\n", "", "", NULL, NULL, "x", 17, NULL, NULL, 0},
    {"[client]\nsocket=/s\nport=17\n", "", "", NULL, NULL, "", 17, "/s", NULL, 0},
    {"[client]\nsocket=/s\nport=17\n", "localhost", "", NULL, NULL, "localhost", 0, "/s", NULL, 0},
    {"[client]\nsocket=/s\n", "localhost:3", "", NULL, NULL, "localhost", 3, NULL, NULL, 0},
    {"[client]\nport=17\n", "h", "", NULL, NULL, "h", 0, NULL, NULL, 0},
    /* groups: later lines win, strangers do not count */
    {"[client]\nuser=a\n[myrecon]\nuser=b\n", "h", "", "b", NULL, "h", 0, NULL, NULL, 0},
    {"[myrecon]\nuser=b\n[mysqld]\nuser=c\n", "h", "", "b", NULL, "h", 0, NULL, NULL, 0},
    {"[mysql]\nuser=c\n", "h", "", NULL, NULL, "h", 0, NULL, NULL, 0},
    {"[client]\nuser=a\n[own]\nuser=b\n[myrecon]\nuser=c\n", "h", "&defaults-group=own", "b", NULL,
     "h", 0, NULL, NULL, 0},
    {"user=early\n", "h", "", NULL, NULL, "h", 0, NULL, NULL, 0},
    /* the syntax */
    {"# c\n; c\n\n [client] \r\n  user = 'a b' # c\n password=\"p#'=\\\"\\s\\\\x\"\n", "h", "",
     "a b", "p#'=\" \\x", "h", 0, NULL, NULL, 0},
    {"[client]\npassword=p#x\n", "h", "", NULL, "p#x", "h", 0, NULL, NULL, 0},
    {"[client]\npassword=a=b=c\n", "h", "", NULL, "a=b=c", "h", 0, NULL, NULL, 0},
    {"[client]\npassword=\n", "h", "", NULL, NULL, "h", 0, NULL, NULL, 0},
    {"[client]\nssl_ca=/ca\nloose-user=u\n", "h", "", "u", NULL, "h", 0, NULL, "/ca", 0},
    {"[client]\nuser=u", "h", "", "u", NULL, "h", 0, NULL, NULL, 0},
    /* TLS is raised, never lowered */
    {"[client]\nssl-mode=REQUIRED\n", "h", "", NULL, NULL, "h", 0, NULL, NULL, MR_SSL_REQUIRED},
    {"[client]\nssl-mode=VERIFY_CA\n", "h", "", NULL, NULL, "h", 0, NULL, NULL, MR_SSL_VERIFY_CA},
    {"[myrecon]\nssl-mode = verify-identity\n", "h", "", NULL, NULL, "h", 0, NULL, NULL,
     MR_SSL_VERIFY_IDENTITY},
    {"[myrecon]\nssl_mode = 'verify-ca' # ours\n", "h", "", NULL, NULL, "h", 0, NULL, NULL,
     MR_SSL_VERIFY_CA},
    {"[client]\nssl-mode=bogus\n[myrecon]\nssl-mode=preferred\n", "h", "", NULL, NULL, "h", 0, NULL,
     NULL, MR_SSL_PREFERRED},
    {"[client]\nssl-mode=bogus\n", "h", "&ssl-mode=required", NULL, NULL, "h", 0, NULL, NULL,
     MR_SSL_REQUIRED},
    {"[client]\nssl-verify-server-cert\n", "h", "", NULL, NULL, "h", 0, NULL, NULL,
     MR_SSL_VERIFY_IDENTITY},
    {"[client]\nssl\n", "h", "", NULL, NULL, "h", 0, NULL, NULL, MR_SSL_REQUIRED},
    {"[client]\nssl=0\nssl-verify-server-cert=OFF\nskip-ssl\n", "h", "", NULL, NULL, "h", 0, NULL,
     NULL, MR_SSL_PREFERRED},
    {"[client]\nssl-mode=DISABLED\nskip-ssl\nssl=0\nssl-verify-server-cert=0\n", "h",
     "&ssl-mode=verify-identity", NULL, NULL, "h", 0, NULL, NULL, MR_SSL_VERIFY_IDENTITY},
    {"[client]\nssl-ca=/file\n", "h", "&ssl-ca=/uri&ssl-mode=verify-ca", NULL, NULL, "h", 0, NULL,
     "/uri", MR_SSL_VERIFY_CA},
    {"[client]\nssl-mode=REQUIRED\n", "h", "&ssl-mode=disabled", NULL, NULL, "h", 0, NULL, NULL,
     MR_SSL_DISABLED},
};

static void test_option_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof file_tests / sizeof *file_tests; i++) {
        const struct file_test *test = &file_tests[i];
        struct mr_err err;
        struct mr_endpoint ep;
        write_file("my.cnf", test->text, 0600);
        if (apply(&ep, test->authority, test->options, &err) != MR_OK)
            fail_msg("%s: %s", test->text, err.message);
        assert_text(ep.user, test->user);
        assert_text(ep.password, test->password);
        assert_text(ep.host, test->host);
        assert_int_equal(ep.port, test->port);
        assert_text(ep.socket, test->socket);
        assert_text(ep.ssl_ca, test->ca);
        assert_int_equal(ep.ssl_mode, test->mode);
        mr_endpoint_release(&ep);
    }
}

static void test_includes(void **state)
{
    (void)state;
    struct mr_err err;
    struct mr_endpoint ep;
    char text[1024], path[256];
    (void)snprintf(path, sizeof path, "%s/inc", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file("inc/b.cnf", "[client]\nuser=from-b\n", 0600);
    write_file("inc/a.cnf", "[client]\nuser=from-a\npassword=pa\n", 0600);
    write_file("inc/c.txt", "[client]\nuser=from-c\n", 0600);
    write_file("one", "[myrecon]\nhost=one\n", 0600);
    (void)snprintf(text, sizeof text, "!include %s/one\n!includedir %s/inc\n", dir, dir);
    write_file("my.cnf", text, 0600);
    assert_int_equal(apply(&ep, "", "", &err), MR_OK);
    assert_text(ep.user, "from-b");
    assert_text(ep.password, "pa");
    assert_text(ep.host, "one");
    mr_endpoint_release(&ep);

    (void)snprintf(text, sizeof text, "!include %s/my.cnf\n", dir);
    write_file("my.cnf", text, 0600);
    assert_int_equal(apply(&ep, "h", "", &err), MR_E_CONFIG);
    mr_endpoint_release(&ep);
}

/* What cannot be taken may ask for TLS; what is not there asks for nothing. */
static void test_lost_includes(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"!include", "one"}, {"!includedir", "inc"}, {"!include", "inc"}, {"!includedir", "one"}};
    struct mr_err err;
    struct mr_endpoint ep;
    char text[512];
    write_file("one", "[client]\nssl-mode=REQUIRED\n", 0666);
    write_file("inc/a.cnf", "[client]\nssl-mode=REQUIRED\n", 0666);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        (void)snprintf(text, sizeof text, "%s %s/%s\n", lines[i][0], dir, lines[i][1]);
        write_file("my.cnf", text, 0600);
        assert_int_equal(apply(&ep, "h", "", &err), MR_E_CONFIG);
        mr_endpoint_release(&ep);
    }
    (void)snprintf(text, sizeof text, "!include %s/none\n!includedir %s/none\n", dir, dir);
    write_file("my.cnf", text, 0600);
    assert_int_equal(apply(&ep, "h", "", &err), MR_OK);
    mr_endpoint_release(&ep);
}

static void test_bad_option_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mode_t mode;
        const char *message;
    } cases[] = {
        {"[client\nuser=u\n", 0600, "line 1"},
        {"\n\n[client\n", 0600, "line 3"},
        {"[client]\nport=x\n", 0600, "port"},
        {"[client]\nport=70000\n", 0600, "port"},
        {"[client]\nssl-mode=VERIFY_IDENTIY\n", 0600, "ssl-mode \"VERIFY_IDENTIY\""},
        {"[myrecon]\nssl-mode=\n", 0600, "ssl-mode"},
        {"[client]\nuser=u\n", 0666, "writable by everybody"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_err err;
        struct mr_endpoint ep;
        write_file("my.cnf", cases[i].text, cases[i].mode);
        assert_int_equal(apply(&ep, "", "", &err), MR_E_CONFIG);
        assert_non_null(strstr(err.message, cases[i].message));
        mr_endpoint_release(&ep);
    }
    struct mr_err err;
    struct mr_endpoint ep;
    char path[256];
    (void)snprintf(path, sizeof path, "%s/my.cnf", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(apply(&ep, "h", "", &err), MR_E_CONFIG);
    assert_non_null(strstr(err.message, "No such file"));
    mr_endpoint_release(&ep);
}

/* What a copy has of an option file and a URI's options. */
static void apply_and_copy(struct mr_endpoint *copy, const char *text, const char *options)
{
    struct mr_err err;
    struct mr_endpoint ep;
    write_file("my.cnf", text, 0600);
    assert_int_equal(apply(&ep, "h", options, &err), MR_OK);
    assert_int_equal(mr_endpoint_copy(copy, &ep, &err), MR_OK);
    mr_endpoint_release(&ep);
}

static void test_cleartext(void **state)
{
    (void)state;
    static const struct {
        const char *text, *options;
        bool is_enabled;
    } cases[] = {
        {"", "", false},
        {"", "&enable-cleartext-plugin=on", true},
        {"", "&enable-cleartext-plugin=No", false},
        {"[client]\nenable-cleartext-plugin\n", "", true},
        {"[client]\nenable_cleartext_plugin = 1\n", "", true},
        {"[client]\nenable-cleartext-plugin=1\n[myrecon]\nenable-cleartext-plugin=0\n", "", false},
        {"[mysql]\nenable-cleartext-plugin\n", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_endpoint copy;
        apply_and_copy(&copy, cases[i].text, cases[i].options);
        assert_int_equal(copy.enable_cleartext, cases[i].is_enabled);
        assert_int_equal(copy.ssl_mode, MR_SSL_PREFERRED); /* it raises nothing */
        mr_endpoint_release(&copy);
    }
}

/* The URI has the last word; what nobody said is left to the command. */
static void test_compress(void **state)
{
    (void)state;
    static const struct {
        const char *text, *options;
        enum mr_protocol_compress want;
    } cases[] = {
        {"", "", MR_COMPRESS_UNSAID},
        {"", "&compress=On", MR_COMPRESS_ON},
        {"[client]\ncompress\n", "", MR_COMPRESS_ON},
        {"[client]\ncompress\n", "&compress=0", MR_COMPRESS_OFF},
        {"[client]\ncompress=0\n", "", MR_COMPRESS_OFF},
        {"[client]\ncompress=0\n", "&compress=1", MR_COMPRESS_ON},
        {"[mysqldump]\ncompress\n", "", MR_COMPRESS_UNSAID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_endpoint copy;
        apply_and_copy(&copy, cases[i].text, cases[i].options);
        assert_int_equal(copy.compress, cases[i].want);
        mr_endpoint_release(&copy);
    }
}

/* ~/.my.cnf counts where no file is named. */
static void test_home_file(void **state)
{
    (void)state;
    struct mr_err err;
    struct mr_endpoint ep;
    write_file(".my.cnf", "[client]\nuser=home\npassword=hp\n", 0600);
    assert_int_equal(setenv("HOME", dir, 1), 0);
    assert_int_equal(mr_endpoint_parse(&ep, "mysql://h", &err), MR_OK);
    assert_int_equal(mr_option_file_apply(&ep, &err), MR_OK);
    assert_text(ep.user, "home");
    assert_text(ep.password, "hp");
    mr_endpoint_release(&ep);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {".my.cnf",   "my.cnf",    "one", "inc/a.cnf",
                                        "inc/b.cnf", "inc/c.txt", "inc", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)remove(path);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_random_passwords),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_option_files),
        cmocka_unit_test(test_includes),
        cmocka_unit_test(test_lost_includes),
        cmocka_unit_test(test_bad_option_files),
        cmocka_unit_test(test_cleartext),
        cmocka_unit_test(test_compress),
        cmocka_unit_test(test_home_file),
    };
    return cmocka_run_group_tests_name("endpoint", tests, set_up, tear_down);
}
