/*
 * it.h: what server tests in C share: connections, statements, results.
 *
 * MYRECON_TEST_A and MYRECON_TEST_B name two servers by endpoints of accounts that may
 * do everything.  Programs run side by side on the same servers, so each makes a
 * database of its own (it_db_name()) and drops it.
 */
#ifndef MR_TESTS_IT_H
#define MR_TESTS_IT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/db/db.h"

#define IT_SERVERS 2

static struct mr_db *it_db[IT_SERVERS];

static inline const char *it_db_name(void)
{
    static char name[64];
    if (name[0] == '\0')
        (void)snprintf(name, sizeof name, "myrecon_it_%ld", (long)getpid());
    return name;
}

static inline void it_ok(enum mr_code code, const struct mr_err *err, const char *what)
{
    if (code != MR_OK)
        fail_msg("%s: %s", err->message, what);
}

static inline bool it_is_mysql(const struct mr_db *db)
{
    return mr_db_server(db)->flavour == MR_FLAVOUR_MYSQL;
}

static inline void it_exec(struct mr_db *db, const struct mr_strbuf *sql)
{
    struct mr_err err = {0};
    assert_false(sql->failed);
    it_ok(mr_db_exec(db, sql->ptr, sql->len, &err), &err, sql->ptr);
}

static inline void it_exec_str(struct mr_db *db, const char *sql)
{
    struct mr_err err = {0};
    it_ok(mr_db_exec(db, sql, strlen(sql), &err), &err, sql);
}

static inline struct mr_result *it_query(struct mr_db *db, const struct mr_strbuf *sql)
{
    struct mr_err err = {0};
    struct mr_result *result = NULL;
    assert_false(sql->failed);
    it_ok(mr_db_query(db, "*", sql->ptr, sql->len, &result, &err), &err, sql->ptr);
    return result;
}

static inline struct mr_stream *it_stream(struct mr_db *db, const struct mr_strbuf *sql,
                                          const enum mr_class *classes, size_t count)
{
    struct mr_err err = {0};
    struct mr_stream *stream = NULL;
    assert_false(sql->failed);
    it_ok(mr_stream_open(db, sql->ptr, sql->len, classes, count, true, &stream, &err), &err,
          sql->ptr);
    return stream;
}

/* NULL at the end, and the stream is closed. */
static inline const struct mr_value *it_next(struct mr_stream *stream)
{
    struct mr_err err = {0};
    const struct mr_value *values = NULL;
    it_ok(mr_stream_next(stream, &values, &err), &err, "reading a stream");
    if (values == NULL)
        mr_stream_close(stream);
    return values;
}

static inline bool it_have_servers(void)
{
    return getenv("MYRECON_TEST_A") != NULL && getenv("MYRECON_TEST_B") != NULL;
}

/* At the start of each test. */
static inline void it_need_servers(void)
{
    if (it_have_servers())
        return;
    print_message("skipped: MYRECON_TEST_A and MYRECON_TEST_B are not both set\n");
    skip();
}

static inline int it_open(void **state)
{
    static const char *const names[IT_SERVERS] = {"MYRECON_TEST_A", "MYRECON_TEST_B"};
    (void)state;
    if (!it_have_servers())
        return 0;
    struct mr_err err = {0};
    const struct mr_db_opts opts = {.run_tag = "it", .writable = true};
    enum mr_code code = mr_db_global_init(&err);
    for (size_t i = 0; i < IT_SERVERS && code == MR_OK; i++) {
        struct mr_endpoint ep;
        code = mr_endpoint_parse(&ep, getenv(names[i]), &err);
        if (code != MR_OK)
            break;
        code = mr_db_open(&ep, &opts, &it_db[i], &err);
        mr_endpoint_release(&ep);
        if (code != MR_OK)
            break;
        char sql[256];
        (void)snprintf(sql, sizeof sql, "CREATE DATABASE %s CHARACTER SET utf8mb4", it_db_name());
        code = mr_db_exec(it_db[i], sql, strlen(sql), &err);
        (void)snprintf(sql, sizeof sql, "USE %s", it_db_name());
        if (code == MR_OK)
            code = mr_db_exec(it_db[i], sql, strlen(sql), &err);
    }
    if (code != MR_OK)
        print_error("%s\n", err.message);
    return code == MR_OK ? 0 : -1;
}

static inline int it_close(void **state)
{
    (void)state;
    for (size_t i = 0; i < IT_SERVERS && it_db[i] != NULL; i++) {
        char sql[128];
        (void)snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s", it_db_name());
        (void)mr_db_exec(it_db[i], sql, strlen(sql), NULL);
        mr_db_close(it_db[i]);
        it_db[i] = NULL;
    }
    return 0;
}

#endif
