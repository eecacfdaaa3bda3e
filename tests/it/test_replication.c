/*
 * test_replication.c: who follows whom, on real pairs.
 *
 * The pairs are MR_P_URI → MR_R_URI (MariaDB) and MR_OP_URI → MR_OR_URI (MySQL 9), with
 * GTIDs; MYRECON_TEST_A and MYRECON_TEST_B follow nobody.  Other tests use the pairs at
 * the same time, so no thread is stopped here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/vec.h"
#include "core/db/replication.h"

static const char *const pairs[][2] = {{"MR_P_URI", "MR_R_URI"}, {"MR_OP_URI", "MR_OR_URI"}};
#define PAIRS (sizeof pairs / sizeof *pairs)

static void assert_ok(enum mr_code rc, const struct mr_err *err)
{
    if (rc != MR_OK)
        fail_msg("%s (%s)", err->message, err->detail);
}

/* NULL where the variable is not set. */
static struct mr_db *open_var(const char *var, const char *user, bool writable)
{
    const char *uri = getenv(var);
    if (uri == NULL || *uri == '\0')
        return NULL;
    struct mr_err err;
    struct mr_endpoint ep;
    struct mr_db *db = NULL;
    const struct mr_db_opts opts = {.run_tag = "it-replication", .writable = writable};
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
    struct mr_err err;
    assert_ok(mr_db_exec(db, sql, strlen(sql), &err), &err);
}

static enum mr_relation relation_of(struct mr_db *a, struct mr_db *b, char *note, size_t size)
{
    struct mr_err err;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_relation relation;
    assert_ok(mr_replication_relation(a, b, &relation, &text, &err), &err);
    (void)snprintf(note, size, "%s", text.ptr);
    mr_strbuf_release(&text);
    assert_true(note[0] != '\0');
    return relation;
}

static bool wait_for(struct mr_db *a, struct mr_db *b, unsigned timeout_s)
{
    struct mr_err err;
    struct mr_strbuf position = MR_STRBUF_INIT;
    bool reached = false;
    assert_ok(mr_replication_position(a, &position, &err), &err);
    assert_true(position.len > 0);
    assert_ok(mr_replication_wait(b, position.ptr, timeout_s, &reached, &err), &err);
    mr_strbuf_release(&position);
    return reached;
}

static void skip_if(bool none, const char *what)
{
    if (none) {
        print_message("skipped: %s\n", what);
        skip();
    }
}

static void check_follows(struct mr_db *a, struct mr_db *b)
{
    struct mr_err err;
    char note[1024];
    long lag = 0;
    unsigned long delay_s = 0;
    assert_int_equal(relation_of(a, b, note, sizeof note), MR_RELATION_FOLLOWS);
    assert_int_equal(relation_of(b, a, note, sizeof note), MR_RELATION_NONE);
    assert_ok(mr_replication_lag(b, &lag, &delay_s, &err), &err);
    assert_true(lag >= 0);
    assert_ok(mr_replication_lag(a, &lag, &delay_s, &err), &err);
    assert_int_equal(lag, -1);

    struct mr_vec hosts = MR_VEC_INIT(char *);
    assert_ok(mr_replication_below(a, &hosts, &err), &err);
    assert_int_equal(hosts.count, 1);
    char *host = *(char **)mr_vec_at(&hosts, 0), port[16];
    (void)snprintf(port, sizeof port, ":%u", mr_db_server(b)->port);
    assert_non_null(strstr(host, port));
    free(host);
    mr_vec_release(&hosts);
}

static void test_follows(void **state)
{
    (void)state;
    size_t seen = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        struct mr_db *a = open_var(pairs[i][0], NULL, false);
        struct mr_db *b = open_var(pairs[i][1], NULL, false);
        if (a != NULL && b != NULL) {
            seen++;
            check_follows(a, b);
        }
        mr_db_close(a);
        mr_db_close(b);
    }
    skip_if(seen == 0, "no pair is named");
}

