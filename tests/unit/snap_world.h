/*
 * snap_world.h: a server by script, for the tests of snapshot/create and snapshot/restore.
 *
 *   world_begin(script, count) → code under test → world.sent.text → world_end()
 *
 * Each line of the script says what statements with `has` in them are answered, the first that
 * fits; a statement that none answers ends the test.  Everything sent is written down, a line
 * each; statements without a result are answered without a line.  world.fail_at makes the n-th
 * statement fail, whatever it is.
 *
 * A test names in module.mk what it takes of this: SNAP_WORLD_WRAP is the connection, and
 * SNAP_WORLD_POOL a pool that does its tasks one by one on the caller's thread.
 */
#ifndef MR_TESTS_SNAP_WORLD_H
#define MR_TESTS_SNAP_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/pool.h"
#include "core/base/vec.h"
#include "core/db/db.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define WORLD_COLUMNS 16

/* Rows are lines, cells end at "|"; a cell "~" is NULL. */
struct world_answer {
    const char *has, *rows;
    const char *names; /* of the columns, in the same way; NULL: "a|b|…" */
    enum mr_code code; /* with number and text, instead of rows; */
    unsigned number;   /* the server's */
    const char *text;  /* of the error; or the answer itself where it holds "|" or lines */
    unsigned times;    /* so often only; 0: always */
};

struct mr_result {
    const struct world_answer *answer;
    const char *at; /* of the next row */
    size_t count;
    char text[4096];
    struct mr_cell cells[WORLD_COLUMNS];
    char names[WORLD_COLUMNS][64];
};

static struct {
    struct mr_server server;
    const struct world_answer *script;
    size_t count;
    unsigned used[256];
    struct mr_strbuf sent;
    unsigned asked, fail_at; /* statements; the one that fails, with: */
    enum mr_code fail_code;
    unsigned fail_number;
    bool is_lost;
    unsigned open_results, open_dbs;
    void (*before)(const char *sql);                     /* or NULL */
    struct mr_db *(*open)(const struct mr_endpoint *ep); /* or NULL: it is world_db() */
    const char *(*label)(const struct mr_db *db);        /* or NULL: there is one connection */
} world;

static inline struct mr_db *world_db(void)
{
    static char nobody;
    return (struct mr_db *)(void *)&nobody;
}

static inline void world_begin(const struct world_answer *script, size_t count)
{
    memset(&world, 0, sizeof world);
    world.server = (struct mr_server){.flavour = MR_FLAVOUR_MARIADB,
                                      .version = 101119,
                                      .version_text = "10.11.19-MariaDB",
                                      .max_packet_bytes = 1 << 24};
    world.script = script;
    world.count = count;
    world.fail_code = MR_E_LOST;
    world.fail_number = 2013;
    mr_strbuf_init(&world.sent);
    mr_log_set_level(MR_LOG_ERROR);
    assert_true(count <= LEN(world.used));
}

static inline void world_end(void)
{
    assert_int_equal(world.open_results, 0);
    mr_strbuf_release(&world.sent);
}

/* What was sent, or "". */
static inline const char *world_sent(void)
{
    return world.sent.ptr != NULL ? world.sent.ptr : "";
}

static inline bool world_has(const char *text)
{
    return strstr(world_sent(), text) != NULL;
}

