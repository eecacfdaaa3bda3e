/* route.c: see route.h. */
#include "core/db/route.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a statement came to. */
struct place {
    uint64_t connection;
    uint32_t server_id;
    char hostname[256];
};

static enum mr_code ask(struct mr_db *db, struct place *place, struct mr_err *err)
{
    static const char sql[] = "SELECT CONNECTION_ID(), @@GLOBAL.server_id, @@hostname";
    struct mr_result *res = NULL;
    MR_TRY(mr_db_query(db, "vvn", sql, sizeof sql - 1, &res, err));
    const struct mr_cell *cells = mr_result_next(res);
    *place = (struct place){0};
    if (cells != NULL) {
        place->connection = strtoull(cells[0].ptr, NULL, 10);
        place->server_id = (uint32_t)strtoul(cells[1].ptr, NULL, 10);
        (void)snprintf(place->hostname, sizeof place->hostname, "%s",
                       cells[2].ptr != NULL ? cells[2].ptr : "");
    }
    mr_result_free(res);
    return cells != NULL
               ? MR_OK
               : mr_err_set(err, MR_E_SQL, "server \"%s\" does not say who it is", mr_db_label(db));
}

static bool is_one_server(const struct place *a, const struct place *b)
{
    return a->server_id == b->server_id && strcmp(a->hostname, b->hostname) == 0;
}

static enum mr_code refuse(const struct mr_db *db, const struct place *a, const struct place *b,
                           struct mr_err *err)
{
    if (is_one_server(a, b))
        (void)mr_err_set(err, MR_E_MOVED,
                         "statements of one connection to \"%s\" reach two sessions of server "
                         "\"%s\" (server_id %u): %" PRIu64 " and %" PRIu64,
                         mr_db_label(db), a->hostname, (unsigned)a->server_id, a->connection,
                         b->connection);
    else
        (void)mr_err_set(err, MR_E_MOVED,
                         "statements of one connection to \"%s\" reach two servers: \"%s\" "
                         "(server_id %u) and \"%s\" (server_id %u)",
                         mr_db_label(db), a->hostname, (unsigned)a->server_id, b->hostname,
                         (unsigned)b->server_id);
    mr_err_hint(err, "A proxy stands there that splits statements or shares sessions (ProxySQL, "
                     "MaxScale), and what is read through it belongs to no moment of any "
                     "server. Name the server itself, or a port or user of the proxy for which "
                     "all statements go to one session.");
    return MR_E_MOVED;
}

/* Each proxy has its own idea of what reads: a statement alone, or in a transaction of a kind. */
static enum mr_code follow(struct mr_db *db, const struct place *first, const char *begin,
                           const char *end, struct mr_err *err)
{
    struct place place = {0};
    if (begin != NULL)
        MR_TRY(mr_db_exec(db, begin, strlen(begin), err));
    MR_TRY(ask(db, &place, err));
    if (!is_one_server(first, &place) || first->connection != place.connection)
        return refuse(db, first, &place, err);
    return end != NULL ? mr_db_exec(db, end, strlen(end), err) : MR_OK;
}

enum mr_code mr_route_check(struct mr_db *db, unsigned long greeted, const struct mr_server *server,
                            bool *is_proxied, struct mr_err *err)
{
    static const char *const steps[][2] = {{NULL, NULL},
                                           {"START TRANSACTION READ ONLY", "COMMIT"},
                                           {NULL, NULL},
                                           {"START TRANSACTION", "ROLLBACK"}};
    struct place first = {0};
    MR_TRY(ask(db, &first, err));
    *is_proxied = (uint32_t)greeted != (uint32_t)first.connection;
    if (!*is_proxied)
        return MR_OK;
    struct place shown = {.connection = first.connection, .server_id = server->server_id};
    (void)snprintf(shown.hostname, sizeof shown.hostname, "%s", server->hostname);
    if (!is_one_server(&shown, &first))
        return refuse(db, &shown, &first, err);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        MR_TRY(follow(db, &first, steps[i][0], steps[i][1], err));
    return MR_OK;
}
