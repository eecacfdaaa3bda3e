/* test_run_servers.c: which servers a run reads, told from others at their addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static const struct mr_server mysql = {.flavour = MR_FLAVOUR_MYSQL,
                                       .uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562",
                                       .server_id = 1,
                                       .hostname = "db1",
                                       .port = 3306,
                                       .datadir = "/var/lib/mysql/"};
static const struct mr_server mariadb = {.flavour = MR_FLAVOUR_MARIADB,
                                         .uuid = "Xd9xWyNVVMrTBJFVYCBFFlKqkAw=",
                                         .server_id = 1,
                                         .hostname = "db1",
                                         .port = 3306,
                                         .datadir = "/var/lib/mysql/"};

static const struct {
    const char *what;
    const struct mr_server *was;
    const char *uuid, *hostname, *datadir; /* NULL: as it was */
    uint32_t server_id;
    unsigned port;
    bool same;
} servers[] = {
    {"MySQL, restarted", &mysql, NULL, NULL, NULL, 1, 3306, true},
    {"MySQL, on another machine", &mysql, NULL, "pod-7", "/data/", 9, 3307, true},
    {"another MySQL", &mysql, "4e11fa47-71ca-11e1-9e33-c80aa9429562", NULL, NULL, 1, 3306, false},
    {"MySQL 5.5, which has none, upgraded or not", &mysql, "", NULL, NULL, 1, 3306, true},
    {"MySQL 5.5 of another machine", &mysql, "", "db2", NULL, 1, 3306, false},
    {"MariaDB, restarted", &mariadb, NULL, NULL, NULL, 1, 3306, true},
    {"MariaDB, of a version without server_uid", &mariadb, "", NULL, NULL, 1, 3306, true},
    {"such a one, of another machine", &mariadb, "", "db2", NULL, 1, 3306, false},
    {"MariaDB, another server_uid", &mariadb, "Yd9xWyNVVMrTBJFVYCBFFlKqkAw=", NULL, NULL, 1, 3306,
     false},
    {"MariaDB, another container", &mariadb, NULL, "f00ba5", NULL, 1, 3306, false},
    {"MariaDB, another server_id", &mariadb, NULL, NULL, NULL, 2, 3306, false},
    {"MariaDB, another port", &mariadb, NULL, NULL, NULL, 1, 3307, false},
    {"MariaDB, another data directory", &mariadb, NULL, NULL, "/srv/db/", 1, 3306, false},
};

static void put(char *field, size_t size, const char *text)
{
    if (text != NULL)
        (void)snprintf(field, size, "%s", text);
}

static void test_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(servers); i++) {
        struct mr_server now = *servers[i].was;
        put(now.uuid, sizeof now.uuid, servers[i].uuid);
        put(now.hostname, sizeof now.hostname, servers[i].hostname);
        put(now.datadir, sizeof now.datadir, servers[i].datadir);
        now.server_id = servers[i].server_id;
        now.port = servers[i].port;
        if (mr_server_is_same(servers[i].was, &now) != servers[i].same ||
            mr_server_is_same(&now, servers[i].was) != servers[i].same)
            fail_msg("%s", servers[i].what);
    }
    assert_false(mr_server_is_same(&mysql, &mariadb));
}

/* A copy of its data directory has its server_uuid. */
static void test_copy(void **state)
{
    struct mr_server copy = mysql;
    (void)state;
    assert_true(mr_server_is_still(&mysql, &copy) && mr_server_is_one(&mysql, &copy));
    copy.port = 3307; /* it may have got another one since, and two have not one */
    assert_true(mr_server_is_still(&mysql, &copy));
    assert_false(mr_server_is_one(&mysql, &copy));
    put(copy.hostname, sizeof copy.hostname, "temporary");
    assert_true(mr_server_is_same(&mysql, &copy));
    assert_false(mr_server_is_still(&mysql, &copy));
    copy = mysql;
    copy.server_id = 9;
    assert_false(mr_server_is_still(&mysql, &copy) || mr_server_is_one(&mysql, &copy));
    copy = mysql;
    put(copy.datadir, sizeof copy.datadir, "/restored/");
    assert_false(mr_server_is_one(&mysql, &copy));
}

static void test_kept(void **state)
{
    struct check_case c;
    struct mr_server got;
    bool known = true;
    const struct mr_server *both[2] = {&mysql, &mariadb}, *one[2] = {NULL, &mysql};
    (void)state;
    case_begin(&c);
    /* a case that an earlier version has made */
    assert_int_equal(mr_findings_server(c.fd, 0, &got, &known, NULL), MR_OK);
    assert_false(known);
    assert_int_equal(mr_findings_servers_save(c.fd, both, 2, NULL), MR_OK);
    for (int side = 0; side < 2; side++) {
        assert_int_equal(mr_findings_server(c.fd, side, &got, &known, NULL), MR_OK);
        assert_true(known);
        assert_memory_equal(&got, both[side], sizeof got);
    }
    c.run.uuid = "next";
    assert_int_equal(mr_findings_run_begin(c.fd, &c.run, NULL), MR_OK);
    assert_int_equal(mr_findings_servers_save(c.fd, one, 2, NULL), MR_OK);
    assert_int_equal(mr_findings_server(c.fd, 0, &got, &known, NULL), MR_OK);
    assert_false(known);
    assert_int_equal(mr_findings_server(c.fd, 1, &got, &known, NULL), MR_OK);
    assert_true(known && mr_server_is_same(&got, &mysql));
    /* of a run that is not chosen, and of none */
    assert_int_equal(mr_findings_server_of(c.fd, "20260102T030405Z-8f3a", 0, &got, &known, NULL),
                     MR_OK);
    assert_true(known && mr_server_is_same(&got, &mysql));
    assert_int_equal(mr_findings_server_of(c.fd, "20260102T030405Z-8f3a", 1, &got, &known, NULL),
                     MR_OK);
    assert_true(known && mr_server_is_same(&got, &mariadb));
    assert_int_equal(mr_findings_server_of(c.fd, "20260102", 1, &got, &known, NULL), MR_OK);
    assert_false(known);
    assert_int_equal(mr_findings_server(c.fd, 1, &got, &known, NULL), MR_OK);
    assert_true(known && mr_server_is_same(&got, &mysql));
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
