/*
 * db_fixture.h: what the tests of core/db share: the servers, a database of one's own.
 *
 * MYRECON_TEST_A and MYRECON_TEST_B are endpoints of accounts that may do everything;
 * each test runs on both, and says so when it is skipped because they are not named.
 */
#ifndef MR_TESTS_DB_FIXTURE_H
#define MR_TESTS_DB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/db/db.h"

static const char *const server_vars[] = {"MYRECON_TEST_A", "MYRECON_TEST_B"};
#define SERVERS (sizeof server_vars / sizeof *server_vars)

static inline void assert_ok(enum mr_code rc, const struct mr_err *err)
{
    if (rc != MR_OK)
        fail_msg("%s (%s)", err->message, err->detail);
}

static inline struct mr_db *open_with(const char *uri, struct mr_db_opts opts)
{
    struct mr_err err;
    struct mr_endpoint ep;
    struct mr_db *db = NULL;
    assert_ok(mr_endpoint_parse(&ep, uri, &err), &err);
    enum mr_code rc = mr_db_open(&ep, &opts, &db, &err);
    mr_endpoint_release(&ep);
    assert_ok(rc, &err);
    return db;
}

static inline void run_sql(struct mr_db *db, const char *sql)
{
    struct mr_err err;
    enum mr_code rc = mr_db_exec(db, sql, strlen(sql), &err);
    if (rc != MR_OK)
        fail_msg("%s: %s", err.message, sql);
}

/* Every process has a database of its own: two may run on one server at a time. */
static inline const char *own_name(void)
{
    static char name[64];
    (void)snprintf(name, sizeof name, "myrecon_it_db_%ld", (long)getpid());
    return name;
}

static inline void run_on_own(struct mr_db *db, const char *verb)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "%s %s", verb, own_name());
    run_sql(db, sql);
}

static inline struct mr_db *open_server(size_t server, bool writable)
{
    struct mr_db *db = open_with(getenv(server_vars[server]),
                                 (struct mr_db_opts){.run_tag = "it-db", .writable = writable});
    run_on_own(db, "USE");
    return db;
}

static inline bool is_mysql(const struct mr_db *db)
{
    return mr_db_server(db)->flavour == MR_FLAVOUR_MYSQL;
}

/* Skips (and says so) unless both servers are named. */
static inline void need_servers(void)
{
    for (size_t i = 0; i < SERVERS; i++)
        if (getenv(server_vars[i]) == NULL) {
            print_message("skipped: %s is not set\n", server_vars[i]);
            skip();
        }
}

/* Runs `verb` and the database's name on every server, without using it. */
static inline void on_every_server(const char *verb)
{
    for (size_t s = 0; s < SERVERS; s++) {
        const char *uri = getenv(server_vars[s]);
        if (uri == NULL)
            continue;
        struct mr_db *db = open_with(uri, (struct mr_db_opts){.writable = true});
        run_on_own(db, verb);
        mr_db_close(db);
    }
}

static inline int set_up(void **state)
{
    (void)state;
    struct mr_err err;
    if (mr_db_global_init(&err) != MR_OK)
        return -1;
    on_every_server("CREATE DATABASE");
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    on_every_server("DROP DATABASE");
    mr_db_thread_end();
    return 0;
}

#endif