/* What was written before the position was read is there after the wait. */
static void test_wait(void **state)
{
    (void)state;
    size_t seen = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        struct mr_db *a = open_var(pairs[i][0], NULL, true);
        struct mr_db *b = open_var(pairs[i][1], NULL, false);
        for (unsigned round = 0; a != NULL && b != NULL && round < 5; round++) {
            struct mr_err err;
            struct mr_strbuf text = MR_STRBUF_INIT;
            char sql[160];
            seen++;
            (void)snprintf(sql, sizeof sql, "CREATE DATABASE myrecon_it_repl_%ld_%u",
                           (long)getpid(), round);
            run_sql(a, sql);
            assert_true(wait_for(a, b, 30));
            (void)snprintf(sql, sizeof sql,
                           "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE "
                           "SCHEMA_NAME = 'myrecon_it_repl_%ld_%u'",
                           (long)getpid(), round);
            assert_ok(mr_db_query_text(b, sql, &text, &err), &err);
            assert_string_equal(text.ptr, "1");
            (void)snprintf(sql, sizeof sql, "DROP DATABASE myrecon_it_repl_%ld_%u", (long)getpid(),
                           round);
            run_sql(a, sql);
            mr_strbuf_release(&text);
        }
        mr_db_close(a);
        mr_db_close(b);
    }
    skip_if(seen == 0, "no pair is named");
}

/* A position that never comes, and text that is none, end without `reached`. */
static void test_wait_in_vain(void **state)
{
    (void)state;
    static const char *const positions[] = {"",
                                            "nonsense",
                                            "file nonsense",
                                            "mariadb 0-4000000000-99999999\n",
                                            "mysql 00000000-0000-0000-0000-000000000001:1-9\n",
                                            "file bin.999999 4\n"};
    struct mr_err err;
    static const char *const vars[] = {"MYRECON_TEST_A", "MYRECON_TEST_B"};
    for (size_t v = 0; v < 2; v++) {
        struct mr_db *db = open_var(vars[v], NULL, false);
        skip_if(db == NULL, "no servers are named");
        for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
            bool reached = true;
            assert_ok(mr_replication_wait(db, positions[i], 1, &reached, &err), &err);
            assert_false(reached);
        }
        mr_db_close(db);
    }
}

/* Nothing is reached where the proof was cut short. */
static void test_confirm_cut(void **state)
{
    (void)state;
    static const char end_it[] = "KILL CONNECTION_ID()";
    struct mr_err err;
    struct mr_db *a = open_var("MYRECON_TEST_A", NULL, false);
    struct mr_db *b = open_var("MYRECON_TEST_A", NULL, false);
    bool reached = true;
    skip_if(a == NULL || b == NULL, "no servers are named");
    (void)mr_db_exec(b, end_it, sizeof end_it - 1, &err);
    assert_int_equal(mr_replication_confirm(a, b, true, "mariadb 0-1-1\n", &reached, &err),
                     MR_E_LOST);
    assert_false(reached);
    mr_db_close(a);
    mr_db_close(b);
}

static void test_strangers(void **state)
{
    (void)state;
    char note[1024];
    struct mr_db *a = open_var("MYRECON_TEST_A", NULL, false);
    struct mr_db *b = open_var("MYRECON_TEST_B", NULL, false);
    skip_if(a == NULL || b == NULL, "no servers are named");
    assert_int_equal(relation_of(a, b, note, sizeof note), MR_RELATION_NONE);
    assert_int_equal(relation_of(b, a, note, sizeof note), MR_RELATION_NONE);
    mr_db_close(a);
    mr_db_close(b);
}

/* An account without rights: strangers are unknown, a replica shows by its GTIDs, and
 * the GRANT is named both times. */
