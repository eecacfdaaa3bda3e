/*
 * test_binlog_dump.c: what a server sends of its log is what stands in its files.
 *
 * Servers with a log: MR_P_URI (MariaDB) and MR_OP_URI (MySQL 9); others use them at the same time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/db_binlog.h"

#define HEADER 19
#define ARTIFICIAL 0x20
#define FORMAT_DESCRIPTION 15
#define ROTATE 4
#define OUR_ID 4200000007u

static void assert_ok(enum mr_code rc, const struct mr_err *err)
{
    if (rc != MR_OK)
        fail_msg("%s (%s)", err->message, err->detail);
}

/* NULL where the variable is not set. */
static struct mr_db *open_var(const char *var, const char *user, bool writable)
{
    const char *uri = getenv(var);
    struct mr_err err = {0};
    struct mr_endpoint ep;
    struct mr_db *db = NULL;
    const struct mr_db_opts opts = {.run_tag = "it-binlog", .writable = writable};
    if (uri == NULL || *uri == '\0')
        return NULL;
    assert_ok(mr_endpoint_parse(&ep, uri, &err), &err);
    if (user != NULL) {
        free(ep.user);
        free(ep.password);
        ep.user = strdup(user);
        ep.password = strdup("pw");
    }
    enum mr_code rc = mr_db_open(&ep, &opts, &db, &err);
    mr_endpoint_release(&ep);
    assert_ok(rc, &err);
    return db;
}

static void run_sql(struct mr_db *db, const char *sql)
{
    struct mr_err err = {0};
    assert_ok(mr_db_exec(db, sql, strlen(sql), &err), &err);
}

static bool is_mariadb(const struct mr_db *db)
{
    return mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB;
}

/* The log that is being written, and where it stands. */
static void last_log(struct mr_db *db, char name[64], uint64_t *size)
{
    struct mr_err err = {0};
    struct mr_result *res = NULL;
    const char *sql = is_mariadb(db) ? "SHOW MASTER STATUS" : "SHOW BINARY LOG STATUS";
    assert_ok(mr_db_query(db, "vv*", sql, strlen(sql), &res, &err), &err);
    const struct mr_cell *row = mr_result_next(res);
    assert_non_null(row);
    (void)snprintf(name, 64, "%s", row[0].ptr);
    *size = strtoull(row[1].ptr, NULL, 10);
    mr_result_free(res);
}

static uint8_t *file_of(const char *var, const char *name, size_t *size)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/data/%s", getenv(var), name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s is not there", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    (void)fclose(file);
    return bytes;
}

static unsigned flags_of(const uint8_t *raw)
{
    return raw[17] | (unsigned)raw[18] << 8;
}

static void write_some(struct mr_db *db)
{
    run_sql(db, "CREATE DATABASE IF NOT EXISTS binlog_dump");
    run_sql(db, "CREATE OR REPLACE VIEW binlog_dump.v AS SELECT 1");
    run_sql(db, "DROP TABLE IF EXISTS binlog_dump.t");
    run_sql(db, "CREATE TABLE binlog_dump.t (id INT PRIMARY KEY, b LONGBLOB)");
    run_sql(db, "INSERT INTO binlog_dump.t VALUES (1, NULL), (2, 'x'), (3, REPEAT('y', 100000))");
    run_sql(db, "UPDATE binlog_dump.t SET b = REPEAT('z', 300000) WHERE id = 2");
    run_sql(db, "DELETE FROM binlog_dump.t");
}

/* From `from` on, up to `until`: each event's bytes are those of the file, and none is left out.  *end:
 * where they ended. */