static inline size_t world_sent_count(const char *text)
{
    size_t count = 0;
    for (const char *at = world_sent(); (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

static inline enum mr_code world_error(enum mr_code code, unsigned number, const char *text,
                                       struct mr_err *err)
{
    (void)mr_err_set(err, code, "%s", text != NULL ? text : "the server has failed");
    if (err != NULL)
        err->sql_errno = number;
    if (code == MR_E_LOST && number != 1317) /* a query that was killed leaves the connection */
        world.is_lost = true;
    return code;
}

/* *answer: what the script says of it, NULL where it says nothing. */
static inline enum mr_code world_ask(const char *sql, size_t len,
                                     const struct world_answer **answer, struct mr_err *err)
{
    char *copy = strndup(sql, len);
    *answer = NULL;
    mr_strbuf_add(&world.sent, sql, len);
    mr_strbuf_add_char(&world.sent, '\n');
    if (world.before != NULL)
        world.before(copy);
    for (size_t i = 0; i < world.count && *answer == NULL; i++) {
        const struct world_answer *a = &world.script[i];
        if (strstr(copy, a->has) != NULL && (a->times == 0 || world.used[i] < a->times)) {
            world.used[i]++;
            *answer = a;
        }
    }
    free(copy);
    if (++world.asked == world.fail_at)
        return world_error(world.fail_code, world.fail_number, NULL, err);
    if (*answer != NULL && (*answer)->code != MR_OK)
        return world_error((*answer)->code, (*answer)->number, (*answer)->text, err);
    return MR_OK;
}

/* ---- results ---- */

/* Splits a line, which becomes as many texts; returns how many. */
static inline size_t world_split(char *line, struct mr_cell *cells)
{
    size_t count = 0;
    for (char *at = line; at != NULL && count < WORLD_COLUMNS; count++) {
        char *end = strchr(at, '|');
        if (end != NULL)
            *end++ = '\0';
        bool is_null = strcmp(at, "~") == 0;
        cells[count] = (struct mr_cell){is_null ? NULL : at, is_null ? 0 : strlen(at)};
        at = end;
    }
    return count;
}

static inline void world_names(struct mr_result *res)
{
    struct mr_cell cells[WORLD_COLUMNS];
    char line[512];
    const char *names = res->answer->names != NULL ? res->answer->names : "a|b|c|d|e|f|g|h";
    (void)snprintf(line, sizeof line, "%s", names);
    size_t count = world_split(line, cells);
    for (size_t i = 0; i < count; i++)
        (void)snprintf(res->names[i], sizeof res->names[i], "%s", cells[i].ptr);
    if (res->answer->names != NULL)
        res->count = count;
}

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err);
enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db;
    *out = NULL;
    enum mr_code code = world_ask(sql, len, &answer, err);
    if (code != MR_OK)
        return code;
    if (answer == NULL)
        fail_msg("nobody answers: %.*s", (int)len, sql);
    struct mr_result *res = calloc(1, sizeof *res);
    res->answer = answer;
    res->at = answer->rows;
    res->count = strlen(shape);
    world_names(res);
    world.open_results++;
    *out = res;
    return MR_OK;
}

const struct mr_cell *__wrap_mr_result_next(struct mr_result *res);
const struct mr_cell *__wrap_mr_result_next(struct mr_result *res)
{
    if (res->at == NULL || *res->at == '\0')
        return NULL;
    size_t len = strcspn(res->at, "\n");
    assert_true(len < sizeof res->text);
    memcpy(res->text, res->at, len);
    res->text[len] = '\0';
    res->at += len + (res->at[len] == '\n');
    (void)world_split(res->text, res->cells);
    return res->cells;
}

size_t __wrap_mr_result_columns(const struct mr_result *res);
size_t __wrap_mr_result_columns(const struct mr_result *res)
{
    return res->count;
}

const char *__wrap_mr_result_column_name(const struct mr_result *res, size_t column);
const char *__wrap_mr_result_column_name(const struct mr_result *res, size_t column)
{
    return res->names[column];
}

void __wrap_mr_result_free(struct mr_result *res);
void __wrap_mr_result_free(struct mr_result *res)
{
    world.open_results -= res != NULL;
    free(res);
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db;
    mr_strbuf_reset(out);
    enum mr_code code = world_ask(sql, strlen(sql), &answer, err);
    if (code != MR_OK)
        return code;
    if (answer == NULL && strstr(sql, "WSREP_PROVIDER_NAME") != NULL)
        return MR_OK; /* unless a script says otherwise, it is no node of Galera */
    if (answer == NULL)
        fail_msg("nobody answers: %s", sql);
    if (answer->text == NULL && answer->rows == NULL)
        return mr_err_set(err, MR_E_NO_SUCH, "no row");
    mr_strbuf_add_str(out, answer->text != NULL             ? answer->text
                           : strcmp(answer->rows, "~") == 0 ? ""
                                                            : answer->rows);
    return MR_OK;
}

enum mr_code __wrap_mr_db_exec(struct mr_db *db, const char *sql, size_t len, struct mr_err *err);
enum mr_code __wrap_mr_db_exec(struct mr_db *db, const char *sql, size_t len, struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db;
    return world_ask(sql, len, &answer, err);
}

/* Said each time, so that a script may answer it. */
enum mr_code __wrap_mr_db_use(struct mr_db *db, const char *name, struct mr_err *err);
enum mr_code __wrap_mr_db_use(struct mr_db *db, const char *name, struct mr_err *err)
{
    char sql[300];
    const struct world_answer *answer;
    (void)db;
    const int len = snprintf(sql, sizeof sql, "USE `%s`", name);
    return world_ask(sql, (size_t)len, &answer, err);
}

void __wrap_mr_db_say(struct mr_db *db, const char *fmt, ...) MR_PRINTF(2, 3);
void __wrap_mr_db_say(struct mr_db *db, const char *fmt, ...)
{
    (void)db, (void)fmt;
}

/* ---- connections ---- */

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    (void)db;
    return &world.server;
}