static void check_unseen(const char *var_a, const char *var_b, enum mr_relation want)
{
    struct mr_err err;
    char user[64], sql[160], note[1024];
    (void)snprintf(user, sizeof user, "myrecon_it_%ld", (long)getpid());
    struct mr_db *roots[2] = {open_var(var_a, NULL, true), open_var(var_b, NULL, true)};
    if (roots[0] != NULL && roots[1] != NULL) {
        bool pair = want == MR_RELATION_FOLLOWS; /* then the account replicates */
        for (size_t i = 0; i < (pair ? 1 : 2); i++) {
            (void)snprintf(sql, sizeof sql, "CREATE USER %s@'%%' IDENTIFIED BY 'pw'", user);
            run_sql(roots[i], sql);
        }
        if (pair)
            assert_true(wait_for(roots[0], roots[1], 30));
        struct mr_db *a = open_var(var_a, user, false), *b = open_var(var_b, user, false);
        assert_int_equal(relation_of(a, b, note, sizeof note), want);
        assert_non_null(strstr(note, "GRANT "));
        assert_non_null(strstr(note, user));
        long lag = 0;
        unsigned long delay_s = 0;
        assert_ok(mr_replication_lag(b, &lag, &delay_s, &err), &err);
        assert_int_equal(lag, -1);
        mr_db_close(a);
        mr_db_close(b);
        (void)snprintf(sql, sizeof sql, "DROP USER %s@'%%'", user);
        for (size_t i = 0; i < (pair ? 1 : 2); i++)
            run_sql(roots[i], sql);
    }
    mr_db_close(roots[0]);
    mr_db_close(roots[1]);
}

static void test_unseen(void **state)
{
    (void)state;
    skip_if(getenv("MYRECON_TEST_A") == NULL, "no servers are named");
    check_unseen("MYRECON_TEST_A", "MYRECON_TEST_B", MR_RELATION_UNKNOWN);
    for (size_t i = 0; i < PAIRS; i++)
        check_unseen(pairs[i][0], pairs[i][1], MR_RELATION_FOLLOWS);
}

static enum mr_behind behind(struct mr_db *a, struct mr_db *b)
{
    struct mr_err err;
    struct mr_strbuf note = MR_STRBUF_INIT, others = MR_STRBUF_INIT;
    enum mr_relation relation;
    enum mr_behind found;
    assert_ok(mr_replication_relation(a, b, &relation, &note, &err), &err);
    assert_ok(mr_replication_behind(a, b, relation, &found, &others, &err), &err);
    assert_int_equal(others.len > 0, found == MR_BEHIND_OTHERS);
    mr_strbuf_release(&note);
    mr_strbuf_release(&others);
    return found;
}

/* A replica may be behind its source, the source behind nobody; what comes from a third
 * server may be anybody's. */
static void test_behind(void **state)
{
    (void)state;
    size_t seen = 0;
    struct mr_db *stranger = open_var("MYRECON_TEST_A", NULL, false);
    for (size_t i = 0; i < PAIRS; i++) {
        struct mr_db *a = open_var(pairs[i][0], NULL, false);
        struct mr_db *b = open_var(pairs[i][1], NULL, false);
        if (a != NULL && b != NULL) {
            seen++;
            assert_int_equal(behind(a, b), MR_BEHIND_DIRECT);
            assert_int_equal(behind(b, a), MR_BEHIND_NEVER);
        }
        if (b != NULL && stranger != NULL) {
            assert_int_equal(behind(stranger, b), MR_BEHIND_OTHERS);
            assert_int_equal(behind(b, stranger), MR_BEHIND_NEVER);
        }
        mr_db_close(a);
        mr_db_close(b);
    }
    mr_db_close(stranger);
    skip_if(seen == 0, "no pair is named");
}

static int set_up(void **state)
{
    (void)state;
    struct mr_err err;
    return mr_db_global_init(&err) == MR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follows),      cmocka_unit_test(test_wait),
        cmocka_unit_test(test_wait_in_vain), cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_unseen),       cmocka_unit_test(test_behind),
        cmocka_unit_test(test_confirm_cut),
    };
    return cmocka_run_group_tests_name("replication", tests, set_up, NULL);
}