static size_t compare(struct mr_db *db, const char *log, uint64_t from, const uint8_t *file,
                      uint64_t until, uint64_t *end)
{
    struct mr_err err = {0};
    struct mr_db_binlog *dump = NULL;
    const uint8_t *raw;
    size_t len, events = 0;
    uint64_t at = from;
    assert_ok(mr_db_binlog_open(db, log, from, OUR_ID, &dump, &err), &err);
    for (;;) {
        assert_ok(mr_db_binlog_next(dump, &raw, &len, &err), &err);
        if (len == 0)
            break;
        assert_true(len >= HEADER);
        const bool artificial = (flags_of(raw) & ARTIFICIAL) != 0;
        /* of a log that is open the head is sent as if it were closed, and behind the beginning
         * without its place */
        const bool head = raw[4] == FORMAT_DESCRIPTION;
        if (artificial || (head && from > 4)) {
            assert_true(raw[4] == ROTATE || head || !is_mariadb(db) || raw[4] == 163);
            continue;
        }
        if (at + len > until)
            break;
        if (!head)
            assert_memory_equal(raw, file + at, len);
        at += len;
        events++;
    }
    mr_db_binlog_close(dump);
    *end = at;
    return events;
}

static void test_as_in_the_file(void **state)
{
    (void)state;
    static const char *const vars[][2] = {{"MR_P_URI", "MR_P_DIR"}, {"MR_OP_URI", "MR_OP_DIR"}};
    for (size_t i = 0; i < 2; i++) {
        struct mr_db *db = open_var(vars[i][0], NULL, true);
        struct mr_err err = {0};
        char log[64], again[64];
        uint64_t from, until, end;
        size_t size;
        if (db == NULL)
            continue;
        do { /* another program's FLUSH may come in between */
            last_log(db, log, &from);
            write_some(db);
            last_log(db, again, &until);
        } while (strcmp(log, again) != 0);
        uint8_t *file = file_of(vars[i][1], log, &size);
        assert_true(size >= until);
        assert_true(compare(db, log, from, file, until, &end) > 10);
        assert_int_equal(end, until);
        assert_true(mr_db_is_lost(db));
        assert_ok(mr_db_reconnect(db, 3, &err), &err);
        assert_true(compare(db, log, 4, file, until, &end) > 12);
        assert_int_equal(end, until);
        free(file);
        mr_db_close(db);
    }
}

/* Each is an error that says which it is; none is the end of a log. */
static void test_refusals(void **state)
{
    (void)state;
    static const char *const vars[] = {"MR_P_URI", "MR_OP_URI"};
    static const struct {
        const char *log;
        uint64_t position;
        bool right;
        enum mr_code code;
        const char *why;
    } cases[] = {
        {"nowhere.000001", 4, true, MR_E_SQL, "ould not find first log"},
        {NULL, 5, true, MR_E_SQL, ""},
        {NULL, (uint64_t)1 << 32, true, MR_E_UNSUPPORTED, "four bytes"},
        {NULL, 4, false, MR_E_DENIED, "REPLICATION SLAVE"},
    };
    for (size_t i = 0; i < 2; i++) {
        struct mr_db *admin = open_var(vars[i], NULL, true);
        if (admin == NULL)
            continue;
        char log[64];
        uint64_t size;
        last_log(admin, log, &size);
        run_sql(admin, "CREATE USER IF NOT EXISTS 'it_no_dump'@'%' IDENTIFIED BY 'pw'");
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            struct mr_db *db = open_var(vars[i], cases[k].right ? NULL : "it_no_dump", false);
            struct mr_err err = {0};
            struct mr_db_binlog *dump = NULL;
            const uint8_t *raw;
            size_t len = 1;
            enum mr_code code =
                mr_db_binlog_open(db, cases[k].log != NULL ? cases[k].log : log, cases[k].position,
                                  OUR_ID + 1 + (uint32_t)k, &dump, &err);
            while (code == MR_OK && len > 0)
                code = mr_db_binlog_next(dump, &raw, &len, &err);
            if (code != cases[k].code || strstr(err.message, cases[k].why) == NULL)
                fail_msg("%s, case %zu: code %d, %s", vars[i], k, code, err.message);
            mr_db_binlog_close(dump);
            mr_db_close(db);
        }
        run_sql(admin, "DROP USER 'it_no_dump'@'%'");
        mr_db_close(admin);
    }
}

int main(void)
{
    struct mr_err err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_in_the_file),
        cmocka_unit_test(test_refusals),
    };
    assert_ok(mr_db_global_init(&err), &err);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