bool __wrap_mr_db_is_lost(const struct mr_db *db);
bool __wrap_mr_db_is_lost(const struct mr_db *db)
{
    (void)db;
    return world.is_lost;
}

const char *__wrap_mr_db_label(const struct mr_db *db);
const char *__wrap_mr_db_label(const struct mr_db *db)
{
    return world.label != NULL ? world.label(db) : "db1:3306";
}

enum mr_code __wrap_mr_db_open(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                               struct mr_db **out, struct mr_err *err);
enum mr_code __wrap_mr_db_open(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                               struct mr_db **out, struct mr_err *err)
{
    const struct world_answer *answer;
    (void)opts;
    *out = NULL;
    enum mr_code code = world_ask("(open)", 6, &answer, err);
    if (code != MR_OK)
        return code;
    world.open_dbs++;
    *out = world.open != NULL ? world.open(ep) : world_db();
    return MR_OK;
}

void __wrap_mr_db_close(struct mr_db *db);
void __wrap_mr_db_close(struct mr_db *db)
{
    world.open_dbs -= db != NULL;
}

/* ---- a pool without threads ---- */

struct mr_pool {
    struct mr_pool_hooks hooks;
    struct mr_vec items; /* void * */
};

enum mr_code __wrap_mr_pool_new(const struct mr_pool_hooks *hooks, unsigned threads,
                                struct mr_pool **out, struct mr_err *err);
enum mr_code __wrap_mr_pool_new(const struct mr_pool_hooks *hooks, unsigned threads,
                                struct mr_pool **out, struct mr_err *err)
{
    (void)threads, (void)err;
    *out = calloc(1, sizeof **out);
    (*out)->hooks = *hooks;
    (*out)->items = (struct mr_vec)MR_VEC_INIT(void *);
    return MR_OK;
}

enum mr_code __wrap_mr_pool_add(struct mr_pool *pool, void *item, struct mr_err *err);
enum mr_code __wrap_mr_pool_add(struct mr_pool *pool, void *item, struct mr_err *err)
{
    (void)err;
    *(void **)mr_vec_push(&pool->items) = item;
    return MR_OK;
}

enum mr_code __wrap_mr_pool_run(struct mr_pool *pool, struct mr_err *err);
enum mr_code __wrap_mr_pool_run(struct mr_pool *pool, struct mr_err *err)
{
    const struct mr_pool_hooks *h = &pool->hooks;
    void *state = NULL;
    enum mr_code code = h->setup(h->ctx, 0, &state, err);
    if (code != MR_OK)
        return code;
    for (size_t i = 0; code == MR_OK && i < pool->items.count; i++)
        code = h->task(h->ctx, state, *(void **)mr_vec_at(&pool->items, i), err);
    if (code == MR_OK && h->idle != NULL)
        code = h->idle(h->ctx, state, err);
    h->teardown(h->ctx, state);
    return code;
}

void __wrap_mr_pool_free(struct mr_pool *pool);
void __wrap_mr_pool_free(struct mr_pool *pool)
{
    if (pool != NULL)
        mr_vec_release(&pool->items);
    free(pool);
}

#endif
