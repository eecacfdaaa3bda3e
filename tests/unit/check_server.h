/*
 * check_server.h: what servers answer in the unit tests of recon/check (see check_world.h).
 *
 *   world_answers(answers, LEN(answers)) → the code under test → world_server.log
 *
 * The first answer whose part is in the statement is given; without one, there are no rows.
 */
#ifndef MR_TESTS_CHECK_SERVER_H
#define MR_TESTS_CHECK_SERVER_H

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/pair/pair.h"
#include "core/source/canon.h"

enum { WORLD_CELLS = 8, WORLD_ANSWERS = 32 };

struct world_answer {
    const char *part; /* of the statement */
    const char *rows; /* "1|2;3|NULL"; "" one empty cell; NULL: none */
    enum mr_code code;
    unsigned times; /* 0: always */
};

static struct {
    const struct world_answer *answers;
    size_t count;
    unsigned used[WORLD_ANSWERS];
    struct mr_strbuf log; /* a statement a line */
    enum mr_code canon_code;
    struct mr_server server;
    bool lost;                                  /* what any connection says of itself */
    enum mr_code (*breaks)(struct mr_err *err); /* of each question; NULL: none does */
} world_server;

static inline void world_answers(const struct world_answer *answers, size_t count)
{
    world_server.answers = answers;
    world_server.count = count;
    memset(world_server.used, 0, sizeof world_server.used);
    mr_strbuf_reset(&world_server.log);
    mr_strbuf_add_str(&world_server.log, "");
}

static inline const struct world_answer *world_answer(const char *sql)
{
    mr_strbuf_add_fmt(&world_server.log, "%s\n", sql);
    for (size_t i = 0; i < world_server.count; i++) {
        const struct world_answer *a = &world_server.answers[i];
        if (strstr(sql, a->part) == NULL || (a->times > 0 && world_server.used[i] == a->times))
            continue;
        world_server.used[i]++;
        return a;
    }
    return NULL;
}

/* A result: the cells of its rows, made out of "1|2;3|NULL". */
struct world_result {
    char *text, *at;
    struct mr_cell cells[WORLD_CELLS];
};

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err);
enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err)
{
    const struct world_answer *a = world_answer(sql);
    (void)db;
    (void)shape;
    (void)len;
    *out = NULL;
    if (world_server.breaks != NULL)
        MR_TRY(world_server.breaks(err));
    if (a != NULL && a->code != MR_OK)
        return mr_err_set(err, a->code, "the server says no");
    struct world_result *res = calloc(1, sizeof *res);
    res->text = res->at = a != NULL && a->rows != NULL ? strdup(a->rows) : NULL;
    *out = (struct mr_result *)(void *)res;
    return MR_OK;
}

const struct mr_cell *__wrap_mr_result_next(struct mr_result *result);
const struct mr_cell *__wrap_mr_result_next(struct mr_result *result)
{
    struct world_result *res = (struct world_result *)(void *)result;
    if (res->at == NULL)
        return NULL;
    char *row = res->at, *end = strchr(row, ';');
    res->at = end != NULL ? end + 1 : NULL;
    if (end != NULL)
        *end = '\0';
    for (size_t i = 0; row != NULL && i < WORLD_CELLS; i++) {
        char *bar = strchr(row, '|');
        if (bar != NULL)
            *bar = '\0';
        bool null = strcmp(row, "NULL") == 0;
        res->cells[i] = (struct mr_cell){null ? NULL : row, null ? 0 : strlen(row)};
        row = bar != NULL ? bar + 1 : NULL;
    }
    return res->cells;
}

void __wrap_mr_result_free(struct mr_result *result);
void __wrap_mr_result_free(struct mr_result *result)
{
    struct world_result *res = (struct world_result *)(void *)result;
    if (res != NULL)
        free(res->text);
    free(res);
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err)
{
    const struct world_answer *a = world_answer(sql);
    (void)db;
    mr_strbuf_reset(out);
    mr_strbuf_add_str(out, "");
    if (world_server.breaks != NULL)
        MR_TRY(world_server.breaks(err));
    if (a == NULL || a->code != MR_OK)
        return mr_err_set(err, a == NULL ? MR_E_NO_SUCH : a->code, "the server says no");
    mr_strbuf_add_str(out, a->rows != NULL ? a->rows : "");
    return MR_OK;
}

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    (void)db;
    return &world_server.server;
}

bool __wrap_mr_db_is_lost(const struct mr_db *db);
bool __wrap_mr_db_is_lost(const struct mr_db *db)
{
    (void)db;
    return world_server.lost;
}

/* Texts are the same whatever their case is; a NULL makes it nobody's. */
enum mr_code __wrap_mr_canon(struct mr_db *db, const struct mr_canon_column *columns,
                             size_t ncolumns, struct mr_canon_item *items, size_t count,
                             struct mr_arena *arena, struct mr_err *err);
enum mr_code __wrap_mr_canon(struct mr_db *db, const struct mr_canon_column *columns,
                             size_t ncolumns, struct mr_canon_item *items, size_t count,
                             struct mr_arena *arena, struct mr_err *err)
{
    (void)db;
    if (world_server.canon_code != MR_OK)
        return mr_err_set(err, world_server.canon_code, "the server says no");
    for (size_t i = 0; i < count; i++) {
        char *folded = mr_arena_dup(arena, items[i].in, items[i].in_len);
        bool null = false;
        for (size_t c = 0, pos = 0; c < ncolumns; c++) {
            size_t from = pos;
            if (mr_row_skip(items[i].in, items[i].in_len, &pos, err) != MR_OK)
                abort();
            null = null || folded[from] == 'N';
            for (size_t k = from + 5; columns[c].charset != NULL && k < pos; k++)
                folded[k] = (char)tolower((unsigned char)folded[k]);
        }
        items[i].out = null ? NULL : folded;
        items[i].out_len = null ? 0 : items[i].in_len;
    }
    return MR_OK;
}

enum mr_code __wrap_mr_pair_try_condition(const struct mr_pairing *pairing,
                                          const struct mr_pair *table,
                                          const char *const condition[MR_SIDES],
                                          struct mr_err *err);
enum mr_code __wrap_mr_pair_try_condition(const struct mr_pairing *pairing,
                                          const struct mr_pair *table,
                                          const char *const condition[MR_SIDES], struct mr_err *err)
{
    (void)pairing;
    (void)table;
    return strstr(condition[MR_SOURCE], "nonsense") != NULL
               ? mr_err_set(err, MR_E_SQL, "the server does not understand it")
               : MR_OK;
}

#endif
